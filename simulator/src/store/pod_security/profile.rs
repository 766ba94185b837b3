//! Profiles of AppArmor, SELinux and seccomp.
//!
//! Source: pod-security-admission v0.34.3, policy/check_appArmorProfile.go, policy/check_seLinuxOptions.go and
//! policy/check_seccompProfile_*.go.

use std::collections::BTreeSet;

use super::pod::{Pod, context};
use super::violation::{Violation, containers, quoted, setters, word};
use crate::json::Value;
use crate::store::rules::{has, text};
use crate::store::schema::cause;

const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const PROFILES: [&str; 2] = ["RuntimeDefault", "Localhost"];
const SE_LINUX_TYPES: [&str; 4] = ["", "container_t", "container_init_t", "container_kvm_t"];

/// Who names profiles that are not allowed, and which.
struct Named<'a> {
    is_pod: bool,
    containers: Vec<&'a str>,
    values: BTreeSet<&'a str>,
}

impl<'a> Named<'a> {
    fn of(pod: Pod<'a>, field: &str) -> Self {
        let is_bad =
            |profile: &Value| !profile.is_null() && !PROFILES.contains(&text(profile, "type"));
        let own = pod.context(field);
        let all = pod.containers().map(|container| context(container, field));
        let bad = all.chain([own]).filter(|profile| is_bad(profile));
        Self {
            is_pod: is_bad(own),
            containers: pod.bad(|container| is_bad(context(container, field))),
            values: bad.map(|profile| text(profile, "type")).collect(),
        }
    }

    fn setters(&self) -> Vec<String> {
        setters(self.is_pod, &self.containers)
    }
}

/// `appArmorProfile`.
pub(super) fn app_armor(pod: Pod) -> Option<Violation> {
    let named = Named::of(pod, "appArmorProfile");
    let mut setters = named.setters();
    let mut values: Vec<String> = named.values.iter().copied().map(str::to_owned).collect();
    let annotations = app_armor_annotations(pod.metadata);
    if !annotations.is_empty() {
        setters.push(word("annotation", "annotations", annotations.len()).to_owned());
        values.extend(annotations);
    }
    (!setters.is_empty()).then(|| Violation {
        reason: word(
            "forbidden AppArmor profile",
            "forbidden AppArmor profiles",
            values.len(),
        ),
        detail: format!(
            "{} must not set AppArmor profile type to {}",
            setters.join(" and "),
            quoted(values)
        ),
    })
}

/// The annotations that name a profile that is not allowed.
fn app_armor_annotations(metadata: &Value) -> BTreeSet<String> {
    let annotations = metadata["annotations"].as_object().into_iter().flatten();
    let annotations = annotations.map(|(key, value)| (key, value.as_str().unwrap_or_default()));
    let is_allowed =
        |value: &str| matches!(value, "" | "runtime/default") || value.starts_with("localhost/");
    let bad = annotations.filter(|(key, value)| key.starts_with(APP_ARMOR) && !is_allowed(value));
    bad.map(|(key, value)| format!("{key}={}", cause::quoted(value)))
        .collect()
}

/// `seLinuxOptions`.
pub(super) fn se_linux(pod: Pod) -> Option<Violation> {
    let is_type_bad = |options: &Value| {
        let name = text(options, "type");
        let is_engine = name == "container_engine_t" && pod.minor >= 31;
        !is_engine && !SE_LINUX_TYPES.contains(&name)
    };
    let sets = |options: &Value, field: &str| !text(options, field).is_empty();
    let is_bad =
        |options: &Value| is_type_bad(options) || sets(options, "user") || sets(options, "role");
    let of_container = |container| context(container, "seLinuxOptions");
    let own = pod.context("seLinuxOptions");
    let setters = setters(
        is_bad(own),
        &pod.bad(|container| is_bad(context(container, "seLinuxOptions"))),
    );
    if setters.is_empty() {
        return None;
    }
    let all = || pod.containers().map(of_container).chain([own]);
    let bad = all().filter(|options| is_type_bad(options));
    let types: BTreeSet<&str> = bad.map(|options| text(options, "type")).collect();
    let mut whys = Vec::new();
    if !types.is_empty() {
        let word = word("type", "types", types.len());
        whys.push(format!("{word} {}", quoted(types)));
    }
    for field in ["user", "role"] {
        if all().any(|options| sets(options, field)) {
            whys.push(format!("{field} may not be set"));
        }
    }
    Some(Violation {
        reason: "seLinuxOptions",
        detail: format!(
            "{} set forbidden securityContext.seLinuxOptions: {}",
            setters.join(" and "),
            whys.join("; ")
        ),
    })
}

/// `seccompProfile_baseline`; up to 1.18 annotations name the profiles.
pub(super) fn seccomp_baseline(pod: Pod) -> Option<Violation> {
    if pod.minor >= 19 {
        return named_seccomp(&Named::of(pod, "seccompProfile"));
    }
    let of_containers = pod.containers().map(|container| {
        let name = text(container, "name");
        format!("{SECCOMP_OF_CONTAINER}{name}")
    });
    let keys = of_containers.chain([SECCOMP_OF_POD.to_owned()]);
    let is_allowed = |value: &str| {
        matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/")
    };
    let found = keys.filter_map(|key| {
        let value = pod.metadata["annotations"][key.as_str()].as_str()?;
        (!is_allowed(value)).then(|| format!("{key}={}", cause::quoted(value)))
    });
    let found: BTreeSet<String> = found.collect();
    (!found.is_empty()).then(|| {
        let word = word("annotation", "annotations", found.len());
        let found = Vec::from_iter(found).join(", ");
        Violation {
            reason: "seccompProfile",
            detail: format!("forbidden {word} {found}"),
        }
    })
}

/// `seccompProfile_restricted`.
pub(super) fn seccomp_restricted(pod: Pod) -> Option<Violation> {
    if pod.is_of_windows() {
        return None;
    }
    let named = Named::of(pod, "seccompProfile");
    if let Some(violation) = named_seccomp(&named) {
        return Some(violation);
    }
    if has(&pod.spec["securityContext"], "seccompProfile") {
        return None;
    }
    let silent = pod.bad(|container| context(container, "seccompProfile").is_null());
    (!silent.is_empty()).then(|| Violation {
        reason: "seccompProfile",
        detail: format!(
            "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
            containers(&silent)
        ),
    })
}

fn named_seccomp(named: &Named) -> Option<Violation> {
    let setters = named.setters();
    (!setters.is_empty()).then(|| Violation {
        reason: "seccompProfile",
        detail: format!(
            "{} must not set securityContext.seccompProfile.type to {}",
            setters.join(" and "),
            quoted(&named.values)
        ),
    })
}
