//! Admission webhooks behind Services, without sockets.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use rstest::rstest;
use tower::{BoxError, service_fn};

use super::{A, ApiServer, MAP_A, MAPS, ask, server};
use crate::json::{Value, json};

const MUTATING: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const VALIDATING: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const SERVICES: &str = "/api/v1/namespaces/default/services";
const SERVICE: &str = r#"{"metadata":{"name":"hooks"},"spec":{"ports":[{"port":443}]}}"#;

/// What the webhooks of a test were asked, in order.
type Heard = Arc<Mutex<Vec<(String, Value)>>>;

/// A webhook about every write of a ConfigMap, which is called at a path of the Service `hooks`.
fn hook(path: &str) -> Value {
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]});
    json!({
        "name": format!("{path}.ex.io"), "sideEffects": "None", "admissionReviewVersions": ["v1"], "rules": [rule],
        "clientConfig": {"service": {"namespace": "default", "name": "hooks", "path": format!("/{path}")}},
    })
}

/// A server with the Service `hooks` and these configurations, all of whose webhooks give answers by their path.
async fn hooked(
    configurations: &[(&str, &[Value])],
    answer: impl Fn(&str, &Value) -> Result<Value, BoxError> + Clone + Send + 'static,
) -> (ApiServer, Heard) {
    let server = server();
    let heard = Heard::default();
    let noted = Arc::clone(&heard);
    server.set_backend(
        "default",
        "hooks",
        service_fn(move |request: Request<Bytes>| {
            let path = request.uri().path().trim_start_matches('/').to_owned();
            let review: Value = serde_json::from_slice(request.body()).unwrap();
            noted.lock().unwrap().push((path.clone(), review.clone()));
            let answered = answer(&path, &review).map(|mut response| {
                response["uid"] = review["request"]["uid"].clone();
                let review = json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response});
                Response::new(Bytes::from(review.to_string()))
            });
            async move { answered }
        }),
    );
    let (code, answer) = ask(&server, ("POST", SERVICES, SERVICE)).await;
    assert_eq!(code, 201, "{answer}");
    for (index, (kind, hooks)) in configurations.iter().enumerate() {
        let name = format!("c{index}");
        let body = json!({"metadata": {"name": name}, "webhooks": hooks}).to_string();
        let (code, answer) = ask(&server, ("POST", kind, &body)).await;
        assert_eq!(code, 201, "{answer}");
    }
    (server, heard)
}

fn patch(operations: Value) -> Value {
    let patch = BASE64_STANDARD.encode(operations.to_string());
    json!({"allowed": true, "patch": patch, "patchType": "JSONPatch"})
}

#[tokio::test]
async fn webhooks_change_a_write_one_after_the_other_and_then_others_judge_it() {
    let hooks = [
        (VALIDATING, &[hook("judge")][..]),
        (MUTATING, &[hook("first"), hook("second")]),
    ];
    let (server, heard) = hooked(&hooks, |path, review| {
        let data = &review["request"]["object"]["data"];
        Ok(match path {
            "first" => patch(json!([{"op": "add", "path": "/data", "value": {"a": "1"}}])),
            "second" => patch(json!([{"op": "copy", "from": "/data/a", "path": "/data/b"}])),
            _ => json!({"allowed": *data == json!({"a": "1", "b": "1"})}),
        })
    })
    .await;
    let (code, made) = ask(&server, ("POST", MAPS, A)).await;
    assert_eq!((code, &made["data"]), (201, &json!({"a": "1", "b": "1"})));
    let heard = heard.lock().unwrap();
    let paths: Vec<&str> = heard.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["first", "second", "judge"]);
    let judged = &heard[2].1["request"]["object"]["metadata"];
    assert_eq!(judged["uid"], made["metadata"]["uid"]);
    assert_eq!(
        heard[0].1["request"]["object"]["metadata"]["uid"],
        Value::Null
    );
}

#[rstest]
#[case::denied(hook("a"), Ok(json!({"allowed": false, "status": {"message": "no"}})), 400, "admission webhook \"a.ex.io\" denied the request: no")]
#[case::unexplained(hook("a"), Ok(json!({"allowed": false})), 400, "admission webhook \"a.ex.io\" denied the request without explanation")]
#[case::broken(
    hook("a"),
    Err("oh"),
    500,
    "Internal error occurred: failed calling webhook \"a.ex.io\": failed to call webhook: Post \"https://hooks.default.svc:443/a?timeout=10s\": oh"
)]
#[case::patched(hook("a"), Ok(patch(json!([]))), 500, "Internal error occurred: failed calling webhook \"a.ex.io\": received invalid webhook response: validating webhook may not return response.patch")]
#[tokio::test]
async fn what_a_webhook_denies_is_refused(
    #[case] hook: Value,
    #[case] answer: Result<Value, &'static str>,
    #[case] code: u16,
    #[case] message: &str,
) {
    let answer = move |_: &str, _: &Value| answer.clone().map_err(BoxError::from);
    let (server, _) = hooked(&[(VALIDATING, &[hook])], answer).await;
    let (answered, body) = ask(&server, ("POST", MAPS, A)).await;
    assert_eq!((answered, &body["message"]), (code, &message.into()));
    let (code, _) = ask(&server, ("GET", MAP_A, "")).await;
    assert_eq!(code, 404);
}

