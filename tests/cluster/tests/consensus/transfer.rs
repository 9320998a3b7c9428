//! The leadership is handed over: planned, under load, to a node that does not answer, and given up.

use std::time::{Duration, Instant};

use cluster_tests::TestCluster;
use cluster_tests::load::{Load, assert_only_retryable, check, prepare};

/// How long a handover may take until the other serves.
const HANDOVER_MAX: Duration = Duration::from_secs(5);
/// How long a handover to a node that does not answer may take until it is given up.
const GIVEN_UP_MAX: Duration = Duration::from_secs(12);

/// Waits until no node is handing over.
fn all_is_quiet(cluster: &TestCluster) {
    cluster.wait_until("no handover is going on", HANDOVER_MAX, || {
        cluster
            .others(&[])
            .iter()
            .all(|id| cluster.status(*id, "Consensus_in_leader_transfer").as_deref() == Some("0"))
    });
}

#[test]
fn the_leadership_goes_to_each_node_in_turn_under_load() {
    let cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let first = cluster.wait_for_leader(HANDOVER_MAX);
    let mut idle = cluster.connect(first);
    idle.query("SET @mine = 7").unwrap();
    let load = Load::start(&cluster.addresses(), 4);
    for round in 0..6 {
        load.progress(30, &cluster);
        let leader = cluster.wait_for_leader(HANDOVER_MAX);
        let followers = cluster.others(&[leader]);
        let target = followers[round % 2];
        let node = cluster.node(target);
        let (through, named) = match round {
            0 => (leader, target.to_string()),
            1 => (target, target.to_string()),
            2 => (followers[1], format!("'{}'", node.peer_address)),
            3 => (followers[0], format!("'{}'", node.sql_address)),
            4 => (leader, "NULL".to_owned()),
            _ => (followers[0], String::new()),
        };
        let asked = Instant::now();
        cluster.must_call(through, &format!("change_leader({named})"));
        let next = cluster.wait_for_leader(HANDOVER_MAX);
        println!("round {round}: n{leader} to n{next} in {:?}", asked.elapsed());
        assert_ne!(next, leader, "round {round}: the leadership stayed");
        if round < 4 {
            assert_eq!(next, target, "round {round}");
        }
        // Whoever leads already needs no handover.
        cluster.must_call(leader, &format!("change_leader({next})"));
        assert_eq!(cluster.wait_for_leader(HANDOVER_MAX), next);
    }
    load.progress(30, &cluster);
    all_is_quiet(&cluster);
    // The session of a client that was idle at the first leader is still there.
    assert_eq!(idle.query("SELECT @mine").unwrap().scalar().as_deref(), Some("7"));
    let records = load.stop();
    assert_only_retryable(&records);
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(Duration::from_secs(30));
}

#[test]
fn a_handover_to_a_node_that_does_not_answer_is_given_up_and_writes_go_on() {
    let cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let leader = cluster.wait_for_leader(HANDOVER_MAX);
    let term = cluster.term(leader).unwrap();
    let (paused, other) = (cluster.others(&[leader])[0], cluster.others(&[leader])[1]);
    cluster.pause(paused);
    for is_loaded in [false, true] {
        let load = is_loaded.then(|| Load::start(&[cluster.node(leader).client_address.clone()], 2));
        if let Some(load) = &load {
            // The node that is asked for is behind now.
            load.progress(50, &cluster);
        }
        let asked = Instant::now();
        let error = cluster.refused(other, &format!("change_leader({paused})"));
        println!("loaded {is_loaded}: given up after {:?}: {error}", asked.elapsed());
        assert!(asked.elapsed() < GIVEN_UP_MAX);
        assert_eq!(error.code, 1105, "{error}");
        assert_eq!(cluster.status(leader, "Consensus_in_leader_transfer").as_deref(), Some("0"));
        cluster.connect(leader).query("UPDATE bank.account SET balance = balance WHERE id = 1").unwrap();
        if let Some(load) = load {
            load.progress(20, &cluster);
            let records = load.stop();
            assert_only_retryable(&records);
            check(&mut cluster.connect(leader), &records);
        }
    }
    assert_eq!((cluster.leader(), cluster.term(leader)), (Some(leader), Some(term)));
    cluster.resume(paused);
    cluster.assert_equal_nodes(Duration::from_secs(30));
    cluster.must_call(other, &format!("change_leader({paused})"));
    cluster.wait_for_leader_to_be(paused, HANDOVER_MAX);
}

#[test]
fn a_handover_can_be_cancelled() {
    let cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let leader = cluster.wait_for_leader(HANDOVER_MAX);
    let (paused, other) = (cluster.others(&[leader])[0], cluster.others(&[leader])[1]);
    // Without one nothing happens.
    cluster.must_call(other, "cancel_transfer()");
    cluster.pause(paused);
    let error = std::thread::scope(|scope| {
        let asked = scope.spawn(|| cluster.refused(leader, &format!("change_leader({paused})")));
        while !asked.is_finished() {
            cluster.must_call(other, "cancel_transfer()");
        }
        asked.join().unwrap()
    });
    assert!(error.message.contains("cancelled"), "{error}");
    all_is_quiet_but(&cluster, leader);
    cluster.connect(leader).query("UPDATE bank.account SET balance = balance WHERE id = 1").unwrap();
    cluster.resume(paused);
    cluster.assert_equal_nodes(Duration::from_secs(30));
}

/// As [`all_is_quiet`], asking only one node: another one is paused.
fn all_is_quiet_but(cluster: &TestCluster, leader: u64) {
    cluster.wait_until("no handover is going on", HANDOVER_MAX, || {
        cluster.status(leader, "Consensus_in_leader_transfer").as_deref() == Some("0")
    });
}

/// What it meets may be the rows of the next leader, which this node applies as a follower by then.
#[test]
fn a_statement_that_outlives_its_leadership_hears_that_and_not_what_it_met() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(HANDOVER_MAX);
    let mut old = cluster.connect(leader);
    old.query("CREATE DATABASE d").unwrap();
    old.query("CREATE TABLE d.t (id INT PRIMARY KEY, place INT NOT NULL, UNIQUE KEY (place))").unwrap();
    old.query("BEGIN").unwrap();
    old.query("INSERT INTO d.t VALUES (1, 1)").unwrap();
    let statement =
        std::thread::spawn(move || old.query("INSERT INTO d.t VALUES (2, 5 + SLEEP(4))").unwrap_err());
    let mut watcher = cluster.connect(leader);
    cluster.wait_until("the statement sleeps", HANDOVER_MAX, || {
        let states = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'";
        watcher.query(states).unwrap().scalar().as_deref() == Some("1")
    });
    let next = cluster.others(&[leader])[0];
    cluster.must_call(leader, &format!("change_leader({next})"));
    assert_eq!(cluster.wait_for_leader(HANDOVER_MAX), next);
    cluster.connect(next).query("INSERT INTO d.t VALUES (3, 5)").unwrap();
    cluster.wait_until("the node has the next leader's row", HANDOVER_MAX, || {
        watcher.query("SELECT COUNT(*) FROM d.t").unwrap().scalar().as_deref() == Some("1")
    });
    assert!(!statement.is_finished(), "it was to meet that row");
    let error = statement.join().unwrap();
    assert_eq!(error.code(), Some(1053), "{error}");
}
