//! What is accepted of a pod with a warning.
//!
//! Source: kubernetes v1.34 `pkg/api/pod/warnings.go` and `pkg/api/node/util.go`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::affinity::{PREFERRED, REQUIRED};
use super::part::{containers, has, items, text};
use super::path_warning;
use super::profile_mark;
use super::warning::{claim_warnings, fraction_warning, hidden_warnings};
use crate::json::Value;
use crate::store::naming::label_value_faults;

/// Labels of nodes that have another name by now.
const OLD_LABELS: [(&str, &str); 8] = [
    (
        "beta.kubernetes.io/arch",
        "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
    ),
    (
        "beta.kubernetes.io/os",
        "deprecated since v1.14; use \"kubernetes.io/os\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    (
        "scheduler.alpha.kubernetes.io/preferAvoidPods",
        "deprecated since v1.22; use Taints and Tolerations instead",
    ),
    (
        "node-role.kubernetes.io/master",
        "use \"node-role.kubernetes.io/control-plane\" instead",
    ),
];
/// Volumes that no node knows any more, in the order in which they are told.
const OLD_VOLUMES: [(&str, &str); 9] = [
    (
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "gitRepo",
        "deprecated in v1.11, and disabled by default in v1.33+",
    ),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];
/// Annotations for which there are fields.
const OLD_ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    (
        "security.alpha.kubernetes.io/sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
];
const NO_SELECTOR: &str = "a null labelSelector results in matching no pod";

/// What a client is told of a pod or of a template, which begins at `path`.
pub(super) fn warnings(path: &str, pod: &Value, told: &mut Vec<String>) {
    let (spec, place) = (&pod["spec"], format!("{path}spec"));
    node_warnings(&place, spec, told);
    spread_warnings(&place, spec, told);
    for (key, why) in OLD_ANNOTATIONS {
        if has(&pod["metadata"]["annotations"], key) {
            told.push(format!("{path}metadata.annotations[{key}]: {why}"));
        }
    }
    spec_warnings(path, pod, told);
}

