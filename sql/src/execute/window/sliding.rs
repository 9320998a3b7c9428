//! Aggregates over frames that move forward.
//!
//! Exact sums and counts take the rows that come, and give back those that go. The least and the greatest value are the first of a queue
//! of those that can still be it. Everything else, sums of doubles above all, is taken anew when rows go, as MySQL does
//! (`windowing_use_high_precision`): giving back a large double leaves the rounding errors that it has made.

use std::collections::VecDeque;
use std::ops::Range;

use crate::ast::AggregateFunction;
use crate::execute::window::{Partition, check_at};
use crate::execute::{Context, Run};
use crate::expression::aggregate::Accumulator;
use crate::plan::window::WindowFunctionPlan;
use crate::types::Value;

/// A function over frames of which none begins or ends before the last one does.
pub(super) trait FrameFunction {
    /// Its value over a frame.
    ///
    /// # Errors
    /// Those of aggregating.
    fn result(&mut self, frame: Range<usize>, ctx: &mut Context) -> Run<Value>;
}

/// An aggregate.
pub(super) struct Aggregate<'a> {
    partition: &'a Partition<'a>,
    function: &'a WindowFunctionPlan,
    /// Of no rows.
    empty: Accumulator,
    accumulator: Accumulator,
    /// The rows in it.
    taken: Range<usize>,
    values: Vec<Value>,
}

impl<'a> Aggregate<'a> {
    /// No rows yet.
    pub(super) fn new(
        partition: &'a Partition<'a>,
        function: &'a WindowFunctionPlan,
        aggregate: AggregateFunction,
    ) -> Aggregate<'a> {
        let empty = Accumulator::new(aggregate, &function.argument_types, false, &[], None);
        let accumulator = empty.clone();
        Aggregate { partition, function, empty, accumulator, taken: 0..0, values: Vec::new() }
    }

    fn load(&mut self, position: usize) {
        self.values.clear();
        let inputs = self.function.arguments.iter();
        self.values.extend(inputs.map(|input| self.partition.input(position, *input).clone()));
    }
}

impl FrameFunction for Aggregate<'_> {
    fn result(&mut self, frame: Range<usize>, ctx: &mut Context) -> Run<Value> {
        let goes = frame.start > self.taken.start && !self.taken.is_empty();
        if goes && (frame.start >= self.taken.end || !self.accumulator.retracts()) {
            self.accumulator = self.empty.clone();
            self.taken = frame.start..frame.start;
        }
        if self.taken.is_empty() {
            self.taken = frame.start..frame.start;
        }
        while self.taken.start < frame.start {
            self.load(self.taken.start);
            self.accumulator.retract(&self.values, ctx);
            self.taken.start += 1;
        }
        while self.taken.end < frame.end {
            check_at(self.taken.end, ctx)?;
            self.load(self.taken.end);
            self.accumulator.update(&self.values, ctx)?;
            self.taken.end += 1;
        }
        self.accumulator.peek(ctx)
    }
}

/// MIN or MAX.
pub(super) struct Extreme<'a> {
    partition: &'a Partition<'a>,
    function: &'a WindowFunctionPlan,
    /// Rows that are better than all behind them, the best first.
    best: VecDeque<usize>,
    /// The first row that was not looked at.
    next: usize,
}

impl<'a> Extreme<'a> {
    /// No rows yet.
    pub(super) fn new(partition: &'a Partition<'a>, function: &'a WindowFunctionPlan) -> Extreme<'a> {
        Extreme { partition, function, best: VecDeque::new(), next: 0 }
    }

    fn value(&self, position: usize) -> &Value {
        self.partition.input(position, self.function.arguments[0])
    }

    /// Whether the value of one row is better than that of another.
    fn is_better(&self, one: usize, other: usize) -> bool {
        use crate::ast::WindowFunction;
        let collation = self.function.argument_types[0].collation;
        let order = self.value(one).compare(self.value(other), collation);
        match self.function.function {
            WindowFunction::Aggregate(AggregateFunction::Min) => order.is_lt(),
            _ => order.is_gt(),
        }
    }
}

impl FrameFunction for Extreme<'_> {
    fn result(&mut self, frame: Range<usize>, ctx: &mut Context) -> Run<Value> {
        self.next = self.next.max(frame.start);
        while self.best.front().is_some_and(|first| *first < frame.start) {
            self.best.pop_front();
        }
        while self.next < frame.end {
            check_at(self.next, ctx)?;
            let row = self.next;
            self.next += 1;
            if self.value(row).is_null() {
                continue;
            }
            while self.best.back().is_some_and(|last| self.is_better(row, *last)) {
                self.best.pop_back();
            }
            self.best.push_back(row);
        }
        Ok(self.best.front().map_or(Value::Null, |first| self.value(*first).clone()))
    }
}
