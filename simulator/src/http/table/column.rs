//! Which columns a kind has, and what their headings say.

use jiff::Timestamp;

use super::custom::Pointer;
use super::heading::{
    AGE, CONTAINERS, CREATED, Heading, IMAGES, NAME_COLUMN, NAMED_AND_DATED, PLAIN, definition,
    field, text,
};
use super::{
    admission, autoscaler, controller, driver, event, fairness, infrastructure, network, pod, rare,
    row, storage, workload,
};
use crate::json::{Value, json};
use crate::store::kind::{Column, Kind, Origin};
use crate::store::schema::node::Node;

const POD: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Ready",
        "The aggregate readiness state of this pod for accepting traffic.",
    ),
    text(
        "Status",
        "The aggregate status of the containers in this pod.",
    ),
    text(
        "Restarts",
        "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
    ),
    AGE,
    field("IP", "status.podIP").wide(),
    field("Node", "spec.nodeName").wide(),
    field("Nominated Node", "status.nominatedNodeName").wide(),
    field("Readiness Gates", "spec.readinessGates").wide(),
];
const NAMESPACE: &[Heading] = &[
    NAME_COLUMN,
    text("Status", "The status of the namespace"),
    AGE,
];
const CONFIG_MAP: &[Heading] = &[NAME_COLUMN, field("Data", "data"), AGE];
const SECRET: &[Heading] = &[
    NAME_COLUMN,
    field("Type", "type"),
    field("Data", "data"),
    AGE,
];
const SERVICE_ACCOUNT: &[Heading] = &[NAME_COLUMN, field("Secrets", "secrets"), AGE];
const EVENT: &[Heading] = &event("involvedObject.fieldPath");
/// The same of `events.k8s.io`, where the field has another name.
const NEW_EVENT: &[Heading] = &event("regarding.fieldPath");

const fn event(subobject: &'static str) -> [Heading; 10] {
    [
        text(
            "Last Seen",
            "The time at which the most recent occurrence of this event was recorded.",
        ),
        text(
            "Type",
            "Type of this event (Normal, Warning), new types could be added in the future",
        ),
        text(
            "Reason",
            "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
        ),
        text("Object", "The object that this event is about."),
        field("Subobject", subobject).wide(),
        text(
            "Source",
            "The component reporting this event. Should be a short machine understandable string.",
        )
        .wide(),
        text(
            "Message",
            "A human-readable description of the status of this operation.",
        ),
        text(
            "First Seen",
            "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)",
        )
        .wide(),
        text("Count", "The number of times this event has occurred.").wide(),
        NAME_COLUMN.wide(),
    ]
}

