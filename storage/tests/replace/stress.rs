//! Replacements while everything else goes on.
//!
//! All rows belong to a *world*, and each replacement brings another one: its rows have other keys, but for a few that
//! every entry of every world writes. So a reader knows from the rows alone whether they are all of one world and one
//! index. Thread timing is not reproducible; what is checked holds for any.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use storage::Error;
use storage::engine::{Direction, Engine, EngineKind, KeyRange, MemoryEngine};
use storage::format::Mutation;
use storage::limits::ENGINE_CACHE_BYTES_DEFAULT;
use storage::snapshot::ChunkBuilder;
use storage::version::{Store, StoreOptions};

const RUN: Duration = Duration::from_millis(1200);
/// How long it goes on at most until enough has happened, on a busy machine.
const RUN_MAX: Duration = Duration::from_secs(20);
/// Keys that each entry writes.
const HOT: u32 = 20;
/// Keys that are of one world only.
const COLD: u32 = 400;

fn hot_key(number: u32) -> Bytes {
    [1, number].map(u32::to_be_bytes).concat().into()
}

fn cold_key(world: u64, number: u32) -> Bytes {
    let id = if number.is_multiple_of(2) { 1 } else { 2 };
    [&u32::to_be_bytes(id)[..], &[0xaa], &u32::to_be_bytes(number), &world.to_be_bytes()].concat().into()
}

fn value(world: u64, index: u64) -> Bytes {
    [world.to_be_bytes(), index.to_be_bytes()].concat().into()
}

fn hot_rows(world: u64, index: u64) -> Vec<Mutation> {
    let value = value(world, index);
    (0..HOT).map(|number| Mutation { key: hot_key(number), value: Some(value.clone()) }).collect()
}

/// The snapshot of a world at the index at which it begins.
fn chunks(world: u64, index: u64) -> Vec<Bytes> {
    let mut rows: Vec<Bytes> = (0..HOT).map(hot_key).collect();
    rows.extend((0..COLD).map(|number| cold_key(world, number)));
    rows.sort();
    let chunk = |keys: &[Bytes]| {
        let mut chunk = ChunkBuilder::new();
        keys.iter().for_each(|key| chunk.push(key, &value(world, index)));
        chunk.finish()
    };
    rows.chunks(60).map(chunk).collect()
}

/// World and index that rows are of, or a panic. `None` for the empty world before the first.
fn check(rows: &[(Bytes, Bytes)], index: u64) -> Option<u64> {
    let numbers = |value: &Bytes| {
        let (world, index) = value.split_at(8);
        (u64::from_be_bytes(world.try_into().unwrap()), u64::from_be_bytes(index.try_into().unwrap()))
    };
    let (world, _) = numbers(&rows.first()?.1);
    assert_eq!(rows.len() as u32, HOT + COLD, "at {index}");
    for (key, value) in rows {
        let (of, at) = numbers(value);
        assert_eq!(of, world, "rows of two worlds at {index}");
        assert!(at <= index);
        if key.len() == 8 {
            assert_eq!(at, index, "{key:?}");
        } else {
            assert_eq!(*key, cold_key(world, u32::from_be_bytes(key[5..9].try_into().unwrap())));
        }
    }
    Some(world)
}

struct Shared {
    store: Store,
    stop: AtomicBool,
    replaced: AtomicU64,
    read: AtomicU64,
    not_ready: AtomicU64,
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn is_enough(&self) -> bool {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        count(&self.replaced) > 3 && count(&self.read) > 50 && count(&self.not_ready) > 5
    }

    /// Counts how a read ended; only the errors that may happen are let through.
    fn note<T>(&self, result: Result<T, Error>) {
        match result {
            Ok(_) => self.read.fetch_add(1, Ordering::Relaxed),
            Err(Error::NotReady) => self.not_ready.fetch_add(1, Ordering::Relaxed),
            // Under memory pressure.
            Err(Error::SnapshotTooOld | Error::SnapshotGivenUp { .. }) => 0,
            Err(error) => panic!("{error}"),
        };
    }
}

/// What the one thread that applies does: entries, truncations, replacements.
fn apply(shared: &Shared) {
    let store = &shared.store;
    let mut world = 0;
    while !shared.is_stopped() {
        world += 1;
        let pending = store.watermark() + 1;
        store.install(pending, &hot_rows(world + 1000, pending));
        // At the pending one's index, above it, and far above.
        let index = pending + [0, 1, 50][world as usize % 3];
        let (waits, above) = (store.wait_for(index), store.wait_for(index + 1));
        let chunks = chunks(world, index);
        if world % 5 == 0 {
            let broken = chunks.iter().take(3).cloned().map(Ok).chain([Err(Error::Closed("the link"))]);
            store.replace(index, &mut { broken }).unwrap_err();
        }
        store.replace(index, &mut chunks.into_iter().map(Ok)).unwrap();
        assert_eq!(waits.outcome(), Some(Ok(())));
        assert!(above.outcome().unwrap().is_err());
        assert_eq!((store.watermark(), store.engine_index()), (index, index));
        shared.replaced.fetch_add(1, Ordering::Relaxed);
        for index in index + 1..index + 40 {
            store.install(index, &hot_rows(world, index));
            store.advance(index);
        }
    }
}

