//! Many requests at once from several clients.

use std::time::{Duration, Instant};

use arc_simulator::parity::peer::Peer;
use bytes::Bytes;
use futures::future::join_all;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

use super::memory;

/// How many clients, each with a connection of its own.
const N_CLIENTS: usize = 16;
/// How many objects they make together.
pub(super) const N_OBJECTS: usize = 12_000;
const PATH: &str = "/api/v1/namespaces/default/configmaps";

/// Where a server is, and who may ask it.
pub(super) struct Place {
    pub(super) origin: String,
    pub(super) token: String,
}

/// What is measured of a server.
pub(super) struct Figures {
    pub(super) started: Duration,
    pub(super) creates_per_second: f64,
    pub(super) gets_per_second: f64,
    pub(super) memory_mb: f64,
    pub(super) bytes_per_object: f64,
}

impl Figures {
    /// Measures a server that has just started, and consists of these processes.
    pub(super) async fn of(place: &Place, started: Duration, processes: &[u32]) -> Self {
        let empty = memory::resident_bytes(processes);
        let creates_per_second = rate(place, "POST", |n| (PATH.to_owned(), body(n))).await;
        let full = memory::resident_bytes(processes);
        let gets_per_second = rate(place, "GET", |n| (format!("{PATH}/c{n}"), Bytes::new())).await;
        Self {
            started,
            creates_per_second,
            gets_per_second,
            memory_mb: full as f64 / 1e6,
            bytes_per_object: full.saturating_sub(empty) as f64 / N_OBJECTS as f64,
        }
    }
}

/// A small object.
pub(super) fn config_map(name: &str) -> ConfigMap {
    let object =
        json!({"metadata": {"name": name, "labels": {"app": "bench"}}, "data": {"key": "value"}});
    serde_json::from_value(object).unwrap()
}

fn body(n: usize) -> Bytes {
    serde_json::to_vec(&config_map(&format!("c{n}")))
        .unwrap()
        .into()
}

/// Returns once the server answers.
pub(super) async fn first_answer(place: &Place) {
    ask(
        &Peer::real(&place.origin).unwrap(),
        place,
        ("GET", "/version", Bytes::new()),
    )
    .await;
}

/// Sends one request for each object, and tells how many were answered in a second.
async fn rate(place: &Place, method: &str, request: impl Fn(usize) -> (String, Bytes)) -> f64 {
    let request = &request;
    let clients = (0..N_CLIENTS).map(|client| async move {
        let peer = Peer::real(&place.origin).unwrap();
        for n in (client..N_OBJECTS).step_by(N_CLIENTS) {
            let (path, body) = request(n);
            ask(&peer, place, (method, &path, body)).await;
        }
    });
    let began = Instant::now();
    join_all(clients).await;
    N_OBJECTS as f64 / began.elapsed().as_secs_f64()
}

async fn ask(peer: &Peer, place: &Place, (method, path, body): (&str, &str, Bytes)) {
    let headers = [
        (
            "authorization".to_owned(),
            format!("Bearer {}", place.token),
        ),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    let answer = peer.ask(method, path, &headers, body).await.unwrap();
    assert!(
        answer.status.is_success(),
        "{method} {path}: {}",
        answer.status
    );
    answer.record().await.unwrap();
}
