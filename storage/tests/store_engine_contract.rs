//! The contract of [`storage::engine::Engine`], run on every engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::engine::{
    CachedEngine, Direction, Engine, FjallEngine, FjallOptions, KeyRange, MemoryEngine, RedbEngine,
    RedbOptions, SledEngine, SledOptions,
};
use tempfile::TempDir;

/// An engine under test that can be closed and opened again.
trait Subject {
    type Engine: Engine;
    fn new() -> Self;
    fn open(&self) -> Self::Engine;
}

struct Memory(MemoryEngine);

impl Subject for Memory {
    type Engine = MemoryEngine;
    fn new() -> Self {
        Memory(MemoryEngine::new())
    }
    fn open(&self) -> MemoryEngine {
        self.0.clone()
    }
}

/// The cache of leaves before one of them; so small that leaves come and go.
struct Cached(MemoryEngine);

impl Subject for Cached {
    type Engine = CachedEngine;
    fn new() -> Self {
        Cached(MemoryEngine::new())
    }
    fn open(&self) -> CachedEngine {
        CachedEngine::new(Box::new(self.0.clone()), 8 << 10)
    }
}

struct Sled(TempDir);

impl Subject for Sled {
    type Engine = SledEngine;
    fn new() -> Self {
        Sled(tempfile::tempdir().unwrap())
    }
    fn open(&self) -> SledEngine {
        SledEngine::open(self.0.path(), SledOptions::default()).unwrap()
    }
}

struct Redb(TempDir);

impl Subject for Redb {
    type Engine = RedbEngine;
    fn new() -> Self {
        Redb(tempfile::tempdir().unwrap())
    }
    fn open(&self) -> RedbEngine {
        RedbEngine::open(self.0.path(), RedbOptions::default()).unwrap()
    }
}

struct Fjall(TempDir);

