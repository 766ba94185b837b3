//! The append-only log: revision `n` is the event at a known index, and a table is the sum of its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::object::{Key, Object};
use super::window::Window;

/// How many of the newest states stay as they were written: watchers nearly always ask for one of them.
const N_FRESH: usize = 256;

/// One write of one object.
#[derive(Clone, Debug)]
pub struct Event {
    /// The revision this write took.
    pub revision: u64,
    /// The table that holds the object.
    pub table: TableId,
    /// Before; `None` for a creation.
    pub old: Option<Arc<Object>>,
    /// After, or the last state stamped with the revision of the deletion.
    pub new: Arc<Object>,
    /// Whether `new` is in the table afterwards.
    pub deleted: bool,
    /// As many bytes as `new` had as text at most, when it was written.
    n_bytes_max: usize,
}

/// The index of a table in the log that owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableId(pub(crate) usize);

/// The objects of one resource, in all its versions, and where in the log their events are.
#[derive(Clone, Debug, Default)]
struct Table {
    objects: BTreeMap<Key, Arc<Object>>,
    revisions: Vec<u64>,
    /// The revision of the last of its events that compaction removed.
    compacted: u64,
    is_closed: bool,
}

/// Every table of a cluster and the history that led to them.
#[derive(Clone, Debug, Default)]
pub struct Log {
    events: Vec<Arc<Event>>,
    /// As many bytes as the texts of all events had at most.
    n_bytes_max: usize,
    /// The revision of the last event that compaction removed.
    compacted: u64,
    /// Shared with forks until one of them changes it.
    tables: Vec<Arc<Table>>,
}

impl Log {
    /// Opens an empty table.
    pub fn open(&mut self) -> TableId {
        self.tables.push(Arc::default());
        TableId(self.tables.len() - 1)
    }

    /// Ends a table whose resource is no longer served: its watches end.
    pub fn close(&mut self, table: TableId) {
        self.table_mut(table).is_closed = true;
    }

    /// Whether [`Log::close`] ended the table.
    #[must_use]
    pub fn is_closed(&self, table: TableId) -> bool {
        self.tables[table.0].is_closed
    }

