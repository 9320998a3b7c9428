//! Frames between the nodes of a cluster.
//!
//! A connection between two nodes carries one [`Lane`], named in its [`Hello`]: heartbeats have a connection of their
//! own, so that they never wait behind megabytes of log entries, and so have snapshots. The messages of the core are opaque
//! here: `consensus::encode` makes and reads them.
//!
//! Layout of a frame, little endian:
//!
//! | bytes | field |
//! |---|---|
//! | 0–3 | magic, [`MAGIC`] |
//! | 4 | frame version, [`FRAME_VERSION`] |
//! | 5 | kind, [`FrameKind`] |
//! | 6–7 | zero, reserved; refused otherwise |
//! | 8–11 | cluster tag, [`ClusterTag`]: a frame of another cluster is refused before its payload is read |
//! | 12–15 | payload length |
//! | 16–19 | CRC-32 (IEEE) of bytes 0–15 and the payload |
//!
//! Invariants: the length is checked against the reader's bound before memory is taken; a payload is handed out only
//! after its checksum was found right; no bytes panic. After an error a [`FrameReader`] gives that error for ever.
//!
//! Left out: encryption (the server puts TLS around the connection) and authentication beyond the cluster id, which is not a
//! secret.

mod compression;
mod frame;
mod hello;
mod snapshot;

pub use self::compression::{compress, decompress};
pub use self::frame::{Frame, FrameHeader, FrameReader, begin_frame, end_frame};
pub use self::hello::{Hello, Lane, Refusal, RefusalReason, Welcome};
pub use self::snapshot::{SnapshotChunk, SnapshotEnd, SnapshotHead, SnapshotRequest};
use crate::{Error, Result};

/// `QRPF` in the order of the bytes.
pub const MAGIC: u32 = u32::from_le_bytes(*b"QRPF");
/// Version of the frame layout.
pub const FRAME_VERSION: u8 = 1;
/// Version of what frames mean: both ends must have the same. 2 has incarnations, compression and snapshots.
pub const PROTOCOL_VERSION: u16 = 2;

/// Identity of a cluster: made at random when it is formed, the same on all its nodes for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClusterId(u128);

impl ClusterId {
    /// The id with this value.
    pub const fn new(id: u128) -> Self {
        ClusterId(id)
    }

    /// The value.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// The short form that every frame carries.
    pub fn tag(self) -> ClusterTag {
        ClusterTag(crc32fast::hash(&self.0.to_le_bytes()))
    }
}

/// 32 bits of a [`ClusterId`]: enough to refuse a stray frame; the hello compares the whole id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClusterTag(u32);

impl ClusterTag {
    /// The bits.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// First frame of whoever opened the connection: a [`Hello`].
    Hello,
    /// The hello is accepted: a [`Welcome`].
    Welcome,
    /// The hello is refused, the connection is closed: a [`Refusal`].
    Refusal,
    /// A message of the consensus core.
    Consensus,
    /// A message of the consensus core, compressed: see [`compress`].
    CompressedConsensus,
    /// On [`Lane::Snapshot`], from whoever opened the connection: a [`SnapshotRequest`].
    SnapshotRequest,
    /// On [`Lane::Snapshot`], the first answer: a [`SnapshotHead`]. A [`Refusal`] stands here too when there is no snapshot to give.
    SnapshotHead,
    /// On [`Lane::Snapshot`]: a [`SnapshotChunk`].
    SnapshotChunk,
    /// On [`Lane::Snapshot`], the last: a [`SnapshotEnd`].
    SnapshotEnd,
    /// On [`Lane::Session`], in both directions: a piece of a message of the server's, which alone knows what it means.
    Session,
}

impl FrameKind {
    fn code(self) -> u8 {
        match self {
            FrameKind::Hello => 1,
            FrameKind::Welcome => 2,
            FrameKind::Refusal => 3,
            FrameKind::Consensus => 4,
            FrameKind::CompressedConsensus => 5,
            FrameKind::SnapshotRequest => 6,
            FrameKind::SnapshotHead => 7,
            FrameKind::SnapshotChunk => 8,
            FrameKind::SnapshotEnd => 9,
            FrameKind::Session => 10,
        }
    }

    fn from_code(code: u8) -> Result<FrameKind> {
        match code {
            1 => Ok(FrameKind::Hello),
            2 => Ok(FrameKind::Welcome),
            3 => Ok(FrameKind::Refusal),
            4 => Ok(FrameKind::Consensus),
            5 => Ok(FrameKind::CompressedConsensus),
            6 => Ok(FrameKind::SnapshotRequest),
            7 => Ok(FrameKind::SnapshotHead),
            8 => Ok(FrameKind::SnapshotChunk),
            9 => Ok(FrameKind::SnapshotEnd),
            10 => Ok(FrameKind::Session),
            kind => Err(Error::UnknownKind { kind }),
        }
    }
}
