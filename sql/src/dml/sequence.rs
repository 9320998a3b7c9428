//! AUTO_INCREMENT values and hidden row ids: taken from counters in memory, their high-water marks in the log.
//!
//! A table's counter is shared by all sessions of the leader. A transaction that took values adds the counter's key to
//! its entry with a value that is read when the entry is sequenced, so the log's value is never below one that an
//! earlier entry used, and a new leader goes on above it. Values of transactions that roll back are lost, as in MySQL.
//!
//! A statement that knows how many rows it inserts takes their values in one piece, so they are consecutive. A statement
//! that was suspended takes a new piece when it runs again. Its first one is lost: giving it back would take the counter
//! below explicit values that others have inserted meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::Error;
use crate::catalog::Table;
use crate::catalog::store::CatalogKey;
use crate::codec::key;
use crate::execute::{Context, Run};
use crate::limits::AUTO_INCREMENT_PIECE_MAX;
use crate::types::{TypeKind, Value};
use crate::variables::SqlMode;

/// The key of a new row of a table without PRIMARY KEY.
pub fn hidden_row_key(ctx: &mut Context<'_>, table: &Table) -> Bytes {
    let row_id = table.row_id.fetch_add(1, Ordering::Relaxed);
    if !table.is_temporary() {
        ctx.txn.put_counter(CatalogKey::RowId(table.id).to_bytes(), Arc::clone(&table.row_id));
    }
    key::hidden_key(table, row_id)
}

/// The largest value of an AUTO_INCREMENT column.
fn value_max(table: &Table, column: usize) -> u64 {
    let data_type = &table.columns[column].data_type;
    match data_type.kind {
        TypeKind::Float => 1 << 24,
        TypeKind::Double => 1 << 53,
        _ => data_type.integer_range().map_or(u64::MAX, |(_, high)| u64::try_from(high).unwrap_or(u64::MAX)),
    }
}

/// The AUTO_INCREMENT values of one statement.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    /// Values taken from the counter and not given out yet: from `next` up to, but without, `end`.
    next: u64,
    end: u64,
    /// Whether the counter is in the transaction's entry.
    noted: bool,
    /// How many pieces were taken.
    pieces: u32,
    /// How many rows the statement has, if that is known before they are made.
    rows: Option<u64>,
    /// How many rows have come.
    seen: u64,
    /// `insert_id`: the next value, in place of the counter's.
    forced: Option<u64>,
}

impl Sequence {
    /// For a statement of this session with so many rows, if that is known.
    #[must_use]
    pub fn new(ctx: &Context<'_>, rows: Option<u64>) -> Sequence {
        let forced = Some(ctx.session.variables.insert_id).filter(|id| *id > 0);
        Sequence { rows, forced, ..Sequence::default() }
    }

    /// Puts the AUTO_INCREMENT value in place: generates one for NULL (and 0, unless NO_AUTO_VALUE_ON_ZERO), and moves the
    /// counter past an explicit one. Gives the value.
    ///
    /// # Errors
    /// 1467 when the values are used up.
    pub fn fill(
        &mut self,
        ctx: &mut Context<'_>,
        table: &Table,
        column: usize,
        values: &mut [Value],
    ) -> Run<Filled> {
        self.seen += 1;
        let explicit = match &values[column] {
            Value::Null => None,
            Value::Int(0) | Value::UInt(0) if !keeps_zero(ctx) => None,
            Value::Double(number) if *number == 0.0 && !keeps_zero(ctx) => None,
            Value::Int(number) => Some((u64::try_from(*number).unwrap_or(0), *number as u64)),
            Value::UInt(number) => Some((*number, *number)),
            Value::Double(number) => Some((number.max(0.0) as u64, number.max(0.0) as u64)),
            other => {
                return Err(crate::codec::unconverted(&table.columns[column].data_type, other).into());
            }
        };
        if let Some((reached, value)) = explicit {
            self.observe(ctx, table, column, reached);
            self.pass(reached);
            return Ok(Filled { value, generated: false });
        }
        let value = self.take(ctx, table, column)?;
        let data_type = &table.columns[column].data_type;
        values[column] = match data_type.kind {
            TypeKind::Float | TypeKind::Double => Value::Double(value as f64),
            _ if data_type.unsigned => Value::UInt(value),
            _ => Value::Int(i64::try_from(value).unwrap_or(i64::MAX)),
        };
        Ok(Filled { value, generated: true })
    }

