//! Correlated subqueries by hash: a block that finds its rows by equalities with the enclosing row, and has no index for them.
//!
//! `… WHERE EXISTS (SELECT 1 FROM t WHERE t.a = outer.b AND …)` would read `t` for each outer row. Here the block is planned once more
//! without these equalities, with their inner sides as the first columns of its result: run once a statement, it is a table of what
//! each value of the outer sides finds (see [`crate::execute::decorrelated`]). MySQL does the same by its semi-joins and anti-joins. Other
//! conditions on the enclosing row (`t.s <> outer.s`) are checked for the rows that are found. A block that aggregates is grouped by the
//! inner sides.
//!
//! A block is taken only where nothing else in it reads an enclosing row, and nothing in it changes from run to run. NULL is equal to
//! nothing, so that rows with NULL as a key are not found, as they would not be row by row; NOT IN looks at the members of its key
//! alone. Left out: blocks with GROUP BY, LIMIT and set operations, and conditions on the enclosing row under an aggregate that are no
//! equalities.
//!
//! [`take_common`] is the other rewriting here: `(a AND b) OR (a AND c)` is `a AND (b OR c)`, so that `a` may join or use an index.

use crate::bind::same::same;
use crate::bind::select::Aggregation;
use crate::bind::{BoundSelect, TableSource};
use crate::error::Result;
use crate::expression::{CompareOp, Expression};
use crate::plan::join::{Condition, JoinPlanner};
use crate::plan::node::{AggregatePlan, Body, KeyClass, Node, QueryPlan, SelectPlan};
use crate::plan::predicate::TermKind;
use crate::plan::{predicate, slots};

