//! Clusters of real server processes for the tests: started, killed, paused, cut off and started again.
//!
//! The processes are `quorate start` as it ships, on loopback, each with a data folder of its own in a temporary folder that
//! goes with the cluster. Only processes that a [`TestCluster`] started are ever signalled.

#![expect(clippy::unwrap_used, reason = "a test harness: what fails here fails the test")]

pub mod load;
pub mod program;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use client::{Connection, Options};
use rustix::process::{Pid, Signal, kill_process};

/// How long a cluster may take to have a leader.
pub const LEADER_TIMEOUT: Duration = Duration::from_secs(20);

/// One node of a test cluster.
pub struct TestNode {
    /// Its id, from 1.
    pub id: u64,
    /// Where clients connect.
    pub sql_address: String,
    /// Where its peers connect.
    pub peer_address: String,
    /// Its data folder.
    pub data: PathBuf,
    process: Option<Child>,
}

/// A cluster on loopback.
pub struct TestCluster {
    /// Its nodes.
    pub nodes: Vec<TestNode>,
    folder: tempfile::TempDir,
    name: String,
    extra: Vec<String>,
}

/// Where the server binary is: `QUORATE_BIN`, or beside the test's own profile folder.
#[must_use]
pub fn server_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("QUORATE_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("quorate");
    assert!(
        path.exists(),
        "{} is missing: run the tests with `cargo xtask test`, which builds it",
        path.display()
    );
    path
}

