//! The numbers that the protocol is made of, each with its own type.
//!
//! Invariants: a [`NodeId`] is never zero. [`Term`] and [`LogIndex`] start at zero, which stands for "before the first":
//! entry zero does not exist, is held by every node, is committed, and has term zero. Neither ever passes
//! [`crate::limits::TERM_MAX`] or [`crate::limits::INDEX_MAX`], so the arithmetic below cannot overflow.
//!
//! Left out: what an entry means. The payload belongs to the state machine and is opaque bytes here.

use core::fmt;

use bytes::Bytes;

use crate::limits::{INDEX_MAX, TERM_MAX};

/// The number of a node, unique in its cluster for ever: a removed node's number is not given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u64);

impl NodeId {
    /// The node with number `id`.
    ///
    /// # Panics
    /// If `id` is zero. For a number that came from outside, use [`NodeId::try_new`].
    #[must_use]
    pub const fn new(id: u64) -> NodeId {
        assert!(id != 0, "a node id is never zero");
        NodeId(id)
    }

    /// The node with number `id`, or nothing when it is zero.
    #[must_use]
    pub const fn try_new(id: u64) -> Option<NodeId> {
        if id == 0 { None } else { Some(NodeId(id)) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// The number of a leadership: at most one node leads in a term (Raft, section 5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(u64);

impl Term {
    /// The term before the first election.
    pub const ZERO: Term = Term(0);

    /// Term number `term`.
    #[must_use]
    pub const fn new(term: u64) -> Term {
        Term(term)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The term after this one.
    #[must_use]
    pub const fn next(self) -> Term {
        assert!(self.0 < TERM_MAX, "the terms are used up");
        Term(self.0 + 1)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The place of an entry in the log; the first entry has index 1 and there are no gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogIndex(u64);

impl LogIndex {
    /// The place before the first entry.
    pub const ZERO: LogIndex = LogIndex(0);

    /// Index number `index`.
    #[must_use]
    pub const fn new(index: u64) -> LogIndex {
        LogIndex(index)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The index after this one.
    #[must_use]
    pub const fn next(self) -> LogIndex {
        self.plus(1)
    }

    /// The index before this one; zero stays zero.
    #[must_use]
    pub const fn prev(self) -> LogIndex {
        LogIndex(self.0.saturating_sub(1))
    }

    /// The index `count` entries later.
    #[must_use]
    pub const fn plus(self, count: u64) -> LogIndex {
        assert!(self.0 <= INDEX_MAX && count <= INDEX_MAX, "the indexes are used up");
        LogIndex(self.0 + count)
    }

    /// How many entries lie after `earlier`, up to and with this one; zero when `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: LogIndex) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for LogIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The number of a disk effect. They are handed out 1, 2, 3 … by one replica between two starts, and each is durable only
/// when all before it are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteSeq(u64);

impl WriteSeq {
    /// Before the first write.
    pub const ZERO: WriteSeq = WriteSeq(0);

    /// Write number `seq`.
    #[must_use]
    pub const fn new(seq: u64) -> WriteSeq {
        WriteSeq(seq)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> WriteSeq {
        WriteSeq(self.0 + 1)
    }
}

impl fmt::Display for WriteSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What kind of entry it is. The codes are written to disk and sent to peers: they are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// Code 0. A new leader's first entry; no payload. It commits what earlier terms left behind.
    Empty,
    /// Code 1. A payload of the state machine, opaque to the core.
    Data,
    /// Code 2. The members from here on, see [`crate::Membership`]: the only payload that the core reads. It is in force on a
    /// node as soon as it is in that node's log, committed or not (Raft, section 6).
    Membership,
}

impl EntryKind {
    /// The code on disk and on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            EntryKind::Empty => 0,
            EntryKind::Data => 1,
            EntryKind::Membership => 2,
        }
    }

    /// The kind with this code, if this version knows it.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<EntryKind> {
        match code {
            0 => Some(EntryKind::Empty),
            1 => Some(EntryKind::Data),
            2 => Some(EntryKind::Membership),
            _ => None,
        }
    }
}

/// One entry of the replicated log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place; set by the leader that made it, never changed.
    pub index: LogIndex,
    /// The term of the leader that made it, never changed. Two entries with the same index and term are the same entry.
    pub term: Term,
    /// What it is.
    pub kind: EntryKind,
    /// The state machine's bytes; empty for [`EntryKind::Empty`].
    pub payload: Bytes,
}

/// What a leader is asked to make an entry of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// [`EntryKind::Data`], or [`EntryKind::Membership`] with a payload from [`crate::Replica::prepare_change`]. Never
    /// [`EntryKind::Empty`].
    pub kind: EntryKind,
    /// The bytes.
    pub payload: Bytes,
}

impl Proposal {
    /// Bytes of the state machine.
    #[must_use]
    pub fn data(payload: Bytes) -> Proposal {
        Proposal { kind: EntryKind::Data, payload }
    }
}

/// What a node must never forget about elections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HardState {
    /// The highest term the node has taken part in. Never goes down.
    pub term: Term,
    /// Whom it voted for in that term; at most one node a term.
    pub vote: Option<NodeId>,
}

/// What part a node plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A voter that takes entries from the leader of its term, or waits for one.
    Follower,
    /// Has no vote (a learner, or a node that is not or no longer a member): takes entries from its source and never stands.
    Learner,
    /// Has lost its leader and asks whether it could win, without disturbing anybody's term.
    PreCandidate,
    /// Asks for votes in a term of its own.
    Candidate,
    /// Won its term: the only node that makes entries in it.
    Leader,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Follower => "follower",
            Role::Learner => "learner",
            Role::PreCandidate => "pre-candidate",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        })
    }
}
