//! Whether the one node takes a pod.

use k8s_openapi::api::core::v1::PodSpec;

use super::node::{Claim, NODE_LABELS, NodeView};

/// Name of the scheduler that is simulated; pods of others are left alone.
pub(super) const SCHEDULER: &str = "default-scheduler";

/// The scheduler's message while the node does not take a pod; `None` once it does.
///
/// Source: kubernetes v1.34 `pkg/scheduler/framework` `FitError`, plugins `volumebinding`, `nodeaffinity`.
pub(super) fn unschedulable(spec: &PodSpec, view: &NodeView) -> Option<String> {
    const HELPLESS: &str = "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    let why = claim_problem(spec, view).or_else(|| selector_problem(spec))?;
    Some(format!("0/1 nodes are available: {why}. {HELPLESS}"))
}

/// The scheduler's message for a pod that finds no room.
pub(super) fn no_room() -> String {
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.".to_owned()
}

fn claim_problem(spec: &PodSpec, view: &NodeView) -> Option<String> {
    let claims = spec.volumes.iter().flatten();
    let mut claims = claims.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.find_map(|claim| match view.claims.get(&claim.claim_name) {
        Some(Claim::Bound) => None,
        Some(Claim::Unbound) => Some("pod has unbound immediate PersistentVolumeClaims".to_owned()),
        None => Some(format!(
            "persistentvolumeclaim \"{}\" not found",
            claim.claim_name
        )),
    })
}

fn selector_problem(spec: &PodSpec) -> Option<String> {
    let mut wanted = spec.node_selector.iter().flatten();
    let fits = wanted.all(|(key, value)| NODE_LABELS.contains(&(key.as_str(), value.as_str())));
    (!fits).then(|| "1 node(s) didn't match Pod's node affinity/selector".to_owned())
}
