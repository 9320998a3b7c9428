//! Indexes that are built while their tables are written: by a job that goes on when its leader is lost.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use client::blocking::{Connection, Result};
use cluster_tests::TestCluster;
use cluster_tests::load::is_retryable;
use cluster_tests::question::{code, scalar};
use rand::Rng;

/// How long a failover may take until the new leader serves.
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// How long a job may take.
const JOB_MAX: Duration = Duration::from_secs(40);
/// How long nodes may take to be equal.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);
/// Rows before the job.
const ROWS: u64 = 12_000;
/// Values of the indexed column are below this.
const VALUES: u64 = 500;

/// A table of [`ROWS`] rows, and jobs that take some seconds.
fn prepare(cluster: &TestCluster) -> Connection {
    let mut connection = cluster.connect_leader();
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id BIGINT PRIMARY KEY, a INT, u BIGINT, b VARCHAR(40), KEY (b))",
        "CREATE TABLE d.h (a INT, b VARCHAR(40))",
    ] {
        connection.query(sql).unwrap();
    }
    for first in (0..ROWS).step_by(1000) {
        let rows: Vec<String> = (first..first + 1000)
            .map(|id| format!("({id}, {}, {id}, 'row number {id}')", id * 7 % VALUES))
            .collect();
        connection.query(&format!("INSERT INTO d.t VALUES {}", rows.join(","))).unwrap();
    }
    slow(cluster, 98);
    connection
}

/// What part of the time jobs rest, on all nodes.
fn slow(cluster: &TestCluster, percent: u64) {
    let sql = format!("SET GLOBAL quorate_alter_throttle_percent = {percent}");
    for address in cluster.addresses() {
        cluster.wait_until("the node answers", FAILOVER_MAX, || {
            let connection = cluster_tests::connect(&address, Duration::from_secs(1));
            connection.is_ok_and(|mut connection| connection.query(&sql).is_ok())
        });
    }
}

/// Runs a statement on the leader in a thread of its own.
fn run(cluster: &TestCluster, sql: &'static str) -> (u32, JoinHandle<Result<()>>) {
    let mut connection = cluster.connect_leader();
    connection.set_timeout(JOB_MAX);
    (connection.connection_id(), thread::spawn(move || connection.query(sql).map(|_| ())))
}

/// The line of a job in the process list of the leader: its id and its state.
fn job(connection: &mut Connection) -> Option<(u64, String)> {
    let sql = "SELECT ID, STATE FROM information_schema.PROCESSLIST WHERE COMMAND = 'Daemon' AND INFO LIKE 'ALTER TABLE%'";
    let found = connection.query(sql).ok()?;
    Some((found.text(0, 0)?.parse().ok()?, found.text(0, 1)?))
}

/// Waits until a job has done some of its rows.
fn until_under_way(cluster: &TestCluster) -> u64 {
    let mut found = None;
    cluster.wait_until("a job is under way", FAILOVER_MAX, || {
        found = job(&mut cluster.connect_leader()).filter(|(_, state)| state.ends_with('%'));
        found.is_some()
    });
    found.unwrap().0
}

/// Holds the jobs of these nodes where they are, for as long as the test needs them unfinished.
fn pause_jobs(cluster: &TestCluster) {
    slow(cluster, 100);
}

fn until_paused(cluster: &TestCluster) -> u64 {
    let mut found = None;
    cluster.wait_until("a job is paused", FAILOVER_MAX, || {
        found = job(&mut cluster.connect_leader()).filter(|(_, state)| state.ends_with("paused"));
        found.is_some()
    });
    found.unwrap().0
}

fn until_over(cluster: &TestCluster) {
    cluster.wait_until("no job is left", JOB_MAX, || job(&mut cluster.connect_leader()).is_none());
}

fn has_index(cluster: &TestCluster, name: &str) -> bool {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'd' AND INDEX_NAME = '{name}'"
    );
    scalar(&mut cluster.connect_leader(), &sql) != "0"
}

