//! Gives each committing transaction the next log index.
//!
//! On the leader, between the opening of its term and its loss, only this queue makes log entries, so the index a
//! transaction takes here is the index its entry will have. Under one short lock a transaction takes its index, its
//! versions become *pending* in the store, its entry joins the queue for the consensus thread, and its wait for the quorum
//! is registered. Row locks are released right after: the next writer of a row builds on a pending version, and because
//! the log is a prefix it can only commit if the earlier one does.
//!
//! Invariants: indexes are handed out without gaps while open; an entry is in the queue or proposed before its locks are
//! released; a wait is registered before anything could truncate the index (both happen under the lock or after
//! [`Sequencer::close`], which takes the lock), so no wait can be fooled by a later entry of the same index.
//!
//! What waits for the quorum is bounded: past [`COMMIT_QUEUE_BYTES_MAX`] a transaction is turned away ([`Refused::Full`]) and waits, without
//! a thread, until the oldest batch is decided. In number they are bounded by the sessions, each of which waits for one.
//!
//! While the leadership is handed over the sequencer is *held*: nothing new gets a place, what has one is still proposed. The hold ends
//! with the leadership, or when the handover is given up; whoever was turned away waits for that ([`Sequencer::until_released`]).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use consensus::{EntryKind, Proposal};
use parking_lot::Mutex;
use storage::txn::Sealed;
use storage::version::{Store, WatermarkWait};

use crate::limits::COMMIT_QUEUE_BYTES_MAX;

/// What the consensus thread is told when the queue stops being empty.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Why a transaction could not be sequenced.
pub enum Refused {
    /// This node does not lead, or no longer in the term the transaction began in.
    NotLeading,
    /// The leadership is being handed over, or FLUSH TABLES WITH READ LOCK is in force: to be tried again after [`Sequencer::until_released`].
    Held(Box<Sealed>),
    /// So much waits for the quorum that there is no room: to be tried again after [`Sequencer::until_room`].
    Full(Box<Sealed>, WatermarkWait),
    /// Something it has read was pending and was cut off the log.
    ReadTruncated,
}

struct Inner {
    /// The term this node leads and serves, if it does.
    term: Option<u64>,
    /// The next index to hand out; moves by one with each transaction.
    next: u64,
    /// Entries that the consensus thread has not taken yet; the last one has index `next - 1`.
    queue: Vec<Proposal>,
    /// Bytes of their payloads.
    queue_bytes: u64,
    /// When the first of them came.
    queued_since: Instant,
    /// Those that the consensus thread took and that may not be committed yet: last index and bytes of each batch. What is committed
    /// leaves with the next batch, or when room is needed.
    in_flight: VecDeque<(u64, u64)>,
    /// Bytes of these.
    in_flight_bytes: u64,
    /// Entries of the queue that build on a version that is not committed.
    group_count: u64,
    /// Nothing new gets a place for now.
    is_held: bool,
    /// How many sessions have FLUSH TABLES WITH READ LOCK in force: no transaction gets a place while any has. Ends with the leadership.
    read_locks: usize,
    /// The store is being replaced: nothing is dropped from it.
    is_replacing: bool,
    /// Every index up to this one is installed in the store (as pending or committed). Moved by [`Sequencer::sequence`] and by
    /// the apply; moved back by truncation.
    installed: u64,
    /// Entries from the first index up to, but without, the second are transactions and nothing else.
    plain: (u64, u64),
    /// True only while a transaction is given its place. One that panicked there may have left half of its versions at an index
    /// that the next one would take: nothing may be sequenced after it.
    is_sequencing: bool,
}

impl Inner {
    fn push(&mut self, proposal: Proposal) {
        if self.queue.is_empty() {
            self.queued_since = Instant::now();
        }
        self.queue_bytes += proposal.payload.len() as u64;
        self.queue.push(proposal);
    }

    fn forget_committed(&mut self, watermark: u64) {
        while let Some((last, bytes)) = self.in_flight.front()
            && *last <= watermark
        {
            self.in_flight_bytes -= bytes;
            self.in_flight.pop_front();
        }
    }

