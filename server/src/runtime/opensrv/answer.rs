//! Results, errors and parameters between our forms and opensrv-mysql's.
//!
//! A result is encoded by the same [`crate::node::result::Reply`] as on our own front end, then cut into values that the
//! crate's row writer copies: so a value has the same bytes on both, and the crate's own conversions, which cannot do zero
//! dates and negative times, have no part in it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opensrv_mysql::{
    Column, ColumnFlags, ColumnType, ErrorKind, OkResponse, ParamParser, ParamValue, QueryResultWriter,
    StatusFlags, ToMysqlValue, ValueInner,
};
use sql::execute::{Outcome, ResultColumn};
use sql::types::Value;
use tokio::io::AsyncWrite;
use wire::mysql::column::Column as Definition;
use wire::mysql::constant::column_flag;
use wire::mysql::error::ErrorPacket;
use wire::mysql::execute::{ParameterType, parse_value};
use wire::mysql::packet::{PacketReader, PacketWriter};
use wire::mysql::primitive::{Input, NULL_MARKER};
use wire::mysql::value::{DateTime, Param, TemporalError, Time};

use crate::limits::RESULT_HELD_BYTES_MAX;
use crate::node::{errno, metadata, parameters};

/// The highest error number that the crate has.
const ERROR_NUMBER_MAX: u16 = 1885;

/// A number below that which it does not have.
const ERROR_NUMBER_MISSING: u16 = 1768;

/// First bit of the NULL bitmap of a binary row.
const BINARY_ROW_NULL_OFFSET_BITS: usize = 2;

/// A binary row's first byte and its bitmap: where its values start.
fn binary_row_header_bytes(column_count: usize) -> usize {
    1 + (column_count + BINARY_ROW_NULL_OFFSET_BITS).div_ceil(8)
}

/// An error as the crate can send it: numbers that it does not have are told in the message of 1105.
pub fn error(error: ErrorPacket) -> (ErrorKind, String) {
    if (1000..=ERROR_NUMBER_MAX).contains(&error.code) && error.code != ERROR_NUMBER_MISSING {
        return (ErrorKind::from(error.code), error.message);
    }
    let message = format!("{} (error {}, SQLSTATE {})", error.message, error.code, error.sqlstate());
    (ErrorKind::ER_UNKNOWN_ERROR, message)
}

/// The OK of a statement without rows. Its info text is left out: the crate writes it without its length.
pub fn ok(outcome: &Outcome, status: wire::mysql::constant::StatusFlags) -> OkResponse {
    OkResponse {
        affected_rows: outcome.affected,
        last_insert_id: outcome.last_insert_id,
        status_flags: StatusFlags::from_bits_truncate(status.bits()),
        ..OkResponse::default()
    }
}

/// What the crate says of a parameter.
pub fn parameter() -> Column {
    from_definition(Definition::parameter())
}

/// What the crate says of a result's column.
pub fn column(column: &ResultColumn) -> Column {
    from_definition(metadata::definition(column, Some(sql::types::Collation::default())))
}

fn from_definition(definition: Definition) -> Column {
    Column {
        table: definition.table,
        column: definition.name,
        coltype: ColumnType::try_from(definition.column_type).unwrap_or(ColumnType::MYSQL_TYPE_VAR_STRING),
        colflags: ColumnFlags::from_bits_truncate(definition.flags),
    }
}

/// A value as it goes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell<'a> {
    Null,
    /// With its length, where it has one.
    Encoded(&'a [u8]),
}

impl ToMysqlValue for Cell<'_> {
    fn to_mysql_text<W: std::io::Write>(&self, out: &mut W) -> std::io::Result<()> {
        match self {
            Cell::Null => out.write_all(&[NULL_MARKER]),
            Cell::Encoded(bytes) => out.write_all(bytes),
        }
    }

    fn to_mysql_bin<W: std::io::Write>(&self, out: &mut W, _: &Column) -> std::io::Result<()> {
        match self {
            // In the bitmap, which the crate makes from `is_null`.
            Cell::Null => Ok(()),
            Cell::Encoded(bytes) => out.write_all(bytes),
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }
}

/// Sends a result set that `rows` holds as packets, from the column count to the last row.
pub async fn send_rows<W>(
    rows: &PacketWriter,
    binary: bool,
    results: QueryResultWriter<'_, W>,
) -> std::io::Result<()>
where
    W: AsyncWrite + Send + Unpin,
{
    let mut packets = PacketReader::new(RESULT_HELD_BYTES_MAX);
    packets.buffer_mut().extend_from_slice(rows.as_slice());
    let header = packets.next().map_err(malformed)?;
    let count = header.and_then(|header| Input::new(&header.payload).lenenc_int()).unwrap_or_default();
    let mut types = Vec::new();
    let mut columns = Vec::new();
    for _ in 0..count {
        let packet =
            packets.next().map_err(malformed)?.ok_or_else(|| malformed("a result that ends early"))?;
        let definition = Definition::parse(&packet.payload).map_err(malformed)?;
        let is_unsigned = definition.flags & column_flag::UNSIGNED != 0;
        types.push(ParameterType { column_type: definition.column_type, is_unsigned });
        columns.push(from_definition(definition));
    }
    let mut writer = results.start(&columns).await?;
    while let Some(row) = packets.next().map_err(malformed)? {
        let cells = if binary { binary_cells(&row.payload, &types) } else { text_cells(&row.payload) };
        writer.write_row(cells.ok_or_else(|| malformed("a row that does not fit its columns"))?).await?;
    }
    writer.finish().await
}

