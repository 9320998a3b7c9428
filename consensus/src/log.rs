//! What the core knows of the log: where it begins and ends, and the term of every entry. The entries themselves are the
//! driver's.
//!
//! Terms are kept as runs: the first index of each term, which is a handful of pairs for a log of any length.
//!
//! Invariants: runs ascend strictly in index and in term; the first run starts at the first entry held; `base` is the
//! entry before it (index and term zero when nothing was ever purged); the log is empty exactly when there are no runs,
//! and then its last entry is `base`.
//!
//! Left out: who is a member, which is in the entries too (`members_in_force`).

use alloc::vec::Vec;

use crate::error::Error;
use crate::limits::{INDEX_MAX, TERM_MAX};
use crate::types::{LogIndex, Term};

/// The log as it was found at start. Everything in it is on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogState {
    /// First entry held; `last + 1` when none is.
    pub first: LogIndex,
    /// Last entry held; the index of `base` when none is.
    pub last: LogIndex,
    /// First index of each term, ascending.
    pub term_runs: Vec<(LogIndex, Term)>,
    /// The entry before `first` and its term: both zero when nothing was purged.
    pub base: (LogIndex, Term),
}

impl LogState {
    /// The log of a node that has never written anything.
    #[must_use]
    pub fn empty() -> LogState {
        LogState { first: LogIndex::new(1), ..LogState::default() }
    }
}

/// The log's shape as the core moves it. Always what the disk will hold once all writes so far are done.
#[derive(Debug)]
pub(crate) struct Log {
    base: (LogIndex, Term),
    last: LogIndex,
    runs: Vec<(LogIndex, Term)>,
}

impl Log {
    /// Checks what was found on disk.
    pub(crate) fn open(state: LogState) -> Result<Log, Error> {
        let LogState { first, last, term_runs, base } = state;
        if first.get() > INDEX_MAX || last.get() > INDEX_MAX {
            return Err(Error::LogState("an index is impossibly large"));
        }
        if base.0.next() != first {
            return Err(Error::LogState("the base is not the entry before the first"));
        }
        if (base.0 == LogIndex::ZERO) != (base.1 == Term::ZERO) {
            return Err(Error::LogState("the base has an index without a term or the reverse"));
        }
        if last < base.0 {
            return Err(Error::LogState("the log ends before it begins"));
        }
        if (last == base.0) != term_runs.is_empty() {
            return Err(Error::LogState("the term runs do not cover the entries"));
        }
        if term_runs.first().is_some_and(|run| run.0 != first || run.1 < base.1 || run.1 == Term::ZERO) {
            return Err(Error::LogState("the first term run does not continue the base"));
        }
        if term_runs.windows(2).any(|pair| pair[0].0 >= pair[1].0 || pair[0].1 >= pair[1].1) {
            return Err(Error::LogState("the term runs do not ascend"));
        }
        if term_runs.last().is_some_and(|run| run.0 > last || run.1.get() > TERM_MAX) {
            return Err(Error::LogState("the last term run lies past the last entry"));
        }
        Ok(Log { base, last, runs: term_runs })
    }

    pub(crate) fn base_index(&self) -> LogIndex {
        self.base.0
    }

    pub(crate) fn last_index(&self) -> LogIndex {
        self.last
    }

    pub(crate) fn last_term(&self) -> Term {
        self.runs.last().map_or(self.base.1, |run| run.1)
    }

