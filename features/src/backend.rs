//! The cluster of a scenario: a client, scripted outcomes, and a way to let everything happen that can happen.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use arc_simulator::cluster::Transport;
use arc_simulator::outcomes::Book;
use arc_simulator::simulation::{Config, Simulation};
use clap::ValueEnum;
use jiff::SignedDuration;
use kube::api::{DeleteParams, DynamicObject, ListParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind, Request};
use kube::{Api, Client};
use serde::Deserialize;
use serde_json::Value;

use crate::snapshot::Snapshot;

/// Where scenarios run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// The simulated cluster, in process.
    Memory,
    /// The simulated cluster, every client over TLS.
    Https,
}

/// The kinds that scenarios write or look at: kind, group, version, plural, whether it has a namespace.
const KINDS: [(&str, &str, &str, &str, bool); 17] = [
    (
        "ArtifactType",
        "arc.opendefense.cloud",
        "v1alpha1",
        "artifacttypes",
        true,
    ),
    (
        "ArtifactWorkflow",
        "arc.opendefense.cloud",
        "v1alpha1",
        "artifactworkflows",
        true,
    ),
    (
        "ClusterArtifactType",
        "arc.opendefense.cloud",
        "v1alpha1",
        "clusterartifacttypes",
        false,
    ),
    (
        "ClusterWorkflowTemplate",
        "argoproj.io",
        "v1alpha1",
        "clusterworkflowtemplates",
        false,
    ),
    ("ConfigMap", "", "v1", "configmaps", true),
    (
        "CronWorkflow",
        "argoproj.io",
        "v1alpha1",
        "cronworkflows",
        true,
    ),
    (
        "Endpoint",
        "arc.opendefense.cloud",
        "v1alpha1",
        "endpoints",
        true,
    ),
    ("Event", "events.k8s.io", "v1", "events", true),
    ("Order", "arc.opendefense.cloud", "v1alpha1", "orders", true),
    (
        "PersistentVolumeClaim",
        "",
        "v1",
        "persistentvolumeclaims",
        true,
    ),
    ("Pod", "", "v1", "pods", true),
    ("Role", "rbac.authorization.k8s.io", "v1", "roles", true),
    (
        "RoleBinding",
        "rbac.authorization.k8s.io",
        "v1",
        "rolebindings",
        true,
    ),
    ("Secret", "", "v1", "secrets", true),
    ("ServiceAccount", "", "v1", "serviceaccounts", true),
    ("Workflow", "argoproj.io", "v1alpha1", "workflows", true),
    (
        "WorkflowTemplate",
        "argoproj.io",
        "v1alpha1",
        "workflowtemplates",
        true,
    ),
];