    /// An index to wait for when too many bytes wait for the quorum.
    fn lacks_room(&mut self, watermark: u64) -> Option<u64> {
        if self.queue_bytes + self.in_flight_bytes < COMMIT_QUEUE_BYTES_MAX {
            return None;
        }
        self.forget_committed(watermark);
        let is_full = self.queue_bytes + self.in_flight_bytes >= COMMIT_QUEUE_BYTES_MAX;
        is_full.then(|| self.in_flight.front().map_or(self.next - 1, |(last, _)| *last))
    }
}

/// The queue in front of the consensus thread.
pub struct Sequencer {
    inner: Mutex<Inner>,
    wake: Wake,
    /// Whether `read_locks` is above zero: written under the lock, looked at without it where it need not be exact.
    is_read_locked: AtomicBool,
    /// Told when a hold ends, and when it closes.
    released: tokio::sync::Notify,
    group_leaders: AtomicU64,
    group_followers: AtomicU64,
}

/// The entries taken from the queue for one proposal.
pub struct Taken {
    /// The term they were sequenced in.
    pub term: u64,
    /// Index of the first.
    pub first: u64,
    /// What they are.
    pub proposals: Vec<Proposal>,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// When the first was given its place.
    pub since: Instant,
}

impl Sequencer {
    /// A closed sequencer. `installed` is what the store holds already.
    #[must_use]
    pub fn new(installed: u64, wake: Wake) -> Sequencer {
        let inner = Inner {
            term: None,
            next: 0,
            queue: Vec::new(),
            queue_bytes: 0,
            queued_since: Instant::now(),
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            group_count: 0,
            is_held: false,
            read_locks: 0,
            is_replacing: false,
            installed,
            plain: (0, 0),
            is_sequencing: false,
        };
        Sequencer {
            inner: Mutex::new(inner),
            wake,
            is_read_locked: AtomicBool::new(false),
            released: tokio::sync::Notify::new(),
            group_leaders: AtomicU64::new(0),
            group_followers: AtomicU64::new(0),
        }
    }

    /// The term in which transactions may be sequenced now.
    #[must_use]
    pub fn term(&self) -> Option<u64> {
        self.inner.lock().term
    }

    /// Opens for `term`: the next entry of the log has index `next`.
    pub fn open(&self, term: u64, next: u64) {
        let mut inner = self.inner.lock();
        assert!(inner.term.is_none() && inner.queue.is_empty(), "opened twice");
        inner.term = Some(term);
        inner.is_held = false;
        inner.read_locks = 0;
        self.is_read_locked.store(false, Ordering::Release);
        inner.plain = (next, next);
        inner.next = next;
        inner.installed = inner.installed.max(next - 1);
    }

    /// Closes, after the leadership was lost. What was queued and never proposed is dropped from the store.
    pub fn close(&self, store: &Store) {
        let mut inner = self.inner.lock();
        // Also one that was never open: a leader without tables hands over too.
        inner.is_held = false;
        inner.read_locks = 0;
        self.is_read_locked.store(false, Ordering::Release);
        self.released.notify_waiters();
        if inner.term.take().is_none() {
            return;
        }
        let queued = std::mem::take(&mut inner.queue).len() as u64;
        (inner.queue_bytes, inner.in_flight_bytes, inner.group_count) = (0, 0, 0);
        inner.in_flight.clear();
        if queued > 0 {
            let from = inner.next - queued;
            store.drop_pending_from(from);
            inner.installed = inner.installed.min(from - 1);
        }
    }

    /// Takes what is queued. Called by the consensus thread only.
    pub fn take(&self, watermark: u64) -> Option<Taken> {
        let mut inner = self.inner.lock();
        inner.forget_committed(watermark);
        let term = inner.term?;
        // Also ends the process, by way of the consensus thread that calls this.
        assert!(!inner.is_sequencing, "a transaction panicked while it was given its place");
        if inner.queue.is_empty() {
            return None;
        }
        let proposals = std::mem::take(&mut inner.queue);
        let bytes = std::mem::take(&mut inner.queue_bytes);
        let last = inner.next - 1;
        inner.in_flight.push_back((last, bytes));
        inner.in_flight_bytes += bytes;
        let group_count = std::mem::take(&mut inner.group_count);
        if group_count > 0 {
            self.group_leaders.fetch_add(1, Ordering::Relaxed);
            self.group_followers.fetch_add(group_count, Ordering::Relaxed);
        }
        let first = inner.next - proposals.len() as u64;
        Some(Taken { term, first, proposals, bytes, since: inner.queued_since })
    }

