//! The shell around the pass: what is watched, when a CronWorkflow is looked at, and what is written.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::{Client, Error, ResourceExt};

use super::cron_workflow::{CronWorkflow, Run, RunResult};
use super::fire::Start;
use super::pass::{Alarms, pass};
use super::record::Record;
use crate::argo::controller::{resource, revision};
use crate::argo::key;
use crate::json::{Value, json};
use crate::part::{Cache, Caches, Change, ChangeKind, Failure, Key, Part, PartObject, Wake, Watch};

const CRON_WORKFLOWS: usize = 0;
const RUNS: usize = 1;

/// How long after a run began or ended it is taken notice of.
/// Source: argo-workflows v3.7.4 `workflow/cron/controller.go`, `CRON_SYNC_PERIOD`.
const SYNC: SignedDuration = SignedDuration::from_secs(10);

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[error("{act} {kind} {name} in namespace {namespace}")]
struct WriteError {
    act: &'static str,
    kind: &'static str,
    name: String,
    namespace: String,
    #[source]
    source: Error,
}

/// The simulated CronWorkflow controller.
///
/// It waits for exactly the next time that a schedule fires. Such a timer writes when it runs out, hence a cluster
/// with a schedule is never quiet.
pub struct CronController {
    client: Client,
    known: BTreeMap<Key, Known>,
}

/// What is remembered of a CronWorkflow between two looks.
#[derive(Default)]
struct Known {
    alarms: Alarms,
    /// The revision after the last write; an older one is stale.
    written: u64,
}

impl CronController {
    /// A controller for all namespaces.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            known: BTreeMap::new(),
        }
    }

    async fn look(
        &mut self,
        key: &Key,
        caches: &Caches,
        now: Timestamp,
    ) -> Result<Option<SignedDuration>, Failure> {
        let Some(object) = caches.get(CRON_WORKFLOWS, key) else {
            self.known.remove(key);
            return Ok(None);
        };
        let known = self.known.entry(key.clone()).or_default();
        if revision(object) < known.written || object.metadata.deletion_timestamp.is_some() {
            return Ok(None);
        }
        let cron_workflow = CronWorkflow::of(object);
        let runs = runs(caches.of(RUNS), &cron_workflow);
        let outcome = pass(&cron_workflow, &runs, &known.alarms, now);
        let writer = Writer {
            client: &self.client,
            namespace: &key.namespace,
        };
        for name in &outcome.delete {
            writer.delete(name).await?;
        }
        let mut record = outcome.record;
        if let Some(start) = &outcome.start {
            writer.start(start, &mut record).await?;
        }
        if record != cron_workflow.record
            && let Some(written) = writer.patch(&key.name, &record).await?
        {
            known.written = written;
        }
        known.alarms = outcome.alarms;
        let next = known.alarms.next();
        Ok(next.map(|next| next.duration_since(now)))
    }
}

/// The Workflows that a CronWorkflow owns.
fn runs(cache: &Cache, cron_workflow: &CronWorkflow) -> Vec<Run> {
    let from = (cron_workflow.namespace.clone(), String::new());
    let of_namespace = cache
        .range(from..)
        .take_while(|((namespace, _), _)| *namespace == cron_workflow.namespace);
    let owned = of_namespace.filter(|(_, workflow)| {
        let owners = workflow.owner_references().iter();
        let mut controllers = owners.filter(|owner| owner.controller == Some(true));
        controllers.any(|owner| owner.uid == cron_workflow.uid)
    });
    owned.map(|(_, workflow)| Run::of(workflow)).collect()
}

