//! [`CachedEngine`]: an engine behind a cache of *leaves*, pieces of an index laid out for reading.
//!
//! A log-structured tree is quick to write and slow to read: each row of a scan is the winner among several tables, decoded from
//! its block. A leaf is the outcome of such a scan, kept: all rows of a range of keys, one after the other in one buffer. It
//! answers reads of single keys, also of keys that are not there, and scans go from leaf to leaf.
//!
//! * **Filled by readers.** A scan that comes to a gap reads about a leaf's worth from the engine and puts it into the gap; of
//!   single keys that fall into a gap, every [`LEAF_LOAD_EVERY`]th does.
//! * **Kept current by the writer.** [`write`](Engine::write) writes the engine first and then makes the leaves anew that its keys
//!   are in, before it returns. So a leaf in the cache is never older than what the last completed write left, which is all
//!   that the contract in [`super`] asks for: a reader may see the older or the newer value of a key while it is written.
//! * **A leaf that was read from the engine while its range was written** may lack the write. Therefore a *load* is registered
//!   before the engine is read, and the writer, after it has written the engine, marks those its keys fall into; a marked load
//!   serves its reader and is not kept. A load that is registered after that finds the write in the engine.
//! * **Bounded** by `cache_bytes`. What is not used between two rounds of a clock's hand goes; so does a leaf that the writer
//!   has made anew [`LEAF_IDLE_WRITES_MAX`] times with no reader between.
//!
//! Leaves lie within one index (four bytes of a key); a scan over several goes past the cache. Left out: compression of keys, and a
//! count of hits.

mod leaf;
mod scan;

use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use self::leaf::Leaf;
use self::scan::Scan;
use super::{Direction, Engine, EngineScan, EngineWrite, KeyRange, Slice, key_after};
use crate::Result;
use crate::key_map::KeyMap;
use crate::limits::{
    LEAF_BYTES_HUGE, LEAF_BYTES_MAX, LEAF_IDLE_WRITES_MAX, LEAF_LOAD_EVERY, LEAF_LOAD_ROWS, LEAF_QUEUE_SLACK,
    LEAF_SHARD_COUNT,
};

/// Bytes of a key that name its index.
const INDEX_ID_BYTES: usize = 4;

/// An engine with a cache of leaves in front. The module's documentation says how it is kept current.
pub struct CachedEngine(Arc<Shared>);

/// What scans share with the engine.
struct Shared {
    engine: Box<dyn Engine>,
    leaves: Leaves,
}

/// The leaves of all indexes.
struct Leaves {
    shards: Box<[RwLock<Shard>]>,
    bytes_max: usize,
    /// What the leaves in the shards take: moved with them, under the shard's lock.
    bytes: AtomicUsize,
    count: AtomicUsize,
    /// The clock: places of leaves, the next one to be looked at first. Places of leaves that are gone are passed over.
    clock: Mutex<VecDeque<(usize, Bytes)>>,
    load_ids: AtomicU64,
    /// Single keys that fell into a gap.
    misses: AtomicU32,
}

/// Leaves and loads of some of the indexes.
#[derive(Default)]
struct Shard {
    /// By their first key; they do not overlap.
    leaves: KeyMap<Arc<Leaf>>,
    loads: Vec<Load>,
}

/// A range that somebody is reading from the engine to make a leaf of it.
struct Load {
    id: u64,
    range: KeyRange,
    /// Something in the range was written meanwhile.
    is_stale: bool,
}

/// What a look for the leaf at one end of a range gives.
enum Place {
    Leaf(Arc<Leaf>),
    /// No leaf has it; the keys from there up to the next leaf or the end of the index.
    Gap(KeyRange),
}

/// The shard of the index that `key` is of, if it has an index id. None for the last id there can be, whose range has no end
/// that a key could be below; nothing that clients read is there.
fn shard_of(key: &[u8]) -> Option<usize> {
    let id = u32::from_be_bytes(*key.first_chunk::<INDEX_ID_BYTES>()?);
    (id != u32::MAX).then_some(id as usize % LEAF_SHARD_COUNT)
}

/// The keys of the index that `key` is of.
fn index_range(key: &[u8]) -> KeyRange {
    KeyRange::prefix(&key[..INDEX_ID_BYTES])
}

