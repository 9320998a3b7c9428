//! The log: the entries of the consensus protocol and its hard state, on disk before anyone is told so.
//!
//! One thread owns the [`Log`] and writes it; any number of [`LogReader`]s read it meanwhile. [`Log::append`]
//! puts records where readers see them at once, so that they can be sent to peers before they are durable
//! here, and into a buffer; [`Log::sync`] writes the buffer as one batch with one `fdatasync`. A truncation
//! and a new hard state are frames in the same batches, in the order in which they were asked for: there is
//! no second file and no second sync. [`Log::reset`] makes the log start anew behind an index of a snapshot; it
//! is a frame too.
//!
//! The parts: `frame` has the format of frames and batches, `segment` that of a file and its
//! header, `recovery` the reading of all that at a start and the argument why a torn write is
//! always told from damage, `index` the terms and places in memory, `ring` the recent records,
//! `reader` the reading.
//!
//! Invariants:
//!
//! * records are contiguous in index, and their terms never go down;
//! * when [`Log::sync`] or [`Log::save_hard_state`] has returned, everything asked for before it survives a
//!   crash;
//! * after a crash the log is as it was at some point between the last sync that returned and the crash:
//!   never a part of a batch;
//! * after a failed write or sync nothing more is written, ever: the log answers every later call with an
//!   error.
//!
//! Left out: compression.

mod frame;
mod index;
mod reader;
mod recovery;
mod ring;
mod segment;
mod shared;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::RwLock;

use self::frame::{Batch, FrameType};
use self::index::Index;
pub use self::reader::LogReader;
use self::recovery::Recovered;
use self::ring::Ring;
pub use self::segment::segment_first_index;
use self::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, SegmentWriter};
use self::shared::Shared;
use crate::disk::Disk;
use crate::error::{Class, Error, Result};
use crate::limits::{
    LOG_BATCH_BYTES_KEPT, LOG_BATCH_BYTES_MAX, LOG_INDEX_MAX, LOG_RECORD_BYTES_MAX, LOG_RING_BYTES_DEFAULT,
    LOG_RING_ENTRIES_DEFAULT, LOG_SEGMENT_BYTES_DEFAULT, LOG_SEGMENT_BYTES_MAX, LOG_SEGMENT_BYTES_MIN,
};

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the log; the first one ever is 1.
    pub index: u64,
    /// The term of the leader that made it.
    pub term: u64,
    /// What the payload is; the log does not look at it.
    pub kind: u8,
    /// The content, at most [`LOG_RECORD_BYTES_MAX`].
    pub payload: Bytes,
}

/// What a member must remember of elections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HardState {
    /// The newest term seen. Never goes down.
    pub term: u64,
    /// The node voted for in that term; 0 for none.
    pub vote: u64,
}

/// How a log is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The cluster this node is of; a folder of another one is refused.
    pub cluster_id: u128,
    /// The size of a segment file; brought within the bounds that [`limits`](crate::limits) set.
    pub segment_bytes: u64,
    /// Payload bytes that the ring of recent records keeps.
    pub ring_bytes: usize,
    /// Records that the ring keeps.
    pub ring_entries: usize,
    /// The salt of a new folder's checksums. `None` draws one, as is right everywhere but in a test that
    /// compares bytes.
    pub salt: Option<u32>,
    /// Records of this kind are handed out when the log is opened, in [`Opened::marked`]: for the few whose content
    /// must be known before anything else is done.
    pub marked_kind: Option<u8>,
}

impl Options {
    /// The defaults of [`limits`](crate::limits), for a cluster.
    pub fn new(cluster_id: u128) -> Options {
        Options {
            cluster_id,
            segment_bytes: LOG_SEGMENT_BYTES_DEFAULT,
            ring_bytes: LOG_RING_BYTES_DEFAULT,
            ring_entries: LOG_RING_ENTRIES_DEFAULT,
            salt: None,
            marked_kind: None,
        }
    }
}

/// A log that was opened, and what was found in it.
pub struct Opened {
    /// The log.
    pub log: Log,
    /// The hard state last saved; zeros in a new folder.
    pub hard_state: HardState,
    /// The first index held, or one past `last`.
    pub first: u64,
    /// The last index held, or one below `first`.
    pub last: u64,
    /// The term of the record before `first`; 0 if there never was one.
    pub base_term: u64,
    /// First index and term of each run of records of one term, ascending.
    pub term_runs: Vec<(u64, u64)>,
    /// The records of [`Options::marked_kind`] that the log holds, ascending.
    pub marked: Vec<Record>,
    /// How many bytes of a torn batch were cut off. None of them was ever reported durable.
    pub cut_bytes: u64,
}

/// What the batches written so far establish; the header of the next segment repeats it.
#[derive(Clone, Copy, Debug)]
struct OnDisk {
    next_index: u64,
    last_term: u64,
    hard_state: HardState,
}

