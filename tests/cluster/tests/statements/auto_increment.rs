//! AUTO_INCREMENT over failovers: a value is given once, later values are larger, and nothing is skipped but what failed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use client::blocking::{Cluster, Options};
use cluster_tests::TestCluster;
use cluster_tests::load::is_retryable;

/// Sessions that insert.
const SESSIONS: u64 = 6;
/// Leaders that are killed.
const KILLS: u32 = 4;
/// How long a failover, and what is to happen between two, may take.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// What one session was told.
#[derive(Default)]
struct Told {
    /// Values of acknowledged rows, with the time at which the statement was sent and that of the answer.
    values: Vec<(u64, Instant, Instant)>,
    /// Statements that were sent and failed: each may have used up a value.
    failed: u64,
}

fn insert(addresses: &[String], stop: &AtomicBool, acknowledged: &AtomicU64) -> Told {
    let options = Options { timeout: Duration::from_secs(5), ..Options::unencrypted() };
    let mut cluster = Cluster::with_options(addresses.to_vec(), options);
    let mut told = Told::default();
    while !stop.load(Ordering::Relaxed) {
        let sent = Instant::now();
        match cluster.query("INSERT INTO d.t (note) VALUES ('row')") {
            Ok(result) => {
                told.values.push((result.last_insert_id, sent, Instant::now()));
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                assert!(is_retryable(&error) || error.code() == Some(1105), "{error}");
                told.failed += 1;
                cluster.forget_leader();
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
    told
}

#[test]
fn values_are_given_once_and_in_order_over_failovers() {
    let mut cluster = TestCluster::start(3);
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id BIGINT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(10))").unwrap();
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicU64::new(0));
    let addresses = cluster.addresses();
    let told: Vec<Told> = std::thread::scope(|scope| {
        let start = || insert(&addresses, &stop, &acknowledged);
        let sessions: Vec<_> = (0..SESSIONS).map(|_| scope.spawn(start)).collect();
        for _ in 0..KILLS {
            let before = acknowledged.load(Ordering::Relaxed);
            cluster
                .wait_until("rows come", WAIT_MAX, || acknowledged.load(Ordering::Relaxed) >= before + 200);
            let leader = cluster.wait_for_leader(WAIT_MAX);
            cluster.kill(leader);
            cluster.wait_for_leader(WAIT_MAX);
            cluster.start_node(leader);
        }
        let before = acknowledged.load(Ordering::Relaxed);
        cluster.wait_until("rows come", WAIT_MAX, || acknowledged.load(Ordering::Relaxed) >= before + 200);
        stop.store(true, Ordering::Relaxed);
        sessions.into_iter().map(|session| session.join().unwrap()).collect()
    });
    let failed: u64 = told.iter().map(|told| told.failed).sum();
    let mut values: Vec<_> = told.into_iter().flat_map(|told| told.values).collect();
    values.sort_unstable_by_key(|(value, ..)| *value);
    let count = values.len() as u64;
    assert!(values.windows(2).all(|pair| pair[0].0 < pair[1].0), "a value was given twice");
    // A statement that was sent after another one was answered gets a larger value.
    let mut by_answer = values.clone();
    by_answer.sort_unstable_by_key(|(_, _, answered)| *answered);
    let mut largest_answered = by_answer.iter().peekable();
    let mut by_sending = values.clone();
    by_sending.sort_unstable_by_key(|(_, sent, _)| *sent);
    let mut largest = 0;
    for (value, sent, _) in by_sending {
        while let Some((answered_value, ..)) = largest_answered.next_if(|(_, _, answered)| *answered < sent) {
            largest = largest.max(*answered_value);
        }
        assert!(value > largest, "{value} was given after {largest}");
    }
    let mut connection = cluster.connect_leader();
    let mut number = |sql: &str| connection.query(sql).unwrap().scalar().unwrap().parse::<u64>().unwrap();
    let (rows, last) = (number("SELECT COUNT(*) FROM d.t"), number("SELECT MAX(id) FROM d.t"));
    println!("{count} rows acknowledged, {failed} statements failed, {rows} rows, last value {last}");
    assert!((count..=count + failed).contains(&rows));
    assert!(last <= count + failed, "{} values were skipped, and {failed} statements failed", last - count);
    drop(connection);
    cluster.assert_equal_nodes(WAIT_MAX);
}
