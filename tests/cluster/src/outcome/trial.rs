//! A workload under failures, judged after each of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::clients::{Clients, Findings};
use super::fault::{FAILOVER_MAX, Fault};
use super::ledger::Ledger;
use super::observer::Observers;
use super::{Workload, number};
use crate::{Layout, TestCluster};

/// Transactions that have to be acknowledged before each failure, and after it.
const BETWEEN: u64 = 200;
/// How long sessions that clients have left alone may go on.
const ABANDONED_MAX: Duration = Duration::from_secs(60);
/// How long the nodes may take to be equal.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);
/// Findings shown when a trial fails.
const SHOWN_MAX: usize = 20;

/// What is to be tried.
pub struct Trial {
    /// Failures.
    pub failovers: usize,
    /// By which they, and what the clients do, are chosen.
    pub seed: u64,
    /// Which failures there may be.
    pub faults: Vec<Fault>,
}

impl Trial {
    /// Runs the workload on three nodes until all failures have happened.
    ///
    /// # Panics
    /// When anything was not as a client was told, or as it must be.
    pub fn run(&self, workload: Arc<dyn Workload>) {
        println!("QUORATE_FAILOVERS={} QUORATE_SEED={}", self.failovers, self.seed);
        let is_networked = self.faults.iter().any(|fault| fault.needs_network());
        let layout = Layout::of(3);
        let mut cluster = if is_networked { layout.networked() } else { layout }.start();
        prepare(&cluster, &*workload);
        let (ledger, findings) = (Arc::new(Ledger::default()), Findings::default());
        let (of_clients, of_all) = (Arc::clone(&workload), cluster.addresses());
        let clients = Clients::start(of_clients, Arc::clone(&ledger), of_all, findings.clone(), self.seed);
        let observers = Observers::start(&workload, &cluster.addresses(), &findings);
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut bag = Vec::new();
        for round in 1..=self.failovers {
            if bag.is_empty() {
                bag.clone_from(&self.faults);
                bag.shuffle(&mut random);
            }
            let fault = bag.pop().expect("there are faults");
            clients.progress(BETWEEN, &cluster);
            let (before, started) = (ledger.totals(), Instant::now());
            let what = fault.happen(&mut cluster, &clients, &mut random);
            cluster.wait_for_leader(FAILOVER_MAX);
            clients.progress(BETWEEN, &cluster);
            let (after, took) = (ledger.totals(), started.elapsed());
            clients.stand_still();
            let committed = judge(&cluster, &*workload, &ledger);
            println!(
                "{round} {fault:?}: {what}; {took:.1?}, {} done, {} rolled back, {} unknown; {committed} in all",
                after.done - before.done,
                after.rolled_back - before.rolled_back,
                after.unknown - before.unknown
            );
            assert_nothing(&findings, &cluster);
            clients.go_on();
        }
        let looks = observers.stop();
        clients.stop();
        let committed = judge(&cluster, &*workload, &ledger);
        assert_nothing(&findings, &cluster);
        println!("{committed} transactions are there; {:?}; looked at {looks} times", ledger.totals());
    }
}

fn prepare(cluster: &TestCluster, workload: &dyn Workload) {
    let mut connection = cluster.connect_leader();
    let prepared = connection
        .query("CREATE DATABASE soak")
        .and_then(|_| connection.query("CREATE TABLE soak.base (id INT PRIMARY KEY, n BIGINT NOT NULL)"))
        .and_then(|_| connection.query("INSERT INTO soak.base VALUES (1, 0)"))
        .and_then(|_| workload.prepare(&mut connection));
    prepared.expect("the tables of the workload");
}

fn assert_nothing(findings: &Findings, cluster: &TestCluster) {
    let found = findings.list();
    let shown = found.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join("\n");
    assert!(found.is_empty(), "{} findings:\n{shown}\n{}", found.len(), cluster.logs());
}

/// Holds what there is against what the clients, which stand still, know: on the leader, and that all nodes have the same.
fn judge(cluster: &TestCluster, workload: &dyn Workload, ledger: &Ledger) -> u64 {
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let mut connection = cluster.connect(leader);
    cluster.wait_until("sessions that were left alone come to an end", ABANDONED_MAX, || {
        is_quiet(&mut connection)
    });
    let committed = workload.check(&mut connection, ledger).expect("what there is can be read");
    cluster.assert_equal_nodes(CATCH_UP_MAX);
    // Through each node's own reads as well.
    let seen: Vec<_> = cluster.others(&[]).into_iter().map(|id| observed(cluster, id, workload)).collect();
    assert!(seen.iter().all(|row| *row == (0, seen[0].1)), "the nodes read {seen:?}");
    workload.compact(&mut connection).expect("what was judged can be taken away");
    committed
}

/// Whether no other session does anything.
fn is_quiet(connection: &mut Connection) -> bool {
    let list = connection.query("SHOW PROCESSLIST").expect("the process list");
    let busy = (0..list.rows.len()).filter(|row| list.text(*row, 4).as_deref() != Some("Sleep")).count();
    // This one is busy with the question. Observers read only, and are busy for moments.
    busy <= 1
}

fn observed(cluster: &TestCluster, id: u64, workload: &dyn Workload) -> (i64, i64) {
    let rows = cluster.connect(id).query(workload.observation()).expect("what a node reads");
    (number(&rows, 0, 0), number(&rows, 0, 1))
}
