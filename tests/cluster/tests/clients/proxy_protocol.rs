//! PROXY headers: a client is judged and shown by the address in the header, if the header may be believed; else its connection ends.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use client::blocking::{Connection, Error, ServerError};
use cluster_tests::relay::relay;
use cluster_tests::{TestCluster, connect};

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(15);
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A server of one node that believes whoever is on this machine.
fn believing() -> TestCluster {
    TestCluster::start_with(1, &["--proxy-protocol-networks", "192.0.2.0/24,127.0.0.0/8"])
}

/// A header of version 2.
fn version_2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &length, body].concat()
}

/// Of a client at this address, with a port of 4711.
fn version_2_of(source: [u8; 4]) -> Vec<u8> {
    version_2(0x21, 0x11, &[&source[..], &[127, 0, 0, 1, 0x12, 0x67, 0x0c, 0xea]].concat())
}

/// A proxy that sends these pieces before it passes on what its one client says; its address.
fn proxy(target: &str, pieces: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let target = target.to_owned();
    std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(target).unwrap();
        server.set_nodelay(true).unwrap();
        for piece in pieces {
            server.write_all(&piece).unwrap();
            // So that the pieces arrive as pieces.
            std::thread::sleep(Duration::from_millis(3));
        }
        relay(&client, &server);
    });
    address
}

fn through(cluster: &TestCluster, header: &[u8]) -> client::blocking::Result<Connection> {
    connect(&proxy(&cluster.node(1).sql_address, vec![header.to_vec()]), ANSWER_MAX)
}

/// What SHOW PROCESSLIST says of the connection's client, and what USER() does.
fn shown(connection: &mut Connection) -> (String, String) {
    let own = connection.query("SELECT CONNECTION_ID()").unwrap().scalar().unwrap();
    let list = connection.query("SHOW PROCESSLIST").unwrap();
    let row = (0..list.rows.len()).find(|row| list.text(*row, 0).as_deref() == Some(own.as_str())).unwrap();
    let user = connection.query("SELECT USER()").unwrap().scalar().unwrap();
    (list.text(row, 2).unwrap(), user)
}

fn refusal(result: client::blocking::Result<Connection>) -> ServerError {
    match result {
        Err(Error::LoginRefused { error, .. }) => error,
        Err(other) => panic!("not an error packet: {other}"),
        Ok(_) => panic!("it is served"),
    }
}

#[test]
fn the_client_is_who_the_header_says() {
    let cluster = believing();
    let passed_on = ("localhost:4711".to_owned(), "root@localhost".to_owned());
    let fields = [4, 0, 0, 5, 0, 3, b'a', b'b', b'c'];
    let addresses = [127, 0, 0, 9, 127, 0, 0, 1, 0x12, 0x67, 0x0c, 0xea];
    let mut mapped = vec![0; 10];
    mapped.extend_from_slice(&[0xff, 0xff, 127, 0, 0, 9]);
    let mapped = [&mapped[..], &mapped, &[0x12, 0x67, 0x0c, 0xea]].concat();
    for header in [
        b"PROXY TCP4 127.0.0.9 127.0.0.1 4711 3306\r\n".to_vec(),
        b"PROXY TCP6 ::ffff:127.0.0.9 ::1 4711 3306\r\n".to_vec(),
        version_2_of([127, 0, 0, 9]),
        version_2(0x21, 0x11, &[&addresses[..], &fields].concat()),
        version_2(0x21, 0x21, &mapped),
    ] {
        assert_eq!(shown(&mut through(&cluster, &header).unwrap()), passed_on, "{header:?}");
        // However it arrives.
        let pieces = header.iter().map(|byte| vec![*byte]).collect();
        let address = proxy(&cluster.node(1).sql_address, pieces);
        assert_eq!(shown(&mut connect(&address, ANSWER_MAX).unwrap()), passed_on, "{header:?}");
    }
    let version_6 = b"PROXY TCP6 ::1 ::1 4711 3306\r\n";
    assert_eq!(shown(&mut through(&cluster, version_6).unwrap()).0, "localhost:4711");
}

