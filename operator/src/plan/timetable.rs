//! Whether Argo can read the schedules of an artifact, and whether they leave enough time between runs.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::api::cron::Cron;
use crate::api::schedule::{Schedule, time_zone};

/// How many runs are looked at.
const N_RUNS_MAX: usize = 200;
/// When they are looked at: from the beginning of 2028, a leap year, so that every date comes within the horizon.
const START: Timestamp = Timestamp::constant(1_830_297_600, 0);
/// How far ahead they are looked for.
const HORIZON: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Why an artifact cannot run at its times.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("cron.schedules: must not be empty")]
    NoSchedule,
    #[error("cron.timezone: {0}")]
    Zone(String),
    #[error("cron.schedules[{index}]: {schedule:?} names a timezone; cron.timezone is for that")]
    ZoneInSchedule { index: usize, schedule: String },
    #[error("cron.schedules[{index}]: {schedule:?} is no schedule: {fault}")]
    Schedule {
        index: usize,
        schedule: String,
        fault: String,
    },
    #[error(
        "cron.schedules: runs would start {} apart, less than the minimum of {}",
        told(.gap),
        told(.min)
    )]
    TooDense {
        gap: SignedDuration,
        min: SignedDuration,
    },
}

/// A length of time in the notation that durations have in specifications.
fn told(duration: &SignedDuration) -> String {
    format!("{duration:#}").replace(' ', "")
}

/// Checks that `cron` is readable and that no two of its runs start less than `interval_min` apart.
///
/// What is checked are the runs from a fixed instant on, not from now on, so that the verdict does not change with
/// the time of day.
///
/// Source: spec/arc.md §2.6.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check(cron: &Cron, interval_min: SignedDuration) -> Result<(), Error> {
    if cron.schedules.is_empty() {
        return Err(Error::NoSchedule);
    }
    let zone = time_zone(cron.timezone.as_deref().unwrap_or_default()).map_err(Error::Zone)?;
    let read = |(index, text): (usize, &String)| schedule(index, text, &zone);
    let schedules: Vec<Schedule> = cron
        .schedules
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()?;
    match smallest_gap(&schedules) {
        Some(gap) if gap < interval_min => Err(Error::TooDense {
            gap,
            min: interval_min,
        }),
        Some(_) | None => Ok(()),
    }
}

fn schedule(index: usize, text: &str, zone: &TimeZone) -> Result<Schedule, Error> {
    let schedule = text.to_owned();
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        return Err(Error::ZoneInSchedule { index, schedule });
    }
    Schedule::parse(text, zone).map_err(|fault| Error::Schedule {
        index,
        schedule,
        fault,
    })
}

/// The shortest time between two runs; `None` if there are no two.
fn smallest_gap(schedules: &[Schedule]) -> Option<SignedDuration> {
    let next = |after: &Timestamp| schedules.iter().filter_map(|s| s.next(*after)).min();
    let runs: Vec<Timestamp> = std::iter::successors(next(&START), next)
        .take_while(|run| run.duration_since(START) <= HORIZON)
        .take(N_RUNS_MAX)
        .collect();
    runs.windows(2)
        .map(|pair| pair[1].duration_since(pair[0]))
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn verdict(schedules: &[&str], timezone: Option<&str>) -> Result<(), String> {
        let cron = Cron {
            schedules: schedules.iter().map(|&text| text.into()).collect(),
            timezone: timezone.map(str::to_owned),
            ..Cron::default()
        };
        check(&cron, SignedDuration::from_mins(10)).map_err(|error| error.to_string())
    }

    #[rstest]
    #[case::a_gap_equal_to_the_minimum(&["*/10 * * * *"])]
    #[case::an_interval(&["@every 10m"])]
    #[case::descriptors(&["@daily", "@weekly"])]
    #[case::names(&["0 9 ? JAN-MAR mon-fri"])]
    #[case::the_same_twice(&["0 * * * *", "@hourly"])]
    #[case::a_day_that_never_comes(&["*/5 * 30 2 *"])]
    fn schedules_are_good(#[case] schedules: &[&str]) {
        assert_eq!(verdict(schedules, None), Ok(()));
    }

    #[rstest]
    #[case::every_minute(&["* * * * *"], "1m")]
    #[case::a_short_interval(&["@every 599s"], "9m59s")]
    #[case::uneven(&["0,5 12 * * *"], "5m")]
    #[case::together(&["0 * * * *", "59 23 * * *"], "1m")]
    #[case::once_a_year(&["0 0 29 2 *", "3 0 29 2 *"], "3m")]
    #[case::steps_that_do_not_divide_an_hour(&["*/11 * * * *"], "5m")]
    fn runs_are_too_close(#[case] schedules: &[&str], #[case] gap: &str) {
        let message =
            format!("cron.schedules: runs would start {gap} apart, less than the minimum of 10m");
        assert_eq!(verdict(schedules, None), Err(message));
    }

    #[rstest]
    #[case(&[], None, "cron.schedules: must not be empty")]
    #[case(&["@daily", "not a time"], None, r#"cron.schedules[1]: "not a time" is no schedule: expected exactly 5 fields, found 3: [not a time]"#)]
    #[case(&["61 * * * *"], None, r#"cron.schedules[0]: "61 * * * *" is no schedule: end of range (61) above maximum (59): 61"#)]
    #[case(&["TZ=UTC @daily"], None, r#"cron.schedules[0]: "TZ=UTC @daily" names a timezone; cron.timezone is for that"#)]
    #[case(&["@daily"], Some("Mars/Base"), "cron.timezone: unknown time zone Mars/Base")]
    fn a_schedule_is_refused(
        #[case] schedules: &[&str],
        #[case] timezone: Option<&str>,
        #[case] message: &str,
    ) {
        assert_eq!(verdict(schedules, timezone), Err(message.to_owned()));
    }

    #[rstest]
    #[case::shorter(SignedDuration::from_mins(2), Ok(()))]
    #[case::off(SignedDuration::ZERO, Ok(()))]
    #[case::longer(
        SignedDuration::from_hours(1),
        Err(Error::TooDense { gap: SignedDuration::from_mins(2), min: SignedDuration::from_hours(1) })
    )]
    fn sites_choose_the_minimum(
        #[case] interval_min: SignedDuration,
        #[case] expected: Result<(), Error>,
    ) {
        let cron = Cron {
            schedules: vec!["*/2 * * * *".into()],
            ..Cron::default()
        };
        assert_eq!(check(&cron, interval_min), expected);
    }
}