const LEASE: &[Heading] = &[NAME_COLUMN, field("Holder", "spec.holderIdentity"), AGE];
const JOB: &[Heading] = &[
    NAME_COLUMN,
    text("Status", "Status of the job."),
    field("Completions", "status.succeeded"),
    text("Duration", "Time required to complete the job."),
    AGE,
    CONTAINERS,
    IMAGES,
    field("Selector", "spec.selector").wide(),
];
const CRON_JOB: &[Heading] = &[
    NAME_COLUMN,
    field("Schedule", "spec.schedule"),
    field("Timezone", "spec.timeZone"),
    field("Suspend", "spec.suspend").of("boolean"),
    field("Active", "status.active").of("integer"),
    field("Last Schedule", "status.lastScheduleTime"),
    AGE,
    CONTAINERS,
    IMAGES,
    field("Selector", "spec.jobTemplate.spec.selector").wide(),
];
const DEPLOYMENT: &[Heading] = &[
    NAME_COLUMN,
    text("Ready", "Number of the pod with ready state"),
    field("Up-to-date", "status.updatedReplicas"),
    field("Available", "status.availableReplicas"),
    AGE,
    CONTAINERS,
    IMAGES,
    text("Selector", DEPLOYMENT_SELECTOR).wide(),
];
/// In the words of v1beta1, which real servers still use here.
const DEPLOYMENT_SELECTOR: &str = "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment.";
/// In the words of v1beta1, which real servers still use here.
const REPLICA_SET_SELECTOR: &str = "Selector is a label query over pods that should match the replica count. If the selector is empty, it is defaulted to the labels present on the pod template. Label keys and values that must match in order to be controlled by this replica set. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors";
const REPLICA_SET: &[Heading] = &[
    NAME_COLUMN,
    field("Desired", "spec.replicas").of("integer"),
    field("Current", "status.replicas").of("integer"),
    field("Ready", "status.readyReplicas").of("integer"),
    AGE,
    CONTAINERS,
    IMAGES,
    text("Selector", REPLICA_SET_SELECTOR).wide(),
];
const STATEFUL_SET: &[Heading] = &[
    NAME_COLUMN,
    text("Ready", "Number of the pod with ready state"),
    AGE,
    CONTAINERS,
    IMAGES,
];
const SERVICE: &[Heading] = &[
    NAME_COLUMN,
    field("Type", "spec.type"),
    field("Cluster-IP", "spec.clusterIP"),
    field("External-IP", "spec.externalIPs"),
    field("Port(s)", "spec.ports"),
    AGE,
    field("Selector", "spec.selector").wide(),
];
const NODE: &[Heading] = &[
    NAME_COLUMN,
    text("Status", "The status of the node"),
    text("Roles", "The roles of the node"),
    AGE,
    field("Version", "status.nodeInfo.kubeletVersion"),
    field("Internal-IP", "status.addresses").wide(),
    field("External-IP", "status.addresses").wide(),
    field("OS-Image", "status.nodeInfo.osImage").wide(),
    field("Kernel-Version", "status.nodeInfo.kernelVersion").wide(),
    field(
        "Container-Runtime",
        "status.nodeInfo.containerRuntimeVersion",
    )
    .wide(),
];
const CLAIM: &[Heading] = &[
    NAME_COLUMN,
    field("Status", "status.phase"),
    field("Volume", "spec.volumeName"),
    field("Capacity", "status.capacity"),
    field("Access Modes", "status.accessModes"),
    text("StorageClass", "StorageClass of the pvc"),
    text("VolumeAttributesClass", "VolumeAttributesClass of the pvc"),
    AGE,
    field("VolumeMode", "spec.volumeMode").wide(),
];
const VOLUME: &[Heading] = &[
    NAME_COLUMN,
    field("Capacity", "spec.capacity"),
    field("Access Modes", "spec.accessModes"),
    field("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
    field("Status", "status.phase"),
    field("Claim", "spec.claimRef"),
    text("StorageClass", "StorageClass of the pv"),
    text("VolumeAttributesClass", "VolumeAttributesClass of the pv"),
    field("Reason", "status.reason"),
    AGE,
    field("VolumeMode", "spec.volumeMode").wide(),
];
/// In the words of v1beta1, which real servers still use here.
const ROLE: Heading = text(
    "Role",
    "RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.",
);
const CLUSTER_ROLE: Heading = text(
    "Role",
    "RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.",
);
const ROLE_BINDING: &[Heading] = &[
    NAME_COLUMN,
    ROLE,
    AGE,
    text("Users", "Users in the roleBinding").wide(),
    text("Groups", "Groups in the roleBinding").wide(),
    text("ServiceAccounts", "ServiceAccounts in the roleBinding").wide(),
];
const CLUSTER_ROLE_BINDING: &[Heading] = &[
    NAME_COLUMN,
    CLUSTER_ROLE,
    AGE,
    text("Users", "Users in the clusterRoleBinding").wide(),
    text("Groups", "Groups in the clusterRoleBinding").wide(),
    text(
        "ServiceAccounts",
        "ServiceAccounts in the clusterRoleBinding",
    )
    .wide(),
];
const STORAGE_CLASS: &[Heading] = &[
    NAME_COLUMN,
    field("Provisioner", "provisioner"),
    field("ReclaimPolicy", "reclaimPolicy"),
    field("VolumeBindingMode", "volumeBindingMode"),
    field("AllowVolumeExpansion", "allowVolumeExpansion"),
    AGE,
];
const DISRUPTION_BUDGET: &[Heading] = &[
    NAME_COLUMN,
    text(
        "Min Available",
        "The minimum number of pods that must be available.",
    ),
    text(
        "Max Unavailable",
        "The maximum number of pods that may be unavailable.",
    ),
    text(
        "Allowed Disruptions",
        "Calculated number of pods that may be disrupted at this time.",
    )
    .of("integer"),
    AGE,
];

/// The cells of one object of a built-in kind.
pub(super) type Cells = fn(&Value, Timestamp) -> Vec<Value>;

/// The columns of a kind and how to fill them.
pub(super) enum Layout<'k> {
    BuiltIn {
        headings: &'static [Heading],
        cells: Cells,
        kind: &'k Kind,
    },
    Custom(Vec<Pointer<'k>>),
    /// A custom resource without printer columns.
    Plain,
}

impl<'k> Layout<'k> {
    pub(super) fn of(kind: &'k Kind) -> Self {
        match kind.origin {
            Origin::Custom if kind.columns.is_empty() => Self::Plain,
            Origin::Custom => Self::Custom(kind.columns.iter().map(Pointer::new).collect()),
            Origin::BuiltIn => {
                let (headings, cells) = built_in(kind);
                Self::BuiltIn {
                    headings,
                    cells,
                    kind,
                }
            }
        }
    }

    pub(super) fn definitions(&self) -> Value {
        let name = || NAME_COLUMN.definition(&Node::default());
        match self {
            Self::BuiltIn { headings, kind, .. } => headings
                .iter()
                .map(|heading| heading.definition(&kind.schema))
                .collect(),
            Self::Custom(pointers) => std::iter::once(name())
                .chain(
                    pointers
                        .iter()
                        .map(|pointer| custom_definition(pointer.column)),
                )
                .collect(),
            Self::Plain => json!([name(), definition("Age", "date", "", CREATED, 0)]),
        }
    }

    pub(super) fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let name = || super::field::name(object);
        match self {
            Self::BuiltIn { cells, .. } => cells(object, now),
            Self::Custom(pointers) => std::iter::once(name())
                .chain(pointers.iter().map(|pointer| pointer.cell(object, now)))
                .collect(),
            Self::Plain => match &object["metadata"]["creationTimestamp"] {
                Value::String(_) => vec![name(), super::field::created(object, now)],
                _ => vec![name(), Value::Null],
            },
        }
    }

    /// The row conditions, which only finished pods have.
    pub(super) fn conditions(&self, object: &Value) -> Option<Value> {
        match self {
            Self::BuiltIn { headings, .. } if std::ptr::eq(*headings, POD) => {
                pod::conditions(object)
            }
            Self::BuiltIn { .. } | Self::Custom(_) | Self::Plain => None,
        }
    }
}

