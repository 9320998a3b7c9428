//! What is known of the values in a table's indexes, for the planner and SHOW INDEX.
//!
//! For each index: how many different values its first one, two, … columns have, and some of its keys at even distances (an
//! equi-height histogram; only the least and the greatest key where the index was sampled). ANALYZE TABLE reads up to
//! [`ANALYZE_ROWS_MAX`](crate::limits::ANALYZE_ROWS_MAX) entries of each index, the first use in a join up to
//! [`STATISTICS_SAMPLE_ROWS_MAX`]. Larger indexes are looked at in windows that
//! are spread over the keys.
//!
//! A key's columns can be taken apart from the left, so two keys have the same first columns when their bytes agree that far.
//! Nothing here changes an answer, only the choice of a plan; nothing is stored or replicated. Left out: columns without index.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use storage::engine::{Direction, KeyRange};
use storage::txn::{LockTable, Transaction, View};
use storage::version::Store;

use super::{Index, IndexId, Table};
use crate::Result;
use crate::codec::key::{self, INDEX_ID_BYTES};
use crate::limits::{
    HISTOGRAM_BUCKETS_MAX, HISTOGRAM_KEY_BYTES_MAX, STATISTICS_SAMPLE_ROWS_MAX, STATISTICS_WINDOWS,
};

/// What is known of a table.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// Rows when it was looked at.
    pub rows: u64,
    /// What [`Table::row_estimate`] said then.
    estimate: u64,
    indexes: Vec<IndexStatistics>,
}

/// What is known of an index.
#[derive(Clone, Debug)]
pub struct IndexStatistics {
    id: IndexId,
    /// Different values of the first one, two, … columns.
    pub distinct: Vec<u64>,
    /// Keys, without the index id and cut, from the least to the greatest; about as many entries between any two.
    bounds: Vec<Box<[u8]>>,
}

/// How often statistics of any table were replaced: what tells whether a plan was made before.
static REPLACED: AtomicU64 = AtomicU64::new(0);

/// A point between the replacements of statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// What is read from here on is at least as new as this says.
    #[must_use]
    pub fn now() -> Moment {
        Moment(REPLACED.load(Ordering::Acquire))
    }
}

/// Where a table keeps its statistics: shared by all versions of its definition.
#[derive(Clone, Debug, Default)]
pub struct StatisticsCell(Arc<Cell>);

#[derive(Debug, Default)]
struct Cell {
    known: RwLock<Option<Arc<Statistics>>>,
    /// When `known` was replaced; 0: never.
    replaced: AtomicU64,
}

impl StatisticsCell {
    /// What is known now.
    #[must_use]
    pub fn get(&self) -> Option<Arc<Statistics>> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces what is known.
    pub fn set(&self, statistics: Statistics) {
        let statistics = Some(Arc::new(statistics));
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: who takes this moment for now reads what is written here.
        let now = REPLACED.fetch_add(1, Ordering::AcqRel) + 1;
        self.0.replaced.store(now, Ordering::Release);
        *known = statistics;
    }

    /// Whether they were replaced since.
    #[must_use]
    pub fn is_newer_than(&self, moment: Moment) -> bool {
        self.0.replaced.load(Ordering::Acquire) > moment.0
    }
}

impl Table {
    /// Whether its statistics, or those of one of its indexes, are missing, or the number of its rows has moved by a tenth since.
    #[must_use]
    pub fn wants_statistics(&self) -> bool {
        let rows = self.row_estimate.load(Ordering::Relaxed);
        self.statistics.get().is_none_or(|known| {
            known.estimate.abs_diff(rows) > known.estimate / 10 + 100
                || self.indexes.iter().any(|index| known.index(index).is_none())
        })
    }
}

impl Statistics {
    /// Those of an index.
    #[must_use]
    pub fn index(&self, index: &Index) -> Option<&IndexStatistics> {
        self.indexes.iter().find(|known| known.id == index.id)
    }

    /// Entries with the same values in the first `columns` columns of an index, on average.
    #[must_use]
    pub fn rows_per_value(&self, index: &Index, columns: usize) -> Option<f64> {
        let distinct = *self.index(index)?.distinct.get(columns.checked_sub(1)?)?;
        (distinct > 0).then(|| (self.rows as f64 / distinct as f64).max(1.0))
    }
}

