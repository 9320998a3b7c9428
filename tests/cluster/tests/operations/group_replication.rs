//! Group Replication's face: ProxySQL's and MySQL Router's own statements, on every node and with nodes missing.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::collections::BTreeMap;
use std::time::Duration;

use cluster_tests::TestCluster;

const PATIENCE: Duration = Duration::from_secs(30);

/// What ProxySQL asks a MySQL 8 (`MYSQL_8_GR_QUERY` in its monitor), letter by letter.
const PROXYSQL: &str = "SELECT (SELECT IF (MEMBER_STATE='ONLINE' AND ((SELECT COUNT(*) FROM \
    performance_schema.replication_group_members WHERE MEMBER_STATE NOT IN ('ONLINE', 'RECOVERING')) >= ((SELECT COUNT(*) FROM \
    performance_schema.replication_group_members)/2) = 0), 'YES', 'NO')) AS viable_candidate, (SELECT IF (@@read_only, 'YES', 'NO')) as \
    read_only, COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE AS transactions_behind, (SELECT GROUP_CONCAT(CONCAT(member_host, \":\", \
    member_port)) FROM performance_schema.replication_group_members) AS members FROM performance_schema.replication_group_members JOIN \
    performance_schema.replication_group_member_stats rgms USING(member_id) WHERE rgms.MEMBER_ID=@@SERVER_UUID";

/// What it asks an older one.
const PROXYSQL_BEFORE_8: &str =
    "SELECT viable_candidate,read_only,transactions_behind FROM sys.gr_member_routing_candidate_status";

/// What MySQL Router asks of the members.
const ROUTER_MEMBERS: &str = "SELECT member_id, member_host, member_port, member_state, @@group_replication_single_primary_mode FROM \
    performance_schema.replication_group_members WHERE channel_name = 'group_replication_applier'";

/// Columns of the first row.
fn row(cluster: &TestCluster, id: u64, sql: &str) -> Option<Vec<String>> {
    let answer = cluster.connect(id).query(sql).unwrap_or_else(|error| panic!("node {id}: {sql}: {error}"));
    let text = |column| answer.text(0, column).unwrap_or_else(|| "NULL".into());
    (!answer.rows.is_empty()).then(|| (0..answer.columns.len()).map(text).collect())
}

/// State and role of every member, by its port, as a node shows them.
fn members(cluster: &TestCluster, id: u64) -> BTreeMap<String, (String, String)> {
    let sql =
        "SELECT member_port, member_state, member_role FROM performance_schema.replication_group_members";
    let answer = cluster.connect(id).query(sql).unwrap();
    let text = |row, column| answer.text(row, column).unwrap();
    (0..answer.rows.len()).map(|row| (text(row, 0), (text(row, 1), text(row, 2)))).collect()
}

fn port(cluster: &TestCluster, id: u64) -> String {
    cluster.node(id).sql_address.rsplit_once(':').unwrap().1.to_owned()
}

fn state(cluster: &TestCluster, asked: u64, of: u64) -> String {
    members(cluster, asked)[&port(cluster, of)].0.clone()
}

#[test]
fn every_node_shows_the_same_group_and_its_primary() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(PATIENCE);
    for id in 1..=3 {
        cluster.wait_until("everybody is online, as this node sees it", PATIENCE, || {
            members(&cluster, id).values().all(|(state, _)| state == "ONLINE")
        });
        let shown = members(&cluster, id);
        assert_eq!(shown.len(), 3, "{shown:?}");
        for other in 1..=3 {
            let role = if other == leader { "PRIMARY" } else { "SECONDARY" };
            assert_eq!(shown[&port(&cluster, other)].1, role, "node {other} on node {id}");
        }
        let primary = row(&cluster, id, "SHOW STATUS LIKE 'group_replication_primary_member'").unwrap();
        assert_eq!(primary[1], row(&cluster, leader, "SELECT @@server_uuid").unwrap()[0]);
        cluster.wait_until("it has applied what is committed", PATIENCE, || {
            row(&cluster, id, PROXYSQL).is_some_and(|row| row[2] == "0")
        });
        let proxysql = row(&cluster, id, PROXYSQL).unwrap();
        let read_only = if id == leader { "NO" } else { "YES" };
        assert_eq!(proxysql[..2], ["YES".to_owned(), read_only.to_owned()], "node {id}");
        let mut found: Vec<&str> = proxysql[3].split(',').collect();
        let mut wanted: Vec<&str> = (1..=3).map(|id| cluster.node(id).sql_address.as_str()).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted);
        assert_eq!(
            row(&cluster, id, PROXYSQL_BEFORE_8).unwrap()[..2],
            ["YES".to_owned(), read_only.to_owned()]
        );
        assert_eq!(row(&cluster, id, ROUTER_MEMBERS).unwrap()[4], "1");
    }
}

