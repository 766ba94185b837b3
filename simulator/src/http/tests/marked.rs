//! Bookmarks in running time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use futures::FutureExt;
use http::Request;
use http_body_util::{BodyExt, Full};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use tower::ServiceExt;

use super::MAPS;
use crate::clock::{Clock, EPOCH};
use crate::http::service::ApiServer;
use crate::json::Value;

/// The seconds after which a watch tells a bookmark, looked at in each of them.
async fn bookmarks(query: &str) -> Vec<i64> {
    let second = Arc::new(AtomicI64::new(0));
    let passed = Arc::clone(&second);
    let wall = move || EPOCH + SignedDuration::from_secs(passed.load(Ordering::Relaxed));
    let server = ApiServer::new(Clock::scaled_from(Arc::new(wall), 1.0, Timestamp::MIN), 1);
    let request = Request::get(format!("{MAPS}?watch=1&resourceVersion=1&{query}"));
    let request = request.body(Full::<Bytes>::default()).unwrap();
    let response = server.service("test").oneshot(request).await.unwrap();
    let mut body = response.into_body();
    let mut told = Vec::new();
    for now in 0..150 {
        second.store(now, Ordering::Relaxed);
        while let Some(frame) = body.frame().now_or_never() {
            let line = frame.unwrap().unwrap().into_data().unwrap();
            let line: Value = serde_json::from_slice(&line).unwrap();
            assert_eq!(line["type"], "BOOKMARK");
            told.push(now);
        }
    }
    told
}

#[rstest]
#[case::every_minute_and_before_the_end(
    "allowWatchBookmarks=true&timeoutSeconds=151",
    &[60, 120, 149]
)]
#[case::every_minute("allowWatchBookmarks=true", &[60, 120])]
#[case::only_where_they_are_wanted("timeoutSeconds=151", &[])]
#[tokio::test]
async fn a_watch_tells_how_far_it_came(#[case] query: &str, #[case] expected: &[i64]) {
    assert_eq!(bookmarks(query).await, expected);
}
