//! Checks of single values: type, enumeration, text, numbers.
//!
//! Source: kube-openapi pkg/validation/validate/type.go, validator.go and values.go.

use super::{Checks, Failure, Format, Matches, Node, Path, Type};
use crate::json::{Number, Value};

/// The JSON type of a value as go-openapi names it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

pub(super) fn typed(
    node: &Node,
    value: &Value,
    path: &Path,
    failures: &mut Vec<Failure>,
) -> Matches {
    let fits = match (node.kind, value) {
        (Type::Any, Value::Null) => true,
        (_, Value::Null) => node.nullable,
        (Type::Object, Value::Object(_))
        | (Type::Array, Value::Array(_))
        | (Type::String, Value::String(_))
        | (Type::Boolean, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::IntOrString, Value::String(_)) => true,
        (Type::Integer | Type::IntOrString, Value::Number(number)) => is_integral(number),
        (Type::Integer | Type::Number | Type::IntOrString, _) => false,
        // A format makes go-openapi accept any string or list here, whatever the type.
        (_, Value::String(_) | Value::Array(_)) => checked_format(&node.checks).is_some(),
        (Type::Any, _) => checked_format(&node.checks).is_none(),
        _ => false,
    };
    if fits {
        return 1;
    }
    failures.push(match (checked_format(&node.checks), value) {
        (Some(format), Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
            Failure::wrong_type(path, format.name(), format_of(value))
        }
        _ => Failure::wrong_type(path, node.kind.name(), type_of(value)),
    });
    0
}

pub(super) fn checked_format(checks: &Checks) -> Option<&Format> {
    checks.format.as_ref().filter(|format| format.is_checked())
}

/// The format of a value as go-openapi guesses it.
fn format_of(value: &Value) -> &'static str {
    match value {
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => "",
    }
}

fn is_integral(number: &Number) -> bool {
    number.is_i64() || number.as_f64().is_some_and(is_whole)
}

/// Whether a float is an integer that JSON can carry, give or take rounding.
fn is_whole(float: f64) -> bool {
    const MAX_SAFE: f64 = 9_007_199_254_740_991.0;
    float.abs() <= MAX_SAFE && (float - float.round()).abs() < 1e-9
}

pub(super) fn allowed(checks: &Checks, value: &Value, path: &Path, failures: &mut Vec<Failure>) {
    if checks.allowed.is_empty() {
        return;
    }
    let found = checks
        .allowed
        .iter()
        .any(|candidate| match (candidate, value) {
            (Value::Null, _) => false,
            (Value::Number(a), Value::Number(b)) => numbers_match(a, b),
            _ => candidate == value,
        });
    if !found {
        failures.push(Failure::not_allowed(path, value, &checks.allowed));
    }
}

/// An integer stands for every number that it is the integral part of, as Go converts them.
fn numbers_match(candidate: &Number, value: &Number) -> bool {
    let truncated = |number: &Number| number.as_f64().map(f64::trunc);
    if candidate.is_i64() {
        truncated(candidate) == truncated(value)
    } else {
        candidate.as_f64() == value.as_f64()
    }
}

/// Checks a string and says how many validators beyond the one for strings looked at it.
pub(super) fn string(
    checks: &Checks,
    text: &str,
    path: &Path,
    failures: &mut Vec<Failure>,
) -> Matches {
    let (least, most) = checks.length;
    let length = if least.is_some() || most.is_some() {
        text.chars().count() as u64
    } else {
        0
    };
    if let Some(most) = most.filter(|most| length > *most) {
        failures.push(Failure::too_long(path, most));
    } else if let Some(least) = least.filter(|least| length < *least) {
        failures.push(Failure::too_short(path, text, least));
    } else if let Some(pattern) = checks
        .pattern
        .as_ref()
        .filter(|pattern| !pattern.matches(text))
    {
        failures.push(Failure::mismatch(path, text, pattern.source()));
    }
    let Some(format) = checked_format(checks) else {
        return 0;
    };
    if !format.matches(text) {
        failures.push(Failure::bad_format(path, format.name(), text));
    }
    1
}

pub(super) fn numeric(checks: &Checks, number: &Number, path: &Path, failures: &mut Vec<Failure>) {
    if let Some(factor) = checks.multiple_of
        && !is_multiple(number, factor)
    {
        failures.push(Failure::not_multiple(path, number, factor));
    }
    if let Some((least, exclusive)) = checks.minimum {
        let order = compared(number, least);
        if order.is_lt() || (exclusive && order.is_eq()) {
            failures.push(Failure::too_small(path, number, least, exclusive));
        }
    }
    if let Some((most, exclusive)) = checks.maximum {
        let order = compared(number, most);
        if order.is_gt() || (exclusive && order.is_eq()) {
            failures.push(Failure::too_large(path, number, most, exclusive));
        }
    }
}

/// Integers are compared with the integral part of a bound, as in Go.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates as Go's conversion does"
)]
fn compared(number: &Number, bound: f64) -> std::cmp::Ordering {
    match number.as_i64() {
        Some(integer) => integer.cmp(&(bound as i64)),
        None => number.as_f64().unwrap_or(f64::NAN).total_cmp(&bound),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates as Go's conversion does"
)]
fn is_multiple(number: &Number, factor: f64) -> bool {
    match (number.as_i64(), factor as i64) {
        (Some(_), ..=0) => false,
        (Some(integer), factor) => integer % factor == 0,
        (None, _) if factor <= 0.0 => false,
        (None, _) => {
            let float = number.as_f64().unwrap_or(f64::NAN);
            let quotient = if factor < 1.0 {
                1.0 / factor * float
            } else {
                float / factor
            };
            is_whole(quotient)
        }
    }
}
