//! Clients that encrypt: with the certificate that a node makes itself, with one that it is given, and who is refused.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cluster_tests::{Layout, TestCluster, program};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// How long a node may take to start, or to refuse to.
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority, a server's certificate and a client's, as files; sysbench knows those of the client by these names.
struct Files {
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
    client_cert: PathBuf,
    client_key: PathBuf,
}

fn make(folder: &Path) -> Files {
    std::fs::create_dir_all(folder).unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // A certificate whose issuer has its own name would be taken for one that signed itself.
    params.distinguished_name.push(DnType::CommonName, "authority");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let signed = |name: &str, cert: &Path, key: &Path| {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        std::fs::write(cert, params.signed_by(&pair, &issuer).unwrap().pem()).unwrap();
        std::fs::write(key, pair.serialize_pem()).unwrap();
    };
    let path = |name: &str| folder.join(name);
    let files = Files {
        ca: path("cacert.pem"),
        cert: path("cert.pem"),
        key: path("key.pem"),
        client_cert: path("client-cert.pem"),
        client_key: path("client-key.pem"),
    };
    std::fs::write(&files.ca, issuer.pem()).unwrap();
    signed("localhost", &files.cert, &files.key);
    signed("somebody", &files.client_cert, &files.client_key);
    files
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs one check of `tls.py`.
fn check(check: &str, address: &str, rest: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/tls.py");
    program::succeed(Command::new("python3").arg(script).args([check, address]).args(rest));
}

/// Standard output and standard error of the mariadb command line, and whether it succeeded.
fn mariadb(address: &str, flags: &[&str], statement: &str) -> (String, String, bool) {
    let output = program::run(program::mariadb(address).args(flags).args(["-N", "-e", statement]));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr), output.status.success())
}

fn address(cluster: &TestCluster) -> String {
    cluster.node(1).sql_address.clone()
}

/// The same address by the name that certificates carry.
fn by_name(address: &str) -> String {
    address.replace("127.0.0.1", "localhost")
}

const ENCRYPTION: &str = "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_cipher', 'Ssl_version')";

#[test]
fn clients_encrypt_with_the_certificate_that_the_node_made() {
    let mut cluster = TestCluster::start(1);
    let address = address(&cluster);
    let (out, err, _) = mariadb(&address, &["--ssl"], ENCRYPTION);
    assert_eq!(out, "Ssl_cipher\tTLS_AES_256_GCM_SHA384\nSsl_version\tTLSv1.3\n", "{err}");
    let (out, err, _) = mariadb(&address, &["--ssl", "--tls-version=TLSv1.2"], ENCRYPTION);
    assert_eq!(out, "Ssl_cipher\tECDHE-ECDSA-AES256-GCM-SHA384\nSsl_version\tTLSv1.2\n", "{err}");
    let (out, err, _) = mariadb(&address, &["--skip-ssl"], ENCRYPTION);
    assert_eq!(out, "Ssl_cipher\t\nSsl_version\t\n", "{err}");
    check("offered", &address, &["yes"]);
    check("versions", &address, &["TLSv1.2", "TLSv1.3"]);
    let (cert, key) =
        (cluster.node(1).data.join("server-cert.pem"), cluster.node(1).data.join("server-key.pem"));
    let (out, err, _) = mariadb(&address, &[], "SELECT @@ssl_cert, @@ssl_key, @@ssl_ca, @@tls_version");
    assert_eq!(out, format!("{}\t{}\t\tTLSv1.2,TLSv1.3\n", text(&cert), text(&key)), "{err}");
    // Who is given the file can tell this server from others; it outlives a restart.
    let before = std::fs::read(&cert).unwrap();
    for restart in [false, true] {
        if restart {
            cluster.terminate(1);
            cluster.start_node(1);
            cluster.wait_for_leader(PATIENCE);
        }
        let flags = ["--ssl-ca", text(&cert), "--ssl-verify-server-cert"];
        let (out, err, _) = mariadb(&by_name(&address), &flags, "SELECT 1");
        assert_eq!(out, "1\n", "{err}");
        check("certificate", &address, &[text(&cert)]);
    }
    assert_eq!(before, std::fs::read(&cert).unwrap());
    let subject =
        program::succeed(Command::new("openssl").args(["x509", "-noout", "-subject", "-in", text(&cert)]));
    assert!(subject.contains("Quorate_Server_Auto_Generated_Server_Certificate"), "{subject}");
}

