//! The connections of this node: what SHOW PROCESSLIST shows, what KILL reaches, what SHOW STATUS counts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sql::execute::{ConnectAttribute, Process, TransactionView};
use sql::types::datetime::clock_us;
use tokio::sync::Notify;
use wire::mysql::compression::Compression;
use wire::mysql::handshake::ConnectAttributes;

use super::statement_counts::StatementCounts;
use super::transactions::OpenTransaction;
use crate::limits::CONNECT_ATTRIBUTES_KEPT_BYTES_MAX;

use crate::limits::CONNECTIONS_RESERVED;

/// What a connection does, for SHOW PROCESSLIST.
#[derive(Clone, Debug)]
struct Activity {
    command: &'static str,
    state: Cow<'static, str>,
    since: Instant,
    database: Option<String>,
    user: String,
    /// Text of the running statement; shared, not copied.
    info: Option<bytes::Bytes>,
}

/// How a connection is encrypted, in OpenSSL's names, which MySQL shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite.
    pub cipher: &'static str,
}

/// `host:port` as MySQL shows it: loopback is `localhost`, of others the address is shown.
#[must_use]
pub fn shown_address(address: SocketAddr) -> String {
    if address.ip().to_canonical().is_loopback() {
        return format!("localhost:{}", address.port());
    }
    SocketAddr::new(address.ip().to_canonical(), address.port()).to_string()
}

/// One connection.
pub struct Connection {
    /// CONNECTION_ID().
    pub id: u64,
    /// `host:port` of whoever connected.
    address: String,
    /// `host:port` of the client that a proxy connected for.
    passed_on_for: OnceLock<String>,
    /// Set when TLS's handshake is done; never in the clear.
    pub encryption: OnceLock<Encryption>,
    /// Set when the login is done; never of a connection that is not compressed.
    pub compression: OnceLock<Compression>,
    /// Connection attributes, in order.
    attributes: OnceLock<Box<[(String, String)]>>,
    activity: Mutex<Activity>,
    /// The running statement is to stop. Cleared when the next one begins.
    pub statement_killed: AtomicBool,
    /// The connection is to end.
    pub connection_killed: AtomicBool,
    /// The running statement is to stop because of `max_execution_time`.
    timed_out: AtomicBool,
    /// The connection is to end because the server stops.
    server_stops: AtomicBool,
    /// Wakes the session when one of them was set.
    killed: Notify,
    /// The client is gone: nobody hears what the statement's outcome is.
    client_gone: AtomicBool,
    /// Wakes whoever waits for that.
    abandoned: Notify,
    /// Its open transaction, and what it waits for.
    pub transaction: OpenTransaction,
    /// `Com_…` of the session.
    pub counts: StatementCounts,
    /// Asks the client's socket; none until there is one.
    pub is_gone: OnceLock<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl Connection {
    /// A statement or command begins.
    pub fn begin(&self, command: &'static str, info: Option<bytes::Bytes>) {
        self.timed_out.store(false, Ordering::Release);
        // In this order: KILL sets the connection's flag before the statement's, so one of the two is seen here.
        self.statement_killed.swap(false, Ordering::AcqRel);
        if self.must_end() {
            self.statement_killed.store(true, Ordering::Release);
        }
        let mut activity = self.activity.lock();
        activity.command = command;
        activity.state = Cow::Borrowed("executing");
        activity.info = info;
        activity.since = Instant::now();
    }

    /// Another statement of the same packet begins: the time of the one before is no concern of it.
    pub fn next_statement(&self) {
        if self.timed_out.swap(false, Ordering::AcqRel) {
            self.statement_killed.store(self.must_end(), Ordering::Release);
        }
    }

    /// The state of the running statement.
    pub fn state(&self, state: &'static str) {
        self.activity.lock().state = Cow::Borrowed(state);
    }

    /// How far the running statement is.
    pub fn progress(&self, state: String) {
        self.activity.lock().state = Cow::Owned(state);
    }

    /// The text of the running statement is not for other eyes: this is shown of it.
    pub fn show_instead(&self, text: &'static str) {
        self.activity.lock().info = Some(bytes::Bytes::from_static(text.as_bytes()));
    }

    /// The connection waits for its client.
    pub fn idle(&self) {
        let mut activity = self.activity.lock();
        activity.command = "Sleep";
        activity.state = Cow::Borrowed("");
        activity.info = None;
        activity.since = Instant::now();
    }

    /// Keeps what the client said of itself, up to `performance_schema_session_connect_attrs_size`; of the rest only how much it was.
    pub fn keep_attributes(&self, attributes: ConnectAttributes<'_>) {
        let (mut kept, mut kept_bytes, mut lost_bytes) = (Vec::new(), 0, 0);
        for (name, value) in attributes.iter() {
            let bytes = name.len() + value.len();
            if lost_bytes > 0 || kept_bytes + bytes > CONNECT_ATTRIBUTES_KEPT_BYTES_MAX {
                lost_bytes += bytes;
                continue;
            }
            kept_bytes += bytes;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            kept.push((text(name), text(value)));
        }
        if lost_bytes > 0 {
            kept.push(("_truncated".to_owned(), lost_bytes.to_string()));
        }
        let _ = self.attributes.set(kept.into_boxed_slice());
    }

    /// A proxy has said for whom it connected; before the login, and once.
    pub fn passed_on_for(&self, client: String) {
        self.passed_on_for.get_or_init(|| client);
    }

    /// Who logged in, and the current database.
    pub fn identify(&self, user: &str, database: Option<&str>) {
        let mut activity = self.activity.lock();
        user.clone_into(&mut activity.user);
        activity.database = database.map(str::to_owned);
    }

    /// Who logged in.
    pub fn user(&self) -> String {
        self.activity.lock().user.clone()
    }

    /// KILL.
    pub fn kill(&self, query_only: bool) {
        if !query_only {
            self.connection_killed.store(true, Ordering::Release);
        }
        self.statement_killed.store(true, Ordering::Release);
        self.killed.notify_one();
    }

    /// Whether the client has gone away, whatever it sent before.
    #[must_use]
    pub fn is_client_gone(&self) -> bool {
        !self.client_gone.load(Ordering::Acquire) && self.is_gone.get().is_some_and(|is_gone| is_gone())
    }

    /// The client is gone while its statement runs.
    pub fn abandon(&self) {
        self.client_gone.store(true, Ordering::Release);
        self.abandoned.notify_waiters();
        self.kill(false);
    }

    /// Whether the client is gone, and that is why the statement is to stop.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.client_gone.load(Ordering::Acquire)
    }

