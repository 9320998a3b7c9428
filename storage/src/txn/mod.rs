//! Transactions: a private write set, a snapshot to read from, and row locks.
//!
//! A [`Transaction`] is a value that one session drives. It does not wait, know isolation levels, or commit: the
//! caller takes and releases snapshots (REPEATABLE READ keeps one, READ COMMITTED takes one a statement), awaits
//! lock waits with its timeout, and hands the sealed entry to the sequencer.
//!
//! # The life of a write
//!
//! 1. Lock the row exclusively. If the lock must be waited for, the statement rolls back to its savepoint (locks
//!    stay), awaits the wait, and runs again from its start.
//! 2. Read it with [`View::Latest`]: the newest version, which may be pending. What was seen raises
//!    [`Transaction::seen`]; nothing computed from it may reach a client before the watermark is there.
//! 3. [`Transaction::put`] into the write set.
//! 4. COMMIT: [`Transaction::seal`] encodes the entry; under the sequencer's lock [`Sealed::check`],
//!    [`Sealed::finish`], [`Store::install`]; then [`Transaction::release_locks`], before the quorum has it.
//!
//! Because locks are released only after the versions are installed, who gets the lock next sees them as the latest.
//! Because the log is a prefix, a transaction that saw a pending version commits only if that commits first; if it is
//! cut off instead, [`Sealed::check`] refuses the later one.
//!
//! `scan` with [`View::Latest`] does not keep others from inserting: [`Transaction::lock_range`] does, see
//! [`range_locks`]. A transaction larger than one log entry is written to the log while it runs: see [`PartSink`].
//!
//! Left out, with the issue on the commit path: hot rows.

mod cursor;
mod deadlock;
mod held;
mod intervals;
mod large;
mod lock_mode;
mod locks;
mod prepare;
mod range_locks;
mod seal;
mod temporary;
mod write_set;
mod writers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

pub use self::cursor::Cursor;
pub use self::large::PartSink;
pub use self::lock_mode::LockMode;
pub use self::locks::{LockOutcome, LockStats, LockTable, LockWait, WaitPolicy, Waiting};
pub use self::prepare::{decode_mutations, encode_mutations, encoded_bytes};
pub use self::range_locks::{RangeKind, RangeMark, WriteKind};
pub use self::seal::Sealed;
pub use self::temporary::{Temporary, TemporaryBudget, is_temporary};
pub use self::write_set::Savepoint;

use self::held::HeldLocks;
use self::large::{Large, Making};
use self::locks::Standing;
use self::range_locks::HeldRanges;
use self::write_set::{Write, WriteSet};
use crate::engine::{Direction, KeyRange, Slice};
use crate::limits::LOCKS_PER_TRANSACTION_MAX;
use crate::version::{Latest, Snapshot, Store, WatermarkWait};
use crate::{Error, Result};

/// Which version of the store's rows a read sees. The transaction's own writes come before either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The snapshot that was taken; the newest committed version if none was.
    Snapshot,
    /// The newest version, pending ones included. Only meaningful for a row that the transaction has locked.
    Latest,
}

/// One transaction of one session.
pub struct Transaction {
    id: u64,
    store: Store,
    locks: LockTable,
    snapshot: Option<Snapshot>,
    writes: WriteSet,
    large: Large,
    held: HeldLocks,
    ranges: HeldRanges,
    /// The highest index that any read of latest versions saw.
    seen: u64,
    /// The store's epoch before the first of these reads: what the indexes seen mean.
    seen_epoch: u64,
    /// The keys of its session's temporary tables.
    temporary: Option<Box<temporary::Attached>>,
}

impl Transaction {
    /// Begins a transaction. `id` must not be that of any other transaction that is open on these locks.
    pub fn begin(store: &Store, locks: &LockTable, id: u64) -> Transaction {
        Transaction {
            id,
            store: store.clone(),
            locks: locks.clone(),
            snapshot: None,
            writes: WriteSet::default(),
            large: Large::default(),
            held: HeldLocks::default(),
            ranges: HeldRanges::default(),
            seen: 0,
            seen_epoch: 0,
            temporary: None,
        }
    }

