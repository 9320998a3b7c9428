//! [`Snapshot`]: a registered log index at which everything committed up to it, and nothing else, can be read.
//!
//! The registry knows every index that has a snapshot. What write-behind and pruning may take away is decided
//! from a copy of it, made under its lock together with the watermark; a snapshot that is registered later is at
//! or above that watermark, and so needs nothing that was taken.
//!
//! `readable_from` is at or above every index whose versions may have been taken although no snapshot was there:
//! an index at or above it can still get one. `refused_below` is the index below which snapshots are no longer
//! served: at first what the engine may hold beyond the replayed log, later whatever was given up to keep memory
//! within its bound. A reader looks at it *after* it has read, so it cannot miss that something was taken from
//! under it.
//!
//! The *generation* says of which data a snapshot is: it goes up by one when all data begins to be replaced, and
//! again when that is done, so an odd one is never readable. A snapshot of another generation is served no more;
//! it is looked at after a read as well.
//!
//! An *export* is a snapshot that reads ascending keys only. What it has passed need not be kept for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use super::Inner;
use super::chain::{Exporting, Needed};
use super::watermark::Watermark;
use crate::{Error, Result};

/// The registered snapshots.
pub(super) struct Registry {
    state: Mutex<State>,
    served: Served,
}

/// What is looked at after each read of a row: in a cache line of its own, away from the lock that each snapshot takes.
#[repr(align(128))]
struct Served {
    /// See the module's documentation. Only moved up, but for a replacement.
    refused_below: AtomicU64,
    /// See the module's documentation. Only moved up, under the lock of the state.
    generation: AtomicU64,
}

struct State {
    /// Index and number of snapshots there, ascending; no number is 0.
    snapshots: VecDeque<(u64, usize)>,
    /// See the module's documentation. Only moved up.
    readable_from: u64,
    /// The target of the pass of write-behind that is under way: the newest version at or below it is needed as if
    /// there were a snapshot, or the engine would be said to be brought to an index without having what was
    /// current there.
    flushing: Option<u64>,
    /// The exports under way, each with a number of its own. Each has one of the snapshots at its index.
    exports: Vec<(u64, Exporting)>,
    export_count: u64,
}

impl Registry {
    /// A registry without snapshots; without data too, if the engine's must be replaced first.
    pub(super) fn new(readable_from: u64, refused_below: u64, is_replacing: bool) -> Registry {
        let state = State {
            snapshots: VecDeque::new(),
            readable_from,
            flushing: None,
            exports: Vec::new(),
            export_count: 0,
        };
        let served = Served {
            refused_below: AtomicU64::new(refused_below),
            generation: AtomicU64::new(u64::from(is_replacing)),
        };
        Registry { state: Mutex::new(state), served }
    }

    /// Registers a snapshot at the watermark and returns its index and generation.
    fn register(&self, watermark: &Watermark) -> (u64, u64) {
        let mut state = self.state.lock();
        // Read under the lock: see the module's documentation.
        let index = watermark.committed();
        state.add(index);
        (index, self.generation())
    }

    /// Registers a snapshot at `index` and returns its generation.
    fn register_at(&self, index: u64) -> Result<u64> {
        let mut state = self.state.lock();
        if self.is_replacing() {
            return Err(Error::NotReady);
        }
        // An export alone does not keep all of its index.
        let held = state.place_of(index).is_ok_and(|place| state.passed_at(place).is_none());
        if self.is_refused(index) || (index < state.readable_from && !held) {
            return Err(Error::SnapshotTooOld);
        }
        state.add(index);
        Ok(self.generation())
    }

    fn register_again(&self, index: u64, generation: u64) {
        let mut state = self.state.lock();
        // One that was given up is not registered any more, and its reads say so.
        if generation == self.generation() && state.place_of(index).is_ok() {
            state.add(index);
        }
    }

    fn release(&self, index: u64, generation: u64) {
        let mut state = self.state.lock();
        if generation != self.generation() {
            return;
        }
        if let Ok(place) = state.place_of(index) {
            let count = &mut state.snapshots[place].1;
            *count -= 1;
            if *count == 0 {
                state.snapshots.remove(place);
            }
        }
    }

    /// True if a snapshot at `index` is no longer served, or not yet.
    #[inline]
    pub(super) fn is_refused(&self, index: u64) -> bool {
        index < self.served.refused_below.load(Ordering::Acquire)
    }

