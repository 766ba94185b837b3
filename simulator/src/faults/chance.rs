//! Faults that a seed chooses.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::ids::Ids;
use crate::store::request::{Request, Verb};

use super::chain::Moment;
use super::disturbance::{Disturbance, Flaw, Meddling, Swizzle};
use super::refusal::Refusal;
use super::rule::Fault;

/// What keeps fault choices apart from uids and scheduling although all may come from one seed.
const FAULT_STREAM: u64 = 0xfa_17_5e_ed;

/// How long a replica lags behind, a server is away, or an event comes late, by chance.
const A_WHILE: SignedDuration = SignedDuration::from_secs(20);
/// How long a client waits for an answer, by chance.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// The time from one watch to the next when they stop one by one, by chance.
const PACE: SignedDuration = SignedDuration::from_secs(5);
/// How many events an event flood has, by chance.
const N_EVENTS: usize = 50;
/// How many events wait for a client that takes up none, by chance.
const N_EVENTS_WAITING: usize = 2;

/// Every so many requests of some clients fail, in ways of which each seed uses only some.
///
/// Source: `spec/kube-api.md` §5.3 P3 (swarms: not all faults at once).
#[derive(Clone)]
pub struct Chance {
    ids: Ids,
    actors: BTreeSet<String>,
    kinds: Vec<Fault>,
    one_in: usize,
}

impl Chance {
    /// One of `one_in` requests of `actors` fails on average.
    #[must_use]
    pub fn new(seed: u64, one_in: usize, actors: &[&str]) -> Self {
        Self::of(all(seed), (seed, one_in), actors)
    }

    /// At one of `one_in` requests of `actors` on average somebody else writes to the object, or to what belongs to it.
    #[must_use]
    pub fn monkey(seed: u64, one_in: usize, actors: &[&str]) -> Self {
        let writes = monkey(seed).into_iter();
        let kinds = writes.map(|what| Fault::Disturb(Disturbance::Meddle(what)));
        Self::of(kinds.collect(), (seed, one_in), actors)
    }

    fn of(kinds: Vec<Fault>, (seed, one_in): (u64, usize), actors: &[&str]) -> Self {
        let mut ids = Ids::new(seed ^ FAULT_STREAM);
        let certain = kinds[ids.below(kinds.len())];
        let kinds = kinds
            .into_iter()
            .filter(|kind| *kind == certain || ids.below(2) == 0)
            .collect();
        Self {
            ids,
            actors: actors.iter().map(|actor| (*actor).to_owned()).collect(),
            kinds,
            one_in,
        }
    }

    pub(super) fn judge(&mut self, request: &Request) -> Option<Fault> {
        if !self.actors.contains(&*request.actor) || self.ids.below(self.one_in) != 0 {
            return None;
        }
        let kind = self.kinds[self.ids.below(self.kinds.len())];
        is_possible(kind, &request.verb).then_some(kind)
    }
}

/// What chance makes of each variant of a type: a variant that is left out does not compile.
macro_rules! every {
    ($type:ty: $($variant:pat => $values:expr,)*) => {{
        const _: fn($type) = |value| match value {
            $($variant => {})*
        };
        [$($values),*].concat()
    }};
}

/// The faults to choose from: every one, but for those that only a rule can mean well.
fn all(seed: u64) -> Vec<Fault> {
    let hangs = [Moment::Before, Moment::After].map(|moment| Fault::Hang(moment, PATIENCE));
    let refusals = refusals().into_iter().map(Fault::Answer);
    let disturbances = disturbances(seed).into_iter().map(Fault::Disturb);
    every! { Fault:
        Fault::Refuse => vec![Fault::Refuse],
        Fault::LoseAnswer => vec![Fault::LoseAnswer],
        Fault::TimedOut => vec![Fault::TimedOut],
        Fault::Answer(_) => refusals.collect(),
        Fault::Hang(..) => hangs.to_vec(),
        Fault::Disturb(_) => disturbances.collect(),
        // Each part dies at a write of its own in turn.
        Fault::Crash(_) => Vec::new(),
    }
}

/// What a client is told that may try again, rather than give up.
fn refusals() -> Vec<Refusal> {
    every! { Refusal:
        Refusal::Conflict => vec![Refusal::Conflict],
        Refusal::Expired => vec![Refusal::Expired],
        Refusal::TooLargeRevision => vec![Refusal::TooLargeRevision],
        Refusal::TooManyRequests => vec![Refusal::TooManyRequests],
        Refusal::Overloaded => vec![Refusal::Overloaded],
        Refusal::Initializing => vec![Refusal::Initializing],
        Refusal::LeaderChanged => vec![Refusal::LeaderChanged],
        Refusal::EtcdTimedOut => vec![Refusal::EtcdTimedOut],
        Refusal::WebhookTimedOut => vec![Refusal::WebhookTimedOut],
        Refusal::Unavailable => vec![Refusal::Unavailable],
        Refusal::UnavailableText => vec![Refusal::UnavailableText],
        Refusal::UnavailableBare => vec![Refusal::UnavailableBare],
        Refusal::Forbidden | Refusal::QuotaExceeded | Refusal::NotServed | Refusal::Denied => Vec::new(),
    }
}

