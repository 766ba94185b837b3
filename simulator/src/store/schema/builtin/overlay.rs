//! What the generated schemas do not say: which lists are sets or maps, which objects are one value, and how patches
//! treat them.
//!
//! Source: `x-kubernetes-…` extensions in `/openapi/v3` of kube-apiserver v1.34.3.

use std::sync::Arc;

use crate::json::json;
use crate::store::schema::node::{ListType, Node, PatchStrategy, Type};

/// How one field differs from what its type says.
#[derive(Clone, Copy)]
enum Treatment {
    /// A map list with these keys; patches merge it by the first.
    Merged(&'static [&'static str]),
    /// The same, and patches may retain keys.
    MergedRetaining(&'static [&'static str]),
    /// A map list with these keys, which patches replace.
    Map(&'static [&'static str]),
    /// One value to appliers, but patches merge it by this key.
    MergedAtomic(&'static str),
    /// A set, which patches replace.
    Set,
    /// A set, to which patches add.
    MergedSet,
    /// An object of which patches may retain keys.
    Retaining,
    /// An object that is one value to appliers.
    Atomic,
    /// An object that is not one value, though its type is.
    Granular,
}

use Treatment::{
    Atomic, Granular, Map, Merged, MergedAtomic, MergedRetaining, MergedSet, Retaining, Set,
};

/// The node of `field` of the type `owner`, with its list type and patch strategy.
pub(super) fn apply(owner: &str, field: &str, node: Arc<Node>) -> Arc<Node> {
    let owner = short(owner);
    let treatment = FIELDS
        .iter()
        .find(|(known, name, _)| *known == owner && *name == field);
    let has_default = field == "protocol" && DEFAULTED.contains(&owner);
    if treatment.is_none() && !has_default {
        return node;
    }
    let mut node = Node::clone(&node);
    if has_default {
        node.default = Some(json!("TCP"));
    }
    if let Some((_, _, treatment)) = treatment {
        treatment.apply(&mut node);
    }
    Arc::new(node)
}

/// Adjusts the node of the type `owner` itself.
pub(super) fn finish(owner: &str, node: &mut Node) {
    node.atomic_map = ATOMIC_TYPES.contains(&short(owner));
    if UNTYPED.contains(&owner) {
        node.kind = Type::Any;
    }
    if NAME_MAY_BE_EMPTY.contains(&short(owner)) {
        node.required.retain(|name| name != "name");
    }
}

/// The name of a part without what those of its origin begin with, such as `core.v1.PodSpec`.
pub(crate) fn short(owner: &str) -> &str {
    owner
        .strip_prefix("io.k8s.api.")
        .or_else(|| owner.strip_prefix("io.k8s.apimachinery.pkg.apis."))
        .or_else(|| owner.strip_prefix("io.k8s.apimachinery.pkg."))
        .or_else(|| owner.strip_prefix("io.k8s.apiextensions-apiserver.pkg.apis."))
        .or_else(|| owner.strip_prefix("io.k8s.kube-aggregator.pkg.apis."))
        .unwrap_or(owner)
}

impl Treatment {
    fn apply(self, node: &mut Node) {
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let merge = PatchStrategy {
            merge: true,
            ..PatchStrategy::default()
        };
        let merge_by = |key: Option<&&str>| PatchStrategy {
            merge_key: key.map(|key| (*key).to_owned()),
            ..merge.clone()
        };
        match self {
            Merged(keys) => {
                node.list_type = ListType::Map(owned(keys));
                node.patch = merge_by(keys.first());
            }
            MergedRetaining(keys) => {
                node.list_type = ListType::Map(owned(keys));
                node.patch = merge_by(keys.first());
                node.patch.retain_keys = true;
            }
            Map(keys) => node.list_type = ListType::Map(owned(keys)),
            MergedAtomic(key) => node.patch = merge_by(Some(&key)),
            Set => node.list_type = ListType::Set,
            MergedSet => {
                node.list_type = ListType::Set;
                node.patch = merge;
            }
            Retaining => node.patch.retain_keys = true,
            Atomic => node.atomic_map = true,
            Granular => node.atomic_map = false,
        }
    }
}

/// Types that take text and numbers, or anything.
const UNTYPED: [&str; 2] = [
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
    "io.k8s.apimachinery.pkg.api.resource.Quantity",
];

/// References whose name defaults to nothing.
const NAME_MAY_BE_EMPTY: [&str; 8] = [
    "core.v1.ConfigMapEnvSource",
    "core.v1.ConfigMapKeySelector",
    "core.v1.ConfigMapProjection",
    "core.v1.ConfigMapVolumeSource",
    "core.v1.LocalObjectReference",
    "core.v1.SecretEnvSource",
    "core.v1.SecretKeySelector",
    "core.v1.SecretProjection",
];

