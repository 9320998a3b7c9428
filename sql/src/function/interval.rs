//! INTERVAL: DATE_ADD and DATE_SUB, TIMESTAMPADD and TIMESTAMPDIFF, EXTRACT, one function for each unit.
//!
//! The parser writes `DATE_ADD(x, INTERVAL n DAY)` and `x + INTERVAL n DAY` as `DATE_ADD_DAY(x, n)`. A result outside of
//! the years 0 to 9999 is NULL with warning 1441.

use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::temporal_parts::loose_rules;
use crate::function::{Call, Function, returns};
use crate::session::WarningLevel;
use crate::types::convert::{
    Temporal, as_datetime, as_time, date_rules, message_text, to_date, to_datetime, to_decimal, to_i64,
    to_time,
};
use crate::types::datetime::{DAY_SECONDS, Date, DateTime, MICROSECONDS, Time, days_in_month};
use crate::types::temporal_text::DateRules;
use crate::types::{Collation, DataType, TypeKind, Value};

/// Units of INTERVAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the unit of its name")]
pub enum Unit {
    Microsecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    SecondMicrosecond,
    MinuteMicrosecond,
    MinuteSecond,
    HourMicrosecond,
    HourSecond,
    HourMinute,
    DayMicrosecond,
    DaySecond,
    DayMinute,
    DayHour,
    YearMonth,
}

macro_rules! for_units {
    ($($unit:ident $name:literal)*) => {
        &[$(
            Function::new(concat!("DATE_ADD_", $name), 2, 2, |a, c| shifted_type(a, c, Unit::$unit),
                |call, v, ctx| add(call, &v[0], &v[1], Unit::$unit, false, ctx)).nullable_result(),
            Function::new(concat!("DATE_SUB_", $name), 2, 2, |a, c| shifted_type(a, c, Unit::$unit),
                |call, v, ctx| add(call, &v[0], &v[1], Unit::$unit, true, ctx)).nullable_result(),
            Function::new(concat!("TIMESTAMPADD_", $name), 2, 2, |a, c| shifted_type(&a[1..], c, Unit::$unit),
                |call, v, ctx| add(call, &v[1], &v[0], Unit::$unit, false, ctx)).nullable_result(),
            Function::new(concat!("TIMESTAMPDIFF_", $name), 2, 2, returns::bigint,
                |_, v, ctx| difference(v, Unit::$unit, ctx)).nullable_result(),
            Function::new(concat!("EXTRACT_", $name), 1, 1, returns::bigint,
                |_, v, ctx| extract(&v[0], Unit::$unit, ctx)).nullable_result(),
        )*
            Function::new("ADDDATE", 2, 2, |a, c| shifted_type(a, c, Unit::Day),
                |call, v, ctx| add(call, &v[0], &v[1], Unit::Day, false, ctx)).nullable_result(),
            Function::new("SUBDATE", 2, 2, |a, c| shifted_type(a, c, Unit::Day),
                |call, v, ctx| add(call, &v[0], &v[1], Unit::Day, true, ctx)).nullable_result(),
        ]
    };
}

pub(super) const FUNCTIONS: &[Function] = for_units! {
    Microsecond "MICROSECOND" Second "SECOND" Minute "MINUTE" Hour "HOUR" Day "DAY" Week "WEEK" Month "MONTH"
    Quarter "QUARTER" Year "YEAR" SecondMicrosecond "SECOND_MICROSECOND" MinuteMicrosecond "MINUTE_MICROSECOND"
    MinuteSecond "MINUTE_SECOND" HourMicrosecond "HOUR_MICROSECOND" HourSecond "HOUR_SECOND"
    HourMinute "HOUR_MINUTE" DayMicrosecond "DAY_MICROSECOND" DaySecond "DAY_SECOND" DayMinute "DAY_MINUTE"
    DayHour "DAY_HOUR" YearMonth "YEAR_MONTH"
};

impl Unit {
    /// Whether it counts days or longer only.
    fn is_date(self) -> bool {
        matches!(self, Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year | Unit::YearMonth)
    }

    fn has_microseconds(self) -> bool {
        matches!(
            self,
            Unit::Microsecond
                | Unit::SecondMicrosecond
                | Unit::MinuteMicrosecond
                | Unit::HourMicrosecond
                | Unit::DayMicrosecond
        )
    }

