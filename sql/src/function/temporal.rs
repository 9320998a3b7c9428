//! The clock, conversions between kinds of dates and times, and time zones.
//!
//! NOW() and its like are the time the statement began, or the session's `timestamp`; SYSDATE() is the clock's.

use crate::error::{Error, Result};
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::bytes;
use crate::function::temporal_parts::text_precision;
use crate::function::{Call, Function, returns};
use crate::types::convert::{
    Number, Temporal, as_datetime, clamp_i64, date_rules, to_date, to_datetime, to_number, to_time,
    warn_incorrect,
};
use crate::types::datetime::{DateTime, MICROSECONDS, Time, clock_us};
use crate::types::temporal_text::DateRules;
use crate::types::{Collation, DataType, Decimal, TimeZone, TypeKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("NOW", 0, 1, datetime_type, now),
    Function::new("CURRENT_TIMESTAMP", 0, 1, datetime_type, now),
    Function::new("LOCALTIME", 0, 1, datetime_type, now),
    Function::new("LOCALTIMESTAMP", 0, 1, datetime_type, now),
    Function::new("SYSDATE", 0, 1, datetime_type, sysdate),
    Function::new("UTC_TIMESTAMP", 0, 1, datetime_type, utc_timestamp),
    Function::new("CURDATE", 0, 0, returns::date, current_date),
    Function::new("CURRENT_DATE", 0, 0, returns::date, current_date),
    Function::new("UTC_DATE", 0, 0, returns::date, utc_date),
    Function::new("CURTIME", 0, 1, time_type, current_time),
    Function::new("CURRENT_TIME", 0, 1, time_type, current_time),
    Function::new("UTC_TIME", 0, 1, time_type, utc_time),
    Function::new("UNIX_TIMESTAMP", 0, 1, unix_timestamp_type, unix_timestamp).nullable_result(),
    Function::new("FROM_UNIXTIME", 1, 2, from_unixtime_type, from_unixtime).nullable_result(),
    Function::new("DATE", 1, 1, returns::date, date).nullable_result(),
    Function::new("TIME", 1, 1, time_of_type, time).nullable_result(),
    Function::new("TIMESTAMP", 1, 2, timestamp_type, timestamp).nullable_result(),
    Function::new("ADDTIME", 2, 2, add_time_type, |call, v, ctx| add_time(call, v, ctx, 1)).nullable_result(),
    Function::new("SUBTIME", 2, 2, add_time_type, |call, v, ctx| add_time(call, v, ctx, -1))
        .nullable_result(),
    Function::new(super::AS_DAY, 2, 2, |_, _| DataType::datetime(6), as_day).nullable_result(),
    Function::new("CONVERT_TZ", 3, 3, |a, _| DataType::datetime(text_precision(&a[0])), convert_tz)
        .text(0b110)
        .nullable_result(),
];

/// The precision that NOW(n) asks for.
fn precision(arguments: &[Expression]) -> u8 {
    match arguments.first().and_then(Expression::as_constant) {
        Some(Value::Int(digits)) => u8::try_from(*digits).unwrap_or(6).min(6),
        _ => 0,
    }
}

/// NOW(7) is refused when bound.
pub(super) fn check_precision(name: &str, arguments: &[Expression]) -> Result<()> {
    const CLOCKS: [&str; 10] = [
        "NOW",
        "CURRENT_TIMESTAMP",
        "LOCALTIME",
        "LOCALTIMESTAMP",
        "SYSDATE",
        "UTC_TIMESTAMP",
        "CURTIME",
        "CURRENT_TIME",
        "UTC_TIME",
        "-",
    ];
    let Some(argument) = arguments.first().filter(|_| CLOCKS.contains(&name)) else { return Ok(()) };
    match argument.as_constant() {
        Some(Value::Int(0..=6)) => Ok(()),
        Some(value) => Err(Error {
            code: 1426,
            state: *b"42000",
            message: format!(
                "Too-big precision {} specified for '{}'. Maximum is 6.",
                crate::types::convert::message_text(value),
                name.to_lowercase()
            ),
        }),
        None => Err(Error::wrong_arguments(name.to_lowercase())),
    }
}

fn datetime_type(arguments: &[Expression], _: Collation) -> DataType {
    DataType::datetime(precision(arguments))
}

fn time_type(arguments: &[Expression], _: Collation) -> DataType {
    DataType::time(precision(arguments))
}

/// The statement's time in a zone, cut to the result's precision.
fn clock(call: &Call<'_>, ctx: &Context<'_>, zone: TimeZone) -> DateTime {
    let now = DateTime::from_epoch(ctx.now_us, zone).unwrap_or(DateTime::ZERO);
    now.round(call.data_type.fsp(), true).unwrap_or(now)
}

fn local_zone(ctx: &Context<'_>) -> TimeZone {
    ctx.session.variables.time_zone
}

fn now(call: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::DateTime(clock(call, ctx, local_zone(ctx))))
}

fn sysdate(call: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let now = DateTime::from_epoch(clock_us(), local_zone(ctx)).unwrap_or(DateTime::ZERO);
    Ok(Value::DateTime(now.round(call.data_type.fsp(), true).unwrap_or(now)))
}

