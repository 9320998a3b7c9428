//! The recent entries of the log, in memory once for all who read them: the peers' senders and the apply.
//!
//! The consensus thread pushes entries before the disk has them, so that they can be sent at once. Entries that are not
//! durable here are never evicted; older ones go when the cache is past its bound, and are read from the log then.

use std::collections::VecDeque;

use consensus::{Entry, EntryKind, LogIndex, Term};
use parking_lot::RwLock;
use storage::log::{LogReader, Record};

use crate::limits::ENTRY_CACHE_BYTES_MAX;

struct Inner {
    /// Contiguous, ascending.
    entries: VecDeque<Entry>,
    /// Payload bytes held.
    bytes: usize,
    /// Entries up to here are on this node's disk.
    durable: u64,
}

/// See the module.
pub struct EntryCache {
    inner: RwLock<Inner>,
    reader: LogReader,
}

impl EntryCache {
    /// An empty cache over a log whose entries are all durable up to `durable`.
    #[must_use]
    pub fn new(reader: LogReader, durable: u64) -> EntryCache {
        EntryCache { inner: RwLock::new(Inner { entries: VecDeque::new(), bytes: 0, durable }), reader }
    }

    /// Adds entries at the end.
    pub fn push(&self, entries: &[Entry]) {
        let mut inner = self.inner.write();
        for entry in entries {
            if let Some(last) = inner.entries.back() {
                assert!(last.index.next() == entry.index, "entries are contiguous");
            }
            inner.bytes += entry.payload.len() + size_of::<Entry>();
            inner.entries.push_back(entry.clone());
        }
        Self::evict(&mut inner);
    }

    /// Drops the entries from `from` on.
    pub fn truncate(&self, from: LogIndex) {
        let mut inner = self.inner.write();
        while inner.entries.back().is_some_and(|entry| entry.index >= from) {
            if let Some(entry) = inner.entries.pop_back() {
                inner.bytes -= entry.payload.len() + size_of::<Entry>();
            }
        }
        inner.durable = inner.durable.min(from.prev().get());
    }

    /// Entries up to `index` are on this node's disk.
    pub fn set_durable(&self, index: u64) {
        let mut inner = self.inner.write();
        inner.durable = inner.durable.max(index);
        Self::evict(&mut inner);
    }

    fn evict(inner: &mut Inner) {
        while inner.bytes > ENTRY_CACHE_BYTES_MAX
            && inner.entries.len() > 1
            && inner.entries.front().is_some_and(|entry| entry.index.get() <= inner.durable)
        {
            if let Some(entry) = inner.entries.pop_front() {
                inner.bytes -= entry.payload.len() + size_of::<Entry>();
            }
        }
    }

    /// Entries `first..=last`, cut at about `bytes_max` but at least one; from memory, else from the disk.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read(&self, first: u64, last: u64, bytes_max: usize) -> storage::Result<Vec<Entry>> {
        assert!(first <= last, "an empty range");
        {
            let inner = self.inner.read();
            if let Some(front) = inner.entries.front().map(|entry| entry.index.get())
                && first >= front
            {
                return Ok(Self::cut(inner.entries.range((first - front) as usize..), last, bytes_max));
            }
        }
        let records = self.reader.read(first, last, bytes_max)?;
        records.into_iter().map(entry_from_record).collect()
    }

    fn cut<'a>(entries: impl Iterator<Item = &'a Entry>, last: u64, bytes_max: usize) -> Vec<Entry> {
        let mut bytes = 0;
        let mut out = Vec::new();
        for entry in entries {
            bytes += entry.payload.len();
            if entry.index.get() > last || (bytes > bytes_max && !out.is_empty()) {
                break;
            }
            out.push(entry.clone());
        }
        out
    }
}

/// A log record as an entry.
fn entry_from_record(record: Record) -> storage::Result<Entry> {
    let kind = EntryKind::from_code(record.kind).ok_or_else(|| storage::Error::Corrupt {
        file: "log".into(),
        offset: 0,
        what: format!("entry {} has the unknown kind {}", record.index, record.kind),
    })?;
    Ok(Entry {
        index: LogIndex::new(record.index),
        term: Term::new(record.term),
        kind,
        payload: record.payload,
    })
}

/// An entry as a log record; shares the payload.
#[must_use]
pub fn record_from_entry(entry: &Entry) -> Record {
    Record {
        index: entry.index.get(),
        term: entry.term.get(),
        kind: entry.kind.code(),
        payload: entry.payload.clone(),
    }
}
