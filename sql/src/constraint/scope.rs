//! The names that a table's own expressions see: its columns, and no session.

use std::sync::{Arc, LazyLock};

use crate::ast::{AggregateCall, Expr, Query};
use crate::catalog::{Column, same_name};
use crate::error::{Error, Result};
use crate::expression::{self, Expression, Scope, Subquery, SubqueryKind};
use crate::session::SessionState;

/// What the expressions are bound under: defaults of everything.
static SESSION: LazyLock<SessionState> = LazyLock::new(SessionState::detached);

struct TableScope<'c> {
    columns: &'c [Column],
}

/// Binds the text of an expression over a row of these columns.
///
/// # Errors
/// Those of parsing and binding.
pub(crate) fn bind_text(text: &str, columns: &[Column]) -> Result<Expression> {
    bind(&crate::parse::parse_expression(text)?, columns)
}

/// Binds an expression over a row of these columns.
///
/// # Errors
/// Those of binding.
pub(crate) fn bind(expr: &Expr, columns: &[Column]) -> Result<Expression> {
    expression::bind(expr, &mut TableScope { columns })
}

/// The position of a column by its name in any case of letters; hidden ones have none.
pub(crate) fn position_of(name: &str, columns: &[Column]) -> Option<usize> {
    columns.iter().position(|column| !column.hidden && same_name(&column.name, name))
}

impl Scope for TableScope<'_> {
    fn column(&mut self, _: Option<&str>, _: Option<&str>, column: &str) -> Result<Expression> {
        let Some(position) = position_of(column, self.columns) else {
            return Err(Error::unknown_column(column, "generated column function"));
        };
        let found = &self.columns[position];
        Ok(Expression::column(position, found.data_type, found.nullable, found.name.as_str()))
    }

    fn subquery(&mut self, _: &Query, _: SubqueryKind) -> Result<Arc<Subquery>> {
        Err(Error::internal("a table's expression has a subquery"))
    }

    fn aggregate(&mut self, _: &AggregateCall) -> Result<Expression> {
        Err(Error::invalid_group_function())
    }

    fn inserted_value(&mut self, column: &str) -> Result<Expression> {
        Err(Error::unknown_column(column, "generated column function"))
    }

    fn session(&self) -> &SessionState {
        &SESSION
    }
}
