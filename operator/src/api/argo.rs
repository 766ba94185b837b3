//! Those fields of Argo's kinds that the operator reads or writes; the rest is left alone.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{LocalObjectReference, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::cron::ConcurrencyPolicy;
use super::parameter::Parameter;
use super::reference::WorkflowTemplateRef;

/// What a Workflow is made from.
///
/// Source: spec/arc.md §3.1.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "argoproj.io",
    version = "v1alpha1",
    kind = "Workflow",
    plural = "workflows",
    namespaced,
    status = "WorkflowStatus",
    schema = "disabled",
    derive = "PartialEq"
)]
pub struct WorkflowSpec {
    /// The template to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_template_ref: Option<WorkflowTemplateRef>,
    /// Arguments of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Arguments>,
    /// Volumes that templates may mount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// Service account of the pods; the template's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
}

/// A Workflow as it is read: without `metadata.managedFields`, half of the text of a Workflow and nothing to a plan.
#[derive(Deserialize)]
pub(crate) struct ReadWorkflow {
    metadata: ReadMetadata,
    #[serde(default)]
    spec: WorkflowSpec,
    status: Option<WorkflowStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadMetadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    finalizers: Option<Vec<String>>,
    owner_references: Option<Vec<OwnerReference>>,
}

impl From<ReadWorkflow> for Workflow {
    fn from(read: ReadWorkflow) -> Self {
        let metadata = read.metadata;
        Self {
            metadata: ObjectMeta {
                name: metadata.name,
                namespace: metadata.namespace,
                uid: metadata.uid,
                resource_version: metadata.resource_version,
                creation_timestamp: metadata.creation_timestamp,
                deletion_timestamp: metadata.deletion_timestamp,
                labels: metadata.labels,
                annotations: metadata.annotations,
                finalizers: metadata.finalizers,
                owner_references: metadata.owner_references,
                ..ObjectMeta::default()
            },
            spec: read.spec,
            status: read.status,
        }
    }
}

/// Arguments of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arguments {
    /// Named strings. Read leniently: Argo also takes arguments without value.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// How a Workflow goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowStatus {
    /// Empty until Argo has looked at the Workflow.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phase: String,
    /// Why it is in that phase.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When the run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// Steps and pods by node id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<String, Node>,
}

/// One node of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Unique in the namespace.
    #[serde(default)]
    pub id: String,
    /// Path of the node in the run.
    #[serde(default)]
    pub name: String,
    /// What people call it.
    #[serde(default)]
    pub display_name: String,
    /// `Pod`, `Steps`, `DAG`, ….
    #[serde(default)]
    pub r#type: String,
    /// Template of this Workflow that it runs.
    #[serde(default)]
    pub template_name: String,
    /// Template of another object that it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_ref: Option<TemplateRef>,
    /// As a Workflow's phase, with some of its own.
    #[serde(default)]
    pub phase: String,
    /// Why it is in that phase.
    #[serde(default)]
    pub message: String,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
}

/// A template of another object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TemplateRef {
    /// Name of the template in that object.
    #[serde(default)]
    pub template: String,
}

/// What a CronWorkflow is made from.
///
/// Source: spec/arc.md §3.2.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "argoproj.io",
    version = "v1alpha1",
    kind = "CronWorkflow",
    plural = "cronworkflows",
    namespaced,
    status = "CronWorkflowStatus",
    schema = "disabled",
    derive = "PartialEq"
)]
pub struct CronWorkflowSpec {
    /// What each run is made from.
    #[serde(default)]
    pub workflow_spec: WorkflowSpec,
    /// When runs start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<String>,
    /// Zone of the schedules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// How late a missed run may start, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline_seconds: Option<i64>,
    /// Expression that must hold for a run to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What happens to a run that goes on when the next is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_policy: Option<ConcurrencyPolicy>,
    /// Succeeded runs that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successful_jobs_history_limit: Option<i32>,
    /// Failed runs that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_jobs_history_limit: Option<i32>,
    /// Labels of each run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_metadata: Option<RunMetadata>,
    /// Pauses the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// Metadata of each run of a CronWorkflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunMetadata {
    /// Labels of each run.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// How a CronWorkflow goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CronWorkflowStatus {
    /// Runs in flight.
    #[serde(default)]
    pub active: Option<Vec<LocalObjectReference>>,
    /// When a run last started.
    #[serde(default)]
    pub last_scheduled_time: Option<Time>,
    /// Runs that succeeded.
    #[serde(default)]
    pub succeeded: i64,
    /// Runs that failed.
    #[serde(default)]
    pub failed: i64,
    /// `Active` or `Stopped`.
    #[serde(default)]
    pub phase: String,
    /// Among others `SubmissionError`.
    #[serde(default)]
    pub conditions: Option<Vec<CronCondition>>,
}

/// A condition of a CronWorkflow; Argo's have no times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CronCondition {
    /// What it is about.
    #[serde(default, rename = "type")]
    pub type_: String,
    /// `True` or `False`.
    #[serde(default)]
    pub status: String,
    /// What happened.
    #[serde(default)]
    pub message: String,
}
