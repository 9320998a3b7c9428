//! How long a client may take for what it does, and a statement for what it does.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use client::blocking::{Connection, Error};
use cluster_tests::TestCluster;
use cluster_tests::raw::{Hello, Raw, errno};
use wire::mysql::constant::Capabilities;

/// How much later than said things may happen on a busy machine.
const SLACK: Duration = Duration::from_secs(5);

fn run(connection: &mut Connection, sql: &str) {
    connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn code(result: client::blocking::Result<client::blocking::QueryResult>) -> u16 {
    match result {
        Err(Error::Server(error)) => error.code,
        other => panic!("wanted an error of the server, got {other:?}"),
    }
}

fn address(cluster: &TestCluster) -> String {
    cluster.node(1).sql_address.clone()
}

/// Reads until the server closes; how long that took.
fn closed_after(stream: &mut TcpStream) -> Duration {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let started = Instant::now();
    let mut space = [0; 4096];
    while stream.read(&mut space).is_ok_and(|count| count > 0) {}
    started.elapsed()
}

#[test]
fn who_does_not_log_in_in_time_is_cut_also_when_bytes_trickle() {
    let cluster = TestCluster::start(1);
    let mut admin = cluster.connect(1);
    run(&mut admin, "SET GLOBAL connect_timeout = 2");
    let mut silent = TcpStream::connect(address(&cluster)).unwrap();
    let slow = TcpStream::connect(address(&cluster)).unwrap();
    let mut writes = slow.try_clone().unwrap();
    let trickle = std::thread::spawn(move || {
        // The beginning of a packet of 100 bytes, a byte each 100 ms.
        let bytes = [&[100, 0, 0, 1][..], &[0; 100]].concat();
        for byte in bytes {
            if writes.write_all(&[byte]).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let mut slow = slow;
    for stream in [&mut silent, &mut slow] {
        let took = closed_after(stream);
        assert!(took < Duration::from_secs(2) + SLACK, "{took:?}");
    }
    trickle.join().unwrap();
    // A login that is done in time is not cut later.
    let mut late = Raw::connect(&address(&cluster), Hello::default()).unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    let _ = late.ok("DO 1");
}

#[test]
fn kill_reaches_who_has_not_logged_in() {
    let cluster = TestCluster::start(1);
    let mut admin = cluster.connect(1);
    let mut stream = TcpStream::connect(address(&cluster)).unwrap();
    let mut greeting = [0; 64];
    let _ = stream.read(&mut greeting).unwrap();
    let list = admin.query("SHOW PROCESSLIST").unwrap();
    let row = (0..list.rows.len())
        .find(|row| list.text(*row, 1).as_deref() == Some("unauthenticated user"))
        .unwrap();
    let id = list.text(row, 0).unwrap().to_owned();
    run(&mut admin, &format!("KILL {id}"));
    let took = closed_after(&mut stream);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_stop_reaches_who_has_not_logged_in() {
    let mut cluster = TestCluster::start(1);
    let _silent = TcpStream::connect(address(&cluster)).unwrap();
    let started = Instant::now();
    assert_eq!(cluster.terminate(1), Some(0));
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[test]
fn idle_clients_are_cut_by_the_time_that_is_theirs() {
    let cluster = TestCluster::start(1);
    let mut admin = cluster.connect(1);
    run(&mut admin, "SET GLOBAL interactive_timeout = 1");
    let interactive = Hello { more: Capabilities::INTERACTIVE, ..Hello::default() };
    let mut person = Raw::connect(&address(&cluster), interactive).unwrap();
    let shown = person.query("SELECT @@wait_timeout").unwrap();
    assert_eq!(shown[2], b"\x011");
    let mut program = Raw::connect(&address(&cluster), Hello::default()).unwrap();
    assert_eq!(program.query("SELECT @@wait_timeout").unwrap()[2], b"\x0528800");
    let started = Instant::now();
    assert_eq!(person.goodbye().unwrap(), 4031);
    assert!((Duration::from_millis(900)..Duration::from_secs(1) + SLACK).contains(&started.elapsed()));
    // Also after the session was made anew, and with a compressed goodbye.
    let compressed = Hello { more: Capabilities::INTERACTIVE | Capabilities::COMPRESS, ..Hello::default() };
    let mut person = Raw::connect(&address(&cluster), compressed).unwrap();
    let _ = person.ok("SET wait_timeout = 1000");
    person.send(b"\x1f").unwrap();
    let _ = person.packet().unwrap();
    assert_eq!(person.goodbye().unwrap(), 4031);
    let _ = program.ok("SET wait_timeout = 1");
    assert_eq!(program.goodbye().unwrap(), 4031);
}

#[test]
fn a_packet_that_has_begun_has_to_go_on() {
    let cluster = TestCluster::start(1);
    for more in [Capabilities::empty(), Capabilities::COMPRESS] {
        let mut raw = Raw::connect(&address(&cluster), Hello { more, ..Hello::default() }).unwrap();
        let _ = raw.ok("SET net_read_timeout = 1");
        // The beginning of a packet of 64 bytes, or of a frame that has it.
        raw.stream.write_all(b"\x40\0\0\0\0\0\0\x30\0\0\0\x03SELECT").unwrap();
        let started = Instant::now();
        assert_eq!(raw.goodbye().unwrap(), 1159);
        let took = started.elapsed();
        assert!((Duration::from_millis(900)..Duration::from_secs(1) + SLACK).contains(&took), "{took:?}");
    }
}

#[test]
fn a_reader_that_takes_nothing_is_cut_and_holds_nothing() {
    let cluster = TestCluster::start(1);
    let mut admin = cluster.connect(1);
    run(&mut admin, "CREATE DATABASE d");
    run(&mut admin, "CREATE TABLE d.t (a INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(1000))");
    run(&mut admin, "INSERT INTO d.t (b) VALUES (REPEAT('x', 1000))");
    for _ in 0..10 {
        run(&mut admin, "INSERT INTO d.t (b) SELECT b FROM d.t");
    }
    let mut raw = Raw::connect(&address(&cluster), Hello::default()).unwrap();
    let _ = raw.ok("SET net_write_timeout = 1");
    let _ = raw.ok("BEGIN");
    let _ = raw.ok("UPDATE d.t SET b = 'y' WHERE a = 1");
    raw.send_query("SELECT a.b, b.b FROM d.t a, d.t b").unwrap();
    // It reads nothing: its locks go with it.
    let started = Instant::now();
    run(&mut admin, "SET innodb_lock_wait_timeout = 20");
    run(&mut admin, "UPDATE d.t SET b = 'z' WHERE a = 1");
    assert!(started.elapsed() < Duration::from_secs(1) + SLACK, "{:?}", started.elapsed());
    let id = raw.id.to_string();
    let list = admin.query("SHOW PROCESSLIST").unwrap();
    assert!((0..list.rows.len()).all(|row| list.text(row, 0).as_deref() != Some(id.as_str())));
}

#[test]
fn a_select_that_takes_too_long_ends() {
    let cluster = TestCluster::start(1);
    let mut connection = cluster.connect(1);
    run(&mut connection, "SET max_execution_time = 300");
    let started = Instant::now();
    assert_eq!(code(connection.query("SELECT SLEEP(20)")), 3024);
    assert!(started.elapsed() < SLACK);
    run(&mut connection, "SET max_execution_time = 0");
    for sql in [
        "SELECT /*+ MAX_EXECUTION_TIME(300) */ SLEEP(20)",
        " select /*+ max_execution_time( 300 ) */ SLEEP(20)",
    ] {
        let started = Instant::now();
        assert_eq!(code(connection.query(sql)), 3024, "{sql}");
        assert!(started.elapsed() < SLACK);
    }
    // The hint is the statement's alone, and goes before the session's value.
    run(&mut connection, "SELECT SLEEP(0.5)");
    run(&mut connection, "SET max_execution_time = 100");
    run(&mut connection, "SELECT /*+ MAX_EXECUTION_TIME(10000) */ SLEEP(0.5)");
}

#[test]
fn prepared_statements_are_counted_over_all_sessions() {
    let cluster = TestCluster::start(1);
    let mut admin = cluster.connect(1);
    let count = |admin: &mut Connection| {
        let shown = admin.query("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'").unwrap();
        shown.text(0, 1).unwrap().parse::<u64>().unwrap()
    };
    let before = count(&mut admin);
    run(&mut admin, &format!("SET GLOBAL max_prepared_stmt_count = {}", before + 3));
    let mut one = Raw::connect(&address(&cluster), Hello::default()).unwrap();
    let mut other = Raw::connect(&address(&cluster), Hello::default()).unwrap();
    let _ = one.ok("PREPARE a FROM 'SELECT 1'");
    let _ = one.ok("PREPARE a FROM 'SELECT 2'");
    other.send(b"\x16DO 1").unwrap();
    let id = other.packet().unwrap()[1];
    let _ = other.ok("PREPARE b FROM 'SELECT 1'");
    assert_eq!(count(&mut admin), before + 3);
    other.send(b"\x16DO 1").unwrap();
    assert_eq!(other.errno().unwrap(), 1461);
    assert_eq!(errno(&one.query("PREPARE c FROM 'SELECT 1'").unwrap()[0]), Some(1461));
    // One that is closed makes room, and so does a session that ends or is made anew.
    other.send(&[0x19, id, 0, 0, 0]).unwrap();
    let started = Instant::now();
    while errno(&one.query("PREPARE c FROM 'SELECT 1'").unwrap()[0]).is_some() {
        // COM_STMT_CLOSE is not answered: it may not be done yet.
        assert!(started.elapsed() < SLACK);
    }
    one.send(b"\x1f").unwrap();
    let _ = one.packet().unwrap();
    assert_eq!(count(&mut admin), before + 1);
    drop(other);
    let started = Instant::now();
    while count(&mut admin) > before {
        assert!(started.elapsed() < SLACK);
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// More sessions than the machine has processors compute without end: others come in and are answered, and each can be killed.
#[test]
fn computing_without_end_holds_up_nobody_and_is_killed() {
    let cluster = TestCluster::start(1);
    let sessions: Vec<_> =
        ["SELECT BENCHMARK(9223372036854775807, 1 + 1)", "DO BENCHMARK(9223372036854775807, MD5(1))"]
            .into_iter()
            .cycle()
            .take(8)
            .map(|sql| {
                let mut connection = cluster.connect(1);
                let id = connection.query("SELECT CONNECTION_ID()").unwrap().scalar().unwrap();
                (id, std::thread::spawn(move || connection.query(sql)))
            })
            .collect();
    std::thread::sleep(Duration::from_secs(1));
    let started = Instant::now();
    let mut other = cluster.connect(1);
    run(&mut other, "SELECT 1");
    for (id, _) in &sessions {
        run(&mut other, &format!("KILL QUERY {id}"));
    }
    for (_, session) in sessions {
        assert_eq!(code(session.join().unwrap()), 1317);
    }
    assert!(started.elapsed() < SLACK, "{:?}", started.elapsed());
}
