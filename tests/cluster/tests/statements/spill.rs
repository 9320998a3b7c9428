//! Statements whose rows go to temporary files: the same answers, nothing left behind, and an end at once when they are killed.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::time::{Duration, Instant};

use client::blocking::{Connection, Error};
use cluster_tests::TestCluster;

/// Each gives one row.
const QUERIES: &[&str] = &[
    "SELECT COUNT(*), SUM(a * n) FROM (SELECT a, ROW_NUMBER() OVER () AS n FROM (SELECT a FROM d.t ORDER BY c, a DESC LIMIT 30000) AS x) AS y",
    "SELECT MD5(GROUP_CONCAT(a)) FROM (SELECT a FROM d.t ORDER BY c, a DESC LIMIT 60 OFFSET 40000) AS x",
    "SELECT COUNT(*), SUM(n), SUM(m) FROM (SELECT c, COUNT(*) AS n, MAX(a) AS m FROM d.t GROUP BY c) AS x",
    "SELECT COUNT(*) FROM (SELECT DISTINCT c, b FROM d.t) AS x",
    "SELECT COUNT(*) FROM (SELECT c FROM d.t UNION SELECT a FROM d.t) AS x",
    "SELECT COUNT(*), SUM(x.a + y.a) FROM d.t AS x JOIN d.t AS y ON x.c = y.c AND x.b = y.b",
    "SELECT COUNT(*), SUM(y.a IS NULL) FROM d.t AS x LEFT JOIN d.t AS y ON x.a = y.c",
];

fn status(connection: &mut Connection, name: &str) -> u64 {
    let shown = connection.query(&format!("SHOW GLOBAL STATUS LIKE '{name}'")).unwrap();
    String::from_utf8_lossy(shown.rows[0][1].as_deref().unwrap()).parse().unwrap()
}

fn answers(connection: &mut Connection) -> Vec<String> {
    QUERIES.iter().map(|sql| format!("{:?}", connection.query(sql).unwrap().rows)).collect()
}

#[test]
fn answers_are_the_same_and_files_are_gone() {
    let cluster = TestCluster::start(1);
    let mut connection = cluster.connect(1);
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (a INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(60), c INT)").unwrap();
    connection.query("INSERT INTO d.t (b, c) VALUES ('x', 1)").unwrap();
    for _ in 0..16 {
        connection
            .query("INSERT INTO d.t (b, c) SELECT REPEAT('x', a % 50), a * 7919 % 50000 FROM d.t")
            .unwrap();
    }
    let in_memory = answers(&mut connection);
    assert_eq!(status(&mut connection, "Created_tmp_files"), 0);
    for bytes in [1_000_000, 100_000] {
        connection.query(&format!("SET quorate_operation_memory = {bytes}")).unwrap();
        let before = status(&mut connection, "Created_tmp_files");
        assert_eq!(answers(&mut connection), in_memory, "with {bytes} bytes");
        assert!(status(&mut connection, "Created_tmp_files") >= before + QUERIES.len() as u64);
        assert_eq!(status(&mut connection, "Quorate_tmp_file_bytes"), 0);
    }

    // One that would take long is ended at once, and so is what it has on the disk.
    let id = connection.connection_id();
    let killed = std::thread::spawn(move || {
        let endless = "SELECT COUNT(*) FROM (SELECT x.b, y.b AS z, x.a FROM d.t AS x JOIN d.t AS y ORDER BY 1, 2, 3 LIMIT 9999999999) AS w";
        let outcome = connection.query(endless);
        (outcome.map(drop), Instant::now())
    });
    let mut killer = cluster.connect(1);
    cluster.wait_until("it is in files", Duration::from_secs(60), || {
        status(&mut killer, "Quorate_tmp_file_bytes") > 10_000_000
    });
    let start = Instant::now();
    killer.query(&format!("KILL QUERY {id}")).unwrap();
    let (outcome, ended) = killed.join().unwrap();
    match outcome {
        Err(Error::Server(error)) => assert_eq!(error.code, 1317, "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(ended - start < Duration::from_secs(5), "{:?}", ended - start);
    assert_eq!(status(&mut killer, "Quorate_tmp_file_bytes"), 0);
    let left = std::fs::read_dir(&cluster.node(1).data).unwrap().filter_map(Result::ok);
    let left: Vec<_> =
        left.filter(|file| file.path().extension().is_some_and(|kind| kind == "tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}
