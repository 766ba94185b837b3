//! The driver of production: kube's controllers, one task per reconcile.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use futures::{FutureExt, StreamExt, TryStreamExt};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::api::PartialObjectMeta;
use kube::runtime::controller::{Action, Config as Queue};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::utils::{Backoff, ResetTimerBackoff};
use kube::runtime::{Controller, WatchStreamExt, watcher};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use super::context::{Clock, Context};
use super::error::{Error, chain};
use super::related::{self, ObjectKey};
use super::{artifact_workflow, order};
use crate::api::argo::{CronWorkflow, Workflow};
use crate::api::artifact_type::{ArtifactType, ClusterArtifactType};
use crate::api::artifact_workflow::ArtifactWorkflow;
use crate::api::endpoint::Endpoint;
use crate::api::order::Order;
use crate::settings::Settings;

/// How many objects of a kind are reconciled at once. Source: spec/arc.md §11.5.
const CONCURRENCY: u16 = 8;

/// How long the watches of a controller wait at first, and at most, after one of them failed. They wait together: where
/// each has to fail once before it is opened again, delays of half a minute add up to minutes.
const WATCH_DELAYS: [Duration; 2] = [Duration::from_millis(800), Duration::from_secs(3)];
/// How long they must go well to be opened again as soon as at first.
const WATCH_RESET: Duration = Duration::from_secs(120);

/// How the operator runs.
#[derive(Clone)]
pub struct Config {
    /// What the site decided.
    pub settings: Settings,
    /// Namespaces to work in; all if empty.
    pub namespaces: Vec<String>,
    /// The time.
    pub clock: Clock,
}

/// Runs the operator until the future is dropped; every write is safe to repeat, so that it may be dropped at any moment.
pub async fn run(client: Client, config: Config) {
    let scopes: Vec<Option<&str>> = if config.namespaces.is_empty() {
        vec![None]
    } else {
        config
            .namespaces
            .iter()
            .map(|name| Some(name.as_str()))
            .collect()
    };
    let (clock, settings) = (config.clock.clone(), config.settings.clone());
    let context = Context::new(client.clone(), clock, settings);
    join_all(scopes.into_iter().flat_map(|namespace| {
        let scope = Scope {
            client: client.clone(),
            namespace: namespace.map(str::to_owned),
        };
        [
            orders(&scope, context.clone()),
            artifact_workflows(&scope, context.clone()),
        ]
    }))
    .await;
}

/// Where one pair of controllers works.
struct Scope {
    client: Client,
    /// All if absent.
    namespace: Option<String>,
}

impl Scope {
    fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    fn cluster_api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = ClusterResourceScope, DynamicType = ()>,
    {
        Api::all(self.client.clone())
    }
}

fn orders(scope: &Scope, context: Context) -> BoxFuture<'static, ()> {
    let any = watcher::Config::default;
    let (endpoints, keep_endpoints) = endpoints(scope);
    let controller = unechoed(scope.api::<Order>(), &context);
    let known = Arc::new(Known {
        orders: controller.store(),
        endpoints,
    });
    let [of_endpoint, of_type, of_cluster_type, of_secret] = [(); 4].map(|()| Arc::clone(&known));
    let controller = controller
        .with_config(Queue::default().concurrency(CONCURRENCY))
        .trigger_backoff(patience())
        .owns(scope.api::<ArtifactWorkflow>(), any())
        .watches(
            scope.api::<PartialObjectMeta<Endpoint>>(),
            any(),
            move |endpoint| of_endpoint.for_endpoint(&endpoint.metadata),
        )
        .watches(
            scope.api::<PartialObjectMeta<ArtifactType>>(),
            any(),
            move |found| of_type.for_artifact_type(&found.metadata),
        )
        .watches(
            scope.cluster_api::<PartialObjectMeta<ClusterArtifactType>>(),
            any(),
            move |found| of_cluster_type.for_artifact_type(&found.metadata),
        )
        .watches(
            scope.api::<PartialObjectMeta<Secret>>(),
            any(),
            move |secret| of_secret.for_secret(&secret.metadata),
        );
    let running = Running::new(context);
    let work = controller
        .run(
            |object: Arc<Order>, running: Arc<Running>| async move {
                let key = ObjectKey::of(&object.metadata);
                let result = order::reconcile(&running.context, &key.namespace, &key.name).await;
                running.done(&key, result)
            },
            |object, error, running| running.failed(&ObjectKey::of(&object.metadata), error),
            running,
        )
        .for_each(|_| std::future::ready(()));
    futures::future::join(keep_endpoints, work)
        .map(|_| ())
        .boxed()
}

