//! ALTER TABLE and the expressions of tables: CHECK, generated columns, computed defaults, functional keys.
//!
//! Expressions are kept as text that names columns, so a column that one of them reads is neither dropped nor renamed ([`check_needed`]), and what stays
//! needs no change. All that computes anew (a new generated column, functional key or computed default, a new check, another
//! definition of a column) writes all rows anew ([`super::build`]), which computes them and asks the checks.

use std::borrow::Cow;

use super::algorithm::Way;
use super::columns::Planned;
use crate::ast::{AlterAction, AlterTable, CheckDefinition, ColumnDefinition};
use crate::catalog::{Column, ColumnDefault, Table, same_name};
use crate::constraint::definition::{add_checks, check_names_free, columns_of, drop_check, enforce_check};
use crate::constraint::key::hide_expressions;
use crate::ddl::definition::build_expressions;
use crate::execute::Context;
use crate::{Error, Result};

/// What the expressions ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effects {
    /// All rows are to be written anew.
    pub must_rebuild: bool,
    /// MySQL copies the table.
    copies: bool,
    /// MySQL changes a virtual column together with other things: by copying the table, and says why.
    mixes_virtual: bool,
    /// MySQL cannot make the change instantly.
    is_inplace: bool,
}

impl Effects {
    /// How MySQL makes the change, which is `way` but for expressions.
    pub(super) fn way(self, way: Way) -> Way {
        match way {
            Way::Copy(_) => way,
            Way::Nothing | Way::Instant | Way::Inplace if self.copies => Way::Copy(None),
            Way::Nothing | Way::Instant | Way::Inplace if self.mixes_virtual => Way::mixes_virtual(),
            Way::Nothing | Way::Instant if self.is_inplace => Way::Inplace,
            Way::Nothing | Way::Instant | Way::Inplace => way,
        }
    }
}

fn has_expressions(table: &Table) -> bool {
    !table.checks.is_empty() || table.columns.iter().any(Column::is_computed)
}

/// The columns that the statement defines.
fn definitions(alter: &AlterTable) -> impl Iterator<Item = (&ColumnDefinition, Option<&str>)> {
    alter.actions.iter().filter_map(|action| match action {
        AlterAction::AddColumn { definition, .. } => Some((definition, None)),
        AlterAction::ChangeColumn { from, definition, .. } => Some((definition, Some(from.as_str()))),
        _ => None,
    })
}

/// DROP CHECK.
///
/// # Errors
/// 3821.
pub(super) fn drop_checks(alter: &AlterTable, target: &mut Table) -> Result<()> {
    for action in &alter.actions {
        if let AlterAction::DropCheck(name) = action {
            drop_check(name, target)?;
        }
    }
    Ok(())
}

/// Takes away the hidden columns of keys that are dropped.
pub(super) fn drop_hidden(old: &Table, alter: &AlterTable, planned: &mut Vec<Planned>) {
    for action in &alter.actions {
        let AlterAction::DropKey(name) = action else { continue };
        let Some(index) = old.indexes.iter().find(|index| same_name(&index.name, name)) else { continue };
        planned.retain(|column| {
            let is_part = |source| index.columns.iter().any(|part| part.column == source);
            !(column.column.hidden && column.source.is_some_and(is_part))
        });
    }
}

/// Refuses to drop or rename a column that an expression reads; a check that reads no other column goes with it.
///
/// # Errors
/// 3108, 3766, 3837, 3959.
pub(super) fn check_needed(old: &Table, target: &mut Table, planned: &[Planned]) -> Result<()> {
    for (position, column) in old.columns.iter().enumerate().filter(|(_, column)| !column.hidden) {
        let stays = planned.iter().find(|planned| planned.source == Some(position));
        if stays.is_some_and(|stays| same_name(&stays.column.name, &column.name)) {
            continue;
        }
        let mut kept = Vec::with_capacity(target.checks.len());
        for check in &target.checks {
            let read = columns_of(&check.expression, &old.columns)?;
            if !read.contains(&position) {
                kept.push(check.clone());
            } else if stays.is_some() || read.len() > 1 {
                return Err(used_by_check(&check.name, &column.name));
            }
        }
        target.checks = kept;
        for planned in planned.iter().filter(|planned| planned.source != Some(position)) {
            // One that the statement defines anew has no text yet.
            let reader = &planned.column;
            let text = match (&reader.generated, &reader.default) {
                (Some(generated), _) => &generated.expression,
                (None, ColumnDefault::Expression(text)) => text,
                _ => continue,
            };
            if planned.source.is_none() || text.is_empty() {
                continue;
            }
            if columns_of(text, &old.columns)?.contains(&position) {
                return Err(needed(old, column, reader));
            }
        }
    }
    Ok(())
}

