//! What is wrong with Jobs.
//!
//! Source: kubernetes v1.34 `pkg/apis/batch/validation/validation.go` and `pkg/registry/batch/job/strategy.go`.

use super::controller::{MISMATCH, is_selected, shown_selector};
use super::of_kind::natural;
use super::part::{domain_path_faults, has, take_back, text};
use super::pod_spec::choice_fault;
use super::workload::admit_job;
use super::{go_struct, job_policy, pod};
use crate::json::{Value, json};
use crate::store::admission::selector_faults;
use crate::store::metadata::invalid_json;
use crate::store::naming::label_faults;
use crate::store::schema::cause::{invalid, invalid_shown, required, too_long};
use crate::store::status::Cause;

/// The most pods of an indexed Job that run at a time, and of its indexes that fail.
const INDEXES_MAX: i64 = 100_000;
/// The same where it has more indexes than that.
const INDEXES_OF_MANY_MAX: i64 = 10_000;
const MANAGER_BYTES_MAX: usize = 63;
/// The labels of a Job's pods that hold its uid, and its name; those with a prefix are younger.
const UID_LABELS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const NAME_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];
/// What may change of the spec of the pods of a Job that has not started.
const OF_SCHEDULING: [&str; 3] = ["nodeSelector", "tolerations", "schedulingGates"];

/// What is wrong with a Job.
pub(super) fn faults(new: &Value, old: Option<&Value>, of_metadata: &[Cause]) -> Vec<Cause> {
    let mut whole = new.clone();
    if old.is_none() {
        admit_job(&mut whole);
    }
    let mut causes = generated_faults(&whole, old);
    let of_spec = spec_faults(&whole["spec"]);
    causes.extend(of_spec.iter().cloned());
    causes.extend(name_fault(new));
    causes.extend(of_metadata.iter().cloned());
    if let Some(old) = old {
        // Both looks at an update look at the whole spec.
        causes.extend(of_spec);
        causes.extend(changes(&new["spec"], old));
    }
    causes
}

/// A Job selects its pods by its uid, unless it says that it does so itself.
fn generated_faults(job: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &job["spec"];
    let mut causes = Vec::new();
    if spec["manualSelector"] == true || spec["selector"].is_null() {
        return causes;
    }
    let of_old = |label: &str| {
        old.is_none_or(|old| has(&old["spec"]["template"]["metadata"]["labels"], label))
    };
    let n_labels = if of_old(UID_LABELS[1]) && of_old(NAME_LABELS[1]) {
        2
    } else {
        1
    };
    let mut wanted = json!({});
    for (uid, name) in UID_LABELS.iter().zip(NAME_LABELS).take(n_labels) {
        for (label, field) in [(*uid, "uid"), (name, "name")] {
            let value = text(&job["metadata"], field);
            wanted[label] = value.into();
            label_fault(
                &spec["template"]["metadata"]["labels"],
                label,
                value,
                &mut causes,
            );
        }
    }
    let selector = &spec["selector"];
    if selector_faults("", selector).is_empty() && !is_selected(selector, &wanted) {
        let shown = shown_selector(selector);
        let why = "`selector` not auto-generated";
        causes.push(invalid_shown("spec.selector", &shown, why));
    }
    causes
}

fn label_fault(labels: &Value, label: &str, wanted: &str, causes: &mut Vec<Cause>) {
    let field = format!("spec.template.metadata.labels[{label}]");
    let why = format!("must be '{wanted}'");
    match labels[label].as_str() {
        None => causes.push(required(field, &why)),
        Some(value) if value != wanted => causes.push(invalid(field, labels, &why)),
        Some(_) => {}
    }
}

fn spec_faults(spec: &Value) -> Vec<Cause> {
    let mut causes = template_faults("spec", spec);
    let selector = &spec["selector"];
    if selector.is_null() {
        causes.push(required("spec.selector", ""));
    }
    let found = selector_faults("spec.selector", selector);
    let labels = &spec["template"]["metadata"]["labels"];
    if found.is_empty() && !is_selected(selector, labels) {
        causes.push(invalid("spec.template.metadata.labels", labels, MISMATCH));
    }
    causes.extend(found);
    causes
}

