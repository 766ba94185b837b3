//! Filling in declared defaults.

pub(super) mod validity;

use std::sync::Arc;

use super::node::Node;
use super::path::MAX_DEPTH;
use crate::json::{Text, Value};

/// Sets every absent field that has a default, also inside of defaults, and replaces `null` by the default where
/// `null` is not allowed. Levels beyond the depth limit stay as they are; validation refuses them.
///
/// Source: `spec/kube-api.md` §1.18; apiextensions-apiserver v0.34.3, pkg/apiserver/schema/defaulting/algorithm.go.
pub fn apply_defaults(node: &Node, value: &mut Value) {
    fill(node, value, 0);
}

fn fill(node: &Node, value: &mut Value, depth: usize) {
    // To change what is shared is to copy it.
    if !lacks(node, value, depth) {
        return;
    }
    match value {
        Value::Object(object) => {
            for (name, property) in &node.properties {
                let Some(default) = &property.default else {
                    continue;
                };
                match object.get_mut(name) {
                    Some(present) => replace_null(property, present),
                    None => {
                        object.insert(name.clone(), default.clone());
                    }
                }
            }
            if node.properties.is_empty() && node.additional.is_none() {
                return;
            }
            for (name, child) in object {
                if let Some(property) = node.properties.get(name.as_str()) {
                    fill(property, child, depth + 1);
                } else if let Some(additional) = &node.additional {
                    replace_null(additional, child);
                    fill(additional, child, depth + 1);
                }
            }
        }
        Value::Array(elements) => {
            let Some(items) = &node.items else {
                return;
            };
            for element in elements {
                replace_null(items, element);
                fill(items, element, depth + 1);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether [`fill`] changes anything.
fn lacks(node: &Node, value: &Value, depth: usize) -> bool {
    if depth > MAX_DEPTH || !node.has_default_below() {
        return false;
    }
    let below =
        |node: &Node, value: &Value| is_to_replace(node, value) || lacks(node, value, depth + 1);
    match value {
        Value::Object(object) => {
            let is_absent = |(name, property): (&Text, &Arc<Node>)| {
                property.default.is_some() && !object.contains_key(name)
            };
            node.properties.iter().any(is_absent)
                || object.iter().any(|(name, child)| {
                    let property = node.properties.get(name.as_str());
                    let known = property.or(node.additional.as_ref());
                    known.is_some_and(|known| below(known, child))
                })
        }
        Value::Array(elements) => {
            let items = node.items.as_ref();
            items.is_some_and(|items| elements.iter().any(|element| below(items, element)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a null gives way to a default.
fn is_to_replace(node: &Node, value: &Value) -> bool {
    value.is_null() && node.default.is_some() && !node.nullable
}

fn replace_null(node: &Node, value: &mut Value) {
    if is_to_replace(node, value) {
        *value = node.default.clone().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;
    use crate::store::schema::parse::parse;

    #[rstest]
    #[case::absent(json!({}), json!({"a": 1, "o": {"x": "y"}}))]
    #[case::present(json!({"a": 2, "o": {"x": "z"}}), json!({"a": 2, "o": {"x": "z"}}))]
    #[case::null(json!({"a": null, "o": {}}), json!({"a": 1, "o": {"x": "y"}}))]
    #[case::nullable(json!({"n": null}), json!({"a": 1, "o": {"x": "y"}, "n": null}))]
    #[case::inside_lists(json!({"l": [{}, {"x": "z"}]}), json!({"a": 1, "o": {"x": "y"}, "l": [{"x": "y"}, {"x": "z"}]}))]
    #[case::inside_maps(json!({"m": {"k": {}}}), json!({"a": 1, "o": {"x": "y"}, "m": {"k": {"x": "y"}}}))]
    fn absent_fields_get_their_defaults(#[case] mut value: Value, #[case] expected: Value) {
        let inner =
            json!({"type": "object", "properties": {"x": {"type": "string", "default": "y"}}});
        let mut with_default = inner.clone();
        with_default["default"] = json!({});
        let schema = json!({"type": "object", "properties": {
            "a": {"type": "integer", "default": 1},
            "n": {"type": "string", "nullable": true},
            "o": with_default,
            "l": {"type": "array", "items": inner},
            "m": {"type": "object", "additionalProperties": inner},
        }});
        apply_defaults(&parse(&schema, "").unwrap(), &mut value);
        assert_eq!(value, expected);
    }
}
