//! A second front end that runs the same sessions through the crate opensrv-mysql: the cargo feature `opensrv`, off by
//! default, and `--opensrv-listen`. It is here so that a sound release of the crate can be tried; why it is not the
//! default is in `docs/decisions/2026-11-22-own-front-end.md`.
//!
//! Invariants:
//!
//! * What is acknowledged was done. The crate (0.7.0) reads freed memory when one read brings more than one packet, and
//!   answers OK to every command it does not know. So it never sees the socket: [`gate`] frames the packets with our own
//!   reader, hands them on one at a time, and refuses the commands that the crate would acknowledge without doing them.
//! * Only root with an empty password from loopback logs in, as on our own front end.
//! * A connection that ends, however it ends, rolls its transaction back and leaves the process list.
//!
//! Left out, because the crate cannot do it:
//!
//! * Status flags are in the OK packets of statements only; the greeting, the OK of a login, of COM_INIT_DB and of PING,
//!   and every result set say 0. A driver that reads them there believes that autocommit is off: PyMySQL, mysqlclient and
//!   MariaDB Connector/J lose a ROLLBACK. The number of warnings is always 0, and the info text is left out: the crate
//!   writes it without its length.
//! * Statements as bytes: text that is not UTF-8 is refused (1235). BLOBs in prepared parameters work.
//! * Metadata: column definitions have no schema, no original names, no length and no decimals, and always the collation
//!   utf8mb3, so drivers that go by them lose fractions of seconds and characters past U+FFFF.
//! * Error numbers past 1885 become 1105 with the number in the message; SQLSTATEs are the crate's, by number.
//! * COM_CHANGE_USER, COM_RESET_CONNECTION, COM_FIELD_LIST, COM_STATISTICS, COM_STMT_RESET, COM_STMT_FETCH,
//!   COM_SET_OPTION, COM_PROCESS_KILL: 1047. Several statements in one query, CLIENT_FOUND_ROWS, TLS, and any plugin that
//!   takes more than one round are not offered. A cursor is answered with the whole result.
//! * A wrong packet closes the connection without an error packet, a denied login is 1698, and results do not stream: they
//!   are held up to [`crate::limits::RESULT_HELD_BYTES_MAX`].

mod answer;
mod gate;
mod outlet;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opensrv_mysql::{
    AsyncMysqlIntermediary, AsyncMysqlShim, Column, InitWriter, IntermediaryOptions, ParamParser,
    QueryResultWriter, StatementMetaWriter,
};
use parking_lot::Mutex;
use rand::TryRngCore;
use sql::account::{Account, ClientHost};
use sql::execute::Outcome;
use sql::types::Value;
use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use wire::mysql::constant::{Capabilities, StatusFlags};
use wire::mysql::error::{ErrorPacket, put_error_before_handshake};
use wire::mysql::handshake::Salt;
use wire::mysql::packet::PacketWriter;

use self::gate::{Gate, Link};
use self::outlet::Outlet;
use crate::limits::CONNECTIONS_MAX;
use crate::node::Node;
use crate::node::errno;
use crate::node::process::{Connection as Process, count, shown_address};
use crate::node::result::Reply;
use crate::node::session::{Session, new_state};

/// Prepared statements of one connection.
const PREPARED_STATEMENTS_PER_CONNECTION_MAX: usize = 16_382;

/// Accepts clients on `--opensrv-listen` until what is returned is dropped; without that setting nobody is accepted. The
/// connections go on after that, until the node ends them.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn listen(node: &Arc<Node>) -> std::io::Result<JoinSet<()>> {
    let mut tasks = JoinSet::new();
    if let Some(address) = &node.config.opensrv_listen {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            std::io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })?;
        tracing::warn!(
            "serving clients through opensrv-mysql on {address}: without status flags in results, for trials only"
        );
        tasks.spawn(accept(Arc::clone(node), listener));
    }
    Ok(tasks)
}

