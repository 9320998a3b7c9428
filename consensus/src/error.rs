//! Why a replica cannot be started. [`crate::Replica::step`] itself never fails: what a peer may send wrongly is ignored and
//! counted, and what the driver may do wrongly is an assertion.

use thiserror::Error;

use crate::limits::{
    BATCH_ENTRIES_MAX, CLOCK_DRIFT_PERCENT, ELECTION_TICKS_MAX, INFLIGHT_BATCHES_MAX, LEASE_MARGIN_TICKS,
};
use crate::membership::InvalidMembership;
use crate::types::{LogIndex, Term};

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
    /// A lease could outlast the time in which nobody votes.
    #[error(
        "a lease of {lease_ticks} ticks and an election timeout of {election_ticks}: the lease, {CLOCK_DRIFT_PERCENT} % for \
         clocks that drift and {LEASE_MARGIN_TICKS} ticks must fit into the timeout"
    )]
    Lease {
        /// Length of a lease.
        lease_ticks: u32,
        /// Common stage of the election timeout.
        election_ticks: u32,
    },
    /// Another time is zero or too long.
    #[error("{name} is {ticks}; it must be 1 to {ELECTION_TICKS_MAX}")]
    Ticks {
        /// The field of [`crate::Config`].
        name: &'static str,
        /// Its value.
        ticks: u32,
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
    /// A membership makes no sense.
    #[error("the members as of log index {index}: {reason}")]
    Membership {
        /// The index of its entry; zero: the founding members.
        index: LogIndex,
        /// What is wrong.
        reason: InvalidMembership,
    },
    /// The list of memberships does not fit the log.
    #[error("the list of memberships contradicts the log: {0}")]
    MembershipList(&'static str),
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
            Error::Timing { .. } | Error::Lease { .. } | Error::Ticks { .. } | Error::Window { .. } => {
                ErrorClass::Refused
            }
            Error::Membership { index, .. } if *index == LogIndex::ZERO => ErrorClass::Refused,
            Error::Membership { .. }
            | Error::MembershipList(_)
            | Error::LogState(_)
            | Error::TermBehindLog { .. }
            | Error::CommitBeyondLog { .. } => ErrorClass::Fatal,
        }
    }
}
