//! The four patch types, and who owns which field of an object.
//!
//! Everything here is a function from values to values; who calls it decodes bodies, fills in defaults,
//! restores what the endpoint may not change, validates and stores.
//!
//! Source: `spec/kube-api.md` §1.13.
pub mod json;
pub mod merge;
pub mod strategic;

mod refusal;
