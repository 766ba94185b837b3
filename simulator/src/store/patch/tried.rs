//! What is left of a strategic patch once Go has tried it, which is what a refusal quotes.
//!
//! Source: kubernetes v1.34 `apimachinery/pkg/util/strategicpatch/patch.go` (`discardNullValuesFromPatch`,
//! `mergePatchIntoOriginal`, `applyRetainKeysDirective`, `mergeSliceWithoutSpecialElements`).

use super::strategic::{ELEMENT_ORDER, RETAIN_KEYS, drop_nulls, field};
use crate::json::{Map, Value};
use crate::store::schema::node::Node;

/// A patch of `live` as Go leaves it behind: without the nulls of what is new, without lists that were merged in an order,
/// and without what directed that. `node` says by which key the items of a list are told apart.
pub fn tried(mut patch: Value, live: &Value, node: Option<&Node>) -> Value {
    if let Value::Object(fields) = &mut patch {
        drop_ordered(fields);
        for (name, value) in fields.iter_mut() {
            let node = field(node, name);
            match (live.get(name.as_str()), &mut *value) {
                (Some(known @ Value::Object(_)), Value::Object(_)) => {
                    *value = tried(std::mem::take(value), known, node);
                }
                (Some(Value::Array(known)), Value::Array(items)) => {
                    try_items(items, known, node);
                }
                _ => drop_nulls(value),
            }
        }
    }
    patch
}

/// Leaves of the items of a list that are merged what is left of them; new ones, and lists that are replaced, stay as they
/// are.
fn try_items(items: &mut [Value], live: &[Value], node: Option<&Node>) {
    let merged = node.filter(|node| node.patch.merge);
    let Some((node, key)) = merged.and_then(|node| Some((node, node.patch.merge_key.as_ref()?)))
    else {
        return;
    };
    for item in items {
        let known = live.iter().find(|known| known.get(key) == item.get(key));
        if let Some(known) = known {
            *item = tried(std::mem::take(item), known, node.items.as_deref());
        }
    }
}

/// Drops what directs the merge of a map, with the lists whose order it gives.
fn drop_ordered(fields: &mut Map) {
    fields.remove(RETAIN_KEYS);
    let directives = fields.keys().filter(|name| name.starts_with(ELEMENT_ORDER));
    for directive in directives.cloned().collect::<Vec<_>>() {
        fields.remove(&directive);
        if let Some((_, name)) = directive.split_once('/') {
            fields.remove(name);
        }
    }
}
