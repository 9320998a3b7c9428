//! Constants next to a column of dates or times, which MySQL stores into such a column before it compares.
//!
//! * `column op constant`: a constant that a TIME column can hold, whatever its type, and a number that a DATE or DATETIME
//!   column can hold, are compared as the value that the column would have. Literals are stored by [`kinds::stored`] when the
//!   statement is bound; what is calculated of literals, when it runs.
//! * `column BETWEEN …` with numbers: if both bounds are dates or times then, these are compared. If one has been stored, all are
//!   compared as integers, of which a stored DATETIME is larger than any other (MySQL takes its packed form). If none has, as
//!   doubles.
//! * `IN` of texts and times: all are times, and texts that are none are equal to each other.

use crate::error::Result;
use crate::expression::bind::kinds::{self, Reading};
use crate::expression::{CompareOp, Expression};
use crate::function;
use crate::types::{Collation, DataType, Date, TimeZone, TypeKind, Value};

/// A constant that is to be stored.
struct Stored {
    /// What it is then, a date or a time; NULL where the column cannot hold it.
    value: Expression,
    /// Whether that is known already.
    is_known: bool,
}

/// Whether two operands are a column of dates or times and something calculated that is stored into it.
fn is_calculated_beside(column: &Expression, constant: &Expression) -> bool {
    let own = constant.data_type();
    let takes = match column.data_type().kind {
        TypeKind::Time(_) => own.is_numeric() || own.is_string() || own.is_temporal(),
        TypeKind::Date | TypeKind::DateTime(_) | TypeKind::Timestamp(_) => own.is_numeric(),
        _ => false,
    };
    takes && column.is_column() && constant.as_constant().is_none() && constant.is_fixed()
}

/// What a column of a type holds of a value that is calculated, when the statement runs.
fn as_stored(constant: Expression, to: DataType) -> Option<Expression> {
    let function = function::find(function::AS_STORED)?;
    let arguments = vec![constant];
    Some(Expression::Call { function, arguments, data_type: to, collation: Collation::Binary })
}

/// `when` is NULL? then the one, else the other.
fn unless_null(when: Expression, null: Expression, other: Expression) -> Expression {
    let condition = Expression::IsNull { operand: Box::new(when), negated: false };
    let data_type = other.data_type();
    Expression::Case { branches: vec![(condition, null)], otherwise: Box::new(other), data_type }
}

/// The calculated constant of a comparison, stored into the column on its other side, and whether it is the left one.
pub(super) fn calculated(left: &Expression, right: &Expression) -> Option<(Expression, bool)> {
    if is_calculated_beside(left, right) {
        return Some((as_stored(right.clone(), left.data_type())?, false));
    }
    if is_calculated_beside(right, left) {
        return Some((as_stored(left.clone(), right.data_type())?, true));
    }
    None
}

/// A comparison whose one side is stored into the other side's column, if it can be.
pub(super) fn compare(
    (left, right): (Expression, Expression),
    (stored, is_left): (Expression, bool),
    plainly: impl Fn(Expression, Expression) -> Result<Expression>,
) -> Result<Expression> {
    let plain = plainly(left.clone(), right.clone())?;
    let other = match is_left {
        true => plainly(stored.clone(), right)?,
        false => plainly(left, stored.clone())?,
    };
    Ok(unless_null(stored, plain, other))
}

/// A bound of BETWEEN as the column's value, if it is a constant that the column can hold.
fn bound(constant: &Expression, column: &Expression, reading: Reading) -> Option<Stored> {
    let to = column.data_type();
    if let Some(value) = constant.as_constant() {
        let own = constant.data_type().kind;
        if is_alike(own, to.kind) || value.is_null() || constant.as_hex_number().is_some() {
            return None;
        }
        if !matches!(value, Value::Time(_)) || !to.has_date() {
            return kinds::stored_value(value, &to, reading.rules, (TimeZone::UTC, 0))
                .map(|value| Stored { value: Expression::constant(value, to), is_known: true });
        }
    }
    let own = constant.data_type();
    let is_fit = own.is_numeric() || own.is_string() || own.is_temporal();
    match is_fit && constant.is_fixed() {
        true => as_stored(constant.clone(), to).map(|value| Stored { value, is_known: false }),
        false => None,
    }
}

