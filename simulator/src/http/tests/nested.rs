//! Bodies that nest too deep, and what patches would make as deep.

use rstest::rstest;

use super::{A, CRDS, MAP_A, MAPS, WIDGET, WIDGET_W, WIDGETS, ask, last, server};
use crate::json::{Value, json};

const TOO_DEEP: &str =
    "couldn't get version/kind; json parse error: invalid character '{' exceeded max depth";

/// Objects in objects, `n` levels of them.
fn nested(n: usize) -> String {
    "{\"a\":".repeat(n - 1) + "{}" + &"}".repeat(n - 1)
}

#[rstest]
#[case::post(("POST", MAPS), ("{\"x\":", "}"), 400, &format!("the object provided is unrecognized (must be of type ConfigMap): {TOO_DEEP} ({{\"x\":{{\"a\":{{\"a\":{{\"a\":{{\"a\":{{\"a\": ...)"))]
#[case::put(("PUT", MAP_A), ("", ""), 400, &format!("the object provided is unrecognized (must be of type ConfigMap): {TOO_DEEP} ({{\"a\":{{\"a\":{{\"a\":{{\"a\":{{\"a\":{{\"a\": ...)"))]
#[case::delete(("DELETE", MAP_A), ("", ""), 500, TOO_DEEP)]
#[case::definition(("POST", CRDS), ("", ""), 400, &format!("the object provided is unrecognized (must be of type CustomResourceDefinition): {TOO_DEEP} ({{\"a\":{{\"a\":{{\"a\":{{\"a\":{{\"a\":{{\"a\": ...)"))]
#[case::merge(("MERGE", MAP_A), ("", ""), 400, "error decoding patch: invalid character '{' exceeded max depth")]
#[case::strategic(("STRATEGIC", MAP_A), ("", ""), 400, "invalid character '{' exceeded max depth")]
#[case::json(("JSON", MAP_A), ("[{\"op\":\"add\",\"path\":\"/x\",\"value\":", "}]"), 400, "error decoding patch: invalid character '{' exceeded max depth")]
#[case::apply(("APPLY", "/api/v1/namespaces/default/configmaps/a?fieldManager=m"), ("", ""), 400, "error decoding YAML: error converting YAML to JSON: yaml: exceeded max depth of 127")]
#[tokio::test]
async fn a_body_that_nests_too_deep_is_refused(
    #[case] (verb, path): (&str, &str),
    #[case] (before, after): (&str, &str),
    #[case] code: u16,
    #[case] told: &str,
    #[values(128, 10_000, 100_000)] n_levels: usize,
) {
    let body = format!("{before}{}{after}", nested(n_levels));
    let (answered, refusal) = last(&[("POST", MAPS, A), (verb, path, &body)]).await;
    assert_eq!((answered, refusal["message"].as_str()), (code, Some(told)));
}

/// A definition of widgets whose `spec` may hold anything.
fn definition() -> String {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut definition: Value = serde_json::from_str(&super::definition()).unwrap();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = anything;
    definition.to_string()
}

#[tokio::test]
async fn patches_one_after_the_other_deepen_an_object_only_so_far() {
    let server = server();
    for step in [
        ("POST", CRDS, definition().as_str()),
        ("POST", WIDGETS, WIDGET),
    ] {
        assert_eq!(ask(&server, step).await.0, 201);
    }
    let deepen = |depth: usize| {
        let path = format!("/spec{}", "/a".repeat(depth));
        json!([{"op": "add", "path": path, "value": {}}]).to_string()
    };
    for depth in 1..126 {
        let patch = deepen(depth);
        assert_eq!(ask(&server, ("JSON", WIDGET_W, &patch)).await.0, 200);
    }
    let (_, kept) = ask(&server, ("GET", WIDGET_W, "")).await;
    let (code, refusal) = ask(&server, ("JSON", WIDGET_W, &deepen(126))).await;
    let told = "the server rejected our request due to an error in our request";
    assert_eq!((code, &refusal["message"]), (422, &json!(told)));
    assert_eq!(ask(&server, ("GET", WIDGET_W, "")).await.1, kept);
}
