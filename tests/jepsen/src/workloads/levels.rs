//! Isolation levels, read consistencies, and what is claimed for them.
//!
//! The claims are those of `docs/isolation.md` and `docs/administration.md`.

use std::fmt::{self, Display, Formatter};

/// `transaction_isolation` of the clients.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, clap::ValueEnum)]
pub enum Isolation {
    /// READ UNCOMMITTED.
    ReadUncommitted,
    /// READ COMMITTED.
    ReadCommitted,
    /// REPEATABLE READ.
    RepeatableRead,
    /// SERIALIZABLE.
    Serializable,
}

/// `quorate_read_consistency` of the clients.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, clap::ValueEnum)]
pub enum Consistency {
    /// Sees everything that was acknowledged.
    Strong,
    /// As strong on the leader, as eventual elsewhere.
    Auto,
    /// Sees what the session has seen before on that node.
    Session,
    /// Sees what the node has.
    Eventual,
}

/// Both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Levels {
    /// The isolation level.
    pub isolation: Isolation,
    /// The read consistency.
    pub consistency: Consistency,
}

impl Isolation {
    /// All, weakest first.
    pub const ALL: [Isolation; 4] = [
        Isolation::ReadUncommitted,
        Isolation::ReadCommitted,
        Isolation::RepeatableRead,
        Isolation::Serializable,
    ];

    /// As it stands in a statement.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "READ UNCOMMITTED",
            Isolation::ReadCommitted => "READ COMMITTED",
            Isolation::RepeatableRead => "REPEATABLE READ",
            Isolation::Serializable => "SERIALIZABLE",
        }
    }

    /// As it stands on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "read-uncommitted",
            Isolation::ReadCommitted => "read-committed",
            Isolation::RepeatableRead => "repeatable-read",
            Isolation::Serializable => "serializable",
        }
    }
}

impl Consistency {
    /// All, strongest first.
    pub const ALL: [Consistency; 4] =
        [Consistency::Strong, Consistency::Auto, Consistency::Session, Consistency::Eventual];

    /// As it stands in a statement.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Consistency::Strong => "STRONG",
            Consistency::Auto => "AUTO",
            Consistency::Session => "SESSION",
            Consistency::Eventual => "EVENTUAL",
        }
    }

    /// As it stands on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Consistency::Strong => "strong",
            Consistency::Auto => "auto",
            Consistency::Session => "session",
            Consistency::Eventual => "eventual",
        }
    }

    /// Whether reads on every node see all that was acknowledged.
    #[must_use]
    pub fn is_strong(self) -> bool {
        self == Consistency::Strong
    }
}

impl Display for Levels {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.isolation.name(), self.consistency.name())
    }
}
