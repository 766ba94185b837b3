//! Clients that mean no good, over real sockets: each gets a clear answer or nothing, and another client works on.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

#[path = "serving/server.rs"]
mod serving;

use std::fmt::Write;

use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::http::service::ApiServer;
use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams, PostParams};
use rstest::rstest;
use serde_json::{Value, json};
use serving::Serving;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

async fn serving() -> (ApiServer, Serving) {
    let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
    let serving = Serving::of(&server).await;
    (server, serving)
}

/// Shows that the server still works for others and ends when it is told to.
async fn works_on(serving: Serving) {
    let maps: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    let map = serde_json::from_value(json!({"metadata": {"name": "works"}})).unwrap();
    maps.create(&PostParams::default(), &map).await.unwrap();
    assert_eq!(
        maps.get("works").await.unwrap().metadata.name.as_deref(),
        Some("works")
    );
    serving.end().await;
}

/// The beginning of a request, up to the empty line.
fn head(serving: &Serving, (method, target): (&[u8], &[u8]), headers: &str) -> Vec<u8> {
    let token = &serving.access.token;
    let rest = format!(" HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{headers}\r\n");
    [method, b" ", target, rest.as_bytes()].concat()
}

/// Code and body of the answer to bytes on a connection of their own.
async fn say(serving: &Serving, request: &[u8]) -> (u16, String) {
    let mut stream = serving.tls(&["http/1.1"]).await;
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap_or_default();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    (code, body.to_owned())
}

/// Code and message of the answer to a request without a body.
async fn get(serving: &Serving, target: &[u8]) -> (u16, String) {
    let request = head(serving, (b"GET", target), "connection: close\r\n");
    let (code, body) = say(serving, &request).await;
    (code, message(body))
}

/// Code and message of the answer to the creation of an object.
async fn post(serving: &Serving, media_type: &str, body: &[u8]) -> (u16, String) {
    let length = body.len();
    let headers =
        format!("connection: close\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n");
    let head = head(serving, (b"POST", MAPS.as_bytes()), &headers);
    let (code, body) = say(serving, &[head.as_slice(), body].concat()).await;
    (code, message(body))
}

/// What a Status says; nothing of another object, and a text that is none as it is.
fn message(body: String) -> String {
    match serde_json::from_str::<Value>(&body) {
        Ok(answer) => answer["message"].as_str().unwrap_or_default().to_owned(),
        Err(_) => body,
    }
}

/// The answer to a request in that protocol.
async fn ask(serving: &Serving, protocol: &str, target: &str) -> Response<Incoming> {
    let io = TokioIo::new(serving.tls(&[protocol]).await);
    let token = &serving.access.token;
    let uri = match protocol {
        "h2" => format!("{}{target}", serving.access.url),
        _ => target.to_owned(),
    };
    let request = Request::get(uri)
        .header("host", "x")
        .header("authorization", format!("Bearer {token}"))
        .body(Empty::<Bytes>::new())
        .unwrap();
    let response = if protocol == "h2" {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                .await
                .unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await
    };
    response.unwrap()
}

/// An open watch of the maps, in that protocol.
async fn watch(serving: &Serving, protocol: &str) -> Incoming {
    ask(serving, protocol, &format!("{MAPS}?watch=true"))
        .await
        .into_body()
}

/// How many events a watch brings until one of type `last`.
async fn events_until(mut watch: Incoming, last: &str) -> (usize, Value) {
    let (mut n_events, mut rest) = (0, Vec::new());
    loop {
        let frame = watch.frame().await.unwrap().unwrap();
        rest.extend_from_slice(&frame.into_data().unwrap());
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let event: Value = serde_json::from_slice(&line).unwrap();
            if event["type"] == last {
                return (n_events, event);
            }
            n_events += 1;
        }
    }
}

