//! Which columns of a block's result are announced as those of the temporary table that MySQL puts its rows into: of DISTINCT and of
//! window functions, which give an INT for a number of few digits.
//!
//! As in MySQL, what is the same in every row is no column of it, and neither a condition that is always false nor DISTINCT over a
//! primary key needs one. Left out: the temporary tables of GROUP BY, which depend on the plan.

use crate::ast::{Expr, JoinCondition, JoinKind, Select, TableExpr};
use crate::bind::block::AggregateList;
use crate::bind::scope::FromScope;
use crate::bind::select::Item;
use crate::expression::{Expression, SubqueryKind};
use crate::types::Value;

/// The items of a select list, as the block's result shows them.
pub(super) fn shown(select: &Select, scope: &FromScope, list: &AggregateList, items: Vec<Item>) -> Vec<Item> {
    let Some(from) = &select.from else { return items };
    let is_distinct = select.distinct && !has_key(scope, &items);
    // Groups whose values are told apart are sorted.
    let is_grouped = !select.group_by.is_empty() && !list.calls.iter().any(|own| own.call.distinct);
    if !is_distinct && list.windows.calls.is_empty() && !is_grouped {
        return items;
    }
    if select.filter.as_ref().is_some_and(never) || is_empty(from) {
        return items;
    }
    let is_narrowed = is_distinct || !list.windows.calls.is_empty();
    let show = |item: Item| {
        let is_column = matches!(&item.expression, Expression::Column { .. } if !item.column.is_made());
        // A stored function's result is what it is declared to be.
        let is_column = is_column || matches!(item.expression, Expression::Stored { .. });
        // Of a group, the aggregates of NULL.
        let is_told = is_narrowed || item.column.is_made() && item.expression.data_type().is_null();
        if !is_told || is_column || is_constant(&item.expression) {
            return item;
        }
        Item { column: item.column.into_temporary(), ..item }
    };
    items.into_iter().map(show).collect()
}

/// Whether a primary key of one column is among them, of the only table.
fn has_key(scope: &FromScope, items: &[Item]) -> bool {
    let [table] = scope.tables.as_slice() else { return false };
    let keys = table.columns.iter().filter(|column| column.primary_key).count();
    keys == 1 && items.iter().any(|item| item.column.primary_key)
}

/// Whether a written condition is never true.
fn never(condition: &Expr) -> bool {
    match condition {
        Expr::Literal(Value::Null | Value::Int(0)) | Expr::Truth(false) => true,
        Expr::Literal(Value::Text(text)) => crate::types::number::double_prefix(text).0 == 0.0,
        _ => false,
    }
}

/// Whether a join has no rows because of a condition that is never true.
fn is_empty(from: &TableExpr) -> bool {
    let TableExpr::Join { left, right, kind, condition } = from else { return false };
    match kind {
        JoinKind::Inner => {
            let is_never = matches!(condition, JoinCondition::On(condition) if never(condition));
            is_never || is_empty(left) || is_empty(right)
        }
        JoinKind::Left => is_empty(left),
        JoinKind::Right => is_empty(right),
    }
}

/// Whether it is known before the first row is read.
fn is_constant(expression: &Expression) -> bool {
    match expression {
        Expression::Exists { subquery, .. } | Expression::ScalarSubquery(subquery) => {
            !subquery.correlated && subquery.kind != SubqueryKind::Row
        }
        Expression::InSubquery { operands, subquery, .. } => {
            !subquery.correlated && operands.iter().all(is_constant)
        }
        Expression::IsNull { operand, negated: false } if !operand.nullable() => true,
        Expression::Column { .. }
        | Expression::Outer { .. }
        | Expression::Parameter { .. }
        | Expression::Quantified { .. }
        | Expression::SubqueryColumn { .. }
        | Expression::Stored { .. }
        | Expression::UserVariable { .. }
        | Expression::AssignVariable { .. }
        | Expression::SystemVariable { .. } => false,
        Expression::Call { function, .. } if function.is_volatile() => false,
        _ => {
            let mut constant = true;
            expression.for_each_operand(&mut |operand| constant &= is_constant(operand));
            constant
        }
    }
}