fn disturbances(seed: u64) -> Vec<Disturbance> {
    let flaws = flaws().into_iter().map(Disturbance::Watches);
    every! { Disturbance:
        Disturbance::DropWatches => vec![Disturbance::DropWatches],
        Disturbance::ExpireWatches => vec![Disturbance::ExpireWatches],
        Disturbance::ShortWatches(_) => vec![Disturbance::ShortWatches(A_WHILE)],
        Disturbance::Watches(_) => flaws.collect(),
        Disturbance::Swizzle(_) => vec![Disturbance::Swizzle(Swizzle { seed, pace: PACE })],
        Disturbance::GoAway => vec![Disturbance::GoAway],
        Disturbance::Lag(_) => vec![Disturbance::Lag(A_WHILE)],
        Disturbance::Compact => vec![Disturbance::Compact],
        Disturbance::Restart(_) => vec![Disturbance::Restart(A_WHILE)],
        Disturbance::FreezeDiscovery(_) => vec![Disturbance::FreezeDiscovery(A_WHILE)],
        Disturbance::HoldDefinitions(_) => vec![Disturbance::HoldDefinitions(A_WHILE)],
        Disturbance::Pages(_) => vec![Disturbance::Pages(1)],
        // Who deletes something, or changes what it asks for, means it.
        Disturbance::Meddle(_) => [Meddling::Touch, Meddling::Flood(N_EVENTS), Meddling::Own]
            .map(Disturbance::Meddle)
            .to_vec(),
        // Who looks for an object of such a kind takes it for gone.
        Disturbance::Unserve(_) => Vec::new(),
        // A clock that is wrong stays so.
        Disturbance::Skew(_) | Disturbance::ClientSkew(_) => Vec::new(),
    }
}

/// What somebody does who keeps to what is allowed, and may be heeded: no namespace goes.
fn monkey(seed: u64) -> Vec<Meddling> {
    every! { Meddling:
        Meddling::Touch => vec![Meddling::Touch],
        Meddling::Flood(_) => vec![Meddling::Flood(N_EVENTS)],
        Meddling::Edit(_) => vec![Meddling::Edit(seed)],
        Meddling::StripLabels => vec![Meddling::StripLabels],
        Meddling::Own => vec![Meddling::Own],
        Meddling::Hold => vec![Meddling::Hold],
        Meddling::Release => vec![Meddling::Release],
        Meddling::Delete => vec![Meddling::Delete],
        Meddling::Recreate => vec![Meddling::Recreate],
        Meddling::DeleteDependent(_) => vec![Meddling::DeleteDependent(seed)],
        Meddling::EvictPod(_) => vec![Meddling::EvictPod(seed)],
        Meddling::FailPod(_) => vec![Meddling::FailPod(seed)],
        Meddling::DeleteNamespace => Vec::new(),
    }
}

fn flaws() -> Vec<Flaw> {
    every! { Flaw:
        Flaw::Late(_) => vec![Flaw::Late(A_WHILE)],
        Flaw::Batched(_) => vec![Flaw::Batched(A_WHILE)],
        Flaw::Paused(..) => vec![Flaw::Paused(PACE, A_WHILE)],
        Flaw::Torn => vec![Flaw::Torn],
        Flaw::Unmarked => vec![Flaw::Unmarked],
        Flaw::Silent => vec![Flaw::Silent],
        Flaw::Stalled(_) => vec![Flaw::Stalled(N_EVENTS_WAITING)],
    }
}

/// Only writes of an object that is there can conflict, and only reads ask for a revision.
fn is_possible(fault: Fault, verb: &Verb) -> bool {
    match fault {
        Fault::Answer(Refusal::Conflict) => {
            matches!(verb, Verb::Update(..) | Verb::Patch(..) | Verb::Delete(_))
        }
        Fault::Answer(Refusal::Expired | Refusal::TooLargeRevision) => {
            matches!(verb, Verb::List(_) | Verb::Watch(_))
        }
        Fault::Refuse
        | Fault::LoseAnswer
        | Fault::TimedOut
        | Fault::Answer(_)
        | Fault::Hang(..)
        | Fault::Disturb(_)
        | Fault::Crash(_) => true,
    }
}
