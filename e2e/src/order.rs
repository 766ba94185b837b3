//! An Order of the cluster, followed to its end.

use anyhow::{Context, Result};
use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::core::ApiResource;
use kube::core::gvk::GroupVersionKind;

use crate::wait::{self, Limit};

/// The kinds that an Order leads to, and their groups.
const ARC: &str = "arc.opendefense.cloud";
const ARGO: &str = "argoproj.io";

/// How an artifact of an Order went.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The ArtifactWorkflow, and its Workflow.
    pub run: String,
    /// The phase.
    pub phase: String,
    /// What is said of it.
    pub message: String,
}

/// The Orders of a namespace.
#[must_use]
pub fn orders(client: &Client, namespace: &str) -> Api<DynamicObject> {
    of_kind(client, namespace, ARC, "Order")
}

/// The ArtifactWorkflows of a namespace.
#[must_use]
pub fn artifact_workflows(client: &Client, namespace: &str) -> Api<DynamicObject> {
    of_kind(client, namespace, ARC, "ArtifactWorkflow")
}

/// The Workflows of a namespace.
#[must_use]
pub fn workflows(client: &Client, namespace: &str) -> Api<DynamicObject> {
    of_kind(client, namespace, ARGO, "Workflow")
}

fn of_kind(client: &Client, namespace: &str, group: &str, kind: &str) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1alpha1", kind));
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// The Order `name`, once it has ended.
///
/// # Errors
/// It does not in time.
pub async fn ended(client: &Client, namespace: &str, name: &str) -> Result<DynamicObject> {
    let orders = orders(client, namespace);
    let is_over = |order: &DynamicObject| {
        let phase = order.data["status"]["phase"].as_str();
        matches!(phase, Some("Succeeded" | "Failed" | "Error"))
    };
    wait::until(&orders, name, ("the Order has ended", Limit::RUN), is_over).await
}

/// What `order` says of its artifacts, in their order.
///
/// # Errors
/// It says less than it must.
pub fn entries(order: &DynamicObject) -> Result<Vec<Entry>> {
    let name = order.metadata.name.as_deref().context("it has a name")?;
    let told = order.data["status"]["artifactWorkflows"].as_object();
    let told = told.context("the Order says nothing of its artifacts")?;
    let mut entries = Vec::new();
    for (hash, entry) in told {
        let index = entry["artifactIndex"].as_u64().context("artifactIndex")?;
        let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let entry = Entry {
            run: format!("{name}-{hash}"),
            phase: text("phase"),
            message: text("message"),
        };
        entries.push((index, entry));
    }
    entries.sort_by_key(|(index, _)| *index);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}
