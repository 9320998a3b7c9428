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
//! While the leadership is handed over the sequencer is *held*: nothing new gets a place, what has one is still proposed. The hold ends
//! with the leadership, or when the handover is given up; whoever was turned away waits for that ([`Sequencer::until_released`]).

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use consensus::{EntryKind, Proposal};
use parking_lot::Mutex;
use storage::txn::Sealed;
use storage::version::{Store, WatermarkWait};

/// What the consensus thread is told when the queue stops being empty.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Why a transaction could not be sequenced.
pub enum Refused {
    /// This node does not lead, or no longer in the term the transaction began in.
    NotLeading,
    /// The leadership is being handed over, or FLUSH TABLES WITH READ LOCK is in force: to be tried again after [`Sequencer::until_released`].
    Held(Box<Sealed>),
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
    /// Nothing new gets a place for now.
    is_held: bool,
    /// How many sessions have FLUSH TABLES WITH READ LOCK in force: no transaction gets a place while any has. Ends with the leadership.
    read_locks: usize,
    /// The store is being replaced: nothing is dropped from it.
    is_replacing: bool,
    /// Every index up to this one is installed in the store (as pending or committed). Moved by [`Sequencer::sequence`] and by
    /// the apply; moved back by truncation.
    installed: u64,
    /// True only while a transaction is given its place. One that panicked there may have left half of its versions at an index
    /// that the next one would take: nothing may be sequenced after it.
    is_sequencing: bool,
}

/// The queue in front of the consensus thread.
pub struct Sequencer {
    inner: Mutex<Inner>,
    wake: Wake,
    /// Whether `read_locks` is above zero: written under the lock, looked at without it where it need not be exact.
    is_read_locked: AtomicBool,
    /// Told when a hold ends.
    released: tokio::sync::Notify,
}

/// The entries taken from the queue for one proposal.
pub struct Taken {
    /// The term they were sequenced in.
    pub term: u64,
    /// Index of the first.
    pub first: u64,
    /// What they are.
    pub proposals: Vec<Proposal>,
}

impl Sequencer {
    /// A closed sequencer. `installed` is what the store holds already.
    #[must_use]
    pub fn new(installed: u64, wake: Wake) -> Sequencer {
        let inner = Inner {
            term: None,
            next: 0,
            queue: Vec::new(),
            is_held: false,
            read_locks: 0,
            is_replacing: false,
            installed,
            is_sequencing: false,
        };
        Sequencer {
            inner: Mutex::new(inner),
            wake,
            is_read_locked: AtomicBool::new(false),
            released: tokio::sync::Notify::new(),
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
        if queued > 0 {
            let from = inner.next - queued;
            store.drop_pending_from(from);
            inner.installed = inner.installed.min(from - 1);
        }
    }

    /// Takes what is queued. Called by the consensus thread only.
    pub fn take(&self) -> Option<Taken> {
        let mut inner = self.inner.lock();
        let term = inner.term?;
        // Also ends the process, by way of the consensus thread that calls this.
        assert!(!inner.is_sequencing, "a transaction panicked while it was given its place");
        if inner.queue.is_empty() {
            return None;
        }
        let proposals = std::mem::take(&mut inner.queue);
        Some(Taken { term, first: inner.next - proposals.len() as u64, proposals })
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
        inner.queue.push(Proposal { kind: EntryKind::Membership, payload });
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
            assert!(!inner.is_sequencing, "a transaction panicked while it was given its place");
            inner.is_sequencing = true;
            let index = inner.next;
            let (payload, mutations) = sealed.finish();
            store.install(index, &mutations);
            let wait = store.wait_for(index);
            let was_empty = inner.queue.is_empty();
            inner.queue.push(Proposal::data(payload));
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

    /// The apply is about to handle `index`: true when its versions still have to be installed.
    pub fn claim_install(&self, index: u64) -> bool {
        let mut inner = self.inner.lock();
        if index <= inner.installed {
            return false;
        }
        inner.installed = index;
        true
    }
}

#[cfg(test)]
mod tests {
    use storage::engine::MemoryEngine;
    use storage::version::StoreOptions;

    use super::*;

    fn fixture() -> (Store, Sequencer) {
        let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
        (store, Sequencer::new(0, Box::new(|| {})))
    }

    /// The apply is behind when the log is replaced: what it still takes from the old log has to get into the store, which may be
    /// written out before the log is replaced on disk.
    #[test]
    fn entries_that_are_applied_after_the_log_was_replaced_are_installed() {
        let (store, sequencer) = fixture();
        assert!(sequencer.claim_install(1));
        sequencer.reset(&store, 5);
        assert!((2..=5).all(|index| sequencer.claim_install(index)));
        // The snapshot ends at 100; what it holds is not installed again.
        sequencer.replaced();
        sequencer.claim_install(100);
        assert!(!sequencer.claim_install(100));
        assert!(sequencer.claim_install(101));
    }
}
