//! What the members of IN are compared as, where there is more than one.
//!
//! * Texts and dates: what they are compared as is decided by one of them, a DATETIME if there is one, else the last DATE or TIME.
//!   As dates and times a text that is none is the zero date, which is equal to others that are none. Of constants beside a DATE,
//!   without a TIME, a text on the left is a day without its time, and what is no date is equal to nothing.
//! * A calculated integer before constants that are all texts or doubles: they are integers.
//!
//! Left out: a TIME among constants for a column that holds today's date.

use crate::error::Result;
use crate::expression::Expression;
use crate::expression::bind::comparison::date_of_text;
use crate::expression::bind::kinds::{self, Invalid, Reading};
use crate::expression::bind::{stored, text};
use crate::types::{Collation, DataType, TypeKind, Value, number};

/// What dates, times and texts are compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Date,
    Time,
    DateTime,
}

fn kind_of(operand: &Expression) -> Option<Kind> {
    match operand.data_type().kind {
        TypeKind::Date => Some(Kind::Date),
        TypeKind::Time(_) => Some(Kind::Time),
        TypeKind::DateTime(_) | TypeKind::Timestamp(_) => Some(Kind::DateTime),
        _ => None,
    }
}

fn is_text(operand: &Expression) -> bool {
    operand.data_type().is_string()
}

/// The operand and the members of IN, where a date and a text are among them.
///
/// # Errors
/// None of its own: a text that is no date is not refused.
pub(super) fn dated(
    operands: &[Expression],
    connection: Collation,
    reading: Reading,
) -> Result<Option<Vec<Expression>>> {
    let is_parameter = |operand: &Expression| matches!(operand, Expression::Parameter { .. });
    let kinds: Vec<Kind> = operands.iter().filter_map(kind_of).collect();
    let is_dated = kinds.iter().any(|kind| *kind != Kind::Time);
    let is_mixed = is_dated && operands.iter().any(is_text);
    let Some((left, members)) = operands.split_first() else { return Ok(None) };
    if !is_mixed || !operands.iter().all(kinds::is_textual) || operands.iter().any(is_parameter) {
        return Ok(None);
    }
    let is_known = members.iter().all(Expression::is_known_before_rows);
    let has = |kind| kinds.contains(&kind);
    if is_known && !has(Kind::Time) && !has(Kind::DateTime) {
        return Ok(Some(known_days(left, members, reading)));
    }
    let kind = if has(Kind::DateTime) { Some(Kind::DateTime) } else { kinds.last().copied() };
    if kind == Some(Kind::Time) && !is_known {
        let of_text = |operand: &Expression| match kind_of(operand) {
            Some(Kind::Date) => stored::as_time(&text(operand.clone(), connection)),
            _ => stored::as_time(operand),
        };
        return Ok(operands.iter().map(of_text).collect());
    }
    let day = |operand: &Expression| match operand.as_constant() {
        Some(Value::Text(text) | Value::Blob(text)) => {
            Ok(date_of_text(text, &DataType::datetime(6), reading).unwrap_or_else(|_| kinds::zero_day()))
        }
        _ => kinds::as_day(operand.clone(), &DataType::datetime(6), Invalid::Zero, reading),
    };
    operands.iter().map(day).collect::<Result<_>>().map(Some)
}

/// A text or a DATE, and constants that are texts and DATEs.
fn known_days(left: &Expression, members: &[Expression], reading: Reading) -> Vec<Expression> {
    let member = |member: &Expression| match member.as_constant() {
        Some(Value::Text(text) | Value::Blob(text)) => date_of_text(text, &DataType::DATE, reading).ok(),
        _ if is_text(member) => Some(kinds::moment_or_never(member.clone())),
        _ => Some(member.clone()),
    };
    let mut members: Vec<Expression> = members.iter().filter_map(member).collect();
    if members.is_empty() {
        members.push(kinds::no_day());
    }
    let left = match is_text(left) {
        true => kinds::day_or_never(left.clone()),
        false => left.clone(),
    };
    members.insert(0, left);
    members
}

/// The members of IN as integers, if they are constants that are texts or doubles behind an integer that is no column.
pub(super) fn integers(operand: &Expression, list: &[Expression]) -> Option<Vec<Expression>> {
    let is_null = |member: &Expression| member.data_type().kind == TypeKind::Null;
    let is_real = |member: &Expression| {
        let own = member.data_type();
        is_null(member) || own.is_string() || own.is_float() || kind_of(member).is_some()
    };
    let own = operand.data_type();
    if list.len() < 2 || operand.is_column() || !own.is_integer() || own.kind == TypeKind::Year {
        return None;
    }
    let is_any = list.iter().any(|member| !is_null(member));
    let is_all = list.iter().all(|member| is_real(member) && member.is_known_before_rows());
    (is_any && is_all).then(|| list.iter().map(integer).collect())
}

fn integer(member: &Expression) -> Expression {
    let known = match member.as_constant() {
        Some(Value::Null) => return member.clone(),
        Some(Value::Text(text)) => i64::try_from(number::integer_prefix(text).0).ok(),
        Some(Value::Double(number)) => number::rounded(*number).and_then(|number| i64::try_from(number).ok()),
        _ => None,
    };
    if let Some(number) = known {
        return Expression::integer(number);
    }
    let operand = Box::new(member.as_hex_number().unwrap_or_else(|| member.clone()));
    Expression::Cast { operand, to: DataType::BIGINT }
}
