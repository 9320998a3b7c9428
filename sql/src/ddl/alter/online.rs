//! Building indexes, or writing the rows anew, while the table is written: the steps of a job ([`OnlineJob`]).
//!
//! 1. [`begin`] writes the job into the table's definition, under the table's exclusive metadata lock. Whoever writes the table from then on knows of
//!    it, since nobody is left who began before.
//! 2. [`fill`] does a batch of the rows that were there: it locks each, shared, reads it again, and writes what is to be written. Its place goes
//!    with the batch, so that the next leader goes on from there. It never waits: at a lock that somebody holds it ends.
//! 3. [`finish`], under the exclusive metadata lock again, puts the indexes into the definition; or [`give_up`] takes the job out of it, and
//!    leaves what was written to be deleted.
//!
//! What is marked as failed (by a writer, see [`crate::dml::online`], by a batch, or by KILL) is given up.
//!
//! Rows are written anew so where the new row is a function of the old one under the strict mode, and has its key but for the index id: it can be told to be
//! the old one's then.
//!
//! Left out: everything else that writes rows anew, changes of a parent or child of a foreign key that do, tables with partitions, and those that are small: they are altered
//! under the lock ([`super::build`]).

use bytes::Bytes;
use storage::engine::{Direction, KeyRange};
use storage::txn::{LockMode, LockOutcome, Transaction, View, WaitPolicy};

use super::{Plan, Work, form};
use crate::ast::{Algorithm, AlterLock, AlterTable};
use crate::catalog::online::{Place, Rewrite, Source, read_failure, write_failure};
use crate::catalog::store::CatalogKey;
use crate::catalog::{Index, OnlineJob, Table, TableId, encode};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::ddl::{bump_version, key as key_definition};
use crate::dml::online::{Built, Written, build};
use crate::execute::{Context, Outcome, Run};
use crate::limits::{
    ONLINE_BATCH_BYTES, ONLINE_BATCH_ROWS_MAX, ONLINE_TABLE_BYTES_MIN, ONLINE_TABLE_ROWS_MIN,
};
use crate::variables::SqlMode;
use crate::{Error, Result};

/// A job that was written into a definition.
#[derive(Debug)]
pub struct Begun {
    /// The table.
    pub table: TableId,
    /// The job.
    pub job: OnlineJob,
}

/// What a batch came to.
pub struct Batch {
    /// All rows are done.
    pub is_last: bool,
    /// How many are done by now.
    pub rows: u64,
    /// The lock that it ended at, which is to be waited for; and whether the next batch may keep it.
    pub blocked: Option<Blocked>,
}

/// A lock that somebody holds.
pub struct Blocked {
    /// The key.
    pub key: Bytes,
    /// How it is to be locked.
    pub mode: LockMode,
    /// It is a row's, which the next batch begins with: it is kept, or a row in demand would keep the job waiting for ever.
    pub is_row: bool,
}

/// Whether the change is one that is made while the table is written.
pub(super) fn is_online(ctx: &mut Context<'_>, alter: &AlterTable, plan: &Plan) -> Result<bool> {
    let is_such = match &plan.work {
        Work::Nothing => false,
        Work::Indexes(positions) => only_adds(&plan.old, &plan.target, positions),
        Work::Rows(sources) => rewrites_alone(ctx, plan, sources),
    };
    let asks_for_it = matches!(alter.algorithm, Algorithm::Default | Algorithm::Inplace)
        && matches!(alter.lock, AlterLock::Default | AlterLock::None);
    Ok(asks_for_it
        && plan.old.partitioned.is_none()
        && plan.target.partitioned.is_none()
        && ctx.session.locked_tables.is_none()
        && plan.auto_increment.is_none()
        && plan.related.is_empty()
        && is_such
        && is_large(ctx, &plan.old)?)
}

/// Whether `target` is `old` but for the indexes at these positions.
fn only_adds(old: &Table, target: &Table, positions: &[usize]) -> bool {
    let kept = target.indexes.iter().enumerate().filter(|(at, _)| !positions.contains(at));
    old.columns == target.columns
        && old.layout == target.layout
        && old.hidden_row_id == target.hidden_row_id
        && old.checks == target.checks
        && old.foreign_keys == target.foreign_keys
        && old.collation == target.collation
        && (&old.database, &old.name, &old.comment) == (&target.database, &target.name, &target.comment)
        && kept.map(|(_, index)| index).eq(&old.indexes)
}

