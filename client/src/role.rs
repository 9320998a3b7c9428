//! What a node says that it is.

use crate::QueryResult;

/// A node's role, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It leads, and takes writes.
    Leader,
    /// It follows, and answers reads.
    Follower,
    /// Any other answer, such as `candidate`.
    Other(String),
}

impl Role {
    pub(crate) fn from_answer(result: &QueryResult) -> Role {
        match result.scalar().unwrap_or_default().to_ascii_lowercase().as_str() {
            "leader" => Role::Leader,
            "follower" => Role::Follower,
            other => Role::Other(other.to_owned()),
        }
    }
}
