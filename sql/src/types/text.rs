//! The text form of values: what the text protocol shows, what CONCAT sees, what CAST to CHAR gives.

use bytes::Bytes;

use crate::types::number::{write_double, write_fixed, write_float, write_integer, write_unsigned};
use crate::types::{Attributes, DataType, TypeKind, Value};

/// Appends the text of a value of a type. NULL appends nothing: the caller shows it in its own way.
pub fn write_text(value: &Value, data_type: &DataType, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Int(number)
            if data_type.kind == TypeKind::Year && data_type.display_width != DataType::SHORT_YEAR =>
        {
            write_year(*number, out);
        }
        Value::UInt(number) if data_type.kind == TypeKind::Year => {
            write_year(i64::try_from(*number).unwrap_or(0), out);
        }
        Value::UInt(number) if matches!(data_type.kind, TypeKind::Bit(_)) => {
            out.extend_from_slice(bit_bytes(&number.to_be_bytes(), data_type.kind));
        }
        Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_)
            if data_type.attributes != Attributes::NONE =>
        {
            write_formatted(value, data_type, out);
        }
        Value::Int(number) => write_integer(*number, out),
        Value::UInt(number) => write_unsigned(*number, out),
        Value::Double(number) if data_type.kind == TypeKind::Float => write_float(*number, out),
        Value::Double(number) => write_double(*number, out),
        Value::Decimal(number) => match data_type.kind {
            TypeKind::Decimal { scale, .. }
                if scale != number.scale() && data_type.display_width != DataType::OWN_SCALE =>
            {
                number.rescale(scale).write(out);
            }
            _ => number.write(out),
        },
        Value::Text(text) | Value::Blob(text) => out.extend_from_slice(text),
        Value::Date(date) if data_type.has_date() && data_type.kind != TypeKind::Date => {
            date.midnight().write(data_type.fsp(), out);
        }
        Value::Date(date) => date.write(out),
        Value::Time(time) => time.write(natural_fsp(data_type, time.microsecond()), out),
        Value::Json(document) => crate::json::print(crate::json::View::of_document(document), out),
        Value::DateTime(datetime) if data_type.kind == TypeKind::Date => datetime.date().write(out),
        Value::DateTime(datetime) => datetime.write(natural_fsp(data_type, datetime.microsecond()), out),
    }
}

/// The declared precision for temporal types; for any other type six digits when there is a fraction at all.
fn natural_fsp(data_type: &DataType, microsecond: u32) -> u8 {
    if data_type.is_temporal() {
        data_type.fsp()
    } else if microsecond == 0 {
        0
    } else {
        6
    }
}

/// The last bytes of a number, as many as BIT's bits take.
fn bit_bytes(bytes: &[u8; 8], kind: TypeKind) -> &[u8] {
    let count = match kind {
        TypeKind::Bit(bits) => usize::from(bits).div_ceil(8).clamp(1, 8),
        _ => 8,
    };
    &bytes[8 - count..]
}

/// A number with what its column says of how it looks: digits after the point, zeros in front.
fn write_formatted(value: &Value, data_type: &DataType, out: &mut Vec<u8>) {
    let start = out.len();
    match (value, data_type.attributes.decimals()) {
        (Value::Double(number), Some(decimals)) => write_fixed(*number, usize::from(decimals), out),
        _ => write_text(value, &data_type.without_fill(), out),
    }
    if data_type.attributes.zerofill() {
        let missing = usize::from(data_type.display_width).saturating_sub(out.len() - start);
        out.splice(start..start, std::iter::repeat_n(b'0', missing));
    }
}

fn write_year(year: i64, out: &mut Vec<u8>) {
    crate::types::datetime::write_padded(u32::try_from(year).unwrap_or(0), 4, out);
}

/// The text of a value as bytes; strings are shared, not copied. None for NULL.
#[must_use]
pub fn to_text(value: &Value, data_type: &DataType) -> Option<Bytes> {
    match value {
        Value::Null => None,
        Value::Text(text) | Value::Blob(text) => Some(text.clone()),
        Value::Int(_)
        | Value::UInt(_)
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Json(_) => {
            let mut out = Vec::with_capacity(24);
            write_text(value, data_type, &mut out);
            Some(Bytes::from(out))
        }
    }
}

/// Characters of valid UTF-8.
#[must_use]
pub fn character_count(text: &[u8]) -> u32 {
    if text.is_ascii() {
        return u32::try_from(text.len()).unwrap_or(u32::MAX);
    }
    u32::try_from(text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()).unwrap_or(u32::MAX)
}

/// Byte position of the `n`-th character (from 0) of valid UTF-8, or its length when it is shorter.
#[must_use]
pub fn character_offset(text: &[u8], n: usize) -> usize {
    if n >= text.len() {
        return text.len();
    }
    let mut seen = 0;
    for (at, byte) in text.iter().enumerate() {
        if byte & 0xc0 != 0x80 {
            if seen == n {
                return at;
            }
            seen += 1;
        }
    }
    text.len()
}

/// Valid UTF-8 as `str`; of bytes that are not (a bug elsewhere), the valid prefix.
#[must_use]
pub fn as_str(text: &[u8]) -> &str {
    match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or(""),
    }
}

/// Bytes for a message: invalid UTF-8 is shown as `\xNN`, as MySQL does, and the text cut at 64 characters and at a zero byte.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::new();
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    for chunk in bytes[..end].utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
        if out.len() > 512 {
            break;
        }
    }
    out
}