const DEFAULTED: [&str; 2] = ["core.v1.ContainerPort", "core.v1.ServicePort"];

const ENV: Treatment = Merged(&["name"]);
const CONTAINER_PORTS: Treatment = Merged(&["containerPort", "protocol"]);
const DEVICES: Treatment = Merged(&["devicePath"]);
const MOUNTS: Treatment = Merged(&["mountPath"]);
const NAMED: Treatment = Merged(&["name"]);
const CONDITIONS: Treatment = Merged(&["type"]);

const FIELDS: &[(&str, &str, Treatment)] = &[
    ("apps.v1.ControllerRevision", "data", Atomic),
    ("apps.v1.DeploymentSpec", "strategy", Retaining),
    ("apps.v1.DeploymentStatus", "conditions", CONDITIONS),
    ("apps.v1.ReplicaSetStatus", "conditions", CONDITIONS),
    ("batch.v1.JobStatus", "conditions", MergedAtomic("type")),
    (
        "batch.v1.PodFailurePolicyOnExitCodesRequirement",
        "values",
        Set,
    ),
    ("batch.v1.UncountedTerminatedPods", "failed", Set),
    ("batch.v1.UncountedTerminatedPods", "succeeded", Set),
    ("core.v1.Container", "env", ENV),
    ("core.v1.Container", "ports", CONTAINER_PORTS),
    ("core.v1.Container", "volumeDevices", DEVICES),
    ("core.v1.Container", "volumeMounts", MOUNTS),
    ("core.v1.ContainerRestartRuleOnExitCodes", "values", Set),
    ("core.v1.ContainerStatus", "allocatedResourcesStatus", NAMED),
    ("core.v1.ContainerStatus", "volumeMounts", MOUNTS),
    ("core.v1.EphemeralContainer", "env", ENV),
    ("core.v1.EphemeralContainer", "ports", CONTAINER_PORTS),
    ("core.v1.EphemeralContainer", "volumeDevices", DEVICES),
    ("core.v1.EphemeralContainer", "volumeMounts", MOUNTS),
    ("core.v1.NamespaceStatus", "conditions", CONDITIONS),
    ("core.v1.NodeSpec", "podCIDRs", MergedSet),
    ("core.v1.NodeStatus", "addresses", CONDITIONS),
    ("core.v1.NodeStatus", "conditions", CONDITIONS),
    (
        "core.v1.PersistentVolumeClaimStatus",
        "conditions",
        CONDITIONS,
    ),
    ("core.v1.PersistentVolumeSpec", "claimRef", Granular),
    ("core.v1.PodSpec", "containers", NAMED),
    ("core.v1.PodSpec", "ephemeralContainers", NAMED),
    ("core.v1.PodSpec", "hostAliases", Merged(&["ip"])),
    ("core.v1.PodSpec", "imagePullSecrets", NAMED),
    ("core.v1.PodSpec", "initContainers", NAMED),
    ("core.v1.PodSpec", "nodeSelector", Atomic),
    (
        "core.v1.PodSpec",
        "resourceClaims",
        MergedRetaining(&["name"]),
    ),
    ("core.v1.PodSpec", "schedulingGates", NAMED),
    (
        "core.v1.PodSpec",
        "topologySpreadConstraints",
        Merged(&["topologyKey", "whenUnsatisfiable"]),
    ),
    ("core.v1.PodSpec", "volumes", MergedRetaining(&["name"])),
    ("core.v1.PodStatus", "conditions", CONDITIONS),
    ("core.v1.PodStatus", "hostIPs", MergedAtomic("ip")),
    ("core.v1.PodStatus", "podIPs", Merged(&["ip"])),
    (
        "core.v1.PodStatus",
        "resourceClaimStatuses",
        MergedRetaining(&["name"]),
    ),
    ("core.v1.ResourceRequirements", "claims", Map(&["name"])),
    ("core.v1.ResourceStatus", "resources", Map(&["resourceID"])),
    ("core.v1.ServiceAccount", "secrets", NAMED),
    (
        "core.v1.ServiceSpec",
        "ports",
        Merged(&["port", "protocol"]),
    ),
    ("core.v1.ServiceSpec", "selector", Atomic),
    ("core.v1.ServiceStatus", "conditions", CONDITIONS),
    (
        "policy.v1.PodDisruptionBudgetStatus",
        "conditions",
        CONDITIONS,
    ),
    (
        "apiextensions.v1.CustomResourceDefinitionStatus",
        "conditions",
        Map(&["type"]),
    ),
    ("meta.v1.ObjectMeta", "finalizers", MergedSet),
    ("meta.v1.ObjectMeta", "ownerReferences", Merged(&["uid"])),
    (
        "admissionregistration.v1.MutatingWebhook",
        "matchConditions",
        NAMED,
    ),
    (
        "admissionregistration.v1.MutatingWebhookConfiguration",
        "webhooks",
        NAMED,
    ),
    (
        "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec",
        "validationActions",
        Set,
    ),
    (
        "admissionregistration.v1.ValidatingAdmissionPolicySpec",
        "matchConditions",
        NAMED,
    ),
    (
        "admissionregistration.v1.ValidatingAdmissionPolicySpec",
        "variables",
        NAMED,
    ),
    (
        "admissionregistration.v1.ValidatingAdmissionPolicyStatus",
        "conditions",
        Map(&["type"]),
    ),
    (
        "admissionregistration.v1.ValidatingWebhook",
        "matchConditions",
        NAMED,
    ),
    (
        "admissionregistration.v1.ValidatingWebhookConfiguration",
        "webhooks",
        NAMED,
    ),
    ("apps.v1.DaemonSetStatus", "conditions", CONDITIONS),
    ("apps.v1.StatefulSetStatus", "conditions", CONDITIONS),
    (
        "autoscaling.v2.HorizontalPodAutoscalerStatus",
        "conditions",
        CONDITIONS,
    ),
    (
        "certificates.v1.CertificateSigningRequestStatus",
        "conditions",
        Map(&["type"]),
    ),
    ("core.v1.ComponentStatus", "conditions", CONDITIONS),
    (
        "core.v1.PersistentVolumeClaimStatus",
        "allocatedResourceStatuses",
        Granular,
    ),
    ("core.v1.ReplicationControllerSpec", "selector", Atomic),
    (
        "core.v1.ReplicationControllerStatus",
        "conditions",
        CONDITIONS,
    ),
    ("discovery.v1.Endpoint", "addresses", Set),
    ("flowcontrol.v1.FlowSchemaStatus", "conditions", CONDITIONS),
    (
        "flowcontrol.v1.NonResourcePolicyRule",
        "nonResourceURLs",
        Set,
    ),
    ("flowcontrol.v1.NonResourcePolicyRule", "verbs", Set),
    (
        "flowcontrol.v1.PriorityLevelConfigurationStatus",
        "conditions",
        CONDITIONS,
    ),
    ("flowcontrol.v1.ResourcePolicyRule", "apiGroups", Set),
    ("flowcontrol.v1.ResourcePolicyRule", "namespaces", Set),
    ("flowcontrol.v1.ResourcePolicyRule", "resources", Set),
    ("flowcontrol.v1.ResourcePolicyRule", "verbs", Set),
    ("networking.v1.ServiceCIDRStatus", "conditions", CONDITIONS),
    ("node.v1.Scheduling", "nodeSelector", Atomic),
    (
        "resource.v1.AllocatedDeviceStatus",
        "conditions",
        Map(&["type"]),
    ),
    (
        "resource.v1.ResourceClaimStatus",
        "devices",
        Map(&["driver", "device", "pool", "shareID"]),
    ),
    (
        "resource.v1.ResourceClaimStatus",
        "reservedFor",
        Merged(&["uid"]),
    ),
    ("storage.v1.CSIDriverSpec", "volumeLifecycleModes", Set),
    ("storage.v1.CSINodeSpec", "drivers", NAMED),
    (
        "apiregistration.v1.APIServiceStatus",
        "conditions",
        CONDITIONS,
    ),
];

const ATOMIC_TYPES: [&str; 27] = [
    "core.v1.ConfigMapKeySelector",
    "core.v1.FileKeySelector",
    "core.v1.LocalObjectReference",
    "core.v1.NodeSelector",
    "core.v1.NodeSelectorTerm",
    "core.v1.ObjectFieldSelector",
    "core.v1.ObjectReference",
    "core.v1.ResourceFieldSelector",
    "core.v1.SecretKeySelector",
    "core.v1.SecretReference",
    "core.v1.TopologySelectorTerm",
    "core.v1.TypedLocalObjectReference",
    "rbac.v1.RoleRef",
    "rbac.v1.Subject",
    "meta.v1.LabelSelector",
    "meta.v1.OwnerReference",
    "admissionregistration.v1.MatchResources",
    "admissionregistration.v1.NamedRuleWithOperations",
    "admissionregistration.v1.ParamKind",
    "admissionregistration.v1.ParamRef",
    "admissionregistration.v1.Variable",
    "autoscaling.v1.CrossVersionObjectReference",
    "core.v1.EndpointAddress",
    "core.v1.EndpointPort",
    "core.v1.ScopeSelector",
    "discovery.v1.EndpointPort",
    "networking.v1.ServiceBackendPort",
];
