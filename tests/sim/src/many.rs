//! Many seeds on all processors.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use crate::env::Tally;
use crate::failure::{Failure, run};
use crate::world::RunOptions;

/// Runs every seed given, each with the other options; goes on after failures until `failures_max` are found. `progress` is told
/// after each run how many are done and how many failed.
#[must_use]
pub fn run_all(
    seeds: &[u64],
    options: RunOptions,
    failures_max: usize,
    progress: impl Fn(u64, usize) + Sync,
) -> (Tally, Vec<Failure>) {
    let next = AtomicUsize::new(0);
    let done = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let total = Mutex::new((Tally::default(), Vec::new()));
    let workers = thread::available_parallelism().map_or(1, |count| count.get());
    let work = || {
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let result = run(RunOptions { seed: *seed, ..options });
            let mut total = total.lock().expect("nobody panics while holding it");
            match result {
                Ok(tally) => total.0.add(&tally),
                Err(failure) => total.1.push(*failure),
            }
            let failures = total.1.len();
            drop(total);
            if failures >= failures_max {
                stop.store(true, Ordering::Relaxed);
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, failures);
        }
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let (tally, mut failures) = total.into_inner().expect("nobody panics while holding it");
    failures.sort_by_key(|failure| failure.options.seed);
    (tally, failures)
}
