//! Collations of the Unicode Collation Algorithm other than `utf8mb4_0900_ai_ci`: more levels, languages, older versions.
//!
//! * Version 9.0: the primary weights are module `uca`'s. `tables/uca_9_0_levels.bin` has the secondary and tertiary ones: in 16-bit
//!   little-endian units the counts of pages and of lists, an index of 0x1100 pages, the pages of 256 numbers of lists, the
//!   place of each list, and the lists (their two lengths in a unit's low and high byte, secondary weights, tertiary ones).
//! * Versions 4.0 and 5.2 have primary weights only: `tables/uca_4_0.bin`, `tables/uca_5_2.bin`, of the same make, but that a page's
//!   index is 0 for none and counts from 1, and a page's unit is a weight, 0 (ignorable), [`IMPLICIT`], or from [`LIST`] on the
//!   number of a list (its length, its weights).
//!
//! All were recorded from MySQL 9.7 with `WEIGHT_STRING()` over all code points. Texts compare level by level; a key is the
//! levels one after another with a 0 between. Versions before 9.0 pad with spaces.

use std::cmp::Ordering;
use std::sync::LazyLock;

use crate::collation::registry::Version;
use crate::collation::tailored::{Tailoring, WEIGHTS_MAX};
use crate::collation::{first_character, space_marker, uca};

const PAGE_INDEX: usize = 0x1100;
const IMPLICIT: u16 = 0xffff;
const LIST: u16 = 0x8000;

fn units(table: &[u8]) -> Vec<u16> {
    table.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect()
}

/// A recorded table.
struct Table {
    units: Vec<u16>,
    /// Where the places of the lists are.
    places: usize,
    /// Where the lists are.
    lists: usize,
}

impl Table {
    fn new(table: &[u8]) -> Table {
        let units = units(table);
        let places = 2 + PAGE_INDEX + usize::from(units[0]) * 256;
        let lists = places + usize::from(units[1]);
        Table { units, places, lists }
    }

    fn page(&self, code: u32) -> usize {
        usize::from(self.units[2 + (code >> 8) as usize])
    }

    fn in_page(&self, page: usize, code: u32) -> u16 {
        self.units[2 + PAGE_INDEX + page * 256 + (code & 0xff) as usize]
    }

    fn list(&self, number: u16) -> &[u16] {
        &self.units[self.lists + usize::from(self.units[self.places + usize::from(number)])..]
    }
}

static LEVELS: LazyLock<Table> = LazyLock::new(|| Table::new(include_bytes!("tables/uca_9_0_levels.bin")));
static V4: LazyLock<Table> = LazyLock::new(|| Table::new(include_bytes!("tables/uca_4_0.bin")));
static V5: LazyLock<Table> = LazyLock::new(|| Table::new(include_bytes!("tables/uca_5_2.bin")));

/// Secondary (level 1) or tertiary (2) weights of a character in version 9.0.
fn upper_level(code: u32, level: u8) -> &'static [u16] {
    let list = LEVELS.list(LEVELS.in_page(LEVELS.page(code), code));
    let (secondary, tertiary) = (usize::from(list[0] & 0xff), usize::from(list[0] >> 8));
    if level == 1 { &list[1..=secondary] } else { &list[1 + secondary..1 + secondary + tertiary] }
}

/// A collation's way to weigh.
#[derive(Clone, Copy)]
pub(super) struct Order {
    version: Version,
    levels: u8,
    tailoring: Option<&'static Tailoring>,
}

/// The weights of a text at one level, without those of the table that are 0.
struct Weights<'a> {
    order: Order,
    level: u8,
    text: &'a [u8],
    pending: [u16; WEIGHTS_MAX],
    next: usize,
    end: usize,
}

impl Weights<'_> {
    fn hold(&mut self, weights: impl Iterator<Item = u16>) {
        for weight in weights.filter(|weight| *weight != 0).take(WEIGHTS_MAX) {
            self.pending[self.end] = weight;
            self.end += 1;
        }
    }

    /// Holds the weights of a character that the language leaves alone.
    fn weigh(&mut self, code: u32) {
        let tailoring = self.order.tailoring;
        match (self.order.version, self.level) {
            (Version::V9, 0) => {
                let (weights, count) = uca::weights_of(code);
                let moved = |weight: u16| tailoring.map_or(weight, |tailoring| tailoring.moved(weight));
                self.hold(weights[..count].iter().map(|weight| moved(*weight)));
            }
            (Version::V9, 1) => self.hold(upper_level(code, 1).iter().copied()),
            (Version::V9, _) => {
                let replaced = |weight: u16| tailoring.map_or(weight, |tailoring| tailoring.tertiary(weight));
                self.hold(upper_level(code, 2).iter().map(|weight| replaced(*weight)));
            }
            (Version::V4, _) if code > 0xffff => self.hold([0xfffd].into_iter()),
            (Version::V4, _) => self.weigh_by(&V4, code),
            (Version::V5, _) => self.weigh_by(&V5, code),
        }
    }

    fn weigh_by(&mut self, table: &Table, code: u32) {
        let unit = match table.page(code) {
            0 => IMPLICIT,
            page => table.in_page(page - 1, code),
        };
        match unit {
            IMPLICIT => self.hold(implicit(code).into_iter()),
            LIST.. => {
                let list = table.list(unit - LIST);
                self.hold(list[1..=usize::from(list[0])].iter().copied());
            }
            weight => self.hold([weight].into_iter()),
        }
    }
}