    /// The generation of the data: odd while it is being replaced.
    #[inline]
    pub(super) fn generation(&self) -> u64 {
        self.served.generation.load(Ordering::Acquire)
    }

    /// True while the data is being replaced.
    #[inline]
    pub(super) fn is_replacing(&self) -> bool {
        self.generation() % 2 == 1
    }

    /// [`Error::NotReady`] unless all that was read since `generation` was asked for is of one data.
    #[inline]
    pub(super) fn check_generation(&self, generation: u64) -> Result<()> {
        if self.generation() != generation || generation % 2 == 1 {
            return Err(Error::NotReady);
        }
        Ok(())
    }

    /// Ends all snapshots: from here on nothing can be read.
    pub(super) fn begin_replace(&self) {
        let mut state = self.state.lock();
        if !self.is_replacing() {
            self.served.generation.fetch_add(1, Ordering::AcqRel);
        }
        state.snapshots.clear();
        state.exports.clear();
        state.flushing = None;
    }

    /// The data is that of `index` now: moves the watermark there, and lets snapshots be taken again.
    pub(super) fn end_replace(&self, index: u64, watermark: &Watermark) {
        let mut state = self.state.lock();
        assert!(self.is_replacing(), "no replacement was begun");
        // Those that were taken meanwhile cannot be read and hold nothing.
        state.snapshots.clear();
        state.readable_from = index;
        self.served.refused_below.store(index, Ordering::Release);
        // Who sees the watermark there must find the store ready: so the generation first, and both under the lock that
        // a snapshot is taken under.
        self.served.generation.fetch_add(1, Ordering::AcqRel);
        watermark.set(index);
    }

    /// Notes that the one snapshot at `index` that the caller has just taken reads ascending keys only; returns the
    /// number of the export.
    pub(super) fn begin_export(&self, index: u64, generation: u64) -> Result<u64> {
        let mut state = self.state.lock();
        self.check_generation(generation)?;
        state.export_count += 1;
        let number = state.export_count;
        state.exports.push((number, Exporting { index, passed: Bytes::new() }));
        Ok(number)
    }

    /// Notes that an export will not read `key` again, nor any below it.
    pub(super) fn export_passed(&self, number: u64, key: Bytes) {
        let mut state = self.state.lock();
        if let Some((_, export)) = state.exports.iter_mut().find(|(of, _)| *of == number) {
            export.passed = key;
        }
    }

    /// Ends an export. Its snapshot is released after this, not before.
    pub(super) fn end_export(&self, number: u64) {
        self.state.lock().exports.retain(|(of, _)| *of != number);
    }

    /// What has to be kept. The caller may take everything else away.
    pub(super) fn needed(&self, watermark: &Watermark) -> Needed {
        let mut state = self.state.lock();
        let watermark = watermark.committed();
        state.readable_from = state.readable_from.max(watermark);
        let mut needed = state.readers(u64::MAX);
        needed.watermark = watermark;
        needed.flushing = state.flushing;
        if let Some(flushing) = state.flushing {
            let place = needed.snapshots.partition_point(|&index| index < flushing);
            needed.snapshots.insert(place, flushing);
        }
        needed
    }

    /// Begins a pass of write-behind, and says how far it may go: to the watermark, or, unless `past_snapshots`, only
    /// to the oldest snapshot; and no further than `limit`, which is asked for after the watermark.
    pub(super) fn begin_flush(
        &self,
        watermark: &Watermark,
        past_snapshots: bool,
        limit: impl FnOnce() -> u64,
    ) -> u64 {
        let mut state = self.state.lock();
        let watermark = watermark.committed();
        let target = match state.snapshots.front() {
            Some((oldest, _)) if !past_snapshots => watermark.min(*oldest),
            _ => watermark,
        };
        let target = target.min(limit());
        state.readable_from = state.readable_from.max(target);
        state.flushing = Some(target);
        target
    }

    /// Ends a pass of write-behind.
    pub(super) fn end_flush(&self) {
        self.state.lock().flushing = None;
    }

    /// The snapshots and exports below `index`.
    pub(super) fn below(&self, index: u64) -> Needed {
        self.state.lock().readers(index)
    }

    /// Whether an export below `index` is under way: it reads the staged rows of a transaction that has its outcome there.
    pub(super) fn has_export_below(&self, index: u64) -> bool {
        self.state.lock().exports.iter().any(|(_, export)| export.index < index)
    }

