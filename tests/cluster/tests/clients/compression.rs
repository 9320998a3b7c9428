//! Clients that compress: real ones, and raw ones that send what no client would.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use cluster_tests::raw::{Hello, Raw, errno};
use cluster_tests::{TestCluster, program};
use wire::mysql::compression::{Compression, Frames};
use wire::mysql::constant::Capabilities;

const ZLIB: Hello<'static> = Hello {
    more: Capabilities::COMPRESS,
    less: Capabilities::empty(),
    zstd_level: None,
    attributes: &[],
    database: None,
};
const ZSTD: Hello<'static> = Hello { more: Capabilities::ZSTD_COMPRESSION, zstd_level: Some(3), ..ZLIB };
const STATUS: &str = "SHOW SESSION STATUS LIKE 'Compression%'";

fn address(cluster: &TestCluster) -> String {
    cluster.node(1).sql_address.clone()
}

/// Standard output of the mariadb command line.
fn mariadb(address: &str, flags: &[&str], statement: &str) -> String {
    program::succeed(program::mariadb(address).args(flags).args(["-N", "-e", statement]))
}

/// The text rows of an answer, each value after its length of one byte, as one text.
fn shown(packets: &[Vec<u8>]) -> String {
    packets.iter().map(|packet| String::from_utf8_lossy(packet).into_owned()).collect()
}

