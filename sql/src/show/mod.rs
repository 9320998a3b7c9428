//! SHOW, DESCRIBE and the system databases: what the server says of itself.
//!
//! A SHOW statement makes all of its rows, filters them (LIKE, WHERE: `filter`) and sends them. Most of the facts are rows of
//! system tables, as in MySQL: SHOW COLUMNS is a projection of information_schema.COLUMNS for one table, and so on.
//! System tables are virtual tables ([`crate::bind::virtual_table`]) that any SELECT can read; `system_table` has the
//! list of them, `information_schema`, `performance_schema` and `cluster` their rows.
//!
//! Columns, types, values and errors follow MySQL 8.4 and were recorded from MySQL 9.7 (`golden/`). What the server does
//! not have (functions, replication channels) is shown as an empty set with the right
//! columns, never refused. Left out: SHOW PROFILE, SHOW CREATE of what does not exist, SHOW REPLICAS (the parser refuses
//! them), most of `sys` and those of `mysql` that are not about accounts, and information_schema's INNODB_* tables but one.

mod absent;
mod account;
pub(crate) mod cluster;
mod column;
mod database;
mod definition;
mod diagnostics;
mod events;
mod filter;
mod group_replication;
mod information_schema;
mod instruments;
mod keys;
mod locks;
mod partition;
mod performance_schema;
mod processes;
mod replication;
pub(crate) mod routine;
mod server;
mod size;
pub(crate) mod spec;
mod sys;
pub(crate) mod system_table;
mod trigger;
mod view;
mod without_tables;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::ast::{RoutineKind, Show, ShowKind, TableName, UserName};
use crate::bind::scope::table_columns;
use crate::bind::virtual_table::{self, VirtualTable};
use crate::catalog::{Catalog, Table};
use crate::error::{Error, Result};
use crate::execute::{Context, Outcome, ResultColumn, Run, Sink};
use crate::session::SessionState;
pub(crate) use definition::type_text;
use spec::{ColumnSpec, Row, exact, result_columns, text};
pub use without_tables::{needs_no_tables, shows_no_tables};

/// Runs a SHOW statement.
///
/// # Errors
/// 1046, 1049, 1146 and what each form raises in MySQL; those of LIKE, WHERE and the sink.
pub fn run(show: &Show, ctx: &mut Context, sink: &mut dyn Sink) -> Run<Outcome> {
    // SHOW CREATE TABLE of a view is SHOW CREATE VIEW, columns and all: mysqldump asks so.
    let of_view = match &show.kind {
        ShowKind::CreateTable(name) if view::is_one(name, ctx) => {
            Some(Show { kind: ShowKind::CreateView(name.clone()), ..show.clone() })
        }
        _ => None,
    };
    let show = of_view.as_ref().unwrap_or(show);
    let columns = columns_in(show, ctx.session);
    let mut rows = rows(&show.kind, ctx)?;
    if let Some(pattern) = &show.like {
        filter::like(pattern, like_column(&show.kind), &columns, &mut rows, ctx.session);
    }
    if let Some(condition) = &show.filter {
        filter::filter(condition, &columns, &mut rows, ctx)?;
    }
    sink.columns(&columns)?;
    for row in &rows {
        sink.row(row)?;
    }
    Ok(Outcome { rows: true, ..Outcome::default() })
}

/// The columns of a SHOW statement where no session is at hand: a name that has the current database or account in it
/// lacks that part. See [`columns_in`].
#[must_use]
pub fn columns(show: &Show) -> Vec<ResultColumn> {
    columns_for(show, None)
}

/// The columns of a SHOW statement in a session, as [`run`] sends them.
#[must_use]
pub fn columns_in(show: &Show, session: &SessionState) -> Vec<ResultColumn> {
    columns_for(show, Some(session))
}

fn columns_for(show: &Show, session: Option<&SessionState>) -> Vec<ResultColumn> {
    // The names of these two repeat the pattern: `Database (a%)`.
    let pattern = show.like.as_ref().map(|pattern| format!(" ({pattern})")).unwrap_or_default();
    match &show.kind {
        ShowKind::Databases => {
            let mut columns = result_columns(&[exact("Database", 64)]);
            columns[0].name.push_str(&pattern);
            columns
        }
        ShowKind::Tables { database, full } => {
            let database = database.as_deref().or(session.and_then(|session| session.database.as_deref()));
            let specs = [exact("", 64), exact("Table_type", 11)];
            let mut columns = result_columns(if *full { &specs } else { &specs[..1] });
            columns[0].name = format!("Tables_in_{}{pattern}", database.unwrap_or_default());
            columns
        }
        ShowKind::Grants { user, .. } => {
            let account = named_account(user.as_ref(), session);
            let mut columns = result_columns(&[text("", 1024)]);
            columns[0].name = format!("Grants for {account}");
            columns
        }
        ShowKind::CreateUser(user) => {
            let mut columns = result_columns(account::CREATE_USER);
            columns[0].name.push_str(&named_account(Some(user), session));
            columns
        }
        kind => result_columns(specs(kind)),
    }
}

