//! Operands of comparisons brought to one kind, where MySQL compares them neither as they are nor pair by pair as numbers.
//!
//! * A constant next to a TIME or YEAR column is stored into such a column, and compared as that if nothing is lost.
//! * A text next to a date is a date. A constant that is none is refused (1525) by a comparison, and is the zero date in
//!   BETWEEN, IN and CASE; a text that is not constant is the zero date wherever it stands.
//! * A text next to a time is compared with the time's text.
//! * BETWEEN compares all three as numbers if one is, and all as dates if one is.
//!
//! Left out: constant expressions are refused when the first row meets them, not before.

use std::borrow::Cow;

use crate::ast;
use crate::error::{Error, Result};
use crate::expression::bind::comparison::date_of_text;
use crate::expression::bind::{number_operand, text};
use crate::expression::{Coercibility, Expression};
use crate::function;
use crate::types::convert::{Temporal, as_datetime, as_time};
use crate::types::datetime::{DateTime, Time};
use crate::types::temporal_text::DateRules;
use crate::types::{Collation, DataType, TimeZone, TypeKind, Value, number};

/// What becomes of a constant text that is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    /// Error 1525.
    Refused,
    /// It is the zero date.
    Zero,
}

/// How a text next to a date is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// The session's time zone.
    pub zone: TimeZone,
    /// What its sql_mode takes for a date.
    pub rules: DateRules,
}

impl Expression {
    pub(crate) fn is_column(&self) -> bool {
        matches!(self, Expression::Column { .. } | Expression::Outer { .. })
    }

    /// Whether the value is the same in every row, and known without the statement's parameters and variables.
    pub(crate) fn is_fixed(&self) -> bool {
        self.is_same_in_all_rows(false)
    }

    /// As [`Expression::is_fixed`], but a subquery that reads nothing of the rows around it counts too.
    pub(super) fn is_known_before_rows(&self) -> bool {
        self.is_same_in_all_rows(true)
    }

    fn is_same_in_all_rows(&self, with_subqueries: bool) -> bool {
        let mut fixed = match self {
            Expression::Constant { .. } => true,
            Expression::ScalarSubquery(subquery) => with_subqueries && !subquery.correlated,
            Expression::Parameter { .. }
            | Expression::Column { .. }
            | Expression::Outer { .. }
            | Expression::InSubquery { .. }
            | Expression::Quantified { .. }
            | Expression::Exists { .. }
            | Expression::SubqueryColumn { .. }
            | Expression::Stored { .. }
            | Expression::UserVariable { .. }
            | Expression::AssignVariable { .. }
            | Expression::SystemVariable { .. } => false,
            Expression::Call { function, .. } => !function.is_volatile(),
            _ => true,
        };
        self.for_each_operand(&mut |operand| fixed &= operand.is_same_in_all_rows(with_subqueries));
        fixed
    }
}

fn is_text(operand: &Expression) -> bool {
    operand.data_type().is_string() && !matches!(operand, Expression::Parameter { is_variable: false, .. })
}

fn is_time(operand: &Expression) -> bool {
    matches!(operand.data_type().kind, TypeKind::Time(_))
}

/// Whether MySQL has the operand's value as a text: texts, dates and times, NULL.
pub(super) fn is_textual(operand: &Expression) -> bool {
    let data_type = operand.data_type();
    data_type.is_string() || data_type.is_temporal() || data_type.kind == TypeKind::Null
}

/// The year that a constant is, stored into a YEAR column.
pub(crate) fn year_of(value: &Value) -> Option<i64> {
    let (number, is_short) = match value {
        Value::Int(number) => (i128::from(*number), false),
        Value::UInt(number) => (i128::from(*number), false),
        // What is rounded to zero is the year 0.
        Value::Decimal(number) if !number.is_negative() && number.to_i128() == Some(0) => return Some(0),
        Value::Double(number) if *number >= 0.0 && *number < 0.5 => return Some(0),
        Value::Decimal(number) => (number.to_i128()?, false),
        Value::Double(number) => (number::rounded(*number)?, false),
        Value::Text(text) => {
            let (number, taken) = number::double_prefix(text);
            if taken == 0 {
                return None;
            }
            (number::rounded(number)?, text.len() < 4)
        }
        Value::Date(date) => return Some(i64::from(date.year())),
        Value::DateTime(datetime) => return Some(i64::from(datetime.date().year())),
        Value::Null | Value::Blob(_) | Value::Time(_) | Value::Json(_) => return None,
    };
    match i64::try_from(number).ok()? {
        0 if is_short => Some(2000),
        number @ 1..=69 => Some(2000 + number),
        number @ 70..=99 => Some(1900 + number),
        number @ 1901..=2155 => Some(number),
        _ => None,
    }
}

