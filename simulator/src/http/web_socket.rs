//! Watches for programs that can read them in no other way than from a WebSocket, such as pages in a browser.
//!
//! Source: `spec/kube-api.md` §1.1; apiserver v0.34.3, pkg/endpoints/handlers/watch.go (`HandleWS`) and
//! golang.org/x/net v0.47 `websocket/hybi.go`, `websocket/server.go`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::{Sink, SinkExt, Stream, StreamExt};
use http::header::{
    CONNECTION, HeaderName, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};
use tokio_tungstenite::tungstenite::{Error, Utf8Bytes};
use tower::{BoxError, Service};

use super::gate::GateBody;

/// The only version of the protocol that is spoken.
const VERSION: &str = "13";
/// How many bytes of a frame in protobuf say how long it is, which a message knows by itself.
const LENGTH_BYTES: usize = 4;

/// What an answer carries if it is a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// A line for each event.
    Text,
    /// A frame for each event, with its length before it.
    Binary,
}

/// A service whose watches come as messages of a WebSocket, where that is asked for.
#[derive(Clone)]
pub(crate) struct WebSocket<S>(pub(crate) S);

impl<S, B> Service<Request<B>> for WebSocket<S>
where
    S: Service<Request<B>, Response = Response<GateBody>>,
    S::Future: Send + 'static,
{
    type Response = Response<GateBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if !is_asked_for(request.headers()) {
            return Box::pin(self.0.call(request));
        }
        let greeting = greeting(request.headers());
        let upgrading = hyper::upgrade::on(&mut request);
        let answering = self.0.call(request);
        Box::pin(async move {
            let response = answering.await?;
            let framing = response.extensions().get::<Framing>().copied();
            Ok(match (framing, greeting) {
                (None, _) => response,
                (Some(_), Err(refusal)) => refusal.response(),
                (Some(framing), Ok(greeting)) => {
                    tokio::spawn(tell(upgrading, response.into_body(), framing));
                    let mut switching = bare(StatusCode::SWITCHING_PROTOCOLS, "");
                    *switching.headers_mut() = greeting;
                    switching
                }
            })
        })
    }
}

/// Whether a request asks for a WebSocket. Only watches heed it.
fn is_asked_for(headers: &HeaderMap) -> bool {
    let is_upgrade = |part: &str| part.trim().eq_ignore_ascii_case("upgrade");
    text(headers, UPGRADE).eq_ignore_ascii_case("websocket")
        && text(headers, CONNECTION).split(',').any(is_upgrade)
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// Why no WebSocket begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Version,
    Key,
    Origin,
    Protocols,
}

impl Refusal {
    fn response(self) -> Response<GateBody> {
        let (code, why) = match self {
            Self::Version => (StatusCode::BAD_REQUEST, "missing or bad WebSocket Version"),
            Self::Key => (StatusCode::BAD_REQUEST, "mismatch challenge/response"),
            Self::Origin => (StatusCode::FORBIDDEN, ""),
            Self::Protocols => (StatusCode::BAD_REQUEST, ""),
        };
        let mut response = bare(code, why);
        if self == Self::Version {
            let version = HeaderValue::from_static(VERSION);
            response
                .headers_mut()
                .insert(SEC_WEBSOCKET_VERSION, version);
        }
        response
    }
}

fn bare(code: StatusCode, text: &'static str) -> Response<GateBody> {
    let body = Full::from(text).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = code;
    response
}

/// The headers with which a WebSocket begins.
///
/// # Errors
/// It is not asked for as it should be.
fn greeting(asked: &HeaderMap) -> Result<HeaderMap, Refusal> {
    if text(asked, SEC_WEBSOCKET_VERSION) != VERSION {
        return Err(Refusal::Version);
    }
    let key = asked.get(SEC_WEBSOCKET_KEY).ok_or(Refusal::Key)?;
    if !asked.contains_key(ORIGIN) {
        return Err(Refusal::Origin);
    }
    let protocol = asked.get(SEC_WEBSOCKET_PROTOCOL);
    if protocol.is_some_and(|protocol| protocol.as_bytes().contains(&b',')) {
        return Err(Refusal::Protocols);
    }
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()));
    let protocol = protocol.map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol.clone()));
    let greeting = [
        (UPGRADE, HeaderValue::from_static("websocket")),
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (SEC_WEBSOCKET_ACCEPT, accept.map_err(|_| Refusal::Key)?),
    ];
    Ok(greeting.into_iter().chain(protocol).collect())
}

/// Tells a watch to a client until either has enough.
async fn tell(upgrading: OnUpgrade, watch: GateBody, framing: Framing) {
    let upgraded = match upgrading.await {
        Ok(upgraded) => TokioIo::new(upgraded),
        Err(error) => return tracing::debug!(%error, "begin a WebSocket"),
    };
    let socket = WebSocketStream::from_raw_socket(upgraded, Role::Server, None).await;
    let (messages, heard) = socket.split();
    let told = tokio::select! {
        told = send_all(watch, messages, framing) => told,
        () = until_closed(heard) => Ok(()),
    };
    if let Err(error) = told {
        tracing::debug!(error, "tell a watch to a WebSocket");
    }
}

async fn send_all(
    mut watch: GateBody,
    mut messages: impl Sink<Message, Error = Error> + Unpin,
    framing: Framing,
) -> Result<(), BoxError> {
    while let Some(frame) = watch.frame().await {
        let Ok(event) = frame?.into_data() else {
            continue;
        };
        messages.send(message(event, framing)?).await?;
    }
    let end = CloseFrame {
        code: CloseCode::Normal,
        reason: Utf8Bytes::default(),
    };
    Ok(messages.send(Message::Close(Some(end))).await?)
}

fn message(mut event: Bytes, framing: Framing) -> Result<Message, BoxError> {
    Ok(match framing {
        Framing::Text => Message::Text(event.try_into()?),
        Framing::Binary => Message::Binary(event.split_off(LENGTH_BYTES.min(event.len()))),
    })
}

/// Ready when the client has closed its side; what else it says counts for nothing.
async fn until_closed(heard: impl Stream<Item = Result<Message, Error>>) {
    let heard = heard.take_while(|heard| std::future::ready(heard.is_ok()));
    heard.for_each(|_| std::future::ready(())).await;
}
