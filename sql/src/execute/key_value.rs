//! Values of conditions as values of an index column.
//!
//! `column op value` may be answered by the column's index only if the value can be brought to the column's type such that
//! comparing there gives what MySQL's comparison of the two gives. This depends on the value, which is known only when
//! the plan runs: `id = '5'` is, `id = 1.5` matches nothing, `name = 5` compares as doubles and cannot use the index of a
//! text column at all. The rules are those of [`crate::types::compare`].

use crate::catalog::Column;
use crate::collation;
use crate::session::SessionState;
use crate::types::convert::{self, Temporal};
use crate::types::temporal_text::DateRules;
use crate::types::{Decimal, TypeKind, Value};

/// Integers up to this magnitude are exact as doubles.
const DOUBLE_EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Digits of a decimal that a double always tells apart.
const DOUBLE_DIGITS: u8 = 15;

/// What a value is for a column.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyValue {
    /// This value of the column's type.
    Exact(Value),
    /// Between this value of the column's type and the next one.
    Floor(Value),
    /// NULL, or what else compares with nothing.
    Never,
    /// The comparison does not follow the column's order.
    Unusable,
}

/// Brings a value to the type of a column. May raise the warnings that the comparison would.
#[must_use]
pub fn key_value(value: Value, column: &Column, session: &mut SessionState) -> KeyValue {
    if value == Value::Null {
        return KeyValue::Never;
    }
    let data_type = &column.data_type;
    match data_type.kind {
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Bit(_)
        | TypeKind::Year => integer(value, session),
        TypeKind::Enum(_) | TypeKind::Set(_) => member(value, column),
        TypeKind::Float | TypeKind::Double => double(value, session),
        TypeKind::Decimal { precision, .. } => decimal(value, precision),
        TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText => match value {
            Value::Text(_) => KeyValue::Exact(value),
            _ => KeyValue::Unusable,
        },
        TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob => match value {
            Value::Text(bytes) | Value::Blob(bytes) => KeyValue::Exact(Value::Blob(bytes)),
            _ => KeyValue::Unusable,
        },
        TypeKind::Date => datetime(value, session, true),
        TypeKind::DateTime(_) | TypeKind::Timestamp(_) => datetime(value, session, false),
        TypeKind::Time(_) => time(value),
        TypeKind::Null | TypeKind::Json => KeyValue::Unusable,
    }
}

/// Text is the member that it equals, or none; a number (the planner gives it only where the column is compared by number) is
/// itself.
fn member(value: Value, column: &Column) -> KeyValue {
    let Some(members) = column.members.as_deref() else { return KeyValue::Unusable };
    let kind = column.data_type.kind;
    let by = column.data_type.collation;
    match value {
        Value::Text(text) if matches!(kind, TypeKind::Set(_)) => {
            let (bits, all) = members.set_bits(&text, by);
            // Texts are compared: members in another order are another text.
            match members.set_text(bits) {
                Some(own) if all && collation::compare(by, &own, &text).is_eq() => {
                    KeyValue::Exact(Value::Text(own))
                }
                _ => KeyValue::Unusable,
            }
        }
        Value::Text(text) => match members.position(&text, by) {
            Some(position) => KeyValue::Exact(Value::UInt(u64::from(position))),
            // The error value looks like an empty text.
            None if collation::compare(by, b"", &text).is_eq() => KeyValue::Exact(Value::UInt(0)),
            None => KeyValue::Never,
        },
        // The highest bit makes a number negative where it is compared, and greatest in a key.
        _ if members.members().len() > 63 && matches!(kind, TypeKind::Set(_)) => KeyValue::Unusable,
        Value::Int(_) | Value::UInt(_) => KeyValue::Exact(value),
        Value::Double(number) => from_double(number),
        _ => KeyValue::Unusable,
    }
}

fn integer(value: Value, session: &mut SessionState) -> KeyValue {
    match value {
        Value::Int(_) | Value::UInt(_) => KeyValue::Exact(value),
        Value::Decimal(number) => {
            let floor = number.to_integer_towards(false);
            let exact = floor.compare(&number).is_eq();
            let Some(floor) = floor.to_i128().and_then(integer_value) else {
                return KeyValue::Unusable;
            };
            if exact { KeyValue::Exact(floor) } else { KeyValue::Floor(floor) }
        }
        Value::Double(number) => from_double(number),
        Value::Text(_) | Value::Blob(_) => {
            convert::to_f64(&value, session).map_or(KeyValue::Never, from_double)
        }
        _ => KeyValue::Unusable,
    }
}

