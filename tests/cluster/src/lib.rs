//! Clusters of real server processes for the tests: started, killed, paused, cut off and started again.
//!
//! The processes are `quorate start` as it ships, each with a data folder of its own in a temporary folder that goes with the
//! cluster. They are on loopback, or each in a network namespace of its own ([`network`]). A cluster is described by a [`Layout`]; nodes
//! that join it later are started by [`TestCluster::join_node`] ([`members`]). Only processes that a [`TestCluster`] started are ever
//! signalled.

#![expect(clippy::unwrap_used, reason = "a test harness: what fails here fails the test")]

pub mod http;
pub mod layout;
pub mod load;
pub mod members;
pub mod network;
pub mod numbered;
pub mod outcome;
pub mod process;
pub mod program;
pub mod question;
pub mod raw;
pub mod relay;
pub mod row_writers;
pub mod slow_link;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use client::blocking::{Connection, Options};
use rustix::process::{Pid, Signal, kill_process};

pub use layout::Layout;
use network::Network;

/// How long a cluster may take to have a leader.
pub const LEADER_TIMEOUT: Duration = Duration::from_secs(20);

/// How a node comes to the cluster.
enum Arrival {
    /// It is one of those that form it; with what follows its addresses in `--peers`.
    Founder(String),
    /// It joins by way of this client address, as this.
    Joiner { through: String, joins_as: String },
}

/// One node of a test cluster.
pub struct TestNode {
    /// Its id, from 1.
    pub id: u64,
    /// Where it listens for clients.
    pub sql_address: String,
    /// Where the tests connect as clients: another address only when the node has a network of its own.
    pub client_address: String,
    /// Where its peers connect.
    pub peer_address: String,
    /// Its data folder.
    pub data: PathBuf,
    arrival: Arrival,
    /// Flags for this node alone.
    flags: Vec<String>,
    process: Option<Child>,
}

/// A cluster of processes.
pub struct TestCluster {
    /// Its nodes, ascending by id; also those that are gone.
    pub nodes: Vec<TestNode>,
    folder: tempfile::TempDir,
    name: String,
    extra: Vec<String>,
    network: Option<Network>,
}

/// Where the server binary is: `QUORATE_BIN`, or in the folder of the profile that this program (a test or a benchmark) was built for.
#[must_use]
pub fn server_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("QUORATE_BIN") {
        return path.into();
    }
    let own = std::env::current_exe().unwrap();
    // Tests are one folder deeper than programs.
    let path =
        own.ancestors().skip(1).take(2).map(|folder| folder.join("quorate")).find(|path| path.is_file());
    path.unwrap_or_else(|| {
        panic!(
            "the server's program is not beside {}: run the tests with `cargo xtask test`, which builds it",
            own.display()
        )
    })
}

/// Ports that are below the range the kernel takes outgoing ports from, and that no test which runs at the same time takes any of: what is free
/// while a node is down would be taken from it.
#[must_use]
pub fn ports() -> std::ops::Range<u16> {
    const SHARES: u16 = 8;
    const SHARE: u16 = 1_875;
    let slot = std::env::var("NEXTEST_TEST_GLOBAL_SLOT").ok().and_then(|slot| slot.parse::<u16>().ok());
    let first = 15_000 + slot.unwrap_or(0) % SHARES * SHARE;
    first..first + SHARE
}

