//! [`Temporary`]: keys that one session has for itself, for the rows of its temporary tables.
//!
//! They are of the indexes from [`TEMPORARY_INDEX_ID_MIN`] on, which no table of the log has. A transaction that a space is
//! [attached](Transaction::attach_temporary) to reads and writes them like any other key, but they need no locks, have one version, are in
//! no entry of the log, and are changed at once: the transaction keeps what to put back when it rolls back, or back to a savepoint.
//!
//! A space lives as long as its session. It is in memory, and bounded twice: by its own bound, and by one that all spaces of a node share
//! ([`TemporaryBudget`]). A write is never refused here; whoever writes asks [`Transaction::temporary_is_full`] after each row.
//!
//! Left out: rows on disk, snapshots (nobody else could change what a session reads here).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use super::Transaction;
use crate::engine::{Direction, KeyRange, RowBuffer};
use crate::limits::{TEMPORARY_INDEX_ID_MIN, TEMPORARY_SCAN_BYTES, WRITE_OVERHEAD_BYTES};

/// Whether a key is of a temporary table.
#[inline]
#[must_use]
pub fn is_temporary(key: &[u8]) -> bool {
    // The ids of locks that stand for no row begin with 0xFF.
    matches!(key.first(), Some(0xF0..=0xFE))
}

const _: () = assert!(TEMPORARY_INDEX_ID_MIN == 0xF000_0000, "is_temporary looks at the first byte");

/// What all spaces of a node may take together.
#[derive(Debug, Default)]
pub struct TemporaryBudget {
    bytes: AtomicUsize,
}

impl TemporaryBudget {
    /// What they take now, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// The keys of one session.
#[derive(Clone, Debug)]
pub struct Temporary(Arc<Mutex<Space>>);

#[derive(Debug)]
struct Space {
    rows: BTreeMap<Bytes, Bytes>,
    /// The indexes that there are: what is put back for others is not.
    index_ids: BTreeSet<u32>,
    bytes: usize,
    bytes_max: usize,
    budget: Arc<TemporaryBudget>,
    budget_bytes_max: usize,
}

impl Temporary {
    /// An empty space, of at most `bytes_max`, and with all others of the budget at most `budget_bytes_max`.
    #[must_use]
    pub fn new(bytes_max: usize, budget: Arc<TemporaryBudget>, budget_bytes_max: usize) -> Temporary {
        Temporary(Arc::new(Mutex::new(Space {
            rows: BTreeMap::new(),
            index_ids: BTreeSet::new(),
            bytes: 0,
            bytes_max,
            budget,
            budget_bytes_max,
        })))
    }

    /// From now on there is an index of this id.
    pub fn add_index(&self, index_id: u32) {
        assert!(index_id >= TEMPORARY_INDEX_ID_MIN, "an id of a table in the log");
        self.0.lock().index_ids.insert(index_id);
    }

    /// The index and all its keys are gone, whatever transaction is open.
    pub fn drop_index(&self, index_id: u32) {
        let mut space = self.0.lock();
        space.index_ids.remove(&index_id);
        let mut of_index = space.rows.split_off(&index_id.to_be_bytes()[..]);
        let mut behind = match index_id.checked_add(1) {
            Some(next) => of_index.split_off(&next.to_be_bytes()[..]),
            None => BTreeMap::new(),
        };
        space.rows.append(&mut behind);
        let bytes = of_index.iter().map(|(key, value)| footprint(key, value)).sum();
        space.release(bytes);
    }

    /// What it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.lock().bytes
    }
}

/// What a row takes in memory, in bytes.
fn footprint(key: &[u8], value: &[u8]) -> usize {
    key.len() + value.len() + WRITE_OVERHEAD_BYTES
}

impl Space {
    fn set(&mut self, key: Bytes, value: Option<Bytes>) -> Option<Bytes> {
        let key_bytes = key.clone();
        let (added, before) = match value {
            Some(value) => {
                let added = footprint(&key, &value);
                (added, self.rows.insert(key, value))
            }
            None => (0, self.rows.remove(&key)),
        };
        self.bytes += added;
        self.budget.bytes.fetch_add(added, Ordering::Relaxed);
        if let Some(before) = &before {
            self.release(footprint(&key_bytes, before));
        }
        before
    }

    fn release(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.budget.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn has_index_of(&self, key: &[u8]) -> bool {
        key.first_chunk::<4>().is_some_and(|id| self.index_ids.contains(&u32::from_be_bytes(*id)))
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.release(self.bytes);
    }
}

/// A space as a transaction has it.
#[derive(Debug)]
pub(super) struct Attached {
    space: Temporary,
    /// For each change, the key and what it had before.
    undo: Vec<(Bytes, Option<Bytes>)>,
    undo_bytes: usize,
}

impl Attached {
    pub(super) fn get(&self, key: &[u8]) -> Option<Bytes> {
        self.space.0.lock().rows.get(key).cloned()
    }

