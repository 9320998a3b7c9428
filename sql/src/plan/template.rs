//! Which statements mean the same with parameters in place of their literals.
//!
//! A text whose literals were taken out ([`crate::parse::template`]) may run by a plan that was made for another text of the same
//! template only if nobody can tell: same rows, types, names, warnings, errors, the same way of reading them. That is so where a literal
//! is nothing but a value that meets a column of its own kind when the statement runs. Everything else is planned as it is written: a
//! literal beside a date or a number of another kind is converted when it is planned, one in an expression gives it its type, one in
//! the select list its name.
//!
//! So the forms that are taken are few: one table; columns, `*` and aggregates of columns in the select list; conditions that compare a
//! column with values of its kind, joined by AND and OR; values for columns in SET and VALUES.

use crate::ast::{
    AggregateCall, BinaryOp, Expr, InsertSource, OrderItem, QueryBody, SelectItem, Statement, TableExpr,
};
use crate::catalog::{Catalog, Table};
use crate::types::{TypeKind, Value};

/// Whether `statement`, in which `values` are parameters, means the same as with them as literals, and goes on to do so for all values of
/// the same kinds while the schema and the session's settings stay as they are.
#[must_use]
pub fn is_faithful(
    statement: &Statement,
    values: &[Value],
    catalog: &Catalog,
    database: Option<&str>,
) -> bool {
    let table_of = |from: &TableExpr| -> Option<Known<'_>> {
        let TableExpr::Table { database: written, table, partitions, .. } = from else { return None };
        if !partitions.is_empty() {
            return None;
        }
        known(catalog, written.as_deref().or(database)?, table, values)
    };
    match statement {
        Statement::Query(query) => {
            let QueryBody::Select(select) = &query.body else { return false };
            if query.with.is_some() {
                return false;
            }
            let Some(table) = select.from.as_ref().and_then(table_of) else { return false };
            select.items.iter().all(is_plain_item)
                && select.group_by.is_empty()
                && select.having.is_none()
                && select.windows.is_empty()
                && !select.calc_found_rows
                && select.filter.as_ref().is_none_or(|filter| table.is_condition(filter))
                && is_plain_order(&query.order_by)
                && is_written(query.limit.as_ref())
                && is_written(query.offset.as_ref())
        }
        Statement::Update(update) => {
            let Some(table) = table_of(&update.from) else { return false };
            if update.with.is_some() {
                return false;
            }
            update.assignments.iter().all(|(target, value)| {
                matches!(target, Expr::Column { .. })
                    && (matches!(value, Expr::Parameter(_)) || is_sum(value))
            }) && update.filter.as_ref().is_none_or(|filter| table.is_condition(filter))
                && is_plain_order(&update.order_by)
                && is_written(update.limit.as_ref())
        }
        Statement::Delete(delete) => {
            let Some(table) = table_of(&delete.from) else { return false };
            if delete.with.is_some() || !delete.targets.is_empty() {
                return false;
            }
            delete.filter.as_ref().is_none_or(|filter| table.is_condition(filter))
                && is_plain_order(&delete.order_by)
                && is_written(delete.limit.as_ref())
        }
        Statement::Insert(insert) => {
            let InsertSource::Values(rows) = &insert.source else { return false };
            let written = insert.table.database.as_deref();
            insert.on_duplicate.is_empty()
                && insert.row_alias.is_none()
                && written
                    .or(database)
                    .is_some_and(|database| known(catalog, database, &insert.table.table, values).is_some())
                && rows.iter().flatten().all(is_cell)
        }
        _ => false,
    }
}

/// A table of the schema, and the values that meet its columns.
struct Known<'a> {
    table: &'a Table,
    values: &'a [Value],
}

fn known<'a>(catalog: &'a Catalog, database: &str, table: &str, values: &'a [Value]) -> Option<Known<'a>> {
    let table = catalog.table(database, table).ok()?;
    Some(Known { table, values })
}

impl Known<'_> {
    fn is_condition(&self, condition: &Expr) -> bool {
        match condition {
            Expr::Binary(BinaryOp::And | BinaryOp::Or, left, right) => {
                self.is_condition(left) && self.is_condition(right)
            }
            Expr::Binary(
                BinaryOp::Eq
                | BinaryOp::NullSafeEq
                | BinaryOp::NotEq
                | BinaryOp::Less
                | BinaryOp::LessEq
                | BinaryOp::Greater
                | BinaryOp::GreaterEq,
                column,
                value,
            ) => self.are_of_kind(column, [&**value]),
            Expr::Between { operand, low, high, negated: _ } => self.are_of_kind(operand, [&**low, &**high]),
            Expr::InList { operand, list, negated: _ } => self.are_of_kind(operand, list),
            Expr::IsNull { operand, negated: _ } => matches!(**operand, Expr::Column { .. }),
            _ => false,
        }
    }

    /// Whether a column is compared with parameters of its own kind.
    fn are_of_kind<'e>(&self, column: &Expr, values: impl IntoIterator<Item = &'e Expr>) -> bool {
        let Expr::Column { column, .. } = column else { return false };
        let Some(position) = self.table.column_position(column) else { return false };
        let data_type = &self.table.columns[position].data_type;
        values.into_iter().all(|value| {
            let Expr::Parameter(number) = value else { return false };
            match self.values.get(*number) {
                // A YEAR is compared by its two digits.
                Some(Value::Int(_)) => data_type.is_integer() && data_type.kind != TypeKind::Year,
                // One that the column's character set has not is refused when it is planned.
                Some(Value::Text(_)) => data_type.is_text() && data_type.collation.set().holds_everything(),
                _ => false,
            }
        })
    }
}

fn is_plain_item(item: &SelectItem) -> bool {
    match item {
        SelectItem::Wildcard | SelectItem::TableWildcard { .. } => true,
        SelectItem::Expression { expr, .. } => match expr {
            Expr::Column { .. } => true,
            Expr::Aggregate(call) => is_plain_aggregate(call),
            _ => false,
        },
    }
}

fn is_plain_aggregate(call: &AggregateCall) -> bool {
    call.order_by.is_empty() && call.arguments.iter().all(|argument| matches!(argument, Expr::Column { .. }))
}

fn is_plain_order(order: &[OrderItem]) -> bool {
    order.iter().all(|item| matches!(item.expr, Expr::Column { .. } | Expr::Literal(_)))
}

/// A LIMIT that is part of the template.
fn is_written(limit: Option<&Expr>) -> bool {
    limit.is_none_or(|limit| matches!(limit, Expr::Literal(_)))
}

/// Columns and literals that are part of the template, added up.
fn is_sum(value: &Expr) -> bool {
    match value {
        Expr::Column { .. } | Expr::Literal(_) | Expr::Truth(_) | Expr::HexLiteral(_) | Expr::Default(_) => {
            true
        }
        Expr::Binary(BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply, left, right) => {
            is_sum(left) && is_sum(right)
        }
        _ => false,
    }
}

/// A value of VALUES that is one: it is converted to its column when the statement runs, whoever gives it.
fn is_cell(value: &Expr) -> bool {
    matches!(
        value,
        Expr::Parameter(_) | Expr::Literal(_) | Expr::Truth(_) | Expr::HexLiteral(_) | Expr::Default(_)
    )
}
