//! The one place where refusals become error packets: number, SQLSTATE, message.

use wire::mysql::error::ErrorPacket;

/// A statement's error as a packet.
#[must_use]
pub fn packet(error: &sql::Error) -> ErrorPacket {
    ErrorPacket { code: error.code, sqlstate: error.state, message: error.message.clone() }
}

/// An error of the protocol as a packet.
#[must_use]
pub fn from_wire(error: &wire::Error) -> ErrorPacket {
    error.to_packet()
}
