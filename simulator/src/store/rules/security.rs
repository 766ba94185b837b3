//! As whom, and with what rights, containers run.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidateSecurityContext` and
//! `validatePodSpecSecurityContext`.

use std::collections::BTreeSet;

use super::go_struct::shown;
use super::part::{containers, descent_faults, has, items, range_fault, text};
use super::pod_spec::choice_fault;
use super::windows;
use crate::json::Value;
use crate::store::schema::cause::{
    duplicate, forbidden, invalid, invalid_shown, required, too_long,
};
use crate::store::status::Cause;

/// The greatest number of a user or of a group.
const ID_MAX: i64 = 2_147_483_647;
/// The kinds of profiles, of system calls and of AppArmor alike.
const PROFILES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
const LOCAL_PROFILE_BYTES_MAX: usize = 4095;
const SYSCTL_BYTES_MAX: usize = 253;
const SYSCTL: &str = "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
/// What the kernel keeps apart for each namespace of inter-process communication, beside `fs.mqueue.`.
const SHARED_MEMORY: [&str; 3] = ["kernel.shm", "kernel.msg", "kernel.sem"];

/// What is wrong with the security context of a container, which lies at `path`; `is_of_host` says whether its users are
/// those of the node.
pub(super) fn container_faults(
    path: &str,
    context: &Value,
    is_of_host: bool,
    causes: &mut Vec<Cause>,
) {
    for field in ["runAsUser", "runAsGroup"] {
        range_fault(
            &format!("{path}.{field}"),
            &context[field],
            0..=ID_MAX,
            causes,
        );
    }
    let (field, mount) = (format!("{path}.procMount"), &context["procMount"]);
    choice_fault(&field, mount, &["Default", "Unmasked"], causes);
    if is_of_host && mount == "Unmasked" {
        let why = "`hostUsers` must be false to use `Unmasked`";
        causes.push(invalid(field, mount, why));
    }
    seccomp_faults(path, context, causes);
    if context["allowPrivilegeEscalation"] == false {
        let is_admin = |capability: &&Value| **capability == "CAP_SYS_ADMIN";
        let added = items(&context["capabilities"]["add"]).filter(is_admin);
        let admin =
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
        let privileged = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        let is_privileged = context["privileged"] == true;
        let whys = is_privileged.then_some(privileged).into_iter();
        let whys = whys.chain(added.map(|_| admin));
        causes.extend(whys.map(|why| invalid_shown(path, &shown("SecurityContext", context), why)));
    }
    windows::faults(path, context, causes);
    armor_faults(path, context, causes);
}

fn seccomp_faults(path: &str, context: &Value, causes: &mut Vec<Cause>) {
    let profile = &context["seccompProfile"];
    if profile.is_null() {
        return;
    }
    let path = format!("{path}.seccompProfile");
    type_fault(
        &path,
        profile,
        "type is required when seccompProfile is set",
        causes,
    );
    let (field, local) = (
        format!("{path}.localhostProfile"),
        &profile["localhostProfile"],
    );
    match (profile["type"] == "Localhost", local.as_str()) {
        (true, None) => {
            let why = "must be set when seccomp type is Localhost";
            causes.push(required(field, why));
        }
        (true, Some(local)) => descent_faults(&field, local, causes),
        (false, Some(_)) => {
            let why = "can only be set when seccomp type is Localhost";
            causes.push(invalid_shown(field, &shown("SeccompProfile", profile), why));
        }
        (false, None) => {}
    }
}

fn type_fault(path: &str, profile: &Value, missing: &str, causes: &mut Vec<Cause>) {
    let field = format!("{path}.type");
    match text(profile, "type") {
        "" => causes.push(required(field, missing)),
        _ => choice_fault(&field, &profile["type"], &PROFILES, causes),
    }
}

