//! What a run leaves behind: the last state of every object of interest, also of those that are gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use futures::future::{BoxFuture, FutureExt};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::core::ApiResource;

use crate::part::{Caches, Change, ChangeKind, Failure, Key, Part, PartObject, Wake, Watch};

/// A part that only watches and remembers; clones share one memory.
#[derive(Clone)]
pub(super) struct Recorder {
    kinds: Vec<ApiResource>,
    record: Arc<Mutex<Record>>,
}

/// The objects of a run.
#[derive(Default)]
pub(super) struct Record {
    /// Last state by index of the kind, namespace, name and uid.
    objects: BTreeMap<Identity, Recorded>,
}

type Identity = (usize, String, String, String);

/// One object as it was last seen.
#[derive(Clone)]
pub(super) struct Recorded {
    /// Its last state.
    pub(super) object: Arc<PartObject>,
    /// Whether it was removed during the run.
    pub(super) deleted: bool,
}

impl Recorder {
    /// Remembers objects of `kinds`.
    #[must_use]
    pub(super) fn new(kinds: Vec<ApiResource>) -> Self {
        Self {
            kinds,
            record: Arc::default(),
        }
    }

    /// What was seen so far.
    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().expect("no holder of the record panics")
    }
}

impl Record {
    /// Every object, in the order of kinds, then by namespace and name.
    pub(super) fn all(&self) -> impl Iterator<Item = &Recorded> {
        self.objects.values()
    }

    /// The objects of the kind with this index that are still there.
    pub(super) fn present(&self, kind: usize) -> impl Iterator<Item = &Arc<PartObject>> {
        let of_kind = self
            .objects
            .iter()
            .filter(move |((index, ..), recorded)| *index == kind && !recorded.deleted);
        of_kind.map(|(_, recorded)| &recorded.object)
    }
}

impl Part for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn watches(&self) -> Vec<Watch> {
        self.kinds.iter().cloned().map(Watch::all).collect()
    }

    fn observe(&mut self, change: &Change, _: &Caches) -> Vec<Wake> {
        let object = &change.object;
        let identity = (
            change.watch,
            object.namespace().unwrap_or_default(),
            object.name_any(),
            object.uid().unwrap_or_default(),
        );
        let recorded = Recorded {
            object: object.clone(),
            deleted: change.kind == ChangeKind::Deleted,
        };
        self.record().objects.insert(identity, recorded);
        Vec::new()
    }

    fn reconcile<'a>(
        &'a mut self,
        _: &'a Key,
        _: &'a Caches,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        futures::future::ready(Ok(None)).boxed()
    }
}
