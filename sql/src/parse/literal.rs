//! Lexemes → values: escapes, number forms, hexadecimal and bit strings, names.

use std::borrow::Cow;

use bytes::Bytes;

use crate::error::Error;
use crate::types::{Decimal, Value};

/// The content of a quoted run (quotes included in `raw`), with doubled quotes and, where `escapes` is set, backslash
/// escapes resolved. `\%` and `\_` keep their backslash, for LIKE.
pub(crate) fn unquote(raw: &[u8], escapes: bool) -> Cow<'_, [u8]> {
    let quote = raw[0];
    let inner = &raw[1..raw.len() - 1];
    if !inner.iter().any(|byte| *byte == quote || (*byte == b'\\' && escapes)) {
        return Cow::Borrowed(inner);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte == quote {
            // The scanner left only doubled quotes inside.
            bytes.next();
            out.push(quote);
        } else if byte == b'\\' && escapes {
            match bytes.next() {
                Some(b'0') => out.push(0),
                Some(b'b') => out.push(8),
                Some(b'n') => out.push(b'\n'),
                Some(b'r') => out.push(b'\r'),
                Some(b't') => out.push(b'\t'),
                Some(b'Z') => out.push(0x1a),
                Some(wild @ (b'%' | b'_')) => out.extend([b'\\', wild]),
                Some(other) => out.push(other),
                None => {}
            }
        } else {
            out.push(byte);
        }
    }
    Cow::Owned(out)
}

/// A number's value: integers that fit become `Int`, then `UInt`, then `Decimal`; a point makes a `Decimal`, an exponent a
/// `Double`.
///
/// # Errors
/// 1367 when the number is past every type's range.
pub(crate) fn number(text: &str) -> crate::Result<Value> {
    if text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Value::Double(value)),
            _ => Err(illegal_value("double", text)),
        };
    }
    if !text.contains('.') {
        if let Ok(value) = text.parse::<i64>() {
            return Ok(Value::Int(value));
        }
        if let Ok(value) = text.parse::<u64>() {
            return Ok(Value::UInt(value));
        }
    }
    decimal(text)
}

fn decimal(text: &str) -> crate::Result<Value> {
    match Decimal::parse_prefix(text.as_bytes()) {
        Some((value, used)) if used == text.len() && value.fits() => Ok(Value::Decimal(value)),
        _ => Err(illegal_value("DECIMAL", text)),
    }
}

fn illegal_value(kind: &str, text: &str) -> Error {
    Error {
        code: 1367,
        state: *b"22007",
        message: format!("Illegal {kind} '{text}' value found during parsing"),
    }
}

/// The bytes of a hexadecimal literal (`X'4D'`, `0x4D`); an odd number of digits gets a zero in front.
pub(crate) fn hex_bytes(raw: &[u8]) -> Vec<u8> {
    let digits = if raw[0] == b'0' { &raw[2..] } else { &raw[2..raw.len() - 1] };
    let nibble = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    let mut out = Vec::with_capacity(digits.len().div_ceil(2));
    let (odd, pairs) = digits.split_at(digits.len() % 2);
    out.extend(odd.iter().map(|byte| nibble(*byte)));
    out.extend(pairs.chunks_exact(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])));
    out
}

/// The bytes of a bit literal (`b'01'`, `0b01`), right-aligned.
pub(crate) fn bit_bytes(raw: &[u8]) -> Vec<u8> {
    let digits = if raw[0] == b'0' { &raw[2..] } else { &raw[2..raw.len() - 1] };
    let mut out = vec![0; digits.len().div_ceil(8)];
    for (index, digit) in digits.iter().rev().enumerate() {
        if *digit == b'1' {
            let byte = out.len() - 1 - index / 8;
            out[byte] |= 1 << (index % 8);
        }
    }
    out
}

/// A string literal's value: text, or a binary string when the bytes are no UTF-8.
pub(crate) fn text_value(bytes: Cow<'_, [u8]>) -> Value {
    let is_text = std::str::from_utf8(&bytes).is_ok();
    let bytes = match bytes {
        Cow::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    if is_text { Value::Text(bytes) } else { Value::Blob(bytes) }
}

/// Error 1300 for bytes outside of a literal that are no UTF-8.
pub(crate) fn invalid_characters(bytes: &[u8]) -> Error {
    let shown: String = bytes.iter().take(6).map(|byte| format!("\\x{byte:02X}")).collect();
    Error { code: 1300, state: *b"HY000", message: format!("Invalid utf8mb4 character string: '{shown}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(&*unquote(br"'a\'b\n\%\_\q\\'", true), b"a'b\n\\%\\_q\\");
        assert_eq!(&*unquote(br"'a\n''b'", false), br"a\n'b");
        assert_eq!(&*unquote(b"`a``b`", false), b"a`b");
    }

    #[test]
    fn numbers_take_the_narrowest_type() {
        assert_eq!(number("9223372036854775807").unwrap(), Value::Int(i64::MAX));
        assert_eq!(number("9223372036854775808").unwrap(), Value::UInt(1 << 63));
        assert_eq!(number("1e3").unwrap(), Value::Double(1000.0));
        assert!(matches!(number("18446744073709551616").unwrap(), Value::Decimal(_)));
        assert!(matches!(number("1.50").unwrap(), Value::Decimal(_)));
        assert_eq!(number("1e999").unwrap_err().code, 1367);
    }

    #[test]
    fn hex_and_bits() {
        assert_eq!(hex_bytes(b"0x4d2"), [0x04, 0xd2]);
        assert_eq!(hex_bytes(b"X'4D'"), [0x4d]);
        assert_eq!(bit_bytes(b"b'100000001'"), [1, 1]);
        assert!(bit_bytes(b"b''").is_empty());
    }
}
