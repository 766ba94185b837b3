//! A client that costs little: one connection over HTTP/2 and TLS, and nobody reads what is answered. What a request
//! consists of is sent at once, as it is from a client of Go.

use std::sync::Arc;

use bytes::Bytes;
use h2::client::{SendRequest, handshake};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use kube::client::ConfigExt;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::load::Place;

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
    requests: SendRequest<Bytes>,
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
        let (requests, connection) = handshake(stream.await.unwrap()).await.unwrap();
        tokio::spawn(connection);
        Self { place, requests }
    }

    /// Sends a request and waits for the end of its answer, which must be a success.
    pub(super) async fn ask(&self, method: &str, path: &str, body: Bytes) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.place.origin))
            .header(AUTHORIZATION, format!("Bearer {}", self.place.token))
            .header(CONTENT_TYPE, "application/json")
            .body(())
            .unwrap();
        let mut requests = self.requests.clone().ready().await.unwrap();
        let (response, mut sending) = requests.send_request(request, body.is_empty()).unwrap();
        if !body.is_empty() {
            sending.send_data(body, true).unwrap();
        }
        let (head, mut body) = response.await.unwrap().into_parts();
        let mut text = Vec::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk.unwrap();
            body.flow_control().release_capacity(chunk.len()).unwrap();
            text.extend_from_slice(&chunk);
        }
        let said = String::from_utf8_lossy(&text);
        assert!(head.status.is_success(), "{method} {path}: {said}");
    }
}
