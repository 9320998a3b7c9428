//! CREATE, DROP, TRUNCATE and RENAME of tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use storage::txn::Transaction;

use super::{bump_version, create_select, definition, foreign_key, partition, qualified, take_ids};
use crate::ast::{CreateTable, Statement, TableName};
use crate::catalog::store::CatalogKey;
use crate::catalog::{Catalog, Database, IndexId, Table, TableId, encode};
use crate::constraint::definition::{check_names_free, rename_checks, rename_checks_of_copy};
use crate::execute::{Context, Interrupt, Outcome, Run};
use crate::session::{SessionState, WarningLevel};
use crate::show::MYSQL;
use crate::variables::SqlMode;
use crate::{Error, Result};

/// CREATE TABLE.
///
/// # Errors
/// 1049, 1050, 1146 (LIKE), and those of [`definition::build`]; suspends.
pub fn create(ctx: &mut Context<'_>, statement: &CreateTable) -> Run<Outcome> {
    let mark = ctx.session.warnings_mark();
    let created = create_once(ctx, statement);
    if matches!(created, Err(Interrupt::Suspend(_))) {
        // It runs again from its start, and warns again.
        ctx.session.forget_warnings(mark);
    }
    created
}

/// The warnings of an engine that is not there.
pub(super) fn warn_of_engine(statement: &CreateTable, session: &mut SessionState) {
    if let Some(engine) = &statement.substituted_engine {
        session.warn(WarningLevel::Warning, 1286, format!("Unknown storage engine '{engine}'"));
        let message = format!("Using storage engine InnoDB for table '{}'", statement.name.table);
        session.warn(WarningLevel::Warning, 1266, message);
    }
}

fn create_once(ctx: &mut Context<'_>, statement: &CreateTable) -> Run<Outcome> {
    let (database, name) = qualified(&statement.name);
    let mysql = Database { name: MYSQL.to_owned(), ..Database::default() };
    let found = match ctx.catalog.databases.get(database) {
        Some(found) => found,
        // It is there without being stored until it has a stored table.
        None if database == MYSQL => &mysql,
        None => return Err(Error::unknown_database(database).into()),
    };
    let like = match &statement.like {
        Some(like) if *like == statement.name => return Err(Error::nonunique_table(name).into()),
        Some(like) => {
            let (database, name) = qualified(like);
            Some(Arc::clone(ctx.session.table(ctx.catalog, database, name)?))
        }
        None => None,
    };
    let is_made_up = || statement.if_not_exists && crate::show::is_system_table(database, name);
    if found.tables.contains_key(name) || found.views.contains_key(name) || is_made_up() {
        let error = Error::table_exists(name);
        if !statement.if_not_exists {
            return Err(error.into());
        }
        warn_of_engine(statement, ctx.session);
        ctx.session.warn(WarningLevel::Note, error.code, error.message);
        return Ok(Outcome::default());
    }
    let selected = match &statement.select {
        Some(select) => Some((select, select.select(ctx.catalog, ctx.session)?)),
        None => None,
    };
    let defined = match &selected {
        Some((_, selected)) => Some(selected.define(statement, ctx)?),
        None => None,
    };
    let mut table = match like {
        Some(like) => {
            definition::check_table_name(name)?;
            let mut table =
                Table { database: database.to_owned(), name: name.to_owned(), ..Table::clone(&like) };
            table.job = None;
            rename_checks_of_copy(&mut table);
            table.foreign_keys.clear();
            table.triggers.clear();
            table
        }
        None => definition::build(defined.as_ref().unwrap_or(statement), database, found.collation, ctx)?,
    };
    // Behind those of the columns.
    warn_of_engine(statement, ctx.session);
    check_names_free(&table, found.tables.values().map(|other| &**other))?;
    let checks = ctx.session.variables.foreign_key_checks;
    let around = foreign_key::Surroundings { catalog: ctx.catalog, checks, before: None };
    if statement.partition_by.is_some() && !statement.foreign_keys.is_empty() {
        return Err(partition::foreign_keys().into());
    }
    if !statement.foreign_keys.is_empty() && selected.is_some() {
        return Err(foreign_key::errors::with_select().into());
    }
    foreign_key::add(&statement.foreign_keys, &mut table, around, 0)?;
    foreign_key::check_adopted(&table, around)?;
    if let Some(by) = &statement.partition_by {
        partition::define(by, &mut table, ctx)?;
    }
    table.created_us = u64::try_from(ctx.now_us).unwrap_or(0);
    give_ids(ctx, &mut table)?;
    bump_version(ctx)?;
    if database == MYSQL && !ctx.catalog.databases.contains_key(database) {
        ctx.txn.put(CatalogKey::Database(database).to_bytes(), encode::write_database(&mysql));
        make_statistics(ctx, &mysql, name)?;
    }
    ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(&table));
    if let Some(start) = statement.auto_increment.filter(|start| *start > 1) {
        let key = CatalogKey::AutoIncrement(table.id).to_bytes();
        ctx.txn.put(key, Bytes::copy_from_slice(&start.to_be_bytes()));
        table.auto_increment = Arc::new(AtomicU64::new(start));
    }
    match selected {
        Some((select, selected)) => create_select::fill(ctx, table, select, selected.names()),
        None => Ok(Outcome::default()),
    }
}

