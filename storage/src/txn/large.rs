//! Transactions larger than one log entry: their write set leaves memory for the log while they run.
//!
//! When a write set passes its bound it is *staged*: its writes go to the log in parts, as rows that nobody else reads (see
//! [`crate::staging`]), and the write set is empty again. From then on the transaction reads its own writes from
//! memory first, then from its staged rows. At COMMIT the rest is staged too, and the transaction's entry is one small row: its
//! outcome. How a part gets into the log, how long that may take, and what happens to the staged rows of a transaction that
//! does not commit, is the business of the [`PartSink`].
//!
//! # Savepoints
//!
//! What a savepoint is to bring back must stay told apart. So a write set is staged in pieces, cut at every savepoint that is
//! not released, each piece in parts of its own; the savepoint remembers the number of parts before it, and rolling back
//! to it *discards* those behind. A key written again keeps in its staged row what some savepoint may bring back.
//!
//! A part that cannot be sent leaves the write set as it was, and discards the parts that were sent before it; the next read or
//! lock of the transaction fails with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;

use super::seal::Sealed;
use super::write_set::{Savepoint, Write, WriteSet};
use crate::engine::{Direction, KeyRange};
use crate::format::{EntryBuilder, EntryHeader};
use crate::limits::{KEY_BYTES_MIN, PART_BYTES, STAGED_VERSIONS_MAX};
use crate::staging::{self, Outcome, StagedId, StagedVersion};
use crate::version::{Store, StoreScan};
use crate::{Error, Result};

/// Where the parts of a transaction go.
pub trait PartSink: Send + Sync {
    /// The identity of the transaction; asked for once, before its first part.
    fn id(&self) -> StagedId;

    /// The header of the next part.
    fn header(&self) -> EntryHeader;

    /// Gives a part its place in the log: its rows are installed in the store when this returns. May block, so that not too
    /// much is on its way.
    fn send(&mut self, part: Sealed) -> Result<()>;

    /// The transaction ends without an outcome: its staged rows are to go.
    fn abandon(&mut self, id: StagedId);
}

/// A savepoint that may still be rolled back to.
struct Live {
    savepoint: Savepoint,
    /// How often it was taken at this very place.
    count: u32,
    /// The number of parts before it, once the write set that it is a place of was staged.
    part: Option<u32>,
}

/// The part of a transaction that is about being large.
#[derive(Default)]
pub(super) struct Large {
    sink: Option<Box<dyn PartSink>>,
    /// A write set of this many bytes is staged.
    bytes_max: usize,
    staged: Option<Staged>,
    /// Oldest first.
    live: Vec<Live>,
    /// Why the last attempt to stage failed, until somebody was told.
    failed: Option<Error>,
}

/// What is staged.
pub(super) struct Staged {
    id: StagedId,
    /// The number of the next part.
    parts: u32,
    /// First and end of the parts that do not count.
    discarded: Vec<(u32, u32)>,
    index_ids: BTreeSet<u32>,
    /// Written whatever is rolled back: they only go up.
    counters: BTreeMap<Bytes, Arc<AtomicU64>>,
    /// Grows with every change, by which a cursor knows that it has to look again.
    version: u64,
    /// The outcome is in the log.
    has_outcome: bool,
}

/// What is needed to make a part's entry.
pub(super) struct Making<'a> {
    pub(super) store: &'a Store,
    pub(super) seen: u64,
    pub(super) epoch: u64,
}

impl Staged {
    /// The staged version of `key` that counts.
    pub(super) fn get(&self, store: &Store, key: &[u8]) -> Result<Option<StagedVersion>> {
        match store.read_staged(self.id, key)? {
            Some(row) => staging::current(&row, &self.discarded),
            None => Ok(None),
        }
    }

    pub(super) fn counter(&self, key: &[u8]) -> Option<&Arc<AtomicU64>> {
        self.counters.get(key)
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The staged rows of `range`, those that do not count among them.
    pub(super) fn scan(&self, store: &Store, range: &KeyRange, direction: Direction) -> StoreScan {
        store.scan_staged(self.id, range, direction)
    }

    /// The version in a staged row that counts.
    pub(super) fn current(&self, row: &Bytes) -> Result<Option<StagedVersion>> {
        staging::current(row, &self.discarded)
    }

    fn discard_from(&mut self, part: u32) {
        self.version += 1;
        self.discarded.retain(|(first, _)| *first < part);
        if let Some((_, end)) = self.discarded.last_mut()
            && *end >= part
        {
            *end = self.parts;
        } else if part < self.parts {
            self.discarded.push((part, self.parts));
        }
    }
}

impl Large {
    /// From now on a write set of `bytes_max` bytes goes to `sink`.
    pub(super) fn stream_to(&mut self, sink: Box<dyn PartSink>, bytes_max: usize) {
        self.sink = Some(sink);
        self.bytes_max = bytes_max;
    }