fn spec_warnings(start: &str, pod: &Value, told: &mut Vec<String>) {
    let (path, spec) = (&*format!("{start}spec"), &pod["spec"]);
    volume_warnings(path, spec, told);
    path_warning::warnings(spec, told);
    let repeated = |list: &str, field: &str, what: &str, told: &mut Vec<String>| {
        let mut known = BTreeSet::new();
        for (index, element) in items(&spec[list]).enumerate() {
            let value = text(element, field);
            if !known.insert(value) {
                told.push(format!(
                    "{path}.{list}[{index}].{field}: duplicate {what} {value:?}"
                ));
            }
        }
    };
    repeated("hostAliases", "ip", "ip", told);
    repeated("imagePullSecrets", "name", "name", told);
    for (index, secret) in items(&spec["imagePullSecrets"]).enumerate() {
        if text(secret, "name").is_empty() {
            told.push(format!(
                "{path}.imagePullSecrets[{index}].name: invalid empty name \"\""
            ));
        }
    }
    for name in ["memory", "ephemeral-storage"] {
        fraction_warning((path, spec), "overhead", name, told);
    }
    profile_mark::warnings(start, pod, told);
    for (path, container) in containers(path, spec) {
        profile_mark::container_warnings(start, (pod, container), told);
        let resources = (&*format!("{path}.resources"), &container["resources"]);
        for name in ["memory", "ephemeral-storage"] {
            for list in ["limits", "requests"] {
                fraction_warning(resources, list, name, told);
            }
        }
        hidden_warnings(&path, container, told);
    }
    port_warnings(path, spec, told);
    let grace = spec["terminationGracePeriodSeconds"].as_i64();
    if grace.is_some_and(|seconds| seconds < 0) {
        told.push(format!("{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    near_warnings(path, spec, told);
    for (index, server) in items(&spec["dnsConfig"]["nameservers"]).enumerate() {
        let server = server.as_str().unwrap_or_default();
        address_warning(
            &format!("{path}.dnsConfig.nameservers[{index}]"),
            server,
            told,
        );
    }
    for (index, alias) in items(&spec["hostAliases"]).enumerate() {
        let field = format!("{path}.hostAliases[{index}].ip");
        address_warning(&field, text(alias, "ip"), told);
    }
}

fn old_label(key: &str) -> Option<&'static str> {
    let found = OLD_LABELS.iter().find(|(label, _)| *label == key);
    found.map(|(_, why)| *why)
}

fn node_warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    for (key, _) in spec["nodeSelector"].as_object().into_iter().flatten() {
        let why = old_label(key).map(|why| format!("{path}.nodeSelector[{key}]: {why}"));
        told.extend(why);
    }
    let (affinity, path) = (
        &spec["affinity"]["nodeAffinity"],
        format!("{path}.affinity.nodeAffinity"),
    );
    for (index, term) in items(&affinity[REQUIRED]["nodeSelectorTerms"]).enumerate() {
        let path = format!("{path}.{REQUIRED}.nodeSelectorTerms[{index}]");
        term_warnings(&path, term, false, told);
    }
    for (index, weighted) in items(&affinity[PREFERRED]).enumerate() {
        let path = format!("{path}.{PREFERRED}[{index}].preference");
        term_warnings(&path, &weighted["preference"], true, told);
    }
}

/// Values of labels are told only where they are not refused.
fn term_warnings(path: &str, term: &Value, has_any_value: bool, told: &mut Vec<String>) {
    for (index, expression) in items(&term["matchExpressions"]).enumerate() {
        let (path, key) = (
            format!("{path}.matchExpressions[{index}]"),
            text(expression, "key"),
        );
        told.extend(old_label(key).map(|why| format!("{path}.key: {key} is {why}")));
        for (index, value) in items(&expression["values"]).enumerate() {
            let value = value.as_str().unwrap_or_default();
            let found = label_value_faults(value)
                .into_iter()
                .filter(|_| has_any_value);
            told.extend(
                found.map(|why| format!("{path}.values[{index}]: {value} is invalid, {why}")),
            );
        }
    }
}

fn spread_warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    for (index, constraint) in items(&spec["topologySpreadConstraints"]).enumerate() {
        let path = format!("{path}.topologySpreadConstraints[{index}]");
        let key = text(constraint, "topologyKey");
        told.extend(old_label(key).map(|why| format!("{path}.topologyKey: {key} is {why}")));
        if !has(constraint, "labelSelector") {
            told.push(format!("{path}.labelSelector: {NO_SELECTOR}"));
        }
    }
}

fn volume_warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    for (index, volume) in items(&spec["volumes"]).enumerate() {
        let path = format!("{path}.volumes[{index}]");
        for (kind, why) in OLD_VOLUMES {
            let shown = if kind == "storageos" {
                "storageOS"
            } else {
                kind
            };
            if has(volume, kind) {
                told.push(format!("{path}.{shown}: {why}"));
            }
        }
        let claim = &volume["ephemeral"]["volumeClaimTemplate"]["spec"];
        let place = format!("{path}.ephemeral.volumeClaimTemplate.spec");
        claim_warnings(&place, claim, told);
    }
}

/// Ports that several containers have, and names that several ports have.
fn port_warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    let containers = Vec::from_iter(containers(path, spec));
    let ports = containers.iter().flat_map(|(path, container)| {
        let ports = items(&container["ports"]).enumerate();
        ports.map(move |(index, port)| (format!("{path}.ports[{index}]"), port))
    });
    let ports = Vec::from_iter(ports);
    let number = |port: &Value, field: &str| port[field].as_i64().unwrap_or_default();
    for (index, (place, port)) in ports.iter().enumerate() {
        let (on_host, address) = (number(port, "hostPort"), text(port, "hostIP"));
        let (own, protocol) = (number(port, "containerPort"), text(port, "protocol"));
        if !address.is_empty() && on_host == 0 {
            let name = text(port, "name");
            told.push(format!("{place}: hostIP set without hostPort: {{Name:{name} HostPort:0 ContainerPort:{own} Protocol:{protocol} HostIP:{address}}}"));
        }
        for (other_place, other) in &ports[..index] {
            if number(other, "containerPort") != own || text(other, "protocol") != protocol {
                continue;
            }
            let (other_on_host, other_address) = (number(other, "hostPort"), text(other, "hostIP"));
            let how = if address == other_address && on_host == other_on_host {
                "duplicate"
            } else if on_host == 0 || other_on_host == 0 {
                "overlapping"
            } else if on_host == other_on_host && (address.is_empty() != other_address.is_empty()) {
                "dangerously ambiguous"
            } else {
                continue;
            };
            told.push(format!("{place}: {how} port definition with {other_place}"));
        }
    }
    let mut names = BTreeMap::new();
    for (place, port) in &ports {
        let name = text(port, "name");
        match names.get(name) {
            _ if name.is_empty() => {}
            Some(other) => told.push(format!("{place}: duplicate port name {name:?} with {other}, services and probes that select ports by name will use {other}")),
            None => drop(names.insert(name, place)),
        }
    }
}

