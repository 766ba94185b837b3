//! The Kubernetes API, Argo Workflows and the kubelet in memory.
//!
//! ```text
//!   part (argo, kubelet, collectors)      operator, tests      kubectl
//!        │ requests that carry values           │ kube::Client     │ HTTPS
//!        ▼                                               ▼
//!   http: one tower service, in process or behind TLS
//!        ▼
//!   store: a pure kernel over an append-only log of events
//! ```
//!
//! Every part is a client of the API and of nothing else. Time, chance and order come from
//! [`clock`] and [`ids`]; a [`cluster::Cluster`] holds it all together and [settles](cluster::Cluster::settle).

pub mod access;
pub mod argo;
pub mod assembly;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod collector;
pub mod drive;
pub mod faults;
pub mod http;
pub mod ids;
pub mod input_error;
pub mod invariants;
pub mod json;
pub mod kubelet;
pub mod operator;
pub mod outcomes;
pub mod parity;
pub mod part;
pub mod process;
pub mod simulation;
pub mod state;
pub mod store;
mod yaml;
