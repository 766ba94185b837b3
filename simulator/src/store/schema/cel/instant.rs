//! The functions that read a part of a time or of a duration.
//!
//! Source: cel-go v0.26 `common/types/timestamp.go` and `duration.go`.

use std::sync::Arc;

use arc_operator::api::schedule::time_zone;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use kube_cel::cel::extractors::{Arguments, This};
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

use super::words::told;

/// A part of a time.
type Part = fn(&Zoned) -> i64;

/// The parts by the names of their functions.
const PARTS: [(&str, Part); 10] = [
    ("getFullYear", |time| time.year().into()),
    ("getMonth", |time| i64::from(time.month()) - 1),
    ("getDate", |time| time.day().into()),
    ("getDayOfMonth", |time| i64::from(time.day()) - 1),
    ("getDayOfWeek", |time| {
        time.weekday().to_sunday_zero_offset().into()
    }),
    ("getDayOfYear", |time| i64::from(time.day_of_year()) - 1),
    ("getHours", |time| time.hour().into()),
    ("getMinutes", |time| time.minute().into()),
    ("getSeconds", |time| time.second().into()),
    ("getMilliseconds", |time| time.millisecond().into()),
];

/// Makes the functions known.
pub(super) fn add_to(context: &mut Context<'_>) {
    for (name, part) in PARTS {
        context.add_function(name, move |This(this): This<Cel>, given: Arguments| {
            part_of(&this, (name, part), &given)
        });
    }
}

fn part_of(
    value: &Cel,
    (name, part): (&str, Part),
    Arguments(given): &Arguments,
) -> Result<i64, ExecutionError> {
    match (value, given.as_slice()) {
        (Cel::Timestamp(time), given) => {
            let nanos = time.timestamp_subsec_nanos().try_into().unwrap_or_default();
            let time = Timestamp::new(time.timestamp(), nanos);
            let time = time.map_err(told)?;
            let zone = match given {
                [] => TimeZone::UTC,
                [Cel::String(zone)] => zone_of(zone)?,
                _ => return Err(ExecutionError::NoSuchOverload),
            };
            Ok(part(&time.to_zoned(zone)))
        }
        (Cel::Duration(duration), []) => {
            let nanos = duration.num_nanoseconds();
            let whole = SignedDuration::from_nanos(nanos.unwrap_or_default());
            match name {
                "getHours" => Ok(whole.as_hours()),
                "getMinutes" => Ok(whole.as_mins()),
                "getSeconds" => Ok(whole.as_secs()),
                "getMilliseconds" => i64::try_from(whole.as_millis()).map_err(told),
                _ => Err(ExecutionError::NoSuchOverload),
            }
        }
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

/// A zone by its name, or by hours and minutes ahead of UTC.
fn zone_of(name: &Arc<String>) -> Result<TimeZone, ExecutionError> {
    let Some((hours, minutes)) = name.split_once(':') else {
        return time_zone(name).map_err(told);
    };
    let number = |text: &str| {
        let unread = |_| told(format!("strconv.Atoi: parsing {text:?}: invalid syntax"));
        text.parse::<i32>().map_err(unread)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minutes = match name.starts_with('-') {
        true => hours * 60 - minutes,
        false => hours * 60 + minutes,
    };
    let offset = Offset::from_seconds(minutes.saturating_mul(60));
    offset.map(Offset::to_time_zone).map_err(told)
}
