//! Which values the fields of built-in kinds take, as documents tell them. What a value must be is checked by the rules
//! of each kind, in their own words.
//!
//! Source: `enum` in `/openapi/v3` of kube-apiserver v1.34.3.

use super::overlay::short;
use crate::store::rules::KEY_USAGES;

/// The values that `field` of the type `owner` takes; none if any text will do.
pub(in crate::store::schema) fn values(owner: &str, field: &str) -> &'static [&'static str] {
    let owner = short(owner);
    let mut fields = FIELDS.iter();
    let found = fields.find(|(known, name, _)| *known == owner && *name == field);
    found.map_or(&[], |(_, _, values)| values)
}

const MATCH_POLICIES: &[&str] = &["Equivalent", "Exact"];
const FAILURE_POLICIES: &[&str] = &["Fail", "Ignore"];
const SIDE_EFFECTS: &[&str] = &["None", "NoneOnDryRun", "Some", "Unknown"];
const OPERATIONS: &[&str] = &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const UPDATES: &[&str] = &["OnDelete", "RollingUpdate"];
const PROFILES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];
const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: &[&str] = &["FallbackToLogsOnError", "File"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const SIGNALS: &[&str] = &[
    "SIGABRT",
    "SIGALRM",
    "SIGBUS",
    "SIGCHLD",
    "SIGCLD",
    "SIGCONT",
    "SIGFPE",
    "SIGHUP",
    "SIGILL",
    "SIGINT",
    "SIGIO",
    "SIGIOT",
    "SIGKILL",
    "SIGPIPE",
    "SIGPOLL",
    "SIGPROF",
    "SIGPWR",
    "SIGQUIT",
    "SIGRTMAX",
    "SIGRTMAX-1",
    "SIGRTMAX-10",
    "SIGRTMAX-11",
    "SIGRTMAX-12",
    "SIGRTMAX-13",
    "SIGRTMAX-14",
    "SIGRTMAX-2",
    "SIGRTMAX-3",
    "SIGRTMAX-4",
    "SIGRTMAX-5",
    "SIGRTMAX-6",
    "SIGRTMAX-7",
    "SIGRTMAX-8",
    "SIGRTMAX-9",
    "SIGRTMIN",
    "SIGRTMIN+1",
    "SIGRTMIN+10",
    "SIGRTMIN+11",
    "SIGRTMIN+12",
    "SIGRTMIN+13",
    "SIGRTMIN+14",
    "SIGRTMIN+15",
    "SIGRTMIN+2",
    "SIGRTMIN+3",
    "SIGRTMIN+4",
    "SIGRTMIN+5",
    "SIGRTMIN+6",
    "SIGRTMIN+7",
    "SIGRTMIN+8",
    "SIGRTMIN+9",
    "SIGSEGV",
    "SIGSTKFLT",
    "SIGSTOP",
    "SIGSYS",
    "SIGTERM",
    "SIGTRAP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGUSR1",
    "SIGUSR2",
    "SIGVTALRM",
    "SIGWINCH",
    "SIGXCPU",
    "SIGXFSZ",
];
const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];
const VOLUME_MODES: &[&str] = &["Block", "Filesystem"];
const RECLAIM_POLICIES: &[&str] = &["Delete", "Recycle", "Retain"];
const PREEMPTION: &[&str] = &["Never", "PreemptLowerPriority"];
const SCOPES: &[&str] = &[
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];
const TRAFFIC: &[&str] = &["Cluster", "Local"];
const EFFECTS: &[&str] = &["NoExecute", "NoSchedule", "PreferNoSchedule"];
const TOLERATED: &[&str] = &["Equal", "Exists"];
const NODE_POLICIES: &[&str] = &["Honor", "Ignore"];
const DEVICE_EFFECTS: &[&str] = &["NoExecute", "NoSchedule"];

