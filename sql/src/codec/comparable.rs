//! The form of one column in a key: bytes that compare as the values do.
//!
//! | type | bytes |
//! |---|---|
//! | TINYINT … BIGINT | 1, 2, 3, 4, 8 bytes big endian; signed ones with the sign bit flipped |
//! | YEAR | 2 bytes big endian |
//! | FLOAT, DOUBLE | 4, 8 bytes big endian IEEE; negative ones inverted, others with the sign bit flipped; -0 as 0 |
//! | DECIMAL | see [`super::decimal`], fixed width by precision and scale |
//! | DATE, TIME, DATETIME, TIMESTAMP | see [`super::temporal`], fixed width by type and fraction |
//! | BINARY, VARBINARY, BLOBs | the bytes, each 0x00 as 0x00 0xFF, then 0x00 0x00 |
//! | text | the collation's sort key, escaped and ended in the same way; for utf8mb4_0900_bin the text itself |
//!
//! A column that may be NULL has a byte before that: 0x00 for NULL (nothing follows), 0x01 for a value. A descending
//! column has all these bytes inverted. A prefix column has the first characters (text) or bytes (binary) only.
//!
//! The escape makes strings of any length order right among columns that follow: a string that is a prefix of
//! another ends with 0x00 0x00, below every continuation (0x00 0xFF or a byte above zero).

use bytes::Bytes;

use super::{Input, Zone, damaged, decimal, member, temporal, unconverted, write_big_endian};
use crate::Result;
use crate::catalog::Column;
use crate::collation;
use crate::types::{Collation, DataType, TypeKind, Value};

/// How a value sits in a column's domain, after it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The bytes are the value.
    Exact,
    /// The bytes are the column's greatest value below the value.
    Floor,
    /// The value is below everything the column can hold; nothing was written.
    Below,
    /// The value is above everything the column can hold; nothing was written.
    Above,
}

/// Whether a key of this column gives the value back exactly.
#[must_use]
pub fn restores(data_type: &DataType, prefix: Option<u32>) -> bool {
    match data_type.kind {
        TypeKind::Null | TypeKind::Float | TypeKind::Double | TypeKind::Json => false,
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Year
        | TypeKind::Decimal { .. }
        | TypeKind::Date
        | TypeKind::Time(_)
        | TypeKind::DateTime(_)
        | TypeKind::Timestamp(_)
        | TypeKind::Bit(_)
        | TypeKind::Enum(_)
        | TypeKind::Set(_) => true,
        TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText => prefix.is_none() && is_raw(data_type.collation),
        TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob => prefix.is_none(),
    }
}

/// Collations whose order is the order of the bytes, so that no sort key is needed.
fn is_raw(collation: Collation) -> bool {
    matches!(collation, Collation::Utf8mb4_0900Bin | Collation::Binary)
}

/// The bytes of an integer type; None for other types.
pub(super) fn integer_width(kind: TypeKind) -> Option<usize> {
    match kind {
        TypeKind::TinyInt => Some(1),
        TypeKind::SmallInt | TypeKind::Year => Some(2),
        TypeKind::MediumInt => Some(3),
        TypeKind::Int => Some(4),
        TypeKind::BigInt => Some(8),
        TypeKind::Bit(bits) => Some(usize::from(bits).div_ceil(8).clamp(1, 8)),
        _ => None,
    }
}

/// Whether an integer column holds unsigned numbers in its key.
fn is_unsigned(data_type: &DataType) -> bool {
    data_type.unsigned || data_type.kind == TypeKind::Year
}

/// Appends the column's value, with its NULL flag, inverted if descending.
///
/// # Errors
/// 1105 when the value is of another type than the column.
pub fn write_column(
    value: &Value,
    column: &Column,
    prefix: Option<u32>,
    descending: bool,
    zone: Zone,
    out: &mut Vec<u8>,
) -> Result<Fit> {
    let start = out.len();
    let mut fit = Fit::Exact;
    if *value == Value::Null {
        if !column.nullable {
            return Ok(Fit::Below);
        }
        out.push(0);
    } else {
        if column.nullable {
            out.push(1);
        }
        fit = match &column.members {
            Some(members) => member::write_key(value, &column.data_type, members, out)?,
            None => write_value(value, &column.data_type, prefix, zone, out)?,
        };
    }
    match fit {
        Fit::Exact | Fit::Floor => {}
        Fit::Below | Fit::Above => out.truncate(start),
    }
    if descending {
        invert(&mut out[start..]);
    }
    Ok(fit)
}

/// Inverts every byte.
pub(super) fn invert(bytes: &mut [u8]) {
    bytes.iter_mut().for_each(|byte| *byte = !*byte);
}

