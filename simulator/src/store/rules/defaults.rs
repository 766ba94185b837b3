//! The defaults of kinds that need no code for them.
//!
//! Source: kubernetes v1.34 `pkg/apis/*/v1/defaults.go` and the strategies in `pkg/registry`, as kube-apiserver v1.34.3
//! shows them.

use crate::json::Value;

use super::fill::{Default, always, fill, when};

/// Kinds by group and name, each with its defaults in the order in which they are written.
type Table = &'static [(&'static str, &'static [&'static str], &'static [Default])];

const ROLLING: (&str, &str) = ("spec.strategy.type", "RollingUpdate");
const UPDATING: (&str, &str) = ("spec.updateStrategy.type", "RollingUpdate");
const ADMISSION: &str = "admissionregistration.k8s.io";
const RESOURCE: &str = "resource.k8s.io";
const POD_CONDITION: &str = "spec.podFailurePolicy?.rules[].onPodConditions[].status";
const JOB_POD_CONDITION: &str =
    "spec.jobTemplate.spec.podFailurePolicy?.rules[].onPodConditions[].status";

/// What belongs to whoever writes the object.
const OWNED: Table = &[
    (
        "apps",
        &["Deployment"],
        &[
            always("spec.replicas", "1"),
            always("spec.strategy.type", "\"RollingUpdate\""),
            when(ROLLING, "spec.strategy.rollingUpdate.maxSurge", "\"25%\""),
            when(
                ROLLING,
                "spec.strategy.rollingUpdate.maxUnavailable",
                "\"25%\"",
            ),
            always("spec.revisionHistoryLimit", "10"),
            always("spec.progressDeadlineSeconds", "600"),
        ],
    ),
    ("apps", &["ReplicaSet"], &[always("spec.replicas", "1")]),
    (
        "",
        &["ReplicationController"],
        &[always("spec.replicas", "1")],
    ),
    (
        "apps",
        &["StatefulSet"],
        &[
            always("spec.replicas", "1"),
            always("spec.podManagementPolicy", "\"OrderedReady\""),
            always("spec.updateStrategy.type", "\"RollingUpdate\""),
            when(UPDATING, "spec.updateStrategy.rollingUpdate.partition", "0"),
            always("spec.revisionHistoryLimit", "10"),
            always(
                "spec.persistentVolumeClaimRetentionPolicy.whenDeleted",
                "\"Retain\"",
            ),
            always(
                "spec.persistentVolumeClaimRetentionPolicy.whenScaled",
                "\"Retain\"",
            ),
            always("spec.ordinals?.start", "0"),
            always("spec.volumeClaimTemplates[].apiVersion", "\"v1\""),
            always(
                "spec.volumeClaimTemplates[].kind",
                "\"PersistentVolumeClaim\"",
            ),
            always(
                "spec.volumeClaimTemplates[].spec.volumeMode",
                "\"Filesystem\"",
            ),
            always("spec.volumeClaimTemplates[].status.phase", "\"Pending\""),
        ],
    ),
    (
        "apps",
        &["DaemonSet"],
        &[
            always("spec.updateStrategy.type", "\"RollingUpdate\""),
            when(
                UPDATING,
                "spec.updateStrategy.rollingUpdate.maxUnavailable",
                "1",
            ),
            when(UPDATING, "spec.updateStrategy.rollingUpdate.maxSurge", "0"),
            always("spec.revisionHistoryLimit", "10"),
            always(
                "metadata.annotations",
                "{\"deprecated.daemonset.template.generation\": \"0\"}",
            ),
        ],
    ),
    (
        "batch",
        &["CronJob"],
        &[
            always("spec.concurrencyPolicy", "\"Allow\""),
            always("spec.suspend", "false"),
            always("spec.successfulJobsHistoryLimit", "3"),
            always("spec.failedJobsHistoryLimit", "1"),
        ],
    ),
    (
        "autoscaling",
        &["HorizontalPodAutoscaler"],
        &[always("spec.minReplicas", "1")],
    ),
    (
        "networking.k8s.io",
        &["NetworkPolicy"],
        &[
            always("spec.ingress[].ports[].protocol", "\"TCP\""),
            always("spec.egress[].ports[].protocol", "\"TCP\""),
        ],
    ),
    (
        "networking.k8s.io",
        &["IngressClass"],
        &[always("spec.parameters?.scope", "\"Cluster\"")],
    ),
    (
        "storage.k8s.io",
        &["StorageClass"],
        &[
            always("reclaimPolicy", "\"Delete\""),
            always("volumeBindingMode", "\"Immediate\""),
        ],
    ),
    (
        "storage.k8s.io",
        &["CSINode"],
        &[always("spec.drivers[].topologyKeys", "null")],
    ),
    (
        "storage.k8s.io",
        &["CSIDriver"],
        &[
            always("spec.attachRequired", "true"),
            always("spec.podInfoOnMount", "false"),
            always("spec.storageCapacity", "false"),
            always("spec.fsGroupPolicy", "\"ReadWriteOnceWithFSType\""),
            always("spec.volumeLifecycleModes", "[\"Persistent\"]"),
            always("spec.requiresRepublish", "false"),
            always("spec.seLinuxMount", "false"),
        ],
    ),
    (
        ADMISSION,
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ],
        &[
            always("webhooks[].failurePolicy", "\"Fail\""),
            always("webhooks[].matchPolicy", "\"Equivalent\""),
            always("webhooks[].namespaceSelector", "{}"),
            always("webhooks[].objectSelector", "{}"),
            always("webhooks[].timeoutSeconds", "10"),
            always("webhooks[].rules[].scope", "\"*\""),
            always("webhooks[].clientConfig.service?.port", "443"),
        ],
    ),
    (
        ADMISSION,
        &["MutatingWebhookConfiguration"],
        &[always("webhooks[].reinvocationPolicy", "\"Never\"")],
    ),
    (
        ADMISSION,
        &["ValidatingAdmissionPolicy"],
        &[
            always("spec.failurePolicy", "\"Fail\""),
            always("spec.matchConstraints?.matchPolicy", "\"Equivalent\""),
            always("spec.matchConstraints?.namespaceSelector", "{}"),
            always("spec.matchConstraints?.objectSelector", "{}"),
            always("spec.matchConstraints?.resourceRules[].scope", "\"*\""),
            always(
                "spec.matchConstraints?.excludeResourceRules[].scope",
                "\"*\"",
            ),
        ],
    ),
    (
        ADMISSION,
        &["ValidatingAdmissionPolicyBinding"],
        &[
            always("spec.matchResources?.matchPolicy", "\"Equivalent\""),
            always("spec.matchResources?.namespaceSelector", "{}"),
            always("spec.matchResources?.objectSelector", "{}"),
            always("spec.matchResources?.resourceRules[].scope", "\"*\""),
            always("spec.matchResources?.excludeResourceRules[].scope", "\"*\""),
        ],
    ),
    (
        "discovery.k8s.io",
        &["EndpointSlice"],
        &[
            always("ports[].name", "\"\""),
            always("ports[].protocol", "\"TCP\""),
        ],
    ),
    (
        "",
        &["Endpoints"],
        &[always("subsets[].ports[].protocol", "\"TCP\"")],
    ),
    ("batch", &["Job"], &[always(POD_CONDITION, "\"True\"")]),
    (
        "batch",
        &["CronJob"],
        &[always(JOB_POD_CONDITION, "\"True\"")],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["FlowSchema"],
        &[always("spec.matchingPrecedence", "1000")],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["PriorityLevelConfiguration"],
        &[
            always("spec.exempt?.nominalConcurrencyShares", "0"),
            always("spec.exempt?.lendablePercent", "0"),
            always("spec.limited?.nominalConcurrencyShares", "30"),
            always("spec.limited?.lendablePercent", "0"),
            always("spec.limited?.limitResponse.queuing?.queues", "64"),
            always("spec.limited?.limitResponse.queuing?.handSize", "8"),
            always(
                "spec.limited?.limitResponse.queuing?.queueLengthLimit",
                "50",
            ),
        ],
    ),
    (
        "rbac.authorization.k8s.io",
        &["RoleBinding", "ClusterRoleBinding"],
        &[always("roleRef.apiGroup", "\"rbac.authorization.k8s.io\"")],
    ),
];

