//! One look at a CronWorkflow: what is counted, deleted and started, and when to look again.

use jiff::{SignedDuration, Timestamp};

use super::cron_workflow::{CronWorkflow, Run, Spec};
use super::fire::{Start, fire};
use super::history;
use super::record::Record;
use super::timetable::Timetable;

/// What a look at a CronWorkflow comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    /// Runs to delete, by name.
    pub(super) delete: Vec<String>,
    /// The run to start.
    pub(super) start: Option<Start>,
    /// What the CronWorkflow is to remember, but for the run to start.
    pub(super) record: Record,
    /// The times to look again.
    pub(super) alarms: Alarms,
}

/// When each schedule of a CronWorkflow fires next, as seen at one revision of it.
///
/// As in the real controller they are lost with it, and set anew, from the present, whenever the CronWorkflow
/// changes: a missed run is made up for only by `startingDeadlineSeconds`, and `@every` counts from the last change.
/// Source: argo-workflows v3.7.4 `workflow/cron/controller.go`, `processNextCronItem`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Alarms {
    revision: u64,
    times: Vec<Option<Timestamp>>,
}

impl Alarms {
    /// The earliest.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.times.iter().flatten().min().copied()
    }

    /// The time of the run that is due at `now`.
    fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.times.iter().flatten().filter(|time| **time <= now);
        due.max().copied()
    }

    /// Those after a look at `now`: all anew if the CronWorkflow changed, else those that went off.
    fn wound(&self, timetable: &Timetable, revision: u64, now: Timestamp) -> Self {
        let fresh = timetable.alarms(now);
        let times = if revision == self.revision {
            let pairs = self.times.iter().zip(fresh);
            pairs
                .map(|(old, fresh)| old.filter(|old| *old > now).or(fresh))
                .collect()
        } else {
            fresh
        };
        Self { revision, times }
    }
}

/// Looks at a CronWorkflow and its `runs` at `now`.
pub(super) fn pass(
    cron_workflow: &CronWorkflow,
    runs: &[Run],
    alarms: &Alarms,
    now: Timestamp,
) -> Outcome {
    let mut record = cron_workflow.record.clone();
    let checked = cron_workflow.spec.as_ref().map_err(String::clone);
    let checked = checked
        .and_then(|spec| Timetable::of(cron_workflow, spec).map(|timetable| (spec, timetable)));
    let (spec, timetable) = match checked {
        Ok(checked) => checked,
        Err(message) => {
            record.spec_error(message);
            return Outcome {
                delete: Vec::new(),
                start: None,
                record,
                alarms: Alarms::default(),
            };
        }
    };
    let delete = history::superfluous(cron_workflow, spec, runs);
    history::count(cron_workflow, spec, runs, &mut record);
    let due = alarms.due(now).or_else(|| {
        let has_changed = alarms.revision != cron_workflow.revision;
        has_changed.then(|| missed(&record, spec, &timetable, now))?
    });
    let start = due.and_then(|at| fire(cron_workflow, spec, &timetable, &mut record, at));
    Outcome {
        delete,
        start,
        record,
        alarms: alarms.wound(&timetable, cron_workflow.revision, now),
    }
}

/// The time of a run that should have started and still may; an edited schedule misses nothing.
fn missed(
    record: &Record,
    spec: &Spec,
    timetable: &Timetable,
    now: Timestamp,
) -> Option<Timestamp> {
    if record.last_used_schedule.as_ref() != Some(&timetable.text) {
        return None;
    }
    let last = record.status.last_scheduled_time.as_ref()?.0;
    let deadline = SignedDuration::from_secs(spec.starting_deadline_seconds?);
    timetable.missed(last, deadline, now)
}

#[cfg(test)]
pub(super) mod tests {
    use rstest::rstest;

    use super::*;
    use crate::clock::EPOCH;
    use crate::json::{Value, from_value, json};

