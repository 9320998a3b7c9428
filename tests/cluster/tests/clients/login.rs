//! Logins: both plugins with and without TLS, the rules of accounts, COM_CHANGE_USER, names that mean harm, a cluster that is formed with
//! root's password; by packets of our own (`scripts/login.py`), and by clients that people use.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cluster_tests::{Layout, TestCluster, network, program, server_binary};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};

/// How long a node may take for what it does at its start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs one check of `login.py`.
fn check(check: &str, address: &str, rest: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/login.py");
    program::succeed(Command::new("python3").arg(script).args([check, address]).args(rest));
}

fn address(cluster: &TestCluster) -> String {
    let leader = cluster.wait_for_leader(PATIENCE);
    cluster.node(leader).sql_address.clone()
}

#[test]
fn every_plugin_takes_its_right_password_however_the_client_begins() {
    check("plugins", &address(&TestCluster::start(1)), &[]);
}

#[test]
fn names_that_are_no_accounts_look_like_those_that_are() {
    check("unknown", &address(&TestCluster::start(1)), &[]);
}

#[test]
fn names_of_all_lengths_and_kinds_are_names_and_nothing_else() {
    check("names", &address(&TestCluster::start(1)), &[]);
}

#[test]
fn another_user_on_the_same_connection() {
    check("change_user", &address(&TestCluster::start(1)), &[]);
}

#[test]
fn the_rules_of_an_account() {
    check("rules", &address(&TestCluster::start(1)), &[]);
}

#[test]
fn an_expired_password_is_good_for_a_new_one() {
    check("expired", &address(&TestCluster::start(1)), &[]);
}

#[test]
fn what_the_leader_changes_holds_for_logins_everywhere() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(PATIENCE);
    let other = cluster.others(&[leader])[0];
    check("follower", &cluster.node(leader).sql_address, &[&cluster.node(other).sql_address]);
}

