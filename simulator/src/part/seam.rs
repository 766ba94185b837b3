//! The trait, and what passes through it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use kube::core::ApiResource;

use super::PartObject;

/// A client of the API that reacts to what changes there.
///
/// One driver runs parts in virtual time, one after the other and in an order drawn from the seed; another runs
/// each as a task of its own in real time. A part keeps no state that it could not rebuild from [`Caches`], so that
/// it may be restarted at any moment.
pub trait Part: Send {
    /// The actor that the event log names.
    fn name(&self) -> &'static str;

    /// The collections this part follows; [`Change::watch`] and [`Caches::of`] count in this order.
    fn watches(&self) -> Vec<Watch>;

    /// Collections learned of since the last call, which count on from those before.
    fn further_watches(&mut self) -> Vec<Watch> {
        Vec::new()
    }

    /// The keys to reconcile because of `change`, each after its delay. The caches already hold the change.
    fn observe(&mut self, change: &Change, caches: &Caches) -> Vec<Wake>;

    /// Brings the world closer to what the object behind `key` asks for; `Some(d)` asks to be called again after `d`.
    ///
    /// # Errors
    /// Any failure makes the driver call again with a growing delay.
    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>>;
}

/// Why a reconcile did not finish; the driver logs it and tries again.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One collection to follow, in all namespaces.
#[derive(Clone, Debug)]
pub struct Watch {
    /// What to list and watch.
    pub resource: ApiResource,
    /// A label selector, as in `kubectl get -l`.
    pub labels: Option<String>,
    /// Whether `metadata` is enough.
    pub metadata_only: bool,
}

impl Watch {
    /// Follows all objects of `resource`.
    #[must_use]
    pub fn all(resource: ApiResource) -> Self {
        Self {
            resource,
            labels: None,
            metadata_only: false,
        }
    }

    /// The same collection, restricted to objects that `selector` selects.
    #[must_use]
    pub fn labelled(mut self, selector: &str) -> Self {
        self.labels = Some(selector.to_owned());
        self
    }

    /// The same collection, without `spec` and `status`.
    #[must_use]
    pub fn metadata_only(mut self) -> Self {
        self.metadata_only = true;
        self
    }
}

/// What a part reconciles: usually an object, sometimes only a name for a chore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The kind, or the chore.
    pub kind: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Key {
    /// The key of `object`, called `kind`.
    #[must_use]
    pub fn of(kind: &str, object: &PartObject) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: object.metadata.namespace.clone().unwrap_or_default(),
            name: object.metadata.name.clone().unwrap_or_default(),
        }
    }
}

/// A key to reconcile after a delay; a delay of zero means now. A key that already waits keeps its earlier time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wake {
    /// What to reconcile.
    pub key: Key,
    /// How long to wait in cluster time.
    pub after: SignedDuration,
}

impl Wake {
    /// Reconciles `key` as soon as possible.
    #[must_use]
    pub fn now(key: Key) -> Self {
        Self {
            key,
            after: SignedDuration::ZERO,
        }
    }
}

/// One change of a followed collection.
#[derive(Clone, Debug)]
pub struct Change {
    /// Index into [`Part::watches`].
    pub watch: usize,
    /// What the object became.
    pub kind: ChangeKind,
    /// The object after the change, or its last state if it was deleted.
    pub object: Arc<PartObject>,
}

/// How an object changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Created, updated, or seen for the first time.
    Applied,
    /// Gone.
    Deleted,
}

/// What each watch of a part has shown so far: namespace and name → object.
#[derive(Default, Debug)]
pub struct Caches(pub(crate) Vec<Cache>);

/// The objects of one watch by namespace (empty if cluster-scoped) and name.
pub type Cache = BTreeMap<(String, String), Arc<PartObject>>;

impl Caches {
    /// The objects of the watch with this index in [`Part::watches`].
    #[must_use]
    pub fn of(&self, watch: usize) -> &Cache {
        &self.0[watch]
    }

    /// The object with this key in one watch.
    #[must_use]
    pub fn get(&self, watch: usize, key: &Key) -> Option<&Arc<PartObject>> {
        self.0[watch].get(&(key.namespace.clone(), key.name.clone()))
    }
}