    /// A task of the server has seen that it is killed, and has to finish what follows from that.
    pub fn withstand(&self) {
        if !self.server_stops() {
            self.connection_killed.store(false, Ordering::Release);
            self.statement_killed.store(false, Ordering::Release);
        }
    }

    /// Returns once nobody waits for the outcome of the statement any more.
    pub async fn until_abandoned(&self) {
        loop {
            let notified = self.abandoned.notified();
            if self.client_gone.load(Ordering::Acquire) {
                return;
            }
            notified.await;
        }
    }

    /// `max_execution_time` is over.
    pub fn time_out(&self) {
        self.timed_out.store(true, Ordering::Release);
        self.kill(true);
    }

    /// Whether the running statement was stopped by `max_execution_time`.
    pub fn timed_out(&self) -> bool {
        self.timed_out.load(Ordering::Acquire)
    }

    /// Returns once the running statement is to stop.
    pub async fn until_killed(&self) {
        loop {
            // A permit may be left from a statement that had ended: look at the flag.
            if self.statement_killed.load(Ordering::Acquire) {
                return;
            }
            self.killed.notified().await;
        }
    }

    /// Returns once the connection is to end.
    pub async fn until_connection_killed(&self) {
        while !self.must_end() {
            self.killed.notified().await;
        }
    }

    /// Whether it ends because the server does.
    #[must_use]
    pub fn server_stops(&self) -> bool {
        self.server_stops.load(Ordering::Acquire)
    }

    /// What the client hears of a statement's error: when the server stopped it, that the server stops (1053) and not that somebody
    /// interrupted it (1317), because the one is tried again elsewhere and the other is not.
    #[must_use]
    pub fn heard(&self, error: sql::Error) -> sql::Error {
        if error.code == 1317 && self.server_stops() {
            let message = "Server shutdown in progress (this node stops; the statement was rolled back, retry it elsewhere)";
            return sql::Error { code: 1053, state: *b"08S01", message: message.into() };
        }
        error
    }