/// A port that is free now, below the range the kernel takes outgoing ports from.
fn free_port() -> u16 {
    loop {
        let port = rand::random_range(15_000..30_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl TestCluster {
    /// Starts `count` nodes and waits for a leader.
    #[must_use]
    pub fn start(count: u64) -> TestCluster {
        Self::start_with(count, &[])
    }

    /// As [`TestCluster::start`], with further flags for each node.
    #[must_use]
    pub fn start_with(count: u64, extra: &[&str]) -> TestCluster {
        let folder = tempfile::tempdir().unwrap();
        let nodes = (1..=count)
            .map(|id| TestNode {
                id,
                sql_address: format!("127.0.0.1:{}", free_port()),
                peer_address: format!("127.0.0.1:{}", free_port()),
                data: folder.path().join(format!("n{id}")),
                process: None,
            })
            .collect();
        let name = format!("test-{:x}", rand::random::<u64>());
        let extra = extra.iter().map(|flag| (*flag).to_owned()).collect();
        let mut cluster = TestCluster { nodes, folder, name, extra };
        for id in 1..=count {
            cluster.start_node(id);
        }
        cluster.wait_for_leader(LEADER_TIMEOUT);
        cluster
    }

    /// The folder of the cluster.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The node with this id.
    #[must_use]
    pub fn node(&self, id: u64) -> &TestNode {
        &self.nodes[id as usize - 1]
    }

    /// Command line of a node's process.
    #[must_use]
    pub fn command(&self, id: u64) -> Command {
        let peers: Vec<String> = self
            .nodes
            .iter()
            .map(|node| format!("{}={}/{}", node.id, node.peer_address, node.sql_address))
            .collect();
        let mut command = Command::new(server_binary());
        command
            .args(["start", "--node-id", &id.to_string(), "--cluster-name", &self.name])
            .arg("--data")
            .arg(&self.node(id).data)
            .args(["--peers", &peers.join(",")])
            .args(&self.extra)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// Starts a node that is not running.
    pub fn start_node(&mut self, id: u64) {
        assert!(self.nodes[id as usize - 1].process.is_none(), "node {id} runs already");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path(id)).unwrap();
        let process = self.command(id).stderr(log).spawn().unwrap();
        self.nodes[id as usize - 1].process = Some(process);
    }

    fn log_path(&self, id: u64) -> PathBuf {
        self.folder.path().join(format!("n{id}.log"))
    }

    /// What a node has logged.
    #[must_use]
    pub fn log(&self, id: u64) -> String {
        std::fs::read_to_string(self.log_path(id)).unwrap_or_default()
    }

    fn pid(&self, id: u64) -> Pid {
        let process = self.node(id).process.as_ref().unwrap();
        Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap()
    }

    /// Process id of a running node.
    #[must_use]
    pub fn process_id(&self, id: u64) -> u32 {
        self.node(id).process.as_ref().unwrap().id()
    }

    /// Whether the node's process runs.
    pub fn is_running(&mut self, id: u64) -> bool {
        match self.nodes[id as usize - 1].process.as_mut() {
            Some(process) => matches!(process.try_wait(), Ok(None)),
            None => false,
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self, id: u64) {
        let _ = kill_process(self.pid(id), Signal::KILL);
        self.reap(id);
    }

    /// SIGKILL to all at once.
    pub fn kill_all(&mut self) {
        let running: Vec<u64> =
            self.nodes.iter().filter(|node| node.process.is_some()).map(|node| node.id).collect();
        for id in &running {
            let _ = kill_process(self.pid(*id), Signal::KILL);
        }
        for id in running {
            self.reap(id);
        }
    }

    /// SIGTERM; returns the exit code.
    pub fn terminate(&mut self, id: u64) -> Option<i32> {
        let _ = kill_process(self.pid(id), Signal::TERM);
        self.reap(id)
    }

    /// SIGSTOP.
    pub fn pause(&self, id: u64) {
        kill_process(self.pid(id), Signal::STOP).unwrap();
    }

    /// SIGCONT.
    pub fn resume(&self, id: u64) {
        kill_process(self.pid(id), Signal::CONT).unwrap();
    }

    /// Waits for a node's process to end; its exit code.
    pub fn reap(&mut self, id: u64) -> Option<i32> {
        let mut process = self.nodes[id as usize - 1].process.take().unwrap();
        process.wait().unwrap().code()
    }

    /// The serving leader, if there is one now.
    #[must_use]
    pub fn leader(&self) -> Option<u64> {
        let mut found = None;
        for node in self.nodes.iter().filter(|node| node.process.is_some()) {
            let Ok(mut connection) = connect(&node.sql_address, Duration::from_secs(1)) else { continue };
            let Ok(result) = connection.query("SELECT @@quorate_serving, @@quorate_term") else { continue };
            let number =
                |column| result.text(0, column).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            if number(0) == 1 && found.is_none_or(|(_, term)| number(1) > term) {
                found = Some((node.id, number(1)));
            }
        }
        found.map(|(id, _)| id)
    }

    /// Waits for a serving leader.
    pub fn wait_for_leader(&self, timeout: Duration) -> u64 {
        let started = Instant::now();
        loop {
            if let Some(id) = self.leader() {
                return id;
            }
            assert!(started.elapsed() < timeout, "no leader within {timeout:?}\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The last lines of all logs, for a failure's message.
    #[must_use]
    pub fn logs(&self) -> String {
        let tail = |id: u64| {
            let text = self.log(id);
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(15)..].join("\n")
        };
        self.nodes.iter().map(|node| format!("--- n{}\n{}\n", node.id, tail(node.id))).collect()
    }

    /// A connection to a node.
    #[must_use]
    pub fn connect(&self, id: u64) -> Connection {
        let address = &self.node(id).sql_address;
        match connect(address, Duration::from_secs(10)) {
            Ok(connection) => connection,
            Err(error) => panic!("cannot connect to node {id} at {address}: {error}\n{}", self.logs()),
        }
    }

    /// A connection to the leader.
    #[must_use]
    pub fn connect_leader(&self) -> Connection {
        self.connect(self.wait_for_leader(LEADER_TIMEOUT))
    }

    /// Client addresses of all nodes.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.sql_address.clone()).collect()
    }

    /// Waits until all nodes have applied the same log index and compares a checksum over all their rows, index entries
    /// and schema at that index. Nothing may write meanwhile.
    pub fn assert_equal_nodes(&self, timeout: Duration) {
        let started = Instant::now();
        loop {
            let checksums: Vec<String> = self.nodes.iter().map(|node| self.checksum(node.id)).collect();
            let index = |checksum: &str| checksum.split(' ').next().map(str::to_owned);
            if checksums
                .iter()
                .all(|checksum| index(checksum) == index(&checksums[0]) && !checksum.is_empty())
            {
                assert!(
                    checksums.iter().all(|checksum| *checksum == checksums[0]),
                    "the nodes' data differ at one index: {checksums:?}\n{}",
                    self.logs()
                );
                return;
            }
            assert!(
                started.elapsed() < timeout,
                "the nodes do not reach one index: {checksums:?}\n{}",
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `INDEX CHECKSUM` of a node; empty while it cannot answer.
    fn checksum(&self, id: u64) -> String {
        let Ok(mut connection) = connect(&self.node(id).sql_address, Duration::from_secs(10)) else {
            return String::new();
        };
        connection
            .query("SELECT @@quorate_checksum")
            .ok()
            .and_then(|result| result.scalar())
            .unwrap_or_default()
    }
}

/// A connection as root.
///
/// # Errors
/// When the server cannot be reached.
pub fn connect(address: &str, timeout: Duration) -> client::Result<Connection> {
    Connection::connect_with(address, &Options { timeout, ..Options::default() })
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            if let Some(process) = node.process.as_mut() {
                let _ = process.kill();
                let _ = process.wait();
            }
        }
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
    }
}
