//! JSON_TABLE in FROM: its query gives the document, its columns are the definition's.

use crate::ast::JsonTable;
use crate::bind::scope::FromScope;
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::types::Collation;

/// The table with its texts in the connection's collation.
pub(super) fn collated(table: &JsonTable, connection: Collation) -> JsonTable {
    let mut table = table.clone();
    table.each_type(&mut |data_type| {
        if data_type.is_text() {
            *data_type = data_type.with_collation(connection);
        }
    });
    table
}

/// Its columns.
///
/// # Errors
/// 1060, with the name as it was written first.
pub(super) fn columns(table: &JsonTable) -> Result<Vec<ResultColumn>> {
    let mut columns: Vec<ResultColumn> = Vec::new();
    for column in table.flat() {
        if let Some(first) = columns.iter().find(|first| first.name.eq_ignore_ascii_case(column.name)) {
            return Err(Error::duplicate_column(&first.name));
        }
        columns.push(ResultColumn::computed(column.name, column.data_type, true));
    }
    Ok(columns)
}

/// Error 3667.
pub(super) fn without_alias() -> Error {
    let message = "Every table function must have an alias".to_owned();
    Error { code: 3667, state: *b"42000", message }
}

/// An unknown name in the document as MySQL says it: a table that is not among those before it is unknown there (1109).
pub(super) fn unknown_name(error: Error, seen: &FromScope) -> Error {
    let quoted = error.message.split('\'').nth(1).filter(|_| error.code == 1054);
    let Some(name) = quoted.map(str::to_owned) else { return error };
    match name.rsplit_once('.') {
        Some((table, _)) if seen.tables.iter().all(|seen| seen.alias != table) => Error {
            code: 1109,
            state: *b"42S02",
            message: format!("Unknown table '{table}' in a table function argument"),
        },
        _ => Error::unknown_column(name, "a table function argument"),
    }
}