    /// Whether KILL CONNECTION was said.
    pub fn must_end(&self) -> bool {
        self.connection_killed.load(Ordering::Acquire)
    }

    fn transaction(&self) -> Option<TransactionView> {
        let running_us = i64::try_from(self.activity.lock().since.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.transaction.view(self.id, clock_us().saturating_sub(running_us))
    }

    fn process(&self) -> Process {
        let activity = self.activity.lock();
        Process {
            id: self.id,
            user: activity.user.clone(),
            host: self.passed_on_for.get().unwrap_or(&self.address).clone(),
            database: activity.database.clone(),
            command: activity.command.into(),
            seconds: activity.since.elapsed().as_secs(),
            state: activity.state.clone().into_owned(),
            info: activity.info.as_ref().map(|text| String::from_utf8_lossy(text).into_owned()),
        }
    }
}

/// Counters of SHOW STATUS, for the node since it started.
#[derive(Debug, Default)]
pub struct Counters {
    /// `Connections`.
    pub connections: AtomicU64,
    /// `Aborted_connects`.
    pub aborted_connects: AtomicU64,
    /// `Aborted_clients`: those that went away, or were cut, without saying goodbye.
    pub aborted_clients: AtomicU64,
    /// `Ssl_accepts`: TLS handshakes begun.
    pub tls_accepts: AtomicU64,
    /// `Ssl_finished_accepts`: those that came to a connection.
    pub tls_finished_accepts: AtomicU64,
    /// `Questions`: statements of clients.
    pub questions: AtomicU64,
    /// Transactions given a log index.
    pub sequenced: AtomicU64,
    /// `Innodb_row_lock_waits`.
    pub lock_waits: AtomicU64,
    /// `Prepared_stmt_count`: prepared statements of all sessions.
    pub prepared_statements: AtomicU64,
    /// `Bytes_received`.
    pub bytes_received: AtomicU64,
    /// `Bytes_sent`.
    pub bytes_sent: AtomicU64,
    /// `Max_used_connections`.
    pub connections_most: AtomicU64,
}

/// Adds one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// All connections of this node.
pub struct ProcessList {
    connections: Mutex<BTreeMap<u64, Arc<Connection>>>,
    connections_max: AtomicUsize,
    next_id: AtomicU64,
    /// Statements of connections that have ended.
    ended: StatementCounts,
    /// When the node started.
    pub started: Instant,
    /// Counters.
    pub counters: Counters,
}

impl Default for ProcessList {
    fn default() -> Self {
        Self::new()
    }
}

impl ProcessList {
    /// An empty list.
    #[must_use]
    pub fn new() -> ProcessList {
        ProcessList {
            connections: Mutex::new(BTreeMap::new()),
            connections_max: AtomicUsize::new(usize::MAX - CONNECTIONS_RESERVED),
            next_id: AtomicU64::new(1),
            started: Instant::now(),
            counters: Counters::default(),
            ended: StatementCounts::default(),
        }
    }

    /// A new connection, unless there are `connections_max` already, and those that are kept for
    /// administration.
    pub fn add(&self, address: String, connections_max: usize) -> Option<Arc<Connection>> {
        let connection = self.make(address);
        let mut connections = self.connections.lock();
        self.connections_max.store(connections_max, Ordering::Relaxed);
        if connections.len() >= connections_max + CONNECTIONS_RESERVED {
            return None;
        }
        connections.insert(connection.id, Arc::clone(&connection));
        count(&self.counters.connections);
        self.counters.connections_most.fetch_max(connections.len() as u64, Ordering::Relaxed);
        Some(connection)
    }

    /// A line for a task of the server itself, in the name of a user, who may KILL it.
    pub fn add_internal(&self, user: &str, database: &str) -> Arc<Connection> {
        self.add_task(user, "", Some(database))
    }

    /// The same, with a host.
    pub fn add_task(&self, user: &str, host: &str, database: Option<&str>) -> Arc<Connection> {
        let connection = self.make(host.to_owned());
        connection.identify(user, database);
        self.connections.lock().insert(connection.id, Arc::clone(&connection));
        connection
    }

