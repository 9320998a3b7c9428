//! Opening a log: checking every byte of it, and telling an interrupted write from damage.
//!
//! # What is on disk
//!
//! [`Log::sync`](super::Log::sync) writes one *batch*: a begin frame with a sequence number and the batch's
//! length, the frames, an end frame; then it calls `fdatasync`. Nobody is told that anything in the batch is
//! durable before that returns. Three rules of the writer carry the argument below:
//!
//! * **W1.** Batch *n + 1* is not written, not even in part, before the sync of batch *n* has returned.
//! * **W2.** Bytes are written once. A batch goes where only zeros are, directly behind the one before it. A
//!   truncation is a frame in a batch, like a record, and overwrites nothing. So is a reset.
//! * **W3.** A segment gets its name only after its header is durable and every batch of the segments before
//!   it is; a torn batch is removed, durably, before anything is written after it.
//!
//! Recovery reads the batches in order. They replay exactly what the writer did: records, truncations, hard
//! states, resets. Because of W2 there is no older data anywhere behind the last batch that could be taken for
//! newer data, so a truncated record can never come back: to see it, one has to read its batch, and to read
//! anything behind that, one has to read the truncation too.
//!
//! A *reset* makes everything before it void and says where the log starts anew. It is the only frame of its
//! batch, so it is whole or torn as any batch is, and the log after a crash is the one before it or the one after
//! it. The segments before the one it is in are removed after its sync returned, the oldest first, as a purge
//! does; if a crash leaves some, they are replayed, the reset makes them void, and the next purge, or the next
//! reset, removes them. Void bytes are checked all the same: a reset is no reason to trust a disk. Indexes may be
//! used again after a reset as they may be after a truncation, and for the same reason no record from before it
//! can come back: to read anything behind the reset, one has to read the reset. The segment that follows repeats
//! in its header what the reset has established, so W3 and the check of that header hold without change.
//!
//! # Torn or damaged
//!
//! Suppose that batch *n*, at its place, is not as it was written. Either its sync had not returned when the
//! machine stopped (it is *torn*: nobody was told anything, and it must be cut), or it had (it is *damaged*:
//! it may have been acknowledged, so cutting it could lose a commit, and the node must stop). Damage is
//! proven by any of these:
//!
//! 1. *There is a later segment.* By W3 batch *n* was synced.
//! 2. *The begin frame is whole and there is a non-zero byte behind the batch's end.* By W2 only a later
//!    batch puts one there; by W1 batch *n* was synced.
//! 3. *The begin frame is not whole and a whole begin frame of a later batch is found behind it.* The same.
//!    (Its checksum is salted, so that no row that a client wrote can look like one.)
//! 4. *The part that fails lost nothing.* By assumption D2 of [`disk`](crate::disk) a crash leaves each
//!    sector old or new; by W2 the old bytes are zeros. So a part of the batch that a crash has torn touches
//!    a sector that is all zero (from the batch's start, where the batch starts in the middle of one: the
//!    bytes before are kept by D4). A failing part that touches none was written completely, and was changed
//!    later. (One more case passes as torn: the part reaches behind the last byte of the file that is not
//!    zero. A whole batch's last byte is its own end mark, so the file was cut short, at whatever byte, as by
//!    a copy that was interrupted.)
//!
//! The part examined in 4 is the first frame of the batch that fails. All frames before it are whole, so it
//! does start there. If its length field is as written, the part is the whole frame, and it holds a lost
//! byte, since the frame fails. If the length field is not, a byte of it was lost, and it is within the part,
//! whatever length it now claims. So a torn batch always passes as torn: a crash never makes a log
//! unreadable. In the other direction, rule 4 can only fail to prove damage in the one last batch of the log,
//! where the frame damaged also touches a sector of zeros; everywhere else rules 1 to 3 decide.
//!
//! A torn batch is cut as a whole, its good records too: nobody was told of them.
//!
//! # What was read may not be on disk
//!
//! The batches found may so far be only in the kernel's memory: the process before may have died between its
//! write and its sync, or because its sync failed, after which the kernel takes the pages for clean and will
//! not write them again. By W1 this can only be the last batch. So it is written again with the same bytes,
//! and synced, before the log is used; so are the names in the folder. Then the log goes on in a new segment,
//! which by rule 1 proves everything before it durable.
//!
//! Left out: a log is read whole at every start, at the speed of the disk. Keeping it short is what
//! [`Log::purge`](super::Log::purge) is for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::frame::{self, BATCH_MARK_BYTES, FRAME_HEADER_BYTES, FrameHead, FrameType, NotAFrame};
use super::index::Index;
use super::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, SegmentName, SegmentWriter, UNFINISHED_SUFFIX};
use super::{HardState, Options, Record};
use crate::disk::{Disk, DiskFile, SECTOR_BYTES};
use crate::error::{Error, Result};
use crate::limits::{LOG_BATCH_BYTES_MAX, LOG_INDEX_MAX, LOG_RECORD_BYTES_MAX, LOG_SEGMENT_BYTES_MAX};

