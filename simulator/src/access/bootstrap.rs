//! The ClusterRoles and bindings that every cluster begins with, as far as people use them.
//!
//! Source: kubernetes v1.34 `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`, narrowed to the kinds served here.

use super::escalation;
use crate::json::{Value, json};

const GROUP: &str = "rbac.authorization.k8s.io";

/// What may be read in a namespace; secrets are not among it.
const READABLE: [(&str, &[&str]); 6] = [
    (
        "",
        &[
            "bindings",
            "configmaps",
            "endpoints",
            "events",
            "limitranges",
            "namespaces",
            "namespaces/status",
            "persistentvolumeclaims",
            "persistentvolumeclaims/status",
            "pods",
            "pods/log",
            "pods/status",
            "resourcequotas",
            "resourcequotas/status",
            "serviceaccounts",
            "services",
            "services/status",
        ],
    ),
    (
        "apps",
        &["daemonsets", "deployments", "replicasets", "statefulsets"],
    ),
    (
        "batch",
        &["cronjobs", "cronjobs/status", "jobs", "jobs/status"],
    ),
    (
        "policy",
        &["poddisruptionbudgets", "poddisruptionbudgets/status"],
    ),
    (
        "networking.k8s.io",
        &["ingresses", "ingresses/status", "networkpolicies"],
    ),
    ("coordination.k8s.io", &["leases"]),
];

/// What may be written in a namespace.
const WRITABLE: [(&str, &[&str]); 6] = [
    (
        "",
        &[
            "configmaps",
            "endpoints",
            "events",
            "persistentvolumeclaims",
            "pods",
            "pods/eviction",
            "secrets",
            "serviceaccounts",
            "services",
        ],
    ),
    (
        "apps",
        &["daemonsets", "deployments", "replicasets", "statefulsets"],
    ),
    ("batch", &["cronjobs", "jobs"]),
    ("policy", &["poddisruptionbudgets"]),
    ("networking.k8s.io", &["ingresses", "networkpolicies"]),
    ("coordination.k8s.io", &["leases"]),
];

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 5] = ["create", "delete", "deletecollection", "patch", "update"];
const PUBLIC: [&str; 5] = ["/healthz", "/livez", "/readyz", "/version", "/version/"];

/// Every object, with the plural of its kind.
#[must_use]
pub fn objects() -> Vec<(&'static str, Value)> {
    let roles = [
        ("admin", gather("admin", admin())),
        ("cluster-admin", role(escalation::everything().to_vec())),
        ("edit", offer("admin", gather("edit", edit()))),
        (
            "system:aggregate-to-admin",
            offer("admin", role(only_admin())),
        ),
        ("system:aggregate-to-edit", offer("edit", role(only_edit()))),
        ("system:aggregate-to-view", offer("view", role(view()))),
        ("system:basic-user", role(basic_user())),
        (
            "system:discovery",
            role(vec![paths(
                &[
                    &PUBLIC[..],
                    &[
                        "/api",
                        "/api/*",
                        "/apis",
                        "/apis/*",
                        "/openapi",
                        "/openapi/*",
                    ],
                ]
                .concat(),
            )]),
        ),
        ("system:public-info-viewer", role(vec![paths(&PUBLIC)])),
        ("view", offer("edit", gather("view", view()))),
    ];
    let bindings = [
        ("cluster-admin", &["system:masters"][..]),
        ("system:basic-user", &["system:authenticated"]),
        ("system:discovery", &["system:authenticated"]),
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

fn resources((group, resources): &(&str, &[&str]), verbs: &[&str]) -> Value {
    json!({"apiGroups": [group], "resources": resources, "verbs": verbs})
}

fn basic_user() -> Vec<Value> {
    let reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"];
    vec![
        resources(&("authorization.k8s.io", &reviews), &["create"]),
        resources(
            &("authentication.k8s.io", &["selfsubjectreviews"]),
            &["create"],
        ),
    ]
}

fn view() -> Vec<Value> {
    READABLE
        .iter()
        .map(|kinds| resources(kinds, &READ))
        .collect()
}

fn only_edit() -> Vec<Value> {
    let mut rules = vec![
        resources(&("", &["secrets"]), &READ),
        resources(&("", &["serviceaccounts"]), &["impersonate"]),
    ];
    rules.extend(WRITABLE.iter().map(|kinds| resources(kinds, &WRITE)));
    rules
}

fn edit() -> Vec<Value> {
    [only_edit(), view()].concat()
}

fn only_admin() -> Vec<Value> {
    let local = ("authorization.k8s.io", &["localsubjectaccessreviews"][..]);
    let verbs = [&READ[..], &WRITE].concat();
    vec![
        resources(&local, &["create"]),
        resources(&(GROUP, &["rolebindings", "roles"]), &verbs),
    ]
}

fn admin() -> Vec<Value> {
    [edit(), only_admin()].concat()
}
