//! Values written down as JSON.

/// A value written as JSON, as `serde_json::json!` takes it.
#[macro_export]
macro_rules! shared_json {
    ($($json:tt)+) => {
        $crate::json::Value::from(::serde_json::json!($($json)+))
    };
}

pub use crate::shared_json as json;
