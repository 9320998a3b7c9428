//! Values as days: what `DATE()`, `YEAR()`, `TO_DAYS()` and others that look at nothing but the day make of a value.
//!
//! They differ from what is made of a value that becomes a datetime ([`as_datetime`]) in two ways, as recorded from a
//! MySQL 9.7: a number below 101 is a day and a month of the year 2000, either of which may be zero (`DAYOFMONTH(2)` is 2);
//! and a time that is negative or has 24 hours is added to this moment, not to its midnight.

use crate::session::SessionState;
use crate::types::convert::{
    Temporal, as_datetime, message_text, split_seconds, warn_incorrect, warn_truncated_value,
};
use crate::types::datetime::{DateTime, MICROSECONDS};
use crate::types::temporal_text::{DateRules, Parsed, date_from_number};
use crate::types::{TimeZone, Value};
use crate::variables::SqlMode;

/// Microseconds of a day.
const DAY: i64 = 24 * 3600 * MICROSECONDS;

/// The largest number that is a date without a time.
const LONGEST_DATE: i64 = 99_991_231;

/// Reads a value as a day, without raising anything. `now_us` gives the day to a TIME.
#[must_use]
pub fn as_date(value: &Value, rules: DateRules, zone: TimeZone, now_us: i64) -> Temporal<DateTime> {
    let valid = |value: DateTime| Temporal::Valid(Parsed { value, truncated: false, has_time: false });
    match value {
        Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_) => split_seconds(value)
            // The end of a minute that rounding made is in its day.
            .map(|(number, _)| if number % 100 == 60 && number > LONGEST_DATE { number - 60 } else { number })
            .and_then(|number| date_from_number(number, rules))
            .map_or(Temporal::Invalid, |date| valid(date.midnight())),
        Value::Time(time) if !(0..DAY).contains(&time.microseconds()) => DateTime::from_epoch(now_us, zone)
            .and_then(|now| now.linear_microseconds().checked_add(time.microseconds()))
            .and_then(DateTime::from_linear_microseconds)
            .map_or(Temporal::Invalid, |moved| valid(moved.date().midnight())),
        Value::Null
        | Value::Time(_)
        | Value::Text(_)
        | Value::Blob(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Json(_) => as_datetime(value, rules, zone, now_us),
    }
}

/// A day as an argument of a date function: what is none is NULL with warning 1292.
pub fn to_date(value: &Value, rules: DateRules, session: &mut SessionState, now_us: i64) -> Option<DateTime> {
    match as_date(value, rules, session.variables.time_zone, now_us) {
        Temporal::Null => None,
        Temporal::Invalid => {
            warn_no_date(session, value);
            None
        }
        // A text of nothing but zeros is none where the mode has no zero date, whatever the function makes of one.
        Temporal::Valid(parsed)
            if matches!(value, Value::Text(_) | Value::Blob(_))
                && parsed.value == DateTime::ZERO
                && session.variables.sql_mode.has(SqlMode::NO_ZERO_DATE) =>
        {
            warn_incorrect(session, "datetime", value);
            None
        }
        Temporal::Valid(parsed) => {
            if parsed.truncated {
                warn_truncated_value(session, "date", value);
            }
            Some(parsed.value)
        }
    }
}

/// The warnings of a value that is no day: a text and a number with a point are "truncated", integers are no datetimes.
fn warn_no_date(session: &mut SessionState, value: &Value) {
    match value {
        Value::Decimal(number) => {
            if number.to_i128().is_none_or(|number| i64::try_from(number).is_err()) {
                let text = message_text(value);
                let whole = text.split('.').next().unwrap_or_default();
                warn_truncated_value(session, "DECIMAL", &Value::text(whole));
            }
            warn_truncated_value(session, "date", value);
        }
        Value::Text(_) | Value::Blob(_) => warn_truncated_value(session, "date", value),
        Value::Double(number) if number.abs() > 9.2e18 => warn_truncated_value(session, "date", value),
        _ => warn_incorrect(session, "datetime", value),
    }
}
