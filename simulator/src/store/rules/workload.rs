//! Kinds that make pods from a template.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/apps` and `pkg/apis/batch`, their defaults and
//! strategies.

use crate::json::{Value, json};

use super::part::is_empty;
use super::pod;

/// How many pods of a Job fail before it does.
const BACKOFF_LIMIT: i64 = 6;
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Where the template of a kind lies, as a JSON pointer.
pub(in crate::store) fn template_place(group: &str, kind: &str) -> Option<&'static str> {
    match (group, kind) {
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("batch", "Job")
        | ("", "ReplicationController") => Some("/spec/template"),
        ("batch", "CronJob") => Some("/spec/jobTemplate/spec/template"),
        ("", "PodTemplate") => Some("/template"),
        _ => None,
    }
}

/// Sets the defaults of the template of pods, if the kind has one.
pub(super) fn prepare_template(group: &str, kind: &str, value: &mut Value) {
    let Some(place) = template_place(group, kind) else {
        return;
    };
    let mut below = value;
    for step in place.split('/').skip(1) {
        if !below[step].is_object() {
            below[step] = json!({});
        }
        below = &mut below[step];
    }
    pod::prepare_template(below);
}

/// Labels a controller as its template, and selects what the template labels, if that is left open.
pub(super) fn prepare_controller(value: &mut Value) {
    let labels = value["spec"]["template"]["metadata"]["labels"].clone();
    if !labels.is_object() {
        return;
    }
    for pointer in ["/spec/selector", "/metadata/labels"] {
        let (parent, field) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(parent) = value.pointer_mut(parent)
            && parent[field].is_null()
        {
            parent[field] = labels.clone();
        }
    }
}

/// Counts the changes of a daemon set's template where clients of old look for them.
pub(super) fn count_template(value: &mut Value, old: Option<&Value>) {
    let count = old.map_or(Some(0), |old| {
        let annotation = &old["metadata"]["annotations"][TEMPLATE_GENERATION];
        annotation.as_str()?.parse::<i64>().ok()
    });
    let is_same = old.is_some_and(|old| old["spec"]["template"] == value["spec"]["template"]);
    if let Some(count) = count {
        let count = if is_same { count } else { count + 1 };
        value["metadata"]["annotations"][TEMPLATE_GENERATION] = count.to_string().into();
    }
}

/// Labels a Job as its pods if it has no labels of its own.
pub(super) fn label_job(value: &mut Value) {
    let labels = value["spec"]["template"]["metadata"]["labels"].clone();
    let has_labels = value["metadata"]["labels"]
        .as_object()
        .is_some_and(|labels| !labels.is_empty());
    if !has_labels && labels.is_object() {
        value["metadata"]["labels"] = labels;
    }
}

/// Sets the defaults of a Job.
pub(super) fn prepare_job(value: &mut Value) {
    label_job(value);
    let spec = &mut value["spec"];
    show_rules(spec);
    // One that counts failures of each index counts them all but without an end.
    let limit = match spec["backoffLimitPerIndex"] {
        Value::Null => BACKOFF_LIMIT,
        _ => i64::from(i32::MAX),
    };
    let policy = match spec["podFailurePolicy"] {
        Value::Null => "TerminatingOrFailed",
        _ => "Failed",
    };
    if spec["completions"].is_null() && spec["parallelism"].is_null() {
        spec["completions"] = 1.into();
    }
    let defaults = [
        ("parallelism", json!(1)),
        ("backoffLimit", json!(limit)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("podReplacementPolicy", json!(policy)),
        ("manualSelector", json!(false)),
    ];
    for (field, default) in defaults {
        if spec[field].is_null() {
            spec[field] = default;
        }
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, field| !field.is_null());
    }
}

/// Shows the rules of the Jobs that a CronJob makes, which Go cannot leave out.
pub(super) fn prepare_cron_job(value: &mut Value) {
    if let Some(spec) = value.pointer_mut("/spec/jobTemplate/spec") {
        show_rules(spec);
    }
}

fn show_rules(spec: &mut Value) {
    if let Some(policy) = spec.get_mut("podFailurePolicy")
        && policy.is_object()
        && is_empty(&policy["rules"])
    {
        policy["rules"] = Value::Null;
    }
}

/// Drops what is behind a feature gate that is off, and shows the service that Go cannot leave out.
pub(super) fn finish_stateful_set(value: &mut Value) {
    let rolling = value.pointer_mut("/spec/updateStrategy/rollingUpdate");
    if let Some(rolling) = rolling.and_then(Value::as_object_mut) {
        rolling.remove("maxUnavailable");
    }
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        spec.entry("serviceName").or_insert_with(|| "".into());
    }
}

/// Drops the count that is behind a feature gate that is off.
pub(super) fn finish_replicas(value: &mut Value) {
    if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("terminatingReplicas");
    }
}

/// The labels of a Job's pods that the server gives.
const GIVEN: [&str; 4] = [
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
];

/// Whether the only labels of a new Job are those that the server gave its pods after it had looked for labels of the Job.
pub(super) fn has_late_labels(value: &Value) -> bool {
    let (own, spec) = (&value["metadata"]["labels"], &value["spec"]);
    let is_given = |labels: &Value| {
        let labels = labels.as_object();
        labels.is_some_and(|labels| labels.keys().all(|label| GIVEN.contains(&label.as_str())))
    };
    spec["manualSelector"] != true
        && is_given(own)
        && *own == spec["template"]["metadata"]["labels"]
}

/// Selects the pods of a new Job by its uid, unless it says itself which they are.
pub(super) fn admit_job(value: &mut Value) {
    if value["spec"]["manualSelector"] == true {
        return;
    }
    let (name, uid) = (
        value["metadata"]["name"].clone(),
        value["metadata"]["uid"].clone(),
    );
    let labels = [
        (GIVEN[0], &uid),
        (GIVEN[1], &name),
        (GIVEN[2], &uid),
        (GIVEN[3], &name),
    ];
    // A Job without labels of its own has the very labels of its pods, unless they had none yet.
    let own = &value["metadata"]["labels"];
    let has_those_of_pods = own.as_object().is_some_and(|labels| !labels.is_empty())
        && *own == value["spec"]["template"]["metadata"]["labels"];
    for (label, text) in labels {
        let given = &mut value["spec"]["template"]["metadata"]["labels"][label];
        if given.is_null() {
            *given = text.clone();
        }
    }
    if has_those_of_pods {
        value["metadata"]["labels"] = value["spec"]["template"]["metadata"]["labels"].clone();
    }
    let wanted = &mut value["spec"]["selector"]["matchLabels"][labels[0].0];
    if wanted.is_null() {
        *wanted = uid.clone();
    }
}

/// Shows the metadata of both templates, which Go cannot leave out.
pub(super) fn finish_cron_job(value: &mut Value) {
    for place in ["/spec/jobTemplate", "/spec/jobTemplate/spec/template"] {
        let template = value.pointer_mut(place);
        if let Some(fields) = template.and_then(Value::as_object_mut) {
            fields.entry("metadata").or_insert_with(|| json!({}));
        }
    }
}
