//! Bounds that are met: disk space, the size of a transaction, the time a lock is waited for.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use client::blocking::{Connection, Error};
use cluster_tests::{TestCluster, program};

/// How long things that happen at once may take on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// The server's error number of a statement that has to fail.
fn errno(result: client::blocking::Result<client::blocking::QueryResult>) -> u16 {
    match result {
        Err(Error::Server(error)) => error.code,
        other => panic!("wanted an error of the server, got {other:?}"),
    }
}

fn run(connection: &mut Connection, sql: &str) {
    if let Err(error) = connection.query(sql) {
        panic!("{sql}: {error}");
    }
}

fn scalar(connection: &mut Connection, sql: &str) -> String {
    connection.query(sql).unwrap().scalar().unwrap_or_else(|| "NULL".into())
}

/// A cluster with `d.t`: id 1 to 5, v = 10 × id, an index on v.
fn start(nodes: u64) -> TestCluster {
    let cluster = TestCluster::start(nodes);
    let mut connection = cluster.connect_leader();
    run(&mut connection, "CREATE DATABASE d");
    run(&mut connection, "CREATE TABLE d.t (id INT PRIMARY KEY, v INT NOT NULL, KEY (v))");
    run(&mut connection, "INSERT INTO d.t VALUES (1, 10), (2, 20), (3, 30), (4, 40), (5, 50)");
    cluster
}

/// Two connections with `d` as their database, and a lock wait timeout of 20 s.
fn two(cluster: &TestCluster) -> (Connection, Connection) {
    let connect = || {
        let mut connection = cluster.connect_leader();
        connection.use_database("d").unwrap();
        run(&mut connection, "SET innodb_lock_wait_timeout = 20");
        connection
    };
    (connect(), connect())
}

/// Waits until some session's state in the process list contains `state`.
fn wait_for_state(cluster: &TestCluster, state: &str) {
    let started = Instant::now();
    let mut connection = cluster.connect_leader();
    loop {
        let list = connection.query("SHOW PROCESSLIST").unwrap();
        if (0..list.rows.len())
            .any(|row| list.text(row, 6).is_some_and(|shown| shown.to_lowercase().contains(state)))
        {
            return;
        }
        assert!(started.elapsed() < SOON, "no session is '{state}': {:?}", list.rows);
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs `sql` on another thread until it waits for a lock; then `release`. Gives the result and the connection back.
fn while_it_waits(
    cluster: &TestCluster,
    mut connection: Connection,
    sql: &str,
    release: impl FnOnce(),
) -> (client::blocking::Result<client::blocking::QueryResult>, Connection) {
    let sql = sql.to_owned();
    let thread = std::thread::spawn(move || (connection.query(&sql), connection));
    wait_for_state(cluster, "lock");
    release();
    thread.join().unwrap()
}

/// A file system of its own, unmounted when it goes.
struct Mount<'a>(&'a Path);

impl Mount<'_> {
    /// None where mounting is not permitted.
    fn tmpfs<'path>(path: &'path Path, size: &str) -> Option<Mount<'path>> {
        std::fs::create_dir_all(path).unwrap();
        let output = program::run(
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(path),
        );
        if output.status.success() {
            return Some(Mount(path));
        }
        println!(
            "skipped: a small disk cannot be mounted here: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        None
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = program::run(Command::new("umount").arg("--lazy").arg(self.0));
    }
}

/// Puts `part` of a follower's data folder on a small disk, writes until the disk is full and the node has ended with a message
/// that says so, and gives it room again.
fn fill_the_disk(part: &str, size: &str, left_bytes: u64) {
    let mut cluster = start(3);
    // Not the leader: what is tested is that the majority does not notice.
    let victim = cluster.wait_for_leader(SOON) % 3 + 1;
    cluster.terminate(victim);
    let folder = cluster.node(victim).data.join(part);
    let aside = cluster.folder().join("aside");
    std::fs::rename(&folder, &aside).unwrap();
    let Some(mount) = Mount::tmpfs(&folder, size) else { return };
    program::succeed(Command::new("cp").arg("-a").arg(format!("{}/.", aside.display())).arg(&folder));
    // A file takes what is left, but for a little.
    let free = rustix::fs::statvfs(&folder).unwrap();
    let bytes = free.f_bavail * free.f_frsize - left_bytes;
    program::succeed(Command::new("fallocate").args(["-l", &bytes.to_string()]).arg(folder.join("ballast")));
    cluster.start_node(victim);
    let mut connection = cluster.connect_leader();
    run(&mut connection, "CREATE TABLE d.large (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT)");
    let insert = format!("INSERT INTO d.large (v) VALUES ('{}')", "x".repeat(1 << 20));
    let started = Instant::now();
    while cluster.is_running(victim) {
        run(&mut connection, &insert);
        std::thread::sleep(Duration::from_millis(20));
        assert!(
            started.elapsed() < Duration::from_secs(40),
            "the node goes on with a full disk\n{}",
            cluster.logs()
        );
    }
    let code = cluster.reap(victim);
    let log = cluster.log(victim);
    assert!(code != Some(0) && code.is_some(), "it ended with {code:?}\n{log}");
    assert!(log.contains("the disk is full") && log.contains(&*folder.to_string_lossy()), "{log}");
    assert!(!log.contains("panicked"), "{log}");
    // The others serve, and when there is room again the node catches up with nothing missing.
    run(&mut connection, &insert);
    std::fs::remove_file(folder.join("ballast")).unwrap();
    cluster.start_node(victim);
    cluster.assert_equal_nodes(Duration::from_secs(40));
    cluster.terminate(victim);
    drop(mount);
}

