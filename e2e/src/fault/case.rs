//! An Order during which something breaks.

use anyhow::{Result, ensure};
use kube::api::DeleteParams;

use super::breakage::{kill_operator, start_argo, stop_argo};
use super::census::Census;
use super::point::{Point, pods};
use crate::apply::apply;
use crate::cluster::{Cluster, namespace};
use crate::order;
use crate::wait::{self, Limit};

/// The manifests; the Order comes last.
const EXAMPLE: &str = include_str!("example.yaml");
const ORDER: &str = "files";
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
}

/// Every case.
pub const CASES: [Case; 12] = {
    const fn case(name: &'static str, fault: Fault) -> Case {
        Case { name, fault }
    }
    use Fault::{ArgoAwayBetween, ArgoAwayUntil, OperatorKilled, OperatorKilledAtDeletion};
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
    ]
};

impl Case {
    /// Runs the Order in a namespace of its own, breaks what is to break, and checks that nothing was lost and nothing was
    /// done twice.
    ///
    /// # Errors
    /// Something was.
    pub async fn run(&self, cluster: &Cluster) -> Result<()> {
        let client = &cluster.client;
        apply(client, self.name, vec![namespace(self.name)]).await?;
        let mut manifests = arc_fixtures::documents(EXAMPLE)?;
        let order = manifests.split_off(manifests.len() - 1);
        apply(client, self.name, manifests).await?;
        let children = Census::of(order::artifact_workflows(client, self.name)).await?;
        let runs = Census::of(order::workflows(client, self.name)).await?;
        let pods = Census::of(pods(client, self.name)).await?;
        match self.fault {
            Fault::OperatorKilled(point) => {
                apply(client, self.name, order).await?;
                point.reached(client, self.name).await?;
                kill_operator(cluster).await?;
            }
            Fault::OperatorKilledAtDeletion => {
                apply(client, self.name, order).await?;
                Point::RunIsUnderWay.reached(client, self.name).await?;
                return self.delete(cluster).await;
            }
            Fault::ArgoAwayUntil(point) => {
                stop_argo(cluster).await?;
                apply(client, self.name, order).await?;
                point.reached(client, self.name).await?;
                start_argo(cluster).await?;
            }
            Fault::ArgoAwayBetween(first, second) => {
                apply(client, self.name, order).await?;
                first.reached(client, self.name).await?;
                stop_argo(cluster).await?;
                second.reached(client, self.name).await?;
                start_argo(cluster).await?;
            }
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
        Ok(())
    }

    /// Deletes the Order, kills the operator at once, and checks that nothing is left.
    async fn delete(&self, cluster: &Cluster) -> Result<()> {
        let client = &cluster.client;
        let orders = order::orders(client, self.name);
        orders.delete(ORDER, &DeleteParams::default()).await?;
        kill_operator(cluster).await?;
        let kinds = [
            ("no Order is left", orders),
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
