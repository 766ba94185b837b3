//! Events, which last an hour.

use jiff::SignedDuration;

use super::bounded::{heard, watch};
use super::{ask, server};
use crate::clock::EPOCH;
use crate::store::expiry::EVENT_LIFETIME;

const EVENTS: &str = "/api/v1/namespaces/default/events";
const EVENT_A: &str = "/api/v1/namespaces/default/events/a";
const EVENT: &str = r#"{"metadata":{"name":"a"},"involvedObject":{"namespace":"default"}}"#;
const CHANGE: &str = r#"{"count":2}"#;
const A_SECOND: SignedDuration = SignedDuration::from_secs(1);

#[tokio::test]
async fn an_event_lasts_an_hour_from_the_last_write() {
    let server = server();
    let mut watched = watch(&server, EVENTS, server.revision()).await;
    assert_eq!(ask(&server, ("POST", EVENTS, EVENT)).await.0, 201);
    server.clock().advance_to(EPOCH + EVENT_LIFETIME - A_SECOND);
    assert_eq!(ask(&server, ("MERGE", EVENT_A, CHANGE)).await.0, 200);

    let end = server.clock().now() + EVENT_LIFETIME;
    server.clock().advance_to(end - A_SECOND);
    assert_eq!(ask(&server, ("GET", EVENT_A, "")).await.0, 200);
    server.clock().advance_to(end);
    assert_eq!(ask(&server, ("GET", EVENT_A, "")).await.0, 404);
    assert_eq!(heard(&mut watched).await, ["ADDED", "MODIFIED", "DELETED"]);
}

#[tokio::test]
async fn an_event_runs_out_where_nobody_asks_and_nothing_holds_it() {
    let server = server();
    let held = EVENT.replace("\"a\"", "\"a\",\"finalizers\":[\"e.x/f\"]");
    assert_eq!(ask(&server, ("POST", EVENTS, &held)).await.0, 201);
    let mut watched = watch(&server, EVENTS, server.revision()).await;
    server.clock().advance_to(EPOCH + EVENT_LIFETIME);
    server.pass();
    assert_eq!(heard(&mut watched).await, ["DELETED"]);
}
