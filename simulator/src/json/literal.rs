//! Values written down as JSON.

use serde::Serialize;

use super::{Value, to_value};

/// A value written as JSON, as `serde_json::json!` takes it; what it is made of is shared with it.
///
/// Names of fields are literals, or paths of constants.
///
/// # Panics
/// A part of it cannot be written as JSON, which no part can that has text for keys.
#[macro_export]
macro_rules! shared_json {
    (@object [$($done:expr,)*]) => {
        $crate::json::Value::Object(::std::iter::Iterator::collect(
            ::std::iter::IntoIterator::into_iter([$($done),*]),
        ))
    };
    (@object $done:tt $name:literal : $($rest:tt)+) => {
        $crate::shared_json!(@field $done ($name) $($rest)+)
    };
    (@object $done:tt $($name:ident)::+ : $($rest:tt)+) => {
        $crate::shared_json!(@field $done ($($name)::+) $($rest)+)
    };
    (@object $done:tt ($name:expr) : $($rest:tt)+) => {
        $crate::shared_json!(@field $done ($name) $($rest)+)
    };
    (@field [$($done:tt)*] $name:tt null $(, $($rest:tt)*)?) => {
        $crate::shared_json!(@object [$($done)* ($name, $crate::json::Value::Null),] $($($rest)*)?)
    };
    (@field [$($done:tt)*] $name:tt [$($items:tt)*] $(, $($rest:tt)*)?) => {
        $crate::shared_json!(@object [$($done)* ($name, $crate::shared_json!([$($items)*])),] $($($rest)*)?)
    };
    (@field [$($done:tt)*] $name:tt {$($fields:tt)*} $(, $($rest:tt)*)?) => {
        $crate::shared_json!(@object [$($done)* ($name, $crate::shared_json!({$($fields)*})),] $($($rest)*)?)
    };
    (@field [$($done:tt)*] $name:tt $value:expr $(, $($rest:tt)*)?) => {
        $crate::shared_json!(@object [$($done)* ($name, $crate::json::value_of(&$value)),] $($($rest)*)?)
    };
    (@array [$($done:expr,)*]) => {
        $crate::json::Value::Array(::std::vec![$($done),*].into())
    };
    (@array [$($done:tt)*] null $(, $($rest:tt)*)?) => {
        $crate::shared_json!(@array [$($done)* $crate::json::Value::Null,] $($($rest)*)?)
    };
    (@array [$($done:tt)*] [$($items:tt)*] $(, $($rest:tt)*)?) => {
        $crate::shared_json!(@array [$($done)* $crate::shared_json!([$($items)*]),] $($($rest)*)?)
    };
    (@array [$($done:tt)*] {$($fields:tt)*} $(, $($rest:tt)*)?) => {
        $crate::shared_json!(@array [$($done)* $crate::shared_json!({$($fields)*}),] $($($rest)*)?)
    };
    (@array [$($done:tt)*] $value:expr $(, $($rest:tt)*)?) => {
        $crate::shared_json!(@array [$($done)* $crate::json::value_of(&$value),] $($($rest)*)?)
    };
    (null) => { $crate::json::Value::Null };
    ([$($items:tt)*]) => { $crate::shared_json!(@array [] $($items)*) };
    ({}) => { $crate::json::Value::Object($crate::json::Map::new()) };
    ({$($fields:tt)+}) => { $crate::shared_json!(@object [] $($fields)+) };
    ($value:expr) => { $crate::json::value_of(&$value) };
}

pub use crate::shared_json as json;

/// The value of an expression in [`json!`].
///
/// # Panics
/// It cannot be written as JSON.
pub fn value_of<T: Serialize + ?Sized>(content: &T) -> Value {
    to_value(content).expect("what is written down as JSON has text for keys")
}

#[cfg(test)]
mod tests {
    const NAME: &str = "named";

    #[test]
    fn a_literal_is_what_serde_json_takes_it_for() {
        let inner = vec![Some("x"), None];
        macro_rules! both {
            ($($json:tt)+) => {
                assert_eq!(crate::json::json!($($json)+), serde_json::json!($($json)+));
            };
        }
        both!(null);
        both!(-1.5);
        both!([]);
        both!({});
        both!([null, [], {}, -1, inner, [[inner.len()]], {"a": null},]);
        both!({"b": {"c": [1 + 1]}, "a": null, "d": inner, "e": if inner.is_empty() { 1 } else { 2 },});
        both!({(NAME): [1], "a": NAME});
    }

    #[test]
    fn a_name_may_be_a_constant() {
        let value = crate::json::json!({NAME: [1], "a": {}});
        assert_eq!(value.to_string(), r#"{"a":{},"named":[1]}"#);
    }
}
