//! CREATE, TRUNCATE and index changes of temporary tables, and what SHOW and drops need to know of them.
//!
//! The definition is built by the same code as that of a stored table. There is no job, and nothing of it is in the log: the tables are the
//! session's ([`TemporaryTables`]), their rows are in its [`Temporary`](storage::txn::Temporary), which the context's transaction is attached
//! to. Whoever calls puts the definition into force, and adds or drops the indexes of the space.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use storage::engine::{Direction, KeyRange};
use storage::txn::View;

use super::{definition, key as key_definition, refuse_system};
use crate::ast::{CreateTable, KeyDefinition, KeyKind, TableName};
use crate::catalog::{Index, Table, TemporaryTables};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::constraint::definition::rename_checks_of_copy;
use crate::dml::write::{check_room, duplicate_entry};
use crate::execute::{Context, Run};
use crate::limits::{KILL_CHECK_ROWS, TEMPORARY_TABLES_MAX};
use crate::session::{SessionState, WarningLevel};
use crate::types::Collation;
use crate::{Error, Result};

/// The database that a name is in.
///
/// # Errors
/// 1046.
pub fn database_of<'n>(name: &'n TableName, session: &'n SessionState) -> Result<&'n str> {
    name.database.as_deref().or(session.database.as_deref()).ok_or_else(Error::no_database)
}

/// The session's temporary table that a name means.
#[must_use]
pub fn find<'s>(name: &TableName, session: &'s SessionState) -> Option<&'s Arc<Table>> {
    let database = name.database.as_deref().or(session.database.as_deref())?;
    session.temporary_table(database, &name.table)
}

/// CREATE TEMPORARY TABLE, also LIKE: the definition, with ids of `tables`; none when the table is there already and IF NOT EXISTS was said.
///
/// # Errors
/// 1044, 1046, 1049, 1050, 1066, 1114, 1146, and those of [`definition::build`].
pub fn create(
    ctx: &mut Context<'_>,
    statement: &CreateTable,
    tables: &mut TemporaryTables,
) -> Run<Option<Table>> {
    let name = &statement.name.table;
    let database = database_of(&statement.name, ctx.session)?.to_owned();
    if !takes_temporary(&database) {
        refuse_system(&database, ctx.session)?;
    }
    let like = match &statement.like {
        Some(like) => {
            let from = database_of(like, ctx.session)?;
            if from == database && like.table == *name {
                return Err(Error::nonunique_table(name).into());
            }
            refuse_system(from, ctx.session)?;
            let like = Arc::clone(ctx.session.table(ctx.catalog, from, &like.table)?);
            if like.partitioned.is_some() {
                let message = "Cannot create temporary table with partitions".to_owned();
                return Err(Error { code: 1562, state: *b"HY000", message }.into());
            }
            Some(like)
        }
        None => None,
    };
    let collation = match ctx.catalog.databases.get(&database) {
        Some(found) => found.collation,
        None if takes_temporary(&database) => Collation::default(),
        None => return Err(Error::unknown_database(&database).into()),
    };
    if tables.find(&database, name).is_some() {
        let error = Error::table_exists(name);
        if !statement.if_not_exists {
            return Err(error.into());
        }
        ctx.session.warn(WarningLevel::Note, error.code, error.message);
        return Ok(None);
    }
    if tables.iter().count() >= TEMPORARY_TABLES_MAX {
        return Err(Error::table_full(name).into());
    }
    let mut table = match like {
        Some(like) => {
            definition::check_table_name(name)?;
            let mut table = Table { database, name: name.clone(), job: None, ..Table::clone(&like) };
            rename_checks_of_copy(&mut table);
            table.foreign_keys.clear();
            table.triggers.clear();
            table
        }
        None if !statement.foreign_keys.is_empty() => {
            return Err(super::foreign_key::errors::cannot_add().into());
        }
        None => definition::build(statement, &database, collation, ctx)?,
    };
    super::table::warn_of_engine(statement, ctx.session);
    table.created_us = u64::try_from(ctx.now_us).unwrap_or(0);
    renew(&mut table, tables)?;
    table.auto_increment.store(statement.auto_increment.unwrap_or(1).max(1), Ordering::Relaxed);
    Ok(Some(table))
}

/// Whether a system database may have temporary tables, as MySQL's that have tables of their own.
fn takes_temporary(database: &str) -> bool {
    matches!(database, "mysql" | "sys")
}

