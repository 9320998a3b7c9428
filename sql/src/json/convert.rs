//! What a document is as a value of another type: CAST and everything that wants a number or a date.
//!
//! A scalar converts as its own value would, a string as the text it holds. What does not convert counts as zero, or as NULL where a
//! date or time is wanted, with warning 3156, which names the expression.

use bytes::Bytes;

use crate::json::print::{print, print_unquoted};
use crate::json::view::{Node, View};
use crate::session::{SessionState, WarningLevel};
use crate::types::convert::{Number, Temporal, as_datetime, as_time, date_rules};
use crate::types::{DataType, Decimal, TypeKind, Value, number};

/// What a document is converted to, in MySQL's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the type of its name")]
pub enum Target {
    Integer,
    Decimal,
    Double,
    Date,
    Time,
    DateTime,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Target::Integer => "INTEGER",
            Target::Decimal => "DECIMAL",
            Target::Double => "DOUBLE",
            Target::Date => "DATE",
            Target::Time => "TIME",
            Target::DateTime => "DATETIME/TIMESTAMP",
        }
    }
}

/// Warning 3156.
pub fn warn_invalid(session: &mut SessionState, target: Target, name: &str) {
    let message = format!("Invalid JSON value for CAST to {} from column {name} at row 1", target.name());
    session.warn(WarningLevel::Warning, 3156, message);
}

/// The number that a document is, and whether all of it was one.
#[must_use]
pub fn to_number(document: &[u8], target: Target) -> (Number, bool) {
    match View::of_document(document).node() {
        Node::Int(number) => (Number::Int(number), true),
        Node::UInt(number) => (Number::UInt(number), true),
        Node::Double(number) => (Number::Double(number), true),
        Node::Decimal(number) => (Number::Decimal(number), true),
        Node::Bool(value) => (Number::Int(i64::from(value)), true),
        Node::Text(text) => {
            let text = text.as_bytes();
            let (number, taken) = match target {
                Target::Integer => {
                    let (integer, taken) = number::integer_prefix(text);
                    let number = match (i64::try_from(integer), u64::try_from(integer)) {
                        (Ok(integer), _) => Number::Int(integer),
                        (_, Ok(integer)) => Number::UInt(integer),
                        _ => Number::Int(if integer < 0 { i64::MIN } else { i64::MAX }),
                    };
                    (number, taken)
                }
                Target::Decimal => {
                    let (decimal, taken) = Decimal::parse_prefix(text).unwrap_or((Decimal::ZERO, 0));
                    (Number::Decimal(decimal), taken)
                }
                Target::Double | Target::Date | Target::Time | Target::DateTime => {
                    let (double, taken) = number::double_prefix(text);
                    (Number::Double(double), taken)
                }
            };
            (number, taken > 0 && number::only_space(&text[taken..]))
        }
        Node::Null
        | Node::Array(_)
        | Node::Object(_)
        | Node::Date(_)
        | Node::Time(_)
        | Node::DateTime(_)
        | Node::Opaque(..) => (Number::Int(0), false),
    }
}

/// The date or time that a document is, as a value of its own kind; None when it is none.
#[must_use]
pub fn to_temporal(document: &[u8], target: Target, session: &SessionState) -> Option<Value> {
    match View::of_document(document).node() {
        Node::Date(date) if target != Target::Time => Some(Value::Date(date)),
        Node::Time(time) if target == Target::Time => Some(Value::Time(time)),
        Node::DateTime(datetime) if target != Target::Time => Some(Value::DateTime(datetime)),
        Node::Text(text) => {
            let has_colon = text.contains(':');
            let text = Value::text(text);
            let offset = session.variables.time_zone;
            match target {
                Target::Time => match as_time(&text) {
                    Temporal::Valid(parsed) if has_colon && !parsed.truncated => {
                        Some(Value::Time(parsed.value))
                    }
                    Temporal::Valid(_) | Temporal::Null | Temporal::Invalid => None,
                },
                _ => match as_datetime(&text, date_rules(session), offset, 0) {
                    Temporal::Valid(parsed) => Some(Value::DateTime(parsed.value)),
                    Temporal::Null | Temporal::Invalid => None,
                },
            }
        }
        _ => None,
    }
}

/// A document that stands where a number, date or time is wanted, as the value to convert further; NULL when it is no date or time.
#[must_use]
pub fn to_scalar(document: &[u8], target: Target, name: &str, session: &mut SessionState) -> Value {
    if matches!(target, Target::Date | Target::Time | Target::DateTime) {
        return to_temporal(document, target, session).unwrap_or_else(|| {
            warn_invalid(session, target, name);
            Value::Null
        });
    }
    let (number, whole) = to_number(document, target);
    if !whole {
        warn_invalid(session, target, name);
    }
    match number {
        Number::Int(number) => Value::Int(number),
        Number::UInt(number) => Value::UInt(number),
        Number::Decimal(number) => Value::Decimal(number),
        Number::Double(number) => Value::Double(number),
    }
}

/// The text of a stored document.
#[must_use]
pub fn to_text(document: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    print(View::of_document(document), &mut out);
    out
}

/// The text of a node; of a string what is between its quotes.
#[must_use]
pub fn to_unquoted(view: View<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    print_unquoted(view, &mut out);
    out
}

/// A scalar as the SQL value that it is; null as NULL, a boolean as a number. Arrays, objects and binary strings stay documents.
#[must_use]
pub fn to_own_value(document: &[u8]) -> Value {
    match View::of_document(document).node() {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::bool(value),
        Node::Int(number) => Value::Int(number),
        Node::UInt(number) => Value::UInt(number),
        Node::Double(number) => Value::Double(number),
        Node::Decimal(number) => Value::Decimal(number),
        Node::Text(text) => Value::text(text),
        Node::Date(date) => Value::Date(date),
        Node::Time(time) => Value::Time(time),
        Node::DateTime(datetime) => Value::DateTime(datetime),
        Node::Array(_) | Node::Object(_) | Node::Opaque(..) => Value::Json(Bytes::copy_from_slice(document)),
    }
}

/// CAST of a document to another type; `name` is the expression's, for warnings.
pub fn cast(document: &Bytes, to: &DataType, name: &str, session: &mut SessionState, now_us: i64) -> Value {
    let target = match to.kind {
        TypeKind::Json | TypeKind::Null => return Value::Json(document.clone()),
        TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::MediumInt | TypeKind::Int | TypeKind::BigInt => {
            Target::Integer
        }
        TypeKind::Year => Target::Integer,
        TypeKind::Float | TypeKind::Double => Target::Double,
        TypeKind::Decimal { .. } => Target::Decimal,
        TypeKind::Date => Target::Date,
        TypeKind::Time(_) => Target::Time,
        TypeKind::DateTime(_) | TypeKind::Timestamp(_) => Target::DateTime,
        _ => {
            let text = Value::Text(Bytes::from(to_text(document)));
            return crate::types::convert::cast(text, &DataType::JSON, to, session, now_us);
        }
    };
    let scalar = to_scalar(document, target, name, session);
    crate::types::convert::cast(scalar, &DataType::NULL, to, session, now_us)
}

/// A value as a user variable holds it: a document is its text there.
#[must_use]
pub fn in_variable(value: Value) -> Value {
    match value {
        Value::Json(document) => Value::Text(Bytes::from(to_text(&document))),
        other => other,
    }
}
