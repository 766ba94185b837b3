//! What the server makes of `metadata`.
//!
//! Source: `spec/kube-api.md` §1.7.

use serde_json::{Map, Value};

/// RFC 3339 with whole seconds, as metadata holds it.
pub(super) fn seconds(now: jiff::Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Copies a field from `from`, or removes it where `from` has none.
pub(super) fn restore(to: &mut Map<String, Value>, from: &Value, field: &str) {
    match from.get(field) {
        Some(value) => to.insert(field.to_owned(), value.clone()),
        None => to.remove(field),
    };
}
