//! Bytes that no client and no peer would send: each is answered with an error or a close, and the process is as it was before.
//!
//! The sockets here are raw, so that anything can be written to them. What is random comes from a fixed seed.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cluster_tests::TestCluster;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use wire::mysql::constant::command_code;
use wire::peer::{
    ClusterId, Frame, FrameKind, FrameReader, Hello, Lane, PROTOCOL_VERSION, Refusal, begin_frame, end_frame,
};

/// How long the server may take to answer or to close.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long threads and sockets of ended connections may take to go.
const SETTLE_MAX: Duration = Duration::from_secs(25);
/// File handles more than before that are not a leak: a peer that reconnects, a file being written.
const HANDLES_MORE_MAX: usize = 6;
/// Threads more than before that are not a leak.
const THREADS_MORE_MAX: usize = 4;
/// Memory that a process may have kept from all of a test's bad input.
const MEMORY_MORE_BYTES_MAX: u64 = 100 << 20;

/// What a process holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    handles: usize,
    threads: usize,
    memory_bytes: u64,
}

fn held(process_id: u32) -> Held {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    Held {
        handles: fs::read_dir(format!("/proc/{process_id}/fd")).unwrap().count(),
        threads: field("Threads:") as usize,
        memory_bytes: field("VmRSS:") * 1024,
    }
}

/// A cluster of one and what its process held before the bad input.
struct Victim {
    cluster: TestCluster,
    before: Held,
}

impl Victim {
    fn start() -> Victim {
        let cluster = TestCluster::start(1);
        let mut connection = cluster.connect(1);
        connection.query("CREATE DATABASE d").unwrap();
        connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(100))").unwrap();
        connection.query("INSERT INTO d.t VALUES (1, 'one')").unwrap();
        let before = held(cluster.process_id(1));
        Victim { cluster, before }
    }

    fn address(&self) -> &str {
        &self.cluster.node(1).sql_address
    }

    fn raw(&self) -> Raw {
        Raw::connect(self.address())
    }

    /// It serves, nothing panicked, and nothing is held that was not before.
    fn assert_unharmed(mut self) {
        assert!(self.cluster.is_running(1), "the node ended");
        let mut connection = self.cluster.connect(1);
        connection.query("INSERT INTO d.t VALUES (2, 'two') ON DUPLICATE KEY UPDATE v = 'again'").unwrap();
        assert_eq!(connection.query("SELECT COUNT(*) FROM d.t").unwrap().scalar().as_deref(), Some("2"));
        let started = Instant::now();
        loop {
            let now = held(self.cluster.process_id(1));
            let handles = now.handles <= self.before.handles + HANDLES_MORE_MAX;
            let threads = now.threads <= self.before.threads + THREADS_MORE_MAX;
            let memory = now.memory_bytes <= self.before.memory_bytes + MEMORY_MORE_BYTES_MAX;
            if handles && threads && memory {
                break;
            }
            assert!(started.elapsed() < SETTLE_MAX, "before {:?}, now {now:?}", self.before);
            std::thread::sleep(Duration::from_millis(100));
        }
        let connections = connection.query("SHOW PROCESSLIST").unwrap().rows.len();
        assert_eq!(connections, 1, "the process list still shows connections that ended");
        let log = self.cluster.log(1);
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Packet(Vec<u8>),
    Closed,
}

impl Answer {
    /// The number of an error packet.
    fn errno(&self) -> Option<u16> {
        match self {
            Answer::Packet(payload) if payload.first() == Some(&0xff) => {
                Some(u16::from_le_bytes([payload[1], payload[2]]))
            }
            Answer::Packet(_) | Answer::Closed => None,
        }
    }

    fn is_ok(&self) -> bool {
        matches!(self, Answer::Packet(payload) if payload.first() == Some(&0))
    }
}

/// A socket and MySQL's framing, nothing else.
struct Raw {
    stream: TcpStream,
    /// Sequence id of the packet received last.
    sequence: u8,
}

