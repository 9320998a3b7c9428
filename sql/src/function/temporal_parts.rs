//! Parts of dates and times, and dates and times from parts.

use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::integer;
use crate::function::locale::Locale;
use crate::function::{Call, Function, returns};
use crate::types::convert::{
    Temporal, as_datetime, as_time, date_rules, to_date, to_datetime, to_time, warn_truncated_value,
};
use crate::types::datetime::{Date, DateTime, MICROSECONDS, Time, days_in_month, is_leap};
use crate::types::temporal_text::DateRules;
use crate::types::{Collation, DataType, TimeZone, TypeKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("YEAR", 1, 1, year_type, |_, v, ctx| loose(v, ctx, |d| i64::from(d.year())))
        .nullable_result(),
    Function::new("MONTH", 1, 1, returns::bigint, |_, v, ctx| loose(v, ctx, |d| i64::from(d.month())))
        .nullable_result(),
    Function::new("DAY", 1, 1, returns::bigint, |_, v, ctx| loose(v, ctx, |d| i64::from(d.day())))
        .nullable_result(),
    Function::new("DAYOFMONTH", 1, 1, returns::bigint, |_, v, ctx| loose(v, ctx, |d| i64::from(d.day())))
        .nullable_result(),
    Function::new("QUARTER", 1, 1, returns::bigint, |_, v, ctx| {
        loose(v, ctx, |d| i64::from(d.month().div_ceil(3)))
    })
    .nullable_result(),
    Function::new("HOUR", 1, 1, returns::bigint, |_, v, ctx| of_time(v, ctx, Time::hour)).nullable_result(),
    Function::new("MINUTE", 1, 1, returns::bigint, |_, v, ctx| of_time(v, ctx, Time::minute))
        .nullable_result(),
    Function::new("SECOND", 1, 1, returns::bigint, |_, v, ctx| of_time(v, ctx, Time::second))
        .nullable_result(),
    Function::new("MICROSECOND", 1, 1, returns::bigint, |_, v, ctx| of_time(v, ctx, Time::microsecond))
        .nullable_result(),
    Function::new("WEEKDAY", 1, 1, returns::bigint, |_, v, ctx| whole(v, ctx, |d| i64::from(d.weekday())))
        .nullable_result(),
    Function::new("DAYOFWEEK", 1, 1, returns::bigint, |_, v, ctx| {
        whole(v, ctx, |d| i64::from((d.weekday() + 1) % 7 + 1))
    })
    .nullable_result(),
    Function::new("DAYOFYEAR", 1, 1, returns::bigint, |_, v, ctx| whole(v, ctx, Date::day_of_year))
        .nullable_result(),
    Function::new("TO_DAYS", 1, 1, returns::bigint, |_, v, ctx| {
        Ok(day_of(&v[0], ctx).map_or(Value::Null, |date| Value::Int(date.day_number())))
    })
    .nullable_result(),
    Function::new("TO_SECONDS", 1, 1, returns::bigint, to_seconds).nullable_result(),
    Function::new("WEEK", 1, 2, returns::bigint, week).nullable_result(),
    Function::new("WEEKOFYEAR", 1, 1, returns::bigint, |_, v, ctx| {
        whole(v, ctx, |d| i64::from(week_of(d, 3).1))
    })
    .nullable_result(),
    Function::new("YEARWEEK", 1, 2, returns::bigint, year_week).nullable_result(),
    Function::new("DAYNAME", 1, 1, returns::name, day_name).nullable_result(),
    Function::new("MONTHNAME", 1, 1, returns::name, month_name).nullable_result(),
    Function::new("LAST_DAY", 1, 1, returns::date, last_day).nullable_result(),
    Function::new("FROM_DAYS", 1, 1, returns::date, from_days),
    Function::new("MAKEDATE", 2, 2, returns::date, make_date).nullable_result(),
    Function::new("MAKETIME", 3, 3, |a, _| DataType::time(fraction(&a[2])), make_time).nullable_result(),
    Function::new("SEC_TO_TIME", 1, 1, |a, _| DataType::time(fraction(&a[0])), sec_to_time),
    Function::new("TIME_TO_SEC", 1, 1, returns::bigint, time_to_sec).nullable_result(),
    Function::new("DATEDIFF", 2, 2, returns::bigint, date_diff).takes_null(),
    Function::new("TIMEDIFF", 2, 2, time_diff_type, time_diff).nullable_result(),
];

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Fractional digits of a number of seconds.
pub(super) fn fraction(seconds: &Expression) -> u8 {
    let data_type = seconds.data_type();
    if data_type.is_integer() {
        0
    } else if data_type.is_string() || data_type.kind == TypeKind::Null && seconds.as_constant().is_none() {
        6
    } else {
        data_type.scale().min(6)
    }
}

