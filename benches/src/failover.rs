//! How long no commit succeeds when the leader is killed.
//!
//! `cargo run --release -p benches -- failover [--kills 30] [--layout three|same-city] [--threads 16]`
//!
//! Starts a cluster of real processes (the release build of the server, which is to be built before, or `QUORATE_BIN`), loads it with sysbench's
//! `oltp_write_only`, and kills the leader with SIGKILL again and again, starting it again each time. Two clients that try again write
//! one row after the other meanwhile; the time counted for a kill is the longest one around it in which neither had a commit
//! acknowledged. So it contains everything: noticing, electing, applying, and the clients' finding the new leader.
//!
//! sysbench 1.0 ends (often by a crash of its own) when its connections break: it is started again at once, and is connected as soon as there
//! is a leader.
//!
//! Layouts: `three` voters with tables, or `same-city`: two with tables and one that keeps the log alone.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::blocking::{Cluster, Options};
use cluster_tests::{Layout, TestCluster, program};

use crate::leader_proxy;

/// Clients that measure.
const PROBES: u64 = 2;
/// How long one statement of theirs may take: less than what is measured would not be seen.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);
/// Pause of theirs after an error.
const PROBE_PAUSE: Duration = Duration::from_millis(2);
/// Load before each kill, and after the cluster is whole again.
const SETTLE: Duration = Duration::from_secs(2);
/// How long the cluster may take to serve again, and to be whole again.
const PATIENCE: Duration = Duration::from_secs(60);
/// A node that is behind by no more entries than this is taken to be back.
const BEHIND_ENTRIES_MAX: u64 = 5_000;
/// sysbench's tables.
const TABLES: [&str; 2] = ["--tables=4", "--table-size=10000"];

/// What is to be measured.
pub struct Plan {
    kills: usize,
    is_same_city: bool,
    threads: u32,
}

/// When commits were acknowledged, ascending for each probe.
type Commits = Arc<Mutex<Vec<Instant>>>;

impl Plan {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Plan, String> {
        let mut plan = Plan { kills: 30, is_same_city: false, threads: 16 };
        while let Some(argument) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
            let number = || value.parse::<u32>().map_err(|_| format!("{argument}: '{value}' is no number"));
            match (argument.as_str(), value.as_str()) {
                ("--kills", _) => plan.kills = number()?.max(1) as usize,
                ("--threads", _) => plan.threads = number()?.max(1),
                ("--layout", "three") => plan.is_same_city = false,
                ("--layout", "same-city") => plan.is_same_city = true,
                ("--layout", _) => return Err("--layout is three or same-city".into()),
                _ => return Err(format!("{argument} is not known: --kills, --layout, --threads")),
            }
        }
        Ok(plan)
    }

    /// Measures and prints.
    ///
    /// # Errors
    /// When sysbench or the cluster cannot be started.
    pub fn run(&self) -> Result<(), String> {
        let layout = if self.is_same_city { Layout::of(3).peer(3, "log-only") } else { Layout::of(3) };
        let mut cluster = layout.start();
        let proxy = leader_proxy::start(cluster.addresses()).map_err(|error| format!("no proxy: {error}"))?;
        self.prepare(&cluster, &proxy)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (sysbench, load_stop) = (self.sysbench(&proxy, "run"), Arc::clone(&stop));
        let load = std::thread::spawn(move || keep_running(sysbench, &load_stop));
        let commits: Commits = Arc::default();
        let probes: Vec<_> = (0..PROBES)
            .map(|number| {
                let (addresses, stop, commits) =
                    (cluster.addresses(), Arc::clone(&stop), Arc::clone(&commits));
                std::thread::spawn(move || probe(number, addresses, &stop, &commits))
            })
            .collect();
        let gaps = self.kill_leaders(&mut cluster, &commits);
        stop.store(true, Ordering::Relaxed);
        for thread in probes.into_iter().chain([load]) {
            let _ = thread.join();
        }
        self.print(gaps?);
        Ok(())
    }

    fn sysbench(&self, address: &str, command: &str) -> Command {
        let mut sysbench = program::sysbench("oltp_write_only", address);
        sysbench.args(TABLES).args(["--rand-type=uniform", "--mysql-ignore-errors=all"]);

        match command {
            "run" => sysbench.arg(format!("--threads={}", self.threads)).arg("--time=0").arg("--events=0"),
            _ => sysbench.arg("--threads=2"),
        };
        sysbench.arg(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        sysbench
    }

    fn prepare(&self, cluster: &TestCluster, proxy: &str) -> Result<(), String> {
        let mut connection = cluster.connect_leader();
        for sql in [
            "CREATE DATABASE sbtest",
            "CREATE DATABASE probe",
            "CREATE TABLE probe.t (id BIGINT PRIMARY KEY AUTO_INCREMENT, worker INT)",
        ] {
            connection.query(sql).map_err(|error| format!("{sql}: {error}"))?;
        }
        let status =
            self.sysbench(proxy, "prepare").status().map_err(|error| format!("sysbench: {error}"))?;
        if status.success() { Ok(()) } else { Err("sysbench prepare failed".into()) }
    }

    /// The time without a commit of each kill.
    fn kill_leaders(&self, cluster: &mut TestCluster, commits: &Commits) -> Result<Vec<Duration>, String> {
        let mut gaps = Vec::new();
        for kill in 1..=self.kills {
            let (from, since) = (commit_index(cluster)?, Instant::now());
            std::thread::sleep(SETTLE);
            let leader = cluster.wait_for_leader(PATIENCE);
            if let Ok(mut commits) = commits.lock() {
                // Only what is around this kill counts.
                commits.clear();
            }
            std::thread::sleep(SETTLE / 4);
            let (index, loaded) = (commit_index(cluster)?, since.elapsed());
            let killed = Instant::now();
            cluster.kill(leader);
            let gap = wait_for_gap(commits, killed)?;
            cluster.start_node(leader);
            whole_again(cluster, leader)?;
            println!(
                "kill {kill}: node {leader} at index {index}, {} ms without a commit, {} a second before",
                gap.as_millis(),
                (index - from) * 1000 / u64::try_from(loaded.as_millis()).unwrap_or(1).max(1)
            );
            gaps.push(gap);
        }
        Ok(gaps)
    }

    fn print(&self, mut gaps: Vec<Duration>) {
        gaps.sort_unstable();
        let place = |share: f64| gaps[((gaps.len() as f64 * share).ceil() as usize).clamp(1, gaps.len()) - 1];
        let layout = if self.is_same_city { "2 data + 1 log" } else { "3 data" };
        println!("\n| layout | SIGKILLs of the leader | load | median | p90 | p99 | worst |");
        println!("|---|---|---|---|---|---|---|");
        println!(
            "| {layout} | {} | oltp_write_only, {} threads | {} ms | {} ms | {} ms | {} ms |",
            gaps.len(),
            self.threads,
            place(0.5).as_millis(),
            place(0.9).as_millis(),
            place(0.99).as_millis(),
            place(1.0).as_millis()
        );
    }
}

