//! Many requests at once from several clients.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use k8s_openapi::api::core::v1::ConfigMap;
use rustls::ClientConfig;
use serde_json::json;

use super::client::{Asked, Client};
use super::process;

/// How many clients ask at the same time.
const N_CLIENTS: usize = 16;
/// How many objects they make together in a round.
const N_OBJECTS: usize = 12_000;
/// How many rounds there are, of which the medians count.
const N_ROUNDS: usize = 3;
const PATH: &str = "/api/v1/namespaces/default/configmaps";

/// Where a server is, and who may ask it.
pub(super) struct Place {
    pub(super) origin: String,
    pub(super) token: String,
    pub(super) tls: Arc<ClientConfig>,
}

impl Place {
    /// Its host and port.
    pub(super) fn authority(&self) -> &str {
        self.origin.trim_start_matches("https://")
    }
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

/// What is measured of each kind of request.
pub(super) struct Rates {
    pub(super) creates: Rate,
    pub(super) gets: Rate,
}

/// How fast requests of a kind are answered.
pub(super) struct Rate {
    pub(super) per_second: f64,
    /// How long the server's threads run for each, on whatever core; what the client takes is not in it.
    pub(super) server_micros: f64,
}

impl Figures {
    /// Measures a server that has just started, and consists of these processes.
    pub(super) async fn of(place: &Place, started: Duration, processes: &[u32]) -> Self {
        let load = Load { place, processes };
        let empty = process::resident_bytes(processes);
        let first = load.create(N_CLIENTS, "first").await;
        let full = process::resident_bytes(processes);
        let mut rounds = [vec![first], Vec::new(), Vec::new(), Vec::new()];
        for round in 0..N_ROUNDS {
            let (apart, together) = (format!("apart-{round}"), format!("together-{round}"));
            rounds[0].push(load.create(N_CLIENTS, &apart).await);
            rounds[1].push(load.get(N_CLIENTS, &apart).await);
            rounds[2].push(load.create(1, &together).await);
            rounds[3].push(load.get(1, &together).await);
        }
        let [creates, gets, creates_together, gets_together] = rounds.map(Rate::median);
        Self {
            started,
            apart: Rates { creates, gets },
            together: Rates {
                creates: creates_together,
                gets: gets_together,
            },
            memory_mb: full as f64 / 1e6,
            bytes_per_object: full.saturating_sub(empty) as f64 / N_OBJECTS as f64,
        }
    }
}

impl Rate {
    /// What is in the middle of several rounds, of each figure by itself.
    fn median(rounds: Vec<Self>) -> Self {
        let middle = |figure: fn(&Self) -> f64| median(rounds.iter().map(figure).collect());
        Self {
            per_second: middle(|round| round.per_second),
            server_micros: middle(|round| round.server_micros),
        }
    }
}

/// What is in the middle.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A small object.
pub(super) fn config_map(name: &str) -> ConfigMap {
    let object =
        json!({"metadata": {"name": name, "labels": {"app": "bench"}}, "data": {"key": "value"}});
    serde_json::from_value(object).unwrap()
}

/// Returns once the server answers.
pub(super) async fn first_answer(place: &Place) {
    let mut client = Client::connect(place).await;
    let request = Asked::Get("/version".to_owned());
    client.ask(1, std::iter::once(request)).await;
}

/// Requests to a server.
struct Load<'a> {
    place: &'a Place,
    processes: &'a [u32],
}

impl Load<'_> {
    async fn create(&self, n_connections: usize, prefix: &str) -> Rate {
        let request = |n| {
            let object = config_map(&format!("{prefix}-{n}"));
            Asked::Create(PATH.to_owned(), serde_json::to_vec(&object).unwrap())
        };
        self.rate(n_connections, request).await
    }

    async fn get(&self, n_connections: usize, prefix: &str) -> Rate {
        let request = |n| Asked::Get(format!("{PATH}/{prefix}-{n}"));
        self.rate(n_connections, request).await
    }

    /// Sends one request for each object; all are there before the first one is sent.
    async fn rate(&self, n_connections: usize, request: impl Fn(usize) -> Asked) -> Rate {
        let connections = (0..n_connections).map(|_| Client::connect(self.place));
        let mut connections = join_all(connections).await;
        let requests = (0..n_connections).map(|index| {
            let mine = (index..N_OBJECTS).step_by(n_connections);
            mine.map(&request).collect::<Vec<_>>()
        });
        let requests: Vec<_> = requests.collect();
        let asking = connections
            .iter_mut()
            .zip(requests)
            .map(|(client, mine)| client.ask(N_CLIENTS / n_connections, mine.into_iter()));
        let asking: FuturesUnordered<_> = asking.collect();
        let (began, ran) = (Instant::now(), process::running_time(self.processes));
        asking.collect::<()>().await;
        let took = began.elapsed();
        let ran = process::running_time(self.processes) - ran;
        Rate {
            per_second: N_OBJECTS as f64 / took.as_secs_f64(),
            server_micros: ran.as_secs_f64() * 1e6 / N_OBJECTS as f64,
        }
    }
}
