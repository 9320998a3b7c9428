//! The stored form of documents.
//!
//! ```text
//! document   version 1 byte, 1; then a node
//! node       tag 1 byte, then by tag:
//! 0 null, 1 false, 2 true
//! 3 INTEGER            LEB128, zigzag          4 UNSIGNED INTEGER   LEB128
//! 5 DOUBLE             8 bytes big endian      6 DECIMAL            scale 1 byte, LEB128 length, unscaled big endian
//! 7 STRING             LEB128 length, UTF-8    8 opaque             MySQL's column type 1 byte, LEB128 length, bytes
//! 9 DATE               4 bytes big endian: packed as in rows
//! 10 TIME              8 bytes big endian: microseconds, signed
//! 11 DATETIME          8 bytes big endian: packed as in rows
//! 12, 13 ARRAY         count, size, place of each element; the elements
//! 14, 15 OBJECT        count, size, place of each name, place of each value; the names (LEB128 length, UTF-8); the values
//! ```
//!
//! Counts, sizes and places are 2 bytes little endian under the even tags and 4 under the odd ones; a size is the node's, tag
//! included; a place is counted from the node's tag. Names, values and elements stand one behind the other in order, names in the
//! order of [`compare_names`](super::tree::compare_names), so that a member is found by halving, without reading its siblings.
//! A node is the smaller of its two forms if that fits.

use bytes::Bytes;

use crate::codec::write_varint;
use crate::error::Error;
use crate::json::tree::Tree;
use crate::limits::JSON_BYTES_MAX;

/// The version that is written.
pub const VERSION: u8 = 1;

/// The document `null`.
pub const NULL_DOCUMENT: [u8; 2] = [VERSION, tag::NULL];

/// Tags of nodes.
pub(super) mod tag {
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const INT: u8 = 3;
    pub const UINT: u8 = 4;
    pub const DOUBLE: u8 = 5;
    pub const DECIMAL: u8 = 6;
    pub const TEXT: u8 = 7;
    pub const OPAQUE: u8 = 8;
    pub const DATE: u8 = 9;
    pub const TIME: u8 = 10;
    pub const DATETIME: u8 = 11;
    pub const ARRAY: u8 = 12;
    pub const OBJECT: u8 = 14;
}

/// A document as stored.
///
/// # Errors
/// 3150 when it is larger than [`JSON_BYTES_MAX`].
pub fn encode(tree: &Tree) -> crate::Result<Bytes> {
    let mut sizes = Vec::new();
    let size = measure(tree, &mut sizes);
    if size >= JSON_BYTES_MAX {
        return Err(Error {
            code: 3150,
            state: *b"22032",
            message: "The JSON value is too big to be stored in a JSON column.".to_owned(),
        });
    }
    let mut out = Vec::with_capacity(size + 1);
    out.push(VERSION);
    write(tree, &mut sizes.into_iter(), &mut out);
    Ok(Bytes::from(out))
}

