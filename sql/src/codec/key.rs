//! Keys of a table's indexes.
//!
//! Every key begins with the index id, four bytes big endian. Then:
//!
//! | key | after the id | value |
//! |---|---|---|
//! | primary | the primary key's columns (see [`comparable`]) | the row (see [`row`](super::row)) |
//! | primary of a table without PRIMARY KEY | the hidden row id, eight bytes big endian | the row |
//! | unique, no NULL among its columns | its columns | the row's primary key without its index id |
//! | unique with a NULL, and not unique | its columns, then the row's primary key without its index id | empty |
//!
//! So two rows with equal values in a unique index meet in one key, and rows with NULL do not. The columns of a key
//! can be taken apart from the left with no length stored: fixed widths or an end mark.

use bytes::Bytes;

use super::comparable::{self, Fit};
use super::{ColumnSet, Input, Zone, damaged};
use crate::catalog::{Index, IndexColumn, IndexId, Table};
use crate::types::{DataType, Value};
use crate::{Error, Result};
use storage::engine::KeyRange;

/// Bytes of the index id that each key begins with.
pub const INDEX_ID_BYTES: usize = 4;

/// Bytes of a hidden row id.
pub const HIDDEN_ROW_ID_BYTES: usize = 8;

/// An entry of an index other than the primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Key.
    pub key: Bytes,
    /// Value: empty, or for `unique` the suffix that leads to the row.
    pub value: Bytes,
    /// Whether the key alone says that another row has the same values: a unique index without NULLs.
    pub unique: bool,
}

/// The index whose key this is; none of bytes that are too few, or of a lock that guards no row.
#[must_use]
pub fn index_of(key: &[u8]) -> Option<IndexId> {
    key.first_chunk().map(|id| IndexId(u32::from_be_bytes(*id)))
}

/// The values that a key begins with, by column, as far as it has them as they were: not those of text under most collations.
///
/// # Errors
/// 1105 when the bytes are no key of this index.
pub fn columns_of_key(table: &Table, index: &Index, key: &[u8], zone: Zone) -> Result<Vec<(usize, Value)>> {
    let mut input = Input::new(key);
    input.take(INDEX_ID_BYTES)?;
    let mut values = Vec::new();
    for part in &index.columns {
        let column = &table.columns[part.column];
        if !comparable::restores(&column.data_type, part.prefix) {
            break;
        }
        values.push((part.column, comparable::read_column(column, part.descending, zone, &mut input)?));
    }
    Ok(values)
}

/// The range of all keys of an index.
#[must_use]
pub fn index_range(index: IndexId) -> KeyRange {
    KeyRange::prefix(&index.0.to_be_bytes())
}

/// The key of a row of a table that declares a PRIMARY KEY.
///
/// # Errors
/// 1105 when a value is not of its column's type.
pub fn primary_key(table: &Table, row: &[Value], zone: Zone) -> Result<Bytes> {
    let mut key = Vec::with_capacity(32);
    write_primary_key(table, row, zone, &mut key)?;
    Ok(Bytes::from(key))
}

/// As [`primary_key`], into a buffer.
///
/// # Errors
/// 1105 when a value is not of its column's type, or the table has no PRIMARY KEY.
pub fn write_primary_key(table: &Table, row: &[Value], zone: Zone, out: &mut Vec<u8>) -> Result<()> {
    if table.hidden_row_id {
        return Err(Error::internal("a table without PRIMARY KEY has no primary key values"));
    }
    write_index_columns(table, &table.indexes[0], row, zone, out).map(|_| ())
}

/// The key of a row of a table without PRIMARY KEY.
#[must_use]
pub fn hidden_key(table: &Table, row_id: u64) -> Bytes {
    let mut key = [0; INDEX_ID_BYTES + HIDDEN_ROW_ID_BYTES];
    key[..INDEX_ID_BYTES].copy_from_slice(&table.indexes[0].id.0.to_be_bytes());
    key[INDEX_ID_BYTES..].copy_from_slice(&row_id.to_be_bytes());
    Bytes::copy_from_slice(&key)
}

