//! Whom a client trusts that was told certificates to trust.
//!
//! Source: Go 1.24 `crypto/x509`, `Certificate.Verify`.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

/// Trusts who shows a certificate that one of those it knows has signed, and who shows one of these itself.
///
/// A certificate that signed itself as an authority would, which is what `openssl req -x509` makes, is refused by rustls
/// in the hands of a server, but not by Go where it is among the trusted ones.
#[derive(Debug)]
pub(super) struct Trust {
    trusted: Vec<CertificateDer<'static>>,
    signed: Arc<WebPkiServerVerifier>,
}

impl Trust {
    /// Trust in these certificates, each in DER.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(super) fn new(trusted: &[Vec<u8>]) -> Result<Self, Error> {
        let trusted: Vec<_> = trusted.iter().cloned().map(CertificateDer::from).collect();
        let mut roots = RootCertStore::empty();
        for one in &trusted {
            roots.add(one.clone())?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let signed = signed
            .build()
            .map_err(|why| Error::General(why.to_string()))?;
        Ok(Self { trusted, signed })
    }
}

/// Whether all that speaks against a certificate is that it is one of an authority, before which its validity is looked
/// at, and its name is not.
fn is_of_authority(why: &Error) -> bool {
    match why {
        Error::InvalidCertificate(CertificateError::Other(OtherError(why))) => {
            why.to_string() == "CaUsedAsEndEntity"
        }
        _ => false,
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self
            .signed
            .verify_server_cert(shown, between, name, ocsp, now);
        match verified {
            Err(why) if is_of_authority(&why) && self.trusted.contains(shown) => {
                verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, shown, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, shown, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use rstest::rstest;

    use super::*;

    fn certificate(is_authority: bool) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["hook.test".to_owned()]).unwrap();
        if is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    fn is_trusted(
        trusted: &CertificateDer,
        shown: &CertificateDer,
        (name, year): (&str, u64),
    ) -> bool {
        let trust = Trust::new(&[trusted.to_vec()]).unwrap();
        let name = ServerName::try_from(name).unwrap();
        let since_1970 = Duration::from_secs((year - 1970) * 31_557_600);
        let now = UnixTime::since_unix_epoch(since_1970);
        let verified = trust.verify_server_cert(shown, &[], &name, &[], now);
        verified.is_ok()
    }

    #[rstest]
    #[case::as_a_server(false, ("hook.test", 2030), true)]
    #[case::as_an_authority(true, ("hook.test", 2030), true)]
    #[case::under_another_name(true, ("other.test", 2030), false)]
    #[case::before_it_is_valid(true, ("hook.test", 1974), false)]
    fn who_signed_itself_is_trusted_as_far_as_the_certificate_goes(
        #[case] is_authority: bool,
        #[case] shown: (&str, u64),
        #[case] expected: bool,
    ) {
        let own = certificate(is_authority);
        assert_eq!(is_trusted(&own, &own, shown), expected);
    }

    #[test]
    fn another_authority_that_signed_itself_is_not_trusted() {
        let (known, shown) = (certificate(true), certificate(true));
        assert!(!is_trusted(&known, &shown, ("hook.test", 2030)));
    }
}
