//! The operator as a part: its reconciles, in the order of the simulation's queue instead of kube's.

use std::sync::Arc;

use arc_operator::api;
use arc_operator::api::artifact_workflow::ArtifactWorkflow;
use arc_operator::api::order::Order;
use arc_operator::controller::watch::Watched;
use arc_operator::controller::{Context, Error, ObjectKey, artifact_workflow, order, related};
use arc_operator::settings::Settings;
use futures::future::{BoxFuture, FutureExt};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::Clock;
use crate::part::{Caches, Change, Failure, Key, Part, Wake, Watch};

/// The definitions of ARC's kinds.
#[must_use]
pub fn crds() -> Vec<Value> {
    let crds = api::crds::all().into_iter();
    crds.filter_map(|crd| serde_json::to_value(crd).ok())
        .collect()
}

/// The reference operator with its defaults.
pub struct Operator {
    name: &'static str,
    context: Context,
}

impl Operator {
    /// An operator that reaches the API through `client` and reads `clock`.
    #[must_use]
    pub fn new(client: Client, clock: Clock) -> Self {
        let settings = Settings::default();
        let clock = Arc::new(move || clock.now());
        Self {
            name: "operator",
            context: Context::new(client, clock, settings),
        }
    }

    /// The same operator under a name of its own, beside another.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }
}

impl Part for Operator {
    fn name(&self) -> &'static str {
        self.name
    }

    fn watches(&self) -> Vec<Watch> {
        let watch = |watched: Watched| {
            let watch = Watch::all(watched.resource());
            if watched.metadata_only() {
                watch.metadata_only()
            } else {
                watch
            }
        };
        Watched::ALL.map(watch).to_vec()
    }

    fn observe(&mut self, change: &Change, caches: &Caches) -> Vec<Wake> {
        let metadata = &change.object.metadata;
        let watched = Watched::ALL[change.watch];
        let echoes = &self.context.echoes;
        match watched {
            Watched::Order if echoes.take::<Order>(metadata) => Vec::new(),
            Watched::Order => orders([ObjectKey::of(metadata)]),
            Watched::ArtifactWorkflow => {
                let mut wakes = orders(related::order_for_artifact_workflow(metadata));
                if !echoes.take::<ArtifactWorkflow>(metadata) {
                    wakes.extend(artifact_workflows([ObjectKey::of(metadata)]));
                }
                wakes
            }
            Watched::Endpoint => orders(related::orders_for_endpoint(
                metadata,
                &all(caches, Watched::Order),
            )),
            Watched::ArtifactType | Watched::ClusterArtifactType => orders(
                related::orders_for_artifact_type(metadata, &all(caches, Watched::Order)),
            ),
            Watched::Secret => {
                let (endpoints, known) =
                    (all(caches, Watched::Endpoint), all(caches, Watched::Order));
                let mut wakes = orders(related::orders_for_secret(metadata, &endpoints, &known));
                let waiting = all(caches, Watched::ArtifactWorkflow);
                wakes.extend(artifact_workflows(related::artifact_workflows_for_secret(
                    metadata, &waiting,
                )));
                wakes
            }
            Watched::Workflow | Watched::CronWorkflow => {
                artifact_workflows([related::artifact_workflow_for_argo(metadata)])
            }
        }
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        _: &'a Caches,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        async move {
            let result = if key.kind == kind(Watched::Order) {
                order::reconcile(&self.context, &key.namespace, &key.name).await
            } else {
                artifact_workflow::reconcile(&self.context, &key.namespace, &key.name).await
            };
            match result {
                Err(error) if error.is_conflict() => Ok(Some(soon(&error, key))),
                other => other.map_err(Failure::from),
            }
        }
        .boxed()
    }
}

/// A conflict is no failure: the object changed meanwhile, so look again.
fn soon(error: &Error, key: &Key) -> SignedDuration {
    error.retry_after(1, &ObjectKey::new(&key.namespace, &key.name))
}

fn orders(keys: impl IntoIterator<Item = ObjectKey>) -> Vec<Wake> {
    wakes(Watched::Order, keys)
}

fn artifact_workflows(keys: impl IntoIterator<Item = ObjectKey>) -> Vec<Wake> {
    wakes(Watched::ArtifactWorkflow, keys)
}

fn wakes(watched: Watched, keys: impl IntoIterator<Item = ObjectKey>) -> Vec<Wake> {
    let key = |key: ObjectKey| Key {
        kind: kind(watched),
        namespace: key.namespace,
        name: key.name,
    };
    keys.into_iter()
        .map(|found| Wake::now(key(found)))
        .collect()
}

fn kind(watched: Watched) -> String {
    watched.resource().kind
}

/// Every object of a watch that reads as its type; the operator reads those that do not again, and says so.
fn all<K: DeserializeOwned>(caches: &Caches, watched: Watched) -> Vec<K> {
    let index = Watched::ALL.iter().position(|known| *known == watched);
    let objects = index
        .into_iter()
        .flat_map(|index| caches.of(index).values());
    objects.filter_map(|object| object.typed().ok()).collect()
}