/// The time that a constant is, stored into a TIME column; none if that loses anything but digits of the fraction.
pub(super) fn time_of(value: &Value, fsp: u8) -> Option<Expression> {
    let time: Time = match value {
        Value::Null | Value::Json(_) => return None,
        Value::UInt(number) if i64::try_from(*number).is_err() => return None,
        Value::Date(_) => Time::ZERO,
        _ => match as_time(value) {
            Temporal::Valid(parsed) if !parsed.truncated => parsed.value,
            Temporal::Valid(_) | Temporal::Invalid | Temporal::Null => return None,
        },
    };
    let value = Value::Time(time.round(fsp, false));
    let data_type = DataType::time(fsp);
    Some(Expression::Constant { value, data_type })
}

/// The datetime that a number is, stored into a DATETIME column.
pub(super) fn datetime_of(value: &Value) -> Option<Expression> {
    let is_number = matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_));
    match as_datetime(value, DateRules { no_zero_date: true, ..DateRules::default() }, TimeZone::UTC, 0) {
        Temporal::Valid(parsed) if is_number => {
            Some(Expression::constant(Value::DateTime(parsed.value), DataType::datetime(6)))
        }
        Temporal::Valid(_) | Temporal::Invalid | Temporal::Null => None,
    }
}

/// A text as the date that it is compared with.
pub(super) fn as_day(
    operand: Expression,
    to: &DataType,
    invalid: Invalid,
    reading: Reading,
) -> Result<Expression> {
    if !is_text(&operand) {
        return Ok(operand);
    }
    if let Expression::Constant { value: Value::Text(text) | Value::Blob(text), .. } = &operand {
        match date_of_text(text, to, reading) {
            Err(error) if invalid == Invalid::Refused => return Err(error),
            Err(_) => {}
            day => return day,
        }
    }
    let kind = match invalid {
        Invalid::Refused if operand.is_fixed() => date_kind(to),
        Invalid::Refused | Invalid::Zero => "",
    };
    Ok(as_day_told(operand, kind))
}

/// Whether evaluating it raises 1525 for a text that is no date.
pub(super) fn refuses_no_day(operand: &Expression) -> bool {
    let Expression::Call { function, arguments, .. } = operand else { return false };
    let kind = arguments.get(1).and_then(Expression::as_constant);
    let is_of_value = |kind: &[u8]| {
        let others = [UNKNOWN, NEVER, MIDNIGHT_OR_NEVER, ZERO_DATE];
        !kind.is_empty() && others.iter().all(|other| kind != other.as_bytes())
    };
    function.name == function::AS_DAY && matches!(kind, Some(Value::Text(kind)) if is_of_value(kind))
}

/// What a column of dates is equal to in a condition, as the date that is refused if it is none: a text that a subquery gives,
/// which reads nothing of the rows.
pub(super) fn refused_before_rows(column: &Expression, text: &Expression) -> Option<Expression> {
    let to = column.data_type();
    let text = match text {
        Expression::Call { function, arguments, .. } if function.name == function::AS_DAY => {
            arguments.first()?
        }
        other => other,
    };
    let is_given = text.data_type().is_string() && text.is_known_before_rows() && !text.is_fixed();
    (column.is_column() && to.has_date() && is_given).then(|| as_day_told(text.clone(), date_kind(&to)))
}

/// What AS_DAY is told where a text that is no date is NULL.
const UNKNOWN: &str = "NULL";

