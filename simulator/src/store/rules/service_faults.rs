//! What is wrong with services.
//!
//! Simplified: annotations are not looked at.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateService` and `ValidateServiceUpdate`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::ingress::ADDRESS;
use super::part::{has, is_empty, items, refuse, text};
use super::pod_spec::choice_fault;
use super::service::{drop_dependent, is_checked, is_reached_from_outside};
use super::{ip, network};
use crate::json::{Value, json};
use crate::store::metadata::label_faults;
use crate::store::naming::{label_faults as name_faults, qualified_name_faults, subdomain_faults};
use crate::store::schema::cause::{duplicate, forbidden, invalid, not_supported, required};
use crate::store::status::Cause;

/// Sorted, as the messages name them.
const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
const FAMILY_POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const DISTRIBUTIONS: [&str; 3] = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const TRAFFIC_POLICIES: [&str; 2] = ["Cluster", "Local"];
const AFFINITY_SECONDS_MAX: i64 = 86_400;
const OF_BALANCERS: &str = "may only be used when `type` is 'LoadBalancer'";

/// What is wrong with a service.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut new = new.clone();
    if let Some(old) = old {
        drop_dependent(&mut new, old);
    }
    let spec = &new["spec"];
    // Addresses are given out before anything else is looked at.
    let mut causes = Vec::new();
    address_faults(spec, &mut causes);
    if !causes.is_empty() {
        return causes;
    }
    if let Some(old) = old {
        change_faults(spec, &old["spec"], &mut causes);
    }
    type_faults(spec, &mut causes);
    let ports = Vec::from_iter(items(&spec["ports"]));
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        name_port_faults(&path, port, ports.len() > 1, &mut names, &mut causes);
        port_faults(&path, port, &mut causes);
    }
    label_faults("spec.selector", &spec["selector"], &mut causes);
    affinity_faults(spec, &mut causes);
    external_faults(&spec["externalIPs"], &mut causes);
    choice_fault("spec.type", &spec["type"], &TYPES, &mut causes);
    repetition_faults(spec, &mut causes);
    balancer_faults(spec, &mut causes);
    traffic_faults(spec, &mut causes);
    causes
}

/// What is wrong with addresses in the cluster, and their families.
///
/// Source: `ValidateServiceClusterIPsRelatedFields`.
fn address_faults(spec: &Value, causes: &mut Vec<Cause>) {
    if spec["type"] == "ExternalName" {
        return;
    }
    let (first, field) = (text(spec, "clusterIP"), "spec.clusterIPs");
    let known = &spec["clusterIPs"];
    let addresses = match is_empty(known) && !first.is_empty() {
        true => json!([first]),
        false => known.clone(),
    };
    let all = Vec::from_iter(items(&addresses).filter_map(Value::as_str));
    match all.first() {
        Some(_) if first.is_empty() => {
            let why = "must be empty when `clusterIP` is not specified";
            causes.push(invalid(field, &addresses, why));
        }
        Some(one) if *one != first => {
            let why = "first value must match `clusterIP`";
            causes.push(invalid(field, &addresses, why));
        }
        _ => {}
    }
    let mut seen = BTreeSet::new();
    for (index, family) in items(&spec["ipFamilies"]).enumerate() {
        let field = format!("spec.ipFamilies[{index}]");
        choice_fault(&field, family, &FAMILIES, causes);
        if !seen.insert(family.as_str()) {
            causes.push(duplicate(field, family));
        }
    }
    let policy = &spec["ipFamilyPolicy"];
    choice_fault("spec.ipFamilyPolicy", policy, &FAMILY_POLICIES, causes);
    if all.len() > 1 && all[0] == "None" {
        let why = "'None' must be the first and only value";
        causes.push(invalid(field, &addresses, why));
    }
    for (index, address) in all.iter().enumerate() {
        if (index > 0 || *address != "None") && address.parse::<IpAddr>().is_err() {
            let field = format!("{field}[{index}]");
            causes.push(invalid(field, &(*address).into(), ADDRESS));
        }
    }
    if all.len() > 2 {
        causes.push(invalid(field, &addresses, "may only hold up to 2 values"));
    }
    if causes.is_empty() && all.first().is_none_or(|first| *first != "None") {
        family_faults(&all, &spec["ipFamilies"], causes);
    }
}

/// Addresses of another family than stands at their place.
fn family_faults(addresses: &[&str], families: &Value, causes: &mut Vec<Cause>) {
    for (index, (address, family)) in addresses.iter().zip(items(families)).enumerate() {
        let family = family.as_str().unwrap_or_default();
        let is_long = address.contains(':');
        if family == "IPv4" && is_long || family == "IPv6" && !is_long {
            let why = format!("expected an {family} value as indicated by `ipFamilies[{index}]`");
            let field = format!("spec.clusterIPs[{index}]");
            causes.push(invalid(field, &(*address).into(), &why));
        }
    }
}