/// A record in the batch that is being gathered.
#[derive(Clone, Copy, Debug)]
struct Gathered {
    index: u64,
    /// Where in the batch it starts.
    offset: usize,
    /// It is the first record after a truncation.
    new_extent: bool,
}

/// The log, for the one thread that writes it.
pub struct Log {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    options: Options,
    shared: Arc<RwLock<Shared>>,
    /// The sizes of all segment files, for readers.
    disk_bytes: Arc<AtomicU64>,
    /// The sizes of the segment files before the one being written.
    closed_bytes: u64,
    writer: SegmentWriter,
    salt: u32,
    /// What the next sync writes.
    batch: Batch,
    /// The records in `batch` that were not truncated again, in order.
    gathered: Vec<Gathered>,
    /// The next record is the first after a truncation.
    new_extent: bool,
    /// As of the last call, durable or not.
    hard_state: HardState,
    on_disk: OnDisk,
    /// Up to here, what readers see is also on disk. Goes back with a truncation, unlike what `on_disk` says.
    durable_to: u64,
    next_sequence: u64,
    /// A write or a sync failed: nobody knows what is on disk.
    is_failed: bool,
}

impl Log {
    /// Opens the log in a folder, creating both if need be, and checks every byte of it.
    ///
    /// Fatal errors: [`Error::Corrupt`] names damage, [`Error::ForeignCluster`] and [`Error::NewerFormat`] a
    /// folder that is not ours to touch. The caller has the folder [locked](crate::disk::lock_folder).
    pub fn open(disk: Arc<dyn Disk>, dir: &Path, options: Options) -> Result<Opened> {
        let options = Options {
            segment_bytes: options.segment_bytes.clamp(LOG_SEGMENT_BYTES_MIN, LOG_SEGMENT_BYTES_MAX),
            ..options
        };
        disk.create_folder(dir)?;
        match recovery::recover(&*disk, dir, &options)? {
            Some(recovered) => Log::resume(disk, dir, options, recovered),
            None => {
                let salt = options.salt.unwrap_or_else(|| RandomState::new().build_hasher().finish() as u32);
                let header = SegmentHeader {
                    cluster_id: options.cluster_id,
                    number: 1,
                    first_sequence: 1,
                    next_index: 1,
                    base_term: 0,
                    hard_state: HardState::default(),
                    salt,
                };
                let writer = SegmentWriter::create(&*disk, dir, &header, options.segment_bytes)?;
                let found = Recovered::empty(&writer, header);
                Log::opened(disk, dir, options, writer, header, found)
            }
        }
    }

    /// Goes on behind what was recovered, in a segment of its own.
    fn resume(disk: Arc<dyn Disk>, dir: &Path, options: Options, mut recovered: Recovered) -> Result<Opened> {
        let last = recovered.last;
        if recovered.last_is_empty {
            let file = recovered.segments[&last.number].clone();
            let writer = SegmentWriter::reuse(file, last.number, options.segment_bytes)?;
            return Log::opened(disk, dir, options, writer, last, recovered);
        }
        let header = SegmentHeader {
            number: last.number + 1,
            first_sequence: recovered.next_sequence,
            next_index: recovered.index.last() + 1,
            base_term: recovered.index.last_term(),
            hard_state: recovered.hard_state,
            ..last
        };
        let writer = SegmentWriter::create(&*disk, dir, &header, options.segment_bytes)?;
        recovered.segments.insert(writer.number, writer.file.clone());
        Log::opened(disk, dir, options, writer, header, recovered)
    }

    /// Puts together the log that goes on with `writer`, whose segment has this header, behind what was found.
    fn opened(
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: Options,
        writer: SegmentWriter,
        header: SegmentHeader,
        found: Recovered,
    ) -> Result<Opened> {
        let Recovered { index, segments, marked, cut_bytes, .. } = found;
        let mut closed_bytes = 0;
        for (_, file) in segments.iter().filter(|(number, _)| **number != writer.number) {
            closed_bytes += file.size_bytes()?;
        }
        let (first, last, base_term) = (index.first(), index.last(), index.base_term());
        let term_runs = index.runs().collect();
        let hard_state = header.hard_state;
        let on_disk = OnDisk { next_index: last + 1, last_term: index.last_term(), hard_state };
        let ring = Ring::new(options.ring_bytes, options.ring_entries);
        let log = Log {
            disk,
            folder: dir.to_owned(),
            shared: Arc::new(RwLock::new(Shared { index, ring, segments })),
            disk_bytes: Arc::new(AtomicU64::new(closed_bytes + writer.size_bytes())),
            closed_bytes,
            options,
            writer,
            salt: header.salt,
            batch: Batch::new(header.salt),
            gathered: Vec::new(),
            new_extent: false,
            hard_state,
            on_disk,
            durable_to: last,
            next_sequence: header.first_sequence,
            is_failed: false,
        };
        Ok(Opened { log, hard_state, first, last, base_term, term_runs, marked, cut_bytes })
    }

