//! Reading the log of a pod.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use jiff::SignedDuration;
use rstest::rstest;
use tower::ServiceExt;

use super::{POD_P, PODS, ask, server};
use crate::http::service::ApiServer;
use crate::json::{Value, json};

const LOG: &str = "/api/v1/namespaces/default/pods/p/log";
const BOUND: &str = r#"{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}],"initContainers":[{"name":"i","image":"i"}]}}"#;
const FREE: &str = r#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"},{"name":"d","image":"i"}],"initContainers":[{"name":"i","image":"i"}]}}"#;
const ENDED: &str = r#"{"state":{"terminated":{"exitCode":0,"containerID":"containerd://x"}}}"#;
const RUNNING: &str = r#"{"state":{"running":{}}}"#;
const RESTARTS: &str = r#"{"state":{"waiting":{"reason":"CrashLoopBackOff"}},"restartCount":1,"lastState":{"terminated":{"exitCode":1,"containerID":"containerd://x"}}}"#;

/// A server with the pod, whose container `c` has this status.
async fn with_pod(pod: &str, container: &str) -> ApiServer {
    let server = server();
    let (code, answer) = ask(&server, ("POST", PODS, pod)).await;
    assert_eq!(code, 201, "{answer}");
    set_status(&server, container).await;
    server
}

async fn set_status(server: &ApiServer, container: &str) {
    if container.is_empty() {
        return;
    }
    let mut status: Value = serde_json::from_str(container).unwrap();
    for (field, value) in [
        ("name", json!("c")),
        ("image", json!("i")),
        ("imageID", json!("i")),
        ("ready", json!(false)),
    ] {
        status[field] = value;
    }
    let patch = json!({"status": {"containerStatuses": [status]}}).to_string();
    let (code, answer) = ask(server, ("MERGE", &format!("{POD_P}/status"), &patch)).await;
    assert_eq!(code, 200, "{answer}");
}

async fn print(server: &ApiServer, text: &str) {
    let request = Request::put(format!("{LOG}?container=c"))
        .body(Full::from(text.to_owned()))
        .unwrap();
    let written = server.service("kubelet").oneshot(request).await.unwrap();
    assert_eq!(written.status(), 200);
}

#[tokio::test]
async fn only_the_kubelet_writes_logs() {
    let server = with_pod(BOUND, ENDED).await;
    let refused = ask(&server, ("PUT", &format!("{LOG}?container=c"), "one\n")).await;
    assert_eq!(refused.0, 405);
    assert_eq!(ask(&server, ("GET", LOG, "")).await, (200, json!("")));
}

/// Printed ten seconds after the beginning of 2030, read a minute later.
#[rstest]
#[case::whole("", "one\ntwo\nthree")]
#[case::of_a_named_container("container=c", "one\ntwo\nthree")]
#[case::the_last_lines("tailLines=2", "two\nthree")]
#[case::no_line("tailLines=0", "")]
#[case::more_lines_than_there_are("tailLines=9", "one\ntwo\nthree")]
#[case::the_first_bytes("limitBytes=5", "one\nt")]
#[case::the_first_bytes_of_the_last_lines("tailLines=2&limitBytes=5", "two\nt")]
#[case::with_times(
    "timestamps=true",
    "2030-01-01T00:00:10.000000000Z one\n2030-01-01T00:00:10.000000000Z two\n2030-01-01T00:00:10.000000000Z three"
)]
#[case::the_first_bytes_with_times(
    "timestamps=1&limitBytes=33&tailLines=2",
    "2030-01-01T00:00:10.000000000Z tw"
)]
#[case::without_times("timestamps=false", "one\ntwo\nthree")]
#[case::of_the_last_minute("sinceSeconds=60", "one\ntwo\nthree")]
#[case::of_less_than_a_minute("sinceSeconds=59", "")]
#[case::since_it_was_printed("sinceTime=2030-01-01T01:00:10.9%2B01:00", "one\ntwo\nthree")]
#[case::since_later("sinceTime=2030-01-01T00:00:11Z", "")]
#[case::since_the_beginning("sinceSeconds=9223372036854775807", "one\ntwo\nthree")]
#[case::followed("follow=true", "one\ntwo\nthree")]
#[case::the_last_line_followed("follow=true&tailLines=1", "three")]
#[case::the_first_bytes_followed("follow=true&limitBytes=2", "on")]
#[case::followed_from_later_on("follow=true&sinceSeconds=1", "")]
#[tokio::test]
async fn a_reader_sees_the_part_of_a_log_that_it_asks_for(
    #[case] query: &str,
    #[case] expected: &str,
) {
    let server = with_pod(BOUND, ENDED).await;
    server
        .clock()
        .advance_to(crate::clock::EPOCH + SignedDuration::from_secs(10));
    print(&server, "one\ntwo\nthree").await;
    server
        .clock()
        .advance_to(crate::clock::EPOCH + SignedDuration::from_secs(70));
    let read = ask(&server, ("GET", &format!("{LOG}?{query}"), "")).await;
    assert_eq!(read, (200, json!(expected)));
}

