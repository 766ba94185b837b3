//! Nodes.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/v1/conversion.go` and `defaults.go`, `pkg/apis/core/validation/validation.go`
//! (`ValidateNode`, `ValidateNodeUpdate`), `pkg/registry/core/node/strategy.go`, `plugin/pkg/admission/nodetaint`.

use super::allotment::amount_faults;
use super::network::{NETWORK, is_network};
use super::part::{is_empty, items, text};
use super::pod_spec::choice_fault;
use super::scheduling::EFFECTS;
use crate::json::{Value, json};
use crate::store::naming::{label_value_faults, qualified_name_faults};
use crate::store::schema::cause::{forbidden, invalid, required};
use crate::store::status::Cause;

/// What a node that is new has until it is ready.
const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// Where taints stand, in the words of a real server.
const TAINTS: &str = "metadata.taints";

/// The first range of addresses stands in two fields, and whatever there is may be used.
pub(super) fn prepare(value: &mut Value) {
    let spec = &mut value["spec"];
    if !spec.is_object() {
        *spec = json!({});
    }
    let first = text(spec, "podCIDR").to_owned();
    if !first.is_empty() && spec["podCIDRs"][0] != first.as_str() {
        spec["podCIDRs"] = json!([first]);
    }
    if let Some(first) = spec["podCIDRs"].get(0).cloned() {
        spec["podCIDR"] = first;
    }
    let status = &mut value["status"];
    let is_given = |amounts: &Value| {
        amounts
            .as_object()
            .is_some_and(|amounts| !amounts.is_empty())
    };
    if is_given(&status["capacity"]) && !is_given(&status["allocatable"]) {
        status["allocatable"] = status["capacity"].clone();
    }
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
        if let Some(Value::Object(spec)) = fields.get_mut("spec") {
            spec.retain(|_, field| !field.is_null());
        }
    }
}

/// Nothing is to run on a node that is new.
pub(super) fn admit(value: &mut Value) {
    let spec = &mut value["spec"];
    let is_not_ready = |taint: &Value| taint["key"] == NOT_READY && taint["effect"] == "NoSchedule";
    if items(&spec["taints"]).any(is_not_ready) {
        return;
    }
    let taint = json!({"key": NOT_READY, "effect": "NoSchedule"});
    match spec["taints"].as_array_mut() {
        Some(taints) => taints.push(taint),
        None => spec["taints"] = json!([taint]),
    }
}

/// Drops what nodes had while they were configured through the API, and writes what Go cannot leave out.
pub(super) fn finish(value: &mut Value) {
    for (part, field) in [("spec", "configSource"), ("status", "config")] {
        if let Some(fields) = value.get_mut(part).and_then(Value::as_object_mut) {
            fields.remove(field);
        }
    }
    let status = value.get_mut("status");
    let Some(status) = status else {
        return;
    };
    let mut fill = |list: &str, fields: &[&str]| {
        let items = status.get_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            for field in fields {
                if item.get(field).is_none() {
                    item[*field] = Value::Null;
                }
            }
        }
    };
    fill("conditions", &["lastHeartbeatTime", "lastTransitionTime"]);
    fill("images", &["names"]);
}

/// Drops the status, which a new node may have although nobody owns it.
pub(super) fn drop_unowned(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
}

/// What a writer is warned of.
pub(super) fn warnings(new: &Value, told: &mut Vec<String>) {
    if !text(&new["spec"], "externalID").is_empty() {
        told.push(
            "spec.externalID: this field is deprecated, and is unused by Kubernetes".to_owned(),
        );
    }
}

/// What is wrong with a node.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = avoided_faults(&new["metadata"]);
    taint_faults(&new["spec"], &mut causes);
    let status = &new["status"];
    resource_faults("capacity", status, &mut causes);
    resource_faults("allocatable", status, &mut causes);
    match old {
        None => range_faults(&new["spec"], &mut causes),
        Some(old) => {
            // A real server looks at them a second time, and says what it finds again.
            taint_faults(&new["spec"], &mut causes);
            address_faults(status, &mut causes);
            change_faults(&new["spec"], &old["spec"], &mut causes);
        }
    }
    causes
}

/// An annotation that holds JSON.
fn avoided_faults(metadata: &Value) -> Vec<Cause> {
    const AVOIDED: &str = "scheduler.alpha.kubernetes.io/preferAvoidPods";
    let text = metadata["annotations"][AVOIDED].as_str();
    let text = text.unwrap_or_default().trim_start();
    match text.chars().next() {
        None | Some('{') => Vec::new(),
        Some(first) => {
            let why = format!("invalid character '{first}' looking for beginning of value");
            let field = "metadata.annotations.AvoidPods";
            vec![invalid(field, &AVOIDED.into(), &why)]
        }
    }
}

