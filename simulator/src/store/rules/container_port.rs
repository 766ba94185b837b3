//! The ports of containers.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateContainerPorts` and
//! `AccumulateUniqueHostPorts`.

use std::collections::BTreeSet;

use super::network;
use super::of_kind::required;
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::schema::cause::duplicate;
use crate::store::status::Cause;

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// What is wrong with the ports of a container, which lies at `path`; `on_host` are those of the node that are used.
pub(super) fn faults(
    path: &str,
    container: &Value,
    on_host: &mut BTreeSet<String>,
    causes: &mut Vec<Cause>,
) {
    let mut names = BTreeSet::new();
    let ports = container["ports"].as_array().into_iter().flatten();
    for (index, port) in ports.enumerate() {
        let at = |field: &str| format!("{path}.ports[{index}].{field}");
        if let Some(name) = port["name"].as_str().filter(|name| !name.is_empty()) {
            let wrong = network::port_faults(&at("name"), &port["name"]);
            if wrong.is_empty() && !names.insert(name) {
                causes.push(duplicate(at("name"), &port["name"]));
            }
            causes.extend(wrong);
        }
        match port["containerPort"].as_i64().unwrap_or(0) {
            0 => causes.push(required(at("containerPort"), "Required value")),
            _ => {
                let number = &port["containerPort"];
                causes.extend(network::port_faults(&at("containerPort"), number));
            }
        }
        choice_fault(&at("protocol"), &port["protocol"], &PROTOCOLS, causes);
        if let Some(number) = port["hostPort"].as_i64().filter(|number| *number != 0) {
            causes.extend(network::port_faults(&at("hostPort"), &port["hostPort"]));
            let text = |field: &str| port[field].as_str().unwrap_or_default().to_owned();
            let used = format!("{}/{}/{number}", text("protocol"), text("hostIP"));
            if !on_host.insert(used.clone()) {
                causes.push(duplicate(at("hostPort"), &used.into()));
            }
        }
    }
}
