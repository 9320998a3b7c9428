//! One row and its index entries: written, changed, deleted.
//!
//! Locks, in the order in which they are taken: the row's primary key, then the keys of unique indexes that the
//! change adds or takes away. Whoever writes a unique key holds its lock, so that two rows with one value cannot both
//! find the place free. Entries of other indexes need no lock: the row's lock is theirs. All checks come before the first
//! write, so that a row is written whole or not at all and the caller may go on after a duplicate (IGNORE). Only what
//! suspends the statement, which then runs again, may come between: a range that another transaction has locked.
//!
//! A row without PRIMARY KEY gets a new hidden id; nobody else can know that key, so it takes no lock and no look.
//!
//! Values must have been converted to their columns' types with [`store`](crate::types::convert::store), and NULL refused
//! where a column does not take it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use storage::txn::{LockMode, LockOutcome, View, WaitPolicy, WriteKind};

use super::online::{self, Written};
use super::sequence;
use crate::Error;
use crate::catalog::partition::Partitioned;
use crate::catalog::{Index, Table};
use crate::codec::key::Entry;
use crate::codec::{ColumnSet, Zone, key, row};
use crate::execute::scan::first_updater_wins;
use crate::execute::{Context, Interrupt, Run, Suspend};
use crate::types::text::to_text;
use crate::types::{TypeKind, Value};

/// A row that has the same values in a unique index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Position of the index in the table.
    pub index: usize,
    /// Primary key of the other row; this transaction holds its lock only if `index` is 0.
    pub row_key: Bytes,
}

/// Takes the exclusive lock on a key, or suspends the statement until it has it.
///
/// # Errors
/// 1213; suspends.
pub fn lock_exclusive(ctx: &mut Context<'_>, key: &[u8]) -> Run<()> {
    match ctx.txn.lock(key, LockMode::Exclusive, WaitPolicy::Wait)? {
        LockOutcome::Granted => Ok(()),
        LockOutcome::Wait(wait) => Err(Interrupt::Suspend(Suspend::Lock(wait))),
        LockOutcome::Skipped => Err(Error::internal("a lock was skipped that was to be waited for").into()),
    }
}

/// Waits for the ranges of other transactions that a write to `key` is kept out of. To be asked before the key's lock is waited
/// for, and again once the write is in the write set, which is what counts (see `storage::txn`).
///
/// # Errors
/// 1213; suspends.
pub fn meet_ranges(ctx: &mut Context<'_>, key: &[u8], write: WriteKind) -> Run<()> {
    match ctx.txn.meet_ranges(key, write)? {
        LockOutcome::Granted => Ok(()),
        LockOutcome::Wait(wait) => Err(Interrupt::Suspend(Suspend::Lock(wait))),
        LockOutcome::Skipped => Err(Error::internal("a range was skipped that was to be waited for").into()),
    }
}

/// Refuses to write a locked row that another transaction changed after this one's snapshot was taken (see the design,
/// section 6), unless `quorate_snapshot_conflict` is off.
///
/// # Errors
/// 1213.
pub fn check_snapshot(ctx: &mut Context<'_>, row_key: &[u8]) -> Run<()> {
    if first_updater_wins(ctx) && ctx.txn.changed_since_snapshot(row_key)? {
        return Err(Error::deadlock().into());
    }
    Ok(())
}

/// Inserts a row, unless another one has the same values in a unique index: then nothing is written, and the first such
/// index in the table's order is given.
///
/// # Errors
/// 1213, 1105; 1526 and 1748 for a row that no partition takes; suspends.
pub fn insert_row(ctx: &mut Context<'_>, table: &Table, values: &[Value]) -> Run<Option<Duplicate>> {
    match &table.partitioned {
        None => insert_stored(ctx, table, values),
        Some(partitioned) => {
            let leaf = Arc::clone(partitioned.table_of_row(table, values, ctx)?);
            insert_stored(ctx, &leaf, values)
        }
    }
}

/// Inserts a row into a table without partitions.
fn insert_stored(ctx: &mut Context<'_>, table: &Table, values: &[Value]) -> Run<Option<Duplicate>> {
    let zone = Zone::of(ctx.session);
    let row_key = if table.hidden_row_id {
        sequence::hidden_row_key(ctx, table)
    } else {
        let row_key = key::primary_key(table, values, zone)?;
        meet_ranges(ctx, &row_key, WriteKind::Insertion)?;
        lock_exclusive(ctx, &row_key)?;
        if ctx.txn.get(&row_key, View::Latest)?.is_some() {
            return Ok(Some(Duplicate { index: 0, row_key }));
        }
        row_key
    };
    // Most tables have few secondary indexes, and many none: then nothing is allocated.
    let mut entries = Vec::with_capacity(table.indexes.len() - 1);
    for (position, index) in table.indexes.iter().enumerate().skip(1) {
        let entry = key::index_entry(table, index, values, &row_key, zone)?;
        if entry.unique
            && let Some(duplicate) = find_duplicate(ctx, table, position, &entry)?
        {
            return Ok(Some(duplicate));
        }
        entries.push(entry);
    }
    let value = row::encode(table, values, zone)?;
    ctx.txn.put(row_key.clone(), value);
    meet_ranges(ctx, &row_key, WriteKind::Insertion)?;
    for entry in entries {
        ctx.txn.put(entry.key.clone(), entry.value);
        meet_ranges(ctx, &entry.key, WriteKind::Insertion)?;
    }
    if let Some(job) = &table.job {
        online::follow(ctx, table, job, None, Some(Written { key: &row_key, values }), zone)?;
    }
    if table.is_temporary() {
        check_room(ctx, table)?;
    }
    Ok(None)
}

