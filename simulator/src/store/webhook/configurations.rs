//! Every webhook there is, compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::hook::Webhook;
use crate::store::object::Object;
use crate::store::registry::Served;

/// The group of both kinds of configurations.
const GROUP: &str = "admissionregistration.k8s.io";
/// Kinds that no webhook is about, lest one could not be undone.
///
/// Source: apiserver v0.34.3, pkg/admission/plugin/webhook/predicates/rules/rules.go.
const EXEMPT: [&str; 6] = [
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
];

/// The webhooks of a cluster, by configuration.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Webhooks {
    mutating: ByConfiguration,
    validating: ByConfiguration,
}

type ByConfiguration = BTreeMap<String, Arc<[Webhook]>>;

impl Webhooks {
    /// Takes note of an object that was stored, if it is a configuration.
    pub(in crate::store) fn learn(this: &mut Arc<Self>, served: &Served, stored: &Object) {
        let Some(configurations) = Self::of(this, served) else {
            return;
        };
        let hooks = stored.value()["webhooks"].as_array().into_iter().flatten();
        let hooks = hooks.enumerate();
        let hooks = hooks.map(|(index, hook)| Webhook::read(stored.name(), index, hook));
        configurations.insert(stored.name().to_owned(), hooks.collect());
    }

    /// Takes note of the end of an object, if it is a configuration.
    pub(in crate::store) fn forget(this: &mut Arc<Self>, served: &Served, last: &Object) {
        if let Some(configurations) = Self::of(this, served) {
            configurations.remove(last.name());
        }
    }

    /// The configurations of a kind, to change.
    fn of<'a>(this: &'a mut Arc<Self>, served: &Served) -> Option<&'a mut ByConfiguration> {
        match (served.kind.group.as_str(), served.kind.plural.as_str()) {
            (GROUP, "mutatingwebhookconfigurations") => Some(&mut Arc::make_mut(this).mutating),
            (GROUP, "validatingwebhookconfigurations") => Some(&mut Arc::make_mut(this).validating),
            _ => None,
        }
    }

    /// Whether none of them has to be asked about a write to this resource.
    pub(in crate::store) fn are_silent(&self, served: &Served) -> bool {
        let kind = &served.kind;
        let is_exempt = kind.group == GROUP && EXEMPT.contains(&kind.plural.as_str());
        is_exempt || (self.mutating.is_empty() && self.validating.is_empty())
    }

    /// Those that may change a write, in the order in which they are called.
    pub(super) fn mutating(&self) -> impl Iterator<Item = &Webhook> {
        self.mutating.values().flat_map(|hooks| hooks.iter())
    }

    /// Those that can only refuse one.
    pub(super) fn validating(&self) -> impl Iterator<Item = &Webhook> {
        self.validating.values().flat_map(|hooks| hooks.iter())
    }
}
