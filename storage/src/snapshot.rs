//! The chunks in which a snapshot of the whole store travels to another node.
//!
//! A snapshot is every key with its value at one log index, ascending by key, cut into chunks. Each chunk stands for
//! itself: it can be checked, stored and sent again without the others. What holds them together (the index, the number
//! of chunks, a checksum over all) is the business of who sends them. [`Store::export`] makes chunks,
//! [`Store::replace`] takes them.
//!
//! A chunk, little endian:
//!
//! ```text
//!  0  u32  CRC-32 of everything after it
//!  4  u8   format version, 1
//!  5  u24  zero
//!  8  u32  number of pairs, at least 1
//! 12  u32  bytes of the pairs
//! 16       pairs, ascending by key, no key twice, each:
//!            varint  length of the key in bytes, at least 4
//!            varint  length of the value in bytes
//!            key
//!            value
//! ```
//!
//! Varints are those of [`format`](mod@crate::format). A chunk takes no further pair once its pairs have
//! [`SNAPSHOT_CHUNK_BYTES_MAX`] bytes, so that it is at most that and one pair. Equal pairs make equal bytes.
//!
//! The checksum finds accidents, not forgery: who may send a snapshot may write anything into it. A chunk that does not
//! parse is an error and never a panic, and what it claims of itself is never a measure for an allocation.
//!
//! Left out: compression, which is the wire's; the stamps of the rows, since who replaces its store has no reader
//! below the snapshot's index.
//!
//! [`Store::export`]: crate::version::Store::export
//! [`Store::replace`]: crate::version::Store::replace

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::error::{Error, Result};
use crate::format::{VARINT_BYTES_MAX, put_varint};
use crate::limits::{KEY_BYTES_MIN, SNAPSHOT_CHUNK_BYTES_MAX, SNAPSHOT_PAIR_PART_BYTES_MAX};

/// The version this program writes and reads.
const FORMAT_VERSION: u8 = 1;
/// The bytes before the first pair.
pub const CHUNK_HEADER_BYTES: usize = 16;
const CRC_BYTES: usize = 4;
const COUNT_AT: usize = 8;
/// The largest chunk there can be, in bytes.
pub const CHUNK_BYTES_MAX: usize =
    CHUNK_HEADER_BYTES + SNAPSHOT_CHUNK_BYTES_MAX + 2 * (VARINT_BYTES_MAX + SNAPSHOT_PAIR_PART_BYTES_MAX);
/// The least that a pair takes: two lengths of one byte and a key.
const PAIR_BYTES_MIN: usize = 2 + KEY_BYTES_MIN;

/// Builds a chunk in one buffer.
#[derive(Debug)]
pub struct ChunkBuilder {
    bytes: BytesMut,
    pair_count: u32,
}

impl Default for ChunkBuilder {
    fn default() -> ChunkBuilder {
        ChunkBuilder::new()
    }
}

impl ChunkBuilder {
    /// A chunk without pairs.
    pub fn new() -> ChunkBuilder {
        let mut bytes = BytesMut::new();
        bytes.put_bytes(0, CHUNK_HEADER_BYTES);
        bytes[CRC_BYTES] = FORMAT_VERSION;
        ChunkBuilder { bytes, pair_count: 0 }
    }

    /// Adds a pair behind the others; its key is larger than theirs, which is the caller's to see to.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        debug_assert!(key.len() >= KEY_BYTES_MIN, "a key has an index id");
        self.bytes.reserve(2 * VARINT_BYTES_MAX + key.len() + value.len());
        put_varint(&mut self.bytes, key.len());
        put_varint(&mut self.bytes, value.len());
        self.bytes.put_slice(key);
        self.bytes.put_slice(value);
        self.pair_count += 1;
    }

    /// The bytes of the pairs so far.
    pub fn pair_bytes(&self) -> usize {
        self.bytes.len() - CHUNK_HEADER_BYTES
    }

    /// Whether there are no pairs. Such a chunk must not be finished: nobody would take it.
    pub fn is_empty(&self) -> bool {
        self.pair_count == 0
    }

    /// The chunk, without copying it.
    pub fn finish(mut self) -> Bytes {
        let pair_bytes = u32::try_from(self.pair_bytes()).expect("a chunk is bounded far below 4 GiB");
        self.bytes[COUNT_AT..COUNT_AT + 4].copy_from_slice(&self.pair_count.to_le_bytes());
        self.bytes[COUNT_AT + 4..CHUNK_HEADER_BYTES].copy_from_slice(&pair_bytes.to_le_bytes());
        let crc = crc32fast::hash(&self.bytes[CRC_BYTES..]);
        self.bytes[..CRC_BYTES].copy_from_slice(&crc.to_le_bytes());
        self.bytes.freeze()
    }
}

