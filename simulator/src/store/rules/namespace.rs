//! Namespaces.
//!
//! Source: `spec/kube-api.md` §1.16.

use crate::json::{Value, json};
use crate::store::metadata::{finalizer_fault, invalid};
use crate::store::object::{metadata_mut, texts};
use crate::store::request::Part;
use crate::store::status::Cause;

/// Sets the label that names the namespace, and drops an empty list of finalizers, which Go does not write.
pub(super) fn prepare(value: &mut Value) {
    let finalizers = value["spec"]["finalizers"].as_array();
    if finalizers.is_some_and(Vec::is_empty)
        && let Some(spec) = value["spec"].as_object_mut()
    {
        spec.remove("finalizers");
    }
    name_label(value);
}

/// Sets the label that names the namespace, as every decode does.
fn name_label(value: &mut Value) {
    let metadata = metadata_mut(value);
    let name = metadata.get("name").cloned().unwrap_or_default();
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    if !labels.is_object() {
        *labels = json!({});
    }
    labels["kubernetes.io/metadata.name"] = name;
}

/// Shows the phase that a decode gives a new namespace.
pub(super) fn plug_in(value: &mut Value) {
    for part in ["spec", "status"] {
        if !value[part].is_object() {
            value[part] = json!({});
        }
    }
    if value["status"]["phase"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
    {
        value["status"]["phase"] = "Active".into();
    }
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

/// Fills in what Go writes into the status of a namespace.
pub(super) fn prepare_status(value: &mut Value) {
    name_label(value);
    let status = &mut value["status"];
    if status["phase"].as_str().unwrap_or_default().is_empty() {
        status["phase"] = "Active".into();
    }
    let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if condition.get("lastTransitionTime").is_none() {
            condition["lastTransitionTime"] = Value::Null;
        }
    }
}

/// What is wrong with the finalizers that are written to a namespace, or with its phase.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateNamespace` and its kin.
pub(super) fn faults(part: Part, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    if part == Part::Status {
        let phase = new["status"]["phase"].as_str().unwrap_or_default();
        let is_terminating = new["metadata"].get("deletionTimestamp").is_some();
        let (only, when) = match is_terminating {
            true => ("Terminating", "is not empty"),
            false => ("Active", "is empty"),
        };
        if phase != only {
            let detail = format!("may only be '{only}' if `deletionTimestamp` {when}");
            causes.push(invalid("status.Phase", phase, &detail));
        }
        return causes;
    }
    if part != Part::Finalize && old.is_some() {
        return causes;
    }
    for (index, name) in texts(&new["spec"]["finalizers"]).into_iter().enumerate() {
        let path = match part {
            Part::Finalize => format!("spec.finalizers[{index}]"),
            _ => "spec.finalizers".to_owned(),
        };
        finalizer_fault((&path, &path), name, &mut causes);
    }
    causes
}