#[test]
fn a_certificate_of_ones_own_and_certificates_of_clients() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (make(&folder.path().join("ours")), make(&folder.path().join("theirs")));
    let flags = ["--ssl-cert", text(&ours.cert), "--ssl-key", text(&ours.key), "--ssl-ca", text(&ours.ca)];
    let cluster = Layout::of(1).flags(&flags).start();
    let (address, named) = (address(&cluster), by_name(&address(&cluster)));
    assert!(!cluster.node(1).data.join("server-cert.pem").exists(), "none is made that is not needed");
    let verified = |ca: &Path, rest: &[&str]| {
        let flags = [&["--ssl-ca", text(ca), "--ssl-verify-server-cert"], rest].concat();
        mariadb(&named, &flags, "SELECT 1")
    };
    assert_eq!(verified(&ours.ca, &[]).0, "1\n");
    let (_, err, succeeded) = verified(&theirs.ca, &[]);
    assert!(!succeeded && err.contains("2026"), "{err}");
    check("certificate", &address, &[text(&ours.ca)]);
    // A client need not show one; if it does, it is to be of the authority.
    let shown = |files: &Files| {
        let flags = ["--ssl-cert", text(&files.client_cert), "--ssl-key", text(&files.client_key)];
        verified(&ours.ca, &flags)
    };
    let (out, err, _) = shown(&ours);
    assert_eq!(out, "1\n", "{err}");
    let (_, err, succeeded) = shown(&theirs);
    assert!(!succeeded && !err.is_empty(), "{err}");
    check("with_certificate", &address, &[text(&ours.client_cert), text(&ours.client_key)]);
    check("many", &address, &[]);
    // sysbench reads its files from the folder it is started in.
    mariadb(&address, &["--ssl"], "CREATE DATABASE sbtest");
    for step in ["prepare", "run"] {
        let mut command = program::sysbench("oltp_read_write", &address);
        command.args([
            "--tables=2",
            "--table-size=100",
            "--threads=4",
            "--events=200",
            "--time=30",
            "--mysql-ssl=on",
        ]);
        let out = program::succeed(command.arg(step).current_dir(ours.ca.parent().unwrap()));
        assert!(step == "prepare" || out.contains("total number of events:              200"), "{out}");
    }
    let (out, err, _) = mariadb(&address, &[], "SHOW GLOBAL STATUS LIKE 'Ssl_finished_accepts'");
    let accepts: u64 = out.trim().rsplit('\t').next().and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(accepts >= 8 * 20 + 4, "{out}{err}");
}

