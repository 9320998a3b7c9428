//! Running a plan: which transaction it runs in, what it waits for, and how it ends.
//!
//! A statement that meets a held lock is suspended: what it did is taken back to its savepoint (its locks stay), the session
//! waits without a thread, and the statement runs again from its start. A failed statement leaves its transaction as
//! it was before it, except after a deadlock (1213), which ends the transaction.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use sql::Error;
use sql::ast::Statement;
use sql::catalog::Catalog;
use sql::ddl;
use sql::execute::{
    self, Context, Freshness, Interrupt, Locking, Outcome, SubqueryCache, Suspend, UserLockCalls,
};
use sql::plan::{Plan, Planned};
use sql::session::SessionState;
use sql::types::Value;
use sql::variables::{Isolation, SqlMode};
use storage::txn::{LockMode, LockOutcome, LockWait, Transaction, View, WaitPolicy};

use super::Node;
use super::plan_cache::CachedPlan;
use super::process::count;
use super::result::Answer;
use super::session::{Session, lost_leadership, now_us};
use crate::forward::message::Placed;

impl Session {
    pub(super) async fn run_planned(
        &mut self,
        statement: &Arc<Statement>,
        parameters: &[Value],
        mut cache: Option<&mut Option<Arc<CachedPlan>>>,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let mut has_looked = false;
        let types = self.programs.types.take();
        loop {
            let schema = self.node.catalog();
            if let Some(types) = &types {
                self.state.parameter_types.clone_from(types);
            } else if let Some(Some(cached)) = cache.as_deref()
                && cached.plan.typed_by_parameters
            {
                self.state.parameter_types = cached.types_of(parameters);
            }
            self.state.parameters_are_variables = types.is_some();
            let planned = self.plan(statement, cache.as_deref_mut());
            self.state.parameters_are_variables = false;
            self.state.parameter_types = Vec::new();
            let planned = match planned {
                Ok(planned) => planned,
                Err(error) => {
                    let told = match self.has_newer_schema(&error, &schema).await {
                        Ok(true) => continue,
                        Ok(false) => error,
                        Err(not_fresh) => not_fresh,
                    };
                    // Planned again, it may have taken metadata locks already.
                    self.end_failed(&told);
                    return Err(told);
                }
            };
            if !has_looked && planned.plan.wants_statistics() {
                has_looked = true;
                let tables = planned.plan.tables();
                // A store that cannot be read is the statement's own error.
                let _ = tokio::task::block_in_place(|| {
                    sql::catalog::statistics::refresh(tables, &self.node.store)
                });
                cache.as_deref_mut().map(Option::take);
                continue;
            }
            let result = self.run_plan(&planned, parameters, reply).await;
            match result {
                Ok(Some(outcome)) => return Ok(outcome),
                // The schema changed while it waited for a metadata lock: plan again.
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether a statement sees, or takes the snapshot that later ones see, anything as of now: not one that reads from a snapshot that the
    /// transaction has already. Locking reads and changes do: one that finds nothing to change writes nothing that the quorum could refuse.
    fn needs_freshness(&self, plan: &Plan) -> bool {
        let open = self.open.as_ref().filter(|open| open.explicit);
        let takes_snapshot = plan.reads_snapshot && open.is_some();
        let has_snapshot = open.is_some_and(|open| {
            open.isolation != Isolation::ReadCommitted && open.txn.snapshot_index().is_some()
        });
        // A function may have been changed on another node just before.
        (takes_snapshot || !plan.tables().is_empty() || plan.calls_functions)
            && (plan.is_write() || self.locks_reads(plan) || !has_snapshot)
    }

    /// Runs a plan once; none when the schema has changed while it waited, and it has to be made again.
    async fn run_plan(
        &mut self,
        planned: &CachedPlan,
        parameters: &[Value],
        reply: &mut dyn Answer,
    ) -> Result<Option<Outcome>, Error> {
        let plan = &planned.plan;
        let latest = plan.needs_leader() || self.locks_reads(plan);
        let term = self.node.sequencer.term();
        self.check_table_locks(term)?;
        if !plan.tables().is_empty() {
            self.check_branch_is_active()?;
        }
        if plan.uses_temporary && self.branch.is_some() {
            return Err(Error::temporary_in_xa());
        }
        self.check_not_doomed()?;
        let begun = match self.check_may_run(plan, latest, term).await {
            Ok(()) => self.begin_for(plan, latest, term),
            Err(error) => Err(error),
        };
        let explicit = match begun {
            Ok(explicit) => explicit,
            Err(error) => {
                self.end_failed(&error);
                return Err(error);
            }
        };
        if !self.fix_schema(planned, latest, explicit).await? {
            return Ok(None);
        }
        reply.let_rows_leave(!latest);
        reply.know_columns(&planned.definitions);
        let result = if let Planned::Load(load) = &plan.statement {
            self.run_load(planned, load, reply).await
        } else {
            self.run_to_end(planned, parameters, latest, reply).await
        };
        if std::mem::take(&mut self.awaits_user_lock) {
            // One that was granted and that the statement, when it ran again, did not come to ask for.
            self.node.user_locks.give_up(self.connection.id);
        }
        let without_snapshot = plan.reads_one_row && !explicit && !latest;
        if without_snapshot && !self.is_current(planned) && reply.rewind() {
            // Nothing kept the table's rows from being reclaimed meanwhile.
            self.open = None;
            return Ok(None);
        }
        match result {
            Ok(outcome) => {
                if self.placed.is_some() && !explicit {
                    self.next_answer = placed_answer(&outcome);
                }
                self.end_succeeded(latest, explicit).await?;
                Ok(Some(outcome))
            }
            Err(error) => {
                // What it met may be the rows of the leader after this one: a duplicate of those is not what the client has to hear.
                let error = self.check_not_doomed().err().unwrap_or(error);
                Err(self.fail(error).await)
            }
        }
    }

    /// That this node may run the plan now, and is as fresh as it has to be.
    async fn check_may_run(&self, plan: &Plan, latest: bool, term: Option<u64>) -> Result<(), Error> {
        if latest && term.is_none() {
            return Err(self.refuse_write());
        }
        if changes_rows(plan) {
            self.pass_read_lock().await?;
        }
        if self.needs_freshness(plan) { self.freshen().await } else { Ok(()) }
    }

    /// Opens the transaction that the plan runs in, or goes on with the one that is open; whether that goes on after the statement.
    fn begin_for(&mut self, plan: &Plan, latest: bool, term: Option<u64>) -> Result<bool, Error> {
        let autocommit = self.state.variables.autocommit;
        let next = self.next;
        // What reads nothing begins no transaction: the one of autocommit=0 begins with the first table.
        let goes_on = !autocommit && (!plan.tables().is_empty() || plan.uses_temporary);
        let is_alone = self.open.is_none() && !goes_on;
        let is_refused = self.ensure_open(goes_on).read_only && changes_rows(plan);
        if is_alone && (is_refused || plan.tables().is_empty() && !plan.uses_temporary) {
            // What SET TRANSACTION said is not for a statement that has not begun, or reads nothing.
            self.next = next;
        }
        if is_refused {
            return Err(Error::read_only_transaction());
        }
        let Some(open) = self.open.as_mut() else {
            return Err(Error::internal("no transaction is open"));
        };
        open.check_locking_read(plan)?;
        if plan.uses_temporary {
            self.temporary.attach_to(open);
        }
        if latest {
            open.term = open.term.or(term);
            super::large::stream(open, &self.node, &self.connection);
        }
        let explicit = open.explicit;
        self.state.in_transaction = explicit;
        Ok(explicit)
    }

    /// Keeps the schema that the plan is of in force for the statement: by metadata locks, or by a snapshot, which keeps its tables
    /// readable when they are dropped. False when it is another one already.
    async fn fix_schema(
        &mut self,
        planned: &CachedPlan,
        latest: bool,
        explicit: bool,
    ) -> Result<bool, Error> {
        let plan = &planned.plan;
        if latest || explicit || self.node.write_locked_tables.any() {
            // Under LOCK TABLES they are held already.
            let tables = if self.tables.is_some() { &[] } else { plan.tables() };
            for table in tables {
                let key = ddl::metadata_lock_key(&table.database, &table.name);
                let timeout = Duration::from_secs(self.state.variables.lock_wait_timeout);
                if let Err(error) = self.lock(&key, plan.metadata_lock_mode(table), timeout).await {
                    self.end_failed(&error);
                    return Err(error);
                }
            }
            return Ok(self.is_current(planned));
        }
        if plan.reads_snapshot
            && !plan.reads_one_row
            && !plan.tables().is_empty()
            && let Some(open) = self.open.as_mut()
        {
            open.txn.take_snapshot();
            return Ok(self.is_current(planned));
        }
        Ok(!plan.calls_functions || self.is_current(planned))
    }

    /// After a statement: an autocommitted one commits; one of a transaction waits for what it saw.
    async fn end_succeeded(&mut self, latest: bool, explicit: bool) -> Result<(), Error> {
        if !explicit {
            return if latest {
                self.commit().await
            } else {
                if let Some(mut open) = self.open.take() {
                    open.txn.keep_temporary();
                }
                Ok(())
            };
        }
        if let Some(open) = self.open.as_mut()
            && open.isolation == Isolation::ReadCommitted
        {
            open.txn.release_snapshot();
        }
        // What a commit follows at once is answered when that is through, which comes after what the statement saw.
        if latest && !self.commits_next { self.hold().await } else { Ok(()) }
    }

    /// After a failed statement.
    pub(super) fn end_failed(&mut self, error: &Error) {
        let explicit = self.open.as_ref().is_some_and(|open| open.explicit);
        if !explicit || error.is_deadlock() {
            self.rollback();
        } else if let Some(open) = self.open.as_mut()
            && open.isolation == Isolation::ReadCommitted
        {
            open.txn.release_snapshot();
        }
    }

    /// Runs the plan until it is through, waiting out its locks.
    async fn run_to_end(
        &mut self,
        planned: &CachedPlan,
        parameters: &[Value],
        latest: bool,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let plan = &planned.plan;
        let user_locks = std::mem::take(&mut self.user_lock_calls);
        let mut runs = Runs { user_locks, ..Runs::default() };
        let started_us = statement_time_us(&self.state);
        let _deadline = self.deadline(plan);
        let before_statement = Carried::of(&self.state);
        loop {
            let session = &mut *self;
            let Some(open) = session.open.as_mut() else {
                return Err(Error::internal("no transaction is open"));
            };
            let locking = open.locking(latest);
            open.choose_snapshot(&session.node, plan, latest, locking)?;
            let before = open.txn.savepoint();
            let ranges_before = open.txn.range_mark();
            let is_strict = plan.is_write() || session.programs.is_assigning;
            let strict = is_strict && session.state.variables.sql_mode.has(SqlMode::STRICT);
            let mut context = make_context(Parts {
                session: &mut session.state,
                catalog: &planned.catalog,
                txn: &mut open.txn,
                parameters,
                host: &session.node,
                killed: &session.connection.statement_killed,
                strict,
            });
            context.locking = locking;
            context.now_us = started_us;
            runs.prepare(&mut context);
            let result = if plan.reads_long {
                tokio::task::block_in_place(|| execute::run(plan, &mut context, &mut *reply))
            } else {
                execute::run(plan, &mut context, &mut *reply)
            };
            runs.user_locks = std::mem::take(&mut context.user_locks);
            if result.is_err() {
                open.txn.rollback_to(before);
            }
            open.txn.release_savepoint(before);
            match result {
                Ok(outcome) => {
                    self.confirm_user_locks(&runs.user_locks).await?;
                    return Ok(outcome);
                }
                Err(Interrupt::Error(error)) if error.code == Error::query_interrupted().code => {
                    return Err(self.interrupted());
                }
                Err(Interrupt::Error(error)) => return Err(error),
                Err(Interrupt::Suspend(suspend)) => {
                    open.txn.drop_ranges_since(ranges_before);
                    if !reply.rewind() {
                        return Err(Error::internal("a statement that had sent rows met a lock"));
                    }
                    // The statement will run anew, so its warnings come anew, and what it assigned is not assigned twice.
                    self.state.warnings.clear();
                    self.state.warning_count = 0;
                    before_statement.restore(&mut self.state);
                    let reads = locking.reads || matches!(plan.statement, Planned::Query(_));
                    self.outlast(suspend, &mut runs, reads).await?;
                }
            }
        }
    }

    /// Waits for what suspended a statement. `reads`: it reads rows under locks.
    pub(super) async fn outlast(
        &mut self,
        suspend: Suspend,
        runs: &mut Runs,
        reads: bool,
    ) -> Result<(), Error> {
        match suspend {
            Suspend::Lock(wait) => {
                let timeout = Duration::from_secs(self.state.variables.innodb_lock_wait_timeout);
                self.wait_for_lock(wait, timeout).await?;
                self.check_not_doomed()?;
                if reads {
                    // Another node may lead since; what it has committed must not be missed.
                    self.freshen().await?;
                }
            }
            Suspend::UserLock(wait, patience) => {
                self.awaits_user_lock = true;
                runs.user_locks.timed_out = self.wait_for_user_lock(wait, patience).await?;
            }
            Suspend::Sleep(number, length) => {
                self.sleep(length).await?;
                runs.sleeps_done = number + 1;
            }
            Suspend::Freshness => runs.freshness = self.become_fresh().await?,
        }
        Ok(())
    }

    /// Before a client hears that it has a user lock: that this node still leads, and so may give it.
    pub(super) async fn confirm_user_locks(&self, calls: &UserLockCalls) -> Result<(), Error> {
        if calls.took_any()
            && let Some(term) = self.node.user_locks.term(self.connection.id)
        {
            self.confirm_leadership(term).await?;
        }
        Ok(())
    }

    /// Kills a SELECT that runs past `max_execution_time`.
    fn deadline(&self, plan: &Plan) -> Option<AbortOnDrop> {
        let limit = self.time_hint_ms.unwrap_or(self.state.variables.max_execution_time_ms);
        // It is not for the statements of programs, as in MySQL.
        if limit == 0 || plan.is_write() || plan.writes_within || self.programs.is_running() {
            return None;
        }
        let connection = Arc::clone(&self.connection);
        let task = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(limit)).await;
            connection.time_out();
        });
        Some(AbortOnDrop(task))
    }

