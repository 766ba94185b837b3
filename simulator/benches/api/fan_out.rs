//! Many watchers of many changes.

use std::time::{Duration, Instant};

use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::http::service::{ApiServer, ApiService};
use bytes::Bytes;
use futures::future::join;
use http::Request;
use http_body_util::{BodyExt, Empty};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::load::config_map;

const N_WATCHERS: usize = 1_000;
const N_CHANGES: usize = 1_000;

/// Lets all watchers see all changes, complete and in order, and prints how late they came.
pub(super) async fn measure() {
    let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
    let api: Api<ConfigMap> = Api::default_namespaced(server.client("writer"));
    let made = api
        .create(&PostParams::default(), &config_map("watched"))
        .await
        .unwrap();
    let from = made.metadata.resource_version.unwrap();
    let mut watchers = JoinSet::new();
    for _ in 0..N_WATCHERS {
        watchers.spawn(watch(server.service("watcher"), from.clone()));
    }
    let began = Instant::now();
    let writing = async {
        let mut written = Vec::with_capacity(N_CHANGES);
        for n in 0..N_CHANGES {
            let patch = Patch::Merge(json!({"data": {"n": n.to_string()}}));
            written.push(Instant::now());
            api.patch("watched", &PatchParams::default(), &patch)
                .await
                .unwrap();
            // The watchers have their turn, as they do where requests come from a socket.
            tokio::task::yield_now().await;
        }
        written
    };
    let (written, seen) = join(writing, watchers.join_all()).await;
    let lasted = began.elapsed();
    let delays = seen.iter().flat_map(|seen| {
        seen.iter()
            .zip(&written)
            .map(|(seen, written)| *seen - *written)
    });
    let mut delays: Vec<Duration> = delays.collect();
    delays.sort_unstable();
    let millis =
        |share: f64| delays[((delays.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{N_WATCHERS} watchers of {N_CHANGES} changes, complete and in order: {:.1} s, delay p50 {:.1} ms, p99 {:.1} ms",
        lasted.as_secs_f64(),
        millis(0.5),
        millis(0.99)
    );
}

/// When each change came; they must come in order.
async fn watch(service: ApiService, from: String) -> Vec<Instant> {
    #[derive(Deserialize)]
    struct Event {
        object: ConfigMap,
    }
    let uri = format!("/api/v1/namespaces/default/configmaps?watch=1&resourceVersion={from}");
    let request = Request::get(uri).body(Empty::<Bytes>::new()).unwrap();
    let mut body = service.oneshot(request).await.unwrap().into_body();
    let mut seen = Vec::with_capacity(N_CHANGES);
    while seen.len() < N_CHANGES {
        let line = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let came = Instant::now();
        let event: Event = serde_json::from_slice(&line).unwrap();
        assert_eq!(event.object.data.unwrap()["n"], seen.len().to_string());
        seen.push(came);
    }
    seen
}
