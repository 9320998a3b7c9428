//! Running one statement in a session: what kind it is, and who does it. What reads or changes rows is planned ([`super::plan_cache`])
//! and run ([`super::run_plan`]).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sql::Error;
use sql::ast::{Call, Expr, ProgramStatement, QueryBody, SelectItem, Statement};
use sql::ddl;
use sql::execute::procedure::Procedure;
use sql::execute::{Interrupt, Outcome, ResultColumn};
use sql::session::WarningLevel;
use sql::types::Value;
use storage::txn::Transaction;

use super::administration::{FORWARDED_VARIABLE, Origin};
use super::plan_cache::{CachedPlan, reads_catalog, unknown_prepared};
use super::process::count;
use super::result::Answer;
use super::run_plan::{Parts, make_context};
use super::session::Session;
use crate::runtime::client_tls::ClientTls;

/// Characters of a database's name, as in MySQL.
const DATABASE_NAME_CHARACTERS_MAX: usize = 64;

/// Whether a statement leaves the diagnostics of the one before it: SHOW WARNINGS and its like, `SELECT @@warning_count`.
fn keeps_diagnostics(statement: &Statement) -> bool {
    let is_count = |item: &SelectItem| {
        matches!(item, SelectItem::Expression { expr: Expr::SystemVariable { name, .. }, .. }
            if matches!(name.as_str(), "warning_count" | "error_count"))
    };
    match statement {
        Statement::Show(show) => show.kind.reads_diagnostics(),
        Statement::GetDiagnostics(_) => true,
        Statement::Signal(signal) => signal.again,
        Statement::SelectInto(into) => keeps_diagnostics(&into.query),
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
        plan: Option<&mut Option<Arc<CachedPlan>>>,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        count(&self.node.processes.counters.questions);
        if let Some(kind) = statement.counted() {
            self.connection.counts.count(kind);
        }
        self.shows_diagnostics = keeps_diagnostics(statement);
        if !self.shows_diagnostics {
            self.state.warnings.clear();
            self.state.warning_count = 0;
        }
        let result = match self.standing.admit(statement) {
            Ok(()) => self.dispatch(statement, parameters, plan, reply).await,
            Err(refused) => Err(refused),
        };
        self.standing.refresh(&self.node);
        self.note_branch_failure(&result);
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
                if !std::mem::take(&mut self.programs.is_told) {
                    self.state.warn(WarningLevel::Error, error.code, error.message.clone());
                    if let Some(last) = self.state.warnings.last_mut() {
                        last.state = Some(error.state);
                        last.items = self.programs.raised.take().or_else(|| self.state.raised.take());
                    }
                }
                if !reply.rewind() {
                    // Rows have left already: the error packet ends the result.
                    tracing::debug!("a statement failed after its first rows were sent: {error}");
                }
            }
        }
        result
    }

    pub(super) async fn dispatch(
        &mut self,
        statement: &Arc<Statement>,
        parameters: &[Value],
        plan: Option<&mut Option<Arc<CachedPlan>>>,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let done = |()| Outcome::default();
        if self.node.config.log_only {
            super::logger::check(statement, self.state.database.as_deref())?;
        }
        self.check_table_locks(self.node.sequencer.term())?;
        self.check_branch(statement)?;
        self.check_may(statement)?;
        let hints = statement.inventory_hints();
        if !hints.is_empty() {
            return self.run_hinted(hints, statement, parameters, plan, reply).await;
        }
        match &**statement {
            Statement::Query(_)
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Explain(_)
            | Statement::Do(_) => self.run_planned(statement, parameters, plan, reply).await,
            Statement::Program(program) if let ProgramStatement::Event(event) = &**program => {
                if self.global_read_lock.is_some() {
                    return Err(Error::conflicting_read_lock());
                }
                Box::pin(self.run_event_statement(statement, event)).await
            }
            Statement::CreateDatabase { .. }
            | Statement::AlterDatabase { .. }
            | Statement::DropDatabase { .. }
            | Statement::CreateTable(_)
            | Statement::View(_)
            | Statement::Program(_)
            | Statement::DropTable { .. }
            | Statement::DropTemporary { .. }
            | Statement::TruncateTable(_)
            | Statement::AlterTable(_)
            | Statement::CreateIndex(_)
            | Statement::DropIndex(_)
            | Statement::RenameTable(_)
            | Statement::GtidPurged(_) => {
                if self.is_of_temporary(statement) {
                    return self.run_temporary(statement, reply).await;
                }
                if self.global_read_lock.is_some() {
                    return Err(Error::conflicting_read_lock());
                }
                self.run_ddl(statement).await
            }
            Statement::Load(load) => {
                self.check_local(load, reply)?;
                self.run_planned(statement, parameters, None, reply).await
            }
            Statement::SelectInto(into) => self.select_into(into, parameters, plan).await,
            Statement::Account(account) => self.run_account(account, reply).await,
            Statement::SetRole(roles) => self.set_role(roles).map(done),
            Statement::Flush(options) => Box::pin(self.flush(options)).await.map(done),
            Statement::LockInstance => Box::pin(self.lock_instance()).await.map(done),
            Statement::UnlockInstance => {
                self.instance_lock = None;
                Ok(Outcome::default())
            }
            Statement::LockTables(locks) => self.lock_tables(locks).await.map(done),
            Statement::UnlockTables => self.unlock_tables().await.map(done),
            Statement::FlushTables { names, with_read_lock } => {
                self.flush_tables(names, *with_read_lock).await.map(done)
            }
            Statement::ReloadTls => self.reload_tls().map(done),
            Statement::Xa(statement) => self.xa(statement, reply).await,
            Statement::Maintenance(maintenance) => self.maintain(maintenance, reply).await,
            Statement::AnalyzeTable(_) => {
                self.commit().await?;
                self.run_introspection(statement, reply).await
            }
            Statement::Show(_) => self.run_introspection(statement, reply).await,
            // In a box, as what follows below: the future of every other statement would be larger for them.
            Statement::Use(database) => Box::pin(self.use_database(database)).await.map(done),
            Statement::Set(_) | Statement::SetNames { .. } | Statement::SetTransaction { .. } => {
                self.set(statement, parameters).await.map(done)
            }
            Statement::Begin { consistent_snapshot, read_only } => {
                self.begin(*consistent_snapshot, *read_only).await.map(done)
            }
            Statement::Commit => self.commit().await.map(done),
            Statement::Rollback => {
                self.rollback();
                self.warn_of_temporary();
                Ok(Outcome::default())
            }
            Statement::CommitAndChain => Box::pin(self.chain(true)).await.map(done),
            Statement::RollbackAndChain => Box::pin(self.chain(false)).await.map(done),
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
            Statement::Call(call) => match Box::pin(self.find_procedure(call)).await? {
                Some(routine) => self.call_stored(call, routine, parameters, reply).await,
                None => self.call(call, parameters, reply).await,
            },
            Statement::Signal(signal) => Box::pin(self.signal(signal, parameters)).await,
            Statement::GetDiagnostics(get) => Box::pin(self.get_diagnostics(get, parameters)).await,
            Statement::Kill { query_only, id } => self.kill(*query_only, id, parameters).await.map(done),
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
    pub fn describe(&mut self, table: &str) -> Result<Vec<ResultColumn>, Error> {
        self.know_catalog()?;
        self.check_may_describe(table)?;
        sql::show::field_list(&self.node.catalog(), &self.state, table)
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
    /// 1044, 1049, 1059.
    pub async fn use_database(&mut self, database: &str) -> Result<(), Error> {
        let schema = self.node.catalog();
        match self.enter_database(database) {
            // It may have been made on another node just before.
            Err(error) if self.has_newer_schema(&error, &schema).await? => self.enter_database(database),
            other => other,
        }
    }

    fn enter_database(&mut self, database: &str) -> Result<(), Error> {
        if database.chars().nth(DATABASE_NAME_CHARACTERS_MAX).is_some() {
            let name = &database[..database.floor_char_boundary(100)];
            let message = format!("Identifier name '{name}' is too long");
            return Err(Error { code: 1059, state: *b"42000", message });
        }
        self.know_catalog()?;
        self.check_may_use(database)?;
        let catalog = self.node.catalog();
        if !catalog.has_database(database) {
            return Err(Error::unknown_database(database));
        }
        let collation = catalog.databases.get(database).map(|found| found.collation).unwrap_or_default();
        self.state.database = Some(database.to_owned());
        self.state.note_schema();
        self.state.variables.enter_database(collation);
        self.connection.identify(&self.state.user, Some(database));
        Ok(())
    }

    /// ALTER INSTANCE RELOAD TLS, on this node.
    fn reload_tls(&self) -> Result<(), Error> {
        let off = "SSL context is not usable without certificate and private key (this node was started with --ssl=off)";
        let reload = || self.node.client_tls.get().map_or_else(|| Err(off.to_owned()), ClientTls::reload);
        tokio::task::block_in_place(reload).map_err(|reason| {
            tracing::warn!("the certificate for clients is not replaced: {reason}");
            let message =
                format!("Failed to set up SSL because of the following SSL library error: {reason}");
            Error { code: 3888, state: *b"HY000", message }
        })?;
        tracing::info!("the certificate for clients was read again");
        Ok(())
    }

    async fn kill(&mut self, query_only: bool, id: &Expr, parameters: &[Value]) -> Result<(), Error> {
        let id = match self.evaluate(id, parameters).await? {
            Value::Int(id) => u64::try_from(id).unwrap_or(0),
            Value::UInt(id) => id,
            // As an integer.
            Value::Decimal(number) => number.to_f64().round() as u64,
            Value::Text(text) => {
                std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
            }
            Value::Double(number) => number.round() as u64,
            _ => 0,
        };
        self.kill_connection(id, query_only)?;
        if id == self.connection.id { Err(Error::query_interrupted()) } else { Ok(()) }
    }
}
