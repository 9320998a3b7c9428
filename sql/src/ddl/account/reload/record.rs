//! Rows of a stored table of grants, by the names of their columns.

use std::collections::BTreeMap;

use storage::engine::Direction;
use storage::txn::View;

use crate::account::{AccountId, Privilege, PrivilegeSet};
use crate::catalog::Table;
use crate::codec::{ColumnSet, RowReader, Zone, key};
use crate::execute::{Context, Run};
use crate::limits::{HOST_CHARACTERS_MAX, ROWS_BETWEEN_CHECKS, USER_CHARACTERS_MAX};
use crate::types::text::to_text;
use crate::types::{DataType, TimeZone, Value};
use crate::{Error, Result};

/// A row. Values are the bytes that they are shown with, but for times.
pub(super) struct Record {
    table: String,
    /// By the column's name in lower case.
    values: BTreeMap<String, (Value, DataType)>,
}

/// All rows of the table.
///
/// # Errors
/// 1317, and damage.
pub(super) fn read(table: &Table, ctx: &mut Context<'_>) -> Run<Vec<Record>> {
    let mut records = Vec::new();
    for leaf in table.stored()? {
        let reader = RowReader::new(leaf, &ColumnSet::all(leaf.columns.len()));
        let Some(primary) = leaf.indexes.first() else { continue };
        let mut cursor = ctx.txn.scan(key::index_range(primary.id), Direction::Forward, View::Latest);
        while let Some((row_key, stored)) = cursor.next(ctx.txn)? {
            if records.len().is_multiple_of(ROWS_BETWEEN_CHECKS as usize) {
                ctx.check()?;
            }
            let mut row = vec![Value::Null; leaf.columns.len()];
            reader.read(leaf, &row_key, &stored, Zone::UTC, |column, cell| {
                row[column] = cell.into_value(&stored);
            })?;
            let named = leaf.columns.iter().zip(row);
            let values = named.map(|(column, value)| (column.name.to_lowercase(), (value, column.data_type)));
            records.push(Record { table: table.name.clone(), values: values.collect() });
        }
    }
    Ok(records)
}

/// Error 1105 of a value that cannot be what it should be.
pub(super) fn odd(what: &str, found: &str) -> Error {
    Error { code: 1105, state: *b"HY000", message: format!("Not {what} of a table of grants: '{found}'") }
}

impl Record {
    fn value(&self, column: &str) -> Result<&(Value, DataType)> {
        self.values.get(&column.to_lowercase()).ok_or_else(|| {
            let message = format!("The restored table mysql.{} has no column '{column}'", self.table);
            Error { code: 1105, state: *b"HY000", message }
        })
    }

    /// A value that may be NULL.
    pub(super) fn maybe(&self, column: &str) -> Result<Option<Vec<u8>>> {
        let (value, data_type) = self.value(column)?;
        Ok(to_text(value, data_type).map(|bytes| bytes.to_vec()))
    }

    /// A value's bytes; none for NULL.
    pub(super) fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        Ok(self.maybe(column)?.unwrap_or_default())
    }

    pub(super) fn text(&self, column: &str) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(column)?).into_owned())
    }

    /// A number; none for NULL.
    pub(super) fn number<N: TryFrom<u64>>(&self, column: &str) -> Result<Option<N>> {
        let Some(bytes) = self.maybe(column)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let number = text.parse::<u64>().ok().and_then(|number| N::try_from(number).ok());
        number.map(Some).ok_or_else(|| odd("a number", &text))
    }

    /// Whether an ENUM('N', 'Y') is Y.
    pub(super) fn is_yes(&self, column: &str) -> Result<bool> {
        Ok(self.bytes(column)?.eq_ignore_ascii_case(b"y"))
    }

    /// A time in microseconds since the epoch; 0 for what is none.
    pub(super) fn time_us(&self, column: &str) -> Result<u64> {
        match self.value(column)?.0 {
            Value::DateTime(time) => Ok(u64::try_from(time.to_epoch(TimeZone::UTC)).unwrap_or(0)),
            _ => Ok(0),
        }
    }

    pub(super) fn account(&self, (host, user): (&str, &str)) -> Result<AccountId> {
        let (user, host) = (self.text(user)?, self.text(host)?);
        let is_name = |name: &str, max: usize| name.chars().count() <= max && !name.contains('\0');
        if !is_name(&user, USER_CHARACTERS_MAX) || !is_name(&host, HOST_CHARACTERS_MAX) {
            return Err(odd(
                "the name of an account",
                &user.chars().take(USER_CHARACTERS_MAX).collect::<String>(),
            ));
        }
        Ok(AccountId::new(user, &host))
    }

    /// The privileges whose columns say Y.
    pub(super) fn switches(&self, columns: &[(&str, Privilege)]) -> Result<PrivilegeSet> {
        let mut set = PrivilegeSet::NONE;
        for (column, privilege) in columns {
            if self.is_yes(column)? {
                set = set.with((*privilege).into());
            }
        }
        Ok(set)
    }
}
