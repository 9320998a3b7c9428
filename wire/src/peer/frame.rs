//! The frame around a payload: header, checksum, and the reader that takes whole frames out of received bytes.
//!
//! The layout is in the documentation of [`super`].
//!
//! Invariants: the length is checked against the reader's bound before memory is taken, and memory follows what has arrived;
//! a payload is handed out only after its checksum was found right; no bytes panic.
//!
//! Left out: what a payload means.

use bytes::{Buf, Bytes, BytesMut};

use super::{ClusterTag, FRAME_VERSION, FrameKind, MAGIC};
use crate::limits::{self, PEER_FRAME_HEADER_BYTES, PEER_FRAME_PAYLOAD_BYTES_MAX};
use crate::{Error, Result};

/// Where the checksum is in the header.
const CHECKSUM_START: usize = 16;

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the payload is.
    pub kind: FrameKind,
    /// The sender's cluster.
    pub cluster: ClusterTag,
    /// Bytes of payload.
    pub length_bytes: u32,
    /// CRC-32 of the header's other bytes and the payload.
    pub checksum: u32,
}

impl FrameHeader {
    /// Makes the header of a payload that is in several pieces, to be written with one vectored write.
    ///
    /// # Errors
    ///
    /// [`Error::FrameTooLarge`] when the pieces together pass [`PEER_FRAME_PAYLOAD_BYTES_MAX`].
    pub fn encode(
        kind: FrameKind,
        cluster: ClusterTag,
        pieces: &[&[u8]],
    ) -> Result<[u8; PEER_FRAME_HEADER_BYTES]> {
        let length_bytes = pieces.iter().map(|piece| piece.len()).sum();
        let mut header = unchecked_header(kind, cluster, length_bytes)?;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&header[..CHECKSUM_START]);
        for piece in pieces {
            hasher.update(piece);
        }
        header[CHECKSUM_START..].copy_from_slice(&hasher.finalize().to_le_bytes());
        Ok(header)
    }

    /// Reads a header. `cluster` is ours, or `None` to accept any (a node that has not learnt its cluster yet);
    /// `payload_bytes_max` bounds the length.
    pub fn parse(
        bytes: &[u8; PEER_FRAME_HEADER_BYTES],
        cluster: Option<ClusterTag>,
        payload_bytes_max: usize,
    ) -> Result<FrameHeader> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let magic = word(0);
        if magic != MAGIC {
            return Err(Error::BadMagic { magic });
        }
        if bytes[4] != FRAME_VERSION {
            return Err(Error::UnknownVersion { version: u16::from(bytes[4]) });
        }
        let kind = FrameKind::from_code(bytes[5])?;
        if bytes[6..8] != [0, 0] {
            return Err(Error::Malformed { what: "peer frame: reserved bytes" });
        }
        let received = ClusterTag(word(8));
        if let Some(expected) = cluster.filter(|expected| *expected != received) {
            return Err(Error::OtherCluster { expected: expected.0, received: received.0 });
        }
        let length_bytes = word(12);
        let max_bytes = payload_bytes_max.min(PEER_FRAME_PAYLOAD_BYTES_MAX);
        if length_bytes as usize > max_bytes {
            return Err(Error::FrameTooLarge { length_bytes: length_bytes as usize, max_bytes });
        }
        Ok(FrameHeader { kind, cluster: received, length_bytes, checksum: word(CHECKSUM_START) })
    }

    /// Checks the checksum over this header and its payload.
    pub fn verify(&self, payload: &[u8]) -> Result<()> {
        let header = unchecked_header(self.kind, self.cluster, self.length_bytes as usize)?;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&header[..CHECKSUM_START]);
        hasher.update(payload);
        let computed = hasher.finalize();
        if computed != self.checksum || payload.len() != self.length_bytes as usize {
            return Err(Error::Checksum { received: self.checksum, computed });
        }
        Ok(())
    }
}

/// A header whose checksum is still zero.
fn unchecked_header(
    kind: FrameKind,
    cluster: ClusterTag,
    length_bytes: usize,
) -> Result<[u8; PEER_FRAME_HEADER_BYTES]> {
    if length_bytes > PEER_FRAME_PAYLOAD_BYTES_MAX {
        return Err(Error::FrameTooLarge { length_bytes, max_bytes: PEER_FRAME_PAYLOAD_BYTES_MAX });
    }
    let mut header = [0; PEER_FRAME_HEADER_BYTES];
    header[..4].copy_from_slice(&MAGIC.to_le_bytes());
    header[4] = FRAME_VERSION;
    header[5] = kind.code();
    header[8..12].copy_from_slice(&cluster.0.to_le_bytes());
    header[12..16].copy_from_slice(&(length_bytes as u32).to_le_bytes());
    Ok(header)
}