/// A double for an integer column: compared as doubles, so only where all neighbours are exact.
fn from_double(number: f64) -> KeyValue {
    if number.is_nan() || number.abs() >= DOUBLE_EXACT_MAX {
        return KeyValue::Unusable;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 2^53")]
    let floor = Value::Int(number.floor() as i64);
    if number.floor() == number { KeyValue::Exact(floor) } else { KeyValue::Floor(floor) }
}

fn integer_value(number: i128) -> Option<Value> {
    i64::try_from(number).map(Value::Int).or_else(|_| u64::try_from(number).map(Value::UInt)).ok()
}

fn double(value: Value, session: &mut SessionState) -> KeyValue {
    let small = |number: f64| number.abs() < DOUBLE_EXACT_MAX;
    match value {
        Value::Double(number) if number.is_nan() => KeyValue::Unusable,
        Value::Double(_) => KeyValue::Exact(value),
        #[expect(clippy::cast_precision_loss, reason = "what the comparison does")]
        Value::Int(number) if small(number as f64) => KeyValue::Exact(Value::Double(number as f64)),
        #[expect(clippy::cast_precision_loss, reason = "what the comparison does")]
        Value::UInt(number) if small(number as f64) => KeyValue::Exact(Value::Double(number as f64)),
        Value::Decimal(number) => KeyValue::Exact(Value::Double(number.to_f64())),
        Value::Text(_) | Value::Blob(_) => match convert::to_f64(&value, session) {
            Some(number) => KeyValue::Exact(Value::Double(number)),
            None => KeyValue::Never,
        },
        _ => KeyValue::Unusable,
    }
}

fn decimal(value: Value, precision: u8) -> KeyValue {
    match value {
        Value::Int(number) => KeyValue::Exact(Value::Decimal(Decimal::from_i128(number.into(), 0))),
        Value::UInt(number) => KeyValue::Exact(Value::Decimal(Decimal::from_i128(number.into(), 0))),
        Value::Decimal(_) => KeyValue::Exact(value),
        // Text compares with a decimal as doubles, which tells all decimals of so few digits apart.
        Value::Text(text) | Value::Blob(text) if precision <= DOUBLE_DIGITS => {
            match Decimal::parse_prefix(&text) {
                Some((number, length))
                    if length == text.len()
                        && number.integer_digits() + u32::from(number.scale()) <= DOUBLE_DIGITS.into() =>
                {
                    KeyValue::Exact(Value::Decimal(number))
                }
                _ => KeyValue::Unusable,
            }
        }
        _ => KeyValue::Unusable,
    }
}

fn datetime(value: Value, session: &SessionState, is_date: bool) -> KeyValue {
    let read = match value {
        Value::Date(date) => {
            return KeyValue::Exact(if is_date { value } else { Value::DateTime(date.midnight()) });
        }
        Value::DateTime(read) => read,
        Value::Text(_) | Value::Blob(_) => {
            let offset = session.variables.time_zone;
            match convert::as_datetime(&value, DateRules::default(), offset, 0) {
                Temporal::Valid(parsed) if !parsed.truncated => parsed.value,
                Temporal::Valid(_) | Temporal::Invalid | Temporal::Null => return KeyValue::Unusable,
            }
        }
        _ => return KeyValue::Unusable,
    };
    if !is_date {
        return KeyValue::Exact(Value::DateTime(read));
    }
    let date = Value::Date(read.date());
    if read.time_microseconds() == 0 { KeyValue::Exact(date) } else { KeyValue::Floor(date) }
}

fn time(value: Value) -> KeyValue {
    match value {
        Value::Time(_) => KeyValue::Exact(value),
        Value::Text(_) => match convert::as_time(&value) {
            Temporal::Valid(parsed) if !parsed.truncated => KeyValue::Exact(Value::Time(parsed.value)),
            Temporal::Valid(_) | Temporal::Invalid | Temporal::Null => KeyValue::Unusable,
        },
        _ => KeyValue::Unusable,
    }
}
