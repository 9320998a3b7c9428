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

/// Reads a row of the text protocol.
pub(crate) fn parse_text_row(payload: &[u8], column_count: usize) -> Result<Vec<Option<Vec<u8>>>> {
    let mut input = Input::new(payload);
    let mut row = Vec::with_capacity(column_count);
    for _ in 0..column_count {
        if input.peek() == Some(NULL_MARKER) {
            input.u8();
            row.push(None);
        } else {
            row.push(Some(input.lenenc_bytes().ok_or(MALFORMED_ROW)?.to_vec()));
        }
    }
    if input.is_empty() { Ok(row) } else { Err(MALFORMED_ROW.into()) }
}

/// Reads a row of the binary protocol, as text.
pub(crate) fn parse_binary_row(payload: &[u8], columns: &[Column]) -> Result<Vec<Option<Vec<u8>>>> {
    let mut input = Input::new(payload);
    if input.u8() != Some(BINARY_ROW_HEADER) {
        return Err(MALFORMED_ROW.into());
    }
    let bitmap_bytes = (columns.len() + BINARY_ROW_NULL_OFFSET_BITS).div_ceil(8);
    let bitmap = input.bytes(bitmap_bytes).ok_or(MALFORMED_ROW)?;
    let mut row = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let bit = index + BINARY_ROW_NULL_OFFSET_BITS;
        if bitmap[bit / 8] & (1 << (bit % 8)) != 0 {
            row.push(None);
            continue;
        }
        let is_unsigned = column.flags & column_flag::UNSIGNED != 0;
        let binary_type = ParameterType { column_type: column.column_type, is_unsigned };
        row.push(to_text(&execute::parse_value(&mut input, binary_type)?, column));
    }
    if input.is_empty() { Ok(row) } else { Err(MALFORMED_ROW.into()) }
}

const MALFORMED_ROW: wire::Error = wire::Error::Malformed { what: "row" };

/// A binary value as the text protocol sends it.
fn to_text(value: &Param<'_>, column: &Column) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let decimals = column.decimals;
    let zerofill = column.flags & column_flag::ZEROFILL != 0;
    match value {
        Param::Null => return None,
        Param::Int(value) => number::put_i64(&mut out, *value),
        Param::UInt(value) if column.column_type == column_type::YEAR => {
            number::put_padded(&mut out, *value, 4)
        }
        Param::UInt(value) if zerofill => {
            number::put_padded(&mut out, *value, column.length.min(255) as usize)
        }
        Param::UInt(value) => number::put_u64(&mut out, *value),
        Param::Float(value) if decimals < DECIMALS_NOT_FIXED => {
            number::put_double_fixed(&mut out, f64::from(*value), decimals);
        }
        Param::Float(value) => number::put_float(&mut out, *value),
        Param::Double(value) if decimals < DECIMALS_NOT_FIXED => {
            number::put_double_fixed(&mut out, *value, decimals);
        }
        Param::Double(value) => number::put_double(&mut out, *value),
        Param::Bytes { value, .. } => out.extend_from_slice(value),
        Param::Date(value) => value.put_date_text(&mut out),
        Param::DateTime(value) => value.put_text(&mut out, fraction_digits(decimals)),
        Param::Time(value) => value.put_text(&mut out, fraction_digits(decimals)),
    }
    Some(out)
}

/// Digits of a fraction of seconds: a column whose decimals are not fixed has none.
fn fraction_digits(decimals: u8) -> u8 {
    if decimals > 6 { 0 } else { decimals }
}
