//! A server for tests of the driver: real sockets, answers from a function.
//!
//! Speaks the server's side of `wire` only as far as the tests go: one thread a connection, prepared statements that
//! echo their parameters.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use wire::mysql::auth::{Authenticator, Credential, Plugin, Step, Terms};
use wire::mysql::column::Column;
use wire::mysql::command::Command;
use wire::mysql::constant::{Capabilities, StatusFlags, column_type};
use wire::mysql::error::put_error;
use wire::mysql::execute::{LongData, parse_parameters};
use wire::mysql::handshake::{ClientHello, Greeting, Salt};
use wire::mysql::ok::OkPacket;
use wire::mysql::packet::{Packet, PacketReader, PacketWriter};
use wire::mysql::primitive::put_lenenc_bytes;
use wire::mysql::resultset::{self, BinaryRow, TextRow};
use wire::mysql::value::Param;

/// What the server does with a statement.
#[derive(Clone, Debug)]
pub enum Answer {
    /// OK with this many rows changed.
    Changed(u64),
    /// OK, and a transaction is open from now on.
    Begun,
    /// OK with one row changed, the name of a transaction and a value of `quorate_topology`, to a client that tracks them.
    Tracked(&'static str, String),
    /// OK, and no transaction is open from now on.
    Ended,
    /// A result set of one row.
    Row(Vec<Option<Vec<u8>>>),
    /// A result set.
    Table(Vec<Vec<Option<Vec<u8>>>>),
    /// Result sets of one column each; `None` is NULL.
    Rows(Vec<Vec<Option<Vec<u8>>>>),
    /// A row, then an error.
    RowsThenError(u16),
    /// An error.
    Error(u16, String),
    /// No answer, and the connection closed.
    Close,
    /// An answer, then the connection closed.
    ChangedThenClose(u64),
    /// No answer for ever.
    Hang,
}

const OFFERED: Capabilities = Capabilities::SERVER.with(Capabilities::SESSION_TRACK);

type Handler = dyn Fn(&[u8]) -> Answer + Send + Sync;

/// A listening server; its threads end with the process.
pub struct Server {
    pub address: String,
}

impl Server {
    pub fn start(handler: impl Fn(&[u8]) -> Answer + Send + Sync + 'static) -> Server {
        Server::with_account(Plugin::CachingSha2, Some(Credential::Empty), handler)
    }

    pub fn with_account(
        default_plugin: Plugin,
        credential: Option<Credential>,
        handler: impl Fn(&[u8]) -> Answer + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let handler: Arc<Handler> = Arc::new(handler);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (handler, credential) = (Arc::clone(&handler), credential.clone());
                std::thread::spawn(move || {
                    let mut session = Session::new(stream.unwrap(), handler);
                    if session.log_in(number as u32 + 1, default_plugin, credential) {
                        session.serve();
                    }
                });
            }
        });
        Server { address }
    }
}

struct Session {
    stream: TcpStream,
    reader: PacketReader,
    writer: PacketWriter,
    handler: Arc<Handler>,
    capabilities: Capabilities,
    status: StatusFlags,
}

impl Session {
    fn new(stream: TcpStream, handler: Arc<Handler>) -> Self {
        Session {
            stream,
            reader: PacketReader::new(wire::limits::HANDSHAKE_PACKET_BYTES_MAX),
            writer: PacketWriter::new(),
            handler,
            capabilities: Capabilities::empty(),
            status: StatusFlags::AUTOCOMMIT,
        }
    }

    /// The next packet; `None` when the client is gone.
    fn packet(&mut self) -> Option<Packet> {
        let mut buffer = [0; 64 << 10];
        loop {
            if let Some(packet) = self.reader.next().unwrap() {
                return Some(packet);
            }
            let count = self.stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
            self.reader.buffer_mut().extend_from_slice(&buffer[..count]);
        }
    }

    fn flush(&mut self) {
        let _ = self.stream.write_all(self.writer.as_slice());
        self.writer.clear();
    }

