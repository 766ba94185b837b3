//! The kinds whose objects can own others or be owned.

use http::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIResource};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Error};

/// A kind that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// What keys and messages call it, such as `pods` or `widgets.example.com`.
    pub(super) name: String,
    pub(super) resource: ApiResource,
    pub(super) namespaced: bool,
}

/// Group, version, kind, plural, namespaced.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str, bool);

const BUILT_IN: [Row<'static>; 20] = [
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
        let resource = GroupVersionKind::gvk(group, version, kind);
        let resource = ApiResource::from_gvk_with_plural(&resource, plural);
        let name = match group {
            "" => plural.to_owned(),
            _ => format!("{plural}.{group}"),
        };
        Self {
            name,
            resource,
            namespaced,
        }
    }

    /// The kind that is called `name`, such as `widgets.example.com`, in the preferred version of its group; `None` while it
    /// is not served.
    ///
    /// # Errors
    /// Discovery does not answer.
    pub(super) async fn called(client: &Client, name: &str) -> Result<Option<Self>, Error> {
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
        let row = |kind: APIResource| {
            Self::of((
                &group.name,
                &version.version,
                &kind.kind,
                plural,
                kind.namespaced,
            ))
        };
        Ok(kind.map(row))
    }

    /// A built-in kind with this plural, of the core group.
    pub(super) fn core(plural: &str) -> Option<Self> {
        let others = [
            ("", "v1", "Endpoints", "endpoints", true),
            ("", "v1", "LimitRange", "limitranges", true),
            ("", "v1", "PodTemplate", "podtemplates", true),
            (
                "",
                "v1",
                "ReplicationController",
                "replicationcontrollers",
                true,
            ),
            ("", "v1", "ResourceQuota", "resourcequotas", true),
        ];
        let mut rows = BUILT_IN.into_iter().chain(others);
        let row = rows.find(|(group, _, _, known, _)| group.is_empty() && *known == plural);
        row.map(Self::of)
    }

    /// Whether an owner reference with this `apiVersion` and `kind` means this kind.
    pub(super) fn is_meant_by(&self, api_version: &str, kind: &str) -> bool {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.resource.group == group && self.resource.kind == kind
    }
}

/// What is not there is no failure.
fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(Error::Api(status)) if status.code == 404 => Ok(None),
        other => other.map(Some),
    }
}
