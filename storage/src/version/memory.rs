//! [`Memory`]: the ordered map of version chains, in separately locked shards.
//!
//! The first four bytes of a key are its index id, and every index lies in one shard as a whole, so a scan of an
//! index reads one ordered map. A point read takes one shared lock. Locks are held for one key or for a bounded
//! number of them, never across a call to the engine.

use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::chain::Chain;
use crate::engine::KeyRange;
use crate::key_map::KeyMap;
use crate::limits::{CHAIN_OVERHEAD_BYTES, STORE_SHARD_COUNT};

/// The chains of one shard, by key.
pub(super) type Chains = KeyMap<Chain>;

/// All versions in memory.
pub(super) struct Memory {
    shards: Vec<RwLock<Chains>>,
    /// What all of it costs, in bytes. Follows the shards, though not in the same instant.
    bytes: AtomicUsize,
}

impl Memory {
    pub(super) fn new() -> Memory {
        let shards = (0..STORE_SHARD_COUNT).map(|_| RwLock::default()).collect();
        Memory { shards, bytes: AtomicUsize::new(0) }
    }

    /// The shard that `key` is in. Neighbouring index ids, which are those of one table, are in different shards.
    pub(super) fn shard_of(key: &[u8]) -> usize {
        let id = key.first_chunk::<4>().map_or(0, |id| u32::from_be_bytes(*id));
        id as usize % STORE_SHARD_COUNT
    }

    /// The one shard that every key of `range` is in, or `None` if there may be several.
    pub(super) fn shard_of_range(range: &KeyRange) -> Option<usize> {
        range.index_id().map(|id| id as usize % STORE_SHARD_COUNT)
    }

    pub(super) fn read(&self, shard: usize) -> RwLockReadGuard<'_, Chains> {
        self.shards[shard].read()
    }

    pub(super) fn write(&self, shard: usize) -> RwLockWriteGuard<'_, Chains> {
        self.shards[shard].write()
    }

    /// Drops all versions of all keys.
    pub(super) fn clear(&self) {
        for shard in 0..STORE_SHARD_COUNT {
            let chains = std::mem::take(&mut *self.write(shard));
            let freed: usize =
                chains.iter().map(|(key, chain)| chain_cost_bytes(key) + chain.memory_bytes()).sum();
            self.account(-freed.cast_signed());
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Counts memory taken (positive) or given back, and returns the new sum.
    pub(super) fn account(&self, change: isize) -> usize {
        if change >= 0 {
            self.bytes.fetch_add(change.unsigned_abs(), Ordering::Relaxed) + change.unsigned_abs()
        } else {
            let before = self.bytes.fetch_sub(change.unsigned_abs(), Ordering::Relaxed);
            assert!(before >= change.unsigned_abs(), "more memory is given back than was taken");
            before - change.unsigned_abs()
        }
    }
}

/// What a key in memory costs beside its versions.
pub(super) fn chain_cost_bytes(key: &[u8]) -> usize {
    CHAIN_OVERHEAD_BYTES + key.len()
}

/// Bounds as a map takes them.
pub(super) type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// The bounds of `range` for a map, or `None` if it is empty, which a map may answer with a panic.
pub(super) fn bounds(range: &KeyRange) -> Option<Bounds<'_>> {
    if range.is_empty() {
        return None;
    }
    let end = if range.end.is_empty() { Bound::Unbounded } else { Bound::Excluded(&range.end[..]) };
    Some((Bound::Included(&range.start[..]), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_within_an_index_is_in_one_shard() {
        let within =
            |start: &[u8], end: &[u8]| Memory::shard_of_range(&KeyRange::new(start.to_vec(), end.to_vec()));
        assert_eq!(within(&[0, 0, 0, 5], &[0, 0, 0, 6]), Some(5));
        assert_eq!(within(&[0, 0, 0, 5, 1], &[0, 0, 0, 5, 9]), Some(5));
        assert_eq!(within(&[0xff; 4], &[]), Some(0xffff_ffff % STORE_SHARD_COUNT));
        assert_eq!(within(&[0, 0, 0, 5], &[0, 0, 0, 6, 0]), None);
        assert_eq!(within(&[0, 0, 0, 5], &[0, 0, 0, 7]), None);
        assert_eq!(within(&[0, 0, 0, 5], &[]), None);
        assert_eq!(within(&[], &[]), None);
    }
}
