//! Running a query.
//!
//! Rows are pushed: [`run_query`] calls `emit` with each row of the result until it says false. Inside of a block the joined
//! tables are pulled from a tree of operators; each row then passes HAVING, window functions, the select list, DISTINCT, ORDER BY, OFFSET
//! and LIMIT ([`Stage`]). A block that neither sorts nor groups keeps no row.

use std::time::Instant;

use crate::codec::Cell;
use crate::error::Error;
use crate::execute::distinct::Distinct;
use crate::execute::measure::{self, Measure};
use crate::execute::operator::{Operator, all_true};
use crate::execute::scan::ScanOperator;
use crate::execute::sort::Sorter;
use crate::execute::window::WindowBuffer;
use crate::execute::{Context, Run, Sink, aggregate, limit, set};
use crate::limits::MOVED_COLUMNS_MAX;
use crate::plan::slots::plain_slot;
use crate::plan::window::WindowPlan;
use crate::plan::{Body, Node, QueryPlan, ScanPlan, SelectPlan};
use crate::session::SessionState;
use crate::types::Value;

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
        Body::Set(set) => set::run_set(set, ctx, emit),
        Body::Values(values) => set::run_values(values, ctx, emit),
        Body::Recursive(recursive) => set::run_recursive(recursive, ctx, emit),
    }
}

/// Runs a query whose rows go to a sink.
///
/// # Errors
/// As [`run_query`], and when the sink takes no more.
pub fn run(plan: &QueryPlan, ctx: &mut Context, sink: &mut dyn Sink) -> Run<u64> {
    sink.columns(&plan.columns)?;
    if let Body::Select(select) = &plan.body
        && let (Some(places), Some(Node::Scan(scan))) = (&select.direct, &select.source)
    {
        return run_direct(select, scan, places, ctx, sink);
    }
    run_query(plan, ctx, &mut |row, _| {
        sink.row(row)?;
        Ok(true)
    })
}

/// A block that is nothing but rows of one table: see [`SelectPlan::direct`].
fn run_direct(
    plan: &SelectPlan,
    scan: &ScanPlan,
    places: &[Option<usize>],
    ctx: &mut Context,
    sink: &mut dyn Sink,
) -> Run<u64> {
    let limits = Limits::evaluate(plan.limit.as_ref(), plan.offset.as_ref(), ctx)?;
    let mut row = vec![Value::Null; plan.width];
    let mut operator = ScanOperator::new(scan);
    operator.open(ctx, &row)?;
    if !operator.gives_stored_rows() {
        let source = (Some(Operator::Scan(Box::new(operator))), true);
        return run_opened(plan, limits, source, &mut row, ctx, &mut |row, _| {
            sink.row(row)?;
            Ok(true)
        });
    }
    let mut cells = vec![Cell::Value(Value::Null); plan.visible];
    let (mut found, end) = (0, limits.end().unwrap_or(u64::MAX));
    while found < end {
        if !operator.next_stored(ctx)? {
            break;
        }
        found += 1;
        if found <= limits.offset {
            continue;
        }
        let (key, stored) = operator.stored();
        operator.read_stored(key, stored, |column, cell| {
            if let Some(place) = places[column] {
                cells[place] = cell;
            }
        })?;
        sink.stored_row(&cells, stored)?;
    }
    Ok(found.saturating_sub(limits.offset))
}

fn run_select(plan: &SelectPlan, ctx: &mut Context, emit: Emit) -> Run<u64> {
    if !measure::is_active() {
        return run_block(plan, ctx, emit);
    }
    let start = Instant::now();
    let mut figures = Measure { loops: 1, ..Measure::default() };
    let result = run_block(plan, ctx, &mut |row, ctx| {
        figures.rows += 1;
        if figures.rows == 1 {
            figures.first = start.elapsed();
        }
        emit(row, ctx)
    });
    figures.total = start.elapsed();
    if figures.rows == 0 {
        figures.first = figures.total;
    }
    measure::add(measure::block_address(plan), figures);
    result
}

