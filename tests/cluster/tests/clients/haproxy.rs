//! HAProxy in front of three nodes, with the configuration that `docs/administration.md` shows: writes find the leader, reads the others, and a
//! client gets through again when the leader is killed or hands over.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::numbered::{self, Numbered};
use cluster_tests::{Layout, TestCluster, connect, free_address, program};

/// How long a client may find nobody behind the port for writes after the leader is gone.
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// How long things may take that are not timed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether there is no HAProxy here; in CI there has to be one.
fn is_left_out() -> bool {
    let found = Command::new("haproxy").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return false;
    }
    assert!(std::env::var_os("CI").is_none(), "CI has no haproxy: .ci/run installs it");
    println!("skipped: there is no haproxy here");
    true
}

/// A cluster behind HAProxy.
struct Proxied {
    cluster: TestCluster,
    proxy: Child,
    writes: String,
    reads: String,
}

impl Drop for Proxied {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

/// The configuration in the documentation, with the addresses that are used here.
fn configuration(cluster: &TestCluster, http: &[String], writes: &str, reads: &str) -> String {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/administration.md"));
    let text = text.unwrap();
    let start = text.find("defaults\n    mode tcp").expect("the configuration is in the documentation");
    let mut configuration = text[start..start + text[start..].find("```").unwrap()].to_owned();
    for (old, new) in [("bind :3306", writes), ("bind :3307", reads)] {
        assert!(configuration.contains(old));
        configuration = configuration.replace(old, &format!("bind {new}"));
    }
    for (id, http) in (1..).zip(http) {
        let old = format!("10.0.0.{id}:4001 port 8001");
        assert_eq!(configuration.matches(&old).count(), 2, "{old}");
        let port = program::split(http).1;
        let new = format!("{} port {port}", cluster.node(id).client_address);
        configuration = configuration.replace(&old, &new);
    }
    configuration
}

impl Proxied {
    fn start() -> Proxied {
        let http: Vec<String> = (0..3).map(|_| free_address()).collect();
        let mut layout = Layout::of(3).flags(&["--proxy-protocol-networks", "127.0.0.1"]);
        for (id, address) in (1..).zip(&http) {
            layout = layout.node_flags(id, &["--http-listen", address]);
        }
        let cluster = layout.start();
        let (writes, reads) = (free_address(), free_address());
        let file = cluster.folder().join("haproxy.cfg");
        std::fs::write(&file, configuration(&cluster, &http, &writes, &reads)).unwrap();
        let log = std::fs::File::create(cluster.folder().join("haproxy.log")).unwrap();
        let proxy = Command::new("haproxy")
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let proxied = Proxied { cluster, proxy, writes, reads };
        proxied.wait_for("the leader behind the port for writes", &proxied.writes, "leader", PATIENCE);
        proxied.wait_for("a follower behind the port for reads", &proxied.reads, "follower", PATIENCE);
        proxied
    }

    /// Waits until clients that connect to a port come to nodes of this role, and to no others: before its first check HAProxy takes
    /// every node for one that is there.
    fn wait_for(&self, what: &str, port: &str, role: &str, timeout: Duration) {
        let comes_to_it = || {
            let answer = connect(port, Duration::from_secs(5))
                .and_then(|mut connection| connection.query("SELECT @@quorate_role"));
            answer.is_ok_and(|answer| answer.scalar().as_deref() == Some(role))
        };
        self.cluster.wait_until(what, timeout, || (0..6).all(|_| comes_to_it()));
    }

