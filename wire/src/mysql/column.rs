//! Column definitions (`ColumnDefinition41`).
//!
//! All fields are sent: drivers decide by them what type to give a value, and lose fractions, scales or character
//! sets when a server leaves them out. A column that an outer join can make NULL must not carry NOT_NULL.

use crate::mysql::constant::{charset, column_type};
use crate::mysql::packet::PacketWriter;
use crate::mysql::primitive::Input;
use crate::{Error, Result};

/// The only catalog there is.
const CATALOG: &[u8] = b"def";
/// Bytes of the fixed part: charset, length, type, flags, decimals, filler.
const FIXED_PART_BYTES: u64 = 12;

/// One column of a result set, or one parameter of a prepared statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Schema of the table; empty for an expression.
    pub schema: String,
    /// Name or alias of the table in the statement.
    pub table: String,
    /// Name of the table itself.
    pub org_table: String,
    /// Name or alias of the column.
    pub name: String,
    /// Name of the column in its table; empty for an expression.
    pub org_name: String,
    /// Collation number ([`charset`]); 63 for numbers, dates and binary strings.
    pub charset: u16,
    /// Largest display width in bytes.
    pub length: u32,
    /// Type code ([`column_type`]).
    pub column_type: u8,
    /// Bits of [`crate::mysql::constant::column_flag`].
    pub flags: u16,
    /// Digits after the point; 31 when not fixed.
    pub decimals: u8,
}

impl Column {
    /// The definition a prepared statement's parameter has before any value is bound, as MySQL sends it.
    pub fn parameter() -> Self {
        Column {
            name: "?".to_owned(),
            charset: charset::BINARY,
            column_type: column_type::VAR_STRING,
            flags: crate::mysql::constant::column_flag::BINARY,
            ..Column::default()
        }
    }

    /// Writes the column as one packet.
    pub fn encode(&self, writer: &mut PacketWriter) {
        writer.begin_packet();
        self.put_definition(writer);
        writer.end_packet();
    }

    /// Writes the column with its default value, as COM_FIELD_LIST answers. `None` is the default NULL.
    pub fn encode_with_default(&self, writer: &mut PacketWriter, default: Option<&[u8]>) {
        writer.begin_packet();
        self.put_definition(writer);
        match default {
            Some(text) => writer.put_lenenc_bytes(text),
            None => writer.put_u8(super::primitive::NULL_MARKER),
        }
        writer.end_packet();
    }

    fn put_definition(&self, writer: &mut PacketWriter) {
        writer.put_lenenc_bytes(CATALOG);
        for text in [&self.schema, &self.table, &self.org_table, &self.name, &self.org_name] {
            writer.put_lenenc_bytes(text.as_bytes());
        }
        writer.put_lenenc_int(FIXED_PART_BYTES);
        writer.put_u16(self.charset);
        writer.put_u32(self.length);
        writer.put_u8(self.column_type);
        writer.put_u16(self.flags);
        writer.put_u8(self.decimals);
        writer.put_u16(0);
    }

    /// Reads a column definition; a default value after it is left.
    pub fn parse(payload: &[u8]) -> Result<Column> {
        Column::parse_checked(payload).ok_or(Error::Malformed { what: "column definition" })
    }

    fn parse_checked(payload: &[u8]) -> Option<Column> {
        let mut input = Input::new(payload);
        input.lenenc_bytes()?;
        let mut text = || Some(String::from_utf8_lossy(input.lenenc_bytes()?).into_owned());
        let (schema, table, org_table, name, org_name) = (text()?, text()?, text()?, text()?, text()?);
        if input.lenenc_int()? < FIXED_PART_BYTES {
            return None;
        }
        Some(Column {
            schema,
            table,
            org_table,
            name,
            org_name,
            charset: input.u16()?,
            length: input.u32()?,
            column_type: input.u8()?,
            flags: input.u16()?,
            decimals: input.u8()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_column() {
        // `select @@version_comment limit 1`, from the protocol documentation.
        let expected = b"\x27\x00\x00\x02\x03def\x00\x00\x00\x11@@version_comment\x00\
                         \x0c\x08\x00\x1c\x00\x00\x00\xfd\x00\x00\x1f\x00\x00";
        let column = Column {
            name: "@@version_comment".to_owned(),
            charset: charset::LATIN1_SWEDISH_CI,
            length: 28,
            column_type: column_type::VAR_STRING,
            decimals: 31,
            ..Column::default()
        };
        let mut writer = PacketWriter::new();
        writer.set_sequence(2);
        column.encode(&mut writer);
        assert_eq!(writer.as_slice(), expected);
        assert_eq!(Column::parse(&writer.as_slice()[4..]), Ok(column));
    }

    #[test]
    fn a_default_follows_the_definition() {
        let mut writer = PacketWriter::new();
        Column::parameter().encode_with_default(&mut writer, Some(b"7"));
        assert!(writer.as_slice().ends_with(&[0, 0, 1, b'7']));
        Column::parameter().encode_with_default(&mut writer, None);
        assert!(writer.as_slice().ends_with(&[0, 0, 0xfb]));
    }

    proptest! {
        #[test]
        fn round_trip(texts in proptest::collection::vec(".{0,70}", 5), charset: u16, length: u32,
                      column_type: u8, flags: u16, decimals: u8, cut in 1usize..10) {
            let column = Column {
                schema: texts[0].clone(), table: texts[1].clone(), org_table: texts[2].clone(),
                name: texts[3].clone(), org_name: texts[4].clone(),
                charset, length, column_type, flags, decimals,
            };
            let mut writer = PacketWriter::new();
            column.encode(&mut writer);
            let payload = &writer.as_slice()[4..];
            prop_assert_eq!(Column::parse(payload), Ok(column));
            // Two filler bytes end the packet; a cut before them is refused.
            prop_assert!(Column::parse(&payload[..payload.len() - 2 - cut]).is_err());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Column::parse(&bytes);
        }
    }
}
