//! A client's commands: each is answered by what its session did, and by nothing else.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use sql::ast::{Counted, Statement};
use sql::execute::Outcome;
use sql::execute::memory::{Bounded, ends_connection};
use sql::types::{CharacterSet, Value};
use wire::mysql::column::Column;
use wire::mysql::command::Command;
use wire::mysql::constant::{Capabilities, StatusFlags, cursor_type};
use wire::mysql::error::ErrorPacket;
use wire::mysql::execute::{LongData, ParameterType, parse_parameters, parse_parameters_and_attributes};
use wire::mysql::handshake::Salt;
use wire::mysql::ok::{OkPacket, PrepareOk, put_eof, put_result_end_with_changes, put_statistics};
use wire::mysql::packet::PacketWriter;
use wire::mysql::resultset::{put_end, put_prepared, put_prepared_optionally};

use super::channel::Channel;
use super::connection::{End, Socket};
use super::cursor::{Cursor, Part, Spill};
use crate::forward::caller::{Asked, AskedExecution, Forwarded};
use crate::forward::pool::Held;
use crate::limits::{RESULT_FLUSH_BYTES, RESULT_HELD_BYTES_MAX};
use crate::node::errno;
use crate::node::login::Standing;
use crate::node::metadata::definition;
use crate::node::parameters;
use crate::node::plan_cache::{CachedPlan, Prepared};
use crate::node::process::Connection;
use crate::node::result::{HELD, Reply};
use crate::node::session::Session;
use crate::node::tracker::Tracker;

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
    /// The connection to the leader on which the session's transaction is open.
    pub elsewhere: Option<Held>,
    bindings: HashMap<u32, Binding>,
    /// What the client is told of its session's state; none for one that cannot read it.
    tracker: Option<Box<Tracker>>,
}

impl Client {
    /// A client whose login was accepted.
    #[must_use]
    pub fn new(session: Session, capabilities: Capabilities, salt: Salt, address: SocketAddr) -> Client {
        let is_tracked = capabilities.contains(Capabilities::SESSION_TRACK);
        let tracker = is_tracked.then(|| Box::new(Tracker::new(&session)));
        Client { session, capabilities, salt, address, elsewhere: None, bindings: HashMap::new(), tracker }
    }

    /// The OK packet after a login.
    pub fn put_login_ok(&mut self, writer: &mut PacketWriter) {
        self.put_ok(writer, &Outcome::default(), StatusFlags::empty());
    }

    /// A new session for another user, after COM_CHANGE_USER was accepted.
    ///
    /// # Errors
    /// 1049 when the database is not there.
    pub async fn become_user(
        &mut self,
        user: &str,
        standing: Standing,
        database: Option<&str>,
    ) -> Result<(), sql::Error> {
        self.abandon_elsewhere();
        self.bindings.clear();
        user.clone_into(&mut self.session.state.user);
        self.session.state.account = standing.account.clone();
        self.session.standing = standing;
        self.reset_session();
        self.session.state.database = None;
        self.session.connection.identify(user, None);
        match database {
            Some(name) => Box::pin(self.session.use_database(name)).await,
            None => Ok(()),
        }
    }

    fn reset_session(&mut self) {
        self.session.reset();
        let node = Arc::clone(&self.session.node);
        super::requested::set_idle_time(&node, self.capabilities, &mut self.session.state);
        if let Some(tracker) = &mut self.tracker {
            tracker.reset(&mut self.session);
        }
    }

    /// What has changed of the session since the client was last told, encoded; empty for nothing.
    fn take_changes(&mut self) -> Vec<u8> {
        self.tracker.as_mut().map_or_else(Vec::new, |tracker| tracker.take(&mut self.session))
    }

    /// The session's status flags.
    fn status(&self) -> StatusFlags {
        self.session.status_flags()
    }

    /// Warnings of the statement that is answered; `SHOW WARNINGS` has none of its own.
    fn warnings(&self) -> u16 {
        if self.session.shows_diagnostics {
            return 0;
        }
        u16::try_from(self.session.state.warning_count).unwrap_or(u16::MAX)
    }

