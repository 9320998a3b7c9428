//! What travels on [`Lane::Snapshot`](super::Lane::Snapshot): a copy of a node's tables for one that is behind everybody's log.
//!
//! After the welcome: a [`SnapshotRequest`] from the node that called, then, from the one that was called, a [`SnapshotHead`] (or
//! a refusal), [`SnapshotChunk`]s in order without gaps, and a [`SnapshotEnd`]. A transfer that broke goes on where it stopped when
//! the request names the snapshot and the head answers with the same; with another one it begins anew with chunk 0.
//!
//! Invariants: ids of snapshots are never 0; lengths are bounded before memory is taken; a payload with bytes left over is refused; what
//! is parsed is a slice of the received bytes, not a copy.
//!
//! Left out: what a chunk holds (the storage's format, with a checksum of its own) and what a membership is (the consensus
//! core's).

use bytes::Bytes;

use crate::limits::{PEER_SNAPSHOT_CHUNK_BYTES_MAX, PEER_SNAPSHOT_MEMBERSHIP_BYTES_MAX};
use crate::mysql::primitive::Input;
use crate::{Error, Result};

/// "Give me a snapshot."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotRequest {
    /// The snapshot to go on with; 0 for any.
    pub snapshot_id: u128,
    /// The first chunk of it that is wanted; of no meaning in another snapshot.
    pub offset_chunk: u64,
    /// The log index that the snapshot must reach.
    pub at_least: u64,
    /// The asker keeps no tables: a snapshot without chunks will do.
    pub is_log_only: bool,
}

impl SnapshotRequest {
    /// Appends the payload.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.snapshot_id.to_le_bytes());
        out.extend_from_slice(&self.offset_chunk.to_le_bytes());
        out.extend_from_slice(&self.at_least.to_le_bytes());
        out.push(u8::from(self.is_log_only));
    }

    /// Reads the payload.
    pub fn parse(payload: &[u8]) -> Result<SnapshotRequest> {
        let mut input = Input::new(payload);
        let request = SnapshotRequest::parse_fields(&mut input).filter(|_| input.is_empty());
        request.ok_or(Error::Malformed { what: "snapshot request" })
    }

    fn parse_fields(input: &mut Input<'_>) -> Option<SnapshotRequest> {
        Some(SnapshotRequest {
            snapshot_id: u128::from_le_bytes(input.array()?),
            offset_chunk: input.u64()?,
            at_least: input.u64()?,
            is_log_only: match input.u8()? {
                0 => false,
                1 => true,
                _ => return None,
            },
        })
    }
}

/// Which snapshot follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotHead {
    /// Made at random by the sender for this snapshot; never 0.
    pub snapshot_id: u128,
    /// The last log entry that is in it.
    pub index: u64,
    /// That entry's term.
    pub term: u64,
    /// The log entry that made the membership at `index`.
    pub membership_index: u64,
    /// The membership at `index`, as the consensus core encodes it.
    pub membership: Bytes,
}

impl SnapshotHead {
    /// Appends the payload.
    ///
    /// # Panics
    /// If the membership is longer than [`PEER_SNAPSHOT_MEMBERSHIP_BYTES_MAX`]: no cluster's is.
    pub fn encode(&self, out: &mut Vec<u8>) {
        assert!(self.membership.len() <= PEER_SNAPSHOT_MEMBERSHIP_BYTES_MAX, "a membership that fits");
        out.extend_from_slice(&self.snapshot_id.to_le_bytes());
        out.extend_from_slice(&self.index.to_le_bytes());
        out.extend_from_slice(&self.term.to_le_bytes());
        out.extend_from_slice(&self.membership_index.to_le_bytes());
        out.extend_from_slice(&(self.membership.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.membership);
    }

    /// Reads the payload.
    pub fn parse(payload: &Bytes) -> Result<SnapshotHead> {
        let mut input = Input::new(payload);
        let head = SnapshotHead::parse_fields(&mut input, payload).filter(|_| input.is_empty());
        head.ok_or(Error::Malformed { what: "snapshot head" })
    }

    fn parse_fields(input: &mut Input<'_>, payload: &Bytes) -> Option<SnapshotHead> {
        Some(SnapshotHead {
            snapshot_id: Some(u128::from_le_bytes(input.array()?)).filter(|id| *id != 0)?,
            index: input.u64()?,
            term: input.u64()?,
            membership_index: input.u64()?,
            membership: {
                let length = input.u32()? as usize;
                if length > PEER_SNAPSHOT_MEMBERSHIP_BYTES_MAX {
                    return None;
                }
                payload.slice_ref(input.bytes(length)?)
            },
        })
    }
}

/// A piece of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotChunk {
    /// 0, 1, 2 … within the snapshot.
    pub number: u64,
    /// The piece.
    pub bytes: Bytes,
}

impl SnapshotChunk {
    /// Bytes of the payload before the piece itself.
    pub const HEADER_BYTES: usize = 8;

    /// Appends what stands before the piece, so that the piece can be sent without being copied.
    pub fn encode_header(number: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&number.to_le_bytes());
    }

    /// Reads the payload.
    pub fn parse(payload: &Bytes) -> Result<SnapshotChunk> {
        let malformed = Error::Malformed { what: "snapshot chunk" };
        let Some((number, bytes)) = payload.split_first_chunk::<{ SnapshotChunk::HEADER_BYTES }>() else {
            return Err(malformed);
        };
        if bytes.len() > PEER_SNAPSHOT_CHUNK_BYTES_MAX {
            return Err(Error::FrameTooLarge {
                length_bytes: bytes.len(),
                max_bytes: PEER_SNAPSHOT_CHUNK_BYTES_MAX,
            });
        }
        Ok(SnapshotChunk { number: u64::from_le_bytes(*number), bytes: payload.slice_ref(bytes) })
    }
}