    fn log_in(&mut self, connection_id: u32, plugin: Plugin, credential: Option<Credential>) -> bool {
        let salt = Salt::from_random(std::array::from_fn(|index| {
            (connection_id as u8).wrapping_mul(index as u8 + 3)
        }));
        Greeting {
            server_version: "8.0.36-fake".to_owned(),
            connection_id,
            salt,
            capabilities: OFFERED,
            charset: 255,
            status: self.status,
            auth_plugin: plugin.name().to_owned(),
        }
        .encode(&mut self.writer);
        self.flush();
        self.reader.set_sequence_next(self.writer.sequence());
        let Some(packet) = self.packet() else { return false };
        let Ok(ClientHello::Response(response)) = ClientHello::parse(&packet.payload, OFFERED) else {
            return false;
        };
        self.capabilities = response.capabilities;
        assert!(
            response.attributes.iter().count() == 0 || response.attributes.get(b"_client_name").is_some()
        );
        let public_key = include_str!("public_key.pem").into();
        let mut login = Authenticator::new(Terms { salt, greeted: plugin, is_encrypted: false, public_key });
        let credential = credential.unwrap_or(Credential::Decoy(plugin));
        let mut step = login.start(response.auth_plugin, response.auth_response, credential);
        loop {
            self.writer.set_sequence(self.reader.sequence_next());
            match step {
                Step::Send(payload) => {
                    self.writer.put_packet(&payload);
                    self.flush();
                    self.reader.set_sequence_next(self.writer.sequence());
                    let Some(packet) = self.packet() else { return false };
                    step = login.step(&packet.payload);
                }
                // Nobody has the private key.
                Step::Verify(_) => step = login.verified(false),
                Step::Accept { preface } => {
                    if !preface.is_empty() {
                        self.writer.put_packet(preface);
                    }
                    OkPacket { status: self.status, ..OkPacket::default() }.encode(&mut self.writer);
                    self.flush();
                    self.reader.set_packet_bytes_max(wire::limits::MAX_ALLOWED_PACKET_DEFAULT_BYTES);
                    return true;
                }
                Step::Deny(denial) => {
                    denial.to_packet("tester", "localhost").encode(&mut self.writer);
                    self.flush();
                    return false;
                }
            }
        }
    }

    fn serve(&mut self) {
        let (mut types, mut long_data) = (Vec::new(), LongData::default());
        let mut parameter_count = 0;
        loop {
            self.reader.reset_sequence();
            let Some(packet) = self.packet() else { return };
            self.writer.set_sequence(packet.sequence.wrapping_add(1));
            match Command::parse(&packet.payload).unwrap() {
                Command::Query(sql) => {
                    let answer = (self.handler)(sql);
                    if !self.answer(&answer) {
                        return self.flush();
                    }
                }
                Command::StmtPrepare(sql) => {
                    parameter_count = sql.iter().filter(|byte| **byte == b'?').count();
                    let parameters = vec![Column::parameter(); parameter_count];
                    let columns =
                        if parameter_count == 0 { Vec::new() } else { self.echo_columns(parameter_count) };
                    let (capabilities, status) = (self.capabilities, self.status);
                    resultset::put_prepared(
                        &mut self.writer,
                        1,
                        &parameters,
                        &columns,
                        0,
                        capabilities,
                        status,
                    );
                }
                Command::StmtExecute { parameters, .. } => {
                    let values = parse_parameters(parameters, parameter_count, &mut types, &long_data)
                        .and_then(|values| values.collect::<Result<Vec<_>, _>>());
                    match values {
                        Ok(values) => echo(&mut self.writer, &values, self.capabilities, self.status),
                        Err(error) => error.to_packet().encode(&mut self.writer),
                    }
                    long_data.clear();
                }
                Command::StmtSendLongData { parameter, data, .. } => {
                    long_data.append(parameter, parameter_count, data, 1 << 20);
                }
                Command::StmtReset { .. } => {
                    long_data.clear();
                    OkPacket { status: self.status, ..OkPacket::default() }.encode(&mut self.writer);
                }
                Command::StmtClose { .. } => {}
                Command::Ping | Command::InitDb(_) | Command::ResetConnection => {
                    OkPacket { status: self.status, ..OkPacket::default() }.encode(&mut self.writer);
                }
                Command::Quit => return,
                other => put_error(&mut self.writer, 1047, &format!("Unknown command {other:?}")),
            }
            if self.reader.is_drained() {
                self.flush();
            }
        }
    }

    fn echo_columns(&self, count: usize) -> Vec<Column> {
        let column = |index| Column {
            name: format!("p{index}"),
            column_type: column_type::VAR_STRING,
            ..Column::default()
        };
        (0..count).map(column).collect()
    }

    fn put_table(&mut self, rows: &[Vec<Option<Vec<u8>>>]) {
        let columns = self.echo_columns(rows.first().map_or(1, Vec::len));
        resultset::put_columns(&mut self.writer, &columns, self.capabilities, self.status);
        for values in rows {
            let mut row = TextRow::begin(&mut self.writer);
            for value in values {
                match value {
                    Some(bytes) => row.bytes(bytes),
                    None => row.null(),
                }
            }
            row.end();
        }
        resultset::put_end(&mut self.writer, self.capabilities, self.status, 0);
    }