    fn make(&self, address: String) -> Arc<Connection> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        Arc::new(Connection {
            id,
            address,
            passed_on_for: OnceLock::new(),
            encryption: OnceLock::new(),
            compression: OnceLock::new(),
            attributes: OnceLock::new(),
            activity: Mutex::new(Activity {
                command: "Connect",
                state: Cow::Borrowed("login"),
                since: Instant::now(),
                database: None,
                user: "unauthenticated user".into(),
                info: None,
            }),
            statement_killed: AtomicBool::new(false),
            connection_killed: AtomicBool::new(false),
            timed_out: AtomicBool::new(false),
            server_stops: AtomicBool::new(false),
            killed: Notify::new(),
            client_gone: AtomicBool::new(false),
            abandoned: Notify::new(),
            transaction: OpenTransaction::default(),
            counts: StatementCounts::default(),
            is_gone: OnceLock::new(),
        })
    }

    /// How many connections there may be, but for those that are kept for administration (`max_connections`).
    pub fn connections_max(&self) -> usize {
        self.connections_max.load(Ordering::Relaxed)
    }

    /// Whether there are more than `max_connections`, so that only who may administer connections can have another one.
    pub fn is_full(&self) -> bool {
        self.len() > self.connections_max()
    }

    /// A connection is gone.
    pub fn remove(&self, id: u64) {
        let mut connections = self.connections.lock();
        if let Some(connection) = connections.remove(&id) {
            self.ended.add(&connection.counts);
        }
    }

    /// The transactions of all connections that are open or wait for a lock.
    pub fn transactions(&self) -> Vec<TransactionView> {
        self.connections.lock().values().filter_map(|connection| connection.transaction()).collect()
    }

    /// `Com_…` of one connection, or of all that there were.
    pub fn statement_counts(&self, of: Option<u64>) -> StatementCounts {
        let (sum, connections) = (StatementCounts::default(), self.connections.lock());
        match of {
            Some(id) => connections.get(&id).into_iter().for_each(|connection| sum.add(&connection.counts)),
            None => {
                // Under the lock: a connection is among those that there are, or those that have ended.
                sum.add(&self.ended);
                connections.values().for_each(|connection| sum.add(&connection.counts));
            }
        }
        sum
    }

    /// What a connection has counted is from now on counted as if it had ended; its own session asks for that.
    pub fn forget_statement_counts(&self, connection: &Connection) {
        // Under the lock, which who sums up holds too.
        let _connections = self.connections.lock();
        self.ended.add(&connection.counts);
        connection.counts.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.connections.lock().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The one with this id.
    pub fn find(&self, id: u64) -> Option<Arc<Connection>> {
        self.connections.lock().get(&id).cloned()
    }

    /// SHOW PROCESSLIST.
    pub fn processes(&self) -> Vec<Process> {
        self.connections.lock().values().map(|connection| connection.process()).collect()
    }

    /// Connection attributes of all connections: the connection and its user, name and value.
    pub fn attributes(&self) -> Vec<ConnectAttribute> {
        let mut all = Vec::new();
        for connection in self.connections.lock().values() {
            let user = connection.activity.lock().user.clone();
            for (name, value) in connection.attributes.get().map(|kept| kept.iter()).into_iter().flatten() {
                let (name, value, user) = (name.clone(), value.clone(), user.clone());
                all.push(ConnectAttribute { connection_id: connection.id, user, name, value });
            }
        }
        all
    }

    /// The connections that have been at one command for `time` or longer.
    pub fn busy_for(&self, time: Duration) -> Vec<Arc<Connection>> {
        let is_busy = |connection: &&Arc<Connection>| {
            let activity = connection.activity.lock();
            activity.command != "Sleep" && activity.since.elapsed() >= time
        };
        self.connections.lock().values().filter(is_busy).cloned().collect()
    }

    /// Ends all connections, because the server stops.
    pub fn kill_all(&self) {
        for connection in self.connections.lock().values() {
            connection.server_stops.store(true, Ordering::Release);
            connection.kill(false);
        }
    }
}
