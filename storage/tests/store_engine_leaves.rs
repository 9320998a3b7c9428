//! The cache of leaves in front of an engine: what it answers is what the engine holds, whatever was read and written before, and never
//! older than a write that had ended when the read began.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::Result;
use storage::engine::{
    CachedEngine, Direction, Engine, EngineScan, EngineWrite, KeyRange, MemoryEngine, Slice, prefix_end,
};
use storage::limits::{LEAF_BYTES_HUGE, LEAF_BYTES_MAX};

type Rows = Vec<(Bytes, u64, Bytes)>;

fn key(id: u32, number: u32) -> Bytes {
    [id.to_be_bytes(), number.to_be_bytes()].concat().into()
}

fn rows(engine: &dyn Engine, range: KeyRange, direction: Direction, rows_max: usize) -> Rows {
    let mut scan = engine.scan(range, direction);
    let mut rows = Vec::new();
    while rows.len() < rows_max
        && let Some((key, stamp, value)) = scan.next().unwrap()
    {
        rows.push((key.into_bytes(), stamp, value.into_bytes()));
    }
    rows
}

/// What a scan is to give, by a model.
fn expected(
    model: &BTreeMap<Bytes, (u64, Bytes)>,
    range: &KeyRange,
    backward: bool,
    rows_max: usize,
) -> Rows {
    let row = |(key, (stamp, value)): (&Bytes, &(u64, Bytes))| (key.clone(), *stamp, value.clone());
    let within = model.iter().filter(|(key, _)| range.contains(key));
    match backward {
        false => within.map(row).take(rows_max).collect(),
        true => within.rev().map(row).take(rows_max).collect(),
    }
}

/// A value; some are larger than a leaf, a few larger than the cache keeps.
fn value(random: &mut StdRng) -> Bytes {
    let bytes = match random.random_range(0..1000) {
        0 => LEAF_BYTES_HUGE + 1,
        1..10 => LEAF_BYTES_MAX + random.random_range(0..100),
        _ => random.random_range(0..300),
    };
    vec![random.random(); bytes].into()
}

const NUMBERS: u32 = 1500;

fn range(random: &mut StdRng) -> KeyRange {
    let id = random.random_range(1..4);
    let from = random.random_range(0..NUMBERS + 10);
    match random.random_range(0..6) {
        0 => KeyRange::prefix(&u32::to_be_bytes(id)),
        1 => KeyRange::point(&key(id, from)),
        2 => KeyRange::new(key(id, from), prefix_end(&u32::to_be_bytes(id))),
        3 => KeyRange::new(key(id, from), key(id + 1, from)),
        _ => KeyRange::new(key(id, from), key(id, from + random.random_range(0..300))),
    }
}

fn agrees_with_a_model(cache_bytes: usize, seed: u64) {
    let engine = CachedEngine::new(Box::new(MemoryEngine::new()), cache_bytes);
    let mut random = StdRng::seed_from_u64(seed);
    let mut model: BTreeMap<Bytes, (u64, Bytes)> = BTreeMap::new();
    for index in 1..=4000 {
        match random.random_range(0..20) {
            0..4 => {
                let mut batch = BTreeMap::new();
                // All over, or behind each other, as inserts at the end of a table are.
                let (id, from) = (random.random_range(1..4), random.random_range(0..NUMBERS));
                for step in 0..random.random_range(0..200) {
                    let number = if index % 2 == 0 {
                        (from + step) % NUMBERS
                    } else {
                        random.random_range(0..NUMBERS)
                    };
                    batch.insert(
                        key(id, number),
                        random.random_bool(0.8).then(|| (index, value(&mut random))),
                    );
                }
                for (key, write) in &batch {
                    match write {
                        Some(row) => model.insert(key.clone(), row.clone()),
                        None => model.remove(key),
                    };
                }
                engine.raise_reach(index).unwrap();
                let batch: Vec<EngineWrite> = batch.into_iter().collect();
                engine.write(&batch, index).unwrap();
            }
            4 if index % 10 == 0 => {
                let range = range(&mut random);
                let keys: Vec<Bytes> =
                    model.keys().filter(|key| range.contains(key)).take(50).cloned().collect();
                assert_eq!(engine.delete_range(range, 50).unwrap(), keys.len());
                keys.iter().for_each(|key| drop(model.remove(key)));
            }
            4..12 => {
                let key = key(random.random_range(1..4), random.random_range(0..NUMBERS + 5));
                let found = engine.get(&key).unwrap().map(|(stamp, value)| (stamp, value.into_bytes()));
                assert_eq!(found.as_ref(), model.get(&key), "{key:?}");
            }
            _ => {
                let (range, backward) = (range(&mut random), random.random_bool(0.4));
                let direction = if backward { Direction::Backward } else { Direction::Forward };
                let rows_max = if random.random_bool(0.5) { usize::MAX } else { random.random_range(1..200) };
                let found = rows(&engine, range.clone(), direction, rows_max);
                assert!(found == expected(&model, &range, backward, rows_max), "{direction:?} {range:?}");
            }
        }
        if index % 100 == 0 {
            let room = cache_bytes + LEAF_BYTES_HUGE;
            assert!(
                engine.memory_bytes() as usize <= engine_bytes(&model) + room,
                "the cache keeps to its bound"
            );
        }
    }
}

/// What [`MemoryEngine`] says it takes, at the most.
fn engine_bytes(model: &BTreeMap<Bytes, (u64, Bytes)>) -> usize {
    let engine = MemoryEngine::new();
    let batch: Vec<EngineWrite> = model.iter().map(|(key, row)| (key.clone(), Some(row.clone()))).collect();
    engine.raise_reach(u64::MAX).unwrap();
    engine.write(&batch, 0).unwrap();
    engine.memory_bytes() as usize
}

