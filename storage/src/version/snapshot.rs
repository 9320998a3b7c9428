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

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::Inner;
use super::chain::Needed;
use super::watermark::Watermark;
use crate::{Error, Result};

/// The registered snapshots.
pub(super) struct Registry {
    state: Mutex<State>,
    /// See the module's documentation. Only moved up.
    refused_below: AtomicU64,
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
}

impl Registry {
    pub(super) fn new(readable_from: u64, refused_below: u64) -> Registry {
        let state = State { snapshots: VecDeque::new(), readable_from, flushing: None };
        Registry { state: Mutex::new(state), refused_below: AtomicU64::new(refused_below) }
    }

    /// Registers a snapshot at the watermark and returns its index.
    fn register(&self, watermark: &Watermark) -> u64 {
        let mut state = self.state.lock();
        // Read under the lock: see the module's documentation.
        let index = watermark.committed();
        state.add(index);
        index
    }

    fn register_at(&self, index: u64) -> Result<()> {
        let mut state = self.state.lock();
        let held = state.place_of(index).is_ok();
        if self.is_refused(index) || (index < state.readable_from && !held) {
            return Err(Error::SnapshotTooOld);
        }
        state.add(index);
        Ok(())
    }

    fn register_again(&self, index: u64) {
        let mut state = self.state.lock();
        // One that was given up is not registered any more, and its reads say so.
        if state.place_of(index).is_ok() {
            state.add(index);
        }
    }

    fn release(&self, index: u64) {
        let mut state = self.state.lock();
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
        index < self.refused_below.load(Ordering::Acquire)
    }

    /// What has to be kept. The caller may take everything else away.
    pub(super) fn needed(&self, watermark: &Watermark) -> Needed {
        let mut state = self.state.lock();
        let watermark = watermark.committed();
        state.readable_from = state.readable_from.max(watermark);
        let mut snapshots: Vec<u64> = state.snapshots.iter().map(|(index, _)| *index).collect();
        if let Some(flushing) = state.flushing {
            let place = snapshots.partition_point(|&index| index < flushing);
            snapshots.insert(place, flushing);
        }
        Needed { snapshots, watermark }
    }

    /// Begins a pass of write-behind, and says how far it may go: to the watermark, or, unless `past_snapshots`, only
    /// to the oldest snapshot.
    pub(super) fn begin_flush(&self, watermark: &Watermark, past_snapshots: bool) -> u64 {
        let mut state = self.state.lock();
        let watermark = watermark.committed();
        let target = match state.snapshots.front() {
            Some((oldest, _)) if !past_snapshots => watermark.min(*oldest),
            _ => watermark,
        };
        state.readable_from = state.readable_from.max(target);
        state.flushing = Some(target);
        target
    }

    /// Ends a pass of write-behind.
    pub(super) fn end_flush(&self) {
        self.state.lock().flushing = None;
    }

    /// The indexes of the snapshots below `index`, ascending.
    pub(super) fn below(&self, index: u64) -> Vec<u64> {
        let state = self.state.lock();
        state.snapshots.iter().map(|(at, _)| *at).take_while(|at| *at < index).collect()
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
        self.refused_below.fetch_max(oldest + 1, Ordering::AcqRel);
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
/// read of it then fails with [`Error::SnapshotTooOld`].
pub struct Snapshot {
    pub(super) inner: Arc<Inner>,
    index: u64,
}

impl Snapshot {
    pub(super) fn at_watermark(inner: &Arc<Inner>) -> Snapshot {
        let index = inner.snapshots.register(&inner.watermark);
        Snapshot { inner: Arc::clone(inner), index }
    }

    pub(super) fn at(inner: &Arc<Inner>, index: u64) -> Result<Snapshot> {
        inner.snapshots.register_at(index)?;
        Ok(Snapshot { inner: Arc::clone(inner), index })
    }

    /// The log index: everything up to it is seen.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// [`Error::SnapshotTooOld`] if the snapshot is not served. To be asked after something was read, before it
    /// is used.
    #[inline]
    pub(super) fn check(&self) -> Result<()> {
        if self.inner.snapshots.is_refused(self.index) {
            return Err(Error::SnapshotTooOld);
        }
        Ok(())
    }
}

impl Clone for Snapshot {
    fn clone(&self) -> Snapshot {
        self.inner.snapshots.register_again(self.index);
        Snapshot { inner: Arc::clone(&self.inner), index: self.index }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.inner.snapshots.release(self.index);
    }
}
