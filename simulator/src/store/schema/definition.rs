//! CustomResourceDefinitions: defaults, checks, and the kinds that they define.
//!
//! Source: `spec/kube-api.md` §1.18; apiextensions-apiserver v0.34.3, pkg/apis/apiextensions (v1/defaults.go,
//! v1/conversion.go, validation/validation.go).

mod check;
mod conversion;
pub mod keywords;
mod version;

use std::sync::Arc;

use crate::json::{Map, Value, json};

use self::version::Parsed;
use super::builtin;
use super::memory::Memory;
use super::node::{Found, Node, Type};
use crate::store::kind::{Column, Kind, Origin, ScalePaths};
use crate::store::kube_version::by_preference;
use crate::store::status::Cause;

/// Fills in what a definition leaves open: names, conversion, stored versions.
pub fn set_defaults(crd: &mut Value) {
    if crd["spec"].is_null() {
        crd["spec"] = json!({});
    }
    let kind = text(crd, "/spec/names/kind").to_owned();
    if let Some(Value::Object(names)) = crd.pointer_mut("/spec/names") {
        fill(names, "singular", &kind.to_lowercase());
        if !kind.is_empty() {
            fill(names, "listKind", &format!("{kind}List"));
        }
    }
    let stored = stored_version(crd);
    if let Some(Value::Object(spec)) = crd.get_mut("spec")
        && spec.get("conversion").is_none_or(Value::is_null)
    {
        spec.insert("conversion", json!({"strategy": "None"}));
    }
    if let Some(Value::Object(service)) =
        crd.pointer_mut("/spec/conversion/webhook/clientConfig/service")
        && !service.contains_key("port")
    {
        service.insert("port", json!(443));
    }
    let Some(stored) = stored else {
        return;
    };
    let known = list(crd, "/status/storedVersions");
    if known.iter().any(|version| *version == stored) {
        return;
    }
    let mut known = known.to_vec();
    known.push(stored.into());
    if !crd["status"].is_object() {
        crd["status"] = json!({});
    }
    crd["status"]["storedVersions"] = known.into();
}

fn fill(names: &mut Map, name: &str, default: &str) {
    let is_empty = |value: &Value| value.as_str().is_none_or(str::is_empty);
    if names.get(name).is_none_or(is_empty) {
        names.insert(name.to_owned(), default.into());
    }
}

fn stored_version(crd: &Value) -> Option<String> {
    list(crd, "/spec/versions")
        .iter()
        .find(|version| version["storage"] == json!(true))
        .and_then(|version| Some(version["name"].as_str()?.to_owned()))
}

/// One kind for each served version of a definition whose defaults are filled in, and which may replace `old`, in the order of
/// the definition.
///
/// # Errors
/// Everything that is wrong with the definition, also as a replacement.
pub fn define(crd: &Value, old: Option<&Value>) -> Result<Vec<Kind>, Vec<Cause>> {
    define_beside(crd, old, &mut Memory::default())
}

/// The same for new definitions that share much of their schemas in memory, which is read once.
///
/// # Errors
/// Everything that is wrong with the first that is wrong.
pub fn define_all(crds: &[Value]) -> Result<Vec<Vec<Kind>>, Vec<Cause>> {
    let mut memory = Memory::default();
    let defined = crds.iter();
    let defined = defined.map(|crd| define_beside(crd, None, &mut memory));
    defined.collect()
}

fn define_beside(
    crd: &Value,
    old: Option<&Value>,
    memory: &mut Memory,
) -> Result<Vec<Kind>, Vec<Cause>> {
    let mut causes = Vec::new();
    let schemas = check::check(crd, old, (memory, &mut causes));
    if !causes.is_empty() {
        return Err(causes);
    }
    let versions = list(crd, "/spec/versions").iter().zip(schemas);
    let kinds = versions
        .filter(|(version, _)| version["served"] == json!(true))
        .filter_map(|(version, parsed)| Some(kind(crd, version, &*parsed?)));
    Ok(kinds.collect())
}

