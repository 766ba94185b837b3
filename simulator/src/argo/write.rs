//! Carries out what a pass decided, against the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kube::Error;
use kube::api::{Api, DeleteParams, GetParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, Request};

use super::controller::resource;
use super::key;
use super::lookup::Missing;
use super::pass::{Action, EventNote, Outcome, Refusal};
use super::retry::is_transient;
use crate::clock::in_seconds;
use crate::json::{Value, json};
use crate::kubelet::TERMINATE_ANNOTATION;
use crate::part::{self, PartClient, PartObject, delete, get, send};

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[error("{act} {kind} {name} for workflow {workflow}")]
pub(crate) struct WriteError {
    act: &'static str,
    kind: String,
    name: String,
    workflow: String,
    #[source]
    source: Error,
}

/// What became of the update of a Workflow.
pub(crate) enum Written {
    /// There was nothing to write.
    Nothing,
    /// It has this revision now.
    Revision(u64),
    /// Somebody else wrote it in between.
    Conflict,
}

/// Writes for one Workflow.
pub(crate) struct Writer<'a> {
    client: &'a PartClient,
    workflow: &'a PartObject,
    now: Timestamp,
    n_events: usize,
}

type Refusals = BTreeMap<(&'static str, String), Refusal>;

impl<'a> Writer<'a> {
    pub(crate) fn new(client: &'a PartClient, workflow: &'a PartObject, now: Timestamp) -> Self {
        Self {
            client,
            workflow,
            now,
            n_events: 0,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    fn name(&self) -> &str {
        self.workflow.metadata.name.as_deref().unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        self.workflow
            .metadata
            .namespace
            .as_deref()
            .unwrap_or_default()
    }

    fn api(&self, resource: &ApiResource) -> Api<PartObject> {
        Api::namespaced_with(self.client.kube(), self.namespace(), resource)
    }

    fn core(&self, kind: &str, plural: &str) -> Api<PartObject> {
        self.api(&resource("", "v1", kind, plural))
    }

    fn failed(
        &self,
        act: &'static str,
        kind: &str,
        name: &str,
    ) -> impl FnOnce(Error) -> WriteError {
        let (kind, name) = (kind.to_owned(), name.to_owned());
        let workflow = format!("{}/{}", self.namespace(), self.name());
        move |source| WriteError {
            act,
            kind,
            name,
            workflow,
            source,
        }
    }

    /// Reads an object that a pass lacks.
    pub(crate) async fn read(
        &self,
        missing: &Missing,
    ) -> Result<Option<Arc<PartObject>>, WriteError> {
        let (resource, name, namespaced) = missing.place();
        let api = if namespaced {
            self.api(&resource)
        } else {
            Api::all_with(self.client.kube(), &resource)
        };
        let request = Request::new(api.resource_url()).get(name, &GetParams::default());
        let found =
            get(self.client, request)
                .await
                .map_err(self.failed("get", &resource.kind, name))?;
        Ok(found.map(Arc::new))
    }

    /// Creates what must be there before the Workflow is written; gives what the API refused.
    pub(crate) async fn create(&self, actions: &[Action]) -> Result<Refusals, WriteError> {
        let mut refusals = Refusals::new();
        for action in actions {
            let (kind, object, api) = match action {
                Action::CreateClaim(claim) => {
                    let api = self.core("PersistentVolumeClaim", "persistentvolumeclaims");
                    ("PersistentVolumeClaim", claim, api)
                }
                Action::CreateBudget(budget) => ("PodDisruptionBudget", budget, self.budgets()),
                Action::CreatePod(pod) => ("Pod", pod, self.core("Pod", "pods")),
                _ => continue,
            };
            let name = object["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if let Some(refusal) = self.create_one(&api, kind, (&name, object)).await? {
                refusals.insert((kind, name), refusal);
            }
        }
        Ok(refusals)
    }

    async fn create_one(
        &self,
        api: &Api<PartObject>,
        kind: &'static str,
        (name, object): (&str, &Value),
    ) -> Result<Option<Refusal>, WriteError> {
        let request = Request::new(api.resource_url()).create(&PostParams::default(), Vec::new());
        match send(self.client, request, object.clone()).await {
            Ok(_) => Ok(None),
            Err(Error::Api(status)) if status.reason == "AlreadyExists" => {
                self.adopt(api, kind, name).await
            }
            Err(Error::Api(status)) => Ok(Some(Refusal {
                transient: status.code == 429
                    || status.code >= 500
                    || is_transient(&status.message),
                message: status.message,
            })),
            Err(source) => Err(self.failed("create", kind, name)(source)),
        }
    }

    /// An object that is there already is taken over; a claim only if the Workflow owns it.
    async fn adopt(
        &self,
        api: &Api<PartObject>,
        kind: &'static str,
        name: &str,
    ) -> Result<Option<Refusal>, WriteError> {
        if kind != "PersistentVolumeClaim" {
            return Ok(None);
        }
        let there = api
            .get_opt(name)
            .await
            .map_err(self.failed("get", kind, name))?;
        let owners = there
            .iter()
            .flat_map(|there| there.metadata.owner_references.iter().flatten());
        let owned = owners
            .into_iter()
            .any(|owner| Some(&owner.uid) == self.workflow.metadata.uid.as_ref());
        Ok((!owned).then(|| Refusal {
            transient: false,
            message: format!("{name} pvc already exists with different ownerreference"),
        }))
    }

    /// Writes the Workflow, if it changed.
    pub(crate) async fn update(&self, outcome: &Outcome) -> Result<Written, WriteError> {
        let Some(workflow) = &outcome.workflow else {
            return Ok(Written::Nothing);
        };
        let api = self.api(&resource(
            "argoproj.io",
            "v1alpha1",
            "Workflow",
            "workflows",
        ));
        let failed = self.failed("update", "Workflow", self.name());
        let workflow = match workflow.to_value() {
            Ok(workflow) => workflow,
            Err(error) => return Err(failed(Error::SerdeError(error))),
        };
        let workflows = Request::new(api.resource_url());
        let request = workflows.replace(self.name(), &PostParams::default(), Vec::new());
        match send(self.client, request, workflow).await {
            Ok(part::Written(revision)) => Ok(Written::Revision(revision)),
            Err(Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(Written::Conflict),
            Err(source) => Err(failed(source)),
        }
    }

    /// Deletes what a Workflow that ends needs no more, before its end is written: who dies in between does it again.
    ///
    /// Source: argo-workflows v3.7.4 `workflow/controller/operator.go`, `operate` and `persistUpdates`.
    pub(crate) async fn release(&self, actions: &[Action]) -> Result<(), WriteError> {
        for action in actions {
            match action {
                Action::DeleteClaim(name) => self.delete_claim(name).await?,
                Action::DeleteBudget(name) => {
                    self.delete(&self.budgets(), "PodDisruptionBudget", name)
                        .await?
                }
                Action::CreateClaim(_)
                | Action::CreateBudget(_)
                | Action::CreatePod(_)
                | Action::TerminatePod(_)
                | Action::LabelPodCompleted(_)
                | Action::DeletePod(..)
                | Action::DeleteTaskResults
                | Action::Emit(_) => {}
            }
        }
        Ok(())
    }

    /// Does what comes after the Workflow was written.
    pub(crate) async fn follow_up(&mut self, actions: Vec<Action>) -> Result<(), WriteError> {
        for action in actions {
            let pods = self.core("Pod", "pods");
            match action {
                Action::CreateClaim(_)
                | Action::CreateBudget(_)
                | Action::CreatePod(_)
                | Action::DeleteClaim(_)
                | Action::DeleteBudget(_) => {}
                Action::TerminatePod(name) => self.terminate(&pods, &name).await?,
                Action::LabelPodCompleted(name) => {
                    let patch = json!({"metadata": {"labels": {key::COMPLETED: "true"}}});
                    self.patch(&pods, &name, patch).await?;
                }
                Action::DeletePod(name, _) => self.delete(&pods, "Pod", &name).await?,
                Action::DeleteTaskResults => self.delete_task_results().await?,
                Action::Emit(note) => self.emit(&note).await?,
            }
        }
        Ok(())
    }

    fn budgets(&self) -> Api<PartObject> {
        self.api(&resource(
            "policy",
            "v1",
            "PodDisruptionBudget",
            "poddisruptionbudgets",
        ))
    }

    async fn terminate(&self, pods: &Api<PartObject>, name: &str) -> Result<(), WriteError> {
        let pod = pods
            .get_opt(name)
            .await
            .map_err(self.failed("get", "Pod", name))?;
        match pod {
            Some(pod) if pod.data["status"]["phase"] == "Running" => {
                let patch = json!({"metadata": {"annotations": {TERMINATE_ANNOTATION: self.now.to_string()}}});
                self.patch(pods, name, patch).await
            }
            Some(_) => self.delete(pods, "Pod", name).await,
            None => Ok(()),
        }
    }

    async fn patch(
        &self,
        pods: &Api<PartObject>,
        name: &str,
        patch: Value,
    ) -> Result<(), WriteError> {
        let pods = Request::new(pods.resource_url());
        let request = pods.patch(name, &PatchParams::default(), &Patch::Merge(()));
        match send(self.client, request, patch).await {
            Ok(_) => Ok(()),
            Err(error) => ignore_not_found(error).map_err(self.failed("patch", "Pod", name)),
        }
    }

    async fn delete(
        &self,
        api: &Api<PartObject>,
        kind: &str,
        name: &str,
    ) -> Result<(), WriteError> {
        let request = Request::new(api.resource_url()).delete(name, &DeleteParams::default());
        match delete(self.client, request).await {
            Ok(_) => Ok(()),
            Err(error) => ignore_not_found(error).map_err(self.failed("delete", kind, name)),
        }
    }

    /// Deletes a claim and takes away the finalizer that would keep it while pods exist.
    async fn delete_claim(&self, name: &str) -> Result<(), WriteError> {
        let kind = "PersistentVolumeClaim";
        let api = self.core(kind, "persistentvolumeclaims");
        self.delete(&api, kind, name).await?;
        let left = api
            .get_opt(name)
            .await
            .map_err(self.failed("get", kind, name))?;
        let Some(mut claim) = left else {
            return Ok(());
        };
        let finalizers = claim.metadata.finalizers.get_or_insert_default();
        finalizers.retain(|finalizer| finalizer != "kubernetes.io/pvc-protection");
        match api.replace(name, &PostParams::default(), &claim).await {
            Ok(_) => Ok(()),
            Err(error) => ignore_not_found(error).map_err(self.failed("update", kind, name)),
        }
    }

    async fn delete_task_results(&self) -> Result<(), WriteError> {
        let kind = "WorkflowTaskResult";
        let api = self.api(&resource(
            "argoproj.io",
            "v1alpha1",
            kind,
            "workflowtaskresults",
        ));
        let of_workflow =
            ListParams::default().labels(&format!("{}={}", key::WORKFLOW, self.name()));
        match api
            .delete_collection(&DeleteParams::background(), &of_workflow)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => ignore_not_found(error).map_err(self.failed("delete", kind, "*")),
        }
    }

    async fn emit(&mut self, note: &EventNote) -> Result<(), WriteError> {
        self.n_events += 1;
        let name = format!(
            "{}.{:x}{:02x}",
            self.name(),
            self.now.as_nanosecond(),
            self.n_events
        );
        let time = in_seconds(self.now);
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": self.namespace(), "annotations": note.annotations},
            "involvedObject": {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Workflow",
                "name": self.name(),
                "namespace": self.namespace(),
                "uid": self.workflow.metadata.uid,
                "resourceVersion": self.workflow.metadata.resource_version,
            },
            "type": note.kind,
            "reason": note.reason,
            "message": note.message,
            "source": {"component": "workflow-controller"},
            "reportingComponent": "workflow-controller",
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        });
        let api = self.core("Event", "events");
        match self.create_one(&api, "Event", (&name, &event)).await {
            // An event that is refused is lost, as it is for the real controller.
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn ignore_not_found(error: Error) -> Result<(), Error> {
    match error {
        Error::Api(status) if status.code == 404 => Ok(()),
        error => Err(error),
    }
}
