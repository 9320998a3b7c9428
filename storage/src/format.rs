//! The format of an entry: what one transaction, or one change of the schema, is in the log.
//!
//! The payload of a log record, little endian:
//!
//! ```text
//!  0  u8   format version, 1
//!  1  u8   kind: 1 transaction, 2 schema change
//!  2  u16  flags
//!  4  u32  number of mutations
//!  8  u64  transaction id
//! 16  u64  commit time, microseconds since 1970 UTC
//! 24  u64  schema version that the mutations were made under
//! 32       mutations, each:
//!            varint  length of the key in bytes
//!            varint  0 for a delete, else the length of the value in bytes plus 1
//!            key
//!            value
//! ```
//!
//! A varint is LEB128: seven bits a byte, lowest first, the top bit set in all bytes but the last. The
//! shortest form is the only one allowed, so that equal entries have equal bytes. Nothing follows the last
//! mutation.
//!
//! Applying an entry needs nothing but these bytes, in the order in which they stand. Keys and values are not
//! looked at. The log's checksum protects the bytes, so there is none here; a payload that does not parse
//! comes from a fault or another version, and is an error, never a panic.
//!
//! Left out: transactions split over several entries.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::error::{Error, Result};

/// The version this program writes and reads.
const FORMAT_VERSION: u8 = 1;
/// The bytes before the first mutation.
pub const ENTRY_HEADER_BYTES: usize = 32;
const FLAGS_AT: usize = 2;
const COUNT_AT: usize = 4;
const COMMIT_TIME_AT: usize = 16;
/// A varint of 32 bits has at most this many bytes.
pub(crate) const VARINT_BYTES_MAX: usize = 5;

/// One key set to a value, or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// The storage key.
    pub key: Bytes,
    /// The new value; `None` removes the key.
    pub value: Option<Bytes>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// The write set of a transaction.
    Transaction,
    /// A change of the catalog, alone in its entry.
    SchemaChange,
}

/// What an entry says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryHeader {
    /// What it is.
    pub kind: EntryKind,
    /// The transaction, unique within the node that ran it.
    pub txn_id: u64,
    /// When it was sequenced, in microseconds since 1970 UTC.
    pub commit_time_us: u64,
    /// The schema that it was made under.
    pub schema_version: u64,
    /// Bits with a meaning to the transaction code only.
    pub flags: u16,
}

/// The place of a value that is filled in late; see [`EntryBuilder::put_late_u64`]. Of use only with the
/// builder it came from.
#[derive(Clone, Copy, Debug)]
pub struct LateValue {
    offset: usize,
}

/// Builds an entry in one buffer.
#[derive(Debug)]
pub struct EntryBuilder {
    bytes: BytesMut,
    mutation_count: u32,
}

impl EntryBuilder {
    /// An entry without mutations.
    pub fn new(header: EntryHeader) -> EntryBuilder {
        EntryBuilder::with_capacity(header, 0)
    }

    /// The same, with room for so many bytes of mutations.
    pub fn with_capacity(header: EntryHeader, mutation_bytes: usize) -> EntryBuilder {
        let mut bytes = BytesMut::with_capacity(ENTRY_HEADER_BYTES + mutation_bytes.max(ENTRY_HEADER_BYTES));
        bytes.put_u8(FORMAT_VERSION);
        bytes.put_u8(match header.kind {
            EntryKind::Transaction => 1,
            EntryKind::SchemaChange => 2,
        });
        bytes.put_u16_le(header.flags);
        bytes.put_u32_le(0);
        bytes.put_u64_le(header.txn_id);
        bytes.put_u64_le(header.commit_time_us);
        bytes.put_u64_le(header.schema_version);
        EntryBuilder { bytes, mutation_count: 0 }
    }