/// The tables of InnoDB's statistics, which come with the first table that is made in `mysql`: a dump has rows for them and no definition. They are
/// tables as others, and say nothing to the planner.
fn make_statistics(ctx: &mut Context<'_>, mysql: &Database, made: &str) -> Run<()> {
    for name in ["innodb_index_stats", "innodb_table_stats"].into_iter().filter(|name| *name != made) {
        let text = crate::show::definition_of(name).unwrap_or_default();
        let parsed = crate::parse::parse_statement(text.as_bytes(), SqlMode::default())?;
        let Statement::CreateTable(statement) = parsed.statement else {
            return Err(Error::internal("the definition of a table of mysql is none").into());
        };
        let mut table = definition::build(&statement, MYSQL, mysql.collation, ctx)?;
        give_ids(ctx, &mut table)?;
        ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(&table));
    }
    Ok(())
}

/// New ids and counters for a table and its indexes.
fn give_ids(ctx: &mut Context<'_>, table: &mut Table) -> Run<()> {
    let count = u32::try_from(table.indexes.len() + 1).unwrap_or(u32::MAX);
    let first = take_ids(ctx, count)?;
    table.id = TableId(first);
    for (index, id) in table.indexes.iter_mut().zip(first + 1..) {
        index.id = IndexId(id);
    }
    partition::give_ids(ctx, table)?;
    table.auto_increment = Arc::new(AtomicU64::new(1));
    table.row_id = Arc::new(AtomicU64::new(1));
    table.row_estimate = Arc::new(AtomicU64::new(0));
    table.statistics = crate::catalog::StatisticsCell::default();
    Ok(())
}

/// DROP TABLE.
///
/// # Errors
/// 1051 naming all that are not there, and none is dropped then; suspends.
pub fn drop(ctx: &mut Context<'_>, names: &[TableName], if_exists: bool) -> Run<Outcome> {
    let mut found: Vec<Arc<Table>> = Vec::with_capacity(names.len());
    let mut missing = Vec::new();
    for name in names {
        let (database, table) = qualified(name);
        match ctx.catalog.databases.get(database).and_then(|found| found.tables.get(table)) {
            Some(table) if found.iter().any(|other| other.id == table.id) => {
                return Err(Error::nonunique_table(&table.name).into());
            }
            Some(table) => found.push(Arc::clone(table)),
            None => missing.push(format!("{database}.{table}")),
        }
    }
    if !missing.is_empty() {
        if !if_exists {
            return Err(Error::unknown_table(missing.join(",")).into());
        }
        for table in missing {
            let note = Error::unknown_table(table);
            ctx.session.warn(WarningLevel::Note, note.code, note.message);
        }
    }
    if found.is_empty() {
        return Ok(Outcome::default());
    }
    if ctx.session.variables.foreign_key_checks {
        foreign_key::related::check_drop(ctx.catalog, &found)?;
    }
    bump_version(ctx)?;
    for table in &found {
        write_drop(ctx.txn, table);
    }
    Ok(Outcome::default())
}

