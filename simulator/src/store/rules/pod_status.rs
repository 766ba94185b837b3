//! Statuses of pods: what a write to one keeps, and what it may not say.
//!
//! Left out: users and allotted devices of containers, and the claims that templates make.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidatePodStatusUpdate`, and
//! `pkg/registry/core/pod/strategy.go`, `podStatusStrategy`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::ingress::ADDRESS;
use super::part::{is_empty, items, text};
use super::pod::STATUSES;
use super::pod_network::address_fault;
use super::pod_warning::address_warning;
use crate::json::{Value, json};
use crate::store::metadata::key_fault;
use crate::store::naming::subdomain_faults;
use crate::store::schema::cause::{forbidden, internal, invalid, invalid_shown};
use crate::store::status::Cause;

/// The conditions of the control plane, which have names of an older form.
const SYSTEM: [&str; 3] = ["PodScheduled", "Ready", "Initialized"];

/// Keeps the class of a pod where a new status does not say.
pub(super) fn keep_class(value: &mut Value, old: &Value) {
    let (status, old) = (&mut value["status"], &old["status"]);
    if text(status, "qosClass").is_empty() && !text(old, "qosClass").is_empty() {
        status["qosClass"] = old["qosClass"].clone();
    }
}

/// Keeps which generations were seen where a new status does not say; they are nobody's then.
pub(super) fn keep_generations(value: &mut Value, old: &Value) {
    let (status, old) = (&mut value["status"], &old["status"]);
    keep_generation(status, &old["observedGeneration"]);
    let mut seen: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for condition in items(&old["conditions"])
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        let of_type = seen.entry(text(condition, "type")).or_default();
        of_type.push(&condition["observedGeneration"]);
    }
    let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if let Some(generation) = seen.get_mut(text(condition, "type")).and_then(Vec::pop) {
            keep_generation(condition, generation);
        }
    }
}

fn keep_generation(part: &mut Value, old: &Value) {
    let is_unset = part["observedGeneration"].as_i64().unwrap_or(0) == 0;
    if is_unset && old.as_i64().unwrap_or(0) != 0 {
        part["observedGeneration"] = old.clone();
    }
}

/// What is wrong with a status, which follows the `old` one.
pub(super) fn faults(new: &Value, old: &Value) -> Vec<Cause> {
    let (spec, status, old_status) = (&old["spec"], &new["status"], &old["status"]);
    let mut causes = Vec::new();
    condition_faults(&status["conditions"], &mut causes);
    nomination_faults(spec, (status, old_status), &mut causes);
    generation_fault("status", status, &mut causes);
    let (class, old_class) = (text(status, "qosClass"), text(old_status, "qosClass"));
    if class != old_class {
        let why = "field is immutable";
        causes.push(invalid("status.qosClass", &class.into(), why));
    }
    for list in STATUSES {
        let change = (&status[list], &old_status[list]);
        restart_faults(list, spec, change, &mut causes);
    }
    address_faults("podIPs", (status, old_status), &mut causes);
    let first = &status["hostIPs"][0]["ip"];
    if !is_empty(&status["hostIPs"]) && *first != status["hostIP"] {
        let why = "must be equal to `hostIP`";
        causes.push(invalid("status.hostIPs[0].ip", first, why));
    }
    address_faults("hostIPs", (status, old_status), &mut causes);
    causes
}

/// Addresses that are written in another way than they should be.
pub(super) fn warnings(new: &Value, told: &mut Vec<String>) {
    for list in ["podIPs", "hostIPs"] {
        for (index, address) in items(&new["status"][list]).enumerate() {
            let field = format!("status.{list}[{index}].ip");
            address_warning(&field, text(address, "ip"), told);
        }
    }
}

fn condition_faults(conditions: &Value, causes: &mut Vec<Cause>) {
    for (index, condition) in items(conditions).enumerate() {
        let path = format!("status.conditions[{index}]");
        generation_fault(&path, condition, causes);
        let kind = text(condition, "type");
        if !SYSTEM.contains(&kind) {
            key_fault(&format!("{path}.Type"), kind, kind, causes);
        }
    }
}

fn generation_fault(path: &str, part: &Value, causes: &mut Vec<Cause>) {
    let generation = &part["observedGeneration"];
    if generation.as_i64().is_some_and(|number| number < 0) {
        let field = format!("{path}.observedGeneration");
        causes.push(invalid(field, generation, "must be a non-negative integer"));
    }
}

/// A pod that runs somewhere is nominated for nowhere else.
fn nomination_faults(spec: &Value, (new, old): (&Value, &Value), causes: &mut Vec<Cause>) {
    let field = "status.nominatedNodeName";
    let name = text(new, "nominatedNodeName");
    if name.is_empty() || name == text(old, "nominatedNodeName") {
        return;
    }
    let found = subdomain_faults(name).into_iter();
    causes.extend(found.map(|why| invalid(field, &name.into(), &why)));
    if !text(spec, "nodeName").is_empty() {
        let why = "may not be set on pods that are already bound to a node";
        causes.push(forbidden(field, why));
    }
}

