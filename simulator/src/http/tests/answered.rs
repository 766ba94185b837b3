//! What clients are told in place of an answer.

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http_body_util::BodyExt;
use rstest::rstest;

use super::disturbed::{TRIGGER, disturbed, get, read};
use crate::faults::{Fault, Refusal};

#[rstest]
#[case(
    Refusal::Forbidden,
    403,
    "secrets \"\" is forbidden: User \"slow\" cannot list resource \"secrets\""
)]
#[case(
    Refusal::NotServed,
    404,
    "the server could not find the requested resource"
)]
#[case(
    Refusal::TooManyRequests,
    429,
    "the server has received too many requests and has asked us to try again later"
)]
#[case(
    Refusal::TooLargeRevision,
    504,
    "Timeout: Too large resource version: 5, current: 4"
)]
#[case(Refusal::LeaderChanged, 500, "etcdserver: leader changed")]
#[case(Refusal::EtcdTimedOut, 500, "etcdserver: request timed out")]
#[case(Refusal::Initializing, 429, "storage is (re)initializing")]
#[case(
    Refusal::Denied,
    422,
    "secrets \"Unknown\" is forbidden: ValidatingAdmissionPolicy 'fault' with binding 'fault' denied request: failed expression: false"
)]
#[case(
    Refusal::WebhookTimedOut,
    500,
    "Internal error occurred: failed calling webhook \"slow.example.com\": failed to call webhook: Post \"https://slow.default.svc:443/?timeout=10s\": context deadline exceeded"
)]
#[case(
    Refusal::Unavailable,
    503,
    "the server is currently unable to handle the request"
)]
#[tokio::test]
async fn a_client_is_refused(#[case] refusal: Refusal, #[case] code: u16, #[case] message: &str) {
    let server = disturbed(Fault::Answer(refusal));
    let answer = read(&server, "slow", TRIGGER).await;
    assert_eq!(
        (&answer["code"], &answer["message"]),
        (&code.into(), &message.into())
    );
    assert_eq!(get(&server, "other", TRIGGER).await.unwrap().status(), 200);
}

#[rstest]
#[case::status(Refusal::TooManyRequests, Some("1"))]
#[case::storage(Refusal::Initializing, Some("1"))]
#[case::text(Refusal::Overloaded, Some("1"))]
#[case::unavailable(Refusal::Unavailable, None)]
#[tokio::test]
async fn who_is_to_try_again_is_told_when(
    #[case] refusal: Refusal,
    #[case] expected: Option<&str>,
) {
    let server = disturbed(Fault::Answer(refusal));
    let answer = get(&server, "slow", TRIGGER).await.unwrap();
    let header = answer.headers().get(RETRY_AFTER);
    assert_eq!(header.map(|value| value.to_str().unwrap()), expected);
}

#[rstest]
#[case(
    Refusal::Overloaded,
    429,
    "Too many requests, please try again later.\n",
    true
)]
#[case(Refusal::UnavailableText, 503, "service unavailable\n", true)]
#[case(Refusal::UnavailableBare, 503, "", false)]
#[tokio::test]
async fn not_every_answer_is_a_status(
    #[case] refusal: Refusal,
    #[case] code: u16,
    #[case] text: &str,
    #[case] has_type: bool,
) {
    let server = disturbed(Fault::Answer(refusal));
    let answer = get(&server, "slow", TRIGGER).await.unwrap();
    let (head, body) = answer.into_parts();
    let said = body.collect().await.unwrap().to_bytes();
    assert_eq!((head.status.as_u16(), &*said), (code, text.as_bytes()));
    let media_type = head.headers.get(CONTENT_TYPE);
    let is_text = media_type.is_some_and(|value| value == "text/plain; charset=utf-8");
    assert_eq!((media_type.is_some(), is_text), (has_type, has_type));
}

#[tokio::test]
async fn what_etcd_says_has_no_reason() {
    let server = disturbed(Fault::Answer(Refusal::LeaderChanged));
    let answer = read(&server, "slow", TRIGGER).await;
    assert!(answer.get("reason").is_none(), "{answer}");
}