#[rstest]
#[case("http/1.1")]
#[case("h2")]
#[tokio::test]
async fn a_watcher_that_does_not_read_is_not_waited_for_and_nothing_is_kept_for_it(
    #[case] protocol: &str,
) {
    const N_WRITES: usize = 4_000;
    let (server, serving) = serving().await;
    let silent = watch(&serving, protocol).await;
    let other = tokio::spawn(events_until(watch(&serving, protocol).await, "DELETED"));
    let maps: Api<ConfigMap> = Api::default_namespaced(server.client("writer"));
    let map = serde_json::from_value(json!({"metadata": {"name": "a"}})).unwrap();
    maps.create(&PostParams::default(), &map).await.unwrap();
    for n in 0..N_WRITES {
        let patch = Patch::Merge(json!({"data": {"n": n.to_string(), "x": "x".repeat(10_000)}}));
        maps.patch("a", &PatchParams::default(), &patch)
            .await
            .unwrap();
    }
    maps.delete("a", &Default::default()).await.unwrap();
    assert_eq!(other.await.unwrap().0, 1 + N_WRITES);
    server.compact(server.revision());
    let (n_events, error) = events_until(silent, "ERROR").await;
    assert_eq!(error["object"]["code"], 410);
    // What is under way is in the buffers of hyper and of both sockets.
    assert!(n_events < N_WRITES / 2, "{n_events}");
    works_on(serving).await;
}

#[tokio::test]
async fn connections_that_stay_half_open_harm_nobody() {
    let (_, serving) = serving().await;
    let silent = join_all((0..200).map(|_| serving.tcp())).await;
    let request = (b"POST".as_slice(), MAPS.as_bytes());
    let whole = head(&serving, request, "content-length: 100\r\n");
    let mut halves = Vec::new();
    for part in [
        b"".as_slice(),
        &whole[..20],
        &whole,
        &[whole.as_slice(), b"{"].concat(),
    ] {
        let mut stream = serving.tls(&["http/1.1"]).await;
        stream.write_all(part).await.unwrap();
        halves.push(stream);
    }
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut stream = serving.tls(&["h2"]).await;
    stream.write_all(preface).await.unwrap();
    works_on(serving).await;
    drop((silent, halves, stream));
}

#[tokio::test]
async fn ten_thousand_connections_may_come_and_go() {
    let (_, serving) = serving().await;
    for _ in 0..100 {
        let mut connections = join_all((0..100).map(|_| serving.tcp())).await;
        // The server greets them in turn: once it has hung up on the last, it has met them all.
        let last = connections.last_mut().unwrap();
        last.write_all(b"no TLS").await.unwrap();
        last.read_to_end(&mut Vec::new()).await.unwrap_or_default();
    }
    works_on(serving).await;
}

#[rstest]
#[case::just_small_enough(BODY_BYTES_MAX, 201, "")]
#[case::too_large(BODY_BYTES_MAX + 1, 413, "Request entity too large: limit is 3145728")]
#[tokio::test]
async fn a_body_has_three_mebibytes_at_most(
    #[case] n_bytes: usize,
    #[case] code: u16,
    #[case] told: &str,
) {
    let (_, serving) = serving().await;
    let mut body = br#"{"metadata":{"name":"a"}}"#.to_vec();
    body.resize(n_bytes, b' ');
    let answer = post(&serving, "application/json", &body).await;
    assert_eq!(answer, (code, told.to_owned()));
    works_on(serving).await;
}

#[rstest]
#[case::cut_short(b"{\"a\":", "unexpected end of JSON input ({\"a\":)")]
#[case::nothing_but_space(&[b' '; 100], "unexpected end of JSON input (202020202020202020202020202020202020202020202020202020202020 ...)")]
#[case::no_comma(
    b"{\"a\":1 \"b\"}",
    "invalid character '\"' after object key:value pair ({\"a\":1 \"b\"})"
)]
#[case::utf_16(
    b"\xff\xfe{}",
    "invalid character '\u{ff}' looking for beginning of value (fffe7b7d)"
)]
#[case::deep(&[b'['; 100_000], "invalid character '[' exceeded max depth (5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b ...)")]
#[tokio::test]
async fn a_body_that_is_no_json_is_refused(#[case] body: &[u8], #[case] why: &str) {
    let (_, serving) = serving().await;
    let answer = post(&serving, "application/json", body).await;
    let told = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error:";
    assert_eq!(answer, (400, format!("{told} {why}")));
    works_on(serving).await;
}

/// Lists of nine aliases, each of the list before.
fn bomb() -> Vec<u8> {
    let mut text = "a0: &a0 [ha,ha,ha,ha,ha,ha,ha,ha,ha]\n".to_owned();
    for n in 1..10 {
        writeln!(
            text,
            "a{n}: &a{n} [{}]",
            vec![format!("*a{}", n - 1); 9].join(",")
        )
        .unwrap();
    }
    text.into()
}

