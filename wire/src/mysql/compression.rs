//! The compressed protocol: a layer of frames between packets and the socket, from the end of the login on.
//!
//! A frame has a header of 7 bytes (bytes that follow: 3, sequence id: 1, bytes that they inflate to: 3, zero for bytes that are sent as
//! they are). Packets do not know of frames: a frame may hold several, or part of one.
//!
//! Invariants: a frame gives exactly as many bytes as its header says, or an error; what a frame claims takes no memory before it is there:
//! plaintext is handed out in parts of [`crate::limits::INFLATED_PART_BYTES_MAX`] at most, however much a frame inflates to. A frame of up to so
//! much is checked whole before any of it is handed out; of a larger one, what comes before a damage may have been used. A connection
//! holds no state of a compressor, and state of a decompressor only while a frame is on its way in.
//!
//! Sequence ids count frames in both directions and begin anew with each command. What is received may go on counting or begin anew, because
//! a client may send its next command before the answer.

mod codec;

use bytes::{Buf, BytesMut};

use self::codec::{Inflater, Step};
use crate::limits::{
    COMPRESSED_HEADER_BYTES, COMPRESSED_PAYLOAD_BYTES_MIN, DEFLATED_PART_BYTES_MAX, INFLATED_PART_BYTES_MAX,
    INPUT_READ_BYTES, INPUT_SPARE_BYTES_MIN,
};
use crate::{Error, Result};

/// How a connection is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// zlib, with MySQL's level 6.
    Zlib,
    /// zstd with the level that the client asked for: 1 to 22.
    Zstd {
        /// The level.
        level: u8,
    },
}

impl Compression {
    /// The level that zlib always has.
    pub const ZLIB_LEVEL: u8 = 6;
    /// Levels of zstd that a client may ask for.
    pub const ZSTD_LEVELS: std::ops::RangeInclusive<u8> = 1..=22;

    /// The algorithm's name, as in `Compression_algorithm`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Compression::Zlib => "zlib",
            Compression::Zstd { .. } => "zstd",
        }
    }

    /// The level, as in `Compression_level`.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Compression::Zlib => Compression::ZLIB_LEVEL,
            Compression::Zstd { level } => level,
        }
    }
}

/// The frame that is on its way in.
#[derive(Debug)]
enum Frame {
    /// Bytes sent as they are: so many are left.
    Stored { remaining_bytes: usize },
    /// Bytes to inflate.
    Deflated {
        inflater: Inflater,
        /// Bytes of the frame that have not arrived, or were not inflated.
        remaining_bytes: usize,
        /// Bytes that it has yet to give.
        owed_bytes: usize,
        /// Bytes that it gives in all.
        stated_bytes: usize,
        /// The compressed stream has ended.
        ended: bool,
    },
}

/// Both directions of a connection's compressed layer.
#[derive(Debug)]
pub struct Frames {
    compression: Compression,
    received: BytesMut,
    frame: Option<Frame>,
    /// The sequence id of the next frame that is received, unless it begins anew with 0.
    receive_next: u8,
    /// The sequence id of the next frame that is sent.
    send_next: u8,
}

impl Frames {
    /// A server's side, at its first command.
    #[must_use]
    pub fn server(compression: Compression) -> Frames {
        Frames { compression, received: BytesMut::new(), frame: None, receive_next: 0, send_next: 1 }
    }

    /// A client's side, at its first command.
    #[must_use]
    pub fn client(compression: Compression) -> Frames {
        Frames { send_next: 0, ..Frames::server(compression) }
    }

    /// A server waits for its next command: what is sent before it has come counts as an answer.
    pub fn await_command(&mut self) {
        (self.receive_next, self.send_next) = (0, 1);
    }

    /// A client begins its next command.
    pub fn begin_command(&mut self) {
        (self.receive_next, self.send_next) = (1, 0);
    }

