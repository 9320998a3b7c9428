//! [`Cursor`]: a scan as a transaction sees it, with its own writes laid over the store's rows.
//!
//! The cursor does not borrow the transaction, so that rows can be locked and written while it is open. A write made
//! behind the cursor is not seen; one ahead of it is. What it shows of the store is that of its view; see
//! [`StoreScan`].

use bytes::Bytes;

use super::Transaction;
use super::temporary::TemporaryScan;
use super::write_set::Write;
use crate::Result;
use crate::engine::{Direction, KeyRange, RowBuffer, Slice, key_after};
use crate::staging;
use crate::version::{Store, StoreScan};

/// Where a row of a cursor comes from, newest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Own,
    Staged,
    Store,
}

/// A scan in progress, made by [`Transaction::scan`].
pub struct Cursor {
    scan: StoreScan,
    range: KeyRange,
    direction: Direction,
    /// The next row of the store, if `has_row`.
    row: RowBuffer,
    has_row: bool,
    scan_ended: bool,
    /// The transaction's own next write behind `last`, as of the version of its write set.
    own: Option<(Bytes, Write)>,
    own_version: Option<u64>,
    /// The last key that was decided on, if there was one.
    last: Vec<u8>,
    has_last: bool,
    is_latest: bool,
    /// The transaction's own staged rows behind `last`, as of the version of what is staged.
    staged: Option<StoreScan>,
    staged_row: Option<(Bytes, Option<Bytes>)>,
    staged_version: Option<u64>,
    /// A scan of temporary tables' keys, in place of everything else.
    temporary: Option<Box<TemporaryScan>>,
}

impl Cursor {
    pub(super) fn new(scan: StoreScan, range: KeyRange, is_latest: bool) -> Cursor {
        let direction = scan.direction();
        Cursor {
            scan,
            range,
            direction,
            row: RowBuffer::new(),
            has_row: false,
            scan_ended: false,
            own: None,
            own_version: None,
            last: Vec::new(),
            has_last: false,
            is_latest,
            staged: None,
            staged_row: None,
            staged_version: None,
            temporary: None,
        }
    }

    /// A scan of temporary tables' keys.
    pub(super) fn of_temporary(scan: TemporaryScan, store: &Store) -> Cursor {
        let nothing = KeyRange::new(Bytes::from_static(b"\0"), Bytes::from_static(b"\0"));
        let of_store = store.scan_latest(nothing.clone(), Direction::Forward);
        Cursor { temporary: Some(Box::new(scan)), ..Cursor::new(of_store, nothing, false) }
    }

    /// The next row, key and value, or `None` at the end of the range. `txn` is the transaction that opened the
    /// cursor.
    pub fn next(&mut self, txn: &mut Transaction) -> Result<Option<(Slice, Slice)>> {
        let mut found = RowBuffer::new();
        let is_there = self.next_into(txn, &mut found)?;
        Ok(is_there.then(|| (Slice::from(found.key()), Slice::from(found.value()))))
    }

    /// The next row, into `found`, whose stamp then says nothing; false at the end of the range.
    pub fn next_into(&mut self, txn: &mut Transaction, found: &mut RowBuffer) -> Result<bool> {
        if let Some(temporary) = &mut self.temporary {
            return Ok(temporary.next_into(found));
        }
        loop {
            if !self.has_row && !self.scan_ended {
                if self.is_latest {
                    txn.before_latest();
                }
                self.has_row = self.scan.next_into(&mut self.row)?;
                self.scan_ended = !self.has_row;
                if self.is_latest {
                    txn.saw(self.scan.seen());
                }
            }
            self.look_at_own(txn);
            self.look_at_staged(txn)?;
            let Some(source) = self.next_source() else { return Ok(false) };
            if source == Source::Store {
                self.has_row = false;
                std::mem::swap(found, &mut self.row);
                self.passed(found.key());
                return Ok(true);
            }
            if source == Source::Staged {
                let Some((key, value)) = self.staged_row.take() else { continue };
                self.decided(&key);
                if let Some(value) = value {
                    found.set(&key, 0, &value);
                    return Ok(true);
                }
                continue;
            }
            let Some((key, write)) = self.own.take() else { continue };
            self.own_version = None;
            self.decided(&key);
            if let Some(value) = super::written_value(&write) {
                found.set(&key, 0, &value);
                return Ok(true);
            }
        }
    }

    /// Notes a key as the last one; a buffer that is kept, since most scans never ask for it.
    fn passed(&mut self, key: &[u8]) {
        self.last.clear();
        self.last.extend_from_slice(key);
        self.has_last = true;
    }

    /// Where the next key comes from. What is in the write set is newer than what is staged, and that newer than what the store
    /// has.
    fn next_source(&self) -> Option<Source> {
        if self.own.is_none() && self.staged_row.is_none() {
            return self.has_row.then_some(Source::Store);
        }
        let own = self.own.as_ref().map(|(key, _)| &key[..]);
        let staged = self.staged_row.as_ref().map(|(key, _)| &key[..]);
        let row = self.has_row.then(|| self.row.key());
        let mut next: Option<(&[u8], Source)> = None;
        for (key, source) in [(own, Source::Own), (staged, Source::Staged), (row, Source::Store)] {
            let Some(key) = key else { continue };
            let is_before = next.is_none_or(|(first, _)| match self.direction {
                Direction::Forward => key < first,
                Direction::Backward => key > first,
            });
            if is_before {
                next = Some((key, source));
            }
        }
        next.map(|(_, source)| source)
    }

    /// Passes over what older sources have of `key`.
    fn decided(&mut self, key: &[u8]) {
        self.staged_row.take_if(|(staged, _)| staged[..] == *key);
        self.has_row &= self.row.key() != key;
        self.passed(key);
    }

    /// Makes `staged_row` the next row that the transaction has staged, if it has staged anything.
    fn look_at_staged(&mut self, txn: &Transaction) -> Result<()> {
        let Some(staged) = txn.large.staged() else { return Ok(()) };
        if self.staged_version != Some(staged.version()) {
            self.staged_version = Some(staged.version());
            self.staged_row = None;
            let mut range = self.range.clone();
            match (self.has_last, self.direction) {
                (true, Direction::Forward) => range.start = key_after(&self.last),
                (true, Direction::Backward) => range.end = Bytes::copy_from_slice(&self.last),
                (false, _) => {}
            }
            self.staged = (!range.is_empty()).then(|| staged.scan(&txn.store, &range, self.direction));
        }
        while self.staged_row.is_none()
            && let Some(scan) = &mut self.staged
        {
            let Some((staged_key, _, row)) = scan.next()? else {
                self.staged = None;
                break;
            };
            if let Some(version) = staged.current(&row.into_bytes())? {
                self.staged_row = Some((staging::key_of(&staged_key.into_bytes()), version.value));
            }
        }
        Ok(())
    }

    /// Makes `own` the transaction's next write, if the write set is not the one that was looked at.
    fn look_at_own(&mut self, txn: &Transaction) {
        let version = txn.writes.version();
        if self.own_version != Some(version) {
            let next =
                txn.writes.next_in(&self.range, self.direction, self.has_last.then_some(&self.last[..]));
            self.own = next.map(|(key, write)| (key.clone(), write.clone()));
            self.own_version = Some(version);
        }
    }
}