/// What an update may not change.
fn change_faults(spec: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let is_external = spec["type"] == "ExternalName";
    let (now, before) = (&spec["clusterIPs"], &old["clusterIPs"]);
    if before.is_array() && !is_external && now != before {
        let field = "spec.clusterIPs[0]";
        causes.push(invalid(field, now, "may not change once set"));
    }
    let field = "loadBalancerClass";
    let is_balanced = [spec, old]
        .iter()
        .all(|spec| spec["type"] == "LoadBalancer");
    if is_balanced && spec[field] != old[field] {
        let why = "may not change once set";
        causes.push(invalid(format!("spec.{field}"), &spec[field], why));
    }
    class_faults(spec, causes);
    let field = "healthCheckNodePort";
    let is_given = spec[field].as_i64().is_some_and(|port| port != 0);
    if is_given && is_checked(spec) && is_checked(old) && spec[field] != old[field] {
        causes.push(forbidden(format!("spec.{field}"), "field is immutable"));
    }
}

fn type_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let kind = text(spec, "type");
    let is_headless = spec["clusterIP"] == "None";
    if is_empty(&spec["ports"]) && !is_headless && kind != "ExternalName" {
        causes.push(required("spec.ports", ""));
    }
    if matches!(kind, "NodePort" | "LoadBalancer") && is_headless {
        let why = format!("may not be set to 'None' for {kind} services");
        causes.push(invalid("spec.clusterIPs[0]", &"None".into(), &why));
    }
    if kind != "ExternalName" {
        return;
    }
    let why = "may not be set for ExternalName services";
    let has_address = !text(spec, "clusterIP").is_empty() || !is_empty(&spec["clusterIPs"]);
    let given = [
        ("clusterIPs", has_address),
        ("ipFamilies", !is_empty(&spec["ipFamilies"])),
        ("ipFamilyPolicy", has(spec, "ipFamilyPolicy")),
    ];
    for (field, _) in given.iter().filter(|(_, is_given)| *is_given) {
        causes.push(forbidden(format!("spec.{field}"), why));
    }
    let (field, name) = ("spec.externalName", text(spec, "externalName"));
    match name.strip_suffix('.').unwrap_or(name) {
        "" => causes.push(required(field, "")),
        name => refuse(field, name, subdomain_faults(name), causes),
    }
}

/// What is wrong with the name of a port, of which others have `names`.
fn name_port_faults<'a>(
    path: &str,
    port: &'a Value,
    are_many: bool,
    names: &mut BTreeSet<&'a str>,
    causes: &mut Vec<Cause>,
) {
    let (field, name) = (format!("{path}.name"), text(port, "name"));
    if name.is_empty() {
        causes.extend(are_many.then(|| required(field, "")));
        return;
    }
    refuse(&field, name, name_faults(name), causes);
    if !names.insert(name) {
        causes.push(duplicate(field, &name.into()));
    }
}

/// What is wrong with a port, its name aside.
fn port_faults(path: &str, port: &Value, causes: &mut Vec<Cause>) {
    let at = |field: &str| format!("{path}.{field}");
    let number_faults = |field: &str| {
        let given = match &port[field] {
            Value::Null => 0.into(),
            given => given.clone(),
        };
        network::port_faults(&at(field), &given)
    };
    causes.extend(number_faults("port"));
    choice_fault(&at("protocol"), &port["protocol"], &PROTOCOLS, causes);
    causes.extend(number_faults("targetPort"));
    if let Some(name) = port["appProtocol"].as_str() {
        refuse(
            &at("appProtocol"),
            name,
            qualified_name_faults(name),
            causes,
        );
    }
}

fn affinity_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let affinity = &spec["sessionAffinity"];
    choice_fault(
        "spec.sessionAffinity",
        affinity,
        &["ClientIP", "None"],
        causes,
    );
    let field = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
    let seconds = &spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"];
    let range = 1..=AFFINITY_SECONDS_MAX;
    let is_wrong = |seconds: i64| affinity == "ClientIP" && !range.contains(&seconds);
    if seconds.as_i64().is_some_and(is_wrong) {
        let why = format!("must be greater than 0 and less than {AFFINITY_SECONDS_MAX}");
        causes.push(invalid(field, seconds, &why));
    }
}

fn external_faults(addresses: &Value, causes: &mut Vec<Cause>) {
    for (index, address) in items(addresses).enumerate() {
        let field = format!("spec.externalIPs[{index}]");
        let text = address.as_str().unwrap_or_default();
        match text.parse::<IpAddr>() {
            Err(_) => causes.push(invalid(field, address, ADDRESS)),
            Ok(_) => ip::reach_faults(&field, address, causes),
        }
    }
}

