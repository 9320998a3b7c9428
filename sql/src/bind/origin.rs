//! Where the columns of a query come from: the expressions of its blocks that give them.
//!
//! What a subquery gives holds on to its collation as much as the expression in its select list does, and the operands of a set
//! operation have to agree on one. Left out: the columns of recursive common table expressions, which are those of a table.

use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::collate::{Wanted, agree};
use crate::expression::{Coercibility, Expression};
use crate::plan::QueryPlan;
use crate::plan::node::Body;
use crate::types::{Collation, DataType};

/// The expressions that give a column of a query.
fn origins<'q>(plan: &'q QueryPlan, position: usize, found: &mut Vec<&'q Expression>) {
    match &plan.body {
        Body::Select(select) => found.extend(select.project.get(position)),
        Body::Set(set) => {
            origins(&set.first, position, found);
            if let Some((_, _, second)) = &set.second {
                origins(second, position, found);
            }
        }
        Body::Values(values) => found.extend(values.rows.iter().filter_map(|row| row.get(position))),
        Body::Recursive(_) => {}
    }
}

/// The types of a subquery's columns; texts that hold on to their collation no more than a literal are marked.
pub(super) fn column_types(plan: &QueryPlan) -> Vec<DataType> {
    let marked = |(position, column): (usize, &ResultColumn)| {
        let own = column.data_type;
        let mut found = Vec::new();
        if own.is_text() && !own.has_members() {
            origins(plan, position, &mut found);
        }
        let is_weak =
            !found.is_empty() && found.iter().all(|origin| origin.coercibility() >= Coercibility::Coercible);
        if is_weak { own.with_weak_collation() } else { own }
    };
    plan.columns.iter().enumerate().map(marked).collect()
}

/// The collation of a column of a set operation that has texts and bytes, if the bytes are literals: they are text then.
pub(crate) fn text_of_mixture(
    operands: &[QueryPlan],
    position: usize,
    connection: Collation,
) -> Option<Collation> {
    let types =
        || operands.iter().filter_map(|operand| operand.columns.get(position)).map(|own| own.data_type);
    if !types().any(|own| own.is_text()) || !types().any(|own| own.is_binary()) {
        return None;
    }
    let mut found = Vec::new();
    operands.iter().for_each(|operand| origins(operand, position, &mut found));
    let agreed = agree(found, connection, "UNION", Wanted::Comparison).ok()?;
    (agreed != Collation::Binary).then_some(agreed)
}

/// Gives the columns of a set operation the collations that its operands agree on.
///
/// # Errors
/// 1271 when they do not agree.
pub(crate) fn agree_columns(
    operands: &[QueryPlan],
    columns: &mut [ResultColumn],
    connection: Collation,
) -> Result<()> {
    for (position, column) in columns.iter_mut().enumerate() {
        let mut found = Vec::new();
        operands.iter().for_each(|operand| origins(operand, position, &mut found));
        if found.iter().any(|origin| origin.data_type().is_json())
            || !column.data_type.is_text()
            || !found.iter().any(|origin| origin.data_type().is_text())
        {
            continue;
        }
        match agree(found, connection, "UNION", Wanted::Comparison) {
            Ok(agreed) if agreed.set() == column.data_type.collation.set() => {
                column.data_type = column.data_type.with_collation(agreed);
            }
            Err(error) if matches!(error.code, 1267 | 1270 | 1271) => {
                let message = "Illegal mix of collations for operation 'UNION'".to_owned();
                return Err(Error { code: 1271, message, ..error });
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Lets decimals that become texts in a set operation keep the digits after the point that they happen to have, and makes the
/// times that become dates what MySQL makes of them.
pub(crate) fn write_as_they_are(operand: &mut QueryPlan, types: &[DataType]) {
    let Body::Select(select) = &mut operand.body else { return };
    for (position, to) in types.iter().enumerate() {
        let Some(given) = select.project.get_mut(position) else { continue };
        if to.has_date() && given.is_chosen_time() {
            // As in MySQL, a time that is no column's and no function's becomes the zero date.
            let taken = std::mem::replace(given, Expression::integer(0));
            *given = taken.into_zero_day(*to);
            if let Some(column) = operand.columns.get_mut(position) {
                column.data_type = *to;
            }
            continue;
        }
        if to.is_float() && given.negates_time() {
            // A zero has no sign there.
            let taken = std::mem::replace(given, Expression::integer(0));
            *given = taken.without_sign_of_zero();
        }
        if !to.is_string() || given.data_type().is_string() || !given.is_calculated() {
            continue;
        }
        let taken = std::mem::replace(given, Expression::integer(0));
        *given = Expression::Cast { operand: Box::new(taken.into_plain()), to: *to };
        if let Some(column) = operand.columns.get_mut(position) {
            column.data_type = *to;
        }
    }
}
