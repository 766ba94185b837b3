//! A second operator beside the first, as if neither heeded their lease.

use arc_simulator::operator::Operator;
use arc_simulator::part::{Caches, Change, Failure, Key, Part, Wake, Watch};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

/// Its name in the log.
pub(crate) const SECOND: &str = "second-operator";

/// An operator under a name of its own.
pub(crate) struct Second(pub(crate) Operator);

impl Part for Second {
    fn name(&self) -> &'static str {
        SECOND
    }

    fn watches(&self) -> Vec<Watch> {
        self.0.watches()
    }

    fn observe(&mut self, change: &Change, caches: &Caches) -> Vec<Wake> {
        self.0.observe(change, caches)
    }

    fn reconcile<'a>(
        &'a mut self,
        key: &'a Key,
        caches: &'a Caches,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<SignedDuration>, Failure>> {
        self.0.reconcile(key, caches, now)
    }
}
