//! Learners: fed by another learner, turning elsewhere when it is lost, and never in the voters' way.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::{Duration, Instant};

use cluster_tests::load::{Load, assert_only_retryable, check, prepare};
use cluster_tests::question::read_strongly;
use cluster_tests::{TestCluster, connect};

/// How long a learner may take to turn to another source.
const TURN_MAX: Duration = Duration::from_secs(15);

/// A strong read on a learner shows a row that was written just before.
fn sees_a_write(cluster: &TestCluster, learner: u64, number: u64) {
    let insert = format!("INSERT INTO bank.ledger VALUES (50, {number}, 'seen')");
    cluster.connect_leader().query(&insert).unwrap();
    let mut connection = cluster.connect(learner);
    read_strongly(&mut connection, 15).unwrap();
    let count = format!("SELECT COUNT(*) FROM bank.ledger WHERE worker = 50 AND number = {number}");
    assert_eq!(connection.query(&count).unwrap().scalar().as_deref(), Some("1"), "{}", cluster.logs());
    cluster.connect_leader().query("DELETE FROM bank.ledger WHERE worker = 50").unwrap();
}

fn feeds(cluster: &TestCluster, source: u64, learner: u64) -> bool {
    let table = "information_schema.ALISQL_CLUSTER_LEARNER_SOURCE";
    let fed = format!("SELECT COUNT(*) FROM {table} WHERE LEARNER_SERVER_ID = {learner}");
    cluster.value(source, &fed).as_deref() == Some("1")
}

#[test]
fn a_learner_is_fed_by_a_learner_and_turns_elsewhere_when_that_one_is_lost() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 2);
    let leader = cluster.wait_for_leader(TURN_MAX);
    let group = cluster.others(&[leader])[0];
    let middle = cluster.join_node(group, "learner");
    let last = cluster.join_node(leader, "learner");
    assert_eq!((middle, last), (4, 5));
    cluster.must_call(leader, &format!("configure_learner({last}, {middle}, '{group}')"));
    cluster.wait_for_event(last, &format!("fed by node {middle} now"), TURN_MAX);
    cluster.wait_until("the learner feeds the other", TURN_MAX, || feeds(&cluster, middle, last));
    load.progress(100, &cluster);
    sees_a_write(&cluster, last, 1);

    // Its source is gone: the next of its group.
    cluster.kill(middle);
    cluster.wait_for_event(last, &format!("fed by node {group} now"), TURN_MAX);
    load.progress(50, &cluster);
    sees_a_write(&cluster, last, 2);
    assert!(feeds(&cluster, group, last));

    // That one as well: the leader.
    cluster.kill(group);
    let leader = cluster.wait_for_leader(TURN_MAX);
    cluster.wait_for_event(last, &format!("fed by node {leader} now"), TURN_MAX);
    sees_a_write(&cluster, last, 3);

    // And back to the one that it was given.
    let before = cluster.events(last).matches(&format!("fed by node {middle} now")).count();
    cluster.start_node(middle);
    cluster.start_node(group);
    cluster.wait_until("it is fed by its own source again", Duration::from_secs(30), || {
        cluster.events(last).matches(&format!("fed by node {middle} now")).count() > before
    });
    load.progress(50, &cluster);
    sees_a_write(&cluster, last, 4);
    let records = load.stop();
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(Duration::from_secs(30));
}

#[test]
fn learners_that_stand_still_never_slow_the_voters() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let first = cluster.join_node(1, "learner");
    let second = cluster.join_node(2, "learner");
    cluster.must_call(1, &format!("configure_learner({second}, {first})"));
    let load = Load::start(&cluster.addresses()[..3], 4);
    load.progress(100, &cluster);
    cluster.pause(first);
    cluster.pause(second);
    let term = cluster.term(1);
    let mut connection = cluster.connect_leader();
    let mut worst = Duration::ZERO;
    let paused = Instant::now();
    let mut number = 0;
    while paused.elapsed() < Duration::from_secs(3) {
        number += 1;
        let asked = Instant::now();
        connection.query(&format!("INSERT INTO bank.ledger VALUES (60, {number}, 'x')")).unwrap();
        worst = worst.max(asked.elapsed());
    }
    println!("{number} commits beside two learners that stand still, the slowest took {worst:?}");
    assert!(worst < Duration::from_millis(500), "a commit took {worst:?}");
    assert_eq!(cluster.term(1), term, "there was an election");
    connection.query("DELETE FROM bank.ledger WHERE worker = 60").unwrap();
    cluster.resume(first);
    cluster.resume(second);
    let records = load.stop();
    assert_only_retryable(&records);
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(Duration::from_secs(30));
}

#[test]
fn learners_make_no_majority() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let leader = cluster.wait_for_leader(TURN_MAX);
    cluster.join_node(1, "learner");
    cluster.join_node(2, "learner");
    cluster.assert_equal_nodes(TURN_MAX);
    let mut connection = connect(&cluster.node(leader).client_address, Duration::from_secs(4)).unwrap();
    let voters: Vec<u64> = (1..=3).filter(|id| *id != leader).collect();
    for id in &voters {
        cluster.kill(*id);
    }
    let answer = connection.query("INSERT INTO bank.ledger VALUES (0, 1, 'alone')");
    assert!(answer.is_err(), "a write was acknowledged by one voter of three");
    cluster
        .wait_until("the leader without a majority does not serve", TURN_MAX, || cluster.leader().is_none());
    cluster.start_node(voters[0]);
    cluster.wait_for_leader(TURN_MAX);
    cluster.start_node(voters[1]);
    cluster.assert_equal_nodes(TURN_MAX);
}
