//! Running one statement in a session: what kind it is, which transaction it runs in, and how it ends.
//!
//! A statement that meets a held lock is suspended: what it did is taken back to its savepoint (its locks stay), the session
//! waits without a thread, and the statement runs again from its start. A failed statement leaves its transaction as
//! it was before it, except after a deadlock (1213), which ends the transaction.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use sql::Error;
use sql::ast::{Call, Expr, QueryBody, SelectItem, Statement};
use sql::catalog::Catalog;
use sql::ddl;
use sql::execute::procedure::Procedure;
use sql::execute::{self, Context, Interrupt, Outcome, ResultColumn, SubqueryCache, Suspend};
use sql::plan::{Plan, Planned, is_planned, plan_statement};
use sql::session::{SessionState, WarningLevel};
use sql::types::{Collation, DataType, Value};
use sql::variables::{Isolation, SqlMode};
use storage::txn::{LockMode, LockOutcome, LockWait, Transaction, View, WaitPolicy};

use crate::limits::TEXT_PARAMETER_CHARACTERS;

use super::Node;
use super::administration::{FORWARDED_VARIABLE, Origin};
use super::process::count;
use super::result::Answer;
use super::session::{Session, lost_leadership, now_us};

/// A prepared statement.
#[derive(Debug)]
pub struct Prepared {
    /// Its text.
    pub text: Bytes,
    /// Its syntax tree.
    pub statement: Arc<Statement>,
    /// Number of `?`.
    pub parameter_count: usize,
    /// Its plan, made at prepare and again when the schema has changed.
    pub plan: Option<CachedPlan>,
}

/// A plan and what it depends on.
#[derive(Clone, Debug)]
pub struct CachedPlan {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The schema it was made for.
    pub(super) catalog: Arc<Catalog>,
    /// The current database then.
    database: Option<String>,
    /// The sql_mode then.
    sql_mode: SqlMode,
    /// Types of the parameters it was made for, if they matter.
    parameter_types: Vec<DataType>,
}

impl CachedPlan {
    /// The parameters' types to plan for, if the plan's columns depend on them: a NULL keeps the type there was before.
    fn types_of(&self, parameters: &[Value]) -> Vec<DataType> {
        if !self.plan.typed_by_parameters {
            return Vec::new();
        }
        let before = |index| self.parameter_types.get(index).copied().unwrap_or(DataType::NULL);
        let known = |(index, value): (usize, &Value)| parameter_type(value).unwrap_or_else(|| before(index));
        parameters.iter().enumerate().map(known).collect()
    }
}

/// The type that stands for all parameters of a kind, so that not each value makes another plan; None for NULL.
fn parameter_type(value: &Value) -> Option<DataType> {
    Some(match value {
        Value::Null => return None,
        Value::Int(_) => DataType::BIGINT,
        Value::UInt(_) => DataType::BIGINT_UNSIGNED,
        Value::Double(_) => DataType::DOUBLE,
        Value::Decimal(_) => DataType::decimal(65, 30),
        Value::Text(_) => DataType::varchar(TEXT_PARAMETER_CHARACTERS, Collation::default()),
        Value::Blob(_) => DataType::LONGBLOB,
        Value::Date(_) => DataType::DATE,
        Value::Time(_) => DataType::time(6),
        Value::DateTime(_) => DataType::datetime(6),
    })
}

/// Whether a statement names tables or databases, or lists them. One without FROM is asked when it is planned.
fn reads_catalog(statement: &Statement) -> bool {
    match statement {
        Statement::Query(query) => !matches!(&query.body, QueryBody::Select(select) if select.from.is_none()),
        Statement::Do(_) => false,
        Statement::Show(show) => !sql::show::shows_no_tables(&show.kind),
        _ => true,
    }
}

