//! Texts and sessions as the connectors' own test-suites ask for them: what each is answered with was asked of MySQL.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use client::Options;
use client::blocking::{Connection, Error};
use cluster_tests::TestCluster;
use wire::mysql::constant::{StatusFlags, column_type};
use wire::mysql::value::Param;

fn code<T>(result: client::blocking::Result<T>) -> Option<u16> {
    match result {
        Ok(_) => None,
        Err(Error::Server(error)) => Some(error.code),
        Err(error) => panic!("{error}"),
    }
}

fn run(connection: &mut Connection, sql: &str) {
    if let Err(error) = connection.query(sql) {
        panic!("{sql}: {error}");
    }
}

/// A SELECT of more columns than a table can have is a result like any other, in both protocols; past what the protocol can count it is
/// refused, however few bytes its text has. The connection lives on.
#[test]
fn a_select_of_many_columns_ends_no_connection() {
    let cluster = TestCluster::start(1);
    let mut client = cluster.connect_leader();
    let list = |item: &str, count: usize| format!("SELECT {}", vec![item; count].join(","));
    for count in [4_097, 65_535] {
        assert_eq!(client.query(&list("1", count)).unwrap().columns.len(), count);
        let statement = client.prepare(&list("?", count)).unwrap();
        let found = client.execute(&statement, &vec![Param::Int(7); count]).unwrap();
        assert_eq!((found.columns.len(), found.rows.len()), (count, 1));
        client.close_statement(&statement).unwrap();
    }
    assert_eq!(code(client.query(&list("1", 65_536))), Some(1117));
    assert_eq!(code(client.prepare(&list("1", 65_536))), Some(1117));
    assert_eq!(code(client.prepare(&list("?", 65_536))), Some(1390));
    let columns: Vec<String> = (0..1_000).map(|number| format!("1 AS c{number}")).collect();
    let stars = format!("{} FROM (SELECT {}) AS t", list("t.*", 100_000), columns.join(","));
    assert_eq!(code(client.query(&stars)), Some(1117));
    assert_eq!(client.query("SELECT 1").unwrap().scalar().as_deref(), Some("1"));
}

/// Comments alone are a statement that does nothing; blanks and semicolons alone are none. Each comment behind a statement of several has an
/// answer of its own.
#[test]
fn comments_are_answered_and_blanks_are_refused() {
    let cluster = TestCluster::start(1);
    let client = cluster.connect_leader();
    let options = Options { multi_statements: true, ..Options::unencrypted() };
    let mut client = Connection::connect_with(client.address(), &options).unwrap();
    for text in ["--", "-- x", "#", "/* x */", "/**/;", "-- x\n;", "--;", "/*! */", "/*!99999 x */"] {
        assert_eq!(client.query_all(text).unwrap().len(), 1, "{text:?}");
        assert_eq!(code(client.prepare(text)), Some(1295), "{text:?}");
    }
    for text in ["", " ", ";", " ; \n;", "\u{b};\u{c}"] {
        assert_eq!(code(client.query_all(text)), Some(1065), "{text:?}");
        assert_eq!(code(client.prepare(text)), Some(1065), "{text:?}");
    }
    for text in [";SELECT 1", "/* x */; SELECT 1", "SELECT 1; ; SELECT 2", "--x"] {
        assert_eq!(code(client.query_all(text)), Some(1064), "{text:?}");
    }
    for (text, answers) in [("SELECT 1;;", 1), ("SELECT 1; ; ", 1), ("SELECT 1; -- x", 2), ("SELECT 1;#", 2)]
    {
        assert_eq!(client.query_all(text).unwrap().len(), answers, "{text:?}");
    }
    assert_eq!(code(client.query("PREPARE s FROM '/* x */'")), Some(1295));
    assert_eq!(code(client.query("PREPARE s FROM ';'")), Some(1065));
    run(&mut client, "PREPARE s FROM 'SELECT 1;;'");
}

