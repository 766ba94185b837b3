//! Parameters of the kernel.
//!
//! Source: pod-security-admission v0.34.3, policy/check_sysctls.go.

use super::pod::Pod;
use super::violation::Violation;
use crate::store::rules::{items, text};

/// Those that may be set, and since which minor version.
const ALLOWED: [(&str, i64); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

/// `sysctls`.
pub(super) fn forbidden(pod: Pod) -> Option<Violation> {
    let is_allowed = |name: &str| {
        let mut allowed = ALLOWED.iter();
        allowed.any(|(allowed, since)| *allowed == name && pod.minor >= *since)
    };
    let names = items(pod.context("sysctls")).map(|sysctl| text(sysctl, "name"));
    let forbidden = Vec::from_iter(names.filter(|name| !is_allowed(name)));
    (!forbidden.is_empty()).then(|| Violation {
        reason: "forbidden sysctls",
        detail: forbidden.join(", "),
    })
}
