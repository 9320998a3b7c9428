//! Rows as text files: what LOAD DATA reads and SELECT … INTO OUTFILE writes.
//!
//! * [`Format`] is what FIELDS and LINES say, checked;
//! * [`read`] cuts a file that comes in pieces into records, by the rules of `grammar`, and puts them into a [`batch`];
//! * [`mod@write`] makes a file of a result's rows.
//!
//! Behaviour is MySQL's, as its manual describes it (section "LOAD DATA Statement") and as a real server answered
//! (`tests/cluster/tests/scripts/load_data.txt`). Left out: character sets that need a conversion, which are refused when the statement
//! is planned.

pub mod batch;
mod grammar;
pub mod read;
pub mod write;

#[cfg(test)]
mod tests;

use crate::ast::FileFormat;
use crate::error::{Error, Result};
use crate::types::{DataType, TypeKind};

/// How fields and lines are told apart, both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// FIELDS TERMINATED BY.
    pub field_end: Vec<u8>,
    /// FIELDS ENCLOSED BY.
    pub quote: Option<u8>,
    /// OPTIONALLY: only text is enclosed when it is written.
    pub quote_text_only: bool,
    /// FIELDS ESCAPED BY.
    pub escape: Option<u8>,
    /// LINES STARTING BY.
    pub line_start: Vec<u8>,
    /// LINES TERMINATED BY.
    pub line_end: Vec<u8>,
}

impl Format {
    /// Checks what was written.
    ///
    /// # Errors
    /// 1083 when ENCLOSED BY or ESCAPED BY have more than one byte.
    pub fn new(written: &FileFormat) -> Result<Format> {
        let single = |bytes: &[u8]| match bytes {
            [] => Ok(None),
            [byte] => Ok(Some(*byte)),
            _ => Err(wrong_separator()),
        };
        Ok(Format {
            field_end: written.fields_terminated.clone(),
            quote: single(&written.enclosed)?,
            quote_text_only: written.optionally,
            escape: single(&written.escaped)?,
            line_start: written.lines_starting.clone(),
            line_end: written.lines_terminated.clone(),
        })
    }

    /// Whether fields have no end but the width of their columns.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.field_end.is_empty() && self.quote.is_none()
    }

    /// Whether a separator is not ASCII: MySQL warns of that (1638).
    #[must_use]
    pub fn has_foreign_separator(&self) -> bool {
        let bytes = [self.quote, self.escape].into_iter().flatten();
        !(self.field_end.is_ascii() && self.line_start.is_ascii() && self.line_end.is_ascii())
            || bytes.into_iter().any(|byte| !byte.is_ascii())
    }
}

/// Error 1083.
fn wrong_separator() -> Error {
    let message = "Field separator argument is not what is expected; check the manual".to_owned();
    Error { code: 1083, state: *b"42000", message }
}

/// Bytes that a column takes in a file without separators: those of its longest value.
#[must_use]
pub fn fixed_width(data_type: &DataType) -> usize {
    let signed = |unsigned: usize| unsigned + usize::from(!data_type.unsigned);
    let fraction = |digits: u8| if digits == 0 { 0 } else { usize::from(digits) + 1 };
    match data_type.kind {
        TypeKind::Null => 0,
        TypeKind::TinyInt => signed(3),
        TypeKind::SmallInt => signed(5),
        TypeKind::MediumInt => signed(8),
        TypeKind::Int => signed(10),
        TypeKind::BigInt => 20,
        TypeKind::Year => 4,
        TypeKind::Bit(bits) => usize::from(bits.div_ceil(8)),
        TypeKind::Enum(_) | TypeKind::Set(_) => data_type.characters() as usize * 4,
        TypeKind::Float => 12,
        TypeKind::Double => 22,
        TypeKind::Decimal { precision, scale } => usize::from(precision) + usize::from(scale > 0) + signed(0),
        TypeKind::Char(characters) | TypeKind::VarChar(characters) => characters as usize * 4,
        TypeKind::Binary(bytes) | TypeKind::VarBinary(bytes) => bytes as usize,
        TypeKind::Date => 10,
        TypeKind::Time(digits) => 10 + fraction(digits),
        TypeKind::DateTime(digits) | TypeKind::Timestamp(digits) => 19 + fraction(digits),
        TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob
        | TypeKind::Json => usize::try_from(data_type.bytes_max().unwrap_or(u64::MAX)).unwrap_or(usize::MAX),
    }
}
