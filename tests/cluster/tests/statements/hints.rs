//! AliSQL's inventory hints on a server process: what they commit, roll back and refuse, and that a hot row with them runs in groups.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use client::blocking::Connection;
use cluster_tests::question::scalar;
use cluster_tests::{TestCluster, connect};

const ALL: &str = "/*+ COMMIT_ON_SUCCESS ROLLBACK_ON_FAIL TARGET_AFFECT_ROW(1) */";

/// Another session sees only what is committed.
fn stock(connection: &mut Connection) -> String {
    scalar(connection, "SELECT GROUP_CONCAT(CONCAT(id, '=', n) ORDER BY id) FROM d.stock")
}

fn in_transaction(connection: &mut Connection) -> bool {
    connection.query("DO 0").unwrap();
    connection.is_in_transaction()
}

fn mismatch(connection: &mut Connection, sql: &str) {
    let error = connection.query(sql).unwrap_err();
    let error = error.server().unwrap();
    assert_eq!(
        (error.code, error.message.as_str()),
        (7532, "Inventory conditional hints didn't match with result")
    );
}

#[test]
fn hints_end_the_transaction_with_the_statement() {
    let cluster = TestCluster::start(1);
    let mut other = cluster.connect_leader();
    let mut session = cluster.connect_leader();
    other.query("CREATE DATABASE d").unwrap();
    other.query("CREATE TABLE d.stock (id INT PRIMARY KEY, n INT)").unwrap();
    other.query("INSERT INTO d.stock VALUES (1, 10), (2, 10)").unwrap();

    // COMMIT_ON_SUCCESS takes all of the transaction with it.
    session.query("BEGIN").unwrap();
    session.query("INSERT INTO d.stock VALUES (3, 10)").unwrap();
    assert_eq!(
        session.query(&format!("UPDATE {ALL} d.stock SET n = n - 1 WHERE id = 1")).unwrap().affected,
        1
    );
    assert!(!in_transaction(&mut session));
    assert_eq!(stock(&mut other), "1=9,2=10,3=10");

    // ROLLBACK_ON_FAIL too, for whatever reason the statement fails.
    for failing in [
        "UPDATE /*+ ROLLBACK_ON_FAIL */ d.stock SET id = 2 WHERE id = 3",
        "INSERT /*+ ROLLBACK_ON_FAIL */ INTO d.stock VALUES (1, 1)",
    ] {
        session.query("BEGIN").unwrap();
        session.query("UPDATE d.stock SET n = 0").unwrap();
        assert_eq!(session.query(failing).unwrap_err().code(), Some(1062));
        assert!(!in_transaction(&mut session));
    }
    session.query("BEGIN").unwrap();
    session.query("UPDATE d.stock SET n = 0").unwrap();
    mismatch(&mut session, &format!("DELETE {ALL} FROM d.stock WHERE id = 99"));
    assert!(!in_transaction(&mut session));
    assert_eq!(stock(&mut other), "1=9,2=10,3=10");

    // TARGET_AFFECT_ROW alone undoes the statement, not the transaction.
    session.query("BEGIN").unwrap();
    session.query("UPDATE d.stock SET n = 5 WHERE id = 1").unwrap();
    mismatch(&mut session, "UPDATE /*+ TARGET_AFFECT_ROW(1) */ d.stock SET n = 0");
    assert!(in_transaction(&mut session));
    session.query("UPDATE /*+ TARGET_AFFECT_ROW(3) */ d.stock SET n = n + 1").unwrap();
    // A commit that its statement does not reach.
    mismatch(&mut session, "UPDATE /*+ COMMIT_ON_SUCCESS TARGET_AFFECT_ROW(1) */ d.stock SET n = 0");
    assert!(in_transaction(&mut session));
    session.query("COMMIT").unwrap();
    assert_eq!(stock(&mut other), "1=6,2=11,3=11");

    // Under autocommit a statement ends its transaction anyway.
    mismatch(&mut session, "UPDATE /*+ TARGET_AFFECT_ROW(2) */ d.stock SET n = 0 WHERE id = 1");
    assert_eq!(stock(&mut other), "1=6,2=11,3=11");
    session.query(&format!("INSERT {ALL} INTO d.stock VALUES (4, 1)")).unwrap();
    session.query("DELETE /*+ TARGET_AFFECT_ROW(1) */ FROM d.stock WHERE id = 2").unwrap();
    assert!(!in_transaction(&mut session));
    assert_eq!(stock(&mut other), "1=6,3=11,4=1");

    // autocommit = 0: the next statement opens another transaction.
    session.query("SET autocommit = 0").unwrap();
    session.query(&format!("UPDATE {ALL} d.stock SET n = 0 WHERE id = 4")).unwrap();
    assert_eq!(stock(&mut other), "1=6,3=11,4=0");
    session.query("UPDATE d.stock SET n = 7 WHERE id = 4").unwrap();
    session.query("ROLLBACK").unwrap();
    assert_eq!(stock(&mut other), "1=6,3=11,4=0");

    // Prepared, the hints are of the text.
    let statement = session.prepare(&format!("UPDATE {ALL} d.stock SET n = n + ? WHERE id = 4")).unwrap();
    session.execute(&statement, &[wire_int(3)]).unwrap();
    assert_eq!(stock(&mut other), "1=6,3=11,4=3");
    session.query("EXPLAIN UPDATE /*+ TARGET_AFFECT_ROW(9) */ d.stock SET n = 0 WHERE id = 4").unwrap();
    assert_eq!(stock(&mut other), "1=6,3=11,4=3");
}

