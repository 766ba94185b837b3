//! Scenarios that say what ARC does, for any cluster.
//!
//! ```text
//! order/ artifacts/ schedule/ endpoint/ failure/    *.feature, by subject
//!        ▼ steps, grouped by noun
//! World: the manifests staged so far, the outcomes scripted so far
//!        ▼ backend: a client, a way to settle
//! cluster ─ snapshot ─▶ one look at every object, which assertions judge
//! ```

pub mod backend;
pub mod report;
pub mod run;
pub mod snapshot;
pub mod world;

mod comparison;
mod script;
mod staging;
mod steps;
mod table;
