//! Faults that a seed chooses.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::ids::Ids;
use crate::store::request::{Request, Verb};

use super::refusal::Refusal;
use super::rule::{Disturbance, Fault};

/// What keeps fault choices apart from uids and scheduling although all may come from one seed.
const FAULT_STREAM: u64 = 0xfa_17_5e_ed;

/// How long a replica lags behind, or a server is away, by chance.
const A_WHILE: SignedDuration = SignedDuration::from_secs(20);

/// The faults to choose from; crashes and clocks are rules' business.
const KINDS: [Fault; 12] = [
    Fault::Refuse,
    Fault::LoseAnswer,
    Fault::TimedOut,
    Fault::Answer(Refusal::Conflict),
    Fault::Answer(Refusal::Unavailable),
    Fault::Answer(Refusal::TooManyRequests),
    Fault::Answer(Refusal::LeaderChanged),
    Fault::Disturb(Disturbance::DropWatches),
    Fault::Disturb(Disturbance::ExpireWatches),
    Fault::Disturb(Disturbance::Lag(A_WHILE)),
    Fault::Disturb(Disturbance::Compact),
    Fault::Disturb(Disturbance::Restart(A_WHILE)),
];

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
        let mut ids = Ids::new(seed ^ FAULT_STREAM);
        let certain = KINDS[ids.below(KINDS.len())];
        let kinds = KINDS
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

/// Only writes of an object that is there can conflict.
fn is_possible(fault: Fault, verb: &Verb) -> bool {
    match fault {
        Fault::Answer(Refusal::Conflict) => {
            matches!(verb, Verb::Update(..) | Verb::Patch(..) | Verb::Delete(_))
        }
        Fault::Refuse
        | Fault::LoseAnswer
        | Fault::TimedOut
        | Fault::Answer(_)
        | Fault::Disturb(_)
        | Fault::Crash(_) => true,
    }
}
