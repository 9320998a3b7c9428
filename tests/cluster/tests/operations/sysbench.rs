//! Every stock sysbench script: prepare, run with and without prepared statements, cleanup.
//!
//! The tables are small and the runs short: this asks whether everything that sysbench says is understood and answered, under
//! enough concurrency for locks and deadlocks. Speed is measured in `benches/`.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::process::Command;
use std::time::Duration;

use cluster_tests::{TestCluster, program};

const TABLES: u64 = 2;
const ROWS: u64 = 1_000;
const THREADS: u64 = 4;
const SECONDS: u64 = 2;

const PREPARED_STATEMENTS: [&str; 2] = ["auto", "disable"];

/// Runs one command of a script; what it printed. It must not have failed, nor have seen an error but the two that ask for a
/// retry (1213 and 1205, which sysbench counts as ignored).
fn sysbench(script: &str, address: &str, arguments: &[&str]) -> String {
    let mut command: Command = program::sysbench(script, address);
    command.args([
        format!("--tables={TABLES}"),
        format!("--table-size={ROWS}"),
        format!("--threads={THREADS}"),
    ]);
    command
        .arg(format!("--time={SECONDS}"))
        .args(["--mysql-ignore-errors=1213,1205", "--rand-type=uniform"])
        .args(arguments);
    let output = program::run(&mut command);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let complaint = text.lines().find(|line| {
        let line = line.to_lowercase();
        ["fatal", "alert", "warning:", "(last message repeated"].iter().any(|word| line.contains(word))
    });
    assert!(
        output.status.success() && complaint.is_none(),
        "sysbench {script} {arguments:?}: {complaint:?}\n{text}"
    );
    text
}

/// The number after `name:` in sysbench's report.
fn number(report: &str, name: &str) -> u64 {
    let line = report.lines().map(str::trim).find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split(':').nth(1)).and_then(|rest| rest.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no '{name}' in\n{report}"))
}

/// Runs a prepared script in both modes; events in each.
fn run_both(script: &str, address: &str) -> Vec<u64> {
    let run = |mode: &str| {
        let report = sysbench(script, address, &[&format!("--db-ps-mode={mode}"), "run"]);
        assert_eq!(number(&report, "reconnects"), 0, "{report}");
        let (events, retries) =
            (number(&report, "total number of events"), number(&report, "ignored errors"));
        println!("{script} {mode}: {events} events, {retries} retries");
        assert!(events > 0, "{script} did nothing:\n{report}");
        assert!(retries <= events, "{script} has more retries than events:\n{report}");
        events
    };
    PREPARED_STATEMENTS.iter().map(|mode| run(mode)).collect()
}

/// A cluster with the database that sysbench expects; the leader's address.
fn start() -> (TestCluster, u64, String) {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(Duration::from_secs(5));
    cluster.connect(leader).query("CREATE DATABASE sbtest").unwrap();
    let address = cluster.node(leader).sql_address.clone();
    (cluster, leader, address)
}

/// Rows of all tables.
fn rows(cluster: &TestCluster, leader: u64, tables: u64) -> u64 {
    let mut connection = cluster.connect(leader);
    let count = |table| {
        let result = connection.query(&format!("SELECT COUNT(*) FROM sbtest.sbtest{table}")).unwrap();
        result.scalar().unwrap().parse::<u64>().unwrap()
    };
    (1..=tables).map(count).sum()
}

fn no_tables_are_left(cluster: &TestCluster, leader: u64) {
    let result = cluster.connect(leader).query("SHOW TABLES FROM sbtest").unwrap();
    assert_eq!(result.rows.len(), 0, "cleanup left {:?}", result.text(0, 0));
}

#[test]
fn scripts_that_read() {
    let (cluster, leader, address) = start();
    sysbench("oltp_read_only", &address, &["prepare"]);
    assert_eq!(rows(&cluster, leader, TABLES), TABLES * ROWS);
    for script in ["oltp_read_only", "oltp_point_select", "select_random_points", "select_random_ranges"] {
        run_both(script, &address);
    }
    // Followers answer them as well.
    cluster.assert_equal_nodes(Duration::from_secs(20));
    let follower = &cluster.node(leader % 3 + 1).sql_address;
    for script in ["oltp_read_only", "oltp_point_select"] {
        run_both(script, follower);
    }
    sysbench("oltp_read_only", &address, &["cleanup"]);
    no_tables_are_left(&cluster, leader);
}

#[test]
fn scripts_that_write() {
    let (cluster, leader, address) = start();
    for script in [
        "oltp_read_write",
        "oltp_write_only",
        "oltp_update_index",
        "oltp_update_non_index",
        "oltp_delete",
        "oltp_insert",
    ] {
        sysbench(script, &address, &["prepare"]);
        let events = run_both(script, &address);
        let rows = rows(&cluster, leader, TABLES);
        match script {
            "oltp_insert" => {
                assert_eq!(rows, TABLES * ROWS + events.iter().sum::<u64>(), "rows after {script}")
            }
            "oltp_delete" => assert!(rows < TABLES * ROWS, "nothing was deleted"),
            _ => assert_eq!(rows, TABLES * ROWS, "rows after {script}"),
        }
        sysbench(script, &address, &["cleanup"]);
        no_tables_are_left(&cluster, leader);
    }
    cluster.assert_equal_nodes(Duration::from_secs(30));
}

#[test]
fn bulk_insert() {
    let (cluster, leader, address) = start();
    for mode in PREPARED_STATEMENTS {
        let mode = format!("--db-ps-mode={mode}");
        sysbench("bulk_insert", &address, &["prepare"]);
        let report = sysbench("bulk_insert", &address, &[&mode, "run"]);
        let events = number(&report, "total number of events");
        let rows = rows(&cluster, leader, THREADS);
        println!("bulk_insert {mode}: {events} events, {rows} rows");
        assert!(events > 0 && rows == events, "{rows} rows, {report}");
        sysbench("bulk_insert", &address, &["cleanup"]);
        no_tables_are_left(&cluster, leader);
    }
    cluster.assert_equal_nodes(Duration::from_secs(30));
}
