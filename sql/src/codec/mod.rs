//! Bytes of keys and rows: how the values of a table become the keys and values of the store.
//!
//! * [`key`] builds the keys of a table's indexes. Keys are *comparable*: their bytes order as the rows do, so that an
//!   index scan is a scan of the store. [`comparable`] has the form of one column in a key.
//! * [`row`] is the value under a primary key; [`reader`] reads some columns of many.
//! * [`temporal`] and [`decimal`] have the forms that keys and rows share.
//!
//! Every function that meets a TIMESTAMP takes the [`Zone`] of the session: such columns are stored in UTC, and are in
//! the session's time zone as [`Value`](crate::types::Value)s.
//!
//! Invariants: what is written is read back equal; bytes that were not written here end in an error, never in a panic;
//! `memcmp` of two keys of one index is the order of their rows. Left out: compression, and the change of a stored
//! column's type in place.

pub mod comparable;
pub mod decimal;
mod error_storage;
pub mod key;
mod member;
pub mod range;
pub mod reader;
pub mod row;
pub mod temporal;

#[cfg(test)]
mod tests;

pub use reader::{Cell, RowReader};

use crate::Error;

/// The time zone that TIMESTAMP values are shown in and given in.
pub use crate::types::TimeZone as Zone;

/// A set of a table's columns, by position.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ColumnSet {
    /// Columns 0 to 63: most tables have no others.
    first: u64,
    /// Columns 64 and up, 64 a word.
    rest: Vec<u64>,
}

impl ColumnSet {
    /// No column.
    #[must_use]
    pub fn empty() -> ColumnSet {
        ColumnSet::default()
    }

    /// The columns 0 to `count - 1`.
    #[must_use]
    pub fn all(count: usize) -> ColumnSet {
        (0..count).collect()
    }

    /// Adds a column.
    pub fn insert(&mut self, column: usize) {
        if column < 64 {
            self.first |= 1 << column;
            return;
        }
        let word = column / 64 - 1;
        if self.rest.len() <= word {
            self.rest.resize(word + 1, 0);
        }
        self.rest[word] |= 1 << (column % 64);
    }

    /// Whether `column` is in the set.
    #[must_use]
    pub fn contains(&self, column: usize) -> bool {
        if column < 64 {
            return self.first & (1 << column) != 0;
        }
        self.rest.get(column / 64 - 1).is_some_and(|word| word & (1 << (column % 64)) != 0)
    }

    /// Whether no column is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.rest.iter().all(|word| *word == 0)
    }

    /// The number of columns in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        (self.first.count_ones() + self.rest.iter().map(|word| word.count_ones()).sum::<u32>()) as usize
    }

    /// One more than the highest column of the set; 0 when it is empty.
    #[must_use]
    pub fn end(&self) -> usize {
        for (word, bits) in self.rest.iter().enumerate().rev() {
            if *bits != 0 {
                return (word + 2) * 64 - bits.leading_zeros() as usize;
            }
        }
        64 - self.first.leading_zeros() as usize
    }
}

impl FromIterator<usize> for ColumnSet {
    fn from_iter<T: IntoIterator<Item = usize>>(columns: T) -> Self {
        let mut set = ColumnSet::empty();
        columns.into_iter().for_each(|column| set.insert(column));
        set
    }
}

/// The error for bytes that this module did not write: the store is damaged, or there is a bug.
#[cold]
pub(crate) fn damaged(what: &str) -> Error {
    Error::internal(format_args!("stored data cannot be read: {what}"))
}

/// The error for a value that does not belong in its column: it was not converted with
/// [`store`](crate::types::convert::store).
#[cold]
pub(crate) fn unconverted(column_type: &crate::types::DataType, value: &crate::types::Value) -> Error {
    Error::internal(format_args!("value {value:?} was not converted to {:?}", column_type.kind))
}

/// A reader over bytes of the store: takes from the front, never past the end. Bytes of descending key columns are
/// read through an inverting mask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    /// What is left.
    pub bytes: &'a [u8],
    /// 0x00, or 0xFF to invert.
    pub mask: u8,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { bytes, mask: 0 }
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    /// The next `count` bytes, as stored (not inverted).
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        match self.bytes.split_at_checked(count) {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(taken)
            }
            None => Err(damaged("it ends early")),
        }
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?[0] ^ self.mask)
    }

    /// The next `width` bytes (at most 8) as a big-endian number.
    pub fn big_endian(&mut self, width: usize) -> Result<u64, Error> {
        let mask = self.mask;
        Ok(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(byte ^ mask)))
    }

    /// A LEB128 number.
    pub fn varint(&mut self) -> Result<u64, Error> {
        let mut number = 0u64;
        for (position, byte) in self.bytes.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7F);
            if position == 9 && *byte > 1 {
                break;
            }
            number |= bits << (7 * position);
            if byte & 0x80 == 0 {
                self.bytes = &self.bytes[position + 1..];
                return Ok(number);
            }
        }
        Err(damaged("a number has no end"))
    }
}

/// Appends a LEB128 number.
pub(crate) fn write_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends the low `width` bytes of a number, big endian.
pub(crate) fn write_big_endian(number: u64, width: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_be_bytes()[8 - width..]);
}
