//! A CronWorkflow and its runs → the status of an ArtifactWorkflow with a schedule.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::failure::{self, Logs};
use super::ownership::is_owned;
use crate::api::argo::{CronWorkflow, Workflow};
use crate::api::artifact_workflow::{ArtifactWorkflowStatus, RunStatus};
use crate::api::phase::{Phase, Progress};
use crate::api::reference::LocalRef;

/// What is known of a schedule; the newest run in flight speaks for it, else the run that ended last.
///
/// Source: spec/arc.md §6.2, cron.
pub(crate) fn follow(
    old: &ArtifactWorkflowStatus,
    cron_workflow: &CronWorkflow,
    runs: &[Workflow],
    logs: &Logs,
    now: Timestamp,
) -> ArtifactWorkflowStatus {
    let status = cron_workflow.status.clone().unwrap_or_default();
    let counted = RunStatus {
        last_scheduled: status.last_scheduled_time.clone(),
        succeeded: status.succeeded,
        failed: status.failed,
        ..old.run.clone()
    };
    let (run, active) = if let Some(run) = active(cron_workflow, runs) {
        (in_flight(counted, run), Some(LocalRef::to(name(run))))
    } else if status.phase == "Stopped" {
        (stopped(counted, now), None)
    } else if let Some(run) = ended_last(cron_workflow, runs) {
        (ended(counted, run, logs), None)
    } else {
        (between_runs(counted), None)
    };
    let run = match submission_error(cron_workflow) {
        Some(message) => RunStatus { message, ..run },
        None => run,
    };
    ArtifactWorkflowStatus {
        run,
        active_workflow_ref: active,
        ..old.clone()
    }
}

/// The run whose failure is new to `old`, hence whose logs are wanted.
pub(crate) fn failed_anew<'a>(
    old: &RunStatus,
    cron_workflow: &CronWorkflow,
    runs: &'a [Workflow],
) -> Option<&'a Workflow> {
    if active(cron_workflow, runs).is_some() {
        return None;
    }
    ended_last(cron_workflow, runs).filter(|run| {
        phase(run).map(Phase::progress) == Some(Progress::Failed) && !is_told(old, run)
    })
}

fn is_told(old: &RunStatus, run: &Workflow) -> bool {
    old.phase == phase(run) && old.failure_time == finished_at(run) && !old.message.is_empty()
}

fn of_schedule<'a>(cron_workflow: &CronWorkflow, runs: &'a [Workflow]) -> Vec<&'a Workflow> {
    runs.iter()
        .filter(|run| is_owned(&run.metadata, &cron_workflow.metadata))
        .collect()
}

fn active<'a>(cron_workflow: &CronWorkflow, runs: &'a [Workflow]) -> Option<&'a Workflow> {
    of_schedule(cron_workflow, runs)
        .into_iter()
        .filter(|run| !phase(run).is_some_and(Phase::is_completed))
        .max_by_key(|run| {
            (
                run.metadata.creation_timestamp.as_ref().map(|time| time.0),
                name(run),
            )
        })
}

fn ended_last<'a>(cron_workflow: &CronWorkflow, runs: &'a [Workflow]) -> Option<&'a Workflow> {
    of_schedule(cron_workflow, runs)
        .into_iter()
        .filter(|run| phase(run).is_some_and(Phase::is_completed))
        .max_by_key(|run| (finished_at(run).map(|time| time.0), name(run)))
}

fn in_flight(old: RunStatus, run: &Workflow) -> RunStatus {
    RunStatus {
        phase: Some(phase(run).unwrap_or(Phase::Active)),
        message: String::new(),
        ..old
    }
}

fn stopped(old: RunStatus, now: Timestamp) -> RunStatus {
    if old.phase == Some(Phase::Stopped) {
        return old;
    }
    RunStatus {
        phase: Some(Phase::Stopped),
        completion_time: Some(Time(now)),
        ..old
    }
}

fn ended(old: RunStatus, run: &Workflow, logs: &Logs) -> RunStatus {
    match phase(run).map(Phase::progress) {
        Some(Progress::Failed) if is_told(&old, run) => old,
        Some(Progress::Failed) => RunStatus {
            phase: phase(run),
            failure_time: finished_at(run),
            message: failure::message(run, logs),
            ..old
        },
        Some(Progress::Succeeded | Progress::InProgress | Progress::Stopped) | None => RunStatus {
            phase: phase(run),
            completion_time: finished_at(run),
            message: String::new(),
            ..old
        },
    }
}

/// A phase in progress without a run in flight is over, with a result that nobody saw.
fn between_runs(old: RunStatus) -> RunStatus {
    match old.phase {
        Some(Phase::Succeeded | Phase::Failed | Phase::Error) => old,
        Some(Phase::Pending | Phase::Running | Phase::Active | Phase::Stopped) | None => {
            RunStatus {
                phase: Some(Phase::Pending),
                message: String::new(),
                ..old
            }
        }
    }
}

fn submission_error(cron_workflow: &CronWorkflow) -> Option<String> {
    let conditions = cron_workflow.status.as_ref()?.conditions.as_ref()?;
    conditions
        .iter()
        .find(|condition| condition.type_ == "SubmissionError" && condition.status == "True")
        .map(|condition| condition.message.clone())
}

