//! What clients were told of their transactions, held against what there is: nothing that was acknowledged is missing, nothing that was
//! refused is there, and each is there once and whole.
//!
//! * [`Outcome`] is what a client knows when a transaction has ended, and [`ledger::Ledger`] keeps it for all of them.
//! * A [`Workload`] is what the transactions do; there are [`bank`], [`counter`] and [`hot_row`].
//! * [`clients::Clients`] run a workload, each in a manner of its own ([`session`]), and can be made to stand still.
//! * [`observer`]s read on every node all the time what must always hold.
//! * [`fault::Fault`]s happen meanwhile.
//!
//! Left out: whether the order of the transactions is one that clients could have seen, apart from the places that [`hot_row`] gives.

use client::blocking::{Connection, Error};

pub mod bank;
pub mod clients;
pub mod counter;
pub mod fault;
pub mod hot_row;
pub mod ledger;
pub mod observer;
pub mod session;
pub mod trial;

use ledger::Ledger;
use session::Session;

/// In the text of the error of a transaction whose outcome the server does not know.
const IN_DOUBT: &str = "not known here yet";

/// What a client knows of a transaction that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was acknowledged.
    Done,
    /// It is certain that it did not and will not happen; why.
    RolledBack(String),
    /// It may or may not have happened; why that is not known.
    Unknown(String),
}

impl Outcome {
    /// Of a transaction whose COMMIT, or only statement, failed.
    #[must_use]
    pub fn of_end(error: &Error) -> Outcome {
        match error {
            Error::Server(server) if server.message.contains(IN_DOUBT) => Outcome::Unknown(error.to_string()),
            Error::Lost { .. } | Error::Protocol(_) | Error::Unknown { .. } | Error::AnswerLost { .. } => {
                Outcome::Unknown(error.to_string())
            }
            Error::Server(_)
            | Error::Tls { .. }
            | Error::Busy { .. }
            | Error::Connect { .. }
            | Error::LoginRefused { .. }
            | Error::Stale
            | Error::NotSupported { .. }
            | Error::NoLeader { .. } => Outcome::RolledBack(error.to_string()),
        }
    }

    /// Of a transaction that failed before its COMMIT was sent.
    #[must_use]
    pub fn of_body(error: &Error) -> Outcome {
        Outcome::RolledBack(error.to_string())
    }
}

/// Whether an error is one that a transaction may end with when nodes fail: `ends` says that it was its COMMIT's, or only statement's.
#[must_use]
pub fn is_expected(error: &Error, ends: bool) -> bool {
    match error {
        Error::Server(server) => match server.code {
            // A lost leadership; a node that does not lead; a read that cannot be fresh, or an outcome in doubt.
            1053 | 1290 => true,
            1105 => ends || !server.message.contains(IN_DOUBT),
            // A deadlock, or a row that changed since the snapshot: never of a COMMIT, but nobody can tell it from an only statement's.
            1213 => true,
            _ => false,
        },
        Error::Connect { .. } | Error::Stale | Error::Lost { .. } | Error::NoLeader { .. } => true,
        Error::LoginRefused { .. }
        | Error::Tls { .. }
        | Error::Protocol(_)
        | Error::NotSupported { .. }
        | Error::Busy { .. }
        | Error::Unknown { .. }
        | Error::AnswerLost { .. } => false,
    }
}

/// How a transaction is to end after its statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// COMMIT.
    Commit,
    /// ROLLBACK, as the client wants it.
    Rollback,
}

/// What the clients' transactions do.
pub trait Workload: Send + Sync {
    /// How many clients it is for.
    fn clients(&self) -> u64;

    /// Makes the tables, in the database `soak`, which is there.
    ///
    /// # Errors
    /// Those of the server.
    fn prepare(&self, connection: &mut Connection) -> client::blocking::Result<()>;

    /// What the next transaction of this client is accounted under, and whether it is one statement without BEGIN.
    fn choose(&self, session: &mut Session) -> Choice;

    /// Runs its statements.
    ///
    /// # Errors
    /// Those of the server and the connection.
    fn body(&self, session: &mut Session, choice: &Choice, tag: u64) -> client::blocking::Result<Ending>;

    /// How to read whether the transaction with this tag is there; none when single ones cannot be told apart.
    fn presence(&self, tag: u64) -> Option<String>;

    /// A query that gives one row at any time on any node: a value that is always 0, and a number that never goes
    /// down.
    fn observation(&self) -> &'static str;

    /// Compares what there is with what the clients know, while nothing else happens, in one snapshot. Gives the number of transactions
    /// that are there in all.
    ///
    /// # Errors
    /// Those of the server and the connection.
    ///
    /// # Panics
    /// When it is not as it must be.
    fn check(&self, connection: &mut Connection, ledger: &Ledger) -> client::blocking::Result<u64>;

    /// Takes away what was checked, so that it need not be checked again; while nothing else happens.
    ///
    /// # Errors
    /// Those of the server and the connection.
    fn compact(&self, connection: &mut Connection) -> client::blocking::Result<()>;
}

/// What a workload means to do next.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Which of its kinds of transaction.
    pub kind: u32,
    /// What it is counted under.
    pub key: u64,
    /// It is a single statement, without BEGIN and COMMIT.
    pub is_single: bool,
}

/// A column of a row as a number.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn number(rows: &client::blocking::QueryResult, row: usize, column: usize) -> i64 {
    let text = rows.text(row, column);
    let value = text.as_deref().and_then(|text| text.parse().ok());
    value.unwrap_or_else(|| panic!("row {row}, column {column} is no number: {text:?}"))
}

/// Takes the rows of `soak.done` away and adds their number to `soak.base`, at once.
///
/// # Errors
/// Those of the server and the connection.
fn compact_done(connection: &mut Connection) -> client::blocking::Result<()> {
    connection.query("BEGIN")?;
    let deleted = connection.query("DELETE FROM soak.done")?.affected;
    connection.query(&format!("UPDATE soak.base SET n = n + {deleted} WHERE id = 1"))?;
    connection.query("COMMIT")?;
    Ok(())
}
