//! Joins by nested loops, mostly with an index on the inner side. Those that keep their inner side: [`super::buffered`].

use crate::execute::operator::{Operator, all_true};
use crate::execute::{Context, Run};
use crate::plan::JoinPlan;
use crate::types::Value;

/// A join that opens its inner side for each outer row, whose slots the inner side's index conditions read.
pub struct LoopJoin<'p> {
    plan: &'p JoinPlan,
    /// The outer side.
    pub outer: Operator<'p>,
    inner: Operator<'p>,
    /// There is an outer row, and the inner side is open for it.
    active: bool,
    /// The outer row had a partner.
    matched: bool,
}

impl<'p> LoopJoin<'p> {
    /// A join, not open yet.
    #[must_use]
    pub fn new(plan: &'p JoinPlan) -> LoopJoin<'p> {
        let (outer, inner) = (Operator::new(&plan.outer), Operator::new(&plan.inner));
        LoopJoin { plan, outer, inner, active: false, matched: false }
    }

    /// Starts over.
    ///
    /// # Errors
    /// Those of opening the outer side.
    pub fn open(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        self.active = false;
        self.outer.open(ctx, row)
    }

    /// Ends it before its last pair.
    pub fn stop(&mut self, ctx: &mut Context) {
        self.outer.stop(ctx);
        self.inner.stop(ctx);
    }

    /// The next pair.
    ///
    /// # Errors
    /// Those of both sides and of the conditions.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        loop {
            if !self.active {
                if !self.outer.next(ctx, row)? {
                    return Ok(false);
                }
                self.inner.open(ctx, row)?;
                (self.active, self.matched) = (true, false);
            }
            while self.inner.next(ctx, row)? {
                if all_true(&self.plan.on, row, ctx)? {
                    self.matched = true;
                    return Ok(true);
                }
            }
            self.active = false;
            if self.plan.left && !self.matched {
                clear(&self.plan.inner_slots, row);
                return Ok(true);
            }
        }
    }
}

/// Puts NULL into slots.
pub(super) fn clear(slots: &[usize], row: &mut [Value]) {
    for slot in slots {
        row[*slot] = Value::Null;
    }
}
