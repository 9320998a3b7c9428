//! Frames: the unit in which the log is written and checked, and the batches they are grouped in.
//!
//! A frame, little endian:
//!
//! ```text
//!  0  u32  CRC-32 of everything after it, started from the log's salt
//!  4  u32  payload length in bytes
//!  8  u64  index
//! 16  u64  term
//! 24  u8   frame type
//! 25  u8   record kind (records only)
//! 26  u16  zero
//! 28       payload
//! ```
//!
//! | type | frame | index | term | payload |
//! |---|---|---|---|---|
//! | 1 | batch begin | 0 | 0 | u64 sequence number, u32 bytes of the whole batch, u32 frames between begin and end |
//! | 2 | record | its index | its term | the record's payload |
//! | 3 | truncate | first index dropped | term of the record before it | none |
//! | 4 | hard state | vote, 0 for none | term | none |
//! | 5 | batch end | 0 | 0 | u64 sequence number, u64 end mark |
//! | 6 | reset (format version 2) | the index before the first that may follow | its term | none |
//!
//! The salt is a random number of the folder. It keeps anyone who can choose the bytes of a row from forging
//! a frame inside a record, and makes the CRC of zeros something else than zero. The end mark has no zero
//! byte, so that the last byte of a whole batch is never zero.

use bytes::{Buf as _, BufMut as _};

use crate::limits::LOG_RECORD_BYTES_MAX;

/// The bytes of a frame before its payload.
pub(super) const FRAME_HEADER_BYTES: usize = 28;
/// The bytes of a batch begin or end frame.
pub(super) const BATCH_MARK_BYTES: usize = FRAME_HEADER_BYTES + BATCH_MARK_PAYLOAD_BYTES;
const BATCH_MARK_PAYLOAD_BYTES: usize = 16;
/// Ends each batch.
const END_MARK: u64 = u64::from_le_bytes(*b"BATCHEND");

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameType {
    BatchBegin = 1,
    Record = 2,
    Truncate = 3,
    HardState = 4,
    BatchEnd = 5,
    Reset = 6,
}

/// The head of a frame whose checksum was found right.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHead {
    pub(super) frame_type: FrameType,
    pub(super) kind: u8,
    pub(super) index: u64,
    pub(super) term: u64,
    pub(super) payload_bytes: usize,
}

impl FrameHead {
    /// The bytes of the whole frame.
    pub(super) fn frame_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + self.payload_bytes
    }
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotAFrame {
    /// The frame needs this many bytes, and there are fewer.
    Short {
        /// Bytes needed from the frame's start.
        needed: usize,
    },
    /// The bytes are not what was written.
    Damaged(&'static str),
}

/// Checks the frame at the start of `bytes`.
pub(super) fn parse(bytes: &[u8], salt: u32) -> Result<FrameHead, NotAFrame> {
    let Some(mut head) = bytes.get(..FRAME_HEADER_BYTES) else {
        return Err(NotAFrame::Short { needed: FRAME_HEADER_BYTES });
    };
    let crc = head.get_u32_le();
    let payload_bytes = head.get_u32_le() as usize;
    let (index, term) = (head.get_u64_le(), head.get_u64_le());
    let (frame_type, kind, zero) = (head.get_u8(), head.get_u8(), head.get_u16_le());
    if payload_bytes > LOG_RECORD_BYTES_MAX {
        return Err(NotAFrame::Damaged("its length is impossible"));
    }
    let needed = FRAME_HEADER_BYTES + payload_bytes;
    let Some(frame) = bytes.get(..needed) else {
        return Err(NotAFrame::Short { needed });
    };
    if checksum(&frame[4..], salt) != crc {
        return Err(NotAFrame::Damaged("its checksum is wrong"));
    }
    let frame_type = match frame_type {
        1 => FrameType::BatchBegin,
        2 => FrameType::Record,
        3 => FrameType::Truncate,
        4 => FrameType::HardState,
        5 => FrameType::BatchEnd,
        6 => FrameType::Reset,
        _ => return Err(NotAFrame::Damaged("its type is unknown")),
    };
    if zero != 0 {
        return Err(NotAFrame::Damaged("its reserved bytes are not zero"));
    }
    Ok(FrameHead { frame_type, kind, index, term, payload_bytes })
}

/// How long a frame says it is, right or wrong; `None` if there is no room for it to say so.
pub(super) fn claimed_bytes(bytes: &[u8]) -> Option<usize> {
    let mut length = bytes.get(4..8)?;
    Some(FRAME_HEADER_BYTES + length.get_u32_le() as usize)
}

/// What a batch begin frame says.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchBegin {
    pub(super) sequence: u64,
    pub(super) batch_bytes: usize,
    pub(super) frame_count: u32,
}

/// Reads a batch begin frame at the start of `bytes`.
pub(super) fn parse_batch_begin(bytes: &[u8], salt: u32) -> Result<BatchBegin, NotAFrame> {
    let head = parse(bytes, salt)?;
    if head.frame_type != FrameType::BatchBegin || head.payload_bytes != BATCH_MARK_PAYLOAD_BYTES {
        return Err(NotAFrame::Damaged("it does not begin a batch"));
    }
    let mut payload = &bytes[FRAME_HEADER_BYTES..BATCH_MARK_BYTES];
    Ok(BatchBegin {
        sequence: payload.get_u64_le(),
        batch_bytes: payload.get_u32_le() as usize,
        frame_count: payload.get_u32_le(),
    })
}

