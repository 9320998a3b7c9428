//! The front end that runs sessions through opensrv-mysql, with the server as it is built with the feature `opensrv`: a
//! cluster of one node in a process of its own, and our own driver as the client.

#![cfg(feature = "opensrv")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use client::blocking::{Connection, Error, Param};
use wire::mysql::constant::{Capabilities, StatusFlags, charset, column_type};
use wire::mysql::handshake::{ConnectAttributes, HandshakeResponse};
use wire::mysql::ok::OK_HEADER;
use wire::mysql::packet::{PacketReader, PacketWriter};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A node, and where it serves clients through opensrv-mysql.
struct Node {
    process: Child,
    address: String,
    own_address: String,
    data: tempfile::TempDir,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that is free now, below the range the kernel takes outgoing ports from.
fn free_address() -> String {
    loop {
        let port = rand::random_range(15_000..30_000_u16);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return format!("127.0.0.1:{port}");
        }
    }
}

impl Node {
    /// Starts a node and waits until it leads, with a table `d.t`.
    fn start() -> Node {
        let data = tempfile::tempdir().unwrap();
        let (address, own_address) = (free_address(), free_address());
        let log = std::fs::File::create(data.path().join("log")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(["start", "--node-id", "1", "--opensrv-listen", &address])
            .args(["--peers", &format!("1={}/{own_address}", free_address())])
            .arg("--data")
            .arg(data.path().join("node"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let node = Node { process, address, own_address, data };
        let started = Instant::now();
        while let Err(error) = node.try_setup() {
            let log = std::fs::read_to_string(node.data.path().join("log")).unwrap();
            assert!(started.elapsed() < TIMEOUT, "{error}\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
        node
    }

    fn try_setup(&self) -> client::blocking::Result<()> {
        let mut connection = Connection::connect(&self.address, "root", "", None, TIMEOUT)?;
        connection.query("CREATE DATABASE IF NOT EXISTS d")?;
        connection.query(
            "CREATE TABLE IF NOT EXISTS d.t (id INT PRIMARY KEY, name VARCHAR(40), amount DECIMAL(10,2), \
             big BIGINT UNSIGNED, at DATETIME(6), span TIME, picture BLOB, ratio DOUBLE)",
        )?;
        Ok(())
    }

    fn connect(&self) -> Connection {
        Connection::connect(&self.address, "root", "", Some("d"), TIMEOUT).unwrap()
    }
}

fn number(error: &Error) -> u16 {
    match error {
        Error::Server(error) | Error::LoginRefused { error, .. } => error.code,
        other => panic!("not an error of the server: {other}"),
    }
}

fn row(result: &client::blocking::QueryResult, index: usize) -> Vec<Option<String>> {
    (0..result.columns.len()).map(|column| result.text(index, column)).collect()
}

#[test]
fn text_and_prepared_statements_run_in_the_same_sessions() {
    let node = Node::start();
    let mut connection = node.connect();
    let inserted = connection
        .query("INSERT INTO t VALUES (1, 'héllo', 12.5, 18446744073709551615, '2024-02-29 01:02:03.000004', '-30:00:01', x'00ff', 2), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)")
        .unwrap();
    assert_eq!(inserted.affected, 2);
    assert!(inserted.status.contains(StatusFlags::AUTOCOMMIT));

    let text =
        connection.query("SELECT id, name, amount, big, at, span, HEX(picture), ratio FROM t").unwrap();
    let some = |texts: [&str; 8]| texts.map(|text| Some(text.to_owned())).to_vec();
    let first = some([
        "1",
        "héllo",
        "12.50",
        "18446744073709551615",
        "2024-02-29 01:02:03.000004",
        "-30:00:01",
        "00FF",
        "2",
    ]);
    let second = [vec![Some("2".to_owned())], vec![None; 7]].concat();
    assert_eq!(text.rows.len(), 2);
    assert_eq!(row(&text, 0), first);
    assert_eq!(row(&text, 1), second);
    assert_eq!(text.columns[1].name, "name");

    let select = connection
        .prepare(
            "SELECT id, name, amount, big, at, span, HEX(picture), ratio FROM t WHERE id <= ? ORDER BY id",
        )
        .unwrap();
    let prepared = connection.execute(&select, &[Param::Int(2)]).unwrap();
    assert_eq!(prepared.rows.len(), 2);
    let mut binary = first;
    // The crate says of every column that it has no decimals, so the driver shows none.
    binary[4] = Some("2024-02-29 01:02:03".into());
    assert_eq!(row(&prepared, 0), binary);
    assert_eq!(row(&prepared, 1), second);

    let insert = connection.prepare("INSERT INTO t (id, name, picture, big) VALUES (?, ?, ?, ?)").unwrap();
    let picture = Param::Bytes { value: &[0, 0xff, 0x80], column_type: column_type::BLOB };
    let name = Param::Bytes { value: "𝄞".as_bytes(), column_type: column_type::VAR_STRING };
    connection.execute(&insert, &[Param::Int(3), name, picture, Param::UInt(u64::MAX)]).unwrap();
    connection.execute(&insert, &[Param::Int(4), Param::Null, Param::Null, Param::Null]).unwrap();
    let stored = connection.query("SELECT name, HEX(picture), big FROM t WHERE id = 3").unwrap();
    assert_eq!(row(&stored, 0), ["𝄞", "00FF80", "18446744073709551615"].map(|text| Some(text.to_owned())));
    connection.close_statement(&insert).unwrap();
    assert_eq!(
        number(
            &connection.execute(&insert, &[Param::Null, Param::Null, Param::Null, Param::Null]).unwrap_err()
        ),
        1243
    );
    assert_eq!(connection.query("SELECT COUNT(*) FROM t").unwrap().scalar().as_deref(), Some("4"));

    // What was committed here is there on our own front end.
    let mut own = Connection::connect(&node.own_address, "root", "", Some("d"), TIMEOUT).unwrap();
    assert_eq!(own.query("SELECT COUNT(*) FROM t").unwrap().scalar().as_deref(), Some("4"));
}

#[test]
fn errors_are_answered_and_the_connection_goes_on() {
    let node = Node::start();
    let mut connection = node.connect();
    connection.query("INSERT INTO t (id) VALUES (1)").unwrap();
    let refused =
        |result: client::blocking::Result<client::blocking::QueryResult>| number(&result.unwrap_err());
    assert_eq!(refused(connection.query("INSERT INTO t (id) VALUES (1)")), 1062);
    assert_eq!(refused(connection.query("SELEC 1")), 1064);
    assert_eq!(refused(connection.query("SELECT ?")), 1064);
    assert_eq!(refused(connection.query("USE nowhere")), 1049);
    assert_eq!(number(&connection.use_database("nowhere").unwrap_err()), 1049);
    assert_eq!(number(&connection.prepare("SELECT x FROM t").unwrap_err()), 1054);
    assert_eq!(number(&connection.query_bytes(b"SELECT '\xff'").unwrap_err()), 1235);
    // The crate would answer each of these OK: COM_CHANGE_USER, COM_RESET_CONNECTION, COM_STATISTICS, no command.
    connection.query("SET @mine = 1").unwrap();
    for code in [0x11, 0x1f, 0x09, 0xff] {
        let error = connection.raw_command(code, b"root\0\0\0").unwrap_err();
        assert_eq!(number(&error), 1047, "command {code:#x}");
    }
    assert_eq!(connection.query("SELECT @mine").unwrap().scalar().as_deref(), Some("1"));
    // An execution without types makes the crate panic; the connection outlives it.
    let statement = connection.prepare("SELECT ?").unwrap();
    let execution = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    assert_eq!(number(&connection.raw_command(0x17, &execution).unwrap_err()), 1835);
    assert_eq!(connection.execute(&statement, &[Param::Int(5)]).unwrap().scalar().as_deref(), Some("5"));

    let login = Connection::connect(&node.address, "root", "secret", None, TIMEOUT);
    assert_eq!(number(&login.unwrap_err()), 1698);
    let login = Connection::connect(&node.address, "someone", "", None, TIMEOUT);
    assert_eq!(number(&login.unwrap_err()), 1698);
}

#[test]
fn a_transaction_is_rolled_back_when_its_connection_ends() {
    let node = Node::start();
    let mut connection = node.connect();
    let begun = connection.query("BEGIN").unwrap();
    assert!(begun.status.contains(StatusFlags::IN_TRANS));
    connection.query("INSERT INTO t (id) VALUES (7)").unwrap();
    connection.quit();
    let mut other = node.connect();
    // Waits for the lock until the other session is gone.
    other.query("INSERT INTO t (id) VALUES (7)").unwrap();
    other.query("BEGIN").unwrap();
    other.query("DELETE FROM t").unwrap();
    other.query("ROLLBACK").unwrap();
    assert_eq!(other.query("SELECT id FROM t").unwrap().scalar().as_deref(), Some("7"));
}

#[test]
fn a_command_of_more_than_16_mebibytes_is_read_whole() {
    let node = Node::start();
    let mut connection = node.connect();
    let text = "x".repeat(17 << 20);
    let length = connection.query(&format!("SELECT LENGTH('{text}'), 'end'")).unwrap();
    assert_eq!(row(&length, 0), [Some((17 << 20).to_string()), Some("end".into())]);
}

/// What opensrv-mysql 0.7.0 loses when it reads the socket itself: commands that arrive together.
#[test]
fn pipelined_commands_are_each_done() {
    const COMMANDS: u32 = 1_000;
    let node = Node::start();
    let mut socket = TcpStream::connect(&node.address).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    let mut reader = PacketReader::new(1 << 20);
    receive(&mut socket, &mut reader);
    let mut writer = PacketWriter::new();
    writer.set_sequence(1);
    HandshakeResponse {
        capabilities: Capabilities::PROTOCOL_41
            | Capabilities::SECURE_CONNECTION
            | Capabilities::PLUGIN_AUTH
            | Capabilities::DEPRECATE_EOF,
        packet_bytes_max: 1 << 24,
        charset: charset::UTF8MB4_GENERAL_CI as u8,
        user: b"root",
        auth_response: b"",
        database: None,
        auth_plugin: Some(b"mysql_native_password"),
        attributes: ConnectAttributes::from_encoded(&[]).unwrap(),
        zstd_level: None,
    }
    .encode(&mut writer);
    // The first commands come together with the login.
    for id in 0..COMMANDS {
        writer.set_sequence(0);
        writer.put_packet(format!("\x03INSERT INTO d.t (id, name) VALUES ({id}, 'n{id}')").as_bytes());
    }
    socket.write_all(writer.as_slice()).unwrap();
    reader.set_sequence_next(2);
    assert_eq!(receive(&mut socket, &mut reader)[0], OK_HEADER);
    for id in 0..COMMANDS {
        reader.set_sequence_next(1);
        let answer = receive(&mut socket, &mut reader);
        assert_eq!(answer[..2], [OK_HEADER, 1], "command {id}: {}", String::from_utf8_lossy(&answer));
    }
    let mut connection = node.connect();
    let stored = connection.query("SELECT COUNT(*), SUM(name = CONCAT('n', id)) FROM t").unwrap();
    assert_eq!(row(&stored, 0), [Some(COMMANDS.to_string()), Some(COMMANDS.to_string())]);
}

fn receive(socket: &mut TcpStream, reader: &mut PacketReader) -> Vec<u8> {
    loop {
        if let Some(packet) = reader.next().unwrap() {
            return packet.payload.to_vec();
        }
        let mut bytes = [0; 4096];
        let count = socket.read(&mut bytes).unwrap();
        assert!(count > 0, "the server closed the connection");
        reader.buffer_mut().extend_from_slice(&bytes[..count]);
    }
}
