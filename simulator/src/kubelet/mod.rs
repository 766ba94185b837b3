//! A node, the scheduler that fills it and the Argo executor in its pods, all simulated.
//!
//! ```text
//! Pod + Secrets, ConfigMaps, claims + outcome book + now
//!      ▼ step (pure): schedule ▶ checks ▶ containers ▶ executor ▶ status
//! actions: bind, patch status, event, log, task result, delete
//!      ▼ kubelet (shell)
//! API
//! ```

mod checks;
#[cfg(test)]
mod cluster_tests;
mod containers;
mod ending;
mod executor;
mod identity;
mod image;
mod node;
mod part;
mod pod;
mod schedule;
mod stage;
mod status;
mod step;
#[cfg(test)]
mod tests;
mod write;

pub use node::{Claim, NodeView, TERMINATE_ANNOTATION};
pub use part::Kubelet;
pub use pod::PodView;
pub use step::{Action, Step, Warning, step};
