//! [`Object`]: what the key of a lock stands for.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::catalog::{Index, Table};
use crate::codec::key;
use crate::ddl;
use crate::execute::Context;
use crate::types::text::to_text;

/// What is locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    /// What kind of thing it is.
    pub(super) kind: ObjectKind,
    /// Its database.
    pub(super) database: String,
    /// Its table; of GET_LOCK() the name.
    pub(super) name: String,
    /// The partition.
    pub(super) partition: String,
    /// The index of a row's key.
    pub(super) index: String,
    /// The values of the key, as far as they can be had back from it.
    pub(super) data: Option<String>,
    /// The same for two that are the same.
    pub(super) number: u64,
}

/// Kinds of what is locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ObjectKind {
    /// A row, or the place of one.
    #[default]
    Row,
    /// The definition of a table, and all of its rows.
    Table,
    /// The definition of a database.
    Schema,
    /// A name of GET_LOCK().
    UserLock,
    /// LOCK INSTANCE FOR BACKUP.
    Backup,
}

impl Object {
    /// What a key stands for.
    pub(super) fn of(lock_key: &[u8], ctx: &Context) -> Object {
        let mut hasher = DefaultHasher::new();
        lock_key.hash(&mut hasher);
        let number = hasher.finish();
        let found = match ddl::lock_of(lock_key) {
            Some((b'u', names)) => {
                // Behind the term.
                let name = names.get(size_of::<u64>()..).unwrap_or_default();
                let name = String::from_utf8_lossy(name).into_owned();
                Object { kind: ObjectKind::UserLock, name, ..Object::default() }
            }
            Some((ddl::BACKUP_LOCK, _)) => Object { kind: ObjectKind::Backup, ..Object::default() },
            Some((kind, names)) => {
                let mut names = names.split(|byte| *byte == 0).map(String::from_utf8_lossy);
                let mut next = || names.next().unwrap_or_default().into_owned();
                let kind = if kind == b'd' { ObjectKind::Schema } else { ObjectKind::Table };
                Object { kind, database: next(), name: next(), ..Object::default() }
            }
            None => row(lock_key, ctx).unwrap_or_default(),
        };
        Object { number, ..found }
    }
}

fn row(lock_key: &[u8], ctx: &Context) -> Option<Object> {
    let id = key::index_of(lock_key)?;
    let (table, stored, position) = ctx.catalog.tables().find_map(|table| {
        let stored = table.stored().ok()?;
        let found = stored.into_iter().find_map(|stored| {
            let position = stored.indexes.iter().position(|index| index.id == id)?;
            Some((stored, position))
        });
        found.map(|(stored, position)| (table, stored, position))
    })?;
    let index = &stored.indexes[position];
    let is_partition = table.partitioned.is_some();
    let partition = || {
        let definition = &table.partitioned.as_ref()?.definition;
        let leaf = definition.leaves().find(|leaf| leaf.indexes.get(position) == Some(&id))?;
        Some(leaf.name.clone())
    };
    Some(Object {
        kind: ObjectKind::Row,
        database: table.database.clone(),
        name: table.name.clone(),
        partition: if is_partition { partition().unwrap_or_default() } else { String::new() },
        index: index_name(index),
        data: data(stored, index, lock_key, ctx),
        number: 0,
    })
}

fn index_name(index: &Index) -> String {
    // That of a table without a primary key.
    if index.name.is_empty() { "GEN_CLUST_INDEX".to_owned() } else { index.name.clone() }
}

/// The values of a key with commas between them, text quoted; none when its columns are not kept as they were.
fn data(table: &Table, index: &Index, lock_key: &[u8], ctx: &Context) -> Option<String> {
    let zone = ctx.session.variables.time_zone;
    let values = key::columns_of_key(table, index, lock_key, zone).ok()?;
    let texts = values.into_iter().map(|(column, value)| {
        let data_type = &table.columns[column].data_type;
        let text = to_text(&value, data_type);
        let text = text.map_or("NULL".to_owned(), |text| String::from_utf8_lossy(&text).into_owned());
        if data_type.is_text() { format!("'{text}'") } else { text }
    });
    let texts: Vec<String> = texts.collect();
    Some(texts.join(", ")).filter(|text| !text.is_empty())
}