    /// The units of a compound one's fields, largest first; the last may be microseconds.
    fn fields(self) -> &'static [Unit] {
        const ALL: [Unit; 5] = [Unit::Day, Unit::Hour, Unit::Minute, Unit::Second, Unit::Microsecond];
        match self {
            Unit::SecondMicrosecond => &ALL[3..],
            Unit::MinuteMicrosecond => &ALL[2..],
            Unit::MinuteSecond => &ALL[2..4],
            Unit::HourMicrosecond => &ALL[1..],
            Unit::HourSecond => &ALL[1..4],
            Unit::HourMinute => &ALL[1..3],
            Unit::DayMicrosecond => &ALL,
            Unit::DaySecond => &ALL[..4],
            Unit::DayMinute => &ALL[..3],
            Unit::DayHour => &ALL[..2],
            Unit::YearMonth => &[Unit::Year, Unit::Month],
            Unit::Microsecond
            | Unit::Second
            | Unit::Minute
            | Unit::Hour
            | Unit::Day
            | Unit::Week
            | Unit::Month
            | Unit::Quarter
            | Unit::Year => &[],
        }
    }

    /// Microseconds of a unit of fixed length.
    fn microseconds(self) -> i64 {
        match self {
            Unit::Microsecond => 1,
            Unit::Second => MICROSECONDS,
            Unit::Minute => 60 * MICROSECONDS,
            Unit::Hour => 3600 * MICROSECONDS,
            Unit::Week => 7 * DAY_SECONDS * MICROSECONDS,
            _ => DAY_SECONDS * MICROSECONDS,
        }
    }
}

/// An interval: months, and microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    months: i64,
    microseconds: i128,
}

impl Amount {
    fn one(unit: Unit, count: i64) -> Amount {
        match unit {
            Unit::Month => Amount { months: count, ..Amount::default() },
            Unit::Quarter => Amount { months: count.saturating_mul(3), ..Amount::default() },
            Unit::Year => Amount { months: count.saturating_mul(12), ..Amount::default() },
            _ => Amount {
                microseconds: i128::from(count) * i128::from(unit.microseconds()),
                ..Amount::default()
            },
        }
    }

    fn negated(self) -> Amount {
        Amount { months: self.months.saturating_neg(), microseconds: -self.microseconds }
    }
}

fn read_amount(value: &Value, unit: Unit, ctx: &mut Context<'_>) -> Amount {
    let fields = unit.fields();
    if !fields.is_empty() {
        return compound(&message_text(value), fields);
    }
    if unit == Unit::Second && !matches!(value, Value::Int(_) | Value::UInt(_)) {
        let micros =
            to_decimal(value, ctx.session).and_then(|seconds| seconds.rescale(6).unscaled()).unwrap_or(0);
        return Amount { months: 0, microseconds: micros };
    }
    Amount::one(unit, to_i64(value, ctx.session).unwrap_or(0))
}

/// `'1 10:30'` and the like: numbers between anything else, filled in from the right when there are too few.
fn compound(text: &str, fields: &[Unit]) -> Amount {
    let trimmed = text.trim_start();
    let (negative, digits) = trimmed.strip_prefix('-').map_or((false, trimmed), |rest| (true, rest));
    let numbers: Vec<&str> = digits
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .take(fields.len())
        .collect();
    let skipped = fields.len() - numbers.len();
    let mut total = Amount::default();
    for (unit, digits) in fields[skipped..].iter().zip(&numbers) {
        let mut number: i64 = digits.parse().unwrap_or(i64::MAX / 10_000_000);
        if *unit == Unit::Microsecond {
            // Digits after the point, so that '1.5' is half a second.
            let length = u32::try_from(digits.len()).unwrap_or(6);
            number = if length <= 6 { number * 10_i64.pow(6 - length) } else { number };
        }
        let amount = Amount::one(*unit, number);
        total.months = total.months.saturating_add(amount.months);
        total.microseconds += amount.microseconds;
    }
    if negative { total.negated() } else { total }
}

/// The type of a date or time moved by an interval; a text stays a text.
fn shifted_type(arguments: &[Expression], collation: Collation, unit: Unit) -> DataType {
    let own = arguments.first().map_or(DataType::NULL, Expression::data_type);
    let extra = if unit.has_microseconds() {
        6
    } else if unit == Unit::Second {
        // Seconds may have a fraction.
        arguments.get(1).map_or(0, |amount| {
            let amount = amount.data_type();
            if amount.is_integer() { 0 } else { amount.scale().min(6) }
        })
    } else {
        0
    };
    let is_text = own.has_date() && own.display_width == DataType::DATE_OF_TEXT;
    match own.kind {
        TypeKind::DateTime(_) if is_text => text_type(collation),
        TypeKind::Date if unit.is_date() => DataType::DATE,
        TypeKind::Date => DataType::datetime(extra),
        TypeKind::DateTime(fsp) | TypeKind::Timestamp(fsp) => DataType::datetime(fsp.max(extra)),
        TypeKind::Time(fsp) if unit.is_date() || unit.fields().first() == Some(&Unit::Day) => {
            DataType::datetime(fsp.max(extra))
        }
        TypeKind::Time(fsp) => DataType::time(fsp.max(extra)),
        _ => text_type(collation),
    }
}

