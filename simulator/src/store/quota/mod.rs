//! Resource quotas: what objects take of them, and writes that would take too much.
//!
//! Admission looks at the status of a quota and raises what is used; filling the status in and counting anew is the work
//! of a collector, which measures with the same functions.
//!
//! Source: `spec/kube-api.md` §1.20; apiserver v0.34.3, pkg/admission/plugin/resourcequota; kubernetes v1.34
//! `pkg/quota/v1`.

mod admission;
mod amount;
mod measure;
mod pod;
mod scope;

pub(super) use admission::Charge;
pub(super) use amount::Amount;
pub(crate) use measure::{Amounts, Measured, add, amounts, written};
pub(crate) use pod::{of_containers, without_overhead};
pub(crate) use scope::is_in_scope;
