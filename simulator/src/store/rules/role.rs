//! Roles and their bindings.

use super::of_kind::required;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::subdomain_fault;
use crate::store::status::Cause;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Writes that nobody gave rules as Go does.
pub(super) fn prepare(value: &mut Value) {
    if value.get("rules").is_none() {
        value["rules"] = Value::Null;
    }
}

/// Writes that there are no rules as Go does; whoever said so owns that.
pub(super) fn admit(value: &mut Value) {
    if value["rules"].as_array().is_none_or(Vec::is_empty) {
        value["rules"] = Value::Null;
    }
}

/// Names the group of users, and of groups of them.
pub(super) fn prepare_binding(value: &mut Value) {
    for subject in value["subjects"].as_array_mut().into_iter().flatten() {
        let is_user = subject["kind"] == "User" || subject["kind"] == "Group";
        if is_user && subject["apiGroup"].as_str().unwrap_or_default().is_empty() {
            subject["apiGroup"] = GROUP.into();
        }
    }
    if value["subjects"].is_null() {
        value
            .as_object_mut()
            .map(|fields| fields.remove("subjects"));
    }
}

/// What is wrong with the rules of a role.
pub(super) fn rule_faults(new: &Value) -> Vec<Cause> {
    let rules = new["rules"].as_array().into_iter().flatten().enumerate();
    let lacking = rules.filter(|(_, rule)| rule["verbs"].as_array().is_none_or(Vec::is_empty));
    let message = "Required value: verbs must contain at least one value";
    lacking
        .map(|(index, _)| required(format!("rules[{index}].verbs"), message))
        .collect()
}

/// A binding names a role, and stays with it.
pub(super) fn faults(kind: &str, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = reference_faults(kind, &new["roleRef"]);
    for (index, subject) in new["subjects"].as_array().into_iter().flatten().enumerate() {
        subject_faults(&format!("subjects[{index}]"), subject, kind, &mut causes);
    }
    causes.extend(change_faults(new, old));
    causes
}

fn subject_faults(path: &str, subject: &Value, binding: &str, causes: &mut Vec<Cause>) {
    let text = |field: &str| subject[field].as_str().unwrap_or_default();
    if text("name").is_empty() {
        causes.push(required(format!("{path}.name"), "Required value"));
    }
    let group = json!(text("apiGroup"));
    let field = format!("{path}.apiGroup");
    match text("kind") {
        "ServiceAccount" => {
            if let Some(why) = subdomain_fault(text("name")).filter(|_| !text("name").is_empty()) {
                causes.push(invalid(&format!("{path}.name"), text("name"), &why));
            }
            choice_fault(&field, &group, &[""], causes);
            if binding == "ClusterRoleBinding" && text("namespace").is_empty() {
                causes.push(required(format!("{path}.namespace"), "Required value"));
            }
        }
        "User" | "Group" => choice_fault(&field, &group, &[GROUP], causes),
        other => {
            let known = ["ServiceAccount", "User", "Group"];
            choice_fault(&format!("{path}.kind"), &json!(other), &known, causes);
        }
    }
}

fn reference_faults(kind: &str, reference: &Value) -> Vec<Cause> {
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    let kinds: &[&str] = match kind {
        "RoleBinding" => &["Role", "ClusterRole"],
        _ => &["ClusterRole"],
    };
    let group = json!(text("apiGroup"));
    choice_fault("roleRef.apiGroup", &group, &[GROUP], &mut causes);
    choice_fault("roleRef.kind", &json!(text("kind")), kinds, &mut causes);
    if text("name").is_empty() {
        causes.push(required("roleRef.name", "Required value"));
    }
    causes
}

fn change_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if old.is_none_or(|old| old["roleRef"] == new["roleRef"]) {
        return Vec::new();
    }
    let role = &new["roleRef"];
    let shown = json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]});
    vec![invalid_json(
        "roleRef",
        &shown.to_string(),
        "cannot change roleRef",
    )]
}
