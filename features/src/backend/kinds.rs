//! The kinds that scenarios write or look at.

use anyhow::{Context, Result};
use kube::api::DynamicObject;
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};

const ARC: (&str, &str) = ("arc.opendefense.cloud", "v1alpha1");
const ARGO: (&str, &str) = ("argoproj.io", "v1alpha1");
const CORE: (&str, &str) = ("", "v1");
const RBAC: (&str, &str) = ("rbac.authorization.k8s.io", "v1");

/// Kind, group and version, plural.
type Kind = (&'static str, (&'static str, &'static str), &'static str);

/// Kinds of objects that lie in a namespace.
const NAMESPACED: [Kind; 15] = [
    ("ArtifactType", ARC, "artifacttypes"),
    ("ArtifactWorkflow", ARC, "artifactworkflows"),
    ("ConfigMap", CORE, "configmaps"),
    ("CronWorkflow", ARGO, "cronworkflows"),
    ("Endpoint", ARC, "endpoints"),
    ("Event", ("events.k8s.io", "v1"), "events"),
    ("Order", ARC, "orders"),
    ("PersistentVolumeClaim", CORE, "persistentvolumeclaims"),
    ("Pod", CORE, "pods"),
    ("Role", RBAC, "roles"),
    ("RoleBinding", RBAC, "rolebindings"),
    ("Secret", CORE, "secrets"),
    ("ServiceAccount", CORE, "serviceaccounts"),
    ("Workflow", ARGO, "workflows"),
    ("WorkflowTemplate", ARGO, "workflowtemplates"),
];

/// Kinds of objects that the whole cluster shares.
const SHARED: [Kind; 2] = [
    ("ClusterArtifactType", ARC, "clusterartifacttypes"),
    ("ClusterWorkflowTemplate", ARGO, "clusterworkflowtemplates"),
];

/// The kinds of a [`Snapshot`](crate::snapshot::Snapshot).
pub(super) const OBSERVED: [&str; 8] = [
    "ArtifactWorkflow",
    "CronWorkflow",
    "Endpoint",
    "Event",
    "Order",
    "PersistentVolumeClaim",
    "Pod",
    "Workflow",
];

/// The kinds that have schedules.
pub(super) const SCHEDULED: [&str; 2] = ["ArtifactWorkflow", "Order"];

/// Whether the whole cluster shares the objects of `kind`.
pub(super) fn is_shared(kind: &str) -> bool {
    SHARED.iter().any(|(shared, ..)| *shared == kind)
}

/// What the API calls `kind`.
///
/// # Errors
/// Scenarios know no such kind.
pub(super) fn resource(kind: &str) -> Result<ApiResource> {
    let mut kinds = NAMESPACED.iter().chain(&SHARED);
    let found = kinds.find(|(known, ..)| *known == kind);
    let (kind, (group, version), plural) = found.with_context(|| format!("unknown kind {kind}"))?;
    let gvk = GroupVersionKind::gvk(group, version, kind);
    Ok(ApiResource::from_gvk_with_plural(&gvk, plural))
}

/// How objects of `kind` are reached, those of `namespace` where it has them.
///
/// # Errors
/// As [`resource`].
pub(super) fn api(client: &Client, namespace: &str, kind: &str) -> Result<Api<DynamicObject>> {
    let resource = resource(kind)?;
    Ok(if is_shared(kind) {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), namespace, &resource)
    })
}
