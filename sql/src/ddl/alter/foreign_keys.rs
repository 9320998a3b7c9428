//! What ALTER TABLE does to foreign keys: those of the table, and those that refer to it.

use std::borrow::Cow;
use std::sync::Arc;

use super::added;
use super::columns::Planned;
use super::keys::PlannedKey;
use crate::ast::{AlterAction, AlterTable, ForeignKeyDefinition};
use crate::catalog::foreign_key::{begins_with, positions, unique_index};
use crate::catalog::{Catalog, Column, ForeignKey, Index, Table, same_name};
use crate::ddl::foreign_key::rows::{self, Origin};
use crate::ddl::foreign_key::{
    self, Surroundings, check_adopted, check_columns, check_pair, check_parent, errors, rename,
};
use crate::execute::{Context, Run};
use crate::types::TypeKind;
use crate::variables::SqlMode;
use crate::{Error, Result};

/// The statement with what DROP CONSTRAINT means.
///
/// # Errors
/// 3939, 3940.
pub(super) fn constraints<'a>(alter: &'a AlterTable, table: &Table) -> Result<Cow<'a, AlterTable>> {
    if !alter.actions.iter().any(|action| matches!(action, AlterAction::DropConstraint(_))) {
        return Ok(Cow::Borrowed(alter));
    }
    let mut alter = alter.clone();
    for action in &mut alter.actions {
        let AlterAction::DropConstraint(name) = action else { continue };
        let name = std::mem::take(name);
        let is_index = |index: &Index| index.unique && same_name(&index.name, &name);
        let found = [
            table.foreign_keys.iter().any(|key| same_name(&key.name, &name)),
            table.indexes.iter().any(is_index),
            table.checks.iter().any(|check| same_name(&check.name, &name)),
        ];
        if found.iter().filter(|found| **found).count() > 1 {
            return Err(several_constraints(&name));
        }
        *action = if table.foreign_keys.iter().any(|key| same_name(&key.name, &name)) {
            AlterAction::DropForeignKey(name)
        } else if table.indexes.iter().any(is_index) && !name.is_empty() {
            AlterAction::DropKey(name)
        } else if table.checks.iter().any(|check| same_name(&check.name, &name)) {
            AlterAction::DropCheck(name)
        } else {
            return Err(errors::no_constraint(&name));
        };
    }
    Ok(Cow::Owned(alter))
}

/// Error 3939.
fn several_constraints(name: &str) -> Error {
    let message = format!(
        "Table has multiple constraints with the name '{name}'. Please use constraint specific 'DROP' clause."
    );
    Error { code: 3939, state: *b"HY000", message }
}

/// DROP FOREIGN KEY.
///
/// # Errors
/// 1091.
pub(super) fn drop(alter: &AlterTable, target: &mut Table) -> Result<()> {
    for action in &alter.actions {
        let AlterAction::DropForeignKey(name) = action else { continue };
        let Some(position) = target.foreign_keys.iter().position(|key| same_name(&key.name, name)) else {
            return Err(Error::cannot_drop(name));
        };
        target.foreign_keys.remove(position);
    }
    Ok(())
}

/// The foreign keys that refer to a table, with who has them; the table itself is not among them.
fn children<'c>(
    catalog: &'c Catalog,
    table: &'c Table,
) -> impl Iterator<Item = (&'c Arc<Table>, &'c ForeignKey)> {
    catalog.tables().filter(|child| child.id != table.id).flat_map(move |child| {
        let refers = |key: &&ForeignKey| key.refers_to(&table.database, &table.name);
        child.foreign_keys.iter().filter(refers).map(move |key| (child, key))
    })
}

/// Refuses to drop columns and indexes that foreign keys need.
///
/// # Errors
/// 1553, 1828, 1829.
pub(super) fn check_needed(
    catalog: &Catalog,
    old: &Table,
    target: &Table,
    planned: &[Planned],
    keys: &[PlannedKey],
) -> Result<()> {
    let has = |position: usize| planned.iter().any(|planned| planned.source == Some(position));
    let gone = |names: &[String]| {
        let positions = names.iter().filter_map(|name| old.column_position(name));
        positions
            .into_iter()
            .find(|position| !has(*position))
            .map(|position| old.columns[position].name.clone())
    };
    // Those that stay, which still have the old names of columns.
    for key in &target.foreign_keys {
        if let Some(column) = gone(&key.columns) {
            return Err(errors::drops_column(&column, &key.name));
        }
    }
    let own = target.foreign_keys.iter().filter(|key| key.refers_to(&old.database, &old.name));
    let referring: Vec<(&str, &ForeignKey)> = own
        .map(|key| (old.name.as_str(), key))
        .chain(children(catalog, old).map(|(child, key)| (child.name.as_str(), key)))
        .collect();
    for (child, key) in &referring {
        if let Some(column) = gone(&key.parent_columns) {
            return Err(errors::drops_parent_column(&column, &key.name, child));
        }
    }
    let moved = |columns: &[usize]| -> Vec<usize> {
        let of = |column: &usize| planned.iter().position(|planned| planned.source == Some(*column));
        columns.iter().filter_map(of).collect()
    };
    for key in &target.foreign_keys {
        let Some(columns) = positions(old, &key.columns) else { continue };
        let now = moved(&columns);
        if keys.iter().any(|key| begins_with(&key.index, &now)) {
            continue;
        }
        if let Some(index) = old.indexes.iter().find(|index| begins_with(index, &columns)) {
            return Err(errors::index_needed(&index.name));
        }
    }
    for (_, key) in referring {
        let Some(columns) = positions(old, &key.parent_columns) else { continue };
        let (Some(was), now) = (unique_index(old, &columns), moved(&columns)) else { continue };
        let serves = |planned: &PlannedKey| {
            let parts = &planned.index.columns;
            planned.index.unique
                && parts.len() == now.len()
                && parts
                    .iter()
                    .zip(&now)
                    .all(|(part, column)| part.column == *column && part.prefix.is_none())
        };
        if !keys.iter().any(serves) {
            return Err(errors::index_needed(&old.indexes[was].name));
        }
    }
    Ok(())
}

