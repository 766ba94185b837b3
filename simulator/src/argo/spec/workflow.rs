//! Workflows and the objects that hold templates for them.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, HostAlias, LocalObjectReference, PersistentVolumeClaim, PodDNSConfig,
    PodResourceClaim, PodSecurityContext, ResourceRequirements, Toleration, Volume,
};
use k8s_openapi::api::policy::v1::PodDisruptionBudgetSpec;
use schemars::{Schema, SchemaGenerator};

use super::artifact::{ArtifactRepositoryRef, WorkflowLevelArtifactGc};
use super::metric::Metrics;
use super::parameter::Arguments;
use super::step::LifecycleHook;
use super::synchronization::{PodGc, Synchronization, TtlStrategy, VolumeClaimGc};
use super::template::{ExecutorConfig, Metadata, RetryStrategy, Template};
use super::wire::{anything, wire};

wire! {
    /// The specification of a Workflow, WorkflowTemplate or ClusterWorkflowTemplate.
    pub struct WorkflowSpec {
        /// What the nodes do.
        pub templates: Vec<Template>,
        /// The template to start with.
        pub entrypoint: String,
        /// What the Workflow is given.
        pub arguments: Arguments,
        /// Who its pods act as.
        pub service_account_name: String,
        /// Whether the account's token is mounted.
        pub automount_service_account_token: Option<bool>,
        /// Who Argo's own containers act as.
        pub executor: Option<ExecutorConfig>,
        /// Volumes that containers may mount.
        pub volumes: Vec<Volume>,
        /// Claims to make at the start and to mount like volumes.
        #[schemars(schema_with = "claims")]
        pub volume_claim_templates: Vec<PersistentVolumeClaim>,
        /// How many pods may be active.
        pub parallelism: Option<i64>,
        /// Which artifact repository to use.
        pub artifact_repository_ref: Option<ArtifactRepositoryRef>,
        /// Starts nothing new.
        pub suspend: Option<bool>,
        /// Nodes its pods may run on.
        pub node_selector: BTreeMap<String, String>,
        /// Nodes its pods prefer.
        pub affinity: Option<Affinity>,
        /// Taints its pods tolerate.
        pub tolerations: Vec<Toleration>,
        /// Secrets for registries.
        pub image_pull_secrets: Vec<LocalObjectReference>,
        /// Whether pods use the network of their node.
        pub host_network: Option<bool>,
        /// How pods look up names.
        pub dns_policy: Option<String>,
        /// How pods look up names.
        pub dns_config: Option<PodDNSConfig>,
        /// The template to run at the end.
        pub on_exit: String,
        /// When it is deleted.
        pub ttl_strategy: Option<TtlStrategy>,
        /// Seconds it may take.
        pub active_deadline_seconds: Option<i64>,
        /// Rank among waiting Workflows.
        pub priority: Option<i32>,
        /// Who schedules its pods.
        pub scheduler_name: String,
        /// When its pods are deleted.
        #[serde(rename = "podGC")]
        pub pod_gc: Option<PodGc>,
        /// How important its pods are.
        pub pod_priority_class_name: String,
        /// Before v3.7: how important its pods are.
        pub pod_priority: Option<i32>,
        /// Further lines of `/etc/hosts`.
        pub host_aliases: Vec<HostAlias>,
        /// Security settings of its pods.
        pub security_context: Option<PodSecurityContext>,
        /// A patch for the specification of its pods.
        pub pod_spec_patch: String,
        /// From v4.1: resources of each whole pod.
        pub pod_resources: Option<ResourceRequirements>,
        /// From v4.1: claims on devices.
        pub resource_claims: Vec<PodResourceClaim>,
        /// Protects its pods from disruptions.
        pub pod_disruption_budget: Option<PodDisruptionBudgetSpec>,
        /// Metrics it emits.
        pub metrics: Option<Metrics>,
        /// `Stop` or `Terminate`.
        pub shutdown: String,
        /// Takes this specification from elsewhere.
        pub workflow_template_ref: Option<WorkflowTemplateRef>,
        /// Locks it takes.
        pub synchronization: Option<Synchronization>,
        /// When its claims are deleted.
        #[serde(rename = "volumeClaimGC")]
        pub volume_claim_gc: Option<VolumeClaimGc>,
        /// When any of its templates is tried again.
        pub retry_strategy: Option<RetryStrategy>,
        /// Labels and annotations of its pods.
        pub pod_metadata: Option<Metadata>,
        /// What every template starts from.
        pub template_defaults: Option<Box<Template>>,
        /// Whether logs are kept.
        pub archive_logs: Option<bool>,
        /// Templates to run beside or after it.
        pub hooks: BTreeMap<String, LifecycleHook>,
        /// Labels and annotations of the Workflow.
        pub workflow_metadata: Option<WorkflowMetadata>,
        /// When its artifacts are deleted.
        #[serde(rename = "artifactGC")]
        pub artifact_gc: Option<WorkflowLevelArtifactGc>,
        /// From v4.1: executor plugins.
        #[schemars(schema_with = "anything")]
        pub executor_plugins: crate::json::Value,
    }

    /// Where a Workflow takes its specification from.
    pub struct WorkflowTemplateRef {
        /// Name of the object.
        pub name: String,
        /// Whether it is a ClusterWorkflowTemplate.
        pub cluster_scope: bool,
    }

    /// Labels and annotations of a Workflow.
    pub struct WorkflowMetadata {
        /// Labels.
        pub labels: BTreeMap<String, String>,
        /// Annotations.
        pub annotations: BTreeMap<String, String>,
        /// Labels whose values are computed.
        pub labels_from: BTreeMap<String, LabelValueFrom>,
    }

    /// A label value that is computed.
    pub struct LabelValueFrom {
        /// An expression that yields text.
        pub expression: String,
    }
}

/// Claims keep their metadata, which a plain object schema would prune.
fn claims(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({
        "type": "array",
        "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    })
}

/// How a Workflow was told to end early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Nothing new but exit handlers.
    Stop,
    /// Nothing new at all.
    Terminate,
}

impl Shutdown {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "Stop",
            Self::Terminate => "Terminate",
        }
    }

    /// Whether something may still start; `exit_handler` says whether it belongs to an exit handler.
    #[must_use]
    pub fn allows(self, exit_handler: bool) -> bool {
        match self {
            Self::Stop => exit_handler,
            Self::Terminate => false,
        }
    }
}

impl WorkflowSpec {
    /// How the Workflow was told to end early, if it was.
    #[must_use]
    pub fn shutdown(&self) -> Option<Shutdown> {
        match self.shutdown.as_str() {
            "Stop" => Some(Shutdown::Stop),
            "" => None,
            _ => Some(Shutdown::Terminate),
        }
    }
}
