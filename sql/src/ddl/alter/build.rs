//! Writing what an ALTER TABLE needs before its definition: new indexes, or all rows anew.
//!
//! It takes many entries of bounded size:
//!
//! 1. *begin* takes the ids and marks them as being built (`b`);
//! 2. each step of *fill* reads a piece of the rows and writes what is to be written for them;
//! 3. *publish* writes the table's definition, and takes the marks away.
//!
//! Nothing refers to what was written before publish. After a duplicate in a unique index, a value that does not fit, or KILL, the marks become
//! those of dropped indexes.

use std::sync::Arc;

use bytes::Bytes;
use storage::engine::{Direction, KeyRange};
use storage::txn::View;

use super::{Plan, Work};
use crate::catalog::online::Source;
use crate::catalog::partition::place::is_without_place;
use crate::catalog::store::CatalogKey;
use crate::catalog::{IndexId, Table};
use crate::codec::key::{HIDDEN_ROW_ID_BYTES, INDEX_ID_BYTES};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::dml::default::implicit;
use crate::dml::sequence;
use crate::dml::write::duplicate_entry;
use crate::execute::{Context, Interrupt, Outcome, Run};
use crate::limits::{INDEX_BUILD_CHUNK_BYTES, INDEX_BUILD_CHUNK_ROWS_MAX, KILL_CHECK_ROWS};
use crate::session::WarningLevel;
use crate::types::store::store_from;
use crate::types::{DataType, TypeKind, Value};
use crate::variables::SqlMode;
use crate::{Error, Result};

/// A build that is under way.
pub struct Build {
    old: Arc<Table>,
    /// The definition that is written at the end.
    target: Table,
    work: Work,
    counts_rows: bool,
    auto_increment: Option<u64>,
    /// Other tables, whose foreign keys change with the table's names.
    related: Vec<Table>,
    /// The primary indexes that are read: the table's own, or those of partitions.
    sources: Vec<IndexId>,
    /// Rows that no partition takes are left out, as MySQL does where it reorganizes partitions.
    pub(in crate::ddl) leaves_out: bool,
    /// The next row to read is at or after this key; None when all are read.
    next: Option<Bytes>,
    progress: Progress,
}

/// How rows become those of another definition.
pub(crate) struct Conversion<'a> {
    /// The definition that they are of.
    pub old: &'a Table,
    /// The one that they are to be of.
    pub target: &'a Table,
    /// MySQL copies them.
    pub counts_rows: bool,
}

/// What the rows so far came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// How many there are.
    pub(crate) rows: u64,
    /// The largest AUTO_INCREMENT value, of a column that becomes one.
    pub(crate) counter: u64,
}

impl Build {
    /// Marks the new ids as being built.
    pub(in crate::ddl) fn new(ctx: &mut Context<'_>, plan: Plan) -> Build {
        let Plan { old, target, work, counts_rows, auto_increment, related, .. } = plan;
        let sources = sources(&old, &target, &work);
        let next = sources.first().map(|id| key::index_range(*id).start);
        let progress = Progress::default();
        let build = Build {
            old,
            target,
            work,
            counts_rows,
            auto_increment,
            related,
            sources,
            leaves_out: false,
            next,
            progress,
        };
        for id in build.new_ids() {
            ctx.txn.put(CatalogKey::Building(id).to_bytes(), Bytes::new());
        }
        build
    }

    /// The ids that the table does not have yet.
    fn new_ids(&self) -> Vec<IndexId> {
        self.target.index_ids().filter(|id| !self.old.index_ids().any(|old| old == *id)).collect()
    }