    /// Sets a key to a value.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        self.mutation(key, Some(value));
    }

    /// Removes a key.
    pub fn delete(&mut self, key: &[u8]) {
        self.mutation(key, None);
    }

    /// Sets a key to a number of 8 bytes, big endian, that is not known yet: zero until
    /// [`EntryBuilder::patch`]. For what only the sequencer knows, such as the high-water mark of
    /// AUTO_INCREMENT.
    pub fn put_late_u64(&mut self, key: &[u8]) -> LateValue {
        self.mutation(key, Some(&[0; 8]));
        LateValue { offset: self.bytes.len() - 8 }
    }

    /// Fills in a number left open by [`EntryBuilder::put_late_u64`].
    pub fn patch(&mut self, late: LateValue, value: u64) {
        assert!(late.offset + 8 <= self.bytes.len(), "the late value is of another entry");
        self.bytes[late.offset..late.offset + 8].copy_from_slice(&value.to_be_bytes());
    }

    /// Sets the commit time, which the sequencer decides.
    pub fn set_commit_time_us(&mut self, commit_time_us: u64) {
        self.bytes[COMMIT_TIME_AT..COMMIT_TIME_AT + 8].copy_from_slice(&commit_time_us.to_le_bytes());
    }

    /// Sets the flags.
    pub fn set_flags(&mut self, flags: u16) {
        self.bytes[FLAGS_AT..FLAGS_AT + 2].copy_from_slice(&flags.to_le_bytes());
    }

    /// How many mutations there are.
    pub fn mutation_count(&self) -> u32 {
        self.mutation_count
    }

    /// Whether there are no mutations.
    pub fn is_empty(&self) -> bool {
        self.mutation_count == 0
    }

    /// The size of the entry in bytes. Nothing here refuses a large one: the caller keeps it at or below
    /// [`ENTRY_BYTES_MAX`](crate::limits::ENTRY_BYTES_MAX), or the log refuses it.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The entry, without copying it.
    pub fn finish(mut self) -> Bytes {
        self.bytes[COUNT_AT..COUNT_AT + 4].copy_from_slice(&self.mutation_count.to_le_bytes());
        self.bytes.freeze()
    }

    fn mutation(&mut self, key: &[u8], value: Option<&[u8]>) {
        let value_bytes = value.map_or(0, <[u8]>::len);
        self.bytes.reserve(2 * VARINT_BYTES_MAX + key.len() + value_bytes);
        put_varint(&mut self.bytes, key.len());
        put_varint(&mut self.bytes, value.map_or(0, |value| value.len() + 1));
        self.bytes.put_slice(key);
        self.bytes.put_slice(value.unwrap_or_default());
        self.mutation_count =
            self.mutation_count.checked_add(1).expect("4 Gi mutations do not fit in memory");
    }
}

