//! [`Overlays`]: the transactions in parts whose rows are not all in their places yet.
//!
//! The outcome of such a transaction is a row (see [`crate::staging`]), written by one small entry at index *i*.
//! From the moment that it is installed there is an overlay: every read at or above *i* that finds nothing newer than *i* in
//! memory looks among the staged rows too. So all of the transaction appears at one index, however large it is. In the
//! background [`Store::merge`](super::Store::merge) moves staged rows to their places, with *i* as their stamp, and removes
//! the overlay at the end. Of a transaction that was rolled back it only removes the staged rows.
//!
//! # The rule that keeps reads right
//!
//! *(R) The engine never holds the effect of an index above i on a key while the staged row of that key is still there.*
//! Write-behind sees to it: it goes no further than *i* until everything up to *i* is in the engine, staged rows among it;
//! from then on a batch that writes a newer version of a key removes the key's staged row, behind the write. A merge
//! does the same with the version at *i*. Overlays are merged oldest first.
//!
//! A reader looks in memory (t1), then among the staged rows (t2), then in the engine (t3):
//!
//! * Found at t2: a version in (i, s] would have been in memory at t1; or it had left memory, and then the staged row was gone
//!   before t1, by (R) and because memory lets go of a version only after the batch. So the staged one is right.
//! * Not found at t2: it was moved, or passed by a newer version, before t2; since the write to its place is over before the
//!   removal begins, the engine has it, or what came later, at t3 (what passed it is in memory at t1 until the write is over). If that is above `s`, the version at *i* was put into history before.
//! * What memory had at t1 may be older than *i*, and be wrong if the row was moved between t1 and t2. So every batch that
//!   removes staged rows is counted as a capture, before it is written, and a reader that finds another count at its end
//!   than before t1 begins again. With the same count, the batch was counted before t1, when everything up to *i* had left
//!   memory or was history there that ends at or before *i*.
//!
//! With several overlays the newest is looked at first: what is still staged in an older one then was not merged, so a newer
//! one was not when it was looked at.
//!
//! A crash loses no step of this that it does not also lose the steps after: the engine keeps a prefix of its writes. A row
//! written to its place whose staged row is still there is found to be there when it is merged again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::RwLock;

use super::chain::Version;
use super::{Inner, Store, StoreScan};
use crate::engine::{Direction, KeyRange, Slice, key_after};
use crate::format::Mutation;
use crate::limits::KEY_BYTES_MIN;
use crate::staging::{self, Outcome, StagedId};
use crate::{Error, Result};

/// One transaction in parts that has an outcome.
pub(super) struct Overlay {
    pub(super) id: StagedId,
    /// The index of its outcome.
    pub(super) index: u64,
    pub(super) outcome: Outcome,
    /// Everything up to this key is merged; empty at first. Moved up by the merge alone.
    merged: RwLock<Bytes>,
}

/// The overlays of a store.
#[derive(Default)]
pub(super) struct Overlays {
    /// How many there are; changed under the lock of the list.
    count: AtomicUsize,
    /// Ascending by index.
    list: RwLock<Arc<Vec<Arc<Overlay>>>>,
}

impl Overlay {
    /// The parts that do not count.
    pub(super) fn discarded(&self) -> &[(u32, u32)] {
        match &self.outcome {
            Outcome::Committed { discarded, .. } => discarded,
            Outcome::RolledBack => &[],
        }
    }

    pub(super) fn is_committed(&self) -> bool {
        matches!(self.outcome, Outcome::Committed { .. })
    }

    /// False if the transaction cannot have a staged row of `key` any more, or never had one.
    pub(super) fn may_have(&self, key: &[u8]) -> bool {
        let Outcome::Committed { index_ids, .. } = &self.outcome else { return false };
        let Some(id) = key.first_chunk::<KEY_BYTES_MIN>() else { return false };
        index_ids.binary_search(&u32::from_be_bytes(*id)).is_ok() && key > &self.merged.read()[..]
    }

    /// What is left of `range` that the transaction may have staged rows of; `None` if nothing is.
    fn may_have_in(&self, range: &KeyRange) -> Option<KeyRange> {
        let Outcome::Committed { index_ids, .. } = &self.outcome else { return None };
        let within = |id: &u32| {
            let prefix = KeyRange::prefix(&id.to_be_bytes());
            (range.end.is_empty() || prefix.start < range.end)
                && (prefix.end.is_empty() || range.start < prefix.end)
        };
        if range.is_empty() || !index_ids.iter().any(within) {
            return None;
        }
        let merged = self.merged.read();
        let start = if range.start <= *merged { key_after(&merged) } else { range.start.clone() };
        let start = if merged.is_empty() { range.start.clone() } else { start };
        let left = KeyRange { start, end: range.end.clone() };
        (!left.is_empty()).then_some(left)
    }

    /// The range of keys that are not merged yet.
    pub(super) fn left(&self) -> KeyRange {
        let merged = self.merged.read();
        let start = if merged.is_empty() { Bytes::new() } else { key_after(&merged) };
        KeyRange { start, end: Bytes::new() }
    }

    pub(super) fn merged_to(&self, key: Bytes) {
        *self.merged.write() = key;
    }
}

