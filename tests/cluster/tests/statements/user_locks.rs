//! GET_LOCK() and its like between sessions, and through a change of leader.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::TestCluster;
use cluster_tests::question::code;

/// How long a failover may take until the new leader serves.
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// How long something may take that waits for nothing.
const SOON: Duration = Duration::from_secs(10);

fn ask(connection: &mut Connection, sql: &str) -> String {
    connection.query(sql).unwrap().scalar().unwrap_or_else(|| "NULL".into())
}

fn wait_for_waiters(cluster: &TestCluster, id: u64, count: &str) {
    cluster.wait_until("sessions wait for user locks", SOON, || {
        let query = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'";
        ask(&mut cluster.connect(id), query) == count
    });
}

#[test]
fn a_lock_goes_from_session_to_session_in_the_order_of_asking() {
    let cluster = TestCluster::start(1);
    let mut holder = cluster.connect(1);
    assert_eq!(ask(&mut holder, "SELECT GET_LOCK('a', 0) + GET_LOCK('a', 0)"), "2");
    let mut waiters = Vec::new();
    for number in 1..=3 {
        let mut connection = cluster.connect(1);
        waiters.push(std::thread::spawn(move || {
            // The first call is not done again when the statement runs anew.
            let got = ask(&mut connection, &format!("SELECT GET_LOCK('own{number}', 0) + GET_LOCK('a', -1)"));
            (got, ask(&mut connection, "SELECT RELEASE_ALL_LOCKS()"))
        }));
        wait_for_waiters(&cluster, 1, &number.to_string());
    }
    let started = Instant::now();
    assert_eq!(ask(&mut cluster.connect(1), "SELECT GET_LOCK('a', 1)"), "0", "in vain");
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(ask(&mut holder, "SELECT RELEASE_LOCK('a')"), "1");
    wait_for_waiters(&cluster, 1, "3");
    assert_eq!(ask(&mut holder, "SELECT RELEASE_LOCK('a')"), "1", "taken twice, released twice");
    for waiter in waiters {
        assert_eq!(waiter.join().unwrap(), ("2".to_owned(), "2".to_owned()));
    }
    assert_eq!(ask(&mut holder, "SELECT IS_FREE_LOCK('a')"), "1");
}

#[test]
fn a_wait_ends_by_kill_by_deadlock_and_with_the_holders_session() {
    let cluster = TestCluster::start(1);
    let mut holder = cluster.connect(1);
    ask(&mut holder, "SELECT GET_LOCK('a', 0)");
    let mut killed = cluster.connect(1);
    let id = killed.connection_id();
    let thread = std::thread::spawn(move || (code(&mut killed, "SELECT GET_LOCK('a', -1)"), killed));
    wait_for_waiters(&cluster, 1, "1");
    cluster.connect(1).query(&format!("KILL QUERY {id}")).unwrap();
    let (answer, mut other) = thread.join().unwrap();
    assert_eq!(answer, Some(1317));

    ask(&mut other, "SELECT GET_LOCK('b', 0)");
    let thread = std::thread::spawn(move || (ask(&mut other, "SELECT GET_LOCK('a', -1)"), other));
    wait_for_waiters(&cluster, 1, "1");
    assert_eq!(code(&mut holder, "SELECT GET_LOCK('b', -1)"), Some(3058), "a deadlock");
    drop(holder);
    let (answer, mut other) = thread.join().unwrap();
    assert_eq!(answer, "1", "a session's locks end with it");
    other.reset().unwrap();
    assert_eq!(ask(&mut cluster.connect(1), "SELECT GET_LOCK('a', 0)"), "1", "and when it begins anew");
}

