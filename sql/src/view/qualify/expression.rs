//! Expressions: their columns, and the queries in them.

use super::{Qualifier, Scope};
use crate::ast::{Expr, FrameBound, Over, QueryBody, SelectItem, WindowSpec};
use crate::catalog::same_name;
use crate::types::Value;
use crate::{Error, Result};

impl Qualifier<'_> {
    pub(super) fn expr(&mut self, expr: &mut Expr, scope: &Scope<'_>) -> Result<()> {
        match expr {
            Expr::Column { database, table, column } => {
                if let Some(found) = complete(scope, database.as_deref(), table.as_deref(), column) {
                    *expr = found;
                }
                Ok(())
            }
            Expr::Literal(_) | Expr::Introduced(..) | Expr::Truth(_) | Expr::HexLiteral(_) => Ok(()),
            Expr::Parameter(_)
            | Expr::UserVariable(_)
            | Expr::SystemVariable { .. }
            | Expr::AssignVariable(..) => Err(has_variable()),
            Expr::InsertedValue(_) | Expr::Default(_) => {
                Err(Error::not_supported("DEFAULT() and VALUES() in a view"))
            }
            Expr::Exists { query, .. } => {
                let items = match &mut query.body {
                    QueryBody::Select(select) => Some(&mut select.items),
                    _ => None,
                };
                if let Some(items) = items.filter(|items| matches!(items[..], [SelectItem::Wildcard])) {
                    let one = Expr::Literal(Value::Int(1));
                    *items = vec![SelectItem::Expression { expr: one, alias: None, text: "1".to_owned() }];
                }
                self.subquery(query, scope)
            }
            Expr::Subquery(query) => self.subquery(query, scope),
            Expr::InSubquery { operand, query, .. } | Expr::Quantified { operand, query, .. } => {
                self.expr(operand, scope)?;
                self.subquery(query, scope)
            }
            Expr::Window(call) => {
                self.all(&mut call.arguments, scope)?;
                match &mut call.over {
                    Over::Spec(spec) => self.window(spec, scope),
                    Over::Named(_) => Ok(()),
                }
            }
            Expr::Aggregate(call) => {
                self.all(&mut call.arguments, scope)?;
                call.order_by.iter_mut().try_for_each(|(key, _)| self.expr(key, scope))
            }
            other => self.operands(other, scope),
        }
    }

    /// Those that have nothing but operands.
    fn operands(&mut self, expr: &mut Expr, scope: &Scope<'_>) -> Result<()> {
        match expr {
            Expr::Unary(_, operand)
            | Expr::IsNull { operand, .. }
            | Expr::IsTruth { operand, .. }
            | Expr::Cast { operand, .. }
            | Expr::Collate(operand, _) => self.expr(operand, scope),
            Expr::Binary(_, left, right) => {
                self.expr(left, scope)?;
                self.expr(right, scope)
            }
            Expr::Between { operand, low, high, .. } => {
                self.expr(operand, scope)?;
                self.expr(low, scope)?;
                self.expr(high, scope)
            }
            Expr::InList { operand, list, .. } => {
                self.expr(operand, scope)?;
                self.all(list, scope)
            }
            Expr::Like { operand, pattern, escape, .. } => {
                self.expr(operand, scope)?;
                self.expr(pattern, scope)?;
                escape.iter_mut().try_for_each(|escape| self.expr(escape, scope))
            }
            Expr::Regexp { operand, pattern, .. } => {
                self.expr(operand, scope)?;
                self.expr(pattern, scope)
            }
            Expr::Case { operand, branches, otherwise } => {
                operand.iter_mut().try_for_each(|operand| self.expr(operand, scope))?;
                for (when, then) in branches {
                    self.expr(when, scope)?;
                    self.expr(then, scope)?;
                }
                otherwise.iter_mut().try_for_each(|otherwise| self.expr(otherwise, scope))
            }
            Expr::Function { arguments, .. } | Expr::Stored { arguments, .. } => self.all(arguments, scope),
            Expr::Row(items) => self.all(items, scope),
            _ => Err(Error::not_supported("this expression in a view")),
        }
    }

    fn all(&mut self, list: &mut [Expr], scope: &Scope<'_>) -> Result<()> {
        list.iter_mut().try_for_each(|expr| self.expr(expr, scope))
    }

    pub(super) fn window(&mut self, spec: &mut WindowSpec, scope: &Scope<'_>) -> Result<()> {
        self.all(&mut spec.partition_by, scope)?;
        for item in &mut spec.order_by {
            self.expr(&mut item.expr, scope)?;
        }
        let bounds = spec.frame.iter_mut().flat_map(|frame| [&mut frame.start, &mut frame.end]);
        for bound in bounds {
            if let FrameBound::Preceding(offset) | FrameBound::Following(offset) = bound {
                self.expr(&mut offset.value, scope)?;
            }
        }
        Ok(())
    }
}

/// The complete name of a column; None for what is no column of a table: a name of the select list.
fn complete(scope: &Scope<'_>, database: Option<&str>, table: Option<&str>, column: &str) -> Option<Expr> {
    let mut block = Some(scope);
    while let Some(names) = block {
        let found = match table {
            Some(table) => names.find_in(database, table, column),
            None => names.find(column),
        };
        if found.is_some() {
            return found;
        }
        if table.is_none() && names.aliases.iter().any(|alias| same_name(alias, column)) {
            return None;
        }
        block = names.parent;
    }
    None
}

/// Error 1351.
fn has_variable() -> Error {
    let message = "View's SELECT contains a variable or parameter".to_owned();
    Error { code: 1351, state: *b"HY000", message }
}
