//! Keys that come and go, and values that come once.
//!
//! A checker's work grows with the operations on one key, so a key is used for a while and then another one takes its place. A few
//! are in use at any time: that is where clients meet.

use std::sync::atomic::{AtomicI64, Ordering};

use rand::Rng;

/// See the module.
pub struct Keys {
    count: i64,
    uses_max: i64,
    uses: AtomicI64,
    values: AtomicI64,
}

impl Keys {
    /// `count` keys at a time, each for about `uses_max` operations.
    #[must_use]
    pub fn new(count: i64, uses_max: i64) -> Keys {
        Keys { count, uses_max, uses: AtomicI64::new(0), values: AtomicI64::new(0) }
    }

    /// One of the keys in use, and a use of it.
    pub fn next(&self, random: &mut impl Rng) -> i64 {
        let used = self.uses.fetch_add(1, Ordering::Relaxed);
        let generation = used / (self.count * self.uses_max);
        generation * self.count + random.random_range(0..self.count)
    }

    /// The keys that are, or were last, in use.
    #[must_use]
    pub fn last(&self) -> std::ops::Range<i64> {
        let generation =
            self.uses.load(Ordering::Relaxed).max(1).saturating_sub(1) / (self.count * self.uses_max);
        generation * self.count..(generation + 1) * self.count
    }

    /// A number that was not given before, from 1.
    pub fn value(&self) -> i64 {
        self.values.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn keys_change_and_values_do_not_repeat() {
        let keys = Keys::new(2, 3);
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        let used: Vec<i64> = (0..12).map(|_| keys.next(&mut random)).collect();
        assert!(used[..6].iter().all(|key| (0..2).contains(key)), "{used:?}");
        assert!(used[6..].iter().all(|key| (2..4).contains(key)), "{used:?}");
        assert_eq!(keys.last(), 2..4);
        assert_eq!((keys.value(), keys.value()), (1, 2));
    }
}