/// Whether two types are the same but for the digits of their seconds.
fn is_alike(own: TypeKind, other: TypeKind) -> bool {
    match (own, other) {
        (TypeKind::Time(_), TypeKind::Time(_))
        | (TypeKind::DateTime(_), TypeKind::DateTime(_))
        | (TypeKind::Timestamp(_), TypeKind::Timestamp(_)) => true,
        _ => own == other,
    }
}

/// BETWEEN of a column of dates or times; none where it is not by what can be stored that MySQL compares.
///
/// # Errors
/// What `plainly` raises, which compares texts.
pub(super) fn between(
    operand: &Expression,
    low: &Expression,
    high: &Expression,
    reading: Reading,
    plainly: &dyn Fn() -> Result<Expression>,
) -> Result<Option<Expression>> {
    let own = operand.data_type();
    let types = [low.data_type(), high.data_type()];
    let is_other = |part: &Expression| {
        let data_type = part.data_type();
        matches!(part, Expression::Parameter { .. }) || data_type.has_members() || data_type.is_json()
    };
    if !operand.is_column() || !own.is_temporal() || is_other(low) || is_other(high) {
        return Ok(None);
    }
    if !types.iter().any(DataType::is_numeric) && (own.has_date() || types.iter().any(DataType::has_date)) {
        return Ok(None);
    }
    // A TIME column and texts that it does not hold are compared as texts.
    let texts = (!types.iter().any(DataType::is_numeric)).then_some(plainly);
    let (low, high) =
        ((low.clone(), bound(low, operand, reading)), (high.clone(), bound(high, operand, reading)));
    bounded(operand, low, high, texts).map(Some)
}

type Bound = (Expression, Option<Stored>);

fn bounded(
    operand: &Expression,
    low: Bound,
    high: Bound,
    texts: Option<&dyn Fn() -> Result<Expression>>,
) -> Result<Expression> {
    for is_low in [true, false] {
        let (side, other) = if is_low { (&low, &high) } else { (&high, &low) };
        let (constant, Some(Stored { value, is_known: false })) = side else { continue };
        let again = |stored: Option<Stored>| {
            let side = (constant.clone(), stored);
            let copy = other.1.as_ref();
            let copy = copy.map(|known| Stored { value: known.value.clone(), is_known: known.is_known });
            let other = (other.0.clone(), copy);
            let (low, high) = if is_low { (side, other) } else { (other, side) };
            bounded(operand, low, high, texts)
        };
        let stored = again(Some(Stored { value: value.clone(), is_known: true }))?;
        return Ok(unless_null(value.clone(), again(None)?, stored));
    }
    let own = operand.data_type();
    let is_stored = low.1.is_some() || high.1.is_some();
    let is_temporal = |side: &Bound| side.1.is_some() || side.0.data_type().is_temporal();
    if is_temporal(&low) && is_temporal(&high) && (is_stored || texts.is_none()) {
        let to = match own.kind {
            TypeKind::Date => DataType::DATE,
            TypeKind::Time(_) => DataType::time(6),
            _ => DataType::datetime(6),
        };
        let temporal = |(plain, stored): Bound| {
            let value = stored.map_or(plain, |stored| stored.value);
            match is_alike(value.data_type().kind, to.kind) {
                true => value,
                false => Expression::Cast { operand: Box::new(value), to },
            }
        };
        return Ok(within(operand.clone(), temporal(low), temporal(high)));
    }
    if is_stored {
        let integer = |(plain, stored): Bound| match stored {
            Some(stored) if own.has_date() && own.kind != TypeKind::Date => packed(stored.value),
            stored => integer_of(stored.map_or(plain, |stored| stored.value)),
        };
        return Ok(within(integer_of(operand.clone()), integer(low), integer(high)));
    }
    match texts {
        Some(plainly) => plainly(),
        None => Ok(within(double_of(operand.clone()), double_of(low.0), double_of(high.0))),
    }
}

