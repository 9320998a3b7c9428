//! What replicas say to each other: one variant a message.
//!
//! The sender and the addressee travel outside (in the frame of the peer link, with the cluster id). Every message carries
//! the term of its sender, except the two of the pre-vote, which carry the term that *would* come.
//!
//! Invariant: a message that passed [`Message::is_well_formed`] has contiguous entries whose terms never go down and never
//! pass the leader's, so the code behind it may do arithmetic on its numbers without a check.
//!
//! Left out: the bytes of snapshots, which travel outside of the core.

use alloc::vec::Vec;

use crate::limits::{BATCH_ENTRIES_MAX, INDEX_MAX, TERM_HEARD_MAX, TERM_MAX};
use crate::types::{Entry, LogIndex, NodeId, Term};

/// A message from one replica to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// "Would you vote for me?" Asked by a node that lost its leader, before it disturbs any term.
    PreVote {
        /// The term the asker would stand in: its own plus one.
        term: Term,
        /// Last entry of the asker's log.
        last_index: LogIndex,
        /// Term of that entry.
        last_term: Term,
    },
    /// Answer to [`Message::PreVote`]. Binds nobody to anything.
    PreVoteReply {
        /// Granted: the term asked about. Refused: the answerer's own term, so that a node that fell behind learns it.
        term: Term,
        /// Whether the answerer would vote for the asker.
        granted: bool,
    },
    /// "Vote for me." Leaves the candidate only when its own term and vote are durable.
    Vote {
        /// The candidate's term.
        term: Term,
        /// Last entry of the candidate's log.
        last_index: LogIndex,
        /// Term of that entry.
        last_term: Term,
        /// The leader itself asked the candidate to stand ([`Message::TimeoutNow`]): stickiness does not apply.
        is_transfer: bool,
    },
    /// Answer to [`Message::Vote`]. A granted vote leaves only when it is durable.
    VoteReply {
        /// The voter's term.
        term: Term,
        /// Whether the voter voted for the candidate in that term.
        granted: bool,
    },
    /// Entries from the leader; without entries, a question whether the logs agree at `prev_index`.
    Append {
        /// The leader's term.
        term: Term,
        /// The entry just before the first one sent.
        prev_index: LogIndex,
        /// Term of that entry in the leader's log.
        prev_term: Term,
        /// Contiguous entries from `prev_index + 1`. Any cut of a batch into several messages is allowed.
        entries: Vec<Entry>,
        /// The leader's commit index; may lie past the entries sent.
        commit: LogIndex,
    },
    /// "My log agrees with yours up to `match_index`, and all of it is on my disk."
    AppendAck {
        /// The follower's term.
        term: Term,
        /// Last index that agrees and is durable. Never goes down within a term.
        match_index: LogIndex,
    },
    /// "My log does not agree with yours at `prev_index`", or, with a higher term, "you are not my leader any more".
    AppendReject {
        /// The follower's term.
        term: Term,
        /// The `prev_index` of the refused append.
        prev_index: LogIndex,
        /// Term of the follower's entry at `prev_index`, or of its last entry when its log is shorter.
        conflict_term: Term,
        /// First index of that term in the follower's log.
        conflict_first: LogIndex,
        /// Last entry of the follower's log.
        last_index: LogIndex,
    },
    /// "I still lead." Small and independent of the appends: it may travel on a lane of its own and overtake them.
    Heartbeat {
        /// The leader's term.
        term: Term,
        /// The leader's commit index, but never past what the follower is known to hold: safe to commit as it is.
        commit: LogIndex,
        /// Number of the heartbeat round, growing within a term. Leases and ReadIndex count answers by it.
        seq: u64,
        /// Every member is known to hold everything up to here: nobody needs it from a log any more.
        floor: LogIndex,
        /// The addressee has no vote in the leader's membership: it is to subscribe to a source.
        is_learner: bool,
    },
    /// Answer to [`Message::Heartbeat`].
    HeartbeatAck {
        /// The follower's term.
        term: Term,
        /// The round answered.
        seq: u64,
        /// What the answerer has committed and on disk.
        commit: LogIndex,
        /// What its state machine has applied.
        applied: LogIndex,
    },
    /// "The commit index moved." Sent when no append is on the way to carry it. Not answered. Superseded by any later
    /// append or commit notice to the same peer: a driver that still has it queued then may drop it.
    Commit {
        /// The leader's term.
        term: Term,
        /// As in [`Message::Heartbeat`]: bounded by what the follower is known to hold.
        commit: LogIndex,
    },
    /// "Take over now", from a leader to the voter it hands over to: stand at once, without asking first.
    TimeoutNow {
        /// The leader's term.
        term: Term,
        /// The last heartbeat round before it. Ignored by a voter that has heard a later one, or none at all, in this term: so an old
        /// order does nothing.
        seq: u64,
    },
    /// "Feed me", from a learner to its source; repeated as long as it wants to be fed.
    Subscribe {
        /// The learner's term.
        term: Term,
        /// What the learner has committed and on disk; it wants what comes after.
        commit: LogIndex,
        /// What its state machine has applied.
        applied: LogIndex,
    },
    /// Entries for a learner. Unlike [`Message::Append`] it may come from any member, and everything in it is committed.
    Feed {
        /// The source's term: not a claim to lead it.
        term: Term,
        /// The entry just before the first one sent.
        prev_index: LogIndex,
        /// Term of that entry.
        prev_term: Term,
        /// Contiguous entries from `prev_index + 1`, all committed.
        entries: Vec<Entry>,
        /// The source's commit index; never below the last entry sent.
        commit: LogIndex,
    },
    /// Answer to [`Message::Feed`]: "I have committed, and on disk, everything up to `match_index`". Also when entries were missing
    /// before the ones fed: the source goes on from here then.
    FeedAck {
        /// The learner's term.
        term: Term,
        /// Last index committed and durable.
        match_index: LogIndex,
        /// The feed did not continue this log: feed from `match_index + 1`.
        has_gap: bool,
    },
    /// "From which index on may I read?" From any node to the leader.
    ReadIndex {
        /// The asker's term.
        term: Term,
        /// Comes back in the answer.
        ticket: u64,
    },
    /// Answer to [`Message::ReadIndex`].
    ReadIndexReply {
        /// The answerer's term.
        term: Term,
        /// The ticket of the question.
        ticket: u64,
        /// Everything acknowledged before the question lies at or below this; none: the answerer does not lead, or is not ready.
        index: Option<LogIndex>,
    },
    /// "What you need is purged: get a snapshot." From the leader, or from a learner's source.
    SnapshotNeeded {
        /// The sender's term.
        term: Term,
        /// Whom to ask by preference.
        from: NodeId,
        /// The snapshot must reach at least here.
        at_least: LogIndex,
    },
}

