//! The protocol of one connection, over either kind of socket ([`crate::socket`]).
//!
//! Invariants: each call has one deadline for all its reads and writes. From a call's beginning until its whole answer is read the
//! connection counts as broken, so a call that fails in between, or whose future is dropped, leaves one that answers every later call
//! with [`Error::Stale`]: an answer can never be taken for that of another statement.

use std::io;
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

use crate::channel::Channel;
use crate::result::{QueryResult, RowForm};
use crate::session_state::{self, Change};
use crate::socket::Socket;
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

/// What a server said unasked ([`Options::track_session`]).
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    /// The newest `quorate_topology`.
    pub topology: Option<String>,
    /// The name of the transaction that was committed last.
    pub gtid: Option<String>,
}

/// What the head of a result was.
pub(crate) enum Head {
    /// A statement without rows; the whole result.
    Done(QueryResult),
    /// Rows with these columns follow.
    Rows(Vec<Column>),
}

/// See the module.
#[derive(Debug)]
pub struct Link<S> {
    pub(crate) channel: Channel<S>,
    pub(crate) address: String,
    pub(crate) reader: PacketReader,
    pub(crate) writer: PacketWriter,
    pub(crate) capabilities: Capabilities,
    pub(crate) server_version: String,
    pub(crate) connection_id: u32,
    pub(crate) status: StatusFlags,
    pub(crate) timeout: Duration,
    pub(crate) tracked: Tracked,
    /// When the current call must be done.
    pub(crate) deadline: Instant,
    /// Whether a byte of the current command was written.
    has_sent: bool,
    pub(crate) is_broken: bool,
}

impl<S: Socket> Link<S> {
    /// Connects and logs in.
    pub(crate) async fn open(address: &str, options: &Options) -> Result<Link<S>> {
        let deadline = Instant::now() + options.timeout;
        let failed = |source| Error::Connect { address: address.to_owned(), source };
        let socket = S::open(address, deadline).await.map_err(failed)?;
        let mut link = Link {
            channel: Channel::new(socket),
            address: address.to_owned(),
            reader: PacketReader::new(limits::PACKET_BYTES_MAX),
            writer: PacketWriter::new(),
            capabilities: Capabilities::empty(),
            server_version: String::new(),
            connection_id: 0,
            status: StatusFlags::empty(),
            timeout: options.timeout,
            tracked: Tracked::default(),
            deadline,
            has_sent: false,
            is_broken: true,
        };
        match link.log_in(options).await {
            Ok(()) => {
                link.is_broken = false;
                Ok(link)
            }
            Err(Error::Server(error)) => Err(Error::LoginRefused { address: address.to_owned(), error }),
            Err(Error::Lost { source }) => Err(failed(source)),
            Err(Error::Stale) => Err(failed(io::ErrorKind::ConnectionAborted.into())),
            Err(error) => Err(error),
        }
    }