fn scan_snapshots(shared: &Shared, direction: Direction) {
    while !shared.is_stopped() {
        let snapshot = shared.store.snapshot();
        for _ in 0..3 {
            let mut scan = snapshot.scan(KeyRange::all(), direction);
            let mut rows = Vec::new();
            let ended = loop {
                match scan.next() {
                    Ok(Some((key, _, value))) => rows.push((key.into_bytes(), value.into_bytes())),
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            if ended.is_ok() {
                check(&rows, snapshot.index());
            }
            shared.note(ended);
        }
    }
}

fn read_points(shared: &Shared) {
    let store = &shared.store;
    while !shared.is_stopped() {
        for number in 0..HOT {
            // A key that every world has is there from the first on, whatever happens.
            let is_begun = shared.replaced.load(Ordering::Relaxed) > 0;
            let before = store.watermark();
            let found = store.read_committed(&hot_key(number));
            if let Ok(found) = &found {
                let at =
                    found.as_ref().map(|(_, value)| u64::from_be_bytes(value[8..16].try_into().unwrap()));
                assert!(!is_begun || at.is_some_and(|at| at >= before), "{at:?} before {before}");
            }
            shared.note(found);
            let latest = store.read_latest(&hot_key(number));
            assert!(!is_begun || latest.as_ref().map_or(true, |latest| latest.value.is_some()));
            shared.note(latest);
        }
        let snapshot = store.snapshot();
        for number in 0..HOT {
            let found = snapshot.get(&hot_key(number));
            if let Ok(Some(value)) = &found {
                assert_eq!(value[8..16], snapshot.index().to_be_bytes());
            }
            shared.note(found);
        }
    }
}

fn export(shared: &Shared) {
    while !shared.is_stopped() {
        let mut rows = Vec::new();
        let ended = shared.store.export().and_then(|mut export| {
            while let Some(chunk) = export.next(2000)? {
                rows.extend(storage::snapshot::decode(&chunk)?);
            }
            Ok(export.index())
        });
        if let Ok(index) = &ended {
            check(&rows, *index);
        }
        shared.note(ended);
    }
}

fn run(engine: Box<dyn Engine>) {
    let options = StoreOptions { memory_bytes_max: 256 << 10 };
    let shared = Shared {
        store: Store::open(engine, options).unwrap(),
        stop: AtomicBool::new(false),
        replaced: AtomicU64::new(0),
        read: AtomicU64::new(0),
        not_ready: AtomicU64::new(0),
    };
    thread::scope(|scope| {
        let begun = Instant::now();
        let shared = &shared;
        let threads = [
            scope.spawn(|| apply(shared)),
            scope.spawn(|| scan_snapshots(shared, Direction::Forward)),
            scope.spawn(|| scan_snapshots(shared, Direction::Backward)),
            scope.spawn(|| read_points(shared)),
            scope.spawn(|| export(shared)),
            scope.spawn(|| {
                while !shared.is_stopped() {
                    shared.store.flush(7).unwrap();
                    // A range that nobody has.
                    let _ = shared.store.delete_range(&KeyRange::prefix(b"none"), 10);
                }
            }),
        ];
        // One that ends before is a failed check.
        let is_finished = || threads.iter().any(|thread| thread.is_finished());
        while (begun.elapsed() < RUN || !shared.is_enough() && begun.elapsed() < RUN_MAX) && !is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
        shared.stop.store(true, Ordering::Release);
    });
    let Shared { replaced, read, not_ready, .. } = &shared;
    eprintln!("{replaced:?} replaced, {read:?} read, {not_ready:?} not ready");
    assert!(shared.is_enough());
    let store = shared.store;
    store.flush_all(100).unwrap();
    assert_eq!(store.stats().snapshot_count, 0);
    assert_eq!(store.memory_bytes(), store.debug_recount_bytes());
    assert_eq!(store.engine_index(), store.watermark());
}

#[test]
fn nobody_sees_two_worlds() {
    run(Box::new(MemoryEngine::new()));
}

#[test]
fn nobody_sees_two_worlds_over_each_engine() {
    for kind in EngineKind::ALL {
        let folder = tempfile::tempdir().unwrap();
        run(kind.open(folder.path(), ENGINE_CACHE_BYTES_DEFAULT).unwrap());
    }
}
