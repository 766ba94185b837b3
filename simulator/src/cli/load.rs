//! Puts manifests into a cluster as `kubectl create --validate=strict` would, and says where in its file a refused
//! one is wrong.

use std::collections::BTreeMap;

use http::Request;
use kube::Client;
use kube::core::Status;
use serde::Deserialize;
use serde_json::Value;

use super::manifest::Document;
use crate::input_error::InputError;

/// Creates every document, in order; those without a namespace go to `namespace`.
///
/// # Errors
/// The first document that is not an object, repeats another, is of a kind that the cluster does not serve, or is
/// refused by it.
pub(super) async fn load(
    client: &Client,
    documents: &[Document],
    namespace: &str,
) -> Result<(), InputError> {
    let mut kinds = Kinds::default();
    let mut seen = BTreeMap::new();
    for document in documents {
        let object = Identified::parse(document)?;
        let kind = kinds.find(client, document, &object).await?;
        let namespace = kind
            .namespaced
            .then(|| object.namespace.unwrap_or(namespace));
        let path = kind.path(&object, namespace);
        if let Some(first) = seen.insert(format!("{path}/{}", object.name), document) {
            let (kind, name, line) = (object.kind, object.name, first.place("").line);
            let message = format!(
                "{kind} \"{name}\" stands a second time; the first is in {}:{line}",
                first.file
            );
            return Err(document.error("metadata.name", message));
        }
        create(client, document, &path).await?;
    }
    Ok(())
}

/// The fields that every object must have.
struct Identified<'a> {
    api_version: &'a str,
    kind: &'a str,
    name: &'a str,
    namespace: Option<&'a str>,
}

impl<'a> Identified<'a> {
    fn parse(document: &'a Document) -> Result<Self, InputError> {
        if !document.value.is_object() {
            return Err(document.error(
                "",
                "expected a Kubernetes object with apiVersion, kind and metadata",
            ));
        }
        let text = |path: &str, value: &'a Value| match value {
            Value::String(text) if !text.is_empty() => Ok(text.as_str()),
            Value::Null => Err(document.error(path, format!("{path} is missing"))),
            _ => Err(document.error(path, format!("{path} must be a text that is not empty"))),
        };
        let metadata = &document.value["metadata"];
        let name = match &metadata["name"] {
            Value::Null => "",
            name => text("metadata.name", name)?,
        };
        if name.is_empty() && metadata["generateName"].is_null() {
            return Err(document.error("metadata.name", "metadata.name is missing"));
        }
        Ok(Self {
            api_version: text("apiVersion", &document.value["apiVersion"])?,
            kind: text("kind", &document.value["kind"])?,
            name,
            namespace: match &metadata["namespace"] {
                Value::Null => None,
                namespace => Some(text("metadata.namespace", namespace)?),
            },
        })
    }
}

/// One entry of a discovery document.
#[derive(Clone, Deserialize)]
struct Resource {
    name: String,
    kind: String,
    namespaced: bool,
}

impl Resource {
    fn path(&self, object: &Identified<'_>, namespace: Option<&str>) -> String {
        let root = root(object.api_version);
        match namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.name),
            None => format!("{root}/{}", self.name),
        }
    }
}

fn root(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

/// What the cluster serves, asked once for each group and version.
#[derive(Default)]
struct Kinds(BTreeMap<String, Vec<Resource>>);

impl Kinds {
    async fn find(
        &mut self,
        client: &Client,
        document: &Document,
        object: &Identified<'_>,
    ) -> Result<Resource, InputError> {
        let version = object.api_version;
        if let Some(found) = self
            .0
            .get(version)
            .and_then(|kinds| by_kind(kinds, object.kind))
        {
            return Ok(found);
        }
        let kinds = served(client, version)
            .await
            .map_err(|error| document.error("apiVersion", error.to_string()))?;
        let Some(kinds) = kinds else {
            return Err(document.error(
                "apiVersion",
                format!("no kinds of \"{version}\" are served here"),
            ));
        };
        let found = by_kind(&kinds, object.kind);
        let error = || {
            let names = kinds
                .iter()
                .map(|kind| kind.kind.as_str())
                .collect::<std::collections::BTreeSet<_>>();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            document.error(
                "kind",
                format!(
                    "no kind \"{}\" in \"{version}\"; expected one of {names}",
                    object.kind
                ),
            )
        };
        let found = found.ok_or_else(error)?;
        self.0.insert(version.to_owned(), kinds);
        Ok(found)
    }
}

fn by_kind(kinds: &[Resource], kind: &str) -> Option<Resource> {
    kinds
        .iter()
        .find(|resource| resource.kind == kind && !resource.name.contains('/'))
        .cloned()
}

async fn served(client: &Client, api_version: &str) -> Result<Option<Vec<Resource>>, kube::Error> {
    #[derive(Deserialize)]
    struct List {
        resources: Vec<Resource>,
    }
    let Ok(request) = Request::get(root(api_version)).body(Vec::new()) else {
        return Ok(None);
    };
    match client.request::<List>(request).await {
        Ok(list) => Ok(Some(list.resources)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err(error),
    }
}

async fn create(client: &Client, document: &Document, path: &str) -> Result<(), InputError> {
    let body = document.value.to_string().into_bytes();
    let request = Request::post(format!("{path}?fieldValidation=Strict&fieldManager=arcsim"))
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| document.error("metadata.namespace", error.to_string()))?;
    match client.request::<Value>(request).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) => Err(refusal(document, &status)),
        Err(error) => Err(document.error("", error.to_string())),
    }
}

/// The first thing that the API server found wrong, at its place.
fn refusal(document: &Document, status: &Status) -> InputError {
    if let Some((_, errors)) = status.message.split_once("strict decoding error: ") {
        let field = errors.split('"').nth(1).unwrap_or_default();
        return document.error(field, errors);
    }
    let causes = status
        .details
        .as_ref()
        .map(|details| details.causes.as_slice())
        .unwrap_or_default();
    match causes
        .iter()
        .find(|cause| !cause.field.is_empty() && cause.field != "<nil>")
    {
        Some(cause) => document.error(&cause.field, format!("{}: {}", cause.field, cause.message)),
        None => document.error("", status.message.clone()),
    }
}
