//! Objects that are too large.

use rstest::rstest;

use super::{ask, last, server};
use crate::json::{Value, json};

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const LEASE_L: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";

fn lease(n_bytes: usize) -> String {
    json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "x".repeat(n_bytes)}}).to_string()
}

#[rstest]
#[case::below(1_400 * 1024, 201)]
#[case::above(1_600 * 1024, 500)]
#[tokio::test]
async fn an_object_has_a_size_at_which_the_store_ends(#[case] n_bytes: usize, #[case] code: u16) {
    let (answered, answer) = last(&[("POST", LEASES, &lease(n_bytes))]).await;
    assert_eq!(answered, code);
    if code == 500 {
        let refusal = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "etcdserver: request is too large", "code": 500});
        assert_eq!(answer, refusal);
    }
}

#[tokio::test]
async fn an_object_cannot_grow_too_large_and_stays_as_it_was() {
    let steps = [
        ("POST", LEASES, lease(1)),
        ("MERGE", LEASE_L, lease(1_600 * 1024)),
    ];
    let server = server();
    let mut codes = Vec::new();
    for (verb, path, body) in &steps {
        codes.push(ask(&server, (*verb, *path, body.as_str())).await.0);
    }
    assert_eq!(codes, [201, 500]);
    let (_, stored) = ask(&server, ("GET", LEASE_L, "")).await;
    assert_eq!(stored["spec"]["holderIdentity"], "x");
}

#[rstest]
#[case::config_map("configmaps", json!({"data": {"a": "x".repeat(1_200 * 1024)}}), "ConfigMap \"a\" is invalid: []: Too long: may not be more than 1048576 bytes")]
#[case::secret("secrets", json!({"stringData": {"a": "x".repeat(1_200 * 1024)}}), "Secret \"a\" is invalid: data: Too long: may not be more than 1048576 bytes")]
#[tokio::test]
async fn data_has_a_limit_of_its_own(
    #[case] plural: &str,
    #[case] mut object: Value,
    #[case] message: &str,
) {
    object["metadata"] = json!({"name": "a"});
    let path = format!("/api/v1/namespaces/default/{plural}");
    let (code, answer) = last(&[("POST", &path, &object.to_string())]).await;
    assert_eq!((code, &answer["message"]), (422, &json!(message)));
}
