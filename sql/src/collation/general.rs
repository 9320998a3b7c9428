//! `utf8mb4_general_ci`: one 16-bit weight a character, U+FFFD's for all beyond the basic plane.
//!
//! `tables/general_ci.bin` holds the weights that differ from the code point, in 16-bit little-endian units: an index of
//! 256 pages (0: none, else 1 + the page's number), then pages of 256 weights. They were recorded with MySQL's
//! `WEIGHT_STRING`, as no standard defines them.

use std::cmp::Ordering;

use crate::collation::{first_character, space_marker};

const TABLE: &[u8] = include_bytes!("tables/general_ci.bin");

fn unit(at: usize) -> u16 {
    u16::from_le_bytes([TABLE[2 * at], TABLE[2 * at + 1]])
}

fn weight(code: u32) -> u16 {
    let Ok(code) = u16::try_from(code) else { return 0xfffd };
    if code < 0x80 {
        let lower = (u16::from(b'a')..=u16::from(b'z')).contains(&code);
        return if lower { code - 0x20 } else { code };
    }
    match unit(usize::from(code >> 8)) {
        0 => code,
        page => unit(256 + (usize::from(page) - 1) * 256 + usize::from(code & 0xff)),
    }
}

/// The weight of the first character, and the rest; a space for ever when there is none.
fn next(text: &[u8]) -> (u16, &[u8]) {
    if text.is_empty() {
        return (u16::from(b' '), text);
    }
    let (code, length) = first_character(text);
    (weight(code), &text[length..])
}

pub(super) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = (left, right);
    while !(left.is_empty() && right.is_empty()) {
        let ((a, left_rest), (b, right_rest)) = (next(left), next(right));
        if a != b {
            return a.cmp(&b);
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

/// The key of text without trailing spaces; `end`: with the marker that ends it.
pub(super) fn sort_key(text: &[u8], end: bool, out: &mut Vec<u8>) {
    let space = u16::from(b' ');
    let mut rest = text;
    while !rest.is_empty() {
        let (current, following) = next(rest);
        out.extend_from_slice(&current.to_be_bytes());
        if current == space {
            let mut ahead = following;
            let mut after = space;
            while after == space && !ahead.is_empty() {
                (after, ahead) = next(ahead);
            }
            out.push(space_marker(after.cmp(&space)));
        }
        rest = following;
    }
    if end {
        out.extend_from_slice(&space.to_be_bytes());
        out.push(space_marker(Ordering::Equal));
    }
}

/// MySQL's weights, without anything for padding.
pub(super) fn weights(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while !rest.is_empty() {
        let (weight, following) = next(rest);
        out.extend_from_slice(&weight.to_be_bytes());
        rest = following;
    }
}
