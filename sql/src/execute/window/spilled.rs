//! Window functions over rows that are in a temporary file.
//!
//! For each order of the plan the rows are sorted (in files, too), and come partition by partition. Of a partition only what its functions
//! look at has to be in memory, and what they give; its rows wait in a file if they are many. Then they go on, with the results, to the
//! next order.

use super::function::{self, Numbers};
use super::{Partition, Rows};
use crate::execute::group_key::value_bytes;
use crate::execute::memory::Bounded;
use crate::execute::sort::Sorter;
use crate::execute::spill::{Scratch, Spilled, Stream};
use crate::execute::{Context, Run};
use crate::limits::SORT_BYTES_MAX;
use crate::plan::SortKey;
use crate::plan::window::{WindowPlan, WindowStep};
use crate::types::Value;

/// The rows with the results of one step, in its order.
///
/// # Errors
/// Those of the functions and of the file; 1038 when what the functions look at in one partition takes too much memory.
pub(super) fn run_step(
    plan: &WindowPlan,
    step: &WindowStep,
    rows: &Spilled,
    ctx: &mut Context,
) -> Run<Spilled> {
    let numbers =
        step.functions.iter().map(|function| Numbers::evaluate(function, ctx)).collect::<Run<Vec<_>>>()?;
    let mut computed = Computed::new(plan, step, &numbers, ctx)?;
    let (mut reader, mut row) = (rows.reader(), Vec::new());
    let first_input = plan.keep.len();
    let place = |key: &SortKey| SortKey { position: first_input + key.position, ..*key };
    let keys: Vec<SortKey> = step.partition.iter().chain(&step.order).map(place).collect();
    if keys.is_empty() {
        while reader.next(&mut row, ctx)? {
            computed.take(&row, ctx)?;
        }
    } else {
        let mut sorter = Sorter::new(ctx.session, &keys, None, false);
        while reader.next(&mut row, ctx)? {
            sorter.push(&mut row, ctx)?;
        }
        sorter.finish(ctx, &mut |row, ctx| {
            computed.take(row, ctx)?;
            Ok(true)
        })?;
    }
    computed.finish(ctx)
}

/// The rows of a partition, of which some may wait in a file.
#[derive(Default)]
struct Waiting {
    values: Vec<Value>,
    file: Option<Stream>,
}

/// A step on its way through the sorted rows.
struct Computed<'s> {
    plan: &'s WindowPlan,
    step: &'s WindowStep,
    numbers: &'s [Numbers],
    /// What the windows look at, of the rows of the partition.
    inputs: Vec<Value>,
    count: usize,
    waiting: Waiting,
    memory: Bounded,
    bytes_max: usize,
    scratch: Scratch,
    out: Stream,
}

impl<'s> Computed<'s> {
    fn new(
        plan: &'s WindowPlan,
        step: &'s WindowStep,
        numbers: &'s [Numbers],
        ctx: &Context,
    ) -> Run<Computed<'s>> {
        let bytes_max = ctx.session.variables.operation_memory_bytes;
        let most = bytes_max.saturating_add(bytes_max.max(SORT_BYTES_MAX));
        let scratch = Scratch::new(ctx)?;
        Ok(Computed {
            plan,
            step,
            numbers,
            inputs: Vec::new(),
            count: 0,
            waiting: Waiting::default(),
            memory: Bounded::new(ctx.session, most, "rows of one partition of a window function"),
            bytes_max,
            out: scratch.stream(),
            scratch,
        })
    }

    /// Takes the next row in the order of the step.
    fn take(&mut self, row: &[Value], ctx: &mut Context) -> Run<()> {
        let inputs = self.plan.keep.len()..self.plan.keep.len() + self.plan.inputs.len();
        let inputs = row.get(inputs).unwrap_or_default();
        let is_other = |key: &SortKey| match (self.inputs.get(key.position), inputs.get(key.position)) {
            (Some(first), Some(this)) => first.compare(this, key.collation).is_ne(),
            _ => false,
        };
        if self.count > 0 && self.step.partition.iter().any(is_other) {
            self.end_partition(ctx)?;
        }
        self.count += 1;
        self.inputs.extend_from_slice(inputs);
        self.memory.add(inputs.iter().map(value_bytes).sum())?;
        if let Some(file) = &mut self.waiting.file {
            return file.push(row, ctx);
        }
        self.waiting.values.extend_from_slice(row);
        self.memory.add(row.iter().map(value_bytes).sum())?;
        if self.memory.bytes() > self.bytes_max {
            let mut file = self.scratch.stream();
            for row in self.waiting.values.chunks(row.len().max(1)) {
                file.push(row, ctx)?;
            }
            self.waiting = Waiting { values: Vec::new(), file: Some(file) };
            self.memory.set(self.inputs.iter().map(value_bytes).sum())?;
        }
        Ok(())
    }

    /// Computes the functions for the rows of the partition, which go on.
    fn end_partition(&mut self, ctx: &mut Context) -> Run<()> {
        ctx.check()?;
        self.memory.add(self.count * self.step.functions.len() * size_of::<Value>())?;
        let rows = Rows { values: &self.inputs, width: self.plan.inputs.len(), first_input: 0 };
        let order: Vec<usize> = (0..self.count).collect();
        let partition = Partition { rows: &rows, order: &order, step: self.step };
        let first_result = self.plan.keep.len() + self.plan.inputs.len();
        let mut results = Vec::with_capacity(self.step.functions.len());
        for (function, numbers) in self.step.functions.iter().zip(self.numbers) {
            let mut values = vec![Value::Null; self.count];
            function::run(&partition, function, numbers, &mut values, ctx)?;
            self.memory.add(values.iter().map(|value| value_bytes(value) - size_of::<Value>()).sum())?;
            results.push((first_result + function.result, values));
        }
        let Waiting { mut values, file } = std::mem::take(&mut self.waiting);
        let width = first_result + self.plan.count;
        let mut place = |row: &mut [Value], number: usize| {
            for (slot, values) in &mut results {
                if let (Some(slot), Some(value)) = (row.get_mut(*slot), values.get_mut(number)) {
                    *slot = std::mem::replace(value, Value::Null);
                }
            }
        };
        match file {
            Some(file) => {
                let (mut reader, mut row, mut number) = (file.finish()?.reader(), Vec::new(), 0);
                while reader.next(&mut row, ctx)? {
                    place(&mut row, number);
                    self.out.push(&row, ctx)?;
                    number += 1;
                }
            }
            None => {
                for (number, row) in values.chunks_mut(width.max(1)).enumerate() {
                    place(row, number);
                    self.out.push(row, ctx)?;
                }
            }
        }
        self.inputs.clear();
        self.count = 0;
        Ok(self.memory.set(0)?)
    }

    fn finish(mut self, ctx: &mut Context) -> Run<Spilled> {
        if self.count > 0 {
            self.end_partition(ctx)?;
        }
        Ok(self.out.finish()?)
    }
}
