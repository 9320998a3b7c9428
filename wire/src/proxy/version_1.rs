//! Version 1: a line of text, `PROXY TCP4 192.0.2.1 198.51.100.7 56324 3306`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Header, canonical, refused};
use crate::Result;
use crate::limits::PROXY_LINE_BYTES_MAX;

/// What every line begins with.
pub(super) const START: &[u8; 6] = b"PROXY ";

pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>> {
    let known = bytes.len().min(START.len());
    if bytes[..known] != START[..known] {
        return Err(refused("it begins with neither version's mark"));
    }
    let line_bytes = bytes.len().min(PROXY_LINE_BYTES_MAX);
    let Some(end) = bytes[..line_bytes].windows(2).position(|pair| pair == b"\r\n") else {
        return match line_bytes == PROXY_LINE_BYTES_MAX {
            true => Err(refused("a line of version 1 does not end within 107 bytes")),
            false => Ok(None),
        };
    };
    let fields = bytes[START.len().min(end)..end].split(|byte| *byte == b' ');
    Ok(Some((header(fields)?, end + 2)))
}

fn header<'a>(mut fields: impl Iterator<Item = &'a [u8]>) -> Result<Header> {
    let parse_address: fn(&str) -> Option<IpAddr> = match fields.next() {
        // Whatever follows is to be ignored.
        Some(b"UNKNOWN") => return Ok(Header::Own),
        Some(b"TCP4") => |text| text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some(b"TCP6") => |text| text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        Some(_) | None => return Err(refused("a line of version 1 names neither TCP4, TCP6 nor UNKNOWN")),
    };
    let mut address = || text(fields.next()).and_then(parse_address);
    let (source, destination) = (address(), address());
    let (source_port, destination_port) = (port(fields.next()), port(fields.next()));
    let is_whole = destination.is_some() && destination_port.is_some() && fields.next().is_none();
    match (source, source_port) {
        (Some(source), Some(port)) if is_whole => {
            Ok(Header::PassedOn(canonical(SocketAddr::new(source, port))))
        }
        _ => Err(refused("a line of version 1 does not hold two addresses and two ports")),
    }
}

fn text(field: Option<&[u8]>) -> Option<&str> {
    std::str::from_utf8(field?).ok()
}

/// Digits alone, without leading zeros: `u16::from_str` would take a sign.
fn port(field: Option<&[u8]>) -> Option<u16> {
    let text = text(field)?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain { text.parse().ok() } else { None }
}
