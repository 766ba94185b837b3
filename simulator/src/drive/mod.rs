//! What runs parts: a queue of keys, the watches that feed it, and one runner for each part.
//!
//! ```text
//! API ─ list, watch ─▶ follow ─ changes ─▶ Part::observe ─ wakes ─▶ queue ─ due key ─▶ Part::reconcile ─ writes ─▶ API
//! ```

mod follow;
mod live;
mod queue;
mod runner;
mod seat;

pub use live::run_live;
pub use runner::Runner;

pub(crate) use seat::Seat;

#[cfg(test)]
mod tests;