/// What AS_DAY is told where a text that is no date is to be equal to none.
const NEVER: &str = "NEVER";
/// What it is told where a text that is no date is the zero date, next to a DATE.
const ZERO_DATE: &str = "ZERO DATE";
/// What it is told where its time does not count, and it is equal to none.
const MIDNIGHT_OR_NEVER: &str = "MIDNIGHT OR NEVER";

/// A text as a date with its time, or as [`no_day`] if it is none.
pub(super) fn moment_or_never(operand: Expression) -> Expression {
    as_day_told(operand, NEVER)
}

/// A text as a date, or as [`no_day`] if it is none.
pub(super) fn day_or_never(operand: Expression) -> Expression {
    as_day_told(operand, MIDNIGHT_OR_NEVER)
}

/// A day that no column and no text is.
pub(super) fn no_day() -> Expression {
    Expression::constant(Value::DateTime(DateTime::BEYOND), DataType::datetime(6))
}

fn as_day_told(operand: Expression, kind: &str) -> Expression {
    let Some(function) = function::find(function::AS_DAY) else { return operand };
    let kind = Value::text(kind);
    let kind = Expression::constant(kind.clone(), DataType::of_value(&kind, Collation::Binary));
    let data_type = DataType::datetime(6);
    let arguments = vec![operand, kind];
    Expression::Call { function, arguments, data_type, collation: Collation::Binary }
}

/// IF or CASE next to a date: asked for its date, which is NULL if it is none.
fn chosen_day(choice: Expression) -> Expression {
    as_day_told(choice.bare(), UNKNOWN)
}

/// A text next to a date that is none.
pub(crate) fn no_date(kind: &str, shown: &str) -> Error {
    Error { code: 1525, state: *b"HY000", message: format!("Incorrect {kind} value: '{shown}'") }
}

/// Refuses a text literal that is no date in `IN (SELECT …)`, on one side, where a date is on the other.
pub(super) fn check_dates(
    operand: &Expression,
    column: &DataType,
    query: &ast::Query,
    reading: Reading,
) -> Result<()> {
    let own = operand.data_type();
    if let (Some(Value::Text(text) | Value::Blob(text)), true) = (operand.as_constant(), column.has_date()) {
        date_of_text(text, column, reading)?;
    }
    if own.has_date()
        && let ast::QueryBody::Select(select) = &query.body
        && let [ast::SelectItem::Expression { expr, .. }] = select.items.as_slice()
        && let ast::Expr::Literal(Value::Text(text)) | ast::Expr::HexLiteral(text) = expr
    {
        date_of_text(text, &own, reading)?;
    }
    Ok(())
}

/// How error 1525 calls a type.
pub(super) fn date_kind(to: &DataType) -> &'static str {
    match to.kind {
        TypeKind::Date => "DATE",
        TypeKind::Timestamp(_) => "TIMESTAMP",
        _ => "DATETIME",
    }
}

/// Two operands of a comparison; `invalid` says what a constant text that is no date does next to one.
pub(super) fn pair(
    left: Expression,
    right: Expression,
    connection: Collation,
    invalid: Invalid,
    reading: Reading,
) -> Result<(Expression, Expression)> {
    let (left, right) = match invalid {
        Invalid::Refused => {
            let left = stored(left, &right, reading);
            let right = stored(right, &left, reading);
            (left, right)
        }
        // CASE stores nothing.
        Invalid::Zero => (left, right),
    };
    let texts = (is_text(&left), is_text(&right));
    if texts.1 && left.data_type().has_date() && right.is_fixed() {
        let right = as_day(right, &left.data_type(), invalid, reading)?;
        return Ok((left, right));
    }
    if texts.0 && right.data_type().has_date() && left.is_fixed() {
        let left = as_day(left, &right.data_type(), invalid, reading)?;
        return Ok((left, right));
    }
    // Next to a constant date it is its text that counts.
    if texts.0 && right.data_type().has_date() && left.is_dated_choice() && !right.is_fixed() {
        return Ok((chosen_day(left), right));
    }
    if texts.1 && left.data_type().has_date() && right.is_dated_choice() && !left.is_fixed() {
        return Ok((left, chosen_day(right)));
    }
    // Of a text its day counts, but not next to a constant DATE or in a subquery.
    let is_varying = |side: &Expression| {
        let is_subquery = matches!(side, Expression::ScalarSubquery(_) | Expression::SubqueryColumn { .. });
        !is_subquery && !side.is_known_before_rows()
    };
    let is_cut = is_varying(&left) && is_varying(&right);
    if texts.1 && left.data_type().kind == TypeKind::Date && !is_cut {
        return Ok((left, as_day_told(right, ZERO_DATE)));
    }
    if texts.0 && right.data_type().kind == TypeKind::Date && !is_cut {
        return Ok((as_day_told(left, ZERO_DATE), right));
    }
    if texts.1 && is_time(&left) {
        return Ok((text(left, connection), right));
    }
    if texts.0 && is_time(&right) {
        return Ok((left, text(right, connection)));
    }
    match invalid {
        Invalid::Refused => Ok(days_of_years(left, right)),
        Invalid::Zero => Ok((left, right)),
    }
}

