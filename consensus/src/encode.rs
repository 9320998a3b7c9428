//! Messages as bytes.
//!
//! Everything is little endian, nothing is padded. A message is
//!
//! ```text
//! version u8 = 1 | code u8 | fields
//!
//! code  message         fields
//!  1    PreVote         term u64, last_index u64, last_term u64
//!  2    PreVoteReply    term u64, granted u8 (0 or 1)
//!  3    Vote            term u64, last_index u64, last_term u64
//!  4    VoteReply       term u64, granted u8 (0 or 1)
//!  5    Append          term u64, prev_index u64, prev_term u64, commit u64, count u32, then count entries:
//!                         term u64, kind u8, length u32, payload
//!  6    AppendAck       term u64, match_index u64
//!  7    AppendReject    term u64, prev_index u64, conflict_term u64, conflict_first u64, last_index u64
//!  8    Heartbeat       term u64, commit u64, seq u64
//!  9    HeartbeatAck    term u64, seq u64
//! 10    Commit          term u64, commit u64
//! ```
//!
//! The index of an entry is not sent: it is `prev_index + 1 + its place`. Length, checksum, sender and cluster belong to the
//! frame of the peer link around it.
//!
//! Invariants: the encoding is one to one (what decodes, encodes to the same bytes again); [`decode`] never panics, never
//! allocates more than the bytes it was given justify, and copies no payload.
//!
//! Left out: any judgement of what a message says; see [`Message::is_well_formed`]. Codes from 11 on are free.

use alloc::vec::Vec;

use bytes::{Buf, Bytes};
use thiserror::Error;

use crate::limits::{BATCH_ENTRIES_MAX, INDEX_MAX, PAYLOAD_BYTES_MAX};
use crate::message::Message;
use crate::types::{Entry, EntryKind, LogIndex, Term};

/// The version of the encoding, the first byte of every message.
pub const VERSION: u8 = 1;

/// Bytes before the first entry of an append message.
pub const APPEND_HEADER_BYTES: usize = 2 + 4 * 8 + 4;

/// Bytes before the payload of each entry.
pub const ENTRY_HEADER_BYTES: usize = 8 + 1 + 4;

const PRE_VOTE: u8 = 1;
const PRE_VOTE_REPLY: u8 = 2;
const VOTE: u8 = 3;
const VOTE_REPLY: u8 = 4;
const APPEND: u8 = 5;
const APPEND_ACK: u8 = 6;
const APPEND_REJECT: u8 = 7;
const HEARTBEAT: u8 = 8;
const HEARTBEAT_ACK: u8 = 9;
const COMMIT: u8 = 10;

/// Why bytes are not a message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Another version of the encoding.
    #[error("message encoding version {0}, this node speaks version {VERSION}")]
    Version(u8),
    /// A message code that this version does not know.
    #[error("unknown message code {0}")]
    Code(u8),
    /// The bytes end before the message does.
    #[error("the message is cut off")]
    Truncated,
    /// The message ends before the bytes do.
    #[error("{0} bytes follow the message")]
    Trailing(usize),
    /// A yes or no that is neither.
    #[error("a flag is {0}, neither 0 nor 1")]
    Flag(u8),
    /// An entry kind that this version does not know.
    #[error("unknown entry kind {0}")]
    Kind(u8),
    /// More entries than a message may have.
    #[error("{0} entries in one message, at most {BATCH_ENTRIES_MAX} are allowed")]
    EntryCount(u32),
    /// A payload longer than an entry may have.
    #[error("a payload of {0} bytes, at most {PAYLOAD_BYTES_MAX} are allowed")]
    PayloadLength(u32),
    /// A log index that no log reaches.
    #[error("log index {0} is impossibly large")]
    Index(u64),
}

