//! Definitions: the names that they get, and how they end.

use super::disturbed::read;
use super::{CRDS, ask, server};
use crate::http::service::ApiServer;
use crate::json::{Value, json};

fn named(plural: &str, names: &Value) -> String {
    let mut spec = json!({"group": "ex.io", "scope": "Namespaced", "names": names.clone()});
    spec["names"]["plural"] = plural.into();
    spec["versions"] = json!([{"name": "v1", "served": true, "storage": true,
        "schema": {"openAPIV3Schema": {"type": "object"}}}]);
    json!({"metadata": {"name": format!("{plural}.ex.io")}, "spec": spec}).to_string()
}

/// A server with a definition, and one that wants several of its names and some that are free.
async fn rivals() -> ApiServer {
    let server = server();
    let first = named("as", &json!({"kind": "A", "shortNames": ["aa"]}));
    let second = named(
        "bs",
        &json!({"kind": "A", "shortNames": ["aa", "bb"], "categories": ["all"]}),
    );
    for definition in [first, second] {
        assert_eq!(ask(&server, ("POST", CRDS, &definition)).await.0, 201);
    }
    server
}

/// Whether the second definition is established, which names it has, and what is said of them.
async fn second(server: &ApiServer) -> (bool, String, String) {
    let found = read(server, "other", &format!("{CRDS}/bs.ex.io")).await;
    let status = &found["status"];
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let conditions = Vec::from_iter(conditions);
    let of = |kind: &str| {
        conditions
            .iter()
            .find(|condition| condition["type"] == kind)
    };
    let is_established = of("Established").is_some_and(|condition| condition["status"] == "True");
    let told = of("NamesAccepted").map(|condition| condition["message"].to_string());
    let names = status["acceptedNames"].to_string();
    (is_established, names, told.unwrap_or_default())
}

/// Seen on kube-apiserver v1.34.3.
#[tokio::test]
async fn of_names_that_others_have_a_definition_gets_the_rest() {
    let server = rivals().await;
    let names = r#"{"categories":["all"],"kind":"","plural":"bs"}"#;
    let told = r#""\"AList\" is already in use""#;
    assert_eq!(
        second(&server).await,
        (false, names.to_owned(), told.to_owned())
    );
}

#[tokio::test]
async fn names_that_become_free_go_to_who_waits_for_them() {
    let server = rivals().await;
    let first = format!("{CRDS}/as.ex.io");
    assert_eq!(ask(&server, ("DELETE", &first, "")).await.0, 200);
    let names = r#"{"categories":["all"],"kind":"A","listKind":"AList","plural":"bs","shortNames":["aa","bb"],"singular":"a"}"#;
    let told = r#""no conflicts found""#;
    assert_eq!(
        second(&server).await,
        (true, names.to_owned(), told.to_owned())
    );
}

#[tokio::test]
async fn a_deletion_does_not_count_as_a_change() {
    let server = rivals().await;
    let first = format!("{CRDS}/as.ex.io");
    let (_, deleted) = ask(&server, ("DELETE", &first, "")).await;
    assert_eq!(deleted["metadata"]["generation"], 1);
    assert_eq!(deleted["metadata"].get("deletionGracePeriodSeconds"), None);
    assert_eq!(
        deleted["status"]["conditions"][2]["reason"],
        "InstanceDeletionPending"
    );
}