/// The snapshot is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotEnd {
    /// How many chunks it has.
    pub chunk_count: u64,
    /// CRC-32 of the bytes of all chunks, one after the other.
    pub checksum: u32,
}

impl SnapshotEnd {
    /// Appends the payload.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.chunk_count.to_le_bytes());
        out.extend_from_slice(&self.checksum.to_le_bytes());
    }

    /// Reads the payload.
    pub fn parse(payload: &[u8]) -> Result<SnapshotEnd> {
        let mut input = Input::new(payload);
        let fields = input.u64().zip(input.u32()).filter(|_| input.is_empty());
        let (chunk_count, checksum) = fields.ok_or(Error::Malformed { what: "snapshot end" })?;
        Ok(SnapshotEnd { chunk_count, checksum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&mut out);
        out
    }

    #[test]
    fn golden_request() {
        let request =
            SnapshotRequest { snapshot_id: 0x0102, offset_chunk: 3, at_least: 4, is_log_only: true };
        let mut payload = encoded(|out| request.encode(out));
        let expected = b"\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x01";
        assert_eq!(payload, expected);
        assert_eq!(SnapshotRequest::parse(&payload), Ok(request));
        for cut in 0..payload.len() {
            assert!(SnapshotRequest::parse(&payload[..cut]).is_err(), "{cut}");
        }
        payload[32] = 2;
        assert!(SnapshotRequest::parse(&payload).is_err(), "a flag that is neither");
        payload[32] = 0;
        payload.push(0);
        assert!(SnapshotRequest::parse(&payload).is_err(), "bytes after the end");
    }

    #[test]
    fn golden_head() {
        let membership = Bytes::from_static(b"members");
        let head = SnapshotHead { snapshot_id: 9, index: 5, term: 6, membership_index: 4, membership };
        let payload = Bytes::from(encoded(|out| head.encode(out)));
        let expected = b"\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x06\0\0\0\0\0\0\0\
                         \x04\0\0\0\0\0\0\0\x07\0\0\0members";
        assert_eq!(payload[..], expected[..]);
        assert_eq!(SnapshotHead::parse(&payload), Ok(head));
        for cut in 0..payload.len() {
            assert!(SnapshotHead::parse(&payload.slice(..cut)).is_err(), "{cut}");
        }
        let mut without_id = payload.to_vec();
        without_id[0] = 0;
        assert!(SnapshotHead::parse(&without_id.into()).is_err(), "id 0 is nobody's");
        let mut long = payload.to_vec();
        long[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(SnapshotHead::parse(&long.into()).is_err(), "an absurd length");
    }

    #[test]
    fn golden_chunk_and_end() {
        let mut payload = encoded(|out| SnapshotChunk::encode_header(7, out));
        payload.extend_from_slice(b"rows");
        assert_eq!(payload, b"\x07\0\0\0\0\0\0\0rows");
        let payload = Bytes::from(payload);
        let chunk = SnapshotChunk::parse(&payload).unwrap();
        assert_eq!((chunk.number, &chunk.bytes[..]), (7, &b"rows"[..]));
        assert_eq!(chunk.bytes.as_ptr(), payload[8..].as_ptr(), "not a copy");
        assert!(SnapshotChunk::parse(&payload.slice(..7)).is_err());
        let large = Bytes::from(vec![0; SnapshotChunk::HEADER_BYTES + PEER_SNAPSHOT_CHUNK_BYTES_MAX + 1]);
        assert!(matches!(SnapshotChunk::parse(&large), Err(Error::FrameTooLarge { .. })));

        let end = SnapshotEnd { chunk_count: 8, checksum: 0x0a0b_0c0d };
        let payload = encoded(|out| end.encode(out));
        assert_eq!(payload, b"\x08\0\0\0\0\0\0\0\x0d\x0c\x0b\x0a");
        assert_eq!(SnapshotEnd::parse(&payload), Ok(end));
        assert!(SnapshotEnd::parse(&payload[..11]).is_err());
        assert!(SnapshotEnd::parse(&[&payload[..], b"x"].concat()).is_err());
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic_and_mean_one_thing(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let bytes = Bytes::from(bytes);
            if let Ok(request) = SnapshotRequest::parse(&bytes) {
                prop_assert_eq!(&encoded(|out| request.encode(out))[..], &bytes[..]);
            }
            if let Ok(head) = SnapshotHead::parse(&bytes) {
                prop_assert_eq!(&encoded(|out| head.encode(out))[..], &bytes[..]);
            }
            if let Ok(end) = SnapshotEnd::parse(&bytes) {
                prop_assert_eq!(&encoded(|out| end.encode(out))[..], &bytes[..]);
            }
            let _ = SnapshotChunk::parse(&bytes);
        }

        #[test]
        fn requests_round_trip(snapshot_id: u128, offset_chunk: u64, at_least: u64, is_log_only: bool) {
            let request = SnapshotRequest { snapshot_id, offset_chunk, at_least, is_log_only };
            prop_assert_eq!(SnapshotRequest::parse(&encoded(|out| request.encode(out))), Ok(request));
        }
    }
}
