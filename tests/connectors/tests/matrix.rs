//! Real connectors against a cluster: what came of each cell is as `tests/connectors/results.txt` says.

use cluster_tests::LEADER_TIMEOUT;
use connectors::connector::{CONNECTORS, Language};
use connectors::environment::Server;
use connectors::{failover, matrix, results};

/// The one connector that no package of this Debian ships: see `install.sh`.
const MAY_BE_ABSENT: &str = "mysql";

#[test]
fn every_connector_goes_through_the_matrix() {
    // The programs of Rust take minutes to build: only where that has been done (`install.sh --all`).
    let has_rust = connectors::installed().join("rust/debug/matrix").exists();
    let wanted: Vec<_> =
        CONNECTORS.into_iter().filter(|connector| has_rust || connector.language != Language::Rust).collect();
    let (ready, absent) = matrix::prepare(&wanted);
    let absent: Vec<_> = absent.iter().filter(|(connector, _)| connector.name != MAY_BE_ABSENT).collect();
    assert!(absent.is_empty(), "tests/connectors/install.sh installs what is not here: {absent:?}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = matrix::cluster();
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let server = Server::of(&cluster, leader);
    let mut found = server.with_local_infile(|| matrix::run(&server, &ready, &[], folder.path()));
    failover::run(&mut cluster, &ready, folder.path(), &mut found);
    let differences = results::differences(&results::load(), &found);
    assert!(
        differences.is_empty(),
        "{}\n`cargo run -p connectors -- --bless` writes what is expected anew; read the diff",
        differences.join("\n")
    );
}
