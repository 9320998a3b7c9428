//! The members change while clients write: through any node, one entry each, and asked for again nothing happens.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::Duration;

use cluster_tests::load::{Load, assert_only_retryable, check, prepare};
use cluster_tests::question::{lines, read_strongly};
use cluster_tests::{TestCluster, connect};

/// How long what was changed may take to be seen everywhere.
const SEEN_MAX: Duration = Duration::from_secs(10);

/// Waits until every one of these nodes shows a column of a member so.
fn seen_by(cluster: &TestCluster, asked: &[u64], member: u64, column: &str, value: Option<&str>) {
    let what = format!("{column} of node {member} is {value:?} on nodes {asked:?}");
    cluster.wait_until(&what, SEEN_MAX, || {
        asked.iter().all(|id| cluster.member_value(*id, member, column).as_deref() == value)
    });
}

/// Writes rows on the leader; a strong read on `reader` that begins after each was acknowledged sees it.
fn reads_what_was_written(cluster: &TestCluster, reader: u64, worker: u64) {
    let mut writer = cluster.connect_leader();
    let mut connection = cluster.connect(reader);
    read_strongly(&mut connection, 10).unwrap();
    for number in 0..20 {
        writer.query(&format!("INSERT INTO bank.ledger VALUES ({worker}, {number}, 'read')")).unwrap();
        let count = format!("SELECT COUNT(*) FROM bank.ledger WHERE worker = {worker}");
        let found = connection.query(&count).unwrap().scalar();
        assert_eq!(
            found,
            Some((number + 1).to_string()),
            "node {reader} does not show an acknowledged write"
        );
    }
    writer.query(&format!("DELETE FROM bank.ledger WHERE worker = {worker}")).unwrap();
}

/// Calls a procedure by way of two nodes: the second time it is done already.
fn twice(cluster: &TestCluster, through: [u64; 2], procedure: &str) {
    for id in through {
        cluster.must_call(id, procedure);
    }
}

#[test]
fn every_change_is_made_under_load_through_any_node_and_again_without_effect() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 4);
    load.progress(50, &cluster);
    let leader = cluster.wait_for_leader(SEEN_MAX);
    let followers = cluster.others(&[leader]);
    let (a, b) = (followers[0], followers[1]);

    // A learner joins by way of a follower, and serves reads.
    let new = cluster.join_node(a, "learner");
    assert_eq!(new, 4);
    seen_by(&cluster, &[leader, a, b, new], new, "ROLE", Some("Learner"));
    assert_eq!(cluster.value(new, "SELECT @@quorate_node_role").as_deref(), Some("learner"));
    load.progress(20, &cluster);
    reads_what_was_written(&cluster, new, 100);

    // It gets a vote, and loses it.
    twice(&cluster, [b, leader], "upgrade_learner(4)");
    seen_by(&cluster, &[leader, a, b, new], new, "ROLE", Some("Follower"));
    assert_eq!(cluster.value(new, "SELECT @@quorate_node_role").as_deref(), Some("data"));
    load.progress(20, &cluster);
    twice(&cluster, [new, a], "downgrade_follower(4)");
    seen_by(&cluster, &[leader, a, b, new], new, "ROLE", Some("Learner"));
    load.progress(20, &cluster);

    // Weight and strong sync of a voter.
    twice(&cluster, [new, b], &format!("configure_follower({a}, 3, TRUE)"));
    seen_by(&cluster, &[leader, a, b, new], a, "ELECTION_WEIGHT", Some("3"));
    seen_by(&cluster, &[leader, a, b, new], a, "STRONG_SYNC", Some("Yes"));
    load.progress(20, &cluster);
    twice(&cluster, [leader, a], &format!("configure_follower({a}, 5, FALSE)"));
    seen_by(&cluster, &[leader, a, b, new], a, "STRONG_SYNC", Some("No"));

    // Who feeds the learner.
    twice(&cluster, [a, new], &format!("configure_learner(4, {b}, '{a}')"));
    seen_by(&cluster, &[leader, a, b, new], new, "SOURCE", Some(&b.to_string()));
    seen_by(&cluster, &[leader], new, "SOURCE_GROUP", Some(&a.to_string()));
    cluster.wait_for_event(new, &format!("fed by node {b} now"), SEEN_MAX);
    let fed = "SELECT LEARNER_SERVER_ID FROM information_schema.ALISQL_CLUSTER_LEARNER_SOURCE";
    cluster.wait_until("the source shows whom it feeds", SEEN_MAX, || {
        cluster.value(b, fed).as_deref() == Some("4")
    });
    reads_what_was_written(&cluster, new, 101);

    // It moves to other addresses.
    cluster.terminate(new);
    cluster.move_node(new);
    let (peer, sql) = (cluster.node(new).peer_address.clone(), cluster.node(new).sql_address.clone());
    twice(&cluster, [b, leader], &format!("change_address(4, '{peer}', '{sql}')"));
    cluster.start_node(new);
    seen_by(&cluster, &[leader, a, b, new], new, "PEER_ADDRESS", Some(&peer));
    seen_by(&cluster, &[leader, a, b, new], new, "SQL_ADDRESS", Some(&sql));
    reads_what_was_written(&cluster, new, 102);

    // And it leaves.
    shows_itself(&cluster, leader, new);
    twice(&cluster, [new, a], "drop_learner(4)");
    seen_by(&cluster, &[leader, a, b], new, "ROLE", None);
    load.progress(20, &cluster);
    assert_eq!(cluster.wait_for_leader(SEEN_MAX), leader, "the leadership moved");
    lists_its_changes(&cluster, leader, a, b);

    let records = load.stop();
    assert_only_retryable(&records);
    let retried: u64 = records.iter().map(|record| record.retried).sum();
    println!("{retried} operations had to be tried again");
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal(&[1, 2, 3], Duration::from_secs(30));
}

