//! Functions that make strings of strings. Positions count characters of text and bytes of binary strings, from 1.

use bytes::Bytes;

use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::{bytes, integer, shared, string};
use crate::function::{ALL, Call, Function, returns};
use crate::session::WarningLevel;
use crate::types::text::{as_str, character_count, character_offset};
use crate::types::{Collation, DataType, TypeKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("CONCAT", 1, usize::MAX, concatenated, concat).text(ALL),
    Function::new("CONCAT_WS", 2, usize::MAX, concatenated, concat_ws).text(ALL).takes_null(),
    Function::new("LENGTH", 1, 1, returns::bigint, length).text(ALL),
    Function::new("OCTET_LENGTH", 1, 1, returns::bigint, length).text(ALL),
    Function::new("BIT_LENGTH", 1, 1, returns::bigint, bit_length).text(ALL),
    Function::new("CHAR_LENGTH", 1, 1, returns::bigint, char_length).text(ALL),
    Function::new("CHARACTER_LENGTH", 1, 1, returns::bigint, char_length).text(ALL),
    Function::new("UPPER", 1, 1, returns::same_text, upper).text(ALL),
    Function::new("UCASE", 1, 1, returns::same_text, upper).text(ALL),
    Function::new("LOWER", 1, 1, returns::same_text, lower).text(ALL),
    Function::new("LCASE", 1, 1, returns::same_text, lower).text(ALL),
    Function::new("SUBSTRING", 2, 3, |a, c| cut(a, 2, c), substring).text(1),
    Function::new("SUBSTR", 2, 3, |a, c| cut(a, 2, c), substring).text(1),
    Function::new("MID", 3, 3, |a, c| cut(a, 2, c), substring).text(1),
    Function::new("LEFT", 2, 2, |a, c| cut(a, 1, c), left).text(1),
    Function::new("RIGHT", 2, 2, |a, c| cut(a, 1, c), right).text(1),
    Function::new("LPAD", 3, 3, returns::padded_text, lpad).text(0b101).nullable_result(),
    Function::new("RPAD", 3, 3, returns::padded_text, rpad).text(0b101).nullable_result(),
    Function::new("LTRIM", 1, 1, returns::same_text, ltrim).text(ALL),
    Function::new("RTRIM", 1, 1, returns::same_text, rtrim).text(ALL),
    Function::new("TRIM", 1, 1, returns::same_text, trim_both).text(ALL),
    Function::new("TRIM_BOTH", 1, 2, returns::same_text, trim_both).text(ALL),
    Function::new("TRIM_LEADING", 1, 2, returns::same_text, ltrim).text(ALL),
    Function::new("TRIM_TRAILING", 1, 2, returns::same_text, rtrim).text(ALL),
    Function::new("REPLACE", 3, 3, returns::replaced_text, replace).text(ALL),
    Function::new("REVERSE", 1, 1, returns::same_text, reverse).text(ALL),
    Function::new("REPEAT", 2, 2, returns::repeated_text, repeat).text(1).nullable_result(),
    Function::new("SPACE", 1, 1, returns::counted_text, space).nullable_result(),
    Function::new("INSERT", 4, 4, returns::inserted_text, insert).text(0b1001),
    Function::new("QUOTE", 1, 1, returns::quoted_text, quote).text(ALL).never_null(),
    Function::new("CHAR", 1, usize::MAX, four_bytes_each, char).never_null(),
    Function::new("WEIGHT_STRING", 1, 2, returns::bytes, weight_string),
    Function::new("ELT", 2, usize::MAX, chosen, elt).text(!1).takes_null(),
];

/// What a text is when it is cut to the literal count at a place.
fn cut(arguments: &[Expression], place: usize, collation: Collation) -> DataType {
    let whole = returns::same_text(arguments, collation);
    match arguments.get(place).and_then(Expression::as_constant) {
        Some(Value::Int(count)) => {
            let count = u32::try_from((*count).max(0)).unwrap_or(u32::MAX);
            DataType::varchar(whole.characters().min(count), collation)
        }
        _ => whole,
    }
}

