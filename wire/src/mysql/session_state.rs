//! Changes of the session's state, which OK packets carry to clients that can read them (`SESSION_TRACK`).
//!
//! Source: "OK_Packet" in MySQL's source documentation, and what MySQL 9.7 sends.

use crate::mysql::primitive::{Input, put_lenenc_bytes};
use crate::{Error, Result};

const SYSTEM_VARIABLE: u8 = 0;
const SCHEMA: u8 = 1;
const STATE_CHANGE: u8 = 2;
const GTIDS: u8 = 3;
const TRANSACTION_CHARACTERISTICS: u8 = 4;
const TRANSACTION_STATE: u8 = 5;

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// A system variable has been set.
    Variable {
        /// Its name.
        name: &'a [u8],
        /// Its value as SHOW VARIABLES prints it.
        value: &'a [u8],
    },
    /// The default database; empty for none.
    Schema(&'a [u8]),
    /// Something of the session has changed that would have to be set again on another connection.
    State,
    /// Names of transactions that were committed.
    Gtids(&'a [u8]),
    /// Statements that begin a transaction like the one that is open.
    TransactionCharacteristics(&'a [u8]),
    /// Eight letters of what the transaction has done.
    TransactionState(&'a [u8]),
    /// A kind of change that is not known here.
    Unknown(u8),
}

impl Change<'_> {
    /// Appends the change.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut data = Vec::new();
        let kind = match self {
            Change::Variable { name, value } => {
                put_lenenc_bytes(&mut data, name);
                put_lenenc_bytes(&mut data, value);
                SYSTEM_VARIABLE
            }
            Change::Schema(name) => {
                put_lenenc_bytes(&mut data, name);
                SCHEMA
            }
            Change::State => {
                data.push(b'1');
                STATE_CHANGE
            }
            Change::Gtids(gtids) => {
                // The encoding, of which there is one.
                data.push(0);
                put_lenenc_bytes(&mut data, gtids);
                GTIDS
            }
            Change::TransactionCharacteristics(statements) => {
                put_lenenc_bytes(&mut data, statements);
                TRANSACTION_CHARACTERISTICS
            }
            Change::TransactionState(state) => {
                put_lenenc_bytes(&mut data, state);
                TRANSACTION_STATE
            }
            Change::Unknown(kind) => *kind,
        };
        out.push(kind);
        put_lenenc_bytes(out, &data);
    }
}

/// The changes of one OK packet, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes<'a>(&'a [u8]);

impl<'a> Changes<'a> {
    /// Checks encoded changes, so that iterating them cannot fail.
    ///
    /// # Errors
    /// 1835 when they end early.
    pub fn parse(bytes: &'a [u8]) -> Result<Changes<'a>> {
        let mut input = Input::new(bytes);
        while !input.is_empty() {
            next(&mut input).ok_or(Error::Malformed { what: "change of the session's state" })?;
        }
        Ok(Changes(bytes))
    }

    /// The changes.
    pub fn iter(&self) -> impl Iterator<Item = Change<'a>> + use<'a> {
        let mut input = Input::new(self.0);
        std::iter::from_fn(move || next(&mut input))
    }
}

fn next<'a>(input: &mut Input<'a>) -> Option<Change<'a>> {
    let kind = input.u8()?;
    let mut data = Input::new(input.lenenc_bytes()?);
    Some(match kind {
        SYSTEM_VARIABLE => Change::Variable { name: data.lenenc_bytes()?, value: data.lenenc_bytes()? },
        SCHEMA => Change::Schema(data.lenenc_bytes()?),
        STATE_CHANGE => Change::State,
        GTIDS => {
            data.u8()?;
            Change::Gtids(data.lenenc_bytes()?)
        }
        TRANSACTION_CHARACTERISTICS => Change::TransactionCharacteristics(data.lenenc_bytes()?),
        TRANSACTION_STATE => Change::TransactionState(data.lenenc_bytes()?),
        other => Change::Unknown(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_changes() {
        // What MySQL 9.7 sends for SET autocommit=0, USE mysql, SET @b=2, COMMIT and BEGIN with everything tracked.
        let cases: [(Change<'_>, &[u8]); 6] = [
            (Change::Variable { name: b"autocommit", value: b"OFF" }, b"\x00\x0f\nautocommit\x03OFF"),
            (Change::Schema(b"mysql"), b"\x01\x06\x05mysql"),
            (Change::State, b"\x02\x011"),
            (Change::Gtids(b"u:7"), b"\x03\x05\x00\x03u:7"),
            (Change::TransactionCharacteristics(b"START TRANSACTION;"), b"\x04\x13\x12START TRANSACTION;"),
            (Change::TransactionState(b"T_______"), b"\x05\x09\x08T_______"),
        ];
        let mut all = Vec::new();
        for (change, expected) in cases {
            let mut out = Vec::new();
            change.encode(&mut out);
            assert_eq!(out, expected);
            all.extend(out);
        }
        let changes = Changes::parse(&all).unwrap();
        assert!(changes.iter().eq(cases.map(|(change, _)| change)));
        for cut in [1, all.len() - 1] {
            assert!(Changes::parse(&all[..cut]).is_err(), "{cut}");
        }
        let unknown = Changes::parse(b"\x63\x01x").unwrap();
        assert!(unknown.iter().eq([Change::Unknown(0x63)]));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(changes) = Changes::parse(&bytes) {
                prop_assert!(changes.iter().count() <= bytes.len());
            }
        }
    }
}
