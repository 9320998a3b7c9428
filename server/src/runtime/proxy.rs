//! For whom a connection is: the PROXY header that may come in front of a client's first packet.
//!
//! As MariaDB does, the greeting is sent without waiting for a header, and a client of a proxy's network that sends none is served as what
//! it is. A header that comes from anywhere else ends the connection: a client must not choose the address that it is judged by.
//!
//! Left out: whether the proxy itself is who it seems to be. Its network is trusted by whoever configured it.

use std::net::SocketAddr;
use std::sync::Arc;

use wire::proxy::{self, Header, START_BYTES};

use super::connection::{End, Socket};
use crate::node::Node;
use crate::node::process::{Connection as Process, shown_address};

/// Number of the error packet that refuses a header. The client behind the proxy takes it for the answer to its first packet.
const REFUSAL_SEQUENCE: u8 = 2;

/// The address that the client is to be judged and shown by: that of the header, else `address`, from which it connected. The greeting
/// is sent.
///
/// # Errors
/// When the client went away, or its header is refused.
pub async fn client_address(
    node: &Node,
    socket: &mut Socket,
    address: SocketAddr,
    process: &Arc<Process>,
) -> Result<SocketAddr, End> {
    let start = loop {
        match socket.reader.received().first_chunk::<START_BYTES>() {
            Some(start) => break *start,
            None => socket.receive().await?,
        }
    };
    if !proxy::is_start(start) {
        return Ok(address);
    }
    match read_header(node, socket, address).await {
        Ok(Header::Own) => Ok(address),
        Ok(Header::PassedOn(client)) => {
            process.passed_on_for(shown_address(client));
            Ok(client)
        }
        Err(error) => {
            socket.reader.set_sequence_next(REFUSAL_SEQUENCE);
            Err(error)
        }
    }
}

async fn read_header(node: &Node, socket: &mut Socket, address: SocketAddr) -> Result<Header, End> {
    let refuse = |error: wire::Error| {
        tracing::debug!(%address, "a connection is refused: {error}");
        End::Protocol(error)
    };
    if !node.config.proxy_networks.contain(address.ip()) {
        return Err(refuse(wire::Error::ProxyNotAccepted { address: address.ip().to_canonical() }));
    }
    loop {
        match proxy::parse(socket.reader.received()).map_err(refuse)? {
            Some((header, length)) => {
                socket.reader.skip(length);
                return Ok(header);
            }
            None => socket.receive().await?,
        }
    }
}
