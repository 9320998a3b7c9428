//! GREATEST, LEAST, INTERVAL, SLEEP.

use std::time::Duration;

use crate::error::Error;
use crate::execute::{Context, Interrupt, Run, Suspend};
use crate::expression::{Expression, common_type};
use crate::function::{Call, Function, argument, returns};
use crate::types::compare::{compare_numbers, compare_sql};
use crate::types::convert::{cast, clamp_i64, to_number};
use crate::types::{Collation, DataType, Value, number};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("GREATEST", 2, usize::MAX, common, greatest),
    Function::new("LEAST", 2, usize::MAX, common, least),
    Function::new("INTERVAL", 2, usize::MAX, returns::bigint, interval).never_null(),
    Function::new(super::AS_NUMBER, 1, 1, returns::double, as_number),
    Function::new(super::AS_INTEGER, 1, 1, returns::bigint, as_integer),
    Function::new("SLEEP", 1, 1, returns::bigint, sleep).takes_null().volatile(),
];

fn common(arguments: &[Expression], collation: Collation) -> DataType {
    let types: Vec<DataType> = arguments.iter().map(Expression::data_type).collect();
    common_type(&types, collation)
}

fn extreme(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>, greatest: bool) -> Value {
    let mut best: Option<Value> = None;
    for (value, argument) in values.iter().zip(call.arguments) {
        let from = argument.data_type();
        let value = if from == call.data_type {
            value.clone()
        } else {
            cast(value.clone(), &from, &call.data_type, ctx.session, ctx.now_us)
        };
        let better = best.as_ref().is_none_or(|best| {
            let order = compare_sql(&value, best, call.data_type.collation);
            order.is_some_and(|order| if greatest { order.is_gt() } else { order.is_lt() })
        });
        if better {
            best = Some(value);
        }
    }
    best.unwrap_or(Value::Null)
}

fn greatest(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(extreme(call, values, ctx, true))
}

fn least(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(extreme(call, values, ctx, false))
}

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

/// The number that a text begins with.
fn as_number(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match &values[0] {
        Value::Text(text) | Value::Blob(text) => Value::Double(number::double_prefix(text).0),
        other => other.clone(),
    })
}

/// The integer that a text begins with, within the bounds of BIGINT.
fn as_integer(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match &values[0] {
        Value::Text(text) | Value::Blob(text) => Value::Int(clamp_i64(number::integer_prefix(text).0)),
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
