//! Tables that have no rows in the store: those of information_schema, performance_schema, mysql and sys.
//!
//! A virtual table is a list of columns and a function that makes its rows when a statement runs. A module that has
//! such tables adds its look-up function to [`PROVIDERS`]. A name in a system database that no provider knows is
//! refused, never taken for an empty table.

use std::sync::Arc;

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
const PROVIDERS: &[Provider] = &[];

/// The databases whose tables are virtual, in lower case.
pub const SYSTEM_DATABASES: [&str; 4] = ["information_schema", "performance_schema", "mysql", "sys"];

/// The virtual table of that name; `None` when `database` is an ordinary one.
///
/// # Errors
/// 1235 when the system database has no such table here.
pub fn lookup(database: &str, table: &str) -> Result<Option<Arc<VirtualTable>>> {
    let lower = database.to_ascii_lowercase();
    if !SYSTEM_DATABASES.contains(&lower.as_str()) {
        return Ok(None);
    }
    match PROVIDERS.iter().find_map(|provider| provider(&lower, table)) {
        Some(found) => Ok(Some(found)),
        None => Err(Error::not_supported(format_args!("table {lower}.{table}"))),
    }
}
