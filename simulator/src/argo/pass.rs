//! One pass over a Workflow: what it knows, what it changes, what it asks for.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Volume;

use super::lookup::{Lookups, Missing};
use super::spec::{Shutdown, WorkflowSpec, WorkflowStatus};
use super::version::{Differences, Version};
use crate::json::{Value, json};
use crate::part::PartObject;

/// What holds for all Workflows of a controller.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which release is spoken.
    pub version: Version,
    /// The image of Argo's own containers.
    pub executor_image: String,
    /// How long after a change a Workflow is looked at again.
    pub requeue: SignedDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: Version::default(),
            executor_image: "quay.io/argoproj/argoexec:v4.1.2".to_owned(),
            requeue: SignedDuration::from_secs(10),
        }
    }
}

/// Everything that one pass looks at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The Workflow as last seen.
    pub workflow: &'a PartObject,
    /// Its pods that are not labelled as completed.
    pub pods: &'a [&'a PartObject],
    /// Its WorkflowTaskResults.
    pub task_results: &'a [&'a PartObject],
    /// What was read on demand.
    pub lookups: &'a Lookups,
    /// What the API refused to create in this pass, by kind and name.
    pub refusals: &'a BTreeMap<(&'static str, String), Refusal>,
    /// The present instant.
    pub now: Timestamp,
    /// What holds for all Workflows.
    pub settings: &'a Settings,
}

/// Why an object could not be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whether it may work later: quota, conflict, an overloaded or unreachable server.
    pub transient: bool,
    /// What the API said.
    pub message: String,
}

/// What comes of a pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The Workflow to write, if it changed.
    pub workflow: Option<PartObject>,
    /// What to do beside, in this order.
    pub actions: Vec<Action>,
    /// When to look again, if not because something changes.
    pub requeue: Option<SignedDuration>,
}

/// Something to do beside writing the Workflow; creations come before that write, all else after it.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Creates a PersistentVolumeClaim.
    CreateClaim(Value),
    /// Creates a PodDisruptionBudget.
    CreateBudget(Value),
    /// Creates a pod.
    CreatePod(Value),
    /// Deletes a PersistentVolumeClaim without waiting for pods that still mount it.
    DeleteClaim(String),
    /// Deletes the PodDisruptionBudget of the Workflow.
    DeleteBudget(String),
    /// Makes a pod end now.
    TerminatePod(String),
    /// Labels a pod as needing no more attention.
    LabelPodCompleted(String),
    /// Deletes a pod after a delay.
    DeletePod(String, SignedDuration),
    /// Deletes all WorkflowTaskResults of the Workflow.
    DeleteTaskResults,
    /// Records an event about the Workflow.
    Emit(EventNote),
}

/// An event about the Workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventNote {
    /// `Normal` or `Warning`.
    pub kind: &'static str,
    /// Such as `WorkflowNodeSucceeded`.
    pub reason: String,
    /// For people.
    pub message: String,
    /// More about a node.
    pub annotations: BTreeMap<String, String>,
}

/// Why something was not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// Something must be read first; the pass starts over.
    Missing(Missing),
    /// As many children or pods are active as may be.
    Parallelism,
    /// It was pending for too long.
    Timeout,
    /// Templates call each other too deeply.
    TooDeep,
    /// It may work later.
    Transient(String),
    /// It cannot work.
    Template(String),
}

impl Halt {
    /// An ordinary error.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::Template(message.into())
    }

    /// Something that the simulated controller cannot do.
    pub(crate) fn unsupported(feature: &str) -> Self {
        Self::Template(format!("not supported by the simulator: {feature}"))
    }

    /// What the node gets as its message.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Missing(_) => String::new(),
            Self::Parallelism => "Max parallelism reached".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::TooDeep => "Maximum recursion depth exceeded. See https://argo-workflows.readthedocs.io/en/latest/scaling/#maximum-recursion-depth".to_owned(),
            Self::Transient(message) | Self::Template(message) => message.clone(),
        }
    }
}

/// Who the Workflow is.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) uid: String,
    pub(crate) created: Timestamp,
}

impl Identity {
    fn of(workflow: &PartObject, now: Timestamp) -> Self {
        let metadata = &workflow.metadata;
        Self {
            name: metadata.name.clone().unwrap_or_default(),
            namespace: metadata.namespace.clone().unwrap_or_default(),
            uid: metadata.uid.clone().unwrap_or_default(),
            created: metadata
                .creation_timestamp
                .as_ref()
                .map_or(now, |time| time.0),
        }
    }

    /// The owner reference of everything that is made for the Workflow.
    pub(crate) fn owner(&self) -> Value {
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "name": self.name,
            "uid": self.uid,
            "controller": true,
            "blockOwnerDeletion": true,
        })
    }
}

/// The state of one pass.
pub(crate) struct Pass<'a> {
    pub(crate) input: Input<'a>,
    pub(crate) differences: Differences,
    pub(crate) identity: Identity,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    /// The effective specification without templates, its globals substituted.
    pub(crate) spec: WorkflowSpec,
    /// The effective templates as written.
    pub(crate) templates: Value,
    pub(crate) status: WorkflowStatus,
    pub(crate) globals: BTreeMap<String, String>,
    /// The volumes of the Workflow, substituted with all that is known so far.
    pub(crate) volumes: Vec<Volume>,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) active_pods: i64,
    pub(crate) depth: usize,
    pub(crate) updated: bool,
    pub(crate) actions: Vec<Action>,
    pub(crate) requeue: Option<SignedDuration>,
}

impl<'a> Pass<'a> {
    /// A pass that has not begun.
    ///
    /// # Errors
    /// When the status cannot be decoded.
    pub(crate) fn new(input: Input<'a>) -> Result<Self, String> {
        let workflow = input.workflow;
        let status = workflow.read("status").map_err(|e| e.to_string())?;
        Ok(Self {
            input,
            differences: input.settings.version.differences(),
            identity: Identity::of(workflow, input.now),
            labels: workflow.metadata.labels.clone().unwrap_or_default(),
            annotations: workflow.metadata.annotations.clone().unwrap_or_default(),
            spec: WorkflowSpec::default(),
            templates: Value::Null,
            status: status.unwrap_or_default(),
            globals: BTreeMap::new(),
            volumes: Vec::new(),
            deadline: None,
            active_pods: 0,
            depth: 0,
            updated: false,
            actions: Vec::new(),
            requeue: None,
        })
    }

    /// How the Workflow was told to end early, if it was.
    pub(crate) fn shutdown(&self) -> Option<Shutdown> {
        self.spec.shutdown()
    }

    /// Whether the Workflow has had its time.
    pub(crate) fn past_deadline(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| self.input.now > deadline)
    }

    /// Looks again after `delay`, or earlier if that was asked for.
    pub(crate) fn requeue_after(&mut self, delay: SignedDuration) {
        self.requeue = Some(self.requeue.map_or(delay, |earlier| earlier.min(delay)));
    }

    /// Looks again after the usual delay.
    pub(crate) fn requeue(&mut self) {
        self.requeue_after(self.input.settings.requeue);
    }
}
