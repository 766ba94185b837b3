//! Refusals that the parity cases found to be missing or told in other words.

use rstest::rstest;

use super::{
    A, CRDS, MAP_A, MAPS, POD_P, PODS, Step, WIDGET, WIDGETS, ask, definition, last, server,
};
use crate::json::json;

const SECRETS: &str = "/api/v1/namespaces/default/secrets";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const POD: &str = r#"{"metadata":{"name":"p"},"spec":{"activeDeadlineSeconds":9,"containers":[{"name":"c","image":"i"}]}}"#;

#[rstest]
#[case::tls(&[("POST", SECRETS, r#"{"metadata":{"name":"s"},"type":"kubernetes.io/tls"}"#)], 422,
    "Secret \"s\" is invalid: [data[tls.crt]: Required value, data[tls.key]: Required value]")]
#[case::docker(&[("POST", SECRETS, r#"{"metadata":{"name":"s"},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"eA=="}}"#)], 422,
    "Secret \"s\" is invalid: data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'x' looking for beginning of value")]
#[case::both_data(&[("POST", MAPS, r#"{"metadata":{"name":"a"},"data":{"k":"v"},"binaryData":{"k":"AA=="}}"#)], 422,
    "ConfigMap \"a\" is invalid: data[k]: Invalid value: \"k\": duplicate of key present in binaryData")]
#[case::verbs(&[("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", r#"{"metadata":{"name":"r"},"rules":[{"resources":["pods"]}]}"#)], 422,
    "Role.rbac.authorization.k8s.io \"r\" is invalid: [rules[0].verbs: Required value: verbs must contain at least one value, rules[0].apiGroups: Required value: resource rules must supply at least one api group]")]
#[case::modes(&[("POST", "/api/v1/namespaces/default/persistentvolumeclaims", r#"{"metadata":{"name":"c"},"spec":{"resources":{"requests":{"storage":"1Gi"}}}}"#)], 422,
    "PersistentVolumeClaim \"c\" is invalid: spec.accessModes: Required value: at least 1 access mode is required")]
#[case::dots(&[("POST", MAPS, r#"{"metadata":{"name":"a"},"data":{"..":"v"}}"#)], 422,
    "ConfigMap \"a\" is invalid: data[..]: Invalid value: \"..\": must not be '..'")]
#[case::binary(&[("POST", MAPS, r#"{"metadata":{"name":"a"},"binaryData":{"k":"%"}}"#)], 400,
    "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: illegal base64 data at input byte 0")]
#[case::map_value(&[("POST", MAPS, r#"{"metadata":{"name":"a"},"data":{"k":1}}"#)], 400,
    "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
#[case::inner_struct(&[("POST", LEASES, r#"{"metadata":{"name":"l"},"spec":{"holderIdentity":true}}"#)], 400,
    "Lease in version \"v1\" cannot be handled as a Lease: json: cannot unmarshal bool into Go struct field LeaseSpec.spec.holderIdentity of type string")]
#[case::deletion_time(&[("POST", MAPS, A), ("MERGE", MAP_A, r#"{"metadata":{"deletionTimestamp":"2020-01-01T00:00:00Z"}}"#)], 422,
    "ConfigMap \"a\" is invalid: metadata.deletionTimestamp: Invalid value: \"2020-01-01T00:00:00Z\": field is immutable")]
#[case::being_deleted(&[("POST", MAPS, r#"{"metadata":{"name":"a","finalizers":["e.x/f"]}}"#), ("DELETE", MAP_A, ""), ("POST", MAPS, A)], 409,
    "object is being deleted: configmaps \"a\" already exists")]
#[case::contrary(&[("POST", MAPS, r#"{"metadata":{"name":"a","finalizers":["orphan","foregroundDeletion"]}}"#)], 422,
    "ConfigMap \"a\" is invalid: metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and foregroundDeletion cannot be both set")]
#[case::manager(&[("POST", "/api/v1/namespaces/default/configmaps?fieldManager=a%07", A)], 422,
    "CreateOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"a\\a\": invalid character U+0007 (at position 1)")]
#[case::dry_run(&[("POST", "/api/v1/namespaces/default/configmaps?dryRun=", A)], 422,
    "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"\"]: supported values: \"All\"")]
