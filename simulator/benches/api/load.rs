//! Many requests at once from several clients.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use k8s_openapi::api::core::v1::ConfigMap;
use rustls::ClientConfig;
use serde_json::json;

use super::client::Client;
use super::memory;

/// How many clients ask at the same time.
const N_CLIENTS: usize = 16;
/// How many objects they make together.
pub(super) const N_OBJECTS: usize = 12_000;
const PATH: &str = "/api/v1/namespaces/default/configmaps";

/// Where a server is, and who may ask it.
pub(super) struct Place {
    pub(super) origin: String,
    pub(super) token: String,
    pub(super) tls: Arc<ClientConfig>,
}

/// What is measured of a server.
pub(super) struct Figures {
    pub(super) started: Duration,
    /// Each client with a connection of its own.
    pub(super) apart: Rates,
    /// All clients over one connection, as those of one Go program are.
    pub(super) together: Rates,
    pub(super) memory_mb: f64,
    pub(super) bytes_per_object: f64,
}

/// How many requests are answered in a second.
pub(super) struct Rates {
    pub(super) creates: f64,
    pub(super) gets: f64,
}

impl Figures {
    /// Measures a server that has just started, and consists of these processes.
    pub(super) async fn of(place: &Place, started: Duration, processes: &[u32]) -> Self {
        let empty = memory::resident_bytes(processes);
        let creates = create(place, N_CLIENTS, "apart").await;
        let full = memory::resident_bytes(processes);
        let gets = get(place, N_CLIENTS, "apart").await;
        let apart = Rates { creates, gets };
        let together = Rates {
            creates: create(place, 1, "together").await,
            gets: get(place, 1, "together").await,
        };
        Self {
            started,
            apart,
            together,
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

async fn create(place: &Place, n_connections: usize, prefix: &str) -> f64 {
    let request = |n| {
        let object = config_map(&format!("{prefix}-{n}"));
        (PATH.to_owned(), serde_json::to_vec(&object).unwrap().into())
    };
    rate(place, n_connections, "POST", request).await
}

async fn get(place: &Place, n_connections: usize, prefix: &str) -> f64 {
    let request = |n| (format!("{PATH}/{prefix}-{n}"), Bytes::new());
    rate(place, n_connections, "GET", request).await
}

/// Returns once the server answers.
pub(super) async fn first_answer(place: &Place) {
    let client = Client::connect(place).await;
    client.ask("GET", "/version", Bytes::new()).await;
}

/// Sends one request for each object, and tells how many were answered in a second.
async fn rate(
    place: &Place,
    n_connections: usize,
    method: &str,
    request: impl Fn(usize) -> (String, Bytes),
) -> f64 {
    let connections = join_all((0..n_connections).map(|_| Client::connect(place))).await;
    let request = &request;
    let clients = connections.iter().cycle().take(N_CLIENTS).enumerate();
    let asking = clients.map(|(index, client)| async move {
        for n in (index..N_OBJECTS).step_by(N_CLIENTS) {
            let (path, body) = request(n);
            client.ask(method, &path, body).await;
        }
    });
    let began = Instant::now();
    join_all(asking).await;
    N_OBJECTS as f64 / began.elapsed().as_secs_f64()
}
