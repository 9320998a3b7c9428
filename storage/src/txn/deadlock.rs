//! [`WaitGraph`]: who waits for which lock, and the search for a cycle.
//!
//! A transaction waits for one lock at a time, and so for the holders of that lock. Waiters ahead of it in the
//! queue need no edges of their own: they wait for the same holders, so any path through them also exists without
//! them. (A waiter that goes ahead to upgrade is itself a holder.)
//!
//! The graph's lock is held for the whole start of a wait, from before it queues until after the search. So waits start
//! one after the other, and the last one to complete a cycle sees all the others: a cycle that exists is found.
//! Locks can be released during a search, so a cycle may be found that is just being undone; its victim tries again.
//! That needs a transaction to stop waiting and wait elsewhere within the search, and costs one retry.
//!
//! A transaction that holds nothing is waited for by nobody and is not searched from.

use rustc_hash::{FxHashMap, FxHashSet};

use super::locks::LockId;

/// Which transaction waits for which lock. May name a wait that has just been granted; the locks know better.
#[derive(Default)]
pub(super) struct WaitGraph {
    /// Lock and ticket, by transaction.
    waiting: FxHashMap<u64, (LockId, u64)>,
    tickets: u64,
    /// Kept between searches for their memory only.
    visited: FxHashSet<u64>,
    pending: Vec<u64>,
    /// Deadlocks found since the start.
    pub(super) deadlock_count: u64,
}

impl WaitGraph {
    /// Notes that a transaction waits, and returns the ticket of the wait.
    pub(super) fn start(&mut self, txn_id: u64, lock: LockId) -> u64 {
        self.tickets += 1;
        self.waiting.insert(txn_id, (lock, self.tickets));
        self.tickets
    }

    /// Notes that a wait is over.
    pub(super) fn end(&mut self, txn_id: u64, ticket: u64) {
        if self.waiting.get(&txn_id).is_some_and(|(_, current)| *current == ticket) {
            self.waiting.remove(&txn_id);
        }
    }

    /// True if `txn_id`, which waits, waits for itself by way of others. `blockers` adds the transactions that a
    /// waiter of a lock waits for to a list, without itself, and none if it does not wait there.
    pub(super) fn has_cycle(&mut self, txn_id: u64, blockers: impl Fn(LockId, u64, &mut Vec<u64>)) -> bool {
        self.visited.clear();
        self.pending.clear();
        self.pending.push(txn_id);
        let mut is_start = true;
        while let Some(other) = self.pending.pop() {
            if other == txn_id && !is_start {
                return true;
            }
            is_start = false;
            if self.visited.insert(other)
                && let Some(&(lock, _)) = self.waiting.get(&other)
            {
                blockers(lock, other, &mut self.pending);
            }
        }
        false
    }
}
