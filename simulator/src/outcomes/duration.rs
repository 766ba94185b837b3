//! Durations as Go writes them.

use jiff::SignedDuration;

const NANOS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// Longest duration that Go's `time.Duration` holds, in nanoseconds.
const MAX_NANOS: f64 = i64::MAX as f64;

/// Reads a duration such as `40s`, `1h30m`, `1.5h`, `300ms` or `0`; negative ones are refused.
///
/// Source: Go 1.25 `time.ParseDuration`.
///
/// # Errors
/// Says what was expected instead of `text`.
pub fn go_duration(text: &str) -> Result<SignedDuration, String> {
    let refuse =
        || format!("invalid duration \"{text}\", expected one such as 40s, 1m30s or 500ms");
    if text == "0" {
        return Ok(SignedDuration::ZERO);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return Err(refuse());
    }
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(refuse)?;
        let (number, tail) = rest.split_at(end);
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let number: f64 = number.parse().map_err(|_| refuse())?;
        let (_, factor) = NANOS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(refuse)?;
        nanos += number * factor;
        rest = tail;
    }
    if nanos > MAX_NANOS {
        return Err(refuse());
    }
    Ok(SignedDuration::from_nanos(nanos.round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("0", 0)]
    #[case("40s", 40_000)]
    #[case("1h30m", 5_400_000)]
    #[case("1.5h", 5_400_000)]
    #[case("300ms", 300)]
    #[case("1m0.5s", 60_500)]
    fn a_duration_is_read_as_go_reads_it(#[case] text: &str, #[case] millis: i64) {
        assert_eq!(
            go_duration(text),
            Ok(SignedDuration::from_millis(millis)),
            "{text}"
        );
    }

    #[rstest]
    #[case("")]
    #[case("40")]
    #[case("-1s")]
    #[case("1d")]
    #[case("s")]
    #[case("1..5s")]
    #[case("9999999999h")]
    fn anything_else_is_refused(#[case] text: &str) {
        assert_eq!(
            go_duration(text),
            Err(format!(
                "invalid duration \"{text}\", expected one such as 40s, 1m30s or 500ms"
            ))
        );
    }
}