    /// The transaction's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    // ---- Snapshot

    /// Takes a snapshot at the watermark, in place of the one before. Returns its index.
    pub fn take_snapshot(&mut self) -> u64 {
        // The old one is released after the new one is taken; at the same index this is cheapest.
        let snapshot = self.store.snapshot();
        let index = snapshot.index();
        self.snapshot = Some(snapshot);
        index
    }

    /// Releases the snapshot, if there is one.
    pub fn release_snapshot(&mut self) {
        self.snapshot = None;
    }

    /// The index of the snapshot.
    pub fn snapshot_index(&self) -> Option<u64> {
        self.snapshot.as_ref().map(Snapshot::index)
    }

    // ---- Reading

    /// The value of `key`: the transaction's own write, else what the view says.
    pub fn get(&mut self, key: &[u8], view: View) -> Result<Option<Slice>> {
        if is_temporary(key) {
            return Ok(self.temporary_get(key).map(Slice::from));
        }
        self.large.check()?;
        if let Some(write) = self.writes.get(key) {
            return Ok(written_value(write));
        }
        if let Some(staged) = self.large.staged() {
            if let Some(source) = staged.counter(key) {
                return Ok(Some(counter_value(source)));
            }
            if let Some(version) = staged.get(&self.store, key)? {
                return Ok(version.value.map(Slice::from));
            }
        }
        match view {
            View::Latest => Ok(self.latest(key)?.value),
            View::Snapshot => match &self.snapshot {
                Some(snapshot) => snapshot.get(key),
                None => Ok(self.store.read_committed(key)?.map(|(_, value)| value)),
            },
        }
    }

    /// The newest version of `key` in the store, without the transaction's own writes. Raises
    /// [`seen`](Transaction::seen).
    pub fn latest(&mut self, key: &[u8]) -> Result<Latest> {
        if is_temporary(key) {
            return Ok(Latest { index: 0, value: self.temporary_get(key).map(Slice::from) });
        }
        self.before_latest();
        let latest = self.store.read_latest(key)?;
        self.saw(latest.index);
        Ok(latest)
    }

    /// The index that wrote the newest version of `key`, pending ones included; 0 if there is none. The index of a
    /// deletion is known only while the deletion is in memory, which it is for as long as it matters to a snapshot.
    pub fn latest_index(&mut self, key: &[u8]) -> Result<u64> {
        Ok(self.latest(key)?.index)
    }

    /// True if `key` was written after the snapshot was taken: with first-updater-wins the transaction may not write
    /// it. False without a snapshot. To be asked once the row is locked.
    pub fn changed_since_snapshot(&mut self, key: &[u8]) -> Result<bool> {
        match self.snapshot_index() {
            Some(snapshot) => Ok(self.latest_index(key)? > snapshot),
            None => Ok(false),
        }
    }

    /// Scans `range`. With [`View::Snapshot`] and no snapshot taken, the scan has a snapshot of its own. With
    /// [`View::Latest`] rows are candidates: lock each, and read it again.
    pub fn scan(&self, range: KeyRange, direction: Direction, view: View) -> Cursor {
        if is_temporary(&range.start) {
            return Cursor::of_temporary(self.temporary_scan(range, direction), &self.store);
        }
        let scan = match (view, &self.snapshot) {
            (View::Snapshot, Some(snapshot)) => snapshot.scan(range.clone(), direction),
            (View::Snapshot, None) => self.store.snapshot().scan(range.clone(), direction),
            (View::Latest, _) => self.store.scan_latest(range.clone(), direction),
        };
        Cursor::new(scan, range, view == View::Latest)
    }

