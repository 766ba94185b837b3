//! JSON values as the API server holds them: subtrees are shared between the states of an object.
//!
//! The interface is that of `serde_json::Value`. What differs is the cost: a copy of a value is a pointer, a change
//! copies the path to what changes, and two values that share a subtree are found equal there without a look inside.

mod from;
mod list;
mod map;
mod read;
mod share;
mod value;
mod write;

pub use list::List;
pub use map::{Entry, Map};
pub use serde_json::Number;
pub use share::share;
pub use value::Value;
pub use write::{write, write_string};

/// A string of a value, or the name of a field; short ones lie in place.
pub type Text = compact_str::CompactString;

/// A value written as JSON, as `serde_json::json!` takes it.
#[macro_export]
macro_rules! shared_json {
    ($($json:tt)+) => {
        $crate::json::Value::from(::serde_json::json!($($json)+))
    };
}

pub use crate::shared_json as json;
