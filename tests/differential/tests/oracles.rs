//! A short run of the oracles, which need no other server.

use cluster_tests::TestCluster;
use differential::campaign::{self, Settings};

#[test]
fn the_oracles_find_nothing() {
    let cluster = TestCluster::start(1);
    let settings = Settings {
        address: cluster.node(1).client_address.clone(),
        against: None,
        queries: 6_000,
        seed: 7,
        has_types: false,
        has_warnings: false,
        differences_max: 3,
        counts: false,
        changes: 10,
    };
    let report = campaign::run(&settings).unwrap();
    assert!(report.differences.is_empty(), "{report}");
    assert_eq!(report.queries, 6_000);
}
