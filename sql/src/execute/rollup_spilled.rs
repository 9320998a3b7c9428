//! GROUP BY … WITH ROLLUP over more groups than fit into memory.
//!
//! When `quorate_operation_memory` is full no more groups are begun. A row goes into those of its groups that are there: they leave out all
//! its keys but the first few. For the others it is sorted by its keys (in files), and their groups are made one after the other as the
//! sorted rows come by, with no more than one for each number of keys at a time.

use std::cmp::Ordering;

use crate::error::Error;
use crate::execute::aggregate::{Group, accumulators};
use crate::execute::sort::Sorter;
use crate::execute::{Context, Interrupt, Run};
use crate::expression::aggregate::Accumulator;
use crate::plan::{AggregatePlan, SortKey};
use crate::types::Value;

/// Takes a group and its keys; false ends it.
pub(super) type Take<'t> = &'t mut dyn FnMut(&mut Group, &[Value], &mut Context) -> Run<bool>;

/// What sorts the rows of groups that are not in memory.
pub(super) struct Waiting<'s> {
    sorter: Sorter<'s>,
    row: Vec<Value>,
}

/// The order of the waiting rows: their keys stand behind the row.
pub(super) fn sort_keys(plan: &AggregatePlan, width: usize) -> Vec<SortKey> {
    let key = |(number, key): (usize, &crate::expression::Expression)| SortKey {
        position: width + number,
        descending: false,
        collation: key.data_type().collation,
    };
    plan.keys.iter().enumerate().map(key).collect()
}

impl<'s> Waiting<'s> {
    pub(super) fn new(keys: &'s [SortKey], ctx: &Context) -> Waiting<'s> {
        Waiting { sorter: Sorter::new(ctx.session, keys, None, false), row: Vec::new() }
    }

    /// Puts a row aside, whose groups of fewer than `least` keys are in memory.
    pub(super) fn push(&mut self, row: &[Value], keys: &[Value], least: usize, ctx: &Context) -> Run<()> {
        self.row.clear();
        self.row.extend_from_slice(row);
        self.row.extend_from_slice(keys);
        self.row.push(Value::UInt(least as u64));
        self.sorter.push(&mut self.row, ctx)
    }

    /// Gives the groups, each behind those that it sums up; false when no more is wanted.
    pub(super) fn finish(
        self,
        plan: &AggregatePlan,
        width: usize,
        ctx: &mut Context,
        take: Take,
    ) -> Run<bool> {
        let mut open =
            Open { plan, empty: accumulators(plan), groups: Vec::new(), keys: Vec::new(), least: 0 };
        let mut values = Vec::new();
        let mut wants = true;
        self.sorter.finish(ctx, &mut |read, ctx| {
            let (row, rest) = read.split_at_checked(width).ok_or_else(wrong_row)?;
            let (Some(Value::UInt(least)), Some(keys)) = (rest.last(), rest.get(..plan.keys.len())) else {
                return Err(wrong_row());
            };
            wants = open.begin(row, keys, *least as usize, ctx, take)?;
            for group in &mut open.groups {
                group.grow(plan, row, &mut values, ctx)?;
            }
            Ok(wants)
        })?;
        Ok(wants && open.close(0, ctx, take)?)
    }
}

fn wrong_row() -> Interrupt {
    Error::internal("a row of a temporary file has another length").into()
}

/// The groups that the sorted rows are in now.
struct Open<'p> {
    plan: &'p AggregatePlan,
    empty: Vec<Accumulator>,
    /// That of `least` keys, of one more, and so on to all.
    groups: Vec<Group>,
    keys: Vec<Value>,
    least: usize,
}

impl Open<'_> {
    /// Goes on to a row with these keys.
    fn begin(
        &mut self,
        row: &[Value],
        keys: &[Value],
        least: usize,
        ctx: &mut Context,
        take: Take,
    ) -> Run<bool> {
        let mut same = 0;
        if !self.groups.is_empty() {
            let collation = |number: usize| self.plan.keys[number].data_type().collation;
            let is_same = |number: &usize| {
                self.keys[*number].compare(&keys[*number], collation(*number)) == Ordering::Equal
            };
            same = (0..keys.len()).take_while(is_same).count();
            // Groups of more keys than are the same are over.
            if !self.close(same + 1, ctx, take)? {
                return Ok(false);
            }
        }
        if self.groups.is_empty() {
            self.least = least;
        }
        while self.least + self.groups.len() <= keys.len() {
            self.groups.push(Group::new(self.plan, row, &self.empty));
        }
        self.keys.truncate(same);
        self.keys.extend_from_slice(&keys[same..]);
        Ok(true)
    }

    /// Gives the groups of at least so many keys, those of the most keys first.
    fn close(&mut self, least: usize, ctx: &mut Context, take: Take) -> Run<bool> {
        while self.least + self.groups.len() > least {
            let Some(mut group) = self.groups.pop() else { break };
            let count = self.least + self.groups.len();
            if !take(&mut group, &self.keys[..count], ctx)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
