//! The kinds of Kubernetes that are served, as one table.

use std::sync::Arc;

use super::kind::{Kind, Origin};
use super::registry::{Behaviour, Conversion, Names};
use super::schema::whole::WholeSchema;

mod others;

/// One row: a built-in kind.
pub(crate) struct Row {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
    categories: &'static [&'static str],
    cluster_scoped: bool,
    subresources: &'static [&'static str],
    fields: &'static [&'static str],
    /// Group and version in which a real server stores the kind; empty for those of the row.
    stored_as: &'static str,
    /// What clients are warned of with every answer; empty for nothing.
    deprecation: &'static str,
    pub(crate) behaviour: Behaviour,
    pub(crate) conversion: Conversion,
}

const ROW: Row = Row {
    group: "",
    version: "v1",
    kind: "",
    plural: "",
    short_names: &[],
    categories: &[],
    cluster_scoped: false,
    subresources: &[],
    fields: &[],
    stored_as: "",
    deprecation: "",
    behaviour: Behaviour::PLAIN,
    conversion: Conversion::None,
};

const GENERATION: Behaviour = Behaviour {
    manages_generation: true,
    ..Behaviour::PLAIN
};
const RETURNS_DELETED: Behaviour = Behaviour {
    returns_deleted: true,
    ..Behaviour::PLAIN
};
const UPSERT: Behaviour = Behaviour {
    creates_on_update: true,
    ..Behaviour::PLAIN
};
const RBAC: Row = Row {
    group: "rbac.authorization.k8s.io",
    behaviour: Behaviour {
        names: Names::PathSegment,
        ..UPSERT
    },
    ..ROW
};
const EVENT_FIELDS: &[&str] = &[
    ".involvedObject.kind",
    ".involvedObject.namespace",
    ".involvedObject.name",
    ".involvedObject.uid",
    ".involvedObject.apiVersion",
    ".involvedObject.resourceVersion",
    ".involvedObject.fieldPath",
    ".reason",
    ".reportingComponent",
    ".source",
    ".type",
];

/// The same as the new kind calls them.
///
/// Source: kubernetes v1.34 `pkg/apis/events/v1/conversion.go`.
const NEW_EVENT_FIELDS: &[&str] = &[
    ".regarding.kind",
    ".regarding.namespace",
    ".regarding.name",
    ".regarding.uid",
    ".regarding.apiVersion",
    ".regarding.resourceVersion",
    ".regarding.fieldPath",
    ".reason",
    ".reportingController",
    ".type",
];

/// Every built-in kind.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().chain(others::ROWS)
}

/// Whether a deletion of an object of this kind is answered with the object.
pub(crate) fn returns_deleted(kind: &Kind) -> bool {
    rows().any(|row| {
        (row.group, row.kind) == (kind.group.as_str(), kind.kind.as_str())
            && row.behaviour.returns_deleted
    })
}

