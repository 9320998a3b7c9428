//! Errors of the driver, and whether a statement that failed may have run all the same.

use std::io;

use wire::mysql::error::{ErrorPacket, code};

/// A result of the driver.
pub type Result<T> = std::result::Result<T, Error>;

/// An error a server answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    /// MySQL's error number.
    pub code: u16,
    /// Five characters.
    pub sqlstate: String,
    /// The message.
    pub message: String,
}

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // As the mysql command line prints it.
        write!(f, "ERROR {} ({}): {}", self.code, self.sqlstate, self.message)
    }
}

impl From<ErrorPacket> for ServerError {
    fn from(packet: ErrorPacket) -> Self {
        ServerError { code: packet.code, sqlstate: packet.sqlstate().to_owned(), message: packet.message }
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection: the address did not answer, or the login was cut off. Nothing was run.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The address as given.
        address: String,
        /// What the socket said.
        source: io::Error,
    },
    /// The server refused the login. Nothing was run.
    #[error("login to {address} refused: {error}")]
    LoginRefused {
        /// The address as given.
        address: String,
        /// Its answer.
        error: ServerError,
    },
    /// TLS is wanted and not to be had: the server does not offer it, its certificate is not to be trusted, or a file is wrong.
    /// Nothing was run.
    #[error("no encrypted connection: {what}")]
    Tls {
        /// Why.
        what: String,
    },
    /// The connection was found closed before anything was sent.
    #[error("the connection was closed by the server before the statement was sent")]
    Stale,
    /// The connection was lost, or the time ran out, after at least one byte was sent: the statement may have run.
    #[error("connection lost while waiting for the answer: {source}")]
    Lost {
        /// What the socket said; [`io::ErrorKind::TimedOut`] when the time ran out.
        source: io::Error,
    },
    /// The server answered with an error.
    #[error("{0}")]
    Server(ServerError),
    /// The server sent bytes that are not the protocol; the connection is not usable any more.
    #[error("protocol error: {0}")]
    Protocol(#[from] wire::Error),
    /// The server asks for something this driver does not do.
    #[error("not supported by this driver: {what}")]
    NotSupported {
        /// The feature.
        what: &'static str,
    },
    /// No address answered that it leads before the time ran out.
    #[error("no leader found within {waited_ms} ms among {addresses}")]
    NoLeader {
        /// Time spent looking.
        waited_ms: u128,
        /// Each address and what it said last.
        addresses: String,
    },
    /// All connections that a [`crate::Cluster`] may have to a node were in use all the time. Nothing was run.
    #[error("no connection to {address} became free within {waited_ms} ms")]
    Busy {
        /// The node.
        address: String,
        /// Time spent waiting.
        waited_ms: u128,
    },
    /// A write was under way when the connection or the leader was lost, and whether it is committed cannot be found out, or was
    /// not within the time. It must not be repeated unless it can be seen in the data that it did not happen.
    #[error("it is not known whether this was committed: {source}")]
    Unknown {
        /// The transaction's name if it is known: `SELECT quorate_transaction_outcome('…')` may tell later.
        gtid: Option<String>,
        /// What happened.
        source: Box<Error>,
    },
    /// A statement **is** committed, but its answer (counts, the AUTO_INCREMENT value) was lost with the leader. It must not be
    /// repeated.
    #[error("the statement is committed as {gtid}, but its answer was lost with the leader")]
    AnswerLost {
        /// The transaction's name.
        gtid: String,
    },
}

impl Error {
    /// The server's error, if this is one.
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            Error::Server(error) | Error::LoginRefused { error, .. } => Some(error),
            Error::Unknown { source, .. } => source.server(),
            Error::Connect { .. }
            | Error::Tls { .. }
            | Error::Stale
            | Error::Lost { .. }
            | Error::Protocol(_)
            | Error::NotSupported { .. }
            | Error::NoLeader { .. }
            | Error::Busy { .. }
            | Error::AnswerLost { .. } => None,
        }
    }

    /// MySQL's error number, if a server gave one.
    pub fn code(&self) -> Option<u16> {
        self.server().map(|error| error.code)
    }

    /// Whether the statement may have had an effect although the call failed. A server's error means it had none,
    /// except where the server itself says that it does not know (lost its connection to itself: 1053, 1180, 3100,
    /// 3101, 3169, or was interrupted in a commit: 1317).
    pub fn may_have_run(&self) -> bool {
        match self {
            Error::Protocol(wire::Error::BadHandshake { .. }) => false,
            Error::Lost { .. } | Error::Protocol(_) | Error::Unknown { .. } | Error::AnswerLost { .. } => {
                true
            }
            Error::Server(error) => matches!(
                error.code,
                code::ER_SERVER_SHUTDOWN
                    | code::ER_ERROR_DURING_COMMIT
                    | code::ER_QUERY_INTERRUPTED
                    | code::ER_RUN_HOOK_ERROR
                    | code::ER_TRANSACTION_ROLLBACK_DURING_COMMIT
                    | code::ER_SESSION_WAS_KILLED
            ),
            Error::Connect { .. }
            | Error::LoginRefused { .. }
            | Error::Tls { .. }
            | Error::Stale
            | Error::NotSupported { .. }
            | Error::NoLeader { .. }
            | Error::Busy { .. } => false,
        }
    }

    /// Whether a server refused the statement because it does not lead.
    pub fn is_not_leader(&self) -> bool {
        matches!(self, Error::Server(error) if matches!(error.code, code::ER_OPTION_PREVENTS_STATEMENT | code::ER_READ_ONLY_MODE))
    }

    /// Whether the connection is gone: everything but a server's answer.
    pub fn is_disconnect(&self) -> bool {
        !matches!(self, Error::Server(_))
    }
}
