//! [`RowReader`]: reads some columns of a table's rows, with everything that does not depend on the row worked out before.
//!
//! A scan reads the same columns of row after row, and a cached plan does so for years: which columns the key gives back, where
//! the others stand and how they are skipped is decided once, when the statement is planned. Strings are not copied: a [`Cell`] says
//! where in the stored row they are. Whoever sends a row to a client takes them from there; who works with it makes a [`Value`].
//!
//! Invariant: reads what [`row::write`](super::row::write) wrote, and nothing else: other bytes end in an error.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::row::{ROW_VERSION, is_binary, is_text, read_value, skip_value, stored_count};
use super::{ColumnSet, Input, Zone, comparable, damaged, key, member};
use crate::Result;
use crate::catalog::{Column, ColumnDefault, Holds, Slot, Table};
use crate::types::{DataType, MemberSet, Value};

/// The value of a column, as it is found in a stored row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A value of its own.
    Value(Value),
    /// Text: these bytes of the stored row. Always valid UTF-8.
    Text(Range<usize>),
    /// A binary string: these bytes of the stored row.
    Blob(Range<usize>),
}

impl Cell {
    /// As a value. `stored` is the row that it was read from.
    #[must_use]
    pub fn into_value(self, stored: &[u8]) -> Value {
        match self {
            Cell::Value(value) => value,
            Cell::Text(place) => Value::Text(Bytes::copy_from_slice(&stored[place])),
            Cell::Blob(place) => Value::Blob(Bytes::copy_from_slice(&stored[place])),
        }
    }
}

/// A part of the primary key.
#[derive(Clone, Debug)]
struct KeyPart {
    column: usize,
    descending: bool,
    /// Its value is wanted, and the key gives it back.
    is_read: bool,
}

/// A column of the stored row.
#[derive(Clone, Debug)]
struct Step {
    /// Where it stands in the row.
    slot: usize,
    /// Its position in the table; of a dropped column 0, and not wanted.
    column: usize,
    data_type: DataType,
    /// Of ENUM and SET.
    members: Option<Arc<MemberSet>>,
    is_wanted: bool,
}

/// How some columns of a table's rows are read.
#[derive(Clone, Debug, Default)]
pub struct RowReader {
    /// The primary key's parts up to the last one that is read.
    key: Vec<KeyPart>,
    /// Slots of the table's rows: its columns, if it was not altered.
    slot_count: usize,
    /// How many of them a row holds.
    stored_count: usize,
    /// The stored columns up to the last one that is wanted.
    steps: Vec<Step>,
}

impl RowReader {
    /// A reader of the `wanted` columns.
    #[must_use]
    pub fn new(table: &Table, wanted: &ColumnSet) -> RowReader {
        let parts = if table.hidden_row_id { &[][..] } else { &table.indexes[0].columns[..] };
        let mut key: Vec<KeyPart> = parts
            .iter()
            .map(|part| KeyPart {
                column: part.column,
                descending: part.descending,
                is_read: wanted.contains(part.column)
                    && comparable::restores(&table.columns[part.column].data_type, part.prefix),
            })
            .collect();
        key.truncate(key.iter().rposition(|part| part.is_read).map_or(0, |last| last + 1));
        let (steps, slot_count) = match table.layout.slots() {
            None => {
                let steps = (0..wanted.end())
                    .filter(|column| !key::restores_from_primary(table, *column))
                    .map(|column| step_of_column(table, column, column, wanted))
                    .collect();
                (steps, table.columns.len())
            }
            Some(slots) => (steps_of_slots(table, slots, wanted), slots.len()),
        };
        RowReader { key, slot_count, stored_count: stored_count(table, slot_count), steps }
    }

