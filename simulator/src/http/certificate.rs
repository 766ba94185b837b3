//! A certificate authority of one's own and the certificate it signs for the listener.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The names under which clients may reach the server, besides the address it listens on.
///
/// Source: `spec/kube-api.md` §1.1.
const NAMES: [&str; 7] = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "localhost",
    "127.0.0.1",
    "::1",
    "10.96.0.1",
];

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Making or signing it failed.
    #[error("make the server's certificate")]
    Sign(#[from] rcgen::Error),
    /// The TLS library refused it.
    #[error("use the server's certificate")]
    Use(#[from] rustls::Error),
}

/// What a TLS server needs, and what its clients trust.
pub(crate) struct Identity {
    /// Offers HTTP/2 and HTTP/1.1.
    pub(crate) tls: Arc<ServerConfig>,
    /// The certificate of the authority, in PEM.
    pub(crate) authority_pem: String,
}

/// A new authority and a certificate signed by it, for these addresses too; the keys differ on every call.
pub(crate) fn identity(addresses: &[IpAddr]) -> Result<Identity, Error> {
    let (issuer, authority_pem) = authority()?;
    let mut names: Vec<String> = NAMES.map(str::to_owned).to_vec();
    names.extend(addresses.iter().map(IpAddr::to_string));
    names.dedup();
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "arcsim-apiserver");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity {
        tls: Arc::new(tls),
        authority_pem,
    })
}

fn authority() -> Result<(Issuer<'static, KeyPair>, String), Error> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "arcsim-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}
