//! Names in foreign keys when tables and columns get others.

use crate::catalog::{Catalog, ForeignKey, Table, same_name};
use crate::{Error, Result};

use super::{Surroundings, check_adopted, errors, sort};

/// After a table got another name: generated names follow it.
pub fn rename_generated(table: &mut Table, before: &str) {
    let prefix = format!("{before}_ibfk_");
    let name = table.name.clone();
    for key in &mut table.foreign_keys {
        if let Some(number) = key.name.strip_prefix(&prefix).filter(|number| number.parse::<u64>().is_ok()) {
            key.name = format!("{name}_ibfk_{number}");
        }
    }
    sort(table);
}

/// Tables that got other names, with those that refer to them: these get the new names too.
///
/// # Errors
/// 1826 for a name that is taken in the other database; those of [`check_adopted`] for who refers to a new name already.
pub fn follow(catalog: &Catalog, mut renamed: Vec<Table>, checks: bool) -> Result<Vec<Table>> {
    let moved: Vec<[(String, String); 2]> = renamed
        .iter()
        .filter_map(|table| {
            let old = catalog.by_id.get(&table.id)?;
            let names = |table: &Table| (table.database.clone(), table.name.clone());
            Some([names(old), names(table)])
        })
        .collect();
    // Who refers to a new name and not to a table that moves away from it.
    let around = Surroundings { catalog, checks, before: None };
    for table in &renamed {
        let is_left = moved.iter().any(|[old, _]| *old == (table.database.clone(), table.name.clone()));
        if !is_left {
            check_adopted(table, around)?;
        }
    }
    for table in &mut renamed {
        for key in &mut table.foreign_keys {
            follow_parent(key, &moved);
        }
        check_names(catalog, table)?;
    }
    for table in catalog.tables() {
        let refers =
            |key: &ForeignKey| moved.iter().any(|[(database, name), _]| key.refers_to(database, name));
        if !table.foreign_keys.iter().any(refers) || renamed.iter().any(|other| other.id == table.id) {
            continue;
        }
        let mut table = Table::clone(table);
        for key in &mut table.foreign_keys {
            follow_parent(key, &moved);
        }
        renamed.push(table);
    }
    Ok(renamed)
}

/// As [`follow`], for a table of which more changes: `changed` are children that change already.
///
/// # Errors
/// 1826.
pub fn follow_one(
    catalog: &Catalog,
    before: (&str, &str),
    target: &mut Table,
    mut changed: Vec<Table>,
) -> Result<Vec<Table>> {
    let names = |database: &str, name: &str| (database.to_owned(), name.to_owned());
    let moved = [[names(before.0, before.1), names(&target.database, &target.name)]];
    for key in &mut target.foreign_keys {
        follow_parent(key, &moved);
    }
    check_names(catalog, target)?;
    for table in catalog.tables().filter(|table| table.id != target.id) {
        let is_child = table.foreign_keys.iter().any(|key| key.refers_to(before.0, before.1));
        if is_child && !changed.iter().any(|other| other.id == table.id) {
            changed.push(Table::clone(table));
        }
    }
    for table in &mut changed {
        for key in &mut table.foreign_keys {
            follow_parent(key, &moved);
        }
    }
    Ok(changed)
}

fn follow_parent(key: &mut ForeignKey, moved: &[[(String, String); 2]]) {
    if let Some([_, (database, name)]) =
        moved.iter().find(|[(database, name), _]| key.refers_to(database, name))
    {
        key.parent_database.clone_from(database);
        key.parent_table.clone_from(name);
    }
}

/// That no other table of the database has the names of the table's foreign keys.
fn check_names(catalog: &Catalog, table: &Table) -> Result<()> {
    let Some(database) = catalog.databases.get(&table.database) else {
        return Err(Error::unknown_database(&table.database));
    };
    for other in database.tables.values().filter(|other| other.id != table.id) {
        for key in &table.foreign_keys {
            if other.foreign_keys.iter().any(|of_other| same_name(&of_other.name, &key.name)) {
                return Err(errors::duplicate_name(&key.name));
            }
        }
    }
    Ok(())
}

/// Gives columns their new names where a foreign key has them as its own.
pub fn rename_columns(table: &mut Table, renamed: &[(&str, &str)]) {
    for key in &mut table.foreign_keys {
        replace(&mut key.columns, renamed);
    }
}

/// Gives columns of a parent their new names; true where something changes.
pub fn rename_parent_columns(child: &mut Table, parent: (&str, &str), renamed: &[(&str, &str)]) -> bool {
    let mut is_changed = false;
    for key in &mut child.foreign_keys {
        if key.refers_to(parent.0, parent.1) {
            is_changed |= replace(&mut key.parent_columns, renamed);
        }
    }
    is_changed
}

fn replace(names: &mut [String], renamed: &[(&str, &str)]) -> bool {
    let mut is_changed = false;
    for name in names {
        if let Some((_, to)) = renamed.iter().find(|(from, _)| same_name(from, name)) {
            (*to).clone_into(name);
            is_changed = true;
        }
    }
    is_changed
}
