//! Who may do what, and what is said to those who may not.

use rstest::rstest;

use super::{A, ApiServer, MAP_A, MAPS, Step, ask, ask_with, server};
use crate::json::{Value, json};

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const SELF_REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const RULES_REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
const READ_A: &str = r#"{"metadata":{"name":"r"},"rules":[{"verbs":["get","list"],"apiGroups":[""],"resources":["configmaps"],"resourceNames":["a"]}]}"#;

const ALICE: (&str, &str) = ("Impersonate-User", "alice");

/// A server with the ConfigMap `a` and the roles that every cluster has.
async fn founded() -> ApiServer {
    let server = server();
    server.found();
    good(&server, ("POST", MAPS, A)).await;
    server
}

async fn good(server: &ApiServer, step: Step<'_>) {
    let (code, answer) = ask(server, step).await;
    assert_eq!(code, 201, "{answer}");
}

async fn bind(server: &ApiServer, role: (&str, &str), subject: Value) {
    let reference =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": role.0, "name": role.1});
    let binding = json!({"metadata": {"name": "b"}, "roleRef": reference, "subjects": [subject]});
    good(server, ("POST", BINDINGS, &binding.to_string())).await;
}

fn user(name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name})
}

#[rstest]
#[case::list(
    "GET",
    MAPS,
    "configmaps is forbidden: User \"alice\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\""
)]
#[case::get(
    "GET",
    MAP_A,
    "configmaps \"a\" is forbidden: User \"alice\" cannot get resource \"configmaps\" in API group \"\" in the namespace \"default\""
)]
#[case::watch(
    "GET",
    "/api/v1/nodes?watch=1",
    "nodes is forbidden: User \"alice\" cannot watch resource \"nodes\" in API group \"\" at the cluster scope"
)]
#[case::delete_all(
    "DELETE",
    MAPS,
    "configmaps is forbidden: User \"alice\" cannot deletecollection resource \"configmaps\" in API group \"\" in the namespace \"default\""
)]
#[case::a_namespace(
    "GET",
    "/api/v1/namespaces/default",
    "namespaces \"default\" is forbidden: User \"alice\" cannot get resource \"namespaces\" in API group \"\" in the namespace \"default\""
)]
#[case::an_unknown_resource(
    "GET",
    "/apis/ex.io/v1/xs",
    "xs.ex.io is forbidden: User \"alice\" cannot list resource \"xs\" in API group \"ex.io\" at the cluster scope"
)]
#[case::a_path(
    "GET",
    "/metrics",
    "forbidden: User \"alice\" cannot get path \"/metrics\""
)]
#[tokio::test]
async fn nothing_is_allowed_that_nobody_allows(
    #[case] verb: &str,
    #[case] path: &str,
    #[case] message: &str,
) {
    let server = founded().await;
    let (code, answer) = ask_with(&server, (verb, path, ""), &[ALICE]).await;
    assert_eq!((code, &answer["reason"]), (403, &json!("Forbidden")));
    assert_eq!(answer["message"], message);
}

#[rstest]
#[case::the_object("GET", MAP_A, 200)]
#[case::others_of_the_kind("GET", MAPS, 403)]
#[case::a_list_of_just_that_object(
    "GET",
    "/api/v1/namespaces/default/configmaps?fieldSelector=metadata.name%3Da",
    200
)]
#[case::another_verb("DELETE", MAP_A, 403)]
#[case::another_namespace("GET", "/api/v1/namespaces/kube-system/configmaps/a", 403)]
#[case::discovery("GET", "/apis", 200)]
#[tokio::test]
async fn a_role_allows_what_it_says_where_it_is_bound(
    #[case] verb: &str,
    #[case] path: &str,
    #[case] expected: u16,
) {
    let server = founded().await;
    good(&server, ("POST", ROLES, READ_A)).await;
    bind(&server, ("Role", "r"), user("alice")).await;
    let (code, answer) = ask_with(&server, (verb, path, ""), &[ALICE]).await;
    assert_eq!(code, expected, "{answer}");
}

#[tokio::test]
async fn a_binding_to_a_role_that_is_not_there_says_so() {
    let server = founded().await;
    bind(&server, ("Role", "x"), user("alice")).await;
    let (_, answer) = ask_with(&server, ("GET", MAP_A, ""), &[ALICE]).await;
    assert_eq!(
        answer["message"],
        "configmaps \"a\" is forbidden: User \"alice\" cannot get resource \"configmaps\" in API group \"\" in the namespace \"default\": RBAC: role.rbac.authorization.k8s.io \"x\" not found"
    );
}

