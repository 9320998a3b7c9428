//! The child rows of a parent row.

use bytes::Bytes;
use storage::engine::{Direction, KeyRange};
use storage::txn::{View, WriteKind};

use super::parent::lock_shared;
use crate::catalog::Table;
use crate::catalog::foreign_key::Link;
use crate::codec::{ColumnSet, Zone, key, row};
use crate::dml::write;
use crate::execute::memory::Bounded;
use crate::execute::{Context, Run};
use crate::limits::TARGET_BYTES_MAX;
use crate::types::Value;

/// What a key takes beside its bytes in a list.
const KEY_BYTES: usize = 32;

/// Where a child's rows with these values stand; none when no row can have them.
fn range_of(ctx: &Context<'_>, link: &Link, values: &[Value]) -> Run<Option<KeyRange>> {
    let index = &link.child.indexes[link.child_index];
    let prefix = key::prefix(&link.child, index, values, Zone::of(ctx.session))?;
    Ok(prefix.map(|prefix| KeyRange::prefix(&prefix)))
}

/// The key of the row that an entry of the child's index leads to.
fn row_key(link: &Link, key: &[u8], value: &[u8]) -> crate::Result<Bytes> {
    if link.child_index == 0 {
        return Ok(Bytes::copy_from_slice(key));
    }
    key::row_key_from_index_entry(&link.child, &link.child.indexes[link.child_index], key, value)
}

/// Whether there is a child row with these values.
///
/// # Errors
/// 1213, 1317; suspends.
pub(super) fn has_child(ctx: &mut Context<'_>, link: &Link, values: &[Value]) -> Run<bool> {
    let Some(range) = range_of(ctx, link, values)? else { return Ok(false) };
    let mut cursor = ctx.txn.scan(range, Direction::Forward, View::Latest);
    while let Some((key, value)) = cursor.next(ctx.txn)? {
        ctx.check()?;
        // It may be about to go: then this waits for the end of that.
        let row_key = row_key(link, &key, &value)?;
        lock_shared(ctx, &row_key)?;
        if ctx.txn.get(&key, View::Latest)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The keys of the child rows with these values.
///
/// # Errors
/// 1317; 1105 when they are too many.
pub(super) fn child_keys(ctx: &mut Context<'_>, link: &Link, values: &[Value]) -> Run<Vec<Bytes>> {
    let mut keys = Vec::new();
    let Some(range) = range_of(ctx, link, values)? else { return Ok(keys) };
    let mut memory = Bounded::new(ctx.session, TARGET_BYTES_MAX, "rows to change in one statement");
    let mut cursor = ctx.txn.scan(range, Direction::Forward, View::Latest);
    while let Some((key, value)) = cursor.next(ctx.txn)? {
        let row_key = row_key(link, &key, &value)?;
        memory.add(row_key.len() + KEY_BYTES)?;
        keys.push(row_key);
    }
    Ok(keys)
}

/// Locks a child row to change it, and reads it; none when it is gone, or has other values by now.
///
/// # Errors
/// 1213; suspends.
pub(super) fn lock_child(
    ctx: &mut Context<'_>,
    link: &Link,
    row_key: &Bytes,
    values: &[Value],
) -> Run<Option<Vec<Value>>> {
    write::meet_ranges(ctx, row_key, WriteKind::Change)?;
    write::lock_exclusive(ctx, row_key)?;
    write::check_snapshot(ctx, row_key)?;
    let Some(row) = read(ctx, &link.child, row_key)? else { return Ok(None) };
    let zone = Zone::of(ctx.session);
    let index = &link.child.indexes[link.child_index];
    let own: Vec<Value> = link.columns.iter().filter_map(|column| row.get(*column).cloned()).collect();
    let is_same =
        key::prefix(&link.child, index, &own, zone)? == key::prefix(&link.child, index, values, zone)?;
    Ok(is_same.then_some(row))
}

/// The newest version of a row.
///
/// # Errors
/// 1105.
pub(super) fn read(ctx: &mut Context<'_>, table: &Table, row_key: &Bytes) -> Run<Option<Vec<Value>>> {
    let Some(stored) = ctx.txn.get(row_key, View::Latest)? else { return Ok(None) };
    let mut values = Vec::new();
    let wanted = ColumnSet::all(table.columns.len());
    row::decode(table, row_key, &stored, &wanted, Zone::of(ctx.session), &mut values)?;
    Ok(Some(values))
}
