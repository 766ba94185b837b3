//! Who leads, decided from what a candidate has seen of the Lease.
//!
//! ```text
//! no Lease, nobody's, or not kept up ─▶ Acquire ─▶ Renew ─▶ Renew ─▶ … ─▶ Release
//! kept up by somebody else ──────────▶ Wait          └─▶ Lost: somebody else has it
//! ```
//!
//! Clocks of different machines are never compared: how long a Lease was not kept up is how long this candidate has seen
//! it unchanged. Source: client-go v0.34 `tools/leaderelection/leaderelection.go`, `tryAcquireOrRenew`.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// How long others wait for a holder that does not keep the Lease up.
const DURATION_SECONDS: i32 = 15;
/// The same of one that has given it up, and need not be waited for.
const RELEASED_SECONDS: i32 = 1;

/// A Lease, and since when this candidate has seen it unchanged, on its own clock.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) lease: Lease,
    since: Duration,
}

/// What a candidate is to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Take the Lease by writing this.
    Acquire(LeaseSpec),
    /// Keep it by writing this.
    Renew(LeaseSpec),
    /// Somebody else has it.
    Wait,
    /// The candidate led, and somebody else has the Lease now.
    Lost,
}

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) identity: &'a str,
    pub(crate) leads: bool,
    /// On the clock that [`Seen`] goes by.
    pub(crate) now: Duration,
    /// On the wall, for people.
    pub(crate) time: Timestamp,
}

impl Seen {
    /// `lease`, seen at `now`, after `previous` had been seen.
    pub(crate) fn after(previous: Option<Self>, lease: Lease, now: Duration) -> Self {
        let since = match previous {
            Some(previous) if previous.lease.spec == lease.spec => previous.since,
            _ => now,
        };
        Self { lease, since }
    }

    fn is_kept_up(&self, spec: &LeaseSpec, now: Duration) -> bool {
        let seconds = spec.lease_duration_seconds.unwrap_or(DURATION_SECONDS);
        let seconds = u64::try_from(seconds).unwrap_or_default();
        self.since + Duration::from_secs(seconds) > now
    }
}

/// What `asking` is to do about what it has `seen`.
pub(crate) fn step(seen: Option<&Seen>, asking: Asking<'_>) -> Step {
    let Some(seen) = seen else {
        return Step::Acquire(held(asking, 0));
    };
    let spec = seen.lease.spec.clone().unwrap_or_default();
    let holder = spec.holder_identity.as_deref().unwrap_or_default();
    if holder == asking.identity {
        return Step::Renew(LeaseSpec {
            lease_duration_seconds: Some(DURATION_SECONDS),
            renew_time: Some(MicroTime(asking.time)),
            ..spec
        });
    }
    if holder.is_empty() || !asking.leads && !seen.is_kept_up(&spec, asking.now) {
        let n_before = spec.lease_transitions.unwrap_or_default();
        return Step::Acquire(held(asking, n_before.saturating_add(1)));
    }
    if asking.leads { Step::Lost } else { Step::Wait }
}

/// What the holder of `seen` writes so that nobody has to wait for it; nothing if somebody else holds it.
pub(crate) fn released(seen: &Seen, identity: &str, time: Timestamp) -> Option<LeaseSpec> {
    let spec = seen.lease.spec.clone()?;
    (spec.holder_identity.as_deref() == Some(identity)).then(|| LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(RELEASED_SECONDS),
        renew_time: Some(MicroTime(time)),
        ..spec
    })
}

