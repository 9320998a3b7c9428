//! Numbers and bytes as digits and back; digests; INET_ATON and its inverse.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::{bytes, double, integer};
use crate::function::locale::Locale;
use crate::function::{Call, Function, returns};
use crate::session::WarningLevel;
use crate::types::convert::{clamp_i64, message_text, to_decimal, to_integer};
use crate::types::text::{as_str, to_text};
use crate::types::{Collation, DataType, Decimal, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("HEX", 1, 1, returns::hexadecimal, hex),
    Function::new("UNHEX", 1, 1, unhex_type, unhex).text(1).nullable_result(),
    Function::new("BIN", 1, 1, returns::name, |_, v, ctx| base(v, ctx, 10, 2)),
    Function::new("OCT", 1, 1, returns::name, |_, v, ctx| base(v, ctx, 10, 8)),
    Function::new("CONV", 3, 3, returns::name, conv).nullable_result(),
    Function::new("FORMAT", 2, 3, returns::name, format_number).takes_null(),
    Function::new("MD5", 1, 1, returns::name, |_, v, _| Ok(hex_lower(&Md5::digest(bytes(&v[0]))))).text(1),
    Function::new("SHA", 1, 1, returns::name, |_, v, _| Ok(hex_lower(&Sha1::digest(bytes(&v[0]))))).text(1),
    Function::new("SHA1", 1, 1, returns::name, |_, v, _| Ok(hex_lower(&Sha1::digest(bytes(&v[0]))))).text(1),
    Function::new("SHA2", 2, 2, returns::digest, sha2).text(1).nullable_result(),
    Function::new("TO_BASE64", 1, 1, returns::base64, to_base64).text(1),
    Function::new("FROM_BASE64", 1, 1, from_base64_type, from_base64).text(1).nullable_result(),
    Function::new("INET_ATON", 1, 1, returns::bigint_unsigned, inet_aton).text(1).nullable_result(),
    Function::new("INET_NTOA", 1, 1, returns::name, inet_ntoa).nullable_result(),
];

const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn hex_lower(digest: &[u8]) -> Value {
    let mut out = Vec::with_capacity(digest.len() * 2);
    for byte in digest {
        out.push(DIGITS[usize::from(byte >> 4)].to_ascii_lowercase());
        out.push(DIGITS[usize::from(byte & 15)].to_ascii_lowercase());
    }
    Value::Text(out.into())
}

/// HEX of a string is its bytes, of a number its digits.
fn hex(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    match &values[0] {
        Value::Text(text) | Value::Blob(text) => {
            let mut out = Vec::with_capacity(text.len() * 2);
            for byte in text {
                out.push(DIGITS[usize::from(byte >> 4)]);
                out.push(DIGITS[usize::from(byte & 15)]);
            }
            Ok(Value::Text(out.into()))
        }
        Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Json(_) => {
            let own = call.arguments.first().map_or(DataType::NULL, |argument| argument.data_type());
            let text = to_text(&values[0], &own).unwrap_or_default();
            Ok(Value::text(text.iter().map(|byte| format!("{byte:02X}")).collect::<String>()))
        }
        number => {
            let wide = to_integer(number, ctx.session).unwrap_or(0);
            // Exact and approximate numbers stop at the bounds of BIGINT.
            let is_integer = matches!(number, Value::Int(_) | Value::UInt(_));
            let bits = if is_integer { wrap(wide) } else { clamp_i64(wide).cast_unsigned() };
            Ok(Value::text(format!("{bits:X}")))
        }
    }
}

