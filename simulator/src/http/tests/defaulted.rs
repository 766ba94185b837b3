//! The classes that objects get which name none.

use rstest::rstest;

use super::last;
use crate::json::Value;

const CLASSES: &str = "/apis/storage.k8s.io/v1/storageclasses";
const CLAIMS: &str = "/api/v1/namespaces/default/persistentvolumeclaims";
const INGRESSES: &str = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";

fn class(name: &str, annotations: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","annotations":{annotations}}},"provisioner":"x/y"}}"#)
}

fn claim(annotations: &str, class: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"c","annotations":{annotations}}},"spec":{{"accessModes":["ReadWriteOnce"],{class}"resources":{{"requests":{{"storage":"1Gi"}}}}}}}}"#
    )
}

#[rstest]
#[case::none("{}", "{}", "", Value::Null)]
#[case::one(r#"{"storageclass.kubernetes.io/is-default-class":"true"}"#, "{}", "", "b".into())]
#[case::older_mark(r#"{"storageclass.beta.kubernetes.io/is-default-class":"true"}"#, "{}", "", "b".into())]
#[case::no_class_wanted(r#"{"storageclass.kubernetes.io/is-default-class":"true"}"#, "{}", r#""storageClassName":"","#, "".into())]
#[case::named_in_the_old_way(
    r#"{"storageclass.kubernetes.io/is-default-class":"true"}"#,
    r#"{"volume.beta.kubernetes.io/storage-class":"z"}"#,
    "",
    Value::Null
)]
#[tokio::test]
async fn a_claim_gets_the_default_class(
    #[case] mark: &str,
    #[case] annotations: &str,
    #[case] named: &str,
    #[case] expected: Value,
) {
    let (_, claim) = last(&[
        ("POST", CLASSES, &class("a", "{}")),
        ("POST", CLASSES, &class("b", mark)),
        ("POST", CLAIMS, &claim(annotations, named)),
    ])
    .await;
    assert_eq!(claim["spec"]["storageClassName"], expected, "{claim}");
}

#[tokio::test]
async fn of_classes_of_one_age_the_first_by_name_is_the_default() {
    let mark = r#"{"storageclass.kubernetes.io/is-default-class":"true"}"#;
    let (_, claim) = last(&[
        ("POST", CLASSES, &class("b", mark)),
        ("POST", CLASSES, &class("a", mark)),
        ("POST", CLAIMS, &claim("{}", "")),
    ])
    .await;
    assert_eq!(claim["spec"]["storageClassName"], "a");
}

#[tokio::test]
async fn an_ingress_gets_the_default_class() {
    let class = r#"{"metadata":{"name":"a","annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}},"spec":{"controller":"x/y"}}"#;
    let ingress = r#"{"metadata":{"name":"i"},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}"#;
    let (_, ingress) = last(&[
        ("POST", "/apis/networking.k8s.io/v1/ingressclasses", class),
        ("POST", INGRESSES, ingress),
    ])
    .await;
    assert_eq!(ingress["spec"]["ingressClassName"], "a");
}