/// That the index has all rows of the table, and nothing else.
fn check_index(cluster: &TestCluster, name: &str, column: &str) {
    let mut connection = cluster.connect_leader();
    let sum = |hint: &str| {
        format!(
            "SELECT CONCAT(COUNT(*), ' ', SUM(CRC32(CONCAT_WS(',', id, {column})))) FROM d.t {hint} WHERE {column} >= 0"
        )
    };
    let by_index = scalar(&mut connection, &sum(&format!("FORCE INDEX ({name})")));
    let by_rows = scalar(&mut connection, &sum("FORCE INDEX (PRIMARY)"));
    assert_eq!(by_index, by_rows, "{name}");
    assert_ne!(by_rows, "0 0");
    let checked = connection.query("CHECK TABLE d.t").unwrap();
    assert_eq!(checked.text(0, 3).as_deref(), Some("OK"), "{}", cluster_tests::question::lines(&checked));
}

/// Sessions that write rows of every kind of change.
struct Writers {
    stop: Arc<AtomicBool>,
    writes: Arc<AtomicU64>,
    threads: Vec<JoinHandle<Duration>>,
}

impl Writers {
    fn start(cluster: &TestCluster, count: u64) -> Writers {
        Writers::of(cluster, count, write)
    }

    fn of(
        cluster: &TestCluster,
        count: u64,
        write: fn(u64, &[String], &AtomicBool, &AtomicU64) -> Duration,
    ) -> Writers {
        let (stop, writes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let threads = (0..count)
            .map(|worker| {
                let (stop, writes) = (Arc::clone(&stop), Arc::clone(&writes));
                let addresses = cluster.addresses();
                thread::spawn(move || write(worker, &addresses, &stop, &writes))
            })
            .collect();
        Writers { stop, writes, threads }
    }

    fn until_more(&self, cluster: &TestCluster, count: u64) {
        let from = self.writes.load(Ordering::Relaxed);
        cluster.wait_until("writers go on", JOB_MAX, || self.writes.load(Ordering::Relaxed) >= from + count);
    }

    /// The longest that one statement took.
    fn stop(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).max().unwrap_or_default()
    }
}

/// As [`write`], each statement on two tables in one transaction.
fn write_mirrored(worker: u64, addresses: &[String], stop: &AtomicBool, writes: &AtomicU64) -> Duration {
    write_to(true, worker, addresses, stop, writes)
}

/// Writes until it is told to stop; connects anew where that fails. The longest that a statement took.
fn write(worker: u64, addresses: &[String], stop: &AtomicBool, writes: &AtomicU64) -> Duration {
    write_to(false, worker, addresses, stop, writes)
}

