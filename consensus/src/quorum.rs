//! Counting: who granted, and what a majority holds.
//!
//! Invariant: two majorities of the same voters have a node in common. Everything the protocol promises rests on this.
//!
//! The voters are those of the membership in force on the node that counts. It changes by one vote at a time, so the majorities
//! before and after a change have a node in common as well.
//!
//! Left out: strong-sync voters, which hold a commit back on top of this (`strong_sync`), and joint configurations.

use crate::limits::VOTERS_MAX;

/// How many of `voters` make a majority.
#[must_use]
pub(crate) const fn majority(voters: usize) -> usize {
    assert!(voters >= 1 && voters <= VOTERS_MAX);
    voters / 2 + 1
}

/// The highest value that a majority of `voters` has reached, when each of them has reached one of `values`: the last index that a
/// majority holds, or the last round that a majority has answered. Reorders the values.
pub(crate) fn majority_value<T: Copy + Ord>(values: &mut [T], voters: usize) -> T {
    let needed = majority(voters);
    assert!(needed <= values.len(), "every voter has a value");
    // Sorted ascending, everything from this place on is at least this large, and that is a majority.
    let place = values.len() - needed;
    let (_, value, _) = values.select_nth_unstable(place);
    *value
}

/// Who granted a vote or a pre-vote; a voter is its place among the sorted voters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ballot(u128);

impl Ballot {
    pub(crate) fn grant(&mut self, position: usize) {
        assert!(position < VOTERS_MAX, "a voter has a place");
        self.0 |= 1 << position;
    }

    pub(crate) fn has_majority(self, voters: usize) -> bool {
        self.0.count_ones() as usize >= majority(voters)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::types::LogIndex;

    #[test]
    fn a_majority_is_more_than_half() {
        for voters in 1..=VOTERS_MAX {
            assert!(2 * majority(voters) > voters && 2 * (majority(voters) - 1) <= voters);
        }
    }

    #[test]
    fn the_majority_index_is_held_by_a_majority_and_no_higher_one_is() {
        // Every combination of five voters with indexes 0 to 4, and of four.
        for voters in 1..=5_u32 {
            for code in 0..5_u64.pow(voters) {
                let indexes: Vec<LogIndex> =
                    (0..voters).map(|digit| LogIndex::new(code / 5_u64.pow(digit) % 5)).collect();
                let index = majority_value(&mut indexes.clone(), indexes.len());
                let holds = |wanted| indexes.iter().filter(|held| **held >= wanted).count();
                assert!(holds(index) >= majority(indexes.len()), "{indexes:?}");
                assert!(holds(index.next()) < majority(indexes.len()), "{indexes:?}");
            }
        }
    }

    #[test]
    fn a_vote_counts_once() {
        let mut ballot = Ballot::default();
        ballot.grant(0);
        ballot.grant(0);
        assert!(!ballot.has_majority(3) && ballot.has_majority(1));
        ballot.grant(98);
        assert!(ballot.has_majority(3) && !ballot.has_majority(4));
    }
}
