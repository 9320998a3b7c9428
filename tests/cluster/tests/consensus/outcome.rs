//! What became of a transaction whose client did not hear: `quorate_transaction_outcome()`, on every node, before and after it is decided.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::time::Duration;

use client::blocking::Connection;
use cluster_tests::network;
use cluster_tests::{Layout, TestCluster, connect};

/// How long a failover, or a leader's finding out that it leads no more, may take.
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// How long the answer to a commit that is in doubt may take.
const IN_DOUBT_MAX: Duration = Duration::from_secs(40);

/// What a node says of a transaction, without asking anybody else.
fn outcome(cluster: &TestCluster, id: u64, gtid: &str) -> Option<String> {
    let mut connection = connect(&cluster.node(id).client_address, FAILOVER_MAX).ok()?;
    connection.query("SET quorate_read_consistency = EVENTUAL").ok()?;
    ask(&mut connection, gtid)
}

fn ask(connection: &mut Connection, gtid: &str) -> Option<String> {
    connection.query(&format!("SELECT quorate_transaction_outcome('{gtid}')")).ok()?.scalar()
}

fn warning(connection: &mut Connection) -> String {
    connection.query("SHOW WARNINGS").unwrap().text(0, 2).unwrap()
}

/// A connection to a node with time enough for a commit in doubt.
fn patient(cluster: &TestCluster, id: u64) -> Connection {
    let mut connection = connect(&cluster.node(id).client_address, FAILOVER_MAX).unwrap();
    connection.set_timeout(IN_DOUBT_MAX);
    connection
}

/// The name in the error of a commit in doubt.
fn gtid_in(message: &str) -> String {
    let after = message.split("quorate_transaction_outcome('").nth(1).expect(message);
    after.split('\'').next().unwrap().to_owned()
}

fn new_leader(cluster: &TestCluster, old: u64) -> u64 {
    let mut found = 0;
    cluster.wait_until("another leads", FAILOVER_MAX, || {
        let others = cluster.others(&[old]);
        let leader = others
            .into_iter()
            .find(|id| cluster.value(*id, "SELECT @@quorate_serving").as_deref() == Some("1"));
        found = leader.unwrap_or(0);
        leader.is_some()
    });
    found
}

fn assert_everywhere(cluster: &TestCluster, gtid: &str, expected: &str) {
    for node in &cluster.nodes {
        let mut last = None;
        cluster.wait_until(&format!("{expected} on node {}", node.id), FAILOVER_MAX, || {
            last = outcome(cluster, node.id, gtid);
            // Anything but what is expected must be that it does not know yet.
            assert!(last.as_deref().is_none_or(|said| said == "UNKNOWN" || said == expected), "{last:?}");
            last.as_deref() == Some(expected)
        });
    }
}

#[test]
fn a_commit_in_doubt_is_answered_by_every_node() {
    if network::is_left_out() {
        return;
    }
    let mut cluster = Layout::of(3).networked().start();
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY)").unwrap();
    connection.query("INSERT INTO d.t VALUES (1)").unwrap();
    let plain = connection.query("SELECT @@quorate_last_gtid").unwrap().scalar().unwrap();
    assert_everywhere(&cluster, &plain, "COMMITTED");

    // The leader sends nothing any more: its entry is nowhere else.
    let old = cluster.wait_for_leader(FAILOVER_MAX);
    let mut client = patient(&cluster, old);
    cluster.network().isolate(&[old]);
    let error = client.query("INSERT INTO d.t VALUES (2)").expect_err("no majority has it");
    let error = error.server().expect("the session stays").clone();
    assert_eq!(error.code, 1105, "{error:?}");
    let lost = gtid_in(&error.message);
    let new = new_leader(&cluster, old);
    assert_eq!(
        outcome(&cluster, old, &lost).as_deref(),
        Some("UNKNOWN"),
        "it may be in the new leader's log"
    );
    assert_eq!(outcome(&cluster, new, &lost).as_deref(), Some("NOT COMMITTED"));
    // A strong question there is answered all the same, and says what is missing.
    client.query("SET quorate_read_timeout = 1").unwrap();
    assert_eq!(ask(&mut client, &lost).as_deref(), Some("UNKNOWN"));
    let reason = warning(&mut client);
    assert!(reason.contains("may still come") && reason.contains("no majority"), "{reason}");
    cluster.network().heal();
    assert_everywhere(&cluster, &lost, "NOT COMMITTED");

    // The leader hears nothing any more: its entry is everywhere else.
    let old = cluster.wait_for_leader(FAILOVER_MAX);
    let mut client = patient(&cluster, old);
    for other in cluster.others(&[old]) {
        cluster.network().cut_one_way(other, old);
    }
    let kept = match client.query("INSERT INTO d.t VALUES (3)") {
        Err(error) => gtid_in(&error.server().expect("the session stays").message),
        Ok(_) => panic!("no majority has told that it has it"),
    };
    new_leader(&cluster, old);
    assert_eq!(outcome(&cluster, old, &kept).as_deref(), Some("UNKNOWN"));
    cluster.network().heal();
    let rows =
        cluster.connect_leader().query("SELECT GROUP_CONCAT(id ORDER BY id) FROM d.t").unwrap().scalar();
    let expected = match rows.as_deref() {
        Some("1,3") => "COMMITTED",
        Some("1") => "NOT COMMITTED",
        other => panic!("{other:?}"),
    };
    println!("the second one: {expected}");
    assert_everywhere(&cluster, &kept, expected);

    // All of it is known after a restart.
    cluster.kill_all();
    for id in 1..=3 {
        cluster.start_node(id);
    }
    cluster.wait_for_leader(FAILOVER_MAX);
    for (gtid, expected) in [(&plain, "COMMITTED"), (&lost, "NOT COMMITTED"), (&kept, expected)] {
        assert_everywhere(&cluster, gtid, expected);
    }
}

