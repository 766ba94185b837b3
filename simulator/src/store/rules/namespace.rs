//! Namespaces.
//!
//! Source: `spec/kube-api.md` §1.16.

use serde_json::{Value, json};

use crate::store::object::metadata_mut;

/// Sets the name label, the finalizer and the phase of a new namespace; keeps label and finalizers of an old one.
pub(super) fn prepare(value: &mut Value, old: Option<&Value>) {
    let metadata = metadata_mut(value);
    let name = metadata.get("name").cloned().unwrap_or_default();
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    if !labels.is_object() {
        *labels = json!({});
    }
    labels["kubernetes.io/metadata.name"] = name;
    if old.is_none() {
        value["spec"] = json!({"finalizers": ["kubernetes"]});
        value["status"] = json!({"phase": "Active"});
    }
}