impl Raw {
    fn connect(address: &str) -> Raw {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(ANSWER_MAX)).unwrap();
        stream.set_nodelay(true).unwrap();
        Raw { stream, sequence: 0 }
    }

    /// Connected and past the greeting.
    fn greeted(address: &str) -> Raw {
        let mut raw = Raw::connect(address);
        assert!(matches!(raw.receive(), Answer::Packet(greeting) if greeting[0] == 10), "no greeting");
        raw
    }

    /// Logged in as root.
    fn login(address: &str) -> Raw {
        let mut raw = Raw::greeted(address);
        raw.send(1, &handshake_response(b"root"));
        loop {
            match raw.receive() {
                Answer::Packet(payload) if payload[0] == 1 => {}
                answer => {
                    assert!(answer.is_ok(), "login: {answer:?}");
                    return raw;
                }
            }
        }
    }

    /// Sends one packet. A server that has closed already is not an error: the answer will tell.
    fn send(&mut self, sequence: u8, payload: &[u8]) {
        let length = (payload.len() as u32).to_le_bytes();
        let mut packet = vec![length[0], length[1], length[2], sequence];
        packet.extend_from_slice(payload);
        self.send_bytes(&packet);
    }

    fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// One packet, or the end. No answer at all within [`ANSWER_MAX`] fails the test.
    fn receive(&mut self) -> Answer {
        let mut header = [0; 4];
        match self.stream.read_exact(&mut header) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                panic!("neither answer nor close within {ANSWER_MAX:?}")
            }
            Err(_) => return Answer::Closed,
        }
        self.sequence = header[3];
        let mut payload = vec![0; u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize];
        match self.stream.read_exact(&mut payload) {
            Ok(()) => Answer::Packet(payload),
            Err(_) => Answer::Closed,
        }
    }

    fn command(&mut self, code: u8, body: &[u8]) -> Answer {
        self.send(0, &[&[code], body].concat());
        self.receive()
    }

    /// Reads over what is left of an answer, up to that of a ping of our own: it alone is the first packet of an answer.
    fn catch_up(&mut self) {
        self.send(0, &[command_code::PING]);
        while self.receive() != Answer::Closed && self.sequence != 1 {}
    }

    /// Whether the connection still does its work.
    fn is_alive(&mut self) -> bool {
        self.command(command_code::PING, &[]).is_ok()
    }

    /// Waits for the server to close; whatever it says first is read over.
    fn expect_close(&mut self) {
        while self.receive() != Answer::Closed {}
    }
}

/// A handshake response of protocol 4.1: user, no password, caching_sha2_password.
fn handshake_response(user: &[u8]) -> Vec<u8> {
    // LONG_PASSWORD, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH.
    let mut payload = (1_u32 | 1 << 9 | 1 << 13 | 1 << 15 | 1 << 19).to_le_bytes().to_vec();
    payload.extend_from_slice(&(16_u32 << 20).to_le_bytes());
    payload.push(255);
    payload.extend_from_slice(&[0; 23]);
    payload.extend_from_slice(user);
    payload.extend_from_slice(b"\0\0caching_sha2_password\0");
    payload
}

fn random_bytes(random: &mut StdRng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    random.fill_bytes(&mut bytes);
    bytes
}

#[test]
fn commands_with_bodies_that_make_no_sense() {
    let victim = Victim::start();
    let mut random = StdRng::seed_from_u64(1);
    let silent = [command_code::STMT_SEND_LONG_DATA, command_code::STMT_CLOSE];
    for code in 0..=255_u8 {
        let lengths = [0, 1, 3, 4, 5, 9, 10, 11, 40, 300];
        for length in lengths {
            let mut body = random_bytes(&mut random, length);
            if length == 9 {
                body.fill(0xff);
            }
            let mut raw = Raw::login(victim.address());
            if silent.contains(&code) {
                raw.send(0, &[&[code], body.as_slice()].concat());
            } else {
                // An error, a close or a sensible answer: receive() insists that there is one.
                raw.command(code, &body);
            }
        }
    }
    victim.assert_unharmed();
}

#[test]
fn unknown_commands_are_1047_and_the_connection_goes_on() {
    let victim = Victim::start();
    let mut raw = Raw::login(victim.address());
    let unknown = [
        0x00, 0x05, 0x08, 0x0b, 0x0f, 0x10, 0x12, 0x13, 0x14, 0x15, 0x1e, 0x21, 0x22, 0x7f, 0x80, 0xfe, 0xff,
    ];
    for code in unknown {
        let answer = raw.command(code, b"x");
        assert_eq!(answer.errno(), Some(1047), "command {code:#04x}: {answer:?}");
        assert!(raw.is_alive(), "the connection ended after command {code:#04x}");
    }
    // An empty packet is no command at all.
    raw.send(0, &[]);
    let answer = raw.receive();
    assert!(answer.errno().is_some(), "{answer:?}");
    let mut other = victim.raw();
    other.receive();
    other.send(1, &handshake_response(b"nobody"));
    let answer = other.receive();
    assert_eq!(answer.errno(), Some(1045), "{answer:?}");
    other.expect_close();
    drop((raw, other));
    victim.assert_unharmed();
}

