//! A child row and its parents.

use bytes::Bytes;
use storage::txn::{LockMode, LockOutcome, View, WaitPolicy};

use super::violated;
use crate::Error;
use crate::catalog::foreign_key::Link;
use crate::catalog::{Table, TableLinks};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::execute::{Context, Interrupt, Run, Suspend};
use crate::types::Value;

/// That a row has its parents. `old` is the row before the change: what is as it was is not looked at. `except` is the foreign key that brought
/// the change, whose parent is there.
///
/// # Errors
/// 1452, 1213; suspends.
pub fn check_parents(
    ctx: &mut Context<'_>,
    links: &TableLinks,
    row: &[Value],
    old: Option<&[Value]>,
    except: Option<&Link>,
) -> Run<()> {
    for link in &links.parents {
        let is_kept =
            old.is_some_and(|old| link.columns.iter().all(|column| old.get(*column) == row.get(*column)));
        if is_kept || except.is_some_and(|except| std::ptr::eq(except, &**link)) {
            continue;
        }
        let Some(values) = values_of(&link.columns, row) else { continue };
        if !has_parent(ctx, link, &values, row)? {
            return Err(violated(1452, link).into());
        }
    }
    Ok(())
}

/// The values of columns; none when one is NULL: then there is nothing to refer to.
pub(super) fn values_of(columns: &[usize], row: &[Value]) -> Option<Vec<Value>> {
    let values: Option<Vec<Value>> = columns.iter().map(|column| row.get(*column).cloned()).collect();
    values.filter(|values| !values.contains(&Value::Null))
}

fn has_parent(ctx: &mut Context<'_>, link: &Link, values: &[Value], row: &[Value]) -> Run<bool> {
    let Some(parent) = &link.parent else { return Ok(false) };
    let zone = Zone::of(ctx.session);
    let index = &parent.table.indexes[parent.index];
    let Some(wanted) = key::prefix(&parent.table, index, values, zone)? else { return Ok(false) };
    if parent.table.id == link.child.id
        && key_of(&parent.table, parent.index, row, zone)?.as_ref() == Some(&wanted)
    {
        // The row is its own parent.
        return Ok(true);
    }
    lock_shared(ctx, &wanted)?;
    Ok(ctx.txn.get(&wanted, View::Latest)?.is_some())
}

/// The key of a row in a unique index; none where it has a NULL.
fn key_of(table: &Table, index: usize, row: &[Value], zone: Zone) -> Run<Option<Bytes>> {
    let index = &table.indexes[index];
    let columns: Vec<usize> = index.columns.iter().map(|part| part.column).collect();
    match values_of(&columns, row) {
        Some(values) => Ok(key::prefix(table, index, &values, zone)?),
        None => Ok(None),
    }
}

/// Takes the shared lock on a key, or suspends the statement until it has it.
pub(super) fn lock_shared(ctx: &mut Context<'_>, key: &[u8]) -> Run<()> {
    match ctx.txn.lock(key, LockMode::Shared, WaitPolicy::Wait)? {
        LockOutcome::Granted => Ok(()),
        LockOutcome::Wait(wait) => Err(Interrupt::Suspend(Suspend::Lock(wait))),
        LockOutcome::Skipped => Err(Error::internal("a lock was skipped that was to be waited for").into()),
    }
}

/// The keys of the parents of a stored row: what its writer locks. For a leader that takes over the locks of prepared transactions.
///
/// # Errors
/// 1105 when the bytes are no row of the table.
pub fn parent_keys(
    links: &TableLinks,
    row_key: &[u8],
    stored: &[u8],
    zone: Zone,
) -> crate::Result<Vec<Bytes>> {
    let mut keys = Vec::with_capacity(links.parents.len());
    let Some(first) = links.parents.first() else { return Ok(keys) };
    let mut row = Vec::new();
    let wanted = ColumnSet::all(first.child.columns.len());
    row::decode(&first.child, row_key, stored, &wanted, zone, &mut row)?;
    for link in &links.parents {
        let (Some(parent), Some(values)) = (&link.parent, values_of(&link.columns, &row)) else { continue };
        keys.extend(key::prefix(&parent.table, &parent.table.indexes[parent.index], &values, zone)?);
    }
    Ok(keys)
}
