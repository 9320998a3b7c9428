//! [`Export`]: all of the store at one index, in chunks, for a peer that is behind the purged log.
//!
//! # What it costs, and how long it may take
//!
//! It streams: at any time it holds one chunk, and references to at most
//! [`SCAN_CHUNK_ROWS_MAX`](crate::limits::SCAN_CHUNK_ROWS_MAX) rows of memory. Writers are never blocked. But while
//! it is under way, versions that it will still read must be kept:
//!
//! * until versions take half of the store's memory bound, write-behind waits for it, as for any old snapshot;
//! * from then on write-behind goes on, and what it overwrites in the engine is kept as history: one version of each
//!   key that changed since the export began, and that the export has *not passed yet*. Since it reads ascending
//!   keys, what it has passed is let go. With changes at random keys, the most there is at any time is about a quarter
//!   of what changes while the export runs;
//! * when history takes half of the bound (96 MiB unless it is configured: some 400,000 small rows), the oldest
//!   snapshot is given up. If that is the export's, [`Export::next`] fails with
//!   [`Error::SnapshotGivenUp`], and the caller begins again, with a new export and from
//!   its first chunk: chunks of two indexes must not be mixed.
//!
//! So an export under a load that changes 5,000 rows a second may take about five minutes; under a light load, hours.
//! A caller that throttles it lengthens that time.
//!
//! A transaction in parts that has its outcome at or below the index is exported as if it were merged; the staged rows of one that
//! has none are exported as they are.
//!
//! Chunks depend on the rows and on `bytes_max` alone, so on one node the same rows give the same chunks. On two nodes
//! they need not: each removes the rows of dropped tables when it gets to it.

use std::sync::Arc;

use bytes::Bytes;

use super::scan::StoreScan;
use super::{Inner, Store};
use crate::engine::{Direction, KeyRange, Slice, key_after, prefix_end};
use crate::limits::{KEY_BYTES_MIN, SCAN_CHUNK_ROWS_MIN, SNAPSHOT_CHUNK_BYTES_MAX};
use crate::snapshot::ChunkBuilder;
use crate::staging::StagedId;
use crate::{Error, Result};

/// All of a store at one index, read chunk by chunk. Dropping it ends it.
pub struct Export {
    /// Before the scan: the registration as an export ends before the snapshot is released.
    reading: Reading,
    /// Over one index id at a time, since that is what lies in one shard of memory. Has the one snapshot of this export.
    scan: StoreScan,
    /// The first key of the index ids that were not begun yet; `None` behind the last.
    ids_from: Option<Bytes>,
    /// The scan is within an index id, and not looking for the next one.
    is_within: bool,
    pair_count: u64,
    /// The transactions in parts whose rows are shown at their places; their staged rows and outcomes stay here.
    shown: Vec<StagedId>,
}

/// The registration as an export; the snapshot itself is the scan's.
struct Reading {
    inner: Arc<Inner>,
    index: u64,
    number: u64,
}

impl Store {
    /// Begins to read all of the store at the watermark. [`Error::NotReady`] if the store is not
    /// [ready](Store::is_ready).
    pub fn export(&self) -> Result<Export> {
        if !self.is_ready() {
            return Err(Error::NotReady);
        }
        // No merge is under way: one that begins later sees this export, or is of a transaction that it shows.
        let _flush = self.inner.flush.lock();
        let snapshot = self.snapshot();
        let (index, generation) = (snapshot.index(), snapshot.generation());
        // The scan's is then the only one.
        let scan = snapshot.scan(KeyRange::all(), Direction::Forward);
        drop(snapshot);
        let number = self.inner.snapshots.begin_export(index, generation)?;
        let all = self.inner.overlays.all();
        let shown = all.iter().filter(|overlay| overlay.index <= index).map(|overlay| overlay.id).collect();
        let reading = Reading { inner: Arc::clone(&self.inner), index, number };
        Ok(Export { reading, scan, ids_from: Some(Bytes::new()), is_within: false, pair_count: 0, shown })
    }
}

impl Export {
    /// The log index that the rows are of.
    pub fn index(&self) -> u64 {
        self.reading.index
    }

    /// How many pairs were given out so far.
    pub fn pair_count(&self) -> u64 {
        self.pair_count
    }

    /// The next chunk, or `None` at the end. It takes no further pair once its pairs have `bytes_max` bytes, or
    /// [`SNAPSHOT_CHUNK_BYTES_MAX`] if that is less.
    ///
    /// [`Error::SnapshotGivenUp`] if the export took too long: see the module's documentation.
    pub fn next(&mut self, bytes_max: usize) -> Result<Option<Bytes>> {
        let bytes_max = bytes_max.clamp(1, SNAPSHOT_CHUNK_BYTES_MAX);
        let mut chunk = ChunkBuilder::new();
        let mut last = None;
        while chunk.pair_bytes() < bytes_max {
            let Some((key, value)) = self.pair()? else { break };
            chunk.push(&key, &value);
            self.pair_count += 1;
            last = Some(key);
        }
        let Some(last) = last else { return Ok(None) };
        let Reading { inner, number, .. } = &self.reading;
        // A copy: the key may be a piece of a large log entry, or of a page of the engine.
        inner.snapshots.export_passed(*number, Bytes::copy_from_slice(&last));
        Ok(Some(chunk.finish()))
    }

    fn pair(&mut self) -> Result<Option<(Slice, Slice)>> {
        loop {
            let row = self.scan.next().map_err(|error| match error {
                Error::SnapshotTooOld => Error::SnapshotGivenUp { index: self.reading.index },
                other => other,
            })?;
            match row {
                Some((key, _, value)) => {
                    if !self.is_within {
                        self.go_within(&key);
                    }
                    if StagedId::of_key(&key).is_some_and(|id| self.shown.contains(&id)) {
                        continue;
                    }
                    return Ok(Some((key, value)));
                }
                None if self.is_within => {
                    let Some(start) = self.ids_from.clone() else { return Ok(None) };
                    self.is_within = false;
                    // One row of each shard is enough to find the next index id.
                    self.scan.go_to(KeyRange::new(start, Bytes::new()), 1);
                }
                None => return Ok(None),
            }
        }
    }

    /// Goes on behind the first key of an index id, within that id.
    fn go_within(&mut self, key: &[u8]) {
        let end = prefix_end(key.get(..KEY_BYTES_MIN).unwrap_or(key));
        self.scan.go_to(KeyRange::new(key_after(key), end.clone()), SCAN_CHUNK_ROWS_MIN);
        self.ids_from = (!end.is_empty()).then_some(end);
        self.is_within = true;
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.inner.snapshots.end_export(self.number);
    }
}
