//! How to connect.

use std::path::PathBuf;
use std::time::Duration;

use wire::mysql::constant::Capabilities;

use crate::limits;

/// Whether connections are encrypted, and who may answer: MySQL's `--ssl-mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypted.
    Disabled,
    /// Encrypted if the server offers it. Keeps out who only listens.
    #[default]
    Preferred,
    /// Encrypted, or there is no connection. Whoever answers is believed.
    Required,
    /// As `Required`, and the server's certificate must be of an authority in [`Options::ssl_ca`].
    VerifyCa,
    /// As `VerifyCa`, and the certificate must be for the host that was connected to.
    VerifyIdentity,
}

/// How to connect.
#[derive(Clone)]
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
    /// Whether and how to encrypt.
    pub ssl_mode: SslMode,
    /// Certificates of the authorities that servers are verified by, PEM; the verifying modes need it. A server's own certificate,
    /// if it signed itself, will do.
    pub ssl_ca: Option<PathBuf>,
    /// Ask the server to say what changes in the session and the cluster ([`crate::Cluster`] does).
    pub track_session: bool,
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
            ssl_mode: SslMode::default(),
            ssl_ca: None,
            track_session: false,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the password.
        f.debug_struct("Options")
            .field("user", &self.user)
            .field("database", &self.database)
            .field("timeout", &self.timeout)
            .field("ssl_mode", &self.ssl_mode)
            .field("ssl_ca", &self.ssl_ca)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// The defaults, in the clear: for tests and measurements, which say so where they mean to encrypt.
    #[must_use]
    pub fn unencrypted() -> Options {
        Options { ssl_mode: SslMode::Disabled, ..Options::default() }
    }

    /// What to ask of a server that can do this.
    pub(crate) fn capabilities(&self, server: Capabilities) -> Capabilities {
        let mut wanted = Capabilities::CLIENT;
        wanted.set(Capabilities::CONNECT_WITH_DB, self.database.is_some());
        wanted.set(Capabilities::MULTI_STATEMENTS, self.multi_statements);
        wanted.set(Capabilities::FOUND_ROWS, self.found_rows);
        wanted.set(Capabilities::DEPRECATE_EOF, !self.old_eof);
        wanted.set(Capabilities::SSL, self.ssl_mode != SslMode::Disabled);
        wanted.set(Capabilities::SESSION_TRACK, self.track_session);
        wanted & server
    }
}
