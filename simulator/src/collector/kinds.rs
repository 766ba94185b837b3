//! The kinds whose objects can own others or be owned.

use http::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroup;
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Error};

/// A kind that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) resource: ApiResource,
    pub(super) namespaced: bool,
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

    /// The kind that the definition called `name` defines, in its preferred version; `None` while it is not served.
    ///
    /// # Errors
    /// Discovery does not answer.
    pub(super) async fn defined_by(client: &Client, name: &str) -> Result<Option<Self>, Error> {
        let Some((plural, group)) = name.split_once('.') else {
            return Ok(None);
        };
        let request = Request::get(format!("/apis/{group}"))
            .body(Vec::new())
            .map_err(Error::HttpError)?;
        let Some(group) = found(client.request::<APIGroup>(request).await)? else {
            return Ok(None);
        };
        let Some(version) = group
            .preferred_version
            .or_else(|| group.versions.into_iter().next())
        else {
            return Ok(None);
        };
        let listed = client
            .list_api_group_resources(&version.group_version)
            .await;
        let kinds = found(listed)?.into_iter().flat_map(|list| list.resources);
        let kind = kinds.into_iter().find(|kind| kind.name == plural);
        Ok(kind.map(|kind| Self {
            resource: resource(&group.name, &version.version, &kind.kind, plural),
            namespaced: kind.namespaced,
        }))
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
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// What is not there is no failure.
fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(Error::Api(status)) if status.code == 404 => Ok(None),
        other => other.map(Some),
    }
}
