//! Bodies of answers: bytes at hand, or a watch that is pulled from the log.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use jiff::Timestamp;
use tokio::time::Sleep;

use super::encode;
use super::heartbeat::Heartbeat;
use super::negotiate::Format;
use super::pull::Pulled;
use super::service::ApiServer;
use super::shape::Shape;
use crate::store::pod_log::Follow;
use crate::store::registry::Served;
use crate::store::watch::Cursor;

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
    pub(crate) format: Format,
    pub(crate) cursor: Cursor,
    pub(crate) id: u64,
    pub(crate) barriers_seen: u64,
    /// When it tells a bookmark of itself, if it does.
    pub(crate) heartbeat: Option<Heartbeat>,
    /// Whose watch it is.
    pub(crate) actor: Arc<str>,
    /// How far the connection has broken.
    pub(crate) tear: Tear,
    /// When its timeout ends it in running time.
    pub(crate) deadline: Option<Pin<Box<Sleep>>>,
    /// When it has something to tell although nobody writes.
    pub(crate) looks_again_at: Option<Timestamp>,
    /// The conversion that it waits for, and whether that came to anything.
    pub(crate) converting: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
    /// What rings then in running time, and for when it is set.
    pub(crate) alarm: Option<(Timestamp, Pin<Box<Sleep>>)>,
}

/// How far the connection of a watch has broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    /// It is whole.
    Absent,
    /// Half of a line has come.
    Half,
    /// Nothing comes any more.
    Through,
    /// It is whole until there is something to tell, which has no words in the form that was asked for.
    Speechless,
}

impl ResponseBody {
    /// A body that is all there.
    pub(crate) fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Source::Bytes(Some(bytes.into())))
    }

    /// How many bytes are there, none of a stream.
    pub(super) fn n_bytes(&self) -> usize {
        match &self.0 {
            Source::Bytes(Some(bytes)) => bytes.len(),
            Source::Bytes(None) | Source::Watch(_) | Source::Log(_) => 0,
        }
    }

    /// The same with other bytes, but for a stream.
    pub(super) fn map_bytes(self, change: impl FnOnce(Bytes) -> Bytes) -> Self {
        match self.0 {
            Source::Bytes(bytes) => Self(Source::Bytes(bytes.map(change))),
            stream @ (Source::Watch(_) | Source::Log(_)) => Self(stream),
        }
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
            Source::Bytes(bytes) => Poll::Ready(bytes.take().filter(|b| !b.is_empty()).map(Ok)),
            Source::Watch(watch) => watch.poll_line(cx),
            Source::Log(log) => {
                let text = log.server.clone().pull_log(log, cx.waker());
                text.map(|text| text.map(Ok))
            }
        };
        next.map(|line| line.map(|read| read.map(Frame::data)))
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
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match self.tear {
            Tear::Absent | Tear::Speechless => {}
            Tear::Half => {
                self.tear = Tear::Through;
                return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
            }
            Tear::Through => return Poll::Ready(None),
        }
        self.poll_pulled(cx).map(|pulled| {
            if self.tear == Tear::Speechless {
                return None;
            }
            self.shape.advance(self.server.clock().now());
            let (served, shape) = (&self.served, &mut self.shape);
            let mut line = |signal| match self.format {
                Format::Json | Format::Yaml => encode::watch_line(served, shape, signal),
                Format::Protobuf => encode::watch_frame(served, *shape, signal),
            };
            match pulled? {
                Pulled::Whole(signal) => line(&signal).map(Ok),
                // It has been waited for.
                Pulled::Unconverted(..) => None,
                Pulled::Torn(signal) => {
                    let line = line(&signal)?;
                    self.tear = Tear::Half;
                    Some(Ok(line.slice(..line.len() / 2)))
                }
            }
        })
    }

    /// What comes next; `None` ends the watch.
    pub(super) fn poll_pulled(&mut self, cx: &mut Context<'_>) -> Poll<Option<Pulled>> {
        loop {
            if let Some(converting) = &mut self.converting {
                let is_converted = ready!(converting.as_mut().poll(cx));
                self.converting = None;
                if !is_converted {
                    return Poll::Ready(None);
                }
            }
            match self.server.clone().pull(self, cx.waker()) {
                Poll::Ready(Some(Pulled::Unconverted(served, object))) => {
                    let server = self.server.clone();
                    self.converting = Some(Box::pin(async move {
                        server.convert(&served, &object).await.is_ok()
                    }));
                    continue;
                }
                Poll::Ready(pulled) => return Poll::Ready(pulled),
                Poll::Pending => {}
            }
            let deadline = self.deadline.as_mut();
            if deadline.is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready()) {
                return Poll::Ready(None);
            }
            if self.poll_alarm(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Ready when it is time to look again.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.looks_again_at else {
            return Poll::Pending;
        };
        if self.alarm.as_ref().is_none_or(|(set, _)| *set != at) {
            self.alarm = self.server.alarm(at).map(|sleep| (at, sleep));
        }
        let Some((_, sleep)) = &mut self.alarm else {
            return Poll::Pending;
        };
        let rung = sleep.as_mut().poll(cx);
        if rung.is_ready() {
            self.alarm = None;
        }
        rung
    }
}

impl Drop for WatchBody {
    fn drop(&mut self) {
        self.server.forget(self.cursor.table(), self.id);
    }
}
