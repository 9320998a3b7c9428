//! [`LockTable`]: locks on keys in the modes of [`LockMode`], with first-come-first-served queues.
//!
//! # Rules
//!
//! * A request is granted at once if it is compatible with all holders and nobody is queued; else it queues. So a
//!   stream of shared locks cannot starve an exclusive one.
//! * A holder that asks for more (an *upgrade*) asks for the least mode that gives it both. It is granted that if all other
//!   holders are compatible with it, else it goes to the head of the queue: who waits there waits for the holders, of which it is one.
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
//! Metadata locks and user locks use this table too, with keys of their own (`ff ff ff ff` and names).
//!
//! # Changes of leadership
//!
//! Locks mean something only to who may write, so only on a leader and only for as long as it leads. A node that begins to lead
//! forgets all locks there are ([`LockTable::forget_all`]): whoever holds one began under an earlier leadership of it and can never
//! commit. The locks of transactions that outlive leaders (prepared ones) are put in without asking ([`LockTable::seize`]).
//!
//! Range locks are beside the shards ([`range_locks`](super::range_locks)): a hash has no order. Who meets one waits here, for a
//! lock that stands for it.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::deadlock::WaitGraph;
use super::lock_mode::LockMode;
use super::range_locks::RangeLocks;
use crate::limits::{LOCK_SHARD_COUNT, LOCK_SHARD_KEPT_MIN};
use crate::{Error, Result};

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

/// One transaction that waits for a lock, and one that holds it, or waits for it ahead, in a mode that is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Who waits.
    pub waiting: u64,
    /// In what mode the lock is wanted.
    pub wanted: LockMode,
    /// Who holds it, or is ahead.
    pub blocking: u64,
    /// In what mode.
    pub held: LockMode,
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
    /// One of the holders.
    holder: u64,
    /// How it holds it.
    mode: LockMode,
    /// Absent for a lock that only one transaction is interested in, which is nearly every lock.
    more: Option<Box<More>>,
}

#[derive(Default)]
struct More {
    /// The other holders.
    sharers: Vec<u64>,
    /// How each of them holds it.
    modes: Vec<LockMode>,
    /// How many of them hold it in each mode, so that a request need not look at them all.
    counts: [usize; LockMode::COUNT],
    /// Who waits, in the order in which they are served.
    queue: VecDeque<Waiter>,
}

