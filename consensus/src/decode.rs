//! Bytes as messages; `encode` has the format.
//!
//! Invariants: [`decode`] never panics, never allocates more than the bytes it was given justify, and copies no payload; what it
//! takes, encodes to the same bytes again.
//!
//! Left out: any judgement of what a message says; see [`Message::is_well_formed`].

use alloc::vec::Vec;

use bytes::{Buf, Bytes};
use thiserror::Error;

use crate::encode::{
    APPEND, APPEND_ACK, APPEND_REJECT, COMMIT, ENTRY_HEADER_BYTES, FEED, FEED_ACK, HEARTBEAT, HEARTBEAT_ACK,
    PRE_VOTE, PRE_VOTE_REPLY, READ_INDEX, READ_INDEX_REPLY, SNAPSHOT_NEEDED, SUBSCRIBE, TIMEOUT_NOW, VERSION,
    VOTE, VOTE_REPLY,
};
use crate::limits::{BATCH_ENTRIES_MAX, INDEX_MAX, PAYLOAD_BYTES_MAX, SOURCE_GROUP_MAX};
use crate::membership::InvalidMembership;
use crate::membership_codec::MEMBERSHIP_VERSION;
use crate::message::Message;
use crate::types::{Entry, EntryKind, LogIndex, NodeId, Term};

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
    /// A yes or no that is neither, or an unknown flag.
    #[error("a flag is {0}, which this version does not know")]
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
    /// A membership of another version.
    #[error("membership encoding version {0}, this node knows version {MEMBERSHIP_VERSION}")]
    MembershipVersion(u8),
    /// A membership that breaks a rule.
    #[error("not a membership: {0}")]
    Membership(InvalidMembership),
    /// A node id of zero.
    #[error("a node id is zero")]
    NodeId,
    /// Text that is not UTF-8.
    #[error("an address is not UTF-8")]
    Text,
    /// A source group longer than one may be.
    #[error("a source group of {0} nodes, at most {SOURCE_GROUP_MAX} are allowed")]
    SourceGroup(u8),
    /// A value where none is announced.
    #[error("an index follows although none is announced")]
    Absent,
    /// A log index that no log reaches.
    #[error("log index {0} is impossibly large")]
    Index(u64),
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

