//! Messages as bytes.
//!
//! Everything is little endian, nothing is padded. A message is
//!
//! ```text
//! version u8 = 2 | code u8 | fields
//!
//! code  message         fields
//!  1    PreVote         term u64, last_index u64, last_term u64
//!  2    PreVoteReply    term u64, granted u8 (0 or 1)
//!  3    Vote            term u64, last_index u64, last_term u64, is_transfer u8 (0 or 1)
//!  4    VoteReply       term u64, granted u8 (0 or 1)
//!  5    Append          term u64, prev_index u64, prev_term u64, commit u64, count u32, then count entries:
//!                         term u64, kind u8, length u32, payload
//!  6    AppendAck       term u64, match_index u64
//!  7    AppendReject    term u64, prev_index u64, conflict_term u64, conflict_first u64, last_index u64
//!  8    Heartbeat       term u64, commit u64, seq u64, floor u64, is_learner u8 (0 or 1)
//!  9    HeartbeatAck    term u64, seq u64, commit u64, applied u64
//! 10    Commit          term u64, commit u64
//! 11    TimeoutNow      term u64, seq u64
//! 12    Subscribe       term u64, commit u64, applied u64
//! 13    Feed            as Append
//! 14    FeedAck         term u64, match_index u64, has_gap u8 (0 or 1)
//! 15    ReadIndex       term u64, ticket u64
//! 16    ReadIndexReply  term u64, ticket u64, has_index u8 (0 or 1), index u64 (zero without)
//! 17    SnapshotNeeded  term u64, from u64 (not zero), at_least u64
//! ```
//!
//! The index of an entry is not sent: it is `prev_index + 1 + its place`. Length, checksum, sender and cluster belong to the
//! frame of the peer link around it.
//!
//! Invariant: the encoding is one to one: what [`crate::decode()`] takes, encodes to the same bytes again.
//!
//! Left out: any judgement of what a message says; see [`Message::is_well_formed`]. Codes from 18 on are free. Version 1 had no
//! codes above 10 and fewer fields in 3, 8 and 9; it was never released.

use alloc::vec::Vec;

use crate::limits::{BATCH_ENTRIES_MAX, PAYLOAD_BYTES_MAX};
use crate::message::Message;
use crate::types::{Entry, EntryKind, LogIndex, Term};

/// The version of the encoding, the first byte of every message.
pub const VERSION: u8 = 2;

/// Bytes before the first entry of an append or a feed message.
pub const APPEND_HEADER_BYTES: usize = 2 + 4 * 8 + 4;

/// Bytes before the payload of each entry.
pub const ENTRY_HEADER_BYTES: usize = 8 + 1 + 4;

pub(crate) const PRE_VOTE: u8 = 1;
pub(crate) const PRE_VOTE_REPLY: u8 = 2;
pub(crate) const VOTE: u8 = 3;
pub(crate) const VOTE_REPLY: u8 = 4;
pub(crate) const APPEND: u8 = 5;
pub(crate) const APPEND_ACK: u8 = 6;
pub(crate) const APPEND_REJECT: u8 = 7;
pub(crate) const HEARTBEAT: u8 = 8;
pub(crate) const HEARTBEAT_ACK: u8 = 9;
pub(crate) const COMMIT: u8 = 10;
pub(crate) const TIMEOUT_NOW: u8 = 11;
pub(crate) const SUBSCRIBE: u8 = 12;
pub(crate) const FEED: u8 = 13;
pub(crate) const FEED_ACK: u8 = 14;
pub(crate) const READ_INDEX: u8 = 15;
pub(crate) const READ_INDEX_REPLY: u8 = 16;
pub(crate) const SNAPSHOT_NEEDED: u8 = 17;

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
        Message::Vote { term, last_index, last_term, is_transfer } => {
            put(out, VOTE, &[term.get(), last_index.get(), last_term.get()]);
            out.push(u8::from(*is_transfer));
        }
        Message::VoteReply { term, granted } => {
            put(out, VOTE_REPLY, &[term.get()]);
            out.push(u8::from(*granted));
        }
        Message::Append { term, prev_index, prev_term, entries, commit } => {
            encode_append_header(*term, *prev_index, *prev_term, *commit, entries.len(), out);
            encode_entries(*prev_index, entries, out);
        }
        Message::AppendAck { term, match_index } => put(out, APPEND_ACK, &[term.get(), match_index.get()]),
        Message::AppendReject { term, prev_index, conflict_term, conflict_first, last_index } => {
            let (conflict_term, conflict_first) = (conflict_term.get(), conflict_first.get());
            let fields = [term.get(), prev_index.get(), conflict_term, conflict_first, last_index.get()];
            put(out, APPEND_REJECT, &fields);
        }
        Message::Heartbeat { term, commit, seq, floor, is_learner } => {
            put(out, HEARTBEAT, &[term.get(), commit.get(), *seq, floor.get()]);
            out.push(u8::from(*is_learner));
        }
        Message::HeartbeatAck { term, seq, commit, applied } => {
            put(out, HEARTBEAT_ACK, &[term.get(), *seq, commit.get(), applied.get()]);
        }
        Message::Commit { term, commit } => put(out, COMMIT, &[term.get(), commit.get()]),
        Message::TimeoutNow { term, seq } => put(out, TIMEOUT_NOW, &[term.get(), *seq]),
        Message::Subscribe { term, commit, applied } => {
            put(out, SUBSCRIBE, &[term.get(), commit.get(), applied.get()]);
        }
        Message::Feed { term, prev_index, prev_term, entries, commit } => {
            encode_feed_header(*term, *prev_index, *prev_term, *commit, entries.len(), out);
            encode_entries(*prev_index, entries, out);
        }
        Message::FeedAck { term, match_index, has_gap } => {
            put(out, FEED_ACK, &[term.get(), match_index.get()]);
            out.push(u8::from(*has_gap));
        }
        Message::ReadIndex { term, ticket } => put(out, READ_INDEX, &[term.get(), *ticket]),
        Message::ReadIndexReply { term, ticket, index } => {
            put(out, READ_INDEX_REPLY, &[term.get(), *ticket]);
            out.push(u8::from(index.is_some()));
            out.extend_from_slice(&index.map_or(0, LogIndex::get).to_le_bytes());
        }
        Message::SnapshotNeeded { term, from, at_least } => {
            put(out, SNAPSHOT_NEEDED, &[term.get(), from.get(), at_least.get()]);
        }
    }
}

fn encode_entries(prev_index: LogIndex, entries: &[Entry], out: &mut Vec<u8>) {
    for (place, entry) in entries.iter().enumerate() {
        assert!(entry.index == prev_index.plus(place as u64 + 1), "entries are contiguous");
        encode_entry_header(entry.term, entry.kind, entry.payload.len(), out);
        out.extend_from_slice(&entry.payload);
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
    put(out, APPEND, &[term.get(), prev_index.get(), prev_term.get(), commit.get()]);
    put_count(count, out);
}

/// As [`encode_append_header`], for a feed message.
///
/// # Panics
/// If `count` is more than [`BATCH_ENTRIES_MAX`].
pub fn encode_feed_header(
    term: Term,
    prev_index: LogIndex,
    prev_term: Term,
    commit: LogIndex,
    count: usize,
    out: &mut Vec<u8>,
) {
    put(out, FEED, &[term.get(), prev_index.get(), prev_term.get(), commit.get()]);
    put_count(count, out);
}

fn put_count(count: usize, out: &mut Vec<u8>) {
    assert!(count <= BATCH_ENTRIES_MAX as usize, "a message has at most BATCH_ENTRIES_MAX entries");
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
