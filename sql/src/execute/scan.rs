//! Reading a table by one of its indexes, with or without locks.
//!
//! A plain read sees the statement's view. Columns that nobody reads are not decoded, and the row is not fetched where the
//! index alone has what is wanted.
//!
//! A locking read looks for candidates first, then locks the row's primary key, then reads the row again under the lock
//! and checks all conditions again: what was seen before the lock may have changed since. Candidates are the newest
//! versions; but where rows are to be changed and first-updater-wins applies, they are those of the transaction's
//! snapshot, and a row that changed since is error 1213. A lock that must be waited for suspends the statement, which then
//! runs again from its start.
//!
//! What is not there can be locked too ([`Locking`](super::Locking)). A locking read that scans a range then keeps others
//! from inserting into it, and one of a single unique key that finds nothing locks the key. Under SERIALIZABLE the range also
//! stands for the rows in it: no other transaction changes them, so a plain read locks no row of the primary index, and
//! rows that do not match a condition need no lock either. A row that is read by way of another index is locked itself,
//! since the range is one of entries. A scan that ends before its range does keeps only what it has looked at.

use std::sync::Arc;

use bytes::Bytes;
use storage::engine::{Direction, KeyRange, RowBuffer};
use storage::txn::{Cursor, LockMode, LockOutcome, RangeKind, RangeMark, View, WaitPolicy, WriteKind};

use crate::catalog::Table;
use crate::codec::key::{decode_index_columns, row_key_from_index_entry};
use crate::codec::{Cell, ColumnSet, RowReader, Zone};
use crate::dml::write::meet_ranges;
use crate::error::Error;
use crate::execute::operator::all_true;
use crate::execute::ranges::{Ranges, resolve};
use crate::execute::{Context, Interrupt, Run, Suspend};
use crate::limits::ROWS_BETWEEN_CHECKS;
use crate::plan::{RowLock, ScanPlan};
use crate::types::Value;
use crate::variables::Isolation;

/// How often a unique entry may lead elsewhere after its row was locked before the scan gives up.
const UNIQUE_RETRIES_MAX: usize = 16;

/// A scan of a table.
pub struct ScanOperator<'p> {
    plan: &'p ScanPlan,
    ranges: Pending,
    cursor: Option<Cursor>,
    degraded: bool,
    view: View,
    zone: Zone,
    /// Values of one index entry, before they move to their slots.
    scratch: Vec<Value>,
    until_check: u32,
    /// Primary key of the row last given, in a locking read.
    locked_key: Option<Bytes>,
    /// A plain read that keeps what it saw as it is.
    shared: bool,
    /// The range that the cursor reads, if it was locked for that.
    locked_range: Option<(RangeMark, KeyRange)>,
    /// The key that the cursor gave last, in a locked range.
    last_key: Option<Vec<u8>>,
    /// What was found last: a row of the primary index or an entry of another.
    found: RowBuffer,
    /// Of a partitioned table: the partition that is read.
    leaf: Option<Arc<Table>>,
    /// The partitions to be read after it.
    leaves: Vec<Arc<Table>>,
    /// What is read of each, as keys of the table's own indexes.
    of_leaves: Ranges,
}

/// The lock on a row of a plain read that keeps what it saw as it is.
const SHARED: RowLock = RowLock { mode: LockMode::Shared, policy: WaitPolicy::Wait, for_change: false };

/// What is left to read.
enum Pending {
    None,
    Point(Bytes),
    /// In reverse order of reading.
    Points(Vec<Bytes>),
    Ranges(Vec<KeyRange>),
}

/// What a scan meets next.
enum Entry {
    End,
    /// A key to be looked up.
    Point(Bytes),
    /// What is in `found` now.
    Found,
}

/// Whether the transaction refuses to change rows that changed since its snapshot.
#[must_use]
pub fn first_updater_wins(ctx: &Context) -> bool {
    let variables = &ctx.session.variables;
    let applies = match ctx.locking.isolation {
        Isolation::RepeatableRead => variables.snapshot_conflict && ctx.session.in_transaction,
        Isolation::ReadCommitted | Isolation::Serializable => false,
    };
    applies && ctx.txn.snapshot_index().is_some()
}