impl Message {
    /// The term the message speaks of; see each variant for whose it is.
    #[must_use]
    pub fn term(&self) -> Term {
        match self {
            Message::PreVote { term, .. }
            | Message::PreVoteReply { term, .. }
            | Message::Vote { term, .. }
            | Message::VoteReply { term, .. }
            | Message::Append { term, .. }
            | Message::AppendAck { term, .. }
            | Message::AppendReject { term, .. }
            | Message::Heartbeat { term, .. }
            | Message::HeartbeatAck { term, .. }
            | Message::Commit { term, .. }
            | Message::TimeoutNow { term, .. }
            | Message::Subscribe { term, .. }
            | Message::Feed { term, .. }
            | Message::FeedAck { term, .. }
            | Message::ReadIndex { term, .. }
            | Message::ReadIndexReply { term, .. }
            | Message::SnapshotNeeded { term, .. } => *term,
        }
    }

    /// Whether the numbers of the message can be true at all. What a correct replica sends always is; anything else comes
    /// from damage or malice and is ignored by [`crate::Replica::step`].
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let term = self.term();
        if term == Term::ZERO || term.get() > TERM_HEARD_MAX {
            // Only a node that has never voted, and has heard nobody that has, speaks in term zero.
            return term == Term::ZERO && self.may_have_term_zero();
        }
        match self {
            Message::PreVote { last_index, last_term, .. } | Message::Vote { last_index, last_term, .. } => {
                position_is_sound(*last_index, *last_term) && *last_term < term
            }
            Message::Append { prev_index, prev_term, entries, commit, .. } => {
                position_is_sound(*prev_index, *prev_term)
                    && commit.get() <= INDEX_MAX
                    && entries_are_sound(entries, *prev_index, *prev_term, term)
            }
            Message::AppendReject { prev_index, conflict_term, conflict_first, last_index, .. } => {
                prev_index.get() <= INDEX_MAX
                    && position_is_sound(*conflict_first, *conflict_term)
                    && last_index.get() <= INDEX_MAX
            }
            Message::AppendAck { match_index, .. } | Message::FeedAck { match_index, .. } => {
                match_index.get() <= INDEX_MAX
            }
            Message::Heartbeat { commit, floor, .. } => commit.get() <= INDEX_MAX && floor.get() <= INDEX_MAX,
            Message::HeartbeatAck { commit, applied, .. } | Message::Subscribe { commit, applied, .. } => {
                commit.get() <= INDEX_MAX && applied.get() <= INDEX_MAX
            }
            Message::Commit { commit, .. } => commit.get() <= INDEX_MAX,
            Message::Feed { prev_index, prev_term, entries, commit, .. } => {
                position_is_sound(*prev_index, *prev_term)
                    && commit.get() <= INDEX_MAX
                    && prev_index.get() + entries.len() as u64 <= commit.get()
                    && entries_are_sound(entries, *prev_index, *prev_term, term)
            }
            Message::ReadIndexReply { index, .. } => index.is_none_or(|index| index.get() <= INDEX_MAX),
            Message::SnapshotNeeded { at_least, .. } => at_least.get() <= INDEX_MAX,
            Message::PreVoteReply { .. }
            | Message::VoteReply { .. }
            | Message::TimeoutNow { .. }
            | Message::ReadIndex { .. } => true,
        }
    }

    /// Whether a node that is in no term yet may say this.
    fn may_have_term_zero(&self) -> bool {
        match self {
            Message::PreVoteReply { granted, .. } => !granted,
            Message::Subscribe { commit, .. } => *commit == LogIndex::ZERO,
            Message::ReadIndexReply { index, .. } => index.is_none(),
            Message::PreVote { .. }
            | Message::Vote { .. }
            | Message::VoteReply { .. }
            | Message::Append { .. }
            | Message::AppendAck { .. }
            | Message::AppendReject { .. }
            | Message::Heartbeat { .. }
            | Message::HeartbeatAck { .. }
            | Message::Commit { .. }
            | Message::TimeoutNow { .. }
            | Message::Feed { .. }
            | Message::FeedAck { .. }
            | Message::ReadIndex { .. }
            | Message::SnapshotNeeded { .. } => false,
        }
    }
}

/// An index and its term: both zero, or both not.
fn position_is_sound(index: LogIndex, term: Term) -> bool {
    index.get() <= INDEX_MAX && term.get() <= TERM_MAX && (index == LogIndex::ZERO) == (term == Term::ZERO)
}

fn entries_are_sound(entries: &[Entry], prev_index: LogIndex, prev_term: Term, term: Term) -> bool {
    if entries.len() > BATCH_ENTRIES_MAX as usize || prev_index.get() > INDEX_MAX - entries.len() as u64 {
        return false;
    }
    let mut previous = (prev_index, prev_term);
    for entry in entries {
        if entry.index != previous.0.next() || entry.term < previous.1 || entry.term == Term::ZERO {
            return false;
        }
        previous = (entry.index, entry.term);
    }
    previous.1 <= term
}
