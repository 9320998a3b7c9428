//! Character sets of one byte a character, and their collations of one weight a byte.
//!
//! Both were recorded from MySQL 9.7, the characters with `CONVERT(… USING utf32)`, the weights with `WEIGHT_STRING()`:
//!
//! * `tables/eight_bit_sets.bin`, [`SET_BYTES`] a set: 256 code points in 16-bit little-endian units (0xffff: none), 256 bytes in
//!   capitals, 256 in small letters. In all of them a byte below 0x80 is the ASCII character.
//! * `tables/eight_bit_weights.bin`: 256 weights a collation, `ascii`'s at the end.

use std::cmp::Ordering;
use std::sync::LazyLock;

use crate::collation::{CharacterSet, Collation, first_character, space_marker};

const SETS: &[u8] = include_bytes!("tables/eight_bit_sets.bin");
const WEIGHTS: &[u8] = include_bytes!("tables/eight_bit_weights.bin");
/// Bytes of a set in the table.
const SET_BYTES: usize = 1024;
const NONE: u16 = 0xffff;

/// Of each set, its characters past ASCII by code point.
static BYTES: LazyLock<Vec<Vec<(u16, u8)>>> = LazyLock::new(|| {
    let of_set = |set: &[u8]| {
        let mut found: Vec<(u16, u8)> = (0x80..=u8::MAX)
            .map(|byte| (code_in(set, byte), byte))
            .filter(|(code, _)| *code != NONE)
            .collect();
        found.sort_unstable();
        found
    };
    SETS.chunks_exact(SET_BYTES).map(of_set).collect()
});

fn code_in(set: &[u8], byte: u8) -> u16 {
    let at = usize::from(byte) * 2;
    u16::from_le_bytes([set[at], set[at + 1]])
}

fn set(table: usize) -> &'static [u8] {
    &SETS[table * SET_BYTES..(table + 1) * SET_BYTES]
}

/// The byte of a character, if the set has it.
pub(super) fn byte_of(table: usize, character: char) -> Option<u8> {
    if character.is_ascii() {
        return u8::try_from(character).ok();
    }
    let code = u16::try_from(u32::from(character)).ok()?;
    let bytes = BYTES.get(table)?;
    bytes.binary_search_by_key(&code, |(code, _)| *code).ok().map(|place| bytes[place].1)
}

/// The UTF-8 of a set's bytes.
///
/// # Errors
/// Where the first byte is that is no character.
pub(super) fn decode(table: usize, bytes: &[u8]) -> Result<Vec<u8>, usize> {
    let set = set(table);
    let mut out = String::with_capacity(bytes.len() * 2);
    for (at, byte) in bytes.iter().enumerate() {
        match char::from_u32(u32::from(code_in(set, *byte))) {
            Some(character) if character != '\u{ffff}' => out.push(character),
            _ => return Err(at),
        }
    }
    Ok(out.into_bytes())
}

/// A character in capitals or small letters.
pub(super) fn changed_case(table: usize, character: char, upper: bool) -> char {
    let Some(byte) = byte_of(table, character) else { return character };
    let set = set(table);
    let changed = set[512 + if upper { 0 } else { 256 } + usize::from(byte)];
    match code_in(set, changed) {
        NONE => character,
        code => char::from_u32(u32::from(code)).unwrap_or(character),
    }
}

/// A collation's weights, and the table of its set; none for ASCII.
#[derive(Clone, Copy)]
pub(super) struct Order {
    weights: &'static [u8],
    table: Option<usize>,
}

impl Order {
    /// The order with a number of a collation.
    pub(super) fn new(collation: Collation, number: u8) -> Order {
        let at = usize::from(number) * 256;
        Order { weights: &WEIGHTS[at..at + 256], table: table_of(collation.set()) }
    }

    /// The weight of the first character, and the rest; a space for ever when there is none.
    fn next<'a>(&self, text: &'a [u8]) -> (u8, &'a [u8]) {
        let Some(first) = text.first() else { return (self.weights[usize::from(b' ')], text) };
        if first.is_ascii() {
            return (self.weights[usize::from(*first)], &text[1..]);
        }
        let (code, length) = first_character(text);
        let byte = char::from_u32(code).zip(self.table).and_then(|(each, table)| byte_of(table, each));
        (self.weights[usize::from(byte.unwrap_or(b'?'))], &text[length..])
    }

    pub(super) fn compare(&self, left: &[u8], right: &[u8]) -> Ordering {
        let (mut left, mut right) = (left, right);
        while !(left.is_empty() && right.is_empty()) {
            let ((a, left_rest), (b, right_rest)) = (self.next(left), self.next(right));
            if a != b {
                return a.cmp(&b);
            }
            (left, right) = (left_rest, right_rest);
        }
        Ordering::Equal
    }

    /// The key of text; `end`: with the marker that ends it.
    pub(super) fn sort_key(&self, text: &[u8], end: bool, out: &mut Vec<u8>) {
        let space = self.weights[usize::from(b' ')];
        // Spaces whose marker waits for the next other weight.
        let mut spaces = 0_usize;
        let mut rest = text;
        while !rest.is_empty() {
            let (weight, following) = self.next(rest);
            rest = following;
            if weight == space {
                spaces += 1;
                continue;
            }
            for _ in 0..std::mem::take(&mut spaces) {
                out.extend_from_slice(&[space, space_marker(weight.cmp(&space))]);
            }
            out.push(weight);
        }
        if end {
            out.extend_from_slice(&[space, space_marker(Ordering::Equal)]);
        }
    }

    /// MySQL's weights, without anything for padding.
    pub(super) fn weights(&self, text: &[u8], out: &mut Vec<u8>) {
        let mut rest = text;
        while !rest.is_empty() {
            let (weight, following) = self.next(rest);
            out.push(weight);
            rest = following;
        }
    }
}

/// The table of a set, by its place among the sets of one byte a character.
fn table_of(set: CharacterSet) -> Option<usize> {
    (set as usize).checked_sub(CharacterSet::Cp1250 as usize)
}
