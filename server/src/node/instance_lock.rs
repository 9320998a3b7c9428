//! LOCK INSTANCE FOR BACKUP: no schema change and no account statement begins while a session holds it, and those under way are waited for.
//! Rows are read and written as ever.
//!
//! It is a metadata lock on a key of its own ([`ddl::backup_lock_key`]), held by a transaction that does nothing else. As the other locks of
//! tables it is the leader's and belongs to its term ([`super::table_locks`]).

use std::time::Duration;

use sql::Error;
use sql::ddl;
use storage::txn::{LockMode, LockOutcome, Transaction, WaitPolicy};

use super::session::{Session, lost_leadership};

/// What LOCK INSTANCE FOR BACKUP holds.
pub struct InstanceLock {
    _guard: Transaction,
    term: u64,
}

impl InstanceLock {
    /// The leadership it belongs to.
    pub(super) fn term(&self) -> u64 {
        self.term
    }
}

impl Session {
    /// LOCK INSTANCE FOR BACKUP. Once it answers, every schema change that has been acknowledged can be seen here.
    ///
    /// # Errors
    /// 1205 of waiting, 1213 while an ALTER TABLE of an earlier leader is not taken up yet, 1290 on a node that does not lead.
    pub(super) async fn lock_instance(&mut self) -> Result<(), Error> {
        if self.instance_lock.is_some() {
            return Ok(());
        }
        self.know_catalog()?;
        let term = self.node.sequencer.term().ok_or_else(|| self.refuse_write())?;
        let mut guard = Transaction::begin(&self.node.store, &self.node.locks, self.node.take_txn_id());
        self.connection.transaction.guarded_by(guard.id());
        let timeout = Duration::from_secs(self.state.variables.lock_wait_timeout);
        let key = ddl::backup_lock_key();
        while let LockOutcome::Wait(wait) = guard.lock(&key, LockMode::Shared, WaitPolicy::Wait)? {
            self.connection.state("Waiting for backup lock");
            self.wait_for_lock(wait, timeout).await?;
        }
        let last = self.node.sequencer.last(term).ok_or_else(lost_leadership)?;
        self.reach(last, term).await?;
        if self.node.catalog().tables().any(|table| table.job.is_some()) {
            // An earlier leader began it; nobody holds its locks yet.
            return Err(Error::deadlock());
        }
        self.instance_lock = Some(InstanceLock { _guard: guard, term });
        Ok(())
    }
}
