//! The outcome book: what a simulated container does, by rules that a user wrote.
//!
//! Source: `design.md` §4.

mod book;
mod duration;
pub(crate) mod glob;
mod made_up;
mod node_name;
mod parse;
mod script;

pub use book::{Book, Container, Ending, Files, Outcome, Role};
pub use duration::go_duration;
pub use made_up::{MadeUp, MadeUpValue};
pub use node_name::NodeName;
pub use script::Script;
