//! The bytes that MySQL has in memory for a column's value, which CHECKSUM TABLE is made of (its `Field` classes).

use std::sync::Arc;

use crate::catalog::Column;
use crate::codec::Zone;
use crate::error::{Error, Result};
use crate::types::DataType;
use crate::types::datetime::MICROSECONDS;
use crate::types::{Date, DateTime, Decimal, MemberSet, Time, TypeKind, Value};

/// Bytes of a group of 0 to 9 decimal digits.
const GROUP_BYTES: [usize; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];
/// Digits of a whole group.
const GROUP_DIGITS: usize = 9;

/// Whether values of the type are of different lengths in a record.
pub(super) fn is_of_any_length(kind: TypeKind) -> bool {
    use TypeKind::{
        Blob, Json, LongBlob, LongText, MediumBlob, MediumText, Text, TinyBlob, TinyText, VarBinary, VarChar,
    };
    matches!(
        kind,
        VarChar(_)
            | VarBinary(_)
            | TinyText
            | Text
            | MediumText
            | LongText
            | TinyBlob
            | Blob
            | MediumBlob
            | LongBlob
            | Json
    )
}

/// How a column's values are written.
pub(crate) struct Field {
    data_type: DataType,
    members: Option<Arc<MemberSet>>,
}

impl Field {
    /// Of a column.
    pub(crate) fn of(column: &Column) -> Field {
        Field { data_type: column.data_type, members: column.members.clone() }
    }

    /// Appends what stands there without a value.
    pub(super) fn write_absent(&self, out: &mut Vec<u8>) {
        match self.data_type.kind {
            TypeKind::Json => out.extend_from_slice(b"null"),
            TypeKind::Char(characters) => self.write_padded(&[], characters, out),
            TypeKind::Decimal { precision, scale } => {
                write_decimal(&Decimal::new(0, 0), precision, scale, out);
            }
            kind @ (TypeKind::Time(_) | TypeKind::DateTime(_)) => {
                out.push(0x80);
                out.resize(out.len() + self.fixed_bytes(kind) - 1, 0);
            }
            kind => out.resize(out.len() + self.fixed_bytes(kind), 0),
        }
    }

    /// Appends a value that is not NULL.
    ///
    /// # Errors
    /// 1105 when it is none of the column's type.
    pub(crate) fn write(&self, value: &Value, zone: Zone, out: &mut Vec<u8>) -> Result<()> {
        let kind = self.data_type.kind;
        match (kind, value) {
            (TypeKind::Float, Value::Double(number)) => {
                out.extend_from_slice(&(*number as f32).to_le_bytes());
            }
            (TypeKind::Double, Value::Double(number)) => out.extend_from_slice(&number.to_le_bytes()),
            (TypeKind::Decimal { precision, scale }, Value::Decimal(number)) => {
                write_decimal(number, precision, scale, out);
            }
            (TypeKind::Date, Value::Date(date)) => write_date(*date, out),
            (TypeKind::Time(fraction), Value::Time(time)) => write_time(*time, fraction, out),
            (TypeKind::DateTime(fraction), Value::DateTime(time)) => write_datetime(*time, fraction, out),
            (TypeKind::Timestamp(fraction), Value::DateTime(time)) => {
                write_timestamp(*time, fraction, zone, out);
            }
            (TypeKind::Year, _) => {
                let year = integer(value)?;
                out.push(if year == 0 { 0 } else { (year - 1900) as u8 });
            }
            (TypeKind::Bit(_), _) => {
                let bytes = integer(value)?.to_be_bytes();
                out.extend_from_slice(&bytes[8 - self.fixed_bytes(kind)..]);
            }
            (TypeKind::Enum(_) | TypeKind::Set(_), Value::Text(text)) => {
                let number = self.members.as_ref().map_or(0, |members| members.number(kind, text));
                out.extend_from_slice(&number.to_le_bytes()[..self.fixed_bytes(kind)]);
            }
            (TypeKind::Char(characters), Value::Text(text)) => self.write_padded(text, characters, out),
            (TypeKind::Binary(bytes), Value::Blob(blob)) => {
                out.extend_from_slice(blob);
                out.resize(out.len() + (bytes as usize).saturating_sub(blob.len()), 0);
            }
            (TypeKind::Json, Value::Json(document)) => {
                crate::json::print(crate::json::View::of_document(document), out);
            }
            (_, Value::Text(text)) => {
                out.extend_from_slice(&self.data_type.collation.set().encode(text));
            }
            (_, Value::Blob(blob)) => out.extend_from_slice(blob),
            _ => out.extend_from_slice(&integer(value)?.to_le_bytes()[..self.fixed_bytes(kind)]),
        }
        Ok(())
    }

    /// A text, filled up with spaces to the bytes that so many characters may take.
    fn write_padded(&self, text: &[u8], characters: u32, out: &mut Vec<u8>) {
        let set = self.data_type.collation.set();
        let end = out.len() + characters as usize * set.bytes_max() as usize;
        out.extend_from_slice(&set.encode(text));
        let space = set.encode(b" ").into_owned();
        while out.len() < end && !space.is_empty() {
            out.extend_from_slice(&space);
        }
    }

