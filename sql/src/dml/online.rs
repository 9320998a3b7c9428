//! The indexes that a job of the table builds ([`OnlineJob`]), kept by whoever writes a row.
//!
//! Entries of an index that is not unique belong to their row, whose lock the writer holds. The key of a unique one is locked as that of any
//! unique index, so that two rows with one value meet; but a value that another row has already is no error of the writer: it
//! marks the job as failed, in its own transaction, so that a writer that is rolled back leaves no mark. It leaves the other
//! row's entry alone: an entry is taken away or written over only if it leads to the writer's row.
//!
//! Invariant: as long as the job is not marked, an entry of a job's index is there if and only if its row has that value, for all rows
//! that were written since the job began or that the job has passed.

use bytes::Bytes;
use storage::txn::View;

use super::write::{duplicate_entry_of, lock_exclusive};
use crate::catalog::online::write_failure;
use crate::catalog::store::CatalogKey;
use crate::catalog::{OnlineJob, Table};
use crate::codec::key::Entry;
use crate::codec::{Zone, key};
use crate::execute::{Context, Run};
use crate::types::Value;

/// A row as it was or is to be: its key and its values.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// The row's key.
    pub key: &'a [u8],
    /// The row's values.
    pub values: &'a [Value],
}

/// Brings the entries of a row in the job's indexes from `before` to `after`. The row's locks are held.
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
    for index in &job.indexes {
        let entry_of = |row: Option<Written<'_>>| {
            row.map(|row| key::index_entry(table, index, row.values, row.key, zone)).transpose()
        };
        let (was, is) = (entry_of(before)?, entry_of(after)?);
        if was == is {
            continue;
        }
        if let Some(was) = &was {
            take_away(ctx, was)?;
        }
        let Some(is) = is else { continue };
        if is.unique && is_taken(ctx, &is)? {
            let values = after.map_or(&[][..], |row| row.values);
            let error = duplicate_entry_of(table, index, values);
            ctx.txn.put(CatalogKey::JobFailed(job.id()).to_bytes(), write_failure(&error));
            continue;
        }
        ctx.txn.put(is.key, is.value);
    }
    Ok(())
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
    let found: Option<Bytes> =
        ctx.txn.get(&entry.key, View::Latest)?.map(|value| Bytes::copy_from_slice(&value));
    Ok(found.is_some_and(|value| value != entry.value))
}