impl<'p> ScanOperator<'p> {
    /// A scan, not open yet.
    #[must_use]
    pub fn new(plan: &'p ScanPlan) -> ScanOperator<'p> {
        ScanOperator {
            plan,
            ranges: Pending::None,
            cursor: None,
            degraded: false,
            view: View::Snapshot,
            zone: Zone::UTC,
            scratch: Vec::new(),
            until_check: ROWS_BETWEEN_CHECKS,
            locked_key: None,
            shared: false,
            locked_range: None,
            last_key: None,
            found: RowBuffer::new(),
            leaf: None,
            leaves: Vec::new(),
            of_leaves: Ranges::Empty,
        }
    }

    /// Whether the index conditions could not be used as planned.
    #[must_use]
    pub fn degraded(&self) -> bool {
        self.degraded
    }

    /// Whether its rows can be had as they are stored, by [`next_stored`](ScanOperator::next_stored): once it is open, if its plan
    /// [says so](ScanPlan::gives_stored_rows), it locks nothing, and its index conditions hold as planned.
    #[must_use]
    pub fn gives_stored_rows(&self) -> bool {
        !self.degraded && !self.shared
    }

    /// Takes the primary key of the row last given, in a locking read.
    pub fn take_locked_key(&mut self) -> Option<Bytes> {
        self.locked_key.take()
    }

    /// Starts over.
    ///
    /// # Errors
    /// Those of evaluating the index conditions.
    pub fn open(&mut self, ctx: &mut Context, row: &[Value]) -> Run<()> {
        self.shared = self.plan.lock.is_none() && ctx.locking.reads;
        self.view = match self.plan.lock {
            None if self.shared => View::Latest,
            None => ctx.view,
            Some(RowLock { for_change: true, .. }) if first_updater_wins(ctx) => View::Snapshot,
            Some(_) => View::Latest,
        };
        self.zone = Zone::of(ctx.session);
        self.cursor = None;
        self.locked_range = None;
        let resolved = resolve(self.plan, row, ctx)?;
        self.degraded = resolved.degraded;
        match &self.plan.table.partitioned {
            None => self.begin(resolved.ranges, ctx),
            Some(partitioned) => {
                let (table, pruning) = (&self.plan.table, &self.plan.access.pruning);
                let kept = super::partition::kept(table, partitioned, pruning, row, ctx)?;
                let leaves = partitioned.leaves(table)?;
                self.leaves = kept.iter().rev().filter_map(|kept| leaves.get(*kept)).cloned().collect();
                (self.leaf, self.of_leaves) = (None, resolved.ranges);
                self.ranges = Pending::None;
                Ok(())
            }
        }
    }

    /// Goes to the next partition; false when there is none.
    fn next_leaf(&mut self, ctx: &mut Context) -> Run<bool> {
        let Some(leaf) = self.leaves.pop() else { return Ok(false) };
        let access = &self.plan.access;
        let (from, to) = (self.plan.table.indexes[access.index].id, leaf.indexes[access.index].id);
        let ranges = self.of_leaves.moved(from, to);
        self.leaf = Some(leaf);
        self.begin(ranges, ctx)?;
        Ok(true)
    }

    /// The table whose keys are read.
    fn table(&self) -> &Table {
        self.leaf.as_ref().unwrap_or(&self.plan.table)
    }

    /// Starts on the keys of the table, or of a partition.
    fn begin(&mut self, ranges: Ranges, ctx: &mut Context) -> Run<()> {
        let backward = self.plan.access.direction == Direction::Backward;
        self.ranges = match ranges {
            Ranges::Empty => Pending::None,
            Ranges::Point(key) => Pending::Point(key),
            Ranges::Points(mut keys) => {
                if !backward {
                    keys.reverse();
                }
                Pending::Points(keys)
            }
            Ranges::One(range) => {
                self.open_range(range, ctx)?;
                Pending::None
            }
            Ranges::Many(mut ranges) => {
                if !backward {
                    ranges.reverse();
                }
                Pending::Ranges(ranges)
            }
        };
        Ok(())
    }

    /// Fills the table's slots with the next row; false at the end.
    ///
    /// # Errors
    /// Those of reading and of conditions; suspends for a lock.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        loop {
            self.until_check -= 1;
            if self.until_check == 0 {
                self.until_check = ROWS_BETWEEN_CHECKS;
                ctx.check()?;
            }
            let found = match self.next_entry(ctx)? {
                Entry::End => return Ok(false),
                Entry::Found => {
                    let entry = std::mem::take(&mut self.found);
                    let found = self.entry(entry.key(), entry.value(), ctx, row);
                    self.found = entry;
                    found?
                }
                Entry::Point(key) => self.point(&key, ctx, row)?,
            };
            if found {
                return Ok(true);
            }
        }
    }

    /// Goes to the next row of a scan that [`gives_stored_rows`](ScanOperator::gives_stored_rows): [`stored`](ScanOperator::stored) has it
    /// then. False at the end.
    ///
    /// # Errors
    /// Those of reading.
    pub fn next_stored(&mut self, ctx: &mut Context) -> Run<bool> {
        loop {
            self.until_check -= 1;
            if self.until_check == 0 {
                self.until_check = ROWS_BETWEEN_CHECKS;
                ctx.check()?;
            }
            match self.next_entry(ctx)? {
                Entry::End => return Ok(false),
                Entry::Found => {}
                Entry::Point(key) => match ctx.txn.get(&key, self.view)? {
                    Some(value) => self.found.set(&key, 0, &value),
                    None => continue,
                },
            }
            let access = &self.plan.access;
            if access.index == 0 {
                return Ok(true);
            }
            let table = self.table();
            let index = &table.indexes[access.index];
            let (key, value) = (self.found.key(), self.found.value());
            let row_key = row_key_from_index_entry(table, index, key, value)?;
            if let Some(row) = ctx.txn.get(&row_key, self.view)? {
                self.found.set(&row_key, 0, &row);
                return Ok(true);
            }
        }
    }

    /// The row as it is stored, key and value, that [`next_stored`](ScanOperator::next_stored) went to.
    #[must_use]
    pub fn stored(&self) -> (&[u8], &[u8]) {
        (self.found.key(), self.found.value())
    }

    /// A row read by [`next_stored`](ScanOperator::next_stored): calls `place` with each wanted column.
    ///
    /// # Errors
    /// When the bytes are no row.
    pub fn read_stored(&self, key: &[u8], stored: &[u8], place: impl FnMut(usize, Cell)) -> Run<()> {
        Ok(self.plan.reader.read(&self.plan.table, key, stored, self.zone, place)?)
    }

    /// What comes next, in the order of the index: a key that is not looked up yet, or an entry that a cursor gave.
    fn next_entry(&mut self, ctx: &mut Context) -> Run<Entry> {
        loop {
            if let Some(cursor) = &mut self.cursor {
                if cursor.next_into(ctx.txn, &mut self.found)? {
                    if self.locked_range.is_some() {
                        let last = self.last_key.get_or_insert_default();
                        last.clear();
                        last.extend_from_slice(self.found.key());
                    }
                    return Ok(Entry::Found);
                }
                (self.cursor, self.locked_range) = (None, None);
            }
            match &mut self.ranges {
                Pending::None => {
                    if !self.next_leaf(ctx)? {
                        return Ok(Entry::End);
                    }
                }
                Pending::Ranges(ranges) => match ranges.pop() {
                    Some(range) => self.open_range(range, ctx)?,
                    None => self.ranges = Pending::None,
                },
                Pending::Points(keys) => match keys.pop() {
                    Some(key) => return Ok(Entry::Point(key)),
                    None => self.ranges = Pending::None,
                },
                Pending::Point(_) => match std::mem::replace(&mut self.ranges, Pending::None) {
                    Pending::Point(key) => return Ok(Entry::Point(key)),
                    Pending::None | Pending::Points(_) | Pending::Ranges(_) => return Ok(Entry::End),
                },
            }
        }
    }

    /// Ends the scan before its last row.
    pub fn stop(&mut self, ctx: &mut Context) {
        self.cursor = None;
        self.ranges = Pending::None;
        self.leaves.clear();
        let (Some((mark, range)), Some(last)) = (self.locked_range.take(), self.last_key.take()) else {
            return;
        };
        let read = match self.plan.access.direction {
            Direction::Forward => KeyRange::new(range.start, KeyRange::point(&last).end),
            Direction::Backward => KeyRange::new(Bytes::copy_from_slice(&last), range.end),
        };
        ctx.txn.shrink_range(mark, &read);
    }

    /// Begins to read a range, locking it if it is to be.
    fn open_range(&mut self, range: KeyRange, ctx: &mut Context) -> Run<()> {
        (self.locked_range, self.last_key) = (None, None);
        let lock = match self.plan.lock {
            // Nobody else can come to it.
            _ if self.plan.table.is_temporary() => None,
            Some(lock) => ctx.locking.ranges.map(|kind| (kind, lock.policy)),
            None => self.shared.then_some((RangeKind::Writes, WaitPolicy::Wait)),
        };
        if let Some((kind, policy)) = lock {
            // A scan of the snapshot would not see what the writers there come to; nor does one that skips what is locked.
            let policy = if self.view == View::Snapshot { WaitPolicy::SkipLocked } else { policy };
            let mark = ctx.txn.range_mark();
            match ctx.txn.lock_range(&range, kind, policy)? {
                LockOutcome::Granted | LockOutcome::Skipped => {}
                LockOutcome::Wait(wait) => return Err(Interrupt::Suspend(Suspend::Lock(wait))),
            }
            self.locked_range = Some((mark, range.clone()));
        }
        self.cursor = Some(ctx.txn.scan(range, self.plan.access.direction, self.view));
        Ok(())
    }

    /// A single key of the primary or a unique index.
    fn point(&mut self, key: &Bytes, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        let primary = self.plan.access.index == 0;
        if self.shared {
            // Nobody inserts or changes what has this key, also where there is nothing.
            take_lock(key, SHARED, ctx)?;
        }
        match (self.plan.lock, primary) {
            (None, _) => match ctx.txn.get(key, self.view)? {
                Some(value) => self.plain(key, &value, ctx, row),
                None => Ok(false),
            },
            (Some(lock), true) => self.locked(key.clone(), lock, None, ctx, row),
            (Some(lock), false) => self.locked_unique(key, lock, ctx, row),
        }
    }

    /// An entry that the cursor gave.
    fn entry(&mut self, key: &[u8], value: &[u8], ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        let Some(lock) = self.plan.lock else {
            return self.plain(key, value, ctx, row);
        };
        // What a row was when it matched: one that is still so under its lock is not asked again, whose answer may be another then.
        let found;
        let mut seen = None;
        let row_key = if self.plan.access.index == 0 {
            self.read_row(&self.plan.reader_checked, key, value, row)?;
            if !self.matches(true, ctx, row)? {
                return Ok(false);
            }
            seen = Some(value);
            Bytes::copy_from_slice(key)
        } else {
            let table = self.table();
            let index = &table.indexes[self.plan.access.index];
            let row_key = row_key_from_index_entry(table, index, key, value)?;
            // Rows that do not match are not locked, unless they must not come to match.
            if ctx.locking.ranges != Some(RangeKind::Writes) {
                found = ctx.txn.get(&row_key, self.view)?;
                match &found {
                    Some(found) if self.decode_and_match(&row_key, found, ctx, row)? => seen = Some(&**found),
                    Some(_) | None => return Ok(false),
                }
            }
            row_key
        };
        self.locked(row_key, lock, seen, ctx, row)
    }

    /// A row of a plain read, by a row of the primary index or an entry of another.
    fn plain(&mut self, key: &[u8], value: &[u8], ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        let (plan, access) = (self.plan, &self.plan.access);
        let (wanted, reader, covering) = if self.degraded {
            (&plan.wanted_checked, &plan.reader_checked, access.covering_checked)
        } else {
            (&plan.wanted, &plan.reader, access.covering)
        };
        if access.index == 0 {
            self.read_row(reader, key, value, row)?;
        } else {
            let index = &plan.table.indexes[access.index];
            if covering {
                decode_index_columns(&plan.table, index, key, value, wanted, self.zone, &mut self.scratch)?;
                self.fill(wanted, row);
            } else {
                let row_key = row_key_from_index_entry(self.table(), index, key, value)?;
                if self.shared {
                    take_lock(&row_key, SHARED, ctx)?;
                }
                let Some(found) = ctx.txn.get(&row_key, self.view)? else {
                    return Ok(false);
                };
                self.read_row(reader, &row_key, &found, row)?;
            }
        }
        self.matches(self.degraded, ctx, row)
    }

    /// Reads a row of the table into its slots.
    fn read_row(&self, reader: &RowReader, key: &[u8], stored: &[u8], row: &mut [Value]) -> Run<()> {
        let slots = &mut row[self.plan.base..];
        let place = |column: usize, cell: Cell| slots[column] = cell.into_value(stored);
        Ok(reader.read(&self.plan.table, key, stored, self.zone, place)?)
    }

    /// Moves the wanted values of an index entry to their slots.
    fn fill(&mut self, wanted: &ColumnSet, row: &mut [Value]) {
        let base = self.plan.base;
        for column in 0..wanted.end() {
            if wanted.contains(column) {
                row[base + column] = std::mem::replace(&mut self.scratch[column], Value::Null);
            }
        }
    }

    fn matches(&self, with_implied: bool, ctx: &mut Context, row: &[Value]) -> Run<bool> {
        if with_implied && !all_true(&self.plan.implied, row, ctx)? {
            return Ok(false);
        }
        all_true(&self.plan.filter, row, ctx)
    }

    fn decode_and_match(
        &mut self,
        key: &[u8],
        value: &[u8],
        ctx: &mut Context,
        row: &mut [Value],
    ) -> Run<bool> {
        self.read_row(&self.plan.reader_checked, key, value, row)?;
        self.matches(true, ctx, row)
    }

    /// Locks a row, reads it again and checks it, unless it is what was `seen` to match, and is in `row`.
    fn locked(
        &mut self,
        row_key: Bytes,
        lock: RowLock,
        seen: Option<&[u8]>,
        ctx: &mut Context,
        row: &mut [Value],
    ) -> Run<bool> {
        if lock.for_change {
            meet_ranges(ctx, &row_key, WriteKind::Change)?;
        }
        if !take_lock(&row_key, lock, ctx)? {
            return Ok(false);
        }
        if lock.for_change && first_updater_wins(ctx) && ctx.txn.changed_since_snapshot(&row_key)? {
            return Err(Error::deadlock().into());
        }
        let Some(value) = ctx.txn.get(&row_key, View::Latest)? else {
            return Ok(false);
        };
        let is_same = seen.is_some_and(|seen| *seen == *value);
        if !is_same && !self.decode_and_match(&row_key, &value, ctx, row)? {
            return Ok(false);
        }
        if let Some(slot) = self.plan.key_slot {
            row[slot] = Value::Blob(row_key.clone());
        }
        self.locked_key = Some(row_key);
        Ok(true)
    }

    /// The row that an entry of a unique index leads to. The entry is looked at again once the row is locked: it may lead to
    /// another row by then.
    fn locked_unique(
        &mut self,
        key: &Bytes,
        lock: RowLock,
        ctx: &mut Context,
        row: &mut [Value],
    ) -> Run<bool> {
        let index = self.plan.access.index;
        for _ in 0..UNIQUE_RETRIES_MAX {
            let Some(entry) = ctx.txn.get(key, View::Latest)? else {
                // Who wants to insert it locks the key, which several may keep from that.
                if ctx.locking.ranges.is_some() {
                    let absent = RowLock { mode: LockMode::Shared, ..lock };
                    if take_lock(key, absent, ctx)? && ctx.txn.get(key, View::Latest)?.is_some() {
                        continue;
                    }
                }
                return Ok(false);
            };
            let table = self.table();
            let row_key = row_key_from_index_entry(table, &table.indexes[index], key, &entry)?;
            if !take_lock(&row_key, lock, ctx)? {
                return Ok(false);
            }
            if ctx.txn.get(key, View::Latest)?.as_deref() == Some(&*entry) {
                return self.locked(row_key, lock, None, ctx, row);
            }
        }
        Err(Error::lock_wait_timeout().into())
    }
}

/// Takes a row's lock; false when it is to be skipped.
fn take_lock(row_key: &[u8], lock: RowLock, ctx: &mut Context) -> Run<bool> {
    match ctx.txn.lock(row_key, lock.mode, lock.policy)? {
        LockOutcome::Granted => Ok(true),
        LockOutcome::Skipped => Ok(false),
        LockOutcome::Wait(wait) => Err(Interrupt::Suspend(Suspend::Lock(wait))),
    }
}
