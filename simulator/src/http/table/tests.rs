use std::sync::Arc;

use rstest::rstest;

use super::*;
use crate::store::kind::{Column, Origin};
use crate::store::schema::whole::WholeSchema;

mod whole;

const NOW: Timestamp = Timestamp::constant(1_795_365_000, 0);

fn kind(api_version: &str, name: &str, origin: Origin) -> Kind {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    Kind {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: name.to_owned(),
        list_kind: format!("{name}List"),
        plural: format!("{}s", name.to_lowercase()),
        singular: name.to_lowercase(),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: true,
        origin,
        subresources: Vec::new(),
        schema: WholeSchema::default(),
        rules: Arc::default(),
        columns: Vec::new(),
        selectable_fields: Vec::new(),
        stored_as: String::new(),
        scale: None,
        deprecation: String::new(),
    }
}

/// Adds what every object of these tests has: the name `a` and an age of 90 seconds.
fn an_object(mut fields: Value) -> Value {
    fields["metadata"]["name"] = "a".into();
    fields["metadata"]["creationTimestamp"] = "2026-11-22T16:28:30Z".into();
    fields
}

fn check(api_version: &str, name: &str, fields: Value, cells: Value) {
    let kind = kind(api_version, name, Origin::BuiltIn);
    let object = an_object(fields);
    let table = table(&kind, &[&object], &json!({}), NOW, IncludeObject::None);
    assert_eq!(table["rows"], json!([{"cells": cells, "object": null}]));
    let n_columns = table["columnDefinitions"].as_array().map(Vec::len);
    assert_eq!(n_columns, cells.as_array().map(Vec::len));
}

#[rstest]
#[case("v1", "Namespace", json!({"status": {"phase": "Active"}}), json!(["a", "Active", "90s"]))]
#[case("v1", "ConfigMap", json!({"data": {"a": "b"}, "binaryData": {"c": "AAAA"}}), json!(["a", 2, "90s"]))]
#[case("v1", "Secret", json!({"type": "Opaque", "data": {"a": "", "b": ""}}), json!(["a", "Opaque", 2, "90s"]))]
#[case("v1", "ServiceAccount", json!({}), json!(["a", 0, "90s"]))]
#[case("v1", "LimitRange", json!({}), json!(["a", "2026-11-22T16:28:30Z"]))]
#[case("coordination.k8s.io/v1", "Lease", json!({"spec": {"holderIdentity": "me"}}), json!(["a", "me", "90s"]))]
#[case("rbac.authorization.k8s.io/v1", "Role", json!({}), json!(["a", "2026-11-22T16:28:30Z"]))]
#[case("rbac.authorization.k8s.io/v1", "RoleBinding",
    json!({"roleRef": {"kind": "Role", "name": "r"}, "subjects": [
        {"kind": "User", "name": "u1"}, {"kind": "User", "name": "u2"}, {"kind": "Group", "name": "g"},
        {"kind": "ServiceAccount", "name": "sa"}, {"kind": "ServiceAccount", "name": "sb", "namespace": "nx"},
    ]}),
    json!(["a", "Role/r", "90s", "u1, u2", "g", "/sa, nx/sb"]))]
#[case("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({}), json!(["a", "2026-11-22T16:28:30Z"]))]
#[case("storage.k8s.io/v1", "StorageClass",
    json!({"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "x/y"}),
    json!(["a (default)", "x/y", "Delete", "Immediate", false, "90s"]))]
#[case("policy/v1", "PodDisruptionBudget", json!({"spec": {"minAvailable": 1}}), json!(["a", "1", "N/A", 0, "90s"]))]
#[case("node.k8s.io/v1", "RuntimeClass", json!({"handler": "runsc"}), json!(["a", "runsc", "90s"]))]
#[case("scheduling.k8s.io/v1", "PriorityClass", json!({"value": -5, "preemptionPolicy": "Never"}), json!(["a", -5, false, "90s", "Never"]))]
#[case("v1", "ResourceQuota",
    json!({"status": {"hard": {"limits.cpu": "2", "pods": "10", "requests.cpu": "1"}, "used": {"pods": "3"}}}),
    json!(["a", "pods: 3/10, requests.cpu: 0/1", "limits.cpu: 0/2", "90s"]))]
#[case("storage.k8s.io/v1", "CSIDriver", json!({"spec": {"tokenRequests": [{"audience": "x"}, {"audience": "y"}]}}),
    json!(["a", true, false, false, "x,y", false, "<none>", "90s"]))]
