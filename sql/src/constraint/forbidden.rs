//! What may not stand in a table's own expressions.

use crate::ast::Expr;
use crate::ast::print::is_truth;
use crate::bind::walk;
use crate::error::{Error, Result};
use crate::function;

/// Where an expression stands, and the name that errors say.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'n> {
    /// A generated column.
    Generated(&'n str),
    /// A column's default.
    Default(&'n str),
    /// A check.
    Check(&'n str),
    /// A part of an index.
    Index(&'n str),
}

/// Functions whose value depends on more than their arguments: for defaults only.
const UNSTEADY: &[&str] = &[
    "CONNECTION_ID",
    "CURDATE",
    "CURRENT_ROLE",
    "CURRENT_USER",
    "CURTIME",
    "DATABASE",
    "NOW",
    "RAND",
    "UNIX_TIMESTAMP",
    "USER",
    "UTC_DATE",
    "UTC_TIME",
    "UTC_TIMESTAMP",
    "UUID",
    "UUID_SHORT",
];

/// Such that MySQL takes in a CHECK nevertheless.
const UNSTEADY_BUT_IN_CHECK: &[&str] =
    &["RANDOM_BYTES", "STATEMENT_DIGEST", "STATEMENT_DIGEST_TEXT", "SYSDATE"];

/// Functions of the session and the server: nowhere.
const OF_SESSION: &[&str] = &[
    "BENCHMARK",
    "FOUND_ROWS",
    "GET_LOCK",
    "IS_FREE_LOCK",
    "IS_USED_LOCK",
    "LAST_INSERT_ID",
    "LOAD_FILE",
    "MASTER_POS_WAIT",
    "RELEASE_ALL_LOCKS",
    "RELEASE_LOCK",
    "ROW_COUNT",
    "SLEEP",
    "SOURCE_POS_WAIT",
    "VERSION",
    "WAIT_APPLY_INDEX",
];

/// Calls that the binder takes apart, and that are no entries of the table of functions.
const FORMS: &[&str] = &["COALESCE", "IF", "IFNULL", "ISNULL", "MOD", "NULLIF"];

fn mysql(code: u16, message: String) -> Error {
    Error { code, state: *b"HY000", message }
}

impl Place<'_> {
    /// Refuses what has no place here: subqueries, variables, aggregates, rows, and functions that are not of their arguments alone.
    ///
    /// # Errors
    /// 3102, 3758, 3763, 3764, 3769 to 3772, 3800, 3812, 3814 to 3816; 1111, 1241.
    pub(super) fn check(self, expr: &Expr) -> Result<()> {
        if let Place::Check(name) = self
            && !is_truth(expr)
        {
            let message =
                format!("An expression of non-boolean type specified to a check constraint '{name}'.");
            return Err(mysql(3812, message));
        }
        if let Expr::Row(items) = expr {
            return Err(match self {
                Place::Generated(name) => mysql(
                    3764,
                    format!("Expression of generated column '{name}' cannot refer to a row value."),
                ),
                Place::Default(name) => mysql(
                    3771,
                    format!("Default value expression of column '{name}' cannot refer to a row value."),
                ),
                Place::Index(name) => mysql(
                    3800,
                    format!("Expression of functional index '{name}' cannot refer to a row value."),
                ),
                Place::Check(_) => Error::operand_columns(items.len()),
            });
        }
        self.check_part(expr)
    }

    fn check_part(self, expr: &Expr) -> Result<()> {
        match expr {
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => return Err(self.subquery()),
            Expr::UserVariable(_)
            | Expr::AssignVariable(..)
            | Expr::SystemVariable { .. }
            | Expr::Parameter(_) => {
                return Err(self.variable());
            }
            Expr::Aggregate(_) => return Err(Error::invalid_group_function()),
            Expr::InsertedValue(_) => return Err(self.function("values", false)),
            Expr::Default(_) => {
                return Err(Error::not_supported("DEFAULT() in an expression of a table's definition"));
            }
            Expr::Function { name, .. } => self.check_function(name)?,
            Expr::Stored { database, name, .. } => {
                let printed = match database {
                    Some(database) => format!("{database}`.`{name}"),
                    None => name.clone(),
                };
                return Err(self.function(&printed, true));
            }
            _ => {}
        }
        let mut result = Ok(());
        walk::operands(expr, &mut |operand| {
            if result.is_ok() {
                result = self.check_part(operand);
            }
        });
        result
    }

    fn check_function(self, name: &str) -> Result<()> {
        let printed = match name {
            // MySQL's name of this one has its parentheses.
            "VERSION" => "version()".to_owned(),
            other => other.to_lowercase(),
        };
        if OF_SESSION.contains(&name) {
            return Err(self.function(&printed, false));
        }
        let is_unsteady = match self {
            Place::Default(_) => false,
            Place::Check(_) => UNSTEADY.contains(&name),
            Place::Generated(_) | Place::Index(_) => {
                UNSTEADY.contains(&name) || UNSTEADY_BUT_IN_CHECK.contains(&name)
            }
        };
        if is_unsteady {
            return Err(self.function(&printed, false));
        }
        if !FORMS.contains(&name) && function::find(name).is_none() && !function::is_refused(name) {
            return Err(self.function(&printed, true));
        }
        Ok(())
    }

    fn subquery(self) -> Error {
        match self {
            Place::Generated(name) => mysql(
                3102,
                format!("Expression of generated column '{name}' contains a disallowed function."),
            ),
            Place::Default(name) => mysql(
                3769,
                format!("Default value expression of column '{name}' contains a disallowed function."),
            ),
            Place::Check(name) => mysql(
                3815,
                format!("An expression of a check constraint '{name}' contains disallowed function."),
            ),
            Place::Index(name) => self.index_function(name),
        }
    }

    fn index_function(self, name: &str) -> Error {
        mysql(3758, format!("Expression of functional index '{name}' contains a disallowed function."))
    }

    fn function(self, function: &str, is_stored: bool) -> Error {
        let quote = if is_stored { "`" } else { "" };
        let function = format!("{quote}{function}{quote}");
        match self {
            Place::Generated(name) => mysql(
                3763,
                format!(
                    "Expression of generated column '{name}' contains a disallowed function: {function}."
                ),
            ),
            Place::Default(name) => mysql(
                3770,
                format!(
                    "Default value expression of column '{name}' contains a disallowed function: {function}."
                ),
            ),
            Place::Check(name) => mysql(
                3814,
                format!(
                    "An expression of a check constraint '{name}' contains disallowed function: {function}."
                ),
            ),
            Place::Index(name) => self.index_function(name),
        }
    }

    fn variable(self) -> Error {
        match self {
            Place::Check(name) => mysql(
                3816,
                format!(
                    "An expression of a check constraint '{name}' cannot refer to a user or system variable."
                ),
            ),
            Place::Generated(name) | Place::Default(name) | Place::Index(name) => mysql(
                3772,
                format!("Default value expression of column '{name}' cannot refer user or system variables."),
            ),
        }
    }

    /// The error for a column that is not there.
    pub(super) fn unknown_column(self, column: &str) -> Error {
        match self {
            Place::Generated(_) => Error::unknown_column(column, "generated column function"),
            Place::Default(_) => Error::unknown_column(column, "default value expression"),
            Place::Index(_) => Error::unknown_column(column, "functional index"),
            Place::Check(name) => {
                mysql(3820, format!("Check constraint '{name}' refers to non-existing column '{column}'."))
            }
        }
    }

    /// The error for an AUTO_INCREMENT column, whose value comes later than the expression's.
    pub(super) fn auto_increment(self) -> Error {
        match self {
            Place::Generated(name) => {
                mysql(3109, format!("Generated column '{name}' cannot refer to auto-increment column."))
            }
            Place::Default(name) => mysql(
                3768,
                format!(
                    "Default value expression of column '{name}' cannot refer to an auto-increment column."
                ),
            ),
            Place::Check(name) => {
                mysql(3818, format!("Check constraint '{name}' cannot refer to an auto-increment column."))
            }
            Place::Index(name) => {
                mysql(3754, format!("Functional index '{name}' cannot refer to an auto-increment column."))
            }
        }
    }
}
