//! A voter that commits wait for: paused it stops them, for a bounded time, and both its going and its coming are said.

use std::time::{Duration, Instant};

use cluster_tests::load::{Load, assert_only_retryable, check, prepare};
use cluster_tests::{Layout, TestCluster};

/// The voter that commits wait for.
const STRONG: u64 = 3;
/// How long a strong-sync voter may hold commits up before they go on without it (LAN: 300 ticks of 10 ms).
const DEGRADE: Duration = Duration::from_secs(3);
/// How long things may take.
const PATIENCE: Duration = Duration::from_secs(15);

fn degraded(cluster: &TestCluster, leader: u64) -> Option<String> {
    cluster.member_value(leader, STRONG, "DEGRADED")
}

#[test]
fn commits_wait_for_a_strong_sync_voter_until_it_is_degraded() {
    let cluster = Layout::of(3).peer(1, "weight=9").peer(STRONG, "strong-sync;weight=1").start();
    cluster.wait_for_leader_to_be(1, PATIENCE);
    let mut connection = cluster.connect(1);
    prepare(&mut connection).unwrap();
    let gone = format!("node {STRONG} is degraded");
    let back = format!("node {STRONG} has caught up");
    for round in 1..=2_usize {
        connection.query(&format!("INSERT INTO bank.ledger VALUES (0, {round}, 'before')")).unwrap();
        cluster.wait_until("it is armed", PATIENCE, || degraded(&cluster, 1).as_deref() == Some("No"));
        assert_eq!(cluster.events(1).matches(&gone).count(), round - 1);
        cluster.pause(STRONG);
        let asked = Instant::now();
        connection.query(&format!("INSERT INTO bank.ledger VALUES (1, {round}, 'waits')")).unwrap();
        let waited = asked.elapsed();
        println!("round {round}: the commit waited for {waited:?}");
        assert!(waited >= DEGRADE - Duration::from_millis(100), "acknowledged after {waited:?}");
        // By the time it is acknowledged it has been said.
        assert_eq!(cluster.events(1).matches(&gone).count(), round, "{}", cluster.events(1));
        assert_eq!(degraded(&cluster, 1).as_deref(), Some("Yes"));
        let asked = Instant::now();
        connection.query(&format!("INSERT INTO bank.ledger VALUES (2, {round}, 'does not')")).unwrap();
        assert!(asked.elapsed() < DEGRADE / 2, "still waits: {:?}", asked.elapsed());
        cluster.resume(STRONG);
        cluster
            .wait_until("it is armed again", PATIENCE, || cluster.events(1).matches(&back).count() == round);
    }
    cluster.assert_equal_nodes(PATIENCE);
}

#[test]
fn nothing_is_acknowledged_that_an_armed_strong_sync_voter_lacks() {
    let cluster = Layout::of(3).peer(1, "weight=9").peer(STRONG, "strong-sync;weight=1").start();
    cluster.wait_for_leader_to_be(1, PATIENCE);
    prepare(&mut cluster.connect(1)).unwrap();
    let load = Load::start(&cluster.addresses(), 4);
    load.progress(100, &cluster);
    let mut connection = cluster.connect(1);
    let held = format!(
        "SELECT MATCH_INDEX, DEGRADED FROM information_schema.QUORATE_CLUSTER_MEMBERS WHERE SERVER_ID = {STRONG}"
    );
    cluster.pause(STRONG);
    let (paused, mut looks) = (Instant::now(), 0);
    loop {
        let commit: u64 = {
            let row = connection.query("SELECT @@quorate_commit_index").unwrap();
            row.scalar().unwrap().parse().unwrap()
        };
        let row = connection.query(&held).unwrap();
        if row.text(0, 1).as_deref() == Some("Yes") {
            break;
        }
        let held: u64 = row.text(0, 0).unwrap().parse().unwrap();
        assert!(commit <= held, "index {commit} is committed, but the strong-sync voter has {held}");
        assert!(paused.elapsed() < PATIENCE, "it is not degraded\n{}", cluster.logs());
        looks += 1;
    }
    println!("looked {looks} times in {:?}", paused.elapsed());
    assert!(looks > 5 && paused.elapsed() > DEGRADE / 2);
    load.progress(50, &cluster);
    cluster.resume(STRONG);
    cluster.wait_until("it is armed again", PATIENCE, || degraded(&cluster, 1).as_deref() == Some("No"));
    load.progress(50, &cluster);
    let records = load.stop();
    assert_only_retryable(&records);
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(PATIENCE);
}