    pub(super) async fn sleep(&self, length: Duration) -> Result<(), Error> {
        self.connection.state("User sleep");
        tokio::select! {
            () = tokio::time::sleep(length) => Ok(()),
            () = self.connection.until_killed() => Err(self.interrupted()),
        }
    }

    pub(super) fn interrupted(&self) -> Error {
        if self.connection.timed_out() {
            Error {
                code: 3024,
                state: *b"HY000",
                message: "Query execution was interrupted, maximum statement execution time exceeded".into(),
            }
        } else {
            Error::query_interrupted()
        }
    }

    /// Waits until no FLUSH TABLES WITH READ LOCK keeps this session from writing.
    ///
    /// # Errors
    /// 1223 when it is its own; 1205, 1317.
    async fn pass_read_lock(&self) -> Result<(), Error> {
        if self.global_read_lock.is_some() {
            return Err(Error::conflicting_read_lock());
        }
        while self.node.sequencer.is_read_locked() {
            self.outlast_read_lock().await?;
        }
        Ok(())
    }

    /// Takes a lock of the open transaction, waiting for it.
    async fn lock(&mut self, key: &[u8], mode: LockMode, timeout: Duration) -> Result<(), Error> {
        loop {
            let Some(open) = self.open.as_mut() else {
                return Err(Error::internal("no transaction is open"));
            };
            match open.txn.lock(key, mode, WaitPolicy::Wait)? {
                LockOutcome::Granted | LockOutcome::Skipped => return Ok(()),
                LockOutcome::Wait(wait) => {
                    self.wait_for_lock(wait, timeout).await?;
                    self.check_not_doomed()?;
                }
            }
        }
    }

