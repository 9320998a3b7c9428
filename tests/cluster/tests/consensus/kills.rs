//! Nodes are killed under load: nothing acknowledged is lost, all nodes agree, and service comes back within seconds.

use std::time::{Duration, Instant};

use cluster_tests::TestCluster;
use cluster_tests::load::{Load, check, prepare};

/// How long a failover may take until the new leader serves.
const FAILOVER_MAX: Duration = Duration::from_secs(5);
/// How long nodes may take to be equal after the load.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);

#[test]
fn nothing_is_lost_when_nodes_are_killed_ten_times_over() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 8);
    for round in 0..10 {
        load.progress(100, &cluster);
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        // First the leader, then any node.
        let victim = if round % 2 == 0 { leader } else { rand::random_range(1..=3) };
        cluster.kill(victim);
        let killed = Instant::now();
        let next = cluster.wait_for_leader(FAILOVER_MAX);
        println!("round {round}: killed n{victim}, n{next} serves after {:?}", killed.elapsed());
        load.progress(50, &cluster);
        cluster.start_node(victim);
    }
    load.progress(100, &cluster);
    let records = load.stop();
    let acknowledged: usize = records.iter().map(|record| record.acknowledged.len()).sum();
    println!(
        "{acknowledged} rows and {} transfers",
        records.iter().map(|record| record.transfers).sum::<u64>()
    );
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn nothing_is_lost_when_all_nodes_are_killed_at_once() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let mut all = Vec::new();
    for round in 0..3 {
        let load = Load::start(&cluster.addresses(), 8);
        load.progress(400, &cluster);
        cluster.kill_all();
        let records = load.stop();
        for id in 1..=3 {
            cluster.start_node(id);
        }
        let leader = cluster.wait_for_leader(Duration::from_secs(10));
        let mut connection = cluster.connect(leader);
        check(&mut connection, &records);
        println!(
            "round {round}: {} operations",
            records.iter().map(|record| record.acknowledged.len()).sum::<usize>()
        );
        connection.query("DELETE FROM bank.ledger").unwrap();
        all.push(records);
    }
    assert_eq!(all.len(), 3);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn a_paused_leader_is_replaced_and_follows_when_it_wakes() {
    let cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 4);
    load.progress(50, &cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    cluster.pause(leader);
    let paused = Instant::now();
    let next = loop {
        if let Some(next) = cluster.leader().filter(|next| *next != leader) {
            break next;
        }
        assert!(paused.elapsed() < Duration::from_secs(10), "no other leader\n{}", cluster.logs());
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_ne!(next, leader);
    load.progress(50, &cluster);
    cluster.resume(leader);
    load.progress(50, &cluster);
    let records = load.stop();
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn without_a_majority_nothing_is_acknowledged() {
    let mut cluster = TestCluster::start(3);
    let mut connection = cluster.connect_leader();
    prepare(&mut connection).unwrap();
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    for id in (1..=3).filter(|id| *id != leader) {
        cluster.kill(id);
    }
    let answer = connection.query("INSERT INTO bank.ledger VALUES (0, 1, 'alone')");
    assert!(answer.is_err(), "a write was acknowledged by one node of three");
    for id in (1..=3).filter(|id| *id != leader) {
        cluster.start_node(id);
    }
    cluster.wait_for_leader(Duration::from_secs(10));
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}
