//! A statement's reply: rows and endings encoded straight into the connection's output buffer.
//!
//! A statement may be run again after a lock wait, or fail after its first rows: [`Reply::rewind`] takes back what it wrote.
//! Rows of plain snapshot reads may leave while the statement runs (`stream`); rows that were computed from versions the
//! quorum does not have yet stay until it has.

use std::sync::{Arc, OnceLock};

use sql::codec::Cell;
use sql::execute::memory::Bounded;
use sql::execute::{ResultColumn, Sink};
use sql::types::{Attributes, CharacterSet, Collation, TypeKind, Value};
use wire::mysql::column::Column;
use wire::mysql::constant::{Capabilities, StatusFlags};
use wire::mysql::packet::PacketWriter;
use wire::mysql::resultset::{
    BinaryRow, TextRow, put_definitions, put_definitions_end, put_end, put_optional_definitions,
};

use super::load::LocalFile;
use crate::limits::{RESULT_FLUSH_BYTES, RESULT_HELD_BYTES_MAX};

/// What is refused when rows that wait are too large.
pub const HELD: &str = "result that is held for the quorum; use LIMIT";

/// Hands finished bytes to the client while a statement runs; blocks.
pub type Flush<'a> = &'a mut (dyn FnMut(&[u8]) -> std::io::Result<()> + Send);

/// Where a session writes a statement's rows: our own front end's [`Reply`], or another one's.
pub trait Answer: Sink + Send {
    /// Takes back what was written; false when some of it has left already.
    fn rewind(&mut self) -> bool;

    /// Whether rows may leave while the statement runs. They may not until this is said, and never those of a statement that
    /// reads versions which the quorum does not have yet. An answer that never lets rows leave early need not care.
    fn let_rows_leave(&mut self, _early: bool) {}

    /// The file that the client may send (LOAD DATA LOCAL); none where it cannot.
    fn local_file(&mut self) -> Option<&mut dyn LocalFile> {
        None
    }

    /// Ends the result that was written: another answer follows it. What was written before is not taken back by [`Answer::rewind`] then.
    ///
    /// # Errors
    /// 1312 where there can be one answer only.
    fn end_result(&mut self, _status: StatusFlags, _warnings: u16) -> sql::Result<()> {
        let message = "PROCEDURE can't return a result set in the given context";
        Err(sql::Error::mysql(1312, *b"0A000", message))
    }

    /// Whether the client reads OUT parameters of a prepared CALL as a result.
    fn takes_output_parameters(&self) -> bool {
        false
    }

    /// The columns of the next result are those whose definitions are kept here, or are to be kept here.
    fn know_columns(&mut self, _definitions: &Arc<Definitions>) {}
}

/// The definitions of a plan's columns as packets, made when the plan's rows are first sent, and the `character_set_results` that they are
/// for: clients of one application have the same.
#[derive(Debug, Default)]
pub struct Definitions(OnceLock<(Option<Collation>, Box<[u8]>)>);

/// Where a reply is written.
pub struct Reply<'a> {
    /// The connection's buffer.
    pub writer: &'a mut PacketWriter,
    /// What the client can read.
    pub capabilities: Capabilities,
    /// Rows in the binary protocol.
    pub binary: bool,
    /// The way out for rows that may leave early.
    pub stream: Option<Flush<'a>>,
    /// What rows that wait take of the connection's memory; none where nobody counts.
    pub held: Option<Bounded>,
    /// Status flags for the packets before the rows.
    pub status: StatusFlags,
    /// The client does not want the definitions of columns (`resultset_metadata`).
    pub omits_metadata: bool,
    /// `character_set_results`; none where texts go as they are.
    pub results: Option<Collation>,
    kinds: Vec<Encoding>,
    mark: (usize, u8),
    flushed: bool,
    leaves_early: bool,
    scratch: Vec<u8>,
    definitions: Option<Arc<Definitions>>,
}

/// How a column's values are written.
#[derive(Clone, Copy, Debug)]
struct Encoding {
    data_type: sql::types::DataType,
    /// The character set that texts are converted to, where their bytes are not its own.
    set: Option<CharacterSet>,
}