/// Opens a frame at the end of `out`; the payload is what is appended until [`end_frame`]. Returns where it starts.
pub fn begin_frame(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; PEER_FRAME_HEADER_BYTES]);
    start
}

/// Closes a frame that [`begin_frame`] opened at `start`. A payload that is too large is taken out again.
pub fn end_frame(out: &mut Vec<u8>, start: usize, kind: FrameKind, cluster: ClusterTag) -> Result<()> {
    let payload_start = start + PEER_FRAME_HEADER_BYTES;
    assert!(out.len() >= payload_start, "end_frame follows begin_frame");
    match FrameHeader::encode(kind, cluster, &[&out[payload_start..]]) {
        Ok(header) => {
            out[start..payload_start].copy_from_slice(&header);
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

/// One whole, checked frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the payload is.
    pub kind: FrameKind,
    /// The payload: a slice of the input buffer, not a copy.
    pub payload: Bytes,
}

/// Takes whole frames out of received bytes.
#[derive(Debug)]
pub struct FrameReader {
    input: BytesMut,
    cluster: Option<ClusterTag>,
    payload_bytes_max: usize,
    failed: Option<Error>,
}

impl FrameReader {
    /// A reader that takes only a small frame at first: call [`allow_large_frames`](Self::allow_large_frames) when
    /// the hello was accepted. `cluster` as for [`FrameHeader::parse`].
    pub fn new(cluster: Option<ClusterTag>) -> Self {
        let payload_bytes_max = limits::PEER_HELLO_PAYLOAD_BYTES_MAX;
        FrameReader { input: BytesMut::new(), cluster, payload_bytes_max, failed: None }
    }

    /// Takes frames of this cluster only from now on.
    pub fn expect_cluster(&mut self, cluster: ClusterTag) {
        self.cluster = Some(cluster);
    }

    /// Takes frames up to [`PEER_FRAME_PAYLOAD_BYTES_MAX`] from now on.
    pub fn allow_large_frames(&mut self) {
        self.payload_bytes_max = PEER_FRAME_PAYLOAD_BYTES_MAX;
    }

    /// Bytes of memory held for input: at most what has arrived and is not taken yet, plus
    /// [`limits::PEER_AHEAD_BYTES_MAX`], plus one [`limits::PEER_READ_BYTES`].
    pub fn capacity_bytes(&self) -> usize {
        self.input.capacity()
    }

    /// Bytes that have arrived and are not taken yet: more than none at the end of the stream means that it was cut.
    pub fn pending_bytes(&self) -> usize {
        self.input.len()
    }

    /// The buffer to read from the socket into, with room for a read. Append only, and call
    /// [`next`](Self::next) until it gives nothing before reading more.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        if self.input.capacity() - self.input.len() < limits::INPUT_SPARE_BYTES_MIN {
            self.input.reserve(limits::PEER_READ_BYTES);
        }
        &mut self.input
    }

    /// The next whole frame, or `None` when more bytes are needed.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: None means not yet, not the end")]
    pub fn next(&mut self) -> Result<Option<Frame>> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.take_frame();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
            self.input = BytesMut::new();
        }
        result
    }

    fn take_frame(&mut self) -> Result<Option<Frame>> {
        let Some(bytes) = self.input.first_chunk::<PEER_FRAME_HEADER_BYTES>() else { return Ok(None) };
        let header = FrameHeader::parse(bytes, self.cluster, self.payload_bytes_max)?;
        let length = header.length_bytes as usize;
        let whole_bytes = PEER_FRAME_HEADER_BYTES + length;
        if self.input.len() < whole_bytes {
            // As for clients: memory follows what has arrived, since the length is not checked yet.
            let missing = whole_bytes - self.input.len();
            let ahead = self.input.len().clamp(limits::PEER_READ_BYTES, limits::PEER_AHEAD_BYTES_MAX);
            self.input.reserve(missing.min(ahead));
            return Ok(None);
        }
        header.verify(&self.input[PEER_FRAME_HEADER_BYTES..whole_bytes])?;
        self.input.advance(PEER_FRAME_HEADER_BYTES);
        let payload = self.input.split_to(length).freeze();
        Ok(Some(Frame { kind: header.kind, payload }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::ClusterId;
    use proptest::prelude::*;

    const CLUSTER: ClusterId = ClusterId::new(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);

    fn frame(kind: FrameKind, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let start = begin_frame(&mut out);
        out.extend_from_slice(payload);
        end_frame(&mut out, start, kind, CLUSTER.tag()).unwrap();
        out
    }

    fn read(bytes: &[u8]) -> Result<Option<Frame>> {
        let mut reader = FrameReader::new(Some(CLUSTER.tag()));
        reader.buffer_mut().extend_from_slice(bytes);
        reader.next()
    }

    #[test]
    fn golden_frame() {
        let bytes = frame(FrameKind::Consensus, b"vote");
        let tag = CLUSTER.tag().get().to_le_bytes();
        let mut expected = b"QRPF\x01\x04\0\0".to_vec();
        expected.extend_from_slice(&tag);
        expected.extend_from_slice(&[4, 0, 0, 0]);
        let checksum = crc32fast::hash(&[&expected[..], b"vote"].concat());
        expected.extend_from_slice(&checksum.to_le_bytes());
        expected.extend_from_slice(b"vote");
        assert_eq!(bytes, expected);
        let pieces = FrameHeader::encode(FrameKind::Consensus, CLUSTER.tag(), &[b"vo", b"", b"te"]).unwrap();
        assert_eq!(pieces, bytes[..20]);
        let read = read(&bytes).unwrap().unwrap();
        assert_eq!((read.kind, &read.payload[..]), (FrameKind::Consensus, &b"vote"[..]));
    }

    #[test]
    fn each_kind_has_its_code() {
        let kinds = [
            FrameKind::Hello,
            FrameKind::Welcome,
            FrameKind::Refusal,
            FrameKind::Consensus,
            FrameKind::CompressedConsensus,
            FrameKind::SnapshotRequest,
            FrameKind::SnapshotHead,
            FrameKind::SnapshotChunk,
            FrameKind::SnapshotEnd,
            FrameKind::Session,
        ];
        for (code, kind) in (1..).zip(kinds) {
            let mut bytes = frame(kind, b"");
            assert_eq!(bytes[5], code);
            assert_eq!(read(&bytes).unwrap().unwrap().kind, kind);
            bytes[5] = kinds.len() as u8 + code;
            assert_eq!(read(&bytes), Err(Error::UnknownKind { kind: bytes[5] }));
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = frame(FrameKind::Hello, b"some payload");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // A longer length waits for bytes that do not come; anything else is an error at once.
            assert!(!matches!(read(&flipped), Ok(Some(_))), "bit {bit}");
        }
    }

    #[test]
    fn another_cluster_and_a_large_frame_are_refused_by_the_header() {
        let mut bytes = frame(FrameKind::Consensus, b"x");
        let mut reader = FrameReader::new(Some(ClusterId::new(5).tag()));
        reader.buffer_mut().extend_from_slice(&bytes);
        assert!(matches!(reader.next(), Err(Error::OtherCluster { .. })));
        assert!(matches!(reader.next(), Err(Error::OtherCluster { .. })), "for ever");
        bytes[12..16].copy_from_slice(&(limits::PEER_HELLO_PAYLOAD_BYTES_MAX as u32 + 1).to_le_bytes());
        assert!(matches!(read(&bytes), Err(Error::FrameTooLarge { .. })));
        let mut reader = FrameReader::new(None);
        reader.allow_large_frames();
        reader.buffer_mut().extend_from_slice(&bytes);
        assert_eq!(reader.next(), Ok(None), "allowed after the hello");
        let mut reader = FrameReader::new(None);
        reader.buffer_mut().extend_from_slice(&frame(FrameKind::Hello, b"of any cluster"));
        reader.buffer_mut().extend_from_slice(&frame(FrameKind::Consensus, b"of the right one only"));
        assert!(reader.next().unwrap().is_some());
        reader.expect_cluster(ClusterId::new(5).tag());
        assert!(matches!(reader.next(), Err(Error::OtherCluster { .. })));
    }

    #[test]
    fn a_payload_past_the_bound_is_not_made() {
        let large = vec![0; PEER_FRAME_PAYLOAD_BYTES_MAX / 2 + 1];
        let result = FrameHeader::encode(FrameKind::Consensus, CLUSTER.tag(), &[&large, &large]);
        assert!(matches!(result, Err(Error::FrameTooLarge { .. })));
    }

    proptest! {
        #[test]
        fn frames_round_trip(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..500), 0..10),
                             chunk in 1usize..100) {
            let stream: Vec<u8> = payloads.iter().flat_map(|payload| frame(FrameKind::Consensus, payload)).collect();
            let mut reader = FrameReader::new(Some(CLUSTER.tag()));
            let mut received = Vec::new();
            for piece in stream.chunks(chunk) {
                reader.buffer_mut().extend_from_slice(piece);
                while let Some(frame) = reader.next().unwrap() {
                    received.push(frame.payload.to_vec());
                }
            }
            prop_assert_eq!(received, payloads);
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&bytes);
            let mut framed = b"QRPF\x01\x04\0\0".to_vec();
            framed.extend_from_slice(&CLUSTER.tag().get().to_le_bytes());
            framed.extend_from_slice(&bytes);
            prop_assert!(!matches!(read(&framed), Ok(Some(_))));
        }
    }
}
