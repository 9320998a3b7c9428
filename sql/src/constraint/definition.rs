//! Expressions of CREATE TABLE and ALTER TABLE: refused as MySQL refuses them, or turned into the text that the catalog keeps.

use crate::ast::print::{Style, print, write_name};
use crate::ast::{CheckDefinition, Expr, Query};
use crate::bind::walk;
use crate::catalog::{Check, Column, ColumnDefault, Generated, Table, same_name};
use crate::error::{Error, Result};
use crate::expression::Expression;

use super::forbidden::Place;
use super::scope::{bind, bind_text, position_of};

fn mysql(code: u16, message: &str) -> Error {
    Error { code, state: *b"HY000", message: message.to_owned() }
}

/// Prints a table's own expressions: columns by their names as declared, but in a CHECK as written.
struct OwnStyle<'c> {
    columns: &'c [Column],
    keeps_names: bool,
}

impl Style for OwnStyle<'_> {
    fn column(&self, _: Option<&str>, _: Option<&str>, column: &str, out: &mut String) {
        let declared = position_of(column, self.columns).map(|position| self.columns[position].name.as_str());
        write_name(declared.filter(|_| !self.keeps_names).unwrap_or(column), out);
    }

    fn query(&self, _: &Query, _: &mut String) {}

    fn introduces_strings(&self) -> bool {
        true
    }
}

/// The positions of the columns that an expression reads.
fn columns_read(expr: &Expr, place: Place<'_>, columns: &[Column]) -> Result<Vec<usize>> {
    let mut read = Vec::new();
    let mut missing = None;
    walk_columns(expr, &mut |name| match position_of(name, columns) {
        Some(position) => read.push(position),
        None => missing = missing.take().or(Some(name.to_owned())),
    });
    match missing {
        Some(name) => Err(place.unknown_column(&name)),
        None => Ok(read),
    }
}

fn walk_columns(expr: &Expr, visit: &mut dyn FnMut(&str)) {
    if let Expr::Column { column, .. } = expr {
        visit(column);
    }
    walk::operands(expr, &mut |operand| walk_columns(operand, visit));
}

/// Checks an expression and gives its text, and what it is when it is bound.
fn text_of(expr: &Expr, place: Place<'_>, columns: &[Column]) -> Result<(String, Expression)> {
    place.check(expr)?;
    columns_read(expr, place, columns)?;
    bind(expr, columns)?;
    let keeps_names = matches!(place, Place::Check(_));
    let text = print(expr, &OwnStyle { columns, keeps_names });
    let bound = bind_text(&text, columns)?;
    Ok((text, bound))
}

/// The positions of the columns that a kept text reads, each once.
///
/// # Errors
/// Those of parsing and binding.
pub fn columns_of(text: &str, columns: &[Column]) -> Result<Vec<usize>> {
    Ok(bind_text(text, columns)?.columns_used().into_iter().collect())
}

/// The type of what a kept text computes.
///
/// # Errors
/// Those of parsing and binding.
pub fn type_of(text: &str, columns: &[Column]) -> Result<crate::types::DataType> {
    Ok(bind_text(text, columns)?.data_type())
}

/// What a generated column keeps. `columns` are all of the table, this one included.
///
/// # Errors
/// 1054, 3102, 3107, 3109, 3763, 3764, 3772, and those of binding.
pub fn generated(expr: &Expr, stored: bool, position: usize, columns: &[Column]) -> Result<Generated> {
    let place = Place::Generated(&columns[position].name);
    place.check(expr)?;
    for read in columns_read(expr, place, columns)? {
        if columns[read].generated.is_some() && read >= position {
            let message = "Generated column can refer only to generated columns defined prior to it.";
            return Err(mysql(3107, message));
        }
        if columns[read].auto_increment {
            return Err(place.auto_increment());
        }
    }
    let (expression, _) = text_of(expr, place, columns)?;
    Ok(Generated { expression: expression.into(), stored })
}

/// What a column keeps whose default is an expression.
///
/// # Errors
/// 1054, 3767 to 3772, and those of binding.
pub fn default(expr: &Expr, position: usize, columns: &[Column]) -> Result<ColumnDefault> {
    let name = &columns[position].name;
    let place = Place::Default(name);
    place.check(expr)?;
    for read in columns_read(expr, place, columns)? {
        if columns[read].auto_increment {
            return Err(place.auto_increment());
        }
        let is_computed = columns[read].generated.is_some()
            || matches!(columns[read].default, ColumnDefault::Expression(_));
        if is_computed && read >= position {
            let message = format!(
                "Default value expression of column '{name}' cannot refer to a column defined after it if that \
                 column is a generated column or has an expression as default value."
            );
            return Err(mysql(3767, &message));
        }
    }
    let (text, _) = text_of(expr, place, columns)?;
    Ok(ColumnDefault::Expression(text.into()))
}