#[case::everywhere(&[("DELETE", "/api/v1/configmaps", "")], 405,
    "the server does not allow this method on the requested resource")]
#[case::options(&[("POST", MAPS, A), ("DELETE", MAP_A, "{")], 500,
    "couldn't get version/kind; json parse error: unexpected end of JSON input")]
#[case::applied_text(&[("APPLY", "/api/v1/namespaces/default/configmaps/a?fieldManager=m", "x")], 400,
    "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type map[string]interface {}")]
#[case::strict_before_missing(&[("PUT", "/api/v1/namespaces/default/configmaps/a?fieldValidation=Strict", r#"{"metadata":{"name":"a"},"x":1}"#)], 400,
    "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"x\"")]
#[case::deadline(&[("POST", PODS, POD), ("MERGE", POD_P, r#"{"spec":{"activeDeadlineSeconds":10}}"#)], 422,
    "Pod \"p\" is invalid: spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value")]
#[tokio::test]
async fn a_refusal_is_told_as_a_real_server_does(
    #[case] steps: &[Step<'_>],
    #[case] code: u16,
    #[case] message: &str,
) {
    let (answered, body) = last(steps).await;
    assert_eq!((answered, body["message"].as_str()), (code, Some(message)));
}

#[tokio::test]
async fn a_put_of_what_was_created_keeps_what_admission_gave_a_pod() {
    let server = server();
    let (_, created) = ask(&server, ("POST", PODS, POD)).await;
    assert_eq!(ask(&server, ("PUT", POD_P, POD)).await, (200, created));
}

#[tokio::test]
async fn an_apply_of_nothing_gives_everything_up() {
    let map = "/api/v1/namespaces/default/configmaps/a?fieldManager=m";
    let body = |data: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"a"}}{data}}}"#)
    };
    let (first, second) = (body(r#","data":{"k":"v"}"#), body(""));
    let (code, answered) = last(&[("APPLY", map, &first), ("APPLY", map, &second)]).await;
    assert_eq!(
        (code, &answered["metadata"]["managedFields"]),
        (200, &json!(null))
    );
}

#[tokio::test]
async fn null_is_an_empty_text_in_a_map_of_texts() {
    let body = r#"{"metadata":{"name":"a"},"data":{"k":null}}"#;
    let (_, created) = last(&[("POST", MAPS, body)]).await;
    assert_eq!(created["data"], json!({"k": ""}));
}

#[tokio::test]
async fn the_creator_of_a_pod_without_a_kind_does_not_own_its_spec_as_such() {
    let (_, created) = last(&[("POST", PODS, POD)]).await;
    let spec = &created["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"];
    assert_eq!((spec.get("."), spec["f:containers"].get(".")), (None, None));
}

#[rstest]
#[case::a_name(("POST", WIDGETS, r#"{"apiVersion":"ex.io/v1","kind":"Widget","metadata":{"name":"n"}}"#), "widgets.ex.io \"n\" is forbidden")]
#[case::a_base(("POST", WIDGETS, r#"{"apiVersion":"ex.io/v1","kind":"Widget","metadata":{"generateName":"n-"}}"#), "widgets.ex.io is forbidden")]
#[case::a_bad_name(("POST", WIDGETS, r#"{"apiVersion":"ex.io/v1","kind":"Widget","metadata":{"name":"A_b"}}"#), "widgets.ex.io \"A_b\" is forbidden")]
#[case::an_apply(("APPLY", "/apis/ex.io/v1/namespaces/default/widgets/n?fieldManager=m", r#"{"apiVersion":"ex.io/v1","kind":"Widget","metadata":{"name":"n"}}"#), "widgets.ex.io \"n\" is forbidden")]
#[tokio::test]
async fn a_definition_that_is_deleted_gets_no_new_instances(
    #[case] step: Step<'_>,
    #[case] refusal: &str,
) {
    let definition = definition();
    let (made, deleted) = (
        ("POST", CRDS, &*definition),
        format!("{CRDS}/widgets.ex.io"),
    );
    let steps = [
        made,
        ("POST", WIDGETS, WIDGET),
        ("DELETE", &deleted, ""),
        step,
    ];
    let (code, body) = last(&steps).await;
    let why = "create not allowed while custom resource definition is terminating";
    assert_eq!(
        (code, &body["message"]),
        (403, &json!(format!("{refusal}: {why}")))
    );
}
