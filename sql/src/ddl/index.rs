//! CREATE INDEX and DROP INDEX (ALTER TABLE ADD and DROP KEY).
//!
//! An index is built in many entries of bounded size, under the table's exclusive metadata lock:
//!
//! 1. *begin* takes the ids and marks them as being built (`b`);
//! 2. each step of *fill* reads a piece of the rows and writes their entries;
//! 3. *publish* writes the table's definition with the indexes, and takes the marks away.
//!
//! Nothing refers to the entries before publish, and the rows cannot change meanwhile. After a duplicate in a unique
//! index, or KILL, the marks become those of dropped indexes.

use std::sync::Arc;

use bytes::Bytes;
use storage::engine::{Direction, KeyRange};
use storage::txn::View;

use super::{bump_version, key as key_definition, qualified, take_ids};
use crate::Error;
use crate::ast::{KeyDefinition, KeyKind, TableName};
use crate::catalog::store::CatalogKey;
use crate::catalog::{Index, IndexId, Table, encode};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::dml::write::duplicate_entry;
use crate::execute::{Context, Outcome, Run};
use crate::limits::{INDEX_BUILD_CHUNK_BYTES, INDEX_BUILD_CHUNK_ROWS_MAX, KILL_CHECK_ROWS};

/// What MySQL says after ALTER TABLE and CREATE INDEX.
const INFO: &str = "Records: 0  Duplicates: 0  Warnings: 0";

/// Indexes that are being built.
pub struct Build {
    /// The table as it was when the build began, with the new indexes after the others.
    table: Table,
    /// How many of the table's indexes are new.
    added: usize,
    /// The next row to read is at or after this key; None when all are read.
    next: Option<Bytes>,
}

impl Build {
    /// Checks the definitions and takes ids for them.
    ///
    /// # Errors
    /// 1146, 1235 for a primary key, and those of [`key::build`](super::key::build); suspends.
    pub fn begin(ctx: &mut Context<'_>, name: &TableName, keys: &[KeyDefinition]) -> Run<Build> {
        let (database, name) = qualified(name);
        let mut table = Table::clone(ctx.catalog.table(database, name)?);
        if keys.iter().any(|definition| definition.kind == KeyKind::Primary) {
            if !table.hidden_row_id {
                return Err(Error::multiple_primary_key().into());
            }
            return Err(Error::not_supported("adding a primary key to a table").into());
        }
        let mut names: Vec<String> = named_indexes(&table).map(|index| index.name.clone()).collect();
        let added = keys.len();
        for definition in keys {
            let index = key_definition::build(definition, &table.columns, &names)?;
            names.push(index.name.clone());
            table.indexes.push(index);
        }
        key_definition::check_count(&table)?;
        let count = u32::try_from(added).unwrap_or(u32::MAX);
        let first_id = take_ids(ctx, count)?;
        let first = table.indexes.len() - added;
        for (index, id) in table.indexes[first..].iter_mut().zip(first_id..) {
            index.id = IndexId(id);
            ctx.txn.put(CatalogKey::Building(index.id).to_bytes(), Bytes::new());
        }
        let next = Some(key::index_range(table.primary().id).start);
        Ok(Build { table, added, next })
    }

    /// The new indexes.
    fn new_indexes(&self) -> &[Index] {
        &self.table.indexes[self.table.indexes.len() - self.added..]
    }

    /// Writes the entries of the next piece of the rows, or publishes the indexes when there are no more.
    ///
    /// # Errors
    /// 1062, 1317; suspends.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Run<Option<Outcome>> {
        match self.next.take() {
            Some(start) => {
                // Left in place if the step has to run again.
                self.next = Some(start.clone());
                self.next = self.fill(ctx, start)?;
                Ok(None)
            }
            None => self.publish(ctx).map(Some),
        }
    }

    fn fill(&self, ctx: &mut Context<'_>, start: Bytes) -> Run<Option<Bytes>> {
        ctx.check()?;
        let table = &self.table;
        let zone = Zone::of(ctx.session);
        let parts = self.new_indexes().iter().flat_map(|index| &index.columns);
        let wanted: ColumnSet = parts.map(|part| part.column).collect();
        let range = KeyRange { start, end: key::index_range(table.primary().id).end };
        let mut cursor = ctx.txn.scan(range, Direction::Forward, View::Latest);
        let (mut bytes, mut rows) = (0, 0);
        let mut values = Vec::new();
        while let Some((row_key, value)) = cursor.next(ctx.txn)? {
            row::decode(table, &row_key, &value, &wanted, zone, &mut values)?;
            for (position, index) in table.indexes.iter().enumerate().skip(table.indexes.len() - self.added) {
                let entry = key::index_entry(table, index, &values, &row_key, zone)?;
                if entry.unique && ctx.txn.get(&entry.key, View::Latest)?.is_some() {
                    return Err(duplicate_entry(table, position, &values).into());
                }
                bytes += entry.key.len() + entry.value.len();
                ctx.txn.put(entry.key, entry.value);
            }
            rows += 1;
            if rows % KILL_CHECK_ROWS == 0 {
                ctx.check()?;
            }
            if bytes >= INDEX_BUILD_CHUNK_BYTES || rows >= INDEX_BUILD_CHUNK_ROWS_MAX {
                return Ok(Some(storage::engine::key_after(&row_key)));
            }
        }
        Ok(None)
    }

    fn publish(&mut self, ctx: &mut Context<'_>) -> Run<Outcome> {
        bump_version(ctx)?;
        for index in self.new_indexes() {
            ctx.txn.delete(CatalogKey::Building(index.id).to_bytes());
        }
        let mut table = self.table.clone();
        key_definition::sort(&mut table);
        ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(&table));
        Ok(Outcome { info: INFO.to_owned(), ..Outcome::default() })
    }

    /// Leaves what was written to be deleted, after a failed step: in place of what that step wrote.
    pub fn undo(&self, ctx: &mut Context<'_>) {
        for index in self.new_indexes() {
            ctx.txn.delete(CatalogKey::Building(index.id).to_bytes());
            ctx.txn.put(CatalogKey::Dropped(index.id).to_bytes(), Bytes::new());
        }
    }
}

/// The indexes that have names: all but a hidden primary.
fn named_indexes(table: &Table) -> impl Iterator<Item = &Index> {
    table.indexes.iter().skip(usize::from(table.hidden_row_id))
}

/// DROP INDEX.
///
/// # Errors
/// 1075, 1091, 1146, 1235 for the primary key; suspends.
pub fn drop(ctx: &mut Context<'_>, table: &TableName, name: &str) -> Run<Outcome> {
    let (database, table) = qualified(table);
    let mut table = Table::clone(ctx.catalog.table(database, table)?);
    let Some(position) = table.index_position(name) else {
        return Err(Error::cannot_drop(name).into());
    };
    if position == 0 {
        return Err(Error::not_supported("dropping the primary key of a table").into());
    }
    let index = table.indexes.remove(position);
    if let Some(column) = table.auto_increment_column
        && !named_indexes(&table).any(|index| index.columns.first().is_some_and(|part| part.column == column))
    {
        return Err(Error::wrong_auto_key().into());
    }
    bump_version(ctx)?;
    let table = Arc::new(table);
    ctx.txn.put(CatalogKey::Dropped(index.id).to_bytes(), Bytes::new());
    ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(&table));
    Ok(Outcome { info: INFO.to_owned(), ..Outcome::default() })
}