/// Appends the index id and the columns of `row`; true when one of them is NULL.
fn write_index_columns(
    table: &Table,
    index: &Index,
    row: &[Value],
    zone: Zone,
    out: &mut Vec<u8>,
) -> Result<bool> {
    out.extend_from_slice(&index.id.0.to_be_bytes());
    let mut has_null = false;
    for part in &index.columns {
        let column = &table.columns[part.column];
        let value = &row[part.column];
        has_null |= *value == Value::Null;
        let fit = comparable::write_column(value, column, part.prefix, part.descending, zone, out)?;
        if fit != Fit::Exact {
            return Err(super::unconverted(&column.data_type, value));
        }
    }
    Ok(has_null)
}

/// The entry of a row in an index other than the primary. `row_key` is the row's key in the primary index.
///
/// # Errors
/// 1105 when a value is not of its column's type.
pub fn index_entry(table: &Table, index: &Index, row: &[Value], row_key: &[u8], zone: Zone) -> Result<Entry> {
    let suffix = &row_key[INDEX_ID_BYTES..];
    let mut key = Vec::with_capacity(64);
    let has_null = write_index_columns(table, index, row, zone, &mut key)?;
    let unique = index.unique && !has_null;
    let value = if unique {
        Bytes::copy_from_slice(suffix)
    } else {
        key.extend_from_slice(suffix);
        Bytes::new()
    };
    Ok(Entry { key: Bytes::from(key), value, unique })
}

/// The key of the row that an index entry leads to.
///
/// # Errors
/// 1105 when the bytes are no entry of this index.
pub fn row_key_from_index_entry(table: &Table, index: &Index, key: &[u8], value: &[u8]) -> Result<Bytes> {
    let suffix = suffix_of_entry(table, index, key, value)?;
    let mut row_key = Vec::with_capacity(INDEX_ID_BYTES + suffix.len());
    row_key.extend_from_slice(&table.indexes[0].id.0.to_be_bytes());
    row_key.extend_from_slice(suffix);
    Ok(Bytes::from(row_key))
}

/// Where each of the index's columns ends in a key, counted from its start.
///
/// # Errors
/// 1105 when the bytes are no key of this index.
pub fn column_ends(table: &Table, index: &Index, key: &[u8], ends: &mut Vec<usize>) -> Result<()> {
    ends.clear();
    let mut input = Input::new(key);
    input.take(INDEX_ID_BYTES)?;
    for part in &index.columns {
        comparable::skip_column(&table.columns[part.column], part.descending, &mut input)?;
        ends.push(key.len() - input.bytes.len());
    }
    Ok(())
}

/// The part of an entry that names the row.
fn suffix_of_entry<'a>(table: &Table, index: &Index, key: &'a [u8], value: &'a [u8]) -> Result<&'a [u8]> {
    if !value.is_empty() {
        return Ok(value);
    }
    let mut input = Input::new(key);
    input.take(INDEX_ID_BYTES)?;
    for part in &index.columns {
        comparable::skip_column(&table.columns[part.column], part.descending, &mut input)?;
    }
    if input.bytes.is_empty() { Err(damaged("an index entry names no row")) } else { Ok(input.bytes) }
}

/// The prefix of the keys of all rows with these values in the index's first columns: the start of their range, and with
/// [`KeyRange::prefix`] the whole of it. With values for all columns of the primary key it is the row's key. None when
/// no row can have these values (beyond the column's range, or NULL in a column that is never NULL).
///
/// A prefix column's value is cut as the stored ones are: rows found must be compared again.
///
/// # Errors
/// 1105 when a value is of another type than its column.
pub fn prefix(table: &Table, index: &Index, values: &[Value], zone: Zone) -> Result<Option<Bytes>> {
    let mut key = Vec::with_capacity(32);
    if write_prefix(table, index, values, zone, &mut key)? { Ok(Some(Bytes::from(key))) } else { Ok(None) }
}

/// As [`prefix`](fn@prefix), into a buffer; false when no row can have these values.
///
/// # Errors
/// 1105 when a value is of another type than its column.
pub fn write_prefix(
    table: &Table,
    index: &Index,
    values: &[Value],
    zone: Zone,
    out: &mut Vec<u8>,
) -> Result<bool> {
    out.extend_from_slice(&index.id.0.to_be_bytes());
    for (part, value) in index.columns.iter().zip(values) {
        let column = &table.columns[part.column];
        match comparable::write_column(value, column, part.prefix, part.descending, zone, out)? {
            Fit::Exact => {}
            Fit::Floor | Fit::Below | Fit::Above => return Ok(false),
        }
    }
    Ok(true)
}

