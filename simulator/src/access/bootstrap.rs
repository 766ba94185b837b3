//! The ClusterRoles and bindings that every cluster begins with, as far as people use them.
//!
//! Source: kubernetes v1.34 `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.

use super::escalation;
use super::granted::{ADMIN, BASIC, EDIT, Rule, VIEW};
use crate::json::{Value, json};

const GROUP: &str = "rbac.authorization.k8s.io";

const DISCOVERY: [&str; 11] = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];
const PUBLIC: [&str; 5] = ["/healthz", "/livez", "/readyz", "/version", "/version/"];

/// Every object, with the plural of its kind, in the order in which a real server makes them.
#[must_use]
pub fn objects() -> Vec<(&'static str, Value)> {
    let roles = [
        ("cluster-admin", role(escalation::everything().to_vec())),
        ("system:discovery", role(vec![paths(&DISCOVERY)])),
        ("system:basic-user", role(written(&[BASIC]))),
        ("system:public-info-viewer", role(vec![paths(&PUBLIC)])),
        ("admin", gather("admin", written(&[EDIT, VIEW, ADMIN]))),
        (
            "edit",
            offer("admin", gather("edit", written(&[EDIT, VIEW]))),
        ),
        ("view", offer("edit", gather("view", written(&[VIEW])))),
        (
            "system:aggregate-to-admin",
            offer("admin", role(written(&[ADMIN]))),
        ),
        (
            "system:aggregate-to-edit",
            offer("edit", role(written(&[EDIT]))),
        ),
        (
            "system:aggregate-to-view",
            offer("view", role(written(&[VIEW]))),
        ),
    ];
    let bindings = [
        ("cluster-admin", &["system:masters"][..]),
        ("system:discovery", &["system:authenticated"]),
        ("system:basic-user", &["system:authenticated"]),
        (
            "system:public-info-viewer",
            &["system:authenticated", "system:unauthenticated"],
        ),
    ];
    let roles = roles.map(|(name, role)| ("clusterroles", named(role, name)));
    let bindings = bindings.map(|(name, groups)| ("clusterrolebindings", binding(name, groups)));
    roles.into_iter().chain(bindings).collect()
}

fn role(rules: Vec<Value>) -> Value {
    json!({"apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole", "metadata": {"labels": {}}, "rules": rules})
}

/// A role that gathers the rules of those that are offered to it, which are these.
fn gather(name: &str, rules: Vec<Value>) -> Value {
    let mut role = role(rules);
    let mut selector = json!({"matchLabels": {}});
    selector["matchLabels"][&*label(name)] = "true".into();
    role["aggregationRule"] = json!({"clusterRoleSelectors": [selector]});
    role
}

/// A role whose rules go into another.
fn offer(to: &str, mut role: Value) -> Value {
    role["metadata"]["labels"][&*label(to)] = "true".into();
    role
}

fn label(name: &str) -> String {
    format!("{GROUP}/aggregate-to-{name}")
}

fn named(mut role: Value, name: &str) -> Value {
    let mut metadata = metadata(name);
    for (label, text) in role["metadata"]["labels"].as_object().into_iter().flatten() {
        metadata["labels"][label.as_str()] = text.clone();
    }
    role["metadata"] = metadata;
    role
}

fn metadata(name: &str) -> Value {
    json!({
        "name": name,
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
    })
}

fn binding(name: &str, groups: &[&str]) -> Value {
    let subject = |group: &&str| json!({"apiGroup": GROUP, "kind": "Group", "name": group});
    json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": metadata(name),
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
        "subjects": groups.iter().map(subject).collect::<Value>(),
    })
}

fn paths(urls: &[&str]) -> Value {
    json!({"nonResourceURLs": urls, "verbs": ["get"]})
}

fn written(lists: &[&[Rule]]) -> Vec<Value> {
    let rules = lists.iter().copied().flatten();
    rules.map(Rule::written).collect()
}
