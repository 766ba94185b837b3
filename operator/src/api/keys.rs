//! Well-known names. Source: spec/arc.md §1.

/// API group of all ARC kinds.
pub const GROUP: &str = "arc.opendefense.cloud";
/// API version of all ARC kinds.
pub const VERSION: &str = "v1alpha1";

/// Finalizer of an Order: its children go first.
pub const ORDER_FINALIZER: &str = "arc.opendefense.cloud/order-finalizer";
/// Finalizer of an ArtifactWorkflow: its Argo object goes first.
pub const ARTIFACT_WORKFLOW_FINALIZER: &str = "arc.opendefense.cloud/artifact-workflow-finalizer";

/// Label of children: the artifact type's name.
pub const ARTIFACT_TYPE_LABEL: &str = "arc.opendefense.cloud/artifact-type";
/// Label of children: the Order's name, left off where that is over 63 characters.
pub const ORDER_LABEL: &str = "arc.opendefense.cloud/order";

/// Annotation that asks for one more run; decimal Unix seconds.
pub const FORCE_AT_ANNOTATION: &str = "arc.opendefense.cloud/force-at";
/// Annotation of an ArtifactWorkflow: fingerprint of the configuration that it was made from.
pub const CONFIG_HASH_ANNOTATION: &str = "arc.opendefense.cloud/config-hash";

/// Label that Argo puts on the runs of a CronWorkflow. Source: spec/arc.md §3.2.
pub const CRON_WORKFLOW_LABEL: &str = "workflows.argoproj.io/cron-workflow";
/// Label that Argo puts on the pods of a Workflow. Source: spec/arc.md §6.3.
pub const WORKFLOW_LABEL: &str = "workflows.argoproj.io/workflow";
/// Annotation that Argo puts on the pods of a Workflow. Source: spec/arc.md §6.3.
pub const NODE_ID_ANNOTATION: &str = "workflows.argoproj.io/node-id";

/// The volume of the source's credentials. Source: spec/arc.md §3.3.
pub const SRC_SECRET_VOLUME: &str = "src-secret-vol";
/// The volume of the destination's credentials. Source: spec/arc.md §3.3.
pub const DST_SECRET_VOLUME: &str = "dst-secret-vol";

/// Field manager of every write.
pub const FIELD_MANAGER: &str = "arc-operator";
