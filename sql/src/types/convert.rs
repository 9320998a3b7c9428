//! Conversions between kinds of values: what an operator does to an operand of another kind, and CAST.
//!
//! The `to_…` functions take any value; NULL gives None. Text that is only partly a number raises warning 1292 and
//! counts as its leading number. Storing into a column has rules of its own: [`crate::types::store`].

use std::borrow::Cow;

use bytes::Bytes;

use crate::error::Error;
use crate::json;
use crate::json::convert::Target;
use crate::limits::DECIMAL_DIGITS_MAX;
use crate::session::{SessionState, WarningLevel};
use crate::types::datetime::{Date, DateTime, MICROSECONDS, Time};
use crate::types::temporal_text::{
    DateRules, Parsed, datetime_from_number, parse_datetime, parse_time, time_from_number,
};
use crate::types::text::{printable, to_text};
use crate::types::{
    CharacterSet, Collation, DataType, Decimal, MemberSet, TimeZone, TypeKind, Value, number,
};
use crate::variables::SqlMode;

pub use crate::types::day::{as_date, to_date};
pub use crate::types::store::{store, store_from};

/// A value as a number, in the kind that arithmetic takes it.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is the kind of its name")]
pub enum Number {
    Int(i64),
    UInt(u64),
    Decimal(Decimal),
    Double(f64),
}

impl Number {
    /// As a double.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "what SQL asks for")]
    pub fn to_f64(&self) -> f64 {
        match self {
            Number::Int(value) => *value as f64,
            Number::UInt(value) => *value as f64,
            Number::Decimal(value) => value.to_f64(),
            Number::Double(value) => *value,
        }
    }

    /// As a decimal; of a double the shortest form.
    #[must_use]
    pub fn to_decimal(&self) -> Decimal {
        match self {
            Number::Int(value) => Decimal::from(*value),
            Number::UInt(value) => Decimal::from(*value),
            Number::Decimal(value) => value.clone(),
            Number::Double(value) => Decimal::from_f64(*value).unwrap_or_else(|| {
                let largest = Decimal::largest(DECIMAL_DIGITS_MAX, 0);
                if *value < 0.0 { largest.negate() } else { largest }
            }),
        }
    }

    /// Rounded to an integer of any width.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
    pub fn to_i128(&self) -> i128 {
        match self {
            Number::Int(value) => i128::from(*value),
            Number::UInt(value) => i128::from(*value),
            Number::Decimal(value) => {
                value.to_i128().unwrap_or(if value.is_negative() { i128::MIN } else { i128::MAX })
            }
            Number::Double(value) => value.round_ties_even() as i128,
        }
    }
}

/// Notes that text was cut when read as a number.
fn warn_truncated(session: &mut SessionState, kind: &str, text: &[u8]) {
    let error = Error::truncated_wrong_value(kind, printable(text));
    session.warn(WarningLevel::Warning, error.code, error.message);
}

pub(crate) fn micros_decimal(number: i64, microsecond: u32, negative: bool) -> Number {
    if microsecond == 0 {
        return Number::Int(number);
    }
    let micros = i128::from(microsecond);
    let unscaled = i128::from(number) * 1_000_000 + if negative { -micros } else { micros };
    Number::Decimal(Decimal::from_i128(unscaled, 6))
}

/// As a number; text as a double.
pub fn to_number(value: &Value, session: &mut SessionState) -> Option<Number> {
    Some(match value {
        Value::Null => return None,
        Value::Int(number) => Number::Int(*number),
        Value::UInt(number) => Number::UInt(*number),
        Value::Double(number) => Number::Double(*number),
        Value::Decimal(number) => Number::Decimal(number.clone()),
        Value::Text(text) | Value::Blob(text) => Number::Double(text_to_double(text, session)),
        Value::Date(date) => Number::Int(date.as_number()),
        Value::Time(time) => micros_decimal(time.as_number(), time.microsecond(), time.is_negative()),
        Value::DateTime(datetime) => micros_decimal(datetime.as_number(), datetime.microsecond(), false),
        Value::Json(document) => json_number(document, Target::Double, session),
    })
}

#[cold]
fn json_number(document: &[u8], target: Target, session: &mut SessionState) -> Number {
    let (number, whole) = json::convert::to_number(document, target);
    if !whole {
        json::convert::warn_invalid(session, target, "");
    }
    number
}

