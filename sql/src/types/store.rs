//! What INSERT and UPDATE do to a value on its way into a column.
//!
//! A value that does not fit is an error in strict mode and is cut, with a warning, otherwise; digits of a DECIMAL and
//! trailing spaces of text that go are a note in both. Expectations were recorded from MySQL 9.7, one per column type and
//! mode (`sql/tests/store/columns.txt`).

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::execute::Context;
use crate::expression::Expression;
use crate::session::{SessionState, WarningLevel};
use crate::types::convert::{
    Temporal, as_datetime, as_time, bytes_in_set, date_rules, message_text, split_seconds,
};
use crate::types::datetime::{DateTime, MICROSECONDS};
use crate::types::temporal_text::{DateRules, Parsed, has_exponent};
use crate::types::text::{character_count, character_offset, printable, to_text};
use crate::types::time_zone::Moment;
use crate::types::{Attributes, DataType, Decimal, Time, TimeZone, TypeKind, Value, number};
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

/// [`store`] for the value of an expression, whose type says how its text looks and which members it has.
///
/// # Errors
/// As [`store`].
pub fn store_from(
    value: Value,
    from: impl FnOnce() -> DataType,
    to: &DataType,
    column: &str,
    row: u64,
    ctx: &mut Context<'_>,
) -> Result<Value> {
    if fits_unchanged(&value, to) {
        return Ok(value);
    }
    let from = match from() {
        // Written in the statement, or bound: text of the connection's character set, whose bytes count where bytes are kept.
        DataType { kind: TypeKind::Null, .. } if matches!(value, Value::Text(_)) => {
            DataType::of_value(&value, ctx.session.variables.collation_connection)
        }
        from => from,
    };
    if let (Value::Blob(bytes), true, true) = (&value, from.unsigned && from.is_binary(), to.is_numeric()) {
        // A hexadecimal literal is a number where one is wanted.
        let literal = Expression::Constant { value: Value::Blob(bytes.clone()), data_type: from };
        if let Some(number) = literal.as_hex_number().as_ref().and_then(Expression::as_constant) {
            return store(number.clone(), to, column, row, ctx);
        }
    }
    if from.has_members() && from.kind == to.kind {
        // The same members: also '' with the number 0, which no text can become.
        return Ok(value);
    }
    let value = if from.has_members() && to.is_numeric() {
        crate::types::convert::cast(value, &from, &DataType::BIGINT_UNSIGNED, ctx.session, 0)
    } else {
        value
    };
    // A copied BIT or ZEROFILL is written as a plain number.
    let from = if from.is_integer() && from.kind != TypeKind::Year { DataType::NULL } else { from };
    let (strict, now_us) = (ctx.strict, ctx.now_us);
    Target { to, column, row, strict, now_us, session: ctx.session }.store(value, &from)
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
pub(crate) fn fits_unchanged(value: &Value, to: &DataType) -> bool {
    match (value, to.kind) {
        (Value::Null, _) => true,
        (Value::Int(number), TypeKind::Int) => !to.unsigned && i32::try_from(*number).is_ok(),
        (Value::Int(_), TypeKind::BigInt) => !to.unsigned,
        (Value::UInt(_), TypeKind::BigInt) => to.unsigned,
        (Value::Double(_), TypeKind::Double) => !to.unsigned && to.attributes == Attributes::NONE,
        (Value::Text(text), TypeKind::VarChar(n)) => text.len() <= n as usize && is_in_set(text, to),
        (Value::Text(text), TypeKind::Char(n)) => {
            text.len() <= n as usize && text.last() != Some(&b' ') && is_in_set(text, to)
        }
        _ => false,
    }
}

/// Whether the column's character set surely has all of the text.
fn is_in_set(text: &[u8], to: &DataType) -> bool {
    to.collation.set().holds_everything() || text.is_ascii()
}

/// The column that a value goes to.
pub(super) struct Target<'a> {
    pub(super) to: &'a DataType,
    pub(super) column: &'a str,
    pub(super) row: u64,
    pub(super) strict: bool,
    now_us: i64,
    pub(super) session: &'a mut SessionState,
}

