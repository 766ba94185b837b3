//! Durations in Go's notation.

use std::borrow::Cow;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What the CRDs accept.
const PATTERN: &str = r"^(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$";
/// The longest notation that the CRDs accept.
const LEN_MAX: usize = 64;

const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration as its author wrote it: `90s`, `1h30m`, `1.5h`, `0`; never negative.
///
/// Source: spec/arc.md §2.7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GoDuration(pub String);

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid duration {0:?}: expected numbers with the units ns, us, ms, s, m or h, as in 1h30m"
)]
pub struct InvalidDuration(pub String);

impl GoDuration {
    /// The length of time; what exceeds the range of [`SignedDuration`] is its maximum.
    ///
    /// # Errors
    /// The text is not in Go's notation, or negative.
    pub fn parse(&self) -> Result<SignedDuration, InvalidDuration> {
        let invalid = || InvalidDuration(self.0.clone());
        if self.0.len() > LEN_MAX {
            return Err(invalid());
        }
        let nanoseconds = unsigned_nanoseconds(&self.0).map_err(|_| invalid())?;
        let seconds = i64::try_from(nanoseconds / 1_000_000_000).unwrap_or(i64::MAX);
        let rest = i32::try_from(nanoseconds % 1_000_000_000).unwrap_or(0);
        Ok(SignedDuration::new(seconds, rest))
    }
}

/// A duration as Go reads it, with a sign or without.
///
/// Source: Go 1.25 `time.ParseDuration`.
///
/// # Errors
/// What Go says of the text.
pub fn parse_go(text: &str) -> Result<SignedDuration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let nanoseconds = unsigned_nanoseconds(text.strip_prefix(['-', '+']).unwrap_or(text));
    let nanoseconds = nanoseconds.map_err(|fault| match fault {
        Fault::Malformed => invalid(),
        Fault::NoUnit => format!("time: missing unit in duration {text:?}"),
        Fault::UnknownUnit(unit) => format!("time: unknown unit {unit:?} in duration {text:?}"),
    })?;
    let length = SignedDuration::from_nanos(i64::try_from(nanoseconds).map_err(|_| invalid())?);
    Ok(if text.starts_with('-') {
        -length
    } else {
        length
    })
}

/// Why a text is no duration.
enum Fault<'a> {
    Malformed,
    NoUnit,
    UnknownUnit(&'a str),
}

fn unsigned_nanoseconds(text: &str) -> Result<u128, Fault<'_>> {
    if text == "0" {
        return Ok(0);
    }
    if text.is_empty() {
        return Err(Fault::Malformed);
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, tail) = rest.split_at(unit_at.unwrap_or(rest.len()));
        let unit_len = tail.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, next) = tail.split_at(unit_len.unwrap_or(tail.len()));
        let known = UNITS.iter().find(|(name, _)| *name == unit);
        let scale = known.map_or(0, |(_, scale)| *scale);
        let length = scaled(number, scale).ok_or(Fault::Malformed)?;
        if scale == 0 {
            return Err(match unit {
                "" => Fault::NoUnit,
                _ => Fault::UnknownUnit(unit),
            });
        }
        total = total.saturating_add(length);
        rest = next;
    }
    Ok(total)
}

fn scaled(number: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let mut total = if whole.is_empty() {
        0
    } else {
        whole
            .parse::<u128>()
            .unwrap_or(u128::MAX)
            .saturating_mul(scale)
    };
    let mut place = scale;
    for digit in fraction.chars() {
        place /= 10;
        total = total.saturating_add(place * u128::from(digit.to_digit(10)?));
    }
    Some(total)
}

impl JsonSchema for GoDuration {
    fn schema_name() -> Cow<'static, str> {
        "GoDuration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": PATTERN, "maxLength": LEN_MAX})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("0", "PT0S")]
    #[case("0s", "PT0S")]
    #[case("90s", "PT1M30S")]
    #[case("1h30m", "PT1H30M")]
    #[case("1.5h", "PT1H30M")]
    #[case(".5s", "PT0.5S")]
    #[case("1.s", "PT1S")]
    #[case("2ms3us4µs5ns", "PT0.002007005S")]
    #[case(
        "99999999999999999999999999999999999999999h",
        "PT2562047788015215H30M7.768211455S"
    )]
    fn is_a_duration(#[case] text: &str, #[case] length: &str) {
        assert_eq!(GoDuration(text.into()).parse().unwrap().to_string(), length);
    }

    #[rstest]
    #[case("")]
    #[case("-1s")]
    #[case("1d")]
    #[case("1")]
    #[case("s")]
    #[case(".s")]
    #[case("1..5s")]
    #[case("1 h")]
    fn is_no_duration(#[case] text: &str) {
        assert_eq!(
            GoDuration(text.into()).parse(),
            Err(InvalidDuration(text.into()))
        );
    }

    #[rstest]
    #[case("1h30m", "PT1H30M")]
    #[case("+1m", "PT1M")]
    #[case("-10s", "-PT10S")]
    #[case("-0", "PT0S")]
    fn go_reads(#[case] text: &str, #[case] length: &str) {
        assert_eq!(parse_go(text).unwrap().to_string(), length);
    }

    #[rstest]
    #[case("", r#"time: invalid duration """#)]
    #[case("day", r#"time: invalid duration "day""#)]
    #[case("-1..5s", r#"time: invalid duration "-1..5s""#)]
    #[case("1.5", r#"time: missing unit in duration "1.5""#)]
    #[case("1h2", r#"time: missing unit in duration "1h2""#)]
    #[case("10x", r#"time: unknown unit "x" in duration "10x""#)]
    #[case("9999999h", r#"time: invalid duration "9999999h""#)]
    fn go_refuses(#[case] text: &str, #[case] message: &str) {
        assert_eq!(parse_go(text), Err(message.to_owned()));
    }
}
