//! The children's statuses → the Order's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::event::Reason;
use super::excerpt;
use crate::api::order::ArtifactWorkflowEntry;
use crate::api::phase::{OrderPhase, Phase, Progress};

/// How much of a child's message its Order repeats. Source: spec/arc.md §6.4.
const SUMMARY_BYTES_MAX: usize = 512;

/// Phase of an Order with these entries and this many distinct artifacts.
///
/// Source: spec/arc.md §6.4.
pub(crate) fn phase(
    entries: &BTreeMap<String, ArtifactWorkflowEntry>,
    n_artifacts: usize,
) -> OrderPhase {
    let any = |progress: Progress| {
        entries
            .values()
            .any(|entry| entry.run.phase.map(Phase::progress) == Some(progress))
    };
    if entries.is_empty() {
        OrderPhase::Pending
    } else if any(Progress::Failed) {
        OrderPhase::Failed
    } else if any(Progress::Stopped) {
        OrderPhase::Stopped
    } else if any(Progress::InProgress) {
        OrderPhase::Running
    } else if n_succeeded(entries) == n_artifacts {
        OrderPhase::Succeeded
    } else {
        OrderPhase::Pending
    }
}

fn n_succeeded(entries: &BTreeMap<String, ArtifactWorkflowEntry>) -> usize {
    entries
        .values()
        .filter(|entry| entry.run.phase == Some(Phase::Succeeded))
        .count()
}

/// `succeeded/all`.
pub(crate) fn progress(
    entries: &BTreeMap<String, ArtifactWorkflowEntry>,
    n_artifacts: usize,
) -> String {
    format!("{}/{n_artifacts}", n_succeeded(entries))
}

/// What conditions are made from.
pub(crate) struct Verdict<'a> {
    pub(crate) phase: OrderPhase,
    pub(crate) entries: &'a BTreeMap<String, ArtifactWorkflowEntry>,
    pub(crate) n_artifacts: usize,
    /// Why the first artifact is blocked that is.
    pub(crate) first_blocked: Option<(Reason, &'a str)>,
    pub(crate) generation: Option<i64>,
    pub(crate) now: Timestamp,
}

/// `Accepted`, `Complete` and `Failed`; a transition time stays as long as its status does.
///
/// Source: spec/arc.md §6.4.
pub(crate) fn conditions(verdict: &Verdict<'_>, old: &[Condition]) -> Vec<Condition> {
    let summary = summary(verdict);
    let (accepted, reason, message) = match verdict.first_blocked {
        None => (true, "Accepted", ""),
        Some((reason, message)) => (false, reason.as_str(), message),
    };
    let is_complete = verdict.phase == OrderPhase::Succeeded;
    let is_failed = verdict.phase == OrderPhase::Failed;
    let phase = verdict.phase.as_str();
    [
        ("Accepted", accepted, reason, message),
        ("Complete", is_complete, phase, summary.as_str()),
        ("Failed", is_failed, phase, ""),
    ]
    .into_iter()
    .map(|(type_, holds, reason, message)| {
        let status = if holds { "True" } else { "False" };
        let since = old
            .iter()
            .find(|condition| condition.type_ == type_ && condition.status == status)
            .map_or(Time(verdict.now), |condition| {
                condition.last_transition_time.clone()
            });
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            observed_generation: verdict.generation,
            last_transition_time: since,
        }
    })
    .collect()
}

