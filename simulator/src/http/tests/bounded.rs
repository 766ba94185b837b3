//! A server that forgets what does not fit into its window.

use futures::future::poll_immediate;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

use super::{A, MAP_A, MAPS, ask, server};
use crate::http::body::ResponseBody;
use crate::http::service::ApiServer;
use crate::json::Value;
use crate::store::window::Window;

const SMALL: Window = Window {
    n_events: 8,
    n_bytes: usize::MAX,
};
const SECRETS: &str = "/api/v1/namespaces/default/secrets";

pub(super) async fn watch(server: &ApiServer, path: &str, revision: u64) -> Response<ResponseBody> {
    let uri = format!("{path}?watch=1&resourceVersion={revision}");
    let request = Request::get(uri).body(Full::<bytes::Bytes>::default());
    let answer = server.service("test").oneshot(request.unwrap()).await;
    answer.unwrap()
}

/// The types of what a watch has to tell now.
pub(super) async fn heard(watch: &mut Response<ResponseBody>) -> Vec<String> {
    let mut heard = Vec::new();
    while let Some(Some(frame)) = poll_immediate(watch.body_mut().frame()).await {
        let line = frame.unwrap().into_data().unwrap();
        let event: Value = serde_json::from_slice(&line).unwrap();
        heard.push(event["type"].as_str().unwrap().to_owned());
    }
    heard
}

/// Writes to one object until its creation is long forgotten.
async fn write_on(server: &ApiServer) {
    assert_eq!(ask(server, ("POST", MAPS, A)).await.0, 201);
    for n in 0..20 {
        let patch = format!(r#"{{"data":{{"n":"{n}"}}}}"#);
        assert_eq!(ask(server, ("MERGE", MAP_A, &patch)).await.0, 200);
    }
}

#[tokio::test]
async fn what_has_left_the_window_is_too_old() {
    let server = server();
    server.bound_history(SMALL);
    let before = server.revision();
    let mut slow = watch(&server, MAPS, before).await;
    let mut idle = watch(&server, SECRETS, before).await;
    write_on(&server).await;

    assert_eq!(
        heard(&mut watch(&server, MAPS, before).await).await,
        ["ERROR"]
    );
    assert_eq!(heard(&mut slow).await, ["ERROR"]);
    let exact = format!("{MAPS}?resourceVersion={before}&resourceVersionMatch=Exact");
    assert_eq!(ask(&server, ("GET", &exact, "")).await.0, 410);
    let recent = server.revision() - 2;
    assert_eq!(
        heard(&mut watch(&server, MAPS, recent).await).await,
        ["MODIFIED", "MODIFIED"]
    );

    assert_eq!(heard(&mut idle).await, [""; 0]);
    let secret = r#"{"metadata":{"name":"s"}}"#;
    assert_eq!(ask(&server, ("POST", SECRETS, secret)).await.0, 201);
    assert_eq!(heard(&mut idle).await, ["ADDED"]);
}

#[tokio::test]
async fn without_a_window_all_history_is_kept() {
    let server = server();
    let before = server.revision();
    write_on(&server).await;
    let all = heard(&mut watch(&server, MAPS, before).await).await;
    assert_eq!((all.len(), all[0].as_str()), (21, "ADDED"));
}
