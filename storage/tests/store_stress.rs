//! The versioned store against a model, with readers, write-behind, installation and truncation at the same time.
//!
//! What each log entry writes is computed from the seed and the index, so the right answer at any index is known
//! without asking the store. Thread timing is not reproducible; the data, the requests and the bounds are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::Error;
use storage::engine::{Direction, Engine, EngineKind, KeyRange, MemoryEngine};
use storage::format::Mutation;
use storage::limits::ENGINE_CACHE_BYTES_DEFAULT;
use storage::version::{Snapshot, Store, StoreOptions};

/// Keys per index id; there are three ids, and a fourth one in the shard of the first.
const KEYS: u32 = 120;
const IDS: [u32; 4] = [1, 2, 3, 65];
/// Reads that each reader makes at least while the writer writes; twice as many in a run that comes to its end.
const READS_MIN: u64 = 100;
/// Passes that write-behind has at least time for while the writer writes.
const PASSES_MIN: u64 = 20;
/// How long a run takes that is not held up.
const RUN: Duration = Duration::from_millis(1500);
/// How long one may take until it has done what it has to do at least.
const RUN_MAX: Duration = Duration::from_secs(100);

fn key(id: u32, number: u32) -> Bytes {
    let mut key = id.to_be_bytes().to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key.into()
}

fn random_key(random: &mut StdRng) -> Bytes {
    let id = IDS[random.random_range(0..IDS.len())];
    // Some keys are much hotter than others.
    let bound = if random.random_bool(0.3) { 3 } else { KEYS };
    key(id, random.random_range(0..bound))
}

/// What the entry at `index` writes, in its final (`generation` 0) or in a truncated form.
fn entry(seed: u64, index: u64, generation: u64) -> Vec<Mutation> {
    let mut random = StdRng::seed_from_u64(seed ^ index << 20 ^ generation << 60);
    let count = random.random_range(0..8);
    let mut writes = BTreeMap::new();
    for _ in 0..count {
        let value = random.random_bool(0.75).then(|| {
            let mut value = index.to_be_bytes().to_vec();
            value.resize(8 + random.random_range(0..60), generation as u8);
            Bytes::from(value)
        });
        writes.insert(random_key(&mut random), value);
    }
    writes.into_iter().map(|(key, value)| Mutation { key, value }).collect()
}

/// Every version of every key, by final entries.
struct Model(BTreeMap<Bytes, Vec<(u64, Option<Bytes>)>>);

impl Model {
    fn new(seed: u64, last: u64) -> Model {
        let mut keys: BTreeMap<Bytes, Vec<(u64, Option<Bytes>)>> = BTreeMap::new();
        for index in 1..=last {
            for Mutation { key, value } in entry(seed, index, 0) {
                keys.entry(key).or_default().push((index, value));
            }
        }
        Model(keys)
    }

    fn get(&self, key: &[u8], index: u64) -> Option<&Bytes> {
        let versions = self.0.get(key)?;
        let above = versions.partition_point(|(at, _)| *at <= index);
        versions[..above].last().and_then(|(_, value)| value.as_ref())
    }

    fn range(&self, range: &KeyRange, index: u64) -> Vec<(Bytes, Bytes)> {
        let keys = self.0.keys().filter(|key| range.contains(key));
        keys.filter_map(|key| Some((key.clone(), self.get(key, index)?.clone()))).collect()
    }
}

fn random_range(random: &mut StdRng) -> KeyRange {
    let id = IDS[random.random_range(0..IDS.len())];
    match random.random_range(0..4) {
        0 => KeyRange::prefix(&id.to_be_bytes()),
        1 => KeyRange::all(),
        2 => KeyRange::new(random_key(random), random_key(random)),
        _ => {
            let start = random.random_range(0..KEYS);
            KeyRange::new(key(id, start), key(id, start + random.random_range(0..20)))
        }
    }
}

