//! What a server may answer, whatever it was sent.

use std::collections::BTreeMap;

use wire::mysql::error::ErrorPacket;

/// The number of the error for what should not have happened.
const INTERNAL: u16 = 1105;

/// What was found in the answers of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Packets that begin an answer.
    pub count: u64,
    /// Errors among them.
    pub errors: u64,
    /// Messages of internal errors, and how often each came.
    pub internal: BTreeMap<String, u64>,
    /// Connections whose first answer let them in, by the way that they went ([`crate::way::Way::name`]).
    pub logins: BTreeMap<&'static str, u64>,
}

impl Answers {
    /// Adds another connection's.
    pub fn add(&mut self, other: Answers) {
        self.count += other.count;
        self.errors += other.errors;
        for (message, count) in other.internal {
            *self.internal.entry(message).or_default() += count;
        }
        for (way, count) in other.logins {
            *self.logins.entry(way).or_default() += count;
        }
    }

    /// Looks through all that the server sent after its greeting. `first` is the number of the packet that answers the handshake response;
    /// `is_framed` is false when what was sent had wrong numbers itself, which answers then go on from.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn read(bytes: &[u8], first: u8, is_framed: bool) -> Result<Answers, String> {
        let mut found = Answers::default();
        let (mut rest, mut expected, mut position) = (bytes, first, 0);
        let mut goes_on = false;
        while let Some((header, behind)) = rest.split_first_chunk::<4>() {
            let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
            let Some(payload) = behind.get(..length) else { break };
            let begins = header[3] != expected || position == 0 || header[3] == 1;
            if is_framed && header[3] != expected && header[3] != 1 {
                return Err(format!(
                    "packet {} at byte {position}, where {expected} or 1 was to come",
                    header[3]
                ));
            }
            if begins && !goes_on {
                found.begin(payload).map_err(|what| format!("byte {position}: {what}"))?;
            }
            goes_on = length == wire::limits::PACKET_FRAGMENT_BYTES;
            expected = header[3].wrapping_add(1);
            rest = &behind[length..];
            position += 4 + length;
        }
        Ok(found)
    }

    /// The first packet of an answer.
    fn begin(&mut self, payload: &[u8]) -> Result<(), String> {
        self.count += 1;
        if payload.first() != Some(&0xff) {
            return Ok(());
        }
        let packet = ErrorPacket::parse(payload).map_err(|error| format!("an error packet: {error}"))?;
        let state = packet.sqlstate();
        if packet.code == 0 || packet.message.is_empty() {
            return Err(format!("an error without number or text: {packet:?}"));
        }
        if state.len() != 5 || !state.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
            return Err(format!("error {} has the SQLSTATE {state:?}", packet.code));
        }
        self.errors += 1;
        if packet.code == INTERNAL {
            *self.internal.entry(packet.message).or_default() += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: u16, sequence: u8) -> Vec<u8> {
        let mut writer = wire::mysql::packet::PacketWriter::new();
        writer.set_sequence(sequence);
        ErrorPacket::new(code, "what").encode(&mut writer);
        writer.as_slice().to_vec()
    }

    #[test]
    fn answers_are_counted() {
        let mut bytes = vec![1, 0, 0, 2, 0];
        bytes.extend(error(1064, 1));
        bytes.extend(error(1105, 1));
        let found = Answers::read(&bytes, 2, true).unwrap();
        assert_eq!((found.count, found.errors), (3, 2));
        assert_eq!(found.internal["what"], 1);
    }

    #[test]
    fn what_is_not_well_formed_is_found() {
        assert!(Answers::read(&[1, 0, 0, 2, 0, 1, 0, 0, 9, 0], 2, true).is_err(), "the number");
        assert!(Answers::read(&[1, 0, 0, 2, 0, 1, 0, 0, 9, 0], 2, false).is_ok());
        assert!(Answers::read(&error(0, 2), 2, true).is_err(), "no number");
        assert!(Answers::read(&[1, 0, 0, 2, 0xff], 2, true).is_err(), "half an error");
        let mut low = error(1064, 2);
        low[8] = b'a';
        assert!(Answers::read(&low, 2, true).is_err(), "no SQLSTATE");
    }
}
