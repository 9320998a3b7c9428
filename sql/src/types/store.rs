//! What INSERT and UPDATE do to a value on its way into a column.
//!
//! A value that does not fit is an error in strict mode and is cut, with a warning, otherwise; digits of a DECIMAL and
//! trailing spaces of text that go are a note in both. Expectations were recorded from MySQL 9.7, one per column type and
//! mode (`sql/tests/store/columns.txt`).

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::execute::Context;
use crate::session::{SessionState, WarningLevel};
use crate::types::convert::{Temporal, as_datetime, as_time, date_rules, message_text};
use crate::types::datetime::{DateTime, MICROSECONDS};
use crate::types::temporal_text::{DateRules, Parsed};
use crate::types::text::{character_count, character_offset, printable, to_text};
use crate::types::{DataType, Decimal, Time, TypeKind, Value, number};
use crate::variables::SqlMode;

/// Converts `value` to the column's type; `row` counts from 1 and stands in messages. Uses the context's strictness.
///
/// # Errors
/// 1264, 1265, 1292, 1366, 1406 in strict mode.
pub fn store(value: Value, to: &DataType, column: &str, row: u64, ctx: &mut Context<'_>) -> Result<Value> {
    if fits_unchanged(&value, to) {
        return Ok(value);
    }
    let (strict, now_us) = (ctx.strict, ctx.now_us);
    Target { to, column, row, strict, now_us, session: ctx.session }.store(value, &DataType::NULL)
}

/// [`store`] for a value whose type is known (a FLOAT's text differs from a DOUBLE's), where there is no context.
///
/// # Errors
/// As [`store`].
pub fn store_typed(
    value: Value,
    from: &DataType,
    to: &DataType,
    column: &str,
    row: u64,
    strict: bool,
    session: &mut SessionState,
) -> Result<Value> {
    Target { to, column, row, strict, now_us: 0, session }.store(value, from)
}

/// The common case: the value is of the column's kind and in its range.
fn fits_unchanged(value: &Value, to: &DataType) -> bool {
    match (value, to.kind) {
        (Value::Null, _) => true,
        (Value::Int(number), TypeKind::Int) => !to.unsigned && i32::try_from(*number).is_ok(),
        (Value::Int(_), TypeKind::BigInt) => !to.unsigned,
        (Value::UInt(_), TypeKind::BigInt) => to.unsigned,
        (Value::Double(_), TypeKind::Double) => !to.unsigned,
        (Value::Text(text), TypeKind::VarChar(n)) => text.len() <= n as usize,
        (Value::Text(text), TypeKind::Char(n)) => text.len() <= n as usize && text.last() != Some(&b' '),
        _ => false,
    }
}

/// The column that a value goes to.
struct Target<'a> {
    to: &'a DataType,
    column: &'a str,
    row: u64,
    strict: bool,
    now_us: i64,
    session: &'a mut SessionState,
}

