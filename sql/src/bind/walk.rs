//! Walks over the syntax tree of an expression.
//!
//! The rules of GROUP BY and HAVING are rules about what was *written* (an expression of the select list may be used when it
//! is spelled like an expression of GROUP BY), so they are checked on the syntax tree. Subqueries are not entered: they
//! are blocks of their own.

use crate::ast::{
    AggregateCall, Expr, FrameBound, Over, Query, QueryBody, SelectItem, TableExpr, WindowFunction,
    WindowSpec,
};

/// Calls `visit` with each direct operand of `expr`, in the order written. Aggregates' arguments count as operands.
pub fn operands<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    match expr {
        Expr::Literal(_)
        | Expr::Introduced(..)
        | Expr::Truth(_)
        | Expr::HexLiteral(_)
        | Expr::Parameter(_)
        | Expr::Column { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::InsertedValue(_)
        | Expr::UserVariable(_)
        | Expr::SystemVariable { .. }
        | Expr::Default(_) => {}
        Expr::Unary(_, operand)
        | Expr::IsNull { operand, .. }
        | Expr::IsTruth { operand, .. }
        | Expr::InSubquery { operand, .. }
        | Expr::Quantified { operand, .. }
        | Expr::Cast { operand, .. }
        | Expr::Collate(operand, _)
        | Expr::AssignVariable(_, operand) => visit(operand),
        Expr::Binary(_, left, right) => {
            visit(left);
            visit(right);
        }
        Expr::Between { operand, low, high, .. } => {
            visit(operand);
            visit(low);
            visit(high);
        }
        Expr::InList { operand, list, .. } => {
            visit(operand);
            list.iter().for_each(visit);
        }
        Expr::Like { operand, pattern, escape, .. } => {
            visit(operand);
            visit(pattern);
            if let Some(escape) = escape {
                visit(escape);
            }
        }
        Expr::Regexp { operand, pattern, .. } => {
            visit(operand);
            visit(pattern);
        }
        Expr::Case { operand, branches, otherwise } => {
            if let Some(operand) = operand {
                visit(operand);
            }
            for (when, then) in branches {
                visit(when);
                visit(then);
            }
            if let Some(otherwise) = otherwise {
                visit(otherwise);
            }
        }
        Expr::Function { arguments, .. } | Expr::Stored { arguments, .. } => {
            arguments.iter().for_each(visit);
        }
        Expr::Aggregate(call) => aggregate_operands(call, visit),
        Expr::Window(call) => {
            call.arguments.iter().for_each(&mut *visit);
            if let Over::Spec(spec) = &call.over {
                window_operands(spec, visit);
            }
        }
        Expr::Row(items) => items.iter().for_each(visit),
    }
}

/// The first window function of an expression.
#[must_use]
pub fn window_function(expr: &Expr) -> Option<WindowFunction> {
    if let Expr::Window(call) = expr {
        return Some(call.function);
    }
    let mut found = None;
    operands(expr, &mut |operand| {
        if found.is_none() {
            found = window_function(operand);
        }
    });
    found
}

/// Whether the types of a query's columns may depend on those of its parameters: whether a `?` stands in a select list of it, of a
/// derived table, or of a subquery that gives a column.
#[must_use]
pub fn has_parameters_in_columns(query: &Query) -> bool {
    let of_body = match &query.body {
        QueryBody::SetOperation { left, right, .. } => {
            has_parameters_in_columns(left) || has_parameters_in_columns(right)
        }
        QueryBody::Values(rows) => rows.iter().flatten().any(has_parameters),
        QueryBody::Nested(inner) => has_parameters_in_columns(inner),
        QueryBody::Select(select) => {
            let in_item = |item: &SelectItem| match item {
                SelectItem::Expression { expr, .. } => has_parameters(expr),
                SelectItem::Wildcard | SelectItem::TableWildcard { .. } => false,
            };
            select.items.iter().any(in_item) || select.from.as_ref().is_some_and(derives_parameters)
        }
    };
    of_body || query.common_tables().any(|table| has_parameters_in_columns(&table.query))
}

fn has_parameters(expr: &Expr) -> bool {
    match expr {
        Expr::Parameter(_) => true,
        Expr::Subquery(query) => has_parameters_in_columns(query),
        _ => {
            let mut found = false;
            operands(expr, &mut |operand| found |= has_parameters(operand));
            found
        }
    }
}

fn derives_parameters(table: &TableExpr) -> bool {
    match table {
        TableExpr::Table { .. } => false,
        TableExpr::Derived { query, .. } => has_parameters_in_columns(query),
        TableExpr::Join { left, right, .. } => derives_parameters(left) || derives_parameters(right),
    }
}

/// Calls `visit` with each expression of a window.
pub fn window_operands<'e>(spec: &'e WindowSpec, visit: &mut dyn FnMut(&'e Expr)) {
    spec.partition_by.iter().for_each(&mut *visit);
    spec.order_by.iter().for_each(|item| visit(&item.expr));
    let bounds = spec.frame.iter().flat_map(|frame| [&frame.start, &frame.end]);
    for bound in bounds {
        if let FrameBound::Preceding(offset) | FrameBound::Following(offset) = bound {
            visit(&offset.value);
        }
    }
}

fn aggregate_operands<'e>(call: &'e AggregateCall, visit: &mut dyn FnMut(&'e Expr)) {
    call.arguments.iter().for_each(&mut *visit);
    call.order_by.iter().for_each(|(key, _)| visit(key));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::{AggregateFunction, BinaryOp};
    use crate::types::Value;

    #[test]
    fn operands_come_in_order_and_aggregates_arguments_count() {
        let number = |n| Expr::Literal(Value::Int(n));
        let sum = Expr::Aggregate(Box::new(AggregateCall {
            function: AggregateFunction::Sum,
            arguments: vec![number(2)],
            distinct: false,
            order_by: vec![(number(3), true)],
            separator: None,
        }));
        let mut seen = Vec::new();
        operands(&Expr::Binary(BinaryOp::Add, Box::new(number(1)), Box::new(sum.clone())), &mut |operand| {
            seen.push(operand.clone());
        });
        assert_eq!(seen, [number(1), sum.clone()]);
        seen.clear();
        operands(&sum, &mut |operand| seen.push(operand.clone()));
        assert_eq!(seen, [number(2), number(3)]);
    }
}
