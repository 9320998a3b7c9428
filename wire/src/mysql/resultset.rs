//! Result sets written straight into the output buffer.
//!
//! ```
//! # use wire::mysql::{column::Column, constant::{Capabilities, StatusFlags}, packet::PacketWriter, resultset};
//! # let columns = [Column { name: "id".into(), ..Column::default() }, Column::default()];
//! # let (capabilities, status) = (Capabilities::SERVER, StatusFlags::AUTOCOMMIT);
//! let mut writer = PacketWriter::new();
//! resultset::put_columns(&mut writer, &columns, capabilities, status);
//! let mut row = resultset::TextRow::begin(&mut writer);
//! row.int(42);
//! row.bytes(b"forty-two");
//! row.end();
//! resultset::put_end(&mut writer, capabilities, status, 0);
//! ```
//!
//! Invariants: a row that is begun and dropped without `end` leaves nothing behind, so an error in the middle of
//! a row can be answered with an ERR packet; nothing is allocated per row.
//!
//! Left out: the types of values are not checked against the columns, the caller has both.

use crate::limits::{RESULT_COLUMNS_MAX, STATEMENT_PARAMETERS_MAX};
use crate::mysql::column::Column;
use crate::mysql::constant::{Capabilities, StatusFlags};
use crate::mysql::number;
use crate::mysql::ok::{self, PrepareOk};
use crate::mysql::packet::PacketWriter;
use crate::mysql::primitive::NULL_MARKER;
use crate::mysql::value::{DateTime, Time};

/// First byte of a binary row.
const BINARY_ROW_HEADER: u8 = 0;
/// The NULL bitmap of a binary row starts at this bit.
const BINARY_ROW_NULL_OFFSET_BITS: usize = 2;

/// The longest string whose length is one byte.
const SHORT_BYTES_MAX: u8 = 250;

/// Starts a result set, text or binary: the number of columns, their definitions, and what ends them.
pub fn put_columns(
    writer: &mut PacketWriter,
    columns: &[Column],
    capabilities: Capabilities,
    status: StatusFlags,
) {
    put_definitions(writer, columns);
    put_definitions_end(writer, capabilities, status);
}

/// The first part of [`put_columns`]: the number of columns and their definitions, which are the same for every client and at any time.
pub fn put_definitions(writer: &mut PacketWriter, columns: &[Column]) {
    assert!(
        !columns.is_empty() && columns.len() <= RESULT_COLUMNS_MAX,
        "a result set has 1 to 65,535 columns, the binder's bound"
    );
    writer.begin_packet();
    writer.put_lenenc_int(columns.len() as u64);
    writer.end_packet();
    for column in columns {
        column.encode(writer);
    }
}

/// As [`put_definitions`], to a client that can do without definitions (`OPTIONAL_RESULTSET_METADATA`): they are left out unless
/// `has_metadata`.
pub fn put_optional_definitions(writer: &mut PacketWriter, columns: &[Column], has_metadata: bool) {
    assert!(
        !columns.is_empty() && columns.len() <= RESULT_COLUMNS_MAX,
        "a result set has 1 to 65,535 columns, the binder's bound"
    );
    writer.begin_packet();
    writer.put_lenenc_int(columns.len() as u64);
    writer.put_u8(u8::from(has_metadata));
    writer.end_packet();
    for column in columns.iter().filter(|_| has_metadata) {
        column.encode(writer);
    }
}

/// As [`put_prepared`], to a client that can do without definitions.
pub fn put_prepared_optionally(
    writer: &mut PacketWriter,
    answer: PrepareOk,
    lists: [&[Column]; 2],
    capabilities: Capabilities,
    status: StatusFlags,
    has_metadata: bool,
) {
    answer.encode_optional(writer, has_metadata);
    for list in lists.into_iter().filter(|list| has_metadata && !list.is_empty()) {
        for column in list {
            column.encode(writer);
        }
        ok::put_metadata_end(writer, capabilities, status, 0);
    }
}

