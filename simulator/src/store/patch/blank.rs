//! What an object of a built-in kind holds before anybody has set anything.

use crate::json::{Value, json};

/// The state that the creation of `object` is compared with.
///
/// The real server decodes a built-in kind into a Go struct, whose nested structs are there from the start: the
/// creator of a Pod does not own `spec` itself, while the creator of a custom object does.
///
/// Source: kubernetes v1.34 `staging/src/k8s.io/api`, fields that are structs, or are written even when empty.
pub(super) fn blank(object: &Value) -> Value {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("v1", "Pod") => json!({"spec": pod_spec(), "status": {}}),
        ("v1", "PodTemplate") => json!({"template": pod_template()}),
        ("v1", "ReplicationController") => json!({"spec": {}, "status": {"replicas": 0}}),
        ("v1", "Service") => json!({"spec": {}, "status": {"loadBalancer": {}}}),
        ("v1", "PersistentVolumeClaim") => json!({"spec": {"resources": {}}, "status": {}}),
        ("v1", "Node") => {
            json!({"spec": {}, "status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 0}}, "nodeInfo": node_info()}})
        }
        ("v1", "LimitRange") => json!({"spec": {"limits": null}}),
        ("v1", "Namespace" | "PersistentVolume" | "ResourceQuota") => {
            json!({"spec": {}, "status": {}})
        }
        ("v1", "Event") => json!({
            "involvedObject": {}, "source": {}, "firstTimestamp": null, "lastTimestamp": null, "eventTime": null,
            "reportingComponent": "", "reportingInstance": ""}),
        ("events.k8s.io/v1", "Event") => json!({
            "regarding": {}, "deprecatedSource": {}, "deprecatedFirstTimestamp": null, "deprecatedLastTimestamp": null, "eventTime": null}),
        ("apps/v1", "Deployment") => {
            json!({"spec": {"selector": null, "template": pod_template(), "strategy": {}}, "status": {}})
        }
        ("apps/v1", "ReplicaSet") => {
            json!({"spec": {"selector": null, "template": pod_template()}, "status": {"replicas": 0}})
        }
        ("apps/v1", "StatefulSet") => json!({
            "spec": {"selector": null, "template": pod_template(), "serviceName": "", "updateStrategy": {}},
            "status": {"replicas": 0, "availableReplicas": 0}}),
        ("apps/v1", "DaemonSet") => json!({
            "spec": {"selector": null, "template": pod_template(), "updateStrategy": {}},
            "status": {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0}}),
        ("apps/v1", "ControllerRevision") => json!({"revision": 0}),
        ("batch/v1", "Job") => json!({"spec": {"template": pod_template()}, "status": {}}),
        ("batch/v1", "CronJob") => json!({
            "spec": {"schedule": "", "jobTemplate": {"metadata": {"creationTimestamp": null}, "spec": {"template": pod_template()}}},
            "status": {}}),
        ("autoscaling/v2", "HorizontalPodAutoscaler") => json!({
            "spec": {"scaleTargetRef": {"kind": "", "name": ""}, "maxReplicas": 0},
            "status": {"desiredReplicas": 0, "currentMetrics": null}}),
        ("policy/v1", "PodDisruptionBudget") => json!({
            "spec": {},
            "status": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}}),
        ("networking.k8s.io/v1", "Ingress") => json!({"spec": {}, "status": {"loadBalancer": {}}}),
        ("networking.k8s.io/v1", "NetworkPolicy") => json!({"spec": {"podSelector": {}}}),
        ("rbac.authorization.k8s.io/v1", "RoleBinding" | "ClusterRoleBinding") => {
            json!({"roleRef": {"apiGroup": "", "kind": "", "name": ""}})
        }
        ("rbac.authorization.k8s.io/v1", "Role" | "ClusterRole") => json!({"rules": null}),
        ("scheduling.k8s.io/v1", "PriorityClass") => json!({"value": 0}),
        ("storage.k8s.io/v1", "StorageClass") => json!({"provisioner": ""}),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition") => json!({
            "spec": {"group": "", "names": {"plural": "", "kind": ""}, "scope": "", "versions": null},
            "status": {"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": null}}),
        (version, kind) => blank_rare(version, kind),
    }
}

/// The same for kinds that few programs write.
fn blank_rare(version: &str, kind: &str) -> Value {
    match (version, kind) {
        ("authentication.k8s.io/v1", "TokenRequest") => json!({
            "spec": {"audiences": null, "expirationSeconds": null, "boundObjectRef": null},
            "status": {"token": "", "expirationTimestamp": null}}),
        ("networking.k8s.io/v1", "IngressClass" | "IPAddress")
        | ("coordination.k8s.io/v1", "Lease")
        | ("storage.k8s.io/v1", "CSIDriver")
        | ("resource.k8s.io/v1", "DeviceClass")
        | ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding")
        | ("authentication.k8s.io/v1", "TokenReview") => json!({"spec": {}}),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
        | ("networking.k8s.io/v1", "ServiceCIDR")
        | ("certificates.k8s.io/v1", "CertificateSigningRequest")
        | ("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration")
        | ("authorization.k8s.io/v1", _) => json!({"spec": {}, "status": {}}),
        ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema") => {
            json!({"spec": {"priorityLevelConfiguration": {}}, "status": {}})
        }
        ("apiregistration.k8s.io/v1", "APIService") => json!({
            "spec": {"groupPriorityMinimum": 0, "versionPriority": 0}, "status": {}}),
        ("storage.k8s.io/v1", "CSINode") => json!({"spec": {"drivers": null}}),
        ("storage.k8s.io/v1", "VolumeAttachment") => {
            json!({"spec": {"source": {}}, "status": {"attached": false}})
        }
        ("resource.k8s.io/v1", "ResourceClaim") => json!({"spec": {"devices": {}}, "status": {}}),
        ("resource.k8s.io/v1", "ResourceClaimTemplate") => {
            json!({"spec": {"metadata": {}, "spec": {"devices": {}}}})
        }
        ("resource.k8s.io/v1", "ResourceSlice") => json!({"spec": {"pool": {}}}),
        ("autoscaling/v1", "HorizontalPodAutoscaler") => {
            json!({"spec": {"maxReplicas": 0}, "status": {"currentReplicas": 0, "desiredReplicas": 0}})
        }
        _ => json!({}),
    }
}

fn pod_spec() -> Value {
    json!({"containers": null})
}

fn pod_template() -> Value {
    json!({"metadata": {"creationTimestamp": null}, "spec": pod_spec()})
}

fn node_info() -> Value {
    json!({
        "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "", "containerRuntimeVersion": "",
        "kubeletVersion": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": ""})
}
