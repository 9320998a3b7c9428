//! Schema changes in a session: a job of the `ddl` module, step by step, each step an entry of the log.

use std::sync::Arc;
use std::time::Duration;

use sql::Error;
use sql::ast::Statement;
use sql::ddl;
use sql::ddl::alter::online::{Begun, told};
use sql::execute::{Interrupt, Outcome, Suspend};
use sql::variables::Isolation;
use storage::format::EntryKind;
use storage::txn::Transaction;

use super::online::OnlineJobs;
use super::run_plan::{Parts, make_context};
use super::session::{Open, Session, lost_leadership};

impl Session {
    pub(super) async fn run_ddl(&mut self, statement: &Arc<Statement>) -> Result<Outcome, Error> {
        // A transaction that is open, also one begun READ ONLY, is committed first: only the session's own setting counts.
        if self.state.variables.transaction_read_only {
            return Err(Error::read_only_transaction());
        }
        self.commit().await?;
        let term = self.node.sequencer.term().ok_or_else(|| self.refuse_write())?;
        self.abandon_builds(term).await?;
        // The locks may have gone with an earlier leadership while the transaction committed.
        self.check_table_locks(Some(term))?;
        let guard = Transaction::begin(&self.node.store, &self.node.locks, self.node.take_txn_id());
        self.connection.transaction.guarded_by(guard.id());
        let mut job = ddl::Job::new(statement, &self.node.catalog(), &self.state, guard)?;
        if self.instance_lock.is_some() {
            job.spare_backup_lock();
        }
        if let Some(tables) = &mut self.tables {
            job.swap_guard(&mut tables.guard);
        }
        let result = self.run_job(&mut job, term).await;
        if let Some(tables) = &mut self.tables {
            job.swap_guard(&mut tables.guard);
            tables.guard.release(&ddl::backup_lock_key());
        }
        if result.is_ok() {
            self.locked_tables_changed(statement);
        }
        result
    }

    async fn run_job(&mut self, job: &mut ddl::Job, term: u64) -> Result<Outcome, Error> {
        loop {
            let mut open = self.internal_transaction(term);
            // The query of CREATE TABLE … SELECT may read them.
            self.temporary.attach_to(&mut open);
            let step = self.step_ddl(job, &mut open).await?;
            let kind = if job.is_schema_change() { EntryKind::SchemaChange } else { EntryKind::Transaction };
            self.commit_open(open, kind).await?;
            match step {
                ddl::Step::Commit => {}
                ddl::Step::Done(outcome) => return Ok(outcome),
                ddl::Step::Online(begun, outcome) => {
                    let rows = self.run_online(job, *begun, term).await?;
                    return Ok(told(outcome, rows));
                }
            }
        }
    }

    /// Hands what an ALTER TABLE began to a task of its own, with its locks, and waits for it.
    async fn run_online(&mut self, job: &mut ddl::Job, begun: Begun, term: u64) -> Result<u64, Error> {
        let node = Arc::clone(&self.node);
        let catalog = node.catalog();
        let table = catalog.by_id.get(&begun.table).ok_or_else(lost_leadership)?;
        let none = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
        let guard = job.give_online_locks(table, none);
        let started = OnlineJobs::start(&node, table, &Arc::new(begun.job), term, Some(guard));
        self.await_online(started).await
    }

    /// A transaction for the server's own writes in `term`.
    pub(super) fn internal_transaction(&self, term: u64) -> Open {
        Open {
            txn: Transaction::begin(&self.node.store, &self.node.locks, self.node.take_txn_id()),
            explicit: false,
            read_only: false,
            isolation: Isolation::ReadCommitted,
            term: Some(term),
            savepoints: Vec::new(),
            schema: None,
        }
    }

    /// Before the first schema change of a leadership: gives up index builds that an earlier leader left unfinished.
    pub(super) async fn abandon_builds(&mut self, term: u64) -> Result<(), Error> {
        let node = Arc::clone(&self.node);
        let mut done = node.builds_abandoned_term.lock().await;
        if *done != term {
            let mut open = self.internal_transaction(term);
            sql::catalog::store::abandon_builds(&mut open.txn)?;
            self.commit_open(open, EntryKind::SchemaChange).await?;
            *done = term;
        }
        Ok(())
    }

    pub(super) async fn step_ddl(&mut self, job: &mut ddl::Job, open: &mut Open) -> Result<ddl::Step, Error> {
        let mut sleeps_done = 0;
        loop {
            let catalog = self.node.catalog();
            let before = open.txn.savepoint();
            let mut context = make_context(Parts {
                session: &mut self.state,
                catalog: &catalog,
                txn: &mut open.txn,
                parameters: &[],
                host: &self.node,
                killed: &self.connection.statement_killed,
                strict: true,
            });
            context.sleeps_done = sleeps_done;
            let result = tokio::task::block_in_place(|| job.step(&mut context));
            match result {
                Ok(step) => return Ok(step),
                Err(Interrupt::Error(error)) => return Err(error),
                Err(Interrupt::Suspend(Suspend::Lock(wait))) => {
                    open.txn.rollback_to(before);
                    let timeout = Duration::from_secs(self.state.variables.lock_wait_timeout);
                    self.connection.state("Waiting for table metadata lock");
                    self.wait_for_lock(wait, timeout).await?;
                }
                Err(Interrupt::Suspend(Suspend::Sleep(number, length))) => {
                    open.txn.rollback_to(before);
                    self.sleep(length).await?;
                    sleeps_done = number + 1;
                }
                Err(Interrupt::Suspend(Suspend::Freshness | Suspend::UserLock(..))) => {
                    return Err(Error::not_supported("user locks in CREATE TABLE … SELECT"));
                }
            }
        }
    }
}
