//! Transactions much larger than what may be one log entry, on real processes: written in parts while they run, seen all at once, and
//! gone without a trace when their leader is.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::{Layout, TestCluster};

/// A transaction is written in parts from 1 MiB on, and the store may hold 24 MiB.
const SMALL: [&str; 4] = ["--stream-transaction-mib", "1", "--store-memory-mib", "24"];
/// Bytes of one row.
const ROW_BYTES: usize = 20_000;
/// How long nodes may take to be equal, and staged rows to be gone.
const SETTLED_MAX: Duration = Duration::from_secs(120);
/// How long a failover may take.
const FAILOVER_MAX: Duration = Duration::from_secs(10);

fn start() -> TestCluster {
    let cluster = Layout::of(3).flags(&SMALL).start();
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v MEDIUMTEXT, n INT, KEY (n))").unwrap();
    connection.query("CREATE TABLE d.small (id INT PRIMARY KEY, n INT)").unwrap();
    connection.query("INSERT INTO d.small VALUES (1, 0), (2, 0), (3, 0), (4, 0)").unwrap();
    cluster
}

/// Writes rows of together `mib` MiB in the open transaction, numbered from `from` on; how many.
fn insert(connection: &mut Connection, from: usize, mib: usize) -> client::blocking::Result<usize> {
    let count = (mib << 20).div_ceil(ROW_BYTES);
    for id in from..from + count {
        let sql = format!("INSERT INTO d.t VALUES ({id}, REPEAT('{}', {ROW_BYTES}), {})", id % 10, id % 7);
        connection.query(&sql)?;
    }
    Ok(count)
}

fn count(connection: &mut Connection, table: &str) -> usize {
    connection.query(&format!("SELECT COUNT(*) FROM d.{table}")).unwrap().scalar().unwrap().parse().unwrap()
}

/// Waits until no node has anything staged, or on its way to its place.
fn wait_until_settled(cluster: &TestCluster) {
    cluster.wait_until("nothing is staged any more", SETTLED_MAX, || {
        cluster.others(&[]).iter().all(|id| {
            ["Quorate_transactions_staged", "Quorate_transactions_merging"]
                .iter()
                .all(|name| cluster.status(*id, name).as_deref() == Some("0"))
        })
    });
}

/// Everything in one transaction: inserts, an update of everything, a part taken back, and a deletion; then the same
/// of what is committed. Small transactions go on meanwhile.
#[test]
fn a_large_transaction_is_seen_all_at_once_and_holds_nobody_up() {
    let cluster = start();
    let term = cluster.term(1).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let small = scope.spawn(|| {
            let mut connection = cluster.connect_leader();
            let (mut done, mut slowest) = (0, Duration::ZERO);
            while !stop.load(Ordering::Acquire) {
                let started = Instant::now();
                connection
                    .query(&format!("UPDATE d.small SET n = n + 1 WHERE id = {}", done % 4 + 1))
                    .unwrap();
                slowest = slowest.max(started.elapsed());
                done += 1;
                assert!(matches!(count(&mut connection, "t"), 0 | 2622), "part of it is seen");
            }
            (done, slowest)
        });
        let mut connection = cluster.connect_leader();
        connection.query("BEGIN").unwrap();
        assert_eq!(insert(&mut connection, 0, 50).unwrap(), 2622);
        assert_eq!(count(&mut connection, "t"), 2622, "it sees its own rows");
        connection.query("SAVEPOINT a").unwrap();
        connection.query("UPDATE d.t SET n = 100, v = CONCAT(v, 'x')").unwrap();
        insert(&mut connection, 10_000, 10).unwrap();
        connection.query("ROLLBACK TO a").unwrap();
        assert_eq!(count(&mut connection, "t"), 2622, "what came after the savepoint is gone");
        connection.query("UPDATE d.t SET n = n + 10").unwrap();
        connection.query("COMMIT").unwrap();
        assert_eq!(count(&mut connection, "t"), 2622);
        stop.store(true, Ordering::Release);
        let (done, slowest) = small.join().unwrap();
        println!("{done} small transactions meanwhile, the slowest in {slowest:?}");
        assert!(done > 20, "only {done} small transactions");
    });
    let mut connection = cluster.connect_leader();
    let sums =
        "SELECT CONCAT(SUM(n), ' ', SUM(LENGTH(v)), ' ', COUNT(*)) FROM d.t FORCE INDEX (n) WHERE n < 100";
    let expected: usize = (0..2622).map(|id| id % 7 + 10).sum();
    let expected = format!("{expected} {} 2622", 2622 * ROW_BYTES);
    assert_eq!(connection.query(sums).unwrap().scalar().unwrap(), expected);
    wait_until_settled(&cluster);
    assert_eq!(connection.query(sums).unwrap().scalar().unwrap(), expected, "as before the merge");
    cluster.assert_equal_nodes(SETTLED_MAX);
    connection.query("INSERT INTO d.t SELECT id + 100000, v, n FROM d.t").unwrap();
    connection.query("DELETE FROM d.t WHERE id < 100000").unwrap();
    assert_eq!(count(&mut connection, "t"), 2622);
    connection.query("DELETE FROM d.t").unwrap();
    assert_eq!(count(&mut connection, "t"), 0);
    wait_until_settled(&cluster);
    cluster.assert_equal_nodes(SETTLED_MAX);
    assert_eq!(cluster.term(1), Some(term), "the leader went on leading");
}

