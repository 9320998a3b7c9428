//! The recent entries of the log, in memory: as in the server's cache, with bounds so small that most reads miss it.
//!
//! The driver pushes entries before the disk has them; those that are not durable are never evicted, older ones are read from
//! the shipped log. Every truncation and reset begins a new epoch, in which orders of an earlier one get nothing.

use std::collections::VecDeque;

use consensus::{Entry, EntryKind, LogIndex, Term};
use storage::log::{LogReader, Record};

/// See the module.
pub struct EntryCache {
    entries: VecDeque<Entry>,
    entries_max: usize,
    durable: u64,
    reader: LogReader,
    epoch: u64,
}

impl EntryCache {
    /// An empty cache over a log whose entries are all durable up to `durable`.
    #[must_use]
    pub fn new(reader: LogReader, durable: u64, entries_max: usize) -> EntryCache {
        EntryCache { entries: VecDeque::new(), entries_max, durable, reader, epoch: 0 }
    }

    /// Adds entries at the end.
    pub fn push(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Some(last) = self.entries.back() {
                assert!(last.index.next() == entry.index, "entries are contiguous");
            }
            self.entries.push_back(entry.clone());
        }
        self.evict();
    }

    /// Drops the entries from `from` on.
    pub fn truncate(&mut self, from: LogIndex) {
        self.epoch += 1;
        while self.entries.back().is_some_and(|entry| entry.index >= from) {
            self.entries.pop_back();
        }
        self.durable = self.durable.min(from.prev().get());
    }

    /// The log will hold nothing but what comes behind `base`.
    pub fn reset(&mut self, base: u64) {
        self.epoch += 1;
        self.entries.clear();
        self.durable = base;
    }

    /// What an index means can change only when this does.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Entries up to `index` are on this node's disk.
    pub fn set_durable(&mut self, index: u64) {
        self.durable = self.durable.max(index);
        self.evict();
    }

    fn evict(&mut self) {
        while self.entries.len() > self.entries_max
            && self.entries.front().is_some_and(|entry| entry.index.get() <= self.durable)
        {
            self.entries.pop_front();
        }
    }

    /// Entries from `first` on, up to `last` or up to `count_max`; from memory, else from the log.
    ///
    /// # Errors
    /// When the log does not hold them (any more), or cannot be read.
    pub fn read(&self, first: u64, last: u64, count_max: u64) -> storage::Result<Vec<Entry>> {
        assert!(first <= last && count_max > 0, "an empty range");
        let last = last.min(first + count_max - 1);
        let mut last_on_disk = last;
        if let Some(front) = self.entries.front().map(|entry| entry.index.get()) {
            if first >= front {
                if first - front >= self.entries.len() as u64 {
                    let held_last = front - 1 + self.entries.len() as u64;
                    return Err(storage::Error::NotInLog { first, last, held_first: front, held_last });
                }
                let from = (first - front) as usize;
                return Ok(self.entries.range(from..).take((last - first + 1) as usize).cloned().collect());
            }
            last_on_disk = last.min(front - 1);
        }
        let records = self.reader.read(first, last_on_disk, 4_096)?;
        Ok(records.into_iter().map(entry_from_record).collect())
    }
}

fn entry_from_record(record: Record) -> Entry {
    Entry {
        index: LogIndex::new(record.index),
        term: Term::new(record.term),
        kind: EntryKind::from_code(record.kind).expect("the log checks what it reads"),
        payload: record.payload,
    }
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
