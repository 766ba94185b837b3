//! The cells of what runs pods.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use jiff::Timestamp;

use super::field::{
    NONE, UNSET, condition, containers, created, int_at, len_at, name, or, selector, since, str_at,
    timestamp,
};
use crate::http::age::span;
use crate::json::Value;

pub(super) fn job(object: &Value, now: Timestamp) -> Vec<Value> {
    let succeeded = int_at(object, "/status/succeeded");
    let parallelism = int_at(object, "/spec/parallelism");
    let completions = match object.pointer("/spec/completions").and_then(Value::as_i64) {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        None => format!("{succeeded}/1"),
    };
    let end = timestamp(&object["status"]["completionTime"]).unwrap_or(now);
    let duration = timestamp(&object["status"]["startTime"])
        .map(|start| span(end.duration_since(start)))
        .unwrap_or_default();
    let mut cells = vec![
        name(object),
        job_status(object).into(),
        completions.into(),
        duration.into(),
        created(object, now),
    ];
    cells.extend(containers(object, "/spec/template/spec/containers"));
    cells.push(or(&selector(&object["spec"]["selector"]), NONE));
    cells
}

fn job_status(object: &Value) -> &'static str {
    let holds = |kind: &str| condition(object, kind) == Some("True");
    let deleted = object["metadata"].get("deletionTimestamp").is_some();
    match () {
        () if holds("Complete") => "Complete",
        () if holds("Failed") => "Failed",
        () if deleted => "Terminating",
        () if holds("Suspended") => "Suspended",
        () if holds("FailureTarget") => "FailureTarget",
        () if holds("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

pub(super) fn cron_job(object: &Value, now: Timestamp) -> Vec<Value> {
    let suspend = match &object["spec"]["suspend"] {
        Value::Bool(true) => "True",
        Value::Bool(false) => "False",
        _ => UNSET,
    };
    let last = match &object["status"]["lastScheduleTime"] {
        Value::Null => NONE.to_owned(),
        instant => since(instant, now),
    };
    let mut cells = vec![
        name(object),
        str_at(object, "/spec/schedule").into(),
        or(str_at(object, "/spec/timeZone"), NONE),
        suspend.into(),
        len_at(object, "/status/active").into(),
        last.into(),
        created(object, now),
    ];
    let job = "/spec/jobTemplate/spec/template/spec/containers";
    cells.extend(containers(object, job));
    let selector = selector(&object["spec"]["jobTemplate"]["spec"]["selector"]);
    cells.push(or(&selector, NONE));
    cells
}

pub(super) fn deployment(object: &Value, now: Timestamp) -> Vec<Value> {
    let mut cells = vec![
        name(object),
        ready_of_wanted(object),
        int_at(object, "/status/updatedReplicas").into(),
        int_at(object, "/status/availableReplicas").into(),
        created(object, now),
    ];
    cells.extend(containers(object, "/spec/template/spec/containers"));
    cells.push(selector(&object["spec"]["selector"]).into());
    cells
}

pub(super) fn replica_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let mut cells = vec![
        name(object),
        int_at(object, "/spec/replicas").into(),
        int_at(object, "/status/replicas").into(),
        int_at(object, "/status/readyReplicas").into(),
        created(object, now),
    ];
    cells.extend(containers(object, "/spec/template/spec/containers"));
    cells.push(or(&selector(&object["spec"]["selector"]), NONE));
    cells
}

pub(super) fn stateful_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let mut cells = vec![name(object), ready_of_wanted(object), created(object, now)];
    cells.extend(containers(object, "/spec/template/spec/containers"));
    cells
}

fn ready_of_wanted(object: &Value) -> Value {
    let ready = int_at(object, "/status/readyReplicas");
    format!("{ready}/{}", int_at(object, "/spec/replicas")).into()
}

pub(super) fn disruption_budget(object: &Value, now: Timestamp) -> Vec<Value> {
    let bound = |field: &str| match &object["spec"][field] {
        Value::String(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        _ => "N/A".to_owned(),
    };
    vec![
        name(object),
        bound("minAvailable").into(),
        bound("maxUnavailable").into(),
        int_at(object, "/status/disruptionsAllowed").into(),
        created(object, now),
    ]
}