/// What an index part that is an expression computes: its text, and the expression for its type.
///
/// # Errors
/// 1054, 3754, 3757, 3758, 3761, 3762, 3800, and those of binding.
pub(super) fn index_part(expr: &Expr, index: &str, columns: &[Column]) -> Result<(String, Expression)> {
    let place = Place::Index(index);
    if let Expr::Column { .. } = expr {
        let message =
            "Functional index on a column is not supported. Consider using a regular index instead.";
        return Err(mysql(3762, message));
    }
    place.check(expr)?;
    for read in columns_read(expr, place, columns)? {
        if columns[read].auto_increment {
            return Err(place.auto_increment());
        }
    }
    text_of(expr, place, columns)
}

/// Adds checks to a table, with names for those that have none.
///
/// # Errors
/// 1059, 3812 to 3816, 3818, 3820, 3822, and those of binding.
pub fn add_checks(checks: &[CheckDefinition], table: &mut Table) -> Result<()> {
    let mut number = last_number(table);
    for definition in checks {
        let name = match &definition.name {
            Some(name) => {
                crate::ddl::definition::check_identifier_length(name)?;
                name.clone()
            }
            None => {
                number += 1;
                generated_name(&table.name, number)
            }
        };
        let place = Place::Check(&name);
        place.check(&definition.expression)?;
        let read = columns_read(&definition.expression, place, &table.columns)?;
        if read.iter().any(|position| table.columns[*position].auto_increment) {
            return Err(place.auto_increment());
        }
        if let Some(own) = &definition.column
            && read.iter().any(|position| !same_name(&table.columns[*position].name, own))
        {
            let message = format!("Column check constraint '{name}' references other column.");
            return Err(mysql(3813, &message));
        }
        let (expression, _) = text_of(&definition.expression, place, &table.columns)?;
        if table.checks.iter().any(|other| same_name(&other.name, &name)) {
            return Err(duplicate_name(&name));
        }
        table.checks.push(Check { name, expression, enforced: definition.enforced });
    }
    Ok(())
}

/// The name of a check that was given none.
fn generated_name(table: &str, number: u64) -> String {
    format!("{table}_chk_{number}")
}

/// The highest number of the generated names.
fn last_number(table: &Table) -> u64 {
    let prefix = format!("{}_chk_", table.name);
    let numbers =
        table.checks.iter().filter_map(|check| check.name.strip_prefix(&prefix)?.parse::<u64>().ok());
    numbers.max().unwrap_or(0)
}

/// Error 3822.
fn duplicate_name(name: &str) -> Error {
    mysql(3822, &format!("Duplicate check constraint name '{name}'."))
}

/// Refuses checks whose name another table of the database has.
///
/// # Errors
/// 3822.
pub fn check_names_free<'t>(table: &Table, others: impl Iterator<Item = &'t Table>) -> Result<()> {
    if table.checks.is_empty() {
        return Ok(());
    }
    for other in others.filter(|other| other.name != table.name) {
        for own in &table.checks {
            if other.checks.iter().any(|check| same_name(&own.name, &check.name)) {
                return Err(duplicate_name(&own.name));
            }
        }
    }
    Ok(())
}

/// Names for a copy of a table (CREATE TABLE … LIKE): all are generated anew.
pub fn rename_checks_of_copy(table: &mut Table) {
    table.checks.sort_by(|one, other| one.name.cmp(&other.name));
    for (position, check) in table.checks.iter_mut().enumerate() {
        check.name = generated_name(&table.name, position as u64 + 1);
    }
}

/// After a table got another name: generated names follow it.
pub fn rename_checks(table: &mut Table, before: &str) {
    let prefix = format!("{before}_chk_");
    let name = table.name.clone();
    for check in &mut table.checks {
        if let Some(number) = check.name.strip_prefix(&prefix).and_then(|number| number.parse::<u64>().ok()) {
            check.name = generated_name(&name, number);
        }
    }
}

/// Takes a check away.
///
/// # Errors
/// 3821.
pub fn drop_check(name: &str, table: &mut Table) -> Result<()> {
    let position = check_position(name, table)?;
    table.checks.remove(position);
    Ok(())
}

/// Sets whether a check is enforced. True when it is now and was not: then the rows are to be looked at.
///
/// # Errors
/// 3821.
pub fn enforce_check(name: &str, enforced: bool, table: &mut Table) -> Result<bool> {
    let position = check_position(name, table)?;
    let check = &mut table.checks[position];
    let is_new = enforced && !check.enforced;
    check.enforced = enforced;
    Ok(is_new)
}

fn check_position(name: &str, table: &Table) -> Result<usize> {
    table
        .checks
        .iter()
        .position(|check| same_name(&check.name, name))
        .ok_or_else(|| mysql(3821, &format!("Check constraint '{name}' is not found in the table.")))
}

/// The positions of the columns that a check reads.
///
/// # Errors
/// Those of binding, for a definition that this program does not know all functions of.
pub fn columns_of_check(check: &Check, table: &Table) -> Result<Vec<usize>> {
    let bound = bind_text(&check.expression, &table.columns)?;
    Ok(crate::plan::slots::slots_of(&bound).into_iter().collect())
}
