//! Pods and the service accounts that they run as.

use rstest::rstest;

use super::{POD, PODS, ask, server};
use crate::json::{Value, json};

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

fn token_volume(name: &str) -> Value {
    json!({"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        {"downwardAPI": {"items": [{"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}]}},
    ]}})
}

/// As a real kube-apiserver 1.34.3 completes the same pods; the suffix of the volume is that of the seed.
#[rstest]
#[case::a_pod_that_says_nothing(
    "{}", json!({"containers": [{"name": "c", "image": "i"}], "initContainers": [{"name": "d", "image": "i"}]}),
    json!([token_volume("kube-api-access-SEED")]), json!([["kube-api-access-SEED"], ["kube-api-access-SEED"]])
)]
#[case::after_what_is_there(
    "{}", json!({"volumes": [{"name": "v", "secret": {"secretName": "s", "defaultMode": 420}}], "containers": [{"name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]}),
    json!([{"name": "v", "secret": {"secretName": "s", "defaultMode": 420}}, token_volume("kube-api-access-SEED")]), json!([["v", "kube-api-access-SEED"]])
)]
#[case::not_where_something_is_mounted(
    "{}", json!({"volumes": [{"name": "v", "secret": {"secretName": "s", "defaultMode": 420}}], "containers": [{"name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]}]}),
    json!([{"name": "v", "secret": {"secretName": "s", "defaultMode": 420}}]), json!([["v"]])
)]
#[case::from_a_volume_of_that_name(
    "{}", json!({"volumes": [{"name": "kube-api-access-x", "secret": {"secretName": "s", "defaultMode": 420}}], "containers": [{"name": "c", "image": "i"}]}),
    json!([{"name": "kube-api-access-x", "secret": {"secretName": "s", "defaultMode": 420}}]), json!([["kube-api-access-x"]])
)]
#[case::not_into_a_pod_that_wants_none(
    "{}", json!({"automountServiceAccountToken": false, "containers": [{"name": "c", "image": "i"}]}),
    Value::Null, json!([[]])
)]
#[case::not_if_the_account_wants_none(
    r#"{"automountServiceAccountToken":false}"#, json!({"containers": [{"name": "c", "image": "i"}]}),
    Value::Null, json!([[]])
)]
#[case::if_the_pod_wants_one_and_the_account_does_not(
    r#"{"automountServiceAccountToken":false}"#, json!({"automountServiceAccountToken": true, "containers": [{"name": "c", "image": "i"}]}),
    json!([token_volume("kube-api-access-SEED")]), json!([["kube-api-access-SEED"]])
)]
#[tokio::test]
async fn the_token_of_the_account_is_mounted(
    #[case] account: &str,
    #[case] spec: Value,
    #[case] volumes: Value,
    #[case] mounts: Value,
) {
    let mut account: Value = serde_json::from_str(account).unwrap();
    account["metadata"] = json!({"name": "default"});
    let pod = json!({"metadata": {"name": "p"}, "spec": spec}).to_string();
    let (code, pod) = admitted(&[&account.to_string()], &pod).await;
    assert_eq!(code, 201, "{pod}");
    let spec = &pod["spec"];
    let name = volume_name(spec);
    assert_eq!(without_suffix(&spec["volumes"], &name), volumes);
    let lists = ["initContainers", "containers"].map(|list| spec[list].as_array());
    let containers = lists.into_iter().flatten().flatten();
    let mounted: Vec<Value> = containers
        .map(|container| {
            let mounts = container["volumeMounts"].as_array().into_iter().flatten();
            let names: Value = mounts.map(|mount| mount["name"].clone()).collect();
            without_suffix(&names, &name)
        })
        .collect();
    assert_eq!(json!(mounted), mounts);
    let owned = pod["metadata"]["managedFields"][0]["fieldsV1"].to_string();
    assert!(!owned.contains(&name), "{owned}");
}

/// The generated name of the token's volume.
fn volume_name(spec: &Value) -> String {
    let volumes = spec["volumes"].as_array().into_iter().flatten();
    let mut names = volumes.filter_map(|volume| volume["name"].as_str());
    let generated = names.find(|name| name.len() == "kube-api-access-".len() + 5);
    generated.unwrap_or("none").to_owned()
}

fn without_suffix(value: &Value, name: &str) -> Value {
    let text = value.to_string().replace(name, "kube-api-access-SEED");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_token_is_only_to_be_read() {
    let (_, pod) = admitted(&[r#"{"metadata":{"name":"default"}}"#], POD).await;
    let mount = &pod["spec"]["containers"][0]["volumeMounts"][0];
    assert_eq!(
        *mount,
        json!({"name": volume_name(&pod["spec"]), "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"})
    );
}
