//! `quorate_write_forwarding` and accounts: what a client of a follower may do on the leader, what counts against it, and what it is told.

use std::time::{Duration, Instant};

use client::blocking::Connection;
use client::{Options, Param, Statement};
use cluster_tests::TestCluster;
use cluster_tests::raw::{self, Hello, Raw, changes};
use wire::mysql::constant::Capabilities;

const LEADER_MAX: Duration = Duration::from_secs(20);
/// How long what the leader did may take to be known on every node.
const APPLIED_MAX: Duration = Duration::from_secs(10);

/// A cluster with a table `d.t` and the accounts that `statements` make, its leader, and a follower that knows them.
fn start(statements: &[&str]) -> (TestCluster, u64, u64) {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(LEADER_MAX);
    let mut root = cluster.connect(leader);
    let table = "CREATE TABLE d.t (a INT PRIMARY KEY, who VARCHAR(60))";
    for sql in ["CREATE DATABASE d", table].iter().chain(statements) {
        run(&mut root, sql);
    }
    let follower = cluster.others(&[leader])[0];
    (cluster, leader, follower)
}

fn run(connection: &mut Connection, sql: &str) {
    connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The error that a statement ends with; 0 for none.
fn code(connection: &mut Connection, sql: &str) -> u16 {
    match connection.query(sql) {
        Ok(_) => 0,
        Err(error) => error.code().unwrap_or_else(|| panic!("{sql}: {error}")),
    }
}

fn scalar(connection: &mut Connection, sql: &str) -> String {
    let result = connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    result.scalar().unwrap_or_else(|| "NULL".into())
}

/// A client of a follower, once that knows the account, whose writes go to the leader.
fn forwarding(cluster: &TestCluster, node: u64, user: &str) -> Connection {
    let options = Options { user: user.to_owned(), ..Options::default() };
    let began = Instant::now();
    let mut connection = loop {
        match Connection::connect_with(&cluster.node(node).client_address, &options) {
            Ok(connection) => break connection,
            Err(error) if began.elapsed() > APPLIED_MAX => panic!("n{node}: {user}: {error}"),
            Err(_) => std::thread::yield_now(),
        }
    };
    run(&mut connection, "SET quorate_write_forwarding = ON");
    connection
}

#[test]
fn the_leader_asks_what_the_account_of_the_client_may_do() {
    let (cluster, leader, follower) = start(&["CREATE USER clerk", "GRANT SELECT ON d.t TO clerk"]);
    let mut root = cluster.connect(leader);
    let mut administrator = forwarding(&cluster, follower, "root");
    let mut clerk = forwarding(&cluster, follower, "clerk");
    run(&mut root, "GRANT INSERT ON d.t TO clerk");
    let prepared = prepare(&mut clerk, "INSERT INTO d.t VALUES (?, CURRENT_USER())");
    run(&mut root, "REVOKE INSERT ON d.t FROM clerk");
    for round in 0..5 {
        // Both use the connection to the leader in turn, and the plans that are kept there.
        let insert = format!("INSERT INTO d.t VALUES ({}, CURRENT_USER())", round * 2);
        run(&mut administrator, &insert);
        assert_eq!(code(&mut clerk, &insert), 1142, "round {round}");
        assert_eq!(code(&mut clerk, "UPDATE d.t SET who = ''"), 1142, "round {round}");
        assert_eq!(code(&mut clerk, "DROP TABLE d.t"), 1142, "round {round}");
        run(&mut root, "GRANT INSERT ON d.t TO clerk");
        run(&mut clerk, &format!("INSERT INTO d.t VALUES ({}, CURRENT_USER())", round * 2 + 1));
        clerk.execute(&prepared, &[Param::Int(1000 + round)]).unwrap();
        // It acts on the leader at once, whatever the follower knows of it.
        run(&mut root, "REVOKE INSERT ON d.t FROM clerk");
        assert_eq!(code(&mut clerk, "INSERT INTO d.t VALUES (-1, '')"), 1142, "round {round}");
        let refused = clerk.execute(&prepared, &[Param::Int(2000 + round)]).unwrap_err();
        assert_eq!(refused.code(), Some(1142), "round {round}");
    }
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t WHERE who = 'clerk@%'"), "10");
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t WHERE who LIKE 'root@%'"), "5");
    // Within a transaction on the leader.
    run(&mut root, "GRANT INSERT ON d.t TO clerk");
    run(&mut clerk, "BEGIN");
    run(&mut clerk, "INSERT INTO d.t VALUES (-1, 'in a transaction')");
    run(&mut root, "REVOKE INSERT ON d.t FROM clerk");
    assert_eq!(code(&mut clerk, "INSERT INTO d.t VALUES (-2, 'in a transaction')"), 1142);
    run(&mut clerk, "COMMIT");
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t WHERE who = 'in a transaction'"), "1");
    // An account that is gone may nothing, in the session that goes on.
    run(&mut root, "DROP USER clerk");
    assert_eq!(code(&mut clerk, "INSERT INTO d.t VALUES (-3, '')"), 1142);
}

/// Prepares a statement, once the client's node knows that its account may run it.
fn prepare(connection: &mut Connection, sql: &str) -> Statement {
    let began = Instant::now();
    loop {
        match connection.prepare(sql) {
            Ok(statement) => return statement,
            Err(error) if began.elapsed() > APPLIED_MAX => panic!("{sql}: {error}"),
            Err(_) => std::thread::yield_now(),
        }
    }
}

#[test]
fn active_roles_go_with_a_statement_and_no_others() {
    let (cluster, _, follower) = start(&[
        "CREATE ROLE writer, reader",
        "GRANT INSERT ON d.t TO writer",
        "GRANT SELECT ON d.t TO reader",
        "CREATE USER clerk",
        "GRANT writer, reader TO clerk",
    ]);
    let mut clerk = forwarding(&cluster, follower, "clerk");
    let insert = |id: u32| format!("INSERT INTO d.t VALUES ({id}, CURRENT_ROLE())");
    assert_eq!(code(&mut clerk, &insert(1)), 1142, "no role is active");
    run(&mut clerk, "SET ROLE reader");
    assert_eq!(code(&mut clerk, &insert(1)), 1142);
    run(&mut clerk, "SET ROLE writer");
    assert_eq!(code(&mut clerk, &insert(1)), 0);
    run(&mut clerk, "BEGIN");
    assert_eq!(code(&mut clerk, &insert(2)), 0);
    run(&mut clerk, "SET ROLE NONE");
    assert_eq!(code(&mut clerk, &insert(3)), 1142, "also in a transaction that goes on");
    run(&mut clerk, "COMMIT");
    run(&mut clerk, "SET ROLE ALL");
    assert_eq!(scalar(&mut clerk, "SELECT GROUP_CONCAT(a ORDER BY a) FROM d.t"), "1,2");
    assert_eq!(scalar(&mut clerk, "SELECT who FROM d.t WHERE a = 1"), "`writer`@`%`");
}

#[test]
fn accounts_are_made_by_way_of_a_follower() {
    let (cluster, leader, follower) = start(&[]);
    let mut root = forwarding(&cluster, follower, "root");
    for sql in [
        "CREATE USER clerk IDENTIFIED BY 'first', other",
        "GRANT INSERT ON d.* TO clerk",
        "ALTER USER clerk IDENTIFIED BY 'second'",
        "SET PASSWORD FOR other = 'third'",
        "CREATE ROLE writer",
        "GRANT writer TO other",
        "REVOKE writer FROM other",
        "DROP ROLE writer",
    ] {
        run(&mut root, sql);
    }
    // What it has made is known here at once.
    let options = Options { user: "clerk".into(), password: "second".into(), ..Options::default() };
    let mut clerk = Connection::connect_with(&cluster.node(follower).client_address, &options).unwrap();
    run(&mut clerk, "SET quorate_write_forwarding = ON");
    run(&mut clerk, "INSERT INTO d.t VALUES (1, 'x')");
    assert_eq!(code(&mut clerk, "CREATE USER another"), 1227);
    assert_eq!(code(&mut clerk, "GRANT INSERT ON d.* TO other"), 1044);
    run(&mut clerk, "SET PASSWORD = 'fourth'");
    let shown = scalar(&mut cluster.connect(leader), "SHOW GRANTS FOR other");
    assert_eq!(shown, "GRANT USAGE ON *.* TO `other`@`%`");
    let generated = root.query("CREATE USER made IDENTIFIED BY RANDOM PASSWORD").unwrap();
    assert_eq!((generated.text(0, 0).as_deref(), generated.rows.len()), (Some("made"), 1));
}

#[test]
fn statements_count_once_against_the_limits_of_an_account() {
    let (cluster, leader, follower) = start(&[
        "CREATE USER few WITH MAX_QUERIES_PER_HOUR 6 MAX_UPDATES_PER_HOUR 3",
        "GRANT INSERT, SELECT ON d.t TO few",
    ]);
    let mut few = forwarding(&cluster, follower, "few");
    run(&mut few, "BEGIN");
    run(&mut few, "INSERT INTO d.t VALUES (1, '')");
    run(&mut few, "INSERT INTO d.t VALUES (2, '')");
    run(&mut few, "COMMIT");
    run(&mut few, "INSERT INTO d.t VALUES (3, '')");
    assert_eq!(code(&mut few, "INSERT INTO d.t VALUES (4, '')"), 1226, "the seventh");
    assert_eq!(code(&mut few, "SELECT 1"), 1226, "here too");
    let mut root = cluster.connect(leader);
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "3");
    // Each node counts for itself: on the leader nothing was counted.
    let options = Options { user: "few".into(), ..Options::default() };
    let mut there = Connection::connect_with(&cluster.node(leader).client_address, &options).unwrap();
    for id in 11..=13 {
        run(&mut there, &format!("INSERT INTO d.t VALUES ({id}, '')"));
    }
    assert_eq!(code(&mut there, "INSERT INTO d.t VALUES (14, '')"), 1226);
}