#[test]
fn a_full_disk_ends_its_node_and_the_others_go_on() {
    fill_the_disk("", "400m", 12 << 20);
}

#[test]
fn a_full_disk_under_the_store_ends_its_node_and_the_others_go_on() {
    fill_the_disk("store", "300m", 8 << 20);
}

#[test]
fn a_transaction_past_the_bound_of_an_entry_is_seen_whole_or_not_at_all() {
    let cluster = start(3);
    let (mut one, mut other) = two(&cluster);
    run(&mut one, "CREATE TABLE blobs (id INT PRIMARY KEY, b LONGBLOB)");
    for ends_with in ["ROLLBACK", "COMMIT"] {
        run(&mut one, "BEGIN");
        run(&mut one, "UPDATE t SET v = 11 WHERE id = 1");
        for id in 0..10 {
            run(&mut one, &format!("INSERT INTO blobs VALUES ({id}, REPEAT('x', 10000000))"));
        }
        assert_eq!(scalar(&mut one, "SELECT SUM(LENGTH(b)) FROM blobs"), "100000000");
        assert_eq!(scalar(&mut other, "SELECT COUNT(*) FROM blobs"), "0");
        assert_eq!(scalar(&mut other, "SELECT v FROM t WHERE id = 1"), "10");
        run(&mut one, ends_with);
    }
    assert_eq!(scalar(&mut other, "SELECT COUNT(*) FROM blobs WHERE LENGTH(b) = 10000000"), "10");
    // Its locks are gone.
    assert_eq!(scalar(&mut other, "SELECT v FROM t WHERE id = 1"), "11");
    run(&mut other, "UPDATE t SET v = 12 WHERE id = 1");
    cluster.assert_equal_nodes(Duration::from_secs(40));
}

