//! Runs many seeds of the simulator. `QUORATE_SIM_SEEDS=10000` runs more of them, `QUORATE_SIM_SEED=17` only that one.
//!
//! A seed that fails is printed; it goes into `seeds.txt` with the fix.

use std::panic::catch_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use sim_tests::world::{Tally, World};

/// Seeds in a usual run.
const SEEDS: u64 = 1_000;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// Runs every seed given, on all processors, and returns what they were like.
fn run_all(seeds: &[u64]) -> Vec<Tally> {
    let next = AtomicU64::new(0);
    let workers = thread::available_parallelism().map_or(1, |count| count.get());
    let work = || {
        let mut tallies = Vec::new();
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            let result = catch_unwind(|| World::run(*seed, false).0);
            tallies.push(
                result.unwrap_or_else(|_| panic!("seed {seed} failed: run it with QUORATE_SIM_SEED={seed}")),
            );
        }
        tallies
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no seed fails")).collect()
    })
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
    assert_eq!(run_all(&seeds).len(), seeds.len());
}

#[test]
fn nothing_committed_is_lost_and_progress_resumes() {
    let seeds: Vec<u64> = match setting("QUORATE_SIM_SEED") {
        Some(seed) => vec![seed],
        None => (1..=setting("QUORATE_SIM_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let tallies = run_all(&seeds);
    assert_eq!(tallies.len(), seeds.len());
    let sum = |field: fn(&Tally) -> u64| tallies.iter().map(field).sum::<u64>();
    let worst_calm = tallies.iter().map(|tally| tally.calm_ticks).max();
    println!(
        "{} seeds: {} entries committed, {} leaders, {} crashes, {} truncations, settled within {worst_calm:?} ticks",
        seeds.len(),
        sum(|tally| tally.committed),
        sum(|tally| tally.leaders),
        sum(|tally| tally.crashes),
        sum(|tally| tally.truncations),
    );
    if seeds.len() as u64 >= SEEDS {
        // A storm in which nothing happens would prove nothing.
        let count = seeds.len() as u64;
        assert!(sum(|tally| tally.committed) > count * 100, "clusters get work done in the storm");
        assert!(sum(|tally| tally.leaders) > count * 3, "leadership changes");
        assert!(sum(|tally| tally.truncations) > count / 2, "logs diverge");
    }
}

#[test]
fn one_seed_run_twice_is_the_same_byte_for_byte() {
    for seed in [3, 4, 5] {
        let (first, second) = (World::run(seed, true), World::run(seed, true));
        assert!(first.1.as_ref().is_some_and(|trace| trace.len() > 10_000), "the trace is there");
        assert!(first == second, "seed {seed} differs");
        assert_ne!(first.1, World::run(seed + 1, true).1, "another seed is another run");
    }
}
