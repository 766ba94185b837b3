//! What a node can see of the cluster when it looks at one pod.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

/// Name of the only node.
pub(super) const NODE_NAME: &str = "node-1";
/// Address of the only node.
pub(super) const NODE_ADDRESS: &str = "10.0.0.1";
/// Labels of the only node that a `nodeSelector` may ask for.
pub(super) const NODE_LABELS: [(&str, &str); 3] = [
    ("kubernetes.io/arch", "amd64"),
    ("kubernetes.io/hostname", NODE_NAME),
    ("kubernetes.io/os", "linux"),
];
/// From the first status of a pod to the start of its first container.
pub(super) const START_DELAY: SignedDuration = SignedDuration::from_secs(1);
/// How long the pods of a node that stopped answering stay before they are removed.
///
/// Source: kubernetes v1.34 `plugin/pkg/admission/defaulttolerationseconds` (300 s).
pub(super) const LOST_TOLERATION: SignedDuration = SignedDuration::from_secs(300);

/// How long a container that was told to stop may go on before it is killed.
///
/// Source: argo-workflows v3.7.4 `workflow/signal` with the default grace period of a pod.
pub(super) const STOP_GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Annotation of a pod whose work is to stop, with the instant in RFC 3339.
///
/// A real Argo controller runs `argoexec kill` in the container instead; where nothing can be run inside a pod, this
/// says the same.
pub const TERMINATE_ANNOTATION: &str = "arcsim/terminate-at";

/// The objects of a pod's namespace that the pod may refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeView {
    /// Name of a Secret → its keys.
    pub secrets: BTreeMap<String, BTreeSet<String>>,
    /// Name of a ConfigMap → its keys.
    pub config_maps: BTreeMap<String, BTreeSet<String>>,
    /// Name of a claim → whether it is bound.
    pub claims: BTreeMap<String, Claim>,
}

/// State of a PersistentVolumeClaim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A volume is there.
    Bound,
    /// No volume is there yet.
    Unbound,
}