#[rstest]
#[case::a_user(user("alice"), json!({"user": "alice"}), json!({"allowed": true, "reason": "RBAC: allowed by RoleBinding \"b/default\" of ClusterRole \"view\" to User \"alice\""}))]
#[case::a_group(json!({"kind": "Group", "name": "devs"}), json!({"user": "bob", "groups": ["devs"]}), json!({"allowed": true, "reason": "RBAC: allowed by RoleBinding \"b/default\" of ClusterRole \"view\" to Group \"devs\""}))]
#[case::an_account(json!({"kind": "ServiceAccount", "name": "sa"}), json!({"user": "system:serviceaccount:default:sa"}), json!({"allowed": true, "reason": "RBAC: allowed by RoleBinding \"b/default\" of ClusterRole \"view\" to ServiceAccount \"sa/default\""}))]
#[case::somebody_else(user("alice"), json!({"user": "bob"}), json!({"allowed": false}))]
#[case::a_master(user("alice"), json!({"user": "root", "groups": ["system:masters"]}), json!({"allowed": true}))]
#[tokio::test]
async fn a_review_says_why(#[case] subject: Value, #[case] mut spec: Value, #[case] status: Value) {
    let server = founded().await;
    bind(&server, ("ClusterRole", "view"), subject).await;
    spec["resourceAttributes"] =
        json!({"verb": "list", "resource": "configmaps", "namespace": "default"});
    let review = json!({"spec": spec}).to_string();
    let (code, answer) = ask(&server, ("POST", REVIEWS, &review)).await;
    assert_eq!((code, &answer["status"]), (201, &status));
}

#[tokio::test]
async fn anybody_may_ask_about_himself() {
    let server = founded().await;
    let review = r#"{"spec":{"resourceAttributes":{"verb":"get","resource":"secrets","namespace":"default"}}}"#;
    let (code, answer) = ask_with(&server, ("POST", SELF_REVIEWS, review), &[ALICE]).await;
    assert_eq!((code, &answer["status"]), (201, &json!({"allowed": false})));
}

#[tokio::test]
async fn the_rules_of_a_namespace_are_listed() {
    let server = founded().await;
    good(&server, ("POST", ROLES, READ_A)).await;
    bind(&server, ("Role", "r"), user("alice")).await;
    let review = r#"{"spec":{"namespace":"default"}}"#;
    let (_, answer) = ask_with(&server, ("POST", RULES_REVIEWS, review), &[ALICE]).await;
    let last = answer["status"]["resourceRules"].as_array().unwrap().last();
    let expected = json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"]});
    assert_eq!(last, Some(&expected));
    assert_eq!(answer["status"]["incomplete"], false);
}

#[tokio::test]
async fn a_group_without_a_user_is_no_one() {
    let headers = [("Impersonate-Group", "devs")];
    let (code, _) = ask_with(&server(), ("GET", MAP_A, ""), &headers).await;
    assert_eq!(code, 500);
}

/// Alice may make roles and bindings, and read ConfigMaps.
async fn with_a_manager() -> ApiServer {
    let server = founded().await;
    let role = r#"{"metadata":{"name":"manager"},"rules":[{"verbs":["create","patch"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"]},{"verbs":["get"],"apiGroups":[""],"resources":["configmaps"]}]}"#;
    good(&server, ("POST", ROLES, role)).await;
    bind(&server, ("Role", "manager"), user("alice")).await;
    server
}

#[rstest]
#[case::held(r#"{"metadata":{"name":"a"},"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["configmaps"],"resourceNames":["a"]}]}"#, None)]
#[case::not_held(
    r#"{"metadata":{"name":"a"},"rules":[{"verbs":["get","list"],"apiGroups":[""],"resources":["configmaps"]}]}"#,
    Some("roles.rbac.authorization.k8s.io \"a\" is forbidden: user \"alice\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"list\"]}")
)]
#[tokio::test]
async fn nobody_makes_a_role_of_more_than_they_hold(
    #[case] role: &str,
    #[case] refusal: Option<&str>,
) {
    let server = with_a_manager().await;
    let (code, answer) = ask_with(&server, ("POST", ROLES, role), &[ALICE]).await;
    match refusal {
        None => assert_eq!(code, 201, "{answer}"),
        Some(refusal) => assert_eq!((code, &answer["message"]), (403, &json!(refusal))),
    }
}

#[tokio::test]
async fn nobody_binds_a_role_of_more_than_they_hold() {
    let server = with_a_manager().await;
    let binding = r#"{"metadata":{"name":"c"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"}}"#;
    let (code, answer) = ask_with(&server, ("POST", BINDINGS, binding), &[ALICE]).await;
    assert_eq!(code, 403, "{answer}");
    let lacking = "{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}\n{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}";
    let message = answer["message"].as_str().unwrap();
    assert!(message.ends_with(lacking), "{message}");
}

#[tokio::test]
async fn a_role_gathers_the_rules_of_others() {
    const CLUSTER_ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    const VIEW: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/view";
    const ADMIN: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/admin";
    let server = founded().await;
    let (_, before) = ask(&server, ("GET", ADMIN, "")).await;
    let orders = r#"{"metadata":{"name":"orders","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},"rules":[{"verbs":["get"],"apiGroups":["ex.io"],"resources":["orders"]}]}"#;
    good(&server, ("POST", CLUSTER_ROLES, orders)).await;
    let rule = json!({"verbs": ["get"], "apiGroups": ["ex.io"], "resources": ["orders"]});
    for role in [VIEW, ADMIN] {
        let (_, answer) = ask(&server, ("GET", role, "")).await;
        let rules = answer["rules"].as_array().unwrap();
        assert!(rules.contains(&rule), "{answer}");
    }
    let path = format!("{CLUSTER_ROLES}/orders");
    assert_eq!(ask(&server, ("DELETE", &path, "")).await.0, 200);
    let (_, after) = ask(&server, ("GET", ADMIN, "")).await;
    assert_eq!(after["rules"], before["rules"]);
}
