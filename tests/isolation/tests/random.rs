//! Random transactions, and whether their history is one that the level allows.
//!
//! Seeds by hand, for as long as one likes: `ISOLATION_SEEDS=1..500 cargo nextest run -p isolation-tests --release random`.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cluster_tests::TestCluster;
use isolation_tests::checker::{Level, check};
use isolation_tests::history::{History, Outcome};
use isolation_tests::workload::{Workload, run};

fn seeds(default: Range<u64>) -> Range<u64> {
    let Ok(text) = std::env::var("ISOLATION_SEEDS") else { return default };
    let (from, to) = text.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

fn workload(cluster: &TestCluster, seed: u64, isolation: &'static str) -> Workload {
    Workload {
        seed,
        isolation,
        sessions: 8,
        txns: 60,
        addresses: cluster.addresses(),
        reads_on_followers: false,
    }
}

fn assert_clean(history: &History, level: Level, what: &str) {
    let committed = history.txns.iter().filter(|txn| txn.outcome == Outcome::Committed).count();
    let found = check(history, level);
    assert!(found.is_empty(), "{what}, {level:?}:\n{}", found.join("\n"));
    println!("{what}: {committed} of {} committed", history.txns.len());
    assert!(
        committed * 4 > history.txns.len(),
        "{what}: only {committed} of {} committed",
        history.txns.len()
    );
}

fn run_level(isolation: &'static str, level: Level) {
    let cluster = TestCluster::start(1);
    for seed in seeds(1..4) {
        let history = run(&workload(&cluster, seed, isolation));
        assert_clean(&history, level, &format!("{isolation}, seed {seed}"));
    }
}

#[test]
fn serializable_is_serializable_in_real_time() {
    run_level("SERIALIZABLE", Level::Strict);
}

#[test]
fn repeatable_read_is_a_snapshot() {
    run_level("REPEATABLE READ", Level::Snapshot);
}

#[test]
fn read_committed_reads_what_is_committed() {
    run_level("READ COMMITTED", Level::ReadCommitted);
}

#[test]
fn read_uncommitted_is_read_committed() {
    run_level("READ UNCOMMITTED", Level::ReadCommitted);
}

/// The checker finds what the levels below allow, so its silence above means something.
#[test]
fn the_levels_below_show_their_anomalies() {
    let cluster = TestCluster::start(1);
    let shows = |isolation, level| {
        (1..20).any(|seed| !check(&run(&workload(&cluster, seed, isolation)), level).is_empty())
    };
    assert!(shows("REPEATABLE READ", Level::Strict), "write skew under REPEATABLE READ");
    assert!(shows("READ COMMITTED", Level::Snapshot), "read skew under READ COMMITTED");
}

#[test]
fn read_only_transactions_on_followers_fit_in() {
    let cluster = TestCluster::start(3);
    for seed in seeds(1..3) {
        let workload = Workload { reads_on_followers: true, ..workload(&cluster, seed, "SERIALIZABLE") };
        assert_clean(&run(&workload), Level::Strict, &format!("with followers, seed {seed}"));
    }
}

/// The leader is killed again and again meanwhile.
#[test]
fn serializable_through_failovers() {
    let mut cluster = TestCluster::start(3);
    for seed in seeds(1..2) {
        let workload =
            Workload { reads_on_followers: true, txns: 150, ..workload(&cluster, seed, "SERIALIZABLE") };
        let is_over = AtomicBool::new(false);
        let history = std::thread::scope(|scope| {
            let running = scope.spawn(|| {
                let history = run(&workload);
                is_over.store(true, Ordering::SeqCst);
                history
            });
            while !is_over.load(Ordering::SeqCst) && !running.is_finished() {
                std::thread::sleep(Duration::from_millis(700));
                let leader = cluster.wait_for_leader(Duration::from_secs(20));
                cluster.kill(leader);
                cluster.wait_for_leader(Duration::from_secs(20));
                cluster.start_node(leader);
                std::thread::sleep(Duration::from_millis(700));
            }
            running.join().unwrap()
        });
        assert_clean(&history, Level::Strict, &format!("through failovers, seed {seed}"));
    }
}
