//! The rows in which a transaction larger than one log entry waits for its commit.
//!
//! Such a transaction is written to the log in *parts* while it runs. A part is an ordinary entry whose keys are *staged
//! keys*; so the log, the followers, write-behind and snapshots need to know nothing of it, and nobody reads it:
//!
//! ```text
//! ff ff ff 3f | transaction id, 16 bytes | key of the table or index
//! ```
//!
//! Staged keys of one transaction are in the order of the keys that they stand for. The value says what the transaction
//! does to that key, newest first, with the number of the part that says so, since a part can be *discarded* again by
//! ROLLBACK TO SAVEPOINT (all integers big endian, varints those of [`format`](mod@crate::format)):
//!
//! ```text
//! u8      number of versions, at least 1
//!         for each, newest first: u32 part, varint 0 for a deletion, else the length of the value plus 1
//!         the values, in the same order
//! ```
//!
//! The transaction ends with a row of its *outcome*, under `ff ff ff 3e | transaction id`:
//!
//! ```text
//! u8      1 committed, 2 rolled back; a rolled back one ends here
//! u32     number of ranges of discarded parts; for each: u32 first, u32 end (exclusive)
//! u32     number of index ids that are written to; for each: u32, ascending
//! ```
//!
//! The index of the entry with that row is the index of the transaction: [`version`](crate::version) shows all of it from
//! there on, and moves staged rows to their places in the background.
//!
//! Bytes that do not parse are an error, never a panic. Left out: parts of more than one node's making; an id is of one
//! leader of one term.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::engine::{KeyRange, prefix_end};
use crate::format::{VARINT_BYTES_MAX, put_varint};
use crate::limits::{KEY_BYTES_MIN, STAGED_VERSIONS_MAX};
use crate::{Error, Result};

/// The index id of staged rows. Above all others.
const STAGED: [u8; KEY_BYTES_MIN] = 0xffff_ff3f_u32.to_be_bytes();
/// The index id of the rows of outcomes.
const OUTCOMES: [u8; KEY_BYTES_MIN] = 0xffff_ff3e_u32.to_be_bytes();
const ID_BYTES: usize = 16;
const PREFIX_BYTES: usize = KEY_BYTES_MIN + ID_BYTES;

/// The identity of a transaction in parts, unique in the cluster for ever: only one node leads in a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StagedId {
    /// The term that it began in; it cannot go on in another.
    pub term: u64,
    /// Its number within the term.
    pub number: u64,
}

/// How a transaction in parts ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is committed.
    Committed {
        /// The parts that do not count: first and end, exclusive.
        discarded: Vec<(u32, u32)>,
        /// The index ids of its keys, ascending.
        index_ids: Vec<u32>,
    },
    /// Nothing of it counts.
    RolledBack,
}

/// What a transaction does to a key: the new value, or `None` for a deletion; and the part that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedVersion {
    /// The number of the part.
    pub part: u32,
    /// The value.
    pub value: Option<Bytes>,
}

impl StagedId {
    fn prefix(self, index_id: [u8; KEY_BYTES_MIN], room_bytes: usize) -> BytesMut {
        let mut key = BytesMut::with_capacity(PREFIX_BYTES + room_bytes);
        key.put_slice(&index_id);
        key.put_u64(self.term);
        key.put_u64(self.number);
        key
    }

    /// The staged key that stands for `key`.
    pub fn staged_key(self, key: &[u8]) -> Bytes {
        let mut staged = self.prefix(STAGED, key.len());
        staged.put_slice(key);
        staged.freeze()
    }

    /// The staged keys that stand for those of `range`.
    pub fn staged_range(self, range: &KeyRange) -> KeyRange {
        let start = self.staged_key(&range.start);
        let end = if range.end.is_empty() {
            prefix_end(&self.prefix(STAGED, 0))
        } else {
            self.staged_key(&range.end)
        };
        KeyRange { start, end }
    }

    /// The key of the row of the outcome.
    pub fn outcome_key(self) -> Bytes {
        self.prefix(OUTCOMES, 0).freeze()
    }

    /// The transaction that a key of a staged row or of an outcome is of; `None` for every other key.
    pub fn of_key(key: &[u8]) -> Option<StagedId> {
        if !key.starts_with(&STAGED) && !key.starts_with(&OUTCOMES) {
            return None;
        }
        let mut id = key.get(KEY_BYTES_MIN..PREFIX_BYTES)?;
        Some(StagedId { term: id.get_u64(), number: id.get_u64() })
    }

