//! The API over TLS, as clients other than our own see it.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

#[path = "serving/server.rs"]
mod serving;

use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::faults::{Disturbance, Fault, Faults, Rule, Verbs};
use arc_simulator::http::service::ApiServer;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use http::HeaderName;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use rstest::rstest;
use serde_json::{Value, json};
use serving::Serving;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};

async fn serving() -> Serving {
    Serving::of(&ApiServer::new(Clock::virtual_from(EPOCH), 1)).await
}

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"a": "b"}})).unwrap()
}

#[tokio::test]
async fn a_client_with_the_kubeconfig_creates_reads_changes_watches_and_deletes() {
    let serving = serving().await;
    let api: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    let watch = api.watch(&WatchParams::default(), "0").await.unwrap();
    let created = api
        .create(&PostParams::default(), &config_map("one"))
        .await
        .unwrap();
    let patch = Patch::Merge(json!({"data": {"a": "c"}}));
    api.patch("one", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let read = api.get("one").await.unwrap();
    let listed = api.list(&ListParams::default()).await.unwrap();
    api.delete("one", &DeleteParams::default()).await.unwrap();
    let events: Vec<&str> = watch
        .take(4)
        .map_ok(|event| match event {
            WatchEvent::Added(_) => "added",
            WatchEvent::Modified(_) => "modified",
            WatchEvent::Deleted(_) => "deleted",
            WatchEvent::Bookmark(_) => "the end of the state",
            WatchEvent::Error(_) => "error",
        })
        .try_collect()
        .await
        .unwrap();
    assert_eq!(created.metadata.uid, read.metadata.uid);
    assert_eq!(read.data.unwrap()["a"], "c");
    assert_eq!(listed.items.len(), 1);
    let expected = ["the end of the state", "added", "modified", "deleted"];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn a_client_with_another_token_is_turned_away() {
    let mut serving = serving().await;
    serving.access.token.push('x');
    let api: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    let refused = api.list(&ListParams::default()).await.unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused}");
    };
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
}