fn text_type(collation: Collation) -> DataType {
    let collation = if collation == Collation::Binary { Collation::default() } else { collation };
    DataType::of(TypeKind::Char(29)).with_collation(collation)
}

fn overflow(ctx: &mut Context<'_>) -> Value {
    ctx.session.warn(WarningLevel::Warning, 1441, "Datetime function: datetime field overflow");
    Value::Null
}

/// A datetime moved by an interval; the day is held within its month.
fn shift(datetime: DateTime, amount: Amount) -> Option<DateTime> {
    let mut moved = datetime;
    if amount.months != 0 {
        let date = datetime.date();
        let months =
            (i64::from(date.year()) * 12 + i64::from(date.month()) - 1).checked_add(amount.months)?;
        let year = u32::try_from(months.div_euclid(12)).ok().filter(|year| *year <= 9999)?;
        let month = u32::try_from(months.rem_euclid(12)).ok()? + 1;
        let day = date.day().min(days_in_month(year, month));
        moved = DateTime::new(Date::new(year, month, day)?, datetime.time_microseconds());
    }
    if amount.microseconds == 0 {
        return Some(moved);
    }
    let linear = i128::from(moved.linear_microseconds()) + amount.microseconds;
    DateTime::from_linear_microseconds(i64::try_from(linear).ok()?)
}

fn add(
    call: &Call<'_>,
    base: &Value,
    amount: &Value,
    unit: Unit,
    subtract: bool,
    ctx: &mut Context<'_>,
) -> Run<Value> {
    let amount = read_amount(amount, unit, ctx);
    let amount = if subtract { amount.negated() } else { amount };
    if let (Value::Time(time), TypeKind::Time(_)) = (base, call.data_type.kind) {
        let moved = i128::from(time.microseconds()) + amount.microseconds;
        let moved = i64::try_from(moved).ok().and_then(Time::from_microseconds);
        return Ok(moved.map_or_else(|| overflow(ctx), Value::Time));
    }
    let rules = DateRules { no_zero_in_date: true, no_zero_date: true, ..date_rules(ctx.session) };
    let offset = ctx.session.variables.time_zone;
    let (datetime, has_time) = match as_datetime(base, rules, offset, ctx.now_us) {
        Temporal::Valid(parsed) => {
            if parsed.truncated {
                let kind = crate::types::convert::cut_kind(&parsed);
                crate::types::convert::warn_truncated_value(ctx.session, kind, base);
            }
            // What IF and CASE choose has a time of day, whatever it is.
            let is_chosen = call.arguments.iter().any(Expression::is_bare_time);
            (parsed.value, parsed.has_time || is_chosen)
        }
        Temporal::Null | Temporal::Invalid => {
            crate::types::convert::warn_incorrect(ctx.session, "datetime", base);
            return Ok(Value::Null);
        }
    };
    let Some(moved) = shift(datetime, amount) else { return Ok(overflow(ctx)) };
    Ok(match call.data_type.kind {
        TypeKind::Date => Value::Date(moved.date()),
        TypeKind::DateTime(_) | TypeKind::Timestamp(_) => Value::DateTime(moved),
        _ => {
            let mut out = Vec::with_capacity(26);
            if has_time || !unit.is_date() {
                moved.write(if moved.microsecond() == 0 { 0 } else { 6 }, &mut out);
            } else {
                moved.date().write(&mut out);
            }
            Value::Text(out.into())
        }
    })
}

/// TIMESTAMPDIFF(unit, from, to): whole units.
fn difference(values: &[Value], unit: Unit, ctx: &mut Context<'_>) -> Run<Value> {
    let rules = DateRules { no_zero_in_date: true, no_zero_date: true, ..date_rules(ctx.session) };
    let Some(from) = to_datetime(&values[0], rules, ctx.session, ctx.now_us) else { return Ok(Value::Null) };
    let Some(to) = to_datetime(&values[1], rules, ctx.session, ctx.now_us) else { return Ok(Value::Null) };
    let count = match unit {
        Unit::Month | Unit::Quarter | Unit::Year => {
            let months = whole_months(from, to);
            match unit {
                Unit::Month => months,
                Unit::Quarter => months / 3,
                _ => months / 12,
            }
        }
        _ => (to.linear_microseconds() - from.linear_microseconds()) / unit.microseconds(),
    };
    Ok(Value::Int(count))
}