fn used_by_check(check: &str, column: &str) -> Error {
    let message = format!(
        "Check constraint '{check}' uses column '{column}', hence column cannot be dropped or renamed."
    );
    Error { code: 3959, state: *b"HY000", message }
}

fn needed(table: &Table, column: &Column, reader: &Column) -> Error {
    let (table, column) = (&table.name, &column.name);
    let (code, message) = if reader.hidden {
        (
            3837,
            format!("Column '{column}' has a functional index dependency and cannot be dropped or renamed."),
        )
    } else if reader.generated.is_some() {
        (3108, format!("Column '{column}' has a generated column dependency."))
    } else {
        (
            3766,
            format!(
                "Column '{column}' of table '{table}' has a default value expression dependency and cannot be dropped \
                 or renamed."
            ),
        )
    };
    Error { code, state: *b"HY000", message }
}

/// Makes the expressions of the columns that the statement defines, and hidden columns of the expressions among its new keys, which the
/// statement that is given back names.
///
/// # Errors
/// 3106, 3107, and those of [`crate::constraint`].
pub(super) fn build<'a>(
    old: &Table,
    alter: &'a AlterTable,
    planned: &mut Vec<Planned>,
) -> Result<(Cow<'a, AlterTable>, Effects)> {
    let mut effects = Effects::default();
    let mut columns: Vec<Column> = planned.iter().map(|planned| planned.column.clone()).collect();
    for (definition, _) in definitions(alter) {
        let Some(position) = columns.iter().position(|column| same_name(&column.name, &definition.name))
        else {
            continue;
        };
        build_expressions(std::slice::from_ref(definition), position, &mut columns)?;
        compare(old, planned[position].source, &columns[position], alter, &mut effects)?;
    }
    let is_converted = alter.actions.iter().any(|action| {
        matches!(action, AlterAction::ChangeColumn { .. } | AlterAction::Convert(_) | AlterAction::Rebuild)
    });
    if is_converted && has_expressions(old) {
        effects.must_rebuild = true;
        check_order(&columns)?;
    }
    let alter = hide(old, alter, &mut columns, &mut effects)?;
    for (position, column) in columns.into_iter().enumerate() {
        match planned.get_mut(position) {
            Some(planned) => planned.column = column,
            None => planned.push(Planned { column, source: None, says_null: false }),
        }
    }
    retype_hidden(planned)?;
    Ok((alter, effects))
}

/// What a column's new definition asks for.
fn compare(
    old: &Table,
    source: Option<usize>,
    column: &Column,
    alter: &AlterTable,
    effects: &mut Effects,
) -> Result<()> {
    let is = column.generated.as_ref();
    let Some(source) = source else {
        let is_computed = matches!(column.default, ColumnDefault::Expression(_));
        effects.must_rebuild |= is.is_some() || is_computed;
        effects.copies |= is.is_some_and(|is| is.stored || !column.nullable) || is_computed;
        effects.mixes_virtual |= is.is_some() && alter.actions.len() > 1 && !only_virtual(alter);
        return Ok(());
    };
    let was = old.columns[source].generated.as_ref();
    let is_virtual =
        |generated: Option<&crate::catalog::Generated>| generated.is_some_and(|generated| !generated.stored);
    if is_virtual(was) != is_virtual(is) {
        let message = "'Changing the STORED status' is not supported for generated columns.".to_owned();
        return Err(Error { code: 3106, state: *b"HY000", message });
    }
    if was != is {
        effects.must_rebuild = true;
        effects.copies = true;
    }
    Ok(())
}

/// Whether all that the statement does is to add virtual columns.
fn only_virtual(alter: &AlterTable) -> bool {
    alter.actions.iter().all(|action| match action {
        AlterAction::AddColumn { definition, .. } => {
            definition.generated.as_ref().is_none_or(|generated| !generated.stored)
        }
        _ => false,
    })
}

/// A generated column reads only those generated before it.
fn check_order(columns: &[Column]) -> Result<()> {
    for (position, column) in columns.iter().enumerate() {
        let Some(generated) = &column.generated else { continue };
        let read = columns_of(&generated.expression, columns)?;
        if read.iter().any(|read| *read >= position && columns[*read].generated.is_some()) {
            let message =
                "Generated column can refer only to generated columns defined prior to it.".to_owned();
            return Err(Error { code: 3107, state: *b"HY000", message });
        }
    }
    Ok(())
}