/// A connection over HTTP/2.
async fn http2(serving: &Serving) -> http2::SendRequest<Empty<Bytes>> {
    let stream = serving.tls(&["h2", "http/1.1"]).await;
    let protocol = stream.get_ref().1.alpn_protocol();
    assert_eq!(protocol, Some(b"h2".as_slice()));
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

fn request(serving: &Serving, path: &str) -> http::Request<Empty<Bytes>> {
    http::Request::get(format!("{}{path}", serving.access.url))
        .header("authorization", format!("Bearer {}", serving.access.token))
        .header("host", "localhost")
        .body(Empty::new())
        .unwrap()
}

/// The next event of a watch.
async fn event(watch: &mut Incoming) -> Value {
    let line = watch.frame().await.unwrap().unwrap().into_data().unwrap();
    serde_json::from_slice(&line).unwrap()
}

/// Where whoever asks for Secrets is to connect anew.
async fn serving_that_ends_connections() -> (ApiServer, Serving) {
    let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
    let fault = Fault::Disturb(Disturbance::GoAway);
    let rule = Rule::new("test", Verbs::Any, fault).resource("secrets");
    server.set_faults(Faults::from_rules(vec![rule]));
    let serving = Serving::of(&server).await;
    (server, serving)
}

#[tokio::test]
async fn an_http2_connection_that_takes_no_more_requests_carries_its_watch_to_the_end() {
    let (server, serving) = serving_that_ends_connections().await;
    let mut sender = http2(&serving).await;
    let maps = request(&serving, "/api/v1/configmaps?watch=true");
    let mut watch = sender.send_request(maps).await.unwrap().into_body();
    let secrets = request(&serving, "/api/v1/secrets");
    let answer = sender.send_request(secrets).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("connection"), None);
    answer.into_body().collect().await.unwrap();
    // GOAWAY may come after the answer; whoever asks once more by then has to connect anew.
    let version = || request(&serving, "/version");
    while sender.send_request(version()).await.is_ok() {}
    let maps = Api::default_namespaced(server.client("user"));
    let created = maps
        .create(&PostParams::default(), &config_map("one"))
        .await;
    created.unwrap();
    assert_eq!(event(&mut watch).await["object"]["metadata"]["name"], "one");
    let mut sender = http2(&serving).await;
    let secrets = request(&serving, "/api/v1/secrets");
    assert_eq!(sender.send_request(secrets).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_http1_connection_that_takes_no_more_requests_ends_with_its_answer() {
    let (_, serving) = serving_that_ends_connections().await;
    let stream = TokioIo::new(serving.tls(&["http/1.1"]).await);
    let (mut sender, connection) = http1::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    for (path, expected) in [("/version", None), ("/api/v1/secrets", Some("close"))] {
        let answer = sender.send_request(request(&serving, path)).await.unwrap();
        let said = answer.headers().get("connection");
        assert_eq!(said.map(|value| value.to_str().unwrap()), expected);
        answer.into_body().collect().await.unwrap();
    }
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_http2_connection_carries_a_watch_and_other_requests() {
    let serving = serving().await;
    let mut sender = http2(&serving).await;
    let namespaces = request(&serving, "/api/v1/namespaces?watch=true");
    let mut watch = sender.send_request(namespaces).await.unwrap().into_body();
    let event = event(&mut watch).await;
    let version = request(&serving, "/version");
    let version = sender.send_request(version).await.unwrap();
    assert!(version.headers().contains_key("audit-id"));
    let version = version.into_body().collect().await.unwrap().to_bytes();
    let version: Value = serde_json::from_slice(&version).unwrap();
    assert_eq!(event["object"]["metadata"]["name"], "default");
    assert_eq!(
        (&version["major"], &version["minor"]),
        (&json!("1"), &json!("34"))
    );
}

#[tokio::test]
async fn clients_that_misbehave_lose_their_own_connection_only() {
    let serving = serving().await;
    let mut babbler = serving.tcp().await;
    babbler.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let silent = serving.tcp().await;
    drop(serving.tcp().await);
    let api: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    api.create(&PostParams::default(), &config_map("one"))
        .await
        .unwrap();
    let mut answer = Vec::new();
    babbler.read_to_end(&mut answer).await.unwrap_or_default();
    assert!(!answer.starts_with(b"HTTP"));
    drop(silent);
}

#[tokio::test]
async fn a_stopped_server_ends_open_watches_and_closes_its_port() {
    let serving = serving().await;
    let api: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    let watch = api.watch(&WatchParams::default(), "0").await.unwrap();
    let url = serving.access.url.clone();
    serving.end().await;
    let rest: Vec<_> = watch.collect().await;
    let is_expected = |event| matches!(event, &Err(_) | &Ok(WatchEvent::Bookmark(_)));
    assert!(rest.iter().all(is_expected));
    let port = url.strip_prefix("https://").unwrap();
    assert!(TcpStream::connect(port).await.is_err());
}

/// A watch of the namespace `default` that asks for a WebSocket with these headers besides, and the status that answers.
async fn web_socket(
    serving: &Serving,
    headers: &[(&str, &str)],
) -> Result<WebSocketStream<TlsStream<TcpStream>>, u16> {
    const WATCH: &str = "/api/v1/namespaces?watch=1&fieldSelector=metadata.name=default";
    let host = serving.access.url.strip_prefix("https://").unwrap();
    let mut request = format!("wss://{host}{WATCH}")
        .into_client_request()
        .unwrap();
    let bearer = format!("Bearer {}", serving.access.token);
    for (name, value) in [&[("authorization", bearer.as_str())], headers].concat() {
        let name = HeaderName::try_from(name).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let stream = serving.tls(&["http/1.1"]).await;
    let opened = client_async(request, stream).await;
    opened
        .map(|(socket, _)| socket)
        .map_err(|error| match error {
            tungstenite::Error::Http(response) => response.status().as_u16(),
            other => unreachable!("{other}"),
        })
}

const ORIGIN: (&str, &str) = ("origin", "https://example.org");

#[tokio::test]
async fn a_web_socket_tells_events_as_messages() {
    let serving = serving().await;
    let mut socket = web_socket(&serving, &[ORIGIN]).await.unwrap();
    let first = socket.next().await.unwrap().unwrap();
    let event: Value = serde_json::from_str(first.to_text().unwrap()).unwrap();
    assert_eq!(
        (&event["type"], &event["object"]["metadata"]["name"]),
        (&json!("ADDED"), &json!("default"))
    );

    let namespaces: Api<Namespace> = Api::all(serving.client().await);
    let patch = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    namespaces
        .patch("default", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let second = socket.next().await.unwrap().unwrap();
    let event: Value = serde_json::from_str(second.to_text().unwrap()).unwrap();
    assert_eq!(event["type"], "MODIFIED");
}

#[tokio::test]
async fn a_web_socket_tells_protobuf_without_its_length() {
    let serving = serving().await;
    let accept = ("accept", "application/vnd.kubernetes.protobuf");
    let mut socket = web_socket(&serving, &[ORIGIN, accept]).await.unwrap();
    let first = socket.next().await.unwrap().unwrap().into_data();
    assert_eq!(first[..7], *b"\n\x05ADDED");
}

/// Source: kube-apiserver v1.34.3.
#[rstest]
#[case::no_origin(&[], 403)]
#[case::another_version(&[ORIGIN, ("sec-websocket-version", "8")], 400)]
#[case::two_protocols(&[ORIGIN, ("sec-websocket-protocol", "a, b")], 400)]
#[tokio::test]
async fn a_web_socket_is_asked_for_as_it_should(
    #[case] headers: &[(&str, &str)],
    #[case] code: u16,
) {
    let refused = web_socket(&serving().await, headers).await.unwrap_err();
    assert_eq!(refused, code);
}
