//! Templates: what one node of a Workflow does.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, Container, HostAlias, PodResourceClaim, PodSecurityContext, ResourceRequirements,
    SecretKeySelector, Toleration, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::artifact::{Artifact, ArtifactLocation};
use super::metric::Metrics;
use super::parameter::{Inputs, Outputs};
use super::step::{DagTask, ParallelSteps};
use super::synchronization::{Memoize, Synchronization};
use super::wire::{anything, wire};
use crate::json::Value;

wire! {
    /// What one node does. Exactly one of the type fields is set.
    pub struct Template {
        /// Empty for inline templates.
        pub name: String,
        /// What it takes.
        pub inputs: Inputs,
        /// What it gives.
        pub outputs: Outputs,
        /// Labels and annotations of its pods.
        pub metadata: Metadata,
        /// Nodes its pods may run on.
        pub node_selector: BTreeMap<String, String>,
        /// Nodes its pods prefer.
        pub affinity: Option<Box<Affinity>>,
        /// Whether its pod goes on beside what follows.
        pub daemon: Option<bool>,
        /// Type: groups of steps, one group after the other.
        pub steps: Vec<ParallelSteps>,
        /// Type: one container.
        pub container: Option<Box<Container>>,
        /// Type: several containers in one pod.
        pub container_set: Option<Box<ContainerSetTemplate>>,
        /// Type: a script in a container.
        pub script: Option<Box<ScriptTemplate>>,
        /// Type: an action on a Kubernetes object.
        pub resource: Option<Box<ResourceTemplate>>,
        /// Type: tasks with dependencies.
        pub dag: Option<Box<DagTemplate>>,
        /// Type: a pause.
        pub suspend: Option<SuspendTemplate>,
        /// Type: a list of artifacts.
        pub data: Option<Box<Data>>,
        /// Type: an HTTP request.
        pub http: Option<Box<Http>>,
        /// Type: an executor plugin.
        #[schemars(schema_with = "anything")]
        pub plugin: Option<Value>,
        /// Volumes of its pods.
        pub volumes: Vec<Volume>,
        /// Containers that run before.
        pub init_containers: Vec<UserContainer>,
        /// Containers that run beside.
        pub sidecars: Vec<UserContainer>,
        /// Where outputs and logs are kept.
        pub archive_location: Option<Box<ArtifactLocation>>,
        /// Seconds after which its pod is killed.
        pub active_deadline_seconds: Option<IntOrString>,
        /// When it is tried again.
        pub retry_strategy: Option<Box<RetryStrategy>>,
        /// How many children may be active.
        pub parallelism: Option<i64>,
        /// Whether the first bad child ends it.
        pub fail_fast: Option<bool>,
        /// Taints its pods tolerate.
        pub tolerations: Vec<Toleration>,
        /// Who schedules its pods.
        pub scheduler_name: String,
        /// How important its pods are.
        pub priority_class_name: String,
        /// Before v3.7: how important its pods are.
        pub priority: Option<i32>,
        /// Who its pods act as.
        pub service_account_name: String,
        /// Whether the account's token is mounted.
        pub automount_service_account_token: Option<bool>,
        /// Who Argo's own containers act as.
        pub executor: Option<ExecutorConfig>,
        /// Further lines of `/etc/hosts`.
        pub host_aliases: Vec<HostAlias>,
        /// Security settings of its pods.
        pub security_context: Option<Box<PodSecurityContext>>,
        /// A patch for the specification of its pods.
        pub pod_spec_patch: String,
        /// From v4.1: resources of the whole pod.
        pub pod_resources: Option<Box<ResourceRequirements>>,
        /// From v4.1: claims on devices.
        pub resource_claims: Vec<PodResourceClaim>,
        /// Metrics it emits.
        pub metrics: Option<Box<Metrics>>,
        /// Locks it takes.
        pub synchronization: Option<Box<Synchronization>>,
        /// Takes outputs from a cache.
        pub memoize: Option<Box<Memoize>>,
        /// How long each attempt may last, as a Go duration.
        pub timeout: String,
        /// From v4.1: how long each attempt may be pending, as a Go duration.
        pub pending_timeout: String,
        /// For people, and for the display name.
        pub annotations: BTreeMap<String, String>,
    }

    /// Labels and annotations.
    pub struct Metadata {
        /// Annotations.
        pub annotations: BTreeMap<String, String>,
        /// Labels.
        pub labels: BTreeMap<String, String>,
    }

    /// Who Argo's own containers act as.
    pub struct ExecutorConfig {
        /// A service account.
        pub service_account_name: String,
    }

    /// Several containers in one pod.
    pub struct ContainerSetTemplate {
        /// The containers.
        pub containers: Vec<ContainerNode>,
        /// Mounts of all of them.
        pub volume_mounts: Vec<VolumeMount>,
        /// When commands are tried again in place.
        pub retry_strategy: Option<ContainerSetRetryStrategy>,
    }

    /// When the commands of a container set are tried again.
    pub struct ContainerSetRetryStrategy {
        /// Pause between attempts, as a Go duration.
        pub duration: String,
        /// How many more attempts.
        pub retries: Option<IntOrString>,
    }

    /// An action on a Kubernetes object.
    pub struct ResourceTemplate {
        /// `get`, `create`, `apply`, `delete`, `replace` or `patch`.
        pub action: String,
        /// `strategic`, `merge` or `json`.
        pub merge_strategy: String,
        /// The object as YAML.
        pub manifest: String,
        /// Where the object comes from.
        pub manifest_from: Option<ManifestFrom>,
        /// Whether the Workflow owns the object.
        pub set_owner_reference: bool,
        /// Ends well when this holds.
        pub success_condition: String,
        /// Ends badly when this holds.
        pub failure_condition: String,
        /// Further flags of kubectl.
        pub flags: Vec<String>,
    }

    /// Where an object comes from.
    pub struct ManifestFrom {
        /// An input artifact.
        pub artifact: Option<Artifact>,
    }

    /// Tasks with dependencies.
    pub struct DagTemplate {
        /// The tasks to reach, separated by blanks.
        pub target: String,
        /// The tasks.
        pub tasks: Vec<DagTask>,
        /// Whether the first bad branch ends it.
        pub fail_fast: Option<bool>,
    }

    /// A pause.
    pub struct SuspendTemplate {
        /// Goes on by itself after this many seconds, or this Go duration.
        pub duration: String,
    }

    /// A list of artifacts.
    pub struct Data {
        /// Where the list comes from.
        pub source: DataSource,
        /// What is done with it.
        pub transformation: Vec<TransformationStep>,
    }

    /// Where a list of artifacts comes from.
    pub struct DataSource {
        /// The paths below an artifact.
        pub artifact_paths: Option<Artifact>,
    }

    /// One transformation of a list.
    pub struct TransformationStep {
        /// An expression over `data`.
        pub expression: String,
    }

    /// An HTTP request.
    pub struct Http {
        /// `GET` if empty.
        pub method: String,
        /// Where to.
        pub url: String,
        /// Its headers.
        pub headers: Vec<HttpHeader>,
        /// How long it may take.
        pub timeout_seconds: Option<i64>,
        /// What counts as success.
        pub success_condition: String,
        /// Its body.
        pub body: String,
        /// Its body, as bytes.
        #[schemars(schema_with = "anything")]
        pub body_from: Option<Value>,
        /// Whether any certificate is accepted.
        pub insecure_skip_verify: bool,
    }

    /// A header of an HTTP request.
    pub struct HttpHeader {
        /// Its name.
        pub name: String,
        /// Its value.
        pub value: String,
        /// Where its value comes from.
        pub value_from: Option<HttpHeaderSource>,
    }

    /// Where the value of a header comes from.
    pub struct HttpHeaderSource {
        /// A key of a Secret.
        pub secret_key_ref: Option<SecretKeySelector>,
    }

    /// When something is tried again.
    pub struct RetryStrategy {
        /// How many more attempts; without it, endlessly.
        pub limit: Option<IntOrString>,
        /// `OnFailure`, `OnError`, `Always` or `OnTransientError`.
        pub retry_policy: String,
        /// How long to wait between attempts.
        pub backoff: Option<Backoff>,
        /// Where the next attempt may run.
        pub affinity: Option<RetryAffinity>,
        /// Goes on only if this holds.
        pub expression: String,
    }

    /// How long to wait between attempts.
    pub struct Backoff {
        /// The first wait: seconds, or a Go duration.
        pub duration: String,
        /// By how much each wait grows.
        pub factor: Option<IntOrString>,
        /// How long all attempts may take.
        pub max_duration: String,
        /// The longest wait.
        pub cap: String,
    }

    /// Where the next attempt may run.
    pub struct RetryAffinity {
        /// Not where it failed.
        #[schemars(schema_with = "anything")]
        pub node_anti_affinity: Option<Value>,
    }
}

/// A script in a container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScriptTemplate {
    /// The container, without name.
    #[serde(flatten)]
    pub container: Container,
    /// The text of the script.
    #[serde(default)]
    pub source: String,
}

/// A container beside or before the main one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserContainer {
    /// The container.
    #[serde(flatten)]
    pub container: Container,
    /// Whether it mounts what main mounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_volume_mounts: Option<bool>,
}

/// One container of a container set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerNode {
    /// The container.
    #[serde(flatten)]
    pub container: Container,
    /// Containers that must end well before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
}
