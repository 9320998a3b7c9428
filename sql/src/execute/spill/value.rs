//! Rows as bytes of a temporary file: the number of values, and each with its kind before it. Nothing of it outlives the statement.

use bytes::{Buf, Bytes};

use crate::types::{Date, DateTime, Decimal, Time, Value};

const NULL: u8 = 0;
const INT: u8 = 1;
const UINT: u8 = 2;
const DOUBLE: u8 = 3;
const DECIMAL: u8 = 4;
const TEXT: u8 = 5;
const BLOB: u8 = 6;
const DATE: u8 = 7;
const TIME: u8 = 8;
const DATE_TIME: u8 = 9;
const SECOND_DATE_TIME: u8 = 10;
const JSON: u8 = 11;

/// Appends a row, with one more value at its end if there is a `last`.
pub(in crate::execute) fn write_row(row: &[Value], last: Option<&Value>, out: &mut Vec<u8>) {
    let length = row.len() + usize::from(last.is_some());
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    for value in row.iter().chain(last) {
        write(value, out);
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Int(number) => fixed(INT, &number.to_le_bytes(), out),
        Value::UInt(number) => fixed(UINT, &number.to_le_bytes(), out),
        Value::Double(number) => fixed(DOUBLE, &number.to_bits().to_le_bytes(), out),
        Value::Decimal(number) => {
            fixed(DECIMAL, &[number.scale()], out);
            sized(&number.unscaled_bytes(), out);
        }
        Value::Text(bytes) => {
            out.push(TEXT);
            sized(bytes, out);
        }
        Value::Blob(bytes) => {
            out.push(BLOB);
            sized(bytes, out);
        }
        Value::Date(date) => fixed(DATE, &date.packed().to_le_bytes(), out),
        Value::Time(time) => fixed(TIME, &time.microseconds().to_le_bytes(), out),
        Value::DateTime(time) => {
            let kind = if time.is_second() { SECOND_DATE_TIME } else { DATE_TIME };
            fixed(kind, &time.packed().to_le_bytes(), out);
        }
        Value::Json(document) => {
            out.push(JSON);
            sized(document, out);
        }
    }
}

fn fixed(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(bytes);
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Takes a row off the front; none when there is none.
pub(super) fn read_row(input: &mut Bytes, row: &mut Vec<Value>) -> Option<()> {
    row.clear();
    for _ in 0..input.try_get_u32_le().ok()? {
        row.push(read(input)?);
    }
    Some(())
}

fn read(input: &mut Bytes) -> Option<Value> {
    Some(match input.try_get_u8().ok()? {
        NULL => Value::Null,
        INT => Value::Int(input.try_get_i64_le().ok()?),
        UINT => Value::UInt(input.try_get_u64_le().ok()?),
        DOUBLE => Value::Double(f64::from_bits(input.try_get_u64_le().ok()?)),
        DECIMAL => {
            let scale = input.try_get_u8().ok()?;
            Value::Decimal(Decimal::from_kept_bytes(&take(input)?, scale)?)
        }
        TEXT => Value::Text(own(&take(input)?)),
        BLOB => Value::Blob(own(&take(input)?)),
        DATE => Value::Date(Date::from_packed(input.try_get_u32_le().ok()?)?),
        TIME => Value::Time(Time::from_kept(input.try_get_i64_le().ok()?)),
        DATE_TIME => Value::DateTime(DateTime::from_packed(input.try_get_u64_le().ok()?)?),
        SECOND_DATE_TIME => Value::DateTime(DateTime::from_packed(input.try_get_u64_le().ok()?)?.as_second()),
        JSON => Value::Json(own(&take(input)?)),
        _ => return None,
    })
}

fn take(input: &mut Bytes) -> Option<Bytes> {
    let length = input.try_get_u32_le().ok()? as usize;
    (length <= input.len()).then(|| input.split_to(length))
}

/// A copy: who keeps a few of a block's values should not keep all of it.
fn own(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            any::<u64>().prop_map(Value::UInt),
            any::<f64>().prop_filter("equal to itself", |number| !number.is_nan()).prop_map(Value::Double),
            (any::<i128>(), 0..30_u8)
                .prop_map(|(number, scale)| Value::Decimal(Decimal::from_i128(number, scale))),
            ".{0,20}".prop_map(|text| Value::Text(text.into())),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Blob(bytes.into())),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Json(bytes.into())),
            (0..10_000_u32, 0..13_u32, 0..32_u32)
                .prop_map(|(y, m, d)| Date::new_lenient(y, m, d).map_or(Value::Null, Value::Date)),
            any::<i32>().prop_map(|number| Value::Time(Time::from_kept(i64::from(number) * 1_000))),
            (0..200_000_000_000_000_000_i64).prop_map(|number| {
                DateTime::from_linear_microseconds(number).map_or(Value::Null, Value::DateTime)
            }),
        ]
    }

    proptest! {
        #[test]
        fn rows_come_back_as_they_were(rows in proptest::collection::vec(proptest::collection::vec(any_value(), 0..6), 0..6)) {
            let mut bytes = Vec::new();
            for row in &rows {
                write_row(row, None, &mut bytes);
            }
            let mut input = Bytes::from(bytes);
            for row in &rows {
                let mut read = Vec::new();
                prop_assert!(read_row(&mut input, &mut read).is_some());
                prop_assert_eq!(format!("{read:?}"), format!("{row:?}"));
            }
            prop_assert!(input.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut input = Bytes::from(bytes);
            let mut row = Vec::new();
            while !input.is_empty() && read_row(&mut input, &mut row).is_some() {}
        }
    }
}
