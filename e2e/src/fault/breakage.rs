//! What breaks.

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::json;

use super::point::pods;
use crate::apply::has_condition;
use crate::cluster::{ARGO, ARGO_CONTROLLER, Cluster, OPERATOR, OPERATOR_NAME};
use crate::wait::{self, Limit};

/// Kills the operator where it stands, and its pod with it, so that the next one starts at once; waits for that.
///
/// # Errors
/// There is no operator, or none follows.
pub(super) async fn kill_operator(cluster: &Cluster) -> Result<()> {
    let pod = operator(cluster, None).await?;
    let container = pod.data["status"]["containerStatuses"][0]["containerID"].as_str();
    let container = container.and_then(|id| id.strip_prefix("containerd://"));
    let container = container.context("the operator runs in containerd")?;
    cluster.node.kill(container).await?;
    let of_operator: Api<Pod> = Api::namespaced(cluster.client.clone(), OPERATOR);
    let at_once = DeleteParams::default().grace_period(0);
    of_operator.delete(&pod.name_any(), &at_once).await?;
    operator(cluster, Some(&pod.name_any())).await?;
    Ok(())
}

/// The pod of the operator that is ready, and is not `other`.
async fn operator(cluster: &Cluster, other: Option<&str>) -> Result<DynamicObject> {
    let pods = pods(&cluster.client, OPERATOR);
    let is_it = |pod: &DynamicObject| {
        let name = pod.name_any();
        name.starts_with(OPERATOR_NAME)
            && Some(name.as_str()) != other
            && has_condition(pod, "Ready")
    };
    wait::until_any(&pods, "an operator is Ready", Limit::STARTUP, is_it).await
}

/// Stops Argo's controller, and waits until it is gone.
///
/// # Errors
/// It stays.
pub(super) async fn stop_argo(cluster: &Cluster) -> Result<()> {
    scale_argo(cluster, 0).await?;
    let pods = pods(&cluster.client, ARGO);
    let is_it = |pod: &DynamicObject| pod.name_any().starts_with(ARGO_CONTROLLER);
    wait::until_none(&pods, "Argo's controller is gone", Limit::STARTUP, is_it).await
}

/// Starts Argo's controller.
///
/// # Errors
/// The API refuses.
pub(super) async fn start_argo(cluster: &Cluster) -> Result<()> {
    scale_argo(cluster, 1).await
}

async fn scale_argo(cluster: &Cluster, n_replicas: u8) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), ARGO);
    let scale = Patch::Merge(json!({"spec": {"replicas": n_replicas}}));
    let params = PatchParams::default();
    deployments
        .patch_scale(ARGO_CONTROLLER, &params, &scale)
        .await
        .context("scale Argo's controller")?;
    Ok(())
}