    /// Entries that the consensus thread has not taken yet.
    #[must_use]
    pub fn queued_count(&self) -> u64 {
        self.inner.lock().queue.len() as u64
    }

    /// `Group_update_leader_count` and `Group_update_follower_count`: batches with transactions that built on a version which the quorum
    /// did not have yet, and those transactions.
    #[must_use]
    pub fn group_counts(&self) -> (u64, u64) {
        (self.group_leaders.load(Ordering::Relaxed), self.group_followers.load(Ordering::Relaxed))
    }

    /// Returns once what [`Refused::Full`] told to wait for is decided, or this node does not serve `term` any more.
    pub async fn until_room(&self, wait: WatermarkWait, term: u64) {
        let closed = self.released.notified();
        tokio::pin!(closed);
        // Registered before looking, so that a close in between is not missed.
        closed.as_mut().enable();
        if self.term() != Some(term) {
            return;
        }
        tokio::select! {
            _ = wait => {}
            () = closed => {}
        }
    }

    /// Gives nothing a place any more until [`Sequencer::release`] or [`Sequencer::close`].
    pub fn hold(&self) {
        self.inner.lock().is_held = true;
    }

    /// Goes on after a hold.
    pub fn release(&self) {
        self.inner.lock().is_held = false;
        self.released.notify_waiters();
    }

