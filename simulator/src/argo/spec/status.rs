//! What the controller writes about a Workflow.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Volume;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::{Deserialize, Serialize};

use super::parameter::{Inputs, Outputs};
use super::step::TemplateRef;
use super::wire::{Omit, anything, wire};
use crate::json::Value;

/// The phase of a Workflow.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum WorkflowPhase {
    /// Never seen by the controller.
    #[default]
    #[serde(rename = "")]
    Unknown,
    /// Waits for a lock, a slot or a claim.
    Pending,
    /// Under way.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Could not be run.
    Error,
}

impl WorkflowPhase {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Error => "Error",
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn completed(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed | Self::Error => true,
            Self::Unknown | Self::Pending | Self::Running => false,
        }
    }
}

impl Omit for WorkflowPhase {
    fn omit(&self) -> bool {
        *self == Self::Unknown
    }
}

/// The phase of a node.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum NodePhase {
    /// Not started.
    #[default]
    Pending,
    /// Under way.
    Running,
    /// Ended well.
    Succeeded,
    /// Not wanted.
    Skipped,
    /// Ended badly.
    Failed,
    /// Could not be run.
    Error,
    /// Its dependencies ended otherwise than it depends on.
    Omitted,
}

impl NodePhase {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Skipped => "Skipped",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Omitted => "Omitted",
        }
    }

    /// Failed or Error.
    #[must_use]
    pub fn failed_or_error(self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }

    /// Succeeded, Failed or Error.
    #[must_use]
    pub fn completed(self) -> bool {
        self.failed_or_error() || self == Self::Succeeded
    }

    /// The phase of a Workflow whose root node is in this phase.
    #[must_use]
    pub fn of_workflow(self) -> WorkflowPhase {
        match self {
            Self::Pending => WorkflowPhase::Pending,
            Self::Running => WorkflowPhase::Running,
            Self::Succeeded | Self::Skipped | Self::Omitted => WorkflowPhase::Succeeded,
            Self::Failed => WorkflowPhase::Failed,
            Self::Error => WorkflowPhase::Error,
        }
    }
}

impl Omit for NodePhase {
    fn omit(&self) -> bool {
        false
    }
}

/// What a node stands for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum NodeType {
    /// A pod.
    #[default]
    Pod,
    /// A container of a container set.
    Container,
    /// A steps template.
    Steps,
    /// One group of steps.
    StepGroup,
    /// A DAG template.
    #[serde(rename = "DAG")]
    Dag,
    /// A task that is a loop.
    TaskGroup,
    /// Attempts of one template.
    Retry,
    /// Something that does not run.
    Skipped,
    /// A pause.
    Suspend,
    /// An HTTP request.
    #[serde(rename = "HTTP")]
    Http,
    /// Work of a plugin.
    Plugin,
}

impl NodeType {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Container => "Container",
            Self::Steps => "Steps",
            Self::StepGroup => "StepGroup",
            Self::Dag => "DAG",
            Self::TaskGroup => "TaskGroup",
            Self::Retry => "Retry",
            Self::Skipped => "Skipped",
            Self::Suspend => "Suspend",
            Self::Http => "HTTP",
            Self::Plugin => "Plugin",
        }
    }

    /// Whether it has progress of its own rather than the sum of its descendants.
    #[must_use]
    pub fn executable(self) -> bool {
        match self {
            Self::Pod | Self::Container | Self::Suspend | Self::Http | Self::Plugin => true,
            Self::Steps
            | Self::StepGroup
            | Self::Dag
            | Self::TaskGroup
            | Self::Retry
            | Self::Skipped => false,
        }
    }
}

impl Omit for NodeType {
    fn omit(&self) -> bool {
        false
    }
}

