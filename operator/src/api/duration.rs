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
        parse_nanoseconds(&self.0)
            .map(|nanoseconds| {
                let seconds = i64::try_from(nanoseconds / 1_000_000_000).unwrap_or(i64::MAX);
                let rest = i32::try_from(nanoseconds % 1_000_000_000).unwrap_or(0);
                SignedDuration::new(seconds, rest)
            })
            .ok_or_else(|| InvalidDuration(self.0.clone()))
    }
}

fn parse_nanoseconds(text: &str) -> Option<u128> {
    if text == "0" {
        return Some(0);
    }
    if text.is_empty() || text.len() > LEN_MAX {
        return None;
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(unit_at);
        let unit_len = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_len);
        let scale = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        total = total.saturating_add(scaled(number, scale)?);
        rest = next;
    }
    Some(total)
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
}