/// Reads something at a snapshot and compares it with the model.
fn check_snapshot(snapshot: &Snapshot, model: &Model, random: &mut StdRng) -> Result<(), Error> {
    let index = snapshot.index();
    if random.random_bool(0.8) {
        for _ in 0..20 {
            let key = random_key(random);
            let found = snapshot.get(&key)?;
            assert_eq!(found.as_deref(), model.get(&key, index).map(|v| &v[..]), "{key:?} at {index}");
        }
        return Ok(());
    }
    let range = random_range(random);
    let direction = if random.random_bool(0.5) { Direction::Forward } else { Direction::Backward };
    let mut scan = snapshot.scan(range.clone(), direction);
    let mut rows = Vec::new();
    while let Some((key, stamp, value)) = scan.next()? {
        assert!(stamp <= index);
        rows.push((key.into_bytes(), value.into_bytes()));
    }
    if direction == Direction::Backward {
        rows.reverse();
    }
    assert_eq!(rows, model.range(&range, index), "{range:?} {direction:?} at {index}");
    Ok(())
}

struct Shared {
    store: Store,
    model: Model,
    seed: u64,
    last: u64,
    stop: AtomicBool,
    /// Of each reader.
    reads: [AtomicU64; 2],
    /// Passes that were ended, and calls when there was nothing to write.
    passes: AtomicU64,
    /// Entries that were written.
    written: AtomicU64,
    too_old: AtomicU64,
    captured: AtomicU64,
    given_up: AtomicU64,
}

impl Shared {
    /// The entry that the writer may go to so that every thread has its part in the run, wherever the scheduler leaves it. What nobody reads
    /// or flushes meanwhile is not tested.
    fn pace(&self) -> u64 {
        let of_all = |done: &AtomicU64, least: u64| done.load(Ordering::Relaxed) * self.last / (2 * least);
        let reads = self.reads.iter().map(|reads| of_all(reads, READS_MIN)).min().unwrap_or(0);
        reads.min(of_all(&self.passes, PASSES_MIN))
    }

    /// Whether everybody has done at least what is wanted of a run.
    fn is_enough(&self) -> bool {
        self.written.load(Ordering::Relaxed) >= self.last * 2 / 3
    }
}

fn write_entries(shared: &Shared) {
    let mut random = StdRng::seed_from_u64(shared.seed + 1);
    let store = &shared.store;
    let mut next = store.watermark() + 1;
    while next <= shared.last && !shared.stop.load(Ordering::Relaxed) {
        if next > shared.pace() + shared.last / (2 * PASSES_MIN) {
            thread::yield_now();
            continue;
        }
        let first = next;
        let count = random.random_range(1..20).min(shared.last + 1 - next);
        let generation = u64::from(random.random_bool(0.1));
        for index in first..first + count {
            store.install(index, &entry(shared.seed, index, generation));
        }
        if generation == 1 {
            let waits = [store.wait_for(first), store.wait_for(first + count - 1)];
            store.drop_pending_from(first);
            assert!(waits.iter().all(|wait| wait.outcome().is_some_and(|outcome| outcome.is_err())));
            continue;
        }
        store.advance(first + random.random_range(0..count));
        store.advance(first + count - 1);
        next = first + count;
        shared.written.store(next - 1, Ordering::Relaxed);
    }
    shared.stop.store(true, Ordering::Release);
}

