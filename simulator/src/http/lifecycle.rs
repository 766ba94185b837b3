//! Kinds that come late, go for a while, or are hidden: what faults did to what the server serves.
//!
//! Source: `spec/kube-api.md` §5.2 F9.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::state::State;
use crate::clock::after;
use crate::faults::Instant;
use crate::json::Value;
use crate::store::kind::Kind;
use crate::store::log::TableId;
use crate::store::registry::{Found, Registry};
use crate::store::request::{At, Request, Verb};

/// A kind in all its versions, by group and plural.
type Name = (String, String);

/// What the server does not serve, or show, as it should.
#[derive(Default)]
pub(crate) struct Lifecycle {
    /// Kinds that nobody finds until then.
    unserved: BTreeMap<Name, Timestamp>,
    /// What discovery shows until then.
    frozen: Option<(Vec<Arc<Kind>>, Timestamp)>,
    /// When definitions are established that were made before.
    held_until: Option<Timestamp>,
}

impl Lifecycle {
    /// When the next of it is over.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        let frozen = self.frozen.as_ref().map(|(_, until)| *until);
        let unserved = self.unserved.values().copied();
        unserved.chain(frozen).chain(self.held_until).min()
    }

    /// Whether definitions that had to wait are to be established now.
    pub(super) fn establishes_at(&self, now: Timestamp) -> bool {
        self.held_until.is_some_and(|until| until <= now)
    }

    /// Puts right what is over at `now`, but for definitions, which somebody has to establish.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        self.unserved.retain(|_, until| *until > now);
        self.frozen = self.frozen.take().filter(|(_, until)| *until > now);
    }
}

impl State {
    /// Looks a resource up among those that are served now.
    pub(super) fn find(&self, (group, version): (&str, &str), plural: &str) -> Found {
        self.served().find(group, version, plural)
    }

    /// The kinds that discovery shows.
    pub(super) fn discovered(&self) -> Vec<Arc<Kind>> {
        if let Some((kinds, _)) = &self.trouble.lifecycle.frozen {
            return kinds.clone();
        }
        let served = self.served();
        served.all().map(|one| Arc::clone(&one.kind)).collect()
    }

    /// What is served now.
    pub(super) fn served(&self) -> Arc<Registry> {
        let registry = self.kernel.registry();
        let unserved = &self.trouble.lifecycle.unserved;
        if unserved.is_empty() {
            return Arc::clone(registry);
        }
        let mut left = Registry::clone(registry);
        for (group, plural) in unserved.keys() {
            left.withdraw(group, plural);
        }
        Arc::new(left)
    }

    /// Lets nobody find a kind for a while: the one that `request` is about, or defines.
    pub(super) fn unserve(&mut self, request: &Request, time: SignedDuration, at: Instant) {
        let name = meant(request);
        let is_meant = |kind: &Kind| (&kind.group, &kind.plural) == (&name.0, &name.1);
        let all = self.kernel.registry().all();
        let tables: BTreeSet<TableId> = all
            .filter(|served| is_meant(&served.kind))
            .map(|served| served.table)
            .collect();
        self.trouble.streams.end_of(&tables);
        self.watchers.wake_all();
        let until = after(at.now, time);
        self.trouble.lifecycle.unserved.insert(name, until);
    }

    /// Lets discovery show the kinds of now for a while.
    pub(super) fn freeze_discovery(&mut self, time: SignedDuration, at: Instant) {
        let kinds = self.discovered();
        self.trouble.lifecycle.frozen = Some((kinds, after(at.now, time)));
    }

    /// Lets definitions wait for a while to be established.
    pub(super) fn hold_definitions(&mut self, time: SignedDuration, at: Instant) {
        self.trouble.lifecycle.held_until = Some(after(at.now, time));
        self.kernel_mut().hold_definitions(true);
    }

    /// Establishes the definitions that had to wait until now.
    pub(super) fn establish_held(&mut self, now: Timestamp) {
        let held_until = &mut self.trouble.lifecycle.held_until;
        if held_until.take_if(|until| *until <= now).is_none() {
            return;
        }
        self.kernel_mut().hold_definitions(false);
        self.kernel_mut().establish_all(now);
    }
}

/// The kind that a request defines, or is about.
fn meant(request: &Request) -> Name {
    let kind = &request.served.kind;
    match &request.verb {
        Verb::Create(body, _) if kind.kind == "CustomResourceDefinition" => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let spec = &body["spec"];
            (text(&spec["group"]), text(&spec["names"]["plural"]))
        }
        _ => (kind.group.clone(), kind.plural.clone()),
    }
}

/// Lets a list that asks for pages have smaller ones.
pub(super) fn shorten(request: &mut Request, n_objects: usize) {
    if let Verb::List(options) = &mut request.verb
        && options.limit > 0
        && !matches!(options.at, At::Any)
    {
        options.limit = options.limit.min(n_objects.max(1));
    }
}
