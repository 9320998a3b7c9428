//! Reads of one key. The argument that they are right is in the documentation of [`super`].

use std::sync::atomic::Ordering;

use super::chain::{Found, Version};
use super::memory::Memory;
use super::{Inner, Snapshot, Store};
use crate::Result;
use crate::engine::Slice;

/// The newest version of a key, committed or pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// The index that wrote it. 0 if nothing is known of the key; that of a deletion only while the deletion is in
    /// memory.
    pub index: u64,
    /// The value, or `None` if there is none.
    pub value: Option<Slice>,
}

/// What a look in memory gives.
enum Looked {
    Memory(u64, Option<Slice>),
    Engine,
}

impl From<Found<'_>> for Looked {
    fn from(found: Found<'_>) -> Looked {
        match found {
            Found::Memory(Version { index, value }) => Looked::Memory(*index, value.clone().map(Slice::from)),
            Found::Engine => Looked::Engine,
        }
    }
}

impl Looked {
    /// The index of what memory has; 0 if the engine is to be asked.
    fn index(&self) -> u64 {
        match self {
            Looked::Memory(index, _) => *index,
            Looked::Engine => 0,
        }
    }
}

impl Inner {
    /// The value of `key` at a registered `snapshot`'s index, with the index that wrote it.
    pub(super) fn read_at(&self, key: &[u8], index: u64) -> Result<Option<(u64, Slice)>> {
        loop {
            let captures = self.captures.load(Ordering::Acquire);
            let looked = {
                let chains = self.memory.read(Memory::shard_of(key));
                chains.get(key).map_or(Looked::Engine, |chain| chain.visible_at(index).into())
            };
            let above = looked.index();
            if let Some(version) = self.overlaid(key, above, index)? {
                return Ok(version.value.map(|value| (version.index, Slice::from(value))));
            }
            let found = match looked {
                Looked::Memory(stamp, value) => value.map(|value| (stamp, value)),
                Looked::Engine => self.engine.get(key)?.filter(|(stamp, _)| *stamp <= index),
            };
            // Also for what was in memory: a newer version may have been merged since.
            if self.captures.load(Ordering::Acquire) == captures {
                return Ok(found);
            }
        }
    }
}

impl Snapshot {
    /// The value of `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Slice>> {
        Ok(self.get_stamped(key)?.map(|(_, value)| value))
    }

    /// The value of `key`, with the index that wrote it.
    pub fn get_stamped(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        let found = self.inner.read_at(key, self.index())?;
        self.check()?;
        Ok(found)
    }
}

impl Store {
    /// The newest committed value of `key`, with the index that wrote it: that of some instant during the call.
    pub fn read_committed(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        let inner = &self.inner;
        let generation = inner.snapshots.generation();
        let (found, watermark) = loop {
            let captures = inner.captures.load(Ordering::Acquire);
            let (looked, watermark) = {
                let chains = inner.memory.read(Memory::shard_of(key));
                // Under the lock: what was pruned before has a successor at or below this watermark.
                let watermark = inner.watermark.committed();
                let looked =
                    chains.get(key).map_or(Looked::Engine, |chain| chain.visible_at(watermark).into());
                (looked, watermark)
            };
            let found = match (inner.overlaid(key, looked.index(), watermark)?, looked) {
                (Some(version), _) => version.value.map(|value| (version.index, Slice::from(value))),
                (None, Looked::Memory(stamp, value)) => value.map(|value| (stamp, value)),
                (None, Looked::Engine) => inner.engine.get(key)?,
            };
            if inner.captures.load(Ordering::Acquire) == captures {
                break (found, watermark);
            }
        };
        inner.snapshots.check_generation(generation)?;
        // Only replay that is not complete can refuse the watermark.
        if inner.snapshots.is_refused(watermark) && !self.is_ready() {
            return Err(crate::Error::SnapshotTooOld);
        }
        Ok(found)
    }

    /// The newest version of `key`, pending ones included. Only meaningful to who holds the row's lock, and of no
    /// use to a client before the watermark has reached its index.
    pub fn read_latest(&self, key: &[u8]) -> Result<Latest> {
        let inner = &self.inner;
        let generation = inner.snapshots.generation();
        let latest = loop {
            let captures = inner.captures.load(Ordering::Acquire);
            let (looked, flushed) = inner.look_latest(key);
            let latest = match (inner.overlaid(key, looked.index(), u64::MAX)?, looked) {
                (Some(version), _) => Latest { index: version.index, value: version.value.map(Slice::from) },
                (None, looked) => inner.latest_of(key, looked, flushed)?,
            };
            if inner.captures.load(Ordering::Acquire) == captures {
                break latest;
            }
        };
        inner.snapshots.check_generation(generation)?;
        Ok(latest)
    }
}

impl Inner {
    /// What memory knows of the newest version of `key`, and its flushed mark.
    fn look_latest(&self, key: &[u8]) -> (Looked, u64) {
        let chains = self.memory.read(Memory::shard_of(key));
        chains.get(key).map_or((Looked::Engine, 0), |chain| (chain.latest().into(), chain.flushed()))
    }

    fn latest_of(&self, key: &[u8], looked: Looked, flushed: u64) -> Result<Latest> {
        match looked {
            Looked::Memory(index, value) => Ok(Latest { index, value }),
            Looked::Engine => Ok(match self.engine.get(key)? {
                Some((index, value)) => Latest { index, value: Some(value) },
                // A deletion that write-behind has done, as far as it is still known.
                None => Latest { index: flushed, value: None },
            }),
        }
    }

    /// The newest version of `key` without any overlay: of a staged key.
    pub(super) fn raw_latest(&self, key: &[u8]) -> Result<Latest> {
        let (looked, flushed) = self.look_latest(key);
        self.latest_of(key, looked, flushed)
    }
}
