//! A client's commands: each is answered by what its session did, and by nothing else.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use sql::types::Value;
use wire::limits::STATEMENT_PARAMETERS_MAX;
use wire::mysql::column::Column;
use wire::mysql::command::Command;
use wire::mysql::constant::{Capabilities, StatusFlags, cursor_type};
use wire::mysql::error::ErrorPacket;
use wire::mysql::execute::{LongData, ParameterType, parse_parameters};
use wire::mysql::handshake::Salt;
use wire::mysql::ok::{OkPacket, put_eof, put_statistics};
use wire::mysql::packet::PacketWriter;
use wire::mysql::resultset::put_prepared;

use super::channel::Channel;
use super::connection::{End, Socket};
use super::cursor::Cursor;
use crate::limits::{LONG_DATA_BYTES_MAX, PREPARED_STATEMENTS_PER_CONNECTION_MAX, RESULT_FLUSH_BYTES};
use crate::node::errno;
use crate::node::metadata::definition;
use crate::node::parameters;
use crate::node::plan_cache::{CachedPlan, Prepared};
use crate::node::process::Connection;
use crate::node::result::Reply;
use crate::node::session::Session;

/// What a prepared statement's executions need of the protocol.
#[derive(Default)]
struct Binding {
    /// Types of the last execution that sent them.
    types: Vec<ParameterType>,
    /// COM_STMT_SEND_LONG_DATA.
    long_data: LongData,
    /// What is left of an execution that asked for a cursor.
    cursor: Option<Cursor>,
}

/// An authenticated client.
pub struct Client {
    /// Its session.
    pub session: Session,
    /// What both sides can do.
    pub capabilities: Capabilities,
    /// The connection's challenge, for COM_CHANGE_USER.
    pub salt: Salt,
    /// Its address.
    pub address: SocketAddr,
    bindings: HashMap<u32, Binding>,
}

impl Client {
    /// A client whose login was accepted.
    #[must_use]
    pub fn new(session: Session, capabilities: Capabilities, salt: Salt, address: SocketAddr) -> Client {
        Client { session, capabilities, salt, address, bindings: HashMap::new() }
    }

    /// The OK packet after a login.
    pub fn put_login_ok(&self, writer: &mut PacketWriter) {
        self.put_ok(writer, &sql::execute::Outcome::default(), StatusFlags::empty());
    }

    /// A new session for another user, after COM_CHANGE_USER was accepted.
    ///
    /// # Errors
    /// 1049 when the database is not there.
    pub fn become_user(&mut self, user: &str, database: Option<&str>) -> Result<(), sql::Error> {
        self.bindings.clear();
        user.clone_into(&mut self.session.state.user);
        self.session.reset();
        self.session.state.database = None;
        self.session.connection.identify(user, None);
        database.map_or(Ok(()), |name| self.session.use_database(name))
    }

    /// The session's status flags.
    fn status(&self) -> StatusFlags {
        let state = &self.session.state;
        let mut flags = StatusFlags::empty();
        flags.set(StatusFlags::AUTOCOMMIT, state.variables.autocommit);
        let open = self.session.open.as_ref().filter(|open| open.explicit);
        flags.set(StatusFlags::IN_TRANS, open.is_some());
        flags.set(StatusFlags::IN_TRANS_READONLY, open.is_some_and(|open| open.read_only));
        let no_escapes = state.variables.sql_mode.has(sql::variables::SqlMode::NO_BACKSLASH_ESCAPES);
        flags.set(StatusFlags::NO_BACKSLASH_ESCAPES, no_escapes);
        flags
    }

    /// Warnings of the statement that is answered; `SHOW WARNINGS` has none of its own.
    fn warnings(&self) -> u16 {
        if self.session.shows_diagnostics {
            return 0;
        }
        u16::try_from(self.session.state.warning_count).unwrap_or(u16::MAX)
    }

    fn put_ok(&self, writer: &mut PacketWriter, outcome: &sql::execute::Outcome, more: StatusFlags) {
        OkPacket {
            affected_rows: outcome.affected,
            last_insert_id: outcome.last_insert_id,
            status: self.status().with(more),
            warnings: self.warnings(),
            info: outcome.info.as_bytes(),
        }
        .encode(writer);
    }