    /// Bytes of the types that always take the same.
    fn fixed_bytes(&self, kind: TypeKind) -> usize {
        match kind {
            TypeKind::TinyInt | TypeKind::Year => 1,
            TypeKind::SmallInt => 2,
            TypeKind::MediumInt | TypeKind::Date => 3,
            TypeKind::Int | TypeKind::Float => 4,
            TypeKind::BigInt | TypeKind::Double => 8,
            TypeKind::Time(fraction) => 3 + fraction_bytes(fraction),
            TypeKind::DateTime(fraction) => 5 + fraction_bytes(fraction),
            TypeKind::Timestamp(fraction) => 4 + fraction_bytes(fraction),
            TypeKind::Binary(bytes) => bytes as usize,
            TypeKind::Bit(bits) => usize::from(bits).div_ceil(8),
            TypeKind::Enum(_) | TypeKind::Set(_) => {
                self.members.as_ref().map_or(0, |members| members.number_bytes(kind))
            }
            _ => 0,
        }
    }
}

fn integer(value: &Value) -> Result<i64> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::UInt(number) => Ok(*number as i64),
        _ => Err(Error::internal("a value of another type than its column")),
    }
}

fn fraction_bytes(fraction: u8) -> usize {
    usize::from(fraction).div_ceil(2)
}

/// The last `count` bytes of a number, most significant first.
fn write_end(number: i64, count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_be_bytes()[8 - count..]);
}

/// A fraction of a second, negative ones as MySQL cuts them.
fn write_fraction(microseconds: i64, fraction: u8, out: &mut Vec<u8>) {
    let unit = match fraction_bytes(fraction) {
        1 => 10_000,
        2 => 100,
        _ => 1,
    };
    write_end(microseconds / unit, fraction_bytes(fraction), out);
}

/// Year, month and day in 3 bytes, the least significant first.
fn write_date(date: Date, out: &mut Vec<u8>) {
    let packed = date.year() << 9 | date.month() << 5 | date.day();
    out.extend_from_slice(&packed.to_le_bytes()[..3]);
}

/// `my_time_packed_to_binary`.
fn write_time(time: Time, fraction: u8, out: &mut Vec<u8>) {
    let of_day = i64::from(time.hour() << 12 | time.minute() << 6 | time.second());
    let magnitude = of_day << 24 | i64::from(time.microsecond());
    let packed = if time.is_negative() { -magnitude } else { magnitude };
    if fraction_bytes(fraction) == 3 {
        return write_end(packed + 0x8000_0000_0000, 6, out);
    }
    write_end((packed >> 24) + 0x80_0000, 3, out);
    write_fraction(packed % (1 << 24), fraction, out);
}

/// `my_datetime_packed_to_binary`.
fn write_datetime(time: DateTime, fraction: u8, out: &mut Vec<u8>) {
    let date = time.date();
    let days = i64::from((date.year() * 13 + date.month()) << 5 | date.day());
    let of_day = i64::from(time.hour() << 12 | time.minute() << 6 | time.second());
    write_end((days << 17 | of_day) + 0x80_0000_0000, 5, out);
    write_fraction(i64::from(time.microsecond()), fraction, out);
}

/// Seconds since the epoch, then the fraction.
fn write_timestamp(time: DateTime, fraction: u8, zone: Zone, out: &mut Vec<u8>) {
    let epoch = if time == DateTime::ZERO { 0 } else { time.to_epoch(zone) };
    write_end(epoch.div_euclid(MICROSECONDS), 4, out);
    write_fraction(epoch.rem_euclid(MICROSECONDS), fraction, out);
}

/// `decimal2bin`: groups of nine digits, the incomplete ones outside; negative numbers with all bits turned, and the first bit turned once more.
fn write_decimal(number: &Decimal, precision: u8, scale: u8, out: &mut Vec<u8>) {
    let digits = number.rescale(scale).digits();
    let digits = format!("{digits:0>width$}", width = usize::from(precision));
    // More digits than the type has do not come: the codec that read the value has seen to it.
    let digits = digits.as_bytes();
    let whole = digits.len() - usize::from(scale);
    let start = out.len();
    let write_group = |group: &[u8], out: &mut Vec<u8>| {
        let value = group.iter().fold(0_i64, |value, digit| value * 10 + i64::from(digit - b'0'));
        write_end(value, GROUP_BYTES[group.len()], out);
    };
    let (first, rest) = digits[..whole].split_at(whole % GROUP_DIGITS);
    write_group(first, out);
    rest.chunks(GROUP_DIGITS).for_each(|group| write_group(group, out));
    digits[whole..].chunks(GROUP_DIGITS).for_each(|group| write_group(group, out));
    if number.is_negative() {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
    if let Some(first) = out.get_mut(start) {
        *first ^= 0x80;
    }
}
