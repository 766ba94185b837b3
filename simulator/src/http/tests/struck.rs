//! Rules that look at what a request changes, and at whom they strike.

use rstest::rstest;

use super::disturbed::{A_WHILE, get, heard};
use super::{A, MAP_A, MAPS, Step, ask, server};
use crate::faults::{Delays, Disturbance, Fault, Faults, Moment, Nth, Refusal, Rule, Verbs};
use crate::http::service::ApiServer;

const ONE: &str = r#"{"metadata":{"name":"a"},"data":{"n":"1"}}"#;
const TWO: &str = r#"{"data":{"n":"2"}}"#;

/// A rule of everybody's requests about ConfigMaps.
fn rule(verbs: Verbs, fault: Fault) -> Rule {
    Rule::of_anybody(verbs, fault).resource("configmaps")
}

fn faulty(rule: Rule) -> ApiServer {
    let server = server();
    server.set_faults(Faults::from_rules(vec![rule]));
    server
}

/// The codes of answers to `steps`, where a request that changes something so is told of a conflict.
async fn codes(condition: &str, steps: &[Step<'_>]) -> Vec<u16> {
    let rule = rule(Verbs::Any, Fault::Answer(Refusal::Conflict));
    let server = faulty(rule.when(condition).unwrap());
    let mut codes = Vec::new();
    for step in steps {
        codes.push(ask(&server, *step).await.0);
    }
    codes
}

const CREATE: Step<'static> = ("POST", MAPS, ONE);
const PATCH: Step<'static> = ("MERGE", MAP_A, TWO);
const GET: Step<'static> = ("GET", MAP_A, "");
const LIST: Step<'static> = ("GET", MAPS, "");
const DELETE: Step<'static> = ("DELETE", MAP_A, "");

#[rstest]
#[case::what_comes("object.data.n == '2'", &[CREATE, PATCH, GET], &[201, 409, 200])]
#[case::what_was("oldObject.data.n == '2'", &[CREATE, PATCH, PATCH], &[201, 200, 409])]
#[case::transition("object.data.n == '2' && oldObject.data.n == '1'", &[CREATE, PATCH, GET], &[201, 409, 200])]
#[case::creation("oldObject == null && object.kind == 'ConfigMap'", &[CREATE, GET], &[409, 404])]
#[case::deletion("object == null", &[CREATE, GET, DELETE], &[201, 200, 409])]
#[case::read("object.data.n == '1' && object == oldObject", &[CREATE, GET, LIST], &[201, 409, 200])]
#[case::nothing_changes("object == oldObject", &[CREATE, ("MERGE", MAP_A, r#"{"data":{"n":"1"}}"#)], &[201, 409])]
#[case::refused("true", &[("MERGE", MAP_A, TWO)], &[404])]
#[case::not_asked_for("object.data.m == '1'", &[CREATE, PATCH], &[201, 200])]
#[tokio::test]
async fn a_rule_looks_at_what_a_request_changes(
    #[case] condition: &str,
    #[case] steps: &[Step<'_>],
    #[case] expected: &[u16],
) {
    assert_eq!(codes(condition, steps).await, expected);
}

#[tokio::test]
async fn a_condition_is_counted_and_logged() {
    let rule = rule(Verbs::Writes, Fault::Answer(Refusal::Unavailable));
    let rule = rule.when("has(object.data)").unwrap().nth(Nth::Only(2));
    let server = faulty(rule);
    let b = r#"{"metadata":{"name":"b"},"data":{"n":"1"}}"#;
    let mut codes = Vec::new();
    for body in [A, b, b] {
        codes.push(ask(&server, ("POST", MAPS, body)).await.0);
    }
    // The first has no data, the second is the first that does.
    assert_eq!(codes, [201, 201, 409]);
    let patched = ask(&server, ("MERGE", MAP_A, TWO)).await;
    assert_eq!(patched.0, 503);
    let told: Vec<_> = server.fault_log().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "2030-01-01T00:00:00Z r6 test patch configmaps/default/a: Answer(Unavailable) when has(object.data)"
        ]
    );
}

#[rstest]
#[case::no_language("object.", "read the condition of a fault rule: ")]
#[case::no_condition("object.data.n", "must evaluate to bool but got dyn")]
#[test]
fn what_is_no_condition_makes_no_rule(#[case] condition: &str, #[case] why: &str) {
    let refused = rule(Verbs::Any, Fault::Refuse).when(condition);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains(why), "{refused}");
}

#[rstest]
#[case(Moment::Before)]
#[case(Moment::After)]
#[tokio::test]
async fn a_client_dies_of_what_another_changes(#[case] moment: Moment) {
    let rule = rule(Verbs::Writes, Fault::Crash(moment)).strikes("slow");
    let server = faulty(rule.when("object.data.n == '2'").unwrap());
    assert_eq!(ask(&server, CREATE).await.0, 201);
    assert!(get(&server, "slow", MAP_A).await.is_ok());
    assert_eq!(ask(&server, PATCH).await.0, 200);
    assert!(get(&server, "slow", MAP_A).await.is_err());
    assert!(get(&server, "other", MAP_A).await.is_ok());
    let crashed = server.take_crashed();
    assert_eq!(
        crashed.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
        ["slow"]
    );
    assert!(get(&server, "slow", MAP_A).await.is_ok());
    let told = server.fault_log()[0].to_string();
    let expected = format!("Crash({moment:?}) of slow when object.data.n == '2'");
    assert!(told.ends_with(&expected), "{told}");
}

#[tokio::test]
async fn a_client_does_not_see_what_another_changes() {
    let fault = Fault::Disturb(Disturbance::Lag(A_WHILE));
    let server = faulty(rule(Verbs::Writes, fault).strikes("slow"));
    let watched = format!("{MAPS}?watch=1&resourceVersion=0");
    let mut of_slow = get(&server, "slow", &watched).await.unwrap();
    let mut of_other = get(&server, "other", &watched).await.unwrap();
    assert_eq!(ask(&server, CREATE).await.0, 201);
    assert_eq!(heard(&mut of_slow).await, Vec::<String>::new());
    assert_eq!(heard(&mut of_other).await, ["ADDED a"]);
    server.clock().advance_to(crate::clock::EPOCH + A_WHILE);
    server.pass();
    assert_eq!(heard(&mut of_slow).await, ["ADDED a"]);
}

/// What happened while `test` wrote ten times, and read as often.
async fn delayed(seed: u64) -> Vec<String> {
    let server = server();
    let mut faults = Faults::default();
    faults.delay(Delays {
        seed,
        one_in: 2,
        seconds_max: 30,
        victims: vec!["garbage-collector".to_owned(), "namespaces".to_owned()],
    });
    server.set_faults(faults);
    for index in 0..10 {
        let body = format!(r#"{{"metadata":{{"name":"m{index}"}}}}"#);
        assert_eq!(ask(&server, ("POST", MAPS, &body)).await.0, 201);
        assert_eq!(ask(&server, LIST).await.0, 200);
    }
    let told = server.fault_log();
    assert!(told.iter().all(|firing| firing.verb == "create"));
    told.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_seed_delays_controllers() {
    let told = delayed(1).await;
    assert_eq!(told, delayed(1).await);
    assert_ne!(told, delayed(2).await);
    let of = |victim: &str| told.iter().filter(|told| told.ends_with(victim)).count();
    let both = (of(" of garbage-collector"), of(" of namespaces"));
    assert!(
        both.0 > 0 && both.1 > 0 && both.0 + both.1 == told.len(),
        "{told:#?}"
    );
}