    /// That the open transaction can still commit. A node that leads again has forgotten its locks, and granted what was waited for; what
    /// it locks now would stand in the way of others.
    ///
    /// # Errors
    /// 1053 when it cannot: it is rolled back.
    pub(super) fn check_not_doomed(&mut self) -> Result<(), Error> {
        if self.open.as_ref().is_some_and(|open| self.is_doomed(open)) {
            self.rollback();
            return Err(lost_leadership());
        }
        Ok(())
    }

    pub(super) async fn wait_for_lock(&self, wait: LockWait, timeout: Duration) -> Result<(), Error> {
        count(&self.node.processes.counters.lock_waits);
        self.connection.state("waiting for lock");
        let _shown = self.connection.transaction.waits(&wait);
        let outcome = tokio::select! {
            outcome = tokio::time::timeout(timeout, wait) => outcome,
            () = self.connection.until_killed() => return Err(self.interrupted()),
        };
        self.connection.state("executing");
        match outcome {
            Ok(granted) => Ok(granted?),
            Err(_) => Err(Error::lock_wait_timeout()),
        }
    }
}

/// What the runs of one statement hand on to the next.
pub(super) struct Runs {
    /// SLEEP() calls that are over.
    sleeps_done: u32,
    freshness: Freshness,
    pub(super) user_locks: UserLockCalls,
}

