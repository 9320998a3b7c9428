//! What can be wrong with bytes from a client or a peer.
//!
//! Each error has a [`Class`] that tells the connection loop what to do and, on the MySQL side, an errno and
//! SQLSTATE for the ERR packet. Errors of SQL itself are not here: the server maps those.

use crate::mysql::error::{ErrorPacket, code};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What a connection does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// This command is refused with an ERR packet, the connection goes on.
    Refused,
    /// An ERR packet is sent if the protocol has one, then the connection is closed: the byte stream cannot be
    /// trusted from here on.
    Fatal,
}

/// Bytes that are not what the protocol asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A packet larger than the receiver's `max_allowed_packet`; found from its header, before memory is taken.
    #[error("Got a packet bigger than 'max_allowed_packet' bytes ({size_bytes} > {max_bytes})")]
    PacketTooLarge {
        /// Size announced so far; the whole packet may be larger.
        size_bytes: usize,
        /// The receiver's bound.
        max_bytes: usize,
    },
    /// A packet with another sequence id than the next one.
    #[error("Got packets out of order (sequence {received}, expected {expected})")]
    OutOfOrder {
        /// The id that was due.
        expected: u8,
        /// The id in the header.
        received: u8,
    },
    /// A packet that ends early or holds an impossible value.
    #[error("Malformed communication packet: {what}")]
    Malformed {
        /// The packet and the field.
        what: &'static str,
    },
    /// A handshake that cannot be understood, or of a protocol older than 4.1.
    #[error("Bad handshake: {what}")]
    BadHandshake {
        /// The field or the missing capability.
        what: &'static str,
    },
    /// A PROXY header that cannot be understood. MariaDB's words, and why.
    #[error("Failed to parse proxy header: {what}")]
    ProxyHeader {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A PROXY header of somebody who may send none. MariaDB's words.
    #[error("Proxy header is not accepted from {address}")]
    ProxyNotAccepted {
        /// Who sent it.
        address: std::net::IpAddr,
    },
    /// A compressed frame that does not inflate to what its header says.
    #[error("Couldn't uncompress communication packet")]
    Uncompress,
    /// A packet that was begun and did not go on in time (`net_read_timeout`).
    #[error("Got timeout reading communication packets")]
    ReadTimeout,
    /// Parameters of COM_STMT_EXECUTE that do not fit the statement.
    #[error("Incorrect arguments to mysqld_stmt_execute: {what}")]
    WrongArguments {
        /// What does not fit.
        what: &'static str,
    },
    /// Long data of a statement passed its bound.
    #[error(
        "Parameter of prepared statement which is set through mysql_send_long_data() is longer than 'max_allowed_packet' bytes"
    )]
    LongDataTooLarge,
    /// A peer frame that does not start with the magic number.
    #[error("not a Quorate peer frame (magic {magic:#010x})")]
    BadMagic {
        /// The first four bytes, little endian.
        magic: u32,
    },
    /// A peer frame or hello of a version this build does not speak.
    #[error("peer protocol version {version} is not supported")]
    UnknownVersion {
        /// The version it has.
        version: u16,
    },
    /// A peer frame of a kind this build does not know.
    #[error("peer frame kind {kind} is not known")]
    UnknownKind {
        /// The kind byte.
        kind: u8,
    },
    /// A frame of another cluster.
    #[error("peer frame of another cluster (tag {received:#010x}, ours {expected:#010x})")]
    OtherCluster {
        /// Our cluster's tag.
        expected: u32,
        /// The tag in the frame.
        received: u32,
    },
    /// A peer frame longer than [`crate::limits::PEER_FRAME_PAYLOAD_BYTES_MAX`].
    #[error("peer frame of {length_bytes} bytes is longer than {max_bytes}")]
    FrameTooLarge {
        /// The announced payload length.
        length_bytes: usize,
        /// The bound.
        max_bytes: usize,
    },
    /// A peer frame whose checksum does not fit its bytes.
    #[error("peer frame checksum {received:#010x} does not match its bytes ({computed:#010x})")]
    Checksum {
        /// The checksum in the header.
        received: u32,
        /// The checksum of the bytes received.
        computed: u32,
    },
}

impl Error {
    /// Whether the connection can go on after this error.
    pub fn class(&self) -> Class {
        match self {
            Error::Malformed { .. } | Error::WrongArguments { .. } | Error::LongDataTooLarge => {
                Class::Refused
            }
            Error::PacketTooLarge { .. }
            | Error::OutOfOrder { .. }
            | Error::BadHandshake { .. }
            | Error::Uncompress
            | Error::ReadTimeout
            | Error::ProxyHeader { .. }
            | Error::ProxyNotAccepted { .. }
            | Error::BadMagic { .. }
            | Error::UnknownVersion { .. }
            | Error::UnknownKind { .. }
            | Error::OtherCluster { .. }
            | Error::FrameTooLarge { .. }
            | Error::Checksum { .. } => Class::Fatal,
        }
    }

    /// MySQL's error number for this error.
    pub fn errno(&self) -> u16 {
        match self {
            Error::PacketTooLarge { .. } => code::ER_NET_PACKET_TOO_LARGE,
            Error::OutOfOrder { .. } => code::ER_NET_PACKETS_OUT_OF_ORDER,
            Error::Malformed { .. } => code::ER_MALFORMED_PACKET,
            Error::BadHandshake { .. } => code::ER_HANDSHAKE_ERROR,
            Error::ReadTimeout => code::ER_NET_READ_INTERRUPTED,
            Error::Uncompress => code::ER_NET_UNCOMPRESS_ERROR,
            Error::WrongArguments { .. } => code::ER_WRONG_ARGUMENTS,
            Error::ProxyNotAccepted { .. } => code::ER_HOST_NOT_PRIVILEGED,
            Error::LongDataTooLarge | Error::ProxyHeader { .. } => code::ER_UNKNOWN_ERROR,
            Error::BadMagic { .. }
            | Error::UnknownVersion { .. }
            | Error::UnknownKind { .. }
            | Error::OtherCluster { .. }
            | Error::FrameTooLarge { .. }
            | Error::Checksum { .. } => code::ER_NET_READ_ERROR,
        }
    }

    /// The ERR packet that answers this error.
    pub fn to_packet(&self) -> ErrorPacket {
        ErrorPacket::new(self.errno(), self.to_string())
    }
}
