//! A table's expressions, bound, and what writers do with them.

use std::sync::OnceLock;

use super::scope::bind_text;
use crate::catalog::{ColumnDefault, Table};
use crate::dml::run::null_refused;
use crate::error::{Error, Result};
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::types::{Value, convert};

/// The expressions of one table. Slots are the positions of its columns.
#[derive(Debug, Default)]
pub struct Rules {
    /// Generated columns by position, in the table's order, which is one in which each depends on those before it only.
    pub generated: Vec<(usize, Expression)>,
    /// Columns whose default is an expression, likewise.
    pub defaults: Vec<(usize, Expression)>,
    /// Enforced checks: the position in [`Table::checks`].
    pub checks: Vec<(usize, Expression)>,
}

/// Where a table keeps its [`Rules`] once they are bound. A copy of the table starts anew, since it is made to be changed.
#[derive(Debug, Default)]
pub struct RulesCell(OnceLock<Option<Box<Rules>>>);

impl Clone for RulesCell {
    fn clone(&self) -> RulesCell {
        RulesCell::default()
    }
}

impl Table {
    /// The table's expressions; none when it has none.
    ///
    /// # Errors
    /// Those of binding, for a definition that this program does not know all functions of.
    pub fn rules(&self) -> Result<Option<&Rules>> {
        if let Some(rules) = self.rules.0.get() {
            return Ok(rules.as_deref());
        }
        let rules = Rules::bind(self)?;
        Ok(self.rules.0.get_or_init(|| rules).as_deref())
    }
}

impl Rules {
    fn bind(table: &Table) -> Result<Option<Box<Rules>>> {
        let mut rules = Rules::default();
        for (position, column) in table.columns.iter().enumerate() {
            if let Some(generated) = &column.generated {
                rules.generated.push((position, bind_text(&generated.expression, &table.columns)?));
            }
            if let ColumnDefault::Expression(text) = &column.default {
                rules.defaults.push((position, bind_text(text, &table.columns)?));
            }
        }
        for (position, check) in table.checks.iter().enumerate() {
            if check.enforced {
                rules.checks.push((position, bind_text(&check.expression, &table.columns)?));
            }
        }
        // By name, as MySQL looks at them.
        rules.checks.sort_by_key(|(position, _)| table.checks[*position].name.to_lowercase());
        let is_empty = rules.generated.is_empty() && rules.defaults.is_empty() && rules.checks.is_empty();
        Ok((!is_empty).then(|| Box::new(rules)))
    }

    /// The value of a column's default that is an expression, over the row so far.
    ///
    /// # Errors
    /// Those of evaluation and conversion; 1048.
    pub fn default_value(
        &self,
        table: &Table,
        column: usize,
        row: &[Value],
        number: u64,
        ctx: &mut Context<'_>,
    ) -> Run<Value> {
        match self.defaults.iter().find(|(position, _)| *position == column) {
            Some((_, expression)) => value_of(expression, table, column, row, number, false, ctx),
            None => Err(Error::internal("a default is no expression").into()),
        }
    }

    /// Whether the expression that is a column's default reads a generated column.
    pub fn default_reads_generated(&self, column: usize) -> bool {
        let is_generated = |read: usize| self.generated.iter().any(|(position, _)| *position == read);
        let found = self.defaults.iter().find(|(position, _)| *position == column);
        found.is_some_and(|(_, expression)| expression.columns_used().into_iter().any(is_generated))
    }

    /// Gives the generated columns their values. `single`: NULL is refused in every mode, as in an INSERT of one row.
    ///
    /// # Errors
    /// Those of evaluation and conversion; 1048.
    pub fn compute(
        &self,
        table: &Table,
        row: &mut [Value],
        number: u64,
        single: bool,
        ctx: &mut Context<'_>,
    ) -> Run<()> {
        for (position, expression) in &self.generated {
            row[*position] = value_of(expression, table, *position, row, number, single, ctx)?;
        }
        Ok(())
    }

    /// Asks the checks; one that is NULL holds.
    ///
    /// # Errors
    /// 3819 for the first that does not hold; those of evaluation.
    pub fn check(&self, table: &Table, row: &[Value], ctx: &mut Context<'_>) -> Run<()> {
        for (position, expression) in &self.checks {
            if expression.truth(row, ctx)? == Some(false) {
                return Err(violated(&table.checks[*position].name).into());
            }
        }
        Ok(())
    }
}

/// The error of a check that does not hold, which IGNORE makes a warning.
pub const CHECK_VIOLATED: u16 = 3819;

/// Error 3819.
fn violated(name: &str) -> Error {
    Error {
        code: CHECK_VIOLATED,
        state: *b"HY000",
        message: format!("Check constraint '{name}' is violated."),
    }
}

fn value_of(
    expression: &Expression,
    table: &Table,
    column: usize,
    row: &[Value],
    number: u64,
    single: bool,
    ctx: &mut Context<'_>,
) -> Run<Value> {
    let value = expression.eval(row, ctx)?;
    let column = &table.columns[column];
    if value == Value::Null {
        return if column.nullable { Ok(value) } else { null_refused(ctx, column, single) };
    }
    Ok(convert::store(value, &column.data_type, &column.name, number, ctx)?)
}
