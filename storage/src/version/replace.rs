//! [`Store::replace`]: a snapshot of another node in the place of all data here.
//!
//! # How nobody sees a mix of old and new
//!
//! The [registry](super::snapshot)'s generation becomes odd before anything is touched, and even again once everything
//! is in place. Every read compares the generation after it has read with the one it began in, and fails with
//! [`Error::NotReady`] unless it is the same even number. What a reader sees of the replacement it sees through the lock
//! of a shard of memory or through the engine, and either was changed after the generation was; so a reader that saw
//! any of it sees the new generation too. A scan, a checksum and an export compare after each row. A snapshot taken
//! before or meanwhile stays of its generation, and is never readable again.
//!
//! A step of write-behind and a `delete_range` under way end first; others do nothing, or fail, until it is done. All
//! versions in memory, pending ones among them, are dropped.
//!
//! # Waits
//!
//! A wait for an index up to the snapshot's ends well, once the new data can be read. What it waited for was decided
//! somewhere else: a session that waits for its *own* entry cannot conclude from that that it was its entry that was
//! committed at this index; the caller decides such waits before it replaces. A wait for an index above the
//! snapshot's is told that its entry was cut off.
//!
//! # After a crash
//!
//! The engine notes durably that it is being replaced before its first row goes, and takes the note back when all
//! rows are durable ([`Engine::begin_replace`]). In between
//! [`Store::needs_replace`] is true after a restart, nothing can be read, and the caller replaces again. The same holds
//! after an error on the way, such as a chunk that is damaged.
//!
//! # What is written
//!
//! Old rows and new ones both ascend, so they are merged: rows that are the same in both stay, which is most of them
//! for a node that is a few hours behind; the others are written, with the snapshot's index as their stamp (no reader
//! will ever be below it), or removed. Memory is bounded by one chunk and one batch.
//!
//! Left out: resuming after a crash; what was loaded before it is found to be the same.

use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::flush::FlushState;
use super::{Inner, Store};
use crate::engine::{Direction, Engine, EngineWrite, KeyRange, key_after};
use crate::limits::{LOG_INDEX_MAX, REPLACE_BATCH_KEYS_MAX};
use crate::{Error, Result, snapshot};

impl Store {
    /// Replaces all data by that of a snapshot at `index`, which is not below the watermark, given as the chunks of an
    /// [`Export`](super::Export) in their order. Durable when it returns, with the watermark and the engine at `index`.
    ///
    /// The caller does not install, advance or drop anything meanwhile, and goes on with the entry behind `index`. Readers fail with [`Error::NotReady`] until it is done.
    ///
    /// [`Error::BadSnapshot`] if `index` is below the watermark: nothing has changed then. After any other error, be it one
    /// that `chunks` gave, the store [needs to be replaced](Store::needs_replace).
    pub fn replace(&self, index: u64, chunks: &mut dyn Iterator<Item = Result<Bytes>>) -> Result<()> {
        let inner = &*self.inner;
        // Nobody else writes the engine until this is given back.
        let mut flush = inner.flush.lock();
        if index < self.watermark() {
            return Err(Error::BadSnapshot { what: "its index is below that of the data here" });
        }
        if index >= LOG_INDEX_MAX {
            return Err(Error::BadSnapshot { what: "its index is impossible" });
        }
        inner.snapshots.begin_replace();
        *flush = FlushState::default();
        inner.engine.begin_replace(index)?;
        inner.memory.clear();
        inner.overlays.clear();
        inner.watermark.truncate(index + 1);
        inner.load(index, chunks)?;
        inner.engine.end_replace()?;
        inner.load_overlays()?;

        inner.flush_limit.fetch_max(index, Ordering::AcqRel);
        inner.snapshots.end_replace(index, &inner.watermark);
        inner.pressure.pass_complete(0);
        inner.pressure.held_up(false);
        inner.watermark.advance(index);
        inner.pressure.relieve(inner.memory.bytes(), inner.memory_bytes_max);
        Ok(())
    }

    /// True if the data is that of a replacement that did not come to its end: nothing can be read before
    /// [`replace`](Store::replace) is called again. True also while one is under way.
    pub fn needs_replace(&self) -> bool {
        self.inner.snapshots.is_replacing()
    }
}

impl Inner {
    /// Turns the engine's rows into those of the chunks.
    fn load(&self, index: u64, chunks: &mut dyn Iterator<Item = Result<Bytes>>) -> Result<()> {
        let mut merge = Merge { engine: &*self.engine, index, from: Bytes::new(), batch: Vec::new() };
        for chunk in chunks {
            merge.chunk(snapshot::decode(&chunk?)?)?;
        }
        merge.finish()
    }
}

/// The old rows and those of the snapshot, both ascending, being merged.
struct Merge<'a> {
    engine: &'a dyn Engine,
    index: u64,
    /// Below this key the rows are those of the snapshot, once `batch` is written.
    from: Bytes,
    batch: Vec<EngineWrite>,
}

impl Merge<'_> {
    fn chunk(&mut self, pairs: Vec<(Bytes, Bytes)>) -> Result<()> {
        let (Some((first, _)), Some((last, _))) = (pairs.first(), pairs.last()) else { return Ok(()) };
        if *first < self.from {
            return Err(Error::BadSnapshot { what: "its chunks do not ascend" });
        }
        let end = key_after(last);
        let mut old_rows =
            self.engine.scan(KeyRange::new(self.from.clone(), end.clone()), Direction::Forward);
        let mut old = old_rows.next()?;
        for (key, value) in pairs {
            while let Some((gone, _, _)) = old.take_if(|(old_key, _, _)| **old_key < *key) {
                self.push((gone.into_bytes(), None))?;
                old = old_rows.next()?;
            }
            let same_key = old.take_if(|(old_key, _, _)| **old_key == *key);
            let is_kept = same_key.as_ref().is_some_and(|(_, stamp, old_value)| {
                // One above is of an entry that was not applied completely before a crash.
                *stamp <= self.index && **old_value == *value
            });
            if !is_kept {
                self.push((key, Some((self.index, value))))?;
            }
            if same_key.is_some() {
                old = old_rows.next()?;
            }
        }
        self.from = end;
        // What is left in the batch are slices of this chunk: they would keep it in memory.
        self.write()
    }

    fn finish(mut self) -> Result<()> {
        self.write()?;
        self.engine.delete_range(KeyRange::new(self.from.clone(), Bytes::new()), usize::MAX)?;
        Ok(())
    }

    fn push(&mut self, write: EngineWrite) -> Result<()> {
        self.batch.push(write);
        if self.batch.len() >= REPLACE_BATCH_KEYS_MAX { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        self.engine.write(&self.batch, 0)?;
        self.batch.clear();
        Ok(())
    }
}
