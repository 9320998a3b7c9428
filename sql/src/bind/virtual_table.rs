//! Tables that have no rows in the store: those of information_schema, performance_schema, mysql and sys.
//!
//! A virtual table is a list of columns and a function that makes its rows when a statement runs. A module that has
//! such tables adds its look-up function to `PROVIDERS`. A name in a system database that no provider knows is
//! refused, never taken for an empty table.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::execute::{Context, ResultColumn, Run};
use crate::types::Value;

/// Makes the rows of a virtual table; each row is as long as the table's columns.
pub type RowSource = fn(&mut Context) -> Run<Vec<Vec<Value>>>;

/// A table made on the spot.
#[derive(Clone, Debug)]
pub struct VirtualTable {
    /// Database, in lower case.
    pub database: String,
    /// Name as MySQL spells it.
    pub name: String,
    /// Columns; `name` and the type count, the rest is metadata for the client.
    pub columns: Vec<ResultColumn>,
    /// Makes the rows.
    pub rows: RowSource,
}

/// A look-up function of a module that has virtual tables: database in lower case, table as written.
pub type Provider = fn(database: &str, table: &str) -> Option<Arc<VirtualTable>>;

/// All providers.
const PROVIDERS: &[Provider] = &[crate::show::system_table::provide];

/// The databases whose tables are virtual, in lower case.
pub const SYSTEM_DATABASES: [&str; 4] = ["information_schema", "performance_schema", "mysql", "sys"];

/// The virtual table of that name; `None` when `database` is an ordinary one, or has a stored table of the name: a dump of `mysql` that was
/// restored makes some.
///
/// # Errors
/// 1235 when MySQL 8.4's system database has such a table and this one has not; 1146 when that has not either, 1109 in
/// information_schema.
pub fn lookup(catalog: &Catalog, database: &str, table: &str) -> Result<Option<Arc<VirtualTable>>> {
    let Some(system) = SYSTEM_DATABASES.into_iter().find(|name| name.eq_ignore_ascii_case(database)) else {
        return Ok(None);
    };
    if catalog.is_stored(database, table) {
        return Ok(None);
    }
    if let Some(found) = PROVIDERS.iter().find_map(|provider| provider(system, table)) {
        return Ok(Some(found));
    }
    if super::not_built::is_of_mysql(system, table) {
        return Err(Error::not_supported(format_args!("table {system}.{table}")));
    }
    if system == "information_schema" {
        let message = format!("Unknown table '{}' in information_schema", table.to_ascii_uppercase());
        return Err(Error { code: 1109, state: *b"42S02", message });
    }
    Err(Error::no_such_table(system, table))
}
