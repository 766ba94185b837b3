//! What everybody who decides about writes shares: the write, whether it is meant, and how expressions see it.
//!
//! ```text
//! Attempt (a write) ─▶ Target (what surrounds it) ─▶ Resources (is it meant?) ─▶ Seen ─▶ Conditions (really?)
//! ```
//!
//! Source: `spec/kube-api.md` §1.20; apiserver v0.34.3, pkg/admission.

mod attempt;
mod choice;
mod compiler;
mod conditions;
mod declared;
mod resource_faults;
mod resources;
mod seen;
mod selector_faults;
mod target;

pub(super) use attempt::{Attempt, Operation};
pub(super) use choice::choice;
pub(super) use compiler::{Compiler, Part};
pub(super) use conditions::{Conditions, evaluated};
pub(super) use declared::declared;
pub(super) use resource_faults::{resource_faults, rule_faults};
pub(super) use resources::Resources;
pub(super) use seen::Seen;
pub(crate) use selector_faults::requirement_faults;
pub(super) use selector_faults::selector_faults;
pub(super) use target::Target;
