//! What goes wrong between a client and the API server: rules from code or from a seed, and a log of what they did.
//!
//! ```text
//! request ─ before ─▶ first rule that matches, else chance ─▶ refused, answered, or let through
//!                     (what the request would change, for rules with a condition)
//!         ─ kernel ─▶ after ─▶ the answer, or its loss
//! ```
//!
//! Source: `spec/kube-api.md` §5.2.

mod chain;
mod chance;
mod delays;
mod disturbance;
mod outlook;
mod refusal;
mod rule;

pub use chain::{Faults, Firing, Moment};
pub use chance::Chance;
pub use delays::Delays;
pub use disturbance::{Disturbance, Flaw, Meddling, Swizzle};
pub use refusal::Refusal;
pub use rule::{ConditionError, Fault, Nth, PatternError, Rule, Verbs};

pub(crate) use chain::{Instant, Verdict};
pub(crate) use outlook::{Change, Outlook};
pub(crate) use refusal::Said;
pub(crate) use rule::name_of;
