//! Argo Workflows: the simulated workflow controller.
//!
//! ```text
//!   Workflow, pods, results ──▶ operation: one pass ──▶ Outcome: the Workflow to write, pods to create, …
//!                                 │ effective specification, globals
//!                                 │ assessment of pods
//!                                 └ execute ─ retry ─ steps ─ leaf ─ pod
//! ```
//!
//! The pass is pure; [`ArgoController`] is the thin shell that watches, calls it and writes. What is not modelled ends
//! a Workflow in phase Error with a message that begins `not supported by the simulator:`.
//! Source: `spec/argo.md`.

pub mod crds;
pub mod spec;
pub mod when;

mod arguments;
mod assessment;
mod claims;
mod controller;
mod cron;
mod duration;
mod effective;
mod events;
mod execute;
mod globals;
mod key;
mod leaf;
mod lookup;
mod loops;
mod merge;
mod naming;
mod nodes;
mod operation;
mod pass;
mod pod;
mod progress;
mod resolution;
mod resources;
mod retry;
mod schema;
mod scope;
mod steps;
mod tag;
mod version;
mod write;

#[cfg(test)]
mod scenarios;

pub use controller::ArgoController;
pub use cron::CronController;
pub use lookup::{Lookups, Missing};
pub use operation::operate;
pub use pass::{Action, EventNote, Input, Outcome, Refusal, Settings};
pub use version::Version;
