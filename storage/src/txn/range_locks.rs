//! Range locks: what keeps others from inserting where a transaction has looked.
//!
//! # Rules
//!
//! * A transaction locks an interval of the keys of one index. Such locks do not conflict with each other. They conflict
//!   with the writes of other transactions: with new keys only ([`RangeKind::Insertions`], for reads that lock the rows
//!   that they find one by one), or with every write ([`RangeKind::Writes`], for reads that lock no row: the interval
//!   stands for all of them).
//! * Who writes into an interval of another transaction waits for that interval; its statement then runs again.
//! * Write sets are private until COMMIT, so who locks an interval also waits for the transactions that have written in
//!   it and are not over; its statement then runs again, and finds what they wrote in the store.
//! * Both wait in the lock table, for a lock that stands for the interval or for the writer: timeouts and deadlocks are
//!   those of all locks. The lock is taken only when the first one waits, in the name of who is waited for.
//!
//! # Why none misses the other
//!
//! A writer first puts a key into its write set and notes it ([`Writer`]), then looks at the intervals. A locker looks at
//! the writers and adds its interval while it alone may touch the intervals of the index, before it reads the store. If
//! the locker came first, the writer meets the interval. If the writer noted its key first, the locker sees it there,
//! or the writer is over: then it committed, and its versions were installed before its note was taken away, so the store
//! shows them to the locker, which reads it later; or it was rolled back. A statement's writes, and their notes, are
//! taken back before it waits, so two that have seen each other do not both wait.
//!
//! Nobody looks at the intervals while there are none: `count` is raised before a locker looks at the writers. A writer
//! whose note the locker did not see took the lock of its list, or of its note, after the locker had; so it sees that count.
//!
//! # Fairness
//!
//! A locker that waits for writers leaves nothing behind, so new ones may write in its range meanwhile. After
//! [`RANGE_WAITS_MAX`] such waits it leaves its interval while it waits, unconfirmed. Who writes there from then on waits
//! for it, also one of the writers that it waits for: that one gets a deadlock. So a locker does not starve, and it
//! costs others nothing unless it would.
//!
//! Left out: the gaps of InnoDB, which reach to the next row on both sides. An interval is exactly what was asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;

use super::Transaction;
use super::intervals::{Interval, Intervals};
use super::lock_mode::LockMode;
use super::locks::{LockId, LockOutcome, LockTable, Standing, WaitPolicy};
use super::temporary::is_temporary;
use super::writers::{Writer, Writers, Written};
use crate::engine::KeyRange;
use crate::limits::{RANGE_INDEX_BYTES, RANGE_SHARD_COUNT, RANGE_WAITS_MAX};
use crate::version::Store;
use crate::{Error, Result};

/// What the lock on a range keeps others from, the weaker first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RangeKind {
    /// New keys.
    Insertions,
    /// Any write.
    Writes,
}

/// What a write does to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// The key is new.
    Insertion,
    /// The key is there already, and gets another value or is deleted.
    Change,
}

/// The beginning of a key, which names its index.
pub(super) type IndexId = [u8; RANGE_INDEX_BYTES];

/// The index of a key.
pub(super) fn index_of(key: &[u8]) -> IndexId {
    let mut index = IndexId::default();
    let length = key.len().min(RANGE_INDEX_BYTES);
    index[..length].copy_from_slice(&key[..length]);
    index
}

/// The locked ranges of a node, and who has written.
#[derive(Debug, Default)]
pub(super) struct RangeLocks {
    /// Intervals that there are, or are about to be.
    count: AtomicUsize,
    shards: [RwLock<FxHashMap<IndexId, Intervals>>; RANGE_SHARD_COUNT],
    writers: Writers,
    /// For the locks that stand for intervals and writers.
    own_ids: AtomicU64,
}