/// The name of each pod of an indexed Job, with its index, is a host's name.
fn name_fault(job: &Value) -> Option<Cause> {
    let spec = &job["spec"];
    let n_pods = spec["completions"].as_i64().filter(|n_pods| *n_pods > 0)?;
    let name = text(&job["metadata"], "name");
    let longest = format!("{name}-{}", n_pods - 1);
    let is_bad = spec["completionMode"] == "Indexed" && !label_faults(&longest).is_empty();
    is_bad.then(|| {
        let why = format!("will not able to create pod with invalid DNS label: {longest}");
        invalid("metadata.name", &name.into(), &why)
    })
}

/// What is wrong with the spec of a Job, or of the template of Jobs, which lies at `path`.
pub(super) fn template_faults(path: &str, spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        natural(&format!("{path}.{field}"), &spec[field], &mut causes);
    }
    if has(spec, "maxFailedIndexes") && !has(spec, "backoffLimitPerIndex") {
        let why = "when maxFailedIndexes is specified";
        causes.push(required(format!("{path}.backoffLimitPerIndex"), why));
    }
    manager_faults(path, &spec["managedBy"], &mut causes);
    mode_faults(path, spec, &mut causes);
    if has(spec, "podFailurePolicy") {
        job_policy::failure_faults(path, spec, &mut causes);
    }
    if has(spec, "successPolicy") {
        if spec["completionMode"] == "Indexed" {
            job_policy::success_faults(path, spec, &mut causes);
        } else {
            let shown = go_struct::shown("SuccessPolicy", &spec["successPolicy"]);
            let why = "requires indexed completion mode";
            let field = format!("{path}.successPolicy");
            causes.push(invalid_shown(field, &shown, why));
        }
    }
    job_policy::replacement_fault(path, spec, &mut causes);
    let place = format!("{path}.template");
    causes.extend(pod::template_faults(&place, &spec["template"]));
    restart_fault(path, spec, &mut causes);
    causes
}

fn manager_faults(path: &str, manager: &Value, causes: &mut Vec<Cause>) {
    let Some(name) = manager.as_str() else {
        return;
    };
    let field = format!("{path}.managedBy");
    domain_path_faults(&field, name, causes);
    if name.len() > MANAGER_BYTES_MAX {
        causes.push(too_long(field, MANAGER_BYTES_MAX as u64));
    }
}

fn mode_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let (mode, at) = (&spec["completionMode"], |field: &str| {
        format!("{path}.{field}")
    });
    choice_fault(
        &at("completionMode"),
        mode,
        &["NonIndexed", "Indexed"],
        causes,
    );
    if mode == "Indexed" {
        indexed_faults(path, spec, causes);
    } else if mode.is_null() || mode == "NonIndexed" {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if has(spec, field) {
                let why = "requires indexed completion mode";
                causes.push(invalid(at(field), &spec[field], why));
            }
        }
    }
}

fn indexed_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let number = |field: &str| spec[field].as_i64();
    let at = |field: &str| format!("{path}.{field}");
    let bound = |field: &str, most: i64, when: &str, causes: &mut Vec<Cause>| {
        if number(field).is_some_and(|number| number > most) {
            let why = format!("must be less than or equal to {most}{when}");
            causes.push(invalid(at(field), &spec[field], &why));
        }
    };
    let (n_pods, most_failed) = (number("completions"), number("maxFailedIndexes"));
    if n_pods.is_none() {
        let why = "when completion mode is Indexed";
        causes.push(required(at("completions"), why));
    }
    let when = " when completion mode is Indexed";
    bound("parallelism", INDEXES_MAX, when, causes);
    if let (Some(n_pods), Some(most)) = (n_pods, most_failed)
        && most > n_pods
    {
        let why = "must be less than or equal to completions";
        causes.push(invalid(at("maxFailedIndexes"), &most.into(), why));
    }
    bound("maxFailedIndexes", INDEXES_MAX, "", causes);
    let is_many = n_pods.is_some_and(|n_pods| n_pods > INDEXES_MAX);
    if !is_many || !has(spec, "backoffLimitPerIndex") {
        return;
    }
    if most_failed.is_none() {
        let why = format!("must be specified when completions is above {INDEXES_MAX}");
        causes.push(required(at("maxFailedIndexes"), &why));
    }
    let when =
        format!(" when completions are above {INDEXES_MAX} and used with backoff limit per index");
    for field in ["parallelism", "maxFailedIndexes"] {
        bound(field, INDEXES_OF_MANY_MAX, &when, causes);
    }
}

