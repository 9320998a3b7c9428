//! The server on a disk that loses what was not synced: after a SIGKILL and the loss everything that was told OK is there, with each engine.
//! Needs root and `/dev/fuse`.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use jepsen::disk::DiskLayer;
use tempfile::TempDir;

/// How long something may take to come about.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether tests that mount are to be left out, as the environment says.
fn is_left_out() -> bool {
    let is_set = std::env::var_os("QUORATE_NO_NETNS").is_some();
    if is_set {
        eprintln!("left out: QUORATE_NO_NETNS is set: who may not make namespaces may not mount");
    }
    is_set
}

/// The server's program: `QUORATE_BIN`, or beside the tests' folder.
fn binary() -> PathBuf {
    let beside = || std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("quorate");
    std::env::var_os("QUORATE_BIN").map_or_else(beside, PathBuf::from)
}

/// A port that no test which runs at the same time takes, also as the local one of a connection.
fn free_port() -> u16 {
    cluster_tests::free_address().rsplit(':').next().unwrap().parse().unwrap()
}

/// A cluster of one node whose data folder, which it makes itself, is on the disk.
struct Node {
    process: Option<Child>,
    disk: DiskLayer,
    engine: &'static str,
    ports: (u16, u16),
    folder: TempDir,
}

impl Node {
    fn new(engine: &'static str) -> Node {
        let folder = tempfile::tempdir().unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_jepsen"));
        let disk =
            DiskLayer::mount(program, &folder.path().join("backing"), &folder.path().join("mount")).unwrap();
        Node { process: None, disk, engine, ports: (free_port(), free_port()), folder }
    }

    fn data(&self) -> PathBuf {
        self.disk.mount_point().join("nodes/data")
    }

    fn start(&mut self) -> Connection {
        let (client_port, peer_port) = self.ports;
        let log = File::options().append(true).create(true).open(self.folder.path().join("log")).unwrap();
        let process = Command::new(binary())
            .args(["start", "--node-id", "1", "--log-segment-mib", "1", "--log-keep-mib", "1"])
            .args(["--engine", self.engine, "--data"])
            .arg(self.data())
            .args(["--peers", &format!("1=127.0.0.1:{peer_port}/127.0.0.1:{client_port}")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.process = Some(process.unwrap());
        let address = format!("127.0.0.1:{client_port}");
        let began = Instant::now();
        loop {
            let options =
                client::blocking::Options { timeout: PATIENCE, ..client::blocking::Options::unencrypted() };
            let served = Connection::connect_with(&address, &options).and_then(|mut connection| {
                connection.query("CREATE DATABASE IF NOT EXISTS d")?;
                Ok(connection)
            });
            match served {
                Ok(connection) => return connection,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{error}; {}", self.said()),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The power goes; of what was not synced something survives if there is a seed.
    fn lose_power(&mut self, seed: Option<u64>) {
        self.kill();
        match seed {
            Some(seed) => self.disk.lose_some_unsynced(seed).unwrap(),
            None => self.disk.lose_unsynced().unwrap(),
        };
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn first_segment_is_there(&self) -> bool {
        let names = fs::read_dir(self.data().join("log")).unwrap();
        names.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("000000000001-"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn count(connection: &mut Connection) -> String {
    connection.query("SELECT COUNT(*) FROM d.t").unwrap().scalar().unwrap()
}

fn insert(connection: &mut Connection, key: u64, bytes: usize) {
    let text = char::from(b'a' + (key % 26) as u8).to_string().repeat(bytes);
    connection.query(&format!("INSERT INTO d.t VALUES ({key}, '{text}')")).unwrap();
}

/// From the first start on: the folder that the server made is there too.
fn keeps_what_was_told_ok(engine: &'static str) {
    if is_left_out() {
        return;
    }
    let mut node = Node::new(engine);
    let mut connection = node.start();
    connection.query("CREATE TABLE d.t (a BIGINT PRIMARY KEY, b LONGTEXT)").unwrap();
    insert(&mut connection, 0, 10);
    let mut told = 1;
    for seed in [None, Some(1), None, Some(2)] {
        node.lose_power(seed);
        connection = node.start();
        assert_eq!(count(&mut connection), told.to_string(), "{seed:?}: {}", node.said());
        for key in told..told + 50 {
            insert(&mut connection, key, 1000);
        }
        told += 50;
    }
}

/// What the log has no more is in the store, whose folders' names have to be durable by then.
fn keeps_what_was_purged(engine: &'static str) {
    if is_left_out() {
        return;
    }
    let mut node = Node::new(engine);
    let mut connection = node.start();
    connection.query("CREATE TABLE d.t (a BIGINT PRIMARY KEY, b LONGTEXT)").unwrap();
    let began = Instant::now();
    let mut told = 0;
    while node.first_segment_is_there() {
        assert!(began.elapsed() < PATIENCE, "nothing is purged: {}", node.said());
        insert(&mut connection, told, 200_000);
        told += 1;
    }
    node.lose_power(None);
    connection = node.start();
    assert_eq!(count(&mut connection), told.to_string(), "{}", node.said());
}

#[test]
fn fjall_keeps_what_was_told_ok() {
    keeps_what_was_told_ok("fjall");
}

#[test]
fn redb_keeps_what_was_told_ok() {
    keeps_what_was_told_ok("redb");
}

#[test]
fn sled_keeps_what_was_told_ok() {
    keeps_what_was_told_ok("sled");
}

#[test]
fn fjall_keeps_what_was_purged() {
    keeps_what_was_purged("fjall");
}

#[test]
fn redb_keeps_what_was_purged() {
    keeps_what_was_purged("redb");
}

#[test]
fn sled_keeps_what_was_purged() {
    keeps_what_was_purged("sled");
}
