//! What breaks.

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::ApiResource;
use serde_json::json;

use super::point::pods;
use crate::apply::has_condition;
use crate::argo;
use crate::cluster::{ARGO, Cluster, OPERATOR, OPERATOR_NAME};
use crate::wait::{self, Limit};

/// Of the operator that leads. Source: spec/arc.md §10.4.
const LEASE: &str = "arc.opendefense.cloud";

/// Kills the operator where it stands, and its pod and Lease with it, so that the next one starts at once; waits for that.
///
/// # Errors
/// There is no operator, or none follows.
pub(super) async fn kill_operator(cluster: &Cluster) -> Result<()> {
    let pod = operator(cluster, None).await?;
    kill(cluster, &pod).await?;
    let name = pod.name_any();
    let at_once = DeleteParams::default().grace_period(0);
    operators(cluster).delete(&name, &at_once).await?;
    let params = DeleteParams::default();
    let deleted = leases(cluster).delete(LEASE, &params).await;
    deleted.context("delete the Lease of the dead")?;
    operator(cluster, Some(&name)).await?;
    Ok(())
}

/// An operator that leads: a process, since a pod that is killed has another one at once.
pub(super) struct Leader {
    identity: String,
}

impl Leader {
    /// The one that holds the Lease; none if it was given back.
    fn of(lease: &DynamicObject) -> Option<Self> {
        let identity = lease.data["spec"]["holderIdentity"].as_str()?;
        (!identity.is_empty()).then(|| Self {
            identity: identity.to_owned(),
        })
    }

    /// Its pod, whose name has no underscore; what follows one is chance.
    fn pod(&self) -> &str {
        let pod = self.identity.split_once('_');
        pod.map_or(&self.identity, |(pod, _)| pod)
    }
}

/// Lets a second operator stand by, and gives the one that leads.
///
/// # Errors
/// It does not start, or none leads.
pub(super) async fn add_operator(cluster: &Cluster) -> Result<Leader> {
    scale(cluster, OPERATOR, OPERATOR_NAME, 2).await?;
    let leader = leader(cluster, None).await?;
    operator(cluster, Some(leader.pod())).await?;
    Ok(leader)
}

/// Kills the operator that leads where it stands, and waits until another one leads.
///
/// # Errors
/// None follows.
pub(super) async fn kill_leader(cluster: &Cluster, killed: &Leader) -> Result<()> {
    let pod = operators(cluster).get(killed.pod()).await?;
    kill(cluster, &pod).await?;
    leader(cluster, Some(killed)).await.map(drop)
}

/// Tells the operator that leads to stop, and waits until another one leads.
///
/// # Errors
/// None follows.
pub(super) async fn stop_leader(cluster: &Cluster, stopped: &Leader) -> Result<()> {
    let params = DeleteParams::default();
    operators(cluster).delete(stopped.pod(), &params).await?;
    leader(cluster, Some(stopped)).await.map(drop)
}

/// Leaves one operator.
///
/// # Errors
/// The others stay.
pub(super) async fn remove_operator(cluster: &Cluster) -> Result<()> {
    scale(cluster, OPERATOR, OPERATOR_NAME, 1).await?;
    let is_one = |pods: &wait::Objects| {
        let n_operators = pods.values().filter(|pod| is_operator(pod)).count();
        (n_operators == 1).then_some(())
    };
    let what = "there is one operator";
    wait::for_objects(&operators(cluster), what, Limit::STARTUP, is_one).await
}

/// Another password for the destination of the example.
///
/// # Errors
/// The API refuses.
pub(super) async fn rotate_secret(cluster: &Cluster, namespace: &str) -> Result<()> {
    let secrets: Api<Secret> = Api::namespaced(cluster.client.clone(), namespace);
    let rotated = Patch::Merge(json!({"stringData": {"password": "second"}}));
    secrets
        .patch("s3", &PatchParams::default(), &rotated)
        .await
        .context("rotate the Secret")?;
    Ok(())
}

async fn kill(cluster: &Cluster, pod: &DynamicObject) -> Result<()> {
    let container = pod.data["status"]["containerStatuses"][0]["containerID"].as_str();
    let container = container.and_then(|id| id.strip_prefix("containerd://"));
    let container = container.context("the operator runs in containerd")?;
    cluster.node.kill(container).await
}

/// The pod of the operator that is ready, and is not `other`.
async fn operator(cluster: &Cluster, other: Option<&str>) -> Result<DynamicObject> {
    let is_it = |pod: &DynamicObject| {
        is_operator(pod) && Some(pod.name_any().as_str()) != other && has_condition(pod, "Ready")
    };
    let what = "an operator is Ready";
    wait::until_any(&operators(cluster), what, Limit::STARTUP, is_it).await
}

/// The operator that leads, and is not `other`.
async fn leader(cluster: &Cluster, other: Option<&Leader>) -> Result<Leader> {
    let other = other.map(|other| other.identity.as_str());
    let leader = |leases: &wait::Objects| {
        let leader = Leader::of(leases.get(LEASE)?)?;
        (Some(leader.identity.as_str()) != other).then_some(leader)
    };
    let what = "another operator leads";
    wait::for_objects(&leases(cluster), what, Limit::STARTUP, leader).await
}

fn operators(cluster: &Cluster) -> Api<DynamicObject> {
    pods(&cluster.client, OPERATOR)
}

fn is_operator(pod: &DynamicObject) -> bool {
    pod.name_any().starts_with(OPERATOR_NAME)
}

fn leases(cluster: &Cluster) -> Api<DynamicObject> {
    let resource = ApiResource::erase::<Lease>(&());
    Api::namespaced_with(cluster.client.clone(), OPERATOR, &resource)
}

/// Stops Argo's controller, and waits until it is gone.
///
/// # Errors
/// It stays.
pub(super) async fn stop_argo(cluster: &Cluster) -> Result<()> {
    scale(cluster, ARGO, argo::CONTROLLER, 0).await?;
    let pods = pods(&cluster.client, ARGO);
    let is_it = |pod: &DynamicObject| pod.name_any().starts_with(argo::CONTROLLER);
    wait::until_none(&pods, "Argo's controller is gone", Limit::STARTUP, is_it).await
}

/// Starts Argo's controller.
///
/// # Errors
/// The API refuses.
pub(super) async fn start_argo(cluster: &Cluster) -> Result<()> {
    scale(cluster, ARGO, argo::CONTROLLER, 1).await
}

async fn scale(cluster: &Cluster, namespace: &str, name: &str, n_replicas: u8) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), namespace);
    let scale = Patch::Merge(json!({"spec": {"replicas": n_replicas}}));
    deployments
        .patch_scale(name, &PatchParams::default(), &scale)
        .await
        .with_context(|| format!("scale {name}"))?;
    Ok(())
}
