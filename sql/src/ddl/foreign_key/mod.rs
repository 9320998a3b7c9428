//! Foreign keys of CREATE TABLE and ALTER TABLE: as written → [`ForeignKey`], with MySQL's checks, and the indexes made for them.
//!
//! * [`errors`] has MySQL's words;
//! * [`types`] says which columns may refer to which;
//! * [`rename`] keeps names right when tables and columns get others;
//! * [`related`] says which other tables a schema change has to lock;
//! * [`rows`] looks at the rows of a table that gets a foreign key.
//!
//! Left out (1235): foreign keys between columns whose types MySQL takes for compatible, but whose values it converts to compare them (such as
//! DATETIME and DATETIME(3)).

pub mod errors;
pub mod related;
pub mod rename;
pub mod rows;
mod types;

use crate::ast::{ForeignKeyDefinition, KeyDefinition, KeyPart};
use crate::catalog::foreign_key::{begins_with, positions, unique_index};
use crate::catalog::{Catalog, ForeignKey, ReferenceAction, Table, same_name};
use crate::{Error, Result};

use super::definition::check_identifier_length;

/// What the foreign keys of a table are checked against.
#[derive(Clone, Copy)]
pub struct Surroundings<'c> {
    /// The other tables.
    pub catalog: &'c Catalog,
    /// `foreign_key_checks`.
    pub checks: bool,
    /// The table's names before the statement, where it had others: who refers to those refers to it.
    pub before: Option<(&'c str, &'c str)>,
}

/// Adds foreign keys to a table that has its columns and indexes already.
///
/// # Errors
/// 1059, 1072, 1235, 1239, 1824, 1826, 1830, 3104, 3733, 3734, 3780, 3823, 6125.
pub fn add(
    definitions: &[ForeignKeyDefinition],
    table: &mut Table,
    around: Surroundings<'_>,
    mut number: u64,
) -> Result<()> {
    if table.partitioned.is_some() && !definitions.is_empty() {
        return Err(crate::ddl::partition::foreign_keys());
    }
    for definition in definitions {
        let key = named(definition, table, &mut number)?;
        if is_taken(&key.name, table, around) {
            return Err(errors::duplicate_name(&key.name));
        }
        let key = resolved(key, table, around)?;
        check_columns(&key, table)?;
        check_parent(&key, table, around)?;
        table.foreign_keys.push(key);
    }
    sort(table);
    check_against_checks(table)
}

/// By name, as MySQL lists and checks them.
pub fn sort(table: &mut Table) {
    table.foreign_keys.sort_by_cached_key(|key| key.name.to_lowercase());
}

/// The highest number of the generated names.
#[must_use]
pub fn last_number(table: &Table) -> u64 {
    let prefix = format!("{}_ibfk_", table.name);
    let numbers =
        table.foreign_keys.iter().filter_map(|key| key.name.strip_prefix(&prefix)?.parse::<u64>().ok());
    numbers.max().unwrap_or(0)
}

fn named(definition: &ForeignKeyDefinition, table: &Table, number: &mut u64) -> Result<ForeignKey> {
    let name = match &definition.name {
        Some(name) => name.clone(),
        None => {
            *number += 1;
            format!("{}_ibfk_{number}", table.name)
        }
    };
    check_identifier_length(&name)?;
    if !definition.parent_columns.is_empty() && definition.parent_columns.len() != definition.columns.len() {
        let of = definition.name.as_deref().unwrap_or("foreign key without name");
        return Err(errors::columns_do_not_match(of));
    }
    let database = definition.parent.database.clone();
    Ok(ForeignKey {
        name,
        columns: definition.columns.clone(),
        parent_database: database.unwrap_or_else(|| table.database.clone()),
        parent_table: definition.parent.table.clone(),
        parent_columns: definition.parent_columns.clone(),
        on_delete: definition.on_delete,
        on_update: definition.on_update,
    })
}

/// Whether a foreign key of the database has this name, or had it before the statement.
fn is_taken(name: &str, table: &Table, around: Surroundings<'_>) -> bool {
    let has = |other: &Table| other.foreign_keys.iter().any(|key| same_name(&key.name, name));
    let Some(database) = around.catalog.databases.get(&table.database) else { return has(table) };
    has(table) || database.tables.values().any(|other| has(other))
}

