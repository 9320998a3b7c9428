//! GREATEST and LEAST.
//!
//! Arguments are compared in the type of the result: numbers as numbers, texts by their collation. A date among texts or numbers
//! makes all of them dates, and the result is one, written as text. What is no date there is, as in MySQL, the date of the largest
//! year that its format can hold where all are dates without time, and passed over where one has a time.
//!
//! The binder gives a call another type than its own where its number or its date is asked for, not its text.

use std::cmp::Ordering;

use crate::execute::Context;
use crate::expression::{Expression, chosen_type};
use crate::function::temporal_parts::{loose_rules, text_precision};
use crate::function::{Call, Function};
use crate::types::compare::compare_sql;
use crate::types::convert::{
    Temporal, as_date, as_datetime, cast, micros_decimal, to_decimal, warn_incorrect,
};
use crate::types::datetime::{Date, DateTime};
use crate::types::temporal_text::DateRules;
use crate::types::{Collation, DataType, TimeZone, TypeKind, Value, text};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("GREATEST", 2, usize::MAX, common, |call, values, ctx| {
        Ok(extreme(call, values, ctx, true))
    }),
    Function::new("LEAST", 2, usize::MAX, common, |call, values, ctx| Ok(extreme(call, values, ctx, false))),
];

/// How MySQL shows what is no date among dates: all bits of its format are set.
const NO_DATE: &str = "16383-15-31";
/// Its number.
const NO_DATE_NUMBER: i64 = 163_831_531;
/// Characters of the longest date with a time.
const DATE_CHARACTERS: u32 = 26;

fn common(arguments: &[Expression], collation: Collation) -> DataType {
    let types: Vec<DataType> = arguments.iter().map(Expression::data_type).collect();
    let found = chosen_type(&types, collation);
    // Long enough for a date with a time.
    let is_short =
        compares_dates(arguments) && arguments.iter().any(is_timed) && found.characters() < DATE_CHARACTERS;
    // A DECIMAL may be negative, and bytes have no sign.
    let is_signed = found.is_decimal() || found.is_string();
    let found = found.with_unsigned(found.unsigned && !is_signed);
    match is_short {
        true if found.is_binary() => DataType::varbinary(DATE_CHARACTERS),
        true if found.is_text() => DataType::varchar(DATE_CHARACTERS, found.collation),
        _ => found,
    }
}

/// Whether arguments are compared as dates though not all of them are: one is, and the result is a text.
#[must_use]
pub fn compares_dates(arguments: &[Expression]) -> bool {
    let types = || arguments.iter().map(Expression::data_type);
    types().any(|own| own.has_date())
        && types().any(|own| !own.is_temporal() && own.kind != TypeKind::Null)
        && !types().any(|own| own.is_json())
}

fn extreme(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>, greatest: bool) -> Value {
    if compares_dates(call.arguments) {
        return by_dates(call, values, ctx, greatest);
    }
    let mut best: Option<Value> = None;
    for (value, argument) in values.iter().zip(call.arguments) {
        let from = argument.data_type();
        let is_exact = matches!(value, Value::Int(_) | Value::UInt(_) | Value::Decimal(_));
        let value = if from == call.data_type {
            value.clone()
        } else if call.data_type.is_decimal() && is_exact {
            // With the digits after the point that it has.
            to_decimal(value, ctx.session).map_or(Value::Null, Value::Decimal)
        } else {
            cast(value.clone(), &from, &call.data_type, ctx.session, ctx.now_us)
        };
        let better = best.as_ref().is_none_or(|best| {
            let order = compare_sql(&value, best, call.data_type.collation);
            // Of equal numbers, 0 and -0 or 1 and 1.0, the last is the greatest.
            let is_last = greatest && matches!(value, Value::Double(_) | Value::Decimal(_));
            order.is_some_and(|order| order == wanted(greatest) || is_last && order.is_eq())
        });
        if better {
            best = Some(value);
        }
    }
    best.unwrap_or(Value::Null)
}

fn wanted(greatest: bool) -> Ordering {
    if greatest { Ordering::Greater } else { Ordering::Less }
}

fn is_timed(argument: &Expression) -> bool {
    matches!(argument.data_type().kind, TypeKind::DateTime(_) | TypeKind::Timestamp(_))
}

/// A year among dates.
fn first_day(value: &Value) -> Option<DateTime> {
    let Value::Int(year) = value else { return None };
    Date::new(u32::try_from(*year).ok()?, 1, 1).map(Date::midnight)
}

/// A value among dates; none where it is no date.
fn day_of(value: &Value, timed: bool, ctx: &mut Context<'_>) -> Option<DateTime> {
    let zone = ctx.session.variables.time_zone;
    let rules = loose_rules(value);
    let read = match timed {
        true => as_datetime(value, rules, zone, ctx.now_us),
        false => as_date(value, rules, zone, ctx.now_us),
    };
    match read {
        Temporal::Valid(parsed) if timed => Some(parsed.value),
        Temporal::Valid(parsed) => Some(parsed.value.date().midnight()),
        Temporal::Null | Temporal::Invalid => {
            warn_incorrect(ctx.session, "datetime", value);
            None
        }
    }
}

