//! Which term's entry every committed index holds: what tells the outcome of a transaction that was in doubt.
//!
//! A transaction sequenced at index i in term T is in the log if the committed entry at i is one of term T, and is gone for
//! ever once an entry of a later term is committed at or before i (terms never go down along the log). Until one of the two is
//! known it is in doubt, also after this node's own log was truncated below it: the leader that replaced the entry here
//! may itself fail before it commits anything, and the next one may hold the entry.
//!
//! What is kept is tiny: a *run* for each term that committed anything. Runs outlive the log's entries (they are written down before
//! those are purged, see [`crate::terms_file`]) and the process. What a snapshot jumped over was never seen here; terms that are
//! known before and behind the jump still decide what they can, and the rest is unknown, never guessed.
//!
//! Invariants: runs ascend in index and term and do not overlap; each holds committed entries only; only the last one is open, which
//! means that it goes on to the store's watermark.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::limits::DECIDED_TERMS_MAX;

/// End of the run that goes on to the watermark.
const OPEN: u64 = u64::MAX;

/// Committed entries of one term that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Index of the first known entry.
    pub first: u64,
    /// Index of the last known entry.
    pub last: u64,
    /// Their term.
    pub term: u64,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the log for ever.
    Committed,
    /// It can never be.
    Gone,
    /// Nothing is committed yet, as far as this node has applied the log, that would tell.
    Open,
    /// The place in the log was committed before this node's memory begins, or lies in what a snapshot jumped over.
    Forgotten,
}

/// See the module.
#[derive(Debug, Default)]
pub struct DecidedTerms {
    /// Moved by the apply alone, once the node has started.
    runs: RwLock<VecDeque<Run>>,
    /// Counts the changes of what would be written down.
    changes: AtomicU64,
}

impl DecidedTerms {
    /// What is known at the start, with the store at `watermark`: the runs that were written down, then those of the log that is here. Both
    /// may reach past the watermark (the log's end may not even be committed); that part is left out and comes by the apply.
    ///
    /// # Errors
    /// When the two contradict each other; nothing is known then.
    pub fn seed(&self, written: &[Run], log: &[Run], watermark: u64) -> Result<(), String> {
        let mut runs: VecDeque<Run> = VecDeque::new();
        for run in written.iter().chain(log) {
            let covered = runs.back().map_or(0, |last| last.last);
            let (first, last) = (run.first.max(covered + 1), run.last.min(watermark));
            if first > last {
                continue;
            }
            match runs.back_mut() {
                Some(before) if before.term > run.term => {
                    return Err(format!("term {} at index {first} follows term {}", run.term, before.term));
                }
                // What lies between two entries of one term is of that term.
                Some(before) if before.term == run.term => before.last = last,
                Some(_) | None => runs.push_back(Run { first, last, term: run.term }),
            }
        }
        if let Some(last) = runs.back_mut().filter(|last| last.last == watermark) {
            last.last = OPEN;
        }
        while runs.len() > DECIDED_TERMS_MAX {
            runs.pop_front();
        }
        *self.runs.write() = runs;
        Ok(())
    }

    /// The apply is at an entry of `term`, at `index`, which follows the last one that it applied. To be said at the first entry of a term
    /// and at the first after a start, before the watermark passes it.
    pub fn begins(&self, index: u64, term: u64) {
        let mut runs = self.runs.write();
        if let Some(before) = runs.back_mut() {
            assert!(before.first < index && before.term <= term, "terms never go down along the log");
            if before.term == term {
                before.last = OPEN;
                return;
            }
            before.last = before.last.min(index - 1);
        }
        self.push(&mut runs, Run { first: index, last: OPEN, term });
    }

