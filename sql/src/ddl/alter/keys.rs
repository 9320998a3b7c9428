//! The keys that ALTER TABLE leaves: those of the table without what is dropped, under their new names, then the new ones.

use crate::ast::{AlterAction, KeyDefinition, KeyKind, KeyPart};
use crate::catalog::{ColumnDefault, Index, IndexColumn, Table, same_name};
use crate::ddl::key::{self, PRIMARY};
use crate::session::{SessionState, WarningLevel};
use crate::types::{DataType, TypeKind, Value};
use crate::{Error, Result};

use super::columns::Planned;

/// A key of the altered table.
#[derive(Clone, Debug)]
pub(super) struct PlannedKey {
    /// As it is to be; its columns are positions among the new columns.
    pub index: Index,
    /// The index it was, by position; None for a new one.
    pub source: Option<usize>,
}

/// The keys of the altered table, without a hidden primary. Columns of the primary key become NOT NULL.
///
/// # Errors
/// 1068, 1091 (also for `missing`, columns to be dropped that are not there), 1171, 1176, and those of [`key::build`].
pub(super) fn plan(
    table: &Table,
    planned: &mut [Planned],
    missing: &[&str],
    actions: &[AlterAction],
) -> Result<Vec<PlannedKey>> {
    let mut drops: Vec<&str> = Vec::new();
    let mut renames: Vec<(&str, &str)> = Vec::new();
    for action in actions {
        match action {
            AlterAction::DropKey(name) => drops.push(name),
            AlterAction::RenameKey { from, to } => renames.push((from, to)),
            _ => {}
        }
    }
    let mut definitions: Vec<(KeyDefinition, Option<usize>)> = Vec::new();
    for (source, index) in table.indexes.iter().enumerate().skip(usize::from(table.hidden_row_id)) {
        if let Some(found) = drops.iter().position(|name| same_name(name, &index.name)) {
            drops.remove(found);
            continue;
        }
        let mut name = index.name.as_str();
        if let Some(found) = renames.iter().position(|(from, _)| same_name(from, name)) {
            name = renames.remove(found).1;
        }
        if let Some(definition) = kept(table, source, name, planned) {
            definitions.push((definition, Some(source)));
        }
    }
    for action in actions {
        if let AlterAction::AddKey(definition) = action {
            definitions.push((definition.clone(), None));
        }
    }
    let all: Vec<&KeyDefinition> = definitions.iter().map(|(definition, _)| definition).collect();
    let mut kept = crate::ddl::foreign_key::kept_keys(&all).into_iter();
    definitions.retain(|_| kept.next().unwrap_or(true));
    if let Some(name) = missing.first().or_else(|| drops.first()) {
        return Err(Error::cannot_drop(name));
    }
    if let Some((name, _)) = renames.first() {
        let message = format!("Key '{name}' doesn't exist in table '{}'", table.name);
        return Err(Error { code: 1176, state: *b"42000", message });
    }
    super::columns::check_names(planned)?;
    require_not_null(&definitions, planned)?;
    build(definitions, planned)
}

/// An index as a definition over the new columns; None when none of its columns is left.
fn kept(table: &Table, source: usize, name: &str, planned: &[Planned]) -> Option<KeyDefinition> {
    let index = &table.indexes[source];
    let mut columns = Vec::with_capacity(index.columns.len());
    for part in &index.columns {
        let Some(column) = planned.iter().find(|column| column.source == Some(part.column)) else { continue };
        columns.push(KeyPart {
            column: column.column.name.clone(),
            prefix: part.prefix.filter(|length| takes_prefix(&column.column.data_type, *length)),
            descending: part.descending,
            expression: None,
        });
    }
    let kind = match (index.name == PRIMARY, index.unique) {
        (true, _) => KeyKind::Primary,
        (false, true) => KeyKind::Unique,
        (false, false) => KeyKind::Index,
    };
    let name = (kind != KeyKind::Primary).then(|| name.to_owned());
    (!columns.is_empty()).then_some(KeyDefinition {
        kind,
        name,
        columns,
        invisible: index.invisible,
        generated: index.generated,
        options: index.options.clone(),
    })
}

/// Whether a key can hold the first `length` characters or bytes of such a column, which has more of them.
fn takes_prefix(data_type: &DataType, length: u32) -> bool {
    match data_type.kind {
        TypeKind::Char(of) | TypeKind::VarChar(of) | TypeKind::Binary(of) | TypeKind::VarBinary(of) => {
            length < of
        }
        _ => data_type.bytes_max().is_some(),
    }
}

/// The columns of the primary key are NOT NULL, written or not.
fn require_not_null(definitions: &[(KeyDefinition, Option<usize>)], planned: &mut [Planned]) -> Result<()> {
    let mut primary = definitions.iter().filter(|(definition, _)| definition.kind == KeyKind::Primary);
    let Some((definition, _)) = primary.next() else { return Ok(()) };
    if primary.next().is_some() {
        return Err(Error::multiple_primary_key());
    }
    for part in &definition.columns {
        // A missing column is reported when the key is built.
        let Some(found) = planned.iter_mut().find(|found| same_name(&found.column.name, &part.column)) else {
            continue;
        };
        if found.says_null {
            let message =
                "All parts of a PRIMARY KEY must be NOT NULL; if you need NULL in a key, use UNIQUE instead";
            return Err(Error { code: 1171, state: *b"42000", message: message.to_owned() });
        }
        if found.column.generated.as_ref().is_some_and(|generated| !generated.stored) {
            let message = "'Defining a virtual generated column as primary key' is not supported for generated columns.";
            return Err(Error { code: 3106, state: *b"HY000", message: message.to_owned() });
        }
        found.column.nullable = false;
        if found.column.default == ColumnDefault::Constant(Value::Null) {
            found.column.default = ColumnDefault::None;
        }
    }
    Ok(())
}

fn build(definitions: Vec<(KeyDefinition, Option<usize>)>, planned: &[Planned]) -> Result<Vec<PlannedKey>> {
    let columns: Vec<_> = planned.iter().map(|planned| planned.column.clone()).collect();
    let mut names: Vec<String> = Vec::with_capacity(definitions.len());
    let mut keys: Vec<PlannedKey> = Vec::with_capacity(definitions.len());
    for (definition, source) in definitions {
        let index = key::build(&definition, &columns, &names)?;
        names.push(index.name.clone());
        let is_primary = definition.kind == KeyKind::Primary;
        let key = PlannedKey { index, source };
        if is_primary { keys.insert(0, key) } else { keys.push(key) }
    }
    Ok(keys)
}

/// Warning 1831 for each new key that is one there is already under another name.
pub(super) fn warn_duplicates(keys: &[PlannedKey], table: &Table, session: &mut SessionState) {
    let parts = |index: &Index| -> Vec<IndexColumn> { index.columns.clone() };
    for (position, key) in keys.iter().enumerate() {
        let is_twice = keys[..position].iter().any(|other| {
            other.index.name != PRIMARY
                && other.index.unique == key.index.unique
                && parts(&other.index) == parts(&key.index)
        });
        if key.source.is_none() && key.index.name != PRIMARY && is_twice {
            let message = format!(
                "Duplicate index '{}' defined on the table '{}.{}'. This is deprecated and will be disallowed in a \
                 future release.",
                key.index.name, table.database, table.name
            );
            session.warn(WarningLevel::Warning, 1831, message);
        }
    }
}