    /// Writes the next piece, or publishes the definition when there are no more rows.
    ///
    /// # Errors
    /// 1062, 1138, 1264, 1265, 1292, 1317, 1366; suspends.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Run<Option<Outcome>> {
        match self.next.clone() {
            Some(start) => {
                // Only what is written is taken for done, should the step have to run again.
                let (next, progress) = self.fill(ctx, start)?;
                (self.next, self.progress) = (next, progress);
                Ok(None)
            }
            None => self.publish(ctx).map(Some),
        }
    }

    fn fill(&self, ctx: &mut Context<'_>, start: Bytes) -> Run<(Option<Bytes>, Progress)> {
        ctx.check()?;
        ctx.strict = ctx.session.variables.sql_mode.has(SqlMode::STRICT);
        let zone = Zone::of(ctx.session);
        let (reads, wanted) = self.read_by();
        let source = self.sources.iter().position(|id| start.starts_with(&id.0.to_be_bytes()));
        let Some(source) = source else { return Err(Error::internal("a build reads no index").into()) };
        let range = KeyRange { start, end: key::index_range(self.sources[source]).end };
        let mut cursor = ctx.txn.scan(range, Direction::Forward, View::Latest);
        let (mut bytes, mut rows) = (0, 0);
        let mut progress = self.progress;
        let mut values = Vec::new();
        while let Some((row_key, value)) = cursor.next(ctx.txn)? {
            row::decode(reads, &row_key, &value, &wanted, zone, &mut values)?;
            progress.rows += 1;
            bytes += match &self.work {
                Work::Nothing => 0,
                Work::Indexes(positions) => match &self.target.partitioned {
                    None => self.write_entries(ctx, &self.target, positions, &values, &row_key, zone)?,
                    Some(partitioned) => {
                        let leaf = partitioned.table_of_key(&self.target, &row_key)?;
                        self.write_entries(ctx, leaf, positions, &values, &row_key, zone)?
                    }
                },
                Work::Rows(sources) => {
                    let conversion =
                        Conversion { old: &self.old, target: &self.target, counts_rows: self.counts_rows };
                    let row = conversion.convert(ctx, sources, &values, &mut progress)?;
                    self.write_row(ctx, &row, &row_key, zone)?
                }
            };
            rows += 1;
            if rows % KILL_CHECK_ROWS == 0 {
                ctx.check()?;
            }
            if bytes >= INDEX_BUILD_CHUNK_BYTES || rows >= INDEX_BUILD_CHUNK_ROWS_MAX {
                return Ok((Some(storage::engine::key_after(&row_key)), progress));
            }
        }
        Ok((self.sources.get(source + 1).map(|next| key::index_range(*next).start), progress))
    }

    /// The definition that rows are read by, and the columns that are needed. New indexes may have columns that the old one has not.
    fn read_by(&self) -> (&Table, ColumnSet) {
        match &self.work {
            Work::Nothing => (&self.old, ColumnSet::empty()),
            Work::Indexes(positions) => {
                let parts = positions.iter().flat_map(|position| &self.target.indexes[*position].columns);
                (&self.target, parts.map(|part| part.column).collect())
            }
            Work::Rows(_) => (&self.old, ColumnSet::all(self.old.columns.len())),
        }
    }

    /// Writes the row's entries in the indexes at `positions`; how many bytes they are.
    fn write_entries(
        &self,
        ctx: &mut Context<'_>,
        stored: &Table,
        positions: &[usize],
        values: &[Value],
        row_key: &[u8],
        zone: Zone,
    ) -> Run<usize> {
        let mut bytes = 0;
        for position in positions {
            let entry = key::index_entry(stored, &stored.indexes[*position], values, row_key, zone)?;
            if entry.unique && ctx.txn.get(&entry.key, View::Latest)?.is_some() {
                return Err(self.duplicate(*position, values).into());
            }
            bytes += entry.key.len() + entry.value.len();
            ctx.txn.put(entry.key, entry.value);
        }
        Ok(bytes)
    }

    /// Error 1062, with the table's name as it was.
    fn duplicate(&self, position: usize, values: &[Value]) -> Error {
        if self.target.name == self.old.name {
            return duplicate_entry(&self.target, position, values);
        }
        let table = Table { name: self.old.name.clone(), ..self.target.clone() };
        duplicate_entry(&table, position, values)
    }

    /// Writes a row and its entries; how many bytes they are.
    fn write_row(&self, ctx: &mut Context<'_>, row: &[Value], old_key: &[u8], zone: Zone) -> Run<usize> {
        let target: &Table = match &self.target.partitioned {
            None => &self.target,
            Some(partitioned) => match partitioned.table_of_row(&self.target, row, ctx) {
                Err(Interrupt::Error(error)) if self.leaves_out && is_without_place(&error) => return Ok(0),
                found => found?,
            },
        };
        let row_key = if !target.hidden_row_id {
            let row_key = key::primary_key(target, row, zone)?;
            if ctx.txn.get(&row_key, View::Latest)?.is_some() {
                return Err(self.duplicate(0, row).into());
            }
            row_key
        } else if self.old.hidden_row_id && old_key.len() == INDEX_ID_BYTES + HIDDEN_ROW_ID_BYTES {
            let mut row_key = target.primary().id.0.to_be_bytes().to_vec();
            row_key.extend_from_slice(&old_key[INDEX_ID_BYTES..]);
            Bytes::from(row_key)
        } else {
            sequence::hidden_row_key(ctx, target)
        };
        let value = row::encode(target, row, zone)?;
        let bytes = row_key.len() + value.len();
        ctx.txn.put(row_key.clone(), value);
        let positions: Vec<usize> = (1..target.indexes.len()).collect();
        Ok(bytes + self.write_entries(ctx, target, &positions, row, &row_key, zone)?)
    }

    fn publish(&mut self, ctx: &mut Context<'_>) -> Run<Outcome> {
        for id in self.new_ids() {
            ctx.txn.delete(CatalogKey::Building(id).to_bytes());
        }
        let counted = (self.progress.counter > 0).then(|| self.progress.counter.saturating_add(1));
        super::write(ctx, &self.old, &self.target, counted.max(self.auto_increment), &self.related)?;
        let rows = if self.counts_rows { self.progress.rows } else { 0 };
        Ok(super::outcome(ctx, rows, false))
    }

    /// Leaves what was written to be deleted, after a failed step: in place of what that step wrote.
    pub fn undo(&self, ctx: &mut Context<'_>) {
        for id in self.new_ids() {
            ctx.txn.delete(CatalogKey::Building(id).to_bytes());
            ctx.txn.put(CatalogKey::Dropped(id).to_bytes(), Bytes::new());
        }
    }
}

