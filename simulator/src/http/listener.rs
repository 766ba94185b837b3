//! The API on a port: TLS, HTTP/1.1 and HTTP/2, one task a connection.
//!
//! Source: `spec/kube-api.md` §1.1.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::{BoxError, Service};

use super::advertise::reachable;
use super::batch::Batched;
use super::certificate::{self, identity};
use super::farewell::Farewell;
use super::gate::Gate;
use super::kubeconfig::Access;
use super::threads::awake;
use super::web_socket::WebSocket;
use crate::ids::Ids;

/// How long a client may take over the TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long open requests, such as watches, may go on once the server stops.
const STOP_LIMIT: Duration = Duration::from_millis(500);
/// How large the headers of a request over HTTP/2 may be, in bytes, its URL among them. A URL ends at 64 KiB, whatever the
/// protocol.
///
/// Source: Go 1.24 `net/http`, `DefaultMaxHeaderBytes`.
const HEADERS_BYTES_MAX: u32 = 1 << 20;
/// How long the listener rests when the system gives it no connection, for want of file descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why no listener could be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("listen on {address}")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It has no certificate.
    #[error(transparent)]
    Certificate(#[from] certificate::Error),
}

/// An open port that does not answer yet.
pub struct Listener {
    socket: TcpListener,
    tls: Arc<ServerConfig>,
    access: Access,
    ids: Ids,
    /// Where connections are served; none stands for the runtime that serves.
    runtimes: Vec<Handle>,
}

impl Listener {
    /// Opens `address`, where port 0 means any free one. The token and the audit ids come from `seed`; keys and
    /// certificates are new each time.
    ///
    /// # Errors
    /// [`Error::Bind`] if the address cannot be opened, [`Error::Certificate`] if no certificate can be made.
    pub async fn bind(address: SocketAddr, seed: u64) -> Result<Self, Error> {
        let bind = |source| Error::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(bind)?;
        let local = socket.local_addr().map_err(bind)?;
        let advertised = reachable(local.ip());
        let identity = identity(&Vec::from_iter([local.ip()].into_iter().chain(advertised)))?;
        let reachable = match local.ip() {
            ip if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], local.port())),
            _ => local,
        };
        Ok(Self {
            socket,
            tls: identity.tls,
            access: Access {
                url: format!("https://{reachable}"),
                advertised: advertised.map(|ip| SocketAddr::new(ip, local.port())),
                authority_pem: identity.authority_pem,
                token: token(seed),
            },
            ids: Ids::new(!seed),
            runtimes: Vec::new(),
        })
    }

    /// How clients reach the port.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The same with its connections spread over `runtimes`, if there are any: each stays where it is put.
    #[must_use]
    pub fn spread(self, runtimes: Vec<Handle>) -> Self {
        Self { runtimes, ..self }
    }

    /// Answers requests with `service` until `stop` is ready; open requests then have half a second to end.
    ///
    /// A client that misbehaves loses its own connection and harms nobody else.
    pub async fn serve<S, B>(self, service: S, stop: impl Future<Output = ()>)
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.tls));
        let gate = Gate::new(service, &self.access.token, self.ids);
        let (stopping, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        let mut runtimes = self.runtimes.iter().cycle();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, _)) => {
                        let (acceptor, stopped) = (acceptor.clone(), stopped.clone());
                        let connection = connection(stream.into_std(), acceptor, gate.clone(), stopped);
                        match runtimes.next() {
                            Some(runtime) => connections.spawn_on(connection, runtime),
                            None => connections.spawn(connection),
                        };
                    }
                    Err(error) => {
                        tracing::warn!(%error, "accept a connection");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.socket);
        drop(stopping);
        let drained = async { while connections.join_next().await.is_some() {} };
        if timeout(STOP_LIMIT, drained).await.is_err() {
            connections.shutdown().await;
        }
    }
}

/// A token that looks random and is the same for the same seed.
fn token(seed: u64) -> String {
    let digest = Sha256::digest(format!("arcsim bearer token {seed}"));
    digest[..20]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// One client, from handshake to farewell.
async fn connection<S, B>(
    stream: io::Result<std::net::TcpStream>,
    acceptor: TlsAcceptor,
    gate: Gate<S>,
    mut stopped: watch::Receiver<()>,
) where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let stream = match stream.and_then(TcpStream::from_std) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!(%error, "take a connection over"),
    };
    // Without this, small frames such as watch events wait for the acknowledgement of the last one.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "send small packets at once");
    }
    let stream = match timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "greet a client"),
        Err(_) => return tracing::debug!("a client did not finish its handshake"),
    };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new());
    http2.max_header_list_size(HEADERS_BYTES_MAX);
    let said = Arc::new(Notify::new());
    let service = TowerToHyperService::new(Farewell::new(WebSocket(gate), &said));
    let stream = Batched::new(stream);
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream.clone()), service);
    let serving = async {
        tokio::pin!(serving);
        tokio::select! {
            result = serving.as_mut() => result,
            () = farewell(&mut stopped, &said) => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        }
    };
    if let Err(error) = stream.in_turns(awake(serving)).await {
        tracing::debug!(error, "serve a connection");
    }
}

/// Ready when a connection is to take no more requests: the server stops, or an answer has said so.
async fn farewell(stopped: &mut watch::Receiver<()>, said: &Notify) {
    tokio::select! {
        _ = stopped.changed() => {}
        () = said.notified() => {}
    }
}
