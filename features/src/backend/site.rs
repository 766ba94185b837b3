//! Where a scenario takes place.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Context, Result, bail};
use arc_simulator::assembly::SECOND_OPERATOR;
use arc_simulator::cluster::Transport;
use arc_simulator::faults::Faults;
use arc_simulator::outcomes::Book;
use arc_simulator::simulation::{Config, Simulation};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::Request;
use serde::Deserialize;
use serde_json::Value;

use super::kinds::{self, OBSERVED, SCHEDULED};
use super::tenant::{RealCluster, Tenant};
use crate::snapshot::Snapshot;

/// Where scenarios run.
#[derive(Clone, Debug)]
pub enum Backend {
    /// The simulated cluster, in process.
    Memory,
    /// The simulated cluster, every client over TLS.
    Https,
    /// A real cluster with real Argo, in a namespace of its own for each scenario.
    Real(Box<RealCluster>),
}

/// How long a step of a run is waited for, in the time of the cluster.
const REACH_MAX: SignedDuration = SignedDuration::from_mins(30);

/// How far a cluster with a schedule, which never comes to rest, runs after a change.
const SCHEDULED_STEP: SignedDuration = SignedDuration::from_mins(2);

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

/// All objects of each kind, and the revision of the newest change among them.
type Seen = BTreeMap<String, (u64, Arc<Vec<Value>>)>;

/// A running cluster with ARC in it.
pub struct Site {
    ground: Ground,
    client: Client,
    namespace: String,
    /// The last look at each kind.
    seen: Mutex<Seen>,
}

enum Ground {
    Simulated(Box<Simulation>),
    Real(Box<Tenant>),
}

impl Site {
    /// Starts an empty cluster, or makes an empty namespace in one that runs.
    ///
    /// # Errors
    /// The cluster does not start, or cannot be asked.
    pub async fn start(backend: &Backend, seed: u64) -> Result<Self> {
        match backend {
            Backend::Memory => Self::simulated(Transport::InProcess, seed).await,
            Backend::Https => Self::simulated(Transport::Sockets, seed).await,
            Backend::Real(cluster) => {
                let tenant = Tenant::start(cluster)
                    .await
                    .context("begin on the cluster")?;
                Ok(Self {
                    client: tenant.client.clone(),
                    namespace: tenant.namespace.clone(),
                    ground: Ground::Real(Box::new(tenant)),
                    seen: Mutex::default(),
                })
            }
        }
    }

