//! Durations as Argo reads them, and as messages tell them.

use arc_operator::api::duration::parse_go;
use jiff::SignedDuration;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unable to parse {0} as a duration: {1}")]
pub(crate) struct DurationError(String, String);

/// A number of seconds without a unit, or a Go duration such as `1h30m`.
pub(crate) fn parse(text: &str) -> Result<SignedDuration, DurationError> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(SignedDuration::from_secs(seconds));
    }
    parse_go(text).map_err(|detail| DurationError(text.to_owned(), detail))
}

/// The two largest units of a duration, such as `1 minute 5 seconds`.
pub(crate) fn told(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let units = [
        ("day", 86_400),
        ("hour", 3600),
        ("minute", 60),
        ("second", 1),
    ];
    let Some(first) = units.iter().position(|(_, size)| seconds >= *size) else {
        return "0 seconds".to_owned();
    };
    let one = |(name, size): (&str, i64), amount: i64| {
        let n = amount / size;
        format!("{n} {name}{}", if n == 1 { "" } else { "s" })
    };
    let large = one(units[first], seconds);
    let rest = seconds % units[first].1;
    match units.get(first + 1) {
        Some(&(name, size)) if rest >= size => format!("{large} {}", one((name, size), rest)),
        _ => large,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("30", 30)]
    #[case("1h30m", 5400)]
    #[case("1.5m", 90)]
    #[case("-10s", -10)]
    #[case("0", 0)]
    fn a_duration_is_read(#[case] text: &str, #[case] seconds: i64) {
        assert_eq!(parse(text), Ok(SignedDuration::from_secs(seconds)));
    }

    #[rstest]
    #[case(
        "10x",
        "unable to parse 10x as a duration: time: unknown unit \"x\" in duration \"10x\""
    )]
    #[case("", "unable to parse  as a duration: time: invalid duration \"\"")]
    #[case(
        "1.5",
        "unable to parse 1.5 as a duration: time: missing unit in duration \"1.5\""
    )]
    fn what_is_no_duration_is_refused(#[case] text: &str, #[case] message: &str) {
        assert_eq!(
            parse(text).map_err(|e| e.to_string()),
            Err(message.to_owned())
        );
    }

    #[rstest]
    #[case(4, "4 seconds")]
    #[case(65, "1 minute 5 seconds")]
    #[case(60, "1 minute")]
    #[case(7322, "2 hours 2 minutes")]
    #[case(0, "0 seconds")]
    fn a_duration_is_told_in_two_units(#[case] seconds: i64, #[case] expected: &str) {
        assert_eq!(told(SignedDuration::from_secs(seconds)), expected);
    }
}
