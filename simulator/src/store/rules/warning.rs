//! What is accepted with a warning.
//!
//! Simplified: of the warnings of a real server those about pods, claims, names of services elsewhere and names of what
//! pods are named by.
//!
//! Source: kubernetes v1.34 `pkg/api/pod/warnings.go`, `pkg/api/persistentvolumeclaim/util.go` and
//! `pkg/api/service/warnings.go`.

use super::claim::CLASS;
use super::job;
use super::node;
use super::part::{items, text};
use super::pod_status;
use super::pod_warning::{self, address_warning};
use super::workload::template_place;
use crate::json::Value;
use crate::store::kind::{Kind, Origin};
use crate::store::naming::label_faults;
use crate::store::quota::Amount;

/// What a client is told of a new status that is accepted: addresses that are written in another way than they should be.
pub(in crate::store) fn status_warnings(kind: &Kind, new: &Value) -> Vec<String> {
    let mut told = Vec::new();
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pod_status::warnings(new, &mut told),
        ("", "Service") | ("networking.k8s.io", "Ingress") => {
            let addresses = items(&new["status"]["loadBalancer"]["ingress"]);
            for (index, address) in addresses.enumerate() {
                let field = format!("status.loadBalancer.ingress[{index}]");
                match text(address, "ip") {
                    "" => {}
                    ip => address_warning(&field, ip, &mut told),
                }
            }
        }
        _ => {}
    }
    told
}

/// What a client is told of a new state of an object that is accepted; `old` is the state before.
pub(in crate::store) fn warnings(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<String> {
    let mut told = Vec::new();
    if kind.origin == Origin::Custom || old.is_some_and(|old| old["spec"] == new["spec"]) {
        return told;
    }
    if old.is_none() {
        name_warnings(kind, new, &mut told);
    }
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") if old.is_none() => pod_warning::warnings("", new, &mut told),
        ("", "Pod") => {}
        ("", "Node") => node::warnings(new, &mut told),
        ("", "Service") => {
            let is_named = new["spec"]["externalName"]
                .as_str()
                .is_some_and(|name| !name.is_empty());
            if is_named && new["spec"]["type"] != "ExternalName" {
                let why = "spec.externalName is ignored when spec.type is not \"ExternalName\"";
                told.push(why.to_owned());
            }
        }
        ("discovery.k8s.io", "EndpointSlice") => {
            if old.is_none() && new["addressType"] == "FQDN" {
                told.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
            }
        }
        ("", "PersistentVolume") => {
            let field = "persistentVolumeReclaimPolicy";
            if new["spec"][field] == "Recycle" {
                told.push(format!("spec.{field}: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."));
            }
        }
        ("", "PersistentVolumeClaim") => {
            if !new["metadata"]["annotations"][CLASS].is_null() {
                told.push(format!("metadata.annotations[{CLASS}]: deprecated since v1.8; use \"storageClassName\" attribute instead"));
            }
            claim_warnings("spec", &new["spec"], &mut told);
        }
        ("networking.k8s.io", "Ingress") if old.is_none() => {
            let class = &new["metadata"]["annotations"]["kubernetes.io/ingress.class"];
            if !class.is_null() && new["spec"]["ingressClassName"].is_null() {
                told.push("annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead".to_owned());
            }
        }
        (group, kind) => {
            let place = template_place(group, kind);
            let jobs = place.and_then(|place| place.strip_suffix("/template"));
            if let Some(jobs) = jobs.filter(|_| group == "batch") {
                let path = jobs.trim_start_matches('/').replace('/', ".");
                job::warnings(&path, new.pointer(jobs).unwrap_or(&Value::Null), &mut told);
            }
            let template = place.and_then(|place| Some((place, new.pointer(place)?)));
            if let Some((place, template)) = template {
                let path = format!("{}.", place.trim_start_matches('/').replace('/', "."));
                pod_warning::warnings(&path, template, &mut told);
            }
            let limit = &new["spec"]["revisionHistoryLimit"];
            if kind == "StatefulSet" && limit.as_i64().is_some_and(|limit| limit < 0) {
                told.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".to_owned());
            }
            let claims = new["spec"]["volumeClaimTemplates"]
                .as_array()
                .into_iter()
                .flatten();
            for (index, claim) in claims.enumerate() {
                let path = format!("spec.volumeClaimTemplates[{index}].spec");
                claim_warnings(&path, &claim["spec"], &mut told);
            }
        }
    }
    told
}

/// Names that are no labels, of what gives its name to pods.
///
/// Source: kubernetes v1.34 `pkg/registry/batch/job/strategy.go` and its like, `WarningsOnCreate`.
fn name_warnings(kind: &Kind, new: &Value, told: &mut Vec<String>) {
    let what = match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => "this is used in the Pod's hostname",
        ("apps", "Deployment" | "ReplicaSet") | ("", "ReplicationController") | ("batch", _) => {
            "this is used in Pod names and hostnames"
        }
        _ => return,
    };
    let found = label_faults(new["metadata"]["name"].as_str().unwrap_or_default());
    if !found.is_empty() {
        told.push(format!(
            "metadata.name: {what}, which can result in surprising behavior; a DNS label is recommended: [{}]",
            found.join(" ")
        ));
    }
}

/// What is odd about a claim.
pub(super) fn claim_warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    let resources = format!("{path}.resources");
    for list in ["requests", "limits"] {
        fraction_warning((&resources, &spec["resources"]), list, "storage", told);
    }
}

/// Amounts of bytes that are no whole number.
pub(super) fn fraction_warning(
    (path, resources): (&str, &Value),
    list: &str,
    name: &str,
    told: &mut Vec<String>,
) {
    let Some(text) = resources[list][name].as_str() else {
        return;
    };
    if Amount::read(text).is_some_and(|amount| !amount.is_whole()) {
        told.push(format!(
            "{path}.{list}[{name}]: fractional byte value {text:?} is invalid, must be an integer"
        ));
    }
}

/// Variables that hide others.
pub(super) fn hidden_warnings(path: &str, container: &Value, told: &mut Vec<String>) {
    let variables = container["env"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (index, variable) in variables.iter().enumerate() {
        let name = &variable["name"];
        let is_known = variables[..index]
            .iter()
            .any(|before| before["name"] == *name);
        let value = variable["value"].as_str().unwrap_or_default();
        let reference = format!("$({})", name.as_str().unwrap_or_default());
        // One that only adds to the one before needs it.
        let adds =
            variable["valueFrom"].is_null() && value != reference && value.contains(&reference);
        if is_known && !adds {
            told.push(format!("{path}.env[{index}]: hides previous definition of {name}, which may be dropped when using apply"));
        }
    }
}