#[rstest]
#[case::ignored(json!({"failurePolicy": "Ignore"}), MAPS, 201, 1)]
#[case::other_name(json!({"matchConditions": [{"name": "n", "expression": "object.metadata.name != 'a'"}]}), MAPS, 201, 0)]
#[case::other_labels(json!({"objectSelector": {"matchLabels": {"l": "1"}}}), MAPS, 201, 0)]
#[case::dry(json!({}), "/api/v1/namespaces/default/configmaps?dryRun=All", 500, 1)]
#[case::no_service(json!({"clientConfig": {"service": {"namespace": "default", "name": "none"}}}), MAPS, 500, 0)]
#[case::no_port(json!({"clientConfig": {"service": {"namespace": "default", "name": "hooks", "port": 80}}}), MAPS, 500, 0)]
#[tokio::test]
async fn a_webhook_that_fails_is_called_where_it_is_meant(
    #[case] fields: Value,
    #[case] path: &str,
    #[case] code: u16,
    #[case] n_calls: usize,
) {
    let mut hook = hook("a");
    for (field, value) in fields.as_object().unwrap() {
        hook[field.as_str()] = value.clone();
    }
    let answer = |_: &str, _: &Value| Err(BoxError::from("oh"));
    let (server, heard) = hooked(&[(VALIDATING, &[hook])], answer).await;
    let (answered, body) = ask(&server, ("POST", path, A)).await;
    assert_eq!(answered, code, "{body}");
    assert_eq!(heard.lock().unwrap().len(), n_calls);
}

#[tokio::test]
async fn a_webhook_is_called_again_after_a_later_one_has_changed_the_object() {
    let mut first = hook("first");
    first["reinvocationPolicy"] = "IfNeeded".into();
    let hooks = [(MUTATING, &[first, hook("second")][..])];
    let (server, heard) = hooked(&hooks, |path, _| {
        Ok(match path {
            "second" => patch(json!([{"op": "add", "path": "/data", "value": {"k": "v"}}])),
            _ => json!({"allowed": true}),
        })
    })
    .await;
    let (code, _) = ask(&server, ("POST", MAPS, A)).await;
    assert_eq!(code, 201);
    let heard = heard.lock().unwrap();
    let paths: Vec<&str> = heard.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["first", "second", "first"]);
}

#[tokio::test]
async fn a_write_that_others_overtake_while_a_webhook_is_asked_is_judged_anew() {
    let (server, heard) = hooked(&[(VALIDATING, &[hook("a")])], |_, _| {
        Ok(json!({"allowed": true}))
    })
    .await;
    let (code, _) = ask(&server, ("POST", MAPS, A)).await;
    assert_eq!(code, 201);
    let patch = |body| ask(&server, ("MERGE", MAP_A, body));
    let (one, other) = futures::join!(
        patch(r#"{"data":{"a":"1"}}"#),
        patch(r#"{"data":{"b":"2"}}"#)
    );
    assert_eq!((one.0, other.0), (200, 200));
    let (_, stored) = ask(&server, ("GET", MAP_A, "")).await;
    assert_eq!(stored["data"], json!({"a": "1", "b": "2"}));
    let last = heard.lock().unwrap().last().cloned().unwrap().1;
    assert_eq!(
        last["request"]["object"]["data"],
        json!({"a": "1", "b": "2"})
    );
}

#[tokio::test]
async fn a_collection_is_deleted_once_every_deletion_was_asked_about() {
    let (server, heard) = hooked(&[(VALIDATING, &[hook("a")])], |_, _| {
        Ok(json!({"allowed": true}))
    })
    .await;
    for name in ["a", "b"] {
        let body = json!({"metadata": {"name": name}}).to_string();
        let (code, _) = ask(&server, ("POST", MAPS, &body)).await;
        assert_eq!(code, 201);
    }
    let (code, gone) = ask(&server, ("DELETE", MAPS, "")).await;
    assert_eq!(
        (code, gone["items"].as_array().map(Vec::len)),
        (200, Some(2))
    );
    assert_eq!(heard.lock().unwrap().len(), 4);
}