    /// The transaction whose outcome is in the row of `key`, if it is such a row.
    pub fn of_outcome(key: &[u8]) -> Option<StagedId> {
        if key.starts_with(&OUTCOMES) { StagedId::of_key(key) } else { None }
    }
}

/// Whether `key` is that of a staged row.
pub fn is_staged(key: &[u8]) -> bool {
    key.starts_with(&STAGED)
}

/// Every staged row of every transaction.
pub fn staged_rows() -> KeyRange {
    KeyRange::prefix(&STAGED)
}

/// The row of every outcome that is still needed.
pub fn outcome_rows() -> KeyRange {
    KeyRange::prefix(&OUTCOMES)
}

/// The key that a staged key stands for.
pub fn key_of(staged_key: &Bytes) -> Bytes {
    staged_key.slice(PREFIX_BYTES.min(staged_key.len())..)
}

/// True if `part` is among the `discarded`.
pub fn is_discarded(discarded: &[(u32, u32)], part: u32) -> bool {
    discarded.iter().any(|(first, end)| (*first..*end).contains(&part))
}

/// Encodes the versions of a key, newest first; there is at least one and at most [`STAGED_VERSIONS_MAX`].
pub fn encode_versions(versions: &[StagedVersion]) -> Bytes {
    assert!((1..=STAGED_VERSIONS_MAX).contains(&versions.len()));
    let value_bytes: usize =
        versions.iter().map(|version| version.value.as_ref().map_or(0, Bytes::len)).sum();
    let mut bytes = BytesMut::with_capacity(1 + versions.len() * (4 + VARINT_BYTES_MAX) + value_bytes);
    bytes.put_u8(u8::try_from(versions.len()).expect("bounded above"));
    for StagedVersion { part, value } in versions {
        bytes.put_u32(*part);
        put_varint(&mut bytes, value.as_ref().map_or(0, |value| value.len() + 1));
    }
    versions.iter().filter_map(|version| version.value.as_ref()).for_each(|value| bytes.put_slice(value));
    bytes.freeze()
}

/// The versions of a key, newest first, as slices of `bytes`.
pub fn decode_versions(bytes: &Bytes) -> Result<Vec<StagedVersion>> {
    let mut rest = bytes.clone();
    let count = take_u8(&mut rest)?;
    let mut heads = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let part = take_u32(&mut rest)?;
        heads.push((part, take_varint(&mut rest)?));
    }
    let mut versions = Vec::with_capacity(heads.len());
    for (part, code) in heads {
        let value = match code.checked_sub(1) {
            Some(length) if length <= rest.len() => Some(rest.split_to(length)),
            Some(_) => return Err(damaged("a staged value ends outside its row")),
            None => None,
        };
        versions.push(StagedVersion { part, value });
    }
    if versions.is_empty() || !rest.is_empty() {
        return Err(damaged("a staged row has no version, or something behind its last"));
    }
    Ok(versions)
}

/// The newest version in a staged row that is not discarded; `None` if all are.
pub fn current(bytes: &Bytes, discarded: &[(u32, u32)]) -> Result<Option<StagedVersion>> {
    let versions = decode_versions(bytes)?;
    Ok(versions.into_iter().find(|version| !is_discarded(discarded, version.part)))
}

impl Outcome {
    /// The value of its row.
    pub fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::new();
        match self {
            Outcome::RolledBack => bytes.put_u8(2),
            Outcome::Committed { discarded, index_ids } => {
                bytes.put_u8(1);
                bytes.put_u32(u32::try_from(discarded.len()).expect("fewer than there are parts"));
                for (first, end) in discarded {
                    bytes.put_u32(*first);
                    bytes.put_u32(*end);
                }
                bytes.put_u32(u32::try_from(index_ids.len()).expect("an index id has 32 bits"));
                index_ids.iter().for_each(|id| bytes.put_u32(*id));
            }
        }
        bytes.freeze()
    }

    /// Reads the value of its row.
    pub fn decode(bytes: &Bytes) -> Result<Outcome> {
        let mut rest = bytes.clone();
        let outcome = match take_u8(&mut rest)? {
            1 => {
                let mut discarded = Vec::new();
                for _ in 0..take_u32(&mut rest)? {
                    discarded.push((take_u32(&mut rest)?, take_u32(&mut rest)?));
                }
                let mut index_ids = Vec::new();
                for _ in 0..take_u32(&mut rest)? {
                    index_ids.push(take_u32(&mut rest)?);
                }
                Outcome::Committed { discarded, index_ids }
            }
            2 => Outcome::RolledBack,
            _ => return Err(damaged("the kind of an outcome is unknown")),
        };
        if !rest.is_empty() {
            return Err(damaged("something follows an outcome"));
        }
        Ok(outcome)
    }
}

