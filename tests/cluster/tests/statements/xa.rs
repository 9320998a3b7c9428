//! XA transactions on real processes: what is prepared outlives leaders and restarts, with its locks, and ends once.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use client::blocking::{Cluster, Connection, Options};
use cluster_tests::load::is_retryable;
use cluster_tests::question::code;
use cluster_tests::{LEADER_TIMEOUT, Layout, TestCluster};

/// How long a failover may take until the new leader serves.
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// How long nodes may take to be equal after the load.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);
/// Accounts of each of the two banks, and money in each.
const ACCOUNTS: u64 = 20;
const BALANCE: u64 = 1_000;

fn prepare_tables(connection: &mut Connection) {
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v INT, u INT, UNIQUE KEY (u), KEY (v))").unwrap();
    connection.query("INSERT INTO d.t VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3)").unwrap();
}

/// Prepares a branch: row 1 is changed, row 2 deleted, `id` inserted.
fn prepare_branch(connection: &mut Connection, xid: &str, id: u64) {
    for sql in [
        format!("XA START '{xid}'"),
        "UPDATE d.t SET v = v + 100 WHERE id = 1".to_owned(),
        "DELETE FROM d.t WHERE id = 2".to_owned(),
        format!("INSERT INTO d.t VALUES ({id}, {id}, {id})"),
        format!("XA END '{xid}'"),
        format!("XA PREPARE '{xid}'"),
    ] {
        connection.query(&sql).unwrap();
    }
}

fn rows(connection: &mut Connection) -> Vec<String> {
    let result = connection.query("SELECT CONCAT_WS(':', id, v, u) FROM d.t ORDER BY id").unwrap();
    (0..result.rows.len()).map(|row| result.text(row, 0).unwrap()).collect()
}

/// That the rows of a prepared branch are locked, and that it shows nothing.
fn assert_prepared(connection: &mut Connection, id: u64) {
    assert_eq!(rows(connection), ["1:1:1", "2:2:2", "3:3:3"], "what is prepared is seen");
    connection.query("SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1").unwrap();
    for sql in [
        "SELECT * FROM d.t WHERE id = 1 FOR UPDATE NOWAIT",
        "SELECT * FROM d.t WHERE u = 2 FOR UPDATE NOWAIT",
    ] {
        assert_eq!(code(connection, sql), Some(3572), "{sql}");
    }
    let insert = format!("INSERT INTO d.t VALUES ({id}, 0, 1000)");
    assert_eq!(code(connection, &insert), Some(1205), "the key of a row that will come is locked");
    let insert = format!("INSERT INTO d.t VALUES (1000, 0, {id})");
    assert_eq!(code(connection, &insert), Some(1205), "the unique key of a row that will come is locked");
    assert_eq!(code(connection, "DROP TABLE d.t"), Some(1205), "the table may not change");
    connection.query("UPDATE d.t SET v = v WHERE id = 3").unwrap();
}

fn recovered(connection: &mut Connection) -> Vec<String> {
    let result = connection.query("XA RECOVER").unwrap();
    (0..result.rows.len()).map(|row| result.text(row, 3).unwrap()).collect()
}

/// Hands the leadership to a node.
fn lead(cluster: &TestCluster, id: u64) {
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    cluster.must_call(leader, &format!("change_leader({id})"));
    cluster.wait_until("the other node leads", FAILOVER_MAX, || cluster.wait_for_leader(FAILOVER_MAX) == id);
}

