//! Requests and what a real kube-apiserver v1.34.3 answered them.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use rstest::rstest;
use tower::ServiceExt;

use super::service::ApiServer;
use crate::clock::{Clock, EPOCH};
use crate::json::{Value, json};

mod access;
mod account;
mod answered;
mod begun;
mod bounded;
mod conversion;
mod defaulted;
mod defined;
mod disturbed;
mod events;
mod evictions;
mod expired;
mod lifecycle;
mod log;
mod marked;
mod monkeys;
mod nested;
mod panicked;
mod policies;
mod presented;
mod protected;
mod protobuf;
mod refused;
mod size;
mod struck;
mod swizzled;
mod tightened;
mod untouched;
mod webhooks;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const MAP_A: &str = "/api/v1/namespaces/default/configmaps/a";
const A: &str = r#"{"metadata":{"name":"a"}}"#;
const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS: &str = "/apis/ex.io/v1/namespaces/default/widgets";
const WIDGET_W: &str = "/apis/ex.io/v1/namespaces/default/widgets/w";
const WIDGET: &str = r#"{"apiVersion":"ex.io/v1","kind":"Widget","metadata":{"name":"w","finalizers":["ex.io/f"]},"spec":{"size":1}}"#;
const PODS: &str = "/api/v1/namespaces/default/pods";
const POD_P: &str = "/api/v1/namespaces/default/pods/p";
const POD: &str =
    r#"{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}"#;
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Verb or patch type, path, body.
type Step<'a> = (&'a str, &'a str, &'a str);

fn server() -> ApiServer {
    ApiServer::new(Clock::virtual_from(EPOCH), 1)
}

fn definition() -> String {
    json!({
        "metadata": {"name": "widgets.ex.io"},
        "spec": {
            "group": "ex.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 3}}},
                    "status": {"type": "object", "properties": {"phase": {"type": "string"}}}
                }}}
            }]
        }
    })
    .to_string()
}

async fn ask(server: &ApiServer, step: Step<'_>) -> (u16, Value) {
    ask_with(server, step, &[]).await
}

/// Asks with headers beside the media type.
async fn ask_with(
    server: &ApiServer,
    (verb, path, body): Step<'_>,
    headers: &[(&str, &str)],
) -> (u16, Value) {
    let (method, media_type) = match verb {
        "MERGE" => ("PATCH", "application/merge-patch+json"),
        "STRATEGIC" => ("PATCH", "application/strategic-merge-patch+json"),
        "JSON" => ("PATCH", "application/json-patch+json"),
        "APPLY" => ("PATCH", "application/apply-patch+yaml"),
        method => (method, "application/json"),
    };
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", media_type);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let response = server.service("test").oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (
        code,
        serde_json::from_str(&text).unwrap_or_else(|_| text.clone().into()),
    )
}

async fn last(steps: &[Step<'_>]) -> (u16, Value) {
    let server = server();
    let mut answer = (0, Value::Null);
    for step in steps {
        answer = ask(&server, *step).await;
    }
    answer
}

/// The last of `steps` is refused with this code, reason and message.
async fn check_refusal(steps: &[Step<'_>], code: u16, reason: &str, message: &str) {
    let (answered, body) = last(steps).await;
    let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (
            answered,
            field("reason").as_str(),
            field("message").as_str()
        ),
        (code, reason, message)
    );
}

/// The last of `steps` succeeds with this code, and these values stand in the body.
async fn check_success(steps: &[Step<'_>], code: u16, values: &[(&str, Value)]) {
    let (answered, body) = last(steps).await;
    let found: Vec<_> = values
        .iter()
        .map(|(pointer, _)| (*pointer, body.pointer(pointer).cloned().unwrap_or_default()))
        .collect();
    assert_eq!((answered, found.as_slice()), (code, values));
}

#[rstest]
#[case("POST", MAP_A, 405, "MethodNotAllowed")]
#[case("PUT", MAPS, 405, "MethodNotAllowed")]
#[case("PATCH", MAPS, 405, "MethodNotAllowed")]
#[case("POST", "/api/v1/configmaps", 405, "MethodNotAllowed")]
#[case("DELETE", "/api/v1/namespaces", 405, "MethodNotAllowed")]
#[case("GET", "/api/v1/configmaps/a", 404, "NotFound")]
#[case("GET", "/api/v1/namespaces/default/nodes", 404, "NotFound")]
#[case("GET", "/api/v1/foo", 404, "NotFound")]
#[case("GET", "/api/v2/foo", 404, "NotFound")]
#[case("GET", "/apis/apps/v2/x", 404, "NotFound")]
#[case(
    "GET",
    "/api/v1/namespaces/default/configmaps/a/status",
    404,
    "NotFound"
)]
#[case("GET", "/apis/foo/v1/x", 404, "")]
#[case("GET", "/foo", 404, "")]
#[case("GET", "/api/v1/namespaces/nowhere/configmaps", 200, "")]
#[case("GET", "/api/v1/namespaces/default/", 200, "")]
#[tokio::test]
async fn a_path_and_a_method_lead_somewhere_or_nowhere(
    #[case] method: &str,
    #[case] path: &str,
    #[case] code: u16,
    #[case] reason: &str,
) {
    let (answered, body) = last(&[(method, path, "")]).await;
    assert_eq!(
        (answered, body["reason"].as_str().unwrap_or_default()),
        (code, reason)
    );
}

