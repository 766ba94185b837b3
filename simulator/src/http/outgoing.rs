//! Calls over TLS to servers outside of this process, and how Go would put it that one cannot be reached.

use std::error::Error;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt;
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::trust::Trust;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unsent {
    /// There is no client to send it with.
    Client(String),
    /// The call fails.
    Call(String),
}

/// Sends a request to a server whose certificate one of `authority_pem` has signed, or one that the system trusts.
///
/// # Errors
/// There is no answer, in Go's words.
pub(super) async fn send(
    request: Request<Bytes>,
    authority_pem: &[u8],
) -> Result<Response<Bytes>, Unsent> {
    let uri = request.uri().clone();
    let mut config = kube::Config::new(uri.clone());
    config.root_cert = authorities(authority_pem)?;
    let connector = connector(&config).map_err(Unsent::Client)?;
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let answer = client.request(request.map(Full::new)).await;
    let (parts, body) = answer.map_err(|why| broken(&uri, &why))?.into_parts();
    let body = body.collect().await.map_err(|why| broken(&uri, &why))?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

/// What connects, and trusts those whose certificates the configuration names.
fn connector(config: &kube::Config) -> Result<HttpsConnector<HttpConnector>, String> {
    let mut tls = config
        .rustls_client_config()
        .map_err(|why| why.to_string())?;
    if let Some(trusted) = &config.root_cert {
        let verifier = Trust::new(trusted).map_err(|why| why.to_string())?;
        tls.dangerous().set_certificate_verifier(Arc::new(verifier));
    }
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
    Ok(builder.https_or_http().enable_http1().wrap_connector(plain))
}

fn authorities(pem: &[u8]) -> Result<Option<Vec<Vec<u8>>>, Unsent> {
    if pem.is_empty() {
        return Ok(None);
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.unwrap_or_default();
    if found.is_empty() {
        let why = "unable to load root certificates: unable to parse bytes as PEM block";
        return Err(Unsent::Client(why.to_owned()));
    }
    Ok(Some(found.iter().map(|one| one.to_vec()).collect()))
}

/// Source: Go 1.24 `net`, `crypto/tls`, `crypto/x509`.
fn broken(uri: &Uri, why: &(dyn Error + 'static)) -> Unsent {
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(443);
    let mut causes = causes(why);
    let known = causes.find_map(|cause| {
        let refused = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        if refused == Some(io::ErrorKind::ConnectionRefused) {
            return Some(format!(
                "dial tcp {host}:{port}: connect: connection refused"
            ));
        }
        match tls_error(cause)? {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Some(
                "tls: failed to verify certificate: x509: certificate signed by unknown authority"
                    .to_owned(),
            ),
            other => Some(format!("tls: {other}")),
        }
    });
    let last = self::causes(why).last();
    Unsent::Call(known.unwrap_or_else(|| last.map(ToString::to_string).unwrap_or_default()))
}

/// The error of TLS that an error of input and output holds, however deep.
fn tls_error<'e>(mut why: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    loop {
        if let Some(found) = why.downcast_ref() {
            return Some(found);
        }
        why = why.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

/// An error and what led to it.
fn causes<'e>(why: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(why), |why| (*why).source())
}
