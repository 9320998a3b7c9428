//! Triggers on real processes: what they do is done once for each statement that was acknowledged, whatever happens to the leader, and waits for locks do
//! nothing twice.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::{LEADER_TIMEOUT, TestCluster};

/// How long something that must end may take.
const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// Rows that each writer has had acknowledged before the leader is killed.
const ROWS_BEFORE: usize = 20;
const WRITERS: usize = 4;

fn code(connection: &mut Connection, sql: &str) -> Option<u16> {
    connection.query(sql).err().and_then(|error| error.code())
}

fn value(connection: &mut Connection, sql: &str) -> String {
    connection.query(sql).unwrap().text(0, 0).unwrap_or_default()
}

/// Waits until a query gives a value.
fn wait_for(connection: &mut Connection, sql: &str, wanted: &str) {
    let until = Instant::now() + ENDS_WITHIN;
    while value(connection, sql) != wanted {
        assert!(Instant::now() < until, "{sql} is not {wanted}");
        thread::sleep(Duration::from_millis(20));
    }
}

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
        value(&mut writer, "SELECT @calls")
    });
    wait_for(
        &mut holder,
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'waiting for lock'",
        "1",
    );
    holder.query("COMMIT").unwrap();
    assert_eq!(written.join().unwrap(), "2", "once a row");
    assert_eq!(value(&mut holder, "SELECT n FROM d.total"), "102");
    assert_eq!(value(&mut holder, "SELECT GROUP_CONCAT(id, ':', v ORDER BY id) FROM d.audit"), "1:2,2:4");
    // What a savepoint takes back, the triggers' rows are of it.
    for sql in ["BEGIN", "SAVEPOINT s", "INSERT INTO d.t (id) VALUES (3)", "ROLLBACK TO s", "COMMIT"] {
        holder.query(sql).unwrap();
    }
    assert_eq!(value(&mut holder, "SELECT COUNT(*) FROM d.audit"), "2");
    assert_eq!(value(&mut holder, "SELECT n FROM d.total"), "102");
}

#[test]
fn a_loop_in_a_trigger_can_be_killed() {
    let cluster = TestCluster::start(1);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut killer = cluster.connect(leader);
    prepare(&mut killer);
    killer.query("INSERT INTO d.t (id) VALUES (1)").unwrap();
    let mut caller = cluster.connect(leader);
    let id = value(&mut caller, "SELECT CONNECTION_ID()");
    let called = thread::spawn(move || {
        let first = code(&mut caller, "DELETE FROM d.t");
        (first, value(&mut caller, "SELECT COUNT(*) FROM d.t"))
    });
    let begun = "INFO LIKE 'DELETE%'";
    wait_for(
        &mut killer,
        &format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id} AND {begun}"),
        "1",
    );
    assert_eq!(value(&mut killer, "SELECT COUNT(*) FROM d.t"), "1", "others are served");
    killer.query(&format!("KILL QUERY {id}")).unwrap();
    assert_eq!(called.join().unwrap(), (Some(1317), "1".into()));
}

/// Inserts rows of its own until it is told to stop; the ids that were acknowledged.
fn write(addresses: &[String], first: usize, stop: &AtomicBool, progress: &dyn Fn(usize)) -> Vec<usize> {
    let mut acknowledged = Vec::new();
    let mut id = first;
    let mut at = 0;
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut connection) = cluster_tests::connect(&addresses[at % addresses.len()], ENDS_WITHIN) else {
            at += 1;
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        while !stop.load(Ordering::Relaxed) {
            // An id is tried once: whether one without an answer is there is not known.
            let result = connection.query(&format!("INSERT INTO d.t (id) VALUES ({id})"));
            id += WRITERS;
            match result {
                Ok(_) => {
                    acknowledged.push(id - WRITERS);
                    progress(acknowledged.len());
                }
                Err(error) if error.code() == Some(1213) => {}
                Err(_) => break,
            }
        }
        at += 1;
    }
    acknowledged
}

#[test]
fn triggers_are_done_once_for_what_was_acknowledged_when_the_leader_is_lost() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(leader);
    prepare(&mut connection);
    let addresses = cluster.addresses();
    let stop = Arc::new(AtomicBool::new(false));
    let (ready, readies) = std::sync::mpsc::channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let (stop, ready, addresses) = (Arc::clone(&stop), ready.clone(), addresses.clone());
            thread::spawn(move || {
                let told = |count: usize| {
                    if count == ROWS_BEFORE || count == 2 * ROWS_BEFORE {
                        let _ = ready.send(count);
                    }
                };
                write(&addresses, number + 1, &stop, &told)
            })
        })
        .collect();
    for _ in 0..WRITERS {
        readies.recv_timeout(ENDS_WITHIN).unwrap();
    }
    cluster.kill(leader);
    let next = cluster.wait_for_leader(LEADER_TIMEOUT);
    // One of them has gone on with the next leader.
    while readies.recv_timeout(ENDS_WITHIN).unwrap() < 2 * ROWS_BEFORE {}
    stop.store(true, Ordering::Relaxed);
    let acknowledged: Vec<usize> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    let mut connection = cluster.connect(next);
    let ids = connection.query("SELECT id FROM d.t ORDER BY id").unwrap();
    let count = value(&mut connection, "SELECT COUNT(*) FROM d.t").parse::<usize>().unwrap();
    let present: Vec<usize> =
        (0..count).map(|row| ids.text(row, 0).unwrap_or_default().parse().unwrap()).collect();
    let lost = acknowledged.iter().filter(|id| present.binary_search(id).is_err()).count();
    assert_eq!(lost, 0, "of {} acknowledged rows", acknowledged.len());
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
        assert_eq!(&value(&mut connection, sql), wanted, "{sql}");
    }
    let follower = cluster.others(&[leader, next])[0];
    let mut follower = cluster.connect(follower);
    for (sql, wanted) in &checks {
        wait_for(&mut follower, sql, wanted);
    }
}
