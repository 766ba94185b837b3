//! Storage drivers, the nodes that they serve, and what they attach.
//!
//! Source: kubernetes v1.34 `pkg/apis/storage/validation/validation.go`.

use std::collections::BTreeSet;

use super::of_kind::natural;
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::naming::{qualified_name_faults, subdomain_fault};
use crate::store::schema::cause::{duplicate, invalid, invalid_shown, required, too_long};
use crate::store::status::Cause;

const SHORTEST_TOKEN_SECONDS: i64 = 600;
const LONGEST_TOKEN_SECONDS: i64 = 1 << 32;
const LONGEST_NAME: usize = 63;
const LONGEST_NODE_ID: usize = 256;

/// What is wrong with a driver, which keeps how it attaches.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = Vec::new();
    let policies = ["File", "None", "ReadWriteOnceWithFSType"];
    choice_fault(
        "spec.fsGroupPolicy",
        &spec["fsGroupPolicy"],
        &policies,
        &mut causes,
    );
    token_faults(&spec["tokenRequests"], &mut causes);
    for mode in items(&spec["volumeLifecycleModes"]) {
        let modes = ["Persistent", "Ephemeral"];
        choice_fault("spec.volumeLifecycleModes", mode, &modes, &mut causes);
    }
    let fixed = [
        ("attachRequired", "attachedRequired"),
        ("volumeLifecycleModes", "volumeLifecycleModes"),
    ];
    for (field, shown) in fixed {
        if old.is_some_and(|old| old["spec"][field] != spec[field]) {
            let why = "field is immutable";
            causes.push(invalid(format!("spec.{shown}"), &spec[field], why));
        }
    }
    causes
}

/// Drops what is behind the gate `MutableCSINodeAllocatableCount`.
pub(super) fn finish(value: &mut Value) {
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("nodeAllocatableUpdatePeriodSeconds");
    }
}

fn token_faults(requests: &Value, causes: &mut Vec<Cause>) {
    let mut seen = BTreeSet::new();
    for (index, request) in items(requests).enumerate() {
        let path = format!("spec.tokenRequests[{index}]");
        if !seen.insert(text(&request["audience"])) {
            let audience = text(&request["audience"]).into();
            causes.push(duplicate(format!("{path}.audience"), &audience));
            continue;
        }
        let lifetime = &request["expirationSeconds"];
        let why = match lifetime.as_i64() {
            Some(..SHORTEST_TOKEN_SECONDS) => "may not specify a duration less than 10 minutes",
            Some(seconds) if seconds > LONGEST_TOKEN_SECONDS => {
                "may not specify a duration larger than 2^32 seconds"
            }
            _ => continue,
        };
        causes.push(invalid(format!("{path}.expirationSeconds"), lifetime, why));
    }
}

/// What is wrong with the drivers of a node, each of which stays as it is.
pub(super) fn node_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, driver) in items(&new["spec"]["drivers"]).enumerate() {
        let path = format!("spec.drivers[{index}]");
        name_faults(&format!("{path}.name"), &driver["name"], &mut causes);
        let (id, field) = (&driver["nodeID"], format!("{path}.nodeID"));
        if text(id).is_empty() {
            causes.push(required(&*field, ""));
        } else if text(id).len() > LONGEST_NODE_ID {
            causes.push(invalid(&*field, id, "must be 256 characters or less"));
        }
        let count = &driver["allocatable"]["count"];
        natural(&format!("{path}.allocatable.count"), count, &mut causes);
        if !seen.insert(text(&driver["name"])) {
            causes.push(duplicate(format!("{path}.name"), &driver["name"]));
        }
        topology_faults(&path, &driver["topologyKeys"], &mut causes);
    }
    causes.extend(old.into_iter().flat_map(|old| changed_drivers(new, old)));
    causes
}

fn topology_faults(path: &str, keys: &Value, causes: &mut Vec<Cause>) {
    let mut seen = BTreeSet::new();
    for key in items(keys) {
        if text(key).is_empty() {
            causes.push(required(path, ""));
        }
        if !seen.insert(text(key)) {
            causes.push(duplicate(path, key));
        }
        let found = qualified_name_faults(text(key));
        causes.extend(found.iter().map(|why| invalid(path, key, why)));
    }
}

/// What is wrong with the name of a driver.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateCSIDriverName`.
pub(super) fn name_faults(field: &str, name: &Value, causes: &mut Vec<Cause>) {
    if text(name).is_empty() {
        causes.push(required(field, ""));
    }
    if text(name).len() > LONGEST_NAME {
        causes.push(too_long(field, LONGEST_NAME as u64));
    }
    if let Some(why) = subdomain_fault(&text(name).to_lowercase()) {
        causes.push(invalid(field, name, &why));
    }
}

/// Those drivers that are no longer what they were, how many volumes they take aside.
fn changed_drivers<'n>(new: &'n Value, old: &'n Value) -> impl Iterator<Item = Cause> {
    let is_same = |new: &Value, old: &Value| {
        ["nodeID", "topologyKeys"]
            .iter()
            .all(|field| new[*field] == old[*field])
    };
    items(&old["spec"]["drivers"]).flat_map(move |old| {
        let of_new = items(&new["spec"]["drivers"]);
        of_new
            .filter(move |new| new["name"] == old["name"] && !is_same(new, old))
            .map(|new| {
                let text = format!(
                    "{{\"Name\":{},\"NodeID\":{},\"TopologyKeys\":{},\"Allocatable\":null}}",
                    new["name"], new["nodeID"], new["topologyKeys"]
                );
                let why = "field is immutable";
                invalid_shown("spec.drivers", &text, why)
            })
    })
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
