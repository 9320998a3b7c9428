//! What a checker says of a history.

use crate::edn::Value;

/// Jepsen's `:valid?`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Valid {
    /// The history is one that the model allows.
    Yes,
    /// It is not.
    No,
    /// There is too little to say: fewer operations than the floor, or a checker that ran out of its bounds.
    Unknown,
}

/// A verdict of one checker.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// Who says it: `linearizable`, `bank`.
    pub checker: String,
    /// What it says.
    pub valid: Valid,
    /// For people, one finding an element: what is wrong, with indexes of the history.
    pub findings: Vec<String>,
    /// Counts and details, a map, as they stand in `results.edn`.
    pub details: Value,
    /// Drawings of what is wrong: name of the file (`cycle-0.svg`) and content.
    pub drawings: Vec<(String, String)>,
}

impl Valid {
    /// `valid`, `invalid`, `unknown`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Valid::Yes => "valid",
            Valid::No => "invalid",
            Valid::Unknown => "unknown",
        }
    }

    /// The verdict of all: wrong if any is wrong, else unknown if any is unknown.
    #[must_use]
    pub fn of_all(verdicts: impl IntoIterator<Item = Valid>) -> Valid {
        verdicts.into_iter().fold(Valid::Yes, |all, one| match (all, one) {
            (Valid::No, _) | (_, Valid::No) => Valid::No,
            (Valid::Unknown, _) | (_, Valid::Unknown) => Valid::Unknown,
            (Valid::Yes, Valid::Yes) => Valid::Yes,
        })
    }
}
