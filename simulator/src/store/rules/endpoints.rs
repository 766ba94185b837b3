//! Who is behind services.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateEndpoints`, and
//! `pkg/apis/discovery/validation/validation.go`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::ingress::ADDRESS;
use super::ip;
use super::network::port_faults;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::naming::{
    label_fault, label_value_faults, qualified_name_fault, subdomain_fault,
};
use crate::store::schema::cause::{duplicate, invalid, required};
use crate::store::status::Cause;

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// What is wrong with Endpoints; what was there before is not looked at again.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    if old.is_some_and(|old| old["subsets"] == new["subsets"]) {
        return causes;
    }
    for (index, subset) in items(&new["subsets"]) {
        let path = format!("subsets[{index}]");
        let lists = ["addresses", "notReadyAddresses"];
        if !lists
            .iter()
            .any(|list| items(&subset[*list]).next().is_some())
        {
            let why = "must specify `addresses` or `notReadyAddresses`";
            causes.push(required(path.as_str(), why));
        }
        for list in lists {
            for (index, address) in items(&subset[list]) {
                address_faults(&format!("{path}.{list}[{index}]"), address, &mut causes);
            }
        }
        let are_many = items(&subset["ports"]).nth(1).is_some();
        for (index, port) in items(&subset["ports"]) {
            let path = format!("{path}.ports[{index}]");
            let name = text(&port["name"]);
            if name.is_empty() && are_many {
                causes.push(required(format!("{path}.name"), ""));
            }
            label_faults(&format!("{path}.name"), &port["name"], &mut causes);
            causes.extend(port_faults(&format!("{path}.port"), &port["port"]));
            protocol_faults(&path, port, &mut causes);
        }
    }
    causes
}

fn address_faults(path: &str, address: &Value, causes: &mut Vec<Cause>) {
    let field = format!("{path}.ip");
    let shown = Value::from(text(&address["ip"]));
    if text(&shown).parse::<IpAddr>().is_err() {
        causes.push(invalid(&*field, &shown, ADDRESS));
    }
    label_faults(&format!("{path}.hostname"), &address["hostname"], causes);
    node_fault(path, &address["nodeName"], causes);
    ip::reach_faults(&field, &shown, causes);
}

/// What is wrong with a slice of endpoints, which keeps the type of its addresses.
pub(super) fn slice_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let kind = &new["addressType"];
    match text(kind) {
        "" => causes.push(required("addressType", "")),
        _ => choice_fault("addressType", kind, &["FQDN", "IPv4", "IPv6"], &mut causes),
    }
    let mut seen = BTreeSet::new();
    for (index, port) in items(&new["ports"]) {
        let path = format!("ports[{index}]");
        let name = text(&port["name"]);
        label_faults(&format!("{path}.name"), &port["name"], &mut causes);
        if !seen.insert(name) {
            causes.push(duplicate(format!("{path}.name"), &name.into()));
        }
        protocol_faults(&path, port, &mut causes);
    }
    if !old.is_some_and(|old| old["endpoints"] == new["endpoints"]) {
        for (index, endpoint) in items(&new["endpoints"]) {
            let path = format!("endpoints[{index}]");
            endpoint_faults(&path, text(kind), endpoint, &mut causes);
        }
    }
    if old.is_some_and(|old| old["addressType"] != *kind) {
        causes.push(invalid("addressType", kind, "field is immutable"));
    }
    causes
}

fn endpoint_faults(path: &str, kind: &str, endpoint: &Value, causes: &mut Vec<Cause>) {
    let addresses = format!("{path}.addresses");
    if items(&endpoint["addresses"]).next().is_none() {
        causes.push(required(&*addresses, "must contain at least 1 address"));
    }
    for (index, address) in items(&endpoint["addresses"]) {
        let field = format!("{addresses}[{index}]");
        match kind {
            "FQDN" => domain_faults(&field, text(address), causes),
            "IPv4" | "IPv6" => family_faults((&addresses, &field), kind, address, causes),
            _ => {}
        }
    }
    node_fault(path, &endpoint["nodeName"], causes);
    label_faults(&format!("{path}.hostname"), &endpoint["hostname"], causes);
    for list in ["forZones", "forNodes"] {
        let mut seen = BTreeSet::new();
        for (index, hint) in items(&endpoint["hints"][list]) {
            let (field, name) = (format!("{path}.hints.{list}[{index}].name"), &hint["name"]);
            if !seen.insert(text(name)) {
                causes.push(duplicate(&*field, name));
            }
            let found = label_value_faults(text(name));
            causes.extend(found.iter().map(|why| invalid(&*field, name, why)));
        }
    }
}

