//! Reading the log from other threads while one thread writes it.
//!
//! Recent records come from the [ring](super::ring). Older ones are read from their segment, a stretch ahead
//! of what was asked for, since a lagging peer will ask for the next ones soon; every record's checksum is
//! checked. A reader holds the lock of the shared state only to find the places: bytes on disk never change
//! once written, and a segment that is purged meanwhile stays readable through its open file. All places of
//! one read are taken under one lock, so its records always are a piece of one log, even if a truncation
//! or a reset happens at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use super::Record;
use super::frame::{self, FrameType, NotAFrame};
use super::index::Extent;
use super::shared::Shared;
use crate::disk::DiskFile;
use crate::error::{Error, Result};
use crate::limits::{LOG_INDEX_EVERY_BYTES, LOG_READ_AHEAD_BYTES, LOG_READ_AHEAD_BYTES_MAX};

/// Reads the log. Cheap to clone; each clone has its own read-ahead, so give one to each consumer.
pub struct LogReader {
    shared: Arc<RwLock<Shared>>,
    /// See [`LogReader::bytes`]; moved by the writer.
    disk_bytes: Arc<AtomicU64>,
    salt: u32,
    window: Mutex<Window>,
}

/// A stretch of a segment that was read, and the record that a sequential reader wants next.
#[derive(Clone, Default)]
struct Window {
    segment: u64,
    /// Where in the segment `bytes` start.
    offset: u64,
    bytes: Bytes,
    /// The record after the last one that was returned, and the place where that one ended.
    next_index: u64,
    next_segment: u64,
    next_offset: u64,
}

/// One piece of a read: records that follow each other in one segment.
struct Piece {
    extent: Extent,
    last: u64,
    file: Arc<dyn DiskFile>,
}

impl Clone for LogReader {
    fn clone(&self) -> LogReader {
        LogReader::new(self.shared.clone(), self.disk_bytes.clone(), self.salt)
    }
}

impl LogReader {
    pub(super) fn new(shared: Arc<RwLock<Shared>>, disk_bytes: Arc<AtomicU64>, salt: u32) -> LogReader {
        LogReader { shared, disk_bytes, salt, window: Mutex::default() }
    }

    /// The sizes of all segment files together, in bytes. The one being written counts with its full size, part of
    /// which may be a hole. Costs one load.
    pub fn bytes(&self) -> u64 {
        self.disk_bytes.load(Ordering::Relaxed)
    }

    /// The first index held; one past [`LogReader::last`] if nothing is held.
    pub fn first(&self) -> u64 {
        self.shared.read().index.first()
    }

    /// The last index held, whether it is durable yet or not; one below [`LogReader::first`] if nothing is
    /// held.
    pub fn last(&self) -> u64 {
        self.shared.read().index.last()
    }

    /// The term of a record that is held, or of the one just before the first (0 before index 1).
    pub fn term(&self, index: u64) -> Option<u64> {
        self.shared.read().index.term(index)
    }

    /// The records from `first` on, up to `last` or up to about `bytes_max` bytes of payload, but at least
    /// one. May return fewer even if more would fit; the caller asks again from where it got to.
    ///
    /// Refused with [`Error::NotInLog`] if the log does not hold all that was asked for.
    pub fn read(&self, first: u64, last: u64, bytes_max: usize) -> Result<Vec<Record>> {
        let pieces = {
            let shared = self.shared.read();
            let (held_first, held_last) = (shared.index.first(), shared.index.last());
            if first > last || first < held_first || last > held_last {
                return Err(Error::NotInLog { first, last, held_first, held_last });
            }
            match shared.ring.first() {
                Some(ring_first) if first >= ring_first => {
                    return Ok(shared.ring.read(first, last, bytes_max));
                }
                Some(ring_first) => pieces(&shared, first, last.min(ring_first - 1), bytes_max),
                None => pieces(&shared, first, last, bytes_max),
            }
        };
        let window = &mut *self.window.lock();
        let mut read =
            Read { salt: self.salt, bytes_max, bytes: 0, next: first, records: Vec::new(), window };
        for piece in &pieces {
            if !read.piece(piece)? {
                break;
            }
        }
        // Also holds for our own bookkeeping: every index at or below the ring's first has a place on disk.
        assert!(!read.records.is_empty(), "record {first} has no place on disk");
        Ok(read.records)
    }
}