fn artifact_workflows(scope: &Scope, context: Context) -> BoxFuture<'static, ()> {
    let any = watcher::Config::default;
    let controller = unechoed(scope.api::<ArtifactWorkflow>(), &context);
    let known = controller.store();
    let of_secret = move |secret: PartialObjectMeta<Secret>| {
        refs(related::artifact_workflows_for_secret(
            &secret.metadata,
            known.state().iter().map(|child| &**child),
        ))
    };
    let running = Running::new(context);
    controller
        .with_config(Queue::default().concurrency(CONCURRENCY))
        .trigger_backoff(patience())
        .watches(
            scope.api::<PartialObjectMeta<Workflow>>(),
            any(),
            |workflow| {
                refs(vec![related::artifact_workflow_for_argo(
                    &workflow.metadata,
                )])
            },
        )
        .watches(
            scope.api::<PartialObjectMeta<CronWorkflow>>(),
            any(),
            |cron_workflow| {
                refs(vec![related::artifact_workflow_for_argo(
                    &cron_workflow.metadata,
                )])
            },
        )
        .watches(scope.api::<PartialObjectMeta<Secret>>(), any(), of_secret)
        .run(
            |object: Arc<ArtifactWorkflow>, running: Arc<Running>| async move {
                let key = ObjectKey::of(&object.metadata);
                let result =
                    artifact_workflow::reconcile(&running.context, &key.namespace, &key.name).await;
                running.done(&key, result)
            },
            |object, error, running| running.failed(&ObjectKey::of(&object.metadata), error),
            running,
        )
        .for_each(|_| std::future::ready(()))
        .boxed()
}

/// A controller of `K` that its own status writes do not wake.
fn unechoed<K>(api: Api<K>, context: &Context) -> Controller<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let (store, writer) = reflector::store();
    let echoes = context.echoes.clone();
    let changes = watcher(api, watcher::Config::default())
        .reflect(writer)
        .applied_objects()
        .try_filter(move |changed| std::future::ready(!echoes.take::<K>(changed.meta())));
    Controller::for_stream(changes, store)
}

/// Delays that double from the first of [`WATCH_DELAYS`] to the second.
struct Doubling {
    next: Duration,
}

impl Iterator for Doubling {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let [_, longest] = WATCH_DELAYS;
        let delay = self.next;
        self.next = (delay * 2).min(longest);
        Some(delay)
    }
}

impl Backoff for Doubling {
    fn reset(&mut self) {
        [self.next, _] = WATCH_DELAYS;
    }
}

fn patience() -> ResetTimerBackoff<Doubling> {
    let [first, _] = WATCH_DELAYS;
    ResetTimerBackoff::new(Doubling { next: first }, WATCH_RESET)
}

/// All Endpoints, and what keeps them fresh.
fn endpoints(scope: &Scope) -> (Store<Endpoint>, BoxFuture<'static, ()>) {
    let (store, writer) = reflector::store();
    let keep = reflector::reflector(
        writer,
        watcher(scope.api::<Endpoint>(), watcher::Config::default()),
    )
    .default_backoff()
    .for_each(|_| std::future::ready(()));
    (store, keep.boxed())
}

/// What the changes of other kinds are looked up in.
struct Known {
    orders: Store<Order>,
    endpoints: Store<Endpoint>,
}

impl Known {
    fn for_endpoint(&self, endpoint: &ObjectMeta) -> Vec<ObjectRef<Order>> {
        let orders = self.orders.state();
        refs(related::orders_for_endpoint(
            endpoint,
            orders.iter().map(|order| &**order),
        ))
    }

    fn for_artifact_type(&self, artifact_type: &ObjectMeta) -> Vec<ObjectRef<Order>> {
        let orders = self.orders.state();
        let orders = orders.iter().map(|order| &**order);
        refs(related::orders_for_artifact_type(artifact_type, orders))
    }

    fn for_secret(&self, secret: &ObjectMeta) -> Vec<ObjectRef<Order>> {
        let (orders, endpoints) = (self.orders.state(), self.endpoints.state());
        let endpoints = endpoints.iter().map(|endpoint| &**endpoint);
        let orders = orders.iter().map(|order| &**order);
        refs(related::orders_for_secret(secret, endpoints, orders))
    }
}

fn refs<K>(keys: Vec<ObjectKey>) -> Vec<ObjectRef<K>>
where
    K: Resource<DynamicType = ()>,
{
    keys.into_iter()
        .map(|key| ObjectRef::new(&key.name).within(&key.namespace))
        .collect()
}

/// A controller at work: its context, and how often each object has failed in a row.
struct Running {
    context: Context,
    n_failures: Mutex<BTreeMap<ObjectKey, u32>>,
}

impl Running {
    fn new(context: Context) -> Arc<Self> {
        Arc::new(Self {
            context,
            n_failures: Mutex::default(),
        })
    }

    fn done(
        &self,
        key: &ObjectKey,
        result: Result<Option<SignedDuration>, Error>,
    ) -> Result<Action, Error> {
        let delay = result?;
        self.n_failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
        Ok(delay.map_or_else(Action::await_change, |delay| Action::requeue(wait(delay))))
    }

    fn failed(&self, key: &ObjectKey, error: &Error) -> Action {
        let mut all = self
            .n_failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let n_failures = all.entry(key.clone()).or_default();
        *n_failures = n_failures.saturating_add(1);
        let delay = error.retry_after(*n_failures, key);
        if error.is_conflict() {
            tracing::debug!(object = %key, "changed meanwhile, looking again");
        } else {
            tracing::warn!(error = chain(error), object = %key, delay = %delay, "reconcile failed");
        }
        Action::requeue(wait(delay))
    }
}

fn wait(delay: SignedDuration) -> Duration {
    Duration::try_from(delay).unwrap_or(Duration::ZERO)
}