/// No segment file is larger: the configured size, or a first batch larger than that.
const SEGMENT_FILE_BYTES_MAX: u64 =
    LOG_SEGMENT_BYTES_MAX + (LOG_BATCH_BYTES_MAX + LOG_RECORD_BYTES_MAX) as u64;

/// A log as it was found, made durable and ready to be continued.
pub(super) struct Recovered {
    pub(super) index: Index,
    pub(super) segments: BTreeMap<u64, Arc<dyn DiskFile>>,
    pub(super) hard_state: HardState,
    pub(super) next_sequence: u64,
    /// The header of the last segment.
    pub(super) last: SegmentHeader,
    /// The last segment holds no batch.
    pub(super) last_is_empty: bool,
    /// The records of the kind that is asked for, ascending.
    pub(super) marked: Vec<Record>,
    pub(super) cut_bytes: u64,
}

impl Recovered {
    /// What is in a new folder: one segment without a batch.
    pub(super) fn empty(writer: &SegmentWriter, header: SegmentHeader) -> Recovered {
        Recovered {
            index: Index::new(header.next_index, header.base_term),
            segments: BTreeMap::from([(writer.number, writer.file.clone())]),
            hard_state: header.hard_state,
            next_sequence: header.first_sequence,
            last: header,
            last_is_empty: true,
            marked: Vec::new(),
            cut_bytes: 0,
        }
    }
}

/// Reads the log in `folder`; `None` if there is none yet.
pub(super) fn recover(disk: &dyn Disk, folder: &Path, options: &Options) -> Result<Option<Recovered>> {
    let names = segment_names(disk, folder)?;
    let mut replay: Option<Replay> = None;
    for (position, name) in names.iter().enumerate() {
        let is_last = position + 1 == names.len();
        let file = disk.open(&folder.join(name.to_string()))?;
        let bytes = read_whole(&*file)?;
        let header = SegmentHeader::decode(file.path(), &bytes, options.cluster_id)?;
        if header.name() != *name {
            return Err(Error::corrupt(file.path(), 0, format!("its header is that of {}", header.name())));
        }
        let replay = match &mut replay {
            Some(replay) => {
                replay.check_next(file.path(), &header)?;
                replay
            }
            none => none.insert(Replay::start(file.path(), &header, options.marked_kind)?),
        };
        replay.segment(file, header, &bytes, is_last)?;
    }
    if replay.is_some() {
        // The process before may have died between giving the last segment its name and making that durable.
        disk.sync_dir(folder)?;
    }
    Ok(replay.map(|replay| replay.recovered))
}