/// Implicit weights of versions 4.0 and 5.2, as MySQL has them.
fn implicit(code: u32) -> [u16; 2] {
    let base = match code {
        0x4e00..=0x9fa5 => 0xfb40,
        0x3400..=0x4db5 => 0xfb80,
        _ => 0xfbc0,
    };
    let low = u16::try_from(code & 0x7fff).unwrap_or(0);
    [base + u16::try_from(code >> 15).unwrap_or(0), low | 0x8000]
}

impl Iterator for Weights<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        while self.next == self.end {
            if self.text.is_empty() {
                return None;
            }
            (self.next, self.end) = (0, 0);
            let (code, length) = first_character(self.text);
            let own = self.order.tailoring.and_then(|tailoring| tailoring.find(code, length, self.text));
            match own {
                Some((weights, length)) => {
                    self.text = &self.text[length..];
                    self.hold(weights[usize::from(self.level)].iter().copied());
                }
                None => {
                    self.text = &self.text[length..];
                    self.weigh(code);
                }
            }
        }
        self.next += 1;
        Some(self.pending[self.next - 1])
    }
}

impl Order {
    pub(super) fn new(version: Version, levels: u8, tailoring: Option<u8>) -> Order {
        Order { version, levels, tailoring: tailoring.map(Tailoring::get) }
    }

    fn pads(&self) -> bool {
        self.version != Version::V9
    }

    fn weights<'a>(&self, level: u8, text: &'a [u8]) -> Weights<'a> {
        Weights { order: *self, level, text, pending: [0; WEIGHTS_MAX], next: 0, end: 0 }
    }

    /// The weight of a space, in versions that pad.
    fn space(&self) -> u16 {
        self.weights(0, b" ").next().unwrap_or(0)
    }

    pub(super) fn compare(&self, left: &[u8], right: &[u8]) -> Ordering {
        if left == right {
            return Ordering::Equal;
        }
        if self.pads() {
            return self.compare_padded(left, right);
        }
        let first = match self.tailoring {
            None => uca::compare(left, right),
            Some(_) => self.weights(0, left).cmp(self.weights(0, right)),
        };
        (1..self.levels).fold(first, |found, level| {
            found.then_with(|| self.weights(level, left).cmp(self.weights(level, right)))
        })
    }

    fn compare_padded(&self, left: &[u8], right: &[u8]) -> Ordering {
        let space = self.space();
        let (mut left, mut right) = (self.weights(0, left), self.weights(0, right));
        loop {
            let (a, b) = (left.next(), right.next());
            if a.is_none() && b.is_none() {
                return Ordering::Equal;
            }
            let order = a.unwrap_or(space).cmp(&b.unwrap_or(space));
            if order.is_ne() {
                return order;
            }
        }
    }

    pub(super) fn sort_key(&self, text: &[u8], out: &mut Vec<u8>) {
        if self.pads() {
            self.padded(text, true, out);
        } else {
            self.mysql_weights(text, out);
        }
    }

    /// What all keys of texts begin with that begin with this one.
    pub(super) fn sort_key_prefix(&self, text: &[u8], out: &mut Vec<u8>) {
        let settled = self.tailoring.map_or(text, |tailoring| tailoring.settled(text));
        if self.pads() {
            self.padded(settled, false, out);
        } else {
            self.weights(0, settled).for_each(|weight| out.extend_from_slice(&weight.to_be_bytes()));
        }
    }

    /// MySQL's `WEIGHT_STRING()`: the levels, with a 0 between them.
    pub(super) fn mysql_weights(&self, text: &[u8], out: &mut Vec<u8>) {
        for level in 0..self.levels {
            if level > 0 {
                out.extend_from_slice(&[0, 0]);
            }
            self.weights(level, text).for_each(|weight| out.extend_from_slice(&weight.to_be_bytes()));
        }
    }

    /// Weights with a marker after each that is a space's; `end`: with the marker that ends a key.
    fn padded(&self, text: &[u8], end: bool, out: &mut Vec<u8>) {
        let space = self.space();
        // Spaces whose marker waits for the next other weight.
        let mut spaces = 0_usize;
        let put_spaces = |count: usize, following: Ordering, out: &mut Vec<u8>| {
            for _ in 0..count {
                out.extend_from_slice(&space.to_be_bytes());
                out.push(space_marker(following));
            }
        };
        for weight in self.weights(0, text) {
            if weight == space {
                spaces += 1;
                continue;
            }
            put_spaces(spaces, weight.cmp(&space), out);
            spaces = 0;
            out.extend_from_slice(&weight.to_be_bytes());
        }
        if end {
            put_spaces(1, Ordering::Equal, out);
        }
    }
}
