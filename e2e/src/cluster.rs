//! A node with Argo, ARC and the services of pipelines on it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arc_features::backend::CRON_INTERVAL_MIN;
use arc_operator::Config;
use arc_operator::settings::Settings;
use clap::ValueEnum;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DynamicObject};
use kube::core::ApiResource;
use kube::{Client, Resource};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::apply::{apply, has_condition};
use crate::argo;
use crate::image::{self, Program};
use crate::node::Node;
use crate::parts::Parts;
use crate::wait::{self, Limit};

/// The namespace of Argo.
pub(crate) const ARGO: &str = "argo";
/// The namespace of the operator, and its Deployment.
pub(crate) const OPERATOR: &str = "arc-system";
pub(crate) const OPERATOR_NAME: &str = "arc-operator";
/// The namespace of the services.
const SERVICES: &str = "arc-e2e";

/// A cluster in which Orders can run.
pub struct Cluster {
    /// The node.
    pub node: Node,
    /// A client with every right.
    pub client: Client,
    /// What it is made of.
    pub parts: Parts,
    /// The operator, where it runs in this process.
    operator: Option<JoinHandle<()>>,
}

/// Where the operator runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OperatorMode {
    /// In the cluster, as `operator/deploy/` says, from an image built here.
    Deployment,
    /// In this process, for those who debug it.
    Process,
}

impl Cluster {
    /// Starts the node, with images of `programs` and of the operator if it needs one, and installs everything.
    ///
    /// # Errors
    /// A part does not start.
    pub async fn start(parts: Parts, mode: OperatorMode, programs: &[Program]) -> Result<Self> {
        let folder = image::folder();
        fs::create_dir_all(&folder)?;
        let operator = (mode == OperatorMode::Deployment).then_some(&image::OPERATOR);
        let mut images = Vec::new();
        for program in programs.iter().chain(operator) {
            images.push(program.image(&folder).await?);
        }
        let node = Node::start(&parts, &images).await?;
        let client = node.client().await?;
        install(&client, &parts).await?;
        let operator = match mode {
            OperatorMode::Deployment => {
                deploy(&client).await.context("deploy the operator")?;
                None
            }
            OperatorMode::Process => {
                Some(tokio::spawn(arc_operator::run(client.clone(), config())))
            }
        };
        Ok(Self {
            node,
            client,
            parts,
            operator,
        })
    }
}

/// Argo, the services and the kinds of ARC.
async fn install(client: &Client, parts: &Parts) -> Result<()> {
    let mut argo = vec![namespace(ARGO)];
    argo.extend(argo::adapted(manifests(&parts.argo_manifest)?)?);
    apply(client, ARGO, argo).await.context("install Argo")?;
    let services = manifests(&parts.tools.manifest)?;
    apply(client, SERVICES, services)
        .await
        .context("install the services")?;
    let definitions = arc_fixtures::documents(&arc_operator::api::crds::yaml()?)?;
    apply(client, "default", definitions)
        .await
        .context("install the kinds of ARC")?;
    ready(client, ARGO, argo::CONTROLLER).await?;
    for service in ["source", "destination", "mirror", "rekor", "files", "s3"] {
        ready(client, SERVICES, service).await?;
    }
    Ok(())
}

/// The operator as it is shipped, from the image that was built here.
async fn deploy(client: &Client) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../operator/deploy");
    let mut shipped = manifests(&folder.join("rbac.yaml"))?;
    shipped.extend(manifests(&folder.join("deployment.yaml"))?);
    for manifest in &mut shipped {
        if let Some(container) = manifest.pointer_mut("/spec/template/spec/containers/0") {
            container["image"] = image::OPERATOR.name().into();
            let arguments = container["args"].as_array_mut();
            arguments
                .context("the operator has arguments")?
                .extend(pace());
        }
    }
    apply(client, OPERATOR, shipped).await?;
    ready(client, OPERATOR, OPERATOR_NAME).await
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(operator) = &self.operator {
            operator.abort();
        }
    }
}

/// The manifest of a namespace.
#[must_use]
pub fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

fn manifests(file: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let documents = arc_fixtures::documents(&text);
    documents.with_context(|| format!("read {}", file.display()))
}

/// Waits for a pod whose name begins so.
async fn ready(client: &Client, namespace: &str, name: &str) -> Result<()> {
    let pods: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<Pod>(&()));
    let is_ready = |pod: &DynamicObject| {
        let own = pod.meta().name.as_deref().unwrap_or_default();
        own.starts_with(name) && has_condition(pod, "Ready")
    };
    let what = format!("the pod of {name} is Ready");
    wait::until_any(&pods, &what, Limit::STARTUP, is_ready)
        .await
        .map(drop)
}

/// The arguments that let schedules be as fast as scenarios need them.
fn pace() -> [Value; 2] {
    let interval = format!("{CRON_INTERVAL_MIN:#}");
    ["--cron-min-schedule-interval".into(), interval.into()]
}

#[expect(
    clippy::disallowed_methods,
    reason = "a real cluster runs on real time"
)]
fn config() -> Config {
    Config {
        settings: Settings {
            cron_interval_min: CRON_INTERVAL_MIN,
            ..Settings::default()
        },
        namespaces: Vec::new(),
        clock: Arc::new(jiff::Timestamp::now),
    }
}
