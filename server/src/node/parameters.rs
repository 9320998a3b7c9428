//! Bound parameters of a prepared statement as SQL values.

use bytes::Bytes;
use sql::types::{CharacterSet, Date, DateTime, Time, Value};
use wire::mysql::constant::column_type;
use wire::mysql::value::Param;

/// One parameter as a value; `set` is `character_set_client`.
///
/// # Errors
/// 1210 when a date or time is none that MySQL has.
pub fn value(param: &Param<'_>, set: CharacterSet) -> sql::Result<Value> {
    let wrong = || sql::Error::wrong_arguments("EXECUTE");
    Ok(match param {
        Param::Null => Value::Null,
        Param::Int(value) => Value::Int(*value),
        Param::UInt(value) => Value::UInt(*value),
        Param::Float(value) => Value::Double(f64::from(*value)),
        Param::Double(value) => Value::Double(*value),
        Param::Bytes { value, column_type } => string(value, *column_type, set),
        Param::Date(value)
            if value.hour == 0 && value.minute == 0 && value.second == 0 && value.microsecond == 0 =>
        {
            Value::Date(date(value).ok_or_else(wrong)?)
        }
        Param::Date(value) | Param::DateTime(value) => {
            let date = date(value).ok_or_else(wrong)?;
            let time = DateTime::from_parts(
                date,
                value.hour.into(),
                value.minute.into(),
                value.second.into(),
                value.microsecond,
            );
            Value::DateTime(time.ok_or_else(wrong)?)
        }
        Param::Time(value) => {
            let seconds =
                i64::from(value.hours) * 3600 + i64::from(value.minute) * 60 + i64::from(value.second);
            let microseconds = seconds.saturating_mul(1_000_000).saturating_add(value.microsecond.into());
            let signed = if value.negative { -microseconds } else { microseconds };
            Value::Time(Time::clamped(signed).0)
        }
    })
}

fn date(value: &wire::mysql::value::DateTime) -> Option<Date> {
    Date::new_lenient(value.year.into(), value.month.into(), value.day.into())
}

/// Text of the client's character set, unless bound as binary, or not valid in it.
fn string(value: &[u8], code: u8, set: CharacterSet) -> Value {
    let bytes = Bytes::copy_from_slice(value);
    let binary = matches!(
        code,
        column_type::TINY_BLOB
            | column_type::MEDIUM_BLOB
            | column_type::LONG_BLOB
            | column_type::BLOB
            | column_type::BIT
    );
    if !binary && !set.is_held_as_is() {
        return match set.decode(value) {
            Ok(text) => Value::Text(Bytes::from(text.into_owned())),
            Err(_) => Value::Blob(bytes),
        };
    }
    if !binary && std::str::from_utf8(value).is_ok() { Value::Text(bytes) } else { Value::Blob(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_any_number_of_hours_is_clamped() {
        let time = |hours, negative| {
            let time = wire::mysql::value::Time { negative, hours, minute: 59, second: 59, microsecond: 0 };
            value(&Param::Time(time), CharacterSet::Utf8mb4).unwrap()
        };
        assert_eq!(time(u32::MAX, false), time(838, false));
        assert_eq!(time(u32::MAX, true), time(838, true));
        assert_ne!(time(837, true), time(838, true));
    }
}
