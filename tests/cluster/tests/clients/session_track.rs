//! What OK packets say of the session's state, to clients that can read it; and attributes, metadata on request, connection attributes.
//!
//! The changes expected here were recorded from MySQL 9.7, statement by statement.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::{Duration, Instant};

use cluster_tests::TestCluster;
use cluster_tests::raw::{Hello, Raw, changes, errno};
use wire::mysql::constant::Capabilities;
use wire::mysql::ok::OkPacket;

const TRACKED: Hello<'static> = Hello {
    more: Capabilities::SESSION_TRACK,
    less: Capabilities::empty(),
    zstd_level: None,
    attributes: &[],
    database: None,
};

fn address(cluster: &TestCluster) -> String {
    cluster.node(1).sql_address.clone()
}

/// Runs statements and compares the changes after each, without those of GTIDs.
fn expect(raw: &mut Raw, statements: &[(&str, &[&str])]) {
    for (sql, expected) in statements {
        let (status, found) = changes(&raw.ok(sql));
        assert_eq!(found, *expected, "{sql}");
        assert_eq!(status & 0x4000 != 0, !expected.is_empty(), "{sql}");
    }
}

fn start() -> (TestCluster, Raw) {
    let cluster = TestCluster::start(1);
    let raw = Raw::connect(&address(&cluster), TRACKED).unwrap();
    assert_eq!(raw.login, b"\0\0\0\x02\0\0\0");
    (cluster, raw)
}

#[test]
fn variables_and_the_database() {
    let (cluster, mut raw) = start();
    let _ = raw.ok("CREATE DATABASE d");
    expect(
        &mut raw,
        &[
            ("SELECT 1", &[]),
            ("USE d", &["schema d"]),
            ("USE d", &["schema d"]),
            ("SET autocommit=0", &["autocommit=OFF"]),
            ("SET autocommit=1", &["autocommit=ON"]),
            (
                "SET NAMES utf8mb4",
                &[
                    "character_set_client=utf8mb4",
                    "character_set_connection=utf8mb4",
                    "character_set_results=utf8mb4",
                ],
            ),
            ("SET @a=1", &[]),
            ("SET sql_mode=''", &[]),
            ("SET time_zone='+01:00', sql_notes=0", &["time_zone=+01:00"]),
            ("SET SESSION session_track_system_variables='*'", &["session_track_system_variables=*"]),
            ("SET wait_timeout=100", &["wait_timeout=100"]),
            ("SET SESSION TRANSACTION READ ONLY", &["transaction_read_only=ON"]),
            ("SET SESSION TRANSACTION READ WRITE", &["transaction_read_only=OFF"]),
            ("SET SESSION session_track_system_variables='sql_mode, Time_Zone'", &[]),
            ("SET time_zone='+00:00'", &["time_zone=+00:00"]),
            ("SET autocommit=1", &[]),
            ("SET SESSION session_track_system_variables=''", &[]),
            ("SET time_zone='+02:00'", &[]),
            ("SET SESSION session_track_schema=OFF", &[]),
            ("USE d", &[]),
            ("SET SESSION session_track_schema=ON", &[]),
            ("SET SESSION session_track_state_change=ON", &[]),
            ("SET @b=2", &["state"]),
            ("USE d", &["schema d", "state"]),
            ("PREPARE s FROM 'SELECT 1'", &["state"]),
            ("DEALLOCATE PREPARE s", &["state"]),
            ("SET SESSION session_track_state_change=OFF", &[]),
            ("DROP DATABASE d", &["schema "]),
        ],
    );
    // What could not be said, because the answer was an error, is said with the next OK.
    assert!(errno(&raw.query("USE nowhere").unwrap()[0]).is_some());
    let answer = raw.query("SET SESSION session_track_system_variables='nosuch'").unwrap();
    assert_eq!(OkPacket::parse(&answer[0]).unwrap().warnings, 1);
    // The database of the login.
    let _ = raw.ok("CREATE DATABASE e");
    let other = Raw::connect(&address(&cluster), Hello { database: Some("e"), ..TRACKED }).unwrap();
    assert_eq!(changes(&other.login).1, ["schema e"]);
    // Clients that cannot read it are told nothing, and an EOF packet carries nothing.
    let mut plain = Raw::connect(&address(&cluster), Hello::default()).unwrap();
    assert_eq!(plain.ok("USE e"), b"\0\0\0\x02\0\0\0");
    let mut old =
        Raw::connect(&address(&cluster), Hello { less: Capabilities::DEPRECATE_EOF, ..TRACKED }).unwrap();
    assert_eq!(changes(&old.ok("USE e")).1, ["schema e"]);
    assert_eq!(old.query("SELECT 1").unwrap().last().unwrap(), b"\xfe\0\0\x02\0");
}