/// Whether a statement leaves the diagnostics of the one before it: SHOW WARNINGS and its like, `SELECT @@warning_count`.
fn keeps_diagnostics(statement: &Statement) -> bool {
    let is_count = |item: &SelectItem| {
        matches!(item, SelectItem::Expression { expr: Expr::SystemVariable { name, .. }, .. }
            if matches!(name.as_str(), "warning_count" | "error_count"))
    };
    match statement {
        Statement::Show(show) => show.kind.reads_diagnostics(),
        Statement::Query(query) => matches!(&query.body, QueryBody::Select(select)
            if select.from.is_none() && select.items.iter().any(is_count)),
        _ => false,
    }
}

impl Session {
    /// Runs one statement to its end; its rows are in `reply` then, without the packet that ends them.
    ///
    /// # Errors
    /// Whatever the statement fails with, in MySQL's terms; `reply` is rewound.
    pub async fn run(
        &mut self,
        statement: &Arc<Statement>,
        parameters: &[Value],
        plan: Option<&mut Option<CachedPlan>>,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        count(&self.node.processes.counters.questions);
        if !keeps_diagnostics(statement) {
            self.state.warnings.clear();
            self.state.warning_count = 0;
        }
        let result = self.dispatch(statement, parameters, plan, reply).await;
        if matches!(**statement, Statement::Query(_)) && keeps_diagnostics(statement) {
            // It has read their number; they are gone then, as after any other SELECT.
            self.state.warnings.clear();
            self.state.warning_count = 0;
        }
        match &result {
            Ok(outcome) if outcome.rows => self.state.row_count = -1,
            Ok(outcome) => {
                self.state.row_count = i64::try_from(outcome.affected).unwrap_or(i64::MAX);
            }
            Err(error) => {
                self.state.row_count = -1;
                self.state.warn(WarningLevel::Error, error.code, error.message.clone());
                if !reply.rewind() {
                    // Rows have left already: the error packet ends the result.
                    tracing::debug!("a statement failed after its first rows were sent: {error}");
                }
            }
        }
        result
    }

    async fn dispatch(
        &mut self,
        statement: &Arc<Statement>,
        parameters: &[Value],
        plan: Option<&mut Option<CachedPlan>>,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let done = |()| Outcome::default();
        if self.node.config.log_only {
            super::logger::check(statement, self.state.database.as_deref())?;
        }
        match &**statement {
            Statement::Query(_)
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Explain(_)
            | Statement::Do(_) => self.run_planned(statement, parameters, plan, reply).await,
            Statement::CreateDatabase { .. }
            | Statement::DropDatabase { .. }
            | Statement::CreateTable(_)
            | Statement::DropTable { .. }
            | Statement::TruncateTable(_)
            | Statement::CreateIndex { .. }
            | Statement::DropIndex { .. }
            | Statement::RenameTable(_) => self.run_ddl(statement).await,
            Statement::AnalyzeTable(_) | Statement::Show(_) => self.run_introspection(statement, reply).await,
            Statement::Use(database) => self.use_database(database).map(done),
            Statement::Set(_) | Statement::SetNames { .. } | Statement::SetTransaction { .. } => {
                self.set(statement).await.map(done)
            }
            Statement::Begin { consistent_snapshot, read_only } => {
                self.begin(*consistent_snapshot, *read_only).await.map(done)
            }
            Statement::Commit => {
                count(&self.node.processes.counters.commits);
                self.commit().await.map(done)
            }
            Statement::Rollback => {
                count(&self.node.processes.counters.rollbacks);
                self.rollback();
                Ok(Outcome::default())
            }
            Statement::Savepoint(name) => {
                if !self.state.variables.autocommit {
                    self.ensure_open(true);
                    self.state.in_transaction = true;
                }
                self.savepoint(name.clone());
                Ok(Outcome::default())
            }
            Statement::RollbackTo(name) => self.end_savepoint(name, false).map(done),
            Statement::ReleaseSavepoint(name) => self.end_savepoint(name, true).map(done),
            Statement::Call(call) => self.call(call, parameters, reply).await,
            Statement::Kill { query_only, id } => self.kill(*query_only, id).await.map(done),
            Statement::PrepareText { name, from } => {
                self.prepare_named(name, from).await?;
                Ok(Outcome { info: "Statement prepared".to_owned(), ..Outcome::default() })
            }
            Statement::ExecutePrepared { name, using } => self.execute_named(name, using, reply).await,
            Statement::Deallocate(name) => match self.named.remove(&name.to_lowercase()) {
                Some(_) => Ok(Outcome::default()),
                None => Err(unknown_prepared(name, "DEALLOCATE PREPARE")),
            },
        }
    }

