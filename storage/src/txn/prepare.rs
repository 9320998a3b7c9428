//! What a prepared transaction (XA PREPARE) needs of storage: its writes taken out of the write set, and those as the value of one key.
//!
//! The value is `version (1), count (4)` and then, for each mutation, `key length (4), key, kind (1: put, 0: delete), value length (4),
//! value`; numbers big endian. It comes from the log and is trusted as far as the log's checksums go, but a value that cannot be read is
//! an error and never a panic.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::Transaction;
use super::lock_mode::LockMode;
use super::write_set::Write;
use crate::format::Mutation;
use crate::{Error, Result};

/// The version of the value's form.
const VERSION: u8 = 1;
/// Version and count.
const HEADER_BYTES: usize = 5;
/// Two lengths and the kind.
const MUTATION_BYTES: usize = 9;

impl Transaction {
    /// Takes the writes out, in the order of their keys. Counters stay: what was taken from them is taken, whatever becomes of the
    /// transaction.
    ///
    /// What is staged in the log already cannot be taken out. Of such a transaction only the rest is given, and it is refused when it is
    /// sealed.
    pub fn take_writes(&mut self) -> Vec<Mutation> {
        self.large.refuse_if_staged();
        let mut taken = Vec::with_capacity(self.writes.count());
        let mut counters = Vec::new();
        for (key, write) in self.writes.iter() {
            match write {
                Write::Put(value) => taken.push(Mutation { key: key.clone(), value: Some(value.clone()) }),
                Write::Delete => taken.push(Mutation { key: key.clone(), value: None }),
                Write::Counter(source) => counters.push((key.clone(), Arc::clone(source))),
            }
        }
        self.writes.clear();
        for (key, source) in counters {
            self.writes.set(key, Write::Counter(source));
        }
        taken
    }
}

impl Transaction {
    /// Takes the locks of a prepared transaction that wrote this, whoever has them, and notes its writes for those that lock ranges: see
    /// [`LockTable::forget_all`](super::LockTable::forget_all).
    pub fn seize_writes(&mut self, mutations: &[Mutation]) {
        for mutation in mutations {
            self.seize(&mutation.key, LockMode::Exclusive);
            self.note_write(&mutation.key);
        }
    }
}

/// How long a value of `count` mutations is whose keys and values take `bytes`.
#[must_use]
pub fn encoded_bytes(count: usize, bytes: usize) -> usize {
    HEADER_BYTES + count * MUTATION_BYTES + bytes
}

/// Mutations as one value.
#[must_use]
pub fn encode_mutations(mutations: &[Mutation]) -> Bytes {
    let value_bytes = |mutation: &Mutation| mutation.value.as_ref().map_or(0, Bytes::len);
    let bytes = mutations.iter().map(|mutation| mutation.key.len() + value_bytes(mutation)).sum();
    let mut out = BytesMut::with_capacity(encoded_bytes(mutations.len(), bytes));
    // All of it fits one log record, whose length is 32 bits.
    let length = |length: usize| u32::try_from(length).expect("a transaction is smaller than a log record");
    out.put_u8(VERSION);
    out.put_u32(length(mutations.len()));
    for mutation in mutations {
        out.put_u32(length(mutation.key.len()));
        out.put_slice(&mutation.key);
        out.put_u8(u8::from(mutation.value.is_some()));
        out.put_u32(length(value_bytes(mutation)));
        if let Some(value) = &mutation.value {
            out.put_slice(value);
        }
    }
    out.freeze()
}

/// Reads what [`encode_mutations`] wrote; keys and values are slices of it.
///
/// # Errors
/// [`Error::Corrupt`] when it is none.
pub fn decode_mutations(mut value: Bytes) -> Result<Vec<Mutation>> {
    if value.len() < HEADER_BYTES || value.get_u8() != VERSION {
        return Err(damaged("no version that this program knows"));
    }
    let count = value.get_u32() as usize;
    let mut mutations = Vec::with_capacity(count.min(value.len() / MUTATION_BYTES));
    for _ in 0..count {
        let key = part(&mut value)?;
        let is_put = match value.try_get_u8() {
            Ok(kind @ (0 | 1)) => kind == 1,
            Ok(_) | Err(_) => return Err(damaged("a mutation of no kind")),
        };
        let written = part(&mut value)?;
        mutations.push(Mutation { key, value: is_put.then_some(written) });
    }
    if value.is_empty() { Ok(mutations) } else { Err(damaged("something follows the last mutation")) }
}

/// A length and as many bytes.
fn part(value: &mut Bytes) -> Result<Bytes> {
    match value.try_get_u32() {
        Ok(length) if length as usize <= value.len() => Ok(value.split_to(length as usize)),
        Ok(_) | Err(_) => Err(damaged("it ends early")),
    }
}

fn damaged(what: &str) -> Error {
    Error::Corrupt { file: "store".into(), offset: 0, what: format!("a prepared transaction: {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<Mutation> {
        let mutation = |key: &'static [u8], value: Option<&'static [u8]>| Mutation {
            key: Bytes::from_static(key),
            value: value.map(Bytes::from_static),
        };
        vec![mutation(b"key", Some(b"value")), mutation(b"gone", None), mutation(b"empty", Some(b""))]
    }

    #[test]
    fn mutations_are_read_as_they_were_written() {
        let encoded = encode_mutations(&sample());
        assert_eq!(encoded.len(), encoded_bytes(3, 17));
        assert_eq!(
            &encoded[..22],
            b"\x01\0\0\0\x03\0\0\0\x03key\x01\0\0\0\x05value",
            "the form is part of what is on disk"
        );
        assert_eq!(decode_mutations(encoded).unwrap(), sample());
        assert_eq!(decode_mutations(encode_mutations(&[])).unwrap(), []);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let encoded = encode_mutations(&sample());
        for length in 0..encoded.len() {
            assert!(decode_mutations(encoded.slice(..length)).is_err(), "cut at {length}");
        }
        let longer = [&encoded[..], b"x"].concat();
        assert!(decode_mutations(Bytes::from(longer)).is_err());
        let huge = b"\x01\xff\xff\xff\xff";
        assert!(decode_mutations(Bytes::from_static(huge)).is_err(), "a count beyond what is there");
    }
}
