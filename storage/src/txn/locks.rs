//! [`LockTable`]: shared and exclusive locks on keys, with first-come-first-served queues.
//!
//! # Rules
//!
//! * A request is granted at once if it is compatible with all holders and nobody is queued; else it queues. So a
//!   stream of shared locks cannot starve an exclusive one.
//! * A holder of a shared lock that asks for the exclusive one (an *upgrade*) is granted it if it is the only
//!   holder, else it goes to the head of the queue: who waits there waits for the holders, of which it is one.
//! * When a holder leaves, waiters are granted from the head of the queue for as long as they are compatible.
//! * A wait that is dropped leaves the queue. One that is granted at that moment stays granted: the transaction finds
//!   the lock held when it asks again, and releases it at its end in any case.
//! * A deadlock is looked for when a wait starts (see [`deadlock`](super::deadlock)); the requester is the victim.
//!
//! # Representation
//!
//! A lock is identified by a 64-bit hash of its key under a seed of the process. Two keys with one hash share a
//! lock, which is safe (it locks more than was asked for) and does not happen in practice. So a lock costs no copy
//! of its key, and a lock nobody holds costs nothing at all. Queues and lists of sharers allocate only when there
//! are any.
//!
//! Locks order before data: a lock is taken before the row's newest version is read, and released after the
//! transaction's versions are installed.
//!
//! Metadata locks use this table too, with keys of their own (`ff ff ff ff` and the table id).
//!
//! Range locks are beside the shards ([`range_locks`](super::range_locks)): a hash has no order. Who meets one waits here, for a
//! lock that stands for it.
//!
//! Left out, with the issue on the commit path: the hot-row queue (it will hand a lock on from head to head without the shard
//! giving it up), and intention locks on tables.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::deadlock::WaitGraph;
use super::range_locks::RangeLocks;
use crate::limits::{LOCK_SHARD_COUNT, LOCK_SHARD_KEPT_MIN};
use crate::{Error, Result};

/// How a key is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Others may hold it shared as well.
    Shared,
    /// Nobody else may hold it.
    Exclusive,
}

/// What is to be done if a lock cannot be had at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitPolicy {
    /// Wait for it.
    Wait,
    /// Fail with [`Error::LockNotAvailable`].
    NoWait,
    /// Go on without it.
    SkipLocked,
}

/// How a request for a lock came out.
pub enum LockOutcome {
    /// The transaction holds it.
    Granted,
    /// It is held by others and [`WaitPolicy::SkipLocked`] was asked for.
    Skipped,
    /// It is to be waited for.
    Wait(LockWait),
}

/// The identity of a lock: a hash of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct LockId(u64);

/// The table of all locks of a node. Cloning gives another handle.
#[derive(Clone)]
pub struct LockTable {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    shards: Vec<Mutex<FxHashMap<LockId, Lock>>>,
    /// Locked before any shard, and held for the whole start of a wait, so that starts come one after the other.
    pub(super) graph: Mutex<WaitGraph>,
    pub(super) ranges: RangeLocks,
    seed: RandomState,
}

/// One lock that somebody holds.
struct Lock {
    mode: LockMode,
    /// One of the holders.
    holder: u64,
    /// Absent for a lock that only one transaction is interested in, which is nearly every lock.
    more: Option<Box<More>>,
}

#[derive(Default)]
struct More {
    /// The other holders of a shared lock.
    sharers: Vec<u64>,
    /// Who waits, in the order in which they are served.
    queue: VecDeque<Waiter>,
}

struct Waiter {
    txn_id: u64,
    mode: LockMode,
    /// The waiter holds the lock shared already.
    is_upgrade: bool,
    slot: Arc<Mutex<Slot>>,
}

/// Where a waiter and its granter meet.
#[derive(Default)]
struct Slot {
    is_granted: bool,
    waker: Option<Waker>,
}

/// Figures about a lock table, for monitoring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockStats {
    /// Locks that are held.
    pub lock_count: usize,
    /// Requests that wait.
    pub waiting_count: usize,
    /// Ranges that are locked.
    pub range_count: usize,
    /// Open transactions that have written.
    pub writer_count: usize,
    /// Deadlocks found since the start.
    pub deadlock_count: u64,
}

