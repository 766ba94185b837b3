//! The bookmarks that a watch tells in running time although nothing happens.
//!
//! Source: `spec/kube-api.md` §1.11; apiserver v0.34.3, pkg/storage/cacher/cache_watcher.go (`nextBookmarkTime`).

use jiff::{SignedDuration, Timestamp};

/// How far apart they are.
const EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How long before its end a watch tells how far it came.
const BEFORE_END: SignedDuration = SignedDuration::from_secs(2);

/// When a watch tells its next bookmark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    next: Timestamp,
    ends_at: Option<Timestamp>,
}

impl Heartbeat {
    /// Begins with a watch that ends then, if it does.
    pub(crate) fn begin(now: Timestamp, ends_at: Option<Timestamp>) -> Self {
        let next = after(now, ends_at);
        Self { next, ends_at }
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Timestamp {
        self.next
    }

    /// Whether one is due, which is then behind.
    pub(crate) fn take(&mut self, now: Timestamp) -> bool {
        let is_due = self.next <= now;
        if is_due {
            self.next = after(now, self.ends_at);
        }
        is_due
    }
}

fn after(now: Timestamp, ends_at: Option<Timestamp>) -> Timestamp {
    let beat = crate::clock::after(now, EVERY);
    let last = ends_at.map(|end| crate::clock::after(end, -BEFORE_END));
    last.filter(|last| now < *last && *last < beat)
        .unwrap_or(beat)
}