/// What START TRANSACTION itself says of READ WRITE goes before SET TRANSACTION and the variable; and under autocommit=0 a statement that
/// reads no table begins no transaction.
#[test]
fn a_transaction_is_what_its_beginning_says() {
    let cluster = TestCluster::start(1);
    let mut client = cluster.connect_leader();
    run(&mut client, "CREATE DATABASE d");
    run(&mut client, "CREATE TABLE d.t (id INT PRIMARY KEY)");
    run(&mut client, "SET SESSION transaction_read_only = 1");
    let insert = "INSERT INTO d.t VALUES (1)";
    for (before, begin, expected) in [
        ("DO 1", "START TRANSACTION READ WRITE", None),
        ("DO 1", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE", None),
        ("SET TRANSACTION READ ONLY", "START TRANSACTION READ WRITE", None),
        ("DO 1", "START TRANSACTION", Some(1792)),
        ("SET TRANSACTION READ WRITE", "BEGIN", None),
        ("SET TRANSACTION READ WRITE", "START TRANSACTION READ ONLY", Some(1792)),
    ] {
        run(&mut client, before);
        run(&mut client, begin);
        assert_eq!(code(client.query(insert)), expected, "{before}; {begin}");
        run(&mut client, "ROLLBACK");
    }
    run(&mut client, "SET SESSION transaction_read_only = 0");
    run(&mut client, "SET autocommit = 0");
    for (statement, begins) in [
        ("SELECT 1", false),
        ("DO 1", false),
        ("SELECT * FROM (SELECT 1) AS t", false),
        ("SELECT * FROM d.t", true),
        ("SELECT 1 WHERE EXISTS (SELECT * FROM d.t)", true),
        ("DELETE FROM d.t WHERE id = 9", true),
    ] {
        run(&mut client, statement);
        client.ping().unwrap();
        assert_eq!(client.status().contains(StatusFlags::IN_TRANS), begins, "{statement}");
        run(&mut client, "ROLLBACK");
    }
    // What SET TRANSACTION said is for the transaction, which the first table begins.
    run(&mut client, "SET TRANSACTION READ ONLY");
    run(&mut client, "SELECT 1");
    assert_eq!(code(client.query(insert)), Some(1792));
}

/// Values are given to SET and KILL as to any other statement.
#[test]
fn what_is_set_may_be_a_parameter() {
    let cluster = TestCluster::start(1);
    let mut client = cluster.connect_leader();
    let statement = client.prepare("SET @a = ?, @b = CONCAT(?, 'x'), SESSION wait_timeout = ?").unwrap();
    let text = Param::Bytes { value: b"t", column_type: column_type::VAR_STRING };
    client.execute(&statement, &[Param::Int(5), text, Param::Int(77)]).unwrap();
    let found = client.query("SELECT CONCAT_WS(',', @a, @b, @@wait_timeout)").unwrap();
    assert_eq!(found.scalar().as_deref(), Some("5,tx,77"));
    run(&mut client, "PREPARE s FROM 'SET @c = ? + 1'");
    run(&mut client, "EXECUTE s USING @a");
    assert_eq!(client.query("SELECT @c").unwrap().scalar().as_deref(), Some("6"));
    let other = cluster.connect_leader();
    let kill = client.prepare("KILL ?").unwrap();
    client.execute(&kill, &[Param::Int(i64::from(other.connection_id()))]).unwrap();
    assert_eq!(code(client.execute(&kill, &[Param::Int(999_999)])), Some(1094));
}

/// A connection that is killed while it is idle is closed without a word, as MySQL does: what a pool reads there would be taken for the
/// answer to its next command, and not for a connection to replace.
#[test]
fn an_idle_connection_that_is_killed_is_only_closed() {
    let cluster = TestCluster::start(1);
    let mut client = cluster.connect_leader();
    let mut idle = TcpStream::connect(client.address()).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let id = login(&mut idle);
    run(&mut client, &format!("KILL {id}"));
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
}

/// Logs in as root without a password; the connection's id.
fn login(socket: &mut TcpStream) -> u32 {
    use std::io::Write;
    let greeting = packet(socket);
    let version_end = greeting.iter().skip(1).position(|byte| *byte == 0).unwrap() + 2;
    let id = u32::from_le_bytes(greeting[version_end..version_end + 4].try_into().unwrap());
    // PROTOCOL_41, SECURE_CONNECTION and PLUGIN_AUTH; 16 MiB packets; utf8mb4.
    let mut answer = 0x0008_8200_u32.to_le_bytes().to_vec();
    answer.extend((16_u32 << 20).to_le_bytes());
    answer.push(45);
    answer.extend([0; 23]);
    answer.extend(b"root\0\0caching_sha2_password\0");
    let mut framed = (answer.len() as u32).to_le_bytes().to_vec();
    framed[3] = 1;
    framed.extend(answer);
    socket.write_all(&framed).unwrap();
    let ok = packet(socket);
    assert_eq!(ok.first(), Some(&0), "{}", String::from_utf8_lossy(&ok));
    id
}

fn packet(socket: &mut TcpStream) -> Vec<u8> {
    let mut header = [0; 4];
    socket.read_exact(&mut header).unwrap();
    let mut payload =
        vec![0; usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16];
    socket.read_exact(&mut payload).unwrap();
    payload
}
