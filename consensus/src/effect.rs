//! What goes into [`crate::Replica::step`] and what comes out of it.
//!
//! The core does nothing itself: it tells the driver what to write and what to send, and the driver reports back. The
//! contract, which the safety argument in the crate's documentation leans on:
//!
//! * Disk effects ([`Effect::Append`], [`Effect::Truncate`], [`Effect::Persist`]) are executed in the order given. After a
//!   crash some prefix of them is on disk (a persist may survive an append before it that did not; never the reverse).
//!   [`Input::Durable`] is reported only when everything up to that write is on disk. A failed write ends the process.
//! * An [`Effect::Send`] with `after` leaves only when that write is durable. A crash before that means it was never sent.
//! * Messages may be lost, doubled, delayed and reordered; they are never altered (the peer link checks that). But what was sent to a
//!   node before it last started does not reach it after: the peer link knows one start from another by its incarnation. (An old order
//!   to take over, [`Message::TimeoutNow`], would otherwise find a node that has forgotten that it is old.)
//! * The state machine's own storage must not hold, across a crash, an entry that the log does not hold: what is
//!   applied and made durable stays at or below [`crate::Replica::durable_index`].
//!
//! * [`Effect::HeartbeatRound`] is carried out (the clock read) before the heartbeats of that round, which follow it, are sent. The
//!   driver answers reads from a lease only as [`crate::Lease`] says, and forgets the lease when told to.
//! * A snapshot of the state machine may be taken only of what is committed. Before [`Input::SnapshotStaged`] is reported, the
//!   whole snapshot is on this node's disk; [`Effect::Reset`] is a disk effect in the order of the others.
//!
//! Left out: how snapshots travel (the driver's, on a connection of their own) and how long anything takes in seconds.

use alloc::vec::{self, Vec};
use core::slice;

use crate::membership::Membership;
use crate::message::Message;
use crate::types::{Entry, HardState, LogIndex, NodeId, Proposal, Role, Term, WriteSeq};

/// Something that happened, told to the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// One tick of the clock has passed.
    Tick,
    /// A message has arrived.
    Message {
        /// Who sent it, as the peer link established.
        from: NodeId,
        /// What it says.
        message: Message,
    },
    /// Payloads whose indexes the sequencer has already handed out. Refused as a whole ([`Effect::ProposalRefused`]) unless
    /// this node leads in `term` and `first` is the index after the last.
    Propose {
        /// The term in which the sequencer was opened.
        term: Term,
        /// Index of the first payload.
        first: LogIndex,
        /// One proposal an entry. At most one of them is a membership change, and only one that
        /// [`crate::Replica::prepare_change`] gave for the present state.
        proposals: Vec<Proposal>,
    },
    /// Everything up to this write is on disk. Numbers may be skipped: the last one of a batch is enough.
    Durable {
        /// The last durable write.
        seq: WriteSeq,
    },
    /// The state machine has applied everything up to here. Never past the commit index.
    Applied {
        /// The last applied entry.
        index: LogIndex,
    },
    /// The driver has a connection to this peer again.
    PeerConnected {
        /// The peer.
        peer: NodeId,
    },
    /// The driver lost the connection to this peer: what was on the way may be gone.
    PeerDisconnected {
        /// The peer.
        peer: NodeId,
    },
    /// The log no longer holds entries up to here (they are applied and nobody needs them). Never past the commit index.
    Purged {
        /// The last purged entry.
        upto: LogIndex,
    },
    /// Hand the leadership over. Answered with [`Effect::TransferEnded`] in any case but success, which shows as a change of role.
    Transfer {
        /// To this voter; none: to the best one.
        to: Option<NodeId>,
    },
    /// Give the transfer up that is going on, if any.
    CancelTransfer,
    /// A linearizable read is wanted: answered with [`Effect::ReadReady`] or [`Effect::ReadRefused`], or never, when messages are
    /// lost; the driver asks again then, with a new ticket.
    Read {
        /// Comes back in the answer. Never used twice, also not after a restart, because an answer to a question of an earlier start may
        /// still come: the driver begins with a number that it has never reached before, from a clock or drawn at random.
        ticket: u64,
    },
    /// A whole snapshot of another node's state machine is on this node's disk, ready to replace what is here. Answered with
    /// [`Effect::Reset`], or with nothing when the log has got past it meanwhile.
    SnapshotStaged {
        /// The last entry in the snapshot, and its term.
        base: (LogIndex, Term),
        /// The members at `base`, and the index of the entry that made them so.
        membership: (LogIndex, Membership),
    },
}

