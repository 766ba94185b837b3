//! A client that costs little: one connection over HTTP/2 and TLS, on which nothing is kept but what is under way. What
//! can be sent at once is, as it is from a client of Go.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::poll_fn;
use futures::{SinkExt, StreamExt};
use h2::Codec;
use h2::frame::{Data, Frame, Headers, Ping, Pseudo, Settings, StreamId, WindowUpdate};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use kube::client::ConfigExt;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::load::Place;

/// What a client begins a connection with.
///
/// Source: RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How much a server may send before it is told that more may come, in bytes.
const WINDOW_BYTES: u32 = (1 << 31) - 1;
/// What of it goes for a connection without a word.
const FIRST_WINDOW_BYTES: u32 = (1 << 16) - 1;

/// A request: method, path and body.
pub(super) type Asked = (Method, String, Bytes);

/// What every connection is made with, which takes longer than a server should take to start. The certificate of a server
/// is its own.
pub(super) fn tls() -> Arc<ClientConfig> {
    let mut config = kube::Config::new("https://localhost".parse().unwrap());
    config.accept_invalid_certs = true;
    let mut tls = config.rustls_client_config().unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(tls)
}

/// An open connection.
pub(super) struct Client<'a> {
    place: &'a Place,
    codec: Codec<TlsStream<TcpStream>, Bytes>,
    headers: HeaderMap,
    next: StreamId,
    /// The request that is being refused, and how.
    refused: Option<(StreamId, StatusCode)>,
}

impl<'a> Client<'a> {
    /// Connects.
    pub(super) async fn connect(place: &'a Place) -> Self {
        let uri: http::Uri = place.origin.parse().unwrap();
        let host = uri.host().unwrap().to_owned();
        let address = (host.as_str(), uri.port_u16().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from(host).unwrap();
        let stream = TlsConnector::from(Arc::clone(&place.tls)).connect(name, stream);
        let mut stream = stream.await.unwrap();
        stream.write_all(PREFACE).await.unwrap();
        let mut codec = Codec::new(stream);
        let mut settings = Settings::default();
        settings.set_initial_window_size(Some(WINDOW_BYTES));
        codec.feed(settings.into()).await.unwrap();
        let window = WindowUpdate::new(StreamId::ZERO, WINDOW_BYTES - FIRST_WINDOW_BYTES);
        codec.send(window.into()).await.unwrap();
        let bearer = HeaderValue::try_from(format!("Bearer {}", place.token)).unwrap();
        let json = HeaderValue::from_static("application/json");
        Self {
            place,
            codec,
            headers: HeaderMap::from_iter([(AUTHORIZATION, bearer), (CONTENT_TYPE, json)]),
            next: StreamId::from(1),
            refused: None,
        }
    }

    /// Sends `requests`, of which `n_open` are under way at any time, and waits for the end of each answer, which must be a
    /// success.
    pub(super) async fn ask(&mut self, n_open: usize, requests: impl Iterator<Item = Asked>) {
        let mut requests = requests.fuse();
        let mut n_under_way = 0;
        for request in requests.by_ref().take(n_open) {
            self.send(request).await;
            n_under_way += 1;
        }
        while n_under_way > 0 {
            SinkExt::flush(&mut self.codec).await.unwrap();
            for frame in self.received().await {
                if !self.is_end(frame).await {
                    continue;
                }
                match requests.next() {
                    Some(request) => self.send(request).await,
                    None => n_under_way -= 1,
                }
            }
        }
    }

    /// All that has come; waits until there is something.
    async fn received(&mut self) -> Vec<Frame> {
        let codec = &mut self.codec;
        let frames = poll_fn(|context| codec.poll_next_unpin(context));
        let frames = frames.ready_chunks(64).next().await.unwrap();
        frames.into_iter().map(Result::unwrap).collect()
    }

    /// Has a request sent with the next flush.
    async fn send(&mut self, (method, path, body): Asked) {
        let id = self.next;
        self.next = id.next_id().unwrap();
        let uri = format!("{}{path}", self.place.origin).parse().unwrap();
        let pseudo = Pseudo::request(method, uri, None);
        let mut head = Headers::new(id, pseudo, self.headers.clone());
        if body.is_empty() {
            head.set_end_stream();
            return self.codec.feed(head.into()).await.unwrap();
        }
        self.codec.feed(head.into()).await.unwrap();
        let mut data = Data::new(id, body);
        data.set_end_stream(true);
        self.codec.feed(data.into()).await.unwrap();
    }

    /// Whether an answer ends with this.
    async fn is_end(&mut self, frame: Frame) -> bool {
        match frame {
            Frame::Headers(head) => {
                let (id, is_end) = (head.stream_id(), head.is_end_stream());
                let status = head.into_parts().0.status.unwrap();
                if !status.is_success() {
                    self.refused = Some((id, status));
                }
                is_end
            }
            Frame::Data(data) => {
                if let Some((id, status)) = self.refused {
                    let text = String::from_utf8_lossy(data.payload());
                    assert_ne!(id, data.stream_id(), "{status}: {text}");
                }
                data.is_end_stream()
            }
            Frame::Settings(settings) if !settings.is_ack() => {
                self.codec.feed(Settings::ack().into()).await.unwrap();
                false
            }
            Frame::Ping(ping) if !ping.is_ack() => {
                let pong = Ping::pong(ping.into_payload());
                self.codec.feed(pong.into()).await.unwrap();
                false
            }
            _ => {
                let is_over = matches!(frame, Frame::Reset(_) | Frame::GoAway(_));
                assert!(!is_over, "{frame:?}");
                false
            }
        }
    }
}