impl Default for LockTable {
    fn default() -> LockTable {
        LockTable::new()
    }
}

impl LockTable {
    /// A table without locks.
    pub fn new() -> LockTable {
        let shards = (0..LOCK_SHARD_COUNT).map(|_| Mutex::default()).collect();
        let graph = Mutex::default();
        let (ranges, seed) = (RangeLocks::default(), RandomState::new());
        LockTable { inner: Arc::new(Inner { shards, graph, ranges, seed }) }
    }

    pub(super) fn id_of(&self, key: &[u8]) -> LockId {
        LockId(self.inner.seed.hash_one(key))
    }

    /// The identity of a lock that stands for something else than a key: no two of them are the same.
    pub(super) fn own_id(&self, number: u64) -> LockId {
        LockId(self.inner.seed.hash_one(("a lock that stands for something", number)))
    }

    /// Takes a lock that nobody holds in the name of a transaction.
    pub(super) fn hold_for(&self, id: LockId, txn_id: u64) {
        let is_held = self.inner.try_acquire(id, txn_id, LockMode::Exclusive);
        assert!(is_held, "a lock of a transaction's own is its own");
    }

    /// Requests a lock. `holds_locks` says whether the transaction holds any lock: one that holds none cannot be
    /// part of a deadlock.
    pub(super) fn acquire(
        &self,
        id: LockId,
        txn_id: u64,
        mode: LockMode,
        policy: WaitPolicy,
        holds_locks: bool,
    ) -> Result<LockOutcome> {
        if self.inner.try_acquire(id, txn_id, mode) {
            return Ok(LockOutcome::Granted);
        }
        match policy {
            WaitPolicy::Wait => self.start_wait(id, txn_id, mode, holds_locks),
            WaitPolicy::NoWait => Err(Error::LockNotAvailable),
            WaitPolicy::SkipLocked => Ok(LockOutcome::Skipped),
        }
    }

    fn start_wait(&self, id: LockId, txn_id: u64, mode: LockMode, holds_locks: bool) -> Result<LockOutcome> {
        let mut graph = self.inner.graph.lock();
        let slot = {
            let mut shard = self.inner.shard(id).lock();
            match shard.entry(id) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Lock::new(txn_id, mode));
                    return Ok(LockOutcome::Granted);
                }
                Entry::Occupied(mut lock) => {
                    if lock.get_mut().try_grant(txn_id, mode) {
                        return Ok(LockOutcome::Granted);
                    }
                    lock.get_mut().enqueue(txn_id, mode)
                }
            }
        };
        let ticket = graph.start(txn_id, id);
        // From here on the wait leaves the queue when this is dropped.
        let wait = LockWait { inner: Arc::clone(&self.inner), id, txn_id, ticket, slot };
        let is_deadlock =
            holds_locks && graph.has_cycle(txn_id, |id, waiter, out| self.inner.blockers(id, waiter, out));
        if is_deadlock {
            graph.deadlock_count += 1;
        }
        drop(graph);
        if is_deadlock {
            drop(wait);
            return Err(Error::LockDeadlock);
        }
        Ok(LockOutcome::Wait(wait))
    }

    /// Releases what the transaction holds of a lock, if anything. `may_wait` says that it may have a wait for it
    /// left, which is given up as well.
    pub(super) fn release(&self, id: LockId, txn_id: u64, may_wait: bool) {
        self.inner.change(id, |lock| {
            if may_wait && let Some(more) = &mut lock.more {
                more.queue.retain(|waiter| waiter.txn_id != txn_id);
            }
            lock.remove_holder(txn_id)
        });
    }

    /// The transactions that hold `key`, in no order.
    pub fn holders(&self, key: &[u8]) -> Vec<u64> {
        let mut holders = Vec::new();
        self.inner.holders(self.id_of(key), &mut holders);
        holders
    }

    /// The transactions that wait for `key`, in the order in which they will be served.
    pub fn waiters(&self, key: &[u8]) -> Vec<u64> {
        let id = self.id_of(key);
        let shard = self.inner.shard(id).lock();
        let more = shard.get(&id).and_then(|lock| lock.more.as_ref());
        more.map_or_else(Vec::new, |more| more.queue.iter().map(|waiter| waiter.txn_id).collect())
    }

    /// The figures of the table.
    pub fn stats(&self) -> LockStats {
        let deadlock_count = self.inner.graph.lock().deadlock_count;
        let (range_count, writer_count) = self.inner.ranges.counts();
        let mut stats = LockStats { deadlock_count, range_count, writer_count, ..LockStats::default() };
        for shard in &self.inner.shards {
            let shard = shard.lock();
            stats.lock_count += shard.len();
            stats.waiting_count += shard.values().map(Lock::waiting_count).sum::<usize>();
        }
        stats
    }
}