fn utc_timestamp(call: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::DateTime(clock(call, ctx, TimeZone::UTC)))
}

fn current_date(call: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::Date(clock(call, ctx, local_zone(ctx)).date()))
}

fn utc_date(call: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::Date(clock(call, ctx, TimeZone::UTC).date()))
}

fn current_time(call: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::Time(clock(call, ctx, local_zone(ctx)).time()))
}

fn utc_time(call: &Call<'_>, _: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::Time(clock(call, ctx, TimeZone::UTC).time()))
}

fn unix_timestamp_type(arguments: &[Expression], _: Collation) -> DataType {
    let Some(argument) = arguments.first() else { return DataType::BIGINT };
    let data_type = argument.data_type();
    let fsp = match argument.as_constant() {
        Some(text @ Value::Text(_)) => match as_datetime(text, DateRules::default(), TimeZone::UTC, 0) {
            Temporal::Valid(_) => usize::from(text_precision(argument)),
            Temporal::Null | Temporal::Invalid => 6,
        },
        _ if data_type.is_temporal() => usize::from(data_type.fsp()),
        _ if data_type.is_integer() => 0,
        _ => 6,
    };
    if fsp == 0 {
        DataType::BIGINT
    } else {
        DataType::decimal(12 + u32::try_from(fsp).unwrap_or(6), u32::try_from(fsp).unwrap_or(6))
    }
}

/// Seconds since the epoch; 0 for a time before it, or after what MySQL can count (year 3001).
fn unix_timestamp(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let micros = match values.first() {
        None => ctx.now_us / MICROSECONDS * MICROSECONDS,
        Some(value) => {
            let rules = DateRules::default();
            let offset = local_zone(ctx);
            match as_datetime(value, rules, offset, ctx.now_us) {
                Temporal::Valid(parsed) if !parsed.value.date().has_zero_part() => {
                    parsed.value.to_epoch(offset)
                }
                Temporal::Valid(_) => 0,
                Temporal::Null => return Ok(Value::Null),
                Temporal::Invalid => {
                    warn_incorrect(ctx.session, "datetime", value);
                    0
                }
            }
        }
    };
    let micros = if (0..=32_536_771_199 * MICROSECONDS + 999_999).contains(&micros) { micros } else { 0 };
    Ok(match call.data_type.kind {
        TypeKind::Decimal { scale, .. } => Value::Decimal(Decimal::new(micros, 6).truncate(scale)),
        _ => Value::Int(micros / MICROSECONDS),
    })
}

fn from_unixtime_type(arguments: &[Expression], collation: Collation) -> DataType {
    if arguments.len() == 2 {
        return returns::formatted(arguments, collation);
    }
    DataType::datetime(super::temporal_parts::fraction(&arguments[0]))
}

fn from_unixtime(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let micros = match to_number(&values[0], ctx.session) {
        Some(Number::Int(seconds)) => i128::from(seconds) * i128::from(MICROSECONDS),
        Some(Number::UInt(seconds)) => i128::from(seconds) * i128::from(MICROSECONDS),
        Some(number) => number.to_decimal().rescale(6).unscaled().unwrap_or(-1),
        None => return Ok(Value::Null),
    };
    if !(0..=i128::from(32_536_771_199 * MICROSECONDS + 999_999)).contains(&micros) {
        return Ok(Value::Null);
    }
    let datetime = DateTime::from_epoch(clamp_i64(micros), local_zone(ctx));
    let Some(datetime) = datetime else { return Ok(Value::Null) };
    match values.get(1) {
        Some(format) => Ok(super::temporal_format::format(
            datetime,
            crate::types::text::as_str(
                crate::types::text::to_text(format, &DataType::NULL).unwrap_or_default().as_ref(),
            ),
            super::locale::Locale::of_session(&ctx.session.variables),
        )),
        None => Ok(datetime.round(call.data_type.fsp(), false).map_or(Value::Null, Value::DateTime)),
    }
}

fn date(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let rules = date_rules(ctx.session);
    let datetime = to_date(&values[0], rules, ctx.session, ctx.now_us);
    Ok(datetime.map_or(Value::Null, |datetime| Value::Date(datetime.date())))
}