fn by_dates(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>, greatest: bool) -> Value {
    let timed = call.arguments.iter().any(is_timed);
    // The place of the best value, and its date.
    let mut best: Option<(usize, Option<DateTime>)> = None;
    let mut is_whole = true;
    let has_fraction =
        call.arguments.iter().any(|own| own.data_type().is_temporal() && own.data_type().fsp() > 0);
    for (place, value) in values.iter().enumerate() {
        let argument = call.arguments.get(place);
        let is_year = argument.is_some_and(|own| own.is_column() && own.data_type().kind == TypeKind::Year);
        let day = match is_year {
            true => first_day(value),
            false if !timed && is_beyond(value) => Some(DateTime::ZERO),
            false => day_of(value, timed, ctx),
        };
        // IF, CASE and NULLIF are NULL where they are asked for a date that they are not.
        if day.is_none() && !timed && argument.is_some_and(Expression::is_branch) {
            return Value::Null;
        }
        is_whole &= day.is_some_and(|day| !timed || day != DateTime::ZERO);
        let is_text = matches!(value, Value::Text(_) | Value::Blob(_));
        // Beside times what is no date is passed over, but a number that is the least.
        let is_constant = call.arguments.get(place).is_some_and(|own| own.as_constant().is_some());
        let is_passed = is_constant && place > 0 && !has_fraction;
        if timed && day.is_none() && (is_text || greatest || is_passed) {
            continue;
        }
        let better = match (&best, &day) {
            (None, _) => true,
            (Some((_, Some(best))), Some(day)) => day.cmp(best) == wanted(greatest),
            (Some((_, None)), Some(_)) => !greatest && !timed,
            (Some((_, Some(_))), None) => greatest || timed,
            (Some((_, None)), None) => false,
        };
        if better {
            best = Some((place, day));
        }
    }
    let Some((_, day)) = best else { return Value::Null };
    if timed && !greatest && !is_whole {
        if call.data_type.is_string() {
            return least_text(call, values, ctx);
        }
        if call.data_type.is_integer() {
            return Value::Int(0);
        }
    }
    shown(call, day, timed)
}

/// Whether a number has no place in a BIGINT.
fn is_beyond(value: &Value) -> bool {
    match value {
        Value::Decimal(number) => number.to_i128().is_none_or(|number| i64::try_from(number).is_err()),
        _ => false,
    }
}

/// Times of which the least is no time, or the zero one, are compared as the texts that they are.
fn least_text(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Value {
    let mut best: Option<Value> = None;
    for (place, value) in values.iter().enumerate() {
        let text = own_text(call, value, place, ctx);
        let is_less =
            |best: &Value| compare_sql(&text, best, call.data_type.collation).is_some_and(Ordering::is_lt);
        if best.as_ref().is_none_or(is_less) {
            best = Some(text);
        }
    }
    best.unwrap_or(Value::Null)
}

/// An argument as it writes itself.
fn own_text(call: &Call<'_>, value: &Value, place: usize, ctx: &mut Context<'_>) -> Value {
    let from = call.arguments.get(place).map_or(DataType::NULL, Expression::data_type);
    cast(value.clone(), &from, &call.data_type, ctx.session, ctx.now_us)
}

/// The best date, as what is asked for.
fn shown(call: &Call<'_>, day: Option<DateTime>, timed: bool) -> Value {
    if call.data_type.has_date() {
        return day.map_or(Value::Null, Value::DateTime);
    }
    if call.data_type.is_integer() {
        return Value::Int(match day {
            None => NO_DATE_NUMBER,
            Some(day) if timed && day.microsecond() > 0 && !call.data_type.unsigned => {
                return Value::Decimal(
                    micros_decimal(day.as_number(), day.microsecond(), false).to_decimal(),
                );
            }
            Some(day) if timed => day.as_number(),
            Some(day) => day.date().as_number(),
        });
    }
    let written = match day {
        None => NO_DATE.into(),
        Some(day) if timed => {
            let fsp = call.arguments.iter().map(digits).max().unwrap_or(0);
            text::to_text(&Value::DateTime(day), &DataType::datetime(fsp)).unwrap_or_default()
        }
        Some(day) => text::to_text(&Value::Date(day.date()), &DataType::DATE).unwrap_or_default(),
    };
    if call.data_type.is_binary() { Value::Blob(written) } else { Value::Text(written) }
}

/// Digits of a second that an argument may have.
fn digits(argument: &Expression) -> u8 {
    match argument.as_constant() {
        Some(value @ Value::Text(_)) => match as_datetime(value, DateRules::default(), TimeZone::UTC, 0) {
            Temporal::Valid(_) => text_precision(argument),
            Temporal::Null | Temporal::Invalid => 6,
        },
        _ => text_precision(argument),
    }
}
