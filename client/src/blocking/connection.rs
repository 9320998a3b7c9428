//! One blocking connection to one server.

use std::time::Duration;

use wire::mysql::constant::{StatusFlags, command_code};
use wire::mysql::value::Param;

use crate::link::Link;
use crate::socket::{BlockingSocket, now};
use crate::{Options, QueryResult, Result, Statement};

/// One connection to one server.
#[derive(Debug)]
pub struct Connection {
    link: Link<BlockingSocket>,
}

impl Connection {
    /// Connects and logs in. `timeout` bounds the connect and each later call.
    pub fn connect(
        address: &str,
        user: &str,
        password: &str,
        database: Option<&str>,
        timeout: Duration,
    ) -> Result<Connection> {
        let options = Options {
            user: user.to_owned(),
            password: password.to_owned(),
            database: database.map(str::to_owned),
            timeout,
            ..Options::default()
        };
        Connection::connect_with(address, &options)
    }

    /// Connects and logs in with all options.
    pub fn connect_with(address: &str, options: &Options) -> Result<Connection> {
        Ok(Connection { link: now(Link::open(address, options))? })
    }

    /// The address as given.
    pub fn address(&self) -> &str {
        &self.link.address
    }

    /// The version in the server's greeting.
    pub fn server_version(&self) -> &str {
        &self.link.server_version
    }

    /// The connection's id, as KILL takes it.
    pub fn connection_id(&self) -> u32 {
        self.link.connection_id
    }

    /// Version of TLS and cipher; `None`: in the clear.
    pub fn encryption(&self) -> Option<String> {
        self.link.channel.encryption()
    }

    /// The session's state after the last answer.
    pub fn status(&self) -> StatusFlags {
        self.link.status
    }

    /// Whether a new connection is needed.
    pub fn is_broken(&self) -> bool {
        self.link.is_broken
    }

    /// Whether the session has a transaction open, or has autocommit off: a statement is then part of something that
    /// cannot be repeated on another connection.
    pub fn is_in_transaction(&self) -> bool {
        self.link.is_in_transaction()
    }

    /// Sets the time each later call may take.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.link.timeout = timeout;
    }

    /// Runs a statement and returns its only result; of several, the last.
    pub fn query(&mut self, sql: &str) -> Result<QueryResult> {
        Ok(self.query_all(sql)?.pop().unwrap_or_default())
    }

    /// Runs statements ([`Options::multi_statements`]) and returns each result.
    pub fn query_all(&mut self, sql: &str) -> Result<Vec<QueryResult>> {
        self.query_bytes(sql.as_bytes())
    }

    /// Runs statements that are not UTF-8.
    pub fn query_bytes(&mut self, sql: &[u8]) -> Result<Vec<QueryResult>> {
        now(self.link.query_bytes(sql))
    }

    /// Sends a statement without waiting for its answer, which [`Connection::read_answer`] reads: one thread can so have many
    /// statements under way, one a connection.
    pub fn send_query(&mut self, sql: &str) -> Result<()> {
        now(self.link.send_query(sql))
    }

    /// Reads the answer to the statement that was sent last.
    pub fn read_answer(&mut self) -> Result<QueryResult> {
        now(self.link.read_answer())
    }

    /// Asks whether the server is there.
    pub fn ping(&mut self) -> Result<()> {
        now(self.link.simple_command(command_code::PING, &[]))
    }

    /// Uses a schema.
    pub fn use_database(&mut self, name: &str) -> Result<()> {
        now(self.link.simple_command(command_code::INIT_DB, name.as_bytes()))
    }

    /// Resets the session's state.
    pub fn reset(&mut self) -> Result<()> {
        now(self.link.simple_command(command_code::RESET_CONNECTION, &[]))
    }

    /// Sends any command and returns the payload of the first packet of the answer: for tests of the server.
    /// Only for commands that are answered by one packet.
    pub fn raw_command(&mut self, code: u8, body: &[u8]) -> Result<Vec<u8>> {
        Ok(now(self.link.raw_command(code, body))?.to_vec())
    }

    /// Prepares a statement.
    pub fn prepare(&mut self, sql: &str) -> Result<Statement> {
        now(self.link.prepare(sql))
    }

    /// Runs a prepared statement.
    pub fn execute(&mut self, statement: &Statement, parameters: &[Param<'_>]) -> Result<QueryResult> {
        now(self.link.execute(statement, parameters))
    }

    /// Appends to a parameter's value before the next execution. The server does not answer; it reports an error
    /// with the execution.
    pub fn send_long_data(&mut self, statement: &Statement, parameter: u16, data: &[u8]) -> Result<()> {
        now(self.link.send_long_data(statement, parameter, data))
    }

    /// Forgets a prepared statement. The server does not answer.
    pub fn close_statement(&mut self, statement: &Statement) -> Result<()> {
        now(self.link.close_statement(statement))
    }

    /// Says goodbye and closes.
    pub fn quit(mut self) {
        // Whether the server hears it does not matter: the socket is closed either way.
        let _ = now(self.link.silent_command(command_code::QUIT, &[]));
    }
}