/// Gives the foreign keys the new names of columns, here and in the children, which are given back as far as they change.
pub(super) fn rename_columns(
    catalog: &Catalog,
    old: &Table,
    target: &mut Table,
    planned: &[Planned],
) -> Vec<Table> {
    let renamed: Vec<(&str, &str)> = planned
        .iter()
        .filter_map(|planned| {
            let was = &old.columns[planned.source?].name;
            (*was != planned.column.name).then_some((was.as_str(), planned.column.name.as_str()))
        })
        .collect();
    if renamed.is_empty() {
        return Vec::new();
    }
    rename::rename_columns(target, &renamed);
    let parent = (old.database.as_str(), old.name.as_str());
    rename::rename_parent_columns(target, parent, &renamed);
    let mut changed = Vec::new();
    for child in catalog.tables().filter(|child| child.id != old.id) {
        let mut child = Table::clone(child);
        if rename::rename_parent_columns(&mut child, parent, &renamed) {
            changed.push(child);
        }
    }
    changed
}

/// With the columns and indexes in place: that the foreign keys that stay fit them, and those that are added. `changed` are the children
/// that change along with the table; the table's new name goes into those that refer to it.
///
/// # Errors
/// 1215, 1235, 1830, 3780 and those of [`foreign_key::add`].
pub(super) fn finish(
    ctx: &Context<'_>,
    alter: &AlterTable,
    old: &Table,
    target: &mut Table,
    mut changed: Vec<Table>,
) -> Result<Vec<Table>> {
    let catalog: &Catalog = ctx.catalog;
    let checks = ctx.session.variables.foreign_key_checks;
    let before = (old.database.as_str(), old.name.as_str());
    let around = Surroundings { catalog, checks, before: Some(before) };
    for key in &target.foreign_keys {
        check_columns(key, target)?;
        check_parent(key, target, Surroundings { checks: false, ..around })?;
    }
    for child in catalog.tables().filter(|child| child.id != old.id) {
        let child = changed.iter().find(|changed| changed.id == child.id).unwrap_or(child);
        for key in child.foreign_keys.iter().filter(|key| key.refers_to(before.0, before.1)) {
            check_pair(key, child, target)?;
        }
    }
    let is_renamed = before != (target.database.as_str(), target.name.as_str());
    if is_renamed {
        check_adopted(target, around)?;
        changed = rename::follow_one(catalog, before, target, changed)?;
    }
    let definitions: Vec<ForeignKeyDefinition> = new_keys(alter).cloned().collect();
    // Names of keys that the statement drops are not given again.
    let number = foreign_key::last_number(target).max(foreign_key::last_number(old));
    foreign_key::add(&definitions, target, around, number)?;
    Ok(changed)
}