/// Nothing of a transaction is left whose leader is killed before its commit, or that is rolled back, or whose client goes.
#[test]
fn nothing_is_left_of_a_large_transaction_that_does_not_commit() {
    let mut cluster = start();
    let mut connection = cluster.connect_leader();
    connection.query("BEGIN").unwrap();
    insert(&mut connection, 0, 10).unwrap();
    connection.query("ROLLBACK").unwrap();
    connection.query("BEGIN").unwrap();
    insert(&mut connection, 0, 10).unwrap();
    drop(connection);
    wait_until_settled(&cluster);

    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let mut connection = cluster.connect(leader);
    connection.query("BEGIN").unwrap();
    insert(&mut connection, 0, 20).unwrap();
    assert_eq!(cluster.status(leader, "Quorate_transactions_staged").as_deref(), Some("1"));
    cluster.kill(leader);
    cluster.wait_for_leader(FAILOVER_MAX);
    assert_eq!(count(&mut cluster.connect_leader(), "t"), 0);
    cluster.start_node(leader);
    wait_until_settled(&cluster);
    assert_eq!(count(&mut cluster.connect_leader(), "t"), 0);
    cluster.assert_equal_nodes(SETTLED_MAX);
}

/// All of a transaction is there when its leader is killed right after its commit, and when a follower was down or
/// is killed on the way.
#[test]
fn all_is_left_of_a_large_transaction_that_is_committed() {
    let mut cluster = start();
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let follower = cluster.others(&[leader])[0];
    let mut connection = cluster.connect(leader);
    connection.query("BEGIN").unwrap();
    let rows = insert(&mut connection, 0, 15).unwrap();
    cluster.kill(follower);
    insert(&mut connection, rows, 15).unwrap();
    cluster.start_node(follower);
    cluster.wait_until("the follower is back", SETTLED_MAX, || cluster.commit_index(follower).is_some());
    connection.query("COMMIT").unwrap();
    cluster.kill(leader);
    cluster.wait_for_leader(FAILOVER_MAX);
    assert_eq!(count(&mut cluster.connect_leader(), "t"), 2 * rows);
    cluster.start_node(leader);
    wait_until_settled(&cluster);
    assert_eq!(count(&mut cluster.connect_leader(), "t"), 2 * rows);
    cluster.assert_equal_nodes(SETTLED_MAX);
}

/// A node that gets a snapshot while a large transaction is open has all of it after the commit.
#[test]
fn a_node_seeded_in_the_middle_has_all_of_it() {
    let small_log = ["--log-keep-mib", "1", "--log-max-mib", "2", "--log-segment-mib", "1"];
    let mut cluster = Layout::of(3).flags(&SMALL).flags(&small_log).start();
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v MEDIUMTEXT, n INT, KEY (n))").unwrap();
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let behind = cluster.others(&[leader])[0];
    let index = cluster.commit_index(behind).unwrap();
    cluster.kill(behind);
    let mut connection = cluster.connect(leader);
    connection.query("BEGIN").unwrap();
    let rows = insert(&mut connection, 0, 20).unwrap();
    cluster.wait_until("the log is purged", SETTLED_MAX, || {
        cluster.others(&[]).iter().all(|id| {
            let logs = cluster.connect(*id).query("CALL dbms_consensus.show_logs()").ok();
            logs.and_then(|logs| logs.text(0, 2)?.parse::<u64>().ok()).is_some_and(|first| first > index + 1)
        })
    });
    cluster.start_node(behind);
    cluster.wait_until("the node is seeded", SETTLED_MAX, || {
        cluster.status(behind, "Quorate_transactions_staged").as_deref() == Some("1")
    });
    insert(&mut connection, rows, 5).unwrap();
    connection.query("COMMIT").unwrap();
    let all = count(&mut connection, "t");
    assert!(all > rows);
    wait_until_settled(&cluster);
    cluster.assert_equal_nodes(SETTLED_MAX);
    assert_eq!(count(&mut cluster.connect(behind), "t"), all);
}