fn kind(crd: &Value, version: &Value, parsed: &Parsed) -> Kind {
    let owned = |pointer: &str| text(crd, pointer).to_owned();
    let owned_list = |pointer: &str| {
        let texts = list(crd, pointer).iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let subresources = version["subresources"].as_object();
    Kind {
        group: owned("/spec/group"),
        version: text(version, "/name").to_owned(),
        kind: owned("/spec/names/kind"),
        list_kind: owned("/spec/names/listKind"),
        plural: owned("/spec/names/plural"),
        singular: owned("/spec/names/singular"),
        short_names: owned_list("/spec/names/shortNames"),
        categories: owned_list("/spec/names/categories"),
        namespaced: text(crd, "/spec/scope") == "Namespaced",
        origin: Origin::Custom,
        subresources: ["status", "scale"]
            .into_iter()
            .filter(|name| subresources.is_some_and(|all| all.contains_key(name)))
            .map(str::to_owned)
            .collect(),
        schema: whole(parsed.declared.clone()).into(),
        rules: Arc::clone(&parsed.rules),
        columns: list(version, "/additionalPrinterColumns")
            .iter()
            .map(column)
            .collect(),
        selectable_fields: list(version, "/selectableFields")
            .iter()
            .map(|field| text(field, "/jsonPath").to_owned())
            .collect(),
        stored_as: format!(
            "{}/{}",
            text(crd, "/spec/group"),
            stored_version(crd).unwrap_or_default()
        ),
        scale: scale(version),
        deprecation: deprecation(crd, version),
    }
}

/// What a deprecated version warns of: by itself, that a better one is served.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/apiserver/customresource_handler.go, `defaultDeprecationWarning`.
fn deprecation(crd: &Value, version: &Value) -> String {
    if version["deprecated"] != json!(true) {
        return String::new();
    }
    if let Some(warning) = version["deprecationWarning"].as_str() {
        return warning.to_owned();
    }
    let (group, kind) = (text(crd, "/spec/group"), text(crd, "/spec/names/kind"));
    let own = text(version, "/name");
    let warning = format!("{group}/{own} {kind} is deprecated");
    let others = list(crd, "/spec/versions").iter();
    let others = others.filter(|other| other["served"] == true && other["deprecated"] != true);
    let others = others.map(|other| text(other, "/name"));
    let better = others.filter(|other| by_preference(other, own).is_lt());
    match better.min_by(|a, b| by_preference(a, b)) {
        Some(better) => format!("{warning}; use {group}/{better} {kind}"),
        None => warning,
    }
}

fn scale(version: &Value) -> Option<ScalePaths> {
    let scale = version["subresources"].get("scale")?;
    Some(ScalePaths {
        spec_replicas: text(scale, "/specReplicasPath").to_owned(),
        status_replicas: text(scale, "/statusReplicasPath").to_owned(),
        selector: text(scale, "/labelSelectorPath").to_owned(),
    })
}

fn column(column: &Value) -> Column {
    let owned = |pointer: &str| text(column, pointer).to_owned();
    Column {
        name: owned("/name"),
        kind: owned("/type"),
        format: owned("/format"),
        description: owned("/description"),
        priority: column["priority"].as_i64().unwrap_or_default(),
        json_path: owned("/jsonPath"),
    }
}

/// The declared schema with what every object has.
fn whole(declared: Node) -> Node {
    let mut node = Node {
        has_default_below: Found::default(),
        ..declared
    };
    for (name, description) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        let field = node.properties.entry(name).or_insert_with(Arc::default);
        let field = Arc::make_mut(field);
        field.kind = Type::String;
        if field.description.is_empty() {
            description.clone_into(&mut field.description);
        }
    }
    let mut metadata = Node::clone(&builtin::object_meta());
    if let Some(restricted) = node.properties.get("metadata") {
        for (name, property) in &restricted.properties {
            if let Some(field) = metadata.properties.get_mut(name) {
                Arc::make_mut(field).checks = property.checks.clone();
            }
        }
    }
    // What an owner needs is told of the metadata of every kind.
    let owners = metadata.properties.get_mut("ownerReferences");
    if let Some(owner) = owners.and_then(|owners| Arc::make_mut(owners).items.as_mut()) {
        Arc::make_mut(owner).required.clear();
    }
    node.properties.insert("metadata", Arc::new(metadata));
    node
}

/// The declared schema as rules see it: of the metadata, only the names.
fn visible_to_rules(declared: &Node) -> Node {
    let mut node = declared.clone();
    let text = || {
        Arc::new(Node {
            kind: Type::String,
            ..Node::default()
        })
    };
    let mut metadata = Node {
        kind: Type::Object,
        ..Node::default()
    };
    for name in ["name", "generateName"] {
        metadata.properties.insert(name, text());
    }
    node.properties.insert("apiVersion", text());
    node.properties.insert("kind", text());
    node.properties.insert("metadata", Arc::new(metadata));
    node
}

const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
