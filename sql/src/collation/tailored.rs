//! What languages change of the Unicode Collation Algorithm's weights.
//!
//! `tables/tailorings.bin` holds what MySQL 9.7's `WEIGHT_STRING()` says otherwise for a language than for the table that it
//! is built on, over all code points and over sequences of up to four letters. In 16-bit little-endian units, but for the
//! directory (a count, then the place of each in bytes, 32 bits): ranges of primary weights that move (first, last, by how
//! much: whole scripts), tertiary weights that are replaced (capitals first), then entries: code points (two units each),
//! then the weights of each of three levels.
//!
//! A lone combination is otherwise than in MySQL: in Lithuanian a dot above before a grave, acute or tilde is ignorable as the
//! first weight here, and a weight of 0 there.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::collation::first_character;

const TABLES: &[u8] = include_bytes!("tables/tailorings.bin");

/// Most weights that one entry has at one level.
pub(super) const WEIGHTS_MAX: usize = 24;

static ALL: LazyLock<Vec<Tailoring>> = LazyLock::new(|| {
    let count = usize::from(u16::from_le_bytes([TABLES[0], TABLES[1]]));
    let place = |number: usize| {
        let at = 2 + 4 * number;
        u32::from_le_bytes([TABLES[at], TABLES[at + 1], TABLES[at + 2], TABLES[at + 3]]) as usize
    };
    (0..count).map(|number| Tailoring::read(&TABLES[place(number)..])).collect()
});

/// The weights of an entry, by level.
pub(super) type Weights = [Box<[u16]>; 3];

/// Characters that have weights together, and those.
type Sequence = (Box<[u32]>, Weights);

/// What one language changes.
pub(super) struct Tailoring {
    /// First and last weight, and what is added to those between.
    moved: Vec<(u16, u16, u16)>,
    tertiary: HashMap<u16, u16>,
    singles: HashMap<u32, Weights>,
    /// By the first character, the longest first.
    sequences: HashMap<u32, Vec<Sequence>>,
    /// Characters that may stand in a sequence before its end.
    inner: HashSet<u32>,
}

/// Reads units one after another.
struct Units<'a>(&'a [u8]);

impl Units<'_> {
    fn next(&mut self) -> u16 {
        let (first, rest) = self.0.split_at(2);
        self.0 = rest;
        u16::from_le_bytes([first[0], first[1]])
    }

    fn list(&mut self) -> Box<[u16]> {
        let length = self.next();
        assert!(usize::from(length) <= WEIGHTS_MAX, "the table's lists fit the buffer");
        (0..length).map(|_| self.next()).collect()
    }
}

impl Tailoring {
    /// The tailoring of a number.
    pub(super) fn get(number: u8) -> &'static Tailoring {
        &ALL[usize::from(number)]
    }

    fn read(table: &[u8]) -> Tailoring {
        let mut units = Units(table);
        let ranges = units.next();
        let moved = (0..ranges).map(|_| (units.next(), units.next(), units.next())).collect();
        let replaced = units.next();
        let tertiary = (0..replaced).map(|_| (units.next(), units.next())).collect();
        let mut found = Tailoring {
            moved,
            tertiary,
            singles: HashMap::new(),
            sequences: HashMap::new(),
            inner: HashSet::new(),
        };
        for _ in 0..units.next() {
            let length = units.next();
            let codes: Vec<u32> =
                (0..length).map(|_| u32::from(units.next()) | u32::from(units.next()) << 16).collect();
            let weights = [units.list(), units.list(), units.list()];
            let Some((first, rest)) = codes.split_first() else { continue };
            if rest.is_empty() {
                found.singles.insert(*first, weights);
            } else {
                found.inner.extend(&codes[..codes.len() - 1]);
                found.sequences.entry(*first).or_default().push((rest.into(), weights));
            }
        }
        for sequences in found.sequences.values_mut() {
            sequences.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len()));
        }
        found
    }

    /// What the text begins with of the language's own, and how many bytes that is; `code` and `length` are its first
    /// character's.
    pub(super) fn find(&self, code: u32, length: usize, text: &[u8]) -> Option<(&Weights, usize)> {
        let sequences = self.sequences.get(&code).map_or(&[][..], Vec::as_slice);
        'sequences: for (wanted, weights) in sequences {
            let mut end = length;
            for wanted in wanted {
                match text.get(end..).filter(|rest| !rest.is_empty()).map(first_character) {
                    Some((next, length)) if next == *wanted => end += length,
                    Some(_) | None => continue 'sequences,
                }
            }
            return Some((weights, end));
        }
        self.singles.get(&code).map(|weights| (weights, length))
    }

    /// A primary weight of the table below, in this language.
    pub(super) fn moved(&self, weight: u16) -> u16 {
        match self.moved.iter().find(|(from, to, _)| (*from..=*to).contains(&weight)) {
            Some((_, _, by)) => weight.wrapping_add(*by),
            None => weight,
        }
    }

    /// A tertiary weight of the table below, in this language.
    pub(super) fn tertiary(&self, weight: u16) -> u16 {
        self.tertiary.get(&weight).copied().unwrap_or(weight)
    }

    /// The part of a text whose weights do not depend on what may follow it.
    pub(super) fn settled<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let mut end = text.len();
        while end > 0 {
            let mut start = end - 1;
            while start > 0 && text[start] & 0xc0 == 0x80 {
                start -= 1;
            }
            if !self.inner.contains(&first_character(&text[start..end]).0) {
                break;
            }
            end = start;
        }
        &text[..end]
    }
}