impl IndexStatistics {
    /// The share of the index's entries that a range holds.
    #[must_use]
    pub fn share(&self, range: &KeyRange) -> Option<f64> {
        let (start, end) = (range.start.get(INDEX_ID_BYTES..)?, range.end.get(INDEX_ID_BYTES..));
        // The end of the last range of an index is the next index's id.
        let same_index = range.start.get(..INDEX_ID_BYTES) == range.end.get(..INDEX_ID_BYTES);
        let end = if same_index { self.position(end?)? } else { 1.0 };
        Some((end - self.position(start)?).clamp(0.0, 1.0))
    }

    /// Where a key stands among the entries, from 0 to 1.
    fn position(&self, key: &[u8]) -> Option<f64> {
        let buckets = self.bounds.len().checked_sub(1).filter(|buckets| *buckets > 0)?;
        let above = self.bounds.partition_point(|bound| bound.as_ref() < key);
        if above == 0 {
            return Some(0.0);
        }
        let (low, Some(high)) = (&self.bounds[above - 1], self.bounds.get(above)) else { return Some(1.0) };
        let common = low.iter().zip(high.iter()).take_while(|(low, high)| low == high).count();
        let number = |key: &[u8]| fraction(key.get(common..).unwrap_or(&[]));
        let (start, end) = (number(low), number(high));
        let within = if end > start { ((number(key) - start) / (end - start)).clamp(0.0, 1.0) } else { 0.5 };
        Some(((above - 1) as f64 + within) / buckets as f64)
    }
}

/// The first eight bytes as a number.
fn fraction(bytes: &[u8]) -> f64 {
    let mut first = [0; 8];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(first) as f64
}

