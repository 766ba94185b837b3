//! What breaks while an Order is under way, and must not be seen in what comes of it.
//!
//! ```text
//! example.yaml (two artifacts of two steps) ─▶ case (how far it comes, what breaks then) ─▶ census (nothing twice)
//! ```

mod breakage;
mod case;
mod census;
mod point;

pub use case::{CASES, Case};
