//! OK and EOF packets, the answer to COM_STMT_PREPARE, and the plain-text answer to COM_STATISTICS.
//!
//! With `DEPRECATE_EOF` a result set ends with an OK packet whose first byte is 0xfe; without it with an EOF
//! packet. [`put_result_end`] writes whichever the client knows, so callers never choose.

use crate::mysql::constant::{Capabilities, StatusFlags};
use crate::mysql::packet::PacketWriter;
use crate::mysql::primitive::Input;
use crate::mysql::session_state::Changes;
use crate::{Error, Result};

/// First byte of an OK packet.
pub const OK_HEADER: u8 = 0x00;
/// First byte of an EOF packet, and of the OK packet that takes its place.
pub const EOF_HEADER: u8 = 0xfe;
/// An EOF packet is shorter than this; a row that starts with 0xfe is not.
const EOF_PACKET_BYTES_BELOW: usize = 9;
/// An OK packet in place of EOF is shorter than a row that starts with 0xfe (which is 16 MiB or more).
const OK_AS_EOF_BYTES_BELOW: usize = 0xff_ffff;

/// What a statement without rows reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OkPacket<'a> {
    /// Rows changed, or found when the client asked for FOUND_ROWS.
    pub affected_rows: u64,
    /// First AUTO_INCREMENT value the statement made, or 0.
    pub last_insert_id: u64,
    /// The session's state after the statement.
    pub status: StatusFlags,
    /// Number of warnings, as SHOW WARNINGS would list.
    pub warnings: u16,
    /// Human-readable summary ("Rows matched: 1  Changed: 1  Warnings: 0"), or empty.
    pub info: &'a [u8],
}

impl<'a> OkPacket<'a> {
    /// Writes the OK packet.
    #[inline]
    pub fn encode(&self, writer: &mut PacketWriter) {
        self.encode_with_header(writer, OK_HEADER);
    }

    /// Writes the OK packet with changes of the session's state, of which there is at least one ([`crate::mysql::session_state`]).
    pub fn encode_with_changes(&self, writer: &mut PacketWriter, changes: &[u8]) {
        self.encode_changes_with_header(writer, OK_HEADER, changes);
    }

    fn encode_changes_with_header(&self, writer: &mut PacketWriter, header: u8, changes: &[u8]) {
        writer.begin_packet();
        writer.put_u8(header);
        writer.put_lenenc_int(self.affected_rows);
        writer.put_lenenc_int(self.last_insert_id);
        writer.put_u16(self.status.with(StatusFlags::SESSION_STATE_CHANGED).bits());
        writer.put_u16(self.warnings);
        writer.put_lenenc_bytes(self.info);
        writer.put_lenenc_bytes(changes);
        writer.end_packet();
    }

    /// Reads an OK packet (either first byte) and the changes of the session's state in it.
    ///
    /// # Errors
    /// 1835 for what is none.
    pub fn parse_with_changes(payload: &'a [u8]) -> Result<(OkPacket<'a>, Changes<'a>)> {
        const MALFORMED: Error = Error::Malformed { what: "OK packet" };
        let ok = OkPacket::parse(payload)?;
        if !ok.status.contains(StatusFlags::SESSION_STATE_CHANGED) {
            return Ok((ok, Changes::default()));
        }
        let mut input = Input::new(payload);
        input.u8().and_then(|_| input.lenenc_int()).and_then(|_| input.lenenc_int()).ok_or(MALFORMED)?;
        input.u32().and_then(|_| input.lenenc_bytes()).ok_or(MALFORMED)?;
        let changes = match input.is_empty() {
            true => &[],
            false => input.lenenc_bytes().ok_or(MALFORMED)?,
        };
        Ok((ok, Changes::parse(changes)?))
    }

    fn encode_with_header(&self, writer: &mut PacketWriter, header: u8) {
        writer.begin_packet();
        writer.put_u8(header);
        writer.put_lenenc_int(self.affected_rows);
        writer.put_lenenc_int(self.last_insert_id);
        writer.put_u16(self.status.bits());
        writer.put_u16(self.warnings);
        // The documentation calls this a rest-of-packet string; servers and libraries length-encode it.
        if !self.info.is_empty() {
            writer.put_lenenc_bytes(self.info);
        }
        writer.end_packet();
    }

