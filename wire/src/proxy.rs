//! The PROXY protocol, versions 1 and 2: a proxy says in front of a connection's first bytes whose connection it passes on.
//!
//! A MySQL server speaks first. As MariaDB does, it sends its greeting without waiting, and then looks for a header in front of the client's
//! first packet. The two cannot be confused: read as the header of a packet, the first four bytes of either version carry a sequence
//! id that a first packet never has ([`is_start`]).
//!
//! Invariants: nothing here reads past the bytes it is given; a header is refused from its first wrong byte on, and never longer than
//! [`HEADER_BYTES_MAX`](crate::limits::PROXY_HEADER_BYTES_MAX). Whether a header is to be believed is not decided here: [`Networks`] says
//! whom the server's owner trusts.
//!
//! Left out: making headers; datagrams, which no MySQL client uses; what the additional fields of version 2 say (they are checked to be
//! whole, and stepped over).
//!
//! Source: "The PROXY protocol, versions 1 & 2" (haproxy.org, 2020/03/05), and MariaDB 11's `sql/proxy_protocol.cc`.

mod networks;
mod version_1;
mod version_2;

use std::net::SocketAddr;

pub use self::networks::Networks;
use crate::{Error, Result};

/// Bytes by which a header is told from a packet.
pub const START_BYTES: usize = 4;

/// What a header says of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Nothing: the connection is the proxy's own (its health check), or its client has no IP address.
    Own,
    /// It is passed on for the client at this address.
    PassedOn(SocketAddr),
}

/// Whether a connection that begins with these bytes begins with a header.
#[must_use]
pub fn is_start(bytes: [u8; START_BYTES]) -> bool {
    version_1::START.starts_with(&bytes) || version_2::SIGNATURE.starts_with(&bytes)
}

/// The header at the beginning of `bytes`, which [`is_start`], and its length in bytes; none when more bytes are needed.
///
/// # Errors
/// [`Error::ProxyHeader`] once it is certain that there is no header that could be understood.
pub fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>> {
    if bytes.first() == version_2::SIGNATURE.first() {
        version_2::parse(bytes)
    } else {
        version_1::parse(bytes)
    }
}

fn refused(what: &'static str) -> Error {
    Error::ProxyHeader { what }
}

/// Of `::ffff:1.2.3.4` the IPv4 address that it stands for: so that it is written, and compared, in one way.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests;
