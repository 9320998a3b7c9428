//! Ranges of keys for conditions on an index: `a = 1 AND b > 5` becomes where a scan starts and ends.
//!
//! The rules that are easy to get wrong stand here once: NULL is in no comparison, descending columns swap the ends, a
//! bound that the column's type cannot hold is moved to the next value that it can, and a prefix column only gives a
//! range that holds the rows and others (the caller compares again).

use std::ops::Bound;

use bytes::Bytes;

use super::comparable::{self, Fit};
use super::{Zone, key};
use crate::catalog::{Column, Index, IndexColumn, Table};
use crate::types::Value;
use crate::{Error, Result};
use storage::engine::KeyRange;

/// The keys of the rows with the values `equal` in the index's first columns and with the next column between `low` and
/// `high` (as SQL compares: without NULLs, unless both are unbounded). None when there can be no such row.
///
/// The range may hold more rows than those for a prefix column; never fewer.
///
/// # Errors
/// 1105 when a value is of another type than its column, or a bound is NULL.
pub fn range(
    table: &Table,
    index: &Index,
    equal: &[Value],
    low: Bound<&Value>,
    high: Bound<&Value>,
    zone: Zone,
) -> Result<Option<KeyRange>> {
    let mut base = Vec::with_capacity(32);
    if !key::write_prefix(table, index, equal, zone, &mut base)? {
        return Ok(None);
    }
    if matches!((low, high), (Bound::Unbounded, Bound::Unbounded)) {
        return Ok(Some(KeyRange::prefix(&base)));
    }
    let Some(part) = index.columns.get(equal.len()) else {
        return Err(Error::internal("an index range has more columns than the index"));
    };
    let column = &table.columns[part.column];
    // Ends in the column's own order; exchanged below when the column is descending.
    let Some(low) = low_end(&base, column, part, low, zone)? else { return Ok(None) };
    let Some(high) = high_end(&base, column, part, high, zone)? else { return Ok(None) };
    let (first, last) = if part.descending { (high, low) } else { (low, high) };
    let start = if first.beyond { successor(first.bytes) } else { Some(first.bytes) };
    let end = if last.beyond { successor(last.bytes) } else { Some(last.bytes) };
    match (start, end) {
        (Some(start), Some(end)) if start < end => {
            Ok(Some(KeyRange { start: Bytes::from(start), end: Bytes::from(end) }))
        }
        _ => Ok(None),
    }
}

/// One end of a range in key order: the key itself, or the first key that does not begin with it.
struct End {
    bytes: Vec<u8>,
    /// After all keys that begin with `bytes` rather than before them.
    beyond: bool,
}

/// The first key that is greater than every key beginning with `prefix`; None when there is none.
#[must_use]
pub fn successor(mut prefix: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = prefix.pop() {
        if last != 0xFF {
            prefix.push(last + 1);
            return Some(prefix);
        }
    }
    None
}

/// The end of the keys of `base` at which values that are not NULL begin (`smallest`) or end.
fn edge(base: &[u8], column: &Column, part: &IndexColumn, smallest: bool) -> End {
    let mut bytes = base.to_vec();
    if column.nullable {
        bytes.push(if part.descending { !1 } else { 1 });
    }
    // Ascending: values start at the prefix and end after it. Descending: the other way about.
    End { bytes, beyond: smallest == part.descending }
}

/// Where values at or above `low` begin, in the column's order; None when there are none.
fn low_end(
    base: &[u8],
    column: &Column,
    part: &IndexColumn,
    low: Bound<&Value>,
    zone: Zone,
) -> Result<Option<End>> {
    let (value, included) = match low {
        Bound::Unbounded => return Ok(Some(edge(base, column, part, true))),
        Bound::Included(value) => (value, true),
        Bound::Excluded(value) => (value, false),
    };
    refuse_null(value)?;
    let mut bytes = base.to_vec();
    let fit = comparable::write_column(value, column, part.prefix, part.descending, zone, &mut bytes)?;
    let included = match fit {
        // Values equal in their prefix may be greater in the rest.
        Fit::Exact => included || part.prefix.is_some(),
        Fit::Floor => false,
        Fit::Below => return Ok(Some(edge(base, column, part, true))),
        Fit::Above => return Ok(None),
    };
    Ok(Some(End { bytes, beyond: included == part.descending }))
}

/// Where values at or below `high` end, in the column's order; None when there are none.
fn high_end(
    base: &[u8],
    column: &Column,
    part: &IndexColumn,
    high: Bound<&Value>,
    zone: Zone,
) -> Result<Option<End>> {
    let (value, included) = match high {
        Bound::Unbounded => return Ok(Some(edge(base, column, part, false))),
        Bound::Included(value) => (value, true),
        Bound::Excluded(value) => (value, false),
    };
    refuse_null(value)?;
    let mut bytes = base.to_vec();
    let fit = comparable::write_column(value, column, part.prefix, part.descending, zone, &mut bytes)?;
    let included = match fit {
        Fit::Exact => included || part.prefix.is_some(),
        Fit::Floor => true,
        Fit::Above => return Ok(Some(edge(base, column, part, false))),
        Fit::Below => return Ok(None),
    };
    Ok(Some(End { bytes, beyond: included != part.descending }))
}

fn refuse_null(value: &Value) -> Result<()> {
    if *value == Value::Null { Err(Error::internal("NULL as the end of an index range")) } else { Ok(()) }
}
