//! Bodies of answers: bytes at hand, or a watch that is pulled from the log.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::encode::{self, Shape};
use super::service::ApiServer;
use super::watchers::Ends;
use crate::store::pod_log::Follow;
use crate::store::registry::Served;
use crate::store::watch::{Cursor, Signal};

/// The body of an answer.
pub struct ResponseBody(Source);

enum Source {
    Bytes(Option<Bytes>),
    Watch(Box<WatchBody>),
    Log(Box<LogBody>),
}

/// A log that is followed until its pod completes.
pub(crate) struct LogBody {
    pub(crate) server: ApiServer,
    pub(crate) follow: Follow,
    pub(crate) id: u64,
}

/// An open watch. Polling it takes the next signal out of the log at once; if there is none, the next write wakes it.
pub(crate) struct WatchBody {
    pub(crate) server: ApiServer,
    pub(crate) served: Arc<Served>,
    pub(crate) shape: Shape,
    pub(crate) cursor: Cursor,
    pub(crate) id: u64,
    pub(crate) barriers_seen: u64,
    /// Whose watch it is.
    pub(crate) actor: Arc<str>,
    /// How often the actor's watches had been ended when this one was opened.
    pub(crate) ends_seen: Ends,
    pub(crate) deadline: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl ResponseBody {
    /// A body that is all there.
    pub(crate) fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Source::Bytes(Some(bytes.into())))
    }

    /// A watch.
    pub(crate) fn watch(watch: WatchBody) -> Self {
        Self(Source::Watch(Box::new(watch)))
    }

    /// A followed log.
    pub(crate) fn log(log: LogBody) -> Self {
        Self(Source::Log(Box::new(log)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = match &mut self.0 {
            Source::Bytes(bytes) => Poll::Ready(bytes.take().filter(|b| !b.is_empty())),
            Source::Watch(watch) => watch.poll_line(cx),
            Source::Log(log) => log.server.clone().pull_log(log, cx.waker()),
        };
        next.map(|line| line.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Bytes(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Source::Watch(_) | Source::Log(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Bytes(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Source::Watch(_) | Source::Log(_) => SizeHint::default(),
        }
    }
}

impl WatchBody {
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.poll_signal(cx).map(|signal| {
            self.shape.advance(self.server.clock().now());
            encode::watch_line(&self.served, &mut self.shape, &signal?)
        })
    }

    /// What comes next; `None` ends the watch.
    pub(super) fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        if let Poll::Ready(signal) = self.server.clone().pull(self, cx.waker()) {
            return Poll::Ready(signal);
        }
        match &mut self.deadline {
            Some(deadline) => deadline.as_mut().poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    }
}

impl Drop for WatchBody {
    fn drop(&mut self) {
        self.server.forget(self.cursor.table(), self.id);
    }
}
