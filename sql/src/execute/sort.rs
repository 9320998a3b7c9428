//! Sorting rows.
//!
//! Rows lie one behind the other in one vector; what is sorted are their numbers, each with the first bytes of its first key. Most
//! comparisons end there, without a look at the row. Equal rows keep the order in which they came.
//!
//! With a LIMIT only as many rows are kept as can still be given: when twice as many have come, the larger half goes. A sorter of
//! distinct rows drops the later ones of equal rows then, and at the end.
//!
//! Rows that are more than `quorate_operation_memory` go to a temporary file, sorted, and room is made for more. In the end these runs are
//! merged; of equal rows those of the earlier run are before the others.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::collation;
use crate::execute::group_key::value_bytes;
use crate::execute::memory::Bounded;
use crate::execute::spill::{Reader, Scratch, Spilled};
use crate::execute::{Context, Run};
use crate::plan::SortKey;
use crate::session::SessionState;
use crate::types::Value;

/// The fewest rows at which a sort throws rows away.
const PRUNE_ROWS_MIN: usize = 256;

/// A row's place, and what its first key begins with.
#[derive(Clone, Copy)]
struct Ranked {
    /// As the first key orders, unless two are equal here.
    begins: u64,
    /// Position among the rows.
    number: usize,
}

/// What the values of the first key are, NULLs aside: their first bytes say something only among their like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    Integer,
    Text,
    /// Several kinds, or one without first bytes.
    Other,
}

/// Rows being sorted.
pub struct Sorter<'s> {
    keys: &'s [SortKey],
    /// Rows that are wanted at most.
    wanted: Option<usize>,
    /// Of equal rows only the first is wanted.
    is_distinct: bool,
    /// Values of a row.
    width: usize,
    values: Vec<Value>,
    ranked: Vec<Ranked>,
    kind: Kind,
    memory: Bounded,
    /// What may be kept in memory.
    bytes_max: usize,
    /// The number of rows at which some are thrown away.
    prune_at: usize,
    /// Rows that are in a file, if there are any: each run sorted.
    scratch: Option<Scratch>,
    runs: Vec<Spilled>,
}