/// An account as the names of columns have it.
fn named_account(user: Option<&UserName>, session: Option<&SessionState>) -> String {
    match (user, session) {
        (Some(UserName::Named(id)), _) => id.plain(),
        (_, Some(session)) => session.account.plain(),
        (_, None) => String::new(),
    }
}

/// The columns of the kinds whose columns' names are always the same.
fn specs(kind: &ShowKind) -> &'static [ColumnSpec] {
    match kind {
        ShowKind::Databases | ShowKind::Tables { .. } | ShowKind::Grants { .. } | ShowKind::CreateUser(_) => {
            &[]
        }
        ShowKind::Columns { full: false, .. } => column::COLUMNS,
        ShowKind::Columns { full: true, .. } => column::FULL_COLUMNS,
        ShowKind::Index { .. } => column::INDEX,
        ShowKind::CreateTable(_) => database::CREATE_TABLE,
        ShowKind::CreateView(_) => view::CREATE_VIEW,
        ShowKind::CreateProcedure(_) => routine::CREATE_PROCEDURE,
        ShowKind::CreateFunction(_) => routine::CREATE_FUNCTION,
        ShowKind::CreateTrigger(_) => trigger::CREATE_TRIGGER,
        ShowKind::CreateEvent(_) => events::CREATE_EVENT,
        ShowKind::CreateDatabase { .. } => database::CREATE_DATABASE,
        ShowKind::TableStatus { .. } => database::TABLE_STATUS,
        ShowKind::Variables { .. } | ShowKind::Status { .. } => server::VARIABLES,
        ShowKind::ProcessList { full: false } => server::PROCESS_LIST,
        ShowKind::ProcessList { full: true } => server::FULL_PROCESS_LIST,
        ShowKind::Warnings { .. } | ShowKind::Errors { .. } => diagnostics::WARNINGS,
        ShowKind::CountWarnings => diagnostics::COUNT_WARNINGS,
        ShowKind::CountErrors => diagnostics::COUNT_ERRORS,
        ShowKind::Engines => server::ENGINES,
        ShowKind::CharacterSet => server::CHARACTER_SET,
        ShowKind::Collation => server::COLLATION,
        ShowKind::Plugins => server::PLUGINS,
        ShowKind::Privileges => server::PRIVILEGES,
        ShowKind::Triggers { .. } => absent::TRIGGERS,
        ShowKind::Events { .. } => absent::EVENTS,
        ShowKind::ProcedureStatus | ShowKind::FunctionStatus => absent::ROUTINES,
        ShowKind::OpenTables { .. } => absent::OPEN_TABLES,
        ShowKind::BinaryLogStatus => replication::BINARY_LOG_STATUS,
        ShowKind::BinaryLogs => replication::BINARY_LOGS,
        ShowKind::ReplicaStatus => replication::REPLICA_STATUS,
        ShowKind::EngineStatus(_) => server::ENGINE_STATUS,
    }
}

/// The column that LIKE compares: the object's name, but the table's for triggers.
fn like_column(kind: &ShowKind) -> usize {
    match kind {
        ShowKind::Triggers { .. } => 2,
        ShowKind::Events { .. }
        | ShowKind::ProcedureStatus
        | ShowKind::FunctionStatus
        | ShowKind::OpenTables { .. } => 1,
        _ => 0,
    }
}

