//! Bugs that are in the server on purpose, to see whether its tests find them.
//!
//! A harness that finds nothing may be looking at nothing. A server built with the cargo feature `seeded-bugs`, which no release has, makes the
//! one mistake that the environment variable `QUORATE_SEEDED_BUG` names, each at the place where somebody might make it in earnest, and says
//! so loudly when it starts and in its `--version`. `jepsen seeded-bugs` shows that each is found, by the workload and the nemesis that are
//! meant to find it:
//!
//! | bug | workload | nemesis | because |
//! |---|---|---|---|
//! | `ack-before-quorum` | `register` | `partition` | what a deposed leader told OK is gone, and a read right after OK may not see it |
//! | `read-without-lease` | `register` | `partition` | a leader that was cut off answers reads from what it had |
//! | `vote-forgotten` | `register` | `kill` | a node that is started again has a log that is newer than its vote, says so and ends |
//! | `fsync-skipped` | `set` | `kill`, with losses of power | the newest of what was told OK was nowhere on disk when the power went |
//! | `lock-released-before-sequencing` | `append` | `none` | two writers of a row build on the same version: an update is lost |
//! | `stale-snapshot` | `append`, REPEATABLE READ | `none` | a transaction does not see the newest commit, which was told OK before it began |
//! | `lost-undo-after-truncation` | `append` | `partition` | a deposed leader shows a write that the log lost |
//! | `auto-increment-reused` | `unique-ids` | `kill` | a new leader goes on where it was when it started |
//!
//! A node that forgot its vote *quietly*, but knew the term, could let a term have two leaders only if it voted, was started again and was asked
//! again while two candidates of that term stood. As it gives nobody a vote for an election timeout after its start, no run is long enough to
//! show that; the simulator does (`consensus`' `VoteNotPersisted`).
//!
//! The mistakes of the protocol itself are in `consensus`, under its feature `faults`, and are for the simulator.
//!
//! Invariant: without the feature [`SeededBug::is_made`] is `false` at compile time, and nothing of this is left in the program.

/// One bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeededBug {
    /// COMMIT is answered when the transaction has its place in the log, not when the quorum has it.
    AckBeforeQuorum,
    /// A read that must be fresh is answered from what the node has, without lease or question.
    ReadWithoutLease,
    /// Term and vote are not written down.
    VoteForgotten,
    /// The log is synced once in 64 KiB only, and everybody is told that it was at once.
    FsyncSkipped,
    /// Row locks are released before the transaction has its place in the log, and nobody waits for that.
    LockReleasedBeforeSequencing,
    /// A snapshot is taken one index below the watermark.
    StaleSnapshot,
    /// When the log is cut, the versions of the first entry that goes stay in the store, as if it had been committed.
    LostUndoAfterTruncation,
    /// Followers do not take in the counters of transactions, so that a new leader gives out values again.
    AutoIncrementReused,
}

impl SeededBug {
    /// All of them.
    pub const ALL: [SeededBug; 8] = [
        SeededBug::AckBeforeQuorum,
        SeededBug::ReadWithoutLease,
        SeededBug::VoteForgotten,
        SeededBug::FsyncSkipped,
        SeededBug::LockReleasedBeforeSequencing,
        SeededBug::StaleSnapshot,
        SeededBug::LostUndoAfterTruncation,
        SeededBug::AutoIncrementReused,
    ];

    /// Its name, as in `QUORATE_SEEDED_BUG`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SeededBug::AckBeforeQuorum => "ack-before-quorum",
            SeededBug::ReadWithoutLease => "read-without-lease",
            SeededBug::VoteForgotten => "vote-forgotten",
            SeededBug::FsyncSkipped => "fsync-skipped",
            SeededBug::LockReleasedBeforeSequencing => "lock-released-before-sequencing",
            SeededBug::StaleSnapshot => "stale-snapshot",
            SeededBug::LostUndoAfterTruncation => "lost-undo-after-truncation",
            SeededBug::AutoIncrementReused => "auto-increment-reused",
        }
    }

    /// Never: this program was built without the feature.
    #[cfg(not(feature = "seeded-bugs"))]
    #[must_use]
    #[inline]
    pub const fn is_made(self) -> bool {
        false
    }

    /// Whether this process is to make that mistake.
    #[cfg(feature = "seeded-bugs")]
    #[must_use]
    pub fn is_made(self) -> bool {
        chosen() == Ok(Some(self))
    }
}

/// The bug that this process makes, as the environment says; an error names what is no bug.
#[cfg(feature = "seeded-bugs")]
pub fn chosen() -> std::result::Result<Option<SeededBug>, &'static str> {
    static CHOSEN: std::sync::OnceLock<std::result::Result<Option<SeededBug>, String>> =
        std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| match std::env::var("QUORATE_SEEDED_BUG") {
        Err(_) => Ok(None),
        Ok(name) => SeededBug::ALL.into_iter().find(|bug| bug.name() == name).map(Some).ok_or(name),
    });
    chosen.as_ref().copied().map_err(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::SeededBug;

    #[test]
    fn names_are_those_of_the_table() {
        let table = include_str!("seeded_bugs.rs");
        for bug in SeededBug::ALL {
            assert!(table.contains(&format!("//! | `{}` |", bug.name())), "{bug:?}");
        }
    }
}
