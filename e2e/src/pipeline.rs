//! The documented OCI example with real tools: its template, unchanged, between two registries of the cluster.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use kube::api::{Api, DynamicObject};
use kube::core::ApiResource;
use kube::core::gvk::GroupVersionKind;
use serde_json::{Value, json};

use crate::apply::apply;
use crate::cluster::{Cluster, namespace};
use crate::outside::Outside;
use crate::wait::{self, Limit};

/// The registries of the cluster. Source: the services of `ARC_E2E_TOOLS_MANIFEST`.
const SOURCE: &str = "source.arc-e2e.svc.cluster.local";
const DESTINATION: &str = "destination.arc-e2e.svc.cluster.local";

/// Of the registries.
const PASSWORD: &str = "admin";

/// What an Order asks for, and how it ends.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The namespace that it runs in.
    pub name: &'static str,
    /// In the source registry.
    pub repository: &'static str,
    /// A tag, or a constraint on versions.
    pub tag: &'static str,
    /// The final phase of the Order.
    pub phase: &'static str,
    /// The steps that must have ended so: display name and phase.
    pub steps: &'static [(&'static str, &'static str)],
    /// The password that the Order has for the destination.
    pub password: &'static str,
    /// What the Order says of its artifact, somewhere.
    pub message: &'static str,
    /// Repository and tag of what the destination then holds, signed and with its scan attested.
    pub moved: Option<&'static str>,
}

/// Every case; each builds on what the ones before it moved.
pub const CASES: [Case; 4] = [
    Case {
        name: "oci-moves",
        repository: "library/sample",
        tag: ">3.18.0 < 3.19.0",
        phase: "Succeeded",
        steps: &[
            ("retrieve-tags", "Succeeded"),
            ("push-image", "Succeeded"),
            ("sign-image", "Succeeded"),
        ],
        password: PASSWORD,
        message: "",
        moved: Some("library/sample:3.18.4"),
    },
    Case {
        name: "oci-again",
        repository: "library/sample",
        tag: ">3.18.0 < 3.19.0",
        phase: "Succeeded",
        steps: &[("pull-image", "Skipped"), ("push-image", "Skipped")],
        password: PASSWORD,
        message: "",
        moved: None,
    },
    Case {
        name: "oci-vulnerable",
        repository: "library/vulnerable",
        tag: "1.0",
        phase: "Failed",
        steps: &[("scan-image", "Failed")],
        password: PASSWORD,
        message: "pkg:deb",
        moved: None,
    },
    Case {
        name: "oci-denied",
        repository: "library/sample",
        tag: "3.18.4",
        phase: "Failed",
        steps: &[("authenticate-registries", "Failed")],
        password: "wrong",
        message: "authenticate-registries",
        moved: None,
    },
];

impl Case {
    /// Runs the Order in a namespace of its own and checks how it ended.
    ///
    /// # Errors
    /// It ends otherwise, or not in time.
    pub async fn run(&self, cluster: &Cluster) -> Result<()> {
        let client = &cluster.client;
        apply(client, self.name, vec![namespace(self.name)]).await?;
        apply(client, self.name, self.manifests(cluster)?).await?;
        self.make_key(cluster).await?;
        let order = self.order();
        apply(client, self.name, vec![order]).await?;
        let orders = self.api(cluster, "arc.opendefense.cloud", "Order");
        let is_over = |order: &DynamicObject| {
            let phase = order.data["status"]["phase"].as_str();
            matches!(phase, Some("Succeeded" | "Failed" | "Error"))
        };
        let what = ("the Order has ended", Limit::RUN);
        let order = wait::until(&orders, self.name, what, is_over).await?;
        let phase = &order.data["status"]["phase"];
        ensure!(
            *phase == self.phase,
            "the Order is {phase}: {}",
            order.data["status"]
        );
        self.check_message(&order)?;
        self.check_steps(cluster).await?;
        match self.moved {
            Some(reference) => self.check_moved(cluster, reference).await,
            None => Ok(()),
        }
    }

    fn check_message(&self, order: &DynamicObject) -> Result<()> {
        let entries = order.data["status"]["artifactWorkflows"].as_object();
        let mut entries = entries.into_iter().flat_map(|entries| entries.values());
        let is_said = |entry: &Value| {
            let message = entry["message"].as_str().unwrap_or_default();
            message.contains(self.message)
        };
        let status = &order.data["status"];
        ensure!(
            entries.any(is_said),
            "the Order does not say {:?}: {status}",
            self.message
        );
        Ok(())
    }

