//! Temporary tables on nodes that do not lead: made, written and read there, never in the log, gone with their session.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::Duration;

use client::blocking::Connection;
use cluster_tests::TestCluster;

const FAILOVER_MAX: Duration = Duration::from_secs(15);

fn column(connection: &mut Connection, text: &str) -> String {
    connection.query(text).unwrap().scalar().unwrap().to_owned()
}

#[test]
fn a_follower_has_temporary_tables_of_its_sessions_and_the_log_has_none() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let mut main = cluster.connect_leader();
    main.query("CREATE DATABASE d").unwrap();
    main.query("CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").unwrap();
    main.query("INSERT INTO d.t VALUES (1, 10), (2, 20), (3, 30)").unwrap();
    let follower = cluster.others(&[leader])[0];
    let mut session = cluster.connect(follower);
    session.query("SET quorate_read_consistency = STRONG").unwrap();
    session
        .query("CREATE TEMPORARY TABLE d.own (id INT AUTO_INCREMENT PRIMARY KEY, v INT, KEY (v))")
        .unwrap();
    let index = column(&mut main, "SELECT @@quorate_last_gtid");
    session.query("INSERT INTO d.own (v) SELECT v FROM d.t WHERE id > 1").unwrap();
    assert_eq!(column(&mut session, "SELECT SUM(v) FROM d.own"), "50");
    session.query("BEGIN").unwrap();
    session.query("UPDATE d.own SET v = v + 1 WHERE v = 20").unwrap();
    session.query("INSERT INTO d.own VALUES (100, 7)").unwrap();
    assert_eq!(column(&mut session, "SELECT COUNT(*) FROM d.own o JOIN d.t USING (v)"), "1");
    session.query("ROLLBACK").unwrap();
    assert_eq!(column(&mut session, "SELECT COUNT(*) FROM d.own o JOIN d.t USING (v)"), "2");
    session.query("DELETE FROM d.own WHERE v = 30").unwrap();
    assert_eq!(column(&mut session, "SELECT COUNT(*) FROM d.own"), "1");
    // What is stored is still the leader's to change, also from a temporary table.
    assert!(session.query("INSERT INTO d.t SELECT id + 10, v FROM d.own").is_err());
    assert!(session.query("SELECT * FROM d.t WHERE id = 1 FOR UPDATE").is_err());
    session.query("TRUNCATE TABLE d.own").unwrap();
    session.query("DROP TABLE d.own").unwrap();
    assert_eq!(column(&mut main, "SELECT @@quorate_last_gtid"), index, "the log has moved");
    // Nobody else sees one, and it ends with its session.
    session.query("CREATE TEMPORARY TABLE d.own (a INT)").unwrap();
    assert!(cluster.connect(follower).query("SELECT * FROM d.own").is_err());
    assert!(main.query("SELECT * FROM d.own").is_err());
    main.query("CREATE TABLE d.own (b INT)").unwrap();
    assert!(session.query("SELECT b FROM d.own").is_err());
}