fn taint_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (index, taint) in items(&spec["taints"]).enumerate() {
        let at = |field: &str| format!("{TAINTS}[{index}].{field}");
        let (key, effect) = (text(taint, "key"), text(taint, "effect"));
        let wrong = qualified_name_faults(key).into_iter();
        causes.extend(wrong.map(|why| invalid(at("key"), &key.into(), &why)));
        let why = label_value_faults(text(taint, "value")).join(";");
        if !why.is_empty() {
            causes.push(invalid(at("value"), &taint["value"], &why));
        }
        match effect {
            "" => causes.push(required(at("effect"), "")),
            _ => choice_fault(&at("effect"), &effect.into(), &EFFECTS, causes),
        }
        if seen.contains(&(key, effect)) {
            causes.push(twice(
                format!("{TAINTS}[{index}]"),
                &[
                    ("Key", &taint["key"]),
                    ("Value", &text(taint, "value").into()),
                    ("Effect", &taint["effect"]),
                    ("TimeAdded", &taint["timeAdded"]),
                ],
                ": taints must be unique by key and effect pair",
            ));
            continue;
        }
        seen.push((key, effect));
    }
}

/// A cause for a struct that is there before, in the order of Go's fields.
fn twice(field: String, fields: &[(&str, &Value)], detail: &str) -> Cause {
    let members = fields
        .iter()
        .map(|(name, value)| format!("{name:?}:{value}"));
    let members: Vec<String> = members.collect();
    Cause {
        reason: "FieldValueDuplicate",
        message: format!("Duplicate value: {{{}}}{detail}", members.join(",")),
        field,
    }
}

fn resource_faults(list: &str, status: &Value, causes: &mut Vec<Cause>) {
    for (name, amount) in status[list].as_object().into_iter().flatten() {
        amount_faults(&format!("status.{list}.{name}"), name, amount, causes);
    }
}

/// A node has one range of addresses of each family.
fn range_faults(spec: &Value, causes: &mut Vec<Cause>) {
    const FIELD: &str = "spec.podCIDRs";
    let ranges: Vec<&str> = items(&spec["podCIDRs"]).filter_map(Value::as_str).collect();
    for (index, range) in ranges.iter().enumerate() {
        if !is_network(range) {
            causes.push(invalid(
                format!("{FIELD}[{index}]"),
                &(*range).into(),
                NETWORK,
            ));
        }
    }
    if ranges.len() < 2 {
        return;
    }
    let families: Vec<bool> = ranges.iter().map(|range| range.contains(':')).collect();
    let is_pair = families.contains(&true) && families.contains(&false);
    if !is_pair || ranges.len() > 2 {
        let why = "may specify no more than one CIDR for each IP family";
        causes.push(invalid(FIELD, &spec["podCIDRs"], why));
    }
}

fn address_faults(status: &Value, causes: &mut Vec<Cause>) {
    let addresses: Vec<&Value> = items(&status["addresses"]).collect();
    for (index, address) in addresses.iter().enumerate() {
        if addresses[..index].contains(address) {
            let field = format!("status.addresses[{index}]");
            let fields = [("Type", &address["type"]), ("Address", &address["address"])];
            causes.push(twice(field, &fields, ""));
        }
    }
}

/// What was given to a node once stays.
fn change_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let mut refuse = |field: &str, why: &str| causes.push(forbidden(format!("spec.{field}"), why));
    if !is_empty(&old["podCIDRs"]) && new["podCIDRs"] != old["podCIDRs"] {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        refuse("podCIDRs", why);
    }
    let provider = text(old, "providerID");
    if !provider.is_empty() && text(new, "providerID") != provider {
        let why = "node updates may not change providerID except from \"\" to valid";
        refuse("providerID", why);
    }
    if text(new, "externalID") != text(old, "externalID") {
        refuse("externalID", "may not be updated");
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::effect(json!({"spec": {"taints": [{"key": "a"}]}}), &["metadata.taints[0].effect: Required value"])]
    #[case::twice(json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoSchedule", "value": "x"}]}}), &["metadata.taints[1]: Duplicate value: {\"Key\":\"a\",\"Value\":\"x\",\"Effect\":\"NoSchedule\",\"TimeAdded\":null}: taints must be unique by key and effect pair"])]
    #[case::ranges(json!({"spec": {"podCIDRs": ["10.0.0.0/24", "10.0.1.0/24"]}}), &["spec.podCIDRs: Invalid value: [\"10.0.0.0/24\",\"10.0.1.0/24\"]: may specify no more than one CIDR for each IP family"])]
    #[case::amounts(json!({"status": {"capacity": {"cpu": "-1", "pods": "500m"}}}), &["status.capacity.cpu: Invalid value: \"-1\": must be greater than or equal to 0", "status.capacity.pods: Invalid value: \"500m\": must be an integer"])]
    #[case::good(json!({"spec": {"podCIDRs": ["10.0.0.0/24", "fd00::/64"]}}), &[])]
    fn a_node_is_refused(#[case] node: Value, #[case] expected: &[&str]) {
        let causes = faults(&node, None);
        let told: Vec<String> = causes.iter().map(ToString::to_string).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_node_that_is_new_is_not_ready_and_has_what_it_says() {
        let mut node =
            json!({"spec": {"podCIDR": "10.0.0.0/24"}, "status": {"capacity": {"cpu": "1"}}});
        prepare(&mut node);
        admit(&mut node);
        let expected = json!({
            "spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"], "taints": [{"key": NOT_READY, "effect": "NoSchedule"}]},
            "status": {"capacity": {"cpu": "1"}, "allocatable": {"cpu": "1"}}});
        assert_eq!(node, expected);
    }
}