/// Takes a table out of the catalog and leaves its indexes to be deleted.
pub(super) fn write_drop(txn: &mut Transaction, table: &Table) {
    txn.delete(CatalogKey::Table(table.id).to_bytes());
    txn.delete(CatalogKey::AutoIncrement(table.id).to_bytes());
    txn.delete(CatalogKey::RowId(table.id).to_bytes());
    let built = table.job.iter().flat_map(|job| &job.indexes).map(|index| index.id);
    for id in table.index_ids().chain(built) {
        txn.put(CatalogKey::Dropped(id).to_bytes(), Bytes::new());
    }
    if let Some(job) = &table.job {
        super::alter::online::forget(txn, job);
    }
}

/// TRUNCATE TABLE: a new empty table of the same definition and name, under new ids.
///
/// # Errors
/// 1146; suspends.
pub fn truncate(ctx: &mut Context<'_>, name: &TableName) -> Run<Outcome> {
    let (database, name) = qualified(name);
    let old = Arc::clone(ctx.catalog.table(database, name)?);
    if ctx.session.variables.foreign_key_checks {
        foreign_key::related::check_truncate(ctx.catalog, &old)?;
    }
    let mut table = Table { job: None, ..Table::clone(&old) };
    give_ids(ctx, &mut table)?;
    bump_version(ctx)?;
    write_drop(ctx.txn, &old);
    ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(&table));
    Ok(Outcome::default())
}

/// RENAME TABLE: the pairs one after the other, each seeing the names that the ones before made.
///
/// # Errors
/// 1049, 1050, 1146; suspends.
pub fn rename(ctx: &mut Context<'_>, pairs: &[(TableName, TableName)]) -> Run<Outcome> {
    let renamed = plan_rename(ctx.catalog, pairs)?;
    let checks = ctx.session.variables.foreign_key_checks;
    let renamed = foreign_key::rename::follow(ctx.catalog, renamed, checks)?;
    bump_version(ctx)?;
    for table in renamed {
        ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(&table));
    }
    Ok(Outcome::default())
}

fn plan_rename(catalog: &Catalog, pairs: &[(TableName, TableName)]) -> Result<Vec<Table>> {
    // What the names mean after the pairs so far: a table, or nothing any more.
    let mut names: BTreeMap<(&str, &str), Option<Table>> = BTreeMap::new();
    for (from, to) in pairs {
        let (from, to) = (qualified(from), qualified(to));
        let table = match names.get_mut(&from) {
            Some(moved) => moved.take(),
            None => catalog.table(from.0, from.1).ok().map(|table| Table::clone(table)),
        };
        if let Some(view) = catalog.view(from.0, from.1).filter(|_| table.is_none()) {
            return Err(Error::not_supported(format_args!("renaming the view '{}'", view.table.name)));
        }
        let Some(mut table) = table else { return Err(Error::no_such_table(from.0, from.1)) };
        names.insert(from, None);
        let Some(database) = catalog.databases.get(to.0) else {
            return Err(Error::unknown_database(to.0));
        };
        let taken = match names.get(&to) {
            Some(moved) => moved.is_some(),
            None => database.tables.contains_key(to.1) || database.views.contains_key(to.1),
        };
        if taken {
            return Err(Error::table_exists(to.1));
        }
        definition::check_table_name(to.1)?;
        if table.database != to.0 && !table.triggers.is_empty() {
            return Err(crate::program::trigger_statement::wrong_schema());
        }
        to.0.clone_into(&mut table.database);
        let before = std::mem::replace(&mut table.name, to.1.to_owned());
        rename_checks(&mut table, &before);
        foreign_key::rename::rename_generated(&mut table, &before);
        names.insert(to, Some(table));
    }
    Ok(names.into_values().flatten().collect())
}