    pub(super) fn oldest(&self) -> Option<u64> {
        self.state.lock().snapshots.front().map(|(index, _)| *index)
    }

    /// Gives up the oldest snapshot if it is below `watermark`; returns its index.
    pub(super) fn give_up_oldest(&self, watermark: u64) -> Option<u64> {
        let mut state = self.state.lock();
        let (oldest, _) = *state.snapshots.front()?;
        if oldest >= watermark {
            return None;
        }
        state.snapshots.pop_front();
        self.served.refused_below.fetch_max(oldest + 1, Ordering::AcqRel);
        state.readable_from = state.readable_from.max(oldest + 1);
        Some(oldest)
    }

    pub(super) fn count(&self) -> usize {
        self.state.lock().snapshots.iter().map(|(_, count)| count).sum()
    }
}

impl State {
    fn place_of(&self, index: u64) -> Result<usize, usize> {
        match self.snapshots.back() {
            // Nearly all snapshots are taken and released at the newest index.
            Some((last, _)) if *last == index => Ok(self.snapshots.len() - 1),
            Some((last, _)) if *last < index => Err(self.snapshots.len()),
            _ => self.snapshots.binary_search_by_key(&index, |(at, _)| *at),
        }
    }

    /// The key up to which everything at this place is passed, if there are only exports at it.
    fn passed_at(&self, place: usize) -> Option<&Bytes> {
        if self.exports.is_empty() {
            return None;
        }
        let (index, count) = self.snapshots[place];
        let here = || self.exports.iter().filter(|(_, export)| export.index == index);
        if here().count() < count {
            return None;
        }
        here().map(|(_, export)| &export.passed).min()
    }

    /// The registered readers below `index`; with a watermark of 0, which is the caller's to set.
    fn readers(&self, index: u64) -> Needed {
        let mut needed = Needed { is_exporting: !self.exports.is_empty(), ..Needed::default() };
        for (place, (at, _)) in self.snapshots.iter().enumerate().take_while(|(_, (at, _))| *at < index) {
            match self.passed_at(place) {
                Some(passed) => needed.exports.push(Exporting { index: *at, passed: passed.clone() }),
                None => needed.snapshots.push(*at),
            }
        }
        needed
    }

    fn add(&mut self, index: u64) {
        match self.place_of(index) {
            Ok(place) => self.snapshots[place].1 += 1,
            Err(place) => self.snapshots.insert(place, (index, 1)),
        }
    }
}

/// A snapshot of the store at one log index. Registered until it is dropped; a clone is registered as well.
///
/// It may be given up when memory runs short, or may have been taken before the log was replayed far enough; each
/// read of it then fails with [`Error::SnapshotTooOld`]. Once [`Store::replace`](super::Store::replace) has begun to
/// replace the data that it is of, each read fails with [`Error::NotReady`].
pub struct Snapshot {
    pub(super) inner: Arc<Inner>,
    index: u64,
    generation: u64,
}

impl Snapshot {
    pub(super) fn at_watermark(inner: &Arc<Inner>) -> Snapshot {
        let (index, generation) = inner.snapshots.register(&inner.watermark);
        Snapshot { inner: Arc::clone(inner), index, generation }
    }

    pub(super) fn at(inner: &Arc<Inner>, index: u64) -> Result<Snapshot> {
        let generation = inner.snapshots.register_at(index)?;
        Ok(Snapshot { inner: Arc::clone(inner), index, generation })
    }

    /// The log index: everything up to it is seen.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The generation of the data that is seen.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// [`Error::SnapshotTooOld`] or [`Error::NotReady`] if the snapshot is not served. To be asked after something was read, before it
    /// is used.
    #[inline]
    pub(super) fn check(&self) -> Result<()> {
        self.inner.snapshots.check_generation(self.generation)?;
        if self.inner.snapshots.is_refused(self.index) {
            return Err(Error::SnapshotTooOld);
        }
        Ok(())
    }
}

impl Clone for Snapshot {
    fn clone(&self) -> Snapshot {
        self.inner.snapshots.register_again(self.index, self.generation);
        Snapshot { inner: Arc::clone(&self.inner), index: self.index, generation: self.generation }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.inner.snapshots.release(self.index, self.generation);
    }
}
