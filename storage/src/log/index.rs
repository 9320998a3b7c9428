//! What is known in memory about the records of the log: their range, their terms, and where they are on
//! disk.
//!
//! Terms are kept as runs, one for each term, so that any index has its term at hand without a read. Places
//! are kept sparsely: an *extent* says where the record of one index starts, and that the records after it,
//! up to the next extent's first, follow it in the same segment in the order of the index. A truncation
//! writes nothing over the dropped records; it only ends extents, and the records written next start a new
//! one. So dropped records are never met by a reader who keeps within an extent.
//!
//! Invariants:
//! * the log holds `first..=last`, or nothing when `last + 1 == first`;
//! * runs ascend in index and in term; the first starts at `first`;
//! * extents ascend in index, in segment, and in offset; the first starts at `first` once anything is on
//!   disk.

use std::collections::VecDeque;

use crate::limits::LOG_INDEX_EVERY_BYTES;

/// Where a record starts, and those after it up to the next extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) first: u64,
    pub(super) segment: u64,
    pub(super) offset: u64,
}

/// The range, the terms, and the places of the records.
#[derive(Debug)]
pub(super) struct Index {
    first: u64,
    last: u64,
    /// The term of the record before `first`; 0 if there never was one.
    base_term: u64,
    /// First index and term of each run of records of one term.
    runs: VecDeque<(u64, u64)>,
    extents: VecDeque<Extent>,
}

