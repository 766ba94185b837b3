//! A scenario on a real cluster, which it shares with others.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::runtime::wait::{Condition, await_condition};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::casting::{BOOK, FILE, cast};
use super::kinds::{api, is_shared};
use super::naming::Naming;
use super::observer::Observer;
use super::pace::{self, Pace};
use super::rest::is_at_rest;
use crate::snapshot::Snapshot;

/// A cluster in which Argo runs, and ARC with [`CRON_INTERVAL_MIN`](super::CRON_INTERVAL_MIN).
#[derive(Clone, Debug)]
pub struct RealCluster {
    /// How to reach it, with every right.
    pub config: Config,
    /// The image of `arc-outcome`, which its nodes have.
    pub image: String,
    /// How many scenarios are at work at once.
    pub places: Places,
}

/// A permit for each scenario that may be at work at once.
#[derive(Clone, Debug)]
pub struct Places {
    desks: Arc<Semaphore>,
    /// For those that wait for a schedule most of the time: few, since runs that start with the same minute must have ended
    /// with it.
    clocks: Arc<Semaphore>,
}

impl Places {
    /// Places for `n_at_once` scenarios, and some more for those that wait for a schedule.
    #[must_use]
    pub fn new(n_at_once: usize) -> Self {
        Self {
            desks: Arc::new(Semaphore::new(n_at_once)),
            clocks: Arc::new(Semaphore::new(N_CLOCKS)),
        }
    }
}

/// How long anything may take. A wait for what does not happen takes all of it.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a cluster at rest may take to begin with something: the kubelet tries a mount again after a while.
const LAG: Duration = Duration::from_secs(90);
/// How many scenarios have schedules that run at once.
const N_CLOCKS: usize = 3;
/// Who owns what a scenario writes for itself.
const MANAGER: &str = "arc-features";
/// An Order that asks for nothing; once the operator answered it, it has heard of what happened before.
const QUESTION: &str = "are-you-there";

/// A namespace of its own, and objects of the whole cluster under names of their own.
pub(super) struct Tenant {
    pub(super) client: Client,
    pub(super) namespace: String,
    naming: Naming,
    pace: Pace,
    image: String,
    places: Places,
    /// The permit to work.
    place: Option<OwnedSemaphorePermit>,
    observer: Observer,
    /// Kind and name of what the whole cluster sees.
    shared: Vec<(String, String)>,
}