/// The second part of [`put_columns`]: what ends the definitions.
pub fn put_definitions_end(writer: &mut PacketWriter, capabilities: Capabilities, status: StatusFlags) {
    ok::put_metadata_end(writer, capabilities, status, 0);
}

/// Ends a result set. With `MORE_RESULTS_EXISTS` in `status` another one must follow.
pub fn put_end(writer: &mut PacketWriter, capabilities: Capabilities, status: StatusFlags, warnings: u16) {
    ok::put_result_end(writer, capabilities, status, warnings);
}

/// Answers COM_STMT_PREPARE: the header, the parameters, the columns.
pub fn put_prepared(
    writer: &mut PacketWriter,
    statement_id: u32,
    parameters: &[Column],
    columns: &[Column],
    warnings: u16,
    capabilities: Capabilities,
    status: StatusFlags,
) {
    assert!(
        parameters.len() <= STATEMENT_PARAMETERS_MAX && columns.len() <= RESULT_COLUMNS_MAX,
        "the server's and the binder's bounds"
    );
    let (column_count, parameter_count) = (columns.len() as u16, parameters.len() as u16);
    PrepareOk { statement_id, column_count, parameter_count, warnings }.encode(writer);
    for list in [parameters, columns] {
        for column in list {
            column.encode(writer);
        }
        if !list.is_empty() {
            ok::put_metadata_end(writer, capabilities, status, 0);
        }
    }
}

/// A row of the text protocol: every value as text, after its length.
#[derive(Debug)]
pub struct TextRow<'w> {
    writer: &'w mut PacketWriter,
}

impl<'w> TextRow<'w> {
    /// Opens a row.
    #[inline]
    pub fn begin(writer: &'w mut PacketWriter) -> Self {
        writer.begin_packet();
        TextRow { writer }
    }

    /// Closes the row: it will be sent.
    #[inline]
    pub fn end(self) {
        self.writer.end_packet();
    }

    /// NULL.
    #[inline]
    pub fn null(&mut self) {
        self.writer.put_u8(NULL_MARKER);
    }

    /// Text or binary as it is.
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) {
        self.writer.put_lenenc_bytes(value);
    }

    /// A signed integer.
    #[inline]
    pub fn int(&mut self, value: i64) {
        self.short(|out| number::put_i64(out, value));
    }

    /// An unsigned integer.
    #[inline]
    pub fn uint(&mut self, value: u64) {
        self.short(|out| number::put_u64(out, value));
    }

    /// An unsigned integer of a ZEROFILL column, with at least `width` digits.
    pub fn uint_zerofill(&mut self, value: u64, width: u8) {
        // A display width is at most 255, which is past a one-byte length.
        self.short(|out| number::put_padded(out, value, usize::from(width.min(SHORT_BYTES_MAX))));
    }

    /// A FLOAT as MySQL prints it.
    pub fn float(&mut self, value: f32) {
        self.short(|out| number::put_float(out, value));
    }

    /// A DOUBLE as MySQL prints it.
    pub fn double(&mut self, value: f64) {
        self.short(|out| number::put_double(out, value));
    }

    /// A FLOAT or DOUBLE of a column with fixed decimals.
    pub fn double_fixed(&mut self, value: f64, decimals: u8) {
        // Can pass 250 bytes, so the length is not known to be one byte.
        let start = self.writer.payload_mut().len();
        number::put_double_fixed(self.writer.payload_mut(), value, decimals);
        let length = self.writer.payload_mut().len() - start;
        let out = self.writer.payload_mut();
        let header_start = out.len();
        crate::mysql::primitive::put_lenenc_int(out, length as u64);
        let header_bytes = out.len() - header_start;
        out[start..].rotate_right(header_bytes);
    }

    /// A DATE.
    pub fn date(&mut self, value: &DateTime) {
        self.short(|out| value.put_date_text(out));
    }

    /// A DATETIME or TIMESTAMP with `decimals` digits of fraction.
    pub fn datetime(&mut self, value: &DateTime, decimals: u8) {
        self.short(|out| value.put_text(out, decimals));
    }

    /// A TIME with `decimals` digits of fraction.
    pub fn time(&mut self, value: &Time, decimals: u8) {
        self.short(|out| value.put_text(out, decimals));
    }

    /// A value whose text the caller appends; at most 250 bytes, so that its length is one byte.
    #[inline]
    fn short(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        let out = self.writer.payload_mut();
        let at = out.len();
        out.push(0);
        put(out);
        let length = out.len() - at - 1;
        debug_assert!(length <= usize::from(SHORT_BYTES_MAX), "numbers and dates are short");
        out[at] = length as u8;
    }
}

