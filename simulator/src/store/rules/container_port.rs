//! The ports of containers.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateContainerPorts` and
//! `AccumulateUniqueHostPorts`.

use std::collections::BTreeSet;

use super::network;
use super::part::{items, text};
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::schema::cause::{duplicate, required};
use crate::store::status::Cause;

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// What is wrong with the ports of a container, which lies at `path`.
pub(super) fn faults(path: &str, container: &Value, causes: &mut Vec<Cause>) {
    let mut names = BTreeSet::new();
    for (index, port) in items(&container["ports"]).enumerate() {
        let at = |field: &str| format!("{path}.ports[{index}].{field}");
        let name = text(port, "name");
        if !name.is_empty() {
            let wrong = network::port_faults(&at("name"), &port["name"]);
            if wrong.is_empty() && !names.insert(name) {
                causes.push(duplicate(at("name"), &port["name"]));
            }
            causes.extend(wrong);
        }
        match port["containerPort"].as_i64().unwrap_or(0) {
            0 => causes.push(required(at("containerPort"), "")),
            _ => {
                let number = &port["containerPort"];
                causes.extend(network::port_faults(&at("containerPort"), number));
            }
        }
        if number_on_host(port).is_some() {
            causes.extend(network::port_faults(&at("hostPort"), &port["hostPort"]));
        }
        choice_fault(&at("protocol"), &port["protocol"], &PROTOCOLS, causes);
    }
}

/// Refuses ports of the node that are used already; `on_host` are those that are.
pub(super) fn host_faults(
    path: &str,
    container: &Value,
    on_host: &mut BTreeSet<String>,
    causes: &mut Vec<Cause>,
) {
    for (index, port) in items(&container["ports"]).enumerate() {
        let Some(number) = number_on_host(port) else {
            continue;
        };
        let used = format!(
            "{}/{}/{number}",
            text(port, "protocol"),
            text(port, "hostIP")
        );
        if !on_host.insert(used.clone()) {
            let field = format!("{path}.ports[{index}].hostPort");
            causes.push(duplicate(field, &used.into()));
        }
    }
}

fn number_on_host(port: &Value) -> Option<i64> {
    port["hostPort"].as_i64().filter(|number| *number != 0)
}
