//! No client is told anything wrong of its transactions, whatever happens to the nodes: what was acknowledged is there once and whole, what
//! was refused is not, and what is in doubt is one of the two, the same on all nodes.
//!
//! `QUORATE_FAILOVERS=100` makes it a hundred failures each; `QUORATE_SEED` chooses which, and when.

use std::sync::Arc;

use cluster_tests::network;
use cluster_tests::outcome::Workload;
use cluster_tests::outcome::bank::Bank;
use cluster_tests::outcome::counter::Counter;
use cluster_tests::outcome::fault::Fault;
use cluster_tests::outcome::hot_row::HotRow;
use cluster_tests::outcome::trial::Trial;

/// A number from the environment.
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Runs a workload with these failures, or, when more are asked for than these, with all there are.
fn run(workload: Arc<dyn Workload>, seed: u64, few: &[Fault]) {
    let failovers = setting("QUORATE_FAILOVERS").map_or(few.len(), |count| count as usize);
    let all = if failovers > few.len() { &Fault::ALL } else { few };
    let faults = all.iter().copied().filter(|fault| !fault.needs_network() || !network::is_left_out());
    Trial { failovers, seed: setting("QUORATE_SEED").unwrap_or(seed), faults: faults.collect() }
        .run(workload);
}

#[test]
fn transfers_of_money_end_as_their_clients_are_told() {
    run(Arc::new(Bank::default()), 1, &[Fault::Kill, Fault::NoQuorum, Fault::Isolation]);
}

#[test]
fn counters_count_what_was_acknowledged() {
    run(Arc::new(Counter), 2, &[Fault::Pause, Fault::AllAtOnce, Fault::KillInTransfer]);
}

#[test]
fn every_increment_of_a_hot_row_is_accounted_for() {
    run(Arc::new(HotRow), 3, &[Fault::Transfer, Fault::TwoLeaders, Fault::OneWay]);
}
