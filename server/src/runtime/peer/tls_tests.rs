//! Encrypted links, with certificates made for each test.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use consensus::{LogIndex, Message, Term};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use wire::peer::RefusalReason;

use super::counters::RefusedKind;
use super::test_node::{TestNode, wait_until};
use super::tls::NODE_NAME;
use super::*;

/// An authority and what it signs, as files.
struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { folder, issuer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Signs a certificate with this name: paths of certificate and key.
    fn sign(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let (certificate_path, key_path) =
            (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        std::fs::write(&certificate_path, certificate.pem()).unwrap();
        std::fs::write(&key_path, key.serialize_pem()).unwrap();
        (certificate_path, key_path)
    }

    fn node(&self) -> PeerTls {
        let (certificate, key) = self.sign(NODE_NAME);
        PeerTls::load(&self.path("ca.pem"), &certificate, &key).unwrap()
    }
}

fn commit(index: u64) -> Message {
    Message::Commit { term: Term::new(1), commit: LogIndex::new(index) }
}

/// A node that listens and one that calls it.
fn pair(listening: Option<PeerTls>, calling: Option<PeerTls>) -> (TestNode, TestNode, PeerLinks) {
    let mut receiver = TestNode::new(2);
    receiver.context.tls = listening;
    let address = receiver.listen();
    let mut sender = TestNode::new(1);
    sender.context.tls = calling;
    let mut links = PeerLinks::new(sender.context.clone());
    links.reconcile(&[(receiver.id(), address)]).unwrap();
    (receiver, sender, links)
}

#[test]
fn nodes_with_certificates_of_one_authority_talk() {
    let authority = Authority::new();
    let (receiver, sender, links) = pair(Some(authority.node()), Some(authority.node()));
    sender.wait_linked(receiver.id());
    let sizes = [10, 5_000, 3_000_000, 0, 700_000];
    let entries = sender.push_entries(&sizes);
    links.send(receiver.id(), Outbound::Message(commit(4)));
    links.send(receiver.id(), sender.order(sizes.len() as u64, false));
    assert_eq!(receiver.wait_message(), (sender.id(), commit(4)));
    let mut collected = Vec::new();
    while collected.len() < entries.len() {
        let (_, Message::Append { entries, .. }) = receiver.wait_message() else { panic!("an append") };
        collected.extend(entries);
    }
    assert_eq!(collected, entries);
    assert_eq!(receiver.refused(RefusedKind::Encryption), 0);
}

#[test]
fn a_certificate_of_another_authority_is_refused_by_both() {
    let (receiver, sender, _links) = pair(Some(Authority::new().node()), Some(Authority::new().node()));
    wait_until("the caller refuses", || sender.refused(RefusedKind::Encryption) > 0);
    wait_until("the called one is told", || receiver.refused(RefusedKind::Encryption) > 0);
    assert!(sender.admission.welcomes.lock().is_empty() && receiver.events.is_empty());
}

#[test]
fn a_caller_whose_certificate_the_other_does_not_know_is_refused() {
    // The caller trusts the one it calls, but not the other way round.
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (certificate, key) = theirs.sign(NODE_NAME);
    let caller = PeerTls::load(&ours.path("ca.pem"), &certificate, &key).unwrap();
    let (receiver, sender, _links) = pair(Some(ours.node()), Some(caller));
    wait_until("it is refused", || receiver.refused(RefusedKind::Encryption) > 0);
    wait_until("and knows why", || sender.refused(RefusedKind::Encryption) > 0);
    assert!(sender.admission.welcomes.lock().is_empty() && receiver.events.is_empty());
}

#[test]
fn a_certificate_that_is_no_nodes_does_not_open_the_door() {
    // Of the right authority, which also signs for others.
    let authority = Authority::new();
    let mut receiver = TestNode::new(2);
    receiver.context.tls = Some(authority.node());
    let address = receiver.listen();
    let (certificate, key) = authority.sign("somebody-else");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.path("ca.pem")).unwrap()).unwrap();
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(certificate).unwrap()],
                PrivateKeyDer::from_pem_file(key).unwrap(),
            )
            .unwrap();
    let name = ServerName::try_from(NODE_NAME).unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    // It has nothing to hide from this node, but is not let in.
    let _ = stream.write_all(b"QRPF").and_then(|()| stream.flush());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(answer, b"");
    wait_until("it is refused", || receiver.refused(RefusedKind::Encryption) == 1);
}

#[test]
fn nobody_falls_back_to_the_clear() {
    let authority = Authority::new();
    let (receiver, sender, _links) = pair(Some(authority.node()), None);
    wait_until("the plain caller is refused", || receiver.refused(RefusedKind::Encryption) > 0);
    wait_until("and told why", || {
        let refusals = sender.admission.refusals.lock();
        refusals.iter().any(|(_, refusal)| refusal.reason == RefusalReason::Encryption)
    });
    assert!(receiver.events.is_empty());

    let (receiver, sender, _links) = pair(None, Some(authority.node()));
    wait_until("the encrypting caller is refused", || receiver.refused(RefusedKind::Encryption) > 0);
    wait_until("and gives up", || sender.refused(RefusedKind::Encryption) > 0);
    assert!(receiver.events.is_empty());
}

#[test]
fn files_that_will_not_do_are_named() {
    let authority = Authority::new();
    let ca = authority.path("ca.pem");
    let (certificate, key) = authority.sign(NODE_NAME);
    let load = |ca: &Path, certificate: &Path, key: &Path| PeerTls::load(ca, certificate, key).err().unwrap();
    let missing = authority.path("missing.pem");
    assert!(load(&missing, &certificate, &key).contains("missing.pem"));
    assert!(load(&ca, &missing, &key).contains("missing.pem"));
    assert!(load(&ca, &certificate, &missing).contains("missing.pem"));
    let (other, other_key) = authority.sign("somebody-else");
    let wrong_name = load(&ca, &other, &other_key);
    assert!(wrong_name.contains("somebody-else.pem") && wrong_name.contains(NODE_NAME), "{wrong_name}");
    let wrong_key = load(&ca, &certificate, &other_key);
    assert!(wrong_key.contains("somebody-else.key"), "{wrong_key}");
    assert!(load(&ca, &key, &key).contains("no certificate"));
}
