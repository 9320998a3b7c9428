//! [`StoreScan`]: an ordered walk over a range at a snapshot, or over the newest versions.
//!
//! Memory is copied in chunks (references, not bytes), each under one hold of the shard's lock; the engine is then
//! scanned over exactly the keys of the chunk and merged in. The documentation of [`super`] argues that this is
//! right. Chunks begin small, since most scans are, and grow.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;

use bytes::Bytes;

use super::chain::{Chain, Found};
use super::memory::{Chains, Memory, bounds};
use super::overlay::Overlay;
use super::{Inner, Snapshot, Store};
use crate::Result;
use crate::engine::{Direction, EngineScan, KeyRange, RowBuffer, Slice, key_after};
use crate::limits::{SCAN_CHUNK_ROWS_MAX, SCAN_CHUNK_ROWS_MIN, STORE_SHARD_COUNT};

/// A row of a scan: key, the index that wrote it, value.
pub type ScanRow = (Slice, u64, Slice);

/// What a scan reads.
enum View {
    /// A registered snapshot, kept for as long as the scan.
    Snapshot(Snapshot),
    /// The newest versions, pending ones included, of the data of this generation.
    Latest(Arc<Inner>, u64),
}

/// A key of memory within the current chunk.
struct MemoryRow {
    key: Bytes,
    /// The version, with `None` for a deletion, or `Engine` if memory does not say.
    what: What,
}

enum What {
    Version(u64, Option<Bytes>),
    Engine,
}

/// A scan in progress. It borrows nothing; made by [`Snapshot::scan`] and [`Store::scan_latest`].
pub struct StoreScan {
    view: View,
    direction: Direction,
    /// What no chunk has covered yet.
    rest: KeyRange,
    /// What is left of everything, for a second reading: `rest` and the current chunk.
    range: KeyRange,
    /// The current chunk of memory, next row last.
    chunk: Vec<MemoryRow>,
    chunk_rows: usize,
    /// The engine over the current chunk; `None` once it is exhausted.
    engine: Option<Box<dyn EngineScan>>,
    /// Its next row, if `has_engine_row`.
    engine_row: RowBuffer,
    has_engine_row: bool,
    /// The count of captures before the current chunk was read.
    captures: u64,
    /// The last key that was decided on, given out or passed over, if there was one.
    last: Vec<u8>,
    has_last: bool,
    /// The highest index of any version that decided about a key.
    seen: u64,
    /// Without what transactions in parts have beside the rows.
    is_raw: bool,
}

impl Snapshot {
    /// Scans `range` at this snapshot.
    pub fn scan(&self, range: KeyRange, direction: Direction) -> StoreScan {
        StoreScan::new(View::Snapshot(self.clone()), range, direction)
    }
}

impl Store {
    /// Scans the newest versions of `range`, pending ones included. Each row is that of some instant after the
    /// scan began; it is a candidate, to be locked and read again with [`Store::read_latest`].
    pub fn scan_latest(&self, range: KeyRange, direction: Direction) -> StoreScan {
        let generation = self.inner.snapshots.generation();
        StoreScan::new(View::Latest(Arc::clone(&self.inner), generation), range, direction)
    }
}

impl Inner {
    /// Scans `range` without what transactions in parts have beside the rows: for their staged rows.
    pub(super) fn scan_raw(self: &Arc<Inner>, range: KeyRange, direction: Direction) -> StoreScan {
        let view = View::Latest(Arc::clone(self), self.snapshots.generation());
        StoreScan { is_raw: true, ..StoreScan::new(view, range, direction) }
    }
}

impl StoreScan {
    fn new(view: View, range: KeyRange, direction: Direction) -> StoreScan {
        StoreScan {
            view,
            direction,
            rest: range.clone(),
            range,
            chunk: Vec::new(),
            chunk_rows: SCAN_CHUNK_ROWS_MIN,
            engine: None,
            engine_row: RowBuffer::new(),
            has_engine_row: false,
            captures: 0,
            last: Vec::new(),
            has_last: false,
            seen: 0,
            is_raw: false,
        }
    }

    /// Whether `overlay` is seen.
    fn sees(&self, overlay: &Overlay) -> bool {
        match &self.view {
            View::Snapshot(snapshot) => overlay.index <= snapshot.index(),
            View::Latest(..) => true,
        }
    }