/// An integer as 64 bits, stopping at the bounds.
fn wrap(wide: i128) -> u64 {
    u64::try_from(wide).unwrap_or_else(|_| {
        if wide > 0 { u64::MAX } else { i64::try_from(wide).unwrap_or(i64::MIN).cast_unsigned() }
    })
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A byte for two digits.
fn unhex_type(arguments: &[Expression], _: Collation) -> DataType {
    let digits = arguments[0].data_type();
    let bytes_of_character = if digits.is_text() { digits.collation.set().bytes_max() } else { 1 };
    DataType::varbinary(digits.characters().saturating_mul(bytes_of_character).div_ceil(2))
}

fn unhex(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let digits = bytes(&values[0]);
    let mut out = Vec::with_capacity(digits.len() / 2 + 1);
    let (head, pairs) = digits.split_at(digits.len() % 2);
    let mut parts = head
        .iter()
        .map(|digit| nibble(*digit))
        .chain(pairs.chunks_exact(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)));
    if parts.all(|byte| {
        byte.is_some_and(|byte| {
            out.push(byte);
            true
        })
    }) {
        return Ok(Value::Blob(out.into()));
    }
    let shown = message_text(&values[0]);
    ctx.session.warn(
        WarningLevel::Warning,
        1411,
        format!("Incorrect string value: ''{shown}'' for function unhex"),
    );
    Ok(Value::Null)
}

fn in_base(number: u64, base: u64) -> String {
    let mut digits = Vec::new();
    let mut rest = number;
    loop {
        digits.push(DIGITS[usize::try_from(rest % base).unwrap_or(0)]);
        rest /= base;
        if rest == 0 {
            break;
        }
    }
    digits.reverse();
    String::from_utf8_lossy(&digits).into_owned()
}

fn base(values: &[Value], ctx: &mut Context<'_>, _from: u64, to: u64) -> Run<Value> {
    let wide = to_integer(&values[0], ctx.session).unwrap_or(0);
    Ok(Value::text(in_base(wrap(wide), to)))
}

/// CONV(text, from, to): a negative base means signed numbers.
fn conv(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (from, to) = (integer(&values[1], ctx), integer(&values[2], ctx));
    if !(2..=36).contains(&from.unsigned_abs()) || !(2..=36).contains(&to.unsigned_abs()) {
        return Ok(Value::Null);
    }
    let text = message_text(&values[0]);
    let trimmed = text.trim_start();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let radix = u32::try_from(from.unsigned_abs()).unwrap_or(10);
    if digits.is_empty() {
        return Ok(Value::Null);
    }
    let mut magnitude: u64 = 0;
    let mut whole = true;
    for digit in digits.chars() {
        let Some(digit) = digit.to_digit(radix) else {
            whole = false;
            break;
        };
        let next = magnitude.checked_mul(u64::from(radix)).and_then(|sum| sum.checked_add(u64::from(digit)));
        whole &= next.is_some();
        magnitude = next.unwrap_or(u64::MAX);
    }
    if !whole {
        crate::types::convert::warn_truncated_value(ctx.session, "DECIMAL", &values[0]);
    }
    let number = if negative { magnitude.wrapping_neg() } else { magnitude };
    let base = to.unsigned_abs();
    if to < 0 && number.cast_signed() < 0 {
        return Ok(Value::text(format!("-{}", in_base(number.cast_signed().unsigned_abs(), base))));
    }
    Ok(Value::text(in_base(number, base)))
}

/// FORMAT(x, digits [, locale]).
fn format_number(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    if values[0].is_null() || values[1].is_null() {
        return Ok(Value::Null);
    }
    let locale = match values.get(2) {
        None => Locale::english(),
        Some(given) => {
            let name = message_text(given);
            Locale::find(&name).filter(|_| !given.is_null()).unwrap_or_else(|| {
                ctx.session.warn(WarningLevel::Warning, 1649, format!("Unknown locale: '{name}'"));
                Locale::english()
            })
        }
    };
    let places = u8::try_from(integer(&values[1], ctx).clamp(0, 30)).unwrap_or(0);
    let text = match &values[0] {
        Value::Double(_) | Value::Text(_) | Value::Blob(_) => {
            let value = double(&values[0], ctx);
            let scaled = crate::types::number::round_double(value, i64::from(places), false);
            format!("{scaled:.*}", usize::from(places))
        }
        exact => to_decimal(exact, ctx.session).unwrap_or(Decimal::ZERO).rescale(places).to_string(),
    };
    Ok(Value::text(locale.grouped(&text)))
}

