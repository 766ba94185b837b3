//! What a scenario knows: its manifests, its script, and the cluster.

use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use arc_simulator::faults::{Delays, Faults, Rule};
use jiff::SignedDuration;
use serde_json::Value;

use crate::backend::{Backend, Site, Written};
use crate::script::Script;
use crate::snapshot::Snapshot;
use crate::staging::{Stage, Staging};

/// The state of one scenario.
#[derive(cucumber::World, Default)]
pub struct World {
    pub(crate) staging: Staging,
    pub(crate) script: Script,
    /// The examples loaded so far.
    pub(crate) examples: Vec<String>,
    /// The runs as they were before the last change of a running cluster, and what else was looked at.
    pub(crate) before: Arc<Snapshot>,
    /// Why the last write was refused.
    pub(crate) refused: Option<String>,
    /// What is to go wrong, and how often at least.
    faults: Faults,
    n_faults_min: usize,
    site: Option<Site>,
    /// Whether nothing was changed since time last passed.
    at_rest: bool,
    /// Everything as it is, if somebody looked since it came to rest.
    seen: Option<Arc<Snapshot>>,
}

impl World {
    /// Starts the cluster of this scenario.
    ///
    /// # Errors
    /// The cluster does not start.
    pub async fn begin(&mut self, backend: &Backend, seed: u64) -> Result<()> {
        self.site = Some(Site::start(backend, seed).await?);
        self.at_rest = true;
        Ok(())
    }

