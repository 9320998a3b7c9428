//! Temporary tables in a session: made, dropped and changed without the log, on any node.
//!
//! The definitions are in [`SessionState::temporary`](sql::session::SessionState), the rows in a [`Temporary`] of the session, which a
//! transaction is attached to when a statement uses one of them. Both go with the session.
//!
//! CREATE and DROP TEMPORARY do not commit the open transaction, and are not rolled back with it; TRUNCATE, index changes and a DROP
//! without TEMPORARY commit it, as in MySQL.

use std::sync::Arc;

use sql::Error;
use sql::ast::{AlterAction, AlterTable, CreateTable, KeyDefinition, Statement, TableName};
use sql::catalog::{Table, TemporaryTables};
use sql::ddl::temporary;
use sql::execute::{Context, Interrupt, Outcome, Run};
use sql::session::WarningLevel;
use storage::txn::{Temporary, Transaction};

use super::result::Answer;
use super::run_plan::{Parts, make_context};
use super::session::{Open, Session};
use crate::limits::{TEMPORARY_NODE_BYTES_MAX, TEMPORARY_SESSION_BYTES_MAX};

/// What MySQL says after CREATE INDEX and DROP INDEX.
fn changed(rows: u64) -> Outcome {
    let info = format!("Records: {rows}  Duplicates: 0  Warnings: 0");
    Outcome { affected: rows, info, ..Outcome::default() }
}

/// The temporary tables of a session, but for their definitions.
#[derive(Debug, Default)]
pub struct TemporaryRows {
    rows: Option<Temporary>,
    /// The open transaction has seen a temporary table made.
    made: bool,
    /// The open transaction has seen one dropped.
    dropped: bool,
}

impl TemporaryRows {
    /// Lets a transaction come to the rows.
    pub fn attach_to(&self, open: &mut Open) {
        if let Some(rows) = &self.rows {
            open.txn.attach_temporary(rows);
        }
    }

    /// The transaction is over.
    pub fn end_transaction(&mut self) {
        (self.made, self.dropped) = (false, false);
    }
}

impl Session {
    /// Whether a statement is about temporary tables of this session, and done by [`Session::run_temporary`].
    pub fn is_of_temporary(&self, statement: &Statement) -> bool {
        let is_own = |name: &TableName| temporary::find(name, &self.state).is_some();
        match statement {
            Statement::CreateTable(create) => create.temporary,
            Statement::DropTemporary { .. } => true,
            _ if self.state.temporary.is_none() => false,
            Statement::DropTable { names, .. } => names.iter().any(is_own),
            Statement::TruncateTable(name) => is_own(name),
            Statement::AlterTable(alter) | Statement::CreateIndex(alter) | Statement::DropIndex(alter) => {
                is_own(&alter.table)
            }
            Statement::RenameTable(pairs) => pairs.iter().any(|(from, _)| is_own(from)),
            _ => false,
        }
    }

    /// Runs a statement that [is about temporary tables](Session::is_of_temporary).
    pub(super) async fn run_temporary(
        &mut self,
        statement: &Arc<Statement>,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        self.know_catalog()?;
        match &**statement {
            Statement::CreateTable(create) if create.select.is_some() => {
                self.create_temporary_as(create, reply).await
            }
            Statement::CreateTable(create) => {
                let schema = self.node.catalog();
                match self.create_temporary(create) {
                    // The database, or the table that it is to be like, may have been made on another node just before.
                    Err(error) if self.has_newer_schema(&error, &schema).await? => {
                        self.create_temporary(create)
                    }
                    other => other,
                }
            }
            Statement::DropTemporary { names, if_exists } => self.drop_temporary(names, *if_exists),
            Statement::DropTable { names, if_exists } => self.drop_mixed(names, *if_exists).await,
            Statement::RenameTable(_) => {
                Err(Error::not_supported("renaming a table whose name a temporary table has"))
            }
            Statement::TruncateTable(name) => {
                self.commit().await?;
                let table = self.own_table(name)?;
                let made = temporary::truncated(&table, self.temporary_tables())?;
                self.put_temporary(made);
                self.forget_rows_of(&table);
                Ok(Outcome::default())
            }
            Statement::AlterTable(alter) | Statement::CreateIndex(alter) | Statement::DropIndex(alter) => {
                self.alter_temporary(alter).await
            }
            _ => Err(Error::internal("this statement is not about temporary tables")),
        }
    }

    fn own_table(&self, name: &TableName) -> Result<Arc<Table>, Error> {
        let found = temporary::find(name, &self.state).map(Arc::clone);
        found.ok_or_else(|| Error::internal("the temporary table is gone"))
    }

    /// The definitions, to be changed.
    fn temporary_tables(&mut self) -> &mut TemporaryTables {
        Arc::make_mut(self.state.temporary.get_or_insert_default())
    }

