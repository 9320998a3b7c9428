//! Keys as written → [`Index`]: checks, names, order. Ids are given later.

use crate::ast::{KeyDefinition, KeyKind, KeyPart};
use crate::catalog::{Column, Index, IndexColumn, IndexId, Table, same_name};
use crate::limits::{KEY_BYTES_MAX, KEY_COLUMNS_MAX, TABLE_KEYS_MAX};
use crate::types::{DataType, TypeKind};
use crate::{Error, Result};

/// The name of the primary key.
pub const PRIMARY: &str = "PRIMARY";

/// Checks a key and gives it a name that is none of `names`.
///
/// # Errors
/// 1059, 1060, 1061, 1070, 1071, 1072, 1089, 1167, 1170, 1280, 1391.
pub fn build(definition: &KeyDefinition, columns: &[Column], names: &[String]) -> Result<Index> {
    if definition.columns.len() > KEY_COLUMNS_MAX {
        let message = format!("Too many key parts specified; max {KEY_COLUMNS_MAX} parts allowed");
        return Err(Error { code: 1070, state: *b"42000", message });
    }
    let mut parts: Vec<IndexColumn> = Vec::with_capacity(definition.columns.len());
    let mut bytes = 0;
    for part in &definition.columns {
        let Some(position) = columns.iter().position(|column| same_name(&column.name, &part.column)) else {
            return Err(Error::key_column_missing(&part.column));
        };
        if parts.iter().any(|other| other.column == position) {
            return Err(Error::duplicate_column(&part.column));
        }
        debug_assert!(part.expression.is_none(), "expressions are hidden columns by now");
        let column = &columns[position];
        let prefix = check_part(part, column)?;
        bytes += part_bytes(&column.data_type, prefix);
        if bytes > KEY_BYTES_MAX {
            let message = format!("Specified key was too long; max key length is {KEY_BYTES_MAX} bytes");
            return Err(Error { code: 1071, state: *b"42000", message });
        }
        parts.push(IndexColumn { column: position, prefix, descending: part.descending });
    }
    let unique = match definition.kind {
        KeyKind::Primary | KeyKind::Unique => true,
        KeyKind::Index => false,
    };
    let name = name(definition, names)?;
    let is_primary = |part: &IndexColumn| !columns[part.column].nullable;
    if definition.invisible && unique && parts.iter().all(is_primary) && !has_primary_before(names) {
        let message = "A primary key index cannot be invisible".to_owned();
        return Err(Error { code: 3522, state: *b"HY000", message });
    }
    let (invisible, generated) = (definition.invisible, definition.generated);
    Ok(Index {
        id: IndexId(0),
        name,
        unique,
        columns: parts,
        invisible,
        generated,
        options: definition.options.clone(),
    })
}

/// Whether the table has a primary key: then another unique key without NULLs does not stand for one.
fn has_primary_before(names: &[String]) -> bool {
    names.iter().any(|name| name == PRIMARY)
}

/// The name as written, or PRIMARY, or the first column's name, with a number if it is taken.
fn name(definition: &KeyDefinition, names: &[String]) -> Result<String> {
    let taken = |name: &str| names.iter().any(|other| same_name(other, name));
    if definition.kind == KeyKind::Primary {
        return Ok(PRIMARY.to_owned());
    }
    if let Some(name) = &definition.name {
        super::definition::check_identifier_length(name)?;
        if same_name(name, PRIMARY) || name.is_empty() || name.ends_with(' ') {
            let message = format!("Incorrect index name '{name}'");
            return Err(Error { code: 1280, state: *b"42000", message });
        }
        if taken(name) {
            return Err(Error::duplicate_key_name(name));
        }
        return Ok(name.clone());
    }
    let column = definition.columns.first().map_or("", |part| part.column.as_str());
    if !taken(column) && !same_name(column, PRIMARY) {
        return Ok(column.to_owned());
    }
    let numbered = (2..).map(|number| format!("{column}_{number}")).find(|name| !taken(name));
    Ok(numbered.unwrap_or_default())
}

