//! What somebody else does to an object and to what belongs to it.

use rstest::rstest;

use super::disturbed::get;
use super::{
    CRDS, MAP_A, MAPS, POD, POD_P, PODS, WIDGET, WIDGET_W, WIDGETS, ask, definition, server,
};
use crate::faults::{Disturbance, Fault, Faults, Meddling, Rule, Verbs};
use crate::http::service::ApiServer;
use crate::json::{Value, json};

const LABELLED: &str =
    r#"{"metadata":{"name":"a","labels":{"l":"1"},"annotations":{"n":"1"}},"data":{"k":"v"}}"#;

/// A server where somebody does something as soon as `user` gets an object.
fn haunted(what: Meddling) -> ApiServer {
    let server = server();
    let fault = Fault::Disturb(Disturbance::Meddle(what));
    let rule = Rule::new("user", Verbs::One("get"), fault);
    server.set_faults(Faults::from_rules(vec![rule]));
    server
}

async fn made(server: &ApiServer, (path, body): (&str, &str)) -> Value {
    let (code, made) = ask(server, ("POST", path, body)).await;
    assert_eq!(code, 201, "{made}");
    made
}

/// The code of the object at `path`, and itself, once somebody has done `what`.
async fn after(what: Meddling, (path, body): (&str, &str), at: &str) -> (u16, Value) {
    let server = haunted(what);
    made(&server, (CRDS, &definition())).await;
    made(&server, (path, body)).await;
    server.keep_log_lines();
    get(&server, "user", at).await.unwrap();
    let lines = server.log_lines();
    assert!(
        !lines.is_empty() && lines.iter().all(|line| line.contains(" somebody ")),
        "{lines:?}"
    );
    assert_eq!(server.fault_log().len(), 1);
    ask(&server, ("GET", at, "")).await
}

#[rstest]
#[case::labels(Meddling::StripLabels, "/metadata/labels", Value::Null)]
#[case::annotation(Meddling::Touch, "/metadata/annotations/example.com~1touched-after", json!("8"))]
#[case::flood(Meddling::Flood(3), "/metadata/annotations/example.com~1touched-after", json!("10"))]
#[case::finalizer(Meddling::Hold, "/metadata/finalizers", json!(["example.com/held"]))]
#[case::owner(Meddling::Own, "/metadata/managedFields/0/manager", json!("somebody"))]
#[tokio::test]
async fn somebody_changes_an_object(
    #[case] what: Meddling,
    #[case] pointer: &str,
    #[case] expected: Value,
) {
    let (code, object) = after(what, (MAPS, LABELLED), MAP_A).await;
    let found = object.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!((code, found), (200, expected), "{object}");
}

#[tokio::test]
async fn somebody_edits_what_an_object_asks_for() {
    let (_, edited) = after(Meddling::Edit(1), (WIDGETS, WIDGET), WIDGET_W).await;
    assert_eq!(
        (&edited["spec"]["size"], &edited["metadata"]["generation"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn what_somebody_holds_goes_only_when_it_is_released() {
    let server = haunted(Meddling::Hold);
    made(&server, (MAPS, LABELLED)).await;
    get(&server, "user", MAP_A).await.unwrap();
    assert_eq!(ask(&server, ("DELETE", MAP_A, "")).await.0, 200);
    assert_eq!(ask(&server, ("GET", MAP_A, "")).await.0, 200);
    let release = Fault::Disturb(Disturbance::Meddle(Meddling::Release));
    let rule = Rule::new("user", Verbs::One("get"), release);
    server.set_faults(Faults::from_rules(vec![rule]));
    get(&server, "user", MAP_A).await.unwrap();
    assert_eq!(ask(&server, ("GET", MAP_A, "")).await.0, 404);
}

#[tokio::test]
async fn somebody_deletes_what_an_object_owns_and_nothing_else() {
    let server = haunted(Meddling::DeleteDependent(1));
    let owner = made(&server, (MAPS, LABELLED)).await;
    let reference = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": owner["metadata"]["uid"]}]);
    for (name, owners) in [("owned", reference), ("free", json!([]))] {
        let map = json!({"metadata": {"name": name, "ownerReferences": owners}});
        made(&server, (MAPS, &map.to_string())).await;
    }
    get(&server, "user", MAP_A).await.unwrap();
    let mut codes = Vec::new();
    for name in ["a", "owned", "free"] {
        codes.push(ask(&server, ("GET", &format!("{MAPS}/{name}"), "")).await.0);
    }
    assert_eq!(codes, [200, 404, 200]);
}

/// The pod `p`, which runs, after somebody did something when `user` asked for another object.
async fn pod_after(what: Meddling) -> Value {
    let server = haunted(what);
    made(&server, (MAPS, LABELLED)).await;
    made(&server, (PODS, POD)).await;
    let running = r#"{"status":{"phase":"Running"}}"#;
    let status = format!("{POD_P}/status");
    assert_eq!(ask(&server, ("MERGE", &status, running)).await.0, 200);
    get(&server, "user", MAP_A).await.unwrap();
    assert_eq!(server.fault_log().len(), 1);
    ask(&server, ("GET", POD_P, "")).await.1
}

#[tokio::test]
async fn somebody_evicts_a_pod() {
    let pod = pod_after(Meddling::EvictPod(1)).await;
    assert!(pod["metadata"]["deletionTimestamp"].is_string(), "{pod}");
}

#[tokio::test]
async fn a_pod_fails_for_want_of_memory() {
    let pod = pod_after(Meddling::FailPod(1)).await;
    let status = &pod["status"];
    assert_eq!(
        (&status["phase"], &status["reason"]),
        (&json!("Failed"), &json!("Evicted"))
    );
}

#[tokio::test]
async fn a_namespace_is_on_its_way_out_for_whoever_writes_next() {
    let server = server();
    let fault = Fault::Disturb(Disturbance::Meddle(Meddling::DeleteNamespace));
    let rule = Rule::new("test", Verbs::One("create"), fault).resource("configmaps");
    server.set_faults(Faults::from_rules(vec![rule]));
    made(
        &server,
        ("/api/v1/namespaces", r#"{"metadata":{"name":"n"}}"#),
    )
    .await;
    let maps = "/api/v1/namespaces/n/configmaps";
    let (code, refused) = ask(&server, ("POST", maps, LABELLED)).await;
    let message = "configmaps \"a\" is forbidden: unable to create new content in namespace n because it is being terminated";
    assert_eq!((code, &refused["message"]), (403, &json!(message)));
}
