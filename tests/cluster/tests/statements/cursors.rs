//! Cursors of the binary protocol hold no more than their bound, and commands are answered by what was done.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use cluster_tests::TestCluster;
use cluster_tests::raw::{Hello, Raw, errno};
use wire::mysql::ok::End;

/// Rows of the table, of some 1000 bytes each; joined with 64 of them a result of 64 MiB.
const ROWS: u32 = 1024;
const ROW_BYTES: usize = 1000;

fn status_kib(cluster: &TestCluster, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", cluster.process_id(1))).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn prepare(raw: &mut Raw, sql: &str, definitions: usize) -> u32 {
    raw.send(&[&[0x16], sql.as_bytes()].concat()).unwrap();
    let answer = raw.packet().unwrap();
    assert_eq!(answer[0], 0, "{}", String::from_utf8_lossy(&answer));
    for _ in 0..definitions {
        let _ = raw.packet().unwrap();
    }
    u32::from_le_bytes(answer[1..5].try_into().unwrap())
}

/// Opens a cursor; the status flags of the answer.
fn open(raw: &mut Raw, id: u32) -> u16 {
    raw.send(&[&[0x17], &id.to_le_bytes()[..], &[1, 1, 0, 0, 0]].concat()).unwrap();
    let answer = raw.answer().unwrap();
    let end = End::parse_result_end(answer.last().unwrap(), raw.capabilities).unwrap();
    end.unwrap_or_else(|| panic!("{answer:?}")).status.bits()
}

/// Rows of a fetch, and the status flags of its end, or its error.
fn fetch(raw: &mut Raw, id: u32, count: u32) -> Result<(u32, u16), u16> {
    raw.send(&[&[0x1c], &id.to_le_bytes()[..], &count.to_le_bytes()].concat()).unwrap();
    let mut rows = 0;
    loop {
        let packet = raw.packet().unwrap();
        if let Some(code) = errno(&packet) {
            return Err(code);
        }
        if let Some(end) = End::parse_result_end(&packet, raw.capabilities).unwrap() {
            return Ok((rows, end.status.bits()));
        }
        assert!(packet.len() > ROW_BYTES);
        rows += 1;
    }
}

#[test]
fn a_large_cursor_goes_to_a_file_that_nobody_sees() {
    let cluster = TestCluster::start(1);
    let address = cluster.node(1).sql_address.clone();
    let mut admin = cluster.connect(1);
    admin.query("CREATE DATABASE d").unwrap();
    admin.query("CREATE TABLE d.t (a INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(1000))").unwrap();
    admin.query(&format!("INSERT INTO d.t (b) VALUES (REPEAT('x', {ROW_BYTES}))")).unwrap();
    while admin.query("SELECT COUNT(*) FROM d.t").unwrap().scalar().unwrap().parse::<u32>().unwrap() < ROWS {
        admin.query("INSERT INTO d.t (b) SELECT b FROM d.t").unwrap();
    }
    let mut raw = Raw::connect(&address, Hello::default()).unwrap();
    let sql = "SELECT one.b FROM d.t one, (SELECT a FROM d.t LIMIT 256) other";
    let id = prepare(&mut raw, sql, 1);
    let before = status_kib(&cluster, "VmRSS:");
    assert_eq!(open(&mut raw, id) & 0x40, 0x40);
    let now = status_kib(&cluster, "VmRSS:");
    assert!(now < before + (128 << 10), "{before} KiB, then {now} KiB with a cursor of 256 MiB");
    let handles =
        || std::fs::read_dir(format!("/proc/{}/fd", cluster.process_id(1))).unwrap().filter_map(Result::ok);
    let deleted = || {
        let mut targets = handles().filter_map(|handle| std::fs::read_link(handle.path()).ok());
        targets.find(|target| target.to_string_lossy().contains("cursor-"))
    };
    assert!(deleted().unwrap().to_string_lossy().ends_with("(deleted)"));
    let listed = std::fs::read_dir(&cluster.node(1).data).unwrap().filter_map(Result::ok);
    assert!(listed.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with("cursor-")));
    let total = ROWS * 256;
    assert_eq!(fetch(&mut raw, id, 10), Ok((10, 0x42)));
    // It outlives other statements and the end of a transaction, as in MySQL.
    for sql in ["BEGIN", "SELECT 1", "COMMIT"] {
        let _ = raw.ok(sql);
    }
    assert_eq!(fetch(&mut raw, id, 1000), Ok((1000, 0x42)));
    // All that is left at once does not collect either.
    assert_eq!(fetch(&mut raw, id, u32::MAX), Ok((total - 1010, 0x82)));
    let now = status_kib(&cluster, "VmRSS:");
    assert!(now < before + (128 << 10), "{before} KiB, then {now} KiB");
    assert_eq!(deleted(), None);
    assert_eq!(fetch(&mut raw, id, 1), Err(1421));
    // COM_STMT_RESET and COM_STMT_CLOSE let go of it.
    for command in [0x1a, 0x19] {
        open(&mut raw, id);
        assert!(deleted().is_some());
        raw.send(&[&[command], &id.to_le_bytes()[..]].concat()).unwrap();
        if command == 0x1a {
            assert_eq!(raw.packet().unwrap()[0], 0);
            assert_eq!(fetch(&mut raw, id, 1), Err(1421));
        } else {
            assert_eq!(fetch(&mut raw, id, 1), Err(1243));
        }
        assert_eq!(deleted(), None);
    }
}

#[test]
fn commands_are_answered_as_mysql_does_and_never_ok_for_nothing() {
    let cluster = TestCluster::start(1);
    let address = cluster.node(1).sql_address.clone();
    // COM_SLEEP, CREATE_DB, DROP_DB, SHUTDOWN, CONNECT, TIME, DELAYED_INSERT, the binlog's, table dumps, daemon, clone, streams, unknown ones.
    let unknown = [
        0, 5, 6, 8, 0x0b, 0x0f, 0x10, 0x12, 0x13, 0x14, 0x15, 0x1d, 0x1e, 0x20, 0x21, 0x22, 0x28, 0xfa, 0xff,
    ];
    let mut raw = Raw::connect(&address, Hello::default()).unwrap();
    for code in unknown {
        raw.send(&[code, 0, 0, 0]).unwrap();
        assert_eq!(raw.errno().unwrap(), 1047, "{code:#x}");
    }
    let errors: [(&[u8], u16); 10] = [
        (b"\x02", 1046),
        (b"\x02nowhere", 1049),
        (b"\x03", 1065),
        (b"\x16", 1065),
        (b"\x04", 1835),
        (b"\x07\x01", 1047),
        (b"\x17\x63\0\0\0\0\x01\0\0\0", 1243),
        (b"\x1a\x63\0\0\0", 1243),
        (b"\x1c\x63\0\0\0\x01\0\0\0", 1243),
        (b"\x1b\x02\0", 1047),
    ];
    for (command, code) in errors {
        raw.send(command).unwrap();
        assert_eq!(raw.errno().unwrap(), code, "{command:?}");
    }
    // COM_DEBUG says in the log what the server does.
    raw.send(b"\x0d").unwrap();
    assert_eq!(raw.packet().unwrap(), b"\xfe\0\0\x02\0\0\0");
    assert!(cluster.log(1).contains("COM_DEBUG: Uptime:"), "{}", cluster.log(1));
    raw.send(b"\x0e").unwrap();
    assert_eq!(raw.packet().unwrap(), b"\0\0\0\x02\0\0\0");
}
