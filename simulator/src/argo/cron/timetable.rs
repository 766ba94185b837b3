//! The schedules of one CronWorkflow, read and checked.

use arc_operator::api::schedule::{Schedule, time_zone};
use jiff::{SignedDuration, Timestamp};

use super::cron_workflow::{CronWorkflow, Spec};

/// The longest name: with the time of a run it must fit into a label.
/// Source: argo-workflows v3.7.4 `workflow/validate/validate.go`.
const NAME_LEN_MAX: usize = 52;

/// Every schedule of a CronWorkflow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timetable {
    schedules: Vec<Schedule>,
    /// All of it as text, by which a change is noticed.
    pub(super) text: String,
}

impl Timetable {
    /// Checks a CronWorkflow and reads its schedules; the error says what is wrong with it.
    pub(super) fn of(cron_workflow: &CronWorkflow, spec: &Spec) -> Result<Self, String> {
        let (name, len) = (&cron_workflow.name, cron_workflow.name.len());
        if len > NAME_LEN_MAX {
            return Err(format!(
                "cron workflow name \"{name}\" must not be more than {NAME_LEN_MAX} characters long (currently {len})"
            ));
        }
        if spec.schedules.is_empty() {
            return Err("cron workflow must have at least one schedule".to_owned());
        }
        let zone_name = spec.timezone.as_deref().unwrap_or_default();
        let zone = time_zone(zone_name)
            .map_err(|error| format!("invalid timezone \"{zone_name}\": {error}"))?;
        let read = |text: &String| {
            Schedule::parse(text, &zone)
                .map_err(|error| format!("cron schedule {text} is malformed: {error}"))
        };
        let schedules = spec
            .schedules
            .iter()
            .map(read)
            .collect::<Result<_, String>>()?;
        spec.concurrency()?;
        if spec.starting_deadline_seconds.is_some_and(|n| n < 0) {
            return Err("startingDeadlineSeconds must be positive".to_owned());
        }
        let prefix = match zone_name {
            "" => String::new(),
            zone => format!("CRON_TZ={zone} "),
        };
        let texts: Vec<String> = spec
            .schedules
            .iter()
            .map(|text| format!("{prefix}{text}"))
            .collect();
        Ok(Self {
            schedules,
            text: texts.join(","),
        })
    }

    /// For each schedule, when it fires first after `now`.
    pub(super) fn alarms(&self, now: Timestamp) -> Vec<Option<Timestamp>> {
        self.schedules
            .iter()
            .map(|schedule| schedule.next(now))
            .collect()
    }

    /// The time of a run that was missed since `last` and may still start `deadline` later.
    pub(super) fn missed(
        &self,
        last: Timestamp,
        deadline: SignedDuration,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.schedules
            .iter()
            .find_map(|schedule| schedule.missed(last, deadline, now))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::{Value, from_value, json};

    fn check(name: &str, spec: Value) -> Result<String, String> {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "CronWorkflow",
            "metadata": {"name": name}, "spec": spec,
        });
        let cron_workflow = CronWorkflow::of(&from_value(&object).unwrap());
        let spec = cron_workflow.spec.clone()?;
        Timetable::of(&cron_workflow, &spec).map(|timetable| timetable.text)
    }

    #[test]
    fn a_timetable_is_told_with_its_zone() {
        let spec = json!({"schedules": ["@daily", "0 * * * *"], "timezone": "Asia/Tokyo"});
        let text = "CRON_TZ=Asia/Tokyo @daily,CRON_TZ=Asia/Tokyo 0 * * * *";
        assert_eq!(check("a", spec), Ok(text.to_owned()));
    }

    #[rstest]
    #[case(json!({}), "cron workflow must have at least one schedule")]
    #[case(json!({"schedules": ["61 * * * *"]}), "cron schedule 61 * * * * is malformed: end of range (61) above maximum (59): 61")]
    #[case(json!({"schedules": ["@daily"], "timezone": "Nowhere"}), "invalid timezone \"Nowhere\": unknown time zone Nowhere")]
    #[case(json!({"schedules": ["@daily"], "concurrencyPolicy": "Maybe"}), "'Maybe' is not a valid concurrencyPolicy")]
    #[case(json!({"schedules": ["@daily"], "startingDeadlineSeconds": -1}), "startingDeadlineSeconds must be positive")]
    #[case(json!({"schedules": 5}), "malformed cron workflow: invalid type: integer `5`, expected a sequence")]
    fn a_specification_is_refused(#[case] spec: Value, #[case] message: &str) {
        assert_eq!(check("a", spec), Err(message.to_owned()));
    }

    #[test]
    fn a_name_leaves_room_for_the_time_of_a_run() {
        let spec = json!({"schedules": ["@daily"]});
        assert!(check(&"a".repeat(52), spec.clone()).is_ok());
        let error = check(&"a".repeat(53), spec).unwrap_err();
        assert!(error.ends_with("must not be more than 52 characters long (currently 53)"));
    }
}