/// Fractional digits that the text of an argument may have.
pub(crate) fn text_precision(argument: &Expression) -> u8 {
    let data_type = argument.data_type();
    match argument.as_constant() {
        Some(value @ (Value::Text(text) | Value::Blob(text))) => match is_time_or_date(value) {
            true => fraction_digits(text),
            false if matches!(value, Value::Blob(_)) => 0,
            false => 6,
        },
        Some(Value::Null) => 0,
        _ if data_type.is_temporal() || data_type.is_decimal() => data_type.scale().min(6),
        _ if data_type.is_integer() => 0,
        _ if data_type == DataType::BARE_NUMBER => argument.branches().map(text_precision).max().unwrap_or(6),
        _ if data_type.is_float() => data_type.attributes.decimals().map_or(6, |decimals| decimals.min(6)),
        _ => 6,
    }
}

/// Whether a text is a time or a date.
fn is_time_or_date(value: &Value) -> bool {
    matches!(as_time(value), Temporal::Valid(_))
        || matches!(as_datetime(value, DateRules::default(), TimeZone::UTC, 0), Temporal::Valid(_))
}

/// Digits of the fraction of a second in a text: behind the point that follows the seconds.
fn fraction_digits(text: &[u8]) -> u8 {
    let begin = text.iter().position(|byte| *byte == b':').unwrap_or(0);
    let point = match text[begin..].iter().position(|byte| *byte == b'.') {
        Some(at) if begin > 0 => Some(begin + at),
        _ => text.iter().rposition(|byte| *byte == b'.'),
    };
    let digits = |at: usize| text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    point.map_or(0, |at| u8::try_from(digits(at).min(6)).unwrap_or(6))
}

fn year_type(_: &[Expression], _: Collation) -> DataType {
    DataType { display_width: DataType::SHORT_YEAR, ..DataType::YEAR }
}

/// The rules of functions that take any date: a number's month may have 31 days.
pub(super) fn loose_rules(value: &Value) -> DateRules {
    let is_number = matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_));
    DateRules { allow_invalid: is_number, ..DateRules::default() }
}

/// A part of a date that may have zero parts.
fn loose(values: &[Value], ctx: &mut Context<'_>, part: impl Fn(Date) -> i64) -> Run<Value> {
    let datetime = to_date(&values[0], loose_rules(&values[0]), ctx.session, ctx.now_us);
    Ok(datetime.map_or(Value::Null, |datetime| Value::Int(part(datetime.date()))))
}

/// The rules of functions that need a whole date.
fn whole_date(ctx: &Context<'_>) -> DateRules {
    DateRules { no_zero_in_date: true, no_zero_date: true, ..date_rules(ctx.session) }
}

fn date_of(value: &Value, ctx: &mut Context<'_>) -> Option<Date> {
    let rules = whole_date(ctx);
    to_date(value, rules, ctx.session, ctx.now_us).map(DateTime::date)
}

/// A date whose month may have 31 days, if it is a number.
fn day_of(value: &Value, ctx: &mut Context<'_>) -> Option<Date> {
    let own = whole_date(ctx);
    let rules = DateRules { allow_invalid: own.allow_invalid || loose_rules(value).allow_invalid, ..own };
    to_date(value, rules, ctx.session, ctx.now_us).map(DateTime::date)
}

fn whole(values: &[Value], ctx: &mut Context<'_>, part: impl Fn(Date) -> i64) -> Run<Value> {
    Ok(date_of(&values[0], ctx).map_or(Value::Null, |date| Value::Int(part(date))))
}

fn of_time(values: &[Value], ctx: &mut Context<'_>, part: impl Fn(Time) -> u32) -> Run<Value> {
    Ok(to_time(&values[0], ctx.session).map_or(Value::Null, |time| Value::Int(i64::from(part(time)))))
}

fn to_seconds(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let rules = whole_date(ctx);
    let datetime = to_datetime(&values[0], rules, ctx.session, ctx.now_us);
    Ok(datetime.map_or(Value::Null, |datetime| Value::Int(datetime.linear_microseconds() / MICROSECONDS)))
}

