//! `connection_memory_limit` and `global_connection_memory_limit`: whoever keeps more is ended, and nobody else.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::time::Duration;

use client::blocking::{Connection, Error, Options};
use cluster_tests::TestCluster;

/// Rows of some 200 bytes, 4 MiB in all: what sorting them takes.
const SORT: &str = "SELECT COUNT(*) FROM (SELECT a FROM d.t ORDER BY b DESC, a LIMIT 1000000) s";

fn as_clerk(cluster: &TestCluster) -> Connection {
    let options =
        Options { user: "clerk".into(), timeout: Duration::from_secs(20), ..Options::unencrypted() };
    Connection::connect_with(&cluster.node(1).sql_address, &options).unwrap()
}

fn code(connection: &mut Connection, sql: &str) -> u16 {
    match connection.query(sql) {
        Ok(_) => 0,
        Err(Error::Server(error)) => error.code,
        Err(error) => panic!("{sql}: {error}"),
    }
}

fn in_all(admin: &mut Connection) -> u64 {
    let shown = admin.query("SHOW GLOBAL STATUS LIKE 'Global_connection_memory'").unwrap();
    String::from_utf8_lossy(shown.rows[0][1].as_deref().unwrap()).parse().unwrap()
}

#[test]
fn a_connection_that_keeps_too_much_is_ended_and_its_transaction_with_it() {
    let cluster = TestCluster::start(1);
    let mut admin = cluster.connect(1);
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(200))",
        "INSERT INTO d.t (b) VALUES (REPEAT('x', 200))",
        "CREATE USER clerk",
        "GRANT ALL ON d.* TO clerk",
    ] {
        admin.query(sql).unwrap();
    }
    for _ in 0..14 {
        admin.query("INSERT INTO d.t (b) SELECT b FROM d.t").unwrap();
    }
    assert_eq!(code(&mut as_clerk(&cluster), SORT), 0, "no limit unless there is one");
    admin.query("SET GLOBAL connection_memory_limit = 2097152").unwrap();
    let mut clerk = as_clerk(&cluster);
    assert_eq!(code(&mut clerk, "SET connection_memory_limit = 99999999"), 1227);
    clerk.query("BEGIN").unwrap();
    clerk.query("UPDATE d.t SET b = 'y' WHERE a = 1").unwrap();
    assert_eq!(code(&mut clerk, SORT), 4082);
    assert!(!matches!(clerk.query("SELECT 1"), Ok(_) | Err(Error::Server(_))), "the connection is closed");
    // Its locks are gone with it; other statements, and accounts with CONNECTION_ADMIN, are not concerned.
    assert_eq!(code(&mut admin, "UPDATE d.t SET b = CONCAT(b, '') WHERE a = 1"), 0);
    let first = admin.query("SELECT b LIKE 'x%' FROM d.t WHERE a = 1").unwrap();
    assert_eq!(first.scalar().as_deref(), Some("1"));
    let mut clerk = as_clerk(&cluster);
    assert_eq!(code(&mut clerk, "SELECT COUNT(*) FROM d.t"), 0);
    admin.query("SET connection_memory_limit = 2097152").unwrap();
    assert_eq!(code(&mut admin, SORT), 0);

    admin.query("SET GLOBAL connection_memory_limit = DEFAULT").unwrap();
    admin.query("SET GLOBAL global_connection_memory_limit = 16777216").unwrap();
    assert_eq!(code(&mut as_clerk(&cluster), SORT), 0, "counted only where it is asked for");
    admin.query("SET GLOBAL global_connection_memory_tracking = ON").unwrap();
    let mut clerk = as_clerk(&cluster);
    assert_eq!(code(&mut clerk, SORT), 0, "within the limit");
    assert_eq!(in_all(&mut admin), 0, "and given back");
    let many = "SELECT COUNT(*) FROM (SELECT t.a, u.a AS c FROM d.t, (SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 3 \
                UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6) u ORDER BY t.b, u.a, t.a LIMIT 1000000) s";
    assert_eq!(code(&mut clerk, many), 4081);
    assert!(clerk.query("SELECT 1").is_err());
    assert_eq!(in_all(&mut admin), 0);
}