impl Subject for Fjall {
    type Engine = FjallEngine;
    fn new() -> Self {
        Fjall(tempfile::tempdir().unwrap())
    }
    fn open(&self) -> FjallEngine {
        FjallEngine::open(self.0.path(), FjallOptions::default()).unwrap()
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn put(key: &str, stamp: u64, value: &str) -> (Bytes, Option<(u64, Bytes)>) {
    (bytes(key), Some((stamp, bytes(value))))
}

fn rows(engine: &impl Engine, range: KeyRange, direction: Direction) -> Vec<(Bytes, u64, Bytes)> {
    let mut scan = engine.scan(range, direction);
    let mut rows = Vec::new();
    while let Some((key, stamp, value)) = scan.next().unwrap() {
        rows.push((key.into_bytes(), stamp, value.into_bytes()));
    }
    rows
}

fn keeps_stamps_and_values<S: Subject>() {
    let subject = S::new();
    let engine = subject.open();
    assert_eq!((engine.applied(), engine.reach()), (0, 0));
    engine.raise_reach(7).unwrap();
    engine.write(&[put("aaaa", 5, "1"), put("aaab", 7, "")], 7).unwrap();
    assert_eq!((engine.applied(), engine.reach()), (7, 7));
    let (stamp, value) = engine.get(b"aaaa").unwrap().unwrap();
    assert_eq!((stamp, &value[..]), (5, &b"1"[..]));
    let (stamp, value) = engine.get(b"aaab").unwrap().unwrap();
    assert_eq!((stamp, &value[..]), (7, &b""[..]));
    assert!(engine.get(b"aaac").unwrap().is_none());

    engine.raise_reach(9).unwrap();
    engine.raise_reach(8).unwrap();
    assert_eq!(engine.reach(), 9);
    engine.write(&[(bytes("aaaa"), None), put("aaab", 8, "new")], 7).unwrap();
    assert_eq!((engine.applied(), engine.reach()), (7, 9), "a step in between moves only the reach");
    assert!(engine.get(b"aaaa").unwrap().is_none());
    assert_eq!(engine.checkpoint().unwrap(), 7);

    drop(engine);
    let engine = subject.open();
    assert_eq!((engine.applied(), engine.reach()), (7, 9));
    assert!(engine.get(b"aaaa").unwrap().is_none());
    assert_eq!(engine.get(b"aaab").unwrap().unwrap().0, 8);
    // Applied never goes down.
    engine.write(&[], 3).unwrap();
    assert_eq!(engine.applied(), 7);
}

fn scans_ranges_both_ways<S: Subject>() {
    let subject = S::new();
    let engine = subject.open();
    engine.raise_reach(1).unwrap();
    let mut random = StdRng::seed_from_u64(11);
    let mut model = BTreeMap::new();
    // Few byte values, 00 and ff among them, so that keys are prefixes of others and of range bounds.
    let mut key = move || -> Bytes {
        let length = random.random_range(4..14);
        (0..length).map(|_| [0, 1, 0x7f, 0x80, 0xfe, 0xff, 0xff, 0xff][random.random_range(0..8)]).collect()
    };
    for _ in 0..3000 {
        model.insert(key(), (1_u64, key()));
    }
    let batch: Vec<_> = model.iter().map(|(key, write)| (key.clone(), Some(write.clone()))).collect();
    engine.write(&batch, 1).unwrap();

    let all: Vec<_> =
        model.iter().map(|(key, (stamp, value))| (key.clone(), *stamp, value.clone())).collect();
    assert_eq!(rows(&engine, KeyRange::all(), Direction::Forward), all);
    for round in 0..300 {
        let mut range = match round % 3 {
            0 => KeyRange::new(key(), key()),
            1 => KeyRange::prefix(&key()[..round % 4]),
            _ => KeyRange::new(key(), Bytes::new()),
        };
        if round % 7 == 0 {
            range.start = range.start.slice(..range.start.len().min(round % 4));
        }
        let expected: Vec<_> = all.iter().filter(|(key, _, _)| range.contains(key)).cloned().collect();
        assert_eq!(rows(&engine, range.clone(), Direction::Forward), expected, "{range:?}");
        let mut backward = rows(&engine, range.clone(), Direction::Backward);
        backward.reverse();
        assert_eq!(backward, expected, "backward {range:?}");
    }
}

/// Whole leaves of keys that continue with `ff ff ff ff`: the largest INT in an index of two columns.
fn scans_backward_over_the_largest_numbers<S: Subject>() {
    let subject = S::new();
    let engine = subject.open();
    engine.raise_reach(1).unwrap();
    let mut batch = Vec::new();
    for first in 5..8_u8 {
        for id in 0..200_u32 {
            let mut key = vec![0, 0, 0, 9, first, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
            key.extend_from_slice(&id.to_be_bytes());
            batch.push((Bytes::from(key), Some((1, bytes("")))));
        }
    }
    engine.write(&batch, 1).unwrap();
    let expected: Vec<Bytes> = batch.iter().rev().map(|(key, _)| key.clone()).collect();
    let found: Vec<Bytes> = rows(&engine, KeyRange::prefix(&[0, 0, 0, 9]), Direction::Backward)
        .into_iter()
        .map(|(key, _, _)| key)
        .collect();
    assert_eq!(found, expected);
}

fn deletes_ranges_in_steps<S: Subject>() {
    let subject = S::new();
    let engine = subject.open();
    engine.raise_reach(1).unwrap();
    let batch: Vec<_> = (0..100).map(|number| put(&format!("tab1{number:03}"), 1, "x")).collect();
    engine.write(&batch, 1).unwrap();
    engine.write(&[put("tab0zzz", 1, "x"), put("tab2", 1, "x")], 1).unwrap();
    assert_eq!(engine.delete_range(KeyRange::prefix(b"tab1"), 60).unwrap(), 60);
    assert_eq!(engine.delete_range(KeyRange::prefix(b"tab1"), 60).unwrap(), 40);
    assert_eq!(engine.delete_range(KeyRange::prefix(b"tab1"), 60).unwrap(), 0);
    assert_eq!(rows(&engine, KeyRange::all(), Direction::Forward).len(), 2);
    assert_eq!(engine.applied(), 1);
}

fn scans_outlive_writes<S: Subject>() {
    let subject = S::new();
    let engine = subject.open();
    engine.raise_reach(2).unwrap();
    let batch: Vec<_> = (0..200).map(|number| put(&format!("tab1{number:03}"), 1, "old")).collect();
    engine.write(&batch, 1).unwrap();
    let mut scan = engine.scan(KeyRange::all(), Direction::Forward);
    let mut count = 0;
    while let Some((key, _, _)) = scan.next().unwrap() {
        assert_eq!(&key[..], format!("tab1{count:03}").as_bytes());
        if count % 10 == 0 {
            let batch: Vec<_> = (0..200).map(|number| put(&format!("tab1{number:03}"), 2, "new")).collect();
            engine.write(&batch, 2).unwrap();
        }
        count += 1;
    }
    assert_eq!(count, 200, "every key was there all the time");
}

fn says_that_it_is_being_replaced_until_it_is_done<S: Subject>() {
    let subject = S::new();
    let engine = subject.open();
    assert!(!engine.is_replacing());
    engine.raise_reach(50).unwrap();
    let old: Vec<_> = (0..3000).map(|number| put(&format!("tab1{number:04}"), 5, "old")).collect();
    engine.write(&old, 40).unwrap();

    // Down, too.
    engine.begin_replace(45).unwrap();
    assert!(engine.is_replacing());
    assert_eq!((engine.applied(), engine.reach()), (0, 45));
    assert_eq!(rows(&engine, KeyRange::all(), Direction::Forward).len(), 3000);
    assert_eq!(engine.checkpoint().unwrap(), 0, "the log must not be purged on the strength of this");
    engine.write(&[put("tab2", 45, "a"), put("tab3", 45, "b")], 0).unwrap();
    drop(engine);
    let engine = subject.open();
    assert!(engine.is_replacing(), "a crash is no end of a replacement");
    assert_eq!((engine.applied(), engine.reach()), (0, 45));

    engine.begin_replace(60).unwrap();
    assert_eq!(engine.delete_range(KeyRange::prefix(b"tab1"), usize::MAX).unwrap(), 3000);
    engine.write(&[put("tab2", 60, "c"), (bytes("tab3"), None)], 0).unwrap();
    engine.write(&[put("tab4", 60, "d")], 0).unwrap();
    engine.end_replace().unwrap();
    let expected = [(bytes("tab2"), 60, bytes("c")), (bytes("tab4"), 60, bytes("d"))];
    let is_as_expected = |engine: &S::Engine| {
        assert!(!engine.is_replacing());
        assert_eq!((engine.applied(), engine.reach()), (60, 60));
        assert_eq!(rows(engine, KeyRange::all(), Direction::Forward), expected);
    };
    is_as_expected(&engine);
    drop(engine);
    is_as_expected(&subject.open());
}

/// Batches of a few rows and of megabytes, in any order: an engine may go other ways for the large ones.
fn small_and_large_batches_are_one_history<S: Subject>() {
    const KEYS: u64 = 6000;
    let subject = S::new();
    let mut engine = subject.open();
    let mut random = StdRng::seed_from_u64(23);
    let mut model: BTreeMap<Bytes, (u64, Bytes)> = BTreeMap::new();
    for index in 1..=60 {
        let writes = if random.random_bool(0.3) { random.random_range(1500..4000) } else { 20 };
        let mut batch = BTreeMap::new();
        for _ in 0..writes {
            let key = bytes(&format!("tab{}{:05}", random.random_range(0..3), random.random_range(0..KEYS)));
            let value = (random.random_range(0..4) > 0)
                .then(|| (index, Bytes::from(vec![index as u8; random.random_range(400..1600)])));
            batch.insert(key, value);
        }
        let batch: Vec<_> = batch.into_iter().collect();
        engine.raise_reach(index).unwrap();
        engine.write(&batch, index).unwrap();
        for (key, value) in batch {
            match value {
                Some(value) => model.insert(key, value),
                None => model.remove(&key),
            };
        }
        if random.random_range(0..6) == 0 {
            assert_eq!(engine.checkpoint().unwrap(), index);
            drop(engine);
            engine = subject.open();
        }
        assert_eq!((engine.applied(), engine.reach()), (index, index));
        if index % 4 == 0 {
            let found = rows(&engine, KeyRange::all(), Direction::Forward);
            let expected = model.iter().map(|(key, (stamp, value))| (key.clone(), *stamp, value.clone()));
            assert!(found == expected.collect::<Vec<_>>(), "other rows at {index}");
            for (key, (stamp, value)) in model.iter().step_by(13) {
                let (found_stamp, found) = engine.get(key).unwrap().expect("a row is gone");
                assert!((found_stamp, &found[..]) == (*stamp, &value[..]), "{key:?} at {index}");
            }
        }
    }
}

/// The log's upkeep makes checkpoints while write-behind writes.
fn checkpoints_beside_a_writer_take_nothing_back<S: Subject>() {
    let subject = S::new();
    let engine = subject.open();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                engine.checkpoint().unwrap();
            }
        });
        for index in 1..=100 {
            engine.raise_reach(index).unwrap();
            assert_eq!(engine.reach(), index);
            std::thread::yield_now();
            assert_eq!(engine.reach(), index);
            engine.write(&[put(&format!("tab{index:03}"), index, "x")], index).unwrap();
            assert_eq!(engine.applied(), index);
        }
        done.store(true, std::sync::atomic::Ordering::Release);
    });
    assert_eq!((engine.applied(), engine.reach(), engine.checkpoint().unwrap()), (100, 100, 100));
    assert_eq!(rows(&engine, KeyRange::all(), Direction::Forward).len(), 100);
}

macro_rules! contract {
    ($($name:ident),*) => {
        mod memory { $( #[test] fn $name() { super::$name::<super::Memory>(); } )* }
        mod cached { $( #[test] fn $name() { super::$name::<super::Cached>(); } )* }
        mod sled { $( #[test] fn $name() { super::$name::<super::Sled>(); } )* }
        mod redb { $( #[test] fn $name() { super::$name::<super::Redb>(); } )* }
        mod fjall { $( #[test] fn $name() { super::$name::<super::Fjall>(); } )* }
    };
}

contract!(
    keeps_stamps_and_values,
    scans_ranges_both_ways,
    scans_backward_over_the_largest_numbers,
    deletes_ranges_in_steps,
    scans_outlive_writes,
    small_and_large_batches_are_one_history,
    says_that_it_is_being_replaced_until_it_is_done,
    checkpoints_beside_a_writer_take_nothing_back
);
