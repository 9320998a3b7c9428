//! `quorate_write_forwarding`: writes and transactions of clients that are connected to a follower or a learner.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::time::{Duration, Instant};

use client::blocking::Connection;
use client::{Error, Options, Param, QueryResult};
use cluster_tests::numbered::{self, Numbered};
use cluster_tests::{Layout, TestCluster, network, program};
use wire::mysql::constant::column_type;

const FAILOVER_MAX: Duration = Duration::from_secs(20);

fn run(connection: &mut Connection, sql: &str) -> QueryResult {
    connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn scalar(connection: &mut Connection, sql: &str) -> String {
    run(connection, sql).scalar().unwrap_or_else(|| "NULL".into())
}

fn errno(connection: &mut Connection, sql: &str) -> u16 {
    match connection.query(sql) {
        Err(Error::Server(error)) => error.code,
        other => panic!("{sql}: wanted an error of the server, got {other:?}"),
    }
}

/// A connection to a node whose writes go to the leader, with `d` as its database.
fn forwarding(cluster: &TestCluster, id: u64) -> Connection {
    let mut connection = cluster.connect(id);
    run(&mut connection, "SET quorate_write_forwarding = ON");
    connection.use_database("d").unwrap();
    connection
}

/// A cluster with an empty `d.t`, its leader, and a follower.
fn start() -> (TestCluster, u64, u64) {
    let cluster = TestCluster::start(3);
    let (leader, follower) = prepare(&cluster);
    (cluster, leader, follower)
}

fn prepare(cluster: &TestCluster) -> (u64, u64) {
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let mut connection = cluster.connect(leader);
    run(&mut connection, "CREATE DATABASE d");
    run(
        &mut connection,
        "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT NOT NULL, w VARCHAR(20), UNIQUE KEY (v))",
    );
    let follower = cluster.others(&[leader])[0];
    cluster.wait_until("the follower knows the table", FAILOVER_MAX, || {
        cluster.value(follower, "SELECT COUNT(*) FROM d.t").as_deref() == Some("0")
    });
    (leader, follower)
}

#[test]
fn without_it_writes_are_refused_as_ever() {
    let (cluster, _, follower) = start();
    let mut connection = cluster.connect(follower);
    assert_eq!(scalar(&mut connection, "SELECT @@quorate_write_forwarding"), "0");
    assert_eq!(errno(&mut connection, "INSERT INTO d.t (v) VALUES (1)"), 1290);
    run(&mut connection, "SET GLOBAL quorate_write_forwarding = ON");
    assert_eq!(errno(&mut connection, "INSERT INTO d.t (v) VALUES (1)"), 1290, "a session keeps its value");
    let mut later = cluster.connect(follower);
    run(&mut later, "INSERT INTO d.t (v) VALUES (1)");
    assert_eq!(scalar(&mut later, "SELECT COUNT(*) FROM d.t"), "1");
}

#[test]
fn changes_are_answered_as_on_the_leader_and_are_read_here_at_once() {
    let (cluster, _, follower) = start();
    let mut connection = forwarding(&cluster, follower);
    let result = run(&mut connection, "INSERT INTO t (v, w) VALUES (10, 'a'), (20, 'b')");
    assert_eq!((result.affected, result.last_insert_id), (2, 1));
    assert_eq!(scalar(&mut connection, "SELECT LAST_INSERT_ID()"), "1");
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM t"), "2");
    let result = run(&mut connection, "UPDATE t SET w = 'b' WHERE v >= 10");
    assert_eq!(result.affected, 1, "changed, not matched");
    assert_eq!(scalar(&mut connection, "SELECT ROW_COUNT()"), "1");
    assert_eq!(errno(&mut connection, "INSERT INTO t (v) VALUES (10)"), 1062);
    assert_eq!(scalar(&mut connection, "SELECT @@error_count"), "1");
    run(&mut connection, "INSERT IGNORE INTO t (v) VALUES (10)");
    let warnings = run(&mut connection, "SHOW WARNINGS");
    assert_eq!(warnings.text(0, 1).as_deref(), Some("1062"));
    assert_eq!(errno(&mut connection, "INSERT INTO no_such_table VALUES (1)"), 1146);
    assert_eq!(errno(&mut connection, "INSERT INTO t (v) VALUES ("), 1064);
    let found = run(&mut connection, "SELECT id, v FROM t WHERE v = 20 FOR UPDATE");
    assert_eq!((found.text(0, 0).as_deref(), found.text(0, 1).as_deref()), (Some("2"), Some("20")));
    // What a session has set goes with it.
    run(&mut connection, "SET @x = 77, sql_mode = 'ANSI_QUOTES', time_zone = '+03:00'");
    run(&mut connection, "REPLACE INTO t (id, v, \"w\") VALUES (1, @x, @@time_zone)");
    assert_eq!(scalar(&mut connection, "SELECT w FROM t WHERE v = 77"), "+03:00");
    let gtid = scalar(&mut connection, "SELECT @@quorate_last_gtid");
    assert_eq!(
        scalar(&mut connection, &format!("SELECT quorate_transaction_outcome('{gtid}')")),
        "COMMITTED"
    );
    // Several statements in a packet, of which some are forwarded.
    let options = Options { multi_statements: true, ..Options::default() };
    let mut connection = Connection::connect_with(&cluster.node(follower).client_address, &options).unwrap();
    run(&mut connection, "SET quorate_write_forwarding = ON");
    connection.use_database("d").unwrap();
    let results = connection
        .query_all("DELETE FROM t WHERE v = 77; SELECT COUNT(*) FROM t; INSERT INTO t (v) VALUES (5)");
    let results = results.unwrap();
    assert_eq!((results[0].affected, results[2].affected), (1, 1));
    assert_eq!(results[1].scalar().as_deref(), Some("1"));
}

#[test]
fn read_your_writes_under_each_consistency() {
    let (cluster, _, follower) = start();
    let mut connection = forwarding(&cluster, follower);
    run(&mut connection, "INSERT INTO t (id, v) VALUES (1, 0)");
    for consistency in ["SESSION", "AUTO", "STRONG"] {
        run(&mut connection, &format!("SET quorate_read_consistency = '{consistency}'"));
        for value in 1..=300 {
            run(&mut connection, &format!("UPDATE t SET v = {value}"));
            assert_eq!(scalar(&mut connection, "SELECT v FROM t"), value.to_string(), "{consistency}");
        }
    }
    // A table is there for the statement that follows the one that made it, whatever the consistency.
    run(&mut connection, "SET quorate_read_consistency = EVENTUAL");
    for number in 0..20 {
        run(&mut connection, &format!("CREATE TABLE made{number} (a INT PRIMARY KEY)"));
        assert_eq!(scalar(&mut connection, &format!("SELECT COUNT(*) FROM made{number}")), "0");
        run(&mut connection, &format!("DROP TABLE made{number}"));
        assert_eq!(errno(&mut connection, &format!("SELECT 1 FROM made{number}")), 1146);
    }
}

#[test]
fn a_transaction_is_on_the_leader_from_its_beginning() {
    let (cluster, leader, follower) = start();
    let mut connection = forwarding(&cluster, follower);
    let mut other = cluster.connect(leader);
    other.use_database("d").unwrap();
    run(&mut other, "INSERT INTO t (id, v) VALUES (1, 1), (2, 2)");
    run(&mut connection, "BEGIN");
    assert!(connection.is_in_transaction());
    assert_eq!(errno(&mut connection, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"), 1568);
    assert_eq!(scalar(&mut connection, "SELECT v FROM t WHERE id = 1"), "1");
    run(&mut other, "UPDATE t SET v = 11 WHERE id = 1");
    assert_eq!(scalar(&mut connection, "SELECT v FROM t WHERE id = 1"), "1", "its snapshot");
    run(&mut connection, "INSERT INTO t (id, v) VALUES (3, 3)");
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM t"), "3", "its own row");
    assert_eq!(scalar(&mut other, "SELECT COUNT(*) FROM t"), "2", "nobody else's yet");
    run(&mut connection, "SAVEPOINT s");
    run(&mut connection, "DELETE FROM t WHERE id = 3");
    run(&mut connection, "ROLLBACK TO s");
    run(&mut connection, "SET @count = (SELECT COUNT(*) FROM t)");
    assert_eq!(scalar(&mut connection, "SELECT @count"), "3", "read in the transaction");
    assert_eq!(errno(&mut connection, "SELECT GET_LOCK('a', 0) FROM t LIMIT 1"), 1290);
    assert_eq!(errno(&mut connection, "LOCK TABLES t READ"), 1290);
    assert_eq!(errno(&mut connection, "XA START 'x'"), 1290);
    run(&mut connection, "COMMIT");
    assert!(!connection.is_in_transaction());
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM t"), "3");
    // ROLLBACK, also by a reset of the connection, which leaves no lock.
    run(&mut connection, "BEGIN");
    run(&mut connection, "DELETE FROM t");
    connection.reset().unwrap();
    run(&mut other, "SET innodb_lock_wait_timeout = 5");
    run(&mut other, "UPDATE t SET v = 33 WHERE id = 3");
    run(&mut connection, "SET quorate_write_forwarding = ON");
    connection.use_database("d").unwrap();
    // Under autocommit=0 it begins with the first statement that reads a table; SET autocommit = 1 commits it.
    run(&mut connection, "SET autocommit = 0");
    assert_eq!(scalar(&mut connection, "SELECT 1 + 1"), "2");
    run(&mut connection, "UPDATE t SET v = 34 WHERE id = 3");
    assert_eq!(scalar(&mut other, "SELECT v FROM t WHERE id = 3"), "33");
    run(&mut connection, "SET autocommit = 1");
    assert_eq!(scalar(&mut other, "SELECT v FROM t WHERE id = 3"), "34");
    // READ ONLY ones stay where they are.
    run(&mut connection, "START TRANSACTION READ ONLY");
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM t"), "3");
    assert!(matches!(errno(&mut connection, "DELETE FROM t"), 1290 | 1792));
    run(&mut connection, "COMMIT");
}

#[test]
fn deadlocks_waits_and_kill() {
    let (cluster, leader, follower) = start();
    let mut first = forwarding(&cluster, follower);
    let mut second = forwarding(&cluster, follower);
    run(&mut first, "INSERT INTO t (id, v) VALUES (1, 1), (2, 2)");
    run(&mut first, "BEGIN");
    run(&mut second, "BEGIN");
    run(&mut first, "UPDATE t SET w = 'x' WHERE id = 1");
    run(&mut second, "UPDATE t SET w = 'y' WHERE id = 2");
    first.send_query("UPDATE t SET w = 'x' WHERE id = 2").unwrap();
    wait_for_lock(&cluster, leader);
    let lost = errno(&mut second, "UPDATE t SET w = 'y' WHERE id = 1");
    let answer = first.read_answer();
    let codes = [Some(lost), answer.as_ref().err().and_then(Error::code)];
    assert!(lost == 1213 && codes[1].is_none(), "{codes:?}");
    assert!(!second.is_in_transaction() || errno_of(&mut second) == 0, "a deadlock ends the transaction");
    // KILL QUERY on the client's node reaches the statement on the leader, and leaves its transaction.
    run(&mut second, "BEGIN");
    let id = scalar(&mut second, "SELECT CONNECTION_ID()");
    run(&mut second, "INSERT INTO t (id, v) VALUES (9, 9)");
    second.send_query("UPDATE t SET w = 'z' WHERE id = 1").unwrap();
    wait_for_lock(&cluster, leader);
    let started = Instant::now();
    run(&mut cluster.connect(follower), &format!("KILL QUERY {id}"));
    assert_eq!(second.read_answer().unwrap_err().code(), Some(1317));
    assert!(started.elapsed() < Duration::from_secs(5), "KILL QUERY took {:?}", started.elapsed());
    assert_eq!(scalar(&mut second, "SELECT COUNT(*) FROM t WHERE id = 9"), "1", "its transaction goes on");
    run(&mut second, "ROLLBACK");
    // A client that vanishes while its statement waits leaves nothing behind.
    let mut vanishing = forwarding(&cluster, follower);
    run(&mut vanishing, "BEGIN");
    run(&mut vanishing, "INSERT INTO t (id, v) VALUES (10, 10)");
    vanishing.send_query("UPDATE t SET w = 'z' WHERE id = 1").unwrap();
    wait_for_lock(&cluster, leader);
    drop(vanishing);
    let gone = Instant::now();
    let mut other = cluster.connect(leader);
    run(&mut other, "SET innodb_lock_wait_timeout = 10");
    run(&mut other, "INSERT INTO d.t (id, v) VALUES (10, 10)");
    assert!(gone.elapsed() < Duration::from_secs(3), "its locks were held for {:?}", gone.elapsed());
    run(&mut first, "COMMIT");
    assert_eq!(scalar(&mut first, "SELECT w FROM t WHERE id = 2"), "x");
}

/// Waits until one session on the leader waits for a lock.
fn wait_for_lock(cluster: &TestCluster, leader: u64) {
    let waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE '%lock%'";
    cluster.wait_until("it waits for the lock", FAILOVER_MAX, || {
        cluster.value(leader, waiting).as_deref() == Some("1")
    });
}

/// A text parameter.
fn bytes(text: &str) -> Param<'_> {
    Param::Bytes { value: text.as_bytes(), column_type: column_type::VAR_STRING }
}

fn errno_of(connection: &mut Connection) -> u16 {
    connection.query("ROLLBACK").err().and_then(|error| error.code()).unwrap_or(0)
}

#[test]
fn prepared_statements_of_both_kinds() {
    let (cluster, _, follower) = start();
    let mut connection = forwarding(&cluster, follower);
    let insert = connection.prepare("INSERT INTO t (v, w) VALUES (?, ?)").unwrap();
    for value in 1..=50 {
        let result = connection.execute(&insert, &[Param::Int(value), bytes("é")]).unwrap();
        assert_eq!((result.affected, result.last_insert_id), (1, value.cast_unsigned()));
    }
    let error = connection.execute(&insert, &[Param::Int(1), Param::Null]).unwrap_err();
    assert_eq!(error.code(), Some(1062));
    let select = connection.prepare("SELECT w, id FROM t WHERE v = ? FOR UPDATE").unwrap();
    run(&mut connection, "BEGIN");
    let found = connection.execute(&select, &[Param::Int(7)]).unwrap();
    assert_eq!((found.text(0, 0).as_deref(), found.text(0, 1).as_deref()), (Some("é"), Some("7")));
    run(&mut connection, "COMMIT");
    run(&mut connection, "PREPARE p FROM 'UPDATE t SET w = ? WHERE v < ?'");
    run(&mut connection, "SET @w = 'named', @v = 4");
    assert_eq!(run(&mut connection, "EXECUTE p USING @w, @v").affected, 3);
    assert_eq!(errno(&mut connection, "EXECUTE p USING @w"), 1210);
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM t WHERE w = 'named'"), "3");
    // A large value, and a large result out of a transaction on the leader.
    run(&mut connection, "CREATE TABLE big (id INT PRIMARY KEY, b LONGTEXT)");
    let long = "x".repeat(6 << 20);
    let insert = connection.prepare("INSERT INTO big VALUES (?, ?)").unwrap();
    for id in 0..3 {
        connection.execute(&insert, &[Param::Int(id), bytes(&long)]).unwrap();
    }
    run(&mut connection, "BEGIN");
    let rows = run(&mut connection, "SELECT id, b FROM big ORDER BY id");
    assert_eq!(rows.rows.len(), 3);
    assert_eq!(rows.text(2, 1).map(|text| text.len()), Some(long.len()));
    run(&mut connection, "ROLLBACK");
}

#[test]
fn a_learner_forwards_too_and_a_handover_is_followed() {
    let mut cluster = TestCluster::start(3);
    let (leader, follower) = prepare(&cluster);
    let learner = cluster.join_node(follower, "learner");
    cluster.wait_until("the learner knows the table", FAILOVER_MAX, || {
        cluster.value(learner, "SELECT COUNT(*) FROM d.t").as_deref() == Some("0")
    });
    let mut connection = forwarding(&cluster, learner);
    for value in 1..=50 {
        run(&mut connection, &format!("INSERT INTO t (v) VALUES ({value})"));
        assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM t"), value.to_string());
    }
    // A handover: the next statement goes to the new leader, and the transaction that was open is over.
    run(&mut connection, "BEGIN");
    run(&mut connection, "DELETE FROM t");
    run(&mut cluster.connect(leader), &format!("CALL dbms_consensus.change_leader({follower})"));
    cluster.wait_for_leader_to_be(follower, FAILOVER_MAX);
    assert_eq!(errno(&mut connection, "INSERT INTO t (v) VALUES (51)"), 1053);
    assert!(!connection.is_in_transaction() || errno_of(&mut connection) == 0);
    run(&mut connection, "INSERT INTO t (v) VALUES (52)");
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM t"), "51");
}

/// Links are encrypted, and what is forwarded goes over them: also an answer that is larger than many records.
#[test]
fn over_encrypted_links() {
    let folder = tempfile::tempdir().unwrap();
    let files = certificates(folder.path());
    let flags: Vec<&str> = files.iter().map(String::as_str).collect();
    let cluster = Layout::of(3).flags(&flags).start();
    let (_, follower) = prepare(&cluster);
    let mut connection = forwarding(&cluster, follower);
    run(&mut connection, "CREATE TABLE big (id INT PRIMARY KEY, b LONGTEXT)");
    let long = "y".repeat(3 << 20);
    for id in 0..4 {
        run(&mut connection, &format!("INSERT INTO big VALUES ({id}, '{long}')"));
    }
    run(&mut connection, "BEGIN");
    let rows = run(&mut connection, "SELECT b FROM big ORDER BY id FOR UPDATE");
    assert_eq!(rows.rows.len(), 4);
    assert_eq!(rows.text(3, 0), Some(long));
    run(&mut connection, "COMMIT");
}

/// Flags for an authority's certificate, a node's, and its key.
fn certificates(folder: &std::path::Path) -> Vec<String> {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let node =
        CertificateParams::new(vec!["quorate-node".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let contents =
        [("--peer-ca", issuer.pem()), ("--peer-cert", node.pem()), ("--peer-key", key.serialize_pem())];
    let write = |(flag, content): (&str, String)| {
        let path = folder.join(format!("{}.pem", &flag[2..]));
        std::fs::write(&path, content).unwrap();
        [flag.to_owned(), path.to_string_lossy().into_owned()]
    };
    contents.into_iter().flat_map(write).collect()
}

fn addresses(cluster: &TestCluster, ids: &[u64]) -> Vec<String> {
    ids.iter().map(|id| cluster.node(*id).client_address.clone()).collect()
}

#[test]
fn the_leader_is_killed_under_writers_through_followers() {
    let mut cluster = TestCluster::start(3);
    prepare(&cluster);
    let others = cluster.others(&[cluster.wait_for_leader(FAILOVER_MAX)]);
    let writers =
        Numbered::start(&cluster, &addresses(&cluster, &others), "SET quorate_write_forwarding = ON");
    for _ in 0..3 {
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        writers.progress(200, &cluster);
        cluster.kill(leader);
        // The next one is one that writers are connected to, which then runs what they have itself.
        writers.progress(200, &cluster);
        cluster.start_node(leader);
    }
    writers.progress(200, &cluster);
    numbered::check(&cluster, writers.stop());
    cluster.assert_equal_nodes(FAILOVER_MAX);
}

/// The leader is killed while a commit waits for the quorum: it has told the client's node the commit's place in the log, which settles what
/// became of it once there is another leader.
#[test]
fn a_commit_in_flight_is_settled_when_its_leader_is_killed() {
    let mut cluster = TestCluster::start(3);
    let (_, follower) = prepare(&cluster);
    let learner = cluster.join_node(follower, "learner");
    cluster.wait_until("the learner knows the table", FAILOVER_MAX, || {
        cluster.value(learner, "SELECT COUNT(*) FROM d.t").as_deref() == Some("0")
    });
    let mut settled = 0;
    for round in 1..=4 {
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        let mut connection = forwarding(&cluster, learner);
        let insert = format!("INSERT INTO t (v) VALUES ({round})");
        let sent = if round % 2 == 0 {
            insert.as_str()
        } else {
            run(&mut connection, "BEGIN");
            run(&mut connection, &insert);
            "COMMIT"
        };
        let voters = cluster.others(&[leader, learner]);
        // None of its connections has anything to do with the voters, which say nothing now.
        voters.iter().for_each(|id| cluster.pause(*id));
        connection.send_query(sent).unwrap();
        std::thread::sleep(Duration::from_millis(150));
        cluster.kill(leader);
        voters.iter().for_each(|id| cluster.resume(*id));
        let answer = connection.read_answer();
        cluster.start_node(leader);
        cluster.wait_for_leader(FAILOVER_MAX);
        let count =
            scalar(&mut cluster.connect_leader(), &format!("SELECT COUNT(*) FROM d.t WHERE v = {round}"));
        println!("round {round}, {sent}: {answer:?}; {count} rows");
        match answer {
            Ok(result) => {
                assert_eq!((count.as_str(), result.affected), ("1", u64::from(round % 2 == 0)));
                settled += 1;
            }
            Err(error) if error.code() == Some(1053) => {
                assert_eq!(count, "0", "{error}");
                settled += 1;
            }
            Err(error) => assert_eq!(error.code(), Some(1105), "{error}"),
        }
    }
    assert!(settled > 0, "nothing was settled");
}

/// A leader that hangs keeps its connections, which the kernel goes on serving: who waits for it is answered once there is another one.
#[test]
fn a_leader_that_hangs_is_given_up() {
    let cluster = TestCluster::start(3);
    let (leader, follower) = prepare(&cluster);
    let [mut idle, mut open, mut fresh] = [(); 3].map(|()| forwarding(&cluster, follower));
    run(&mut idle, "INSERT INTO t (v) VALUES (1)");
    run(&mut open, "BEGIN");
    run(&mut open, "INSERT INTO t (v) VALUES (2)");
    cluster.pause(leader);
    let paused = Instant::now();
    // By the connection that is open to the old leader, by that of its transaction, by a new one.
    idle.send_query("INSERT INTO t (v) VALUES (3)").unwrap();
    open.send_query("INSERT INTO t (v) VALUES (4)").unwrap();
    fresh.send_query("INSERT INTO t (v) VALUES (5)").unwrap();
    let answers = [&mut idle, &mut open, &mut fresh].map(|connection| connection.read_answer());
    println!("answered {:?} after the leader began to hang: {answers:?}", paused.elapsed());
    assert!(paused.elapsed() < FAILOVER_MAX, "{:?}", paused.elapsed());
    let codes = answers.map(|answer| answer.err().and_then(|error| error.code()));
    assert_eq!(codes[1], Some(1053), "its transaction is gone");
    run(&mut open, "INSERT INTO t (v) VALUES (6)");
    cluster.resume(leader);
    cluster.wait_until("the old leader follows", FAILOVER_MAX, || {
        cluster.value(leader, "SELECT @@quorate_role").as_deref() == Some("follower")
    });
    let count = |value: u64| {
        scalar(&mut cluster.connect_leader(), &format!("SELECT COUNT(*) FROM d.t WHERE v = {value}"))
    };
    assert_eq!([1, 2, 4, 6].map(count), ["1", "0", "0", "1"]);
    for (code, value) in [(codes[0], 3), (codes[2], 5)] {
        match code {
            None => assert_eq!(count(value), "1", "{value}"),
            Some(1053 | 1290) => assert_eq!(count(value), "0", "{value}"),
            Some(code) => assert_eq!(code, 1105, "{value}"),
        }
    }
    cluster.assert_equal_nodes(FAILOVER_MAX);
}

#[test]
fn links_to_the_leader_are_cut_under_writers_through_followers() {
    if network::is_left_out() {
        return;
    }
    let cluster = Layout::of(3).networked().start();
    prepare(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let others = cluster.others(&[leader]);
    let writers =
        Numbered::start(&cluster, &addresses(&cluster, &others), "SET quorate_write_forwarding = ON");
    // One follower alone, which then finds no leader; then the leader itself, which is replaced.
    for cut in [others[0], leader] {
        writers.progress(200, &cluster);
        cluster.network().isolate(&[cut]);
        writers.progress(200, &cluster);
        std::thread::sleep(Duration::from_secs(3));
        cluster.network().heal();
    }
    writers.progress(200, &cluster);
    numbered::check(&cluster, writers.stop());
    cluster.assert_equal_nodes(FAILOVER_MAX);
}

#[test]
fn sysbench_through_a_follower() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    run(&mut cluster.connect(leader), "CREATE DATABASE sbtest");
    let follower = cluster.others(&[leader])[0];
    run(&mut cluster.connect(follower), "SET GLOBAL quorate_write_forwarding = ON");
    let address = cluster.node(follower).client_address.clone();
    for (step, mode) in [("prepare", "auto"), ("run", "auto"), ("run", "disable"), ("cleanup", "auto")] {
        let mut command = program::sysbench("oltp_read_write", &address);
        command.args(["--tables=2", "--table-size=500", "--threads=4", "--time=3"]);
        command.args(["--mysql-ignore-errors=1213,1205", &format!("--db-ps-mode={mode}"), step]);
        let printed = program::succeed(&mut command);
        if let Some(line) = printed.lines().find(|line| line.contains("transactions:")) {
            println!("{mode}: {}", line.trim());
        }
    }
    cluster.assert_equal_nodes(FAILOVER_MAX);
}