    fn connect(&self, port: &str) -> Connection {
        connect(port, PATIENCE).unwrap()
    }
}

fn node(connection: &mut Connection) -> client::Result<u64> {
    Ok(connection.query("SELECT @@server_id")?.scalar().and_then(|id| id.parse().ok()).unwrap_or(0))
}

#[test]
fn writes_go_to_the_leader_and_reads_to_the_others() {
    if is_left_out() {
        return;
    }
    let proxied = Proxied::start();
    let leader = proxied.cluster.wait_for_leader(PATIENCE);
    let mut writer = proxied.connect(&proxied.writes);
    assert_eq!(node(&mut writer).unwrap(), leader);
    writer.query("CREATE DATABASE d").unwrap();
    writer.query("CREATE TABLE d.t (a INT PRIMARY KEY)").unwrap();
    let mut found = std::collections::BTreeSet::new();
    let mut readers = Vec::new();
    for value in 0..20 {
        writer.query(&format!("INSERT INTO d.t VALUES ({value})")).unwrap();
        let mut reader = proxied.connect(&proxied.reads);
        let id = node(&mut reader).unwrap();
        assert_ne!(id, leader, "a read went to the leader");
        let count = reader.query("SELECT COUNT(*) FROM d.t").unwrap().scalar();
        assert_eq!(count, Some((value + 1).to_string()), "an acknowledged row is missing on node {id}");
        found.insert(id);
        readers.push(reader);
    }
    assert_eq!(found.len(), 2, "all reads went to one node");
}

#[test]
fn clients_get_through_again_when_the_leader_is_killed() {
    if is_left_out() {
        return;
    }
    let mut proxied = Proxied::start();
    let writers = Numbered::start(&proxied.cluster, std::slice::from_ref(&proxied.writes), "SELECT 1");
    for _ in 0..3 {
        writers.progress(300, &proxied.cluster);
        let leader = proxied.cluster.wait_for_leader(PATIENCE);
        proxied.cluster.kill(leader);
        let killed = Instant::now();
        // What was acknowledged while it was being killed does not count.
        std::thread::sleep(Duration::from_millis(300));
        writers.progress(1, &proxied.cluster);
        println!("a client wrote again {:?} after node {leader} was killed", killed.elapsed());
        assert!(killed.elapsed() < FAILOVER_MAX, "nobody could write for {:?}", killed.elapsed());
        writers.progress(300, &proxied.cluster);
        proxied.cluster.start_node(leader);
        proxied.cluster.wait_until("it follows", PATIENCE, || {
            proxied.cluster.value(leader, "SELECT @@quorate_role").as_deref() == Some("follower")
        });
    }
    numbered::check(&proxied.cluster, writers.stop());
    proxied.cluster.assert_equal_nodes(PATIENCE);
}

#[test]
fn a_handover_ends_connections_to_the_old_leader() {
    if is_left_out() {
        return;
    }
    let proxied = Proxied::start();
    let cluster = &proxied.cluster;
    let writers = Numbered::start(cluster, std::slice::from_ref(&proxied.writes), "SELECT 1");
    writers.progress(200, cluster);
    let leader = cluster.wait_for_leader(PATIENCE);
    let mut idle = proxied.connect(&proxied.writes);
    assert_eq!(node(&mut idle).unwrap(), leader);
    let target = cluster.others(&[leader])[0];
    cluster.connect(leader).query(&format!("CALL dbms_consensus.change_leader({target})")).unwrap();
    let changed = Instant::now();
    // Also one that says nothing is ended: it would be on a node that takes no writes.
    loop {
        match node(&mut idle) {
            Ok(id) => assert_eq!(id, leader),
            Err(error) => {
                assert!(error.is_disconnect() || error.code() == Some(1053), "{error}");
                break;
            }
        }
        assert!(changed.elapsed() < FAILOVER_MAX, "a connection to the old leader is kept");
        std::thread::sleep(Duration::from_millis(50));
    }
    proxied.wait_for("the new leader is behind the port for writes", &proxied.writes, "leader", FAILOVER_MAX);
    assert_eq!(node(&mut proxied.connect(&proxied.writes)).unwrap(), cluster.wait_for_leader(PATIENCE));
    println!("the old leader's connections had ended {:?} after the handover", changed.elapsed());
    writers.progress(200, cluster);
    numbered::check(cluster, writers.stop());
    cluster.assert_equal_nodes(PATIENCE);
}
