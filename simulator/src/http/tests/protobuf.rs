//! Answers in protobuf.

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use rstest::rstest;
use tower::ServiceExt;

use super::{A, CRDS, MAP_A, MAPS, POD, PODS, WIDGET, WIDGETS, ask, definition, server};
use crate::http::protobuf;
use crate::http::service::ApiServer;
use crate::json::{Value, json};

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const METADATA_LIST: &str =
    "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// The media type of an answer to a GET, and its first bytes.
async fn get(server: &ApiServer, path: &str, accept: &str) -> (String, Bytes) {
    let request = Request::get(path).header(ACCEPT, accept);
    let request = request.body(Full::new(Bytes::new())).unwrap();
    let response = server.service("test").oneshot(request).await.unwrap();
    let media_type = response.headers()[CONTENT_TYPE].to_str().unwrap();
    let (media_type, mut body) = (media_type.to_owned(), response.into_body());
    let frame = body.frame().await.unwrap().unwrap();
    (media_type, frame.into_data().unwrap())
}

async fn decoded(server: &ApiServer, path: &str, accept: &str) -> Value {
    let (media_type, bytes) = get(server, path, accept).await;
    assert_eq!(media_type, PROTOBUF);
    protobuf::decode(&bytes, ("", "")).unwrap()
}

/// The answer in protobuf reads as the one in JSON, but for what is empty in both.
#[rstest]
#[case::an_object(POD, "/api/v1/namespaces/default/pods/p")]
#[case::a_list(POD, PODS)]
#[case::a_refusal(POD, "/api/v1/namespaces/default/pods/q")]
#[case::the_groups(POD, "/apis")]
#[case::the_resources(POD, "/apis/apps/v1")]
#[tokio::test]
async fn an_answer_says_the_same_as_in_json(#[case] pod: &str, #[case] path: &str) {
    let server = server();
    ask(&server, ("POST", PODS, pod)).await;
    let (_, in_json) = ask(&server, ("GET", path, "")).await;
    let in_protobuf = decoded(&server, path, PROTOBUF).await;
    assert_eq!(without_empty(&in_protobuf), without_empty(&in_json));
}

/// A value without fields that hold nothing, which Go writes into protobuf and leaves out of JSON, or the other way round.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_empty).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, field)| (name.clone(), without_empty(field)));
            let is_empty = |field: &Value| {
                [
                    json!({}),
                    json!([]),
                    json!(""),
                    json!(false),
                    json!(0),
                    Value::Null,
                ]
                .contains(field)
            };
            fields.filter(|(_, field)| !is_empty(field)).collect()
        }
        other => other.clone(),
    }
}

#[tokio::test]
async fn a_watch_comes_in_frames() {
    let server = server();
    ask(&server, ("POST", MAPS, A)).await;
    let path = format!("{MAPS}?watch=1&fieldSelector=metadata.name=a");
    let (media_type, frame) = get(&server, &path, PROTOBUF).await;
    assert_eq!(
        media_type,
        "application/vnd.kubernetes.protobuf;stream=watch"
    );
    let (length, event) = frame.split_at(4);
    assert_eq!(
        u32::from_be_bytes(length.try_into().unwrap()) as usize,
        event.len()
    );
    let (name, object) = protobuf::decode_event(event).unwrap();
    assert_eq!(
        (name.as_str(), object),
        ("ADDED", decoded(&server, MAP_A, PROTOBUF).await)
    );
}

#[tokio::test]
async fn of_custom_resources_only_metadata_can_be_protobuf() {
    let server = server();
    ask(&server, ("POST", CRDS, &definition())).await;
    ask(&server, ("POST", WIDGETS, WIDGET)).await;
    let (media_type, bytes) = get(&server, WIDGETS, PROTOBUF).await;
    let refusal = protobuf::decode(&bytes, ("", "")).unwrap();
    assert_eq!(
        (media_type.as_str(), &refusal["code"]),
        (PROTOBUF, &json!(406))
    );
    let list = decoded(&server, WIDGETS, METADATA_LIST).await;
    assert_eq!(
        (&list["kind"], &list["items"][0]["metadata"]["name"]),
        (&json!("PartialObjectMetadataList"), &json!("w"))
    );
}