fn wire_int(value: i64) -> client::blocking::Param<'static> {
    client::blocking::Param::Int(value)
}

/// Many sessions sell from one row until there is nothing left: never more than there was, and in groups.
#[test]
fn a_hot_row_is_sold_out_exactly() {
    const SESSIONS: u64 = 24;
    const STOCK: u64 = 1_500;
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(std::time::Duration::from_secs(20));
    let mut connection = cluster.connect(leader);
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.stock (id INT PRIMARY KEY, n INT)").unwrap();
    connection.query("CREATE TABLE d.sold (session INT, number INT, PRIMARY KEY (session, number))").unwrap();
    connection.query(&format!("INSERT INTO d.stock VALUES (1, {STOCK})")).unwrap();
    let address = &cluster.node(leader).client_address;
    let sold: Vec<u64> = std::thread::scope(|scope| {
        let sell = |id: u64| {
            let mut session = connect(address, std::time::Duration::from_secs(20)).unwrap();
            let mut count = 0;
            loop {
                session.query("BEGIN").unwrap();
                session.query(&format!("INSERT INTO d.sold VALUES ({id}, {count})")).unwrap();
                match session.query(&format!("UPDATE {ALL} d.stock SET n = n - 1 WHERE id = 1 AND n > 0")) {
                    Ok(_) => count += 1,
                    Err(error) => {
                        assert_eq!(error.code(), Some(7532), "{error}");
                        return count;
                    }
                }
            }
        };
        let sessions: Vec<_> = (0..SESSIONS).map(|id| scope.spawn(move || sell(id))).collect();
        sessions.into_iter().map(|session| session.join().unwrap()).collect()
    });
    assert_eq!(sold.iter().sum::<u64>(), STOCK);
    assert_eq!(scalar(&mut connection, "SELECT n FROM d.stock"), "0");
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.sold"), STOCK.to_string());
    let status = |name: &str| cluster.status(leader, name).unwrap().parse::<u64>().unwrap();
    let (leaders, followers) = (status("Group_update_leader_count"), status("Group_update_follower_count"));
    println!("{followers} of {STOCK} built on a version without a quorum, in {leaders} batches");
    assert!(followers > leaders && leaders > 0, "{leaders} {followers}");
    // And the stages of the commit path add up.
    let entries = status("Quorate_commit_entries");
    assert!(entries >= STOCK, "{entries}");
    for stage in ["sequenced", "sync", "quorum", "apply"] {
        let count = status(&format!("Quorate_commit_{stage}_count"));
        assert!(count > 0 && count <= entries + 10, "{stage}: {count} of {entries}");
        assert!(status(&format!("Quorate_commit_{stage}_us_max")) > 0, "{stage}");
        assert_eq!(status(&format!("Quorate_commit_{stage}_depth")), 0, "{stage}");
    }
    cluster.assert_equal_nodes(std::time::Duration::from_secs(30));
}
