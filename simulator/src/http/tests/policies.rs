//! Admission policies and their bindings.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use rstest::rstest;
use tower::ServiceExt;

use super::{A, ApiServer, MAP_A, MAPS, POD, POD_P, PODS, Step, ask, ask_with, server};
use crate::json::{Value, json};

const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
const BINDING_B: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/b";
const WITH_DATA: &str = r#"{"metadata":{"name":"a"},"data":{"k":"v"}}"#;

/// A server with the policy `p` and its binding `b`.
async fn guarded(policy: Value, binding: Value) -> ApiServer {
    let server = server();
    for (path, name, spec) in [(POLICIES, "p", policy), (BINDINGS, "b", binding)] {
        let object = json!({"metadata": {"name": name}, "spec": spec}).to_string();
        let (code, answer) = ask(&server, ("POST", path, &object)).await;
        assert_eq!(code, 201, "{answer}");
    }
    server
}

/// A policy about every write of a ConfigMap.
fn about_maps(validations: Value) -> Value {
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]});
    json!({"matchConstraints": {"resourceRules": [rule]}, "validations": validations})
}

fn denying() -> Value {
    json!({"policyName": "p", "validationActions": ["Deny"]})
}

#[rstest]
#[case::expression(json!({"expression": " object.metadata.name != 'a' "}), 422, "Invalid",
    "failed expression: object.metadata.name != 'a'")]
#[case::message(json!({"expression": "false", "message": "no maps", "reason": "Forbidden"}), 403, "Forbidden", "no maps")]
#[case::message_expression(json!({"expression": "false", "message": "no maps", "messageExpression": "'no ' + object.metadata.name"}), 422, "Invalid", "no a")]
#[case::broken_message_expression(json!({"expression": "false", "message": "no maps", "messageExpression": "object.none + 'x'", "reason": "RequestEntityTooLarge"}), 413, "RequestEntityTooLarge", "no maps")]
#[case::broken_expression(json!({"expression": "object.data.k == 'v'", "message": "no maps"}), 422, "Invalid",
    "expression 'object.data.k == 'v'' resulted in error: no such key: data")]
#[tokio::test]
async fn what_a_policy_denies_is_refused(
    #[case] validation: Value,
    #[case] code: u16,
    #[case] reason: &str,
    #[case] message: &str,
) {
    let server = guarded(about_maps(json!([validation])), denying()).await;
    let (answered, body) = ask(&server, ("POST", MAPS, A)).await;
    let why = format!("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: {message}");
    let expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code, "reason": reason,
        "message": format!("configmaps \"a\" is forbidden: {why}"),
        "details": {"name": "a", "kind": "configmaps", "causes": [{"message": why}]},
    });
    assert_eq!((answered, body), (code, expected));
    let (code, _) = ask(&server, ("GET", MAP_A, "")).await;
    assert_eq!(code, 404);
}