impl Encoding {
    fn new(column: &ResultColumn, results: Option<Collation>) -> Encoding {
        let own = column.data_type.collation.set();
        let set = match results.map(Collation::set) {
            None | Some(CharacterSet::Binary) => own,
            Some(set) => set,
        };
        let differs = set != own && !set.holds_everything() || !set.is_held_as_is();
        let converts = column.data_type.is_text() && differs;
        Encoding { data_type: column.data_type, set: converts.then_some(set) }
    }
}

impl<'a> Reply<'a> {
    /// A reply at the buffer's end.
    pub fn new(
        writer: &'a mut PacketWriter,
        capabilities: Capabilities,
        binary: bool,
        status: StatusFlags,
    ) -> Self {
        let mark = (writer.len(), writer.sequence());
        Reply {
            writer,
            capabilities,
            binary,
            stream: None,
            held: None,
            status,
            omits_metadata: false,
            results: Some(Collation::default()),
            kinds: Vec::new(),
            mark,
            flushed: false,
            leaves_early: false,
            scratch: Vec::new(),
            definitions: None,
        }
    }

    fn after_row(&mut self) -> sql::Result<()> {
        let length = self.writer.len();
        if length < RESULT_FLUSH_BYTES {
            return Ok(());
        }
        if let Some(stream) = self.stream.as_mut().filter(|_| self.leaves_early) {
            stream(self.writer.as_slice()).map_err(|_| sql::Error::query_interrupted())?;
            self.writer.clear();
            self.flushed = true;
            return Ok(());
        }
        match &mut self.held {
            Some(held) => held.set(length),
            None if length > RESULT_HELD_BYTES_MAX => Err(sql::Error::too_large(HELD)),
            None => Ok(()),
        }
    }
}

impl Answer for Reply<'_> {
    fn rewind(&mut self) -> bool {
        if self.flushed {
            return false;
        }
        self.writer.rewind(self.mark.0, self.mark.1);
        self.kinds.clear();
        true
    }

    fn let_rows_leave(&mut self, early: bool) {
        self.leaves_early = early;
    }

    fn end_result(&mut self, status: StatusFlags, warnings: u16) -> sql::Result<()> {
        if !self.capabilities.contains(Capabilities::MULTI_RESULTS) {
            let message = "PROCEDURE can't return a result set in the given context";
            return Err(sql::Error::mysql(1312, *b"0A000", message));
        }
        put_end(self.writer, self.capabilities, status.with(StatusFlags::MORE_RESULTS_EXISTS), warnings);
        if self.writer.len() >= RESULT_FLUSH_BYTES
            && let Some(stream) = self.stream.as_mut()
        {
            stream(self.writer.as_slice()).map_err(|_| sql::Error::query_interrupted())?;
            self.writer.clear();
        }
        self.mark = (self.writer.len(), self.writer.sequence());
        self.flushed = false;
        self.leaves_early = false;
        self.kinds.clear();
        Ok(())
    }

    fn takes_output_parameters(&self) -> bool {
        self.binary && self.capabilities.contains(Capabilities::PS_MULTI_RESULTS)
    }

    fn know_columns(&mut self, definitions: &Arc<Definitions>) {
        self.definitions = Some(Arc::clone(definitions));
    }
}