/// Appends a varint, in its shortest form.
pub(crate) fn put_varint(out: &mut BytesMut, value: usize) {
    let mut rest = u32::try_from(value).expect("a key or value is far below 4 GiB");
    while rest >= 0x80 {
        out.put_u8(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

/// An entry being read. Keys and values are slices of the payload, not copies.
#[derive(Clone, Debug)]
pub struct EntryView {
    header: EntryHeader,
    mutation_count: u32,
    bytes: Bytes,
}

impl EntryView {
    /// Reads the header; the mutations are checked as they are read.
    pub fn parse(bytes: Bytes) -> Result<EntryView> {
        let bad = |offset, what| Error::BadEntry { offset, what };
        let Some(mut fields) = bytes.get(..ENTRY_HEADER_BYTES) else {
            return Err(bad(bytes.len(), "it ends inside the header"));
        };
        if fields.get_u8() != FORMAT_VERSION {
            return Err(bad(0, "its format version is not one this program reads"));
        }
        let kind = match fields.get_u8() {
            1 => EntryKind::Transaction,
            2 => EntryKind::SchemaChange,
            _ => return Err(bad(1, "its kind is unknown")),
        };
        let flags = fields.get_u16_le();
        let mutation_count = fields.get_u32_le();
        let header = EntryHeader {
            kind,
            flags,
            txn_id: fields.get_u64_le(),
            commit_time_us: fields.get_u64_le(),
            schema_version: fields.get_u64_le(),
        };
        Ok(EntryView { header, mutation_count, bytes })
    }

    /// What the entry says of itself.
    pub fn header(&self) -> EntryHeader {
        self.header
    }

    /// How many mutations it says it has. Not checked before they are read: no measure for an allocation.
    pub fn mutation_count(&self) -> u32 {
        self.mutation_count
    }

    /// The size of the entry in bytes.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The mutations in order. After an error nothing more comes.
    pub fn mutations(&self) -> Mutations<'_> {
        Mutations { bytes: &self.bytes, at: ENTRY_HEADER_BYTES, left: self.mutation_count, is_done: false }
    }
}

/// The mutations of an [`EntryView`].
#[derive(Clone, Debug)]
pub struct Mutations<'a> {
    bytes: &'a Bytes,
    at: usize,
    left: u32,
    is_done: bool,
}

impl Mutations<'_> {
    fn mutation(&mut self) -> Result<Mutation> {
        let key_bytes = self.varint()?;
        let value_code = self.varint()?;
        let key = self.take(key_bytes, "a key ends outside the entry")?;
        let value = match value_code.checked_sub(1) {
            Some(value_bytes) => Some(self.take(value_bytes, "a value ends outside the entry")?),
            None => None,
        };
        Ok(Mutation { key, value })
    }

    fn take(&mut self, count: usize, what: &'static str) -> Result<Bytes> {
        if count > self.bytes.len() - self.at {
            return Err(Error::BadEntry { offset: self.at, what });
        }
        let taken = self.bytes.slice(self.at..self.at + count);
        self.at += count;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<usize> {
        let start = self.at;
        let bad = |what| Err(Error::BadEntry { offset: start, what });
        let mut value = 0u64;
        for position in 0..VARINT_BYTES_MAX {
            let Some(byte) = self.bytes.get(self.at).copied() else {
                return bad("a length ends outside the entry");
            };
            self.at += 1;
            value |= u64::from(byte & 0x7f) << (7 * position);
            if byte & 0x80 == 0 {
                if byte == 0 && position > 0 {
                    return bad("a length is not in its shortest form");
                }
                return match u32::try_from(value) {
                    Ok(value) => Ok(value as usize),
                    Err(_) => bad("a length is larger than 32 bits"),
                };
            }
        }
        bad("a length is longer than five bytes")
    }
}

impl Iterator for Mutations<'_> {
    type Item = Result<Mutation>;

    fn next(&mut self) -> Option<Result<Mutation>> {
        if self.is_done {
            return None;
        }
        if self.left == 0 {
            self.is_done = true;
            let rest_is_empty = self.at == self.bytes.len();
            let error = Error::BadEntry { offset: self.at, what: "bytes follow the last mutation" };
            return (!rest_is_empty).then_some(Err(error));
        }
        self.left -= 1;
        let mutation = self.mutation();
        self.is_done = mutation.is_err();
        Some(mutation)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: EntryHeader = EntryHeader {
        kind: EntryKind::Transaction,
        txn_id: 0x0102_0304,
        commit_time_us: 1_700_000_000_000_000,
        schema_version: 7,
        flags: 0x8001,
    };

    fn all(bytes: Bytes) -> Result<(EntryHeader, Vec<Mutation>)> {
        let view = EntryView::parse(bytes)?;
        Ok((view.header(), view.mutations().collect::<Result<Vec<_>>>()?))
    }

    fn golden() -> Bytes {
        let mut builder = EntryBuilder::new(HEADER);
        builder.put(b"key", b"value");
        builder.delete(b"gone");
        let late = builder.put_late_u64(b"auto");
        builder.put(b"", &[b'x'; 130]);
        builder.patch(late, 0x1122);
        assert_eq!(builder.mutation_count(), 4);
        let len = builder.len();
        let bytes = builder.finish();
        assert_eq!(bytes.len(), len);
        bytes
    }

    #[test]
    fn golden_bytes() {
        let bytes = golden();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = concat!(
            "0101",
            "0180",
            "04000000",
            "0403020100000000",
            "00401e18240a0600",
            "0700000000000000",
            "03",
            "06",
            "6b6579",
            "76616c7565",
            "04",
            "00",
            "676f6e65",
            "04",
            "09",
            "6175746f",
            "0000000000001122",
            "00",
            "8301",
        );
        assert_eq!(hex, format!("{expected}{}", "78".repeat(130)));
        let (header, mutations) = all(bytes).unwrap();
        assert_eq!(header, HEADER);
        assert_eq!(mutations[2].value.as_deref(), Some(&0x1122u64.to_be_bytes()[..]));
        assert_eq!(mutations[1], Mutation { key: Bytes::from_static(b"gone"), value: None });
    }

    #[test]
    fn keys_and_values_are_slices_of_the_payload() {
        let bytes = golden();
        let range = bytes.as_ptr_range();
        let (_, mutations) = all(bytes.clone()).unwrap();
        assert!(
            mutations
                .iter()
                .all(|mutation| range.contains(&mutation.key.as_ptr()) || mutation.key.is_empty())
        );
    }

    #[test]
    fn every_cut_and_every_extra_byte_is_refused() {
        let bytes = golden();
        for cut in 0..bytes.len() {
            assert!(all(bytes.slice(..cut)).is_err(), "cut at {cut}");
        }
        assert!(all([&bytes[..], &[0]].concat().into()).is_err());
    }

    #[test]
    fn a_bad_header_and_long_lengths_are_refused() {
        let with = |at: usize, byte: u8| {
            let mut bytes = golden().to_vec();
            bytes[at] = byte;
            all(bytes.into()).unwrap_err().to_string()
        };
        assert!(with(0, 2).contains("version"));
        assert!(with(1, 3).contains("kind"));
        assert!(with(4, 200).contains("outside"));
        assert!(with(4, 3).contains("follow"));
        let of_lengths = |lengths: &[u8]| {
            let mut bytes = EntryBuilder::new(HEADER).finish().to_vec();
            bytes[COUNT_AT] = 1;
            bytes.extend_from_slice(lengths);
            all(bytes.into()).unwrap_err().to_string()
        };
        assert!(of_lengths(&[0x80, 0x00, 0]).contains("shortest"));
        assert!(of_lengths(&[0xff, 0xff, 0xff, 0xff, 0x1f, 0]).contains("32 bits"));
        assert!(of_lengths(&[0xff, 0xff, 0xff, 0xff, 0xff, 0]).contains("five"));
        assert!(of_lengths(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0]).contains("outside"));
    }

    proptest! {
        #[test]
        fn what_is_built_is_read(
            mutations in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>(), 0..300),
                 proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300))), 0..20),
            flags: u16, txn_id: u64,
        ) {
            let header = EntryHeader { flags, txn_id, kind: EntryKind::SchemaChange, ..HEADER };
            let mut builder = EntryBuilder::new(header);
            for (key, value) in &mutations {
                match value {
                    Some(value) => builder.put(key, value),
                    None => builder.delete(key),
                }
            }
            let (read_header, read) = all(builder.finish()).unwrap();
            prop_assert_eq!(read_header, header);
            let read: Vec<_> =
                read.iter().map(|read| (read.key.to_vec(), read.value.as_ref().map(|value| value.to_vec()))).collect();
            prop_assert_eq!(read, mutations);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), tail in any::<bool>()) {
            let bytes = if tail { [&golden()[..40], &bytes].concat() } else { bytes };
            let _ = all(bytes.into());
        }
    }
}