    /// Whether the leadership is being handed over.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.inner.lock().is_held
    }

    /// The last index that was handed out, while this node leads in `term`.
    #[must_use]
    pub fn last(&self, term: u64) -> Option<u64> {
        let inner = self.inner.lock();
        (inner.term == Some(term)).then(|| inner.next - 1)
    }

    /// Gives no transaction a place any more until [`Sequencer::unlock_reads`]. The last index that has been handed out; none when this
    /// node does not lead in `term`.
    pub fn lock_reads(&self, term: u64) -> Option<u64> {
        let mut inner = self.inner.lock();
        if inner.term != Some(term) {
            return None;
        }
        inner.read_locks += 1;
        self.is_read_locked.store(true, Ordering::Release);
        Some(inner.next - 1)
    }

    /// Takes back one [`Sequencer::lock_reads`] of `term`.
    pub fn unlock_reads(&self, term: u64) {
        let mut inner = self.inner.lock();
        if inner.term == Some(term) {
            inner.read_locks -= 1;
            self.is_read_locked.store(inner.read_locks > 0, Ordering::Release);
            self.released.notify_waiters();
        }
    }

    /// Whether FLUSH TABLES WITH READ LOCK is in force.
    #[must_use]
    pub fn is_read_locked(&self) -> bool {
        self.is_read_locked.load(Ordering::Acquire)
    }

    /// Returns once there is no hold and no read lock.
    pub async fn until_released(&self) {
        loop {
            let released = self.released.notified();
            tokio::pin!(released);
            // Registered before looking, so that a release in between is not missed.
            released.as_mut().enable();
            let is_stopped = {
                let inner = self.inner.lock();
                inner.is_held || inner.read_locks > 0
            };
            if !is_stopped {
                return;
            }
            released.await;
        }
    }

    /// Gives a change of the members its place, and the wait for the quorum. Called by the consensus thread only, right after the core
    /// agreed to the change and before its next step.
    pub fn sequence_membership(
        &self,
        store: &Store,
        term: u64,
        payload: Bytes,
    ) -> Option<(u64, WatermarkWait)> {
        let mut inner = self.inner.lock();
        if inner.term != Some(term) || inner.is_held {
            return None;
        }
        assert!(!inner.is_sequencing, "a transaction panicked while it was given its place");
        let index = inner.next;
        let wait = store.wait_for(index);
        inner.push(Proposal { kind: EntryKind::Membership, payload });
        inner.next = index + 1;
        inner.installed = index;
        Some((index, wait))
    }

    /// The log is replaced by one that begins behind a snapshot, and the store will be by what the snapshot holds. `commit` is the last index
    /// that was known to be committed here: who waits for a later one waits for an entry that was never seen again, and must not take the
    /// watermark's arrival there for its own.
    pub fn reset(&self, store: &Store, commit: u64) {
        let mut inner = self.inner.lock();
        assert!(inner.term.is_none(), "a leader's log is not replaced");
        store.drop_pending_from(commit + 1);
        // The apply may still be at entries before the snapshot's end: those have to be installed, or the store would be said to hold what
        // it does not, and be written out so before the log is replaced on disk.
        inner.installed = inner.installed.min(commit);
        inner.is_replacing = true;
    }

    /// The store is replaced.
    pub fn replaced(&self) {
        self.inner.lock().is_replacing = false;
    }

    /// Sequences a sealed transaction that began in `term`: its index, and the wait for the quorum.
    ///
    /// # Errors
    /// [`Refused::NotLeading`] when this node does not serve `term` (any more): nothing happened.
    pub fn sequence(
        &self,
        store: &Store,
        term: u64,
        sealed: Sealed,
    ) -> Result<(u64, WatermarkWait), Refused> {
        let (index, wait, was_empty) = {
            let mut inner = self.inner.lock();
            if inner.term != Some(term) {
                return Err(Refused::NotLeading);
            }
            if inner.is_held || inner.read_locks > 0 {
                return Err(Refused::Held(Box::new(sealed)));
            }
            if sealed.check().is_err() {
                return Err(Refused::ReadTruncated);
            }
            if let Some(oldest) = inner.lacks_room(store.watermark()) {
                return Err(Refused::Full(Box::new(sealed), store.wait_for(oldest)));
            }
            assert!(!inner.is_sequencing, "a transaction panicked while it was given its place");
            inner.is_sequencing = true;
            inner.group_count += u64::from(sealed.seen() > store.watermark());
            let index = inner.next;
            if sealed.is_plain() {
                // Whatever else took a place in between ends the run.
                let first = if inner.plain.1 == index { inner.plain.0 } else { index };
                inner.plain = (first, index + 1);
            }
            let (payload, mutations) = sealed.finish();
            store.install(index, &mutations);
            let wait = store.wait_for(index);
            let was_empty = inner.queue.is_empty();
            inner.push(Proposal::data(payload));
            inner.next = index + 1;
            inner.installed = index;
            inner.is_sequencing = false;
            (index, wait, was_empty)
        };
        if was_empty {
            (self.wake)();
        }
        Ok((index, wait))
    }

    /// Entries from `from` on are gone from the log: so are their pending versions.
    pub fn truncated(&self, store: &Store, from: u64) {
        let mut inner = self.inner.lock();
        if !inner.is_replacing {
            // Else there are none: they went when it began, and nothing is sequenced meanwhile.
            store.drop_pending_from(from);
        }
        inner.installed = inner.installed.min(from.saturating_sub(1));
    }

    /// Whether everything behind `applied` and up to `last` are transactions of the leadership of `term`, which has not ended, and
    /// installed: nothing is left to do for them but to move the watermark.
    pub fn needs_no_apply(&self, applied: u64, last: u64, term: u64) -> bool {
        let inner = self.inner.lock();
        let (first, end) = inner.plain;
        inner.term == Some(term) && first <= applied + 1 && last < end && last <= inner.installed
    }

    /// The apply is about to handle everything up to `last`: the first index whose versions still have to be installed, which may be past
    /// it.
    pub fn claim_install(&self, last: u64) -> u64 {
        let mut inner = self.inner.lock();
        let first = inner.installed + 1;
        inner.installed = inner.installed.max(last);
        first
    }
}

#[cfg(test)]
mod tests {
    use storage::engine::MemoryEngine;
    use storage::version::StoreOptions;

    use super::*;
    use crate::limits::ENTRY_BYTES_MAX;

