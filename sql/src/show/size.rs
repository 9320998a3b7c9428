//! How large a table is, about: what TABLE STATUS and information_schema show as lengths.
//!
//! Nothing counts a table's bytes while it is written. Both lengths are the row estimate times the mean
//! size of the first [`SIZE_SAMPLE_ROWS`] entries of the table's indexes: keys and values as they are stored, without the
//! engine's own overhead. They tell large from small and are no accounting.

use std::sync::atomic::Ordering;

use storage::engine::Direction;
use storage::txn::View;

use crate::catalog::{Index, Table};
use crate::codec::key;
use crate::execute::{Context, Run};
use crate::limits::SIZE_SAMPLE_ROWS;

/// The size of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Rows.
    pub(super) rows: u64,
    /// Bytes of a row.
    pub(super) row_bytes: u64,
    /// Bytes of all rows.
    pub(super) data_bytes: u64,
    /// Bytes of all secondary indexes.
    pub(super) index_bytes: u64,
}

/// Estimates the size of a table.
///
/// # Errors
/// 1105 when the store cannot be read; 1317.
pub(super) fn of_table(table: &Table, ctx: &mut Context) -> Run<Size> {
    ctx.check()?;
    let rows = table.row_estimate.load(Ordering::Relaxed);
    let row_bytes = entry_bytes(table.primary(), ctx)?;
    let mut index_bytes = 0u64;
    for index in table.indexes.iter().skip(1) {
        index_bytes = index_bytes.saturating_add(entry_bytes(index, ctx)?.saturating_mul(rows));
    }
    Ok(Size { rows, row_bytes, data_bytes: row_bytes.saturating_mul(rows), index_bytes })
}

/// The mean size of an index's first entries.
fn entry_bytes(index: &Index, ctx: &mut Context) -> Run<u64> {
    let mut cursor = ctx.txn.scan(key::index_range(index.id), Direction::Forward, View::Snapshot);
    let (mut count, mut bytes) = (0u64, 0u64);
    while count < SIZE_SAMPLE_ROWS {
        let Some((key, value)) = cursor.next(ctx.txn)? else { break };
        count += 1;
        bytes += (key.len() + value.len()) as u64;
    }
    Ok(bytes.checked_div(count).unwrap_or(0))
}
