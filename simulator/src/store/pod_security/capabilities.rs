//! What programs may do beyond what programs usually may.
//!
//! Source: pod-security-admission v0.34.3, policy/check_capabilities_*.go.

use std::collections::BTreeSet;

use super::pod::{Pod, context};
use super::violation::{Violation, containers, quoted};
use crate::json::Value;
use crate::store::object::texts;

const USUAL: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// `capabilities_baseline`.
pub(super) fn baseline(pod: Pod) -> Option<Violation> {
    let detail = unusual(pod, &USUAL)?;
    Some(Violation {
        reason: "non-default capabilities",
        detail,
    })
}

/// `capabilities_restricted`.
pub(super) fn restricted(pod: Pod) -> Option<Violation> {
    if pod.is_of_windows() {
        return None;
    }
    let keeping = pod.bad(|container| {
        let dropped = texts(&context(container, "capabilities")["drop"]);
        !dropped.contains(&"ALL")
    });
    let keeping = (!keeping.is_empty()).then(|| {
        let containers = containers(&keeping);
        format!("{containers} must set securityContext.capabilities.drop=[\"ALL\"]")
    });
    let details: Vec<String> = keeping
        .into_iter()
        .chain(unusual(pod, &["NET_BIND_SERVICE"]))
        .collect();
    (!details.is_empty()).then(|| Violation {
        reason: "unrestricted capabilities",
        detail: details.join("; "),
    })
}

/// Who adds capabilities other than those that are `allowed`.
fn unusual(pod: Pod, allowed: &[&str]) -> Option<String> {
    let added = |container: &Value| {
        let added = texts(&context(container, "capabilities")["add"]).into_iter();
        let unusual = added.filter(|added| !allowed.contains(added));
        unusual.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let bad = pod.bad(|container| !added(container).is_empty());
    let all: BTreeSet<String> = pod.containers().flat_map(added).collect();
    (!bad.is_empty()).then(|| {
        let containers = containers(&bad);
        let all = quoted(all);
        format!("{containers} must not include {all} in securityContext.capabilities.add")
    })
}
