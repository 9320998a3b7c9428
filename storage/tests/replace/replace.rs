//! What a replacement leaves, and what it refuses.

use std::cell::Cell;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use storage::engine::{Engine as _, EngineKind, KeyRange};
use storage::snapshot::ChunkBuilder;
use storage::version::Store;
use storage::{Class, Error};

use crate::cases::{chunks, commit, delete, disk_store, fill, given, key, memory_store, put, rows, sum};

/// Replaces what is in `target`, which has other rows, and compares.
fn replaces(target: &Store) {
    let (source, _) = memory_store();
    fill(&source);
    commit(target, 1, &(0..3000).map(|number| put(number, "old")).collect::<Vec<_>>());
    target.flush_all(1000).unwrap();
    commit(target, 2, &[put(3, "committed, in memory")]);
    target.install(3, &[put(4, "pending"), put(5000, "pending")]);

    let (index, chunks) = chunks(&source, 10_000);
    target.replace(index, &mut given(&chunks)).unwrap();
    assert!(target.is_ready() && !target.needs_replace());
    assert_eq!((target.watermark(), target.engine_index(), target.ready_from()), (400, 400, 400));
    assert_eq!(target.memory_bytes(), 0, "pending versions are dropped");
    assert_eq!(sum(target), sum(&source));
    assert_eq!(rows(&target.snapshot()).unwrap(), rows(&source.snapshot()).unwrap());
    assert_eq!(
        target.read_committed(&key(4)).unwrap(),
        source.read_committed(&key(4)).unwrap().map(|(_, value)| (400, value))
    );

    // Both go on alike.
    source.drop_pending_from(401);
    for store in [&source, target] {
        commit(store, 401, &[put(3, "next"), delete(4), put(9999, "new")]);
        store.flush_all(100).unwrap();
    }
    assert_eq!(sum(target), sum(&source));
    assert_eq!(target.engine_index(), 401);
}

#[test]
fn a_replaced_store_equals_the_exported_one() {
    let (store, engine) = memory_store();
    replaces(&store);
    assert_eq!((engine.applied(), engine.reach(), engine.is_replacing()), (401, 401, false));
}

#[test]
fn a_replaced_store_equals_the_exported_one_over_each_engine() {
    for kind in EngineKind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let store = disk_store(kind, &folder);
        replaces(&store);
        let before = sum(&store);
        store.checkpoint().unwrap();
        drop(store);
        let store = disk_store(kind, &folder);
        assert!(!store.needs_replace());
        assert_eq!(sum(&store), before, "{}", kind.name());
    }
}

/// After a crash of write-behind the engine holds effects of entries above the index that it is brought to.
#[test]
fn rows_stamped_above_the_snapshot_are_of_it_afterwards() {
    let (_, engine) = memory_store();
    engine.raise_reach(50).unwrap();
    let row = |number, stamp| (key(number), Some((stamp, Bytes::from_static(b"same"))));
    let mut rows_before = [row(1, 50), row(2, 10), row(3, 50)];
    rows_before.sort();
    engine.write(&rows_before, 10).unwrap();
    let store = crate::cases::open(engine.clone());
    assert!(!store.is_ready());
    let mut builder = ChunkBuilder::new();
    let mut keys = [key(1), key(2)];
    keys.sort();
    keys.iter().for_each(|key| builder.push(key, b"same"));
    store.replace(30, &mut given(&[builder.finish()])).unwrap();
    assert!(store.is_ready());
    assert_eq!(rows(&store.snapshot()).unwrap().len(), 2);
    let stamps = [1, 2].map(|number| engine.get(&key(number)).unwrap().unwrap().0);
    assert_eq!(stamps, [30, 10], "what is the same stays, unless nobody could see it");
}

#[test]
fn a_snapshot_without_rows_empties_the_store() {
    let (store, _) = memory_store();
    fill(&store);
    store.replace(500, &mut std::iter::empty()).unwrap();
    assert_eq!((store.watermark(), sum(&store).row_count), (500, 0));
}

#[test]
fn a_snapshot_below_the_watermark_changes_nothing() {
    let (store, _) = memory_store();
    fill(&store);
    let before = sum(&store);
    let error = store.replace(399, &mut std::iter::empty()).unwrap_err();
    assert!(matches!(error, Error::BadSnapshot { .. }) && error.class() == Class::Refused, "{error}");
    let error = store.replace(u64::MAX, &mut std::iter::empty()).unwrap_err();
    assert!(matches!(error, Error::BadSnapshot { .. }), "{error}");
    assert!(store.is_ready());
    assert_eq!(sum(&store), before);
    store.advance(401);
}