/// A result that we wrote and cannot read: ends the connection.
fn malformed(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, reason)
}

fn text_cells(row: &[u8]) -> Option<Vec<Cell<'_>>> {
    let mut input = Input::new(row);
    let mut cells = Vec::new();
    while let Some(first) = input.peek() {
        let before = input.rest();
        if first == NULL_MARKER {
            input.u8()?;
            cells.push(Cell::Null);
        } else {
            input.lenenc_bytes()?;
            cells.push(Cell::Encoded(&before[..before.len() - input.rest().len()]));
        }
    }
    Some(cells)
}

fn binary_cells<'a>(row: &'a [u8], types: &[ParameterType]) -> Option<Vec<Cell<'a>>> {
    let mut input = Input::new(row);
    let header = input.bytes(binary_row_header_bytes(types.len()))?;
    let mut cells = Vec::with_capacity(types.len());
    for (index, data_type) in types.iter().enumerate() {
        let bit = index + BINARY_ROW_NULL_OFFSET_BITS;
        if header[1 + bit / 8] & (1 << (bit % 8)) != 0 {
            cells.push(Cell::Null);
            continue;
        }
        let before = input.rest();
        parse_value(&mut input, *data_type).ok()?;
        cells.push(Cell::Encoded(&before[..before.len() - input.rest().len()]));
    }
    input.is_empty().then_some(cells)
}

/// The values of COM_STMT_EXECUTE.
///
/// # Errors
/// 1835 when they make no sense to the crate, 1210 for a date or time that is none.
pub fn values(params: ParamParser<'_>) -> Result<Vec<Value>, ErrorPacket> {
    // The crate panics over bytes that are not what it expects; nothing but the parser is touched meanwhile.
    let parsed = catch_unwind(AssertUnwindSafe(|| params.into_iter().map(value).collect()));
    parsed.unwrap_or_else(|_| Err(errno::from_wire(&wire::Error::Malformed { what: "COM_STMT_EXECUTE" })))
}

fn value(param: ParamValue<'_>) -> Result<Value, ErrorPacket> {
    let wrong = |error: TemporalError| {
        errno::from_wire(&match error {
            TemporalError::Malformed => wire::Error::Malformed { what: "COM_STMT_EXECUTE" },
            TemporalError::OutOfRange => {
                wire::Error::WrongArguments { what: "date or time part out of range" }
            }
        })
    };
    let param = match param.value.into_inner() {
        ValueInner::NULL => Param::Null,
        ValueInner::Bytes(value) => Param::Bytes { value, column_type: param.coltype as u8 },
        ValueInner::Int(value) => Param::Int(value),
        ValueInner::UInt(value) => Param::UInt(value),
        ValueInner::Double(value) => Param::Double(value),
        ValueInner::Date(bytes) => {
            Param::Date(DateTime::parse(&mut Input::new(&with_length(bytes))).map_err(wrong)?)
        }
        ValueInner::Datetime(bytes) => {
            Param::DateTime(DateTime::parse(&mut Input::new(&with_length(bytes))).map_err(wrong)?)
        }
        ValueInner::Time(bytes) => {
            Param::Time(Time::parse(&mut Input::new(&with_length(bytes))).map_err(wrong)?)
        }
    };
    parameters::value(&param, sql::types::CharacterSet::Utf8mb4).map_err(|error| errno::packet(&error))
}

/// A date or time with the length that the crate took off; its length was one byte.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_number_can_be_sent() {
        for code in 1..=u16::MAX {
            let (kind, message) = error(ErrorPacket { code, sqlstate: *b"HY000", message: "why".into() });
            let expected = if (1000..=1885).contains(&code) && code != 1768 { code } else { 1105 };
            assert_eq!(kind as u16, expected);
            assert_eq!(message.contains(&code.to_string()), expected != code, "{code}: {message}");
        }
    }

    #[test]
    fn a_text_row_is_cut_into_its_values() {
        let cells = text_cells(b"\x0242\xfb\x00").unwrap();
        assert_eq!(cells, [Cell::Encoded(b"\x0242"), Cell::Null, Cell::Encoded(b"\x00")]);
        assert_eq!(text_cells(b"\x0542"), None);
    }

    #[test]
    fn a_binary_row_is_cut_into_its_values() {
        let long = ParameterType { column_type: 3, is_unsigned: false };
        let text = ParameterType { column_type: 253, is_unsigned: false };
        let row = b"\x00\x08\x01\x00\x00\x00\x02hi";
        let cells = binary_cells(row, &[long, long, text]).unwrap();
        assert_eq!(cells, [Cell::Encoded(b"\x01\x00\x00\x00"), Cell::Null, Cell::Encoded(b"\x02hi")]);
        assert_eq!(binary_cells(row, &[long, long]), None);
    }
}
