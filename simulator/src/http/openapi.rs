//! OpenAPI: what kubectl reads before it creates, applies and explains.
//!
//! Documents hold what clients act on: the paths of every kind with their operations, query parameters and media types,
//! and a schema for each kind. Schemas of built-in kinds are written out in place of references to shared parts.
//!
//! Source: `spec/kube-api.md` §1.4; names and layout as kube-apiserver v1.34.3 answers them.

pub mod binary;
mod messages;
mod swagger;

use std::sync::LazyLock;

use sha2::{Digest, Sha512};

pub use self::swagger::{swagger, swagger_hash};
use crate::json::{Map, Value, json};
use crate::store::builtin::rows;
use crate::store::kind::{Kind, Origin};
use crate::store::schema::builtin::object_meta;
use crate::store::schema::openapi::to_openapi;

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const METADATA: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// `GET /openapi/v3`: where the document of each served group and version lies.
#[must_use]
pub fn index(kinds: &[&Kind]) -> Value {
    let mut paths = Map::new();
    for kind in kinds {
        let path = path_of(&kind.group, &kind.version);
        if !paths.contains_key(&path) {
            let hash = hash(kinds, &kind.group, &kind.version);
            let url = format!("/openapi/v3/{path}?hash={hash}");
            paths.insert(path, json!({"serverRelativeURL": url}));
        }
    }
    json!({"paths": paths})
}

/// The document of a group and version; `None` if nothing is served there.
#[must_use]
pub fn document(kinds: &[&Kind], group: &str, version: &str) -> Option<Value> {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for kind in of_version(kinds, group, version) {
        add_paths(&mut paths, kind);
        add_schemas(&mut schemas, kind);
    }
    if paths.is_empty() {
        return None;
    }
    schemas.insert(OBJECT_META.to_owned(), to_openapi(&object_meta()));
    schemas.insert(LIST_META.to_owned(), list_meta());
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.34.3"},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

/// What changes whenever the document of a group and version changes: 128 upper-case hex digits.
#[must_use]
pub fn hash(kinds: &[&Kind], group: &str, version: &str) -> String {
    let mut digest = Sha512::new();
    for kind in of_version(kinds, group, version) {
        digest.update(format!("{} {:?}\n", kind.kind, kind.subresources));
        match kind.origin {
            Origin::BuiltIn => digest.update(*BUILT_IN),
            Origin::Custom => digest.update(to_openapi(&kind.schema).to_string()),
        }
    }
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A digest of the schemas of all built-in kinds, made once, for they are large and do not change while we run. They do
/// from one release to the next, and kubectl keeps documents on disk under their hashes.
static BUILT_IN: LazyLock<[u8; 64]> = LazyLock::new(|| {
    let schemas = rows().map(|row| to_openapi(&row.schema()).to_string());
    let digest = schemas.fold(Sha512::new(), |digest, schema| digest.chain_update(schema));
    digest.finalize().into()
});

/// `api/v1` or `apis/{group}/{version}`.
fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("api/{version}")
    } else {
        format!("apis/{group}/{version}")
    }
}

fn of_version<'k>(
    kinds: &[&'k Kind],
    group: &str,
    version: &str,
) -> impl Iterator<Item = &'k Kind> {
    kinds
        .iter()
        .copied()
        .filter(move |kind| kind.group == group && kind.version == version)
}

/// The name of a kind among the components, such as `io.k8s.api.core.v1.Pod` or `io.ex.present.v1.Gadget`.
fn component(kind: &Kind) -> String {
    let (version, name) = (&kind.version, &kind.kind);
    let package = match (kind.origin, kind.group.as_str()) {
        (Origin::Custom, group) => {
            let labels: Vec<&str> = group.rsplit('.').collect();
            labels.join(".")
        }
        (Origin::BuiltIn, "") => "io.k8s.api.core".to_owned(),
        (Origin::BuiltIn, "apiextensions.k8s.io") => {
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions".to_owned()
        }
        (Origin::BuiltIn, group) => {
            let first = group.split('.').next().unwrap_or_default();
            format!("io.k8s.api.{first}")
        }
    };
    format!("{package}.{version}.{name}")
}

fn reference(component: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{component}")})
}

fn add_schemas(schemas: &mut Map, kind: &Kind) {
    let name = component(kind);
    let mut whole = to_openapi(&kind.schema);
    whole["type"] = "object".into();
    whole["properties"]["apiVersion"] = described("string", API_VERSION);
    whole["properties"]["kind"] = described("string", KIND);
    whole["properties"]["metadata"] =
        json!({"description": METADATA, "allOf": [reference(OBJECT_META)]});
    whole["x-kubernetes-group-version-kind"] = json!([group_version_kind(kind, &kind.kind)]);
    let list = json!({
        "description": format!("{} is a list of {}", kind.list_kind, kind.kind),
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": described("string", API_VERSION),
            "kind": described("string", KIND),
            "metadata": {
                "description": "Standard list metadata.",
                "allOf": [reference(LIST_META)],
            },
            "items": {
                "description": format!("List of {}.", kind.plural),
                "type": "array",
                "items": reference(&name),
            },
        },
        "x-kubernetes-group-version-kind": [group_version_kind(kind, &kind.list_kind)],
    });
    schemas.insert(format!("{name}List"), list);
    schemas.insert(name, whole);
}

