//! What MySQL finds wrong with a literal next to a date or time, before it reads a row: it stores the literal into the column, or reads it
//! as the date that it is compared with.
//!
//! The value of a constant that is computed is looked at when the statement begins to run.

use crate::error::Error;
use crate::expression::Expression;
use crate::session::{Warning, WarningLevel};
use crate::types::convert::{Temporal, as_datetime, as_time, message_text};
use crate::types::temporal_text::DateRules;
use crate::types::{TimeZone, TypeKind, Value};

/// Whether what is next to it may be found not to fit.
pub(super) fn is_beside(other: &Expression) -> bool {
    matches!(other.data_type().kind, TypeKind::Time(_)) || other.data_type().has_date()
}

/// The warning of a literal that what is next to it cannot be.
pub(crate) fn misfit(other: &Expression, literal: &Expression, zone: TimeZone) -> Option<Warning> {
    let value = literal.as_constant()?;
    let kind = match other.data_type().kind {
        TypeKind::Date => "date",
        TypeKind::DateTime(_) | TypeKind::Timestamp(_) => "datetime",
        TypeKind::Time(_) => "time",
        _ => return None,
    };
    let is_text = match value {
        Value::Text(_) | Value::Blob(_) => true,
        Value::Int(_) | Value::UInt(_) | Value::Decimal(_) | Value::Double(_) => false,
        Value::Null | Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Json(_) => return None,
    };
    let fits = if kind == "time" { is_time(value) } else { is_date(value, zone) };
    if fits {
        return None;
    }
    match other {
        Expression::Column { name, .. } | Expression::Outer { name, .. } => {
            let error = Error::incorrect_datetime(kind, message_text(value), name, 1);
            Some(Warning::new(WarningLevel::Warning, 1292, error.message))
        }
        _ if is_text && kind != "time" => {
            let error = Error::truncated_wrong_value(kind, message_text(value));
            Some(Warning::new(WarningLevel::Warning, error.code, error.message))
        }
        _ => None,
    }
}

fn is_date(value: &Value, zone: TimeZone) -> bool {
    match as_datetime(value, DateRules::default(), zone, 0) {
        Temporal::Valid(parsed) => !parsed.truncated,
        Temporal::Null | Temporal::Invalid => false,
    }
}

fn is_time(value: &Value) -> bool {
    let is_blank = matches!(value, Value::Text(text) if text.trim_ascii().is_empty());
    is_blank
        || !matches!(value, Value::UInt(number) if i64::try_from(*number).is_err())
            && match as_time(value) {
                Temporal::Valid(parsed) => !parsed.truncated,
                Temporal::Null | Temporal::Invalid => false,
            }
}