struct Waiter {
    txn_id: u64,
    /// How it will hold the lock: with what it holds already, if it does.
    mode: LockMode,
    /// The waiter holds the lock already, in a weaker mode.
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
        let standing = Standing { may_hold: false, holds_any: false };
        let is_held = self.inner.try_acquire(id, txn_id, LockMode::Exclusive, standing);
        assert!(is_held, "a lock of a transaction's own is its own");
    }

    /// Requests a lock. `standing` says what the requester may have already.
    pub(super) fn acquire(
        &self,
        id: LockId,
        txn_id: u64,
        mode: LockMode,
        policy: WaitPolicy,
        standing: Standing,
    ) -> Result<LockOutcome> {
        if self.inner.try_acquire(id, txn_id, mode, standing) {
            return Ok(LockOutcome::Granted);
        }
        match policy {
            WaitPolicy::Wait => self.start_wait(id, txn_id, mode, standing),
            WaitPolicy::NoWait => Err(Error::LockNotAvailable),
            WaitPolicy::SkipLocked => Ok(LockOutcome::Skipped),
        }
    }

    fn start_wait(&self, id: LockId, txn_id: u64, mode: LockMode, standing: Standing) -> Result<LockOutcome> {
        let mut graph = self.inner.graph.lock();
        let slot = {
            let mut shard = self.inner.shard(id).lock();
            match shard.entry(id) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Lock::new(txn_id, mode));
                    return Ok(LockOutcome::Granted);
                }
                Entry::Occupied(mut lock) => {
                    if lock.get_mut().try_grant(txn_id, mode, standing) {
                        return Ok(LockOutcome::Granted);
                    }
                    lock.get_mut().enqueue(txn_id, mode, standing)
                }
            }
        };
        let ticket = graph.start(txn_id, id);
        // From here on the wait leaves the queue when this is dropped.
        let wanted = (Bytes::new(), mode);
        let wait = LockWait { inner: Arc::clone(&self.inner), id, txn_id, wanted, ticket, slot };
        let is_deadlock = standing.holds_any
            && graph.has_cycle(txn_id, |id, waiter, out| self.inner.blockers(id, waiter, out));
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

    /// Gives a lock to a transaction whatever others hold it: those that do not go with it hold it no longer. For a new leader that
    /// takes the locks of prepared transactions: whoever is in the way began under an earlier leadership, and can never commit.
    pub(super) fn seize(&self, id: LockId, txn_id: u64, mode: LockMode) {
        match self.inner.shard(id).lock().entry(id) {
            Entry::Vacant(vacant) => {
                vacant.insert(Lock::new(txn_id, mode));
            }
            Entry::Occupied(mut lock) => lock.get_mut().seize(txn_id, mode),
        }
    }

    /// Forgets every lock. Who waits for one goes on as if it had been granted. To be called when a leadership begins, before anybody
    /// may write: what transactions of before still do can never be committed, and what they believe to hold keeps nobody out.
    pub fn forget_all(&self) {
        self.inner.ranges.forget_all();
        let mut waiters = Vec::new();
        for shard in &self.inner.shards {
            for (_, lock) in std::mem::take(&mut *shard.lock()) {
                waiters.extend(lock.more.into_iter().flat_map(|more| more.queue));
            }
        }
        waiters.into_iter().for_each(Waiter::grant);
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

    /// Who waits for whom at this moment, for every lock that somebody waits for; a pair a line, in no order.
    pub fn waits(&self) -> Vec<Waiting> {
        let mut waits = Vec::new();
        for shard in &self.inner.shards {
            for lock in shard.lock().values() {
                let Some(more) = lock.more.as_ref().filter(|more| !more.queue.is_empty()) else { continue };
                for (place, waiter) in more.queue.iter().enumerate() {
                    // Who is ahead of it, and will hold it in such a mode.
                    let ahead = more.queue.iter().take(place).filter(|other| {
                        other.txn_id != waiter.txn_id && !waiter.mode.is_compatible(other.mode)
                    });
                    waits.extend(ahead.map(|other| Waiting {
                        waiting: waiter.txn_id,
                        wanted: waiter.mode,
                        blocking: other.txn_id,
                        held: other.mode,
                    }));
                    let blocking = lock.holders().filter(|(holder, held)| {
                        *holder != waiter.txn_id && !waiter.mode.is_compatible(*held)
                    });
                    waits.extend(blocking.map(|(holder, held)| Waiting {
                        waiting: waiter.txn_id,
                        wanted: waiter.mode,
                        blocking: holder,
                        held,
                    }));
                }
            }
        }
        waits
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

    fn try_acquire(&self, id: LockId, txn_id: u64, mode: LockMode, standing: Standing) -> bool {
        match self.shard(id).lock().entry(id) {
            Entry::Vacant(vacant) => {
                vacant.insert(Lock::new(txn_id, mode));
                true
            }
            Entry::Occupied(mut lock) => lock.get_mut().try_grant(txn_id, mode, standing),
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
        let Some(place) = more.queue.iter().position(|queued| queued.txn_id == waiter) else { return };
        // Who is ahead goes first, so what keeps them keeps the waiter too.
        let mut wanted = [false; LockMode::COUNT];
        for queued in more.queue.iter().take(place + 1) {
            wanted[queued.mode.place()] = true;
        }
        let is_in_the_way = |held: LockMode| {
            LockMode::ALL.iter().any(|mode| wanted[mode.place()] && !mode.is_compatible(held))
        };
        // One that upgrades is a holder itself, and does not wait for itself.
        out.extend(
            lock.holders()
                .filter(|(holder, held)| *holder != waiter && is_in_the_way(*held))
                .map(|(holder, _)| holder),
        );
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
        granted.into_iter().for_each(Waiter::grant);
    }
}

impl Waiter {
    /// Tells who waits that it has the lock. Not to be called under a shard's lock.
    fn grant(self) {
        let waker = {
            let mut slot = self.slot.lock();
            slot.is_granted = true;
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// What who asks for a lock may have already.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// It may hold this lock: it has asked for it before.
    pub(super) may_hold: bool,
    /// It holds some lock: one that holds none cannot be part of a deadlock.
    pub(super) holds_any: bool,
}

/// Whether a lock has holders.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Remaining {
    Some,
    None,
}

impl Lock {
    fn new(holder: u64, mode: LockMode) -> Lock {
        Lock { holder, mode, more: None }
    }

    /// The holders and how they hold it.
    fn holders(&self) -> impl Iterator<Item = (u64, LockMode)> {
        let sharers =
            self.more.iter().flat_map(|more| more.sharers.iter().copied().zip(more.modes.iter().copied()));
        std::iter::once((self.holder, self.mode)).chain(sharers)
    }

    fn waiting_count(&self) -> usize {
        self.more.as_ref().map_or(0, |more| more.queue.len())
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    fn add_holders(&self, out: &mut Vec<u64>) {
        out.extend(self.holders().map(|(holder, _)| holder));
    }

    /// How a transaction holds the lock.
    fn mode_of(&self, txn_id: u64) -> Option<LockMode> {
        if self.holder == txn_id {
            return Some(self.mode);
        }
        let more = self.more.as_ref()?;
        let place = more.sharers.iter().position(|&sharer| sharer == txn_id)?;
        Some(more.modes[place])
    }

    /// Whether a mode goes with those of all holders; of the holders, one that holds it in `own` does not count.
    fn allows(&self, mode: LockMode, own: Option<(u64, LockMode)>) -> bool {
        let own_is_first = own.is_some_and(|(txn_id, _)| txn_id == self.holder);
        if !own_is_first && !mode.is_compatible(self.mode) {
            return false;
        }
        let Some(more) = &self.more else { return true };
        LockMode::ALL.iter().all(|held| {
            let is_own = !own_is_first && own.is_some_and(|(_, own)| own == *held);
            more.counts[held.place()] == usize::from(is_own) || mode.is_compatible(*held)
        })
    }

    fn add_holder(&mut self, txn_id: u64, mode: LockMode) {
        let more = self.more();
        more.sharers.push(txn_id);
        more.modes.push(mode);
        more.counts[mode.place()] += 1;
    }

    /// Changes how a holder holds it.
    fn set_mode(&mut self, txn_id: u64, mode: LockMode) {
        if self.holder == txn_id {
            self.mode = mode;
        } else if let Some(more) = &mut self.more
            && let Some(place) = more.sharers.iter().position(|&sharer| sharer == txn_id)
        {
            more.counts[more.modes[place].place()] -= 1;
            more.counts[mode.place()] += 1;
            more.modes[place] = mode;
        }
    }

    /// Grants the lock if it can be had without waiting.
    fn try_grant(&mut self, txn_id: u64, mode: LockMode, standing: Standing) -> bool {
        if standing.may_hold
            && let Some(held) = self.mode_of(txn_id)
        {
            let wanted = held.join(mode);
            let is_allowed = wanted == held || self.allows(wanted, Some((txn_id, held)));
            if is_allowed {
                self.set_mode(txn_id, wanted);
            }
            return is_allowed;
        }
        let is_allowed = self.waiting_count() == 0 && self.allows(mode, None);
        if is_allowed {
            self.add_holder(txn_id, mode);
        }
        is_allowed
    }

    fn enqueue(&mut self, txn_id: u64, mode: LockMode, standing: Standing) -> Arc<Mutex<Slot>> {
        let slot = Arc::new(Mutex::new(Slot::default()));
        let held = if standing.may_hold { self.mode_of(txn_id) } else { None };
        let is_upgrade = held.is_some();
        let mode = held.map_or(mode, |held| held.join(mode));
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
            let Some(more) = &mut self.more else { return Remaining::None };
            let (Some(sharer), Some(mode)) = (more.sharers.pop(), more.modes.pop()) else {
                return Remaining::None;
            };
            more.counts[mode.place()] -= 1;
            (self.holder, self.mode) = (sharer, mode);
        } else if let Some(more) = &mut self.more
            && let Some(place) = more.sharers.iter().position(|&sharer| sharer == txn_id)
        {
            more.sharers.swap_remove(place);
            let mode = more.modes.swap_remove(place);
            more.counts[mode.place()] -= 1;
        }
        Remaining::Some
    }

    /// The head of the queue if it can have the lock now.
    fn next_granted(&mut self, remaining: Remaining) -> Option<Waiter> {
        let head = self.more.as_ref()?.queue.front()?;
        let can_have = match remaining {
            Remaining::None => true,
            Remaining::Some => {
                let own = if head.is_upgrade { self.mode_of(head.txn_id) } else { None };
                self.allows(head.mode, own.map(|own| (head.txn_id, own)))
            }
        };
        if can_have { self.more().queue.pop_front() } else { None }
    }

    fn take_over(&mut self, waiter: &Waiter, remaining: Remaining) {
        match remaining {
            Remaining::None => {
                self.holder = waiter.txn_id;
                self.mode = waiter.mode;
            }
            Remaining::Some if waiter.is_upgrade => self.set_mode(waiter.txn_id, waiter.mode),
            Remaining::Some => self.add_holder(waiter.txn_id, waiter.mode),
        }
    }

    /// Makes a transaction a holder, in place of those that do not go with it.
    fn seize(&mut self, txn_id: u64, mode: LockMode) {
        let mode = self.mode_of(txn_id).map_or(mode, |held| held.join(mode));
        let keeps = |holder: &(u64, LockMode)| holder.0 != txn_id && mode.is_compatible(holder.1);
        let kept: Vec<(u64, LockMode)> = self.holders().filter(keeps).collect();
        let queue = self.more.take().map(|more| more.queue).unwrap_or_default();
        (self.holder, self.mode) = (txn_id, mode);
        for (holder, mode) in kept {
            self.add_holder(holder, mode);
        }
        if !queue.is_empty() {
            self.more().queue = queue;
        }
    }
}

/// A wait for a lock; resolves when the lock is granted. Dropping it gives up the wait: that is how a timeout is made.
#[must_use = "a wait does nothing unless it is awaited"]
pub struct LockWait {
    inner: Arc<Inner>,
    id: LockId,
    txn_id: u64,
    /// The key and the mode that were asked for; without a key for a lock that stands for a range.
    wanted: (Bytes, LockMode),
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

    /// Who waits.
    pub fn txn_id(&self) -> u64 {
        self.txn_id
    }

    /// The key that is waited for, empty where it is a range, and the mode.
    pub fn wanted(&self) -> (Bytes, LockMode) {
        self.wanted.clone()
    }

    /// Says what key it is that is waited for.
    pub(super) fn set_key(&mut self, key: &[u8]) {
        self.wanted.0 = Bytes::copy_from_slice(key);
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
