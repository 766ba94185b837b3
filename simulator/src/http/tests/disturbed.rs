//! What clients notice of a server that faults disturb.

use futures::future::poll_immediate;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use tower::ServiceExt;

use super::{A, MAP_A, MAPS, ask, server};
use crate::clock::EPOCH;
use crate::faults::{
    Disturbance, Fault, Faults, Flaw, Meddling, Moment, Nth, Refusal, Rule, Verbs,
};
use crate::http::body::ResponseBody;
use crate::http::service::ApiServer;
use crate::json::Value;

pub(super) const A_WHILE: SignedDuration = SignedDuration::from_secs(10);
/// What a client asks for to be disturbed.
pub(super) const TRIGGER: &str = "/api/v1/namespaces/default/secrets";

/// A server where `slow` is met by `fault` as soon as it lists Secrets.
pub(super) fn disturbed(fault: Fault) -> ApiServer {
    let server = server();
    let rule = Rule::new("slow", Verbs::One("list"), fault).resource("secrets");
    server.set_faults(Faults::from_rules(vec![rule]));
    server
}

pub(super) async fn get(
    server: &ApiServer,
    actor: &str,
    path: &str,
) -> Result<Response<ResponseBody>, String> {
    let request = Request::builder().uri(path);
    let request = request.body(Full::<bytes::Bytes>::default()).unwrap();
    let answer = server.service(actor).oneshot(request).await;
    answer.map_err(|error| error.to_string())
}

pub(super) async fn read(server: &ApiServer, actor: &str, path: &str) -> Value {
    let body = get(server, actor, path).await.unwrap().into_body();
    serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap()
}

/// What a watch has to tell now: types of events, with what they are about, bookmarks with their revision; `end` if it is over. A line that is none and an
/// end that is none are told as such.
pub(super) async fn heard(watch: &mut Response<ResponseBody>) -> Vec<String> {
    let mut heard = Vec::new();
    while let Some(frame) = poll_immediate(watch.body_mut().frame()).await {
        let Some(frame) = frame else {
            heard.push("end".to_owned());
            break;
        };
        let Ok(frame) = frame else {
            heard.push("broken".to_owned());
            break;
        };
        let line = frame.into_data().unwrap();
        let Ok(event) = serde_json::from_slice::<Value>(&line) else {
            heard.push("half a line".to_owned());
            continue;
        };
        let object = &event["object"];
        let metadata = &object["metadata"];
        let about = [
            &metadata["name"],
            &object["reason"],
            &metadata["resourceVersion"],
        ];
        let about = about.into_iter().find_map(Value::as_str).unwrap();
        heard.push(format!("{} {about}", event["type"].as_str().unwrap()));
    }
    heard
}