/// A COM_STMT_EXECUTE of the statement with four parameters: one of every kind of length.
fn execute_body(statement_id: [u8; 4]) -> Vec<u8> {
    let mut body = statement_id.to_vec();
    body.extend_from_slice(&[0, 1, 0, 0, 0]); // No cursor, one iteration.
    body.extend_from_slice(&[0, 1]); // No NULLs, types follow.
    body.extend_from_slice(&[8, 0, 253, 0, 12, 0, 11, 0]); // LONGLONG, VAR_STRING, DATETIME, TIME.
    body.extend_from_slice(&7_u64.to_le_bytes());
    body.extend_from_slice(b"\x03abc");
    body.extend_from_slice(&[11, 0xea, 0x07, 11, 22, 23, 59, 59, 1, 0, 0, 0]);
    body.extend_from_slice(&[12, 1, 1, 0, 0, 0, 2, 3, 4, 5, 0, 0, 0]);
    body
}

#[test]
fn executions_with_parameters_cut_and_flipped() {
    let victim = Victim::start();
    let mut raw = Raw::login(victim.address());
    let Answer::Packet(prepared) = raw.command(command_code::STMT_PREPARE, b"SELECT ?, ?, ?, ?") else {
        panic!("closed")
    };
    assert_eq!(prepared[0], 0);
    raw.catch_up();
    let id = [prepared[1], prepared[2], prepared[3], prepared[4]];
    let body = execute_body(id);
    // As it is it works: a result of four columns.
    assert_eq!(raw.command(command_code::STMT_EXECUTE, &body), Answer::Packet(vec![4]));
    raw.catch_up();
    for length in 0..body.len() {
        let answer = raw.command(command_code::STMT_EXECUTE, &body[..length]);
        assert!(answer.errno().is_some(), "{length} of {} bytes: {answer:?}", body.len());
        assert!(raw.is_alive(), "the connection ended after {length} bytes");
    }
    let mut random = StdRng::seed_from_u64(2);
    for position in 4..body.len() {
        for value in [0, 0xff, 0xfb, 0xfe, random.random()] {
            let mut changed = body.clone();
            changed[position] = value;
            raw.command(command_code::STMT_EXECUTE, &changed);
            raw.catch_up();
        }
    }
    assert!(raw.is_alive());
    // Other statements' commands with ids that are not there.
    for code in [command_code::STMT_EXECUTE, command_code::STMT_FETCH, command_code::STMT_RESET] {
        let answer = raw.command(code, &[9, 9, 9, 9, 0, 1, 0, 0, 0]);
        assert_eq!(answer.errno(), Some(1243), "command {code:#04x}: {answer:?}");
    }
    drop(raw);
    victim.assert_unharmed();
}