/// The kinds that Argo, the operator and the examples touch, core group first.
///
/// Source: `spec/kube-api.md` §1.7, §1.8, §1.10, §1.15, §1.22; names from `kubectl api-resources` of v1.34.
const ROWS: &[Row] = &[
    Row {
        kind: "Namespace",
        plural: "namespaces",
        short_names: &["ns"],
        cluster_scoped: true,
        subresources: &["finalize", "status"],
        fields: &[".status.phase"],
        behaviour: Behaviour {
            returns_deleted: true,
            names: Names::Label,
            ..Behaviour::PLAIN
        },
        ..ROW
    },
    Row {
        kind: "Secret",
        plural: "secrets",
        fields: &[".type"],
        ..ROW
    },
    Row {
        kind: "ConfigMap",
        plural: "configmaps",
        short_names: &["cm"],
        ..ROW
    },
    Row {
        kind: "ServiceAccount",
        plural: "serviceaccounts",
        short_names: &["sa"],
        subresources: &["token"],
        behaviour: RETURNS_DELETED,
        ..ROW
    },
    Row {
        kind: "Pod",
        plural: "pods",
        short_names: &["po"],
        categories: &["all"],
        subresources: &[
            "attach",
            "binding",
            "ephemeralcontainers",
            "eviction",
            "exec",
            "log",
            "portforward",
            "proxy",
            "resize",
            "status",
        ],
        fields: &[
            ".spec.nodeName",
            ".spec.restartPolicy",
            ".spec.schedulerName",
            ".spec.serviceAccountName",
            ".spec.hostNetwork",
            ".status.phase",
            ".status.podIP",
            ".status.podIPs",
            ".status.nominatedNodeName",
        ],
        behaviour: Behaviour {
            manages_generation: true,
            returns_deleted: true,
            ..Behaviour::PLAIN
        },
        ..ROW
    },
    Row {
        kind: "PersistentVolumeClaim",
        plural: "persistentvolumeclaims",
        short_names: &["pvc"],
        subresources: &["status"],
        behaviour: RETURNS_DELETED,
        ..ROW
    },
    Row {
        kind: "PersistentVolume",
        plural: "persistentvolumes",
        short_names: &["pv"],
        cluster_scoped: true,
        subresources: &["status"],
        behaviour: RETURNS_DELETED,
        ..ROW
    },
    Row {
        kind: "Event",
        plural: "events",
        short_names: &["ev"],
        fields: EVENT_FIELDS,
        behaviour: Behaviour {
            names: Names::PathSegment,
            ..UPSERT
        },
        ..ROW
    },
    Row {
        kind: "Node",
        plural: "nodes",
        short_names: &["no"],
        cluster_scoped: true,
        subresources: &["proxy", "status"],
        fields: &[".spec.unschedulable"],
        ..ROW
    },
    Row {
        kind: "Service",
        plural: "services",
        short_names: &["svc"],
        categories: &["all"],
        subresources: &["proxy", "status"],
        fields: &[".spec.clusterIP", ".spec.type"],
        behaviour: Behaviour {
            returns_deleted: true,
            creates_on_update: true,
            names: Names::OldLabel,
            ..Behaviour::PLAIN
        },
        ..ROW
    },
    Row {
        group: "events.k8s.io",
        kind: "Event",
        plural: "events",
        short_names: &["ev"],
        fields: NEW_EVENT_FIELDS,
        stored_as: "/v1",
        behaviour: UPSERT,
        conversion: Conversion::Events,
        ..ROW
    },
    Row {
        group: "apps",
        kind: "Deployment",
        plural: "deployments",
        short_names: &["deploy"],
        categories: &["all"],
        subresources: &["scale", "status"],
        behaviour: GENERATION,
        ..ROW
    },
    Row {
        group: "apps",
        kind: "ReplicaSet",
        plural: "replicasets",
        short_names: &["rs"],
        categories: &["all"],
        subresources: &["scale", "status"],
        behaviour: GENERATION,
        ..ROW
    },
    Row {
        group: "batch",
        kind: "Job",
        plural: "jobs",
        categories: &["all"],
        subresources: &["status"],
        fields: &[".status.successful"],
        behaviour: Behaviour {
            manages_generation: true,
            orphans_dependents: true,
            ..Behaviour::PLAIN
        },
        ..ROW
    },
    Row {
        group: "coordination.k8s.io",
        kind: "Lease",
        plural: "leases",
        behaviour: Behaviour {
            creates_on_update: true,
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..ROW
    },
    Row {
        group: "networking.k8s.io",
        kind: "NetworkPolicy",
        plural: "networkpolicies",
        short_names: &["netpol"],
        behaviour: GENERATION,
        ..ROW
    },
    Row {
        group: "policy",
        kind: "PodDisruptionBudget",
        plural: "poddisruptionbudgets",
        short_names: &["pdb"],
        subresources: &["status"],
        behaviour: Behaviour {
            names: Names::PathSegment,
            manages_generation: true,
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..ROW
    },
    Row {
        kind: "Role",
        plural: "roles",
        ..RBAC
    },
    Row {
        kind: "RoleBinding",
        plural: "rolebindings",
        ..RBAC
    },
    Row {
        kind: "ClusterRole",
        plural: "clusterroles",
        cluster_scoped: true,
        ..RBAC
    },
    Row {
        kind: "ClusterRoleBinding",
        plural: "clusterrolebindings",
        cluster_scoped: true,
        ..RBAC
    },
    Row {
        group: "storage.k8s.io",
        kind: "StorageClass",
        plural: "storageclasses",
        short_names: &["sc"],
        cluster_scoped: true,
        behaviour: RETURNS_DELETED,
        ..ROW
    },
    Row {
        group: "apiextensions.k8s.io",
        kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions",
        stored_as: "apiextensions.k8s.io/v1beta1",
        short_names: &["crd", "crds"],
        categories: &["api-extensions"],
        cluster_scoped: true,
        subresources: &["status"],
        behaviour: Behaviour {
            manages_generation: true,
            needs_revision: true,
            ..Behaviour::PLAIN
        },
        ..ROW
    },
];

impl Row {
    /// The kind that this row describes.
    pub(crate) fn kind(&self) -> Kind {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        Kind {
            group: self.group.to_owned(),
            version: self.version.to_owned(),
            kind: self.kind.to_owned(),
            list_kind: format!("{}List", self.kind),
            plural: self.plural.to_owned(),
            singular: self.kind.to_lowercase(),
            short_names: owned(self.short_names),
            categories: owned(self.categories),
            namespaced: !self.cluster_scoped,
            origin: Origin::BuiltIn,
            subresources: owned(self.subresources),
            schema: WholeSchema::of(self.group, self.version, self.kind),
            rules: Arc::default(),
            columns: Vec::new(),
            selectable_fields: owned(self.fields),
            stored_as: match self.stored_as {
                "" => format!("{}/{}", self.group, self.version),
                stored_as => stored_as.to_owned(),
            },
            scale: None,
            deprecation: self.deprecation.to_owned(),
        }
    }
}
