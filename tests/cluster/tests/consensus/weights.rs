//! Election weights: the heaviest leads, and weight 0 only to bring another up to date.

use std::time::Duration;

use cluster_tests::Layout;
use cluster_tests::load::{Load, check, prepare};

/// How long the heaviest may take to lead: an election, and a handover should another have won it.
const HEAVIEST_MAX: Duration = Duration::from_secs(15);

#[test]
fn the_heaviest_leads_then_the_next_and_weight_zero_only_in_need() {
    let mut cluster = Layout::of(3).peer(1, "weight=5").peer(2, "weight=9").peer(3, "weight=0").start();
    cluster.wait_for_leader_to_be(2, HEAVIEST_MAX);
    prepare(&mut cluster.connect(2)).expect("tables");
    let load = Load::start(&cluster.addresses(), 2);
    load.progress(50, &cluster);

    cluster.kill(2);
    cluster.wait_for_leader_to_be(1, HEAVIEST_MAX);
    load.progress(50, &cluster);
    cluster.start_node(2);
    cluster.wait_until("node 2 follows", HEAVIEST_MAX, || cluster.known_leader(2).is_some());

    // Not given a node, a handover goes to the heaviest.
    if cluster.leader() != Some(2) {
        cluster.must_call(3, "change_leader()");
    }
    cluster.wait_for_leader_to_be(2, HEAVIEST_MAX);
    cluster.wait_until("node 3 follows", HEAVIEST_MAX, || cluster.known_leader(3) == Some(2));
    let error = cluster.refused(3, "change_leader(3)");
    assert_eq!(error.code, 1210, "{error}");

    // Alone with a paused one, which has less than it, node 3 does not even stand.
    let term = cluster.term(3);
    cluster.pause(1);
    load.progress(50, &cluster);
    cluster.kill(2);
    cluster.always("node 3 does not stand", Duration::from_secs(3), || {
        cluster.term(3) == term && cluster.known_leader(3) != Some(3)
    });
    for state in ["role leader", "role candidate", "role pre-candidate"] {
        assert!(!cluster.log(3).contains(state), "node 3 was in {state}\n{}", cluster.log(3));
    }

    // The other asks for its vote in vain, as long as it has less: node 3 leads until it has as much, and no longer.
    cluster.resume(1);
    cluster.wait_for_leader_to_be(1, HEAVIEST_MAX);
    cluster.start_node(2);
    load.progress(50, &cluster);
    let records = load.stop();
    check(&mut cluster.connect_leader(), &records);
    cluster.assert_equal_nodes(Duration::from_secs(30));
}
