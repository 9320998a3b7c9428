//! Readers, write-behind, merges, installation and truncation at the same time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::Error;
use storage::engine::{Direction, Engine, KeyRange, MemoryEngine, SledEngine, SledOptions};
use storage::format::Mutation;
use storage::staging::StagedId;
use storage::version::{InstallBatch, Store, StoreOptions};

use super::history::{History, check_committed, check_latest, check_snapshot};

const RUN: Duration = Duration::from_millis(1500);

struct Shared {
    store: Store,
    history: History,
    seed: u64,
    stop: AtomicBool,
    reads: AtomicU64,
    captured: AtomicU64,
    merged: AtomicU64,
}

/// As a leader does, or as a follower does.
fn install(store: &Store, index: u64, entry: &[Mutation], as_batch: bool) {
    if !as_batch {
        store.install(index, entry);
        return;
    }
    let mut batch = InstallBatch::default();
    entry.iter().for_each(|mutation| batch.add(index, mutation.clone()));
    store.install_batch(&batch, 0, 1);
}

fn write_entries(shared: &Shared) {
    let mut random = StdRng::seed_from_u64(shared.seed + 1);
    let (store, history) = (&shared.store, &shared.history);
    let mut next = store.watermark() + 1;
    while next <= history.last() && !shared.stop.load(Ordering::Relaxed) {
        let first = next;
        let end = (first + random.random_range(1..20)).min(history.last() + 1);
        let is_truncated = random.random_bool(0.1);
        for index in first..end {
            install(store, index, history.entry(index), random.random_bool(0.5));
            check_latest(store, history, index, &mut random);
        }
        if is_truncated {
            store.drop_pending_from(first);
            check_latest(store, history, first - 1, &mut random);
            continue;
        }
        store.advance(random.random_range(first..end));
        store.advance(end - 1);
        next = end;
        if random.random_bool(0.2) {
            thread::yield_now();
        }
    }
    shared.stop.store(true, Ordering::Release);
}

fn write_behind(shared: &Shared) {
    let mut random = StdRng::seed_from_u64(shared.seed + 2);
    while !shared.stop.load(Ordering::Acquire) {
        let flushed = shared.store.flush(random.random_range(1..60)).unwrap();
        let merged = shared.store.merge(random.random_range(1..40)).unwrap();
        shared.captured.fetch_add((flushed.captured + merged.captured) as u64, Ordering::Relaxed);
        shared.merged.fetch_add(merged.keys_merged as u64, Ordering::Relaxed);
    }
}

fn read(shared: &Shared, number: u64, hold_max: u32) {
    let mut random = StdRng::seed_from_u64(shared.seed + 100 + number);
    while !shared.stop.load(Ordering::Acquire) {
        let snapshot = shared.store.snapshot();
        for _ in 0..random.random_range(1..=hold_max) {
            shared.reads.fetch_add(1, Ordering::Relaxed);
            match check_snapshot(&snapshot, &shared.history, &mut random) {
                Ok(()) => {}
                Err(Error::SnapshotTooOld) => break,
                Err(error) => panic!("{error}"),
            }
        }
        drop(snapshot);
        for _ in 0..20 {
            check_committed(&shared.store, &shared.history, &mut random);
        }
    }
}

fn run(engine: Box<dyn Engine>, seed: u64, memory_bytes_max: usize, hold_max: u32) -> Shared {
    let store = Store::open(engine, StoreOptions { memory_bytes_max }).unwrap();
    let shared = Shared {
        store,
        history: History::new(seed, 40_000),
        seed,
        stop: AtomicBool::new(false),
        reads: AtomicU64::new(0),
        captured: AtomicU64::new(0),
        merged: AtomicU64::new(0),
    };
    thread::scope(|scope| {
        let begun = Instant::now();
        let threads = [
            scope.spawn(|| write_entries(&shared)),
            scope.spawn(|| write_behind(&shared)),
            scope.spawn(|| read(&shared, 0, 4)),
            scope.spawn(|| read(&shared, 1, hold_max)),
        ];
        while begun.elapsed() < RUN && !threads.iter().any(|thread| thread.is_finished()) {
            thread::sleep(Duration::from_millis(5));
        }
        shared.stop.store(true, Ordering::Release);
    });
    settle(&shared);
    shared
}

/// Brings everything to the engine, then looks at all of it.
fn settle(shared: &Shared) {
    let store = &shared.store;
    assert!(shared.reads.load(Ordering::Relaxed) > 50, "readers got to read");
    shared.history.check_all(store, store.watermark());
    let end = store.watermark() + 1;
    store.drop_pending_from(end);
    store.install(end, shared.history.entries.get(end as usize).map_or(&[], |entry| &entry[..]));
    store.advance(end);
    // The first pass may end at an outcome.
    while store.engine_index() < end || !store.merge(100).unwrap().is_idle {
        store.flush(1000).unwrap();
    }
    store.flush_all(1000).unwrap();
    assert_eq!(store.overlay_count(), 0);
    assert_eq!(store.memory_bytes(), store.debug_recount_bytes());
    assert_eq!(store.memory_bytes(), 0, "{:?}", store.stats());
    shared.history.check_all(store, end);
    // What is staged is of transactions without outcome.
    let open = store.open_staged().unwrap();
    let mut scan = store.snapshot().scan(KeyRange::all(), Direction::Forward);
    while let Some((key, _, _)) = scan.next().unwrap() {
        let id = StagedId::of_key(&key);
        assert!(id.is_none_or(|id| open.contains(&id)), "{id:?} has an outcome, and rows are left");
    }
}

#[test]
fn readers_see_a_large_transaction_at_one_index() {
    let shared = run(Box::new(MemoryEngine::new()), 11, 64 << 20, 4);
    assert!(shared.merged.load(Ordering::Relaxed) > 0, "something was merged");
}

#[test]
fn long_snapshots_stay_readable_while_large_transactions_are_merged() {
    let shared = run(Box::new(MemoryEngine::new()), 12, 192 << 10, 3000);
    assert!(shared.captured.load(Ordering::Relaxed) > 0, "history was captured");
    assert!(shared.merged.load(Ordering::Relaxed) > 0, "something was merged");
}

#[test]
fn the_same_over_sled() {
    let folder = tempfile::tempdir().unwrap();
    let engine = SledEngine::open(folder.path(), SledOptions::default()).unwrap();
    let shared = run(Box::new(engine), 13, 256 << 10, 300);
    assert!(shared.merged.load(Ordering::Relaxed) > 0, "something was merged");
}

/// For hunting: `QUORATE_STRESS_SEEDS=200 cargo test --test large many_seeds -- --ignored`.
#[test]
#[ignore = "takes long; for hunting"]
fn many_seeds() {
    let count = std::env::var("QUORATE_STRESS_SEEDS").map_or(20, |count| count.parse().unwrap());
    for seed in 0..count {
        println!("seed {seed}");
        let bound = [64 << 10, 128 << 10, 192 << 10, 64 << 20][seed as usize % 4];
        run(Box::new(MemoryEngine::new()), seed, bound, 300);
    }
}
