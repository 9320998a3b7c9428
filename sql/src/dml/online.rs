//! What a job of the table builds ([`OnlineJob`]), kept by whoever writes a row: entries of new indexes, or the row of the new definition and its entries.
//!
//! Entries of an index that is not unique belong to their row, whose lock the writer holds, and so does the new row. The key of a unique index's entry is locked as that of any
//! unique index, so that two rows with one value meet; but a value that another row has already is no error of the writer: it
//! marks the job as failed, in its own transaction, so that a writer that is rolled back leaves no mark. It leaves the other
//! row's entry alone: an entry is taken away or written over only if it leads to the writer's row. A value that does not fit the new definition marks the job too.
//!
//! Invariant: as long as the job is not marked, an entry of a job's index is there if and only if its row has that value, for all rows
//! that were written since the job began or that the job has passed.

use bytes::Bytes;
use storage::txn::View;

use super::write::{duplicate_entry_of, lock_exclusive};
use crate::catalog::online::{Rewrite, write_failure};
use crate::catalog::store::CatalogKey;
use crate::catalog::{OnlineJob, Table};
use crate::codec::key::{Entry, INDEX_ID_BYTES};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::ddl::alter::build::{Conversion, Progress};
use crate::execute::{Context, Interrupt, Run};
use crate::types::Value;
use crate::{Error, Result};

/// A row as it was or is to be: its key and its values.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// The row's key.
    pub key: &'a [u8],
    /// The row's values.
    pub values: &'a [Value],
}

/// What a row comes to in a job's indexes.
pub struct Built {
    /// An entry for each index of the job, in their order; of a primary index the row itself.
    pub entries: Vec<Entry>,
    /// The values, of the new definition if there is one.
    values: Vec<Value>,
}

impl Built {
    /// Error 1062 for the index at this position of the job's.
    #[must_use]
    pub fn duplicate(&self, table: &Table, job: &OnlineJob, at: usize) -> Error {
        let table = job.rewrite.as_ref().map_or(table, |rewrite| &rewrite.target);
        duplicate_entry_of(table, &job.indexes[at], &self.values)
    }
}

