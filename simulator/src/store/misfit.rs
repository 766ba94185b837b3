//! A value that does not fit the Go type of its field.

use std::fmt;

use super::go_time::{self, Layout};
use super::json_type::json_type;
use super::patch::check::go_type;
use crate::json::Value;

/// Why a value cannot become the Go object that it should; shows itself in the words of Go's JSON decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It is of another type.
    Type {
        /// In JSON's words.
        found: String,
        /// In Go's.
        found_in_go: &'static str,
        /// Struct and path of the field.
        field: String,
        /// Go's name for what should be there.
        wanted: String,
    },
    /// It should be base64.
    Base64 {
        /// The first byte that does not belong; a wrong length counts at the end.
        at: usize,
    },
    /// It should be a time, and is another text.
    Time {
        /// What Go says of it.
        why: String,
    },
    /// It should be a time, and is no text.
    NoText {
        /// In JSON's words.
        found: &'static str,
        /// Struct and path of the field.
        field: String,
    },
}

impl Misfit {
    /// Refuses what is no time in the field of that name.
    pub(super) fn check_time(
        time: &Value,
        layout: Layout,
        field: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        match time {
            Value::Null => Ok(()),
            Value::String(text) => go_time::check(text, layout).map_err(|why| Self::Time { why }),
            other => Err(Self::NoText {
                found: json_type(other),
                field: field(),
            }),
        }
    }

    /// `found` in place of a `wanted`.
    pub(super) fn new(found: &Value, field: String, wanted: String) -> Self {
        let is_beyond = found.is_number() && wanted.starts_with("int");
        Self::Type {
            found: if is_beyond {
                format!("number {found}")
            } else {
                json_type(found).to_owned()
            },
            found_in_go: go_type(found),
            field,
            wanted,
        }
    }

    /// The same in the words of Go's converter, which reads what a strategic patch makes.
    ///
    /// Source: apimachinery v0.34 `pkg/runtime/converter.go`, `fromUnstructured`.
    pub(super) fn converted(&self) -> String {
        let (found, wanted) = match self {
            Self::Base64 { .. } => return format!("error decoding from json: {self}"),
            Self::Time { .. } => return self.to_string(),
            Self::NoText { found, .. } => {
                return format!("json: cannot unmarshal {found} into Go value of type string");
            }
            Self::Type {
                found_in_go,
                wanted,
                ..
            } => (*found_in_go, wanted.as_str()),
        };
        let of_kind = match found {
            "[]interface {}" => "slice",
            "map[string]interface {}" => "map",
            scalar => scalar,
        };
        if wanted.starts_with("map[") {
            return format!("cannot restore map from {of_kind}");
        }
        if wanted.starts_with("[]") {
            return format!("cannot restore slice from {of_kind}");
        }
        match (found, wanted) {
            (_, wanted) if wanted == "struct" || wanted.contains('.') => {
                format!("cannot restore struct from: {of_kind}")
            }
            ("int64", "string") | ("float64", "int32" | "int64") | ("int64", "float64") => {
                format!("cannot convert {found} to {wanted}")
            }
            _ => format!("unrecognized type: {wanted}"),
        }
    }
}

/// Source: Go `encoding/json` `UnmarshalTypeError`, `encoding/base64` `CorruptInputError`.
impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type {
                found,
                field,
                wanted,
                ..
            } => write!(
                f,
                "json: cannot unmarshal {found} into Go struct field {field} of type {wanted}"
            ),
            Self::Time { why } => f.write_str(why),
            Self::NoText { found, field } => write!(
                f,
                "json: cannot unmarshal {found} into Go struct field {field} of type string"
            ),
            Self::Base64 { at } => write!(f, "illegal base64 data at input byte {at}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case(json!(1), "string", "cannot convert int64 to string")]
    #[case(json!(1.5), "int32", "cannot convert float64 to int32")]
    #[case(json!(true), "string", "unrecognized type: string")]
    #[case(json!("x"), "int32", "unrecognized type: int32")]
    #[case(json!("x"), "map[string]string", "cannot restore map from string")]
    #[case(json!({}), "[]string", "cannot restore slice from map")]
    #[case(json!([]), "v1.PodSpec", "cannot restore struct from: slice")]
    #[case(json!([]), "struct", "cannot restore struct from: slice")]
    fn the_converter_has_words_of_its_own(
        #[case] found: Value,
        #[case] wanted: &str,
        #[case] words: &str,
    ) {
        let misfit = Misfit::new(&found, "X.y".to_owned(), wanted.to_owned());
        assert_eq!(misfit.converted(), words);
    }
}
