//! The rules in their order, what they decide, and the log of what they did.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::chance::Chance;
use super::disturbance::{Disturbance, Meddling};
use super::rule::{Fault, Rule, name_of, resource_of};
use crate::store::request::Request;
use crate::store::status::Status;

/// When something happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Nothing has happened yet.
    Before,
    /// The request has taken effect, but its answer has not left.
    After,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It goes on.
    Pass,
    /// This happens first.
    Disturb(Disturbance),
    /// Somebody else does this to its object first.
    Meddle(Meddling),
    /// Its connection takes no request after it.
    GoAway,
    /// The client gets this instead.
    Answer(Status),
    /// The connection breaks.
    Break,
    /// There is no answer; after so long the connection breaks.
    Hang(SignedDuration),
    /// The connection breaks, because the client is dead.
    Crash,
}

/// A point of the event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant {
    pub(crate) now: Timestamp,
    pub(crate) revision: u64,
}

/// One fault that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// When, in cluster time.
    pub at: Timestamp,
    /// The newest revision at that moment, before the request.
    pub revision: u64,
    /// Whose request.
    pub actor: String,
    /// Its verb.
    pub verb: &'static str,
    /// Resource, namespace and name, as far as the request has them.
    pub object: String,
    /// What happened.
    pub fault: Fault,
}

impl fmt::Display for Firing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            revision,
            actor,
            verb,
            object,
            fault,
        } = self;
        write!(f, "{at} r{revision} {actor} {verb} {object}: {fault:?}")
    }
}

/// A chain of rules, of which the first that means a request decides; after them, chance. A rule counts also the requests
/// about which another decides.
#[derive(Clone, Default)]
pub struct Faults {
    rules: Vec<Rule>,
    chance: Option<Chance>,
    log: Vec<Firing>,
    /// What happens once the request that is under way has taken effect.
    pending: Option<Fault>,
}

impl Faults {
    /// These rules, the first one first.
    #[must_use]
    pub fn from_rules(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            ..Self::default()
        }
    }

    /// No rules: one of `one_in` requests of `actors` fails on average, as `seed` says.
    #[must_use]
    pub fn from_seed(seed: u64, one_in: usize, actors: &[&str]) -> Self {
        Self {
            chance: Some(Chance::new(seed, one_in, actors)),
            ..Self::default()
        }
    }

    /// What has happened so far.
    #[must_use]
    pub fn log(&self) -> &[Firing] {
        &self.log
    }

    /// Decides about a request that has not happened yet.
    pub(crate) fn before(&mut self, request: &Request, instant: Instant) -> Verdict {
        self.pending = None;
        // Each rule counts what it matches, whichever decides.
        let judged = self.rules.iter_mut().map(|rule| rule.judge(request));
        let by_rule = judged.fold(None, Option::or);
        let Some(fault) = by_rule.or_else(|| self.chance.as_mut()?.judge(request)) else {
            return Verdict::Pass;
        };
        self.log.push(firing(request, instant, fault));
        match fault {
            Fault::Refuse => Verdict::Break,
            Fault::Answer(refusal) => Verdict::Answer(refusal.answer(request, instant)),
            Fault::Hang(Moment::Before, patience) => Verdict::Hang(patience),
            Fault::Disturb(disturbance) => Verdict::Disturb(disturbance),
            Fault::Crash(Moment::Before) => Verdict::Crash,
            Fault::LoseAnswer
            | Fault::TimedOut
            | Fault::Hang(Moment::After, _)
            | Fault::Crash(Moment::After) => {
                self.pending = Some(fault);
                Verdict::Pass
            }
        }
    }

    /// Decides about the answer to the request that [`Faults::before`] let pass.
    pub(crate) fn after(&mut self) -> Verdict {
        match self.pending.take() {
            Some(Fault::LoseAnswer) => Verdict::Break,
            Some(Fault::TimedOut) => {
                Verdict::Answer(Status::internal("etcdserver: request timed out"))
            }
            Some(Fault::Hang(_, patience)) => Verdict::Hang(patience),
            Some(Fault::Crash(_)) => Verdict::Crash,
            Some(Fault::Refuse | Fault::Answer(_) | Fault::Disturb(_)) | None => Verdict::Pass,
        }
    }
}

fn firing(request: &Request, instant: Instant, fault: Fault) -> Firing {
    let place = [
        resource_of(request).as_str(),
        &request.namespace,
        name_of(request),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("/");
    Firing {
        at: instant.now,
        revision: instant.revision,
        actor: request.actor.to_string(),
        verb: request.verb.name(),
        object: place,
        fault,
    }
}
