//! Running set operations, VALUES, and recursive common table expressions.
//!
//! UNION gives the rows of both operands as they come, and remembers them only to leave duplicates out. INTERSECT and EXCEPT count the rows
//! of the second operand first, and then let the rows of the first one pass or not. All values are compared in the types of the whole.
//! What is kept of a second operand is bounded by [`SORT_BYTES_MAX`], and so are the rows that UNION DISTINCT knows in a recursion: neither goes to
//! a file. Other rows that recurse do.

use std::collections::HashMap;

use crate::ast::SetOperator;
use crate::error::Error;
use crate::execute::distinct::Distinct;
use crate::execute::group_key::group_key;
use crate::execute::memory::Bounded;
use crate::execute::query::{Emit, Limits, run_query};
use crate::execute::rows::Collected;
use crate::execute::sort::Sorter;
use crate::execute::{Context, Run};
use crate::limits::SORT_BYTES_MAX;
use crate::plan::{QueryPlan, RecursivePlan, SetPlan, ValuesPlan};
use crate::session::SessionState;
use crate::types::{DataType, Value, convert};
use crate::variables::SqlMode;

/// A set operation: its rows, then sorted and cut. Returns the number of rows given, or that there would be without LIMIT where
/// SQL_CALC_FOUND_ROWS asks for it.
pub(super) fn run_set(plan: &SetPlan, ctx: &mut Context, emit: Emit) -> Run<u64> {
    let limits = Limits::evaluate(plan.limit.as_ref(), plan.offset.as_ref(), ctx)?;
    let mut sorter =
        (!plan.sort.is_empty()).then(|| Sorter::new(ctx.session, &plan.sort, limits.end(), false));
    let end = if sorter.is_some() || plan.calc_found_rows { None } else { limits.end() };
    let (mut found, mut closed) = (0_u64, false);
    let visible = plan.types.len();
    if end != Some(0) {
        each_row(plan, ctx, &mut |row, ctx| {
            found += 1;
            if let Some(sorter) = &mut sorter {
                for key in &plan.project[visible..] {
                    let value = key.eval(row, ctx)?;
                    row.push(value);
                }
                sorter.push(row, ctx)?;
                return Ok(true);
            }
            if found > limits.offset && limits.end().is_none_or(|end| found <= end) && !closed {
                closed = !emit(row, ctx)?;
            }
            Ok((plan.calc_found_rows || !closed) && end.is_none_or(|end| found < end))
        })?;
    }
    let given = found.saturating_sub(limits.offset).min(limits.limit.unwrap_or(u64::MAX));
    if let Some(sorter) = sorter {
        let (mut number, end) = (0_u64, limits.end().unwrap_or(u64::MAX));
        sorter.finish(ctx, &mut |row, ctx| {
            number += 1;
            if number <= limits.offset {
                return Ok(true);
            }
            Ok(number <= end && emit(&row[..visible], ctx)? && number < end)
        })?;
    }
    Ok(if plan.calc_found_rows { found } else { given })
}

/// Takes a row, which it may move values out of; false ends the operation.
type Take<'t> = &'t mut dyn FnMut(&mut Vec<Value>, &mut Context) -> Run<bool>;

/// The rows of the operation, before ORDER BY and LIMIT.
fn each_row(plan: &SetPlan, ctx: &mut Context, take: Take) -> Run<()> {
    let Some((operator, all, second)) = &plan.second else {
        return each_converted(&plan.first, &plan.types, ctx, take).map(drop);
    };
    let collation = |position: usize| plan.types[position].collation;
    let mut distinct = (!all).then(|| Distinct::new(ctx.session));
    let mut is_new = |row: &[Value], ctx: &Context| match &mut distinct {
        Some(distinct) => distinct.is_new(row, row.len(), collation, ctx),
        None => Ok(true),
    };
    let is_wanted = match operator {
        SetOperator::Union => {
            let mut pass = |row: &mut Vec<Value>, ctx: &mut Context| {
                if is_new(row, ctx)? { take(row, ctx) } else { Ok(true) }
            };
            let at_end = each_converted(&plan.first, &plan.types, ctx, &mut pass)?
                && each_converted(second, &plan.types, ctx, &mut pass)?;
            return finish(distinct.filter(|_| at_end), ctx, take);
        }
        SetOperator::Intersect => true,
        SetOperator::Except => false,
    };
    let mut counts = Counts::new(ctx.session);
    each_converted(second, &plan.types, ctx, &mut |row, _| {
        counts.add(row, &plan.types)?;
        Ok(true)
    })?;
    if is_wanted && counts.rows.is_empty() {
        return Ok(());
    }
    let at_end = each_converted(&plan.first, &plan.types, ctx, &mut |row, ctx| {
        let is_there = counts.take(row, &plan.types, *all);
        if is_there == is_wanted && is_new(row, ctx)? { take(row, ctx) } else { Ok(true) }
    })?;
    finish(distinct.filter(|_| at_end), ctx, take)
}

