//! INTERVAL, SLEEP, and the numbers that texts begin with.

use std::borrow::Cow;
use std::time::Duration;

use crate::ast::BinaryOp;
use crate::error::Error;
use crate::execute::{Context, Interrupt, Run, Suspend};
use crate::expression::Expression;
use crate::function::{Call, Function, argument, returns};
use crate::types::compare::compare_numbers;
use crate::types::convert::{Temporal, as_datetime, as_time, to_f64, to_number};
use crate::types::datetime::Date;
use crate::types::temporal_text::DateRules;
use crate::types::{Decimal, TimeZone, Value, number};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("INTERVAL", 2, usize::MAX, returns::bigint, interval).never_null(),
    Function::new(super::AS_NUMBER, 1, 1, returns::double, as_number),
    Function::new(super::AS_YEAR, 1, 1, returns::bigint, as_year),
    Function::new(super::AS_STORED, 1, 1, |_, _| crate::types::DataType::NULL, as_stored).nullable_result(),
    Function::new(super::OWN_RESULT, 1, 1, returns::bigint, |_, values, _| Ok(values[0].clone())),
    Function::new(super::AS_TIME, 2, 2, returns::bigint, as_time_number),
    Function::new(super::YEAR_AS_DAY, 1, 1, returns::date, year_as_day),
    Function::new(super::AS_IT_IS, 1, 1, |_, _| crate::types::DataType::NULL, as_it_is),
    Function::new(super::AS_INTEGER, 1, 1, returns::bigint, as_integer),
    Function::new(super::AS_TEXT, 1, 1, returns::same_text, as_text).text(1),
    Function::new(super::AS_DATE_NUMBER, 1, 1, returns::double, as_date_number),
    Function::new("SLEEP", 1, 1, returns::bigint, sleep).takes_null().volatile(),
];

/// INTERVAL(n, n1, n2, …): how many of the bounds are at or below n, as numbers; -1 for NULL.
fn interval(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let Some(number) = to_number(&values[0], ctx.session) else { return Ok(Value::Int(-1)) };
    let mut below = 0;
    for bound in &values[1..] {
        if to_number(bound, ctx.session).is_some_and(|bound| compare_numbers(&bound, &number).is_gt()) {
            break;
        }
        below += 1;
    }
    Ok(Value::Int(below))
}

/// A number as a year: 24 is 2024, and a time is of this year.
fn as_year(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let value = match &values[0] {
        time @ Value::Time(_) => {
            match as_datetime(time, DateRules::default(), ctx.session.variables.time_zone, ctx.now_us) {
                Temporal::Valid(parsed) => Value::DateTime(parsed.value),
                Temporal::Null | Temporal::Invalid => time.clone(),
            }
        }
        other => other.clone(),
    };
    Ok(match (crate::expression::year_of(&value), &value) {
        (Some(year), _) => Value::Int(year),
        (None, Value::Text(text) | Value::Blob(text)) => Value::Double(number::double_prefix(text).0),
        (None, _) => value,
    })
}

/// A value as a column of the call's type holds it.
fn as_stored(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let now = (ctx.session.variables.time_zone, ctx.now_us);
    let rules = crate::types::convert::date_rules(ctx.session);
    Ok(crate::expression::stored_value(&values[0], &call.data_type, rules, now).unwrap_or(Value::Null))
}

/// The microseconds of a time; the second argument for a text that is none.
fn as_time_number(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    match as_time(&values[0]) {
        Temporal::Valid(parsed) => Ok(Value::Int(parsed.value.microseconds())),
        Temporal::Null => Ok(Value::Null),
        Temporal::Invalid => {
            crate::types::convert::warn_truncated_value(ctx.session, "time", &values[0]);
            Ok(values[1].clone())
        }
    }
}

/// A year's date without month and day.
fn year_as_day(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match &values[0] {
        Value::Int(year) => u32::try_from(*year)
            .ok()
            .and_then(|year| Date::new_lenient(year, 0, 0))
            .map_or(Value::Null, Value::Date),
        other => other.clone(),
    })
}

/// A decimal as it is calculated.
fn as_it_is(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let mut whole = call.arguments.first();
    while let Some(Expression::Negate { operand, .. }) = whole {
        whole = Some(operand);
    }
    // A sum of zeros has its digits, and so has a column with another sign; a quotient has those that it was given.
    let loses_digits = match whole {
        Some(Expression::Arithmetic { op, .. }) => !matches!(op, BinaryOp::Add | BinaryOp::Divide),
        _ => false,
    };
    Ok(match &values[0] {
        Value::Decimal(number) if number.is_zero() && loses_digits => Value::Decimal(Decimal::ZERO),
        Value::Int(number) => Value::Decimal(Decimal::from_i128(i128::from(*number), 0)),
        Value::UInt(number) => Value::Decimal(Decimal::from_i128(i128::from(*number), 0)),
        other => other.clone(),
    })
}

/// The number that a text begins with.
fn as_number(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match &values[0] {
        Value::Text(text) | Value::Blob(text) => Value::Double(number::double_prefix(text).0),
        other => other.clone(),
    })
}

/// Bytes as the text that they are in a character set.
fn as_text(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let (set, given) = (call.collation.set(), argument::shared(&values[0]));
    match set.decode_literal(&given) {
        Ok(Cow::Borrowed(_)) => Ok(Value::Text(given)),
        Ok(Cow::Owned(text)) => Ok(Value::Text(text.into())),
        Err(at) => Err(crate::expression::collate::not_text(&given, at, set).into()),
    }
}

/// The number of the date or time that a text is.
fn as_date_number(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let value = &values[0];
    let date = match as_datetime(value, DateRules::default(), TimeZone::UTC, ctx.now_us) {
        Temporal::Valid(parsed) if parsed.has_time => Value::DateTime(parsed.value),
        Temporal::Valid(parsed) => Value::Date(parsed.value.date()),
        Temporal::Null | Temporal::Invalid => value.clone(),
    };
    let date = match (&date, as_time(value)) {
        // A time that happens to look like a date has colons only.
        (Value::Date(_), Temporal::Valid(time)) if argument::bytes(value).contains(&b':') => {
            Value::Time(time.value)
        }
        _ => date,
    };
    Ok(to_f64(&date, ctx.session).map_or(Value::Null, Value::Double))
}

/// The integer that a text begins with, within the bounds of BIGINT and BIGINT UNSIGNED.
fn as_integer(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match &values[0] {
        Value::Text(text) | Value::Blob(text) => {
            let wide = number::integer_prefix(text).0;
            match i64::try_from(wide) {
                Ok(integer) => Value::Int(integer),
                Err(_) if wide > 0 => Value::UInt(u64::try_from(wide).unwrap_or(u64::MAX)),
                Err(_) => Value::Int(i64::MIN),
            }
        }
        other => other.clone(),
    })
}

/// The n-th SLEEP of a statement suspends it the first time it is met, and answers 0 when the statement runs again.
fn sleep(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let seconds = if values[0].is_null() { -1.0 } else { argument::double(&values[0], ctx) };
    if seconds < 0.0 {
        return Err(Error::wrong_arguments("sleep.").into());
    }
    ctx.check()?;
    let number = ctx.sleeps_met;
    ctx.sleeps_met += 1;
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    if number >= ctx.sleeps_done && !duration.is_zero() {
        return Err(Interrupt::Suspend(Suspend::Sleep(number, duration)));
    }
    Ok(Value::Int(0))
}
