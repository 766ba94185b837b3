//! The API over TLS, as clients other than our own see it.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_simulator::clock::{Clock, EPOCH};
use arc_simulator::http::kubeconfig::Access;
use arc_simulator::http::listener::Listener;
use arc_simulator::http::service::ApiServer;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that answers until it is stopped.
struct Serving {
    access: Access,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn serving() -> Serving {
    let server = ApiServer::new(Clock::virtual_from(EPOCH), 1);
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(address, 1).await.unwrap();
    let access = listener.access().clone();
    let (stop, stopped) = oneshot::channel();
    let stopped = async { stopped.await.unwrap_or_default() };
    let task = tokio::spawn(listener.serve(server.service("test"), stopped));
    Serving { access, stop, task }
}

impl Serving {
    async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::from_yaml(&self.access.kubeconfig()).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .unwrap();
        Client::try_from(config).unwrap()
    }

    fn port(&self) -> &str {
        self.access.url.strip_prefix("https://").unwrap()
    }
}

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"a": "b"}})).unwrap()
}

#[tokio::test]
async fn a_client_with_the_kubeconfig_creates_reads_changes_watches_and_deletes() {
    let serving = serving().await;
    let api: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    let watch = api.watch(&WatchParams::default(), "0").await.unwrap();
    let created = api
        .create(&PostParams::default(), &config_map("one"))
        .await
        .unwrap();
    let patch = Patch::Merge(json!({"data": {"a": "c"}}));
    api.patch("one", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let read = api.get("one").await.unwrap();
    let listed = api.list(&ListParams::default()).await.unwrap();
    api.delete("one", &DeleteParams::default()).await.unwrap();
    let events: Vec<&str> = watch
        .take(3)
        .map_ok(|event| match event {
            WatchEvent::Added(_) => "added",
            WatchEvent::Modified(_) => "modified",
            WatchEvent::Deleted(_) => "deleted",
            WatchEvent::Bookmark(_) | WatchEvent::Error(_) => "other",
        })
        .try_collect()
        .await
        .unwrap();
    assert_eq!(created.metadata.uid, read.metadata.uid);
    assert_eq!(read.data.unwrap()["a"], "c");
    assert_eq!(listed.items.len(), 1);
    assert_eq!(events, ["added", "modified", "deleted"]);
}

#[tokio::test]
async fn a_client_with_another_token_is_turned_away() {
    let mut serving = serving().await;
    serving.access.token.push('x');
    let api: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    let refused = api.list(&ListParams::default()).await.unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused}");
    };
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
}

#[tokio::test]
async fn one_http2_connection_carries_a_watch_and_other_requests() {
    let serving = serving().await;
    let (mut sender, protocol) = http2(&serving).await;
    let request = |path: &str| {
        http::Request::get(format!("{}{path}", serving.access.url))
            .header("authorization", format!("Bearer {}", serving.access.token))
            .body(Empty::<Bytes>::new())
            .unwrap()
    };
    let namespaces = "/api/v1/namespaces?watch=true";
    let mut watch = sender
        .send_request(request(namespaces))
        .await
        .unwrap()
        .into_body();
    let first = watch.frame().await.unwrap().unwrap().into_data().unwrap();
    let version = sender.send_request(request("/version")).await.unwrap();
    assert!(version.headers().contains_key("audit-id"));
    let version = version.into_body().collect().await.unwrap().to_bytes();
    let event: Value = serde_json::from_slice(&first).unwrap();
    let version: Value = serde_json::from_slice(&version).unwrap();
    assert_eq!(protocol.as_deref(), Some(b"h2".as_slice()));
    assert_eq!(event["object"]["metadata"]["name"], "default");
    assert_eq!(
        (&version["major"], &version["minor"]),
        (&json!("1"), &json!("34"))
    );
}

/// A connection over TLS, and the protocol that both sides agreed on.
async fn http2(
    serving: &Serving,
) -> (
    hyper::client::conn::http2::SendRequest<Empty<Bytes>>,
    Option<Vec<u8>>,
) {
    let mut roots = rustls::RootCertStore::empty();
    let authority =
        CertificateDer::from_pem_slice(serving.access.authority_pem.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let connector = tokio_rustls::TlsConnector::from(Arc::new(tls));
    let tcp = TcpStream::connect(serving.port()).await.unwrap();
    let name = ServerName::try_from("kubernetes.default.svc").unwrap();
    let stream = connector.connect(name, tcp).await.unwrap();
    let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    let io = TokioIo::new(stream);
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    (sender, protocol)
}

#[tokio::test]
async fn clients_that_misbehave_lose_their_own_connection_only() {
    let serving = serving().await;
    let mut babbler = TcpStream::connect(serving.port()).await.unwrap();
    babbler.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let silent = TcpStream::connect(serving.port()).await.unwrap();
    drop(TcpStream::connect(serving.port()).await.unwrap());
    let api: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    api.create(&PostParams::default(), &config_map("one"))
        .await
        .unwrap();
    let mut answer = Vec::new();
    babbler.read_to_end(&mut answer).await.unwrap_or_default();
    assert!(!answer.starts_with(b"HTTP"));
    drop(silent);
}

#[tokio::test]
async fn a_stopped_server_ends_open_watches_and_closes_its_port() {
    let serving = serving().await;
    let api: Api<ConfigMap> = Api::default_namespaced(serving.client().await);
    let watch = api.watch(&WatchParams::default(), "0").await.unwrap();
    serving.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), serving.task)
        .await
        .unwrap()
        .unwrap();
    let rest: Vec<_> = watch.collect().await;
    assert!(rest.iter().all(Result::is_err));
    let port = serving.access.url.strip_prefix("https://").unwrap();
    assert!(TcpStream::connect(port).await.is_err());
}