/// The ranges that a transaction has locked, and what it has noted of its writes.
#[derive(Default)]
pub(super) struct HeldRanges {
    list: Vec<(KeyRange, Arc<Interval>)>,
    writer: Option<Arc<Writer>>,
    /// Waits for the writers of ranges, since a range was locked.
    waits: u32,
}

impl HeldRanges {
    /// True if nobody can wait for the transaction because of a range or a write.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.writer.is_none()
    }
}

/// Where the transaction's list of ranges ended: see [`Transaction::drop_ranges_since`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeMark(usize);

/// What a locker found.
enum Found {
    /// Nobody.
    Nothing,
    /// A transaction with a write that the interval keeps out. Its lock is held in its name.
    Writer(Arc<Writer>),
}

impl RangeLocks {
    fn shard(&self, index: IndexId) -> &RwLock<FxHashMap<IndexId, Intervals>> {
        let mixed = index.iter().fold(0, |mixed: usize, byte| mixed.wrapping_mul(31) + usize::from(*byte));
        &self.shards[mixed % RANGE_SHARD_COUNT]
    }

    /// A writer whose writes a lock of `kind` on `range` keeps out. Of few keys the store is asked which are new.
    fn find_writer(
        &self,
        locks: &LockTable,
        store: &Store,
        owner: u64,
        (range, kind): (&KeyRange, RangeKind),
    ) -> Result<Found> {
        for (writer, written) in self.writers.in_range(range, owner) {
            let keeps_out = match (kind, written) {
                (RangeKind::Writes, _) | (RangeKind::Insertions, Written::Some) => true,
                (RangeKind::Insertions, Written::Keys(keys)) => any_is_new(store, &keys)?,
            };
            if keeps_out && writer.expect_waiter(|| locks.hold_for(writer.lock, writer.txn_id)) {
                return Ok(Found::Writer(writer));
            }
        }
        Ok(Found::Nothing)
    }

    fn remove(&self, locks: &LockTable, range: &KeyRange, interval: &Arc<Interval>) {
        let index = index_of(&range.start);
        {
            let mut shard = self.shard(index).write();
            if let Some(intervals) = shard.get_mut(&index) {
                intervals.remove(range, interval);
                if intervals.is_empty() {
                    shard.remove(&index);
                }
            }
        }
        self.count.fetch_sub(1, Ordering::Release);
        // Nobody can find the interval any more, so nobody begins to wait for it.
        if *interval.is_waited_for.lock() {
            locks.release(interval.lock, interval.owner, false);
        }
    }

    /// Forgets every interval and every writer: see [`LockTable::forget_all`]. Their owners count them out when they end.
    pub(super) fn forget_all(&self) {
        for shard in &self.shards {
            shard.write().clear();
        }
        self.writers.forget_all();
    }

    /// Number of intervals, and of transactions that have written.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.count.load(Ordering::Acquire), self.writers.count())
    }
}

