//! A client that costs little, so that it is the server that is measured: one connection over HTTP/2 and TLS, whose
//! requests are frames that are all but ready. What can be sent at once is, as it is from a client of Go.

use std::sync::Arc;

use bytes::{Buf, BufMut, BytesMut};
use kube::client::ConfigExt;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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
/// How many bytes are read at a time at least.
const READ_BYTES: usize = 1 << 16;
/// What each answer of an API begins with that refuses a request.
const REFUSED: &[u8] = br#"{"kind":"Status""#;

/// The frames that are sent or looked at.
///
/// Source: RFC 9113 §6.
mod frame {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const RST_STREAM: u8 = 3;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const PING: u8 = 6;
    pub(super) const GOAWAY: u8 = 7;
    pub(super) const WINDOW_UPDATE: u8 = 8;

    pub(super) const ACK: u8 = 1;
    pub(super) const END_STREAM: u8 = 1;
    pub(super) const END_HEADERS: u8 = 4;

    pub(super) const HEAD_BYTES: usize = 9;
    /// Of SETTINGS.
    pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;
}

/// Fields of a request, by their index in the table that both sides know, and what says how one is written.
///
/// Source: RFC 7541 §6.1, §6.2, Appendix A.
mod field {
    pub(super) const AUTHORITY: u8 = 1;
    pub(super) const GET: u8 = 2;
    pub(super) const POST: u8 = 3;
    pub(super) const PATH: u8 = 4;
    pub(super) const HTTPS: u8 = 7;
    pub(super) const AUTHORIZATION: u8 = 23;
    pub(super) const CONTENT_TYPE: u8 = 31;

    pub(super) const INDEXED: u8 = 0x80;
    /// From now on it has an index of its own, the first one after the table; what had one has the next.
    pub(super) const TO_BE_INDEXED: u8 = 0x40;
    pub(super) const FIRST_INDEX: u8 = 62;
    /// A length that is longer goes on in the next byte.
    pub(super) const SHORT_LENGTH: usize = 127;
}

/// What is asked for.
pub(super) enum Asked {
    /// An object at a path.
    Get(String),
    /// To make what the body says, at a path.
    Create(String, Vec<u8>),
}

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
    stream: TlsStream<TcpStream>,
    to_send: BytesMut,
    received: BytesMut,
    next_stream: u32,
    /// Whether the fields that are the same for each request have indices.
    is_indexed: bool,
}

impl<'a> Client<'a> {
    /// Connects.
    pub(super) async fn connect(place: &'a Place) -> Self {
        let authority = place.authority();
        let (host, _) = authority.rsplit_once(':').unwrap();
        let stream = TcpStream::connect(authority).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let stream = TlsConnector::from(Arc::clone(&place.tls)).connect(name, stream);
        let mut to_send = BytesMut::from(PREFACE);
        put_head(&mut to_send, 6, (frame::SETTINGS, 0), 0);
        to_send.put_u16(frame::INITIAL_WINDOW_SIZE);
        to_send.put_u32(WINDOW_BYTES);
        put_head(&mut to_send, 4, (frame::WINDOW_UPDATE, 0), 0);
        to_send.put_u32(WINDOW_BYTES - FIRST_WINDOW_BYTES);
        Self {
            place,
            stream: stream.await.unwrap(),
            to_send,
            received: BytesMut::new(),
            next_stream: 1,
            is_indexed: false,
        }
    }

    /// Sends `requests`, of which `n_open` are under way at any time, and waits for the end of each answer, which must be a
    /// success.
    pub(super) async fn ask(&mut self, n_open: usize, requests: impl Iterator<Item = Asked>) {
        let mut requests = requests.fuse();
        let mut n_under_way = 0;
        for request in requests.by_ref().take(n_open) {
            self.put_request(&request);
            n_under_way += 1;
        }
        while n_under_way > 0 {
            self.stream.write_all_buf(&mut self.to_send).await.unwrap();
            self.stream.flush().await.unwrap();
            self.received.reserve(READ_BYTES);
            let n_read = self.stream.read_buf(&mut self.received).await.unwrap();
            assert_ne!(n_read, 0, "the server hung up");
            for _ in 0..self.take_ends() {
                match requests.next() {
                    Some(request) => self.put_request(&request),
                    None => n_under_way -= 1,
                }
            }
        }
    }

