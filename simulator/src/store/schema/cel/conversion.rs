//! The functions that make values of one type from such of another.
//!
//! Source: cel-go v0.26 `common/types` (`ConvertToType` of each type).

use std::sync::Arc;

use jiff::Timestamp;
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

use super::words::told;
use super::{kind_of, library};
use crate::store::schema::cause::float_text;

/// The functions that convert.
pub(super) const CONVERSIONS: [&str; 10] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "string",
    "timestamp",
    "type",
    "uint",
];

type Made = Result<Cel, ExecutionError>;

/// Makes the conversions known.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function("string", |value: Cel| match &value {
        Cel::String(text) if kind_of::type_name(text).is_some() => {
            Err(no_overload("string", &value))
        }
        value => text(value).map(|text| Cel::String(Arc::new(text))),
    });
    context.add_function("int", |value: Cel| int(&value));
    context.add_function("uint", |value: Cel| uint(&value));
    context.add_function("double", |value: Cel| double(&value));
    context.add_function("bool", |value: Cel| bool(&value));
    context.add_function("bytes", |value: Cel| match value {
        Cel::String(text) => Ok(Cel::Bytes(Arc::new(text.as_bytes().to_vec()))),
        Cel::Bytes(_) => Ok(value),
        other => Err(no_overload("bytes", &other)),
    });
    context.add_function("timestamp", |value: Cel| match value {
        Cel::Int(seconds) => timestamp(seconds),
        other => library::call("timestamp", other),
    });
}

fn no_overload(function: &str, value: &Cel) -> ExecutionError {
    told(format!(
        "no such overload: {function}({})",
        kind_of::name(value)
    ))
}

/// What a text that says no value of a type is refused with.
fn unread(kind: &str) -> ExecutionError {
    told(format!("type conversion error from 'string' to '{kind}'"))
}

/// A value as text; a type as its name.
///
/// # Errors
/// There is no text for it.
pub(super) fn text(value: &Cel) -> Result<String, ExecutionError> {
    Ok(match value {
        Cel::String(text) => kind_of::type_name(text).unwrap_or(text).to_owned(),
        Cel::Bool(flag) => flag.to_string(),
        Cel::Int(number) => number.to_string(),
        Cel::UInt(number) => number.to_string(),
        Cel::Float(number) => float_text(*number),
        Cel::Bytes(bytes) => std::str::from_utf8(bytes)
            .map_err(|_| told("invalid UTF-8 in bytes, cannot convert to string"))?
            .to_owned(),
        Cel::Timestamp(time) => as_go_writes(&time.to_rfc3339()),
        Cel::Duration(duration) => {
            let whole = duration.num_seconds() as f64;
            format!("{}s", whole + f64::from(duration.subsec_nanos()) / 1e9)
        }
        Cel::Opaque(_) => match library::call("string", value.clone())? {
            Cel::String(text) => text.to_string(),
            other => return Err(no_overload("string", &other)),
        },
        other => return Err(no_overload("string", other)),
    })
}

/// A time of RFC 3339 without zeros at the end of the fraction, and with `Z` for UTC.
fn as_go_writes(time: &str) -> String {
    let (time, zone) = time.split_at(time.len().saturating_sub("+00:00".len()));
    let time = match time.contains('.') {
        true => time.trim_end_matches('0'),
        false => time,
    };
    let zone = if zone == "+00:00" { "Z" } else { zone };
    format!("{time}{zone}")
}

#[expect(clippy::cast_possible_truncation, reason = "it is within the bounds")]
fn int(value: &Cel) -> Made {
    let overflow = || told("integer overflow");
    Ok(Cel::Int(match value {
        Cel::Int(number) => *number,
        Cel::UInt(number) => i64::try_from(*number).map_err(|_| overflow())?,
        Cel::Float(number) => {
            let bound = -(i64::MIN as f64);
            let is_within = *number > -bound && *number < bound;
            is_within.then_some(*number as i64).ok_or_else(overflow)?
        }
        Cel::String(text) => text.parse().map_err(|_| unread("int"))?,
        Cel::Timestamp(time) => time.timestamp(),
        Cel::Duration(duration) => duration.num_nanoseconds().ok_or_else(overflow)?,
        other => return Err(no_overload("int", other)),
    }))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is within the bounds"
)]
fn uint(value: &Cel) -> Made {
    let overflow = || told("unsigned integer overflow");
    Ok(Cel::UInt(match value {
        Cel::UInt(number) => *number,
        Cel::Int(number) => u64::try_from(*number).map_err(|_| overflow())?,
        Cel::Float(number) => {
            let is_within = *number >= 0.0 && *number < u64::MAX as f64;
            is_within.then_some(*number as u64).ok_or_else(overflow)?
        }
        Cel::String(text) if text.starts_with('+') => return Err(unread("uint")),
        Cel::String(text) => text.parse().map_err(|_| unread("uint"))?,
        other => return Err(no_overload("uint", other)),
    }))
}

fn double(value: &Cel) -> Made {
    Ok(Cel::Float(match value {
        Cel::Float(number) => *number,
        Cel::Int(number) => *number as f64,
        Cel::UInt(number) => *number as f64,
        Cel::String(text) => {
            let number: f64 = text.parse().map_err(|_| unread("double"))?;
            let is_written_so = text.contains(['i', 'I']);
            if number.is_infinite() && !is_written_so {
                return Err(unread("double"));
            }
            number
        }
        other => return Err(no_overload("double", other)),
    }))
}

/// Source: Go 1.24 `strconv.ParseBool`.
fn bool(value: &Cel) -> Made {
    match value {
        Cel::Bool(_) => Ok(value.clone()),
        Cel::String(text) => match text.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Cel::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Cel::Bool(false)),
            _ => Err(unread("bool")),
        },
        other => Err(no_overload("bool", other)),
    }
}

fn timestamp(seconds: i64) -> Made {
    let time = Timestamp::from_second(seconds).map_err(|_| told("timestamp overflow"))?;
    library::call("timestamp", Cel::String(Arc::new(time.to_string())))
}
