//! Triggers on real processes: what they do is done once for each statement that was acknowledged, whatever happens to the leader, and waits for locks do
//! nothing twice.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::thread;

use client::blocking::Connection;
use cluster_tests::question::{code, scalar, wait_for};
use cluster_tests::row_writers::write_through_the_loss_of;
use cluster_tests::{LEADER_TIMEOUT, TestCluster};

fn prepare(connection: &mut Connection) {
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY, v INT)",
        "CREATE TABLE d.audit (n INT AUTO_INCREMENT PRIMARY KEY, id INT, v INT)",
        "CREATE TABLE d.total (id INT PRIMARY KEY, n INT)",
        "INSERT INTO d.total VALUES (1, 0)",
        "CREATE TRIGGER d.before_insert BEFORE INSERT ON d.t FOR EACH ROW BEGIN \
         SET @calls = IFNULL(@calls, 0) + 1; SET NEW.v = NEW.id * 2; \
         INSERT INTO d.audit (id, v) VALUES (NEW.id, NEW.v); END",
        "CREATE TRIGGER d.after_insert AFTER INSERT ON d.t FOR EACH ROW UPDATE d.total SET n = n + 1 WHERE id = 1",
        "CREATE TRIGGER d.forever BEFORE DELETE ON d.t FOR EACH ROW BEGIN DECLARE i INT DEFAULT 0; \
         DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET i = 0; WHILE TRUE DO SET i = 1 - i; END WHILE; END",
    ] {
        connection.query(sql).unwrap();
    }
}

#[test]
fn a_statement_that_waits_for_a_lock_fires_its_triggers_once() {
    let cluster = TestCluster::start(1);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut holder = cluster.connect(leader);
    prepare(&mut holder);
    holder.query("BEGIN").unwrap();
    holder.query("UPDATE d.total SET n = 100").unwrap();
    let mut writer = cluster.connect(leader);
    let written = thread::spawn(move || {
        writer.query("INSERT INTO d.t (id) VALUES (1), (2)").unwrap();
        scalar(&mut writer, "SELECT @calls")
    });
    wait_for(
        &mut holder,
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'waiting for lock'",
        "1",
    );
    holder.query("COMMIT").unwrap();
    assert_eq!(written.join().unwrap(), "2", "once a row");
    assert_eq!(scalar(&mut holder, "SELECT n FROM d.total"), "102");
    assert_eq!(scalar(&mut holder, "SELECT GROUP_CONCAT(id, ':', v ORDER BY id) FROM d.audit"), "1:2,2:4");
    // What a savepoint takes back, the triggers' rows are of it.
    for sql in ["BEGIN", "SAVEPOINT s", "INSERT INTO d.t (id) VALUES (3)", "ROLLBACK TO s", "COMMIT"] {
        holder.query(sql).unwrap();
    }
    assert_eq!(scalar(&mut holder, "SELECT COUNT(*) FROM d.audit"), "2");
    assert_eq!(scalar(&mut holder, "SELECT n FROM d.total"), "102");
}

#[test]
fn a_loop_in_a_trigger_can_be_killed() {
    let cluster = TestCluster::start(1);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut killer = cluster.connect(leader);
    prepare(&mut killer);
    killer.query("INSERT INTO d.t (id) VALUES (1)").unwrap();
    let mut caller = cluster.connect(leader);
    let id = scalar(&mut caller, "SELECT CONNECTION_ID()");
    let called = thread::spawn(move || {
        let first = code(&mut caller, "DELETE FROM d.t");
        (first, scalar(&mut caller, "SELECT COUNT(*) FROM d.t"))
    });
    let begun = "INFO LIKE 'DELETE%'";
    wait_for(
        &mut killer,
        &format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id} AND {begun}"),
        "1",
    );
    assert_eq!(scalar(&mut killer, "SELECT COUNT(*) FROM d.t"), "1", "others are served");
    killer.query(&format!("KILL QUERY {id}")).unwrap();
    assert_eq!(called.join().unwrap(), (Some(1317), "1".into()));
}

#[test]
fn triggers_are_done_once_for_what_was_acknowledged_when_the_leader_is_lost() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(leader);
    prepare(&mut connection);
    let written =
        write_through_the_loss_of(&mut cluster, leader, |id| format!("INSERT INTO d.t (id) VALUES ({id})"));
    let mut connection = cluster.connect(written.leader);
    let count = written.count_in(&mut connection, "d.t");
    let alone =
        "SELECT COUNT(*) FROM d.t LEFT JOIN d.audit USING (id) WHERE audit.id IS NULL OR audit.v <> t.v";
    let checks = [
        ("SELECT COUNT(*) FROM d.audit", count.to_string()),
        ("SELECT COUNT(DISTINCT id) FROM d.audit", count.to_string()),
        ("SELECT n FROM d.total", count.to_string()),
        ("SELECT COUNT(*) FROM d.t WHERE v = id * 2", count.to_string()),
        (alone, "0".to_owned()),
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