/// The places of `first..=last`, as many as a read of `bytes_max` bytes can use.
fn pieces(shared: &Shared, first: u64, last: u64, bytes_max: usize) -> Vec<Piece> {
    // Records of no payload still take a frame each, so this many extents are never all used up.
    let count_max = bytes_max / LOG_INDEX_EVERY_BYTES as usize + 2;
    let extents = shared.index.extents(first, last, count_max);
    let with_file = extents.into_iter().map(|(extent, last)| Piece {
        extent,
        last,
        file: shared.segments.get(&extent.segment).expect("a segment in the index is open").clone(),
    });
    with_file.collect()
}

/// A read from disk under way.
struct Read<'a> {
    salt: u32,
    bytes_max: usize,
    /// Payload bytes of `records`.
    bytes: usize,
    /// The index wanted next.
    next: u64,
    records: Vec<Record>,
    window: &'a mut Window,
}

impl Read<'_> {
    /// Reads what is wanted of a piece; says whether more is wanted after it.
    fn piece(&mut self, piece: &Piece) -> Result<bool> {
        let mut offset = self.start(piece);
        while self.next <= piece.last {
            let (head, bytes) = self.frame(piece, offset)?;
            let frame_offset = offset;
            offset += head.frame_bytes() as u64;
            if head.frame_type != FrameType::Record || head.index < self.next {
                continue;
            }
            if head.index != self.next {
                let what = format!("record {} is missing: record {} is in its place", self.next, head.index);
                return Err(Error::corrupt(piece.file.path(), frame_offset, what));
            }
            if !self.records.is_empty() && self.bytes + head.payload_bytes > self.bytes_max {
                return Ok(false);
            }
            self.bytes += head.payload_bytes;
            let payload = bytes.slice(frame::FRAME_HEADER_BYTES..head.frame_bytes());
            self.records.push(Record { index: head.index, term: head.term, kind: head.kind, payload });
            self.next += 1;
            self.window.next_index = self.next;
            self.window.next_segment = piece.extent.segment;
            self.window.next_offset = offset;
        }
        Ok(self.bytes < self.bytes_max)
    }

    /// Where to start in a piece: where the last read stopped, if that is within it, else at its start. Where
    /// the last read stopped may have been dropped since, but then the wanted record's extent starts behind
    /// it: bytes are only ever added at the end.
    fn start(&self, piece: &Piece) -> u64 {
        let window = &self.window;
        let here = window.next_segment == piece.extent.segment
            && window.next_index == self.next
            && window.next_offset >= piece.extent.offset;
        if here && self.next > piece.extent.first { window.next_offset } else { piece.extent.offset }
    }

    /// The frame at `offset` of the segment and its bytes, from the window or the disk.
    fn frame(&mut self, piece: &Piece, offset: u64) -> Result<(frame::FrameHead, Bytes)> {
        let mut wanted = LOG_READ_AHEAD_BYTES.max(self.bytes_max.min(LOG_READ_AHEAD_BYTES_MAX));
        let mut fresh = false;
        loop {
            let window = &self.window;
            let at = offset.checked_sub(window.offset).filter(|_| window.segment == piece.extent.segment);
            let rest = at.and_then(|at| window.bytes.get(at as usize..)).unwrap_or_default();
            let damaged = |what: &str| {
                let what = format!("the record on the way to {}: {what}", self.next);
                Error::corrupt(piece.file.path(), offset, what)
            };
            match frame::parse(rest, self.salt) {
                Ok(head) => {
                    let bytes = window.bytes.slice_ref(&rest[..head.frame_bytes()]);
                    return Ok((head, bytes));
                }
                // What was read ahead may have been read before it was written: only fresh bytes count.
                Err(NotAFrame::Damaged(what)) if fresh => return Err(damaged(what)),
                Err(NotAFrame::Short { needed }) if fresh && needed <= rest.len().max(wanted) => {
                    return Err(damaged("the file ends inside it"));
                }
                Err(NotAFrame::Short { needed }) => wanted = wanted.max(needed),
                Err(NotAFrame::Damaged(_)) => {}
            }
            self.fill(piece, offset, wanted)?;
            fresh = true;
        }
    }

    fn fill(&mut self, piece: &Piece, offset: u64, wanted: usize) -> Result<()> {
        let mut bytes = vec![0; wanted];
        let count = piece.file.read_at(&mut bytes, offset)?;
        bytes.truncate(count);
        self.window.segment = piece.extent.segment;
        self.window.offset = offset;
        self.window.bytes = Bytes::from(bytes);
        Ok(())
    }
}
