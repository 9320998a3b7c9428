//! Running a query: SELECT and UNION.
//!
//! Rows are pushed: [`run_query`] calls `emit` with each row of the result until it says false. Inside of a block the joined
//! tables are pulled from a tree of operators; each row then passes HAVING, the select list, DISTINCT, ORDER BY, OFFSET
//! and LIMIT ([`Stage`]). A block that neither sorts nor groups keeps no row.

use std::collections::HashSet;

use crate::error::Error;
use crate::execute::group_key::group_key;
use crate::execute::operator::{Operator, all_true};
use crate::execute::sort::Sorter;
use crate::execute::{Context, Run, Sink, aggregate, limit};
use crate::limits::SORT_BYTES_MAX;
use crate::plan::{Body, QueryPlan, SelectPlan, UnionPlan};
use crate::types::{Collation, DataType, Value, convert};

/// Takes a row; false ends the query.
pub type Emit<'e> = &'e mut dyn FnMut(&[Value], &mut Context) -> Run<bool>;

/// Runs a query. Returns the number of rows that there would be without LIMIT where SQL_CALC_FOUND_ROWS asks for it, else
/// the number given.
///
/// # Errors
/// Those of evaluation and reading; suspends for locks.
pub fn run_query(plan: &QueryPlan, ctx: &mut Context, emit: Emit) -> Run<u64> {
    match &plan.body {
        Body::Select(select) => run_select(select, ctx, emit),
        Body::Union(union) => run_union(union, ctx, emit),
    }
}

/// Runs a query whose rows go to a sink.
///
/// # Errors
/// As [`run_query`], and when the sink takes no more.
pub fn run(plan: &QueryPlan, ctx: &mut Context, sink: &mut dyn Sink) -> Run<u64> {
    sink.columns(&plan.columns)?;
    run_query(plan, ctx, &mut |row, _| {
        sink.row(row)?;
        Ok(true)
    })
}

fn run_select(plan: &SelectPlan, ctx: &mut Context, emit: Emit) -> Run<u64> {
    let mut row = vec![Value::Null; plan.width];
    let mut source = plan.source.as_ref().map(Operator::new);
    let limits = Limits::evaluate(plan.limit.as_ref(), plan.offset.as_ref(), ctx)?;
    let possible = all_true(&plan.constant_conditions, &row, ctx)?;
    if let (Some(source), true) = (&mut source, possible)
        && plan.aggregate.is_none()
    {
        source.open(ctx, &mut row)?;
    }
    let ordered = plan.source_ordered && source.as_ref().is_some_and(|source| !source.degraded());
    let mut stage = Stage::new(plan, limits, ordered, emit);
    if stage.is_done() {
        return Ok(0);
    }
    match (&plan.aggregate, &mut source) {
        (Some(aggregate), source) => {
            let source = source.as_mut().filter(|_| possible);
            aggregate::run(aggregate, source, &mut row, ctx, &mut |row, ctx| stage.offer(row, ctx))?;
        }
        (None, None) => {
            if possible {
                stage.offer(&row, ctx)?;
            }
        }
        (None, Some(source)) => {
            while possible && source.next(ctx, &mut row)? {
                if !stage.offer(&row, ctx)? {
                    break;
                }
            }
            source.stop(ctx);
        }
    }
    stage.finish(ctx)
}

/// LIMIT and OFFSET of a run.
#[derive(Clone, Copy)]
struct Limits {
    limit: Option<u64>,
    offset: u64,
}

impl Limits {
    fn evaluate(
        limit: Option<&crate::expression::Expression>,
        offset: Option<&crate::expression::Expression>,
        ctx: &mut Context,
    ) -> Run<Limits> {
        let offset = limit::evaluate(offset, ctx)?.unwrap_or(0);
        Ok(Limits { limit: limit::evaluate(limit, ctx)?, offset })
    }

    /// Rows after which nothing more is given.
    fn end(self) -> Option<u64> {
        self.limit.map(|limit| limit.saturating_add(self.offset))
    }
}

/// What happens to a row after the joins and the grouping.
struct Stage<'s> {
    plan: &'s SelectPlan,
    distinct: Option<Distinct>,
    sorter: Option<Sorter<'s>>,
    limits: Limits,
    /// Rows that passed HAVING and DISTINCT.
    found: u64,
    emit: Emit<'s>,
    out: Vec<Value>,
    /// The client wants no more.
    closed: bool,
}