impl Inner {
    fn shard(&self, id: LockId) -> &Mutex<FxHashMap<LockId, Lock>> {
        // The map uses the low bits of the hash of the id, and the top ones; these are from between.
        &self.shards[(id.0 >> 24) as usize % LOCK_SHARD_COUNT]
    }

    fn try_acquire(&self, id: LockId, txn_id: u64, mode: LockMode) -> bool {
        match self.shard(id).lock().entry(id) {
            Entry::Vacant(vacant) => {
                vacant.insert(Lock::new(txn_id, mode));
                true
            }
            Entry::Occupied(mut lock) => lock.get_mut().try_grant(txn_id, mode),
        }
    }

    /// Adds the holders of a lock to `out`.
    fn holders(&self, id: LockId, out: &mut Vec<u64>) {
        if let Some(lock) = self.shard(id).lock().get(&id) {
            lock.add_holders(out);
        }
    }

    /// Adds the transactions that `waiter` waits for at a lock to `out`; none if it does not wait there any more.
    fn blockers(&self, id: LockId, waiter: u64, out: &mut Vec<u64>) {
        let shard = self.shard(id).lock();
        let Some(lock) = shard.get(&id) else { return };
        let Some(more) = &lock.more else { return };
        if more.queue.iter().any(|queued| queued.txn_id == waiter) {
            let first = out.len();
            lock.add_holders(out);
            // One that upgrades is a holder itself, and does not wait for itself.
            if let Some(place) = out[first..].iter().position(|&holder| holder == waiter) {
                out.swap_remove(first + place);
            }
        }
    }

