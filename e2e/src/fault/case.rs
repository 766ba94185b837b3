//! An Order during which something breaks.

use anyhow::{Context, Result, ensure};
use kube::Client;
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};

use super::breakage::{
    add_operator, kill_leader, kill_operator, remove_operator, rotate_secret, start_argo,
    stop_argo, stop_leader,
};
use super::census::Census;
use super::point::{Point, pods};
use crate::apply::apply;
use crate::cluster::{Cluster, namespace};
use crate::order;
use crate::wait::{self, Limit};

/// The manifests; the Order comes last.
const EXAMPLE: &str = include_str!("example.yaml");
const ORDER: &str = "files";
/// Nothing else that runs on the node needs it.
const ABSENT_IMAGE: &str = "ghcr.io/oras-project/oras:v1.2.3";
const N_ARTIFACTS: usize = 2;
const N_PODS: usize = 4;

/// An Order during which something breaks, and which ends as if nothing had.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The namespace that it runs in.
    pub name: &'static str,
    fault: Fault,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The operator is killed at this point.
    OperatorKilled(Point),
    /// The operator is killed when a running Order is deleted.
    OperatorKilledAtDeletion,
    /// Argo's controller is away from before the Order until this point.
    ArgoAwayUntil(Point),
    /// Argo's controller goes at the first point and comes back at the second.
    ArgoAwayBetween(Point, Point),
    /// Of two operators, the one that leads is killed at this point.
    LeaderKilled(Point),
    /// Of two operators, the one that leads is told to stop at this point.
    LeaderStopped(Point),
    /// The API server is killed while every run is at work, and starts again.
    ApiServerKilled,
    /// The password of the destination changes at this point, before the second steps begin.
    SecretRotated(Point),
    /// The node has no space for the image of the steps until one of them could not be pulled.
    NoSpaceForImages,
}

/// Every case.
pub const CASES: [Case; 17] = {
    const fn case(name: &'static str, fault: Fault) -> Case {
        Case { name, fault }
    }
    use Fault::{
        ApiServerKilled, ArgoAwayBetween, ArgoAwayUntil, LeaderKilled, LeaderStopped,
        NoSpaceForImages, OperatorKilled, OperatorKilledAtDeletion, SecretRotated,
    };
    use Point::{
        ChildExists, ChildHasEnded, ChildIsUnderWay, OrderExists, OrderIsGuarded, RunExists,
        RunHasEnded, RunIsUnderWay, StepHasEnded,
    };
    [
        case("operator-order-exists", OperatorKilled(OrderExists)),
        case("operator-order-is-guarded", OperatorKilled(OrderIsGuarded)),
        case("operator-child-exists", OperatorKilled(ChildExists)),
        case(
            "operator-child-is-under-way",
            OperatorKilled(ChildIsUnderWay),
        ),
        case("operator-run-exists", OperatorKilled(RunExists)),
        case("operator-run-is-under-way", OperatorKilled(RunIsUnderWay)),
        case("operator-step-has-ended", OperatorKilled(StepHasEnded)),
        case("operator-run-has-ended", OperatorKilled(RunHasEnded)),
        case("operator-child-has-ended", OperatorKilled(ChildHasEnded)),
        case("operator-deletion", OperatorKilledAtDeletion),
        case("argo-before-the-order", ArgoAwayUntil(ChildIsUnderWay)),
        case("argo-midway", ArgoAwayBetween(RunIsUnderWay, StepHasEnded)),
        case("leader-killed", LeaderKilled(RunIsUnderWay)),
        case("leader-stopped", LeaderStopped(OrderIsGuarded)),
        case("api-server-killed", ApiServerKilled),
        case("secret-rotated", SecretRotated(RunIsUnderWay)),
        case("no-space-for-images", NoSpaceForImages),
    ]
};

impl Case {
    /// Whether nothing but the operator breaks, so that whatever else runs on the node goes on.
    #[must_use]
    pub fn spares_the_node(&self) -> bool {
        matches!(
            self.fault,
            Fault::OperatorKilled(_) | Fault::OperatorKilledAtDeletion
        )
    }

    /// Whether this cluster can be broken so.
    pub async fn is_possible(&self, cluster: &Cluster) -> bool {
        !matches!(self.fault, Fault::ApiServerKilled) || cluster.node.has_api_server().await
    }

    /// Runs the Order in a namespace of its own, breaks what is to break, and checks that nothing was lost and nothing was
    /// done twice.
    ///
    /// # Errors
    /// Something was.
    pub async fn run(&self, cluster: &Cluster) -> Result<()> {
        let client = &cluster.client;
        apply(client, self.name, vec![namespace(self.name)]).await?;
        let mut manifests = arc_fixtures::documents(EXAMPLE)?;
        if matches!(self.fault, Fault::NoSpaceForImages) {
            manifests.iter_mut().for_each(pull);
        }
        if matches!(self.fault, Fault::ApiServerKilled) {
            manifests.iter_mut().for_each(work_longer);
        }
        let order = manifests.split_off(manifests.len() - 1);
        apply(client, self.name, manifests).await?;
        let children = Census::of(order::artifact_workflows(client, self.name)).await?;
        let runs = Census::of(order::workflows(client, self.name)).await?;
        let pods = Census::of(pods(client, self.name)).await?;
        self.order_and_break(cluster, order).await?;
        if matches!(self.fault, Fault::OperatorKilledAtDeletion) {
            return self.check_nothing_is_left(cluster).await;
        }
        self.check_end(cluster).await?;
        let counted = [
            children.count().await?,
            runs.count().await?,
            pods.count().await?,
        ];
        ensure!(
            counted == [N_ARTIFACTS, N_ARTIFACTS, N_PODS],
            "ArtifactWorkflows, Workflows and pods that were made: {counted:?}"
        );
        Ok(())
    }

