//! What clients' connections are encrypted with: certificate, key, authority and versions, read from files when the node starts and again at
//! `ALTER INSTANCE RELOAD TLS`.
//!
//! Without files of its own a node makes itself a certificate, once ([`certificate`]). With an authority (`--ssl-ca`) a client may show a
//! certificate, and it must then be one of that authority; who shows none is let in all the same, as in MySQL, where it is up to the account
//! whether one is needed.
//!
//! Invariants: connections that are open keep what they began with; files that cannot be used replace nothing.
//!
//! Left out: revocation lists, choosing ciphers (they are rustls' own), taking sessions up again.

mod certificate;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use crate::config::{ClientTlsSettings, TlsVersion};

/// The certificate in force, and where it came from.
pub struct ClientTls {
    /// PEM: the server's certificate, followed by those between it and its authority.
    pub cert: PathBuf,
    /// PEM: its key.
    pub key: PathBuf,
    /// PEM: the authority of clients' certificates.
    pub ca: Option<PathBuf>,
    /// The versions that are spoken.
    pub versions: Vec<TlsVersion>,
    current: RwLock<Arc<ServerConfig>>,
}

impl ClientTls {
    /// Reads the files that are configured; where none are, those in the data folder, which are made if they are not there.
    ///
    /// # Errors
    /// A message that names the file and what is wrong with it.
    pub fn open(settings: &ClientTlsSettings, data: &Path) -> Result<ClientTls, String> {
        let (cert, key) = match &settings.files {
            Some((cert, key)) => (cert.clone(), key.clone()),
            None => certificate::find_or_make(data)?,
        };
        let (ca, versions) = (settings.ca.clone(), settings.versions.clone());
        let config = load(&cert, &key, ca.as_deref(), &versions)?;
        Ok(ClientTls { cert, key, ca, versions, current: RwLock::new(config) })
    }

    /// Whether the files that are configured can be used. Those in the data folder are not looked at.
    ///
    /// # Errors
    /// As [`ClientTls::open`].
    pub fn check(settings: &ClientTlsSettings) -> Result<(), String> {
        if let Some((cert, key)) = &settings.files {
            load(cert, key, settings.ca.as_deref(), &settings.versions)?;
        } else if let Some(ca) = &settings.ca {
            client_verifier(&Arc::new(ring::default_provider()), Some(ca))?;
        }
        Ok(())
    }

    /// What a new connection begins with.
    #[must_use]
    pub fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read())
    }

    /// ALTER INSTANCE RELOAD TLS: reads the files again, for connections that are made from now on.
    ///
    /// # Errors
    /// As [`ClientTls::open`]; what is in force stays.
    pub fn reload(&self) -> Result<(), String> {
        let config = load(&self.cert, &self.key, self.ca.as_deref(), &self.versions)?;
        *self.current.write() = config;
        Ok(())
    }
}

/// Reads files into what rustls answers with. The words before the parentheses are those that MySQL has for each failure.
fn load(
    cert: &Path,
    key: &Path,
    ca: Option<&Path>,
    versions: &[TlsVersion],
) -> Result<Arc<ServerConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let chain = certificates(cert).map_err(|what| format!("Unable to get certificate ({what})"))?;
    let private_key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("Unable to get private key ({}: {error})", key.display()))?;
    let verifier = client_verifier(&provider, ca)?;
    let versions: Vec<&SupportedProtocolVersion> =
        versions.iter().map(|version| supported(*version)).collect();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, private_key)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => format!(
                "Private key does not match the certificate public key ({} and {})",
                key.display(),
                cert.display()
            ),
            error => format!("Unable to get certificate ({} and {}: {error})", cert.display(), key.display()),
        })?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn client_verifier(
    provider: &Arc<CryptoProvider>,
    ca: Option<&Path>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let Some(ca) = ca else { return Ok(Arc::new(NoClientAuth)) };
    let failed = |what: String| format!("SSL_CTX_set_default_verify_paths failed ({what})");
    let mut roots = RootCertStore::empty();
    for root in certificates(ca).map_err(failed)? {
        roots.add(root).map_err(|error| failed(format!("{}: {error}", ca.display())))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .allow_unauthenticated()
        .build()
        .map_err(|error| failed(format!("{}: {error}", ca.display())))?;
    Ok(verifier)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
    let all = read.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(&error))?;
    if all.is_empty() { Err(wrong(&"it holds no certificate")) } else { Ok(all) }
}

fn supported(version: TlsVersion) -> &'static SupportedProtocolVersion {
    match version {
        TlsVersion::Tls12 => &rustls::version::TLS12,
        TlsVersion::Tls13 => &rustls::version::TLS13,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    fn settings(files: Option<(PathBuf, PathBuf)>) -> ClientTlsSettings {
        ClientTlsSettings { files, ca: None, versions: TlsVersion::ALL.to_vec() }
    }

    /// A certificate and its key as files.
    fn write(folder: &Path) -> (PathBuf, PathBuf) {
        let (cert, key) = (folder.join("c.pem"), folder.join("k.pem"));
        let pair = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["db.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
        std::fs::write(&cert, certificate.pem()).unwrap();
        std::fs::write(&key, pair.serialize_pem()).unwrap();
        (cert, key)
    }

    #[test]
    fn broken_files_are_refused_and_what_is_in_force_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = write(folder.path());
        let tls = ClientTls::open(&settings(Some((cert.clone(), key.clone()))), folder.path()).unwrap();
        let before = tls.current();
        let refused = |reason: &str| {
            let error = tls.reload().unwrap_err();
            assert!(error.starts_with(reason), "{error}");
            assert!(Arc::ptr_eq(&before, &tls.current()));
        };
        std::fs::write(&cert, "nonsense").unwrap();
        refused("Unable to get certificate (");
        write(folder.path());
        std::fs::write(&key, "nonsense").unwrap();
        refused("Unable to get private key (");
        std::fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        refused("Private key does not match the certificate public key (");
        write(folder.path());
        tls.reload().unwrap();
        assert!(!Arc::ptr_eq(&before, &tls.current()));
    }

    #[test]
    fn an_authority_that_is_none_is_refused_before_anything_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        let settings = ClientTlsSettings { ca: Some(ca.clone()), ..settings(None) };
        let missing = ClientTls::check(&settings).unwrap_err();
        assert!(missing.contains("ca.pem"), "{missing}");
        std::fs::write(&ca, "").unwrap();
        let empty = ClientTls::check(&settings).unwrap_err();
        assert!(empty.contains("holds no certificate"), "{empty}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