/// Whether the frame at the start of `bytes`, found right before, ends batch `sequence`.
pub(super) fn is_batch_end(bytes: &[u8], head: &FrameHead, sequence: u64) -> bool {
    let Some(mut payload) = bytes.get(FRAME_HEADER_BYTES..BATCH_MARK_BYTES) else {
        return false;
    };
    head.frame_type == FrameType::BatchEnd
        && head.payload_bytes == BATCH_MARK_PAYLOAD_BYTES
        && payload.get_u64_le() == sequence
        && payload.get_u64_le() == END_MARK
}

/// Whether bytes could begin a batch, without the cost of a checksum.
pub(super) fn looks_like_batch_begin(bytes: &[u8]) -> bool {
    bytes.len() >= BATCH_MARK_BYTES
        && bytes[24] == FrameType::BatchBegin as u8
        && bytes[4..8] == (BATCH_MARK_PAYLOAD_BYTES as u32).to_le_bytes()
}

fn checksum(bytes: &[u8], salt: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(bytes);
    hasher.finalize()
}

/// The frames that the next sync writes, encoded as they are added.
#[derive(Debug)]
pub(super) struct Batch {
    /// Starts with room for the begin frame.
    bytes: Vec<u8>,
    frame_count: u32,
    salt: u32,
}

impl Batch {
    /// An empty batch.
    pub(super) fn new(salt: u32) -> Batch {
        Batch { bytes: vec![0; BATCH_MARK_BYTES], frame_count: 0, salt }
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.frame_count == 0
    }

    /// What the batch will take on disk if a payload of that size is added.
    pub(super) fn bytes_with(&self, payload_bytes: usize) -> usize {
        self.bytes.len() + FRAME_HEADER_BYTES + payload_bytes + BATCH_MARK_BYTES
    }

    /// Adds a frame and returns where in the batch it starts.
    pub(super) fn push(
        &mut self,
        frame_type: FrameType,
        kind: u8,
        index: u64,
        term: u64,
        payload: &[u8],
    ) -> usize {
        let at = self.bytes.len();
        self.frame_count += 1;
        put_frame(
            &mut self.bytes,
            self.salt,
            FrameHead { frame_type, kind, index, term, payload_bytes: payload.len() },
            payload,
        );
        at
    }

    /// Adds the begin and end frames; the bytes are then ready to be written.
    pub(super) fn finish(&mut self, sequence: u64) -> &[u8] {
        assert!(!self.is_empty(), "an empty batch is never written");
        let mark = |frame_type| FrameHead {
            frame_type,
            kind: 0,
            index: 0,
            term: 0,
            payload_bytes: BATCH_MARK_PAYLOAD_BYTES,
        };
        let mut payload = Vec::with_capacity(BATCH_MARK_PAYLOAD_BYTES);
        payload.put_u64_le(sequence);
        payload.put_u64_le(END_MARK);
        put_frame(&mut self.bytes, self.salt, mark(FrameType::BatchEnd), &payload);

        payload.clear();
        payload.put_u64_le(sequence);
        payload.put_u32_le(u32::try_from(self.bytes.len()).expect("limits.rs bounds a batch to 32 bits"));
        payload.put_u32_le(self.frame_count);
        let mut begin = Vec::with_capacity(BATCH_MARK_BYTES);
        put_frame(&mut begin, self.salt, mark(FrameType::BatchBegin), &payload);
        self.bytes[..BATCH_MARK_BYTES].copy_from_slice(&begin);
        &self.bytes
    }

    /// Makes the batch empty again, giving back memory beyond `bytes_kept`.
    pub(super) fn clear(&mut self, bytes_kept: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(bytes_kept);
        self.bytes.resize(BATCH_MARK_BYTES, 0);
        self.frame_count = 0;
    }
}

fn put_frame(out: &mut Vec<u8>, salt: u32, head: FrameHead, payload: &[u8]) {
    let at = out.len();
    out.reserve(head.frame_bytes());
    out.put_u32_le(0);
    out.put_u32_le(u32::try_from(payload.len()).expect("limits.rs bounds a record to 32 bits"));
    out.put_u64_le(head.index);
    out.put_u64_le(head.term);
    out.put_u8(head.frame_type as u8);
    out.put_u8(head.kind);
    out.put_u16_le(0);
    out.put_slice(payload);
    let crc = checksum(&out[at + 4..], salt);
    out[at..at + 4].copy_from_slice(&crc.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_bytes_of_a_batch() {
        let mut batch = Batch::new(7);
        assert_eq!(batch.push(FrameType::Record, 3, 0x0102, 9, b"payload"), BATCH_MARK_BYTES);
        let expected_bytes = batch.bytes_with(0) - FRAME_HEADER_BYTES;
        let bytes = batch.finish(5).to_vec();
        assert_eq!(bytes.len(), expected_bytes);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let frames = [&hex[..88], &hex[88..158], &hex[158..]];
        assert_eq!(
            frames,
            [
                "ebc18eb1100000000000000000000000000000000000000001000000\
             05000000000000007b00000001000000",
                "d11654e107000000020100000000000009000000000000000203000070\
             61796c6f6164",
                "cfcbd780100000000000000000000000000000000000000005000000\
             05000000000000004241544348454e44",
            ]
            .map(|frame| frame.replace(' ', ""))
        );
    }

    #[test]
    fn every_flipped_bit_of_a_frame_is_found() {
        let mut batch = Batch::new(7);
        batch.push(FrameType::Record, 3, 12, 9, b"payload");
        let bytes = batch.finish(5)[BATCH_MARK_BYTES..][..FRAME_HEADER_BYTES + 7].to_vec();
        parse(&bytes, 7).unwrap();
        assert_eq!(parse(&bytes, 8).unwrap_err(), NotAFrame::Damaged("its checksum is wrong"));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&flipped, 7).is_err(), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert!(matches!(parse(&bytes[..cut], 7), Err(NotAFrame::Short { .. })), "cut {cut}");
        }
    }
}