#[rstest]
#[case(&[("POST", MAPS, "{}")], 422, "Invalid", "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required")]
#[case(&[("POST", MAPS, r#"{"metadata":{"name":"a","namespace":"other"}}"#)], 400, "BadRequest", "the namespace of the provided object does not match the namespace sent on the request")]
#[case(&[("POST", MAPS, r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"}}"#)], 400, "BadRequest", "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion")]
#[case(&[("POST", MAPS, r#"{"metadata":{"name":"a","resourceVersion":"5"}}"#)], 500, "", "resourceVersion should not be set on objects to be created")]
#[case(&[("POST", MAPS, r#"{"metadata":{"name":"a","labels":5}}"#)], 400, "BadRequest", "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type map[string]string")]
#[case(&[("POST", MAPS, r#"{"metadata":{"name":"a"},"data":5}"#)], 400, "BadRequest", "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string")]
#[case(&[("POST", MAPS, r#"{"metadata":{"name":"a","finalizers":["foo"]}}"#)], 422, "Invalid", "ConfigMap \"a\" is invalid: metadata.finalizers[0]: Invalid value: \"foo\": name is neither a standard finalizer name nor is it fully qualified")]
#[case(&[("POST", MAPS, r#"{"metadata":{"name":"a","ownerReferences":[{"apiVersion":"v1","kind":"Event","name":"x","uid":"1"}]}}"#)], 422, "Invalid", "ConfigMap \"a\" is invalid: metadata.ownerReferences: Invalid value: {\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"x\",\"uid\":\"1\"}: /v1, Kind=Event is disallowed from being an owner")]
#[case(&[("POST", MAPS, A), ("POST", MAPS, A)], 409, "AlreadyExists", "configmaps \"a\" already exists")]
#[case(&[("POST", "/api/v1/namespaces/nowhere/configmaps", A)], 404, "NotFound", "namespaces \"nowhere\" not found")]
#[case(&[("POST", "/api/v1/namespaces/default/configmaps?dryRun=zz", A)], 422, "Invalid", "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"zz\"]: supported values: \"All\"")]
#[case(&[("POST", "/api/v1/namespaces/default/configmaps?fieldValidation=Strict", r#"{"metadata":{"name":"a","bar":1},"foo":1,"data":{"a":"1","a":"2"}}"#)], 400, "BadRequest", "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"metadata.bar\", unknown field \"foo\", duplicate field \"data.a\"")]
#[case(&[("POST", "/api/v1/namespaces", r#"{"metadata":{"name":"a.b"}}"#)], 422, "Invalid", "Namespace \"a.b\" is invalid: metadata.name: Invalid value: \"a.b\": must not contain dots")]
#[case(&[("POST", "/api/v1/namespaces/default/secrets", r#"{"metadata":{"name":"s"},"data":{"a":"***"}}"#)], 400, "BadRequest", "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 0")]
#[tokio::test]
async fn a_creation_is_refused(
    #[case] steps: &[Step<'_>],
    #[case] code: u16,
    #[case] reason: &str,
    #[case] message: &str,
) {
    check_refusal(steps, code, reason, message).await;
}

