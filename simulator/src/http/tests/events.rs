//! Events in both versions.

use super::{ask, server};
use crate::json::{Value, json};

/// What an event of the newer API is to readers of both.
#[tokio::test]
async fn an_event_written_through_the_newer_api_is_the_same_in_both() {
    let newer = "/apis/events.k8s.io/v1/namespaces/n/events";
    let older = "/api/v1/namespaces/n/events/x";
    let event = r#"{"metadata":{"name":"x"},"eventTime":"2030-01-01T00:00:00.000000Z","reportingController":"a","reportingInstance":"b","action":"c","reason":"d","regarding":{"kind":"Order","name":"foo","namespace":"n"},"note":"hello","type":"Warning"}"#;
    let server = server();
    ask(
        &server,
        ("POST", "/api/v1/namespaces", r#"{"metadata":{"name":"n"}}"#),
    )
    .await;
    let strict = format!("{newer}?fieldValidation=Strict");
    let (code, created) = ask(&server, ("POST", &strict, event)).await;
    assert_eq!(
        (code, &created["note"]),
        (201, &json!("hello")),
        "{created}"
    );
    assert_eq!(created["deprecatedFirstTimestamp"], Value::Null);
    let owned = &created["metadata"]["managedFields"][0];
    assert_eq!(owned["apiVersion"], "events.k8s.io/v1");
    assert_eq!(owned["fieldsV1"]["f:note"], json!({}), "{owned}");
    let (_, seen) = ask(&server, ("GET", older, "")).await;
    assert_eq!(
        (
            &seen["message"],
            &seen["involvedObject"]["name"],
            &seen["reportingComponent"]
        ),
        (&json!("hello"), &json!("foo"), &json!("a"))
    );
    let path = format!("{newer}/x");
    let (code, _) = ask(&server, ("MERGE", &path, r#"{"note":"bye"}"#)).await;
    assert_eq!(code, 422);
    let series = r#"{"series":{"count":2,"lastObservedTime":"2030-01-01T00:00:00.000000Z"}}"#;
    let (code, changed) = ask(&server, ("MERGE", &path, series)).await;
    assert_eq!(
        (code, &changed["series"]["count"]),
        (200, &json!(2)),
        "{changed}"
    );
    let (_, seen) = ask(&server, ("GET", older, "")).await;
    assert_eq!(seen["series"]["count"], 2);
}