    fn put_ok(&mut self, writer: &mut PacketWriter, outcome: &Outcome, more: StatusFlags) {
        let changes = self.take_changes();
        let ok = OkPacket {
            affected_rows: outcome.affected,
            last_insert_id: outcome.last_insert_id,
            status: self.status().with(more),
            warnings: self.warnings(),
            info: outcome.info.as_bytes(),
        };
        match changes.is_empty() {
            true => ok.encode(writer),
            false => ok.encode_with_changes(writer, &changes),
        }
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
            Command::Query(body) => match self.text_of(body) {
                Ok(text) => return self.query(&packet.slice_ref(text), socket).await,
                Err(error) => errno::from_wire(&error).encode(writer),
            },
            Command::StmtExecute { id, flags, parameters } => {
                return self.execute(id, flags, parameters, socket).await;
            }
            Command::StmtPrepare(text) => self.prepare(text, writer).await,
            Command::StmtSendLongData { id, parameter, data } => self.long_data(id, parameter, data),
            Command::StmtClose { id } => {
                self.count(Counted::StmtClose);
                self.session.prepared.remove(&id);
                self.bindings.remove(&id);
            }
            Command::StmtReset { id } => match self.bindings.get_mut(&id) {
                Some(binding) => {
                    self.session.connection.counts.count(Counted::StmtReset);
                    binding.long_data.clear();
                    binding.cursor = None;
                    self.put_ok(writer, &Outcome::default(), StatusFlags::empty());
                }
                None => unknown_statement(id).encode(writer),
            },
            Command::Ping => self.put_ok(writer, &Outcome::default(), StatusFlags::empty()),
            Command::InitDb(name) => {
                let result = match (self.session.standing.admit_command(), name) {
                    (Err(error), _) => Err(error),
                    (Ok(()), []) => Err(sql::Error::no_database()),
                    (Ok(()), name) => {
                        Box::pin(self.session.use_database(&String::from_utf8_lossy(name))).await
                    }
                };
                self.answer(writer, result);
            }
            Command::ResetConnection => {
                self.abandon_elsewhere();
                self.bindings.clear();
                self.reset_session();
                self.put_ok(writer, &Outcome::default(), StatusFlags::empty());
            }
            Command::SetOption { option } => self.set_option(option, writer),
            Command::Statistics => put_statistics(writer, &self.statistics()),
            Command::ProcessKill { connection_id } => {
                let result = self.session.kill_connection(connection_id.into(), false);
                self.answer(writer, result);
            }
            Command::FieldList { table, .. } => self.field_list(table, writer),
            Command::ProcessInfo => {
                return self.query(&Bytes::from_static(b"SHOW PROCESSLIST"), socket).await;
            }
            Command::StmtFetch { id, row_count } => return self.fetch(id, row_count, socket).await,
            Command::Debug => {
                tracing::info!("COM_DEBUG: {}", self.statistics());
                put_end(writer, self.capabilities, self.status(), 0);
            }
            Command::Quit | Command::ChangeUser(_) => {}
            Command::CreateDb(_)
            | Command::DropDb(_)
            | Command::Refresh { .. }
            | Command::Shutdown
            | Command::BinlogDump(_)
            | Command::BinlogDumpGtid(_)
            | Command::RegisterReplica(_)
            | Command::Internal(_)
            | Command::Unknown(_) => ErrorPacket::new(1047, "Unknown command").encode(writer),
        }
        Ok(())
    }

    fn answer(&mut self, writer: &mut PacketWriter, result: Result<(), sql::Error>) {
        match result {
            Ok(()) => self.put_ok(writer, &Outcome::default(), StatusFlags::empty()),
            Err(error) => errno::packet(&error).encode(writer),
        }
    }

    /// The text of a COM_QUERY, without the attributes that may come before it.
    fn text_of<'a>(&self, body: &'a [u8]) -> wire::Result<&'a [u8]> {
        if self.capabilities.contains(Capabilities::QUERY_ATTRIBUTES) {
            return wire::mysql::query_attributes::skip_in_query(body);
        }
        Ok(body)
    }

    /// Whether the client wants no definitions of columns.
    fn omits_metadata(&self) -> bool {
        self.capabilities.contains(Capabilities::OPTIONAL_RESULTSET_METADATA)
            && self.session.state.variables.omits_metadata()
    }

    /// A statement's text, which came in `character_set_client`.
    fn read_text(&self, text: &Bytes) -> Bytes {
        let variables = &self.session.state.variables;
        sql::parse::to_utf8(text, variables.character_set_client, variables.sql_mode)
    }

    /// COM_QUERY: one statement, or several when the client can take several results.
    async fn query(&mut self, text: &Bytes, socket: &mut Socket) -> Result<(), End> {
        let text = &self.read_text(text);
        self.session.connection.begin("Query", Some(text.clone()));
        self.session.time_hint_ms = sql::parse::max_execution_time(text);
        let forwards = self.forwards();
        if let Some(mut run) = (!forwards).then(|| self.session.text_run(text)).flatten() {
            let values = std::mem::take(&mut run.values);
            let result = self.statement(&run.statement, &values, Some(&mut run.plan), false, socket).await;
            self.session.end_text_run(values);
            return result.map(|_ended_well| ());
        }
        let mut rest: &[u8] = sql::parse::trimmed(text);
        loop {
            let mode = self.session.state.variables.sql_mode;
            let (statement, remainder) = sql::parse::split_first(rest, mode);
            let multiple = self.capabilities.contains(Capabilities::MULTI_STATEMENTS);
            let remainder = sql::parse::trimmed(remainder);
            // A comment that follows is a statement of its own, with an answer of its own.
            let more = multiple && !remainder.is_empty();
            // Where nothing comes before a semicolon, the semicolon is the syntax error.
            let source = if multiple && !sql::parse::is_blank(statement) { statement } else { rest };
            self.session.time_hint_ms = sql::parse::max_execution_time(source);
            let parsed = sql::parse::parse_statement(source, mode).and_then(|parsed| {
                // A `?` is only for prepared statements.
                if parsed.parameter_count > 0 { Err(sql::Error::syntax("?", 1)) } else { Ok(parsed) }
            });
            let ended_well = match parsed {
                Ok(parsed) => {
                    let statement = Arc::new(parsed.statement);
                    let asked =
                        Asked { statement: &statement, text: source, execution: None, has_more: more };
                    match self.forward_if_needed(asked, socket).await? {
                        Forwarded::Answered(ended_well) => ended_well,
                        Forwarded::Here => self.statement(&statement, &[], None, more, socket).await?,
                    }
                }
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

    /// Has a statement run on the leader if this node does not lead and its client wants that.
    async fn forward_if_needed(&mut self, asked: Asked<'_>, socket: &mut Socket) -> Result<Forwarded, End> {
        if self.forwards() { Box::pin(self.forward(asked, socket)).await } else { Ok(Forwarded::Here) }
    }

    /// Runs a text statement and answers it; false when it failed.
    ///
    /// # Errors
    /// When the client is gone.
    pub async fn statement(
        &mut self,
        statement: &Arc<sql::ast::Statement>,
        values: &[Value],
        plan: Option<&mut Option<Arc<CachedPlan>>>,
        more: bool,
        socket: &mut Socket,
    ) -> Result<bool, End> {
        if matches!(&**statement, sql::ast::Statement::Load(load) if load.local) {
            return self.load_local(statement, more, socket).await;
        }
        let result = self.run_for_rows(statement, values, plan, false, socket).await?;
        let ended_well = self.finish(result, more, &mut socket.writer);
        if socket.writer.len() >= RESULT_FLUSH_BYTES {
            // Many results of one packet of statements do not collect.
            socket.flush().await?;
        }
        Ok(ended_well)
    }

    /// Runs a statement and sends its rows; the packet that ends them is not sent yet. `is_binary` is how the rows are sent.
    ///
    /// # Errors
    /// When the client is gone; of the inner kind what the statement fails with.
    pub async fn run_for_rows(
        &mut self,
        statement: &Arc<Statement>,
        values: &[Value],
        plan: Option<&mut Option<Arc<CachedPlan>>>,
        is_binary: bool,
        socket: &mut Socket,
    ) -> Result<Result<Outcome, sql::Error>, End> {
        let (status, omits_metadata) = (self.status(), self.omits_metadata());
        let Socket { channel, writer, .. } = socket;
        let connection = Arc::clone(&self.session.connection);
        let mut gone = false;
        let mut send = |bytes: &[u8]| send_rows(channel, bytes, &connection, &mut gone);
        let mut reply = Reply::new(writer, self.capabilities, is_binary, status);
        reply.omits_metadata = omits_metadata;
        reply.results = self.session.state.variables.results;
        reply.stream = Some(&mut send);
        reply.held = Some(Bounded::new(&self.session.state, RESULT_HELD_BYTES_MAX, HELD));
        let result = self.session.run(statement, values, plan, &mut reply).await;
        if gone {
            return Err(End::Closed);
        }
        self.observe(statement, &result);
        Ok(result)
    }

    /// Lets the tracker know what was run.
    pub fn observe(&mut self, statement: &Statement, result: &Result<Outcome, sql::Error>) {
        if let Some(tracker) = &mut self.tracker {
            let sent_rows = result.as_ref().is_ok_and(|outcome| outcome.rows);
            tracker.observe(&mut self.session, statement, sent_rows);
        }
    }

    /// The packet that ends a statement's answer; false when it is an error.
    pub fn finish(
        &mut self,
        result: Result<Outcome, sql::Error>,
        more: bool,
        writer: &mut PacketWriter,
    ) -> bool {
        let more = if more { StatusFlags::MORE_RESULTS_EXISTS } else { StatusFlags::empty() };
        match result {
            Ok(outcome) if outcome.rows => {
                let deprecates = self.capabilities.contains(Capabilities::DEPRECATE_EOF);
                // An EOF packet cannot carry them: they wait for the next OK.
                let changes = if deprecates { self.take_changes() } else { Vec::new() };
                let (status, warnings) = (self.status().with(more), self.warnings());
                match changes.is_empty() {
                    true => put_end(writer, self.capabilities, status, warnings),
                    false => put_result_end_with_changes(writer, status, warnings, &changes),
                }
                true
            }
            Ok(outcome) => {
                self.put_ok(writer, &outcome, more);
                true
            }
            Err(error) => {
                if ends_connection(&error) {
                    self.session
                        .connection
                        .connection_killed
                        .store(true, std::sync::atomic::Ordering::Release);
                }
                errno::packet(&self.session.connection.heard(error)).encode(writer);
                false
            }
        }
    }

    async fn prepare(&mut self, text: &[u8], writer: &mut PacketWriter) {
        self.session.connection.begin("Prepare", None);
        self.count(Counted::StmtPrepare);
        self.session.state.warnings.clear();
        self.session.state.warning_count = 0;
        self.session.shows_diagnostics = false;
        let text = self.read_text(&Bytes::copy_from_slice(text));
        let prepared = match self.session.standing.admit_command() {
            Ok(()) => self.session.prepare(&text).await,
            Err(refused) => Err(refused),
        };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                errno::packet(&error).encode(writer);
                return;
            }
        };
        let id = self.session.next_statement_id;
        self.session.next_statement_id = id.wrapping_add(1).max(1);
        let parameters = vec![Column::parameter(); prepared.parameter_count];
        let results = self.session.state.variables.results;
        let of_results = |column| definition(column, results);
        let columns: Vec<Column> = prepared
            .plan
            .as_ref()
            .map(|cached| cached.plan.result_columns().iter().map(of_results).collect())
            .unwrap_or_default();
        let (capabilities, status, warnings) = (self.capabilities, self.status(), self.warnings());
        if capabilities.contains(Capabilities::OPTIONAL_RESULTSET_METADATA) {
            let answer = PrepareOk {
                statement_id: id,
                column_count: columns.len() as u16,
                parameter_count: parameters.len() as u16,
                warnings,
            };
            let lists = [&parameters[..], &columns[..]];
            put_prepared_optionally(writer, answer, lists, capabilities, status, !self.omits_metadata());
        } else {
            put_prepared(writer, id, &parameters, &columns, warnings, capabilities, status);
        }
        self.session.prepared.insert(id, prepared);
        self.bindings.insert(id, Binding::default());
    }

    fn long_data(&mut self, id: u32, parameter: u16, data: &[u8]) {
        self.count(Counted::StmtSendLongData);
        // As a packet, of which it could have been part.
        let bytes_max = self.session.state.variables.max_allowed_packet_bytes as usize;
        if let Some(binding) = self.bindings.get_mut(&id)
            && let Some(prepared) = self.session.prepared.get(&id)
        {
            binding.long_data.append(parameter, prepared.parameter_count, data, bytes_max);
        }
    }

    fn count(&self, kind: Counted) {
        self.session.connection.counts.count(kind);
    }

    /// COM_STMT_EXECUTE. With a cursor its rows are kept for COM_STMT_FETCH.
    async fn execute(&mut self, id: u32, flags: u8, bytes: &[u8], socket: &mut Socket) -> Result<(), End> {
        self.count(Counted::StmtExecute);
        let (Some(mut prepared), Some(binding)) =
            (self.session.prepared.remove(&id), self.bindings.get_mut(&id))
        else {
            unknown_statement(id).encode(&mut socket.writer);
            return Ok(());
        };
        self.session.connection.begin("Execute", Some(prepared.text.clone()));
        self.session.time_hint_ms = sql::parse::max_execution_time(&prepared.text);
        let has_attributes = self.capabilities.contains(Capabilities::QUERY_ATTRIBUTES);
        let set = self.session.state.variables.character_set_client;
        let values = bind(bytes, prepared.parameter_count, has_attributes.then_some(flags), binding, set);
        binding.long_data.clear();
        binding.cursor = None;
        match values {
            Ok(values) if self.forwards() => {
                let database = prepared.database(&self.session);
                let execution =
                    AskedExecution { values: &values, database: database.as_deref(), is_binary: true };
                let (statement, text) = (Arc::clone(&prepared.statement), prepared.text.clone());
                let asked =
                    Asked { statement: &statement, text: &text, execution: Some(execution), has_more: false };
                if self.forward_if_needed(asked, socket).await? == Forwarded::Here {
                    self.execute_here(id, flags, &mut prepared, &values, socket).await?;
                }
            }
            Ok(values) => self.execute_here(id, flags, &mut prepared, &values, socket).await?,
            Err(packet) => packet.encode(&mut socket.writer),
        }
        self.session.prepared.insert(id, prepared);
        Ok(())
    }

    /// Runs a prepared statement on this node, into a cursor if one was asked for.
    async fn execute_here(
        &mut self,
        id: u32,
        flags: u8,
        prepared: &mut Prepared,
        values: &[Value],
        socket: &mut Socket,
    ) -> Result<(), End> {
        // A CALL has no cursor, as in MySQL.
        if flags & cursor_type::READ_ONLY != 0 && !matches!(*prepared.statement, Statement::Call(_)) {
            self.execute_for_cursor(id, prepared, values, &mut socket.writer).await;
            return Ok(());
        }
        let statement = Arc::clone(&prepared.statement);
        let plan = Some(&mut prepared.plan);
        let result = self.run_for_rows(&statement, values, plan, true, socket).await?;
        self.finish(result, false, &mut socket.writer);
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
        let node = Arc::clone(&self.session.node);
        let connection_id = self.session.connection.id;
        let mut spill = Spill::new(&node.config.data, &node.cursor_spill_bytes, connection_id, id);
        let mut send = |bytes: &[u8]| spill.write(bytes);
        let mut reply = Reply::new(&mut rows, self.capabilities, true, self.status());
        reply.stream = Some(&mut send);
        reply.held = Some(Bounded::new(&self.session.state, RESULT_HELD_BYTES_MAX, HELD));
        reply.omits_metadata = self.omits_metadata();
        reply.results = self.session.state.variables.results;
        let result = self.session.run(&statement, values, Some(&mut prepared.plan), &mut reply).await;
        let result = result.map_err(|error| spill.failure.take().unwrap_or(error));
        self.observe(&statement, &result);
        match result {
            Ok(outcome) if outcome.rows => {
                let (status, warnings) = (self.status(), self.warnings());
                match Cursor::open(spill, &rows, self.capabilities, status, warnings, writer).await {
                    Ok(cursor) => {
                        if let Some(binding) = self.bindings.get_mut(&id) {
                            binding.cursor = Some(cursor);
                        }
                    }
                    Err(error) => errno::packet(&error).encode(writer),
                }
            }
            other => {
                self.finish(other, false, writer);
            }
        }
    }

    /// COM_STMT_FETCH. Rows leave as they are read: however many were asked for, they do not collect.
    async fn fetch(&mut self, id: u32, mut row_count: u32, socket: &mut Socket) -> Result<(), End> {
        self.count(Counted::StmtFetch);
        let (capabilities, status) = (self.capabilities, self.status());
        let Some(binding) = self.bindings.get_mut(&id) else {
            unknown_statement(id).encode(&mut socket.writer);
            return Ok(());
        };
        let Some(cursor) = &mut binding.cursor else {
            ErrorPacket::new(1421, format!("The statement ({id}) has no open cursor."))
                .encode(&mut socket.writer);
            return Ok(());
        };
        loop {
            match cursor.fetch(&mut row_count, capabilities, status, &mut socket.writer).await {
                Ok(Part::Full) => socket.flush().await?,
                Ok(Part::Done) => return Ok(()),
                Ok(Part::End) => break,
                Err(error) => {
                    errno::packet(&error).encode(&mut socket.writer);
                    break;
                }
            }
        }
        binding.cursor = None;
        Ok(())
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
    fn field_list(&mut self, table: &[u8], writer: &mut PacketWriter) {
        let columns = self.session.describe(&String::from_utf8_lossy(table));
        match columns {
            Ok(columns) => {
                for column in columns.iter().filter(|_| !self.omits_metadata()) {
                    let results = self.session.state.variables.results;
                    definition(column, results).encode_with_default(writer, None);
                }
                put_end(writer, self.capabilities, self.status(), 0);
            }
            Err(error) => errno::packet(&error).encode(writer),
        }
    }
}

/// The values of an execution. `flags` are the command's where its client may send attributes behind them.
fn bind(
    bytes: &[u8],
    count: usize,
    flags: Option<u8>,
    binding: &mut Binding,
    set: CharacterSet,
) -> Result<Vec<Value>, ErrorPacket> {
    let Binding { types, long_data, .. } = binding;
    let parsed = match flags {
        Some(flags) => parse_parameters_and_attributes(bytes, count, flags, types, long_data),
        None => parse_parameters(bytes, count, types, long_data),
    };
    let parsed = parsed.map_err(|error| errno::from_wire(&error))?;
    let mut values = Vec::with_capacity(count);
    for parameter in parsed {
        let parameter = parameter.map_err(|error| errno::from_wire(&error))?;
        values.push(parameters::value(&parameter, set).map_err(|error| errno::packet(&error))?);
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

fn unknown_statement(id: u32) -> ErrorPacket {
    ErrorPacket::new(1243, format!("Unknown prepared statement handler ({id}) given to mysql_stmt_precheck"))
}