/// Other pods that nothing selects.
fn near_warnings(path: &str, spec: &Value, told: &mut Vec<String>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let (path, affinity) = (format!("{path}.affinity.{kind}"), &spec["affinity"][kind]);
        for (index, term) in items(&affinity[REQUIRED]).enumerate() {
            if !has(term, "labelSelector") {
                told.push(format!(
                    "{path}.{REQUIRED}[{index}].labelSelector: {NO_SELECTOR}"
                ));
            }
        }
        for (index, weighted) in items(&affinity[PREFERRED]).enumerate() {
            if !has(&weighted["podAffinityTerm"], "labelSelector") {
                told.push(format!(
                    "{path}.{PREFERRED}[{index}].podAffinityTerm.labelSelector: {NO_SELECTOR}"
                ));
            }
        }
    }
}

/// Addresses that are written in another way than they should be.
pub(super) fn address_warning(field: &str, address: &str, told: &mut Vec<String>) {
    let is_mapped = |ip: &IpAddr| matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    match address.parse::<IpAddr>() {
        Ok(ip) if is_mapped(&ip) => told.push(odd(field, address, &ip.to_canonical().to_string())),
        Ok(ip) if ip.is_ipv6() && ip.to_string() != address => {
            told.push(format!("{field}: IPv6 address {address:?} should be in RFC 5952 canonical format (\"{ip}\")"));
        }
        Ok(_) => {}
        Err(_) => {
            let parts = address
                .split('.')
                .map(|part| part.parse::<u8>().unwrap_or_default());
            let parts = Vec::from_iter(parts.map(|part| part.to_string()));
            told.push(odd(field, address, &parts.join(".")));
        }
    }
}

fn odd(field: &str, address: &str, better: &str) -> String {
    format!(
        "{field}: non-standard IP address {address:?} will be considered invalid in a future Kubernetes release: use {better:?}"
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::fraction(json!({"containers": [{"resources": {"limits": {"memory": "100m", "cpu": "100m"}}}]}), "spec.containers[0].resources.limits[memory]: fractional byte value \"100m\" is invalid, must be an integer")]
    #[case::label(json!({"nodeSelector": {"beta.kubernetes.io/os": "linux"}}), "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead")]
    #[case::secret(json!({"imagePullSecrets": [{}]}), "spec.imagePullSecrets[0].name: invalid empty name \"\"")]
    #[case::volume(json!({"volumes": [{"rbd": {}}]}), "spec.volumes[0].rbd: deprecated in v1.28, non-functional in v1.31+")]
    #[case::port(json!({"containers": [{"ports": [{"containerPort": 1}, {"containerPort": 1}]}]}), "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]")]
    #[case::address(json!({"dnsConfig": {"nameservers": ["010.0.0.1"]}}), "spec.dnsConfig.nameservers[0]: non-standard IP address \"010.0.0.1\" will be considered invalid in a future Kubernetes release: use \"10.0.0.1\"")]
    fn what_is_odd_is_told(#[case] spec: Value, #[case] expected: &str) {
        let mut told = Vec::new();
        warnings("", &json!({"spec": spec}), &mut told);
        assert_eq!(told, [expected]);
    }
}