/// Whether it is a number or a time that is calculated from constants, or a written time.
pub(super) fn is_fixed_number(operand: &Expression) -> bool {
    let is_known = operand.as_constant().is_some() && !is_time(operand);
    (operand.data_type().is_numeric() || is_time(operand)) && !is_known && operand.is_fixed()
}

/// A number stored into a YEAR column, when the statement runs.
pub(super) fn as_year(operand: Expression) -> Expression {
    let Some(function) = function::find(function::AS_YEAR) else { return operand };
    Expression::Call {
        function,
        arguments: vec![operand],
        data_type: DataType::BIGINT,
        collation: Collation::Binary,
    }
}

/// A constant as a TIME or YEAR column next to it has it.
pub(super) fn stored(operand: Expression, other: &Expression, reading: Reading) -> Expression {
    let is_fixed_text =
        operand.data_type().is_string() && operand.as_constant().is_none() && operand.is_fixed();
    let is_beside_year = other.is_column() && other.data_type().kind == TypeKind::Year;
    if is_beside_year && (is_fixed_number(&operand) || is_fixed_text) {
        return as_year(operand);
    }
    let (Some(value), true) = (operand.as_constant(), other.is_column()) else { return operand };
    let hex = operand.as_hex_number();
    let value = hex.as_ref().and_then(Expression::as_constant).map_or(Cow::Borrowed(value), Cow::Borrowed);
    let stored = match other.data_type().kind {
        TypeKind::Year => year_of(&value).map(Expression::integer),
        TypeKind::Time(fsp) if hex.is_none() => time_of(&value, fsp),
        TypeKind::Date | TypeKind::DateTime(_) | TypeKind::Timestamp(_) => {
            let is_number =
                matches!(*value, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_));
            let to = match other.data_type().kind {
                TypeKind::Date => DataType::DATE,
                TypeKind::Timestamp(_) => DataType::of(TypeKind::Timestamp(6)),
                _ => DataType::datetime(6),
            };
            let day =
                if is_number { stored_value(&value, &to, reading.rules, (TimeZone::UTC, 0)) } else { None };
            let is_date = to.kind == TypeKind::Date;
            day.map(|day| Expression::constant(day, if is_date { to } else { DataType::datetime(6) }))
        }
        _ => None,
    };
    stored.unwrap_or(operand)
}

/// What a column of dates or times holds of a value, if it can hold it.
pub(crate) fn stored_value(
    value: &Value,
    to: &DataType,
    rules: DateRules,
    (zone, now_us): (TimeZone, i64),
) -> Option<Value> {
    // Whatever the session says of zero dates and of days that a month has not.
    let rules = DateRules {
        no_zero_date: false,
        no_zero_in_date: rules.no_zero_in_date,
        allow_invalid: !matches!(to.kind, TypeKind::Timestamp(_)),
    };
    match to.kind {
        TypeKind::Time(fsp) => match time_of(value, fsp)? {
            Expression::Constant { value, .. } => Some(value),
            _ => None,
        },
        TypeKind::Date | TypeKind::DateTime(_) | TypeKind::Timestamp(_) => {
            let Temporal::Valid(parsed) = as_datetime(value, rules, zone, now_us) else { return None };
            if parsed.truncated {
                return None;
            }
            match to.kind {
                TypeKind::Date => Some(Value::Date(parsed.value.date())),
                _ => parsed.value.round(to.fsp(), false).map(Value::DateTime),
            }
        }
        _ => None,
    }
}

