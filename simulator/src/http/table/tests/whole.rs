//! Tables of custom resources, and what surrounds the rows.

use super::*;

fn gadget(columns: &[(&str, &str)]) -> Kind {
    let mut gadget = kind("present.ex.io/v1", "Gadget", Origin::Custom);
    gadget.columns = columns
        .iter()
        .map(|(kind, json_path)| Column {
            name: "C".to_owned(),
            kind: (*kind).to_owned(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            json_path: (*json_path).to_owned(),
        })
        .collect();
    gadget
}

fn a_gadget() -> Value {
    an_object(json!({
        "kind": "Gadget", "apiVersion": "present.ex.io/v1",
        "spec": {
            "size": 3, "weight": 1.5, "lit": true, "tags": ["x", "y z"], "extra": {"k": "v", "b": "2"}, "none": null,
            "parts": [{"count": 1}, {"count": 2}],
        },
        "status": {"finished": "2026-11-22T16:00:00Z", "wrong": "soon"},
    }))
}

#[rstest]
#[case("integer", ".spec.size", json!(3))]
#[case("string", ".spec.size", json!("3"))]
#[case("integer", ".spec.weight", json!(1))]
#[case("integer", ".kind", json!(null))]
#[case("string", ".kind", json!("Gadget"))]
#[case("number", ".spec.weight", json!(1.5))]
#[case("boolean", ".spec.lit", json!(true))]
#[case("boolean", ".spec.size", json!(null))]
#[case("string", ".spec.tags[*]", json!("x"))]
#[case("string", ".spec.tags", json!("[\"x\",\"y z\"]"))]
#[case("string", ".spec.extra", json!("{\"b\":\"2\",\"k\":\"v\"}"))]
#[case("string", ".spec.missing", json!(null))]
#[case("string", ".spec.none", json!("<no value>"))]
#[case("integer", ".spec.none", json!(null))]
#[case("string", ".spec.tags[9]", json!(null))]
#[case("integer", ".spec.parts[*].count", json!(1))]
#[case("date", ".status.finished", json!("30m"))]
#[case("date", ".status.wrong", json!("<invalid>"))]
#[case("date", ".metadata.creationTimestamp", json!("90s"))]
#[case("string", "not a path", json!(null))]
fn a_printer_column_shows_what_its_path_leads_to(
    #[case] column_type: &str,
    #[case] path: &str,
    #[case] cell: Value,
) {
    let gadget = gadget(&[(column_type, path)]);
    let table = table(
        &gadget,
        &[&a_gadget()],
        &json!({}),
        NOW,
        IncludeObject::None,
    );
    assert_eq!(table["rows"][0]["cells"], json!(["a", cell]));
}

#[test]
fn columns_are_described_by_their_definition_or_their_path() {
    let mut gadget = gadget(&[("string", ".spec.a"), ("string", ".spec.b")]);
    gadget.columns[0].description = "What a is".to_owned();
    gadget.columns[0].priority = 1;
    let table = table(&gadget, &[], &json!({}), NOW, IncludeObject::None);
    let definitions = &table["columnDefinitions"];
    assert_eq!(definitions[0]["format"], "name");
    assert_eq!(
        json!([definitions[1], definitions[2]]),
        json!([
            {"name": "C", "type": "string", "format": "", "description": "What a is", "priority": 1},
            {"name": "C", "type": "string", "format": "", "description": "Custom resource definition column (in JSONPath format): .spec.b", "priority": 0},
        ])
    );
}

#[test]
fn a_list_keeps_its_position_and_shows_metadata_by_default() {
    let plain = gadget(&[]);
    let mut object = a_gadget();
    object["metadata"] = json!({"name": "a"});
    let list =
        json!({"resourceVersion": "7", "continue": "c", "remainingItemCount": 2, "selfLink": ""});
    let table = table(&plain, &[&object], &list, NOW, IncludeObject::default());
    assert_eq!(
        table["metadata"],
        json!({"resourceVersion": "7", "continue": "c", "remainingItemCount": 2})
    );
    assert_eq!(
        table["rows"],
        json!([{
            "cells": ["a", null],
            "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "a"}},
        }])
    );
    assert_eq!(table["columnDefinitions"][1]["name"], "Age");
}

#[test]
fn a_later_event_leaves_its_columns_out() {
    let plain = gadget(&[]);
    let mut object = a_gadget();
    object["metadata"]["resourceVersion"] = "9".into();
    let event = event_table(&plain, &object, NOW, IncludeObject::None, Headings::Omitted);
    assert_eq!(
        event,
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "9"},
            "columnDefinitions": null, "rows": [{"cells": ["a", "90s"], "object": null}],
        })
    );
}

#[test]
fn the_first_event_describes_its_columns_and_may_carry_the_whole_object() {
    let plain = gadget(&[]);
    let object = a_gadget();
    let event = event_table(&plain, &object, NOW, IncludeObject::Object, Headings::Shown);
    assert_eq!(event["columnDefinitions"][0]["name"], "Name");
    assert_eq!(event["rows"][0]["object"], object);
}

#[test]
fn a_bookmark_of_a_custom_resource_has_an_empty_row() {
    let gadget = gadget(&[
        ("string", ".spec.a"),
        ("date", ".metadata.creationTimestamp"),
    ]);
    let bookmark = json!({"kind": "Gadget", "metadata": {"resourceVersion": "9"}});
    let event = event_table(
        &gadget,
        &bookmark,
        NOW,
        IncludeObject::None,
        Headings::Omitted,
    );
    assert_eq!(event["rows"][0]["cells"], json!(["", null, null]));
}

#[rstest]
#[case("", Ok(IncludeObject::Metadata))]
#[case("Metadata", Ok(IncludeObject::Metadata))]
#[case("None", Ok(IncludeObject::None))]
#[case("Object", Ok(IncludeObject::Object))]
#[case(
    "Wrong",
    Err(
        "Unable to convert to Table as requested: includeObject: Invalid value: \"Wrong\": must be 'Metadata', 'Object', 'None', or empty"
    )
)]
fn the_query_says_how_much_of_an_object_a_row_carries(
    #[case] text: &str,
    #[case] expected: Result<IncludeObject, &str>,
) {
    let parsed = IncludeObject::parse(text).map_err(|status| status.message);
    assert_eq!(parsed, expected.map_err(str::to_owned));
}