fn armor_faults(path: &str, context: &Value, causes: &mut Vec<Cause>) {
    let profile = &context["appArmorProfile"];
    if profile.is_null() {
        return;
    }
    let path = format!("{path}.appArmorProfile");
    let (field, local) = (
        format!("{path}.localhostProfile"),
        &profile["localhostProfile"],
    );
    match (text(profile, "type"), local.as_str()) {
        ("Localhost", None | Some("")) => {
            let why = "must be set when AppArmor type is Localhost";
            causes.push(required(field, why));
        }
        ("Localhost", Some(name)) => {
            if name.trim() != name {
                causes.push(invalid(
                    &*field,
                    local,
                    "must not be padded with whitespace",
                ));
            }
            if name.len() > LOCAL_PROFILE_BYTES_MAX {
                causes.push(too_long(field, LOCAL_PROFILE_BYTES_MAX as u64));
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(_)) => {
            let why = "can only be set when AppArmor type is Localhost";
            causes.push(invalid(field, local, why));
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        _ => type_fault(
            &path,
            profile,
            "type is required when appArmorProfile is set",
            causes,
        ),
    }
}

/// What is wrong with the security context of a pod, whose spec lies at `path`.
pub(super) fn pod_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let (context, path) = (&spec["securityContext"], format!("{path}.securityContext"));
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        range_fault(
            &format!("{path}.{field}"),
            &context[field],
            0..=ID_MAX,
            causes,
        );
    }
    for (index, group) in items(&context["supplementalGroups"]).enumerate() {
        let field = format!("{path}.supplementalGroups[{index}]");
        range_fault(&field, group, 0..=ID_MAX, causes);
    }
    let is_shared = &spec["shareProcessNamespace"];
    if *is_shared == true && spec["hostPID"] == true {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        causes.push(invalid(
            format!("{path}.shareProcessNamespace"),
            is_shared,
            why,
        ));
    }
    sysctl_faults(&path, spec, causes);
    let change = |field: &str, known: &[&str], causes: &mut Vec<Cause>| {
        choice_fault(&format!("{path}.{field}"), &context[field], known, causes);
    };
    change("fsGroupChangePolicy", &["Always", "OnRootMismatch"], causes);
    seccomp_faults(&path, context, causes);
    windows::faults(&path, context, causes);
    armor_faults(&path, context, causes);
    change("supplementalGroupsPolicy", &["Merge", "Strict"], causes);
    change("seLinuxChangePolicy", &["Recursive"], causes);
}

fn sysctl_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let mut known = BTreeSet::new();
    for (index, sysctl) in items(&spec["securityContext"]["sysctls"]).enumerate() {
        let (field, name) = (
            format!("{path}.sysctls[{index}].name"),
            text(sysctl, "name"),
        );
        if name.is_empty() {
            causes.push(required(&*field, ""));
        } else if !is_sysctl(name) {
            causes.push(invalid(&*field, &name.into(), SYSCTL));
        } else if known.contains(name) {
            causes.push(duplicate(&*field, &name.into()));
        }
        let name = name.replace('/', ".");
        let is_message = SHARED_MEMORY.iter().any(|prefix| name.starts_with(prefix));
        let host = match () {
            () if spec["hostNetwork"] == true && name.starts_with("net.") => "hostNetwork",
            () if spec["hostIPC"] == true && (is_message || name.starts_with("fs.mqueue.")) => {
                "hostIPC"
            }
            () => "",
        };
        if !host.is_empty() {
            let why = format!("may not be specified when '{host}' is true");
            causes.push(invalid(&*field, &sysctl["name"], &why));
        }
        known.insert(text(sysctl, "name"));
    }
}

fn is_sysctl(name: &str) -> bool {
    let is_edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_segment = |segment: &str| {
        let segment = segment.as_bytes();
        segment.iter().all(|b| is_edge(*b) || b"-_".contains(b))
            && segment.first().is_some_and(|b| is_edge(*b))
            && segment.last().is_some_and(|b| is_edge(*b))
    };
    name.len() <= SYSCTL_BYTES_MAX && name.split(['.', '/']).all(is_segment)
}

/// What a pod with users of its own may not share with its node.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateHostUsers`.
pub(super) fn user_faults(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    if spec["hostUsers"] != false {
        return;
    }
    let why = "when `hostUsers` is false";
    for (field, shown) in [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ] {
        if spec[field] == true {
            causes.push(forbidden(format!("{path}.{shown}"), why));
        }
    }
    let holders = containers(path, spec).filter(|(_, container)| has(container, "volumeDevices"));
    causes.extend(holders.map(|(path, _)| forbidden(format!("{path}.volumeDevices"), why)));
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::good(json!({"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}), &[])]
    #[case::user(json!({"runAsUser": -1}), &["c.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"])]
    #[case::mount(json!({"procMount": "Unmasked"}), &["c.procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`"])]
    #[case::local(json!({"seccompProfile": {"type": "Localhost"}}), &["c.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost"])]
    #[case::armor(json!({"appArmorProfile": {"type": "No"}}), &["c.appArmorProfile.type: Unsupported value: \"No\": supported values: \"Localhost\", \"RuntimeDefault\", \"Unconfined\""])]
    #[case::rights(json!({"privileged": true, "allowPrivilegeEscalation": false}), &["c: Invalid value: {\"Capabilities\":null,\"Privileged\":true,\"SELinuxOptions\":null,\"WindowsOptions\":null,\"RunAsUser\":null,\"RunAsGroup\":null,\"RunAsNonRoot\":null,\"ReadOnlyRootFilesystem\":null,\"AllowPrivilegeEscalation\":false,\"ProcMount\":null,\"SeccompProfile\":null,\"AppArmorProfile\":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true"])]
    fn rights_of_containers_are_checked(#[case] context: Value, #[case] expected: &[&str]) {
        let mut causes = Vec::new();
        container_faults("c", &context, true, &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case("net.ipv4.tcp_syncookies", true)]
    #[case("net/ipv4", true)]
    #[case("A.b", false)]
    #[case("a..b", false)]
    fn names_of_sysctls_are_known(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_sysctl(name), expected);
    }
}
