//! Custom resources whose versions a webhook behind a Service turns into each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use tower::{BoxError, service_fn};

use super::bounded::{heard, watch};
use super::{ApiServer, CRDS, ask, server};
use crate::json::{Value, json};

const SERVICE: &str = r#"{"metadata":{"name":"hooks"},"spec":{"ports":[{"port":443}]}}"#;
const ONE: &str = "/apis/ex.io/v1/namespaces/default/widgets";
const TWO: &str = "/apis/ex.io/v2/namespaces/default/widgets";

/// What the webhook of a test does.
#[derive(Default)]
struct Hook {
    n_calls: AtomicUsize,
    is_broken: AtomicBool,
}

/// Widgets whose `size` in `v1`, the version of the storage, is called `length` in `v2`.
async fn converting() -> (ApiServer, Arc<Hook>) {
    let (server, hook) = (server(), Arc::new(Hook::default()));
    let behind = Arc::clone(&hook);
    server.set_backend(
        "default",
        "hooks",
        service_fn(move |request: Request<Bytes>| {
            let answer = answer(&behind, &request);
            async move { answer }
        }),
    );
    let version = |name: &str, storage: bool, field: &str| {
        let spec = json!({"type": "object", "properties": {field: {"type": "integer"}}});
        let schema = json!({"type": "object", "properties": {"spec": spec}});
        json!({"name": name, "served": true, "storage": storage, "schema": {"openAPIV3Schema": schema}})
    };
    let client = json!({"service": {"namespace": "default", "name": "hooks"}});
    let definition = json!({"metadata": {"name": "widgets.ex.io"}, "spec": {
        "group": "ex.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
        "conversion": {"strategy": "Webhook", "webhook": {"clientConfig": client, "conversionReviewVersions": ["v1"]}},
        "versions": [version("v1", true, "size"), version("v2", false, "length")],
    }});
    for (path, body) in [
        ("/api/v1/namespaces/default/services", SERVICE.to_owned()),
        (CRDS, definition.to_string()),
    ] {
        let (code, answer) = ask(&server, ("POST", path, &body)).await;
        assert_eq!(code, 201, "{answer}");
    }
    (server, hook)
}

fn answer(hook: &Hook, request: &Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
    hook.n_calls.fetch_add(1, Ordering::Relaxed);
    if hook.is_broken.load(Ordering::Relaxed) {
        return Err("oh".into());
    }
    let review: Value = serde_json::from_slice(request.body())?;
    let asked = &review["request"];
    let mut object = asked["objects"][0].clone();
    let (old, new) = match asked["desiredAPIVersion"] == "ex.io/v2" {
        true => ("size", "length"),
        false => ("length", "size"),
    };
    object["apiVersion"] = asked["desiredAPIVersion"].clone();
    object["spec"] = json!({new: object["spec"][old]});
    let response =
        json!({"uid": asked["uid"], "result": {"status": "Success"}, "convertedObjects": [object]});
    let review = json!({
        "kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1", "response": response,
    });
    Ok(Response::new(Bytes::from(review.to_string())))
}

fn widget(version: &str, name: &str, spec: Value) -> String {
    let widget = json!({
        "apiVersion": format!("ex.io/{version}"), "kind": "Widget", "metadata": {"name": name}, "spec": spec,
    });
    widget.to_string()
}

#[tokio::test]
async fn an_object_is_stored_in_one_version_and_shown_in_each() {
    let (server, _) = converting().await;
    let body = widget("v2", "a", json!({"length": 2}));
    let (code, made) = ask(&server, ("POST", TWO, &body)).await;
    assert_eq!((code, &made["spec"]), (201, &json!({"length": 2})));
    let (_, stored) = ask(&server, ("GET", &format!("{ONE}/a"), "")).await;
    assert_eq!(stored["spec"], json!({"size": 2}));
    let patch = r#"{"spec":{"length":3}}"#;
    let (code, patched) = ask(&server, ("MERGE", &format!("{TWO}/a"), patch)).await;
    assert_eq!((code, &patched["spec"]), (200, &json!({"length": 3})));
    let (_, all) = ask(&server, ("GET", TWO, "")).await;
    assert_eq!(all["items"][0]["spec"], json!({"length": 3}));
}

#[tokio::test]
async fn a_state_is_converted_once_for_all_who_list_and_watch() {
    let (server, hook) = converting().await;
    for name in ["a", "b"] {
        let body = widget("v1", name, json!({"size": 1}));
        assert_eq!(ask(&server, ("POST", ONE, &body)).await.0, 201);
    }
    assert_eq!(hook.n_calls.load(Ordering::Relaxed), 0);
    let mut watches = [watch(&server, TWO, 0).await, watch(&server, TWO, 0).await];
    ask(&server, ("GET", TWO, "")).await;
    for watch in &mut watches {
        assert_eq!(heard(watch).await, ["ADDED", "ADDED"]);
    }
    assert_eq!(hook.n_calls.load(Ordering::Relaxed), 2);
    let patch = r#"{"spec":{"size":2}}"#;
    ask(&server, ("MERGE", &format!("{ONE}/a"), patch)).await;
    ask(&server, ("DELETE", &format!("{ONE}/b"), "")).await;
    for watch in &mut watches {
        assert_eq!(heard(watch).await, ["MODIFIED", "DELETED"]);
    }
    assert_eq!(hook.n_calls.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn where_the_webhook_fails_nothing_is_shown_or_stored() {
    let (server, hook) = converting().await;
    let body = widget("v1", "a", json!({"size": 1}));
    ask(&server, ("POST", ONE, &body)).await;
    hook.is_broken.store(true, Ordering::Relaxed);
    let why = |version: &str| {
        format!(
            "conversion webhook for ex.io/{version}, Kind=Widget failed: Post \"https://hooks.default.svc:443/?timeout=30s\": oh"
        )
    };
    let (code, refused) = ask(&server, ("GET", &format!("{TWO}/a"), "")).await;
    assert_eq!((code, &refused["message"]), (500, &why("v1").into()));
    let body = widget("v2", "b", json!({"length": 1}));
    let (code, refused) = ask(&server, ("POST", TWO, &body)).await;
    assert_eq!((code, &refused["message"]), (500, &why("v2").into()));
    let (code, _) = ask(&server, ("GET", TWO, "")).await;
    assert_eq!(code, 429);
    let (_, all) = ask(&server, ("GET", ONE, "")).await;
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_watch_that_cannot_be_told_of_a_change_ends() {
    let (server, hook) = converting().await;
    let mut watch = watch(&server, TWO, server.revision()).await;
    hook.is_broken.store(true, Ordering::Relaxed);
    let body = widget("v1", "a", json!({"size": 1}));
    ask(&server, ("POST", ONE, &body)).await;
    assert_eq!(heard(&mut watch).await, [""; 0]);
    let end = futures::future::poll_immediate(http_body_util::BodyExt::frame(watch.body_mut()));
    assert!(matches!(end.await, Some(None)));
}