    pub(super) fn is_streaming(&self) -> bool {
        self.sink.is_some()
    }

    pub(super) fn staged(&self) -> Option<&Staged> {
        self.staged.as_ref()
    }

    /// No more is staged, if nothing was.
    pub(super) fn stop_streaming(&mut self) {
        if self.staged.is_none() {
            self.sink = None;
        }
    }

    /// Fails if the write set could not be staged.
    pub(super) fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Stages the write set if it is at its bound.
    #[inline]
    pub(super) fn after_write(&mut self, writes: &mut WriteSet, making: &Making<'_>) {
        if self.sink.is_some() && writes.footprint_bytes() >= self.bound() && self.failed.is_none() {
            self.failed = self.stage(writes, making).err();
        }
    }

    fn bound(&self) -> usize {
        if self.staged.is_some() { self.bytes_max.min(PART_BYTES) } else { self.bytes_max }
    }

    // ---- Savepoints

    pub(super) fn savepoint(&mut self, savepoint: Savepoint) {
        match self.live.last_mut() {
            Some(last) if last.savepoint == savepoint => last.count += 1,
            _ => self.live.push(Live { savepoint, count: 1, part: None }),
        }
    }

    pub(super) fn release(&mut self, savepoint: Savepoint) {
        if let Some(place) = self.live.iter().rposition(|live| live.savepoint == savepoint) {
            self.live[place].count -= 1;
            if self.live[place].count == 0 {
                self.live.remove(place);
            }
        }
    }

    pub(super) fn rollback_to(&mut self, savepoint: Savepoint, writes: &mut WriteSet) {
        self.failed = None;
        let place = self.live.iter().rposition(|live| live.savepoint == savepoint);
        self.live.truncate(place.map_or(self.live.len(), |place| place + 1));
        if savepoint.is_of(writes) {
            self.live.retain(|live| live.savepoint <= savepoint);
            writes.rollback_to(savepoint);
            return;
        }
        let part = place.and_then(|place| self.live[place].part);
        let part =
            part.expect("a savepoint that was staged over is rolled back to only while it is not released");
        let staged = self.staged.as_mut().expect("it was staged over");
        staged.discard_from(part);
        writes.clear();
    }

    // ---- Staging

    /// Refuses a transaction that is staged from now on, as one that is to be prepared.
    pub(super) fn refuse_if_staged(&mut self) {
        if let Some(staged) = &self.staged {
            self.failed = Some(Error::TooLarge {
                what: "the transaction that is to be prepared",
                bytes: u64::from(staged.parts) * PART_BYTES as u64,
                bytes_max: self.bytes_max as u64,
            });
        }
    }

    /// Sends the write set away.
    pub(super) fn stage(&mut self, writes: &mut WriteSet, making: &Making<'_>) -> Result<()> {
        let Some(sink) = &mut self.sink else { return Ok(()) };
        let staged = self.staged.get_or_insert_with(|| Staged {
            id: sink.id(),
            parts: 0,
            discarded: Vec::new(),
            index_ids: BTreeSet::new(),
            counters: BTreeMap::new(),
            version: 0,
            has_outcome: false,
        });
        let first = staged.parts;
        let mut cuts: Vec<usize> =
            self.live.iter().filter_map(|live| live.savepoint.undo_count_in(writes)).collect();
        cuts.dedup();
        // Parts before each cut, in their order.
        let mut floors: Vec<u32> =
            self.live.iter().filter_map(|live| live.part).filter(|part| *part > 0).collect();
        let mut parts_at_cut = Vec::new();
        let mut sender = Sender { sink: &mut **sink, staged, making, entry: None };
        let mut from = 0;
        let ends = cuts.iter().copied().chain([usize::MAX]);
        for end in ends {
            if let Err(error) = sender.piece(&writes.piece(from, end), &floors) {
                staged.discard_from(first);
                return Err(error);
            }
            if end != usize::MAX {
                parts_at_cut.push((end, sender.staged.parts));
                floors.extend((sender.staged.parts > 0).then_some(sender.staged.parts));
            }
            from = end;
        }
        for live in &mut self.live {
            if let Some(undo_count) = live.savepoint.undo_count_in(writes) {
                live.part = parts_at_cut.iter().find(|(cut, _)| *cut == undo_count).map(|(_, part)| *part);
            }
        }
        let counters = writes.counters().map(|(key, source)| (key.clone(), Arc::clone(source)));
        staged.counters.extend(counters);
        staged.version += 1;
        writes.staged();
        Ok(())
    }