/// The views and procedures that show the cluster of four nodes.
fn shows_itself(cluster: &TestCluster, leader: u64, learner: u64) {
    let rows = |id: u64, sql: &str| cluster.connect(id).query(sql).unwrap();
    let global = rows(leader, "CALL dbms_consensus.show_cluster_global()");
    assert_eq!(global.rows.len(), 4, "{}", lines(&global));
    let table = rows(leader, "SELECT * FROM information_schema.ALISQL_CLUSTER_GLOBAL");
    assert_eq!((table.rows.len(), table.columns.len()), (4, 12), "{}", lines(&table));
    let roles = "SELECT ROLE FROM information_schema.ALISQL_CLUSTER_GLOBAL ORDER BY ROLE";
    assert_eq!(lines(&rows(leader, roles)), "Follower\nFollower\nLeader\nLearner\n");
    assert_eq!(rows(learner, "CALL dbms_consensus.show_cluster_global()").rows.len(), 0, "the leader only");
    for id in [1, 2, 3, 4] {
        let local = rows(id, "CALL dbms_consensus.show_cluster_local()");
        assert_eq!(local.text(0, 0), Some(id.to_string()), "{}", lines(&local));
        let own = "SELECT CURRENT_LEADER, INSTANCE_TYPE FROM information_schema.ALISQL_CLUSTER_LOCAL";
        let own = rows(id, own);
        assert_eq!(own.text(0, 0).as_deref(), Some(cluster.node(leader).peer_address.as_str()));
        assert_eq!(own.text(0, 1).as_deref(), Some("Normal"));
        let logs = rows(id, "CALL dbms_consensus.show_logs()");
        assert!(!logs.rows.is_empty() && logs.text(0, 2).as_deref() == Some("1"), "{}", lines(&logs));
        let counts = "SELECT COUNT_ON_HEARTBEAT + COUNT_HEARTBEAT FROM information_schema.ALISQL_CLUSTER_CONSENSUS_STATUS";
        assert!(cluster.number(id, counts).unwrap() > 0);
        let channels = rows(id, "SELECT * FROM information_schema.ALISQL_CLUSTER_PREFETCH_CHANNEL");
        assert_eq!(channels.rows.len(), 0);
        assert_eq!(cluster.refused(id, "refresh_learner_meta()").code, 1235);
    }
    let health = "SELECT COUNT(*) FROM information_schema.ALISQL_CLUSTER_HEALTH WHERE CONNECTED = 'YES'";
    cluster.wait_until("all members are connected", SEEN_MAX, || cluster.number(leader, health) == Some(4));
    // Everything up to the present is applied on a node at some time.
    let index = cluster.commit_index(leader).unwrap();
    cluster.must_call(learner, &format!("wait_apply_index({index}, 20)"));
    let error = cluster.refused(learner, &format!("wait_apply_index({}, 1)", index + 1_000_000_000));
    assert!(error.message.contains("was not applied in time"), "{error}");
}

