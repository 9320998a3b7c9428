//! Nodes that do not belong any more: removed ones, and ones that lost their folder.

use std::time::Duration;

use cluster_tests::load::{Load, check, prepare};
use cluster_tests::{TestCluster, program};

/// How long a node may take to be told something.
const TOLD_MAX: Duration = Duration::from_secs(15);
/// How long it is watched that nothing happens: several election timeouts.
const WATCHED: Duration = Duration::from_secs(3);

/// Watches that the leader goes on leading in its term.
fn undisturbed(cluster: &TestCluster, leader: u64, term: u64) {
    cluster.always("the leader leads in its term", WATCHED, || {
        cluster.term(leader) == Some(term) && cluster.known_leader(leader) == Some(leader)
    });
}

#[test]
fn a_removed_node_is_told_so_does_not_disturb_and_cannot_come_back() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 2);
    load.progress(20, &cluster);
    let leader = cluster.wait_for_leader(TOLD_MAX);
    let (removed, other) = (cluster.others(&[leader])[0], cluster.others(&[leader])[1]);
    cluster.must_call(other, &format!("remove_node({removed})"));
    cluster.must_call(leader, &format!("remove_node({removed})"));
    let term = cluster.term(leader).unwrap();

    cluster.wait_for_event(removed, "was removed from the cluster", TOLD_MAX);
    assert!(cluster.log(removed).contains("was removed from the cluster"), "{}", cluster.logs());
    let error = cluster.connect(removed).query("CREATE DATABASE x").unwrap_err();
    assert_eq!(error.code(), Some(1290), "{error}");
    assert!(error.to_string().contains("removed"), "{error}");
    undisturbed(&cluster, leader, term);

    // Nor after a restart.
    assert_eq!(cluster.terminate(removed), Some(0), "{}", cluster.logs());
    cluster.start_node(removed);
    cluster.wait_for_event(removed, "was removed from the cluster", TOLD_MAX);
    undisturbed(&cluster, leader, term);

    // Its id is spent.
    let (mut command, data) = cluster.joining_command(leader, removed);
    let output = program::run_for(&mut command, TOLD_MAX);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("removed"), "{said}");
    assert!(!data.join("identity.json").exists(), "a node that was refused marks nothing");

    load.progress(20, &cluster);
    let records = load.stop();
    check(&mut cluster.connect(leader), &records);
    cluster.assert_equal(&[leader, other], TOLD_MAX);
}

#[test]
fn a_voter_that_lost_its_folder_is_refused_and_comes_back_as_a_new_node() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let leader = cluster.wait_for_leader(TOLD_MAX);
    let term = cluster.term(leader).unwrap();
    let lost = cluster.others(&[leader])[0];
    assert_eq!(cluster.terminate(lost), Some(0));
    cluster.wipe(lost);
    cluster.start_node(lost);
    assert_eq!(cluster.wait_for_exit(lost, TOLD_MAX), Some(70), "{}", cluster.logs());
    let log = cluster.log(lost);
    assert!(log.contains("lost its data folder") && log.contains("quorate member remove"), "{log}");
    assert_eq!(cluster.term(leader), Some(term), "a node without a past has disturbed");

    cluster.must_call(leader, &format!("remove_node({lost})"));
    let new = cluster.join_node(leader, "voter");
    assert_eq!(new, 4, "an id is never used again");
    cluster.wait_until("it has a vote", TOLD_MAX, || cluster.role(new, new).as_deref() == Some("Follower"));
    cluster.connect_leader().query("INSERT INTO bank.ledger VALUES (0, 1, 'after')").unwrap();
    cluster.assert_equal_nodes(TOLD_MAX);
}

#[test]
fn a_learner_that_lost_its_folder_is_taken_back() {
    let mut cluster = TestCluster::start(1);
    prepare(&mut cluster.connect_leader()).unwrap();
    let learner = cluster.join_node(1, "learner");
    cluster.assert_equal_nodes(TOLD_MAX);
    cluster.kill(learner);
    cluster.wipe(learner);
    cluster.connect_leader().query("INSERT INTO bank.ledger VALUES (0, 1, 'meanwhile')").unwrap();
    cluster.start_node(learner);
    cluster.wait_until("it is back under its id", TOLD_MAX, || {
        cluster.value(learner, "SELECT @@server_id").as_deref() == Some(&learner.to_string())
    });
    cluster.assert_equal_nodes(TOLD_MAX);
}
