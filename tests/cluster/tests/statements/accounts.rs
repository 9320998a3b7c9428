//! Accounts, roles and grants are the cluster's: made on the leader they are on every node, whatever dies.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::Duration;

use client::blocking::Connection;
use cluster_tests::{Layout, TestCluster, connect};

/// How long anything may take here.
const PATIENCE: Duration = Duration::from_secs(60);
/// A log that is let go of soon.
const SMALL_LOG: [&str; 6] = ["--log-keep-mib", "1", "--log-max-mib", "2", "--log-segment-mib", "1"];

/// What a node says of all accounts, a cell a line.
fn facts(connection: &mut Connection) -> client::blocking::Result<String> {
    let mut facts = String::new();
    for sql in [
        "SELECT * FROM mysql.user",
        "SELECT * FROM mysql.db",
        "SELECT * FROM mysql.tables_priv",
        "SELECT * FROM mysql.columns_priv",
        "SELECT * FROM mysql.global_grants",
        "SELECT * FROM mysql.role_edges",
        "SELECT * FROM mysql.default_roles",
        "SHOW GRANTS FOR app",
        "SHOW CREATE USER app",
    ] {
        let result = connection.query(sql)?;
        for row in 0..result.rows.len() {
            for column in 0..result.columns.len() {
                facts.push_str(&result.text(row, column).unwrap_or_default());
                facts.push('\n');
            }
        }
    }
    Ok(facts)
}

fn are_everywhere(cluster: &TestCluster, expected: &str) {
    cluster.wait_until("every node has the same accounts", PATIENCE, || {
        let has = |id: &u64| {
            // A node that has just been started does not listen yet.
            let connection = connect(&cluster.node(*id).client_address, PATIENCE);
            connection.and_then(|mut connection| facts(&mut connection)).is_ok_and(|found| found == expected)
        };
        cluster.others(&[]).iter().all(has)
    });
}

/// Runs statements on the leader and gives what it says of the accounts then.
fn change(cluster: &TestCluster, statements: &[&str]) -> String {
    cluster.wait_for_leader(PATIENCE);
    let mut connection = cluster.connect_leader();
    for sql in statements {
        connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let facts = facts(&mut connection).unwrap();
    assert!(facts.contains("app"), "{facts}");
    facts
}

#[test]
fn accounts_survive_failovers_snapshots_and_the_loss_of_all_processes() {
    let mut cluster = Layout::of(3).flags(&SMALL_LOG).start();
    let made = change(
        &cluster,
        &[
            "CREATE DATABASE d",
            "CREATE TABLE d.t (id INT PRIMARY KEY, v MEDIUMTEXT)",
            "CREATE ROLE reader, writer",
            "GRANT SELECT ON d.* TO reader",
            "GRANT SELECT (id), INSERT ON d.t TO writer",
            "GRANT reader TO writer",
            "CREATE USER app IDENTIFIED BY 'secret' DEFAULT ROLE writer REQUIRE SSL WITH MAX_USER_CONNECTIONS 9 COMMENT 'c'",
            "GRANT CONNECTION_ADMIN ON *.* TO app WITH GRANT OPTION",
            "CREATE USER native@'10.%' IDENTIFIED WITH mysql_native_password BY 'secret'",
        ],
    );
    assert!(made.contains("*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"), "{made}");
    are_everywhere(&cluster, &made);
    cluster.assert_equal_nodes(PATIENCE);

    // A failover: the next leader has them, and changes them.
    let leader = cluster.wait_for_leader(PATIENCE);
    cluster.kill(leader);
    let changed = change(&cluster, &["REVOKE reader FROM writer", "ALTER USER app ACCOUNT LOCK"]);
    assert_ne!(changed, made);
    are_everywhere(&cluster, &changed);

    // The one that was killed is behind everybody's log when it comes back: a snapshot brings them.
    let mut connection = cluster.connect_leader();
    for id in 0..200 {
        connection.query(&format!("INSERT INTO d.t VALUES ({id}, REPEAT('x', 60000))")).unwrap();
    }
    let first_index = |id| {
        let logs = cluster.connect(id).query("CALL dbms_consensus.show_logs()").ok()?;
        logs.text(0, 2)?.parse::<u64>().ok()
    };
    let behind = cluster.commit_index(cluster.others(&[])[0]).unwrap() - 190;
    cluster.wait_until("the log is purged", PATIENCE, || {
        cluster.others(&[]).iter().all(|id| first_index(*id).is_some_and(|first| first > behind))
    });
    let changed = change(&cluster, &["GRANT reader TO app WITH ADMIN OPTION", "DROP ROLE writer"]);
    cluster.start_node(leader);
    are_everywhere(&cluster, &changed);
    assert!(cluster.events(leader).contains("continuing from a snapshot"), "{}", cluster.logs());
    cluster.assert_equal_nodes(PATIENCE);

    // All at once.
    cluster.kill_all();
    for id in 1..=3 {
        cluster.start_node(id);
    }
    cluster.wait_for_leader(PATIENCE);
    are_everywhere(&cluster, &changed);
    let changed = change(&cluster, &["ALTER USER app IDENTIFIED BY RANDOM PASSWORD ACCOUNT UNLOCK"]);
    are_everywhere(&cluster, &changed);
    cluster.assert_equal_nodes(PATIENCE);
}

#[test]
fn a_random_password_is_told_once_and_stored_as_a_hash() {
    let cluster = TestCluster::start(1);
    cluster.wait_for_leader(PATIENCE);
    let mut connection = cluster.connect_leader();
    let told = connection
        .query("CREATE USER a IDENTIFIED BY RANDOM PASSWORD, b, c IDENTIFIED BY RANDOM PASSWORD")
        .unwrap();
    assert_eq!(told.rows.len(), 2);
    assert_eq!(told.text(0, 0).as_deref(), Some("a"));
    let password = told.text(1, 2).unwrap();
    assert_eq!(password.len(), 20);
    let stored = connection.query("SELECT authentication_string FROM mysql.user WHERE User = 'c'").unwrap();
    let stored = stored.scalar().unwrap();
    assert!(stored.starts_with("$A$005$") && !stored.contains(&password), "{stored}");
    // Nobody writes to the views.
    for sql in ["DELETE FROM mysql.user", "UPDATE mysql.user SET Super_priv = 'Y'", "DROP TABLE mysql.user"] {
        assert!(connection.query(sql).is_err(), "{sql}");
    }
}