/// Something to be done by the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write these entries at the end of the log.
    Append {
        /// Contiguous, the first one right after the log's last.
        entries: Vec<Entry>,
        /// Comes back in [`Input::Durable`].
        seq: WriteSeq,
    },
    /// Drop the entries from here to the end of the log: a new leader replaces them. They were never committed.
    Truncate {
        /// First entry to drop.
        from: LogIndex,
        /// Comes back in [`Input::Durable`].
        seq: WriteSeq,
    },
    /// Remember term and vote.
    Persist {
        /// What to remember, replacing what was.
        hard_state: HardState,
        /// Comes back in [`Input::Durable`].
        seq: WriteSeq,
    },
    /// Send a message.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: Message,
        /// Not before this write is durable; none: at once.
        after: Option<WriteSeq>,
    },
    /// Read these entries from the log and send them as [`Message::Append`], at once: before the local disk has them. The
    /// driver may cut them into several messages; each then names the entry before its own first as `prev`, and
    /// carries the same `term` and `commit`.
    SendEntries {
        /// To whom.
        to: NodeId,
        /// For [`Message::Append`].
        term: Term,
        /// For [`Message::Append`]: always `first - 1`.
        prev_index: LogIndex,
        /// For [`Message::Append`].
        prev_term: Term,
        /// First entry to send.
        first: LogIndex,
        /// Last entry to send; never before `first`.
        last: LogIndex,
        /// For [`Message::Append`].
        commit: LogIndex,
        /// To be sent as [`Message::Feed`] (same fields) and not as [`Message::Append`].
        is_feed: bool,
    },
    /// The commit index moved forward: everything up to here is decided for ever.
    Commit {
        /// The commit index.
        index: LogIndex,
    },
    /// Role, term or known leader changed.
    Role {
        /// The role now.
        role: Role,
        /// The term now.
        term: Term,
        /// The leader of that term, if known; this node itself when it leads.
        leader: Option<NodeId>,
    },
    /// The new leader's own empty entry is committed, and with it everything before. The driver opens the node for writes
    /// when the state machine has applied up to `index`; the first proposal has index `index + 1`.
    LeaderReady {
        /// The term led.
        term: Term,
        /// The empty entry.
        index: LogIndex,
    },
    /// A proposal was not taken and will not be: none of its entries exists.
    ProposalRefused {
        /// The `first` of the proposal.
        first: LogIndex,
    },
    /// Other members from now on (or, after a truncation, the earlier ones again). They are in force already; they are committed
    /// when `index` is.
    Membership {
        /// The entry that made them so; zero for the founding members.
        index: LogIndex,
        /// The members.
        membership: Membership,
    },
    /// Replace the log by nothing after `base`, and the state machine by the staged snapshot. A disk effect: in order with the
    /// others, and what it brings is durable when its `seq` is. The commit index is at `base` from here on; no [`Effect::Commit`] says so.
    Reset {
        /// The last entry in the snapshot, and its term.
        base: (LogIndex, Term),
        /// The members at `base`, and the index of the entry that made them so.
        membership: (LogIndex, Membership),
        /// Comes back in [`Input::Durable`].
        seq: WriteSeq,
    },
    /// This node is behind what anybody's log holds: get a snapshot. Repeated until it is staged; a driver that is at it already goes on.
    FetchSnapshot {
        /// From this node by preference.
        from: NodeId,
        /// The leader, from which it can always be had (unless it keeps no tables).
        leader: NodeId,
        /// The snapshot must reach at least here.
        at_least: LogIndex,
    },
    /// A round of heartbeats begins: note the time, under `seq`, before sending what follows.
    HeartbeatRound {
        /// The term led.
        term: Term,
        /// Number of the round.
        seq: u64,
    },
    /// A majority has answered this round: the lease runs from when the round began.
    LeaseRound {
        /// Number of the round.
        seq: u64,
    },
    /// No read may be answered from the lease from here on, until a later [`Effect::LeaseRound`]. Also to be assumed when the role
    /// is no longer leader.
    LeaseRevoked,
    /// A read may be answered once the state machine has applied up to `index`.
    ReadReady {
        /// The ticket of the read.
        ticket: u64,
        /// Everything that was acknowledged before the read began lies at or below this.
        index: LogIndex,
    },
    /// No leader is known, or it is not ready: ask again later.
    ReadRefused {
        /// The ticket of the read.
        ticket: u64,
    },
    /// A transfer begins: what is sequenced already is still proposed, what comes now waits until [`Effect::TransferEnded`] or
    /// until this node does not lead any more.
    HoldProposals {
        /// To whom.
        to: NodeId,
    },
    /// The transfer did not happen: this node goes on leading, and what waited goes on.
    TransferEnded {
        /// Why.
        reason: TransferEnd,
    },
    /// Something that people should know of.
    Notice(Notice),
}

