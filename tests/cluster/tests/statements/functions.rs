//! Stored functions on real processes: what they write is done once for each statement that was acknowledged, whatever happens to the leader; waits for
//! locks do nothing twice, every node has them, and loops can be killed.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::thread;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::question::{code, scalar, wait_for};
use cluster_tests::row_writers::write_through_the_loss_of;
use cluster_tests::{LEADER_TIMEOUT, TestCluster};

/// How long something that must end may take.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

fn prepare(connection: &mut Connection) {
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY, v INT)",
        "CREATE TABLE d.total (id INT PRIMARY KEY, n INT)",
        "INSERT INTO d.total VALUES (1, 0)",
        "CREATE TABLE d.two (id INT PRIMARY KEY)",
        "INSERT INTO d.two VALUES (1), (2)",
        "CREATE FUNCTION d.adds(a INT) RETURNS INT BEGIN SET @calls = IFNULL(@calls, 0) + 1; \
         INSERT INTO t VALUES (a, a * 2); UPDATE total SET n = n + 1 WHERE id = 1; RETURN a; END",
        "CREATE FUNCTION d.counts() RETURNS INT RETURN (SELECT COUNT(*) FROM t)",
        "CREATE FUNCTION d.forever() RETURNS INT BEGIN DECLARE i INT DEFAULT 0; \
         DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET i = 0; WHILE TRUE DO SET i = 1 - i; END WHILE; RETURN i; END",
    ] {
        connection.query(sql).unwrap();
    }
}

#[test]
fn functions_are_on_every_node_and_write_on_the_leader() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(leader);
    prepare(&mut connection);
    assert_eq!(scalar(&mut connection, "SELECT SUM(d.adds(id)) FROM d.two"), "3");
    for id in cluster.others(&[leader]) {
        let mut follower = cluster.connect(id);
        wait_for(&mut follower, "SELECT d.counts()", "2");
        assert_eq!(code(&mut follower, "SELECT d.adds(7)"), Some(1290), "a follower does not write");
        assert_eq!(code(&mut follower, "DROP FUNCTION d.adds"), Some(1290));
    }
    connection.query("DROP FUNCTION d.counts").unwrap();
    for id in cluster.others(&[leader]) {
        let mut follower = cluster.connect(id);
        let until = Instant::now() + ENDS_WITHIN;
        while code(&mut follower, "SELECT d.counts()") != Some(1305) {
            assert!(Instant::now() < until, "node {id} has it still");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_query_that_waits_for_a_lock_calls_its_functions_once() {
    let cluster = TestCluster::start(1);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut holder = cluster.connect(leader);
    prepare(&mut holder);
    holder.query("BEGIN").unwrap();
    holder.query("UPDATE d.total SET n = 100").unwrap();
    let mut writer = cluster.connect(leader);
    let written = thread::spawn(move || {
        let rows = writer.query("SELECT d.adds(id) FROM d.two ORDER BY id").unwrap();
        (rows.text(0, 0), rows.text(1, 0), scalar(&mut writer, "SELECT @calls"))
    });
    wait_for(
        &mut holder,
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'waiting for lock'",
        "1",
    );
    holder.query("COMMIT").unwrap();
    assert_eq!(written.join().unwrap(), (Some("1".into()), Some("2".into()), "2".into()), "once a row");
    assert_eq!(scalar(&mut holder, "SELECT n FROM d.total"), "102");
    assert_eq!(scalar(&mut holder, "SELECT d.counts()"), "2");
    for sql in ["BEGIN", "SAVEPOINT s", "SELECT d.adds(3)", "ROLLBACK TO s", "COMMIT"] {
        holder.query(sql).unwrap();
    }
    assert_eq!(scalar(&mut holder, "SELECT d.counts()"), "2");
    assert_eq!(scalar(&mut holder, "SELECT n FROM d.total"), "102");
}

#[test]
fn a_loop_in_a_function_can_be_killed() {
    let cluster = TestCluster::start(1);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut killer = cluster.connect(leader);
    prepare(&mut killer);
    for sql in ["SELECT d.forever()", "SET @a = d.forever()", "DO d.forever()"] {
        let mut caller = cluster.connect(leader);
        let id = scalar(&mut caller, "SELECT CONNECTION_ID()");
        let called = thread::spawn(move || code(&mut caller, sql));
        wait_for(
            &mut killer,
            &format!(
                "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id} AND INFO LIKE '%forever%'"
            ),
            "1",
        );
        assert_eq!(scalar(&mut killer, "SELECT d.counts()"), "0", "others are served");
        killer.query(&format!("KILL QUERY {id}")).unwrap();
        assert_eq!(called.join().unwrap(), Some(1317), "{sql}");
    }
}

#[test]
fn functions_write_once_for_what_was_acknowledged_when_the_leader_is_lost() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(leader);
    prepare(&mut connection);
    let written = write_through_the_loss_of(&mut cluster, leader, |id| format!("SELECT d.adds({id})"));
    let mut connection = cluster.connect(written.leader);
    let count = written.count_in(&mut connection, "d.t");
    let checks = [
        ("SELECT n FROM d.total", count.to_string()),
        ("SELECT COUNT(*) FROM d.t WHERE v = id * 2", count.to_string()),
        ("SELECT d.counts()", count.to_string()),
    ];
    for (sql, wanted) in &checks {
        assert_eq!(&scalar(&mut connection, sql), wanted, "{sql}");
    }
    let follower = cluster.others(&[leader, written.leader])[0];
    let mut follower = cluster.connect(follower);
    for (sql, wanted) in &checks {
        wait_for(&mut follower, sql, wanted);
    }
}
