//! Frames on their way out, several at a time, large entries where they are.
//!
//! Small things are gathered in one buffer. A payload larger than [`PEER_ZERO_COPY_BYTES_MIN`] is not copied: the batch remembers
//! between which bytes of the buffer it belongs, and one vectored write takes everything.

use std::io::IoSlice;

use bytes::Bytes;
use consensus::{Entry, LogIndex, Message, Term};
use wire::limits::{PEER_FRAME_HEADER_BYTES, PEER_FRAME_PAYLOAD_BYTES_MAX};
use wire::peer::{ClusterTag, FrameHeader, FrameKind, compress};

use super::stream::PeerStream;
use super::{Compression, LinkError, PeerCounters};
use crate::limits::{APPEND_FRAME_BYTES_MAX, PEER_ZERO_COPY_BYTES_MIN};

/// What is not among the entries of an append or a feed.
#[derive(Clone, Copy, Debug)]
pub struct EntriesHead {
    /// For [`Message::Append`].
    pub term: Term,
    /// Entry before the first.
    pub prev_index: LogIndex,
    /// Its term.
    pub prev_term: Term,
    /// For [`Message::Append`].
    pub commit: LogIndex,
    /// A feed and not an append.
    pub is_feed: bool,
}

impl EntriesHead {
    fn encode(&self, count: usize, out: &mut Vec<u8>) {
        let EntriesHead { term, prev_index, prev_term, commit, is_feed } = *self;
        if is_feed {
            consensus::encode_feed_header(term, prev_index, prev_term, commit, count, out);
        } else {
            consensus::encode_append_header(term, prev_index, prev_term, commit, count, out);
        }
    }
}

/// Frames that are made and not written yet.
#[derive(Debug)]
pub struct FrameBatch {
    cluster: ClusterTag,
    compression: Compression,
    /// Everything but the large payloads.
    buffer: Vec<u8>,
    /// Large payloads, each with the place in the buffer before which it belongs, ascending.
    large: Vec<(usize, Bytes)>,
    large_bytes: usize,
    frames: u64,
    compressed_frames: u64,
    /// Kept for its memory: a payload before it is compressed.
    plain: Vec<u8>,
}

impl FrameBatch {
    /// An empty batch.
    #[must_use]
    pub fn new(cluster: ClusterTag, compression: Compression) -> FrameBatch {
        FrameBatch {
            cluster,
            compression,
            buffer: Vec::new(),
            large: Vec::new(),
            large_bytes: 0,
            frames: 0,
            compressed_frames: 0,
            plain: Vec::new(),
        }
    }

