//! Conditions on the expression of an indexed generated column become conditions on the column, so that its index can answer them.
//!
//! As in MySQL, an operand of a comparison, BETWEEN or IN is replaced when it is written as the column's expression is; `1 + a` is not
//! `a + 1`. The column's type must be the expression's, or both must be integers.

use crate::bind::{BoundTable, FromScope, TableSource};
use crate::catalog::Table;
use crate::error::Result;
use crate::expression::Expression;

/// A column and its expression over the row of the query.
struct Candidate {
    column: Expression,
    /// The expression as text that tells expressions apart.
    image: String,
}

/// Replaces what can be in the conjuncts of a WHERE.
///
/// # Errors
/// Those of binding a table's expressions.
pub fn substitute(conjuncts: &mut [Expression], scope: &FromScope) -> Result<()> {
    let mut candidates = Vec::new();
    for table in &scope.tables {
        if let TableSource::Base(stored) = &table.source {
            add_candidates(table, stored, &mut candidates)?;
        }
    }
    if !candidates.is_empty() {
        conjuncts.iter_mut().for_each(|conjunct| replace(conjunct, &candidates));
    }
    Ok(())
}

fn add_candidates(bound: &BoundTable, table: &Table, candidates: &mut Vec<Candidate>) -> Result<()> {
    let is_indexed = |position: usize| {
        table.indexes.iter().any(|index| index.columns.iter().any(|part| part.column == position))
    };
    if !table
        .columns
        .iter()
        .enumerate()
        .any(|(position, own)| own.generated.is_some() && is_indexed(position))
    {
        return Ok(());
    }
    let Some(rules) = table.rules()? else { return Ok(()) };
    for (position, expression) in &rules.generated {
        let own = &table.columns[*position];
        let from = expression.data_type();
        let is_fitting = own.data_type == from || (own.data_type.is_integer() && from.is_integer());
        let is_plain = matches!(expression, Expression::Column { .. } | Expression::Constant { .. });
        if !is_indexed(*position) || !is_fitting || is_plain {
            continue;
        }
        let mut over_query = expression.clone();
        over_query.remap_columns(&|slot| slot + bound.base);
        let slot = bound.base + position;
        let column =
            Expression::column(slot, own.data_type, own.nullable || bound.outer_joined, own.name.as_str());
        candidates.push(Candidate { column, image: image(&over_query) });
    }
    Ok(())
}

/// The expression's shape; whether columns may be NULL is not a part of it.
fn image(expression: &Expression) -> String {
    format!("{expression:?}").replace("nullable: true", "nullable: false")
}

fn replace(expression: &mut Expression, candidates: &[Candidate]) {
    let operand = |operand: &mut Expression| {
        if operand.has_subquery() || operand.columns_used().is_empty() {
            return;
        }
        let own = image(operand);
        if let Some(found) = candidates.iter().find(|candidate| candidate.image == own) {
            *operand = found.column.clone();
        }
    };
    match expression {
        Expression::Compare { left, right, .. } => {
            operand(left);
            operand(right);
        }
        Expression::Between { operand: value, .. } | Expression::InList { operand: value, .. } => {
            operand(value);
        }
        Expression::And(parts) | Expression::Or(parts) => {
            parts.iter_mut().for_each(|part| replace(part, candidates));
        }
        _ => {}
    }
}