#[test]
fn handshakes_cut_flipped_and_of_garbage() {
    let victim = Victim::start();
    let mut random = StdRng::seed_from_u64(3);
    let response = handshake_response(b"root");
    for length in 0..response.len() {
        let mut raw = Raw::greeted(victim.address());
        raw.send(1, &response[..length]);
        raw.receive();
    }
    for _ in 0..200 {
        let mut raw = Raw::greeted(victim.address());
        let mut changed = response.clone();
        let position = random.random_range(0..changed.len());
        changed[position] ^= 1 << random.random_range(0..8);
        raw.send(1, &changed);
        raw.receive();
    }
    for length in [4, 5, 32, 100, 5_000] {
        let mut raw = Raw::greeted(victim.address());
        raw.send_bytes(&random_bytes(&mut random, length));
        let _ = raw.stream.shutdown(std::net::Shutdown::Write);
        raw.expect_close();
    }
    let of_other_protocols: [&[u8]; 2] =
        [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"];
    for bytes in of_other_protocols {
        let mut raw = Raw::greeted(victim.address());
        raw.send_bytes(bytes);
        let _ = raw.stream.shutdown(std::net::Shutdown::Write);
        raw.expect_close();
    }
    victim.assert_unharmed();
}

#[test]
fn packets_too_large_or_out_of_order() {
    let victim = Victim::start();
    // Before the login 16 MiB are refused by the header alone.
    let mut raw = Raw::greeted(victim.address());
    raw.send_bytes(&[0xff, 0xff, 0xff, 1]);
    raw.expect_close();
    // Memory is for what was sent, not for what was announced.
    let announced: Vec<Raw> = (0..100)
        .map(|_| {
            let mut raw = Raw::login(victim.address());
            raw.send_bytes(&[0xfe, 0xff, 0xff, 0, 3]);
            raw
        })
        .collect();
    let grown = held(victim.cluster.process_id(1)).memory_bytes;
    assert!(
        grown < victim.before.memory_bytes + MEMORY_MORE_BYTES_MAX,
        "{grown} bytes, before {:?}",
        victim.before
    );
    drop(announced);
    // Fragments may announce 1 GiB together: refused when the sum passes max_allowed_packet.
    let mut raw = Raw::login(victim.address());
    let fragment = vec![b'x'; 0xff_ffff];
    for sequence in 0..64 {
        raw.send(sequence, &fragment);
    }
    raw.expect_close();
    let mut raw = Raw::login(victim.address());
    for sequence in 0..4 {
        raw.send(sequence, &fragment);
    }
    raw.send_bytes(&[0xff, 0xff, 0xff, 4]);
    assert_eq!(raw.receive().errno(), Some(1153));
    raw.expect_close();
    for sequence in [1, 7, 255] {
        let mut raw = Raw::login(victim.address());
        raw.send(sequence, &[command_code::PING]);
        assert_eq!(raw.receive().errno(), Some(1156));
        raw.expect_close();
    }
    let mut raw = Raw::greeted(victim.address());
    raw.send(9, &handshake_response(b"root"));
    assert_eq!(raw.receive().errno(), Some(1156));
    raw.expect_close();
    drop(raw);
    victim.assert_unharmed();
}

#[test]
fn connections_that_say_nothing_and_connections_that_go() {
    let victim = Victim::start();
    // Ten seconds, the default, are waited for by the test of half a PROXY header.
    victim.cluster.connect(1).query("SET GLOBAL connect_timeout = 4").unwrap();
    let half_open: Vec<Raw> = (0..50).map(|_| Raw::greeted(victim.address())).collect();
    let started = Instant::now();
    // Others are served meanwhile.
    victim.cluster.connect(1).query("SELECT * FROM d.t").unwrap();
    for number in 0..1_000 {
        match number % 5 {
            0 => drop(victim.raw()),
            1 => drop(Raw::greeted(victim.address())),
            2 => drop(Raw::login(victim.address())),
            3 => {
                let mut raw = Raw::login(victim.address());
                raw.send(0, b"\x03SELECT * FROM d.t");
            }
            _ => {
                let mut raw = Raw::login(victim.address());
                raw.send_bytes(&[200, 0, 0, 0, 3, b'S']);
            }
        }
    }
    // One that goes in the middle of a transaction leaves no lock behind.
    let mut raw = Raw::login(victim.address());
    assert!(raw.command(command_code::QUERY, b"BEGIN").is_ok());
    assert!(raw.command(command_code::QUERY, b"UPDATE d.t SET v = 'mine' WHERE id = 1").is_ok());
    drop(raw);
    let mut connection = victim.cluster.connect(1);
    connection.query("SET innodb_lock_wait_timeout = 5").unwrap();
    connection.query("UPDATE d.t SET v = 'yours' WHERE id = 1").unwrap();
    drop(connection);
    // Those that said nothing are closed by the server.
    for mut raw in half_open {
        let left = Duration::from_secs(15).saturating_sub(started.elapsed()).max(Duration::from_millis(1));
        raw.stream.set_read_timeout(Some(left)).unwrap();
        raw.expect_close();
    }
    victim.assert_unharmed();
}

/// A frame with the tag of `cluster`.
fn frame(kind: FrameKind, cluster: ClusterId, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    let start = begin_frame(&mut out);
    body(&mut out);
    end_frame(&mut out, start, kind, cluster.tag()).unwrap();
    out
}

fn hello(cluster_id: ClusterId, node_id: u64, target_id: u64) -> Vec<u8> {
    let (peer_address, sql_address) = ("127.0.0.1:1".to_owned(), "127.0.0.1:2".to_owned());
    let hello = Hello {
        version: PROTOCOL_VERSION,
        cluster_id,
        node_id,
        target_id,
        lane: Lane::Data,
        peer_address,
        sql_address,
        // As from a data folder of the first format, which has none: taken from any node.
        incarnation: 0,
    };
    frame(FrameKind::Hello, cluster_id, |out| hello.encode(out))
}

/// The next frame from a peer.
fn next_frame(stream: &mut TcpStream) -> Frame {
    let mut reader = FrameReader::new(None);
    let mut chunk = [0; 1024];
    loop {
        if let Some(frame) = reader.next().unwrap() {
            return frame;
        }
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "closed without an answer");
        reader.buffer_mut().extend_from_slice(&chunk[..count]);
    }
}