/// Why a transfer did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferEnd {
    /// This node does not lead, or has not committed anything in its term yet.
    NotLeading,
    /// Another transfer is going on.
    Busy,
    /// The target is not a voter, is this node, is log-only, or has weight 0.
    NotEligible,
    /// There is nobody to hand over to: no other voter that may lead is heard.
    NoTarget,
    /// The target did not catch up or did not take over in time.
    TimedOut,
    /// [`Input::CancelTransfer`].
    Cancelled,
}

/// Something that people should know of: a line in the log, an event in the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A strong-sync voter held up commits for too long: they no longer wait for it.
    StrongSyncDegraded {
        /// The voter.
        voter: NodeId,
        /// What it is known to hold.
        match_index: LogIndex,
    },
    /// A degraded strong-sync voter has caught up: commits wait for it again.
    StrongSyncRearmed {
        /// The voter.
        voter: NodeId,
    },
    /// The leader hands over by itself: the other is to be preferred (its weight, or this node is log-only).
    HandingOver {
        /// To whom.
        to: NodeId,
    },
    /// This learner lost its source and turns to another.
    SourceChanged {
        /// The new source; none while no node is known to turn to.
        source: Option<NodeId>,
    },
}

/// The effects of one or more steps, in the order in which they are to be carried out. Made once and reused.
#[derive(Debug, Default)]
pub struct Effects {
    /// Number of the last step that wrote here: 1, 2, 3 … since the replica started.
    pub batch: u64,
    list: Vec<Effect>,
}

impl Effects {
    /// No effects.
    #[must_use]
    pub fn new() -> Effects {
        Effects::default()
    }

    /// Forgets the effects and keeps the memory.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// Looks at the effects in order.
    pub fn iter(&self) -> slice::Iter<'_, Effect> {
        self.list.iter()
    }

    /// Takes the effects out in order and keeps the memory.
    pub fn drain(&mut self) -> vec::Drain<'_, Effect> {
        self.list.drain(..)
    }

    /// How many effects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    pub(crate) fn send(&mut self, to: NodeId, message: Message, after: Option<WriteSeq>) {
        self.list.push(Effect::Send { to, message, after });
    }
}

impl<'a> IntoIterator for &'a Effects {
    type Item = &'a Effect;
    type IntoIter = slice::Iter<'a, Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
