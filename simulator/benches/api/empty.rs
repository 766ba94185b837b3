//! A server that says the same to everybody: what TLS, HTTP/2 and the load itself cost, below which no API can come.

use std::convert::Infallible;
use std::path::Path;

use arc_simulator::http::listener::Listener;
use arc_simulator::http::threads::Threads;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Runtime;
use tower::service_fn;

/// The argument with which this program is that server.
pub(super) const ARGUMENT: &str = "--empty-server";
/// How long what it says is, in bytes: as long as a small object.
const N_BYTES: usize = 500;

/// Serves until the process is killed, and leaves a kubeconfig in the working folder.
pub(super) fn serve() {
    let threads = Threads::start().unwrap();
    Runtime::new().unwrap().block_on(async {
        let address = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind(address, 1).await.unwrap();
        let kubeconfig = Path::new(super::KUBECONFIG);
        listener.access().write_kubeconfig(kubeconfig).unwrap();
        println!("ready");
        let text = Bytes::from(vec![b' '; N_BYTES]);
        let service = service_fn(move |_: Request<Full<Bytes>>| {
            let response = Response::new(Full::new(text.clone()));
            async move { Ok::<_, Infallible>(response) }
        });
        let listener = listener.spread(threads.handles().to_vec());
        listener.serve(service, std::future::pending()).await;
    });
}
