//! Writing a result's rows as a file: SELECT … INTO OUTFILE.
//!
//! What is written can be read by LOAD DATA with the same FIELDS and LINES, if these are such that it can be told where a field ends:
//! MySQL warns (1475) where they are not. A text's escape, its quote (without one, the first byte of its separator), the first byte of a line's end, and
//! zero bytes are escaped; a quote that is a letter with a meaning behind an escape is doubled instead. Numbers are escaped only where a
//! separator may be part of one.

use super::{Format, fixed_width};
use crate::execute::ResultColumn;
use crate::types::text::write_text;
use crate::types::{DataType, TypeKind, Value};

/// Letters that mean something else behind an escape.
const ESCAPE_LETTERS: &[u8] = b"ntrb0ZN";
/// Bytes that numbers are made of.
const NUMBER_BYTES: &[u8] = b".0123456789e+-";

/// A column of the file.
#[derive(Debug)]
struct Column {
    data_type: DataType,
    is_text: bool,
    is_enclosed: bool,
    /// Its width in a file without separators.
    width: usize,
}

/// Writes rows.
#[derive(Debug)]
pub struct Writer {
    format: Format,
    columns: Vec<Column>,
    line_end: Vec<u8>,
    is_fixed: bool,
    /// The quote, or the first byte of the separator.
    mark: Option<u8>,
    /// It is doubled, not escaped.
    doubles_mark: bool,
    /// It may be part of a number.
    escapes_numbers: bool,
    is_ambiguous: bool,
    scratch: Vec<u8>,
}

impl Writer {
    /// A writer of rows with these columns.
    #[must_use]
    pub fn new(format: &Format, columns: &[ResultColumn]) -> Writer {
        let has_long = columns.iter().any(|column| is_long(column.data_type.kind));
        let texts_only = format.quote_text_only && !format.field_end.is_empty();
        let columns: Vec<Column> = columns
            .iter()
            .map(|column| {
                let is_text = !is_number(column.data_type.kind);
                Column {
                    data_type: column.data_type,
                    is_text,
                    is_enclosed: format.quote.is_some() && (is_text || !texts_only),
                    width: fixed_width(&column.data_type),
                }
            })
            .collect();
        let has = |is_text: bool| columns.iter().any(|column| column.is_text == is_text);
        let separator = format.field_end.first().copied();
        let mark = format.quote.or(separator);
        let doubles_mark = mark.is_some_and(|mark| ESCAPE_LETTERS.contains(&mark));
        let escapes_numbers = mark.is_some_and(|mark| NUMBER_BYTES.contains(&mark));
        let quotes_all = format.quote.is_some() && !texts_only;
        let is_ambiguous = (doubles_mark && format.quote.is_none() && (has(true) || escapes_numbers))
            || (!quotes_all && has(false) && separator.is_some_and(|byte| NUMBER_BYTES.contains(&byte)));
        let line_end = if format.line_end.is_empty() { &format.field_end } else { &format.line_end };
        Writer {
            line_end: line_end.clone(),
            is_fixed: format.is_fixed() && !has_long,
            format: format.clone(),
            columns,
            mark,
            doubles_mark,
            escapes_numbers,
            is_ambiguous,
            scratch: Vec::new(),
        }
    }

    /// Whether it cannot be told where a field ends (warning 1475).
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    /// Appends a row, which has as many values as there are columns.
    pub fn row(&mut self, row: &[Value], out: &mut Vec<u8>) {
        let mut text = std::mem::take(&mut self.scratch);
        out.extend_from_slice(&self.format.line_start);
        for (number, (value, column)) in row.iter().zip(&self.columns).enumerate() {
            if number > 0 {
                out.extend_from_slice(&self.format.field_end);
            }
            text.clear();
            write_text(value, &column.data_type, &mut text);
            self.field(value, &text, column, out);
        }
        out.extend_from_slice(&self.line_end);
        self.scratch = text;
    }

    fn field(&self, value: &Value, text: &[u8], column: &Column, out: &mut Vec<u8>) {
        if value.is_null() {
            match self.format.escape {
                _ if self.is_fixed => out.resize(out.len() + column.width, b' '),
                Some(escape) => out.extend_from_slice(&[escape, b'N']),
                None => out.extend_from_slice(b"NULL"),
            }
            return;
        }
        let quote = self.format.quote.filter(|_| column.is_enclosed);
        out.extend(quote);
        let text = if self.is_fixed { &text[..text.len().min(column.width)] } else { text };
        match self.format.escape {
            Some(escape) if column.is_text || self.escapes_numbers => {
                // Bytes of a character of several are not looked at.
                let is_bytes = matches!(value, Value::Blob(_));
                for byte in text {
                    self.byte(*byte, escape, quote.is_some(), is_bytes, out);
                }
            }
            Some(_) | None => out.extend_from_slice(text),
        }
        if self.is_fixed {
            out.resize(out.len() + (column.width - text.len()), b' ');
        }
        out.extend(quote);
    }

    fn byte(&self, byte: u8, escape: u8, is_enclosed: bool, is_bytes: bool, out: &mut Vec<u8>) {
        let separator = self.format.field_end.first().copied();
        let edge = if is_enclosed { self.mark } else { separator };
        let has_meaning =
            byte == escape || Some(byte) == edge || self.line_end_first() == Some(byte) || byte == 0;
        // A separator that numbers may have in them, or that an escape would make another character, cannot be escaped.
        let is_lost = !is_enclosed && self.is_ambiguous && Some(byte) == separator;
        if has_meaning && !is_lost && (byte.is_ascii() || is_bytes) {
            out.push(if Some(byte) == self.mark && self.doubles_mark { byte } else { escape });
            out.push(if byte == 0 { b'0' } else { byte });
        } else {
            out.push(byte);
        }
    }

    fn line_end_first(&self) -> Option<u8> {
        self.line_end.first().copied()
    }
}

/// Types whose values are written as numbers are.
fn is_number(kind: TypeKind) -> bool {
    match kind {
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Year
        | TypeKind::Float
        | TypeKind::Double
        | TypeKind::Decimal { .. } => true,
        TypeKind::Null
        | TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::Bit(_)
        | TypeKind::Enum(_)
        | TypeKind::Set(_)
        | TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob
        | TypeKind::Date
        | TypeKind::Time(_)
        | TypeKind::DateTime(_)
        | TypeKind::Timestamp(_)
        | TypeKind::Json => false,
    }
}

/// BLOB and TEXT in all their lengths.
pub(crate) fn is_long(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::TinyText
            | TypeKind::Text
            | TypeKind::MediumText
            | TypeKind::LongText
            | TypeKind::TinyBlob
            | TypeKind::Blob
            | TypeKind::MediumBlob
            | TypeKind::LongBlob
            | TypeKind::Json
    )
}
