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
use crate::limits::{ESTIMATE_TABLE_ROWS_MAX, SIZE_SAMPLE_ROWS};

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
    if table.partitioned.is_some() {
        let mut whole = Size::default();
        for leaf in table.stored()? {
            let size = of_leaf(leaf, ctx)?;
            whole.rows = whole.rows.saturating_add(size.rows);
            whole.data_bytes = whole.data_bytes.saturating_add(size.data_bytes);
            whole.index_bytes = whole.index_bytes.saturating_add(size.index_bytes);
        }
        whole.row_bytes = whole.data_bytes.checked_div(whole.rows).unwrap_or(0);
        return Ok(whole);
    }
    let rows = table.row_estimate.load(Ordering::Relaxed);
    of_rows(table, rows, ctx)
}

/// Estimates the size of a partition, whose rows nobody counts while it is written.
///
/// # Errors
/// 1105 when the store cannot be read; 1317.
pub(super) fn of_leaf(leaf: &Table, ctx: &mut Context) -> Run<Size> {
    let (rows, _) = crate::catalog::estimate::estimate(leaf, ctx.txn, ESTIMATE_TABLE_ROWS_MAX)?;
    of_rows(leaf, rows, ctx)
}

fn of_rows(table: &Table, rows: u64, ctx: &mut Context) -> Run<Size> {
    ctx.check()?;
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
