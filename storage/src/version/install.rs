//! [`InstallBatch`]: the versions of many committed entries, sorted by the part of memory that they go to.
//!
//! A follower brings entries into the store in batches. Every key of an index is in one shard ([`Memory::shard_of`]), so the versions
//! of different shards can be installed by several threads at once without ever waiting for each other's locks, in any order, while within
//! a shard they keep the order of the log, which is all that [`Store::install`] asks for. Nobody sees any of them before the watermark
//! is moved behind the whole batch.
//!
//! Invariant: entries are added in ascending order; a batch is installed whole before the watermark passes its first entry.

use super::{Memory, Store};
use crate::format::Mutation;
use crate::limits::{INSTALL_HELD_MUTATIONS_MAX, STORE_SHARD_COUNT};

/// See the module.
#[derive(Debug)]
pub struct InstallBatch {
    shards: Vec<Vec<(u64, Mutation)>>,
    count: usize,
}

impl Default for InstallBatch {
    fn default() -> InstallBatch {
        InstallBatch { shards: (0..STORE_SHARD_COUNT).map(|_| Vec::new()).collect(), count: 0 }
    }
}

impl InstallBatch {
    /// Adds a mutation of the entry at `index`.
    pub fn add(&mut self, index: u64, mutation: Mutation) {
        self.count += 1;
        self.shards[Memory::shard_of(&mutation.key)].push((index, mutation));
    }

    /// How many mutations it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// In how many shards.
    #[must_use]
    pub fn shard_count(&self) -> usize {
        self.shards.iter().filter(|shard| !shard.is_empty()).count()
    }
}

impl Store {
    /// Installs one of `part_count` parts of a batch; all of them together are the batch. Parts may be installed by several threads at once.
    ///
    /// # Panics
    /// When the watermark has passed any of it.
    pub fn install_batch(&self, batch: &InstallBatch, part: usize, part_count: usize) {
        let used = batch.shards.iter().enumerate().filter(|(_, mutations)| !mutations.is_empty());
        for (_, (shard, mutations)) in used.enumerate().filter(|(place, _)| place % part_count == part) {
            let mut change = 0;
            // Readers of the shard wait no longer than for so many.
            for piece in mutations.chunks(INSTALL_HELD_MUTATIONS_MAX) {
                let watermark = self.watermark();
                let mut chains = self.inner.memory.write(shard);
                for (index, mutation) in piece {
                    assert!(*index > watermark, "index {index} is installed at watermark {watermark}");
                    change += self.add_version(&mut chains, *index, mutation);
                }
            }
            let bytes = self.inner.memory.account(change);
            self.inner.pressure.note(bytes, self.inner.memory_bytes_max);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::engine::MemoryEngine;
    use crate::version::StoreOptions;

    fn store() -> Store {
        Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap()
    }

    fn entries() -> Vec<(u64, Vec<Mutation>)> {
        let mutation = |id: u32, key: u64, index: u64| {
            let key = [&id.to_be_bytes()[..], &key.to_be_bytes()[..]].concat();
            let value = (!index.is_multiple_of(7)).then(|| Bytes::from(format!("v{index}")));
            Mutation { key: key.into(), value }
        };
        let entry = |index: u64| (0..4).map(|id| mutation(id * 65 + 1, index % 50, index)).collect();
        (1..=900).map(|index| (index, entry(index))).collect()
    }

    /// In however many parts it is installed, and in whatever order they come: the same store.
    #[test]
    fn a_batch_in_parts_is_the_same_as_its_entries_one_by_one() {
        let one_by_one = store();
        for (index, mutations) in entries() {
            one_by_one.install(index, &mutations);
        }
        for part_count in [1, 2, 5] {
            let in_parts = store();
            let mut batch = InstallBatch::default();
            for (index, mutations) in entries() {
                mutations.into_iter().for_each(|mutation| batch.add(index, mutation));
            }
            assert_eq!((batch.count(), batch.shard_count()), (3600, 4));
            std::thread::scope(|scope| {
                for part in (0..part_count).rev() {
                    let (store, batch) = (&in_parts, &batch);
                    scope.spawn(move || store.install_batch(batch, part, part_count));
                }
            });
            assert_eq!(in_parts.memory_bytes(), in_parts.debug_recount_bytes());
            assert_eq!(in_parts.memory_bytes(), one_by_one.memory_bytes());
            for (_, mutations) in entries() {
                for Mutation { key, .. } in mutations {
                    assert_eq!(in_parts.debug_versions(&key), one_by_one.debug_versions(&key));
                }
            }
        }
    }
}