/// That the columns of foreign keys that stay, and those they refer to, keep their values.
///
/// # Errors
/// 1832, 1833; 1235 for what computes such a column.
pub(super) fn check_kept(
    ctx: &Context<'_>,
    alter: &AlterTable,
    old: &Table,
    planned: &[Planned],
) -> Result<()> {
    if !ctx.session.variables.foreign_key_checks {
        return Ok(());
    }
    let is_strict = ctx.session.variables.sql_mode.has(SqlMode::STRICT);
    let now = |position: usize| {
        planned.iter().find(|planned| planned.source == Some(position)).map(|planned| &planned.column)
    };
    let changed = |names: &[String]| {
        let positions = names.iter().filter_map(|name| old.column_position(name));
        positions
            .map(|position| (&old.columns[position], now(position)))
            .find(|(was, now)| now.is_some_and(|now| changes_stored(was, now, is_strict)))
            .map(|(was, _)| was.name.clone())
    };
    let changes_any = planned.iter().any(|planned| {
        planned.source.is_some_and(|source| changes_values(&old.columns[source], &planned.column))
    });
    for key in old.foreign_keys.iter().filter(|key| !is_dropped(alter, key)) {
        if let Some(column) = changed(&key.columns) {
            return Err(errors::changes_column(&column, &key.name));
        }
        let of = |name: &String| old.columns.iter().find(|column| same_name(&column.name, name));
        if changes_any && key.columns.iter().filter_map(of).any(|column| column.generated.is_some()) {
            return Err(Error::not_supported(
                "changing columns of a table with a foreign key of a generated column",
            ));
        }
    }
    let own = old.foreign_keys.iter().filter(|key| key.refers_to(&old.database, &old.name));
    let own = own.filter(|key| !is_dropped(alter, key)).map(|key| (old, key));
    for (child, key) in own.chain(children(ctx.catalog, old).map(|(child, key)| (&**child, key))) {
        if let Some(column) = changed(&key.parent_columns) {
            return Err(errors::changes_parent_column(&column, &key.name, (&child.database, &child.name)));
        }
    }
    Ok(())
}

/// Whether rows may get other values of a column.
fn changes_values(was: &Column, now: &Column) -> bool {
    was.data_type != now.data_type
        || was.generated != now.generated
        || (was.nullable && !now.nullable)
        || was.auto_increment != now.auto_increment
}

/// As MySQL asks it: another type, but for a VARCHAR that gets wider; NULL that may become something.
fn changes_stored(was: &Column, now: &Column, is_strict: bool) -> bool {
    let (before, after) = (&was.data_type, &now.data_type);
    let is_varchar = |kind| matches!(kind, TypeKind::VarChar(_));
    let is_wider = is_varchar(before.kind)
        && is_varchar(after.kind)
        && before.collation == after.collation
        && before.characters() <= after.characters();
    (before != after && !is_wider)
        || (was.nullable && !now.nullable && !is_strict)
        || (!was.auto_increment && now.auto_increment)
}

fn is_dropped(alter: &AlterTable, key: &ForeignKey) -> bool {
    alter
        .actions
        .iter()
        .any(|action| matches!(action, AlterAction::DropForeignKey(name) if same_name(name, &key.name)))
}

fn new_keys(alter: &AlterTable) -> impl Iterator<Item = &ForeignKeyDefinition> {
    alter.actions.iter().filter_map(|action| match action {
        AlterAction::AddForeignKey(key) => Some(key),
        _ => None,
    })
}

/// That the rows have parents by the foreign keys that are added.
///
/// # Errors
/// 1235, 1452.
pub(super) fn check_rows(
    ctx: &mut Context<'_>,
    alter: &AlterTable,
    old: &Arc<Table>,
    target: &Table,
    planned: &[Planned],
) -> Run<()> {
    let is_new = |key: &&ForeignKey| {
        !old.foreign_keys.iter().filter(|other| !is_dropped(alter, other)).any(|other| {
            let number = |name: &str, table: &str| {
                name.strip_prefix(table).and_then(|rest| rest.strip_prefix("_ibfk_")).map(str::to_owned)
            };
            other.name == key.name
                || number(&other.name, &old.name)
                    .is_some_and(|of| number(&key.name, &target.name).is_some_and(|own| own == of))
        })
    };
    for key in target.foreign_keys.iter().filter(is_new) {
        let mut origins = Vec::with_capacity(key.columns.len());
        for name in &key.columns {
            let found = planned.iter().find(|planned| same_name(&planned.column.name, name));
            let Some(found) = found else { return Err(Error::key_column_missing(name).into()) };
            origins.push(match found.source {
                Some(source) if changes_values(&old.columns[source], &found.column) => {
                    let message = "adding a foreign key of a column that the same statement changes";
                    return Err(Error::not_supported(message).into());
                }
                Some(source) => Origin::Column(source),
                None if found.column.auto_increment || found.column.is_computed() => {
                    return Err(Error::not_supported("adding a computed column with a foreign key").into());
                }
                None => Origin::Value(added(ctx, &found.column)),
            });
        }
        let is_itself =
            key.refers_to(&target.database, &target.name) || key.refers_to(&old.database, &old.name);
        let parent = match is_itself {
            true => Some(Arc::clone(old)),
            false => ctx
                .catalog
                .databases
                .get(&key.parent_database)
                .and_then(|database| database.tables.get(&key.parent_table).cloned()),
        };
        if let Some(parent) = parent {
            let parent = rows::referenced(&parent, key)?;
            rows::check(ctx, old, key, &origins, &parent)?;
        }
    }
    Ok(())
}

/// Whether the statement adds foreign keys whose rows are to be looked at.
pub(super) fn adds_checked(ctx: &Context<'_>, alter: &AlterTable) -> bool {
    ctx.session.variables.foreign_key_checks && new_keys(alter).next().is_some()
}
