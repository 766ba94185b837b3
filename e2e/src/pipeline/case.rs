//! An Order of an example: submitted, followed to its end, and checked.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::arrival::Arrival;
use super::example::Example;
use crate::apply::apply;
use crate::cluster::{Cluster, namespace};
use crate::order::{self, Entry};
use crate::outside::Outside;

/// What an Order asks for, and how it ends.
#[derive(Clone, Debug)]
pub struct Case {
    /// The namespace that it runs in, and the Order.
    pub name: &'static str,
    pub(super) example: Example,
    pub(super) artifacts: Vec<Artifact>,
    /// The final phase of the Order.
    pub(super) phase: &'static str,
    /// The password that the Order has for the registries.
    pub(super) password: &'static str,
    /// An object that S3 holds before, and the file of the parts that it is.
    pub(super) stored: Option<(&'static str, &'static str)>,
}

/// An artifact of an Order, and what becomes of it.
#[derive(Clone, Debug)]
pub(super) struct Artifact {
    /// The Endpoint that it comes from.
    pub(super) src: &'static str,
    pub(super) spec: Value,
    /// The steps that must have ended so: display name and phase.
    pub(super) steps: &'static [(&'static str, &'static str)],
    /// What the Order says of it, among other things.
    pub(super) message: &'static str,
    /// What is to be seen at the destination.
    pub(super) arrival: Arrival,
}

impl Case {
    /// Runs the Order in a namespace of its own and checks how it ended.
    ///
    /// # Errors
    /// It ends otherwise, or not in time.
    pub async fn run(&self, cluster: &Cluster) -> Result<()> {
        let client = &cluster.client;
        apply(client, self.name, vec![namespace(self.name)]).await?;
        let manifests = self
            .example
            .manifests(&cluster.parts.tools, self.password)?;
        apply(client, self.name, manifests).await?;
        let outside = Outside::of(cluster, self.name)?;
        if self.example == Example::Oci {
            // The key that signs, as the README of the example tells.
            outside
                .run("cosign", &["generate-key-pair", &self.key()])
                .await?;
        }
        if let Some((object, file)) = self.stored {
            outside.store(object, file).await?;
        }
        apply(client, self.name, vec![self.order()]).await?;
        let order = order::ended(client, self.name, self.name).await?;
        let status = &order.data["status"];
        ensure!(status["phase"] == self.phase, "the Order says {status}");
        let entries = order::entries(&order)?;
        ensure!(
            entries.len() == self.artifacts.len(),
            "the Order says {status}"
        );
        for (artifact, entry) in self.artifacts.iter().zip(&entries) {
            ensure!(
                entry.message.contains(artifact.message),
                "the Order does not say {:?}: {status}",
                artifact.message
            );
            self.check_steps(cluster, artifact, entry).await?;
            artifact.arrival.check(&outside, &self.key()).await?;
        }
        Ok(())
    }

    async fn check_steps(
        &self,
        cluster: &Cluster,
        artifact: &Artifact,
        entry: &Entry,
    ) -> Result<()> {
        let workflows = order::workflows(&cluster.client, self.name);
        let workflow = workflows.get(&entry.run).await?;
        let nodes = workflow.data["status"]["nodes"].as_object();
        let nodes: Vec<&Value> = nodes.into_iter().flat_map(|nodes| nodes.values()).collect();
        for (name, phase) in artifact.steps {
            let is_as_expected =
                |node: &&Value| node["displayName"] == *name && node["phase"] == *phase;
            ensure!(nodes.iter().any(is_as_expected), "{name} is not {phase}");
        }
        Ok(())
    }

    /// The key of this namespace, as cosign names it.
    fn key(&self) -> String {
        format!("k8s://{}/cosign-key", self.name)
    }

    fn order(&self) -> Value {
        let artifact = |artifact: &Artifact| {
            json!({
                "type": self.example.name(),
                "srcRef": {"name": artifact.src},
                "spec": artifact.spec,
            })
        };
        let artifacts: Vec<_> = self.artifacts.iter().map(artifact).collect();
        json!({
            "apiVersion": "arc.opendefense.cloud/v1alpha1",
            "kind": "Order",
            "metadata": {"name": self.name},
            "spec": {
                "defaults": {"dstRef": {"name": self.example.destination()}},
                "artifacts": artifacts,
            },
        })
    }
}
