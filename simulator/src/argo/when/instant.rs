//! Quoted text that looks like a date compares as an instant.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, fmt::strtime, tz::TimeZone};

const LOCAL: [&str; 3] = [
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%a %b %e %H:%M:%S %Y",
];
const WITH_OFFSET: [&str; 6] = [
    "%Y-%m-%d %H:%M:%S%:z",
    "%a %b %d %H:%M:%S %z %Y",
    "%Y-%m-%dT%H:%M:%S%:z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%dT%H%z",
];

/// Unix seconds of `text` if it is written like a date.
pub(super) fn seconds(text: &str) -> Option<f64> {
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric())
        || !text.contains(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    zoned(text)
        .or_else(|| {
            local(text).and_then(|civil| civil.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp()))
        })
        .map(|instant| instant.as_second() as f64)
}

fn zoned(text: &str) -> Option<Timestamp> {
    let looks_iso = text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T');
    if looks_iso
        && text.ends_with('Z')
        && let Ok(instant) = text.parse()
    {
        return Some(instant);
    }
    WITH_OFFSET
        .iter()
        .find_map(|format| strtime::parse(format, text).ok()?.to_timestamp().ok())
}

fn local(text: &str) -> Option<DateTime> {
    if text.len() == 10
        && let Ok(date) = Date::strptime("%Y-%m-%d", text)
    {
        return Some(date.at(0, 0, 0, 0));
    }
    if text.ends_with('M')
        && let Ok(time) = Time::strptime("%I:%M%p", text)
    {
        return Some(Date::new(0, 1, 1).ok()?.to_datetime(time));
    }
    LOCAL
        .iter()
        .find_map(|format| DateTime::strptime(format, text).ok())
}