#[test]
fn clients_are_told_of_their_session_once() {
    let (cluster, _, follower) = start(&[]);
    let tracked = Hello { more: Capabilities::SESSION_TRACK, ..Hello::default() };
    let mut raw = Raw::connect(&cluster.node(follower).client_address, tracked).unwrap();
    let _ = raw.ok("SET quorate_write_forwarding = ON, session_track_gtids = OWN_GTID");
    let gtid = |raw: &mut Raw| {
        let row = raw.query("SELECT @@quorate_last_gtid").unwrap();
        String::from_utf8_lossy(&row[2][1..]).into_owned()
    };
    let told = changes(&raw.ok("INSERT INTO d.t VALUES (1, '')")).1;
    assert_eq!(told, [format!("gtids {}", gtid(&mut raw))]);
    for sql in ["BEGIN", "INSERT INTO d.t VALUES (2, '')"] {
        let (status, told) = changes(&raw.ok(sql));
        assert_eq!((status & 1, told), (1, Vec::new()), "{sql}: the transaction is open");
    }
    let (status, told) = changes(&raw.ok("COMMIT"));
    assert_eq!((status & 1, told), (0, vec![format!("gtids {}", gtid(&mut raw))]));
    let _ = raw.ok("SET session_track_transaction_info = STATE, session_track_state_change = ON");
    for (sql, expected) in [
        ("BEGIN", &["T_______"][..]),
        ("SET @a = 1", &["state"]),
        ("INSERT INTO d.t VALUES (3, '')", &["T___W___"]),
        ("ROLLBACK", &["________"]),
        ("SET @a = 2", &["state"]),
    ] {
        assert_eq!(changes(&raw.ok(sql)).1, expected, "{sql}");
    }
    // The commit that comes before what runs here is told with that.
    let _ = raw.ok("BEGIN");
    let _ = raw.ok("INSERT INTO d.t VALUES (4, '')");
    let told = changes(&raw.ok("START TRANSACTION READ ONLY")).1;
    assert!(told.contains(&format!("gtids {}", gtid(&mut raw))), "{told:?}");
}

