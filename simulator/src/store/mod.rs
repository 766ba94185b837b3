//! The API server's inside: a pure kernel over an append-only log.
pub mod kind;
pub mod schema;
pub mod status;
