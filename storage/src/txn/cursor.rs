//! [`Cursor`]: a scan as a transaction sees it, with its own writes laid over the store's rows.
//!
//! The cursor does not borrow the transaction, so that rows can be locked and written while it is open. A write made
//! behind the cursor is not seen; one ahead of it is. What it shows of the store is that of its view; see
//! [`StoreScan`].

use bytes::Bytes;

use super::Transaction;
use super::write_set::Write;
use crate::Result;
use crate::engine::{Direction, KeyRange, Slice};
use crate::version::{ScanRow, StoreScan};

/// A scan in progress, made by [`Transaction::scan`].
pub struct Cursor {
    scan: StoreScan,
    range: KeyRange,
    direction: Direction,
    /// The next row of the store.
    row: Option<ScanRow>,
    scan_ended: bool,
    /// The transaction's own next write behind `last`, as of the version of its write set.
    own: Option<(Bytes, Write)>,
    own_version: Option<u64>,
    /// The last key that was decided on, if there was one.
    last: Vec<u8>,
    has_last: bool,
    is_latest: bool,
}

impl Cursor {
    pub(super) fn new(scan: StoreScan, range: KeyRange, is_latest: bool) -> Cursor {
        let direction = scan.direction();
        Cursor {
            scan,
            range,
            direction,
            row: None,
            scan_ended: false,
            own: None,
            own_version: None,
            last: Vec::new(),
            has_last: false,
            is_latest,
        }
    }

    /// The next row, key and value, or `None` at the end of the range. `txn` is the transaction that opened the
    /// cursor.
    pub fn next(&mut self, txn: &mut Transaction) -> Result<Option<(Slice, Slice)>> {
        loop {
            if self.row.is_none() && !self.scan_ended {
                if self.is_latest {
                    txn.before_latest();
                }
                self.row = self.scan.next()?;
                self.scan_ended = self.row.is_none();
                if self.is_latest {
                    txn.saw(self.scan.seen());
                }
            }
            self.look_at_own(txn);
            let own_is_next = match (&self.own, &self.row) {
                (None, None) => return Ok(None),
                (None, Some(_)) => false,
                (Some(_), None) => true,
                (Some((own, _)), Some((key, _, _))) => match self.direction {
                    Direction::Forward => own[..] <= key[..],
                    Direction::Backward => own[..] >= key[..],
                },
            };
            if !own_is_next {
                let Some((key, _, value)) = self.row.take() else { continue };
                self.passed(&key);
                return Ok(Some((key, value)));
            }
            let Some((key, write)) = self.own.take() else { continue };
            self.own_version = None;
            if self.row.as_ref().is_some_and(|(row, _, _)| row[..] == key[..]) {
                self.row = None;
            }
            let key = Slice::from(key);
            self.passed(&key);
            if let Some(value) = super::written_value(&write) {
                return Ok(Some((key, value)));
            }
        }
    }

    /// Notes a key as the last one; a buffer that is kept, since most scans never ask for it.
    fn passed(&mut self, key: &[u8]) {
        self.last.clear();
        self.last.extend_from_slice(key);
        self.has_last = true;
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
