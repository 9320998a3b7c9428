//! [`Checksum`]: the number of CHECKSUM TABLE, the same as a MySQL's that has the same rows in the same kind of table.
//!
//! It is the sum of a CRC-32 for each row, and so does not depend on the rows' order. A row's CRC goes over what MySQL has in memory for
//! it: the bits that say which columns are NULL, then every column in the table's order ([`super::record`]). A column
//! that is NULL counts with what a fresh record has there: its default's bytes.
//! Expressions of keys are columns in this, behind the others.

use super::record::{self, Field};
use crate::catalog::{ColumnDefault, Table};
use crate::codec::Zone;
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::types::{Collation, DataType, TypeKind, Value};

/// The columns of CHECKSUM TABLE.
#[must_use]
pub fn columns() -> Vec<ResultColumn> {
    let name = DataType::varchar(128, Collation::default());
    vec![
        ResultColumn::computed("Table", name, true),
        ResultColumn::computed("Checksum", DataType::of(TypeKind::BigInt), true),
    ]
}

/// What is added up.
pub struct Checksum {
    fields: Vec<Summand>,
    nulls: Nulls,
    zone: Zone,
    sum: u32,
    scratch: Vec<u8>,
}

struct Summand {
    field: Field,
    /// Its position among the bits of NULLs.
    null_bit: Option<usize>,
    /// What it counts with where it is NULL.
    absent: Vec<u8>,
}

/// The position of each column among the bits of NULLs, and how many bits there are. Those of virtual columns are behind all others.
fn null_bits(table: &Table, selected: &[ResultColumn], has_mark: bool) -> (Vec<Option<usize>>, usize) {
    let mut positions = vec![None; table.columns.len()];
    let mut bits = usize::from(has_mark);
    for virtual_ones in [false, true] {
        for (number, column) in table.columns.iter().enumerate() {
            let is_virtual = column.generated.as_ref().is_some_and(|generated| !generated.stored);
            // Of the expression of a key only the expression says whether it can be NULL.
            let can_be_null = match selected.get(number) {
                Some(selected) if column.hidden => selected.nullable,
                _ => column.nullable,
            };
            if is_virtual == virtual_ones && can_be_null {
                positions[number] = Some(bits);
                bits += 1;
            }
        }
    }
    (positions, bits)
}

/// The bits of a record that say which columns are NULL.
struct Nulls {
    /// Before any row.
    empty: Vec<u8>,
    /// What is set in the first byte, and in the last.
    first: u8,
    last: u8,
}

impl Checksum {
    /// Nothing added up yet, of rows of `table` as a SELECT gives them whose columns are `selected`, with TIMESTAMPs told in `zone`.
    ///
    /// # Errors
    /// 1105 when a default is none of its column's type.
    pub fn new(table: &Table, selected: &[ResultColumn], zone: Zone) -> Result<Checksum> {
        // A record whose length is always the same has a bit that says whether it is deleted.
        let has_mark = !table.columns.iter().any(|column| record::is_of_any_length(column.data_type.kind));
        let (null_bits, bits) = null_bits(table, selected, has_mark);
        let mut fields = Vec::with_capacity(table.columns.len());
        for (column, null_bit) in table.columns.iter().zip(null_bits) {
            let field = Field::of(column);
            let mut absent = Vec::new();
            match &column.default {
                ColumnDefault::Constant(value) if *value != Value::Null => {
                    // In the zone of whoever made the table, which is not known: a server's own is UTC.
                    field.write(value, Zone::UTC, &mut absent)?;
                }
                _ => field.write_absent(&mut absent),
            }
            fields.push(Summand { field, null_bit, absent });
        }
        let nulls = Nulls {
            empty: vec![0; bits.div_ceil(8)],
            first: u8::from(has_mark),
            // The bits of the last byte that mean nothing; all of them where none is left, as in MySQL.
            last: u8::MAX << (bits % 8),
        };
        Ok(Checksum { fields, nulls, zone, sum: 0, scratch: Vec::new() })
    }

    /// Adds a row: a value for each column of the table.
    ///
    /// # Errors
    /// 1105 when a value is none of its column's type.
    pub fn add(&mut self, row: &[Value]) -> Result<()> {
        if row.len() != self.fields.len() {
            return Err(Error::internal("a row has another number of values than its table has columns"));
        }
        let out = &mut self.scratch;
        out.clear();
        out.extend_from_slice(&self.nulls.empty);
        for (summand, value) in self.fields.iter().zip(row) {
            match value {
                Value::Null => {
                    if let Some(byte) = summand.null_bit.and_then(|bit| out.get_mut(bit / 8)) {
                        *byte |= 1 << (summand.null_bit.unwrap_or_default() % 8);
                    }
                    out.extend_from_slice(&summand.absent);
                }
                value => summand.field.write(value, self.zone, out)?,
            }
        }
        let null_bytes = self.nulls.empty.len();
        if let Some(last) = null_bytes.checked_sub(1) {
            out[last] |= self.nulls.last;
            out[0] |= self.nulls.first;
        }
        self.sum = self.sum.wrapping_add(crc32fast::hash(out));
        Ok(())
    }

    /// The sum so far.
    #[must_use]
    pub fn sum(&self) -> u32 {
        self.sum
    }
}
