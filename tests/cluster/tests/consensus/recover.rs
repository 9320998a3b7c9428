//! Two of three folders are lost for good: the third one becomes a new cluster with everything it had.

use std::process::Command;
use std::time::Duration;

use cluster_tests::load::{Load, check, prepare};
use cluster_tests::{LEADER_TIMEOUT, TestCluster, program, server_binary};

#[test]
fn what_is_left_serves_everything_it_had_and_grows_again_without_the_old_nodes() {
    let mut cluster = TestCluster::start(3);
    prepare(&mut cluster.connect_leader()).unwrap();
    let load = Load::start(&cluster.addresses(), 4);
    load.progress(300, &cluster);
    let records = load.stop();
    cluster.assert_equal_nodes(LEADER_TIMEOUT);
    let kept = cluster.others(&[cluster.wait_for_leader(LEADER_TIMEOUT)])[0];
    let lost: Vec<u64> = cluster.others(&[kept]);
    cluster.kill_all();
    cluster.wipe(lost[0]);

    let mut recover = Command::new(server_binary());
    recover.arg("recover").arg("--data").arg(&cluster.node(kept).data);
    program::succeed(recover.args(["--form", "--keep", &kept.to_string(), "--yes"]));
    cluster.start_node(kept);
    assert_eq!(cluster.wait_for_leader(LEADER_TIMEOUT), kept);
    check(&mut cluster.connect(kept), &records);

    // New nodes get new ids, and votes.
    let patience = Duration::from_secs(20);
    for expected in [4, 5] {
        let new = cluster.join_node(kept, "voter");
        assert_eq!(new, expected);
        cluster
            .wait_until("it has a vote", patience, || cluster.role(new, new).as_deref() == Some("Follower"));
    }
    // The old ones belong to another cluster: one comes with its old log, one with an empty folder.
    let term = cluster.term(kept);
    let count = |cluster: &TestCluster, id| cluster.status(id, "Quorate_peer_refused_other_cluster");
    for id in &lost {
        cluster.start_node(*id);
    }
    cluster
        .wait_until("they are refused", patience, || count(&cluster, kept).is_some_and(|count| count != "0"));
    cluster.always("the new cluster is undisturbed", Duration::from_secs(2), || {
        cluster.term(kept) == term && cluster.known_leader(kept) == Some(kept)
    });
    cluster.connect(kept).query("INSERT INTO bank.ledger VALUES (0, 1000000, 'after')").unwrap();
    cluster.assert_equal(&[kept, 4, 5], patience);
}
