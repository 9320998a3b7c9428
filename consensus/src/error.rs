//! Why a replica cannot be started. [`crate::Replica::step`] itself never fails: what a peer may send wrongly is ignored and
//! counted, and what the driver may do wrongly is an assertion.

use thiserror::Error;

use crate::limits::{BATCH_ENTRIES_MAX, ELECTION_TICKS_MAX, INFLIGHT_BATCHES_MAX, VOTERS_MAX};
use crate::types::{LogIndex, NodeId, Term};

/// What to do about an [`enum@Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The configuration makes no sense: correct it and start again.
    Refused,
    /// The state on disk contradicts itself: the node must not take part; rebuild it from a peer.
    Fatal,
}

/// Why a replica cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// No voters, or more than the core can count.
    #[error("a cluster has 1 to {VOTERS_MAX} voters, not {0}")]
    VoterCount(usize),
    /// The same node twice.
    #[error("voter {0} is listed twice")]
    VoterTwice(NodeId),
    /// This node is not one of the voters (learners are not built yet).
    #[error("node {0} is not among the voters; a node without a vote (learner) is not supported yet")]
    NotAVoter(NodeId),
    /// The timing makes no sense.
    #[error(
        "heartbeat {heartbeat_ticks} ticks, election {election_ticks} + {spread_ticks} ticks: the heartbeat \
         must be at least 1, the election timeout at least two heartbeats, the spread at least 1, and none \
         above {ELECTION_TICKS_MAX}"
    )]
    Timing {
        /// Ticks between heartbeats.
        heartbeat_ticks: u32,
        /// Common stage of the election timeout.
        election_ticks: u32,
        /// Random part of the election timeout.
        spread_ticks: u32,
    },
    /// A batch or window bound is zero or too large.
    #[error(
        "{name} is {value}; a batch holds 1 to {BATCH_ENTRIES_MAX} entries, and a window 1 to \
         {INFLIGHT_BATCHES_MAX} batches and at least one batch of entries"
    )]
    Window {
        /// The field of [`crate::Config`].
        name: &'static str,
        /// Its value.
        value: u64,
    },
    /// The log's description contradicts itself.
    #[error("the log's description contradicts itself: {0}")]
    LogState(&'static str),
    /// The log holds an entry of a term the node does not remember having entered.
    #[error(
        "the log ends in term {log_term} but the node remembers only term {term}: its vote file is lost or \
         older than its log"
    )]
    TermBehindLog {
        /// Term of the last entry.
        log_term: Term,
        /// Term in the hard state.
        term: Term,
    },
    /// The state machine has applied entries the log does not hold.
    #[error("the state machine holds entry {commit} but the log ends at {last}: log files are missing")]
    CommitBeyondLog {
        /// Lower bound of the commit index.
        commit: LogIndex,
        /// Last entry of the log.
        last: LogIndex,
    },
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Error::VoterCount(_)
            | Error::VoterTwice(_)
            | Error::NotAVoter(_)
            | Error::Timing { .. }
            | Error::Window { .. } => ErrorClass::Refused,
            Error::LogState(_) | Error::TermBehindLog { .. } | Error::CommitBeyondLog { .. } => {
                ErrorClass::Fatal
            }
        }
    }
}
