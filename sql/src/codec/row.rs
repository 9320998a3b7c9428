//! The value under a primary key: the row.
//!
//! ```text
//! version      1 byte, 1
//! columns      LEB128: how many columns (slots, see [`Layout`](crate::catalog::Layout)) the table had when the row was written
//! nulls        one bit a stored column, lowest bit first, 1 for NULL; filled up to a whole byte
//! values       the stored columns that are not NULL, in the table's order (that of its slots), nothing between them
//! ```
//!
//! *Stored* are the columns that the primary key does not give back (see
//! [`restores_from_primary`](super::key::restores_from_primary)).
//!
//! | type | value |
//! |---|---|
//! | TINYINT … BIGINT, YEAR | LEB128; signed ones zigzag (0, -1, 1, -2 … as 0, 1, 2, 3 …) |
//! | FLOAT, DOUBLE | 4, 8 bytes big endian IEEE |
//! | DECIMAL, DATE, TIME, DATETIME, TIMESTAMP | as in keys |
//! | BIT | LEB128 |
//! | ENUM, SET | LEB128 of the member's number, from 1, or of the bits |
//! | strings | LEB128 length in bytes, then the bytes |
//! | JSON | LEB128 length in bytes, then the document ([`json::encode`](crate::json::encode)) |
//!
//! A row with fewer slots than the table was written before ADD COLUMN: what it lacks is what the slot was added
//! with. A row with more is damaged. A version other than 1 is refused by name.

use bytes::Bytes;

use super::comparable::{Fit, integer_width};
use super::reader::RowReader;
use super::{ColumnSet, Input, Zone, damaged, decimal, key, member, temporal, unconverted, write_varint};
use crate::catalog::{Column, Holds, Slot, Table};
use crate::types::{DataType, TypeKind, Value};
use crate::{Error, Result};

/// The version that [`encode`] writes.
pub const ROW_VERSION: u8 = 1;

/// The row as stored: one value a column, each of its column's type.
///
/// # Errors
/// 1105 when a value is of another type than its column.
pub fn encode(table: &Table, row: &[Value], zone: Zone) -> Result<Bytes> {
    let mut out = Vec::with_capacity(estimate_bytes(row));
    write(table, row, zone, &mut out)?;
    Ok(Bytes::from(out))
}

fn estimate_bytes(row: &[Value]) -> usize {
    let of_value = |value: &Value| match value {
        Value::Text(bytes) | Value::Blob(bytes) | Value::Json(bytes) => bytes.len() + 3,
        _ => 8,
    };
    8 + row.len() / 8 + row.iter().map(of_value).sum::<usize>()
}

/// As [`encode`], into a buffer.
///
/// # Errors
/// 1105 when a value is of another type than its column.
pub fn write(table: &Table, row: &[Value], zone: Zone, out: &mut Vec<u8>) -> Result<()> {
    if row.len() != table.columns.len() {
        return Err(Error::internal("a row has another number of values than its table has columns"));
    }
    out.push(ROW_VERSION);
    if let Some(slots) = table.layout.slots() {
        return write_slots(table, slots, row, zone, out);
    }
    write_varint(row.len() as u64, out);
    let nulls = out.len();
    let stored = stored_count(table, row.len());
    out.resize(nulls + stored.div_ceil(8), 0);
    let mut position = 0;
    for (number, (column, value)) in table.columns.iter().zip(row).enumerate() {
        if key::restores_from_primary(table, number) {
            continue;
        }
        if *value == Value::Null {
            out[nulls + position / 8] |= 1 << (position % 8);
        } else {
            write_cell(value, column, zone, out)?;
        }
        position += 1;
    }
    Ok(())
}

/// A row of a table that was altered: what each slot holds, NULL in those of dropped columns.
#[cold]
fn write_slots(table: &Table, slots: &[Slot], row: &[Value], zone: Zone, out: &mut Vec<u8>) -> Result<()> {
    write_varint(slots.len() as u64, out);
    let nulls = out.len();
    let stored = stored_count(table, slots.len());
    out.resize(nulls + stored.div_ceil(8), 0);
    let mut position = 0;
    for slot in slots {
        let column = match slot.holds {
            Holds::Column(column) if key::restores_from_primary(table, column) => continue,
            Holds::Column(column) => Some(column),
            Holds::Dropped(_) => None,
        };
        match column.filter(|column| row[*column] != Value::Null) {
            Some(column) => write_cell(&row[column], &table.columns[column], zone, out)?,
            None => out[nulls + position / 8] |= 1 << (position % 8),
        }
        position += 1;
    }
    Ok(())
}