/// Shows the conditions of every endpoint, which Go cannot leave out.
pub(super) fn finish_slice(value: &mut Value) {
    let endpoints = value.get_mut("endpoints").and_then(Value::as_array_mut);
    for endpoint in endpoints.into_iter().flatten() {
        if endpoint["conditions"].is_null() {
            endpoint["conditions"] = json!({});
        }
    }
}

/// What is wrong with an address of a family; a real server lays the wrong family to the list.
fn family_faults(
    (list, field): (&str, &str),
    family: &str,
    address: &Value,
    causes: &mut Vec<Cause>,
) {
    let n_before = causes.len();
    let parsed = text(address).parse::<IpAddr>();
    if family == "IPv6" {
        ip::strict_faults(field, address, causes);
    } else if parsed.is_err() {
        causes.push(invalid(field, address, ADDRESS));
    }
    if causes.len() > n_before {
        return;
    }
    if parsed.is_ok_and(|parsed| parsed.is_ipv4() != (family == "IPv4")) {
        causes.push(invalid(
            list,
            address,
            &format!("must be an {family} address"),
        ));
    }
    ip::reach_faults(field, address, causes);
}

/// What is wrong with a fully qualified name.
///
/// Source: apimachinery v0.34 `pkg/util/validation/validation.go`, `IsFullyQualifiedDomainName`.
fn domain_faults(field: &str, name: &str, causes: &mut Vec<Cause>) {
    if name.is_empty() {
        causes.push(required(field, ""));
        return;
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    if let Some(why) = subdomain_fault(name) {
        causes.push(invalid(field, &name.into(), &why));
    } else if !name.contains('.') {
        let why = "should be a domain with at least two segments separated by dots";
        causes.push(invalid(field, &name.into(), why));
    }
}

fn protocol_faults(path: &str, port: &Value, causes: &mut Vec<Cause>) {
    let field = format!("{path}.protocol");
    choice_fault(&field, &port["protocol"], &PROTOCOLS, causes);
    if let Some(application) = port["appProtocol"].as_str()
        && let Some(why) = qualified_name_fault(application)
    {
        let field = format!("{path}.appProtocol");
        causes.push(invalid(field, &port["appProtocol"], &why));
    }
}

fn node_fault(path: &str, node: &Value, causes: &mut Vec<Cause>) {
    if let Some(name) = node.as_str()
        && let Some(why) = subdomain_fault(name)
    {
        causes.push(invalid(format!("{path}.nodeName"), node, &why));
    }
}

/// What is wrong with a label of a name, unless it is empty.
fn label_faults(field: &str, label: &Value, causes: &mut Vec<Cause>) {
    let given = text(label);
    if let Some(why) = label_fault(given).filter(|_| !given.is_empty()) {
        causes.push(invalid(field, label, &why));
    }
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}]}), &[])]
    #[case(json!({"addressType": "IPv4", "endpoints": [{"addresses": ["2001:db8::1"]}]}),
        &["endpoints[0].addresses: Invalid value: \"2001:db8::1\": must be an IPv4 address"])]
    #[case(json!({"addressType": "FQDN", "endpoints": [{"addresses": ["localhost"]}]}),
        &["endpoints[0].addresses[0]: Invalid value: \"localhost\": should be a domain with at least two segments separated by dots"])]
    #[case(json!({"addressType": "IPv4", "ports": [{"name": "a"}, {"name": "a"}]}), &["ports[1].name: Duplicate value: \"a\""])]
    fn a_slice_holds_addresses_of_one_family(#[case] slice: Value, #[case] expected: &[&str]) {
        let causes = slice_faults(&slice, None);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