#[test]
fn who_is_missing_is_unreachable_and_a_node_alone_claims_no_majority() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(PATIENCE);
    let others = cluster.others(&[leader]);
    cluster.kill(others[0]);
    for id in [leader, others[1]] {
        cluster.wait_until("the one that is gone is unreachable", PATIENCE, || {
            state(&cluster, id, others[0]) == "UNREACHABLE"
        });
        assert_eq!(state(&cluster, id, leader), "ONLINE");
        assert_eq!(row(&cluster, id, PROXYSQL).unwrap()[0], "YES", "two of three are a majority");
    }
    cluster.kill(leader);
    let alone = others[1];
    cluster.wait_until("the last one is alone", PATIENCE, || {
        row(&cluster, alone, PROXYSQL).is_some_and(|row| row[0] == "NO")
    });
    // Until it notices that the leader is silent, that is an unreachable primary.
    cluster.wait_until("there is no primary", PATIENCE, || {
        members(&cluster, alone).values().all(|(_, role)| role == "SECONDARY")
    });
    assert_eq!(state(&cluster, alone, alone), "ONLINE");
    for gone in [leader, others[0]] {
        assert_eq!(state(&cluster, alone, gone), "UNREACHABLE");
    }
    assert_eq!(row(&cluster, alone, PROXYSQL_BEFORE_8).unwrap()[..2], ["NO".to_owned(), "YES".to_owned()]);
    assert_eq!(row(&cluster, alone, "SHOW STATUS LIKE 'group_replication_primary_member'").unwrap()[1], "");
}

#[test]
fn consistency_levels_are_those_of_reads() {
    let cluster = TestCluster::start(1);
    let id = cluster.wait_for_leader(PATIENCE);
    let mut connection = cluster.connect(id);
    let levels = "SELECT @@quorate_read_consistency, @@group_replication_consistency";
    for (set, level, group) in [
        ("SET @@SESSION.group_replication_consistency='EVENTUAL'", "EVENTUAL", "EVENTUAL"),
        ("SET group_replication_consistency = 'before'", "STRONG", "BEFORE"),
        (
            "SET group_replication_consistency = 'BEFORE_ON_PRIMARY_FAILOVER'",
            "AUTO",
            "BEFORE_ON_PRIMARY_FAILOVER",
        ),
        ("SET quorate_read_consistency = SESSION", "SESSION", "BEFORE_ON_PRIMARY_FAILOVER"),
        ("SET quorate_read_consistency = STRONG", "STRONG", "BEFORE"),
    ] {
        connection.query(set).unwrap();
        let shown = connection.query(levels).unwrap();
        assert_eq!(
            (shown.text(0, 0).as_deref(), shown.text(0, 1).as_deref()),
            (Some(level), Some(group)),
            "{set}"
        );
    }
    for refused in ["AFTER", "BEFORE_AND_AFTER"] {
        let error =
            connection.query(&format!("SET group_replication_consistency = '{refused}'")).unwrap_err();
        assert_eq!(error.code(), Some(1235), "{error}");
    }
    let error = connection.query("SET group_replication_consistency = 'x'").unwrap_err();
    assert_eq!(error.code(), Some(1231));
    connection.query("SET GLOBAL group_replication_consistency = 'EVENTUAL'").unwrap();
    assert_eq!(row(&cluster, id, levels).unwrap(), ["EVENTUAL", "EVENTUAL"]);
}
