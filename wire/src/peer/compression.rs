//! Compressed payloads, for peers behind a slow link.
//!
//! Layout: length of the original, u32 little endian, then one LZ4 block. The frame's checksum is over these bytes, so they
//! have arrived as they were sent; what they claim is still not believed.
//!
//! Invariants: [`decompress`] takes memory for at most [`PEER_FRAME_PAYLOAD_BYTES_MAX`] and at most
//! [`PEER_COMPRESSION_RATIO_MAX`] times what has arrived; the block must give exactly the length it claims; no bytes panic.
//!
//! Left out: when to compress (the server's configuration says so).

use bytes::Bytes;

use crate::limits::{PEER_COMPRESSION_RATIO_MAX, PEER_FRAME_PAYLOAD_BYTES_MAX};
use crate::{Error, Result};

/// Bytes of the length before the block.
const LENGTH_BYTES: usize = 4;

const MALFORMED: Error = Error::Malformed { what: "compressed peer frame" };

/// Appends `original` in compressed form, or says that this makes it no smaller, and appends nothing then.
///
/// # Panics
/// If `original` is longer than [`PEER_FRAME_PAYLOAD_BYTES_MAX`]: it could not be sent as it is either.
#[must_use]
pub fn compress(original: &[u8], out: &mut Vec<u8>) -> bool {
    assert!(original.len() <= PEER_FRAME_PAYLOAD_BYTES_MAX, "a payload that fits a frame");
    let start = out.len();
    out.extend_from_slice(&(original.len() as u32).to_le_bytes());
    let block_start = out.len();
    out.resize(block_start + lz4_flex::block::get_maximum_output_size(original.len()), 0);
    let written = lz4_flex::block::compress_into(original, &mut out[block_start..]);
    match written {
        Ok(block_bytes) if LENGTH_BYTES + block_bytes < original.len() => {
            out.truncate(block_start + block_bytes);
            true
        }
        Ok(_) | Err(_) => {
            out.truncate(start);
            false
        }
    }
}

/// The original of what [`compress`] made.
///
/// # Errors
/// [`Error::FrameTooLarge`] for a claim past the bound, [`Error::Malformed`] for a block that is not one or that has another
/// length.
pub fn decompress(payload: &[u8]) -> Result<Bytes> {
    let (length_bytes, block) = claim(payload)?;
    let mut original = vec![0; length_bytes];
    match lz4_flex::block::decompress_into(block, &mut original) {
        Ok(written) if written == length_bytes => Ok(original.into()),
        Ok(_) | Err(_) => Err(MALFORMED),
    }
}

/// The length that the original is said to have, which is possible at least, and the block.
fn claim(payload: &[u8]) -> Result<(usize, &[u8])> {
    let (length, block) = payload.split_first_chunk::<LENGTH_BYTES>().ok_or(MALFORMED)?;
    let length_bytes = u32::from_le_bytes(*length) as usize;
    if length_bytes > PEER_FRAME_PAYLOAD_BYTES_MAX {
        return Err(Error::FrameTooLarge { length_bytes, max_bytes: PEER_FRAME_PAYLOAD_BYTES_MAX });
    }
    if length_bytes > block.len().saturating_mul(PEER_COMPRESSION_RATIO_MAX) {
        return Err(MALFORMED);
    }
    Ok((length_bytes, block))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_block() {
        // One literal, then a match of 94 at offset 1, then the last five as literals. An encoder may cut it in other ways.
        let block = b"\x64\0\0\0\x1f\x07\x01\0\x4b\x50\x07\x07\x07\x07\x07";
        assert_eq!(decompress(block), Ok(Bytes::from(vec![7; 100])));
        let mut out = b"before".to_vec();
        assert!(compress(&[7; 100], &mut out));
        assert_eq!(out[..10], *b"before\x64\0\0\0");
        assert_eq!(decompress(&out[6..]), Ok(Bytes::from(vec![7; 100])));
    }

    #[test]
    fn what_does_not_shrink_is_left_alone() {
        let mut out = b"before".to_vec();
        assert!(!compress(b"short", &mut out));
        assert_eq!(out, b"before");
    }

    #[test]
    fn a_bomb_is_refused_before_memory_is_taken() {
        let bomb = |length: usize, block: &[u8]| [&(length as u32).to_le_bytes(), block].concat();
        let past_the_frame = bomb(PEER_FRAME_PAYLOAD_BYTES_MAX + 1, &[0x1f; 100]);
        assert!(matches!(claim(&past_the_frame), Err(Error::FrameTooLarge { .. })));
        assert_eq!(claim(&bomb(PEER_FRAME_PAYLOAD_BYTES_MAX, &[0x1f; 100])), Err(MALFORMED));
        assert_eq!(claim(&bomb(25_501, &[0x1f; 100])), Err(MALFORMED));
        assert_eq!(claim(&bomb(25_500, &[0x1f; 100])), Ok((25_500, &[0x1f; 100][..])));
        // Nothing compresses better than one byte again and again.
        let mut out = Vec::new();
        assert!(compress(&vec![7; PEER_FRAME_PAYLOAD_BYTES_MAX], &mut out));
        assert!(decompress(&out).is_ok());
    }

    #[test]
    fn another_length_than_claimed_is_refused() {
        let mut out = Vec::new();
        assert!(compress(&[7; 100], &mut out));
        for length in [0, 99, 101, 255] {
            out[0] = length;
            assert!(decompress(&out).is_err(), "{length}");
        }
        out[0] = 100;
        for cut in 0..out.len() {
            assert!(decompress(&out[..cut]).is_err(), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn compressed_payloads_come_back(pieces in proptest::collection::vec((any::<u8>(), 1usize..300), 0..40)) {
            let original: Vec<u8> = pieces.iter().flat_map(|(byte, count)| vec![*byte; *count]).collect();
            let mut out = Vec::new();
            if compress(&original, &mut out) {
                prop_assert!(out.len() < original.len());
                prop_assert_eq!(decompress(&out), Ok(Bytes::from(original)));
            }
        }

        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decompress(&bytes);
            if bytes.len() > 4 {
                bytes[1..4].fill(0);
                if let Ok(original) = decompress(&bytes) {
                    prop_assert_eq!(original.len(), usize::from(bytes[0]));
                }
            }
        }
    }
}