#[test]
fn a_lock_is_waited_for_no_longer_than_asked() {
    let cluster = start(1);
    let (mut one, mut other) = two(&cluster);
    run(&mut one, "BEGIN");
    run(&mut one, "UPDATE t SET v = 21 WHERE id = 2");
    run(&mut other, "SET innodb_lock_wait_timeout = 1");
    run(&mut other, "BEGIN");
    run(&mut other, "UPDATE t SET v = 31 WHERE id = 3");
    let started = Instant::now();
    assert_eq!(errno(other.query("UPDATE t SET v = v + 1 WHERE id >= 2")), 1205);
    assert!(
        (Duration::from_millis(900)..Duration::from_secs(5)).contains(&started.elapsed()),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(errno(other.query("SELECT * FROM t WHERE id = 2 FOR UPDATE NOWAIT")), 3572);
    let skipped = other.query("SELECT id FROM t ORDER BY id FOR UPDATE SKIP LOCKED").unwrap();
    let ids: Vec<_> = (0..skipped.rows.len()).filter_map(|row| skipped.text(row, 0)).collect();
    assert_eq!(ids, ["1", "3", "4", "5"]);
    // The statement was taken back, the transaction was not.
    assert_eq!(scalar(&mut other, "SELECT v FROM t WHERE id = 3"), "31");
    run(&mut other, "COMMIT");
    run(&mut one, "ROLLBACK");
    assert_eq!(scalar(&mut one, "SELECT GROUP_CONCAT(v ORDER BY id) FROM t"), "10,20,31,40,50");
}

#[test]
fn a_deadlock_ends_one_of_two() {
    let cluster = start(3);
    let (mut one, mut other) = two(&cluster);
    for connection in [&mut one, &mut other] {
        run(connection, "BEGIN");
    }
    run(&mut one, "UPDATE t SET v = v + 1 WHERE id = 1");
    run(&mut other, "UPDATE t SET v = v + 1 WHERE id = 2");
    let mut second = None;
    let (first, mut one) = while_it_waits(&cluster, one, "UPDATE t SET v = v + 1 WHERE id = 2", || {
        second = Some(other.query("UPDATE t SET v = v + 1 WHERE id = 1"));
        // Whichever is the victim, the other one goes on; if it is not `other`, this lets `one` go on.
        if second.as_ref().is_some_and(Result::is_ok) {
            run(&mut other, "COMMIT");
        }
    });
    let second = second.unwrap();
    let codes = [&first, &second].map(|result| match result {
        Ok(_) => 0,
        Err(Error::Server(error)) => error.code,
        Err(error) => panic!("{error}"),
    });
    assert!(codes == [0, 1213] || codes == [1213, 0], "{codes:?}");
    // The victim's transaction is over: no transaction is open, all it did is undone.
    let victim = if codes[0] == 0 { &mut other } else { &mut one };
    victim.ping().unwrap();
    assert!(!victim.is_in_transaction());
    if codes[0] == 0 {
        run(&mut one, "COMMIT");
    }
    assert_eq!(scalar(&mut one, "SELECT GROUP_CONCAT(v ORDER BY id) FROM t"), "11,21,30,40,50");
}

#[test]
fn a_statement_that_waited_sees_what_it_waited_for() {
    let cluster = start(1);
    let (mut one, mut other) = two(&cluster);
    // An update that has done some rows when it meets the lock: each row is changed once.
    run(&mut one, "BEGIN");
    run(&mut one, "UPDATE t SET v = 300 WHERE id = 3");
    let (result, back) =
        while_it_waits(&cluster, other, "UPDATE t SET v = v + 1", || run(&mut one, "COMMIT"));
    assert_eq!(result.unwrap().affected, 5);
    other = back;
    assert_eq!(scalar(&mut one, "SELECT GROUP_CONCAT(v ORDER BY id) FROM t"), "11,21,301,41,51");
    // A row that no longer matches is left alone; one that matches now is taken.
    run(&mut one, "BEGIN");
    run(&mut one, "UPDATE t SET v = 5 WHERE id = 3");
    let (result, back) =
        while_it_waits(&cluster, other, "DELETE FROM t WHERE v > 100", || run(&mut one, "COMMIT"));
    assert_eq!(result.unwrap().affected, 0);
    other = back;
    // The inserter of a key that goes away, and of one that stays.
    run(&mut one, "BEGIN");
    run(&mut one, "DELETE FROM t WHERE id = 1");
    let (result, back) =
        while_it_waits(&cluster, other, "INSERT INTO t VALUES (9, 90), (1, 1)", || run(&mut one, "COMMIT"));
    assert_eq!(result.unwrap().affected, 2);
    other = back;
    run(&mut one, "BEGIN");
    run(&mut one, "INSERT INTO t VALUES (7, 70)");
    let (result, back) =
        while_it_waits(&cluster, other, "INSERT INTO t VALUES (8, 80), (7, 7)", || run(&mut one, "COMMIT"));
    assert_eq!(errno(result), 1062);
    other = back;
    run(&mut one, "BEGIN");
    run(&mut one, "INSERT INTO t VALUES (10, 100)");
    let (result, back) =
        while_it_waits(&cluster, other, "INSERT INTO t VALUES (10, 1)", || run(&mut one, "ROLLBACK"));
    assert_eq!(result.unwrap().affected, 1);
    other = back;
    // A counter that two raise, in transactions that read it under lock.
    run(&mut one, "BEGIN");
    assert_eq!(scalar(&mut one, "SELECT v FROM t WHERE id = 2 FOR UPDATE"), "21");
    run(&mut one, "UPDATE t SET v = 22 WHERE id = 2");
    let (result, mut other) =
        while_it_waits(&cluster, other, "SELECT v FROM t WHERE id = 2 FOR UPDATE", || {
            run(&mut one, "COMMIT")
        });
    assert_eq!(result.unwrap().scalar().as_deref(), Some("22"));
    assert_eq!(
        scalar(&mut other, "SELECT GROUP_CONCAT(CONCAT(id, '=', v) ORDER BY id) FROM t"),
        "1=1,2=22,3=5,4=41,5=51,7=70,9=90,10=1"
    );
}

#[test]
fn a_schema_change_waits_for_open_transactions() {
    let cluster = start(3);
    let (mut one, mut other) = two(&cluster);
    for first in ["SELECT COUNT(*) FROM t", "UPDATE t SET v = v + 1 WHERE id = 1"] {
        run(&mut one, "BEGIN");
        run(&mut one, first);
        run(&mut other, "SET lock_wait_timeout = 1");
        for statement in
            ["DROP TABLE t", "CREATE INDEX k ON t (v)", "TRUNCATE TABLE t", "RENAME TABLE t TO u"]
        {
            let started = Instant::now();
            assert_eq!(
                errno(other.query(statement)),
                1205,
                "{statement} while a transaction that ran '{first}' is open"
            );
            assert!(
                started.elapsed() >= Duration::from_millis(900),
                "{statement} after {:?}",
                started.elapsed()
            );
        }
        // What is not the table's concern does not wait.
        run(&mut other, "CREATE TABLE elsewhere (a INT)");
        run(&mut other, "DROP TABLE elsewhere");
        run(&mut one, "ROLLBACK");
    }
    run(&mut other, "SET lock_wait_timeout = 30");
    run(&mut one, "BEGIN");
    run(&mut one, "INSERT INTO t VALUES (6, 60)");
    let (result, mut other) =
        while_it_waits(&cluster, other, "CREATE INDEX k ON t (v, id)", || run(&mut one, "COMMIT"));
    result.unwrap();
    assert_eq!(scalar(&mut other, "SELECT COUNT(*) FROM t FORCE INDEX (k) WHERE v = 60"), "1");
    cluster.assert_equal_nodes(Duration::from_secs(20));
}
