//! How long things live.

use jiff::{SignedDuration, Timestamp};

use crate::api::artifact_workflow::{ArtifactWorkflowSpec, RunStatus};
use crate::api::duration::GoDuration;
use crate::api::phase::Phase;

/// When something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// It stays.
    Forever,
    /// It goes after this instant, which may have passed.
    Until(Timestamp),
}

impl Lifetime {
    /// Time left at `now`: `None` if it stays, zero if it is over.
    pub(crate) fn left(self, now: Timestamp) -> Option<SignedDuration> {
        match self {
            Self::Forever => None,
            Self::Until(end) => Some(end.duration_since(now).max(SignedDuration::ZERO)),
        }
    }

    fn lasting(start: Timestamp, length: SignedDuration) -> Self {
        start.checked_add(length).map_or(Self::Forever, Self::Until)
    }
}

/// How long an Order lives that was created at `created`: absent, `0` and unreadable mean for ever.
///
/// Source: spec/arc.md §6.6.
pub(crate) fn of_order(ttl: Option<&GoDuration>, created: Timestamp) -> Lifetime {
    match ttl.and_then(|ttl| ttl.parse().ok()) {
        Some(length) if length > SignedDuration::ZERO => Lifetime::lasting(created, length),
        Some(_) | None => Lifetime::Forever,
    }
}

/// How long a child with this status is kept.
///
/// Without `ttlAfterFinished` a succeeded child goes at once; scheduled and unfinished ones always stay.
/// Source: spec/arc.md §6.6.
pub(crate) fn of_child(spec: &ArtifactWorkflowSpec, run: &RunStatus) -> Lifetime {
    if spec.cron.is_some() {
        return Lifetime::Forever;
    }
    let (ttl, since, unset) = match run.phase {
        Some(Phase::Succeeded) => (
            &spec.ttl_after_finished,
            &run.completion_time,
            Lifetime::Until(Timestamp::UNIX_EPOCH),
        ),
        Some(Phase::Failed | Phase::Error) => {
            (&spec.ttl_after_failed, &run.failure_time, Lifetime::Forever)
        }
        Some(Phase::Pending | Phase::Running | Phase::Active | Phase::Stopped) | None => {
            return Lifetime::Forever;
        }
    };
    match (ttl.as_ref().map(GoDuration::parse), since) {
        (None, _) => unset,
        (Some(Ok(length)), Some(since)) if length > SignedDuration::ZERO => {
            Lifetime::lasting(since.0, length)
        }
        (Some(_), _) => Lifetime::Forever,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use rstest::rstest;

    const NOON: Timestamp = Timestamp::constant(1_893_499_200, 0);

    fn seconds_left(lifetime: Lifetime) -> Option<i64> {
        lifetime.left(NOON).map(|left| left.as_secs())
    }

    #[rstest]
    #[case::unset_goes_at_once(Phase::Succeeded, None, None, Some(0))]
    #[case::zero_stays(Phase::Succeeded, Some("0s"), None, None)]
    #[case::a_length_counts_from_the_end(Phase::Succeeded, Some("1m"), None, Some(60))]
    #[case::failure_has_its_own(Phase::Failed, Some("1m"), Some("2s"), Some(2))]
    #[case::error_is_failure(Phase::Error, None, Some("2s"), Some(2))]
    #[case::unset_failure_stays(Phase::Failed, Some("1m"), None, None)]
    #[case::zero_failure_stays(Phase::Failed, None, Some("0"), None)]
    #[case::running_stays(Phase::Running, Some("1s"), Some("1s"), None)]
    #[case::pending_stays(Phase::Pending, None, None, None)]
    fn a_child_is_kept(
        #[case] phase: Phase,
        #[case] finished: Option<&str>,
        #[case] failed: Option<&str>,
        #[case] left: Option<i64>,
    ) {
        let ttl = |text: &str| GoDuration(text.into());
        let spec = ArtifactWorkflowSpec {
            ttl_after_finished: finished.map(ttl),
            ttl_after_failed: failed.map(ttl),
            ..ArtifactWorkflowSpec::default()
        };
        let run = RunStatus {
            phase: Some(phase),
            completion_time: Some(Time(NOON)),
            failure_time: Some(Time(NOON)),
            ..RunStatus::default()
        };
        assert_eq!(seconds_left(of_child(&spec, &run)), left);
    }

    #[rstest]
    #[case(None, None)]
    #[case(Some("0"), None)]
    #[case(Some("90s"), Some(90))]
    #[case(Some("9999999999h"), None)]
    fn an_order_lives(#[case] ttl: Option<&str>, #[case] left: Option<i64>) {
        let ttl = ttl.map(|text| GoDuration(text.into()));
        assert_eq!(seconds_left(of_order(ttl.as_ref(), NOON)), left);
    }
}
