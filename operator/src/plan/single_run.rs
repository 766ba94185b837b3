//! A Workflow's status → that of an ArtifactWorkflow without schedule.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::failure::{self, Logs};
use crate::api::argo::Workflow;
use crate::api::artifact_workflow::RunStatus;
use crate::api::phase::{Phase, Progress};

/// What is known of the run that `workflow` is.
///
/// Source: spec/arc.md §6.2, single.
pub(crate) fn follow(
    old: &RunStatus,
    workflow: &Workflow,
    logs: &Logs,
    now: Timestamp,
) -> RunStatus {
    let status = workflow.status.clone().unwrap_or_default();
    let finished_at = Some(status.finished_at.unwrap_or(Time(now)));
    let phase = match Phase::of_argo(&status.phase) {
        Ok(phase) => phase.unwrap_or(Phase::Pending),
        Err(unknown) => {
            return RunStatus {
                message: unknown.to_string(),
                ..old.clone()
            };
        }
    };
    let fresh = RunStatus {
        phase: Some(phase),
        ..RunStatus::default()
    };
    match phase.progress() {
        Progress::InProgress | Progress::Stopped => fresh,
        Progress::Succeeded => RunStatus {
            completion_time: finished_at,
            succeeded: 1,
            ..fresh
        },
        Progress::Failed => RunStatus {
            failure_time: finished_at,
            failed: 1,
            message: failure::message(workflow, logs),
            ..fresh
        },
    }
}

/// What is known of a run whose Workflow is gone.
///
/// Source: spec/arc.md §6.2.
pub(crate) fn vanished(name: &str, now: Timestamp) -> RunStatus {
    RunStatus {
        phase: Some(Phase::Error),
        failure_time: Some(Time(now)),
        failed: 1,
        message: format!("Workflow {name} vanished before it was finished"),
        ..RunStatus::default()
    }
}