    pub(in crate::argo::cron) fn a_cron_workflow(spec: &str) -> CronWorkflow {
        let mut spec: Value = serde_saphyr::from_str(&format!("x: 1\n{spec}")).unwrap();
        if spec["schedules"].is_null() {
            spec["schedules"] = json!(["*/10 * * * *"]);
        }
        spec["workflowSpec"] = json!({"entrypoint": "main"});
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "CronWorkflow",
            "metadata": {"name": "cron", "namespace": "default", "uid": "u-cron", "resourceVersion": "7",
                "labels": {"workflows.argoproj.io/creator": "me", "other": "label"}},
            "spec": spec,
        });
        CronWorkflow::of(&from_value(&object).unwrap())
    }

    pub(in crate::argo::cron) fn a_run(name: &str, phase: &str, finished_minute: u32) -> Run {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": {"name": name, "namespace": "default", "uid": format!("u-{name}"),
                "labels": {"workflows.argoproj.io/cron-workflow": "cron"}},
            "status": {"phase": phase, "finishedAt": format!("2030-01-01T00:{finished_minute:02}:00Z")},
        });
        Run::of(&from_value(&object).unwrap())
    }

    fn minutes(minutes: i64) -> Timestamp {
        EPOCH + SignedDuration::from_mins(minutes)
    }

    /// The alarms of a CronWorkflow that was seen at its present revision ten minutes before.
    fn seen(cron_workflow: &CronWorkflow, now: Timestamp) -> Alarms {
        let before = now - SignedDuration::from_mins(10);
        pass(cron_workflow, &[], &Alarms::default(), before).alarms
    }

    fn due(spec: &str, runs: &[Run]) -> Outcome {
        let cron_workflow = a_cron_workflow(spec);
        let alarms = seen(&cron_workflow, minutes(10));
        pass(&cron_workflow, runs, &alarms, minutes(10))
    }

    #[test]
    fn a_run_starts_when_it_is_due() {
        let outcome = due(
            "workflowMetadata: {labels: {a: b}, annotations: {c: d}, finalizers: [e/f]}",
            &[],
        );
        let start = outcome.start.unwrap();
        assert_eq!((start.at, start.terminate), (minutes(10), vec![]));
        assert_eq!(outcome.alarms.next(), Some(minutes(20)));
        let expected = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": {
                "name": "cron-1893456600", "namespace": "default",
                "labels": {"workflows.argoproj.io/cron-workflow": "cron", "workflows.argoproj.io/creator": "me", "a": "b"},
                "annotations": {"workflows.argoproj.io/scheduled-time": "2030-01-01T00:10:00Z", "c": "d"},
                "finalizers": ["e/f"],
                "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "CronWorkflow", "name": "cron",
                    "uid": "u-cron", "controller": true, "blockOwnerDeletion": true}],
            },
            "spec": {"entrypoint": "main"},
        });
        assert_eq!(start.workflow, expected);
    }

    #[test]
    fn before_its_time_nothing_happens() {
        let cron_workflow = a_cron_workflow("");
        let outcome = pass(&cron_workflow, &[], &Alarms::default(), minutes(9));
        assert_eq!((outcome.start, outcome.record), (None, Record::default()));
        assert_eq!(outcome.alarms.next(), Some(minutes(10)));
    }

    #[rstest]
    #[case::allow("concurrencyPolicy: Allow", Some(""))]
    #[case::by_default("", Some(""))]
    #[case::forbid("concurrencyPolicy: Forbid", None)]
    #[case::replace("concurrencyPolicy: Replace", Some("a"))]
    fn while_a_run_goes_on(#[case] spec: &str, #[case] terminated: Option<&str>) {
        let start = due(spec, &[a_run("a", "Running", 0)]).start;
        let actual = start.map(|start| start.terminate.join(","));
        assert_eq!(actual.as_deref(), terminated);
    }

    #[rstest]
    #[case("concurrencyPolicy: Forbid")]
    #[case("concurrencyPolicy: Replace")]
    fn a_run_that_ended_is_in_nobodys_way(#[case] spec: &str) {
        let mut cron_workflow = a_cron_workflow(spec);
        cron_workflow.record.activate(&a_run("a", "Running", 0));
        let alarms = seen(&cron_workflow, minutes(10));
        let runs = [a_run("a", "Succeeded", 9)];
        let outcome = pass(&cron_workflow, &runs, &alarms, minutes(10));
        assert_eq!(outcome.start.map(|start| start.terminate), Some(vec![]));
        assert_eq!(outcome.record.status.succeeded, 1);
    }

    #[rstest]
    #[case::suspended("suspend: true", "")]
    #[case::the_condition_does_not_hold("when: 1 > 2", "")]
    #[case::a_name_in_the_condition("when: \"'{{cronworkflow.name}}' != 'cron'\"", "")]
    #[case::the_condition_has_no_answer(
        "when: foo == 'foo'",
        "SubmissionError: run policy error: No parameter 'foo' found."
    )]
    #[case::an_expression_in_the_condition(
        "when: \"{{= 1 < 2 }}\"",
        "SubmissionError: run policy error: not supported by the simulator: expression {{= 1 < 2 }}"
    )]
    #[case::a_stop_condition(
        "stopStrategy: {expression: cronworkflow.failed >= 3}",
        "SpecError: failed to check CronWorkflow 'cron' stopping condition: failed to evaluate stop expression: not supported by the simulator: expression cronworkflow.failed >= 3"
    )]
    fn a_run_does_not_start(#[case] spec: &str, #[case] condition: &str) {
        let outcome = due(spec, &[]);
        assert_eq!(outcome.start, None);
        let conditions = outcome.record.status.conditions.iter();
        let conditions: Vec<String> = conditions
            .map(|condition| format!("{}: {}", condition.kind, condition.message))
            .collect();
        assert_eq!(conditions.join("\n"), condition);
        assert_eq!(
            outcome.record.last_used_schedule.as_deref(),
            Some("*/10 * * * *")
        );
    }

    #[test]
    fn a_specification_that_cannot_be_followed_says_so_and_is_left_alone() {
        let outcome = due("concurrencyPolicy: Maybe", &[]);
        let condition = &outcome.record.status.conditions[0];
        assert_eq!(condition.kind, "SpecError");
        assert_eq!(outcome.alarms.next(), None);
    }

    /// A CronWorkflow that ran at midnight, looked at by a controller that just started.
    fn after_a_pause(spec: &str, last_used_schedule: &str) -> Option<Timestamp> {
        let mut cron_workflow = a_cron_workflow(spec);
        let record = &mut cron_workflow.record;
        record.started(&a_run("a", "Succeeded", 1), EPOCH);
        record.status.active.clear();
        record.last_used_schedule = Some(last_used_schedule.to_owned());
        let outcome = pass(&cron_workflow, &[], &Alarms::default(), minutes(35));
        outcome.start.map(|start| start.at)
    }

    #[rstest]
    #[case::in_time("startingDeadlineSeconds: 301", Some(30))]
    #[case::too_late("startingDeadlineSeconds: 300", None)]
    #[case::nobody_asked("", None)]
    #[case::but_not_while_suspended("startingDeadlineSeconds: 600\nsuspend: true", None)]
    fn the_latest_missed_run_is_made_up_for(#[case] spec: &str, #[case] minute: Option<i64>) {
        assert_eq!(after_a_pause(spec, "*/10 * * * *"), minute.map(minutes));
    }

    #[test]
    fn an_edited_schedule_misses_nothing() {
        let spec = "startingDeadlineSeconds: 600";
        assert_eq!(after_a_pause(spec, "*/5 * * * *"), None);
    }

    #[test]
    fn a_schedule_that_never_ran_misses_nothing() {
        let cron_workflow = a_cron_workflow("startingDeadlineSeconds: 600");
        let outcome = pass(&cron_workflow, &[], &Alarms::default(), minutes(35));
        assert_eq!(outcome.start, None);
    }

    #[test]
    fn each_schedule_has_its_own_alarm() {
        let cron_workflow = a_cron_workflow("schedules: ['@every 7m', '*/10 * * * *']");
        let alarms = seen(&cron_workflow, minutes(10));
        assert_eq!(alarms.next(), Some(minutes(7)));
        let alarms = pass(&cron_workflow, &[], &alarms, minutes(7)).alarms;
        assert_eq!(alarms.next(), Some(minutes(10)));
        let alarms = pass(&cron_workflow, &[], &alarms, minutes(10)).alarms;
        assert_eq!(alarms.next(), Some(minutes(14)));
    }

    #[test]
    fn a_change_winds_every_alarm_anew() {
        let mut cron_workflow = a_cron_workflow("schedules: ['@every 7m']");
        let alarms = seen(&cron_workflow, minutes(10));
        cron_workflow.revision += 1;
        let alarms = pass(&cron_workflow, &[], &alarms, minutes(5)).alarms;
        assert_eq!(alarms.next(), Some(minutes(12)));
    }
}
