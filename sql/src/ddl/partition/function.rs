//! What may stand in the expression of PARTITION BY.

use super::mysql;
use crate::ast::print::{Style, print, write_name};
use crate::ast::{BinaryOp, Expr, Query, UnaryOp};
use crate::bind::walk;
use crate::catalog::{Column, Table};
use crate::constraint::scope::{bind, bind_text, position_of};
use crate::error::{Error, Result};
use crate::types::{DataType, TypeKind};

/// Of dates.
const OF_DATES: &[&str] = &[
    "DAY",
    "DAYOFMONTH",
    "DAYOFWEEK",
    "DAYOFYEAR",
    "MONTH",
    "QUARTER",
    "TO_DAYS",
    "TO_SECONDS",
    "WEEKDAY",
    "YEAR",
    "YEARWEEK",
];

/// Of times of day.
const OF_TIMES: &[&str] = &["HOUR", "MICROSECOND", "MINUTE", "SECOND", "TIME_TO_SEC"];

/// Of numbers.
const OF_NUMBERS: &[&str] = &["ABS", "CEIL", "CEILING", "FLOOR", "MOD"];

/// Error 1564.
fn not_allowed() -> Error {
    mysql(1564, "This partition function is not allowed")
}

/// Error 1486.
fn wrong_expression() -> Error {
    mysql(
        1486,
        "Constant, random or timezone-dependent expressions in (sub)partitioning function are not allowed",
    )
}

/// Error 1659.
fn wrong_field(name: &str) -> Error {
    mysql(1659, format!("Field '{name}' is of a not allowed type for this type of partitioning"))
}

/// Checks a column of COLUMNS, or of KEY.
///
/// # Errors
/// 1659, 1502.
pub(super) fn check_column(column: &Column, is_key: bool) -> Result<()> {
    let kind = column.data_type.kind;
    if is_large(kind) {
        return Err(mysql(1502, "A BLOB field is not allowed in partition function"));
    }
    let is_allowed = is_key
        || column.data_type.is_integer() && !matches!(kind, TypeKind::Bit(_) | TypeKind::Year)
        || matches!(
            kind,
            TypeKind::Char(_)
                | TypeKind::VarChar(_)
                | TypeKind::Binary(_)
                | TypeKind::VarBinary(_)
                | TypeKind::Date
                | TypeKind::DateTime(_)
                | TypeKind::Time(_)
        );
    if is_allowed { Ok(()) } else { Err(wrong_field(&column.name)) }
}

fn is_large(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::TinyText
            | TypeKind::Text
            | TypeKind::MediumText
            | TypeKind::LongText
            | TypeKind::TinyBlob
            | TypeKind::Blob
            | TypeKind::MediumBlob
            | TypeKind::LongBlob
            | TypeKind::Json
    )
}

/// Checks an expression of VALUES.
///
/// # Errors
/// 1054, 1564.
pub(super) fn check_constant(expr: &Expr) -> Result<()> {
    if let Expr::Column { column, .. } = expr {
        return Err(Error::unknown_column(column, "partition function"));
    }
    if expr.subquery().is_some() || matches!(expr, Expr::Aggregate(_) | Expr::Window(_)) {
        return Err(not_allowed());
    }
    let mut result = Ok(());
    walk::operands(expr, &mut |operand| {
        if result.is_ok() {
            result = check_constant(operand);
        }
    });
    result
}

/// The expression's text, once it is found to be one for partitions.
///
/// # Errors
/// 1054, 1486, 1491, 1564, 1659.
pub(super) fn text(expr: &Expr, table: &Table) -> Result<String> {
    let mut columns = Vec::new();
    check(expr, table, &mut columns)?;
    if columns.is_empty() {
        return Err(wrong_expression());
    }
    check_arguments(expr, table)?;
    bind(expr, &table.columns)?;
    let text = print(expr, &Names(&table.columns));
    let bound = bind_text(&text, &table.columns)?;
    if !is_number(&bound.data_type()) {
        // A column by itself is looked at first.
        if !matches!(expr, Expr::Column { .. }) {
            return Err(mysql(1491, "The PARTITION function returns the wrong type"));
        }
    }
    for position in &columns {
        let column = &table.columns[*position];
        let is_text = column.data_type.is_text() || column.data_type.bytes_max().is_some();
        let is_direct = matches!(expr, Expr::Column { .. });
        if is_text || is_large(column.data_type.kind) || is_direct && !is_number(&column.data_type) {
            return Err(wrong_field(&column.name));
        }
    }
    Ok(text)
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer()
}

