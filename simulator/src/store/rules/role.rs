//! Roles and their bindings.

use super::of_kind::required;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::metadata::invalid_json;
use crate::store::status::Cause;

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
    causes.extend(change_faults(new, old));
    causes
}

fn reference_faults(kind: &str, reference: &Value) -> Vec<Cause> {
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    let kinds: &[&str] = match kind {
        "RoleBinding" => &["Role", "ClusterRole"],
        _ => &["ClusterRole"],
    };
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
