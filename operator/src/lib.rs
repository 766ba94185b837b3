//! The reference operator of ARC (Artifact Conduit).
//!
//! ```text
//! Order ─▶ ArtifactWorkflow ─▶ Workflow | CronWorkflow ─▶ run     (each owns the next)
//!   └─ artifacts[i]: Endpoints, (Cluster)ArtifactType, Secrets     (only read)
//! ```
//!
//! A reconcile is three steps: `observe` reads what is needed, `plan` decides, `apply` writes. Only the plan knows ARC;
//! only the shell around it knows Kubernetes. Reading order:
//!
//! - [`api`]: what the kinds may say, and the CRDs made from that.
//! - `plan`: the decisions, as pure functions.
//! - [`controller`]: the shell, and what any driver needs to run it.
//! - [`run`]: the driver of production.

pub mod api;
pub mod controller;
mod plan;
pub mod settings;
pub mod signal;

pub use controller::driver::{Config, run};
