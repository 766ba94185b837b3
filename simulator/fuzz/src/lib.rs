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
const PODS: &str = "/api/v1/namespaces/default/pods";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// What stands between two requests of a session.
const BETWEEN: &[u8] = b"\n###\n";
/// How lists are asked for by people.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
/// More requests than this tell nothing new.
const N_REQUESTS_MAX: usize = 8;

/// A session with one server: requests with `###` between them, each `METHOD URL`, perhaps the media type of what is sent
/// or asked for, then a body.
/// Whatever they did, what there is can be read, and what has happened too.
pub fn paths(input: &[u8]) {
    let server = server();
    let began = server.revision();
    let mut rest = Some(input);
    for _ in 0..N_REQUESTS_MAX {
        let Some(text) = rest else { break };
        let end = text.windows(BETWEEN.len()).position(|at| at == BETWEEN);
        let (request, later) = text.split_at(end.unwrap_or(text.len()));
        rest = end.map(|_| &later[BETWEEN.len()..]);
        let (first, body) = first_line(request);
        let mut words = first.splitn(3, ' ');
        let (method, url) = (words.next().unwrap_or("GET"), words.next().unwrap_or("/"));
        let media_type = words.next().unwrap_or("application/json");
        ask(&server, (method, url, media_type), body);
    }
    for path in [MAPS, WIDGETS, DEFINITIONS] {
        let found = ask(&server, ("GET", path, ""), b"");
        let is_gone = found.is_some_and(|(code, _)| code == StatusCode::NOT_FOUND);
        assert!(!is_gone || path == WIDGETS, "{path}");
        let before = format!("{path}?resourceVersion={began}&resourceVersionMatch=Exact");
        ask(&server, ("GET", &before, ""), b"");
        let since = format!("{path}?watch=1&resourceVersion={began}");
        ask(&server, ("GET", &since, ""), b"");
        ask(&server, ("GET", path, TABLE), b"");
    }
}

/// A media type of a patch, then a patch of an object that may hold anything.
pub fn patches(input: &[u8]) {
    let (media_type, patch) = first_line(input);
    let server = server();
    let widget = &format!("{WIDGETS}/w");
    let map = &format!("{MAPS}/m");
    let pod = &format!("{PODS}/p");
    for path in [widget, map, pod] {
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
    if let Ok(rules) = Rules::compile(&node, "", false) {
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
            (PODS, include_str!("pod.json")),
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
    let kind_of_type = match method {
        "GET" if !media_type.is_empty() => "accept",
        _ => "content-type",
    };
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header(kind_of_type, media_type)
        .body(body)
        .ok()?;
    let answer = server.service("fuzz").oneshot(request).now_or_never();
    let answer = answer.expect("the server answers at once").ok()?;
    let code = answer.status();
    let is_json = answer
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind == "application/json");
    let body = answer.into_body().collect().now_or_never()?;
    let body = body.ok()?.to_bytes();
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
