//! Annotations of pods that once named profiles, which fields name by now.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateSeccompAnnotationsAndFields`, and
//! `pkg/api/pod/warnings.go`.

use super::part::{containers, text};
use super::pod_mark::{ARMOR_OF, CALLS, CALLS_OF, LOCAL};
use crate::json::{Value, json};
use crate::store::schema::cause::forbidden;
use crate::store::status::Cause;

const TYPE_FAULT: &str = "seccomp type in annotation and field must match";
const PROFILE_FAULT: &str = "seccomp profile in annotation and field must match";
/// The longest name of a profile of a node.
const LOCAL_BYTES_MAX: usize = 4095;
const OLD_CALLS: &str = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
const OLD_ARMOR: &str = "deprecated since v1.30; use the \"appArmorProfile\" field instead";

/// Fields about system calls that annotations contradict; the spec lies at `path`.
pub(super) fn faults(path: &str, pod: &Value, causes: &mut Vec<Cause>) {
    let spec = &pod["spec"];
    match_fault((path, spec), &annotation(pod, CALLS), causes);
    for (path, container) in containers(path, spec) {
        let key = format!("{CALLS_OF}{}", text(container, "name"));
        match_fault((&path, container), &annotation(pod, &key), causes);
    }
    if text(&spec["os"], "name") == "windows" {
        return;
    }
    // What annotations of pods say becomes fields, which they match.
    let becomes_field = |told: &str| path == "spec" && !armor(told).is_null();
    for (path, container) in containers(path, spec) {
        let own = &container["securityContext"]["appArmorProfile"];
        let key = format!("{ARMOR_OF}{}", text(container, "name"));
        if let Some(told) = annotation(pod, &key)
            && !(own.is_null() && becomes_field(told))
        {
            let of_pod = &spec["securityContext"]["appArmorProfile"];
            let profile = if own.is_null() { of_pod } else { own };
            armor_fault(&path, profile, told, causes);
        }
    }
}

/// What a profile of AppArmor contradicts an annotation in, which tells another.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation/validation.go`, `validateAppArmorAnnotationsAndFieldsMatchOnCreate`.
fn armor_fault(path: &str, profile: &Value, told: &str, causes: &mut Vec<Cause>) {
    let path = format!("{path}.securityContext.appArmorProfile");
    let local = told.strip_prefix(LOCAL);
    let is_same_type = match text(profile, "type") {
        "Unconfined" => told == "unconfined",
        "RuntimeDefault" => told == "runtime/default",
        "Localhost" => local.is_some(),
        _ => return,
    };
    if !is_same_type {
        let why = "apparmor type in annotation and field must match";
        causes.push(forbidden(format!("{path}.type"), why));
    } else if text(profile, "type") == "Localhost" && profile["localhostProfile"].as_str() != local
    {
        let why = "apparmor profile in annotation and field must match";
        causes.push(forbidden(format!("{path}.localhostProfile"), why));
    }
}

/// The containers of a new pod that annotations, which are named with them, tell a profile of AppArmor of, where the pod
/// has no such profile; nothing where they tell none.
fn armored(pod: &Value) -> Vec<(String, String, Value)> {
    let spec = &pod["spec"];
    if text(&spec["os"], "name") == "windows" {
        return Vec::new();
    }
    let of_pod = &spec["securityContext"]["appArmorProfile"];
    let told = containers("", spec).filter_map(|(path, container)| {
        let key = format!("{ARMOR_OF}{}", text(container, "name"));
        let profile = armor(annotation(pod, &key)?);
        let is_open = container["securityContext"]["appArmorProfile"].is_null();
        (is_open && (profile.is_null() || profile != *of_pod)).then_some((path, key, profile))
    });
    told.collect()
}

/// Makes fields of what annotations of a new pod tell of AppArmor.
///
/// Source: kubernetes v1.34 `pkg/registry/core/pod/strategy.go`, `applyAppArmorVersionSkew`.
pub(super) fn arm(pod: &mut Value) {
    let told = armored(pod);
    for (path, _, profile) in told
        .into_iter()
        .filter(|(_, _, profile)| !profile.is_null())
    {
        let place = path
            .trim_start_matches('.')
            .replace('[', "/")
            .replace(']', "");
        if let Some(container) = pod.pointer_mut(&format!("/spec/{place}")) {
            container["securityContext"]["appArmorProfile"] = profile;
        }
    }
}

/// Warns of annotations of a new pod that tell of AppArmor.
pub(super) fn armor_warnings(pod: &Value) -> Vec<String> {
    let told = armored(pod).into_iter();
    told.map(|(_, key, _)| format!("metadata.annotations[{key}]: {OLD_ARMOR}"))
        .collect()
}

fn annotation<'p>(pod: &'p Value, key: &str) -> Option<&'p str> {
    pod["metadata"]["annotations"][key].as_str()
}