/// Adds the bytes of `message` to `out`.
///
/// # Panics
/// If an append message has more entries or a longer payload than [`crate::limits`] allows, or entries that are not contiguous:
/// no replica makes such a message.
pub fn encode(message: &Message, out: &mut Vec<u8>) {
    match message {
        Message::PreVote { term, last_index, last_term } => {
            put(out, PRE_VOTE, &[term.get(), last_index.get(), last_term.get()]);
        }
        Message::PreVoteReply { term, granted } => {
            put(out, PRE_VOTE_REPLY, &[term.get()]);
            out.push(u8::from(*granted));
        }
        Message::Vote { term, last_index, last_term } => {
            put(out, VOTE, &[term.get(), last_index.get(), last_term.get()]);
        }
        Message::VoteReply { term, granted } => {
            put(out, VOTE_REPLY, &[term.get()]);
            out.push(u8::from(*granted));
        }
        Message::Append { term, prev_index, prev_term, entries, commit } => {
            encode_append_header(*term, *prev_index, *prev_term, *commit, entries.len(), out);
            for (place, entry) in entries.iter().enumerate() {
                assert!(entry.index == prev_index.plus(place as u64 + 1), "entries are contiguous");
                encode_entry_header(entry.term, entry.kind, entry.payload.len(), out);
                out.extend_from_slice(&entry.payload);
            }
        }
        Message::AppendAck { term, match_index } => put(out, APPEND_ACK, &[term.get(), match_index.get()]),
        Message::AppendReject { term, prev_index, conflict_term, conflict_first, last_index } => {
            let (conflict_term, conflict_first) = (conflict_term.get(), conflict_first.get());
            let fields = [term.get(), prev_index.get(), conflict_term, conflict_first, last_index.get()];
            put(out, APPEND_REJECT, &fields);
        }
        Message::Heartbeat { term, commit, seq } => put(out, HEARTBEAT, &[term.get(), commit.get(), *seq]),
        Message::HeartbeatAck { term, seq } => put(out, HEARTBEAT_ACK, &[term.get(), *seq]),
        Message::Commit { term, commit } => put(out, COMMIT, &[term.get(), commit.get()]),
    }
}

