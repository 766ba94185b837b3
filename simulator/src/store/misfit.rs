//! A value that does not fit the Go type of its field.

use std::fmt;

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
    /// It should be a time, and does not even begin with a year.
    Time {
        /// What is there instead.
        text: String,
        /// How Go would write it.
        layout: &'static str,
    },
}

/// Times in whole seconds.
pub(super) const SECONDS: &str = "2006-01-02T15:04:05Z07:00";
/// Times in millionths of a second.
pub(super) const MICROSECONDS: &str = "2006-01-02T15:04:05.000000Z07:00";

impl Misfit {
    /// Refuses a time that does not even begin with a year.
    pub(super) fn check_time(time: &Value, layout: &'static str) -> Result<(), Self> {
        let Some(text) = time.as_str() else {
            return Ok(());
        };
        let is_year = text.len() >= 4 && text.bytes().take(4).all(|byte| byte.is_ascii_digit());
        match is_year {
            true => Ok(()),
            false => Err(Self::Time {
                text: text.to_owned(),
                layout,
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
            Self::Time { text, layout } => write!(
                f,
                "parsing time {text:?} as {layout:?}: cannot parse {text:?} as \"2006\""
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