/// A name that was given in one leadership is not that of a branch of the next.
#[test]
fn an_idle_branch_ends_with_the_leadership_it_began_in() {
    let cluster = TestCluster::start(3);
    let first = cluster.wait_for_leader(FAILOVER_MAX);
    let second = cluster.others(&[first])[0];
    prepare_tables(&mut cluster.connect(first));
    let mut idle = cluster.connect(first);
    for sql in ["XA START 'x'", "SELECT COUNT(*) FROM d.t", "XA END 'x'"] {
        idle.query(sql).unwrap();
    }
    lead(&cluster, second);
    prepare_branch(&mut cluster.connect_leader(), "x", 10);
    lead(&cluster, first);
    assert_prepared(&mut cluster.connect_leader(), 10);
    assert_eq!(code(&mut idle, "XA PREPARE 'x'"), Some(1053));
    assert_prepared(&mut cluster.connect_leader(), 10);
    let mut connection = cluster.connect_leader();
    connection.query("XA COMMIT 'x'").unwrap();
    assert_eq!(rows(&mut connection), ["1:101:1", "3:3:3", "10:10:10"]);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

/// One that is just small enough to be prepared is just small enough to be committed, and stays.
#[test]
fn the_largest_branch_that_can_be_prepared_is_committed_whole() {
    let cluster = Layout::of(3).flags(&["--stream-transaction-mib", "1"]).start();
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.b (id INT PRIMARY KEY, b LONGBLOB)").unwrap();
    let xid = "x".repeat(60);
    let prepare = |bytes: usize| {
        let mut connection = cluster.connect_leader();
        for sql in [
            format!("XA START '{xid}'"),
            format!("INSERT INTO d.b VALUES (1, REPEAT('b', {bytes}))"),
            format!("XA END '{xid}'"),
        ] {
            connection.query(&sql).unwrap();
        }
        let prepared = connection.query(&format!("XA PREPARE '{xid}'"));
        if let Err(error) = &prepared {
            assert_eq!(error.code(), Some(1038), "{error}");
            // It stays as it was, unless it was staged and is rolled back already.
            let _ = connection.query(&format!("XA ROLLBACK '{xid}'"));
        }
        prepared.is_ok()
    };
    let (mut fits, mut does_not) = (900_000, 1_200_000);
    while does_not - fits > 1 {
        let middle = usize::midpoint(fits, does_not);
        if prepare(middle) {
            fits = middle;
            connection.query(&format!("XA ROLLBACK '{xid}'")).unwrap();
        } else {
            does_not = middle;
        }
    }
    assert!(prepare(fits), "{fits} bytes were prepared before");
    connection.query(&format!("XA COMMIT '{xid}'")).unwrap();
    cluster.wait_until("nothing is left to be brought to its place", CATCH_UP_MAX, || {
        ["Quorate_transactions_staged", "Quorate_transactions_merging"].iter().all(|name| {
            cluster.others(&[]).iter().all(|id| cluster.status(*id, name).as_deref() == Some("0"))
        })
    });
    assert_eq!(recovered(&mut connection), [""; 0]);
    let length = connection.query("SELECT LENGTH(b) FROM d.b").unwrap();
    assert_eq!(length.scalar(), Some(fits.to_string()));
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn what_is_prepared_outlives_the_leader_with_its_locks() {
    let mut cluster = TestCluster::start(3);
    let mut connection = cluster.connect_leader();
    prepare_tables(&mut connection);
    prepare_branch(&mut connection, "first", 10);
    assert_prepared(&mut cluster.connect_leader(), 10);
    for _ in 0..2 {
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        cluster.kill(leader);
        let next = cluster.wait_for_leader(FAILOVER_MAX);
        let mut connection = cluster.connect(next);
        assert_eq!(recovered(&mut connection), ["first"]);
        assert_prepared(&mut connection, 10);
        assert_eq!(code(&mut connection, "XA START 'first'"), Some(1440));
        cluster.start_node(leader);
        cluster.assert_equal_nodes(CATCH_UP_MAX);
    }
    let mut connection = cluster.connect_leader();
    connection.query("XA COMMIT 'first'").unwrap();
    assert_eq!(rows(&mut connection), ["1:101:1", "3:3:3", "10:10:10"]);
    assert_eq!(code(&mut connection, "XA COMMIT 'first'"), Some(1397), "once only");
    // Its locks are gone, and a second one is rolled back by the next leader.
    prepare_branch(&mut connection, "second", 11);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    cluster.kill(leader);
    let mut connection = cluster.connect_leader();
    connection.query("XA ROLLBACK 'second'").unwrap();
    assert_eq!(rows(&mut connection), ["1:101:1", "3:3:3", "10:10:10"]);
    connection.query("UPDATE d.t SET v = 0").unwrap();
    connection.query("ALTER TABLE d.t ADD KEY again (v, u)").unwrap();
    assert_eq!(recovered(&mut connection), Vec::<String>::new());
    cluster.start_node(leader);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn what_is_prepared_outlives_the_death_of_all_nodes() {
    let mut cluster = TestCluster::start(3);
    let mut connection = cluster.connect_leader();
    prepare_tables(&mut connection);
    prepare_branch(&mut connection, "all", 10);
    // One that was not prepared is gone with its session.
    let mut other = cluster.connect_leader();
    for sql in ["XA START 'lost'", "INSERT INTO d.t VALUES (50, 50, 50)", "XA END 'lost'"] {
        other.query(sql).unwrap();
    }
    cluster.kill_all();
    for id in 1..=3 {
        cluster.start_node(id);
    }
    let mut connection = cluster.connect(cluster.wait_for_leader(LEADER_TIMEOUT));
    assert_eq!(recovered(&mut connection), ["all"]);
    assert_prepared(&mut connection, 10);
    connection.query("XA COMMIT 'all'").unwrap();
    assert_eq!(rows(&mut connection), ["1:101:1", "3:3:3", "10:10:10"]);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

/// A node that loaded a snapshot has what was prepared before it, and can lead with it.
#[test]
fn what_is_prepared_is_part_of_a_snapshot() {
    let flags = ["--log-keep-mib", "1", "--log-max-mib", "2", "--log-segment-mib", "1"];
    let mut cluster = TestCluster::start_with(3, &flags);
    let mut connection = cluster.connect_leader();
    prepare_tables(&mut connection);
    connection.query("CREATE TABLE d.filler (id INT PRIMARY KEY, v MEDIUMTEXT)").unwrap();
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let behind = cluster.others(&[leader])[0];
    cluster.kill(behind);
    prepare_branch(&mut connection, "kept", 10);
    for id in 0..120 {
        connection.query(&format!("INSERT INTO d.filler VALUES ({id}, REPEAT('x', 60000))")).unwrap();
    }
    let first_index = |id: u64| {
        let shown = cluster.connect(id).query("CALL dbms_consensus.show_logs()").ok()?;
        shown.text(0, 2)?.parse::<u64>().ok()
    };
    cluster.wait_until("the log is purged", Duration::from_secs(40), || {
        first_index(leader).is_some_and(|first| first > 20)
    });
    cluster.start_node(behind);
    cluster.wait_until("the node that was behind has the rows", CATCH_UP_MAX, || {
        cluster.number(behind, "SELECT COUNT(*) FROM d.filler") == Some(120)
    });
    assert!(cluster.log(behind).contains("snapshot"), "the node was to need a snapshot");
    assert_eq!(recovered(&mut cluster.connect(behind)), ["kept"], "a follower lists what is prepared");
    let mut follower = cluster.connect(behind);
    assert_eq!(code(&mut follower, "XA COMMIT 'kept'"), Some(1290));
    drop(follower);
    cluster.must_call(leader, &format!("change_leader({behind})"));
    cluster.wait_for_leader_to_be(behind, FAILOVER_MAX);
    let mut connection = cluster.connect(behind);
    assert_prepared(&mut connection, 10);
    connection.query("XA COMMIT 'kept'").unwrap();
    assert_eq!(rows(&mut connection), ["1:101:1", "3:3:3", "10:10:10"]);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

/// A session that held the rows in an earlier leadership of the node, and sits there, keeps no prepared transaction from its locks.
#[test]
fn idle_sessions_of_an_earlier_leadership_are_in_nobodys_way() {
    let mut cluster = TestCluster::start(3);
    let first = cluster.wait_for_leader(FAILOVER_MAX);
    let mut connection = cluster.connect(first);
    prepare_tables(&mut connection);
    let mut idle = cluster.connect(first);
    idle.query("BEGIN").unwrap();
    idle.query("UPDATE d.t SET v = 7").unwrap();
    let mut locker = cluster.connect(first);
    locker.query("CREATE TABLE d.other (id INT PRIMARY KEY)").unwrap();
    locker.query("LOCK TABLES d.other WRITE").unwrap();
    let second = cluster.others(&[first])[0];
    cluster.must_call(first, &format!("change_leader({second})"));
    cluster.wait_for_leader_to_be(second, FAILOVER_MAX);
    let mut there = cluster.connect(second);
    prepare_branch(&mut there, "x", 10);
    cluster.must_call(second, &format!("change_leader({first})"));
    cluster.wait_for_leader_to_be(first, FAILOVER_MAX);
    let mut connection = cluster.connect(first);
    assert_prepared(&mut connection, 10);
    connection.query("INSERT INTO d.other VALUES (1)").unwrap();
    assert_eq!(code(&mut idle, "COMMIT"), Some(1053));
    assert_eq!(code(&mut locker, "INSERT INTO d.other VALUES (2)"), Some(1053), "the lock is lost");
    locker.query("INSERT INTO d.other VALUES (2)").unwrap();
    assert_prepared(&mut connection, 10);
    connection.query("XA COMMIT 'x'").unwrap();
    assert_eq!(rows(&mut connection), ["1:101:1", "3:3:3", "10:10:10"]);
    cluster.kill(second);
    assert_eq!(rows(&mut cluster.connect_leader()), ["1:101:1", "3:3:3", "10:10:10"]);
}

#[test]
fn many_branches_are_recovered_with_their_locks() {
    const BRANCHES: u64 = 300;
    let mut cluster = TestCluster::start(3);
    let mut connection = cluster.connect_leader();
    prepare_tables(&mut connection);
    for n in 100..100 + BRANCHES {
        for sql in [
            format!("XA START 'many','{n}',7"),
            format!("INSERT INTO d.t VALUES ({n}, {n}, {n})"),
            format!("XA END 'many','{n}',7"),
            format!("XA PREPARE 'many','{n}',7"),
        ] {
            connection.query(&sql).unwrap();
        }
    }
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    cluster.kill(leader);
    let mut connection = cluster.connect_leader();
    assert_eq!(recovered(&mut connection).len() as u64, BRANCHES);
    connection.query("SET SESSION innodb_lock_wait_timeout = 1").unwrap();
    assert_eq!(code(&mut connection, "INSERT INTO d.t VALUES (399, 1, 1000)"), Some(1205));
    for n in 100..100 + BRANCHES {
        let verb = if n % 2 == 0 { "COMMIT" } else { "ROLLBACK" };
        connection.query(&format!("XA {verb} 'many','{n}',7")).unwrap();
    }
    let found = connection.query("SELECT COUNT(*), SUM(id % 2) FROM d.t WHERE id >= 100").unwrap();
    assert_eq!((found.text(0, 0), found.text(0, 1)), (Some("150".into()), Some("0".into())));
    assert_eq!(recovered(&mut connection), Vec::<String>::new());
    cluster.start_node(leader);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

/// Says a statement on the leader until it has an answer that is not about who leads; true when it went through.
fn insist(cluster: &mut Cluster, sql: &str) -> Result<(), u16> {
    loop {
        match cluster.leader().and_then(|leader| leader.query(sql)) {
            Ok(_) => return Ok(()),
            Err(error) if is_retryable(&error) || error.code() == Some(1105) => {
                cluster.forget_leader();
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => match error.code() {
                // Another connection of this manager is at it still.
                Some(1399) => std::thread::sleep(Duration::from_millis(20)),
                Some(code) => return Err(code),
                None => panic!("{error}"),
            },
        }
    }
}

/// One transfer between two banks by a transaction manager: a branch for each, prepared, then both committed or both rolled back. The
/// manager never decides before both are prepared, and then insists.
fn transfer(cluster: &mut Cluster, name: &str) -> bool {
    let amount = rand::random_range(1..=20);
    let branch = |cluster: &mut Cluster, bank: &str, sign: char| -> client::blocking::Result<()> {
        let account = rand::random_range(1..=ACCOUNTS);
        let connection = cluster.leader()?;
        for sql in [
            format!("XA START '{name}','{bank}'"),
            format!("UPDATE bank.{bank} SET balance = balance {sign} {amount} WHERE id = {account}"),
            format!("XA END '{name}','{bank}'"),
            format!("XA PREPARE '{name}','{bank}'"),
        ] {
            if let Err(error) = connection.query(&sql) {
                if !connection.is_broken() {
                    // Whatever state it is in.
                    let _ = connection.query(&format!("XA END '{name}','{bank}'"));
                    let _ = connection.query(&format!("XA ROLLBACK '{name}','{bank}'"));
                }
                return Err(error);
            }
        }
        Ok(())
    };
    let prepared = branch(cluster, "north", '-').and_then(|()| branch(cluster, "south", '+'));
    let verb = if prepared.is_ok() { "COMMIT" } else { "ROLLBACK" };
    if prepared.is_err() {
        cluster.forget_leader();
    }
    for bank in ["north", "south"] {
        match insist(cluster, &format!("XA {verb} '{name}','{bank}'")) {
            // It went through before, or it never was prepared and is to be rolled back.
            Ok(()) | Err(1397) => {}
            Err(code) => panic!("XA {verb} of {name} {bank}: {code}"),
        }
    }
    prepared.is_ok()
}

#[test]
fn money_between_two_banks_is_exact_through_kills() {
    const MANAGERS: u64 = 4;
    let mut cluster = TestCluster::start(3);
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE bank").unwrap();
    for bank in ["north", "south"] {
        connection
            .query(&format!(
                "CREATE TABLE bank.{bank} (id INT PRIMARY KEY, balance INT NOT NULL, KEY (balance))"
            ))
            .unwrap();
        for id in 1..=ACCOUNTS {
            connection.query(&format!("INSERT INTO bank.{bank} VALUES ({id}, {BALANCE})")).unwrap();
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let managers: Vec<_> = (0..MANAGERS)
        .map(|manager| {
            let (stop, done, addresses) = (Arc::clone(&stop), Arc::clone(&done), cluster.addresses());
            std::thread::spawn(move || {
                let options = Options { timeout: Duration::from_secs(5), ..Options::unencrypted() };
                let mut cluster = Cluster::with_options(addresses, options);
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    if transfer(&mut cluster, &format!("m{manager}-{number}")) {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let progress = |cluster: &TestCluster, count: u64| {
        let from = done.load(Ordering::Relaxed);
        cluster.wait_until("transfers go through", Duration::from_secs(60), || {
            done.load(Ordering::Relaxed) >= from + count
        });
    };
    for _ in 0..5 {
        progress(&cluster, 20);
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        cluster.kill(leader);
        cluster.wait_for_leader(FAILOVER_MAX);
        progress(&cluster, 10);
        cluster.start_node(leader);
    }
    stop.store(true, Ordering::Relaxed);
    for manager in managers {
        manager.join().unwrap();
    }
    let mut connection = cluster.connect_leader();
    // An answer to XA PREPARE may have been lost after the manager had rolled back what was not there yet: nobody will end that branch.
    let left = connection.query("XA RECOVER").unwrap();
    for row in 0..left.rows.len() {
        let number = |column| left.text(row, column).unwrap().parse::<usize>().unwrap();
        let (gtrid, data) = (number(1), left.text(row, 3).unwrap());
        let (name, bank) = data.split_at(gtrid);
        connection.query(&format!("XA ROLLBACK '{name}','{bank}'")).unwrap();
    }
    println!("{} transfers, {} branches left over", done.load(Ordering::Relaxed), left.rows.len());
    let sum = "SELECT (SELECT SUM(balance) FROM bank.north) + (SELECT SUM(balance) FROM bank.south)";
    let total = connection.query(sum).unwrap().scalar();
    assert_eq!(total, Some((2 * ACCOUNTS * BALANCE).to_string()), "money appeared or was lost");
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}