#[rstest]
#[case::create(json!({}), ("POST", MAPS, A), true)]
#[case::update(json!({"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": ["*"]}]}), ("POST", MAPS, A), false)]
#[case::other_group(json!({"resourceRules": [{"apiGroups": ["apps"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]}), ("POST", MAPS, A), false)]
#[case::other_version(json!({"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["v2"], "operations": ["*"], "resources": ["*"]}]}), ("POST", MAPS, A), false)]
#[case::name(json!({"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"], "resourceNames": ["a"]}]}), ("POST", MAPS, A), true)]
#[case::other_name(json!({"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"], "resourceNames": ["b"]}]}), ("POST", MAPS, A), false)]
#[case::scope(json!({"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"], "scope": "Cluster"}]}), ("POST", MAPS, A), false)]
#[case::excluded(json!({"excludeResourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["configmaps"]}]}), ("POST", MAPS, A), false)]
#[case::namespace(json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}), ("POST", MAPS, A), true)]
#[case::other_namespace(json!({"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["default"]}]}}), ("POST", MAPS, A), false)]
#[case::labels(json!({"objectSelector": {"matchLabels": {"l": "1"}}}), ("POST", MAPS, r#"{"metadata":{"name":"a","labels":{"l":"1"}}}"#), true)]
#[case::other_labels(json!({"objectSelector": {"matchLabels": {"l": "1"}}}), ("POST", MAPS, A), false)]
#[case::whole(json!({"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["pods/*"]}]}), ("POST", PODS, POD), true)]
#[case::part(json!({"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["pods/status"]}]}), ("POST", PODS, POD), false)]
#[case::another_version(json!({"resourceRules": [{"apiGroups": ["events.k8s.io"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["events"]}]}),
    ("POST", "/api/v1/namespaces/default/events", r#"{"metadata":{"name":"e"},"involvedObject":{"namespace":"default"}}"#), true)]
#[case::that_version_alone(json!({"matchPolicy": "Exact", "resourceRules": [{"apiGroups": ["events.k8s.io"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["events"]}]}),
    ("POST", "/api/v1/namespaces/default/events", r#"{"metadata":{"name":"e"},"involvedObject":{"namespace":"default"}}"#), false)]
#[case::no_policy(json!({"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}]}), ("DELETE", BINDING_B, ""), false)]
#[tokio::test]
async fn a_policy_is_about_some_writes(
    #[case] constraints: Value,
    #[case] step: Step<'_>,
    #[case] is_meant: bool,
) {
    let mut policy = about_maps(json!([{"expression": "false"}]));
    for (field, value) in constraints.as_object().unwrap() {
        policy["matchConstraints"][field.as_str()] = value.clone();
    }
    let (code, answer) = ask(&guarded(policy, denying()).await, step).await;
    assert_eq!(code == 422, is_meant, "{answer}");
}

#[rstest]
#[case::create("object.kind == 'ConfigMap' && oldObject == null && request.operation == 'CREATE'", &[("POST", MAPS, A)])]
#[case::name("request.name == 'a' && request.namespace == 'default' && !has(request.subResource)", &[("POST", MAPS, A)])]
#[case::drawn_name("request.name == object.metadata.name && request.name.startsWith('g')", &[("POST", MAPS, r#"{"metadata":{"generateName":"g"}}"#)])]
#[case::namespace("namespaceObject.metadata.name == 'default' && namespaceObject.status.phase == 'Active'", &[("POST", MAPS, A)])]
#[case::user("request.userInfo.username == 'admin' && 'system:masters' in request.userInfo.groups", &[("POST", MAPS, A)])]
#[case::update("request.operation == 'CREATE' || has(object.data) && !has(oldObject.data) && oldObject.metadata.name == 'a'", &[("POST", MAPS, A), ("MERGE", MAP_A, WITH_DATA)])]
#[case::delete("request.operation == 'CREATE' || object == null && oldObject.kind == 'ConfigMap' && request.name == 'a'", &[("POST", MAPS, A), ("DELETE", MAP_A, "")])]
#[case::delete_all("request.operation == 'CREATE' || !has(request.name)", &[("POST", MAPS, A), ("DELETE", MAPS, "")])]
#[tokio::test]
async fn expressions_see_the_write(#[case] expression: &str, #[case] steps: &[Step<'_>]) {
    let policy = about_maps(json!([{"expression": expression}]));
    let server = guarded(policy, denying()).await;
    for step in steps {
        let (code, answer) = ask(&server, *step).await;
        assert!(code < 300, "{answer}");
    }
}

#[rstest]
#[case::condition_met("request.operation == 'CREATE'", 422)]
#[case::condition_not_met("request.operation == 'DELETE'", 201)]
#[case::broken_condition("object.data.k == 'v'", 422)]
#[tokio::test]
async fn conditions_say_when_a_policy_counts(#[case] condition: &str, #[case] code: u16) {
    let mut policy = about_maps(json!([{"expression": "false"}]));
    policy["matchConditions"] = json!([{"name": "c", "expression": condition}]);
    let (answered, _) = ask(&guarded(policy, denying()).await, ("POST", MAPS, A)).await;
    assert_eq!(answered, code);
}

#[rstest]
#[case::met(WITH_DATA, 201)]
#[case::not_looked_at(A, 201)]
#[case::not_met(r#"{"metadata":{"name":"a"},"data":{"x":"v"}}"#, 422)]
#[tokio::test]
async fn variables_are_looked_at_when_they_are_needed(#[case] map: &str, #[case] code: u16) {
    let mut policy = about_maps(json!([{"expression": "!has(object.data) || variables.has_k"}]));
    policy["variables"] = json!([
        {"name": "keys", "expression": "object.data.map(k, k)"},
        {"name": "has_k", "expression": "'k' in variables.keys"},
    ]);
    let (answered, answer) = ask(&guarded(policy, denying()).await, ("POST", MAPS, map)).await;
    assert_eq!(answered, code, "{answer}");
}

#[rstest]
#[case::fail("Fail", 422)]
#[case::ignore("Ignore", 201)]
#[tokio::test]
async fn a_policy_says_what_becomes_of_failures(#[case] failure: &str, #[case] code: u16) {
    let mut policy = about_maps(json!([{"expression": "object.none.x == 1"}]));
    policy["failurePolicy"] = failure.into();
    let (answered, _) = ask(&guarded(policy, denying()).await, ("POST", MAPS, A)).await;
    assert_eq!(answered, code);
}

#[rstest]
#[case::present(json!({"name": "a", "parameterNotFoundAction": "Deny"}), 201)]
#[case::selected(json!({"selector": {}, "parameterNotFoundAction": "Deny"}), 201)]
#[case::absent(json!({"name": "b", "parameterNotFoundAction": "Deny"}), 422)]
#[case::absence_allowed(json!({"name": "b", "parameterNotFoundAction": "Allow"}), 201)]
#[tokio::test]
async fn a_binding_gives_parameters(#[case] reference: Value, #[case] code: u16) {
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]});
    let policy = json!({
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}, "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "params.kind == 'ConfigMap' && params.data.k == 'v'"}],
    });
    let mut binding = denying();
    binding["paramRef"] = reference;
    let server = guarded(policy, binding).await;
    ask(&server, ("POST", MAPS, WITH_DATA)).await;
    let (answered, answer) = ask(&server, ("POST", PODS, POD)).await;
    assert_eq!(answered, code, "{answer}");
}

