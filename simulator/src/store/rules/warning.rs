//! What is accepted with a warning.
//!
//! Simplified: of the warnings of a real server those about amounts, negative times, variables that occur twice and
//! names of services elsewhere and of what pods are named by.
//!
//! Source: kubernetes v1.34 `pkg/api/pod/warnings.go`, `pkg/api/persistentvolumeclaim/util.go` and
//! `pkg/api/service/warnings.go`.

use super::workload::template_place;
use crate::json::Value;
use crate::store::kind::{Kind, Origin};
use crate::store::naming::label_faults;
use crate::store::quota::Amount;

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
        ("", "Pod") if old.is_none() => pod_warnings("spec", &new["spec"], &mut told),
        ("", "Pod") => {}
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
        ("", "PersistentVolumeClaim") => claim_warnings("spec", &new["spec"], &mut told),
        (group, kind) => {
            let place = template_place(group, kind);
            let spec = place.and_then(|place| Some((place, new.pointer(place)?.get("spec")?)));
            if let Some((place, spec)) = spec {
                let path = format!("{}.spec", place.trim_start_matches('/').replace('/', "."));
                // A pod itself has its 1 before anybody warns of it.
                let grace = spec["terminationGracePeriodSeconds"].as_i64();
                if grace.is_some_and(|seconds| seconds < 0) {
                    told.push(format!("{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"));
                }
                pod_warnings(&path, spec, &mut told);
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

fn claim_warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    let resources = format!("{path}.resources");
    for list in ["requests", "limits"] {
        fraction_warning((&resources, &spec["resources"]), list, "storage", told);
    }
}

fn pod_warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    for list in ["initContainers", "containers"] {
        for (index, container) in spec[list].as_array().into_iter().flatten().enumerate() {
            let path = format!("{path}.{list}[{index}]");
            let resources = (&*format!("{path}.resources"), &container["resources"]);
            for name in ["memory", "ephemeral-storage"] {
                for list in ["limits", "requests"] {
                    fraction_warning(resources, list, name, told);
                }
            }
            hidden_warnings(&path, container, told);
        }
    }
}

fn fraction_warning(
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
fn hidden_warnings(path: &str, container: &Value, told: &mut Vec<String>) {
    let variables = container["env"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (index, variable) in variables.iter().enumerate() {
        let name = &variable["name"];
        if variables[..index]
            .iter()
            .any(|before| before["name"] == *name)
        {
            told.push(format!("{path}.env[{index}]: hides previous definition of {name}, which may be dropped when using apply"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_fraction_of_a_byte_is_told() {
        let mut told = Vec::new();
        let resources = json!({"limits": {"memory": "100m", "cpu": "100m"}});
        pod_warnings(
            "spec",
            &json!({"containers": [{"resources": resources}]}),
            &mut told,
        );
        let expected = "spec.containers[0].resources.limits[memory]: fractional byte value \"100m\" is invalid, must be an integer";
        assert_eq!(told, [expected]);
    }
}