/// Reads a chunk, all of it or nothing. Keys and values are slices of it, not copies. Whatever is wrong with it is
/// [`Error::BadSnapshot`].
pub fn decode(chunk: &Bytes) -> Result<Vec<(Bytes, Bytes)>> {
    if chunk.len() > CHUNK_BYTES_MAX {
        return Err(bad("a chunk is larger than any can be"));
    }
    let Some(mut fields) = chunk.get(..CHUNK_HEADER_BYTES) else {
        return Err(bad("a chunk ends inside its header"));
    };
    let crc = fields.get_u32_le();
    let (version, zero) = (fields.get_u8(), fields.get_uint_le(3));
    let (pair_count, pair_bytes) = (fields.get_u32_le() as usize, fields.get_u32_le() as usize);
    if crc32fast::hash(&chunk[CRC_BYTES..]) != crc {
        return Err(bad("the checksum of a chunk is wrong"));
    }
    if version != FORMAT_VERSION {
        return Err(bad("the format version of a chunk is not one this program reads"));
    }
    if zero != 0 || pair_bytes != chunk.len() - CHUNK_HEADER_BYTES {
        return Err(bad("the header of a chunk is not right"));
    }
    // So bounded by what was received, the number is fit to be reserved for.
    if pair_count == 0 || pair_count > pair_bytes / PAIR_BYTES_MIN {
        return Err(bad("the number of pairs of a chunk is impossible"));
    }
    let mut pairs: Vec<(Bytes, Bytes)> = Vec::with_capacity(pair_count);
    let mut rest = chunk.slice(CHUNK_HEADER_BYTES..);
    for _ in 0..pair_count {
        let (key_bytes, value_bytes) = (take_varint(&mut rest)?, take_varint(&mut rest)?);
        if key_bytes < KEY_BYTES_MIN {
            return Err(bad("a key is too short"));
        }
        if rest.len() < key_bytes || rest.len() - key_bytes < value_bytes {
            return Err(bad("a pair ends outside its chunk"));
        }
        let pair = (rest.split_to(key_bytes), rest.split_to(value_bytes));
        if pairs.last().is_some_and(|(before, _)| *before >= pair.0) {
            return Err(bad("the keys of a chunk do not ascend"));
        }
        pairs.push(pair);
    }
    if !rest.is_empty() {
        return Err(bad("something follows the last pair of a chunk"));
    }
    Ok(pairs)
}

fn bad(what: &'static str) -> Error {
    Error::BadSnapshot { what }
}