#[tokio::test]
async fn parameters_of_a_kind_that_is_not_served_are_a_failure_of_the_policy() {
    let mut policy = about_maps(json!([{"expression": "true"}]));
    policy["paramKind"] = json!({"apiVersion": "ex.io/v1", "kind": "None"});
    let (_, answer) = ask(&guarded(policy, denying()).await, ("POST", MAPS, A)).await;
    let message = "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'ex.io/v1, Kind=None'";
    assert_eq!(answer["message"], message);
}

#[tokio::test]
async fn a_binding_may_only_warn() {
    let policy = about_maps(json!([{"expression": "false", "message": "no maps"}]));
    let binding = json!({"policyName": "p", "validationActions": ["Warn", "Audit"]});
    let server = guarded(policy, binding).await;
    let request = Request::post(MAPS).body(Full::new(Bytes::from(A))).unwrap();
    let response = server.service("test").oneshot(request).await.unwrap();
    let warnings = response.headers().get_all("warning").iter();
    let warnings: Vec<_> = warnings.map(|text| text.to_str().unwrap()).collect();
    let expected =
        "299 - \"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no maps\"";
    assert_eq!(
        (response.status().as_u16(), warnings),
        (201, vec![expected])
    );
}

#[tokio::test]
async fn a_policy_counts_as_long_as_it_is_bound() {
    let server = guarded(about_maps(json!([{"expression": "false"}])), denying()).await;
    let dry = "/api/v1/namespaces/default/configmaps?dryRun=All";
    assert_eq!(ask(&server, ("POST", dry, A)).await.0, 422);
    ask(&server, ("DELETE", BINDING_B, "")).await;
    assert_eq!(ask(&server, ("POST", dry, A)).await.0, 201);
}

#[tokio::test]
async fn a_policy_looks_at_who_asks() {
    let policy = about_maps(json!([{"expression": "request.userInfo.username == 'alice'"}]));
    let server = guarded(policy, denying()).await;
    let alice = [
        ("Impersonate-User", "alice"),
        ("Impersonate-Group", "system:masters"),
    ];
    assert_eq!(ask(&server, ("POST", MAPS, A)).await.0, 422);
    assert_eq!(ask_with(&server, ("POST", MAPS, A), &alice).await.0, 201);
}

#[rstest]
#[case::eviction("pods/eviction", "eviction Eviction policy/v1", ("POST", "/api/v1/namespaces/default/pods/p/eviction", r#"{"metadata":{"name":"p"}}"#))]
#[case::status("pods/status", "status Pod v1", ("MERGE", "/api/v1/namespaces/default/pods/p/status", r#"{"status":{"phase":"Running"}}"#))]
#[case::scale("deployments/scale", "scale Scale autoscaling/v1", ("MERGE", "/apis/apps/v1/namespaces/default/deployments/d/scale", r#"{"spec":{"replicas":3}}"#))]
#[tokio::test]
async fn a_policy_may_be_about_a_part(
    #[case] resource: &str,
    #[case] message: &str,
    #[case] step: Step<'_>,
) {
    let rule = json!({"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": [resource]});
    let message_expression =
        "request.subResource + ' ' + request.kind.kind + ' ' + object.apiVersion";
    let policy = json!({
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "false", "messageExpression": message_expression}],
    });
    let server = guarded(policy, denying()).await;
    let deployment = r#"{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}"#;
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    for made in [("POST", PODS, POD), ("POST", deployments, deployment)] {
        assert_eq!(ask(&server, made).await.0, 201);
    }
    let (code, answer) = ask(&server, step).await;
    let text = answer["message"].as_str().unwrap_or_default();
    let (_, told) = text.split_once("denied request: ").unwrap_or_default();
    assert_eq!((code, told), (422, message));
    assert_eq!(ask(&server, ("GET", POD_P, "")).await.0, 200);
}