impl Index {
    /// An empty log whose first record will have index `first`.
    pub(super) fn new(first: u64, base_term: u64) -> Index {
        assert!(first > 0, "indexes start at 1");
        Index { first, last: first - 1, base_term, runs: VecDeque::new(), extents: VecDeque::new() }
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    pub(super) fn base_term(&self) -> u64 {
        self.base_term
    }

    pub(super) fn last_term(&self) -> u64 {
        self.runs.back().map_or(self.base_term, |(_, term)| *term)
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.runs.iter().copied()
    }

    /// The term of a record, or of the one before the first.
    pub(super) fn term(&self, index: u64) -> Option<u64> {
        if index.checked_add(1) == Some(self.first) {
            return Some(self.base_term);
        }
        if index < self.first || index > self.last {
            return None;
        }
        let run = self.runs.partition_point(|(first, _)| *first <= index);
        Some(self.runs[run - 1].1)
    }

    /// Whether a record may come next.
    pub(super) fn follows(&self, index: u64, term: u64) -> bool {
        index == self.last + 1 && term >= self.last_term()
    }

    /// Takes the next record.
    pub(super) fn append(&mut self, index: u64, term: u64) {
        assert!(self.follows(index, term), "record {index} of term {term} does not follow {}", self.last);
        if self.runs.is_empty() || self.last_term() != term {
            self.runs.push_back((index, term));
        }
        self.last = index;
    }

    /// Drops the records from `from` on. With `from` below `first` the log is empty afterwards and starts
    /// there; `base_term` is then the term of the record before it.
    pub(super) fn truncate(&mut self, from: u64, base_term: u64) {
        assert!(
            from > 0 && from <= self.last + 1,
            "cannot truncate from {from}: the log ends at {}",
            self.last
        );
        while self.runs.back().is_some_and(|(first, _)| *first >= from) {
            self.runs.pop_back();
        }
        while self.extents.back().is_some_and(|extent| extent.first >= from) {
            self.extents.pop_back();
        }
        self.last = from - 1;
        if from <= self.first {
            self.first = from;
            self.base_term = base_term;
        }
    }

    /// Notes where a record is on disk: as a new extent if the last one does not lead to it, or is far away.
    /// Records are noted in order, and `new_extent` is set for the first one after a truncation.
    pub(super) fn place(&mut self, index: u64, segment: u64, offset: u64, new_extent: bool) {
        let leads_here = |extent: &Extent| {
            extent.segment == segment && offset - extent.offset < LOG_INDEX_EVERY_BYTES && !new_extent
        };
        if !self.extents.back().is_some_and(leads_here) {
            assert!(self.extents.back().is_none_or(|extent| extent.first < index), "places come in order");
            self.extents.push_back(Extent { first: index, segment, offset });
        }
    }

    /// The extents that hold `first..=last`, each with its last index, at most `count_max` of them.
    pub(super) fn extents(&self, first: u64, last: u64, count_max: usize) -> Vec<(Extent, u64)> {
        let start = self.extents.partition_point(|extent| extent.first <= first).saturating_sub(1);
        let ends = self.extents.iter().skip(start + 1).map(|next| next.first - 1);
        let wanted = self.extents.iter().skip(start).zip(ends.chain([u64::MAX]));
        wanted
            .take_while(|(extent, _)| extent.first <= last)
            .take(count_max)
            .map(|(extent, end)| (*extent, end.min(last)))
            .collect()
    }

    /// The last index of those in segments up to `segment`, given the last index that is on disk; `None` if
    /// they hold nothing that is still part of the log.
    pub(super) fn last_in_segments_to(&self, segment: u64, last_on_disk: u64) -> Option<u64> {
        let later = self.extents.partition_point(|extent| extent.segment <= segment);
        match self.extents.get(later) {
            _ if later == 0 => None,
            Some(next) => Some(next.first - 1),
            None => Some(last_on_disk),
        }
    }

    /// Forgets the segments up to `segment`: the log then starts with what the later ones hold, or empty
    /// behind `last_on_disk`.
    pub(super) fn forget_segments_to(&mut self, segment: u64, last_on_disk: u64) {
        let Some(last_gone) = self.last_in_segments_to(segment, last_on_disk) else {
            return;
        };
        let base_term = self.term(last_gone);
        assert!(last_gone <= self.last, "only what is in the log is forgotten");
        self.base_term = base_term.expect("its index is within the log");
        self.first = last_gone + 1;
        while self.extents.front().is_some_and(|extent| extent.segment <= segment) {
            self.extents.pop_front();
        }
        while self.runs.get(1).is_some_and(|(first, _)| *first <= self.first) {
            self.runs.pop_front();
        }
        if self.last < self.first {
            self.runs.clear();
        } else if let Some(run) = self.runs.front_mut() {
            run.0 = run.0.max(self.first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(terms: &[u64]) -> Index {
        let mut index = Index::new(1, 0);
        for (at, term) in terms.iter().enumerate() {
            index.append(at as u64 + 1, *term);
        }
        index
    }

    #[test]
    fn terms_are_known_for_every_index_and_the_one_before() {
        let mut index = index(&[1, 1, 3, 3, 4]);
        let terms: Vec<_> = (0..=6).map(|at| index.term(at)).collect();
        assert_eq!(terms, [Some(0), Some(1), Some(1), Some(3), Some(3), Some(4), None]);
        index.truncate(4, 3);
        assert_eq!((index.last(), index.last_term()), (3, 3));
        index.append(4, 7);
        assert_eq!(index.runs().collect::<Vec<_>>(), [(1, 1), (3, 3), (4, 7)]);
        index.truncate(1, 0);
        assert_eq!((index.first(), index.last(), index.last_term()), (1, 0, 0));
    }

    #[test]
    fn a_truncation_ends_extents_and_the_next_record_starts_one() {
        let mut index = index(&[1; 9]);
        for at in 1..=9 {
            index.place(at, 1 + (at > 4) as u64, 4096 + at * 30_000, false);
        }
        let firsts = |index: &Index| index.extents.iter().map(|extent| extent.first).collect::<Vec<_>>();
        assert_eq!(firsts(&index), [1, 4, 5, 8]);
        assert_eq!(
            index.extents(3, 8, 9).iter().map(|(at, end)| (at.first, *end)).collect::<Vec<_>>(),
            [(1, 3), (4, 4), (5, 7), (8, 8)]
        );
        index.truncate(7, 1);
        index.append(7, 2);
        index.place(7, 2, 4096 + 400_000, true);
        assert_eq!(firsts(&index), [1, 4, 5, 7]);
        assert_eq!(index.extents(6, 7, 9)[0].1, 6, "the dropped 7 and 8 are not in the extent of 5");
    }

    #[test]
    fn forgetting_segments_moves_the_first_index() {
        let mut index = index(&[1, 1, 2, 2, 3]);
        (1..=2).for_each(|at| index.place(at, 1, 4096 + at, false));
        (3..=4).for_each(|at| index.place(at, 2, 4096 + at, false));
        assert_eq!(index.last_in_segments_to(1, 4), Some(2));
        assert_eq!(index.last_in_segments_to(2, 4), Some(4));
        index.forget_segments_to(1, 4);
        assert_eq!((index.first(), index.base_term(), index.term(2), index.term(1)), (3, 1, Some(1), None));
        index.forget_segments_to(2, 4);
        assert_eq!((index.first(), index.last(), index.base_term()), (5, 5, 2));
        assert_eq!(index.runs().collect::<Vec<_>>(), [(5, 3)]);
        assert_eq!(index.last_in_segments_to(2, 4), None);
    }
}
