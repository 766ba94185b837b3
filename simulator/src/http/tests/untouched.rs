//! Writes that come to nothing.

use jiff::SignedDuration;
use rstest::rstest;

use super::{CRDS, WIDGET_W, WIDGETS, ask, definition, server};
use crate::clock::EPOCH;

const WIDGET: &str = r#"{"apiVersion":"ex.io/v1","kind":"Widget","metadata":{"name":"w","labels":{"l":"1"}},"spec":{"size":1}}"#;
const STATUS_OF_M: &str = "/apis/ex.io/v1/namespaces/default/widgets/w/status?fieldManager=m";

/// What is sent through a status in vain is owned all the same, from the second on in which it is sent.
#[rstest]
#[case::nothing_but_a_time_changes("APPLY", WIDGET_W, false)]
#[case::the_order_of_the_owners_changes("POST", WIDGETS, true)]
#[tokio::test]
async fn a_new_time_of_an_owner_alone_is_no_change(
    #[case] verb: &str,
    #[case] path: &str,
    #[case] is_written: bool,
) {
    let server = server();
    ask(&server, ("POST", CRDS, &definition())).await;
    let path = format!("{path}?fieldManager=z");
    assert_eq!(ask(&server, (verb, &path, WIDGET)).await.0, 201);
    let in_vain = ("MERGE", STATUS_OF_M, r#"{"metadata":{"labels":{"l":"2"}}}"#);
    let (code, before) = ask(&server, in_vain).await;
    assert_eq!(
        (code, &before["metadata"]["labels"]["l"]),
        (200, &"1".into())
    );
    server
        .clock()
        .advance_to(EPOCH + SignedDuration::from_secs(1));
    let (_, after) = ask(&server, in_vain).await;
    let revisions = [before, after].map(|object| object["metadata"]["resourceVersion"].clone());
    assert_eq!(revisions[0] != revisions[1], is_written);
}
