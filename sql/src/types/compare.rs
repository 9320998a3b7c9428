//! How two values compare: for sorting (a total order) and under MySQL's rules for operands of different kinds.
//!
//! Numbers compare exactly, except that a double makes the other side a double. Text against a number compares as
//! doubles; text against a date or time is read as one; two dates or times of different kinds compare as datetimes.
//! (MySQL 8.4 Reference Manual, "Type Conversion in Expression Evaluation".) Two texts compare by a collation, bytes as
//! bytes; text against bytes compares as bytes.

use std::cmp::Ordering;

use crate::collation;
use crate::json;
use crate::session::SessionState;
use crate::types;
use crate::types::convert::{Number, Temporal, as_datetime, as_time};
use crate::types::datetime::DateTime;
use crate::types::temporal_text::DateRules;
use crate::types::{Collation, TimeZone, Value, convert, number};

impl Value {
    /// The order of sorting: NULL first, then as [`compare_sql`] says.
    #[must_use]
    pub fn compare(&self, other: &Value, collation: Collation) -> Ordering {
        match (self, other) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Less,
            (_, Value::Null) => Ordering::Greater,
            _ => compare_sql(self, other, collation).unwrap_or(Ordering::Equal),
        }
    }
}

/// MySQL's comparison of any two values; None when either is NULL. Raises no warnings.
#[must_use]
pub fn compare_sql(left: &Value, right: &Value, collation: Collation) -> Option<Ordering> {
    match same_kind(left, right, collation) {
        Some(result) => result,
        None => compare_mixed(left, right, None, 0),
    }
}

/// [`compare_sql`] with the warnings that MySQL raises; a TIME against a date takes its day from `now_us`.
pub fn compare_warning(
    left: &Value,
    right: &Value,
    collation: Collation,
    session: &mut SessionState,
    now_us: i64,
) -> Option<Ordering> {
    match same_kind(left, right, collation) {
        Some(result) => result,
        None => compare_mixed(left, right, Some(session), now_us),
    }
}

/// The comparisons that need no conversion; the outer None when the kinds differ.
#[inline]
fn same_kind(left: &Value, right: &Value, collation: Collation) -> Option<Option<Ordering>> {
    Some(match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Text(left), Value::Text(right)) => Some(collation::compare(collation, left, right)),
        (Value::Text(left) | Value::Blob(left), Value::Text(right) | Value::Blob(right)) => {
            Some(left.cmp(right))
        }
        (Value::UInt(left), Value::UInt(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::UInt(right)) => Some(i128::from(*left).cmp(&i128::from(*right))),
        (Value::UInt(left), Value::Int(right)) => Some(i128::from(*left).cmp(&i128::from(*right))),
        (Value::Decimal(left), Value::Decimal(right)) => Some(left.compare(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::DateTime(right)) => Some(left.midnight().cmp(right)),
        (Value::DateTime(left), Value::Date(right)) => Some(left.cmp(&right.midnight())),
        (Value::Time(left), Value::Time(right)) => Some(left.cmp(right)),
        (Value::Json(_), _) | (_, Value::Json(_)) => Some(compare_documents(left, right)),
        _ => return None,
    })
}

/// A document against a document, or against the scalar document that another value is.
#[cold]
fn compare_documents(left: &Value, right: &Value) -> Ordering {
    let document = |value: &Value| match value {
        Value::Json(document) => document.clone(),
        // A scalar is never too large to be encoded, but for text of a gigabyte.
        other => json::encode::encode(&json::Tree::of_value(other)).unwrap_or_default(),
    };
    let (left, right) = (document(left), document(right));
    json::compare(json::View::of_document(&left), json::View::of_document(&right))
}

fn is_string(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Blob(_))
}