    /// Adds records behind the last one. Readers see them at once; durable when [`Log::sync`] has returned.
    ///
    /// Refused with [`Error::TooLarge`], and nothing added, if a payload is larger than
    /// [`LOG_RECORD_BYTES_MAX`]. A record that does not follow is a fault of the caller, and panics.
    pub fn append(&mut self, records: &[Record]) -> Result<()> {
        self.check_usable()?;
        if let Some(record) = records.iter().find(|record| record.payload.len() > LOG_RECORD_BYTES_MAX) {
            return Err(Error::TooLarge {
                what: "a log record",
                bytes: record.payload.len() as u64,
                bytes_max: LOG_RECORD_BYTES_MAX as u64,
            });
        }
        let mut rest = records;
        while !rest.is_empty() {
            let count = self.gather(rest);
            if count == 0 {
                // Bounds the buffer. Being durable early does no harm.
                self.sync()?;
                continue;
            }
            let (gathered, later) = rest.split_at(count);
            let shared = &mut *self.shared.write();
            for record in gathered {
                shared.index.append(record.index, record.term);
                shared.ring.push(record.clone());
            }
            shared.ring.evict(self.durable_to);
            rest = later;
        }
        Ok(())
    }

    /// Puts the records that fit into the batch, at least one into an empty batch; returns how many.
    fn gather(&mut self, records: &[Record]) -> usize {
        let mut count = 0;
        for record in records {
            let is_full = self.batch.bytes_with(record.payload.len()) > LOG_BATCH_BYTES_MAX;
            if is_full && !self.batch.is_empty() {
                break;
            }
            let offset =
                self.batch.push(FrameType::Record, record.kind, record.index, record.term, &record.payload);
            let new_extent = std::mem::take(&mut self.new_extent);
            self.gathered.push(Gathered { index: record.index, offset, new_extent });
            count += 1;
        }
        count
    }

    /// Writes what was gathered and makes it durable: one write and one `fdatasync`, and those of a new
    /// segment's header where one is needed.
    pub fn sync(&mut self) -> Result<()> {
        self.check_usable()?;
        if self.batch.is_empty() {
            return Ok(());
        }
        let written = self.write_batch();
        self.poison(written)
    }

    fn write_batch(&mut self) -> Result<()> {
        let start = self.write_frames()?;
        let shared = &mut *self.shared.write();
        for record in self.gathered.drain(..) {
            let offset = start + record.offset as u64;
            shared.index.place(record.index, self.writer.number, offset, record.new_extent);
        }
        let (last, last_term) = (shared.index.last(), shared.index.last_term());
        self.durable_to = last;
        shared.ring.evict(last);
        self.on_disk = OnDisk { next_index: last + 1, last_term, hard_state: self.hard_state };
        Ok(())
    }

    /// Writes the batch, durable when this returns, and empties it. Returns where in its segment it starts.
    fn write_frames(&mut self) -> Result<u64> {
        let batch = self.batch.finish(self.next_sequence);
        let batch_bytes = batch.len() as u64;
        if self.writer.is_full_for(batch_bytes) {
            self.writer.close()?;
            self.closed_bytes += self.writer.size_bytes();
            let header = SegmentHeader {
                cluster_id: self.options.cluster_id,
                number: self.writer.number + 1,
                first_sequence: self.next_sequence,
                next_index: self.on_disk.next_index,
                base_term: self.on_disk.last_term,
                hard_state: self.on_disk.hard_state,
                salt: self.salt,
            };
            let size_bytes = self.options.segment_bytes.max(SEGMENT_HEADER_BYTES + batch_bytes);
            self.writer = SegmentWriter::create(&*self.disk, &self.folder, &header, size_bytes)?;
            self.shared.write().segments.insert(self.writer.number, self.writer.file.clone());
        }
        let start = self.writer.write_batch(batch)?;
        self.next_sequence += 1;
        self.batch.clear(LOG_BATCH_BYTES_KEPT);
        self.note_disk_bytes();
        Ok(start)
    }

    fn note_disk_bytes(&self) {
        self.disk_bytes.store(self.closed_bytes + self.writer.size_bytes(), Ordering::Relaxed);
    }