/// Refuses what makes temporary tables larger than they may be; the statement is rolled back then.
///
/// # Errors
/// 1114.
pub fn check_room(ctx: &Context<'_>, table: &Table) -> Run<()> {
    if ctx.txn.temporary_is_full() { Err(Error::table_full(&table.name).into()) } else { Ok(()) }
}

/// Locks a unique key and looks whether it is taken.
fn find_duplicate(
    ctx: &mut Context<'_>,
    table: &Table,
    position: usize,
    entry: &Entry,
) -> Run<Option<Duplicate>> {
    meet_ranges(ctx, &entry.key, WriteKind::Insertion)?;
    lock_exclusive(ctx, &entry.key)?;
    let Some(value) = ctx.txn.get(&entry.key, View::Latest)? else { return Ok(None) };
    let row_key = key::row_key_from_index_entry(table, &table.indexes[position], &entry.key, &value)?;
    Ok(Some(Duplicate { index: position, row_key }))
}

/// Changes a row whose lock is held, from `old` (as read under that lock) to `new`. False when nothing differs: then nothing
/// is written.
///
/// # Errors
/// 1062 when another row has the new values in a unique index (nothing is written then), 1213, 1105; suspends.
pub fn update_row(
    ctx: &mut Context<'_>,
    table: &Table,
    old_key: &[u8],
    old: &[Value],
    new: Vec<Value>,
) -> Run<bool> {
    match &table.partitioned {
        None => update_stored(ctx, table, old_key, old, new),
        Some(partitioned) => update_partitioned(ctx, table, partitioned, old_key, old, new),
    }
}

/// Changes a row of a partitioned table: it may have to move to another partition.
fn update_partitioned(
    ctx: &mut Context<'_>,
    table: &Table,
    partitioned: &Partitioned,
    old_key: &[u8],
    old: &[Value],
    new: Vec<Value>,
) -> Run<bool> {
    if old == new {
        return Ok(false);
    }
    let from = Arc::clone(partitioned.table_of_key(table, old_key)?);
    let to = Arc::clone(partitioned.table_of_row(table, &new, ctx)?);
    if Arc::ptr_eq(&from, &to) {
        return update_stored(ctx, &from, old_key, old, new);
    }
    if let Some(duplicate) = insert_stored(ctx, &to, &new)? {
        return Err(duplicate_entry(&to, duplicate.index, &new).into());
    }
    to.row_estimate.fetch_add(1, Ordering::Relaxed);
    delete_stored(ctx, &from, old_key, old)?;
    Ok(true)
}

/// Changes a row of a table without partitions.
fn update_stored(
    ctx: &mut Context<'_>,
    table: &Table,
    old_key: &[u8],
    old: &[Value],
    new: Vec<Value>,
) -> Run<bool> {
    let changed: ColumnSet = old
        .iter()
        .zip(&new)
        .enumerate()
        .filter(|(_, (old, new))| old != new)
        .map(|(column, _)| column)
        .collect();
    if changed.is_empty() {
        return Ok(false);
    }
    let zone = Zone::of(ctx.session);
    let touches = |index: &Index| index.columns.iter().any(|part| changed.contains(part.column));
    let mut new_key = Bytes::copy_from_slice(old_key);
    if !table.hidden_row_id && touches(table.primary()) {
        new_key = key::primary_key(table, &new, zone)?;
        if new_key != old_key {
            meet_ranges(ctx, &new_key, WriteKind::Insertion)?;
            lock_exclusive(ctx, &new_key)?;
            if ctx.txn.get(&new_key, View::Latest)?.is_some() {
                return Err(duplicate_entry(table, 0, &new).into());
            }
        }
    }
    let moved = new_key != old_key;
    let mut entries = Vec::new();
    for (position, index) in table.indexes.iter().enumerate().skip(1) {
        if !moved && !touches(index) {
            continue;
        }
        let before = key::index_entry(table, index, old, old_key, zone)?;
        let after = key::index_entry(table, index, &new, &new_key, zone)?;
        if before == after {
            continue;
        }
        if before.unique {
            lock_exclusive(ctx, &before.key)?;
        }
        if after.unique && after.key != before.key && find_duplicate(ctx, table, position, &after)?.is_some()
        {
            return Err(duplicate_entry(table, position, &new).into());
        }
        entries.push((before, after));
    }
    let value = row::encode(table, &new, zone)?;
    if moved {
        ctx.txn.delete(Bytes::copy_from_slice(old_key));
        meet_ranges(ctx, old_key, WriteKind::Change)?;
    }
    ctx.txn.put(new_key.clone(), value);
    meet_ranges(ctx, &new_key, if moved { WriteKind::Insertion } else { WriteKind::Change })?;
    for (before, after) in entries {
        let moves = before.key != after.key;
        if moves {
            ctx.txn.delete(before.key.clone());
            meet_ranges(ctx, &before.key, WriteKind::Change)?;
        }
        ctx.txn.put(after.key.clone(), after.value);
        meet_ranges(ctx, &after.key, if moves { WriteKind::Insertion } else { WriteKind::Change })?;
    }
    if let Some(job) = &table.job {
        let before = Written { key: old_key, values: old };
        let after = Written { key: &new_key, values: &new };
        online::follow(ctx, table, job, Some(before), Some(after), zone)?;
    }
    if table.is_temporary() {
        check_room(ctx, table)?;
    }
    Ok(true)
}