    /// That the schema is known at all, which it is not while a node that restarted has not replayed enough of its log.
    /// Nothing may be said then of what there is or is not.
    pub(super) fn know_catalog(&self) -> Result<(), Error> {
        if self.node.config.log_only || self.node.catalog_known.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(Error {
            code: 1105,
            state: *b"HY000",
            message:
                "this node is still replaying its log, or loading a snapshot; try again, or ask another node"
                    .into(),
        })
    }

    /// The columns of a table, for COM_FIELD_LIST.
    ///
    /// # Errors
    /// 1046, 1146.
    pub fn describe(&self, table: &str) -> Result<Vec<ResultColumn>, Error> {
        self.know_catalog()?;
        sql::show::field_list(&self.node.catalog(), self.state.database.as_deref(), table)
    }

    /// The plan of a statement: the cached one while it holds.
    ///
    /// # Errors
    /// What binding the statement raises.
    pub fn plan(
        &self,
        statement: &Arc<Statement>,
        cache: Option<&mut Option<CachedPlan>>,
    ) -> Result<CachedPlan, Error> {
        let known = self.know_catalog();
        if reads_catalog(statement) {
            known.clone()?;
        }
        let catalog = self.node.catalog();
        if let Some(Some(cached)) = cache.as_deref()
            && cached.catalog.version == catalog.version
            && cached.sql_mode == self.state.variables.sql_mode
            && (!cached.plan.typed_by_parameters || cached.parameter_types == self.state.parameter_types)
        {
            return Ok(cached.clone());
        }
        // A prepared statement keeps the database it was prepared in.
        let elsewhere =
            cache.as_deref().and_then(Option::as_ref).filter(|cached| cached.database != self.state.database);
        let (plan, database) = match elsewhere {
            None => (plan_statement(statement, &catalog, &self.state), self.state.database.clone()),
            Some(cached) => {
                let mut state = self.state.clone();
                state.database.clone_from(&cached.database);
                (plan_statement(statement, &catalog, &state), state.database)
            }
        };
        // While no table is known, one that is not there is no news.
        let plan = plan.map_err(|error| known.err().unwrap_or(error))?;
        let sql_mode = self.state.variables.sql_mode;
        let parameter_types = self.state.parameter_types.clone();
        let made = CachedPlan { plan: Arc::new(plan), catalog, database, sql_mode, parameter_types };
        if let Some(cache) = cache {
            *cache = Some(made.clone());
        }
        Ok(made)
    }

