//! Whether a namespace of a real cluster is at rest: whether every object says that nothing is left to be done.

use serde_json::Value;

use crate::snapshot::{Snapshot, is_owned, name};

/// Phases that last.
const FINAL: [&str; 3] = ["Succeeded", "Failed", "Error"];
/// What a container waits for that does not come by itself.
const HELD: [&str; 3] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "CreateContainerConfigError",
];

/// Whether nothing of `snapshot` is under way.
pub(super) fn is_at_rest(snapshot: &Snapshot) -> bool {
    let kinds = ["Order", "ArtifactWorkflow", "CronWorkflow", "Workflow"];
    let mut live = kinds.into_iter().flat_map(|kind| snapshot.of(kind));
    live.all(|object| object["metadata"]["deletionTimestamp"].is_null())
        && snapshot
            .of("Workflow")
            .iter()
            .all(|run| is_over(run) || is_held(snapshot, run))
        && snapshot
            .of("ArtifactWorkflow")
            .iter()
            .all(|child| follows_its_run(snapshot, child))
        && snapshot
            .of("Order")
            .iter()
            .all(|order| follows_its_children(snapshot, order))
}

fn is_over(object: &Value) -> bool {
    object["status"]["phase"]
        .as_str()
        .is_some_and(|phase| FINAL.contains(&phase))
}

/// Whether a pod of `run` waits for something that nobody brings.
fn is_held(snapshot: &Snapshot, run: &Value) -> bool {
    let pods = snapshot.of("Pod").iter();
    let mut pending = pods.filter(|pod| is_owned(pod, run) && pod["status"]["phase"] == "Pending");
    pending.any(|pod| waits_for_an_image(pod) || lacks_a_volume(snapshot, pod))
}

fn waits_for_an_image(pod: &Value) -> bool {
    let containers = pod["status"]["containerStatuses"].as_array();
    let mut reasons = containers
        .into_iter()
        .flatten()
        .filter_map(|container| container["state"]["waiting"]["reason"].as_str());
    reasons.any(|reason| HELD.contains(&reason))
}

fn lacks_a_volume(snapshot: &Snapshot, pod: &Value) -> bool {
    snapshot.of("Event").iter().any(|event| {
        let note = event["note"].as_str().unwrap_or_default();
        event["reason"] == "FailedMount"
            && event["regarding"]["uid"] == pod["metadata"]["uid"]
            && note.contains("not found")
    })
}

/// Whether `child` says of its run what the run says of itself.
fn follows_its_run(snapshot: &Snapshot, child: &Value) -> bool {
    let mut runs = snapshot.of("Workflow").iter();
    match runs.find(|run| is_owned(run, child)) {
        Some(run) => child["status"]["phase"] == run["status"]["phase"],
        None => {
            let crons = snapshot.of("CronWorkflow");
            is_over(child)
                || child["status"]["message"].is_string()
                || crons.iter().any(|cron| is_owned(cron, child))
        }
    }
}

/// Whether `order` was seen as it is, and says of its artifacts what their children say.
fn follows_its_children(snapshot: &Snapshot, order: &Value) -> bool {
    let status = &order["status"];
    let children = snapshot.of("ArtifactWorkflow").iter();
    let mut own = children.filter(|child| is_owned(child, order));
    status["observedGeneration"] == order["metadata"]["generation"]
        && own.all(|child| {
            let entries = status["artifactWorkflows"].as_object();
            let mut entries = entries.into_iter().flatten();
            entries.any(|(hash, entry)| {
                name(child).ends_with(hash.as_str()) && entry["phase"] == child["status"]["phase"]
            })
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// An Order with one child and its run, everything Succeeded.
    fn at_rest() -> Snapshot {
        let object = |kind: &str, object: Value| (kind.to_owned(), Arc::new(vec![object]));
        let owned = |kind: &str, (name, uid): (&str, &str), owner: &str, phase: &str| {
            let metadata = json!({"name": name, "uid": uid, "ownerReferences": [{"uid": owner}]});
            object(
                kind,
                json!({"metadata": metadata, "status": {"phase": phase}}),
            )
        };
        Snapshot {
            order: "o".to_owned(),
            objects: [
                object(
                    "Order",
                    json!({
                        "metadata": {"name": "o", "uid": "1", "generation": 2},
                        "status": {
                            "observedGeneration": 2,
                            "artifactWorkflows": {"abc": {"phase": "Succeeded"}},
                        },
                    }),
                ),
                owned("ArtifactWorkflow", ("o-abc", "2"), "1", "Succeeded"),
                owned("Workflow", ("o-abc", "3"), "2", "Succeeded"),
                owned("Pod", ("p", "4"), "3", "Pending"),
                object(
                    "Event",
                    json!({"reason": "FailedMount", "regarding": {"uid": "4"}, "note": "timed out"}),
                ),
            ]
            .into(),
        }
    }

    fn check(changes: &[(&str, &str, Value)], expected: bool) {
        let mut snapshot = at_rest();
        for (kind, path, value) in changes {
            let object = snapshot
                .objects
                .get_mut(*kind)
                .map(|list| &mut Arc::make_mut(list)[0]);
            let mut place = object.expect("the snapshot has one of each");
            for key in path.split('.') {
                place = &mut place[key];
            }
            *place = value.clone();
        }
        assert_eq!(is_at_rest(&snapshot), expected, "{snapshot}");
    }

    #[rstest]
    #[case::run("Workflow", "status.phase", json!("Running"))]
    #[case::run_not_begun("Workflow", "status.phase", json!(null))]
    #[case::child_behind_its_run("ArtifactWorkflow", "status.phase", json!("Running"))]
    #[case::order_behind_its_child("Order", "status.artifactWorkflows.abc.phase", json!("Running"))]
    #[case::order_not_seen("Order", "status.observedGeneration", json!(1))]
    #[case::on_its_way_out("ArtifactWorkflow", "metadata.deletionTimestamp", json!("2026-01-01T00:00:00Z"))]
    fn what_is_under_way_is_not_at_rest(
        #[case] kind: &str,
        #[case] path: &str,
        #[case] value: Value,
    ) {
        check(&[(kind, path, value)], false);
    }

    #[test]
    fn what_has_ended_is_at_rest() {
        check(&[], true);
    }

    #[rstest]
    #[case::that_lacks("configmap \"root-bundle\" not found", true)]
    #[case::that_is_slow("timed out waiting for the condition", false)]
    fn a_run_rests_with_a_pod_that_lacks_a_volume(#[case] note: &str, #[case] expected: bool) {
        let running = json!("Running");
        let changes = [
            ("Workflow", "status.phase", running.clone()),
            ("ArtifactWorkflow", "status.phase", running.clone()),
            ("Order", "status.artifactWorkflows.abc.phase", running),
            ("Event", "note", json!(note)),
        ];
        check(&changes, expected);
    }
}
