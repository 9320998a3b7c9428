//! Whatever was being read when a replacement began fails, and never gives a row of the new data.

use storage::Error;
use storage::engine::{Direction, KeyRange, MemoryEngine};
use storage::version::{Snapshot, Store};

use crate::cases::{chunks, commit, fill, given, key, memory_store, put, rows};

fn replaced() -> (Store, MemoryEngine, Vec<bytes::Bytes>) {
    let (source, _) = memory_store();
    commit(&source, 500, &(0..4000).map(|number| put(number, "new")).collect::<Vec<_>>());
    let (_, chunks) = chunks(&source, 10_000);
    let (store, engine) = memory_store();
    fill(&store);
    (store, engine, chunks)
}

fn is_dead(snapshot: &Snapshot) {
    for number in [1, 5, 2999, 3999, 70_000] {
        assert!(matches!(snapshot.get(&key(number)), Err(Error::NotReady)), "{number}");
    }
    assert!(matches!(rows(snapshot), Err(Error::NotReady)));
    assert!(matches!(snapshot.checksum(&[KeyRange::all()]), Err(Error::NotReady)));
    assert!(matches!(snapshot.checksum(&[KeyRange::prefix(b"none")]), Err(Error::NotReady)));
}

#[test]
fn snapshots_of_before_and_during_a_replacement_are_dead_for_good() {
    let (store, _, chunks) = replaced();
    let before = store.snapshot();
    let reserved = store.snapshot_at(600).unwrap();
    let same_index = store.snapshot_at(500).unwrap();
    let mut during = Vec::new();
    let take = |chunk: &bytes::Bytes| {
        is_dead(&before);
        during.push(store.snapshot());
        during.push(before.clone());
        Ok(chunk.clone())
    };
    store.replace(500, &mut chunks.iter().map(take)).unwrap();
    for index in 501..=600 {
        commit(&store, index, &[put(index as u32, "later")]);
    }
    for snapshot in during.iter().chain([&before, &before.clone(), &reserved, &same_index]) {
        is_dead(snapshot);
    }
    // They hold nothing, and releasing them takes nothing from others.
    let fresh = [store.snapshot_at(600).unwrap(), store.snapshot()];
    drop((before, reserved, same_index, during));
    assert_eq!(store.stats().snapshot_count, 2);
    assert_eq!(rows(&fresh[0]).unwrap().len(), 4000);
}

#[test]
fn scans_and_exports_under_way_end_with_an_error() {
    let (store, _, chunks) = replaced();
    let mut scans: Vec<_> = [Direction::Forward, Direction::Backward]
        .into_iter()
        .flat_map(|direction| {
            let snapshot = store.snapshot();
            [
                snapshot.scan(KeyRange::all(), direction),
                snapshot.scan(KeyRange::prefix(&key(2)[..4]), direction),
                store.scan_latest(KeyRange::all(), direction),
            ]
        })
        .collect();
    for (at, scan) in scans.iter_mut().enumerate() {
        for _ in 0..at * 37 {
            scan.next().unwrap().unwrap();
        }
    }
    let mut export = store.export().unwrap();
    export.next(1000).unwrap().unwrap();
    let mut seen = 0;
    let step = |chunk: &bytes::Bytes| {
        seen += 1;
        let at = seen % scans.len();
        assert!(matches!(scans[at].next(), Err(Error::NotReady)));
        Ok(chunk.clone())
    };
    store.replace(500, &mut chunks.iter().map(step)).unwrap();
    for scan in &mut scans {
        assert!(matches!(scan.next(), Err(Error::NotReady)));
    }
    assert!(matches!(export.next(1000), Err(Error::NotReady)));
    let mut fresh = store.export().unwrap();
    drop(export);
    assert!(fresh.next(1000).unwrap().is_some());
    assert_eq!(store.stats().snapshot_count, 1);
}

#[test]
fn an_export_at_the_index_of_the_snapshot_does_not_pass_for_one_after_it() {
    let (store, _, chunks) = replaced();
    let old = store.export().unwrap();
    store.drop_pending_from(401);
    store.replace(400, &mut given(&chunks)).unwrap();
    let snapshot = store.snapshot();
    assert_eq!((old.index(), snapshot.index()), (400, 400));
    let before = rows(&snapshot).unwrap();
    for index in 401..=460 {
        commit(&store, index, &[put(5, vec![0; 2 << 20])]);
        store.flush(100).unwrap();
    }
    assert_eq!(rows(&snapshot).unwrap(), before);
}
