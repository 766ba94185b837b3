//! [`Node`] → OpenAPI v3, as `/openapi/v3` publishes it.

use std::sync::Arc;

use super::builtin;
use super::node::{Checks, ListType, Node, PatchStrategy, Type};
use crate::json::{Map, Value, json};

/// The schema as JSON, everything inline.
///
/// Source: `spec/kube-api.md` §1.4.
#[must_use]
pub fn to_openapi(node: &Node) -> Value {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    if !node.description.is_empty() {
        set("description", node.description.as_str().into());
    }
    if let Some(kind) = type_name(node.kind) {
        set("type", kind.into());
    }
    if node.kind == Type::IntOrString {
        set("x-kubernetes-int-or-string", true.into());
        set("anyOf", json!([{"type": "integer"}, {"type": "string"}]));
    }
    let mut properties: Map = node
        .properties
        .iter()
        .map(|(name, property)| (name.clone(), to_openapi(property)))
        .collect();
    if node.embedded_resource {
        for name in ["apiVersion", "kind"] {
            properties
                .entry(name)
                .or_insert_with(|| json!({"type": "string"}));
        }
        properties.insert("metadata", to_openapi(&builtin::object_meta()));
        set("x-kubernetes-embedded-resource", true.into());
    }
    if !properties.is_empty() {
        set("properties", properties.into());
    }
    if let Some(additional) = &node.additional {
        set("additionalProperties", to_openapi(additional));
    }
    if let Some(items) = &node.items {
        set("items", to_openapi(items));
    }
    if !node.required.is_empty() {
        set("required", node.required.clone().into());
    }
    if node.nullable {
        set("nullable", true.into());
    }
    if let Some(default) = &node.default {
        set("default", default.clone());
    }
    if node.preserve_unknown {
        set("x-kubernetes-preserve-unknown-fields", true.into());
    }
    if node.atomic_map {
        set("x-kubernetes-map-type", "atomic".into());
    }
    if !node.rules.is_empty() {
        set("x-kubernetes-validations", node.rules.clone().into());
    }
    list_type(&node.list_type, &mut out);
    patch(&node.patch, &mut out);
    checks(&node.checks, &mut out);
    Value::Object(out)
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

fn list_type(list_type: &ListType, out: &mut Map) {
    let name = match list_type {
        ListType::Atomic => return,
        ListType::Set => "set",
        ListType::Map(keys) => {
            out.insert("x-kubernetes-list-map-keys", keys.clone().into());
            "map"
        }
    };
    out.insert("x-kubernetes-list-type", name.into());
}

fn patch(patch: &PatchStrategy, out: &mut Map) {
    if let Some(key) = &patch.merge_key {
        out.insert(
            "x-kubernetes-patch-merge-key".to_owned(),
            key.as_str().into(),
        );
    }
    let strategy = match (patch.merge, patch.retain_keys) {
        (false, false) => return,
        (true, false) => "merge",
        (false, true) => "retainKeys",
        (true, true) => "merge,retainKeys",
    };
    out.insert("x-kubernetes-patch-strategy", strategy.into());
}

fn checks(checks: &Checks, out: &mut Map) {
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    let branches = |nodes: &[Arc<Node>]| {
        let branches = nodes.iter().map(|node| to_openapi(node)).collect();
        (!nodes.is_empty()).then_some(Value::Array(branches))
    };
    let exclusive = |bound: Option<(f64, bool)>| {
        bound
            .filter(|(_, exclusive)| *exclusive)
            .map(|_| true.into())
    };
    set(
        "enum",
        (!checks.allowed.is_empty()).then(|| checks.allowed.clone().into()),
    );
    set(
        "pattern",
        checks
            .pattern
            .as_ref()
            .map(|pattern| pattern.source().into()),
    );
    set(
        "format",
        checks.format.as_ref().map(|format| format.name().into()),
    );
    set("minimum", checks.minimum.map(|(bound, _)| number(bound)));
    set("exclusiveMinimum", exclusive(checks.minimum));
    set("maximum", checks.maximum.map(|(bound, _)| number(bound)));
    set("exclusiveMaximum", exclusive(checks.maximum));
    set("multipleOf", checks.multiple_of.map(number));
    set("minLength", checks.length.0.map(Value::from));
    set("maxLength", checks.length.1.map(Value::from));
    set("minItems", checks.items.0.map(Value::from));
    set("maxItems", checks.items.1.map(Value::from));
    set("minProperties", checks.properties.0.map(Value::from));
    set("maxProperties", checks.properties.1.map(Value::from));
    set("allOf", branches(&checks.all_of));
    set("anyOf", branches(&checks.any_of));
    set("oneOf", branches(&checks.one_of));
    set("not", checks.not.as_deref().map(to_openapi));
}

/// Integral bounds without a fraction, as they were written.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only floats that are integers are cast"
)]
fn number(bound: f64) -> Value {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    if bound.fract() == 0.0 && bound.abs() <= MAX_EXACT {
        Value::from(bound as i64)
    } else {
        Value::from(bound)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::store::schema::parse::parse;

    #[rstest]
    #[case::texts(json!({"type": "string", "description": "d", "pattern": "^a", "format": "password", "minLength": 1, "maxLength": 3, "enum": ["a"], "default": "a", "nullable": true}))]
    #[case::numbers(json!({"type": "number", "minimum": 1.5, "exclusiveMinimum": true, "maximum": 10, "multipleOf": 0.5}))]
    #[case::int_or_string(json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}))]
    #[case::map_list(json!({"type": "array", "minItems": 1, "maxItems": 2, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"], "items": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}}))]
    #[case::set(json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}))]
    #[case::dictionary(json!({"type": "object", "minProperties": 1, "maxProperties": 2, "additionalProperties": {"type": "integer"}, "x-kubernetes-map-type": "atomic"}))]
    #[case::branches(json!({"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}], "oneOf": [{"required": ["a"]}], "allOf": [{"required": ["a"]}], "not": {"required": ["a"]}}))]
    #[case::free(json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-validations": [{"rule": "has(self.a)"}]}))]
    fn a_parsed_schema_is_written_as_it_was(#[case] schema: Value) {
        let root = json!({"type": "object", "properties": {"spec": schema}});
        assert_eq!(to_openapi(&parse(&root, "").unwrap()), root);
    }

    #[test]
    fn lists_of_built_in_kinds_say_how_they_are_patched() {
        let pod = to_openapi(&builtin::builtin("", "v1", "Pod").unwrap());
        let volumes = &pod["properties"]["spec"]["properties"]["volumes"];
        assert_eq!(volumes["x-kubernetes-patch-strategy"], "merge,retainKeys");
        assert_eq!(volumes["x-kubernetes-patch-merge-key"], "name");
        assert_eq!(volumes["x-kubernetes-list-map-keys"], json!(["name"]));
    }
}