/// CHAR: a number has four bytes.
fn four_bytes_each(arguments: &[Expression], _: Collation) -> DataType {
    DataType::varbinary(u32::try_from(arguments.len()).unwrap_or(u32::MAX).saturating_mul(4))
}

/// ELT: as long as the longest that it may choose.
fn chosen(arguments: &[Expression], collation: Collation) -> DataType {
    let longest = arguments.iter().skip(1).map(|argument| argument.data_type().characters()).max();
    DataType::varchar(longest.unwrap_or(0), collation)
}

fn concatenated(arguments: &[Expression], collation: Collation) -> DataType {
    let longest =
        arguments.iter().fold(0_u32, |sum, argument| sum.saturating_add(argument.data_type().characters()));
    DataType::varchar(longest, collation)
}

/// Whether the call works on bytes.
fn is_binary(call: &Call<'_>) -> bool {
    call.collation == Collation::Binary
}

/// A result longer than `max_allowed_packet` is NULL with warning 1301.
fn bounded(call: &Call<'_>, length: u128, ctx: &mut Context<'_>) -> bool {
    let most = ctx.session.variables.max_allowed_packet_bytes;
    if length <= u128::from(most) {
        return true;
    }
    let name = match call.arguments.len() {
        1 => "space",
        2 => "repeat",
        _ => "function",
    };
    ctx.session.warn(
        WarningLevel::Warning,
        1301,
        format!("Result of {name}() was larger than max_allowed_packet ({most}) - truncated"),
    );
    false
}

fn concat(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    if let [only] = values {
        return Ok(string(shared(only), is_binary(call)));
    }
    let length: usize = values.iter().map(|value| bytes(value).len()).sum();
    if !bounded(call, length as u128, ctx) {
        return Ok(Value::Null);
    }
    let mut out = Vec::with_capacity(length);
    for value in values {
        out.extend_from_slice(bytes(value));
    }
    Ok(string(out, is_binary(call)))
}

fn concat_ws(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    if values[0].is_null() {
        return Ok(Value::Null);
    }
    let mut out = Vec::new();
    for (position, value) in values[1..].iter().filter(|value| !value.is_null()).enumerate() {
        if position > 0 {
            out.extend_from_slice(bytes(&values[0]));
        }
        out.extend_from_slice(bytes(value));
    }
    if !bounded(call, out.len() as u128, ctx) {
        return Ok(Value::Null);
    }
    Ok(string(out, is_binary(call)))
}

fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn length(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(count(bytes(&values[0]).len()))
}

fn bit_length(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(count(bytes(&values[0]).len() * 8))
}

fn char_length(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match &values[0] {
        Value::Text(text) => Value::Int(i64::from(character_count(text))),
        other => count(bytes(other).len()),
    })
}

/// WEIGHT_STRING(text [, length]): MySQL's weights; with a length the text is cut, or filled up with spaces where these count
/// not at its end.
fn weight_string(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (Value::Text(text) | Value::Blob(text)) = &values[0] else {
        return Err(crate::Error::not_supported("WEIGHT_STRING of anything but text").into());
    };
    let collation = call.arguments[0].data_type().collation;
    let mut text = text.to_vec();
    if let Some(length) = values.get(1) {
        let length = usize::try_from(integer(length, ctx)).unwrap_or(0);
        if !bounded(call, length as u128, ctx) {
            return Ok(Value::Null);
        }
        text.truncate(character_offset(&text, length));
        if collation.pads_space() {
            let missing = length.saturating_sub(character_count(&text) as usize);
            text.resize(text.len() + missing, b' ');
        }
    }
    let mut weights = Vec::with_capacity(text.len() * 2);
    crate::collation::weight_string(collation, &text, &mut weights);
    Ok(Value::Blob(weights.into()))
}