    /// Writes an answer; false when the connection is to be closed.
    fn answer(&mut self, answer: &Answer) -> bool {
        let status = self.status;
        match answer {
            Answer::Changed(affected_rows) | Answer::ChangedThenClose(affected_rows) => {
                let info = b"Rows matched: 1".as_slice();
                OkPacket { affected_rows: *affected_rows, status, last_insert_id: 7, warnings: 2, info }
                    .encode(&mut self.writer);
            }
            Answer::Begun => {
                self.status.set(StatusFlags::IN_TRANS, true);
                OkPacket { status: self.status, ..OkPacket::default() }.encode(&mut self.writer);
            }
            Answer::Tracked(gtid, topology) => {
                let mut changes = Vec::new();
                let mut change = |kind: u8, parts: &[&[u8]]| {
                    let mut data = Vec::new();
                    parts.iter().for_each(|part| put_lenenc_bytes(&mut data, part));
                    changes.push(kind);
                    put_lenenc_bytes(&mut changes, &data);
                };
                change(0, &[b"quorate_topology", topology.as_bytes()]);
                // The 0 says how names are written.
                changes.extend_from_slice(&[3, gtid.len() as u8 + 2, 0]);
                put_lenenc_bytes(&mut changes, gtid.as_bytes());
                let status = status | StatusFlags::SESSION_STATE_CHANGED;
                self.writer.begin_packet();
                self.writer.put_bytes(&[0, 1, 0]);
                self.writer.put_u16(status.bits());
                self.writer.put_u16(0);
                self.writer.put_lenenc_bytes(b"");
                self.writer.put_lenenc_bytes(&changes);
                self.writer.end_packet();
            }
            Answer::Ended => {
                self.status.set(StatusFlags::IN_TRANS, false);
                OkPacket { status: self.status, ..OkPacket::default() }.encode(&mut self.writer);
            }
            Answer::Row(row) => self.put_table(std::slice::from_ref(row)),
            Answer::Table(rows) => self.put_table(rows),
            Answer::Rows(results) => {
                for (number, rows) in results.iter().enumerate() {
                    let mut status = status;
                    status.set(StatusFlags::MORE_RESULTS_EXISTS, number + 1 < results.len());
                    let columns = self.echo_columns(1);
                    resultset::put_columns(&mut self.writer, &columns, self.capabilities, status);
                    for value in rows {
                        let mut row = TextRow::begin(&mut self.writer);
                        match value {
                            Some(bytes) => row.bytes(bytes),
                            None => row.null(),
                        }
                        row.end();
                    }
                    resultset::put_end(&mut self.writer, self.capabilities, status, 1);
                }
            }
            Answer::RowsThenError(number) => {
                let columns = self.echo_columns(1);
                resultset::put_columns(&mut self.writer, &columns, self.capabilities, status);
                let mut row = TextRow::begin(&mut self.writer);
                row.int(1);
                row.end();
                put_error(&mut self.writer, *number, "interrupted");
            }
            Answer::Error(number, message) => put_error(&mut self.writer, *number, message),
            Answer::Close => return false,
            Answer::Hang => loop {
                std::thread::park();
            },
        }
        !matches!(answer, Answer::ChangedThenClose(_))
    }
}

/// Sends parameters back as one binary row whose columns have the parameters' types.
fn echo(writer: &mut PacketWriter, values: &[Param<'_>], capabilities: Capabilities, status: StatusFlags) {
    if values.is_empty() {
        return OkPacket { status, ..OkPacket::default() }.encode(writer);
    }
    let columns: Vec<Column> = values.iter().map(column_of).collect();
    resultset::put_columns(writer, &columns, capabilities, status);
    let mut row = BinaryRow::begin(writer, values.len());
    for value in values {
        match value {
            Param::Null => row.null(),
            Param::Int(value) => row.i64(*value),
            Param::UInt(value) => row.i64(*value as i64),
            Param::Float(value) => row.f32(*value),
            Param::Double(value) => row.f64(*value),
            Param::Bytes { value, .. } => row.bytes(value),
            Param::Date(value) => row.date(value),
            Param::DateTime(value) => row.datetime(value),
            Param::Time(value) => row.time(value),
        }
    }
    row.end();
    resultset::put_end(writer, capabilities, status, 0);
}

fn column_of(value: &Param<'_>) -> Column {
    let (column_type, flags, decimals) = match value {
        Param::Null => (column_type::NULL, 0, 0),
        Param::Int(_) => (column_type::LONGLONG, 0, 0),
        Param::UInt(_) => (column_type::LONGLONG, 32, 0),
        Param::Float(_) => (column_type::FLOAT, 0, 31),
        Param::Double(_) => (column_type::DOUBLE, 0, 31),
        Param::Bytes { .. } => (column_type::BLOB, 0, 0),
        Param::Date(_) => (column_type::DATE, 0, 0),
        Param::DateTime(_) => (column_type::DATETIME, 0, 6),
        Param::Time(_) => (column_type::TIME, 0, 3),
    };
    Column { name: "p".to_owned(), column_type, flags, decimals, ..Column::default() }
}
