//! The tree of operators that fills the executing row.
//!
//! All operators of a query block share one flat row: each writes the slots of its tables and leaves the others alone, so
//! a join copies nothing. [`Operator::open`] starts an operator over, reading what it needs from the slots of the tables
//! before it; [`Operator::next`] fills its slots with the next row, or says that there is none.

use crate::execute::buffered::BufferedJoin;
use crate::execute::join::LoopJoin;
use crate::execute::measure::{self, MeasuredOperator};
use crate::execute::rows::RowsOperator;
use crate::execute::scan::ScanOperator;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::plan::node::FilterPlan;
use crate::plan::{JoinMethod, Node};
use crate::types::{Value, convert};

/// An operator.
pub enum Operator<'p> {
    /// A table.
    Scan(Box<ScanOperator<'p>>),
    /// A derived or virtual table.
    Rows(Box<RowsOperator<'p>>),
    /// A join that opens its inner side for each outer row.
    Loop(Box<LoopJoin<'p>>),
    /// A join that keeps its inner side.
    Buffered(Box<BufferedJoin<'p>>),
    /// Conditions.
    Filter(Box<FilterOperator<'p>>),
    /// One that EXPLAIN ANALYZE measures.
    Measured(Box<MeasuredOperator<'p>>),
}

/// Conditions over an operator.
pub struct FilterOperator<'p> {
    input: Operator<'p>,
    plan: &'p FilterPlan,
}

impl<'p> Operator<'p> {
    /// An operator for a node; not open yet.
    #[must_use]
    pub fn new(node: &'p Node) -> Operator<'p> {
        let operator = Operator::plain(node);
        if measure::is_active() {
            let address = measure::node_address(node);
            return Operator::Measured(Box::new(MeasuredOperator::new(operator, address)));
        }
        operator
    }

    fn plain(node: &'p Node) -> Operator<'p> {
        match node {
            Node::Scan(scan) => Operator::Scan(Box::new(ScanOperator::new(scan))),
            Node::Rows(rows) => Operator::Rows(Box::new(RowsOperator::new(rows))),
            Node::Join(join) => match &join.method {
                JoinMethod::Loop => Operator::Loop(Box::new(LoopJoin::new(join))),
                JoinMethod::Buffered { keys, keep } => {
                    Operator::Buffered(Box::new(BufferedJoin::new(join, keys, keep)))
                }
            },
            Node::Filter(filter) => Operator::Filter(Box::new(FilterOperator {
                input: Operator::new(&filter.input),
                plan: filter,
            })),
        }
    }

    /// Starts over.
    ///
    /// # Errors
    /// Those of evaluating index conditions, and of running what is inside.
    pub fn open(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        match self {
            Operator::Scan(scan) => scan.open(ctx, row),
            Operator::Rows(rows) => rows.open(ctx, row),
            Operator::Loop(join) => join.open(ctx, row),
            Operator::Buffered(join) => join.open(ctx, row),
            Operator::Filter(filter) => filter.input.open(ctx, row),
            Operator::Measured(measured) => measured.open(ctx, row),
        }
    }

    /// Reads what must be read before [`Operator::degraded`] is known, of one that is open.
    ///
    /// # Errors
    /// Those of reading; suspends for a lock.
    pub fn settle(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        match self {
            Operator::Scan(_) | Operator::Rows(_) => Ok(()),
            Operator::Loop(join) => join.outer.settle(ctx, row),
            Operator::Buffered(join) => join.settle(ctx, row),
            Operator::Filter(filter) => filter.input.settle(ctx, row),
            Operator::Measured(measured) => measured.inner.settle(ctx, row),
        }
    }

    /// Fills the slots with the next row; false at the end.
    ///
    /// # Errors
    /// Those of reading and of evaluating conditions; suspends for a lock.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        match self {
            Operator::Scan(scan) => scan.next(ctx, row),
            Operator::Rows(rows) => rows.next(ctx, row),
            Operator::Loop(join) => join.next(ctx, row),
            Operator::Buffered(join) => join.next(ctx, row),
            Operator::Filter(filter) => {
                while filter.input.next(ctx, row)? {
                    if all_true(&filter.plan.conditions, row, ctx)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Operator::Measured(measured) => measured.next(ctx, row),
        }
    }

    /// Ends it before its last row, if it has not come to that: what it has not looked at is not locked.
    pub fn stop(&mut self, ctx: &mut Context) {
        match self {
            Operator::Scan(scan) => scan.stop(ctx),
            Operator::Rows(_) => {}
            Operator::Loop(join) => join.stop(ctx),
            Operator::Buffered(join) => join.outer.stop(ctx),
            Operator::Filter(filter) => filter.input.stop(ctx),
            Operator::Measured(measured) => measured.inner.stop(ctx),
        }
    }

    /// Whether rows come in another order than was planned: the leading scan could not use its index conditions, or a join does not keep the
    /// order of its outer side.
    #[must_use]
    pub fn degraded(&self) -> bool {
        match self {
            Operator::Scan(scan) => scan.degraded(),
            Operator::Rows(_) => false,
            Operator::Loop(join) => join.outer.degraded(),
            Operator::Buffered(join) => join.is_cut() || join.outer.degraded(),
            Operator::Filter(filter) => filter.input.degraded(),
            Operator::Measured(measured) => measured.inner.degraded(),
        }
    }
}

/// Whether a condition is true (not false, not NULL) for a row.
///
/// # Errors
/// Those of evaluation.
#[inline]
pub fn is_true(condition: &Expression, row: &[Value], ctx: &mut Context) -> Run<bool> {
    match condition.eval(row, ctx)? {
        Value::Int(number) => Ok(number != 0),
        Value::Null => Ok(false),
        other => Ok(convert::to_bool(&other, ctx.session).unwrap_or(false)),
    }
}

/// Whether all conditions are true for a row.
///
/// # Errors
/// Those of evaluation.
#[inline]
pub fn all_true(conditions: &[Expression], row: &[Value], ctx: &mut Context) -> Run<bool> {
    for condition in conditions {
        if !is_true(condition, row, ctx)? {
            return Ok(false);
        }
    }
    Ok(true)
}