fn text_to_double(text: &[u8], session: &mut SessionState) -> f64 {
    let (number, taken) = number::double_prefix(text);
    if !number::only_space(&text[taken..]) {
        warn_truncated(session, "DOUBLE", text);
    }
    number
}

/// As a double.
pub fn to_f64(value: &Value, session: &mut SessionState) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        _ => to_number(value, session).map(|number| number.to_f64()),
    }
}

/// As a decimal.
pub fn to_decimal(value: &Value, session: &mut SessionState) -> Option<Decimal> {
    match value {
        Value::Text(text) | Value::Blob(text) => {
            let (decimal, taken) = Decimal::parse_prefix(text).unwrap_or((Decimal::ZERO, 0));
            if taken == 0 || !number::only_space(&text[taken..]) {
                warn_truncated(session, "DECIMAL", text);
            }
            Some(decimal)
        }
        Value::Json(document) => Some(json_number(document, Target::Decimal, session).to_decimal()),
        _ => to_number(value, session).map(|number| number.to_decimal()),
    }
}

/// As an integer of any width; text by its leading integer.
pub fn to_integer(value: &Value, session: &mut SessionState) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::UInt(number) => Some(i128::from(*number)),
        Value::Text(text) | Value::Blob(text) => {
            let (integer, taken) = number::integer_prefix(text);
            if taken == 0 || !number::only_space(&text[taken..]) {
                warn_truncated(session, "INTEGER", text);
            }
            Some(integer)
        }
        Value::Json(document) => Some(json_number(document, Target::Integer, session).to_i128()),
        Value::Time(time) => Some(i128::from(time.round(0, false).as_number())),
        Value::DateTime(datetime) => {
            Some(i128::from(datetime.round(0, false).unwrap_or(*datetime).as_number()))
        }
        _ => to_number(value, session).map(|number| number.to_i128()),
    }
}

/// As an `i64`, cut to its range.
pub fn to_i64(value: &Value, session: &mut SessionState) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => to_integer(value, session).map(|wide| {
            warn_beyond(session, value, wide);
            clamp_i64(wide)
        }),
    }
}

/// The warning of a DECIMAL that is beyond BIGINT.
pub(crate) fn warn_beyond(session: &mut SessionState, value: &Value, wide: i128) {
    if matches!(value, Value::Decimal(_)) && i64::try_from(wide).is_err() {
        warn_truncated_value(session, "DECIMAL", value);
    }
}

/// The nearest `i64`.
#[must_use]
pub fn clamp_i64(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// True when it is a number other than zero.
pub fn to_bool(value: &Value, session: &mut SessionState) -> Option<bool> {
    match value {
        Value::Null => None,
        Value::Int(number) => Some(*number != 0),
        // MySQL compares a document with the document 0.
        Value::Json(_) => crate::types::compare::compare_sql(value, &Value::Int(0), Collation::Binary)
            .map(std::cmp::Ordering::is_ne),
        _ => to_number(value, session).map(|number| match number {
            Number::Int(number) => number != 0,
            Number::UInt(number) => number != 0,
            Number::Decimal(number) => !number.is_zero(),
            Number::Double(number) => number != 0.0,
        }),
    }
}

/// The rules for incomplete dates that the session's `sql_mode` asks for where values are stored or cast.
#[must_use]
pub fn date_rules(session: &SessionState) -> DateRules {
    let mode = session.variables.sql_mode;
    DateRules {
        no_zero_in_date: mode.has(SqlMode::NO_ZERO_IN_DATE),
        no_zero_date: mode.has(SqlMode::NO_ZERO_DATE),
        allow_invalid: mode.has(SqlMode::ALLOW_INVALID_DATES),
    }
}

/// What is made of a value that should be a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temporal<T> {
    /// It was NULL.
    Null,
    /// It is none.
    Invalid,
    /// It is one.
    Valid(Parsed<T>),
}

fn whole<T>(value: T) -> Temporal<T> {
    Temporal::Valid(Parsed { value, truncated: false, has_time: true })
}

