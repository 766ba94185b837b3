//! Structural schemas: what an object may hold, and what is made of it on the way in.
//!
//! ```text
//!   JSON schema ─ parse ─▶ node::Node ◀─ builtin (kinds of Kubernetes)
//!                             │
//!   object ─▶ prune ─▶ default ─▶ validate (go-openapi) ─▶ cel ─▶ causes
//! ```

pub mod before;
pub mod builtin;
pub mod cel;
pub mod compiled;
pub mod default;
pub mod definition;
pub mod format;
pub mod node;
pub mod openapi;
pub mod parse;
pub mod path;
pub mod pattern;
pub mod prune;
pub mod validate;
pub mod whole;

pub(crate) mod cause;
pub(crate) mod name;

mod go_regexp;
mod invariants;
mod memory;
mod restrictions;
pub(crate) mod scale;
mod seen;