fn write_behind(shared: &Shared) {
    let mut random = StdRng::seed_from_u64(shared.seed + 2);
    while !shared.stop.load(Ordering::Acquire) {
        let report = shared.store.flush(random.random_range(1..60)).unwrap();
        shared.captured.fetch_add(report.captured as u64, Ordering::Relaxed);
        if report.pass_complete {
            shared.passes.fetch_add(1, Ordering::Relaxed);
        }
        if report.snapshot_given_up.is_some() {
            shared.given_up.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn read(shared: &Shared, number: u64, hold_max: u32) {
    let mut random = StdRng::seed_from_u64(shared.seed + 100 + number);
    while !shared.stop.load(Ordering::Acquire) {
        let snapshot = shared.store.snapshot();
        for _ in 0..random.random_range(1..=hold_max) {
            shared.reads[number as usize].fetch_add(1, Ordering::Relaxed);
            match check_snapshot(&snapshot, &shared.model, &mut random) {
                Ok(()) => {}
                Err(Error::SnapshotTooOld) => {
                    shared.too_old.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                Err(error) => panic!("{error}"),
            }
        }
        drop(snapshot);
        for _ in 0..20 {
            let key = random_key(&mut random);
            let before = shared.store.watermark();
            let found = shared.store.read_committed(&key).unwrap().map(|(_, value)| value.into_bytes());
            let after = shared.store.watermark();
            let possible = (before..=after).any(|index| shared.model.get(&key, index) == found.as_ref());
            assert!(possible, "{key:?} is {found:?} between {before} and {after}");
        }
    }
}

/// Runs everything at once, then checks the final state and the accounts.
fn run(engine: Box<dyn Engine>, seed: u64, memory_bytes_max: usize, hold_max: u32) -> Arc<Shared> {
    let last = 60_000;
    let store = Store::open(engine, StoreOptions { memory_bytes_max }).unwrap();
    let shared = Arc::new(Shared {
        store,
        model: Model::new(seed, last),
        seed,
        last,
        stop: AtomicBool::new(false),
        reads: Default::default(),
        passes: AtomicU64::new(0),
        written: AtomicU64::new(0),
        too_old: AtomicU64::new(0),
        captured: AtomicU64::new(0),
        given_up: AtomicU64::new(0),
    });
    thread::scope(|scope| {
        let begun = Instant::now();
        let threads = [
            scope.spawn(|| write_entries(&shared)),
            scope.spawn(|| write_behind(&shared)),
            scope.spawn(|| read(&shared, 0, 4)),
            scope.spawn(|| read(&shared, 1, hold_max)),
        ];
        // One that ends is either the writer at its end or a failed check.
        while (begun.elapsed() < RUN || !shared.is_enough())
            && !threads.iter().any(|thread| thread.is_finished())
        {
            if begun.elapsed() > RUN_MAX {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        shared.stop.store(true, Ordering::Release);
    });
    assert!(shared.is_enough(), "at entry {:?} after {RUN_MAX:?}", shared.written);
    let store = &shared.store;
    let read = shared.reads.iter().map(|reads| reads.load(Ordering::Relaxed)).min();
    assert!(read > Some(READS_MIN), "readers got to read: {read:?}");
    store.flush_all(1000).unwrap();
    let end = store.watermark();
    assert_eq!(store.engine_index(), end);
    assert_eq!(store.memory_bytes(), store.debug_recount_bytes());
    store.drop_pending_from(end + 1);
    // Passes without a snapshot leave nothing in memory.
    store.install(end + 1, &[]);
    store.advance(end + 1);
    store.flush_all(1000).unwrap();
    assert_eq!(store.memory_bytes(), 0, "{:?}", store.stats());
    let mut rows = Vec::new();
    let mut scan = store.snapshot().scan(KeyRange::all(), Direction::Forward);
    while let Some((key, _, value)) = scan.next().unwrap() {
        rows.push((key.into_bytes(), value.into_bytes()));
    }
    assert_eq!(rows, shared.model.range(&KeyRange::all(), end));
    shared
}

#[test]
fn readers_see_one_index_while_everything_moves() {
    let shared = run(Box::new(MemoryEngine::new()), 1, 64 << 20, 4);
    assert_eq!(shared.too_old.load(Ordering::Relaxed), 0);
}

#[test]
fn long_snapshots_stay_readable_under_memory_pressure() {
    let shared = run(Box::new(MemoryEngine::new()), 2, 192 << 10, 3000);
    assert!(shared.captured.load(Ordering::Relaxed) > 0, "history was captured");
}

#[test]
fn snapshots_are_given_up_when_memory_is_short() {
    let shared = run(Box::new(MemoryEngine::new()), 3, 64 << 10, 100_000);
    assert!(shared.given_up.load(Ordering::Relaxed) > 0);
    assert!(shared.too_old.load(Ordering::Relaxed) > 0);
}

#[test]
fn the_same_over_each_engine_on_disk() {
    for kind in EngineKind::ALL {
        let folder = tempfile::tempdir().unwrap();
        run(kind.open(folder.path(), ENGINE_CACHE_BYTES_DEFAULT).unwrap(), 4, 128 << 10, 300);
    }
}

/// For hunting: `QUORATE_STRESS_SEEDS=200 cargo test --test store_stress many_seeds -- --ignored`.
#[test]
#[ignore = "takes long; for hunting"]
fn many_seeds() {
    let count = std::env::var("QUORATE_STRESS_SEEDS").map_or(20, |count| count.parse().unwrap());
    for seed in 0..count {
        println!("seed {seed}");
        let bound = [64 << 10, 128 << 10, 192 << 10, 64 << 20][seed as usize % 4];
        run(Box::new(MemoryEngine::new()), seed, bound, 300);
        for kind in EngineKind::ALL {
            let folder = tempfile::tempdir().unwrap();
            run(kind.open(folder.path(), ENGINE_CACHE_BYTES_DEFAULT).unwrap(), seed, bound, 300);
        }
    }
}

/// Whenever the engine says that it is at an index and holds nothing beyond, it holds exactly that index.
#[test]
fn the_engine_is_one_index_after_each_pass() {
    let seed = 8;
    let last = 6000;
    let model = Model::new(seed, last);
    let mut random = StdRng::seed_from_u64(seed);
    let engine = MemoryEngine::new();
    let store = Store::open(Box::new(engine.clone()), StoreOptions::default()).unwrap();
    let mut checks = 0;
    let mut index = 0;
    while index < last {
        // Enough for hot keys to be pruned between two steps of a pass.
        for _ in 0..random.random_range(0..250).min(last - index) {
            index += 1;
            store.install(index, &entry(seed, index, 0));
            store.advance(index);
        }
        let report = store.flush(random.random_range(1..120)).unwrap();
        if report.pass_complete && engine.applied() == engine.reach() {
            let mut scan = engine.scan(KeyRange::all(), Direction::Forward);
            let mut rows = Vec::new();
            while let Some((key, _, value)) = scan.next().unwrap() {
                rows.push((key.into_bytes(), value.into_bytes()));
            }
            assert_eq!(rows, model.range(&KeyRange::all(), engine.applied()), "at {}", engine.applied());
            checks += 1;
        }
    }
    assert!(checks > 5);
}

/// Crashes at many points of write-behind, replays, and compares.
#[test]
fn replay_after_a_crash_gives_the_same_rows() {
    let seed = 7;
    let last = 900;
    let model = Model::new(seed, last);
    let mut random = StdRng::seed_from_u64(seed);
    let mut engine = MemoryEngine::new();
    for _ in 0..60 {
        let store = Store::open(Box::new(engine.clone()), StoreOptions::default()).unwrap();
        let reach = engine.reach();
        let begin = engine.applied();
        assert!(begin <= reach);
        let end = (reach.max(begin + 1) + random.random_range(0..30)).min(last);
        for index in begin + 1..=end {
            if index <= reach {
                assert!(!store.is_ready());
                assert!(matches!(store.snapshot().get(&key(1, 1)), Err(Error::SnapshotTooOld)));
                assert!(matches!(store.read_committed(&key(1, 1)), Err(Error::SnapshotTooOld)));
            }
            store.install(index, &entry(seed, index, 0));
            store.advance(index);
            // Write-behind may run while replay does.
            if random.random_bool(0.2) {
                store.flush(random.random_range(1..10)).unwrap();
            }
        }
        assert!(store.is_ready());
        let snapshot = store.snapshot();
        for _ in 0..30 {
            check_snapshot(&snapshot, &model, &mut random).unwrap();
        }
        drop(snapshot);
        for _ in 0..random.random_range(0..6) {
            store.flush(random.random_range(1..40)).unwrap();
        }
        engine = engine.fork();
    }
    assert!(engine.applied() > 300, "the log was worked through to {}", engine.applied());
}