#[case("storage.k8s.io/v1", "CSIStorageCapacity", json!({}), json!(["a", "2026-11-22T16:28:30Z"]))]
#[case("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration",
    json!({"spec": {"type": "Limited", "limited": {"nominalConcurrencyShares": 5, "limitResponse": {"type": "Reject"}}}}),
    json!(["a", "Limited", 5, "<none>", "<none>", "<none>", "90s"]))]
#[case("resource.k8s.io/v1", "ResourceClaim", json!({"status": {"allocation": {}, "reservedFor": [{}]}}),
    json!(["a", "allocated,reserved", "90s"]))]
#[case("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding",
    json!({"spec": {"policyName": "p", "paramRef": {"selector": {"matchLabels": {"a": "b"}}}}}),
    json!(["a", "p", "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}", "90s"]))]
#[case("v1", "ComponentStatus", json!({"conditions": [{"type": "Healthy", "status": "True", "message": "ok"}]}),
    json!(["a", "Healthy", "ok", ""]))]
#[case("apiregistration.k8s.io/v1", "APIService",
    json!({"spec": {"service": {"namespace": "n", "name": "s"}}, "status": {"conditions": [{"type": "Available", "status": "False", "reason": "Gone"}]}}),
    json!(["a", "n/s", "False (Gone)", "90s"]))]
#[case("apps/v1", "ControllerRevision",
    json!({"revision": 2, "metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "controller": true}]}}),
    json!(["a", "daemonset.apps/d", 2, "90s"]))]
fn a_small_kind_shows_what_it_is(
    #[case] api_version: &str,
    #[case] name: &str,
    #[case] fields: Value,
    #[case] cells: Value,
) {
    check(api_version, name, fields, cells);
}

#[rstest]
#[case(json!({"spec": {"completions": 3, "parallelism": 2}}), json!(["a", "Running", "0/3", "", "90s", "", "", "<none>"]))]
#[case(json!({"spec": {"parallelism": 2}}), json!(["a", "Running", "0/1 of 2", "", "90s", "", "", "<none>"]))]
#[case(
    json!({
        "spec": {
            "completions": 1,
            "selector": {"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": [{"key": "c", "operator": "In", "values": ["y", "x"]}]},
            "template": {"spec": {"containers": [{"name": "main", "image": "i"}, {"name": "two", "image": "j"}]}},
        },
        "status": {
            "succeeded": 1, "startTime": "2026-11-22T16:28:30Z", "completionTime": "2026-11-22T16:28:42Z",
            "conditions": [{"type": "Complete", "status": "True"}],
        },
    }),
    json!(["a", "Complete", "1/1", "12s", "90s", "main,two", "i,j", "a=1,b=2,c in (x,y)"]))]
#[case(
    json!({"metadata": {"deletionTimestamp": "2026-11-22T16:28:30Z"}, "spec": {"completions": 1}, "status": {"startTime": "2026-11-22T16:29:00Z"}}),
    json!(["a", "Terminating", "0/1", "60s", "90s", "", "", "<none>"]))]
fn a_job_shows_how_far_it_is(#[case] fields: Value, #[case] cells: Value) {
    check("batch/v1", "Job", fields, cells);
}

#[rstest]
#[case("batch/v1", "CronJob", json!({"spec": {"schedule": "* * * * *", "suspend": false}}),
    json!(["a", "* * * * *", "<none>", "False", 0, "<none>", "90s", "", "", "<none>"]))]
#[case("apps/v1", "Deployment",
    json!({"spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b", "c": "d"}}}, "status": {"readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1}}),
    json!(["a", "1/2", 2, 1, "90s", "", "", "a=b,c=d"]))]
#[case("apps/v1", "ReplicaSet", json!({"spec": {"replicas": 2}}), json!(["a", 2, 0, 0, "90s", "", "", "<none>"]))]
#[case("apps/v1", "StatefulSet", json!({"spec": {"replicas": 2}}), json!(["a", "0/2", "90s", "", ""]))]
fn a_workload_shows_its_replicas(
    #[case] api_version: &str,
    #[case] name: &str,
    #[case] fields: Value,
    #[case] cells: Value,
) {
    check(api_version, name, fields, cells);
}

#[rstest]
#[case(json!({"type": "ClusterIP", "clusterIPs": ["10.96.0.1"], "selector": {"a": "b"}, "ports": [
        {"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"},
    ]}), json!(["a", "ClusterIP", "10.96.0.1", "<none>", "80/TCP,53/UDP", "90s", "a=b"]))]