fn write_to(
    is_mirrored: bool,
    worker: u64,
    addresses: &[String],
    stop: &AtomicBool,
    writes: &AtomicU64,
) -> Duration {
    let mut random = rand::rng();
    let (mut longest, mut next) = (Duration::ZERO, 1_000_000 * (worker + 1));
    let mut connection: Option<Connection> = None;
    while !stop.load(Ordering::Relaxed) {
        let Some(open) = &mut connection else {
            thread::sleep(Duration::from_millis(20));
            connection = addresses.iter().find_map(|address| {
                let mut found = cluster_tests::connect(address, Duration::from_secs(5)).ok()?;
                let leads = found.query("SELECT @@quorate_serving").ok()?.scalar()?;
                (leads == "1").then_some(found)
            });
            continue;
        };
        next += 1;
        let (row, value) = (random.random_range(0..ROWS), random.random_range(0..VALUES));
        let sql: Vec<String> = match random.random_range(0..8) {
            0 => {
                vec![format!("INSERT INTO d.t (id, a, u, b) VALUES ({next}, {value}, {next}, 'new {next}')")]
            }
            1 => vec![format!("DELETE FROM d.t WHERE id = {row}")],
            // The key moves; a unique value comes back under another key.
            2 => vec![format!("UPDATE d.t SET id = {next} WHERE id = {row}")],
            3 => vec![
                "BEGIN".into(),
                format!(
                    "UPDATE d.t SET a = {value}, u = {next} WHERE id BETWEEN {row} AND {row} + 3 ORDER BY id LIMIT 1"
                ),
                format!("INSERT INTO d.t (id, a, u, b) VALUES ({next}9, {value}, {next}9, 'x')"),
                "ROLLBACK".into(),
            ],
            4 => vec![format!("REPLACE INTO d.t (id, a, u, b) VALUES ({row}, {value}, {next}, 'again')")],
            5 => vec![format!(
                "INSERT INTO d.t (id, a, u, b) VALUES ({row}, {value}, {next}, 'y') ON DUPLICATE KEY UPDATE a = {value}"
            )],
            _ => vec![format!("UPDATE d.t SET a = {value}, b = 'changed {next}' WHERE id = {row}")],
        };
        let sql = if is_mirrored { mirrored(sql) } else { sql };
        for sql in sql {
            let began = Instant::now();
            match open.query(&sql) {
                Ok(_) => longest = longest.max(began.elapsed()),
                Err(error) if matches!(error.code(), Some(1213 | 1205 | 1062)) => {
                    if open.query("ROLLBACK").is_err() {
                        connection = None;
                    }
                    break;
                }
                Err(error) => {
                    assert!(is_retryable(&error) || error.code().is_none(), "{sql}: {error}");
                    connection = None;
                    break;
                }
            }
        }
        writes.fetch_add(1, Ordering::Relaxed);
    }
    longest
}

/// The same for the other table, in one transaction.
fn mirrored(sql: Vec<String>) -> Vec<String> {
    let is_whole = sql.len() == 1;
    let both = sql.into_iter().flat_map(|sql| {
        let other = sql.replace("d.t", "d.m");
        if other == sql { vec![sql] } else { vec![sql, other] }
    });
    let both: Vec<String> = both.collect();
    if is_whole { [vec!["BEGIN".into()], both, vec!["COMMIT".into()]].concat() } else { both }
}

/// That the tables have the same rows, by their own and by an index.
fn check_mirror(cluster: &TestCluster) {
    let mut connection = cluster.connect_leader();
    let mut sum = |from: &str| {
        let sql =
            format!("SELECT CONCAT(COUNT(*), ' ', SUM(CRC32(CONCAT_WS(',', id, a, u, b)))) FROM {from}");
        scalar(&mut connection, &sql)
    };
    let written = sum("d.t FORCE INDEX (PRIMARY)");
    assert_eq!(written, sum("d.m"));
    assert_eq!(written, sum("d.t FORCE INDEX (b) WHERE b >= ''"));
    let checked = connection.query("CHECK TABLE d.t").unwrap();
    assert_eq!(checked.text(0, 3).as_deref(), Some("OK"), "{}", cluster_tests::question::lines(&checked));
}