    /// The highest index of any version that a read of latest versions saw. What was computed from it may be told to
    /// a client once the watermark is there: see [`wait_for_seen`](Transaction::wait_for_seen).
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Waits until everything that was seen is committed; fails if some of it was cut off the log.
    pub fn wait_for_seen(&self) -> WatermarkWait {
        self.store.wait_for_since(self.seen, self.seen_epoch)
    }

    fn before_latest(&mut self) {
        if self.seen == 0 {
            self.seen_epoch = self.store.epoch();
        }
    }

    fn saw(&mut self, index: u64) {
        self.seen = self.seen.max(index);
    }

    // ---- Locks

    /// Locks `key`. A lock that is held already in this mode or a stronger one is granted at little cost. Fails with
    /// [`LockDeadlock`](crate::Error::LockDeadlock) if waiting would never end, and with
    /// [`LockNotAvailable`](crate::Error::LockNotAvailable) if the policy is not to wait.
    pub fn lock(&mut self, key: &[u8], mode: LockMode, policy: WaitPolicy) -> Result<LockOutcome> {
        if is_temporary(key) {
            return Ok(LockOutcome::Granted);
        }
        self.large.check()?;
        let id = self.locks.id_of(key);
        if self.held.covers(id, mode) {
            return Ok(LockOutcome::Granted);
        }
        if self.held.count() >= LOCKS_PER_TRANSACTION_MAX {
            return Err(Error::TooManyLocks { lock_count: self.held.count() });
        }
        let standing = Standing { may_hold: self.held.contains(id), holds_any: self.can_be_waited_for() };
        let mut outcome = self.locks.acquire(id, self.id, mode, policy, standing)?;
        match &mut outcome {
            LockOutcome::Granted => self.held.granted(id, mode),
            LockOutcome::Wait(wait) => {
                wait.set_key(key);
                self.held.waiting(id);
            }
            LockOutcome::Skipped => {}
        }
        Ok(outcome)
    }

    /// Tells the transaction that its wait for `key` has ended with the lock granted. Not necessary: locking the key
    /// again finds it held. It only saves that one look in the table.
    pub fn granted(&mut self, key: &[u8], mode: LockMode) {
        self.held.granted(self.locks.id_of(key), mode);
    }

    /// Number of locks that the transaction holds or has waited for.
    pub fn lock_count(&self) -> usize {
        self.held.count()
    }

    /// Locks `key` whatever others hold it: see [`LockTable::forget_all`]. Only for a leader that has not opened yet.
    pub fn seize(&mut self, key: &[u8], mode: LockMode) {
        let id = self.locks.id_of(key);
        self.locks.seize(id, self.id, mode);
        self.held.granted(id, mode);
        if mode == LockMode::Exclusive {
            // What it has written there is not in its write set, and must be met by who locks a range.
            self.note_write(&Bytes::copy_from_slice(key));
        }
    }

    /// Releases one lock, and gives up a wait for it. A transaction that writes releases its locks only at its end; this is for holders
    /// of locks that guard no rows.
    pub fn release(&mut self, key: &[u8]) {
        let id = self.locks.id_of(key);
        if let Some(may_wait) = self.held.remove(id) {
            self.locks.release(id, self.id, may_wait);
        }
    }

    /// Releases every lock, those on ranges included. After a commit this is done once the versions are installed.
    pub fn release_locks(&mut self) {
        self.release_ranges();
        for (id, may_wait) in self.held.take() {
            self.locks.release(id, self.id, may_wait);
        }
    }

    // ---- Writing

    /// Writes `key`. The caller holds its lock, and then asks [`meet_ranges`](Transaction::meet_ranges).
    pub fn put(&mut self, key: Bytes, value: Bytes) {
        self.set(key, Write::Put(value));
    }

    /// Deletes `key`. As for [`put`](Transaction::put).
    pub fn delete(&mut self, key: Bytes) {
        self.set(key, Write::Delete);
    }

    /// Writes the number that `source` has when the transaction is sequenced, 8 bytes big endian. For
    /// AUTO_INCREMENT's high-water mark, which must not go backwards in the log whatever order transactions commit in.
    /// Needs no lock.
    pub fn put_counter(&mut self, key: Bytes, source: Arc<AtomicU64>) {
        self.writes.set(key, Write::Counter(source));
    }