/// How far the leader is.
fn commit_index(cluster: &TestCluster) -> Result<u64, String> {
    let leader = cluster.wait_for_leader(PATIENCE);
    cluster.commit_index(leader).ok_or_else(|| "the leader does not answer".into())
}

/// Starts a program again and again until told to stop.
fn keep_running(mut command: Command, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut process) = command.spawn() else { return };
        while let Ok(None) = process.try_wait() {
            if stop.load(Ordering::Relaxed) {
                let _ = process.kill();
            }
            std::thread::sleep(PROBE_PAUSE);
        }
        std::thread::sleep(PROBE_PAUSE);
    }
}

/// Waits until commits succeed again for a while; the longest time without one since shortly before the kill.
fn wait_for_gap(commits: &Commits, killed: Instant) -> Result<Duration, String> {
    loop {
        std::thread::sleep(Duration::from_millis(100));
        let mut found = commits.lock().map_err(|_| "a probe panicked")?.clone();
        found.sort_unstable();
        // What was acknowledged just before the kill may be read just after it.
        let is_over = found.iter().any(|commit| *commit > killed + Duration::from_millis(200))
            && found.last().is_some_and(|last| last.elapsed() < Duration::from_millis(200))
            && killed.elapsed() > SETTLE;
        if is_over {
            let around = found.windows(2).filter(|pair| pair[1] > killed);
            return Ok(around.map(|pair| pair[1] - pair[0]).max().unwrap_or_default());
        }
        if killed.elapsed() > PATIENCE {
            return Err("no commit succeeds any more".into());
        }
    }
}

/// Waits until the node that was killed follows again and is nearly as far as the leader.
fn whole_again(cluster: &TestCluster, id: u64) -> Result<(), String> {
    let started = Instant::now();
    loop {
        let leader = cluster.wait_for_leader(PATIENCE);
        let behind = cluster.commit_index(leader).zip(cluster.commit_index(id));
        if behind.is_some_and(|(leader, own)| own + BEHIND_ENTRIES_MAX > leader) {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("node {id} does not catch up"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Writes a row, notes when it was acknowledged, and so on; after an error it looks for the leader and tries again.
fn probe(worker: u64, addresses: Vec<String>, stop: &AtomicBool, commits: &Mutex<Vec<Instant>>) {
    let options = Options { timeout: PROBE_TIMEOUT, ..Options::unencrypted() };
    let mut cluster = Cluster::with_options(addresses, options);
    let insert = format!("INSERT INTO probe.t (worker) VALUES ({worker})");
    while !stop.load(Ordering::Relaxed) {
        match cluster.leader().and_then(|leader| leader.query(&insert)) {
            Ok(_) => {
                if let Ok(mut commits) = commits.lock() {
                    commits.push(Instant::now());
                }
            }
            Err(_) => {
                cluster.forget_leader();
                std::thread::sleep(PROBE_PAUSE);
            }
        }
    }
}
