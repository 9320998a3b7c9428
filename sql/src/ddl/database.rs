//! CREATE DATABASE and DROP DATABASE.

use storage::txn::{LockMode, Transaction};

use super::{bump_version, lock_metadata, metadata_lock_key};
use crate::Error;
use crate::catalog::encode;
use crate::catalog::store::CatalogKey;
use crate::catalog::{Database, SYSTEM_DATABASES};
use crate::execute::{Context, Outcome, Run};
use crate::session::WarningLevel;
use crate::types::Collation;

/// CREATE DATABASE.
///
/// # Errors
/// 1007, 1059, 1102; suspends.
pub fn create(
    ctx: &mut Context<'_>,
    name: &str,
    if_not_exists: bool,
    collation: Option<Collation>,
) -> Run<Outcome> {
    super::definition::check_database_name(name)?;
    if ctx.catalog.databases.contains_key(name) || SYSTEM_DATABASES.contains(&name) {
        let error = Error::database_exists(name);
        if !if_not_exists {
            return Err(error.into());
        }
        ctx.session.warn(WarningLevel::Note, error.code, error.message);
        return Ok(Outcome { affected: 1, ..Outcome::default() });
    }
    bump_version(ctx)?;
    let collation = collation.unwrap_or(ctx.session.variables.collation_server);
    let database = Database { name: name.to_owned(), collation, ..Database::default() };
    ctx.txn.put(CatalogKey::Database(name).to_bytes(), encode::write_database(&database));
    Ok(Outcome { affected: 1, ..Outcome::default() })
}

/// ALTER DATABASE: tables that are made later have another collation unless they say so.
///
/// # Errors
/// 1008; suspends.
pub fn alter(ctx: &mut Context<'_>, name: &str, collation: Option<Collation>) -> Run<Outcome> {
    let Some(found) = ctx.catalog.databases.get(name) else {
        return Err(Error::unknown_database(name).into());
    };
    let collation = collation.unwrap_or(found.collation);
    bump_version(ctx)?;
    let altered = Database { name: name.to_owned(), collation, ..Database::default() };
    ctx.txn.put(CatalogKey::Database(name).to_bytes(), encode::write_database(&altered));
    if ctx.session.database.as_deref() == Some(name) {
        ctx.session.variables.enter_database(collation);
    }
    Ok(Outcome { affected: 1, ..Outcome::default() })
}

/// DROP DATABASE with all its tables, whose metadata locks `guard` takes.
///
/// # Errors
/// 1008; suspends.
pub fn drop(ctx: &mut Context<'_>, guard: &mut Transaction, name: &str, if_exists: bool) -> Run<Outcome> {
    let Some(database) = ctx.catalog.databases.get(name) else {
        let error = Error::database_missing(name);
        if !if_exists {
            return Err(error.into());
        }
        ctx.session.warn(WarningLevel::Note, error.code, error.message);
        return Ok(Outcome::default());
    };
    // The database's own lock is held: no table comes or goes meanwhile.
    for table in database.tables.keys() {
        lock_metadata(guard, &metadata_lock_key(name, table), LockMode::Exclusive)?;
    }
    if ctx.session.variables.foreign_key_checks {
        let tables: Vec<_> = database.tables.values().cloned().collect();
        super::foreign_key::related::check_drop(ctx.catalog, &tables)?;
    }
    bump_version(ctx)?;
    for table in database.tables.values() {
        super::table::write_drop(ctx.txn, table);
    }
    for view in database.views.keys() {
        ctx.txn.delete(CatalogKey::View { database: name, name: view }.to_bytes());
    }
    for (kind, routine) in database.routines.keys() {
        ctx.txn.delete(CatalogKey::Routine { kind: *kind, database: name, name: routine }.to_bytes());
    }
    for event in database.events.values() {
        crate::program::event_statement::remove(ctx, event);
    }
    ctx.txn.delete(CatalogKey::Database(name).to_bytes());
    if ctx.session.database.as_deref() == Some(name) {
        ctx.session.database = None;
    }
    Ok(Outcome { affected: (database.tables.len() + database.views.len()) as u64, ..Outcome::default() })
}