/// What MySQL compares a stored DATETIME as: a number that is larger than the number of any date, but for the zero date.
fn packed(stored: Expression) -> Expression {
    let large = Expression::integer(i64::MAX);
    let data_type = DataType::BIGINT;
    match stored.as_constant() {
        Some(Value::DateTime(day)) if day.date() == Date::ZERO => {
            Expression::integer(day.packed().try_into().unwrap_or(i64::MAX))
        }
        Some(_) => large,
        None => {
            let condition = Expression::Compare {
                op: CompareOp::Eq,
                left: Box::new(stored),
                right: Box::new(kinds::zero_day()),
                collation: Collation::Binary,
            };
            let branches = vec![(condition, Expression::integer(0))];
            Expression::Case { branches, otherwise: Box::new(large), data_type }
        }
    }
}

fn within(operand: Expression, low: Expression, high: Expression) -> Expression {
    Expression::Between {
        operand: Box::new(operand),
        low: Box::new(low),
        high: Box::new(high),
        negated: false,
        collation: Collation::Binary,
    }
}

fn integer_of(operand: Expression) -> Expression {
    let data_type = operand.data_type();
    match data_type.is_integer() || data_type.kind == TypeKind::Null {
        true => operand,
        false => Expression::Cast { operand: Box::new(number_of(operand)), to: DataType::BIGINT },
    }
}

fn double_of(operand: Expression) -> Expression {
    match operand.data_type().is_float() || operand.data_type().kind == TypeKind::Null {
        true => operand,
        false => Expression::Cast { operand: Box::new(number_of(operand)), to: DataType::DOUBLE },
    }
}

fn number_of(operand: Expression) -> Expression {
    operand.as_hex_number().unwrap_or_else(|| operand.chosen_number())
}

/// The members of IN behind a time with numbers among them: a date is its time.
pub(super) fn dates_as_times(operand: &Expression, list: Vec<Expression>) -> Vec<Expression> {
    let is_time = matches!(operand.data_type().kind, TypeKind::Time(_));
    if list.len() < 2 || !is_time || !list.iter().any(|member| member.data_type().is_numeric()) {
        return list;
    }
    // A DATE's text is no time.
    let is_dated = |kind| matches!(kind, TypeKind::DateTime(_) | TypeKind::Timestamp(_));
    let time = |member: Expression| match is_dated(member.data_type().kind) {
        true => Expression::Cast { operand: Box::new(member), to: DataType::time(6) },
        false => member,
    };
    list.into_iter().map(time).collect()
}

/// What a text that is no time is in IN.
const NO_TIME: i64 = i64::MIN;

/// The operand and the members of IN as times, where they are texts and times.
pub(super) fn members_as_times(operands: &[Expression]) -> Option<Vec<Expression>> {
    let is_time = |operand: &Expression| matches!(operand.data_type().kind, TypeKind::Time(_));
    let is_null = |operand: &Expression| operand.data_type().kind == TypeKind::Null;
    let is_textual = |operand: &Expression| {
        let is_parameter = matches!(operand, Expression::Parameter { .. });
        is_null(operand) || is_time(operand) || operand.data_type().is_string() && !is_parameter
    };
    let is_text = |operand: &Expression| !is_time(operand) && !is_null(operand);
    let (first, members) = operands.split_first()?;
    let is_mixed = operands.iter().any(is_time) && operands.iter().any(is_text);
    if members.len() < 2 || !operands.iter().all(is_textual) || !is_mixed {
        return None;
    }
    let is_known = members.iter().all(Expression::is_fixed);
    if is_known && is_time(first) {
        return first.is_column().then(|| constants_as_times(first, members));
    }
    // What is no time is 00:00:00 among constants, and equal to none of them on the left.
    let of_members = if is_known { 0 } else { NO_TIME };
    let members = members.iter().map(|member| time_number(member, of_members));
    std::iter::once(time_number(first, NO_TIME)).chain(members).collect()
}