fn sha2(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let text = bytes(&values[0]);
    Ok(match integer(&values[1], ctx) {
        0 | 256 => hex_lower(&Sha256::digest(text)),
        224 => hex_lower(&Sha224::digest(text)),
        384 => hex_lower(&Sha384::digest(text)),
        512 => hex_lower(&Sha512::digest(text)),
        _ => {
            let message = "Incorrect parameters in the call to native function 'sha2'";
            ctx.session.warn(WarningLevel::Warning, 1583, message);
            Value::Null
        }
    })
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Lines of 76 characters, as MySQL breaks them.
fn to_base64(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let mut out = Vec::new();
    for (position, chunk) in bytes(&values[0]).chunks(3).enumerate() {
        if position > 0 && position % 19 == 0 {
            out.push(b'\n');
        }
        let word =
            chunk.iter().enumerate().fold(0_u32, |sum, (at, byte)| sum | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let index = usize::try_from(word >> (18 - 6 * at) & 63).unwrap_or(0);
            out.push(if at <= chunk.len() { BASE64[index] } else { b'=' });
        }
    }
    Ok(Value::Text(out.into()))
}

/// Three bytes for four digits.
fn from_base64_type(arguments: &[Expression], _: Collation) -> DataType {
    let digits = arguments[0].data_type();
    let bytes_of_character = if digits.is_text() { digits.collation.set().bytes_max() } else { 1 };
    DataType::varbinary((digits.characters() / 4).saturating_mul(bytes_of_character).saturating_mul(3))
}

fn from_base64(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let mut out = Vec::new();
    let (mut word, mut count, mut padding) = (0_u32, 0, 0);
    for byte in bytes(&values[0]).iter().filter(|byte| !byte.is_ascii_whitespace()) {
        if *byte == b'=' {
            padding += 1;
            continue;
        }
        let Some(index) = BASE64.iter().position(|known| known == byte).filter(|_| padding == 0) else {
            return Ok(Value::Null);
        };
        word = word << 6 | u32::try_from(index).unwrap_or(0);
        count += 1;
        if count % 4 == 0 {
            out.extend_from_slice(&word.to_be_bytes()[1..]);
            word = 0;
        }
    }
    match (count % 4, padding) {
        (0, 0) => {}
        (2, 2) => out.push(u8::try_from(word >> 4 & 0xff).unwrap_or(0)),
        (3, 1) => out.extend_from_slice(&u16::try_from(word >> 2 & 0xffff).unwrap_or(0).to_be_bytes()),
        _ => return Ok(Value::Null),
    }
    Ok(Value::Blob(out.into()))
}

/// `a.b.c.d`, or fewer parts: the last one fills what is left.
fn inet_aton(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let text = as_str(bytes(&values[0]));
    let parts: Option<Vec<u64>> = text
        .split('.')
        .map(|part| part.parse::<u8>().ok().filter(|_| !part.starts_with('+')).map(u64::from))
        .collect();
    match parts.as_deref() {
        Some([a]) => Ok(Value::UInt(*a)),
        Some([a, b]) => Ok(Value::UInt(a << 24 | b)),
        Some([a, b, c]) => Ok(Value::UInt(a << 24 | b << 16 | c)),
        Some([a, b, c, d]) => Ok(Value::UInt(a << 24 | b << 16 | c << 8 | d)),
        _ => {
            let message = format!("Incorrect string value: ''{text}'' for function inet_aton");
            ctx.session.warn(WarningLevel::Warning, 1411, message);
            Ok(Value::Null)
        }
    }
}

fn inet_ntoa(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let Ok(address) = u32::try_from(integer(&values[0], ctx)) else {
        let shown = message_text(&values[0]);
        let message = format!("Incorrect integer value: '{shown}' for function inet_ntoa");
        ctx.session.warn(WarningLevel::Warning, 1411, message);
        return Ok(Value::Null);
    };
    Ok(Value::text(std::net::Ipv4Addr::from(address).to_string()))
}