impl<'s> Sorter<'s> {
    /// No rows yet; `end` is how many will be asked for at most. With `is_distinct` rows that are equal in all keys are one row.
    #[must_use]
    pub fn new(
        session: &SessionState,
        keys: &'s [SortKey],
        end: Option<u64>,
        is_distinct: bool,
    ) -> Sorter<'s> {
        let wanted = end.and_then(|end| usize::try_from(end).ok());
        let prune_at = match wanted {
            Some(wanted) => wanted.saturating_mul(2).max(PRUNE_ROWS_MIN),
            None if is_distinct => PRUNE_ROWS_MIN,
            None => usize::MAX,
        };
        Sorter {
            keys,
            wanted,
            is_distinct,
            width: 0,
            values: Vec::new(),
            ranked: Vec::new(),
            kind: Kind::Unknown,
            memory: Bounded::new(session, usize::MAX, "rows to sort"),
            bytes_max: session.variables.operation_memory_bytes,
            prune_at,
            scratch: None,
            runs: Vec::new(),
        }
    }

    /// Takes the values of a row out of `row`. All rows are of one length.
    ///
    /// # Errors
    /// Those of [`Bounded`] and of a temporary file.
    pub fn push(&mut self, row: &mut Vec<Value>, ctx: &Context) -> Run<()> {
        self.width = row.len();
        let bytes = self.memory.bytes() + size_of::<Ranked>() + row.iter().map(value_bytes).sum::<usize>();
        let begins = self.keys.first().map_or(0, |key| self.begins(&row[key.position], key));
        self.ranked.push(Ranked { begins, number: self.ranked.len() });
        self.values.append(row);
        let bytes = if self.ranked.len() >= self.prune_at { self.prune() } else { bytes };
        if bytes > self.bytes_max {
            self.spill(ctx)?;
            return Ok(self.memory.set(0)?);
        }
        Ok(self.memory.set(bytes)?)
    }

    /// Writes what is in memory to a file, sorted.
    fn spill(&mut self, ctx: &Context) -> Run<()> {
        self.sort();
        let scratch = match &self.scratch {
            Some(scratch) => scratch,
            None => self.scratch.insert(Scratch::new(ctx)?),
        };
        let mut run = scratch.stream();
        for ranked in self.ranked.iter().take(self.wanted.unwrap_or(usize::MAX)) {
            run.push(&self.values[ranked.number * self.width..(ranked.number + 1) * self.width], ctx)?;
        }
        self.runs.push(run.finish()?);
        self.values.clear();
        self.ranked.clear();
        self.kind = Kind::Unknown;
        Ok(())
    }

    /// What a value begins with, in the order of `key`.
    fn begins(&mut self, value: &Value, key: &SortKey) -> u64 {
        let (kind, begins) = match value {
            // Below everything, and equal to what is nearly nothing: those are compared.
            Value::Null => (self.kind, 0),
            // Halved, so that both kinds of integer fit.
            Value::Int(number) => (Kind::Integer, half_above_least(i128::from(*number))),
            Value::UInt(number) => (Kind::Integer, half_above_least(i128::from(*number))),
            Value::Text(text) => (Kind::Text, collation::sort_key_begin(key.collation, text)),
            Value::Double(_)
            | Value::Decimal(_)
            | Value::Blob(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::Json(_) => (Kind::Other, 0),
        };
        if self.kind == Kind::Unknown {
            self.kind = kind;
        } else if self.kind != kind {
            self.kind = Kind::Other;
        }
        if key.descending { !begins } else { begins }
    }

    /// Throws away what cannot be asked for; the bytes that are left.
    fn prune(&mut self) -> usize {
        self.sort();
        let wanted = self.wanted.unwrap_or(usize::MAX);
        if self.ranked.len() > wanted {
            self.ranked.truncate(wanted);
        }
        let mut values = Vec::with_capacity(self.ranked.len() * self.width * 2);
        for (number, ranked) in self.ranked.iter_mut().enumerate() {
            let from = ranked.number * self.width;
            values.extend(
                self.values[from..from + self.width]
                    .iter_mut()
                    .map(|value| std::mem::replace(value, Value::Null)),
            );
            ranked.number = number;
        }
        self.values = values;
        self.prune_at = self.prune_at.max(self.ranked.len().saturating_mul(2));
        self.values.iter().map(value_bytes).sum()
    }

    fn sort(&mut self) {
        let (keys, width, values) = (self.keys, self.width, &self.values);
        let begin_is_order = self.kind != Kind::Other;
        let row = |ranked: &Ranked| &values[ranked.number * width..(ranked.number + 1) * width];
        let in_keys = |left: &Ranked, right: &Ranked| {
            if begin_is_order && left.begins != right.begins {
                return left.begins.cmp(&right.begins);
            }
            compare(keys, row(left), row(right))
        };
        self.ranked.sort_unstable_by(|left, right| {
            in_keys(left, right).then_with(|| left.number.cmp(&right.number))
        });
        if self.is_distinct {
            self.ranked.dedup_by(|right, left| in_keys(left, right).is_eq());
        }
    }

    /// Sorts, and gives each row in order to `take` until that says false.
    ///
    /// # Errors
    /// Those of `take` and of a temporary file.
    pub fn finish(
        mut self,
        ctx: &mut Context,
        take: &mut dyn FnMut(&[Value], &mut Context) -> Run<bool>,
    ) -> Run<()> {
        if self.runs.is_empty() {
            self.sort();
            let row = |ranked: &Ranked| ranked.number * self.width..(ranked.number + 1) * self.width;
            for ranked in &self.ranked {
                if !take(&self.values[row(ranked)], ctx)? {
                    break;
                }
            }
            return Ok(());
        }
        self.spill(ctx)?;
        // The memory is the merge's now.
        (self.values, self.ranked) = (Vec::new(), Vec::new());
        self.merge(ctx, take)
    }

    fn merge(&self, ctx: &mut Context, take: &mut dyn FnMut(&[Value], &mut Context) -> Run<bool>) -> Run<()> {
        let mut readers: Vec<Reader> = self.runs.iter().map(Spilled::reader).collect();
        let mut heads = BinaryHeap::with_capacity(readers.len());
        for (run, reader) in readers.iter_mut().enumerate() {
            let mut row = Vec::with_capacity(self.width);
            if reader.next(&mut row, ctx)? {
                heads.push(Reverse(Head { keys: self.keys, row, run }));
            }
        }
        let mut last: Option<Vec<Value>> = None;
        while let Some(mut head) = heads.peek_mut() {
            let is_again = self.is_distinct
                && last.as_ref().is_some_and(|last| compare(self.keys, last, &head.0.row).is_eq());
            if !is_again {
                if !take(&head.0.row, ctx)? {
                    break;
                }
                if self.is_distinct {
                    last.get_or_insert_default().clone_from(&head.0.row);
                }
            }
            let run = head.0.run;
            if !readers[run].next(&mut head.0.row, ctx)? {
                PeekMut::pop(head);
            }
        }
        Ok(())
    }
}