#[test]
fn rows_are_written_anew_while_they_change() {
    let mut cluster = TestCluster::start(3);
    let mut connection = prepare(&cluster);
    connection.query("CREATE TABLE d.m LIKE d.t").unwrap();
    connection.query("INSERT INTO d.m SELECT * FROM d.t").unwrap();
    let writers = Writers::of(&cluster, 3, write_mirrored);
    // A value that does not come to fit: it is refused, and nothing is left.
    let (_, alter) = run(&cluster, "ALTER TABLE d.t MODIFY a TINYINT");
    assert_eq!(alter.join().unwrap().unwrap_err().code(), Some(1264));
    let (_, alter) = run(
        &cluster,
        "ALTER TABLE d.t MODIFY a VARCHAR(11) NOT NULL, ADD COLUMN g BIGINT AS (id + 1), ADD UNIQUE INDEX by_u (u), \
         ADD INDEX by_g ((id * 2))",
    );
    until_under_way(&cluster);
    pause_jobs(&cluster);
    writers.until_more(&cluster, 100);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    cluster.kill(leader);
    assert!(alter.join().unwrap().is_err());
    cluster.wait_for_leader(FAILOVER_MAX);
    until_paused(&cluster);
    writers.until_more(&cluster, 100);
    cluster.start_node(leader);
    slow(&cluster, 98);
    cluster.wait_until("the index is there", JOB_MAX, || has_index(&cluster, "by_g"));
    writers.until_more(&cluster, 50);
    writers.stop();
    check_mirror(&cluster);
    check_index(&cluster, "by_u", "u");
    let mut connection = cluster.connect_leader();
    let sql = "SELECT COUNT(*) FROM d.t WHERE g <> id + 1 OR g IS NULL";
    assert_eq!(scalar(&mut connection, sql), "0");
    let sql = "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'd' AND TABLE_NAME = 't' AND COLUMN_NAME = 'a'";
    assert_eq!(scalar(&mut connection, sql), "varchar(11)");
    // A value that a writer brings, and that the new definition has no place for.
    let (_, alter) = run(&cluster, "ALTER TABLE d.t MODIFY b VARCHAR(30) CHARACTER SET latin1");
    until_under_way(&cluster);
    connection.query("INSERT INTO d.t (id, a, u, b) VALUES (900000001, '1', 900000001, '日本')").unwrap();
    let error = alter.join().unwrap().unwrap_err();
    assert_eq!(error.code(), Some(1366), "{error}");
    connection.query("DELETE FROM d.t WHERE id = 900000001").unwrap();
    check_mirror(&cluster);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn writers_go_on_and_the_index_has_what_the_table_has() {
    let cluster = TestCluster::start(3);
    let mut connection = prepare(&cluster);
    let writers = Writers::start(&cluster, 4);
    writers.until_more(&cluster, 50);
    // A reader whose snapshot is older than the job reads on while it runs.
    let mut reader = cluster.connect_leader();
    reader.query("START TRANSACTION WITH CONSISTENT SNAPSHOT").unwrap();
    let before = scalar(&mut connection, "SELECT COUNT(*) FROM d.h");
    let (_, alter) =
        run(&cluster, "ALTER TABLE d.t ADD INDEX by_a (a), ADD INDEX by_b (b, a DESC), LOCK=NONE");
    until_under_way(&cluster);
    assert_eq!(scalar(&mut reader, "SELECT COUNT(*) FROM d.h"), before);
    assert!(!has_index(&cluster, "by_a"));
    assert_ne!(scalar(&mut reader, "SELECT COUNT(*) FROM d.t"), "0");
    reader.query("COMMIT").unwrap();
    writers.until_more(&cluster, 300);
    alter.join().unwrap().unwrap();
    assert!(has_index(&cluster, "by_a"));
    writers.until_more(&cluster, 50);
    let longest = writers.stop();
    println!("the longest statement took {longest:?}");
    assert!(longest < Duration::from_secs(3), "a writer waited {longest:?}");
    check_index(&cluster, "by_a", "a");
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn the_next_leader_goes_on() {
    let mut cluster = TestCluster::start(3);
    drop(prepare(&cluster));
    let writers = Writers::start(&cluster, 3);
    let (_, alter) = run(&cluster, "CREATE INDEX by_a ON d.t (a)");
    until_under_way(&cluster);
    pause_jobs(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    cluster.kill(leader);
    assert!(alter.join().unwrap().is_err());
    cluster.wait_for_leader(FAILOVER_MAX);
    writers.until_more(&cluster, 100);
    until_paused(&cluster);
    // Another change of the table waits for it.
    let mut other = cluster.connect_leader();
    other.query("SET lock_wait_timeout = 1").unwrap();
    assert_eq!(code(&mut other, "ALTER TABLE d.t ADD COLUMN c INT"), Some(1205));
    assert_eq!(code(&mut other, "DROP TABLE d.t"), Some(1205));
    assert_eq!(code(&mut other, "LOCK TABLES d.t WRITE"), Some(1205));
    assert_eq!(code(&mut other, "DROP DATABASE d"), Some(1205));
    cluster.start_node(leader);
    slow(&cluster, 50);
    until_over(&cluster);
    assert!(has_index(&cluster, "by_a"));
    writers.stop();
    check_index(&cluster, "by_a", "a");
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn a_unique_index_is_built_or_fails_by_whoever_brings_a_value_twice() {
    let cluster = TestCluster::start(1);
    let mut connection = prepare(&cluster);
    let writers = Writers::start(&cluster, 3);
    let (_, alter) = run(&cluster, "ALTER TABLE d.t ADD UNIQUE INDEX by_u (u)");
    until_under_way(&cluster);
    writers.until_more(&cluster, 200);
    alter.join().unwrap().unwrap();
    writers.stop();
    check_index(&cluster, "by_u", "u");
    connection.query("DROP INDEX by_u ON d.t").unwrap();
    for sql in [
        "INSERT INTO d.t VALUES (900000001, 1, 900000001, 'a'), (900000002, 1, 900000001, 'b')",
        // One that the job has passed, or comes to: a row at the end gets the value of the first, and the other way round.
        "UPDATE d.t SET u = (SELECT u FROM (SELECT MIN(u) AS u FROM d.t) AS x) ORDER BY id DESC LIMIT 1",
        "UPDATE d.t SET u = (SELECT u FROM (SELECT MAX(u) AS u FROM d.t) AS x) ORDER BY id LIMIT 1",
    ] {
        let (_, alter) = run(&cluster, "ALTER TABLE d.t ADD UNIQUE INDEX by_u (u), ADD INDEX by_a (a)");
        until_under_way(&cluster);
        connection.query(sql).unwrap();
        let error = alter.join().unwrap().unwrap_err();
        assert_eq!(error.code(), Some(1062), "{sql}: {error}");
        assert!(error.to_string().contains("for key 't.by_u'"), "{error}");
        assert!(!has_index(&cluster, "by_u") && !has_index(&cluster, "by_a"));
        connection.query("DELETE FROM d.t WHERE id > 900000000").unwrap();
        connection.query("UPDATE d.t SET u = id").unwrap();
    }
    // A value that is brought and taken back is none.
    let (_, alter) = run(&cluster, "ALTER TABLE d.t ADD UNIQUE INDEX by_u (u)");
    until_under_way(&cluster);
    connection.query("BEGIN").unwrap();
    connection.query("INSERT INTO d.t SELECT 900000003, 1, MIN(u), 'c' FROM d.t").unwrap();
    connection.query("ROLLBACK").unwrap();
    alter.join().unwrap().unwrap();
    check_index(&cluster, "by_u", "u");
}

#[test]
fn a_killed_job_leaves_nothing() {
    let mut cluster = TestCluster::start(3);
    let mut connection = prepare(&cluster);
    let (id, alter) = run(&cluster, "ALTER TABLE d.t ADD INDEX by_a (a)");
    until_under_way(&cluster);
    connection.query(&format!("KILL QUERY {id}")).unwrap();
    assert_eq!(alter.join().unwrap().unwrap_err().code(), Some(1317));
    until_over(&cluster);
    // KILL of the job's own line, while it is paused.
    let (_, alter) = run(&cluster, "ALTER TABLE d.t ADD INDEX by_a (a)");
    until_under_way(&cluster);
    pause_jobs(&cluster);
    let job = until_paused(&cluster);
    connection.query(&format!("KILL {job}")).unwrap();
    assert_eq!(alter.join().unwrap().unwrap_err().code(), Some(1317));
    until_over(&cluster);
    // And of one that an earlier leader has left.
    slow(&cluster, 98);
    let (_, alter) = run(&cluster, "ALTER TABLE d.t ADD INDEX by_a (a)");
    until_under_way(&cluster);
    pause_jobs(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    cluster.kill(leader);
    assert!(alter.join().unwrap().is_err());
    cluster.wait_for_leader(FAILOVER_MAX);
    let job = until_paused(&cluster);
    cluster.connect_leader().query(&format!("KILL {job}")).unwrap();
    until_over(&cluster);
    assert!(!has_index(&cluster, "by_a"));
    cluster.start_node(leader);
    let mut connection = cluster.connect_leader();
    // The table can be changed, and written, and has the index in the end.
    slow(&cluster, 0);
    connection.query("ALTER TABLE d.t ADD INDEX by_a (a)").unwrap();
    check_index(&cluster, "by_a", "a");
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn nodes_that_were_away_come_to_the_same() {
    let mut cluster = TestCluster::start(3);
    drop(prepare(&cluster));
    let writers = Writers::start(&cluster, 2);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let paused = cluster.others(&[leader])[0];
    let (_, alter) = run(&cluster, "ALTER TABLE d.t ADD INDEX by_a (a), ALGORITHM=INPLACE, LOCK=NONE");
    until_under_way(&cluster);
    pause_jobs(&cluster);
    cluster.pause(paused);
    // A node joins in the middle, by a snapshot of the tables.
    let joined = cluster.join_node(leader, "learner");
    writers.until_more(&cluster, 100);
    cluster.resume(paused);
    // And the job's own node is restarted in the middle.
    cluster.kill(leader);
    assert!(alter.join().unwrap().is_err());
    cluster.wait_for_leader(FAILOVER_MAX);
    cluster.start_node(leader);
    slow(&cluster, 75);
    cluster.wait_until("the index is there", JOB_MAX, || has_index(&cluster, "by_a"));
    writers.stop();
    check_index(&cluster, "by_a", "a");
    assert!(joined > 3);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn prepared_and_open_transactions_hold_the_beginning_and_the_end_up() {
    let cluster = TestCluster::start(1);
    let mut connection = prepare(&cluster);
    let mut other = cluster.connect_leader();
    for sql in
        ["XA START 'x'", "UPDATE d.t SET a = 1, u = 77777777 WHERE id = 5", "XA END 'x'", "XA PREPARE 'x'"]
    {
        other.query(sql).unwrap();
    }
    let (_, alter) = run(&cluster, "ALTER TABLE d.t ADD UNIQUE INDEX by_u (u), ADD INDEX by_a (a)");
    let waits = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'waiting for lock'";
    cluster.wait_until("the job waits for it", FAILOVER_MAX, || scalar(&mut connection, waits) == "1");
    other.query("XA COMMIT 'x'").unwrap();
    until_under_way(&cluster);
    slow(&cluster, 0);
    // One that is prepared while the job runs, and one that is open at its end.
    for sql in ["XA START 'y'", "UPDATE d.t SET u = 88888888 WHERE id = 6", "XA END 'y'", "XA PREPARE 'y'"] {
        other.query(sql).unwrap();
    }
    connection.query("BEGIN").unwrap();
    connection.query("UPDATE d.t SET a = 3, u = 99999999 WHERE id = 7").unwrap();
    thread::sleep(Duration::from_millis(500));
    assert!(!has_index(&cluster, "by_u"));
    // Others go on meanwhile.
    let mut third = cluster.connect_leader();
    let began = Instant::now();
    third.query("UPDATE d.t SET a = 4 WHERE id = 8").unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    other.query("XA COMMIT 'y'").unwrap();
    connection.query("COMMIT").unwrap();
    alter.join().unwrap().unwrap();
    check_index(&cluster, "by_u", "u");
    check_index(&cluster, "by_a", "a");
    assert_eq!(scalar(&mut connection, "SELECT id FROM d.t FORCE INDEX (by_u) WHERE u = 88888888"), "6");
}