/// Year and week of a date in one of WEEK()'s modes: bit 0 Monday first, bit 1 weeks 1 to 53 (else 0 to 53), bit 2 the
/// first week is the first with its first weekday (else the first with four days).
pub(super) fn week_of(date: Date, mode: i64) -> (u32, u32) {
    // Modes with Sunday first take the other sense of the third bit.
    let monday_first = mode & 1 == 1;
    let mut week_year = mode & 2 == 2;
    let first_weekday = if monday_first { mode & 4 == 4 } else { mode & 4 == 0 };
    let days = date.day_number();
    let first_day = |year: u32| Date::new(year, 1, 1).map_or(0, Date::day_number);
    let weekday_of = |days: i64| (days + 5 + i64::from(!monday_first)).rem_euclid(7);
    let mut year = date.year();
    let mut start = first_day(year);
    let mut weekday = weekday_of(start);
    let late = |weekday: i64| if first_weekday { weekday != 0 } else { weekday >= 4 };
    if date.month() == 1 && i64::from(date.day()) <= 7 - weekday {
        if !week_year && late(weekday) {
            return (year, 0);
        }
        if late(weekday) {
            week_year = true;
            year = year.saturating_sub(1);
            let length = 365 + i64::from(is_leap(year));
            start -= length;
            weekday = (weekday + 53 * 7 - length) % 7;
        }
    }
    let skipped = if late(weekday) { days - (start + 7 - weekday) } else { days - (start - weekday) };
    if week_year && skipped >= 52 * 7 {
        let next = (weekday + 365 + i64::from(is_leap(year))) % 7;
        if !late(next) {
            return (year + 1, 1);
        }
    }
    (year, u32::try_from(skipped / 7 + 1).unwrap_or(0))
}

/// `default_week_format`, which WEEK() without a mode has.
fn default_week_format(ctx: &Context<'_>) -> i64 {
    match ctx.session.variables.others.get("default_week_format") {
        Some(Value::UInt(mode)) => i64::try_from(*mode).unwrap_or(0),
        Some(Value::Int(mode)) => *mode,
        _ => 0,
    }
}

fn week(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let mode = match values.get(1) {
        Some(mode) => integer(mode, ctx),
        None => default_week_format(ctx),
    };
    whole(values, ctx, |date| i64::from(week_of(date, mode).1))
}

fn year_week(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let mode = values.get(1).map_or(0, |mode| integer(mode, ctx));
    whole(values, ctx, |date| {
        let (year, week) = week_of(date, mode | 2);
        i64::from(year * 100 + week)
    })
}

fn day_name(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let locale = Locale::of_session(&ctx.session.variables);
    let date = date_of(&values[0], ctx);
    Ok(date
        .and_then(|date| locale.days.get(date.weekday() as usize))
        .map_or(Value::Null, |name| Value::text(*name)))
}

fn month_name(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let datetime = to_date(&values[0], DateRules::default(), ctx.session, ctx.now_us);
    let month = datetime.map_or(0, |datetime| datetime.date().month() as usize);
    let names = &Locale::of_session(&ctx.session.variables).months;
    let name = month.checked_sub(1).and_then(|month| names.get(month));
    Ok(name.map_or(Value::Null, |name| Value::text(*name)))
}

fn last_day(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let rules = DateRules { no_zero_date: true, ..loose_rules(&values[0]) };
    let by_mode = || {
        call.data_type == DataType::WHOLE_DATE_BY_MODE
            && crate::types::convert::date_rules(ctx.session).no_zero_in_date
    };
    let is_strict = call.data_type == DataType::WHOLE_DATE || by_mode();
    let rules = DateRules { no_zero_in_date: rules.no_zero_in_date || is_strict, ..rules };
    let datetime = to_date(&values[0], rules, ctx.session, ctx.now_us);
    let Some(date) = datetime.map(DateTime::date) else { return Ok(Value::Null) };
    if date.month() == 0 {
        warn_truncated_value(ctx.session, "date", &Value::Date(date));
        return Ok(Value::Null);
    }
    let day = days_in_month(date.year(), date.month());
    Ok(Date::new(date.year(), date.month(), day).map_or(Value::Null, Value::Date))
}

fn from_days(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let days = integer(&values[0], ctx);
    // Days of the first year are not what they were: MySQL answers the zero date.
    Ok(Value::Date(if days < 366 { Date::ZERO } else { Date::from_day_number(days).unwrap_or(Date::ZERO) }))
}

