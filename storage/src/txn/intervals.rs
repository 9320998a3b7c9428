//! [`Intervals`]: the locked intervals of one index, in order.
//!
//! The keys of the index are cut into segments at the ends of the intervals. A segment begins at its key in the map and
//! ends where the next one begins; it lists the intervals that cover it. So what covers a key is one look in the map,
//! however many intervals there are. Two neighbours never list the same intervals: taking an interval out joins them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::locks::LockId;
use super::range_locks::RangeKind;
use crate::engine::KeyRange;

/// An interval that a transaction has locked.
#[derive(Debug)]
pub(super) struct Interval {
    /// The lock that stands for it in the lock table, where who meets the interval waits. Held, in the owner's name, from
    /// when the first one waits.
    pub(super) lock: LockId,
    /// The transaction.
    pub(super) owner: u64,
    /// What it keeps others from.
    pub(super) kind: RangeKind,
    /// Nobody has an uncommitted write in it that it keeps out. An interval without that is there for fairness only: its
    /// owner waits for the writers in it, and new ones wait behind.
    pub(super) is_confirmed: bool,
    /// The lock is in the lock table.
    pub(super) is_waited_for: Mutex<bool>,
}

/// The intervals of one index.
#[derive(Debug, Default)]
pub(super) struct Intervals {
    segments: BTreeMap<Bytes, Vec<Arc<Interval>>>,
}

impl Intervals {
    /// True if there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The intervals that cover `key`.
    pub(super) fn at(&self, key: &[u8]) -> &[Arc<Interval>] {
        let up_to = (Bound::Unbounded, Bound::Included(key));
        self.segments.range::<[u8], _>(up_to).next_back().map_or(&[], |(_, covering)| covering)
    }

    /// Adds an interval. `range` has at least one key.
    pub(super) fn insert(&mut self, range: &KeyRange, interval: &Arc<Interval>) {
        self.cut(&range.start);
        if !range.end.is_empty() {
            self.cut(&range.end);
        }
        for (_, covering) in self.segments.range_mut::<[u8], _>(bounds(range)) {
            covering.push(Arc::clone(interval));
        }
    }

    /// Takes out an interval that was added for this very range.
    pub(super) fn remove(&mut self, range: &KeyRange, interval: &Arc<Interval>) {
        for (_, covering) in self.segments.range_mut::<[u8], _>(bounds(range)) {
            covering.retain(|other| !Arc::ptr_eq(other, interval));
        }
        self.join(range);
    }

    /// Whether confirmed intervals of `owner`, of this kind or a stronger one, cover all of `range`.
    pub(super) fn covers(&self, range: &KeyRange, owner: u64, kind: RangeKind) -> bool {
        let own = |covering: &[Arc<Interval>]| {
            covering.iter().any(|one| one.owner == owner && one.is_confirmed && one.kind >= kind)
        };
        own(self.at(&range.start))
            && self.segments.range::<[u8], _>(bounds(range)).all(|(_, covering)| own(covering))
    }

    /// Makes a segment begin at `key`.
    fn cut(&mut self, key: &Bytes) {
        if !self.segments.contains_key(key) {
            let covering = self.at(key).to_vec();
            self.segments.insert(key.clone(), covering);
        }
    }

    /// Joins the segments in `range`, and the ones it touches, that list the same.
    fn join(&mut self, range: &KeyRange) {
        let end = if range.end.is_empty() { Bound::Unbounded } else { Bound::Included(&range.end[..]) };
        let within = (Bound::Included(&range.start[..]), end);
        let before = (Bound::Unbounded, Bound::Excluded(&range.start[..]));
        let none = Vec::new();
        let mut last = self.segments.range::<[u8], _>(before).next_back().map_or(&none, |(_, last)| last);
        let mut superfluous = Vec::new();
        for (key, covering) in self.segments.range::<[u8], _>(within) {
            if is_same(last, covering) {
                superfluous.push(key.clone());
            }
            last = covering;
        }
        for key in superfluous {
            self.segments.remove(&key);
        }
    }
}

/// Whether two segments list the same intervals. Intervals are added to all segments in one order.
fn is_same(left: &[Arc<Interval>], right: &[Arc<Interval>]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| Arc::ptr_eq(left, right))
}

/// The places of the segments that begin in a range.
fn bounds(range: &KeyRange) -> (Bound<&[u8]>, Bound<&[u8]>) {
    let end = if range.end.is_empty() { Bound::Unbounded } else { Bound::Excluded(&range.end[..]) };
    (Bound::Included(&range.start[..]), end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::LockTable;

    fn interval(owner: u64, kind: RangeKind) -> Arc<Interval> {
        let lock = LockTable::new().id_of(&owner.to_be_bytes());
        Arc::new(Interval { lock, owner, kind, is_confirmed: true, is_waited_for: Mutex::default() })
    }

    /// Against a list of intervals, on random ones: the same intervals at each key, and nothing left at the end.
    #[test]
    fn lists_what_a_plain_list_does() {
        use rand::{Rng as _, SeedableRng as _};
        for seed in 0..40 {
            let mut random = rand::rngs::StdRng::seed_from_u64(seed);
            let mut intervals = Intervals::default();
            let mut list: Vec<(KeyRange, Arc<Interval>)> = Vec::new();
            for _ in 0..200 {
                if list.len() > 12 || (!list.is_empty() && random.random_bool(0.4)) {
                    let (range, one) = list.swap_remove(random.random_range(0..list.len()));
                    intervals.remove(&range, &one);
                } else {
                    let start: u8 = random.random_range(1..60);
                    let end = start + random.random_range(1..12_u8);
                    let end = if random.random_bool(0.1) { Vec::new() } else { vec![end] };
                    let range = KeyRange::new(vec![start], end);
                    let kind =
                        if random.random_bool(0.5) { RangeKind::Insertions } else { RangeKind::Writes };
                    let one = interval(random.random_range(1..4), kind);
                    intervals.insert(&range, &one);
                    list.push((range, one));
                }
                for key in 0..80_u8 {
                    let covers = |range: &KeyRange| {
                        range.start[..] <= [key][..] && (range.end.is_empty() || [key][..] < range.end[..])
                    };
                    let mut expected: Vec<_> = list
                        .iter()
                        .filter(|(range, _)| covers(range))
                        .map(|(_, one)| Arc::as_ptr(one))
                        .collect();
                    let mut found: Vec<_> = intervals.at(&[key]).iter().map(Arc::as_ptr).collect();
                    expected.sort_unstable();
                    found.sort_unstable();
                    assert_eq!(found, expected, "seed {seed}, key {key}");
                    let point = KeyRange::point(&[key]);
                    let owned = list
                        .iter()
                        .any(|(range, one)| covers(range) && one.owner == 1 && one.kind == RangeKind::Writes);
                    assert_eq!(
                        intervals.covers(&point, 1, RangeKind::Writes),
                        owned,
                        "seed {seed}, key {key}"
                    );
                }
            }
            for (range, one) in list {
                intervals.remove(&range, &one);
            }
            assert!(intervals.is_empty(), "seed {seed}: {:?}", intervals.segments);
        }
    }
}
