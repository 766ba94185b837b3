//! A watch: a cursor into the log that is pulled.
//!
//! Source: `spec/kube-api.md` §1.11.

use std::collections::VecDeque;
use std::sync::Arc;

use super::kernel::Kernel;
use super::log::{Event, Log, TableId};
use super::object::Object;
use super::registry::{Conversion, Served};
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

/// Which objects of a table a watch is about.
#[derive(Debug)]
pub(crate) struct Selection {
    served: Arc<Served>,
    namespace: String,
    selectors: Selectors,
}

/// The place of one watch in the log.
#[derive(Clone, Debug)]
pub struct Cursor {
    selection: Arc<Selection>,
    bookmarks: bool,
    initial: VecDeque<Arc<Object>>,
    announce_initial_end: bool,
    failure: Option<Status>,
    is_over: bool,
    revision: u64,
    /// What a webhook has to convert before the watch can go on.
    unconverted: Option<Arc<Object>>,
}

impl Cursor {
    /// A cursor for `request`, placed where `options` say.
    #[must_use]
    pub(crate) fn open(log: &Log, request: &Request, options: &WatchOptions) -> Self {
        let mut cursor = Self {
            selection: Arc::new(Selection {
                served: Arc::clone(&request.served),
                namespace: request.namespace.clone(),
                selectors: options.selectors.clone(),
            }),
            bookmarks: options.bookmarks,
            initial: VecDeque::new(),
            announce_initial_end: false,
            failure: None,
            is_over: false,
            revision: log.revision(),
            unconverted: None,
        };
        match options.start {
            Start::Now => {}
            Start::State => cursor.begin_with_state(log, options.as_of),
            Start::StateThenBookmark(revision)
                if revision > options.as_of.unwrap_or(cursor.revision) =>
            {
                let current = options.as_of.unwrap_or(cursor.revision);
                cursor.failure = Some(too_large(revision, current));
            }
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
        self.selection.served.table
    }

    /// What this watch is about.
    pub(crate) fn selection(&self) -> &Arc<Selection> {
        &self.selection
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

    /// Takes out the state for which [`Cursor::next`] gave `None`, since [`Kernel::shown`] was never asked for it.
    pub(crate) fn take_unconverted(&mut self) -> Option<(Arc<Served>, Arc<Object>)> {
        let object = self.unconverted.take()?;
        Some((Arc::clone(&self.selection.served), object))
    }

    /// The next signal of what happened up to revision `until`, or `None` until there is more.
    pub fn next(&mut self, kernel: &Kernel, until: u64) -> Option<Signal> {
        if self.is_over {
            return Some(Signal::End);
        }
        if let Some(failure) = self.failure.take() {
            self.is_over = true;
            return Some(Signal::Error(failure));
        }
        while let Some(object) = self.initial.pop_front() {
            let Some(shown) = kernel.at_hand(&self.selection.served, &object) else {
                self.unconverted = Some(Arc::clone(&object));
                self.initial.push_front(object);
                return None;
            };
            if self.selection.selects(&shown) {
                return Some(Signal::Added(shown));
            }
        }
        if std::mem::take(&mut self.announce_initial_end) {
            return Some(Signal::Bookmark(Bookmark {
                revision: self.revision,
                ends_initial_events: true,
            }));
        }
        self.next_event(kernel, until)
    }

    /// A bookmark at the newest revision up to `until`; only right after [`Cursor::next`] gave `None`. A watch that
    /// begins where nobody has been has nothing to tell.
    #[must_use]
    pub fn bookmark(&self, log: &Log, until: u64) -> Option<Signal> {
        let bookmark = Bookmark {
            revision: self.revision.max(log.revision().min(until)),
            ends_initial_events: false,
        };
        (self.revision <= log.revision()).then_some(Signal::Bookmark(bookmark))
    }

    fn begin_with_state(&mut self, log: &Log, as_of: Option<u64>) {
        let history;
        let objects = match as_of {
            None => log.objects(self.selection.served.table),
            Some(revision) => {
                self.revision = revision;
                history = log.objects_at(self.selection.served.table, revision);
                &history
            }
        };
        let selection = &self.selection;
        let selected = objects
            .values()
            .filter(|object| selection.may_select(object));
        self.initial = selected.cloned().collect();
    }

    fn next_event(&mut self, kernel: &Kernel, until: u64) -> Option<Signal> {
        let (log, table) = (kernel.log(), self.selection.served.table);
        if self.revision < log.compacted_of(table) {
            self.is_over = true;
            return Some(Signal::Error(too_old(self.revision, log.compacted())));
        }
        let events = log.events_after(table, self.revision);
        for event in events.take_while(|event| event.revision <= until) {
            let signal = match self.selection.transition(kernel, event) {
                Ok(signal) => signal,
                Err(unconverted) => {
                    self.unconverted = Some(unconverted);
                    return None;
                }
            };
            self.revision = event.revision;
            if signal.is_some() {
                return signal;
            }
        }
        log.is_closed(table).then(|| {
            self.is_over = true;
            Signal::End
        })
    }
}

impl Selection {
    /// The revision of the last event that a watch tells, among those that are not forgotten; zero if there is none.
    pub(crate) fn newest(&self, kernel: &Kernel) -> u64 {
        let mut events = kernel.log().events_after(self.served.table, 0).rev();
        let told = events.find(|event| matches!(self.transition(kernel, event), Ok(Some(_))));
        told.map_or(0, |event| event.revision)
    }

    /// What an event is to this watch.
    ///
    /// # Errors
    /// The state that has to be converted first.
    fn transition(&self, kernel: &Kernel, event: &Event) -> Result<Option<Signal>, Arc<Object>> {
        if !self.is_within(&event.new) {
            return Ok(None);
        }
        let shown = |object: &Arc<Object>| {
            let shown = kernel.at_hand(&self.served, object);
            shown.ok_or_else(|| Arc::clone(object))
        };
        let before = event.old.as_ref().map(shown).transpose()?;
        let before = before.filter(|old| self.selects(old));
        let is_converted = self.served.conversion == Conversion::Webhook;
        if event.deleted {
            return Ok(before.map(|old| {
                Signal::Deleted(match is_converted {
                    true => old.restamped(event.revision),
                    false => Arc::clone(&event.new),
                })
            }));
        }
        let new = shown(&event.new)?;
        Ok(match (before, self.selects(&new)) {
            (None, false) => None,
            (None, true) => Some(Signal::Added(new)),
            (Some(_), true) => Some(Signal::Modified(new)),
            (Some(old), false) => Some(Signal::Deleted(old.restamped(event.revision))),
        })
    }

    /// Whether a stored state may be selected once it is converted.
    fn may_select(&self, object: &Object) -> bool {
        match self.served.conversion {
            Conversion::Webhook => self.is_within(object),
            Conversion::None | Conversion::Events | Conversion::Autoscalers => self.selects(object),
        }
    }

    fn is_within(&self, object: &Object) -> bool {
        self.namespace.is_empty() || object.namespace() == self.namespace
    }

    fn selects(&self, object: &Object) -> bool {
        self.is_within(object) && self.selectors.select(object)
    }
}

fn too_old(asked: u64, compacted: u64) -> Status {
    Status {
        code: 410,
        reason: "Expired".into(),
        message: format!("too old resource version: {asked} ({compacted})"),
        details: None,
    }
}

/// 504 for a revision that the cluster has not reached.
pub(crate) fn too_large(asked: u64, current: u64) -> Status {
    Status {
        code: 504,
        reason: "Timeout".into(),
        message: format!("Timeout: Too large resource version: {asked}, current: {current}"),
        details: Some(json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1
        })),
    }
}