/// Whether the new rows are functions of the old ones, and have their keys.
fn rewrites_alone(ctx: &Context<'_>, plan: &Plan, sources: &[Source]) -> bool {
    let (old, target) = (&*plan.old, &plan.target);
    let is_function = sources.iter().zip(&target.columns).all(|(source, column)| match source {
        Source::Column(from) => old.columns[*from].auto_increment || !column.auto_increment,
        Source::Value(_) => true,
        Source::Counter | Source::Default => false,
    });
    let (was, is) = (&old.primary().columns, &target.primary().columns);
    let keeps_key = old.hidden_row_id == target.hidden_row_id
        && was.len() == is.len()
        && was.iter().zip(is).all(|(was, is)| {
            sources[is.column] == Source::Column(was.column)
                && (was.prefix, was.descending) == (is.prefix, is.descending)
                && form::same_key_form(&old.columns[was.column], &target.columns[is.column])
        });
    let is_alone = old.foreign_keys.is_empty()
        && target.foreign_keys.is_empty()
        && ctx.catalog.links.of_table(old.id).is_none_or(|links| links.children.is_empty());
    let variables = &ctx.session.variables;
    is_function
        && keeps_key
        && is_alone
        && (&old.database, &old.name) == (&target.database, &target.name)
        && variables.sql_mode.has(SqlMode::STRICT)
        && matches!(variables.time_zone, Zone::Fixed(_))
}

