//! Crashes at any point of write-behind and of a merge; the log is replayed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::engine::{Direction, Engine, EngineWrite, MemoryEngine};
use storage::staging::{is_staged, outcome_rows, staged_rows};
use storage::version::{Store, StoreOptions};

use super::history::{History, check_latest, check_snapshot};
use super::recording_engine::{Batches, RecordingEngine};

#[test]
fn replay_after_a_crash_gives_the_same_rows() {
    let (mut merged, mut reopened_with_overlay) = (0, 0);
    for seed in 20..28 {
        let history = History::new(seed, 1500);
        let mut random = StdRng::seed_from_u64(seed);
        let mut engine = MemoryEngine::new();
        while engine.applied() + 60 < history.last() {
            let store = Store::open(Box::new(engine.clone()), StoreOptions::default()).unwrap();
            reopened_with_overlay += store.overlay_count();
            let begin = store.watermark();
            let end = (engine.reach().max(begin + 1) + random.random_range(0..60)).min(history.last());
            for index in begin + 1..=end {
                store.install(index, history.entry(index));
                store.advance(index);
                if random.random_bool(0.2) {
                    store.flush(random.random_range(1..10)).unwrap();
                    merged += store.merge(random.random_range(1..10)).unwrap().keys_merged;
                }
            }
            assert!(store.is_ready());
            let snapshot = store.snapshot();
            for _ in 0..30 {
                check_snapshot(&snapshot, &history, &mut random).unwrap();
                check_latest(&store, &history, end, &mut random);
            }
            drop(snapshot);
            for _ in 0..random.random_range(0..12) {
                store.flush(random.random_range(1..80)).unwrap();
                merged += store.merge(random.random_range(1..30)).unwrap().keys_merged;
            }
            history.check_all(&store, end);
            engine = engine.fork();
        }
    }
    assert!(merged > 500, "only {merged} rows were merged");
    assert!(reopened_with_overlay > 5, "only {reopened_with_overlay} merges were interrupted by a crash");
}

/// The engine may keep the writes of rows to their places and lose the removal of the staged ones, which come after them in
/// a batch.
#[test]
fn a_batch_that_was_cut_by_a_crash_is_merged_again() {
    let history = History::new(31, 900);
    let engine = MemoryEngine::new();
    let store = Store::open(Box::new(engine.clone()), StoreOptions::default()).unwrap();
    let mut cuts = 0;
    for index in 1..=history.last() {
        store.install(index, history.entry(index));
        store.advance(index);
        if index % 3 != 0 {
            store.flush(30).unwrap();
            continue;
        }
        let before = engine.fork();
        if index % 2 == 0 {
            store.flush(20).unwrap();
        } else {
            store.merge(7).unwrap();
        }
        let cut = engine.fork();
        let removed = removed_staged(&before, &cut);
        if removed.is_empty() || cut.applied() > before.applied() {
            continue;
        }
        cuts += 1;
        cut.write(&removed, cut.applied()).unwrap();
        let reopened = Store::open(Box::new(cut.clone()), StoreOptions::default()).unwrap();
        let end = (cut.reach() + 5).min(history.last());
        for index in reopened.watermark() + 1..=end {
            reopened.install(index, history.entry(index));
            reopened.advance(index);
        }
        history.check_all(&reopened, end);
        for _ in 0..200 {
            reopened.flush(30).unwrap();
            reopened.merge(30).unwrap();
        }
        history.check_all(&reopened, end);
    }
    assert!(cuts > 20, "only {cuts} batches removed anything");
}

/// While a write is made a reader may find one of its keys as it was and another as it will be: a cache in front of the engine lags behind it for
/// the keys that it has. Who no longer finds a staged row must find it in its place.
#[test]
fn rows_are_in_their_places_before_the_first_staged_one_goes() {
    let history = History::new(32, 900);
    let batches = Batches::default();
    let engine = RecordingEngine(MemoryEngine::new(), batches.clone());
    let store = Store::open(Box::new(engine), StoreOptions::default()).unwrap();
    let (mut placed, mut removed) = (0, 0);
    for index in 1..=history.last() {
        store.install(index, history.entry(index));
        store.advance(index);
        store.flush(30).unwrap();
        batches.lock().unwrap().clear();
        store.merge(7).unwrap();
        for batch in batches.lock().unwrap().iter() {
            let removes = batch.iter().any(|(key, write)| is_staged(key) && write.is_none());
            let places = batch.iter().any(|(key, write)| !is_staged(key) && write.is_some());
            assert!(!(removes && places), "one write moves rows: {batch:?}");
            removed += usize::from(removes);
            placed += usize::from(places);
        }
    }
    assert!(placed > 20 && removed > 20, "{placed} writes of rows, {removed} of removals");
}

/// The rows that the last batch removed at its end: the staged ones, and the outcome.
fn removed_staged(before: &MemoryEngine, after: &MemoryEngine) -> Vec<EngineWrite> {
    let mut removed = Vec::new();
    for range in [outcome_rows(), staged_rows()] {
        let mut rows = before.scan(range, Direction::Forward);
        while let Some((key, stamp, value)) = rows.next().unwrap() {
            if after.get(&key).unwrap().is_none() {
                removed.push((key.into_bytes(), Some((stamp, value.into_bytes()))));
            }
        }
    }
    removed
}