impl Drop for TextRow<'_> {
    fn drop(&mut self) {
        // After `end` no packet is open and this changes nothing.
        self.writer.abandon_packet();
    }
}

/// A row of the binary protocol: a bitmap of NULLs, then each value in the form of its column's type.
#[derive(Debug)]
pub struct BinaryRow<'w> {
    writer: &'w mut PacketWriter,
    bitmap_start: usize,
    column_count: usize,
    column: usize,
}

impl<'w> BinaryRow<'w> {
    /// Opens a row of `column_count` values.
    #[inline]
    pub fn begin(writer: &'w mut PacketWriter, column_count: usize) -> Self {
        writer.begin_packet();
        writer.put_u8(BINARY_ROW_HEADER);
        let out = writer.payload_mut();
        let bitmap_start = out.len();
        let bitmap_bytes = (column_count + BINARY_ROW_NULL_OFFSET_BITS).div_ceil(8);
        out.resize(bitmap_start + bitmap_bytes, 0);
        BinaryRow { writer, bitmap_start, column_count, column: 0 }
    }

    /// Closes the row: it will be sent.
    #[inline]
    pub fn end(self) {
        assert_eq!(self.column, self.column_count, "a binary row has a value for each column");
        self.writer.end_packet();
    }

    #[inline]
    fn value(&mut self) -> &mut Vec<u8> {
        self.column += 1;
        self.writer.payload_mut()
    }

    /// NULL.
    #[inline]
    pub fn null(&mut self) {
        assert!(self.column < self.column_count, "no more values than columns");
        let bit = self.column + BINARY_ROW_NULL_OFFSET_BITS;
        let position = self.bitmap_start + bit / 8;
        self.value()[position] |= 1 << (bit % 8);
    }

    /// TINY, signed or not.
    #[inline]
    pub fn i8(&mut self, value: i8) {
        self.value().extend_from_slice(&value.to_le_bytes());
    }

    /// SHORT and YEAR, signed or not.
    #[inline]
    pub fn i16(&mut self, value: i16) {
        self.value().extend_from_slice(&value.to_le_bytes());
    }

    /// LONG and INT24, signed or not.
    #[inline]
    pub fn i32(&mut self, value: i32) {
        self.value().extend_from_slice(&value.to_le_bytes());
    }

    /// LONGLONG, signed or not.
    #[inline]
    pub fn i64(&mut self, value: i64) {
        self.value().extend_from_slice(&value.to_le_bytes());
    }

    /// FLOAT.
    #[inline]
    pub fn f32(&mut self, value: f32) {
        self.value().extend_from_slice(&value.to_le_bytes());
    }

    /// DOUBLE.
    #[inline]
    pub fn f64(&mut self, value: f64) {
        self.value().extend_from_slice(&value.to_le_bytes());
    }

    /// Strings, blobs, DECIMAL as text, BIT, ENUM, SET, JSON, GEOMETRY.
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) {
        crate::mysql::primitive::put_lenenc_bytes(self.value(), value);
    }

    /// DATE: its time of day is not sent.
    pub fn date(&mut self, value: &DateTime) {
        DateTime::date(value.year, value.month, value.day).put_binary(self.value());
    }

    /// DATETIME and TIMESTAMP.
    pub fn datetime(&mut self, value: &DateTime) {
        value.put_binary(self.value());
    }

    /// TIME.
    pub fn time(&mut self, value: &Time) {
        value.put_binary(self.value());
    }
}

