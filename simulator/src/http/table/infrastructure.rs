//! The cells of nodes and services.
//!
//! Source: kubernetes v1.34 `pkg/printers/internalversion/printers.go`.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::field::{
    NONE, UNKNOWN, condition, created, int_at, items, labels, name, non_empty, or, str_at,
};

use crate::json::Value;

pub(super) fn service(object: &Value, now: Timestamp) -> Vec<Value> {
    let cluster_ip = str_at(object, "/spec/clusterIPs/0");
    let ports: Vec<String> = items(object, "/spec/ports").map(port).collect();
    vec![
        name(object),
        str_at(object, "/spec/type").into(),
        or(cluster_ip, NONE),
        external_ip(object).into(),
        or(&ports.join(","), NONE),
        created(object, now),
        or(&labels(&object["spec"]["selector"]), NONE),
    ]
}

fn port(port: &Value) -> String {
    let (number, protocol) = (int_at(port, "/port"), str_at(port, "/protocol"));
    match int_at(port, "/nodePort") {
        node_port @ 1.. => format!("{number}:{node_port}/{protocol}"),
        _ => format!("{number}/{protocol}"),
    }
}

fn external_ip(object: &Value) -> String {
    let mut addresses: Vec<&str> = items(object, "/spec/externalIPs")
        .filter_map(Value::as_str)
        .collect();
    match str_at(object, "/spec/type") {
        "ClusterIP" | "NodePort" if addresses.is_empty() => NONE.to_owned(),
        "ClusterIP" | "NodePort" => addresses.join(","),
        "LoadBalancer" => {
            addresses.splice(0..0, balanced(object));
            if addresses.is_empty() {
                "<pending>".to_owned()
            } else {
                addresses.join(",")
            }
        }
        "ExternalName" => str_at(object, "/spec/externalName").to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

/// The addresses or names of the balancers of `object`, in order.
pub(super) fn balanced(object: &Value) -> BTreeSet<&str> {
    items(object, "/status/loadBalancer/ingress")
        .filter_map(|ingress| {
            non_empty(str_at(ingress, "/ip")).or(non_empty(str_at(ingress, "/hostname")))
        })
        .collect()
}

pub(super) fn node(object: &Value, now: Timestamp) -> Vec<Value> {
    let mut status = vec![match condition(object, "Ready") {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }];
    if object["spec"]["unschedulable"] == true {
        status.push("SchedulingDisabled");
    }
    let info = |field: &str| or(str_at(&object["status"]["nodeInfo"], field), UNKNOWN);
    vec![
        name(object),
        status.join(",").into(),
        or(&node_roles(object), NONE),
        created(object, now),
        str_at(object, "/status/nodeInfo/kubeletVersion").into(),
        node_address(object, "InternalIP"),
        node_address(object, "ExternalIP"),
        info("/osImage"),
        info("/kernelVersion"),
        info("/containerRuntimeVersion"),
    ]
}

fn node_roles(object: &Value) -> String {
    let labels = object["metadata"]["labels"].as_object();
    let roles: BTreeSet<&str> = labels
        .into_iter()
        .flatten()
        .filter_map(
            |(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                Some(role) => non_empty(role),
                None if key == "kubernetes.io/role" => {
                    non_empty(value.as_str().unwrap_or_default())
                }
                None => None,
            },
        )
        .collect();
    roles.into_iter().collect::<Vec<_>>().join(",")
}

fn node_address(object: &Value, kind: &str) -> Value {
    items(object, "/status/addresses")
        .find(|address| address["type"] == kind)
        .map_or(NONE, |address| str_at(address, "/address"))
        .into()
}