const FIELDS: &[(&str, &str, &[&str])] = &[
    (
        "admissionregistration.v1.MatchResources",
        "matchPolicy",
        MATCH_POLICIES,
    ),
    (
        "admissionregistration.v1.MutatingWebhook",
        "failurePolicy",
        FAILURE_POLICIES,
    ),
    (
        "admissionregistration.v1.MutatingWebhook",
        "matchPolicy",
        MATCH_POLICIES,
    ),
    (
        "admissionregistration.v1.MutatingWebhook",
        "sideEffects",
        SIDE_EFFECTS,
    ),
    (
        "admissionregistration.v1.NamedRuleWithOperations",
        "operations",
        OPERATIONS,
    ),
    (
        "admissionregistration.v1.RuleWithOperations",
        "operations",
        OPERATIONS,
    ),
    (
        "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec",
        "validationActions",
        &["Audit", "Deny", "Warn"],
    ),
    (
        "admissionregistration.v1.ValidatingAdmissionPolicySpec",
        "failurePolicy",
        FAILURE_POLICIES,
    ),
    (
        "admissionregistration.v1.ValidatingWebhook",
        "failurePolicy",
        FAILURE_POLICIES,
    ),
    (
        "admissionregistration.v1.ValidatingWebhook",
        "matchPolicy",
        MATCH_POLICIES,
    ),
    (
        "admissionregistration.v1.ValidatingWebhook",
        "sideEffects",
        SIDE_EFFECTS,
    ),
    ("apps.v1.DaemonSetUpdateStrategy", "type", UPDATES),
    (
        "apps.v1.DeploymentStrategy",
        "type",
        &["Recreate", "RollingUpdate"],
    ),
    (
        "apps.v1.StatefulSetSpec",
        "podManagementPolicy",
        &["OrderedReady", "Parallel"],
    ),
    ("apps.v1.StatefulSetUpdateStrategy", "type", UPDATES),
    (
        "batch.v1.CronJobSpec",
        "concurrencyPolicy",
        &["Allow", "Forbid", "Replace"],
    ),
    (
        "batch.v1.JobSpec",
        "completionMode",
        &["Indexed", "NonIndexed"],
    ),
    (
        "batch.v1.JobSpec",
        "podReplacementPolicy",
        &["Failed", "TerminatingOrFailed"],
    ),
    (
        "batch.v1.PodFailurePolicyOnExitCodesRequirement",
        "operator",
        &["In", "NotIn"],
    ),
    (
        "batch.v1.PodFailurePolicyRule",
        "action",
        &["Count", "FailIndex", "FailJob", "Ignore"],
    ),
    (
        "certificates.v1.CertificateSigningRequestSpec",
        "usages",
        &KEY_USAGES,
    ),
    ("core.v1.AppArmorProfile", "type", PROFILES),
    (
        "core.v1.AzureDiskVolumeSource",
        "cachingMode",
        &["None", "ReadOnly", "ReadWrite"],
    ),
    (
        "core.v1.AzureDiskVolumeSource",
        "kind",
        &["Dedicated", "Managed", "Shared"],
    ),
    ("core.v1.Container", "imagePullPolicy", PULL_POLICIES),
    (
        "core.v1.Container",
        "terminationMessagePolicy",
        MESSAGE_POLICIES,
    ),
    ("core.v1.ContainerPort", "protocol", PROTOCOLS),
    ("core.v1.ContainerStatus", "stopSignal", SIGNALS),
    ("core.v1.EndpointPort", "protocol", PROTOCOLS),
    (
        "core.v1.EphemeralContainer",
        "imagePullPolicy",
        PULL_POLICIES,
    ),
    (
        "core.v1.EphemeralContainer",
        "terminationMessagePolicy",
        MESSAGE_POLICIES,
    ),
    ("core.v1.HTTPGetAction", "scheme", &["HTTP", "HTTPS"]),
    (
        "core.v1.HostPathVolumeSource",
        "type",
        &[
            "",
            "BlockDevice",
            "CharDevice",
            "Directory",
            "DirectoryOrCreate",
            "File",
            "FileOrCreate",
            "Socket",
        ],
    ),
    ("core.v1.ImageVolumeSource", "pullPolicy", PULL_POLICIES),
    ("core.v1.Lifecycle", "stopSignal", SIGNALS),
    (
        "core.v1.ModifyVolumeStatus",
        "status",
        &["InProgress", "Infeasible", "Pending"],
    ),
    (
        "core.v1.NamespaceStatus",
        "phase",
        &["Active", "Terminating"],
    ),
    (
        "core.v1.NodeSelectorRequirement",
        "operator",
        &["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"],
    ),
    (
        "core.v1.NodeStatus",
        "phase",
        &["Pending", "Running", "Terminated"],
    ),
    (
        "core.v1.PersistentVolumeClaimSpec",
        "accessModes",
        ACCESS_MODES,
    ),
    (
        "core.v1.PersistentVolumeClaimSpec",
        "volumeMode",
        VOLUME_MODES,
    ),
    (
        "core.v1.PersistentVolumeClaimStatus",
        "accessModes",
        ACCESS_MODES,
    ),
    (
        "core.v1.PersistentVolumeClaimStatus",
        "phase",
        &["Bound", "Lost", "Pending"],
    ),
    ("core.v1.PersistentVolumeSpec", "accessModes", ACCESS_MODES),
    (
        "core.v1.PersistentVolumeSpec",
        "persistentVolumeReclaimPolicy",
        RECLAIM_POLICIES,
    ),
    ("core.v1.PersistentVolumeSpec", "volumeMode", VOLUME_MODES),
    (
        "core.v1.PersistentVolumeStatus",
        "phase",
        &["Available", "Bound", "Failed", "Pending", "Released"],
    ),
    (
        "core.v1.PodSecurityContext",
        "fsGroupChangePolicy",
        &["Always", "OnRootMismatch"],
    ),
    (
        "core.v1.PodSecurityContext",
        "supplementalGroupsPolicy",
        &["Merge", "Strict"],
    ),
    (
        "core.v1.PodSpec",
        "dnsPolicy",
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    ),
    ("core.v1.PodSpec", "preemptionPolicy", PREEMPTION),
    (
        "core.v1.PodSpec",
        "restartPolicy",
        &["Always", "Never", "OnFailure"],
    ),
    (
        "core.v1.PodStatus",
        "phase",
        &["Failed", "Pending", "Running", "Succeeded", "Unknown"],
    ),
    (
        "core.v1.PodStatus",
        "qosClass",
        &["BestEffort", "Burstable", "Guaranteed"],
    ),
    ("core.v1.PortStatus", "protocol", PROTOCOLS),
    ("core.v1.ResourceQuotaSpec", "scopes", SCOPES),
    (
        "core.v1.ScopedResourceSelectorRequirement",
        "operator",
        &["DoesNotExist", "Exists", "In", "NotIn"],
    ),
    (
        "core.v1.ScopedResourceSelectorRequirement",
        "scopeName",
        SCOPES,
    ),
    ("core.v1.SeccompProfile", "type", PROFILES),
    (
        "core.v1.SecurityContext",
        "procMount",
        &["Default", "Unmasked"],
    ),
    ("core.v1.ServicePort", "protocol", PROTOCOLS),
    ("core.v1.ServiceSpec", "externalTrafficPolicy", TRAFFIC),
    ("core.v1.ServiceSpec", "internalTrafficPolicy", TRAFFIC),
    ("core.v1.ServiceSpec", "ipFamilies", &["", "IPv4", "IPv6"]),
    (
        "core.v1.ServiceSpec",
        "ipFamilyPolicy",
        &["PreferDualStack", "RequireDualStack", "SingleStack"],
    ),
    (
        "core.v1.ServiceSpec",
        "sessionAffinity",
        &["ClientIP", "None"],
    ),
    (
        "core.v1.ServiceSpec",
        "type",
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    ),
    ("core.v1.Taint", "effect", EFFECTS),
    ("core.v1.Toleration", "effect", EFFECTS),
    ("core.v1.Toleration", "operator", TOLERATED),
    (
        "core.v1.TopologySpreadConstraint",
        "nodeAffinityPolicy",
        NODE_POLICIES,
    ),
    (
        "core.v1.TopologySpreadConstraint",
        "nodeTaintsPolicy",
        NODE_POLICIES,
    ),
    (
        "core.v1.TopologySpreadConstraint",
        "whenUnsatisfiable",
        &["DoNotSchedule", "ScheduleAnyway"],
    ),
    (
        "core.v1.VolumeMount",
        "mountPropagation",
        &["Bidirectional", "HostToContainer", "None"],
    ),
    ("discovery.v1.EndpointPort", "protocol", PROTOCOLS),
    (
        "discovery.v1.EndpointSlice",
        "addressType",
        &["FQDN", "IPv4", "IPv6"],
    ),
    (
        "networking.v1.HTTPIngressPath",
        "pathType",
        &["Exact", "ImplementationSpecific", "Prefix"],
    ),
    ("networking.v1.IngressPortStatus", "protocol", PROTOCOLS),
    ("networking.v1.NetworkPolicyPort", "protocol", PROTOCOLS),
    (
        "networking.v1.NetworkPolicySpec",
        "policyTypes",
        &["Egress", "Ingress"],
    ),
    (
        "policy.v1.PodDisruptionBudgetSpec",
        "unhealthyPodEvictionPolicy",
        &["AlwaysAllow", "IfHealthyBudget"],
    ),
    ("resource.v1.DeviceTaint", "effect", DEVICE_EFFECTS),
    ("resource.v1.DeviceToleration", "effect", DEVICE_EFFECTS),
    ("resource.v1.DeviceToleration", "operator", TOLERATED),
    (
        "scheduling.v1.PriorityClass",
        "preemptionPolicy",
        PREEMPTION,
    ),
    ("storage.v1.StorageClass", "reclaimPolicy", RECLAIM_POLICIES),
    (
        "storage.v1.StorageClass",
        "volumeBindingMode",
        &["Immediate", "WaitForFirstConsumer"],
    ),
    (
        "apiextensions.v1.ValidationRule",
        "reason",
        &[
            "FieldValueDuplicate",
            "FieldValueForbidden",
            "FieldValueInvalid",
            "FieldValueRequired",
        ],
    ),
];