/// The bytes of a value for [`Slot::added`]: as a row stores it, empty for NULL.
///
/// # Errors
/// 1105 when the value is of another type than its column.
pub fn encode_added(value: &Value, column: &Column, zone: Zone) -> Result<Bytes> {
    let mut out = Vec::new();
    if *value != Value::Null {
        write_cell(value, column, zone, &mut out)?;
    }
    Ok(Bytes::from(out))
}

/// A value of a column that is not NULL.
#[inline]
fn write_cell(value: &Value, column: &Column, zone: Zone, out: &mut Vec<u8>) -> Result<()> {
    match &column.members {
        Some(members) => member::write_row(value, &column.data_type, members, out),
        None => write_value(value, &column.data_type, zone, out),
    }
}

/// How many of the table's first `columns` slots a row holds.
pub(super) fn stored_count(table: &Table, columns: usize) -> usize {
    if let Some(slots) = table.layout.slots() {
        let is_stored = |slot: &&Slot| match slot.holds {
            Holds::Column(column) => !key::restores_from_primary(table, column),
            Holds::Dropped(_) => true,
        };
        return slots.iter().take(columns).filter(is_stored).count();
    }
    if table.hidden_row_id {
        return columns;
    }
    let primary = &table.indexes[0].columns;
    // A column stands in a key once.
    let restored = primary
        .iter()
        .filter(|part| part.column < columns && key::restores_from_primary(table, part.column))
        .count();
    columns - restored
}

fn write_value(value: &Value, data_type: &DataType, zone: Zone, out: &mut Vec<u8>) -> Result<()> {
    let fit = match (data_type.kind, value) {
        (kind, Value::Int(number)) if integer_width(kind).is_some() => {
            if data_type.unsigned {
                let number = u64::try_from(*number).map_err(|_| unconverted(data_type, value))?;
                write_varint(number, out);
            } else {
                write_varint(zigzag(*number), out);
            }
            Fit::Exact
        }
        (kind, Value::UInt(number)) if integer_width(kind).is_some() => {
            if data_type.unsigned {
                write_varint(*number, out);
            } else {
                let number = i64::try_from(*number).map_err(|_| unconverted(data_type, value))?;
                write_varint(zigzag(number), out);
            }
            Fit::Exact
        }
        (TypeKind::Float, Value::Double(number)) => {
            out.extend_from_slice(&(*number as f32).to_be_bytes());
            Fit::Exact
        }
        (TypeKind::Double, Value::Double(number)) => {
            out.extend_from_slice(&number.to_be_bytes());
            Fit::Exact
        }
        (TypeKind::Decimal { precision, scale }, Value::Decimal(number)) => {
            decimal::write(number, precision, scale, out)?
        }
        (TypeKind::Date, Value::Date(date)) => {
            temporal::write_date(*date, out);
            Fit::Exact
        }
        (TypeKind::Time(fraction), Value::Time(time)) => temporal::write_time(*time, fraction, out),
        (TypeKind::DateTime(fraction), Value::DateTime(time)) => {
            temporal::write_datetime(*time, fraction, out)
        }
        (TypeKind::Timestamp(fraction), Value::DateTime(time)) => {
            temporal::write_timestamp(*time, fraction, zone, out)
        }
        (TypeKind::Json, Value::Json(document)) => {
            write_varint(document.len() as u64, out);
            out.extend_from_slice(document);
            Fit::Exact
        }
        (kind, Value::Text(bytes)) if is_text(kind) => write_string(bytes, out),
        (kind, Value::Blob(bytes)) if is_binary(kind) => write_string(bytes, out),
        _ => return Err(unconverted(data_type, value)),
    };
    if fit == Fit::Exact { Ok(()) } else { Err(unconverted(data_type, value)) }
}