/// The next row of a run.
struct Head<'k> {
    keys: &'k [SortKey],
    row: Vec<Value>,
    run: usize,
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.keys, &self.row, &other.row).then_with(|| self.run.cmp(&other.run))
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head<'_> {}

/// Half of the distance to the least signed number.
fn half_above_least(number: i128) -> u64 {
    ((number - i128::from(i64::MIN)) >> 1) as u64
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
    use proptest::prelude::*;

    use super::*;
    use crate::execute::test_support::Harness;
    use crate::types::{Collation, Decimal};

    #[test]
    fn a_limited_sort_keeps_the_smallest_rows_in_the_order_they_came_where_equal() {
        let keys = [SortKey { position: 0, descending: false, collation: Collation::Binary }];
        let mut harness = Harness::new();
        harness.with_context(|ctx| {
            let mut sorter = Sorter::new(ctx.session, &keys, Some(3), false);
            for number in (0..2000).rev() {
                sorter.push(&mut vec![Value::Int(number / 2), Value::Int(number)], ctx).unwrap();
            }
            assert!(sorter.ranked.len() < 2 * PRUNE_ROWS_MIN);
            let seen = &sorted(sorter, ctx)[..3];
            let row = |group, number| vec![Value::Int(group), Value::Int(number)];
            assert_eq!(seen, [row(0, 1), row(0, 0), row(1, 3)]);
        });
    }

    /// All rows.
    fn sorted(sorter: Sorter, ctx: &mut Context) -> Vec<Vec<Value>> {
        let mut rows = Vec::new();
        let taken = sorter.finish(ctx, &mut |row, _| {
            rows.push(row.to_vec());
            Ok(true)
        });
        taken.unwrap();
        rows
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            1 => Just(Value::Null),
            4 => prop_oneof![any::<i64>(), -3..4_i64].prop_map(Value::Int),
            2 => prop_oneof![any::<u64>(), 0..4_u64].prop_map(Value::UInt),
            4 => "[a-cA-Cé \t\u{0}ß]{0,7}".prop_map(|text| Value::Text(text.into())),
            1 => (-30..30_i64).prop_map(|number| Value::Decimal(Decimal::new(number, 1))),
        ]
    }

    proptest! {
        /// A sort of any rows, in memory or not, is the stable sort by comparing whole values; a distinct one has the first of each.
        #[test]
        fn a_sort_is_the_stable_sort_of_the_values(
            first in proptest::collection::vec(any_value(), 0..40),
            kind in 0..3_u8,
            descending: bool,
            is_distinct: bool,
        ) {
            // Values of one kind, as a column has them; or any.
            let fits = |value: &Value| match kind {
                0 => matches!(value, Value::Null | Value::Int(_) | Value::UInt(_)),
                1 => matches!(value, Value::Null | Value::Text(_)),
                _ => matches!(value, Value::Null | Value::Int(_) | Value::Decimal(_)),
            };
            let mut harness = Harness::new();
            let compared: Result<(), TestCaseError> = harness.with_context(|ctx| {
                for (collation, bytes_max) in Collation::all().flat_map(|collation| [(collation, 1 << 20), (collation, 700)]) {
                    ctx.session.variables.operation_memory_bytes = bytes_max;
                    let keys = [SortKey { position: 0, descending, collation }];
                    let mut expected: Vec<Vec<Value>> = first.iter().filter(|value| fits(value)).enumerate()
                        .map(|(number, value)| vec![value.clone(), Value::UInt(number as u64)]).collect();
                    let mut sorter = Sorter::new(ctx.session, &keys, None, is_distinct);
                    for row in &expected {
                        sorter.push(&mut row.clone(), ctx).unwrap();
                    }
                    expected.sort_by(|left, right| compare(&keys, left, right));
                    if is_distinct {
                        expected.dedup_by(|right, left| compare(&keys, left, right).is_eq());
                    }
                    prop_assert_eq!(sorted(sorter, ctx), expected);
                }
                Ok(())
            });
            compared?;
        }
    }
}