fn lists_its_changes(cluster: &TestCluster, leader: u64, a: u64, b: u64) {
    let commands = "SELECT COMMAND FROM information_schema.ALISQL_CLUSTER_CONSENSUS_MEMBERSHIP_CHANGE";
    let listed = lines(&cluster.connect(leader).query(commands).unwrap());
    let expected = [
        "add_learner(".to_owned(),
        "upgrade_learner(4)".to_owned(),
        "downgrade_follower(4)".to_owned(),
        format!("configure_follower({a}, 3, 1)"),
        format!("configure_follower({a}, 5, 0)"),
        format!("configure_learner(4, {b}, '{a}')"),
        "change_address(4, ".to_owned(),
        "drop_learner(4)".to_owned(),
    ];
    let listed: Vec<&str> =
        listed.lines().map(|line| line.trim_start_matches("CALL dbms_consensus.")).collect();
    assert_eq!(listed.len(), expected.len(), "each change is one entry: {listed:#?}");
    for (line, expected) in listed.iter().zip(&expected) {
        assert!(line.starts_with(expected.as_str()), "{line} is not {expected}");
    }
}

#[test]
fn a_node_that_joins_as_a_voter_gets_its_vote_by_itself() {
    let mut cluster = TestCluster::start(1);
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 2);
    load.progress(100, &cluster);
    for expected in [2, 3] {
        let new = cluster.join_node(1, "voter");
        assert_eq!(new, expected);
        seen_by(&cluster, &[1, new], new, "ROLE", Some("Follower"));
    }
    load.progress(50, &cluster);
    let records = load.stop();
    assert_only_retryable(&records);
    // Now one of three may go, even the founder.
    cluster.assert_equal_nodes(SEEN_MAX);
    cluster.kill(1);
    let leader = cluster.wait_for_leader(SEEN_MAX);
    assert_ne!(leader, 1);
    check(&mut cluster.connect(leader), &records);
    // A joiner needs nobody to start again, and the same command does it.
    cluster.kill_all();
    for id in 1..=3 {
        cluster.start_node(id);
    }
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(SEEN_MAX);
}

#[test]
fn changes_that_make_no_sense_are_refused_with_the_reason() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(SEEN_MAX);
    let follower = cluster.others(&[leader])[0];
    let learner = cluster.join_node(follower, "learner");
    assert_eq!(learner, 4);
    let address = cluster.node(follower).peer_address.clone();
    let cases: [(String, u16, &str); 15] = [
        (format!("remove_node({leader})"), 1210, "is the leader"),
        (format!("downgrade_follower({leader})"), 1210, "is the leader"),
        (format!("drop_learner({follower})"), 1210, "learner"),
        ("upgrade_learner(9)".into(), 1210, "9"),
        ("remove_node(77)".into(), 1210, "77"),
        ("remove_node('127.0.0.1:1')".into(), 1210, "no member has the address"),
        (format!("configure_follower({follower}, 10)"), 1210, "weight"),
        ("configure_follower(4, 5)".into(), 1210, "4"),
        ("configure_learner(4, 9)".into(), 1210, "9"),
        ("configure_learner(4, 4)".into(), 1210, "4"),
        (format!("configure_learner({follower}, {leader})"), 1210, ""),
        (format!("add_learner('{address}')"), 1210, "is the address of the voter"),
        ("change_leader(4)".into(), 1210, "learner"),
        ("change_leader(9)".into(), 1210, ""),
        ("force_single_mode()".into(), 1235, "quorate recover"),
    ];
    for asked in [leader, follower, learner] {
        for (procedure, code, reason) in &cases {
            let error = cluster.refused(asked, procedure);
            assert_eq!(error.code, *code, "{procedure} on node {asked}: {error}");
            assert!(error.message.contains(reason), "{procedure} on node {asked}: {error}");
        }
    }
    // A learner that nobody has ever heard of gets no vote: the majority would count on it.
    cluster.must_call(leader, "add_learner('127.0.0.1:9', '127.0.0.1:10')");
    let error = cluster.refused(leader, "upgrade_learner(5)");
    assert_eq!(error.code, 1105, "{error}");
    cluster.must_call(leader, "drop_learner(5)");
    // Nothing of it all has changed the members.
    assert_eq!(cluster.wait_for_leader(SEEN_MAX), leader);
    let count = "SELECT COUNT(*) FROM information_schema.QUORATE_CLUSTER_MEMBERS";
    assert_eq!(cluster.number(leader, count), Some(4));
}

