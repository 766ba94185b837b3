//! `format`: texts with values in them.
//!
//! Source: cel-go v0.26 `ext/formatting.go`; golang.org/x/text v0.27 `message`, for English.

use std::sync::Arc;

use kube_cel::cel::extractors::This;
use kube_cel::cel::objects::Key;
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

use super::conversion::text;
use super::{kind_of, words};
use crate::store::schema::cause::quoted;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    Text,
    Decimal,
    /// With so many digits behind the point.
    Fixed(Option<usize>),
    Scientific,
    Binary,
    Hex {
        is_upper: bool,
    },
    Octal,
}

impl Clause {
    /// What is said of a value that cannot be written so, before its type.
    pub(super) fn refusal(self) -> &'static str {
        match self {
            Self::Text => {
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
            }
            Self::Decimal => "decimal clause can only be used on integers",
            Self::Fixed(_) => "fixed-point clause can only be used on doubles",
            Self::Scientific => "scientific clause can only be used on doubles",
            Self::Binary => "only integers and bools can be formatted as binary",
            Self::Hex { .. } => "only integers, byte buffers, and strings can be formatted as hex",
            Self::Octal => "octal clause can only be used on integers",
        }
    }

    /// The clause at the beginning of a text, and what follows it.
    fn read(text: &str) -> Result<(Self, &str), String> {
        let (precision, rest) = precision(text)?;
        let mut letters = rest.chars();
        let clause = match letters.next() {
            Some('s') => Self::Text,
            Some('d') => Self::Decimal,
            Some('f') => Self::Fixed(precision),
            Some('e') => Self::Scientific,
            Some('b') => Self::Binary,
            Some('x') => Self::Hex { is_upper: false },
            Some('X') => Self::Hex { is_upper: true },
            Some('o') => Self::Octal,
            other => {
                let other = other.map(String::from).unwrap_or_default();
                return Err(format!("unrecognized formatting clause \"{other}\""));
            }
        };
        Ok((clause, letters.as_str()))
    }
}

fn precision(text: &str) -> Result<(Option<usize>, &str), String> {
    let Some(digits) = text.strip_prefix('.') else {
        return Ok((None, text));
    };
    let end = digits.find(|letter: char| !letter.is_ascii_digit());
    let end =
        end.ok_or("error while parsing precision: could not find end of precision specifier")?;
    let (digits, rest) = digits.split_at(end);
    let why = if digits.is_empty() {
        "invalid syntax"
    } else {
        "value out of range"
    };
    let number = digits.parse().map_err(|_| {
        format!("error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing {digits:?}: {why}")
    })?;
    Ok((Some(number), rest))
}

/// Goes through a format for so many values: `put` gets the text between them, and the number of each value with how it is
/// to be written, and says what is wrong with it. Gives how many values are written.
///
/// # Errors
/// What is wrong first.
pub(super) fn walk<E: From<String>>(
    format: &str,
    n_values: usize,
    mut put: impl FnMut(&str, Option<(usize, Clause)>) -> Result<(), E>,
) -> Result<usize, E> {
    let (mut rest, mut n_written) = (format, 0);
    while let Some((before, clause)) = rest.split_once('%') {
        if let Some(behind) = clause.strip_prefix('%') {
            put(&rest[..=before.len()], None)?;
            rest = behind;
            continue;
        }
        if clause.is_empty() {
            return Err("unexpected end of string".to_owned().into());
        }
        if n_written == n_values {
            return Err(format!("index {n_written} out of range").into());
        }
        let read = Clause::read(clause);
        let (clause, behind) =
            read.map_err(|why| format!("could not parse formatting clause: {why}"))?;
        put(before, Some((n_written, clause)))?;
        (rest, n_written) = (behind, n_written + 1);
    }
    put(rest, None)?;
    Ok(n_written)
}

/// Makes the function known.
pub(super) fn add_to(context: &mut Context<'_>) {
    context.add_function(
        "format",
        |This(format): This<Arc<String>>, values: Arc<Vec<Cel>>| {
            formatted(&format, &values)
                .map(|text| Cel::String(Arc::new(text)))
                .map_err(words::told)
        },
    );
}

fn formatted(format: &str, values: &[Cel]) -> Result<String, String> {
    let mut text = String::new();
    walk(format, values.len(), |between, value| {
        text.push_str(between);
        if let Some((index, clause)) = value {
            let written = written(&values[index], clause);
            text.push_str(&written.map_err(|why| format!("error during formatting: {why}"))?);
        }
        Ok::<_, String>(())
    })?;
    Ok(text)
}

