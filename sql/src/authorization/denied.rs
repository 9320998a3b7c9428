//! The errors of what is not granted, in MySQL's words.
//!
//! MySQL names the account by its own host when it is about databases, and by the client's host when it is about tables and columns.

use crate::account::Privilege;
use crate::error::Error;
use crate::session::SessionState;

/// 1044, about a database.
#[must_use]
pub fn database(session: &SessionState, database: &str) -> Error {
    let message = format!(
        "Access denied for user '{}'@'{}' to database '{database}'",
        session.account.user, session.account.host
    );
    Error { code: 1044, state: *b"42000", message }
}

/// 1044 with the client's host.
#[must_use]
pub fn database_to_client(session: &SessionState, database: &str) -> Error {
    let message = format!(
        "Access denied for user '{}'@'{}' to database '{database}'",
        session.account.user, session.host
    );
    Error { code: 1044, state: *b"42000", message }
}

/// 1142, about a table. `command` is the privileges that are missing, or a word for them.
#[must_use]
pub fn table(session: &SessionState, command: &str, table: &str) -> Error {
    let message = format!(
        "{command} command denied to user '{}'@'{}' for table '{table}'",
        session.account.user, session.host
    );
    Error { code: 1142, state: *b"42000", message }
}

/// 1143, about a column.
#[must_use]
pub fn column(session: &SessionState, privilege: Privilege, column: &str, table: &str) -> Error {
    let message = format!(
        "{} command denied to user '{}'@'{}' for column '{column}' in table '{table}'",
        privilege.name(),
        session.account.user,
        session.host
    );
    Error { code: 1143, state: *b"42000", message }
}

/// 1370, about a routine.
#[must_use]
pub fn routine(privilege: Privilege, session: &SessionState, database: &str, name: &str) -> Error {
    let message = format!(
        "{} command denied to user '{}'@'{}' for routine '{database}.{name}'",
        privilege.name().to_lowercase(),
        session.account.user,
        session.account.host
    );
    Error { code: 1370, state: *b"42000", message }
}

/// 1227, about what is granted ON *.* only; `listed` is the privileges of which one would do.
#[must_use]
pub fn operation(listed: &str) -> Error {
    let message =
        format!("Access denied; you need (at least one of) the {listed} privilege(s) for this operation");
    Error { code: 1227, state: *b"42000", message }
}

/// 1045: LOAD DATA of a file of the server without FILE. Whether there is a password MySQL knows better; it is not told.
#[must_use]
pub fn file(session: &SessionState) -> Error {
    let message = format!(
        "Access denied for user '{}'@'{}' (using password: NO)",
        session.account.user, session.account.host
    );
    Error { code: 1045, state: *b"28000", message }
}

/// 1401: XA RECOVER without `XA_RECOVER_ADMIN`.
#[must_use]
pub fn xa_recover() -> Error {
    let message =
        "XAER_RMERR: Fatal error occurred in the transaction branch - check your data for consistency";
    Error { code: 1401, state: *b"XAE03", message: message.into() }
}

/// 1095: KILL of a connection of another user.
#[must_use]
pub fn kill(id: u64) -> Error {
    Error { code: 1095, state: *b"HY000", message: format!("You are not owner of thread {id}") }
}