    /// Leaves nothing of this scenario behind.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub async fn end(&mut self) -> Result<()> {
        match &mut self.site {
            Some(site) => site.end().await,
            None => Ok(()),
        }
    }

    /// Changes a manifest: as written if it was not applied yet, else in the cluster.
    ///
    /// # Errors
    /// There is none of this kind and name, or the cluster cannot be asked.
    pub(crate) async fn change(
        &mut self,
        kind: &str,
        name: &str,
        edit: impl FnOnce(&mut Value),
    ) -> Result<()> {
        let manifest = self.staging.find(kind, name)?;
        match manifest.stage {
            Stage::Staged | Stage::HeldBack => edit(&mut manifest.object),
            Stage::Applied => {
                self.act().await?;
                let written = self.site()?.change(kind, name, edit).await?;
                self.judge(written);
            }
        }
        Ok(())
    }

    /// Changes the Order of the scenario, as [`World::change`].
    ///
    /// # Errors
    /// As [`World::change`].
    pub(crate) async fn change_order(&mut self, edit: impl FnOnce(&mut Value)) -> Result<()> {
        let order = self.staging.order()?.to_owned();
        self.change("Order", &order, edit).await
    }

    /// Changes an object that ARC made.
    ///
    /// # Errors
    /// There is none of this kind and name, or the cluster cannot be asked.
    pub(crate) async fn change_made(
        &mut self,
        kind: &str,
        name: &str,
        edit: impl FnOnce(&mut Value),
    ) -> Result<()> {
        self.act().await?;
        let written = self.site()?.change(kind, name, edit).await?;
        self.judge(written);
        Ok(())
    }

    /// Applies everything staged, in order, up to the first refusal.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub(crate) async fn submit(&mut self) -> Result<()> {
        self.act().await?;
        let book = self.script.book();
        self.site()?.script(&book).await?;
        for index in 0..self.staging.0.len() {
            if self.staging.0[index].stage == Stage::Staged && self.refused.is_none() {
                self.create(index).await?;
            }
        }
        Ok(())
    }

    /// Applies a manifest that was held back.
    ///
    /// # Errors
    /// It is not held back, or the cluster cannot be asked.
    pub(crate) async fn create_missing(&mut self, kind: &str, name: &str) -> Result<()> {
        let stage = self.staging.find(kind, name)?.stage;
        if stage != Stage::HeldBack {
            bail!("{kind} {name} is not missing");
        }
        self.act().await?;
        let found = self.staging.0.iter().rposition(|manifest| {
            manifest.object["kind"] == kind && manifest.object["metadata"]["name"] == name
        });
        self.create(found.context("the manifest was found above")?)
            .await
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// There is none of this kind and name, or the cluster cannot be asked.
    pub(crate) async fn delete(&mut self, kind: &str, name: &str) -> Result<()> {
        self.act().await?;
        self.site()?.delete(kind, name).await
    }

    /// Lets steps end as scripted; in a running cluster, from now on.
    ///
    /// # Errors
    /// The script is no outcome book, or the cluster cannot be asked.
    pub(crate) async fn rehearse(&mut self, edit: impl FnOnce(&mut Script)) -> Result<()> {
        edit(&mut self.script);
        let book = self.script.book();
        self.site()?.script(&book).await
    }

    /// Lets a request fail as `rule` says, which then must happen before the cluster comes to rest.
    ///
    /// # Errors
    /// The cluster is a real one.
    pub(crate) fn disturb(&mut self, rule: Rule) -> Result<()> {
        self.faults.add(rule);
        self.n_faults_min += 1;
        self.site()?.disturb(self.faults.clone())
    }

    /// Lets parts see late as `delays` say, at least once before the cluster comes to rest.
    ///
    /// # Errors
    /// The cluster is a real one.
    pub(crate) fn delay(&mut self, delays: Delays) -> Result<()> {
        self.faults.delay(delays);
        self.n_faults_min += 1;
        self.site()?.disturb(self.faults.clone())
    }

    /// Lets a second operator work beside the first.
    ///
    /// # Errors
    /// The cluster is a real one.
    pub(crate) async fn double_operator(&mut self) -> Result<()> {
        self.site_mut()?.double_operator().await
    }

    /// Lets `duration` pass and nothing more.
    ///
    /// # Errors
    /// A part of the cluster fails.
    pub(crate) async fn pass(&mut self, duration: SignedDuration) -> Result<()> {
        self.act().await?;
        let order = self.order_name();
        self.site_mut()?.advance(&order, duration).await?;
        self.at_rest = true;
        Ok(())
    }

    /// Submits what is staged and lets time pass until `condition` holds, and no longer.
    ///
    /// # Errors
    /// It does not hold in time.
    pub(crate) async fn run_until(&mut self, condition: impl Fn(&Snapshot) -> bool) -> Result<()> {
        self.submit().await?;
        let order = self.order_name();
        self.site_mut()?.run_until(&order, condition).await?;
        self.at_rest = true;
        Ok(())
    }

    /// Asserts what must hold once everything has happened that can happen.
    ///
    /// # Errors
    /// `check` fails, or a write was refused before.
    pub(crate) async fn expect(&mut self, check: impl Fn(&Snapshot) -> Result<()>) -> Result<()> {
        if let Some(refusal) = &self.refused {
            bail!("refused: {refusal}");
        }
        self.settle().await?;
        let snapshot = self.look().await?;
        let Err(error) = check(&snapshot) else {
            return Ok(());
        };
        let order = self.order_name();
        let holds = |snapshot: &Snapshot| check(snapshot).is_ok();
        match self.site_mut()?.soon(&order, holds).await? {
            Some(snapshot) => {
                self.seen = Some(Arc::new(snapshot));
                Ok(())
            }
            None => bail!("{error:#}; the cluster holds\n{snapshot}"),
        }
    }

    /// Looks at the cluster as it is.
    ///
    /// # Errors
    /// The cluster cannot be asked.
    pub(crate) async fn look(&mut self) -> Result<Arc<Snapshot>> {
        if let Some(seen) = &self.seen {
            return Ok(Arc::clone(seen));
        }
        let order = self.order_name();
        let snapshot = Arc::new(self.site()?.snapshot(&order).await?);
        self.seen = self.at_rest.then(|| Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// Lets everything happen that can happen, once after each change.
    ///
    /// # Errors
    /// The cluster never comes to rest.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        if self.at_rest {
            return Ok(());
        }
        let order = self.order_name();
        self.site_mut()?.settle(&order).await?;
        self.at_rest = true;
        let happened = self.site()?.disturbances();
        if happened.len() < self.n_faults_min {
            bail!("not everything went wrong that was to: {happened:?}");
        }
        Ok(())
    }

    /// The namespace of the scenario.
    ///
    /// # Errors
    /// The cluster was not started.
    pub(crate) fn namespace(&self) -> Result<&str> {
        Ok(self.site()?.namespace())
    }

    /// Comes to rest, keeps the look of it, and expects a change.
    async fn act(&mut self) -> Result<()> {
        self.settle().await?;
        self.before = match &self.seen {
            Some(seen) => Arc::clone(seen),
            None => Arc::new(self.site()?.runs().await?),
        };
        self.at_rest = false;
        self.seen = None;
        Ok(())
    }

    async fn create(&mut self, index: usize) -> Result<()> {
        let object = self.staging.0[index].object.clone();
        let site = self.site_mut()?;
        let written = site.create(&object).await?;
        self.staging.0[index].stage = Stage::Applied;
        self.judge(written);
        Ok(())
    }

    fn judge(&mut self, written: Written) {
        if let Written::Refused(message) = written {
            self.refused = Some(message);
        }
    }

    fn order_name(&self) -> String {
        self.staging.order().unwrap_or_default().to_owned()
    }

    fn site(&self) -> Result<&Site> {
        self.site.as_ref().context("the cluster was not started")
    }

    fn site_mut(&mut self) -> Result<&mut Site> {
        self.site.as_mut().context("the cluster was not started")
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the cluster was last seen with\n{}", self.before)
    }
}