    /// The direction of the scan.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The highest index of any version that decided about a row so far, deletions included. Above the watermark
    /// only for a scan of the newest versions.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    fn inner(&self) -> &Arc<Inner> {
        match &self.view {
            View::Snapshot(snapshot) => &snapshot.inner,
            View::Latest(inner, _) => inner,
        }
    }

    /// The next row, or `None` at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "fallible; an Iterator of Result hides the end of a scan"
    )]
    pub fn next(&mut self) -> Result<Option<ScanRow>> {
        let mut row = RowBuffer::new();
        let is_there = self.next_into(&mut row)?;
        Ok(is_there.then(|| (Slice::from(row.key()), row.stamp(), Slice::from(row.value()))))
    }

    /// The next row, into `row`; false at the end.
    pub fn next_into(&mut self, row: &mut RowBuffer) -> Result<bool> {
        let is_there = loop {
            if !self.fill()? {
                break false;
            }
            if self.decide(row) {
                break true;
            }
        };
        match &self.view {
            View::Snapshot(snapshot) => snapshot.check()?,
            View::Latest(inner, generation) => inner.snapshots.check_generation(*generation)?,
        }
        Ok(is_there)
    }

    /// Goes over to another range, at the same view. Looks ahead `chunk_rows` rows of memory at first.
    pub(super) fn go_to(&mut self, range: KeyRange, chunk_rows: usize) {
        self.rest = range.clone();
        self.range = range;
        self.chunk.clear();
        self.chunk_rows = chunk_rows;
        self.engine = None;
        self.has_engine_row = false;
        self.has_last = false;
    }

    /// Makes sure that the next row of the engine, and a chunk with anything left in it, are at hand. False at the
    /// end of the range.
    fn fill(&mut self) -> Result<bool> {
        loop {
            if !self.has_engine_row
                && let Some(engine) = &mut self.engine
            {
                self.has_engine_row = engine.next_into(&mut self.engine_row)?;
                if !self.has_engine_row {
                    self.engine = None;
                }
                if self.inner().captures.load(Acquire) != self.captures {
                    self.begin_again();
                    continue;
                }
            }
            if self.has_engine_row || !self.chunk.is_empty() {
                return Ok(true);
            }
            if self.rest.is_empty() {
                return Ok(false);
            }
            self.read_chunk()?;
        }
    }

    /// Forgets what was read ahead, and goes on behind the last key decided on.
    fn begin_again(&mut self) {
        if self.has_last {
            match self.direction {
                Direction::Forward => self.range.start = key_after(&self.last),
                Direction::Backward => self.range.end = Bytes::copy_from_slice(&self.last),
            }
        }
        self.rest = self.range.clone();
        self.chunk.clear();
        self.engine = None;
        self.has_engine_row = false;
    }

    /// Reads the next chunk of memory and opens the engine over the same keys.
    fn read_chunk(&mut self) -> Result<()> {
        let inner = Arc::clone(self.inner());
        self.captures = inner.captures.load(Acquire);
        match Memory::shard_of_range(&self.rest) {
            Some(shard) => self.copy_rows(&inner.memory.read(shard)),
            None => {
                for shard in 0..STORE_SHARD_COUNT {
                    self.copy_rows(&inner.memory.read(shard));
                }
                // The first rows of the range are among the first of each shard.
                let direction = self.direction;
                self.chunk.sort_unstable_by(|a, b| in_direction(direction, &a.key, &b.key));
                self.chunk.truncate(self.chunk_rows);
            }
        }
        let is_full = self.chunk.len() == self.chunk_rows;
        let mut last = self.chunk.last().filter(|_| is_full).map(|last| last.key.clone());
        if !self.is_raw && !inner.overlays.is_empty() {
            last = self.lay_over(&inner, last)?;
        }
        let covered = up_to(&self.rest, self.direction, last.as_ref());
        match (last, self.direction) {
            (Some(_), Direction::Forward) => self.rest.start = covered.end.clone(),
            (Some(_), Direction::Backward) => self.rest.end = covered.start.clone(),
            (None, _) => self.rest = KeyRange::new(Bytes::from_static(b"\xff"), Bytes::from_static(b"\0")),
        }
        self.chunk.reverse();
        self.chunk_rows = (self.chunk_rows * 2).min(SCAN_CHUNK_ROWS_MAX);
        self.engine = Some(inner.engine.scan(covered, self.direction));
        Ok(())
    }

    /// Lays what transactions in parts have of the keys up to `last` over the chunk, and returns up to where the chunk goes
    /// then. After memory was read and before the engine is: see [`overlay`](super::overlay).
    fn lay_over(&mut self, inner: &Arc<Inner>, mut last: Option<Bytes>) -> Result<Option<Bytes>> {
        let mut laid: BTreeMap<Bytes, (u64, Option<Bytes>)> = BTreeMap::new();
        // Newest first: an older one whose staged row is still there when it is looked at was not merged yet, so neither was a
        // newer one before.
        for overlay in inner.overlays.all().iter().rev().filter(|overlay| self.sees(overlay)) {
            let range = up_to(&self.rest, self.direction, last.as_ref());
            let rows = inner.overlaid_rows(overlay, &range, self.direction, self.chunk_rows)?;
            if rows.len() == self.chunk_rows {
                last = rows.last().map(|(key, _)| key.clone());
            }
            for (key, version) in rows {
                laid.entry(key).or_insert((version.index, version.value));
            }
        }
        if laid.is_empty() {
            return Ok(last);
        }
        let covered = up_to(&self.rest, self.direction, last.as_ref());
        for row in std::mem::take(&mut self.chunk) {
            match (row.what, laid.get(&row.key)) {
                // What memory leaves to the engine is older, or it would have passed the staged row.
                (What::Engine, Some(_)) => {}
                (What::Version(index, _), Some((laid_index, _))) if index < *laid_index => {}
                (what, _) => self.chunk.push(MemoryRow { key: row.key, what }),
            }
        }
        for row in &self.chunk {
            laid.remove(&row.key);
        }
        let rows = laid
            .into_iter()
            .map(|(key, (index, value))| MemoryRow { key, what: What::Version(index, value) });
        self.chunk.extend(rows);
        self.chunk.retain(|row| covered.contains(&row.key));
        let direction = self.direction;
        self.chunk.sort_unstable_by(|a, b| in_direction(direction, &a.key, &b.key));
        Ok(last)
    }

    /// Adds the first rows of the rest of the range that are in a shard to the chunk.
    fn copy_rows(&mut self, chains: &Chains) {
        let Some(bounds) = bounds(&self.rest) else { return };
        let rows = chains.range(bounds);
        let view = &self.view;
        let copy = |(key, chain): (&Bytes, &Chain)| MemoryRow { key: key.clone(), what: what(view, chain) };
        match self.direction {
            Direction::Forward => self.chunk.extend(rows.take(self.chunk_rows).map(copy)),
            Direction::Backward => self.chunk.extend(rows.rev().take(self.chunk_rows).map(copy)),
        }
    }

    /// Notes a key as the last one; a buffer that is kept, since most scans never ask for it.
    fn passed(&mut self, key: &[u8]) {
        self.last.clear();
        self.last.extend_from_slice(key);
        self.has_last = true;
    }

    /// Decides about the next key: its row is in `row` then, or it is false if there is nothing to see of it.
    fn decide(&mut self, row: &mut RowBuffer) -> bool {
        let order = match (self.chunk.last(), self.has_engine_row) {
            (Some(memory), true) => in_direction(self.direction, &memory.key, self.engine_row.key()),
            (Some(_), false) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let has_engine_row = order != Ordering::Less && std::mem::take(&mut self.has_engine_row);
        let memory_row = if order == Ordering::Greater { None } else { self.chunk.pop() };
        match memory_row {
            Some(MemoryRow { key, what: What::Version(index, value) }) => {
                self.passed(&key);
                self.seen = self.seen.max(index);
                let Some(value) = value else { return false };
                row.set(&key, index, &value);
                return true;
            }
            Some(memory) if !has_engine_row => {
                self.passed(&memory.key);
                return false;
            }
            None if !has_engine_row => return false,
            Some(_) | None => {}
        }
        std::mem::swap(row, &mut self.engine_row);
        self.passed(row.key());
        if let View::Snapshot(snapshot) = &self.view
            && row.stamp() > snapshot.index()
        {
            // Written behind past this snapshot before the chunk was read, and not captured: there was nothing.
            return false;
        }
        self.seen = self.seen.max(row.stamp());
        true
    }
}

fn what(view: &View, chain: &Chain) -> What {
    let found = match view {
        View::Snapshot(snapshot) => chain.visible_at(snapshot.index()),
        View::Latest(..) => chain.latest(),
    };
    match found {
        Found::Memory(version) => What::Version(version.index, version.value.clone()),
        Found::Engine => What::Engine,
    }
}

/// The part of `rest` up to `last` and with it; all of it without one.
fn up_to(rest: &KeyRange, direction: Direction, last: Option<&Bytes>) -> KeyRange {
    let mut covered = rest.clone();
    match (last, direction) {
        (Some(last), Direction::Forward) => covered.end = key_after(last),
        (Some(last), Direction::Backward) => covered.start = last.clone(),
        (None, _) => {}
    }
    covered
}

/// How two keys follow each other in a scan of this direction.
fn in_direction(direction: Direction, a: &[u8], b: &[u8]) -> Ordering {
    match direction {
        Direction::Forward => a.cmp(b),
        Direction::Backward => b.cmp(a),
    }
}