/// New ids and counters.
fn renew(table: &mut Table, tables: &mut TemporaryTables) -> Result<()> {
    tables.give_ids(table)?;
    table.auto_increment = Arc::new(AtomicU64::new(1));
    table.row_id = Arc::new(AtomicU64::new(1));
    table.row_estimate = Arc::new(AtomicU64::new(0));
    table.statistics = crate::catalog::StatisticsCell::default();
    Ok(())
}

/// TRUNCATE: an empty table of the same definition, under new ids.
///
/// # Errors
/// 1105 when the session's ids are used up.
pub fn truncated(table: &Table, tables: &mut TemporaryTables) -> Result<Table> {
    let mut table = table.clone();
    renew(&mut table, tables)?;
    Ok(table)
}

/// The table with more indexes, the new ones last and without ids that are used yet.
///
/// # Errors
/// 1235 for a primary key, and those of [`key::build`](super::key::build).
pub fn with_indexes(table: &Table, keys: &[KeyDefinition], tables: &mut TemporaryTables) -> Result<Table> {
    if keys.iter().flat_map(|definition| &definition.columns).any(|part| part.expression.is_some()) {
        return Err(Error::not_supported("adding a functional key to a temporary table"));
    }
    if keys.iter().any(|definition| definition.kind == KeyKind::Primary) {
        if !table.hidden_row_id {
            return Err(Error::multiple_primary_key());
        }
        return Err(Error::not_supported("adding a primary key to a table"));
    }
    let mut changed = table.clone();
    let named = |index: &Index| index.name.clone();
    let mut names: Vec<String> =
        changed.indexes.iter().skip(usize::from(table.hidden_row_id)).map(named).collect();
    let mut added = Table { indexes: Vec::new(), ..table.clone() };
    for definition in keys {
        let index = key_definition::build(definition, &table.columns, &names)?;
        names.push(index.name.clone());
        added.indexes.push(index);
    }
    tables.give_ids(&mut added)?;
    changed.indexes.append(&mut added.indexes);
    key_definition::check_count(&changed)?;
    Ok(changed)
}

/// Writes the entries of the last `added` indexes for all rows, whose indexes the space has by now. Gives the number of rows.
///
/// # Errors
/// 1062, 1114, 1317.
pub fn fill_indexes(ctx: &mut Context<'_>, table: &Table, added: usize) -> Run<u64> {
    let first = table.indexes.len() - added;
    let zone = Zone::of(ctx.session);
    let wanted: ColumnSet =
        table.indexes[first..].iter().flat_map(|index| &index.columns).map(|part| part.column).collect();
    let range: KeyRange = key::index_range(table.primary().id);
    let mut cursor = ctx.txn.scan(range, Direction::Forward, View::Latest);
    let mut values = Vec::new();
    let mut rows: u64 = 0;
    while let Some((row_key, value)) = cursor.next(ctx.txn)? {
        row::decode(table, &row_key, &value, &wanted, zone, &mut values)?;
        for (position, index) in table.indexes.iter().enumerate().skip(first) {
            let entry = key::index_entry(table, index, &values, &row_key, zone)?;
            if entry.unique && ctx.txn.get(&entry.key, View::Latest)?.is_some() {
                return Err(duplicate_entry(table, position, &values).into());
            }
            ctx.txn.put(entry.key, entry.value);
        }
        check_room(ctx, table)?;
        rows += 1;
        if rows.is_multiple_of(KILL_CHECK_ROWS as u64) {
            ctx.check()?;
        }
    }
    Ok(rows)
}

/// The table without an index, and the index.
///
/// # Errors
/// 1075, 1091, 1235 for the primary key.
pub fn without_index(table: &Table, name: &str) -> Result<(Table, Index)> {
    let mut table = table.clone();
    let position = table.index_position(name).ok_or_else(|| Error::cannot_drop(name))?;
    if position == 0 {
        return Err(Error::not_supported("dropping the primary key of a table"));
    }
    let index = table.indexes.remove(position);
    let begins = |index: &Index, column| index.columns.first().is_some_and(|part| part.column == column);
    if let Some(column) = table.auto_increment_column
        && !table.indexes.iter().any(|index| begins(index, column))
    {
        return Err(Error::wrong_auto_key());
    }
    Ok((table, index))
}
