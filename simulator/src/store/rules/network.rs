//! Network policies and storage classes.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/networking` and `pkg/apis/storage`, defaults and
//! validation.

use crate::json::{Map, Value, json};

use super::of_kind::required;
use super::pod_spec::choice_fault;
use crate::store::metadata::invalid_json;
use crate::store::status::Cause;

/// Names the directions that a policy is about.
pub(super) fn prepare_policy(value: &mut Value) {
    let spec = &mut value["spec"];
    if !spec.is_object() {
        *spec = json!({});
    }
    if spec.get("podSelector").is_none() {
        spec["podSelector"] = json!({});
    }
    if spec.get("policyTypes").is_some() {
        return;
    }
    let is_egress = spec["egress"]
        .as_array()
        .is_some_and(|rules| !rules.is_empty());
    spec["policyTypes"] = if is_egress {
        json!(["Ingress", "Egress"])
    } else {
        json!(["Ingress"])
    };
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, field| !field.is_null());
    }
}

/// What is wrong with a policy.
pub(super) fn policy_faults(new: &Value) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in items(&spec[direction]) {
            rule_faults(
                &format!("spec.{direction}[{index}]"),
                peers,
                rule,
                &mut causes,
            );
        }
    }
    for (index, kind) in items(&spec["policyTypes"]) {
        let field = format!("spec.policyTypes[{index}]");
        choice_fault(&field, kind, &["Ingress", "Egress"], &mut causes);
    }
    causes
}

fn rule_faults(path: &str, peers: &str, rule: &Value, causes: &mut Vec<Cause>) {
    for (index, port) in items(&rule["ports"]) {
        let path = format!("{path}.ports[{index}]");
        let protocols = ["TCP", "UDP", "SCTP"];
        choice_fault(
            &format!("{path}.protocol"),
            &port["protocol"],
            &protocols,
            causes,
        );
        let number = port["port"].as_i64();
        if let Some(number) = number.filter(|number| !(1..=65_535).contains(number)) {
            let detail = "must be between 1 and 65535, inclusive";
            causes.push(invalid_json(
                &format!("{path}.port"),
                &number.to_string(),
                detail,
            ));
        }
    }
    for (index, peer) in items(&rule[peers]) {
        if peer.as_object().is_none_or(Map::is_empty) {
            let field = format!("{path}.{peers}[{index}]");
            causes.push(required(field, "Required value: must specify a peer"));
        }
    }
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

/// What is wrong with a storage class: it needs somebody who provides, and hardly changes.
pub(super) fn class_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    if new["provisioner"].as_str().unwrap_or_default().is_empty() {
        causes.push(required("provisioner", "Required value"));
    }
    let policy = &new["reclaimPolicy"];
    choice_fault("reclaimPolicy", policy, &["Delete", "Retain"], &mut causes);
    let mode = &new["volumeBindingMode"];
    let modes = ["Immediate", "WaitForFirstConsumer"];
    choice_fault("volumeBindingMode", mode, &modes, &mut causes);
    let Some(old) = old else {
        return causes;
    };
    for field in ["parameters", "provisioner", "reclaimPolicy"] {
        if new[field] != old[field] {
            causes.push(Cause {
                reason: "FieldValueForbidden",
                message: format!("Forbidden: updates to {field} are forbidden."),
                field: field.to_owned(),
            });
        }
    }
    if *mode != old["volumeBindingMode"] {
        let detail = "field is immutable";
        causes.push(invalid_json("volumeBindingMode", &mode.to_string(), detail));
    }
    causes
}

/// The limits of containers count as their defaults, and those as what is requested.
pub(super) fn prepare_limits(value: &mut Value) {
    let limits = value
        .pointer_mut("/spec/limits")
        .and_then(Value::as_array_mut);
    for limit in limits.into_iter().flatten() {
        if limit["type"] != "Container" {
            continue;
        }
        for (to, from) in [
            ("default", "max"),
            ("defaultRequest", "default"),
            ("defaultRequest", "min"),
        ] {
            let known = limit[from].as_object().cloned().unwrap_or_default();
            for (resource, quantity) in known {
                if limit[to][&resource].is_null() {
                    limit[to][resource.as_str()] = quantity;
                }
            }
        }
        if let Some(limit) = limit.as_object_mut() {
            limit.retain(|_, field| !field.is_null());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_about_egress_is_about_ingress_too() {
        let mut policy = json!({"spec": {"egress": [{}]}});
        prepare_policy(&mut policy);
        assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
    }

    #[test]
    fn a_class_needs_a_provisioner_and_keeps_it() {
        assert_eq!(class_faults(&json!({}), None)[0].field, "provisioner");
        let causes = class_faults(
            &json!({"provisioner": "a"}),
            Some(&json!({"provisioner": "b"})),
        );
        assert_eq!(
            causes[0].message,
            "Forbidden: updates to provisioner are forbidden."
        );
    }

    #[test]
    fn the_most_that_a_container_may_have_is_what_it_asks_for() {
        let mut range = json!({"spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}]}});
        prepare_limits(&mut range);
        assert_eq!(
            range["spec"]["limits"][0]["defaultRequest"],
            json!({"cpu": "1"})
        );
    }
}
