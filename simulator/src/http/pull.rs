//! What an open stream has to tell next: taken out of the log by whoever reads, and woken by whoever writes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Sleep;

use super::body::{LogBody, WatchBody};
use super::heartbeat::Heartbeat;
use super::service::ApiServer;
use super::state::State;
use super::streams::{End, Sight};
use crate::store::log::TableId;
use crate::store::object::Object;
use crate::store::pod_log::Printed;
use crate::store::registry::Served;
use crate::store::watch::{Cursor, Signal};

/// What a watch tells.
pub(crate) enum Pulled {
    /// All of it.
    Whole(Signal),
    /// Half of it, and then the connection breaks.
    Torn(Signal),
    /// Nothing before a webhook has converted this.
    Unconverted(Arc<Served>, Arc<Object>),
}

impl ApiServer {
    /// What a watch tells next, a bookmark if one is owed, `None` if it ends; else `waker` is registered.
    pub(crate) fn pull(&self, watch: &mut WatchBody, waker: &Waker) -> Poll<Option<Pulled>> {
        let mut state = self.lock();
        let state = &mut *state;
        let now = self.clock().now();
        state.trouble.pass(now);
        let kernel = &state.kernel;
        let log = kernel.log();
        match state.trouble.streams.take_end(watch.id) {
            Some(End::Cut) => return Poll::Ready(None),
            Some(End::Expired) => watch.cursor.expire(log),
            None => {}
        }
        let sight = state.trouble.sight(&watch.actor, watch.id);
        if is_outrun(&watch.cursor, state, sight) {
            return Poll::Ready(None);
        }
        if let Some(signal) = watch.cursor.next(kernel, sight.until) {
            let is_event = matches!(
                signal,
                Signal::Added(_) | Signal::Modified(_) | Signal::Deleted(_)
            );
            return Poll::Ready(Some(if sight.is_torn && is_event {
                Pulled::Torn(signal)
            } else {
                Pulled::Whole(signal)
            }));
        }
        if let Some((served, object)) = watch.cursor.take_unconverted() {
            return Poll::Ready(Some(Pulled::Unconverted(served, object)));
        }
        let barriers = state.watchers.barriers();
        let is_owed = std::mem::replace(&mut watch.barriers_seen, barriers) < barriers;
        let is_due = watch.heartbeat.as_mut().is_some_and(|beat| beat.take(now));
        if (is_owed || is_due)
            && watch.cursor.allows_bookmarks()
            && state.trouble.streams.takes_bookmark(watch.id, now)
            && let Some(bookmark) = watch.cursor.bookmark(log, sight.until)
        {
            return Poll::Ready(Some(Pulled::Whole(bookmark)));
        }
        let trouble = state.trouble.due(&watch.actor, watch.id);
        let beat = watch.heartbeat.as_ref().map(Heartbeat::next);
        watch.looks_again_at = trouble.into_iter().chain(beat).min();
        state.watchers.wait(watch.cursor.table(), watch.id, waker);
        Poll::Pending
    }

    /// The next text of a followed log; `None` ends it, nothing registers `waker`.
    pub(crate) fn pull_log(&self, log: &mut LogBody, waker: &Waker) -> Poll<Option<Bytes>> {
        let mut state = self.lock();
        match log.follow.next(&state.kernel) {
            Printed::Text(text) => Poll::Ready(Some(text)),
            Printed::End => Poll::Ready(None),
            Printed::Nothing => {
                let pods = state.kernel.pods();
                state.watchers.wait(pods, log.id, waker);
                Poll::Pending
            }
        }
    }

    /// Forgets a stream that nobody reads any more.
    pub(crate) fn forget(&self, table: TableId, id: u64) {
        let mut state = self.lock();
        state.watchers.forget(table, id);
        state.trouble.streams.forget(id);
    }

    /// Rings at `instant`; never in virtual time, in which nothing waits.
    pub(crate) fn alarm(&self, instant: Timestamp) -> Option<Pin<Box<Sleep>>> {
        let left = instant.duration_since(self.clock().now());
        let wall = Duration::try_from(self.clock().wall_duration(left)?);
        Some(Box::pin(tokio::time::sleep(wall.unwrap_or_default())))
    }
}

/// Whether more events wait for a watch than there is room for.
fn is_outrun(cursor: &Cursor, state: &State, sight: Sight) -> bool {
    let Some(n_events) = sight.buffer else {
        return false;
    };
    let (kernel, mut ahead) = (&state.kernel, cursor.clone());
    let mut next = |until| {
        let signal = ahead.next(kernel, until);
        signal.filter(|signal| !matches!(signal, Signal::Error(_) | Signal::End))
    };
    // What the client is still to take up is on its way, and waits no more.
    while next(sight.until).is_some() {}
    std::iter::from_fn(|| next(u64::MAX))
        .take(n_events + 1)
        .count()
        > n_events
}