fn compare_mixed(
    left: &Value,
    right: &Value,
    mut session: Option<&mut SessionState>,
    now_us: i64,
) -> Option<Ordering> {
    let has_date = |value: &Value| matches!(value, Value::Date(_) | Value::DateTime(_));
    let is_time = |value: &Value| matches!(value, Value::Time(_));
    let (dates, times) = (has_date(left) || has_date(right), is_time(left) || is_time(right));
    let strings = is_string(left) || is_string(right);
    // The members of a subquery are compared with the whole text.
    let cuts = session.is_some();
    if dates && (strings || times) {
        let offset = session.as_ref().map_or(TimeZone::UTC, |session| session.variables.time_zone);
        let is_date = matches!(left, Value::Date(_)) || matches!(right, Value::Date(_));
        // What is a date has been let in by its column.
        let of_texts = session.as_deref().map_or(DateRules::default(), convert::date_rules);
        let rules = |value: &Value| if is_string(value) { of_texts } else { DateRules::default() };
        let mut read = |value: &Value| match as_datetime(value, rules(value), offset, now_us) {
            Temporal::Valid(parsed) => {
                if let (Some(session), true) = (session.as_deref_mut(), parsed.truncated) {
                    let kind = if is_date { "date" } else { convert::cut_kind(&parsed) };
                    convert::warn_truncated_value(session, kind, value);
                }
                // Next to a DATE a text is a day.
                Some(if cuts && is_date && is_string(value) {
                    parsed.value.date().midnight()
                } else {
                    parsed.value
                })
            }
            Temporal::Null => None,
            Temporal::Invalid => {
                match session.as_deref_mut() {
                    Some(session) if is_date => convert::warn_truncated_value(session, "date", value),
                    Some(session) => convert::warn_incorrect(session, "datetime", value),
                    None => {}
                }
                // What is no date compares as the zero date.
                Some(DateTime::ZERO)
            }
        };
        return Some(read(left)?.cmp(&read(right)?));
    }
    if times && strings {
        let read = |value: &Value| match as_time(value) {
            Temporal::Valid(parsed) => Some(parsed.value),
            Temporal::Null | Temporal::Invalid => None,
        };
        if let (Some(left), Some(right)) = (read(left), read(right)) {
            return Some(left.cmp(&right));
        }
        // What is no time is compared as the text that it is.
        let text = |value: &Value| types::text::to_text(value, &types::DataType::NULL).unwrap_or_default();
        return Some(text(left).cmp(&text(right)));
    }
    let mut number_of = |value: &Value| match session.as_deref_mut() {
        Some(session) => convert::to_number(value, session),
        None => quiet_number(value),
    };
    let (left, right) = (number_of(left)?, number_of(right)?);
    Some(compare_numbers(&left, &right))
}

fn quiet_number(value: &Value) -> Option<Number> {
    Some(match value {
        Value::Null => return None,
        Value::Int(number) => Number::Int(*number),
        Value::UInt(number) => Number::UInt(*number),
        Value::Double(number) => Number::Double(*number),
        Value::Decimal(number) => Number::Decimal(number.clone()),
        Value::Text(text) | Value::Blob(text) => Number::Double(number::double_prefix(text).0),
        Value::Date(date) => Number::Int(date.as_number()),
        Value::Time(time) => {
            convert::micros_decimal(time.as_number(), time.microsecond(), time.is_negative())
        }
        Value::DateTime(datetime) => {
            convert::micros_decimal(datetime.as_number(), datetime.microsecond(), false)
        }
        Value::Json(document) => json::convert::to_number(document, json::convert::Target::Double).0,
    })
}

/// The order of two numbers of any kinds.
#[must_use]
pub fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    match (left, right) {
        (Number::Double(_), _) | (_, Number::Double(_)) => {
            left.to_f64().partial_cmp(&right.to_f64()).unwrap_or(Ordering::Equal)
        }
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => left.to_decimal().compare(&right.to_decimal()),
        _ => left.to_i128().cmp(&right.to_i128()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_mixed_kinds() {
        let order = |left: &Value, right: &Value| compare_sql(left, right, Collation::Utf8mb4_0900AiCi);
        assert_eq!(order(&Value::Int(-1), &Value::UInt(u64::MAX)), Some(Ordering::Less));
        assert_eq!(order(&Value::text("10abc"), &Value::Int(10)), Some(Ordering::Equal));
        assert_eq!(order(&Value::text("abc"), &Value::text("ABC")), Some(Ordering::Equal));
        assert_eq!(order(&Value::Null, &Value::Int(1)), None);
        assert_eq!(Value::Null.compare(&Value::Int(1), Collation::Binary), Ordering::Less);
        let date = Value::Date(crate::types::Date::new(2020, 1, 2).unwrap());
        assert_eq!(order(&date, &Value::text("2020-1-2")), Some(Ordering::Equal));
        assert_eq!(order(&date, &Value::Int(20_200_102)), Some(Ordering::Equal));
        let decimal = Value::Decimal(crate::types::Decimal::new(15, 1));
        assert_eq!(order(&decimal, &Value::Int(1)), Some(Ordering::Greater));
        assert_eq!(order(&decimal, &Value::Double(1.5)), Some(Ordering::Equal));
    }
}
