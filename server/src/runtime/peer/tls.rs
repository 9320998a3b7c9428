//! Encryption of the links between nodes: TLS 1.3, in which both sides show a certificate.
//!
//! Who is trusted: a certificate that the configured authority signed **and** that carries the DNS name [`NODE_NAME`], on both
//! sides. The name is the same for all nodes, so a certificate need not know addresses, which change, and may be one for the whole
//! cluster; and an authority that also signs for others (people, web servers) does not let those in. The node id is not in the
//! certificate: that a node is the one it says is up to its hello.
//!
//! A node that encrypts takes no connection in the clear, nor the other way round: there is no falling back.
//!
//! Left out: revocation, and reading the files again while the node runs (restart it, one node after the other).

use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::LinkError;
use super::counters::RefusedKind;
use super::stream::{PeerStream, Socket};

/// The DNS name (subject alternative name) in every node's certificate.
pub const NODE_NAME: &str = "quorate-node";

/// First byte of a TLS connection: a handshake record.
const TLS_FIRST_BYTE: u8 = 0x16;

/// This node's certificate and key, and whose certificates it takes.
#[derive(Clone)]
pub struct PeerTls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    name: ServerName<'static>,
}

impl PeerTls {
    /// Reads the files, all PEM: `ca` the authority's certificate (or several), `cert` this node's, followed by those between it and
    /// the authority, `key` its private key.
    ///
    /// # Errors
    /// A message that names the file and what is wrong with it.
    pub fn load(ca: &Path, cert: &Path, key: &Path) -> Result<PeerTls, String> {
        let mut roots = RootCertStore::empty();
        for root in certificates(ca)? {
            roots.add(root).map_err(|error| wrong(ca, &error))?;
        }
        let chain = certificates(cert)?;
        let read_key = || PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error));
        let name = ServerName::try_from(NODE_NAME).map_err(|error| error.to_string())?;
        if let Some(own) = chain.first() {
            check_name(own, &name).map_err(|what| wrong(cert, &what))?;
        }
        let provider = Arc::new(ring::default_provider());
        let server = server_config(&provider, roots.clone(), chain.clone(), read_key()?)
            .map_err(|error| format!("{} and {}: {error}", cert.display(), key.display()))?;
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, read_key()?)
            .map_err(|error| format!("{} and {}: {error}", cert.display(), key.display()))?;
        client.resumption = Resumption::disabled();
        Ok(PeerTls { client: Arc::new(client), server: Arc::new(server), name })
    }

    fn call(&self, mut socket: Socket) -> Result<PeerStream, LinkError> {
        let mut connection =
            ClientConnection::new(Arc::clone(&self.client), self.name.clone()).map_err(encryption)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).map_err(|error| {
                LinkError::Refused(
                    RefusedKind::Encryption,
                    format!("no encrypted connection: {error}; is TLS configured on both nodes, with the same authority?"),
                )
            })?;
        }
        Ok(PeerStream::Client(Box::new(StreamOwned::new(connection, socket))))
    }

    fn answer(&self, mut socket: Socket) -> Result<PeerStream, LinkError> {
        let mut connection = ServerConnection::new(Arc::clone(&self.server)).map_err(encryption)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).map_err(|error| match error.kind() {
                std::io::ErrorKind::TimedOut => LinkError::Io(error),
                _ => encryption(error),
            })?;
        }
        let shown = connection.peer_certificates().and_then(<[_]>::first);
        let shown = shown.ok_or_else(|| encryption("the caller shows no certificate"))?;
        check_name(shown, &self.name).map_err(encryption)?;
        Ok(PeerStream::Server(Box::new(StreamOwned::new(connection, socket))))
    }
}

/// The stream over a connection that this node made.
///
/// # Errors
/// The handshake failed.
pub fn call(tls: Option<&PeerTls>, socket: Socket) -> Result<PeerStream, LinkError> {
    match tls {
        Some(tls) => tls.call(socket),
        None => Ok(PeerStream::Plain(socket)),
    }
}

/// What a called node finds at the beginning of a connection.
#[derive(Debug)]
pub enum Answered {
    /// The stream.
    Stream(PeerStream),
    /// The caller speaks in the clear and this node does not: to be told so in the clear, and nothing else is to be done with it.
    InTheClear(PeerStream),
}

/// The stream over a connection that another node made.
///
/// # Errors
/// The handshake failed, or the caller encrypts and this node does not.
pub fn answer(tls: Option<&PeerTls>, mut socket: Socket) -> Result<Answered, LinkError> {
    let is_tls = socket.peek()? == TLS_FIRST_BYTE;
    match tls {
        Some(tls) if is_tls => tls.answer(socket).map(Answered::Stream),
        Some(_) => Ok(Answered::InTheClear(PeerStream::Plain(socket))),
        None if is_tls => Err(encryption("it encrypts (TLS), which this node is not configured for")),
        None => Ok(Answered::Stream(PeerStream::Plain(socket))),
    }
}

fn server_config(
    provider: &Arc<CryptoProvider>,
    roots: RootCertStore,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, String> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| error.to_string())?;
    let mut server = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| error.to_string())?;
    // Connections last; and a caller that never reads again would never take the tickets.
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    Ok(server)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(path, &error))?;
    let all = read.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(path, &error))?;
    if all.is_empty() {
        return Err(wrong(path, &"it holds no certificate"));
    }
    Ok(all)
}

fn check_name(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), String> {
    ParsedCertificate::try_from(certificate)
        .and_then(|parsed| rustls::client::verify_server_name(&parsed, name))
        .map_err(|error| {
            format!("the certificate is not a node's: it must carry the DNS name {NODE_NAME} ({error})")
        })
}

fn wrong(path: &Path, what: &dyn std::fmt::Display) -> String {
    format!("{}: {what}", path.display())
}

fn encryption(what: impl ToString) -> LinkError {
    LinkError::Refused(RefusedKind::Encryption, what.to_string())
}
