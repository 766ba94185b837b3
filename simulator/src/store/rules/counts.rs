//! What those who run pods say of them.
//!
//! Simplified: of Jobs what is said of indexes, and what a finished Job may still change, is not looked at.
//!
//! Source: kubernetes v1.34 `pkg/apis/apps/validation/validation.go`, `pkg/apis/core/validation/validation.go`,
//! `pkg/apis/batch/validation/validation.go` and `pkg/registry/batch/job/strategy.go`.

use std::collections::BTreeSet;

use super::of_kind::natural;
use crate::json::Value;
use crate::store::schema::cause::{duplicate, invalid, required};
use crate::store::status::Cause;

/// The counts of a kind.
struct Counts {
    /// Those that are not below zero.
    natural: &'static [&'static str],
    /// Those that are not above `replicas`.
    bounded: &'static [&'static str],
    /// What `availableReplicas` is not above, if anything, as it is called then.
    most_available: Option<&'static str>,
}

const OF_SETS: Counts = Counts {
    natural: &[
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
    ],
    bounded: &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
    most_available: Some("readyReplicas"),
};
const OF_DEPLOYMENTS: Counts = Counts {
    natural: &[
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "collisionCount",
    ],
    bounded: &["updatedReplicas", "readyReplicas", "availableReplicas"],
    most_available: Some("readyReplicas"),
};
const OF_STATEFUL_SETS: Counts = Counts {
    natural: &[
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ],
    bounded: &[
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
    ],
    most_available: Some("status.readyReplicas"),
};
const OF_DAEMON_SETS: Counts = Counts {
    natural: &[
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ],
    bounded: &[],
    most_available: None,
};

/// Writes the times of conditions that Go cannot leave out.
pub(super) fn prepare(kind: &str, value: &mut Value) {
    let times: &[&str] = match kind {
        "Deployment" => &["lastUpdateTime", "lastTransitionTime"],
        "Job" => &["lastProbeTime", "lastTransitionTime"],
        _ => &["lastTransitionTime"],
    };
    let conditions = value.pointer_mut("/status/conditions");
    let conditions = conditions.and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if let Some(fields) = condition.as_object_mut() {
            for time in times {
                fields.entry(*time).or_insert(Value::Null);
            }
        }
    }
}

/// What is wrong with the status of who runs replicas of a pod.
pub(super) fn faults(kind: &str, new: &Value, old: &Value) -> Vec<Cause> {
    let counts = match kind {
        "Deployment" => OF_DEPLOYMENTS,
        "StatefulSet" => OF_STATEFUL_SETS,
        "DaemonSet" => OF_DAEMON_SETS,
        _ => OF_SETS,
    };
    let status = &new["status"];
    let mut causes = Vec::new();
    for field in counts.natural {
        natural(&format!("status.{field}"), &status[*field], &mut causes);
    }
    for field in counts.bounded {
        if number(status, field) > number(status, "replicas") {
            causes.push(above(status, field, "status.replicas"));
        }
    }
    if let Some(most) = counts.most_available
        && number(status, "availableReplicas") > number(status, "readyReplicas")
    {
        causes.push(above(status, "availableReplicas", most));
    }
    let count = number(status, "collisionCount");
    let before = old["status"]["collisionCount"].as_i64();
    let is_counted = matches!(kind, "Deployment" | "DaemonSet");
    if is_counted && before.is_some_and(|before| count < before) {
        let why = "cannot be decremented";
        causes.push(invalid("status.collisionCount", &count.into(), why));
    }
    causes
}

fn above(status: &Value, field: &str, most: &str) -> Cause {
    let shown = number(status, field).into();
    let why = format!("cannot be greater than {most}");
    invalid(format!("status.{field}"), &shown, &why)
}