impl<'s> Stage<'s> {
    fn new(plan: &'s SelectPlan, limits: Limits, ordered: bool, emit: Emit<'s>) -> Stage<'s> {
        let distinct = plan.distinct.then(Distinct::default);
        let sorter = (!plan.sort.is_empty() && !ordered).then(|| Sorter::new(&plan.sort, limits.end()));
        Stage {
            plan,
            distinct,
            sorter,
            limits,
            found: 0,
            emit,
            out: Vec::with_capacity(plan.project.len()),
            closed: false,
        }
    }

    /// Whether no row is wanted.
    fn is_done(&self) -> bool {
        !self.plan.calc_found_rows && self.limits.limit == Some(0)
    }

    /// Takes a row of the source; false when no more is wanted.
    fn offer(&mut self, row: &[Value], ctx: &mut Context) -> Run<bool> {
        if !all_true(&self.plan.having, row, ctx)? {
            return Ok(true);
        }
        self.out.clear();
        for expression in &self.plan.project {
            let value = expression.eval(row, ctx)?;
            self.out.push(value);
        }
        if let Some(distinct) = &mut self.distinct
            && !distinct.is_new(&self.out[..self.plan.visible], |position| {
                self.plan.project[position].data_type().collation
            })?
        {
            return Ok(true);
        }
        self.found += 1;
        if let Some(sorter) = &mut self.sorter {
            sorter.push(&self.out)?;
            return Ok(true);
        }
        let position = self.found - 1;
        if position < self.limits.offset {
            return Ok(true);
        }
        let end = self.limits.end();
        if end.is_none_or(|end| position < end) && !self.closed {
            self.closed = !(self.emit)(&self.out[..self.plan.visible], ctx)?;
        }
        Ok(self.plan.calc_found_rows || (!self.closed && end.is_none_or(|end| self.found < end)))
    }

    /// Gives out what was sorted.
    fn finish(self, ctx: &mut Context) -> Run<u64> {
        let given = match self.limits.limit {
            Some(limit) => self.found.saturating_sub(self.limits.offset).min(limit),
            None => self.found.saturating_sub(self.limits.offset),
        };
        if let Some(sorter) = self.sorter {
            let skip = usize::try_from(self.limits.offset).unwrap_or(usize::MAX);
            let take =
                self.limits.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
            for row in sorter.finish().into_iter().skip(skip).take(take) {
                if !(self.emit)(&row[..self.plan.visible], ctx)? {
                    break;
                }
            }
        }
        Ok(if self.plan.calc_found_rows { self.found } else { given })
    }
}

/// The rows that were seen.
#[derive(Default)]
struct Distinct {
    seen: HashSet<Box<[u8]>, rustc_hash::FxBuildHasher>,
    bytes: usize,
    key: Vec<u8>,
}

impl Distinct {
    /// Whether the row was not seen before; notes it.
    fn is_new(&mut self, row: &[Value], collation: impl Fn(usize) -> Collation) -> Run<bool> {
        self.key.clear();
        for (position, value) in row.iter().enumerate() {
            group_key(value, collation(position), &mut self.key);
        }
        if self.seen.contains(self.key.as_slice()) {
            return Ok(false);
        }
        self.bytes += self.key.len() + size_of::<usize>() * 4;
        if self.bytes > SORT_BYTES_MAX {
            return Err(Error::too_large("rows kept for DISTINCT").into());
        }
        self.seen.insert(self.key.as_slice().into());
        Ok(true)
    }
}

/// UNION: the rows of both operands in the common types, without duplicates unless ALL, then sorted and cut.
fn run_union(plan: &UnionPlan, ctx: &mut Context, emit: Emit) -> Run<u64> {
    let limits = Limits::evaluate(plan.limit.as_ref(), plan.offset.as_ref(), ctx)?;
    let mut distinct = (!plan.all).then(Distinct::default);
    let mut sorter = (!plan.sort.is_empty()).then(|| Sorter::new(&plan.sort, limits.end()));
    let mut found = 0_u64;
    let visible = plan.types.len();
    for side in [&plan.left, &plan.right] {
        let end = if sorter.is_some() { None } else { limits.end() };
        if end.is_some_and(|end| found >= end) {
            break;
        }
        let from: Vec<DataType> = side.columns.iter().map(|column| column.data_type).collect();
        run_query(side, ctx, &mut |row, ctx| {
            let mut converted = Vec::with_capacity(plan.project.len());
            for ((value, from), to) in row.iter().zip(&from).zip(&plan.types) {
                let value = value.clone();
                let same = from == to || value == Value::Null;
                converted.push(if same {
                    value
                } else {
                    convert::cast(value, from, to, ctx.session, ctx.now_us)
                });
            }
            if let Some(distinct) = &mut distinct
                && !distinct.is_new(&converted, |position| plan.types[position].collation)?
            {
                return Ok(true);
            }
            found += 1;
            if let Some(sorter) = &mut sorter {
                for key in &plan.project[visible..] {
                    let value = key.eval(&converted, ctx)?;
                    converted.push(value);
                }
                sorter.push(&converted)?;
                return Ok(true);
            }
            if found <= limits.offset {
                return Ok(true);
            }
            let more = emit(&converted, ctx)?;
            Ok(more && end.is_none_or(|end| found < end))
        })?;
    }
    let given = found.saturating_sub(limits.offset).min(limits.limit.unwrap_or(u64::MAX));
    if let Some(sorter) = sorter {
        let skip = usize::try_from(limits.offset).unwrap_or(usize::MAX);
        let take = limits.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        for row in sorter.finish().into_iter().skip(skip).take(take) {
            if !emit(&row[..visible], ctx)? {
                break;
            }
        }
    }
    Ok(given)
}
