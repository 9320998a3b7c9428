//! Clients that vanish while their statements run: the statement ends, and with it the transaction and its locks, within a second or so.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::TestCluster;
use cluster_tests::raw::{Hello, Raw};
use wire::mysql::constant::Capabilities;

/// How long a connection may outlive its client: a second, on a machine that does other things besides.
const GONE_MAX: Duration = Duration::from_secs(3);
/// How long things may take to begin.
const SOON: Duration = Duration::from_secs(20);

fn connect(cluster: &TestCluster, id: u64) -> Raw {
    Raw::connect(&cluster.node(id).sql_address, Hello::default()).unwrap()
}

/// The state of a connection in the process list; none when it is not there.
fn state(watcher: &mut Connection, id: u32) -> Option<String> {
    let list = watcher.query("SHOW PROCESSLIST").unwrap();
    let row =
        (0..list.rows.len()).find(|row| list.text(*row, 0).as_deref() == Some(id.to_string().as_str()))?;
    Some(list.text(row, 6).unwrap_or_default())
}

fn wait_for_state(watcher: &mut Connection, id: u32, wanted: &str) {
    let started = Instant::now();
    while !state(watcher, id).is_some_and(|state| state.to_lowercase().contains(wanted)) {
        assert!(started.elapsed() < SOON, "{id} is not '{wanted}' but {:?}", state(watcher, id));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Lets the client go and waits until its connection has.
fn expect_gone(watcher: &mut Connection, raw: Raw, resets: bool) {
    let id = raw.id;
    // Long enough to be looked at as a statement that takes its time.
    std::thread::sleep(Duration::from_millis(150));
    assert!(state(watcher, id).is_some());
    raw.vanish(resets);
    let started = Instant::now();
    while let Some(state) = state(watcher, id) {
        assert!(started.elapsed() < GONE_MAX, "still there: {state}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn run(connection: &mut Connection, sql: &str) {
    connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[test]
fn a_client_that_vanishes_ends_its_statement_and_frees_its_locks() {
    let cluster = TestCluster::start(1);
    let mut watcher = cluster.connect(1);
    run(&mut watcher, "CREATE DATABASE d");
    run(&mut watcher, "CREATE TABLE d.t (a INT PRIMARY KEY, b INT)");
    run(&mut watcher, "INSERT INTO d.t VALUES (1, 1), (2, 2)");
    for resets in [false, true] {
        // One that sleeps within a transaction that has locked a row.
        let mut sleeper = connect(&cluster, 1);
        let _ = sleeper.ok("BEGIN");
        let _ = sleeper.ok("UPDATE d.t SET b = 10 WHERE a = 1");
        sleeper.send_query("SELECT SLEEP(100)").unwrap();
        // One that waits for that lock, and holds another.
        let mut waiter = connect(&cluster, 1);
        let _ = waiter.ok("BEGIN");
        let _ = waiter.ok("UPDATE d.t SET b = 20 WHERE a = 2");
        waiter.send_query("UPDATE d.t SET b = 21 WHERE a = 1").unwrap();
        wait_for_state(&mut watcher, waiter.id, "lock");
        expect_gone(&mut watcher, waiter, resets);
        run(&mut watcher, "SET innodb_lock_wait_timeout = 5");
        run(&mut watcher, "UPDATE d.t SET b = b + 1 WHERE a = 2");
        expect_gone(&mut watcher, sleeper, resets);
        run(&mut watcher, "UPDATE d.t SET b = b + 1 WHERE a = 1");
        // One that waits for a user lock, and one for a table's.
        let mut locker = connect(&cluster, 1);
        run(&mut watcher, "SELECT GET_LOCK('l', 0)");
        locker.send_query("SELECT GET_LOCK('l', 100)").unwrap();
        wait_for_state(&mut watcher, locker.id, "lock");
        expect_gone(&mut watcher, locker, resets);
        run(&mut watcher, "DO RELEASE_LOCK('l')");
    }
    let rows = watcher.query("SELECT GROUP_CONCAT(b ORDER BY a) FROM d.t").unwrap();
    assert_eq!(rows.scalar().unwrap(), "3,4");
}

#[test]
fn what_was_sent_behind_the_statement_stays_unread_and_hides_nothing() {
    let cluster = TestCluster::start(1);
    let mut watcher = cluster.connect(1);
    run(&mut watcher, "CREATE DATABASE d");
    run(&mut watcher, "CREATE TABLE d.t (a INT PRIMARY KEY)");
    let mut raw = connect(&cluster, 1);
    raw.send_query("SELECT SLEEP(100)").unwrap();
    raw.send_query("INSERT INTO d.t VALUES (1)").unwrap();
    wait_for_state(&mut watcher, raw.id, "sleep");
    expect_gone(&mut watcher, raw, false);
    assert_eq!(watcher.query("SELECT COUNT(*) FROM d.t").unwrap().scalar().unwrap(), "0");
    // A client that is there is served however much it has sent ahead.
    let mut raw = connect(&cluster, 1);
    for number in 0..20 {
        raw.send_query(&format!("SELECT SLEEP(0.05), {number}")).unwrap();
    }
    for number in 0..20 {
        let answer = raw.next_answer().unwrap();
        assert!(answer[3].ends_with(number.to_string().as_bytes()), "{answer:?}");
    }
}

#[test]
fn a_large_result_and_a_long_computation_end_with_their_client() {
    let cluster = TestCluster::start(1);
    let mut watcher = cluster.connect(1);
    run(&mut watcher, "CREATE DATABASE d");
    run(&mut watcher, "CREATE TABLE d.t (a INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(100))");
    run(&mut watcher, "INSERT INTO d.t (b) VALUES (REPEAT('x', 100))");
    for _ in 0..10 {
        run(&mut watcher, "INSERT INTO d.t (b) SELECT b FROM d.t");
    }
    for compressed in [false, true] {
        let more = if compressed { Capabilities::COMPRESS } else { Capabilities::empty() };
        for sql in [
            "SELECT a.b, b.b FROM d.t a, d.t b, d.t c",
            "SELECT COUNT(*) FROM d.t a, d.t b, d.t c WHERE a.a + b.a + c.a < 0",
        ] {
            let hello = Hello { more, ..Hello::default() };
            let mut raw = Raw::connect(&cluster.node(1).sql_address, hello).unwrap();
            raw.send_query(sql).unwrap();
            expect_gone(&mut watcher, raw, false);
        }
    }
}

#[test]
fn a_commit_without_a_quorum_does_not_keep_its_session() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(SOON);
    let mut watcher = cluster.connect(leader);
    run(&mut watcher, "CREATE DATABASE d");
    run(&mut watcher, "CREATE TABLE d.t (a INT PRIMARY KEY)");
    let others = cluster.others(&[leader]);
    for id in &others {
        cluster.pause(*id);
    }
    let mut raw = connect(&cluster, leader);
    raw.send_query("INSERT INTO d.t VALUES (1)").unwrap();
    // Before this node notices that it has no majority any more.
    expect_gone(&mut watcher, raw, false);
    for id in &others {
        cluster.resume(*id);
    }
    // The transaction was in the log, or came too late for it: either way all nodes agree.
    cluster.wait_for_leader(SOON);
    cluster.assert_equal_nodes(Duration::from_secs(40));
    for id in 1..=3 {
        cluster.terminate(id);
    }
}

#[test]
fn a_clients_end_is_counted() {
    let cluster = TestCluster::start(1);
    let mut watcher = cluster.connect(1);
    let count = |watcher: &mut Connection| {
        let shown = watcher.query("SHOW GLOBAL STATUS LIKE 'Aborted_clients'").unwrap();
        shown.text(0, 1).unwrap().parse::<u64>().unwrap()
    };
    let before = count(&mut watcher);
    let mut raw = connect(&cluster, 1);
    raw.send_query("SELECT SLEEP(100)").unwrap();
    wait_for_state(&mut watcher, raw.id, "sleep");
    expect_gone(&mut watcher, raw, false);
    assert_eq!(count(&mut watcher), before + 1);
}