/// A text as the date that it is compared with. What is none is the zero date with a warning, or error 1525 if there is a kind.
fn as_day(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let offset = local_zone(ctx);
    let rules = date_rules(ctx.session);
    match as_datetime(&values[0], rules, offset, ctx.now_us) {
        Temporal::Valid(parsed) if bytes(&values[1]) == b"MIDNIGHT OR NEVER" => {
            Ok(Value::DateTime(parsed.value.date().midnight()))
        }
        Temporal::Valid(parsed) => {
            if parsed.truncated && bytes(&values[1]) == b"ZERO DATE" {
                crate::types::convert::warn_truncated_value(ctx.session, "date", &values[0]);
            }
            Ok(Value::DateTime(parsed.value))
        }
        Temporal::Null => Ok(Value::Null),
        Temporal::Invalid => match bytes(&values[1]) {
            b"" => {
                warn_incorrect(ctx.session, "datetime", &values[0]);
                Ok(Value::DateTime(DateTime::ZERO))
            }
            b"NULL" => {
                warn_incorrect(ctx.session, "datetime", &values[0]);
                Ok(Value::Null)
            }
            b"ZERO DATE" => {
                crate::types::convert::warn_truncated_value(ctx.session, "date", &values[0]);
                Ok(Value::DateTime(DateTime::ZERO))
            }
            never @ (b"NEVER" | b"MIDNIGHT OR NEVER") => {
                crate::types::convert::warn_truncated_value(ctx.session, "date", &values[0]);
                // An operand of IN, and its members.
                let day = if never == b"NEVER" { DateTime::BEYOND } else { DateTime::FAR_BEYOND };
                Ok(Value::DateTime(day))
            }
            kind => {
                let kind = String::from_utf8_lossy(kind);
                crate::types::convert::warn_truncated_value(ctx.session, &kind.to_lowercase(), &values[0]);
                let shown = crate::types::convert::message_text(&values[0]);
                Err(crate::expression::no_date(&kind, &shown).into())
            }
        },
    }
}

fn time_of_type(arguments: &[Expression], _: Collation) -> DataType {
    DataType::time(text_precision(&arguments[0]))
}

fn time(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(to_time(&values[0], ctx.session).map_or(Value::Null, Value::Time))
}

fn timestamp_type(arguments: &[Expression], _: Collation) -> DataType {
    DataType::datetime(arguments.iter().map(text_precision).max().unwrap_or(0))
}

/// TIMESTAMP(x), TIMESTAMP(x, time to add).
fn timestamp(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let rules = date_rules(ctx.session);
    let Some(datetime) = to_datetime(&values[0], rules, ctx.session, ctx.now_us) else {
        return Ok(Value::Null);
    };
    let Some(added) = values.get(1) else { return Ok(Value::DateTime(datetime)) };
    let Some(time) = to_time(added, ctx.session) else { return Ok(Value::Null) };
    let moved = DateTime::from_linear_microseconds(datetime.linear_microseconds() + time.microseconds());
    Ok(moved.map_or(Value::Null, Value::DateTime))
}

fn add_time_type(arguments: &[Expression], collation: Collation) -> DataType {
    let own = arguments[0].data_type();
    let fsp = text_precision(&arguments[0]).max(text_precision(&arguments[1]));
    match own.kind {
        TypeKind::Time(_) => DataType::time(fsp),
        _ if super::temporal_parts::is_dated(&own) => DataType::datetime(fsp),
        _ => DataType::varchar(
            29,
            if collation == Collation::Binary { Collation::default() } else { collation },
        ),
    }
}

fn add_time(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>, sign: i64) -> Run<Value> {
    let Some(added) = to_time(&values[1], ctx.session) else { return Ok(Value::Null) };
    let added = sign * added.microseconds();
    let text_with_date = match &values[0] {
        Value::Text(text) => matches!(
            as_datetime(&values[0], DateRules::default(), TimeZone::UTC, 0),
            Temporal::Valid(parsed) if parsed.has_time && text.len() >= 12
        ),
        Value::DateTime(_) | Value::Date(_) => true,
        _ => false,
    };
    let as_text = call.data_type.is_string();
    let mut out = Vec::new();
    if text_with_date {
        let rules = DateRules { no_zero_date: true, no_zero_in_date: true, ..DateRules::default() };
        let Some(datetime) = to_datetime(&values[0], rules, ctx.session, ctx.now_us) else {
            return Ok(Value::Null);
        };
        let moved = DateTime::from_linear_microseconds(datetime.linear_microseconds() + added);
        let Some(moved) = moved else { return Ok(Value::Null) };
        if !as_text {
            return Ok(Value::DateTime(moved));
        }
        moved.write(if moved.microsecond() == 0 { 0 } else { 6 }, &mut out);
        return Ok(Value::Text(out.into()));
    }
    let Some(time) = to_time(&values[0], ctx.session) else { return Ok(Value::Null) };
    let (moved, _) = Time::clamped(time.microseconds() + added);
    if !as_text {
        return Ok(Value::Time(moved));
    }
    moved.write(if moved.microsecond() == 0 { 0 } else { 6 }, &mut out);
    Ok(Value::Text(out.into()))
}

fn convert_tz(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let rules = DateRules { no_zero_in_date: true, no_zero_date: true, ..DateRules::default() };
    let datetime = to_datetime(&values[0], rules, ctx.session, ctx.now_us);
    let (Some(datetime), Some(from), Some(to)) =
        (datetime, TimeZone::find(bytes(&values[1])), TimeZone::find(bytes(&values[2])))
    else {
        return Ok(Value::Null);
    };
    let epoch = datetime.plain().to_epoch(from);
    // What a timestamp cannot hold is left as it is.
    if !(MICROSECONDS..=32_536_771_199 * MICROSECONDS + 999_999).contains(&epoch) {
        return Ok(Value::DateTime(datetime));
    }
    Ok(DateTime::from_epoch(epoch, to).map_or(Value::Null, Value::DateTime))
}
