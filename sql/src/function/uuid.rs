//! UUIDs as text and as 16 bytes: IS_UUID, UUID_TO_BIN, BIN_TO_UUID.

use crate::error::{Error, Result};
use crate::execute::{Context, Run};
use crate::function::argument::bytes;
use crate::function::{Call, Function, returns};
use crate::types::convert::to_f64;
use crate::types::{Collation, DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("IS_UUID", 1, 1, returns::bigint, is_uuid).text(1),
    Function::new("UUID_TO_BIN", 1, 2, |_, _| DataType::varbinary(16), to_bytes).text(1).takes_null(),
    Function::new("BIN_TO_UUID", 1, 2, text_type, to_text).text(1).takes_null(),
];

/// Where the dashes of the long form are.
const DASHES: [usize; 4] = [8, 13, 18, 23];

fn text_type(_: &[crate::expression::Expression], collation: Collation) -> DataType {
    DataType::varchar(36, if collation == Collation::Binary { Collation::default() } else { collation })
}

/// The three forms that MySQL takes: with dashes, without, and in braces.
fn parse(text: &[u8]) -> Option<[u8; 16]> {
    let text = match text {
        [b'{', inner @ .., b'}'] if inner.len() == 36 => inner,
        other => other,
    };
    let has_dashes = text.len() == 36;
    if !has_dashes && text.len() != 32 {
        return None;
    }
    let mut digits = [0; 32];
    let mut count = 0;
    for (position, byte) in text.iter().enumerate() {
        if has_dashes && DASHES.contains(&position) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        *digits.get_mut(count)? = u8::try_from(char::from(*byte).to_digit(16)?).ok()?;
        count += 1;
    }
    let mut out = [0; 16];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(out)
}

fn is_uuid(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(Value::bool(parse(bytes(&values[0])).is_some()))
}

fn incorrect(call: &Call<'_>, value: &Value) -> Error {
    let shown = crate::types::convert::message_text(value);
    let message = format!("Incorrect string value: '{shown}' for function {}", call.name.to_lowercase());
    Error { code: 1411, state: *b"HY000", message }
}

/// Whether the time's parts change places.
fn swaps(values: &[Value], ctx: &mut Context<'_>) -> bool {
    values.get(1).is_some_and(|flag| to_f64(flag, ctx.session).unwrap_or(0.0) != 0.0)
}

/// The value of the first argument as 16 bytes.
fn sixteen(call: &Call<'_>, value: &Value) -> Result<[u8; 16]> {
    bytes(value).try_into().map_err(|_| incorrect(call, value))
}

fn to_bytes(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    if values[0].is_null() {
        return Ok(Value::Null);
    }
    let uuid = parse(bytes(&values[0])).ok_or_else(|| incorrect(call, &values[0]))?;
    let out = match swaps(values, ctx) {
        true => [&uuid[6..8], &uuid[4..6], &uuid[..4], &uuid[8..]].concat(),
        false => uuid.to_vec(),
    };
    Ok(Value::Blob(out.into()))
}

fn to_text(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    if values[0].is_null() {
        return Ok(Value::Null);
    }
    let uuid = sixteen(call, &values[0])?;
    let ordered = match swaps(values, ctx) {
        true => [&uuid[4..8], &uuid[2..4], &uuid[..2], &uuid[8..]].concat(),
        false => uuid.to_vec(),
    };
    let mut out = String::with_capacity(36);
    for byte in ordered {
        if DASHES.contains(&out.len()) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    Ok(Value::text(out))
}
