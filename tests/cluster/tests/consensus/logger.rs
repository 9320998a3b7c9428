//! A voter that keeps the log alone: what it answers, what it holds, and that it never serves.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::Duration;

use cluster_tests::load::{Load, check, prepare};
use cluster_tests::{Layout, TestCluster};

/// The log-only node.
const LOGGER: u64 = 3;
/// Memory that it may have resident under load (in a debug build, and this is the bound for a release).
const RESIDENT_KIB_MAX: u64 = 100 << 10;
/// How long a change of leaders may take.
const FAILOVER_MAX: Duration = Duration::from_secs(15);

fn start() -> TestCluster {
    Layout::of(3).peer(LOGGER, "log-only").start()
}

fn resident_kib(cluster: &TestCluster, id: u64) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", cluster.process_id(id))).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_logger_answers_for_its_cluster_and_refuses_tables() {
    let cluster = start();
    prepare(&mut cluster.connect_leader()).unwrap();
    let mut logger = cluster.connect(LOGGER);
    for sql in [
        "SELECT * FROM bank.account",
        "INSERT INTO bank.ledger VALUES (0, 1, 'x')",
        "UPDATE bank.account SET balance = 0",
        "DELETE FROM bank.ledger",
        "CREATE DATABASE other",
        "DROP TABLE bank.account",
        "TRUNCATE TABLE bank.account",
        "USE bank",
    ] {
        let error = logger.query(sql).unwrap_err();
        assert_eq!(error.code(), Some(1235), "{sql}: {error}");
        assert!(error.to_string().contains("logger"), "{sql}: {error}");
    }
    assert_eq!(logger.query("SELECT @@quorate_node_role").unwrap().scalar().as_deref(), Some("logger"));
    assert_eq!(logger.query("SELECT 1 + 1").unwrap().scalar().as_deref(), Some("2"));
    assert!(!logger.query("SHOW STATUS").unwrap().rows.is_empty());
    assert!(!logger.query("SHOW VARIABLES LIKE 'quorate%'").unwrap().rows.is_empty());
    let local = "SELECT INSTANCE_TYPE FROM information_schema.ALISQL_CLUSTER_LOCAL";
    assert_eq!(logger.query(local).unwrap().scalar().as_deref(), Some("Log"));
    assert_eq!(cluster.role(LOGGER, LOGGER).as_deref(), Some("Logger"));
    assert_eq!(cluster.role(1, LOGGER).as_deref(), Some("Logger"));
    logger.query("CALL dbms_consensus.show_cluster_local()").unwrap();
    logger.query("CALL dbms_consensus.show_logs()").unwrap();
    // It passes on what is the leader's.
    cluster.must_call(LOGGER, &format!("configure_follower({LOGGER}, 2)"));
    cluster.wait_until("the weight is changed", FAILOVER_MAX, || {
        cluster.member_value(1, LOGGER, "ELECTION_WEIGHT").as_deref() == Some("2")
    });
    let error = cluster.refused(LOGGER, &format!("change_leader({LOGGER})"));
    assert_eq!(error.code, 1210, "{error}");
}

#[test]
fn a_logger_keeps_the_log_alone_in_little_memory_and_makes_the_majority() {
    let mut cluster = start();
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 16);
    load.progress(1_000, &cluster);
    let data = &cluster.node(LOGGER).data;
    assert!(data.join("log").is_dir());
    assert!(!data.join("store").exists(), "a logger has a store");
    // One data node and the logger are a majority.
    let follower = *cluster.others(&[cluster.wait_for_leader(FAILOVER_MAX), LOGGER]).first().unwrap();
    cluster.kill(follower);
    load.progress(2_000, &cluster);
    let resident = resident_kib(&cluster, LOGGER);
    println!("the logger has {resident} KiB resident");
    assert!(resident < RESIDENT_KIB_MAX, "the logger has {resident} KiB resident");
    cluster.start_node(follower);
    let records = load.stop();
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(Duration::from_secs(60));
    // It is as far as the others, and knows it.
    let index = cluster.commit_index(1);
    cluster.wait_until("the logger knows what is committed", FAILOVER_MAX, || {
        cluster.number(LOGGER, "SELECT COMMIT_INDEX FROM information_schema.ALISQL_CLUSTER_LOCAL") >= index
    });
}

#[test]
fn a_logger_with_the_newest_log_brings_a_data_node_up_to_date_and_hands_over() {
    let mut cluster = start();
    prepare(&mut cluster.connect_leader()).unwrap();
    cluster.assert_equal_nodes(FAILOVER_MAX);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let behind = *cluster.others(&[leader, LOGGER]).first().unwrap();
    cluster.kill(behind);
    // Only the leader and the logger get these.
    let mut connection = cluster.connect(leader);
    for number in 1..=200 {
        connection.query(&format!("INSERT INTO bank.ledger VALUES (0, {number}, 'newest')")).unwrap();
    }
    cluster.kill(leader);
    cluster.start_node(behind);
    cluster.wait_for_leader_to_be(behind, FAILOVER_MAX);
    let count = "SELECT COUNT(*) FROM bank.ledger";
    assert_eq!(cluster.connect(behind).query(count).unwrap().scalar().as_deref(), Some("200"));
    let events = cluster.events(LOGGER);
    assert!(
        events.contains("role leader") && events.contains("is to lead in place of this node"),
        "{events}"
    );
    assert!(!events.contains("open for writes"), "a logger served: {events}");
    cluster.connect(behind).query("INSERT INTO bank.ledger VALUES (0, 201, 'after')").unwrap();
    cluster.start_node(leader);
    cluster.assert_equal_nodes(Duration::from_secs(30));
}