/// Looks at a table's indexes, at no more than `entries_max` entries of each.
///
/// # Errors
/// 1105 when the store cannot be read; those of `check`, which is called now and then.
pub fn collect<E: From<crate::Error>>(
    table: &Table,
    txn: &mut Transaction,
    view: View,
    entries_max: u64,
    check: &mut dyn FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<Statistics, E> {
    let known = table.row_estimate.load(Ordering::Relaxed);
    let mut statistics =
        Statistics { rows: known, estimate: known, indexes: Vec::with_capacity(table.indexes.len()) };
    if table.partitioned.is_some() {
        // Nothing is known of values that are spread over partitions.
        return Ok(statistics);
    }
    let mut is_exact = false;
    for index in &table.indexes {
        check()?;
        let mut look = Look::new(table, index);
        let range = key::index_range(index.id);
        if look.scan(range.clone(), txn, view, entries_max)? {
            is_exact = true;
            statistics.rows = look.seen;
            statistics.indexes.push(look.exact());
            continue;
        }
        let rows = if is_exact { statistics.rows } else { known.max(look.seen) };
        statistics.rows = rows;
        let sampled = sample(table, index, range, (txn, view), entries_max, rows, check)?;
        statistics.indexes.extend(sampled);
    }
    Ok(statistics)
}

/// Looks at tables that want statistics, a bounded part of each.
///
/// # Errors
/// 1105 when the store cannot be read.
pub fn refresh(tables: &[Arc<Table>], store: &Store) -> Result<()> {
    let locks = LockTable::new();
    let mut txn = Transaction::begin(store, &locks, 0);
    txn.take_snapshot();
    for table in tables.iter().filter(|table| table.wants_statistics()) {
        let check = &mut || Ok::<(), crate::Error>(());
        let found = collect(table, &mut txn, View::Snapshot, STATISTICS_SAMPLE_ROWS_MAX, check)?;
        table.statistics.set(found);
    }
    Ok(())
}

/// Looks at windows of an index that are spread over its keys.
fn sample<E: From<crate::Error>>(
    table: &Table,
    index: &Index,
    range: KeyRange,
    (txn, view): (&mut Transaction, View),
    entries_max: u64,
    rows: u64,
    check: &mut dyn FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<Option<IndexStatistics>, E> {
    let end_of = |direction, txn: &mut Transaction| -> Result<Option<Bytes>> {
        let mut cursor = txn.scan(range.clone(), direction, view);
        Ok(cursor.next(txn)?.map(|(key, _)| Bytes::copy_from_slice(&key)))
    };
    let (Some(first), Some(last)) = (end_of(Direction::Forward, txn)?, end_of(Direction::Backward, txn)?)
    else {
        return Ok(None);
    };
    let common = first.iter().zip(last.iter()).take_while(|(first, last)| first == last).count();
    let (low, high) = (fraction(&first[common..]), fraction(&last[common..]));
    let mut look = Look::new(table, index);
    for window in 0..STATISTICS_WINDOWS {
        check()?;
        let mut start = first[..common].to_vec();
        let at = low + (high - low) * window as f64 / STATISTICS_WINDOWS as f64;
        start.extend_from_slice(&(at as u64).to_be_bytes());
        let start = if window == 0 { first.clone() } else { Bytes::from(start) };
        look.begin_window();
        look.scan(KeyRange::new(start, range.end.clone()), txn, view, entries_max / STATISTICS_WINDOWS)?;
    }
    let cut = |key: &[u8]| -> Box<[u8]> {
        let key = key.get(INDEX_ID_BYTES..).unwrap_or(&[]);
        key[..key.len().min(HISTOGRAM_KEY_BYTES_MAX)].into()
    };
    let bounds = vec![cut(&first), cut(&last)];
    Ok(Some(IndexStatistics { id: index.id, distinct: look.extrapolated(rows), bounds }))
}

/// What a look at an index's entries has counted.
struct Look<'l> {
    table: &'l Table,
    index: &'l Index,
    seen: u64,
    /// Entries that had one before them in their window.
    followed: u64,
    /// Entries whose first one, two, … columns differ from the entry's before, in its window.
    changes: Vec<u64>,
    /// The same, also where the entry before is of another window.
    distinct: Vec<u64>,
    last: Vec<u8>,
    in_window: bool,
    bounds: Vec<Box<[u8]>>,
    /// Entries between two of `bounds`.
    step: u64,
}

impl<'l> Look<'l> {
    fn new(table: &'l Table, index: &'l Index) -> Look<'l> {
        let none = vec![0; index.columns.len()];
        Look {
            table,
            index,
            seen: 0,
            followed: 0,
            changes: none.clone(),
            distinct: none,
            last: Vec::new(),
            in_window: false,
            bounds: Vec::new(),
            step: 1,
        }
    }

    fn begin_window(&mut self) {
        self.in_window = false;
    }

    /// Reads up to `entries_max` entries of a range; whether it came to its end.
    fn scan(&mut self, range: KeyRange, txn: &mut Transaction, view: View, entries_max: u64) -> Result<bool> {
        let mut cursor = txn.scan(range, Direction::Forward, view);
        let mut row = storage::engine::RowBuffer::new();
        let mut ends = Vec::with_capacity(self.index.columns.len());
        for _ in 0..entries_max {
            if !cursor.next_into(txn, &mut row)? {
                return Ok(true);
            }
            let key = row.key();
            key::column_ends(self.table, self.index, key, &mut ends)?;
            let common = self.last.iter().zip(key).take_while(|(last, key)| last == key).count();
            for (position, end) in ends.iter().enumerate() {
                let differs = u64::from(common < *end);
                self.distinct[position] += differs;
                self.changes[position] += if self.in_window { differs } else { 0 };
            }
            self.followed += u64::from(self.in_window);
            self.in_window = true;
            if self.seen.is_multiple_of(self.step) {
                self.note_bound(key);
            }
            self.seen += 1;
            self.last.clear();
            self.last.extend_from_slice(key);
        }
        Ok(false)
    }

    fn note_bound(&mut self, key: &[u8]) {
        if self.bounds.len() >= 2 * HISTOGRAM_BUCKETS_MAX {
            let mut is_kept = false;
            self.bounds.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.step *= 2;
            if !self.seen.is_multiple_of(self.step) {
                return;
            }
        }
        let key = key.get(INDEX_ID_BYTES..).unwrap_or(&[]);
        self.bounds.push(key[..key.len().min(HISTOGRAM_KEY_BYTES_MAX)].into());
    }

    /// After all entries were read.
    fn exact(mut self) -> IndexStatistics {
        let last = std::mem::take(&mut self.last);
        if let Some(key) = last.get(INDEX_ID_BYTES..) {
            self.bounds.push(key[..key.len().min(HISTOGRAM_KEY_BYTES_MAX)].into());
        }
        IndexStatistics { id: self.index.id, distinct: self.distinct, bounds: self.bounds }
    }

    /// The different values among `rows`, of which windows were seen: as often as values changed in them, and no fewer than were seen.
    fn extrapolated(&self, rows: u64) -> Vec<u64> {
        let whole = self.index.columns.len();
        let of_prefix = |(position, (changes, distinct)): (usize, (&u64, &u64))| {
            if self.index.unique && position + 1 == whole {
                return rows;
            }
            let share = *changes as f64 / self.followed.max(1) as f64;
            ((share * rows as f64) as u64).max(*distinct).min(rows)
        };
        self.changes.iter().zip(&self.distinct).enumerate().map(of_prefix).collect()
    }
}
