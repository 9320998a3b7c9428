//! Version 2: sixteen bytes, then the addresses that they announce, then additional fields.
//!
//! | bytes | hold |
//! |---|---|
//! | 0–11 | the signature |
//! | 12 | version (2) in the upper half, command in the lower: 0 LOCAL, 1 PROXY |
//! | 13 | family in the upper half (1 IPv4, 2 IPv6, 3 Unix), transport in the lower (1 stream); 0: unspecified |
//! | 14–15 | bytes that follow, big endian |

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Header, canonical, refused};
use crate::Result;
use crate::limits::PROXY_HEADER_BYTES_MAX;

/// What every header begins with.
pub(super) const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes before the addresses.
const FIXED_BYTES: usize = 16;
/// Bytes of the two addresses of Unix sockets.
const UNIX_ADDRESSES_BYTES: usize = 216;
/// Bytes of an additional field before its value: a kind, and the value's length in two bytes, big endian.
const FIELD_HEADER_BYTES: usize = 3;

pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>> {
    let known = bytes.len().min(SIGNATURE.len());
    if bytes[..known] != SIGNATURE[..known] {
        return Err(refused("the signature of version 2 is damaged"));
    }
    let Some(&[.., version_command, family, length_high, length_low]) = bytes.first_chunk::<FIXED_BYTES>()
    else {
        return Ok(None);
    };
    if version_command >> 4 != 2 {
        return Err(refused("its version is neither 1 nor 2"));
    }
    let is_local = match version_command & 0x0f {
        0 => true,
        1 => false,
        _ => return Err(refused("its command is neither LOCAL nor PROXY")),
    };
    let whole_bytes = FIXED_BYTES + usize::from(u16::from_be_bytes([length_high, length_low]));
    if whole_bytes > PROXY_HEADER_BYTES_MAX {
        return Err(refused("it is longer than 4096 bytes"));
    }
    let Some(body) = bytes.get(FIXED_BYTES..whole_bytes) else { return Ok(None) };
    // Of a connection of the proxy's own everything else is to be ignored.
    let header = if is_local { Header::Own } else { passed_on(family, body)? };
    Ok(Some((header, whole_bytes)))
}

fn passed_on(family: u8, body: &[u8]) -> Result<Header> {
    let (header, fields) = match family {
        // Nothing says where the additional fields begin.
        0x00 => return Ok(Header::Own),
        0x11 => split(body, |source: [u8; 4]| IpAddr::V4(Ipv4Addr::from(source)))?,
        0x21 => split(body, |source: [u8; 16]| IpAddr::V6(Ipv6Addr::from(source)))?,
        0x31 => match body.get(UNIX_ADDRESSES_BYTES..) {
            Some(fields) => (Header::Own, fields),
            None => return Err(refused("its addresses are cut off")),
        },
        _ => return Err(refused("its family and transport are not those of a stream")),
    };
    check_fields(fields)?;
    Ok(header)
}

/// Source, destination and their ports; and what follows.
fn split<const BYTES: usize>(body: &[u8], address: fn([u8; BYTES]) -> IpAddr) -> Result<(Header, &[u8])> {
    let cut = || refused("its addresses are cut off");
    let (source, rest) = body.split_first_chunk::<BYTES>().ok_or_else(cut)?;
    let (_destination, rest) = rest.split_first_chunk::<BYTES>().ok_or_else(cut)?;
    let (&[high, low, _, _], fields) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let source = SocketAddr::new(address(*source), u16::from_be_bytes([high, low]));
    Ok((Header::PassedOn(canonical(source)), fields))
}

fn check_fields(mut fields: &[u8]) -> Result<()> {
    while !fields.is_empty() {
        let length = match fields {
            [_, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return Err(refused("an additional field is cut off")),
        };
        fields = fields
            .get(FIELD_HEADER_BYTES + length..)
            .ok_or_else(|| refused("an additional field is cut off"))?;
    }
    Ok(())
}