/// Brings what the job has of a row from `before` to `after`. The row's locks are held.
///
/// # Errors
/// 1213, 1105; suspends.
pub fn follow(
    ctx: &mut Context<'_>,
    table: &Table,
    job: &OnlineJob,
    before: Option<Written<'_>>,
    after: Option<Written<'_>>,
    zone: Zone,
) -> Run<()> {
    let mut build = |row: Option<Written<'_>>| {
        let Some(row) = row else { return Ok(None) };
        match build_rezoned(ctx, table, job, row, zone) {
            Ok(built) => Ok(Some(built)),
            Err(Interrupt::Error(error)) if is_of_value(&error) => {
                mark(ctx, job, &error);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    };
    let (was, is) = (build(before)?, build(after)?);
    for at in 0..job.indexes.len() {
        let entry_of = |built: &Option<Built>| built.as_ref().map(|built| built.entries[at].clone());
        let (before, after) = (entry_of(&was), entry_of(&is));
        if before == after {
            continue;
        }
        if let Some(before) = &before {
            take_away(ctx, before)?;
        }
        let (Some(after), Some(built)) = (after, &is) else { continue };
        if after.unique && is_taken(ctx, &after)? {
            mark(ctx, job, &built.duplicate(table, job, at));
            continue;
        }
        ctx.txn.put(after.key, after.value);
    }
    Ok(())
}

/// Whether an error is one of a row's values under the new definition, and not of the statement.
fn is_of_value(error: &Error) -> bool {
    !matches!(error.code, 1105 | 1205 | 1213 | 1317 | 3024)
}

fn mark(ctx: &mut Context<'_>, job: &OnlineJob, error: &Error) {
    ctx.txn.put(CatalogKey::JobFailed(job.id()).to_bytes(), write_failure(error));
}

/// As [`build`], of values that are in the time zone of the writer.
fn build_rezoned(
    ctx: &mut Context<'_>,
    table: &Table,
    job: &OnlineJob,
    row: Written<'_>,
    zone: Zone,
) -> Run<Built> {
    let Some(rewrite) = job.rewrite.as_ref().filter(|rewrite| rewrite.zone != zone) else {
        return build(ctx, table, job, row, zone, 1);
    };
    let stored = row::encode(table, row.values, zone)?;
    let mut values = Vec::new();
    row::decode(table, row.key, &stored, &ColumnSet::all(table.columns.len()), rewrite.zone, &mut values)?;
    build(ctx, table, job, Written { key: row.key, values: &values }, rewrite.zone, 1)
}

/// What a row comes to in the job's indexes. Its values are in the job's time zone, if the job has one, and else in `zone`; `number` is the row's, for messages.
///
/// # Errors
/// Those of values that do not fit the new definition; 1105.
pub fn build(
    ctx: &mut Context<'_>,
    table: &Table,
    job: &OnlineJob,
    written: Written<'_>,
    zone: Zone,
    number: u64,
) -> Run<Built> {
    let Some(rewrite) = &job.rewrite else {
        let entry = |index| key::index_entry(table, index, written.values, written.key, zone);
        let entries = job.indexes.iter().map(entry).collect::<Result<_>>()?;
        return Ok(Built { entries, values: written.values.to_vec() });
    };
    let target = &*rewrite.target;
    let values = convert(ctx, table, rewrite, written.values, number)?;
    let mut new_key = target.primary().id.0.to_be_bytes().to_vec();
    new_key.extend_from_slice(&written.key[INDEX_ID_BYTES..]);
    let new_key = Bytes::from(new_key);
    let mut entries = Vec::with_capacity(job.indexes.len());
    entries.push(Entry { key: new_key.clone(), value: row::encode(target, &values, zone)?, unique: false });
    for index in &job.indexes[1..] {
        entries.push(key::index_entry(target, index, &values, &new_key, zone)?);
    }
    Ok(Built { entries, values })
}

/// The row of the new definition, under the job's mode and time zone, whatever the session's are; without warnings.
fn convert(
    ctx: &mut Context<'_>,
    table: &Table,
    rewrite: &Rewrite,
    values: &[Value],
    number: u64,
) -> Run<Vec<Value>> {
    let conversion = Conversion { old: table, target: &rewrite.target, counts_rows: rewrite.counts_rows };
    let mut progress = Progress { rows: number, ..Progress::default() };
    let mark = ctx.session.warnings_mark();
    let mode = std::mem::replace(&mut ctx.session.variables.sql_mode, rewrite.sql_mode);
    let zone = std::mem::replace(&mut ctx.session.variables.time_zone, rewrite.zone);
    let strict = std::mem::replace(&mut ctx.strict, true);
    let converted = conversion.convert(ctx, &rewrite.sources, values, &mut progress);
    ctx.strict = strict;
    ctx.session.variables.time_zone = zone;
    ctx.session.variables.sql_mode = mode;
    ctx.session.forget_warnings(mark);
    converted
}

/// Deletes an entry, if it is the row's own.
fn take_away(ctx: &mut Context<'_>, was: &Entry) -> Run<()> {
    if was.unique {
        lock_exclusive(ctx, &was.key)?;
        if !leads_to(ctx, was)? {
            return Ok(());
        }
    }
    ctx.txn.delete(was.key.clone());
    Ok(())
}

fn leads_to(ctx: &mut Context<'_>, entry: &Entry) -> Run<bool> {
    Ok(ctx.txn.get(&entry.key, View::Latest)?.is_some_and(|value| value[..] == entry.value[..]))
}

/// Whether another row has the entry's key, which is locked for that.
fn is_taken(ctx: &mut Context<'_>, entry: &Entry) -> Run<bool> {
    lock_exclusive(ctx, &entry.key)?;
    let found = ctx.txn.get(&entry.key, View::Latest)?;
    Ok(found.is_some_and(|value| value[..] != entry.value[..]))
}
