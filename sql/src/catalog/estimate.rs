//! How many rows a table has, about: for the planner and SHOW TABLE STATUS.
//!
//! [`Table::row_estimate`] is counted up and down by INSERT and DELETE on the leader, and moved by applied counters on
//! followers. It begins with [`refresh`]: a bounded look at the table's first keys. A table with fewer rows than the
//! bound is counted exactly; of a larger one, how far the first keys reach between the first and the last says how
//! many there may be (exact for dense integer keys, within a small factor for most others). Nothing here changes an
//! answer, only the choice of a plan.

use std::sync::atomic::Ordering;

use storage::engine::Direction;
use storage::txn::{LockTable, Transaction, View};
use storage::version::Store;

use super::{Catalog, Table};
use crate::Result;
use crate::codec::key::{self, INDEX_ID_BYTES};
use crate::limits::{ESTIMATE_CATALOG_ROWS_MAX, ESTIMATE_TABLE_ROWS_MAX};

/// Estimates the rows of every table anew; to be called after the catalog is loaded, and when a follower becomes the
/// leader. Looks at no more than [`ESTIMATE_CATALOG_ROWS_MAX`] rows; tables after that keep what they have.
///
/// # Errors
/// 1105 when the store cannot be read.
pub fn refresh(catalog: &Catalog, store: &Store) -> Result<()> {
    let locks = LockTable::new();
    let mut txn = Transaction::begin(store, &locks, 0);
    txn.take_snapshot();
    let mut rows_left = ESTIMATE_CATALOG_ROWS_MAX;
    for table in catalog.tables() {
        if rows_left == 0 {
            break;
        }
        let rows_max = ESTIMATE_TABLE_ROWS_MAX.min(rows_left);
        let (rows, seen) = estimate(table, &mut txn, rows_max)?;
        table.row_estimate.store(rows, Ordering::Relaxed);
        rows_left -= seen.min(rows_left);
    }
    Ok(())
}

/// The rows of one table, about, and how many were looked at.
pub(crate) fn estimate(table: &Table, txn: &mut Transaction, rows_max: u64) -> Result<(u64, u64)> {
    if table.partitioned.is_some() {
        let (mut rows, mut seen) = (0_u64, 0);
        for leaf in table.stored()? {
            let (of_leaf, seen_in_leaf) = estimate(leaf, txn, rows_max)?;
            rows += of_leaf;
            seen += seen_in_leaf;
        }
        return Ok((rows, seen));
    }
    let range = key::index_range(table.primary().id);
    let mut cursor = txn.scan(range.clone(), Direction::Forward, View::Snapshot);
    let mut seen = 0;
    let mut first = None;
    let mut sampled = 0u128;
    while seen < rows_max {
        let Some((key, _)) = cursor.next(txn)? else { return Ok((seen, seen)) };
        sampled = position(&key);
        first.get_or_insert(sampled);
        seen += 1;
    }
    let Some(first) = first else { return Ok((0, 0)) };
    let mut backward = txn.scan(range, Direction::Backward, View::Snapshot);
    let last = backward.next(txn)?.map_or(sampled, |(key, _)| position(&key));
    let (near, far) = (sampled.saturating_sub(first) as f64, last.saturating_sub(first) as f64);
    // Keys that are equal in the bytes looked at say nothing: then all that is known is that there are more.
    let rows = if near > 0.0 { (seen as f64 * far / near).max(seen as f64) } else { seen as f64 * 10.0 };
    Ok((rows.min(1e15) as u64, seen))
}

/// The first sixteen bytes after the index id, as a number.
fn position(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(key.iter().skip(INDEX_ID_BYTES)) {
        *to = *from;
    }
    u128::from_be_bytes(bytes)
}