    /// Reads an OK packet (either first byte), and nothing of the changes of the session's state in it.
    pub fn parse(payload: &'a [u8]) -> Result<OkPacket<'a>> {
        const MALFORMED: Error = Error::Malformed { what: "OK packet" };
        let mut input = Input::new(payload);
        if !matches!(input.u8(), Some(OK_HEADER | EOF_HEADER)) {
            return Err(MALFORMED);
        }
        let affected_rows = input.lenenc_int().ok_or(MALFORMED)?;
        let last_insert_id = input.lenenc_int().ok_or(MALFORMED)?;
        let status = StatusFlags::from_bits(input.u16().ok_or(MALFORMED)?);
        let warnings = input.u16().ok_or(MALFORMED)?;
        let info = match input.is_empty() {
            true => &[],
            false => input.lenenc_bytes().ok_or(MALFORMED)?,
        };
        Ok(OkPacket { affected_rows, last_insert_id, status, warnings, info })
    }
}

/// Writes an EOF packet.
pub fn put_eof(writer: &mut PacketWriter, status: StatusFlags, warnings: u16) {
    writer.begin_packet();
    writer.put_u8(EOF_HEADER);
    writer.put_u16(warnings);
    writer.put_u16(status.bits());
    writer.end_packet();
}

/// Ends a list of columns or parameters: an EOF packet, unless the client has deprecated it.
pub fn put_metadata_end(
    writer: &mut PacketWriter,
    capabilities: Capabilities,
    status: StatusFlags,
    warnings: u16,
) {
    if !capabilities.contains(Capabilities::DEPRECATE_EOF) {
        put_eof(writer, status, warnings);
    }
}

/// Ends the rows of a result set: an OK packet that starts with 0xfe, or an EOF packet.
pub fn put_result_end(
    writer: &mut PacketWriter,
    capabilities: Capabilities,
    status: StatusFlags,
    warnings: u16,
) {
    if capabilities.contains(Capabilities::DEPRECATE_EOF) {
        OkPacket { status, warnings, ..OkPacket::default() }.encode_with_header(writer, EOF_HEADER);
    } else {
        put_eof(writer, status, warnings);
    }
}

/// As [`put_result_end`] for a client that has deprecated EOF, with changes of the session's state, of which there is at least one.
pub fn put_result_end_with_changes(
    writer: &mut PacketWriter,
    status: StatusFlags,
    warnings: u16,
    changes: &[u8],
) {
    OkPacket { status, warnings, ..OkPacket::default() }
        .encode_changes_with_header(writer, EOF_HEADER, changes);
}

/// What ends a list of rows or columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The session's state.
    pub status: StatusFlags,
    /// Number of warnings.
    pub warnings: u16,
}

impl End {
    /// Reads the packet that ends the rows of a result set; `None` when it is a row.
    pub fn parse_result_end(payload: &[u8], capabilities: Capabilities) -> Result<Option<End>> {
        if payload.first() != Some(&EOF_HEADER) {
            return Ok(None);
        }
        if capabilities.contains(Capabilities::DEPRECATE_EOF) {
            if payload.len() >= OK_AS_EOF_BYTES_BELOW {
                return Ok(None);
            }
            let ok = OkPacket::parse(payload)?;
            return Ok(Some(End { status: ok.status, warnings: ok.warnings }));
        }
        if payload.len() >= EOF_PACKET_BYTES_BELOW {
            return Ok(None);
        }
        End::parse_eof(payload).map(Some)
    }

    /// Reads an EOF packet.
    pub fn parse_eof(payload: &[u8]) -> Result<End> {
        const MALFORMED: Error = Error::Malformed { what: "EOF packet" };
        let mut input = Input::new(payload);
        if input.u8() != Some(EOF_HEADER) || payload.len() >= EOF_PACKET_BYTES_BELOW {
            return Err(MALFORMED);
        }
        let warnings = input.u16().ok_or(MALFORMED)?;
        let status = StatusFlags::from_bits(input.u16().ok_or(MALFORMED)?);
        Ok(End { status, warnings })
    }
}