fn restart_fault(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let policy = &spec["template"]["spec"]["restartPolicy"];
    let field = format!("{path}.template.spec.restartPolicy");
    match policy.as_str().unwrap_or_default() {
        "" | "Always" => {
            causes.push(required(field, "valid values: \"OnFailure\", \"Never\""));
        }
        "OnFailure" if has(spec, "podFailurePolicy") => {
            let why = "only \"Never\" is supported when podFailurePolicy is specified";
            causes.push(invalid(field, policy, why));
        }
        _ => choice_fault(&field, policy, &["OnFailure", "Never"], causes),
    }
}

/// What an update of a Job may not change.
fn changes(spec: &Value, old: &Value) -> Vec<Cause> {
    let old_spec = &old["spec"];
    let mut causes = Vec::new();
    let mut fix = |field: &str, old: &Value, shown: String| {
        if spec[field] != *old {
            let field = format!("spec.{field}");
            causes.push(invalid_json(&field, &shown, "field is immutable"));
        }
    };
    let shown = |field: &str, name: &str| match &spec[field] {
        Value::Null => "null".to_owned(),
        value => go_struct::shown(name, value),
    };
    if spec["completionMode"] != "Indexed" {
        let field = "completions";
        fix(field, &old_spec[field], spec[field].to_string());
    }
    let selector = &old_spec["selector"];
    fix("selector", selector, shown_selector(&spec["selector"]));
    let template = old_template(spec, old);
    fix("template", &template, shown("template", "PodTemplateSpec"));
    for field in ["completionMode", "backoffLimitPerIndex", "managedBy"] {
        fix(field, &old_spec[field], spec[field].to_string());
    }
    for (field, name) in [
        ("podFailurePolicy", "PodFailurePolicy"),
        ("successPolicy", "SuccessPolicy"),
    ] {
        fix(field, &old_spec[field], shown(field, name));
    }
    causes.extend(tandem_fault(spec, old_spec));
    causes
}

/// The completions of an indexed Job change with how many of its pods run at a time.
fn tandem_fault(spec: &Value, old: &Value) -> Option<Cause> {
    let completions = &spec["completions"];
    let is_apart = spec["completionMode"] == "Indexed"
        && !completions.is_null()
        && *completions != old["completions"]
        && *completions != spec["parallelism"];
    is_apart.then(|| {
        let why = "can only be modified in tandem with spec.parallelism";
        invalid("spec.completions", completions, why)
    })
}

/// The template that was there, with all of the new one that may change: where the pods of a Job run, until it starts.
fn old_template(spec: &Value, old: &Value) -> Value {
    let (new, mut kept) = (&spec["template"], old["spec"]["template"].clone());
    if old["spec"]["suspend"] != true || has(&old["status"], "startTime") {
        return kept;
    }
    for field in OF_SCHEDULING {
        take_back(&mut kept["spec"], &new["spec"], field);
    }
    for field in ["annotations", "labels"] {
        take_back(&mut kept["metadata"], &new["metadata"], field);
    }
    let is_bare = |metadata: &Value| metadata.as_object().is_none_or(|fields| fields.is_empty());
    if is_bare(&kept["metadata"]) && is_bare(&new["metadata"]) {
        take_back(&mut kept, new, "metadata");
    }
    let affinity = &new["spec"]["affinity"];
    let of_kept = &mut kept["spec"]["affinity"];
    take_back(of_kept, affinity, "nodeAffinity");
    let is_empty = of_kept.as_object().is_none_or(|fields| fields.is_empty());
    if is_empty && affinity.is_null() {
        take_back(&mut kept["spec"], &new["spec"], "affinity");
    } else if is_empty {
        kept["spec"]["affinity"] = json!({});
    }
    kept
}

/// What is said of a Job with so many indexes that what became of them may get lost.
///
/// Source: kubernetes v1.34 `pkg/api/job/warnings.go`, `WarningsForJobSpec`.
pub(super) fn warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    let is_above = |field: &str, most| spec[field].as_i64().is_some_and(|number| number > most);
    if spec["completionMode"] == "Indexed"
        && is_above("completions", INDEXES_MAX)
        && is_above("parallelism", INDEXES_OF_MANY_MAX)
    {
        told.push(format!("{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_has_not_started_may_lose_the_labels_of_its_pods() {
        let old = json!({"spec": {
            "suspend": true,
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"restartPolicy": "Never"}},
        }});
        let new = json!({"template": {"spec": {"restartPolicy": "Never"}}});
        assert_eq!(old_template(&new, &old), new["template"]);
    }
}
