//! Privileges where more than one connection or node is at work. What each statement needs is in `tests/sql/cases/privileges.sql`.

use std::time::{Duration, Instant};

use client::blocking::{Connection, Options};
use cluster_tests::TestCluster;

const LEADER_MAX: Duration = Duration::from_secs(10);
/// How long an account may take to be known on every node.
const APPLIED_MAX: Duration = Duration::from_secs(10);

/// A connection of an account without a password, once the node knows the account.
fn connect_as(cluster: &TestCluster, node: u64, user: &str) -> Connection {
    let options = Options { user: user.to_owned(), ..Options::default() };
    let began = Instant::now();
    loop {
        match Connection::connect_with(&cluster.addresses()[node as usize - 1], &options) {
            Ok(connection) => return connection,
            Err(error) if began.elapsed() > APPLIED_MAX => panic!("n{node}: {user}: {error}"),
            Err(_) => std::thread::yield_now(),
        }
    }
}

/// The error that a statement ends with; 0 for none.
fn code(connection: &mut Connection, sql: &str) -> u16 {
    match connection.query(sql) {
        Ok(_) => 0,
        Err(error) => error.code().unwrap_or_else(|| panic!("{sql}: {error}")),
    }
}

fn run(connection: &mut Connection, statements: &[&str]) {
    for sql in statements {
        connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[test]
fn connections_of_other_users_are_neither_seen_nor_killed() {
    let cluster = TestCluster::start(1);
    cluster.wait_for_leader(LEADER_MAX);
    run(
        &mut cluster.connect(1),
        &[
            "CREATE USER one, two, warden, watcher",
            "GRANT CONNECTION_ADMIN ON *.* TO warden",
            "GRANT PROCESS ON *.* TO watcher",
        ],
    );
    let mut one = connect_as(&cluster, 1, "one");
    let mut again = connect_as(&cluster, 1, "one");
    let mut two = connect_as(&cluster, 1, "two");
    let (one_id, two_id) = (one.connection_id(), two.connection_id());
    for sql in [format!("KILL {one_id}"), format!("KILL QUERY {one_id}")] {
        assert_eq!(code(&mut two, &sql), 1095, "{sql}");
    }
    // COM_PROCESS_KILL.
    assert_eq!(two.raw_command(0x0c, &one_id.to_le_bytes()).unwrap_err().code(), Some(1095));
    assert_eq!(code(&mut one, "DO 1"), 0, "it goes on");
    let users = |connection: &mut Connection, sql: &str| -> Vec<String> {
        let result = connection.query(sql).unwrap();
        let column =
            result.columns.iter().position(|column| column.name.eq_ignore_ascii_case("user")).unwrap();
        let mut users: Vec<String> = (0..result.rows.len())
            .map(|row| result.text(row, column).unwrap_or_default().to_owned())
            .collect();
        users.sort();
        users.dedup();
        users
    };
    for sql in [
        "SHOW PROCESSLIST",
        "SELECT * FROM information_schema.PROCESSLIST",
        "SELECT * FROM performance_schema.processlist",
    ] {
        assert_eq!(users(&mut two, sql), ["two"], "{sql}");
        let all = users(&mut connect_as(&cluster, 1, "watcher"), sql);
        assert!(all.contains(&"one".to_owned()) && all.contains(&"two".to_owned()), "{sql}: {all:?}");
    }
    assert_eq!(code(&mut again, &format!("KILL {one_id}")), 0, "its own");
    assert_eq!(code(&mut connect_as(&cluster, 1, "warden"), &format!("KILL {two_id}")), 0);
    for gone in [&mut one, &mut two] {
        // What was sent while the connection was being ended may still be answered.
        let began = Instant::now();
        while gone.query("DO 1").is_ok() {
            assert!(began.elapsed() < APPLIED_MAX, "a connection that was killed goes on");
        }
    }
}

#[test]
fn commands_are_looked_at_like_statements() {
    let cluster = TestCluster::start(1);
    cluster.wait_for_leader(LEADER_MAX);
    run(
        &mut cluster.connect(1),
        &[
            "CREATE DATABASE shop",
            "CREATE TABLE shop.price (id INT PRIMARY KEY, amount INT)",
            "CREATE TABLE shop.cost (id INT PRIMARY KEY, amount INT)",
            "CREATE USER clerk",
            "GRANT SELECT ON shop.price TO clerk",
        ],
    );
    let mut clerk = connect_as(&cluster, 1, "clerk");
    assert_eq!(clerk.use_database("mysql").unwrap_err().code(), Some(1044));
    let options = Options { user: "clerk".into(), database: Some("mysql".into()), ..Options::default() };
    let refused = Connection::connect_with(&cluster.addresses()[0], &options).map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), Some(1044), "{refused}");
    clerk.use_database("shop").unwrap();
    assert_eq!(clerk.prepare("SELECT amount FROM cost").unwrap_err().code(), Some(1142));
    assert_eq!(clerk.prepare("UPDATE price SET amount = ?").unwrap_err().code(), Some(1142));
    // COM_FIELD_LIST.
    assert_eq!(clerk.raw_command(0x04, b"cost\0").unwrap_err().code(), Some(1142));
    // What another account has planned is not for this one.
    let mut root = cluster.connect(1);
    for _ in 0..3 {
        assert_eq!(code(&mut root, "SELECT amount FROM shop.cost WHERE id = 1"), 0);
        assert_eq!(code(&mut clerk, "SELECT amount FROM shop.cost WHERE id = 1"), 1142);
        assert_eq!(code(&mut clerk, "SELECT amount FROM shop.price WHERE id = 1"), 0);
    }
    // An account that is gone may nothing, in the session that goes on.
    run(&mut root, &["DROP USER clerk"]);
    assert_eq!(code(&mut clerk, "SELECT amount FROM shop.price WHERE id = 1"), 1142);
}

#[test]
fn what_is_granted_and_revoked_on_the_leader_acts_on_every_node() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(LEADER_MAX);
    let mut root = cluster.connect(leader);
    run(
        &mut root,
        &[
            "CREATE DATABASE shop",
            "CREATE TABLE shop.price (id INT PRIMARY KEY, amount INT)",
            "INSERT INTO shop.price VALUES (1, 5), (2, 7)",
            "CREATE USER reader",
        ],
    );
    let mut readers: Vec<Connection> = (1..=3).map(|node| connect_as(&cluster, node, "reader")).collect();
    // By primary key without a snapshot, and with one.
    let selects = ["SELECT amount FROM shop.price WHERE id = 1", "SELECT SUM(amount) FROM shop.price"];
    for round in 0..10 {
        for (node, reader) in (1..).zip(&mut readers) {
            for sql in selects {
                assert_eq!(code(reader, sql), 1142, "round {round}, n{node}: {sql}");
            }
        }
        run(&mut root, &["GRANT SELECT ON shop.price TO reader"]);
        let mut prepared = Vec::new();
        for (node, reader) in (1..).zip(&mut readers) {
            for sql in selects {
                assert_eq!(code(reader, sql), 0, "round {round}, n{node}: {sql}");
            }
            prepared.push(reader.prepare(selects[0]).unwrap());
        }
        run(&mut root, &["REVOKE SELECT ON shop.price FROM reader"]);
        for (reader, statement) in readers.iter_mut().zip(&prepared) {
            assert_eq!(reader.execute(statement, &[]).unwrap_err().code(), Some(1142), "round {round}");
            reader.close_statement(statement).unwrap();
        }
    }
}
