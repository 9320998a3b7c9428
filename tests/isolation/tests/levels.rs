//! SERIALIZABLE on several nodes, and what it refuses.

use std::time::{Duration, Instant};

use cluster_tests::TestCluster;

#[test]
fn what_may_write_is_the_leaders_and_what_only_reads_is_anywhere() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(Duration::from_secs(20));
    let mut connection = cluster.connect(leader);
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY, v INT)",
        "INSERT INTO d.t VALUES (1, 10), (2, 20)",
    ] {
        connection.query(sql).unwrap();
    }
    let follower = cluster.others(&[leader])[0];
    let mut other = cluster.connect(follower);
    other.query("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE").unwrap();
    let read = "SELECT SUM(v) FROM d.t";
    other.query("BEGIN").unwrap();
    let refused = other.query(read).unwrap_err();
    assert_eq!(refused.code(), Some(1290), "{refused}");
    let address = &cluster.node(leader).sql_address;
    assert!(refused.to_string().contains(address), "{refused} names {address}");
    other.query("ROLLBACK").unwrap();
    assert_eq!(other.query(read).unwrap().scalar().as_deref(), Some("30"));
    other.query("START TRANSACTION READ ONLY").unwrap();
    assert_eq!(other.query(read).unwrap().scalar().as_deref(), Some("30"));
    connection.query("UPDATE d.t SET v = v + 1").unwrap();
    assert_eq!(other.query(read).unwrap().scalar().as_deref(), Some("30"), "one snapshot");
    other.query("COMMIT").unwrap();
    assert_eq!(other.query(read).unwrap().scalar().as_deref(), Some("32"));
    connection.query("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE").unwrap();
    connection.query("START TRANSACTION READ ONLY").unwrap();
    let refused = connection.query("SELECT v FROM d.t FOR SHARE").unwrap_err();
    assert_eq!(refused.code(), Some(1235), "{refused}");
}

/// Writers that come one after the other, so that at any time one has written and not committed, do not keep a reader of
/// the whole table waiting for ever.
#[test]
fn a_reader_of_a_busy_table_has_its_turn() {
    let cluster = TestCluster::start(1);
    let mut reader = cluster.connect(1);
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)",
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET innodb_lock_wait_timeout = 10",
    ] {
        reader.query(sql).unwrap();
    }
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            let mut writer = cluster.connect(1);
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    writer.query("BEGIN").unwrap();
                    writer.query("INSERT INTO d.t (v) VALUES (1)").unwrap();
                    // The others write meanwhile.
                    writer.query("SELECT SLEEP(0.02)").unwrap();
                    writer.query("COMMIT").unwrap();
                }
            });
        }
        let begun = Instant::now();
        let mut counts = Vec::new();
        for _ in 0..5 {
            reader.query("BEGIN").unwrap();
            let count = |reader: &mut client::blocking::Connection| {
                reader.query("SELECT COUNT(*) FROM d.t").map(|rows| rows.scalar().unwrap())
            };
            let first = count(&mut reader);
            let again = count(&mut reader);
            counts.push((first.map_err(|error| error.to_string()), again.map_err(|error| error.to_string())));
            let _ = reader.query("COMMIT");
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        let took = begun.elapsed();
        assert!(counts.iter().all(|(first, again)| first.is_ok() && first == again), "{counts:?}");
        assert!(took < Duration::from_secs(8), "{took:?}: {counts:?}");
    });
}