    /// Whether the session has a transaction open, or has autocommit off.
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.status.contains(StatusFlags::IN_TRANS) || !self.status.contains(StatusFlags::AUTOCOMMIT)
    }

    pub(crate) async fn query_bytes(&mut self, sql: &[u8]) -> Result<Vec<QueryResult>> {
        self.begin()?;
        let result = async {
            self.send_command(command_code::QUERY, sql).await?;
            self.read_results(RowForm::Text).await
        };
        let result = result.await;
        self.end(result)
    }

    pub(crate) async fn send_query(&mut self, sql: &str) -> Result<()> {
        self.begin()?;
        let result = self.send_command(command_code::QUERY, sql.as_bytes()).await;
        self.end(result)
    }

    pub(crate) async fn read_answer(&mut self) -> Result<QueryResult> {
        self.begin()?;
        self.has_sent = true;
        let result = self.read_results(RowForm::Text).await;
        Ok(self.end(result)?.pop().unwrap_or_default())
    }

    /// Sends a command that is answered by one packet, and returns its payload.
    pub(crate) async fn raw_command(&mut self, code: u8, body: &[u8]) -> Result<Bytes> {
        self.begin()?;
        let result = self.ask(code, body).await;
        self.end(result)
    }

    /// A command that is answered by OK.
    pub(crate) async fn simple_command(&mut self, code: u8, body: &[u8]) -> Result<()> {
        self.begin()?;
        let result = async {
            let payload = self.ask(code, body).await?;
            self.status = self.take_ok(&payload)?.status;
            Ok(())
        };
        let result = result.await;
        self.end(result)
    }

    /// A command that is not answered.
    pub(crate) async fn silent_command(&mut self, code: u8, body: &[u8]) -> Result<()> {
        self.begin()?;
        let result = self.send_command(code, body).await;
        self.end(result)
    }

    async fn ask(&mut self, code: u8, body: &[u8]) -> Result<Bytes> {
        self.send_command(code, body).await?;
        let payload = self.read_packet().await?;
        check_error(&payload)?;
        Ok(payload)
    }

    pub(crate) async fn prepare(&mut self, sql: &str) -> Result<Statement> {
        self.begin()?;
        let result = async {
            let payload = self.ask(command_code::STMT_PREPARE, sql.as_bytes()).await?;
            let answer = PrepareOk::parse(&payload)?;
            let parameter_count = usize::from(answer.parameter_count);
            self.read_columns(parameter_count).await?;
            let columns = self.read_columns(usize::from(answer.column_count)).await?;
            Ok(Statement { id: answer.statement_id, parameter_count, columns })
        };
        let result = result.await;
        self.end(result)
    }

    pub(crate) async fn execute(
        &mut self,
        statement: &Statement,
        parameters: &[Param<'_>],
    ) -> Result<QueryResult> {
        check_count(statement, parameters)?;
        self.begin()?;
        let result = async {
            self.send_execute(statement, parameters).await?;
            self.read_results(RowForm::Binary).await
        };
        let result = result.await;
        Ok(self.end(result)?.pop().unwrap_or_default())
    }

    async fn send_execute(&mut self, statement: &Statement, parameters: &[Param<'_>]) -> Result<()> {
        self.begin_command()?;
        execute::put_execute(&mut self.writer, statement.id, parameters);
        self.send().await
    }

    pub(crate) async fn send_long_data(
        &mut self,
        statement: &Statement,
        parameter: u16,
        data: &[u8],
    ) -> Result<()> {
        let mut body = Vec::with_capacity(data.len() + 6);
        body.extend_from_slice(&statement.id.to_le_bytes());
        body.extend_from_slice(&parameter.to_le_bytes());
        body.extend_from_slice(data);
        self.silent_command(command_code::STMT_SEND_LONG_DATA, &body).await
    }

    pub(crate) async fn close_statement(&mut self, statement: &Statement) -> Result<()> {
        self.silent_command(command_code::STMT_CLOSE, &statement.id.to_le_bytes()).await
    }

    /// Begins a statement whose rows the caller reads with [`Link::read_row`]; the connection counts as broken until it has done so.
    pub(crate) async fn start(&mut self, statement: Question<'_>) -> Result<Head> {
        if let Question::Prepared(statement, parameters) = statement {
            check_count(statement, parameters)?;
        }
        self.begin()?;
        let result = async {
            match statement {
                Question::Text(sql) => self.send_command(command_code::QUERY, sql.as_bytes()).await?,
                Question::Prepared(statement, parameters) => {
                    self.send_execute(statement, parameters).await?;
                }
            }
            self.read_head().await
        };
        let result = result.await;
        match result {
            Ok(Head::Rows(columns)) => Ok(Head::Rows(columns)),
            other => self.end(other),
        }
    }

    /// The next row of a statement that was begun; none at the end, which is then read to the last result.
    pub(crate) async fn read_row(&mut self) -> Result<Option<Bytes>> {
        let result = async {
            let payload = self.read_packet().await?;
            check_error(&payload)?;
            let Some(end) = self.take_end(&payload)? else { return Ok(Some(payload)) };
            self.status = end.status;
            if self.status.contains(StatusFlags::MORE_RESULTS_EXISTS) {
                self.read_results(RowForm::Text).await?;
            }
            Ok(None)
        };
        let result = result.await;
        match result {
            Ok(Some(row)) => Ok(Some(row)),
            other => self.end(other),
        }
    }

    /// Begins a call: its deadline runs, and until [`Link::end`] the connection counts as broken.
    fn begin(&mut self) -> Result<()> {
        if self.is_broken {
            return Err(Error::Stale);
        }
        self.deadline = Instant::now() + self.timeout;
        self.has_sent = false;
        self.is_broken = true;
        Ok(())
    }

    /// Ends a call: after a server's answer the connection can go on, after anything else it cannot.
    fn end<T>(&mut self, result: Result<T>) -> Result<T> {
        match &result {
            Err(error) if error.is_disconnect() => self.writer.clear(),
            Ok(_) | Err(_) => self.is_broken = false,
        }
        result
    }

    /// Checks that the server has not closed an idle connection, so that a statement is not sent into the void.
    fn begin_command(&mut self) -> Result<()> {
        // A server that closes for a reason (1053, 4031) sends it first; either way the connection is of no more use.
        if !self.reader.is_drained() || !self.channel.is_idle() {
            return Err(Error::Stale);
        }
        self.writer.set_sequence(0);
        Ok(())
    }

    async fn send_command(&mut self, code: u8, body: &[u8]) -> Result<()> {
        self.begin_command()?;
        self.writer.begin_packet();
        self.writer.put_u8(code);
        self.writer.put_bytes(body);
        self.writer.end_packet();
        self.send().await
    }

    async fn send(&mut self) -> Result<()> {
        self.write_out().await?;
        self.reader.set_sequence_next(self.writer.sequence());
        Ok(())
    }

    pub(crate) async fn write_out(&mut self) -> Result<()> {
        let written = self.channel.write_all(self.writer.as_slice(), self.deadline, &mut self.has_sent).await;
        written.map_err(|error| self.lost(error))?;
        self.writer.clear();
        Ok(())
    }

    fn lost(&self, source: io::Error) -> Error {
        if !self.has_sent && self.connection_id != 0 {
            return Error::Stale;
        }
        Error::Lost { source }
    }

    pub(crate) async fn read_packet(&mut self) -> Result<Bytes> {
        loop {
            if let Some(packet) = self.reader.next()? {
                return Ok(packet.payload);
            }
            match self.channel.read(self.reader.buffer_mut(), self.deadline).await {
                Ok(0) => return Err(self.lost(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Reads results until the server says that no more follow.
    async fn read_results(&mut self, form: RowForm) -> Result<Vec<QueryResult>> {
        let mut results = Vec::new();
        loop {
            let result = self.read_result(form).await?;
            self.status = result.status;
            results.push(result);
            if !self.status.contains(StatusFlags::MORE_RESULTS_EXISTS) {
                return Ok(results);
            }
        }
    }

    async fn read_result(&mut self, form: RowForm) -> Result<QueryResult> {
        let columns = match self.read_head().await? {
            Head::Done(result) => return Ok(result),
            Head::Rows(columns) => columns,
        };
        let mut rows = Vec::new();
        let end = loop {
            let payload = self.read_packet().await?;
            check_error(&payload)?;
            if let Some(end) = self.take_end(&payload)? {
                break end;
            }
            rows.push(form.parse(&payload, &columns)?);
        };
        let (status, warnings) = (end.status, end.warnings);
        Ok(QueryResult { columns, rows, status, warnings, ..QueryResult::default() })
    }

    async fn read_head(&mut self) -> Result<Head> {
        let payload = self.read_packet().await?;
        check_error(&payload)?;
        match payload.first() {
            Some(&OK_HEADER) => {
                let ok = self.take_ok(&payload)?;
                let result = QueryResult {
                    affected: ok.affected_rows,
                    last_insert_id: ok.last_insert_id,
                    warnings: ok.warnings,
                    status: ok.status,
                    info: String::from_utf8_lossy(ok.info).into_owned(),
                    ..QueryResult::default()
                };
                self.status = result.status;
                return Ok(Head::Done(result));
            }
            Some(&NULL_MARKER) => return Err(Error::NotSupported { what: "LOAD DATA LOCAL" }),
            _ => {}
        }
        const MALFORMED: wire::Error = wire::Error::Malformed { what: "column count" };
        let column_count = Input::new(&payload).lenenc_int().ok_or(MALFORMED)?;
        if column_count == 0 || column_count > wire::limits::RESULT_COLUMNS_MAX as u64 {
            return Err(MALFORMED.into());
        }
        Ok(Head::Rows(self.read_columns(column_count as usize).await?))
    }

    async fn read_columns(&mut self, count: usize) -> Result<Vec<Column>> {
        let mut columns = Vec::with_capacity(count.min(wire::limits::RESULT_COLUMNS_MAX));
        for _ in 0..count {
            let payload = self.read_packet().await?;
            check_error(&payload)?;
            columns.push(Column::parse(&payload)?);
        }
        if count > 0 && !self.capabilities.contains(Capabilities::DEPRECATE_EOF) {
            End::parse_eof(&self.read_packet().await?)?;
        }
        Ok(columns)
    }

    /// Reads an OK packet, and what it says of the session.
    pub(crate) fn take_ok<'a>(&mut self, payload: &'a [u8]) -> Result<OkPacket<'a>> {
        let ok = OkPacket::parse(payload)?;
        self.track(ok.status, payload)?;
        Ok(ok)
    }

    /// Reads the end of a result set; none when it is a row.
    fn take_end(&mut self, payload: &[u8]) -> Result<Option<End>> {
        let end = End::parse_result_end(payload, self.capabilities)?;
        if let Some(end) = end.filter(|_| self.capabilities.contains(Capabilities::DEPRECATE_EOF)) {
            self.track(end.status, payload)?;
        }
        Ok(end)
    }

    fn track(&mut self, status: StatusFlags, payload: &[u8]) -> Result<()> {
        let is_said = status.contains(StatusFlags::SESSION_STATE_CHANGED)
            && self.capabilities.contains(Capabilities::SESSION_TRACK);
        if !is_said {
            return Ok(());
        }
        let text = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
        let tracked = &mut self.tracked;
        session_state::changes(payload, |change| match change {
            Change::Variable { name: b"quorate_topology", value } => tracked.topology = text(value),
            Change::Variable { .. } => {}
            Change::Gtids(names) => tracked.gtid = text(names),
        })?;
        Ok(())
    }
}

/// What is asked of a server.
#[derive(Clone, Copy)]
pub(crate) enum Question<'a> {
    /// A statement as text.
    Text(&'a str),
    /// A prepared one and its values.
    Prepared(&'a Statement, &'a [Param<'a>]),
}

fn check_count(statement: &Statement, parameters: &[Param<'_>]) -> Result<()> {
    if parameters.len() == statement.parameter_count {
        return Ok(());
    }
    Err(Error::NotSupported { what: "another number of parameters than the statement has" })
}

/// Turns an ERR packet into the error.
pub(crate) fn check_error(payload: &[u8]) -> Result<()> {
    match payload.first() {
        Some(&ERR_HEADER) => Err(Error::Server(ErrorPacket::parse(payload)?.into())),
        _ => Ok(()),
    }
}
