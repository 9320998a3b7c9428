//! Packets to one output buffer.
//!
//! Invariants: outside begin and end the buffer holds whole packets only; headers are patched in place, so a row is
//! written once and never copied (unless it passes 16 MiB).

use crate::limits::{self, PACKET_FRAGMENT_BYTES, PACKET_HEADER_BYTES};
use crate::mysql::primitive;

/// Collects packets in one buffer that is reused for the life of a connection.
#[derive(Debug, Default)]
pub struct PacketWriter {
    buffer: Vec<u8>,
    /// Where the open packet's header starts; equals the buffer's length when none is open.
    packet_start: usize,
    sequence: u8,
}

impl PacketWriter {
    /// An empty writer; takes memory with the first packet.
    pub fn new() -> Self {
        PacketWriter::default()
    }

    /// The sequence id of the next packet.
    pub fn sequence(&self) -> u8 {
        self.sequence
    }

    /// Sets the sequence id of the next packet: one after the packet that is answered.
    pub fn set_sequence(&mut self, sequence: u8) {
        self.sequence = sequence;
    }

    /// Opens a packet. Its payload is what is put until [`end_packet`](Self::end_packet).
    #[inline]
    pub fn begin_packet(&mut self) {
        debug_assert_eq!(self.packet_start, self.buffer.len(), "the packet before was ended");
        self.packet_start = self.buffer.len();
        self.buffer.extend_from_slice(&[0; PACKET_HEADER_BYTES]);
    }

    /// Closes the open packet: patches its header, or splits it where it passes 16 MiB − 1.
    #[inline]
    pub fn end_packet(&mut self) {
        let payload_start = self.packet_start + PACKET_HEADER_BYTES;
        assert!(self.buffer.len() >= payload_start, "end_packet follows begin_packet");
        let length = self.buffer.len() - payload_start;
        if length >= PACKET_FRAGMENT_BYTES {
            return self.end_fragmented(length);
        }
        self.put_header_at(self.packet_start, length);
        self.packet_start = self.buffer.len();
    }

    /// Drops the open packet, as when a row fails halfway. Packets before it stay.
    pub fn abandon_packet(&mut self) {
        self.buffer.truncate(self.packet_start);
    }

    fn put_header_at(&mut self, position: usize, length: usize) {
        let [low, middle, high, ..] = (length as u32).to_le_bytes();
        self.buffer[position..position + PACKET_HEADER_BYTES].copy_from_slice(&[
            low,
            middle,
            high,
            self.sequence,
        ]);
        self.sequence = self.sequence.wrapping_add(1);
    }

    #[cold]
    fn end_fragmented(&mut self, length: usize) {
        let header_count = length / PACKET_FRAGMENT_BYTES;
        let payload_start = self.packet_start + PACKET_HEADER_BYTES;
        self.buffer.resize(self.buffer.len() + header_count * PACKET_HEADER_BYTES, 0);
        // Each fragment moves behind the headers that go before it, the last one first.
        for fragment in (1..=header_count).rev() {
            let from = payload_start + fragment * PACKET_FRAGMENT_BYTES;
            let until = (from + PACKET_FRAGMENT_BYTES).min(payload_start + length);
            self.buffer.copy_within(from..until, from + fragment * PACKET_HEADER_BYTES);
        }
        for fragment in 0..=header_count {
            let position = self.packet_start + fragment * (PACKET_FRAGMENT_BYTES + PACKET_HEADER_BYTES);
            let fragment_bytes = (length - fragment * PACKET_FRAGMENT_BYTES).min(PACKET_FRAGMENT_BYTES);
            self.put_header_at(position, fragment_bytes);
        }
        self.packet_start = self.buffer.len();
    }

    /// The finished packets, ready for the socket.
    pub fn as_slice(&self) -> &[u8] {
        &self.buffer[..self.packet_start]
    }

    /// Bytes of finished packets.
    pub fn len(&self) -> usize {
        self.packet_start
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.packet_start == 0
    }

    /// Whether so much is waiting that it should go to the socket before more is encoded.
    pub fn should_flush(&self) -> bool {
        self.packet_start >= limits::OUTPUT_FLUSH_BYTES
    }

    /// Empties the buffer after it was sent. Keeps at most [`limits::OUTPUT_KEEP_BYTES`] of capacity, and the
    /// sequence id: a result set goes on after a flush.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.packet_start = 0;
        self.buffer.shrink_to(limits::OUTPUT_KEEP_BYTES);
    }

    /// Throws away finished packets past `length`, a length [`len`](Self::len) gave earlier, and sets the
    /// sequence id back: an answer that is replaced by an error before any of it was sent.
    pub fn rewind(&mut self, length: usize, sequence: u8) {
        assert!(length <= self.packet_start, "rewind goes back");
        self.buffer.truncate(length);
        self.packet_start = length;
        self.sequence = sequence;
    }

    /// The open packet's buffer, to append to.
    #[inline]
    pub fn payload_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Appends a byte to the open packet.
    #[inline]
    pub fn put_u8(&mut self, value: u8) {
        self.buffer.push(value);
    }

    /// Appends two bytes to the open packet.
    #[inline]
    pub fn put_u16(&mut self, value: u16) {
        self.buffer.extend_from_slice(&value.to_le_bytes());
    }

    /// Appends four bytes to the open packet.
    #[inline]
    pub fn put_u32(&mut self, value: u32) {
        self.buffer.extend_from_slice(&value.to_le_bytes());
    }

    /// Appends eight bytes to the open packet.
    #[inline]
    pub fn put_u64(&mut self, value: u64) {
        self.buffer.extend_from_slice(&value.to_le_bytes());
    }

    /// Appends bytes as they are.
    #[inline]
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Appends bytes and a NUL.
    pub fn put_nul_terminated(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.buffer.push(0);
    }

    /// Appends a length-encoded integer.
    #[inline]
    pub fn put_lenenc_int(&mut self, value: u64) {
        primitive::put_lenenc_int(&mut self.buffer, value);
    }

    /// Appends bytes after their length-encoded length.
    #[inline]
    pub fn put_lenenc_bytes(&mut self, bytes: &[u8]) {
        primitive::put_lenenc_bytes(&mut self.buffer, bytes);
    }

    /// Writes packets once more that a writer gave ([`as_slice`](Self::as_slice)), with sequence ids of their own.
    pub fn put_copied_packets(&mut self, packets: &[u8]) {
        debug_assert_eq!(self.packet_start, self.buffer.len(), "the packet before was ended");
        self.buffer.extend_from_slice(packets);
        while self.packet_start < self.buffer.len() {
            let header = &mut self.buffer[self.packet_start..self.packet_start + PACKET_HEADER_BYTES];
            let length = u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize;
            header[3] = self.sequence;
            self.sequence = self.sequence.wrapping_add(1);
            self.packet_start += PACKET_HEADER_BYTES + length;
        }
    }

    /// Writes a whole packet.
    pub fn put_packet(&mut self, payload: &[u8]) {
        self.begin_packet();
        self.put_bytes(payload);
        self.end_packet();
    }
}
