//! Which slots an expression reads.

use std::sync::Arc;

use crate::expression::{Expression, Subquery};

/// The subquery of an expression node, if it is one.
#[must_use]
pub fn subquery_of(expression: &Expression) -> Option<&Arc<Subquery>> {
    match expression {
        Expression::InSubquery { subquery, .. }
        | Expression::Quantified { subquery, .. }
        | Expression::SubqueryColumn { subquery, .. }
        | Expression::Exists { subquery, .. }
        | Expression::ScalarSubquery(subquery) => Some(subquery),
        _ => None,
    }
}

/// The slots of the executing row that an expression reads, those that its subqueries read included; ascending.
#[must_use]
pub fn slots_of(expression: &Expression) -> Vec<usize> {
    let mut slots = Vec::new();
    expression.visit(&mut |part| {
        if let Expression::Column { index, .. } = part {
            slots.push(*index);
        } else if let Some(subquery) = subquery_of(part) {
            slots.extend(&subquery.outer_columns);
        }
    });
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// The slots that an expression and its subqueries name: of a column of a merged table that one, not those that it is made of.
#[must_use]
pub fn named_slots_of(expression: &Expression) -> Vec<usize> {
    let mut slots = Vec::new();
    expression.visit(&mut |part| {
        if let Expression::Column { index, .. } = part {
            slots.push(*index);
        } else if let Some(subquery) = subquery_of(part) {
            slots.extend(&subquery.outer_names);
        }
    });
    slots
}

/// Whether it reads rows of an enclosing query.
#[must_use]
pub fn reads_outside(expression: &Expression) -> bool {
    let mut found = false;
    expression.visit(&mut |part| found |= matches!(part, Expression::Outer { .. }));
    found
}

/// The slot, if the expression is nothing but a column.
#[must_use]
pub fn plain_slot(expression: &Expression) -> Option<usize> {
    match expression {
        Expression::Column { index, .. } => Some(*index),
        _ => None,
    }
}

/// Whether there is a subquery in it.
#[must_use]
pub fn has_subquery(expression: &Expression) -> bool {
    let mut found = false;
    expression.visit(&mut |part| found |= subquery_of(part).is_some());
    found
}

/// Whether it gives the same for all rows as long as the slots it reads do: it calls nothing like RAND() and neither
/// reads nor sets user variables, nor does a subquery of it.
#[must_use]
pub fn is_steady(expression: &Expression) -> bool {
    let mut steady = true;
    expression.visit(&mut |part| steady &= !is_volatile_part(part));
    steady
}

/// [`is_steady`], calls of stored functions aside: as in MySQL these are made wherever a column of a view is named that is one.
#[must_use]
pub fn is_steady_but_for_functions(expression: &Expression) -> bool {
    let mut steady = true;
    expression.visit(&mut |part| {
        steady &= matches!(part, Expression::Stored { .. }) || !is_volatile_part(part);
    });
    steady
}

/// Whether a part of an expression, without its operands, may give another value whenever it is asked for.
#[must_use]
pub fn is_volatile_part(part: &Expression) -> bool {
    match part {
        Expression::Call { function, .. } => function.is_volatile(),
        Expression::Stored { .. } | Expression::UserVariable { .. } | Expression::AssignVariable { .. } => {
            true
        }
        _ => subquery_of(part).is_some_and(|subquery| subquery.dependence.is_volatile),
    }
}