/// Gives the columns their names as declared, and the parent's primary key where no columns are written.
fn resolved(mut key: ForeignKey, table: &Table, around: Surroundings<'_>) -> Result<ForeignKey> {
    for name in &mut key.columns {
        match table.column_position(name) {
            Some(position) => name.clone_from(&table.columns[position].name),
            None => return Err(Error::key_column_missing(name)),
        }
    }
    let parent = parent_of(&key, table, around);
    if parent.is_some_and(|parent| parent.partitioned.is_some()) {
        return Err(crate::ddl::partition::foreign_keys());
    }
    if key.parent_columns.is_empty() {
        let Some(parent) = parent else { return Err(errors::no_parent(&key)) };
        if parent.hidden_row_id {
            return Err(errors::no_unique_key(&key));
        }
        let names = parent.primary().columns.iter().map(|part| parent.columns[part.column].name.clone());
        key.parent_columns = names.collect();
        if key.parent_columns.len() != key.columns.len() {
            return Err(errors::columns_do_not_match("foreign key without name"));
        }
    } else if let Some(parent) = parent {
        let mut names = Vec::with_capacity(key.parent_columns.len());
        for name in &key.parent_columns {
            match parent.column_position(name) {
                Some(position) => names.push(parent.columns[position].name.clone()),
                None => return Err(errors::no_parent_column(name, &key)),
            }
        }
        key.parent_columns = names;
    }
    Ok(key)
}

/// The parent, which may be the table itself.
fn parent_of<'t>(key: &ForeignKey, table: &'t Table, around: Surroundings<'t>) -> Option<&'t Table> {
    let is_itself = key.refers_to(&table.database, &table.name)
        || around.before.is_some_and(|(database, name)| key.refers_to(database, name));
    if is_itself {
        return Some(table);
    }
    let database = around.catalog.databases.get(&key.parent_database)?;
    database.tables.get(&key.parent_table).map(|table| &**table)
}

/// What a foreign key asks of its own columns.
///
/// # Errors
/// 1830, 3104, 3733.
pub fn check_columns(key: &ForeignKey, table: &Table) -> Result<()> {
    let sets_null = key.on_delete == ReferenceAction::SetNull || key.on_update == ReferenceAction::SetNull;
    for name in &key.columns {
        let Some(position) = table.column_position(name) else { return Err(Error::key_column_missing(name)) };
        let column = &table.columns[position];
        if let Some(generated) = &column.generated {
            if !generated.stored {
                return Err(errors::virtual_column(&key.name, &column.name));
            }
            for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
                let is_refused = match action {
                    ReferenceAction::SetNull | ReferenceAction::SetDefault => true,
                    ReferenceAction::Cascade => event == "UPDATE",
                    ReferenceAction::NoAction | ReferenceAction::Restrict => false,
                };
                if is_refused {
                    return Err(errors::generated_column(event, action));
                }
            }
        }
        if sets_null && !column.nullable {
            return Err(errors::not_null(&column.name, &key.name));
        }
    }
    check_bases_of_stored(key, table)
}

/// An action must not change what a STORED column is computed from.
fn check_bases_of_stored(key: &ForeignKey, table: &Table) -> Result<()> {
    let changes = key.on_update.cascades() || key.on_delete.cascades();
    if !changes {
        return Ok(());
    }
    let Some(rules) = table.rules()? else { return Ok(()) };
    let columns = positions(table, &key.columns).unwrap_or_default();
    for (position, expression) in &rules.generated {
        let is_stored = table.columns[*position].generated.as_ref().is_some_and(|generated| generated.stored);
        if is_stored
            && crate::plan::slots::slots_of(expression).into_iter().any(|slot| columns.contains(&slot))
        {
            return Err(errors::cannot_add());
        }
    }
    Ok(())
}

/// What a foreign key asks of its parent.
///
/// # Errors
/// 1235, 1824, 3734, 3780, 6125.
pub fn check_parent(key: &ForeignKey, table: &Table, around: Surroundings<'_>) -> Result<()> {
    let Some(parent) = parent_of(key, table, around) else {
        return if around.checks { Err(errors::no_parent(key)) } else { Ok(()) };
    };
    check_pair(key, table, parent)
}

