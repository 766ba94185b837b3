//! A schema written as JSON Schema, for tests.

use std::sync::Arc;

use crate::json::Value;
use crate::store::schema::node::{ListType, Node, Type};

/// The node of `schema`, whose author keeps to what tests of ownership need.
pub(super) fn node(schema: &Value) -> Node {
    let flag = |name: &str| schema.get(name).is_some_and(|flag| *flag == true);
    let inner = |name: &str| schema.get(name).map(|schema| Arc::new(node(schema)));
    let kind = match schema.get("type").and_then(Value::as_str) {
        Some("object") => Type::Object,
        Some("array") => Type::Array,
        Some("string") => Type::String,
        Some("integer") => Type::Integer,
        Some("number") => Type::Number,
        Some("boolean") => Type::Boolean,
        _ if flag("x-kubernetes-int-or-string") => Type::IntOrString,
        _ => Type::Any,
    };
    let list_type = match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(
            serde_json::from_str(&schema["x-kubernetes-list-map-keys"].to_string()).unwrap(),
        ),
        _ => ListType::Atomic,
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    Node {
        kind,
        properties: properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.to_string(), Arc::new(node(schema))))
            .collect(),
        additional: inner("additionalProperties"),
        items: inner("items"),
        default: schema.get("default").cloned(),
        preserve_unknown: flag("x-kubernetes-preserve-unknown-fields"),
        list_type,
        atomic_map: schema
            .get("x-kubernetes-map-type")
            .is_some_and(|kind| kind == "atomic"),
        ..Node::default()
    }
}

/// The node of a kind whose fields besides `metadata` are `properties`.
pub(super) fn kind(properties: &Value) -> Node {
    let text_map =
        crate::json::json!({"type": "object", "additionalProperties": {"type": "string"}});
    let text = crate::json::json!({"type": "string"});
    let metadata = crate::json::json!({"type": "object", "properties": {
        "name": text, "namespace": text, "generateName": text, "uid": text, "resourceVersion": text, "creationTimestamp": text,
        "generation": {"type": "integer"}, "labels": text_map, "annotations": text_map,
        "finalizers": {"type": "array", "x-kubernetes-list-type": "set", "items": text},
        "ownerReferences": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
            "items": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {}}},
        "managedFields": {"type": "array", "items": {"type": "object"}}}});
    let mut schema = crate::json::json!({"type": "object", "properties": properties});
    schema["properties"]["apiVersion"] = text.clone();
    schema["properties"]["kind"] = text;
    schema["properties"]["metadata"] = metadata;
    node(&schema)
}
