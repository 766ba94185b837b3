//! How far an Order has come.

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::core::ApiResource;

use crate::order;
use crate::wait::{self, Limit};

/// Something that becomes true in this sequence, and stays so; but for an image that is refused, which need not come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Point {
    OrderExists,
    OrderIsGuarded,
    ChildExists,
    ChildIsUnderWay,
    RunExists,
    RunIsUnderWay,
    ImageIsRefused,
    StepHasEnded,
    RunHasEnded,
    ChildHasEnded,
}

impl Point {
    /// Waits for it.
    ///
    /// # Errors
    /// It does not come.
    pub(super) async fn reached(self, client: &Client, namespace: &str) -> Result<()> {
        type Condition = fn(&DynamicObject) -> bool;
        let orders = || order::orders(client, namespace);
        let children = || order::artifact_workflows(client, namespace);
        let runs = || order::workflows(client, namespace);
        let (objects, what, condition): (Api<DynamicObject>, &str, Condition) = match self {
            Self::OrderExists => (orders(), "the Order exists", |_| true),
            Self::OrderIsGuarded => (orders(), "the Order has a finalizer", |order| {
                order.metadata.finalizers.is_some()
            }),
            Self::ChildExists => (children(), "there is an ArtifactWorkflow", |_| true),
            Self::ChildIsUnderWay => (children(), "an ArtifactWorkflow is under way", has_phase),
            Self::RunExists => (runs(), "there is a Workflow", |_| true),
            Self::RunIsUnderWay => (runs(), "a Workflow is under way", has_phase),
            Self::ImageIsRefused => (
                pods(client, namespace),
                "an image finds no space",
                has_no_space,
            ),
            Self::StepHasEnded => (pods(client, namespace), "a pod has ended", |pod| {
                is_in(pod, "Succeeded")
            }),
            Self::RunHasEnded => (runs(), "a Workflow has ended", |run| {
                is_in(run, "Succeeded")
            }),
            Self::ChildHasEnded => (children(), "an ArtifactWorkflow has ended", |child| {
                is_in(child, "Succeeded")
            }),
        };
        wait::until_any(&objects, what, Limit::RUN, condition)
            .await
            .map(drop)
    }
}

/// The pods of a namespace.
pub(super) fn pods(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<Pod>(&()))
}

/// It stays true, so that nobody comes too late to see it.
fn has_phase(object: &DynamicObject) -> bool {
    let phase = object.data["status"]["phase"].as_str();
    phase.is_some_and(|phase| !phase.is_empty())
}

/// Whether an image could not be pulled for want of space, as the kubelet tells.
fn has_no_space(pod: &DynamicObject) -> bool {
    let containers = ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|statuses| pod.data["status"][statuses].as_array())
        .flatten();
    let mut messages =
        containers.filter_map(|container| container["state"]["waiting"]["message"].as_str());
    messages.any(|message| message.contains("no space left on device"))
}

fn is_in(object: &DynamicObject, phase: &str) -> bool {
    object.data["status"]["phase"] == phase
}