#[case(json!({"type": "ClusterIP", "clusterIPs": ["None"]}), json!(["a", "ClusterIP", "None", "<none>", "<none>", "90s", "<none>"]))]
#[case(json!({"type": "NodePort", "clusterIPs": ["10.96.0.2"], "externalIPs": ["1.2.3.4"], "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}]}),
    json!(["a", "NodePort", "10.96.0.2", "1.2.3.4", "80:30080/TCP", "90s", "<none>"]))]
#[case(json!({"type": "LoadBalancer", "clusterIPs": ["10.96.0.3"]}), json!(["a", "LoadBalancer", "10.96.0.3", "<pending>", "<none>", "90s", "<none>"]))]
#[case(json!({"type": "ExternalName", "externalName": "ex.io"}), json!(["a", "ExternalName", "<none>", "ex.io", "<none>", "90s", "<none>"]))]
fn a_service_shows_how_it_is_reached(#[case] spec: Value, #[case] cells: Value) {
    check("v1", "Service", json!({"spec": spec}), cells);
}

#[test]
fn a_balanced_service_shows_the_addresses_of_its_balancer_first() {
    check(
        "v1",
        "Service",
        json!({
            "spec": {"type": "LoadBalancer", "externalIPs": ["1.2.3.4"]},
            "status": {"loadBalancer": {"ingress": [{"hostname": "lb"}, {"ip": "5.6.7.8"}]}},
        }),
        json!([
            "a",
            "LoadBalancer",
            "<none>",
            "5.6.7.8,lb,1.2.3.4",
            "<none>",
            "90s",
            "<none>"
        ]),
    );
}

#[test]
fn a_node_shows_its_roles_and_versions() {
    check(
        "v1",
        "Node",
        json!({
            "metadata": {"labels": {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "worker"}},
            "spec": {"unschedulable": true},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "1.1.1.1"}],
                "nodeInfo": {"kubeletVersion": "v1.34.3", "osImage": "Debian", "kernelVersion": "6.1"},
            },
        }),
        json!([
            "a",
            "Ready,SchedulingDisabled",
            "control-plane,worker",
            "90s",
            "v1.34.3",
            "1.1.1.1",
            "<none>",
            "Debian",
            "6.1",
            "<unknown>"
        ]),
    );
}

#[rstest]
#[case(json!({"spec": {"storageClassName": "fast", "volumeMode": "Filesystem"}, "status": {"phase": "Pending"}}),
    json!(["a", "Pending", "", "", "", "fast", "<unset>", "90s", "Filesystem"]))]
#[case(json!({"spec": {"volumeName": "v"}, "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}}),
    json!(["a", "Bound", "v", "1Gi", "RWO", "", "<unset>", "90s", "<unset>"]))]
fn a_claim_shows_its_volume_once_it_has_one(#[case] fields: Value, #[case] cells: Value) {
    check("v1", "PersistentVolumeClaim", fields, cells);
}

#[test]
fn a_volume_shows_its_claim() {
    check(
        "v1",
        "PersistentVolume",
        json!({
            "spec": {
                "accessModes": ["ReadOnlyMany", "ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "storageClassName": "fast",
                "persistentVolumeReclaimPolicy": "Retain", "claimRef": {"namespace": "n", "name": "c"}, "volumeMode": "Filesystem",
            },
            "status": {"phase": "Bound"},
        }),
        json!([
            "a",
            "1Gi",
            "RWO,ROX",
            "Retain",
            "Bound",
            "n/c",
            "fast",
            "<unset>",
            "",
            "90s",
            "Filesystem"
        ]),
    );
}

#[rstest]
#[case("v1", json!({
        "involvedObject": {"kind": "Pod", "name": "p1", "fieldPath": "spec.containers{main}"}, "reason": "Started",
        "message": "  it started \n", "type": "Normal", "count": 3, "source": {"component": "kubelet", "host": "n1"},
        "firstTimestamp": "2026-11-22T16:00:00Z", "lastTimestamp": "2026-11-22T16:10:00Z",
    }), json!(["20m", "Normal", "Started", "pod/p1", "spec.containers{main}", "kubelet, n1", "it started", "30m", 3, "a"]))]
#[case("v1", json!({
        "involvedObject": {"kind": "Pod", "name": "p1"}, "reason": "Started", "message": "x", "type": "Warning",
        "reportingComponent": "sched", "reportingInstance": "h", "eventTime": "2026-11-22T16:00:00.000000Z",
        "series": {"count": 7, "lastObservedTime": "2026-11-22T16:20:00.000000Z"},
        "firstTimestamp": null, "lastTimestamp": null, "source": {},
    }), json!(["10m", "Warning", "Started", "pod/p1", "", "sched, h", "x", "30m", 7, "a"]))]