#[rstest]
#[case::undeclared(json!({"validations": [{"expression": "none == 1"}]}),
    "spec.validations[0].expression: Invalid value: \"none == 1\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'none' (in container '')\n | none == 1\n | ^")]
#[case::not_a_bool(json!({"validations": [{"expression": "object.a"}]}),
    "spec.validations[0].expression: Invalid value: \"object.a\": must evaluate to bool but got dyn")]
#[case::not_a_text(json!({"validations": [{"expression": "true", "messageExpression": "1"}]}),
    "spec.validations[0].messageExpression: Invalid value: \"1\": must evaluate to string but got int")]
#[case::variable_of_its_own(json!({"variables": [{"name": "v", "expression": "variables.v"}], "validations": [{"expression": "true"}]}),
    "spec.variables[0].expression: Invalid value: \"variables.v\": compilation failed: ERROR: <input>:1:10: undefined field 'v'\n | variables.v\n | .........^")]
#[case::reserved_name(json!({"variables": [{"name": "in", "expression": "1"}], "validations": [{"expression": "true"}]}),
    "spec.variables[0].name: Invalid value: \"in\": must be a valid CEL identifier")]
#[case::parameters(json!({"validations": [{"expression": "params.a == 1"}]}),
    "spec.validations[0].expression: Invalid value: \"params.a == 1\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.a == 1\n | ^")]
#[case::reason(json!({"validations": [{"expression": "true", "reason": "NotFound"}]}),
    "spec.validations[0].reason: Unsupported value: \"NotFound\": supported values: \"Forbidden\", \"Invalid\", \"RequestEntityTooLarge\"")]
#[case::annotation(json!({"auditAnnotations": [{"key": "k", "valueExpression": "1"}]}),
    "spec.auditAnnotations[0].valueExpression: Invalid value: \"1\": must evaluate to one of [string null_type] but got int")]
#[case::wildcard(json!({"validations": [{"expression": "true"}], "matchConstraints": {"resourceRules": [{"apiGroups": ["*", "a"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["a"]}]}}),
    "spec.matchConstraints.resourceRules[0].apiGroups: Invalid value: [\"*\",\"a\"]: if '*' is present, must not specify other API groups")]
#[tokio::test]
async fn a_policy_that_cannot_work_is_refused(#[case] spec: Value, #[case] why: &str) {
    let mut policy = about_maps(Value::Null);
    for (field, value) in spec.as_object().unwrap() {
        policy[field.as_str()] = value.clone();
    }
    let object = json!({"metadata": {"name": "p"}, "spec": policy}).to_string();
    let (code, answer) = ask(&server(), ("POST", POLICIES, &object)).await;
    let message =
        format!("ValidatingAdmissionPolicy.admissionregistration.k8s.io \"p\" is invalid: {why}");
    assert_eq!((code, answer["message"].as_str()), (422, Some(&*message)));
}

#[rstest]
#[case::no_action(json!({"policyName": "p"}), "spec.validationActions: Required value: at least one validation action is required")]
#[case::contrary_actions(json!({"policyName": "p", "validationActions": ["Deny", "Warn"]}),
    "spec.validationActions: Invalid value: [\"Deny\",\"Warn\"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)")]
#[case::no_parameters(json!({"policyName": "p", "validationActions": ["Deny"], "paramRef": {"parameterNotFoundAction": "Deny"}}),
    "spec.paramRef: Required value: one of name or selector must be specified")]
#[tokio::test]
async fn a_binding_that_cannot_work_is_refused(#[case] spec: Value, #[case] why: &str) {
    let object = json!({"metadata": {"name": "b"}, "spec": spec}).to_string();
    let (code, answer) = ask(&server(), ("POST", BINDINGS, &object)).await;
    let message = format!(
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io \"b\" is invalid: {why}"
    );
    assert_eq!((code, answer["message"].as_str()), (422, Some(&*message)));
}