impl Target<'_> {
    /// Raises `error` in strict mode, else warns of it and goes on with `value`.
    pub(super) fn refuse(&mut self, error: Error, value: Value) -> Result<Value> {
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
            TypeKind::Json => self.json(value),
            TypeKind::TinyInt
            | TypeKind::SmallInt
            | TypeKind::MediumInt
            | TypeKind::Int
            | TypeKind::BigInt => self.integer(&value),
            TypeKind::Bit(bits) => self.bit(&value, from, bits),
            TypeKind::Enum(_) | TypeKind::Set(_) => self.member(&value, from),
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

    /// Text is parsed; a document stays; nothing else is one. Never a warning, whatever the mode.
    fn json(&self, value: Value) -> Result<Value> {
        match value {
            Value::Json(_) => Ok(value),
            Value::Text(text) => match crate::json::parse(&text) {
                Ok(tree) => tree.into_value(),
                Err(invalid) => Err(invalid.in_column(self.column)),
            },
            Value::Blob(_) => Err(crate::json::tree::binary_text()),
            _ => {
                Err(crate::json::parse::Invalid::Text("not a JSON text, may need CAST", 0)
                    .in_column(self.column))
            }
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
            Value::Text(text) | Value::Blob(text) => match self.integer_of_text(text) {
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
            Value::Time(_) => DateTime::from_epoch(self.now_us, self.session.variables.time_zone)
                .map_or(0, |now| i128::from(now.date().year())),
            Value::Text(text) | Value::Blob(text) => match self.integer_of_text(text) {
                Err(error) => return self.refuse(error, Value::Int(0)),
                Ok((integer, whole)) => {
                    // '0' and '00' are 2000; '0000' is the zero year.
                    from_text = text.trim_ascii().len() != 4;
                    truncated = !whole;
                    integer
                }
            },
            // A number below zero is out of range even where it rounds to zero.
            Value::Decimal(decimal) if decimal.is_negative() && !decimal.is_zero() => -1,
            Value::Double(double) if *double < 0.0 => -1,
            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
            Value::Double(double) => *double as i128,
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
        let written = number;
        let (number, largest) = match self.to.attributes.decimals() {
            Some(decimals) => fixed_digits(number, self.to.display_width, decimals, single),
            None => (number, if single { f64::from(f32::MAX) } else { f64::MAX }),
        };
        let bounded = number.clamp(if self.to.unsigned { 0.0 } else { -largest }, largest);
        #[expect(clippy::cast_possible_truncation, reason = "FLOAT is a single")]
        let stored = if single { f64::from(bounded as f32) } else { bounded };
        if !whole {
            let kind = if single { "FLOAT" } else { "DOUBLE" };
            let error = Error::incorrect_value(kind, message_text(value), self.column, self.row);
            return self.refuse(error, Value::Double(stored));
        }
        #[expect(clippy::float_cmp, reason = "clamping changes it or leaves it exactly")]
        if bounded != number || !finite && value != &Value::Double(written) {
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
        let set = self.to.collation.set();
        if let Value::Blob(bytes) = value {
            match set.decode(bytes) {
                Ok(std::borrow::Cow::Borrowed(_)) => {}
                Ok(std::borrow::Cow::Owned(decoded)) => text = Bytes::from(decoded),
                Err(at) => text = self.refuse_bytes(bytes, at)?,
            }
        } else if let Some(at) = set.first_lost(&text) {
            text = self.refuse_characters(&text, at)?;
        }
        let end = match characters {
            Some(n) if text.len() > n as usize && character_count(&text) > n => {
                character_offset(&text, n as usize)
            }
            Some(_) => text.len(),
            None => {
                let longest = usize::try_from(self.to.bytes_max().unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
                if set.byte_length(&text) > longest { self.fitting(&text, longest) } else { text.len() }
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

    /// Bytes that are none of the column's character set: what comes before them is kept.
    fn refuse_bytes(&mut self, bytes: &[u8], at: usize) -> Result<Bytes> {
        let shown = printable_start(&bytes[at..]);
        let valid = self.to.collation.set().decode(&bytes[..at]).unwrap_or_default().into_owned();
        let refusal = Error::incorrect_value("string", shown, self.column, self.row);
        match self.refuse(refusal, Value::Text(valid.into()))? {
            Value::Text(text) => Ok(text),
            _ => Ok(Bytes::new()),
        }
    }

    /// Characters that the column's set has not: `?` stands for each.
    fn refuse_characters(&mut self, text: &[u8], at: usize) -> Result<Bytes> {
        let kept = self.to.collation.set().replace_lost(text).into_owned();
        let shown = printable_start(&text[at..]);
        let refusal = Error::incorrect_value("string", shown, self.column, self.row);
        match self.refuse(refusal, Value::Text(kept.into()))? {
            Value::Text(text) => Ok(text),
            _ => Ok(Bytes::new()),
        }
    }

    /// Where text ends that has at most `longest` bytes in the column's character set.
    fn fitting(&self, text: &[u8], longest: usize) -> usize {
        let set = self.to.collation.set();
        if set.is_held_as_is() {
            return floor_character(text, longest);
        }
        let mut bytes = 0;
        let characters = crate::types::text::as_str(text).char_indices();
        let mut each = [0; 4];
        for (at, character) in characters {
            bytes += set.byte_length(character.encode_utf8(&mut each).as_bytes());
            if bytes > longest {
                return at;
            }
        }
        text.len()
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
        let mut bytes = bytes_in_set(to_text(value, from).unwrap_or_default(), value, from);
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
        let offset = self.session.variables.time_zone;
        as_datetime(value, date_rules(self.session), offset, self.now_us)
    }

    /// Whether what is no valid date has nevertheless the form of one: MySQL then says "out of range".
    fn has_date_form(value: &Value) -> bool {
        let lenient = DateRules { allow_invalid: true, ..DateRules::default() };
        matches!(value, Value::Text(_))
            && matches!(as_datetime(value, lenient, TimeZone::UTC, 0), Temporal::Valid(_))
    }

    fn invalid_date(&mut self, kind: &str, value: &Value, stored: Value) -> Result<Value> {
        let warning = if Target::has_date_form(value) || is_beyond_all(value).is_some() {
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
                let fraction_of_number = matches!(value, Value::Decimal(_) | Value::Double(_))
                    && split_seconds(value).is_some_and(|(_, micros)| micros != 0);
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
        if matches!(value, Value::Text(text) if text.trim_ascii().is_empty())
            || matches!(value, Value::Text(text) | Value::Blob(text) if has_exponent(text))
        {
            return Ok(Value::Time(Time::ZERO));
        }
        if let Some(is_negative) = is_beyond_all(value) {
            let most = crate::limits::TIME_MICROSECONDS_MAX;
            let bound = Time::from_microseconds(if is_negative { -most } else { most });
            let warning = Error::out_of_range(self.column, self.row);
            return self.incorrect("time", value, warning, Value::Time(bound.unwrap_or(Time::ZERO)));
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
        let mut rounded = rounded;
        if timestamp && rounded != DateTime::ZERO {
            let zone = self.session.variables.time_zone;
            let moment = zone.moment(rounded);
            if let Moment::Skipped(after) = moment
                && !rounded.date().has_zero_part()
            {
                // The moment of the transition, which the clock shows as a later time.
                let warning = Error::skipped_timestamp(self.column, self.row);
                let shown = DateTime::from_epoch(after, zone).unwrap_or(rounded);
                self.incorrect("datetime", value, warning, Value::Null)?;
                rounded = shown;
            }
            let seconds = moment.microseconds().div_euclid(MICROSECONDS);
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

/// A number rounded to the digits of FLOAT(M,D) or DOUBLE(M,D), and the largest number of that type.
fn fixed_digits(number: f64, width: u8, decimals: u8, single: bool) -> (f64, f64) {
    let power = 10_f64.powi(i32::from(decimals));
    let largest = 10_f64.powi(i32::from(width) - i32::from(decimals)) - 1.0 / power;
    let whole = number.floor();
    // Where the whole part leaves no bits for a fraction, there is none to be rounded.
    let rounded = whole + ((number - whole) * power).round_ties_even() / power;
    let ceiling = if single { f64::from(f32::MAX) } else { f64::MAX };
    (if rounded.is_finite() { rounded } else { number }, largest.min(ceiling))
}

/// Whether a number is beyond BIGINT, and so beyond any date or time, and on which side.
fn is_beyond_all(value: &Value) -> Option<bool> {
    match value {
        Value::UInt(number) => i64::try_from(*number).is_err().then_some(false),
        Value::Int(i64::MIN) => Some(true),
        Value::Decimal(number) => {
            let is_small = number.to_i128().is_some_and(|number| i64::try_from(number).is_ok());
            (!is_small).then(|| number.is_negative())
        }
        Value::Double(number) => (number.abs() >= 9.3e18).then_some(*number < 0.0),
        _ => None,
    }
}

/// A DATETIME or TIME that is copied from a column into one of YEAR, as the number that MySQL copies: it is never in range.
#[must_use]
pub fn copied(value: Value, is_column: bool, to: &DataType) -> Value {
    match &value {
        Value::DateTime(datetime) if is_column && to.kind == TypeKind::Year => {
            Value::Int(datetime.as_number())
        }
        Value::Time(time) if is_column && to.kind == TypeKind::Year => {
            // A number of two digits would be a year.
            Value::Int(time.as_number().saturating_mul(1_000_000))
        }
        _ => value,
    }
}

/// Error 3140 says which table the column is of.
#[must_use]
pub fn of_table(mut error: Error, table: &str) -> Error {
    if error.code == 3140 {
        error.message = error.message.replacen("for column '", &format!("for column '{table}."), 1);
    }
    error
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
