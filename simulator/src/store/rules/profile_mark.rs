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
        (_, Some(local)) if !local.is_empty() => {
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
