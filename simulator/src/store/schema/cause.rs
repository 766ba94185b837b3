//! Causes with the texts of the API machinery's field errors.
//!
//! Source: k8s.io/apimachinery v0.34.3, pkg/util/validation/field/errors.go; `spec/kube-api.md` §1.9.

use std::fmt::Write;

use crate::json::{Number, Value, html_escaped};
use crate::store::status::Cause;

/// What a field error without a path prints for it.
pub(crate) const NO_FIELD: &str = "<nil>";

pub(crate) fn required(field: impl Into<String>, detail: &str) -> Cause {
    cause("FieldValueRequired", "Required value", field, detail)
}

pub(crate) fn forbidden(field: impl Into<String>, detail: &str) -> Cause {
    cause("FieldValueForbidden", "Forbidden", field, detail)
}

pub(crate) fn internal(field: impl Into<String>, detail: &str) -> Cause {
    cause("InternalError", "Internal error", field, detail)
}

pub(crate) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Cause {
    let head = format!("Invalid value: {}", shown(value));
    cause("FieldValueInvalid", &head, field, detail)
}

/// The same with the value as text that is shown as it is.
pub(crate) fn invalid_shown(field: impl Into<String>, shown: &str, detail: &str) -> Cause {
    let head = format!("Invalid value: {shown}");
    cause("FieldValueInvalid", &head, field, detail)
}

pub(crate) fn type_invalid(field: impl Into<String>, value: &Value, detail: &str) -> Cause {
    Cause {
        reason: "FieldValueTypeInvalid",
        ..invalid(field, value, detail)
    }
}

pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Cause {
    let head = format!("Duplicate value: {}", shown(value));
    cause("FieldValueDuplicate", &head, field, "")
}

pub(crate) fn not_found(field: impl Into<String>, value: &Value) -> Cause {
    let head = format!("Not found: {}", shown(value));
    cause("FieldValueNotFound", &head, field, "")
}

pub(crate) fn not_supported(
    field: impl Into<String>,
    value: &Value,
    supported: &[String],
) -> Cause {
    let head = format!("Unsupported value: {}", shown(value));
    let quoted: Vec<String> = supported.iter().map(|text| quoted(text)).collect();
    let detail = if quoted.is_empty() {
        String::new()
    } else {
        format!("supported values: {}", quoted.join(", "))
    };
    cause("FieldValueNotSupported", &head, field, &detail)
}

pub(crate) fn too_long(field: impl Into<String>, limit: u64) -> Cause {
    let unit = if limit == 1 { "byte" } else { "bytes" };
    let detail = format!("may not be more than {limit} {unit}");
    cause("FieldValueTooLong", "Too long", field, &detail)
}

pub(crate) fn too_many(field: impl Into<String>, actual: usize, limit: u64) -> Cause {
    let unit = if limit == 1 { "item" } else { "items" };
    let head = format!("Too many: {actual}");
    let detail = format!("must have at most {limit} {unit}");
    cause("FieldValueTooMany", &head, field, &detail)
}

fn cause(reason: &'static str, head: &str, field: impl Into<String>, detail: &str) -> Cause {
    let field = field.into();
    Cause {
        reason,
        message: if detail.is_empty() {
            head.to_owned()
        } else {
            format!("{head}: {detail}")
        },
        field: if field.is_empty() {
            NO_FIELD.to_owned()
        } else {
            field
        },
    }
}

/// The value as an error shows it: strings quoted as in Go, numbers as `%v`, anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Number(number) => number_text(number),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => json(value),
    }
}

/// JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped.
pub(crate) fn json(value: &Value) -> String {
    html_escaped(value.to_string())
}

/// A number as Go's `%v` writes it.
pub(crate) fn number_text(number: &Number) -> String {
    match number.as_i64() {
        Some(integer) => integer.to_string(),
        None => float_text(number.as_f64().unwrap_or(f64::NAN)),
    }
}

/// A float as Go's `%v` writes it: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
pub(crate) fn float_text(float: f64) -> String {
    if float.is_infinite() {
        return if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        Ok(_) | Err(_) => format!("{float}"),
    }
}

/// `text` as Go's `%q` writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                let _infallible = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if c.is_control() || (c.is_whitespace() && c != ' ') => {
                let _infallible = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