    /// Stages what is left and gives the entry that ends the transaction.
    pub(super) fn seal(
        &mut self,
        writes: &mut WriteSet,
        header: EntryHeader,
        making: &Making<'_>,
    ) -> Result<Option<Sealed>> {
        self.check()?;
        if self.staged.is_none() {
            return Ok(None);
        }
        self.stage(writes, making)?;
        let Some(staged) = &self.staged else { return Ok(None) };
        let outcome = Outcome::Committed {
            discarded: staged.discarded.clone(),
            index_ids: staged.index_ids.iter().copied().collect(),
        };
        let mut builder = EntryBuilder::new(header);
        let mut late = Vec::new();
        for (key, source) in &staged.counters {
            late.push((builder.put_late_u64(key), Arc::clone(source)));
        }
        builder.put(&staged.id.outcome_key(), &outcome.encode());
        Ok(Some(Sealed::new(builder, late, making)))
    }

    /// The outcome is in the log.
    pub(super) fn has_outcome(&mut self) {
        if let Some(staged) = &mut self.staged {
            staged.has_outcome = true;
        }
    }

    /// Forgets everything; what is staged is abandoned unless it has an outcome.
    pub(super) fn end(&mut self) {
        if let (Some(staged), Some(sink)) = (self.staged.take(), &mut self.sink)
            && !staged.has_outcome
        {
            sink.abandon(staged.id);
        }
        self.live.clear();
        self.failed = None;
    }
}

/// Sends pieces of a write set.
struct Sender<'a> {
    sink: &'a mut dyn PartSink,
    staged: &'a mut Staged,
    making: &'a Making<'a>,
    /// The entry being built.
    entry: Option<EntryBuilder>,
}

impl Sender<'_> {
    /// Sends a piece in as many parts as it takes. `floors` are the numbers of parts before each savepoint.
    fn piece(&mut self, piece: &BTreeMap<&Bytes, &Write>, floors: &[u32]) -> Result<()> {
        for (key, write) in piece {
            let value = match write {
                Write::Put(value) => Some(value.clone()),
                Write::Delete => None,
                Write::Counter(_) => continue,
            };
            let row = self.row(key, value, floors)?;
            if let Some(id) = key.first_chunk::<KEY_BYTES_MIN>() {
                self.staged.index_ids.insert(u32::from_be_bytes(*id));
            }
            let builder =
                self.entry.get_or_insert_with(|| EntryBuilder::with_capacity(self.sink.header(), PART_BYTES));
            builder.put(&self.staged.id.staged_key(key), &row);
            if builder.len() >= PART_BYTES {
                self.send()?;
            }
        }
        self.send()
    }

    /// The staged row of `key` with a new version, and of the older ones those that a savepoint may bring back.
    fn row(&self, key: &[u8], value: Option<Bytes>, floors: &[u32]) -> Result<Bytes> {
        let part = self.staged.parts;
        let mut versions = vec![StagedVersion { part, value }];
        // Without a part there is nothing to be found, and without a savepoint nothing to be kept.
        let before = if part > 0 && !floors.is_empty() {
            self.making.store.read_staged(self.staged.id, key)?
        } else {
            None
        };
        let mut above = part;
        for older in before.map_or(Ok(Vec::new()), |row| staging::decode_versions(&row))? {
            if staging::is_discarded(&self.staged.discarded, older.part) {
                continue;
            }
            let next = std::mem::replace(&mut above, older.part);
            if floors.iter().any(|floor| (above + 1..=next).contains(floor)) {
                versions.push(older);
            }
        }
        if versions.len() > STAGED_VERSIONS_MAX {
            return Err(Error::TooLarge {
                what: "the number of savepoints that a large transaction wrote one row between",
                bytes: versions.len() as u64,
                bytes_max: STAGED_VERSIONS_MAX as u64,
            });
        }
        Ok(staging::encode_versions(&versions))
    }

    fn send(&mut self) -> Result<()> {
        let Some(builder) = self.entry.take() else { return Ok(()) };
        // Before it is sent: whether it has its place is not known when that fails.
        self.staged.parts += 1;
        self.sink.send(Sealed::new(builder, Vec::new(), self.making))
    }
}