fn run_block(plan: &SelectPlan, ctx: &mut Context, emit: Emit) -> Run<u64> {
    let mut row = vec![Value::Null; plan.width];
    let mut source = plan.source.as_ref().map(Operator::new);
    let limits = Limits::evaluate(plan.limit.as_ref(), plan.offset.as_ref(), ctx)?;
    for check in &plan.checks {
        check.eval(&row, ctx)?;
    }
    let possible = all_true(&plan.constant_conditions, &row, ctx)?;
    if let (Some(source), true) = (&mut source, possible)
        && plan.aggregate.is_none()
    {
        source.open(ctx, &mut row)?;
    }
    run_opened(plan, limits, (source, possible), &mut row, ctx, emit)
}

/// Runs a block whose source is open.
fn run_opened(
    plan: &SelectPlan,
    limits: Limits,
    (mut source, possible): (Option<Operator>, bool),
    row: &mut [Value],
    ctx: &mut Context,
    emit: Emit,
) -> Run<u64> {
    if let (Some(source), true, None) = (&mut source, possible && plan.source_ordered, &plan.aggregate) {
        source.settle(ctx, row)?;
    }
    let ordered = plan.source_ordered && source.as_ref().is_some_and(|source| !source.degraded());
    let mut stage = Stage::new(plan, ctx.session, limits, ordered, emit);
    if stage.is_done() {
        return Ok(0);
    }
    if let Some(window) = &plan.window {
        return run_windows(plan, window, stage, (source, possible), row, ctx);
    }
    match (&plan.aggregate, &mut source) {
        (Some(aggregate), source) => {
            let is_bare = possible && plan.source.is_none();
            let source = source.as_mut().filter(|_| possible);
            aggregate::run(aggregate, source, is_bare, row, ctx, &mut |row, ctx| stage.offer(row, ctx))?;
        }
        (None, None) => {
            if possible {
                stage.offer(row, ctx)?;
            }
        }
        (None, Some(source)) => {
            while possible && source.next(ctx, row)? {
                if !stage.offer_own(row, ctx)? {
                    break;
                }
            }
            source.stop(ctx);
        }
    }
    stage.finish(ctx)
}

/// A block with window functions: its rows pass HAVING, then they are kept until the functions are computed.
fn run_windows(
    plan: &SelectPlan,
    window: &WindowPlan,
    mut stage: Stage,
    (mut source, possible): (Option<Operator>, bool),
    row: &mut [Value],
    ctx: &mut Context,
) -> Run<u64> {
    let mut buffer = WindowBuffer::new(window, ctx.session);
    let mut keep = |row: &[Value], ctx: &mut Context| {
        if all_true(&plan.having, row, ctx)? {
            buffer.push(row, ctx)?;
        }
        Ok(true)
    };
    match (&plan.aggregate, &mut source) {
        (Some(aggregate), source) => {
            let is_bare = possible && plan.source.is_none();
            aggregate::run(aggregate, source.as_mut().filter(|_| possible), is_bare, row, ctx, &mut keep)?;
        }
        (None, None) => {
            if possible {
                keep(row, ctx)?;
            }
        }
        (None, Some(source)) => {
            while possible && source.next(ctx, row)? {
                keep(row, ctx)?;
            }
        }
    }
    buffer.finish(row, ctx, &mut |row, ctx| stage.project(row, ctx))?;
    stage.finish(ctx)
}

/// LIMIT and OFFSET of a run.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) limit: Option<u64>,
    pub(super) offset: u64,
}

impl Limits {
    pub(super) fn evaluate(
        limit: Option<&crate::expression::Expression>,
        offset: Option<&crate::expression::Expression>,
        ctx: &mut Context,
    ) -> Run<Limits> {
        let offset = limit::evaluate(offset, ctx)?.unwrap_or(0);
        Ok(Limits { limit: limit::evaluate(limit, ctx)?, offset })
    }

