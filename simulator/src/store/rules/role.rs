//! Roles and their bindings.

use super::of_kind::required;
use super::pod_spec::choice_fault;
use crate::json::{Value, json};
use crate::store::admission::selector_faults;
use crate::store::metadata::{invalid, invalid_json};
use crate::store::naming::{path_segment_faults, subdomain_faults};
use crate::store::status::Cause;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Writes that nobody gave rules as Go does.
pub(super) fn prepare(value: &mut Value) {
    for rule in value["rules"].as_array_mut().into_iter().flatten() {
        let is_empty = |field: &Value| field.as_array().is_some_and(Vec::is_empty);
        if let Some(fields) = rule.as_object_mut() {
            fields.retain(|name, field| name.as_str() == "verbs" || !is_empty(field));
        }
    }
    if value.get("rules").is_none() {
        value["rules"] = Value::Null;
    }
}

/// Writes that there are no rules as Go does; whoever said so owns that.
pub(super) fn reread(value: &mut Value) {
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
        if let Some(fields) = subject.as_object_mut() {
            let may_lack = |name: &str| matches!(name, "apiGroup" | "namespace");
            fields.retain(|name, field| !(may_lack(name.as_str()) && *field == ""));
        }
    }
    if value["subjects"].as_array().is_none_or(Vec::is_empty) {
        value
            .as_object_mut()
            .map(|fields| fields.remove("subjects"));
    }
}

/// What is wrong with a role.
///
/// Source: kubernetes v1.34.3, pkg/apis/rbac/validation/validation.go, `ValidateRole` and `ValidateClusterRole`.
pub(super) fn role_faults(kind: &str, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let rules = new["rules"].as_array().into_iter().flatten().enumerate();
    let of_rule = |(index, rule)| rule_faults(kind, &format!("rules[{index}]"), rule);
    let mut causes: Vec<Cause> = rules.flat_map(of_rule).collect();
    if kind == "ClusterRole" && new["aggregationRule"].is_object() {
        causes.extend(aggregation_faults(&new["aggregationRule"]));
    }
    found_again(causes, old)
}

/// What is wrong with a new state is found twice.
///
/// Source: kubernetes v1.34.3, pkg/registry/rbac/role/strategy.go, `ValidateUpdate`.
fn found_again(causes: Vec<Cause>, old: Option<&Value>) -> Vec<Cause> {
    match old {
        Some(_) => [causes.clone(), causes].concat(),
        None => causes,
    }
}

fn rule_faults(kind: &str, path: &str, rule: &Value) -> Vec<Cause> {
    let is_empty = |field: &str| rule[field].as_array().is_none_or(Vec::is_empty);
    let lack = |field: &str, what: &str| {
        let message = format!("Required value: {what}");
        is_empty(field).then(|| required(format!("{path}.{field}"), &message))
    };
    let mut causes = Vec::new();
    causes.extend(lack("verbs", "verbs must contain at least one value"));
    if is_empty("nonResourceURLs") {
        causes.extend(lack(
            "apiGroups",
            "resource rules must supply at least one api group",
        ));
        causes.extend(lack(
            "resources",
            "resource rules must supply at least one resource",
        ));
        return causes;
    }
    let urls = rule["nonResourceURLs"].to_string();
    let mut refuse = |why: &str| {
        causes.push(invalid_json(&format!("{path}.nonResourceURLs"), &urls, why));
    };
    if kind == "Role" {
        refuse("namespaced rules cannot apply to non-resource URLs");
    }
    if !["apiGroups", "resources", "resourceNames"]
        .into_iter()
        .all(is_empty)
    {
        refuse("rules cannot apply to both regular resources and non-resource URLs");
    }
    causes
}

fn aggregation_faults(rule: &Value) -> Vec<Cause> {
    const PATH: &str = "aggregationRule.clusterRoleSelectors";
    let selectors = rule["clusterRoleSelectors"].as_array();
    let Some(selectors) = selectors.filter(|selectors| !selectors.is_empty()) else {
        let why = "Required value: at least one clusterRoleSelector required if aggregationRule is non-nil";
        return vec![required(PATH, why)];
    };
    let of_selector = |(index, selector)| {
        let path = format!("{PATH}[{index}]");
        let mut causes = selector_faults(&path, selector);
        if !causes.is_empty() {
            causes.push(invalid_json(&path, "null", "invalid label selector."));
        }
        causes
    };
    selectors.iter().enumerate().flat_map(of_selector).collect()
}

/// A binding names a role, and stays with it.
pub(super) fn faults(kind: &str, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = reference_faults(kind, &new["roleRef"]);
    for (index, subject) in new["subjects"].as_array().into_iter().flatten().enumerate() {
        subject_faults(&format!("subjects[{index}]"), subject, kind, &mut causes);
    }
    let mut causes = found_again(causes, old);
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
            let found = match text("name") {
                "" => Vec::new(),
                name => subdomain_faults(name),
            };
            let found = found.iter();
            causes.extend(found.map(|why| invalid(&format!("{path}.name"), text("name"), why)));
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
    let found = path_segment_faults(text("name"));
    causes.extend(
        found
            .iter()
            .map(|why| invalid("roleRef.name", text("name"), why)),
    );
    causes
}

fn change_faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if old.is_none_or(|old| old["roleRef"] == new["roleRef"]) {
        return Vec::new();
    }
    let role = &new["roleRef"];
    let text = |field: &str| role[field].as_str().unwrap_or_default();
    let shown = json!({"APIGroup": text("apiGroup"), "Kind": text("kind"), "Name": text("name")});
    vec![invalid_json(
        "roleRef",
        &shown.to_string(),
        "cannot change roleRef",
    )]
}