impl Shard {
    /// Where `key` is.
    fn at(&self, key: &[u8]) -> Option<&Arc<Leaf>> {
        let bounds = (Bound::Unbounded, Bound::Included(key));
        let (_, leaf) = self.leaves.range(bounds).next_back()?;
        (key < leaf.end()).then_some(leaf)
    }

    /// The leaf with the first key of `range`, or the gap that begins there.
    fn first(&self, range: &KeyRange) -> Place {
        if let Some(leaf) = self.at(&range.start) {
            return Place::Leaf(Arc::clone(leaf));
        }
        let bounds = (Bound::Excluded(&range.start[..]), Bound::Unbounded);
        let mut end = index_range(&range.start).end;
        if let Some((next, _)) = self.leaves.range(bounds).next()
            && *next < end
        {
            end = next.clone();
        }
        Place::Gap(KeyRange { start: range.start.clone(), end })
    }

    /// The leaf with the last key of `range`, or the gap that ends there.
    fn last(&self, range: &KeyRange) -> Place {
        let bounds = (Bound::Unbounded, Bound::Excluded(&range.end[..]));
        let mut start = index_range(&range.start).start;
        if let Some((_, before)) = self.leaves.range(bounds).next_back() {
            if before.end() >= &range.end[..] {
                return Place::Leaf(Arc::clone(before));
            }
            if before.end() > &start[..] {
                start = before.range.end.clone();
            }
        }
        Place::Gap(KeyRange { start, end: range.end.clone() })
    }

    /// The first keys of the leaves that have something of `range`.
    fn within(&self, range: &KeyRange) -> Vec<Bytes> {
        let first = self.at(&range.start).map(|leaf| leaf.range.start.clone());
        let bounds = (Bound::Excluded(&range.start[..]), Bound::Unbounded);
        let rest = self.leaves.range(bounds).map(|(start, _)| start);
        let rest = rest.take_while(|start| range.end.is_empty() || **start < range.end);
        first.into_iter().chain(rest.cloned()).collect()
    }

    /// Marks the loads that one of the keys, which are sorted, falls into.
    fn mark_loads(&mut self, batch: &[EngineWrite]) {
        for load in self.loads.iter_mut().filter(|load| !load.is_stale) {
            let from = batch.partition_point(|(key, _)| key < &load.range.start);
            load.is_stale = batch.get(from).is_some_and(|(key, _)| load.range.contains(key));
        }
    }
}

impl Leaves {
    fn new(bytes_max: usize) -> Leaves {
        Leaves {
            shards: (0..LEAF_SHARD_COUNT).map(|_| RwLock::default()).collect(),
            bytes_max,
            bytes: AtomicUsize::new(0),
            count: AtomicUsize::new(0),
            clock: Mutex::default(),
            load_ids: AtomicU64::new(0),
            misses: AtomicU32::new(0),
        }
    }