fn peer(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(ANSWER_MAX)).unwrap();
    stream
}

/// The peer port closes this connection.
fn expect_peer_close(mut stream: TcpStream) {
    match io::copy(&mut stream, &mut io::sink()) {
        Ok(_) => {}
        Err(error) => {
            assert_ne!(error.kind(), io::ErrorKind::WouldBlock, "the peer port neither answers nor closes")
        }
    }
}

#[test]
fn garbage_and_strangers_on_the_peer_port() {
    let mut cluster = TestCluster::start(3);
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY)").unwrap();
    // Number 4 was a member once.
    cluster.must_call(1, "add_learner('127.0.0.1:9', '127.0.0.1:10')");
    cluster.must_call(1, "drop_learner(4)");
    connection.query("INSERT INTO d.t VALUES (1000)").unwrap();
    cluster.assert_equal_nodes(Duration::from_secs(20));
    let ours = connection.query("SELECT @@quorate_cluster_id").unwrap().scalar().unwrap();
    let ours = ClusterId::new(u128::from_str_radix(&ours.replace('-', ""), 16).unwrap());
    let before: Vec<Held> = (1..=3).map(|id| held(cluster.process_id(id))).collect();
    let mut random = StdRng::seed_from_u64(4);
    let mut silent: Vec<TcpStream> = Vec::new();
    for id in 1..=3 {
        let address = cluster.node(id).peer_address.clone();
        for length in [1, 19, 20, 21, 100, 5_000, 100_000] {
            let mut stream = peer(&address);
            let _ = stream.write_all(&random_bytes(&mut random, length));
            let _ = stream.shutdown(std::net::Shutdown::Write);
            expect_peer_close(stream);
        }
        // A hello of another cluster, of a removed member, to the wrong node: told why.
        let other = ClusterId::new(ours.get() ^ 1);
        let cases = [
            (other, 1 + id % 3, id, "another cluster"),
            (ours, 4, id, "was removed"),
            (ours, 1 + id % 3, 55, "not node 55"),
        ];
        for (cluster_id, from, to, reason) in cases {
            let mut stream = peer(&address);
            stream.write_all(&hello(cluster_id, from, to)).unwrap();
            let answer = next_frame(&mut stream);
            assert_eq!(answer.kind, FrameKind::Refusal);
            let message = Refusal::parse(&answer.payload).unwrap().message;
            assert!(message.contains(reason), "{message}");
            expect_peer_close(stream);
        }
        // After a good hello: a message that is none, a frame announced with 4 GiB, a flipped bit.
        let message =
            frame(FrameKind::Consensus, ours, |out| out.extend_from_slice(&random_bytes(&mut random, 50)));
        let mut announced = message.clone();
        announced[12..16].fill(0xff);
        let mut flipped = message.clone();
        flipped[30] ^= 4;
        for bytes in [message, announced, flipped, vec![0; 64]] {
            let mut stream = peer(&address);
            stream.write_all(&hello(ours, 1 + id % 3, id)).unwrap();
            assert_eq!(next_frame(&mut stream).kind, FrameKind::Welcome);
            stream.write_all(&bytes).unwrap();
            expect_peer_close(stream);
        }
        silent.extend((0..50).map(|_| peer(&address)));
    }
    // Those that say nothing are closed.
    silent.into_iter().for_each(expect_peer_close);
    for id in 1..=3 {
        assert!(cluster.is_running(id), "node {id} ended\n{}", cluster.logs());
    }
    for number in 0..20 {
        cluster.connect_leader().query(&format!("INSERT INTO d.t VALUES ({number})")).unwrap();
    }
    cluster.assert_equal_nodes(Duration::from_secs(20));
    for id in 1..=3 {
        let (then, now) = (before[id as usize - 1], held(cluster.process_id(id)));
        assert!(
            now.handles <= then.handles + 2 * HANDLES_MORE_MAX
                && now.threads <= then.threads + 2 * THREADS_MORE_MAX,
            "{then:?} {now:?}"
        );
        assert!(now.memory_bytes <= then.memory_bytes + MEMORY_MORE_BYTES_MAX, "{then:?} {now:?}");
        let log = cluster.log(id);
        assert!(!log.contains("panicked"), "{log}");
        assert!(log.contains("another cluster"), "node {id} did not report the stranger");
    }
}