/// The time that a value is, 00:00:00 if it is none.
pub(super) fn nearest_time(value: &Value) -> Value {
    Value::Time(match as_time(value) {
        Temporal::Valid(parsed) => parsed.value,
        Temporal::Invalid | Temporal::Null => Time::ZERO,
    })
}

/// A YEAR next to a date is the year's date without month and day.
fn days_of_years(left: Expression, right: Expression) -> (Expression, Expression) {
    let is_year = |operand: &Expression| operand.data_type().kind == TypeKind::Year;
    let day = |operand: Expression| match function::find(function::YEAR_AS_DAY) {
        Some(function) => Expression::Call {
            function,
            arguments: vec![operand],
            data_type: DataType::DATE,
            collation: Collation::Binary,
        },
        None => operand,
    };
    if is_year(&left) && right.data_type().has_date() {
        return (day(left), right);
    }
    if is_year(&right) && left.data_type().has_date() {
        return (left, day(right));
    }
    (left, right)
}

/// Operands that are compared with the first one: BETWEEN's bounds, IN's members.
pub(super) fn group(
    operands: Vec<Expression>,
    connection: Collation,
    reading: Reading,
) -> Result<Vec<Expression>> {
    if !operands.iter().all(is_textual) || !operands.iter().any(is_text) {
        return Ok(operands);
    }
    if let Some(dated) = operands.iter().map(Expression::data_type).find(DataType::has_date) {
        let as_day = |operand| as_day(operand, &dated, Invalid::Zero, reading);
        return operands.into_iter().map(as_day).collect();
    }
    if !operands.iter().any(is_time) {
        return Ok(operands);
    }
    let times: Option<Vec<Expression>> = match operands.first() {
        Some(first) if first.is_column() && is_time(first) => {
            let fsp = first.data_type().fsp();
            let members = operands[1..].iter();
            let time = |member: &Expression| member.as_constant().and_then(|value| time_of(value, fsp));
            std::iter::once(Some(first.clone())).chain(members.map(time)).collect()
        }
        _ => None,
    };
    let as_text = |operand: Expression| if is_time(&operand) { text(operand, connection) } else { operand };
    Ok(times.unwrap_or_else(|| operands.into_iter().map(as_text).collect()))
}

/// IN's members, if they are compared one by one: a date or time next to a text is a text.
pub(super) fn times_as_texts(mut operands: Vec<Expression>, connection: Collation) -> Vec<Expression> {
    if operands.first().is_some_and(is_text) && !operands.iter().all(is_textual) {
        let as_text = |operand: Expression| match operand.data_type().is_temporal() {
            true => text(operand, connection),
            false => operand,
        };
        operands = operands.into_iter().map(as_text).collect();
    }
    operands
}

/// All operands as numbers, if one is; but a date column among constants is compared as a date.
pub(super) fn numbers(operands: Vec<Expression>) -> Vec<Expression> {
    let is_number = |operand: &Expression| operand.data_type().is_numeric();
    let is_known = |operand: &Expression| operand.as_constant().is_some();
    let Some(first) = operands.first() else { return operands };
    let is_year = |operand: &Expression| operand.data_type().kind == TypeKind::Year;
    let is_dated = first.is_column()
        && first.data_type().has_date()
        && (operands[1..].iter().all(is_known) || operands.iter().any(is_year));
    if !operands.iter().any(is_number) {
        return operands;
    }
    if is_dated {
        // A number that is no date is the zero date.
        let day = |operand: Expression| match operand.as_constant() {
            Some(value) if is_number(&operand) && !is_year(&operand) && datetime_of(value).is_none() => {
                zero_day()
            }
            _ => operand,
        };
        return operands.into_iter().map(day).collect();
    }
    let is_dated = first.data_type().has_date();
    let takes_texts = is_text(first) || is_time(first) || is_dated;
    let number = |operand: Expression| match operand.as_hex_number() {
        Some(number) => number,
        None if operand.is_column() && operand.data_type().is_long_string() => operand.quiet_number(),
        None if operand.data_type().is_string() && operand.is_mixed_choice() => operand.chosen_number(),
        None if operand.data_type().is_string() => match operand.chosen_number() {
            operand if takes_texts && is_text(&operand) => {
                Expression::Cast { operand: Box::new(operand), to: DataType::DOUBLE }
            }
            operand => operand,
        },
        None if (is_dated || is_time(&operand)) && operand.data_type().is_temporal() => {
            number_operand(operand)
        }
        None if takes_texts && operand.data_type().has_date() => number_operand(operand),
        None => operand,
    };
    let quiet = |operand: Expression| if takes_texts { operand } else { operand.quiet_number() };
    operands.into_iter().map(number).map(quiet).collect()
}

