//! A schema node as the JSON that OpenAPI v3 publishes.

use serde_json::{Map, Value, json};

use crate::store::schema::node::{Checks, ListType, Node, Type};

pub(super) const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
pub(super) const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const METADATA: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// The property `metadata`: a reference to the component of that name.
pub(super) fn metadata(component: &str) -> Value {
    json!({"description": METADATA, "allOf": [super::reference(component)]})
}

/// The JSON form of `node`, with the extensions of Kubernetes.
///
/// Source: `spec/kube-api.md` §1.4, §1.18.
#[must_use]
pub fn to_openapi(node: &Node) -> Value {
    let mut schema = Map::new();
    let mut put = |name: &str, value: Value| drop(schema.insert(name.to_owned(), value));
    if !node.description.is_empty() {
        put("description", node.description.clone().into());
    }
    if let Some(name) = type_name(node.kind) {
        put("type", name.into());
    }
    if node.kind == Type::IntOrString {
        put("anyOf", json!([{"type": "integer"}, {"type": "string"}]));
        put("x-kubernetes-int-or-string", true.into());
    }
    if !node.properties.is_empty() {
        let properties = node.properties.iter();
        let properties = properties.map(|(name, node)| (name.clone(), to_openapi(node)));
        put("properties", Value::Object(properties.collect()));
    }
    if let Some(additional) = &node.additional {
        put("additionalProperties", to_openapi(additional));
    }
    if let Some(items) = &node.items {
        put("items", to_openapi(items));
    }
    if !node.required.is_empty() {
        put("required", json!(node.required));
    }
    if let Some(default) = &node.default {
        put("default", default.clone());
    }
    for (name, holds) in [
        ("nullable", node.nullable),
        (
            "x-kubernetes-preserve-unknown-fields",
            node.preserve_unknown,
        ),
        ("x-kubernetes-embedded-resource", node.embedded_resource),
    ] {
        if holds {
            put(name, true.into());
        }
    }
    add_merging(&mut schema, node);
    add_checks(&mut schema, &node.checks);
    if !node.rules.is_empty() {
        schema.insert("x-kubernetes-validations".to_owned(), json!(node.rules));
    }
    Value::Object(schema)
}

fn type_name(kind: Type) -> Option<&'static str> {
    match kind {
        Type::Any | Type::IntOrString => None,
        Type::Object => Some("object"),
        Type::Array => Some("array"),
        Type::String => Some("string"),
        Type::Integer => Some("integer"),
        Type::Number => Some("number"),
        Type::Boolean => Some("boolean"),
    }
}

/// How lists and maps are told apart and patched.
fn add_merging(schema: &mut Map<String, Value>, node: &Node) {
    let mut put = |name: &str, value: Value| drop(schema.insert(name.to_owned(), value));
    match &node.list_type {
        ListType::Atomic => {}
        ListType::Set => put("x-kubernetes-list-type", "set".into()),
        ListType::Map(keys) => {
            put("x-kubernetes-list-type", "map".into());
            put("x-kubernetes-list-map-keys", json!(keys));
        }
    }
    if node.atomic_map {
        put("x-kubernetes-map-type", "atomic".into());
    }
    let strategies = [
        (node.patch.merge, "merge"),
        (node.patch.retain_keys, "retainKeys"),
    ];
    let strategies: Vec<&str> = strategies
        .into_iter()
        .filter_map(|(holds, name)| holds.then_some(name))
        .collect();
    if !strategies.is_empty() {
        put("x-kubernetes-patch-strategy", strategies.join(",").into());
    }
    if let Some(key) = &node.patch.merge_key {
        put("x-kubernetes-patch-merge-key", key.clone().into());
    }
}

fn add_checks(schema: &mut Map<String, Value>, checks: &Checks) {
    let mut put = |name: &str, value: Value| drop(schema.insert(name.to_owned(), value));
    if !checks.allowed.is_empty() {
        put("enum", json!(checks.allowed));
    }
    if let Some(pattern) = &checks.pattern {
        put("pattern", pattern.source().into());
    }
    if let Some(format) = &checks.format {
        put("format", format.name().into());
    }
    for (name, exclusive_name, bound) in [
        ("minimum", "exclusiveMinimum", checks.minimum),
        ("maximum", "exclusiveMaximum", checks.maximum),
    ] {
        if let Some((bound, exclusive)) = bound {
            put(name, number(bound));
            if exclusive {
                put(exclusive_name, true.into());
            }
        }
    }
    if let Some(divisor) = checks.multiple_of {
        put("multipleOf", number(divisor));
    }
    for (low, high, (least, most)) in [
        ("minLength", "maxLength", checks.length),
        ("minItems", "maxItems", checks.items),
        ("minProperties", "maxProperties", checks.properties),
    ] {
        if let Some(least) = least {
            put(low, least.into());
        }
        if let Some(most) = most {
            put(high, most.into());
        }
    }
    for (name, nodes) in [
        ("allOf", &checks.all_of),
        ("anyOf", &checks.any_of),
        ("oneOf", &checks.one_of),
    ] {
        if !nodes.is_empty() {
            put(name, nodes.iter().map(to_openapi).collect());
        }
    }
    if let Some(not) = &checks.not {
        put("not", to_openapi(not));
    }
}

/// A bound as the integer that it usually is.
fn number(float: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked by the comparison")]
    let whole = float as i64;
    #[expect(clippy::cast_precision_loss, reason = "checked by the comparison")]
    let is_whole = whole as f64 == float;
    if is_whole { whole.into() } else { float.into() }
}