#[test]
fn the_state_and_the_characteristics_of_transactions() {
    let (_cluster, mut raw) = start();
    for sql in
        ["CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY, b INT)", "INSERT INTO d.t VALUES (0, 0)"]
    {
        let _ = raw.ok(sql);
    }
    expect(
        &mut raw,
        &[
            ("SET SESSION session_track_transaction_info=STATE", &[]),
            ("BEGIN", &["T_______"]),
            ("SELECT 1", &["T_____S_"]),
            ("SELECT * FROM d.t", &["T_R___S_"]),
            ("SELECT * FROM d.t", &[]),
            ("INSERT INTO d.t VALUES (1,1)", &["T_R_W_S_"]),
            ("COMMIT", &["________"]),
            ("INSERT INTO d.t VALUES (2,1)", &[]),
            ("SET autocommit=0", &["autocommit=OFF"]),
            ("SELECT 1", &[]),
            ("SELECT * FROM d.t", &["I_R___S_"]),
            ("UPDATE d.t SET b=b+1", &["I_R_W_S_"]),
            ("ROLLBACK", &["________"]),
            ("SELECT * FROM d.t FOR UPDATE", &["I___W_S_"]),
            ("COMMIT", &["________"]),
            ("SET autocommit=1", &["autocommit=ON"]),
            ("LOCK TABLES d.t WRITE", &["_______L"]),
            ("UNLOCK TABLES", &["________"]),
            ("SET SESSION session_track_transaction_info=CHARACTERISTICS", &["characteristics "]),
            ("BEGIN", &["T_______", "characteristics START TRANSACTION;"]),
            ("INSERT INTO d.t VALUES (3,1)", &["T___W___"]),
            ("ROLLBACK", &["________", "characteristics "]),
            ("START TRANSACTION READ ONLY", &["T_______", "characteristics START TRANSACTION READ ONLY;"]),
            ("COMMIT", &["________", "characteristics "]),
            (
                "START TRANSACTION WITH CONSISTENT SNAPSHOT",
                &["T_R_____", "characteristics START TRANSACTION WITH CONSISTENT SNAPSHOT;"],
            ),
            ("COMMIT", &["________", "characteristics "]),
            (
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
                &["characteristics SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"],
            ),
            (
                "SET TRANSACTION READ ONLY",
                &[
                    "characteristics SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET TRANSACTION READ ONLY;",
                ],
            ),
            (
                "BEGIN",
                &[
                    "T_______",
                    "characteristics SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION READ ONLY;",
                ],
            ),
            ("COMMIT", &["________", "characteristics "]),
            ("BEGIN", &["T_______", "characteristics START TRANSACTION;"]),
            ("CREATE TABLE d.u (a INT)", &["________", "characteristics "]),
            ("XA START 'a','b',2", &["T_______", "characteristics XA START 'a','b',2;"]),
            ("XA END 'a','b',2", &[]),
            ("XA ROLLBACK 'a','b',2", &["________", "characteristics "]),
        ],
    );
}

#[test]
fn own_gtids() {
    let (_cluster, mut raw) = start();
    let _ = raw.ok("CREATE DATABASE d");
    let _ = raw.ok("CREATE TABLE d.t (a INT PRIMARY KEY)");
    let _ = raw.ok("SET SESSION session_track_gtids=OWN_GTID");
    for sql in [&["INSERT INTO d.t VALUES (1)"][..], &["BEGIN", "INSERT INTO d.t VALUES (2)", "COMMIT"]] {
        let (last, before) = sql.split_last().unwrap();
        for sql in before {
            assert_eq!(changes(&raw.ok(sql)).1, [""; 0], "{sql}");
        }
        let found = changes(&raw.ok(last)).1;
        let row = raw.query("SELECT @@quorate_last_gtid").unwrap();
        let gtid = String::from_utf8_lossy(&row[2][1..]).into_owned();
        assert_eq!(found, [format!("gtids {gtid}")]);
    }
    assert_eq!(changes(&raw.ok("SELECT * FROM d.t")).1, [""; 0]);
    let refused = raw.query("SET SESSION session_track_gtids=ALL_GTIDS").unwrap();
    assert_eq!(errno(&refused[0]), Some(1235));
}

