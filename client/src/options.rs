//! How to connect.

use std::time::Duration;

use wire::mysql::constant::Capabilities;

use crate::limits;

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// User name.
    pub user: String,
    /// Password; empty for none.
    pub password: String,
    /// Schema to use.
    pub database: Option<String>,
    /// Time each call may take, the connect included.
    pub timeout: Duration,
    /// Ask for several statements in one query ([`crate::Connection::query_all`]).
    pub multi_statements: bool,
    /// Ask UPDATE to report rows found rather than changed.
    pub found_rows: bool,
    /// Use the older protocol form in which result sets end with EOF packets (for tests of the server).
    pub old_eof: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            user: "root".to_owned(),
            password: String::new(),
            database: None,
            timeout: limits::TIMEOUT_DEFAULT,
            multi_statements: false,
            found_rows: false,
            old_eof: false,
        }
    }
}

impl Options {
    /// What to ask of a server that can do this.
    pub(crate) fn capabilities(&self, server: Capabilities) -> Capabilities {
        let mut wanted = Capabilities::CLIENT;
        wanted.set(Capabilities::CONNECT_WITH_DB, self.database.is_some());
        wanted.set(Capabilities::MULTI_STATEMENTS, self.multi_statements);
        wanted.set(Capabilities::FOUND_ROWS, self.found_rows);
        wanted.set(Capabilities::DEPRECATE_EOF, !self.old_eof);
        wanted & server
    }
}
