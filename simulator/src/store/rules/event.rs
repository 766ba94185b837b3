//! Events: one storage, seen as core/v1 and as events.k8s.io/v1.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/events/v1/conversion.go`.

use super::of_kind::required;
use crate::json::Value;
use crate::store::kind::Kind;
use crate::store::metadata::invalid;
use crate::store::status::Cause;

/// core/v1 field, events.k8s.io/v1 field.
const FIELDS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// A stored event as events.k8s.io/v1 shows it.
pub(in crate::store) fn to_new_event(mut value: Value) -> Value {
    rename(&mut value, FIELDS);
    if let Some(object) = value.as_object_mut() {
        for field in ["reportingController", "reportingInstance"] {
            if object.get(field).and_then(Value::as_str) == Some("") {
                object.remove(field);
            }
        }
    }
    value
}

/// An events.k8s.io/v1 event as it is stored.
pub(in crate::store) fn to_core_event(mut value: Value) -> Value {
    rename(&mut value, FIELDS.map(|(core, new)| (new, core)));
    prepare(&mut value);
    value
}

fn rename<const N: usize>(value: &mut Value, fields: [(&str, &str); N]) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    for (from, to) in fields {
        if let Some(field) = object.remove(from) {
            object.insert(to.to_owned(), field);
        }
    }
}

/// Fills in the fields that core events always print.
pub(super) fn prepare(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    for field in ["firstTimestamp", "lastTimestamp", "eventTime"] {
        fields.entry(field).or_insert(Value::Null);
    }
    fields
        .entry("source")
        .or_insert_with(|| crate::json::json!({}));
    for field in ["reportingComponent", "reportingInstance"] {
        fields.entry(field).or_insert_with(|| "".into());
    }
}

/// What is wrong with an event: above all, it must lie where its object lies.
pub(super) fn faults(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if old.is_some() {
        return Vec::new();
    }
    let namespace = new["metadata"]["namespace"].as_str().unwrap_or_default();
    let object = if kind.group.is_empty() {
        &new["involvedObject"]
    } else {
        &new["regarding"]
    };
    let involved = object["namespace"].as_str().unwrap_or_default();
    let mut causes = new_faults(kind, new);
    let is_placed = if involved.is_empty() {
        namespace == "default"
    } else {
        involved == namespace
    };
    if !is_placed {
        let detail = "does not match event.namespace";
        causes.insert(0, invalid("involvedObject.namespace", involved, detail));
    }
    causes
}

/// What an event must say that is written in the new version.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/events.go`.
fn new_faults(kind: &Kind, new: &Value) -> Vec<Cause> {
    if kind.group.is_empty() {
        return Vec::new();
    }
    let mut causes = Vec::new();
    if new["eventTime"].is_null() {
        causes.push(required("eventTime", "Required value"));
    }
    let severity = new["type"].as_str().unwrap_or_default();
    if !matches!(severity, "Normal" | "Warning") {
        causes.push(invalid(
            "type",
            severity,
            &format!("has invalid value: {severity}"),
        ));
    }
    causes
}
