//! How long ago something was, in the two or three figures that kubectl prints.

use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The time from `since` to `now`, such as `4m40s` or `2y11d`; up to one second in the future counts as `0s`.
///
/// Source: `spec/kube-api.md` §1.12.
#[must_use]
pub fn age(since: Timestamp, now: Timestamp) -> String {
    span(now.duration_since(since))
}

/// A length of time in the same form.
///
/// Source: `spec/kube-api.md` §1.12.
#[must_use]
pub fn span(duration: SignedDuration) -> String {
    match duration.as_secs() {
        ..-1 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        s @ 0..120 => format!("{s}s"),
        s if s < 10 * MINUTE => pair(s, (MINUTE, 'm'), (1, 's')),
        s if s < 3 * HOUR => format!("{}m", s / MINUTE),
        s if s < 8 * HOUR => pair(s, (HOUR, 'h'), (MINUTE, 'm')),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s if s < 8 * DAY => pair(s, (DAY, 'd'), (HOUR, 'h')),
        s if s < 2 * YEAR => format!("{}d", s / DAY),
        s if s < 8 * YEAR => pair(s, (YEAR, 'y'), (DAY, 'd')),
        s => format!("{}y", s / YEAR),
    }
}

/// Two figures, the second left out where it is zero. A unit is its length in seconds and its letter.
fn pair(seconds: i64, large: (i64, char), small: (i64, char)) -> String {
    let whole = format!("{}{}", seconds / large.0, large.1);
    match seconds % large.0 / small.0 {
        0 => whole,
        rest => format!("{whole}{rest}{}", small.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(-2, "<invalid>")]
    #[case(-1, "0s")]
    #[case(0, "0s")]
    #[case(119, "119s")]
    #[case(120, "2m")]
    #[case(280, "4m40s")]
    #[case(599, "9m59s")]
    #[case(600, "10m")]
    #[case(10_799, "179m")]
    #[case(10_800, "3h")]
    #[case(10_860, "3h1m")]
    #[case(28_799, "7h59m")]
    #[case(28_800, "8h")]
    #[case(172_799, "47h")]
    #[case(172_800, "2d")]
    #[case(176_400, "2d1h")]
    #[case(691_199, "7d23h")]
    #[case(691_200, "8d")]
    #[case(63_071_999, "729d")]
    #[case(63_072_000, "2y")]
    #[case(63_158_400, "2y1d")]
    #[case(252_288_000, "8y")]
    fn an_age_has_two_or_three_figures(#[case] seconds: i64, #[case] text: &str) {
        assert_eq!(span(SignedDuration::from_secs(seconds)), text);
    }

    #[test]
    fn an_age_counts_from_then_to_now() {
        let then = Timestamp::constant(1_000, 0);
        assert_eq!(age(then, Timestamp::constant(1_090, 0)), "90s");
    }
}