    /// Runs one command; its answer is in the socket's buffer (or partly sent) afterwards.
    ///
    /// # Errors
    /// When the client is gone.
    pub async fn run(
        &mut self,
        command: Command<'_>,
        packet: &Bytes,
        socket: &mut Socket,
    ) -> Result<(), End> {
        let writer = &mut socket.writer;
        match command {
            Command::Query(text) => return self.query(&packet.slice_ref(text), socket).await,
            Command::StmtExecute { id, flags, parameters } => {
                return self.execute(id, flags, parameters, socket).await;
            }
            Command::StmtPrepare(text) => self.prepare(text, writer).await,
            Command::StmtSendLongData { id, parameter, data } => self.long_data(id, parameter, data),
            Command::StmtClose { id } => {
                self.session.prepared.remove(&id);
                self.bindings.remove(&id);
            }
            Command::StmtReset { id } => match self.bindings.get_mut(&id) {
                Some(binding) => {
                    binding.long_data.clear();
                    binding.cursor = None;
                    self.put_ok(writer, &sql::execute::Outcome::default(), StatusFlags::empty());
                }
                None => unknown_statement(id, "mysqld_stmt_reset").encode(writer),
            },
            Command::Ping => self.put_ok(writer, &sql::execute::Outcome::default(), StatusFlags::empty()),
            Command::InitDb(name) => {
                let result = self.session.use_database(&String::from_utf8_lossy(name));
                self.answer(writer, result);
            }
            Command::ResetConnection => {
                self.bindings.clear();
                self.session.reset();
                self.put_ok(writer, &sql::execute::Outcome::default(), StatusFlags::empty());
            }
            Command::SetOption { option } => self.set_option(option, writer),
            Command::Statistics => put_statistics(writer, &self.statistics()),
            Command::ProcessKill { connection_id } => {
                use sql::execute::Host as _;
                let found = self.session.node.kill(connection_id.into(), false);
                let result = if found { Ok(()) } else { Err(sql::Error::no_such_thread(connection_id)) };
                self.answer(writer, result);
            }
            Command::FieldList { table, .. } => self.field_list(table, writer),
            Command::ProcessInfo => {
                return self.query(&Bytes::from_static(b"SHOW PROCESSLIST"), socket).await;
            }
            Command::StmtFetch { id, row_count } => self.fetch(id, row_count, writer),
            Command::Quit | Command::ChangeUser(_) => {}
            Command::CreateDb(_)
            | Command::DropDb(_)
            | Command::Refresh { .. }
            | Command::Shutdown
            | Command::Debug
            | Command::BinlogDump(_)
            | Command::BinlogDumpGtid(_)
            | Command::RegisterReplica(_)
            | Command::Internal(_)
            | Command::Unknown(_) => ErrorPacket::new(1047, "Unknown command").encode(writer),
        }
        Ok(())
    }

    fn answer(&self, writer: &mut PacketWriter, result: Result<(), sql::Error>) {
        match result {
            Ok(()) => self.put_ok(writer, &sql::execute::Outcome::default(), StatusFlags::empty()),
            Err(error) => errno::packet(&error).encode(writer),
        }
    }

    /// COM_QUERY: one statement, or several when the client can take several results.
    async fn query(&mut self, text: &Bytes, socket: &mut Socket) -> Result<(), End> {
        self.session.connection.begin("Query", Some(text.clone()));
        if let Some(mut run) = self.session.text_run(text) {
            let values = std::mem::take(&mut run.values);
            let result = self.statement(&run.statement, &values, Some(&mut run.plan), false, socket).await;
            self.session.end_text_run(values);
            return result.map(|_ended_well| ());
        }
        let mut rest: &[u8] = text;
        loop {
            let mode = self.session.state.variables.sql_mode;
            let (statement, remainder) = sql::parse::split_first(rest, mode);
            let multiple = self.capabilities.contains(Capabilities::MULTI_STATEMENTS);
            let more = multiple && !sql::parse::is_blank(remainder);
            let source = if multiple { statement } else { rest };
            let parsed = sql::parse::parse_statement(source, mode).and_then(|parsed| {
                // A `?` is only for prepared statements.
                if parsed.parameter_count > 0 { Err(sql::Error::syntax("?", 1)) } else { Ok(parsed) }
            });
            let ended_well = match parsed {
                Ok(parsed) => self.statement(&Arc::new(parsed.statement), &[], None, more, socket).await?,
                Err(error) => {
                    self.session.state.warnings.clear();
                    self.session.state.warning_count = 0;
                    self.session.state.warn(
                        sql::session::WarningLevel::Error,
                        error.code,
                        error.message.clone(),
                    );
                    errno::packet(&error).encode(&mut socket.writer);
                    false
                }
            };
            if !more || !ended_well {
                return Ok(());
            }
            rest = remainder;
            self.session.connection.next_statement();
        }
    }

    /// Runs a text statement and answers it; false when it failed.
    async fn statement(
        &mut self,
        statement: &Arc<sql::ast::Statement>,
        values: &[Value],
        plan: Option<&mut Option<Arc<CachedPlan>>>,
        more: bool,
        socket: &mut Socket,
    ) -> Result<bool, End> {
        let status = self.status();
        let Socket { channel, writer, .. } = socket;
        let connection = Arc::clone(&self.session.connection);
        let mut gone = false;
        let mut send = |bytes: &[u8]| send_rows(channel, bytes, &connection, &mut gone);
        let mut reply = Reply::new(writer, self.capabilities, false, status);
        reply.stream = Some(&mut send);
        let result = self.session.run(statement, values, plan, &mut reply).await;
        if gone {
            return Err(End::Closed);
        }
        let ended_well = self.finish(result, more, &mut socket.writer);
        if socket.writer.len() >= RESULT_FLUSH_BYTES {
            // Many results of one packet of statements do not collect.
            socket.flush().await?;
        }
        Ok(ended_well)
    }

