//! Namespaces.
//!
//! Source: `spec/kube-api.md` §1.16.

use crate::json::{Value, json};
use crate::store::object::{metadata_mut, texts};

/// Sets the label that names the namespace, and drops an empty list of finalizers, which Go does not write.
pub(super) fn prepare(value: &mut Value) {
    let finalizers = value["spec"]["finalizers"].as_array();
    if finalizers.is_some_and(Vec::is_empty)
        && let Some(spec) = value["spec"].as_object_mut()
    {
        spec.remove("finalizers");
    }
    let metadata = metadata_mut(value);
    let name = metadata.get("name").cloned().unwrap_or_default();
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    if !labels.is_object() {
        *labels = json!({});
    }
    labels["kubernetes.io/metadata.name"] = name;
}

/// Sets the finalizer and the phase of a new namespace.
pub(super) fn admit(value: &mut Value) {
    let mut finalizers = texts(&value["spec"]["finalizers"]);
    if !finalizers.contains(&"kubernetes") {
        finalizers.push("kubernetes");
    }
    value["spec"] = json!({ "finalizers": finalizers });
    value["status"] = json!({"phase": "Active"});
}
