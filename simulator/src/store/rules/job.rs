//! What is wrong with Jobs, and with what makes them.
//!
//! Source: kubernetes v1.34 `pkg/apis/batch/validation/validation.go`.

use arc_operator::api::schedule::time_zone;

use super::controller::{MISMATCH, is_selected};
use super::go_struct;
use super::of_kind::{natural, required};
use super::pod;
use super::pod_spec::choice_fault;
use super::workload::admit_job;
use crate::json::{Value, json};
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::label_value_faults;
use crate::store::status::Cause;

/// The longest name of a CronJob, whose Jobs have longer ones.
const NAME_BYTES_MAX: usize = 52;
/// What is said of the zone of whoever runs the controller.
const LOCAL_ZONE: &str =
    "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";

/// What is wrong with a Job.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = template_faults("spec", &new["spec"]);
    if old.is_none() {
        causes.extend(selector_faults(new));
    }
    causes.extend(changes(new, old));
    causes
}

/// A Job selects its pods by its uid, unless it says that it does so itself.
fn selector_faults(new: &Value) -> Vec<Cause> {
    let is_manual = new["spec"]["manualSelector"] == true;
    let mut whole = new.clone();
    admit_job(&mut whole);
    let spec = &whole["spec"];
    let (selector, labels) = (&spec["selector"], &spec["template"]["metadata"]["labels"]);
    let mut causes = Vec::new();
    if !is_manual {
        // Two labels of its pods are to be its name.
        let name = new["metadata"]["name"].as_str().unwrap_or_default();
        let found = label_value_faults(name);
        for why in found.iter().chain(&found) {
            causes.push(invalid("spec.template.labels", name, why));
        }
    }
    if selector.is_null() {
        causes.push(required("spec.selector", "Required value"));
    }
    let n_wanted = selector["matchLabels"]
        .as_object()
        .map_or(0, |labels| labels.len());
    if !is_manual && (n_wanted > 1 || !selector["matchExpressions"].is_null()) {
        let why = "`selector` not auto-generated";
        causes.push(invalid_json("spec.selector", &selector.to_string(), why));
    }
    if !is_selected(selector, labels) {
        let field = "spec.template.metadata.labels";
        causes.push(invalid_json(field, &labels.to_string(), MISMATCH));
    }
    causes
}

/// What is wrong with the spec of a Job, or of the template of Jobs, which lies at `path`.
fn template_faults(path: &str, spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
        "ttlSecondsAfterFinished",
    ] {
        natural(&format!("{path}.{field}"), &spec[field], &mut causes);
    }
    let mode = &spec["completionMode"];
    let modes = ["NonIndexed", "Indexed"];
    choice_fault(&format!("{path}.completionMode"), mode, &modes, &mut causes);
    let most = &spec["maxFailedIndexes"];
    if !most.is_null() && spec["backoffLimitPerIndex"].is_null() {
        let message = "Required value: when maxFailedIndexes is specified";
        causes.push(required(format!("{path}.backoffLimitPerIndex"), message));
    }
    for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
        if !spec[field].is_null() && mode != "Indexed" {
            let why = "requires indexed completion mode";
            let field = (format!("{path}.{field}"), spec[field].to_string());
            causes.push(invalid_json(&field.0, &field.1, why));
        }
    }
    let place = format!("{path}.template");
    causes.extend(pod::template_faults(&place, &spec["template"]));
    let (template, place) = (&spec["template"]["spec"], format!("{place}.spec"));
    let field = format!("{place}.restartPolicy");
    if template["restartPolicy"] == "Always" {
        let message = "Required value: valid values: \"OnFailure\", \"Never\"";
        causes.push(required(field, message));
    } else if !spec["podFailurePolicy"].is_null() && template["restartPolicy"] != "Never" {
        let why = "only \"Never\" is supported when podFailurePolicy is specified";
        causes.push(invalid_json(
            &field,
            &template["restartPolicy"].to_string(),
            why,
        ));
    }
    causes
}

/// What an update of a Job may not change.
fn changes(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let Some(old) = old else {
        return Vec::new();
    };
    let fields = ["completions", "selector", "template", "completionMode"];
    let changed = fields
        .iter()
        .filter(|field| new["spec"][**field] != old["spec"][**field]);
    changed
        .map(|field| {
            let value = &new["spec"][*field];
            let value = match *field {
                "template" => go_struct::shown("PodTemplateSpec", value),
                "selector" => go_struct::shown("LabelSelector", value),
                _ => value.to_string(),
            };
            invalid_json(&format!("spec.{field}"), &value, "field is immutable")
        })
        .collect()
}

/// What is wrong with a CronJob.
pub(super) fn cron_faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    if name.len() > NAME_BYTES_MAX {
        let why = format!("must be no more than {NAME_BYTES_MAX} characters");
        causes.push(invalid("metadata.name", name, &why));
    }
    causes.extend(schedule_fault(
        spec["schedule"].as_str().unwrap_or_default(),
    ));
    for field in [
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
    ] {
        natural(&format!("spec.{field}"), &spec[field], &mut causes);
    }
    let zone = spec["timeZone"].as_str().unwrap_or_default();
    let fault = match zone.eq_ignore_ascii_case("Local") {
        true => Some(LOCAL_ZONE.to_owned()),
        false => time_zone(zone).err(),
    };
    causes.extend(fault.map(|why| invalid("spec.timeZone", zone, &why)));
    let policies = ["Allow", "Forbid", "Replace"];
    let policy = &spec["concurrencyPolicy"];
    choice_fault("spec.concurrencyPolicy", policy, &policies, &mut causes);
    let jobs = &spec["jobTemplate"]["spec"];
    if jobs["manualSelector"] == true {
        causes.push(Cause {
            reason: "FieldValueNotSupported",
            message: "Unsupported value: true: supported values: \"nil\", \"false\"".to_owned(),
            field: "spec.jobTemplate.spec.manualSelector".to_owned(),
        });
    }
    let selector = &jobs["selector"];
    if !selector.is_null() {
        let why = "`selector` will be auto-generated";
        let field = "spec.jobTemplate.spec.selector";
        causes.push(invalid_json(field, &selector.to_string(), why));
    }
    causes.extend(template_faults("spec.jobTemplate.spec", jobs));
    causes
}

fn schedule_fault(schedule: &str) -> Option<Cause> {
    let n_fields = schedule.split_whitespace().count();
    let detail = match schedule {
        "" => return Some(required("spec.schedule", "Required value")),
        _ if schedule.contains("TZ") => {
            "cannot use TZ or CRON_TZ in schedule, use timeZone field instead".to_owned()
        }
        _ if !schedule.starts_with('@') && n_fields != 5 => {
            format!("expected exactly 5 fields, found {n_fields}: [{schedule}]")
        }
        _ => return None,
    };
    let shown = json!(schedule).to_string();
    Some(invalid_json("spec.schedule", &shown, &detail))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::five("* * * * *", None)]
    #[case::named("@hourly", None)]
    #[case::none("", Some("Required value"))]
    #[case::short(
        "x",
        Some("Invalid value: \"x\": expected exactly 5 fields, found 1: [x]")
    )]
    fn schedules_are_checked(#[case] schedule: &str, #[case] expected: Option<&str>) {
        let told = schedule_fault(schedule).map(|cause| cause.message);
        assert_eq!(told.as_deref(), expected);
    }
}
