//! Times as Go reads and writes them.
//!
//! Source: Go 1.24 `time`, `Parse`; apimachinery v0.34.3, pkg/apis/meta/v1/time.go and micro_time.go.

use jiff::SignedDuration;
use jiff::civil::DateTime;

/// How a field writes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// In whole seconds; a fraction is read, and forgotten.
    Seconds,
    /// With exactly six digits of a fraction.
    Microseconds,
}

impl Layout {
    fn text(self) -> &'static str {
        match self {
            Self::Seconds => "2006-01-02T15:04:05Z07:00",
            Self::Microseconds => "2006-01-02T15:04:05.000000Z07:00",
        }
    }

    /// Whether a text that can be read is what is written for its time.
    fn is_written(self, text: &str) -> bool {
        let text = text.as_bytes();
        let n_bytes = match self {
            Self::Seconds => 20,
            Self::Microseconds => 27,
        };
        let has_comma = self == Self::Microseconds && text.get(19) != Some(&b'.');
        text.len() == n_bytes && text.ends_with(b"Z") && !has_comma
    }
}

/// Whether `text` is a time.
///
/// # Errors
/// What Go says of one that is none.
pub(in crate::store) fn check(text: &str, layout: Layout) -> Result<(), String> {
    Reader::new(text, layout).read().map(drop)
}

/// What is written for the time that `text` tells, unless it is just that.
///
/// # Errors
/// As [`check`].
pub(in crate::store) fn rewritten(text: &str, layout: Layout) -> Result<Option<String>, String> {
    let reading = Reader::new(text, layout).read()?;
    if layout.is_written(text) {
        return Ok(None);
    }
    let written = match layout {
        Layout::Seconds => "%Y-%m-%dT%H:%M:%SZ",
        Layout::Microseconds => "%Y-%m-%dT%H:%M:%S.%6fZ",
    };
    Ok(reading.map(|time| time.strftime(written).to_string()))
}

/// The time that Go begins with, as it is written, and the same to the microsecond.
pub(crate) const ZERO: &str = "0001-01-01T00:00:00Z";
pub(crate) const ZERO_MICRO: &str = "0001-01-01T00:00:00.000000Z";

/// Whether a time, as it is written, is the one that Go begins with, which counts as none.
pub(crate) fn is_zero(written: &str) -> bool {
    matches!(written, ZERO | ZERO_MICRO)
}

/// Reads a text from left to right, as the layout has it.
struct Reader<'t> {
    text: &'t str,
    rest: &'t [u8],
    layout: Layout,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, layout: Layout) -> Self {
        let rest = text.as_bytes();
        Self { text, rest, layout }
    }

    /// The time in UTC, if it is one of the years that can be counted.
    fn read(mut self) -> Result<Option<DateTime>, String> {
        let year = self.year()?;
        self.literal("-")?;
        let month = self.number("01", true)?;
        self.check("month", (1..=12).contains(&month))?;
        self.literal("-")?;
        let day = self.number("02", true)?;
        self.literal("T")?;
        let hour = self.number("15", false)?;
        self.check("hour", hour < 24)?;
        self.literal(":")?;
        let minute = self.number("04", true)?;
        self.check("minute", minute < 60)?;
        self.literal(":")?;
        let second = self.number("05", true)?;
        self.check("second", second < 60)?;
        let micros = match self.layout {
            Layout::Seconds => self.skip_fraction(),
            Layout::Microseconds => self.micros()?,
        };
        let offset = self.offset()?;
        if !self.rest.is_empty() {
            let (text, rest) = (quoted(self.text.as_bytes()), quoted(self.rest));
            return Err(format!("parsing time {text}: extra text: {rest}"));
        }
        let time = DateTime::new(year, month, day, hour, minute, second, micros * 1000);
        let time = time.map_err(|_| self.beyond("day"))?;
        Ok(time.checked_sub(offset).ok())
    }

    fn year(&mut self) -> Result<i16, String> {
        let digits = self.rest.get(..4).filter(|four| is_number(four));
        let year = digits.and_then(|four| str::from_utf8(four).ok()?.parse().ok());
        let year = year.ok_or_else(|| self.unlike(self.rest, "2006"))?;
        self.rest = &self.rest[4..];
        Ok(year)
    }

    fn literal(&mut self, wanted: &str) -> Result<(), String> {
        let rest = self.rest.strip_prefix(wanted.as_bytes());
        self.rest = rest.ok_or_else(|| self.unlike(self.rest, wanted))?;
        Ok(())
    }

    /// A number of two digits, or of one where that is enough.
    fn number(&mut self, wanted: &str, is_fixed: bool) -> Result<i8, String> {
        let (number, n_digits) =
            number(self.rest, is_fixed).ok_or_else(|| self.unlike(self.rest, wanted))?;
        self.rest = &self.rest[n_digits..];
        Ok(number)
    }

    fn skip_fraction(&mut self) -> i32 {
        if let [b'.' | b',', digits @ ..] = self.rest {
            let end = digits.iter().position(|byte| !byte.is_ascii_digit());
            match end.unwrap_or(digits.len()) {
                0 => {}
                n_digits => self.rest = &digits[n_digits..],
            }
        }
        0
    }

    fn micros(&mut self) -> Result<i32, String> {
        let digits = match self.rest {
            [b'.' | b',', digits @ ..] => digits.get(..6).filter(|six| is_number(six)),
            _ => None,
        };
        let micros = digits.and_then(|six| str::from_utf8(six).ok()?.parse().ok());
        let micros = micros.ok_or_else(|| self.unlike(self.rest, ".000000"))?;
        self.rest = &self.rest[7..];
        Ok(micros)
    }

    /// How far the time is ahead of UTC.
    fn offset(&mut self) -> Result<SignedDuration, String> {
        if let [b'Z', rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(SignedDuration::ZERO);
        }
        let whole = self.rest;
        let unlike = |of: &Self| of.unlike(whole, "Z07:00");
        let (sign, hours, minutes) = match whole {
            [sign, h, hh, b':', m, mm, ..] => (*sign, [*h, *hh], [*m, *mm]),
            _ => return Err(unlike(self)),
        };
        let two = |digits: &[u8]| number(digits, true).map(|(number, _)| i64::from(number));
        let (Some(hours), Some(minutes)) = (two(&hours), two(&minutes)) else {
            return Err(unlike(self));
        };
        self.check("time zone offset hour", hours <= 24)?;
        self.check("time zone offset minute", minutes <= 60)?;
        self.rest = &whole[6..];
        let ahead = SignedDuration::from_secs((hours * 60 + minutes) * 60);
        match sign {
            b'+' => Ok(ahead),
            b'-' => Ok(-ahead),
            _ => Err(unlike(self)),
        }
    }

    fn check(&self, what: &str, is_within: bool) -> Result<(), String> {
        if is_within {
            Ok(())
        } else {
            Err(self.beyond(what))
        }
    }

    fn beyond(&self, what: &str) -> String {
        let text = quoted(self.text.as_bytes());
        format!("parsing time {text}: {what} out of range")
    }

    fn unlike(&self, rest: &[u8], wanted: &str) -> String {
        let (text, layout) = (quoted(self.text.as_bytes()), self.layout.text());
        let rest = quoted(rest);
        format!("parsing time {text} as {layout:?}: cannot parse {rest} as {wanted:?}")
    }
}

