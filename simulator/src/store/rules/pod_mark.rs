//! Annotations of pods that the API server itself reads.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `ValidatePodSpecificAnnotations` and
//! `ValidatePodSpecificAnnotationUpdates`.

use super::part::{CONTAINERS, descent_faults, items, text};
use crate::json::Value;
use crate::store::schema::cause::{forbidden, invalid};
use crate::store::status::Cause;

const MIRROR: &str = "kubernetes.io/config.mirror";
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// The profile of system calls of a pod, and of one of its containers.
pub(super) const CALLS: &str = "seccomp.security.alpha.kubernetes.io/pod";
pub(super) const CALLS_OF: &str = "container.seccomp.security.alpha.kubernetes.io/";
/// The AppArmor profile of a container.
pub(super) const ARMOR_OF: &str = "container.apparmor.security.beta.kubernetes.io/";
pub(super) const LOCAL: &str = "localhost/";

/// What is wrong with the annotations of a pod or of a template, which lie at `path`.
pub(super) fn faults(path: &str, pod: &Value, causes: &mut Vec<Cause>) {
    let (annotations, spec) = (&pod["metadata"]["annotations"], &pod["spec"]);
    if let Some(mirror) = annotations.get(MIRROR)
        && text(spec, "nodeName").is_empty()
    {
        let why = "must set spec.nodeName if mirror pod annotation is set";
        causes.push(invalid(format!("{path}[{MIRROR}]"), mirror, why));
    }
    if let Some(cost) = annotations.get(COST)
        && !is_cost(cost.as_str().unwrap_or_default())
    {
        let why = "must be a 32bit integer";
        causes.push(invalid(format!("{path}[{COST}]"), cost, why));
    }
    let all = || annotations.as_object().into_iter().flatten();
    let calls = all().filter(|(key, _)| *key == CALLS);
    let calls = calls.chain(all().filter(|(key, _)| key.starts_with(CALLS_OF)));
    for (key, profile) in calls {
        let (field, name) = (
            format!("{path}.{key}"),
            profile.as_str().unwrap_or_default(),
        );
        match name.strip_prefix(LOCAL) {
            Some(local) => descent_faults(&field, local, causes),
            None if ["runtime/default", "docker/default", "unconfined"].contains(&name) => {}
            None => causes.push(invalid(field, profile, "must be a valid seccomp profile")),
        }
    }
    for (key, profile) in all() {
        if let Some(container) = key.strip_prefix(ARMOR_OF) {
            armor_faults(
                &format!("{path}[{key}]"),
                (container, profile),
                spec,
                causes,
            );
        }
    }
}

fn armor_faults(
    field: &str,
    (name, profile): (&str, &Value),
    spec: &Value,
    causes: &mut Vec<Cause>,
) {
    let mut containers = CONTAINERS.iter().flat_map(|list| items(&spec[*list]));
    if !containers.any(|container| text(container, "name") == name) {
        causes.push(invalid(field, &name.into(), "container not found"));
    }
    let profile_name = profile.as_str().unwrap_or_default();
    let is_known = ["", "runtime/default", "unconfined"].contains(&profile_name);
    if !is_known && !profile_name.starts_with(LOCAL) {
        let why = format!("invalid AppArmor profile name: {profile_name:?}");
        causes.push(invalid(field, profile, &why));
    }
}

/// Whether a text is a number of 32 bits without a plus or zeros before it.
fn is_cost(text: &str) -> bool {
    let is_plain = text == "0" || text.starts_with(|c: char| "-123456789".contains(c));
    is_plain && text.parse::<i32>().is_ok()
}

/// What an update may not change of the annotations of a pod.
pub(super) fn change_faults(new: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let [new, old] = [new, old].map(|pod| &pod["metadata"]["annotations"]);
    let mut refuse = |key: &str, act: &str| {
        let what = match key {
            MIRROR => "mirror pod annotation",
            key if key.starts_with(ARMOR_OF) => "AppArmor annotations",
            _ => return,
        };
        let why = format!("may not {act} {what}");
        causes.push(forbidden(format!("metadata.annotations[{key}]"), &why));
    };
    for (key, value) in old.as_object().into_iter().flatten() {
        if new.get(key.as_str()) != Some(value) {
            refuse(key, "remove or update");
        }
    }
    for (key, _) in new.as_object().into_iter().flatten() {
        if old.get(key.as_str()).is_none() {
            refuse(key, "add");
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::cost(COST, "1", &[])]
    #[case::wrong_cost(COST, "+1", &["a[controller.kubernetes.io/pod-deletion-cost]: Invalid value: \"+1\": must be a 32bit integer"])]
    #[case::mirror(MIRROR, "x", &["a[kubernetes.io/config.mirror]: Invalid value: \"x\": must set spec.nodeName if mirror pod annotation is set"])]
    #[case::calls(CALLS, "x", &["a.seccomp.security.alpha.kubernetes.io/pod: Invalid value: \"x\": must be a valid seccomp profile"])]
    fn annotations_are_read(#[case] key: &str, #[case] value: &str, #[case] expected: &[&str]) {
        let mut pod = json!({"metadata": {"annotations": {}}, "spec": {}});
        pod["metadata"]["annotations"][key] = value.into();
        let mut causes = Vec::new();
        faults("a", &pod, &mut causes);
        let found: Vec<_> = causes.iter().map(Cause::to_string).collect();
        assert_eq!(found, expected);
    }
}