/// What an append and a feed have in common.
struct Batch {
    term: Term,
    prev_index: LogIndex,
    prev_term: Term,
    entries: Vec<Entry>,
    commit: LogIndex,
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
            VOTE => Message::Vote {
                term: self.term()?,
                last_index: self.index()?,
                last_term: self.term()?,
                is_transfer: self.flag()?,
            },
            VOTE_REPLY => Message::VoteReply { term: self.term()?, granted: self.flag()? },
            APPEND => {
                let Batch { term, prev_index, prev_term, entries, commit } = self.batch()?;
                Message::Append { term, prev_index, prev_term, entries, commit }
            }
            APPEND_ACK => Message::AppendAck { term: self.term()?, match_index: self.index()? },
            APPEND_REJECT => Message::AppendReject {
                term: self.term()?,
                prev_index: self.index()?,
                conflict_term: self.term()?,
                conflict_first: self.index()?,
                last_index: self.index()?,
            },
            HEARTBEAT => Message::Heartbeat {
                term: self.term()?,
                commit: self.index()?,
                seq: self.number()?,
                floor: self.index()?,
                is_learner: self.flag()?,
            },
            HEARTBEAT_ACK => Message::HeartbeatAck {
                term: self.term()?,
                seq: self.number()?,
                commit: self.index()?,
                applied: self.index()?,
            },
            COMMIT => Message::Commit { term: self.term()?, commit: self.index()? },
            code => self.later_message(code)?,
        })
    }

    /// The messages that came with version 2.
    fn later_message(&mut self, code: u8) -> Result<Message, DecodeError> {
        Ok(match code {
            TIMEOUT_NOW => Message::TimeoutNow { term: self.term()?, seq: self.number()? },
            SUBSCRIBE => {
                Message::Subscribe { term: self.term()?, commit: self.index()?, applied: self.index()? }
            }
            FEED => {
                let Batch { term, prev_index, prev_term, entries, commit } = self.batch()?;
                Message::Feed { term, prev_index, prev_term, entries, commit }
            }
            FEED_ACK => {
                Message::FeedAck { term: self.term()?, match_index: self.index()?, has_gap: self.flag()? }
            }
            READ_INDEX => Message::ReadIndex { term: self.term()?, ticket: self.number()? },
            READ_INDEX_REPLY => Message::ReadIndexReply {
                term: self.term()?,
                ticket: self.number()?,
                index: self.optional_index()?,
            },
            SNAPSHOT_NEEDED => Message::SnapshotNeeded {
                term: self.term()?,
                from: NodeId::try_new(self.number()?).ok_or(DecodeError::NodeId)?,
                at_least: self.index()?,
            },
            code => return Err(DecodeError::Code(code)),
        })
    }

    fn batch(&mut self) -> Result<Batch, DecodeError> {
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
        Ok(Batch { term, prev_index, prev_term, entries, commit })
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

    fn optional_index(&mut self) -> Result<Option<LogIndex>, DecodeError> {
        let (is_there, index) = (self.flag()?, self.index()?);
        match is_there {
            true => Ok(Some(index)),
            // One way to say it only.
            false if index != LogIndex::ZERO => Err(DecodeError::Absent),
            false => Ok(None),
        }
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

    use proptest::prelude::*;

    use super::*;
    use crate::encode::{APPEND_HEADER_BYTES, encode, encode_append_header};

    fn entry(index: u64, term: u64, kind: EntryKind, payload: &'static [u8]) -> Entry {
        let (index, term) = (LogIndex::new(index), Term::new(term));
        Entry { index, term, kind, payload: Bytes::from_static(payload) }
    }

    /// Each message with its bytes in hexadecimal: format version 2 for ever.
    fn golden() -> Vec<(Message, &'static str)> {
        let term = Term::new(7);
        let index = LogIndex::new;
        let entries = vec![entry(6, 5, EntryKind::Empty, b""), entry(7, 7, EntryKind::Data, b"abc")];
        vec![
            (
                Message::PreVote { term, last_index: index(0x0102), last_term: Term::new(6) },
                "0201 0700000000000000 0201000000000000 0600000000000000",
            ),
            (Message::PreVoteReply { term, granted: true }, "0202 0700000000000000 01"),
            (
                Message::Vote { term, last_index: index(5), last_term: Term::new(6), is_transfer: true },
                "0203 0700000000000000 0500000000000000 0600000000000000 01",
            ),
            (Message::VoteReply { term, granted: false }, "0204 0700000000000000 00"),
            (
                Message::Append {
                    term,
                    prev_index: index(5),
                    prev_term: Term::new(4),
                    entries,
                    commit: index(3),
                },
                "0205 0700000000000000 0500000000000000 0400000000000000 0300000000000000 02000000 \
                 0500000000000000 00 00000000 0700000000000000 01 03000000 616263",
            ),
            (Message::AppendAck { term, match_index: index(9) }, "0206 0700000000000000 0900000000000000"),
            (
                Message::AppendReject {
                    term,
                    prev_index: index(9),
                    conflict_term: Term::new(3),
                    conflict_first: index(4),
                    last_index: index(8),
                },
                "0207 0700000000000000 0900000000000000 0300000000000000 0400000000000000 0800000000000000",
            ),
            (
                Message::Heartbeat { term, commit: index(3), seq: 11, floor: index(2), is_learner: true },
                "0208 0700000000000000 0300000000000000 0b00000000000000 0200000000000000 01",
            ),
            (
                Message::HeartbeatAck { term, seq: 11, commit: index(3), applied: index(1) },
                "0209 0700000000000000 0b00000000000000 0300000000000000 0100000000000000",
            ),
            (Message::Commit { term, commit: index(3) }, "020a 0700000000000000 0300000000000000"),
        ]
    }

    /// Those that came with version 2.
    fn later_golden() -> Vec<(Message, &'static str)> {
        let term = Term::new(7);
        let index = LogIndex::new;
        let entries = vec![entry(6, 7, EntryKind::Membership, b"m")];
        vec![
            (Message::TimeoutNow { term, seq: 11 }, "020b 0700000000000000 0b00000000000000"),
            (
                Message::Subscribe { term, commit: index(3), applied: index(2) },
                "020c 0700000000000000 0300000000000000 0200000000000000",
            ),
            (
                Message::Feed {
                    term,
                    prev_index: index(5),
                    prev_term: Term::new(4),
                    entries,
                    commit: index(6),
                },
                "020d 0700000000000000 0500000000000000 0400000000000000 0600000000000000 01000000 \
                 0700000000000000 02 01000000 6d",
            ),
            (
                Message::FeedAck { term, match_index: index(9), has_gap: true },
                "020e 0700000000000000 0900000000000000 01",
            ),
            (Message::ReadIndex { term, ticket: 5 }, "020f 0700000000000000 0500000000000000"),
            (
                Message::ReadIndexReply { term, ticket: 5, index: Some(index(8)) },
                "0210 0700000000000000 0500000000000000 01 0800000000000000",
            ),
            (
                Message::ReadIndexReply { term, ticket: 5, index: None },
                "0210 0700000000000000 0500000000000000 00 0000000000000000",
            ),
            (
                Message::SnapshotNeeded { term, from: NodeId::new(2), at_least: index(4) },
                "0211 0700000000000000 0200000000000000 0400000000000000",
            ),
        ]
    }

    fn all_golden() -> Vec<(Message, &'static str)> {
        [golden(), later_golden()].concat()
    }

    fn encoded(message: &Message) -> Vec<u8> {
        let mut out = Vec::new();
        encode(message, &mut out);
        out
    }

    #[test]
    fn every_message_has_its_golden_bytes_and_comes_back() {
        for (message, hex) in all_golden() {
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
        for (message, _) in all_golden() {
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
        for (message, _) in all_golden() {
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
            let mut bytes = vec![VERSION, (state >> 50) as u8 % 19];
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
        assert_eq!(decode(&[1, 1]), DecodeError::Version(1));
        assert_eq!(decode(&[2, 18]), DecodeError::Code(18));
        assert_eq!(decode(&[2, 0]), DecodeError::Code(0));
        assert_eq!(decode(&[2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2]), DecodeError::Flag(2));
        let header = |prev_index: u64, count: usize| {
            let mut out = Vec::new();
            let index = LogIndex::new(prev_index);
            encode_append_header(Term::new(7), index, Term::new(7), LogIndex::ZERO, count.min(1), &mut out);
            let end = out.len();
            out[end - 4..].copy_from_slice(&(count as u32).to_le_bytes());
            out
        };
        let absent = [[2, 16].as_slice(), &[7; 16], &[0, 1], &[0; 7]].concat();
        assert_eq!(decode(&absent), DecodeError::Absent);
        assert_eq!(decode(&[[2, 17].as_slice(), &[0; 24]].concat()), DecodeError::NodeId);
        assert_eq!(decode(&header(1, 70_000)), DecodeError::EntryCount(70_000));
        assert_eq!(decode(&header(u64::MAX, 1)), DecodeError::Index(u64::MAX));
        let mut unknown_kind = header(1, 1);
        unknown_kind.extend_from_slice(&[7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0]);
        assert_eq!(decode(&unknown_kind), DecodeError::Kind(9));
        let mut long = header(1, 1);
        long.extend_from_slice(&[7, 0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255]);
        assert_eq!(decode(&long), DecodeError::PayloadLength(u32::MAX));
    }

    fn entries() -> impl Strategy<Value = Vec<(u64, u8, Vec<u8>)>> {
        prop::collection::vec((1..9_u64, 0..3_u8, prop::collection::vec(any::<u8>(), 0..40)), 0..20)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn batches_of_any_entries_come_back(
            entries in entries(), prev in 0..1_000_u64, commit in 0..2_000_u64, is_feed in any::<bool>()
        ) {
            let entries: Vec<Entry> = entries.into_iter().zip(prev + 1..).map(|((term, kind, payload), index)| Entry {
                index: LogIndex::new(index),
                term: Term::new(term),
                kind: EntryKind::from_code(kind).expect("0 to 2 are kinds"),
                payload: payload.into(),
            }).collect();
            let (term, prev_index, prev_term) = (Term::new(9), LogIndex::new(prev), Term::new(1));
            let commit = LogIndex::new(commit);
            let message = match is_feed {
                true => Message::Feed { term, prev_index, prev_term, entries, commit },
                false => Message::Append { term, prev_index, prev_term, entries, commit },
            };
            let bytes = encoded(&message);
            prop_assert_eq!(decode(Bytes::from(bytes.clone())), Ok(message));
            for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
                let cut = Bytes::copy_from_slice(&bytes[..cut]);
                prop_assert_eq!(decode(cut), Err(DecodeError::Truncated));
            }
        }

        #[test]
        fn numbers_of_any_size_come_back(term in any::<u64>(), number in any::<u64>(), flag in any::<bool>()) {
            let (term, index) = (Term::new(term), LogIndex::new(number));
            for message in [
                Message::Vote { term, last_index: index, last_term: term, is_transfer: flag },
                Message::Heartbeat { term, commit: index, seq: number, floor: index, is_learner: flag },
                Message::HeartbeatAck { term, seq: number, commit: index, applied: index },
                Message::FeedAck { term, match_index: index, has_gap: flag },
                Message::ReadIndexReply { term, ticket: number, index: flag.then_some(index) },
            ] {
                // Only asked: it must not overflow either.
                let _ = message.is_well_formed();
                prop_assert_eq!(decode(Bytes::from(encoded(&message))), Ok(message));
            }
        }
    }
}
