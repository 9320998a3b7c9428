//! The links between nodes: one TCP connection a direction, peer and lane.
//!
//! A [`sender`] connects, says hello, waits for the welcome, and then writes frames; what a [`receiver`] reads goes to the consensus
//! thread. Heartbeats and votes have a lane of their own, so that a large transfer cannot hold them up, and so have snapshots
//! ([`snapshot_source`], [`snapshot_fetch`]). Which peers there are changes while the node runs: [`PeerLinks::reconcile`]. Who may call
//! is not decided here but by an [`Admission`], which knows the members.
//!
//! | file | has |
//! |---|---|
//! | [`links`] | the queues to all peers, and which there are |
//! | [`sender`], [`outgoing`] | one connection to a peer; frames made without copying large entries |
//! | [`receiver`], [`incoming`] | connections from peers; frames taken apart |
//! | [`handshake`], [`stream`], [`tls`] | hello and welcome; sockets with deadlines; encryption |
//! | [`counters`] | what went through and what was refused |
//! | [`snapshot_source`], [`spool`], [`throttle`] | giving snapshots |
//! | [`snapshot_fetch`], [`staged`], [`chunk_file`] | getting them |
//!
//! Invariants: a queue that is full drops frames and never blocks the consensus thread (the core notices by the missing acks); nothing of
//! a connection is believed before its hello was accepted; nothing a peer sends makes a thread panic or takes memory that it only
//! claims to need.
//!
//! Left out: who is a member, and what the messages mean.

pub mod chunk_file;
pub mod counters;
#[cfg(test)]
mod fuzz_tests;
pub mod handshake;
pub mod incoming;
pub mod links;
pub mod outgoing;
pub mod receiver;
pub mod sender;
pub mod snapshot_fetch;
pub mod snapshot_source;
#[cfg(test)]
mod snapshot_tests;
pub mod spool;
pub mod staged;
pub mod stream;
#[cfg(test)]
mod test_node;
#[cfg(test)]
mod tests;
pub mod throttle;
pub mod tls;
#[cfg(test)]
mod tls_tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use consensus::{LogIndex, Message, NodeId, Term};
use wire::peer::{ClusterId, FrameReader, Hello, Refusal, Welcome};

pub use self::counters::PeerCounters;
pub use self::links::PeerLinks;
pub use self::receiver::spawn_acceptor;
pub use self::snapshot_fetch::spawn_fetch;
pub use self::snapshot_source::{SnapshotReader, SnapshotSource};
pub use self::staged::StagedSnapshot;
pub use self::tls::PeerTls;
use super::driver::Event;
use super::queue::Sender;
use crate::node::entry_cache::EntryCache;

/// Something for a peer.
#[derive(Debug)]
pub enum Outbound {
    /// A message as it is.
    Message(Message),
    /// Entries to be read from the cache or the log and sent as one or more appends or feeds.
    Entries {
        /// [`EntryCache::epoch`] when it was ordered; entries are not sent in another one.
        epoch: u64,
        /// See [`consensus::Effect::SendEntries`], as for all of these.
        term: Term,
        /// Entry before the first.
        prev_index: LogIndex,
        /// Its term.
        prev_term: Term,
        /// First entry.
        first: LogIndex,
        /// Last entry.
        last: LogIndex,
        /// Commit index.
        commit: LogIndex,
        /// To be sent as [`Message::Feed`], not [`Message::Append`].
        is_feed: bool,
    },
}

/// Who may be talked to. Asked from many threads; must answer at once.
pub trait Admission: Send + Sync {
    /// Whether who says this hello may send here. Cluster, version and target are right already. Asked again from time to time while
    /// the connection lasts, so one that is removed meanwhile is cut off.
    ///
    /// # Errors
    /// The refusal that the caller is told.
    fn judge(&self, hello: &Hello) -> Result<(), Refusal>;

    /// A peer that was called has accepted; this is what it says of itself.
    fn welcomed(&self, welcome: &Welcome);

    /// A peer that was called has refused.
    fn refused(&self, peer: NodeId, refusal: &Refusal);
}

/// Who runs the statements of other nodes' clients.
pub trait SessionDoor: Send + Sync {
    /// A node that may send here has opened a connection of the lane for sessions. Returns at once.
    fn admit(&self, hello: &Hello, stream: stream::PeerStream, reader: FrameReader);
}

/// Whether entries are compressed on their way to peers. What is received may always be compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Never: right for nodes in one building.
    #[default]
    None,
    /// LZ4, when it makes a frame smaller: for slow links.
    Lz4 {
        /// Frames smaller than this are sent as they are.
        threshold_bytes: usize,
    },
}

/// What every link needs to know.
#[derive(Clone)]
pub struct LinkContext {
    /// The cluster's id.
    pub cluster_id: ClusterId,
    /// This node.
    pub node_id: NodeId,
    /// This node's data folder's random number.
    pub incarnation: u128,
    /// This node's address for peers.
    pub peer_address: String,
    /// This node's address for clients.
    pub sql_address: String,
    /// Where entries are read.
    pub cache: Arc<EntryCache>,
    /// To the consensus thread.
    pub events: Sender<Event>,
    /// Set when the node stops.
    pub stop: Arc<AtomicBool>,
    /// Who may be talked to.
    pub admission: Arc<dyn Admission>,
    /// Encryption of all links, in both directions; none: in the clear.
    pub tls: Option<PeerTls>,
    /// Compression of what is sent.
    pub compression: Compression,
    /// Where snapshots for other nodes come from.
    pub snapshots: Arc<dyn SnapshotSource>,
    /// Folder of this node's own for snapshots on their way out; emptied at the start. Not the folder of
    /// [`spawn_fetch`], which must survive.
    pub snapshot_folder: PathBuf,
    /// Bytes a second that all snapshots together may take; 0: no limit.
    pub snapshot_bytes_per_second: u64,
    /// Where sessions of other nodes' clients go.
    pub sessions: Arc<dyn SessionDoor>,
    /// What went through.
    pub counters: Arc<PeerCounters>,
}

/// Why a connection ended, or was not made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The socket.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// What arrived is not what this node takes.
    #[error("{1}")]
    Refused(counters::RefusedKind, String),
    /// The other node does not take this one.
    #[error("refused: {}", .0.message)]
    ByPeer(Refusal),
    /// This node is stopping, or wants the link no more.
    #[error("stopping")]
    Stopping,
}

impl From<wire::Error> for LinkError {
    fn from(error: wire::Error) -> LinkError {
        LinkError::Refused(counters::RefusedKind::of(&error), error.to_string())
    }
}