    /// Has a request sent.
    fn put_request(&mut self, request: &Asked) {
        let (stream, out) = (self.next_stream, &mut self.to_send);
        self.next_stream += 2;
        let (method, path, body) = match request {
            Asked::Get(path) => (field::GET, path, &[][..]),
            Asked::Create(path, body) => (field::POST, path, &body[..]),
        };
        let head = out.len();
        put_head(out, 0, (frame::HEADERS, frame::END_HEADERS), stream);
        out.put_slice(&[field::INDEXED | method, field::INDEXED | field::HTTPS]);
        put_field(out, field::PATH, path);
        if self.is_indexed {
            // Names with a colon come first, as they did.
            let indices = (0..3).rev().map(|n| field::FIRST_INDEX + n);
            out.extend(indices.map(|index| field::INDEXED | index));
        } else {
            let (authority, token) = (self.place.authority(), &self.place.token);
            put_field(out, field::TO_BE_INDEXED | field::AUTHORITY, authority);
            let bearer = format!("Bearer {token}");
            put_field(out, field::TO_BE_INDEXED | field::AUTHORIZATION, &bearer);
            let json = "application/json";
            put_field(out, field::TO_BE_INDEXED | field::CONTENT_TYPE, json);
            self.is_indexed = true;
        }
        let n_bytes = (out.len() - head - frame::HEAD_BYTES) as u32;
        out[head..head + 3].copy_from_slice(&n_bytes.to_be_bytes()[1..]);
        if body.is_empty() {
            out[head + 4] |= frame::END_STREAM;
        } else {
            put_head(out, body.len(), (frame::DATA, frame::END_STREAM), stream);
            out.put_slice(body);
        }
    }

    /// Takes the frames that have come whole; how many answers end with them.
    fn take_ends(&mut self) -> usize {
        let mut n_ends = 0;
        while let Some(head) = self.received.first_chunk::<{ frame::HEAD_BYTES }>() {
            let n_bytes = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let (kind, flags) = (head[3], head[4]);
            if self.received.len() < frame::HEAD_BYTES + n_bytes {
                break;
            }
            self.received.advance(frame::HEAD_BYTES);
            let payload = self.received.split_to(n_bytes);
            match kind {
                frame::DATA | frame::HEADERS => {
                    let is_refused = kind == frame::DATA && payload.starts_with(REFUSED);
                    assert!(!is_refused, "{}", String::from_utf8_lossy(&payload));
                    n_ends += usize::from(flags & frame::END_STREAM);
                }
                frame::SETTINGS | frame::PING if flags & frame::ACK == 0 => {
                    let echo = if kind == frame::PING {
                        &payload[..]
                    } else {
                        &[]
                    };
                    put_head(&mut self.to_send, echo.len(), (kind, frame::ACK), 0);
                    self.to_send.put_slice(echo);
                }
                kind => {
                    let is_over = matches!(kind, frame::RST_STREAM | frame::GOAWAY);
                    assert!(!is_over, "the server gave up: {payload:?}");
                }
            }
        }
        n_ends
    }
}

/// Writes what a frame begins with.
///
/// Source: RFC 9113 §4.1.
fn put_head(out: &mut BytesMut, n_bytes: usize, (kind, flags): (u8, u8), stream: u32) {
    out.put_uint(n_bytes as u64, 3);
    out.put_slice(&[kind, flags]);
    out.put_u32(stream);
}

/// Writes a field whose name has an index, and what it holds as it is.
///
/// Source: RFC 7541 §5.2, §6.2.
fn put_field(out: &mut BytesMut, name: u8, value: &str) {
    // An index below 15 stands in the byte itself, whatever precedes it; so does one below 63 that is to be indexed.
    out.put_u8(name);
    assert!(value.len() < field::SHORT_LENGTH, "{value} is too long");
    out.put_u8(value.len() as u8);
    out.put_slice(value.as_bytes());
}