    fn set(&mut self, key: Bytes, write: Write) {
        if is_temporary(&key) {
            let value = match write {
                Write::Put(value) => Some(value),
                Write::Delete | Write::Counter(_) => None,
            };
            return self.temporary_set(key, value);
        }
        let noted = key.clone();
        self.writes.set(key, write);
        self.note_write(&noted);
        let making = Making { store: &self.store, seen: self.seen, epoch: self.seen_epoch };
        self.large.after_write(&mut self.writes, &making);
    }

    /// From now on a write set that takes `bytes_max` bytes of memory is staged: it goes to `sink` in parts. Without this, all of it
    /// has to fit into one log entry.
    pub fn stream_to(&mut self, sink: Box<dyn PartSink>, bytes_max: usize) {
        self.large.stream_to(sink, bytes_max);
    }

    /// Whether there is a sink.
    pub fn is_streaming(&self) -> bool {
        self.large.is_streaming()
    }

    /// Whether some of the writes are staged in the log: the transaction is larger than one entry.
    pub fn is_staged(&self) -> bool {
        self.large.staged().is_some()
    }

    /// A place to roll the write set back to, until it is [released](Transaction::release_savepoint).
    pub fn savepoint(&mut self) -> Savepoint {
        let savepoint = self.writes.savepoint();
        self.large.savepoint(savepoint);
        savepoint.with_temporary(self.temporary_count())
    }

    /// Undoes every write since `savepoint`, which stays. Locks stay.
    pub fn rollback_to(&mut self, savepoint: Savepoint) {
        self.temporary_rollback_to(savepoint.temporary_count());
        let savepoint = savepoint.with_temporary(0);
        let mut noted = self.noted_writes();
        noted.retain(|key| self.writes.get(key).is_some());
        self.large.rollback_to(savepoint, &mut self.writes);
        noted.retain(|key| self.writes.get(key).is_none());
        // What left the write set may be staged still.
        if !self.is_staged() {
            self.forget_writes(&noted);
        }
    }

    /// Nobody will roll back to `savepoint` any more. Not necessary, but a savepoint that is kept makes a large transaction
    /// keep what it may bring back.
    pub fn release_savepoint(&mut self, savepoint: Savepoint) {
        self.large.release(savepoint.with_temporary(0));
    }

    /// From now on the write set stays in memory, unless some of it is staged already. For a transaction that is prepared: it is one
    /// entry when it is finished.
    pub fn stop_streaming(&mut self) {
        self.large.stop_streaming();
    }

    /// The sealed entry has its place in the log: what is staged belongs to it.
    pub fn sequenced(&mut self) {
        self.large.has_outcome();
    }

    /// Undoes every write and releases every lock and the snapshot.
    pub fn rollback(&mut self) {
        self.temporary_rollback_to(0);
        self.writes.clear();
        self.large.end();
        self.release_snapshot();
        self.release_locks();
    }

    /// True if anything was written.
    pub fn has_writes(&self) -> bool {
        !self.writes.is_empty() || self.is_staged()
    }

    /// Number of keys written and not staged.
    pub fn write_count(&self) -> usize {
        self.writes.count()
    }

    /// Keys and values written and not staged, in bytes.
    pub fn write_bytes(&self) -> usize {
        self.writes.bytes()
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.temporary_rollback_to(0);
        self.large.end();
        self.release_locks();
    }
}

/// The value that a write gives its key, as the transaction itself sees it.
fn written_value(write: &Write) -> Option<Slice> {
    match write {
        Write::Put(value) => Some(Slice::from(value.clone())),
        Write::Delete => None,
        Write::Counter(source) => Some(counter_value(source)),
    }
}

fn counter_value(source: &AtomicU64) -> Slice {
    Slice::from(&source.load(Ordering::Acquire).to_be_bytes()[..])
}