/// The segments in the folder, oldest first; removes those that were never finished.
fn segment_names(disk: &dyn Disk, folder: &Path) -> Result<Vec<SegmentName>> {
    let mut names = Vec::new();
    for name in disk.list(folder)? {
        if let Some(segment) = SegmentName::parse(&name) {
            names.push(segment);
        } else if name.strip_suffix(UNFINISHED_SUFFIX).is_some_and(|name| SegmentName::parse(name).is_some())
        {
            disk.remove(&folder.join(name))?;
            disk.sync_dir(folder)?;
        } else {
            tracing::warn!(file = %folder.join(name).display(), "a file in the log's folder is not of the log");
        }
    }
    names.sort();
    for pair in names.windows(2) {
        if pair[0].number + 1 != pair[1].number {
            let file = folder.join(pair[1].to_string());
            let what = format!("the segment before it is missing: {} precedes it", pair[0]);
            return Err(Error::corrupt(&file, 0, what));
        }
    }
    Ok(names)
}

fn read_whole(file: &dyn DiskFile) -> Result<Vec<u8>> {
    let size_bytes = file.size_bytes()?;
    if size_bytes > SEGMENT_FILE_BYTES_MAX {
        return Err(Error::corrupt(file.path(), SEGMENT_FILE_BYTES_MAX, "the segment is too large"));
    }
    let mut bytes = vec![0; size_bytes as usize];
    let count = file.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// The log as replayed so far.
struct Replay {
    recovered: Recovered,
    /// The next record is the first after a truncation.
    new_extent: bool,
    marked_kind: Option<u8>,
}

impl Replay {
    fn start(file: &Path, header: &SegmentHeader, marked_kind: Option<u8>) -> Result<Replay> {
        let counts = 1..=LOG_INDEX_MAX;
        if !counts.contains(&header.next_index) || !counts.contains(&header.first_sequence) {
            return Err(Error::corrupt(file, 0, "the segment header: indexes and batches count from 1"));
        }
        let recovered = Recovered {
            index: Index::new(header.next_index, header.base_term),
            segments: BTreeMap::new(),
            hard_state: header.hard_state,
            next_sequence: header.first_sequence,
            last: *header,
            last_is_empty: true,
            marked: Vec::new(),
            cut_bytes: 0,
        };
        Ok(Replay { recovered, new_extent: false, marked_kind })
    }

    /// Checks that a segment goes on where the one before it stopped.
    fn check_next(&self, file: &Path, header: &SegmentHeader) -> Result<()> {
        let so_far = &self.recovered;
        let expected = SegmentHeader {
            number: header.number,
            first_sequence: so_far.next_sequence,
            next_index: so_far.index.last() + 1,
            base_term: so_far.index.last_term(),
            hard_state: so_far.hard_state,
            ..so_far.last
        };
        if *header == expected {
            return Ok(());
        }
        let what = format!(
            "it starts with batch {} and record {}, but the segment before it ends before batch {} and record {}",
            header.first_sequence, header.next_index, expected.first_sequence, expected.next_index
        );
        Err(Error::corrupt(file, 0, what))
    }

    /// Replays a segment; in the last one, cuts a torn batch and makes the last whole one durable.
    fn segment(
        &mut self,
        file: Arc<dyn DiskFile>,
        header: SegmentHeader,
        bytes: &[u8],
        is_last: bool,
    ) -> Result<()> {
        let mut at = SEGMENT_HEADER_BYTES as usize;
        let mut last_batch = None;
        let mut frames = Vec::new();
        let path = file.path().to_owned();
        let nonzero_end = nonzero_end(bytes).max(at);
        while at < nonzero_end {
            let sequence = self.recovered.next_sequence;
            let area = BatchArea { bytes, at, nonzero_end, sequence, salt: header.salt };
            match area.check(&mut frames) {
                Ok(batch_bytes) => {
                    for (offset, head) in &frames {
                        let payload = &bytes[offset + FRAME_HEADER_BYTES..offset + head.frame_bytes()];
                        let replayed = self.frame(head, payload, header.number, *offset as u64);
                        replayed.map_err(|what| Error::corrupt(&path, *offset as u64, what))?;
                    }
                    last_batch = Some(at..at + batch_bytes);
                    at += batch_bytes;
                    self.recovered.next_sequence += 1;
                }
                Err(fault) if is_last && area.is_torn(&fault) => {
                    let cut_bytes = (nonzero_end - at) as u64;
                    tracing::warn!(file = %path.display(), offset = at, cut_bytes, "cut a torn batch off the log");
                    self.recovered.cut_bytes = cut_bytes;
                    break;
                }
                Err(fault) => {
                    let next = self.recovered.index.last() + 1;
                    let what = format!("batch {sequence}, after record {}, {}", next - 1, fault.what);
                    return Err(Error::corrupt(&path, fault.from as u64, what));
                }
            }
        }
        if is_last {
            // A torn batch, and room that nothing will be written to: the log goes on in another segment.
            file.set_size_bytes(at as u64)?;
            if let Some(batch) = last_batch.clone() {
                file.write_at(&bytes[batch.clone()], batch.start as u64)?;
            }
            file.sync_all()?;
        }
        self.recovered.last = header;
        self.recovered.last_is_empty = last_batch.is_none();
        self.recovered.segments.insert(header.number, file);
        Ok(())
    }

    /// Replays a frame of a whole batch.
    fn frame(&mut self, head: &FrameHead, payload: &[u8], segment: u64, offset: u64) -> Result<(), String> {
        let index = &mut self.recovered.index;
        match head.frame_type {
            FrameType::BatchBegin | FrameType::BatchEnd => {}
            FrameType::HardState => {
                let hard_state = HardState { term: head.term, vote: head.index };
                if hard_state.term < self.recovered.hard_state.term {
                    return Err(format!("the term goes down to {}", hard_state.term));
                }
                self.recovered.hard_state = hard_state;
            }
            FrameType::Record => {
                let (number, term) = (head.index, head.term);
                if !index.follows(number, term) {
                    let (last, last_term) = (index.last(), index.last_term());
                    return Err(format!(
                        "record {number} of term {term} cannot follow record {last} of term {last_term}"
                    ));
                }
                index.append(number, term);
                index.place(number, segment, offset, std::mem::take(&mut self.new_extent));
                if self.marked_kind == Some(head.kind) {
                    let payload = Bytes::copy_from_slice(payload);
                    self.recovered.marked.push(Record { index: number, term, kind: head.kind, payload });
                }
            }
            FrameType::Truncate => {
                if head.index == 0 || head.index > index.last() {
                    return Err(format!(
                        "it truncates from {}, but the log ends at {}",
                        head.index,
                        index.last()
                    ));
                }
                index.truncate(head.index, head.term);
                self.recovered.marked.retain(|record| record.index < head.index);
                self.new_extent = true;
            }
            FrameType::Reset => {
                if head.index >= LOG_INDEX_MAX {
                    return Err(format!("it resets the log to {}, which is impossible", head.index));
                }
                *index = Index::new(head.index + 1, head.term);
                self.recovered.marked.clear();
                self.new_extent = true;
            }
        }
        Ok(())
    }
}

/// The end of the bytes that are not zero.
fn nonzero_end(bytes: &[u8]) -> usize {
    const ZEROS: &[u8] = &[0; 4096];
    let mut end = bytes.len();
    while end > 0 {
        let start = end.saturating_sub(ZEROS.len());
        // Whole pages are compared at memory speed: most of a new segment is zeros.
        if bytes[start..end] != ZEROS[..end - start] {
            return bytes[start..end].iter().rposition(|byte| *byte != 0).map_or(end, |at| start + at + 1);
        }
        end = start;
    }
    0
}

/// The place of a segment where a batch is expected.
struct BatchArea<'a> {
    /// The whole segment.
    bytes: &'a [u8],
    /// Where the batch starts.
    at: usize,
    /// Behind the last byte of the segment that is not zero.
    nonzero_end: usize,
    /// The batch that belongs here.
    sequence: u64,
    salt: u32,
}

