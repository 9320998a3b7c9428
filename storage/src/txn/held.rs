//! [`HeldLocks`]: what a transaction knows of the locks that it holds, so that locking a row again costs little.

use rustc_hash::FxHashMap;

use super::locks::{LockId, LockMode};
use crate::limits::LOCKS_LISTED_MAX;

/// What is known of one lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// Held in this mode.
    Held(LockMode),
    /// A wait for it was started, and it may be held in a weaker mode. Whether it was granted, the table knows.
    Waiting(Option<LockMode>),
}

/// The locks of one transaction, in the order in which they were first asked for.
#[derive(Default)]
pub(super) struct HeldLocks {
    list: Vec<(LockId, Hold)>,
    /// Places in the list, once it is long.
    places: FxHashMap<LockId, usize>,
}

impl HeldLocks {
    fn place_of(&self, id: LockId) -> Option<usize> {
        if self.list.len() <= LOCKS_LISTED_MAX {
            return self.list.iter().position(|(other, _)| *other == id);
        }
        self.places.get(&id).copied()
    }

    /// True if the lock is known to be held in `mode` or a stronger one.
    pub(super) fn covers(&self, id: LockId, mode: LockMode) -> bool {
        let held = self.place_of(id).map(|place| self.list[place].1);
        matches!(held, Some(Hold::Held(held) | Hold::Waiting(Some(held))) if held >= mode)
    }

    /// True if nothing is held or waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Number of locks that are held or waited for.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// Notes that the lock is held.
    pub(super) fn granted(&mut self, id: LockId, mode: LockMode) {
        self.set(id, Hold::Held(mode));
    }

    /// Notes that a wait for the lock was started.
    pub(super) fn waiting(&mut self, id: LockId) {
        let held = match self.place_of(id).map(|place| self.list[place].1) {
            Some(Hold::Held(mode)) => Some(mode),
            Some(Hold::Waiting(held)) => held,
            None => None,
        };
        self.set(id, Hold::Waiting(held));
    }

    fn set(&mut self, id: LockId, hold: Hold) {
        if let Some(place) = self.place_of(id) {
            self.list[place].1 = hold;
            return;
        }
        self.list.push((id, hold));
        let count = self.list.len();
        if count == LOCKS_LISTED_MAX + 1 {
            self.places = self.list.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        } else if count > LOCKS_LISTED_MAX {
            self.places.insert(id, count - 1);
        }
    }

    /// Takes out every lock, with whether a wait for it may be left.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (LockId, bool)> + use<> {
        self.places = FxHashMap::default();
        let list = std::mem::take(&mut self.list);
        list.into_iter().map(|(id, hold)| (id, matches!(hold, Hold::Waiting(_))))
    }
}