/// Where the log's entries are gone, what was written down of their terms answers.
#[test]
fn the_outcome_is_known_when_the_log_is_purged() {
    let mut cluster = Layout::of(1).flags(&["--log-segment-mib", "1", "--log-keep-mib", "1"]).start();
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, pad LONGTEXT)").unwrap();
    connection.query("INSERT INTO d.t VALUES (0, '')").unwrap();
    let gtid = connection.query("SELECT @@quorate_last_gtid").unwrap().scalar().unwrap();
    let (head, index) = gtid.rsplit_once(':').unwrap();
    let later_term = format!("{}:t900:{index}", head.rsplit_once(':').unwrap().0);
    let segments = |cluster: &TestCluster| {
        let files = std::fs::read_dir(cluster.node(1).data.join("log")).unwrap();
        files.map(|file| file.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    // The one that the transaction is in is among these.
    let early = segments(&cluster);
    for id in 1..=6 {
        connection.query(&format!("INSERT INTO d.t VALUES ({id}, REPEAT('x', 900000))")).unwrap();
    }
    drop(connection);
    cluster
        .wait_until("its segment goes", Duration::from_secs(30), || segments(&cluster).is_disjoint(&early));
    cluster.kill(1);
    cluster.start_node(1);
    cluster.wait_for_leader(FAILOVER_MAX);
    assert_eq!(outcome(&cluster, 1, &gtid).as_deref(), Some("COMMITTED"));
    assert_eq!(outcome(&cluster, 1, &later_term).as_deref(), Some("NOT COMMITTED"));
}

#[test]
fn what_cannot_be_known_is_unknown() {
    let cluster = TestCluster::start(1);
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY)").unwrap();
    connection.query("INSERT INTO d.t VALUES (1)").unwrap();
    let gtid = connection.query("SELECT @@quorate_last_gtid").unwrap().scalar().unwrap();
    let parts: Vec<&str> = gtid.split(':').collect();
    let (uuid, term, index) = (parts[0], parts[1], parts[2]);
    assert_eq!(ask(&mut connection, &gtid).as_deref(), Some("COMMITTED"));
    assert_eq!(ask(&mut connection, &format!("{uuid}:t99:{index}")).as_deref(), Some("NOT COMMITTED"));
    for (asked, why) in [
        (format!("{uuid}:{index}"), "names no term"),
        (format!("{uuid}:{term}:1000000"), "may still come"),
        (format!("3e11fa47-71ca-11e1-9e33-c80aa9429562:{term}:{index}"), "another cluster"),
    ] {
        assert_eq!(ask(&mut connection, &asked).as_deref(), Some("UNKNOWN"), "{asked}");
        let reason = warning(&mut connection);
        assert!(reason.contains(why), "{reason}");
    }
    assert_eq!(connection.query("SELECT quorate_transaction_outcome(NULL)").unwrap().scalar(), None);
    let error = connection.query("SELECT quorate_transaction_outcome('x')").unwrap_err();
    assert_eq!(error.code(), Some(1774));
    // As part of a statement that reads a table.
    let rows =
        connection.query(&format!("SELECT id, quorate_transaction_outcome('{gtid}') FROM d.t")).unwrap();
    assert_eq!(rows.text(0, 1).as_deref(), Some("COMMITTED"));
}
