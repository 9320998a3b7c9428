//! What a replica shows of itself. A copy: nothing here is read back by the protocol.

use alloc::vec::Vec;

use crate::membership::Membership;
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
    /// The other members as the leader sees them; empty on the others.
    pub peers: Vec<PeerStatus>,
    /// The members in force.
    pub membership: Membership,
    /// The entry that made them so; zero for the founding members.
    pub membership_index: LogIndex,
    /// Whether that entry is committed.
    pub is_membership_committed: bool,
    /// On a leader: a strong-sync voter itself, for whose own disk commits do not wait any more.
    pub is_degraded: bool,
    /// The learners that this node feeds.
    pub feeds: Vec<FeedStatus>,
    /// To whom the leadership is being handed.
    pub transfer: Option<NodeId>,
    /// Who feeds this node, if it is a learner.
    pub source: Option<NodeId>,
    /// Every member is known to hold everything up to here.
    pub floor: LogIndex,
    /// Messages that were not acted upon.
    pub ignored: IgnoredCount,
}

/// One learner as its source sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedStatus {
    /// The learner.
    pub subscriber: NodeId,
    /// Last entry it is known to have committed and on disk.
    pub match_index: LogIndex,
    /// Next entry to send it.
    pub next: LogIndex,
    /// What its state machine has applied.
    pub applied: LogIndex,
}

/// One member as its leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// The member.
    pub id: NodeId,
    /// Has a vote.
    pub is_voter: bool,
    /// Keeps no tables.
    pub is_log_only: bool,
    /// Election weight.
    pub weight: u8,
    /// Commits wait for it.
    pub is_strong_sync: bool,
    /// They do not at present, because it held them up for too long.
    pub is_degraded: bool,
    /// What it says it has committed and on disk.
    pub commit: LogIndex,
    /// What it says its state machine has applied.
    pub applied: LogIndex,
    /// Whether there is a connection, as far as the driver said or the peer was heard.
    pub connected: bool,
    /// Last entry it is known to have on disk.
    pub match_index: LogIndex,
    /// Next entry to send it, if it is a voter.
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
    /// An answer from a node that was not asked, or a report about a node that is not a member.
    pub unknown_sender: u64,
    /// From a node that was removed from the cluster.
    pub removed_sender: u64,
    /// With numbers that cannot be.
    pub malformed: u64,
    /// Of an earlier term or an earlier question: normal after a change of leader.
    pub stale: u64,
    /// Well formed, but such as no correct replica sends: a second leader in a term, an entry that contradicts a committed
    /// one. More than zero means that a peer is broken.
    pub impossible: u64,
}
