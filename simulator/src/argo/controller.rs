//! The shell around the engine: what is watched, when a Workflow is looked at, and what is read on demand.
//!
//! Source: `spec/argo.md` §3.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use kube::core::{ApiResource, GroupVersionKind};

use super::key;
use super::lookup::{Lookups, Missing};
use super::operation::operate;
use super::pass::{Input, Outcome, Settings};
use super::write::{Writer, Written};
use crate::part::{
    Cache, Caches, Change, ChangeKind, Failure, Key, Part, PartClient, PartObject, Wake, Watch,
};

const WORKFLOWS: usize = 0;
const PODS: usize = 1;
const TASK_RESULTS: usize = 2;

/// How often one pass may start over, because something was read or refused.
const RESTARTS_MAX: usize = 100;

/// The simulated workflow controller.
pub struct ArgoController {
    client: PartClient,
    settings: Settings,
    /// The revision of each Workflow after the last write; older ones are stale.
    written: BTreeMap<Key, u64>,
}

impl ArgoController {
    /// A controller for all namespaces.
    #[must_use]
    pub fn new(client: PartClient, settings: Settings) -> Self {
        Self {
            client,
            settings,
            written: BTreeMap::new(),
        }
    }

    async fn look(
        &mut self,
        key: &Key,
        caches: &Caches,
        now: Timestamp,
    ) -> Result<Option<SignedDuration>, Failure> {
        let Some(workflow) = caches.get(WORKFLOWS, key) else {
            self.written.remove(key);
            return Ok(None);
        };
        let stale = self
            .written
            .get(key)
            .is_some_and(|written| revision(workflow) < *written);
        if stale || is_done(workflow) {
            return Ok(None);
        }
        let (namespace, name) = (key.namespace.as_str(), key.name.as_str());
        let pods = of_workflow(caches.of(PODS), namespace, name);
        let task_results = of_workflow(caches.of(TASK_RESULTS), namespace, name);
        let mut writer = Writer::new(&self.client, workflow, now);
        let outcome = self
            .decide(&mut writer, workflow, &pods, &task_results)
            .await?;
        writer.release(&outcome.actions).await?;
        match writer.update(&outcome).await? {
            Written::Nothing => {}
            Written::Revision(revision) => {
                self.written.insert(key.clone(), revision);
            }
            Written::Conflict => return Ok(Some(self.settings.requeue)),
        }
        writer.follow_up(outcome.actions).await?;
        Ok(outcome.requeue)
    }

    /// Passes until nothing is missing and everything that had to be created is there or was refused.
    async fn decide(
        &self,
        writer: &mut Writer<'_>,
        workflow: &PartObject,
        pods: &[&PartObject],
        task_results: &[&PartObject],
    ) -> Result<Outcome, Failure> {
        let mut lookups = Lookups::default();
        let mut refusals = BTreeMap::new();
        for _ in 0..RESTARTS_MAX {
            let input = Input {
                workflow,
                pods,
                task_results,
                lookups: &lookups,
                refusals: &refusals,
                now: writer.now(),
                settings: &self.settings,
            };
            match operate(input) {
                Ok(outcome) => {
                    let refused = writer.create(&outcome.actions).await?;
                    if refused.is_empty() {
                        return Ok(outcome);
                    }
                    refusals.extend(refused);
                }
                Err(missing) => {
                    let found = writer.read(&missing).await?;
                    lookups.0.insert(missing, found);
                }
            }
        }
        Ok(Outcome::default())
    }
}

impl Part for ArgoController {
    fn name(&self) -> &'static str {
        "argo"
    }

    fn watches(&self) -> Vec<Watch> {
        let argo = |kind: &str, plural: &str| resource("argoproj.io", "v1alpha1", kind, plural);
        vec![
            Watch::all(argo("Workflow", "workflows")),
            Watch::all(resource("", "v1", "Pod", "pods")).labelled(&format!(
                "{},{}=false",
                key::WORKFLOW,
                key::COMPLETED
            )),
            Watch::all(argo("WorkflowTaskResult", "workflowtaskresults")).labelled(key::WORKFLOW),
        ]
    }

    fn observe(&mut self, change: &Change, _: &Caches) -> Vec<Wake> {
        let object = &change.object;
        match (change.watch, change.kind) {
            (WORKFLOWS, ChangeKind::Deleted) => vec![Wake::now(Key::of("Workflow", object))],
            (WORKFLOWS, ChangeKind::Applied) if is_done(object) => Vec::new(),
            (WORKFLOWS, ChangeKind::Applied) => {
                let after = if has_begun(object) {
                    self.settings.requeue
                } else {
                    SignedDuration::ZERO
                };
                vec![Wake {
                    key: Key::of("Workflow", object),
                    after,
                }]
            }
            _ => {
                let labels = object.metadata.labels.as_ref();
                let Some(workflow) = labels.and_then(|labels| labels.get(key::WORKFLOW)) else {
                    return Vec::new();
                };
                let key = Key {
                    name: workflow.clone(),
                    ..Key::of("Workflow", object)
                };
                vec![Wake {
                    key,
                    after: self.settings.requeue,
                }]
            }
        }
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        Box::pin(self.look(key, caches, now))
    }
}

/// A kind of the API.
pub(crate) fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// The revision of an object as the number that it is.
pub(crate) fn revision(object: &PartObject) -> u64 {
    let text = object
        .metadata
        .resource_version
        .as_deref()
        .unwrap_or_default();
    text.parse().unwrap_or(0)
}

/// Whether a Workflow has a phase, which its status and a label tell from then on.
fn has_begun(workflow: &PartObject) -> bool {
    let labels = workflow.metadata.labels.as_ref();
    workflow.data.get("status").is_some()
        && labels.is_some_and(|labels| labels.contains_key(key::PHASE))
}

fn is_done(workflow: &PartObject) -> bool {
    let labels = workflow.metadata.labels.as_ref();
    labels
        .and_then(|labels| labels.get(key::COMPLETED))
        .map(String::as_str)
        == Some("true")
}

fn of_workflow<'c>(cache: &'c Cache, namespace: &str, workflow: &str) -> Vec<&'c PartObject> {
    let from = (namespace.to_owned(), String::new());
    cache
        .range(from..)
        .take_while(|((there, _), _)| there == namespace)
        .map(|(_, object)| object.as_ref())
        .filter(|object| {
            let labels = object.metadata.labels.as_ref();
            labels
                .and_then(|labels| labels.get(key::WORKFLOW))
                .map(String::as_str)
                == Some(workflow)
        })
        .collect()
}

impl Missing {
    /// Where the object is found: its kind, its name, and whether it lives in a namespace.
    pub(crate) fn place(&self) -> (ApiResource, &str, bool) {
        match self {
            Self::WorkflowTemplate(name) => (
                resource(
                    "argoproj.io",
                    "v1alpha1",
                    "WorkflowTemplate",
                    "workflowtemplates",
                ),
                name,
                true,
            ),
            Self::ClusterWorkflowTemplate(name) => {
                let kind = "ClusterWorkflowTemplate";
                (
                    resource("argoproj.io", "v1alpha1", kind, "clusterworkflowtemplates"),
                    name,
                    false,
                )
            }
            Self::ConfigMap(name) => (resource("", "v1", "ConfigMap", "configmaps"), name, true),
        }
    }
}