/// Integer part and microseconds of a number.
pub(super) fn split_seconds(value: &Value) -> Option<(i64, i64)> {
    match value {
        Value::Int(number) => Some((*number, 0)),
        Value::UInt(number) => Some((i64::try_from(*number).ok()?, 0)),
        Value::Double(number) if number.abs() < 1e18 => {
            split_seconds(&Value::Decimal(Decimal::from_f64(*number)?))
        }
        Value::Decimal(number) => {
            let micros = number.rescale(6).unscaled()?;
            let second = i128::from(MICROSECONDS);
            Some((i64::try_from(micros / second).ok()?, clamp_i64(micros % second)))
        }
        _ => None,
    }
}

/// Reads a value as a datetime, without raising anything. `now_us` gives the day to a TIME.
#[must_use]
pub fn as_datetime(value: &Value, rules: DateRules, zone: TimeZone, now_us: i64) -> Temporal<DateTime> {
    match value {
        Value::Null => Temporal::Null,
        Value::DateTime(datetime) => check_zero(datetime.date(), rules, || whole(*datetime)),
        Value::Date(date) => check_zero(*date, rules, || {
            Temporal::Valid(Parsed { value: date.midnight(), truncated: false, has_time: false })
        }),
        Value::Time(time) => DateTime::from_epoch(now_us, zone)
            .map(|now| now.date().midnight().linear_microseconds() + time.microseconds())
            .and_then(DateTime::from_linear_microseconds)
            .map_or(Temporal::Invalid, whole),
        Value::Text(text) | Value::Blob(text) => {
            parse_datetime(text, rules, zone).map_or(Temporal::Invalid, Temporal::Valid)
        }
        Value::Json(document) => match json::convert::to_own_value(document) {
            Value::Json(_) | Value::Null => Temporal::Invalid,
            scalar => as_datetime(&scalar, rules, zone, now_us),
        },
        Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_) => split_seconds(value)
            .filter(|(number, micros)| *number >= 0 && *micros >= 0)
            .and_then(|(number, micros)| datetime_from_number(number, micros, rules))
            .map_or(Temporal::Invalid, |(value, has_time)| {
                Temporal::Valid(Parsed { value, truncated: false, has_time })
            }),
    }
}

fn check_zero<T>(date: Date, rules: DateRules, valid: impl FnOnce() -> Temporal<T>) -> Temporal<T> {
    let refused =
        if date.is_zero() { rules.no_zero_date } else { rules.no_zero_in_date && date.has_zero_part() };
    if refused { Temporal::Invalid } else { valid() }
}

/// Reads a value as a time, without raising anything.
#[must_use]
pub fn as_time(value: &Value) -> Temporal<Time> {
    match value {
        Value::Null => Temporal::Null,
        Value::Time(time) => whole(*time),
        Value::DateTime(datetime) => whole(datetime.time()),
        Value::Date(_) => whole(Time::ZERO),
        Value::Text(text) | Value::Blob(text) => parse_time(text).map_or(Temporal::Invalid, Temporal::Valid),
        Value::Json(document) => match json::convert::to_own_value(document) {
            Value::Json(_) | Value::Null => Temporal::Invalid,
            scalar => as_time(&scalar),
        },
        // A number beyond BIGINT is taken by its bits.
        Value::UInt(number) if i64::try_from(*number).is_err() => as_time(&Value::Int(number.cast_signed())),
        Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_) => split_seconds(value)
            .and_then(|(number, micros)| time_from_number(number, micros))
            .map_or(Temporal::Invalid, |(value, truncated)| {
                Temporal::Valid(Parsed { value, truncated, has_time: true })
            }),
    }
}

/// The text of a value for a message.
#[must_use]
pub fn message_text(value: &Value) -> String {
    to_text(value, &DataType::NULL).map_or_else(|| "NULL".to_string(), |text| printable(&text))
}

/// "Incorrect datetime value: …" as a warning.
pub fn warn_incorrect(session: &mut SessionState, kind: &str, value: &Value) {
    // A number beyond BIGINT is shown by its bits.
    let text = match value {
        Value::UInt(number) => number.cast_signed().to_string(),
        _ => message_text(value),
    };
    session.warn(WarningLevel::Warning, 1292, format!("Incorrect {kind} value: '{text}'"));
}

/// "Truncated incorrect time value: …" as a warning.
pub fn warn_truncated_value(session: &mut SessionState, kind: &str, value: &Value) {
    warn_truncated(session, kind, message_text(value).as_bytes());
}