    /// Bytes that [`FrameBatch::write`] will write.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.buffer.len() + self.large_bytes
    }

    /// Adds a message.
    ///
    /// # Errors
    /// It is too large for a frame.
    pub fn message(&mut self, message: &Message) -> Result<(), LinkError> {
        self.frame(FrameKind::Consensus, |batch| consensus::encode(message, &mut batch.buffer))
    }

    /// Adds an append or a feed of these entries.
    ///
    /// # Errors
    /// It is too large for a frame.
    pub fn entries(&mut self, head: &EntriesHead, entries: &[Entry]) -> Result<(), LinkError> {
        if let Compression::Lz4 { threshold_bytes } = self.compression {
            let payload_bytes: usize = entries.iter().map(|entry| entry.payload.len()).sum();
            if (threshold_bytes..PEER_FRAME_PAYLOAD_BYTES_MAX / 2).contains(&payload_bytes)
                && self.compressed(head, entries)?
            {
                return Ok(());
            }
        }
        self.frame(FrameKind::Consensus, |batch| {
            head.encode(entries.len(), &mut batch.buffer);
            for entry in entries {
                let length = entry.payload.len();
                consensus::encode_entry_header(entry.term, entry.kind, length, &mut batch.buffer);
                batch.payload(&entry.payload);
            }
        })
    }

    /// Adds a frame with `header` and then `payload`, which is not copied when it is large.
    ///
    /// # Errors
    /// It is too large for a frame.
    pub fn piece(&mut self, kind: FrameKind, header: &[u8], payload: &Bytes) -> Result<(), LinkError> {
        self.frame(kind, |batch| {
            batch.buffer.extend_from_slice(header);
            batch.payload(payload);
        })
    }

    fn compressed(&mut self, head: &EntriesHead, entries: &[Entry]) -> Result<bool, LinkError> {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        head.encode(entries.len(), &mut plain);
        for entry in entries {
            consensus::encode_entry_header(entry.term, entry.kind, entry.payload.len(), &mut plain);
            plain.extend_from_slice(&entry.payload);
        }
        let mut is_smaller = false;
        let result = if plain.len() > PEER_FRAME_PAYLOAD_BYTES_MAX {
            Ok(())
        } else {
            self.frame(FrameKind::CompressedConsensus, |batch| {
                is_smaller = compress(&plain, &mut batch.buffer);
            })
        };
        if result.is_ok() && is_smaller {
            self.compressed_frames += 1;
        } else if plain.len() <= PEER_FRAME_PAYLOAD_BYTES_MAX && result.is_ok() {
            // An empty frame was made: taken out again.
            self.buffer.truncate(self.buffer.len() - PEER_FRAME_HEADER_BYTES);
            self.frames -= 1;
        }
        if plain.capacity() <= 4 * APPEND_FRAME_BYTES_MAX {
            self.plain = plain;
        }
        result.map(|()| is_smaller)
    }

    fn payload(&mut self, payload: &Bytes) {
        if payload.len() > PEER_ZERO_COPY_BYTES_MIN {
            self.large.push((self.buffer.len(), payload.clone()));
            self.large_bytes += payload.len();
        } else {
            self.buffer.extend_from_slice(payload);
        }
    }

    fn frame(&mut self, kind: FrameKind, body: impl FnOnce(&mut FrameBatch)) -> Result<(), LinkError> {
        let (start, large_before, bytes_before) = (self.buffer.len(), self.large.len(), self.large_bytes);
        let payload_start = start + PEER_FRAME_HEADER_BYTES;
        self.buffer.resize(payload_start, 0);
        body(self);
        let header = match &self.large[large_before..] {
            [] => FrameHeader::encode(kind, self.cluster, &[&self.buffer[payload_start..]]),
            large => {
                let mut pieces: Vec<&[u8]> = Vec::with_capacity(2 * large.len() + 1);
                put_pieces(&self.buffer, payload_start, large, |piece| pieces.push(piece));
                FrameHeader::encode(kind, self.cluster, &pieces)
            }
        };
        match header {
            Ok(header) => {
                self.buffer[start..payload_start].copy_from_slice(&header);
                self.frames += 1;
                Ok(())
            }
            Err(error) => {
                self.buffer.truncate(start);
                self.large.truncate(large_before);
                self.large_bytes = bytes_before;
                Err(error.into())
            }
        }
    }

    /// Writes everything and is empty then.
    ///
    /// # Errors
    /// The socket.
    pub fn write(&mut self, stream: &mut PeerStream, counters: &PeerCounters) -> Result<(), LinkError> {
        let result = {
            let mut slices = Vec::with_capacity(2 * self.large.len() + 1);
            put_pieces(&self.buffer, 0, &self.large, |piece| slices.push(IoSlice::new(piece)));
            stream.write_all_vectored(&mut slices)
        };
        counters.sent(self.frames, self.len_bytes() as u64);
        for _ in 0..self.compressed_frames {
            counters.compressed();
        }
        self.clear();
        Ok(result?)
    }

    /// Forgets everything, and memory that was needed for something unusual.
    pub fn clear(&mut self) {
        if self.buffer.capacity() > 4 * APPEND_FRAME_BYTES_MAX {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        self.large.clear();
        self.large_bytes = 0;
        self.frames = 0;
        self.compressed_frames = 0;
    }
}

/// The buffer from `start` on and the large payloads, in order.
fn put_pieces<'a>(
    buffer: &'a [u8],
    start: usize,
    large: &'a [(usize, Bytes)],
    mut put: impl FnMut(&'a [u8]),
) {
    let mut done = start;
    for (before, payload) in large {
        if done < *before {
            put(&buffer[done..*before]);
        }
        done = *before;
        put(payload);
    }
    if done < buffer.len() {
        put(&buffer[done..]);
    }
}
