//! The recent entries of the log, in memory once for all who read them: the peers' senders and the apply.
//!
//! The consensus thread pushes entries before the disk has them, so that they can be sent at once. Entries that are not
//! durable here are never evicted; older ones go when the cache is past its bound, and are read from the log then.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// Truncations so far. Moved before anything is dropped: what was read while it stood still is of one log.
    truncations: AtomicU64,
    /// See [`EntryCache::base`].
    base: AtomicU64,
    reads: AtomicU64,
    reads_in_memory: AtomicU64,
}

impl EntryCache {
    /// An empty cache over a log whose entries are all durable up to `durable`.
    #[must_use]
    pub fn new(reader: LogReader, durable: u64) -> EntryCache {
        EntryCache {
            inner: RwLock::new(Inner { entries: VecDeque::new(), bytes: 0, durable }),
            reader,
            truncations: AtomicU64::new(0),
            base: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            reads_in_memory: AtomicU64::new(0),
        }
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
        self.truncations.fetch_add(1, Ordering::SeqCst);
        while inner.entries.back().is_some_and(|entry| entry.index >= from) {
            if let Some(entry) = inner.entries.pop_back() {
                inner.bytes -= entry.payload.len() + size_of::<Entry>();
            }
        }
        inner.durable = inner.durable.min(from.prev().get());
    }

    /// The log is about to be replaced by one that holds nothing up to `base`.
    pub fn reset(&self, base: LogIndex) {
        let mut inner = self.inner.write();
        self.truncations.fetch_add(1, Ordering::SeqCst);
        self.base.store(base.get(), Ordering::SeqCst);
        inner.entries.clear();
        inner.bytes = 0;
        inner.durable = base.get();
    }

