//! Foreign keys between sessions, and through restarts and a change of leader.

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
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// How long the clients write.
const WRITING: Duration = Duration::from_secs(4);
/// Parents that they write.
const PARENTS: u32 = 8;

/// A parent and children of each kind of action.
fn family(cluster: &TestCluster) -> Connection {
    let mut connection = cluster.connect_leader();
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.p (id INT PRIMARY KEY, u INT, UNIQUE KEY (u))",
        "CREATE TABLE d.c (id INT PRIMARY KEY AUTO_INCREMENT, a INT, FOREIGN KEY (a) REFERENCES p (id))",
        "CREATE TABLE d.g (id INT PRIMARY KEY AUTO_INCREMENT, a INT, FOREIGN KEY (a) REFERENCES p (u) ON DELETE CASCADE \
         ON UPDATE CASCADE)",
        "INSERT INTO d.p VALUES (1, 1), (2, 2)",
    ] {
        connection.query(sql).unwrap();
    }
    connection
}

/// Waits until a statement of a session waits for a lock of a row.
fn until_one_waits(cluster: &TestCluster) {
    let mut monitor = cluster.connect_leader();
    let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'waiting for lock'";
    cluster.wait_until("a statement waits", FAILOVER_MAX, || scalar(&mut monitor, sql) != "0");
}

#[test]
fn a_child_waits_for_who_deletes_its_parent_and_finds_it_gone() {
    let cluster = TestCluster::start(1);
    let mut one = family(&cluster);
    for (begin, child) in [
        ("DELETE FROM d.p WHERE id = 1", "INSERT INTO d.c (a) VALUES (1)"),
        ("UPDATE d.p SET u = 20 WHERE id = 2", "INSERT INTO d.g (a) VALUES (2)"),
    ] {
        one.query("BEGIN").unwrap();
        one.query(begin).unwrap();
        let mut other = cluster.connect(1);
        let child = thread::spawn(move || code(&mut other, child));
        until_one_waits(&cluster);
        one.query("COMMIT").unwrap();
        assert_eq!(child.join().unwrap(), Some(1452));
    }
}

#[test]
fn who_deletes_a_parent_waits_for_a_child_and_finds_it_there() {
    let cluster = TestCluster::start(1);
    let mut one = family(&cluster);
    one.query("BEGIN").unwrap();
    one.query("INSERT INTO d.c (a) VALUES (1)").unwrap();
    let mut other = cluster.connect(1);
    let delete = thread::spawn(move || code(&mut other, "DELETE FROM d.p WHERE id = 1"));
    until_one_waits(&cluster);
    one.query("COMMIT").unwrap();
    assert_eq!(delete.join().unwrap(), Some(1451));

    // A child that comes meanwhile goes along.
    one.query("BEGIN").unwrap();
    one.query("INSERT INTO d.g (a) VALUES (2)").unwrap();
    let mut other = cluster.connect(1);
    let delete = thread::spawn(move || code(&mut other, "DELETE FROM d.p WHERE id = 2"));
    until_one_waits(&cluster);
    one.query("COMMIT").unwrap();
    assert_eq!(delete.join().unwrap(), None);
    assert_eq!(scalar(&mut one, "SELECT COUNT(*) FROM d.g"), "0");

    // A child that is about to go, and stays after all.
    one.query("BEGIN").unwrap();
    one.query("DELETE FROM d.c").unwrap();
    let mut other = cluster.connect(1);
    let delete = thread::spawn(move || code(&mut other, "DELETE FROM d.p WHERE id = 1"));
    until_one_waits(&cluster);
    one.query("ROLLBACK").unwrap();
    assert_eq!(delete.join().unwrap(), Some(1451));
}

