//! What answers look like to people, to who takes them compressed, and what they say of flows.

use std::io::Read;

use flate2::read::GzDecoder;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use rstest::rstest;
use tower::ServiceExt;

use super::{ask, server};
use crate::access::User;
use crate::assembly;
use crate::clock::{Clock, EPOCH};
use crate::http::service::ApiServer;
use crate::json::{Value, json};

const DEFAULT: &str = "/api/v1/namespaces/default";
const SCHEMA: &str = "x-kubernetes-pf-flowschema-uid";
const LEVEL: &str = "x-kubernetes-pf-prioritylevel-uid";
const FLOWS: &str = "/apis/flowcontrol.apiserver.k8s.io/v1";

/// The headers and the body of an answer to a GET with these headers.
async fn get(server: &ApiServer, path: &str, headers: &[(&str, &str)]) -> (HeaderMap, Vec<u8>) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::<bytes::Bytes>::default()).unwrap();
    let answer = server.service("test").oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.headers, body.to_vec())
}

/// Source: kube-apiserver v1.34.3, asked with curl and with `kubectl get --raw`.
#[rstest]
#[case::a_program("", "kubectl/v1.34", false)]
#[case::a_person("", "curl/8.5", true)]
#[case::another("", "Wget/1.21", true)]
#[case::a_browser("", "Mozilla/5.0 (X11)", true)]
#[case::an_old_browser("", "Mozilla/4.0", false)]
#[case::who_asks("?pretty=true", "kubectl/v1.34", true)]
#[case::briefly("?pretty=1", "", true)]
#[case::who_does_not("?pretty=false", "curl/8.5", false)]
#[case::who_says_nothing("?pretty=", "curl/8.5", true)]
#[case::who_says_something_else("?pretty=yes", "curl/8.5", false)]
#[tokio::test]
async fn people_get_lines(#[case] query: &str, #[case] program: &str, #[case] lines: bool) {
    let server = server();
    for path in [DEFAULT, "/api/v1/namespaces/none", "/api/v1/namespaces"] {
        let path = format!("{path}{query}");
        let (_, text) = get(&server, &path, &[("user-agent", program)]).await;
        let text = String::from_utf8(text).unwrap();
        let has_lines = text.starts_with("{\n  \"apiVersion\": \"v1\",\n  ");
        assert_eq!(
            (has_lines, text.ends_with("}\n")),
            (lines, !lines),
            "{text}"
        );
    }
}

#[tokio::test]
async fn who_accepts_it_pretty_gets_lines_and_watches_none() {
    let server = server();
    let accept = [("accept", "application/json;pretty=1")];
    let (_, text) = get(&server, DEFAULT, &accept).await;
    assert!(text.starts_with(b"{\n  "));
    let watch = "/api/v1/namespaces?watch=1&timeoutSeconds=1&pretty=true&resourceVersion=0";
    let request = Request::get(watch).header("user-agent", "curl");
    let request = request.body(Full::<bytes::Bytes>::default()).unwrap();
    let mut answer = server.service("test").oneshot(request).await.unwrap();
    let line = answer.body_mut().frame().await.unwrap().unwrap();
    let line = line.into_data().unwrap();
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
}

