//! The cluster of a scenario: a client, scripted outcomes, and a way to let everything happen that can happen.
//!
//! ```text
//! Site ─┬─ Simulation     in process, or every client over TLS: virtual time, comes to rest by itself
//!       └─ Tenant         a namespace of a real cluster: real time, watched until it is at rest
//!            ├ naming     objects that a cluster has once are called after the tenant
//!            ├ pace       schedules run ten times as fast
//!            └ casting    containers run arc-outcome in place of their programs
//! ```

mod casting;
mod kinds;
mod naming;
mod observer;
mod pace;
mod rest;
mod site;
mod tenant;

pub use casting::append;
pub use pace::CRON_INTERVAL_MIN;
pub use site::{Backend, Site, Written};
pub use tenant::{Places, RealCluster};