/// A port of [`ports`] that is free now.
fn free_port() -> u16 {
    // Free now is not enough: a port that was given to a node that has not started yet is free as well.
    static TAKEN: std::sync::Mutex<BTreeSet<u16>> = std::sync::Mutex::new(BTreeSet::new());
    loop {
        let port = rand::random_range(ports());
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && TAKEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

/// An address on loopback that nobody listens on now, and that no node of this program is given.
#[must_use]
pub fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
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
        Layout::of(count).flags(extra).start()
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
        let node = self.node(id);
        let mut command = match &self.network {
            None => Command::new(server_binary()),
            Some(network) => network.command(id, &server_binary()),
        };
        command.arg("start").arg("--data").arg(&node.data);
        match &node.arrival {
            Arrival::Founder(_) => {
                command.args(["--node-id", &id.to_string(), "--cluster-name", &self.name]);
                command.args(["--peers", &self.founders()]);
            }
            Arrival::Joiner { through, joins_as } => {
                command.args(["--join", through, "--as", joins_as]);
                command.args(["--listen", &node.sql_address, "--peer-listen", &node.peer_address]);
            }
        }
        command.args(&self.extra).args(&node.flags).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// The value of `--peers`.
    fn founders(&self) -> String {
        let peer = |node: &TestNode| match &node.arrival {
            Arrival::Founder(flags) => {
                Some(format!("{}={}/{}{flags}", node.id, node.peer_address, node.sql_address))
            }
            Arrival::Joiner { .. } => None,
        };
        self.nodes.iter().filter_map(peer).collect::<Vec<_>>().join(",")
    }

    /// Further flags for a node, for its next start.
    pub fn add_flags(&mut self, id: u64, flags: &[&str]) {
        self.nodes[id as usize - 1].flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
    }

    /// Starts a node that is not running.
    pub fn start_node(&mut self, id: u64) {
        assert!(self.nodes[id as usize - 1].process.is_none(), "node {id} runs already");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path(id)).unwrap();
        let process = self.command(id).stderr(log).spawn().unwrap();
        self.nodes[id as usize - 1].process = Some(process);
    }

    /// Removes the data folder of a node that does not run.
    pub fn wipe(&self, id: u64) {
        let node = self.node(id);
        assert!(node.process.is_none(), "node {id} runs");
        std::fs::remove_dir_all(&node.data).unwrap();
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

    /// SIGSTOP, and waits until every thread has stopped.
    pub fn pause(&self, id: u64) {
        kill_process(self.pid(id), Signal::STOP).unwrap();
        // On a busy machine threads go on for a while, until the one that takes the signal runs.
        while !process::is_stopped(self.process_id(id)) {
            std::thread::sleep(Duration::from_millis(1));
        }
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

    /// Waits for a node's process to end by itself; its exit code.
    pub fn wait_for_exit(&mut self, id: u64, timeout: Duration) -> Option<i32> {
        let started = Instant::now();
        while self.is_running(id) {
            assert!(started.elapsed() < timeout, "node {id} goes on running\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.reap(id)
    }

    /// The network between the nodes, of a cluster that has one of its own ([`Layout::networked`]).
    #[must_use]
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("the layout says networked()")
    }

    /// The serving leader, if there is one now.
    #[must_use]
    pub fn leader(&self) -> Option<u64> {
        let mut found = None;
        for node in self.nodes.iter().filter(|node| node.process.is_some()) {
            let Ok(mut connection) = connect(&node.client_address, Duration::from_secs(1)) else { continue };
            let Ok(result) = connection.query("SELECT @@quorate_serving, @@quorate_term") else { continue };
            let number =
                |column| result.text(0, column).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            if number(0) == 1 && found.is_none_or(|(_, term)| number(1) > term) {
                found = Some((node.id, number(1)));
            }
        }
        found.map(|(id, _)| id)
    }

    /// Waits until this node leads and serves.
    pub fn wait_for_leader_to_be(&self, id: u64, timeout: Duration) {
        self.wait_until(&format!("node {id} leads"), timeout, || self.leader() == Some(id));
    }

    /// The nodes that are running but `not`, ascending.
    #[must_use]
    pub fn others(&self, not: &[u64]) -> Vec<u64> {
        let running = self.nodes.iter().filter(|node| node.process.is_some()).map(|node| node.id);
        running.filter(|id| !not.contains(id)).collect()
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
        let address = &self.node(id).client_address;
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
        self.nodes.iter().map(|node| node.client_address.clone()).collect()
    }

    /// Waits until all nodes that run and have tables have applied the same log index and compares a checksum over all their rows, index
    /// entries and schema at that index. Nothing may write meanwhile.
    pub fn assert_equal_nodes(&self, timeout: Duration) {
        let has_tables = |node: &&TestNode| node.process.is_some() && !node.is_log_only();
        let ids: Vec<u64> = self.nodes.iter().filter(has_tables).map(|node| node.id).collect();
        self.assert_equal(&ids, timeout);
    }

    /// As [`TestCluster::assert_equal_nodes`], of these nodes.
    pub fn assert_equal(&self, ids: &[u64], timeout: Duration) {
        let started = Instant::now();
        loop {
            let checksums: Vec<String> = ids.iter().map(|id| self.checksum(*id)).collect();
            let index = |checksum: &str| checksum.split(' ').next().map(str::to_owned);
            if checksums
                .iter()
                .all(|checksum| index(checksum) == index(&checksums[0]) && !checksum.is_empty())
            {
                assert!(
                    checksums.iter().all(|checksum| *checksum == checksums[0]),
                    "the data of nodes {ids:?} differ at one index: {checksums:?}\n{}",
                    self.logs()
                );
                return;
            }
            assert!(
                started.elapsed() < timeout,
                "nodes {ids:?} do not reach one index: {checksums:?}\n{}",
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `INDEX CHECKSUM` of a node; empty while it cannot answer.
    fn checksum(&self, id: u64) -> String {
        let Ok(mut connection) = connect(&self.node(id).client_address, Duration::from_secs(10)) else {
            return String::new();
        };
        connection
            .query("SELECT @@quorate_checksum")
            .ok()
            .and_then(|result| result.scalar())
            .unwrap_or_default()
    }
}

impl TestNode {
    fn is_log_only(&self) -> bool {
        match &self.arrival {
            Arrival::Founder(flags) => flags.contains("log-only"),
            Arrival::Joiner { joins_as, .. } => joins_as == "logger",
        }
    }
}

/// A connection as root.
///
/// # Errors
/// When the server cannot be reached.
pub fn connect(address: &str, timeout: Duration) -> client::blocking::Result<Connection> {
    Connection::connect_with(address, &Options { timeout, ..Options::unencrypted() })
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