/// A container that has ended does not run again, unless its pod has it restart.
fn restart_faults(list: &str, spec: &Value, (new, old): (&Value, &Value), causes: &mut Vec<Cause>) {
    let is_own = list != "ephemeralContainerStatuses";
    let policy = text(spec, "restartPolicy");
    if is_own && policy == "Always" {
        return;
    }
    let is_sidecar = |name: &str| {
        let mut containers = items(&spec["initContainers"]);
        let found = containers.find(|container| text(container, "name") == name);
        list == "initContainerStatuses" && found.is_some_and(|one| one["restartPolicy"] == "Always")
    };
    for (index, before) in items(old).enumerate() {
        let (name, ended) = (text(before, "name"), &before["state"]["terminated"]);
        let has_failed = ended["exitCode"].as_i64().unwrap_or(0) != 0;
        let may_restart = is_own && policy == "OnFailure" && has_failed;
        if ended.is_null() || may_restart || is_sidecar(name) {
            continue;
        }
        let again = items(new).filter(|after| text(after, "name") == name);
        for _ in again.filter(|after| after["state"]["terminated"].is_null()) {
            let field = format!("status.{list}[{index}].state");
            let why = "may not be transitioned to non-terminated state";
            causes.push(forbidden(field, why));
        }
    }
}

/// New addresses are ones, and there is at most one of each family.
fn address_faults(list: &str, (new, old): (&Value, &Value), causes: &mut Vec<Cause>) {
    let field = format!("status.{list}");
    let addresses = Vec::from_iter(items(&new[list]).map(|address| text(address, "ip")));
    for (index, address) in addresses.iter().enumerate() {
        if !items(&old[list]).any(|known| text(known, "ip") == *address) {
            address_fault(&format!("{field}[{index}]"), address, causes);
        }
    }
    if addresses.len() < 2 {
        return;
    }
    let read = addresses.iter().map(|address| family(address));
    let families = Vec::from_iter(read);
    if let Some(index) = families.iter().position(Option::is_none) {
        let why = format!(
            "failed to check for dual stack with error:invalid IP[{index}]: {}",
            addresses[index]
        );
        causes.push(internal(&field, &why));
    }
    let both = families.contains(&Some(true)) && families.contains(&Some(false));
    if !both || families.contains(&None) || addresses.len() > 2 {
        let shown: Value = addresses.iter().map(|ip| json!({"IP": ip})).collect();
        let why = "may specify no more than one IP for each IP family";
        causes.push(invalid_shown(&field, &shown.to_string(), why));
    }
}

/// Whether an address is one of version six, if it is one.
fn family(address: &str) -> Option<bool> {
    let mut causes = Vec::new();
    address_fault(ADDRESS, address, &mut causes);
    let is_long = address.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6());
    causes.is_empty().then_some(is_long)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Seen on kube-apiserver v1.34.3.
    #[rstest]
    #[case::no_address(json!({"podIPs": [{"ip": "1"}]}), &["status.podIPs[0]: Invalid value: \"1\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"])]
    #[case::one_family(json!({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]}), &["status.podIPs: Invalid value: [{\"IP\":\"10.0.0.1\"},{\"IP\":\"10.0.0.2\"}]: may specify no more than one IP for each IP family"])]
    #[case::both_families(json!({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}), &[])]
    #[case::another_host(json!({"hostIP": "1.2.3.4", "hostIPs": [{"ip": "1.2.3.5"}]}), &["status.hostIPs[0].ip: Invalid value: \"1.2.3.5\": must be equal to `hostIP`"])]
    #[case::class(json!({"qosClass": "Burstable"}), &["status.qosClass: Invalid value: \"Burstable\": field is immutable"])]
    #[case::nominated(json!({"nominatedNodeName": "n"}), &["status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node"])]
    #[case::runs_again(json!({"containerStatuses": [{"name": "c", "state": {"running": {}}}]}), &["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"])]
    #[case::forgotten(json!({"containerStatuses": []}), &[])]
    fn a_status_follows_another(#[case] status: Value, #[case] expected: &[&str]) {
        let old = json!({
            "spec": {"restartPolicy": "OnFailure", "nodeName": "m"},
            "status": {"qosClass": "BestEffort", "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 0}}}]},
        });
        let mut new = json!({"status": status});
        keep_class(&mut new, &old);
        let found: Vec<_> = faults(&new, &old).iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_generations_that_were_seen_are_kept() {
        let seen = |generation: i64| json!({"type": "Ready", "observedGeneration": generation});
        let old = json!({"status": {"observedGeneration": 3, "conditions": [seen(1), seen(2)]}});
        let mut new = json!({"status": {"conditions": [{"type": "Ready"}, {"type": "Ready"}, {"type": "Ready"}]}});
        keep_generations(&mut new, &old);
        let expected = json!({
            "observedGeneration": 3, "conditions": [seen(1), seen(2), {"type": "Ready"}],
        });
        assert_eq!(new["status"], expected);
    }
}
