//! Texts chosen by the bits of a number: EXPORT_SET, MAKE_SET; SOUNDEX; months as numbers: PERIOD_ADD, PERIOD_DIFF.

use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::{bytes, integer, string};
use crate::function::{Call, Function, returns};
use crate::session::WarningLevel;
use crate::types::convert::to_integer;
use crate::types::text::as_str;
use crate::types::{Collation, DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("EXPORT_SET", 3, 5, exported_type, export_set).text(0b1110),
    Function::new("MAKE_SET", 2, usize::MAX, made_type, make_set).text(!1).takes_null(),
    Function::new("SOUNDEX", 1, 1, sound_type, soundex).text(1),
    Function::new("PERIOD_ADD", 2, 2, returns::bigint, period_add),
    Function::new("PERIOD_DIFF", 2, 2, returns::bigint, period_diff),
];

/// Bits of a number.
const BITS: i64 = 64;
/// Characters of a result of SOUNDEX at least.
const SOUND_CHARACTERS: usize = 4;

fn characters(argument: &Expression) -> u32 {
    argument.data_type().characters()
}

fn exported_type(arguments: &[Expression], collation: Collation) -> DataType {
    let longest = characters(&arguments[1]).max(characters(&arguments[2]));
    let between = arguments.get(3).map_or(1, characters);
    DataType::varchar(longest.saturating_mul(64).saturating_add(between.saturating_mul(63)), collation)
}

fn made_type(arguments: &[Expression], collation: Collation) -> DataType {
    let texts = &arguments[1..];
    let between = u32::try_from(texts.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let length = texts.iter().fold(between, |sum, text| sum.saturating_add(characters(text)));
    DataType::varchar(length, collation)
}

fn sound_type(arguments: &[Expression], collation: Collation) -> DataType {
    DataType::varchar(characters(&arguments[0]).max(4), collation)
}

/// A number's bits, as MySQL takes them from a number of any kind.
/// The lowest bits, that many.
const fn mask(count: i64) -> u64 {
    match count {
        64.. => u64::MAX,
        count => (1 << count) - 1,
    }
}

fn bits(value: &Value, ctx: &mut Context<'_>) -> u64 {
    match value {
        Value::UInt(bits) => *bits,
        other => {
            let wide = to_integer(other, ctx.session).unwrap_or(0);
            i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX }).cast_unsigned()
        }
    }
}

fn export_set(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let bits = bits(&values[0], ctx);
    let between = values.get(3).map_or(&b","[..], bytes);
    let count = match values.get(4).map_or(BITS, |count| integer(count, ctx)) {
        count @ 0..=BITS => count,
        _ => BITS,
    };
    let ones = u64::from((bits & mask(count)).count_ones());
    let parts = [(ones, &values[1]), (count.unsigned_abs() - ones, &values[2])];
    let length = count.saturating_sub(1).unsigned_abs() as u128 * between.len() as u128
        + parts.map(|(times, part)| u128::from(times) * bytes(part).len() as u128).iter().sum::<u128>();
    let most = ctx.session.variables.max_allowed_packet_bytes;
    if length > u128::from(most) {
        let message =
            format!("Result of export_set() was larger than max_allowed_packet ({most}) - truncated");
        ctx.session.warn(WarningLevel::Warning, 1301, message);
        return Ok(Value::Null);
    }
    let mut out = Vec::new();
    for bit in 0..count {
        if bit > 0 {
            out.extend_from_slice(between);
        }
        out.extend_from_slice(bytes(if bits >> bit & 1 == 1 { &values[1] } else { &values[2] }));
    }
    Ok(string(out, call.collation == Collation::Binary))
}

fn make_set(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    if values[0].is_null() {
        return Ok(Value::Null);
    }
    let bits = bits(&values[0], ctx);
    let mut out = Vec::new();
    let mut is_first = true;
    for (bit, value) in values[1..].iter().take(64).enumerate() {
        if bits >> bit & 1 == 0 || value.is_null() {
            continue;
        }
        if !is_first {
            out.push(b',');
        }
        is_first = false;
        out.extend_from_slice(bytes(value));
    }
    Ok(string(out, call.collation == Collation::Binary))
}

/// What a letter sounds like; `0` for vowels and what is like them.
fn sound(letter: char) -> char {
    const SOUNDS: &[u8; 26] = b"01230120022455012623010202";
    let position = u32::from(letter.to_ascii_uppercase()).wrapping_sub(u32::from('A'));
    usize::try_from(position).ok().and_then(|at| SOUNDS.get(at)).map_or('0', |sound| char::from(*sound))
}

/// Whether a character counts: letters beyond ASCII do too.
fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic() || u32::from(character) >= 0xc0
}

fn soundex(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let is_binary = call.collation == Collation::Binary;
    let text: String = match &values[0] {
        Value::Blob(text) => text.iter().map(|byte| char::from(*byte)).filter(char::is_ascii).collect(),
        other => as_str(bytes(other)).to_owned(),
    };
    let mut letters = text.chars().filter(|character| is_letter(*character));
    let Some(first) = letters.next() else { return Ok(string(Vec::new(), is_binary)) };
    let mut out = String::new();
    out.push(if first.is_ascii() { first.to_ascii_uppercase() } else { first });
    let (mut last, mut count) = (sound(first), 1);
    for letter in letters {
        let sound = sound(letter);
        if sound != '0' && sound != last {
            out.push(sound);
            count += 1;
        }
        last = if sound == '0' { last } else { sound };
    }
    for _ in count..SOUND_CHARACTERS {
        out.push('0');
    }
    Ok(string(out, is_binary))
}

/// Months since the year 0 of a period, YYYYMM or YYMM; none for what is no period.
fn months(period: i64) -> Option<u64> {
    let period = u64::try_from(period).ok()?;
    let (year, month) = (period / 100, period % 100);
    (1..=12).contains(&month).then(|| full_year(year) * 12 + month - 1)
}

fn full_year(year: u64) -> u64 {
    match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        _ => year,
    }
}

fn wrong(call: &Call<'_>) -> Error {
    Error::wrong_arguments(call.name.to_lowercase())
}

fn period_add(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (period, added) = (integer(&values[0], ctx), integer(&values[1], ctx));
    let sum = months(period).ok_or_else(|| wrong(call))?.wrapping_add(added.cast_unsigned());
    if sum == 0 {
        return Ok(Value::Int(0));
    }
    let made = full_year(sum / 12).wrapping_mul(100).wrapping_add(sum % 12 + 1);
    Ok(Value::Int(made.cast_signed()))
}

fn period_diff(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (first, second) = (integer(&values[0], ctx), integer(&values[1], ctx));
    match (months(first), months(second)) {
        (Some(first), Some(second)) => Ok(Value::Int(first.wrapping_sub(second).cast_signed())),
        _ => Err(wrong(call).into()),
    }
}