/// First packet of the answer to COM_STMT_PREPARE. Parameter definitions follow if there are any, then column
/// definitions if there are any, each list ended by [`put_metadata_end`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrepareOk {
    /// The statement's id for COM_STMT_EXECUTE.
    pub statement_id: u32,
    /// Columns of its result set; 0 if it returns no rows.
    pub column_count: u16,
    /// Its parameters.
    pub parameter_count: u16,
    /// Number of warnings.
    pub warnings: u16,
}

impl PrepareOk {
    /// Writes the packet to a client that can do without definitions, and is told whether they follow.
    pub fn encode_optional(&self, writer: &mut PacketWriter, has_metadata: bool) {
        writer.begin_packet();
        self.put(writer);
        writer.put_u8(u8::from(has_metadata));
        writer.end_packet();
    }

    /// Writes the packet.
    pub fn encode(&self, writer: &mut PacketWriter) {
        writer.begin_packet();
        self.put(writer);
        writer.end_packet();
    }

    fn put(&self, writer: &mut PacketWriter) {
        writer.put_u8(OK_HEADER);
        writer.put_u32(self.statement_id);
        writer.put_u16(self.column_count);
        writer.put_u16(self.parameter_count);
        writer.put_u8(0);
        writer.put_u16(self.warnings);
    }

    /// Reads the packet.
    pub fn parse(payload: &[u8]) -> Result<PrepareOk> {
        const MALFORMED: Error = Error::Malformed { what: "COM_STMT_PREPARE answer" };
        let mut input = Input::new(payload);
        if input.u8() != Some(OK_HEADER) {
            return Err(MALFORMED);
        }
        let statement_id = input.u32().ok_or(MALFORMED)?;
        let column_count = input.u16().ok_or(MALFORMED)?;
        let parameter_count = input.u16().ok_or(MALFORMED)?;
        input.u8().ok_or(MALFORMED)?;
        let warnings = input.u16().ok_or(MALFORMED)?;
        Ok(PrepareOk { statement_id, column_count, parameter_count, warnings })
    }
}