    /// Rows after which nothing more is given.
    pub(super) fn end(self) -> Option<u64> {
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
    /// The result's values are moved out of the row: each is a column of the only table, which fills it anew for each row.
    moves: bool,
}

/// Whether the rows are columns of tables, and sorted by each of them.
fn sorts_by_all(plan: &SelectPlan) -> bool {
    let is_key = |position| plan.sort.iter().any(|key| key.position == position);
    plan.project.len() == plan.visible
        && plan.aggregate.is_none()
        && plan.project.iter().all(|column| plain_slot(column).is_some())
        && (0..plan.visible).all(is_key)
}

/// Whether the result's values can be moved out of the row: see [`Stage::moves`].
fn moves_slots(plan: &SelectPlan) -> bool {
    let slots: Option<Vec<usize>> = plan.project.iter().map(plain_slot).collect();
    let is_once = |slots: &[usize]| slots.iter().enumerate().all(|(at, slot)| !slots[..at].contains(slot));
    matches!(plan.source, Some(Node::Scan(_)))
        && plan.aggregate.is_none()
        && plan.window.is_none()
        && plan.having.is_empty()
        && plan.project.len() <= MOVED_COLUMNS_MAX
        && slots.is_some_and(|slots| is_once(&slots))
}

impl<'s> Stage<'s> {
    fn new(
        plan: &'s SelectPlan,
        session: &SessionState,
        limits: Limits,
        ordered: bool,
        emit: Emit<'s>,
    ) -> Stage<'s> {
        let sorts = !plan.sort.is_empty() && !ordered;
        // Rows that are equal are neighbours once they are sorted by all they have.
        let sorts_out = plan.distinct && sorts && !plan.calc_found_rows && sorts_by_all(plan);
        let distinct = (plan.distinct && !sorts_out).then(|| Distinct::new(session));
        let sorter = sorts.then(|| Sorter::new(session, &plan.sort, limits.end(), sorts_out));
        Stage {
            plan,
            distinct,
            sorter,
            limits,
            found: 0,
            emit,
            out: Vec::with_capacity(plan.project.len()),
            closed: false,
            moves: moves_slots(plan),
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
        self.project(row, ctx)
    }

    /// Takes a row that has passed HAVING.
    fn project(&mut self, row: &[Value], ctx: &mut Context) -> Run<bool> {
        self.out.clear();
        for expression in &self.plan.project {
            let value = expression.eval(row, ctx)?;
            self.out.push(value);
        }
        self.take(ctx)
    }

    /// Takes a row of the only table, whose values it may move.
    fn offer_own(&mut self, row: &mut [Value], ctx: &mut Context) -> Run<bool> {
        if !self.moves {
            return self.offer(row, ctx);
        }
        self.out.clear();
        for slot in self.plan.project.iter().filter_map(plain_slot) {
            let value = row.get_mut(slot).map(|value| std::mem::replace(value, Value::Null));
            self.out.push(value.ok_or_else(|| Error::internal("a column has no slot in the row"))?);
        }
        self.take(ctx)
    }

    /// Takes the row that `out` has now.
    fn take(&mut self, ctx: &mut Context) -> Run<bool> {
        if let Some(distinct) = &mut self.distinct {
            let project = &self.plan.project;
            let collation = |position: usize| project[position].data_type().collation;
            if !distinct.is_new(&self.out, self.plan.visible, collation, ctx)? {
                return Ok(true);
            }
        }
        self.take_new(ctx)
    }

    /// Takes the row that `out` has now, which is like none before where that matters.
    fn take_new(&mut self, ctx: &mut Context) -> Run<bool> {
        self.found += 1;
        if let Some(sorter) = &mut self.sorter {
            sorter.push(&mut self.out, ctx)?;
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
    fn finish(mut self, ctx: &mut Context) -> Run<u64> {
        let sorts_out = self.plan.distinct && self.distinct.is_none();
        if let Some(distinct) = self.distinct.take() {
            let is_wanted = |stage: &Stage| {
                stage.plan.calc_found_rows
                    || stage.sorter.is_some()
                    || (!stage.closed && stage.limits.end().is_none_or(|end| stage.found < end))
            };
            if is_wanted(&self) {
                distinct.finish(ctx, &mut |row, ctx| {
                    std::mem::swap(&mut self.out, row);
                    self.take_new(ctx)
                })?;
            }
        }
        if let Some(sorter) = self.sorter.take() {
            let (plan, emit) = (self.plan, &mut self.emit);
            let (offset, end) = (self.limits.offset, self.limits.end().unwrap_or(u64::MAX));
            let mut number = 0_u64;
            sorter.finish(ctx, &mut |row, ctx| {
                number += 1;
                if number <= offset {
                    return Ok(true);
                }
                Ok(number <= end && emit(&row[..plan.visible], ctx)? && number < end)
            })?;
            if sorts_out {
                self.found = number;
            }
        }
        let given = match self.limits.limit {
            Some(limit) => self.found.saturating_sub(self.limits.offset).min(limit),
            None => self.found.saturating_sub(self.limits.offset),
        };
        Ok(if self.plan.calc_found_rows { self.found } else { given })
    }
}
