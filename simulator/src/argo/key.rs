//! Labels and annotations that Argo reads and writes. Source: `spec/argo.md` §2.

/// Which Workflow an object belongs to.
pub(crate) const WORKFLOW: &str = "workflows.argoproj.io/workflow";
/// Whether a Workflow or pod needs no more attention.
pub(crate) const COMPLETED: &str = "workflows.argoproj.io/completed";
/// The phase of a Workflow.
pub(crate) const PHASE: &str = "workflows.argoproj.io/phase";
/// Whether a pod belongs to an exit handler.
pub(crate) const ON_EXIT: &str = "workflows.argoproj.io/on-exit";
/// The WorkflowTemplate that a Workflow refers to.
pub(crate) const WORKFLOW_TEMPLATE: &str = "workflows.argoproj.io/workflow-template";
/// The ClusterWorkflowTemplate that a Workflow refers to.
pub(crate) const CLUSTER_WORKFLOW_TEMPLATE: &str =
    "workflows.argoproj.io/cluster-workflow-template";
/// How pods of a Workflow are named.
pub(crate) const POD_NAME_FORMAT: &str = "workflows.argoproj.io/pod-name-format";
/// The time that a CronWorkflow was due.
pub(crate) const SCHEDULED_TIME: &str = "workflows.argoproj.io/scheduled-time";
/// The CronWorkflow that a Workflow is a run of.
pub(crate) const CRON_WORKFLOW: &str = "workflows.argoproj.io/cron-workflow";
/// The schedule that a CronWorkflow had when it was last due.
pub(crate) const LAST_USED_SCHEDULE: &str = "cronworkflows.argoproj.io/last-used-schedule";
/// Whether a CronWorkflow has met its stop condition.
pub(crate) const CRON_COMPLETED: &str = "cronworkflows.argoproj.io/completed";
/// Labels that a run takes over from its CronWorkflow as they are.
pub(crate) const OF_CRON_WORKFLOW: [&str; 4] = [
    "workflows.argoproj.io/creator",
    "workflows.argoproj.io/creator-email",
    "workflows.argoproj.io/creator-preferred-username",
    "workflows.argoproj.io/controller-instanceid",
];
/// The node of a pod.
pub(crate) const NODE_NAME: &str = "workflows.argoproj.io/node-name";
/// The id of the node of a pod.
pub(crate) const NODE_ID: &str = "workflows.argoproj.io/node-id";
/// The type of the node of an event.
pub(crate) const NODE_TYPE: &str = "workflows.argoproj.io/node-type";
/// The start of the node of an event, in nanoseconds since 1970.
pub(crate) const NODE_START_TIME: &str = "workflows.argoproj.io/node-start-time";
/// When a pod is deleted.
pub(crate) const POD_GC_STRATEGY: &str = "workflows.argoproj.io/pod-gc-strategy";
/// The container that `kubectl logs` shows.
pub(crate) const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";
/// Whether an executor has reported everything.
pub(crate) const REPORT_OUTPUTS_COMPLETED: &str = "workflows.argoproj.io/report-outputs-completed";
/// What kind of pod it is, if not a node's.
pub(crate) const COMPONENT: &str = "workflows.argoproj.io/component";
/// What a ConfigMap is for.
pub(crate) const CONFIG_MAP_TYPE: &str = "workflows.argoproj.io/configmap-type";
