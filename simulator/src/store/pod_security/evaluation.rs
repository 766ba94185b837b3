//! Which checks count, and in which order they are told.
//!
//! Source: pod-security-admission v0.34.3, policy/registry.go.

use super::pod::Pod;
use super::policy::{Level, Standard, Version};
use super::violation::Violation;
use super::{capabilities, host, privilege, profile, sysctls, user, volumes};
use crate::json::Value;

/// The last version that changed a check; later ones are the same.
const LAST_MINOR: i64 = 34;
/// By their identifiers in Kubernetes.
const CHECKS: [Check; 18] = [
    baseline(0, profile::app_armor),
    baseline(0, capabilities::baseline).replaced(22),
    baseline(0, host::namespaces),
    baseline(0, host::paths).replaced(0),
    baseline(0, host::ports),
    baseline(34, host::probes),
    baseline(0, privilege::privileged),
    baseline(0, privilege::proc_mount),
    baseline(0, profile::se_linux),
    baseline(0, profile::seccomp_baseline).replaced(19),
    baseline(0, sysctls::forbidden),
    baseline(0, privilege::host_process),
    restricted(8, privilege::escalation),
    restricted(22, capabilities::restricted),
    restricted(0, volumes::restricted),
    restricted(0, user::non_root),
    restricted(23, user::root),
    restricted(19, profile::seccomp_restricted),
];

type Find = fn(Pod) -> Option<Violation>;

/// Something that is looked at.
struct Check {
    level: Level,
    /// The minor version from which on it counts.
    since: i64,
    /// The minor version from which on a check of the restricted level takes its place there.
    replaced: i64,
    find: Find,
}

const fn baseline(since: i64, find: Find) -> Check {
    Check {
        level: Level::Baseline,
        since,
        replaced: i64::MAX,
        find,
    }
}

const fn restricted(since: i64, find: Find) -> Check {
    Check {
        level: Level::Restricted,
        ..baseline(since, find)
    }
}

impl Check {
    const fn replaced(self, replaced: i64) -> Self {
        Self { replaced, ..self }
    }

    fn counts(&self, level: Level, minor: i64) -> bool {
        let is_replaced = level == Level::Restricted && minor >= self.replaced;
        self.level <= level && minor >= self.since && !is_replaced
    }
}

/// What of a pod, or of a template, does not keep to a standard.
pub(super) fn violations(standard: Standard, template: &Value) -> Vec<Violation> {
    let minor = match standard.version {
        Version::Latest => LAST_MINOR,
        Version::Minor(minor) => minor.min(LAST_MINOR),
    };
    let pod = Pod {
        metadata: &template["metadata"],
        spec: &template["spec"],
        minor,
    };
    let checks = CHECKS.iter();
    let counting = checks.filter(|check| check.counts(standard.level, minor));
    counting.filter_map(|check| (check.find)(pod)).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case(Level::Privileged, Version::Latest, &[])]
    #[case(Level::Baseline, Version::Minor(33), &["non-default capabilities", "hostPath volumes"])]
    #[case(Level::Baseline, Version::Latest, &["non-default capabilities", "hostPath volumes", "probe or lifecycle host"])]
    #[case(Level::Restricted, Version::Minor(7), &["non-default capabilities", "restricted volume types", "runAsNonRoot != true"])]
    #[case(Level::Restricted, Version::Minor(19), &["non-default capabilities", "allowPrivilegeEscalation != false", "restricted volume types", "runAsNonRoot != true", "seccompProfile"])]
    #[case(Level::Restricted, Version::Minor(99), &["probe or lifecycle host", "allowPrivilegeEscalation != false", "unrestricted capabilities", "restricted volume types", "runAsNonRoot != true", "seccompProfile"])]
    fn versions_have_their_checks(
        #[case] level: Level,
        #[case] version: Version,
        #[case] expected: &[&str],
    ) {
        let container = json!({
            "name": "c", "livenessProbe": {"tcpSocket": {"host": "h"}}, "securityContext": {"capabilities": {"add": ["X"]}}
        });
        let volume = json!({"name": "v", "hostPath": {"path": "/"}});
        let template =
            json!({"metadata": {}, "spec": {"containers": [container], "volumes": [volume]}});
        let found = violations(Standard { level, version }, &template);
        let reasons = Vec::from_iter(found.iter().map(|one| one.reason));
        assert_eq!(reasons, expected);
    }
}