/// The kinds of a [`Snapshot`].
const OBSERVED: [&str; 8] = [
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
const SCHEDULED: [&str; 2] = ["ArtifactWorkflow", "Order"];

/// How long a step of a run is waited for, in the time of the cluster.
const REACH_MAX: SignedDuration = SignedDuration::from_mins(30);

/// What the API server answered to a write.
#[derive(Debug)]
pub enum Written {
    /// Done.
    Accepted,
    /// Refused, with the server's text.
    Refused(String),
}

/// A list, its objects as they came.
#[derive(Deserialize)]
struct Listed {
    items: Vec<Value>,
}

/// A running cluster with ARC in it.
pub struct Site {
    simulation: Simulation,
    client: Client,
    namespace: String,
}

impl Site {
    /// Starts an empty cluster.
    ///
    /// # Errors
    /// The cluster does not start.
    pub async fn start(backend: Backend, seed: u64) -> Result<Self> {
        let transport = match backend {
            Backend::Memory => Transport::InProcess,
            Backend::Https => Transport::Sockets,
        };
        let config = Config {
            seed,
            transport,
            ..Config::default()
        };
        let simulation = Simulation::start(config)
            .await
            .context("start the cluster")?;
        let client = simulation.client("tester").await?;
        Ok(Self {
            simulation,
            client,
            namespace: "default".to_owned(),
        })
    }

    /// The namespace in which the scenario takes place.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Lets containers do what `book` says, from now on.
    ///
    /// # Errors
    /// It is no outcome book.
    pub fn script(&self, book: &Value) -> Result<()> {
        self.simulation
            .set_outcomes(Book::parse("scenario", &book.to_string())?);
        Ok(())
    }

    /// Lets everything happen that can happen.
    ///
    /// # Errors
    /// The cluster never comes to rest.
    pub async fn settle(&mut self) -> Result<()> {
        self.simulation.settle().await.context("settle")?;
        Ok(())
    }

    /// Lets `duration` pass.
    ///
    /// # Errors
    /// A part of the cluster fails.
    pub async fn advance(&mut self, duration: SignedDuration) -> Result<()> {
        self.simulation
            .advance(duration)
            .await
            .context("let time pass")?;
        Ok(())
    }

    /// Lets time pass until `condition` holds, and no longer.
    ///
    /// # Errors
    /// It does not hold within [`REACH_MAX`].
    pub async fn run_until(
        &mut self,
        order: &str,
        condition: impl Fn(&Snapshot) -> bool,
    ) -> Result<()> {
        let cluster = self.simulation.cluster();
        let until = cluster.clock().now() + REACH_MAX;
        cluster.settle_now().await?;
        loop {
            let snapshot = self.snapshot(order).await?;
            if condition(&snapshot) {
                return Ok(());
            }
            if !self.simulation.cluster().step(until).await? {
                bail!("not reached within {REACH_MAX:#}; the cluster holds\n{snapshot}");
            }
        }
    }

    /// Looks at everything; `order` is the Order that the scenario is about.
    ///
    /// # Errors
    /// A list fails.
    pub async fn snapshot(&self, order: &str) -> Result<Snapshot> {
        Ok(Snapshot {
            objects: self.objects(&OBSERVED).await?,
            order: order.to_owned(),
        })
    }

    /// Whether a schedule keeps the cluster from ever coming to rest.
    ///
    /// # Errors
    /// A list fails.
    pub async fn is_scheduled(&self) -> Result<bool> {
        Ok(self.part(&SCHEDULED).await?.is_scheduled())
    }

    /// Looks at the Workflows only.
    ///
    /// # Errors
    /// The list fails.
    pub async fn runs(&self) -> Result<Snapshot> {
        self.part(&["Workflow"]).await
    }

    async fn part(&self, kinds: &[&str]) -> Result<Snapshot> {
        Ok(Snapshot {
            objects: self.objects(kinds).await?,
            order: String::new(),
        })
    }

    async fn objects(&self, kinds: &[&str]) -> Result<BTreeMap<String, Vec<Value>>> {
        let mut objects = BTreeMap::new();
        for kind in kinds {
            let collection = Request::new(self.api(kind)?.resource_url());
            let request = collection.list(&ListParams::default())?;
            let listed = self.client.request::<Listed>(request).await;
            let listed = listed.with_context(|| format!("list {kind}"))?;
            objects.insert((*kind).to_owned(), listed.items);
        }
        Ok(objects)
    }

    /// Creates `object`.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn create(&self, object: &Value) -> Result<Written> {
        let kind = object["kind"]
            .as_str()
            .context("a manifest names its kind")?;
        let object: DynamicObject = serde_json::from_value(object.clone())?;
        written(
            self.api(kind)?
                .create(&PostParams::default(), &object)
                .await,
        )
    }

    /// Changes an object with `edit`.
    ///
    /// # Errors
    /// The object is missing or the server cannot be asked.
    pub async fn change(
        &self,
        kind: &str,
        name: &str,
        edit: impl FnOnce(&mut Value),
    ) -> Result<Written> {
        let api = self.api(kind)?;
        let found = api
            .get(name)
            .await
            .with_context(|| format!("get {kind} {name}"))?;
        let mut value = serde_json::to_value(found)?;
        edit(&mut value);
        let changed: DynamicObject = serde_json::from_value(value)?;
        written(api.replace(name, &PostParams::default(), &changed).await)
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// The object is missing or the server cannot be asked.
    pub async fn delete(&self, kind: &str, name: &str) -> Result<()> {
        let deleted = self
            .api(kind)?
            .delete(name, &DeleteParams::background())
            .await;
        deleted.with_context(|| format!("delete {kind} {name}"))?;
        Ok(())
    }

    fn api(&self, kind: &str) -> Result<Api<DynamicObject>> {
        let mut kinds = KINDS.iter();
        let found = kinds.find(|(known, ..)| *known == kind);
        let (kind, group, version, plural, namespaced) =
            *found.with_context(|| format!("unknown kind {kind}"))?;
        let gvk = GroupVersionKind::gvk(group, version, kind);
        let resource = ApiResource::from_gvk_with_plural(&gvk, plural);
        let client = self.client.clone();
        Ok(if namespaced {
            Api::namespaced_with(client, &self.namespace, &resource)
        } else {
            Api::all_with(client, &resource)
        })
    }
}

fn written(answer: kube::Result<DynamicObject>) -> Result<Written> {
    match answer {
        Ok(_) => Ok(Written::Accepted),
        Err(kube::Error::Api(status))
            if status.code == 422 || status.code == 400 || status.code == 403 =>
        {
            Ok(Written::Refused(status.message.clone()))
        }
        Err(error) => Err(error.into()),
    }
}
