//! [`Writers`]: the open transactions that have written, and where.
//!
//! Write sets are private, so who locks a range must be able to ask whether another transaction has a write in it that is
//! not committed. Each transaction that writes is listed here with a [`Writer`]: the keys it wrote while they are few, and
//! the span of them in each index once they are many, which then stands for more than was written.
//!
//! A transaction notes a key after the write is in its write set, and leaves the list after its versions are
//! in the store. A note is taken back after its write is. A span is not: to wait for a transaction that has no write there any
//! more costs time, or a deadlock that need not be, and is never wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::locks::LockId;
use super::range_locks::{IndexId, index_of};
use crate::engine::KeyRange;
use crate::limits::{WRITER_KEYS_MAX, WRITER_SHARD_COUNT};

/// A transaction that has written.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) txn_id: u64,
    /// The lock that stands for it in the lock table, where who meets its writes waits. Held, in its name, from when the
    /// first one waits.
    pub(super) lock: LockId,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: Vec<Bytes>,
    /// First and last key by index, once there are too many to list.
    spans: BTreeMap<IndexId, (Bytes, Bytes)>,
    has_ended: bool,
    is_waited_for: bool,
}

/// What a transaction has written in a range.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// These keys.
    Keys(Vec<Bytes>),
    /// Nobody knows which.
    Some,
}

impl Writer {
    pub(super) fn new(txn_id: u64, lock: LockId) -> Writer {
        Writer { txn_id, lock, state: Mutex::default() }
    }

    /// Notes a key that is in the write set.
    pub(super) fn note(&self, key: &Bytes) {
        let mut state = self.state.lock();
        if !state.spans.is_empty() {
            state.widen(key.clone());
            return;
        }
        if state.keys.len() == WRITER_KEYS_MAX {
            state.keys.sort_unstable();
            state.keys.dedup();
            if state.keys.binary_search(key).is_ok() {
                return;
            }
        }
        if state.keys.len() < WRITER_KEYS_MAX {
            state.keys.push(key.clone());
            return;
        }
        for key in std::mem::take(&mut state.keys) {
            state.widen(key);
        }
        state.widen(key.clone());
    }

    /// The keys that are noted one by one.
    pub(super) fn keys(&self) -> Vec<Bytes> {
        self.state.lock().keys.clone()
    }

    /// Takes the notes of keys back.
    pub(super) fn forget(&self, keys: &[Bytes]) {
        self.state.lock().keys.retain(|key| !keys.contains(key));
    }

    /// What was written in a range, if anything.
    pub(super) fn written_in(&self, range: &KeyRange) -> Option<Written> {
        let state = self.state.lock();
        if let Some((first, last)) = state.spans.get(&index_of(&range.start)) {
            let is_apart = last < &range.start || (!range.end.is_empty() && first >= &range.end);
            return (!is_apart).then_some(Written::Some);
        }
        let is_in = |key: &&Bytes| **key >= range.start && (range.end.is_empty() || **key < range.end);
        let keys: Vec<Bytes> = state.keys.iter().filter(is_in).cloned().collect();
        (!keys.is_empty()).then_some(Written::Keys(keys))
    }

    /// Calls `hold` to take the writer's lock in its name, unless somebody has already. False if the transaction is over.
    pub(super) fn expect_waiter(&self, hold: impl FnOnce()) -> bool {
        let mut state = self.state.lock();
        if !state.has_ended && !state.is_waited_for {
            state.is_waited_for = true;
            hold();
        }
        !state.has_ended
    }

    /// Notes that the transaction is over. True if its lock is to be released.
    fn end(&self) -> bool {
        let mut state = self.state.lock();
        state.has_ended = true;
        state.is_waited_for
    }
}

impl State {
    fn widen(&mut self, key: Bytes) {
        match self.spans.get_mut(&index_of(&key)) {
            None => {
                self.spans.insert(index_of(&key), (key.clone(), key));
            }
            Some((first, _)) if key < *first => *first = key,
            Some((_, last)) if key > *last => *last = key,
            Some(_) => {}
        }
    }
}

/// The transactions that have written, by id.
#[derive(Debug)]
pub(super) struct Writers {
    shards: Vec<Mutex<FxHashMap<u64, Arc<Writer>>>>,
}

impl Default for Writers {
    fn default() -> Writers {
        Writers { shards: (0..WRITER_SHARD_COUNT).map(|_| Mutex::default()).collect() }
    }
}

impl Writers {
    /// Lists a transaction.
    pub(super) fn add(&self, writer: Writer) -> Arc<Writer> {
        let writer = Arc::new(writer);
        self.shard(writer.txn_id).lock().insert(writer.txn_id, Arc::clone(&writer));
        writer
    }

    /// Takes a transaction that is over from the list. True if its lock is to be released.
    pub(super) fn remove(&self, writer: &Writer) -> bool {
        self.shard(writer.txn_id).lock().remove(&writer.txn_id);
        writer.end()
    }

    /// The transactions besides `txn_id` that have written in `range`, in no order.
    pub(super) fn in_range(&self, range: &KeyRange, txn_id: u64) -> Vec<(Arc<Writer>, Written)> {
        let mut found = Vec::new();
        for shard in &self.shards {
            for writer in shard.lock().values().filter(|writer| writer.txn_id != txn_id) {
                if let Some(written) = writer.written_in(range) {
                    found.push((Arc::clone(writer), written));
                }
            }
        }
        found
    }

    /// Takes all from the list.
    pub(super) fn forget_all(&self) {
        for shard in &self.shards {
            shard.lock().clear();
        }
    }

    /// Number of transactions in the list.
    pub(super) fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn shard(&self, txn_id: u64) -> &Mutex<FxHashMap<u64, Arc<Writer>>> {
        &self.shards[txn_id as usize % WRITER_SHARD_COUNT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::LockTable;

    /// Few keys are known one by one; of many the span in their index is, and nothing of another index.
    #[test]
    fn many_keys_become_spans() {
        let writer = Writer::new(7, LockTable::new().id_of(b"7"));
        let key = |number: usize| Bytes::from(format!("ind1{number:04}"));
        for number in 0..WRITER_KEYS_MAX {
            writer.note(&key(number * 2));
            writer.note(&key(number * 2));
        }
        let between = KeyRange::new(key(3), key(4));
        let at = KeyRange::new(key(4), key(7));
        assert_eq!(writer.written_in(&between), None);
        assert_eq!(writer.written_in(&at), Some(Written::Keys(vec![key(4), key(6)])));
        writer.note(&key(5000));
        assert_eq!(writer.written_in(&between), Some(Written::Some));
        assert_eq!(writer.written_in(&KeyRange::new(key(5001), key(6000))), None);
        assert_eq!(writer.written_in(&KeyRange::new(key(5000), key(6000))), Some(Written::Some));
        assert_eq!(writer.written_in(&KeyRange::new("ind0", "ind1")), None);
        assert_eq!(writer.written_in(&KeyRange::new("ind2", "")), None);
    }
}
