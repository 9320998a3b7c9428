//! The cell `failover`: every connector writes while the leader is killed.
//!
//! A program in the mode `failover` writes the keys 1, 2, 3… one by one into its table and prints `ACK KEY` for each that was
//! acknowledged. When something fails it connects to the next address; a write that may have been done it looks for before it writes it
//! again. Some rows after the move it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::{LEADER_TIMEOUT, TestCluster};

use crate::connector::Connector;
use crate::environment::{Environment, Server};
use crate::results::{Outcome, Results};

/// Rows that every program has to have written before the leader is killed.
const ROWS_BEFORE: u64 = 10;

/// How long the programs may take to start; one that has not begun to write then fails.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// How long they may take to end after the kill: those that find no leader end by themselves after 60 s.
const PATIENCE: Duration = Duration::from_secs(70);

/// A program that writes.
struct Writer {
    connector: Connector,
    environment: Environment,
    process: Child,
    reader: Option<JoinHandle<()>>,
    acknowledged: Arc<AtomicU64>,
    last_line: Arc<Mutex<String>>,
}

/// Runs the cell of all connectors on a cluster, whose leader is killed once and started again.
pub fn run(cluster: &mut TestCluster, connectors: &[Connector], folder: &Path, results: &mut Results) {
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let server = Server::of(cluster, leader);
    let mut writers: Vec<Writer> =
        connectors.iter().map(|connector| Writer::start(*connector, &server, folder)).collect();
    let started = Instant::now();
    let is_writing = |writer: &mut Writer| writer.acknowledged() >= ROWS_BEFORE || writer.has_ended();
    while !writers.iter_mut().all(is_writing) && started.elapsed() < START_PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.kill(leader);
    let killed = Instant::now();
    while !writers.iter_mut().all(Writer::has_ended) && killed.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.start_node(leader);
    let mut connection = cluster.connect_leader();
    for writer in writers {
        let name = writer.connector.name;
        let outcome = writer.finish(&mut connection);
        results.entry(name).or_default().cells.insert(crate::matrix::FAILOVER, outcome);
    }
    cluster.assert_equal_nodes(LEADER_TIMEOUT);
}

impl Server {
    /// The nodes of a cluster, the leader first.
    #[must_use]
    pub fn of(cluster: &TestCluster, leader: u64) -> Server {
        let mut addresses = cluster.addresses();
        addresses.swap(0, leader as usize - 1);
        Server { addresses }
    }
}

impl Writer {
    fn start(connector: Connector, server: &Server, folder: &Path) -> Writer {
        let environment = Environment::make(server, &connector, folder);
        let mut command: Command = connector.command();
        command.arg("failover").envs(environment.variables());
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (acknowledged, last_line) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(String::new())));
        let (count, last) = (Arc::clone(&acknowledged), Arc::clone(&last_line));
        let reader = std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                match line.strip_prefix("ACK ").and_then(|key| key.parse().ok()) {
                    Some(key) => {
                        // Keys come in order: the highest says that all before it were acknowledged.
                        assert_eq!(count.swap(key, Ordering::SeqCst) + 1, key, "acknowledged out of order");
                    }
                    None => *last.lock().unwrap() = line,
                }
            }
        });
        Writer { connector, environment, process, reader: Some(reader), acknowledged, last_line }
    }

    fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// Compares what was acknowledged with what is there.
    fn finish(mut self, connection: &mut Connection) -> Outcome {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let in_order = self.reader.take().unwrap().join().is_ok();
        let last = self.last_line.lock().unwrap().clone();
        let acknowledged = self.acknowledged();
        let table = format!("{}.failover", self.environment.database());
        let mut number = |query: String| -> u64 {
            let result = connection.query(&query).unwrap_or_else(|error| panic!("{query}: {error}"));
            result.scalar().and_then(|text| text.parse().ok()).unwrap_or_default()
        };
        let rows = number(format!("SELECT COUNT(*) FROM {table}"));
        let keys = number(format!("SELECT COUNT(DISTINCT k) FROM {table}"));
        let kept = number(format!("SELECT COUNT(DISTINCT k) FROM {table} WHERE k <= {acknowledged}"));
        let outcome = last.strip_prefix("failover ").and_then(Outcome::parse);
        match outcome {
            None => Outcome::Fail(format!("the program ended after {acknowledged} rows: {last}")),
            Some(outcome) if outcome != Outcome::Ok => outcome,
            Some(_) if !in_order => Outcome::Fail("keys were acknowledged out of order".to_owned()),
            Some(_) if kept != acknowledged => {
                Outcome::Fail(format!("{acknowledged} rows acknowledged, {kept} of them there"))
            }
            Some(_) if rows != keys => Outcome::Fail(format!("{} rows are there twice", rows - keys)),
            Some(outcome) => outcome,
        }
    }
}
