//! The kinds whose objects can own others or be owned.

use kube::core::ApiResource;
use serde::Deserialize;

use crate::part::LazyObject;

/// A kind that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) resource: ApiResource,
    pub(super) namespaced: bool,
}

/// As much of a definition as a collector needs; its schemas, which are most of it, are passed over.
#[derive(Deserialize)]
struct Spec {
    group: String,
    scope: String,
    names: Names,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Names {
    kind: String,
    plural: String,
}

#[derive(Deserialize)]
struct Version {
    name: String,
    served: bool,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

/// Group, version, kind, plural, namespaced.
type Row = (&'static str, &'static str, &'static str, &'static str, bool);

const BUILT_IN: [Row; 20] = [
    ("", "v1", "Namespace", "namespaces", false),
    ("", "v1", "Node", "nodes", false),
    ("", "v1", "Secret", "secrets", true),
    ("", "v1", "ConfigMap", "configmaps", true),
    ("", "v1", "ServiceAccount", "serviceaccounts", true),
    ("", "v1", "Pod", "pods", true),
    (
        "",
        "v1",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        true,
    ),
    ("", "v1", "PersistentVolume", "persistentvolumes", false),
    ("", "v1", "Service", "services", true),
    ("apps", "v1", "Deployment", "deployments", true),
    ("apps", "v1", "ReplicaSet", "replicasets", true),
    ("batch", "v1", "Job", "jobs", true),
    ("coordination.k8s.io", "v1", "Lease", "leases", true),
    (
        "networking.k8s.io",
        "v1",
        "NetworkPolicy",
        "networkpolicies",
        true,
    ),
    (
        "policy",
        "v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        true,
    ),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles", true),
    (
        "rbac.authorization.k8s.io",
        "v1",
        "RoleBinding",
        "rolebindings",
        true,
    ),
    (
        "rbac.authorization.k8s.io",
        "v1",
        "ClusterRole",
        "clusterroles",
        false,
    ),
    (
        "rbac.authorization.k8s.io",
        "v1",
        "ClusterRoleBinding",
        "clusterrolebindings",
        false,
    ),
    (
        "storage.k8s.io",
        "v1",
        "StorageClass",
        "storageclasses",
        false,
    ),
];

/// CustomResourceDefinitions, from which further kinds are learnt.
pub(super) fn definitions() -> Served {
    let row = (
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        false,
    );
    Served::of(row)
}

/// The kinds of Kubernetes that take part in ownership; Events do not.
pub(super) fn built_in() -> Vec<Served> {
    BUILT_IN.into_iter().map(Served::of).collect()
}

impl Served {
    fn of((group, version, kind, plural, namespaced): Row) -> Self {
        Self {
            resource: resource(group, version, kind, plural),
            namespaced,
        }
    }

    /// The kind that `definition` defines, in the first version it serves; `None` while it is not established.
    pub(super) fn defined_by(definition: &LazyObject) -> Option<Self> {
        let status: Status = definition.data.read("status").ok()??;
        let is_established = |c: &Condition| c.kind == "Established" && c.status == "True";
        status.conditions.iter().find(|c| is_established(c))?;
        let spec: Spec = definition.data.read("spec").ok()??;
        let version = spec.versions.iter().find(|version| version.served)?;
        let names = &spec.names;
        Some(Self {
            resource: resource(&spec.group, &version.name, &names.kind, &names.plural),
            namespaced: spec.scope == "Namespaced",
        })
    }

    /// What keys and messages call it, such as `pods` or `widgets.example.com`.
    pub(super) fn name(&self) -> String {
        if self.resource.group.is_empty() {
            self.resource.plural.clone()
        } else {
            format!("{}.{}", self.resource.plural, self.resource.group)
        }
    }

    /// Whether an owner reference with this `apiVersion` and `kind` means this kind.
    pub(super) fn is_meant_by(&self, api_version: &str, kind: &str) -> bool {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.resource.group == group && self.resource.kind == kind
    }
}

fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    let api_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    ApiResource {
        group: group.into(),
        version: version.into(),
        api_version,
        kind: kind.into(),
        plural: plural.into(),
    }
}