#[test]
fn a_learner_that_lags_gets_no_vote_until_it_has_caught_up() {
    let mut cluster = TestCluster::start(1);
    prepare(&mut cluster.connect_leader()).unwrap();
    let learner = cluster.join_node(1, "learner");
    cluster.pause(learner);
    // More entries than a learner may be behind.
    let load = Load::start(&[cluster.node(1).client_address.clone()], 16);
    let from = cluster.commit_index(1).unwrap();
    cluster.wait_until("the learner is behind by 10,000 entries", Duration::from_secs(120), || {
        cluster.commit_index(1).is_some_and(|index| index > from + 10_500)
    });
    let records = load.stop();
    assert_only_retryable(&records);
    let error = cluster.refused(1, &format!("upgrade_learner({learner})"));
    assert_eq!(error.code, 1105, "{error}");
    assert!(error.message.contains("behind"), "{error}");
    cluster.resume(learner);
    cluster.must_call(1, &format!("upgrade_learner({learner})"));
    seen_by(&cluster, &[1, learner], learner, "ROLE", Some("Follower"));
    cluster.assert_equal_nodes(Duration::from_secs(60));
    assert!(connect(&cluster.node(learner).client_address, SEEN_MAX).is_ok());
}

/// X-Cluster's order: first the member, then the machine.
#[test]
fn a_follower_and_a_logger_are_members_before_they_start_and_get_their_votes_by_themselves() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    // The first asks for no vote itself: the leader has it in mind.
    for (procedure, joins_as, role) in
        [("add_follower", "learner", "Follower"), ("add_logger", "logger", "Logger")]
    {
        let id = cluster.expect_node(1, joins_as);
        let (peer, sql) = (cluster.node(id).peer_address.clone(), cluster.node(id).sql_address.clone());
        for through in [2, 3] {
            let added = cluster.must_call(through, &format!("{procedure}('{peer}', '{sql}')"));
            assert_eq!(added, Some(id.to_string()), "through node {through}");
        }
        seen_by(&cluster, &[1, 2, 3], id, "ROLE", Some("Learner"));
        cluster.start_node(id);
        seen_by(&cluster, &[1, 2, 3, id], id, "ROLE", Some(role));
    }
    cluster.assert_equal(&[1, 2, 3, 4], Duration::from_secs(20));
}

/// Every other node would call the new one at once, and the change could not be committed.
#[test]
fn the_leaders_own_address_for_other_nodes_does_not_change_under_it() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(SEEN_MAX);
    let sql = &cluster.node(leader).sql_address;
    let error = cluster.refused(leader, &format!("change_address({leader}, '127.0.0.1:9', '{sql}')"));
    assert_eq!(error.code, 1210, "{error}");
    assert!(error.message.contains("transfer the leadership first"), "{error}");
}

/// A node that listens everywhere may tell the others such an address; whoever calls the leader there calls itself.
#[test]
fn a_statement_for_the_leader_that_comes_back_is_not_passed_on_again() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(SEEN_MAX);
    let follower = cluster.others(&[leader])[0];
    let peer = &cluster.node(leader).peer_address;
    // Written otherwise, or it would be known for the follower's own.
    let sql = &cluster.node(follower).sql_address.replace("127.0.0.1", "localhost");
    cluster.must_call(leader, &format!("change_address({leader}, '{peer}', '{sql}')"));
    seen_by(&cluster, &[follower], leader, "SQL_ADDRESS", Some(sql));
    let call = format!("CALL dbms_consensus.configure_follower({follower}, 6)");
    let error = cluster.connect(follower).query(&call).unwrap_err();
    assert_eq!(error.code(), Some(1290), "{error}");
    assert!(error.to_string().contains("change_address"), "{error}");
    let most: u64 = cluster.status(follower, "Max_used_connections").unwrap().parse().unwrap();
    assert!(most < 10, "{most} connections for one statement");
}
