//! What a replica shows of itself. A copy: nothing here is read back by the protocol.

use alloc::vec::Vec;

use crate::types::{LogIndex, NodeId, Role, Term};

/// A replica seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// This node.
    pub id: NodeId,
    /// Its role.
    pub role: Role,
    /// Its term.
    pub term: Term,
    /// The leader of that term, if known.
    pub leader: Option<NodeId>,
    /// Commit index.
    pub commit: LogIndex,
    /// What the state machine was last reported to have applied.
    pub applied: LogIndex,
    /// First entry the log holds.
    pub first_index: LogIndex,
    /// Last entry the log holds.
    pub last_index: LogIndex,
    /// Last entry on disk.
    pub durable_index: LogIndex,
    /// Ticks since the leader was heard; zero on the leader.
    pub leader_contact_ticks: u32,
    /// The other voters as the leader sees them; empty on the others.
    pub peers: Vec<PeerStatus>,
    /// Messages that were not acted upon.
    pub ignored: IgnoredCount,
}

/// One voter as its leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// The voter.
    pub id: NodeId,
    /// Whether there is a connection, as far as the driver said or the peer was heard.
    pub connected: bool,
    /// Last entry it is known to have on disk.
    pub match_index: LogIndex,
    /// Next entry to send it.
    pub next: LogIndex,
    /// How entries are sent to it.
    pub pace: PeerPace,
    /// Batches sent and not acked.
    pub inflight_batches: usize,
    /// Ticks since it was heard in this term.
    pub contact_ticks: u32,
    /// The entries it needs are purged here; it cannot be served from this log.
    pub behind_log: bool,
}

/// How a leader sends to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerPace {
    /// One append at a time, to find where the logs agree.
    Probe,
    /// Many batches ahead.
    Pipeline,
}

/// How many messages were ignored, by reason, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IgnoredCount {
    /// From a node that is not a voter here, or a report about one.
    pub unknown_sender: u64,
    /// With numbers that cannot be.
    pub malformed: u64,
    /// Of an earlier term or an earlier question: normal after a change of leader.
    pub stale: u64,
    /// Well formed, but such as no correct replica sends: a second leader in a term, an entry that contradicts a committed
    /// one. More than zero means that a peer is broken.
    pub impossible: u64,
}