/// What a foreign key asks of a parent that is there.
///
/// # Errors
/// 1235, 3734, 3780, 6125.
pub fn check_pair(key: &ForeignKey, child: &Table, parent: &Table) -> Result<()> {
    let mut parent_columns = Vec::with_capacity(key.parent_columns.len());
    for (name, parent_name) in key.columns.iter().zip(&key.parent_columns) {
        let (Some(own), Some(position)) = (child.column_position(name), parent.column_position(parent_name))
        else {
            return Err(errors::no_parent_column(parent_name, key));
        };
        let (own, of_parent) = (&child.columns[own], &parent.columns[position]);
        if !types::are_compatible(&own.data_type, &of_parent.data_type) {
            return Err(errors::incompatible(&own.name, &of_parent.name, &key.name));
        }
        parent_columns.push(position);
    }
    let is_itself = child.database == parent.database && child.name == parent.name;
    let is_same = is_itself && positions(child, &key.columns).as_ref() == Some(&parent_columns);
    if is_same || unique_index(parent, &parent_columns).is_none() {
        return Err(errors::no_unique_key(key));
    }
    for (name, position) in key.columns.iter().zip(parent_columns) {
        let Some(own) = child.column_position(name) else { continue };
        types::check_built(&child.columns[own], &parent.columns[position])?;
    }
    Ok(())
}

/// Error 3823: a CHECK may not depend on columns that a foreign key's action changes.
fn check_against_checks(table: &Table) -> Result<()> {
    for key in &table.foreign_keys {
        let changes = key.on_update.cascades() || key.on_delete.cascades();
        for check in table.checks.iter().filter(|_| changes) {
            let read = crate::constraint::definition::columns_of_check(check, table)?;
            let shared = read.into_iter().find(|position| {
                key.columns.iter().any(|name| same_name(name, &table.columns[*position].name))
            });
            if let Some(position) = shared {
                return Err(errors::in_check(&table.columns[position].name, &check.name, &key.name));
            }
        }
    }
    Ok(())
}

/// For a table that gets a name (by CREATE or RENAME): those that refer to the name already must be able to.
///
/// # Errors
/// 1215 with `foreign_key_checks`, else as [`check_pair`].
pub fn check_adopted(parent: &Table, around: Surroundings<'_>) -> Result<()> {
    for child in around.catalog.tables() {
        for key in child.foreign_keys.iter().filter(|key| key.refers_to(&parent.database, &parent.name)) {
            if parent.partitioned.is_some() {
                return Err(crate::ddl::partition::foreign_keys());
            }
            let checked = check_pair(key, child, parent);
            checked.map_err(|error| if around.checks { errors::cannot_add() } else { error })?;
        }
    }
    Ok(())
}

/// By key: whether it stays. An index that is made for a foreign key goes if another begins with its columns.
#[must_use]
pub fn kept_keys(keys: &[&KeyDefinition]) -> Vec<bool> {
    let mut kept = vec![true; keys.len()];
    for (position, key) in keys.iter().enumerate() {
        for (before, other) in keys[..position].iter().enumerate() {
            if !kept[before] || !serves_twice(key, other) {
                continue;
            }
            let goes = !other.generated || (key.generated && key.columns.len() < other.columns.len());
            kept[if goes { position } else { before }] = false;
            break;
        }
    }
    kept
}

/// Whether one of two keys is made for a foreign key, and the other begins with its columns.
fn serves_twice(one: &KeyDefinition, other: &KeyDefinition) -> bool {
    let (made, other) = match (one.generated, other.generated) {
        (true, true) if one.columns.len() > other.columns.len() => (other, one),
        (true, _) => (one, other),
        (false, true) => (other, one),
        (false, false) => return false,
    };
    let is_same = |made: &KeyPart, part: &KeyPart| {
        same_name(&made.column, &part.column)
            && part.prefix.is_none()
            && !part.descending
            && part.expression.is_none()
    };
    made.columns.len() <= other.columns.len()
        && made.columns.iter().zip(&other.columns).all(|(made, part)| is_same(made, part))
}

/// Whether an index of the table begins with a foreign key's columns.
#[must_use]
pub fn has_index(key: &ForeignKey, table: &Table) -> bool {
    positions(table, &key.columns)
        .is_some_and(|columns| table.indexes.iter().any(|index| begins_with(index, &columns)))
}
