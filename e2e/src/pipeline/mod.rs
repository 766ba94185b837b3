//! Documented examples with real tools, between the registries and servers of the cluster.
//!
//! ```text
//! example (manifests, addressed to the services here) ─┐
//! cases (what is ordered, and how it ends)             ┴▶ case (run, followed, checked) ─▶ arrival (looked at from outside)
//! ```

mod arrival;
mod case;
mod cases;
mod example;

pub use case::Case;
pub use cases::rows;