    fn add(&self, shard: &mut Shard, leaf: Leaf) {
        self.bytes.fetch_add(leaf.cost_bytes(), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
        let before = shard.leaves.insert(leaf.range.start.clone(), Arc::new(leaf));
        assert!(before.is_none(), "leaves overlap");
    }

    fn remove(&self, shard: &mut Shard, start: &[u8]) -> Option<Arc<Leaf>> {
        let leaf = shard.leaves.remove(start)?;
        self.bytes.fetch_sub(leaf.cost_bytes(), Ordering::Relaxed);
        self.count.fetch_sub(1, Ordering::Relaxed);
        Some(leaf)
    }

    /// Registers that `gap` is about to be read from the engine.
    fn begin_load(&self, shard: usize, gap: &KeyRange) -> u64 {
        let id = self.load_ids.fetch_add(1, Ordering::Relaxed);
        self.shards[shard].write().loads.push(Load { id, range: gap.clone(), is_stale: false });
        id
    }

    /// Ends a load, and puts what was read into its gap unless it may be old, or others were there first.
    fn end_load(&self, at: usize, id: u64, leaf: Option<&Arc<Leaf>>) {
        let added = {
            let mut shard = self.shards[at].write();
            let place = shard.loads.iter().position(|load| load.id == id).expect("a load ends once");
            let load = shard.loads.swap_remove(place);
            match leaf {
                Some(leaf) if !load.is_stale && leaf.len_bytes() <= LEAF_BYTES_HUGE => {
                    self.put_into_gap(&mut shard, leaf)
                }
                Some(_) | None => None,
            }
        };
        if let Some(start) = added {
            self.wind(at, [start]);
            self.evict();
        }
    }

    /// Puts a leaf between others; joined with a neighbour if both are small, so that reads that begin anywhere leave no
    /// splinters. Returns the place of a new one.
    fn put_into_gap(&self, shard: &mut Shard, leaf: &Arc<Leaf>) -> Option<Bytes> {
        if !shard.within(&leaf.range).is_empty() {
            return None;
        }
        let mut leaf = Leaf::clone(leaf);
        let bounds = (Bound::Unbounded, Bound::Excluded(&leaf.range.start[..]));
        let before = shard.leaves.range(bounds).next_back().map(|(_, before)| Arc::clone(before));
        if let Some(before) = before
            && before.end() == &leaf.range.start[..]
            && before.is_small_with(&leaf)
        {
            self.remove(shard, &before.range.start);
            leaf = before.joined(&leaf);
        }
        let after = shard.leaves.get(&leaf.range.end).map(Arc::clone);
        if let Some(after) = after
            && leaf.is_small_with(&after)
        {
            self.remove(shard, &after.range.start);
            leaf = leaf.joined(&after);
        }
        let start = leaf.range.start.clone();
        self.add(shard, leaf);
        Some(start)
    }

    /// Tells the clock of new leaves.
    fn wind(&self, shard: usize, starts: impl IntoIterator<Item = Bytes>) {
        let mut clock = self.clock.lock();
        clock.extend(starts.into_iter().map(|start| (shard, start)));
        if clock.len() > 2 * self.count.load(Ordering::Relaxed) + LEAF_QUEUE_SLACK {
            clock.clear();
            for (at, shard) in self.shards.iter().enumerate() {
                clock.extend(shard.read().leaves.keys().map(|start| (at, start.clone())));
            }
        }
    }

    /// Removes leaves that were not used lately until the rest is within the bound.
    fn evict(&self) {
        while self.bytes.load(Ordering::Relaxed) > self.bytes_max {
            let Some((at, start)) = self.clock.lock().pop_front() else { return };
            let mut shard = self.shards[at].write();
            let Some(leaf) = shard.leaves.get(&start) else { continue };
            if leaf.take_used() {
                drop(shard);
                self.clock.lock().push_back((at, start));
            } else {
                self.remove(&mut shard, &start);
            }
        }
    }

    /// Brings the leaves to what `batch`, which is sorted and in the engine by now, has written.
    fn apply(&self, batch: &[EngineWrite]) {
        let mut rest = batch;
        while let Some((key, _)) = rest.first() {
            // Notes of an engine's own have shorter keys, and no leaf.
            let Some(at) = shard_of(key) else {
                rest = &rest[1..];
                continue;
            };
            let end = index_range(key).end;
            let count = rest.partition_point(|(key, _)| end.is_empty() || *key < end);
            let (of_index, after) = rest.split_at(count);
            self.apply_to_index(at, of_index);
            rest = after;
        }
    }

    fn apply_to_index(&self, at: usize, batch: &[EngineWrite]) {
        // First the loads: one that is registered from now on finds the writes in the engine.
        self.shards[at].write().mark_loads(batch);
        let mut rest = batch;
        while let Some((key, _)) = rest.first() {
            // Held for one leaf at a time, so that readers get on.
            let mut shard = self.shards[at].write();
            let Some(leaf) = shard.at(key).map(Arc::clone) else {
                // To the next leaf.
                let bounds = (Bound::Excluded(&key[..]), Bound::Unbounded);
                let Some((next, _)) = shard.leaves.range(bounds).next() else { return };
                rest = &rest[rest.partition_point(|(key, _)| key < next)..];
                continue;
            };
            let (of_leaf, after) = rest.split_at(rest.partition_point(|(key, _)| &key[..] < leaf.end()));
            rest = after;
            self.remove(&mut shard, &leaf.range.start);
            if leaf.idle_writes() >= LEAF_IDLE_WRITES_MAX {
                continue;
            }
            let mut pieces = leaf.written(of_leaf).into_iter();
            // The first keeps its place, and the clock knows it.
            if let Some(first) = pieces.next() {
                self.add(&mut shard, first);
            }
            let mut starts = Vec::new();
            for piece in pieces {
                starts.push(piece.range.start.clone());
                self.add(&mut shard, piece);
            }
            drop(shard);
            if !starts.is_empty() {
                self.wind(at, starts);
                self.evict();
            }
        }
    }

    /// Forgets what is known of `range`, which has been changed in the engine.
    fn forget(&self, range: &KeyRange) {
        for shard in &self.shards {
            let mut shard = shard.write();
            for load in &mut shard.loads {
                load.is_stale = true;
            }
            for start in shard.within(range) {
                self.remove(&mut shard, &start);
            }
        }
    }
}

impl Shared {
    /// Reads about a leaf of `gap` from the engine, from the side where a scan in this direction begins, and keeps it.
    fn load(&self, at: usize, gap: KeyRange, direction: Direction) -> Result<Arc<Leaf>> {
        let id = self.leaves.begin_load(at, &gap);
        let read = self.read(gap, direction).map(Arc::new);
        self.leaves.end_load(at, id, read.as_ref().ok());
        read
    }