    /// Drops the records from `from` on, at once for readers; durable when [`Log::sync`] has returned. Does
    /// nothing if the log ends before `from`. `from` is not below the first record held.
    pub fn truncate(&mut self, from: u64) -> Result<()> {
        self.check_usable()?;
        let shared = &mut *self.shared.write();
        if from > shared.index.last() {
            return Ok(());
        }
        assert!(from >= shared.index.first(), "record {from} was purged: it was committed");
        let base_term =
            shared.index.term(from - 1).expect("the record before one that is held has a known term");
        shared.index.truncate(from, base_term);
        shared.ring.truncate(from);
        self.batch.push(FrameType::Truncate, 0, from, base_term, &[]);
        self.gathered.retain(|record| record.index < from);
        // What is written under these indexes from now on is not on disk yet and must stay in the ring.
        self.durable_to = self.durable_to.min(from - 1);
        self.new_extent = true;
        Ok(())
    }

    /// Makes the log start anew behind `base_index`, whose record had `base_term`: it holds nothing, and the next
    /// record is `base_index + 1`. For a snapshot that was installed. Durable when this returns; after a crash the
    /// log is as of the last sync, or reset. Records gathered since the last sync are dropped with the others. The
    /// hard state stays as it is.
    ///
    /// Readers see the old log until the reset is durable, and from then on get [`Error::NotInLog`] for what it held.
    pub fn reset(&mut self, base_index: u64, base_term: u64) -> Result<()> {
        self.check_usable()?;
        assert!(base_index < LOG_INDEX_MAX, "index {base_index} is beyond what a log can count to");
        let reset = self.start_anew(base_index, base_term);
        self.poison(reset)
    }

    fn start_anew(&mut self, base_index: u64, base_term: u64) -> Result<()> {
        // A hard state is never in here: saving it syncs. So nothing is lost but what the reset makes void.
        self.batch.clear(LOG_BATCH_BYTES_KEPT);
        self.gathered.clear();
        self.batch.push(FrameType::Reset, 0, base_index, base_term, &[]);
        self.write_frames()?;
        {
            let shared = &mut *self.shared.write();
            shared.index = Index::new(base_index + 1, base_term);
            shared.ring.clear();
        }
        self.new_extent = true;
        self.durable_to = base_index;
        self.on_disk =
            OnDisk { next_index: base_index + 1, last_term: base_term, hard_state: self.hard_state };
        // The segments before this one hold nothing any more. Should a crash leave some of them, the next purge finds
        // them.
        self.purge_segments(base_index)
    }

    /// Saves the term and vote, durable when this returns, and with it everything asked for before.
    pub fn save_hard_state(&mut self, hard_state: HardState) -> Result<()> {
        self.check_usable()?;
        assert!(hard_state.term >= self.hard_state.term, "terms never go down");
        if hard_state != self.hard_state {
            self.batch.push(FrameType::HardState, 0, hard_state.vote, hard_state.term, &[]);
            self.hard_state = hard_state;
        }
        self.sync()
    }

    /// Removes the oldest segments whose records are all at or below `upto`. The segment being written stays.
    pub fn purge(&mut self, upto: u64) -> Result<()> {
        // So that nothing that the removed segments hold is replaced only by something not yet durable.
        self.sync()?;
        let purged = self.purge_segments(upto);
        self.poison(purged)
    }

    fn purge_segments(&mut self, upto: u64) -> Result<()> {
        loop {
            let last_on_disk = self.durable_to;
            let removed = {
                let shared = &mut *self.shared.write();
                let Some((&oldest, _)) = shared.segments.first_key_value() else {
                    return Ok(());
                };
                let last = shared.index.last_in_segments_to(oldest, last_on_disk);
                if oldest == self.writer.number || last.is_some_and(|last| last > upto) {
                    return Ok(());
                }
                shared.index.forget_segments_to(oldest, last_on_disk);
                shared.ring.forget_below(shared.index.first());
                shared.segments.remove(&oldest)
            };
            // One at a time, and in order: a crash must not leave a gap.
            if let Some(file) = removed {
                let bytes = file.size_bytes()?;
                self.disk.remove(file.path())?;
                self.disk.sync_dir(&self.folder)?;
                self.closed_bytes = self.closed_bytes.saturating_sub(bytes);
                self.note_disk_bytes();
            }
        }
    }

    /// A reader of this log, for another thread.
    pub fn reader(&self) -> LogReader {
        LogReader::new(self.shared.clone(), self.disk_bytes.clone(), self.salt)
    }

    /// The sizes of all segment files together, in bytes, the one being written with its full size.
    pub fn bytes(&self) -> u64 {
        self.closed_bytes + self.writer.size_bytes()
    }

    /// How many segment files there are.
    pub fn segment_count(&self) -> usize {
        self.shared.read().segments.len()
    }

    fn check_usable(&self) -> Result<()> {
        if self.is_failed { Err(Error::Closed("the log, which failed earlier,")) } else { Ok(()) }
    }

    fn poison<T>(&mut self, result: Result<T>) -> Result<T> {
        self.is_failed |= result.as_ref().is_err_and(|error| error.class() == Class::Fatal);
        result
    }
}