#[test]
fn a_cache_of_nothing_agrees_with_a_model() {
    agrees_with_a_model(0, 1);
}

#[test]
fn a_cache_that_is_too_small_agrees_with_a_model() {
    agrees_with_a_model(40 << 10, 2);
}

#[test]
fn a_cache_of_everything_agrees_with_a_model() {
    agrees_with_a_model(64 << 20, 3);
}

/// An engine whose scans have read all they will give long before they give it: what a reader makes of it may be old by then.
struct Slow(MemoryEngine);

struct SlowScan(std::vec::IntoIter<(Slice, u64, Slice)>);

impl EngineScan for SlowScan {
    fn next(&mut self) -> Result<Option<(Slice, u64, Slice)>> {
        std::thread::yield_now();
        Ok(self.0.next())
    }
}

impl Engine for Slow {
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        self.0.get(key)
    }
    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan> {
        let mut scan = self.0.scan(range, direction);
        let rows: Vec<_> = std::iter::from_fn(|| scan.next().unwrap()).take(100).collect();
        Box::new(SlowScan(rows.into_iter()))
    }
    fn raise_reach(&self, index: u64) -> Result<()> {
        self.0.raise_reach(index)
    }
    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()> {
        self.0.write(batch, applied)
    }
    fn applied(&self) -> u64 {
        self.0.applied()
    }
    fn reach(&self) -> u64 {
        self.0.reach()
    }
    fn delete_range(&self, range: KeyRange, keys_max: usize) -> Result<usize> {
        self.0.delete_range(range, keys_max)
    }
    fn checkpoint(&self) -> Result<u64> {
        self.0.checkpoint()
    }
    fn begin_replace(&self, index: u64) -> Result<()> {
        self.0.begin_replace(index)
    }
    fn end_replace(&self) -> Result<()> {
        self.0.end_replace()
    }
    fn is_replacing(&self) -> bool {
        self.0.is_replacing()
    }
    fn memory_bytes(&self) -> u64 {
        self.0.memory_bytes()
    }
    fn disk_bytes(&self) -> u64 {
        self.0.disk_bytes()
    }
}

/// What a reader of the test below does until told to stop; it counts its reads.
fn read_on(engine: &dyn Engine, done: &[AtomicU64], stop: &AtomicBool, reads: &AtomicU64, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    while !stop.load(Ordering::Acquire) {
        reads.fetch_add(1, Ordering::AcqRel);
        let from = random.random_range(0..done.len());
        if random.random_bool(0.5) {
            let before = done[from].load(Ordering::Acquire);
            let found = engine.get(&key(7, from as u32)).unwrap().map_or(0, |(stamp, _)| stamp);
            assert!(found >= before, "key {from}: {found} was read after {before} had been written");
            continue;
        }
        let to = (from + random.random_range(1..90)).min(done.len());
        let before: Vec<u64> = done[from..to].iter().map(|done| done.load(Ordering::Acquire)).collect();
        let direction = if random.random_bool(0.5) { Direction::Forward } else { Direction::Backward };
        let mut found: BTreeMap<Bytes, u64> = BTreeMap::new();
        for (key, stamp, _) in
            rows(engine, KeyRange::new(key(7, from as u32), key(7, to as u32)), direction, 1000)
        {
            assert!(found.insert(key, stamp).is_none(), "a key twice");
        }
        for (number, before) in (from..to).zip(before) {
            let found = found.get(&key(7, number as u32)).copied().unwrap_or(0);
            assert!(found >= before, "key {number}: {found} was scanned after {before} had been written");
        }
    }
}

fn no_read_is_older_than_a_write_that_ended(cache_bytes: usize) {
    const KEYS: usize = 600;
    let engine = CachedEngine::new(Box::new(Slow(MemoryEngine::new())), cache_bytes);
    let done: Vec<AtomicU64> = (0..KEYS).map(|_| AtomicU64::new(0)).collect();
    let (stop, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (engine, done, stop, reads) = (&engine, &done, &stop, &reads);
        let readers: Vec<_> =
            (0..3).map(|seed| scope.spawn(move || read_on(engine, done, stop, reads, seed))).collect();
        let mut random = StdRng::seed_from_u64(77);
        let end = Instant::now() + Duration::from_millis(1200);
        let mut index = 0;
        while Instant::now() < end && !readers.iter().any(std::thread::ScopedJoinHandle::is_finished) {
            index += 1;
            let mut numbers: Vec<usize> =
                (0..random.random_range(1..20)).map(|_| random.random_range(0..KEYS)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let value = Bytes::from(vec![1; 200]);
            let batch: Vec<EngineWrite> =
                numbers.iter().map(|number| (key(7, *number as u32), Some((index, value.clone())))).collect();
            engine.raise_reach(index).unwrap();
            engine.write(&batch, index).unwrap();
            numbers.iter().for_each(|number| done[*number].store(index, Ordering::Release));
            // The writer alone would keep a small machine to itself.
            let seen = reads.load(Ordering::Acquire);
            while index % 8 == 0 && reads.load(Ordering::Acquire) == seen && Instant::now() < end {
                std::thread::yield_now();
            }
        }
        stop.store(true, Ordering::Release);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        let reads = reads.load(Ordering::Acquire);
        assert!(index > 100 && reads > 100, "{index} writes, {reads} reads");
    });
}

#[test]
fn no_read_from_a_large_cache_is_older_than_a_write_that_ended() {
    no_read_is_older_than_a_write_that_ended(64 << 20);
}

#[test]
fn no_read_from_a_small_cache_is_older_than_a_write_that_ended() {
    no_read_is_older_than_a_write_that_ended(32 << 10);
}
