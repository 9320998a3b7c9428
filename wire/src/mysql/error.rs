//! ERR packets, and MySQL's error numbers with their SQLSTATEs.
//!
//! [`code`] has the numbers by name, [`sqlstate`] the state of each. Messages are cut at MySQL's bound.

mod table;

pub use self::table::{SQLSTATE_GENERAL, code, sqlstate};
use crate::limits::ERROR_MESSAGE_BYTES_MAX;
use crate::mysql::packet::PacketWriter;
use crate::mysql::primitive::Input;
use crate::{Error, Result};

/// First byte of an ERR packet.
pub const ERR_HEADER: u8 = 0xff;
/// The text of one error as a client gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPacket {
    /// Error number.
    pub code: u16,
    /// Five characters of SQLSTATE.
    pub sqlstate: [u8; 5],
    /// The message, in the client's character set.
    pub message: String,
}

impl ErrorPacket {
    /// An error with the SQLSTATE of its number.
    pub fn new(number: u16, message: impl Into<String>) -> Self {
        ErrorPacket { code: number, sqlstate: sqlstate_bytes(number), message: message.into() }
    }

    /// The SQLSTATE as text.
    pub fn sqlstate(&self) -> &str {
        std::str::from_utf8(&self.sqlstate).unwrap_or(SQLSTATE_GENERAL)
    }

    /// Writes the ERR packet.
    pub fn encode(&self, writer: &mut PacketWriter) {
        put_error_with_state(writer, self.code, self.sqlstate, &self.message);
    }

    /// Reads an ERR packet, with or without a SQLSTATE (a server that has not read the client's capabilities yet
    /// leaves it out).
    pub fn parse(payload: &[u8]) -> Result<ErrorPacket> {
        const MALFORMED: Error = Error::Malformed { what: "ERR packet" };
        let mut input = Input::new(payload);
        if input.u8() != Some(ERR_HEADER) {
            return Err(MALFORMED);
        }
        let number = input.u16().ok_or(MALFORMED)?;
        let mut state = sqlstate_bytes(number);
        if input.peek() == Some(b'#') {
            input.u8();
            state = input.array().ok_or(MALFORMED)?;
        }
        let message = String::from_utf8_lossy(input.take_rest()).into_owned();
        Ok(ErrorPacket { code: number, sqlstate: state, message })
    }
}

/// Writes an ERR packet with the SQLSTATE of its number.
pub fn put_error(writer: &mut PacketWriter, number: u16, message: &str) {
    put_error_with_state(writer, number, sqlstate_bytes(number), message);
}

/// Writes an ERR packet without a SQLSTATE: for errors before the client has sent its capabilities, such as 1040.
pub fn put_error_before_handshake(writer: &mut PacketWriter, number: u16, message: &str) {
    writer.begin_packet();
    writer.put_u8(ERR_HEADER);
    writer.put_u16(number);
    writer.put_bytes(bounded(message).as_bytes());
    writer.end_packet();
}

fn put_error_with_state(writer: &mut PacketWriter, number: u16, state: [u8; 5], message: &str) {
    writer.begin_packet();
    writer.put_u8(ERR_HEADER);
    writer.put_u16(number);
    writer.put_u8(b'#');
    writer.put_bytes(&state);
    writer.put_bytes(bounded(message).as_bytes());
    writer.end_packet();
}

/// The message cut at MySQL's bound, at the end of a character.
fn bounded(message: &str) -> &str {
    if message.len() <= ERROR_MESSAGE_BYTES_MAX {
        return message;
    }
    let end = (0..=ERROR_MESSAGE_BYTES_MAX).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    &message[..end]
}

fn sqlstate_bytes(number: u16) -> [u8; 5] {
    sqlstate(number).as_bytes().try_into().unwrap_or(*b"HY000")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_err() {
        // "No tables used" from the protocol documentation: 17 00 00 01 ff 48 04 23 48 59 30 30 30 …
        let mut writer = PacketWriter::new();
        writer.set_sequence(1);
        put_error(&mut writer, code::ER_NO_TABLES_USED, "No tables used");
        assert_eq!(
            writer.as_slice(),
            b"\x17\x00\x00\x01\xff\x48\x04\x23\x48\x59\x30\x30\x30\x4e\x6f\x20\x74\x61\x62\x6c\x65\x73\x20\x75\x73\x65\x64"
        );
        let parsed = ErrorPacket::parse(&writer.as_slice()[4..]).unwrap();
        assert_eq!(parsed, ErrorPacket::new(1096, "No tables used"));
    }

    #[test]
    fn before_the_handshake_there_is_no_state() {
        let mut writer = PacketWriter::new();
        put_error_before_handshake(&mut writer, code::ER_CON_COUNT_ERROR, "Too many connections");
        assert_eq!(writer.as_slice(), b"\x17\0\0\0\xff\x10\x04Too many connections");
        let parsed = ErrorPacket::parse(&writer.as_slice()[4..]).unwrap();
        assert_eq!((parsed.code, parsed.sqlstate()), (1040, "08004"));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let mut writer = PacketWriter::new();
        put_error(&mut writer, 1105, &"é".repeat(400).replacen('é', "e", 1));
        let parsed = ErrorPacket::parse(&writer.as_slice()[4..]).unwrap();
        assert_eq!(parsed.message.len(), 511);
        assert!(parsed.message.ends_with('é'));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = ErrorPacket::parse(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = ERR_HEADER;
            }
            prop_assert_eq!(ErrorPacket::parse(&bytes).is_ok(), bytes.len() >= 3 && (bytes.get(3) != Some(&b'#') || bytes.len() >= 9));
        }
    }
}