    fn take(&mut self, ctx: &mut Context<'_>, table: &Table, column: usize) -> Run<u64> {
        if let Some(value) = self.forced {
            if value > value_max(table, column) {
                return Err(Error::out_of_range(&table.columns[column].name, 1).into());
            }
            self.forced = value.checked_add(1);
            self.observe(ctx, table, column, value);
            return Ok(value);
        }
        let value_max = value_max(table, column);
        if self.next == self.end {
            let wanted = self.piece();
            // MySQL keeps the counter at the largest value, where the next INSERT finds a duplicate; of BIGINT UNSIGNED the
            // largest value itself cannot be generated.
            let after = |next: u64| next.saturating_add(wanted).min(value_max).max(next);
            let counter: &AtomicU64 = &table.auto_increment;
            let taken = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| Some(after(next)));
            let (Ok(start) | Err(start)) = taken;
            if start == u64::MAX {
                return Err(auto_increment_exhausted().into());
            }
            self.next = start;
            self.end = after(start).max(start + 1);
            self.note(ctx, table);
        }
        let value = self.next.min(value_max);
        self.next += 1;
        Ok(value)
    }

    /// What is generated next is above an explicit value of the same statement: values of the piece up to it are lost.
    fn pass(&mut self, explicit: u64) {
        if self.next > 0 && explicit >= self.next {
            self.next = explicit.saturating_add(1);
            if self.next >= self.end {
                (self.next, self.end) = (0, 0);
            }
        }
    }

    /// How many values to take next: the statement's rows, and where they are not known or not enough, ever more. As
    /// MySQL's, so that the gaps are the same.
    fn piece(&mut self) -> u64 {
        let piece = match self.rows {
            Some(rows) if self.pieces == 0 => rows.max(1),
            Some(rows) => rows.saturating_sub(self.seen.saturating_sub(1)).clamp(1, AUTO_INCREMENT_PIECE_MAX),
            None => (1 << self.pieces.min(16)).min(AUTO_INCREMENT_PIECE_MAX),
        };
        self.pieces += 1;
        piece
    }

    /// Moves the counter past a value that a statement gave itself.
    pub fn observe(&mut self, ctx: &mut Context<'_>, table: &Table, column: usize, value: u64) {
        if value == 0 {
            return;
        }
        let next = value.saturating_add(1).min(value_max(table, column));
        table.auto_increment.fetch_max(next, Ordering::Relaxed);
        self.note(ctx, table);
    }

    /// Adds the counter to the transaction's entry, once a statement. Also where the counter was past an explicit value
    /// already: whoever moved it may roll back, and then its place in the log is this entry's to keep.
    fn note(&mut self, ctx: &mut Context<'_>, table: &Table) {
        if !self.noted && !table.is_temporary() {
            self.noted = true;
            let key = CatalogKey::AutoIncrement(table.id).to_bytes();
            ctx.txn.put_counter(key, Arc::clone(&table.auto_increment));
        }
    }

    /// Takes back a generated value whose row was not inserted, for the next row.
    pub fn put_back(&mut self, filled: Option<Filled>) {
        if let Some(Filled { value, generated: true }) = filled
            && self.next == value.saturating_add(1)
        {
            self.next = value;
        }
    }
}

/// What [`Sequence::fill`] found or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The value in the AUTO_INCREMENT column; a negative one as its two's complement, which is what clients get.
    pub value: u64,
    /// Whether it was generated.
    pub generated: bool,
}

/// A value of an AUTO_INCREMENT column as the counter sees it: 0 for one below it.
#[must_use]
pub fn number(value: &Value) -> u64 {
    match value {
        Value::Int(number) => u64::try_from(*number).unwrap_or(0),
        Value::UInt(number) => *number,
        Value::Double(number) => number.max(0.0) as u64,
        _ => 0,
    }
}

fn keeps_zero(ctx: &Context<'_>) -> bool {
    ctx.session.variables.sql_mode.has(SqlMode::NO_AUTO_VALUE_ON_ZERO)
}

fn auto_increment_exhausted() -> Error {
    Error {
        code: 1467,
        state: *b"HY000",
        message: "Failed to read auto-increment value from storage engine".to_owned(),
    }
}