/// A datetime as an argument of a date function: what is none is NULL with warning 1292.
pub fn to_datetime(
    value: &Value,
    rules: DateRules,
    session: &mut SessionState,
    now_us: i64,
) -> Option<DateTime> {
    match as_datetime(value, rules, session.variables.time_zone, now_us) {
        Temporal::Null => None,
        Temporal::Invalid => {
            warn_incorrect(session, "datetime", value);
            None
        }
        Temporal::Valid(parsed) => {
            if parsed.truncated {
                warn_truncated_value(session, cut_kind(&parsed), value);
            }
            Some(parsed.value)
        }
    }
}

/// What a text that begins with a datetime is called when the rest of it is cut.
#[must_use]
pub fn cut_kind(parsed: &Parsed<DateTime>) -> &'static str {
    if parsed.has_time { "datetime" } else { "date" }
}

/// A time as an argument of a time function: what is none is NULL with warning 1292.
pub fn to_time(value: &Value, session: &mut SessionState) -> Option<Time> {
    match as_time(value) {
        Temporal::Null => None,
        Temporal::Invalid => {
            warn_truncated_value(session, "time", value);
            None
        }
        Temporal::Valid(parsed) => {
            if parsed.truncated {
                warn_truncated_value(session, "time", value);
            }
            // A number out of range is none, while a text is cut to the range.
            let is_number =
                matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_));
            (!parsed.truncated || !is_number).then_some(parsed.value)
        }
    }
}

/// CAST, and the conversion of CASE's, COALESCE's or a UNION's branches to their common type. `from` is the operand's
/// type, which says how its text looks.
pub fn cast(value: Value, from: &DataType, to: &DataType, session: &mut SessionState, now_us: i64) -> Value {
    if value.is_null() {
        return value;
    }
    if from.has_members()
        && to.is_numeric()
        && let Value::Text(text) = &value
    {
        // Without its members the type is of a table that is gone.
        let members = MemberSet::of_kind(from.kind);
        let number = members.map_or(0, |members| members.number(from.kind, text));
        // A SET's number is a signed one: only that of a SET of 64 members can be negative.
        return cast(Value::Int(number.cast_signed()), &DataType::BIGINT, to, session, now_us);
    }
    if let Value::Json(document) = &value {
        return json::convert::cast(document, to, "", session, now_us);
    }
    if from.kind == TypeKind::Year
        && to.is_temporal()
        && let Value::Int(year) = value
    {
        // A YEAR is its first day.
        let first = u32::try_from(year).ok().and_then(|year| Date::new(year, 1, 1));
        return first
            .map_or(Value::Null, |first| cast(Value::Date(first), &DataType::DATE, to, session, now_us));
    }
    match to.kind {
        TypeKind::Null => value,
        TypeKind::Json => {
            Value::Json(json::encode::encode(&json::Tree::of_value(&value)).unwrap_or_default())
        }
        TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::MediumInt | TypeKind::Int | TypeKind::BigInt => {
            cast_integer(&value, to, session)
        }
        TypeKind::Bit(_) => cast_integer(&value, to, session),
        TypeKind::Year => cast_year(&value, session),
        TypeKind::Float => to_f64(&value, session).map_or(Value::Null, |number| {
            #[expect(clippy::cast_possible_truncation, reason = "FLOAT is a single")]
            let single = number as f32;
            Value::Double(f64::from(single))
        }),
        TypeKind::Double => to_f64(&value, session).map_or(Value::Null, Value::Double),
        TypeKind::Decimal { precision, scale } => cast_decimal(&value, precision, scale, session),
        TypeKind::Char(n) | TypeKind::VarChar(n) => cast_text(value, from, n, to.collation.set(), session),
        // A common type has members only where all its branches have the same.
        TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::Enum(_)
        | TypeKind::Set(_) => cast_text(value, from, u32::MAX, to.collation.set(), session),
        TypeKind::Binary(n) => cast_binary(&value, from, n, true, session),
        TypeKind::VarBinary(n) => cast_binary(&value, from, n, false, session),
        TypeKind::TinyBlob | TypeKind::Blob | TypeKind::MediumBlob | TypeKind::LongBlob => {
            cast_binary(&value, from, u32::MAX, false, session)
        }
        TypeKind::Date => cast_date(&value, session, now_us),
        TypeKind::DateTime(fsp) | TypeKind::Timestamp(fsp) => cast_datetime(&value, fsp, session, now_us),
        TypeKind::Time(fsp) => {
            let truncate = session.variables.sql_mode.has(SqlMode::TIME_TRUNCATE_FRACTIONAL);
            to_time(&value, session).map_or(Value::Null, |time| Value::Time(time.round(fsp, truncate)))
        }
    }
}

