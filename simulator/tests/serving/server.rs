//! A listener that answers on a port of its own, and ways to reach it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_simulator::http::kubeconfig::Access;
use arc_simulator::http::listener::Listener;
use arc_simulator::http::service::ApiServer;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::client::TlsStream;

/// A server that answers until it is stopped.
pub(crate) struct Serving {
    pub(crate) access: Access,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Serving {
    pub(crate) async fn of(server: &ApiServer) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(address, 1).await.unwrap();
        let access = listener.access().clone();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap_or_default() };
        let task = tokio::spawn(listener.serve(server.service("test"), stopped));
        Self { access, stop, task }
    }

    pub(crate) async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::from_yaml(&self.access.kubeconfig()).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .unwrap();
        Client::try_from(config).unwrap()
    }

    /// A connection without a word said.
    pub(crate) async fn tcp(&self) -> TcpStream {
        let port = self.access.url.strip_prefix("https://").unwrap();
        TcpStream::connect(port).await.unwrap()
    }

    /// A connection over TLS, in one of these protocols.
    pub(crate) async fn tls(&self, protocols: &[&str]) -> TlsStream<TcpStream> {
        let mut roots = rustls::RootCertStore::empty();
        let authority =
            CertificateDer::from_pem_slice(self.access.authority_pem.as_bytes()).unwrap();
        roots.add(authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(tls));
        let name = ServerName::try_from("kubernetes.default.svc").unwrap();
        connector.connect(name, self.tcp().await).await.unwrap()
    }

    /// Stops the server, which must not take long.
    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(5), self.task)
            .await
            .unwrap()
            .unwrap();
    }
}