/// The phase of a run; one that this version does not know counts as not finished.
fn phase(run: &Workflow) -> Option<Phase> {
    let text = run.status.as_ref().map(|status| status.phase.as_str());
    Phase::of_argo(text.unwrap_or_default()).unwrap_or(None)
}

fn finished_at(run: &Workflow) -> Option<Time> {
    run.status
        .as_ref()
        .and_then(|status| status.finished_at.clone())
}

fn name(run: &Workflow) -> &str {
    run.metadata.name.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::argo::{CronCondition, CronWorkflowStatus};
    use crate::plan::builders::{NOON, cron_workflow, run};
    use rstest::rstest;

    const OLD: Option<Phase> = Some(Phase::Succeeded);

    fn check(old: Option<Phase>, runs: &[Workflow]) -> (Option<Phase>, String, Option<String>) {
        let old = ArtifactWorkflowStatus {
            run: RunStatus {
                phase: old,
                ..RunStatus::default()
            },
            ..ArtifactWorkflowStatus::default()
        };
        let new = follow(&old, &cron_workflow(), runs, &Logs::new(), NOON);
        (
            new.run.phase,
            new.run.message,
            new.active_workflow_ref.map(|r| r.name),
        )
    }

    #[rstest]
    #[case::no_run_yet(None, &[], Phase::Pending, "", None)]
    #[case::a_result_stays(OLD, &[], Phase::Succeeded, "", None)]
    #[case::a_lost_run_is_forgotten(Some(Phase::Running), &[], Phase::Pending, "", None)]
    #[case::a_new_run_is_noticed(OLD, &[run("a-1", "", 1)], Phase::Active, "", Some("a-1"))]
    #[case::a_run_is_followed(OLD, &[run("a-1", "Running", 1)], Phase::Running, "", Some("a-1"))]
    #[case::the_newest_of_several(OLD, &[run("a-2", "Pending", 2), run("a-1", "Running", 1)], Phase::Pending, "", Some("a-2"))]
    #[case::success(None, &[run("a-1", "Failed", 1), run("a-2", "Succeeded", 2)], Phase::Succeeded, "", None)]
    #[case::failure(OLD, &[run("a-1", "Succeeded", 1), run("a-2", "Failed", 2)], Phase::Failed, "the Workflow failed without a message", None)]
    fn a_schedule_is(
        #[case] old: Option<Phase>,
        #[case] runs: &[Workflow],
        #[case] phase: Phase,
        #[case] message: &str,
        #[case] active: Option<&str>,
    ) {
        let expected = (Some(phase), message.to_owned(), active.map(str::to_owned));
        assert_eq!(check(old, runs), expected);
    }

    #[test]
    fn a_run_of_another_schedule_does_not_count() {
        let mut stranger = run("a-1", "Running", 1);
        stranger.metadata.owner_references = None;
        assert_eq!(check(OLD, &[stranger]).0, Some(Phase::Succeeded));
    }

    #[test]
    fn counters_are_copied_and_a_refused_run_is_told() {
        let mut cron_workflow = cron_workflow();
        cron_workflow.status = Some(CronWorkflowStatus {
            last_scheduled_time: Some(Time(NOON)),
            succeeded: 3,
            failed: 1,
            conditions: Some(vec![CronCondition {
                type_: "SubmissionError".into(),
                status: "True".into(),
                message: "no template".into(),
            }]),
            ..CronWorkflowStatus::default()
        });
        let new = follow(
            &ArtifactWorkflowStatus::default(),
            &cron_workflow,
            &[],
            &Logs::new(),
            NOON,
        );
        assert_eq!(
            new.run,
            RunStatus {
                phase: Some(Phase::Pending),
                message: "no template".into(),
                last_scheduled: Some(Time(NOON)),
                succeeded: 3,
                failed: 1,
                ..RunStatus::default()
            }
        );
    }

    #[test]
    fn a_failure_is_told_once() {
        let runs = [run("a-1", "Failed", 1)];
        let cron_workflow = cron_workflow();
        let old = ArtifactWorkflowStatus::default();
        assert!(failed_anew(&old.run, &cron_workflow, &runs).is_some());
        let told = follow(&old, &cron_workflow, &runs, &Logs::new(), NOON);
        assert!(failed_anew(&told.run, &cron_workflow, &runs).is_none());
        assert_eq!(
            follow(&told, &cron_workflow, &runs, &Logs::new(), NOON),
            told
        );
    }

    #[test]
    fn a_stopped_schedule_ends_once() {
        let mut cron_workflow = cron_workflow();
        cron_workflow.status = Some(CronWorkflowStatus {
            phase: "Stopped".into(),
            ..CronWorkflowStatus::default()
        });
        let old = ArtifactWorkflowStatus::default();
        let new = follow(&old, &cron_workflow, &[], &Logs::new(), NOON);
        assert_eq!(new.run.phase, Some(Phase::Stopped));
        let later = NOON + jiff::SignedDuration::from_secs(1);
        assert_eq!(follow(&new, &cron_workflow, &[], &Logs::new(), later), new);
    }
}