/// Appends a value that is not NULL.
///
/// # Errors
/// 1105 when the value is of another type than the column.
fn write_value(
    value: &Value,
    data_type: &DataType,
    prefix: Option<u32>,
    zone: Zone,
    out: &mut Vec<u8>,
) -> Result<Fit> {
    match (data_type.kind, value) {
        (
            TypeKind::TinyInt
            | TypeKind::SmallInt
            | TypeKind::MediumInt
            | TypeKind::Int
            | TypeKind::BigInt
            | TypeKind::Bit(_)
            | TypeKind::Year,
            Value::Int(number),
        ) => Ok(write_integer(i128::from(*number), data_type, out)),
        (
            TypeKind::TinyInt
            | TypeKind::SmallInt
            | TypeKind::MediumInt
            | TypeKind::Int
            | TypeKind::BigInt
            | TypeKind::Bit(_)
            | TypeKind::Year,
            Value::UInt(number),
        ) => Ok(write_integer(i128::from(*number), data_type, out)),
        (TypeKind::Float, Value::Double(number)) => Ok(write_float(*number, out)),
        (TypeKind::Double, Value::Double(number)) => {
            let bits = (*number + 0.0).to_bits();
            let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
            out.extend_from_slice(&ordered.to_be_bytes());
            Ok(Fit::Exact)
        }
        (TypeKind::Decimal { precision, scale }, Value::Decimal(number)) => {
            decimal::write(number, precision, scale, out)
        }
        (TypeKind::Date, Value::Date(date)) => {
            temporal::write_date(*date, out);
            Ok(Fit::Exact)
        }
        (TypeKind::Time(fraction), Value::Time(time)) => Ok(temporal::write_time(*time, fraction, out)),
        (TypeKind::DateTime(fraction), Value::DateTime(time)) => {
            Ok(temporal::write_datetime(*time, fraction, out))
        }
        (TypeKind::Timestamp(fraction), Value::DateTime(time)) => {
            Ok(temporal::write_timestamp(*time, fraction, zone, out))
        }
        (
            TypeKind::Char(_)
            | TypeKind::VarChar(_)
            | TypeKind::TinyText
            | TypeKind::Text
            | TypeKind::MediumText
            | TypeKind::LongText,
            Value::Text(text) | Value::Blob(text),
        ) => {
            write_text(first_characters(text, prefix), data_type.collation, out);
            Ok(Fit::Exact)
        }
        (
            TypeKind::Binary(_)
            | TypeKind::VarBinary(_)
            | TypeKind::TinyBlob
            | TypeKind::Blob
            | TypeKind::MediumBlob
            | TypeKind::LongBlob,
            Value::Blob(bytes) | Value::Text(bytes),
        ) => {
            let length = prefix.map_or(bytes.len(), |prefix| bytes.len().min(prefix as usize));
            write_text(&bytes[..length], Collation::Binary, out);
            Ok(Fit::Exact)
        }
        _ => Err(unconverted(data_type, value)),
    }
}

