//! The four patch types, and who owns which field of an object.
//!
//! Everything here is a function from values to values; who calls it decodes bodies, fills in defaults,
//! restores what the endpoint may not change, validates and stores.
//!
//! ```text
//!   json, merge, strategic ─▶ patched object ─▶ managed ─┐
//!                                                        ├─▶ object with metadata.managedFields
//!   apply: check ─▶ combine ─▶ conflicts ────────────────┘
//!          fields, shape, compare: paths of an object, by its schema
//! ```
//!
//! Source: `spec/kube-api.md` §1.13.
pub mod apply;
pub mod check;
pub mod fields;
pub mod json;
pub mod managed;
pub mod merge;
pub(crate) mod rescaled;
pub mod strategic;
pub mod tried;

mod blank;
mod combine;
mod compare;
pub(crate) mod refusal;
mod shape;
#[cfg(test)]
mod sketch;
