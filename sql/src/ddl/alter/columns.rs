//! The columns that ALTER TABLE leaves: MySQL's order of evaluation, action by action.
//!
//! First the table's columns are gone through: each is dropped, replaced where it stands (MODIFY and CHANGE without a place),
//! given another default or name, or kept. Then the new ones, and those that move, are put in as written. So every name means the
//! column as it was before the statement, but for the one after AFTER, which may be new; and an action that finds its column taken by
//! one before it does not find it (1054).

use crate::ast::{AlterAction, ColumnDefinition, ColumnPlace, Expr};
use crate::catalog::{Column, ColumnDefault, Table, same_name};
use crate::ddl::definition::{build_column, build_default};
use crate::execute::Context;
use crate::types::{Collation, DataType, TypeKind, Value};
use crate::{Error, Result};

/// A column of the altered table.
#[derive(Clone, Debug)]
pub(in crate::ddl) struct Planned {
    /// As it is to be.
    pub column: Column,
    /// The column it was; None for a new one.
    pub source: Option<usize>,
    /// The statement says NULL: then it cannot be part of a primary key.
    pub says_null: bool,
}

/// ADD, CHANGE or MODIFY.
struct Change<'a> {
    /// The column that is changed; None for a new one.
    from: Option<&'a str>,
    source: Option<usize>,
    definition: &'a ColumnDefinition,
    place: &'a ColumnPlace,
}

/// What is done to a column that keeps its definition otherwise.
enum Touch<'a> {
    Default(Option<&'a Expr>),
    Name(&'a str),
}

/// The columns of the altered table, and the names of those to be dropped that it does not have.
///
/// # Errors
/// 1054, 1060, 1090, and those of a column's definition.
pub(super) fn plan<'a>(
    table: &Table,
    actions: &'a [AlterAction],
    collation: Collation,
    ctx: &mut Context<'_>,
) -> Result<(Vec<Planned>, Vec<&'a str>)> {
    let mut drops: Vec<&str> = Vec::new();
    let mut changes: Vec<Change<'_>> = Vec::new();
    let mut touches: Vec<(&str, Touch<'_>)> = Vec::new();
    for action in actions {
        match action {
            AlterAction::DropColumn(name) => drops.push(name),
            AlterAction::AddColumn { definition, place } => {
                changes.push(Change { from: None, source: None, definition, place });
            }
            AlterAction::ChangeColumn { from, definition, place } => {
                changes.push(Change { from: Some(from), source: None, definition, place });
            }
            AlterAction::SetDefault { column, default } => {
                touches.push((column, Touch::Default(default.as_ref())));
            }
            AlterAction::RenameColumn { from, to } => touches.push((from, Touch::Name(to))),
            _ => {}
        }
    }
    let mut planned: Vec<Planned> = Vec::with_capacity(table.columns.len() + changes.len());
    for (source, column) in table.columns.iter().enumerate() {
        if let Some(found) = drops.iter().position(|name| same_name(name, &column.name)) {
            drops.remove(found);
            continue;
        }
        let changed = changes.iter().position(|change| {
            change.source.is_none() && change.from.is_some_and(|from| same_name(from, &column.name))
        });
        match changed {
            Some(found) if *changes[found].place == ColumnPlace::Unsaid => {
                let change = changes.remove(found);
                planned.push(defined(change.definition, Some(source), collation, ctx)?);
            }
            Some(found) => changes[found].source = Some(source),
            None => planned.push(touched(column, source, &mut touches, ctx)?),
        }
    }
    let missing = |name: &str| Error::unknown_column(name, &table.name);
    for change in changes {
        if let (Some(from), None) = (change.from, change.source) {
            return Err(missing(from));
        }
        let place = match change.place {
            // Behind the others, but for the hidden ones.
            ColumnPlace::Unsaid => {
                planned.iter().position(|other| other.column.hidden).unwrap_or(planned.len())
            }
            ColumnPlace::First => 0,
            ColumnPlace::After(name) => {
                let found = planned.iter().position(|other| same_name(&other.column.name, name));
                found.ok_or_else(|| missing(name))? + 1
            }
        };
        planned.insert(place, defined(change.definition, change.source, collation, ctx)?);
    }
    if let Some((name, _)) = touches.first() {
        return Err(missing(name));
    }
    if planned.iter().all(|planned| planned.column.hidden) {
        let message = "You can't delete all columns with ALTER TABLE; use DROP TABLE instead".to_owned();
        return Err(Error { code: 1090, state: *b"42000", message });
    }
    Ok((planned, drops))
}

/// Error 1060 for two columns of one name.
///
/// # Errors
/// 1060.
pub(super) fn check_names(planned: &[Planned]) -> Result<()> {
    for (position, one) in planned.iter().enumerate() {
        if planned[..position].iter().any(|other| same_name(&other.column.name, &one.column.name)) {
            return Err(Error::duplicate_column(&one.column.name));
        }
    }
    Ok(())
}

fn defined(
    definition: &ColumnDefinition,
    source: Option<usize>,
    collation: Collation,
    ctx: &mut Context<'_>,
) -> Result<Planned> {
    let column = build_column(definition, collation, ctx)?;
    let says_null =
        definition.nullable == Some(true) || column.default == ColumnDefault::Constant(Value::Null);
    Ok(Planned { column, source, says_null })
}

fn touched(
    column: &Column,
    source: usize,
    touches: &mut Vec<(&str, Touch<'_>)>,
    ctx: &mut Context<'_>,
) -> Result<Planned> {
    let mut planned = Planned { column: column.clone(), source: Some(source), says_null: false };
    let Some(found) = touches.iter().position(|(name, _)| same_name(name, &column.name)) else {
        return Ok(planned);
    };
    match touches.remove(found).1 {
        Touch::Default(_) if column.generated.is_some() => {
            let message = "Incorrect usage of DEFAULT and generated column".to_owned();
            return Err(Error { code: 1221, state: *b"HY000", message });
        }
        Touch::Name(name) => {
            crate::ddl::definition::check_column_name(name)?;
            name.clone_into(&mut planned.column.name);
        }
        Touch::Default(None) => planned.column.default = ColumnDefault::None,
        Touch::Default(Some(default)) => {
            if column.auto_increment {
                return Err(Error::invalid_default(&column.name));
            }
            planned.column.default =
                build_default(&column.name, default, &column.data_type, column.nullable, ctx)?;
        }
    }
    Ok(planned)
}

/// CONVERT TO CHARACTER SET: gives the collation to the text columns that the statement does not define itself.
pub(super) fn convert(planned: &mut [Planned], table: &Table, collation: Collation) {
    for planned in planned {
        let Some(source) = planned.source else { continue };
        let is_kept = planned.column.data_type == table.columns[source].data_type;
        if is_kept && planned.column.data_type.is_text() {
            set_collation(&mut planned.column.data_type, collation);
        }
    }
}

/// With the character set binary a text type becomes the binary type of its size.
fn set_collation(data_type: &mut DataType, collation: Collation) {
    data_type.collation = collation;
    if collation == Collation::Binary {
        data_type.kind = match data_type.kind {
            TypeKind::Char(length) => TypeKind::Binary(length),
            TypeKind::VarChar(length) => TypeKind::VarBinary(length),
            TypeKind::TinyText => TypeKind::TinyBlob,
            TypeKind::Text => TypeKind::Blob,
            TypeKind::MediumText => TypeKind::MediumBlob,
            TypeKind::LongText => TypeKind::LongBlob,
            kind => kind,
        };
    }
}