/// One of the statements that clients send.
fn statement(random: &mut impl Rng) -> String {
    let (id, other) = (random.random_range(0..PARENTS), random.random_range(0..PARENTS));
    match random.random_range(0..10) {
        0 | 1 => format!("INSERT INTO d.p VALUES ({id}, {id})"),
        2 => format!("DELETE FROM d.p WHERE id = {id}"),
        3 => format!("UPDATE d.p SET u = {other} + 100 WHERE id = {id}"),
        4 => format!("REPLACE INTO d.p VALUES ({id}, {other})"),
        5 => format!("DELETE FROM d.c WHERE a = {id}"),
        6 => format!("UPDATE d.c SET a = {other} WHERE a = {id}"),
        7 => format!("INSERT INTO d.g (a) VALUES ({id})"),
        _ => format!("INSERT INTO d.c (a) VALUES ({id})"),
    }
}

fn write_until(mut connection: Connection, stop: &AtomicBool) -> u32 {
    let mut random = rand::rng();
    let mut done = 0;
    while !stop.load(Ordering::Relaxed) {
        let in_transaction = random.random_bool(0.5);
        let count = if in_transaction { random.random_range(1..4) } else { 1 };
        if in_transaction {
            connection.query("BEGIN").unwrap();
        }
        for _ in 0..count {
            match code(&mut connection, &statement(&mut random)) {
                None => done += 1,
                Some(1451 | 1452 | 1062) => {}
                // The transaction is gone.
                Some(1213) => break,
                Some(other) => panic!("error {other}"),
            }
        }
        if in_transaction {
            connection.query(if random.random_bool(0.8) { "COMMIT" } else { "ROLLBACK" }).unwrap();
        }
    }
    done
}

#[test]
fn no_child_is_left_without_its_parent_and_definitions_outlive_leaders() {
    let mut cluster = TestCluster::start(3);
    let mut connection = family(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..6)
        .map(|_| {
            let (connection, stop) = (cluster.connect(leader), Arc::clone(&stop));
            thread::spawn(move || write_until(connection, &stop))
        })
        .collect();
    let until = Instant::now() + WRITING;
    let orphans = "SELECT (SELECT COUNT(*) FROM d.c LEFT JOIN d.p ON c.a = p.id WHERE c.a IS NOT NULL AND p.id IS NULL) + \
                   (SELECT COUNT(*) FROM d.g LEFT JOIN d.p ON g.a = p.u WHERE g.a IS NOT NULL AND p.u IS NULL)";
    while Instant::now() < until {
        assert_eq!(scalar(&mut connection, orphans), "0");
    }
    stop.store(true, Ordering::Relaxed);
    let done: u32 = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(done > 100, "only {done} statements went through");
    assert_eq!(scalar(&mut connection, orphans), "0");

    connection.query("DELETE FROM d.c").unwrap();
    connection.query("REPLACE INTO d.p VALUES (1, 1)").unwrap();
    connection.query("INSERT INTO d.c (a) VALUES (1)").unwrap();
    let before = scalar(&mut connection, "SELECT COUNT(*) FROM information_schema.KEY_COLUMN_USAGE");
    cluster.kill(leader);
    cluster.wait_for_leader(FAILOVER_MAX);
    let mut connection = cluster.connect_leader();
    assert_eq!(code(&mut connection, "DELETE FROM d.p WHERE id = 1"), Some(1451));
    assert_eq!(code(&mut connection, "INSERT INTO d.c (a) VALUES (12345)"), Some(1452));
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM information_schema.KEY_COLUMN_USAGE"), before);
    cluster.kill_all();
    for id in 1..=3 {
        cluster.start_node(id);
    }
    cluster.wait_for_leader(FAILOVER_MAX);
    let mut connection = cluster.connect_leader();
    assert_eq!(code(&mut connection, "DELETE FROM d.p WHERE id = 1"), Some(1451));
    assert_eq!(code(&mut connection, "INSERT INTO d.c (a) VALUES (12345)"), Some(1452));
    cluster.assert_equal_nodes(FAILOVER_MAX);
}
