//! As whom programs run. Pods with users of their own are no exception, as the feature that makes them one is off.
//!
//! Source: pod-security-admission v0.34.3, policy/check_runAsNonRoot.go and policy/check_runAsUser.go.

use super::pod::{Pod, context};
use super::violation::{Violation, containers, setters};

/// `runAsNonRoot`.
pub(super) fn non_root(pod: Pod) -> Option<Violation> {
    let violation = |detail| Violation {
        reason: "runAsNonRoot != true",
        detail,
    };
    let own = pod.context("runAsNonRoot");
    let bad = pod.bad(|container| *context(container, "runAsNonRoot") == false);
    let setters = setters(*own == false, &bad);
    if !setters.is_empty() {
        let setters = setters.join(" and ");
        return Some(violation(format!(
            "{setters} must not set securityContext.runAsNonRoot=false"
        )));
    }
    if *own == true {
        return None;
    }
    let silent = pod.bad(|container| context(container, "runAsNonRoot").is_null());
    (!silent.is_empty()).then(|| {
        let containers = containers(&silent);
        violation(format!(
            "pod or {containers} must set securityContext.runAsNonRoot=true"
        ))
    })
}

/// `runAsUser`.
pub(super) fn root(pod: Pod) -> Option<Violation> {
    let bad = pod.bad(|container| *context(container, "runAsUser") == 0);
    let setters = setters(*pod.context("runAsUser") == 0, &bad);
    (!setters.is_empty()).then(|| Violation {
        reason: "runAsUser=0",
        detail: format!("{} must not set runAsUser=0", setters.join(" and ")),
    })
}
