//! Sorting rows in memory, within a bound.
//!
//! With a LIMIT only as many rows are kept as can still be given: when twice as many have come, the larger half goes.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::execute::group_key::value_bytes;
use crate::limits::SORT_BYTES_MAX;
use crate::plan::SortKey;
use crate::types::Value;

/// The fewest rows at which a limited sort throws rows away.
const PRUNE_ROWS_MIN: usize = 256;

/// Rows being sorted.
pub struct Sorter<'s> {
    keys: &'s [SortKey],
    /// Rows that are wanted at most.
    wanted: Option<usize>,
    rows: Vec<Box<[Value]>>,
    bytes: usize,
}

impl<'s> Sorter<'s> {
    /// No rows yet; `end` is how many will be asked for at most.
    #[must_use]
    pub fn new(keys: &'s [SortKey], end: Option<u64>) -> Sorter<'s> {
        let wanted = end.and_then(|end| usize::try_from(end).ok());
        Sorter { keys, wanted, rows: Vec::new(), bytes: 0 }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// 1038 when the rows take too much memory.
    pub fn push(&mut self, row: &[Value]) -> Result<()> {
        self.bytes += row.iter().map(value_bytes).sum::<usize>();
        self.rows.push(row.into());
        if let Some(wanted) = self.wanted
            && self.rows.len() >= wanted.saturating_mul(2).max(PRUNE_ROWS_MIN)
        {
            self.sort();
            self.rows.truncate(wanted);
            self.bytes = self.rows.iter().flat_map(|row| row.iter().map(value_bytes)).sum();
        }
        if self.bytes > SORT_BYTES_MAX {
            return Err(Error::too_large("rows to sort"));
        }
        Ok(())
    }

    fn sort(&mut self) {
        let keys = self.keys;
        self.rows.sort_by(|left, right| compare(keys, left, right));
    }

    /// The rows in order.
    #[must_use]
    pub fn finish(mut self) -> Vec<Box<[Value]>> {
        self.sort();
        self.rows
    }
}

fn compare(keys: &[SortKey], left: &[Value], right: &[Value]) -> Ordering {
    for key in keys {
        let order = left[key.position].compare(&right[key.position], key.collation);
        let order = if key.descending { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Collation;

    #[test]
    fn a_limited_sort_keeps_the_smallest_rows_in_the_order_they_came_where_equal() {
        let keys = [SortKey { position: 0, descending: false, collation: Collation::Binary }];
        let mut sorter = Sorter::new(&keys, Some(3));
        for number in (0..2000).rev() {
            sorter.push(&[Value::Int(number / 2), Value::Int(number)]).unwrap();
        }
        assert!(sorter.rows.len() < 2 * PRUNE_ROWS_MIN);
        let rows = sorter.finish();
        let seen: Vec<(Value, Value)> =
            rows.iter().take(3).map(|row| (row[0].clone(), row[1].clone())).collect();
        let row = |group, number| (Value::Int(group), Value::Int(number));
        assert_eq!(seen, [row(0, 1), row(0, 0), row(1, 3)]);
    }
}
