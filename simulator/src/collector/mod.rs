//! The controllers that keep a cluster tidy: garbage collection, namespaces, service accounts, volumes, quotas.
//!
//! Source: `spec/kube-api.md` §1.16.

mod error;
mod garbage;
mod kinds;
mod namespaces;
mod ownership;
mod quotas;
mod service_accounts;
#[cfg(test)]
mod tests;
mod volumes;

pub use garbage::GarbageCollector;
pub use namespaces::Namespaces;
pub use quotas::Quotas;
pub use service_accounts::ServiceAccounts;
pub use volumes::VolumeBinder;
