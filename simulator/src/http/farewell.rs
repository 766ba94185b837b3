//! Connections that end gracefully because an answer says so.
//!
//! Over HTTP/1.1 the header that says so is enough. HTTP/2 knows no such header: there the client is sent GOAWAY, what is
//! under way goes on, and everything else needs a new connection.
//!
//! Source: Go 1.24 `net/http`, `h2_bundle.go`, `responseWriterState.writeChunk`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::CONNECTION;
use http::{Request, Response, Version};
use tokio::sync::Notify;
use tower::Service;

/// A service on one connection, which tells `said` of an answer after which the connection is to end.
#[derive(Clone)]
pub(crate) struct Farewell<S> {
    inner: S,
    said: Arc<Notify>,
}

impl<S> Farewell<S> {
    /// The service that `inner` is, on a connection that ends once `said` is told.
    pub(crate) fn new(inner: S, said: &Arc<Notify>) -> Self {
        Self {
            inner,
            said: Arc::clone(said),
        }
    }
}

impl<S, B, R> Service<Request<B>> for Farewell<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let is_http2 = request.version() == Version::HTTP_2;
        let (answering, said) = (self.inner.call(request), Arc::clone(&self.said));
        Box::pin(async move {
            let mut response = answering.await?;
            if is_http2 && response.headers_mut().remove(CONNECTION).is_some() {
                said.notify_one();
            }
            Ok(response)
        })
    }
}
