//! The ClusterRoles and bindings that every cluster begins with, as far as people use them.
//!
//! Source: kubernetes v1.34 `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`, narrowed to the kinds served here.

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
        ("admin", admin()),
        (
            "cluster-admin",
            vec![
                json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}),
                json!({"nonResourceURLs": ["*"], "verbs": ["*"]}),
            ],
        ),
        ("edit", edit()),
        ("system:basic-user", basic_user()),
        (
            "system:discovery",
            vec![paths(
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
            )],
        ),
        ("system:public-info-viewer", vec![paths(&PUBLIC)]),
        ("view", view()),
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
    let roles = roles.map(|(name, rules)| {
        let role = json!({"apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole", "metadata": metadata(name), "rules": rules});
        ("clusterroles", role)
    });
    let bindings = bindings.map(|(name, groups)| ("clusterrolebindings", binding(name, groups)));
    roles.into_iter().chain(bindings).collect()
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

fn edit() -> Vec<Value> {
    let mut rules = view();
    rules.push(resources(&("", &["secrets"]), &READ));
    rules.push(resources(&("", &["serviceaccounts"]), &["impersonate"]));
    rules.extend(WRITABLE.iter().map(|kinds| resources(kinds, &WRITE)));
    rules
}

fn admin() -> Vec<Value> {
    let mut rules = edit();
    let local = ("authorization.k8s.io", &["localsubjectaccessreviews"][..]);
    rules.push(resources(&local, &["create"]));
    rules.push(resources(
        &(GROUP, &["rolebindings", "roles"]),
        &[&READ[..], &WRITE].concat(),
    ));
    rules
}