/// Whether there is more in the table than what is quicker done at once.
fn is_large(ctx: &mut Context<'_>, table: &Table) -> Result<bool> {
    let mut cursor = ctx.txn.scan(key::index_range(table.primary().id), Direction::Forward, View::Latest);
    let (mut rows, mut bytes) = (0, 0);
    while let Some((row_key, value)) = cursor.next(ctx.txn)? {
        rows += 1;
        bytes += row_key.len() + value.len();
        if rows >= ONLINE_TABLE_ROWS_MIN || bytes >= ONLINE_TABLE_BYTES_MIN {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes the job into the table's definition. The indexes have their ids.
pub(super) fn begin(ctx: &mut Context<'_>, plan: &Plan) -> Run<Begun> {
    let (indexes, rewrite, what) = match &plan.work {
        Work::Rows(sources) => {
            let rewrite = Rewrite {
                target: Table { job: None, ..plan.target.clone() }.into(),
                sources: sources.clone(),
                counts_rows: plan.counts_rows,
                sql_mode: ctx.session.variables.sql_mode,
                zone: ctx.session.variables.time_zone,
            };
            (plan.target.indexes.clone(), Some(rewrite), "(rows written anew)".to_owned())
        }
        Work::Nothing | Work::Indexes(_) => {
            let is_new = |index: &&Index| !plan.old.indexes.iter().any(|old| old.id == index.id);
            let indexes: Vec<Index> = plan.target.indexes.iter().filter(is_new).cloned().collect();
            let added: Vec<String> = indexes.iter().map(|index| describe(index, &plan.old)).collect();
            (indexes, None, added.join(", "))
        }
    };
    let text = format!("ALTER TABLE `{}`.`{}` {what}", plan.old.database, plan.old.name);
    let job = OnlineJob { indexes, rewrite, user: ctx.session.user.clone(), text };
    bump_version(ctx)?;
    let table = Table { job: Some(job.clone().into()), ..Table::clone(&plan.old) };
    ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(&table));
    let place = Place { next: key::index_range(table.primary().id).start.to_vec(), rows: 0 };
    ctx.txn.put(CatalogKey::JobPlace(job.id()).to_bytes(), place.to_bytes());
    Ok(Begun { table: table.id, job })
}

/// A new index as the process list shows it.
fn describe(index: &Index, table: &Table) -> String {
    let kind = if index.unique { "UNIQUE INDEX" } else { "INDEX" };
    let columns: Vec<String> =
        index.columns.iter().map(|part| format!("`{}`", table.columns[part.column].name)).collect();
    format!("ADD {kind} `{}` ({})", index.name, columns.join(", "))
}

/// How far the job is.
///
/// # Errors
/// 1105 when the catalog does not say so.
pub fn place(txn: &mut Transaction, job: &OnlineJob) -> Result<Place> {
    match txn.get(&CatalogKey::JobPlace(job.id()).to_bytes(), View::Latest)? {
        Some(bytes) => Place::read(&bytes),
        None => Err(Error::internal("an online ALTER TABLE has no place")),
    }
}

/// What the job failed with, if it did.
///
/// # Errors
/// 1105 when the catalog cannot be read.
pub fn failure(txn: &mut Transaction, job: &OnlineJob) -> Result<Option<Error>> {
    let key = CatalogKey::JobFailed(job.id()).to_bytes();
    txn.get(&key, View::Latest)?.map(|bytes| read_failure(&bytes)).transpose()
}

/// Marks the job as failed.
pub fn fail(txn: &mut Transaction, job: &OnlineJob, error: &Error) {
    txn.put(CatalogKey::JobFailed(job.id()).to_bytes(), write_failure(error));
}

/// Does the next rows, and writes the place after them.
///
/// # Errors
/// 1062 of two rows with one value; 1317; 1105. Never suspends.
pub fn fill(ctx: &mut Context<'_>, table: &Table, job: &OnlineJob) -> Run<Batch> {
    let Place { next, rows: before } = place(ctx.txn, job)?;
    let (wanted, zone) = match &job.rewrite {
        Some(rewrite) => (ColumnSet::all(table.columns.len()), rewrite.zone),
        None => {
            let parts = job.indexes.iter().flat_map(|index| &index.columns);
            (parts.map(|part| part.column).collect(), Zone::UTC)
        }
    };
    let range = KeyRange { start: next.into(), end: key::index_range(table.primary().id).end };
    let mut cursor = ctx.txn.scan(range, Direction::Forward, View::Latest);
    let mut values = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    let (mut next, mut blocked, mut is_last) = (None, None, true);
    while let Some((row_key, _)) = cursor.next(ctx.txn)? {
        if rows >= ONLINE_BATCH_ROWS_MAX || bytes >= ONLINE_BATCH_BYTES {
            (next, is_last) = (Some(row_key.to_vec()), false);
            break;
        }
        if !try_lock(ctx, &row_key, LockMode::Shared)? {
            blocked =
                Some(Blocked { key: Bytes::copy_from_slice(&row_key), mode: LockMode::Shared, is_row: true });
            (next, is_last) = (Some(row_key.to_vec()), false);
            break;
        }
        // The scan may have seen an older version of it.
        let Some(value) = ctx.txn.get(&row_key, View::Latest)? else { continue };
        row::decode(table, &row_key, &value, &wanted, zone, &mut values)?;
        bytes += row_key.len() + value.len();
        let written = Written { key: &row_key, values: &values };
        let built = build(ctx, table, job, written, zone, before + rows as u64 + 1)?;
        if let Some(held) = add_entries(ctx, table, job, built)? {
            blocked = Some(Blocked { key: held, mode: LockMode::Exclusive, is_row: false });
            (next, is_last) = (Some(row_key.to_vec()), false);
            break;
        }
        rows += 1;
    }
    ctx.check()?;
    let rows = before + rows as u64;
    let next = next.unwrap_or_else(|| key::index_range(table.primary().id).end.to_vec());
    ctx.txn.put(CatalogKey::JobPlace(job.id()).to_bytes(), Place { next, rows }.to_bytes());
    Ok(Batch { is_last, rows, blocked })
}

/// Writes the row's entries; the key of a unique one that somebody holds ends that.
fn add_entries(ctx: &mut Context<'_>, table: &Table, job: &OnlineJob, built: Built) -> Run<Option<Bytes>> {
    for (at, entry) in built.entries.iter().enumerate() {
        if entry.unique {
            if !try_lock(ctx, &entry.key, LockMode::Exclusive)? {
                return Ok(Some(entry.key.clone()));
            }
            match ctx.txn.get(&entry.key, View::Latest)? {
                Some(value) if value[..] == entry.value[..] => continue,
                Some(_) => return Err(built.duplicate(table, job, at).into()),
                None => {}
            }
        }
        ctx.txn.put(entry.key.clone(), entry.value.clone());
    }
    Ok(None)
}

/// Whether the lock is had without waiting.
fn try_lock(ctx: &mut Context<'_>, key: &[u8], mode: LockMode) -> Result<bool> {
    match ctx.txn.lock(key, mode, WaitPolicy::SkipLocked)? {
        LockOutcome::Granted => Ok(true),
        LockOutcome::Skipped => Ok(false),
        LockOutcome::Wait(_) => Err(Error::internal("a lock is waited for that was not to be")),
    }
}

/// Puts the job's indexes into the definition, or the new definition in its place; how many rows the client is told of. The table's exclusive metadata lock is held, and the
/// catalog is newer than that.
///
/// # Errors
/// 1105; suspends for the schema's version.
pub fn finish(ctx: &mut Context<'_>, table: &Table, job: &OnlineJob) -> Run<u64> {
    let rows = place(ctx.txn, job)?.rows;
    if let Some(rewrite) = &job.rewrite {
        super::write(ctx, table, &rewrite.target, None, &[])?;
        forget(ctx.txn, job);
        return Ok(if rewrite.counts_rows { rows } else { 0 });
    }
    let mut finished = Table { job: None, ..table.clone() };
    finished.indexes.extend(job.indexes.iter().cloned());
    key_definition::sort(&mut finished);
    end(ctx, &finished, job)?;
    Ok(0)
}

/// Takes the job out of the definition, and leaves what was written to be deleted. As for [`finish`].
///
/// # Errors
/// 1105; suspends for the schema's version.
pub fn give_up(ctx: &mut Context<'_>, table: &Table, job: &OnlineJob) -> Run<()> {
    for index in &job.indexes {
        ctx.txn.put(CatalogKey::Dropped(index.id).to_bytes(), Bytes::new());
    }
    end(ctx, &Table { job: None, ..table.clone() }, job)
}

/// What the client is told at the end, with the rows that it is told of.
#[must_use]
pub fn told(outcome: Outcome, rows: u64) -> Outcome {
    let info = outcome.info.replacen("Records: 0 ", &format!("Records: {rows} "), 1);
    Outcome { affected: rows, info, ..outcome }
}

fn end(ctx: &mut Context<'_>, table: &Table, job: &OnlineJob) -> Run<()> {
    bump_version(ctx)?;
    ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(table));
    forget(ctx.txn, job);
    Ok(())
}

/// Takes away what the catalog says of the job beside the definition.
pub(in crate::ddl) fn forget(txn: &mut Transaction, job: &OnlineJob) {
    txn.delete(CatalogKey::JobPlace(job.id()).to_bytes());
    txn.delete(CatalogKey::JobFailed(job.id()).to_bytes());
}