    fn read(&self, gap: KeyRange, direction: Direction) -> Result<Leaf> {
        let mut scan = self.engine.scan(gap.clone(), direction);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let mut range = gap;
        while let Some((key, stamp, value)) = scan.next()? {
            bytes += key.len() + value.len();
            rows.push((key, stamp, value));
            if rows.len() >= LEAF_LOAD_ROWS || bytes >= LEAF_BYTES_MAX {
                let (last, ..) = &rows[rows.len() - 1];
                match direction {
                    Direction::Forward => range.end = key_after(last),
                    Direction::Backward => range.start = Bytes::copy_from_slice(last),
                }
                break;
            }
        }
        if direction == Direction::Backward {
            rows.reverse();
        }
        Ok(Leaf::of(range, rows.iter().map(|(key, stamp, value)| (&key[..], *stamp, &value[..]))))
    }
}

impl CachedEngine {
    /// Puts a cache of about `cache_bytes` in front of `engine`.
    #[must_use]
    pub fn new(engine: Box<dyn Engine>, cache_bytes: usize) -> CachedEngine {
        CachedEngine(Arc::new(Shared { engine, leaves: Leaves::new(cache_bytes) }))
    }
}

impl Engine for CachedEngine {
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        let Shared { engine, leaves } = &*self.0;
        let Some(at) = shard_of(key) else { return engine.get(key) };
        {
            let shard = leaves.shards[at].read();
            if let Some(leaf) = shard.at(key) {
                leaf.use_it();
                return Ok(leaf.get(key));
            }
        }
        if leaves.misses.fetch_add(1, Ordering::Relaxed) % LEAF_LOAD_EVERY != 0 {
            return engine.get(key);
        }
        let place = leaves.shards[at].read().first(&KeyRange::point(key));
        let leaf = match place {
            Place::Leaf(leaf) => leaf,
            Place::Gap(gap) => self.0.load(at, gap, Direction::Forward)?,
        };
        Ok(leaf.get(key))
    }

    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan> {
        match shard_of(&range.start) {
            Some(at) if range.index_id().is_some() => {
                Box::new(Scan::new(Arc::clone(&self.0), at, range, direction))
            }
            Some(_) | None => self.0.engine.scan(range, direction),
        }
    }

    fn raise_reach(&self, index: u64) -> Result<()> {
        self.0.engine.raise_reach(index)
    }

    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()> {
        let Shared { engine, leaves } = &*self.0;
        if let Err(error) = engine.write(batch, applied) {
            // Who knows how much of it was done.
            leaves.forget(&KeyRange::all());
            return Err(error);
        }
        leaves.apply(batch);
        Ok(())
    }

    fn applied(&self) -> u64 {
        self.0.engine.applied()
    }

    fn reach(&self) -> u64 {
        self.0.engine.reach()
    }

    fn delete_range(&self, range: KeyRange, keys_max: usize) -> Result<usize> {
        let done = self.0.engine.delete_range(range.clone(), keys_max);
        self.0.leaves.forget(&range);
        done
    }

    fn checkpoint(&self) -> Result<u64> {
        self.0.engine.checkpoint()
    }

    fn begin_replace(&self, index: u64) -> Result<()> {
        self.0.engine.begin_replace(index)
    }

    fn end_replace(&self) -> Result<()> {
        self.0.engine.end_replace()
    }

    fn is_replacing(&self) -> bool {
        self.0.engine.is_replacing()
    }

    fn memory_bytes(&self) -> u64 {
        self.0.engine.memory_bytes() + self.0.leaves.bytes.load(Ordering::Relaxed) as u64
    }

    fn disk_bytes(&self) -> u64 {
        self.0.engine.disk_bytes()
    }
}
