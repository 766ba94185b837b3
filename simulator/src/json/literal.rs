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
    (@fields $fields:ident) => {};
    (@fields $fields:ident $name:literal : null $(, $($rest:tt)*)?) => {
        $fields.push(($name.into(), $crate::json::Value::Null));
        $($crate::shared_json!(@fields $fields $($rest)*);)?
    };
    (@fields $fields:ident $name:literal : [$($items:tt)*] $(, $($rest:tt)*)?) => {
        $fields.push(($name.into(), $crate::shared_json!([$($items)*])));
        $($crate::shared_json!(@fields $fields $($rest)*);)?
    };
    (@fields $fields:ident $name:literal : {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $fields.push(($name.into(), $crate::shared_json!({$($inner)*})));
        $($crate::shared_json!(@fields $fields $($rest)*);)?
    };
    (@fields $fields:ident $name:literal : $value:expr $(, $($rest:tt)*)?) => {
        $fields.push(($name.into(), $crate::json::value_of(&$value)));
        $($crate::shared_json!(@fields $fields $($rest)*);)?
    };
    (@fields $fields:ident $($name:ident)::+ : $($rest:tt)*) => {
        $crate::shared_json!(@named $fields ($($name)::+) $($rest)*);
    };
    (@fields $fields:ident ($name:expr) : $($rest:tt)*) => {
        $crate::shared_json!(@named $fields ($name) $($rest)*);
    };
    (@named $fields:ident ($name:expr) [$($items:tt)*] $(, $($rest:tt)*)?) => {
        $fields.push(($name.into(), $crate::shared_json!([$($items)*])));
        $($crate::shared_json!(@fields $fields $($rest)*);)?
    };
    (@named $fields:ident ($name:expr) {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $fields.push(($name.into(), $crate::shared_json!({$($inner)*})));
        $($crate::shared_json!(@fields $fields $($rest)*);)?
    };
    (@named $fields:ident ($name:expr) $value:expr $(, $($rest:tt)*)?) => {
        $fields.push(($name.into(), $crate::json::value_of(&$value)));
        $($crate::shared_json!(@fields $fields $($rest)*);)?
    };
    (@items $items:ident) => {};
    (@items $items:ident null $(, $($rest:tt)*)?) => {
        $items.push($crate::json::Value::Null);
        $($crate::shared_json!(@items $items $($rest)*);)?
    };
    (@items $items:ident [$($inner:tt)*] $(, $($rest:tt)*)?) => {
        $items.push($crate::shared_json!([$($inner)*]));
        $($crate::shared_json!(@items $items $($rest)*);)?
    };
    (@items $items:ident {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $items.push($crate::shared_json!({$($inner)*}));
        $($crate::shared_json!(@items $items $($rest)*);)?
    };
    (@items $items:ident $value:expr $(, $($rest:tt)*)?) => {
        $items.push($crate::json::value_of(&$value));
        $($crate::shared_json!(@items $items $($rest)*);)?
    };
    (null) => { $crate::json::Value::Null };
    ([]) => { $crate::json::Value::Array($crate::json::List::default()) };
    ([$($items:tt)+]) => {{
        let mut items = ::std::vec::Vec::<$crate::json::Value>::new();
        $crate::shared_json!(@items items $($items)+);
        $crate::json::Value::Array(items.into())
    }};
    ({}) => { $crate::json::Value::Object($crate::json::Map::new()) };
    ({$($fields:tt)+}) => {{
        let mut fields = ::std::vec::Vec::<($crate::json::Text, $crate::json::Value)>::new();
        $crate::shared_json!(@fields fields $($fields)+);
        $crate::json::Value::Object(fields.into_iter().collect())
    }};
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
