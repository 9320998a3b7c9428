//! Differences that are known, and not followed: each has a name, a reason, and a line of `docs/compatibility.md`.
//!
//! None of them hides rows: where both servers gave rows and the rows are not the same, nothing is excused. A run says how
//! often each excused something, so that one that is never met can go.

use crate::compare::{Answer, Outcome, Rules, same_rows};

/// Two answers to one statement that are not the same.
#[derive(Clone, Copy, Debug)]
pub struct Met<'m> {
    /// The statement.
    pub statement: &'m str,
    /// What CREATE TABLE said of its tables.
    pub schema: &'m str,
    /// Ours.
    pub ours: &'m Outcome,
    /// MySQL's.
    pub theirs: &'m Outcome,
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
pub const KNOWN: &[Known] = &[
    Known {
        name: "error-order",
        why: "both refuse the change, for another one of the values that are wrong with it: MySQL reads constants late, \
              other rows early, as its plan goes",
        is: |met| {
            let (ours, theirs) = (quoted(&met.ours.answer), quoted(&met.theirs.answer));
            let is_of_values = is_of_value(met.our_error()) && is_of_value(met.their_error());
            met.is_change() && is_of_values && ours != theirs
        },
    },
    Known {
        name: "primary-key-ranges",
        why: "a constant that is computed, compared with the primary key, is read by MySQL's range optimizer, which throws \
              its warnings away",
        is: |met| {
            met.our_error() == Some(1292)
                && met.their_error().is_none()
                && met.is_change()
                && COMPARISONS.iter().any(|op| {
                    met.statement.contains(&format!("{op} id)"))
                        || met.statement.contains(&format!("(id {op}"))
                })
        },
    },
];

const COMPARISONS: [&str; 7] = [" =", " <>", " <", " <=", " >", " >=", " <=>"];

/// What an error says is wrong: the first text in quotes, a value or a column.
fn quoted(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Error(_, message) => message.split('\'').nth(1),
        Answer::Rows(..) | Answer::Count(_) => None,
    }
}

/// Errors about one value.
fn is_of_value(error: Option<u16>) -> bool {
    matches!(
        error,
        Some(1048 | 1264 | 1265 | 1292 | 1364 | 1365 | 1366 | 1406 | 1411 | 1441 | 1525 | 1062 | 1452 | 3819)
    )
}

impl Met<'_> {
    /// Our error's number.
    #[must_use]
    pub fn our_error(&self) -> Option<u16> {
        self.ours.answer.error()
    }

    /// MySQL's error's number.
    #[must_use]
    pub fn their_error(&self) -> Option<u16> {
        self.theirs.answer.error()
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
    if let (Answer::Rows(_, ours), Answer::Rows(_, theirs)) = (&met.ours.answer, &met.theirs.answer)
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
        let outcome = |rows| Outcome { answer: Answer::Rows(Vec::new(), rows), warnings: Vec::new() };
        let (ours, theirs) = (outcome(vec![vec![None]]), outcome(Vec::new()));
        let met = Met { statement: "SELECT 1", schema: "", ours: &ours, theirs: &theirs };
        assert_eq!(excuse(&met, Rules::default()), None);
    }
}
