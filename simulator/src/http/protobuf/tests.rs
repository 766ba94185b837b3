use rstest::rstest;

use super::message::{Field, Kind, Shape};
use super::*;
use crate::json::json;
use crate::store::builtin::rows;
use crate::store::schema::openapi::to_openapi;

/// Pairs that Kubernetes itself tests its codecs with.
///
/// Source: k8s.io/api v0.34.3 `testdata/HEAD`, Apache-2.0.
macro_rules! golden {
    ($name:literal) => {
        (
            include_bytes!(concat!("golden/", $name, ".pb")).as_slice(),
            include_str!(concat!("golden/", $name, ".json")),
        )
    };
}

#[rstest]
#[case(golden!("core.v1.PersistentVolumeClaim"))]
#[case(golden!("core.v1.Event"))]
#[case(golden!("core.v1.DeleteOptions"))]
#[case(golden!("coordination.k8s.io.v1.Lease"))]
#[case(golden!("policy.v1.PodDisruptionBudget"))]
#[case(golden!("authorization.k8s.io.v1.SelfSubjectAccessReview"))]
#[case(golden!("core.v1.Pod"))]
#[case(golden!("core.v1.ConfigMap"))]
#[case(golden!("core.v1.Service"))]
#[case(golden!("core.v1.PersistentVolume"))]
#[case(golden!("apps.v1.ControllerRevision"))]
#[case(golden!("admissionregistration.k8s.io.v1.ValidatingWebhookConfiguration"))]
#[case(golden!("networking.k8s.io.v1.Ingress"))]
#[case(golden!("authentication.k8s.io.v1.TokenReview"))]
#[case(golden!("resource.k8s.io.v1.ResourceSlice"))]
fn a_body_reads_as_its_json_and_is_written_from_it(#[case] (body, json): (&[u8], &str)) {
    let expected: Value = serde_json::from_str(json).unwrap();
    assert_eq!(encode(&expected).unwrap(), body);
    assert_eq!(decode(body, ("", "")), Ok(expected));
}

/// An envelope around `raw`, whose lengths are below 128.
fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let part = |tag: u8, bytes: &[u8]| [&[tag, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let types = [part(10, api_version.as_bytes()), part(18, kind.as_bytes())].concat();
    [b"k8s\0".to_vec(), part(10, &types), part(18, raw)].concat()
}

#[test]
fn what_go_leaves_out_of_json_is_left_out() {
    // metadata{name "", generateName "x", uid "", generation 0, creationTimestamp unset}, spec{}, status{phase ""}
    let raw = b"\x0a\x0b\x0a\x00\x12\x01x\x2a\x00\x38\x00\x42\x00\x12\x00\x1a\x02\x0a\x00";
    let expected = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "x"}, "spec": {}, "status": {},
    });
    assert_eq!(
        decode(&body("v1", "Namespace", raw), ("", "")),
        Ok(expected)
    );
}

#[test]
fn a_zero_that_go_points_to_is_kept() {
    // spec{parallelism 0, manualSelector false}
    let raw = b"\x12\x04\x08\x00\x28\x00";
    let expected = json!({
        "apiVersion": "batch/v1", "kind": "Job", "spec": {"parallelism": 0, "manualSelector": false},
    });
    assert_eq!(
        decode(&body("batch/v1", "Job", raw), ("", "")),
        Ok(expected)
    );
}

#[rstest]
#[case(b"", "empty data")]
#[case(
    b"{}",
    "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
)]
#[case(b"k8s\0", "empty body")]
#[case(b"k8s\0\x0a\x7f", "unexpected EOF")]
#[case(b"k8s\0\x08\x01", "proto: wrong wireType = 0 for field TypeMeta")]
fn bytes_that_are_no_object_are_refused(#[case] body: &[u8], #[case] expected: &str) {
    let why = decode(body, ("v1", "Pod")).unwrap_err();
    assert_eq!((why.to_string().as_str(), why.named()), (expected, None));
}