    pub(super) async fn run_planned(
        &mut self,
        statement: &Arc<Statement>,
        parameters: &[Value],
        mut cache: Option<&mut Option<CachedPlan>>,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        self.count_statement(statement);
        loop {
            let schema = self.node.catalog();
            if let Some(Some(cached)) = cache.as_deref()
                && cached.plan.typed_by_parameters
            {
                self.state.parameter_types = cached.types_of(parameters);
            }
            let planned = self.plan(statement, cache.as_deref_mut());
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
            let result = self.run_plan(&planned, parameters, reply).await;
            match result {
                Ok(Some(outcome)) => return Ok(outcome),
                // The schema changed while it waited for a metadata lock: plan again.
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// After an error that says that something is not there: whether this node has another schema than `schema` once it is as fresh as
    /// the session wants it. It may have been made on another node just before.
    async fn has_newer_schema(&self, error: &Error, schema: &Arc<Catalog>) -> Result<bool, Error> {
        if !matches!(error.code, 1049 | 1054 | 1072 | 1091 | 1146 | 1176) {
            return Ok(false);
        }
        self.freshen().await?;
        self.know_catalog()?;
        Ok(!Arc::ptr_eq(schema, &self.node.catalog()))
    }

    /// Whether a plan is of the schema as it is. It is not while the tables are being replaced by a snapshot, although the watermark is
    /// there already: the schema follows.
    fn is_current(&self, planned: &CachedPlan) -> bool {
        let is_known = planned.plan.tables().is_empty() || self.know_catalog().is_ok();
        is_known && self.node.catalog().version == planned.catalog.version
    }

    /// Whether a statement sees, or takes the snapshot that later ones see, anything as of now: not one that reads from a snapshot that the
    /// transaction has already. Locking reads and changes do: one that finds nothing to change writes nothing that the quorum could refuse.
    fn needs_freshness(&self, plan: &Plan) -> bool {
        let open = self.open.as_ref().filter(|open| open.explicit);
        let takes_snapshot = plan.reads_snapshot && (open.is_some() || !self.state.variables.autocommit);
        let has_snapshot = open.is_some_and(|open| {
            open.isolation != Isolation::ReadCommitted && open.txn.snapshot_index().is_some()
        });
        (takes_snapshot || !plan.tables().is_empty()) && (plan.is_write() || !has_snapshot)
    }

    fn count_statement(&self, statement: &Statement) {
        let counters = &self.node.processes.counters;
        match statement {
            Statement::Query(_) => count(&counters.selects),
            Statement::Insert(_) => count(&counters.inserts),
            Statement::Update(_) => count(&counters.updates),
            Statement::Delete(_) => count(&counters.deletes),
            _ => {}
        }
    }

    async fn run_plan(
        &mut self,
        planned: &CachedPlan,
        parameters: &[Value],
        reply: &mut dyn Answer,
    ) -> Result<Option<Outcome>, Error> {
        let plan = &*planned.plan;
        let latest = plan.is_write();
        let changes = latest && !matches!(plan.statement, Planned::Query(_));
        let autocommit = self.state.variables.autocommit;
        let term = self.node.sequencer.term();
        if self.open.as_ref().is_some_and(|open| open.term.is_some() && open.term != term) {
            // It can never commit.
            self.rollback();
            return Err(lost_leadership());
        }
        if latest && term.is_none() {
            let error = self.refuse_write();
            self.end_failed(&error);
            return Err(error);
        }
        if self.needs_freshness(plan)
            && let Err(error) = self.freshen().await
        {
            self.end_failed(&error);
            return Err(error);
        }
        let open = self.ensure_open(!autocommit);
        if changes && open.read_only {
            let error = Error::read_only_transaction();
            self.end_failed(&error);
            return Err(error);
        }
        if latest {
            open.term = open.term.or(term);
        }
        let explicit = open.explicit;
        self.state.in_transaction = explicit;
        if latest || explicit {
            for table in plan.tables() {
                let key = ddl::metadata_lock_key(&table.database, &table.name);
                let timeout = Duration::from_secs(self.state.variables.lock_wait_timeout);
                if let Err(error) = self.lock(&key, LockMode::Shared, timeout).await {
                    self.end_failed(&error);
                    return Err(error);
                }
            }
            if !self.is_current(planned) {
                return Ok(None);
            }
        } else if plan.reads_snapshot
            && !plan.reads_one_row
            && !plan.tables().is_empty()
            && let Some(open) = self.open.as_mut()
        {
            // Without metadata locks: the schema must be that of the snapshot, which keeps its tables readable when they are
            // dropped.
            open.txn.take_snapshot();
            if !self.is_current(planned) {
                return Ok(None);
            }
        }
        reply.let_rows_leave(!latest);
        let result = self.run_to_end(planned, parameters, latest, reply).await;
        let without_snapshot = plan.reads_one_row && !explicit && !latest;
        if without_snapshot && !self.is_current(planned) && reply.rewind() {
            // Nothing kept the table's rows from being reclaimed meanwhile.
            self.open = None;
            return Ok(None);
        }
        match result {
            Ok(outcome) => {
                self.end_succeeded(latest, explicit).await?;
                Ok(Some(outcome))
            }
            Err(error) => Err(self.fail(error).await),
        }
    }

    /// After a statement: an autocommitted one commits; one of a transaction waits for what it saw.
    async fn end_succeeded(&mut self, latest: bool, explicit: bool) -> Result<(), Error> {
        if !explicit {
            return if latest {
                self.commit().await
            } else {
                self.open = None;
                Ok(())
            };
        }
        if let Some(open) = self.open.as_mut()
            && open.isolation == Isolation::ReadCommitted
        {
            open.txn.release_snapshot();
        }
        if latest { self.hold().await } else { Ok(()) }
    }

    /// After a failed statement.
    pub(super) fn end_failed(&mut self, error: &Error) {
        let explicit = self.open.as_ref().is_some_and(|open| open.explicit);
        if !explicit || error.code == Error::deadlock().code {
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
        let plan = &*planned.plan;
        let started_us = now_us();
        let mut sleeps_done = 0;
        let _deadline = self.deadline(plan);
        let before_statement = Carried::of(&self.state);
        loop {
            let session = &mut *self;
            let Some(open) = session.open.as_mut() else {
                return Err(Error::internal("no transaction is open"));
            };
            // A statement that only changes or locks rows reads their latest versions and needs no snapshot. One is
            // taken for each statement under READ COMMITTED, and kept for the transaction otherwise.
            let per_statement = open.isolation == Isolation::ReadCommitted || !open.explicit;
            let is_taken = open.txn.snapshot_index().is_some();
            let needs_none = plan.reads_one_row && !open.explicit;
            if needs_none {
                // The newest committed version of one row is a snapshot of it.
            } else if plan.reads_snapshot && per_statement {
                if !is_taken || open.explicit || latest {
                    open.txn.take_snapshot();
                }
            } else if plan.reads_snapshot {
                if !is_taken {
                    open.take_snapshot(&session.node);
                }
                if !open.can_read(plan.tables()) {
                    return Err(definition_changed());
                }
            }
            let before = open.txn.savepoint();
            let strict = latest && session.state.variables.sql_mode.has(SqlMode::STRICT);
            let mut context = make_context(Parts {
                session: &mut session.state,
                catalog: &planned.catalog,
                txn: &mut open.txn,
                parameters,
                host: &session.node,
                killed: &session.connection.statement_killed,
                strict,
            });
            context.now_us = started_us;
            context.sleeps_done = sleeps_done;
            let result = if plan.reads_long {
                tokio::task::block_in_place(|| execute::run(plan, &mut context, &mut *reply))
            } else {
                execute::run(plan, &mut context, &mut *reply)
            };
            let interrupt = match result {
                Ok(outcome) => return Ok(outcome),
                Err(interrupt) => interrupt,
            };
            open.txn.rollback_to(before);
            match interrupt {
                Interrupt::Error(error) => return Err(error),
                Interrupt::Suspend(suspend) => {
                    if !reply.rewind() {
                        return Err(Error::internal("a statement that had sent rows met a lock"));
                    }
                    // The statement will run anew, so its warnings come anew, and what it assigned is not assigned twice.
                    self.state.warnings.clear();
                    self.state.warning_count = 0;
                    before_statement.restore(&mut self.state);
                    let timeout = Duration::from_secs(self.state.variables.innodb_lock_wait_timeout);
                    match suspend {
                        Suspend::Lock(wait) => self.wait_for_lock(wait, timeout).await?,
                        Suspend::Sleep(number, length) => {
                            self.sleep(length).await?;
                            sleeps_done = number + 1;
                        }
                    }
                }
            }
        }
    }

    /// Kills a SELECT that runs past `max_execution_time`.
    fn deadline(&self, plan: &Plan) -> Option<AbortOnDrop> {
        let limit = self.state.variables.max_execution_time_ms;
        if limit == 0 || plan.is_write() {
            return None;
        }
        let connection = Arc::clone(&self.connection);
        let task = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(limit)).await;
            connection.time_out();
        });
        Some(AbortOnDrop(task))
    }

    async fn sleep(&self, length: Duration) -> Result<(), Error> {
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

    /// Takes a lock of the open transaction, waiting for it.
    async fn lock(&mut self, key: &[u8], mode: LockMode, timeout: Duration) -> Result<(), Error> {
        loop {
            let Some(open) = self.open.as_mut() else {
                return Err(Error::internal("no transaction is open"));
            };
            match open.txn.lock(key, mode, WaitPolicy::Wait)? {
                LockOutcome::Granted | LockOutcome::Skipped => return Ok(()),
                LockOutcome::Wait(wait) => self.wait_for_lock(wait, timeout).await?,
            }
        }
    }

    pub(super) async fn wait_for_lock(&self, wait: LockWait, timeout: Duration) -> Result<(), Error> {
        count(&self.node.processes.counters.lock_waits);
        self.connection.state("waiting for lock");
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

    /// SHOW and ANALYZE: read the catalog, the session and the host.
    async fn run_introspection(
        &mut self,
        statement: &Statement,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        if reads_catalog(statement) {
            self.know_catalog()?;
        }
        let catalog = self.node.catalog();
        let mut txn = Transaction::begin(&self.node.store, &self.node.locks, self.node.take_txn_id());
        txn.take_snapshot();
        let mut context = make_context(Parts {
            session: &mut self.state,
            catalog: &catalog,
            txn: &mut txn,
            parameters: &[],
            host: &self.node,
            killed: &self.connection.statement_killed,
            strict: false,
        });
        reply.let_rows_leave(true);
        let result = tokio::task::block_in_place(|| match statement {
            Statement::AnalyzeTable(names) => ddl::analyze::run(names, &mut context, &mut *reply),
            Statement::Show(show) => sql::show::run(show, &mut context, &mut *reply),
            _ => Err(Error::internal("not an introspection statement").into()),
        });
        match result {
            Ok(outcome) => Ok(outcome),
            Err(Interrupt::Error(error)) => Err(error),
            Err(Interrupt::Suspend(_)) => Err(Error::internal("SHOW does not wait")),
        }
    }

    /// CALL: the administration of the cluster.
    async fn call(
        &mut self,
        call: &Call,
        parameters: &[Value],
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let node = Arc::clone(&self.node);
        let procedure = {
            let catalog = node.catalog();
            let mut txn = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
            let mut context = make_context(Parts {
                session: &mut self.state,
                catalog: &catalog,
                txn: &mut txn,
                parameters,
                host: &node,
                killed: &self.connection.statement_killed,
                strict: false,
            });
            Procedure::of_call(call, &mut context)?
        };
        if procedure.is_shown() {
            let view = tokio::task::block_in_place(|| sql::execute::Host::cluster(&*node));
            let shown = procedure.show(&view, reply)?;
            return shown.ok_or_else(|| Error::internal("a procedure that shows nothing"));
        }
        self.connection.state("administering the cluster");
        let is_forwarded = self.state.user_variables.contains_key(FORWARDED_VARIABLE);
        let origin = if is_forwarded { Origin::Forwarded } else { Origin::Client };
        let id = tokio::select! {
            done = super::administration::run(&node, &procedure, origin) => done?,
            () = self.connection.until_killed() => return Err(Error::query_interrupted()),
        };
        let Some(id) = id else { return Ok(Outcome::default()) };
        reply.columns(&procedure.result_columns())?;
        reply.row(&[Value::UInt(id)])?;
        Ok(Outcome { rows: true, ..Outcome::default() })
    }

    /// USE, COM_INIT_DB, and the database of the handshake.
    ///
    /// # Errors
    /// 1049.
    pub fn use_database(&mut self, database: &str) -> Result<(), Error> {
        self.know_catalog()?;
        if !self.node.catalog().has_database(database) {
            return Err(Error::unknown_database(database));
        }
        self.state.database = Some(database.to_owned());
        self.connection.identify(&self.state.user, Some(database));
        Ok(())
    }

    async fn kill(&mut self, query_only: bool, id: &Expr) -> Result<(), Error> {
        let id = match self.evaluate(id).await? {
            Value::Int(id) => u64::try_from(id).unwrap_or(0),
            Value::UInt(id) => id,
            other => return Err(Error::no_such_thread(format_args!("{other:?}"))),
        };
        use sql::execute::Host as _;
        if !self.node.kill(id, query_only) {
            return Err(Error::no_such_thread(id));
        }
        if id == self.connection.id { Err(Error::query_interrupted()) } else { Ok(()) }
    }

    /// Parses and plans a statement to be executed later.
    ///
    /// # Errors
    /// What parsing and binding raise.
    pub async fn prepare(&self, text: &[u8]) -> Result<Prepared, Error> {
        let schema = self.node.catalog();
        match self.prepare_now(text) {
            Err(error) if self.has_newer_schema(&error, &schema).await? => self.prepare_now(text),
            other => other,
        }
    }

    fn prepare_now(&self, text: &[u8]) -> Result<Prepared, Error> {
        let parsed = sql::parse::parse_statement(text, self.state.variables.sql_mode)?;
        let mut prepared = Prepared {
            text: Bytes::copy_from_slice(text),
            statement: Arc::new(parsed.statement),
            parameter_count: parsed.parameter_count,
            plan: None,
        };
        if is_planned(&prepared.statement) {
            self.plan(&prepared.statement, Some(&mut prepared.plan))?;
        }
        Ok(prepared)
    }

    async fn prepare_named(&mut self, name: &str, from: &Expr) -> Result<(), Error> {
        let text = match self.evaluate(from).await? {
            Value::Text(text) | Value::Blob(text) => text,
            _ => return Err(Error::syntax("NULL", 1)),
        };
        self.named.remove(&name.to_lowercase());
        let prepared = self.prepare(&text).await?;
        self.named.insert(name.to_lowercase(), prepared);
        Ok(())
    }

    async fn execute_named(
        &mut self,
        name: &str,
        using: &[String],
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let key = name.to_lowercase();
        let mut prepared = self.named.remove(&key).ok_or_else(|| unknown_prepared(name, "EXECUTE"))?;
        let variables = &self.state.user_variables;
        let parameters: Vec<Value> = using
            .iter()
            .map(|name| variables.get(&name.to_lowercase()).cloned().unwrap_or(Value::Null))
            .collect();
        let statement = Arc::clone(&prepared.statement);
        let result = if parameters.len() != prepared.parameter_count {
            Err(Error::wrong_arguments("EXECUTE"))
        } else if matches!(*statement, Statement::ExecutePrepared { .. } | Statement::PrepareText { .. }) {
            Err(Error::not_supported("PREPARE and EXECUTE inside of a prepared statement"))
        } else {
            Box::pin(self.dispatch(&statement, &parameters, Some(&mut prepared.plan), reply)).await
        };
        self.named.entry(key).or_insert(prepared);
        result
    }
}

/// What a statement changes of its session while it runs, as it was before: for when it has to run again.
struct Carried {
    user_variables: HashMap<String, Value>,
    last_insert_id: u64,
    found_rows: u64,
}

impl Carried {
    fn of(state: &SessionState) -> Carried {
        Carried {
            user_variables: state.user_variables.clone(),
            last_insert_id: state.last_insert_id,
            found_rows: state.found_rows,
        }
    }

    fn restore(&self, state: &mut SessionState) {
        state.user_variables.clone_from(&self.user_variables);
        state.last_insert_id = self.last_insert_id;
        state.found_rows = self.found_rows;
    }
}

/// The error of a read whose transaction took its snapshot before the table was made or changed.
fn definition_changed() -> Error {
    Error {
        code: 1412,
        state: *b"HY000",
        message: "Table definition has changed, please retry transaction".into(),
    }
}

fn unknown_prepared(name: &str, given_to: &str) -> Error {
    Error {
        code: 1243,
        state: *b"HY000",
        message: format!("Unknown prepared statement handler ({name}) given to {given_to}"),
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

/// The context of a statement that begins now.
pub(super) fn make_context(parts: Parts<'_>) -> Context<'_> {
    Context {
        session: parts.session,
        catalog: parts.catalog,
        txn: parts.txn,
        view: View::Snapshot,
        parameters: parts.parameters,
        now_us: now_us(),
        host: parts.host,
        killed: parts.killed,
        sleeps_done: 0,
        sleeps_met: 0,
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