/// The rows of which it was not known whether they are new.
fn finish(distinct: Option<Distinct>, ctx: &mut Context, take: Take) -> Run<()> {
    distinct.map_or(Ok(()), |distinct| distinct.finish(ctx, take))
}

/// The rows of an operand in the types of the operation; whether it came to its end.
fn each_converted(operand: &QueryPlan, types: &[DataType], ctx: &mut Context, take: Take) -> Run<bool> {
    let from: Vec<DataType> = operand.columns.iter().map(|column| column.data_type).collect();
    let mut at_end = true;
    let mut converted = Vec::with_capacity(types.len());
    run_query(operand, ctx, &mut |row, ctx| {
        converted.clear();
        for ((value, from), to) in row.iter().zip(&from).zip(types) {
            converted.push(in_type(value.clone(), from, to, ctx));
        }
        at_end = take(&mut converted, ctx)?;
        Ok(at_end)
    })?;
    Ok(at_end)
}

fn in_type(value: Value, from: &DataType, to: &DataType, ctx: &mut Context) -> Value {
    if from == to || value == Value::Null {
        return value;
    }
    convert::cast(value, from, to, ctx.session, ctx.now_us)
}

/// How often each row of the second operand is there.
struct Counts {
    rows: HashMap<Box<[u8]>, u64, rustc_hash::FxBuildHasher>,
    memory: Bounded,
    key: Vec<u8>,
}

impl Counts {
    fn new(session: &SessionState) -> Counts {
        let memory = Bounded::new(session, SORT_BYTES_MAX, "rows kept for INTERSECT or EXCEPT");
        Counts { rows: HashMap::default(), memory, key: Vec::new() }
    }

    fn key(&mut self, row: &[Value], types: &[DataType]) {
        self.key.clear();
        for (value, data_type) in row.iter().zip(types) {
            group_key(value, data_type.collation, &mut self.key);
        }
    }

    fn add(&mut self, row: &[Value], types: &[DataType]) -> Run<()> {
        self.key(row, types);
        if let Some(count) = self.rows.get_mut(self.key.as_slice()) {
            *count += 1;
            return Ok(());
        }
        self.memory.add(self.key.len() + size_of::<usize>() * 4)?;
        self.rows.insert(self.key.as_slice().into(), 1);
        Ok(())
    }

    /// Whether the row is there; with ALL each row counts once.
    fn take(&mut self, row: &[Value], types: &[DataType], all: bool) -> bool {
        self.key(row, types);
        match self.rows.get_mut(self.key.as_slice()) {
            None | Some(0) => false,
            Some(count) => {
                *count -= u64::from(all);
                true
            }
        }
    }
}

/// VALUES.
pub(super) fn run_values(plan: &ValuesPlan, ctx: &mut Context, emit: Emit) -> Run<u64> {
    let mut given = 0;
    let mut values = Vec::with_capacity(plan.types.len());
    for row in &plan.rows {
        values.clear();
        for (expression, to) in row.iter().zip(&plan.types) {
            let value = expression.eval(&[], ctx)?;
            values.push(in_type(value, &expression.data_type(), to, ctx));
        }
        given += 1;
        if !emit(&values, ctx)? {
            break;
        }
    }
    Ok(given)
}

