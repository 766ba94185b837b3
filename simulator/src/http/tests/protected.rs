//! What the server keeps of an object, whatever a client says.

use rstest::rstest;

use super::{ask_with, last, server};
use crate::json::json;

const CLAIMS: &str = "/api/v1/namespaces/default/persistentvolumeclaims";
const CLAIM: &str = r#"{"metadata":{"name":"c"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}"#;
const VOLUMES: &str = "/api/v1/persistentvolumes";
const VOLUME: &str = r#"{"metadata":{"name":"v"},"spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},"hostPath":{"path":"/v"}}}"#;
const CLASSES: &str = "/apis/storage.k8s.io/v1/volumeattributesclasses";
const CLASS: &str = r#"{"metadata":{"name":"a"},"driverName":"x","parameters":{"a":"b"}}"#;

#[rstest]
#[case::a_claim(CLAIMS, CLAIM, "kubernetes.io/pvc-protection")]
#[case::a_volume(VOLUMES, VOLUME, "kubernetes.io/pv-protection")]
#[case::a_class_of_attributes(CLASSES, CLASS, "kubernetes.io/vac-protection")]
#[tokio::test]
async fn what_may_be_in_use_is_protected(
    #[case] path: &str,
    #[case] body: &str,
    #[case] finalizer: &str,
) {
    let (code, body) = last(&[("POST", path, body)]).await;
    assert_eq!(
        (code, &body["metadata"]["finalizers"]),
        (201, &json!([finalizer]))
    );
}

#[tokio::test]
async fn the_finalizers_of_a_namespace_stay_though_who_owned_them_gave_them_up() {
    let (code, body) = last(&[
        (
            "POST",
            "/api/v1/namespaces",
            r#"{"metadata":{"name":"n"},"spec":{"finalizers":["a/b"]}}"#,
        ),
        (
            "MERGE",
            "/api/v1/namespaces/n",
            r#"{"spec":{"finalizers":[]}}"#,
        ),
    ])
    .await;
    assert_eq!(
        (code, &body["spec"]["finalizers"]),
        (200, &json!(["a/b", "kubernetes"]))
    );
    assert!(
        !body["metadata"]["managedFields"]
            .to_string()
            .contains("f:spec")
    );
}

#[tokio::test]
async fn a_table_is_called_as_it_was_asked_for() {
    let accept = [(
        "accept",
        "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
    )];
    let (code, body) = ask_with(&server(), ("GET", "/api/v1/namespaces", ""), &accept).await;
    assert_eq!(
        (
            code,
            &body["apiVersion"],
            &body["rows"][0]["object"]["apiVersion"]
        ),
        (
            200,
            &json!("meta.k8s.io/v1beta1"),
            &json!("meta.k8s.io/v1beta1")
        )
    );
}
