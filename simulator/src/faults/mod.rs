//! What goes wrong between a client and the API server: rules from code or from a seed, and a log of what they did.
//!
//! ```text
//! request ─ before ─▶ first rule that matches, else chance ─▶ refused, answered, or let through
//!         ─ kernel ─▶ after ─▶ the answer, or its loss
//! ```
//!
//! Source: `spec/kube-api.md` §5.2.

mod chain;
mod chance;
mod disturbance;
mod refusal;
mod rule;

pub use chain::{Faults, Firing, Moment};
pub use chance::Chance;
pub use disturbance::{Disturbance, Flaw, Meddling};
pub use refusal::Refusal;
pub use rule::{Fault, Nth, PatternError, Rule, Verbs};

pub(crate) use chain::{Instant, Verdict};
pub(crate) use rule::name_of;