/// What a new object shows that nobody wrote: what Go cannot leave out, and the first status.
const UNOWNED: Table = &[
    (
        "batch",
        &["CronJob"],
        &[
            always("spec.jobTemplate.metadata", "{}"),
            always("spec.jobTemplate.spec.template.metadata", "{}"),
            always("status", "{}"),
        ],
    ),
    ("batch", &["Job"], &[always("status", "{}")]),
    (
        "",
        &["Node"],
        &[
            always("status.daemonEndpoints.kubeletEndpoint.Port", "0"),
            always("status.nodeInfo.machineID", "\"\""),
            always("status.nodeInfo.systemUUID", "\"\""),
            always("status.nodeInfo.bootID", "\"\""),
            always("status.nodeInfo.kernelVersion", "\"\""),
            always("status.nodeInfo.osImage", "\"\""),
            always("status.nodeInfo.containerRuntimeVersion", "\"\""),
            always("status.nodeInfo.kubeletVersion", "\"\""),
            always("status.nodeInfo.kubeProxyVersion", "\"\""),
            always("status.nodeInfo.operatingSystem", "\"\""),
            always("status.nodeInfo.architecture", "\"\""),
        ],
    ),
    ("apps", &["Deployment"], &[always("status", "{}")]),
    ("apps", &["ReplicaSet"], &[always("status.replicas", "0")]),
    (
        "",
        &["ReplicationController"],
        &[always("status.replicas", "0")],
    ),
    (
        "apps",
        &["StatefulSet"],
        &[
            always("status.replicas", "0"),
            always("status.availableReplicas", "0"),
        ],
    ),
    (
        "apps",
        &["DaemonSet"],
        &[
            always("status.currentNumberScheduled", "0"),
            always("status.numberMisscheduled", "0"),
            always("status.desiredNumberScheduled", "0"),
            always("status.numberReady", "0"),
        ],
    ),
    (
        "",
        &["ResourceQuota"],
        &[always("spec", "{}"), always("status", "{}")],
    ),
    ("", &["PodTemplate"], &[always("template.metadata", "{}")]),
    ("", &["LimitRange"], &[always("spec.limits", "null")]),
    (
        "scheduling.k8s.io",
        &["PriorityClass"],
        &[always("value", "0")],
    ),
    (
        "apiregistration.k8s.io",
        &["APIService"],
        &[always("status", "{}")],
    ),
    (
        "policy",
        &["PodDisruptionBudget"],
        &[
            always("spec", "{}"),
            always("status.disruptionsAllowed", "0"),
            always("status.currentHealthy", "0"),
            always("status.desiredHealthy", "0"),
            always("status.expectedPods", "0"),
        ],
    ),
    (
        "autoscaling",
        &["HorizontalPodAutoscaler"],
        &[
            always("status.desiredReplicas", "0"),
            always("status.currentMetrics", "null"),
        ],
    ),
    (
        "networking.k8s.io",
        &["Ingress"],
        &[always("status.loadBalancer", "{}")],
    ),
    (
        "networking.k8s.io",
        &["ServiceCIDR"],
        &[always("status", "{}")],
    ),
    (
        "storage.k8s.io",
        &["VolumeAttachment"],
        &[always("status.attached", "false")],
    ),
    (
        "storage.k8s.io",
        &["CSINode"],
        &[always("spec.drivers", "null")],
    ),
    (
        ADMISSION,
        &["ValidatingAdmissionPolicy"],
        &[always("status", "{}")],
    ),
    (
        "certificates.k8s.io",
        &["CertificateSigningRequest"],
        &[always("status", "{}")],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["FlowSchema", "PriorityLevelConfiguration"],
        &[always("status", "{}")],
    ),
    (
        "discovery.k8s.io",
        &["EndpointSlice"],
        &[always("endpoints", "null"), always("ports", "null")],
    ),
    (
        RESOURCE,
        &["ResourceClaim"],
        &[
            always("spec.devices.requests", "null"),
            always("status", "{}"),
        ],
    ),
    (
        RESOURCE,
        &["ResourceClaimTemplate"],
        &[
            always("spec.metadata", "{}"),
            always("spec.spec.devices.requests", "null"),
        ],
    ),
    (
        RESOURCE,
        &["ResourceSlice"],
        &[always("spec.devices", "null")],
    ),
];

/// Writes the defaults that belong to whoever writes the object.
pub(super) fn fill_owned(group: &str, kind: &str, value: &mut Value) {
    fill_from(OWNED, (group, kind), value);
}

/// Writes what nobody owns.
pub(super) fn fill_unowned(group: &str, kind: &str, value: &mut Value) {
    fill_from(UNOWNED, (group, kind), value);
}

fn fill_from(table: Table, (group, kind): (&str, &str), value: &mut Value) {
    let rows = table
        .iter()
        .filter(|(of, kinds, _)| *of == group && kinds.contains(&kind));
    for default in rows.flat_map(|(_, _, defaults)| *defaults) {
        fill(value, default);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_can_be_written() {
        for table in [OWNED, UNOWNED] {
            for (group, kinds, _) in table {
                for kind in *kinds {
                    let mut object = crate::json::json!({});
                    fill_from(table, (group, kind), &mut object);
                }
            }
        }
    }
}
