//! Puts manifests into a cluster as `kubectl create --validate=strict` would.

use std::collections::BTreeMap;

use http::Request;
use kube::Client;
use serde::Deserialize;
use serde_json::Value;

use super::manifest::Document;
use super::refusal::refusal;
use super::suggestion;
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
        create(client, document, &path, object.name).await?;
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
            let versions = versions(client).await.unwrap_or_default();
            let hint = suggestion::hint(version, versions.iter().map(String::as_str));
            let message = format!("no kinds of \"{version}\" are served here{hint}");
            return Err(document.error("apiVersion", message));
        };
        let found = by_kind(&kinds, object.kind);
        let error = || {
            let hint = suggestion::hint(object.kind, kinds.iter().map(|kind| kind.kind.as_str()));
            let message = format!("no kind \"{}\" in \"{version}\"{hint}", object.kind);
            document.error("kind", message)
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

/// Every group and version that is served.
async fn versions(client: &Client) -> Result<Vec<String>, kube::Error> {
    let groups = client.list_api_groups().await?.groups.into_iter();
    let versions = groups.flat_map(|group| group.versions);
    let mut versions: Vec<_> = versions.map(|version| version.group_version).collect();
    versions.push("v1".to_owned());
    Ok(versions)
}

/// Creates what the document says; what is there from the start, such as the namespace `default`, is changed to it.
async fn create(
    client: &Client,
    document: &Document,
    path: &str,
    name: &str,
) -> Result<(), InputError> {
    let query = "fieldValidation=Strict&fieldManager=arcsim";
    let post = Request::post(format!("{path}?{query}"))
        .header(http::header::CONTENT_TYPE, "application/json");
    let status = match send(client, document, post).await {
        Err(kube::Error::Api(status)) if status.is_already_exists() => {
            let patch = Request::patch(format!("{path}/{name}?{query}&force=true"))
                .header(http::header::CONTENT_TYPE, "application/apply-patch+yaml");
            send(client, document, patch).await
        }
        answer => answer,
    };
    match status {
        Ok(()) => Ok(()),
        Err(kube::Error::Api(status)) => Err(refusal(client, document, &status).await),
        Err(error) => Err(document.error("metadata", error.to_string())),
    }
}

async fn send(
    client: &Client,
    document: &Document,
    request: http::request::Builder,
) -> Result<(), kube::Error> {
    let request = request
        .body(document.value.to_string().into_bytes())
        .map_err(kube::Error::HttpError)?;
    client.request::<Value>(request).await.map(|_| ())
}
