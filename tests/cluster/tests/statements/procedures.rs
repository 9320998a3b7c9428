//! Stored procedures on real processes: what is said on one node is called on every other, waits for locks do nothing twice, and loops can be killed.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::thread;
use std::time::{Duration, Instant};

use client::blocking::{Connection, Options};
use cluster_tests::question::{code, scalar, wait_for};
use cluster_tests::{LEADER_TIMEOUT, TestCluster};

/// How long something that must end may take.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

fn prepare(connection: &mut Connection) {
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY, v INT)",
        "INSERT INTO d.t VALUES (1, 0), (2, 0)",
        "CREATE PROCEDURE d.adds(IN n INT, OUT total INT) BEGIN UPDATE d.t SET v = v + n WHERE id = 1; \
         UPDATE d.t SET v = v + n WHERE id = 2; SELECT SUM(v) INTO total FROM d.t; END",
        "CREATE PROCEDURE d.reads() SELECT SUM(v) FROM d.t",
        "CREATE PROCEDURE d.forever() BEGIN DECLARE i INT DEFAULT 0; \
         DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET i = 0; WHILE TRUE DO SET i = 1 - i; END WHILE; END",
    ] {
        connection.query(sql).unwrap();
    }
}

#[test]
fn procedures_are_on_every_node_and_write_on_the_leader() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(leader);
    prepare(&mut connection);
    connection.query("CALL d.adds(5, @a)").unwrap();
    assert_eq!(scalar(&mut connection, "SELECT @a"), "10");
    for id in cluster.others(&[leader]) {
        let mut follower = cluster.connect(id);
        let results = follower.query_all("CALL d.reads()").unwrap();
        assert_eq!(results[0].text(0, 0).as_deref(), Some("10"), "a follower calls what reads");
        assert_eq!(code(&mut follower, "CALL d.adds(1, @a)"), Some(1290), "a follower does not write");
        assert_eq!(code(&mut follower, "DROP PROCEDURE d.adds"), Some(1290));
    }
    cluster.kill(leader);
    let next = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(next);
    connection.query("CALL d.adds(1, @a)").unwrap();
    assert_eq!(scalar(&mut connection, "SELECT @a"), "12");
    connection.query("DROP PROCEDURE d.adds").unwrap();
    cluster.start_node(leader);
    let address = cluster.addresses()[usize::try_from(leader).unwrap() - 1].clone();
    let until = Instant::now() + ENDS_WITHIN;
    let mut back = loop {
        match cluster_tests::connect(&address, ENDS_WITHIN) {
            Ok(connection) => break connection,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        thread::sleep(Duration::from_millis(20));
    };
    wait_for(
        &mut back,
        "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'd' AND ROUTINE_NAME = 'adds'",
        "0",
    );
    assert_eq!(code(&mut back, "CALL d.adds(1, @a)"), Some(1305));
}

#[test]
fn a_statement_that_waits_for_a_lock_does_nothing_twice() {
    let cluster = TestCluster::start(1);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut holder = cluster.connect(leader);
    prepare(&mut holder);
    for second in ["COMMIT", "ROLLBACK"] {
        holder.query("UPDATE d.t SET v = 0").unwrap();
        holder.query("BEGIN").unwrap();
        holder.query("UPDATE d.t SET v = v + 100 WHERE id = 2").unwrap();
        let mut caller = cluster.connect(leader);
        let called = thread::spawn(move || {
            caller.query("SET @a = 0").unwrap();
            caller.query("CALL d.adds(1, @a)").unwrap();
            scalar(&mut caller, "SELECT @a")
        });
        wait_for(
            &mut holder,
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'waiting for lock'",
            "1",
        );
        holder.query(second).unwrap();
        let total = called.join().unwrap();
        assert_eq!(total, if second == "COMMIT" { "102" } else { "2" });
    }
}

#[test]
fn a_loop_without_statements_can_be_killed() {
    let cluster = TestCluster::start(1);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut killer = cluster.connect(leader);
    prepare(&mut killer);
    let mut caller = cluster.connect(leader);
    let id = scalar(&mut caller, "SELECT CONNECTION_ID()");
    let called = thread::spawn(move || {
        let first = code(&mut caller, "CALL d.forever()");
        (first, scalar(&mut caller, "SELECT 1"))
    });
    wait_for(
        &mut killer,
        &format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id} AND INFO LIKE 'CALL%'"),
        "1",
    );
    // Others are served meanwhile.
    assert_eq!(scalar(&mut killer, "SELECT SUM(v) FROM d.t"), "0");
    killer.query(&format!("KILL QUERY {id}")).unwrap();
    let (first, after) = called.join().unwrap();
    assert_eq!(first, Some(1317), "no handler takes it");
    assert_eq!(after, "1", "the session goes on");
}

/// Whoever may alter routines does not get the rights of a definer who is SYSTEM_USER by that.
#[test]
fn what_a_system_user_defines_is_changed_by_system_users_alone() {
    let cluster = TestCluster::start(1);
    let mut root = cluster.connect(1);
    for sql in [
        "CREATE DATABASE d",
        "CREATE USER clerk",
        "GRANT CREATE ROUTINE, ALTER ROUTINE, EXECUTE ON d.* TO clerk",
        "CREATE PROCEDURE d.whoami() SQL SECURITY INVOKER SELECT CURRENT_USER()",
    ] {
        root.query(sql).unwrap();
    }
    let options = Options { user: "clerk".into(), ..Options::unencrypted() };
    let mut clerk = Connection::connect_with(&cluster.node(1).sql_address, &options).unwrap();
    let called = clerk.query_all("CALL d.whoami()").unwrap();
    assert_eq!(called[0].text(0, 0).as_deref(), Some("clerk@%"));
    assert_eq!(code(&mut clerk, "ALTER PROCEDURE d.whoami SQL SECURITY DEFINER"), Some(1227));
    assert_eq!(code(&mut clerk, "DROP PROCEDURE d.whoami"), Some(1227));
    root.query("GRANT SET_ANY_DEFINER ON *.* TO clerk").unwrap();
    let forged = "CREATE DEFINER = root@localhost PROCEDURE d.forged() SELECT CURRENT_USER()";
    assert_eq!(code(&mut clerk, forged), Some(1227));
    assert_eq!(code(&mut clerk, "CREATE PROCEDURE d.own() SELECT 1"), None);
    assert_eq!(code(&mut clerk, "ALTER PROCEDURE d.own COMMENT 'mine'"), None);
    assert_eq!(code(&mut clerk, "DROP PROCEDURE d.own"), None);
    // It would be the definer's.
    assert_eq!(code(&mut root, "CREATE PROCEDURE d.locks() SET PASSWORD = 'x'"), Some(1235));
}
