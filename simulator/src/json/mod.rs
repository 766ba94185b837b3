//! JSON values as the API server holds them: subtrees are shared between the states of an object.
//!
//! The interface is that of `serde_json::Value`. What differs is the cost: a copy of a value is a pointer, a change
//! copies the path to what changes, and two values that share a subtree are found equal there without a look inside.

mod fault;
mod fraction;
mod from;
mod indent;
mod list;
mod literal;
mod map;
mod passing;
mod places;
mod read;
mod share;
mod text;
mod to;
mod typed;
mod value;
mod wire;
mod write;

pub(crate) use fraction::{WHOLE_MAX, without_fractions};
pub(crate) use indent::indented;
pub use list::List;
pub use literal::{json, value_of};
pub use map::{Entry, Map};
pub(crate) use places::occurrences;
pub use serde_json::{Error, Number};
pub use share::share;
pub use text::Text;
pub use to::to_value;
pub use typed::from_value;
pub use value::Value;
pub(crate) use wire::{DEPTH_MAX, depth, parsed, repaired, unreadable};
pub(crate) use write::{html_escaped, is_plain};
pub use write::{write, write_string};
