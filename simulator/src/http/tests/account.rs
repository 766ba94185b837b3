//! Pods and the service accounts that they run as.

use rstest::rstest;
use serde_json::{Value, json};

use super::{POD, PODS, ask, server};

const ACCOUNTS: &str = "/api/v1/namespaces/default/serviceaccounts";

/// The answer to a new pod where service accounts matter, after `accounts` were made.
async fn admitted(accounts: &[&str], pod: &str) -> (u16, Value) {
    let server = server();
    server.enable_account_admission();
    for account in accounts {
        let (code, answer) = ask(&server, ("POST", ACCOUNTS, account)).await;
        assert_eq!(code, 201, "{answer}");
    }
    ask(&server, ("POST", PODS, pod)).await
}

#[rstest]
#[case::none_named(
    r#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#,
    "pods \"p\" is forbidden: error looking up service account default/default: serviceaccount \"default\" not found"
)]
#[case::named(
    r#"{"metadata":{"generateName":"p-"},"spec":{"serviceAccountName":"x","containers":[{"name":"c","image":"i"}]}}"#,
    "pods \"p-\" is forbidden: error looking up service account default/x: serviceaccount \"x\" not found"
)]
#[case::an_invalid_pod_that_uses_the_old_field(
    r#"{"metadata":{"name":"p"},"spec":{"serviceAccount":"y","containers":[]}}"#,
    "pods \"p\" is forbidden: error looking up service account default/y: serviceaccount \"y\" not found"
)]
#[tokio::test]
async fn a_pod_without_its_service_account_is_refused(#[case] pod: &str, #[case] message: &str) {
    let (code, answer) = admitted(&[], pod).await;
    assert_eq!((code, &answer["message"]), (403, &json!(message)));
    assert_eq!(answer["reason"], "Forbidden");
}

#[tokio::test]
async fn a_pod_runs_as_its_namespaces_default_unless_it_says_otherwise() {
    let default = r#"{"metadata":{"name":"default"},"imagePullSecrets":[{"name":"pull"}]}"#;
    let (code, pod) = admitted(&[default], POD).await;
    let spec = &pod["spec"];
    assert_eq!(code, 201, "{pod}");
    assert_eq!(
        (&spec["serviceAccountName"], &spec["serviceAccount"]),
        (&json!("default"), &json!("default"))
    );
    assert_eq!(spec["imagePullSecrets"], json!([{"name": "pull"}]));
    let owned = &pod["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"];
    assert_eq!(owned["f:serviceAccountName"], Value::Null);
}

#[rstest]
#[case::of_another_name(r#"{"metadata":{"name":"p"},"spec":{"serviceAccountName":"x","containers":[{"name":"c","image":"i"}]}}"#, "x")]
#[case::by_the_old_field(r#"{"metadata":{"name":"p"},"spec":{"serviceAccount":"x","containers":[{"name":"c","image":"i"}]}}"#, "x")]
#[case::a_mirror(r#"{"metadata":{"name":"p","annotations":{"kubernetes.io/config.mirror":"h"}},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}"#, "")]
#[tokio::test]
async fn a_pod_is_taken(#[case] pod: &str, #[case] account: &str) {
    let (code, answer) = admitted(&[r#"{"metadata":{"name":"x"}}"#], pod).await;
    let name = answer["spec"]["serviceAccountName"].as_str();
    assert_eq!((code, name.unwrap_or_default()), (201, account), "{answer}");
}