/// Writes the answer to COM_STATISTICS: one packet of text, without a header byte.
pub fn put_statistics(writer: &mut PacketWriter, text: &str) {
    writer.put_packet(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_ok_and_eof() {
        // From the protocol documentation: OK with 0 affected rows, AUTOCOMMIT, no warnings; EOF with AUTOCOMMIT.
        let mut writer = PacketWriter::new();
        writer.set_sequence(2);
        OkPacket { status: StatusFlags::AUTOCOMMIT, ..OkPacket::default() }.encode(&mut writer);
        assert_eq!(writer.as_slice(), [7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
        writer.clear();
        writer.set_sequence(5);
        put_eof(&mut writer, StatusFlags::AUTOCOMMIT, 0);
        assert_eq!(writer.as_slice(), [5, 0, 0, 5, 0xfe, 0, 0, 2, 0]);
        assert_eq!(
            End::parse_eof(&writer.as_slice()[4..]),
            Ok(End { status: StatusFlags::AUTOCOMMIT, warnings: 0 })
        );
    }

    #[test]
    fn changes_follow_the_info_also_where_that_is_empty() {
        // What MySQL 9.7 answers to USE mysql with SESSION_TRACK.
        let ok = OkPacket { status: StatusFlags::AUTOCOMMIT, ..OkPacket::default() };
        let mut changes = Vec::new();
        crate::mysql::session_state::Change::Schema(b"mysql").encode(&mut changes);
        let mut writer = PacketWriter::new();
        ok.encode_with_changes(&mut writer, &changes);
        assert_eq!(&writer.as_slice()[4..], b"\0\0\0\x02\x40\0\0\0\x08\x01\x06\x05mysql");
        let (parsed, found) = OkPacket::parse_with_changes(&writer.as_slice()[4..]).unwrap();
        assert_eq!(parsed.status, StatusFlags::AUTOCOMMIT | StatusFlags::SESSION_STATE_CHANGED);
        assert_eq!(found, Changes::parse(&changes).unwrap());
        assert_eq!(found.iter().count(), 1);
        let cut = &writer.as_slice()[4..writer.len() - 1];
        assert!(OkPacket::parse_with_changes(cut).is_err());
        writer.clear();
        put_result_end_with_changes(&mut writer, StatusFlags::AUTOCOMMIT, 3, &changes);
        assert_eq!(&writer.as_slice()[4..], b"\xfe\0\0\x02\x40\x03\0\0\x08\x01\x06\x05mysql");
        writer.clear();
        ok.encode(&mut writer);
        assert_eq!(OkPacket::parse_with_changes(&writer.as_slice()[4..]), Ok((ok, Changes::default())));
    }

    #[test]
    fn a_result_ends_as_the_client_knows_it() {
        let status = StatusFlags::AUTOCOMMIT | StatusFlags::MORE_RESULTS_EXISTS;
        let mut writer = PacketWriter::new();
        put_metadata_end(&mut writer, Capabilities::DEPRECATE_EOF, status, 0);
        assert!(writer.is_empty());
        put_result_end(&mut writer, Capabilities::DEPRECATE_EOF, status, 3);
        assert_eq!(writer.as_slice(), [7, 0, 0, 0, 0xfe, 0, 0, 10, 0, 3, 0]);
        let end = End::parse_result_end(&writer.as_slice()[4..], Capabilities::DEPRECATE_EOF);
        assert_eq!(end, Ok(Some(End { status, warnings: 3 })));
        writer.clear();
        put_metadata_end(&mut writer, Capabilities::empty(), status, 1);
        put_result_end(&mut writer, Capabilities::empty(), status, 3);
        assert_eq!(writer.as_slice(), [5, 0, 0, 1, 0xfe, 1, 0, 10, 0, 5, 0, 0, 2, 0xfe, 3, 0, 10, 0]);
        let end = End::parse_result_end(&writer.as_slice()[13..], Capabilities::empty());
        assert_eq!(end, Ok(Some(End { status, warnings: 3 })));
    }

    #[test]
    fn golden_prepare_ok() {
        // From the protocol documentation: 0c 00 00 01 00 01 00 00 00 01 00 02 00 00 00 00
        let mut writer = PacketWriter::new();
        writer.set_sequence(1);
        let answer = PrepareOk { statement_id: 1, column_count: 1, parameter_count: 2, warnings: 0 };
        answer.encode(&mut writer);
        assert_eq!(writer.as_slice(), [12, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0]);
        assert_eq!(PrepareOk::parse(&writer.as_slice()[4..]), Ok(answer));
    }

    proptest! {
        #[test]
        fn ok_round_trip(affected_rows: u64, last_insert_id: u64, bits: u16, warnings: u16, info in ".{0,80}") {
            let ok = OkPacket {
                affected_rows,
                last_insert_id,
                status: StatusFlags::from_bits(bits),
                warnings,
                info: info.as_bytes(),
            };
            let mut writer = PacketWriter::new();
            ok.encode(&mut writer);
            prop_assert_eq!(OkPacket::parse(&writer.as_slice()[4..]), Ok(ok));
        }

        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..40), first in 0usize..2) {
            if let Some(byte) = bytes.first_mut() {
                *byte = [OK_HEADER, EOF_HEADER][first];
            }
            let _ = OkPacket::parse(&bytes);
            let _ = PrepareOk::parse(&bytes);
            let _ = End::parse_eof(&bytes);
            let long = bytes.len() >= 9;
            if long && first == 1 {
                prop_assert_eq!(End::parse_result_end(&bytes, Capabilities::empty()), Ok(None));
            }
            let _ = End::parse_result_end(&bytes, Capabilities::DEPRECATE_EOF);
        }
    }
}