/// Adds the bytes of an append message up to its first entry. `count` entries follow, each an
/// [`encode_entry_header`] and its payload, so that a driver can hand payloads to the socket without copying them.
///
/// # Panics
/// If `count` is more than [`BATCH_ENTRIES_MAX`].
pub fn encode_append_header(
    term: Term,
    prev_index: LogIndex,
    prev_term: Term,
    commit: LogIndex,
    count: usize,
    out: &mut Vec<u8>,
) {
    assert!(count <= BATCH_ENTRIES_MAX as usize, "an append message has at most BATCH_ENTRIES_MAX entries");
    put(out, APPEND, &[term.get(), prev_index.get(), prev_term.get(), commit.get()]);
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

/// Adds the bytes before an entry's payload, which is `payload_bytes` long.
///
/// # Panics
/// If the payload is longer than [`PAYLOAD_BYTES_MAX`].
pub fn encode_entry_header(term: Term, kind: EntryKind, payload_bytes: usize, out: &mut Vec<u8>) {
    assert!(payload_bytes <= PAYLOAD_BYTES_MAX, "a payload has at most PAYLOAD_BYTES_MAX bytes");
    out.extend_from_slice(&term.get().to_le_bytes());
    out.push(kind.code());
    out.extend_from_slice(&(payload_bytes as u32).to_le_bytes());
}

fn put(out: &mut Vec<u8>, code: u8, numbers: &[u64]) {
    out.extend_from_slice(&[VERSION, code]);
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// Reads one message, which must take up all the bytes. The payloads of its entries are slices of `bytes`.
///
/// # Errors
/// The bytes are not a message of this version.
pub fn decode(bytes: Bytes) -> Result<Message, DecodeError> {
    let mut reader = Reader(bytes);
    let version = reader.byte()?;
    if version != VERSION {
        return Err(DecodeError::Version(version));
    }
    let message = reader.message()?;
    match reader.0.len() {
        0 => Ok(message),
        rest => Err(DecodeError::Trailing(rest)),
    }
}

/// The bytes not yet read.
struct Reader(Bytes);

impl Reader {
    fn message(&mut self) -> Result<Message, DecodeError> {
        Ok(match self.byte()? {
            PRE_VOTE => {
                Message::PreVote { term: self.term()?, last_index: self.index()?, last_term: self.term()? }
            }
            PRE_VOTE_REPLY => Message::PreVoteReply { term: self.term()?, granted: self.flag()? },
            VOTE => Message::Vote { term: self.term()?, last_index: self.index()?, last_term: self.term()? },
            VOTE_REPLY => Message::VoteReply { term: self.term()?, granted: self.flag()? },
            APPEND => self.append()?,
            APPEND_ACK => Message::AppendAck { term: self.term()?, match_index: self.index()? },
            APPEND_REJECT => Message::AppendReject {
                term: self.term()?,
                prev_index: self.index()?,
                conflict_term: self.term()?,
                conflict_first: self.index()?,
                last_index: self.index()?,
            },
            HEARTBEAT => {
                Message::Heartbeat { term: self.term()?, commit: self.index()?, seq: self.number()? }
            }
            HEARTBEAT_ACK => Message::HeartbeatAck { term: self.term()?, seq: self.number()? },
            COMMIT => Message::Commit { term: self.term()?, commit: self.index()? },
            code => return Err(DecodeError::Code(code)),
        })
    }

    fn append(&mut self) -> Result<Message, DecodeError> {
        let term = self.term()?;
        let prev_index = self.index()?;
        let prev_term = self.term()?;
        let commit = self.index()?;
        let count = self.length()?;
        if count > BATCH_ENTRIES_MAX {
            return Err(DecodeError::EntryCount(count));
        }
        if prev_index.get() > INDEX_MAX - u64::from(count) {
            return Err(DecodeError::Index(prev_index.get()));
        }
        // A count that the bytes cannot hold must not be believed before they are read.
        let held_max = self.0.len() / ENTRY_HEADER_BYTES;
        let mut entries = Vec::with_capacity(held_max.min(count as usize));
        for place in 0..u64::from(count) {
            entries.push(self.entry(prev_index.plus(place + 1))?);
        }
        Ok(Message::Append { term, prev_index, prev_term, entries, commit })
    }

    fn entry(&mut self, index: LogIndex) -> Result<Entry, DecodeError> {
        let term = self.term()?;
        let code = self.byte()?;
        let kind = EntryKind::from_code(code).ok_or(DecodeError::Kind(code))?;
        let length = self.length()?;
        if length as usize > PAYLOAD_BYTES_MAX {
            return Err(DecodeError::PayloadLength(length));
        }
        if self.0.len() < length as usize {
            return Err(DecodeError::Truncated);
        }
        Ok(Entry { index, term, kind, payload: self.0.split_to(length as usize) })
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.0.try_get_u8().map_err(|_| DecodeError::Truncated)
    }

    fn length(&mut self) -> Result<u32, DecodeError> {
        self.0.try_get_u32_le().map_err(|_| DecodeError::Truncated)
    }

    fn number(&mut self) -> Result<u64, DecodeError> {
        self.0.try_get_u64_le().map_err(|_| DecodeError::Truncated)
    }

    fn term(&mut self) -> Result<Term, DecodeError> {
        self.number().map(Term::new)
    }

    fn index(&mut self) -> Result<LogIndex, DecodeError> {
        self.number().map(LogIndex::new)
    }

    fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::Flag(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn entry(index: u64, term: u64, kind: EntryKind, payload: &'static [u8]) -> Entry {
        let (index, term) = (LogIndex::new(index), Term::new(term));
        Entry { index, term, kind, payload: Bytes::from_static(payload) }
    }

    /// Each message with its bytes in hexadecimal: format version 1 for ever.
    fn golden() -> Vec<(Message, &'static str)> {
        let term = Term::new(7);
        let index = LogIndex::new;
        let entries = vec![entry(6, 5, EntryKind::Empty, b""), entry(7, 7, EntryKind::Data, b"abc")];
        vec![
            (
                Message::PreVote { term, last_index: index(0x0102), last_term: Term::new(6) },
                "0101 0700000000000000 0201000000000000 0600000000000000",
            ),
            (Message::PreVoteReply { term, granted: true }, "0102 0700000000000000 01"),
            (
                Message::Vote { term, last_index: index(5), last_term: Term::new(6) },
                "0103 0700000000000000 0500000000000000 0600000000000000",
            ),
            (Message::VoteReply { term, granted: false }, "0104 0700000000000000 00"),
            (
                Message::Append {
                    term,
                    prev_index: index(5),
                    prev_term: Term::new(4),
                    entries,
                    commit: index(3),
                },
                "0105 0700000000000000 0500000000000000 0400000000000000 0300000000000000 02000000 \
                 0500000000000000 00 00000000 0700000000000000 01 03000000 616263",
            ),
            (Message::AppendAck { term, match_index: index(9) }, "0106 0700000000000000 0900000000000000"),
            (
                Message::AppendReject {
                    term,
                    prev_index: index(9),
                    conflict_term: Term::new(3),
                    conflict_first: index(4),
                    last_index: index(8),
                },
                "0107 0700000000000000 0900000000000000 0300000000000000 0400000000000000 0800000000000000",
            ),
            (
                Message::Heartbeat { term, commit: index(3), seq: 11 },
                "0108 0700000000000000 0300000000000000 0b00000000000000",
            ),
            (Message::HeartbeatAck { term, seq: 11 }, "0109 0700000000000000 0b00000000000000"),
            (Message::Commit { term, commit: index(3) }, "010a 0700000000000000 0300000000000000"),
        ]
    }

    fn encoded(message: &Message) -> Vec<u8> {
        let mut out = Vec::new();
        encode(message, &mut out);
        out
    }

    #[test]
    fn every_message_has_its_golden_bytes_and_comes_back() {
        for (message, hex) in golden() {
            let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
            let bytes: Vec<u8> = digits
                .chunks(2)
                .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect();
            assert_eq!(encoded(&message), bytes, "{message:?}");
            assert_eq!(decode(Bytes::from(bytes)).unwrap(), message);
            assert!(message.is_well_formed());
        }
    }

    #[test]
    fn the_headers_are_as_long_as_they_say_and_payloads_are_not_copied() {
        let (message, _) = golden().swap_remove(4);
        let bytes = Bytes::from(encoded(&message));
        assert_eq!(bytes.len(), APPEND_HEADER_BYTES + 2 * ENTRY_HEADER_BYTES + 3);
        let Message::Append { entries, .. } = decode(bytes.clone()).unwrap() else { panic!("an append") };
        assert_eq!(entries[1].payload.as_ptr(), bytes[bytes.len() - 3..].as_ptr());
    }

    #[test]
    fn cut_or_lengthened_bytes_are_refused() {
        for (message, _) in golden() {
            let bytes = encoded(&message);
            for cut in 0..bytes.len() {
                let result = decode(Bytes::copy_from_slice(&bytes[..cut]));
                assert_eq!(result, Err(DecodeError::Truncated), "{message:?} cut to {cut}");
            }
            let mut longer = bytes.clone();
            longer.push(0);
            assert_eq!(decode(Bytes::from(longer)), Err(DecodeError::Trailing(1)));
        }
    }

    #[test]
    fn flipped_bits_are_refused_or_mean_another_message() {
        for (message, _) in golden() {
            let bytes = encoded(&message);
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                if let Ok(other) = decode(Bytes::copy_from_slice(&flipped)) {
                    assert_ne!(other, message, "bit {bit} means nothing");
                    assert_eq!(encoded(&other), flipped, "bit {bit} is not one to one");
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_never_reserve_much() {
        let mut state = 1_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let length = (state >> 33) as usize % 80;
            let mut bytes = vec![VERSION, (state >> 50) as u8 % 12];
            for _ in 0..length {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Small bytes make sensible lengths, which get further.
                bytes.push(if state >> 63 == 0 { (state >> 40) as u8 } else { (state >> 60) as u8 & 3 });
            }
            if let Ok(message) = decode(Bytes::copy_from_slice(&bytes)) {
                assert_eq!(encoded(&message), bytes);
                // Only asked: it must not overflow either.
                let _ = message.is_well_formed();
            }
        }
    }

    #[test]
    fn each_kind_of_damage_has_its_error() {
        let decode = |bytes: &[u8]| decode(Bytes::copy_from_slice(bytes)).unwrap_err();
        assert_eq!(decode(&[2, 1]), DecodeError::Version(2));
        assert_eq!(decode(&[1, 11]), DecodeError::Code(11));
        assert_eq!(decode(&[1, 0]), DecodeError::Code(0));
        assert_eq!(decode(&[1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2]), DecodeError::Flag(2));
        let header = |prev_index: u64, count: usize| {
            let mut out = Vec::new();
            let index = LogIndex::new(prev_index);
            encode_append_header(Term::new(7), index, Term::new(7), LogIndex::ZERO, count.min(1), &mut out);
            let end = out.len();
            out[end - 4..].copy_from_slice(&(count as u32).to_le_bytes());
            out
        };
        assert_eq!(decode(&header(1, 70_000)), DecodeError::EntryCount(70_000));
        assert_eq!(decode(&header(u64::MAX, 1)), DecodeError::Index(u64::MAX));
        let mut unknown_kind = header(1, 1);
        unknown_kind.extend_from_slice(&[7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0]);
        assert_eq!(decode(&unknown_kind), DecodeError::Kind(9));
        let mut long = header(1, 1);
        long.extend_from_slice(&[7, 0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255]);
        assert_eq!(decode(&long), DecodeError::PayloadLength(u32::MAX));
    }
}