impl Sink for Reply<'_> {
    fn columns(&mut self, columns: &[ResultColumn]) -> sql::Result<()> {
        self.kinds.clear();
        let results = self.results;
        self.kinds.extend(columns.iter().map(|column| Encoding::new(column, results)));
        let made = self.definitions.take();
        let definition = |column: &ResultColumn| super::metadata::definition(column, results);
        if self.capabilities.contains(Capabilities::OPTIONAL_RESULTSET_METADATA) {
            let definitions: Vec<Column> = columns.iter().map(definition).collect();
            put_optional_definitions(self.writer, &definitions, !self.omits_metadata);
            put_definitions_end(self.writer, self.capabilities, self.status);
            return Ok(());
        }
        let kept = made.as_ref().and_then(|definitions| definitions.0.get());
        if let Some((_, packets)) = kept.filter(|(of, _)| *of == results) {
            self.writer.put_copied_packets(packets);
        } else {
            let from = self.writer.len();
            let definitions: Vec<Column> = columns.iter().map(definition).collect();
            put_definitions(self.writer, &definitions);
            if let Some(made) = &made {
                let _ = made.0.set((results, self.writer.as_slice()[from..].into()));
            }
        }
        put_definitions_end(self.writer, self.capabilities, self.status);
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> sql::Result<()> {
        assert!(row.len() == self.kinds.len(), "a row has as many values as the result has columns");
        if self.binary {
            let mut out = BinaryRow::begin(self.writer, row.len());
            for (value, encoding) in row.iter().zip(&self.kinds) {
                match (value, encoding.set) {
                    (Value::Text(text), Some(set)) => out.bytes(&set.encode(text)),
                    _ => put_binary(&mut out, value, &encoding.data_type, &mut self.scratch),
                }
            }
            out.end();
        } else {
            let mut out = TextRow::begin(self.writer);
            for (value, encoding) in row.iter().zip(&self.kinds) {
                match (value, encoding.set) {
                    (Value::Text(text), Some(set)) => out.bytes(&set.encode(text)),
                    _ => put_text(&mut out, value, &encoding.data_type, &mut self.scratch),
                }
            }
            out.end();
        }
        self.after_row()
    }

    fn stored_row(&mut self, row: &[Cell], stored: &[u8]) -> sql::Result<()> {
        assert!(row.len() == self.kinds.len(), "a row has as many values as the result has columns");
        if self.binary {
            let mut out = BinaryRow::begin(self.writer, row.len());
            for (cell, encoding) in row.iter().zip(&self.kinds) {
                match cell {
                    Cell::Text(place) => put_stored(&stored[place.clone()], encoding, |text| out.bytes(text)),
                    Cell::Blob(place) => out.bytes(&stored[place.clone()]),
                    Cell::Value(value) => put_binary(&mut out, value, &encoding.data_type, &mut self.scratch),
                }
            }
            out.end();
        } else {
            let mut out = TextRow::begin(self.writer);
            for (cell, encoding) in row.iter().zip(&self.kinds) {
                match cell {
                    Cell::Text(place) => put_stored(&stored[place.clone()], encoding, |text| out.bytes(text)),
                    Cell::Blob(place) => out.bytes(&stored[place.clone()]),
                    Cell::Value(value) => put_text(&mut out, value, &encoding.data_type, &mut self.scratch),
                }
            }
            out.end();
        }
        self.after_row()
    }
}

/// A text as it is stored, in the character set of the results.
fn put_stored(text: &[u8], encoding: &Encoding, put: impl FnOnce(&[u8])) {
    match encoding.set {
        None => put(text),
        Some(set) => put(&set.encode(text)),
    }
}

fn put_text(out: &mut TextRow<'_>, value: &Value, data_type: &sql::types::DataType, scratch: &mut Vec<u8>) {
    match value {
        Value::Null => out.null(),
        Value::Int(value) if data_type.kind != TypeKind::Year => out.int(*value),
        Value::UInt(value) if data_type.attributes == Attributes::NONE && !is_bit(data_type.kind) => {
            out.uint(*value);
        }
        Value::Text(bytes) | Value::Blob(bytes) => out.bytes(bytes),
        Value::Int(_)
        | Value::UInt(_)
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Json(_) => {
            scratch.clear();
            sql::types::text::write_text(value, data_type, scratch);
            out.bytes(scratch);
        }
    }
}

fn is_bit(kind: TypeKind) -> bool {
    matches!(kind, TypeKind::Bit(_))
}

/// Writes a value in the binary form of its column's type; a value of another family is converted the way the text
/// protocol would show it.
fn put_binary(
    out: &mut BinaryRow<'_>,
    value: &Value,
    data_type: &sql::types::DataType,
    scratch: &mut Vec<u8>,
) {
    // The type of an expression over parameters is guessed when it is prepared; the value decides.
    if let (Value::Double(_) | Value::Decimal(_), true) = (value, data_type.is_integer())
        && let Some(coerced) = sql::types::convert::coerce(value, data_type)
    {
        return put_binary_of_kind(out, &coerced, data_type, scratch);
    }
    put_binary_of_kind(out, value, data_type, scratch);
}