#[case("events.k8s.io/v1", json!({
        "regarding": {"kind": "Pod", "name": "p1"}, "reason": "Started", "note": "x", "type": "Normal",
        "reportingController": "arc", "eventTime": "2026-11-22T16:00:00.000000Z",
    }), json!(["30m", "Normal", "Started", "pod/p1", "", "arc", "x", "30m", 1, "a"]))]
fn an_event_of_either_group_reads_the_same(
    #[case] api_version: &str,
    #[case] fields: Value,
    #[case] cells: Value,
) {
    check(api_version, "Event", fields, cells);
}

#[rstest]
#[case::waiting(json!({"spec": {"containers": [{}]}, "status": {"phase": "Pending"}}), json!(["0/1", "Pending", "0"]))]
#[case::crashing(json!({
        "spec": {"initContainers": [{"name": "i1"}, {"name": "side", "restartPolicy": "Always"}], "containers": [{}, {}]},
        "status": {
            "phase": "Running", "conditions": [{"type": "Initialized", "status": "True"}],
            "initContainerStatuses": [
                {"name": "i1", "restartCount": 5, "state": {"terminated": {"exitCode": 0}}},
                {"name": "side", "restartCount": 1, "ready": true, "started": true, "state": {"running": {}}, "lastState": {"terminated": {"finishedAt": "2026-11-22T16:00:00Z"}}},
            ],
            "containerStatuses": [
                {"name": "main", "restartCount": 2, "ready": true, "state": {"running": {}}, "lastState": {"terminated": {"finishedAt": "2026-11-22T16:05:00Z"}}},
                {"name": "two", "restartCount": 0, "ready": false, "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
            ],
        },
    }), json!(["2/3", "CrashLoopBackOff", "3 (25m ago)"]))]
#[case::initializing(json!({
        "spec": {"initContainers": [{"name": "i1"}, {"name": "i2"}], "containers": [{}]},
        "status": {"phase": "Pending", "initContainerStatuses": [
            {"name": "i1", "state": {"terminated": {"exitCode": 0}}},
            {"name": "i2", "state": {"running": {}}},
        ]},
    }), json!(["0/1", "Init:1/2", "0"]))]
#[case::init_failed(json!({
        "spec": {"initContainers": [{"name": "i1"}], "containers": [{}]},
        "status": {"phase": "Pending", "initContainerStatuses": [{"name": "i1", "state": {"terminated": {"exitCode": 3}}}]},
    }), json!(["0/1", "Init:ExitCode:3", "0"]))]
#[case::init_waiting(json!({
        "spec": {"initContainers": [{"name": "i1"}], "containers": [{}]},
        "status": {"phase": "Pending", "initContainerStatuses": [{"name": "i1", "state": {"waiting": {"reason": "ErrImagePull"}}}]},
    }), json!(["0/1", "Init:ErrImagePull", "0"]))]
#[case::killed(json!({
        "spec": {"containers": [{}]},
        "status": {"phase": "Running", "containerStatuses": [{"state": {"terminated": {"exitCode": 137, "signal": 9}}}]},
    }), json!(["0/1", "Signal:9", "0"]))]
#[case::half_done(json!({
        "spec": {"containers": [{}, {}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [
            {"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
            {"ready": true, "state": {"running": {}}},
        ]},
    }), json!(["1/2", "NotReady", "0"]))]
#[case::evicted(json!({"spec": {"containers": [{}]}, "status": {"phase": "Pending", "reason": "Evicted"}}), json!(["0/1", "Evicted", "0"]))]
#[case::gated(json!({"spec": {"containers": [{}]}, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}}),
    json!(["0/1", "SchedulingGated", "0"]))]
#[case::terminating(json!({"metadata": {"deletionTimestamp": "2026-11-22T16:29:00Z"}, "spec": {"containers": [{}]}, "status": {"phase": "Running"}}),
    json!(["0/1", "Terminating", "0"]))]
#[case::lost(json!({"metadata": {"deletionTimestamp": "2026-11-22T16:29:00Z"}, "spec": {"containers": [{}]}, "status": {"phase": "Running", "reason": "NodeLost"}}),
    json!(["0/1", "Unknown", "0"]))]
