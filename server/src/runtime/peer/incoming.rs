//! What a peer sends, taken apart into frames and messages.
//!
//! Invariants: memory follows what has arrived, never what a length claims; a frame is handed out only when it is whole and its
//! checksum right; after an error nothing more is taken from the connection.

use std::io::{ErrorKind, Read};

use consensus::Message;
use wire::limits::PEER_FRAME_HEADER_BYTES;
use wire::peer::{Frame, FrameKind, FrameReader, decompress};

use super::counters::RefusedKind;
use super::{LinkError, PeerCounters};
use crate::limits::PEER_READ_BYTES;

/// What came.
#[derive(Debug)]
pub enum Arrival {
    /// A frame.
    Frame(Frame),
    /// Nothing, within the stream's patience.
    Quiet,
    /// The end, between two frames.
    End,
}

/// A stream and the frames in it.
#[derive(Debug)]
pub struct Incoming<R> {
    stream: R,
    reader: FrameReader,
    chunk: Vec<u8>,
}

impl<R: Read> Incoming<R> {
    /// Over a stream whose hello was accepted.
    #[must_use]
    pub fn new(stream: R, reader: FrameReader) -> Incoming<R> {
        Incoming::with_read_bytes(stream, reader, PEER_READ_BYTES)
    }

    /// One that reads at most `read_bytes` at once.
    #[must_use]
    pub fn with_read_bytes(stream: R, mut reader: FrameReader, read_bytes: usize) -> Incoming<R> {
        reader.allow_large_frames();
        Incoming { stream, reader, chunk: vec![0; read_bytes] }
    }

    /// The stream, to write to.
    pub fn stream_mut(&mut self) -> &mut R {
        &mut self.stream
    }

    /// Bytes of memory held for input.
    #[cfg(test)]
    #[must_use]
    pub fn capacity_bytes(&self) -> usize {
        self.reader.capacity_bytes()
    }

    /// The next frame.
    ///
    /// # Errors
    /// The socket, or bytes that are not a frame of ours.
    pub fn next(&mut self, counters: &PeerCounters) -> Result<Arrival, LinkError> {
        loop {
            if let Some(frame) = self.reader.next()? {
                counters.received(1, (PEER_FRAME_HEADER_BYTES + frame.payload.len()) as u64);
                return Ok(Arrival::Frame(frame));
            }
            match self.stream.read(&mut self.chunk) {
                Ok(0) => return self.end(),
                Ok(count) => self.reader.buffer_mut().extend_from_slice(&self.chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(Arrival::Quiet),
                // An encrypted connection that broke off, as any broken one.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return self.end(),
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    return Err(LinkError::Refused(RefusedKind::Encryption, error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn end(&self) -> Result<Arrival, LinkError> {
        match self.reader.pending_bytes() {
            0 => Ok(Arrival::End),
            pending => {
                let message = format!("the connection ended within a frame, after {pending} bytes of it");
                Err(LinkError::Refused(RefusedKind::Cut, message))
            }
        }
    }
}

/// The message in a frame of the data or heartbeat lane.
///
/// # Errors
/// The frame does not belong there, or its payload is no message.
pub fn message(frame: Frame) -> Result<Message, LinkError> {
    let payload = match frame.kind {
        FrameKind::Consensus => frame.payload,
        FrameKind::CompressedConsensus => decompress(&frame.payload)?,
        FrameKind::Hello
        | FrameKind::Welcome
        | FrameKind::Refusal
        | FrameKind::SnapshotRequest
        | FrameKind::SnapshotHead
        | FrameKind::SnapshotChunk
        | FrameKind::SnapshotEnd
        | FrameKind::Session => return Err(misplaced(frame.kind)),
    };
    consensus::decode(payload).map_err(|error| {
        let is_version = matches!(error, consensus::DecodeError::Version(_));
        let kind = if is_version { RefusedKind::Version } else { RefusedKind::Malformed };
        LinkError::Refused(kind, error.to_string())
    })
}

/// A frame that does not belong where it came.
#[must_use]
pub fn misplaced(kind: FrameKind) -> LinkError {
    LinkError::Refused(RefusedKind::UnknownKind, format!("a frame of kind {kind:?} does not belong here"))
}