impl Conversion<'_> {
    /// The row under the new definition.
    ///
    /// # Errors
    /// Those of values that do not fit.
    pub fn convert(
        &self,
        ctx: &mut Context<'_>,
        sources: &[Source],
        values: &[Value],
        progress: &mut Progress,
    ) -> Run<Vec<Value>> {
        let mut row = Vec::with_capacity(sources.len());
        for (position, source) in sources.iter().enumerate() {
            let column = &self.target.columns[position];
            let value = match source {
                Source::Value(value) => value.clone(),
                Source::Counter => self.next_number(ctx, position, progress)?,
                // Filled in by `compute`.
                Source::Default => Value::Null,
                Source::Column(from) => {
                    let was = &self.old.columns[*from];
                    let becomes_counter = column.auto_increment && !was.auto_increment;
                    if becomes_counter && takes_number(&values[*from], ctx) {
                        self.next_number(ctx, position, progress)?
                    } else {
                        let value = self.converted(ctx, position, &values[*from], *from, progress.rows)?;
                        if becomes_counter {
                            progress.counter = progress.counter.max(sequence::number(&value));
                        }
                        value
                    }
                }
            };
            row.push(value);
        }
        self.compute(ctx, sources, &mut row, progress.rows)?;
        Ok(row)
    }

    /// Computed defaults of new columns, generated columns and checks.
    fn compute(&self, ctx: &mut Context<'_>, sources: &[Source], row: &mut [Value], number: u64) -> Run<()> {
        let Some(rules) = self.target.rules()? else { return Ok(()) };
        for position in (0..sources.len()).filter(|position| sources[*position] == Source::Default) {
            if rules.default_reads_generated(position) {
                rules.compute(self.target, row, number, false, ctx)?;
            }
            row[position] = rules.default_value(self.target, position, row, number, ctx)?;
        }
        rules.compute(self.target, row, number, false, ctx)?;
        rules.check(self.target, row, ctx)
    }

    /// The next AUTO_INCREMENT value.
    fn next_number(&self, ctx: &mut Context<'_>, position: usize, progress: &mut Progress) -> Result<Value> {
        let column = &self.target.columns[position];
        progress.counter += 1;
        let from = DataType { unsigned: true, ..DataType::BIGINT };
        store_from(
            Value::UInt(progress.counter),
            || from,
            &column.data_type,
            &column.name,
            progress.rows,
            ctx,
        )
    }

    fn converted(
        &self,
        ctx: &mut Context<'_>,
        position: usize,
        value: &Value,
        from: usize,
        row: u64,
    ) -> Result<Value> {
        let (was, column) = (&self.old.columns[from], &self.target.columns[position]);
        if *value == Value::Null && !column.nullable {
            let error = Error::truncated(&column.name, row);
            if ctx.strict {
                // MySQL has another error where it does not copy.
                return Err(if self.counts_rows { error } else { null_not_allowed() });
            }
            ctx.session.warn(WarningLevel::Warning, error.code, error.message);
            return Ok(implicit(&column.data_type));
        }
        if was.data_type == column.data_type {
            return Ok(value.clone());
        }
        let is_cut = is_same_string(was.data_type.kind, column.data_type.kind);
        let value = as_copied(value, &was.data_type, &column.data_type);
        store_from(value, || was.data_type, &column.data_type, &column.name, row, ctx).map_err(|error| {
            // MySQL tells of a string that is cut in another way where only its length changes.
            if is_cut && error.code == 1406 { Error::truncated(&column.name, row) } else { error }
        })
    }
}

