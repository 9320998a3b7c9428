//! [`Sealed`]: a transaction's log entry, encoded before it is its turn to be sequenced.
//!
//! Everything that costs time (encoding, copying) is done by [`Transaction::seal`] on the session's own time. Under the
//! sequencer's lock only [`Sealed::check`] and [`Sealed::finish`] run: they fill in what only the sequencer can
//! know, and cut the mutations out of the entry as slices.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::Transaction;
use super::large::Making;
use super::write_set::Write;
use crate::format::{EntryBuilder, EntryHeader, EntryKind, EntryView, LateValue, Mutation};
use crate::limits::ENTRY_BYTES_MAX;
use crate::version::Store;
use crate::{Error, Result};

/// What an encoded mutation takes at most beside its key and value, for a guess at the size of the entry.
const MUTATION_OVERHEAD_BYTES: usize = 10;

/// An entry that is ready for the log except for its late values.
pub struct Sealed {
    builder: EntryBuilder,
    late: Vec<(LateValue, Arc<AtomicU64>)>,
    store: Store,
    seen: u64,
    epoch: u64,
    is_plain: bool,
}

impl Transaction {
    /// Encodes the write set. It stays as it is, so a refused transaction can still be rolled back to a savepoint.
    /// [`Error::TooLarge`] if it does not fit in one log entry.
    ///
    /// Of a transaction that is staged, this stages the rest, which may block, and gives the entry of its outcome.
    pub fn seal(&mut self, header: EntryHeader) -> Result<Sealed> {
        let making = Making { store: &self.store, seen: self.seen, epoch: self.seen_epoch };
        if let Some(sealed) = self.large.seal(&mut self.writes, header, &making)? {
            return Ok(sealed);
        }
        let bytes = self.writes.bytes() + self.writes.count() * MUTATION_OVERHEAD_BYTES;
        let mut builder = EntryBuilder::with_capacity(header, bytes);
        let mut late = Vec::new();
        for (key, write) in self.writes.iter() {
            match write {
                Write::Put(value) => builder.put(key, value),
                Write::Delete => builder.delete(key),
                Write::Counter(source) => late.push((builder.put_late_u64(key), Arc::clone(source))),
            }
        }
        if builder.len() > ENTRY_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "the transaction",
                bytes: builder.len() as u64,
                bytes_max: ENTRY_BYTES_MAX as u64,
            });
        }
        let is_plain = header.kind == EntryKind::Transaction && header.flags == 0;
        let making = Making { store: &self.store, seen: self.seen, epoch: self.seen_epoch };
        Ok(Sealed { is_plain, ..Sealed::new(builder, late, &making) })
    }
}

impl Sealed {
    pub(super) fn new(
        builder: EntryBuilder,
        late: Vec<(LateValue, Arc<AtomicU64>)>,
        making: &Making<'_>,
    ) -> Sealed {
        Sealed {
            is_plain: false,
            builder,
            late,
            store: making.store.clone(),
            seen: making.seen,
            epoch: making.epoch,
        }
    }

    /// The size of the entry, in bytes.
    pub fn payload_bytes(&self) -> usize {
        self.builder.len()
    }

    /// Whether the entry is a transaction and nothing else: once it is installed, only the watermark has to move for it.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The highest index that the transaction has read a pending version of; 0 if it has read none.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// [`Error::WriteConflict`] if something that the transaction has read was pending and was then cut off the log: it
    /// must not commit what it computed from that. To be asked under the sequencer's lock, before `finish`.
    pub fn check(&self) -> Result<()> {
        if self.seen > 0 && self.store.is_truncated(self.seen, self.epoch) {
            return Err(Error::WriteConflict);
        }
        Ok(())
    }

    /// Sets the commit time of the entry, if the sequencer decides it.
    pub fn set_commit_time_us(&mut self, commit_time_us: u64) {
        self.builder.set_commit_time_us(commit_time_us);
    }

    /// Fills in the late values, and returns the entry and its mutations as slices of it.
    pub fn finish(mut self) -> (Bytes, Vec<Mutation>) {
        for (late, source) in self.late {
            self.builder.patch(late, source.load(Ordering::Acquire));
        }
        let mut mutations = Vec::with_capacity(self.builder.mutation_count() as usize);
        let payload = self.builder.finish();
        let view = EntryView::parse(payload.clone()).expect("the entry was just encoded");
        mutations.extend(view.mutations().map(|mutation| mutation.expect("the entry was just encoded")));
        (payload, mutations)
    }
}