#[test]
fn files_and_variables() {
    let (cluster, _, follower) = start(&["SET GLOBAL local_infile = ON", "INSERT INTO d.t VALUES (1, 'x')"]);
    let local = Hello { more: Capabilities::LOCAL_FILES, ..Hello::default() };
    let mut raw = Raw::connect(&cluster.node(follower).client_address, local).unwrap();
    let mut connection = forwarding(&cluster, follower, "root");
    let _ = raw.ok("SET quorate_write_forwarding = ON");
    let _ = raw.ok("SET GLOBAL local_infile = ON");
    let load = "LOAD DATA LOCAL INFILE 'f' INTO TABLE d.t";
    assert_eq!(raw::errno(&raw.query(load).unwrap()[0]), Some(1290), "before it asks for the file");
    run(&mut connection, "BEGIN");
    run(&mut connection, "INSERT INTO d.t VALUES (2, 'y')");
    assert_eq!(code(&mut connection, load), 1290);
    assert_eq!(code(&mut connection, "LOAD DATA INFILE '/f' INTO TABLE d.t"), 1290);
    assert_eq!(code(&mut connection, "SELECT * FROM d.t INTO OUTFILE '/f'"), 1290);
    // What the transaction wrote is read.
    run(&mut connection, "SELECT COUNT(*), MAX(who) FROM d.t INTO @n, @who");
    run(&mut connection, "COMMIT");
    assert_eq!(scalar(&mut connection, "SELECT CONCAT(@n, @who)"), "2y");
}