#[tokio::test]
async fn a_replica_that_lags_shows_an_old_state_until_it_has_caught_up() {
    let server = disturbed(Fault::Disturb(Disturbance::Lag(A_WHILE)));
    let watched = format!("{MAPS}?watch=1&resourceVersion=0");
    let mut watch = get(&server, "slow", &watched).await.unwrap();
    get(&server, "slow", TRIGGER).await.unwrap();
    assert_eq!(ask(&server, ("POST", MAPS, A)).await.0, 201);

    assert_eq!(heard(&mut watch).await, Vec::<String>::new());
    let cached = format!("{MAPS}?resourceVersion=0");
    let n_seen = async |path: &str| {
        read(&server, "slow", path).await["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((n_seen(&cached).await, n_seen(MAPS).await), (0, 1));
    let mut later = get(&server, "slow", &watched).await.unwrap();
    assert_eq!(heard(&mut later).await, Vec::<String>::new());
    let newest = format!("{MAPS}?resourceVersion={}", server.revision());
    assert_eq!(get(&server, "slow", &newest).await.unwrap().status(), 504);
    assert_eq!(get(&server, "other", &newest).await.unwrap().status(), 200);

    server.clock().advance_to(EPOCH + A_WHILE);
    server.pass();
    assert_eq!(heard(&mut watch).await, ["ADDED a"]);
    assert_eq!(heard(&mut later).await, ["ADDED a"]);
    assert_eq!((n_seen(&cached).await, server.trouble_ends_at()), (1, None));
    let told = server.fault_log()[0].to_string();
    assert_eq!(
        told,
        "2030-01-01T00:00:00Z r4 slow list secrets/default: Disturb(Lag(10s))"
    );
}

#[rstest]
#[case::dropped(Disturbance::DropWatches, &["end"], &[])]
#[case::expired(Disturbance::ExpireWatches, &["ERROR Expired", "end"], &[])]
#[case::short(Disturbance::ShortWatches(A_WHILE), &["end"], &[])]
#[case::restarted(Disturbance::Restart(A_WHILE), &["end"], &["end"])]
#[tokio::test]
async fn watches_end(
    #[case] disturbance: Disturbance,
    #[case] slow: &[&str],
    #[case] other: &[&str],
) {
    let server = disturbed(Fault::Disturb(disturbance));
    let watched = format!("{MAPS}?watch=1&resourceVersion=0");
    let mut of_slow = get(&server, "slow", &watched).await.unwrap();
    let mut of_other = get(&server, "other", &watched).await.unwrap();
    let _ = get(&server, "slow", TRIGGER).await;
    assert_eq!(heard(&mut of_slow).await, slow);
    assert_eq!(heard(&mut of_other).await, other);
}

/// A watch that `fault` meets, while `a` is made at once and `b` after half of [`A_WHILE`]: what it tells after half of it, at
/// its end, after half of it again, and once its timeout is over.
async fn told(flaw: Flaw) -> [String; 4] {
    let server = disturbed(Fault::Disturb(Disturbance::Watches(flaw)));
    let watched = format!("{MAPS}?watch=1&resourceVersion=0&timeoutSeconds=290");
    let mut watch = get(&server, "slow", &watched).await.unwrap();
    let mut of_other = get(&server, "other", &watched).await.unwrap();
    get(&server, "slow", TRIGGER).await.unwrap();
    ask(&server, ("POST", MAPS, A)).await;
    assert_eq!(heard(&mut of_other).await, ["ADDED a"]);
    let mut told = [const { String::new() }; 4];
    for (index, seconds) in [5, 10, 15, 290].into_iter().enumerate() {
        server
            .clock()
            .advance_to(EPOCH + SignedDuration::from_secs(seconds));
        server.pass();
        let b = r#"{"metadata":{"name":"b"}}"#;
        ask(&server, ("POST", MAPS, b)).await;
        told[index] = heard(&mut watch).await.join(", ");
    }
    assert_eq!(heard(&mut of_other).await, ["ADDED b"]);
    told
}

#[rstest]
#[case::late(Flaw::Late(A_WHILE), ["", "ADDED a", "ADDED b", ""])]
#[case::batched(Flaw::Batched(A_WHILE), ["", "ADDED a, ADDED b", "", ""])]
#[case::torn(Flaw::Torn, ["half a line, broken", "end", "end", "end"])]
#[case::silent(Flaw::Silent, ["", "", "", "end"])]
#[case::outrun(Flaw::Stalled(1), ["end", "end", "end", "end"])]
#[case::not_outrun(Flaw::Stalled(2), ["", "", "", "end"])]
#[tokio::test]
async fn a_watch_does_not_work_as_it_should(#[case] flaw: Flaw, #[case] expected: [&str; 4]) {
    assert_eq!(told(flaw).await, expected);
}

#[tokio::test]
async fn a_watch_without_bookmarks_tells_every_event_and_not_how_far_it_came() {
    let server = disturbed(Fault::Disturb(Disturbance::Watches(Flaw::Unmarked)));
    let watched = format!("{MAPS}?watch=1&resourceVersion=0&allowWatchBookmarks=1");
    let mut watch = get(&server, "slow", &watched).await.unwrap();
    let mut of_other = get(&server, "other", &watched).await.unwrap();
    // Where the state ends is told all the same.
    let begun = format!("BOOKMARK {}", server.revision());
    get(&server, "slow", TRIGGER).await.unwrap();
    ask(&server, ("POST", MAPS, A)).await;
    let (revision, secret) = (server.revision(), r#"{"metadata":{"name":"s"}}"#);
    ask(&server, ("POST", TRIGGER, secret)).await;

    let bookmark = format!("BOOKMARK {}", server.barrier());
    let expected = [begun.as_str(), "ADDED a", bookmark.as_str()];
    assert_eq!(heard(&mut of_other).await, expected);
    assert_eq!(heard(&mut watch).await, expected[..2]);
    let seen = |actor: &str| server.seen_by(actor, ("", "configmaps"));
    assert_eq!((seen("slow"), seen("other")), (revision, u64::MAX));
}

#[tokio::test]
async fn a_client_that_is_to_connect_anew_is_answered_and_told_so() {
    let server = disturbed(Fault::Disturb(Disturbance::GoAway));
    let mut said = Vec::new();
    for path in [MAPS, TRIGGER, MAPS] {
        let answer = get(&server, "slow", path).await.unwrap();
        let header = answer.headers().get(http::header::CONNECTION);
        said.push((answer.status().as_u16(), header.cloned()));
    }
    let close = http::HeaderValue::from_static("close");
    assert_eq!(said, [(200, None), (200, Some(close)), (200, None)]);
    assert_eq!(
        server.fault_log()[0].to_string(),
        "2030-01-01T00:00:00Z r4 slow list secrets/default: Disturb(GoAway)"
    );
}

#[tokio::test]
async fn a_rule_counts_what_another_decides() {
    let server = server();
    let told = [Refusal::Forbidden, Refusal::Unavailable].into_iter();
    let rules = told.enumerate().map(|(index, refusal)| {
        let rule = Rule::new("slow", Verbs::Any, Fault::Answer(refusal));
        rule.nth(Nth::Only(index + 1))
    });
    server.set_faults(Faults::from_rules(rules.collect()));
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(
            get(&server, "slow", TRIGGER)
                .await
                .unwrap()
                .status()
                .as_u16(),
        );
    }
    assert_eq!(codes, [403, 503, 200]);
}

#[tokio::test]
async fn of_a_request_to_watch_the_one_that_it_opens_is_meant() {
    let server = server();
    let fault = Fault::Disturb(Disturbance::Watches(Flaw::Torn));
    let rule = Rule::new("slow", Verbs::One("watch"), fault).nth(Nth::Only(2));
    server.set_faults(Faults::from_rules(vec![rule]));
    let watched = format!("{MAPS}?watch=1&resourceVersion=0");
    let mut watches = Vec::new();
    for _ in 0..3 {
        watches.push(get(&server, "slow", &watched).await.unwrap());
    }
    ask(&server, ("POST", MAPS, A)).await;
    let mut told = Vec::new();
    for watch in &mut watches {
        told.push(heard(watch).await.join(", "));
    }
    assert_eq!(told, ["ADDED a", "half a line, broken", "ADDED a"]);
}

#[tokio::test]
async fn for_a_while_no_watch_lives() {
    let server = disturbed(Fault::Disturb(Disturbance::ShortWatches(A_WHILE)));
    get(&server, "slow", TRIGGER).await.unwrap();
    assert_eq!(ask(&server, ("POST", MAPS, A)).await.0, 201);
    let watched = format!("{MAPS}?watch=1&resourceVersion=0");
    let mut watch = get(&server, "slow", &watched).await.unwrap();
    assert_eq!(heard(&mut watch).await, ["end"]);
    server.clock().advance_to(EPOCH + A_WHILE);
    server.pass();
    let mut watch = get(&server, "slow", &watched).await.unwrap();
    assert_eq!(heard(&mut watch).await, ["ADDED a"]);
}

#[rstest]
#[case::without_effect(Moment::Before, 404)]
#[case::with_effect(Moment::After, 200)]
#[tokio::test]
async fn a_request_hangs_until_its_client_gives_up(#[case] moment: Moment, #[case] code: u16) {
    let server = server();
    let rule = Rule::new("slow", Verbs::Writes, Fault::Hang(moment, A_WHILE));
    server.set_faults(Faults::from_rules(vec![rule]));
    let request = Request::post(MAPS).header("content-type", "application/json");
    let request = request.body(Full::from(A)).unwrap();
    let mut asked = Box::pin(server.service("slow").oneshot(request));
    assert!(poll_immediate(&mut asked).await.is_none());
    assert!(server.is_hung("slow") && !server.is_hung("other"));
    server.clock().advance_to(EPOCH + A_WHILE);
    server.pass();
    assert_eq!(asked.await.err().unwrap().to_string(), "no answer came");
    assert_eq!(
        (server.is_hung("slow"), server.trouble_ends_at()),
        (false, None)
    );
    assert_eq!(ask(&server, ("GET", MAP_A, "")).await.0, code);
}

#[tokio::test]
async fn the_clock_of_one_client_goes_wrong() {
    let server = disturbed(Fault::Disturb(Disturbance::ClientSkew(-A_WHILE)));
    let clock = server.clock_of("slow");
    get(&server, "slow", TRIGGER).await.unwrap();
    let others = server.clock_of("other").now();
    assert_eq!((clock.now(), others), (EPOCH - A_WHILE, EPOCH));
}

#[rstest]
#[case(Meddling::Touch, 409, 200)]
#[case(Meddling::Delete, 404, 404)]
#[case(Meddling::Recreate, 409, 200)]
#[tokio::test]
async fn somebody_else_is_faster(
    #[case] meddling: Meddling,
    #[case] code: u16,
    #[case] code_after: u16,
) {
    let server = server();
    let (_, made) = ask(&server, ("POST", MAPS, A)).await;
    let fault = Fault::Disturb(Disturbance::Meddle(meddling));
    // The actor of every test that asks.
    let rule = Rule::new("test", Verbs::Writes, fault).nth(Nth::Only(1));
    server.set_faults(Faults::from_rules(vec![rule]));
    server.keep_log_lines();
    let answer = ask(&server, ("PUT", MAP_A, &made.to_string())).await;
    assert_eq!(answer.0, code, "{}", answer.1);
    assert_eq!(server.end_faults().len(), 1);
    let lines = server.log_lines();
    assert!(lines[0].contains(" somebody "), "{lines:?}");
    assert_eq!(ask(&server, ("GET", MAP_A, "")).await.0, code_after);
}

#[tokio::test]
async fn a_server_that_restarts_is_away_and_has_forgotten() {
    let server = disturbed(Fault::Disturb(Disturbance::Restart(A_WHILE)));
    let before = server.revision();
    assert_eq!(ask(&server, ("POST", MAPS, A)).await.0, 201);
    assert!(get(&server, "slow", TRIGGER).await.is_err());
    assert!(get(&server, "other", "/version").await.is_err());
    server.clock().advance_to(EPOCH + A_WHILE);
    server.pass();
    let resumed = format!("{MAPS}?watch=1&resourceVersion={before}");
    let mut watch = get(&server, "other", &resumed).await.unwrap();
    assert_eq!(heard(&mut watch).await, ["ERROR Expired", "end"]);
}

#[tokio::test]
async fn a_clock_that_is_wrong_dates_what_is_made() {
    let server = disturbed(Fault::Disturb(Disturbance::Skew(-A_WHILE)));
    get(&server, "slow", TRIGGER).await.unwrap();
    let (_, made) = ask(&server, ("POST", MAPS, A)).await;
    let created: Timestamp = made["metadata"]["creationTimestamp"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(created, EPOCH - A_WHILE);
}

#[tokio::test]
async fn a_fork_goes_its_own_way() {
    let server = server();
    assert_eq!(ask(&server, ("POST", MAPS, A)).await.0, 201);
    let fork = server.fork(7);
    assert_eq!(
        ask(&fork, ("DELETE", &format!("{MAPS}/a"), "")).await.0,
        200
    );
    assert_eq!(ask(&server, ("GET", &format!("{MAPS}/a"), "")).await.0, 200);
    assert_eq!(fork.revision(), server.revision() + 1);
}
