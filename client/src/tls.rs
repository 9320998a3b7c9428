//! Whose certificate is taken for a server's.
//!
//! As MySQL's clients do it: unless a mode that verifies is asked for, any certificate is taken, and TLS keeps out who only
//! listens, not who is in between. Nothing is looked up in the system's list of authorities.
//!
//! Left out: certificates of clients, revocation, and taking sessions up again.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::{Error, Options, Result, SslMode};

/// How connections with these options encrypt.
pub(crate) fn config(options: &Options) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    match options.ssl_mode {
        SslMode::Disabled | SslMode::Preferred | SslMode::Required => {
            static UNVERIFIED: OnceLock<Arc<ClientConfig>> = OnceLock::new();
            if let Some(config) = UNVERIFIED.get() {
                return Ok(Arc::clone(config));
            }
            let config =
                build(&provider, Arc::new(Verifier { provider: Arc::clone(&provider), chain: None }))?;
            Ok(Arc::clone(UNVERIFIED.get_or_init(|| config)))
        }
        SslMode::VerifyCa => {
            let chain = Some(authority(options, &provider)?);
            build(&provider, Arc::new(Verifier { provider: Arc::clone(&provider), chain }))
        }
        SslMode::VerifyIdentity => build(&provider, authority(options, &provider)?),
    }
}

/// The name a certificate is to be for: the host of `host:port`.
pub(crate) fn server_name(address: &str) -> Result<ServerName<'static>> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned())
        .map_err(|_| Error::Tls { what: format!("'{host}' is no host name") })
}

fn build(provider: &Arc<CryptoProvider>, verifier: Arc<dyn ServerCertVerifier>) -> Result<Arc<ClientConfig>> {
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| Error::Tls { what: error.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Judges by the authorities of [`Options::ssl_ca`].
fn authority(options: &Options, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    let wrong = |path: &Path, what: &dyn std::fmt::Display| Error::Tls {
        what: format!("{}: {what}", path.display()),
    };
    let Some(path) = &options.ssl_ca else {
        return Err(Error::Tls {
            what: "a server can be verified only with a file of authorities (ssl_ca)".into(),
        });
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(path, &error))? {
        let certificate = certificate.map_err(|error| wrong(path, &error))?;
        roots.add(certificate).map_err(|error| wrong(path, &error))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| wrong(path, &error))
}

/// Takes any name, and without a `chain` any certificate. That the server has the certificate's key is always checked.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last, when the chain was found good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
