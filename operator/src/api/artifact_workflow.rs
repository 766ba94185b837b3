//! One artifact on its way: the child of an Order, the parent of a Workflow or CronWorkflow.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::cron::Cron;
use super::duration::GoDuration;
use super::parameter::Parameter;
use super::phase::Phase;
use super::reference::{LocalRef, WorkflowTemplateRef};

/// A template and everything a run of it needs.
///
/// Source: spec/arc.md §2.2.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "arc.opendefense.cloud",
    version = "v1alpha1",
    kind = "ArtifactWorkflow",
    plural = "artifactworkflows",
    namespaced,
    status = "ArtifactWorkflowStatus",
    derive = "PartialEq",
    shortname = "aw",
    category = "arc",
    doc = "One artifact on its way: becomes a Workflow, or a CronWorkflow if it has a schedule.",
    validation = Rule::new("self.metadata.name.size() <= (has(self.spec.cron) ? 52 : 63)")
        .message("metadata.name must have at most 63 characters, 52 with a schedule: Argo allows no more"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(
        name = "Type",
        type_ = "string",
        json_path = r".metadata.labels.arc\.opendefense\.cloud/artifact-type"
    ),
    printcolumn(name = "Last Scheduled", type_ = "date", json_path = ".status.lastScheduled"),
    printcolumn(name = "Succeeded", type_ = "integer", json_path = ".status.succeeded"),
    printcolumn(name = "Failed", type_ = "integer", json_path = ".status.failed"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.message", priority = 1)
)]
#[x_kube(validation = Rule::new("self == oldSelf").message("spec is immutable"))]
pub struct ArtifactWorkflowSpec {
    /// The template to run.
    pub workflow_template_ref: WorkflowTemplateRef,
    /// Arguments of the run, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4096))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub parameters: Vec<Parameter>,
    /// Secret with the credentials of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub src_secret_ref: Option<LocalRef>,
    /// Secret with the credentials of the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dst_secret_ref: Option<LocalRef>,
    /// When to run; once and at once if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<Cron>,
    /// How long to keep this object after success: absent means not at all, `0` for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_after_finished: Option<GoDuration>,
    /// How long to keep this object after failure: absent and `0` mean for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_after_failed: Option<GoDuration>,
}

/// What became of an ArtifactWorkflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactWorkflowStatus {
    /// What Orders copy.
    #[serde(flatten)]
    pub run: RunStatus,
    /// Last reconcile that wrote this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reconcile_at: Option<Time>,
    /// When the force annotation was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_force_at: Option<Time>,
    /// Value of the force annotation that was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_force_at: Option<String>,
    /// The run in flight, if there is a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_workflow_ref: Option<LocalRef>,
    /// The Workflow or CronWorkflow that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_ref: Option<LocalRef>,
    /// Generation that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// How the runs of an ArtifactWorkflow go.
///
/// Source: spec/arc.md §2.2.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunStatus {
    /// Absent until the Workflow or CronWorkflow exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Why the last run failed, or what is in the way.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When the last run succeeded, or the schedule ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// When the last run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_time: Option<Time>,
    /// When the schedule last fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_scheduled: Option<Time>,
    /// Runs that succeeded.
    #[serde(default)]
    pub succeeded: i64,
    /// Runs that failed.
    #[serde(default)]
    pub failed: i64,
}
