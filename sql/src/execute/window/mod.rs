//! Window functions.
//!
//! The rows of the block are kept, each with what the windows look at ([`WindowPlan::inputs`]). For each order of the plan they are sorted,
//! cut into partitions, and the functions of that order computed, one partition after the other: [`frame`] says which rows a row's
//! frame has, [`function`] what the functions make of them. Then the rows go on in the order of the last sort.
//!
//! Rows that take more than `quorate_operation_memory` wait in a temporary file, and are read from there ([`spilled`]).
//!
//! A partition's frames move forward only, whatever the bounds, so that a frame is two numbers that grow.

mod frame;
mod function;
mod sliding;
mod spilled;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use crate::execute::group_key::value_bytes;
use crate::execute::memory::Bounded;
use crate::execute::spill::{Scratch, Stream};
use crate::execute::{Context, Run};
use crate::limits::{ROWS_BETWEEN_CHECKS, SORT_BYTES_MAX};
use crate::plan::SortKey;
use crate::plan::window::{WindowPlan, WindowStep};
use crate::session::SessionState;
use crate::types::Value;

/// Rows that wait for their window functions.
pub struct WindowBuffer<'p> {
    plan: &'p WindowPlan,
    /// The rows, one behind the other: the slots that are kept, the inputs, the results.
    values: Vec<Value>,
    count: usize,
    memory: Bounded,
    /// What may be kept in memory.
    bytes_max: usize,
    /// Where the rows are when that is passed.
    file: Option<Stream>,
}

impl<'p> WindowBuffer<'p> {
    /// No rows yet.
    #[must_use]
    pub fn new(plan: &'p WindowPlan, session: &SessionState) -> WindowBuffer<'p> {
        let bytes_max = session.variables.operation_memory_bytes;
        // Results come to what was taken in.
        let most = bytes_max.saturating_add(bytes_max.max(SORT_BYTES_MAX));
        let memory = Bounded::new(session, most, "rows of window functions");
        WindowBuffer { plan, values: Vec::new(), count: 0, memory, bytes_max, file: None }
    }

    fn width(&self) -> usize {
        self.plan.keep.len() + self.plan.inputs.len() + self.plan.count
    }

    /// Takes a row.
    ///
    /// # Errors
    /// Those of the windows' expressions and of a temporary file.
    pub fn push(&mut self, row: &[Value], ctx: &mut Context) -> Run<()> {
        let start = self.values.len();
        self.values.extend(self.plan.keep.iter().map(|slot| row[*slot].clone()));
        for input in &self.plan.inputs {
            let value = input.eval(row, ctx)?;
            self.values.push(value);
        }
        self.values.extend(std::iter::repeat_n(Value::Null, self.plan.count));
        self.count += 1;
        if let Some(file) = &mut self.file {
            file.push(&self.values, ctx)?;
            self.values.clear();
            return Ok(());
        }
        let bytes = self.values[start..].iter().map(value_bytes).sum::<usize>() + size_of::<usize>();
        self.memory.add(bytes)?;
        if self.memory.bytes() > self.bytes_max { self.spill(ctx) } else { Ok(()) }
    }

    /// Writes the rows in memory to a file.
    fn spill(&mut self, ctx: &Context) -> Run<()> {
        let mut file = Scratch::new(ctx)?.stream();
        // A row may have nothing that is looked at, but it has a result.
        for row in self.values.chunks(self.width().max(1)) {
            file.push(row, ctx)?;
        }
        self.values = Vec::new();
        self.file = Some(file);
        Ok(self.memory.set(0)?)
    }

    /// As [`WindowBuffer::finish`], with the rows in a file.
    fn finish_spilled(
        &self,
        file: Stream,
        row: &mut [Value],
        ctx: &mut Context,
        offer: &mut dyn FnMut(&[Value], &mut Context) -> Run<bool>,
    ) -> Run<()> {
        let mut rows = file.finish()?;
        for step in &self.plan.steps {
            rows = spilled::run_step(self.plan, step, &rows, ctx)?;
        }
        let (mut reader, mut values) = (rows.reader(), Vec::new());
        while reader.next(&mut values, ctx)? {
            self.place(&values, row);
            if !offer(row, ctx)? {
                break;
            }
        }
        Ok(())
    }

    /// Puts a row back.
    fn place(&self, values: &[Value], row: &mut [Value]) {
        for (slot, value) in self.plan.keep.iter().zip(values) {
            row[*slot].clone_from(value);
        }
        let results = self.plan.keep.len() + self.plan.inputs.len();
        for (position, value) in values.iter().skip(results).enumerate() {
            row[self.plan.base + position].clone_from(value);
        }
    }

    /// Computes the functions, and offers each row, put back into `row`.
    ///
    /// # Errors
    /// Those of the functions and of `offer`.
    pub fn finish(
        mut self,
        row: &mut [Value],
        ctx: &mut Context,
        offer: &mut dyn FnMut(&[Value], &mut Context) -> Run<bool>,
    ) -> Run<()> {
        if let Some(file) = self.file.take() {
            return self.finish_spilled(file, row, ctx, offer);
        }
        let mut order: Vec<usize> = (0..self.count).collect();
        for step in &self.plan.steps {
            self.run_step(step, &mut order, ctx)?;
        }
        let width = self.width();
        for number in order {
            self.place(&self.values[number * width..(number + 1) * width], row);
            if !offer(row, ctx)? {
                break;
            }
        }
        Ok(())
    }

    fn run_step(&mut self, step: &WindowStep, order: &mut [usize], ctx: &mut Context) -> Run<()> {
        let numbers = step
            .functions
            .iter()
            .map(|function| function::Numbers::evaluate(function, ctx))
            .collect::<Run<Vec<_>>>()?;
        let (width, first_input) = (self.width(), self.plan.keep.len());
        let rows = Rows { values: &self.values, width, first_input };
        if !step.partition.is_empty() || !step.order.is_empty() {
            ctx.check()?;
            order.sort_by(|left, right| {
                rows.compare(&step.partition, *left, *right)
                    .then_with(|| rows.compare(&step.order, *left, *right))
            });
        }
        let mut results = vec![Value::Null; order.len()];
        for (function, numbers) in step.functions.iter().zip(&numbers) {
            let rows = Rows { values: &self.values, width, first_input };
            let mut start = 0;
            while start < order.len() {
                let same = |number: &usize| rows.compare(&step.partition, order[start], *number).is_eq();
                let length = order[start..].iter().take_while(|number| same(number)).count();
                let partition = Partition { rows: &rows, order: &order[start..start + length], step };
                function::run(&partition, function, numbers, &mut results[start..start + length], ctx)?;
                start += length;
            }
            let column = first_input + self.plan.inputs.len() + function.result;
            let mut bytes = 0;
            for (position, number) in order.iter().enumerate() {
                let result = std::mem::replace(&mut results[position], Value::Null);
                bytes += value_bytes(&result) - size_of::<Value>();
                self.values[number * width + column] = result;
            }
            self.memory.add(bytes)?;
        }
        Ok(())
    }
}

/// The rows of a buffer.
struct Rows<'r> {
    values: &'r [Value],
    width: usize,
    first_input: usize,
}

