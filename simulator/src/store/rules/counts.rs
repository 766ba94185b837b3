//! What those who run pods say of them.
//!
//! Source: kubernetes v1.34 `pkg/apis/apps/validation/validation.go` and `pkg/apis/core/validation/validation.go`.

use super::of_kind::natural;
use crate::json::Value;
use crate::store::schema::cause::invalid;
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
    let is_lost = status["collisionCount"].is_null();
    if before.is_some_and(|before| is_lost || count < before) {
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
}
