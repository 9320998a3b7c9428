//! `Com_…` of SHOW STATUS: a session's own statements, and those of all sessions that there were.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use client::blocking::Connection;
use cluster_tests::TestCluster;

fn counted(connection: &mut Connection, scope: &str, name: &str) -> u64 {
    let shown = connection.query(&format!("SHOW {scope} STATUS LIKE 'Com_{name}'")).unwrap();
    assert_eq!(shown.rows.len(), 1, "{name}");
    shown.text(0, 1).unwrap().parse().unwrap()
}

#[test]
fn statements_are_counted_for_their_session_and_for_all() {
    let cluster = TestCluster::start(1);
    let (mut one, mut other) = (cluster.connect(1), cluster.connect(1));
    let before = counted(&mut one, "GLOBAL", "insert");
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY)",
        "INSERT INTO d.t VALUES (1), (2)",
        "REPLACE INTO d.t VALUES (2)",
        "INSERT INTO d.t SELECT 3",
        "UPDATE d.t, d.t u SET t.id = 4 WHERE t.id = 3 AND u.id = 1",
        "BEGIN",
        "ROLLBACK",
    ] {
        other.query(sql).unwrap();
    }
    // What fails was said all the same.
    other.query("INSERT INTO d.t VALUES (1)").unwrap_err();
    for (name, count) in [
        ("create_db", 1),
        ("create_table", 1),
        ("insert", 2),
        ("replace", 1),
        ("insert_select", 1),
        ("update", 0),
        ("update_multi", 1),
        ("begin", 1),
        ("rollback", 1),
        ("commit", 0),
    ] {
        assert_eq!(counted(&mut other, "SESSION", name), count, "{name}");
        assert_eq!(counted(&mut one, "SESSION", name), 0, "{name}");
    }
    assert_eq!(counted(&mut one, "GLOBAL", "insert"), before + 2);
    drop(other);
    // Kept when the connection has gone, whichever list it is in at this moment.
    for _ in 0..100 {
        assert_eq!(counted(&mut one, "GLOBAL", "insert"), before + 2);
    }
    assert!(counted(&mut one, "SESSION", "show_status") > 100);
}