/// The primary indexes that a build reads, in order: of partitions that stay as they are the rows are not written anew.
fn sources(old: &Table, target: &Table, work: &Work) -> Vec<IndexId> {
    let Some(partitioned) = &old.partitioned else { return vec![old.primary().id] };
    let leaves = partitioned.definition.leaves().filter_map(|leaf| leaf.indexes.first().copied());
    let is_read =
        |id: &IndexId| !matches!(work, Work::Rows(_)) || !target.index_ids().any(|kept| kept == *id);
    leaves.filter(is_read).collect()
}

/// Whether a value asks for the next AUTO_INCREMENT value.
fn takes_number(value: &Value, ctx: &Context<'_>) -> bool {
    let keeps_zero = ctx.session.variables.sql_mode.has(SqlMode::NO_AUTO_VALUE_ON_ZERO);
    match value {
        Value::Null => true,
        Value::Int(0) | Value::UInt(0) => !keeps_zero,
        Value::Double(number) => *number == 0.0 && !keeps_zero,
        _ => false,
    }
}

fn is_same_string(was: TypeKind, is: TypeKind) -> bool {
    matches!(
        (was, is),
        (TypeKind::Char(_), TypeKind::Char(_))
            | (TypeKind::VarChar(_), TypeKind::VarChar(_))
            | (TypeKind::VarBinary(_), TypeKind::VarBinary(_))
    )
}

/// A value as MySQL hands it from a column of one type to one of another, where that differs from an INSERT of it: bytes are read as text, not as a
/// number in hexadecimal, and a YEAR is given the whole date or time as a number.
fn as_copied(value: &Value, from: &DataType, to: &DataType) -> Value {
    let is_string = to.is_text() || to.bytes_max().is_some();
    match (value, to.kind) {
        (Value::Date(date), TypeKind::Year) => Value::Int(date.as_number()),
        (Value::Time(time), TypeKind::Year) => Value::Int(time.as_number()),
        (Value::DateTime(time), TypeKind::Year) => Value::Int(time.as_number()),
        (Value::Blob(_), TypeKind::Binary(_) | TypeKind::VarBinary(_)) => value.clone(),
        (Value::Blob(bytes), _) if !is_string && !from.is_text() && std::str::from_utf8(bytes).is_ok() => {
            Value::Text(bytes.clone())
        }
        _ => value.clone(),
    }
}

/// Error 1138.
fn null_not_allowed() -> Error {
    Error { code: 1138, state: *b"22004", message: "Invalid use of NULL value".to_owned() }
}
