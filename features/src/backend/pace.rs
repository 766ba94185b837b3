//! Schedules on a real cluster, where ten minutes of a scenario take one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// How many times as fast as a scenario says.
const FACTOR: i32 = 10;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// How late in a minute a scenario may begin, so that Argo knows its schedule before the next one.
const LATEST: SignedDuration = SignedDuration::from_secs(10);

/// The least time between two runs that the operator of a [`RealCluster`](super::RealCluster) is to allow: a tenth of its
/// default, as everything.
pub const CRON_INTERVAL_MIN: SignedDuration = MINUTE;

/// What a scenario says, and what the cluster has in its place: the unit of cron is the minute, and below it only intervals
/// are left.
const SCHEDULES: [(&str, &str); 4] = [
    ("*/30 * * * *", "*/3 * * * *"),
    ("*/10 * * * *", "* * * * *"),
    ("* * * * *", "@every 6s"),
    ("@every 1m", "@every 6000ms"),
];
/// The same for what the operator says of the last one.
const GAPS: (&str, &str) = ("start 1m apart", "start 6s apart");

/// How much of a scenario has passed.
#[derive(Default)]
pub(super) struct Pace {
    begun: Option<Timestamp>,
    passed: SignedDuration,
}

impl Pace {
    /// Whether `object` has the first schedule of the scenario.
    pub(super) fn is_to_begin(&self, object: &Value) -> bool {
        self.begun.is_none() && is_paced(object)
    }

    /// Waits for a minute to begin: a scenario with a schedule begins with one.
    pub(super) async fn begin(&mut self) {
        let begun = beginning(now());
        until(begun).await;
        self.begun = Some(begun);
    }

    /// Waits until as much as `duration` has passed for the scenario since it last waited.
    pub(super) async fn pass(&mut self, duration: SignedDuration) {
        let begun = *self.begun.get_or_insert_with(now);
        self.passed += duration;
        until(begun + self.passed / FACTOR).await;
    }
}

/// When a scenario begins that could begin at `now`.
fn beginning(now: Timestamp) -> Timestamp {
    let into = now.as_second() % MINUTE.as_secs();
    let minute = now - SignedDuration::from_secs(into);
    if into <= LATEST.as_secs() {
        minute
    } else {
        minute + MINUTE
    }
}

/// `value` with the schedules that the cluster has.
pub(super) fn there(value: &mut Value) {
    translate(value, &|text| {
        let found = SCHEDULES.iter().find(|(here, _)| *here == text);
        found.map(|(_, there)| (*there).to_owned())
    });
}

/// `value` with the schedules that the scenario knows.
pub(super) fn here(value: &mut Value) {
    let (gap_here, gap_there) = GAPS;
    translate(value, &|text| {
        let found = SCHEDULES.iter().find(|(_, there)| *there == text);
        let schedule = found.map(|(here, _)| (*here).to_owned());
        let has_gap = text.contains(gap_there);
        schedule.or_else(|| has_gap.then(|| text.replace(gap_there, gap_here)))
    });
}

fn translate(value: &mut Value, word: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(translated) = word(text) {
                *text = translated;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| translate(item, word)),
        Value::Object(fields) => fields.values_mut().for_each(|field| translate(field, word)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether `object` has a schedule at which it runs while somebody waits.
fn is_paced(object: &Value) -> bool {
    let mut there = object.clone();
    here(&mut there);
    there != *object
}

async fn until(time: Timestamp) {
    let left = Duration::try_from(time.duration_since(now()));
    // Negative once it has passed.
    tokio::time::sleep(left.unwrap_or_default()).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a real cluster runs on real time"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[test]
    fn schedules_go_there_and_come_back() {
        let said = json!({"spec": {"artifacts": [
            {"cron": {"schedules": ["*/10 * * * *", "*/30 * * * *", "@daily"]}},
            {"cron": {"schedules": ["* * * * *", "@every 1m", "61 * * * *"]}},
        ]}});
        let mut value = said.clone();
        there(&mut value);
        let of = |index: usize| value["spec"]["artifacts"][index]["cron"]["schedules"].clone();
        assert_eq!(of(0), json!(["* * * * *", "*/3 * * * *", "@daily"]));
        assert_eq!(of(1), json!(["@every 6s", "@every 6000ms", "61 * * * *"]));
        here(&mut value);
        assert_eq!(value, said);
    }

    #[test]
    fn a_refusal_tells_of_the_schedule_that_the_scenario_knows() {
        let mut status = json!({"message": "runs would start 6s apart, less than the minimum"});
        here(&mut status);
        assert_eq!(
            status["message"],
            "runs would start 1m apart, less than the minimum"
        );
    }

    #[rstest]
    #[case::at_once("00:00:10", "00:00:00")]
    #[case::with_the_next_minute("00:00:11", "00:01:00")]
    fn a_scenario_begins_with_a_minute(#[case] now: &str, #[case] expected: &str) {
        let time = |text: &str| format!("2026-01-01T{text}Z").parse().expect("a time");
        assert_eq!(beginning(time(now)), time(expected));
    }

    #[rstest]
    #[case("*/10 * * * *", true)]
    #[case("@daily", false)]
    #[case("61 * * * *", false)]
    fn only_what_runs_while_somebody_waits_is_waited_for(
        #[case] schedule: &str,
        #[case] expected: bool,
    ) {
        let mut order = json!({"spec": {"defaults": {"cron": {"schedules": [schedule]}}}});
        there(&mut order);
        assert_eq!(is_paced(&order), expected);
    }
}