    /// The revision of the newest event.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.compacted + self.events.len() as u64
    }

    /// Events up to and including this revision are gone.
    #[must_use]
    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    /// Events of a table up to and including this revision are gone: who has heard of that one has missed nothing.
    #[must_use]
    pub fn compacted_of(&self, table: TableId) -> u64 {
        self.tables[table.0].compacted
    }

    /// The present state of a table.
    #[must_use]
    pub fn objects(&self, table: TableId) -> &BTreeMap<Key, Arc<Object>> {
        &self.tables[table.0].objects
    }

    /// One object at present.
    #[must_use]
    pub fn get(&self, table: TableId, key: &Key) -> Option<&Arc<Object>> {
        self.tables[table.0].objects.get(key)
    }

    /// `value` as the next event would store it.
    #[must_use]
    pub fn next(&self, value: crate::json::Value) -> Arc<Object> {
        Object::new(value, self.revision() + 1)
    }

    /// Appends a creation or an update; `value` is stamped with the new revision.
    pub fn put(&mut self, table: TableId, value: crate::json::Value) -> Arc<Object> {
        let new = self.next(value);
        self.put_next(table, Arc::clone(&new));
        new
    }

    /// Appends a creation or an update to `new`, which [`Log::next`] made for this event.
    pub fn put_next(&mut self, table: TableId, new: Arc<Object>) {
        let objects = &mut self.table_mut(table).objects;
        let old = objects.insert(new.key(), Arc::clone(&new));
        self.append(table, old, new, false);
    }

    /// Appends the deletion of the object behind `key`, whose last state becomes `value`.
    pub fn remove(&mut self, table: TableId, key: &Key, value: crate::json::Value) -> Arc<Object> {
        let new = self.next(value);
        let old = self.table_mut(table).objects.remove(key);
        self.append(table, old, Arc::clone(&new), true);
        new
    }

    /// The state of a table just after `revision`, which must not be compacted; history is undone event by event.
    #[must_use]
    pub fn objects_at(&self, table: TableId, revision: u64) -> BTreeMap<Key, Arc<Object>> {
        let mut objects = self.tables[table.0].objects.clone();
        let later = self.events_after(table, revision).collect::<Vec<_>>();
        for event in later.into_iter().rev() {
            match &event.old {
                Some(old) => objects.insert(event.new.key(), Arc::clone(old)),
                None => objects.remove(&event.new.key()),
            };
        }
        objects
    }

    /// The events of a table after `revision`, in order.
    pub fn events_after(
        &self,
        table: TableId,
        revision: u64,
    ) -> impl DoubleEndedIterator<Item = &Arc<Event>> {
        let revisions = &self.tables[table.0].revisions;
        let start = revisions.partition_point(|r| *r <= revision.max(self.compacted));
        revisions[start..]
            .iter()
            .map(|r| &self.events[(r - self.compacted - 1) as usize])
    }

    /// The revision of the newest event of a table; zero if there is none, or it is forgotten.
    #[must_use]
    pub fn revision_of(&self, table: TableId) -> u64 {
        let revisions = &self.tables[table.0].revisions;
        revisions.last().copied().unwrap_or_default()
    }

    /// A log without tables whose history until `revision` is forgotten.
    #[must_use]
    pub(super) fn compacted_at(revision: u64) -> Self {
        Self {
            compacted: revision,
            ..Self::default()
        }
    }

    /// Puts an object into a table as it was left at a revision that is forgotten.
    pub(super) fn put_back(&mut self, table: TableId, object: Arc<Object>) {
        self.table_mut(table).objects.insert(object.key(), object);
    }

    /// The events of all tables after `revision`, in order.
    pub fn events_since(&self, revision: u64) -> impl Iterator<Item = &Event> {
        let start = revision.saturating_sub(self.compacted) as usize;
        let events = self.events.get(start..).unwrap_or_default();
        events.iter().map(AsRef::as_ref)
    }

    /// Forgets all events up to `revision`; later ones and the tables stay.
    pub fn compact(&mut self, revision: u64) {
        let until = revision.min(self.revision());
        if until <= self.compacted {
            return;
        }
        let forgotten = self.events.drain(..(until - self.compacted) as usize);
        self.n_bytes_max -= forgotten.map(|event| event.n_bytes_max).sum::<usize>();
        self.compacted = until;
        for table in &mut self.tables {
            let start = table.revisions.partition_point(|r| *r <= until);
            if start > 0 {
                let table = Arc::make_mut(table);
                table.compacted = table.revisions[start - 1];
                table.revisions.drain(..start);
            }
        }
    }

    /// Forgets the oldest events once there are more than a window holds, and then a quarter more than it must, so that
    /// it seldom has to. The newest event stays.
    pub(super) fn keep_within(&mut self, window: &Window) {
        let Window { n_events, n_bytes } = *window;
        if self.events.len() <= n_events && self.n_bytes_max <= n_bytes {
            return;
        }
        let is_roomy = |n_left: usize, n_bytes_left: usize| {
            n_left <= n_events - n_events / 4 && n_bytes_left <= n_bytes - n_bytes / 4
        };
        let (mut n_left, mut n_bytes_left) = (self.events.len(), self.n_bytes_max);
        for event in &self.events {
            if n_left <= 1 || is_roomy(n_left, n_bytes_left) {
                break;
            }
            n_left -= 1;
            n_bytes_left -= event.n_bytes_max;
        }
        self.compact(self.revision() - n_left as u64);
    }

    /// Takes back all events after `revision`, which nobody has heard of; tables that were opened since stay, empty.
    pub(super) fn take_back(&mut self, revision: u64) {
        while self.revision() > revision
            && let Some(event) = self.events.pop()
        {
            self.n_bytes_max -= event.n_bytes_max;
            let table = self.table_mut(event.table);
            table.revisions.pop();
            match &event.old {
                Some(old) => table.objects.insert(old.key(), Arc::clone(old)),
                None => table.objects.remove(&event.new.key()),
            };
        }
    }

    /// Goes on with a table that [`Log::close`] ended.
    pub(super) fn reopen(&mut self, table: TableId) {
        self.table_mut(table).is_closed = false;
    }

    fn table_mut(&mut self, table: TableId) -> &mut Table {
        Arc::make_mut(&mut self.tables[table.0])
    }

    /// Keeps of a state that is no longer the present one what history needs.
    fn supersede(&mut self, object: &Arc<Object>) -> Arc<Object> {
        let rested = object.rested();
        let index = object.revision().checked_sub(self.compacted + 1);
        if let Some(event) = index.and_then(|index| self.events.get_mut(index as usize)) {
            Arc::make_mut(event).new = Arc::clone(&rested);
        }
        rested
    }

    /// Keeps less of the state that an event made, if it is still the present one.
    fn rest(&mut self, index: usize) {
        let event = &self.events[index];
        let (table, new) = (event.table, Arc::clone(&event.new));
        let rested = new.rested();
        if Arc::ptr_eq(&rested, &new) {
            return;
        }
        if let Some(present) = self.table_mut(table).objects.get_mut(&new.key())
            && Arc::ptr_eq(present, &new)
        {
            *present = Arc::clone(&rested);
            Arc::make_mut(&mut self.events[index]).new = rested;
        }
    }

    fn append(
        &mut self,
        table: TableId,
        old: Option<Arc<Object>>,
        new: Arc<Object>,
        deleted: bool,
    ) {
        let revision = new.revision();
        let measured = new
            .bytes_max
            .get()
            .or_else(|| old.as_ref()?.bytes_max.get());
        let n_bytes_max = measured.copied().unwrap_or_default();
        self.n_bytes_max += n_bytes_max;
        self.table_mut(table).revisions.push(revision);
        self.events.push(Arc::new(Event {
            revision,
            table,
            old,
            new,
            deleted,
            n_bytes_max,
        }));
        self.fade();
    }

    /// Keeps less of the states before and after an event, once most watchers have heard of it.
    fn fade(&mut self) {
        let Some(index) = self.events.len().checked_sub(N_FRESH + 1) else {
            return;
        };
        if let Some(old) = self.events[index].old.clone() {
            let rested = self.supersede(&old);
            Arc::make_mut(&mut self.events[index]).old = Some(rested);
        }
        self.rest(index);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn named(name: &str, size: u64) -> crate::json::Value {
        json!({"metadata": {"name": name}, "size": size})
    }

    fn sizes(objects: &BTreeMap<Key, Arc<Object>>) -> Vec<(&str, u64)> {
        objects
            .values()
            .map(|o| (o.name(), o.value()["size"].as_u64().unwrap()))
            .collect()
    }

    fn history() -> (Log, TableId) {
        let mut log = Log::default();
        let table = log.open();
        log.put(table, named("a", 1));
        log.put(table, named("b", 1));
        log.put(table, named("a", 2));
        let b = Key::new("", "b");
        log.remove(table, &b, named("b", 1));
        (log, table)
    }

    #[test]
    fn a_table_can_be_read_at_any_revision() {
        let (log, table) = history();
        assert_eq!(sizes(&log.objects_at(table, 0)), []);
        assert_eq!(sizes(&log.objects_at(table, 2)), [("a", 1), ("b", 1)]);
        assert_eq!(sizes(&log.objects_at(table, 3)), [("a", 2), ("b", 1)]);
        assert_eq!(sizes(log.objects(table)), [("a", 2)]);
    }

    #[test]
    fn what_was_read_and_not_written_for_a_while_is_kept_as_text() {
        let (mut log, table) = history();
        let key = |name: &str| Key::new("", name);
        let before = Arc::clone(log.get(table, &key("a")).unwrap());
        assert!(!before.encoded().is_empty());
        for n in 0..=N_FRESH {
            log.put(table, named("other", n as u64));
        }
        let after = log.get(table, &key("a")).unwrap();
        assert!(!Arc::ptr_eq(after, &before));
        assert!(Arc::ptr_eq(
            after,
            &log.events_after(table, 2).next().unwrap().new
        ));
        assert_eq!(after.value(), before.value());
    }

    #[test]
    fn compaction_forgets_events_and_keeps_revisions() {
        let (mut log, table) = history();
        log.compact(2);
        let left: Vec<u64> = log.events_after(table, 0).map(|e| e.revision).collect();
        assert_eq!((log.compacted(), log.revision(), left), (2, 4, vec![3, 4]));
    }

    #[rstest]
    #[case::as_many_as_it_holds(4, 400, 0)]
    #[case::one_too_many(3, 400, 1)]
    #[case::a_quarter_is_free_afterwards(8, 350, 2)]
    #[case::the_newest_stays(0, 0, 3)]
    fn a_window_moves_on(#[case] n_events: usize, #[case] n_bytes: usize, #[case] compacted: u64) {
        let mut log = Log::default();
        let table = log.open();
        for size in 1..=4 {
            let object = log.next(named("a", size));
            object.bytes_max.get_or_init(|| 100);
            log.put_next(table, object);
        }
        log.keep_within(&Window { n_events, n_bytes });
        assert_eq!((log.compacted(), log.revision()), (compacted, 4));
        assert_eq!(log.n_bytes_max, 100 * (4 - compacted) as usize);
        assert_eq!(sizes(log.objects(table)), [("a", 4)]);
    }
}
