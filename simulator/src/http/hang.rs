//! Requests that nobody answers.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Sleep;

use super::service::ApiServer;

/// The requests that hang.
#[derive(Default)]
pub(crate) struct Hangs {
    next_id: u64,
    waiting: BTreeMap<u64, Hang>,
    /// Told when a request begins to hang.
    began: Arc<Notify>,
}

struct Hang {
    actor: Arc<str>,
    until: Timestamp,
    waker: Option<Waker>,
}

impl Hangs {
    /// Lets a request of `actor` hang; returns its number.
    pub(crate) fn begin(&mut self, actor: &Arc<str>, until: Timestamp) -> u64 {
        self.next_id += 1;
        let hang = Hang {
            actor: Arc::clone(actor),
            until,
            waker: None,
        };
        self.waiting.insert(self.next_id, hang);
        self.began.notify_waiters();
        self.next_id
    }

    /// Ends those that have hung long enough at `now`.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        let over = self.waiting.extract_if(.., |_, hang| hang.until <= now);
        over.filter_map(|(_, hang)| hang.waker)
            .for_each(Waker::wake);
    }

    /// Ends all.
    pub(crate) fn end_all(&mut self) {
        self.pass(Timestamp::MAX);
    }

    /// When the next one ends.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        self.waiting.values().map(|hang| hang.until).min()
    }

    /// Whether a request of `actor` hangs.
    fn has(&self, actor: &str) -> bool {
        self.waiting.values().any(|hang| *hang.actor == *actor)
    }
}

/// A request that hangs: ready once it has for long enough.
pub(crate) struct Hanging {
    server: ApiServer,
    id: u64,
    /// In running time nobody else looks at the clock.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Hanging {
    /// The request with this number, which hangs `until` then.
    pub(crate) fn new(server: ApiServer, id: u64, until: Timestamp) -> Self {
        let alarm = server.alarm(until);
        Self { server, id, alarm }
    }
}

impl Future for Hanging {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(alarm) = &mut this.alarm
            && alarm.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(());
        }
        let hangs = &mut this.server.lock().trouble.hangs;
        match hangs.waiting.get_mut(&this.id) {
            Some(hang) => {
                hang.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.server.lock().trouble.hangs.waiting.remove(&self.id);
    }
}

impl ApiServer {
    /// Whether a request of a client hangs.
    pub(crate) fn is_hung(&self, actor: &str) -> bool {
        self.lock().trouble.hangs.has(actor)
    }

    /// Ready as soon as a request of a client hangs.
    pub(crate) async fn hung(&self, actor: &str) {
        let began = Arc::clone(&self.lock().trouble.hangs.began);
        loop {
            let told = began.notified();
            if self.is_hung(actor) {
                return;
            }
            told.await;
        }
    }
}
