//! Kinds that make pods from a template.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/apps` and `pkg/apis/batch`, their defaults, validation
//! and strategies.

use crate::json::{Map, Value, json};

use super::of_kind::required;
use super::pod;
use super::pod_spec::choice_fault;
use crate::store::metadata::invalid_json;
use crate::store::status::Cause;

const MISMATCH: &str = "`selector` does not match template `labels`";
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Where the template of a kind lies, as a JSON pointer.
pub(super) fn template_place(group: &str, kind: &str) -> Option<&'static str> {
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

/// Sets the defaults of a Job.
pub(super) fn prepare_job(value: &mut Value) {
    let spec = &mut value["spec"];
    let policy = match spec["podFailurePolicy"] {
        Value::Null => "TerminatingOrFailed",
        _ => "Failed",
    };
    if spec["completions"].is_null() && spec["parallelism"].is_null() {
        spec["completions"] = 1.into();
    }
    let defaults = [
        ("parallelism", json!(1)),
        ("backoffLimit", json!(6)),
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
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ];
    for (label, text) in labels {
        value["spec"]["template"]["metadata"]["labels"][label] = text.clone();
    }
    value["metadata"]["labels"] = value["spec"]["template"]["metadata"]["labels"].clone();
    value["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid;
}

/// What is wrong with a Deployment, replica set, stateful set or daemon set.
pub(super) fn faults(kind: &str, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    natural("spec.replicas", &spec["replicas"], &mut causes);
    causes.extend(selector_faults(kind, spec));
    if kind == "Deployment" {
        causes.extend(strategy_faults(&spec["strategy"]));
    }
    let template = &spec["template"]["spec"];
    causes.extend(pod::spec_faults("spec.template.spec", template));
    let policy = &template["restartPolicy"];
    if ["OnFailure", "Never"].iter().any(|other| policy == other) {
        let field = "spec.template.spec.restartPolicy";
        choice_fault(field, policy, &["Always"], &mut causes);
    }
    if let Some(old) = old
        && old["spec"]["selector"] != spec["selector"]
    {
        let selector = spec["selector"].to_string();
        causes.push(invalid_json(
            "spec.selector",
            &selector,
            "field is immutable",
        ));
    }
    causes
}

fn selector_faults(kind: &str, spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let selector = &spec["selector"];
    if selector.is_null() && kind != "DaemonSet" {
        causes.push(required("spec.selector", "Required value"));
    }
    if selector.as_object().is_some_and(Map::is_empty) {
        let noun = kind.to_lowercase();
        let detail = format!("empty selector is invalid for {noun}");
        causes.push(invalid_json("spec.selector", "{}", &detail));
        return causes;
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if !is_selected(selector, labels) {
        let field = "spec.template.metadata.labels";
        causes.push(invalid_json(field, &labels.to_string(), MISMATCH));
    }
    causes
}

/// Whether labels are those that a selector asks for; expressions are not looked at.
fn is_selected(selector: &Value, labels: &Value) -> bool {
    let wanted = selector["matchLabels"].as_object().into_iter().flatten();
    !selector.is_null()
        && wanted
            .into_iter()
            .all(|(name, text)| labels.get(name) == Some(text))
}

fn strategy_faults(strategy: &Value) -> Vec<Cause> {
    let rolling = &strategy["rollingUpdate"];
    match strategy["type"].as_str().unwrap_or_default() {
        "Recreate" if !rolling.is_null() => vec![Cause {
            reason: "FieldValueForbidden",
            message: "Forbidden: may not be specified when strategy `type` is 'Recreate'"
                .to_owned(),
            field: "spec.strategy.rollingUpdate".to_owned(),
        }],
        "Recreate" => Vec::new(),
        "RollingUpdate" => {
            let is_zero = |field: &str| rolling[field] == 0 || rolling[field] == "0%";
            if is_zero("maxSurge") && is_zero("maxUnavailable") {
                let field = "spec.strategy.rollingUpdate.maxUnavailable";
                let shown = rolling["maxUnavailable"].to_string();
                let detail = "may not be 0 when `maxSurge` is 0";
                return vec![invalid_json(field, &shown, detail)];
            }
            Vec::new()
        }
        other => vec![Cause {
            reason: "FieldValueNotSupported",
            message: format!(
                "Unsupported value: {{\"Type\":{other:?},\"RollingUpdate\":null}}: supported values: \"Recreate\", \"RollingUpdate\""
            ),
            field: "spec.strategy".to_owned(),
        }],
    }
}

/// What is wrong with a Job, or with the template of Jobs at `path`.
pub(super) fn job_faults(path: &str, spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in ["parallelism", "completions", "backoffLimit"] {
        natural(&format!("{path}.{field}"), &spec[field], &mut causes);
    }
    let template = &spec["template"]["spec"];
    let place = format!("{path}.template.spec");
    causes.extend(pod::spec_faults(&place, template));
    if template["restartPolicy"] == "Always" {
        let message = "Required value: valid values: \"OnFailure\", \"Never\"";
        causes.push(required(format!("{place}.restartPolicy"), message));
    }
    causes
}

/// What an update of a Job may not change.
pub(super) fn job_changes(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let Some(old) = old else {
        return Vec::new();
    };
    let fields = ["completions", "selector", "template", "completionMode"];
    let changed = fields
        .iter()
        .filter(|field| new["spec"][**field] != old["spec"][**field]);
    changed
        .map(|field| {
            let value = new["spec"][*field].to_string();
            invalid_json(&format!("spec.{field}"), &value, "field is immutable")
        })
        .collect()
}

/// What is wrong with a CronJob.
pub(super) fn cron_faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    let schedule = spec["schedule"].as_str().unwrap_or_default();
    let n_fields = schedule.split_whitespace().count();
    if schedule.is_empty() {
        causes.push(required("spec.schedule", "Required value"));
    } else if !schedule.starts_with('@') && n_fields != 5 {
        let detail = format!("expected exactly 5 fields, found {n_fields}: [{schedule}]");
        let shown = json!(schedule).to_string();
        causes.push(invalid_json("spec.schedule", &shown, &detail));
    }
    let policies = ["Allow", "Forbid", "Replace"];
    let policy = &spec["concurrencyPolicy"];
    choice_fault("spec.concurrencyPolicy", policy, &policies, &mut causes);
    let jobs = &spec["jobTemplate"]["spec"];
    causes.extend(job_faults("spec.jobTemplate.spec", jobs));
    causes
}

/// Refuses a number below zero.
fn natural(field: &str, number: &Value, causes: &mut Vec<Cause>) {
    if let Some(number) = number.as_i64().filter(|number| *number < 0) {
        let detail = "must be greater than or equal to 0";
        causes.push(invalid_json(field, &number.to_string(), detail));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn a_deployment(spec: Value) -> Value {
        let mut deployment = json!({"spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "strategy": {"type": "RollingUpdate"},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"restartPolicy": "Always", "containers": [{"name": "c", "image": "i"}]}},
        }});
        for (field, value) in spec.as_object().cloned().unwrap_or_default() {
            deployment["spec"][field.as_str()] = value;
        }
        deployment
    }

    #[rstest]
    #[case::good(json!({}), &[])]
    #[case::negative(json!({"replicas": -1}), &["spec.replicas: Invalid value: -1: must be greater than or equal to 0"])]
    #[case::no_selector(json!({"selector": null}), &["spec.selector: Required value", "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match template `labels`"])]
    #[case::all(json!({"selector": {}}), &["spec.selector: Invalid value: {}: empty selector is invalid for deployment"])]
    #[case::strategy(json!({"strategy": {"type": "X"}}), &["spec.strategy: Unsupported value: {\"Type\":\"X\",\"RollingUpdate\":null}: supported values: \"Recreate\", \"RollingUpdate\""])]
    fn deployments_are_checked(#[case] spec: Value, #[case] expected: &[&str]) {
        let causes = faults("Deployment", &a_deployment(spec), None);
        let told: Vec<_> = causes
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_selector_does_not_change() {
        let new = a_deployment(json!({"selector": {"matchLabels": {}}}));
        let causes = faults("Deployment", &new, Some(&a_deployment(json!({}))));
        let expected = "Invalid value: {\"matchLabels\":{}}: field is immutable";
        assert_eq!(causes[0].message, expected);
    }
}
