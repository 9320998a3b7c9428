//! LIKE and WHERE of SHOW.
//!
//! LIKE compares the pattern with the column that MySQL compares it with (mostly the first), under that column's collation: names of
//! databases and tables with case, everything else without. WHERE is any expression over the output columns;
//! subqueries in it are refused.

use std::sync::Arc;

use crate::ast::{AggregateCall, Expr, Query};
use crate::error::{Error, Result};
use crate::execute::operator::is_true;
use crate::execute::{Context, ResultColumn, Run};
use crate::expression::{self, Expression, LikePattern, Scope, Subquery, SubqueryKind};
use crate::session::SessionState;
use crate::show::spec::Row;
use crate::types::Value;
use crate::variables::SqlMode;

/// Keeps the rows whose text in `column` matches the pattern.
pub(super) fn like(
    pattern: &str,
    column: usize,
    columns: &[ResultColumn],
    rows: &mut Vec<Row>,
    session: &SessionState,
) {
    let escape = (!session.variables.sql_mode.has(SqlMode::NO_BACKSLASH_ESCAPES)).then_some('\\');
    let collation = columns.get(column).map(|column| column.data_type.collation).unwrap_or_default();
    let pattern = LikePattern::new(pattern.as_bytes(), escape, collation);
    rows.retain(|row| matches!(row.get(column), Some(Value::Text(text)) if pattern.matches(text)));
}

/// Keeps the rows for which the condition is true.
///
/// # Errors
/// Those of binding and evaluating it.
pub(super) fn filter(
    condition: &Expr,
    columns: &[ResultColumn],
    rows: &mut Vec<Row>,
    ctx: &mut Context,
) -> Run<()> {
    let condition = expression::bind(condition, &mut OutputScope { columns, session: ctx.session })?;
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        ctx.check()?;
        if is_true(&condition, &row, ctx)? {
            kept.push(row);
        }
    }
    *rows = kept;
    Ok(())
}

/// The names of a SHOW's output columns.
struct OutputScope<'a> {
    columns: &'a [ResultColumn],
    session: &'a SessionState,
}

impl Scope for OutputScope<'_> {
    fn column(&mut self, _database: Option<&str>, table: Option<&str>, column: &str) -> Result<Expression> {
        let found = match table {
            Some(_) => None,
            None => self.columns.iter().position(|candidate| candidate.name.eq_ignore_ascii_case(column)),
        };
        let Some(index) = found else {
            let name = table.map_or_else(|| column.to_owned(), |table| format!("{table}.{column}"));
            return Err(Error::unknown_column(name, "where clause"));
        };
        let found = &self.columns[index];
        Ok(Expression::column(index, found.data_type, found.nullable, found.name.as_str()))
    }

    fn subquery(&mut self, _query: &Query, _kind: SubqueryKind) -> Result<Arc<Subquery>> {
        Err(Error::not_supported("subqueries in the WHERE of SHOW"))
    }

    fn aggregate(&mut self, _call: &AggregateCall) -> Result<Expression> {
        Err(Error::invalid_group_function())
    }

    fn inserted_value(&mut self, column: &str) -> Result<Expression> {
        Err(Error::unknown_column(column, "where clause"))
    }

    fn session(&self) -> &SessionState {
        self.session
    }
}