fn cast_integer(value: &Value, to: &DataType, session: &mut SessionState) -> Value {
    match (value, to.unsigned) {
        (Value::Int(_), false) | (Value::UInt(_), true) => return value.clone(),
        _ => {}
    }
    let Some(integer) = to_integer(value, session) else { return Value::Null };
    let in_range = i64::try_from(integer).is_ok() || u64::try_from(integer).is_ok();
    match value {
        Value::Text(text) if !in_range => warn_truncated(session, "INTEGER", text),
        Value::Decimal(_) if !in_range => warn_truncated_value(session, "DECIMAL", value),
        Value::Text(_) if to.unsigned && integer < 0 => session.warn(
            WarningLevel::Warning,
            1105,
            "Cast to unsigned converted negative integer to its positive complement",
        ),
        _ => {}
    }
    if to.unsigned {
        // A double is a BIGINT first, which stops at its bound.
        if matches!(value, Value::Double(_)) && integer > i128::from(i64::MAX) {
            return Value::UInt(i64::MAX.cast_unsigned());
        }
        // Negative numbers wrap round, as they do in MySQL.
        let wrapped = u64::try_from(integer).unwrap_or_else(|_| {
            if integer > 0 { u64::MAX } else { i64::try_from(integer).unwrap_or(i64::MIN).cast_unsigned() }
        });
        return Value::UInt(wrapped);
    }
    match u64::try_from(integer) {
        // Decimals and doubles stop at the bounds; integers and text keep their bits.
        Ok(unsigned) if matches!(value, Value::UInt(_) | Value::Text(_)) => {
            Value::Int(unsigned.cast_signed())
        }
        Err(_) if integer > 0 && matches!(value, Value::Text(_)) => Value::Int(-1),
        _ => Value::Int(clamp_i64(integer)),
    }
}

fn cast_year(value: &Value, session: &mut SessionState) -> Value {
    let number = match value {
        Value::Date(date) => i64::from(date.year()),
        Value::DateTime(datetime) => i64::from(datetime.date().year()),
        _ => to_i64(value, session).unwrap_or(0),
    };
    match number {
        1..=69 => Value::Int(number + 2000),
        70..=99 => Value::Int(number + 1900),
        0 | 1901..=2155 => Value::Int(number),
        _ => {
            warn_truncated_value(session, "YEAR", value);
            Value::Null
        }
    }
}

fn cast_decimal(value: &Value, precision: u8, scale: u8, session: &mut SessionState) -> Value {
    let Some(decimal) = to_decimal(value, session) else { return Value::Null };
    let rounded = decimal.rescale(scale);
    let largest = Decimal::largest(precision, scale);
    let magnitude = if rounded.is_negative() { rounded.negate() } else { rounded.clone() };
    if magnitude.compare(&largest).is_gt() {
        session.warn(WarningLevel::Warning, 1264, "Out of range value for column 'CAST' at row 1");
        return Value::Decimal(if rounded.is_negative() { largest.negate() } else { largest });
    }
    Value::Decimal(rounded)
}

/// The text that an expression makes of a value that is none.
fn written(value: &Value, from: &DataType) -> Bytes {
    match value {
        Value::Double(number)
            if from.kind != TypeKind::Float
                && from.attributes.decimals().is_none()
                && *from != DataType::STORED_DOUBLE =>
        {
            number::double_text(*number).into()
        }
        _ => to_text(value, from).unwrap_or_default(),
    }
}

