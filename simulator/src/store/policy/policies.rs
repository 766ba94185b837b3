//! Every policy and binding there is, compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::binding::Binding;
use super::validation::Policy;
use crate::store::object::Object;
use crate::store::registry::Served;

/// The group of both kinds.
const GROUP: &str = "admissionregistration.k8s.io";
/// Kinds that no policy is about, lest one could not be undone.
const EXEMPT: [&str; 4] = [
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
];

/// The policies and bindings of a cluster, by name.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Policies {
    policies: BTreeMap<String, Arc<Policy>>,
    bindings: BTreeMap<String, Arc<Binding>>,
}

impl Policies {
    /// Takes note of an object that was stored, if it is one of them.
    pub(in crate::store) fn learn(this: &mut Arc<Self>, served: &Served, stored: &Object) {
        let name = || stored.name().to_owned();
        match kept(served) {
            Some("validatingadmissionpolicies") => {
                let policy = Arc::new(Policy::of(stored));
                Arc::make_mut(this).policies.insert(name(), policy);
            }
            Some("validatingadmissionpolicybindings") => {
                let binding = Arc::new(Binding::read(stored));
                Arc::make_mut(this).bindings.insert(name(), binding);
            }
            _ => {}
        }
    }

    /// Takes note of the end of an object, if it is one of them.
    pub(in crate::store) fn forget(this: &mut Arc<Self>, served: &Served, last: &Object) {
        match kept(served) {
            Some("validatingadmissionpolicies") => {
                Arc::make_mut(this).policies.remove(last.name());
            }
            Some("validatingadmissionpolicybindings") => {
                Arc::make_mut(this).bindings.remove(last.name());
            }
            _ => {}
        }
    }

    /// Whether nothing has to be asked about a write to this resource.
    pub(super) fn are_silent(&self, served: &Served) -> bool {
        self.bindings.is_empty() || self.policies.is_empty() || kept(served).is_some()
    }

    /// Each policy, in the order of their names.
    pub(super) fn all(&self) -> impl Iterator<Item = &Policy> {
        self.policies.values().map(AsRef::as_ref)
    }

    /// The bindings of a policy, in the order of their names.
    pub(super) fn bindings_of(&self, policy: &Policy) -> impl Iterator<Item = &Binding> {
        let bindings = self.bindings.values().map(AsRef::as_ref);
        bindings.filter(move |binding: &&Binding| binding.policy == policy.name)
    }
}

/// The plural of a resource, if it is one of those that decide about others.
fn kept(served: &Served) -> Option<&'static str> {
    if served.kind.group != GROUP {
        return None;
    }
    EXEMPT
        .into_iter()
        .find(|plural| *plural == served.kind.plural)
}