fn write_string(bytes: &[u8], out: &mut Vec<u8>) -> Fit {
    write_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
    Fit::Exact
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

pub(super) fn is_text(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Char(_)
            | TypeKind::VarChar(_)
            | TypeKind::TinyText
            | TypeKind::Text
            | TypeKind::MediumText
            | TypeKind::LongText
    )
}

pub(super) fn is_binary(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Binary(_)
            | TypeKind::VarBinary(_)
            | TypeKind::TinyBlob
            | TypeKind::Blob
            | TypeKind::MediumBlob
            | TypeKind::LongBlob
    )
}

/// Reads `wanted` from a row and its key. `out` gets one value a column of the table, NULL for those not wanted.
///
/// For a row or two: who reads many makes a [`RowReader`] once.
///
/// # Errors
/// 1105 when the bytes are no row of this table.
pub fn decode(
    table: &Table,
    key: &[u8],
    value: &[u8],
    wanted: &ColumnSet,
    zone: Zone,
    out: &mut Vec<Value>,
) -> Result<()> {
    out.clear();
    out.resize(table.columns.len(), Value::Null);
    RowReader::new(table, wanted)
        .read(table, key, value, zone, |column, cell| out[column] = cell.into_value(value))
}

/// A value that is no string.
pub(super) fn read_value(data_type: &DataType, zone: Zone, input: &mut Input<'_>) -> Result<Value> {
    match data_type.kind {
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Year => {
            let number = input.varint()?;
            Ok(if data_type.unsigned { Value::UInt(number) } else { Value::Int(unzigzag(number)) })
        }
        TypeKind::Bit(_) => Ok(Value::UInt(input.varint()?)),
        TypeKind::Enum(_) | TypeKind::Set(_) => Err(damaged("an ENUM or SET is read with its members")),
        TypeKind::Float => {
            let number = f32::from_bits(input.big_endian(4)? as u32);
            Ok(Value::Double(f64::from(number)))
        }
        TypeKind::Double => Ok(Value::Double(f64::from_bits(input.big_endian(8)?))),
        TypeKind::Decimal { precision, scale } => decimal::read(precision, scale, input).map(Value::Decimal),
        TypeKind::Date => temporal::read_date(input).map(Value::Date),
        TypeKind::Time(fraction) => temporal::read_time(fraction, input).map(Value::Time),
        TypeKind::DateTime(fraction) => temporal::read_datetime(fraction, input).map(Value::DateTime),
        TypeKind::Timestamp(fraction) => temporal::read_timestamp(fraction, zone, input).map(Value::DateTime),
        TypeKind::Json => {
            let document = read_string(input)?;
            crate::json::view::check(document)?;
            Ok(Value::Json(Bytes::copy_from_slice(document)))
        }
        // Strings are read in place: see `reader`.
        TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob
        | TypeKind::Null => Err(damaged("a column has no type")),
    }
}

fn read_string<'a>(input: &mut Input<'a>) -> Result<&'a [u8]> {
    let length = usize::try_from(input.varint()?).unwrap_or(usize::MAX);
    input.take(length)
}

pub(super) fn skip_value(data_type: &DataType, input: &mut Input<'_>) -> Result<()> {
    match data_type.kind {
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Bit(_)
        | TypeKind::Enum(_)
        | TypeKind::Set(_)
        | TypeKind::Year => input.varint().map(|_| ()),
        TypeKind::Float => input.take(4).map(|_| ()),
        TypeKind::Double => input.take(8).map(|_| ()),
        TypeKind::Decimal { precision, scale } => input.take(decimal::width(precision, scale)).map(|_| ()),
        TypeKind::Date => input.take(temporal::DATE_BYTES).map(|_| ()),
        TypeKind::Time(fraction) => input.take(temporal::time_width(fraction)).map(|_| ()),
        TypeKind::DateTime(fraction) => input.take(temporal::datetime_width(fraction)).map(|_| ()),
        TypeKind::Timestamp(fraction) => input.take(temporal::timestamp_width(fraction)).map(|_| ()),
        TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob
        | TypeKind::Json => read_string(input).map(|_| ()),
        TypeKind::Null => Err(damaged("a column has no type")),
    }
}