#[test]
fn an_expired_password_is_good_for_a_new_one_only() {
    let (cluster, leader, follower) = start(&[]);
    let mut root = cluster.connect(leader);
    run(&mut cluster.connect(follower), "SET GLOBAL quorate_write_forwarding = ON");
    run(&mut root, "ALTER USER root@localhost PASSWORD EXPIRE");
    let began = Instant::now();
    let mut raw = loop {
        let handles = Hello { more: Capabilities::CAN_HANDLE_EXPIRED_PASSWORDS, ..Hello::default() };
        let mut raw = Raw::connect(&cluster.node(follower).client_address, handles).unwrap();
        if raw::errno(&raw.query("SELECT 1").unwrap()[0]) == Some(1820) {
            break raw;
        }
        assert!(began.elapsed() < APPLIED_MAX, "the follower does not know that it has expired");
    };
    for sql in [
        "INSERT INTO d.t VALUES (1, '')",
        "BEGIN",
        "CREATE USER another",
        "GRANT ALL ON *.* TO root@localhost",
        "DROP DATABASE d",
        "SELECT * FROM d.t FOR UPDATE",
    ] {
        assert_eq!(raw::errno(&raw.query(sql).unwrap()[0]), Some(1820), "{sql}");
    }
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "0");
    let _ = raw.ok("ALTER USER USER() IDENTIFIED BY 'new'");
    let _ = raw.ok("INSERT INTO d.t VALUES (1, '')");
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "1");
}

#[test]
fn a_client_that_vanishes_ends_its_statement_on_the_leader() {
    let (cluster, leader, follower) = start(&["INSERT INTO d.t VALUES (1, ''), (2, '')"]);
    let mut root = cluster.connect(leader);
    for resets in [false, true] {
        let mut raw = Raw::connect(&cluster.node(follower).client_address, Hello::default()).unwrap();
        let _ = raw.ok("SET quorate_write_forwarding = ON");
        let _ = raw.ok("BEGIN");
        let _ = raw.ok("UPDATE d.t SET who = 'gone' WHERE a = 1");
        raw.send_query("SELECT SLEEP(100) FROM d.t").unwrap();
        // What it sends ahead does not hide that it is gone.
        raw.send_query("SELECT 1").unwrap();
        cluster.wait_until("the leader runs it", LEADER_MAX, || {
            let list = root.query("SHOW PROCESSLIST").unwrap();
            (0..list.rows.len()).any(|row| list.text(row, 7).unwrap_or_default().contains("SLEEP(100)"))
        });
        raw.vanish(resets);
        run(&mut root, "SET innodb_lock_wait_timeout = 5");
        run(&mut root, "UPDATE d.t SET who = CONCAT(who, 'x') WHERE a = 1");
    }
    assert_eq!(scalar(&mut root, "SELECT who FROM d.t WHERE a = 1"), "xx");
}

#[test]
fn a_compressed_connection_is_forwarded_too() {
    let (cluster, _, follower) = start(&[]);
    let compressed = Hello { more: Capabilities::COMPRESS, ..Hello::default() };
    let mut raw = Raw::connect(&cluster.node(follower).client_address, compressed).unwrap();
    let _ = raw.ok("SET quorate_write_forwarding = ON");
    let _ = raw.ok("CREATE TABLE d.long (a INT PRIMARY KEY, b TEXT)");
    let values: Vec<String> = (0..100).map(|id| format!("({id}, REPEAT('abc', 10000))")).collect();
    let _ = raw.ok(&format!("INSERT INTO d.long VALUES {}", values.join(", ")));
    // Three megabytes, in many parts.
    let answer = raw.query("SELECT b FROM d.long FOR UPDATE").unwrap();
    let rows = answer.iter().filter(|packet| packet.len() > 30_000).count();
    assert_eq!(rows, 100);
    let _ = raw.ok("DELETE FROM d.long");
}