    /// Whether no part of a frame has been received that is not handed out.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.received.is_empty() && self.frame.is_none()
    }

    /// The buffer to read from the socket into. Append only, and call [`inflate`](Self::inflate) until it gives nothing before more is read.
    pub fn received_mut(&mut self) -> &mut BytesMut {
        if self.received.capacity() - self.received.len() < INPUT_SPARE_BYTES_MIN {
            self.received.reserve(INPUT_READ_BYTES);
        }
        &mut self.received
    }

    /// Appends the next plaintext to `plain`, a bounded part of it and of one frame only: how many bytes. 0 when more has to be received.
    ///
    /// # Errors
    /// 1156 for a frame out of order, 1157 for one that does not inflate to what it says.
    pub fn inflate(&mut self, plain: &mut BytesMut) -> Result<usize> {
        loop {
            if self.frame.is_none() && !self.begin_frame()? {
                return Ok(0);
            }
            let Some(frame) = &mut self.frame else { return Ok(0) };
            if let Frame::Deflated { remaining_bytes, stated_bytes, .. } = frame
                && *stated_bytes <= INFLATED_PART_BYTES_MAX
                && self.received.len() < *remaining_bytes
            {
                // A small frame is checked whole.
                return Ok(0);
            }
            let count = frame.advance(&mut self.received, plain)?;
            if frame.is_over() {
                if let Some(Frame::Deflated { inflater, stated_bytes, .. }) = self.frame.take()
                    && stated_bytes <= INFLATED_PART_BYTES_MAX
                {
                    inflater.put_back();
                }
            } else if count == 0 {
                return Ok(0);
            }
            if count > 0 {
                return Ok(count);
            }
        }
    }

    /// Reads the header of the next frame; false while it is not whole.
    fn begin_frame(&mut self) -> Result<bool> {
        let Some(&[a, b, c, sequence, d, e, f]) = self.received.first_chunk::<COMPRESSED_HEADER_BYTES>()
        else {
            return Ok(false);
        };
        if sequence != self.receive_next && sequence != 0 {
            return Err(Error::OutOfOrder { expected: self.receive_next, received: sequence });
        }
        self.received.advance(COMPRESSED_HEADER_BYTES);
        self.receive_next = sequence.wrapping_add(1);
        self.send_next = self.receive_next;
        let size = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]) as usize;
        let (remaining_bytes, stated_bytes) = (size(a, b, c), size(d, e, f));
        if stated_bytes > 0 && remaining_bytes > stated_bytes + stated_bytes / 64 + 128 {
            // No stream of either algorithm is so much longer than what it gives.
            return Err(Error::Uncompress);
        }
        self.frame = Some(match stated_bytes {
            0 => Frame::Stored { remaining_bytes },
            _ => Frame::Deflated {
                inflater: Inflater::take(self.compression)?,
                remaining_bytes,
                owed_bytes: stated_bytes,
                stated_bytes,
                ended: false,
            },
        });
        Ok(true)
    }

    /// Appends `payload`, a reply or part of one, to `out` as frames.
    pub fn deflate(&mut self, mut payload: &[u8], out: &mut Vec<u8>) {
        while !payload.is_empty() {
            let (part, rest) = payload.split_at(payload.len().min(DEFLATED_PART_BYTES_MAX));
            self.put_frame(part, out);
            payload = rest;
        }
    }

    fn put_frame(&mut self, part: &[u8], out: &mut Vec<u8>) {
        let header_start = out.len();
        let start = header_start + COMPRESSED_HEADER_BYTES;
        out.resize(start + part.len(), 0);
        let deflated = (part.len() >= COMPRESSED_PAYLOAD_BYTES_MIN)
            .then(|| codec::deflate(self.compression, part, &mut out[start..]))
            .flatten();
        let (length, stated) = match deflated {
            Some(length) => (length, part.len()),
            None => {
                out[start..].copy_from_slice(part);
                (part.len(), 0)
            }
        };
        out.truncate(start + length);
        let ([a, b, c, _], [d, e, f, _]) = ((length as u32).to_le_bytes(), (stated as u32).to_le_bytes());
        out[header_start..start].copy_from_slice(&[a, b, c, self.send_next, d, e, f]);
        self.send_next = self.send_next.wrapping_add(1);
        self.receive_next = self.send_next;
    }
}

impl Frame {
    /// Gives part of the frame's plaintext; 0 when more of it has to be received, or it is over.
    fn advance(&mut self, received: &mut BytesMut, plain: &mut BytesMut) -> Result<usize> {
        match self {
            Frame::Stored { remaining_bytes } => {
                let count = received.len().min(*remaining_bytes).min(INFLATED_PART_BYTES_MAX);
                plain.extend_from_slice(&received[..count]);
                received.advance(count);
                *remaining_bytes -= count;
                Ok(count)
            }
            Frame::Deflated { inflater, remaining_bytes, owed_bytes, ended, .. } => {
                let before = plain.len();
                // One byte more than is owed, at last: the stream's own ending is read by then, and a surplus is seen.
                let room = (*owed_bytes + 1).min(INFLATED_PART_BYTES_MAX);
                plain.resize(before + room, 0);
                let mut count = 0;
                let outcome = loop {
                    let input = &received[..received.len().min(*remaining_bytes)];
                    let step = inflater.step(input, &mut plain[before + count..before + room]);
                    let Step { taken_bytes, given_bytes, is_end } = match step {
                        Some(step) => step,
                        None => break Err(Error::Uncompress),
                    };
                    received.advance(taken_bytes);
                    *remaining_bytes -= taken_bytes;
                    count += given_bytes;
                    *ended |= is_end;
                    if *ended || count == room {
                        break Ok(());
                    }
                    if taken_bytes == 0 && given_bytes == 0 {
                        // A stream that was cut gives no more, and what is not received yet may.
                        break if *remaining_bytes == 0 { Err(Error::Uncompress) } else { Ok(()) };
                    }
                };
                plain.truncate(before + count);
                outcome?;
                *owed_bytes = owed_bytes.checked_sub(count).ok_or(Error::Uncompress)?;
                if *ended && (*owed_bytes > 0 || *remaining_bytes > 0) {
                    return Err(Error::Uncompress);
                }
                Ok(count)
            }
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Frame::Stored { remaining_bytes } => *remaining_bytes == 0,
            Frame::Deflated { ended, .. } => *ended,
        }
    }
}

#[cfg(test)]
mod tests;