/// The prefix of the keys of all rows with the values `equal` in the first columns and, in the next one, which must be
/// a string column and not descending, a string that begins with `begins` (`LIKE 'abc%'`). A superset is
/// possible: rows found must be compared again. None as for [`prefix`](fn@prefix).
///
/// # Errors
/// 1105 when a value is of another type than its column.
pub fn string_prefix(
    table: &Table,
    index: &Index,
    equal: &[Value],
    begins: &[u8],
    zone: Zone,
) -> Result<Option<Bytes>> {
    let mut key = Vec::with_capacity(48);
    if !write_prefix(table, index, equal, zone, &mut key)? {
        return Ok(None);
    }
    let Some(part) = index.columns.get(equal.len()) else {
        return Err(Error::internal("an index prefix has more columns than the index"));
    };
    let column = &table.columns[part.column];
    if column.nullable {
        key.push(1);
    }
    if part.descending {
        return Err(Error::internal("a string prefix of a descending key column"));
    }
    let begins = if column.data_type.is_text() {
        comparable::first_characters(begins, part.prefix)
    } else {
        &begins[..part.prefix.map_or(begins.len(), |cut| begins.len().min(cut as usize))]
    };
    comparable::write_text_open(begins, column.data_type.collation, &mut key);
    Ok(Some(Bytes::from(key)))
}

/// Whether all of `wanted` can be read from entries of this index, without the row.
#[must_use]
pub fn covers(table: &Table, index: &Index, wanted: &ColumnSet) -> bool {
    (0..wanted.end()).all(|column| {
        !wanted.contains(column)
            || restores_from(table, index, column)
            || restores_from_primary(table, column)
    })
}

fn restores_from(table: &Table, index: &Index, column: usize) -> bool {
    let data_type: &DataType = &table.columns[column].data_type;
    index.columns.iter().any(|part| part.column == column && comparable::restores(data_type, part.prefix))
}

/// Whether the primary key gives this column back, so that the row need not hold it.
#[inline]
#[must_use]
pub fn restores_from_primary(table: &Table, column: usize) -> bool {
    !table.hidden_row_id && restores_from(table, &table.indexes[0], column)
}

/// Reads `wanted` from an entry of an index other than the primary that [`covers`] them. `out` gets one value a
/// column of the table, NULL for those not wanted.
///
/// # Errors
/// 1105 when the bytes are no entry of this index.
pub fn decode_index_columns(
    table: &Table,
    index: &Index,
    key: &[u8],
    value: &[u8],
    wanted: &ColumnSet,
    zone: Zone,
    out: &mut Vec<Value>,
) -> Result<()> {
    out.clear();
    out.resize(table.columns.len(), Value::Null);
    let mut input = Input::new(key);
    input.take(INDEX_ID_BYTES)?;
    read_columns(table, &index.columns, wanted, zone, &mut input, out)?;
    let primary = &table.indexes[0].columns;
    if !primary.iter().any(|part| wanted.contains(part.column)) {
        return Ok(());
    }
    // The columns above were read up to the last one wanted only, so the suffix is looked for anew.
    let mut suffix = Input::new(suffix_of_entry(table, index, key, value)?);
    read_columns(table, primary, wanted, zone, &mut suffix, out)
}

fn read_columns(
    table: &Table,
    parts: &[IndexColumn],
    wanted: &ColumnSet,
    zone: Zone,
    input: &mut Input<'_>,
    out: &mut [Value],
) -> Result<()> {
    let Some(last) = parts.iter().rposition(|part| wanted.contains(part.column)) else { return Ok(()) };
    for part in &parts[..=last] {
        let column = &table.columns[part.column];
        if wanted.contains(part.column) && comparable::restores(&column.data_type, part.prefix) {
            out[part.column] = comparable::read_column(column, part.descending, zone, input)?;
        } else {
            comparable::skip_column(column, part.descending, input)?;
        }
    }
    Ok(())
}
