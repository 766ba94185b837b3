//! Carries out one action after the other against the API.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Binding, Event, EventSource, ObjectReference, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::{ApiResource, Request, Status};
use kube::{Error, Resource};
use sha2::{Digest, Sha256};

use super::node::NODE_NAME;
use super::step::{Action, Warning};
use crate::json::{Value, json, to_value};
use crate::part::{PartClient, PartObject, delete, send};

/// How long to wait before a pod is looked at again that somebody else changed in between.
const CONFLICT_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// A write that the API refused.
#[derive(Debug, thiserror::Error)]
#[error("{act} of pod {namespace}/{name}")]
pub(super) struct WriteError {
    act: &'static str,
    namespace: String,
    name: String,
    #[source]
    source: Error,
}

/// Writes about one pod.
pub(super) struct Writer<'a> {
    client: &'a PartClient,
    pod: &'a ObjectMeta,
    now: Timestamp,
    /// Why the executor could not report, if it could not.
    refusal: Option<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(client: &'a PartClient, pod: &'a ObjectMeta, now: Timestamp) -> Self {
        Self {
            client,
            pod,
            now,
            refusal: None,
        }
    }

    /// Carries out `action`; `Some` if the pod has changed or gone meanwhile and the rest must wait that long.
    pub(super) async fn write(
        &mut self,
        action: Action,
    ) -> Result<Option<SignedDuration>, WriteError> {
        let (act, result) = match action {
            Action::Bind(node) => ("binding", self.bind(node).await),
            Action::Status(status) => ("status update", self.patch_status(status).await),
            Action::Warn(warning) => ("event", self.warn(warning).await),
            Action::Log { container, text } => ("log", self.log(&container, text).await),
            Action::TaskResult(result) => ("task result", self.task_result(result).await),
            Action::Delete => ("deletion", self.delete().await),
        };
        match result {
            Ok(()) => Ok(None),
            Err(Error::Api(status))
                if status.code == 409 || (status.code == 404 && act != "log") =>
            {
                Ok(Some(CONFLICT_WAIT))
            }
            Err(source) => Err(WriteError {
                act,
                namespace: self.namespace().to_owned(),
                name: self.name().to_owned(),
                source,
            }),
        }
    }

    fn name(&self) -> &str {
        self.pod.name.as_deref().unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        self.pod.namespace.as_deref().unwrap_or_default()
    }

    async fn bind(&self, node: &str) -> Result<(), Error> {
        let binding = Binding {
            metadata: ObjectMeta {
                name: Some(self.name().to_owned()),
                uid: self.pod.uid.clone(),
                ..ObjectMeta::default()
            },
            target: ObjectReference {
                kind: Some("Node".into()),
                name: Some(node.to_owned()),
                ..ObjectReference::default()
            },
        };
        let binding = to_value(&binding).map_err(Error::SerdeError)?;
        let request = Request::new(Pod::url_path(&(), Some(self.namespace())));
        let params = PostParams::default();
        let request = request.create_subresource("binding", self.name(), &params, Vec::new());
        send(self.client, request, binding).await.map(drop)
    }

    async fn patch_status(&self, mut status: Value) -> Result<(), Error> {
        if let Some(refusal) = &self.refusal {
            fail_executor(&mut status, refusal);
        }
        let metadata = json!({"uid": self.pod.uid, "resourceVersion": self.pod.resource_version});
        let mut patch = json!({"metadata": metadata});
        patch["status"] = status;
        let request = Request::new(Pod::url_path(&(), Some(self.namespace())));
        let params = PatchParams::default();
        let request = request.patch_subresource("status", self.name(), &params, &Patch::Merge(()));
        send(self.client, request, patch).await.map(drop)
    }

    /// One event for each distinct message: its name follows from what it says.
    async fn warn(&self, warning: Warning) -> Result<(), Error> {
        let uid = self.pod.uid.clone().unwrap_or_default();
        let hash = Sha256::digest(format!("{uid}\n{}\n{}", warning.reason, warning.message));
        let suffix: String = hash
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let is_kubelet = warning.component == "kubelet";
        let host = is_kubelet.then(|| NODE_NAME.to_owned());
        let event = Event {
            metadata: ObjectMeta {
                name: Some(format!("{}.{suffix}", self.name())),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: Some("v1".into()),
                kind: Some("Pod".into()),
                name: Some(self.name().to_owned()),
                namespace: Some(self.namespace().to_owned()),
                uid: Some(uid),
                ..ObjectReference::default()
            },
            reason: Some(warning.reason.to_owned()),
            message: Some(warning.message),
            type_: Some("Warning".to_owned()),
            source: Some(EventSource {
                component: Some(warning.component.to_owned()),
                host: host.clone(),
            }),
            reporting_component: Some(warning.component.to_owned()),
            reporting_instance: host,
            first_timestamp: Some(Time(self.now)),
            last_timestamp: Some(Time(self.now)),
            count: Some(1),
            ..Event::default()
        };
        let event = to_value(&event).map_err(Error::SerdeError)?;
        let request = Request::new(Event::url_path(&(), Some(self.namespace())));
        let request = request.create(&PostParams::default(), Vec::new());
        match send(self.client, request, event).await {
            Err(Error::Api(status)) if status.code == 409 || is_namespace_ending(&status) => Ok(()),
            result => result.map(drop),
        }
    }

    /// Hands the log to the simulated API server; a real one takes none, since it asks kubelets.
    async fn log(&self, container: &str, text: String) -> Result<(), Error> {
        let path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={container}",
            self.namespace(),
            self.name()
        );
        let request = http::Request::put(path)
            .header(http::header::CONTENT_TYPE, "text/plain")
            .body(text.into_bytes());
        let request = request.map_err(|error| {
            Error::BuildRequest(kube::core::request::Error::BuildRequest(error))
        })?;
        match self.client.kube().request_text(request).await {
            Err(Error::Api(status)) if status.code == 405 => Ok(()),
            result => result.map(drop),
        }
    }

    async fn task_result(&mut self, result: Value) -> Result<(), Error> {
        let resource = ApiResource {
            group: "argoproj.io".into(),
            version: "v1alpha1".into(),
            api_version: "argoproj.io/v1alpha1".into(),
            kind: "WorkflowTaskResult".into(),
            plural: "workflowtaskresults".into(),
        };
        let results = Request::new(PartObject::url_path(&resource, Some(self.namespace())));
        let request = results.create(&PostParams::default(), Vec::new());
        match send(self.client, request, result.clone()).await {
            Err(Error::Api(status)) if status.reason == "AlreadyExists" => {
                let name = result["metadata"]["name"].as_str().unwrap_or_default();
                let patch = json!({"metadata": {"labels": result["metadata"]["labels"]}, "outputs": result["outputs"]});
                let request = results.patch(name, &PatchParams::default(), &Patch::Merge(()));
                send(self.client, request, patch).await.map(drop)
            }
            Err(Error::Api(status)) if matches!(status.code, 403 | 404) => {
                self.refusal = Some(status.message.clone());
                Ok(())
            }
            result => result.map(drop),
        }
    }

    async fn delete(&self) -> Result<(), Error> {
        let params = DeleteParams {
            grace_period_seconds: Some(0),
            preconditions: Some(Preconditions {
                uid: self.pod.uid.clone(),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        let pods = Request::new(Pod::url_path(&(), Some(self.namespace())));
        delete(self.client, pods.delete(self.name(), &params)).await
    }
}

fn is_namespace_ending(status: &Status) -> bool {
    status.code == 403 && status.message.contains("because it is being terminated")
}

/// Lets the executor's container end as it does when the API refuses its report.
///
/// Source: `spec/argo.md` §23.
fn fail_executor(status: &mut Value, message: &str) {
    let list = status["containerStatuses"]
        .as_array_mut()
        .into_iter()
        .flatten();
    for container in list.filter(|container| container["name"] == "wait") {
        let ended = &mut container["state"]["terminated"];
        if ended.is_object() {
            ended["exitCode"] = 64.into();
            ended["reason"] = "Error".into();
            ended["message"] = message.into();
        }
    }
    if status["phase"] == "Succeeded" {
        status["phase"] = "Failed".into();
    }
}