#[test]
fn accounts_may_require_tls_and_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let named = |name: &str| {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let mut params = named("authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(path("ca.pem"), issuer.pem()).unwrap();
    let pair = KeyPair::generate().unwrap();
    std::fs::write(path("cert.pem"), named("somebody").signed_by(&pair, &issuer).unwrap().pem()).unwrap();
    std::fs::write(path("key.pem"), pair.serialize_pem()).unwrap();
    let cluster = TestCluster::start_with(1, &["--ssl-ca", &path("ca.pem")]);
    check("tls", &address(&cluster), &[&path("ca.pem"), &path("cert.pem"), &path("key.pem")]);
}

/// The mysql command line of MySQL 9.7, where there is one.
fn mysql() -> Option<String> {
    std::env::var("QUORATE_TEST_MYSQL_CLI").ok()
}

/// One login by a command line: what it printed, or its error.
fn log_in(client: &str, address: &str, user: &str, password: &str, flags: &[&str]) -> Result<String, String> {
    let (host, port) = program::split(address);
    let mut command = Command::new(client);
    if client == "mariadb" {
        command.arg("--no-defaults");
    }
    command.args(["--protocol=tcp", "-h", host, "-P", port, "-N", "-u", user]);
    command.env("MYSQL_PWD", password).args(flags).args(["-e", "SELECT CURRENT_USER()"]);
    let Output { status, stdout, stderr } = program::run(&mut command);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
}

#[test]
fn the_command_lines_log_in() {
    let cluster = TestCluster::start(1);
    let address = address(&cluster);
    let mut root = cluster.connect_leader();
    for statement in [
        "CREATE USER sha2 IDENTIFIED BY 'right'",
        "CREATE USER native IDENTIFIED WITH mysql_native_password BY 'right'",
        "CREATE USER none",
    ] {
        root.query(statement).unwrap();
    }
    let mut tried = 0;
    let mut clients =
        vec![("mariadb".to_owned(), [vec!["--skip-ssl"], vec!["--ssl", "--skip-ssl-verify-server-cert"]])];
    clients.extend(mysql().map(|mysql| {
        (mysql, [vec!["--ssl-mode=DISABLED", "--get-server-public-key"], vec!["--ssl-mode=REQUIRED"]])
    }));
    for (client, ways) in &clients {
        for flags in ways {
            for user in ["sha2", "native", "none"] {
                if user == "native" && client != "mariadb" {
                    // MySQL 9's client has that plugin no more.
                    continue;
                }
                let right = if user == "none" { "" } else { "right" };
                for password in [right, "wrong", ""] {
                    let found = log_in(client, &address, user, password, flags);
                    if password == right {
                        assert_eq!(found.as_deref(), Ok(&*format!("{user}@%")), "{client} {flags:?}");
                    } else {
                        let using = if password.is_empty() { "NO" } else { "YES" };
                        let error = found.unwrap_err();
                        let expected =
                            format!("Access denied for user '{user}'@'localhost' (using password: {using})");
                        assert!(error.contains(&expected), "{client} {flags:?} {user} {password}: {error}");
                    }
                    tried += 1;
                }
            }
            // Nothing is remembered of it: the next way is full authentication again.
            root.query("ALTER USER sha2 IDENTIFIED BY 'right'").unwrap();
        }
    }
    assert!(tried >= 18, "{tried}");
}

#[test]
fn the_last_connection_is_kept_for_administration() {
    let cluster = Layout::of(1).flags(&["--max-connections", "12"]).start();
    check("full", &address(&cluster), &[""]);
}

/// A file that holds a password.
fn password_file(folder: &Path, password: &str) -> PathBuf {
    let path = folder.join(format!("{password}.txt"));
    std::fs::write(&path, format!("{password}\n")).unwrap();
    path
}

/// `quorate` with a password in the environment.
fn quorate(password: &str, arguments: &[&str]) -> Output {
    program::run(Command::new(server_binary()).env("MYSQL_PWD", password).args(arguments))
}

/// Waits until a command succeeds, and gives its standard output.
fn until_succeeds(password: &str, arguments: &[&str]) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let Output { status, stdout, stderr } = quorate(password, arguments);
        if status.success() {
            return String::from_utf8(stdout).unwrap();
        }
        assert!(Instant::now() < deadline, "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_cluster_is_formed_with_roots_password() {
    const FIRST: &str = "f0rmed";
    const SECOND: &str = "ch4nged";
    let folder = tempfile::tempdir().unwrap();
    let file = password_file(folder.path(), FIRST);
    let mut cluster = Layout::of(3).flags(&["--root-password-file", file.to_str().unwrap()]).prepare();
    // Before there is a password nobody comes in without one.
    cluster.start_node(1);
    let alone = cluster.addresses()[0].clone();
    let early =
        || String::from_utf8(quorate("", &["sql", "--here", "--nodes", &alone, "SELECT 1"]).stderr).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !early().contains("Server isn't available") {
        assert!(Instant::now() < deadline, "{}", early());
    }
    for id in 2..=3 {
        cluster.start_node(id);
    }
    let nodes = cluster.addresses().join(",");
    let users = "SELECT GROUP_CONCAT(User, '@', Host ORDER BY Host) FROM mysql.user WHERE User = 'root'";
    let found = until_succeeds(FIRST, &["sql", "--nodes", &nodes, users]);
    assert!(found.contains("root@%,root@localhost"), "{found}");
    for wrong in ["", SECOND] {
        for address in cluster.addresses() {
            let refused = quorate(wrong, &["sql", "--here", "--nodes", &address, "SELECT 1"]);
            let error = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(error.contains("Access denied for user 'root'@'localhost'"), "{address}: {error}");
        }
    }
    let status = until_succeeds(FIRST, &["status", "--nodes", &nodes]);
    assert!(status.contains("leader"), "{status}");
    // Another password, and all nodes killed: each knows it before it hears of the others, and nobody comes in without.
    until_succeeds(FIRST, &["sql", "--nodes", &nodes, "ALTER USER root@localhost IDENTIFIED BY 'ch4nged'"]);
    for address in cluster.addresses() {
        until_succeeds(SECOND, &["sql", "--here", "--nodes", &address, "SELECT 1"]);
    }
    cluster.kill_all();
    cluster.start_node(1);
    let role = until_succeeds(SECOND, &["sql", "--here", "--nodes", &alone, "SELECT @@quorate_role"]);
    assert!(!role.contains("leader"), "{role}");
    for wrong in ["", FIRST] {
        assert!(!quorate(wrong, &["sql", "--here", "--nodes", &alone, "SELECT 1"]).status.success());
    }
    cluster.start_node(2);
    until_succeeds(SECOND, &["sql", "--nodes", &nodes, "CREATE DATABASE d"]);
    for id in 1..=2 {
        let deadline = Instant::now() + PATIENCE;
        while !cluster.log(id).contains("--root-password-file forms nothing") {
            assert!(Instant::now() < deadline, "{}", cluster.log(id));
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = cluster.log(id);
        assert!(!log.contains(FIRST) && !log.contains(SECOND), "a password is in the log: {log}");
    }
}

#[test]
fn nodes_join_and_pass_calls_on_with_roots_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = password_file(folder.path(), "s3cret");
    let flags = ["--root-password-file", file.to_str().unwrap()];
    let mut cluster = Layout::of(3).peer(3, "log-only").flags(&flags).prepare();
    for id in 1..=3 {
        cluster.start_node(id);
    }
    let nodes = cluster.addresses().join(",");
    until_succeeds("s3cret", &["sql", "--nodes", &nodes, "SELECT 1"]);
    // The logger has no accounts but root, whose password it was given.
    let logger = cluster.addresses()[2].clone();
    until_succeeds("s3cret", &["sql", "--here", "--nodes", &logger, "SELECT @@quorate_role"]);
    assert!(!quorate("", &["sql", "--here", "--nodes", &logger, "SELECT 1"]).status.success());
    let id = cluster.start_joining(1, "learner");
    let joined = cluster.addresses()[id as usize - 1].clone();
    until_succeeds("s3cret", &["sql", "--here", "--nodes", &joined, "SELECT COUNT(*) FROM mysql.user"]);
    assert!(!quorate("", &["sql", "--here", "--nodes", &joined, "SELECT 1"]).status.success());
    // Said to a node that does not lead.
    for address in [&logger, &joined] {
        let call = format!("CALL dbms_consensus.configure_learner({id}, '', 0)");
        let called = quorate("s3cret", &["sql", "--here", "--nodes", address, &call]);
        let error = String::from_utf8_lossy(&called.stderr).into_owned();
        assert!(called.status.success() || !error.contains("Access denied"), "{address}: {error}");
        let members = until_succeeds("s3cret", &["member", "list", "--nodes", address]);
        assert!(members.contains("learner"), "{members}");
    }
    // With a wrong password a node does not join, and says why at once.
    std::fs::write(&file, "wrong").unwrap();
    let late = cluster.start_joining(1, "learner");
    assert_eq!(cluster.wait_for_exit(late, PATIENCE), Some(1));
    let log = cluster.log(late);
    assert!(log.contains("--root-password-file"), "{log}");
}

#[test]
fn with_a_password_other_machines_are_served_as_far_as_accounts_are_for_them() {
    if network::is_left_out() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = password_file(folder.path(), "s3cret");
    let mut cluster =
        Layout::of(1).networked().flags(&["--root-password-file", file.to_str().unwrap()]).prepare();
    let own = cluster.network().peer_address(1);
    let ip = program::split(&own).0.to_owned();
    let address = format!("{ip}:4000");
    cluster.add_flags(1, &["--listen", &address]);
    cluster.start_node(1);
    let say = |password: &str, statement: &str| {
        let mut command = cluster.network().command(1, &server_binary());
        command.env("MYSQL_PWD", password).args(["sql", "--here", "--nodes", &address, statement]);
        let Output { status, stdout, stderr } = program::run(&mut command);
        let text = String::from_utf8([stdout, stderr].concat()).unwrap();
        (status.success(), text)
    };
    let deadline = Instant::now() + PATIENCE;
    let (_, who) = loop {
        match say("s3cret", "SELECT CONCAT(USER(), ' is ', CURRENT_USER())") {
            (true, text) => break (true, text),
            (false, text) => assert!(Instant::now() < deadline, "{text}"),
        }
    };
    assert!(who.contains(&format!("root@{ip} is root@%")), "{who}");
    let (_, denied) = say("", "SELECT 1");
    assert!(
        denied.contains(&format!("Access denied for user 'root'@'{ip}' (using password: NO)")),
        "{denied}"
    );
    // The last account that is for it is gone: it is not greeted any more.
    assert!(say("s3cret", "DROP USER root").0);
    let (is_in, refused) = say("s3cret", "SELECT 1");
    assert!(!is_in && refused.contains(&format!("Host '{ip}' is not allowed to connect")), "{refused}");
}

#[test]
fn without_a_password_only_this_machine_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let start = |listen: &str, more: &[&str]| {
        let mut command = Command::new(server_binary());
        command.args(["start", "--node-id", "1", "--peers", "1=127.0.0.1:1/127.0.0.1:2", "--listen", listen]);
        command.arg("--data").arg(folder.path().join("data")).args(more);
        program::run_for(&mut command, PATIENCE)
    };
    let refused = String::from_utf8(start("0.0.0.0:2", &[]).stderr).unwrap();
    assert!(refused.contains("--root-password-file"), "{refused}");
    let missing = folder.path().join("none");
    let refused = start("0.0.0.0:2", &["--root-password-file", missing.to_str().unwrap()]);
    let refused = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.contains("password file"), "{refused}");
    assert!(!folder.path().join("data").exists(), "nothing was made");
}
