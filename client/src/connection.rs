//! One connection to one server.
//!
//! Invariants: each call has one deadline for all its reads and writes; after any failure but a server's error the
//! connection is marked broken and every later call fails with [`Error::Stale`], so an answer can never be taken for
//! that of another statement.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use bytes::Bytes;
use wire::mysql::column::Column;
use wire::mysql::constant::{Capabilities, StatusFlags, command_code};
use wire::mysql::error::{ERR_HEADER, ErrorPacket};
use wire::mysql::execute;
use wire::mysql::ok::{End, OK_HEADER, OkPacket, PrepareOk};
use wire::mysql::packet::{PacketReader, PacketWriter};
use wire::mysql::primitive::{Input, NULL_MARKER};
use wire::mysql::value::Param;

use crate::result::{QueryResult, parse_binary_row, parse_text_row};
use crate::{Error, Options, Result, limits};

/// A prepared statement of one connection.
#[derive(Clone, Debug)]
pub struct Statement {
    id: u32,
    /// Its parameters.
    pub parameter_count: usize,
    /// Columns of its result set; empty if it returns no rows.
    pub columns: Vec<Column>,
}

/// Which form rows have.
enum RowForm {
    Text,
    Binary,
}

/// One connection to one server.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    address: String,
    pub(crate) reader: PacketReader,
    pub(crate) writer: PacketWriter,
    pub(crate) capabilities: Capabilities,
    pub(crate) server_version: String,
    pub(crate) connection_id: u32,
    pub(crate) status: StatusFlags,
    timeout: Duration,
    /// When the current call must be done.
    deadline: Instant,
    /// Whether a byte of the current command was written.
    has_sent: bool,
    is_broken: bool,
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
        let deadline = Instant::now() + options.timeout;
        let failed = |source| Error::Connect { address: address.to_owned(), source };
        let stream = open_stream(address, deadline).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let mut connection = Connection {
            stream,
            address: address.to_owned(),
            reader: PacketReader::new(limits::PACKET_BYTES_MAX),
            writer: PacketWriter::new(),
            capabilities: Capabilities::empty(),
            server_version: String::new(),
            connection_id: 0,
            status: StatusFlags::empty(),
            timeout: options.timeout,
            deadline,
            has_sent: false,
            is_broken: false,
        };
        match connection.log_in(options) {
            Ok(()) => Ok(connection),
            Err(Error::Server(error)) => Err(Error::LoginRefused { address: address.to_owned(), error }),
            Err(Error::Lost { source }) => Err(failed(source)),
            Err(Error::Stale) => Err(failed(io::ErrorKind::ConnectionAborted.into())),
            Err(error) => Err(error),
        }
    }

    /// The address as given.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The version in the server's greeting.
    pub fn server_version(&self) -> &str {
        &self.server_version
    }

    /// The connection's id, as KILL takes it.
    pub fn connection_id(&self) -> u32 {
        self.connection_id
    }

    /// The session's state after the last answer.
    pub fn status(&self) -> StatusFlags {
        self.status
    }

    /// Whether a new connection is needed.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether the session has a transaction open, or has autocommit off: a statement is then part of something that
    /// cannot be repeated on another connection.
    pub fn is_in_transaction(&self) -> bool {
        self.status.contains(StatusFlags::IN_TRANS) || !self.status.contains(StatusFlags::AUTOCOMMIT)
    }

    /// Sets the time each later call may take.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
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
        self.call(|connection| {
            connection.send_command(command_code::QUERY, sql)?;
            connection.read_results(&RowForm::Text)
        })
    }

    /// Sends a statement without waiting for its answer, which [`Connection::read_answer`] reads: one thread can so have many
    /// statements under way, one a connection.
    pub fn send_query(&mut self, sql: &str) -> Result<()> {
        self.call(|connection| connection.send_command(command_code::QUERY, sql.as_bytes()))
    }

    /// Reads the answer to the statement that was sent last.
    pub fn read_answer(&mut self) -> Result<QueryResult> {
        self.call(|connection| {
            connection.has_sent = true;
            Ok(connection.read_results(&RowForm::Text)?.pop().unwrap_or_default())
        })
    }

    /// Asks whether the server is there.
    pub fn ping(&mut self) -> Result<()> {
        self.simple_command(command_code::PING, &[])
    }

    /// Uses a schema.
    pub fn use_database(&mut self, name: &str) -> Result<()> {
        self.simple_command(command_code::INIT_DB, name.as_bytes())
    }

    /// Resets the session's state.
    pub fn reset(&mut self) -> Result<()> {
        self.simple_command(command_code::RESET_CONNECTION, &[])
    }

    /// Sends any command and returns the payload of the first packet of the answer: for tests of the server.
    /// Only for commands that are answered by one packet.
    pub fn raw_command(&mut self, code: u8, body: &[u8]) -> Result<Vec<u8>> {
        self.call(|connection| {
            connection.send_command(code, body)?;
            let payload = connection.read_packet()?;
            check_error(&payload)?;
            Ok(payload.to_vec())
        })
    }

    fn simple_command(&mut self, code: u8, body: &[u8]) -> Result<()> {
        self.call(|connection| {
            connection.send_command(code, body)?;
            let payload = connection.read_packet()?;
            check_error(&payload)?;
            connection.status = OkPacket::parse(&payload)?.status;
            Ok(())
        })
    }

    /// Prepares a statement.
    pub fn prepare(&mut self, sql: &str) -> Result<Statement> {
        self.call(|connection| {
            connection.send_command(command_code::STMT_PREPARE, sql.as_bytes())?;
            let payload = connection.read_packet()?;
            check_error(&payload)?;
            let answer = PrepareOk::parse(&payload)?;
            let parameter_count = usize::from(answer.parameter_count);
            connection.read_columns(parameter_count)?;
            let columns = connection.read_columns(usize::from(answer.column_count))?;
            Ok(Statement { id: answer.statement_id, parameter_count, columns })
        })
    }

    /// Runs a prepared statement.
    pub fn execute(&mut self, statement: &Statement, parameters: &[Param<'_>]) -> Result<QueryResult> {
        if parameters.len() != statement.parameter_count {
            return Err(Error::NotSupported { what: "another number of parameters than the statement has" });
        }
        self.call(|connection| {
            connection.begin_command()?;
            execute::put_execute(&mut connection.writer, statement.id, parameters);
            connection.send()?;
            Ok(connection.read_results(&RowForm::Binary)?.pop().unwrap_or_default())
        })
    }

    /// Appends to a parameter's value before the next execution. The server does not answer; it reports an error
    /// with the execution.
    pub fn send_long_data(&mut self, statement: &Statement, parameter: u16, data: &[u8]) -> Result<()> {
        self.call(|connection| {
            connection.begin_command()?;
            connection.writer.begin_packet();
            connection.writer.put_u8(command_code::STMT_SEND_LONG_DATA);
            connection.writer.put_u32(statement.id);
            connection.writer.put_u16(parameter);
            connection.writer.put_bytes(data);
            connection.writer.end_packet();
            connection.send()
        })
    }

    /// Forgets a prepared statement. The server does not answer.
    pub fn close_statement(&mut self, statement: &Statement) -> Result<()> {
        let id = statement.id.to_le_bytes();
        self.call(|connection| connection.send_command(command_code::STMT_CLOSE, &id))
    }

    /// Says goodbye and closes.
    pub fn quit(mut self) {
        // Whether the server hears it does not matter: the socket is closed either way.
        let _ = self.call(|connection| connection.send_command(command_code::QUIT, &[]));
    }

    /// Runs one exchange with its deadline, and marks the connection broken when it is left in the middle.
    fn call<T>(&mut self, exchange: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.is_broken {
            return Err(Error::Stale);
        }
        self.deadline = Instant::now() + self.timeout;
        self.has_sent = false;
        let result = exchange(self);
        if let Err(error) = &result
            && error.is_disconnect()
        {
            self.is_broken = true;
            self.writer.clear();
        }
        result
    }

    /// Checks that the server has not closed an idle connection, so that a statement is not sent into the void.
    fn begin_command(&mut self) -> Result<()> {
        let mut byte = [0];
        let is_idle = self.reader.is_drained()
            && self.stream.set_nonblocking(true).is_ok()
            && matches!(self.stream.peek(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        // A server that closes for a reason (1053, 4031) sends it first; either way the connection is of no more use.
        let is_blocking = self.stream.set_nonblocking(false).is_ok();
        if !is_idle || !is_blocking {
            return Err(Error::Stale);
        }
        self.writer.set_sequence(0);
        Ok(())
    }

    fn send_command(&mut self, code: u8, body: &[u8]) -> Result<()> {
        self.begin_command()?;
        self.writer.begin_packet();
        self.writer.put_u8(code);
        self.writer.put_bytes(body);
        self.writer.end_packet();
        self.send()
    }

    fn send(&mut self) -> Result<()> {
        self.write_out()?;
        self.reader.set_sequence_next(self.writer.sequence());
        Ok(())
    }

    pub(crate) fn write_out(&mut self) -> Result<()> {
        let mut written = 0;
        while written < self.writer.len() {
            let attempt = remaining(self.deadline)
                .and_then(|left| self.stream.set_write_timeout(Some(left)))
                .and_then(|()| self.stream.write(&self.writer.as_slice()[written..]));
            match attempt {
                Ok(0) => return Err(self.lost(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    written += count;
                    self.has_sent = true;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
        self.writer.clear();
        Ok(())
    }

    fn lost(&self, source: io::Error) -> Error {
        if !self.has_sent && self.connection_id != 0 {
            return Error::Stale;
        }
        // A read that times out is WouldBlock on Unix.
        let source = match source.kind() {
            io::ErrorKind::WouldBlock => io::Error::from(io::ErrorKind::TimedOut),
            _ => source,
        };
        Error::Lost { source }
    }

    pub(crate) fn read_packet(&mut self) -> Result<Bytes> {
        let mut buffer = [0; limits::READ_BYTES];
        loop {
            if let Some(packet) = self.reader.next()? {
                return Ok(packet.payload);
            }
            let attempt = remaining(self.deadline)
                .and_then(|left| self.stream.set_read_timeout(Some(left)))
                .and_then(|()| self.stream.read(&mut buffer));
            match attempt {
                Ok(0) => return Err(self.lost(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => self.reader.buffer_mut().extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Reads results until the server says that no more follow.
    fn read_results(&mut self, form: &RowForm) -> Result<Vec<QueryResult>> {
        let mut results = Vec::new();
        loop {
            let result = self.read_result(form)?;
            self.status = result.status;
            results.push(result);
            if !self.status.contains(StatusFlags::MORE_RESULTS_EXISTS) {
                return Ok(results);
            }
        }
    }

    fn read_result(&mut self, form: &RowForm) -> Result<QueryResult> {
        let payload = self.read_packet()?;
        check_error(&payload)?;
        match payload.first() {
            Some(&OK_HEADER) => {
                let ok = OkPacket::parse(&payload)?;
                return Ok(QueryResult {
                    affected: ok.affected_rows,
                    last_insert_id: ok.last_insert_id,
                    warnings: ok.warnings,
                    status: ok.status,
                    info: String::from_utf8_lossy(ok.info).into_owned(),
                    ..QueryResult::default()
                });
            }
            Some(&NULL_MARKER) => return Err(Error::NotSupported { what: "LOAD DATA LOCAL" }),
            _ => {}
        }
        const MALFORMED: wire::Error = wire::Error::Malformed { what: "column count" };
        let column_count = Input::new(&payload).lenenc_int().ok_or(MALFORMED)?;
        if column_count == 0 || column_count > wire::limits::RESULT_COLUMNS_MAX as u64 {
            return Err(MALFORMED.into());
        }
        let columns = self.read_columns(column_count as usize)?;
        let mut rows = Vec::new();
        let end = loop {
            let payload = self.read_packet()?;
            check_error(&payload)?;
            if let Some(end) = End::parse_result_end(&payload, self.capabilities)? {
                break end;
            }
            rows.push(match form {
                RowForm::Text => parse_text_row(&payload, columns.len())?,
                RowForm::Binary => parse_binary_row(&payload, &columns)?,
            });
        };
        let (status, warnings) = (end.status, end.warnings);
        Ok(QueryResult { columns, rows, status, warnings, ..QueryResult::default() })
    }

    fn read_columns(&mut self, count: usize) -> Result<Vec<Column>> {
        let mut columns = Vec::with_capacity(count.min(wire::limits::RESULT_COLUMNS_MAX));
        for _ in 0..count {
            let payload = self.read_packet()?;
            check_error(&payload)?;
            columns.push(Column::parse(&payload)?);
        }
        if count > 0 && !self.capabilities.contains(Capabilities::DEPRECATE_EOF) {
            End::parse_eof(&self.read_packet()?)?;
        }
        Ok(columns)
    }
}

/// Connects to the first address of a name that answers.
fn open_stream(address: &str, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for candidate in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&candidate, remaining(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Time left, never zero: a zero timeout means none to the socket.
fn remaining(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Turns an ERR packet into the error.
pub(crate) fn check_error(payload: &[u8]) -> Result<()> {
    match payload.first() {
        Some(&ERR_HEADER) => Err(Error::Server(ErrorPacket::parse(payload)?.into())),
        _ => Ok(()),
    }
}
