//! [`WriteSet`]: what a transaction has written, private to it until it commits.
//!
//! One write a key, the last one. An undo list holds what each write replaced, so that a savepoint is a place in
//! that list; rolling back walks it backwards. `version` changes with every change of the set, by which a cursor
//! knows that it has to look again.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;

use crate::engine::{Direction, KeyRange};
use crate::limits::WRITE_OVERHEAD_BYTES;

/// A write to one key.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// The new value.
    Put(Bytes),
    /// The key is deleted.
    Delete,
    /// A number that is read when the transaction is sequenced.
    Counter(Arc<AtomicU64>),
}

impl Write {
    fn value_bytes(&self) -> usize {
        match self {
            Write::Put(value) => value.len(),
            Write::Delete => 0,
            Write::Counter(_) => 8,
        }
    }
}

/// A place to roll a write set back to. Only of use to the transaction that made it, and only as long as that was
/// not rolled back further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Savepoint {
    /// How often the write set had been staged.
    staged_count: u64,
    undo_count: usize,
    /// How many changes of temporary tables there were; 0 where only the write set matters.
    temporary_count: usize,
}

impl Savepoint {
    /// With so many changes of temporary tables before it.
    pub(super) fn with_temporary(self, temporary_count: usize) -> Savepoint {
        Savepoint { temporary_count, ..self }
    }

    /// How many changes of temporary tables there were before it.
    pub(super) fn temporary_count(&self) -> usize {
        self.temporary_count
    }

    /// Whether it is a place of this write set, which was not staged since.
    pub(super) fn is_of(&self, writes: &WriteSet) -> bool {
        self.staged_count == writes.staged_count
    }

    /// Its place in this write set, unless that was staged since.
    pub(super) fn undo_count_in(&self, writes: &WriteSet) -> Option<usize> {
        self.is_of(writes).then_some(self.undo_count)
    }
}

/// The writes of one transaction.
#[derive(Default)]
pub(super) struct WriteSet {
    writes: BTreeMap<Bytes, Write>,
    /// For each change, the key and what it had before.
    undo: Vec<(Bytes, Option<Write>)>,
    /// Keys and values, in bytes.
    bytes: usize,
    /// What `undo` holds, keys and values, in bytes.
    undo_bytes: usize,
    /// Grows with every change.
    version: u64,
    /// How often everything was taken away because it is staged.
    staged_count: u64,
}

impl WriteSet {
    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.writes.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Write> {
        if self.writes.is_empty() {
            return None;
        }
        self.writes.get(key)
    }

    pub(super) fn set(&mut self, key: Bytes, write: Write) {
        self.version += 1;
        self.bytes += key.len() + write.value_bytes();
        let replaced = self.writes.insert(key.clone(), write);
        self.undo_bytes += key.len();
        if let Some(replaced) = &replaced {
            self.bytes -= key.len() + replaced.value_bytes();
            self.undo_bytes += replaced.value_bytes();
        }
        self.undo.push((key, replaced));
    }

    pub(super) fn savepoint(&self) -> Savepoint {
        Savepoint { staged_count: self.staged_count, undo_count: self.undo.len(), temporary_count: 0 }
    }

    pub(super) fn rollback_to(&mut self, savepoint: Savepoint) {
        assert!(savepoint.undo_count <= self.undo.len(), "the savepoint is of a state that was rolled back");
        while self.undo.len() > savepoint.undo_count {
            let Some((key, before)) = self.undo.pop() else { break };
            self.version += 1;
            let key_bytes = key.len();
            self.undo_bytes -= key_bytes + before.as_ref().map_or(0, Write::value_bytes);
            let undone = match before {
                Some(write) => {
                    self.bytes += key_bytes + write.value_bytes();
                    self.writes.insert(key, write)
                }
                None => self.writes.remove(&key),
            };
            if let Some(undone) = undone {
                self.bytes -= key_bytes + undone.value_bytes();
            }
        }
    }

    /// The writes in the order of their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, &Write)> {
        self.writes.iter()
    }

    /// The next write of `range` in `direction` behind `after`.
    pub(super) fn next_in(
        &self,
        range: &KeyRange,
        direction: Direction,
        after: Option<&[u8]>,
    ) -> Option<(&Bytes, &Write)> {
        if self.writes.is_empty() || range.is_empty() {
            return None;
        }
        let start = Bound::Included(&range.start[..]);
        let end = if range.end.is_empty() { Bound::Unbounded } else { Bound::Excluded(&range.end[..]) };
        match (direction, after) {
            (Direction::Forward, None) => self.writes.range::<[u8], _>((start, end)).next(),
            (Direction::Backward, None) => self.writes.range::<[u8], _>((start, end)).next_back(),
            // `after` is in the range, so these bounds are in order. A range of one key, both ends excluded, is
            // the one thing that `BTreeMap` minds, and the end of ours cannot be a key of the range.
            (Direction::Forward, Some(after)) => {
                self.writes.range::<[u8], _>((Bound::Excluded(after), end)).next()
            }
            (Direction::Backward, Some(after)) => {
                self.writes.range::<[u8], _>((start, Bound::Excluded(after))).next_back()
            }
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        let (version, staged_count) = (self.version + 1, self.staged_count);
        *self = WriteSet { version, staged_count, ..WriteSet::default() };
    }

    /// Forgets everything because it is staged: earlier savepoints are no places of this write set any more.
    pub(super) fn staged(&mut self) {
        self.clear();
        self.staged_count += 1;
    }

    /// About what all of it takes in memory, in bytes.
    pub(super) fn footprint_bytes(&self) -> usize {
        self.bytes + self.undo_bytes + (self.writes.len() + self.undo.len()) * WRITE_OVERHEAD_BYTES
    }

    /// The writes from one place of the undo list up to another, `usize::MAX` for its end: the last one to each key, as it was
    /// there.
    pub(super) fn piece(&self, from: usize, end: usize) -> BTreeMap<&Bytes, &Write> {
        if from == 0 && end >= self.undo.len() {
            return self.writes.iter().collect();
        }
        let mut piece = BTreeMap::new();
        if from >= end.min(self.undo.len()) {
            return piece;
        }
        let mut later: BTreeMap<&Bytes, &Write> = BTreeMap::new();
        for (key, before) in self.undo[end.min(self.undo.len())..].iter().rev() {
            // The first change behind the end has what was there at the end.
            match before {
                Some(before) => later.insert(key, before),
                None => later.remove(key),
            };
        }
        for (key, _) in &self.undo[from..end.min(self.undo.len())] {
            if let Some(write) = later.get(key).copied().or_else(|| self.writes.get(key)) {
                piece.insert(key, write);
            }
        }
        piece
    }

    /// The counters.
    pub(super) fn counters(&self) -> impl Iterator<Item = (&Bytes, &Arc<AtomicU64>)> {
        self.writes.iter().filter_map(|(key, write)| match write {
            Write::Counter(source) => Some((key, source)),
            Write::Put(_) | Write::Delete => None,
        })
    }
}