/// Seen on kube-apiserver v1.34.3.
#[rstest]
#[case::nothing(("", ""), Ok(("v1", "ConfigMap")))]
#[case::its_version(("v1", ""), Ok(("v1", "ConfigMap")))]
#[case::its_kind(("", "ConfigMap"), Ok(("v1", "ConfigMap")))]
#[case::another(("apps/v1", "Deployment"), Ok(("apps/v1", "Deployment")))]
#[case::an_unknown_one(("nope/v1", "Foo"), Err(r#"no kind "Foo" is registered for version "nope/v1" in scheme "pkg/runtime/scheme.go:110""#))]
#[case::no_version(("a/b/c", "Foo"), Err(r#"no kind "Foo" is registered for version "v1" in scheme "pkg/runtime/scheme.go:110""#))]
fn what_a_body_does_not_say_it_is_read_as(
    #[case] (api_version, kind): (&str, &str),
    #[case] expected: Result<(&str, &str), &str>,
) {
    let read = decode(&body(api_version, kind, b""), ("v1", "ConfigMap"));
    let read = read.map_err(|why| why.to_string());
    let found = read.as_ref().map_err(String::as_str);
    let found = found.map(|object| {
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        (text("apiVersion"), text("kind"))
    });
    assert_eq!(found, expected);
}

#[test]
fn parts_of_one_message_are_put_together() {
    // metadata{name "a"}, metadata{labels{"b": "c"}}, metadata{generateName "", name "d"}
    let raw = b"\x0a\x03\x0a\x01a\x0a\x08\x5a\x06\x0a\x01b\x12\x01c\x0a\x05\x12\x00\x0a\x01d";
    let expected = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d", "labels": {"b": "c"}},
    });
    assert_eq!(
        decode(&body("v1", "ConfigMap", raw), ("", "")),
        Ok(expected)
    );
}

#[test]
fn numbers_are_cut_to_their_size() {
    // spec{leaseDurationSeconds 2^40 + 3}
    let raw = b"\x12\x07\x10\x83\x80\x80\x80\x80\x20";
    let lease = decode(&body("coordination.k8s.io/v1", "Lease", raw), ("", "")).unwrap();
    assert_eq!(lease["spec"], json!({"leaseDurationSeconds": 3}));
}

#[test]
fn a_schema_that_never_ends_is_refused() {
    let mut raw = Vec::new();
    // Field 28 of a schema is `not`, another schema.
    for _ in 0..70 {
        let mut length = raw.len();
        let mut outer = vec![0xe2, 0x01];
        while length >= 0x80 {
            outer.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        outer.push(u8::try_from(length).unwrap());
        outer.extend(raw);
        raw = outer;
    }
    let schema = Message::schema().decode(&raw, 0);
    assert_eq!(schema, Err(Fault::Other("nested too deep")));
}

/// Fields of a schema that a message has no number for.
fn missing(message: &Message, schema: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let Some(field) = field(message, name) else {
            // The types of whatever may stand alone are in the envelope.
            if !matches!(name.as_str(), "apiVersion" | "kind") {
                found.push(path);
            }
            continue;
        };
        let inner = match field.shape {
            Shape::Repeated => &property["items"],
            Shape::Map => &property["additionalProperties"],
            Shape::Plain | Shape::Optional => property,
        };
        if let Kind::Message(place) = field.kind {
            found.extend(missing(place.message(), inner, &path));
        }
    }
    found
}

fn field<'m>(message: &'m Message, name: &str) -> Option<&'m Field> {
    message.fields.values().find_map(|known| match known.kind {
        Kind::Message(place) if known.name.is_none() => field(place.message(), name),
        _ => (known.name == Some(name)).then_some(known),
    })
}

#[test]
fn every_field_of_every_built_in_kind_has_a_number() {
    let missing = rows().flat_map(|row| {
        let kind = row.kind();
        let message = message(&kind.api_version(), &kind.kind).unwrap();
        // Bindings can only be made.
        if kind.kind != "Binding" {
            super::message(&kind.api_version(), &kind.list_kind).unwrap();
        }
        missing(message, &to_openapi(&kind.schema), &kind.kind)
    });
    let expected: [&str; 0] = [];
    assert_eq!(missing.collect::<Vec<_>>(), expected);
}

#[rstest]
#[case(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": 1}}), "data")]
#[case(json!({"apiVersion": "v1", "kind": "ConfigMap", "binaryData": {"a": "%"}}), "binaryData")]
#[case(json!({"apiVersion": "v1", "kind": "Pod", "spec": []}), "spec")]
#[case(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"creationTimestamp": "x"}}), "creationTimestamp")]
fn what_does_not_fit_is_named(#[case] object: Value, #[case] field: &'static str) {
    assert_eq!(encode(&object), Err(Error::Misfit(field)));
}

#[test]
fn an_event_reads_as_it_was_written() {
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {}, "data": {"a": ""}});
    let frame = encode_event("ADDED", &object).unwrap();
    assert_eq!(
        frame[..4],
        u32::try_from(frame.len() - 4).unwrap().to_be_bytes()
    );
    assert_eq!(decode_event(&frame[4..]), Ok(("ADDED".to_owned(), object)));
}
