//! Times, which are stored in one of the many ways to write them.
//!
//! Source: `spec/kube-api.md` §1.6; apimachinery v0.34.3, pkg/apis/meta/v1/time.go and micro_time.go, `MarshalJSON`.

use std::sync::Arc;

use crate::json::Value;
use crate::store::go_time::{self, Layout};
use crate::store::schema::node::Node;

/// Rewrites the times of `value`, which fits `node`, but those of its metadata. Nothing is touched, and stays shared, where
/// each is written as it is stored.
pub(in crate::store) fn canonicalise_times(node: &Node, value: &mut Value) {
    if !node.has_time {
        return;
    }
    let fields = value.as_object().into_iter().flatten();
    let is_odd = |name: &str, field: &Value| {
        let below = node.properties.get(name).filter(|_| name != "metadata");
        below.is_some_and(|below| has_odd(below, field))
    };
    let odd: Vec<_> = fields
        .filter(|(name, field)| is_odd(name, field))
        .map(|(name, _)| name.clone())
        .collect();
    for name in odd {
        if let Some(below) = node.properties.get(name.as_str()) {
            rewrite(below, &mut value[name.as_str()]);
        }
    }
}

/// What is written for a time that is told in another way, which is null for the one that Go begins with; what is none has
/// been refused.
fn written(time: &Value, layout: Layout) -> Option<Value> {
    let text = time.as_str()?;
    let written = go_time::rewritten(text, layout).ok().flatten();
    match go_time::is_zero(written.as_deref().unwrap_or(text)) {
        true => Some(Value::Null),
        false => written.map(Value::from),
    }
}

fn has_odd(node: &Node, value: &Value) -> bool {
    if !node.has_time {
        return false;
    }
    match (value, node.time) {
        (time, Some(layout)) => written(time, layout).is_some(),
        (Value::Object(fields), None) => fields.iter().any(|(name, field)| {
            let below = below(node, name);
            below.is_some_and(|below| has_odd(below, field))
        }),
        (Value::Array(list), None) => {
            let items = node.items.as_ref();
            items.is_some_and(|items| list.iter().any(|element| has_odd(items, element)))
        }
        _ => false,
    }
}

fn rewrite(node: &Node, value: &mut Value) {
    if let Some(layout) = node.time {
        if let Some(written) = written(value, layout) {
            *value = written;
        }
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if let Some(below) = below(node, name).filter(|below| below.has_time) {
                    rewrite(below, field);
                }
            }
            // Of metadata within an object Go leaves it out.
            if fields.get("creationTimestamp").is_some_and(Value::is_null) {
                fields.remove("creationTimestamp");
            }
        }
        Value::Array(list) => {
            for element in list.iter_mut() {
                if let Some(items) = &node.items {
                    rewrite(items, element);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema of a field of an object, be it declared or one of a map.
fn below<'n>(node: &'n Node, name: &str) -> Option<&'n Arc<Node>> {
    node.properties.get(name).or(node.additional.as_ref())
}