fn whole_months(from: DateTime, to: DateTime) -> i64 {
    if from > to {
        return -whole_months(to, from);
    }
    let index =
        |datetime: DateTime| i64::from(datetime.date().year()) * 12 + i64::from(datetime.date().month());
    let of_month = |datetime: DateTime| (datetime.date().day(), datetime.time_microseconds());
    index(to) - index(from) - i64::from(of_month(to) < of_month(from))
}

/// The parts of a date and time that EXTRACT reads.
struct Parts {
    date: Date,
    sign: i64,
    hour: i64,
    minute: i64,
    second: i64,
    microsecond: i64,
}

fn parts_of(value: &Value, unit: Unit, ctx: &mut Context<'_>) -> Option<Parts> {
    let offset = ctx.session.variables.time_zone;
    let of_time = |date: Date, time: Time| Parts {
        date,
        sign: if time.is_negative() { -1 } else { 1 },
        hour: i64::from(time.hour()),
        minute: i64::from(time.minute()),
        second: i64::from(time.second()),
        microsecond: i64::from(time.microsecond()),
    };
    if unit.is_date() {
        let rules = loose_rules(value);
        let datetime = match value {
            Value::Text(_) | Value::Blob(_) => to_date(value, rules, ctx.session, ctx.now_us)?,
            _ => to_datetime(value, rules, ctx.session, ctx.now_us)?,
        };
        return Some(of_time(datetime.date(), datetime.time()));
    }
    // A full datetime gives its day as well; anything else is a time.
    let full = match value {
        Value::Text(text) => text.len() >= 12,
        Value::DateTime(_)
        | Value::Date(_)
        | Value::Int(_)
        | Value::UInt(_)
        | Value::Double(_)
        | Value::Decimal(_) => true,
        Value::Null | Value::Blob(_) | Value::Time(_) | Value::Json(_) => false,
    };
    if full
        && let Temporal::Valid(parsed) = as_datetime(value, DateRules::default(), offset, ctx.now_us)
        && (parsed.has_time || !matches!(value, Value::Text(_)))
    {
        return Some(of_time(parsed.value.date(), parsed.value.time()));
    }
    if let Temporal::Valid(parsed) = as_time(value)
        && !parsed.truncated
    {
        return Some(of_time(Date::ZERO, parsed.value));
    }
    to_time(value, ctx.session).map(|time| of_time(Date::ZERO, time))
}

fn extract(value: &Value, unit: Unit, ctx: &mut Context<'_>) -> Run<Value> {
    let Some(p) = parts_of(value, unit, ctx) else { return Ok(Value::Null) };
    let (year, month, day) = (i64::from(p.date.year()), i64::from(p.date.month()), i64::from(p.date.day()));
    let clock = [day, p.hour, p.minute, p.second];
    let joined = |from: usize, to: usize| clock[from..=to].iter().fold(0, |sum, part| sum * 100 + part);
    Ok(Value::Int(match unit {
        Unit::Year => year,
        Unit::YearMonth => year * 100 + month,
        Unit::Quarter => (month + 2) / 3,
        Unit::Month => month,
        Unit::Week => i64::from(super::temporal_parts::week_of(p.date, 0).1),
        Unit::Day => day,
        Unit::Hour => p.sign * p.hour,
        Unit::Minute => p.sign * p.minute,
        Unit::Second => p.sign * p.second,
        Unit::Microsecond => p.sign * p.microsecond,
        Unit::DayHour => p.sign * joined(0, 1),
        Unit::DayMinute => p.sign * joined(0, 2),
        Unit::DaySecond => p.sign * joined(0, 3),
        Unit::HourMinute => p.sign * joined(1, 2),
        Unit::HourSecond => p.sign * joined(1, 3),
        Unit::MinuteSecond => p.sign * joined(2, 3),
        Unit::DayMicrosecond => p.sign * (joined(0, 3) * 1_000_000 + p.microsecond),
        Unit::HourMicrosecond => p.sign * (joined(1, 3) * 1_000_000 + p.microsecond),
        Unit::MinuteMicrosecond => p.sign * (joined(2, 3) * 1_000_000 + p.microsecond),
        Unit::SecondMicrosecond => p.sign * (p.second * 1_000_000 + p.microsecond),
    }))
}