#[test]
fn user_locks_are_the_leaders_and_end_with_its_leadership() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let next = cluster.others(&[leader])[0];
    let mut holder = cluster.connect(leader);
    assert_eq!(ask(&mut holder, "SELECT GET_LOCK('a', 0)"), "1");
    let mut there = cluster.connect(next);
    for sql in ["SELECT GET_LOCK('a', 0)", "SELECT IS_FREE_LOCK('a')", "SELECT IS_USED_LOCK('a')"] {
        let error = there.query(sql).unwrap_err();
        assert_eq!(error.code(), Some(1290), "{sql}");
        let address = &cluster.node(leader).sql_address;
        assert!(error.to_string().contains(address), "{error} is to name the leader, {address}");
    }
    cluster.must_call(leader, &format!("change_leader({next})"));
    cluster.wait_for_leader_to_be(next, FAILOVER_MAX);
    assert_eq!(ask(&mut there, "SELECT IS_USED_LOCK('a')"), "NULL");
    assert_eq!(ask(&mut holder, "SELECT RELEASE_LOCK('a')"), "NULL");
    assert_eq!(ask(&mut there, "SELECT GET_LOCK('a', 0)"), "1");
    // Back again: what the first session held there is nothing, and it can have it anew.
    cluster.must_call(next, &format!("change_leader({leader})"));
    cluster.wait_for_leader_to_be(leader, FAILOVER_MAX);
    assert_eq!(ask(&mut cluster.connect(leader), "SELECT GET_LOCK('a', 0)"), "1");
    cluster.wait_until("that session's end is seen", SOON, || {
        ask(&mut holder, "SELECT GET_LOCK('a', 0)") == "1"
    });
    assert_eq!(ask(&mut holder, "SELECT RELEASE_ALL_LOCKS()"), "1");
    cluster.kill(leader);
    let mut last = cluster.connect_leader();
    assert_eq!(ask(&mut last, "SELECT IS_FREE_LOCK('a')"), "1");
}

/// A session that asks for what another holds, until it has waited and got it; what it answered.
fn ask_while_held(cluster: &TestCluster, asker: Connection, sql: &str, held: &str) -> (Connection, String) {
    let mut holder = cluster.connect(1);
    assert_eq!(ask(&mut holder, &format!("SELECT GET_LOCK('{held}', 0)")), "1");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            let mut asker = asker;
            let answer = asker.query(sql).unwrap().scalar().unwrap_or_default();
            (asker, answer)
        });
        wait_for_waiters(cluster, 1, "1");
        holder.query("UPDATE d.t SET v = v + 1").unwrap();
        assert_eq!(ask(&mut holder, &format!("SELECT RELEASE_LOCK('{held}')")), "1");
        waiting.join().unwrap()
    })
}

#[test]
fn a_statement_that_waits_takes_each_lock_once_and_keeps_none_it_did_not_ask_for() {
    let cluster = TestCluster::start(1);
    let mut other = cluster.connect(1);
    other.query("CREATE DATABASE d").unwrap();
    other.query("CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").unwrap();
    other.query("INSERT INTO d.t VALUES (1, 0)").unwrap();

    // In SET, which evaluates its expressions apart.
    let set = "SET @n = 0, @r = (@n := @n + 1) + GET_LOCK('first', 0) + GET_LOCK('held', 10)";
    let (mut asker, _) = ask_while_held(&cluster, cluster.connect(1), set, "held");
    assert_eq!(ask(&mut asker, "SELECT CONCAT_WS(' ', @n, @r)"), "1 3");
    assert_eq!(ask(&mut asker, "SELECT RELEASE_LOCK('first')"), "1");
    assert_eq!(ask(&mut other, "SELECT IS_FREE_LOCK('first')"), "1", "taken once, released once");
    assert_eq!(ask(&mut asker, "SELECT RELEASE_ALL_LOCKS()"), "1");

    // It takes another way when it runs again: the lock that it waited for is its own by then.
    let sql = "SELECT IF(IS_USED_LOCK('held') <> CONNECTION_ID(), GET_LOCK('held', 10), 1)";
    let (mut asker, _) = ask_while_held(&cluster, asker, sql, "held");
    asker.query("SELECT RELEASE_LOCK('held')").unwrap();
    assert_eq!(ask(&mut other, "SELECT IS_FREE_LOCK('held')"), "1");
}

/// What is read once the lock is had is what its last holder left.
#[test]
fn a_wait_for_a_lock_fixes_no_snapshot() {
    let cluster = TestCluster::start(1);
    let mut other = cluster.connect(1);
    other.query("CREATE DATABASE d").unwrap();
    other.query("CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").unwrap();
    other.query("INSERT INTO d.t VALUES (1, 0)").unwrap();
    for (round, sql) in ["DO GET_LOCK('held', 10)", "SELECT GET_LOCK('held', 10)"].iter().enumerate() {
        let mut asker = cluster.connect(1);
        asker.query("BEGIN").unwrap();
        let (mut asker, _) = ask_while_held(&cluster, asker, sql, "held");
        assert_eq!(ask(&mut asker, "SELECT v FROM d.t"), (round + 1).to_string(), "{sql}");
        asker.query("UPDATE d.t SET v = v WHERE id = 1").unwrap();
        asker.query("COMMIT").unwrap();
        asker.query("DO RELEASE_ALL_LOCKS()").unwrap();
    }
}