#[rstest]
#[case::billion_laughs(&bomb(), "document contains excessive aliasing (61303a20266130205b68612c68612c68612c68612c68612c68612c68612c ...)")]
#[case::deep(&[b'['; 100_000], "exceeded max depth of 127 (5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b ...)")]
#[case::no_utf_8(b"a: \xff", "invalid leading UTF-8 octet (613a20ff)")]
#[tokio::test]
async fn a_body_that_is_no_good_yaml_is_refused(#[case] body: &[u8], #[case] why: &str) {
    let (_, serving) = serving().await;
    let answer = post(&serving, "application/yaml", body).await;
    let told = "the object provided is unrecognized (must be of type ConfigMap): yaml:";
    assert_eq!(answer, (400, format!("{told} {why}")));
    works_on(serving).await;
}

#[rstest]
#[case::no_utf_8(b"/%ff", 404, "configmaps \"\u{fffd}\" not found")]
#[case::no_digits(b"/%zz", 400, "400 Bad Request")]
#[case::no_character(b"/\xff", 400, "")]
#[case::in_the_query(
    b"?labelSelector=a%3D%ff",
    400,
    "unable to parse requirement: values[0][a]: Invalid value: \"\u{fffd}\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)]
#[case::a_parameter_without_digits(b"?labelSelector=%zz", 200, "")]
#[tokio::test]
async fn a_url_that_is_no_text_is_answered(
    #[case] rest: &[u8],
    #[case] code: u16,
    #[case] told: &str,
) {
    let (_, serving) = serving().await;
    let answer = get(&serving, &[MAPS.as_bytes(), rest].concat()).await;
    assert_eq!(answer, (code, told.to_owned()));
    works_on(serving).await;
}

/// `n` terms with commas between them.
fn terms(n: usize, term: impl Fn(usize) -> String) -> String {
    (0..n).map(term).collect::<Vec<_>>().join(",")
}

#[rstest]
#[case::labels(&format!("labelSelector={}", terms(7_000, |n| format!("k{n}=v"))), 200, "")]
#[case::values(&format!("labelSelector=a+in+({})", terms(9_000, |n| format!("v{n}"))), 200, "")]
#[case::fields(&format!("fieldSelector={}", terms(3_000, |n| format!("metadata.name={n}"))), 200, "")]
#[case::a_broken_end(&format!("labelSelector={},=", terms(7_000, |n| format!("k{n}=v"))), 400, "found '=', expected: identifier after ','")]
#[case::brackets(&format!("labelSelector={}", "(".repeat(60_000)), 400, "found '(', expected: !, identifier, or 'end of string'")]
#[case::too_long(&format!("labelSelector={}", "k".repeat(70_000)), 414, "")]
#[tokio::test]
async fn a_selector_may_be_long_as_a_url_may_be(
    #[case] query: &str,
    #[case] code: u16,
    #[case] told: &str,
) {
    let (_, serving) = serving().await;
    let answer = get(&serving, format!("{MAPS}?{query}").as_bytes()).await;
    assert_eq!(answer, (code, told.to_owned()));
    works_on(serving).await;
}

#[rstest]
#[case("http/1.1")]
#[case("h2")]
#[tokio::test]
async fn a_selector_may_be_long_in_every_protocol(#[case] protocol: &str) {
    let (_, serving) = serving().await;
    let labels = terms(7_000, |n| format!("k{n}=v"));
    let answer = ask(
        &serving,
        protocol,
        &format!("{MAPS}?labelSelector={labels}"),
    )
    .await;
    assert_eq!(answer.status(), 200);
    works_on(serving).await;
}

#[rstest]
#[case::unknown((0..100_000).map(|n| format!("\"x{n}\":1,")).collect(), 100)]
#[case::long((0..100).map(|n| format!("\"x{n}{}\":1,", "y".repeat(20_000))).collect(), 16)]
#[tokio::test]
async fn an_answer_warns_only_so_often(#[case] fields: String, #[case] n_warnings: usize) {
    let (_, serving) = serving().await;
    let body = format!("{{{fields}\"metadata\":{{\"name\":\"a\"}}}}");
    let headers = format!("connection: close\r\ncontent-length: {}\r\n", body.len());
    let head = head(&serving, (b"POST", MAPS.as_bytes()), &headers);
    let mut stream = serving.tls(&["http/1.1"]).await;
    stream
        .write_all(&[&head, body.as_bytes()].concat())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap_or_default();
    assert!(answer.starts_with("HTTP/1.1 201 "));
    assert_eq!(answer.matches("\r\nwarning: 299 - ").count(), n_warnings);
    works_on(serving).await;
}