fn varint_bytes(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

pub(super) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

/// The bytes of a node; adds those of its containers to `sizes`, outer ones first.
fn measure(tree: &Tree, sizes: &mut Vec<usize>) -> usize {
    let string = |length: usize| varint_bytes(length as u64) + length;
    match tree {
        Tree::Null | Tree::Bool(_) => 1,
        Tree::Int(number) => 1 + varint_bytes(zigzag(*number)),
        Tree::UInt(number) => 1 + varint_bytes(*number),
        Tree::Double(_) | Tree::Time(_) | Tree::DateTime(_) => 9,
        Tree::Decimal(number) => 2 + string(number.unscaled_bytes().len()),
        Tree::Text(text) => 1 + string(text.len()),
        Tree::Opaque(_, bytes) => 2 + string(bytes.len()),
        Tree::Date(_) => 5,
        Tree::Array(elements) => {
            let place = sizes.len();
            sizes.push(0);
            let content = elements.iter().map(|element| measure(element, sizes)).sum();
            sizes[place] = container(elements.len(), content);
            sizes[place]
        }
        Tree::Object(members) => {
            let place = sizes.len();
            sizes.push(0);
            let members = members.as_slice();
            let content =
                members.iter().map(|(name, value)| string(name.len()) + measure(value, sizes)).sum();
            sizes[place] = container(2 * members.len(), content);
            sizes[place]
        }
    }
}

/// The size of a container with so many places and bytes of content.
fn container(places: usize, content: usize) -> usize {
    let small = 1 + 2 * (2 + places) + content;
    if small <= usize::from(u16::MAX) { small } else { 1 + 4 * (2 + places) + content }
}

fn write(tree: &Tree, sizes: &mut std::vec::IntoIter<usize>, out: &mut Vec<u8>) {
    match tree {
        Tree::Null => out.push(tag::NULL),
        Tree::Bool(false) => out.push(tag::FALSE),
        Tree::Bool(true) => out.push(tag::TRUE),
        Tree::Int(number) => {
            out.push(tag::INT);
            write_varint(zigzag(*number), out);
        }
        Tree::UInt(number) => {
            out.push(tag::UINT);
            write_varint(*number, out);
        }
        Tree::Double(number) => {
            out.push(tag::DOUBLE);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Tree::Decimal(number) => {
            out.extend_from_slice(&[tag::DECIMAL, number.scale()]);
            write_bytes(&number.unscaled_bytes(), out);
        }
        Tree::Text(text) => {
            out.push(tag::TEXT);
            write_bytes(text.as_bytes(), out);
        }
        Tree::Opaque(field_type, bytes) => {
            out.extend_from_slice(&[tag::OPAQUE, *field_type]);
            write_bytes(bytes, out);
        }
        Tree::Date(date) => {
            out.push(tag::DATE);
            out.extend_from_slice(&date.packed().to_be_bytes());
        }
        Tree::Time(time) => {
            out.push(tag::TIME);
            out.extend_from_slice(&time.microseconds().to_be_bytes());
        }
        Tree::DateTime(datetime) => {
            out.push(tag::DATETIME);
            out.extend_from_slice(&datetime.packed().to_be_bytes());
        }
        Tree::Array(elements) => {
            let mut table = Table::begin(tag::ARRAY, elements.len(), elements.len(), sizes, out);
            for element in elements {
                table.place(out);
                write(element, sizes, out);
            }
        }
        Tree::Object(members) => {
            let members = members.as_slice();
            let mut table = Table::begin(tag::OBJECT, members.len(), 2 * members.len(), sizes, out);
            for (name, _) in members {
                table.place(out);
                write_bytes(name.as_bytes(), out);
            }
            for (_, value) in members {
                table.place(out);
                write(value, sizes, out);
            }
        }
    }
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// The table of places of a container that is being written.
struct Table {
    start: usize,
    width: usize,
    next: usize,
}

impl Table {
    fn begin(
        tag: u8,
        count: usize,
        places: usize,
        sizes: &mut std::vec::IntoIter<usize>,
        out: &mut Vec<u8>,
    ) -> Table {
        let size = sizes.next().unwrap_or(0);
        let is_wide = size > usize::from(u16::MAX);
        let width = if is_wide { 4 } else { 2 };
        let start = out.len();
        out.push(tag + u8::from(is_wide));
        out.extend_from_slice(&(count as u32).to_le_bytes()[..width]);
        out.extend_from_slice(&(size as u32).to_le_bytes()[..width]);
        let next = out.len();
        out.resize(next + places * width, 0);
        Table { start, width, next }
    }

    /// The next part of the container begins here.
    fn place(&mut self, out: &mut [u8]) {
        let place = (out.len() - self.start) as u32;
        out[self.next..self.next + self.width].copy_from_slice(&place.to_le_bytes()[..self.width]);
        self.next += self.width;
    }
}
