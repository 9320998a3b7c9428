//! What a connection's open transaction holds and waits for, for `information_schema.INNODB_TRX`, `performance_schema.data_locks`
//! and their like.
//!
//! The session that runs the transaction notes it here as it goes; whoever asks reads it at any moment. A statement that begins and ends a
//! transaction of its own costs a few stores.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};

use parking_lot::Mutex;
use sql::execute::{AwaitedLock, TransactionView};
use sql::types::datetime::clock_us;
use sql::variables::Isolation;
use storage::txn::LockWait;

use super::session::Open;

/// The transaction of one connection.
#[derive(Default)]
pub struct OpenTransaction {
    /// Its id in the lock table; 0 when there is none.
    id: AtomicU64,
    /// Who holds the locks of a schema change, or of LOCK TABLES; 0 when nobody does.
    guard: AtomicU64,
    /// When it began, in microseconds of the epoch; of one that ends with its statement: 0.
    began_us: AtomicI64,
    isolation: AtomicU8,
    read_only: AtomicBool,
    /// Locks held, as of the end of its last statement.
    locks: AtomicU64,
    /// Keys written, as of then.
    changes: AtomicU64,
    awaited: Mutex<Option<AwaitedLock>>,
}

/// A wait that is shown; it no longer is when this is dropped.
pub struct ShownWait<'a>(&'a OpenTransaction);

impl Drop for ShownWait<'_> {
    fn drop(&mut self) {
        *self.0.awaited.lock() = None;
    }
}

impl OpenTransaction {
    /// A transaction begins; `explicit` when it outlives its statement.
    pub fn begin(&self, open: &Open) {
        if open.explicit {
            self.began_us.store(clock_us(), Ordering::Relaxed);
            self.locks.store(0, Ordering::Relaxed);
            self.changes.store(0, Ordering::Relaxed);
        }
        self.isolation.store(open.isolation as u8, Ordering::Relaxed);
        self.read_only.store(open.read_only, Ordering::Relaxed);
        self.id.store(open.txn.id(), Ordering::Release);
    }

    /// The transaction is rolled back.
    pub fn over(&self) {
        self.id.store(0, Ordering::Release);
        self.began_us.store(0, Ordering::Relaxed);
    }

    /// A command is over: what is open still, and who holds the locks of LOCK TABLES, if anything.
    pub fn rest(&self, open: Option<&Open>, guard: Option<u64>) {
        self.guard.store(guard.unwrap_or(0), Ordering::Release);
        let Some(open) = open else { return self.over() };
        self.locks.store(open.txn.lock_count() as u64, Ordering::Relaxed);
        self.changes.store(open.txn.write_count() as u64, Ordering::Relaxed);
    }

    /// Locks that guard no rows are held in the name of `id`, until the command is over.
    pub fn guarded_by(&self, id: u64) {
        self.guard.store(id, Ordering::Release);
    }

    /// A statement waits for a lock, until what is returned is dropped.
    pub fn waits(&self, wait: &LockWait) -> ShownWait<'_> {
        let (key, mode) = wait.wanted();
        *self.awaited.lock() = Some(AwaitedLock { txn_id: wait.txn_id(), key, mode, since_us: clock_us() });
        ShownWait(self)
    }

    /// What is to be shown of it; none when there is nothing. `statement_since_us`: when the running statement began.
    pub fn view(&self, connection_id: u64, statement_since_us: i64) -> Option<TransactionView> {
        let awaited = self.awaited.lock().clone();
        let (id, guard) = (self.id.load(Ordering::Acquire), self.guard.load(Ordering::Acquire));
        if id == 0 && guard == 0 && awaited.is_none() {
            return None;
        }
        let began_us = self.began_us.load(Ordering::Relaxed);
        let is_explicit = began_us != 0;
        let isolation = [Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable]
            .into_iter()
            .find(|level| *level as u8 == self.isolation.load(Ordering::Relaxed));
        Some(TransactionView {
            connection_id,
            id: (id != 0).then_some(id),
            guard: (guard != 0).then_some(guard),
            began_us: if is_explicit { began_us } else { statement_since_us },
            explicit: is_explicit,
            isolation: isolation.unwrap_or_default(),
            read_only: self.read_only.load(Ordering::Relaxed),
            locks: if is_explicit { self.locks.load(Ordering::Relaxed) } else { 0 },
            changes: if is_explicit { self.changes.load(Ordering::Relaxed) } else { 0 },
            awaited,
        })
    }
}
