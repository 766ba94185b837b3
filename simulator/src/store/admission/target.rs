//! What matching has to know of a write.

use std::sync::Arc;

use super::attempt::{Attempt, Operation};
use crate::access::Policy;
use crate::json::Map;
use crate::store::kernel::Kernel;
use crate::store::object::{Key, Object};
use crate::store::registry::Served;
use crate::store::request::Part;

/// A write with what surrounds it.
pub(in crate::store) struct Target<'a> {
    pub(in crate::store) attempt: &'a Attempt<'a>,
    /// What the user may do.
    pub(super) policy: Policy<'a>,
    /// The namespace, if it lies in one and that is there.
    pub(in crate::store) namespace: Option<&'a Object>,
    /// The resource in the version of the request, and then in its other versions.
    pub(in crate::store) versions: Vec<Arc<Served>>,
}

impl<'a> Target<'a> {
    /// What `attempt` is about, in the cluster of `kernel`.
    pub(in crate::store) fn of(kernel: &'a Kernel, attempt: &'a Attempt<'a>) -> Self {
        let key = Key::new("", attempt.namespace());
        let namespace = kernel.log.get(kernel.namespaces(), &key);
        let own = &attempt.request.served;
        let is_other =
            |served: &&Arc<Served>| served.table == own.table && !Arc::ptr_eq(served, own);
        let others = kernel.registry.all().filter(is_other);
        let versions = std::iter::once(own).chain(others).map(Arc::clone);
        Self {
            attempt,
            policy: Policy::of(kernel),
            namespace: namespace.map(AsRef::as_ref),
            versions: versions.collect(),
        }
    }

    /// The labels that select the namespace; a namespace that is written has those of its new state.
    pub(in crate::store) fn namespace_labels(&self) -> Option<&Map> {
        let attempt = self.attempt;
        let is_written = attempt.is_of_namespaces()
            && attempt.request.part == Part::Whole
            && attempt.operation != Operation::Delete;
        if is_written {
            return attempt.new?["metadata"]["labels"].as_object();
        }
        self.namespace?.labels()
    }

    /// The labels of the new and of the old object, where there is one.
    pub(in crate::store) fn labels(&self) -> [Option<Option<&Map>>; 2] {
        if self.attempt.request.part == Part::Scale {
            return [Some(None), Some(None)];
        }
        let new = self.attempt.new;
        [
            new.map(|new| new["metadata"]["labels"].as_object()),
            self.attempt.old.map(Object::labels),
        ]
    }
}
