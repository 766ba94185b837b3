//! Answers of one connection that go out together.
//!
//! HTTP/2 writes and flushes each of them by itself, and each would become a TLS record and a packet of its own. Here they
//! wait until the connection has had its turn: where a client has many requests under way, that is a third of the time
//! they take.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use futures::future::poll_fn;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// From how many bytes on what waits is sent even within a turn, and what comes is not copied.
const LIMIT_BYTES: usize = 16 * 1024;

/// A stream on which what is written waits for the end of a turn; clones are the same stream.
pub(super) struct Batched<S>(Arc<Mutex<Stream<S>>>);

struct Stream<S> {
    stream: S,
    waiting: BytesMut,
    /// Whether nobody says any more when a turn ends: then a flush is one.
    is_alone: bool,
}

impl<S> Clone for Batched<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Batched<S> {
    /// A stream on which nothing waits.
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(Stream {
            stream,
            waiting: BytesMut::new(),
            is_alone: false,
        })))
    }

    /// Does what writes to this stream, sending at the end of each of its turns what was written in it. Who has the stream
    /// afterwards says with a flush what is to be sent.
    pub(super) async fn in_turns<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let done = poll_fn(|context| {
            let polled = work.as_mut().poll(context);
            // Who cannot be written to is found out by the next one who writes.
            let _ = self.lock().poll_send(context);
            polled
        });
        let done = done.await;
        self.lock().is_alone = true;
        done
    }

    fn lock(&self) -> MutexGuard<'_, Stream<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncWrite + Unpin> Stream<S> {
    /// Hands on what waits.
    fn poll_empty(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let sent = Pin::new(&mut self.stream).poll_write(context, &self.waiting);
            match ready!(sent)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n_bytes => self.waiting.advance(n_bytes),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what waits.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_empty(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Batched<S>
where
    S: AsyncWrite,
{
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Batched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.lock();
        if inner.waiting.len() + bytes.len() > LIMIT_BYTES {
            ready!(inner.poll_empty(context))?;
        }
        if bytes.len() > LIMIT_BYTES {
            return Pin::new(&mut inner.stream).poll_write(context, bytes);
        }
        inner.waiting.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.lock();
        let n_bytes = parts.iter().map(|part| part.len()).sum::<usize>();
        if inner.waiting.len() + n_bytes > LIMIT_BYTES {
            ready!(inner.poll_empty(context))?;
        }
        if n_bytes > LIMIT_BYTES {
            return Pin::new(&mut inner.stream).poll_write_vectored(context, parts);
        }
        for part in parts {
            inner.waiting.extend_from_slice(part);
        }
        Poll::Ready(Ok(n_bytes))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        match inner.is_alone {
            true => inner.poll_send(context),
            false => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        ready!(inner.poll_empty(context))?;
        Pin::new(&mut inner.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use futures::FutureExt;
    use rstest::rstest;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::task::yield_now;

    use super::*;

    async fn received(client: &mut DuplexStream) -> String {
        let mut buffer = [0; 64];
        let n_bytes = client.read(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer[..n_bytes]).into_owned()
    }

    #[tokio::test]
    async fn what_is_written_in_a_turn_comes_at_its_end() {
        let (mut client, server) = duplex(64);
        let batched = Batched::new(server);
        let mut writer = batched.clone();
        let work = async {
            writer.write_all(b"a").await.unwrap();
            writer.flush().await.unwrap();
            writer.write_all(b"b").await.unwrap();
            assert_eq!(received(&mut client).now_or_never(), None);
            yield_now().await;
            assert_eq!(received(&mut client).await, "ab");
        };
        batched.in_turns(work).await;
        writer.write_all(b"c").await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(received(&mut client).await, "c");
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_stops_who_writes() {
        let (_client, server) = duplex(64);
        let mut writer = Batched::new(server);
        let parts = [IoSlice::new(&[0; LIMIT_BYTES])];
        assert_eq!(writer.write_vectored(&parts).await.unwrap(), LIMIT_BYTES);
        let more = poll_fn(|context| {
            let polled = Pin::new(&mut writer).poll_write(context, b"more");
            Poll::Ready(polled.is_pending())
        });
        assert!(more.await);
    }

    #[rstest]
    #[case::few(10)]
    #[case::as_many_as_wait(LIMIT_BYTES)]
    #[case::many(5 * LIMIT_BYTES)]
    #[tokio::test]
    async fn everything_comes_in_order(#[case] n_bytes: usize) {
        let (mut client, server) = duplex(1 << 20);
        let batched = Batched::new(server);
        let mut writer = batched.clone();
        let sent: Vec<u8> = (0..n_bytes).map(|n| (n % 251) as u8).collect();
        let work = async {
            writer.write_all(b"first").await.unwrap();
            writer.write_all(&sent).await.unwrap();
            writer.shutdown().await.unwrap();
        };
        batched.in_turns(work).await;
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, [&b"first"[..], &sent].concat());
    }
}