fn described(kind: &str, description: &str) -> Value {
    json!({"type": kind, "description": description})
}

fn list_meta() -> Value {
    json!({
        "description": "ListMeta describes metadata that synthetic resources must have, including lists and various status objects. A resource may have only one of {ObjectMeta, ListMeta}.",
        "type": "object",
        "properties": {
            "continue": {"type": "string"},
            "remainingItemCount": {"type": "integer", "format": "int64"},
            "resourceVersion": {"type": "string"},
            "selfLink": {"type": "string"},
        },
    })
}

fn group_version_kind(kind: &Kind, name: &str) -> Value {
    json!({"group": kind.group, "version": kind.version, "kind": name})
}

/// What an operation does, as OpenAPI names the method and Kubernetes the action.
#[derive(Clone, Copy)]
struct Operation {
    method: &'static str,
    action: &'static str,
    parameters: &'static [&'static str],
    body: Media,
}

#[derive(Clone, Copy)]
enum Media {
    None,
    Object,
    Patch,
}

const LIST: Operation = Operation {
    method: "get",
    action: "list",
    parameters: &[
        "allowWatchBookmarks",
        "continue",
        "fieldSelector",
        "labelSelector",
        "limit",
        "resourceVersion",
        "resourceVersionMatch",
        "sendInitialEvents",
        "timeoutSeconds",
        "watch",
    ],
    body: Media::None,
};
const GET: Operation = Operation {
    method: "get",
    action: "get",
    parameters: &["resourceVersion"],
    body: Media::None,
};
const CREATE: Operation = Operation {
    method: "post",
    action: "post",
    parameters: &["dryRun", "fieldManager", "fieldValidation"],
    body: Media::Object,
};
const UPDATE: Operation = Operation {
    method: "put",
    action: "put",
    ..CREATE
};
const PATCH: Operation = Operation {
    method: "patch",
    action: "patch",
    parameters: &["dryRun", "fieldManager", "fieldValidation", "force"],
    body: Media::Patch,
};
const DELETE: Operation = Operation {
    method: "delete",
    action: "delete",
    parameters: &["dryRun", "gracePeriodSeconds", "propagationPolicy"],
    body: Media::None,
};
const DELETE_COLLECTION: Operation = Operation {
    action: "deletecollection",
    ..DELETE
};

fn add_paths(paths: &mut Map, kind: &Kind) {
    let root = format!("/{}", path_of(&kind.group, &kind.version));
    let plural = &kind.plural;
    let collection = if kind.namespaced {
        let everywhere = format!("{root}/{plural}");
        paths.insert(everywhere, operations(kind, &[LIST]));
        format!("{root}/namespaces/{{namespace}}/{plural}")
    } else {
        format!("{root}/{plural}")
    };
    let item = format!("{collection}/{{name}}");
    for part in ["status", "scale"] {
        if kind.subresources.iter().any(|known| known == part) {
            let path = format!("{item}/{part}");
            paths.insert(path, operations(kind, &[GET, UPDATE, PATCH]));
        }
    }
    paths.insert(item, operations(kind, &[GET, UPDATE, DELETE, PATCH]));
    let all = [LIST, CREATE, DELETE_COLLECTION];
    paths.insert(collection, operations(kind, &all));
}

fn operations(kind: &Kind, operations: &[Operation]) -> Value {
    let entries = operations
        .iter()
        .map(|operation| (operation.method.to_owned(), entry(kind, *operation)));
    Value::Object(entries.collect())
}

fn entry(kind: &Kind, operation: Operation) -> Value {
    let parameters: Vec<Value> = operation
        .parameters
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": {"type": parameter_type(name), "uniqueItems": true}}))
        .collect();
    let mut entry = json!({
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}, "401": {"description": "Unauthorized"}},
        "x-kubernetes-action": operation.action,
        "x-kubernetes-group-version-kind": group_version_kind(kind, &kind.kind),
    });
    let content = match operation.body {
        Media::None => return entry,
        Media::Object => {
            let schema = reference(&component(kind));
            json!({"application/json": {"schema": schema}, "application/yaml": {"schema": schema}})
        }
        Media::Patch => patch_content(),
    };
    entry["requestBody"] = json!({"content": content, "required": true});
    entry
}

/// The patch types of every kind. Strategic merge patches, which built-in kinds take too, stay unnamed: kubectl then
/// makes them from the types it knows, and needs no merge keys from here.
fn patch_content() -> Value {
    let content = ["apply-patch+yaml", "json-patch+json", "merge-patch+json"].map(|name| {
        (
            format!("application/{name}"),
            json!({"schema": {"type": "object"}}),
        )
    });
    Value::Object(content.into_iter().collect())
}

fn parameter_type(name: &str) -> &'static str {
    match name {
        "allowWatchBookmarks" | "force" | "sendInitialEvents" | "watch" => "boolean",
        "gracePeriodSeconds" | "limit" | "timeoutSeconds" => "integer",
        _ => "string",
    }
}

#[cfg(test)]
mod tests;
