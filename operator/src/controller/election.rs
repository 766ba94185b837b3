//! Leader election: one of several operators works, and the others stand by.
//!
//! ```text
//! elected (a try every 2 s) ─▶ work, while deposed (renewed every 2 s, for 10 s in vain at most) ─▶ release
//! ```
//!
//! The periods are those of controller-runtime. Source: client-go v0.34 `tools/leaderelection`, controller-runtime v0.22
//! `pkg/manager/manager.go`.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::context::Clock;
use super::error::{Act, Error, chain};
use super::related::ObjectKey;
use crate::api::keys::FIELD_MANAGER;
use crate::plan::leadership::{Asking, Seen, Step, released, step};

/// The Lease, in the namespace of the operator. Source: spec/arc.md §10.4.
const LEASE: &str = "arc.opendefense.cloud";
/// How long a leader works on without having renewed its Lease; less than others wait before they take it.
const RENEW_MAX: Duration = Duration::from_secs(10);
/// How long lies between two tries.
const RETRY: Duration = Duration::from_secs(2);

/// An operator that would lead, or does.
pub struct Candidate {
    leases: Api<Lease>,
    namespace: String,
    identity: String,
    clock: Clock,
    start: Instant,
    seen: Option<Seen>,
    /// When the last renewal began, if this one leads.
    renewed: Option<Instant>,
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This one leads.
    Leads,
    /// It does not, or could not say so now.
    Waits,
    /// It did, and somebody else does now.
    Lost,
}

impl Candidate {
    /// Nobody else may have this `identity`; the Lease lies in the namespace of `client`.
    #[must_use]
    pub fn new(client: Client, identity: String, clock: Clock) -> Self {
        Self {
            namespace: client.default_namespace().to_owned(),
            leases: Api::default_namespaced(client),
            identity,
            clock,
            start: Instant::now(),
            seen: None,
            renewed: None,
        }
    }

    /// Waits until this one leads.
    pub async fn elected(&mut self) {
        loop {
            match self.attempt().await {
                Ok(Standing::Leads) => break,
                Ok(Standing::Waits | Standing::Lost) => {}
                Err(error) => tracing::warn!(error = chain(&error), "cannot stand for election"),
            }
            sleep(RETRY).await;
        }
        tracing::info!(identity = self.identity, "leads");
    }

    /// Keeps the Lease up, and waits until this one must lead no longer: somebody else has it, or it could not be kept up.
    /// Who comes back from here must not write any more.
    pub async fn deposed(&mut self) {
        while let Some(renewed) = self.renewed {
            let deadline = renewed + RENEW_MAX;
            match timeout_at(deadline, self.attempt()).await {
                Ok(Ok(Standing::Leads | Standing::Waits)) => {}
                Ok(Ok(Standing::Lost)) | Err(_) => break,
                Ok(Err(error)) => tracing::warn!(error = chain(&error), "cannot renew the lease"),
            }
            sleep_until(deadline.min(Instant::now() + RETRY)).await;
        }
    }

    /// Gives the Lease up, if this one has it; call it when all work has stopped. If the API does not answer in time,
    /// others have to wait until the Lease runs out.
    ///
    /// # Errors
    /// The API cannot be asked.
    pub async fn release(&mut self) -> Result<(), Error> {
        self.renewed = None;
        timeout(RETRY, self.give_up()).await.unwrap_or(Ok(()))
    }

    async fn give_up(&mut self) -> Result<(), Error> {
        loop {
            // A renewal that was interrupted may have been written all the same.
            self.look().await?;
            let time = (self.clock)();
            let own = |seen| released(seen, &self.identity, time);
            let Some(spec) = self.seen.as_ref().and_then(own) else {
                return Ok(());
            };
            if self.write(spec).await? {
                return Ok(());
            }
        }
    }

    /// One try to take the Lease, or to keep it.
    ///
    /// # Errors
    /// The API cannot be asked.
    pub async fn attempt(&mut self) -> Result<Standing, Error> {
        let began = Instant::now();
        self.look().await?;
        let asking = Asking {
            identity: &self.identity,
            leads: self.renewed.is_some(),
            now: self.start.elapsed(),
            time: (self.clock)(),
        };
        let spec = match step(self.seen.as_ref(), asking) {
            Step::Acquire(spec) | Step::Renew(spec) => spec,
            Step::Wait => return Ok(Standing::Waits),
            Step::Lost => return Ok(Standing::Lost),
        };
        if !self.write(spec).await? {
            return Ok(Standing::Waits);
        }
        self.renewed = Some(began);
        Ok(Standing::Leads)
    }

    /// Reads the Lease.
    async fn look(&mut self) -> Result<(), Error> {
        let found = self.leases.get_opt(LEASE).await;
        let found = found.map_err(|source| self.failed(Act::Get, source))?;
        let previous = self.seen.take();
        let now = self.start.elapsed();
        self.seen = found.map(|lease| Seen::after(previous, lease, now));
        Ok(())
    }

    /// Writes the Lease, unless somebody did since it was seen; whether it was written.
    async fn write(&mut self, spec: LeaseSpec) -> Result<bool, Error> {
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let spec = Some(spec);
        let (act, written) = match &self.seen {
            Some(seen) => {
                let metadata = seen.lease.metadata.clone();
                let lease = Lease { metadata, spec };
                let written = self.leases.replace(LEASE, &params, &lease).await;
                (Act::Update, written)
            }
            None => {
                let metadata = ObjectMeta {
                    name: Some(LEASE.to_owned()),
                    ..ObjectMeta::default()
                };
                let written = self.leases.create(&params, &Lease { metadata, spec }).await;
                (Act::Create, written)
            }
        };
        match written {
            Ok(lease) => {
                let previous = self.seen.take();
                self.seen = Some(Seen::after(previous, lease, self.start.elapsed()));
                Ok(true)
            }
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => {
                Ok(false)
            }
            Err(source) => Err(self.failed(act, source)),
        }
    }

    fn failed(&self, act: Act, source: kube::Error) -> Error {
        Error {
            act,
            kind: "Lease",
            key: ObjectKey::new(&self.namespace, LEASE),
            source: Box::new(source),
        }
    }
}
