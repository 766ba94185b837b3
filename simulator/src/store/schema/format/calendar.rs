//! Dates, times and durations.

use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

pub(super) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes.iter().filter(|byte| byte.is_ascii_digit()).count() == 8
        && Date::from_str(text).is_ok()
}

pub(super) fn is_date_time(text: &str) -> bool {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$")
            .expect("a literal pattern compiles")
    });
    let lower = text.to_lowercase();
    let Some((date, time)) = lower.split_once('t') else {
        return false;
    };
    let Some(parts) = TIME.captures(time) else {
        return false;
    };
    is_date(date) && &parts[1] <= "23" && &parts[2] <= "59" && &parts[3] <= "59"
}

/// Go's durations (`1h30m`), and Scala's (`3 days`).
pub(super) fn is_duration(text: &str) -> bool {
    static GO: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$")
            .expect("a literal pattern compiles")
    });
    static SCALA: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[0-9]+\s*([A-Za-zµ]+)").expect("a literal pattern compiles"));
    GO.is_match(text)
        || SCALA
            .captures_iter(text)
            .any(|found| is_unit(&found[1].to_lowercase()))
}

fn is_unit(unit: &str) -> bool {
    const SHORT: [&str; 11] = ["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"];
    const LONG: [&str; 8] = [
        "nano", "micro", "milli", "sec", "min", "hour", "day", "week",
    ];
    SHORT.contains(&unit) || LONG.iter().any(|long| unit.starts_with(long))
}