/// Deletes a row whose lock is held; `old` as read under that lock.
///
/// # Errors
/// 1213, 1105; suspends.
pub fn delete_row(ctx: &mut Context<'_>, table: &Table, row_key: &[u8], old: &[Value]) -> Run<()> {
    match &table.partitioned {
        None => delete_stored(ctx, table, row_key, old),
        Some(partitioned) => {
            let leaf = Arc::clone(partitioned.table_of_key(table, row_key)?);
            delete_stored(ctx, &leaf, row_key, old)
        }
    }
}

/// Deletes a row of a table without partitions.
fn delete_stored(ctx: &mut Context<'_>, table: &Table, row_key: &[u8], old: &[Value]) -> Run<()> {
    let zone = Zone::of(ctx.session);
    let mut entries = Vec::with_capacity(table.indexes.len() - 1);
    for index in &table.indexes[1..] {
        let entry = key::index_entry(table, index, old, row_key, zone)?;
        if entry.unique {
            lock_exclusive(ctx, &entry.key)?;
        }
        entries.push(entry.key);
    }
    ctx.txn.delete(Bytes::copy_from_slice(row_key));
    meet_ranges(ctx, row_key, WriteKind::Change)?;
    for entry in entries {
        ctx.txn.delete(entry.clone());
        meet_ranges(ctx, &entry, WriteKind::Change)?;
    }
    if let Some(job) = &table.job {
        online::follow(ctx, table, job, Some(Written { key: row_key, values: old }), None, zone)?;
    }
    // An estimate that other sessions move too: it may be behind, but it must not wrap.
    let less = |rows: u64| rows.checked_sub(1);
    let _ = table.row_estimate.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    Ok(())
}

/// Bytes of an entry that message 1062 shows.
const DUPLICATE_TEXT_BYTES_MAX: usize = 64;

/// Error 1062 for a row's values in an index.
#[must_use]
pub fn duplicate_entry(table: &Table, index: usize, values: &[Value]) -> Error {
    duplicate_entry_of(table, &table.indexes[index], values)
}

/// Error 1062 for a row's values in an index that may be in no definition yet.
#[must_use]
pub fn duplicate_entry_of(table: &Table, index: &Index, values: &[Value]) -> Error {
    let mut entry = String::new();
    for (position, part) in index.columns.iter().enumerate() {
        if position > 0 {
            entry.push('-');
        }
        let column = &table.columns[part.column];
        match to_text(&values[part.column], &column.data_type) {
            None => entry.push_str("NULL"),
            Some(text) => {
                push_printable(&cut_to_prefix(&text, part.prefix, column.data_type.kind), &mut entry)
            }
        }
    }
    let mut end = entry.len().min(DUPLICATE_TEXT_BYTES_MAX);
    while !entry.is_char_boundary(end) {
        end -= 1;
    }
    Error::duplicate_entry(&entry[..end], format_args!("{}.{}", table.name, index.name))
}

fn cut_to_prefix(text: &[u8], prefix: Option<u32>, kind: TypeKind) -> Vec<u8> {
    let Some(prefix) = prefix else { return text.to_vec() };
    let prefix = prefix as usize;
    match (kind, std::str::from_utf8(text)) {
        (
            TypeKind::Char(_)
            | TypeKind::VarChar(_)
            | TypeKind::TinyText
            | TypeKind::Text
            | TypeKind::MediumText
            | TypeKind::LongText,
            Ok(text),
        ) => text.chars().take(prefix).collect::<String>().into_bytes(),
        _ => text[..text.len().min(prefix)].to_vec(),
    }
}

/// Text as it is; bytes that are no text, and control characters, as `\x00`.
fn push_printable(bytes: &[u8], out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if (character as u32) < 0x20 || character as u32 == 0x7F {
                out.push_str(&format!("\\x{:02X}", character as u32));
            } else {
                out.push(character);
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
}
