//! Network policies and storage classes.
//!
//! Source: `spec/kube-api.md` §1.22; kubernetes v1.34 `pkg/apis/networking` and `pkg/apis/storage`, defaults and
//! validation.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::json::{Map, Value, json};

use super::of_kind::required;
use super::part;
use super::pod_spec::choice_fault;
use crate::store::admission::selector_faults;
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::{qualified_name_fault, qualified_name_faults};
use crate::store::schema::cause::{duplicate, forbidden};
use crate::store::status::Cause;

pub(super) const NETWORK: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// Names the directions that a policy is about.
pub(super) fn prepare_policy(value: &mut Value) {
    let spec = &mut value["spec"];
    if !spec.is_object() {
        *spec = json!({});
    }
    if spec.get("podSelector").is_none() {
        spec["podSelector"] = json!({});
    }
    if let Some(fields) = spec.as_object_mut() {
        let is_empty = |field: &Value| field.as_array().is_some_and(Vec::is_empty);
        fields.retain(|_, field| !is_empty(field));
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
    let mut causes = selector_faults("spec.podSelector", &spec["podSelector"]);
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
    if items(&spec["policyTypes"]).count() > 2 {
        let shown = spec["policyTypes"].to_string();
        let why = "may not specify more than two policyTypes";
        causes.push(invalid_json("spec.policyTypes", &shown, why));
        return causes;
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
        let of_port = port_faults(&format!("{path}.port"), &port["port"]);
        // The last port of a range is looked at before a name.
        let (first, last) = match port["port"].is_string() {
            true => (Vec::new(), of_port),
            false => (of_port, Vec::new()),
        };
        causes.extend(first);
        end_fault(&path, port, causes);
        causes.extend(last);
    }
    for (index, peer) in items(&rule[peers]) {
        if peer.as_object().is_none_or(Map::is_empty) {
            let field = format!("{path}.{peers}[{index}]");
            causes.push(required(field, "Required value: must specify a peer"));
        }
        let path = format!("{path}.{peers}[{index}]");
        for field in ["podSelector", "namespaceSelector"] {
            causes.extend(selector_faults(&format!("{path}.{field}"), &peer[field]));
        }
        block_faults(&format!("{path}.ipBlock"), &peer["ipBlock"], causes);
        if !peer["ipBlock"].is_null() && peer.as_object().is_some_and(|peer| peer.len() > 1) {
            let why = "may not specify both ipBlock and another peer";
            causes.push(forbidden(path, why));
        }
    }
}

/// The last port of a range is not below the first, which is a number.
fn end_fault(path: &str, port: &Value, causes: &mut Vec<Cause>) {
    let Some(end) = port["endPort"].as_i64() else {
        return;
    };
    let (first, field) = (&port["port"], format!("{path}.endPort"));
    if first.is_null() {
        let why = "may not be specified when `port` is not specified";
        causes.push(invalid_json(&field, &end.to_string(), why));
    } else if first.is_string() {
        let why = "may not be specified when `port` is non-numeric";
        causes.push(invalid_json(&field, &end.to_string(), why));
    } else {
        if let Some(first) = first.as_i64().filter(|first| end < *first) {
            // A real server shows the first port here.
            let why = "must be greater than or equal to `port`";
            causes.push(invalid_json(&field, &first.to_string(), why));
        }
        causes.extend(port_faults(&field, &end.into()));
    }
}

fn block_faults(path: &str, block: &Value, causes: &mut Vec<Cause>) {
    if block.is_null() {
        return;
    }
    let network = block["cidr"].as_str().unwrap_or_default();
    if network.is_empty() {
        causes.push(required(format!("{path}.cidr"), "Required value"));
        return;
    }
    if !is_network(network) {
        causes.push(invalid(&format!("{path}.cidr"), network, NETWORK));
        return;
    }
    for (index, except) in items(&block["except"]) {
        let text = except.as_str().unwrap_or_default();
        if !is_network(text) {
            causes.push(invalid(&format!("{path}.except[{index}]"), text, NETWORK));
        } else if !is_smaller(text, network) {
            let why = "must be a strict subset of `cidr`";
            causes.push(invalid(&format!("{path}.except[{index}]"), text, why));
        }
    }
}

/// Whether a network lies in another, and is not all of it.
fn is_smaller(inner: &str, outer: &str) -> bool {
    let read = |text: &str| {
        let (address, length) = text.split_once('/')?;
        let (address, width) = match address.parse().ok()? {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        Some((address, width, length.parse::<u32>().ok()?))
    };
    let (Some(inner), Some(outer)) = (read(inner), read(outer)) else {
        return false;
    };
    let shared = |address: u128| address.checked_shr(outer.1 - outer.2).unwrap_or(0);
    inner.1 == outer.1 && inner.2 > outer.2 && shared(inner.0) == shared(outer.0)
}

pub(super) fn is_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse().is_ok_and(|length: u32| length <= most)
}

/// What is wrong with a port by number or by name.
pub(super) fn port_faults(field: &str, port: &Value) -> Vec<Cause> {
    match port {
        Value::String(name) => name_fault(name)
            .into_iter()
            .map(|why| invalid(field, name, why))
            .collect(),
        port => {
            let wrong = port
                .as_i64()
                .filter(|number| !(1..=65_535).contains(number));
            let detail = "must be between 1 and 65535, inclusive";
            let cause = wrong.map(|number| invalid_json(field, &number.to_string(), detail));
            cause.into_iter().collect()
        }
    }
}

/// What is wrong with the name of a port.
///
/// Source: apimachinery v0.34 `pkg/util/validation/validation.go`, `IsValidPortName`.
fn name_fault(name: &str) -> Vec<&'static str> {
    let mut faults = Vec::new();
    if name.len() > 15 {
        faults.push("must be no more than 15 characters");
    }
    let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !name.bytes().all(is_good) {
        faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !name.bytes().any(|b| b.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)");
    }
    if name.contains("--") {
        faults.push("must not contain consecutive hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        faults.push("must not begin or end with a hyphen");
    }
    faults
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

/// What is wrong with a storage class: it needs somebody who provides, and hardly changes.
pub(super) fn class_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let provisioner = new["provisioner"]
        .as_str()
        .unwrap_or_default()
        .to_lowercase();
    if provisioner.is_empty() {
        causes.push(required("provisioner", "Required value"));
    } else if let Some(why) = qualified_name_fault(&provisioner) {
        causes.push(invalid("provisioner", &provisioner, &why));
    }
    if new["parameters"].get("").is_some() {
        causes.push(invalid("parameters", "", "field can not be empty."));
    }
    let policy = &new["reclaimPolicy"];
    choice_fault("reclaimPolicy", policy, &["Delete", "Retain"], &mut causes);
    let mode = &new["volumeBindingMode"];
    let modes = ["Immediate", "WaitForFirstConsumer"];
    choice_fault("volumeBindingMode", mode, &modes, &mut causes);
    topology_faults(&new["allowedTopologies"], &mut causes);
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

/// What is wrong with where volumes of a class may be.
///
/// Source: kubernetes v1.34 `pkg/apis/storage/validation/validation.go`, `validateAllowedTopologies`.
fn topology_faults(topologies: &Value, causes: &mut Vec<Cause>) {
    // A real server holds a term against as many empty ones as there are terms, too.
    let mut known = vec![BTreeMap::new(); part::items(topologies).count()];
    for (index, term) in part::items(topologies).enumerate() {
        let path = format!("allowedTopologies[{index}].matchLabelExpressions");
        let mut values_of = BTreeMap::new();
        for (index, expression) in part::items(&term["matchLabelExpressions"]).enumerate() {
            let path = format!("{path}[{index}]");
            let mut values = BTreeSet::new();
            if part::is_empty(&expression["values"]) {
                causes.push(required(format!("{path}.values"), "Required value"));
            }
            for (index, value) in part::items(&expression["values"]).enumerate() {
                if !values.insert(value.as_str()) {
                    causes.push(duplicate(format!("{path}.values[{index}]"), value));
                }
            }
            let (field, key) = (format!("{path}.key"), part::text(expression, "key"));
            part::refuse(&field, key, qualified_name_faults(key), causes);
            if values_of.insert(key, values).is_some() {
                causes.push(duplicate(field, &key.into()));
            }
        }
        let twins = known.iter().filter(|other| **other == values_of).count();
        causes.extend(std::iter::repeat_n(duplicate(path, &"".into()), twins));
        known.push(values_of);
    }
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
    use rstest::rstest;

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

    #[rstest]
    #[case::empty(json!([{}]), &["allowedTopologies[0].matchLabelExpressions"])]
    #[case::no_values(json!([{"matchLabelExpressions": [{"key": "a", "values": []}]}]), &["allowedTopologies[0].matchLabelExpressions[0].values"])]
    #[case::twins(json!([{"matchLabelExpressions": [{"key": "a", "values": ["x", "y"]}]}, {"matchLabelExpressions": [{"key": "a", "values": ["y", "x"]}]}]), &["allowedTopologies[1].matchLabelExpressions"])]
    fn topologies_are_told_apart(#[case] topologies: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        topology_faults(&topologies, &mut causes);
        let found = Vec::from_iter(causes.iter().map(|cause| &*cause.field));
        assert_eq!(found, expected);
    }
}