    /// The packet that ends a statement's answer; false when it is an error.
    fn finish(
        &self,
        result: Result<sql::execute::Outcome, sql::Error>,
        more: bool,
        writer: &mut PacketWriter,
    ) -> bool {
        let more = if more { StatusFlags::MORE_RESULTS_EXISTS } else { StatusFlags::empty() };
        match result {
            Ok(outcome) if outcome.rows => {
                let status = self.status().with(more);
                wire::mysql::resultset::put_end(writer, self.capabilities, status, self.warnings());
                true
            }
            Ok(outcome) => {
                self.put_ok(writer, &outcome, more);
                true
            }
            Err(error) => {
                errno::packet(&self.session.connection.heard(error)).encode(writer);
                false
            }
        }
    }

    async fn prepare(&mut self, text: &[u8], writer: &mut PacketWriter) {
        self.session.connection.begin("Prepare", None);
        if self.session.prepared.len() >= PREPARED_STATEMENTS_PER_CONNECTION_MAX {
            let message = format!(
                "Can't create more than max_prepared_stmt_count statements (current value: {PREPARED_STATEMENTS_PER_CONNECTION_MAX})"
            );
            ErrorPacket::new(1461, message).encode(writer);
            return;
        }
        self.session.state.warnings.clear();
        self.session.state.warning_count = 0;
        self.session.shows_diagnostics = false;
        let prepared = match self.session.prepare(text).await {
            Ok(prepared) => prepared,
            Err(error) => {
                errno::packet(&error).encode(writer);
                return;
            }
        };
        if prepared.parameter_count > STATEMENT_PARAMETERS_MAX {
            ErrorPacket::new(1390, "Prepared statement contains too many placeholders").encode(writer);
            return;
        }
        let id = self.session.next_statement_id;
        self.session.next_statement_id = id.wrapping_add(1).max(1);
        let parameters = vec![Column::parameter(); prepared.parameter_count];
        let columns: Vec<Column> = prepared
            .plan
            .as_ref()
            .map(|cached| cached.plan.result_columns().iter().map(definition).collect())
            .unwrap_or_default();
        put_prepared(writer, id, &parameters, &columns, self.warnings(), self.capabilities, self.status());
        self.session.prepared.insert(id, prepared);
        self.bindings.insert(id, Binding::default());
    }

    fn long_data(&mut self, id: u32, parameter: u16, data: &[u8]) {
        if let Some(binding) = self.bindings.get_mut(&id)
            && let Some(prepared) = self.session.prepared.get(&id)
        {
            binding.long_data.append(parameter, prepared.parameter_count, data, LONG_DATA_BYTES_MAX);
        }
    }

    /// COM_STMT_EXECUTE. With a cursor its rows are kept for COM_STMT_FETCH.
    async fn execute(&mut self, id: u32, flags: u8, bytes: &[u8], socket: &mut Socket) -> Result<(), End> {
        let (Some(mut prepared), Some(binding)) =
            (self.session.prepared.remove(&id), self.bindings.get_mut(&id))
        else {
            unknown_statement(id, "mysqld_stmt_execute").encode(&mut socket.writer);
            return Ok(());
        };
        self.session.connection.begin("Execute", Some(prepared.text.clone()));
        let values = bind(bytes, prepared.parameter_count, binding);
        binding.long_data.clear();
        binding.cursor = None;
        match values {
            Ok(values) if flags & cursor_type::READ_ONLY != 0 => {
                self.execute_for_cursor(id, &mut prepared, &values, &mut socket.writer).await;
            }
            Ok(values) => {
                let statement = Arc::clone(&prepared.statement);
                let status = self.status();
                let Socket { channel, writer, .. } = socket;
                let connection = Arc::clone(&self.session.connection);
                let mut gone = false;
                let mut send = |bytes: &[u8]| send_rows(channel, bytes, &connection, &mut gone);
                let mut reply = Reply::new(writer, self.capabilities, true, status);
                reply.stream = Some(&mut send);
                let result =
                    self.session.run(&statement, &values, Some(&mut prepared.plan), &mut reply).await;
                if gone {
                    return Err(End::Closed);
                }
                self.finish(result, false, &mut socket.writer);
            }
            Err(packet) => packet.encode(&mut socket.writer),
        }
        self.session.prepared.insert(id, prepared);
        Ok(())
    }