    fn sealed(store: &Store, locks: &storage::txn::LockTable, bytes: usize) -> Sealed {
        let mut txn = storage::txn::Transaction::begin(store, locks, 1);
        txn.put(Bytes::from_static(b"key"), Bytes::from(vec![7; bytes]));
        let header = storage::format::EntryHeader {
            kind: storage::format::EntryKind::Transaction,
            txn_id: 1,
            commit_time_us: 0,
            schema_version: 0,
            flags: 0,
        };
        txn.seal(header).unwrap()
    }

    #[test]
    fn only_transactions_of_the_leadership_that_lasts_need_no_apply() {
        let (store, sequencer) = fixture();
        let locks = storage::txn::LockTable::new();
        sequencer.open(3, 5);
        store.advance(4);
        let sequence =
            || sequencer.sequence(&store, 3, sealed(&store, &locks, 10)).ok().map(|placed| placed.0);
        assert_eq!((sequence(), sequence()), (Some(5), Some(6)));
        assert!(sequencer.needs_no_apply(4, 6, 3) && sequencer.needs_no_apply(5, 6, 3));
        assert!(!sequencer.needs_no_apply(3, 6, 3), "what came before it opened");
        assert!(!sequencer.needs_no_apply(4, 7, 3), "nobody has that place yet");
        assert!(!sequencer.needs_no_apply(4, 6, 2), "the apply has to take note of a new term");
        assert_eq!(sequencer.sequence_membership(&store, 3, Bytes::new()).unwrap().0, 7);
        assert_eq!(sequence(), Some(8));
        assert!(
            !sequencer.needs_no_apply(6, 8, 3) && !sequencer.needs_no_apply(6, 7, 3),
            "a change of members"
        );
        assert!(sequencer.needs_no_apply(7, 8, 3));
        sequencer.close(&store);
        assert!(!sequencer.needs_no_apply(7, 8, 3));
    }

    /// What waits for the quorum is bounded in bytes: who comes too late waits until the oldest batch is committed, and no longer than this
    /// node leads.
    #[tokio::test]
    async fn a_transaction_waits_for_room() {
        let (store, sequencer) = fixture();
        let locks = storage::txn::LockTable::new();
        sequencer.open(1, 1);
        let large = ENTRY_BYTES_MAX - 1000;
        let mut placed = Vec::new();
        let wait = loop {
            assert!((placed.len() as u64) < COMMIT_QUEUE_BYTES_MAX / large as u64 + 2, "no bound");
            match sequencer.sequence(&store, 1, sealed(&store, &locks, large)) {
                Ok((index, _)) => placed.push(index),
                Err(Refused::Full(_, wait)) => break wait,
                Err(_) => panic!("it leads"),
            }
            sequencer.take(store.watermark()).unwrap();
        };
        assert_eq!(wait.index(), 1, "the oldest batch");
        store.advance(1);
        sequencer.until_room(wait, 1).await;
        assert!(sequencer.sequence(&store, 1, sealed(&store, &locks, large)).is_ok());
        let Err(Refused::Full(_, wait)) = sequencer.sequence(&store, 1, sealed(&store, &locks, 1)) else {
            panic!("full again")
        };
        sequencer.close(&store);
        sequencer.until_room(wait, 1).await;
    }

    fn fixture() -> (Store, Sequencer) {
        let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
        (store, Sequencer::new(0, Box::new(|| {})))
    }

    /// The apply is behind when the log is replaced: what it still takes from the old log has to get into the store, which may be
    /// written out before the log is replaced on disk.
    #[test]
    fn entries_that_are_applied_after_the_log_was_replaced_are_installed() {
        let (store, sequencer) = fixture();
        assert_eq!(sequencer.claim_install(1), 1);
        sequencer.reset(&store, 5);
        assert_eq!(sequencer.claim_install(5), 2);
        // The snapshot ends at 100; what it holds is not installed again.
        sequencer.replaced();
        sequencer.claim_install(100);
        assert_eq!(sequencer.claim_install(100), 101);
        assert_eq!(sequencer.claim_install(103), 101);
    }
}
