//! Where a table's columns stand in its stored rows, once ALTER TABLE has moved them without rewriting the rows.
//!
//! A row tells how many *slots* its table had when it was written. Slots are only ever added at the end and never taken
//! away, so that every row that was ever written can be read: a column that is dropped leaves its slot behind (new rows have NULL
//! there), and a column that is added, wherever it stands in the table, takes a new slot at the end. Rows that end before a slot
//! have the value that the column was added with.
//!
//! Invariant: each column of the table has exactly one slot. A table that was never altered so has no layout: column n is in slot n.
//! Rebuilding a table gives it back that plain form.

use std::sync::Arc;

use bytes::Bytes;

use crate::Result;
use crate::codec::{Input, damaged, write_varint};
use crate::types::DataType;

use super::encode::{read_bytes, read_list, read_type, read_u32, write_bytes, write_type};

/// The slots of a table's rows; plain unless ALTER TABLE made them otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout(Option<Arc<[Slot]>>);

/// One place in a stored row.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// What stands here.
    pub holds: Holds,
    /// What rows that end before this slot have here, as a row stores it; empty for NULL.
    pub added: Bytes,
}

/// What a slot holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Holds {
    /// The values of the column at this position of the table.
    Column(usize),
    /// Those of a dropped column of this type, which readers pass by.
    Dropped(DataType),
}

impl Layout {
    /// A layout of these slots. It is not the plain one even if column n is in slot n: rows may be older than a slot.
    #[must_use]
    pub fn new(slots: Vec<Slot>) -> Layout {
        Layout(Some(slots.into()))
    }

    /// The slots, unless column n is in slot n.
    #[inline]
    #[must_use]
    pub fn slots(&self) -> Option<&[Slot]> {
        self.0.as_deref()
    }

    /// The slots of a table of `columns` columns, written out.
    #[must_use]
    pub fn to_slots(&self, columns: usize) -> Vec<Slot> {
        match &self.0 {
            Some(slots) => slots.to_vec(),
            None => (0..columns)
                .map(|column| Slot { holds: Holds::Column(column), added: Bytes::new() })
                .collect(),
        }
    }

    /// Appends the layout's bytes: the number of slots, and for each what it holds (0, position; or 1, type) and what is added.
    pub fn write(&self, out: &mut Vec<u8>) {
        let slots = self.slots().unwrap_or_default();
        write_varint(slots.len() as u64, out);
        for slot in slots {
            match &slot.holds {
                Holds::Column(column) => {
                    out.push(0);
                    write_varint(*column as u64, out);
                }
                Holds::Dropped(data_type) => {
                    out.push(1);
                    write_type(data_type, out);
                }
            }
            write_bytes(&slot.added, out);
        }
    }

    /// A layout of a table of `columns` columns.
    ///
    /// # Errors
    /// 1105 when the bytes are none.
    pub(crate) fn read(input: &mut Input<'_>, columns: usize) -> Result<Layout> {
        let slots = read_list(input, |input| {
            let holds = match input.byte()? {
                0 => Holds::Column(read_u32(input)? as usize),
                1 => Holds::Dropped(read_type(input)?.0),
                _ => return Err(damaged("a slot of a row holds something unknown")),
            };
            Ok(Slot { holds, added: Bytes::copy_from_slice(read_bytes(input)?) })
        })?;
        let mut seen = vec![false; columns];
        for slot in &slots {
            if let Holds::Column(column) = slot.holds {
                match seen.get_mut(column) {
                    Some(seen) if !*seen => *seen = true,
                    _ => return Err(damaged("a slot of a row is of no column, or of one that has another")),
                }
            }
        }
        if seen.contains(&false) {
            return Err(damaged("a column has no slot in its table's rows"));
        }
        Ok(Layout::new(slots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        let slot = |holds, added: &'static [u8]| Slot { holds, added: Bytes::from_static(added) };
        Layout::new(vec![
            slot(Holds::Column(1), b""),
            slot(Holds::Dropped(DataType::BIGINT), b""),
            slot(Holds::Column(0), b"\x0e"),
        ])
    }

    fn bytes(layout: &Layout) -> Vec<u8> {
        let mut out = Vec::new();
        layout.write(&mut out);
        out
    }

    #[test]
    fn what_is_written_is_read_again_and_stays_the_same() {
        let written = bytes(&layout());
        let mut input = Input::new(&written);
        assert_eq!(Layout::read(&mut input, 2).unwrap(), layout());
        assert!(input.bytes.is_empty());
        assert_eq!(written, [3, 0, 1, 0, 1, 5, 0, 63, 0, 0, 0, 0, 1, 14]);
    }

    #[test]
    fn a_layout_that_is_none_of_the_table_is_refused() {
        let written = bytes(&layout());
        // Another number of columns, an end too early, and a column that has two slots.
        for columns in [0, 1, 3] {
            assert!(Layout::read(&mut Input::new(&written), columns).is_err(), "{columns}");
        }
        for end in 0..written.len() {
            assert!(Layout::read(&mut Input::new(&written[..end]), 2).is_err(), "{end}");
        }
        assert!(Layout::read(&mut Input::new(&[2, 0, 0, 0, 0, 0, 0]), 1).is_err());
        assert!(Layout::read(&mut Input::new(&[1, 2, 0]), 1).is_err());
    }
}
