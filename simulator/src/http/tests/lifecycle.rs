//! Kinds that come late, go for a while, or are hidden, and pages that are smaller than asked for.

use jiff::SignedDuration;
use rstest::rstest;

use super::disturbed::{A_WHILE, TRIGGER, disturbed, get, heard, read};
use super::{CRDS, MAPS, WIDGET, WIDGETS, ask, definition, server};
use crate::clock::EPOCH;
use crate::faults::{Disturbance, Fault, Faults, Rule, Verbs};
use crate::http::service::ApiServer;
use crate::json::json;

/// A server with widgets, where a list of `plural` by `slow` is met by `what`.
async fn unsettled(plural: &str, what: Disturbance) -> ApiServer {
    let server = server();
    for (path, body) in [(CRDS, definition()), (WIDGETS, WIDGET.to_owned())] {
        assert_eq!(ask(&server, ("POST", path, &body)).await.0, 201);
    }
    let rule = Rule::new("slow", Verbs::One("list"), Fault::Disturb(what)).resource(plural);
    server.set_faults(Faults::from_rules(vec![rule]));
    server
}

fn wait(server: &ApiServer, time: SignedDuration) {
    server.clock().advance_to(EPOCH + time);
    server.pass();
}

/// What a request for widgets and one for their group in discovery are answered.
async fn served(server: &ApiServer) -> (u16, u16) {
    let code = async |path| get(server, "other", path).await.unwrap().status().as_u16();
    (code(WIDGETS).await, code("/apis/ex.io/v1").await)
}

#[tokio::test]
async fn a_kind_goes_for_a_while_and_its_objects_stay() {
    let server = unsettled("widgets", Disturbance::Unserve(A_WHILE)).await;
    let watched = format!("{WIDGETS}?watch=1&resourceVersion=0");
    let mut watch = get(&server, "other", &watched).await.unwrap();
    assert_eq!(heard(&mut watch).await, ["ADDED w"]);
    let asked = get(&server, "slow", WIDGETS).await.unwrap();
    assert_eq!(asked.status(), 404);
    assert_eq!(served(&server).await, (404, 404));
    assert_eq!(heard(&mut watch).await, ["end"]);
    assert_eq!(get(&server, "other", MAPS).await.unwrap().status(), 200);
    wait(&server, A_WHILE);
    assert_eq!(served(&server).await, (200, 200));
    let widgets = read(&server, "other", WIDGETS).await;
    assert_eq!(widgets["items"][0]["metadata"]["name"], json!("w"));
}

#[tokio::test]
async fn a_definition_is_established_late() {
    let server = disturbed(Fault::Disturb(Disturbance::HoldDefinitions(A_WHILE)));
    get(&server, "slow", TRIGGER).await.unwrap();
    assert_eq!(ask(&server, ("POST", CRDS, &definition())).await.0, 201);
    let at = format!("{CRDS}/widgets.ex.io");
    let held = read(&server, "other", &at).await;
    assert_eq!(held["status"]["conditions"], json!(null));
    assert_eq!(served(&server).await, (404, 404));
    wait(&server, A_WHILE);
    let established = read(&server, "other", &at).await;
    let conditions = established["status"]["conditions"].to_string();
    assert!(conditions.contains("Established"), "{conditions}");
    assert_eq!(served(&server).await, (200, 200));
    assert_eq!(server.trouble_ends_at(), None);
}

#[tokio::test]
async fn discovery_lags_behind_what_is_served() {
    let server = disturbed(Fault::Disturb(Disturbance::FreezeDiscovery(A_WHILE)));
    get(&server, "slow", TRIGGER).await.unwrap();
    assert_eq!(ask(&server, ("POST", CRDS, &definition())).await.0, 201);
    assert_eq!(served(&server).await, (200, 404));
    wait(&server, A_WHILE);
    assert_eq!(served(&server).await, (200, 200));
}

#[rstest]
#[case::asked_for_pages("?limit=3", 1, true)]
#[case::asked_for_all("", 2, false)]
#[case::asked_for_what_is_cached("?limit=3&resourceVersion=0", 2, false)]
#[tokio::test]
async fn pages_are_smaller_than_asked_for(
    #[case] query: &str,
    #[case] n_items: usize,
    #[case] goes_on: bool,
) {
    let server = unsettled("configmaps", Disturbance::Pages(1)).await;
    for name in ["a", "b"] {
        let body = json!({"metadata": {"name": name}}).to_string();
        assert_eq!(ask(&server, ("POST", MAPS, &body)).await.0, 201);
    }
    let page = read(&server, "slow", &format!("{MAPS}{query}")).await;
    let items = page["items"].as_array().unwrap();
    let token = page["metadata"]["continue"].as_str().unwrap_or_default();
    assert_eq!((items.len(), !token.is_empty()), (n_items, goes_on));
    if goes_on {
        let rest = format!("{MAPS}?limit=3&continue={token}");
        let rest = read(&server, "slow", &rest).await;
        assert_eq!(rest["items"][0]["metadata"]["name"], json!("b"));
    }
}