fn make_date(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (year, day) = (integer(&values[0], ctx), integer(&values[1], ctx));
    let year = match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    };
    if !(0..=9999).contains(&year) || day <= 0 {
        return Ok(Value::Null);
    }
    let first = u32::try_from(year).ok().and_then(|year| Date::new(year, 1, 1));
    let date = first.and_then(|first| Date::from_day_number(first.day_number().checked_add(day - 1)?));
    Ok(date.map_or(Value::Null, Value::Date))
}

/// Seconds with a fraction, as microseconds.
fn seconds_of(value: &Value, source: &Expression, ctx: &mut Context<'_>) -> i64 {
    let Some(seconds) = crate::expression::decimal_of(value, source, ctx.session) else { return 0 };
    match seconds.rescale(6).unscaled() {
        Some(micros) => crate::types::convert::clamp_i64(micros),
        None if seconds.is_negative() => i64::MIN,
        None => i64::MAX,
    }
}

fn make_time(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (hour, minute) = (integer(&values[0], ctx), integer(&values[1], ctx));
    let second = seconds_of(&values[2], &call.arguments[2], ctx);
    if !(0..60).contains(&minute) || !(0..60 * MICROSECONDS).contains(&second) {
        return Ok(Value::Null);
    }
    let magnitude = (hour.unsigned_abs().min(10_000) * 60 + minute.unsigned_abs()) * 60;
    let magnitude = i64::try_from(magnitude).unwrap_or(0) * MICROSECONDS + second;
    let (time, clamped) = Time::clamped(if hour < 0 { -magnitude } else { magnitude });
    if clamped {
        let shown = Value::text(format!("{hour:02}:{minute:02}:{:02}", second / MICROSECONDS));
        warn_truncated_value(ctx.session, "time", &shown);
    }
    Ok(Value::Time(time))
}

fn sec_to_time(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (time, clamped) = Time::clamped(seconds_of(&values[0], &call.arguments[0], ctx));
    if clamped {
        warn_truncated_value(ctx.session, "time", &values[0]);
    }
    Ok(Value::Time(time))
}

fn time_to_sec(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(to_time(&values[0], ctx.session)
        .map_or(Value::Null, |time| Value::Int(time.microseconds() / MICROSECONDS)))
}

fn date_diff(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    // Both are read, and warned of, whatever the other one is.
    let (left, right) = (day_of(&values[0], ctx), day_of(&values[1], ctx));
    let days = left.zip(right).map(|(left, right)| left.day_number() - right.day_number());
    Ok(days.map_or(Value::Null, Value::Int))
}

fn time_diff_type(arguments: &[Expression], _: Collation) -> DataType {
    DataType::time(text_precision(&arguments[0]).max(text_precision(&arguments[1])))
}

/// TIMEDIFF: both times or both datetimes, else NULL.
fn time_diff(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let mut linear = |value: &Value| -> Option<(bool, i64)> {
        let dated = match value {
            Value::DateTime(_) | Value::Date(_) => true,
            Value::Text(_) => {
                matches!(
                    as_datetime(value, DateRules::default(), TimeZone::UTC, 0),
                    Temporal::Valid(parsed) if parsed.has_time
                ) && value_length(value) >= 12
            }
            _ => false,
        };
        if dated {
            let datetime = to_datetime(value, DateRules::default(), ctx.session, ctx.now_us)?;
            return Some((true, datetime.linear_microseconds()));
        }
        to_time(value, ctx.session).map(|time| (false, time.microseconds()))
    };
    let (Some((dated, left)), Some((also_dated, right))) = (linear(&values[0]), linear(&values[1])) else {
        return Ok(Value::Null);
    };
    if dated != also_dated {
        return Ok(Value::Null);
    }
    let (time, clamped) = Time::clamped(left - right);
    if clamped {
        warn_truncated_value(ctx.session, "time", &Value::Int((left - right) / MICROSECONDS));
    }
    Ok(Value::Time(time))
}

fn value_length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        _ => 0,
    }
}

/// Whether a type has a date, for callers that choose between the two kinds of time arithmetic.
pub(super) fn is_dated(data_type: &DataType) -> bool {
    matches!(data_type.kind, TypeKind::Date | TypeKind::DateTime(_) | TypeKind::Timestamp(_))
}