#[test]
fn real_clients_compress() {
    let cluster = TestCluster::start(1);
    let address = address(&cluster);
    let on = "Compression\tON\nCompression_algorithm\tzlib\nCompression_level\t6\n";
    for flags in [&["--compress", "--skip-ssl"][..], &["--compress", "--ssl"]] {
        assert_eq!(mariadb(&address, flags, STATUS), on, "{flags:?}");
        let rows = mariadb(&address, flags, "SELECT REPEAT('abc', 3000000), 1");
        let (text, _) = rows.trim().split_once('\t').unwrap();
        assert!(text == "abc".repeat(3_000_000));
        // Large packets to the server, also past 16 MiB.
        let long = format!("SELECT LENGTH('{}')", "x".repeat(17 << 20));
        let flags = [flags, &["--max-allowed-packet=64M"]].concat();
        let mut command = program::mariadb(&address);
        let mut process = command
            .args(&flags)
            .args(["-N"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        input.write_all(format!("{long};\n").as_bytes()).unwrap();
        drop(input);
        let output = process.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{}\n", 17 << 20));
    }
    assert_eq!(
        mariadb(&address, &[], STATUS),
        "Compression\tOFF\nCompression_algorithm\t\nCompression_level\t0\n"
    );
}

#[test]
fn sysbench_compresses() {
    let cluster = TestCluster::start(1);
    let address = address(&cluster);
    cluster.connect(1).query("CREATE DATABASE sbtest").unwrap();
    let flags = ["--mysql-compression=on", "--table-size=500", "--threads=2"];
    program::succeed(program::sysbench("oltp_read_write", &address).args(flags).arg("prepare"));
    let report = program::succeed(program::sysbench("oltp_read_write", &address).args(flags).args([
        "--time=2",
        "--mysql-ignore-errors=1213,1205",
        "run",
    ]));
    let line = report.lines().find(|line| line.contains("transactions:")).unwrap();
    let count: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(count > 0, "{report}");
}

#[test]
fn both_algorithms_carry_every_size() {
    let cluster = TestCluster::start(1);
    let address = address(&cluster);
    for (hello, algorithm) in [(ZLIB, "zlib"), (ZSTD, "zstd")] {
        let mut raw = Raw::connect(&address, hello).unwrap();
        assert!(shown(&raw.query(STATUS).unwrap()).contains(algorithm));
        for length in [1, 40, 50, 1000, 70_000, 300_000, 3_000_000, 17 << 20] {
            let answer = raw.query(&format!("SELECT REPEAT('x', {length})")).unwrap();
            assert_eq!(answer[2].len() - answer[2].iter().take_while(|byte| **byte != b'x').count(), length);
            let sent = raw.query(&format!("SELECT LENGTH('{}')", "y".repeat(length))).unwrap();
            assert!(shown(&sent[2..3]).ends_with(&length.to_string()));
        }
        // Rows that leave while the statement runs: some megabytes.
        let rows = raw.query("SELECT a.variable_name, REPEAT('z', 50) FROM performance_schema.global_variables a, performance_schema.global_variables b").unwrap();
        assert!(rows.len() > 10_000, "{}", rows.len());
        // The session is made anew, and what follows is compressed as before.
        raw.send(b"\x1f").unwrap();
        assert_eq!(raw.packet().unwrap()[0], 0);
    }
    for level in [0, 23, 255] {
        let raw = Raw::connect(&address, Hello { zstd_level: Some(level), ..ZSTD }).unwrap();
        assert_eq!(errno(&raw.login), Some(3923), "{level}");
    }
}

#[test]
fn commands_that_are_not_waited_for_have_an_answer_each() {
    let cluster = TestCluster::start(1);
    for hello in [ZLIB, ZSTD] {
        let mut raw = Raw::connect(&address(&cluster), hello).unwrap();
        for number in 0..20 {
            raw.send_query(&format!("SELECT {number}, REPEAT('x', {})", number * 500)).unwrap();
        }
        for number in 0..20 {
            // Each answer's numbers begin anew, in the packets and in the frames.
            let answer = raw.next_answer().unwrap();
            assert!(shown(&answer).contains(&format!("{number}")), "{number}: {answer:?}");
        }
    }
}

#[test]
fn what_is_offered_can_be_chosen() {
    let cluster = TestCluster::start(1);
    let address = address(&cluster);
    let mut raw = Raw::connect(&address, ZLIB).unwrap();
    for list in ["lz4", "", "zlib,", "zlib, zstd"] {
        let answer = raw.query(&format!("SET GLOBAL protocol_compression_algorithms = '{list}'")).unwrap();
        assert_eq!(errno(&answer[0]), Some(1231), "{list}");
    }
    let _ = raw.ok("SET GLOBAL protocol_compression_algorithms = 'zlib'");
    let plain = Raw::connect(&address, Hello::default()).unwrap();
    assert_eq!(errno(&plain.login), Some(3922));
    // It is not offered, so the client that wants it goes without.
    let zstd = Raw::connect(&address, ZSTD).unwrap();
    assert!(!zstd.capabilities.contains(Capabilities::ZSTD_COMPRESSION));
    assert_eq!(errno(&zstd.login), Some(3922));
    let _ = raw.ok("SET GLOBAL protocol_compression_algorithms = DEFAULT");
    assert_eq!(Raw::connect(&address, Hello::default()).unwrap().login[0], 0);
}

/// Kilobytes of memory that a node's process has.
fn memory_kib(cluster: &TestCluster) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", cluster.process_id(1))).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn bombs_and_damaged_frames_end_their_connection_only() {
    let cluster = TestCluster::start(1);
    let address = address(&cluster);
    let before = memory_kib(&cluster);
    for (hello, compression) in [(ZLIB, Compression::Zlib), (ZSTD, Compression::Zstd { level: 3 })] {
        let mut open = Vec::new();
        for _ in 0..30 {
            // A packet of 16 MiB that has begun, in frames of a megabyte of zeros each: some KiB of them.
            let mut raw = Raw::connect(&address, hello).unwrap();
            let mut packet = vec![0; 12 << 20];
            packet[..5].copy_from_slice(&[0, 0, 0xf0, 0, 3]);
            let mut out = Vec::new();
            Frames::client(compression).deflate(&packet, &mut out);
            assert!(out.len() < 60_000, "{}", out.len());
            raw.stream.write_all(&out[..out.len() / 10]).unwrap();
            open.push(raw);
        }
        // What came of them is some MiB each, for what they sent: not what they announced.
        std::thread::sleep(Duration::from_millis(300));
        let now = memory_kib(&cluster);
        assert!(now < before + (150 << 10), "{before} KiB, then {now} KiB");
        drop(open);
        // Frames that state another length than they have.
        let mut framed = Vec::new();
        Frames::client(compression).deflate(&[7; 5000], &mut framed);
        for (place, value) in [(4, 0xff), (6, 0xff), (5, 1), (20, 0xaa)] {
            let mut raw = Raw::connect(&address, hello).unwrap();
            let mut bad = framed.clone();
            bad[place] = value;
            raw.stream.write_all(&bad).unwrap();
            let code = raw.goodbye().unwrap();
            assert!(matches!(code, 1157 | 1156 | 1153), "{place}: {code}");
        }
        let mut raw = Raw::connect(&address, hello).unwrap();
        raw.stream.write_all(b"\x05\0\0\x07\0\0\0\x01\0\0\0\x0e").unwrap();
        assert_eq!(raw.goodbye().unwrap(), 1156);
    }
    assert!(!cluster.log(1).contains("panicked"));
    let started = Instant::now();
    let mut connection = cluster.connect(1);
    while connection.query("SHOW PROCESSLIST").unwrap().rows.len() > 1 {
        assert!(started.elapsed() < Duration::from_secs(10), "connections are left");
        std::thread::sleep(Duration::from_millis(20));
    }
}
