//! What fuzzers send to the simulated API server. Each function takes any input and returns, whatever it holds; a panic,
//! a stack that overflows, an answer that never comes or that nobody can read is a fault of the server.
//!
//! Inputs are texts, so that seeds can be written by hand: their first line says what is asked, the rest is sent.

use std::sync::LazyLock;

use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::http::service::ApiServer;
use arc_simulator::json::{Value, json};
use arc_simulator::store::schema::cel::Rules;
use arc_simulator::store::schema::parse::parse;
use bytes::Bytes;
use futures::FutureExt;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const WIDGETS: &str = "/apis/ex.io/v1/namespaces/default/widgets";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// `METHOD URL`, then a body.
pub fn paths(input: &[u8]) {
    let (first, body) = first_line(input);
    let (method, url) = first.split_once(' ').unwrap_or(("GET", &first));
    ask(&server(), (method, url, "application/json"), body);
}

/// A media type of a patch, then a patch of an object that may hold anything.
pub fn patches(input: &[u8]) {
    let (media_type, patch) = first_line(input);
    let server = server();
    let widget = &format!("{WIDGETS}/w");
    let map = &format!("{MAPS}/m");
    for path in [widget, map] {
        let patched = &format!("{path}?fieldManager=fuzz");
        ask(&server, ("PATCH", patched, &media_type), patch);
        let found = ask(&server, ("GET", path, ""), b"");
        assert!(found.is_none_or(|(code, _)| code.is_success() || code == StatusCode::NOT_FOUND));
    }
}

/// A label selector, then a field selector.
pub fn selectors(input: &[u8]) {
    let (labels, fields) = first_line(input);
    let (labels, fields) = (escaped(labels.as_bytes()), escaped(fields));
    let server = server();
    for path in [MAPS, WIDGETS] {
        let url = format!("{path}?labelSelector={labels}&fieldSelector={fields}");
        ask(&server, ("GET", &url, ""), b"");
    }
}

/// A rule about an object.
pub fn cel(input: &[u8]) {
    let rule = String::from_utf8_lossy(input);
    let any = json!({"x-kubernetes-preserve-unknown-fields": true});
    let number = json!({"type": "integer"});
    let list = json!({"type": "array", "items": {"type": "string"}});
    let schema = json!({
        "type": "object",
        "properties": {"n": number, "l": list, "any": any},
        "x-kubernetes-validations": [{"rule": &*rule, "messageExpression": &*rule}],
    });
    let object = json!({"n": 1, "l": ["a", "b"], "any": {"a": [1.5, null, {"b": "c"}]}});
    let Ok(node) = parse(&schema, "") else {
        return;
    };
    if let Ok(rules) = Rules::compile(&node, "") {
        assert!(rules.check(&node, &object, None).len() <= 1);
    }
}

/// An object as YAML.
pub fn yaml(input: &[u8]) {
    let server = server();
    for path in [MAPS, WIDGETS, DEFINITIONS] {
        ask(&server, ("POST", path, "application/yaml"), input);
    }
}

/// A cluster of its own with one object of each kind.
fn server() -> ApiServer {
    static SERVER: LazyLock<ApiServer> = LazyLock::new(|| {
        let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
        let objects = [
            (DEFINITIONS, include_str!("definition.json")),
            (WIDGETS, include_str!("widget.json")),
            (MAPS, include_str!("map.json")),
        ];
        for (path, object) in objects {
            let made = ask(
                &server,
                ("POST", path, "application/json"),
                object.as_bytes(),
            );
            assert!(made.is_some_and(|(code, _)| code == StatusCode::CREATED));
        }
        server
    });
    SERVER.fork(1)
}

/// Code and body of an answer, which comes at once; `None` where no request can be made or the answer goes on.
fn ask(
    server: &ApiServer,
    (method, url, media_type): (&str, &str, &str),
    body: &[u8],
) -> Option<(StatusCode, Bytes)> {
    let url: Uri = url.parse().ok()?;
    let body = Full::new(Bytes::copy_from_slice(body));
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", media_type)
        .body(body)
        .ok()?;
    let answer = server.service("fuzz").oneshot(request).now_or_never();
    let answer = answer.expect("the server answers at once").ok()?;
    let code = answer.status();
    let is_json = answer
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind == "application/json");
    let body = answer
        .into_body()
        .collect()
        .now_or_never()?
        .ok()?
        .to_bytes();
    if is_json && !body.is_empty() {
        let mut reader = serde_json::Deserializer::from_slice(&body);
        reader.disable_recursion_limit();
        let read: Result<Vec<Value>, _> = reader.into_iter().collect();
        assert!(read.is_ok(), "{}", String::from_utf8_lossy(&body));
    }
    Some((code, body))
}

/// What stands before and behind the first line break.
fn first_line(input: &[u8]) -> (String, &[u8]) {
    let end = input
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(input.len());
    let rest = input.get(end + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&input[..end]).into_owned(), rest)
}

/// Bytes as a URL takes them.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}
