//! Partitioned tables between sessions, and through restarts and a change of leader: rows that move between partitions are neither lost nor
//! doubled, and what was dropped stays away.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::TestCluster;
use cluster_tests::question::{code, scalar};
use rand::Rng;

/// How long a failover may take until the new leader serves.
const FAILOVER_MAX: Duration = Duration::from_secs(15);
/// How long the clients write.
const WRITING: Duration = Duration::from_secs(3);
/// Rows that they move.
const ROWS: u32 = 40;

fn tables(cluster: &TestCluster) -> Connection {
    let mut connection = cluster.connect_leader();
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT, place INT, amount INT, PRIMARY KEY (id, place), KEY (amount)) PARTITION BY RANGE (place) \
         (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20), PARTITION c VALUES LESS THAN (30))",
        "CREATE TABLE d.h (id INT PRIMARY KEY, v INT) PARTITION BY KEY (id) PARTITIONS 5",
        "CREATE TABLE d.gone (id INT) PARTITION BY LIST (id) (PARTITION a VALUES IN (1), PARTITION b VALUES IN (2))",
        "INSERT INTO d.gone VALUES (1), (2)",
    ] {
        connection.query(sql).unwrap();
    }
    for id in 0..ROWS {
        connection.query(&format!("INSERT INTO d.t VALUES ({id}, {}, 100)", id % 30)).unwrap();
    }
    connection
}

fn statement(random: &mut impl Rng) -> String {
    let (id, place) = (random.random_range(0..ROWS), random.random_range(0..33));
    match random.random_range(0..6) {
        0 => format!("INSERT INTO d.h VALUES ({id}, {place}) ON DUPLICATE KEY UPDATE v = v + 1"),
        1 => format!("DELETE FROM d.h WHERE id = {id}"),
        2 => format!("UPDATE d.t SET amount = amount + 1 WHERE place = {place}"),
        3 => format!("UPDATE d.t PARTITION (a, b) SET place = (place + 7) MOD 20 WHERE id = {id}"),
        _ => format!("UPDATE d.t SET place = {place} WHERE id = {id}"),
    }
}

fn write_until(mut connection: Connection, stop: &AtomicBool) -> u32 {
    let mut random = rand::rng();
    let mut done = 0;
    while !stop.load(Ordering::Relaxed) {
        let in_transaction = random.random_bool(0.5);
        if in_transaction {
            connection.query("BEGIN").unwrap();
        }
        for _ in 0..if in_transaction { 3 } else { 1 } {
            match code(&mut connection, &statement(&mut random)) {
                None => done += 1,
                Some(1526) => {}
                // The transaction is gone.
                Some(1213) => break,
                Some(other) => panic!("error {other}"),
            }
        }
        if in_transaction {
            connection.query(if random.random_bool(0.7) { "COMMIT" } else { "ROLLBACK" }).unwrap();
        }
    }
    done
}

/// Every row of `t` once, and where it belongs.
fn check(connection: &mut Connection) {
    let all = "SELECT CONCAT(COUNT(*), ' ', COUNT(DISTINCT id)) FROM d.t";
    assert_eq!(scalar(connection, all), format!("{ROWS} {ROWS}"));
    let misplaced = "SELECT (SELECT COUNT(*) FROM d.t PARTITION (a) WHERE place + 0 >= 10) + \
                     (SELECT COUNT(*) FROM d.t PARTITION (b) WHERE place + 0 NOT BETWEEN 10 AND 19) + \
                     (SELECT COUNT(*) FROM d.t PARTITION (c) WHERE place + 0 < 20)";
    assert_eq!(scalar(connection, misplaced), "0");
    for table in ["d.t", "d.h"] {
        let checked = connection.query(&format!("CHECK TABLE {table}")).unwrap();
        let texts: Vec<_> = checked.rows.iter().filter_map(|row| row.last().cloned().flatten()).collect();
        assert_eq!(texts, [b"OK".to_vec()], "{table}");
    }
}

#[test]
fn rows_that_move_are_neither_lost_nor_doubled_and_partitions_outlive_leaders() {
    let mut cluster = TestCluster::start(3);
    let mut connection = tables(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (connection, stop) = (cluster.connect(leader), Arc::clone(&stop));
            thread::spawn(move || write_until(connection, &stop))
        })
        .collect();
    let until = Instant::now() + WRITING;
    while Instant::now() < until {
        assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.t"), ROWS.to_string());
    }
    stop.store(true, Ordering::Relaxed);
    let done: u32 = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(done > 50, "only {done} statements went through");
    check(&mut connection);
    for sql in [
        "ALTER TABLE d.gone DROP PARTITION a",
        "ALTER TABLE d.h COALESCE PARTITION 2",
        "ALTER TABLE d.t REORGANIZE PARTITION b, c INTO (PARTITION b VALUES LESS THAN (20), PARTITION c VALUES LESS THAN (30), \
         PARTITION z VALUES LESS THAN MAXVALUE)",
        "INSERT INTO d.t VALUES (1000, 1000, 1)",
        "DELETE FROM d.t WHERE place = 1000",
    ] {
        connection.query(sql).unwrap();
    }
    cluster.kill(leader);
    cluster.wait_for_leader(FAILOVER_MAX);
    let mut connection = cluster.connect_leader();
    check(&mut connection);
    assert_eq!(scalar(&mut connection, "SELECT GROUP_CONCAT(id) FROM d.gone"), "2");
    assert_eq!(code(&mut connection, "INSERT INTO d.gone VALUES (1)"), Some(1526));
    connection.query("UPDATE d.t SET place = 25 WHERE id = 3").unwrap();
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.t PARTITION (c) WHERE id = 3"), "1");
    cluster.kill_all();
    for id in 1..=3 {
        cluster.start_node(id);
    }
    cluster.wait_for_leader(FAILOVER_MAX);
    let mut connection = cluster.connect_leader();
    check(&mut connection);
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.t PARTITION (c) WHERE id = 3"), "1");
    cluster.assert_equal_nodes(FAILOVER_MAX);
}

#[test]
fn a_row_that_another_moved_is_waited_for_and_found() {
    let cluster = TestCluster::start(1);
    let mut one = tables(&cluster);
    let mut other = cluster.connect_leader();
    one.query("BEGIN").unwrap();
    one.query("UPDATE d.t SET place = 25 WHERE id = 5").unwrap();
    let waiting = thread::spawn(move || {
        other.query("UPDATE d.t SET amount = amount + 1 WHERE amount = 100 AND id = 5").unwrap();
        other
    });
    let mut monitor = cluster.connect_leader();
    let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'waiting for lock'";
    cluster.wait_until("a statement waits", FAILOVER_MAX, || scalar(&mut monitor, sql) != "0");
    one.query("COMMIT").unwrap();
    let mut other = waiting.join().unwrap();
    let moved = "SELECT CONCAT(place, ' ', amount) FROM d.t WHERE id = 5";
    assert_eq!(scalar(&mut other, moved), "25 101");
}
