//! What a server says of its session's state in an OK packet, to a client that asked for it (`SESSION_TRACK`).
//!
//! With that capability the summary of an OK packet is always there, and behind it, when the status has
//! `SESSION_STATE_CHANGED`, a list of changes. Of these a driver that follows a cluster needs two; all others are stepped over,
//! also those of kinds that do not exist yet.
//!
//! Source: "OK_Packet" in MySQL's source documentation, and the packets of MySQL 9.7.

use wire::mysql::constant::StatusFlags;
use wire::mysql::ok::{EOF_HEADER, OK_HEADER};
use wire::mysql::primitive::Input;
use wire::{Error, Result};

/// A change of a system variable.
const KIND_SYSTEM_VARIABLE: u8 = 0;
/// Names of committed transactions.
const KIND_GTIDS: u8 = 3;

const MALFORMED: Error = Error::Malformed { what: "session state in an OK packet" };

/// One change of the session's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// A system variable has a new value.
    Variable {
        /// Its name.
        name: &'a [u8],
        /// Its value as text.
        value: &'a [u8],
    },
    /// Transactions were committed: their names as text.
    Gtids(&'a [u8]),
}

/// Calls `each` with the changes that an OK packet (either first byte) carries, in their order.
///
/// # Errors
/// When the packet is not one, or a length in it goes past its end.
pub(crate) fn changes<'a>(payload: &'a [u8], mut each: impl FnMut(Change<'a>)) -> Result<()> {
    let mut input = Input::new(payload);
    if !matches!(input.u8(), Some(OK_HEADER | EOF_HEADER)) {
        return Err(MALFORMED);
    }
    input.lenenc_int().and_then(|_| input.lenenc_int()).ok_or(MALFORMED)?;
    let status = StatusFlags::from_bits(input.u16().ok_or(MALFORMED)?);
    input.u16().ok_or(MALFORMED)?;
    if !status.contains(StatusFlags::SESSION_STATE_CHANGED) {
        return Ok(());
    }
    input.lenenc_bytes().ok_or(MALFORMED)?;
    let mut list = Input::new(input.lenenc_bytes().ok_or(MALFORMED)?);
    while let Some(kind) = list.u8() {
        let mut data = Input::new(list.lenenc_bytes().ok_or(MALFORMED)?);
        match kind {
            KIND_SYSTEM_VARIABLE => {
                while !data.is_empty() {
                    let name = data.lenenc_bytes().ok_or(MALFORMED)?;
                    let value = data.lenenc_bytes().ok_or(MALFORMED)?;
                    each(Change::Variable { name, value });
                }
            }
            KIND_GTIDS => {
                // How the names are written: there is one way so far, as text.
                data.u8().ok_or(MALFORMED)?;
                each(Change::Gtids(data.lenenc_bytes().ok_or(MALFORMED)?));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(payload: &[u8]) -> Result<Vec<String>> {
        let mut all = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        changes(payload, |change| {
            all.push(match change {
                Change::Variable { name, value } => format!("{}={}", text(name), text(value)),
                Change::Gtids(names) => text(names),
            });
        })?;
        Ok(all)
    }

    fn packet(status: u16, list: &[u8]) -> Vec<u8> {
        let [low, high] = status.to_le_bytes();
        let mut payload = vec![0, 0, 0, low, high, 0, 0, 0, list.len() as u8];
        payload.extend_from_slice(list);
        payload
    }

    #[test]
    fn changes_of_all_kinds() {
        let mut list = Vec::new();
        list.extend_from_slice(b"\x00\x0f\x0aautocommit\x03OFF");
        // A schema, the state of the transaction and a kind that nobody knows are stepped over.
        list.extend_from_slice(b"\x01\x05\x04test\x05\x09\x08T_______\x63\x01x");
        list.extend_from_slice(b"\x03\x07\x00\x05a:1-3");
        assert_eq!(read(&packet(0x4002, &list)).unwrap(), ["autocommit=OFF", "a:1-3"]);
        assert_eq!(read(&packet(0x0002, &list)).unwrap(), [""; 0], "the status says that there are none");
        for cut in 1..list.len() {
            // Whatever was cut off, it is an error or fewer changes.
            if let Ok(fewer) = read(&packet(0x4002, &list[..cut])) {
                assert!(fewer.len() < 2, "{cut}: {fewer:?}");
            }
        }
        assert!(read(&[0xff, 0, 0]).is_err());
        assert!(read(&[0, 0, 0, 0, 0x40, 0, 0]).is_err(), "announced and not there");
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(list in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&packet(0x4000, &list));
            let _ = read(&list);
        }
    }
}