wire! {
    /// How a Workflow stands.
    pub struct WorkflowStatus {
        /// Where it is.
        pub phase: WorkflowPhase,
        /// When it left Pending.
        pub started_at: Option<Time>,
        /// When it ended.
        pub finished_at: Option<Time>,
        /// Seconds that it is expected to take.
        pub estimated_duration: i64,
        /// `N/M` over its executable nodes.
        pub progress: String,
        /// Why it is in its phase.
        pub message: String,
        /// Its nodes by id, compressed.
        pub compressed_nodes: String,
        /// Its nodes by id.
        pub nodes: BTreeMap<String, NodeStatus>,
        /// Which version of the nodes a database holds.
        pub offload_node_status_version: String,
        /// Templates that references led to, frozen at first sight.
        #[schemars(schema_with = "anything")]
        pub stored_templates: BTreeMap<String, Value>,
        /// The claims made from `volumeClaimTemplates`, as volumes.
        pub persistent_volume_claims: Option<Vec<Volume>>,
        /// What it exports.
        pub outputs: Option<Outputs>,
        /// What is noteworthy.
        pub conditions: Vec<Condition>,
        /// Seconds by resource, see [`NodeStatus::resources_duration`].
        pub resources_duration: BTreeMap<String, i64>,
        /// The merged specification, frozen at first sight of a `workflowTemplateRef`.
        #[schemars(schema_with = "anything")]
        pub stored_workflow_template_spec: Value,
        /// The locks it holds and waits for.
        #[schemars(schema_with = "anything")]
        pub synchronization: Value,
        /// The artifact repository it uses.
        #[schemars(schema_with = "anything")]
        pub artifact_repository_ref: Value,
        /// How far the deletion of artifacts is.
        #[schemars(schema_with = "anything")]
        #[serde(rename = "artifactGCStatus")]
        pub artifact_gc_status: Value,
        /// Up to v3.6: which results have arrived.
        pub task_results_completion_status: BTreeMap<String, bool>,
    }

    /// Something noteworthy.
    pub struct Condition {
        /// What it is about.
        #[serde(rename = "type")]
        pub kind: String,
        /// `True` or `False`.
        pub status: String,
        /// More about it.
        pub message: String,
    }

    /// How a node stands.
    pub struct NodeStatus {
        /// Made from the name.
        pub id: String,
        /// Its path from the Workflow's name.
        pub name: String,
        /// The last part of that path.
        pub display_name: String,
        /// What it stands for.
        #[serde(rename = "type")]
        pub kind: NodeType,
        /// The template it runs, if that is named.
        pub template_name: String,
        /// The template it runs, if that is elsewhere.
        pub template_ref: Option<TemplateRef>,
        /// Where the call was written.
        pub template_scope: String,
        /// Where it is.
        pub phase: NodePhase,
        /// The steps or DAG node around it.
        #[serde(rename = "boundaryID")]
        pub boundary_id: String,
        /// Why it is in its phase.
        pub message: String,
        /// When it was created.
        pub started_at: Option<Time>,
        /// When it ended.
        pub finished_at: Option<Time>,
        /// Seconds that it is expected to take.
        pub estimated_duration: i64,
        /// `N/M`.
        pub progress: String,
        /// Requested amount × seconds ÷ base unit, by resource.
        pub resources_duration: BTreeMap<String, i64>,
        /// Address of a daemon.
        #[serde(rename = "podIP")]
        pub pod_ip: String,
        /// Whether it goes on beside what follows.
        pub daemoned: Option<bool>,
        /// Whether it is a hook or an attempt.
        pub node_flag: Option<NodeFlag>,
        /// What it was given.
        pub inputs: Option<Inputs>,
        /// What it gave.
        pub outputs: Option<Outputs>,
        /// Ids of the nodes that come of it.
        pub children: Vec<String>,
        /// Ids of the last nodes inside it.
        pub outbound_nodes: Vec<String>,
        /// The machine it ran on.
        pub host_node_name: String,
        /// What the cache said.
        #[schemars(schema_with = "anything")]
        pub memoization_status: Value,
        /// The lock it waits for.
        #[schemars(schema_with = "anything")]
        pub synchronization_status: Value,
        /// Whether its results have arrived; absent where none are expected.
        pub task_result_synced: Option<bool>,
    }

    /// Whether a node is a hook or an attempt.
    pub struct NodeFlag {
        /// Started by a hook.
        pub hooked: bool,
        /// One of several attempts.
        pub retried: bool,
    }
}

impl NodeStatus {
    /// Whether it ended and nothing more is awaited of it, or it is a daemon under way.
    #[must_use]
    pub fn fulfilled(&self) -> bool {
        self.ended() || self.is_daemoned() && self.phase != NodePhase::Pending
    }

    /// Whether it ended and nothing more is awaited of it.
    #[must_use]
    pub fn ended(&self) -> bool {
        let synced = self.task_result_synced.unwrap_or(true);
        (self.phase.completed() && synced)
            || matches!(self.phase, NodePhase::Skipped | NodePhase::Omitted)
    }

    /// Whether it ran to an end and its results have arrived.
    #[must_use]
    pub fn completed(&self) -> bool {
        self.phase.completed() && self.task_result_synced.unwrap_or(true)
    }

    /// Whether it goes on beside what follows.
    #[must_use]
    pub fn is_daemoned(&self) -> bool {
        self.daemoned == Some(true)
    }

    /// Whether it is one of several attempts.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        self.node_flag.as_ref().is_some_and(|flag| flag.retried)
    }

    /// Whether a hook started it.
    #[must_use]
    pub fn is_hooked(&self) -> bool {
        self.node_flag.as_ref().is_some_and(|flag| flag.hooked)
    }
}

impl WorkflowStatus {
    /// Adds a condition, or replaces the one of its type.
    pub fn upsert_condition(&mut self, condition: Condition) {
        match self
            .conditions
            .iter_mut()
            .find(|c| c.kind == condition.kind)
        {
            Some(old) => *old = condition,
            None => self.conditions.push(condition),
        }
    }
}