fn match_fault((path, part): (&str, &Value), told: &Option<&str>, causes: &mut Vec<Cause>) {
    let profile = &part["securityContext"]["seccompProfile"];
    let Some(told) = told else {
        return;
    };
    let path = format!("{path}.securityContext.seccompProfile");
    let local = told.strip_prefix(LOCAL);
    let is_same_type = match text(profile, "type") {
        "Unconfined" => *told == "unconfined",
        "RuntimeDefault" => ["runtime/default", "docker/default"].contains(told),
        "Localhost" => local.is_some(),
        _ => return,
    };
    if !is_same_type {
        causes.push(forbidden(format!("{path}.type"), TYPE_FAULT));
    } else if text(profile, "type") == "Localhost" && profile["localhostProfile"].as_str() != local
    {
        causes.push(forbidden(format!("{path}.localhostProfile"), PROFILE_FAULT));
    }
}

/// Warns of an annotation about the system calls of a pod, or of a template, that begins at `path`.
pub(super) fn warnings(path: &str, pod: &Value, told: &mut Vec<String>) {
    let field = &pod["spec"]["securityContext"]["seccompProfile"];
    if field.is_null() && annotation(pod, CALLS).is_some() {
        told.push(format!("{path}metadata.annotations[{CALLS}]: {OLD_CALLS}"));
    }
}

/// Warns of annotations about one of its containers.
pub(super) fn container_warnings(
    path: &str,
    (pod, container): (&Value, &Value),
    told: &mut Vec<String>,
) {
    let (name, context) = (text(container, "name"), &container["securityContext"]);
    let key = format!("{CALLS_OF}{name}");
    if context["seccompProfile"].is_null() && annotation(pod, &key).is_some() {
        told.push(format!("{path}metadata.annotations[{key}]: {OLD_CALLS}"));
    }
    // Those of pods become fields, those of templates stay.
    let (key, is_template) = (format!("{ARMOR_OF}{name}"), !path.is_empty());
    if is_template
        && context["appArmorProfile"].is_null()
        && let Some(profile) = annotation(pod, &key)
    {
        let own = &pod["spec"]["securityContext"]["appArmorProfile"];
        if own.is_null() || armor(profile) != *own {
            told.push(format!("{path}metadata.annotations[{key}]: {OLD_ARMOR}"));
        }
    }
}

/// The field that an annotation about AppArmor stands for.
fn armor(profile: &str) -> Value {
    match (profile, profile.strip_prefix(LOCAL)) {
        ("unconfined", _) => json!({"type": "Unconfined"}),
        ("runtime/default", _) => json!({"type": "RuntimeDefault"}),
        (_, Some(local))
            if !local.is_empty() && local.trim() == local && local.len() <= LOCAL_BYTES_MAX =>
        {
            json!({"type": "Localhost", "localhostProfile": local})
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_field(json!({}), "unconfined", json!({"type": "Unconfined"}), 1)]
    #[case::as_the_pod_has(json!({"type": "Unconfined"}), "unconfined", json!(null), 0)]
    #[case::no_profile(json!({}), "localhost/", json!(null), 1)]
    fn annotations_about_armor_become_fields(
        #[case] of_pod: Value,
        #[case] told: &str,
        #[case] expected: Value,
        #[case] n_warnings: usize,
    ) {
        let key = format!("{ARMOR_OF}c");
        let mut pod = json!({"metadata": {"annotations": {}}, "spec": {"containers": [{"name": "c"}], "securityContext": {"appArmorProfile": of_pod}}});
        pod["metadata"]["annotations"][key.as_str()] = told.into();
        assert_eq!(armor_warnings(&pod).len(), n_warnings);
        arm(&mut pod);
        let context = &pod["spec"]["containers"][0]["securityContext"];
        assert_eq!(context["appArmorProfile"], expected);
    }

    #[rstest]
    #[case("unconfined", json!({"type": "Unconfined"}), None)]
    #[case("runtime/default", json!({"type": "Unconfined"}), Some(TYPE_FAULT))]
    #[case("docker/default", json!({"type": "RuntimeDefault"}), None)]
    #[case("localhost/a", json!({"type": "Localhost", "localhostProfile": "a"}), None)]
    #[case("localhost/a", json!({"type": "Localhost", "localhostProfile": "b"}), Some(PROFILE_FAULT))]
    #[case("x", json!(null), None)]
    fn annotations_match_fields(
        #[case] told: &str,
        #[case] profile: Value,
        #[case] expected: Option<&str>,
    ) {
        let context = json!({"securityContext": {"seccompProfile": profile}});
        let pod = json!({"metadata": {"annotations": {CALLS: told}}, "spec": context});
        let mut causes = Vec::new();
        faults("spec", &pod, &mut causes);
        let found = causes.first().map(|cause| cause.message.as_str());
        assert_eq!(
            found,
            expected.map(|why| format!("Forbidden: {why}")).as_deref()
        );
    }
}