/// What is wrong with the status of a Job.
pub(super) fn job_faults(new: &Value, old: &Value) -> Vec<Cause> {
    let status = &new["status"];
    let mut causes = Vec::new();
    for field in ["active", "succeeded", "failed", "ready", "terminating"] {
        natural(&format!("status.{field}"), &status[field], &mut causes);
    }
    for field in ["succeeded", "failed"] {
        if number(status, field) < number(&old["status"], field) {
            let why = format!("cannot decrease the {field} counter");
            let shown = number(status, field).into();
            causes.push(invalid(format!("status.{field}"), &shown, &why));
        }
    }
    if number(status, "ready") > number(status, "active") {
        let why = "cannot set more ready pods than active";
        causes.push(invalid("status.ready", &status["ready"], why));
    }
    let mut seen = BTreeSet::new();
    for list in ["succeeded", "failed"] {
        let uids = status["uncountedTerminatedPods"][list].as_array();
        for (index, uid) in uids.into_iter().flatten().enumerate() {
            let field = format!("status.uncountedTerminatedPods.{list}[{index}]");
            let text = uid.as_str().unwrap_or_default();
            if text.is_empty() {
                causes.push(invalid(field, uid, "must not be empty"));
            } else if !seen.insert(text) {
                causes.push(duplicate(field, uid));
            }
        }
    }
    ending_faults(status, &mut causes);
    causes
}

/// What contradicts itself in how a Job is said to have ended.
fn ending_faults(status: &Value, causes: &mut Vec<Cause>) {
    let is = |kind: &str| {
        let conditions = status["conditions"].as_array().into_iter().flatten();
        let mut of_kind = conditions.filter(|condition| condition["type"] == kind);
        of_kind.any(|condition| condition["status"] == "True")
    };
    let (is_complete, is_failed) = (is("Complete"), is("Failed"));
    let mut contrary = |why: &str| {
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {why}"),
            field: "status.conditions".to_owned(),
        });
    };
    if is_complete && is_failed {
        contrary("cannot set Complete=True and Failed=true conditions");
    }
    if is_complete && !is("SuccessCriteriaMet") {
        contrary(
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        );
    }
    if is_failed && !is("FailureTarget") {
        contrary("cannot set Failed=True condition without the FailureTarget=true condition");
    }
    let active = number(status, "active");
    if active > 0 && (is_complete || is_failed) {
        let why = "active>0 is invalid for finished job";
        causes.push(invalid("status.active", &active.into(), why));
    }
    let field = "status.completionTime";
    let (begin, end) = (&status["startTime"], &status["completionTime"]);
    if is_complete && end.is_null() {
        let why = "completionTime is required for Complete jobs";
        causes.push(required(field, why));
    }
    if !is_complete && !end.is_null() {
        let why = "cannot set completionTime when there is no Complete=True condition";
        causes.push(invalid(field, end, why));
    }
    if let (Some(begin), Some(last)) = (begin.as_str(), end.as_str())
        && last < begin
    {
        causes.push(invalid(field, end, "must be equal to or after `startTime`"));
    }
}

fn number(status: &Value, field: &str) -> i64 {
    status[field].as_i64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case("ReplicaSet", json!({"replicas": 2, "readyReplicas": 2, "availableReplicas": 1}), &[])]
    #[case("ReplicaSet", json!({"replicas": 1, "readyReplicas": 2}), &["status.readyReplicas"])]
    #[case("Deployment", json!({"replicas": 2, "availableReplicas": 1}), &["status.availableReplicas"])]
    #[case("Deployment", json!({"collisionCount": 1}), &["status.collisionCount"])]
    #[case("DaemonSet", json!({"numberReady": -1, "collisionCount": 2}), &["status.numberReady"])]
    fn no_more_pods_are_ready_than_there_are(
        #[case] kind: &str,
        #[case] status: Value,
        #[case] expected: &[&str],
    ) {
        let old = json!({"status": {"collisionCount": 2}});
        let mut new = json!({"status": status});
        if new["status"]["collisionCount"].is_null() {
            new["status"]["collisionCount"] = 2.into();
        }
        let causes = faults(kind, &new, &old).into_iter();
        let fields: Vec<_> = causes.map(|cause| cause.field).collect();
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_job_that_is_complete_says_when_and_why() {
        let condition = json!({"type": "Complete", "status": "True"});
        let job = json!({"status": {"conditions": [condition]}});
        let causes = job_faults(&job, &json!({})).into_iter();
        let fields: Vec<_> = causes.map(|cause| cause.field).collect();
        assert_eq!(fields, ["status.conditions", "status.completionTime"]);
    }
}
