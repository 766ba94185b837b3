//! One rule: which requests it means, and what becomes of them.

use jiff::SignedDuration;

use crate::outcomes::glob::Glob;
use crate::store::request::{Part, Request, Verb};

use super::chain::Moment;
use super::disturbance::Disturbance;
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

/// Which requests fail, and how.
#[derive(Clone, Debug)]
pub struct Rule {
    actor: String,
    verbs: Verbs,
    resource: Option<String>,
    name: Option<Glob>,
    nth: Nth,
    fault: Fault,
    n_matches: usize,
}

impl Rule {
    /// A rule for every request of `actor` with one of `verbs`.
    #[must_use]
    pub fn new(actor: &str, verbs: Verbs, fault: Fault) -> Self {
        Self {
            actor: actor.to_owned(),
            verbs,
            resource: None,
            name: None,
            nth: Nth::Every,
            fault,
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

    /// The same rule, only for some of the requests that match.
    #[must_use]
    pub fn nth(mut self, nth: Nth) -> Self {
        self.nth = nth;
        self
    }

    /// The fault, if the rule means this request; counts the requests that match.
    pub(super) fn judge(&mut self, request: &Request) -> Option<Fault> {
        if !self.matches(request) {
            return None;
        }
        self.n_matches += 1;
        let is_meant = match self.nth {
            Nth::Every => true,
            Nth::First(n) => self.n_matches <= n,
            Nth::Only(n) => self.n_matches == n,
        };
        is_meant.then_some(self.fault)
    }

    fn matches(&self, request: &Request) -> bool {
        let verb = match self.verbs {
            Verbs::Any => true,
            Verbs::Writes => request.verb.is_write(),
            Verbs::One(name) => request.verb.name() == name,
        };
        let resource = self.resource.as_ref();
        let name = self.name.as_ref();
        *self.actor == *request.actor
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
