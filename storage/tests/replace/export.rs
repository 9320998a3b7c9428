//! What an export gives, what it holds back, and when it is given up.

use bytes::Bytes;
use storage::engine::MemoryEngine;
use storage::limits::SNAPSHOT_CHUNK_BYTES_MAX;
use storage::version::{FlushUrgency, Store, StoreOptions};
use storage::{Class, Error, snapshot};

use crate::cases::{chunks, commit, fill, key, memory_store, put, rows};

#[test]
fn an_export_gives_every_committed_row_once_and_in_order() {
    let (store, _) = memory_store();
    fill(&store);
    let expected = rows(&store.snapshot()).unwrap();
    assert!(expected.len() > 1500);
    for bytes_max in [1, 100, 5000, usize::MAX] {
        let (index, chunks) = chunks(&store, bytes_max);
        assert_eq!(index, 400);
        let pairs: Vec<(Bytes, Bytes)> =
            chunks.iter().flat_map(|chunk| snapshot::decode(chunk).unwrap()).collect();
        assert_eq!(pairs, expected, "{bytes_max}");
        let largest = expected.iter().map(|(key, value)| key.len() + value.len() + 10).max().unwrap();
        let bound = bytes_max.min(SNAPSHOT_CHUNK_BYTES_MAX) + largest;
        assert!(chunks.iter().all(|chunk| chunk.len() <= bound + snapshot::CHUNK_HEADER_BYTES));
    }
    assert_eq!(chunks(&store, 3000), chunks(&store, 3000), "the same rows give the same chunks");
}

#[test]
fn an_export_sees_one_index_while_the_store_goes_on() {
    let (store, _) = memory_store();
    fill(&store);
    store.drop_pending_from(401);
    let expected = rows(&store.snapshot()).unwrap();
    let mut export = store.export().unwrap();
    let mut found = Vec::new();
    let mut index = 400;
    while let Some(chunk) = export.next(700).unwrap() {
        found.extend(snapshot::decode(&chunk).unwrap());
        // Before and behind where the export is.
        for number in [index * 7 % 2000, index * 13 % 2000, 2500 + index] {
            index += 1;
            commit(&store, u64::from(index), &[put(number, "new"), crate::cases::delete(number + 1)]);
        }
        store.flush(50).unwrap();
    }
    assert_eq!(found, expected);
    assert_eq!(export.pair_count(), expected.len() as u64);
}

#[test]
fn an_empty_store_has_no_chunks() {
    let (store, _) = memory_store();
    assert_eq!(chunks(&store, 100), (0, vec![]));
}

fn small_store() -> Store {
    let options = StoreOptions { memory_bytes_max: 256 << 10 };
    let store = Store::open(Box::new(MemoryEngine::new()), options).unwrap();
    for index in 1..=40 {
        let mutations: Vec<_> =
            (0..50).map(|at| put((index - 1) as u32 * 50 + at, [index as u8; 100])).collect();
        commit(&store, index, &mutations);
        store.flush_all(1000).unwrap();
    }
    assert_eq!(store.memory_bytes(), 0);
    store
}

/// Overwrites all rows of keys below or above a bound, with write-behind; returns the most history there was.
fn overwrite(store: &Store, is_wanted: impl Fn(&[u8]) -> bool) -> u64 {
    let mut history_max = 0;
    for number in (0..2000).filter(|number| is_wanted(&key(*number))) {
        let index = store.watermark() + 1;
        commit(store, index, &[put(number, [0xee; 100])]);
        // So that write-behind goes on past snapshots.
        if store.flush_urgency() == FlushUrgency::Urgent {
            while !store.flush(200).unwrap().pass_complete {}
        }
        history_max = history_max.max(store.stats().history_bytes);
    }
    history_max
}

#[test]
fn what_an_export_has_passed_is_not_kept_for_it() {
    let store = small_store();
    let mut export = store.export().unwrap();
    let mut found = Vec::new();
    while found.len() < 1500 {
        found.extend(snapshot::decode(&export.next(1000).unwrap().unwrap()).unwrap());
    }
    let passed = found.last().unwrap().0.clone();
    for _ in 0..20 {
        overwrite(&store, |key| key <= &passed[..]);
    }
    let after_passed = store.stats().history_bytes;
    assert_eq!(after_passed, 0, "nothing of what is passed is history");
    // What is still to come is kept, and read as it was.
    let kept = overwrite(&store, |key| key > &passed[..]);
    while let Some(chunk) = export.next(1000).unwrap() {
        found.extend(snapshot::decode(&chunk).unwrap());
    }
    assert_eq!(found.len(), 2000);
    assert!(found.iter().all(|(_, value)| value[0] != 0xee), "the export saw a later version");
    assert!(kept < 256 << 9, "{kept}");
}

#[test]
fn an_ordinary_snapshot_at_the_same_index_keeps_all_of_it() {
    let store = small_store();
    let snapshot = store.snapshot();
    let mut export = store.export().unwrap();
    export.next(100_000).unwrap().unwrap();
    let before = rows(&snapshot).unwrap();
    overwrite(&store, |key| key[3] < 2);
    assert_eq!(rows(&snapshot).unwrap(), before);
    // The export alone holds only what it has not passed: no new snapshot can be taken there.
    drop(snapshot);
    assert!(matches!(store.snapshot_at(export.index()), Err(Error::SnapshotTooOld)));
    while export.next(100_000).unwrap().is_some() {}
}

#[test]
fn an_export_that_takes_too_long_is_given_up_and_begun_again() {
    let store = small_store();
    let mut export = store.export().unwrap();
    export.next(100).unwrap().unwrap();
    let index = export.index();
    let error = loop {
        overwrite(&store, |_| true);
        match export.next(100) {
            Ok(chunk) => assert!(chunk.is_some(), "history was not short"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::SnapshotGivenUp { index: at } if at == index), "{error}");
    assert_eq!(error.class(), Class::Retryable);
    assert!(export.next(100).is_err(), "it stays given up");
    drop(export);
    let (index, chunks) = chunks(&store, 100_000);
    assert_eq!(index, store.watermark());
    assert_eq!(chunks.iter().map(|chunk| snapshot::decode(chunk).unwrap().len()).sum::<usize>(), 2000);
}

#[test]
fn an_export_that_ended_holds_nothing_back() {
    let store = small_store();
    let export = store.export().unwrap();
    assert_eq!(store.stats().snapshot_count, 1);
    commit(&store, 41, &[put(1, "x")]);
    assert_eq!(store.flush_all(100).unwrap().engine_index, 40);
    drop(export);
    assert_eq!(store.stats().snapshot_count, 0);
    assert_eq!(store.flush_all(100).unwrap().engine_index, 41);
}
