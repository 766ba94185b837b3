//! The rules in their order, what they decide, and the log of what they did.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::chance::Chance;
use super::delays::{Delaying, Delays};
use super::disturbance::{Disturbance, Meddling};
use super::outlook::Outlook;
use super::refusal::{Said, timed_out};
use super::rule::{Fault, Judged, Rule, name_of, resource_of};
use crate::store::request::Request;

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
    /// This happens first, to that client.
    Disturb(Disturbance, Arc<str>),
    /// It goes on, but that client is dead.
    Kill(Arc<str>),
    /// Somebody else does this to its object first.
    Meddle(Meddling),
    /// Its connection takes no request after it.
    GoAway,
    /// A list that asks for pages gets no more than so many objects in one.
    Pages(usize),
    /// The client gets this instead.
    Answer(Said),
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
    /// To whom, if not to who asked.
    pub victim: Option<String>,
    /// What the change had to be like, if the rule said so.
    pub condition: Option<String>,
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
            victim,
            condition,
        } = self;
        write!(f, "{at} r{revision} {actor} {verb} {object}: {fault:?}")?;
        if let Some(victim) = victim {
            write!(f, " of {victim}")?;
        }
        if let Some(condition) = condition {
            write!(f, " when {condition}")?;
        }
        Ok(())
    }
}

/// A chain of rules, of which the first that means a request decides; after them, chance. A rule counts also the requests
/// about which another decides.
#[derive(Clone, Default)]
pub struct Faults {
    rules: Vec<Rule>,
    chance: Option<Chance>,
    delays: Option<Delaying>,
    log: Vec<Firing>,
    /// What happens once the request that is under way has taken effect.
    pending: Option<(Fault, Option<Arc<str>>)>,
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

    /// The same by seed, but whatever happens, somebody else does it, who writes to the same objects.
    ///
    /// Source: `spec/kube-api.md` §5.1 (Anvil's pod monkey), §5.2 F7.
    #[must_use]
    pub fn from_monkey(seed: u64, one_in: usize, actors: &[&str]) -> Self {
        Self {
            chance: Some(Chance::monkey(seed, one_in, actors)),
            ..Self::default()
        }
    }

    /// One more rule, the last one.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Lets some clients see late now and then, where nothing else goes wrong.
    pub fn delay(&mut self, delays: Delays) {
        self.delays = Some(Delaying::new(delays));
    }

    /// What has happened so far.
    #[must_use]
    pub fn log(&self) -> &[Firing] {
        &self.log
    }

    /// Decides about a request that has not happened yet.
    pub(crate) fn before(
        &mut self,
        request: &Request,
        outlook: &Outlook,
        instant: Instant,
    ) -> Verdict {
        self.pending = None;
        // Each rule counts what it matches, whichever decides.
        let judged = self
            .rules
            .iter_mut()
            .map(|rule| rule.judge(request, outlook));
        let by_rule = judged.fold(None, Option::or);
        let by_chance = || self.chance.as_mut()?.judge(request).map(Judged::of);
        let by_delay = || self.delays.as_mut()?.judge(request);
        let Some(judged) = by_rule.or_else(by_chance).or_else(by_delay) else {
            return Verdict::Pass;
        };
        self.log.push(firing(request, instant, &judged));
        let Judged { fault, victim, .. } = judged;
        match fault {
            Fault::Refuse => Verdict::Break,
            Fault::Answer(refusal) => Verdict::Answer(refusal.answer(request, instant)),
            Fault::Hang(Moment::Before, patience) => Verdict::Hang(patience),
            Fault::Disturb(disturbance) => {
                let whom = victim.unwrap_or_else(|| Arc::clone(&request.actor));
                Verdict::Disturb(disturbance, whom)
            }
            Fault::Crash(Moment::Before) => victim.map_or(Verdict::Crash, Verdict::Kill),
            Fault::LoseAnswer
            | Fault::TimedOut
            | Fault::Hang(Moment::After, _)
            | Fault::Crash(Moment::After) => {
                self.pending = Some((fault, victim));
                Verdict::Pass
            }
        }
    }

    /// Decides about the answer to the request that [`Faults::before`] let pass.
    pub(crate) fn after(&mut self) -> Verdict {
        let Some((fault, victim)) = self.pending.take() else {
            return Verdict::Pass;
        };
        match fault {
            Fault::LoseAnswer => Verdict::Break,
            Fault::TimedOut => Verdict::Answer(timed_out()),
            Fault::Hang(_, patience) => Verdict::Hang(patience),
            Fault::Crash(_) => victim.map_or(Verdict::Crash, Verdict::Kill),
            Fault::Refuse | Fault::Answer(_) | Fault::Disturb(_) => Verdict::Pass,
        }
    }
}

fn firing(request: &Request, instant: Instant, judged: &Judged) -> Firing {
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
        fault: judged.fault,
        victim: judged.victim.as_deref().map(str::to_owned),
        condition: judged.condition.clone(),
    }
}
