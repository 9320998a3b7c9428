//! Differences that are known, and not followed: each has a name, a reason, and a line of `docs/compatibility.md`.
//!
//! None of them hides rows: where both servers gave rows and the rows are not the same, nothing is excused. A run says how
//! often each excused something, so that one that is never met can go.

use crate::compare::{Answer, Rules, same_rows};

/// Two answers to one statement that are not the same.
#[derive(Clone, Copy, Debug)]
pub struct Met<'m> {
    /// The statement.
    pub statement: &'m str,
    /// What CREATE TABLE said of its tables.
    pub schema: &'m str,
    /// Ours.
    pub ours: &'m Answer,
    /// MySQL's.
    pub theirs: &'m Answer,
}

/// A difference that is known.
pub struct Known {
    /// Its name, as `docs/compatibility.md` has it.
    pub name: &'static str,
    /// Why it is not followed.
    pub why: &'static str,
    /// Whether this is one.
    pub is: fn(&Met<'_>) -> bool,
}

/// All of them.
pub const KNOWN: &[Known] = &[];

impl Met<'_> {
    /// Our error's number.
    #[must_use]
    pub fn our_error(&self) -> Option<u16> {
        self.ours.error()
    }

    /// MySQL's error's number.
    #[must_use]
    pub fn their_error(&self) -> Option<u16> {
        self.theirs.error()
    }

    /// Whether it is no query.
    #[must_use]
    pub fn is_change(&self) -> bool {
        ["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|verb| self.statement.starts_with(verb))
    }
}

/// The name of the known difference that this is.
#[must_use]
pub fn excuse(met: &Met<'_>, rules: Rules) -> Option<&'static str> {
    if let (Answer::Rows(_, ours), Answer::Rows(_, theirs)) = (met.ours, met.theirs)
        && !same_rows(ours, theirs, rules)
    {
        return None;
    }
    KNOWN.iter().find(|known| (known.is)(met)).map(|known| known.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_difference_is_on_the_page() {
        let page = include_str!("../../../docs/compatibility.md");
        for known in KNOWN {
            assert!(page.contains(&format!("`{}`", known.name)), "{}", known.name);
            assert!(!known.why.is_empty(), "{}", known.name);
        }
    }

    #[test]
    fn rows_that_differ_are_never_excused() {
        let ours = Answer::Rows(Vec::new(), vec![vec![None]]);
        let theirs = Answer::Rows(Vec::new(), Vec::new());
        let met = Met { statement: "SELECT 1", schema: "", ours: &ours, theirs: &theirs };
        assert_eq!(excuse(&met, Rules::default()), None);
    }
}
