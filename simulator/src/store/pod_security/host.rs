//! What of the node, or of other hosts, pods may reach.
//!
//! Source: pod-security-admission v0.34.3, policy/check_host*.go.

use std::collections::BTreeSet;

use super::pod::Pod;
use super::violation::{Violation, containers, quoted, word};
use crate::json::Value;
use crate::store::rules::{HOOKS, PROBES, has, items, text};

/// `hostNamespaces`.
pub(super) fn namespaces(pod: Pod) -> Option<Violation> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"].into_iter();
    let shared = fields.filter(|field| pod.spec[*field] == true);
    let shared = Vec::from_iter(shared.map(|field| format!("{field}=true")));
    (!shared.is_empty()).then(|| Violation {
        reason: "host namespaces",
        detail: shared.join(", "),
    })
}

/// `hostPathVolumes`.
pub(super) fn paths(pod: Pod) -> Option<Violation> {
    let volumes = items(&pod.spec["volumes"]).filter(|volume| has(volume, "hostPath"));
    let names = Vec::from_iter(volumes.map(|volume| text(volume, "name")));
    (!names.is_empty()).then(|| {
        let word = word("volume", "volumes", names.len());
        Violation {
            reason: "hostPath volumes",
            detail: format!("{word} {}", quoted(names)),
        }
    })
}

/// `hostPorts`.
pub(super) fn ports(pod: Pod) -> Option<Violation> {
    let taken = |container: &Value| {
        let ports = items(&container["ports"]).filter_map(|port| port["hostPort"].as_i64());
        Vec::from_iter(ports.filter(|port| *port != 0))
    };
    let bad = pod.bad(|container| !taken(container).is_empty());
    let ports = pod.containers().flat_map(taken);
    // They are sorted as texts.
    let ports: BTreeSet<String> = ports.map(|port| port.to_string()).collect();
    (!bad.is_empty()).then(|| {
        let (uses, what) = (
            word("uses", "use", bad.len()),
            word("hostPort", "hostPorts", ports.len()),
        );
        let ports = Vec::from_iter(ports).join(", ");
        Violation {
            reason: "hostPort",
            detail: format!("{} {uses} {what} {ports}", containers(&bad)),
        }
    })
}

/// `hostProbesAndHostLifecycle`.
pub(super) fn probes(pod: Pod) -> Option<Violation> {
    let bad = pod.bad(|container| !hosts(container).is_empty());
    // A name that occurs twice is told once.
    let bad = Vec::from_iter(BTreeSet::from_iter(bad));
    let hosts: BTreeSet<&str> = pod.containers().flat_map(hosts).collect();
    (!bad.is_empty()).then(|| {
        let (uses, what) = (
            word("uses", "use", bad.len()),
            word(
                "probe or lifecycle host",
                "probe or lifecycle hosts",
                hosts.len(),
            ),
        );
        Violation {
            reason: "probe or lifecycle host",
            detail: format!("{} {uses} {what} {}", containers(&bad), quoted(hosts)),
        }
    })
}

/// The hosts that are asked about a container, or told of it.
fn hosts(container: &Value) -> Vec<&str> {
    let probes = PROBES.iter().map(|probe| &container[*probe]);
    let hooks = HOOKS.iter().map(|hook| &container["lifecycle"][*hook]);
    let hosts = probes
        .chain(hooks)
        .flat_map(|handler| [&handler["httpGet"], &handler["tcpSocket"]])
        .map(|action| text(action, "host"));
    hosts.filter(|host| !host.is_empty()).collect()
}