    /// Changes a lock, grants what can be granted then, and forgets the lock if nobody holds it any more.
    fn change(&self, id: LockId, change: impl FnOnce(&mut Lock) -> Remaining) {
        let mut granted = Vec::new();
        {
            let mut shard = self.shard(id).lock();
            let Entry::Occupied(mut entry) = shard.entry(id) else { return };
            let lock = entry.get_mut();
            let mut remaining = change(lock);
            while let Some(waiter) = lock.next_granted(remaining) {
                lock.take_over(&waiter, remaining);
                remaining = Remaining::Some;
                granted.push(waiter);
            }
            if remaining == Remaining::None {
                assert!(lock.waiting_count() == 0, "the head of a queue can have a lock that nobody holds");
                entry.remove();
                if shard.capacity() > LOCK_SHARD_KEPT_MIN && shard.len() < shard.capacity() / 8 {
                    shard.shrink_to(LOCK_SHARD_KEPT_MIN);
                }
            }
        }
        for waiter in granted {
            let waker = {
                let mut slot = waiter.slot.lock();
                slot.is_granted = true;
                slot.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// Whether a lock has holders.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Remaining {
    Some,
    None,
}

impl Lock {
    fn new(holder: u64, mode: LockMode) -> Lock {
        Lock { mode, holder, more: None }
    }

    fn sharers(&self) -> &[u64] {
        self.more.as_ref().map_or(&[], |more| &more.sharers)
    }

    fn waiting_count(&self) -> usize {
        self.more.as_ref().map_or(0, |more| more.queue.len())
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    fn add_holders(&self, out: &mut Vec<u64>) {
        out.push(self.holder);
        out.extend_from_slice(self.sharers());
    }

    fn is_held_by(&self, txn_id: u64) -> bool {
        self.holder == txn_id || self.sharers().contains(&txn_id)
    }

    /// Grants the lock if it can be had without waiting.
    fn try_grant(&mut self, txn_id: u64, mode: LockMode) -> bool {
        if self.is_held_by(txn_id) {
            if mode > self.mode {
                if !self.sharers().is_empty() {
                    return false;
                }
                self.mode = mode;
            }
            return true;
        }
        if mode == LockMode::Shared && self.mode == LockMode::Shared && self.waiting_count() == 0 {
            self.more().sharers.push(txn_id);
            return true;
        }
        false
    }

    fn enqueue(&mut self, txn_id: u64, mode: LockMode) -> Arc<Mutex<Slot>> {
        let slot = Arc::new(Mutex::new(Slot::default()));
        let is_upgrade = self.is_held_by(txn_id);
        let waiter = Waiter { txn_id, mode, is_upgrade, slot: Arc::clone(&slot) };
        if is_upgrade {
            self.more().queue.push_front(waiter);
        } else {
            self.more().queue.push_back(waiter);
        }
        slot
    }

    fn remove_holder(&mut self, txn_id: u64) -> Remaining {
        if self.holder == txn_id {
            match self.more.as_mut().and_then(|more| more.sharers.pop()) {
                Some(sharer) => self.holder = sharer,
                None => return Remaining::None,
            }
        } else if let Some(more) = &mut self.more
            && let Some(place) = more.sharers.iter().position(|&sharer| sharer == txn_id)
        {
            more.sharers.swap_remove(place);
        }
        Remaining::Some
    }

    /// The head of the queue if it can have the lock now.
    fn next_granted(&mut self, remaining: Remaining) -> Option<Waiter> {
        let more = self.more.as_mut()?;
        let head = more.queue.front()?;
        let can_have = match remaining {
            Remaining::None => true,
            Remaining::Some if head.is_upgrade => more.sharers.is_empty() && self.holder == head.txn_id,
            Remaining::Some => self.mode == LockMode::Shared && head.mode == LockMode::Shared,
        };
        if can_have { more.queue.pop_front() } else { None }
    }

    fn take_over(&mut self, waiter: &Waiter, remaining: Remaining) {
        match remaining {
            Remaining::None => {
                self.holder = waiter.txn_id;
                self.mode = waiter.mode;
            }
            Remaining::Some if waiter.is_upgrade => self.mode = waiter.mode,
            Remaining::Some => self.more().sharers.push(waiter.txn_id),
        }
    }
}

/// A wait for a lock; resolves when the lock is granted. Dropping it gives up the wait: that is how a timeout is made.
#[must_use = "a wait does nothing unless it is awaited"]
pub struct LockWait {
    inner: Arc<Inner>,
    id: LockId,
    txn_id: u64,
    /// Which wait of the transaction this is.
    ticket: u64,
    slot: Arc<Mutex<Slot>>,
}

impl LockWait {
    /// The transactions that hold the lock now.
    pub fn waiting_for(&self) -> Vec<u64> {
        let mut holders = Vec::new();
        self.inner.holders(self.id, &mut holders);
        holders.retain(|&holder| holder != self.txn_id);
        holders
    }

    /// True once the lock is granted.
    pub fn is_granted(&self) -> bool {
        self.slot.lock().is_granted
    }
}

impl Future for LockWait {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let waker = context.waker().clone();
        let replaced = {
            let mut slot = self.slot.lock();
            if slot.is_granted {
                return Poll::Ready(Ok(()));
            }
            slot.waker.replace(waker)
        };
        // Not under the lock: dropping a waker may drop a task, and with it other waits.
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for LockWait {
    fn drop(&mut self) {
        self.inner.graph.lock().end(self.txn_id, self.ticket);
        if !self.is_granted() {
            self.inner.change(self.id, |lock| {
                if let Some(more) = &mut lock.more {
                    more.queue.retain(|waiter| !Arc::ptr_eq(&waiter.slot, &self.slot));
                }
                Remaining::Some
            });
        }
    }
}