#[cfg(test)]
thread_local! {
    /// Switches the rewritings off, for tests that compare.
    pub(crate) static IS_OFF: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether blocks are rewritten: always, but for tests.
pub(crate) fn is_on() -> bool {
    #[cfg(test)]
    return !IS_OFF.with(std::cell::Cell::get);
    #[cfg(not(test))]
    true
}

/// A block without its conditions on the enclosing row.
#[derive(Debug)]
pub struct Decorrelated {
    /// The block; the inner sides of the equalities are its first columns, its own columns follow, then what `residual` reads.
    pub plan: QueryPlan,
    /// The outer sides.
    pub keys: Vec<OuterKey>,
    /// How many columns of its own the block has.
    pub visible: usize,
    /// Its other conditions on the enclosing row: checked for each row that a key finds.
    pub residual: Vec<Expression>,
    /// The slots of the block's row that they read: the last columns of `plan`.
    pub residual_slots: Vec<usize>,
    /// Slots of the block's row.
    pub width: usize,
    /// A block that aggregates without GROUP BY: what it gives where it finds nothing. Each key finds one row at most.
    pub nothing: Option<QueryPlan>,
    /// SELECT DISTINCT.
    pub distinct: bool,
}

/// The outer side of an equality.
#[derive(Debug)]
pub struct OuterKey {
    /// Over the enclosing row.
    pub outer: Expression,
    /// How it is compared.
    pub class: KeyClass,
    /// `<=>`: NULL is a value.
    pub null_safe: bool,
}

/// The conditions of a block, by what is made of them.
#[derive(Default)]
struct Parts {
    filter: Vec<Expression>,
    keys: Vec<OuterKey>,
    /// The inner sides of the keys.
    inner: Vec<Expression>,
    residual: Vec<Expression>,
}

impl Parts {
    /// None where a condition can be none of them.
    fn of(conditions: &[Expression]) -> Option<Parts> {
        let mut parts = Parts::default();
        for condition in conditions {
            if is_of_block(condition) {
                parts.filter.push(condition.clone());
            } else if let Some((outer, inner, class, null_safe)) = key(condition) {
                parts.keys.push(OuterKey { outer, class, null_safe });
                parts.inner.push(inner);
            } else if slots::is_steady(condition) {
                parts.residual.push(condition.clone());
            } else {
                return None;
            }
        }
        (!parts.keys.is_empty()).then_some(parts)
    }
}

/// The block that `plan` was made of without its conditions on the enclosing row; none where it is to be run for each row.
///
/// # Errors
/// Those of planning.
pub(super) fn decorrelate(bound: &BoundSelect, plan: &SelectPlan) -> Result<Option<Decorrelated>> {
    let is_slow = plan.source.as_ref().is_some_and(|source| source.reads_long() || !finds_by_row(source));
    let Some(from) = bound.from.as_ref().filter(|_| bound.correlated && is_slow && is_on()) else {
        return Ok(None);
    };
    let Some(parts) = Parts::of(&bound.filter).filter(|_| is_plain(bound)) else { return Ok(None) };
    let aggregate = match &bound.aggregation {
        None => None,
        Some(aggregation) => match grouped_by(bound, aggregation, plan, &parts) {
            Some(aggregate) => Some(aggregate),
            None => return Ok(None),
        },
    };
    let Parts { filter, keys, inner, residual } = parts;
    let mut residual_slots: Vec<usize> = residual.iter().flat_map(slots::slots_of).collect();
    residual_slots.sort_unstable();
    residual_slots.dedup();
    let visible = bound.items.len();
    let mut project = inner;
    project.extend(bound.items.iter().map(|item| item.expression.clone()));
    project.extend(residual_slots.iter().filter_map(|slot| bound.scope.column_at(*slot)));
    if project.len() != keys.len() + visible + residual_slots.len() {
        return Ok(None);
    }
    let needed = needed_slots(bound, &project, aggregate.as_ref());
    let planner = JoinPlanner {
        scope: &bound.scope,
        needed: &needed,
        order: &[],
        limit: None,
        locks: vec![None; bound.scope.tables.len()],
        keeps_locked: false,
    };
    let (constant, conditions): (Vec<Condition>, Vec<Condition>) = filter
        .into_iter()
        .map(|expression| planner.condition(expression))
        .partition(|condition| slots::is_steady(&condition.expression) && condition.tables == 0);
    let source = planner.plan(&planner.group(from, conditions))?.node;
    let nothing = aggregate.as_ref().map(|aggregate| {
        let aggregate = AggregatePlan { keys: Vec::new(), ..aggregate.clone() };
        let items = bound.items.iter().map(|item| item.expression.clone()).collect();
        let block =
            SelectPlan { constant_conditions: vec![Expression::integer(0)], ..block(plan, bound, items) };
        query_of(SelectPlan { aggregate: Some(aggregate), ..block })
    });
    let plan = query_of(SelectPlan {
        source: Some(source),
        constant_conditions: constant.into_iter().map(|condition| condition.expression).collect(),
        aggregate,
        ..block(plan, bound, project)
    });
    let (width, distinct) = (bound.scope.width, bound.distinct);
    Ok(Some(Decorrelated { plan, keys, visible, residual, residual_slots, width, nothing, distinct }))
}

fn query_of(select: SelectPlan) -> QueryPlan {
    QueryPlan { body: Body::Select(Box::new(select)), columns: Vec::new(), correlated: false }
}

/// A block that gives this, of nothing yet.
fn block(plan: &SelectPlan, bound: &BoundSelect, project: Vec<Expression>) -> SelectPlan {
    SelectPlan {
        width: plan.width,
        source: None,
        checks: Vec::new(),
        constant_conditions: Vec::new(),
        aggregate: None,
        having: bound.having.clone(),
        window: None,
        visible: project.len(),
        project,
        distinct: false,
        sort: Vec::new(),
        source_ordered: false,
        limit: None,
        offset: None,
        calc_found_rows: false,
        tables: plan.tables.clone(),
        has_subquery: plan.has_subquery,
        direct: None,
        decorrelated: None,
    }
}

/// Whether one of the tables is looked up by a value of the enclosing row.
fn finds_by_row(source: &Node) -> bool {
    let mut found = false;
    source.visit_scans(&mut |scan| {
        found |= scan.access.terms.iter().any(|term| {
            let mut is_outer = false;
            if matches!(term.kind, TermKind::Equal(_) | TermKind::NullSafeEqual(_)) {
                term.kind.each_value(&mut |value| is_outer |= slots::reads_outside(value));
            }
            is_outer
        });
    });
    found
}

/// The grouping of an aggregated block by the inner sides of its equalities; none where groups and keys may not be the same.
fn grouped_by(
    bound: &BoundSelect,
    aggregation: &Aggregation,
    plan: &SelectPlan,
    parts: &Parts,
) -> Option<AggregatePlan> {
    let known = plan.aggregate.as_ref()?;
    let is_same = |key: &OuterKey, inner: &Expression| match key.class {
        KeyClass::Text(collation) => inner.data_type().collation == collation,
        KeyClass::Binary => !inner.data_type().is_text(),
        KeyClass::Exact | KeyClass::Double | KeyClass::DateTime | KeyClass::Time => true,
    };
    let inputs = aggregation
        .aggregates
        .iter()
        .flat_map(|call| call.arguments.iter().chain(call.order_by.iter().map(|(expression, _)| expression)));
    let outputs = bound.items.iter().map(|item| &item.expression).chain(&bound.having);
    let is_plain = aggregation.keys.is_empty()
        && aggregation.rollup.is_none()
        && parts.residual.is_empty()
        && parts.keys.iter().zip(&parts.inner).all(|(key, inner)| is_same(key, inner))
        && inputs.chain(outputs).all(is_of_block);
    if !is_plain {
        return None;
    }
    let mut keep: Vec<usize> =
        parts.inner.iter().flat_map(slots::slots_of).chain(known.keep.iter().copied()).collect();
    keep.sort_unstable();
    keep.dedup();
    Some(AggregatePlan { keys: parts.inner.clone(), keep, index_ends: Vec::new(), ..known.clone() })
}

/// By slot: read after the joins.
fn needed_slots(bound: &BoundSelect, project: &[Expression], aggregate: Option<&AggregatePlan>) -> Vec<bool> {
    let mut needed = vec![false; bound.scope.width];
    let inputs = aggregate.iter().flat_map(|aggregate| {
        let calls = aggregate.aggregates.iter().flat_map(|call| {
            call.arguments.iter().chain(call.order_by.iter().map(|(expression, _)| expression))
        });
        aggregate.keys.iter().chain(calls)
    });
    let kept = aggregate.iter().flat_map(|aggregate| aggregate.keep.iter().copied());
    for slot in project.iter().chain(inputs).flat_map(slots::slots_of).chain(kept) {
        if let Some(slot) = needed.get_mut(slot) {
            *slot = true;
        }
    }
    needed
}

/// Whether the block is nothing but joined tables and conditions, of which only those of WHERE may read an enclosing row.
fn is_plain(bound: &BoundSelect) -> bool {
    let mut own = true;
    if let Some(from) = &bound.from {
        from.each_condition(&mut |condition| own &= is_of_block(condition));
    }
    let stands_alone = |source: &TableSource| match source {
        TableSource::Base(_) | TableSource::Virtual(_) | TableSource::Merged(_) => true,
        TableSource::Derived(plan) => !plan.correlated,
        TableSource::Dependent(_) => false,
    };
    own && bound.windows.is_empty()
        && (bound.having.is_empty() || bound.aggregation.is_some())
        && bound.limit.is_none()
        && bound.offset.is_none()
        && bound.locking.is_none()
        && !bound.calc_found_rows
        && bound.items.iter().all(|item| is_of_block(&item.expression))
        && bound.scope.tables.iter().all(|table| stands_alone(&table.source))
}

/// Whether an expression reads no enclosing row, nor anything that changes from run to run.
fn is_of_block(expression: &Expression) -> bool {
    let mut own = slots::is_steady(expression);
    expression.visit(&mut |part| {
        own &= !matches!(part, Expression::Outer { .. });
        own &= slots::subquery_of(part).is_none_or(|subquery| !subquery.correlated);
    });
    own
}

/// The outer side of an equality, its inner side, and how they are compared.
fn key(condition: &Expression) -> Option<(Expression, Expression, KeyClass, bool)> {
    let (left, right, null_safe) = predicate::equality(condition)?;
    let class = predicate::key_class(condition, &left, &right)?;
    let is_inner = |side: &Expression| is_of_block(side) && !slots::slots_of(side).is_empty();
    if is_inner(&right) && is_outer(&left) {
        return Some((left, right, class, null_safe));
    }
    (is_inner(&left) && is_outer(&right)).then_some((right, left, class, null_safe))
}

/// Whether an expression reads nothing but the row around the block.
fn is_outer(expression: &Expression) -> bool {
    let mut outer = slots::is_steady(expression);
    expression.visit(&mut |part| {
        outer &= !matches!(part, Expression::Column { .. });
        outer &= slots::subquery_of(part).is_none();
        if let Expression::Outer { depth, .. } = part {
            outer &= *depth == 1;
        }
    });
    outer && slots::reads_outside(expression)
}

/// Conjuncts with what all sides of a disjunction have in common beside it.
pub(super) fn take_common(conjuncts: Vec<Expression>) -> Vec<Expression> {
    if !is_on() || !conjuncts.iter().any(|conjunct| matches!(conjunct, Expression::Or(_))) {
        return conjuncts;
    }
    conjuncts.into_iter().flat_map(of_disjunction).collect()
}

fn of_disjunction(conjunct: Expression) -> Vec<Expression> {
    let Expression::Or(sides) = &conjunct else { return vec![conjunct] };
    let parts: Vec<Vec<&Expression>> = sides.iter().map(Expression::conjuncts).collect();
    let Some((first, others)) = parts.split_first() else { return vec![conjunct] };
    // Only comparisons that give the same whenever they are asked for the same row.
    let is_common = |part: &&&Expression| {
        // What is converted to be compared may warn, and would once more.
        matches!(part, Expression::Compare { op: CompareOp::Eq, left, right, .. }
            if predicate::key_class(part, left, right).is_some())
            && slots::is_steady(part)
            && !slots::has_subquery(part)
            && others.iter().all(|other| other.iter().any(|theirs| same(part, theirs)))
    };
    // All of the disjunction stays: what is taken out of it is only said once more.
    let common: Vec<Expression> = first.iter().filter(is_common).map(|part| (*part).clone()).collect();
    common.into_iter().chain([conjunct]).collect()
}