    /// A snapshot is about to be loaded that ends with the entry `index` of `term`: what lies between `applied`, the last entry that was
    /// applied, and that one was never seen here. To be said before the watermark jumps.
    pub fn jumps(&self, applied: u64, index: u64, term: u64) {
        let mut runs = self.runs.write();
        // An entry that was applied, and one in the snapshot, are both committed: one that is loaded again replaces nothing.
        while runs.back().is_some_and(|last| last.first > applied) {
            runs.pop_back();
        }
        if let Some(before) = runs.back_mut() {
            assert!(before.term <= term, "terms never go down along the log");
            before.last = before.last.min(applied);
            if before.term == term {
                before.last = OPEN;
                self.changes.fetch_add(1, Ordering::Release);
                return;
            }
        }
        self.push(&mut runs, Run { first: index, last: OPEN, term });
    }

    fn push(&self, runs: &mut VecDeque<Run>, run: Run) {
        runs.push_back(run);
        if runs.len() > DECIDED_TERMS_MAX {
            runs.pop_front();
        }
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// What became of the entry that `term` had at `index`, with the store at `watermark`.
    pub fn fate(&self, index: u64, term: u64, watermark: u64) -> Fate {
        let runs = self.runs.read();
        let upto = index.min(watermark);
        let place = runs.partition_point(|run| run.first <= upto);
        let before = place.checked_sub(1).map(|place| runs[place]);
        if let Some(run) = before {
            // Also when the run ends before the index: what comes behind is of no earlier term.
            if run.term > term {
                return Fate::Gone;
            }
            if index <= watermark && index <= run.last {
                return if run.term == term { Fate::Committed } else { Fate::Gone };
            }
        }
        if index > watermark {
            return Fate::Open;
        }
        match runs.get(place) {
            // The entry that is committed there is of that term at most.
            Some(after) if after.first <= watermark && after.term < term => Fate::Gone,
            Some(_) | None => Fate::Forgotten,
        }
    }

    /// What is to be written down, with the store at `watermark`.
    #[must_use]
    pub fn runs(&self, watermark: u64) -> Vec<Run> {
        let runs = self.runs.read();
        let known = runs.iter().filter(|run| run.first <= watermark);
        known.map(|run| Run { last: run.last.min(watermark), ..*run }).collect()
    }

    /// A number that changes when terms come in, for who writes them down.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u64, last: u64, term: u64) -> Run {
        Run { first, last, term }
    }

    #[test]
    fn an_entry_is_in_doubt_until_its_place_or_a_later_term_is_committed() {
        let decided = DecidedTerms::default();
        assert_eq!(decided.fate(5, 2, 0), Fate::Open, "nothing is applied yet");
        decided.begins(1, 2);
        assert_eq!(decided.fate(5, 2, 4), Fate::Open);
        assert_eq!(decided.fate(5, 2, 5), Fate::Committed);
        // A new leader's empty entry of term 3 is committed at 6.
        decided.begins(6, 3);
        assert_eq!(decided.fate(5, 2, 6), Fate::Committed);
        assert_eq!(decided.fate(6, 2, 6), Fate::Gone);
        assert_eq!(
            decided.fate(9, 2, 6),
            Fate::Gone,
            "it can come no more, although index 9 is not there yet"
        );
        assert_eq!(decided.fate(9, 3, 6), Fate::Open);
        assert_eq!(decided.fate(9, 2, 5), Fate::Open, "what is not committed yet decides nothing");
        assert_eq!(decided.fate(5, 3, 6), Fate::Gone, "the place is another term's");
    }

    #[test]
    fn what_is_long_ago_is_not_guessed() {
        let decided = DecidedTerms::default();
        for term in 1..=DECIDED_TERMS_MAX as u64 + 1 {
            decided.begins(10 * term, term);
        }
        assert_eq!(decided.fate(10, 1, 1 << 40), Fate::Forgotten);
        assert_eq!(decided.fate(25, 2, 1 << 40), Fate::Committed);
        assert_eq!(decided.fate(11, 3, 1 << 40), Fate::Gone, "what is there is of term 2 at most");
    }

