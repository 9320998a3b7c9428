//! `utf8mb4_0900_ai_ci`: primary weights of the Unicode Collation Algorithm, version 9.0.
//!
//! Weights of single characters come from the Unicode Consortium's `allkeys.txt` 9.0.0 (DUCET), primary level,
//! variable elements not ignorable; characters without an entry get implicit weights (UCA 9.0, section 10.1.3), Hangul
//! syllables those of their jamo. As in MySQL, contractions and normalization are not applied, an expansion is cut
//! after eight weights, and the Tangut blocks are taken whole.
//!
//! `tables/uca_9_0.bin` is in 16-bit little-endian units: an index of 0x1100 pages (0: none, else 1 + the page's
//! number), pages of 256 weights, then expansions. A weight of 0 is ignorable, [`IMPLICIT`] has no entry, and one from
//! [`EXPANSION`] on is the place of an expansion: its length, then its weights.

use std::cmp::Ordering;

use crate::collation::first_character;

const TABLE: &[u8] = include_bytes!("tables/uca_9_0.bin");
const PAGE_INDEX: usize = 0x1100;
const IMPLICIT: u16 = 0xffff;
const EXPANSION: u16 = 0x8000;

const fn unit(at: usize) -> u16 {
    u16::from_le_bytes([TABLE[2 * at], TABLE[2 * at + 1]])
}

/// Pages in the table.
const PAGES: usize = {
    let (mut page, mut most) = (0, 0);
    while page < PAGE_INDEX {
        if unit(page) > most {
            most = unit(page);
        }
        page += 1;
    }
    most as usize
};

/// Where the expansions begin.
const EXPANSIONS: usize = PAGE_INDEX + PAGES * 256;

/// Weights of ASCII.
static ASCII: [u16; 128] = {
    let mut weights = [0; 128];
    let page = PAGE_INDEX + (unit(0) as usize - 1) * 256;
    let mut code = 0;
    while code < 128 {
        weights[code] = unit(page + code);
        assert!(weights[code] < EXPANSION, "ASCII has no expansions");
        code += 1;
    }
    weights
};

fn entry(code: u32) -> u16 {
    match unit((code >> 8) as usize) {
        0 => IMPLICIT,
        page => unit(PAGE_INDEX + (usize::from(page) - 1) * 256 + (code & 0xff) as usize),
    }
}

/// The weights of a text, one after another, without the ignorable ones.
struct Weights<'a> {
    text: &'a [u8],
    /// Weights of the last character that are still to come, from `next` on.
    pending: [u16; 9],
    next: usize,
    end: usize,
}

impl<'a> Weights<'a> {
    fn new(text: &'a [u8]) -> Weights<'a> {
        Weights { text, pending: [0; 9], next: 0, end: 0 }
    }

    /// Fills `pending` with the weights of a character that has not exactly one.
    fn expand(&mut self, code: u32, found: u16) {
        self.next = 0;
        self.end = 0;
        if found != IMPLICIT {
            let at = EXPANSIONS + usize::from(found - EXPANSION);
            let length = usize::from(unit(at)).min(8);
            for offset in 0..length {
                self.pending[offset] = unit(at + 1 + offset);
            }
            self.end = length;
        } else if (0xac00..=0xd7a3).contains(&code) {
            let syllable = code - 0xac00;
            let jamo = [0x1100 + syllable / 588, 0x1161 + syllable % 588 / 28, 0x11a7 + syllable % 28];
            let count = if syllable.is_multiple_of(28) { 2 } else { 3 };
            for part in &jamo[..count] {
                self.pending[self.end] = entry(*part);
                self.end += 1;
            }
        } else {
            self.pending[..2].copy_from_slice(&implicit(code));
            self.end = 2;
        }
    }
}

impl Iterator for Weights<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        loop {
            if self.next < self.end {
                self.next += 1;
                return Some(self.pending[self.next - 1]);
            }
            let lead = *self.text.first()?;
            let weight = if lead < 0x80 {
                self.text = &self.text[1..];
                ASCII[usize::from(lead)]
            } else {
                let (code, length) = first_character(self.text);
                self.text = &self.text[length..];
                let found = entry(code);
                if found >= EXPANSION {
                    self.expand(code, found);
                    continue;
                }
                found
            };
            if weight != 0 {
                return Some(weight);
            }
        }
    }
}

/// The weights of one character, and how many they are; 0 is ignorable.
pub(super) fn weights_of(code: u32) -> ([u16; 9], usize) {
    let found = entry(code);
    if found < EXPANSION {
        let mut weights = [0; 9];
        weights[0] = found;
        return (weights, 1);
    }
    let mut weights = Weights::new(b"");
    weights.expand(code, found);
    (weights.pending, weights.end)
}

/// Implicit weights (UCA 9.0, 10.1.3).
fn implicit(code: u32) -> [u16; 2] {
    let low = |value: u32| u16::try_from(value & 0x7fff).unwrap_or(0) | 0x8000;
    let base = match code {
        0x17000..=0x18aff => return [0xfb00, low(code - 0x17000)],
        0x4e00..=0x9fd5
        | 0xfa0e
        | 0xfa0f
        | 0xfa11
        | 0xfa13
        | 0xfa14
        | 0xfa1f
        | 0xfa21
        | 0xfa23
        | 0xfa24
        | 0xfa27..=0xfa29 => 0xfb40,
        0x3400..=0x4db5 | 0x20000..=0x2a6d6 | 0x2a700..=0x2b734 | 0x2b740..=0x2b81d | 0x2b820..=0x2cea1 => {
            0xfb80
        }
        _ => 0xfbc0,
    };
    [base + u16::try_from(code >> 15).unwrap_or(0), low(code)]
}

pub(super) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let mut at = 0;
    for (a, b) in left.iter().zip(right) {
        if (a | b) & 0x80 != 0 {
            break;
        }
        let (weight_left, weight_right) = (ASCII[usize::from(*a)], ASCII[usize::from(*b)]);
        if weight_left != weight_right {
            if weight_left == 0 || weight_right == 0 {
                break;
            }
            return weight_left.cmp(&weight_right);
        }
        at += 1;
    }
    if at == left.len() && at == right.len() {
        return Ordering::Equal;
    }
    Weights::new(&left[at..]).cmp(Weights::new(&right[at..]))
}

pub(super) fn sort_key(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() * 2);
    let mut at = 0;
    for byte in text {
        // ASCII has one weight, but for what is ignorable.
        let Some(weight) = ASCII.get(usize::from(*byte)).filter(|weight| **weight != 0) else { break };
        out.extend_from_slice(&weight.to_be_bytes());
        at += 1;
    }
    for weight in Weights::new(&text[at..]) {
        out.extend_from_slice(&weight.to_be_bytes());
    }
}

/// The first four weights as a number.
pub(super) fn sort_key_begin(text: &[u8]) -> u64 {
    let mut begin = 0;
    let mut weights = Weights::new(text);
    for _ in 0..4 {
        begin = begin << 16 | u64::from(weights.next().unwrap_or(0));
    }
    begin
}
