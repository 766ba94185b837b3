//! A request that panics while it holds the state.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::FutureExt;
use http::Request;
use http_body_util::{BodyExt, Full};
use jiff::Timestamp;
use tower::ServiceExt;

use super::{A, MAPS};
use crate::clock::{Clock, EPOCH};
use crate::http::service::ApiServer;

/// A server, and what breaks its clock: whoever asks for the time then panics.
fn breakable() -> (ApiServer, Arc<AtomicBool>) {
    let is_broken = Arc::new(AtomicBool::new(false));
    let broken = Arc::clone(&is_broken);
    let wall = Arc::new(move || {
        assert!(!broken.load(Ordering::Relaxed), "the clock is broken");
        EPOCH
    });
    let clock = Clock::scaled_from(wall, 1.0, Timestamp::MIN);
    (ApiServer::new(clock, 1), is_broken)
}

async fn create(server: &ApiServer) -> (u16, Bytes) {
    let request = Request::post(MAPS).header("content-type", "application/json");
    let request = request.body(Full::from(A)).unwrap();
    let response = server.service("test").oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (code, body)
}

#[tokio::test]
async fn a_panic_costs_a_server_one_request() {
    let (server, is_broken) = breakable();
    server.outlive_panics();
    is_broken.store(true, Ordering::Relaxed);
    let told = "This request caused apiserver to panic. Look in the logs for details.\n";
    assert_eq!(create(&server).await, (500, Bytes::from(told)));
    is_broken.store(false, Ordering::Relaxed);
    assert_eq!(create(&server).await.0, 201);
}

#[tokio::test]
async fn a_panic_in_a_simulation_reaches_who_asked() {
    let (server, is_broken) = breakable();
    is_broken.store(true, Ordering::Relaxed);
    let asked = AssertUnwindSafe(create(&server)).catch_unwind().await;
    assert!(asked.is_err());
    is_broken.store(false, Ordering::Relaxed);
    assert_eq!(create(&server).await.0, 201);
}
