//! Correlated EXISTS and IN by hash: a block that finds its rows by equalities with the enclosing row, and has no index for them.
//!
//! `… WHERE EXISTS (SELECT 1 FROM t WHERE t.a = outer.b AND …)` would read `t` for each outer row. Here the block is planned once more
//! without these equalities, with their inner sides as the first columns of its result: run once a statement, it is a table of what
//! each value of the outer sides finds (see [`crate::execute::subquery`]). MySQL does the same by its semi-joins and anti-joins.
//!
//! A block is taken only where nothing else in it reads an enclosing row, and nothing in it changes from run to run. NULL is equal to
//! nothing, so that rows with NULL as a key are not found, as they would not be row by row; NOT IN looks at the members of its key
//! alone. Left out: blocks with aggregates, LIMIT and set operations.
//!
//! [`take_common`] is the other rewriting here: `(a AND b) OR (a AND c)` is `a AND (b OR c)`, so that `a` may join or use an index.

use crate::bind::same::same;
use crate::bind::{BoundSelect, TableSource};
use crate::error::Result;
use crate::expression::{CompareOp, Expression};
use crate::plan::join::{Condition, JoinPlanner};
use crate::plan::node::{Body, KeyClass, QueryPlan, SelectPlan};
use crate::plan::{predicate, slots};

#[cfg(test)]
thread_local! {
    /// Switches the rewritings off, for tests that compare.
    pub(crate) static IS_OFF: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether blocks are rewritten: always, but for tests.
pub(super) fn is_on() -> bool {
    #[cfg(test)]
    return !IS_OFF.with(std::cell::Cell::get);
    #[cfg(not(test))]
    true
}

/// A block without its equalities with the enclosing row.
#[derive(Debug)]
pub struct Decorrelated {
    /// The block; the inner sides of the equalities are its first columns, its own columns follow.
    pub plan: QueryPlan,
    /// The outer sides.
    pub keys: Vec<OuterKey>,
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

/// The block that `plan` was made of without its equalities; none where it is to be run for each row.
///
/// # Errors
/// Those of planning.
pub(super) fn decorrelate(bound: &BoundSelect, plan: &SelectPlan) -> Result<Option<Decorrelated>> {
    let reads_whole = plan.source.as_ref().is_some_and(crate::plan::Node::reads_long);
    let Some(from) = bound.from.as_ref().filter(|_| bound.correlated && reads_whole && is_on()) else {
        return Ok(None);
    };
    if !is_plain(bound) {
        return Ok(None);
    }
    let mut keys = Vec::new();
    let mut project = Vec::new();
    let mut filter = Vec::new();
    for condition in &bound.filter {
        if is_of_block(condition) {
            filter.push(condition.clone());
        } else if let Some((outer, inner, class, null_safe)) = key(condition) {
            keys.push(OuterKey { outer, class, null_safe });
            project.push(inner);
        } else {
            return Ok(None);
        }
    }
    if keys.is_empty() {
        return Ok(None);
    }
    project.extend(bound.items.iter().map(|item| item.expression.clone()));
    let mut needed = vec![false; bound.scope.width];
    for slot in project.iter().flat_map(slots::slots_of) {
        if let Some(slot) = needed.get_mut(slot) {
            *slot = true;
        }
    }
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
    let plan = SelectPlan {
        width: plan.width,
        source: Some(source),
        checks: Vec::new(),
        constant_conditions: constant.into_iter().map(|condition| condition.expression).collect(),
        aggregate: None,
        having: Vec::new(),
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
    };
    let plan = QueryPlan { body: Body::Select(Box::new(plan)), columns: Vec::new(), correlated: false };
    Ok(Some(Decorrelated { plan, keys }))
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
    own && bound.aggregation.is_none()
        && bound.windows.is_empty()
        && bound.having.is_empty()
        && bound.limit.is_none()
        && bound.offset.is_none()
        && bound.locking.is_none()
        && !bound.calc_found_rows
        && bound.items.iter().all(|item| cannot_fail(&item.expression))
        && bound.scope.tables.iter().all(|table| stands_alone(&table.source))
}

/// Whether a column of the select list may be computed for rows that no enclosing row asks for: an error or a warning of it would be nobody's.
const fn cannot_fail(item: &Expression) -> bool {
    matches!(item, Expression::Column { .. } | Expression::Constant { .. } | Expression::Parameter { .. })
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
