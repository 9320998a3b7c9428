//! CREATE and DROP TRIGGER, in a step of a job.
//!
//! A trigger is a part of its table's definition, so that it goes where that goes: dropped and renamed with it, kept by ALTER TABLE and TRUNCATE. Its
//! name is unique in its database; all changes of a database's triggers are under one lock.

use std::sync::{Arc, OnceLock};

use super::trigger::Trigger;
use crate::ast::{CreateTrigger, Program, TableName};
use crate::catalog::store::CatalogKey;
use crate::catalog::{Catalog, Table, encode, is_system_database};
use crate::execute::{Context, Run};
use crate::session::WarningLevel;
use crate::{Error, Result};

/// The table that has a trigger.
#[must_use]
pub fn table_of<'c>(catalog: &'c Catalog, name: &TableName) -> Option<&'c Arc<Table>> {
    let database = catalog.databases.get(name.database.as_deref().unwrap_or_default())?;
    let has = |table: &&Arc<Table>| table.triggers.iter().any(|trigger| trigger.name == name.table);
    database.tables.values().find(has)
}

/// Before any lock: what may have no trigger.
///
/// # Errors
/// 1044, 1435, 1465.
pub fn check_place(create: &CreateTrigger) -> Result<()> {
    let trigger = create.name.database.as_deref().unwrap_or_default();
    let table = create.table.database.as_deref().unwrap_or_default();
    let is_stored =
        |database: &str| database == "mysql" || database == "sys" || database == "performance_schema";
    if is_stored(table) || is_stored(trigger) {
        return Err(Error::mysql(1465, *b"HY000", "Triggers can not be created on system tables"));
    }
    if trigger != table && !is_system_database(table) {
        return Err(wrong_schema());
    }
    Ok(())
}

/// Error 1435.
#[must_use]
pub fn wrong_schema() -> Error {
    Error::mysql(1435, *b"HY000", "Trigger in wrong schema")
}

fn missing() -> Error {
    Error::mysql(1360, *b"HY000", "Trigger does not exist")
}

/// CREATE TRIGGER. Gives whether the catalog is changed.
///
/// # Errors
/// 1054, 1059, 1146, 1347, 1359, 1361, 3011, 4100, and those of variables' types.
pub(super) fn create(ctx: &mut Context<'_>, create: &CreateTrigger) -> Run<bool> {
    let name = &create.name.table;
    crate::ddl::definition::check_identifier_length(name)?;
    let database = create.table.database.as_deref().unwrap_or_default();
    if ctx.session.temporary_table(database, &create.table.table).is_some() {
        let message = format!("Trigger's '{}' is view or temporary table", create.table.table);
        return Err(Error::mysql(1361, *b"HY000", message).into());
    }
    if ctx.catalog.view(database, &create.table.table).is_some() {
        let message = format!("'{database}.{}' is not BASE TABLE", create.table.table);
        return Err(Error::mysql(1347, *b"HY000", message).into());
    }
    let table = Arc::clone(ctx.catalog.table(database, &create.table.table)?);
    if let Some(other) = table_of(ctx.catalog, &create.name) {
        if !create.if_not_exists {
            return Err(Error::mysql(1359, *b"HY000", "Trigger already exists").into());
        }
        if other.id != table.id {
            let message = format!(
                "Trigger '{database}'.'{name}' already exists on a different table. The 'IF NOT EXISTS' clause is only supported for triggers associated with the same table."
            );
            return Err(Error::mysql(4100, *b"HY000", message).into());
        }
        let message = format!("Trigger '{name}' already exists on the table '{database}'.'{}'.", table.name);
        ctx.session.warn(WarningLevel::Note, 4099, message);
        return Ok(false);
    }
    let position = position(&table, create)?;
    check_columns(&table, &create.program)?;
    let collation = ctx.catalog.databases.get(database).map(|found| found.collation).unwrap_or_default();
    super::Compiled::new(std::sync::Arc::clone(&create.program), collation, ctx.session)?;
    let trigger = build(ctx, create, collation)?;
    let mut changed = Table::clone(&table);
    changed.triggers.insert(position, Arc::new(trigger));
    put(ctx, &changed);
    Ok(true)
}

fn build(
    ctx: &mut Context<'_>,
    create: &CreateTrigger,
    collation: crate::types::Collation,
) -> Result<Trigger> {
    let definer = super::statement::definer(ctx, create.definer.as_ref())?;
    let connection = ctx.session.variables.collation_connection;
    Ok(Trigger {
        name: create.name.table.clone(),
        time: create.time,
        event: create.event,
        body: create.body.clone(),
        definer,
        sql_mode: ctx.session.variables.sql_mode,
        character_set: connection.character_set().to_owned(),
        collation: connection,
        database_collation: collation,
        created_us: u64::try_from(ctx.now_us).unwrap_or(0),
        parsed: OnceLock::new(),
    })
}

/// Where it goes among the table's triggers.
fn position(table: &Table, create: &CreateTrigger) -> Result<usize> {
    let is_like = |trigger: &Arc<Trigger>| trigger.time == create.time && trigger.event == create.event;
    let Some((follows, other)) = &create.order else { return Ok(table.triggers.len()) };
    let found = table.triggers.iter().position(|trigger| is_like(trigger) && trigger.name == *other);
    match found {
        Some(position) => Ok(position + usize::from(*follows)),
        None => {
            let message = format!(
                "Referenced trigger '{other}' for the given action time and event type does not exist."
            );
            Err(Error::mysql(3011, *b"HY000", message))
        }
    }
}

/// That the table has the columns of NEW and OLD.
///
/// # Errors
/// 1054.
pub(super) fn check_columns(table: &Table, program: &Program) -> Result<()> {
    for column in &program.row_columns {
        if table.column_position(&column.name).is_none() {
            let row = if column.is_new { "NEW" } else { "OLD" };
            return Err(Error::unknown_column(&column.name, row));
        }
    }
    Ok(())
}

fn put(ctx: &mut Context<'_>, table: &Table) {
    ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(table));
}

/// DROP TRIGGER. Gives whether the catalog is changed.
///
/// # Errors
/// 1049, 1227, 1360.
pub(super) fn drop(ctx: &mut Context<'_>, name: &TableName, if_exists: bool) -> Run<bool> {
    let database = name.database.as_deref().unwrap_or_default();
    if !ctx.catalog.has_database(database) {
        return Err(Error::unknown_database(database).into());
    }
    let Some(table) = table_of(ctx.catalog, name) else {
        let missing = missing();
        if !if_exists {
            return Err(missing.into());
        }
        ctx.session.warn(WarningLevel::Note, missing.code, missing.message);
        return Ok(false);
    };
    let mut changed = Table::clone(table);
    if let Some(trigger) = changed.triggers.iter().find(|trigger| trigger.name == name.table) {
        let definer = trigger.definer.clone();
        super::statement::check_definer(ctx, &definer)?;
    }
    changed.triggers.retain(|trigger| trigger.name != name.table);
    put(ctx, &changed);
    Ok(true)
}