#[tokio::test]
async fn a_bad_name_is_explained() {
    let steps = [("POST", MAPS, r#"{"metadata":{"name":"A_b"}}"#)];
    let message =
        format!("ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": {SUBDOMAIN}");
    check_refusal(&steps, 422, "Invalid", &message).await;
}

#[rstest]
#[case(("PUT", "/api/v1/namespaces/default/configmaps/b", r#"{"metadata":{"name":"b"}}"#), 404, "NotFound", "configmaps \"b\" not found")]
#[case(("PUT", MAP_A, r#"{"metadata":{"name":"b"}}"#), 400, "BadRequest", "the name of the object (b) does not match the name on the URL (a)")]
#[case(("PUT", MAP_A, r#"{"metadata":{}}"#), 400, "BadRequest", "the name of the object (a based on URL) was undeterminable: name must be provided")]
#[case(("PUT", MAP_A, r#"{"metadata":{"name":"a","resourceVersion":"1"}}"#), 409, "Conflict", "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again")]
#[case(("PUT", MAP_A, r#"{"metadata":{"name":"a","resourceVersion":"abc"}}"#), 500, "", "strconv.ParseUint: parsing \"abc\": invalid syntax")]
#[case(("MERGE", MAP_A, r#"{"metadata":{"uid":"other"}}"#), 422, "Invalid", "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"other\": field is immutable")]
#[case(("MERGE", MAP_A, r#"{"metadata":{"resourceVersion":"1"}}"#), 409, "Conflict", "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again")]
#[case(("MERGE", MAP_A, "[]"), 400, "BadRequest", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}")]
#[case(("MERGE", "/api/v1/namespaces/default/configmaps/a?force=true", "{}"), 422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch")]
#[case(("JSON", MAP_A, r#"[{"op":"test","path":"/data/a","value":"9"}]"#), 422, "Invalid", "the server rejected our request due to an error in our request")]
#[case(("APPLY", MAP_A, "{}"), 422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")]
#[case(("PATCH", MAP_A, "{}"), 415, "UnsupportedMediaType", "415: Unsupported Media Type")]
#[case(("DELETE", MAP_A, r#"{"preconditions":{"resourceVersion":"1"}}"#), 409, "Conflict", "Operation cannot be fulfilled on ConfigMap \"a\": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (5). The object might have been modified")]
#[case(("DELETE", MAP_A, r#"{"propagationPolicy":"foo"}"#), 422, "Invalid", "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"foo\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"")]
#[case(("DELETE", MAP_A, r#"{"propagationPolicy":"Orphan","orphanDependents":true}"#), 422, "Invalid", "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be both set")]
#[case(("DELETE", "/api/v1/namespaces/default", ""), 403, "Forbidden", "namespaces \"default\" is forbidden: this namespace may not be deleted")]
#[tokio::test]
async fn a_change_of_a_config_map_is_refused(
    #[case] step: Step<'_>,
    #[case] code: u16,
    #[case] reason: &str,
    #[case] message: &str,
) {
    check_refusal(&[("POST", MAPS, A), step], code, reason, message).await;
}

#[rstest]
#[case("limit=abc", 400, "strconv.ParseInt: parsing \"abc\": invalid syntax")]
#[case(
    "resourceVersion=abc",
    400,
    "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax"
)]
#[case(
    "watch=1&resourceVersion=abc",
    500,
    "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax"
)]
#[case(
    "resourceVersion=0&resourceVersionMatch=Exact",
    422,
    "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""
)]
#[case(
    "resourceVersionMatch=Exact",
    422,
    "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
)]
#[case(
    "sendInitialEvents=true",
    422,
    "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"
)]
#[case(
    "watch=1&sendInitialEvents=true",
    422,
    "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
)]
#[case(
    "watch=1&resourceVersionMatch=NotOlderThan",
    422,
    "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
)]
#[case(
    "continue=abc",
    400,
    "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value"
)]
#[case(
    "resourceVersion=999",
    504,
    "Timeout: Too large resource version: 999, current: 4"
)]
#[case(
    "fieldSelector=data",
    400,
    "invalid selector: 'data'; can't understand 'data'"
)]
#[case(
    "fieldSelector=data.k%3D1",
    400,
    "\"data.k\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
)]
#[tokio::test]
async fn a_list_is_refused(#[case] query: &str, #[case] code: u16, #[case] message: &str) {
    let (answered, body) = last(&[("GET", &format!("{MAPS}?{query}"), "")]).await;
    assert_eq!((answered, body["message"].as_str()), (code, Some(message)));
}