impl Tenant {
    /// Makes a namespace and watches it.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub(super) async fn start(cluster: &RealCluster) -> Result<Self> {
        let places = cluster.places.clone();
        let place = Arc::clone(&places.desks).acquire_owned().await?;
        let client = Client::try_from(cluster.config.clone())?;
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let wanted = serde_json::from_value(json!({"metadata": {"generateName": "scenario-"}}))?;
        let made = namespaces.create(&PostParams::default(), &wanted).await;
        let namespace = made.context("create a namespace")?.metadata.name;
        let namespace = namespace.context("a namespace has a name")?;
        let observer = Observer::start(&client, &namespace).await?;
        Ok(Self {
            naming: Naming::of(&namespace),
            pace: Pace::default(),
            places,
            place: Some(place),
            image: cluster.image.clone(),
            shared: Vec::new(),
            client,
            namespace,
            observer,
        })
    }

    /// Lets containers do what `book` says, from the next pod on.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub(super) async fn script(&self, book: &Value) -> Result<()> {
        let object = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": BOOK},
            "data": {FILE: book.to_string()},
        });
        let params = PatchParams::apply(MANAGER).force();
        let written = self
            .api("ConfigMap")?
            .patch(BOOK, &params, &Patch::Apply(object))
            .await;
        written.context("write the outcome book")?;
        Ok(())
    }

    /// `object` of `kind` as this cluster is to have it, now that it is about to be created.
    ///
    /// # Errors
    /// The scenarios have ended.
    pub(super) async fn adapt(&mut self, kind: &str, object: &mut Value) -> Result<()> {
        self.there(kind, object);
        if self.pace.is_to_begin(object) {
            let clocks = Arc::clone(&self.places.clocks);
            // Others take the desk meanwhile.
            self.place = None;
            self.place = Some(clocks.acquire_owned().await?);
            self.pace.begin().await;
        }
        if kind.ends_with("WorkflowTemplate") {
            cast(object, &self.image);
        }
        if is_shared(kind)
            && let Some(name) = object["metadata"]["name"].as_str()
        {
            self.shared.push((kind.to_owned(), name.to_owned()));
        }
        Ok(())
    }

    /// `object` of `kind` as the cluster knows it.
    pub(super) fn there(&self, kind: &str, object: &mut Value) {
        self.naming.there(kind, object);
        pace::there(object);
    }

    /// `object` as the scenario knows it.
    pub(super) fn here(&self, object: &mut Value) {
        self.naming.here(object);
        pace::here(object);
    }

    /// What the cluster calls the object that the scenario calls `name`.
    pub(super) fn name_there(&self, kind: &str, name: &str) -> String {
        self.naming.name_there(kind, name)
    }

    /// Lets `duration` pass, and what is under way then come to its end.
    ///
    /// # Errors
    /// It does not.
    pub(super) async fn pass(&mut self, order: &str, duration: SignedDuration) -> Result<()> {
        self.pace.pass(duration).await;
        self.run_until(order, is_at_rest).await
    }

    /// Waits until nothing is under way.
    ///
    /// # Errors
    /// Something still is after [`PATIENCE`].
    pub(super) async fn settle(&mut self, order: &str) -> Result<()> {
        self.ask().await?;
        let reached = self.run_until(order, is_at_rest).await;
        reached.context("the cluster does not come to rest")
    }

    /// Waits for `condition`.
    ///
    /// # Errors
    /// It does not hold after [`PATIENCE`].
    pub(super) async fn run_until(
        &mut self,
        order: &str,
        condition: impl Fn(&Snapshot) -> bool,
    ) -> Result<()> {
        let follow = async {
            while !condition(&self.snapshot(order)?) {
                self.observer.changed().await?;
            }
            Ok(())
        };
        match tokio::time::timeout(PATIENCE, follow).await {
            Ok(reached) => reached,
            Err(_) => {
                let snapshot = self.snapshot(order)?;
                bail!("not reached within {PATIENCE:?}; the cluster holds\n{snapshot}")
            }
        }
    }

    /// The first look at which `condition` holds; none if nothing has changed for [`LAG`] before it does.
    ///
    /// # Errors
    /// The namespace cannot be followed.
    pub(super) async fn soon(
        &mut self,
        order: &str,
        condition: impl Fn(&Snapshot) -> bool,
    ) -> Result<Option<Snapshot>> {
        let follow = async {
            loop {
                let snapshot = self.snapshot(order)?;
                if condition(&snapshot) {
                    return Ok(Some(snapshot));
                }
                match tokio::time::timeout(LAG, self.observer.changed()).await {
                    Ok(changed) => changed?,
                    Err(_) => return Ok(None),
                }
            }
        };
        tokio::time::timeout(PATIENCE, follow)
            .await
            .unwrap_or(Ok(None))
    }

    /// Deletes everything; what takes time is not waited for.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub(super) async fn end(&self) -> Result<()> {
        let params = DeleteParams::background();
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces
            .delete(&self.namespace, &params)
            .await
            .context("delete the namespace")?;
        for (kind, name) in &self.shared {
            match self.api(kind)?.delete(name, &params).await {
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                deleted => drop(deleted.with_context(|| format!("delete {kind} {name}"))?),
            }
        }
        Ok(())
    }

    fn snapshot(&mut self, order: &str) -> Result<Snapshot> {
        let mut objects = self.observer.objects()?;
        for list in objects.values_mut() {
            list.retain(|object| object["metadata"]["name"] != QUESTION);
            list.iter_mut().for_each(|object| self.here(object));
        }
        let objects = objects.into_iter();
        Ok(Snapshot {
            objects: objects.map(|(kind, list)| (kind, Arc::new(list))).collect(),
            order: order.to_owned(),
        })
    }

    /// Lets the operator answer a question that is put now, after everything that it is to have heard of.
    async fn ask(&self) -> Result<()> {
        let orders = self.api("Order")?;
        let question: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "arc.opendefense.cloud/v1alpha1",
            "kind": "Order",
            "metadata": {"name": QUESTION},
            "spec": {"artifacts": []},
        }))?;
        orders
            .create(&PostParams::default(), &question)
            .await
            .context("ask the operator")?;
        let is_answered = |order: Option<&DynamicObject>| {
            order.is_some_and(|order| !order.data["status"]["observedGeneration"].is_null())
        };
        let is_gone = |order: Option<&DynamicObject>| order.is_none();
        wait(&orders, is_answered)
            .await
            .context("the operator does not answer")?;
        orders.delete(QUESTION, &DeleteParams::background()).await?;
        wait(&orders, is_gone)
            .await
            .context("the operator lets nothing go")
    }

    fn api(&self, kind: &str) -> Result<Api<DynamicObject>> {
        api(&self.client, &self.namespace, kind)
    }
}

async fn wait(api: &Api<DynamicObject>, condition: impl Condition<DynamicObject>) -> Result<()> {
    let holds = await_condition(api.clone(), QUESTION, condition);
    tokio::time::timeout(PATIENCE, holds).await??;
    Ok(())
}