impl Default for Runs {
    fn default() -> Runs {
        Runs { sleeps_done: 0, freshness: Freshness::NotAsked, user_locks: UserLockCalls::default() }
    }
}

impl Runs {
    /// Hands on what the runs before did, before the next.
    pub(super) fn prepare(&mut self, context: &mut Context<'_>) {
        context.sleeps_done = self.sleeps_done;
        context.freshness = self.freshness.clone();
        self.user_locks.run_again();
        context.user_locks = std::mem::take(&mut self.user_locks);
    }
}

/// How a statement is answered once the quorum has its transaction.
fn placed_answer(outcome: &Outcome) -> Placed {
    Placed {
        affected: outcome.affected,
        last_insert_id: outcome.last_insert_id,
        info: outcome.info.clone(),
        ..Placed::default()
    }
}

/// Whether a plan changes rows, which a locking read does not.
fn changes_rows(plan: &Plan) -> bool {
    plan.writes_within
        || plan.is_write() && !matches!(plan.statement, Planned::Query(_)) && !plan.changes_temporary()
}

/// What a statement changes of its session while it runs, as it was before: for when it has to run again.
pub(super) struct Carried {
    user_variables: HashMap<String, Value>,
    last_insert_id: u64,
    found_rows: u64,
}

impl Carried {
    pub(super) fn of(state: &SessionState) -> Carried {
        Carried {
            user_variables: state.user_variables.clone(),
            last_insert_id: state.last_insert_id,
            found_rows: state.found_rows,
        }
    }