#[tokio::test]
async fn a_list_is_read_in_pages_of_one_revision() {
    let server = server();
    for name in ["a", "b", "c"] {
        let body = json!({"metadata": {"name": name}}).to_string();
        ask(&server, ("POST", MAPS, &body)).await;
    }
    let (_, first) = ask(&server, ("GET", &format!("{MAPS}?limit=2"), "")).await;
    ask(&server, ("DELETE", &format!("{MAPS}/c"), "")).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let rest = format!("{MAPS}?limit=2&continue={token}");
    let (_, second) = ask(&server, ("GET", &rest, "")).await;
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    assert_eq!(second["items"][0]["metadata"]["name"], "c");
    assert_eq!(
        second["metadata"],
        json!({"resourceVersion": first["metadata"]["resourceVersion"]})
    );

    server.compact(server.revision());
    let (code, expired) = ask(&server, ("GET", &rest, "")).await;
    let newest = expired["metadata"]["continue"].as_str().unwrap();
    let (_, third) = ask(&server, ("GET", &format!("{MAPS}?continue={newest}"), "")).await;
    assert_eq!((code, expired["reason"].as_str()), (410, Some("Expired")));
    assert_eq!(third["items"], json!([]));
}

#[rstest]
#[case(&[("POST", MAPS, r#"{"metadata":{"name":"a","generation":7,"uid":"x","deletionTimestamp":"2020-01-01T00:00:00Z"}}"#)], 201, &[("/metadata/generation", json!(7)), ("/metadata/creationTimestamp", json!("2030-01-01T00:00:00Z")), ("/metadata/deletionTimestamp", Value::Null), ("/metadata/resourceVersion", json!("5"))])]
#[case(&[("POST", "/api/v1/namespaces/default/configmaps?dryRun=All", A)], 201, &[("/metadata/name", json!("a")), ("/metadata/resourceVersion", Value::Null)])]
#[case(&[("POST", MAPS, A), ("MERGE", MAP_A, r#"{"data":{"k":"v"}}"#)], 200, &[("/data/k", json!("v")), ("/metadata/resourceVersion", json!("6"))])]
#[case(&[("POST", MAPS, A), ("MERGE", MAP_A, r#"{"data":null}"#)], 200, &[("/metadata/resourceVersion", json!("5"))])]
#[case(&[("POST", MAPS, A), ("DELETE", MAP_A, "")], 200, &[("/status", json!("Success")), ("/details/kind", json!("configmaps")), ("/code", Value::Null)])]
#[case(&[("PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/l", r#"{"metadata":{"name":"l"}}"#)], 201, &[("/kind", json!("Lease"))])]
#[case(&[("POST", "/api/v1/namespaces/default/secrets", r#"{"metadata":{"name":"s"},"stringData":{"a":"b"}}"#)], 201, &[("/data/a", json!("Yg==")), ("/stringData", Value::Null), ("/type", json!("Opaque"))])]
#[case(&[("POST", "/api/v1/namespaces", r#"{"metadata":{"name":"n"}}"#)], 201, &[("/metadata/labels", json!({"kubernetes.io/metadata.name": "n"})), ("/spec/finalizers", json!(["kubernetes"])), ("/status/phase", json!("Active"))])]
#[case(&[("POST", "/api/v1/namespaces", r#"{"metadata":{"name":"n"}}"#), ("DELETE", "/api/v1/namespaces/n", "")], 200, &[("/status/phase", json!("Terminating")), ("/metadata/deletionTimestamp", json!("2030-01-01T00:00:00Z"))])]
#[tokio::test]
async fn a_write_succeeds(
    #[case] steps: &[Step<'_>],
    #[case] code: u16,
    #[case] values: &[(&str, Value)],
) {
    check_success(steps, code, values).await;
}

