//! Runs many seeds of the simulator. `QUORATE_SIM_SEEDS=10000` runs more of them, `QUORATE_SIM_SEED=17` only that one.
//!
//! A seed that fails is printed; it goes into `seeds.txt` with the fix.

use std::path::Path;

use sim_tests::env::Tally;
use sim_tests::failure::run_recorded;
use sim_tests::many::run_all;
use sim_tests::world::RunOptions;

/// Seeds in a usual run.
const SEEDS: u64 = 12_000;
/// Inputs to nodes in the storm of each.
const STEPS: u64 = 5_000;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// Runs every seed given, and returns what they were like together.
fn hold(seeds: &[u64], steps: u64) -> Tally {
    let (tally, failures) = run_all(seeds, RunOptions::new(0, steps), 3, |_, _| {});
    for failure in &failures {
        println!("seed {} fails at step {}: {}", failure.options.seed, failure.step, failure.what);
    }
    assert!(failures.is_empty(), "to see more: cargo xtask sim --seed {}", failures[0].options.seed);
    tally
}

#[test]
fn seeds_that_failed_before_hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let seeds: Vec<u64> = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect();
    assert!(!seeds.is_empty(), "the file is read");
    assert_eq!(hold(&seeds, STEPS).runs, seeds.len() as u64);
}

#[test]
fn nothing_acknowledged_is_lost_and_progress_resumes() {
    let seeds: Vec<u64> = match setting("QUORATE_SIM_SEED") {
        Some(seed) => vec![seed],
        None => (1..=setting("QUORATE_SIM_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let tally = hold(&seeds, STEPS);
    println!("{tally:#?}");
    let runs = tally.runs;
    assert_eq!(runs, seeds.len() as u64);
    if runs >= SEEDS {
        // A storm in which nothing happens would prove nothing.
        assert!(tally.acknowledged > runs * 50, "clients get work done");
        assert!(tally.leaders > runs * 3, "leadership changes");
        assert!(tally.lease_reads > runs * 5 && tally.index_reads > runs * 5, "reads are answered");
        assert!(tally.truncations > runs / 4, "logs diverge");
        assert!(tally.crashes > runs && tally.pauses > runs, "processes end and stand still");
        assert!(tally.changes > runs / 2 && tally.transfers > runs / 2, "operators work");
        assert!(
            tally.resets > runs / 20 && tally.purges > runs / 4,
            "logs are purged, snapshots put in place"
        );
        assert!(tally.feeds > runs, "learners are fed");
        assert!(tally.degraded > runs / 50, "strong-sync voters hold things up");
        assert!(tally.rot_found > runs / 50, "rotten logs are found");
    }
}

#[test]
fn one_seed_run_twice_is_the_same_byte_for_byte() {
    for seed in [3, 4, 5, 6] {
        let record = |seed| {
            let options = RunOptions { trace_lines_max: usize::MAX, ..RunOptions::new(seed, 2_000) };
            let (result, lines) = run_recorded(options);
            (result.ok(), lines)
        };
        let (first, second) = (record(seed), record(seed));
        assert!(first.1.len() > 2_000, "the record is there");
        assert!(first == second, "seed {seed} differs");
        assert_ne!(first.1, record(seed + 1).1, "another seed is another run");
    }
}
