//! What is wrong with what makes Jobs at times.
//!
//! Source: kubernetes v1.34 `pkg/apis/batch/validation/validation.go`, `validateCronJobSpec`.

use arc_operator::api::schedule::{Schedule, time_zone};
use jiff::tz::TimeZone;

use super::controller::shown_selector;
use super::job;
use super::of_kind::natural;
use super::part::{has, text};
use super::pod_spec::choice_fault;
use crate::json::Value;
use crate::store::schema::cause::{invalid, invalid_shown, not_supported, required};
use crate::store::status::Cause;

/// The longest name of a CronJob, whose Jobs have longer ones.
const NAME_BYTES_MAX: usize = 52;
/// The longest part of the name of a zone.
const ZONE_PART_BYTES_MAX: usize = 14;
/// What is said of the zone of whoever runs the controller.
const LOCAL_ZONE: &str =
    "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";

/// What is wrong with a CronJob.
pub(super) fn faults(new: &Value, old: Option<&Value>) -> Vec<Cause> {
    let spec = &new["spec"];
    let mut causes = schedule_faults(spec, old);
    let field = "startingDeadlineSeconds";
    natural(&format!("spec.{field}"), &spec[field], &mut causes);
    if old.is_none_or(|old| old["spec"]["timeZone"] != spec["timeZone"]) {
        let zone = &spec["timeZone"];
        let whys = zone.as_str().map(zone_faults).unwrap_or_default();
        causes.extend(whys.iter().map(|why| invalid("spec.timeZone", zone, why)));
    }
    let policies = ["Allow", "Forbid", "Replace"];
    let policy = &spec["concurrencyPolicy"];
    choice_fault("spec.concurrencyPolicy", policy, &policies, &mut causes);
    let (path, jobs) = ("spec.jobTemplate.spec", &spec["jobTemplate"]["spec"]);
    causes.extend(job::template_faults(path, jobs));
    if has(jobs, "selector") {
        let shown = shown_selector(&jobs["selector"]);
        let why = "`selector` will be auto-generated";
        causes.push(invalid_shown(format!("{path}.selector"), &shown, why));
    }
    let manual = &jobs["manualSelector"];
    if *manual == true {
        let known = ["nil", "false"].map(str::to_owned);
        let field = format!("{path}.manualSelector");
        causes.push(not_supported(field, manual, &known));
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        natural(&format!("spec.{field}"), &spec[field], &mut causes);
    }
    let name = text(&new["metadata"], "name");
    if old.is_none() && name.len() > NAME_BYTES_MAX {
        let why = format!("must be no more than {NAME_BYTES_MAX} characters");
        causes.push(invalid("metadata.name", &name.into(), &why));
    }
    causes
}

fn schedule_faults(spec: &Value, old: Option<&Value>) -> Vec<Cause> {
    let (field, schedule) = ("spec.schedule", text(spec, "schedule"));
    if schedule.is_empty() {
        return vec![required(field, "")];
    }
    let mut whys = Vec::from_iter(Schedule::parse(schedule, &TimeZone::UTC).err());
    let may_have_zone = old.is_some_and(|old| text(&old["spec"], "schedule").contains("TZ"));
    let both = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
    let one = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
    match (schedule.contains("TZ"), may_have_zone) {
        (true, true) if has(spec, "timeZone") => whys.push(both.to_owned()),
        (true, false) => whys.push(one.to_owned()),
        _ => {}
    }
    let fault = |why: &String| invalid(field, &schedule.into(), why);
    whys.iter().map(fault).collect()
}

fn zone_faults(zone: &str) -> Vec<String> {
    if zone.is_empty() {
        return vec!["timeZone must be nil or non-empty string".to_owned()];
    }
    if !zone.split('/').all(is_zone_part) {
        return vec![format!("unknown time zone {zone}")];
    }
    let is_local = zone.eq_ignore_ascii_case("Local");
    let local = is_local.then(|| LOCAL_ZONE.to_owned());
    local.into_iter().chain(time_zone(zone).err()).collect()
}

fn is_zone_part(part: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b".-_+".contains(&b);
    (1..=ZONE_PART_BYTES_MAX).contains(&part.len())
        && part.bytes().all(is_inner)
        && !matches!(part, "." | "..")
        && !part.starts_with('-')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::five("* * * * *", &[])]
    #[case::named("@hourly", &[])]
    #[case::none("", &["Required value"])]
    #[case::short("x", &["Invalid value: \"x\": expected exactly 5 fields, found 1: [x]"])]
    fn schedules_are_checked(#[case] schedule: &str, #[case] expected: &[&str]) {
        let causes = schedule_faults(&json!({"schedule": schedule}), None).into_iter();
        let told = Vec::from_iter(causes.map(|cause| cause.message));
        assert_eq!(told, expected);
    }

    #[rstest]
    #[case("Europe/Berlin", &[])]
    #[case("../etc", &["unknown time zone ../etc"])]
    #[case("Local", &[LOCAL_ZONE])]
    #[case("local", &[LOCAL_ZONE, "unknown time zone local"])]
    fn zones_are_named_in_full(#[case] zone: &str, #[case] expected: &[&str]) {
        assert_eq!(zone_faults(zone), expected);
    }
}