/// Checks one column of a key and gives its prefix length: none when it is the whole column.
fn check_part(part: &KeyPart, column: &Column) -> Result<Option<u32>> {
    let data_type = &column.data_type;
    let is_blob = matches!(
        data_type.kind,
        TypeKind::TinyText
            | TypeKind::Text
            | TypeKind::MediumText
            | TypeKind::LongText
            | TypeKind::TinyBlob
            | TypeKind::Blob
            | TypeKind::MediumBlob
            | TypeKind::LongBlob
    );
    if data_type.is_json() {
        let message = format!(
            "JSON column '{}' supports indexing only via generated columns on a specified JSON path.",
            column.name
        );
        return Err(Error { code: 3152, state: *b"42000", message });
    }
    let length = match data_type.kind {
        TypeKind::Char(length)
        | TypeKind::VarChar(length)
        | TypeKind::Binary(length)
        | TypeKind::VarBinary(length) => Some(length),
        _ if is_blob => Some(u32::MAX),
        _ => None,
    };
    let Some(prefix) = part.prefix else {
        if is_blob {
            return Err(Error::blob_key_without_length(&column.name));
        }
        if length == Some(0) {
            let message = format!("The used storage engine can't index column '{}'", column.name);
            return Err(Error { code: 1167, state: *b"42000", message });
        }
        return Ok(None);
    };
    if prefix == 0 {
        let message = format!("Key part '{}' length cannot be 0", column.name);
        return Err(Error { code: 1391, state: *b"HY000", message });
    }
    match length {
        Some(length) if prefix < length => {}
        Some(length) if prefix == length => return Ok(None),
        Some(_) | None => {
            return Err(Error {
                code: 1089,
                state: *b"HY000",
                message: "Incorrect prefix key; the used key part isn't a string, the used length is longer \
                          than the key part, or the storage engine doesn't support unique prefix keys"
                    .to_owned(),
            });
        }
    }
    Ok(Some(prefix))
}

/// The bytes that MySQL counts for a column of a key.
fn part_bytes(data_type: &DataType, prefix: Option<u32>) -> u64 {
    let characters = if data_type.is_text() { u64::from(data_type.collation.set().bytes_max()) } else { 1 };
    match (prefix, data_type.kind) {
        (Some(prefix), _) => u64::from(prefix) * characters,
        (None, TypeKind::Char(length) | TypeKind::VarChar(length)) => u64::from(length) * characters,
        (None, TypeKind::Binary(length) | TypeKind::VarBinary(length)) => u64::from(length),
        (None, _) => super::definition::fixed_bytes(data_type),
    }
}

/// Bounds the number of keys.
///
/// # Errors
/// 1069.
pub fn check_count(table: &Table) -> Result<()> {
    if table.indexes.len() > TABLE_KEYS_MAX {
        let message = format!("Too many keys specified; max {TABLE_KEYS_MAX} keys allowed");
        return Err(Error { code: 1069, state: *b"42000", message });
    }
    Ok(())
}

/// Puts the indexes into MySQL's order: the primary, unique ones without NULL, other unique ones, the others; as
/// written within each. It is the order in which duplicates are found and SHOW CREATE TABLE lists them.
pub fn sort(table: &mut Table) {
    let columns = &table.columns;
    table.indexes[1..].sort_by_key(|index| {
        let nullable = index.columns.iter().any(|part| columns[part.column].nullable);
        let kind = match (index.unique, nullable) {
            (true, false) => 0,
            (true, true) => 1,
            (false, _) => 2,
        };
        // Behind those of its kind: a key with a VIRTUAL column or an expression.
        (kind, has_virtual_column(index, columns))
    });
}

/// Whether a VIRTUAL column, such as that of an expression, is among an index's columns.
#[must_use]
pub fn has_virtual_column(index: &Index, columns: &[Column]) -> bool {
    let is_virtual = |column: &Column| column.generated.as_ref().is_some_and(|generated| !generated.stored);
    index.columns.iter().any(|part| columns.get(part.column).is_some_and(is_virtual))
}