fn built_in(kind: &Kind) -> (&'static [Heading], Cells) {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => (POD, pod::cells),
        ("", "Namespace") => (NAMESPACE, row::namespace),
        ("", "ConfigMap") => (CONFIG_MAP, row::config_map),
        ("", "Secret") => (SECRET, row::secret),
        ("", "ServiceAccount") => (SERVICE_ACCOUNT, row::service_account),
        ("", "Event") => (EVENT, event::event),
        ("events.k8s.io", "Event") => (NEW_EVENT, event::event),
        ("", "PersistentVolumeClaim") => (CLAIM, storage::claim),
        ("", "PersistentVolume") => (VOLUME, storage::volume),
        ("", "Service") => (SERVICE, infrastructure::service),
        ("", "Node") => (NODE, infrastructure::node),
        ("coordination.k8s.io", "Lease") => (LEASE, row::lease),
        ("batch", "Job") => (JOB, workload::job),
        ("batch", "CronJob") => (CRON_JOB, workload::cron_job),
        ("apps", "Deployment") => (DEPLOYMENT, workload::deployment),
        ("apps", "ReplicaSet") => (REPLICA_SET, workload::replica_set),
        ("apps", "StatefulSet") => (STATEFUL_SET, workload::stateful_set),
        ("rbac.authorization.k8s.io", "RoleBinding") => (ROLE_BINDING, row::role_binding),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => {
            (CLUSTER_ROLE_BINDING, row::role_binding)
        }
        ("storage.k8s.io", "StorageClass") => (STORAGE_CLASS, storage::storage_class),
        ("policy", "PodDisruptionBudget") => (DISRUPTION_BUDGET, workload::disruption_budget),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole")
        | ("apiextensions.k8s.io", "CustomResourceDefinition")
        | ("storage.k8s.io", "CSIStorageCapacity")
        | ("", "LimitRange") => (NAMED_AND_DATED, row::named_and_dated),
        _ => [
            network::built_in,
            controller::built_in,
            fairness::built_in,
            autoscaler::built_in,
            driver::built_in,
            admission::built_in,
            rare::built_in,
        ]
        .into_iter()
        .find_map(|of| of(kind))
        .unwrap_or((PLAIN, row::plain)),
    }
}

fn custom_definition(column: &Column) -> Value {
    let description = if column.description.is_empty() {
        format!(
            "Custom resource definition column (in JSONPath format): {}",
            column.json_path
        )
    } else {
        column.description.clone()
    };
    definition(
        &column.name,
        &column.kind,
        &column.format,
        &description,
        column.priority,
    )
}