impl Part for CronController {
    fn name(&self) -> &'static str {
        "argo-cron"
    }

    fn watches(&self) -> Vec<Watch> {
        let argo = |kind: &str, plural: &str| resource("argoproj.io", "v1alpha1", kind, plural);
        vec![
            Watch::all(argo("CronWorkflow", "cronworkflows")),
            Watch::all(argo("Workflow", "workflows")).labelled(key::CRON_WORKFLOW),
        ]
    }

    fn observe(&mut self, change: &Change, _: &Caches) -> Vec<Wake> {
        let object = &change.object;
        if change.watch == CRON_WORKFLOWS {
            return vec![Wake::now(Key::of("CronWorkflow", object))];
        }
        let has_begun = !object.data["status"]["phase"].is_null();
        let goes_on = has_begun && Run::of(object).result == RunResult::Active;
        if goes_on && change.kind == ChangeKind::Applied {
            return Vec::new();
        }
        let owners = object.owner_references().iter();
        let owner = owners
            .filter(|owner| owner.kind == "CronWorkflow")
            .find(|owner| owner.controller == Some(true));
        let key = owner.map(|owner| Key {
            name: owner.name.clone(),
            ..Key::of("CronWorkflow", object)
        });
        key.into_iter()
            .map(|key| Wake { key, after: SYNC })
            .collect()
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

/// Writes for the CronWorkflows of one namespace.
struct Writer<'a> {
    client: &'a Client,
    namespace: &'a str,
}

impl Writer<'_> {
    fn api(&self, kind: &str, plural: &str) -> Api<PartObject> {
        let resource = resource("argoproj.io", "v1alpha1", kind, plural);
        Api::namespaced_with(self.client.clone(), self.namespace, &resource)
    }

    fn workflows(&self) -> Api<PartObject> {
        self.api("Workflow", "workflows")
    }

    fn failed(
        &self,
        act: &'static str,
        kind: &'static str,
        name: &str,
    ) -> impl FnOnce(Error) -> WriteError {
        let (name, namespace) = (name.to_owned(), self.namespace.to_owned());
        move |source| WriteError {
            act,
            kind,
            name,
            namespace,
            source,
        }
    }

    async fn delete(&self, name: &str) -> Result<(), WriteError> {
        match self
            .workflows()
            .delete(name, &DeleteParams::default())
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if is_not_found(&error) => Ok(()),
            Err(error) => Err(self.failed("delete", "Workflow", name)(error)),
        }
    }

    /// Terminates what is in the way and creates the run; what came of it goes into `record`. A run that is there
    /// already is none of this turn's business.
    async fn start(&self, start: &Start, record: &mut Record) -> Result<(), WriteError> {
        for name in &start.terminate {
            self.terminate(name).await?;
        }
        let name = start.workflow["metadata"]["name"]
            .as_str()
            .unwrap_or_default();
        let workflow = match PartObject::of(start.workflow.clone()) {
            Ok(workflow) => workflow,
            Err(error) => {
                record.submission_error(format!("Failed to submit Workflow: {error}"));
                return Ok(());
            }
        };
        match self
            .workflows()
            .create(&PostParams::default(), &workflow)
            .await
        {
            Ok(created) => record.started(&Run::of(&created), start.at),
            Err(Error::Api(status)) if status.reason == "AlreadyExists" => {}
            Err(Error::Api(status)) => {
                record.submission_error(format!("Failed to submit Workflow: {}", status.message));
            }
            Err(error) => return Err(self.failed("create", "Workflow", name)(error)),
        }
        Ok(())
    }

    async fn terminate(&self, name: &str) -> Result<(), WriteError> {
        let workflows = self.workflows();
        let there = workflows
            .get_opt(name)
            .await
            .map_err(self.failed("get", "Workflow", name))?;
        let goes_on = there.is_some_and(|there| Run::of(&there).result == RunResult::Active);
        if !goes_on {
            return Ok(());
        }
        let patch = json!({"spec": {"shutdown": "Terminate"}});
        self.merge(&workflows, "Workflow", name, &patch)
            .await
            .map(|_| ())
    }

    /// Writes what the CronWorkflow is to remember; gives its new revision.
    async fn patch(&self, name: &str, record: &Record) -> Result<Option<u64>, WriteError> {
        let cron_workflows = self.api("CronWorkflow", "cronworkflows");
        self.merge(&cron_workflows, "CronWorkflow", name, &record.patch())
            .await
    }

    async fn merge(
        &self,
        api: &Api<PartObject>,
        kind: &'static str,
        name: &str,
        patch: &Value,
    ) -> Result<Option<u64>, WriteError> {
        match api
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
        {
            Ok(patched) => Ok(Some(revision(&patched))),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(self.failed("patch", kind, name)(error)),
        }
    }
}

fn is_not_found(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 404)
}
