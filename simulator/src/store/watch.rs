//! A watch: a cursor into the log that is pulled.
//!
//! Source: `spec/kube-api.md` §1.11.

use std::collections::VecDeque;
use std::sync::Arc;

use super::log::{Event, Log, TableId};
use super::object::Object;
use super::request::{Request, Start, WatchOptions};
use super::selector::Selectors;
use super::status::Status;
use crate::json::json;

/// What a watch delivers.
#[derive(Clone, Debug)]
pub enum Signal {
    /// The object starts to be selected.
    Added(Arc<Object>),
    /// The object stays selected.
    Modified(Arc<Object>),
    /// The object is gone or no longer selected.
    Deleted(Arc<Object>),
    /// Everything up to a revision has been delivered.
    Bookmark(Bookmark),
    /// The watch ends with an error.
    Error(Status),
    /// The watch ends.
    End,
}

/// What a bookmark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// `metadata.resourceVersion`.
    pub revision: u64,
    /// Whether it ends the initial events.
    pub ends_initial_events: bool,
}

/// The place of one watch in the log.
#[derive(Clone, Debug)]
pub struct Cursor {
    table: TableId,
    namespace: String,
    selectors: Selectors,
    bookmarks: bool,
    initial: VecDeque<Arc<Object>>,
    announce_initial_end: bool,
    failure: Option<Status>,
    is_over: bool,
    revision: u64,
}

impl Cursor {
    /// A cursor for `request`, placed where `options` say.
    #[must_use]
    pub(crate) fn open(log: &Log, request: &Request, options: &WatchOptions) -> Self {
        let mut cursor = Self {
            table: request.served.table,
            namespace: request.namespace.clone(),
            selectors: options.selectors.clone(),
            bookmarks: options.bookmarks,
            initial: VecDeque::new(),
            announce_initial_end: false,
            failure: None,
            is_over: false,
            revision: log.revision(),
        };
        match options.start {
            Start::Now => {}
            Start::State => cursor.begin_with_state(log, options.as_of),
            Start::StateThenBookmark(_) => {
                cursor.begin_with_state(log, options.as_of);
                cursor.announce_initial_end = options.bookmarks;
            }
            Start::After(revision) if revision < log.compacted() => {
                cursor.failure = Some(too_old(revision, log.compacted()));
            }
            Start::After(revision) => cursor.revision = revision,
        }
        cursor
    }

    /// The table this watch reads.
    #[must_use]
    pub fn table(&self) -> TableId {
        self.table
    }

    /// Whether the client allowed bookmarks.
    #[must_use]
    pub fn allows_bookmarks(&self) -> bool {
        self.bookmarks
    }

    /// Ends the watch as too old, whatever it has still to tell.
    pub(crate) fn expire(&mut self, log: &Log) {
        self.failure = Some(too_old(self.revision, log.revision()));
    }

    /// The next signal of what happened up to revision `until`, or `None` until there is more.
    pub fn next(&mut self, log: &Log, until: u64) -> Option<Signal> {
        if self.is_over {
            return Some(Signal::End);
        }
        if let Some(failure) = self.failure.take() {
            self.is_over = true;
            return Some(Signal::Error(failure));
        }
        if let Some(object) = self.initial.pop_front() {
            return Some(Signal::Added(object));
        }
        if std::mem::take(&mut self.announce_initial_end) {
            return Some(Signal::Bookmark(Bookmark {
                revision: self.revision,
                ends_initial_events: true,
            }));
        }
        self.next_event(log, until)
    }

    /// A bookmark at the newest revision up to `until`; only right after [`Cursor::next`] gave `None`.
    #[must_use]
    pub fn bookmark(&self, log: &Log, until: u64) -> Signal {
        Signal::Bookmark(Bookmark {
            revision: self.revision.max(log.revision().min(until)),
            ends_initial_events: false,
        })
    }

    fn begin_with_state(&mut self, log: &Log, as_of: Option<u64>) {
        let history;
        let objects = match as_of {
            None => log.objects(self.table),
            Some(revision) => {
                self.revision = revision;
                history = log.objects_at(self.table, revision);
                &history
            }
        };
        let selected = objects.values().filter(|object| self.selects(object));
        self.initial = selected.cloned().collect();
    }

    fn next_event(&mut self, log: &Log, until: u64) -> Option<Signal> {
        if self.revision < log.compacted_of(self.table) {
            self.is_over = true;
            return Some(Signal::Error(too_old(self.revision, log.compacted())));
        }
        let events = log.events_after(self.table, self.revision);
        for event in events.take_while(|event| event.revision <= until) {
            self.revision = event.revision;
            if let Some(signal) = self.transition(event) {
                return Some(signal);
            }
        }
        log.is_closed(self.table).then(|| {
            self.is_over = true;
            Signal::End
        })
    }

    fn transition(&self, event: &Event) -> Option<Signal> {
        let before = event.old.as_ref().filter(|old| self.selects(old));
        let is_selected = !event.deleted && self.selects(&event.new);
        match (before, is_selected) {
            (None, false) => None,
            (None, true) => Some(Signal::Added(Arc::clone(&event.new))),
            (Some(_), true) => Some(Signal::Modified(Arc::clone(&event.new))),
            (Some(_), false) if event.deleted => Some(Signal::Deleted(Arc::clone(&event.new))),
            (Some(old), false) => Some(Signal::Deleted(old.restamped(event.revision))),
        }
    }

    fn selects(&self, object: &Object) -> bool {
        (self.namespace.is_empty() || object.namespace() == self.namespace)
            && self.selectors.select(object)
    }
}

fn too_old(asked: u64, compacted: u64) -> Status {
    Status {
        code: 410,
        reason: "Expired",
        message: format!("too old resource version: {asked} ({compacted})"),
        details: None,
    }
}

/// 504 for a revision that the cluster has not reached.
pub(crate) fn too_large(asked: u64, current: u64) -> Status {
    Status {
        code: 504,
        reason: "Timeout",
        message: format!("Timeout: Too large resource version: {asked}, current: {current}"),
        details: Some(json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1
        })),
    }
}