#[tokio::test]
async fn a_terminating_namespace_takes_nothing_new_and_ends_when_finalized() {
    let namespace = "/api/v1/namespaces/n";
    let steps = [
        ("POST", "/api/v1/namespaces", r#"{"metadata":{"name":"n"}}"#),
        ("DELETE", namespace, ""),
        ("POST", "/api/v1/namespaces/n/configmaps", A),
    ];
    let message = "configmaps \"a\" is forbidden: unable to create new content in namespace n because it is being terminated";
    check_refusal(&steps, 403, "Forbidden", message).await;
    let finalize = r#"{"metadata":{"name":"n"},"spec":{"finalizers":[]}}"#;
    let finalized = [
        steps[0],
        steps[1],
        ("PUT", "/api/v1/namespaces/n/finalize", finalize),
        ("GET", namespace, ""),
    ];
    check_refusal(&finalized, 404, "NotFound", "namespaces \"n\" not found").await;
}

#[rstest]
#[case(&[], &[("/spec/size", json!(1)), ("/metadata/generation", json!(1))])]
#[case(&[("MERGE", WIDGET_W, r#"{"spec":{"size":2},"status":{"phase":"x"}}"#)], &[("/spec/size", json!(2)), ("/status", Value::Null), ("/metadata/generation", json!(2))])]
#[case(&[("MERGE", "/apis/ex.io/v1/namespaces/default/widgets/w/status", r#"{"spec":{"size":2},"status":{"phase":"x"}}"#)], &[("/spec/size", json!(1)), ("/status/phase", json!("x")), ("/metadata/generation", json!(1))])]
#[case(&[("MERGE", WIDGET_W, r#"{"spec":{"size":null,"other":1}}"#)], &[("/spec", json!({"size": 3}))])]
#[case(&[("DELETE", WIDGET_W, r#"{"propagationPolicy":"Foreground"}"#)], &[("/metadata/finalizers", json!(["ex.io/f", "foregroundDeletion"])), ("/metadata/generation", json!(2)), ("/metadata/deletionGracePeriodSeconds", json!(0))])]
#[case(&[("DELETE", WIDGET_W, r#"{"propagationPolicy":"Foreground"}"#), ("DELETE", WIDGET_W, r#"{"propagationPolicy":"Orphan"}"#)], &[("/metadata/finalizers", json!(["ex.io/f", "orphan"]))])]
#[case(&[("DELETE", WIDGET_W, ""), ("MERGE", WIDGET_W, r#"{"metadata":{"deletionTimestamp":null}}"#)], &[("/metadata/deletionTimestamp", json!("2030-01-01T00:00:00Z")), ("/metadata/resourceVersion", json!("9"))])]
#[case(&[("DELETE", WIDGET_W, ""), ("MERGE", WIDGET_W, r#"{"metadata":{"finalizers":null}}"#)], &[("/metadata/resourceVersion", json!("9"))])]
#[tokio::test]
async fn a_custom_object_lives_by_the_rules_of_its_definition(
    #[case] steps: &[Step<'_>],
    #[case] values: &[(&str, Value)],
) {
    let definition = definition();
    let mut all = vec![
        ("POST", CRDS, definition.as_str()),
        ("POST", WIDGETS, WIDGET),
    ];
    all.extend(steps);
    let code = if steps.is_empty() { 201 } else { 200 };
    check_success(&all, code, values).await;
}

#[rstest]
#[case(("POST", WIDGETS, A), 400, "BadRequest", "the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in '{\"metadata\":{\"name\":\"a\"}}' ({\"metadata\":{\"name\":\"a\"}})")]
#[case(("POST", WIDGETS, r#"{"apiVersion":"ex.io/v2","kind":"Widget","metadata":{"name":"a"}}"#), 400, "BadRequest", "the API version in the data (ex.io/v2) does not match the expected API version (ex.io/v1)")]
#[case(("POST", WIDGETS, r#"{"apiVersion":"ex.io/v1","kind":"Widge","metadata":{"name":"a"}}"#), 422, "Invalid", "Widge.ex.io \"a\" is invalid: kind: Invalid value: \"Widge\": must be Widget")]
#[case(("PUT", WIDGET_W, WIDGET), 422, "Invalid", "widgets.ex.io \"w\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update")]
#[case(("MERGE", WIDGET_W, r#"{"spec":{"size":"x"}}"#), 422, "Invalid", "Widget.ex.io \"w\" is invalid: spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"")]
#[tokio::test]
async fn a_write_of_a_custom_object_is_refused(
    #[case] step: Step<'_>,
    #[case] code: u16,
    #[case] reason: &str,
    #[case] message: &str,
) {
    let definition = definition();
    let steps = [
        ("POST", CRDS, definition.as_str()),
        ("POST", WIDGETS, WIDGET),
        step,
    ];
    check_refusal(&steps, code, reason, message).await;
}

#[tokio::test]
async fn a_definition_waits_for_its_instances_and_takes_its_paths_with_it() {
    let server = server();
    let crd = &format!("{CRDS}/widgets.ex.io");
    ask(&server, ("POST", CRDS, &definition())).await;
    ask(&server, ("POST", WIDGETS, WIDGET)).await;
    ask(&server, ("DELETE", crd, "")).await;
    let (_, terminating) = ask(&server, ("GET", crd, "")).await;
    assert_eq!(
        terminating["metadata"]["finalizers"],
        json!(["customresourcecleanup.apiextensions.k8s.io"])
    );
    let free = r#"{"metadata":{"finalizers":null}}"#;
    ask(&server, ("MERGE", WIDGET_W, free)).await;
    assert_eq!(ask(&server, ("GET", crd, "")).await.0, 404);
    let gone = ask(&server, ("GET", WIDGETS, "")).await;
    assert_eq!(gone, (404, json!("404 page not found\n")));
}

#[rstest]
#[case(&[("DELETE", POD_P, "")], &[("/metadata/deletionGracePeriodSeconds", json!(30)), ("/metadata/deletionTimestamp", json!("2030-01-01T00:00:30Z")), ("/metadata/generation", json!(2)), ("/metadata/resourceVersion", json!("6"))])]
#[case(&[("DELETE", POD_P, ""), ("DELETE", POD_P, r#"{"gracePeriodSeconds":50}"#)], &[("/metadata/deletionGracePeriodSeconds", json!(30)), ("/metadata/resourceVersion", json!("6"))])]
#[case(&[("DELETE", POD_P, ""), ("DELETE", POD_P, r#"{"gracePeriodSeconds":5}"#)], &[("/metadata/deletionTimestamp", json!("2030-01-01T00:00:05Z")), ("/metadata/resourceVersion", json!("7"))])]
#[case(&[("DELETE", POD_P, r#"{"gracePeriodSeconds":9223372036854775807}"#)], &[("/metadata/deletionTimestamp", json!("2029-12-31T23:59:59Z"))])]
#[case(&[("DELETE", POD_P, r#"{"gracePeriodSeconds":0}"#)], &[("/metadata/resourceVersion", json!("7"))])]
#[tokio::test]
async fn a_pod_is_deleted_with_grace(#[case] steps: &[Step<'_>], #[case] values: &[(&str, Value)]) {
    let mut all = vec![("POST", PODS, POD)];
    all.extend(steps);
    check_success(&all, 200, values).await;
}

#[tokio::test]
async fn the_same_seed_and_requests_give_the_same_log() {
    let run = async || {
        let server = server();
        server.keep_log_lines();
        ask(&server, ("POST", MAPS, A)).await;
        ask(&server, ("GET", MAP_A, "")).await;
        ask(&server, ("DELETE", MAP_A, "")).await;
        (server.log_digest(), server.log_lines())
    };
    let (first, second) = (run().await, run().await);
    assert_eq!(first, second);
    assert_eq!(
        first.1,
        [
            "2030-01-01T00:00:00Z test create /api/v1/namespaces/default/configmaps 201 5",
            "2030-01-01T00:00:00Z test delete /api/v1/namespaces/default/configmaps/a 200 6"
        ]
    );
}