    /// Reads a row: calls `place` with each wanted column and its value, in no particular order. `table` is the one that the reader is of.
    ///
    /// # Errors
    /// 1105 when the bytes are no row of this table.
    #[inline]
    pub fn read(
        &self,
        table: &Table,
        key: &[u8],
        stored: &[u8],
        zone: Zone,
        mut place: impl FnMut(usize, Cell),
    ) -> Result<()> {
        if !self.key.is_empty() {
            let mut input = Input::new(key);
            input.take(key::INDEX_ID_BYTES)?;
            for part in &self.key {
                let column = &table.columns[part.column];
                if part.is_read {
                    let value = comparable::read_column(column, part.descending, zone, &mut input)?;
                    place(part.column, Cell::Value(value));
                } else {
                    comparable::skip_column(column, part.descending, &mut input)?;
                }
            }
        }
        let mut input = Input::new(stored);
        let version = input.byte()?;
        if version != ROW_VERSION {
            return Err(damaged(&format!("a row has version {version}, this program reads {ROW_VERSION}")));
        }
        let written = usize::try_from(input.varint()?).unwrap_or(usize::MAX);
        if written > self.slot_count {
            return Err(damaged("a row has more columns than its table"));
        }
        let stored_count =
            if written == self.slot_count { self.stored_count } else { stored_count(table, written) };
        let nulls = input.take(stored_count.div_ceil(8))?;
        let mut position = 0;
        for step in &self.steps {
            if step.slot >= written {
                // Written before ADD COLUMN.
                if step.is_wanted {
                    place(step.column, Cell::Value(added_value(table, step, zone)?));
                }
                continue;
            }
            let is_null = nulls[position / 8] & (1 << (position % 8)) != 0;
            position += 1;
            if is_null {
                if step.is_wanted {
                    place(step.column, Cell::Value(Value::Null));
                }
            } else if step.is_wanted {
                place(step.column, read_cell(step, zone, stored, &mut input)?);
            } else {
                skip_value(&step.data_type, &mut input)?;
            }
        }
        if position == stored_count && !input.bytes.is_empty() {
            return Err(damaged("a row has bytes after its last column"));
        }
        Ok(())
    }
}

fn step_of_column(table: &Table, slot: usize, column: usize, wanted: &ColumnSet) -> Step {
    let Column { data_type, members, .. } = &table.columns[column];
    let is_wanted = wanted.contains(column);
    Step { slot, column, data_type: *data_type, members: members.clone(), is_wanted }
}

/// The steps of a table that was altered, up to the last slot that is wanted.
#[cold]
fn steps_of_slots(table: &Table, slots: &[Slot], wanted: &ColumnSet) -> Vec<Step> {
    let mut steps: Vec<Step> = slots
        .iter()
        .enumerate()
        .filter_map(|(slot, place)| match &place.holds {
            Holds::Column(column) if key::restores_from_primary(table, *column) => None,
            Holds::Column(column) => Some(step_of_column(table, slot, *column, wanted)),
            Holds::Dropped(data_type) => {
                Some(Step { slot, column: 0, data_type: *data_type, members: None, is_wanted: false })
            }
        })
        .collect();
    steps.truncate(steps.iter().rposition(|step| step.is_wanted).map_or(0, |last| last + 1));
    steps
}

/// The value of a column in rows that were written before it was added.
#[cold]
fn added_value(table: &Table, step: &Step, zone: Zone) -> Result<Value> {
    let Some(slots) = table.layout.slots() else {
        // Of programs before ALTER TABLE had layouts: none of them added columns, but the form was promised.
        return Ok(match &table.columns[step.column].default {
            ColumnDefault::Constant(default) => default.clone(),
            ColumnDefault::None | ColumnDefault::Now | ColumnDefault::Expression(_) => Value::Null,
        });
    };
    let added = slots.get(step.slot).map_or(&[][..], |slot| &slot.added);
    if added.is_empty() {
        return Ok(Value::Null);
    }
    read_cell(step, zone, added, &mut Input::new(added)).map(|cell| cell.into_value(added))
}

#[inline]
fn read_cell(step: &Step, zone: Zone, stored: &[u8], input: &mut Input<'_>) -> Result<Cell> {
    let data_type = &step.data_type;
    let is_text = is_text(data_type.kind);
    if !is_text && !is_binary(data_type.kind) {
        if let Some(members) = &step.members {
            return member::read_row(data_type, members, input).map(Cell::Value);
        }
        return read_value(data_type, zone, input).map(Cell::Value);
    }
    let length = usize::try_from(input.varint()?).unwrap_or(usize::MAX);
    let bytes = input.take(length)?;
    let end = stored.len() - input.bytes.len();
    let place = end - length..end;
    if !is_text {
        return Ok(Cell::Blob(place));
    }
    // Most text is ASCII, which is quicker to see than that the rest is UTF-8.
    if !bytes.is_ascii() && std::str::from_utf8(bytes).is_err() {
        return Err(damaged("text in a row is not UTF-8"));
    }
    Ok(Cell::Text(place))
}