async fn accept(node: Arc<Node>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                let process = node.processes.add(shown_address(address), CONNECTIONS_MAX);
                tokio::spawn(run(Arc::clone(&node), stream, address, process));
            }
            Err(error) => {
                count(&node.processes.counters.aborted_connects);
                tracing::warn!("cannot accept a client: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Serves a client to its end. `process` is none when there are too many connections.
async fn run(node: Arc<Node>, mut stream: TcpStream, address: SocketAddr, process: Option<Arc<Process>>) {
    let _ = stream.set_nodelay(true);
    let Some(process) = process else {
        count(&node.processes.counters.aborted_connects);
        let mut writer = PacketWriter::new();
        put_error_before_handshake(&mut writer, 1040, "Too many connections");
        let _ = stream.write_all(writer.as_slice()).await;
        return;
    };
    let _listed = Listed(Arc::clone(&node), process.id);
    let mut random = [0; wire::limits::SALT_BYTES];
    if let Err(error) = rand::rngs::OsRng.try_fill_bytes(&mut random) {
        tracing::warn!("no random bytes for a login: {error}");
        return;
    }
    let (read, write) = stream.into_split();
    let link = Arc::new(Link::new());
    let gate = Gate::new(Arc::clone(&node), Arc::clone(&process), Arc::clone(&link), read);
    // The only user who can log in, and so the only one a session can be for.
    let state = new_state(&node, "root", &address.ip().to_string(), process.id);
    let session = Session::new(Arc::clone(&node), process, state);
    let shim = Shim {
        session: Mutex::new(session),
        link: Arc::clone(&link),
        salt: Salt::from_random(random),
        address,
    };
    let options = IntermediaryOptions {
        process_use_statement_on_query: true,
        reject_connection_on_dbname_absence: false,
    };
    let ended =
        AsyncMysqlIntermediary::run_with_options(shim, gate, BufWriter::new(Outlet::new(write)), &options)
            .await;
    if !link.is_logged_in() {
        count(&node.processes.counters.aborted_connects);
    } else if let Err(error) = ended {
        tracing::debug!(%address, "closing a connection: {error}");
    }
}

/// Takes the connection off the process list at its end, also when its task panics.
struct Listed(Arc<Node>, u64);

impl Drop for Listed {
    fn drop(&mut self) {
        self.0.processes.remove(self.1);
    }
}

/// A session as opensrv-mysql calls it.
struct Shim {
    /// Never locked: the crate asks for `Sync` but calls what needs the session with `&mut self`.
    session: Mutex<Session>,
    link: Arc<Link>,
    salt: Salt,
    address: SocketAddr,
}

impl Shim {
    /// Whether root may come from this address without a password or anything else: all that is judged here.
    fn is_root_open(&self) -> bool {
        let session = self.session.lock();
        let host = ClientHost::from_address(self.address.ip());
        let Some(accounts) = session.node.logins.accounts(&session.node) else { return false };
        accounts.find("root", &host).is_some_and(|account| {
            let open = Account { grants: account.grants.clone(), ..Account::built_in_root() };
            **account == open && self.address.ip().is_loopback()
        })
    }
}

/// How a statement ended, and the rows it wrote.
struct Answered {
    rows: PacketWriter,
    result: Result<Outcome, sql::Error>,
    status: StatusFlags,
}

impl Shim {
    async fn query(&mut self, text: &str) -> Answered {
        let session = self.session.get_mut();
        session.connection.begin("Query", Some(Bytes::copy_from_slice(text.as_bytes())));
        let mode = session.state.variables.sql_mode;
        let parsed = sql::parse::parse_statement(text.as_bytes(), mode).and_then(|parsed| {
            // A `?` is only for prepared statements.
            if parsed.parameter_count > 0 { Err(sql::Error::syntax("?", 1)) } else { Ok(parsed) }
        });
        let mut rows = PacketWriter::new();
        let result = match parsed {
            Ok(parsed) => {
                let mut reply = reply(&mut rows, false);
                session.run(&Arc::new(parsed.statement), &[], None, &mut reply).await
            }
            Err(error) => {
                session.state.warnings.clear();
                session.state.warning_count = 0;
                session.state.warn(sql::session::WarningLevel::Error, error.code, error.message.clone());
                Err(error)
            }
        };
        self.ended(rows, result)
    }

    async fn execute(&mut self, id: u32, values: &[Value]) -> Answered {
        let session = self.session.get_mut();
        let mut rows = PacketWriter::new();
        let Some(mut prepared) = session.prepared.remove(&id) else {
            return self.ended(rows, Err(sql::Error::wrong_arguments("EXECUTE")));
        };
        session.connection.begin("Execute", Some(prepared.text.clone()));
        let statement = Arc::clone(&prepared.statement);
        let mut reply = reply(&mut rows, true);
        let result = session.run(&statement, values, Some(&mut prepared.plan), &mut reply).await;
        session.prepared.insert(id, prepared);
        self.ended(rows, result)
    }

    /// Prepares a statement; its id, number of parameters and columns.
    async fn prepare(&mut self, text: &str) -> Result<(u32, usize, Vec<Column>), ErrorPacket> {
        let session = self.session.get_mut();
        session.connection.begin("Prepare", None);
        if session.prepared.len() >= PREPARED_STATEMENTS_PER_CONNECTION_MAX {
            let message = format!(
                "Can't create more than max_prepared_stmt_count statements (current value: {PREPARED_STATEMENTS_PER_CONNECTION_MAX})"
            );
            return Err(ErrorPacket::new(1461, message));
        }
        session.state.warnings.clear();
        session.state.warning_count = 0;
        let prepared = session.prepare(text.as_bytes()).await.map_err(|error| errno::packet(&error))?;
        let id = session.next_statement_id;
        session.next_statement_id = id.wrapping_add(1).max(1);
        let count = prepared.parameter_count;
        let columns = prepared
            .plan
            .as_ref()
            .map(|cached| cached.plan.result_columns().iter().map(answer::column).collect())
            .unwrap_or_default();
        session.prepared.insert(id, prepared);
        self.link.add_statement(id);
        Ok((id, count, columns))
    }

    async fn use_database(&mut self, name: &str) -> Result<(), ErrorPacket> {
        self.session.get_mut().use_database(name).await.map_err(|error| errno::packet(&error))
    }

    /// After a statement: what the client hears besides the rows.
    fn ended(&mut self, rows: PacketWriter, result: Result<Outcome, sql::Error>) -> Answered {
        let session = self.session.get_mut();
        let variables = &session.state.variables;
        self.link.set_idle_limit(Duration::from_secs(variables.wait_timeout));
        let mut status = StatusFlags::empty();
        status.set(StatusFlags::AUTOCOMMIT, variables.autocommit);
        let open = session.open.as_ref().filter(|open| open.explicit);
        status.set(StatusFlags::IN_TRANS, open.is_some());
        status.set(StatusFlags::IN_TRANS_READONLY, open.is_some_and(|open| open.read_only));
        let no_escapes = variables.sql_mode.has(sql::variables::SqlMode::NO_BACKSLASH_ESCAPES);
        status.set(StatusFlags::NO_BACKSLASH_ESCAPES, no_escapes);
        Answered { rows, result, status }
    }
}

/// Where a statement writes its rows: as our own front end does, from where [`answer`] takes the values.
fn reply(rows: &mut PacketWriter, binary: bool) -> Reply<'_> {
    Reply::new(rows, Capabilities::DEPRECATE_EOF, binary, StatusFlags::empty())
}

impl Answered {
    async fn send<W>(self, binary: bool, results: QueryResultWriter<'_, W>) -> std::io::Result<()>
    where
        W: AsyncWrite + Send + Unpin,
    {
        match self.result {
            Ok(outcome) if outcome.rows => answer::send_rows(&self.rows, binary, results).await,
            Ok(outcome) => results.completed(answer::ok(&outcome, self.status)).await,
            Err(error) => refuse(errno::packet(&error), results).await,
        }
    }
}

async fn refuse<W>(error: ErrorPacket, results: QueryResultWriter<'_, W>) -> std::io::Result<()>
where
    W: AsyncWrite + Send + Unpin,
{
    let (kind, message) = answer::error(error);
    results.error(kind, message.as_bytes()).await
}

#[async_trait]
impl<W: AsyncWrite + Send + Unpin> AsyncMysqlShim<W> for Shim {
    type Error = std::io::Error;

    fn version(&self) -> String {
        sql::variables::VERSION.into()
    }

    fn connect_id(&self) -> u32 {
        // The protocol has 32 bits for it, as on our own front end.
        self.session.lock().connection.id as u32
    }

    /// None, so that the crate does not ask for another answer than the first: an empty password is the same for all.
    async fn auth_plugin_for_username(&self, _user: &[u8]) -> &str {
        ""
    }

    fn salt(&self) -> [u8; 20] {
        *self.salt.as_bytes()
    }

    async fn authenticate(&self, _plugin: &str, user: &[u8], _salt: &[u8], answer: &[u8]) -> bool {
        let is_empty_password = matches!(answer, [] | [0]);
        let accepted = user == b"root" && is_empty_password && self.is_root_open();
        if accepted {
            let session = self.session.lock();
            session.connection.identify("root", None);
            self.link.set_idle_limit(Duration::from_secs(session.state.variables.wait_timeout));
            self.link.log_in();
        }
        accepted
    }

    async fn on_prepare<'a>(
        &'a mut self,
        query: &'a str,
        info: StatementMetaWriter<'a, W>,
    ) -> std::io::Result<()> {
        match self.prepare(query).await {
            Ok((id, count, columns)) => info.reply(id, &vec![answer::parameter(); count], &columns).await,
            Err(error) => {
                let (kind, message) = answer::error(error);
                info.error(kind, message.as_bytes()).await
            }
        }
    }

    async fn on_execute<'a>(
        &'a mut self,
        id: u32,
        params: ParamParser<'a>,
        results: QueryResultWriter<'a, W>,
    ) -> std::io::Result<()> {
        match answer::values(params) {
            Ok(values) => self.execute(id, &values).await.send(true, results).await,
            Err(error) => refuse(error, results).await,
        }
    }

    async fn on_close<'a>(&'a mut self, id: u32)
    where
        W: 'async_trait,
    {
        self.session.get_mut().prepared.remove(&id);
    }

    async fn on_query<'a>(
        &'a mut self,
        query: &'a str,
        results: QueryResultWriter<'a, W>,
    ) -> std::io::Result<()> {
        match self.link.take_refusal() {
            Some(error) => refuse(error, results).await,
            None => self.query(query).await.send(false, results).await,
        }
    }

    async fn on_init<'a>(&'a mut self, name: &'a str, writer: InitWriter<'a, W>) -> std::io::Result<()> {
        match self.use_database(name).await {
            Ok(()) => writer.ok().await,
            Err(error) => {
                let (kind, message) = answer::error(error);
                writer.error(kind, message.as_bytes()).await
            }
        }
    }
}