fn take_varint(rest: &mut Bytes) -> Result<usize> {
    let mut value = 0u64;
    for position in 0..VARINT_BYTES_MAX {
        if rest.is_empty() {
            return Err(bad("a length ends outside its chunk"));
        }
        let byte = rest.get_u8();
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            if byte == 0 && position > 0 {
                return Err(bad("a length is not in its shortest form"));
            }
            return u32::try_from(value)
                .map(|value| value as usize)
                .map_err(|_| bad("a length is too large"));
        }
    }
    Err(bad("a length is longer than five bytes"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn chunk(pairs: &[(&[u8], &[u8])]) -> Bytes {
        let mut builder = ChunkBuilder::new();
        for (key, value) in pairs {
            builder.push(key, value);
        }
        builder.finish()
    }

    /// The chunk with other bytes behind the CRC, which is made right again.
    fn forged(chunk: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        let mut bytes = chunk.to_vec();
        change(&mut bytes);
        let crc = crc32fast::hash(&bytes[CRC_BYTES..]);
        bytes[..CRC_BYTES].copy_from_slice(&crc.to_le_bytes());
        bytes.into()
    }

    #[test]
    fn golden_bytes_of_a_chunk() {
        let long = [b'v'; 130];
        let chunk = chunk(&[(b"\0\0\0\x01a", b"one"), (b"\0\0\0\x01b", b""), (b"\0\0\0\x02", &long)]);
        let hex: String = chunk[..44].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "fbe2ee9601000000030000009a000000\
             050300000001616f6e65\
             050000000001620482010000000276767676"
        );
        assert_eq!(chunk.len(), CHUNK_HEADER_BYTES + 10 + 7 + 7 + 130);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let chunk = chunk(&[(b"\0\0\0\x01a", b"one"), (b"\0\0\0\x01b", b"")]);
        assert_eq!(decode(&chunk).unwrap().len(), 2);
        for bit in 0..chunk.len() * 8 {
            let mut flipped = chunk.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let error = decode(&flipped.into()).unwrap_err();
            assert!(matches!(error, Error::BadSnapshot { .. }), "bit {bit}: {error}");
        }
        for cut in 0..chunk.len() {
            assert!(decode(&chunk.slice(..cut)).is_err(), "cut {cut}");
        }
        assert!(decode(&[&chunk[..], b"\0"].concat().into()).is_err(), "longer");
    }

    /// With a checksum that is right, as from a faulty sender.
    #[test]
    fn what_is_wrong_with_a_chunk_is_said() {
        let good = chunk(&[(b"\0\0\0\x01a", b"one"), (b"\0\0\0\x01b", b"")]);
        let refused = |chunk: Bytes, expected: &str| {
            let error = decode(&chunk).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}, not {expected}");
        };
        refused(forged(&good, |bytes| bytes[4] = 2), "version");
        refused(forged(&good, |bytes| bytes[7] = 1), "header");
        refused(forged(&good, |bytes| bytes[12] += 1), "header");
        refused(forged(&good, |bytes| bytes[8] = 0), "number of pairs");
        refused(forged(&good, |bytes| bytes[8..12].fill(0xff)), "number of pairs");
        refused(forged(&good, |bytes| bytes[8] = 1), "follows the last pair");
        refused(forged(&good, |bytes| bytes[8] = 3), "number of pairs");
        refused(forged(&good, |bytes| bytes[16] = 3), "too short");
        refused(forged(&good, |bytes| bytes[17] = 100), "outside its chunk");
        refused(forged(&good, |bytes| bytes[16..21].fill(0xff)), "five bytes");
        refused(
            forged(&good, |bytes| bytes[16..21].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x1f])),
            "large",
        );
        refused(forged(&good, |bytes| bytes[16..18].copy_from_slice(&[0x85, 0])), "shortest");
        refused(chunk(&[(b"\0\0\0\x01b", b""), (b"\0\0\0\x01a", b"")]), "ascend");
        refused(chunk(&[(b"\0\0\0\x01b", b""), (b"\0\0\0\x01b", b"")]), "ascend");
        refused(ChunkBuilder::new().finish(), "number of pairs");
        refused(vec![0; CHUNK_BYTES_MAX + 1].into(), "larger");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            pairs in prop::collection::btree_map(
                prop::collection::vec(any::<u8>(), 4..40),
                prop::collection::vec(any::<u8>(), 0..300),
                1..40,
            )
        ) {
            let mut builder = ChunkBuilder::new();
            pairs.iter().for_each(|(key, value)| builder.push(key, value));
            let decoded = decode(&builder.finish()).unwrap();
            let decoded: BTreeMap<_, _> =
                decoded.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
            prop_assert_eq!(decoded, pairs);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 16..200)) {
            let _ = decode(&forged(&bytes, |_| {}));
            let _ = decode(&forged(&bytes, |bytes| {
                let pair_bytes = (bytes.len() - CHUNK_HEADER_BYTES) as u32;
                bytes[4..8].copy_from_slice(&[1, 0, 0, 0]);
                bytes[9..12].fill(0);
                bytes[12..16].copy_from_slice(&pair_bytes.to_le_bytes());
            }));
        }
    }
}