/// All rows, before LIKE and WHERE.
fn rows(kind: &ShowKind, ctx: &mut Context) -> Run<Vec<Row>> {
    Ok(match kind {
        ShowKind::Databases => database::databases(ctx),
        ShowKind::Tables { database, full } => database::tables(database.as_deref(), *full, ctx)?,
        ShowKind::Columns { table, full } => column::columns(table, *full, ctx)?,
        ShowKind::Index { table } => column::indexes(table, ctx)?,
        ShowKind::CreateTable(table) => {
            database::check_locked(table, ctx)?;
            database::create_table(table, ctx)?
        }
        ShowKind::CreateView(name) => view::create_view(name, ctx)?,
        ShowKind::CreateTrigger(name) => trigger::create(name, ctx)?,
        ShowKind::CreateEvent(name) => events::create(name, ctx)?,
        ShowKind::CreateProcedure(name) => routine::create(RoutineKind::Procedure, name, ctx)?,
        ShowKind::CreateFunction(name) => routine::create(RoutineKind::Function, name, ctx)?,
        ShowKind::CreateDatabase { name, if_not_exists } => {
            database::create_database(name, *if_not_exists, ctx)?
        }
        ShowKind::TableStatus { database } => database::table_status(database.as_deref(), ctx)?,
        ShowKind::Variables { global } => server::variables(*global, ctx),
        ShowKind::Status { global } => server::status(*global, ctx),
        ShowKind::ProcessList { full } => server::process_list(*full, ctx),
        ShowKind::Warnings { limit, offset } => diagnostics::warnings(false, *limit, *offset, ctx.session),
        ShowKind::Errors { limit, offset } => diagnostics::warnings(true, *limit, *offset, ctx.session),
        ShowKind::CountWarnings => diagnostics::count_warnings(ctx.session),
        ShowKind::CountErrors => diagnostics::count_errors(ctx.session),
        ShowKind::Engines => server::engines(),
        ShowKind::CharacterSet => server::character_sets(),
        ShowKind::Collation => server::collations(),
        ShowKind::Plugins => server::plugins(),
        ShowKind::Privileges => server::privileges(),
        ShowKind::Grants { user, using } => account::show_grants(user.as_ref(), using, ctx)?,
        ShowKind::CreateUser(user) => account::create_user(user, ctx)?,
        ShowKind::Triggers { database } => {
            let database = database_of(database.as_deref(), ctx)?;
            trigger::triggers(&database, ctx)
        }
        ShowKind::Events { database } => {
            // MySQL does not look whether the database exists.
            let current = ctx.session.database.as_deref();
            let database = database.as_deref().or(current).ok_or_else(Error::no_database)?;
            events::events(database, ctx)
        }
        ShowKind::ProcedureStatus => information_schema::routines::procedure_status(ctx),
        ShowKind::FunctionStatus => routine::status(RoutineKind::Function, ctx),
        // There is no table cache: no table is open longer than a statement uses it.
        ShowKind::OpenTables { .. } => Vec::new(),
        // The log of the cluster is not MySQL's binary log: as a MySQL without one.
        ShowKind::BinaryLogStatus => Vec::new(),
        ShowKind::BinaryLogs => return Err(replication::no_binary_log().into()),
        ShowKind::ReplicaStatus => Vec::new(),
        ShowKind::EngineStatus(engine) => server::engine_status(engine, ctx)?,
    })
}

/// The columns of a table, for COM_FIELD_LIST.
///
/// # Errors
/// 1046, 1049, 1146.
pub fn field_list(catalog: &Catalog, session: &SessionState, table: &str) -> Result<Vec<ResultColumn>> {
    let database = session.database.as_deref().ok_or_else(Error::no_database)?;
    Ok(match find_table(catalog, session, database, table)? {
        Found::Base(table) => {
            let columns = table_columns(&table, &table.name, false).into_iter().zip(&table.columns);
            columns.filter(|(_, column)| !column.hidden).map(|(shown, _)| shown).collect()
        }
        Found::System(table) => table.columns.clone(),
    })
}

pub(crate) use account::definitions::of as definition_of;
pub(crate) use account::mysql::{db_privileges, privilege_of_word, user_privileges};
pub(crate) use system_table::MYSQL;

/// Whether it is a table of `mysql` that is a view of the accounts.
#[must_use]
pub fn shows_accounts(catalog: &Catalog, database: &str, table: &str) -> bool {
    database == MYSQL && !catalog.is_stored(database, table) && is_system_table(database, table)
}

/// Whether the server makes up a table of this name.
pub(crate) fn is_system_table(database: &str, table: &str) -> bool {
    system_table::provide(database, table).is_some()
}

/// A table that a statement names.
enum Found {
    /// A stored one.
    Base(Arc<Table>),
    /// One of a system database.
    System(Arc<VirtualTable>),
}

fn find_table(catalog: &Catalog, session: &SessionState, database: &str, table: &str) -> Result<Found> {
    if let Some(table) = session.temporary_table(database, table) {
        return Ok(Found::Base(Arc::clone(table)));
    }
    match virtual_table::lookup(catalog, database, table)? {
        Some(table) => Ok(Found::System(table)),
        None if let Some(view) = catalog.view(database, table) => Ok(Found::Base(Arc::clone(&view.table))),
        None => Ok(Found::Base(Arc::clone(session.table(catalog, database, table)?))),
    }
}

/// The table of a SHOW statement, in the database written or the current one.
fn table_of(name: &TableName, ctx: &Context) -> Result<Found> {
    let database =
        name.database.as_deref().or(ctx.session.database.as_deref()).ok_or_else(Error::no_database)?;
    find_table(ctx.catalog, ctx.session, database, &name.table)
}

/// The database written or the current one, which must exist.
fn database_of(written: Option<&str>, ctx: &Context) -> Result<String> {
    let database = written.or(ctx.session.database.as_deref()).ok_or_else(Error::no_database)?;
    if ctx.catalog.has_database(database) {
        Ok(database.to_owned())
    } else {
        Err(Error::unknown_database(database))
    }
}

/// Some of the columns of rows, in another order.
fn project(rows: Vec<Row>, columns: &[usize]) -> Vec<Row> {
    let pick = |row: Row| columns.iter().filter_map(|column| row.get(*column).cloned()).collect();
    rows.into_iter().map(pick).collect()
}