    /// Where the rows are.
    fn rows_space(&mut self) -> Temporary {
        let budget = &self.node.temporary_budget;
        let space = self.temporary.rows.get_or_insert_with(|| {
            Temporary::new(TEMPORARY_SESSION_BYTES_MAX, Arc::clone(budget), TEMPORARY_NODE_BYTES_MAX)
        });
        space.clone()
    }

    /// Puts a definition into force, in place of one of its name.
    pub(super) fn put_temporary(&mut self, table: Table) {
        let space = self.rows_space();
        for index in &table.indexes {
            space.add_index(index.id.0);
        }
        self.temporary_tables().insert(Arc::new(table));
    }

    fn forget_rows_of(&mut self, table: &Table) {
        let space = self.rows_space();
        for index in &table.indexes {
            space.drop_index(index.id.0);
        }
    }

    /// Takes a table away, with its rows.
    pub(super) fn remove_temporary(&mut self, table: &Table) {
        self.forget_rows_of(table);
        self.temporary_tables().remove(&table.database, &table.name);
        self.tidy_temporary();
    }

    /// When the last temporary table is gone nothing is left of them, unless an open transaction has their rows in its hands.
    pub(super) fn tidy_temporary(&mut self) {
        if self.open.is_none() && self.state.temporary.as_ref().is_some_and(|tables| tables.is_empty()) {
            self.state.temporary = None;
            self.temporary.rows = None;
        }
    }

    /// All temporary tables go.
    pub(super) fn forget_temporary(&mut self) {
        self.state.temporary = None;
        self.temporary = TemporaryRows::default();
    }

    /// ROLLBACK: tells of what could not be rolled back.
    pub(super) fn warn_of_temporary(&mut self) {
        let TemporaryRows { made, dropped, .. } = self.temporary;
        self.temporary.end_transaction();
        if made {
            let message = "The creation of some temporary tables could not be rolled back.";
            self.state.warn(WarningLevel::Warning, 1751, message);
        }
        if dropped {
            let message =
                "Some temporary tables were dropped, but these operations could not be rolled back.";
            self.state.warn(WarningLevel::Warning, 1752, message);
        }
    }

    /// That the transaction is not READ ONLY, in which rows of temporary tables may be changed, but not the tables.
    fn check_not_read_only(&self) -> Result<(), Error> {
        let read_only = match &self.open {
            Some(open) => open.read_only,
            None => self.state.variables.transaction_read_only,
        };
        if read_only { Err(Error::read_only_transaction()) } else { Ok(()) }
    }

    /// Whether a transaction goes on behind the statement.
    fn transaction_goes_on(&self) -> bool {
        !self.state.variables.autocommit || self.open.as_ref().is_some_and(|open| open.explicit)
    }

    fn create_temporary(&mut self, create: &CreateTable) -> Result<Outcome, Error> {
        self.check_not_read_only()?;
        let mut tables = self.state.temporary.as_deref().cloned().unwrap_or_default();
        let made = self.with_context(|ctx| temporary::create(ctx, create, &mut tables))?;
        let Some(table) = made else { return Ok(Outcome::default()) };
        // Its ids are used up, also if the statement fails.
        self.state.temporary = Some(Arc::new(tables));
        self.put_temporary(table);
        self.temporary.made |= self.transaction_goes_on();
        Ok(Outcome::default())
    }

    /// CREATE TEMPORARY TABLE … SELECT: the table, then an INSERT … SELECT, without which there is no table.
    async fn create_temporary_as(
        &mut self,
        create: &CreateTable,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let Some(select) = &create.select else { return self.create_temporary(create) };
        let database = temporary::database_of(&create.name, &self.state)?.to_owned();
        let before = self.state.temporary_table(&database, &create.name.table).map(Arc::clone);
        if before.is_some() {
            return self.create_temporary(create);
        }
        let schema = self.node.catalog();
        let selected = match select.select(&schema, &self.state) {
            Err(error) if self.has_newer_schema(&error, &schema).await? => {
                select.select(&self.node.catalog(), &self.state)?
            }
            other => other?,
        };
        let defined = self.with_context(|ctx| Ok(selected.define(create, ctx)?))?;
        self.create_temporary(&defined)?;
        let name = TableName { database: Some(database.clone()), table: create.name.table.clone() };
        let insert = select.insert(name, selected.names().to_vec());
        let result =
            Box::pin(self.run_planned(&Arc::new(Statement::Insert(Box::new(insert))), &[], None, reply))
                .await;
        if result.is_err()
            && let Some(table) = self.state.temporary_table(&database, &create.name.table).map(Arc::clone)
        {
            self.remove_temporary(&table);
        }
        result
    }