/// New keys over hidden columns in place of their expressions.
fn hide<'a>(
    old: &Table,
    alter: &'a AlterTable,
    columns: &mut Vec<Column>,
    effects: &mut Effects,
) -> Result<Cow<'a, AlterTable>> {
    let old_hidden = |name: &String| {
        let index = old.indexes.iter().find(|index| same_name(&index.name, name));
        index.is_some_and(|index| index.columns.iter().any(|part| old.columns[part.column].hidden))
    };
    let drops = |name: &str| {
        alter.actions.iter().any(|action| matches!(action, AlterAction::DropKey(key) if same_name(key, name)))
    };
    let mut taken: Vec<String> =
        old.indexes.iter().map(|index| index.name.clone()).filter(|name| !drops(name)).collect();
    let mut hidden = Cow::Borrowed(alter);
    for (position, action) in alter.actions.iter().enumerate() {
        match action {
            AlterAction::AddKey(key) => {
                if let Some(plain) = hide_expressions(key, columns, &taken)? {
                    effects.must_rebuild = true;
                    effects.mixes_virtual |= plain.kind == crate::ast::KeyKind::Unique;
                    taken.extend(plain.name.clone());
                    hidden.to_mut().actions[position] = AlterAction::AddKey(plain);
                } else {
                    taken.extend(key.name.clone());
                }
            }
            AlterAction::DropKey(name) if old_hidden(name) => {
                let is_unique = |index: &crate::catalog::Index| index.unique && same_name(&index.name, name);
                effects.mixes_virtual |= old.indexes.iter().any(is_unique) || alter.actions.len() > 1;
            }
            _ => {}
        }
    }
    Ok(hidden)
}

/// Hidden columns have the types of their expressions, which follow those of the columns that they read.
fn retype_hidden(planned: &mut [Planned]) -> Result<()> {
    let columns: Vec<Column> = planned.iter().map(|planned| planned.column.clone()).collect();
    for planned in planned.iter_mut().filter(|planned| planned.column.hidden) {
        if let Some(generated) = &planned.column.generated {
            planned.column.data_type =
                crate::constraint::definition::type_of(&generated.expression, &columns)?;
        }
    }
    Ok(())
}

/// Adds checks, of columns and the table's, and enforces those that are to be. The columns of `target` are the new ones.
///
/// # Errors
/// 3812 to 3822.
pub(super) fn checks(
    ctx: &Context<'_>,
    alter: &AlterTable,
    target: &mut Table,
    effects: &mut Effects,
) -> Result<()> {
    let mut added: Vec<CheckDefinition> = Vec::new();
    for action in &alter.actions {
        match action {
            AlterAction::AddColumn { definition, .. } | AlterAction::ChangeColumn { definition, .. } => {
                added.extend(definition.checks.iter().cloned());
            }
            AlterAction::AddCheck(check) => added.push(check.clone()),
            AlterAction::DropCheck(_) => effects.is_inplace = true,
            AlterAction::EnforceCheck { name, enforced } => {
                let is_new = enforce_check(name, *enforced, target)?;
                effects.must_rebuild |= is_new;
                effects.copies |= is_new;
                effects.is_inplace = true;
            }
            _ => {}
        }
    }
    if added.is_empty() {
        return Ok(());
    }
    add_checks(&added, target).map_err(as_of_alter)?;
    let others = ctx.catalog.databases.get(&target.database);
    let others = others.into_iter().flat_map(|database| database.tables.values());
    check_names_free(target, others.map(|other| &**other).filter(|other| other.id != target.id))?;
    let is_enforced = added.iter().any(|check| check.enforced);
    effects.must_rebuild |= is_enforced;
    effects.copies |= is_enforced;
    effects.is_inplace = true;
    Ok(())
}

/// A column that is not there has another error than in CREATE TABLE.
fn as_of_alter(error: Error) -> Error {
    let mut quoted = error.message.split('\'').skip(1).step_by(2);
    match (error.code, quoted.next(), quoted.next()) {
        (3820, Some(check), Some(column)) => {
            Error::unknown_column(column, format!("check constraint {check} expression"))
        }
        _ => Error { message: error.message.clone(), ..error },
    }
}