/// A recursive common table expression: the anchors' rows, then those that the members make of the rows of the step before, until there
/// are none.
pub(super) fn run_recursive(plan: &RecursivePlan, ctx: &mut Context, emit: Emit) -> Run<u64> {
    let limits = Limits::evaluate(plan.limit.as_ref(), plan.offset.as_ref(), ctx)?;
    let mut recursion = Recursion {
        plan,
        end: limits.end(),
        distinct: plan.distinct.then(|| Distinct::in_memory(ctx.session)),
        rows: Collected::new(ctx.session, RECURSIVE_ROWS),
        step: Collected::new(ctx.session, RECURSIVE_ROWS),
    };
    let strict = std::mem::replace(&mut ctx.strict, ctx.session.variables.sql_mode.has(SqlMode::STRICT));
    let result = recursion.run(ctx);
    ctx.strict = strict;
    ctx.subqueries.end_recursion(plan.number);
    result?;
    let (mut number, mut given) = (0_u64, 0);
    let end = limits.end().unwrap_or(u64::MAX);
    let (rows, _memory) = recursion.rows.finish()?;
    rows.each(ctx, &mut |row, ctx| {
        number += 1;
        if number > end {
            return Ok(false);
        }
        if number <= limits.offset {
            return Ok(true);
        }
        given += 1;
        emit(row, ctx)
    })?;
    Ok(given)
}

/// What a recursion keeps, for messages.
const RECURSIVE_ROWS: &str = "rows of a recursive common table expression";

struct Recursion<'p> {
    plan: &'p RecursivePlan,
    /// Rows after which it ends.
    end: Option<u64>,
    distinct: Option<Distinct>,
    /// All rows so far.
    rows: Collected,
    /// Those of the step.
    step: Collected,
}

impl Recursion<'_> {
    fn run(&mut self, ctx: &mut Context) -> Run<()> {
        let plan = self.plan;
        self.take_step(&plan.anchors, ctx)?;
        let mut steps = 0_u64;
        while self.step.count() > 0 && !self.is_full() {
            steps += 1;
            let steps_max = ctx.session.variables.cte_max_recursion_depth;
            if steps > steps_max {
                let message = format!(
                    "Recursive query aborted after {steps} iterations. Try increasing @@cte_max_recursion_depth to a larger value."
                );
                return Err(Error { code: 3636, state: *b"HY000", message }.into());
            }
            ctx.check()?;
            let next = Collected::new(ctx.session, RECURSIVE_ROWS);
            let (rows, _memory) = std::mem::replace(&mut self.step, next).finish()?;
            ctx.subqueries.begin_step(plan.number, rows);
            self.take_step(&plan.members, ctx)?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.end.is_some_and(|end| self.rows.count() >= end)
    }

    /// Adds the rows of some blocks, in the types of the anchors.
    fn take_step(&mut self, blocks: &[QueryPlan], ctx: &mut Context) -> Run<()> {
        let types: Vec<DataType> = self.plan.columns.iter().map(|column| column.data_type).collect();
        let collation = |position: usize| types[position].collation;
        for block in blocks {
            let from: Vec<DataType> = block.columns.iter().map(|column| column.data_type).collect();
            run_query(block, ctx, &mut |row, ctx| {
                let mut stored = Vec::with_capacity(types.len());
                for (position, value) in row.iter().enumerate() {
                    stored.push(self.store(position, value.clone(), &from[position], ctx)?);
                }
                if let Some(distinct) = &mut self.distinct
                    && !distinct.is_new(&stored, stored.len(), collation, ctx)?
                {
                    return Ok(true);
                }
                self.rows.push(&stored, ctx)?;
                self.step.push(&stored, ctx)?;
                Ok(!self.is_full())
            })?;
            if self.is_full() {
                break;
            }
        }
        Ok(())
    }

    /// A value as its column takes it: what does not fit is an error in strict mode, as in a table.
    fn store(&self, position: usize, value: Value, from: &DataType, ctx: &mut Context) -> Run<Value> {
        let column = &self.plan.columns[position];
        let to = &column.data_type;
        if value == Value::Null || from == to {
            return Ok(value);
        }
        let mark = ctx.session.warnings_mark();
        let stored = convert::store(value, to, &column.name, 1, ctx)?;
        // Outside of strict mode MySQL cuts it without a word.
        ctx.session.forget_warnings(mark);
        Ok(stored)
    }
}