    /// The last entry that a replacement of the log left out; what lies before is in the snapshot that came with it.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.base.load(Ordering::SeqCst)
    }

    /// The number of truncations so far: what an index means can change only when this does.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.truncations.load(Ordering::SeqCst)
    }

    /// As [`EntryCache::read`], for an order given in `epoch`; none when the log was truncated since. The entries of the order may
    /// then be another leader's: sent behind the entry that the order names before them, they would give the peer a log that no
    /// leader ever had.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read_in(
        &self,
        epoch: u64,
        first: u64,
        last: u64,
        bytes_max: usize,
    ) -> storage::Result<Option<Vec<Entry>>> {
        let entries = self.read(first, last, bytes_max);
        // Looked at after reading, so a truncation while it read is seen too.
        if self.epoch() != epoch { Ok(None) } else { entries.map(Some) }
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
        self.reads.fetch_add(1, Ordering::Relaxed);
        let mut last_on_disk = last;
        {
            let inner = self.inner.read();
            if let Some(front) = inner.entries.front().map(|entry| entry.index.get()) {
                if first >= front {
                    // A sender's order may be older than a truncation: what it names is gone then.
                    if first - front >= inner.entries.len() as u64 {
                        let held_last = front - 1 + inner.entries.len() as u64;
                        return Err(storage::Error::NotInLog { first, last, held_first: front, held_last });
                    }
                    self.reads_in_memory.fetch_add(1, Ordering::Relaxed);
                    return Ok(Self::cut(inner.entries.range((first - front) as usize..), last, bytes_max));
                }
                // The log thread may not have got to what is in memory yet; what was evicted is durable.
                last_on_disk = last.min(front - 1);
            }
        }
        let records = self.reader.read(first, last_on_disk, bytes_max)?;
        records.into_iter().map(entry_from_record).collect()
    }

    /// How many reads there were since the start, and how many of them memory answered.
    #[must_use]
    pub fn read_counts(&self) -> (u64, u64) {
        (self.reads.load(Ordering::Relaxed), self.reads_in_memory.load(Ordering::Relaxed))
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use storage::disk::SimDisk;
    use storage::log::{Log, Options};

    use super::*;

    fn entry(index: u64, bytes: usize) -> Entry {
        Entry {
            index: LogIndex::new(index),
            term: Term::new(1),
            kind: EntryKind::Data,
            payload: vec![7; bytes].into(),
        }
    }

    fn indexes(entries: &[Entry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.index.get()).collect()
    }

    /// A restarted node has old entries on disk only, and new ones in memory only until its log thread gets to them.
    #[test]
    fn reads_what_is_on_disk_before_what_is_only_in_memory() {
        let opened = Log::open(Arc::new(SimDisk::new(1)), Path::new("/log"), Options::new(1)).unwrap();
        let mut log = opened.log;
        let old: Vec<Record> = (1..=3).map(|index| record_from_entry(&entry(index, 10))).collect();
        log.append(&old).unwrap();
        log.sync().unwrap();
        let cache = EntryCache::new(log.reader(), 3);
        cache.push(&[entry(4, 10), entry(5, 10)]);
        assert_eq!(indexes(&cache.read(1, 5, 1 << 20).unwrap()), [1, 2, 3]);
        assert_eq!(indexes(&cache.read(4, 5, 1 << 20).unwrap()), [4, 5]);
        assert_eq!(indexes(&cache.read(5, 5, 1 << 20).unwrap()), [5]);
    }

    /// A leader was deposed with an order still queued, and its log was rewritten by the next leader.
    #[test]
    fn an_order_from_before_a_truncation_gets_nothing() {
        let opened = Log::open(Arc::new(SimDisk::new(1)), Path::new("/log"), Options::new(1)).unwrap();
        let cache = EntryCache::new(opened.log.reader(), 0);
        cache.push(&[entry(1, 10), entry(2, 10), entry(3, 10)]);
        let ordered = cache.epoch();
        assert_eq!(indexes(&cache.read_in(ordered, 3, 3, 1 << 20).unwrap().unwrap()), [3]);
        cache.truncate(LogIndex::new(2));
        let replaced = |index| Entry { term: Term::new(2), ..entry(index, 20) };
        cache.push(&[replaced(2), replaced(3)]);
        assert_eq!(cache.read_in(ordered, 3, 3, 1 << 20).unwrap(), None);
        assert!(cache.read_in(cache.epoch(), 3, 3, 1 << 20).unwrap().is_some());
    }

    #[test]
    fn cuts_by_bytes_but_gives_one_entry_at_least() {
        let opened = Log::open(Arc::new(SimDisk::new(1)), Path::new("/log"), Options::new(1)).unwrap();
        let cache = EntryCache::new(opened.log.reader(), 0);
        cache.push(&[entry(1, 100), entry(2, 100), entry(3, 100)]);
        assert_eq!(indexes(&cache.read(1, 3, 1).unwrap()), [1]);
        assert_eq!(indexes(&cache.read(1, 3, 250).unwrap()), [1, 2]);
    }

    #[test]
    fn keeps_what_is_not_durable_and_drops_what_is_truncated() {
        let opened = Log::open(Arc::new(SimDisk::new(1)), Path::new("/log"), Options::new(1)).unwrap();
        let cache = EntryCache::new(opened.log.reader(), 0);
        let large = ENTRY_CACHE_BYTES_MAX / 2;
        cache.push(&[entry(1, large), entry(2, large), entry(3, large)]);
        assert_eq!(indexes(&cache.read(1, 1, 1).unwrap()), [1], "not durable, so still here");
        cache.set_durable(2);
        assert_eq!(indexes(&cache.read(3, 3, 1).unwrap()), [3]);
        cache.push(&[entry(4, 10)]);
        cache.truncate(LogIndex::new(4));
        assert!(cache.read(4, 4, 1).is_err(), "right behind the last");
        assert!(cache.read(6, 9, 1).is_err(), "what an order from before the truncation names");
        cache.truncate(LogIndex::new(3));
        assert!(cache.read(3, 3, 1).is_err());
    }
}
