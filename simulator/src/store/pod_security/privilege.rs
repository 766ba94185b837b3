//! What sets containers free.
//!
//! Source: pod-security-admission v0.34.3, policy/check_privileged.go, policy/check_procMount.go,
//! policy/check_windowsHostProcess.go and policy/check_allowPrivilegeEscalation.go.

use std::collections::BTreeSet;

use super::pod::{Pod, context};
use super::violation::{Violation, containers, quoted, setters};
use crate::json::Value;

/// `privileged`.
pub(super) fn privileged(pod: Pod) -> Option<Violation> {
    let bad = pod.bad(|container| *context(container, "privileged") == true);
    (!bad.is_empty()).then(|| Violation {
        reason: "privileged",
        detail: format!(
            "{} must not set securityContext.privileged=true",
            containers(&bad)
        ),
    })
}

/// `procMount`; pods with users of their own are no exception, as the feature that makes them one is off.
pub(super) fn proc_mount(pod: Pod) -> Option<Violation> {
    let other = |container: &Value| {
        let mount = context(container, "procMount").as_str();
        mount.filter(|mount| *mount != "Default").map(str::to_owned)
    };
    let bad = pod.bad(|container| other(container).is_some());
    let mounts: BTreeSet<String> = pod.containers().filter_map(other).collect();
    (!bad.is_empty()).then(|| Violation {
        reason: "procMount",
        detail: format!(
            "{} must not set securityContext.procMount to {}",
            containers(&bad),
            quoted(mounts)
        ),
    })
}

/// `windowsHostProcess`.
pub(super) fn host_process(pod: Pod) -> Option<Violation> {
    let is_bad = |options: &Value| options["hostProcess"] == true;
    let bad = pod.bad(|container| is_bad(context(container, "windowsOptions")));
    let setters = setters(is_bad(pod.context("windowsOptions")), &bad);
    (!setters.is_empty()).then(|| Violation {
        reason: "hostProcess",
        detail: format!(
            "{} must not set securityContext.windowsOptions.hostProcess=true",
            setters.join(" and ")
        ),
    })
}

/// `allowPrivilegeEscalation`.
pub(super) fn escalation(pod: Pod) -> Option<Violation> {
    if pod.is_of_windows() {
        return None;
    }
    let bad = pod.bad(|container| *context(container, "allowPrivilegeEscalation") != false);
    (!bad.is_empty()).then(|| Violation {
        reason: "allowPrivilegeEscalation != false",
        detail: format!(
            "{} must set securityContext.allowPrivilegeEscalation=false",
            containers(&bad)
        ),
    })
}