#[tokio::test]
async fn a_followed_log_goes_on_until_its_container_ends() {
    let server = with_pod(BOUND, RUNNING).await;
    let request = Request::get(format!(
        "{LOG}?follow=true&timestamps=true&limitBytes=40&tailLines=1"
    ))
    .body(Full::new(Bytes::new()))
    .unwrap();
    let response = server.service("test").oneshot(request).await.unwrap();
    let reader = tokio::spawn(response.into_body().collect());
    tokio::task::yield_now().await;
    print(&server, "one\ntwo\n").await;
    set_status(&server, ENDED).await;
    let read = reader.await.unwrap().unwrap().to_bytes();
    assert_eq!(read, "2030-01-01T00:00:00.000000000Z one\n2030-");
}

#[rstest]
#[case::running(RUNNING, 200, "")]
#[case::ended(ENDED, 200, "")]
#[case::before_it_restarts(RESTARTS, 200, "")]
#[case::not_known_to_the_kubelet("", 400, "container \"c\" in pod \"p\" is not available")]
#[case::being_created(
    r#"{"state":{"waiting":{"reason":"ContainerCreating"}}}"#,
    400,
    "container \"c\" in pod \"p\" is waiting to start: ContainerCreating"
)]
#[case::without_an_image(
    r#"{"state":{"waiting":{"reason":"ErrImagePull"}}}"#,
    400,
    "container \"c\" in pod \"p\" is waiting to start: image can't be pulled"
)]
#[case::long_without_an_image(
    r#"{"state":{"waiting":{"reason":"ImagePullBackOff"}}}"#,
    400,
    "container \"c\" in pod \"p\" is waiting to start: trying and failing to pull image"
)]
#[case::never_started(
    r#"{"state":{"terminated":{"exitCode":1}}}"#,
    400,
    "container \"c\" in pod \"p\" is terminated"
)]
#[case::in_no_state(
    r#"{"state":{}}"#,
    400,
    "container \"c\" in pod \"p\" is waiting to start - no logs yet"
)]
#[tokio::test]
async fn a_log_begins_with_its_container(
    #[case] container: &str,
    #[case] code: u16,
    #[case] message: &str,
) {
    let (answered, body) = ask(&with_pod(BOUND, container).await, ("GET", LOG, "")).await;
    let told = body["message"].as_str().or(body.as_str());
    assert_eq!((answered, told), (code, Some(message)));
}

#[rstest]
#[case::restarted(RESTARTS, 200, "")]
#[case::never_restarted(
    ENDED,
    400,
    "previous terminated container \"c\" in pod \"p\" not found"
)]
#[tokio::test]
async fn the_previous_container_is_the_one_before_a_restart(
    #[case] container: &str,
    #[case] code: u16,
    #[case] message: &str,
) {
    let previous = format!("{LOG}?previous=true");
    let (answered, body) = ask(&with_pod(BOUND, container).await, ("GET", &previous, "")).await;
    let told = body["message"].as_str().or(body.as_str());
    assert_eq!((answered, told), (code, Some(message)));
}

/// As a real kube-apiserver 1.34.3 answers for a pod that no node has.
#[rstest]
#[case("container=c", 204, "")]
#[case("container=i&follow=true&previous=maybe", 204, "")]
#[case(
    "",
    400,
    "a container name must be specified for pod p, choose one of: [i c d]"
)]
#[case("container=z", 400, "container z is not valid for pod p")]
#[case("tailLines=x", 400, "strconv.ParseInt: parsing \"x\": invalid syntax")]
#[case(
    "tailLines=-1",
    422,
    "PodLogOptions \"p\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0"
)]
#[case(
    "container=z&limitBytes=0",
    422,
    "PodLogOptions \"p\" is invalid: limitBytes: Invalid value: 0: must be greater than 0"
)]
#[case(
    "limitBytes=-1&tailLines=-2",
    422,
    "PodLogOptions \"p\" is invalid: [tailLines: Invalid value: -2: must be greater than or equal to 0, limitBytes: Invalid value: -1: must be greater than 0]"
)]
#[case(
    "sinceSeconds=0",
    422,
    "PodLogOptions \"p\" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0"
)]
#[case(
    "sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
    422,
    "PodLogOptions \"p\" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
)]
#[case(
    "stream=Stdout",
    422,
    "PodLogOptions \"p\" is invalid: stream: Forbidden: may not be specified"
)]
#[tokio::test]
async fn a_log_is_asked_for_rightly_or_refused(
    #[case] query: &str,
    #[case] code: u16,
    #[case] message: &str,
) {
    let log = format!("{LOG}?{query}");
    let (answered, body) = ask(&with_pod(FREE, "").await, ("GET", &log, "")).await;
    let told = body["message"].as_str().or(body.as_str());
    assert_eq!((answered, told), (code, Some(message)));
}
