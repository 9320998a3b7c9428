//! What a node and the leader say to each other about a client's statement, and its form on the wire.
//!
//! The bytes come from a member of the cluster, and are checked nevertheless: what makes no sense ends the connection.

use bincode::{Decode, Encode};
use sql::execute::Outcome;

use super::carried::{Carried, Cell};
use crate::limits::FORWARDED_MESSAGE_BYTES_MAX;

/// From the client's node.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Request {
    /// Run a statement; its answer is any number of [`Event`]s, the last of which is [`Event::Done`] or [`Event::NotLeading`].
    Run(Box<Run>),
    /// Stop the statement that runs, if one does.
    Kill,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Run {
    /// The session that it is of.
    pub state: Carried,
    /// Its text.
    pub text: Vec<u8>,
    /// What of it was prepared; none: it is text as it is.
    pub prepared: Option<Execution>,
    /// What the client can read: the bits of its capabilities.
    pub capabilities: u32,
}

/// An execution of a prepared statement.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Execution {
    /// The current database when it was prepared.
    pub database: Option<String>,
    /// Its parameters.
    pub values: Vec<Cell>,
    /// Rows in the binary protocol.
    pub is_binary: bool,
}

/// From the leader.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Event {
    /// Whole packets of the answer, for the client as they are but for their numbers. The packet that ends it is the client's node's to make.
    Answer(Vec<u8>),
    /// The statement's transaction has a place in the log, and waits for the quorum.
    Placed(Placed),
    /// The statement is through.
    Done(Box<Done>),
    /// It did not run: this node does not lead.
    NotLeading,
}

/// A transaction's place in the log, and how its statement will be answered once the quorum has it.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Placed {
    /// Term of the leader.
    pub term: u64,
    /// Index of its entry.
    pub index: u64,
    /// Rows affected.
    pub affected: u64,
    /// As the OK packet has it.
    pub last_insert_id: u64,
    /// As the OK packet has it.
    pub info: String,
}

/// How a statement ended. The client's node makes the packet: it knows what its client was told of the session before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Ending {
    /// As [`Outcome`] has it.
    Well {
        /// Rows were sent.
        has_rows: bool,
        /// Rows affected.
        affected: u64,
        /// As the OK packet has it.
        last_insert_id: u64,
        /// As the OK packet has it.
        info: String,
    },
    /// As [`sql::Error`] has it.
    Failed {
        /// MySQL's number.
        code: u16,
        /// SQLSTATE.
        state: [u8; 5],
        /// The message.
        message: String,
    },
}

impl From<Result<Outcome, sql::Error>> for Ending {
    fn from(result: Result<Outcome, sql::Error>) -> Ending {
        match result {
            Ok(Outcome { rows, affected, last_insert_id, info }) => {
                Ending::Well { has_rows: rows, affected, last_insert_id, info }
            }
            Err(sql::Error { code, state, message }) => Ending::Failed { code, state, message },
        }
    }
}

impl Ending {
    /// What the statement came to.
    ///
    /// # Errors
    /// What it failed with.
    pub fn into_result(self) -> Result<Outcome, sql::Error> {
        match self {
            Ending::Well { has_rows, affected, last_insert_id, info } => {
                Ok(Outcome { rows: has_rows, affected, last_insert_id, info })
            }
            Ending::Failed { code, state, message } => Err(sql::Error { code, state, message }),
        }
    }
}

/// How a statement left its session.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Done {
    /// What became of the session's state.
    pub state: Carried,
    /// What the packet says that ends the answer.
    pub ending: Ending,
    /// Something of the session was changed that clients are told of (`session_track_state_change`).
    pub has_changed_session: bool,
    /// A transaction is open: the next statement is to come by this connection.
    pub in_transaction: bool,
    /// Everything that the session saw or wrote is at or below this index.
    pub seen: u64,
}

/// The bytes of a message.
#[must_use]
pub fn encode(message: &impl Encode) -> Vec<u8> {
    // Only a type that cannot be encoded at all fails, and these are plain.
    bincode::encode_to_vec(message, bincode::config::standard()).unwrap_or_default()
}

/// The message in `bytes`; none when they are not exactly one.
#[must_use]
pub fn decode<T: Decode<()>>(bytes: &[u8]) -> Option<T> {
    let config = bincode::config::standard().with_limit::<FORWARDED_MESSAGE_BYTES_MAX>();
    let (message, length) = bincode::decode_from_slice(bytes, config).ok()?;
    (length == bytes.len()).then_some(message)
}

/// A message's bytes, for tests of what is done with damaged ones.
#[cfg(test)]
pub fn sample() -> Vec<u8> {
    encode(&tests::run())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn run() -> Request {
        let execution = Execution {
            database: Some("d".into()),
            values: vec![Cell::Null, Cell::Int(-7)],
            is_binary: true,
        };
        Request::Run(Box::new(Run {
            state: Carried::default(),
            text: b"INSERT INTO t VALUES (?, ?)".to_vec(),
            prepared: Some(execution),
            capabilities: 7,
        }))
    }

    #[test]
    fn a_message_arrives_as_it_was_sent() {
        for message in [run(), Request::Kill] {
            assert_eq!(decode::<Request>(&encode(&message)), Some(message));
        }
        let placed = Event::Placed(Placed { term: 3, index: 9, info: "x".into(), ..Placed::default() });
        assert_eq!(decode::<Event>(&encode(&placed)), Some(placed));
        let well = Outcome { rows: true, affected: 1, last_insert_id: 2, info: "i".into() };
        for result in [Ok(well), Err(sql::Error::query_interrupted())] {
            let arrived = decode::<Ending>(&encode(&Ending::from(result.clone())));
            assert_eq!(arrived.map(Ending::into_result), Some(result));
        }
    }

    #[test]
    fn what_is_no_message_is_none() {
        let bytes = encode(&run());
        for length in 0..bytes.len() {
            assert_eq!(decode::<Request>(&bytes[..length]), None, "cut at {length}");
        }
        assert_eq!(decode::<Request>(&[&bytes[..], &[0]].concat()), None, "something follows");
        for byte in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[byte] = 0xFF;
            // Whatever it is, it takes no memory that did not arrive, and does not panic.
            let _ = decode::<Request>(&damaged);
        }
    }
}