fn written(value: &Cel, clause: Clause) -> Result<String, String> {
    let written = match (clause, value) {
        (Clause::Text, value) => return plain(value).map_err(|error| words::of(&error)),
        (Clause::Fixed(digits), value) => not_finite(value).or_else(|| match value {
            Cel::Float(number) => Some(grouped(&format!("{number:.*}", digits.unwrap_or(6)))),
            _ => None,
        }),
        (Clause::Scientific, value) => not_finite(value).or_else(|| match value {
            Cel::Float(number) => Some(raised(&format!("{number:.6e}"))),
            _ => None,
        }),
        (clause, Cel::Int(number)) => {
            let sign = if *number < 0 { "-" } else { "" };
            Some(format!("{sign}{}", digits(number.unsigned_abs(), clause)))
        }
        (clause, Cel::UInt(number)) => Some(digits(*number, clause)),
        (Clause::Binary, Cel::Bool(flag)) => Some(u8::from(*flag).to_string()),
        (Clause::Hex { is_upper }, Cel::String(text)) => Some(hex(text.as_bytes(), is_upper)),
        (Clause::Hex { is_upper }, Cel::Bytes(bytes)) => Some(hex(bytes, is_upper)),
        _ => None,
    };
    let refused = || format!("{}, was given {}", clause.refusal(), kind_of::name(value));
    written.ok_or_else(refused)
}

fn digits(number: u64, clause: Clause) -> String {
    match clause {
        Clause::Binary => format!("{number:b}"),
        Clause::Octal => format!("{number:o}"),
        Clause::Hex { is_upper: true } => format!("{number:X}"),
        Clause::Hex { is_upper: false } => format!("{number:x}"),
        _ => number.to_string(),
    }
}

fn hex(bytes: &[u8], is_upper: bool) -> String {
    let written = bytes.iter().map(|byte| match is_upper {
        true => format!("{byte:02X}"),
        false => format!("{byte:02x}"),
    });
    written.collect()
}

/// A number that is none, also if it comes as its name.
fn not_finite(value: &Cel) -> Option<String> {
    let written = match value {
        Cel::Float(number) if number.is_nan() => "NaN",
        Cel::Float(number) if number.is_infinite() && *number > 0.0 => "∞",
        Cel::Float(number) if number.is_infinite() => "-∞",
        Cel::String(name) => match name.as_str() {
            "NaN" => "NaN",
            "Infinity" => "∞",
            "-Infinity" => "-∞",
            _ => return None,
        },
        _ => return None,
    };
    Some(written.to_owned())
}

/// A decimal number with a comma between thousands.
fn grouped(number: &str) -> String {
    let end = number.find('.').unwrap_or(number.len());
    let mut out = String::with_capacity(number.len() * 2);
    for (at, letter) in number.char_indices() {
        let follows_digit = number[..at].ends_with(|before: char| before.is_ascii_digit());
        if follows_digit && at < end && (end - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(letter);
    }
    out
}

/// A number such as `1.5e-9` as `1.5×10⁻⁰⁹`.
fn raised(number: &str) -> String {
    let (digits, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ("⁻", exponent),
        None => ("", exponent),
    };
    let raised = format!("{exponent:0>2}");
    let raised = raised.chars().filter_map(|digit| {
        let digit = usize::try_from(digit.to_digit(10)?).ok()?;
        "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit)
    });
    format!("{digits}×10{sign}{}", raised.collect::<String>())
}

fn plain(value: &Cel) -> Result<String, ExecutionError> {
    match value {
        Cel::List(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(inside).collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        Cel::Map(map) => {
            let entries = map.map.iter();
            let entries = entries.map(|(key, value)| {
                let key = inside(&Cel::from(Key::clone(key)))?;
                Ok((key, inside(value)?))
            });
            let mut entries = entries.collect::<Result<Vec<_>, ExecutionError>>()?;
            entries.sort();
            let entries = entries.iter().map(|(key, value)| format!("{key}:{value}"));
            Ok(format!("{{{}}}", entries.collect::<Vec<_>>().join(", ")))
        }
        Cel::Null => Ok("null".to_owned()),
        value => text(value),
    }
}

/// A value as it is written in a list or a map.
fn inside(value: &Cel) -> Result<String, ExecutionError> {
    Ok(match value {
        Cel::String(written) if kind_of::type_name(written).is_none() => quoted(written),
        Cel::Float(number) if number.is_finite() => format!("{number:.6}"),
        Cel::Float(_) => quoted(&text(value)?),
        Cel::Bytes(_) => format!("b{}", quoted(&text(value)?)),
        Cel::Timestamp(_) => format!("timestamp({})", quoted(&text(value)?)),
        Cel::Duration(_) => format!("duration({})", quoted(&text(value)?)),
        value => plain(value)?,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("-1234567.5", "-1,234,567.5")]
    #[case("123.4567", "123.4567")]
    #[case("-123", "-123")]
    #[case("1234", "1,234")]
    fn thousands_are_set_apart(#[case] number: &str, #[case] expected: &str) {
        assert_eq!(grouped(number), expected);
    }

    #[rstest]
    #[case("1.5e-9", "1.5×10⁻⁰⁹")]
    #[case("1e100", "1×10¹⁰⁰")]
    fn exponents_are_raised(#[case] number: &str, #[case] expected: &str) {
        assert_eq!(raised(number), expected);
    }
}
