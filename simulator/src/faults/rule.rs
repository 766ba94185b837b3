//! One rule: which requests it means, and what becomes of them.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::outcomes::glob::Glob;
use crate::store::condition::Condition;
use crate::store::request::{Part, Request, Verb};

use super::chain::Moment;
use super::disturbance::Disturbance;
use super::outlook::Outlook;
use super::refusal::Refusal;

/// What happens to a request that a rule means.
///
/// Source: `spec/kube-api.md` §5.2 F1, F4, F5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection breaks before anything has happened.
    Refuse,
    /// The request takes effect, but the connection breaks before the answer.
    LoseAnswer,
    /// The client is told this; nothing has happened.
    Answer(Refusal),
    /// 500 as from etcd, after the request took effect.
    TimedOut,
    /// Nobody answers, whether the request took effect before or not; after so long, which is the client's patience, the
    /// connection breaks.
    Hang(Moment, SignedDuration),
    /// Something happens beside the request, which itself goes on, unless nobody is there any more to answer it.
    Disturb(Disturbance),
    /// The client dies before or after the request took effect, in any case without an answer, and is started afresh.
    Crash(Moment),
}

/// Which verbs a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbs {
    /// All.
    Any,
    /// Those that can change something.
    Writes,
    /// The one that authorisation calls so, such as `create`.
    One(&'static str),
}

/// Which of the requests that match a rule it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    /// All.
    Every,
    /// The first so many.
    First(usize),
    /// Only this one, counted from 1.
    Only(usize),
}

/// A pattern that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the name pattern of a fault rule: {0}")]
pub struct PatternError(String);

/// A condition that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the condition of a fault rule: {0}")]
pub struct ConditionError(String);

/// Which requests fail, and how.
///
/// Source: `spec/kube-api.md` §5.2.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Whose requests; everybody's, if absent.
    actor: Option<String>,
    verbs: Verbs,
    resource: Option<String>,
    name: Option<Glob>,
    condition: Option<Condition>,
    nth: Nth,
    fault: Fault,
    victim: Option<Arc<str>>,
    n_matches: usize,
}

/// What a rule makes of a request that it means.
pub(super) struct Judged {
    pub(super) fault: Fault,
    /// Whom it strikes, if not who asks.
    pub(super) victim: Option<Arc<str>>,
    /// Which condition was met, if there was one.
    pub(super) condition: Option<String>,
}

impl Judged {
    /// A fault of the request itself.
    pub(super) fn of(fault: Fault) -> Self {
        Self {
            fault,
            victim: None,
            condition: None,
        }
    }
}

impl Rule {
    /// A rule for every request of `actor` with one of `verbs`.
    #[must_use]
    pub fn new(actor: &str, verbs: Verbs, fault: Fault) -> Self {
        Self {
            actor: Some(actor.to_owned()),
            ..Self::of_anybody(verbs, fault)
        }
    }

    /// A rule for every request with one of `verbs`, whosever it is.
    #[must_use]
    pub fn of_anybody(verbs: Verbs, fault: Fault) -> Self {
        Self {
            actor: None,
            verbs,
            resource: None,
            name: None,
            condition: None,
            nth: Nth::Every,
            fault,
            victim: None,
            n_matches: 0,
        }
    }

    /// The same rule, only for a resource such as `workflows` or `workflows/status`.
    #[must_use]
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// The same rule, only for objects with a name that matches `glob`.
    ///
    /// # Errors
    /// `glob` is none.
    pub fn named(mut self, glob: &str) -> Result<Self, PatternError> {
        self.name = Some(Glob::new(glob).map_err(PatternError)?);
        Ok(self)
    }

    /// The same rule, only for requests that change an object as `condition` says: CEL over `object`, as it is afterwards, and
    /// `oldObject`, as it was before, each null where there is none. What somebody gets, and a write that changes nothing,
    /// leaves the object as it is; a request that is refused, a list and a watch meet no condition, and neither does a change
    /// about which the condition cannot be asked, for want of a field. What webhooks would add is not looked at.
    ///
    /// # Errors
    /// It does not parse, names something else, or is not true or false.
    pub fn when(mut self, condition: &str) -> Result<Self, ConditionError> {
        self.condition = Some(Condition::read(condition).map_err(ConditionError)?);
        Ok(self)
    }

    /// The same rule, but whoever dies of it, or is disturbed, is `victim`, and the request goes on; a fault of the request
    /// itself still meets who asks.
    #[must_use]
    pub fn strikes(mut self, victim: &str) -> Self {
        self.victim = Some(Arc::from(victim));
        self
    }

    /// The same rule, only for some of the requests that match.
    #[must_use]
    pub fn nth(mut self, nth: Nth) -> Self {
        self.nth = nth;
        self
    }

    /// The fault, if the rule means this request; counts the requests that match.
    pub(super) fn judge(&mut self, request: &Request, outlook: &Outlook) -> Option<Judged> {
        let condition = self.condition.as_ref();
        if !self.matches(request) || condition.is_some_and(|condition| !outlook.meets(condition)) {
            return None;
        }
        self.n_matches += 1;
        let is_meant = match self.nth {
            Nth::Every => true,
            Nth::First(n) => self.n_matches <= n,
            Nth::Only(n) => self.n_matches == n,
        };
        let victim = self
            .victim
            .as_ref()
            .filter(|victim| **victim != request.actor);
        is_meant.then(|| Judged {
            fault: self.fault,
            victim: victim.cloned(),
            condition: condition.map(|condition| condition.source().to_owned()),
        })
    }

    fn matches(&self, request: &Request) -> bool {
        let verb = match self.verbs {
            Verbs::Any => true,
            Verbs::Writes => request.verb.is_write(),
            Verbs::One(name) => request.verb.name() == name,
        };
        let (actor, resource) = (self.actor.as_ref(), self.resource.as_ref());
        let name = self.name.as_ref();
        actor.is_none_or(|actor| **actor == *request.actor)
            && verb
            && resource.is_none_or(|resource| *resource == resource_of(request))
            && name.is_none_or(|glob| glob.matches(name_of(request)))
    }
}

/// The resource as rules spell it.
pub(super) fn resource_of(request: &Request) -> String {
    let plural = &request.served.kind.plural;
    match request.part {
        Part::Whole => plural.clone(),
        part => format!("{plural}/{}", part.subresource()),
    }
}

/// The name in the URL or in the body; empty if the server is to make one up, or many objects are meant.
pub(crate) fn name_of(request: &Request) -> &str {
    match &request.verb {
        Verb::Create(body, _) if request.name.is_empty() => {
            body["metadata"]["name"].as_str().unwrap_or_default()
        }
        _ => &request.name,
    }
}
