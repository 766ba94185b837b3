//! The schemas of a document: its kinds, their lists, and the parts that those consist of.
//!
//! Source: `spec/kube-api.md` §1.4; names and layout as kube-apiserver v1.34.3 answers them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::documents::amend;
use super::parts::parts;
use crate::http::discovery::verbs;
use crate::json::{Map, Value, json};
use crate::store::kind::{Kind, Origin};
use crate::store::schema::builtin::{definition, kind_of};
use crate::store::schema::openapi::{METADATA, to_component};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const CONVENTIONS: &str =
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";

/// The parts that the operations of a kind speak of, with the verb that does, and whether of built-in kinds alone.
const SPOKEN_OF: [(&str, &str, bool); 6] = [
    ("APIResourceList", "create", true),
    ("DeleteOptions", "delete", false),
    ("ListMeta", "list", false),
    ("Patch", "patch", false),
    ("Status", "delete", false),
    ("WatchEvent", "watch", true),
];

/// Where a schema says which kinds it is of.
const KINDS: &str = "x-kubernetes-group-version-kind";
/// The parts that are kinds of the core group, whatever has them.
const OF_META: [&str; 5] = [
    "APIGroup",
    "APIGroupList",
    "APIResourceList",
    "APIVersions",
    "Status",
];
/// The parts that are kinds of every version.
const OF_EVERY_VERSION: [&str; 2] = ["DeleteOptions", "WatchEvent"];
/// Every version that the server knows; those that it does not know beside definitions have a `!`.
///
/// Source: `/openapi/v3` of kube-apiserver v1.34.3.
const VERSIONS: &str = include_str!("versions.txt");

/// The name of a part that belongs to the metadata of everything.
pub(super) fn meta(name: &str) -> String {
    format!("{META}.{name}")
}

/// The schemas that a document of `kinds` needs.
pub(super) fn schemas(kinds: &[&Kind]) -> Map {
    let mut schemas = Map::new();
    let mut named: BTreeSet<Arc<str>> = BTreeSet::new();
    for kind in kinds {
        let is_built_in = kind.origin == Origin::BuiltIn;
        let spoken_of = SPOKEN_OF.iter().filter(|(_, verb, is_of_built_in)| {
            verbs(kind).contains(verb) && (is_built_in || !is_of_built_in)
        });
        named.extend(spoken_of.map(|(name, ..)| Arc::from(meta(name))));
        let things = parts(kind).filter_map(|part| part.thing);
        named.extend(things.map(|thing| Arc::from(thing.component)));
        if verbs(kind).contains(&"list") {
            schemas.insert(format!("{}List", component(kind)), list(kind));
        }
        schemas.insert(component(kind), whole(kind, &mut named));
    }
    add_parts(&mut schemas, named);
    let is_custom = kinds.iter().any(|kind| kind.origin == Origin::Custom);
    for name in OF_EVERY_VERSION {
        if let Some(part) = schemas.get_mut(&meta(name)) {
            part[KINDS] = of_every_version(name, is_custom);
        }
    }
    schemas
}

/// Adds named parts, and what they consist of.
pub(super) fn add_parts(schemas: &mut Map, mut named: BTreeSet<Arc<str>>) {
    while let Some(name) = named.pop_first() {
        if !schemas.contains_key(&name) {
            let mut part = part(&name, &mut named);
            let known = OF_META.iter().find(|known| meta(known) == *name);
            if let Some(kind) = known {
                part[KINDS] = json!([{"group": "", "version": "v1", "kind": kind}]);
            }
            schemas.insert(name.as_ref(), part);
        }
    }
}

/// What every group and version that ever was has for its own.
fn of_every_version(name: &str, is_custom: bool) -> Value {
    let versions = VERSIONS.split_whitespace();
    let versions = versions.filter_map(|version| match version.strip_prefix('!') {
        Some(_) if is_custom => None,
        stripped => Some(stripped.unwrap_or(version)),
    });
    let named = versions.map(|version| {
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        json!({"group": group, "version": version, "kind": name})
    });
    named.collect()
}