fn any_is_new(store: &Store, keys: &[Bytes]) -> Result<bool> {
    for key in keys {
        if store.read_latest(key)?.value.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Transaction {
    /// Locks a range of one index. Every key that the transaction finds there by [`View::Latest`](super::View::Latest) from
    /// now on stays as it is until the transaction is over, or, with [`RangeKind::Insertions`], no key comes to it. With
    /// [`WaitPolicy::SkipLocked`] the transactions that have written there already are not waited for.
    ///
    /// # Errors
    /// As [`Transaction::lock`].
    pub fn lock_range(
        &mut self,
        range: &KeyRange,
        kind: RangeKind,
        policy: WaitPolicy,
    ) -> Result<LockOutcome> {
        if range.is_empty() || is_temporary(&range.start) {
            return Ok(LockOutcome::Granted);
        }
        let index = index_of(&range.start);
        loop {
            let locks = self.locks.clone();
            let ranges = &locks.inner.ranges;
            if !self.ranges.list.is_empty()
                && let Some(intervals) = ranges.shard(index).read().get(&index)
                && intervals.covers(range, self.id, kind)
            {
                return Ok(LockOutcome::Granted);
            }
            ranges.count.fetch_add(1, Ordering::AcqRel);
            let mut shard = ranges.shard(index).write();
            let found = match policy {
                WaitPolicy::SkipLocked => Ok(Found::Nothing),
                WaitPolicy::Wait | WaitPolicy::NoWait => {
                    ranges.find_writer(&locks, &self.store, self.id, (range, kind))
                }
            };
            let writer = match found {
                Ok(Found::Writer(writer)) => Some(writer),
                Ok(Found::Nothing) => None,
                Err(error) => {
                    ranges.count.fetch_sub(1, Ordering::Release);
                    return Err(error);
                }
            };
            let insists = policy == WaitPolicy::Wait && self.ranges.waits == RANGE_WAITS_MAX;
            if writer.is_none() || insists {
                let interval = Arc::new(Interval {
                    lock: locks.own_id(ranges.own_ids.fetch_add(1, Ordering::Relaxed)),
                    owner: self.id,
                    kind,
                    is_confirmed: writer.is_none(),
                    is_waited_for: Mutex::default(),
                });
                shard.entry(index).or_default().insert(range, &interval);
                self.ranges.list.push((range.clone(), interval));
            } else {
                ranges.count.fetch_sub(1, Ordering::Release);
            }
            drop(shard);
            let Some(writer) = writer else {
                self.ranges.waits = 0;
                return Ok(LockOutcome::Granted);
            };
            self.ranges.waits += 1;
            match self.wait_for_own(writer.lock, policy)? {
                // It is over.
                LockOutcome::Granted => {}
                LockOutcome::Wait(mut wait) => {
                    wait.set_key(&range.start);
                    return Ok(LockOutcome::Wait(wait));
                }
                LockOutcome::Skipped => return Ok(LockOutcome::Skipped),
            }
        }
    }

    /// Whether a write that is in the write set meets a range that another transaction has locked, and the wait for that. To be
    /// asked after [`put`](Transaction::put) or [`delete`](Transaction::delete); and before the row is locked, so that a
    /// wait is not begun with the row's lock if it need not be.
    ///
    /// # Errors
    /// As [`Transaction::lock`].
    pub fn meet_ranges(&mut self, key: &[u8], write: WriteKind) -> Result<LockOutcome> {
        while self.locks.inner.ranges.count.load(Ordering::Acquire) != 0 {
            let Some(lock) = self.range_at(key, write) else { break };
            match self.wait_for_own(lock, WaitPolicy::Wait)? {
                // It is gone.
                LockOutcome::Granted => {}
                LockOutcome::Wait(mut wait) => {
                    wait.set_key(key);
                    return Ok(LockOutcome::Wait(wait));
                }
                LockOutcome::Skipped => return Ok(LockOutcome::Skipped),
            }
        }
        Ok(LockOutcome::Granted)
    }

    /// The lock of an interval of another transaction that keeps a write out. It is held in the name of that one.
    fn range_at(&self, key: &[u8], write: WriteKind) -> Option<LockId> {
        if is_temporary(key) {
            return None;
        }
        let index = index_of(key);
        let shard = self.locks.inner.ranges.shard(index).read();
        let keeps_out = |one: &&Arc<Interval>| {
            one.owner != self.id && (write == WriteKind::Insertion || one.kind == RangeKind::Writes)
        };
        let interval = shard.get(&index)?.at(key).iter().find(keeps_out)?;
        // Under the lock of the shard: the interval is not taken away meanwhile.
        let mut is_waited_for = interval.is_waited_for.lock();
        if !*is_waited_for {
            *is_waited_for = true;
            self.locks.hold_for(interval.lock, interval.owner);
        }
        Some(interval.lock)
    }

    fn wait_for_own(&mut self, lock: LockId, policy: WaitPolicy) -> Result<LockOutcome> {
        let standing = Standing { may_hold: self.held.contains(lock), holds_any: self.can_be_waited_for() };
        let outcome = self.locks.acquire(lock, self.id, LockMode::Shared, policy, standing)?;
        match outcome {
            LockOutcome::Granted => self.held.granted(lock, LockMode::Shared),
            LockOutcome::Wait(_) => self.held.waiting(lock),
            LockOutcome::Skipped => return Err(Error::LockNotAvailable),
        }
        Ok(outcome)
    }

    /// False if the transaction cannot be part of a deadlock.
    pub(super) fn can_be_waited_for(&self) -> bool {
        !self.held.is_empty() || !self.ranges.is_empty()
    }

    /// Notes a write that is in the write set.
    pub(super) fn note_write(&mut self, key: &Bytes) {
        let writer = match &self.ranges.writer {
            Some(writer) => writer,
            None => {
                let ranges = &self.locks.inner.ranges;
                let lock = self.locks.own_id(ranges.own_ids.fetch_add(1, Ordering::Relaxed));
                self.ranges.writer.insert(ranges.writers.add(Writer::new(self.id, lock)))
            }
        };
        writer.note(key);
    }

    /// The keys of writes that are noted one by one.
    pub(super) fn noted_writes(&self) -> Vec<Bytes> {
        self.ranges.writer.as_ref().map_or_else(Vec::new, |writer| writer.keys())
    }

    /// Takes back the notes of writes that are not in the write set any more.
    pub(super) fn forget_writes(&self, keys: &[Bytes]) {
        if let Some(writer) = &self.ranges.writer
            && !keys.is_empty()
        {
            writer.forget(keys);
        }
    }

    /// Where the list of ranges ends now.
    pub fn range_mark(&self) -> RangeMark {
        RangeMark(self.ranges.list.len())
    }

    /// Gives up the ranges that were locked since `mark`. For a statement that runs again from its start: what it has read does
    /// not count. What keeps new writers out while it waits for others stays.
    pub fn drop_ranges_since(&mut self, mark: RangeMark) {
        if self.ranges.list.len() <= mark.0 {
            return;
        }
        for (range, interval) in self.ranges.list.split_off(mark.0) {
            if interval.is_confirmed {
                self.locks.inner.ranges.remove(&self.locks, &range, &interval);
            } else {
                self.ranges.list.push((range, interval));
            }
        }
    }

    /// Makes the first range that was locked since `mark`, if any, the smaller one `read`: a scan that ends early has not looked
    /// at the rest of it.
    pub fn shrink_range(&mut self, mark: RangeMark, read: &KeyRange) {
        let Some(held) = self.ranges.list.get_mut(mark.0) else { return };
        if read.is_empty() {
            return;
        }
        let index = index_of(&read.start);
        let ranges = &self.locks.inner.ranges;
        // One of its own, so that who waits for the rest is let go.
        let kept = Arc::new(Interval {
            lock: self.locks.own_id(ranges.own_ids.fetch_add(1, Ordering::Relaxed)),
            owner: self.id,
            kind: held.1.kind,
            is_confirmed: held.1.is_confirmed,
            is_waited_for: Mutex::default(),
        });
        ranges.count.fetch_add(1, Ordering::AcqRel);
        ranges.shard(index).write().entry(index).or_default().insert(read, &kept);
        let (range, interval) = std::mem::replace(held, (read.clone(), kept));
        ranges.remove(&self.locks, &range, &interval);
    }

    /// Number of ranges that are locked.
    pub fn range_count(&self) -> usize {
        self.ranges.list.len()
    }

    /// Gives up all ranges and leaves the list of writers. Only once the writes are in the store, or rolled back.
    pub(super) fn release_ranges(&mut self) {
        let held = std::mem::take(&mut self.ranges);
        let ranges = &self.locks.inner.ranges;
        for (range, interval) in &held.list {
            ranges.remove(&self.locks, range, interval);
        }
        if let Some(writer) = held.writer
            && ranges.writers.remove(&writer)
        {
            self.locks.release(writer.lock, self.id, false);
        }
    }
}