fn map_characters(value: &Value, map: impl Fn(char) -> char) -> Value {
    match value {
        Value::Text(text) => Value::Text(as_str(text).chars().map(map).collect::<String>().into()),
        other => other.clone(),
    }
}

/// The one character that a mapping gives, or the character itself where it gives several (ß stays).
fn single(mut mapped: impl Iterator<Item = char>, original: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => original,
    }
}

fn upper(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let set = call.collation.set();
    Ok(map_characters(&values[0], |character| {
        set.changed_case(character, true).unwrap_or_else(|| single(character.to_uppercase(), character))
    }))
}

fn lower(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let set = call.collation.set();
    Ok(map_characters(&values[0], |character| {
        set.changed_case(character, false).unwrap_or_else(|| single(character.to_lowercase(), character))
    }))
}

/// Length of a string in its units.
fn units(value: &Value) -> i64 {
    match value {
        Value::Text(text) => i64::from(character_count(text)),
        other => i64::try_from(bytes(other).len()).unwrap_or(i64::MAX),
    }
}

/// The part from unit `start` (from 0) on, `length` units long, as a slice of the same memory.
fn slice(value: &Value, start: i64, length: i64) -> Value {
    let whole = shared(value);
    let (start, length) = (usize::try_from(start).unwrap_or(0), usize::try_from(length).unwrap_or(0));
    let end = start.saturating_add(length);
    match value {
        Value::Text(_) => {
            let from = character_offset(&whole, start);
            let to = from + character_offset(&whole[from..], length);
            Value::Text(whole.slice(from..to))
        }
        _ => Value::Blob(whole.slice(start.min(whole.len())..end.min(whole.len()))),
    }
}

fn empty(value: &Value) -> Value {
    string(Bytes::new(), matches!(value, Value::Blob(_)))
}

fn substring(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let position = integer(&values[1], ctx);
    let length = values.get(2).map_or(i64::MAX, |length| integer(length, ctx));
    let start = if position < 0 { units(&values[0]).saturating_add(position) } else { position - 1 };
    if position == 0 || start < 0 || length <= 0 {
        return Ok(empty(&values[0]));
    }
    Ok(slice(&values[0], start, length))
}

fn left(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let length = integer(&values[1], ctx);
    Ok(slice(&values[0], 0, length.max(0)))
}

fn right(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let length = integer(&values[1], ctx).max(0);
    let start = units(&values[0]).saturating_sub(length).max(0);
    Ok(slice(&values[0], start, length))
}

fn pad(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>, before: bool) -> Value {
    let (wanted, have) = (integer(&values[1], ctx), units(&values[0]));
    if wanted < 0 || !bounded(call, u128::from(wanted.unsigned_abs()), ctx) {
        return Value::Null;
    }
    let binary = is_binary(call);
    if wanted <= have {
        return string(shared(&slice(&values[0], 0, wanted)), binary);
    }
    let padding_units = units(&values[2]);
    if padding_units == 0 {
        return empty(&values[0]);
    }
    let missing = wanted - have;
    let mut padding = bytes(&values[2]).repeat(usize::try_from(missing / padding_units).unwrap_or(0));
    padding.extend_from_slice(bytes(&slice(&values[2], 0, missing % padding_units)));
    let text = bytes(&values[0]);
    string(
        if before { [padding.as_slice(), text].concat() } else { [text, padding.as_slice()].concat() },
        binary,
    )
}

fn lpad(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(pad(call, values, ctx, true))
}

fn rpad(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(pad(call, values, ctx, false))
}

fn trim(call: &Call<'_>, values: &[Value], leading: bool, trailing: bool) -> Value {
    let whole = shared(&values[0]);
    let what = values.get(1).map_or(&b" "[..], bytes);
    let (mut start, mut end) = (0, whole.len());
    if !what.is_empty() {
        while leading && whole[start..end].starts_with(what) {
            start += what.len();
        }
        while trailing && whole[start..end].ends_with(what) {
            end -= what.len();
        }
    }
    string(whole.slice(start..end), is_binary(call))
}