/// FIELD's arguments: all numbers if one is, else all texts.
pub(super) fn field(arguments: Vec<Expression>, connection: Collation) -> Vec<Expression> {
    if arguments.iter().all(is_textual) {
        let plain = |argument: Expression| match argument.data_type().is_temporal() {
            true => text(argument, connection),
            false => argument,
        };
        return arguments.into_iter().map(plain).collect();
    }
    if arguments.iter().all(|argument| argument.data_type().is_integer()) {
        // Integers are compared by their bits.
        let has_unsigned = arguments.iter().any(|argument| argument.data_type().unsigned);
        let signed = |argument: Expression| match has_unsigned && argument.data_type().unsigned {
            true => Expression::Cast { operand: Box::new(argument), to: DataType::BIGINT },
            false => argument,
        };
        return arguments.into_iter().map(signed).collect();
    }
    if !arguments.iter().any(|argument| is_textual(argument) || argument.data_type().is_float()) {
        return arguments;
    }
    let number = |argument: Expression| match argument.data_type() {
        _ if argument.as_hex_number().is_some() => argument.as_hex_number().unwrap_or(argument),
        data_type if data_type.is_temporal() || is_text(&argument) => {
            let operand = Box::new(argument.chosen_number().quiet_number());
            Expression::Cast { operand, to: DataType::DOUBLE }
        }
        data_type if data_type.is_integer() || data_type.is_decimal() => {
            Expression::Cast { operand: Box::new(argument), to: DataType::DOUBLE }
        }
        _ => argument,
    };
    arguments.into_iter().map(number).collect()
}

/// Bytes that are compared by a text's collation are that text: of a literal next to a column, say.
pub(super) fn in_collation(operand: Expression, collation: Collation) -> Expression {
    let data_type = operand.data_type();
    if collation == Collation::Binary
        || !data_type.is_binary()
        || operand.coercibility() < Coercibility::Coercible
    {
        return operand;
    }
    if let Expression::Constant { value: Value::Blob(bytes), .. } = &operand
        && collation.set().is_held_as_is()
        && std::str::from_utf8(bytes).is_ok()
    {
        let value = Value::Text(bytes.clone());
        let data_type = DataType::of_value(&value, collation);
        return Expression::Constant { value, data_type };
    }
    let to = DataType::varchar(data_type.characters(), collation);
    match function::find(function::AS_TEXT) {
        Some(function) => Expression::Call { function, arguments: vec![operand], data_type: to, collation },
        None => Expression::Cast { operand: Box::new(operand), to },
    }
}

/// Bytes that are the same in every row, as the text that they are in a collation; anything else as it is.
pub(super) fn as_text_of(operand: Expression, collation: Collation) -> Expression {
    let data_type = operand.data_type();
    if !data_type.is_binary() || !operand.is_fixed() || operand.coercibility() >= Coercibility::Coercible {
        return in_collation(operand, collation);
    }
    let to = DataType::varchar(data_type.characters(), collation);
    match function::find(function::AS_TEXT) {
        Some(function) => Expression::Call { function, arguments: vec![operand], data_type: to, collation },
        None => operand,
    }
}

/// The zero date: what no date is equal to but itself.
pub(super) fn zero_day() -> Expression {
    Expression::constant(Value::DateTime(DateTime::ZERO), DataType::datetime(0))
}