impl Rows<'_> {
    fn input(&self, number: usize, input: usize) -> &Value {
        &self.values[number * self.width + self.first_input + input]
    }

    fn compare(&self, keys: &[SortKey], left: usize, right: usize) -> Ordering {
        for key in keys {
            let order =
                self.input(left, key.position).compare(self.input(right, key.position), key.collation);
            if order.is_ne() {
                return if key.descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

/// The rows of one partition in their order.
struct Partition<'r> {
    rows: &'r Rows<'r>,
    order: &'r [usize],
    step: &'r WindowStep,
}

impl Partition<'_> {
    fn len(&self) -> usize {
        self.order.len()
    }

    /// An input of the row at a position.
    fn input(&self, position: usize, input: usize) -> &Value {
        self.rows.input(self.order[position], input)
    }

    /// Whether two rows are equal in ORDER BY; without it all are.
    fn are_peers(&self, left: usize, right: usize) -> bool {
        self.rows.compare(&self.step.order, self.order[left], self.order[right]).is_eq()
    }

    /// The end of the group of peers that begins at a position.
    fn peers_end(&self, start: usize) -> usize {
        let mut end = start + 1;
        while end < self.len() && self.are_peers(start, end) {
            end += 1;
        }
        end
    }
}

/// Looks now and then whether the statement was killed.
fn check_at(position: usize, ctx: &Context) -> Run<()> {
    if position.is_multiple_of(ROWS_BETWEEN_CHECKS as usize) { ctx.check() } else { Ok(()) }
}