impl Drop for BinaryRow<'_> {
    fn drop(&mut self) {
        // After `end` no packet is open and this changes nothing.
        self.writer.abandon_packet();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::constant::{charset, column_type};
    use crate::mysql::packet::PacketReader;
    use crate::mysql::primitive::Input;
    use proptest::prelude::*;

    fn column(name: &str) -> Column {
        Column {
            name: name.to_owned(),
            column_type: column_type::LONG,
            charset: charset::BINARY,
            ..Column::default()
        }
    }

    #[test]
    fn definitions_copied_are_those_written_but_for_their_numbers() {
        let columns = [column("a"), column("b")];
        let (capabilities, status) = (Capabilities::DEPRECATE_EOF, StatusFlags::AUTOCOMMIT);
        let mut first = PacketWriter::new();
        put_definitions(&mut first, &columns);
        for sequence in [1, 7, 255] {
            let mut written = PacketWriter::new();
            written.set_sequence(sequence);
            put_columns(&mut written, &columns, capabilities, status);
            let mut copied = PacketWriter::new();
            copied.set_sequence(sequence);
            copied.put_copied_packets(first.as_slice());
            put_definitions_end(&mut copied, capabilities, status);
            assert_eq!(copied.as_slice(), written.as_slice());
            assert_eq!(copied.sequence(), written.sequence());
        }
    }

    #[test]
    fn golden_text_result() {
        // `SELECT 1` with both ends, as MySQL sends it to a client without and with DEPRECATE_EOF.
        let one = Column { length: 2, column_type: column_type::LONGLONG, flags: 0x81, ..column("1") };
        let definition = b"\x17\0\0\x02\x03def\0\0\0\x011\0\x0c\x3f\0\x02\0\0\0\x08\x81\0\0\0\0";
        for (capabilities, expected_end) in [
            (
                Capabilities::empty(),
                &b"\x05\0\0\x03\xfe\0\0\x02\0\x02\0\0\x04\x011\x05\0\0\x05\xfe\0\0\x02\0"[..],
            ),
            (Capabilities::DEPRECATE_EOF, &b"\x02\0\0\x03\x011\x07\0\0\x04\xfe\0\0\x02\0\0\0"[..]),
        ] {
            let mut writer = PacketWriter::new();
            writer.set_sequence(1);
            put_columns(&mut writer, std::slice::from_ref(&one), capabilities, StatusFlags::AUTOCOMMIT);
            let mut row = TextRow::begin(&mut writer);
            row.int(1);
            row.end();
            put_end(&mut writer, capabilities, StatusFlags::AUTOCOMMIT, 0);
            let expected = [&b"\x01\0\0\x01\x01"[..], definition, expected_end].concat();
            assert_eq!(writer.as_slice(), expected);
        }
    }

    #[test]
    fn golden_binary_row() {
        // From the protocol documentation: one row of ('foobar'): 09 00 00 04 00 00 06 66 6f 6f 62 61 72
        let mut writer = PacketWriter::new();
        writer.set_sequence(4);
        let mut row = BinaryRow::begin(&mut writer, 1);
        row.bytes(b"foobar");
        row.end();
        assert_eq!(writer.as_slice(), b"\x09\0\0\x04\0\0\x06foobar");
    }

    #[test]
    fn the_null_bitmap_starts_at_bit_two() {
        let mut writer = PacketWriter::new();
        let mut row = BinaryRow::begin(&mut writer, 9);
        row.null();
        row.i8(-1);
        row.i16(-2);
        row.i32(-3);
        row.f32(1.5);
        row.f64(2.5);
        row.null();
        row.date(&DateTime { hour: 9, ..DateTime::date(2026, 11, 21) });
        row.null();
        row.end();
        let payload = &writer.as_slice()[4..];
        assert_eq!(payload[..3], [0, 0b0000_0100, 0b0000_0101]);
        let mut values = Input::new(&payload[3..]);
        assert_eq!((values.u8(), values.u16(), values.u32()), (Some(0xff), Some(0xfffe), Some(0xffff_fffd)));
        assert_eq!(values.u32(), Some(1.5f32.to_bits()));
        assert_eq!(values.u64(), Some(2.5f64.to_bits()));
        assert_eq!(values.rest(), [4, 0xea, 7, 11, 21]);
    }

    #[test]
    fn a_row_that_is_dropped_leaves_nothing() {
        let mut writer = PacketWriter::new();
        TextRow::begin(&mut writer).bytes(b"half");
        let mut row = BinaryRow::begin(&mut writer, 2);
        row.i64(1);
        drop(row);
        assert!(writer.as_slice().is_empty());
        assert_eq!(writer.sequence(), 0);
        writer.put_packet(b"x");
        assert_eq!(writer.as_slice(), b"\x01\0\0\0x");
    }

    #[test]
    #[should_panic(expected = "a value for each column")]
    fn a_binary_row_that_lacks_a_value_is_our_bug() {
        let mut writer = PacketWriter::new();
        BinaryRow::begin(&mut writer, 2).end();
    }

    #[test]
    fn text_values() {
        let mut writer = PacketWriter::new();
        let mut row = TextRow::begin(&mut writer);
        row.null();
        row.uint(u64::MAX);
        row.double(0.5);
        row.float(0.25);
        row.uint_zerofill(42, 5);
        row.double_fixed(-1.0, 2);
        row.double_fixed(1e300, 2);
        row.datetime(&DateTime::date(2026, 1, 2), 1);
        row.time(&Time { negative: true, hours: 1, ..Time::default() }, 0);
        row.end();
        let mut input = Input::new(&writer.as_slice()[4..]);
        assert_eq!(input.u8(), Some(NULL_MARKER));
        for expected in ["18446744073709551615", "0.5", "0.25", "00042", "-1.00"] {
            assert_eq!(input.lenenc_bytes(), Some(expected.as_bytes()));
        }
        assert_eq!(input.lenenc_bytes().map(<[u8]>::len), Some(304));
        for expected in ["2026-01-02 00:00:00.0", "-01:00:00"] {
            assert_eq!(input.lenenc_bytes(), Some(expected.as_bytes()));
        }
        assert!(input.is_empty());
    }

    #[test]
    fn prepared_lists_end_each() {
        let parameters = [Column::parameter(), Column::parameter()];
        for (capabilities, packets) in [(Capabilities::empty(), 6), (Capabilities::SERVER, 4)] {
            let mut writer = PacketWriter::new();
            put_prepared(&mut writer, 7, &parameters, &[column("a")], 0, capabilities, StatusFlags::empty());
            let mut reader = PacketReader::new(1000);
            reader.buffer_mut().extend_from_slice(writer.as_slice());
            let mut count = 0;
            while reader.next().unwrap().is_some() {
                count += 1;
            }
            assert_eq!(count, packets);
        }
    }

    proptest! {
        #[test]
        fn text_round_trip(values in proptest::collection::vec(
            proptest::option::of(proptest::collection::vec(any::<u8>(), 0..400)), 1..30)) {
            let mut writer = PacketWriter::new();
            let mut row = TextRow::begin(&mut writer);
            for value in &values {
                match value {
                    Some(bytes) => row.bytes(bytes),
                    None => row.null(),
                }
            }
            row.end();
            let mut input = Input::new(&writer.as_slice()[4..]);
            for value in &values {
                if let Some(bytes) = value {
                    prop_assert_eq!(input.lenenc_bytes(), Some(&bytes[..]));
                } else {
                    prop_assert_eq!(input.u8(), Some(NULL_MARKER));
                }
            }
            prop_assert!(input.is_empty());
        }
    }
}