fn put_binary_of_kind(
    out: &mut BinaryRow<'_>,
    value: &Value,
    data_type: &sql::types::DataType,
    scratch: &mut Vec<u8>,
) {
    match (value, data_type.kind) {
        (Value::Null, _) => out.null(),
        (_, TypeKind::TinyInt) => out.i8(bits(value) as i8),
        (_, TypeKind::SmallInt | TypeKind::Year) => out.i16(bits(value) as i16),
        (_, TypeKind::MediumInt | TypeKind::Int) => out.i32(bits(value) as i32),
        (_, TypeKind::BigInt) => out.i64(bits(value)),
        (Value::Double(value), TypeKind::Float) => out.f32(*value as f32),
        (Value::Double(value), TypeKind::Double) => out.f64(*value),
        (Value::Int(value), TypeKind::Double) => out.f64(*value as f64),
        (Value::Date(date), TypeKind::Date) => out.date(&wire_date(*date)),
        (Value::DateTime(value), TypeKind::Date) => out.date(&wire_date(value.date())),
        (Value::Date(date), TypeKind::DateTime(_) | TypeKind::Timestamp(_)) => {
            out.datetime(&wire_date(*date))
        }
        (Value::DateTime(value), TypeKind::DateTime(_) | TypeKind::Timestamp(_)) => {
            out.datetime(&wire_datetime(*value))
        }
        (Value::Time(time), TypeKind::Time(_)) => out.time(&wire_time(*time)),
        (Value::Text(bytes) | Value::Blob(bytes), _) => out.bytes(bytes),
        _ => {
            scratch.clear();
            sql::types::text::write_text(value, data_type, scratch);
            out.bytes(scratch);
        }
    }
}

/// An integer's bits.
fn bits(value: &Value) -> i64 {
    match value {
        Value::Int(value) => *value,
        Value::UInt(value) => value.cast_signed(),
        Value::Double(value) => *value as i64,
        Value::Null
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::Blob(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Json(_) => 0,
    }
}

fn wire_date(date: sql::types::Date) -> wire::mysql::value::DateTime {
    wire::mysql::value::DateTime::date(date.year() as u16, date.month() as u8, date.day() as u8)
}

fn wire_datetime(value: sql::types::DateTime) -> wire::mysql::value::DateTime {
    let mut out = wire_date(value.date());
    out.hour = value.hour() as u8;
    out.minute = value.minute() as u8;
    out.second = value.second() as u8;
    out.microsecond = value.microsecond();
    out
}

fn wire_time(time: sql::types::Time) -> wire::mysql::value::Time {
    wire::mysql::value::Time {
        negative: time.is_negative(),
        hours: time.hour(),
        minute: time.minute() as u8,
        second: time.second() as u8,
        microsecond: time.microsecond(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes rows worth more than a flush, and gives how many bytes have left.
    fn rows_that_left(early: bool) -> usize {
        let mut writer = PacketWriter::new();
        let mut left = 0;
        let mut send = |bytes: &[u8]| {
            left += bytes.len();
            Ok(())
        };
        let mut reply = Reply::new(&mut writer, Capabilities::SERVER, false, StatusFlags::empty());
        reply.stream = Some(&mut send);
        reply.let_rows_leave(early);
        reply.kinds.push(Encoding { data_type: sql::types::DataType::LONGBLOB, set: None });
        let value = Value::Blob(vec![7; RESULT_FLUSH_BYTES / 4].into());
        for _ in 0..8 {
            reply.row(std::slice::from_ref(&value)).unwrap();
        }
        assert_eq!(reply.rewind(), !early);
        left
    }

    #[test]
    fn rows_leave_early_only_when_that_was_said() {
        assert_eq!(rows_that_left(false), 0);
        assert!(rows_that_left(true) >= RESULT_FLUSH_BYTES);
    }
}