#[test]
fn the_topology_is_told_when_it_changes() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(Duration::from_secs(20));
    let follower = leader % 3 + 1;
    let hello = Hello { attributes: &[("_quorate_topology", "1")], ..TRACKED };
    let told = |packet: &[u8]| {
        let all = changes(packet).1;
        all.iter().find_map(|change| change.strip_prefix("quorate_topology=").map(str::to_owned))
    };
    let leader_of =
        |text: &str| text.split(';').next().unwrap().strip_prefix("leader=").unwrap().parse::<u64>().unwrap();
    for id in [leader, follower] {
        let mut raw = Raw::connect(&cluster.node(id).sql_address, hello).unwrap();
        let first = told(&raw.login).unwrap();
        assert_eq!(leader_of(&first), leader, "{first}");
        for id in 1..=3 {
            assert!(first.contains(&format!("{id}={},", cluster.node(id).sql_address)), "{first}");
        }
        assert_eq!(told(&raw.ok("DO 1")), None);
        let asked = raw.query("SELECT @@quorate_topology").unwrap();
        assert!(String::from_utf8_lossy(&asked[2]).contains(&first));
    }
    // Who did not ask is not told, and can ask later on.
    let mut raw = Raw::connect(&cluster.node(follower).sql_address, TRACKED).unwrap();
    assert_eq!(told(&raw.login), None);
    assert!(told(&raw.ok("SET quorate_track_topology = ON")).is_some());
    cluster.connect(leader).query(&format!("CALL dbms_consensus.change_leader({follower})")).unwrap();
    let started = Instant::now();
    loop {
        if told(&raw.ok("DO 1")).is_some_and(|text| leader_of(&text) == follower) {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "nothing was told of the new leader");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn attributes_come_before_statements_and_change_nothing() {
    let cluster = TestCluster::start(1);
    let hello = Hello { more: Capabilities::QUERY_ATTRIBUTES, ..Hello::default() };
    let mut raw = Raw::connect(&address(&cluster), hello).unwrap();
    raw.send(b"\x03\x02\x01\x00\x01\xfe\x00\x01a\xfe\x00\x01c\x01b\x01dSELECT 7").unwrap();
    assert_eq!(raw.answer().unwrap()[2], b"\x017");
    for bad in [
        &b"\x03\x01"[..],
        b"\x03\xff",
        b"\x03",
        b"\x03\x01\x02\0\x01\xfe\0\x01a\x01b",
        b"\x03\xfd\xff\xff\xff\x01",
    ] {
        raw.send(bad).unwrap();
        assert_eq!(raw.errno().unwrap(), 1835, "{bad:?}");
    }
    raw.send(b"\x16SELECT ?").unwrap();
    let id = raw.packet().unwrap()[1];
    for _definition in 0..2 {
        let _ = raw.packet().unwrap();
    }
    let execute = |flags: u8, rest: &[u8]| [&[0x17, id, 0, 0, 0, flags, 1, 0, 0, 0], rest].concat();
    let five = b"\x05\0\0\0\0\0\0\0";
    let cases: [(u8, Vec<u8>, Result<u8, u16>); 4] = [
        (8, [&b"\x02\0\x01\x08\0\0\x08\0\x03foo"[..], five, five].concat(), Ok(5)),
        (8, [&b"\x02\0\0"[..], five, five].concat(), Err(1835)),
        (0, [&b"\x01\0\0"[..], five].concat(), Ok(5)),
        (8, b"\0".to_vec(), Err(1210)),
    ];
    for (flags, rest, expected) in cases {
        raw.send(&execute(flags, &rest)).unwrap();
        let answer = raw.answer().unwrap();
        let found = errno(&answer[0]).map_or_else(|| Ok(answer[2][2]), Err);
        assert_eq!(found, expected, "{rest:?}");
    }
}

#[test]
fn definitions_can_be_left_out() {
    let cluster = TestCluster::start(1);
    for less in [Capabilities::empty(), Capabilities::DEPRECATE_EOF] {
        let hello = Hello { more: Capabilities::OPTIONAL_RESULTSET_METADATA, less, ..Hello::default() };
        let mut raw = Raw::connect(&address(&cluster), hello).unwrap();
        let eofs = usize::from(less != Capabilities::empty());
        assert_eq!(raw.query("SELECT 1, 2").unwrap()[0], b"\x02\x01");
        let _ = raw.ok("SET resultset_metadata = NONE");
        raw.send_query("SELECT 1, 2").unwrap();
        let mut packets: Vec<_> = (0..3 + eofs).map(|_| raw.packet().unwrap()).collect();
        assert_eq!(packets.remove(0), b"\x02\x00");
        if eofs > 0 {
            assert_eq!(packets.remove(0), b"\xfe\0\0\x02\0");
        }
        assert_eq!(packets[0], b"\x011\x012");
        raw.send(b"\x16SELECT ?, 2").unwrap();
        assert_eq!(raw.packet().unwrap()[5..], b"\x02\0\x01\0\0\0\0\0"[..]);
        let _ = raw.ok("DO 1");
    }
    let mut plain = Raw::connect(&address(&cluster), Hello::default()).unwrap();
    assert_eq!(errno(&plain.query("SET resultset_metadata = NONE").unwrap()[0]), Some(3640));
}

#[test]
fn connection_attributes_are_shown_within_their_bound() {
    let cluster = TestCluster::start(1);
    let long = "x".repeat(600);
    let attributes = [("_client_name", "raw"), ("program", "test"), ("long", long.as_str()), ("after", "1")];
    let raw =
        Raw::connect(&address(&cluster), Hello { attributes: &attributes, ..Hello::default() }).unwrap();
    let mut connection = cluster.connect(1);
    let sql = format!(
        "SELECT GROUP_CONCAT(CONCAT(ordinal_position, ' ', attr_name, '=', attr_value) ORDER BY ordinal_position) \
         FROM performance_schema.session_connect_attrs WHERE processlist_id = {}",
        raw.id
    );
    let shown = connection.query(&sql).unwrap().scalar().unwrap();
    assert_eq!(shown, "0 _client_name=raw,1 program=test,2 _truncated=610");
    let of_account = sql.replace("session_connect", "session_account_connect");
    assert_eq!(connection.query(&of_account).unwrap().scalar().unwrap(), shown);
}