/// Goes over the expression: the functions, and the columns.
fn check(expr: &Expr, table: &Table, columns: &mut Vec<usize>) -> Result<()> {
    match expr {
        Expr::Column { column, .. } => match position_of(column, &table.columns) {
            Some(position) => columns.push(position),
            None => return Err(Error::unknown_column(column, "partition function")),
        },
        Expr::Literal(_)
        | Expr::HexLiteral(_)
        | Expr::Truth(_)
        | Expr::Unary(UnaryOp::Minus | UnaryOp::Plus, _) => {}
        Expr::Binary(
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::IntDivide | BinaryOp::Modulo,
            ..,
        ) => {}
        Expr::Function { name, .. } => {
            let name = name.as_str();
            let others = ["DATEDIFF", "UNIX_TIMESTAMP"];
            let is_allowed = name.starts_with("EXTRACT_")
                || [OF_DATES, OF_TIMES, OF_NUMBERS, &others].iter().any(|names| names.contains(&name));
            if !is_allowed {
                return Err(not_allowed());
            }
        }
        _ => return Err(not_allowed()),
    }
    let mut result = Ok(());
    walk::operands(expr, &mut |operand| {
        if result.is_ok() {
            result = check(operand, table, columns);
        }
    });
    result
}

/// Functions of dates take a column that has dates, and so on; a TIMESTAMP, which is another moment in each time zone, only
/// UNIX_TIMESTAMP().
fn check_arguments(expr: &Expr, table: &Table) -> Result<()> {
    let kind_of = |argument: &Expr| match argument {
        Expr::Column { column, .. } => {
            position_of(column, &table.columns).map(|position| table.columns[position].data_type.kind)
        }
        _ => None,
    };
    if let Expr::Function { name, arguments } = expr {
        let kinds = || arguments.iter().map(kind_of);
        let is_date = |kind| matches!(kind, Some(TypeKind::Date | TypeKind::DateTime(_)));
        let is_time = |kind| matches!(kind, Some(TypeKind::Time(_) | TypeKind::DateTime(_)));
        let is_right = match name.as_str() {
            "UNIX_TIMESTAMP" => kinds().all(|kind| matches!(kind, Some(TypeKind::Timestamp(_)))),
            "DATEDIFF" => kinds().all(is_date),
            name if name.starts_with("EXTRACT_") => {
                let mut kinds = kinds().flatten();
                kinds.all(|kind| is_date(Some(kind)) || is_time(Some(kind)))
            }
            name if OF_DATES.contains(&name) => kinds().next().is_some_and(is_date),
            name if OF_TIMES.contains(&name) => kinds().next().is_some_and(is_time),
            _ => true,
        };
        if !is_right {
            return Err(wrong_expression());
        }
        if name == "UNIX_TIMESTAMP" {
            return Ok(());
        }
    }
    if matches!(kind_of(expr), Some(TypeKind::Timestamp(_))) {
        return Err(wrong_expression());
    }
    let mut result = Ok(());
    walk::operands(expr, &mut |operand| {
        if result.is_ok() {
            result = check_arguments(operand, table);
        }
    });
    result
}

/// Prints columns by their names as declared.
struct Names<'c>(&'c [Column]);

impl Style for Names<'_> {
    fn column(&self, _: Option<&str>, _: Option<&str>, column: &str, out: &mut String) {
        let declared = position_of(column, self.0).map(|position| self.0[position].name.as_str());
        write_name(declared.unwrap_or(column), out);
    }

    fn query(&self, _: &Query, _: &mut String) {}

    fn introduces_strings(&self) -> bool {
        true
    }
}
