//! ValidatingAdmissionPolicies and their bindings: expressions that refuse writes, or warn of them.
//!
//! ```text
//! Attempt (a write) ─▶ resources (is it meant?) ─▶ parameters ─▶ policy (conditions, variables, validations)
//!                                                                   │
//!                     refusal, warnings ◀─ admission ◀─ binding ◀─ denials
//! ```
//!
//! Source: `spec/kube-api.md` §1.20; apiserver v0.34.3, pkg/admission/plugin/policy.

mod admission;
mod binding;
mod compile;
mod faults;
mod parameters;
mod policies;
mod validation;

pub(crate) use admission::denial;
pub(super) use faults::{binding_faults, policy_faults};
pub(super) use policies::Policies;
