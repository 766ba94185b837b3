//! Who waits for the log to grow, and who is owed a bookmark.

use std::collections::BTreeMap;
use std::task::Waker;

use crate::store::log::TableId;

/// The open watches of a server that wait.
#[derive(Default)]
pub(crate) struct Watchers {
    next_id: u64,
    waiting: BTreeMap<TableId, BTreeMap<u64, Waker>>,
    barriers: u64,
}

impl Watchers {
    /// A number for a new watch.
    pub(crate) fn register(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Wakes `waker` at the next event of `table`, or the next barrier.
    pub(crate) fn wait(&mut self, table: TableId, id: u64, waker: &Waker) {
        let waiting = self.waiting.entry(table).or_default();
        waiting.insert(id, waker.clone());
    }

    /// Forgets a watch that ended.
    pub(crate) fn forget(&mut self, table: TableId, id: u64) {
        if let Some(waiting) = self.waiting.get_mut(&table) {
            waiting.remove(&id);
        }
    }

    /// Wakes the watches of one table.
    pub(crate) fn wake(&mut self, table: TableId) {
        let waiting = self.waiting.remove(&table).unwrap_or_default();
        waiting.into_values().for_each(Waker::wake);
    }

    /// Owes every watch a bookmark and wakes them all.
    pub(crate) fn raise_barrier(&mut self) {
        self.barriers += 1;
        self.wake_all();
    }

    /// Wakes all watches.
    pub(crate) fn wake_all(&mut self) {
        let waiting = std::mem::take(&mut self.waiting).into_values();
        waiting
            .flat_map(BTreeMap::into_values)
            .for_each(Waker::wake);
    }

    /// How many barriers were raised so far.
    pub(crate) fn barriers(&self) -> u64 {
        self.barriers
    }
}