/// The Lease of a new holder.
fn held(asking: Asking<'_>, n_transitions: i32) -> LeaseSpec {
    LeaseSpec {
        acquire_time: Some(MicroTime(asking.time)),
        holder_identity: Some(asking.identity.to_owned()),
        lease_duration_seconds: Some(DURATION_SECONDS),
        lease_transitions: Some(n_transitions),
        renew_time: Some(MicroTime(asking.time)),
        ..LeaseSpec::default()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const EARLIER: &str = "2030-01-01T00:00:00Z";
    const NOW: &str = "2030-01-01T00:01:00Z";

    fn at(time: &str) -> MicroTime {
        MicroTime(time.parse().unwrap())
    }

    fn a_lease(holder: &str, seconds: i32) -> Lease {
        Lease {
            spec: Some(LeaseSpec {
                acquire_time: Some(at(EARLIER)),
                holder_identity: Some(holder.to_owned()),
                lease_duration_seconds: Some(seconds),
                lease_transitions: Some(4),
                renew_time: Some(at(EARLIER)),
                ..LeaseSpec::default()
            }),
            ..Lease::default()
        }
    }

    /// A Lease of `holder` for `seconds`, first seen 100 s after this candidate began.
    fn seen(holder: &str, seconds: i32) -> Seen {
        Seen::after(None, a_lease(holder, seconds), Duration::from_secs(100))
    }

    fn asking(leads: bool, now_seconds: u64) -> Asking<'static> {
        Asking {
            identity: "me",
            leads,
            now: Duration::from_secs(now_seconds),
            time: NOW.parse().unwrap(),
        }
    }

    fn word(step: &Step) -> &'static str {
        match step {
            Step::Acquire(_) => "acquire",
            Step::Renew(_) => "renew",
            Step::Wait => "wait",
            Step::Lost => "lost",
        }
    }

    #[rstest]
    #[case::a_lease_that_was_just_seen_is_waited_for("you", 15, false, 100, "wait")]
    #[case::it_is_waited_for_until_its_duration_is_over("you", 15, false, 114, "wait")]
    #[case::and_no_longer("you", 15, false, 115, "acquire")]
    #[case::the_holder_says_how_long("you", 60, false, 159, "wait")]
    #[case::a_duration_that_makes_no_sense_is_none("you", -5, false, 100, "acquire")]
    #[case::what_was_given_up_is_taken_at_once("", 1, false, 100, "acquire")]
    #[case::the_holder_keeps_it("me", 15, true, 100, "renew")]
    #[case::even_late("me", 15, true, 900, "renew")]
    #[case::a_leader_gives_way_to_another_holder("you", 15, true, 100, "lost")]
    #[case::even_to_one_that_does_not_keep_it_up("you", 15, true, 900, "lost")]
    #[case::a_leader_takes_back_what_nobody_has("", 15, true, 100, "acquire")]
    fn a_candidate_does_what_the_lease_says(
        #[case] holder: &str,
        #[case] seconds: i32,
        #[case] leads: bool,
        #[case] now_seconds: u64,
        #[case] expected: &str,
    ) {
        let seen = seen(holder, seconds);
        let step = step(Some(&seen), asking(leads, now_seconds));
        assert_eq!(word(&step), expected);
    }

    #[test]
    fn the_first_holder_makes_the_lease() {
        let expected = LeaseSpec {
            acquire_time: Some(at(NOW)),
            holder_identity: Some("me".to_owned()),
            lease_duration_seconds: Some(15),
            lease_transitions: Some(0),
            renew_time: Some(at(NOW)),
            ..LeaseSpec::default()
        };
        assert_eq!(step(None, asking(false, 0)), Step::Acquire(expected));
    }

    #[test]
    fn a_new_holder_counts_a_transition() {
        let Step::Acquire(spec) = step(Some(&seen("you", 15)), asking(false, 115)) else {
            panic!("it is not kept up");
        };
        assert_eq!(spec.lease_transitions, Some(5));
        assert_eq!(spec.acquire_time, Some(at(NOW)));
    }

    #[test]
    fn the_same_holder_changes_nothing_but_the_time() {
        let mut expected = a_lease("me", 15).spec.unwrap();
        expected.renew_time = Some(at(NOW));
        let step = step(Some(&seen("me", 15)), asking(true, 102));
        assert_eq!(step, Step::Renew(expected));
    }

    #[test]
    fn a_lease_is_unchanged_as_long_as_nobody_writes_it() {
        let first = seen("you", 15);
        let again = Seen::after(Some(first), a_lease("you", 15), Duration::from_secs(110));
        assert_eq!(word(&step(Some(&again), asking(false, 115))), "acquire");
        let mut renewed = a_lease("you", 15);
        renewed.spec.as_mut().unwrap().renew_time = Some(at(NOW));
        let renewed = Seen::after(Some(again), renewed, Duration::from_secs(110));
        assert_eq!(word(&step(Some(&renewed), asking(false, 115))), "wait");
    }

    #[test]
    fn a_holder_gives_up_what_it_has_and_nothing_else() {
        let time = NOW.parse().unwrap();
        let spec = released(&seen("me", 15), "me", time).unwrap();
        assert_eq!(spec.holder_identity.as_deref(), Some(""));
        assert_eq!(spec.lease_duration_seconds, Some(1));
        assert_eq!(spec.lease_transitions, Some(4));
        assert_eq!(released(&seen("you", 15), "me", time), None);
    }
}