#[test]
fn after_an_error_on_the_way_the_store_is_replaced_again() {
    let (source, _) = memory_store();
    fill(&source);
    let (index, chunks) = chunks(&source, 10_000);
    let backwards: Vec<Bytes> = chunks.iter().rev().cloned().collect();
    let mut damaged = chunks.clone();
    let last = damaged.len() - 1;
    damaged[last] = damaged[last].slice(..damaged[last].len() - 1);
    let twice = [chunks.clone(), vec![chunks[last].clone()]].concat();
    for bad in [backwards, damaged, twice] {
        let (store, engine) = memory_store();
        fill(&store);
        let error = store.replace(index, &mut given(&bad)).unwrap_err();
        assert!(matches!(error, Error::BadSnapshot { .. }), "{error}");
        assert!(store.needs_replace() && !store.is_ready() && engine.is_replacing());
        assert!(matches!(store.snapshot().get(&key(1)), Err(Error::NotReady)));
        assert_eq!(store.checkpoint().unwrap(), 0);
        // One that gives up on its own, and then all of it.
        let broken = Error::Closed("the link");
        let mut chunks_then_error = given(&chunks[..2]).chain([Err(broken)]);
        let error = store.replace(index + 5, &mut chunks_then_error).unwrap_err();
        assert!(matches!(error, Error::Closed("the link")), "{error}");
        assert!(store.needs_replace());
        store.replace(index + 5, &mut given(&chunks)).unwrap();
        assert!(!store.needs_replace());
        assert_eq!(sum(&store).sum, sum(&source).sum);
    }
}

#[test]
fn write_behind_and_reclaim_do_nothing_while_data_is_replaced() {
    let (store, _) = memory_store();
    fill(&store);
    let (index, chunks) = chunks(&store, 10_000);
    let looked = Cell::new(0);
    let look = |chunk: &Bytes| {
        looked.set(looked.get() + 1);
        assert!(store.needs_replace() && !store.is_ready());
        let report = store.flush(100).unwrap();
        assert_eq!((report.keys_written, report.pass_complete), (0, true));
        assert!(!store.flush_wanted());
        assert!(matches!(store.delete_range(&KeyRange::all(), 10), Err(Error::NotReady)));
        assert!(matches!(store.export().err(), Some(Error::NotReady)));
        assert!(matches!(store.checksum(&[KeyRange::all()], 400), Err(Error::NotReady)));
        assert!(matches!(store.read_latest(&key(1)), Err(Error::NotReady)));
        assert!(matches!(store.read_committed(&key(1)), Err(Error::NotReady)));
        assert_eq!(store.checkpoint().unwrap(), 0, "nothing may be purged meanwhile");
        Ok(chunk.clone())
    };
    store.replace(index, &mut chunks.iter().map(look)).unwrap();
    assert_eq!(looked.get(), chunks.len());
    assert!(looked.get() > 5);
}

#[test]
fn waits_up_to_the_snapshot_end_well_and_those_above_do_not() {
    let (store, _) = memory_store();
    fill(&store);
    let (before, at, above) = (store.wait_for(401), store.wait_for(450), store.wait_for(451));
    let outcome_while = Cell::new(None);
    let mut builder = ChunkBuilder::new();
    builder.push(&key(2), b"two");
    let chunk = builder.finish();
    let look = |chunk: &Bytes| {
        outcome_while.set(Some((before.outcome(), at.outcome())));
        Ok(chunk.clone())
    };
    store.replace(450, &mut [chunk].iter().map(look)).unwrap();
    assert_eq!(outcome_while.get(), Some((None, None)), "a wait ended before the new data could be read");
    assert_eq!((before.outcome(), at.outcome()), (Some(Ok(())), Some(Ok(()))));
    assert!(above.outcome().unwrap().is_err());
    // The index may come again, for another entry.
    let again = store.wait_for(451);
    assert_eq!(again.outcome(), None);
    commit(&store, 451, &[put(1, "x")]);
    assert_eq!(again.outcome(), Some(Ok(())));
    assert!(above.outcome().unwrap().is_err());
}

/// Old and new rows that lie between, before, behind and on each other.
#[test]
fn any_rows_are_turned_into_any_others() {
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let numbers = if seed == 0 { 12_000 } else { random.random_range(1..200) };
        let (store, engine) = memory_store();
        let mut some = |share: f64| -> Vec<(Bytes, Bytes)> {
            let mut rows = Vec::new();
            for number in 0..numbers {
                if random.random_bool(share) {
                    rows.push((key(number), Bytes::from(["one", "two"][random.random_range(0..2)])));
                }
            }
            rows.sort();
            rows
        };
        let share = if seed == 0 { [0.9, 0.01] } else { [0.5, 0.5] };
        let (old, new) = (some(share[0]), some(share[1]));
        let old: Vec<_> = old
            .into_iter()
            .map(|(key, value)| storage::format::Mutation { key, value: Some(value) })
            .collect();
        commit(&store, 1, &old);
        store.flush_all(1000).unwrap();
        let chunks: Vec<Bytes> = new
            .chunks(1 + seed as usize % 17)
            .map(|rows| {
                let mut chunk = ChunkBuilder::new();
                rows.iter().for_each(|(key, value)| chunk.push(key, value));
                chunk.finish()
            })
            .collect();
        store.replace(2, &mut given(&chunks)).unwrap();
        assert_eq!(rows(&store.snapshot()).unwrap(), new, "seed {seed}");
        assert_eq!(engine.applied(), 2);
    }
}