#[rstest]
#[case::small("/api/v1/namespaces/default/configmaps/small", "gzip", false)]
#[case::large("/api/v1/namespaces/default/configmaps/large", "gzip", true)]
#[case::among_others("/api/v1/namespaces/default/configmaps", "br, gzip, deflate", true)]
#[case::another("/api/v1/namespaces/default/configmaps", "br", false)]
#[case::none("/api/v1/namespaces/default/configmaps", "identity", false)]
#[case::a_document("/openapi/v3", "gzip", true)]
#[tokio::test]
async fn large_answers_are_compressed_for_who_takes_them(
    #[case] path: &str,
    #[case] encoding: &str,
    #[case] expected: bool,
) {
    let server = server();
    for (name, n_bytes) in [("small", 100), ("large", 200_000)] {
        let map = json!({"metadata": {"name": name}, "data": {"a": "x".repeat(n_bytes)}});
        let posted = ("POST", super::MAPS, &*map.to_string());
        assert_eq!(ask(&server, posted).await.0, 201);
    }
    let (_, plain) = get(&server, path, &[]).await;
    let (headers, body) = get(&server, path, &[("accept-encoding", encoding)]).await;
    let is_gzip = headers
        .get("content-encoding")
        .is_some_and(|it| it == "gzip");
    let mut vary = headers.get_all("vary").iter();
    assert_eq!(
        (is_gzip, vary.any(|it| it == "Accept-Encoding")),
        (expected, expected)
    );
    let mut text = Vec::new();
    match is_gzip {
        true => GzDecoder::new(&*body).read_to_end(&mut text).unwrap(),
        false => body.as_slice().read_to_end(&mut text).unwrap(),
    };
    assert_eq!(text, plain);
}

async fn uid(server: &ApiServer, plural: &str, name: &str) -> String {
    let path = format!("{FLOWS}/{plural}/{name}");
    let (_, text) = get(server, &path, &[]).await;
    let object: Value = serde_json::from_slice(&text).unwrap();
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}

async fn told(server: &ApiServer, user: User, path: &str) -> [String; 2] {
    let request = Request::get(path).body(Full::<bytes::Bytes>::default());
    let service = server.service_of("test", user);
    let answer = service.oneshot(request.unwrap()).await.unwrap();
    [SCHEMA, LEVEL].map(|name| answer.headers()[name].to_str().unwrap().to_owned())
}

/// A server with the flows that every cluster begins with.
fn founded() -> ApiServer {
    assembly::founded(Clock::virtual_from(EPOCH), 1).unwrap()
}

fn named(name: &str, groups: &[&str]) -> User {
    User {
        name: name.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        ..User::default()
    }
}

/// Source: apiserver v0.34.3, pkg/apis/flowcontrol/bootstrap/default.go.
#[rstest]
#[case::a_master(User::admin(), DEFAULT, "exempt", "exempt")]
#[case::a_probe(named("x", &["system:unauthenticated"]), "/healthz", "probes", "exempt")]
#[case::an_account(
    User::of_account("a", "b"),
    DEFAULT,
    "service-accounts",
    "workload-low"
)]
#[case::anybody(named("x", &["system:authenticated"]), DEFAULT, "global-default", "global-default")]
#[case::the_rest(named("x", &[]), DEFAULT, "catch-all", "catch-all")]
#[tokio::test]
async fn answers_tell_the_flow(
    #[case] user: User,
    #[case] path: &str,
    #[case] schema: &str,
    #[case] level: &str,
) {
    let server = founded();
    let uids = [
        uid(&server, "flowschemas", schema).await,
        uid(&server, "prioritylevelconfigurations", level).await,
    ];
    assert_eq!(told(&server, user, path).await, uids);
}

#[tokio::test]
async fn a_new_flow_counts_at_once() {
    let server = founded();
    let bob = || named("bob", &["system:authenticated"]);
    let before = told(&server, bob(), DEFAULT).await;
    let rule = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": true});
    let rule =
        json!({"subjects": [{"kind": "User", "user": {"name": "bob"}}], "resourceRules": [rule]});
    let spec = json!({"matchingPrecedence": 50, "priorityLevelConfiguration": {"name": "exempt"}, "rules": [rule]});
    let schema = json!({"metadata": {"name": "of-bob"}, "spec": spec}).to_string();
    let path = format!("{FLOWS}/flowschemas");
    assert_eq!(ask(&server, ("POST", &path, &schema)).await.0, 201);
    let after = told(&server, bob(), DEFAULT).await;
    assert_ne!(after, before);
    assert_eq!(after[0], uid(&server, "flowschemas", "of-bob").await);
}