/// The number of microseconds of a time or of a text; of all texts that are no times the same one.
pub(super) fn as_time(operand: &Expression) -> Option<Expression> {
    time_number(operand, NO_TIME)
}

fn time_number(operand: &Expression, no_time: i64) -> Option<Expression> {
    let function = function::find(function::AS_TIME)?;
    Some(Expression::Call {
        function,
        arguments: vec![operand.clone(), Expression::integer(no_time)],
        data_type: DataType::BIGINT,
        collation: Collation::Binary,
    })
}

/// A TIME column and the constants that are its members: those that are no times are 00:00:00.
fn constants_as_times(column: &Expression, members: &[Expression]) -> Vec<Expression> {
    let as_time = |member: &Expression| match member.as_constant() {
        Some(Value::Null) => member.clone(),
        Some(value) => Expression::constant(kinds::nearest_time(value), DataType::time(6)),
        None => Expression::Cast { operand: Box::new(member.clone()), to: DataType::time(6) },
    };
    std::iter::once(column.clone()).chain(members.iter().map(as_time)).collect()
}

/// A TIME column and numbers that are constants, as times.
pub(super) fn numbers_as_times(operands: &[Expression]) -> Option<Vec<Expression>> {
    let (first, members) = operands.split_first()?;
    let is_time = matches!(first.data_type().kind, TypeKind::Time(_)) && first.is_column();
    let is_number = |member: &Expression| {
        (member.data_type().is_numeric()
            && member.as_hex_number().is_none()
            && member.as_constant().is_some())
            || member.data_type().kind == TypeKind::Null
    };
    let is_any = members.iter().any(|member| member.data_type().is_numeric());
    let is_all = members.len() > 1 && members.iter().all(is_number);
    (is_time && is_any && is_all).then(|| constants_as_times(first, members))
}

/// A column of dates and numbers that are constants, as what the column holds of them; what a DATETIME cannot hold is the zero date.
pub(super) fn numbers_as_dates(operands: &[Expression], reading: Reading) -> Option<Vec<Expression>> {
    let (first, members) = operands.split_first()?;
    let to = first.data_type();
    let is_number = |member: &Expression| {
        let own = member.data_type();
        own.kind == TypeKind::Null
            || own.is_numeric() && member.as_hex_number().is_none() && member.as_constant().is_some()
    };
    let is_any = members.iter().any(|member| member.data_type().is_numeric());
    if !first.is_column() || !to.has_date() || members.len() < 2 || !is_any || !members.iter().all(is_number)
    {
        return None;
    }
    let stored = |value: &Value| kinds::stored_value(value, &to, reading.rules, (TimeZone::UTC, 0));
    let as_date = |member: &Expression| match member.as_constant() {
        Some(Value::Null) | None => Some(member.clone()),
        Some(value) => match stored(value) {
            Some(value) => Some(Expression::constant(value, to)),
            // No day is what a DATE cannot hold.
            None if to.kind == TypeKind::Date => None,
            None => Some(kinds::zero_day()),
        },
    };
    let dates: Vec<Expression> = members.iter().filter_map(as_date).collect();
    (!dates.is_empty()).then(|| std::iter::once(first.clone()).chain(dates).collect())
}

/// The comparison that a single member of IN is.
pub(super) fn is_compared(operand: &Expression, list: &[Expression]) -> bool {
    matches!(list, [member] if calculated(operand, member).is_some())
}
