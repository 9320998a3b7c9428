//! Which term's entry every committed index holds, as far as it can still be asked for.
//!
//! A transaction sequenced at index i in term T is in the log if the committed entry at i is one of term T, and is gone for
//! ever once an entry of a later term is committed at or before i (terms never go down along the log). Until one of the two is
//! known it is in doubt, also after this node's own log was truncated below it: the leader that replaced the entry here
//! may itself fail before it commits anything, and the next one may hold the entry.
//!
//! Left out: asking for transactions of before this process started, which comes with the table of GTIDs.

use std::collections::VecDeque;

use parking_lot::RwLock;

use crate::limits::DECIDED_TERMS_MAX;

/// The terms of the entries applied since the process started.
#[derive(Debug, Default)]
pub struct DecidedTerms {
    /// First applied index of each term, and the term; ascending in both. Moved by the apply alone.
    runs: RwLock<VecDeque<(u64, u64)>>,
}

impl DecidedTerms {
    /// The apply has met the first entry of `term`, at `index`. To be said before the watermark passes it.
    pub fn begins(&self, index: u64, term: u64) {
        let mut runs = self.runs.write();
        assert!(
            runs.back().is_none_or(|last| last.0 < index && last.1 < term),
            "terms never go down along the log"
        );
        runs.push_back((index, term));
        if runs.len() > DECIDED_TERMS_MAX {
            runs.pop_front();
        }
    }

    /// A snapshot was loaded that ends with the entry `index` of `term`: what lies between the last applied entry and that one was
    /// never seen here, so nothing can be said of it.
    pub fn jumps(&self, index: u64, term: u64) {
        let mut runs = self.runs.write();
        runs.clear();
        runs.push_back((index, term));
    }

    /// Whether the entry that `term` had at `index` is committed (true) or gone for ever (false), with the store at
    /// `watermark`; none while that is open, or when it was too long ago to be known.
    pub fn fate(&self, index: u64, term: u64, watermark: u64) -> Option<bool> {
        let runs = self.runs.read();
        let upto = index.min(watermark);
        let place = runs.partition_point(|run| run.0 <= upto).checked_sub(1)?;
        let newest = runs[place].1;
        if newest > term {
            return Some(false);
        }
        (watermark >= index).then_some(newest == term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_in_doubt_until_its_place_or_a_later_term_is_committed() {
        let decided = DecidedTerms::default();
        assert_eq!(decided.fate(5, 2, 0), None, "nothing is applied yet");
        decided.begins(1, 2);
        assert_eq!(decided.fate(5, 2, 4), None);
        assert_eq!(decided.fate(5, 2, 5), Some(true));
        // A new leader's empty entry of term 3 is committed at 6.
        decided.begins(6, 3);
        assert_eq!(decided.fate(5, 2, 6), Some(true));
        assert_eq!(decided.fate(6, 2, 6), Some(false));
        assert_eq!(
            decided.fate(9, 2, 6),
            Some(false),
            "it can come no more, although index 9 is not there yet"
        );
        assert_eq!(decided.fate(9, 3, 6), None);
        assert_eq!(decided.fate(9, 2, 5), None, "what is not committed yet decides nothing");
    }

    #[test]
    fn what_is_long_ago_is_not_guessed() {
        let decided = DecidedTerms::default();
        for term in 1..=DECIDED_TERMS_MAX as u64 + 1 {
            decided.begins(10 * term, term);
        }
        assert_eq!(decided.fate(10, 1, 1 << 40), None);
        assert_eq!(decided.fate(25, 2, 1 << 40), Some(true));
    }

    /// What a snapshot jumped over may have been anything.
    #[test]
    fn nothing_is_said_of_entries_that_a_snapshot_jumped_over() {
        let decided = DecidedTerms::default();
        decided.begins(1, 2);
        assert_eq!(decided.fate(5, 2, 10), Some(true));
        decided.jumps(20, 4);
        assert_eq!(decided.fate(15, 2, 20), None, "another leader may have replaced it");
        assert_eq!(decided.fate(5, 2, 20), None);
        assert_eq!(decided.fate(21, 3, 21), Some(false));
        assert_eq!(decided.fate(21, 4, 21), Some(true));
    }
}
