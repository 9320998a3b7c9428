//! What a statement gave: rows as text, or counts.
//!
//! Rows of prepared statements come in the binary form and are turned into the text that the text protocol would
//! have sent, so that callers compare one form.

use wire::mysql::column::Column;
use wire::mysql::constant::{DECIMALS_NOT_FIXED, StatusFlags, column_flag, column_type};
use wire::mysql::execute::{self, ParameterType};
use wire::mysql::number;
use wire::mysql::primitive::{Input, NULL_MARKER};
use wire::mysql::value::Param;

use crate::Result;

/// First byte of a binary row.
const BINARY_ROW_HEADER: u8 = 0;
/// The NULL bitmap of a binary row starts at this bit.
const BINARY_ROW_NULL_OFFSET_BITS: usize = 2;

/// One result of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryResult {
    /// Columns of a result set; empty for a statement without rows.
    pub columns: Vec<Column>,
    /// Rows as text; `None` is NULL.
    pub rows: Vec<Vec<Option<Vec<u8>>>>,
    /// Rows changed.
    pub affected: u64,
    /// First AUTO_INCREMENT value made, or 0.
    pub last_insert_id: u64,
    /// Number of warnings.
    pub warnings: u16,
    /// The session's state after the statement.
    pub status: StatusFlags,
    /// Human-readable summary, or empty.
    pub info: String,
}

impl QueryResult {
    /// A value as text; `None` when it is NULL or not there. Bytes that are not UTF-8 are replaced.
    pub fn text(&self, row: usize, column: usize) -> Option<String> {
        let value = self.rows.get(row)?.get(column)?.as_deref()?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The first value of the first row as text.
    pub fn scalar(&self) -> Option<String> {
        self.text(0, 0)
    }
}

/// Which form rows have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowForm {
    /// That of the text protocol.
    Text,
    /// That of prepared statements.
    Binary,
}

impl RowForm {
    /// Reads a row, as text.
    pub(crate) fn parse(self, payload: &[u8], columns: &[Column]) -> Result<Vec<Option<Vec<u8>>>> {
        let mut cells = Vec::new();
        let mut text = Vec::new();
        let source = match self {
            RowForm::Text => {
                RowForm::cells_of_text(payload, columns.len(), &mut cells)?;
                payload
            }
            RowForm::Binary => {
                RowForm::cells_of_binary(payload, columns, &mut text, &mut cells)?;
                &text
            }
        };
        Ok(cells.into_iter().map(|cell| cell.map(|(start, end)| source[start..end].to_vec())).collect())
    }

    /// Where the values of a row of the text protocol are in it.
    pub(crate) fn cells_of_text(
        payload: &[u8],
        column_count: usize,
        cells: &mut Vec<Option<(usize, usize)>>,
    ) -> Result<()> {
        cells.clear();
        let mut input = Input::new(payload);
        for _ in 0..column_count {
            if input.peek() == Some(NULL_MARKER) {
                input.u8();
                cells.push(None);
            } else {
                let length = input.lenenc_bytes().ok_or(MALFORMED_ROW)?.len();
                let end = payload.len() - input.rest().len();
                cells.push(Some((end - length, end)));
            }
        }
        if input.is_empty() { Ok(()) } else { Err(MALFORMED_ROW.into()) }
    }

    /// Appends the values of a row of the binary protocol to `text`, and where they are there to `cells`.
    pub(crate) fn cells_of_binary(
        payload: &[u8],
        columns: &[Column],
        text: &mut Vec<u8>,
        cells: &mut Vec<Option<(usize, usize)>>,
    ) -> Result<()> {
        cells.clear();
        let mut input = Input::new(payload);
        if input.u8() != Some(BINARY_ROW_HEADER) {
            return Err(MALFORMED_ROW.into());
        }
        let bitmap_bytes = (columns.len() + BINARY_ROW_NULL_OFFSET_BITS).div_ceil(8);
        let bitmap = input.bytes(bitmap_bytes).ok_or(MALFORMED_ROW)?;
        for (index, column) in columns.iter().enumerate() {
            let bit = index + BINARY_ROW_NULL_OFFSET_BITS;
            if bitmap[bit / 8] & (1 << (bit % 8)) != 0 {
                cells.push(None);
                continue;
            }
            let is_unsigned = column.flags & column_flag::UNSIGNED != 0;
            let binary_type = ParameterType { column_type: column.column_type, is_unsigned };
            let start = text.len();
            let is_value = put_text(text, &execute::parse_value(&mut input, binary_type)?, column);
            cells.push(is_value.then_some((start, text.len())));
        }
        if input.is_empty() { Ok(()) } else { Err(MALFORMED_ROW.into()) }
    }
}

const MALFORMED_ROW: wire::Error = wire::Error::Malformed { what: "row" };

/// Appends a binary value as the text protocol sends it; false: it is NULL.
fn put_text(out: &mut Vec<u8>, value: &Param<'_>, column: &Column) -> bool {
    let decimals = column.decimals;
    let zerofill = column.flags & column_flag::ZEROFILL != 0;
    match value {
        Param::Null => return false,
        Param::Int(value) => number::put_i64(out, *value),
        Param::UInt(value) if column.column_type == column_type::YEAR => number::put_padded(out, *value, 4),
        Param::UInt(value) if zerofill => number::put_padded(out, *value, column.length.min(255) as usize),
        Param::UInt(value) => number::put_u64(out, *value),
        Param::Float(value) if decimals < DECIMALS_NOT_FIXED => {
            number::put_double_fixed(out, f64::from(*value), decimals);
        }
        Param::Float(value) => number::put_float(out, *value),
        Param::Double(value) if decimals < DECIMALS_NOT_FIXED => {
            number::put_double_fixed(out, *value, decimals);
        }
        Param::Double(value) => number::put_double(out, *value),
        Param::Bytes { value, .. } => out.extend_from_slice(value),
        Param::Date(value) => value.put_date_text(out),
        Param::DateTime(value) => value.put_text(out, fraction_digits(decimals)),
        Param::Time(value) => value.put_text(out, fraction_digits(decimals)),
    }
    true
}

/// Digits of a fraction of seconds: a column whose decimals are not fixed has none.
fn fraction_digits(decimals: u8) -> u8 {
    if decimals > 6 { 0 } else { decimals }
}
