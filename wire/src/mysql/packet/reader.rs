//! Received bytes to whole packets.
//!
//! Invariants: every fragment has the next sequence id, unless ids are ignored; a packet is never longer than `max_allowed_packet`, which is
//! checked on each header before memory is taken for what it announces; the buffer is never grown by more than
//! [`limits::INPUT_AHEAD_BYTES_MAX`] past the bytes that have arrived. After an error the reader returns the same
//! error for ever: the stream has lost its place.

use bytes::{Buf, BytesMut};

use super::Packet;
use crate::limits::{self, PACKET_FRAGMENT_BYTES, PACKET_HEADER_BYTES};
use crate::{Error, Result};

/// A packet of several fragments on its way in.
#[derive(Debug)]
struct Joining {
    /// What has arrived, headers taken out.
    payload: BytesMut,
    /// Bytes of the current fragment that have not arrived.
    remaining_bytes: usize,
    /// Whether the current fragment is the last one: shorter than a full one.
    is_last: bool,
}

/// Takes whole packets out of received bytes.
#[derive(Debug)]
pub struct PacketReader {
    input: BytesMut,
    joining: Option<Joining>,
    sequence_next: u8,
    packet_bytes_max: usize,
    ignores_sequence: bool,
    failed: Option<Error>,
}

impl PacketReader {
    /// A reader that refuses packets longer than `packet_bytes_max`.
    pub fn new(packet_bytes_max: usize) -> Self {
        PacketReader {
            input: BytesMut::new(),
            joining: None,
            sequence_next: 0,
            packet_bytes_max,
            ignores_sequence: false,
            failed: None,
        }
    }

    /// The buffer to read from the socket into, with room for a read. Append only, and call
    /// [`next`](Self::next) until it gives nothing before reading more: that is what bounds the buffer.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        if self.input.capacity() - self.input.len() < limits::INPUT_SPARE_BYTES_MIN {
            self.input.reserve(limits::INPUT_READ_BYTES);
        }
        &mut self.input
    }

    /// What was received and not handed out.
    pub fn received(&self) -> &[u8] {
        &self.input
    }

    /// Steps over received bytes that are no packet's.
    pub fn skip(&mut self, count: usize) {
        assert!(
            count <= self.input.len() && self.joining.is_none(),
            "only what was received, between packets"
        );
        self.input.advance(count);
    }

    /// Whether all received bytes were handed out: a server flushes its answers then.
    pub fn is_drained(&self) -> bool {
        self.input.is_empty() && self.joining.is_none()
    }

    /// Takes out what has arrived and was not handed out: behind a request for TLS everything is TLS's, and nothing that was sent in the
    /// clear may be read as a packet of the encrypted connection.
    pub fn take_unread(&mut self) -> BytesMut {
        self.joining = None;
        std::mem::take(&mut self.input)
    }

    /// Takes packets whatever their sequence ids are: in the compressed protocol frames have ids that count, and client libraries write
    /// those of the packets inside as it happens.
    pub fn ignore_sequence(&mut self) {
        self.ignores_sequence = true;
    }

    /// Starts a new exchange: the next packet must have sequence id 0.
    pub fn reset_sequence(&mut self) {
        self.sequence_next = 0;
    }

    /// The sequence id expected next, which is also the id for an answer to the last packet.
    pub fn sequence_next(&self) -> u8 {
        self.sequence_next
    }

    /// Expects this sequence id next (a handshake counts both directions).
    pub fn set_sequence_next(&mut self, sequence: u8) {
        self.sequence_next = sequence;
    }

    /// Changes the bound on packets, for those whose header has not been read.
    pub fn set_packet_bytes_max(&mut self, packet_bytes_max: usize) {
        self.packet_bytes_max = packet_bytes_max;
    }

    /// The next whole packet, or `None` when more bytes are needed.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: None means not yet, not the end")]
    pub fn next(&mut self) -> Result<Option<Packet>> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.take_packet();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
            self.input = BytesMut::new();
            self.joining = None;
        }
        result
    }

    fn take_packet(&mut self) -> Result<Option<Packet>> {
        if self.joining.is_some() {
            return self.join();
        }
        let Some(length) = self.check_header(0)? else { return Ok(None) };
        if length == PACKET_FRAGMENT_BYTES {
            self.take_header();
            self.joining =
                Some(Joining { payload: BytesMut::new(), remaining_bytes: length, is_last: false });
            return self.join();
        }
        let whole_bytes = PACKET_HEADER_BYTES + length;
        if self.input.len() < whole_bytes {
            // Room for the rest in few reads, but never much more than the client has already sent.
            let missing = whole_bytes - self.input.len();
            self.input.reserve(
                missing
                    .min(self.input.len().max(limits::INPUT_READ_BYTES))
                    .min(limits::INPUT_AHEAD_BYTES_MAX),
            );
            return Ok(None);
        }
        let sequence = self.take_header();
        let payload = self.input.split_to(length).freeze();
        if self.input.is_empty() && whole_bytes > limits::INPUT_KEEP_BYTES {
            // The packet keeps the large buffer alive as long as it needs it; the connection does not.
            self.input = BytesMut::new();
        }
        Ok(Some(Packet { payload, sequence }))
    }

    /// The announced length of the fragment whose header is next, once it is known to be acceptable.
    fn check_header(&self, joined_bytes: usize) -> Result<Option<usize>> {
        let Some(&[low, middle, high, sequence]) = self.input.first_chunk::<PACKET_HEADER_BYTES>() else {
            return Ok(None);
        };
        if sequence != self.sequence_next && !self.ignores_sequence {
            return Err(Error::OutOfOrder { expected: self.sequence_next, received: sequence });
        }
        let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
        let size_bytes = joined_bytes + length;
        if size_bytes > self.packet_bytes_max {
            return Err(Error::PacketTooLarge { size_bytes, max_bytes: self.packet_bytes_max });
        }
        Ok(Some(length))
    }

    /// Steps over a checked header and returns its sequence id.
    fn take_header(&mut self) -> u8 {
        let sequence =
            if self.ignores_sequence { self.input[PACKET_HEADER_BYTES - 1] } else { self.sequence_next };
        self.input.advance(PACKET_HEADER_BYTES);
        self.sequence_next = sequence.wrapping_add(1);
        sequence
    }

    fn join(&mut self) -> Result<Option<Packet>> {
        loop {
            let Some(joining) = &mut self.joining else { return Ok(None) };
            let arrived = joining.remaining_bytes.min(self.input.len());
            joining.payload.extend_from_slice(&self.input[..arrived]);
            self.input.advance(arrived);
            joining.remaining_bytes -= arrived;
            if joining.remaining_bytes > 0 {
                return Ok(None);
            }
            if joining.is_last {
                let payload = std::mem::take(&mut joining.payload).freeze();
                self.joining = None;
                return Ok(Some(Packet { payload, sequence: self.sequence_next.wrapping_sub(1) }));
            }
            let joined_bytes = joining.payload.len();
            let Some(length) = self.check_header(joined_bytes)? else { return Ok(None) };
            self.take_header();
            if let Some(joining) = &mut self.joining {
                joining.remaining_bytes = length;
                joining.is_last = length < PACKET_FRAGMENT_BYTES;
            }
        }
    }
}