/// Why a batch is not as it was written.
struct Fault {
    what: String,
    /// The part that is not as it should be: from here …
    from: usize,
    /// … up to here, as far as is known.
    to: usize,
    /// How long the batch is, if its begin frame is whole.
    batch_end: Option<usize>,
    /// It cannot come from a crash.
    impossible: bool,
}

impl BatchArea<'_> {
    /// The length of the batch if it is whole, and the frames between its begin and its end.
    fn check(&self, frames: &mut Vec<(usize, FrameHead)>) -> Result<usize, Fault> {
        frames.clear();
        let header_fault = |what: String, impossible| Fault {
            what,
            from: self.at,
            to: self.at + BATCH_MARK_BYTES,
            batch_end: None,
            impossible,
        };
        let begin = frame::parse_batch_begin(&self.bytes[self.at..], self.salt).map_err(|why| {
            header_fault(format!("has a bad begin frame: {}", describe(why)), self.later_batch_exists())
        })?;
        if begin.sequence != self.sequence {
            return Err(header_fault(format!("is missing: batch {} is in its place", begin.sequence), true));
        }
        let end = self.at + begin.batch_bytes;
        let fault = |from: usize, what: &str, impossible| {
            let to = self.frame_end(from, end);
            Fault { what: format!("has a bad frame: {what}"), from, to, batch_end: Some(end), impossible }
        };
        let mut at = self.at + BATCH_MARK_BYTES;
        for _ in 0..begin.frame_count {
            let rest = self.bytes.get(at..end.min(self.bytes.len())).unwrap_or_default();
            let head = frame::parse(rest, self.salt).map_err(|why| fault(at, describe(why), false))?;
            if matches!(head.frame_type, FrameType::BatchBegin | FrameType::BatchEnd) {
                return Err(fault(at, "it begins or ends a batch inside a batch", true));
            }
            frames.push((at, head));
            at += head.frame_bytes();
        }
        let rest = self.bytes.get(at..end.min(self.bytes.len())).unwrap_or_default();
        let head = frame::parse(rest, self.salt).map_err(|why| fault(at, describe(why), false))?;
        if !frame::is_batch_end(rest, &head, self.sequence) || at + head.frame_bytes() != end {
            return Err(fault(at, "the batch does not end where it should", true));
        }
        Ok(begin.batch_bytes)
    }

    /// Where the frame at `from` ends, going by its length field, or else the batch.
    fn frame_end(&self, from: usize, batch_end: usize) -> usize {
        let claimed = self.bytes.get(from..).and_then(frame::claimed_bytes);
        claimed.map(|bytes| from + bytes).filter(|end| *end <= batch_end).unwrap_or(batch_end)
    }

    /// Whether a crash explains the fault; see the module's text.
    fn is_torn(&self, fault: &Fault) -> bool {
        if fault.impossible || fault.batch_end.is_some_and(|end| self.nonzero_end > end) {
            return false;
        }
        fault.to > self.nonzero_end || self.touches_lost_sector(fault.from, fault.to)
    }

    /// Whether `from..to` touches a sector that is all zero, as far as it belongs to this batch.
    fn touches_lost_sector(&self, from: usize, to: usize) -> bool {
        let sectors = from / SECTOR_BYTES..to.div_ceil(SECTOR_BYTES);
        sectors.into_iter().any(|sector| {
            let start = (sector * SECTOR_BYTES).max(self.at);
            let end = ((sector + 1) * SECTOR_BYTES).min(self.bytes.len());
            self.bytes.get(start..end).unwrap_or_default().iter().all(|byte| *byte == 0)
        })
    }

    /// Whether the begin frame of a later batch is found behind this place.
    fn later_batch_exists(&self) -> bool {
        let rest = &self.bytes[..self.nonzero_end];
        (self.at + 1..self.nonzero_end).any(|at| {
            frame::looks_like_batch_begin(&rest[at..])
                && frame::parse_batch_begin(&rest[at..], self.salt)
                    .is_ok_and(|begin| begin.sequence > self.sequence)
        })
    }
}

fn describe(why: NotAFrame) -> &'static str {
    match why {
        NotAFrame::Short { .. } => "the file or the batch ends inside it",
        NotAFrame::Damaged(what) => what,
    }
}