    /// Runs a prepared statement into a cursor; one without rows is answered as ever.
    async fn execute_for_cursor(
        &mut self,
        id: u32,
        prepared: &mut Prepared,
        values: &[Value],
        writer: &mut PacketWriter,
    ) {
        let statement = Arc::clone(&prepared.statement);
        let mut rows = PacketWriter::new();
        let mut reply = Reply::new(&mut rows, self.capabilities, true, self.status());
        let result = self.session.run(&statement, values, Some(&mut prepared.plan), &mut reply).await;
        match result {
            Ok(outcome) if outcome.rows => {
                match Cursor::open(&rows, self.capabilities, self.status(), self.warnings(), writer) {
                    Ok(cursor) => {
                        if let Some(binding) = self.bindings.get_mut(&id) {
                            binding.cursor = Some(cursor);
                        }
                    }
                    Err(error) => errno::from_wire(&error).encode(writer),
                }
            }
            other => {
                self.finish(other, false, writer);
            }
        }
    }

    /// COM_STMT_FETCH.
    fn fetch(&mut self, id: u32, row_count: u32, writer: &mut PacketWriter) {
        let (capabilities, status) = (self.capabilities, self.status());
        let Some(binding) = self.bindings.get_mut(&id) else {
            unknown_statement(id, "mysqld_stmt_fetch").encode(writer);
            return;
        };
        let Some(cursor) = &mut binding.cursor else {
            ErrorPacket::new(1421, format!("The statement ({id}) has no open cursor.")).encode(writer);
            return;
        };
        match cursor.fetch(row_count, capabilities, status, writer) {
            Ok(true) => {}
            Ok(false) => binding.cursor = None,
            Err(error) => {
                binding.cursor = None;
                errno::from_wire(&error).encode(writer);
            }
        }
    }

    fn set_option(&mut self, option: u16, writer: &mut PacketWriter) {
        match option {
            0 => self.capabilities.set(Capabilities::MULTI_STATEMENTS, true),
            1 => self.capabilities.set(Capabilities::MULTI_STATEMENTS, false),
            _ => {
                ErrorPacket::new(1047, "Unknown command").encode(writer);
                return;
            }
        }
        if self.capabilities.contains(Capabilities::DEPRECATE_EOF) {
            wire::mysql::ok::put_result_end(writer, self.capabilities, self.status(), 0);
        } else {
            put_eof(writer, self.status(), 0);
        }
    }

    fn statistics(&self) -> String {
        let node = &self.session.node;
        let uptime = node.processes.started.elapsed().as_secs();
        let questions = node.processes.counters.questions.load(std::sync::atomic::Ordering::Relaxed);
        let average = questions as f64 / uptime.max(1) as f64;
        let threads = node.processes.len();
        format!(
            "Uptime: {uptime}  Threads: {threads}  Questions: {questions}  Slow queries: 0  Opens: 0  Flush tables: 0  Open tables: 0  Queries per second avg: {average:.3}"
        )
    }

    /// COM_FIELD_LIST, for the command line's completion.
    fn field_list(&self, table: &[u8], writer: &mut PacketWriter) {
        let columns = self.session.describe(&String::from_utf8_lossy(table));
        match columns {
            Ok(columns) => {
                for column in &columns {
                    definition(column).encode_with_default(writer, None);
                }
                put_eof(writer, self.status(), 0);
            }
            Err(error) => errno::packet(&error).encode(writer),
        }
    }
}

fn bind(bytes: &[u8], count: usize, binding: &mut Binding) -> Result<Vec<Value>, ErrorPacket> {
    let parsed = parse_parameters(bytes, count, &mut binding.types, &binding.long_data)
        .map_err(|error| errno::from_wire(&error))?;
    let mut values = Vec::with_capacity(count);
    for parameter in parsed {
        let parameter = parameter.map_err(|error| errno::from_wire(&error))?;
        values.push(parameters::value(&parameter).map_err(|error| errno::packet(&error))?);
    }
    Ok(values)
}

/// Sends rows of a statement that goes on. The thread leaves the async workers for as long as the client takes to read them;
/// one that takes nothing for too long, or is killed, is `gone`: part of a packet may have left, so nothing can follow.
fn send_rows(
    channel: &mut Channel,
    bytes: &[u8],
    connection: &Connection,
    gone: &mut bool,
) -> std::io::Result<()> {
    let sent = tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(async {
            tokio::select! {
                sent = channel.write_all(bytes) => sent,
                () = connection.until_connection_killed() => Err(std::io::ErrorKind::Interrupted.into()),
            }
        })
    });
    *gone |= sent.is_err();
    sent
}

fn unknown_statement(id: u32, given_to: &str) -> ErrorPacket {
    ErrorPacket::new(1243, format!("Unknown prepared statement handler ({id}) given to {given_to}"))
}