#[test]
fn without_an_address_the_client_is_who_connected() {
    let cluster = believing();
    for header in [
        Vec::new(),
        b"PROXY UNKNOWN\r\n".to_vec(),
        b"PROXY UNKNOWN 203.0.113.7 127.0.0.1 1 2\r\n".to_vec(),
        version_2(0x20, 0x00, &[]),
        version_2(0x20, 0x11, &[203, 0, 113, 7, 127, 0, 0, 1, 0, 1, 0, 2]),
        version_2(0x21, 0x00, &[]),
        version_2(0x21, 0x31, &[b'/'; 216]),
    ] {
        let (host, user) = shown(&mut through(&cluster, &header).unwrap());
        assert!(host.starts_with("localhost:") && user == "root@localhost", "{header:?}: {host} {user}");
    }
}

#[test]
fn an_account_is_for_the_address_in_the_header() {
    let cluster = believing();
    for header in [b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 3306\r\n".to_vec(), version_2_of([203, 0, 113, 7])]
    {
        let error = refusal(through(&cluster, &header));
        assert_eq!(error.code, 1045);
        assert!(error.message.starts_with("Access denied for user 'root'@'203.0.113.7'"), "{error:?}");
    }
}

#[test]
fn a_header_that_is_none_ends_the_connection_and_is_counted() {
    let cluster = believing();
    let aborted = || cluster.status(1, "Aborted_connects").unwrap().parse::<u64>().unwrap();
    let before = aborted();
    let mut cut = version_2_of([127, 0, 0, 9]);
    cut[15] = 11;
    let headers = [
        b"PROXY TCP4 127.0.0.256 127.0.0.1 4711 3306\r\n".to_vec(),
        b"PROXY TCP4 127.0.0.9 127.0.0.1 4711 65536\r\n".to_vec(),
        b"PROXYTCP4 127.0.0.9 127.0.0.1 4711 3306\r\n".to_vec(),
        [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200]].concat(),
        b"\r\n\r\n\0\r\nQUIT!............".to_vec(),
        version_2(0x31, 0x11, &[127; 12]),
        version_2(0x21, 0x12, &[127; 12]),
        version_2(0x20, 0x00, &[0; 5_000]),
        cut,
    ];
    for header in &headers {
        let error = refusal(through(&cluster, header));
        assert_eq!(error.code, 1105, "{error:?}");
        assert!(error.message.starts_with("Failed to parse proxy header"), "{error:?}");
    }
    // A second one is no packet.
    let twice = [version_2_of([127, 0, 0, 9]), version_2_of([203, 0, 113, 7])].concat();
    assert!(through(&cluster, &twice).is_err());
    assert_eq!(aborted(), before + headers.len() as u64 + 1);
    assert_eq!(cluster.value(1, "SELECT 1").as_deref(), Some("1"));
    assert!(!cluster.log(1).contains("panicked"), "{}", cluster.log(1));
}

#[test]
fn half_a_header_is_not_waited_for_for_ever() {
    let cluster = believing();
    let started = Instant::now();
    let mut stream = TcpStream::connect(&cluster.node(1).sql_address).unwrap();
    stream.set_read_timeout(Some(2 * ANSWER_MAX)).unwrap();
    stream.write_all(b"PROXY TCP4 127.0").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    assert!(bytes.len() > 20 && bytes[4] == 10, "the greeting alone: {bytes:?}");
    assert!(started.elapsed() > Duration::from_secs(8) && started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_header_of_somebody_else_is_refused() {
    for flags in [&[][..], &["--proxy-protocol-networks", "10.0.0.0/8,127.0.0.2,::1"]] {
        let cluster = TestCluster::start_with(1, flags);
        for header in [version_2_of([127, 0, 0, 9]), b"PROXY UNKNOWN\r\n".to_vec()] {
            let error = refusal(through(&cluster, &header));
            assert_eq!(
                (error.code, error.message.as_str()),
                (1130, "Proxy header is not accepted from 127.0.0.1")
            );
        }
        assert_eq!(cluster.value(1, "SELECT 1").as_deref(), Some("1"), "clients are served");
    }
    // Everybody, in MariaDB's word.
    let cluster = TestCluster::start_with(1, &["--proxy-protocol-networks", "*"]);
    assert_eq!(shown(&mut through(&cluster, &version_2_of([127, 0, 0, 9])).unwrap()).0, "localhost:4711");
}