    /// Orders, breaks what is to break, and mends what does not mend itself.
    async fn order_and_break(&self, cluster: &Cluster, order: Vec<Value>) -> Result<()> {
        let client = &cluster.client;
        let order = || apply(client, self.name, order.clone());
        let reached = |point: Point| point.reached(client, self.name);
        match self.fault {
            Fault::OperatorKilled(point) => {
                order().await?;
                reached(point).await?;
                kill_operator(cluster).await
            }
            Fault::OperatorKilledAtDeletion => {
                order().await?;
                reached(Point::RunIsUnderWay).await?;
                let orders = order::orders(client, self.name);
                orders.delete(ORDER, &DeleteParams::default()).await?;
                kill_operator(cluster).await
            }
            Fault::ArgoAwayUntil(point) => {
                stop_argo(cluster).await?;
                order().await?;
                reached(point).await?;
                start_argo(cluster).await
            }
            Fault::ArgoAwayBetween(first, second) => {
                order().await?;
                reached(first).await?;
                stop_argo(cluster).await?;
                reached(second).await?;
                start_argo(cluster).await
            }
            Fault::LeaderKilled(point) => {
                let leader = add_operator(cluster).await?;
                order().await?;
                reached(point).await?;
                kill_leader(cluster, &leader).await?;
                remove_operator(cluster).await
            }
            Fault::LeaderStopped(point) => {
                let leader = add_operator(cluster).await?;
                order().await?;
                reached(point).await?;
                stop_leader(cluster, &leader).await?;
                remove_operator(cluster).await
            }
            Fault::ApiServerKilled => {
                order().await?;
                every_run_works(client, self.name).await?;
                cluster.node.kill_api_server().await
            }
            Fault::SecretRotated(point) => {
                order().await?;
                reached(point).await?;
                rotate_secret(cluster, self.name).await
            }
            Fault::NoSpaceForImages => {
                cluster.node.fill_image_space().await?;
                let refused = async {
                    order().await?;
                    reached(Point::ImageIsRefused).await
                };
                let refused = refused.await;
                cluster.node.free_image_space().await?;
                refused
            }
        }
    }

    /// That every artifact succeeded.
    async fn check_end(&self, cluster: &Cluster) -> Result<()> {
        let order = order::ended(&cluster.client, self.name, ORDER).await?;
        let entries = order::entries(&order)?;
        let have_succeeded = entries.iter().all(|entry| entry.phase == "Succeeded");
        ensure!(
            have_succeeded && entries.len() == N_ARTIFACTS,
            "the Order says {}",
            order.data["status"]
        );
        if matches!(self.fault, Fault::SecretRotated(_)) {
            self.check_passwords(cluster).await?;
        }
        Ok(())
    }

    /// That every second step had the password that is good now.
    async fn check_passwords(&self, cluster: &Cluster) -> Result<()> {
        let runs = order::workflows(&cluster.client, self.name);
        for run in runs.list(&ListParams::default()).await?.items {
            let nodes = run.data["status"]["nodes"].as_object();
            let mut nodes = nodes.into_iter().flat_map(|nodes| nodes.values());
            let stored = nodes.find(|node| node["displayName"] == "store");
            let stored = stored.context("a run has no second step")?;
            let password = &stored["outputs"]["parameters"][0]["value"];
            ensure!(password == "second", "a second step had {password}");
        }
        Ok(())
    }

    async fn check_nothing_is_left(&self, cluster: &Cluster) -> Result<()> {
        let client = &cluster.client;
        let kinds = [
            ("no Order is left", order::orders(client, self.name)),
            (
                "no ArtifactWorkflow is left",
                order::artifact_workflows(client, self.name),
            ),
            ("no Workflow is left", order::workflows(client, self.name)),
            ("no pod is left", pods(client, self.name)),
        ];
        for (what, objects) in kinds {
            wait::until_none(&objects, what, Limit::RUN, |_| true).await?;
        }
        Ok(())
    }
}

/// Waits until each run has a pod at work.
async fn every_run_works(client: &Client, namespace: &str) -> Result<()> {
    let all_work = |pods: &wait::Objects| {
        let at_work = pods
            .values()
            .filter(|pod| pod.data["status"]["phase"] == "Running");
        (at_work.count() == N_ARTIFACTS).then_some(())
    };
    let pods = pods(client, namespace);
    wait::for_objects(&pods, "every run has a pod at work", Limit::RUN, all_work).await
}

/// The templates of a WorkflowTemplate.
fn templates(manifest: &mut Value) -> impl Iterator<Item = &mut Value> {
    let templates = manifest.pointer_mut("/spec/templates");
    templates
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// Lets the steps of the template run an image that the node has not got.
fn pull(manifest: &mut Value) {
    for template in templates(manifest).filter(|template| template["script"].is_object()) {
        *template = json!({
            "name": template["name"],
            "container": {"image": ABSENT_IMAGE, "command": ["oras", "version"]},
        });
    }
}

/// Lets the first steps outlast an API server that starts: before it has read all roles it forbids whatever it is asked, and
/// Argo and its executor take that for a verdict.
fn work_longer(manifest: &mut Value) {
    for template in templates(manifest) {
        if let Some(source) = template["script"]["source"].as_str() {
            template["script"]["source"] = source.replace("sleep 3", "sleep 15").into();
        }
    }
}
