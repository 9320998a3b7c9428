//! The names that expressions of INSERT can use.
//!
//! In VALUES and SET: the columns of the row that is being made, those to the left with their new values, the others with
//! their defaults. In ON DUPLICATE KEY UPDATE: the columns of the row that is there (slots 0 to n-1), and of the
//! row that was to be inserted (slots n to 2n-1) through `VALUES(c)` and the row's alias.

use std::sync::Arc;

use crate::Result;
use crate::ast::{AggregateCall, Expr, Query};
use crate::bind::scope::VisibleColumn;
use crate::bind::scope::table_columns;
use crate::bind::{Binder, BlockScope, BoundTable, Clause, FromScope, Names, TableSource};
use crate::catalog::Table;
use crate::error::Error;
use crate::expression::{self, Expression, Scope, Subquery, SubqueryKind};
use crate::program::within::function::FunctionPlan;
use crate::session::{SessionState, Warning};

/// The tables that an INSERT's expressions see: its own, and the new row by its alias.
pub(super) fn from_scope(table: &Arc<Table>, row_alias: Option<&str>) -> Result<FromScope> {
    let mut from = FromScope::default();
    for alias in std::iter::once(table.name.as_str()).chain(row_alias) {
        let columns = table_columns(table, alias, false);
        let base = from.width;
        let visible =
            columns.iter().enumerate().filter(|(position, _)| !table.columns[*position].hidden).map(
                |(position, column)| VisibleColumn {
                    name: column.name.clone(),
                    slot: base + position,
                    invisible: table.columns[position].invisible,
                },
            );
        from.visible.extend(visible);
        // The alias is of no database, so that `db.alias.c` finds nothing.
        let database = if base == 0 { table.database.clone() } else { String::new() };
        from.add(BoundTable {
            source: TableSource::Base(Arc::clone(table)),
            database,
            alias: alias.to_owned(),
            base,
            columns,
            hints: Vec::new(),
            outer_joined: false,
        })?;
    }
    Ok(from)
}

/// Binds an INSERT's expressions.
pub(super) struct InsertScope<'s> {
    block: BlockScope<'s>,
    table: &'s Arc<Table>,
    /// Whether `VALUES(c)` may stand here.
    on_duplicate: bool,
}

impl<'s> InsertScope<'s> {
    pub(super) fn new(
        binder: &'s Binder<'s>,
        names: &'s Names<'s>,
        table: &'s Arc<Table>,
        on_duplicate: bool,
    ) -> InsertScope<'s> {
        InsertScope { block: BlockScope::new(binder, names, Clause::FieldList), table, on_duplicate }
    }

    /// Notes that a column's value, or its default, is read.
    pub(super) fn use_column(&self, column: usize) {
        self.block.use_own_column(column);
    }

    /// Binds one expression.
    pub(super) fn bind(&mut self, expr: &Expr) -> Result<Expression> {
        expression::bind(expr, self)
    }
}

impl Scope for InsertScope<'_> {
    fn stored_function(
        &self,
        database: Option<&str>,
        name: &str,
        argument_count: usize,
    ) -> Result<Arc<FunctionPlan>> {
        self.block.stored_function(database, name, argument_count)
    }

    fn warn(&self, warning: Warning) {
        self.block.warn(warning);
    }

    fn warn_of_constant(&self, beside: &Expression, constant: &Expression) {
        self.block.warn_of_constant(beside, constant);
    }

    fn column(&mut self, database: Option<&str>, table: Option<&str>, column: &str) -> Result<Expression> {
        self.block.column(database, table, column)
    }

    fn subquery(&mut self, query: &Query, kind: SubqueryKind) -> Result<Arc<Subquery>> {
        self.block.subquery(query, kind)
    }

    fn aggregate(&mut self, call: &AggregateCall) -> Result<Expression> {
        self.block.aggregate(call)
    }

    fn inserted_value(&mut self, column: &str) -> Result<Expression> {
        let Some(position) = self.table.column_position(column) else {
            return Err(Error::unknown_column(column, "field list"));
        };
        let definition = &self.table.columns[position];
        // Outside of ON DUPLICATE KEY UPDATE, VALUES() is NULL in MySQL; nobody means that.
        if !self.on_duplicate {
            return Err(Error::not_supported("VALUES() outside of ON DUPLICATE KEY UPDATE"));
        }
        self.use_column(position);
        let slot = self.table.columns.len() + position;
        Ok(Expression::column(slot, definition.data_type, definition.nullable, definition.name.as_str()))
    }

    fn default_value(&mut self, column: &str) -> Result<Expression> {
        self.block.default_value(column)
    }

    fn session(&self) -> &SessionState {
        self.block.session()
    }
}