    /// What a snapshot jumped over may have been anything between the terms around it.
    #[test]
    fn of_entries_that_a_snapshot_jumped_over_only_what_is_certain_is_said() {
        let decided = DecidedTerms::default();
        decided.begins(1, 2);
        decided.jumps(10, 20, 5);
        // Already before the watermark jumps, and after.
        for watermark in [10, 20] {
            assert_eq!(decided.fate(5, 2, watermark), Fate::Committed);
            assert_ne!(
                decided.fate(15, 2, watermark),
                Fate::Committed,
                "another leader may have replaced it"
            );
        }
        assert_eq!(decided.fate(15, 2, 20), Fate::Forgotten);
        assert_eq!(decided.fate(15, 4, 20), Fate::Forgotten);
        assert_eq!(decided.fate(15, 5, 20), Fate::Forgotten);
        assert_eq!(decided.fate(15, 1, 20), Fate::Gone, "term 2 was there before it");
        assert_eq!(decided.fate(15, 6, 20), Fate::Gone, "term 5 comes behind it");
        assert_eq!(decided.fate(21, 4, 21), Fate::Gone);
        assert_eq!(decided.fate(21, 5, 21), Fate::Committed);
        // A jump within one term hides nothing.
        decided.jumps(30, 60, 5);
        assert_eq!(decided.fate(45, 5, 60), Fate::Committed);
    }

    #[test]
    fn what_was_written_down_and_the_log_together_are_known_after_a_start() {
        let decided = DecidedTerms::default();
        decided.begins(1, 1);
        decided.begins(50, 3);
        let written = decided.runs(70);
        assert_eq!(written, [run(1, 49, 1), run(50, 70, 3)]);

        // The log was purged up to 60; it has entries up to 90, of which those from 81 on are not applied, and may never be committed.
        let again = DecidedTerms::default();
        again.seed(&written, &[run(60, 75, 3), run(76, 80, 4), run(81, 90, 7)], 80).unwrap();
        assert_eq!(again.fate(20, 1, 80), Fate::Committed);
        assert_eq!(again.fate(60, 3, 80), Fate::Committed);
        assert_eq!(again.fate(76, 3, 80), Fate::Gone);
        assert_eq!(again.fate(85, 7, 80), Fate::Open);
        assert_eq!(again.fate(85, 4, 80), Fate::Open);
        // The apply goes on where the store stands: in the term that was last there.
        again.begins(81, 4);
        assert_eq!(again.fate(81, 4, 81), Fate::Committed);
        assert_eq!(again.runs(81), [run(1, 49, 1), run(50, 75, 3), run(76, 81, 4)]);
    }

    #[test]
    fn a_gap_between_what_was_written_down_and_the_log_stays_one() {
        let decided = DecidedTerms::default();
        decided.seed(&[run(1, 40, 1)], &[run(60, 80, 3)], 80).unwrap();
        assert_eq!(decided.fate(40, 1, 80), Fate::Committed);
        assert_eq!(decided.fate(50, 1, 80), Fate::Forgotten);
        assert_eq!(decided.fate(50, 4, 80), Fate::Gone);
        assert_eq!(decided.fate(60, 3, 80), Fate::Committed);
        assert!(DecidedTerms::default().seed(&[run(1, 40, 5)], &[run(41, 80, 3)], 80).is_err());
    }

    /// A store that was lost is far behind its log: the watermark goes from nothing to the snapshot's end.
    #[test]
    fn a_store_that_was_lost_begins_with_its_snapshot() {
        let decided = DecidedTerms::default();
        decided.seed(&[run(1, 40, 1)], &[run(41, 80, 3)], 0).unwrap();
        assert_eq!(decided.fate(10, 1, 0), Fate::Open);
        decided.jumps(0, 60, 3);
        assert_eq!(decided.fate(60, 3, 60), Fate::Committed);
        assert_eq!(decided.fate(10, 1, 60), Fate::Forgotten);
    }
}