    /// Runs something in a transaction of its own that has the session's temporary tables, and keeps what it does with them.
    pub(super) fn with_context<T>(
        &mut self,
        run: impl FnOnce(&mut Context<'_>) -> Run<T>,
    ) -> Result<T, Error> {
        let catalog = self.node.catalog();
        let mut txn = Transaction::begin(&self.node.store, &self.node.locks, self.node.take_txn_id());
        if let Some(rows) = &self.temporary.rows {
            txn.attach_temporary(rows);
        }
        let mut context = make_context(Parts {
            session: &mut self.state,
            catalog: &catalog,
            txn: &mut txn,
            parameters: &[],
            host: &self.node,
            killed: &self.connection.statement_killed,
            strict: true,
        });
        match tokio::task::block_in_place(|| run(&mut context)) {
            Ok(result) => {
                txn.keep_temporary();
                Ok(result)
            }
            Err(Interrupt::Error(error)) => Err(error),
            Err(Interrupt::Suspend(_)) => Err(Error::internal("a temporary table waits for nobody")),
        }
    }

    /// DROP TEMPORARY TABLE.
    fn drop_temporary(&mut self, names: &[TableName], if_exists: bool) -> Result<Outcome, Error> {
        let mut found: Vec<Arc<Table>> = Vec::with_capacity(names.len());
        let mut missing = Vec::new();
        for name in names {
            let database = temporary::database_of(name, &self.state)?;
            match self.state.temporary_table(database, &name.table) {
                Some(table) if found.iter().any(|other| other.id == table.id) => {
                    return Err(Error::nonunique_table(&table.name));
                }
                Some(table) => found.push(Arc::clone(table)),
                None => missing.push(format!("{database}.{}", name.table)),
            }
        }
        if !missing.is_empty() && !if_exists {
            return Err(Error::unknown_table(missing.join(",")));
        }
        if !found.is_empty() {
            self.check_not_read_only()?;
        }
        for table in missing {
            let note = Error::unknown_table(table);
            self.state.warn(WarningLevel::Note, note.code, note.message);
        }
        for table in &found {
            self.remove_temporary(table);
        }
        self.temporary.dropped |= !found.is_empty() && self.transaction_goes_on();
        Ok(Outcome::default())
    }

    /// DROP TABLE where some names are of temporary tables: those go when the others are gone.
    async fn drop_mixed(&mut self, names: &[TableName], if_exists: bool) -> Result<Outcome, Error> {
        self.commit().await?;
        let (own, others): (Vec<&TableName>, Vec<&TableName>) =
            names.iter().partition(|name| temporary::find(name, &self.state).is_some());
        let mut found: Vec<Arc<Table>> = Vec::with_capacity(own.len());
        for name in own {
            let table = self.own_table(name)?;
            if found.iter().any(|other| other.id == table.id) {
                return Err(Error::nonunique_table(&table.name));
            }
            found.push(table);
        }
        let mut outcome = Outcome::default();
        if !others.is_empty() {
            let names = others.into_iter().cloned().collect();
            outcome = self.run_ddl(&Arc::new(Statement::DropTable { names, if_exists })).await?;
        }
        for table in &found {
            self.remove_temporary(table);
        }
        Ok(outcome)
    }

    /// CREATE INDEX, DROP INDEX, and ALTER TABLE that does no more.
    async fn alter_temporary(&mut self, alter: &AlterTable) -> Result<Outcome, Error> {
        let mut keys = Vec::new();
        let mut dropped = None;
        for action in &alter.actions {
            match action {
                AlterAction::AddKey(key) if dropped.is_none() => keys.push(key.clone()),
                AlterAction::DropKey(name) if dropped.is_none() && keys.is_empty() => dropped = Some(name),
                _ => {
                    return Err(Error::not_supported(
                        "ALTER TABLE of a temporary table, other than adding keys or dropping one",
                    ));
                }
            }
        }
        self.commit().await?;
        let Some(name) = dropped else { return self.index_temporary(&alter.table, &keys) };
        let (table, index) = temporary::without_index(&*self.own_table(&alter.table)?, name)?;
        // None is added: this counts them.
        let rows = self.with_context(|ctx| temporary::fill_indexes(ctx, &table, 0))?;
        self.put_temporary(table);
        self.rows_space().drop_index(index.id.0);
        Ok(changed(rows))
    }

    /// CREATE INDEX, ALTER TABLE ADD KEY.
    fn index_temporary(&mut self, name: &TableName, keys: &[KeyDefinition]) -> Result<Outcome, Error> {
        let old = self.own_table(name)?;
        let mut table = temporary::with_indexes(&old, keys, self.temporary_tables())?;
        let space = self.rows_space();
        let added: Vec<u32> = table.indexes[old.indexes.len()..].iter().map(|index| index.id.0).collect();
        added.iter().for_each(|id| space.add_index(*id));
        let filled = self.with_context(|ctx| temporary::fill_indexes(ctx, &table, added.len()));
        let rows = match filled {
            Ok(rows) => rows,
            Err(error) => {
                added.iter().for_each(|id| space.drop_index(*id));
                return Err(error);
            }
        };
        sql::ddl::key::sort(&mut table);
        self.put_temporary(table);
        Ok(changed(rows))
    }
}