/// Ports that occur twice, by number or on nodes, and those on nodes that are not asked for.
fn repetition_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let number = |port: &Value, field: &str| port[field].as_i64().unwrap_or(0);
    let ports = items(&spec["ports"]).enumerate();
    let ports = ports.map(|(index, port)| (format!("spec.ports[{index}]"), port));
    let ports = Vec::from_iter(ports);
    let on_nodes = ports
        .iter()
        .filter(|(_, port)| number(port, "nodePort") != 0);
    for (path, _) in on_nodes.clone().filter(|_| spec["type"] == "ClusterIP") {
        let why = "may not be used when `type` is 'ClusterIP'";
        causes.push(forbidden(format!("{path}.nodePort"), why));
    }
    let [mut numbers, mut seen] = [BTreeSet::new(), BTreeSet::new()];
    for (path, port) in on_nodes {
        let on_node = number(port, "nodePort");
        if !seen.insert((on_node, text(port, "protocol"))) {
            causes.push(duplicate(format!("{path}.nodePort"), &on_node.into()));
        }
    }
    for (path, port) in &ports {
        let (number, protocol) = (number(port, "port"), text(port, "protocol"));
        if !numbers.insert((number, protocol)) {
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{protocol:?},\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}"
            );
            causes.push(Cause {
                reason: "FieldValueDuplicate",
                message: format!("Duplicate value: {shown}"),
                field: path.clone(),
            });
        }
    }
}

/// What only a balancer has.
fn balancer_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let is_balanced = spec["type"] == "LoadBalancer";
    let (ranges, field) = (
        &spec["loadBalancerSourceRanges"],
        "spec.LoadBalancerSourceRanges",
    );
    if !is_empty(ranges) && !is_balanced {
        causes.push(forbidden(field, OF_BALANCERS));
    }
    for (index, range) in items(ranges).enumerate() {
        let range = range.as_str().unwrap_or_default().trim();
        if !network::is_network(range) {
            let field = format!("{field}[{index}]");
            causes.push(invalid(field, &range.into(), network::NETWORK));
        }
    }
    if has(spec, "allocateLoadBalancerNodePorts") && !is_balanced {
        let field = "spec.allocateLoadBalancerNodePorts";
        causes.push(forbidden(field, OF_BALANCERS));
    }
    class_faults(spec, causes);
}

fn class_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let field = "spec.loadBalancerClass";
    match spec["loadBalancerClass"].as_str() {
        Some(name) if spec["type"] == "LoadBalancer" => {
            refuse(field, name, qualified_name_faults(name), causes);
        }
        Some(_) => causes.push(forbidden(field, OF_BALANCERS)),
        None => {}
    }
}

fn traffic_faults(spec: &Value, causes: &mut Vec<Cause>) {
    let (outside, field) = (&spec["externalTrafficPolicy"], "spec.externalTrafficPolicy");
    if is_reached_from_outside(spec) {
        choice_fault(field, outside, &TRAFFIC_POLICIES, causes);
    } else if outside.as_str().is_some_and(|policy| !policy.is_empty()) {
        let why = "may only be set for externally-accessible services";
        causes.push(invalid(field, outside, why));
    }
    let port = &spec["healthCheckNodePort"];
    if !is_checked(spec) && port.as_i64().is_some_and(|port| port != 0) {
        let why =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        causes.push(invalid("spec.healthCheckNodePort", port, why));
    }
    let inside = &spec["internalTrafficPolicy"];
    choice_fault(
        "spec.internalTrafficPolicy",
        inside,
        &TRAFFIC_POLICIES,
        causes,
    );
    let (field, chosen) = ("spec.trafficDistribution", &spec["trafficDistribution"]);
    if chosen
        .as_str()
        .is_some_and(|chosen| !DISTRIBUTIONS.contains(&chosen))
    {
        let known = DISTRIBUTIONS.map(str::to_owned);
        causes.push(not_supported(field, chosen, &known));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::store::rules::service::prepare;

    #[rstest]
    #[case::good(json!({"ports": [{"port": 80}]}), &[])]
    #[case::no_ports(json!({}), &["spec.ports"])]
    #[case::two_firsts(json!({"clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.8"]}), &["spec.clusterIPs"])]
    #[case::named(json!({"type": "ExternalName", "externalName": "a.b."}), &[])]
    #[case::special(json!({"ports": [{"port": 80}], "externalIPs": ["127.0.0.1"]}), &["spec.externalIPs[0]"])]
    fn a_service_is_looked_at(#[case] spec: Value, #[case] expected: &[&str]) {
        let mut service = json!({"spec": spec});
        prepare(&mut service);
        let causes = faults(&service, None).into_iter();
        let fields = Vec::from_iter(causes.map(|cause| cause.field));
        assert_eq!(fields, expected);
    }
}