fn cast_text(
    value: Value,
    from: &DataType,
    characters: u32,
    set: CharacterSet,
    session: &mut SessionState,
) -> Value {
    let value = match value {
        Value::UInt(_) if matches!(from.kind, TypeKind::Bit(_)) => {
            Value::Blob(to_text(&value, from).unwrap_or_default())
        }
        value => value,
    };
    let text = match value {
        Value::Text(text) if set.first_lost(&text).is_none() => text,
        Value::Text(text) => Bytes::from(set.replace_lost(&text).into_owned()),
        Value::Blob(bytes) => match set.decode_literal(&bytes) {
            Ok(Cow::Borrowed(_)) => bytes,
            Ok(Cow::Owned(text)) => Bytes::from(text),
            Err(at) => {
                let shown = hex_upper(&bytes[at.min(bytes.len())..], 6);
                let message = format!("Invalid {} character string: '{shown}'", set.name());
                session.warn(WarningLevel::Warning, 1300, message);
                if set.bytes_max() > 1 {
                    return Value::Null;
                }
                // Sets of one byte a character have `?` for what they have not.
                Bytes::from(set.decode_lossily(&bytes).into_owned())
            }
        },
        Value::Double(number) if *from == DataType::STORED_DOUBLE => {
            number::double_text_within(number, characters as usize).into()
        }
        other => written(&other, from),
    };
    let end = if characters as usize >= text.len() {
        text.len()
    } else {
        crate::types::text::character_offset(&text, characters as usize)
    };
    if end < text.len() {
        warn_truncated(session, &format!("CHAR({characters})"), &text);
        return Value::Text(text.slice(..end));
    }
    Value::Text(text)
}

/// Hexadecimal digits of the first `most` bytes.
#[must_use]
pub fn hex_upper(bytes: &[u8], most: usize) -> String {
    bytes.iter().take(most).map(|byte| format!("{byte:02X}")).collect()
}

/// The bytes that the text of a value has in its type's character set.
pub(crate) fn bytes_in_set(text: Bytes, value: &Value, from: &DataType) -> Bytes {
    if !matches!(value, Value::Text(_)) || from.collation.set().is_held_as_is() {
        return text;
    }
    match from.collation.set().encode(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(bytes) => Bytes::from(bytes),
    }
}

fn cast_binary(value: &Value, from: &DataType, length: u32, pad: bool, session: &mut SessionState) -> Value {
    let bytes = bytes_in_set(written(value, from), value, from);
    let length = length as usize;
    if bytes.len() > length {
        warn_truncated(session, &format!("BINARY({length})"), &bytes);
        return Value::Blob(bytes.slice(..length));
    }
    if pad && bytes.len() < length {
        let mut padded = bytes.to_vec();
        padded.resize(length, 0);
        return Value::Blob(Bytes::from(padded));
    }
    Value::Blob(bytes)
}

fn cast_date(value: &Value, session: &mut SessionState, now_us: i64) -> Value {
    to_date(value, date_rules(session), session, now_us)
        .map_or(Value::Null, |datetime| Value::Date(datetime.date()))
}

fn cast_datetime(value: &Value, fsp: u8, session: &mut SessionState, now_us: i64) -> Value {
    let rules = date_rules(session);
    let truncate = session.variables.sql_mode.has(SqlMode::TIME_TRUNCATE_FRACTIONAL);
    let Some(datetime) = to_datetime(value, rules, session, now_us) else { return Value::Null };
    datetime.round(fsp, truncate).map_or(Value::Null, Value::DateTime)
}

/// A value in the kind that its type declares, for encoders: a value of another numeric kind (possible where a
/// parameter's type was guessed) is converted; anything that fits is returned as it is.
#[must_use]
pub fn coerce(value: &Value, to: &DataType) -> Option<Value> {
    let number = match value {
        Value::Int(number) => Number::Int(*number),
        Value::UInt(number) => Number::UInt(*number),
        Value::Decimal(number) => Number::Decimal(number.clone()),
        Value::Double(number) => Number::Double(*number),
        _ => return None,
    };
    Some(if to.is_float() {
        Value::Double(number.to_f64())
    } else if to.is_integer() && to.unsigned {
        Value::UInt(u64::try_from(number.to_i128()).ok()?)
    } else if to.is_integer() {
        Value::Int(i64::try_from(number.to_i128()).ok()?)
    } else if let TypeKind::Decimal { scale, .. } = to.kind {
        Value::Decimal(number.to_decimal().rescale(scale))
    } else {
        return None;
    })
}
