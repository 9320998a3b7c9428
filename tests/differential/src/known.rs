//! Differences that are known, and why they are not mended: what the generator does not make, and what a comparison lets pass.
//!
//! | what | why | how it is kept out |
//! |---|---|---|
//! | `GREATEST` and `LEAST` of a date and a text that is none | MySQL 9.7 answers `16383-15-31`, no date at all | the generator makes both of numbers or of texts only |
//! | which of two errors a statement that changes rows meets first | MySQL may read all rows before it changes one, as its plan goes; ours does so in other cases | two different errors of one such statement are [`Verdict::Open`] |
//! | errors 1690, 1242, 3024 | they depend on which expressions a plan evaluates, for which rows | one side's are [`Verdict::Open`] |
//!
//! The list is in `docs/compatibility.md` too. It is to stay short: an entry is a quirk of MySQL's, or of its plans, not a
//! bug of ours.

use crate::compare::{Answer, Verdict};

/// A verdict on a statement that changes rows: two errors are a matter of order.
#[must_use]
pub fn of_change(ours: &Answer, theirs: &Answer, verdict: Verdict) -> Verdict {
    match (ours, theirs) {
        (Answer::Error(..), Answer::Error(..)) if verdict == Verdict::Different => Verdict::Open,
        _ => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_errors_of_a_change_are_open() {
        let error = |code| Answer::Error(code, String::new());
        assert_eq!(of_change(&error(1048), &error(1292), Verdict::Different), Verdict::Open);
        assert_eq!(of_change(&error(1048), &Answer::Count(1), Verdict::Different), Verdict::Different);
        assert_eq!(of_change(&error(1048), &error(1048), Verdict::Same), Verdict::Same);
    }
}