    /// That the destination holds what the source does, signed and attested by the key of this namespace.
    async fn check_moved(&self, cluster: &Cluster, reference: &str) -> Result<()> {
        let outside = Outside::of(cluster, self.name)?;
        let sent = outside.digest("source", reference).await?;
        let arrived = outside.digest("destination", reference).await?;
        ensure!(sent == arrived, "{sent} was sent, {arrived} arrived");
        let forward = outside.forward("destination").await?;
        let image = format!("{}/{reference}", forward.address);
        let key = format!("k8s://{}/cosign-key", self.name);
        outside
            .run("cosign", &["verify", "--key", &key, &image])
            .await?;
        let attestation = ["verify-attestation", "--key", &key, "--type", "vuln"];
        // The log of the suite keeps the entries of signatures only.
        let attestation = [&attestation[..], &["--insecure-ignore-tlog", &image]].concat();
        outside.run("cosign", &attestation).await?;
        Ok(())
    }

    async fn check_steps(&self, cluster: &Cluster) -> Result<()> {
        let workflows = self.api(cluster, "argoproj.io", "Workflow");
        let listed = workflows.list(&kube::api::ListParams::default()).await?;
        let [workflow] = listed.items.as_slice() else {
            bail!("there are {} Workflows", listed.items.len());
        };
        let nodes = workflow.data["status"]["nodes"].as_object();
        let nodes: Vec<&Value> = nodes.into_iter().flat_map(|nodes| nodes.values()).collect();
        for (name, phase) in self.steps {
            let is_as_expected =
                |node: &&Value| node["displayName"] == *name && node["phase"] == *phase;
            ensure!(nodes.iter().any(is_as_expected), "{name} is not {phase}");
        }
        Ok(())
    }

    fn api(&self, cluster: &Cluster, group: &str, kind: &str) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1alpha1", kind));
        Api::namespaced_with(cluster.client.clone(), self.name, &resource)
    }

    /// The manifests of the example, with the addresses and the certificate of this cluster.
    fn manifests(&self, cluster: &Cluster) -> Result<Vec<Value>> {
        let certificate = cluster.parts.tools.folder.join("tls/ca.crt");
        let certificate = fs::read_to_string(&certificate)
            .with_context(|| format!("read {}", certificate.display()))?;
        let mut manifests = arc_fixtures::manifests("oci")?;
        manifests.retain(|manifest| manifest["kind"] != "Order");
        for manifest in &mut manifests {
            match (
                manifest["kind"].as_str(),
                manifest["metadata"]["name"].as_str(),
            ) {
                (Some("ConfigMap"), Some("root-bundle")) => {
                    manifest["data"]["trust-bundle.pem"] = certificate.clone().into();
                }
                (Some("Secret"), Some("dst-reg-secret")) => {
                    manifest["stringData"] = json!({"password": self.password});
                }
                (Some("Endpoint"), Some("dockerhub")) => {
                    manifest["spec"]["remoteURL"] = SOURCE.into();
                    manifest["spec"]["secretRef"] = json!({"name": "dst-reg-secret"});
                }
                (Some("Endpoint"), Some("internal")) => {
                    manifest["spec"]["remoteURL"] = DESTINATION.into();
                }
                _ => {}
            }
        }
        Ok(manifests)
    }

    fn order(&self) -> Value {
        json!({
            "apiVersion": "arc.opendefense.cloud/v1alpha1",
            "kind": "Order",
            "metadata": {"name": self.name},
            "spec": {
                "defaults": {"srcRef": {"name": "dockerhub"}, "dstRef": {"name": "internal"}},
                "artifacts": [{
                    "type": "oci",
                    "spec": {"repository": self.repository, "tag": self.tag},
                }],
            },
        })
    }

    /// The key that signs, as the README of the example tells.
    async fn make_key(&self, cluster: &Cluster) -> Result<()> {
        let key = format!("k8s://{}/cosign-key", self.name);
        let outside = Outside::of(cluster, self.name)?;
        outside.run("cosign", &["generate-key-pair", &key]).await?;
        Ok(())
    }
}