    fn set(&mut self, key: Bytes, value: Option<Bytes>) {
        let before = self.space.0.lock().set(key.clone(), value);
        self.undo_bytes += undo_bytes(&key, before.as_deref());
        self.undo.push((key, before));
    }

    fn rollback_to(&mut self, count: usize) {
        let mut space = self.space.0.lock();
        while self.undo.len() > count {
            let Some((key, before)) = self.undo.pop() else { break };
            self.undo_bytes -= undo_bytes(&key, before.as_deref());
            if space.has_index_of(&key) {
                space.set(key, before);
            }
        }
    }
}

fn undo_bytes(key: &[u8], before: Option<&[u8]>) -> usize {
    footprint(key, before.unwrap_or_default())
}

impl Transaction {
    /// From now on the transaction reads and writes the keys of a session's temporary tables.
    pub fn attach_temporary(&mut self, space: &Temporary) {
        if self.temporary.is_none() {
            self.temporary =
                Some(Box::new(Attached { space: space.clone(), undo: Vec::new(), undo_bytes: 0 }));
        }
    }

    /// What was written of temporary tables stays from now on: the transaction is committed.
    pub fn keep_temporary(&mut self) {
        if let Some(attached) = &mut self.temporary {
            attached.undo = Vec::new();
            attached.undo_bytes = 0;
        }
    }

    /// Whether what was written last is more than the session's temporary tables may take.
    #[must_use]
    pub fn temporary_is_full(&self) -> bool {
        let Some(attached) = &self.temporary else { return false };
        let space = attached.space.0.lock();
        space.bytes + attached.undo_bytes > space.bytes_max || space.budget.bytes() > space.budget_bytes_max
    }

    /// Whether it has written keys of temporary tables.
    #[must_use]
    pub fn has_temporary_writes(&self) -> bool {
        self.temporary.as_ref().is_some_and(|attached| !attached.undo.is_empty())
    }

    pub(super) fn temporary_get(&self, key: &[u8]) -> Option<Bytes> {
        self.temporary.as_ref()?.get(key)
    }

    /// Writes a key of a temporary table. Without a space, which nothing that knows such a key is, it is nowhere.
    pub(super) fn temporary_set(&mut self, key: Bytes, value: Option<Bytes>) {
        if let Some(attached) = &mut self.temporary {
            attached.set(key, value);
        }
    }

    pub(super) fn temporary_count(&self) -> usize {
        self.temporary.as_ref().map_or(0, |attached| attached.undo.len())
    }

    pub(super) fn temporary_rollback_to(&mut self, count: usize) {
        if let Some(attached) = &mut self.temporary {
            attached.rollback_to(count);
        }
    }

    pub(super) fn temporary_scan(&self, range: KeyRange, direction: Direction) -> TemporaryScan {
        let space = self.temporary.as_ref().map(|attached| attached.space.clone());
        TemporaryScan { space, range, direction, batch: Vec::new() }
    }
}

/// A scan of a space. It takes some rows at a time: a row that is written behind these, and before the next ones are taken, is seen.
pub(super) struct TemporaryScan {
    space: Option<Temporary>,
    /// What is left to read behind the batch.
    range: KeyRange,
    direction: Direction,
    /// In reverse order.
    batch: Vec<(Bytes, Bytes)>,
}

impl TemporaryScan {
    /// The next row; false at the end.
    pub(super) fn next_into(&mut self, found: &mut RowBuffer) -> bool {
        if self.batch.is_empty() {
            self.take_batch();
        }
        match self.batch.pop() {
            Some((key, value)) => {
                found.set(&key, 0, &value);
                true
            }
            None => false,
        }
    }

    fn take_batch(&mut self) {
        if self.range.is_empty() {
            self.space = None;
        }
        let Some(space) = &self.space else { return };
        let space = space.0.lock();
        let end = match self.range.end.is_empty() {
            true => Bound::Unbounded,
            false => Bound::Excluded(&self.range.end[..]),
        };
        let rows = space.rows.range::<[u8], _>((Bound::Included(&self.range.start[..]), end));
        let mut bytes = 0;
        let mut take = |(key, value): (&Bytes, &Bytes)| {
            let has_room = bytes < TEMPORARY_SCAN_BYTES;
            bytes += footprint(key, value);
            has_room.then(|| (key.clone(), value.clone()))
        };
        self.batch = match self.direction {
            Direction::Forward => rows.map_while(&mut take).collect(),
            Direction::Backward => rows.rev().map_while(&mut take).collect(),
        };
        match (self.batch.last(), self.direction) {
            (None, _) => self.range = KeyRange::new(Bytes::from_static(b"\0"), Bytes::from_static(b"\0")),
            (Some((last, _)), Direction::Forward) => self.range.start = crate::engine::key_after(last),
            (Some((last, _)), Direction::Backward) => self.range.end = last.clone(),
        }
        self.batch.reverse();
    }
}
