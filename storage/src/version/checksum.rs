//! A checksum over rows at a snapshot, to compare the data of nodes.
//!
//! Depends on every key, every value, their lengths and their order; the same on every node and version of the
//! program. It guards against mistakes, not against an adversary.

use super::{Snapshot, Store};
use crate::Result;
use crate::engine::{Direction, KeyRange, RowBuffer};

/// The checksum and the number of rows it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// The checksum.
    pub sum: u64,
    /// Number of rows.
    pub row_count: u64,
    /// The log index at which it was taken.
    pub index: u64,
}

impl Snapshot {
    /// The checksum over the rows of `ranges`, in that order.
    pub fn checksum(&self, ranges: &[KeyRange]) -> Result<Checksum> {
        let mut sum = FIRST;
        let (mut row, mut row_count) = (RowBuffer::new(), 0);
        for range in ranges {
            let mut scan = self.scan(range.clone(), Direction::Forward);
            while scan.next_into(&mut row)? {
                sum = mix(mix(sum, row.key()), row.value());
                row_count += 1;
            }
        }
        Ok(Checksum { sum, row_count, index: self.index() })
    }
}

impl Store {
    /// The checksum over the rows of `ranges` at `index`, which must still be readable.
    pub fn checksum(&self, ranges: &[KeyRange], index: u64) -> Result<Checksum> {
        self.snapshot_at(index)?.checksum(ranges)
    }
}

const FIRST: u64 = 0xcbf2_9ce4_8422_2325;
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes the length of `bytes`, then each eight of them (the last ones filled up with zeros) into `sum`.
fn mix(sum: u64, bytes: &[u8]) -> u64 {
    let (words, last) = bytes.as_chunks::<8>();
    let mut sum = mix_word(sum, bytes.len() as u64);
    for word in words {
        sum = mix_word(sum, u64::from_le_bytes(*word));
    }
    let mut word = [0; 8];
    word[..last.len()].copy_from_slice(last);
    mix_word(sum, u64::from_le_bytes(word))
}

fn mix_word(sum: u64, word: u64) -> u64 {
    let mixed = (sum ^ word).wrapping_mul(MULTIPLIER);
    (mixed ^ mixed >> 29).rotate_left(17)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_lengths_and_order() {
        let row = |sum, key: &[u8], value: &[u8]| mix(mix(sum, key), value);
        assert_ne!(row(FIRST, b"ab", b"c"), row(FIRST, b"a", b"bc"));
        assert_ne!(row(FIRST, b"a", b""), row(FIRST, b"a", b"\0"));
        assert_ne!(row(row(FIRST, b"a", b"1"), b"b", b"2"), row(row(FIRST, b"b", b"2"), b"a", b"1"));
    }

    #[test]
    fn never_changes() {
        assert_eq!(mix(FIRST, b"quorate checksum"), 0xb388_80fe_5c2c_8060);
    }
}
