//! Events: one storage, seen as core/v1 and as events.k8s.io/v1.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/events/v1/conversion.go`.

use super::go_struct;
use super::of_kind::required;
use crate::json::{Map, Value};
use crate::store::kind::Kind;
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::qualified_name_faults;
use crate::store::status::Cause;

/// How long most fields of an event may be.
const FIELD_BYTES_MAX: usize = 128;
/// How long its text may be.
const NOTE_BYTES_MAX: usize = 1024;
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
    if let Some(series) = fields.get_mut("series").and_then(Value::as_object_mut) {
        series.entry("lastObservedTime").or_insert(Value::Null);
    }
    fields
        .entry("source")
        .or_insert_with(|| crate::json::json!({}));
    for field in ["reportingComponent", "reportingInstance"] {
        fields.entry(field).or_insert_with(|| "".into());
    }
}

/// What is wrong with an event: above all, it must lie where its object lies.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/events.go`.
pub(super) fn faults(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let is_new = !kind.group.is_empty();
    let mut causes = common_faults(is_new, new);
    match old {
        _ if !is_new => {}
        None => new_faults(new, &mut causes),
        Some(old) => change_faults(new, &to_new_event(old.clone()), &mut causes),
    }
    causes
}

/// What both versions demand; one with an `eventTime` must say more.
fn common_faults(is_new: bool, new: &Value) -> Vec<Cause> {
    let (object, controller, called, message) = match is_new {
        false => (
            "involvedObject",
            "reportingComponent",
            "reportingComponent",
            "message",
        ),
        true => (
            "regarding",
            "reportingController",
            "reportingController",
            "note",
        ),
    };
    let text = |field: &str| new[field].as_str().unwrap_or_default();
    let namespace = new["metadata"]["namespace"].as_str().unwrap_or_default();
    let involved = new[object]["namespace"].as_str().unwrap_or_default();
    let has_time = !new["eventTime"].is_null();
    let is_placed = match involved {
        "" if has_time => matches!(namespace, "default" | "kube-system"),
        "" => namespace == "default",
        involved => has_time || involved == namespace,
    };
    let mut causes = Vec::new();
    if !is_placed {
        let detail = "does not match event.namespace";
        causes.push(invalid("involvedObject.namespace", involved, detail));
    }
    if !has_time {
        return causes;
    }
    let reporter = text(controller);
    if reporter.is_empty() {
        causes.push(required(called, "Required value"));
    }
    let found = qualified_name_faults(reporter);
    causes.extend(found.iter().map(|why| invalid(called, reporter, why)));
    for (field, called) in [
        ("reportingInstance", "reportingInstance"),
        ("action", "action"),
        ("reason", "reason"),
        (message, "message"),
    ] {
        let limit = match called {
            "message" => NOTE_BYTES_MAX,
            _ => FIELD_BYTES_MAX,
        };
        if text(field).is_empty() && called != "message" {
            causes.push(required(called, "Required value"));
        }
        if text(field).len() > limit {
            let why = format!("can have at most {limit} characters");
            causes.push(invalid(called, "", &why));
        }
    }
    causes
}

/// What an event must say that is written in the new version.
fn new_faults(new: &Value, causes: &mut Vec<Cause>) {
    causes.extend(series_faults(&new["series"]));
    if new["eventTime"].is_null() {
        causes.push(required("eventTime", "Required value"));
    }
    let severity = new["type"].as_str().unwrap_or_default();
    if !matches!(severity, "Normal" | "Warning") {
        let why = format!("has invalid value: {severity}");
        causes.push(invalid("type", "", &why));
    }
    let source = &new["deprecatedSource"];
    let is_named = |field: &str| source[field].as_str().is_some_and(|text| !text.is_empty());
    for (field, is_set) in [
        ("firstTimestamp", !new["deprecatedFirstTimestamp"].is_null()),
        ("lastTimestamp", !new["deprecatedLastTimestamp"].is_null()),
        (
            "count",
            new["deprecatedCount"].as_i64().is_some_and(|n| n != 0),
        ),
        ("source", is_named("component") || is_named("host")),
    ] {
        if is_set {
            causes.push(invalid(field, "", "needs to be unset"));
        }
    }
}

fn series_faults(series: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if series.is_object() && series["count"].as_i64().unwrap_or(0) < 2 {
        causes.push(invalid("series.count", "", "should be at least 2"));
    }
    if series.is_object() && series["lastObservedTime"].is_null() {
        causes.push(required("series.lastObservedTime", "Required value"));
    }
    causes
}

/// A field as Go shows it.
fn shown(field: &str, value: &Value) -> String {
    let empty = Value::Object(Map::new());
    let given = if value.is_null() { &empty } else { value };
    match (field, value) {
        ("regarding", _) => go_struct::shown("ObjectReference", given),
        ("deprecatedSource", _) => go_struct::shown("EventSource", given),
        ("related", value) => go_struct::shown("ObjectReference", value),
        ("deprecatedCount", Value::Null) => "0".to_owned(),
        ("eventTime" | "deprecatedFirstTimestamp" | "deprecatedLastTimestamp", value) => {
            value.to_string()
        }
        (_, Value::Null) => "\"\"".to_owned(),
        (_, value) => value.to_string(),
    }
}

/// All but the series stays as it is, in the new version.
fn change_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    if new["series"] != old["series"] {
        causes.extend(series_faults(&new["series"]));
    }
    for (field, called) in [
        ("regarding", "involvedObject"),
        ("reason", "reason"),
        ("note", "message"),
        ("deprecatedSource", "source"),
        ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedCount", "count"),
        ("type", "type"),
        ("eventTime", "eventTime"),
        ("action", "action"),
        ("related", "related"),
        ("reportingController", "reportingController"),
        ("reportingInstance", "reportingInstance"),
    ] {
        if new[field] != old[field] {
            let shown = shown(field, &new[field]);
            causes.push(invalid_json(called, &shown, "field is immutable"));
        }
    }
}
