//! Encrypted links between nodes: a cluster works over them, and who has no certificate of its authority stays outside.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use cluster_tests::load::{Load, check, prepare};
use cluster_tests::{Layout, TestCluster, program};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// The DNS name that every node's certificate has.
const NODE_NAME: &str = "quorate-node";
/// How long things may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority and one node's certificate of it, as files.
struct Files {
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
}

fn make(folder: &Path, authority: &str, name: &str) -> Files {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let path = |kind: &str| folder.join(format!("{authority}.{kind}"));
    let files = Files { ca: path("ca.pem"), cert: path("cert.pem"), key: path("key.pem") };
    std::fs::write(&files.ca, issuer.pem()).unwrap();
    std::fs::write(&files.cert, certificate.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    files
}

impl Files {
    fn flags(&self) -> Vec<String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let flags = [("--peer-ca", &self.ca), ("--peer-cert", &self.cert), ("--peer-key", &self.key)];
        flags.into_iter().flat_map(|(flag, path)| [flag.to_owned(), text(path)]).collect()
    }
}

fn strings(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

/// Three founders with these flags each; none: in the clear.
fn founders(flags: [Option<&Files>; 3]) -> TestCluster {
    let mut layout = Layout::of(3);
    for (id, files) in (1..).zip(flags) {
        if let Some(files) = files {
            layout = layout.node_flags(id, &strings(&files.flags()));
        }
    }
    layout.prepare()
}

fn start(cluster: &mut TestCluster, ids: &[u64]) {
    for id in ids {
        cluster.start_node(*id);
    }
}

#[test]
fn a_cluster_works_over_encrypted_links_that_compress() {
    let folder = tempfile::tempdir().unwrap();
    let files = make(folder.path(), "ours", NODE_NAME);
    let flags = [files.flags(), vec!["--peer-compress-bytes".to_owned(), "256".to_owned()]].concat();
    let mut cluster = Layout::of(3).flags(&strings(&flags)).start();
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 4);
    load.progress(100, &cluster);
    let learner = cluster.join_node(1, "learner");
    let leader = cluster.wait_for_leader(PATIENCE);
    cluster.kill(leader);
    cluster.wait_for_leader(PATIENCE);
    load.progress(100, &cluster);
    cluster.start_node(leader);
    let records = load.stop();
    check(&mut cluster.connect_leader(), &records);
    assert!(cluster.role(learner, learner).is_some());
    // The load's transactions are small: how much of it lies in one frame is chance. This one is not.
    let mut client = cluster.connect_leader();
    client.query("CREATE TABLE bank.wide (id INT PRIMARY KEY, t TEXT)").unwrap();
    client.query("INSERT INTO bank.wide VALUES (1, REPEAT('quorate', 1000))").unwrap();
    cluster.wait_until("a frame that can be compressed is", PATIENCE, || {
        let count = |id| cluster.status(id, "Quorate_peer_frames_compressed");
        [1, 2, 3].iter().any(|id| count(*id).is_some_and(|count| count != "0"))
    });
    cluster.assert_equal_nodes(PATIENCE);
}

#[test]
fn nodes_without_a_certificate_of_the_authority_stay_outside() {
    let folder = tempfile::tempdir().unwrap();
    let ours = make(folder.path(), "ours", NODE_NAME);
    let theirs = make(folder.path(), "theirs", NODE_NAME);
    // Two of three with ours are a cluster; the third one has none, or another authority's.
    for outsider in [None, Some(&theirs)] {
        let mut cluster = founders([Some(&ours), Some(&ours), outsider]);
        start(&mut cluster, &[1, 2, 3]);
        let leader = cluster.wait_for_leader(PATIENCE);
        assert_ne!(leader, 3);
        prepare(&mut cluster.connect(leader)).unwrap();
        cluster.wait_until("the others count the refused encryption", PATIENCE, || {
            let count = |id| cluster.status(id, "Quorate_peer_refused_encryption");
            [1, 2].iter().any(|id| count(*id).is_some_and(|count| count != "0"))
        });
        cluster.always("it is outside", Duration::from_secs(2), || {
            cluster.known_leader(3).is_none() && cluster.commit_index(3) == Some(0)
        });
        assert!(cluster.leader() == Some(leader), "it has disturbed");
        // With a certificate of ours it belongs.
        cluster.terminate(3);
        let mut command = cluster.command(3);
        let kept: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
        let end = kept.iter().position(|flag| flag == "--peer-ca").unwrap_or(kept.len());
        command = std::process::Command::new(command.get_program());
        command.args(&kept[..end]).args(ours.flags());
        let mut third = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        let address = cluster.node(3).client_address.clone();
        cluster.wait_until("it follows", PATIENCE, || {
            cluster_tests::connect(&address, PATIENCE).is_ok_and(|mut node| {
                let leader_id = node.query("SELECT @@quorate_leader_id").ok().and_then(|row| row.scalar());
                leader_id == Some(leader.to_string())
            })
        });
        third.kill().unwrap();
        third.wait().unwrap();
    }
}

#[test]
fn certificates_that_do_not_fit_are_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let ours = make(folder.path(), "ours", NODE_NAME);
    let web = make(folder.path(), "web", "www.example");
    let cluster = founders([Some(&ours), None, None]);
    let fails = |flags: Vec<String>, reason: &str| {
        let mut command = cluster.command(2);
        let output = program::run_for(command.args(&flags), PATIENCE);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(reason), "{flags:?}: {said}");
    };
    fails(web.flags(), NODE_NAME);
    fails(ours.flags()[..2].to_vec(), "belong together");
    fails(Files { key: web.key.clone(), ..make(folder.path(), "other", NODE_NAME) }.flags(), "web.key.pem");
    let missing = Files { ca: folder.path().join("nowhere.pem"), ..make(folder.path(), "more", NODE_NAME) };
    fails(missing.flags(), "nowhere.pem");
}