impl Overlays {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// All of them, ascending by index.
    pub(super) fn all(&self) -> Arc<Vec<Arc<Overlay>>> {
        Arc::clone(&self.list.read())
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Overlay>>)) {
        let mut list = self.list.write();
        let mut changed = (**list).clone();
        change(&mut changed);
        self.count.store(changed.len(), Ordering::Release);
        *list = Arc::new(changed);
    }

    /// Takes note of a mutation of the entry at `index`, if it is an outcome. A row that does not parse is another
    /// program's; it is kept as a row and shows nothing.
    #[inline]
    pub(super) fn note(&self, index: u64, mutation: &Mutation) {
        if let (Some(id), Some(value)) = (StagedId::of_outcome(&mutation.key), &mutation.value)
            && let Ok(outcome) = Outcome::decode(value)
        {
            self.add(id, index, outcome);
        }
    }

    fn add(&self, id: StagedId, index: u64, outcome: Outcome) {
        let overlay = Overlay { id, index, outcome, merged: RwLock::default() };
        self.change(|list| {
            if list.iter().any(|other| other.id == id && matches!(other.outcome, Outcome::Committed { .. })) {
                // What is committed is never taken back.
                return;
            }
            list.retain(|other| other.id != id);
            let place = list.partition_point(|other| other.index <= index);
            list.insert(place, Arc::new(overlay));
        });
    }

    pub(super) fn remove(&self, id: StagedId) {
        self.change(|list| list.retain(|other| other.id != id));
    }

    /// The outcomes from `index` on did not happen.
    pub(super) fn drop_from(&self, index: u64) {
        if !self.is_empty() {
            self.change(|list| list.retain(|other| other.index < index));
        }
    }

    pub(super) fn clear(&self) {
        self.change(Vec::clear);
    }

    /// How far write-behind may go with the engine at `applied`: see (R).
    pub(super) fn flush_limit(&self, applied: u64) -> u64 {
        if self.is_empty() {
            return u64::MAX;
        }
        let all = self.all();
        let unsettled = all.iter().find(|overlay| overlay.is_committed() && overlay.index > applied);
        unsettled.map_or(u64::MAX, |overlay| overlay.index)
    }
}

impl Inner {
    /// Reads the outcomes that the engine has, as of its applied index; those above come with the replay of the log.
    pub(super) fn load_overlays(&self) -> Result<()> {
        let applied = self.engine.applied();
        let mut rows = self.engine.scan(staging::outcome_rows(), Direction::Forward);
        while let Some((key, stamp, value)) = rows.next()? {
            if let Some(id) = StagedId::of_outcome(&key)
                && stamp <= applied
            {
                self.overlays.add(id, stamp, Outcome::decode(&value.into_bytes())?);
            }
        }
        Ok(())
    }

    /// The newest version that an overlay above `above` and at or below `upto` has of `key`, if one has any. To be asked
    /// after memory was read and before the engine is.
    #[inline]
    pub(super) fn overlaid(&self, key: &[u8], above: u64, upto: u64) -> Result<Option<Version>> {
        if self.overlays.is_empty() {
            return Ok(None);
        }
        self.overlaid_slowly(key, above, upto)
    }

    fn overlaid_slowly(&self, key: &[u8], above: u64, upto: u64) -> Result<Option<Version>> {
        for overlay in self.overlays.all().iter().rev() {
            if overlay.index <= above {
                break;
            }
            if overlay.index > upto || !overlay.may_have(key) {
                continue;
            }
            let staged = self.raw_latest(&overlay.id.staged_key(key))?;
            if let Some(value) = staged.value
                && let Some(current) = staging::current(&value.into_bytes(), overlay.discarded())?
            {
                return Ok(Some(Version { index: overlay.index, value: current.value }));
            }
        }
        Ok(None)
    }

    /// What the overlay has of the keys of `range`, in `direction`, at most `rows_max` of them.
    pub(super) fn overlaid_rows(
        self: &Arc<Inner>,
        overlay: &Overlay,
        range: &KeyRange,
        direction: Direction,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Version)>> {
        let mut rows = Vec::new();
        let Some(range) = overlay.may_have_in(range) else { return Ok(rows) };
        let mut scan = self.scan_raw(overlay.id.staged_range(&range), direction);
        while rows.len() < rows_max {
            let Some((staged_key, _, value)) = scan.next()? else { break };
            if let Some(current) = staging::current(&value.into_bytes(), overlay.discarded())? {
                let version = Version { index: overlay.index, value: current.value };
                rows.push((staging::key_of(&staged_key.into_bytes()), version));
            }
        }
        Ok(rows)
    }
}

impl Store {
    /// The staged row of `key` of a transaction in parts.
    pub(crate) fn read_staged(&self, id: StagedId, key: &[u8]) -> Result<Option<Bytes>> {
        let generation = self.inner.snapshots.generation();
        let row = self.inner.raw_latest(&id.staged_key(key))?.value;
        self.inner.snapshots.check_generation(generation)?;
        Ok(row.map(Slice::into_bytes))
    }

    /// Scans the staged rows of a transaction in parts that stand for keys of `range`.
    pub(crate) fn scan_staged(&self, id: StagedId, range: &KeyRange, direction: Direction) -> StoreScan {
        self.inner.scan_raw(id.staged_range(range), direction)
    }

    /// How many transactions in parts have an outcome that is not merged completely. While there is one, rows may still
    /// come to their places: a range of keys must not be taken for removed for good.
    pub fn overlay_count(&self) -> usize {
        self.inner.overlays.all().len()
    }

    /// The transactions in parts that have staged rows and no outcome, pending or not.
    pub fn open_staged(&self) -> Result<Vec<StagedId>> {
        let with_outcome = self.inner.overlays.all();
        let mut open = Vec::new();
        let mut range = staging::staged_rows();
        loop {
            let Some((key, _, _)) = self.inner.scan_raw(range.clone(), Direction::Forward).next()? else {
                return Ok(open);
            };
            let id = StagedId::of_key(&key)
                .ok_or_else(|| Error::Engine("a staged row has no transaction".to_owned()))?;
            range.start = id.staged_range(&KeyRange::all()).end;
            if !with_outcome.iter().any(|overlay| overlay.id == id) {
                open.push(id);
            }
        }
    }
}