fn write_integer(number: i128, data_type: &DataType, out: &mut Vec<u8>) -> Fit {
    let width = integer_width(data_type.kind).unwrap_or(8);
    let bits = 8 * width as u32;
    let (low, high) = if is_unsigned(data_type) {
        (0, (1i128 << bits) - 1)
    } else {
        (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
    };
    if number < low {
        return Fit::Below;
    }
    if number > high {
        return Fit::Above;
    }
    // Distance from the smallest value: for signed numbers this is the sign bit flipped.
    write_big_endian((number - low) as u64, width, out);
    Fit::Exact
}

fn write_float(number: f64, out: &mut Vec<u8>) -> Fit {
    let mut single = number as f32;
    if single.is_infinite() {
        return if number > 0.0 { Fit::Above } else { Fit::Below };
    }
    if f64::from(single) > number {
        single = single.next_down();
    }
    let bits = (single + 0.0).to_bits();
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    out.extend_from_slice(&ordered.to_be_bytes());
    if f64::from(single) == number { Fit::Exact } else { Fit::Floor }
}

/// The first `count` characters of a text; all of it when None.
pub(super) fn first_characters(text: &[u8], count: Option<u32>) -> &[u8] {
    let Some(count) = count else { return text };
    if text.len() <= count as usize {
        return text;
    }
    // Bytes that begin a character are those that do not look like 10xxxxxx.
    let mut begins = text.iter().enumerate().filter(|(_, byte)| **byte & 0xC0 != 0x80);
    begins.nth(count as usize).map_or(text, |(end, _)| &text[..end])
}

/// Appends the sort key of a text, escaped and ended.
fn write_text(text: &[u8], collation: Collation, out: &mut Vec<u8>) {
    let start = out.len();
    if is_raw(collation) {
        out.extend_from_slice(text);
    } else {
        collation::sort_key(collation, text, out);
    }
    escape(start, out);
    out.extend_from_slice(&[0, 0]);
}

/// Appends what the sort keys of all texts that begin with `text` begin with, escaped.
pub(super) fn write_text_open(text: &[u8], collation: Collation, out: &mut Vec<u8>) {
    let start = out.len();
    if is_raw(collation) {
        out.extend_from_slice(text);
    } else {
        collation::sort_key_prefix(collation, text, out);
    }
    escape(start, out);
}

/// Replaces each 0x00 from `start` on by 0x00 0xFF, in place.
fn escape(start: usize, out: &mut Vec<u8>) {
    let zeros = out[start..].iter().filter(|byte| **byte == 0).count();
    if zeros == 0 {
        return;
    }
    let mut from = out.len();
    let mut to = from + zeros;
    out.resize(to, 0);
    while from < to {
        from -= 1;
        to -= 1;
        if out[from] == 0 {
            out[to] = 0xFF;
            to -= 1;
            out[to] = 0;
        } else {
            out[to] = out[from];
        }
    }
}

/// Takes one column off the front without looking at its value.
///
/// # Errors
/// 1105 when the bytes are no such column.
pub(super) fn skip_column(column: &Column, descending: bool, input: &mut Input<'_>) -> Result<bool> {
    input.mask = if descending { 0xFF } else { 0 };
    if column.nullable && !read_flag(input)? {
        return Ok(false);
    }
    if let Some(members) = &column.members {
        input.take(members.number_bytes(column.data_type.kind))?;
    } else if let Some(width) = fixed_width(&column.data_type) {
        input.take(width)?;
    } else {
        take_string(input)?;
    }
    Ok(true)
}

/// Takes one column off the front. The column must be one that [`restores`].
///
/// # Errors
/// 1105 when the bytes are no such column.
pub(super) fn read_column(
    column: &Column,
    descending: bool,
    zone: Zone,
    input: &mut Input<'_>,
) -> Result<Value> {
    input.mask = if descending { 0xFF } else { 0 };
    if column.nullable && !read_flag(input)? {
        return Ok(Value::Null);
    }
    let data_type = &column.data_type;
    match data_type.kind {
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Year => {
            let width = integer_width(data_type.kind).unwrap_or(8);
            let distance = input.big_endian(width)?;
            if data_type.unsigned {
                return Ok(Value::UInt(distance));
            }
            if data_type.kind == TypeKind::Year {
                return Ok(Value::Int(distance as i64));
            }
            // Undo the flip of the sign bit, then extend the sign to 64 bits.
            let shift = 64 - 8 * width as u32;
            Ok(Value::Int(((distance ^ 1 << (8 * width - 1)) << shift) as i64 >> shift))
        }
        TypeKind::Decimal { precision, scale } => decimal::read(precision, scale, input).map(Value::Decimal),
        TypeKind::Date => temporal::read_date(input).map(Value::Date),
        TypeKind::Time(fraction) => temporal::read_time(fraction, input).map(Value::Time),
        TypeKind::DateTime(fraction) => temporal::read_datetime(fraction, input).map(Value::DateTime),
        TypeKind::Timestamp(fraction) => temporal::read_timestamp(fraction, zone, input).map(Value::DateTime),
        TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText => {
            let text = unescape(take_string(input)?, input.mask)?;
            match String::from_utf8(text) {
                Ok(text) => Ok(Value::Text(Bytes::from(text))),
                Err(_) => Err(damaged("text in a key is not UTF-8")),
            }
        }
        TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob => Ok(Value::Blob(Bytes::from(unescape(take_string(input)?, input.mask)?))),
        TypeKind::Bit(_) => {
            let width = integer_width(data_type.kind).unwrap_or(8);
            Ok(Value::UInt(input.big_endian(width)?))
        }
        TypeKind::Enum(_) | TypeKind::Set(_) => member::read_key(column, input),
        TypeKind::Null | TypeKind::Float | TypeKind::Double | TypeKind::Json => {
            Err(damaged("a key of this type is not read"))
        }
    }
}

fn read_flag(input: &mut Input<'_>) -> Result<bool> {
    match input.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(damaged("a key has a bad NULL flag")),
    }
}

/// The bytes of a type whose values all have the same size in a key.
fn fixed_width(data_type: &DataType) -> Option<usize> {
    match data_type.kind {
        TypeKind::Float => Some(4),
        TypeKind::Double => Some(8),
        TypeKind::Decimal { precision, scale } => Some(decimal::width(precision, scale)),
        TypeKind::Date => Some(temporal::DATE_BYTES),
        TypeKind::Time(fraction) => Some(temporal::time_width(fraction)),
        TypeKind::DateTime(fraction) => Some(temporal::datetime_width(fraction)),
        TypeKind::Timestamp(fraction) => Some(temporal::timestamp_width(fraction)),
        kind => integer_width(kind),
    }
}

/// Takes an escaped string and its end; gives it without the end, escapes and mask still in it.
fn take_string<'a>(input: &mut Input<'a>) -> Result<&'a [u8]> {
    let zero = input.mask;
    let bytes = input.bytes;
    let mut position = 0;
    while position + 1 < bytes.len() {
        if bytes[position] != zero {
            position += 1;
            continue;
        }
        if bytes[position + 1] == zero {
            input.bytes = &bytes[position + 2..];
            return Ok(&bytes[..position]);
        }
        position += 2;
    }
    Err(damaged("a string in a key has no end"))
}

fn unescape(escaped: &[u8], mask: u8) -> Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.iter().map(|byte| byte ^ mask);
    while let Some(byte) = bytes.next() {
        plain.push(byte);
        if byte == 0 && bytes.next() != Some(0xFF) {
            return Err(damaged("a string in a key has a bad escape"));
        }
    }
    Ok(plain)
}
