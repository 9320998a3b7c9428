//! The simulator finds every mistake it is shown: each fault of the core (and one of the driver) is caught within a bounded number of
//! seeds, and without a fault the same seeds hold.

use consensus::Fault;
use sim_tests::many::run_all;
use sim_tests::world::RunOptions;

/// Seeds within which each fault must be caught.
const SEEDS_MAX: u64 = 5_000;
/// Inputs to nodes in the storm of each.
const STEPS: u64 = 5_000;

/// The seeds that must be run, from the first on, until the fault is caught.
fn seeds_until_caught(fault: Fault) -> u64 {
    let seeds: Vec<u64> = (1..=SEEDS_MAX).collect();
    let options = RunOptions { fault: Some(fault), ..RunOptions::new(0, STEPS) };
    let (_, failures) = run_all(&seeds, options, 1, |_, _| {});
    let Some(failure) = failures.first() else { panic!("{fault:?} is not caught within {SEEDS_MAX} seeds") };
    println!("{fault:?}: seed {}: {}", failure.options.seed, failure.what);
    failure.options.seed
}

#[test]
fn every_fault_is_caught_and_without_it_the_same_seeds_hold() {
    let mut seeds: Vec<u64> = Fault::ALL.into_iter().map(seeds_until_caught).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let (tally, failures) = run_all(&seeds, RunOptions::new(0, STEPS), 1, |_, _| {});
    assert!(failures.is_empty(), "it fails without a fault: {:?}", failures[0].what);
    assert_eq!(tally.runs, seeds.len() as u64);
}