fn a_pod_shows_what_its_containers_add_up_to(#[case] fields: Value, #[case] expected: Value) {
    let kind = kind("v1", "Pod", Origin::BuiltIn);
    let pod = an_object(fields);
    let table = table(&kind, &[&pod], &json!({}), NOW, IncludeObject::None);
    let cells = &table["rows"][0]["cells"];
    assert_eq!(json!([cells[1], cells[2], cells[3]]), expected);
}

#[test]
fn a_pod_shows_where_it_runs() {
    check(
        "v1",
        "Pod",
        json!({
            "spec": {"nodeName": "n1", "containers": [{}], "readinessGates": [{"conditionType": "x"}, {"conditionType": "y"}]},
            "status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}], "conditions": [{"type": "x", "status": "True"}]},
        }),
        json!([
            "a", "0/1", "Running", "0", "90s", "10.0.0.1", "n1", "<none>", "1/2"
        ]),
    );
}

#[test]
fn a_finished_pod_carries_a_row_condition() {
    let kind = kind("v1", "Pod", Origin::BuiltIn);
    let pod = an_object(json!({"status": {"phase": "Succeeded"}}));
    let table = table(&kind, &[&pod], &json!({}), NOW, IncludeObject::None);
    let expected = json!([{"type": "Completed", "status": "True", "reason": "Succeeded", "message": "The pod has completed successfully."}]);
    assert_eq!(table["rows"][0]["conditions"], expected);
}

#[rstest]
#[case("networking.k8s.io/v1", "Ingress",
    json!({"spec": {"tls": [{}], "rules": [{"host": "a.x"}, {"host": "b.x"}, {"host": "c.x"}, {}, {"host": "d.x"}]}}),
    json!(["a", "<none>", "a.x,b.x,c.x + 2 more...", "", "80, 443", "90s"]))]
#[case("networking.k8s.io/v1", "Ingress",
    json!({"spec": {"ingressClassName": "c"}, "status": {"loadBalancer": {"ingress": [{"hostname": "lb"}, {"ip": "10.0.0.1"}]}}}),
    json!(["a", "c", "*", "10.0.0.1,lb", "80", "90s"]))]
#[case("networking.k8s.io/v1", "IngressClass",
    json!({"spec": {"controller": "x/y", "parameters": {"apiGroup": "g.io", "kind": "Setup", "name": "p"}}}),
    json!(["a", "x/y", "Setup.g.io/p", "90s"]))]
#[case("v1", "Endpoints",
    json!({"subsets": [{"addresses": [{"ip": "1.1.1.1"}, {"ip": "::2"}], "ports": [{"port": 80}, {"port": 81}]}]}),
    json!(["a", "1.1.1.1:80,[::2]:80,1.1.1.1:81 + 1 more...", "90s"]))]
#[case("discovery.k8s.io/v1", "EndpointSlice",
    json!({"addressType": "IPv4", "ports": [{"port": 80}, {"name": "b"}, {}], "endpoints": []}),
    json!(["a", "IPv4", "80,b,*", "<unset>", "90s"]))]
fn what_leads_traffic_shows_where_to(
    #[case] api_version: &str,
    #[case] name: &str,
    #[case] fields: Value,
    #[case] cells: Value,
) {
    check(api_version, name, fields, cells);
}

#[rstest]
#[case::nothing(json!({"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d"}, "maxReplicas": 3}}),
    json!(["a", "Deployment/d", "<none>", "<unset>", 3, 0, "90s"]))]
#[case::old(json!({"spec": {"minReplicas": 1, "maxReplicas": 3, "targetCPUUtilizationPercentage": 80}, "status": {"currentCPUUtilizationPercentage": 42}}),
    json!(["a", "/", "cpu: 42%/80%", "1", 3, 0, "90s"]))]
#[case::many(json!({
        "spec": {"maxReplicas": 3, "metrics": [
            {"type": "Pods", "pods": {"target": {"averageValue": "2"}}},
            {"type": "External", "external": {"target": {"averageValue": "5"}}},
            {"type": "Resource"},
        ]},
        "status": {"currentMetrics": [{"type": "Pods", "pods": {"current": {"averageValue": "1500m"}}}]},
    }), json!(["a", "/", "1500m/2, <unknown>/5 (avg) + 1 more...", "<unset>", 3, 0, "90s"]))]
fn an_autoscaler_shows_what_is_and_what_is_to_be(#[case] fields: Value, #[case] cells: Value) {
    check("autoscaling/v2", "HorizontalPodAutoscaler", fields, cells);
}