#[test]
fn the_certificate_is_read_again_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ours = make(folder.path());
    let cluster =
        Layout::of(1).flags(&["--ssl-cert", text(&ours.cert), "--ssl-key", text(&ours.key)]).start();
    let address = address(&cluster);
    let old = folder.path().join("old.pem");
    std::fs::copy(&ours.ca, &old).unwrap();
    let shows = |ca: &Path| check("certificate", &address, &[text(ca)]);
    shows(&old);
    make(folder.path());
    shows(&old);
    let reload = |rest: &str| mariadb(&address, &["--ssl"], &format!("ALTER INSTANCE RELOAD TLS{rest}"));
    let (_, err, succeeded) = reload("");
    assert!(succeeded, "{err}");
    shows(&ours.ca);
    // Files that are broken are said to be, and replace nothing.
    std::fs::write(&ours.key, "no key").unwrap();
    for rest in ["", " FOR CHANNEL mysql_main"] {
        let (_, err, succeeded) = reload(rest);
        let words = "ERROR 3888 (HY000) at line 1: Failed to set up SSL because of the following SSL library error: Unable to get private key (";
        assert!(!succeeded && err.contains(words) && err.contains("key.pem"), "{err}");
        shows(&ours.ca);
    }
    for (rest, code) in [(" FOR CHANNEL mysql_admin", 1235), (" NO ROLLBACK ON ERROR", 1235), (" NOW", 1064)]
    {
        let (_, err, _) = reload(rest);
        assert!(err.contains(&format!("ERROR {code}")), "{rest}: {err}");
    }
    let (_, err, _) = mariadb(&address, &[], "ALTER INSTANCE ROTATE INNODB MASTER KEY");
    assert!(err.contains("ERROR 1235"), "{err}");
}

#[test]
fn clients_that_do_not_encrypt_can_be_refused() {
    let mut cluster = TestCluster::start(1);
    let address = address(&cluster);
    let mut client = cluster.connect(1);
    client.query("SET GLOBAL require_secure_transport = ON").unwrap();
    check("secure_only", &address, &[]);
    // Who is in stays; and it can be taken back.
    client.query("SET GLOBAL require_secure_transport = OFF").unwrap();
    let _still_let_in = cluster.connect(1);
    cluster.terminate(1);
    // Without TLS there would be no client left.
    let refuses = |flags: &[&str], reason: &str| {
        let output = program::run_for(cluster.command(1).args(flags), PATIENCE);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(reason), "{flags:?}: {said}");
    };
    refuses(&["--ssl=off", "--require-secure-transport"], "no client");
    refuses(&["--ssl=off", "--tls-version=TLSv1.3"], "--ssl=off excludes");
    refuses(&["--ssl-cert=cert.pem"], "belong together");
    refuses(&["--ssl-ca=nowhere.pem"], "nowhere.pem");
    refuses(&["--tls-version=TLSv1.1"], "TLSv1.1");
}

#[test]
fn tls_can_be_switched_off_or_to_one_version_or_required() {
    let off = Layout::of(1).flags(&["--ssl=off"]).start();
    check("offered", &address(&off), &["no"]);
    assert!(!off.node(1).data.join("server-cert.pem").exists());
    let (_, err, _) = mariadb(&address(&off), &[], "SET GLOBAL require_secure_transport = ON");
    assert!(err.contains("ERROR 3160") && err.contains("No secure transports"), "{err}");
    let (_, err, _) = mariadb(&address(&off), &[], "ALTER INSTANCE RELOAD TLS");
    assert!(err.contains("ERROR 3888") && err.contains("--ssl=off"), "{err}");
    let newest = Layout::of(1).flags(&["--tls-version=TLSv1.3"]).start();
    check("versions", &address(&newest), &["TLSv1.3"]);
    let mut required = Layout::of(1).flags(&["--require-secure-transport"]).prepare();
    required.start_node(1);
    let address = address(&required);
    required.wait_until("it serves", PATIENCE, || mariadb(&address, &["--ssl"], "SELECT 1").0 == "1\n");
    check("secure_only", &address, &[]);
}

#[test]
fn what_is_no_handshake_harms_nobody() {
    let cluster = TestCluster::start(1);
    let address = address(&cluster);
    check("injection", &address, &[]);
    check("pipelined", &address, &[]);
    check("announced", &address, &[]);
    check("garbage", &address, &[]);
    cluster.connect(1).query("SET GLOBAL connect_timeout = 4").unwrap();
    check("stall", &address, &["4"]);
}

#[test]
fn large_packets_and_kill_through_tls() {
    let cluster = TestCluster::start(1);
    check("large", &address(&cluster), &[]);
    check("kill", &address(&cluster), &[]);
}
