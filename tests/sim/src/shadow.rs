//! The shape of a log, as terms of its entries, kept beside the real one to compare with.

use consensus::HardState;

/// The terms of a log's entries, and the hard state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shadow {
    /// The entry before the first.
    pub base: u64,
    /// Its term.
    pub base_term: u64,
    /// The terms of the entries behind it.
    pub terms: Vec<u64>,
    /// Term and vote.
    pub hard_state: HardState,
}

/// A write in short.
#[derive(Clone, Debug)]
pub enum Change {
    /// Entries of these terms at the end.
    Append(Vec<u64>),
    /// The log ends before this index.
    Truncate(u64),
    /// Term and vote.
    Persist(HardState),
    /// Nothing but this base, index and term.
    Reset(u64, u64),
}

impl Shadow {
    /// The last entry.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.base + self.terms.len() as u64
    }

    /// The term of an entry that is held, or of the base.
    #[must_use]
    pub fn term_at(&self, index: u64) -> Option<u64> {
        if index == self.base {
            return Some(self.base_term);
        }
        self.terms.get(usize::try_from(index.checked_sub(self.base + 1)?).ok()?).copied()
    }

    /// Whether it holds this entry, or held it and purged it as no longer needed.
    #[must_use]
    pub fn has(&self, index: u64, term: u64) -> bool {
        index <= self.base || self.term_at(index) == Some(term)
    }

    /// A write is done.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Append(terms) => self.terms.extend(terms),
            Change::Truncate(from) => {
                assert!(*from > self.base, "nothing purged is dropped");
                self.terms.truncate((from - self.base - 1) as usize);
            }
            Change::Persist(hard_state) => self.hard_state = *hard_state,
            Change::Reset(base, term) => {
                (self.base, self.base_term) = (*base, *term);
                self.terms.clear();
            }
        }
    }

    /// The entries up to `upto` are purged.
    pub fn purge(&mut self, upto: u64) {
        if let Some(term) = self.term_at(upto)
            && upto > self.base
        {
            self.terms.drain(..(upto - self.base) as usize);
            (self.base, self.base_term) = (upto, term);
        }
    }

    /// Whether the other is the same log, of which this one may have purged more.
    #[must_use]
    pub fn is_end_of(&self, other: &Shadow) -> bool {
        self.hard_state == other.hard_state
            && self.last() == other.last()
            && self.base >= other.base
            && other.terms.ends_with(&self.terms)
            && other.term_at(self.base) == Some(self.base_term)
    }
}