impl Target<'_> {
    /// Raises `error` in strict mode, else warns of it and goes on with `value`.
    fn refuse(&mut self, error: Error, value: Value) -> Result<Value> {
        if self.strict {
            return Err(error);
        }
        self.session.warn(WarningLevel::Warning, error.code, error.message);
        Ok(value)
    }

    fn out_of_range(&mut self, value: Value) -> Result<Value> {
        self.refuse(Error::out_of_range(self.column, self.row), value)
    }

    fn note_truncated(&mut self) {
        let error = Error::truncated(self.column, self.row);
        self.session.warn(WarningLevel::Note, error.code, error.message);
    }

    fn store(mut self, value: Value, from: &DataType) -> Result<Value> {
        if value.is_null() {
            return Ok(value);
        }
        match self.to.kind {
            TypeKind::Null => Ok(value),
            TypeKind::TinyInt
            | TypeKind::SmallInt
            | TypeKind::MediumInt
            | TypeKind::Int
            | TypeKind::BigInt => self.integer(&value),
            TypeKind::Year => self.year(&value),
            TypeKind::Float | TypeKind::Double => self.double(&value),
            TypeKind::Decimal { precision, scale } => self.decimal(&value, precision, scale),
            TypeKind::Char(n) => self.text(&value, from, Some(n), true),
            TypeKind::VarChar(n) => self.text(&value, from, Some(n), false),
            TypeKind::TinyText | TypeKind::Text | TypeKind::MediumText | TypeKind::LongText => {
                self.text(&value, from, None, false)
            }
            TypeKind::Binary(n) => self.binary(&value, from, u64::from(n), true),
            TypeKind::VarBinary(n) => self.binary(&value, from, u64::from(n), false),
            TypeKind::TinyBlob | TypeKind::Blob | TypeKind::MediumBlob | TypeKind::LongBlob => {
                let longest = self.to.bytes_max().unwrap_or(u64::MAX);
                self.binary(&value, from, longest, false)
            }
            TypeKind::Date => self.date(&value),
            TypeKind::Time(fsp) => self.time(&value, fsp),
            TypeKind::DateTime(fsp) => self.datetime(&value, fsp, false),
            TypeKind::Timestamp(fsp) => self.datetime(&value, fsp, true),
        }
    }

    /// The number that text begins with, rounded, and whether all of it was one.
    fn integer_of_text(&mut self, text: &[u8]) -> std::result::Result<(i128, bool), Error> {
        let (decimal, taken) = Decimal::parse_prefix(text).unwrap_or((Decimal::ZERO, 0));
        // Before an integer, unlike other numbers, MySQL passes over these two kinds of blanks only.
        let first = text.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        if taken == 0 || first.is_some_and(u8::is_ascii_whitespace) {
            return Err(Error::incorrect_value("integer", printable(text), self.column, self.row));
        }
        let integer = decimal.to_i128().unwrap_or(if decimal.is_negative() { i128::MIN } else { i128::MAX });
        Ok((integer, number::only_space(&text[taken..])))
    }

    fn integer(&mut self, value: &Value) -> Result<Value> {
        let (low, high) = self.to.integer_range().unwrap_or((i128::from(i64::MIN), i128::from(i64::MAX)));
        let unsigned = self.to.unsigned;
        let make = |number: i128| {
            if unsigned {
                Value::UInt(u64::try_from(number).unwrap_or(0))
            } else {
                Value::Int(i64::try_from(number).unwrap_or(0))
            }
        };
        let integer = match value {
            Value::Int(number) => i128::from(*number),
            Value::UInt(number) => i128::from(*number),
            Value::Text(text) => match self.integer_of_text(text) {
                Err(error) => return self.refuse(error, make(0)),
                Ok((integer, whole)) => {
                    if !whole && (low..=high).contains(&integer) {
                        return self.refuse(Error::truncated(self.column, self.row), make(integer));
                    }
                    integer
                }
            },
            // A number below zero is out of an UNSIGNED column's range even where it rounds to zero.
            Value::Decimal(decimal) if unsigned && decimal.is_negative() => -1,
            _ => crate::types::convert::to_integer(value, self.session).unwrap_or(0),
        };
        if (low..=high).contains(&integer) {
            return Ok(make(integer));
        }
        self.out_of_range(make(integer.clamp(low, high)))
    }

    fn year(&mut self, value: &Value) -> Result<Value> {
        let mut from_text = false;
        let mut truncated = false;
        let number = match value {
            Value::Date(date) => i128::from(date.year()),
            Value::DateTime(datetime) => i128::from(datetime.date().year()),
            Value::Time(_) => {
                DateTime::from_epoch(self.now_us, self.session.variables.time_zone_offset_seconds)
                    .map_or(0, |now| i128::from(now.date().year()))
            }
            Value::Text(text) => match self.integer_of_text(text) {
                Err(error) => return self.refuse(error, Value::Int(0)),
                Ok((integer, whole)) => {
                    // '0' and '00' are 2000; '0000' is the zero year.
                    from_text = text.trim_ascii().len() < 4;
                    truncated = !whole;
                    integer
                }
            },
            _ => crate::types::convert::to_integer(value, self.session).unwrap_or(0),
        };
        let year = match number {
            0 if from_text => 2000,
            1..=69 => number + 2000,
            70..=99 => number + 1900,
            0 | 1901..=2155 => number,
            _ => return self.out_of_range(Value::Int(0)),
        };
        let year = Value::Int(i64::try_from(year).unwrap_or(0));
        if truncated { self.refuse(Error::truncated(self.column, self.row), year) } else { Ok(year) }
    }

    fn double(&mut self, value: &Value) -> Result<Value> {
        let single = self.to.kind == TypeKind::Float;
        let (number, whole, finite) = match value {
            Value::Text(text) | Value::Blob(text) => {
                let (number, taken) = number::double_prefix(text);
                let whole = taken > 0 && number::only_space(&text[taken..]);
                // The reader stops at the largest double: whether that is what was written is seen by reading again.
                (number, whole, number.abs() < f64::MAX || !number::exceeds_double(&text[..taken]))
            }
            _ => {
                let number = crate::types::convert::to_f64(value, self.session).unwrap_or(0.0);
                (number, true, number.is_finite())
            }
        };
        let largest = if single { f64::from(f32::MAX) } else { f64::MAX };
        let bounded = number.clamp(if self.to.unsigned { 0.0 } else { -largest }, largest);
        #[expect(clippy::cast_possible_truncation, reason = "FLOAT is a single")]
        let stored = if single { f64::from(bounded as f32) } else { bounded };
        if !whole {
            let kind = if single { "FLOAT" } else { "DOUBLE" };
            let error = Error::incorrect_value(kind, message_text(value), self.column, self.row);
            return self.refuse(error, Value::Double(stored));
        }
        #[expect(clippy::float_cmp, reason = "clamping changes it or leaves it exactly")]
        if bounded != number || !finite && value != &Value::Double(number) {
            return self.out_of_range(Value::Double(stored));
        }
        Ok(Value::Double(stored))
    }

    fn decimal(&mut self, value: &Value, precision: u8, scale: u8) -> Result<Value> {
        let decimal = match value {
            Value::Text(text) | Value::Blob(text) => {
                let (decimal, taken) = Decimal::parse_prefix(text).unwrap_or((Decimal::ZERO, 0));
                let whole = taken > 0 && number::only_space(&text[taken..]);
                if self.strict && (!whole || !decimal.fits()) || taken == 0 {
                    let error = Error::incorrect_value("decimal", printable(text), self.column, self.row);
                    return self.refuse(error, Value::Decimal(Decimal::new(0, scale)));
                }
                if !whole {
                    self.note_truncated();
                }
                decimal
            }
            _ => crate::types::convert::to_decimal(value, self.session).unwrap_or(Decimal::ZERO),
        };
        if self.to.unsigned && decimal.is_negative() {
            return self.out_of_range(Value::Decimal(Decimal::new(0, scale)));
        }
        let rounded = decimal.rescale(scale);
        let largest = Decimal::largest(precision, scale);
        let negative = rounded.is_negative();
        let magnitude = if negative { rounded.negate() } else { rounded.clone() };
        if magnitude.compare(&largest).is_gt() {
            return self.out_of_range(Value::Decimal(if negative { largest.negate() } else { largest }));
        }
        let exact_kind = matches!(value, Value::Text(_) | Value::Decimal(_) | Value::Double(_));
        if exact_kind && rounded.compare(&decimal).is_ne() {
            self.note_truncated();
        }
        Ok(Value::Decimal(rounded))
    }

    fn text(&mut self, value: &Value, from: &DataType, characters: Option<u32>, pad: bool) -> Result<Value> {
        let mut text = to_text(value, from).unwrap_or_default();
        if let Value::Blob(bytes) = value
            && let Err(error) = std::str::from_utf8(bytes)
        {
            let shown = printable_start(&bytes[error.valid_up_to()..]);
            let valid = text.slice(..error.valid_up_to());
            let refusal = Error::incorrect_value("string", shown, self.column, self.row);
            text = match self.refuse(refusal, Value::Text(valid))? {
                Value::Text(text) => text,
                _ => Bytes::new(),
            };
        }
        let end = match characters {
            Some(n) if text.len() > n as usize && character_count(&text) > n => {
                character_offset(&text, n as usize)
            }
            Some(_) => text.len(),
            None => {
                let longest = usize::try_from(self.to.bytes_max().unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
                if text.len() > longest { floor_character(&text, longest) } else { text.len() }
            }
        };
        if end < text.len() {
            let only_spaces = text[end..].iter().all(|byte| *byte == b' ');
            text = self.cut(text, end, only_spaces, pad)?;
        }
        if pad {
            let kept = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
            text = text.slice(..kept);
        }
        Ok(Value::Text(text))
    }

    /// Cuts text that is too long; only trailing spaces may go in strict mode, and those of CHAR go silently.
    fn cut(&mut self, text: Bytes, end: usize, only_spaces: bool, pad: bool) -> Result<Bytes> {
        if only_spaces {
            if !pad {
                self.note_truncated();
            }
        } else if self.strict {
            return Err(Error::too_long(self.column, self.row));
        } else {
            let error = Error::truncated(self.column, self.row);
            self.session.warn(WarningLevel::Warning, error.code, error.message);
        }
        Ok(text.slice(..end))
    }

    fn binary(&mut self, value: &Value, from: &DataType, longest: u64, pad: bool) -> Result<Value> {
        let mut bytes = to_text(value, from).unwrap_or_default();
        let longest = usize::try_from(longest).unwrap_or(usize::MAX);
        if bytes.len() > longest {
            bytes = self.cut(bytes, longest, false, false)?;
        }
        if pad && bytes.len() < longest {
            let mut padded = bytes.to_vec();
            padded.resize(longest, 0);
            bytes = Bytes::from(padded);
        }
        Ok(Value::Blob(bytes))
    }

    /// The error of a value that is no date or time: 1292 in strict mode, else a warning of the given error.
    fn incorrect(&mut self, kind: &str, value: &Value, warning: Error, stored: Value) -> Result<Value> {
        if self.strict {
            return Err(Error::incorrect_datetime(kind, message_text(value), self.column, self.row));
        }
        self.session.warn(WarningLevel::Warning, warning.code, warning.message);
        Ok(stored)
    }

    fn read_datetime(&mut self, value: &Value) -> Temporal<DateTime> {
        let offset = self.session.variables.time_zone_offset_seconds;
        as_datetime(value, date_rules(self.session), offset, self.now_us)
    }

    /// Whether what is no valid date has nevertheless the form of one: MySQL then says "out of range".
    fn has_date_form(value: &Value) -> bool {
        let lenient = DateRules { allow_invalid: true, ..DateRules::default() };
        matches!(value, Value::Text(_)) && matches!(as_datetime(value, lenient, 0, 0), Temporal::Valid(_))
    }

    fn invalid_date(&mut self, kind: &str, value: &Value, stored: Value) -> Result<Value> {
        let warning = if Target::has_date_form(value) {
            Error::out_of_range(self.column, self.row)
        } else {
            Error::truncated(self.column, self.row)
        };
        self.incorrect(kind, value, warning, stored)
    }

    /// The note that a DATE column took only the date.
    fn note_time_lost(&mut self, value: &Value) {
        if self.strict {
            let note = Error::incorrect_datetime("date", message_text(value), self.column, self.row);
            self.session.warn(WarningLevel::Note, note.code, note.message);
        } else {
            self.note_truncated();
        }
    }

    fn date(&mut self, value: &Value) -> Result<Value> {
        if let Value::DateTime(datetime) = value {
            // A fraction is rounded first and may carry into the next day.
            return match datetime.round(0, false) {
                Some(rounded) => {
                    if rounded.time_microseconds() != 0 {
                        self.note_time_lost(value);
                    }
                    Ok(Value::Date(rounded.date()))
                }
                None => self.out_of_range(Value::Date(crate::types::Date::ZERO)),
            };
        }
        match self.read_datetime(value) {
            Temporal::Null => Ok(Value::Null),
            Temporal::Invalid => self.invalid_date("date", value, Value::Date(crate::types::Date::ZERO)),
            Temporal::Valid(Parsed { value: datetime, truncated, .. }) => {
                let stored = Value::Date(datetime.date());
                let fraction_of_number =
                    matches!(value, Value::Decimal(_) | Value::Double(_)) && datetime.microsecond() != 0;
                if truncated || fraction_of_number {
                    return self.incorrect("date", value, Error::truncated(self.column, self.row), stored);
                }
                if datetime.time_microseconds() != 0 || matches!(value, Value::Time(_)) {
                    self.note_time_lost(value);
                }
                Ok(stored)
            }
        }
    }

    fn time(&mut self, value: &Value, fsp: u8) -> Result<Value> {
        if matches!(value, Value::Text(text) if text.is_empty()) {
            return Ok(Value::Time(Time::ZERO));
        }
        let truncate = self.session.variables.sql_mode.has(SqlMode::TIME_TRUNCATE_FRACTIONAL);
        match as_time(value) {
            Temporal::Null => Ok(Value::Null),
            Temporal::Invalid => {
                let digits = match value {
                    Value::Text(text) => text.iter().any(u8::is_ascii_digit),
                    _ => true,
                };
                let warning = if digits {
                    Error::out_of_range(self.column, self.row)
                } else {
                    Error::truncated(self.column, self.row)
                };
                self.incorrect("time", value, warning, Value::Time(Time::ZERO))
            }
            Temporal::Valid(Parsed { value: time, truncated, .. }) => {
                let stored = Value::Time(time.round(fsp, truncate));
                if !truncated {
                    return Ok(stored);
                }
                let clamped = time.microseconds().abs() == crate::limits::TIME_MICROSECONDS_MAX;
                let warning = if clamped {
                    Error::out_of_range(self.column, self.row)
                } else {
                    Error::truncated(self.column, self.row)
                };
                self.incorrect("time", value, warning, stored)
            }
        }
    }

    fn datetime(&mut self, value: &Value, fsp: u8, timestamp: bool) -> Result<Value> {
        let zero = Value::DateTime(DateTime::ZERO);
        let (datetime, truncated) = match self.read_datetime(value) {
            Temporal::Null => return Ok(Value::Null),
            Temporal::Invalid => return self.invalid_date("datetime", value, zero),
            Temporal::Valid(parsed) => (parsed.value, parsed.truncated),
        };
        let truncate = self.session.variables.sql_mode.has(SqlMode::TIME_TRUNCATE_FRACTIONAL);
        let Some(rounded) = datetime.round(fsp, truncate) else {
            return self.incorrect("datetime", value, Error::out_of_range(self.column, self.row), zero);
        };
        if timestamp && rounded != DateTime::ZERO {
            let seconds =
                rounded.to_epoch(self.session.variables.time_zone_offset_seconds).div_euclid(MICROSECONDS);
            if rounded.date().has_zero_part() || !(1..=i64::from(i32::MAX)).contains(&seconds) {
                return self.incorrect("datetime", value, Error::out_of_range(self.column, self.row), zero);
            }
        }
        let stored = Value::DateTime(rounded);
        if truncated {
            return self.incorrect("datetime", value, Error::truncated(self.column, self.row), stored);
        }
        Ok(stored)
    }
}

/// Bytes of a text that are shown from where it is none, as MySQL does.
const SHOWN_BYTES_MAX: usize = 6;

/// The first bytes for a message: what is no printable ASCII as `\xNN`.
fn printable_start(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for byte in bytes.iter().take(SHOWN_BYTES_MAX) {
        match byte {
            0x20..=0x7e => shown.push(char::from(*byte)),
            _ => shown.push_str(&format!("\\x{byte:02X}")),
        }
    }
    if bytes.len() > SHOWN_BYTES_MAX {
        shown.push_str("...");
    }
    shown
}

/// The last character boundary of valid UTF-8 at or before `end`.
fn floor_character(text: &[u8], end: usize) -> usize {
    (0..=end).rev().find(|at| text.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80)).unwrap_or(0)
}