fn is_number(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// The number at the beginning of `text` and how many digits it has, two unless one is enough.
fn number(text: &[u8], is_fixed: bool) -> Option<(i8, usize)> {
    let digit = |index: usize| text.get(index).filter(|byte| byte.is_ascii_digit());
    let value = |byte: &u8| (byte - b'0').cast_signed();
    match (digit(0), digit(1)) {
        (Some(tens), Some(ones)) => Some((value(tens) * 10 + value(ones), 2)),
        (Some(ones), None) if !is_fixed => Some((value(ones), 1)),
        _ => None,
    }
}

/// Text in quotes as the package quotes it: byte by byte.
fn quoted(text: &[u8]) -> String {
    let mut quoted = String::from('"');
    for byte in text {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=b'~' | 0x7f => quoted.push(char::from(*byte)),
            _ => quoted.push_str(&format!("\\x{byte:02x}")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2024-01-01T00:00:00Z", None)]
    #[case("2024-01-01T00:00:00+00:00", Some("2024-01-01T00:00:00Z"))]
    #[case("2024-01-01T00:00:00.999+02:00", Some("2023-12-31T22:00:00Z"))]
    #[case("2024-01-01T5:00:00,5-01:30", Some("2024-01-01T06:30:00Z"))]
    fn times_are_told_in_utc_and_whole_seconds(#[case] text: &str, #[case] written: Option<&str>) {
        let found = rewritten(text, Layout::Seconds).unwrap();
        assert_eq!(found.as_deref(), written);
    }

    #[rstest]
    #[case("2024-01-01T00:00:00.000001Z", None)]
    #[case("2024-01-01T00:00:00,000001Z", Some("2024-01-01T00:00:00.000001Z"))]
    #[case(
        "2024-01-01T00:00:00.500000+02:00",
        Some("2023-12-31T22:00:00.500000Z")
    )]
    fn precise_times_keep_their_fraction(#[case] text: &str, #[case] written: Option<&str>) {
        let found = rewritten(text, Layout::Microseconds).unwrap();
        assert_eq!(found.as_deref(), written);
    }

    #[rstest]
    #[case("", r#" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006""#)]
    #[case(
        "2024-1-01T00:00:00Z",
        r#" as "2006-01-02T15:04:05Z07:00": cannot parse "1-01T00:00:00Z" as "01""#
    )]
    #[case(
        "2024-01-01 00:00:00Z",
        r#" as "2006-01-02T15:04:05Z07:00": cannot parse " 00:00:00Z" as "T""#
    )]
    #[case(
        "2024-01-01T00:00:00+0200",
        r#" as "2006-01-02T15:04:05Z07:00": cannot parse "+0200" as "Z07:00""#
    )]
    #[case("2024-13-01T00:00:00Z", ": month out of range")]
    #[case("2024-02-30T00:00:00Z", ": day out of range")]
    #[case("2024-02-00T00:00:00Z", ": day out of range")]
    #[case("2024-02-01T24:00:00Z", ": hour out of range")]
    #[case("2024-02-01T00:00:60Z", ": second out of range")]
    #[case("2024-02-01T00:00:00+25:00", ": time zone offset hour out of range")]
    #[case("2024-02-01T00:00:00Zx", r#": extra text: "x""#)]
    fn what_is_no_time_is_refused_in_gos_words(#[case] text: &str, #[case] why: &str) {
        let expected = format!("parsing time {text:?}{why}");
        assert_eq!(check(text, Layout::Seconds), Err(expected));
    }

    #[rstest]
    #[case("2024-01-01T00:00:00Z", r#"cannot parse "Z" as ".000000""#)]
    #[case("2024-01-01T00:00:00.1Z", r#"cannot parse ".1Z" as ".000000""#)]
    #[case("2024-01-01T00:00:00.1234567Z", r#"cannot parse "7Z" as "Z07:00""#)]
    #[case("ü", r#"cannot parse "\xc3\xbc" as "2006""#)]
    fn precise_times_have_six_digits(#[case] text: &str, #[case] why: &str) {
        let told = check(text, Layout::Microseconds).unwrap_err();
        assert!(told.ends_with(why), "{told}");
    }
}
