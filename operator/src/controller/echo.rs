//! Our own status writes, when a watch tells of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;

use super::related::ObjectKey;

/// The statuses that were written and that no watch has shown yet: what they hold was known when they were planned, and
/// so was what to do next. A status that somebody else writes is none, and is put right.
#[derive(Clone, Debug, Default)]
pub struct Echoes(Arc<Mutex<Written>>);

/// Kind and object → resource version of the last write.
type Written = BTreeMap<(String, ObjectKey), String>;

impl Echoes {
    /// Whether a change of a `K` is the last status written to it; a driver wakes nobody then. True once for each write.
    #[must_use]
    pub fn take<K>(&self, changed: &ObjectMeta) -> bool
    where
        K: Resource<DynamicType = ()>,
    {
        let mut written = self.lock();
        let key = key::<K>(changed);
        let is_echo = written.get(&key) == changed.resource_version.as_ref();
        is_echo && written.remove(&key).is_some()
    }

    /// Keeps in mind that this is what a status write made of a `K`.
    pub(super) fn wrote<K>(&self, made: &ObjectMeta)
    where
        K: Resource<DynamicType = ()>,
    {
        if let Some(version) = &made.resource_version {
            self.lock().insert(key::<K>(made), version.clone());
        }
    }

    /// Expects nothing more of a `K` that goes.
    pub(super) fn forget<K>(&self, gone: &ObjectMeta)
    where
        K: Resource<DynamicType = ()>,
    {
        self.lock().remove(&key::<K>(gone));
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key<K>(metadata: &ObjectMeta) -> (String, ObjectKey)
where
    K: Resource<DynamicType = ()>,
{
    (K::kind(&()).into_owned(), ObjectKey::of(metadata))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::artifact_workflow::ArtifactWorkflow;
    use crate::api::order::Order;
    use crate::plan::builders::meta;

    fn at(version: &str) -> ObjectMeta {
        ObjectMeta {
            resource_version: Some(version.to_owned()),
            ..meta("o")
        }
    }

    #[test]
    fn a_write_is_an_echo_once_and_only_of_its_own_object() {
        let echoes = Echoes::default();
        echoes.wrote::<Order>(&at("7"));
        assert!(!echoes.take::<ArtifactWorkflow>(&at("7")));
        assert!(!echoes.take::<Order>(&at("8")), "somebody else's write");
        assert!(echoes.take::<Order>(&at("7")));
        assert!(!echoes.take::<Order>(&at("7")));
    }

    #[test]
    fn nothing_is_expected_of_what_is_gone() {
        let echoes = Echoes::default();
        echoes.wrote::<Order>(&at("7"));
        echoes.forget::<Order>(&at("9"));
        assert!(!echoes.take::<Order>(&at("7")));
    }

    #[test]
    fn the_last_write_is_the_one_to_expect() {
        let echoes = Echoes::default();
        echoes.wrote::<Order>(&at("7"));
        echoes.wrote::<Order>(&at("9"));
        assert!(!echoes.take::<Order>(&at("7")));
        assert!(echoes.take::<Order>(&at("9")));
    }
}