/// The name of a kind among the components, such as `io.k8s.api.core.v1.Pod` or `io.ex.present.v1.Gadget`.
pub(super) fn component(kind: &Kind) -> String {
    let (version, name) = (&kind.version, &kind.kind);
    if let Some(definition) = &kind.schema.definition {
        return definition.as_ref().to_owned();
    }
    let labels = match kind.origin {
        Origin::Custom => kind.group.rsplit('.').collect(),
        Origin::BuiltIn => {
            let first = kind
                .group
                .split('.')
                .next()
                .filter(|first| !first.is_empty());
            vec!["io", "k8s", "api", first.unwrap_or("core")]
        }
    };
    format!("{}.{version}.{name}", labels.join("."))
}

/// Where a component lies.
pub(super) fn reference(component: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{component}")})
}

pub(super) fn group_version_kind(kind: &Kind, name: &str) -> Value {
    json!({"group": kind.group, "version": kind.version, "kind": name})
}

fn whole(kind: &Kind, named: &mut BTreeSet<Arc<str>>) -> Value {
    match kind.origin {
        Origin::BuiltIn => part(&component(kind), named),
        Origin::Custom => custom(kind, named),
    }
}

/// The schema of a custom resource, with what every object has.
fn custom(kind: &Kind, named: &mut BTreeSet<Arc<str>>) -> Value {
    let object_meta = meta("ObjectMeta");
    let mut whole = to_component(&kind.schema, named);
    whole["type"] = "object".into();
    let properties = &mut whole["properties"];
    properties["apiVersion"] = described("string", API_VERSION);
    properties["kind"] = described("string", KIND);
    properties["metadata"] = json!({"description": METADATA, "allOf": [reference(&object_meta)]});
    named.insert(object_meta.into());
    whole[KINDS] = json!([group_version_kind(kind, &kind.kind)]);
    add_selectable(kind, &mut whole);
    whole
}

/// Tells the fields of a custom resource that selectors may name.
fn add_selectable(kind: &Kind, schema: &mut Value) {
    let paths = kind.selectable_fields.iter();
    let paths = paths.map(|path| json!({"fieldPath": path.trim_start_matches('.')}));
    let paths: Vec<Value> = paths.collect();
    if kind.origin == Origin::Custom && !paths.is_empty() {
        schema["x-kubernetes-selectable-fields"] = paths.into();
    }
}

fn list(kind: &Kind) -> Value {
    let item = reference(&component(kind));
    let mut metadata = json!({
        "description": "Standard list metadata.",
        "allOf": [reference(&meta("ListMeta"))],
    });
    let mut about = format!("List of {}.", kind.plural);
    let items = match kind.origin {
        Origin::BuiltIn => {
            metadata["default"] = json!({});
            json!({"default": {}, "allOf": [item]})
        }
        Origin::Custom => {
            metadata["description"] =
                format!("Standard list metadata. More info: {CONVENTIONS}#types-kinds").into();
            about += &format!(" More info: {CONVENTIONS}");
            item
        }
    };
    let mut list = json!({
        "description": format!("{} is a list of {}", kind.list_kind, kind.kind),
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": described("string", API_VERSION),
            "kind": described("string", KIND),
            "metadata": metadata,
            "items": {
                "description": about,
                "type": "array",
                "items": items,
            },
        },
        "x-kubernetes-group-version-kind": [group_version_kind(kind, &kind.list_kind)],
    });
    add_selectable(kind, &mut list);
    list
}

/// A part, and those that it consists of.
fn part(name: &str, named: &mut BTreeSet<Arc<str>>) -> Value {
    if let Some(node) = definition(name) {
        let mut part = to_component(&node, named);
        amend(name, &mut part);
        if let Some([group, version, kind]) = kind_of(name) {
            let of = json!([{"group": group, "version": version, "kind": kind}]);
            part[KINDS] = of;
        }
        return part;
    }
    if name == meta("WatchEvent") {
        let raw = "io.k8s.apimachinery.pkg.runtime.RawExtension";
        named.insert(raw.into());
        return json!({
            "description": "Event represents a single event to a watched resource.",
            "type": "object",
            "required": ["type", "object"],
            "properties": {"object": {"allOf": [reference(raw)]}, "type": {"type": "string", "default": ""}},
        });
    }
    json!({
        "description": "Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.",
        "type": "object",
    })
}

fn described(kind: &str, description: &str) -> Value {
    json!({"type": kind, "description": description})
}
