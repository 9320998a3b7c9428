//! Addresses of IPv6 and IPv4 as bytes and text: INET6_ATON, INET6_NTOA, IS_IPV4 and its like.

use std::fmt::Write;

use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::bytes;
use crate::function::{Call, Function, returns};
use crate::session::WarningLevel;
use crate::types::{Collation, DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("INET6_ATON", 1, 1, |_, _| DataType::varbinary(16), to_bytes).text(1).nullable_result(),
    Function::new("INET6_NTOA", 1, 1, text_type, to_text).takes_null(),
    Function::new("IS_IPV4", 1, 1, returns::bigint, |_, v, _| {
        Ok(Value::bool(parse4(bytes(&v[0])).is_some()))
    })
    .text(1),
    Function::new("IS_IPV6", 1, 1, returns::bigint, |_, v, _| {
        Ok(Value::bool(parse6(bytes(&v[0])).is_some()))
    })
    .text(1),
    Function::new("IS_IPV4_COMPAT", 1, 1, returns::bigint, is_compatible),
    Function::new("IS_IPV4_MAPPED", 1, 1, returns::bigint, is_mapped),
];

/// Characters of the longest address.
const TEXT_CHARACTERS: u32 = 39;

fn text_type(_: &[Expression], collation: Collation) -> DataType {
    let collation = if collation == Collation::Binary { Collation::default() } else { collation };
    DataType::varchar(TEXT_CHARACTERS, collation)
}

/// Four numbers of one to three digits.
fn parse4(text: &[u8]) -> Option<[u8; 4]> {
    let mut out = [0; 4];
    let mut parts = text.split(|byte| *byte == b'.');
    for place in &mut out {
        let part = parts.next().filter(|part| (1..=3).contains(&part.len()))?;
        let digits = part.iter().all(u8::is_ascii_digit);
        *place = std::str::from_utf8(part).ok().filter(|_| digits)?.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

/// Groups of up to four digits; a gap once; the last group may be an address of IPv4.
fn parse6(text: &[u8]) -> Option<[u8; 16]> {
    let mut groups: Vec<u8> = Vec::with_capacity(16);
    let mut gap = None;
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(b"::") {
        gap = Some(0);
        rest = after;
    } else if rest.is_empty() || rest[0] == b':' {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b':');
        let part = &rest[..end.unwrap_or(rest.len())];
        if end.is_none() && part.contains(&b'.') {
            groups.extend_from_slice(&parse4(part)?);
            break;
        }
        let digits = (1..=4).contains(&part.len()) && part.iter().all(u8::is_ascii_hexdigit);
        let number = std::str::from_utf8(part).ok().filter(|_| digits)?;
        groups.extend_from_slice(&u16::from_str_radix(number, 16).ok()?.to_be_bytes());
        let Some(end) = end else { break };
        rest = &rest[end + 1..];
        if rest.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix(b":") {
            if gap.replace(groups.len()).is_some() {
                return None;
            }
            rest = after;
        }
    }
    let missing = 16_usize.checked_sub(groups.len())?;
    match gap {
        // A gap stands for at least one group.
        Some(at) if missing > 0 => {
            groups.splice(at..at, std::iter::repeat_n(0, missing));
        }
        None if missing == 0 => {}
        _ => return None,
    }
    groups.try_into().ok()
}

/// An address as text: the longest run of zero groups is a gap, and one that holds an address of IPv4 ends with it.
fn print6(address: [u8; 16]) -> String {
    let groups: Vec<u16> =
        address.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    let (mut gap, mut at) = (0..0, 0);
    while at < groups.len() {
        let length = groups[at..].iter().take_while(|group| **group == 0).count();
        if length > gap.len() {
            gap = at..at + length;
        }
        at += length.max(1);
    }
    let holds_ipv4 = gap.start == 0 && (gap.len() == 6 || gap.len() == 5 && groups[5] == 0xffff);
    let mut out = String::new();
    let mut at = 0;
    while at < groups.len() {
        if at == gap.start && !gap.is_empty() {
            out.push_str(if at == 0 { "::" } else { ":" });
            at = gap.end;
            continue;
        }
        if holds_ipv4 && at == 6 {
            let _ = write!(out, "{}.{}.{}.{}", address[12], address[13], address[14], address[15]);
            break;
        }
        let _ = write!(out, "{:x}", groups[at]);
        at += 1;
        if at < groups.len() {
            out.push(':');
        }
    }
    out
}

fn incorrect(call: &Call<'_>, ctx: &mut Context<'_>) -> Run<Value> {
    let message =
        format!("Incorrect string value: '{}' for function {}", call.arguments[0], call.name.to_lowercase());
    ctx.session.warn(WarningLevel::Warning, 1411, message);
    Ok(Value::Null)
}

fn to_bytes(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let text = bytes(&values[0]);
    match (parse4(text), parse6(text)) {
        (Some(address), _) => Ok(Value::Blob(address.to_vec().into())),
        (None, Some(address)) => Ok(Value::Blob(address.to_vec().into())),
        (None, None) => incorrect(call, ctx),
    }
}

fn to_text(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let address = match &values[0] {
        Value::Null => return Ok(Value::Null),
        Value::Blob(address) => address.clone(),
        _ => return incorrect(call, ctx),
    };
    if let Ok(address) = <[u8; 16]>::try_from(&address[..]) {
        return Ok(Value::text(print6(address)));
    }
    match <[u8; 4]>::try_from(&address[..]) {
        Ok([a, b, c, d]) => Ok(Value::text(format!("{a}.{b}.{c}.{d}"))),
        Err(_) => incorrect(call, ctx),
    }
}

/// The 16 bytes of an argument that is a binary string.
fn long_address(value: &Value) -> Option<[u8; 16]> {
    match value {
        Value::Blob(address) => address[..].try_into().ok(),
        _ => None,
    }
}

fn is_compatible(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let holds = long_address(&values[0]).is_some_and(|address| {
        let low = u32::from_be_bytes([address[12], address[13], address[14], address[15]]);
        address[..12].iter().all(|byte| *byte == 0) && low > 1
    });
    Ok(Value::bool(holds))
}

fn is_mapped(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let holds = long_address(&values[0]).is_some_and(|address| {
        address[..10].iter().all(|byte| *byte == 0) && address[10..12] == [0xff, 0xff]
    });
    Ok(Value::bool(holds))
}
