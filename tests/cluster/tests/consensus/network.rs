//! Partitions: nothing acknowledged is lost, money stays, and service goes on where a majority is.

use std::time::{Duration, Instant};

use cluster_tests::load::{Load, assert_only_retryable, check, prepare};
use cluster_tests::{Layout, TestCluster, network};

/// How long the side with the majority may take to have a leader that serves.
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// How long nodes may take to be equal after the load.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);

/// Waits for a leader among these nodes.
fn leader_among(cluster: &TestCluster, ids: &[u64]) -> u64 {
    let started = Instant::now();
    loop {
        let serves = |id: &&u64| cluster.value(**id, "SELECT @@quorate_serving").as_deref() == Some("1");
        if let Some(id) = ids.iter().find(serves) {
            return *id;
        }
        assert!(started.elapsed() < FAILOVER_MAX, "no leader among {ids:?}\n{}", cluster.logs());
    }
}

/// Stops the load and judges it.
fn judge(cluster: &TestCluster, load: Load) {
    let records = load.stop();
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}

#[test]
fn a_cut_off_leader_is_replaced_and_comes_back_as_a_follower() {
    if network::is_left_out() {
        return;
    }
    let cluster = Layout::of(3).networked().start();
    prepare(&mut cluster.connect_leader()).expect("tables");
    let load = Load::start(&cluster.addresses(), 6);
    for round in 0..3 {
        load.progress(100, &cluster);
        let old = cluster.wait_for_leader(FAILOVER_MAX);
        cluster.network().isolate(&[old]);
        let cut = Instant::now();
        let new = leader_among(&cluster, &cluster.others(&[old]));
        println!("round {round}: n{old} cut off, n{new} serves after {:?}", cut.elapsed());
        load.progress(50, &cluster);
        cluster.wait_until("the one that is cut off does not serve", FAILOVER_MAX, || {
            cluster.value(old, "SELECT @@quorate_serving").as_deref() == Some("0")
        });
        cluster.network().heal();
        cluster
            .wait_until("it follows", FAILOVER_MAX, || cluster.known_leader(old).is_some_and(|id| id != old));
    }
    judge(&cluster, load);
}

#[test]
fn the_larger_part_of_five_goes_on() {
    if network::is_left_out() {
        return;
    }
    let cluster = Layout::of(5).networked().start();
    prepare(&mut cluster.connect_leader()).expect("tables");
    let load = Load::start(&cluster.addresses(), 6);
    load.progress(50, &cluster);
    // The leader in the smaller part, then in the larger one.
    for is_leader_cut in [true, false] {
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        let others = cluster.others(&[leader]);
        let smaller = if is_leader_cut { [leader, others[0]] } else { [others[0], others[1]] };
        cluster.network().isolate(&smaller);
        let larger = cluster.others(&smaller);
        leader_among(&cluster, &larger);
        load.progress(50, &cluster);
        for id in smaller {
            cluster.wait_until("no leader in the smaller part", FAILOVER_MAX, || {
                cluster.value(id, "SELECT @@quorate_serving").as_deref() == Some("0")
            });
        }
        cluster.network().heal();
        let leader = leader_among(&cluster, &larger);
        for id in smaller {
            cluster.wait_until("the others follow", FAILOVER_MAX, || {
                cluster.known_leader(id).is_some() && cluster.known_leader(leader).is_some()
            });
        }
        load.progress(50, &cluster);
    }
    judge(&cluster, load);
}

#[test]
fn cuts_in_one_direction_stop_nothing_for_long() {
    if network::is_left_out() {
        return;
    }
    let cluster = Layout::of(3).networked().start();
    prepare(&mut cluster.connect_leader()).expect("tables");
    let load = Load::start(&cluster.addresses(), 4);
    load.progress(50, &cluster);

    // The leader is not heard; then it hears nobody.
    for is_mute in [true, false] {
        let old = cluster.wait_for_leader(FAILOVER_MAX);
        let others = cluster.others(&[old]);
        for other in &others {
            let (from, to) = if is_mute { (old, *other) } else { (*other, old) };
            cluster.network().cut_one_way(from, to);
        }
        let new = leader_among(&cluster, &others);
        println!("mute {is_mute}: n{old} replaced by n{new}");
        load.progress(50, &cluster);
        cluster.network().heal();
        cluster.wait_until("the old leader follows", FAILOVER_MAX, || {
            cluster.known_leader(old).is_some_and(|id| id != old)
        });
        load.progress(50, &cluster);
    }

    // A follower that hears nobody, or that nobody hears, does not disturb the others: with PreVote and stickiness the term stays.
    for is_mute in [true, false] {
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        let term = cluster.term(leader);
        let follower = cluster.others(&[leader])[0];
        for other in cluster.others(&[follower]) {
            let (from, to) = if is_mute { (follower, other) } else { (other, follower) };
            cluster.network().cut_one_way(from, to);
        }
        cluster.always("the leader stays", Duration::from_secs(3), || {
            cluster.term(leader) == term && cluster.known_leader(leader) == Some(leader)
        });
        load.progress(50, &cluster);
        cluster.network().heal();
        cluster.wait_until("the follower is back", FAILOVER_MAX, || {
            cluster.known_leader(follower) == Some(leader)
        });
        assert_eq!(cluster.term(leader), term, "the return of a follower caused an election");
    }

    // Two followers that do not see each other: nothing happens.
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let (term, followers) = (cluster.term(leader), cluster.others(&[leader]));
    cluster.network().cut(followers[0], followers[1]);
    cluster.always("the leader stays", Duration::from_secs(2), || cluster.term(leader) == term);
    load.progress(50, &cluster);
    cluster.network().heal();
    judge(&cluster, load);
}

#[test]
fn a_line_that_flaps_loses_nothing() {
    if network::is_left_out() {
        return;
    }
    let cluster = Layout::of(3).networked().start();
    prepare(&mut cluster.connect_leader()).expect("tables");
    let load = Load::start(&cluster.addresses(), 6);
    load.progress(50, &cluster);
    let pairs = [(1, 2), (2, 3), (1, 3)];
    for round in 0..24 {
        let (a, b) = pairs[rand::random_range(0..3)];
        match round % 3 {
            0 => cluster.network().cut(a, b),
            1 => cluster.network().cut_one_way(a, b),
            _ => cluster.network().isolate(&[a]),
        }
        std::thread::sleep(Duration::from_millis(rand::random_range(50..900)));
        cluster.network().heal();
        std::thread::sleep(Duration::from_millis(rand::random_range(50..400)));
    }
    leader_among(&cluster, &[1, 2, 3]);
    load.progress(100, &cluster);
    judge(&cluster, load);
}

#[test]
fn a_rolling_restart_is_no_error_to_a_client_that_tries_again() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).expect("tables");
    let load = Load::start(&cluster.addresses(), 6);
    for id in [1, 2, 3, 1, 2, 3] {
        load.progress(100, &cluster);
        assert_eq!(cluster.terminate(id), Some(0), "{}", cluster.logs());
        cluster.wait_for_leader(FAILOVER_MAX);
        load.progress(50, &cluster);
        cluster.start_node(id);
        // As whoever does this by hand or by a tool: the next one when this one is back.
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        cluster.wait_until("the node has caught up", FAILOVER_MAX, || {
            let behind = cluster.commit_index(leader).zip(cluster.commit_index(id));
            behind.is_some_and(|(leader, own)| own + 200 > leader)
        });
    }
    load.progress(100, &cluster);
    let records = load.stop();
    assert_only_retryable(&records);
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(CATCH_UP_MAX);
}