    /// The term of an entry; nothing when it is purged or not yet there.
    pub(crate) fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index > self.last || index < self.base.0 {
            return None;
        }
        // Almost every question is about the newest term.
        match self.runs.last() {
            Some(&(first, term)) if index >= first => Some(term),
            _ => Some(self.run_at(index).map_or(self.base.1, |position| self.runs[position].1)),
        }
    }

    /// Which run an index lies in; none for the base.
    fn run_at(&self, index: LogIndex) -> Option<usize> {
        self.runs.partition_point(|run| run.0 <= index).checked_sub(1)
    }

    /// The first index held that has the term of the entry at `index` (the base counts as its own first).
    pub(crate) fn first_of_term_at(&self, index: LogIndex) -> LogIndex {
        debug_assert!(index >= self.base.0 && index <= self.last);
        self.run_at(index).map_or(self.base.0, |position| self.runs[position].0)
    }

    /// The last entry at or before `upto` whose term is at most `term`; an index before the base, whose term is unknown,
    /// when there is none.
    pub(crate) fn last_at_most(&self, term: Term, upto: LogIndex) -> LogIndex {
        let upto = upto.min(self.last);
        if upto < self.base.0 {
            return upto;
        }
        // Runs ascend in both, so the answer is in the last run that satisfies both, cut by the run after it.
        let after = self.runs.partition_point(|run| run.1 <= term);
        if after == 0 && self.base.1 > term {
            return self.base.0.prev();
        }
        match self.runs.get(after) {
            Some(next) => upto.min(next.0.prev()),
            None => upto,
        }
    }

    /// Whether a log that ends with this entry holds at least what this one holds (Raft, section 5.4.1).
    pub(crate) fn is_covered_by(&self, last_index: LogIndex, last_term: Term) -> bool {
        (last_term, last_index) >= (self.last_term(), self.last)
    }

    /// Adds `count` entries of one term at the end.
    pub(crate) fn append(&mut self, term: Term, count: u64) {
        assert!(term >= self.last_term() && term != Term::ZERO, "terms never go down along the log");
        if count == 0 {
            return;
        }
        if self.runs.last().is_none_or(|run| run.1 != term) {
            self.runs.push((self.last.next(), term));
        }
        self.last = self.last.plus(count);
    }

    /// Drops the entries from `from` on.
    pub(crate) fn truncate(&mut self, from: LogIndex) {
        assert!(from > self.base.0 && from <= self.last, "only entries that are held can be dropped");
        self.last = from.prev();
        while self.runs.last().is_some_and(|run| run.0 > self.last) {
            self.runs.pop();
        }
    }

    /// Holds nothing any more, after `base`: a snapshot has taken the place of everything.
    pub(crate) fn reset(&mut self, base: (LogIndex, Term)) {
        assert!(base.0 > self.base.0 && base.1 >= self.base.1, "a snapshot leads forward");
        self.base = base;
        self.last = base.0;
        self.runs.clear();
    }

    /// Forgets the entries up to `upto`, which becomes the base.
    pub(crate) fn purge(&mut self, upto: LogIndex) {
        let Some(term) = self.term_at(upto) else { return };
        let kept = self.runs.partition_point(|run| run.0 <= upto);
        if kept > 0 {
            self.runs.drain(..kept - 1);
            self.runs[0].0 = upto.next();
            if self.runs[0].0 > self.last || self.runs.get(1).is_some_and(|run| run.0 == upto.next()) {
                self.runs.remove(0);
            }
        }
        self.base = (upto, term);
        assert!(self.runs.first().is_none_or(|run| run.0 == upto.next()), "the runs start after the base");
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn index(number: u64) -> LogIndex {
        LogIndex::new(number)
    }

    fn term(number: u64) -> Term {
        Term::new(number)
    }

    /// Entries 3 to 10 in terms 2, 2, 2, 4, 4, 7, 7, 7 over a base of (2, 2).
    fn sample() -> Log {
        let term_runs = vec![(index(3), term(2)), (index(6), term(4)), (index(8), term(7))];
        let base = (index(2), term(2));
        Log::open(LogState { first: index(3), last: index(10), term_runs, base }).unwrap()
    }

    /// The same as a plain list, against which every question is checked.
    const TERMS: [(u64, u64); 9] = [(2, 2), (3, 2), (4, 2), (5, 2), (6, 4), (7, 4), (8, 7), (9, 7), (10, 7)];

    #[test]
    fn terms_are_those_of_the_list() {
        let log = sample();
        for at in 0..13 {
            let expected = TERMS.iter().find(|pair| pair.0 == at).map(|pair| term(pair.1));
            assert_eq!(log.term_at(index(at)), expected, "index {at}");
        }
    }

    #[test]
    fn the_last_entry_of_at_most_a_term_is_found() {
        let log = sample();
        for at_most in 2..9 {
            for upto in 2..12 {
                let expected = TERMS.iter().rev().find(|pair| pair.0 <= upto && pair.1 <= at_most).unwrap().0;
                assert_eq!(log.last_at_most(term(at_most), index(upto)), index(expected), "{at_most} {upto}");
            }
        }
        assert_eq!(log.last_at_most(term(1), index(9)), index(1), "before the base, its term unknown");
    }

    #[test]
    fn truncation_and_appending_keep_the_runs() {
        let mut log = sample();
        log.truncate(index(7));
        assert_eq!((log.last_index(), log.last_term()), (index(6), term(4)));
        log.append(term(4), 1);
        log.append(term(9), 2);
        assert_eq!(log.runs, vec![(index(3), term(2)), (index(6), term(4)), (index(8), term(9))]);
        log.truncate(index(3));
        assert_eq!((log.last_index(), log.last_term(), log.runs.len()), (index(2), term(2), 0));
    }

    #[test]
    fn purging_anywhere_keeps_the_terms_of_the_rest() {
        for upto in 2..=10 {
            let mut log = sample();
            log.purge(index(upto));
            for at in 0..13 {
                let expected = TERMS.iter().find(|pair| pair.0 == at && at >= upto).map(|pair| term(pair.1));
                assert_eq!(log.term_at(index(at)), expected, "purged up to {upto}, index {at}");
            }
            assert_eq!(log.last_term(), term(7));
            log.append(term(7), 1);
            assert_eq!(log.term_at(index(11)), Some(term(7)));
        }
    }

    #[test]
    fn a_reset_log_goes_on_behind_its_base() {
        let mut log = sample();
        log.reset((index(20), term(9)));
        assert_eq!((log.last_index(), log.last_term(), log.base_index()), (index(20), term(9), index(20)));
        assert_eq!((log.term_at(index(20)), log.term_at(index(10))), (Some(term(9)), None));
        log.append(term(9), 1);
        assert_eq!(log.term_at(index(21)), Some(term(9)));
    }

    #[test]
    fn a_description_that_contradicts_itself_is_refused() {
        let good = LogState {
            first: index(3),
            last: index(5),
            term_runs: vec![(index(3), term(2)), (index(4), term(3))],
            base: (index(2), term(1)),
        };
        assert!(Log::open(good.clone()).is_ok());
        assert!(Log::open(LogState::empty()).is_ok());
        let bad = [
            LogState { first: index(4), ..good.clone() },
            LogState { last: index(1), ..good.clone() },
            LogState { last: index(3), ..good.clone() },
            LogState { term_runs: vec![], ..good.clone() },
            LogState { term_runs: vec![(index(4), term(3))], ..good.clone() },
            LogState { term_runs: vec![(index(3), term(3)), (index(4), term(2))], ..good.clone() },
            LogState { base: (index(2), term(0)), ..good.clone() },
            LogState { base: (index(2), term(3)), ..good.clone() },
            LogState { last: index(u64::MAX), ..good },
        ];
        for state in bad {
            assert!(matches!(Log::open(state.clone()), Err(Error::LogState(_))), "{state:?}");
        }
    }
}
