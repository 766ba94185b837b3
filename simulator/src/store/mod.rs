//! The API server's inside: a pure kernel over an append-only log.
//!
//! ```text
//! Request ─▶ Kernel::apply ─▶ Reply            Cursor::next ─▶ Signal (watch)
//!                │                                   │
//!            registry (which kinds)             log (what happened) ─ tables (what is)
//! ```

pub mod answer;
mod api_service;
pub(crate) mod builtin;
pub mod expiry;
pub(crate) mod json_type;
pub mod kernel;
pub mod kind;
pub(crate) mod kube_version;
mod limit_range;
pub mod log;
pub mod object;
pub mod patch;
pub mod pod;
pub mod pod_log;
pub mod registry;
pub mod request;
pub mod schema;
pub mod selector;
pub mod service_account;
mod service_address;
pub mod status;
pub mod watch;
pub mod webhook;
pub mod window;

pub(crate) mod admission;
mod aggregation;
mod check;
mod claim;
mod classes;
pub(crate) mod condition;
mod conversion;
mod decode;
mod default_class;
mod definition;
mod delete;
pub(crate) mod delete_options;
mod escalation;
mod establishment;
mod eviction;
mod form;
mod founding;
mod generation;
mod go_base64;
pub(crate) mod go_time;
mod identity;
mod metadata;
mod metadata_faults;
mod metadata_types;
mod misfit;
mod namespace;
mod naming;
pub(crate) mod ownership;
mod parts;
mod pod_security;
pub(crate) mod policy;
pub(crate) mod posted;
mod precondition;
pub(crate) mod quota;
mod read;
mod rules;
mod savepoint;
mod scale;
mod shape;
mod size;
mod text;
pub(crate) mod token;
mod write;