fn ltrim(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(trim(call, values, true, false))
}

fn rtrim(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(trim(call, values, false, true))
}

fn trim_both(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(trim(call, values, true, true))
}

/// REPLACE compares bytes, whatever the collation.
fn replace(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (text, from, to) = (bytes(&values[0]), bytes(&values[1]), bytes(&values[2]));
    if from.is_empty() {
        return Ok(string(shared(&values[0]), is_binary(call)));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    if !bounded(call, out.len() as u128, ctx) {
        return Ok(Value::Null);
    }
    Ok(string(out, is_binary(call)))
}

fn reverse(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match &values[0] {
        Value::Text(text) => Value::Text(as_str(text).chars().rev().collect::<String>().into()),
        other => Value::Blob(bytes(other).iter().rev().copied().collect::<Vec<u8>>().into()),
    })
}

fn repeat(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let times = integer(&values[1], ctx).max(0);
    let text = bytes(&values[0]);
    if !bounded(call, text.len() as u128 * u128::from(times.unsigned_abs()), ctx) {
        return Ok(Value::Null);
    }
    if text.is_empty() {
        return Ok(empty(&values[0]));
    }
    Ok(string(text.repeat(usize::try_from(times).unwrap_or(0)), is_binary(call)))
}

fn space(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let count = integer(&values[0], ctx).max(0);
    if !bounded(call, u128::from(count.unsigned_abs()), ctx) {
        return Ok(Value::Null);
    }
    Ok(Value::Text(vec![b' '; usize::try_from(count).unwrap_or(0)].into()))
}

/// INSERT(text, position, length, new).
fn insert(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (position, length, have) = (integer(&values[1], ctx), integer(&values[2], ctx), units(&values[0]));
    let binary = is_binary(call);
    if position < 1 || position > have {
        return Ok(string(shared(&values[0]), binary));
    }
    let length = if length < 0 { i64::MAX } else { length };
    let after = (position - 1).saturating_add(length);
    let (head, tail) = (slice(&values[0], 0, position - 1), slice(&values[0], after, i64::MAX));
    Ok(string([bytes(&head), bytes(&values[3]), bytes(&tail)].concat(), binary))
}

fn quote(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    if values[0].is_null() {
        return Ok(Value::text("NULL"));
    }
    let mut out = vec![b'\''];
    for byte in bytes(&values[0]) {
        match byte {
            b'\'' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0 => out.extend_from_slice(b"\\0"),
            0x1a => out.extend_from_slice(b"\\Z"),
            _ => out.push(*byte),
        }
    }
    out.push(b'\'');
    match std::str::from_utf8(&out) {
        Ok(_) => Ok(string(out, false)),
        Err(_) => Ok(Value::text(String::from_utf8_lossy(&out).as_ref())),
    }
}

/// CHAR(n, …): the bytes of the numbers, most significant first; NULLs are skipped.
fn char(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let mut out = Vec::new();
    for value in values.iter().filter(|value| !value.is_null()) {
        let [a, b, c, d] = u32::try_from(integer(value, ctx) & 0xffff_ffff).unwrap_or(0).to_be_bytes();
        let skipped = [a, b, c].iter().take_while(|byte| **byte == 0).count();
        out.extend_from_slice(&[a, b, c, d][skipped..]);
    }
    Ok(Value::Blob(out.into()))
}

fn elt(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    if values[0].is_null() {
        return Ok(Value::Null);
    }
    let position = usize::try_from(integer(&values[0], ctx)).unwrap_or(0);
    if position == 0 {
        return Ok(Value::Null);
    }
    Ok(match values.get(position) {
        None | Some(Value::Null) => Value::Null,
        // Asked for a number: see the binder's `choice`.
        Some(value) if call.data_type.kind == TypeKind::Null => value.clone(),
        Some(value) => string(shared(value), is_binary(call)),
    })
}