fn summary(verdict: &Verdict<'_>) -> String {
    let progress = progress(verdict.entries, verdict.n_artifacts);
    let first_failure = verdict
        .entries
        .values()
        .filter(|entry| entry.run.phase.map(Phase::progress) == Some(Progress::Failed))
        .min_by_key(|entry| entry.artifact_index)
        .and_then(|entry| entry.run.message.lines().next());
    match first_failure {
        None => format!("{progress} succeeded"),
        Some(message) => excerpt::head(
            &format!("{progress} succeeded: {message}"),
            SUMMARY_BYTES_MAX,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::artifact_workflow::RunStatus;
    use crate::plan::builders::NOON;
    use jiff::SignedDuration;
    use rstest::rstest;

    fn entries(phases: &[Option<Phase>]) -> BTreeMap<String, ArtifactWorkflowEntry> {
        (0..)
            .zip(phases)
            .map(|(artifact_index, phase)| {
                let run = RunStatus {
                    phase: *phase,
                    message: format!("message {artifact_index}\nlog"),
                    ..RunStatus::default()
                };
                (
                    format!("{artifact_index}"),
                    ArtifactWorkflowEntry {
                        artifact_index,
                        run,
                    },
                )
            })
            .collect()
    }

    const OK: Option<Phase> = Some(Phase::Succeeded);

    #[rstest]
    #[case::no_artifacts(&[], 0, OrderPhase::Pending, "0/0")]
    #[case::nothing_yet(&[], 2, OrderPhase::Pending, "0/2")]
    #[case::not_started(&[None, OK], 2, OrderPhase::Pending, "1/2")]
    #[case::failure_wins(&[OK, Some(Phase::Running), Some(Phase::Failed), Some(Phase::Stopped)], 4, OrderPhase::Failed, "1/4")]
    #[case::error_is_failure(&[Some(Phase::Error), OK], 2, OrderPhase::Failed, "1/2")]
    #[case::stopped_before_running(&[Some(Phase::Stopped), Some(Phase::Running)], 2, OrderPhase::Stopped, "0/2")]
    #[case::running(&[OK, Some(Phase::Running)], 2, OrderPhase::Running, "1/2")]
    #[case::pending_child_is_progress(&[OK, Some(Phase::Pending)], 2, OrderPhase::Running, "1/2")]
    #[case::active(&[Some(Phase::Active)], 1, OrderPhase::Running, "0/1")]
    #[case::all_succeeded(&[OK, OK], 2, OrderPhase::Succeeded, "2/2")]
    #[case::half_accepted_is_not_succeeded(&[OK, OK], 3, OrderPhase::Pending, "2/3")]
    fn an_order_is(
        #[case] phases: &[Option<Phase>],
        #[case] n_artifacts: usize,
        #[case] expected: OrderPhase,
        #[case] shown: &str,
    ) {
        let entries = entries(phases);
        assert_eq!(phase(&entries, n_artifacts), expected);
        assert_eq!(progress(&entries, n_artifacts), shown);
    }

    fn shown(conditions: &[Condition]) -> Vec<String> {
        conditions
            .iter()
            .map(|c| format!("{}={} {} {:?}", c.type_, c.status, c.reason, c.message))
            .collect()
    }

    fn verdict(entries: &BTreeMap<String, ArtifactWorkflowEntry>) -> Verdict<'_> {
        Verdict {
            phase: phase(entries, 2),
            entries,
            n_artifacts: 2,
            first_blocked: None,
            generation: Some(1),
            now: NOON,
        }
    }

    #[test]
    fn conditions_name_the_first_failure() {
        let entries = entries(&[OK, Some(Phase::Failed)]);
        assert_eq!(
            shown(&conditions(&verdict(&entries), &[])),
            [
                r#"Accepted=True Accepted """#,
                r#"Complete=False Failed "1/2 succeeded: message 1""#,
                r#"Failed=True Failed """#,
            ]
        );
    }

    #[test]
    fn a_blocked_artifact_is_not_accepted() {
        let entries = entries(&[]);
        let blocked = Verdict {
            first_blocked: Some((Reason::InvalidSecret, "no Secret")),
            ..verdict(&entries)
        };
        assert_eq!(
            shown(&conditions(&blocked, &[]))[0],
            r#"Accepted=False InvalidSecret "no Secret""#
        );
    }

    #[test]
    fn a_transition_time_moves_only_with_the_status() {
        let running = entries(&[Some(Phase::Running)]);
        let old = conditions(&verdict(&running), &[]);
        let done = entries(&[OK, OK]);
        let later = Verdict {
            now: NOON + SignedDuration::from_secs(5),
            ..verdict(&done)
        };
        let times: Vec<i64> = conditions(&later, &old)
            .iter()
            .map(|c| c.last_transition_time.0.duration_since(NOON).as_secs())
            .collect();
        assert_eq!(times, [0, 5, 0]);
    }
}
