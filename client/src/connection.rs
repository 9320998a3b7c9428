//! One async connection to one server.

use std::time::Duration;

use wire::mysql::constant::{StatusFlags, command_code};
use wire::mysql::value::Param;

use crate::link::{Link, Question, Tracked};
use crate::result::RowForm;
use crate::rows::Rows;
use crate::socket::AsyncSocket;
use crate::{Options, QueryResult, Result, Statement};

/// One connection to one server, on tokio.
///
/// A call that is dropped before it is done leaves the connection [broken](Connection::is_broken): the rest of the answer is still on
/// its way. The server ends the statement when the connection is closed.
#[derive(Debug)]
pub struct Connection {
    link: Link<AsyncSocket>,
}

impl Connection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`crate::Error::Connect`], [`crate::Error::Tls`] or [`crate::Error::LoginRefused`].
    pub async fn connect(address: &str, options: &Options) -> Result<Connection> {
        Ok(Connection { link: Link::open(address, options).await? })
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

    /// What the server said of itself since this was called last.
    pub(crate) fn take_tracked(&mut self) -> Tracked {
        std::mem::take(&mut self.link.tracked)
    }

    /// Whether the server says what changes.
    pub(crate) fn is_tracked(&self) -> bool {
        self.link.capabilities.contains(wire::mysql::constant::Capabilities::SESSION_TRACK)
    }

    /// Runs a statement and returns its only result; of several, the last.
    ///
    /// # Errors
    /// The server's, or that the connection was lost.
    pub async fn query(&mut self, sql: &str) -> Result<QueryResult> {
        Ok(self.query_all(sql).await?.pop().unwrap_or_default())
    }

    /// Runs statements ([`Options::multi_statements`]) and returns each result.
    ///
    /// # Errors
    /// As [`Connection::query`]; the results before a failure are lost.
    pub async fn query_all(&mut self, sql: &str) -> Result<Vec<QueryResult>> {
        self.link.query_bytes(sql.as_bytes()).await
    }

    /// Runs a statement and hands its rows out as they arrive, none of them copied.
    ///
    /// # Errors
    /// As [`Connection::query`]; an error may also come after some rows.
    pub async fn query_rows(&mut self, sql: &str) -> Result<Rows<'_>> {
        Rows::start(&mut self.link, Question::Text(sql), RowForm::Text).await
    }

    /// Prepares a statement.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub async fn prepare(&mut self, sql: &str) -> Result<Statement> {
        self.link.prepare(sql).await
    }

    /// Runs a prepared statement.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub async fn execute(&mut self, statement: &Statement, parameters: &[Param<'_>]) -> Result<QueryResult> {
        self.link.execute(statement, parameters).await
    }

    /// Runs a prepared statement and hands its rows out as they arrive.
    ///
    /// # Errors
    /// As [`Connection::query_rows`].
    pub async fn execute_rows(
        &mut self,
        statement: &Statement,
        parameters: &[Param<'_>],
    ) -> Result<Rows<'_>> {
        Rows::start(&mut self.link, Question::Prepared(statement, parameters), RowForm::Binary).await
    }

    /// Forgets a prepared statement. The server does not answer.
    ///
    /// # Errors
    /// That the connection was lost.
    pub async fn close_statement(&mut self, statement: &Statement) -> Result<()> {
        self.link.close_statement(statement).await
    }

    /// Asks whether the server is there.
    ///
    /// # Errors
    /// That it is not.
    pub async fn ping(&mut self) -> Result<()> {
        self.link.simple_command(command_code::PING, &[]).await
    }

    /// Uses a schema.
    ///
    /// # Errors
    /// 1049 when there is none of this name.
    pub async fn use_database(&mut self, name: &str) -> Result<()> {
        self.link.simple_command(command_code::INIT_DB, name.as_bytes()).await
    }

    /// Resets the session: an open transaction is rolled back, variables and prepared statements are gone.
    ///
    /// # Errors
    /// That the connection was lost.
    pub async fn reset(&mut self) -> Result<()> {
        self.link.simple_command(command_code::RESET_CONNECTION, &[]).await
    }

    /// Begins a transaction; [`OpenTransaction`] ends it. [`crate::Cluster::transaction`] also runs it again where that is safe.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub async fn begin(&mut self) -> Result<OpenTransaction<'_>> {
        self.query("START TRANSACTION").await?;
        Ok(OpenTransaction { connection: self })
    }

    /// Says goodbye and closes.
    pub async fn close(mut self) {
        // Whether the server hears it does not matter: the socket is closed either way.
        let _ = self.link.silent_command(command_code::QUIT, &[]).await;
    }
}

/// An open transaction of a connection. One that is dropped stays open: end it, or drop the connection.
#[derive(Debug)]
pub struct OpenTransaction<'a> {
    connection: &'a mut Connection,
}

impl OpenTransaction<'_> {
    /// The connection, for the transaction's statements.
    pub fn connection(&mut self) -> &mut Connection {
        self.connection
    }

    /// Commits.
    ///
    /// # Errors
    /// As [`Connection::query`]; [`crate::Error::may_have_run`] says whether it may be committed all the same.
    pub async fn commit(self) -> Result<()> {
        self.connection.query("COMMIT").await.map(drop)
    }

    /// Rolls back.
    ///
    /// # Errors
    /// As [`Connection::query`]; it is not committed in any case.
    pub async fn rollback(self) -> Result<()> {
        self.connection.query("ROLLBACK").await.map(drop)
    }
}
