//! CHECK TABLE and CHECKSUM TABLE, as far as they need no session: what is wrong with a table, and the number that its rows add up to.

pub mod check;
pub mod checksum;
mod misplaced;
pub(crate) mod record;

use std::sync::Arc;

use crate::catalog::{Catalog, Table};
use crate::error::{Error, Result};
use crate::session::SessionState;

/// The last row about a table that cannot be used: kind and text, as MySQL has them.
#[must_use]
pub fn failure(error: &Error) -> (&'static str, &'static str) {
    if error.code == 1049 { ("error", "Corrupt") } else { ("status", "Operation failed") }
}

/// A table that a statement of this kind may use; with `write` one that it may change.
///
/// # Errors
/// 1049, 1146; under LOCK TABLES 1100 and 1099.
pub fn usable(
    session: &SessionState,
    catalog: &Catalog,
    database: &str,
    name: &str,
    write: bool,
) -> Result<Arc<Table>> {
    let is_own = session.temporary_table(database, name).is_some();
    if let Some(locked) =
        session.locked_tables.as_ref().filter(|_| !is_own && !catalog.is_system_table(database, name))
    {
        locked.check_definition(database, name, write)?;
    }
    session.table(catalog, database, name).map(Arc::clone)
}