fn damaged(what: &'static str) -> Error {
    Error::Engine(format!("a transaction in parts cannot be read: {what}"))
}

fn take_u8(rest: &mut Bytes) -> Result<u8> {
    rest.try_get_u8().map_err(|_| damaged("it ends too early"))
}

fn take_u32(rest: &mut Bytes) -> Result<u32> {
    rest.try_get_u32().map_err(|_| damaged("it ends too early"))
}

fn take_varint(rest: &mut Bytes) -> Result<usize> {
    let mut value = 0_u64;
    for position in 0..VARINT_BYTES_MAX {
        let byte = take_u8(rest)?;
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return u32::try_from(value)
                .map(|value| value as usize)
                .map_err(|_| damaged("a length is too large"));
        }
    }
    Err(damaged("a length is longer than five bytes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: StagedId = StagedId { term: 3, number: 0x0405 };

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn golden_bytes() {
        let key = ID.staged_key(b"\0\0\0\x09k");
        assert_eq!(hex(&key), "ffffff3f00000000000000030000000000000405000000096b");
        assert_eq!(key_of(&key), &b"\0\0\0\x09k"[..]);
        assert_eq!(hex(&ID.outcome_key()), "ffffff3e00000000000000030000000000000405");
        let versions = [
            StagedVersion { part: 7, value: None },
            StagedVersion { part: 2, value: Some(Bytes::from_static(b"old")) },
        ];
        assert_eq!(hex(&encode_versions(&versions)), "020000000700000000".to_owned() + "0204" + "6f6c64");
        let committed = Outcome::Committed { discarded: vec![(1, 3)], index_ids: vec![9] };
        assert_eq!(hex(&committed.encode()), "0100000001000000010000000300000001".to_owned() + "00000009");
        assert_eq!(hex(&Outcome::RolledBack.encode()), "02");
    }

    #[test]
    fn keys_say_what_they_are() {
        assert_eq!(StagedId::of_key(&ID.staged_key(b"\0\0\0\x01")), Some(ID));
        assert_eq!(StagedId::of_outcome(&ID.outcome_key()), Some(ID));
        assert_eq!(StagedId::of_outcome(&ID.staged_key(b"")), None);
        assert_eq!(StagedId::of_key(b"\0\0\0\x01"), None);
        assert_eq!(StagedId::of_key(&STAGED), None, "cut off");
        let range = ID.staged_range(&KeyRange::all());
        assert!(range.contains(&ID.staged_key(b"\xff\xff\xff\xff")));
        assert!(!range.contains(&StagedId { term: 3, number: 0x0406 }.staged_key(b"")));
    }

    #[test]
    fn a_discarded_part_is_passed_over() {
        let row = encode_versions(&[
            StagedVersion { part: 7, value: None },
            StagedVersion { part: 2, value: Some(Bytes::from_static(b"old")) },
        ]);
        assert_eq!(current(&row, &[]).unwrap().unwrap().value, None);
        assert_eq!(current(&row, &[(5, 8)]).unwrap().unwrap().value.as_deref(), Some(&b"old"[..]));
        assert_eq!(current(&row, &[(2, 3), (7, 8)]).unwrap(), None);
    }

    proptest! {
        #[test]
        fn versions_round_trip(
            versions in prop::collection::vec(
                (any::<u32>(), prop::option::of(prop::collection::vec(any::<u8>(), 0..200))), 1..9)
        ) {
            let versions: Vec<StagedVersion> = versions
                .into_iter()
                .map(|(part, value)| StagedVersion { part, value: value.map(Bytes::from) })
                .collect();
            prop_assert_eq!(decode_versions(&encode_versions(&versions)).unwrap(), versions);
        }

        #[test]
        fn outcomes_round_trip(
            discarded in prop::collection::vec(any::<(u32, u32)>(), 0..9),
            index_ids in prop::collection::vec(any::<u32>(), 0..9),
        ) {
            let outcome = Outcome::Committed { discarded, index_ids };
            prop_assert_eq!(Outcome::decode(&outcome.encode()).unwrap(), outcome);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let bytes = Bytes::from(bytes);
            let _ = decode_versions(&bytes);
            let _ = Outcome::decode(&bytes);
            let _ = StagedId::of_key(&bytes);
        }
    }
}
