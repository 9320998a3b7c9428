//! [`HeldLocks`]: what a transaction knows of the locks that it holds, so that locking a row again costs little.

use rustc_hash::FxHashMap;

use super::lock_mode::LockMode;
use super::locks::LockId;
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
        matches!(held, Some(Hold::Held(held) | Hold::Waiting(Some(held))) if held.covers(mode))
    }

    /// True if the lock was asked for before.
    pub(super) fn contains(&self, id: LockId) -> bool {
        self.place_of(id).is_some()
    }

    /// True if nothing is held or waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Number of locks that are held or waited for.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// Notes that the lock is held, in this mode and in the one it was held in before.
    pub(super) fn granted(&mut self, id: LockId, mode: LockMode) {
        self.set(id, |held| Hold::Held(held.map_or(mode, |held| held.join(mode))));
    }

    /// Notes that a wait for the lock was started.
    pub(super) fn waiting(&mut self, id: LockId) {
        self.set(id, Hold::Waiting);
    }

    /// Notes what follows from the mode in which the lock is known to be held.
    fn set(&mut self, id: LockId, hold: impl FnOnce(Option<LockMode>) -> Hold) {
        if let Some(place) = self.place_of(id) {
            let held = match self.list[place].1 {
                Hold::Held(mode) => Some(mode),
                Hold::Waiting(held) => held,
            };
            self.list[place].1 = hold(held);
            return;
        }
        let hold = hold(None);
        self.list.push((id, hold));
        let count = self.list.len();
        if count == LOCKS_LISTED_MAX + 1 {
            self.places = self.list.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        } else if count > LOCKS_LISTED_MAX {
            self.places.insert(id, count - 1);
        }
    }

    /// Takes out one lock, with whether a wait for it may be left; none if it was never asked for.
    pub(super) fn remove(&mut self, id: LockId) -> Option<bool> {
        let (_, hold) = self.list.swap_remove(self.place_of(id)?);
        self.places = FxHashMap::default();
        if self.list.len() > LOCKS_LISTED_MAX {
            self.places = self.list.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        }
        Some(matches!(hold, Hold::Waiting(_)))
    }

    /// Takes out every lock, with whether a wait for it may be left.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (LockId, bool)> + use<> {
        self.places = FxHashMap::default();
        let list = std::mem::take(&mut self.list);
        list.into_iter().map(|(id, hold)| (id, matches!(hold, Hold::Waiting(_))))
    }
}
