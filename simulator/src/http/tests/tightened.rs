//! Objects whose schema is another one when they are written again: what they share with their old state fitted the old
//! one only.

use rstest::rstest;

use super::{CRDS, WIDGET, WIDGET_W, WIDGETS, definition, last};
use crate::json::{Value, json};

const WIDGETS_CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.ex.io";
const LABEL: &str = r#"{"metadata":{"labels":{"a":"b"}}}"#;

/// A patch of the definition after which widgets have these fields in `spec`.
fn with_fields(fields: &Value) -> String {
    let schema =
        json!({"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
    json!({"spec": {"versions": [version]}}).to_string()
}

#[rstest]
#[case::a_field_that_is_still_known(json!({"size": {"type": "integer"}}), 200, json!({"size": 1}))]
#[case::a_field_that_is_no_longer_known(json!({"other": {"type": "string"}}), 200, json!({}))]
#[case::a_field_with_a_new_default(json!({"size": {"type": "integer"}, "more": {"type": "string", "default": "x"}}), 200, json!({"more": "x", "size": 1}))]
#[case::a_value_that_is_too_small_now(json!({"size": {"type": "integer", "minimum": 2}}), 200, json!({"size": 1}))]
#[tokio::test]
async fn a_write_of_something_else_meets_the_new_schema(
    #[case] fields: Value,
    #[case] code: u16,
    #[case] spec: Value,
) {
    let (answered, body) = last(&[
        ("POST", CRDS, &definition()),
        ("POST", WIDGETS, WIDGET),
        ("MERGE", WIDGETS_CRD, &with_fields(&fields)),
        ("MERGE", WIDGET_W, LABEL),
    ])
    .await;
    assert_eq!((answered, &body["spec"]), (code, &spec));
}

#[rstest]
#[case::a_field_that_is_no_longer_known(json!({"other": {"type": "string"}}), json!({}))]
#[case::a_field_with_a_new_default(json!({"size": {"type": "integer"}, "more": {"type": "string", "default": "x"}}), json!({"more": "x", "size": 1}))]
#[tokio::test]
async fn what_is_read_is_shown_as_the_new_schema_has_it(
    #[case] fields: Value,
    #[case] spec: Value,
    #[values(WIDGET_W, WIDGETS)] path: &str,
) {
    let (code, body) = last(&[
        ("POST", CRDS, &definition()),
        ("POST", WIDGETS, WIDGET),
        ("MERGE", WIDGETS_CRD, &with_fields(&fields)),
        ("GET", path, ""),
    ])
    .await;
    let object = if path == WIDGETS {
        &body["items"][0]
    } else {
        &body
    };
    assert_eq!((code, &object["spec"]), (200, &spec));
}

#[tokio::test]
async fn a_write_through_another_version_meets_the_schema_of_that_one() {
    let mut definition: Value = serde_json::from_str(&definition()).unwrap();
    let mut newer = definition["spec"]["versions"][0].clone();
    newer["name"] = "v2".into();
    newer["storage"] = false.into();
    newer["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"] =
        json!({"other": {"type": "string"}});
    if let Some(versions) = definition["spec"]["versions"].as_array_mut() {
        versions.push(newer);
    }
    let (code, body) = last(&[
        ("POST", CRDS, &definition.to_string()),
        ("POST", WIDGETS, WIDGET),
        ("MERGE", &WIDGET_W.replace("v1", "v2"), LABEL),
    ])
    .await;
    assert_eq!((code, &body["spec"]), (200, &json!({})));
}