    pub(super) fn restore(&self, state: &mut SessionState) {
        state.user_variables.clone_from(&self.user_variables);
        state.last_insert_id = self.last_insert_id;
        state.found_rows = self.found_rows;
    }
}

/// What a statement's context is made of.
pub(super) struct Parts<'a> {
    pub(super) session: &'a mut SessionState,
    pub(super) catalog: &'a Arc<Catalog>,
    pub(super) txn: &'a mut Transaction,
    pub(super) parameters: &'a [Value],
    pub(super) host: &'a Node,
    pub(super) killed: &'a AtomicBool,
    pub(super) strict: bool,
}

/// What NOW() is for a statement that begins now: the clock, unless the session set `timestamp`.
pub(super) fn statement_time_us(session: &SessionState) -> i64 {
    session.variables.timestamp_us.unwrap_or_else(now_us)
}

/// The context of a statement that begins now.
pub(super) fn make_context(parts: Parts<'_>) -> Context<'_> {
    let now_us = statement_time_us(parts.session);
    Context {
        session: parts.session,
        catalog: parts.catalog,
        txn: parts.txn,
        view: View::Snapshot,
        locking: Locking::default(),
        parameters: parts.parameters,
        now_us,
        host: parts.host,
        killed: parts.killed,
        sleeps_done: 0,
        freshness: Freshness::NotAsked,
        sleeps_met: 0,
        gave_last_insert_id: false,
        user_locks: UserLockCalls::default(),
        strict: parts.strict,
        outer_rows: Vec::new(),
        subqueries: SubqueryCache::default(),
    }
}

/// Ends its task when it goes.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
