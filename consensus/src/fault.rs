//! Deliberate mistakes in the protocol.
//!
//! A simulator that finds nothing may be looking at nothing. With the cargo feature `faults`, which no server has, a replica can
//! be told to make one of these mistakes, and the simulator's own tests show that it finds each.
//!
//! Invariant: without the feature [`Config::has`] is `false` at compile time, and nothing of this is left in the program.
//!
//! Left out: mistakes of the driver, but for [`Fault::LeaseTooLong`], which is listed so that all are in one place.

use crate::config::Config;

/// One mistake.
#[cfg_attr(not(feature = "faults"), expect(dead_code, reason = "nobody makes mistakes without the feature"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A leader commits entries of earlier terms by counting (Raft, figure 8).
    CommitOldTerm,
    /// A vote is spoken of, but not written down.
    VoteNotPersisted,
    /// Entries are acknowledged before they are on disk.
    AckBeforeSync,
    /// The driver's: a lease three times as long as is safe. The core ignores it.
    LeaseTooLong,
    /// A follower drops whatever lies behind the entries of any append, committed or not.
    TruncateCommitted,
    /// A membership comes into force when it is committed, not when it is in the log.
    MembershipLate,
    /// A new leader does not begin with an empty entry, and takes itself for ready at once.
    NoEmptyEntry,
    /// The answers of learners count in rounds of heartbeats and in the leader's check of who hears it.
    LearnerCounted,
    /// Votes are given although a leader was heard just now.
    StickinessIgnored,
    /// A leader answers reads without asking whether it still leads.
    ReadWithoutRound,
    /// A second change of the members is taken before the first is committed.
    TwoChangesAtOnce,
    /// Commits do not wait for strong-sync voters.
    StrongSyncIgnored,
    /// A term that was heard of, and in which the node has not voted, is not written down.
    TermForgotten,
}

#[cfg(feature = "faults")]
impl Fault {
    /// All of them.
    pub const ALL: [Fault; 13] = [
        Fault::CommitOldTerm,
        Fault::VoteNotPersisted,
        Fault::AckBeforeSync,
        Fault::LeaseTooLong,
        Fault::TruncateCommitted,
        Fault::MembershipLate,
        Fault::NoEmptyEntry,
        Fault::LearnerCounted,
        Fault::StickinessIgnored,
        Fault::ReadWithoutRound,
        Fault::TwoChangesAtOnce,
        Fault::StrongSyncIgnored,
        Fault::TermForgotten,
    ];
}

impl Config {
    /// Whether this replica is to make that mistake.
    #[cfg(feature = "faults")]
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Never: this program was built without the feature.
    #[cfg(not(feature = "faults"))]
    #[must_use]
    #[expect(clippy::unused_self, reason = "the same call with and without the feature")]
    pub(crate) const fn has(&self, _fault: Fault) -> bool {
        false
    }
}