    async fn simulated(transport: Transport, seed: u64) -> Result<Self> {
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
            ground: Ground::Simulated(Box::new(simulation)),
            client,
            namespace: "default".to_owned(),
            seen: Mutex::default(),
        })
    }

    /// Leaves nothing of the scenario behind.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub async fn end(&mut self) -> Result<()> {
        match &self.ground {
            // It goes as a whole.
            Ground::Simulated(_) => Ok(()),
            Ground::Real(tenant) => tenant.end().await,
        }
    }

    /// The namespace in which the scenario takes place.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Lets containers do what `book` says, from now on.
    ///
    /// # Errors
    /// It is no outcome book, or the cluster cannot be asked.
    pub async fn script(&self, book: &Value) -> Result<()> {
        let parsed = Book::parse("scenario", &book.to_string())?;
        match &self.ground {
            Ground::Simulated(simulation) => {
                simulation.set_outcomes(parsed);
                Ok(())
            }
            Ground::Real(tenant) => tenant.script(book).await,
        }
    }

    /// Lets requests fail as `faults` say, from now on.
    ///
    /// # Errors
    /// The cluster is a real one.
    pub fn disturb(&self, faults: Faults) -> Result<()> {
        match &self.ground {
            Ground::Simulated(simulation) => {
                simulation.server().set_faults(faults);
                Ok(())
            }
            Ground::Real(_) => bail!("a real cluster cannot be disturbed at a given write"),
        }
    }

    /// What went wrong as [`Site::disturb`] asked for.
    #[must_use]
    pub fn disturbances(&self) -> Vec<String> {
        match &self.ground {
            Ground::Simulated(simulation) => {
                let log = simulation.server().fault_log();
                log.iter().map(ToString::to_string).collect()
            }
            Ground::Real(_) => Vec::new(),
        }
    }

    /// Lets a second operator work beside the first.
    ///
    /// # Errors
    /// The cluster is a real one, or there is no way into it.
    pub async fn double_operator(&mut self) -> Result<()> {
        match &mut self.ground {
            Ground::Simulated(simulation) => Ok(simulation.join(SECOND_OPERATOR).await?),
            Ground::Real(_) => bail!("on a real cluster one operator has the lease"),
        }
    }

    /// Lets everything happen that can happen; `order` is the Order that the scenario is about.
    ///
    /// # Errors
    /// The cluster never comes to rest.
    pub async fn settle(&mut self, order: &str) -> Result<()> {
        if let Ground::Real(tenant) = &mut self.ground {
            return tenant.settle(order).await;
        }
        if self.is_scheduled().await? {
            return self.advance(order, SCHEDULED_STEP).await;
        }
        if let Ground::Simulated(simulation) = &mut self.ground {
            simulation.settle().await.context("settle")?;
        }
        Ok(())
    }

    /// Lets `duration` pass; `order` is the Order that the scenario is about.
    ///
    /// # Errors
    /// A part of the cluster fails.
    pub async fn advance(&mut self, order: &str, duration: SignedDuration) -> Result<()> {
        match &mut self.ground {
            Ground::Simulated(simulation) => {
                simulation
                    .advance(duration)
                    .await
                    .context("let time pass")?;
                Ok(())
            }
            Ground::Real(tenant) => tenant.pass(order, duration).await,
        }
    }

    /// Lets time pass until `condition` holds, and no longer.
    ///
    /// # Errors
    /// It does not hold within half an hour of the cluster.
    pub async fn run_until(
        &mut self,
        order: &str,
        condition: impl Fn(&Snapshot) -> bool,
    ) -> Result<()> {
        let until = match &mut self.ground {
            Ground::Real(tenant) => return tenant.run_until(order, condition).await,
            Ground::Simulated(simulation) => {
                let cluster = simulation.cluster();
                let until = cluster.clock().now() + REACH_MAX;
                cluster.settle_now().await?;
                until
            }
        };
        loop {
            let snapshot = self.snapshot(order).await?;
            if condition(&snapshot) {
                return Ok(());
            }
            if !self.step(until).await? {
                bail!("not reached within {REACH_MAX:#}; the cluster holds\n{snapshot}");
            }
        }
    }

    async fn step(&mut self, until: Timestamp) -> Result<bool> {
        match &mut self.ground {
            Ground::Simulated(simulation) => Ok(simulation.cluster().step(until).await?),
            Ground::Real(_) => Ok(false),
        }
    }

    /// The look at which `condition` holds, where a cluster at rest may still be about to say so; a simulated one says
    /// everything at once.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub async fn soon(
        &mut self,
        order: &str,
        condition: impl Fn(&Snapshot) -> bool,
    ) -> Result<Option<Snapshot>> {
        match &mut self.ground {
            Ground::Simulated(_) => Ok(None),
            Ground::Real(tenant) => tenant.soon(order, condition).await,
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

    /// Looks at the Workflows only.
    ///
    /// # Errors
    /// The list fails.
    pub async fn runs(&self) -> Result<Snapshot> {
        self.part(&["Workflow"]).await
    }

    /// Whether a schedule keeps the cluster from ever coming to rest.
    async fn is_scheduled(&self) -> Result<bool> {
        Ok(self.part(&SCHEDULED).await?.is_scheduled())
    }

    async fn part(&self, kinds: &[&str]) -> Result<Snapshot> {
        Ok(Snapshot {
            objects: self.objects(kinds).await?,
            order: String::new(),
        })
    }

    async fn objects(&self, kinds: &[&str]) -> Result<BTreeMap<String, Arc<Vec<Value>>>> {
        let mut objects = BTreeMap::new();
        for kind in kinds {
            objects.insert((*kind).to_owned(), self.list(kind).await?);
        }
        Ok(objects)
    }

    /// All objects of `kind`, read anew if any has changed since the last look.
    async fn list(&self, kind: &str) -> Result<Arc<Vec<Value>>> {
        let revision = match &self.ground {
            Ground::Simulated(simulation) => {
                let resource = kinds::resource(kind)?;
                simulation
                    .server()
                    .revision_of(&resource.group, &resource.plural)
            }
            Ground::Real(_) => 0,
        };
        if let Some((seen, list)) = self.seen().get(kind)
            && *seen == revision
            && revision > 0
        {
            return Ok(Arc::clone(list));
        }
        let collection = Request::new(self.api(kind)?.resource_url());
        let request = collection.list(&ListParams::default())?;
        let listed = self.client.request::<Listed>(request).await;
        let mut listed = listed.with_context(|| format!("list {kind}"))?;
        listed.items.iter_mut().for_each(|object| self.here(object));
        let list = Arc::new(listed.items);
        let seen = (revision, Arc::clone(&list));
        self.seen().insert(kind.to_owned(), seen);
        Ok(list)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen
            .lock()
            .expect("nothing panics while it holds the lists")
    }

    /// Creates `object`.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn create(&mut self, object: &Value) -> Result<Written> {
        let mut object = object.clone();
        let kind = object["kind"]
            .as_str()
            .context("a manifest names its kind")?
            .to_owned();
        if let Ground::Real(tenant) = &mut self.ground {
            tenant.adapt(&kind, &mut object).await?;
        }
        let object: DynamicObject = serde_json::from_value(object)?;
        let api = self.api(&kind)?;
        written(api.create(&PostParams::default(), &object).await)
    }

    /// Changes an object with `edit`, whatever else is changed at the same time.
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
        let name = self.name_there(kind, name);
        let found = api
            .get(&name)
            .await
            .with_context(|| format!("get {kind} {name}"))?;
        let before = serde_json::to_value(found)?;
        let mut after = before.clone();
        self.here(&mut after);
        edit(&mut after);
        if let Ground::Real(tenant) = &self.ground {
            tenant.there(kind, &mut after);
        }
        let patch = Patch::Json::<()>(json_patch::diff(&before, &after));
        written(api.patch(&name, &PatchParams::default(), &patch).await)
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// The object is missing or the server cannot be asked.
    pub async fn delete(&self, kind: &str, name: &str) -> Result<()> {
        let name = self.name_there(kind, name);
        let deleted = self
            .api(kind)?
            .delete(&name, &DeleteParams::background())
            .await;
        deleted.with_context(|| format!("delete {kind} {name}"))?;
        Ok(())
    }

    fn api(&self, kind: &str) -> Result<Api<DynamicObject>> {
        kinds::api(&self.client, &self.namespace, kind)
    }

    /// What the cluster calls the object that the scenario calls `name`.
    fn name_there(&self, kind: &str, name: &str) -> String {
        match &self.ground {
            Ground::Simulated(_) => name.to_owned(),
            Ground::Real(tenant) => tenant.name_there(kind, name),
        }
    }

    /// `object` as the scenario knows it.
    fn here(&self, object: &mut Value) {
        if let Ground::Real(tenant) = &self.ground {
            tenant.here(object);
        }
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
